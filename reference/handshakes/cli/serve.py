"""`handshakes serve`: the marketplace page with both sides of every platform, or of one, until interrupted."""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from ..core.origins import is_url
from ..platforms import PLATFORMS
from ..runtime.story import Setting
from .common import ONE_OR_ALL, fail, out, platform_named, say, warn_of_foreign_urllib3
from .ending import ended_by_signals
from .hosts import Bound, Host, Shown
from .places import TLS_HELP, Place, certificate_of, place_of
from .stores import HELP, KEYS_HELP, opened_store
from .temporary import temporary_folder
from .workers import MOST_WORKERS, forked


def serve(
    platform: Annotated[
        str | None, typer.Argument(metavar="[PLATFORM]", help=ONE_OR_ALL, show_default=False)
    ] = None,
    only: Annotated[
        str,
        typer.Option(metavar="SIDE", help="Serve one side for a program of your own: platform or partner."),
    ] = "",
    port: Annotated[
        int,
        typer.Option(
            help="Port of the server, of the platform's if there are two; without PLATFORM that of the page. A free one unless given.",
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
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help=TLS_HELP)] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, PEM.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting; `--set help` lists the names."),
    ] = None,
) -> None:
    """Serve the marketplace page with both sides of each platform, or of one, on 127.0.0.1, until interrupted."""
    warn_of_foreign_urllib3()
    if only not in ("", "platform", "partner"):
        fail(f"--only is platform or partner, not {only!r}")
    if platform is None and (only or set_ or listen or public_url):
        fail("--only, --set, --listen and --public-url are for one platform: name it")
    chosen = list(PLATFORMS.values()) if platform is None else [platform_named(platform)]
    if workers > 1 and (only != "partner" or not store):
        fail("--workers is for a partner on a store that lasts: add --only partner and --store")
    settings = settings_of(set_ or [], chosen[0].tools().settings) if platform else {}
    site = place_of(listen, public_url, only, certificate_of(tls_cert, tls_key))
    page = None if only == "partner" else Place().sockets(["page"], 0 if platform else port)["page"]
    bound = [Bound(one, only, site, port if platform else 0) for one in chosen]
    worker = forked(workers, bound[0].sockets)
    with (
        ExitStack() as open_,
        ended_by_signals(),
        temporary_folder() as folder,
        opened_store(store, folder, keys) as opened,
    ):
        hosts = [Host(one, settings, opened) for one in bound]
        for host in hosts:
            open_.enter_context(host.network)
        for host in hosts:
            if platform and worker.first:
                say(host.tools.briefing(host.sides, host.world))
            if site.public and only == "platform" and host.sides.off:
                out.print(f"\nOff here, since they lead to another host: {', '.join(host.sides.off)}.")
            which = f", worker {worker.number}" if worker.number else ""
            which = which if platform else f", {host.platform.name}"
            lead = "\n" if platform else ""
            say(f"{lead}Why a request was refused{which}: {host.why.origin}/")
        if page is not None:
            say(f"Marketplace page: {_shown_page(hosts, page, open_)}")
        if worker.first:
            ends = f"Ctrl-C ends it; if it runs in the background, `kill {worker.leader}` does."
            say(f"Everything here is public and for tests. {ends}")
        _shown_until_interrupted(hosts, folder)


def settings_of(given: list[str], known: Mapping[str, Setting], option: str = "--set:") -> dict[str, str]:
    """Return the settings that pairs of NAME=VALUE give, or end with exit code 2 and what is wrong with one."""
    if "help" in given:
        for name, setting in known.items():
            choices = f" ({' or '.join(setting.choices)}; the first unless set)" if setting.choices else ""
            say(f"{name:<20} {setting.text}{choices}")
        say("Each setting takes a --set of its own: --set NAME=VALUE.")
        raise typer.Exit
    settings = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            fail(f"{option} needs NAME=VALUE, not {pair!r}. Known names: {', '.join(known)}")
        if name not in known:
            near = get_close_matches(name[:200], known, n=1, cutoff=0.6)
            meant = f" Did you mean {near[0]}?" if near else ""
            fail(f"{option} there is no setting {name!r}.{meant} Known names: {', '.join(known)}")
        allowed = known[name].choices
        if allowed and value not in allowed:
            fail(f"{option} {name} is {' or '.join(allowed)}, not {value!r}")
        kind, fits = kind_of(name, value)
        if not (allowed or fits or (known[name].may_be_empty and not value)):
            fail(f"{option} {name} is not {value!r}: it has to be {kind}")
        settings[name] = value
    return settings


_is_word = re.compile("[!-~]+").fullmatch
_KINDS: tuple[tuple[tuple[str, ...], str, Callable[[str], object]], ...] = (
    (("_name", "unavailable"), "printable text", str.isprintable),  # what people read
    (("_seconds",), "a whole number of seconds", re.compile("[0-9]{1,9}").fullmatch),
    (("_url", "_uri"), "a whole URL, as http://127.0.0.1:3000/path", lambda text: is_url(text) and _is_word(text)),
    (("",), "ASCII text without spaces", _is_word),
)  # fmt: skip
"""How the names of settings end, what such a setting has to be, and whether a text is that."""


def kind_of(name: str, value: str) -> tuple[str, bool]:
    """Return what a setting has to be, by how its name ends, and whether a value is that.

    >>> kind_of("partner_url", "127.0.0.1"), kind_of("unavailable", "Später.")
    (('a whole URL, as http://127.0.0.1:3000/path', False), ('printable text', True))
    """
    _, kind, fits = next(one for one in _KINDS if name.endswith(one[0]))
    return kind, bool(value and fits(value))


def _shown_page(hosts: list[Host], sock: socket.socket, open_: ExitStack) -> str:
    """Serve the marketplace page on a socket until the stack is closed; return its address."""
    from ..runtime.server import origin_of
    from ..web.marketplace import Marketplace
    from ..web.serving import MarketplaceServer

    token = secrets.token_urlsafe(32)
    market = Marketplace(
        {host.platform.name: host.place for host in hosts if host.place},
        origin_of(sock),
        token,
        int(time.time()),
    )
    server = MarketplaceServer(market, sock)
    server.start()
    open_.callback(server.stop)
    return f"{server.url}/"


def _shown_until_interrupted(hosts: list[Host], folder: Path) -> None:
    """Print what the servers send and what the partner's operator is told, until Ctrl-C or another signal."""
    shown = [Shown(host, folder) for host in hosts]
    try:
        while all(server.alive for host in hosts for server in host.network.servers):
            time.sleep(0.2)
            for one in shown:
                one.print()
    except KeyboardInterrupt:
        pass
    out.print("stopped")
