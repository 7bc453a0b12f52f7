"""The mistakes that `verify` recognises, with an address for every slip: the general ones, and each platform's own."""

from __future__ import annotations

import re
import tomllib
from collections import ChainMap
from pathlib import Path
from typing import NamedTuple

from docs.debugger_examples import examples
from docs.text import capitalised, grouped, prose, unsearched
from handshakes.core.cases import Slip
from handshakes.explain.entries import STAGES
from handshakes.explain.slips import GENERAL
from handshakes.platforms import PLATFORMS

START = """\
A slip is a known mistake. `handshakes verify` names it when it is what makes a request that does not verify, and so
does [the debugger](../debugger.md) in your browser. Nothing is ever accepted because of a slip.

Each has two sides. One made the value: the platform, or your own program where it signs or you test it. The other checks
the value, which is mostly your program. A check that is right refuses it with [the reason](../reasons.md) that is named,
and stays as it is.
"""
EXAMPLES = examples()
SIDES = tomllib.loads(Path(__file__).with_name("slips.toml").read_text("utf-8"))
"""What the side that checks sees of a mistake, and does."""
WHO = re.compile(r"(Sender and receiver|Sender|Receiver|Both sides|Whoever [a-z ]+): ")
"""Whom a cure names; where it names nobody, it is for the side that made the value."""


class Sides(NamedTuple):
    """What each side of a mistake has to do, by its name, and the reasons with which a right check refuses it."""

    does: dict[str, str]
    sees: tuple[str, ...]


def page(platform: str = "") -> str:
    """Write the slips of a platform as one page, or the general ones."""
    known = tuple(PLATFORMS[platform].slips().SLIPS) if platform else GENERAL
    title = (
        f"{PLATFORMS[platform].title}: mistakes of its own"
        if platform
        else "Mistakes that every platform knows"
    )
    other = (
        "What every signed request knows is on [another page](general.md)."
        if platform
        else "Each platform's own are on other pages: "
        + ", ".join(f"[{each.title}]({name}.md)" for name, each in PLATFORMS.items())
        + "."
    )
    parts = [f"# {title}", START + other]
    for stage, members in grouped(known, lambda slip: slip.stage):
        heading = STAGES.get(stage, f"in the stage {stage}")
        parts.append(f"## {capitalised(heading)}")
        parts += [_section(slip) for slip in members]
    return "\n\n".join(parts) + "\n"


def sides(slip: Slip) -> Sides:
    """Return what each side of a mistake has to do, each with its name.

    >>> from handshakes.explain.entries import slips
    >>> sides(slips()["retailcrm-field-renamed"]).does["Receiver"]
    'It is refused (`missing-parameter`).'
    >>> [*sides(slips()["fortis-key-raw"]).does]
    ['Who encrypts', 'Who decrypts']
    """
    place = next((name for name in PLATFORMS if slip.id.startswith(f"{name}-")), "general")
    of_place, general = SIDES.get(place, {}), SIDES["general"]
    found = ChainMap(
        SIDES["slip"].get(slip.id, {}), of_place.get(slip.stage, {}), general.get(slip.stage, {}), general
    )
    *others, last = [f"`{code}`" for code in found["sees"]]
    codes = f"{', '.join(others)} or {last}" if others else last
    said = WHO.split(slip.cure)[1:]
    does = dict(zip(said[::2], map(str.strip, said[1::2]), strict=True)) or {found["makes"]: slip.cure}
    if "Receiver" in does:
        does = {"Sender": "what was sent is right.", **does}
        does["Receiver"] += f" Until then it is refused ({codes})."
    else:
        does[found["checks"]] = " ".join(filter(None, [f"It is refused ({codes}).", found.get("says", "")]))
    return Sides({who: capitalised(what) for who, what in does.items()}, tuple(found["sees"]))


def _section(slip: Slip) -> str:
    tried = next((one.id for one in EXAMPLES if one.slip == slip.id), "")
    link = f' · <a href="../debugger.html#{tried}">see it in the debugger</a>' if tried else ""
    lines = [
        f"- **{who}:** {prose(what) if what.lower()[:20] in slip.cure.lower() else unsearched(prose(what))}"
        for who, what in sides(slip).does.items()
    ]
    return "\n\n".join(
        [
            f"### {slip.id} {{ #{slip.id} }}",
            prose(slip.says),
            "\n".join(lines),
            f"Known from {prose(slip.source)}{link}\n{{ .facts data-search-exclude=yes }}",
        ]
    )
