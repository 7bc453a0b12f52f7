"""Handshakes as they are drawn on the platforms' pages: both sides are run, in one process, when the site is built.

The pages with which the browser drives the simulator are no part of a handshake, so they are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import shake_256
from itertools import count
from urllib.parse import urlsplit

from handshakes.core.messages import Answer, Request, Step
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess, Role
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.transcript import Event, Transcript

NOW = 1_700_000_000
OWN_PAGES = "/simulator"
MOST = 30
"""How many characters the label of an arrow has at most."""
PARTS = {
    "officernd": {"connecting": (0,), "afterwards": (1, 2, 4)},
    "retailcrm": {"connecting": (0, 1, 2), "afterwards": (4, 7)},
    "onoffice": {"connecting": (0, 2), "afterwards": (3, 5)},
    "fortis": {"connecting": (0, 1, 2), "plain": (4,), "afterwards": (8, 9)},
}
"""Which chapters of a platform's story a diagram shows."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of a story was: the events of each chapter, and the requests that the partner was sent."""

    chapters: tuple[tuple[Event, ...], ...]
    requests: tuple[Request, ...]


class Heard:
    """A role as it is, that keeps the requests which it was sent."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.name, self.origins, self.secret_names = role.name, role.origins, role.secret_names
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Step[Answer]:
        """Keep the request, and let the role answer it."""
        self.requests.append(request)
        return self.role.handle(request)


@cache
def run(platform: str) -> Run:
    """Run a platform's story. Raises `RuntimeError` if a check of it does not hold."""
    clock, turn = Clock(NOW), count(1)
    world = World(
        clock, lambda size: shake_256(b"for pages only %d" % next(turn)).digest(size), MemoryStore()
    )
    tools = PLATFORMS[platform].tools()
    sides = tools.sides(world)
    partner = Heard(sides.partner)
    network = InProcess(sides.platform, partner, clock=clock)
    chapters = []
    for chapter in tools.story(sides, Browser(network.transcript)):
        start = len(network.transcript.events)
        checks = network.run(chapter.step, chapter.sender)
        if failed := [check.text for check in checks if not check.held]:
            raise RuntimeError(f"{platform}, {chapter.title}: {failed}")
        chapters.append(tuple(network.transcript.events[start:]))
    return Run(tuple(chapters), tuple(partner.requests))


def events(platform: str, part: str) -> tuple[Event, ...]:
    """Return the events of a diagram, without the simulator's own pages."""
    chapters = run(platform).chapters
    return tuple(_shown(event for chapter in PARTS[platform][part] for event in chapters[chapter]))


def mermaid(platform: str, part: str) -> str:
    """Return the text of a diagram, as a transcript writes it."""
    transcript = Transcript()
    origins = {origin for event in events(platform, part) for origin in _origins(event)}
    names = {origin: _owner(platform, origin) for origin in origins}
    for one in events(platform, part):
        sender, receiver = (names.get(side, side) for side in (one.sender, one.receiver))
        headers = tuple((name, re.sub(r"^https?://[^/]+", "", value)) for name, value in one.headers)
        text = brief(one.text) if one.kind == "request" else one.text
        transcript.events.append(Event(one.kind, sender, receiver, text, headers))
    return transcript.mermaid(MOST)


def brief(request: str) -> str:
    """Write a request so that its arrow fits on a phone: no host, no values of the query, no long ids.

    >>> brief("GET https://app.example/api/v1/organizations/test-slug/integrations/5e0000000000000000000001?x=1")
    'GET …/integrations/…?x=…'
    """
    method, _, url = request.partition(" ")
    parts = urlsplit(url)
    path = re.sub(r"/[0-9a-f]{20,}(?=/|$)", "/…", parts.path)
    query = re.match(r"[\w-]+=", parts.query)
    mark = f"?{query[0]}…" if query else ""
    while len(f"{method} {path}") > MOST - 2 and path.count("/") > 2:
        path = "…" + path.removeprefix("…")[path.removeprefix("…").index("/", 1) :]
    if len(f"{method} {path}{mark}") > MOST:
        mark = "?…" if mark else ""
    return f"{method} {path}{mark}"


def _shown(found: Iterable[Event]) -> Iterator[Event]:
    waiting: list[tuple[str, str, bool]] = []
    for event in found:
        if event.kind == "message":
            yield event
            continue
        if event.kind == "request":
            own = urlsplit(event.text.partition(" ")[2]).path.startswith(OWN_PAGES)
            waiting.append((event.sender, event.receiver, own))
            if not own:
                yield event
            continue
        at = max(i for i, one in enumerate(waiting) if one[:2] == (event.receiver, event.sender))
        if not waiting.pop(at)[2]:
            yield event


def _origins(event: Event) -> tuple[str, ...]:
    return (event.sender, event.receiver) if event.kind == "message" else ()


def _owner(platform: str, origin: str) -> str:
    """Return the name of the side that a window's origin belongs to."""
    sides = PLATFORMS[platform].tools().sides(World(lambda: NOW, bytes, MemoryStore()))
    return next(role.name for role in (sides.partner, sides.platform) if origin in role.origins)
