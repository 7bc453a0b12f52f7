"""The arrows between the packages: who may import whom, no circles, small modules, and what pure modules never touch."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import handshakes

ROOT = Path(handshakes.__file__).parent
SIGNING = {"signing", "rules", "readings", "encryption", "php", "errorcodes", "names", "slips"}
"""What an implementer reads first, and what explains it: pure, and built on `core` alone."""
BELOW = {
    "core": {"core"},
    "spec": {"core", "spec"},
    "runtime": {"core", "runtime"},
    "signing": {"core", "signing"},
    "partner": {"core", "runtime", "signing", "partner"},
    "simulator": {"core", "runtime", "signing", "simulator"},
    "operations": {"core", "spec", "signing", "partner"},
    "demo": {"core", "runtime", "signing", "partner", "simulator", "demo"},
    "platforms": {"core", "runtime", "spec"},
    "explain": {"core", "spec", "runtime", "platforms", "explain"},
    "judge": {"core", "spec", "runtime", "platforms", "explain", "judge"},
    "web": {"core", "spec", "runtime", "platforms", "explain", "web"},
    "cli": {"core", "spec", "runtime", "platforms", "explain", "judge", "web", "cli"},
}
"""The layers, and which of them each may import; the platform layers mean those of the same platform."""
PURE = {"core", "signing", "partner", "simulator", "explain"}
UNCLEAN = {
    *("time", "datetime", "random", "secrets", "os", "socket", "requests", "urllib3", "threading", "uuid"),
    *("asyncio", "subprocess", "http", "urllib.request", "pathlib", "io", "tempfile", "ssl", "select"),
}
HEAVY = {"requests", "cryptography", "sqlalchemy", "starlette", "uvicorn", "typer", "rich", "jinja2"}


def module_name(path: Path) -> str:
    parts = [*path.relative_to(ROOT.parent).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
SOURCES = {name: path.read_text("utf-8") for name, path in FILES.items()}
PLATFORMS = sorted({name.split(".")[1] for name in SOURCES if name.endswith(".signing")})
ONE_PLATFORM = f"(?:{'|'.join(PLATFORMS)})"


def imports_of(source: str, module: str, is_package: bool = False, known=SOURCES) -> set[str]:
    """Return the full names of all that a module imports, wherever in it the import stands.

    `from .. import x` is the module `x` where there is one, else the package. A dynamic import of an
    f-string stands for every module that it can name.
    """
    package = module if is_package else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in known else base for name in names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= dynamic(node.args[0], package, known)
    return found


def dynamic(name: ast.expr, package: str, known) -> set[str]:
    """Return the modules that the argument of a dynamic import can stand for; `self.name` is that of a platform."""
    if isinstance(name, ast.Constant):
        return {name.value}
    assert isinstance(name, ast.JoinedStr), "a dynamic import names its module in place"
    pattern = ""
    for part in name.values:
        if isinstance(part, ast.Constant):
            pattern += re.escape(part.value)
        else:
            pattern += {"__package__": re.escape(package), "self.name": ONE_PLATFORM}.get(
                ast.unparse(part.value), r"\w+"
            )
    return {one for one in known if re.fullmatch(pattern, one)}


def names_called(source: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


def is_package(name: str) -> bool:
    return FILES[name].name == "__init__.py"


@cache
def imported() -> dict[str, set[str]]:
    """Return what each module imports."""
    return {name: imports_of(source, name, is_package(name)) for name, source in SOURCES.items()}


def layer(name: str) -> tuple[str, str]:
    """Return the layer of a module, and the platform that it belongs to, if any."""
    parts = name.split(".")[1:]
    if not parts:
        return "face", ""
    if parts[0] not in PLATFORMS:
        return parts[0], ""
    if len(parts) == 1:
        return "face", parts[0]
    same = {
        "script": "runtime",
        "story": "demo",
        "briefing": "demo",
        "customer": "demo",
        "judged": "demo",
        "shop": "demo",
    }
    return ("signing" if parts[1] in SIGNING else same.get(parts[1], parts[1])), parts[0]


def starts(name: str, prefixes) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def upward(module: str, imports: set[str]) -> list[str]:
    """Return what a module imports although its layer may not."""
    here, platform = layer(module)
    wrong = []
    for name in sorted(one for one in imports if starts(one, ["handshakes"])):
        there, of = layer(name)
        if name == "handshakes" or (here == "face" and there in ("core", "signing", "face")):
            continue
        if there == "face" or there not in BELOW.get(here, ()) or (of and of != platform):
            wrong.append(name)
    return wrong


def circles(imports: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_guards_see_what_they_must_forbid():
    """Without this, a guard that reads nothing would be green for ever."""
    source = (
        "import os.path, hmac\nfrom ..core.keys import shown\nfrom . import signing as s\nfrom .. import runtime\n"
        "def f():\n    from ...x import y\n    import_module('late')\n    open('a')\n    p.open()\n"
        "    import_module(f'{__package__}.{name}')\n"
    )
    known = {"handshakes.toy.signing", "handshakes.core.keys", "handshakes.toy.demo", "handshakes.runtime"}
    assert imports_of(source, "handshakes.toy.partner", known=known) == {
        *("os.path", "hmac", "handshakes.core.keys", "handshakes.toy.signing", "handshakes.runtime"),
        *("x", "late", "handshakes.toy.demo"),
    }
    assert imports_of("from .signing import a", "handshakes.toy", is_package=True) == {
        "handshakes.toy.signing"
    }
    assert names_called(source) >= {"open", "p.open"}
    assert starts("urllib.request.urlopen", UNCLEAN)
    assert not starts("urllib.parse", UNCLEAN)
    assert upward("handshakes.core.keys", {"handshakes.spec.code"}) == ["handshakes.spec.code"]
    other = {"handshakes.fortis.signing", "handshakes.officernd.simulator.faults", "handshakes.officernd"}
    assert upward("handshakes.officernd.partner.api", other) == sorted(other)
    assert upward("handshakes.officernd.partner.api", {"handshakes.officernd.signing"}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert circles({"a": {"b"}, "b": {"c"}}) == []


def test_a_dynamic_import_of_the_platforms_is_seen():
    assert {f"handshakes.{name}.demo" for name in PLATFORMS} <= imported()["handshakes.platforms"]


def test_every_platform_is_laid_out_alike():
    assert PLATFORMS == ["fortis", "officernd", "onoffice", "retailcrm"]
    for platform in PLATFORMS:
        tools = ("operations", "demo", "story", "briefing", "shop")
        for name in ("signing", "rules", "readings", "names", *tools, "partner", "simulator"):
            assert f"handshakes.{platform}.{name}" in SOURCES
        for name in ("partner.integration", "partner.configuration", "partner.connecting", "partner.api"):
            assert f"handshakes.{platform}.{name}" in SOURCES
        for name in (
            "platform",
            "records",
            "setup",
            "resources",
            "drafts",
            "faults",
            "findings",
            "acting",
            "portal",
            "examination",
        ):
            assert any(one.startswith(f"handshakes.{platform}.simulator.{name}") for one in SOURCES)


def test_a_module_imports_only_what_lies_below_it():
    known = {*BELOW, "face"}
    places = {module: layer(module)[0] for module in SOURCES}
    assert {module: place for module, place in places.items() if place not in known} == {}, (
        "a new package needs its place among the layers"
    )
    wrong = {module: upward(module, imports) for module, imports in imported().items()}
    lists = f"handshakes\\.{ONE_PLATFORM}(\\.|$)"  # the list of platforms loads their modules
    wrong["handshakes.platforms"] = [
        name for name in wrong["handshakes.platforms"] if not re.match(lists, name)
    ]
    assert {module: names for module, names in wrong.items() if names} == {}


def test_no_import_circle_not_even_for_types():
    within = {
        name: {one for one in found if one in SOURCES and one != name} for name, found in imported().items()
    }
    assert circles(within) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_signing_runs_the_adopted_rules_without_the_readings(platform):
    for name in ("signing", "rules"):
        assert f"handshakes.{platform}.readings" not in reached_from(f"handshakes.{platform}.{name}")
    assert f"handshakes.{platform}.rules" in imported()[f"handshakes.{platform}.readings"]


def reached_from(module: str) -> set[str]:
    """Return every module of the package that one leads to."""
    reached, ahead = set(), [module]
    while ahead:
        names = {name for name in imported()[ahead.pop()] if name in SOURCES} - reached
        reached |= names
        ahead += names - {"handshakes"}
    return reached


def test_a_pure_module_has_no_clock_network_thread_or_file():
    unclean = ("read_text", "read_bytes", ".now", ".utcnow", ".today")
    found = {}
    for module in (name for name in SOURCES if layer(name)[0] in PURE):
        # a given time may be written as a date; only asking for the present one is unclean
        names = [name for name in imported()[module] if starts(name, UNCLEAN - {"datetime"})]
        called = names_called(SOURCES[module])
        found[module] = names + [name for name in called if name == "open" or name.endswith(unclean)]
    assert {module: names for module, names in found.items() if names} == {}


def test_what_signs_needs_the_standard_library_and_cryptography_alone():
    wrong = {}
    for module in (name for name in SOURCES if layer(name)[0] in ("core", "signing")):
        outside = {name.split(".")[0] for name in imported()[module]} - {"handshakes"}
        allowed = {"cryptography"} if layer(module)[0] == "signing" else set()
        wrong[module] = outside - sys.stdlib_module_names - allowed
    assert {module: names for module, names in wrong.items() if names} == {}


def lines(*modules: str) -> int:
    return sum(len(SOURCES[name].splitlines()) for name in modules)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_an_integrator_reads_of_one_platform_stays_small(platform):
    read = [f"handshakes.{platform}.{name}" for name in ("signing", "rules", "partner")]
    assert lines(*(name for name in SOURCES if starts(name, read))) < 1500


def explains(module: str) -> bool:
    return layer(module)[0] == "explain" or ".slips" in module or module == "handshakes.core.cases"


FOR_LESSONS = (".runtime.pictures",)
"""What draws for notebooks; no side of a handshake imports it."""
WEB = "handshakes.web"
"""Pages for people, which no handshake needs."""
FOR_OTHER_LANGUAGES = (".spec.recipe", ".spec.recipe_linting", ".spec.fresh", ".cli.vectors_answer")


def judges(module: str) -> bool:
    """Return whether a module belongs to what judges a partner: decisions 9 and 10."""
    names = (".customer", ".runtime.customers", ".cli.judge", ".judged", ".simulator.examination")
    return layer(module)[0] == "judge" or module.endswith(names)


def shows(module: str) -> bool:
    """Return whether a module belongs to the pages for people: what a platform offers on them too."""
    return starts(module, [WEB]) or module.endswith(".shop")


def test_the_package_stays_small():
    core = [name for name in SOURCES if layer(name)[0] == "core" and not explains(name)]
    assert lines(*core) < 1_200
    counted = [
        name
        for name in SOURCES
        if not explains(name)
        and not name.endswith(FOR_OTHER_LANGUAGES + FOR_LESSONS)
        and not shows(name)
        and not judges(name)
    ]
    assert lines(*counted) < 24_000, "PostgreSQL and its workers are about 600 of them, TLS 50"
    assert lines(*filter(shows, SOURCES)) < 3_500
    assert lines(*filter(explains, SOURCES)) < 9_800, "see docs/decisions/0005"
    assert lines(*filter(judges, SOURCES)) < 4_300, "see docs/decisions/0009 and 0010"


def test_nothing_in_the_package_draws_for_lessons():
    assert [
        name for name, text in SOURCES.items() if re.search(r"import pictures|\.pictures import", text)
    ] == []


@pytest.mark.parametrize(
    "module",
    [
        *("handshakes", "handshakes.officernd", "handshakes.runtime.flow", "handshakes.runtime.sql_store"),
        "handshakes.judge.plugin",
    ],
)
def test_importing_pulls_in_nothing_heavy(module):
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    loaded = {name.split(".")[0] for name in json.loads(run.stdout)}
    assert "handshakes" in loaded
    assert loaded & HEAVY == set()


# --- tests that Hypothesis draws --------------------------------------------------------------------------


def has_no_deadline(value: ast.expr | None, known: set[str]) -> bool:
    """Return whether an expression is settings of Hypothesis without a limit of time for one example."""
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("settings"):
        said = [ast.unparse(one.value) == "None" for one in value.keywords if one.arg == "deadline"]
        return said[0] if said else any(has_no_deadline(parent, known) for parent in value.args)
    return isinstance(value, ast.Name) and value.id in known


def timed(source: str) -> list[str]:
    """Return what Hypothesis runs with a limit of time for one example (200 ms unless told otherwise)."""
    nodes, known, found = [*ast.walk(ast.parse(source))], set[str](), []
    for node in nodes:
        if isinstance(node, ast.Assign) and has_no_deadline(node.value, known):
            known |= {ast.unparse(target) for target in node.targets}
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            drawn = [one for one in node.decorator_list if ast.unparse(one).split("(")[0].endswith("given")]
            if drawn and not any(has_no_deadline(one, known) for one in node.decorator_list):
                found.append(node.name)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("run_state_machine_as_test"):
            given = [one.value for one in node.keywords if one.arg == "settings"]
            if not any(has_no_deadline(one, known) for one in given):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Attribute) and node.attr == "TestCase" and "hypothesis.stateful" in source:
            found.append(ast.unparse(node))  # which would have settings of its own
    return found


def test_no_test_that_hypothesis_draws_has_a_limit_of_time_for_one_example():
    """On a busy machine any example may take longer than any limit: such a failure says nothing of the package."""
    sources = {path: path.read_text("utf-8") for path in Path(__file__).parent.rglob("*.py")}
    drawn = {
        path: source
        for path, source in sources.items()
        if re.search(r"^(?:from|import) hypothesis", source, re.M)
    }
    assert sum(source.count("@given(") for source in drawn.values()) > 25
    assert {str(path): names for path, source in drawn.items() if (names := timed(source))} == {}


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("@given(st.text())\ndef f(t): ...", ["f"]),
        ("@hypothesis.given(st.text())\ndef f(t): ...", ["f"]),
        ("@settings(max_examples=3)\n@given(st.text())\ndef f(t): ...", ["f"]),
        ("@settings(deadline=500)\n@given(st.text())\ndef f(t): ...", ["f"]),
        ("some = settings(max_examples=3)\n@some\n@given(st.text())\ndef f(t): ...", ["f"]),
        ("a = settings(deadline=None)\n@settings(a, deadline=9)\n@given(st.text())\ndef f(t): ...", ["f"]),
        ("def test():\n    @given(st.text())\n    def f(t): ...", ["f"]),
        ("run_state_machine_as_test(m)", ["run_state_machine_as_test(m)"]),
        ("from hypothesis.stateful import R\ntest = R.TestCase", ["R.TestCase"]),
        ("@given(st.text())\n@settings(deadline=None)\ndef f(t): ...", []),
        ("some = hypothesis.settings(deadline=None)\n@some\n@given(st.text())\ndef f(t): ...", []),
        ("a = settings(deadline=None)\nrun_state_machine_as_test(m, settings=settings(a, max_examples=3))", []),
        ("class C(unittest.TestCase): ...", []),
    ],
)  # fmt: skip
def test_a_limit_of_time_for_one_example_is_seen(source, wrong):
    assert timed(source) == wrong
