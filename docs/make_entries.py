"""Write `docs/entries.md`: where each entry of the four sheets of facts is found again in the registers.

Run it after a change of a register: `python docs/make_entries.py`. A test compares the file.
"""

from __future__ import annotations

import re
from pathlib import Path

from handshakes.spec import register
from handshakes.spec.register import Register

FILE = Path(__file__).parent / "entries.md"
HEAD = """\
# Entries

Before the registers were written, each platform's documents and public code were read, and every open question
got a number: S, C, H and W for OfficeRnD, A and S for RetailCRM, A for onOffice, A and S for Fortis. This table says
where each of them is found again. A question with several answers is an **ambiguity**, whose readings can be run or
say why not; a measure that no page states is **advice**. Other letters are questions that came up later.

This page is written by `python docs/make_entries.py`.
"""


def page() -> str:
    """Return the page as text."""
    parts = [HEAD]
    for platform in register.platforms():
        known = register.load(platform)
        lines = [
            f"| [{id}](clauses/{platform}.md#{anchor}) | {text} | {found} |"
            for id, anchor, text, found in entries(known)
        ]
        parts.append(
            f"## {known.title}\n\n| entry | what it is about | found as |\n| --- | --- | --- |\n"
            + "\n".join(lines)
            + "\n"
        )
    return "\n".join(parts)


def entries(known: Register) -> list[tuple[str, str, str, str]]:
    """Return the entries of a platform: id, anchor on the clauses page, what it is about, what it has become."""
    rows = []
    hidden = {entry.clause for entry in known.untestable}
    for one in known.ambiguities:
        id = one.id.partition(":")[2]
        runs = sum(reading.runs != "none" for reading in one.readings)
        found = f"ambiguity: {len(one.readings)} readings, {runs} can be run; adopted `{one.adopted.partition(':')[2]}`"
        if all(clause in hidden for clause in one.clauses):
            found += "; its clauses are untestable"
        rows.append((id, id, _cell(one.question), found))
    for advice in known.advice:
        if match := re.match(r"([A-Z]\d+): ", advice.why):
            name = advice.id.partition(":")[2]
            rows.append((match[1], name, _cell(advice.text), f"advice `{name}`"))
    return rows


def _cell(text: str) -> str:
    return re.sub(r"([<>|{}*_\[\]])", r"\\\1", text)


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
