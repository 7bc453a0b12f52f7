"""`handshakes tour`: every handshake, both sides, over HTTP on 127.0.0.1."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from ..core.messages import Answer, Request, Step
from ..core.printing import printable
from ..core.stages import Stage
from ..platforms import PLATFORMS, Platform
from ..runtime.story import Check, World
from ..runtime.wrapped import Wrapped
from .common import ONE_OR_ALL, fail, out, platform_named, say, warn_of_foreign_urllib3
from .stores import opened_store
from .temporary import temporary_folder

if TYPE_CHECKING:
    from ..runtime.client import Loopback
    from ..runtime.flow import Role
    from ..runtime.transcript import Event, Transcript

WIDE = 110
MOST_ADDRESS = 86
MOST_SIGNED = 600
OWN_PAGES = "/simulator"


@dataclass(slots=True)
class Exchange:
    """A request and how it was answered, or a message between windows, as far as the short form shows it."""

    sender: str
    receiver: str
    method: str
    address: str
    answer: str = "no answer"

    @property
    def own_page(self) -> bool:
        """Return whether this is a page with which the browser drives the simulator, and no part of the handshake."""
        return urlsplit("//" + self.address).path.startswith(OWN_PAGES)

    def is_among(self, others: Iterable[Exchange]) -> bool:
        """Return whether one of these asked the same of the same side and had the same answer, whoever sent it."""
        return any(replace(one, sender=self.sender) == self for one in others)

    def line(self, query: bool = True, width: int = 0) -> str:
        """Return the exchange as one line."""
        between = f"{self.sender} {'→' if self.method else '✉'} {self.receiver}"
        address = printable(self.address if query else self.address.partition("?")[0], MOST_ADDRESS)
        asked = [f"{self.method} {address}"] if self.method else []
        return "  ".join([f"{between:<{width}}", *asked, self.answer])


def exchanges(events: Iterable[Event]) -> list[Exchange]:
    """Pair each request with its answer, in the order of the requests."""
    found: list[Exchange] = []
    waiting: list[Exchange] = []
    for event in events:
        if event.kind == "request":
            method, _, url = event.text.partition(" ")
            found.append(Exchange(event.sender, event.receiver, method, _short(url)))
            waiting.append(found[-1])
        elif event.kind == "message":
            sender, receiver = (
                urlsplit(origin).netloc or origin for origin in (event.sender, event.receiver)
            )
            found.append(Exchange(sender, receiver, "", "", printable(event.text, MOST_ADDRESS)))
        else:
            ends = (event.receiver, event.sender)
            asked = next(one for one in reversed(waiting) if (one.sender, one.receiver) == ends)
            waiting.remove(asked)
            asked.answer = event.text if event.kind == "response" else f"no answer: {event.text}"
    return found


def _short(url: str) -> str:
    """Return a URL without its scheme, and of its query only the names.

    >>> _short("https://partner.example/connect?code=abc&slug=")
    'partner.example/connect?code&slug'
    """
    base, mark, query = url.partition("://")[2].partition("?")
    return base + mark + "&".join(pair.partition("=")[0] for pair in query.split("&"))


class Heard(Wrapped):
    """A role as it is, that keeps the requests which it was sent: the transcript's are masked."""

    def __init__(self, role: Role) -> None:
        super().__init__(role)
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Step[Answer]:
        """Keep the request, and let the role answer it."""
        self.requests.append(request)
        return self.role.handle(request)


class Short:
    """Prints one platform for a newcomer, chapter by chapter: each message of the handshake once, on one line."""

    def __init__(self, names: Sequence[str]) -> None:
        self.shown: list[Exchange] = []
        self._width = max(len(f"{one} → {other}") for one in names for other in names if one != other)

    def chapter(self, title: str, events: Sequence[Event]) -> None:
        """Print a chapter's messages; what was shown before is counted only, but never the whole of a chapter."""
        of_it = [one for one in exchanges(events) if not one.own_page]
        fresh = [one for i, one in enumerate(of_it) if one not in self.shown and not one.is_among(of_it[:i])]
        new = fresh or of_it[-1:]
        self.shown += new
        if more := len(of_it) - len(new):
            title += f"  ({more} more as above)"
        if not new:
            say(f"  {title}  ·  {'in the simulator alone' if events else 'no message'}")
            return
        if len(new) == 1 and len(line := f"  {title}  ·  {new[0].line(query=False)}") <= WIDE:
            say(line)
            return
        say(f"  {title}")
        for one in new:
            say(f"    {one.line(width=self._width)}")


def tour(
    platforms: Annotated[list[str] | None, typer.Argument(metavar="PLATFORM...", help=ONE_OR_ALL)] = None,
    bodies: Annotated[
        bool, typer.Option("--bodies", help="Show every message with its headers and body, and every check.")
    ] = False,
) -> None:
    """Run every handshake, both sides, over HTTP on 127.0.0.1, and count what was checked."""
    chosen = [platform_named(name) for name in dict.fromkeys(platforms or PLATFORMS)]
    warn_of_foreign_urllib3()
    messages, checks = 0, []
    for platform in chosen:
        sent, found = _toured(platform, bodies)
        messages += sent
        checks += found
    failed = sum(not check.held for check in checks)
    handshakes = "1 handshake" if len(chosen) == 1 else f"{len(chosen)} handshakes"
    out.print(
        f"[bold]In total:[/] {handshakes}, {messages} messages, {len(checks) - failed} checks held, {failed} failed"
    )
    if failed:
        fail(f"{failed} of {len(checks)} checks failed", 1)
    name = chosen[0].name
    say("\nWhat to do next:")
    for line, why in (
        (f"handshakes tour {name} --bodies", "the same, with every header, body and check"),
        (f"handshakes serve {name}", "press Connect yourself, and choose what goes wrong"),
        (f"handshakes verify {name} URL", "ask why a signature does not match"),
        ("notebooks/00-start-here.ipynb", "the lessons, in the repository"),
    ):
        say(f"  {line:<36} {why}")


def _toured(platform: Platform, bodies: bool) -> tuple[int, list[Check]]:
    """Run one platform's story and print it; return the number of messages, and the checks."""
    from ..runtime.browser import Browser
    from ..runtime.client import Loopback

    tools = platform.tools()
    checks: list[Check] = []
    with temporary_folder() as folder, opened_store("", folder) as store:
        sides = tools.sides(World(lambda: int(time.time()), os.urandom, store))
        partner = Heard(sides.partner)
        with Loopback(sides.platform, partner) as network:
            out.print(f"[bold]{escape(platform.title)}[/]")
            _print_addresses(network)
            events = network.transcript.events
            browser = Browser(network.transcript)
            short = Short([browser.name, sides.platform.name, partner.name])
            for chapter in tools.story(sides, browser):
                seen = len(events)
                found = network.run(chapter.step, chapter.sender)
                checks += found
                if bodies:
                    out.print(f"\n[bold]{escape(platform.title)} · {escape(chapter.title)}[/]")
                    out.print(escape(network.transcript.text(start=seen)))
                    _print_checks(found)
                else:
                    short.chapter(chapter.title, events[seen:])
            failed = [check for check in checks if not check.held]
            counts = f"{len(events)} messages, {len(checks) - len(failed)} checks held, {len(failed)} failed"
            if bodies:
                out.print(f"\n[bold]{platform.title}:[/] {counts}")
            else:
                signed = next(filter(None, map(tools.signed, partner.requests)), None)
                if signed:
                    text = _signed_text(signed, network.transcript)
                    say(f"  the first signed text: {text}")
                _print_checks(failed)
                out.print(f"  {counts} (repeats and the simulator's own pages are counted, not shown)")
            out.print()
            return len(events), checks


def _print_addresses(network: Loopback) -> None:
    """Say which loopback addresses the hosts stand for."""
    platform, partner = network.servers
    host = urlsplit(partner.role.origins[0]).netloc
    say(f"  {host} stands for {partner.url} here, and every host of {platform.role.name} for {platform.url}.")


def _print_checks(checks: Iterable[Check]) -> None:
    for check in checks:
        out.print(f"  {'[green]✓[/]' if check.held else '[red]✗[/]'} {escape(check.text)}")


def _signed_text(stage: Stage, transcript: Transcript) -> str:
    """Return the signed text with the credentials in it masked; the whole of it if it is not known which they are."""
    text = stage.value.decode("utf-8", "replace")
    masked = transcript.masked(text)
    if stage.credential and masked == text:
        return stage.show()
    whole = " (all of it is a credential, so it is masked)" if re.fullmatch("‹[^‹›]*›", masked) else ""
    return printable(masked, MOST_SIGNED) + whole
