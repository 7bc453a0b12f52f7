"""The words that a reader meets: phrases that had to be read twice do not come back."""

from __future__ import annotations

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
FILES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
    *sorted((ROOT / "reference").rglob("*.py")),
    *sorted((ROOT / "reference").rglob("spec.toml")),
    *(path for path in sorted((ROOT / "tests").rglob("*.py")) if path != Path(__file__)),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_phrase_that_has_to_be_read_twice(path):
    text = path.read_text("utf-8")
    assert [match.group() for match in NOT_HERE.finditer(text)] == []
