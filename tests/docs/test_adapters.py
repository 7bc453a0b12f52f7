"""The adapters that the guide offers: small, and right about every vector that they support."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handshakes.cli import command as cli
from tests.oracles import tool

FOLDER = Path(__file__).parents[2] / "docs" / "adapters"
ADAPTERS = [("node", "adapter.mjs"), ("php", "adapter.php")]
AT_LEAST = {"adapter.mjs": (43, 24), "adapter.php": (55, 34)}  # answers, stages


@pytest.mark.parametrize(("program", "name"), ADAPTERS)
@pytest.mark.parametrize("canonical", [False, True], ids=["answers", "stages"])
def test_an_adapter_of_the_guide_passes_what_it_supports(program, name, canonical):
    command = f"{tool(program)} {FOLDER / name}"
    words = ["vectors", "run", "--command", command, *(["--canonical"] if canonical else [])]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    passed = re.search(r"(\d+) passed, 0 failed, 0 wrong reason", done.output)
    assert passed and int(passed[1]) >= AT_LEAST[name][canonical]


@pytest.mark.parametrize(("program", "name"), ADAPTERS)
def test_an_adapter_of_the_guide_is_small(program, name):
    assert len((FOLDER / name).read_text("utf-8").splitlines()) <= 40
