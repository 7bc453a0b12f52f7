"""The page on serving: each command runs as written and prints what the page shows; what it says of `serve` is so."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docs import serving_page
from handshakes.platforms import PLATFORMS

FOLDER = Path(sys.executable).parent
PAGE = serving_page.filled((Path(__file__).parents[2] / "docs" / "serving.md").read_text("utf-8"))
SIDES = [(platform, side) for platform in PLATFORMS for side in ("platform", "partner")]


def served(command: str, folder: Path) -> str:
    """Start a command on a free port, wait for all it prints, and end it. Returns that."""
    words = shlex.split(re.sub(r" --port \d+", "", command).replace("\\\n", " "))
    log = folder / "log"
    with log.open("w") as file:
        running = subprocess.Popen(
            [FOLDER / words[0], *words[1:]], stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "400"},
        )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while "Ctrl-C ends it" not in log.read_text():
            assert running.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)
    return log.read_text()


@pytest.mark.parametrize(("platform", "side"), SIDES)
def test_each_command_prints_what_the_page_shows(platform, side, tmp_path):
    command = serving_page.command(platform, side)
    section = PAGE.partition(f"{{ #{side}-{platform} }}\n")[2].partition("\n### ")[0]
    assert f"```sh\n{command}\n```" in section
    shown = re.search(r"```text\n(.*?)\n```", section, re.DOTALL)[1]
    own = serving_page.PLATFORM if side == "platform" else serving_page.PARTNER
    printed = served(command, tmp_path).partition("\n\nWhy a request was refused: ")[0]
    found = re.search(r"http://127\.0\.0\.1:(?!3000|8080)\d+", printed)[0]
    several = [line for line in printed.splitlines() if line.startswith("another account")]
    lines = [
        line for line in printed.replace(found, own).splitlines() if not line.startswith("another account")
    ]
    assert lines == [line for line in shown.splitlines() if not line.startswith("another account")]
    assert len(several) <= 1


def test_a_side_alone_with_a_wrong_setting_is_not_served():
    """So the test above would see a setting of the page that is unknown."""
    command = serving_page.command("retailcrm", "platform").replace("config_url", "config_uri")
    words = shlex.split(command.replace("\\\n", " "))
    ran = subprocess.run([FOLDER / words[0], *words[1:]], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, "Known names" in ran.stderr) == (2, True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_settings_are_those_that_help_prints(platform):
    words = [FOLDER / "handshakes", "serve", platform, "--set", "help"]
    printed = subprocess.run(words, capture_output=True, text=True, timeout=60).stdout
    listed = PAGE.partition(f'??? note "{PLATFORMS[platform].title}"')[2].partition("???")[0]
    assert re.findall(r"^(\w+)  ", printed, re.MULTILINE) == re.findall(
        r"^    - `(\w+)`", listed, re.MULTILINE
    )


def test_nothing_is_left_to_be_generated_and_the_options_exist():
    assert "<!--" not in PAGE
    help_text = subprocess.run(
        [FOLDER / "handshakes", "serve", "--help"], capture_output=True, text=True, timeout=30
    ).stdout
    assert {option for option in re.findall(r"`(--[a-z]+)", PAGE) if option not in help_text} == set()
