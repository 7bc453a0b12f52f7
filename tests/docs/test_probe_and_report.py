"""The pages on probe and on reporting: the example gives what is shown, no record holds a request, the form asks for no data."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs import probe_page

ROOT = Path(__file__).parents[2]
FOLDER = Path(sys.executable).parent
PROBE = probe_page.filled((ROOT / "docs" / "probe.md").read_text("utf-8"))
REPORT = (ROOT / "docs" / "report.md").read_text("utf-8")
FORM = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "wrong-reading.yml").read_text("utf-8"))


def ran(line: str, folder: Path, secret: str = "") -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    env = os.environ | ({"HANDSHAKES_SECRET": secret} if secret else {})
    return subprocess.run(
        [FOLDER / words[0], *words[1:]], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )


def test_the_example_of_the_page_prints_what_the_page_shows(tmp_path):
    url, secret = probe_page.request()
    assert f"\n{url}\n" in PROBE and f"`{secret}`" in PROBE
    (tmp_path / "request.txt").write_text(url + "\n", "utf-8")
    (line,) = re.findall(r"^handshakes probe .*$", PROBE, re.MULTILINE)
    answer = ran(line, tmp_path, secret)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"``` text\n{answer.stdout.rstrip()}\n```" in PROBE
    for word in ("Shown", "Ruled out", "Not told apart"):
        assert word in answer.stdout and word.lower() in " ".join(PROBE.lower().split())


def test_with_another_secret_no_reading_fits_and_the_status_is_1(tmp_path):
    (tmp_path / "request.txt").write_text(probe_page.request()[0], "utf-8")
    assert ran("handshakes probe officernd request.txt", tmp_path, "another").returncode == 1


def test_the_command_of_the_report_writes_a_record_that_holds_nothing_of_the_request(tmp_path):
    url, secret = probe_page.request()
    (tmp_path / "REQUEST").write_text(url, "utf-8")
    (tmp_path / "SECRET").write_text(secret, "utf-8")
    (line,) = re.findall(r"^handshakes probe .*$", REPORT, re.MULTILINE)
    assert ran(line, tmp_path).returncode == 0
    record = (tmp_path / "record.json").read_text("utf-8")
    for part in ("test-slug", secret, url.rpartition("3D")[2], "partner.example", "1648190384"):
        assert part in url + secret
        assert part not in record
    shown = json.loads(re.search(r"\{\n.*\n    \}$", PROBE, re.DOTALL | re.MULTILINE)[0])
    assert {**json.loads(record), "date": shown["date"]} == shown


@pytest.mark.parametrize("line", re.findall(r"^handshakes vectors .*$", REPORT, re.MULTILINE))
def test_what_the_report_shows_runs_as_written(line, tmp_path):
    assert ran(line, tmp_path).returncode == 0


def test_the_form_forbids_real_data_and_asks_for_what_the_page_lists():
    text = json.dumps(FORM)
    assert "Send no real data" in FORM["body"][0]["attributes"]["value"]
    assert [one["id"] for one in FORM["body"] if one.get("validations", {}).get("required")] == [
        "platform", "clause", "seen", "genuine",
    ]  # fmt: skip
    (clean,) = [one for one in FORM["body"] if one.get("id") == "clean"]
    assert [option["required"] for option in clean["attributes"]["options"]] == [True]
    for field in FORM["body"][1:]:
        label = field["attributes"]["label"].lower()
        assert not re.search(r"\b(secret|token|request|url|password|key)\b", label), label
    assert "handshakes probe" in text
    assert {one["type"] for one in FORM["body"]} <= {
        "markdown",
        "input",
        "textarea",
        "dropdown",
        "checkboxes",
    }


def test_the_form_names_the_four_platforms():
    from handshakes.platforms import PLATFORMS

    (platform,) = [one for one in FORM["body"] if one.get("id") == "platform"]
    assert platform["attributes"]["options"] == [one.title for one in PLATFORMS.values()]
