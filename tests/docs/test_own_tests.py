"""The page on a simulator in a team's tests: each suite on it runs as it is printed, and what it lists is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from handshakes.judge.marketplace import Marketplace
from handshakes.platforms import PLATFORMS
from tests.judge.test_plugin import Team

PAGE = (Path(__file__).parents[2] / "docs" / "own-tests.md").read_text("utf-8")
SUITES = dict(re.findall(r'```python title="(\w+)\.py"\n(.*?)```', PAGE, re.DOTALL))
YOURS = "from functools import partial\nfrom tests.judge import asgi\ncreate_app = partial(asgi.create_app, {name!r})\n"


def test_each_suite_of_the_page_passes_with_an_application_that_is_right(tmp_path):
    assert [*SUITES] == ["test_retailcrm", "test_officernd", "test_onoffice", "test_fortis"]
    files = {}
    for suite, text in SUITES.items():
        name = suite.removeprefix("test_")
        files[suite] = text.replace("from yours import", f"from yours_{name} import")
        files[f"yours_{name}"] = YOURS.format(name=name)
    ran = Team(tmp_path).run("page", "", **files)
    assert (ran.code, {*ran.outcomes.values()}) == (0, {"passed"}), ran.text
    assert len(ran.outcomes) == len(re.findall(r"^def test_", "".join(SUITES.values()), re.MULTILINE))
    assert "HandshakesWarning" not in ran.text, ran.text


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_page_lists_what_a_fixture_has_and_its_steps(platform):
    table = PAGE.partition("## What a fixture has")[2].partition("The marker takes")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    names = {name for row in rows for name in re.findall(r"`(\w+)[`(.]", row)}
    assert len(names) == 15
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{platform}_platform` |"))
    first, further = (re.findall("`([a-z-]+)`", cell) for cell in row.split("|")[2:4])
    with Marketplace(platform) as market:
        assert [name for name in names if not hasattr(market, name)] == []
        assert [*first, *further] == market.steps
