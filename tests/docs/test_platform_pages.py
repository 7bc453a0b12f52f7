"""The platforms' overview pages: what is written on them is tried against the register, a run and the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docs.text import prose

from docs import (
    clauses_pages,
    comparison_page,
    diagrams,
    faults_pages,
    platform_pages,
    sequences,
    slips_pages,
)
from handshakes.core.refusals import REASONS
from handshakes.onoffice.errorcodes import ERRORS
from handshakes.platforms import PLATFORMS
from handshakes.spec import recipe, register, vectors
from tests.docs.test_comparison import TOLERANCES, accepted, genuine

ROOT = Path(__file__).parents[2]
every_platform = pytest.mark.parametrize("platform", PLATFORMS)
SEARCHED = {
    "officernd": ("OfficeRnD", "marketplace", "integration", "OAuth", "webhook", "health check", "signature"),
    "retailcrm": ("RetailCRM", "Simla", "marketplace", "module", "simple connection", "API key", "token"),
    "onoffice": ("onOffice enterprise", "marketplace", "provider", "Anbieter", "unlockProvider", "webhook", "apiClaim"),
    "fortis": ("Fortis", "Zeamster", "Marketplace", "postback", "iframe", "hmac", "encrypted"),
}  # fmt: skip
"""What people search for, and find in the first lines."""
KNOWN_NUMBERS = {
    "officernd": {"300", "60", "64", "256", "2xx"},
    "retailcrm": {"64", "256"},
    "onoffice": {"300", "120", "64", "256"},
    "fortis": {"300", "60", "64", "256", "2xx"},
}
"""Numbers that the cited clauses do not have themselves: tolerances (tried below) and names of algorithms."""
UNSURE = ("inferred", "assumed")


@cache
def source(platform: str) -> str:
    return (ROOT / "docs" / "platforms" / f"{platform}.md").read_text("utf-8")


@cache
def page(platform: str) -> str:
    return platform_pages.filled(f"platforms/{platform}.md", source(platform))


@cache
def known(platform: str) -> dict[str, register.Clause | register.Advice]:
    spec = register.load(platform)
    return {one.id.partition(":")[2]: one for one in (*spec.clauses, *spec.advice)}


def statements(written: str) -> list[str]:
    """Return what a written page states: rows of tables, items of lists, and paragraphs; not what leads to a list."""
    found = []
    for block in re.split(r"\n\n+", written):
        if re.match(r"(\||- |\d+\. )", block):
            found += block.splitlines()
        elif not block.startswith(("#", "<!--")) and not block.rstrip().endswith(":"):
            found.append(" ".join(block.split()))
    return [line for line in found if line not in ("| question | answer |", "| --- | --- |")]


def cited(statement: str) -> list[str]:
    return [id for found in platform_pages.LINKS.findall(statement) for id in re.split(", *", found)]


def problems(platform: str, written: str) -> list[str]:
    """Return what is wrong with the statements of a page: without a clause, a wrong number, a hidden doubt."""
    found = []
    for line in statements(written):
        ids = cited(line)
        if not ids or not set(ids) <= set(known(platform)):
            found.append(f"names no clause that exists: {line}")
            continue
        text = " ".join(known(platform)[id].text for id in ids)
        grades = {known(platform)[id].grade for id in ids}
        said = {word for word in UNSURE if word in line}
        if not said <= grades | {word for word in UNSURE if word in text} or (
            grades <= set(UNSURE) and not said and not all(map(_advice, ids))
        ):
            found.append(f"says {said or 'nothing'} of what is {grades}: {line}")
        plain = re.sub(r"^\d+\. |\[\[.*?\]\]|`[^`]*`", "", line)
        for number in re.findall(r"\b\d+(?:xx)?\b", plain):
            if number not in KNOWN_NUMBERS[platform] and not re.search(rf"\b{number}\b", text):
                found.append(f"no cited clause has {number}: {line}")
    return found


def _advice(id: str) -> bool:
    return id.startswith("advice.")


def steps(written: str, part: str) -> list[str]:
    """Return the steps that are written below a diagram, each as sender, arrow, receiver and what is sent."""
    below = written.partition(f"<!-- diagram: {part} -->")[2].partition("<!--")[0]
    return re.findall(r"^\d+\. (\w+ [→✉] \w+ `[^`]+`)", below, re.MULTILINE)


def sent(platform: str, part: str) -> list[str]:
    """Return what a run sent, in the same form."""
    owners = {
        one: diagrams._owner(platform, one)
        for event in diagrams.events(platform, part)
        for one in diagrams._origins(event)
    }
    found = []
    for event in diagrams.events(platform, part):
        sender, receiver = (owners.get(one, one) for one in (event.sender, event.receiver))
        if event.kind == "request":
            method, _, url = event.text.partition(" ")
            found.append(f"{sender} → {receiver} `{method} {urlsplit(url).path}`")
        elif event.kind == "message":
            found.append(f"{sender} ✉ {receiver} `{event.text}`")
    return found


def fits(written: list[str], run: list[str]) -> bool:
    """Return whether steps are those of a run; `{name}` stands for any piece of a path."""
    patterns = [re.sub(r"\\\{\w+\\\}", "[^/?`]+", re.escape(step)) for step in written]
    return len(written) == len(run) and all(map(re.fullmatch, patterns, run))


@every_platform
def test_the_first_lines_name_the_platform_and_what_people_search_for(platform):
    first = " ".join(source(platform).split("\n\n")[:2])
    assert source(platform).startswith(f"# {SEARCHED[platform][0].removesuffix(' enterprise')}")
    assert [word for word in SEARCHED[platform] if word not in first.replace("\n", " ")] == []


@every_platform
def test_every_statement_names_its_clauses_and_hides_no_doubt(platform):
    assert problems(platform, source(platform)) == []


@pytest.mark.parametrize(
    ("platform", "true", "false"),
    [
        ("fortis", "at most 36 characters", "at most 37 characters"),
        ("fortis", "lives 15 minutes", "lives 16 minutes"),
        ("officernd", "Sync: a 2xx status (assumed). [[", "Sync: a 204 status (assumed). [["),
        ("officernd", "[[connect.start, ", "[[connect.begin, "),
        ("onoffice", "(inferred). [[unlock.bound]]", ". [[unlock.bound]]"),
        ("retailcrm", "That all accounts share it is inferred. ", "That all accounts share it is assumed. "),
        ("retailcrm", " [[scopes.checked, api.credentials]]", ""),
    ],
)
def test_a_statement_that_is_not_true_would_be_seen(platform, true, false):
    assert true in source(platform)
    assert len(problems(platform, source(platform).replace(true, false, 1))) == 1


@pytest.mark.parametrize(
    ("platform", "part"), [(one, part) for one in PLATFORMS for part in diagrams.PARTS[one]]
)
def test_the_steps_below_a_diagram_are_those_of_the_run(platform, part):
    run = sent(platform, part)
    assert fits(steps(source(platform), part), run), run
    for i in range(len(run)):
        other = [*run]
        other[i] = re.sub(" /", " /another/", run[i]) if "→" in run[i] else "another"
        assert not fits(steps(source(platform), part), other)


@every_platform
def test_every_part_of_a_diagram_is_on_the_page_once_and_whole(platform):
    assert re.findall(r"<!-- diagram: (\w+) -->", source(platform)) == list(diagrams.PARTS[platform])
    for part in diagrams.PARTS[platform]:
        text = diagrams.mermaid(platform, part)
        assert page(platform).count(text) == 1
        names, messages = sequences.read(text)
        assert len(messages) == len(diagrams.events(platform, part))
        assert set(names) <= {"browser", *(role.name for role in _roles(platform))}
        assert "/simulator" not in text
        for message in messages:
            assert len(message.label) <= diagrams.MOST


def test_a_request_is_written_briefly_with_its_method_the_end_of_its_path_and_the_first_name_of_its_query():
    start = "https://app.example/api/v1/organizations/test-slug"
    assert (
        diagrams.brief(f"GET {start}/integrations/5e0000000000000000000001?x=1") == "GET …/integrations/…?x=…"
    )
    assert diagrams.brief(f"POST {start}/webhooks") == "POST …/test-slug/webhooks"
    assert diagrams.brief("GET https://app.example/launch?data=abc") == "GET /launch?data=…"
    assert (
        diagrams.brief("POST https://app.example/a/location?location_id=1&b=2")
        == "POST /a/location?location_id=…"
    )
    assert (
        diagrams.brief("POST https://app.example/fortis/location?location_id=1") == "POST /fortis/location?…"
    )


def _roles(platform):
    world = diagrams.World(lambda: diagrams.NOW, bytes, diagrams.MemoryStore())
    sides = PLATFORMS[platform].tools().sides(world)
    return sides.platform, sides.partner


@every_platform
def test_no_credential_of_the_run_is_on_the_page(platform):
    run = diagrams.run(platform)
    values = set()
    for request in run.requests:
        values |= set(re.findall(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", request.target))
        values |= set(re.findall(r"(?:code|data|apiToken|apiClaim|access-token)=([^&]{8,})", request.target))
    assert not [value for value in values if value in page(platform)]


@pytest.mark.parametrize("scheme", TOLERANCES)
def test_the_tolerances_on_the_pages_are_those_of_the_package(scheme):
    back, ahead = TOLERANCES[scheme]
    text = source(scheme.partition("-")[0])
    assert (f"{back} s back and {ahead} s ahead" if back != ahead else f"allows {back} s.") in text
    found = genuine(scheme)
    assert accepted(scheme, found, diagrams.NOW + back) and not accepted(
        scheme, found, diagrams.NOW + back + 1
    )


@every_platform
def test_every_word_in_code_letters_is_one_that_the_package_knows(platform):
    folder = vectors.file_of(platform).parent
    text = "".join(
        one.read_text("utf-8") for one in folder.rglob("*") if one.suffix in (".toml", ".py", ".json")
    )
    stepped = {
        step.split("`")[1] for part in diagrams.PARTS[platform] for step in steps(source(platform), part)
    }
    for code in set(re.findall(r"`([^`]+)`", source(platform))) - stepped:
        for piece in re.split(r"\{\w+\}|…", code):
            assert piece.strip("=,/") in text, code


@every_platform
def test_the_checklist_has_every_must_of_the_partner_and_all_advice_once(platform):
    made = platform_pages.checklist(platform)
    spec = register.load(platform)
    wanted = [one.id for one in spec.advice]
    wanted += [one.id for one in spec.clauses if (one.actor, one.level) == ("partner", "must")]
    lines = [line for line in made.splitlines() if line.startswith("- ☐ ")]
    links = [re.findall(r"\]\(\.\./clauses/(\w+)\.md#([\w.-]+)\)", line) for line in lines]
    assert [f"{platform}:{id}" for ((_, id),) in links] == wanted
    assert re.findall(r"the (\d+) ", made) == [str(len(spec.advice)), str(len(lines) - len(spec.advice))]


@every_platform
def test_an_item_of_the_checklist_says_what_its_clause_says(platform):
    for clause in register.load(platform).clauses:
        if (clause.actor, clause.level) == ("partner", "must"):
            made = platform_pages.imperative(clause.text)
            rest = re.sub(r"^The partner must (not |never )?.", "", clause.text)
            assert made.endswith(prose(rest)) and made in page(platform)
            negative = re.match("The partner must (not|never) ", clause.text)
            assert bool(negative) == made.startswith(("Do not ", "Never ")) or not clause.text.startswith(
                "The partner"
            )


@every_platform
def test_every_reason_that_the_partner_gives_is_listed(platform):
    listed = re.findall(r"^- \[`([\w-]+)`\]\(\.\./reasons\.md#\1\): ", page(platform), re.MULTILINE)
    assert listed == [code for code in REASONS if code in listed]
    given = {one["expect"].get("reason") for _, one in vectors.rows(vectors.load(platform))} - {None}
    given |= {getattr(fault.expected, "reason", None) for fault in faults_pages.faults(platform)} - {None}
    assert given <= set(listed)
    for code in listed:
        (line,) = [one for one in page(platform).splitlines() if one.startswith(f"- [`{code}`]")]
        assert prose(REASONS[code].meaning) in line
    counts = Counter(one["expect"].get("reason") for _, one in vectors.rows(vectors.load(platform)))
    for code, count in counts.items():
        if code:
            assert re.search(rf"^- \[`{code}`\].*\({count} vectors?\b", page(platform), re.MULTILINE), code


def test_the_error_codes_of_onoffices_api_are_listed_with_what_they_mean():
    for code, text in ERRORS.items():
        assert f"    - **{code}**: {prose(text)}\n" in page("onoffice") + "\n"
    assert f"({len(ERRORS)})" in page("onoffice")


@every_platform
def test_every_ambiguity_is_listed_with_the_adopted_reading(platform):
    spec = register.load(platform)
    for entry in spec.ambiguities:
        short = entry.id.partition(":")[2]
        line = f"- [{short}](../clauses/{platform}.md#{short}): {prose(entry.question)} **{prose(spec.reading(entry.adopted).rule)}**"
        folded = entry.status != "open"
        assert re.search(rf"^{'    ' * folded}{re.escape(line)}$", page(platform), re.MULTILINE), entry.id


@every_platform
def test_mistakes_are_counted_and_linked_to_where_they_are_explained(platform):
    slips = PLATFORMS[platform].slips().SLIPS
    made = platform_pages.mistakes(platform)
    assert f"recognises {len(slips)} mistakes" in made
    linked = re.findall(rf"\(\.\./mistakes/{platform}\.md#([\w-]+)\)", made)
    assert set(linked) <= {slip.id for slip in slips} and len(linked) == len(set(linked))
    shown = {slip.stage for slip in slips if slip.id in linked}
    assert shown == {slip.stage for slip in slips}
    more = sum(map(int, re.findall(r"And \[(\d+) more\]", made)))
    assert len(linked) + more == len(slips)


@every_platform
def test_what_is_not_protected_is_said_as_in_the_comparison(platform):
    made = platform_pages.security(platform)
    for scheme in comparison_page.data()["scheme"]:
        if scheme["platform"] == platform:
            assert f"{{ #{scheme['id']} data" in made
            for each in comparison_page.data()["property"]:
                entry = scheme[each["id"]]
                shown = prose(entry["text"]) in made
                assert shown or entry["verdict"] == "yes"
    for entry in comparison_page.data()["unproved"]:
        assert (prose(entry["text"]) in made) == (entry["platform"] == platform)


@every_platform
def test_the_counts_at_the_top_are_those_of_the_data(platform):
    made = platform_pages.pages(platform)
    spec = register.load(platform)
    for said in (
        f"{len(recipe.load(platform).operations)} operations",
        f"[{sum(1 for _ in vectors.rows(vectors.load(platform)))} vectors]",
        f"[{len(faults_pages.faults(platform))} faults]",
        f"[{len(spec.clauses)} clauses]",
        f"[{len(PLATFORMS[platform].slips().SLIPS)} mistakes]",
    ):
        assert said in made, said
    assert f"notebooks/{platform_pages.lessons(platform)[0].stem}.md" in made


@every_platform
def test_every_link_leads_to_an_address_that_exists(platform, tmp_path):
    anchors = {
        f"clauses/{platform}.md": clauses_pages.page(register.load(platform), tmp_path / "matrix.json"),
        f"mistakes/{platform}.md": slips_pages.page(platform),
    }
    found = re.findall(r"\]\(\.\./([\w./-]+)(?:#([\w.-]+))?\)", page(platform))
    assert len(found) > 100
    for target, anchor in found:
        if anchor and target in anchors:
            assert re.search(rf'(?:#|id="){re.escape(anchor)}[" ]', anchors[target]), (target, anchor)
    assert not re.search(r"\[\[|<!--", page(platform))


@every_platform
def test_the_commands_of_the_page_exist(platform):
    commands = set(re.findall(r"`handshakes ([^`]+)`", page(platform)))
    assert commands == {
        f"tour {platform}",
        f"serve {platform}",
        f"serve {platform} --only platform",
        f"verify {platform} URL",
    }


def test_the_commands_know_what_the_pages_give_them():
    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [str(Path(sys.executable).parent / "handshakes"), *arguments]
        return subprocess.run(
            program, capture_output=True, text=True, timeout=60, env={**os.environ, "COLUMNS": "200"}
        )

    assert ran("tour", "retailcrm").returncode == 0
    shown = ran("serve", "--help").stdout
    assert "--only" in shown and "platform" in shown


@every_platform
def test_a_platforms_pages_stand_together_in_the_navigation(platform):
    made = platform_pages.section(platform)
    titles = [title for one in made for title in one]
    assert titles[:2] == ["Overview", "Recipe"] and "Clauses" in titles
    assert any(title.startswith("Lesson") for title in titles)
    assert all(platform in target for one in made for target in one.values())


@every_platform
def test_the_lessons_are_named_as_their_titles_say_and_each_is_there_once(platform):
    paths = sorted((ROOT / "notebooks").glob(f"*{platform}*.ipynb"))
    made = [
        next(iter(one.items())) for one in platform_pages.section(platform) if "Lesson" in next(iter(one))
    ]
    assert [target for _, target in made] == [f"notebooks/{path.stem}.md" for path in paths]
    for (title, target), path in zip(made, paths, strict=True):
        first = json.loads(path.read_text("utf-8"))["cells"][0]["source"][0]
        assert first.rstrip() == f"{first.partition(': ')[0]}: {title.removeprefix('Lesson: ')}"
        assert f"(../{target})" in platform_pages.pages(platform)
