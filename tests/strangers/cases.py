"""How each stranger is told of its platform, what its operator can do, and how `handshakes judge` judges it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zlib import crc32

from handshakes.core.messages import Request, Response
from handshakes.fortis import demo as fortis
from handshakes.judge import served as judge_served
from handshakes.judge import sites, trial
from handshakes.judge.profile import Profile
from handshakes.judge.report import Report
from handshakes.judge.trial import JUDGED_FAST, Trial
from handshakes.officernd import demo as officernd
from handshakes.onoffice import demo as onoffice
from handshakes.retailcrm import demo as retailcrm
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.story import Operator
from handshakes.runtime.verdicts import Fault
from tests.strangers.running import Stranger, bugs

PLATFORMS = ("officernd", "retailcrm", "onoffice", "fortis")
KEY = "example-postback-key"
OWN = "?plan=gold+edition&Zone=eu&ref=a~b*c"
MANY = re.compile("api-error-(?!22$|137$)")
"""Forty faults that differ in a number alone."""
AGAINST = ("fail", "warn", "undetermined")


def mode_of(bug: str) -> str:
    """Return the mode of Fortis' app in which a mistake is made."""
    return "plain" if bug.startswith("plain") else "encrypted"


def environment(platform: str, bug: str) -> dict[str, str]:
    """Return what a stranger is told besides the platform's address and its file."""
    return {
        "officernd": {"CLIENT_ID": officernd.CLIENT_ID, "CLIENT_SECRET": officernd.CLIENT_SECRET},
        "retailcrm": {"SECRET": retailcrm.SECRET, "CODE": retailcrm.CODE},
        "onoffice": {"SECRET": onoffice.SECRET},
        "fortis": {"SECRET": fortis.SECRET, "POSTBACK_KEY": KEY, "MODE": mode_of(bug)},
    }[platform]


def settings(platform: str, url: str, bug: str) -> dict[str, str]:
    """Return what the platform is told of a stranger."""
    if platform == "officernd":
        return {"partner_url": url, "account_name": "Example Ltd"}
    if platform == "retailcrm":
        return {"config_url": f"{url}/config", **JUDGED_FAST}
    if platform == "onoffice":
        places = {"activation": "activate", "service": "service", "webhook": "webhook"}
        return {f"{name}_url": f"{url}/{path}{OWN}" for name, path in places.items()}
    common = "loc={{location.id}}&api={{location.location_api_id}}"
    query = "?who={{user-id}}&token={{access-token}}" if mode_of(bug) == "plain" else ""
    return {
        "mode": mode_of(bug),
        "iframe_url": f"{url}/launch{query}",
        "location_setup_url": f"{url}/location?{common}&token={KEY}",
        "user_setup_url": f"{url}/user?{common}&who={{{{user.id}}}}&name={{{{user.username}}}}&token={KEY}",
    }


def operator(stranger: Stranger) -> Operator:
    """Return what a stranger's operator can do with it."""

    def own(path: str) -> Iterator[Request]:
        yield Request("POST", stranger.url, path)

    def signed_in(page: Response) -> str:
        found = re.search(rb"Signed in as <b>([^<]*)</b>", page.body)
        return found[1].decode() if found else ""

    found: Any = {
        "officernd": {"restart": stranger.restart},
        "retailcrm": {"work": lambda *who: own("/work"), "rescope": lambda: own("/rescope")},
        "fortis": {"signed_in": signed_in},
    }
    return Operator(**found.get(stranger.platform, {}))


class Short(Trial):
    """A trial that tries, beside all faults of a mistake's own clauses, one fault of every kind of a third of the others.

    Which third depends on the mistake alone. With HANDSHAKES_STRANGERS=all it is every other clause; without a mistake
    every fault is tried.
    """

    def __init__(self, platform: str, bug: str, profile: Profile, folder: Path) -> None:
        super().__init__(platform, profile, folder=folder)
        self.bug, self.own = bug, bugs(platform).get(bug, set())
        self.tried: dict[Any, str] = {}

    def wanted(self, fault: Fault) -> bool:
        """Return whether a fault is tried."""
        if MANY.match(fault.name) or not super().wanted(fault):
            return False
        if not self.bug or fault.clause in self.own:
            return True
        chosen = "HANDSHAKES_STRANGERS" in os.environ or crc32(f"{self.bug} {fault.clause}".encode()) % 3 == 0
        kind = fault.clause, type(fault), type(fault.expected)
        return chosen and self.tried.setdefault(kind, fault.name) == fault.name


def judged(platform: str, bug: str, folder: Path) -> Report:
    """Judge a stranger with one mistake, or with none."""
    sock, traps, log = listen(), [listen(), listen()], folder / "log"
    told = {"PLATFORM": origin_of(sock), "OTHERS": origin_of(traps[1]), "STATE": str(folder / "state.json")}
    known = bug if bug in bugs(platform) else ""
    with Stranger(
        platform, {**environment(platform, bug), **told, "BUG": known, "TIMEOUT": "60"}, log
    ) as stranger:
        chosen = settings(platform, stranger.url, bug)
        profile = Profile(log="log", pattern=r"refused: \S+: ([a-z-]+)", settings=chosen)
        with patch.object(sites, "listen", side_effect=traps):
            served = judge_served.Served(platform, chosen, sock=sock, timeout=60, patience=60)
        with (
            served,
            patch.object(trial, "cause", lambda _, seen, *__: seen.finding.detail),
        ):  # nobody asks why
            return Short(platform, known, profile, folder).judge(served, operator=operator(stranger))


def against(report: Report) -> dict[str, str]:
    """Return the clauses that a judgement holds against a stranger, each with what speaks against it."""
    return {
        row.clause: "; ".join(failure.detail for failure in row.failures)
        for row in report.rows
        if row.judgement in AGAINST
    }
