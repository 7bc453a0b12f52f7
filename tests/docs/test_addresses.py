"""Whatever has an id has an address on some page, and the page there says what it is."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from docs import clauses_pages, faults_pages, reasons_page, recipe_pages, slips_pages, vectors_pages
from handshakes.core.refusals import REASONS
from handshakes.explain.slips import GENERAL
from handshakes.platforms import PLATFORMS
from handshakes.spec import recipe, register, vectors

DOCS = Path(__file__).parents[2] / "docs"
every_platform = pytest.mark.parametrize("platform", PLATFORMS)


def anchors(markdown: str) -> list[str]:
    """Return the anchors that a page names itself."""
    return re.findall(r'\{ (?:#|id=")([^\s"]+)"?(?: data-toc-label=\S+)? \}', markdown)


def test_every_reason_has_a_section_with_its_meaning_and_hint():
    page = reasons_page.sections()
    assert anchors(page) == re.findall(r"^## (\S+) \{", page, re.MULTILINE) == list(REASONS)
    for code, reason in REASONS.items():
        section = page.partition(f"{{ #{code} }}")[2].partition("\n## ")[0]
        assert section.index(slips_pages.prose(reason.meaning)) < section.index(
            slips_pages.prose(reason.hint)
        )


def test_a_reason_names_vectors_and_faults_that_end_so():
    section = reasons_page.sections().partition("{ #stale }")[2].partition("\n## ")[0]
    for platform in ("officernd", "onoffice", "fortis"):
        assert f"](vectors/{platform}.md#" in section
        assert f"](faults/{platform}.md#" in section


@every_platform
def test_every_clause_ambiguity_reading_measure_and_source_has_an_address(platform, tmp_path):
    known = register.load(platform)
    found = anchors(clauses_pages.page(known, tmp_path / "matrix.json"))
    ids = {one.id for one in (*known.clauses, *known.ambiguities, *known.advice, *known.readings())}
    assert {id.partition(":")[2] for id in ids} | {f"source-{one.id}" for one in known.sources} == set(found)
    assert len(found) == len(set(found))


@every_platform
def test_every_vector_has_a_line_with_its_answer(platform):
    page = vectors_pages.page(platform)
    lines = {anchors(line)[0]: line for line in page.splitlines() if anchors(line)}
    known = {one["id"].partition("/")[2]: one for _, one in vectors.rows(vectors.load(platform))}
    assert set(lines) == set(known)
    for id, line in lines.items():
        reason = known[id]["expect"].get("reason")
        assert (f"refused: [`{reason}`]" if reason else "| accepted |") in line


@every_platform
def test_the_download_holds_the_files_of_the_vectors_as_they_are(platform):
    packed = vectors_pages.packed(platform)
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {"vectors.json", "canonical.json", "recipe.toml", "vectors.schema.json"} <= set(
            archive.namelist()
        )
        assert archive.read("vectors.json") == vectors.file_of(platform).read_bytes()
    assert vectors_pages.packed(platform) == packed
    assert f"]({vectors_pages.archive(platform)})" in vectors_pages.page(platform)


@every_platform
def test_every_fault_has_a_section_with_what_it_does_and_how_it_ends_and_its_clause_names_it(platform):
    page = faults_pages.page(platform)
    known, clauses = faults_pages.faults(platform), clauses_pages.page(register.load(platform), Path("none"))
    assert anchors(page) == [fault.name for fault in known]
    for fault, section in zip(known, page.split("\n### ")[1:], strict=True):
        assert section.startswith(f"{fault.name} {{")
        assert faults_pages.prose(fault.what)[1:] in section
        assert (getattr(fault.expected, "reason", None) or fault.expected.state) in section
        clause = clauses.partition(f"{{ #{fault.clause.partition(':')[2]} }}")[2]
        assert f"[`{fault.name}`](../faults/{platform}.md#{fault.name})" in clause.partition("\n####")[0]


@pytest.mark.parametrize("platform", ["", *PLATFORMS])
def test_every_slip_has_a_section_with_what_each_side_does(platform):
    page = slips_pages.page(platform)
    known = PLATFORMS[platform].slips().SLIPS if platform else GENERAL
    assert sorted(anchors(page)) == sorted(slip.id for slip in known)
    for slip in known:
        section = page.partition(f"{{ #{slip.id} }}")[2].partition("\n### ")[0]
        assert slips_pages.prose(slip.says) in section
        found = slips_pages.sides(slip)
        assert len(found.does) >= 2
        assert {*found.sees} <= {*REASONS}
        for who, what in found.does.items():
            line = next(line for line in section.splitlines() if line.startswith(f"- **{who}:** "))
            assert slips_pages.prose(what) in line
        cure = slips_pages.WHO.sub("", slip.cure).lower()
        assert {word.strip(".") for word in cure.split()} <= {
            word.strip(".") for what in found.does.values() for word in what.lower().split()
        }


@every_platform
def test_what_a_side_sees_is_said_of_slips_and_stages_that_there_are(platform):
    known = {name: each.slips().SLIPS for name, each in PLATFORMS.items()} | {"general": GENERAL}
    stages = slips_pages.SIDES
    every = {slip.id for all_of_them in known.values() for slip in all_of_them}
    assert {*stages["slip"]} <= every
    for place in (platform, "general"):
        named = {key for key, of_stage in stages.get(place, {}).items() if isinstance(of_stage, dict)}
        assert named <= {slip.stage for slip in known[place]}


@every_platform
def test_every_step_of_a_recipe_has_an_address_and_links_its_reason_clause_and_vectors(platform):
    page = recipe_pages.page(platform)
    found = recipe.load(platform)
    steps = [
        (f"{operation.id.partition('.')[2]}/{line.path}", line)
        for operation in found.operations
        for line in recipe.lines(found, operation.id)
    ]
    shown = {anchors(line)[0]: line for line in page.splitlines() if line.lstrip().startswith("- **")}
    assert list(shown) == [id for id, _ in steps]
    for id, line in steps:
        if line.reason:
            assert f"](../reasons.md#{line.reason})" in shown[id]
        for vector in line.vectors:
            assert f"](../vectors/{platform}.md#{vector.partition('/')[2]})" in shown[id]


WRITTEN = sorted(path for path in DOCS.glob("**/*.md") if "decisions" not in path.parts)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_a_written_page_leads_on_to_another_unless_what_is_filled_in_does(path):
    text = path.read_text("utf-8")
    assert re.search(r"\]\((?:\.\./)?[\w/-]+\.md", text) or "<!-- " in text
