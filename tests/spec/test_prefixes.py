"""The beginnings of clause ids that modules put names behind: each is one of the platform's own register."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import handshakes
from handshakes.platforms import PLATFORMS
from handshakes.spec.register import load

PACKAGE = Path(handshakes.__file__).parent


def beginnings(platform: str) -> set[str]:
    """Return the texts of a platform's modules that are a beginning such as `officernd:webhook.`."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (PACKAGE / platform).rglob("*.py")]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {one for one in texts if isinstance(one, str) and re.fullmatch(rf"{platform}:[\w-]+\.[\w-]*", one)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_beginning_of_a_clause_id_begins_a_clause(platform):
    known = load(platform)
    ids = [one.id for one in (*known.clauses, *known.advice)]
    found = beginnings(platform)
    assert [one for one in sorted(found) if not any(id.startswith(one) for id in ids)] == []
    assert any(one.endswith(".") for one in found)
