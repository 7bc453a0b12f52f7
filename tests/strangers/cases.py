"""How each stranger is told of its platform, and which examination judges it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from handshakes.core.messages import Request, Response
from handshakes.fortis import demo as fortis
from handshakes.fortis.simulator.examination import examine as examine_fortis
from handshakes.officernd import demo as officernd
from handshakes.officernd.simulator.examination import examine as examine_officernd
from handshakes.onoffice import demo as onoffice
from handshakes.onoffice.simulator.examination import examine as examine_onoffice
from handshakes.retailcrm import demo as retailcrm
from handshakes.retailcrm.simulator.examination import examine as examine_retailcrm
from handshakes.runtime.verdicts import Finding
from tests.strangers.running import Stranger, bugs, examined

KEY = "example-postback-key"
SLOW = ("edit-slow", "edit-late", "api-slow", "api-silent", "answer-late", "me-slow", "me-late")
MANY = "api-error-(?!22$|137$)"  # forty errors that differ in their number alone
OWN = "?plan=gold+edition&Zone=eu&ref=a~b*c"
ADDRESSES = {"activation": "activate", "service": "service", "webhook": "webhook"}


def told_apart(faults: Iterable[Any], bug: str, platform: str) -> tuple[Any, ...]:
    """Return the faults that do not wait; beside a mistake, of its own clauses all, of every other clause one."""
    own, seen, found = bugs(platform).get(bug, set()), set[str](), list[Any]()
    for fault in faults:
        repeated = re.match(MANY, fault.name) or (bug and fault.clause in seen - own)
        if fault.name not in SLOW and not repeated:
            found.append(fault)
            seen.add(fault.clause)
    return tuple(found)


def judged_officernd(bug: str, folder: Path) -> list[Finding]:
    def examine(platform: Any, stranger: Stranger) -> Any:
        first, second, _ = platform.integrations
        return examine_officernd(platform, first, second, restart=stranger.restart)

    known = {"CLIENT_ID": officernd.CLIENT_ID, "CLIENT_SECRET": officernd.CLIENT_SECRET}
    environment = {**known, "STATE": str(folder / "state.json"), "BUG": bug}
    return examined("officernd", environment, lambda url: {"partner_url": url}, examine, folder / "log")


def judged_retailcrm(bug: str, folder: Path) -> list[Finding]:
    def examine(platform: Any, stranger: Stranger) -> Any:
        first, second = platform.accounts
        offers = platform.offers
        platform.offers = lambda fault, account: fault.name not in SLOW and offers(fault, account)

        def own(path: str) -> Any:
            yield Request("POST", stranger.url, path)

        return examine_retailcrm(
            platform,
            retailcrm.CODE,
            first,
            second,
            work=lambda: own("/work"),
            rescope=lambda: own("/rescope"),
        )

    known = {"SECRET": retailcrm.SECRET, "CODE": retailcrm.CODE}
    environment = {**known, "STATE": str(folder / "state.json"), "BUG": bug}
    settings = {"rate": "0"}
    return examined(
        "retailcrm",
        environment,
        lambda url: {"config_url": f"{url}/config", **settings},
        examine,
        folder / "log",
    )


def judged_onoffice(bug: str, folder: Path) -> list[Finding]:
    def examine(platform: Any, stranger: Stranger) -> Any:
        offered = platform.offered
        platform.offered = lambda faults, url: told_apart(offered(faults, url), bug, "onoffice")
        first = (onoffice.FIRST, onoffice.ADMINISTRATOR, onoffice.BROKER)
        second = (onoffice.SECOND, onoffice.ADMINISTRATOR, onoffice.BROKER)
        return examine_onoffice(platform, first, second)

    def settings(url: str) -> dict[str, str]:
        return {f"{name}_url": f"{url}/{path}{OWN}" for name, path in ADDRESSES.items()}

    environment = {"SECRET": onoffice.SECRET, "STATE": str(folder / "state.json"), "BUG": bug}
    return examined("onoffice", environment, settings, examine, folder / "log")


def judged_fortis(bug: str, folder: Path) -> list[Finding]:
    mode = "plain" if bug.startswith("plain") else "encrypted"

    def examine(platform: Any, stranger: Stranger) -> Any:
        offers = platform.offers
        platform.offers = lambda fault: fault.name not in SLOW and offers(fault)
        people = (fortis.TITLE, fortis.LOCATION, fortis.USER, fortis.SHORT_USER)
        return examine_fortis(platform, *people, signed_in=signed_in)

    def settings(url: str) -> dict[str, str]:
        common = "loc={{location.id}}&api={{location.location_api_id}}"
        location = f"{url}/location?{common}&token={KEY}"
        user = f"{url}/user?{common}&who={{{{user.id}}}}&name={{{{user.username}}}}&token={KEY}"
        query = "?who={{user-id}}&token={{access-token}}" if mode == "plain" else ""
        return {
            "mode": mode, "iframe_url": f"{url}/launch{query}", "location_setup_url": location, "user_setup_url": user,
        }  # fmt: skip

    known = {"SECRET": fortis.SECRET, "POSTBACK_KEY": KEY, "MODE": mode}
    environment = {**known, "STATE": str(folder / "state.json"), "BUG": bug.removeprefix("plain-alone")}
    return examined("fortis", environment, settings, examine, folder / "log")


def signed_in(page: Response) -> str:
    found = re.search(rb"Signed in as <b>([^<]*)</b>", page.body)
    return found[1].decode() if found else ""


JUDGED = {
    "fortis": judged_fortis,
    "officernd": judged_officernd,
    "retailcrm": judged_retailcrm,
    "onoffice": judged_onoffice,
}


def judged(platform: str, bug: str, folder: Path) -> list[Finding]:
    """Return the findings on one stranger with one mistake, or with none."""
    return JUDGED[platform](bug, folder)
