"""The adapters that the guide offers: small, and right about every vector that they support."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handshakes.cli import command as cli
from tests.oracles import tool

FOLDER = Path(__file__).parents[2] / "docs" / "adapters"
ADAPTERS = [("node", "adapter.mjs"), ("php", "adapter.php")]
AT_LEAST = {"adapter.mjs": (43, 24), "adapter.php": (55, 34)}  # answers, stages
SUPPORTED = {
    "adapter.mjs": "officernd.sign_query,officernd.sign_webhook,retailcrm.registration_token,fortis.launch_hmac",
    "adapter.php": "onoffice.string_to_sign,onoffice.sign_url,retailcrm.registration_token",
}


@pytest.mark.parametrize(("program", "name"), ADAPTERS)
@pytest.mark.parametrize("canonical", [False, True], ids=["answers", "stages"])
def test_an_adapter_of_the_guide_passes_what_it_supports(program, name, canonical):
    command = f"{tool(program)} {FOLDER / name}"
    words = ["vectors", "run", "--operations", SUPPORTED[name], "--command", command]
    words += ["--canonical"] if canonical else []
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    passed = re.search(r"(\d+) passed, 0 failed, 0 wrong reason, 0 unsupported", done.output)
    assert passed and int(passed[1]) >= AT_LEAST[name][canonical]


@pytest.mark.parametrize(("program", "name"), ADAPTERS)
def test_an_adapter_of_the_guide_is_small(program, name):
    assert len((FOLDER / name).read_text("utf-8").splitlines()) <= 40


def test_the_examples_of_the_documents_pass_as_written(monkeypatch):
    root = FOLDER.parents[1]
    monkeypatch.chdir(root)
    tool("node")
    texts = [(root / name).read_text("utf-8") for name in ("README.md", "docs/implementers.md")]
    lines = [
        line
        for text in texts
        for line in re.findall("^(?:.venv/bin/)?handshakes (vectors run .*)$", text, re.MULTILINE)
    ]
    examples = [line for line in lines if "docs/adapters" in line]
    assert len(examples) >= 3
    for line in examples:
        done = CliRunner().invoke(cli.app, shlex.split(line))
        assert done.exit_code == 0, (line, done.output)
