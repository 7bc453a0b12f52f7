"""Steps off the event loop: one thread for all while it goes on, a thread for each behind one that waits."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from handshakes.runtime import advancing
from handshakes.runtime.advancing import Steps


def run(scenario):
    """Run a coroutine that is given fresh steps, and close them; it ends within 20 s."""

    async def whole():
        steps = Steps("toy", 64)
        try:
            return await asyncio.wait_for(scenario(steps), 20)
        finally:
            steps.close()

    return asyncio.run(whole())


def test_quick_steps_are_advanced_one_after_the_other_and_keep_their_order(monkeypatch):
    """One thread at a time: the next may be another one, where the last has ended but is not yet free again."""
    monkeypatch.setattr(advancing, "PERIOD", 15)  # however slow this machine is
    order, threads, together = [], set(), []
    alone = threading.Lock()

    async def scenario(steps):
        def move(number):
            if not alone.acquire(blocking=False):
                together.append(number)
                return
            order.append(number)
            threads.add(threading.get_ident())
            alone.release()

        await asyncio.gather(*(steps.advance(lambda n=n: move(n)) for n in range(200)))

    run(scenario)
    assert (together, order) == ([], list(range(200)))
    assert threads.isdisjoint({threading.get_ident()})


def test_a_step_that_waits_holds_up_neither_those_behind_it_nor_later_ones():
    free = threading.Event()

    async def scenario(steps):
        slow = steps.advance(lambda: free.wait(20))
        behind = [steps.advance(lambda n=n: n) for n in range(20)]
        assert await asyncio.gather(*behind) == [(False, n) for n in range(20)]
        for _ in range(3):
            assert await steps.advance(lambda: "later") == (False, "later")
        assert not slow.done()
        free.set()
        assert await slow == (False, True)

    run(scenario)


def test_what_ended_before_a_step_that_waits_is_handed_back_at_once():
    free = threading.Event()

    async def scenario(steps):
        quick = [steps.advance(lambda n=n: n) for n in range(20)]
        slow = steps.advance(lambda: free.wait(20))
        assert await asyncio.gather(*quick) == [(False, n) for n in range(20)]
        assert not slow.done()
        free.set()
        await slow

    run(scenario)


@pytest.mark.parametrize("seconds", [0.02, 0.2])
def test_steps_that_each_wait_for_a_database_wait_side_by_side(seconds):
    """A database elsewhere answers several at once; one after the other they would take 60 times as long."""
    together = most = 0
    lock = threading.Lock()

    async def scenario(steps):
        def move():
            nonlocal together, most
            with lock:
                together += 1
                most = max(most, together)
            time.sleep(seconds)
            with lock:
                together -= 1

        await asyncio.gather(*(steps.advance(move) for _ in range(60)))

    run(scenario)
    assert most > 10


def test_an_end_and_an_error_are_those_of_the_step():
    async def scenario(steps):
        def generator():
            yield 1
            return 2

        step = generator()
        found = [await steps.advance(lambda: next(step)) for _ in range(2)]
        with pytest.raises(IndexError, match="its own"):
            await steps.advance(lambda: (_ for _ in ()).throw(IndexError("its own")))
        return [*found, await steps.advance(lambda: 3)]

    assert run(scenario) == [(False, 1), (True, 2), (False, 3)]


def test_who_no_longer_waits_for_a_step_disturbs_no_other():
    free, wrong = threading.Event(), []

    async def scenario(steps):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: wrong.append(context))
        gone = steps.advance(lambda: free.wait(20))
        other = steps.advance(lambda: "other")
        gone.cancel()
        free.set()
        assert await other == (False, "other")
        assert await steps.advance(lambda: "next") == (False, "next")

    run(scenario)
    assert not wrong
