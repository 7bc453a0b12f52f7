"""The README is as true as the code: its commands run as written, and what it shows of a run is what a run gives."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [text for kind, text in BLOCKS if kind == "sh" and "pip install" not in text]
FOLDER = str(Path(sys.executable).parent)
DIAGRAM = "sequenceDiagram"


def block(start: str) -> str:
    """Return the one block of the README that begins so."""
    (found,) = [text for _, text in BLOCKS if text.startswith(start)]
    return found


def shell(line: str, **options: object) -> subprocess.CompletedProcess[str]:
    line = line.replace(".venv/bin", FOLDER)
    return subprocess.run(
        ["sh", "-c", line], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, **options
    )


def test_the_first_sentence_names_the_platforms_and_what_a_reader_gets():
    first = README.split("\n\n")[1].replace("\n", " ").partition(". ")[0]
    for said in ("OfficeRnD", "RetailCRM", "onOffice", "Fortis", "both sides", "run"):
        assert said in first, said


REFUSED = [line for line in COMMANDS if " verify " in line and "caf%C3%A9" in line]


@pytest.mark.parametrize("line", [line for line in COMMANDS if " serve " not in line and line not in REFUSED])
def test_a_command_of_the_readme_runs_as_written(line):
    if "node " in line and not shutil.which("node"):
        pytest.skip("needs Node")
    ran = shell(line)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr


def test_the_verify_example_is_verified_and_one_changed_character_is_explained():
    (line,) = [line for line in COMMANDS if " verify " in line and line not in REFUSED]
    assert shell(line).stdout.startswith("Verified. Signed at ")
    ran = shell(line.replace("slug=test-slug", "slug=test-slag"))
    assert (ran.returncode, "signature-mismatch" in ran.stdout, "test-slag" in ran.stdout) == (1, True, True)


def test_the_refused_example_is_explained_as_the_readme_shows():
    (line,) = REFUSED
    ran = shell(line)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.startswith(block("Refused: ") + "\n")


SERVED = [line for line in COMMANDS if " serve " in line]


@pytest.mark.parametrize("line", SERVED)
@pytest.mark.parametrize("way", ["{} > {} 2>&1", "nohup {} > {} 2>&1"])
def test_what_the_readme_serves_also_runs_in_the_background_of_a_shell(line, way, tmp_path):
    log, pid = tmp_path / "log", tmp_path / "pid"
    started = shell(f"{way.format(line, log)} </dev/null & echo $! > {pid}")
    number = int(pid.read_text())
    try:
        end = time.monotonic() + 60
        while "Ctrl-C ends it" not in log.read_text():
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        text = log.read_text()
        assert re.search(r"^open in a browser +http://127\.0\.0\.1:\d+/simulator$", text, re.MULTILINE)
        assert re.search(r"^Marketplace page: http://127\.0\.0\.1:\d+/$", text, re.MULTILINE)
        assert f"`kill {number}`" in text
        if "partner_url=" in line:
            partner = line.partition("partner_url=")[2]
            assert re.search(rf"^connect URL +{re.escape(partner)}/connect$", text, re.MULTILINE)
        os.kill(number, signal.SIGTERM)
        while not log.read_text().endswith("stopped\n"):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        assert started.returncode == 0
    finally:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def steady(text: str) -> str:
    """Replace what differs from run to run: the ports, and the time."""
    return re.sub(
        r"(?<=\.)\d{10}$", "TIME", re.sub(r"(127\.0\.0\.1):\d+", r"\1:PORT", text), flags=re.MULTILINE
    )


def test_the_excerpt_of_the_tour_is_what_the_tour_prints():
    """Each part of it between two `⋮` is there, line by line, and the parts are in this order."""
    printed = steady(shell(".venv/bin/handshakes tour officernd").stdout)
    place = 0
    parts = steady(block("OfficeRnD\n")).split("\n  ⋮\n")
    for part in parts:
        found = printed.find(f"{part}\n", place)
        assert found >= 0, f"not printed, or not in this order:\n{part}\n\nprinted:\n{printed}"
        place = found + len(part)
    assert len(parts) > 1


def drawn() -> str:
    """Return OfficeRnD's Connect as a picture, drawn from the transcript of a run with a fixed clock and randomness."""
    tools, number, clock = PLATFORMS["officernd"].tools(), count(), Clock(1_648_190_384)
    random = lambda n: hashlib.sha512(b"%d" % next(number)).digest()[:n]  # noqa: E731
    sides = tools.sides(World(clock, random, MemoryStore()))
    network = InProcess(sides.platform, sides.partner, clock=clock)
    connect = tools.story(sides, Browser(network.transcript))[0]
    assert all(check.held for check in network.run(connect.step, connect.sender))
    events = network.transcript.events
    first = next(
        i for i, one in enumerate(events) if "/officernd/connect?" in one.text
    )  # after the portal's own pages
    return network.transcript.mermaid(60, start=first)


def test_the_picture_of_the_readme_is_drawn_from_a_transcript():
    assert block(DIAGRAM) == drawn()


def test_the_findings_list_every_script_and_no_other():
    table = (ROOT / "findings" / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `([\w.-]+)` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "findings").glob("*.sh"))
