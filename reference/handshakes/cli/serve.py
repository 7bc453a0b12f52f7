"""`handshakes serve`: both sides of one platform, or one of them, until interrupted."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.origins import is_url
from ..runtime.story import Reports, Setting, World
from ..runtime.watching import Kept, Watched
from ..web.app import PartnerApp
from .common import PLATFORM_HELP, fail, out, platform_named, warn_of_foreign_urllib3
from .ending import ended_by_signals
from .places import place_of
from .stores import HELP, KEYS_HELP, opened_store
from .temporary import temporary_folder
from .verify import ciphers_for
from .why import Operator, saved
from .workers import MOST_WORKERS, forked

if TYPE_CHECKING:
    from ..runtime.client import Loopback
    from ..runtime.flow import Role


KEPT = 500
"""How many events and secrets a served transcript keeps at least; it may run for weeks."""


def serve(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help=PLATFORM_HELP)],
    only: Annotated[
        str,
        typer.Option(metavar="SIDE", help="Serve one side for a program of your own: platform or partner."),
    ] = "",
    port: Annotated[
        int,
        typer.Option(
            help="Port of the server, of the platform's if there are two; a free one unless given.",
            min=0,
            max=65535,
            show_default=False,
        ),
    ] = 0,
    listen: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Listen on this address of the machine, beyond 127.0.0.1; needs --only and --public-url.",
        ),
    ] = "",
    public_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="What a program elsewhere, as in a container, calls this side; faults of other hosts are off.",
        ),
    ] = "",
    store: Annotated[str, typer.Option(metavar="FOLDER|URL", help=HELP)] = "",
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help=KEYS_HELP, exists=False, show_default=False)
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Serve the partner from so many processes, which share --port and --store.",
            min=1,
            max=MOST_WORKERS,
            show_default=False,
        ),
    ] = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting; `--set help` lists the names."),
    ] = None,
) -> None:
    """Serve both sides of one platform on 127.0.0.1, or one of them, until interrupted."""
    from ..runtime.client import Loopback
    from ..runtime.connections import Limits
    from ..runtime.server import listen as listening
    from ..runtime.server import origin_of

    tools = platform_named(platform).tools()
    warn_of_foreign_urllib3()
    if only not in ("", "platform", "partner"):
        fail(f"--only is platform or partner, not {only!r}")
    if workers > 1 and (only != "partner" or not store):
        fail("--workers is for a partner on a store that lasts: add --only partner and --store")
    settings = settings_of(set_ or [], tools.settings)
    place = place_of(listen, public_url, only)
    sockets = place.sockets([only] if only else ["platform", "partner"], port)
    traps = [listening(), listening()] if "platform" in sockets and not place.public else []
    origins = {side: place.public or origin_of(sock) for side, sock in sockets.items()}
    worker = forked(workers)
    with ended_by_signals(), temporary_folder() as folder, opened_store(store, folder, keys) as opened:
        world = World(
            lambda: int(time.time()), os.urandom, opened, settings,
            origins.get("platform", ""), origins.get("partner", ""), tuple(map(origin_of, traps)),
            place.plain(settings),
        )  # fmt: skip
        try:
            sides = tools.sides(world)
        except ValueError as error:  # what a platform does not let anybody register
            fail(f"with these settings it cannot be served: {error}")
        kept = Kept(world.clock)
        watched = Watched(sides.partner, kept)
        roles: dict[str, Role] = {
            "platform": Watched(sides.platform, kept, tools.refuses),
            "partner": PartnerApp({platform: watched}),
        }
        sides.reports.heard = watched.heard
        asked = listening()
        why = Operator(
            platform, kept, partial(tools.secrets, sides), origin_of(asked), ciphers_for(platform),
            reports=sides.reports, store=opened,
        )  # fmt: skip
        with Loopback(
            *(roles[side] for side in sockets),
            why,
            sockets={why.name: asked, **{roles[side].name: sock for side, sock in sockets.items()}},
            traps={sides.platform.name: traps} if traps else {},
            keep=KEPT,
            limits=Limits(at_once=1) if worker.number else Limits(),
            allowed=place.elsewhere(settings),
        ) as network:
            if worker.first:
                out.print(tools.briefing(sides, world), markup=False)
            if place.public and "platform" in sockets and sides.off:
                out.print(f"\nOff here, since they lead to another host: {', '.join(sides.off)}.")
            ends = f"Ctrl-C ends it; if it runs in the background, `kill {worker.leader}` does."
            which = f", worker {worker.number}" if worker.number else ""
            out.print(f"\nWhy a request was refused{which}: {why.origin}/", markup=False)
            if worker.first:
                out.print(f"Everything here is public and for tests. {ends}", markup=False)
            _shown_until_interrupted(network, sides.reports, why, folder)


def settings_of(given: list[str], known: Mapping[str, Setting], option: str = "--set") -> dict[str, str]:
    """Return the settings that pairs of NAME=VALUE give, or end with exit code 2 and what is wrong with one."""
    if "help" in given:
        for name, setting in known.items():
            choices = f" ({' or '.join(setting.choices)}; the first unless set)" if setting.choices else ""
            out.print(f"{name:<20} {setting.text}{choices}", markup=False)
        raise typer.Exit
    settings = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name not in known:
            fail(f"{option} needs NAME=VALUE, not {pair!r}. Known names: {', '.join(known)}")
        allowed = known[name].choices
        if allowed and value not in allowed:
            fail(f"{option} {name} is {' or '.join(allowed)}, not {value!r}")
        empty = not value and known[name].may_be_empty
        if not allowed and not empty and not is_sensible(name, value):
            fail(f"{option} {name} is not {value!r}: it has to be {_kind(name)}")
        settings[name] = value
    return settings


def _kind(name: str) -> str:
    if name.endswith("_seconds"):
        return "a whole number of seconds"
    return "a whole URL, as http://127.0.0.1:3000/path" if _is_url(name) else "ASCII text without spaces"


def _is_url(name: str) -> bool:
    return name.endswith(("_url", "_uri"))


def is_sensible(name: str, value: str) -> bool:
    """Return whether a value can be a URL, where the setting's name says that it is one, or else a text.

    >>> is_sensible("partner_url", "http://127.0.0.1:3000/x"), is_sensible("partner_url", "127.0.0.1")
    (True, False)
    >>> [is_sensible("partner_url", f"http://{rest}") for rest in ("", "a:99999", "[", "a/#b")]
    [False, False, False, False]
    """
    if name.endswith("_name"):
        return bool(value) and value.isprintable()
    if not value.isascii() or not value.isprintable() or " " in value:
        return False
    if name.endswith("_seconds"):
        return value.isdecimal() and len(value) < 10
    if not _is_url(name):
        return bool(value)
    return is_url(value)


def _shown_until_interrupted(network: Loopback, reports: Reports, why: Operator, folder: Path) -> None:
    """Print what the servers send and what the partner's operator is told, until Ctrl-C or another signal.

    Behind a refused request stands where to ask why, and the command that repeats it.
    """
    shown = told = asked = 0
    files: deque[Path] = deque()
    try:
        while all(server.alive for server in network.servers):
            time.sleep(0.2)
            events = network.transcript.recorded
            if events > shown:
                out.print(network.transcript.text(bodies=False, start=shown, end=events), markup=False)
                shown = events
            before, (told, news) = told, reports.since(told)
            if missed := told - before - len(news):
                out.print(f"    partner refused {missed} more requests", markup=False)
            for endpoint, refused in news:
                out.print(f"    partner refused {endpoint}: {refused}", markup=False)
            for one in [one for one in why.kept.all() if one.number > asked]:
                asked = one.number
                files.append(saved(one, folder))
                if len(files) > why.kept.most:
                    files.popleft().unlink(missing_ok=True)
                again = f"handshakes verify {why.platform} --now {one.now} --file {files[-1]}"
                out.print(f"    why? {why.origin}/?n={one.number} or: {again}", markup=False)
    except KeyboardInterrupt:
        pass
    out.print("stopped")
