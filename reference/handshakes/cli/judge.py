"""`handshakes judge`: whether a partner that runs somewhere is right, clause by clause."""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.refusals import Refused
from .common import PLATFORM_HELP, err, fail, out, platform_named, say, warn_of_foreign_urllib3
from .ending import ended_by_signals
from .places import TLS_HELP, certificate_of, place_of
from .serve import settings_of
from .verify import ciphers_for

if TYPE_CHECKING:
    from ..judge.profile import Profile
    from ..judge.report import Report

KINDS = ("json", "junit", "html")


def judge(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help=PLATFORM_HELP)],
    profile: Annotated[
        Path | None, typer.Option("--profile", metavar="FILE", help="Where your program is; see --init.")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a profile with comments to this new file, and end."),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="CASE", help="Try one fault alone, or what concerns one clause.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Make the same ids and codes as another run did.")] = None,
    slow: Annotated[
        bool, typer.Option("--slow", help="Try also the faults that keep your program waiting.")
    ] = False,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON report: what fails in it is known.")
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help="Write a report: json, junit or html. May be repeated."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show the clauses that passed too.")] = False,
    port: Annotated[
        int,
        typer.Option(
            help="Port of the simulator; the profile's unless given.", min=0, max=65535, show_default=False
        ),
    ] = 0,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen beyond 127.0.0.1; needs --public-url.")
    ] = "",
    public_url: Annotated[
        str, typer.Option(metavar="URL", help="What your program, as in a container, calls the simulator.")
    ] = "",
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help=TLS_HELP)] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key, PEM.")] = None,
) -> None:
    """Judge a partner that runs at a URL: drive the handshake with every fault, and say what holds.

    Exit status: 0 nothing red, 1 a clause fails, 2 wrong usage, 3 your program does not answer, 4 something that the
    profile promises could not be tested.
    """
    tools = platform_named(platform).tools()
    if init:
        _write_new(init, _template(platform))
        say(f"{init} is written. Fill in the addresses, then: handshakes judge {platform} --profile {init}")
        return
    if profile is None:
        fail(f"--profile is missing; `handshakes judge {platform} --init partner.toml` writes one")
    warn_of_foreign_urllib3()
    wanted, chosen = _reports(report or [], profile), _read(profile)
    settings = settings_of(
        [f"{name}={value}" for name, value in chosen.settings.items()], tools.settings, "in [settings],"
    )
    used = random.randrange(1_000_000) if seed is None else seed  # noqa: S311  (nothing secret)
    words = ["handshakes", "judge", platform, "--profile", str(profile), "--seed", str(used)]
    from ..judge.operating import filled
    from ..judge.profile import ADDRESSES
    from ..judge.served import Served
    from ..judge.trial import JUDGED_FAST, Trial

    if missing := [name for name, path in ADDRESSES[platform].items() if path and name not in settings]:
        fail(f"{profile}: [settings] needs {', '.join(missing)}")
    _known_case(platform, only)
    _known_patterns(platform, profile, chosen.not_applicable)
    place = place_of(listen, public_url, "platform", certificate_of(tls_cert, tls_key))
    sockets = place.sockets(["platform"], port or chosen.port)
    fast = {name: value for name, value in JUDGED_FAST.items() if name in tools.settings}
    trial = Trial(
        platform, chosen, folder=profile.parent, seed=used, only=only or "", slow=slow, known=_known(baseline, platform),
        ciphers=ciphers_for(platform), command=lambda case: shlex.join([*words, "--only", case]),
    )  # fmt: skip
    try:
        served = Served(
            platform, {**fast, **settings}, sock=sockets["platform"], public=place.public, seed=used,
            allowed=(*place.elsewhere(settings), *chosen.origins), plain=place.plain(settings),
            certificate=place.certificate, trusted=_trusted(profile, chosen),
            timeout=chosen.timeout_seconds, patience=chosen.patience_seconds, most=chosen.most_seconds,
        )  # fmt: skip
    except (ValueError, Refused) as error:  # what a platform does not let anybody register
        fail(f"{profile}: with these settings the platform cannot be served: {error}")
    with ended_by_signals(), served:
        say(served.briefing)
        if chosen.command:
            say(f"Running: {shlex.join(filled(chosen.command, trial.given(served)))}")
        with _progress(platform) as shown:
            found = trial.judge(served, shown)
    _print(found, full)
    for kind, path in wanted:
        _write(path, _written(found, kind))
    raise typer.Exit(found.exit)


@contextmanager
def _progress(platform: str) -> Iterator[Callable[[str], object]]:
    """Show the case that is tried, in a terminal; nothing in a pipe."""
    if not err.is_terminal:
        yield lambda case: None
        return
    with err.status(f"judging, {platform}") as status:
        yield lambda case: status.update(f"judging, {case or 'the genuine handshake'}")


def _print(found: Report, full: bool) -> None:
    from ..judge.report import lines_of

    out.print()
    say(*lines_of(found, full=full))
    say(f"Exit status {found.exit}. Seed {found.seed}.")


def _written(found: Report, kind: str) -> str:
    from ..judge.report import as_json, as_junit
    from ..judge.sheet import as_html

    if kind == "json":
        return json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n"
    return as_junit(found) if kind == "junit" else as_html(found)


def _reports(given: list[str], profile: Path) -> list[tuple[str, Path]]:
    """Return the kinds and files of `--report`, or end with exit code 2 where one could not be written."""
    pairs = [one.partition("=") for one in given]
    if wrong := [kind for kind, _, path in pairs if kind not in KINDS or not path]:
        fail(f"--report is json=FILE, junit=FILE or html=FILE, not {wrong[0]!r}")
    taken = {profile.resolve()}
    for _, _, name in pairs:
        path = Path(name)
        if path.resolve() in taken:
            fail(f"--report: {name} is named twice, or is the profile; each report needs a file of its own")
        try:
            is_folder, has_folder = path.is_dir(), path.parent.is_dir()
        except OSError as error:
            fail(f"--report: {name} cannot be written: {error.strerror}")
        if is_folder or not has_folder:
            fail(
                f"--report: {name} is a folder"
                if is_folder
                else f"--report: there is no folder {path.parent}"
            )
        taken.add(path.resolve())
    return [(kind, Path(path)) for kind, _, path in pairs]


def _read(path: Path) -> Profile:
    from ..judge.profile import parse

    try:
        return parse(_text(path))
    except ValueError as error:
        fail(f"{path}: {error}")


def _trusted(path: Path, profile: Profile) -> str:
    """Return the file of certificates that a profile names, or nothing."""
    found = path.parent / profile.trusted
    try:
        if profile.trusted and not found.is_file():
            fail(f"{path}: trusted: there is no file {found}")
    except OSError as error:
        fail(f"{path}: trusted: {found} cannot be read: {error.strerror}")
    return str(found) if profile.trusted else ""


def _text(path: Path, most: int = 20_000_000) -> str:
    try:
        if not path.is_file():
            fail(f"{path}: there is no such file" if not path.exists() else f"{path}: is not a regular file")
        with path.open("rb") as file:
            return file.read(most).decode()
    except OSError as error:
        fail(f"{path}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{path}: is not UTF-8")


def _known(path: Path | None, platform: str) -> frozenset[str]:
    """Return the clauses that a JSON report has as failing; those of its own baseline too."""
    if path is None:
        return frozenset()
    try:
        found = json.loads(_text(path))
        clauses, of = found["clauses"], found["platform"]
        known = {one["clause"] for one in clauses if one["observed"] == "violated"}
    except (ValueError, KeyError, TypeError, RecursionError):
        fail(f"{path}: is not a JSON report of this command")
    if of != platform:
        fail(f"{path}: is a report of {of}, not of {platform}")
    return frozenset(known)


def _known_patterns(platform: str, profile: Path, patterns: tuple[str, ...]) -> None:
    """End with exit code 2 and the nearest clause, where a pattern of `not_applicable` is that of none."""
    from ..spec.register import load
    from .common import unknown

    register = load(platform)
    names = [*(one.id for one in register.clauses), *(one.id for one in register.advice)]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            unknown("clause", pattern, names, f"clauses list {platform}", f" in not_applicable of {profile}")


def _known_case(platform: str, only: str | None) -> None:
    """End with exit code 2 and the nearest name, where no fault and no clause is called so."""
    from ..judge.judgement import levels
    from ..platforms import PLATFORMS
    from ..spec.register import load
    from .common import unknown

    faults = PLATFORMS[platform].tools().faults
    names = [*faults, *levels(load(platform))]
    if only is not None and only not in names:
        err.print(f"The cases of {platform}, beside its clauses: {', '.join(faults)}", markup=False)
        unknown("case", only, names, f"clauses list {platform}", what="the clauses")


def _template(platform: str) -> str:
    from ..judge.profile import template
    from ..platforms import PLATFORMS

    tools = PLATFORMS[platform].tools()
    return template(platform, tools.settings, tools.needs)


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        fail(f"{path} exists already; choose a new name")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
