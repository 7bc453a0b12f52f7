"""The words that a reader meets: phrases that had to be read twice do not come back.

They are looked for wherever somebody reads: README, help, messages, docstrings, comments, test names, registers,
decision records, pages, lessons, schemas, templates and programs in other languages.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_HERE = re.compile(
    r"\bmust-clauses?\b|\bspeaks? for (either|none|each)\b|\bplays badly\b|\bis no NAME=VALUE\b"
    r"|\bthere (is|are): |\bends with 0\b|\bwithout proof\b|\bputs? them to\b|\botherwise than we\b"
    r"|\bwith an error in hand\b|\bhas lost the\b|\bis no padded text\b|\breadings that fit: none\b"
    r"|\bno vector is like that\b|\bhere stands\b|\b(a|the|its|each|own|leaf|pure|shared) rooms?\b"
    r"|\blaxer\b|\bwhat lacks\b|^#+ (For whom|What is there|What to trust)$|\bids like these stand\b"
    r"|\bis bought with\b|\bhave been somebody's\b|\bmay wander\b|\*\*He has\*\*",
    re.IGNORECASE | re.MULTILINE,
)
READ = {
    ".md",
    ".py",
    ".toml",
    ".json",
    ".html",
    ".js",
    ".mjs",
    ".php",
    ".go",
    ".css",
    ".yml",
    ".txt",
    ".ipynb",
    "",
}
FOLDERS = ("reference", "tests", "docs", "notebooks", ".ci")
NOT_OURS = {"node_modules", "__pycache__", ".ipynb_checkpoints"}


def files() -> list[Path]:
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*")
    return [
        path
        for path in sorted(found)
        if path.suffix in READ and path.is_file() and path != Path(__file__)
        and not NOT_OURS & set(path.parts)
    ]  # fmt: skip


def phrases(text: str) -> list[str]:
    """Return what is found in a text as it is, in names, and across the ends of lines, strings and comments."""
    names = re.sub(r"(?<=\w)_(?=\w)", " ", text)
    strings = re.sub(r"[\"'][ \t]*\n[ \t]*f?[\"']", "", text)
    joined = re.sub(r"[ \t]*\n[ \t]*(?:#|//|\*)?[ \t]*", " ", strings)
    return [match.group() for form in (text, names, joined) for match in NOT_HERE.finditer(form)]


FILES = files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_phrase_that_has_to_be_read_twice(path):
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    of_it = [found.group() for found in NOT_HERE.finditer(text)] if path.suffix == ".json" else phrases(text)
    assert of_it == []


@pytest.mark.parametrize(
    "text",
    [
        "fails for a must-clause",
        "def test_the_command_ends_with_0(run):",
        '    "unknown platform; there "\n    "is: officernd"',
        "# what if you read it otherwise\n    # than we do",
        "It plays\nbadly.",
        "## For whom",
    ],
)
def test_a_phrase_is_found_in_a_name_and_across_lines(text):
    assert len(phrases(text)) >= 1


def test_everything_that_is_read_is_looked_at():
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    for name in (
        "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml", "mkdocs.yml", ".ci/run", "docs/entries.md",
        "docs/reasons.md", "docs/implementers.md", "notebooks/01-officernd.ipynb", "docs/decisions/0001-what-this-reference-is.md", "docs/hooks.py",
        "docs/verifiers/node/strict.mjs", "docs/verifiers/php/strict.php", "docs/verifiers/go/strict/strict.go",
        "reference/handshakes/cli/verify.py",
        "reference/handshakes/core/refusals.py", "reference/handshakes/spec/vectors.schema.json",
        *(f"reference/handshakes/{name}/{file}" for name in ("officernd", "retailcrm", "onoffice", "fortis")
          for file in ("spec.toml", "vectors.json", "demo.py")),
    ):  # fmt: skip
        assert name in names, name
