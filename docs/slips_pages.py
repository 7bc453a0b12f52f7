"""The mistakes that `verify` recognises, with an address for every slip: the general ones, and each platform's own."""

from __future__ import annotations

from itertools import groupby

from docs.debugger_examples import examples
from docs.text import capitalised, prose
from handshakes.core.cases import Slip
from handshakes.explain.entries import STAGES
from handshakes.explain.slips import GENERAL
from handshakes.platforms import PLATFORMS

START = """\
A slip is a known mistake. `handshakes verify` names it when it is what makes a request that does not verify, and so
does [the debugger](../debugger.md) in your browser; `handshakes explain ID` says the same as this page. Nothing is ever
accepted because of a slip. Unless it says otherwise, what to do is for the side that made the signature: the sender, or
your own program, if you gave what that signed.
"""
EXAMPLES = examples()


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
    seen: set[str] = set()
    for stage, slips in groupby(known, key=lambda slip: slip.stage):
        heading = STAGES.get(stage, f"in the stage {stage}")
        parts.append(f"## {capitalised(heading)}" + (" (more)" if stage in seen else ""))
        seen.add(stage)
        parts += [_section(slip) for slip in slips]
    return "\n\n".join(parts) + "\n"


def _section(slip: Slip) -> str:
    tried = next((one.id for one in EXAMPLES if one.slip == slip.id), "")
    link = f' · <a href="../debugger.html#{tried}">see it in the debugger</a>' if tried else ""
    return "\n\n".join(
        [
            f"### {slip.id} {{ #{slip.id} }}",
            f"{prose(slip.says)} **What to do:** {prose(slip.cure)}",
            f"Known from {prose(slip.source)}{link}\n{{ .facts data-search-exclude=yes }}",
        ]
    )
