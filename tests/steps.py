"""What the tests of the four platforms share about steps: a story told, and a step whose requests are changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handshakes.core.messages import Request, Unreachable
from handshakes.runtime.browser import Browser
from handshakes.runtime.story import Sides
from handshakes.runtime.transcript import Transcript


def told(story: Any, world: Any, network: Any) -> Transcript:
    """Live through a platform's whole story on a network; every check has to hold. Return the transcript."""
    both = Sides(world.platform, world.partner, world.reports)
    chapters = story(both, Browser(network.transcript))
    checks = [check for one in chapters for check in network.run(one.step, one.sender)]
    assert checks and all(check.held for check in checks), checks
    return network.transcript


def changed(role: type, method: str, change: Callable[[Request], Request]) -> Callable[..., Any]:
    """Return the step of a role with `change` applied to every request that it sends."""

    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        inner = getattr(role, method)(self, *args, **kwargs)
        try:
            request = next(inner)
            while True:
                try:
                    response = yield change(request)
                except Unreachable as failure:
                    request = inner.throw(failure)
                else:
                    request = inner.send(response)
        except StopIteration as stop:
            return stop.value

    return step
