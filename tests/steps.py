"""What the tests of the four platforms share about steps: a story told, and a step whose requests are changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from handshakes.core.messages import Request, Unreachable
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import Sides
from handshakes.runtime.transcript import Transcript


def told(story: Any, world: Any, network: Any) -> Transcript:
    """Live through a platform's whole story on a network; every check has to hold. Return the transcript."""
    both = Sides(world.platform, world.partner, world.reports)
    chapters = story(both, Browser(network.transcript))
    checks = [check for one in chapters for check in network.run(one.step, one.sender)]
    assert checks and all(check.held for check in checks), checks
    return network.transcript


class WholeStory:
    """The tests of a platform's whole story: its module of tests has a subclass with story and sides."""

    story: Any
    sides: Any
    least: int
    """How many events there are at least, so that no story of nothing passes."""

    def test_in_process_and_over_sockets_it_is_the_same(self, tmp_path):
        world = self.sides()
        in_process = told(self.story, world, world.network)
        store = open_store(tmp_path, {})
        served = self.sides(store)
        with Loopback(served.platform, served.partner) as network:
            over_sockets = told(self.story, served, network)
        store.close()
        assert over_sockets.events == in_process.events
        assert len(in_process.events) > self.least

    def test_the_diagram_has_one_arrow_an_event(self):
        world = self.sides()
        transcript = told(self.story, world, world.network)
        arrows = re.findall(r"^    p\d+(?:->>|-->>|--x|-\))p\d+: .+$", transcript.mermaid(), re.MULTILINE)
        assert len(arrows) == len(transcript.events)


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
