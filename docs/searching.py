"""What a search finds, and in which order: what a page explains comes before where it is only used."""

from __future__ import annotations

import re

LEFT_OUT = (
    "api/",
    "decisions/",
    "vectors/",
    "api.md",
    "benchmarks.md",
    "changelog.md",
    "dependencies.md",
    "entries.md",
    "matrix.md",
    "sources.md",
)
"""Lists, code, and how the project came about: whoever looks for a word of theirs wants the page that explains it."""
EXPLAINED = {"reasons.html": 2.4, "clauses": 2.0, "mistakes": 1.6, "faults": 1.4}
"""How much a section counts whose title is the id of what it explains, by page or folder."""
USED = {
    "reasons.html": 0.5,
    "clauses": 0.5,
    "mistakes": 0.5,
    "faults": 0.5,
    "recipes": 0.5,
}
"""How much everything else counts there; 1 is the rule."""
FUNCTION_WORDS = (
    "a an and are as at be by can could did do does for from has have how i if in into is it its me must my of on or our "
    "should so that the their then there these this those to was we were what when where which who why will with would you your"
)
"""What a phrase has between the words that matter. Each is left out only where it stands alone beside others: ids keep theirs."""
IN_THE_WORKER = """addEventListener("message",({data:asked})=>{if(asked.type===2&&!asked.data.includes('"')){\
const few=new Set("%s".split(" ")),words=asked.data.replace(/[?!.,;:]+(?=\\s|$)/g,"").split(/\\s+/),\
left=words.filter(word=>!few.has(word.toLowerCase()));asked.data=(left.some(word=>word)?left:words).join(" ")}});
"""
"""What is put before the theme's search, which would ask for `of` and `the` as for any other word."""
SEPARATOR = re.compile(r"[\s\-.:]+")
"""Where a title is cut into words, as mkdocs.yml tells the search."""


def metadata(path: str) -> dict[str, object]:
    """Return what the search is told of a page.

    >>> metadata("reasons.md"), metadata("api/core.md")
    ({}, {'exclude': True})
    """
    return {"exclude": True} if path.startswith(LEFT_OUT) else {}


def worker(script: str) -> str:
    """Return the theme's search as this site has it."""
    return IN_THE_WORKER % FUNCTION_WORDS + script


def boost(location: str, title: str) -> float:
    """Return how much an entry of the index counts: the shorter the id that it explains, the more.

    >>> boost("reasons.html#stale", "stale") > boost("reasons.html#store-full", "store-full") > 2.4
    True
    >>> boost("clauses/onoffice.html#A5", "onoffice:A5: Are signed orders encoded?"), boost("index.html", "Handshakes")
    (0.5, 1)
    """
    path, _, anchor = location.partition("#")
    folder = path.partition("/")[0]
    if anchor and " " not in title and folder in EXPLAINED:
        return round(EXPLAINED[folder] * (1 + 1 / len(SEPARATOR.split(title))), 2)
    return USED.get(folder, 1)
