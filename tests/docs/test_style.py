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
PHRASES = (
    "must-clause", "must-clauses", *(f"{verb} for {whom}" for verb in ("speak", "speaks") for whom in ("either", "none", "each")),
    "plays badly", "is no NAME=VALUE", "there is: ", "there are: ", "ends with 0", "without proof", "put them to", "puts them to",
    "otherwise than we", "with an error in hand", "has lost the", "is no padded text", "readings that fit: none",
    "no vector is like that", "here stands", "laxer", "what lacks", "ids like these stand", "is bought with",
    "have been somebody's", "may wander",
    *(f"{what} {room}" for what in ("a", "the", "its", "each", "own", "leaf", "pure", "shared") for room in ("room", "rooms")),
)  # fmt: skip
HEADINGS = ("For whom", "What is there", "What to trust")
NOT_HERE = {
    **{one.lower(): re.compile(rf"\b{one}" + r"\b" * (one[-1] != " "), re.IGNORECASE) for one in PHRASES},
    **{f"# {one.lower()}": re.compile(rf"^#+ {one}$", re.IGNORECASE | re.MULTILINE) for one in HEADINGS},
    "**he has**": re.compile(r"\*\*he has\*\*", re.IGNORECASE),
}
"""What is not to be found, by the small letters that any match holds: one pattern of them all takes five times as long."""
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
    return [phrase for form in (text, names, joined) for phrase in found(form)]


def found(text: str) -> list[str]:
    small = text.lower()
    of_it = (pattern.findall(text) for words, pattern in NOT_HERE.items() if words in small)
    return [phrase for phrases in of_it for phrase in phrases]


FILES = files()


def found_in(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return found(text) if path.suffix == ".json" else phrases(text)


def test_no_phrase_that_has_to_be_read_twice():
    there = {path.relative_to(ROOT).as_posix(): found_in(path) for path in FILES}
    assert {name: each for name, each in there.items() if each} == {}


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
