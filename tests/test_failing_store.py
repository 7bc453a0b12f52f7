"""Whichever question to the store fails, no request of either side's ends in an exception; the operator learns of it."""

from __future__ import annotations

from contextlib import suppress
from hashlib import shake_256
from itertools import count

import pytest

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import Conflict, MemoryStore, StoreError
from handshakes.runtime.story import World

CALLS = ("get", "find", "save", "save_all", "first_time", "remove_expired")


class Failing(MemoryStore):
    """A store of which one question, by number, is answered with an error."""

    failing = 0

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.asked, self.error = count(1), error


def _failing(name: str):
    def call(self, *given, **named):
        if next(self.asked) == self.failing:
            raise self.error
        return getattr(MemoryStore, name)(self, *given, **named)

    return call


for _name in CALLS:
    setattr(Failing, _name, _failing(_name))


SAYS_ELSE = ("/fortis/launch",)
"""The paths at which a rule of the platform's names another answer than 503: tests/test_store_away.py."""


class Watched:
    """A role that notes what escapes from it, and each error that it answers although only the store failed."""

    def __init__(self, role, reports) -> None:
        self.role, self.reports, self.escaped, self.statuses, self.blamed = role, reports, [], [], []

    def __getattr__(self, name):
        return getattr(self.role, name)

    def handle(self, request):
        before = self.reports.told
        try:
            answer = yield from self.role.handle(request)
        except GeneratorExit:
            raise
        except Exception as error:
            self.escaped.append((request, error))
            raise
        self.statuses.append(getattr(answer, "status", 0))
        told = self.reports.since(before)[1]
        failed = bool(told) and all(isinstance(refused, StoreError) for _, refused in told)
        if failed and answer.status >= 400 and request.path not in SAYS_ELSE:
            said = (answer.status, answer.header("retry-after"), len(told))
            self.blamed += [(request.target, *said)] if said != (503, "1", 1) else []
        return answer


def played(name: str, failing: int, error: Exception):
    """Play a platform's whole story with one failing question; return the watched partner, what was told, how many were asked."""
    store, numbers = Failing(error), count()
    store.failing = failing
    world = World(Clock(1_700_000_000), lambda n: shake_256(str(next(numbers)).encode()).digest(n), store)
    tools = PLATFORMS[name].tools()
    sides = tools.sides(world)
    partner = Watched(sides.partner, sides.reports)
    network = InProcess(sides.platform, partner, clock=world.clock)
    raised = []
    with suppress(Exception):  # a story that misses its page ends there
        for chapter in tools.story(sides, Browser()):
            try:
                network.run(chapter.step, chapter.sender)
            except (Refused, Conflict) as refused:  # the story itself asked the partner to work
                raised.append(refused)
    return partner, [*raised, *(refused for _, refused in sides.reports)], next(store.asked) - 1


@pytest.mark.parametrize("name", PLATFORMS)
def test_whichever_question_to_the_store_fails_no_request_ends_in_an_exception(name):
    locked = StoreError("store-locked", "the database is locked")
    partner, _, asked = played(name, 0, locked)
    assert partner.escaped == []
    assert asked > 10
    silent = []
    for failing in range(1, asked + 1):
        partner, told, _ = played(name, failing, locked)
        assert partner.escaped == [], f"question {failing}"
        assert 500 not in partner.statuses
        assert partner.blamed == [], f"question {failing}"
        silent += [failing] if locked not in told else []
    assert len(silent) <= 2, (
        "onOffice's story takes the refusal of a work of its own for the one it waits for"
    )
