"""How each stranger is told of its platform, and which examination judges it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handshakes.core.messages import Request
from handshakes.officernd import demo as officernd
from handshakes.officernd.simulator.examination import examine as examine_officernd
from handshakes.retailcrm import demo as retailcrm
from handshakes.retailcrm.simulator.examination import examine as examine_retailcrm
from handshakes.runtime.verdicts import Finding
from tests.strangers.running import Stranger, examined


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
        platform.offers = lambda fault, account: getattr(fault, "seconds", 0) == 0 and offers(fault, account)

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


JUDGED = {"officernd": judged_officernd, "retailcrm": judged_retailcrm}


def judged(platform: str, bug: str, folder: Path) -> list[Finding]:
    """Return the findings on one stranger with one mistake, or with none."""
    return JUDGED[platform](bug, folder)
