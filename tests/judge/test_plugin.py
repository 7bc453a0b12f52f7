"""The plugin in a team's own suite: pytest finds it by the entry point, and each suite runs in a folder of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest

from handshakes.platforms import PLATFORMS

ROOT = Path(__file__).parents[2]
SHUFFLING = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):  # as pytest-randomly does
    items.reverse()
    return (yield)
"""


@dataclass
class Ran:
    """A run of a team's suite: how it ended, its text, the outcome of each test and what its report says."""

    code: int
    text: str
    outcomes: dict[str, str]
    messages: dict[str, str]


class Team:
    """A folder with tests and nothing else, and the distribution as it is installed: code, and entry points."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        installed = folder / "installed" / "marketplace_handshakes-0.1.0.dist-info"
        installed.mkdir(parents=True)
        points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
        rows = "\n".join(f"{name} = {place}" for name, place in points["pytest11"].items())
        (installed / "entry_points.txt").write_text(f"[pytest11]\n{rows}\n")
        (installed / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: marketplace-handshakes\nVersion: 0.1.0\n"
        )
        self.path = os.pathsep.join(map(str, (folder / "installed", ROOT / "reference", ROOT)))

    def run(self, name: str, text: str, *words: str, **files: str) -> Ran:
        folder = self.folder / name
        folder.mkdir()
        for stem, content in {f"test_{name}": text, **files}.items():
            (folder / f"{stem}.py").write_text(dedent(content))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=ran.xml", *words]
        environment = os.environ | {"PYTHONPATH": self.path, "PYTEST_ADDOPTS": "", "COLUMNS": "200"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        outcomes, messages = {}, {}
        for case in ElementTree.parse(folder / "ran.xml").iter("testcase"):
            bad = [one for one in case if one.tag in ("failure", "error", "skipped")]
            outcomes[case.get("name")] = "+".join(one.tag for one in bad) or "passed"
            messages[case.get("name")] = "\n".join(one.text or "" for one in bad)
        return Ran(done.returncode, done.stdout + done.stderr, outcomes, messages)


@pytest.fixture(scope="module")
def team(tmp_path_factory) -> Team:
    return Team(tmp_path_factory.mktemp("team"))


# --- what pytest itself pays ------------------------------------------------------------------------------


def test_a_suite_that_asks_for_no_simulator_imports_none(team):
    ran = team.run(
        "nothing",
        """
        import json, sys

        def test_what_is_imported():
            names = sorted(name for name in sys.modules if name.startswith("handshakes"))
            json.dump(names, open("names.json", "w"))
        """,
    )
    assert (ran.code, ran.outcomes) == (0, {"test_what_is_imported": "passed"}), ran.text
    names = json.loads((team.folder / "nothing" / "names.json").read_text())
    assert "handshakes.judge.plugin" in names
    assert not {name.partition("handshakes.")[2].split(".")[0] for name in names} - {
        *("", "core", "judge", "platforms")
    }
    assert "handshakes.judge.marketplace" not in names


# --- a suite that is right --------------------------------------------------------------------------------

GOOD = """
import pytest
from tests.judge.partners import partner_of

STATE = {{"officernd": "connected", "retailcrm": "connected", "onoffice": "active", "fortis": "opened"}}


@pytest.fixture
def partner({name}_platform):
    with partner_of({name}_platform) as partner:
        yield partner


@pytest.fixture
def connected({name}_platform, partner):
    assert {name}_platform.connect(partner.to, **partner.settings).held
    return {name}_platform


def test_{name}_connects(connected):
    assert connected.installation["state"] == STATE["{name}"]
    assert connected.url.startswith("http://127.0.0.1:")
    assert connected.secret == "{secret}"
    assert connected.credentials["secret"] == connected.secret
    assert connected.findings and not [one for one in connected.findings if one.violated]
    assert connected.wait_for("{asks}", timeout=60).response.ok
    assert [one.step for one in connected.requests("{asks}")] == ["{asks}"] * len(connected.requests("{asks}"))
    assert "partner" in connected.transcript.text()


def test_{name}_begins_anew_for_each_test({name}_platform):
    assert {name}_platform.requests() == [] and {name}_platform.findings == []
    assert {name}_platform.installation["state"] != STATE["{name}"]


@pytest.mark.handshakes("{name}", faults=["{fault}"])
def test_{name}_misbehaves_once_as_the_marker_says(connected):
    assert [one.fired for one in connected.faults] == [1]


def test_{name}_misbehaves_inside_the_block_alone(connected):
    with connected.fault("{fault}") as fault:
        connected.connect()
    connected.connect()
    assert fault.fired == 1
    plain = connected.fault("{fault}", times=2)
    connected.connect()
    connected.connect()
    connected.connect()
    assert plain.fired == 2


def test_{name}_replays_a_request_byte_for_byte(connected):
    sent = connected.requests("{sends}")[-1]
    connected.replay(sent)
    again = connected.requests("{sends}")[-1]
    assert again.number > sent.number and again.request == sent.request and again.response is not None


def test_{name}_lets_time_pass(connected):
    now = connected.clock.now
    connected.clock.advance(3600)
    assert connected.clock.now >= now + 3600
    assert connected.connect().held
    connected.reset()
    assert connected.findings == [] and connected.clock.now < now + 3600


@pytest.mark.handshakes("{name}", secret="Another-Secret-Of-The-Team-1!")
def test_{name}_signs_with_the_secret_that_the_test_gives({name}_platform):
    with partner_of({name}_platform, secret="Another-Secret-Of-The-Team-1!") as partner:
        assert {name}_platform.connect(partner.to, **partner.settings).held
    assert {name}_platform.secret == "Another-Secret-Of-The-Team-1!"
    assert "Another-Secret" not in {name}_platform.transcript.text()
"""
TABLE = {
    "officernd": {"secret": "example-integration-secret", "asks": "token", "sends": "healthcheck", "fault": "stale"},
    "retailcrm": {"secret": "example-module-secret", "asks": "edit", "sends": "connect", "fault": "wrong-token"},
    "onoffice": {"secret": "Example-Provider-Secret-1!", "asks": "unlockProvider", "sends": "service", "fault": "wrong-secret"},
    "fortis": {"secret": "example-app-secret", "asks": "users/me", "sends": "open", "fault": "token-of-another"},
}  # fmt: skip


TWO = """
import pytest
from tests.judge.partners import partner_of


@pytest.mark.handshakes("retailcrm", faults=["wrong-token"])
class TestMarks:
    def test_a_class_may_be_marked(self, retailcrm_platform):
        assert [one.fault.name for one in retailcrm_platform.faults] == ["wrong-token"]
        with partner_of(retailcrm_platform) as partner:
            retailcrm_platform.connect(partner.to, **partner.settings)

    @pytest.mark.handshakes("retailcrm", faults=[], rotation="same-key")
    def test_the_mark_of_the_test_counts(self, retailcrm_platform):
        assert retailcrm_platform.faults == []


def test_two_platforms_at_once(officernd_platform, fortis_platform, handshakes_marketplaces):
    assert handshakes_marketplaces("fortis") is fortis_platform
    assert officernd_platform.url != fortis_platform.url
    with partner_of(officernd_platform) as one, partner_of(fortis_platform) as other:
        assert officernd_platform.connect(one.to, **one.settings).held
        assert fortis_platform.connect(other.to, **other.settings).held
"""


def test_a_right_suite_passes_on_every_platform_without_a_conftest_and_with_xdist(team):
    pytest.importorskip("xdist")
    files = {f"test_{name}": GOOD.format(name=name, **TABLE[name]) for name in PLATFORMS}
    ran = team.run("good", TWO, "-n", "2", **files)
    assert (ran.code, {*ran.outcomes.values()}) == (0, {"passed"}), ran.text
    assert len(ran.outcomes) == 7 * len(PLATFORMS) + 3
    assert not (team.folder / "good" / "conftest.py").exists()
    assert "HandshakesWarning" not in ran.text


# --- a suite that is wrong in every way --------------------------------------------------------------------

OWN = '''
"""A module of RetailCRM as a WSGI application, with its mistakes by name."""

import hashlib, hmac, json
from urllib.parse import parse_qsl
from urllib.request import Request, urlopen


def module(secret, *mistakes):
    def app(environ, start):
        def say(value, status="200 OK", *headers):
            start(status, [("content-type", "application/json"), *headers])
            return [json.dumps(value).encode()]

        me = "http://" + environ["HTTP_HOST"]
        size = int(environ.get("CONTENT_LENGTH") or 0)
        form = dict(parse_qsl(environ["wsgi.input"].read(size).decode("utf-8", "replace")))
        if environ["PATH_INFO"] == "/config":
            scopes = ["integration_read", "integration_write"]
            return say({"success": True, "scopes": scopes, "registerUrl": me + "/register"})
        if environ["PATH_INFO"] == "/register":
            got = json.loads(form.get("register", "{}"))
            token = hmac.new(secret.encode(), got["apiKey"].encode(), hashlib.sha256).hexdigest()
            if "takes-any-token" not in mistakes and not hmac.compare_digest(token, got["token"]):
                return say({"success": False, "errorMsg": "The token is wrong."})
            described = {
                "code": "example-module", "integrationCode": "example-module", "active": True,
                "clientId": "c" * 40, "baseUrl": me, "accountUrl": me + "/account", "actions": {"activity": "/activity"},
            }
            body = {"integrationModule": json.dumps(described)}
            from urllib.parse import urlencode
            url = got["systemUrl"] + "/api/v5/integration-modules/example-module/edit"
            asked = Request(url, urlencode(body).encode(), {"X-API-KEY": got["apiKey"]})
            if "asks-for-nothing-there-is" in mistakes:
                try:
                    urlopen(got["systemUrl"] + "/api/v9/orders?token=1")
                except OSError:
                    pass
            if "never-edits" not in mistakes:
                urlopen(asked)
            return say({"success": True, "accountUrl": me + "/account"})
        if environ["PATH_INFO"] == "/account":
            if form.get("clientId") != "c" * 40 and environ["REQUEST_METHOD"] == "POST":
                return say({}, "403 Forbidden")
            if environ["REQUEST_METHOD"] == "POST":
                import secrets
                cookie = ("set-cookie", "session=" + secrets.token_hex(16))
                return say({}, "303 See Other", ("location", "/account"), cookie)
            return say({})
        return say({}, "404 Not Found")

    return app
'''

BAD = """
import asyncio
import pytest
from own import module


def connected(crm, *mistakes):
    return crm.connect(module(crm.secret, *mistakes), config_url="/config")


def test_right(retailcrm_platform):
    assert connected(retailcrm_platform).held


@pytest.mark.handshakes("retailcrm", faults=["wrong-token"])
def test_refused_as_it_has_to_be(retailcrm_platform):
    assert connected(retailcrm_platform).held


@pytest.mark.handshakes("retailcrm", faults=["wrong-token"])
def test_takes_what_it_has_to_refuse(retailcrm_platform):
    connected(retailcrm_platform, "takes-any-token")


@pytest.mark.handshakes("retailcrm", faults=["wrong-token"], allow=["retailcrm:token.verify"])
def test_that_is_known(retailcrm_platform):
    connected(retailcrm_platform, "takes-any-token")


def test_armed_and_never_fired(retailcrm_platform):
    with retailcrm_platform.fault("activity-off"):
        connected(retailcrm_platform)


@pytest.mark.handshakes("retailcrm", faults=["credentials-403"])
def test_armed_and_never_met(retailcrm_platform):
    connected(retailcrm_platform)


@pytest.mark.handshakes("retailcrm", faults=["wrong-tokens"])
def test_misspelt_fault(retailcrm_platform):
    pass


@pytest.mark.handshakes("retailcrm", rotations="none")
def test_misspelt_setting(retailcrm_platform):
    pass


@pytest.mark.handshakes("amazon")
def test_unknown_platform(retailcrm_platform):
    pass


@pytest.mark.handshakes("officernd", faults=["stale"])
def test_marker_of_another_platform(retailcrm_platform):
    pass


def test_its_own_assertion_fails(retailcrm_platform):
    with retailcrm_platform.fault("hashed-token"):
        connected(retailcrm_platform, "takes-any-token")
    assert retailcrm_platform.installation["state"] == "connected in a dream"


def test_without_edit(retailcrm_platform):
    connected(retailcrm_platform, "never-edits")


@pytest.mark.handshakes("retailcrm", faults=["too-large"])
def test_breaks_what_should_be(retailcrm_platform):
    connected(retailcrm_platform)


@pytest.mark.handshakes("retailcrm", faults=["duplicate-json-key"])
def test_reads_an_open_question_otherwise(retailcrm_platform):
    connected(retailcrm_platform)


def test_asks_for_nothing_there_is(retailcrm_platform):
    connected(retailcrm_platform, "asks-for-nothing-there-is")


OWN_SECRET = "-".join(["a", "secret", "of", "the", "team"])


@pytest.mark.handshakes("retailcrm", secret=OWN_SECRET, faults=["hashed-token"])
def test_with_a_secret_of_its_own(retailcrm_platform):
    crm = retailcrm_platform
    assert crm.secret == OWN_SECRET
    connected(crm, "takes-any-token")
    print(crm, crm.requests(), crm.transcript.text())
    print(crm.findings, crm.faults)


def test_in_an_event_loop(retailcrm_platform):
    crm = retailcrm_platform
    connecting = asyncio.to_thread(crm.connect, module(crm.secret), config_url="/config")
    assert asyncio.run(connecting).held


def test_elsewhere(retailcrm_platform):
    with pytest.raises(ValueError, match="127.0.0.1"):
        retailcrm_platform.connect("https://shop.example/config")
    with pytest.raises(ValueError, match="cannot be taken now"):
        retailcrm_platform.press("visit")
    with pytest.raises(ValueError, match="connect"):
        retailcrm_platform.press("conect")
    with pytest.raises(TimeoutError, match="edit"):
        retailcrm_platform.wait_for("edit", timeout=0.01)
"""


@pytest.fixture(scope="module")
def bad(team) -> Ran:
    return team.run("bad", BAD, "-p", "shuffling", own=OWN, shuffling=SHUFFLING)


def test_each_test_of_a_wrong_suite_ends_as_it_has_to(bad):
    assert bad.outcomes == {
        "test_right": "passed",
        "test_refused_as_it_has_to_be": "passed",
        "test_takes_what_it_has_to_refuse": "error",
        "test_that_is_known": "passed",
        "test_armed_and_never_fired": "error",
        "test_armed_and_never_met": "error",
        "test_misspelt_fault": "error",
        "test_misspelt_setting": "error",
        "test_unknown_platform": "error",
        "test_marker_of_another_platform": "error",
        "test_its_own_assertion_fails": "failure",
        "test_without_edit": "error",
        "test_asks_for_nothing_there_is": "passed",
        "test_with_a_secret_of_its_own": "error",
        "test_in_an_event_loop": "passed",
        "test_breaks_what_should_be": "passed",
        "test_reads_an_open_question_otherwise": "passed",
        "test_elsewhere": "passed",
    }, bad.text


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("test_armed_and_never_fired", "The fault activity-off was armed and never fired. It plays at: on."),
        ("test_armed_and_never_met", "The fault credentials-403 was armed and never fired."),
        ("test_misspelt_fault", "unknown fault 'wrong-tokens'; did you mean wrong-token"),
        ("test_misspelt_setting", "unknown setting 'rotations'; did you mean rotation"),
        ("test_unknown_platform", "names one platform first: 'officernd'"),
        ("test_marker_of_another_platform", "officernd_platform is not used"),
    ],
)
def test_what_is_wrong_is_said(bad, test, says):
    assert says in bad.messages[test]


def test_a_violation_has_six_parts(bad):
    said = bad.messages["test_takes_what_it_has_to_refuse"]
    parts = ["clause:", "the page says:", "sent:", "came back:", "likely cause:", "repeat it:"]
    places = [said.index(part) for part in parts]
    assert places == sorted(places)
    text = dict(
        zip(parts, (said[a:b] for a, b in zip(places, [*places[1:], None], strict=True)), strict=True)
    )
    assert "retailcrm:token.verify (must)" in text["clause:"] and "wrong-token" in text["clause:"]
    assert "must verify the token" in text["the page says:"]
    assert "/register" in text["sent:"] and '"token"' in text["sent:"]
    assert "200" in text["came back:"] and "accountUrl" in text["came back:"]
    assert "refuse it (signature-mismatch)" in text["likely cause:"]
    assert "pytest test_bad.py::test_takes_what_it_has_to_refuse" in text["repeat it:"]


def test_each_violation_names_its_own_clause(bad):
    assert "retailcrm:answer.after-edit (must)" in bad.messages["test_without_edit"]


def test_a_secret_of_the_team_is_in_no_report(bad):
    assert "retailcrm:token.value (must)" in bad.messages["test_with_a_secret_of_its_own"]
    assert "<retailcrm_platform at http://127.0.0.1:" in bad.text  # the test printed all that it has
    assert "a-secret-of-the-team" not in bad.text


def test_what_is_no_must_or_not_settled_is_a_warning(bad):
    warned = bad.text.partition("warnings summary")[2]
    assert "HandshakesWarning: retailcrm:register.size (should): too-large: 200" in warned
    assert "The partner sent GET /api/v9/orders, which the simulator does not have." in warned
    assert "right by another reading, retailcrm:register.json=last-wins" in warned


def test_a_failing_test_shows_what_was_found_and_said(bad):
    shown = bad.text.partition("connected in a dream")[2]
    assert "what RetailCRM (Simla) found" in shown and "retailcrm:token.value (must)" in shown
    assert "what RetailCRM (Simla) and the partner said" in shown
    assert "POST http://127.0.0.1" in shown.partition("partner said")[2]


def test_the_command_of_a_failure_repeats_it(bad, team):
    """The test is named as the failure names it, in the folder in which it was run."""
    again = bad.messages["test_without_edit"].partition("repeat it:")[2].strip()
    words = shlex.split(again)
    done = subprocess.run(
        [sys.executable, "-m", *words, "-p", "no:cacheprovider"], cwd=team.folder / "bad", capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": team.path, "PYTEST_ADDOPTS": ""}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1 and "retailcrm:answer.after-edit (must)" in done.stdout


# --- a test that is run again ---------------------------------------------------------------------------------

AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):  # as pytest-rerunfailures does
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    if any(one.failed for one in runtestprotocol(item, nextitem=nextitem, log=False)):
        item._initrequest()
        runtestprotocol(item, nextitem=nextitem, log=True)
    return True
"""
FLAKY = """
runs = []

def test_fails_once_and_then_arms_a_fault_that_never_fires(fortis_platform):
    runs.append(1)
    fortis_platform.fault("me-500")
    assert len(runs) == 2
"""


def test_a_test_that_is_run_again_is_looked_at_again(team):
    ran = team.run("again", FLAKY, "-p", "again", again=AGAIN)
    assert [*ran.outcomes.values()] == ["error"], ran.text
    assert "The fault me-500 was armed and never fired." in ran.text
    assert "assert 1 == 2" not in ran.text
