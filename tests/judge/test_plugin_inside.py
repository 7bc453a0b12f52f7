"""The plugin in this process: small suites of a team's, each run by a pytest of its own that is given the plugin."""

from __future__ import annotations

import inspect
import os
import socket
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import pytest
from _pytest.runner import runtestprotocol

from handshakes.judge import plugin
from handshakes.judge.marketplace import Marketplace
from handshakes.platforms import PLATFORMS

OPTIONS = ["--disable-plugin-autoload", "--assert=plain", "--import-mode=importlib", "-s", "--strict-markers", "-c", os.devnull,
           *(word for name in ("cacheprovider", "faulthandler", "unraisableexception", "threadexception", "logging") for word in ("-p", f"no:{name}"))]  # fmt: skip
EVERY = ", ".join(f"'{name}'" for name in ("officernd", "retailcrm", "onoffice", "fortis"))


@dataclass
class Ran:
    """A run: its exit status, and by test what failed where, what was said of it, shown beside it, noted and warned."""

    again: bool = False
    code: int = -1
    failed: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    said: dict[str, str] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    markers: list[str] = field(default_factory=list)

    def pytest_configure(self, config: pytest.Config) -> None:
        self.markers = config.getini("markers")

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if self.again:  # as pytest-rerunfailures does
            runtestprotocol(item, nextitem=nextitem, log=False)
            item._initrequest()  # type: ignore[attr-defined]
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.location[2]
        self.failed[name] += "" if report.passed else f"{report.when} "
        self.noted |= dict(report.user_properties)
        if report.failed:
            self.said[name] = report.longreprtext
            self.shown[name] = [title for title, _ in report.sections]

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        if issubclass(warning_message.category, plugin.HandshakesWarning):
            self.warned[nodeid.rpartition("::")[2]].append(str(warning_message.message))


def ran(folder: Path, text: str, *words: str, again: bool = False) -> Ran:
    """Run a suite of one file here."""
    file = folder / f"test_{folder.name}.py"
    file.write_text(dedent(text))
    found = Ran(again)
    found.code = int(
        pytest.main([*OPTIONS, f"--rootdir={folder}", *words, str(file)], plugins=[plugin, found])
    )
    sys.modules.pop(file.stem, None)
    return found


# --- what a suite gets ------------------------------------------------------------------------------------

GOOD = """
import pytest

@pytest.mark.handshakes("{name}", secret="Another-Secret-Of-The-Team-1!", now=1_700_000_000)
def test_{name}_marked({name}_platform, record_property):
    assert {name}_platform.platform.name == "{name}"
    assert {name}_platform.secret == "Another-Secret-Of-The-Team-1!"
    assert {name}_platform.clock.now == 1_700_000_000
    {name}_platform.press({name}_platform.steps[0])
    assert len({name}_platform.presses) == 1
    record_property("{name}", {name}_platform.url)


def test_{name}_is_clean_after_a_test(handshakes_marketplaces, record_property):
    market = handshakes_marketplaces("{name}")
    assert market.presses == market.findings == market.requests() == market.faults == []
    assert market.secret != "Another-Secret-Of-The-Team-1!"
    record_property("{name} again", market.url)


@pytest.mark.handshakes("{name}", faults=[], secret="The-Secret-Of-The-Class-1!")
class Test{name}:
    @pytest.mark.handshakes("{name}", secret="The-Secret-Of-The-Test-1!")
    def test_{name}_closest({name}_self, {name}_platform):
        assert {name}_platform.secret == "The-Secret-Of-The-Test-1!"

    def test_{name}_class({name}_self, {name}_platform):
        assert {name}_platform.secret == "The-Secret-Of-The-Class-1!"
"""


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_simulator_is_new_for_each_test_at_one_address_until_the_end(tmp_path, name):
    found = ran(tmp_path, GOOD.format(name=name))
    assert found.code == 0, found.said
    assert {*found.failed.values()} == {""} and len(found.failed) == 4
    assert found.noted[name] == found.noted[f"{name} again"]
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", urlsplit(found.noted[name]).port)) != 0, "it is still served"


def test_the_fixtures_and_the_marker_are_described(tmp_path, capsys):
    found = ran(tmp_path, "", "--fixtures")
    listed = capsys.readouterr().out
    for name, platform in PLATFORMS.items():
        told = listed.partition(f"\n{name}_platform -- ")[2].splitlines()[1].strip()
        assert told == f"A simulator of {platform.title} on a port of 127.0.0.1, new for each test."
    (line,) = [line for line in found.markers if line.startswith("handshakes(")]
    signature, _, text = line.partition(": ")
    words = [word.partition("=")[0] for word in signature[:-1].partition("(")[2].split(", ")]
    reset = [*inspect.signature(Marketplace.reset).parameters][1:-1]
    assert words == ["platform", "*", "faults", "allow", *reset, "**settings"]
    assert text.endswith("; allow names clauses that may be violated")


def test_what_every_run_of_pytest_imports_holds_no_simulator():
    assert not [name for name in ("Marketplace", "sections", "trouble") if hasattr(plugin, name)]


# --- what it refuses --------------------------------------------------------------------------------------

MARKED = """
import pytest

@pytest.mark.handshakes()
def test_none(fortis_platform): pass

@pytest.mark.handshakes("fortis", "onoffice")
def test_two(fortis_platform): pass

@pytest.mark.handshakes("amazon")
def test_unknown(fortis_platform): pass

@pytest.mark.handshakes("officernd", faults=["stale"])
def test_other(fortis_platform): pass

@pytest.mark.handshakes("fortis", faults=["me-5000"])
def test_fault(fortis_platform): pass

@pytest.mark.handshakes("fortis", colour="red")
def test_setting(fortis_platform): pass

@pytest.mark.handshakes("fortis", allow=["fortis:none"], faults=[])
def test_right(fortis_platform): pass

def test_plain(): pass
"""


def test_a_marker_that_would_do_nothing_is_refused_with_one_sentence(tmp_path):
    found = ran(tmp_path, MARKED)
    refused = {"none", "two", "unknown", "other", "fault", "setting"}
    assert {name for name, where in found.failed.items() if where} == {f"test_{name}" for name in refused}
    assert {where for where in found.failed.values() if where} == {"setup "}
    said = {name.removeprefix("test_"): text for name, text in found.said.items()}
    for name in ("none", "two", "unknown"):
        assert said[name] == f"@pytest.mark.handshakes names one platform first: {EVERY}"
    assert said["other"] == "@pytest.mark.handshakes is here, and officernd_platform is not used"
    assert said["fault"].startswith(
        "@pytest.mark.handshakes('fortis', …): unknown fault 'me-5000'; did you mean "
    )
    assert said["setting"].startswith(
        "@pytest.mark.handshakes('fortis', …): unknown setting 'colour'; known: "
    )
    assert not [text for text in said.values() if "\n" in text], "no traceback"


# --- what a partner's mistakes come to --------------------------------------------------------------------

WRONG = """
import pytest
from tests.judge.test_failures import connected

def test_right(retailcrm_platform):
    connected(retailcrm_platform)

@pytest.mark.handshakes("retailcrm", faults=["wrong-token"])
def test_violates(retailcrm_platform):
    connected(retailcrm_platform, "takes-any-token")

@pytest.mark.handshakes("retailcrm", faults=["wrong-token"], allow=["retailcrm:token.verify"])
def test_allowed(retailcrm_platform):
    connected(retailcrm_platform, "takes-any-token")

@pytest.mark.handshakes("retailcrm", faults=["credentials-403", "activity-off"])
def test_two_never_met(retailcrm_platform): pass

def test_its_own_assertion(retailcrm_platform, fortis_platform):
    fortis_platform.fault("me-500")
    connected(retailcrm_platform, "takes-any-token", fault="wrong-token")
    assert not retailcrm_platform.findings

def test_asks(retailcrm_platform):
    connected(retailcrm_platform, "asks-for-nothing-there-is")

def test_without_a_simulator():
    assert 0
"""


def test_a_partner_that_breaks_a_rule_fails_a_test_whose_assertions_hold(tmp_path):
    found = ran(tmp_path, WRONG)
    assert found.failed == {
        "test_right": "", "test_violates": "teardown ", "test_allowed": "", "test_two_never_met": "teardown ",
        "test_its_own_assertion": "call ", "test_asks": "", "test_without_a_simulator": "call ",
    }  # fmt: skip
    title = PLATFORMS["retailcrm"].title
    assert found.said["test_violates"].startswith(f"{title} found that the partner breaks a rule:\n\n")
    assert "def platform" not in found.said["test_violates"], "no traceback"
    never = found.said["test_two_never_met"].split("\n\n")
    assert [line.partition(" was armed and never fired.")[0] for line in never] == [
        "The fault credentials-403", "The fault activity-off",
    ]  # fmt: skip
    assert found.shown["test_its_own_assertion"] == [
        f"what {title} found", f"what {title} and the partner said", "what Fortis (Zeamster) found",
    ]  # fmt: skip
    assert found.shown["test_without_a_simulator"] == found.shown["test_violates"] == []
    assert found.warned == {
        "test_asks": ["The partner sent GET /api/v9/orders, which the simulator does not have."]
    }


AGAIN = """
runs = []

def test_fails_both_times(fortis_platform):
    fortis_platform.fault("me-500")
    assert 0

def test_fails_once_and_then_arms_a_fault_that_never_fires(fortis_platform):
    runs.append(1)
    fortis_platform.fault("me-500")
    assert len(runs) == 2
"""


def test_a_test_that_is_run_again_is_looked_at_again_and_shown_once(tmp_path):
    found = ran(tmp_path, AGAIN, again=True)
    assert [*found.failed.values()] == ["call ", "teardown "]
    assert found.shown["test_fails_both_times"] == ["what Fortis (Zeamster) found"]
