"""The arrows between the rooms: who may import whom, and what the pure rooms never touch."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import handshakes

ROOT = Path(handshakes.__file__).parent
BELOW_SIGNING = {
    f"handshakes.{room}"
    for room in ("refusals", "stages", "strict", "keys", "timestamps", "printing", "origins", "composition")
}
WITHOUT_PLATFORMS = (
    "flow",
    "wire",
    "serving",
    "transcript",
    "browser",
    "store",
    "calls",
    "composition",
    "equipment",
    "verdicts",
    "pages",
    "oauth",
)
PURE = (
    "signing",
    "rules",
    "encryption",
    "readings",
    "partner",
    "connecting",
    "api",
    "simulator",
    "faults",
    "identity",
    "resources",
    "findings",
    "mistakes",
    "portal",
    "consent",
    "sessions",
    "drafts",
    "templates",
    "tampering",
)
UNCLEAN = {
    *("time", "datetime", "random", "secrets", "os", "socket", "requests", "urllib3", "threading", "uuid"),
    *("asyncio", "subprocess", "http", "urllib.request", "pathlib", "io", "tempfile", "ssl", "select"),
}
HEAVY = {"requests", "cryptography", "sqlalchemy", "starlette", "uvicorn", "typer", "rich", "jinja2"}


def imports_of(source: str, module: str, is_package: bool = False) -> set[str]:
    """Return the full names of all that a module imports, wherever in it the import stands.

    `from .. import x` counts as both, the package and `x` in it, since `x` may be a module.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            up = node.level - is_package
            base = ".".join([*(parts[: len(parts) - up] if node.level else ()), *filter(None, [node.module])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {value.value for value in node.args if isinstance(value, ast.Constant)}
    return found


def names_called(source: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


def module_name(path: Path) -> str:
    parts = [*path.relative_to(ROOT.parent).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py"))}
IMPORTS = {
    name: imports_of(source, name, (ROOT.parent / name.replace(".", "/")).is_dir())
    for name, source in SOURCES.items()
}
PLATFORMS = sorted(
    name.split(".")[1] for name in SOURCES if name.count(".") == 2 and name.endswith(".signing")
)


def starts(name: str, prefixes) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def rooms(*names: str):
    """Parametrise over these rooms of every platform, as far as they exist."""
    found = [f"handshakes.{p}.{n}" for p in PLATFORMS for n in names if f"handshakes.{p}.{n}" in SOURCES]
    return pytest.mark.parametrize("room", found)


def test_the_guards_see_what_they_must_forbid():
    """Without this, a guard that reads nothing would be green for ever."""
    source = (
        "import os.path, hmac\nfrom ..keys import shown\nfrom . import signing as s\nfrom .. import flow\n"
        "def f():\n    from ...x import y\n    import_module('late')\n    open('a')\n    p.open()\n"
    )
    assert imports_of(source, "handshakes.toy.partner") == {
        *(
            "os.path",
            "hmac",
            "handshakes.keys",
            "handshakes.keys.shown",
            "handshakes.toy",
            "handshakes.toy.signing",
        ),
        *("handshakes", "handshakes.flow", "x", "x.y", "late"),
    }
    assert imports_of("from .signing import a", "handshakes.toy", is_package=True) == {
        "handshakes.toy.signing",
        "handshakes.toy.signing.a",
    }
    assert names_called(source) >= {"open", "p.open"}
    assert starts("urllib.request.urlopen", UNCLEAN)
    assert not starts("urllib.parse", UNCLEAN)


def test_there_is_a_platform_with_its_rooms():
    assert "officernd" in PLATFORMS
    for room in ("signing", "readings", "partner", "simulator"):
        assert f"handshakes.officernd.{room}" in SOURCES
    for room in WITHOUT_PLATFORMS:
        assert f"handshakes.{room}" in SOURCES


@rooms("signing", "rules", "encryption")
def test_signing_knows_only_what_is_below_it(room):
    platform = room.rpartition(".")[0]
    own = {"rules": (), "encryption": ("rules",), "signing": ("rules", "encryption")}[room.rpartition(".")[2]]
    own = {f"{platform}.{name}" for name in own}
    within = {name for name in IMPORTS[room] if starts(name, ["handshakes"])} - {"handshakes", platform}
    assert [name for name in within if not starts(name, BELOW_SIGNING | own)] == []
    outside = {name.split(".")[0] for name in IMPORTS[room]} - {"handshakes"}
    assert outside <= sys.stdlib_module_names | {"cryptography"}


def test_what_is_below_signing_is_as_pure_and_knows_only_itself():
    for room in BELOW_SIGNING:
        for name in IMPORTS[room]:
            assert not starts(name, UNCLEAN | HEAVY), (room, name)
            if starts(name, ["handshakes"]):
                assert starts(name, BELOW_SIGNING), (room, name)


@rooms("readings")
def test_readings_import_the_rules_and_not_the_other_way_round(room):
    rules, signing = room.replace("readings", "rules"), room.replace("readings", "signing")
    assert rules in IMPORTS[room]
    assert not any(starts(name, [room]) for name in IMPORTS[rules] | IMPORTS[signing])


def reached_from(room: str) -> set[str]:
    """Return every room of the package that one leads to."""
    reached, ahead = set(), [room]
    while ahead:
        names = {name for name in IMPORTS[ahead.pop()] if name in IMPORTS} - reached
        reached |= names
        ahead += names - {"handshakes"}
    return reached


@rooms("partner", "simulator", "signing", "readings", "faults")
def test_the_two_sides_and_the_platforms_do_not_know_each_other(room):
    _, platform, name = room.split(".")
    others = [f"handshakes.{other}" for other in PLATFORMS if other != platform]
    hidden = {"partner": "simulator", "simulator": "partner"}.get(name)
    forbidden = [*others, "handshakes.platforms", "handshakes.wire", "handshakes.serving", "handshakes.cli"]
    forbidden += [f"handshakes.{platform}.{hidden}"] if hidden else []
    assert [found for found in reached_from(room) | IMPORTS[room] if starts(found, forbidden)] == []


@pytest.mark.parametrize("room", WITHOUT_PLATFORMS)
def test_the_shared_rooms_know_no_platform(room):
    platforms = [f"handshakes.{platform}" for platform in PLATFORMS] + ["handshakes.platforms"]
    assert [found for found in reached_from(f"handshakes.{room}") if starts(found, platforms)] == []


@rooms(*PURE)
def test_a_pure_room_has_no_clock_network_thread_or_file(room):
    # a given time may be written as a date; only asking for the present one is unclean
    assert [name for name in IMPORTS[room] if starts(name, UNCLEAN - {"datetime"})] == []
    unclean = ("read_text", "read_bytes", ".now", ".utcnow", ".today")
    called = names_called(SOURCES[room])
    assert [name for name in called if name == "open" or name.endswith(unclean)] == []


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("handshakes", HEAVY),
        ("handshakes.officernd", HEAVY),
        ("handshakes.flow", HEAVY),
        ("handshakes.store", HEAVY),
    ],
)
def test_importing_pulls_in_nothing_heavy(module, without):
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    loaded = {name.split(".")[0] for name in json.loads(run.stdout)}
    assert "handshakes" in loaded
    assert loaded & without == set()
