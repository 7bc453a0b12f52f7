"""`handshakes tour`: every handshake, both sides, over HTTP on 127.0.0.1."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer
from rich.markup import escape

from ..platforms import PLATFORMS, Platform
from ..runtime.story import World
from .common import fail, opened_store, out, platform_named


def tour(
    platforms: Annotated[
        list[str] | None, typer.Argument(metavar="[PLATFORM]…", help="Which handshakes; all unless named.")
    ] = None,
    bodies: Annotated[bool, typer.Option(help="Show headers and bodies too.")] = True,
) -> None:
    """Run every handshake, both sides, over HTTP on 127.0.0.1, and show every message and check."""
    chosen = [platform_named(name) for name in dict.fromkeys(platforms or PLATFORMS)]
    failed = sum(_toured(platform, bodies) for platform in chosen)
    if failed:
        fail(f"{failed} checks failed", 1)


def _toured(platform: Platform, bodies: bool) -> int:
    """Run one platform's story and print it; return how many checks failed."""
    from ..runtime.browser import Browser
    from ..runtime.client import Loopback

    tools = platform.tools()
    checks = failed = 0
    with opened_store(None) as store:
        sides = tools.sides(World(lambda: int(time.time()), os.urandom, store))
        with Loopback(sides.platform, sides.partner) as network:
            for server in network.servers:
                out.print(f"[dim]{escape(server.role.name)} listens on {server.url}[/]")
            for chapter in tools.story(sides, Browser(network.transcript)):
                seen = len(network.transcript.events)
                out.print(f"\n[bold]{escape(platform.title)} · {escape(chapter.title)}[/]")
                results = network.run(chapter.step, chapter.sender)
                out.print(escape(network.transcript.text(bodies=bodies, start=seen)))
                for check in results:
                    out.print(f"  {'[green]✓[/]' if check.held else '[red]✗[/]'} {escape(check.text)}")
                checks += len(results)
                failed += sum(not check.held for check in results)
            messages = len(network.transcript.events)
    out.print(
        f"\n[bold]{platform.title}:[/] {messages} messages, {checks - failed} checks held, {failed} failed"
    )
    return failed
