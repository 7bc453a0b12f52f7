"""Sources: each says when it was checked; the command finds a changed text, and refuses what it cannot compare."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs import sources_page
from handshakes.cli.command import app
from handshakes.platforms import PLATFORMS
from handshakes.spec import register
from handshakes.spec.register_linting import lint
from handshakes.spec.sources import CHANGED, LINE_ENDS, SAME, compared

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
SECTIONS = sources_page.sections()
SOURCES = [(name, source) for name in PLATFORMS for source in register.load(name).sources]
TEXT = b"One\nTwo\n"


def ran(*words: str):
    return CliRunner().invoke(app, ["clauses", "sources", *words])


def said(result) -> str:
    return " ".join((result.stdout + result.stderr).split())


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Let the register keep the digest of a text that we have; the real texts are not in this repository."""
    spec = register.load("officernd")
    sources = [
        replace(one, sha256=hashlib.sha256(TEXT).hexdigest()) if one.id == "seed" else one
        for one in spec.sources
    ]
    other = replace(spec, sources=tuple(sources))
    monkeypatch.setattr(
        "handshakes.cli.sources.load", lambda name: other if name == "officernd" else register.load(name)
    )
    return tmp_path / "text"


@pytest.mark.parametrize(("name", "source"), SOURCES, ids=lambda one: getattr(one, "id", one))
def test_each_source_of_others_says_when_it_was_checked_and_is_on_the_page(name, source):
    if source.kind not in sources_page.OWN:
        assert re.fullmatch(r"2026-\d\d-\d\d", source.checked)
    (line,) = [line for line in SECTIONS.splitlines() if f"`{name}:{source.id}`" in line]
    for fact in (source.checked, source.sha256, source.date, source.revision[:12], source.kind):
        assert fact in line


def test_links_lead_where_the_titles_say():
    links = {f"{name}:{source.id}": sources_page.link(source) for name, source in SOURCES}
    assert links["officernd:example"] == (
        "https://github.com/officernd/officernd-flex-extension-example/tree/94a2bea044243fd3cc69ca041d8b7e6577a03dd4"
    )
    assert links["onoffice:seed-en"] == "https://marketplacedoc.onoffice.de/"
    assert links["retailcrm:measured"] == ""
    assert sum(map(bool, links.values())) > 60


@pytest.mark.parametrize(
    ("new", "how", "status"),
    [
        (TEXT, "the same text as the register", 0),
        (b"One\r\nTwo", "the same text but for its line ends", 0),
        (b"One\nTwo!\n", "changed: read it again", 1),
    ],
)
def test_a_text_is_compared_with_the_digest_that_is_kept(kept, new, how, status):
    kept.write_bytes(new)
    result = ran("--against", "officernd:seed", str(kept))
    assert (result.exit_code, how in said(result)) == (status, True)
    assert ("officernd:signature.parameters" in said(result)) == (status == 1)
    assert (hashlib.sha256(new).hexdigest() in said(result)) == (status == 1)


@pytest.mark.parametrize(
    ("id", "file", "why"),
    [
        ("officernd:sead", "text", "Did you mean officernd:seed?"),
        ("seed", "text", "An id starts with its platform"),
        ("simla:seed", "text", "Did you mean retailcrm?"),
        ("officernd:example", "text", "No digest of officernd:example is kept"),
        ("officernd:seed", "missing", "there is no such file"),
        ("officernd:seed", ".", "is not a regular file"),
        ("officernd:seed", "empty", "is empty, and no source is"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_reason(kept, id, file, why):
    kept.write_bytes(TEXT)
    (kept.parent / "empty").write_bytes(b"")
    result = ran("--against", id, str(kept.parent / file))
    assert (result.exit_code, why in said(result)) == (2, True), said(result)


def test_a_platform_may_be_named_before_the_id_and_must_be_the_same(kept):
    kept.write_bytes(TEXT)
    assert ran("officernd", "--against", "seed", str(kept)).exit_code == 0
    assert "retailcrm was named" in said(ran("retailcrm", "--against", "officernd:seed", str(kept)))
    assert ran("--against", "officernd:seed").exit_code == 2


def test_a_text_that_is_too_long_is_not_read(kept, monkeypatch):
    kept.write_bytes(TEXT)
    monkeypatch.setattr("handshakes.cli.sources.MOST_BYTES", 7)
    assert "longer than 7 bytes" in said(ran("--against", "officernd:seed", str(kept)))


@pytest.mark.parametrize("kept_text", [b"a\nb\n", b"a\r\nb\r\n", b"a\nb", b"a\nb\n\n"])
@pytest.mark.parametrize("new", [b"a\nb\n", b"a\r\nb\r\n", b"a\nb", b"\xef\xbb\xbfa\nb\n", b"a\rb\r"])
def test_line_ends_alone_are_no_change(kept_text, new):
    digest = hashlib.sha256(kept_text).hexdigest()
    assert compared(new, digest) == (SAME if new == kept_text else LINE_ENDS)
    assert compared(new.replace(b"b", b"c"), digest) == CHANGED


def test_without_a_text_every_source_is_listed():
    result = ran()
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(SOURCES)
    assert len(ran("fortis").stdout.splitlines()) == len(register.load("fortis").sources)


def test_a_day_that_is_none_and_a_digest_that_is_none_are_found_by_the_linter():
    spec = register.load("officernd")
    for change, fault in (
        ({"checked": "22.11.2026"}, "checked is no day"),
        ({"checked": "2026-02-30"}, "checked is no day"),
        ({"sha256": "ABC"}, "sha256 is not 64"),
    ):
        broken = replace(spec, sources=(replace(spec.sources[0], **change), *spec.sources[1:]))
        assert any(fault in line for line in lint(broken))


def test_the_command_of_the_page_is_one_that_the_command_line_knows(kept):
    (line,) = re.findall(r"^handshakes clauses sources (.*)$", PAGE, re.MULTILINE)
    kept.write_bytes(TEXT)
    assert ran(*line.replace("FILE", str(kept)).split()).exit_code == 0
