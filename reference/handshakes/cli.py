"""The `handshakes` command.

Exit codes: 0 all held, 1 something was refused or failed, 2 usage, 3 the target could not be
reached, 4 nothing was judged, 5 a defect of this tool.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

try:
    import typer
    from rich.console import Console
    from rich.markup import escape
except ImportError:  # the extra is missing; say so instead of a traceback
    sys.exit("The handshakes command needs its extra: pip install -c constraints.txt -e '.[tour]'")

from . import __version__
from .platforms import PLANNED, PLATFORMS, Pasted, Platform, World
from .refusals import Refused

if TYPE_CHECKING:
    from .store import SqlStore

MOST_PASTED = 1_048_576
SECRET_VARIABLE = "HANDSHAKES_SECRET"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Four marketplace handshakes, both sides: run them, serve them, verify a request.",
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, code: int = 2) -> NoReturn:
    """Say what is wrong and what to do, and end with an exit code."""
    err.print(f"[red]handshakes:[/] {escape(message)}")
    raise typer.Exit(code)


def platform_named(name: str) -> Platform:
    """Return the platform with this name, or end with exit code 2."""
    if name in PLATFORMS:
        return PLATFORMS[name]
    if name in PLANNED:
        fail(f"{PLANNED[name]} is not built yet; there is: {', '.join(PLATFORMS)}")
    fail(f"unknown platform {name!r}; there is: {', '.join(PLATFORMS)}")


@contextmanager
def opened_store(directory: Path | None) -> Iterator[SqlStore]:
    """Open the store in a directory, or in a temporary one that is deleted at the end."""
    from .store import StoreError, open_store

    with tempfile.TemporaryDirectory(prefix="handshakes-") as temporary:
        try:
            store = open_store(directory or Path(temporary))
        except StoreError as error:
            fail(str(error))
        try:
            yield store
        finally:
            store.close()


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    if version:
        out.print(__version__)
        raise typer.Exit


@app.command()
def tour(
    platforms: Annotated[
        list[str] | None, typer.Argument(metavar="[PLATFORM]…", help="Which handshakes; all unless named.")
    ] = None,
    bodies: Annotated[bool, typer.Option(help="Show headers and bodies too.")] = True,
) -> None:
    """Run every handshake, both sides, over HTTP on 127.0.0.1, and show every message and check."""
    chosen = [platform_named(name) for name in dict.fromkeys(platforms or PLATFORMS)]
    failed = sum(_toured(platform, bodies) for platform in chosen)
    for name, title in PLANNED.items():
        if not platforms:
            out.print(f"[dim]{title} ({name}): not built yet[/]")
    if failed:
        fail(f"{failed} checks failed", 1)


def _toured(platform: Platform, bodies: bool) -> int:
    """Run one platform's story and print it; return how many checks failed."""
    from .browser import Browser
    from .wire import Loopback

    tools = platform.tools()
    checks = failed = 0
    with opened_store(None) as store:
        sides = tools.sides(World(lambda: int(time.time()), os.urandom, store))
        with Loopback(sides.platform, sides.partner) as network:
            for server in network.servers:
                out.print(f"[dim]{escape(server.role.name)} listens on {server.url}[/]")
            for chapter in tools.story(sides, Browser()):
                seen = len(network.transcript.events)
                out.print(f"\n[bold]{escape(platform.title)} · {escape(chapter.title)}[/]")
                results = network.run(chapter.step)
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


@app.command()
def serve(
    platform: Annotated[str, typer.Argument(help="Which platform's two sides.")],
    only: Annotated[str, typer.Option(help="platform or partner: serve one side for a foreign other.")] = "",
    port: Annotated[
        int, typer.Option(help="Port of the (first) server; a free one unless given.", min=0, max=65535)
    ] = 0,
    store: Annotated[
        Path | None, typer.Option(help="Folder of the partner's store; temporary unless given.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting; `--set help` lists them."),
    ] = None,
) -> None:
    """Serve both sides of one platform on 127.0.0.1, or one of them, until interrupted."""
    from .serving import listen
    from .wire import Loopback

    tools = platform_named(platform).tools()
    if only not in ("", "platform", "partner"):
        fail(f"--only is platform or partner, not {only!r}")
    settings = _settings(set_ or [], tools.SETTINGS)
    sockets: dict[str, socket.socket] = {}
    try:
        for side in [only] if only else ["platform", "partner"]:
            sockets[side] = listen(port if not sockets else 0)
    except OSError as error:
        fail(f"port {port} cannot be used: {error.strerror}; take another --port, or none for a free one")
    origins = {side: "http://{}:{}".format(*sock.getsockname()[:2]) for side, sock in sockets.items()}
    with opened_store(store) as opened:
        world = World(
            lambda: int(time.time()), os.urandom, opened, settings,
            origins.get("platform", ""), origins.get("partner", ""),
        )  # fmt: skip
        sides = tools.sides(world)
        roles = {"platform": sides.platform, "partner": sides.partner}
        with Loopback(
            *(roles[side] for side in sockets),
            sockets={roles[side].name: sock for side, sock in sockets.items()},
        ) as network:
            out.print(tools.briefing(sides, world), markup=False)
            out.print("\nEverything here is public and for tests. Ctrl-C ends it.")
            _shown_until_interrupted(network, sides.reports)


def _settings(given: list[str], known: object) -> dict[str, str]:
    names = dict(known)  # type: ignore[call-overload]
    if "help" in given:
        for name, text in names.items():
            out.print(f"{name:<20} {text}", markup=False)
        raise typer.Exit
    settings = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name not in names:
            fail(f"--set {pair!r} is no NAME=VALUE with a known name; there are: {', '.join(names)}")
        settings[name] = value
    return settings


def _shown_until_interrupted(network: object, reports: list[tuple[str, Refused]]) -> None:
    """Print what the servers send and what the partner's operator is told, until Ctrl-C."""
    from .wire import Loopback

    assert isinstance(network, Loopback)  # noqa: S101
    shown = told = 0
    try:
        while all(server.alive for server in network.servers):
            time.sleep(0.2)
            events = len(network.transcript.events)
            if events > shown:
                out.print(network.transcript.text(bodies=False, start=shown, end=events), markup=False)
                shown = events
            for endpoint, refused in reports[told:]:
                out.print(f"    partner refused {endpoint}: {refused}", markup=False)
                told += 1
    except KeyboardInterrupt:
        pass
    out.print("stopped")


@app.command()
def verify(
    platform: Annotated[str, typer.Argument(help="Whose request it is.")],
    request: Annotated[
        str, typer.Argument(help="The URL or raw target; - reads it from standard input.")
    ] = "",
    body: Annotated[Path | None, typer.Option(help="A file with a webhook's raw body.")] = None,
    header: Annotated[str, typer.Option(help="The webhook's signature header.")] = "",
    secret_file: Annotated[Path | None, typer.Option(help="A file with the secret.")] = None,
    secret_env: Annotated[
        str, typer.Option(help="The environment variable with the secret.")
    ] = SECRET_VARIABLE,
    now: Annotated[
        int | None, typer.Option(help="Unix seconds to verify at; the real time unless given.", min=0)
    ] = None,
    tolerance: Annotated[str, typer.Option(help="Seconds back and ahead, as 300,60.")] = "",
    reading: Annotated[list[str] | None, typer.Option(help="The id of a reading to use instead.")] = None,
) -> None:
    """Verify one pasted request, and say what its signature covers, or why it was refused.

    The secret comes from --secret-file, from an environment variable, or from a prompt.
    """
    tools = platform_named(platform).tools()
    if bool(request) == bool(body):
        fail("give a URL, or a webhook with --body and --header")
    pasted = Pasted(_read_text(request), _read_file(body) if body else b"", header)
    secret = _secret(secret_file, secret_env)
    at = int(time.time()) if now is None else now
    try:
        text = tools.verify(
            pasted, secret=secret, now=at, tolerance=_tolerance(tolerance), readings=reading or []
        )
    except Refused as refused:
        out.print(refused.explain(), markup=False)
        raise typer.Exit(2 if refused.reason == "unknown-reading" else 1) from None
    out.print(text, markup=False)


def _read_text(request: str) -> str:
    if request != "-":
        return request.strip()
    return sys.stdin.buffer.read(MOST_PASTED + 1)[:MOST_PASTED].decode("utf-8", "replace").strip()


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_PASTED + 1)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    if len(content) > MOST_PASTED:
        fail(f"{path} is over {MOST_PASTED} bytes")
    return content


def _secret(file: Path | None, variable: str) -> str:
    if file:
        try:
            secret = _read_file(file).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            fail(f"{file} is not UTF-8 text")
    elif variable in os.environ:
        secret = os.environ[variable]
    elif sys.stdin.isatty():
        secret = typer.prompt("Secret", hide_input=True, err=True)
    else:
        fail(f"no secret: use --secret-file, set {variable}, or run it in a terminal to be asked")
    if not secret:
        fail("the secret is empty")
    return secret


def _tolerance(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    back, comma, ahead = text.partition(",")
    if not (comma and back.isdecimal() and ahead.isdecimal() and text.isascii()):
        fail(f"--tolerance is two numbers of seconds, as 300,60, not {text!r}")
    return int(back), int(ahead)


def main() -> None:
    """Run the command; a defect of this tool ends with exit code 5 and a plain sentence."""
    try:
        app()
    except Exception as error:
        if os.environ.get("HANDSHAKES_DEBUG"):
            raise
        err.print(f"[red]handshakes:[/] this is a defect of the tool: {escape(type(error).__name__)}")
        err.print("Set HANDSHAKES_DEBUG=1 to see where, and please report it.")
        sys.exit(5)
