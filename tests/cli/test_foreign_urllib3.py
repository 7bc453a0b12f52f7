"""A foreign urllib3 is named by the commands that send requests."""

from __future__ import annotations

import urllib3
from typer.testing import CliRunner

from handshakes.cli import command


def test_the_tour_says_that_another_package_replaced_urllib3(monkeypatch):
    monkeypatch.setattr(urllib3, "__version__", "2.25.904")
    ran = CliRunner().invoke(command.app, ["tour", "retailcrm"])
    assert ran.exit_code == 0
    assert "a foreign urllib3 is loaded (2.25.904, where urllib3 " in ran.stderr
    assert "foreign" not in ran.stdout


def test_with_the_usual_urllib3_nothing_is_said():
    ran = CliRunner().invoke(command.app, ["tour", "retailcrm"])
    assert (ran.exit_code, ran.stderr) == (0, "")
