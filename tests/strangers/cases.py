"""How each stranger is told of its platform, and which examination judges it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handshakes.officernd import demo as officernd
from handshakes.officernd.simulator.examination import examine as examine_officernd
from handshakes.runtime.verdicts import Finding
from tests.strangers.running import Stranger, examined


def judged_officernd(bug: str, folder: Path) -> list[Finding]:
    def examine(platform: Any, stranger: Stranger) -> Any:
        first, second, _ = platform.integrations
        return examine_officernd(platform, first, second, restart=stranger.restart)

    known = {"CLIENT_ID": officernd.CLIENT_ID, "CLIENT_SECRET": officernd.CLIENT_SECRET}
    environment = {**known, "STATE": str(folder / "state.json"), "BUG": bug}
    return examined("officernd", environment, lambda url: {"partner_url": url}, examine, folder / "log")


JUDGED = {"officernd": judged_officernd}


def judged(platform: str, bug: str, folder: Path) -> list[Finding]:
    """Return the findings on one stranger with one mistake, or with none."""
    return JUDGED[platform](bug, folder)
