"""The recorded commands of the Fortis notebook, run again: OpenSSL still answers what stands there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.oracles import tool

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04-fortis.ipynb"


def recorded() -> Iterator[tuple[str, str]]:
    """Yield the commands of the `console` blocks, each with the lines that stand below it."""
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "markdown":
            for block in re.findall(r"```console\n(.*?)```", cell.source, re.S):
                first, *others = re.split(r"^\$ ", block, flags=re.M)
                assert not first, "a block begins with a command"
                for one in others:
                    command, _, answer = one.partition("\n")
                    yield command, answer


RECORDED = list(recorded())


@pytest.mark.parametrize(("command", "answer"), RECORDED)
def test_a_recorded_command_answers_what_stands_below_it(command, answer):
    tool("openssl")
    assert "openssl " in command
    done = subprocess.run([tool("bash"), "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.rstrip("\n") == answer.rstrip("\n")


def test_there_are_commands():
    assert len(RECORDED) >= 4


def test_a_key_in_a_file_decrypts_alike_with_the_warning_that_the_notebook_names(tmp_path):
    command, answer = RECORDED[0]
    (tmp_path / "key").write_text("your key", "utf-8")
    other = command.replace("-k 'your key'", f"-pass file:{tmp_path / 'key'}")
    assert other != command
    done = subprocess.run([tool("bash"), "-c", other], capture_output=True, text=True, timeout=60)
    assert done.stdout.rstrip("\n") == answer.rstrip("\n")
    assert "deprecated key derivation used" in done.stderr
