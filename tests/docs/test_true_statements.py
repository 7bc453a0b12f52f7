"""What the documents claim and a program can check: ids that exist, counts, programs, fields, odds."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

import handshakes
from handshakes.platforms import PLATFORMS
from handshakes.spec import register
from tests.docs.test_comparison import TOLERANCES

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(p.as_posix() for p in ROOT.glob("docs/**/*.md")),
]
LESSONS = sorted(ROOT.glob("notebooks/*.ipynb"))
AN_ID = re.compile(rf"\b({'|'.join(PLATFORMS)}):([a-z0-9]+(?:[.-][a-z0-9]+)*(?:=[a-z0-9-]+)?)(?![\w/.*…])")
BARE = re.compile(r"`([a-z]+\.[a-z]+(?:-[a-z0-9]+)*(?:=[a-z0-9-]+)?)`")


@cache
def ids(platform: str) -> frozenset[str]:
    """Return every id of a platform's register, without the platform."""
    found = register.load(platform)
    known = {clause.id for clause in found.clauses} | {row.id for row in found.advice}
    known |= {reading.id for row in found.ambiguities for reading in row.readings}
    known |= {row.id for row in found.ambiguities}
    known |= {f"{platform}:{source.id}" for source in found.sources}
    return frozenset(id.partition(":")[2] for id in known)


def vectors(platform: str) -> dict:
    return json.loads(resources.files("handshakes").joinpath(platform, "vectors.json").read_text("utf-8"))


def prose(lesson: Path) -> str:
    cells = json.loads(lesson.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: Path(page).name)
def test_an_id_that_a_page_names_exists(page):
    named = AN_ID.findall((ROOT / page).read_text("utf-8"))
    assert [f"{platform}:{id}" for platform, id in named if id not in ids(platform)] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_an_id_that_a_lesson_names_exists(lesson):
    named = AN_ID.findall(prose(lesson))
    assert [f"{platform}:{id}" for platform, id in named if id not in ids(platform)] == []
    assert named or lesson.stem.startswith("03")


def test_the_ids_that_the_lessons_on_onoffice_name_without_their_platform_exist():
    text = "".join(prose(lesson) for lesson in LESSONS if lesson.stem.startswith("03"))
    named = set(BARE.findall(text)) - {
        "elements.success",
        "hmac.new",
    }
    assert len(named) > 30
    assert named - ids("onoffice") == set()


def test_the_implementers_page_names_every_field_that_a_group_gives():
    row = re.search(r"^\| `given`.*$", (ROOT / "docs/implementers.md").read_text("utf-8"), re.MULTILINE)[0]
    given = {
        field for platform in PLATFORMS for group in vectors(platform)["groups"] for field in group["given"]
    }
    assert given <= set(re.findall(r"`(\w+)`", row))


def test_every_operation_that_judges_what_came_is_named_in_the_order_to_work_in():
    """What makes a value refuses too; it is not for the steps on verifying."""
    step = (ROOT / "docs/implementers.md").read_text("utf-8").partition("3. **")[2].partition("4. **")[0]
    operations = {group["operation"] for platform in PLATFORMS for group in vectors(platform)["groups"]}
    making = {
        name for name in operations if re.search(r"\.(sign|encrypt)_|_token$|hmac$|string_to_sign$", name)
    }
    judging = {name for name in operations - making if not re.search(r"\.(verify|decrypt)_", name)}
    assert judging == set(re.findall(r"`([a-z]+\.\w+)`", step))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_has_as_many_modules_as_the_decision_says(platform):
    text = next(ROOT.glob("docs/decisions/0003-*.md")).read_text("utf-8")
    low, high = map(int, re.search(r"between (\d+) and (\d+) modules", text).groups())
    folder = Path(handshakes.__file__).parent / platform
    assert low <= sum(path.stem != "__init__" for path in folder.rglob("*.py")) <= high


def test_the_programs_that_the_tests_need_are_named_for_readers():
    """`.ci/run` knows the packages; CONTRIBUTING has them all, the README each language and tool."""
    packages = set(re.findall(r"missing\+=\(([\w-]+)\)", (ROOT / ".ci/run").read_text("utf-8")))
    line = re.search(r"apt-get install (.*)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))[1]
    assert packages - {"python3-venv"} <= set(line.split())
    asked = {
        tool
        for path in ROOT.glob("tests/**/*.py")
        for tool in re.findall(r'\btool\("(\w+)"', path.read_text("utf-8"))
    }
    called = {"node": "Node", "php": "PHP", "go": "Go", "openssl": "OpenSSL", "chromium": "Chromium"}
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text("utf-8")
        assert [tool for tool in asked & set(called) if not re.search(rf"\b{called[tool]}\b", text)] == []


def test_the_forms_that_the_page_on_stability_names_stand_where_it_says():
    base = resources.files("handshakes")
    for platform in PLATFORMS:
        for file in ("vectors.json", "canonical.json"):
            found = json.loads(base.joinpath(platform, file).read_text("utf-8"))
            assert isinstance(found["schema"], int)
            assert re.fullmatch(r"\d+\.\d+", found["version"])
        assert re.match(r"schema = \d+\n", base.joinpath(platform, "recipe.toml").read_text("utf-8"))
    for schema in ("spec/vectors", "spec/exchange", "explain/answer"):
        text = base.joinpath(f"{schema}.schema.json").read_text("utf-8")
        assert re.fullmatch(r"\d+\.\d+", json.loads(text)["version"])


def test_no_decision_denies_what_the_page_on_stability_promises():
    decision = next(ROOT.glob("docs/decisions/0001-*.md")).read_text("utf-8")
    assert "stability.md" in decision


def test_the_odds_of_a_forged_launch_are_those_of_the_lesson():
    """Of all texts of sixteen bytes, so many are UTF-8 without quotation mark, backslash and control character."""
    by_length = {1: 0x80 - 0x20 - 2, 2: 0x780, 3: 0x10000 - 0x800 - 0x800, 4: 0x110000 - 0x10000}

    @cache
    def texts(left: int) -> int:
        if left <= 0:
            return left == 0
        return sum(many * texts(left - size) for size, many in by_length.items())

    assert 2.4e-6 < texts(16) / 256**16 < 2.6e-6
    assert "five times in two million" in " ".join(prose(ROOT / "notebooks" / "05-attacks.ipynb").split())


PAIR = re.compile(r"(\d+) s(?:econds)? back,? (?:and )?(\d+) (?:s )?ahead")
"""How a page or a lesson writes a tolerance."""


def test_a_tolerance_that_a_page_a_lesson_or_a_recipe_names_is_the_packages():
    wrong, found = [], 0
    places = [ROOT / page for page in PAGES] + [*ROOT.glob("docs/*.toml"), *LESSONS]
    places += ROOT.glob("reference/handshakes/*/recipe.toml")
    for path in places:
        text = prose(path) if path.suffix == ".ipynb" else path.read_text("utf-8")
        own = next(
            (name for name in PLATFORMS if name in path.as_posix().partition("/handshakes/")[2] + path.stem),
            "",
        )
        right = {pair for scheme, pair in TOLERANCES.items() if scheme.startswith(own)}
        for pair in PAIR.findall(" ".join(text.split())):
            found += 1
            wrong += [(path.name, pair)] if tuple(map(int, pair)) not in right else []
    assert wrong == []
    assert found >= 8
