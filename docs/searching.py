"""What a search finds, and in which order: what a page explains comes before where it is only used."""

from __future__ import annotations

import json
import re
from pathlib import Path

from handshakes.platforms import PLATFORMS

LEFT_OUT = (
    "api/",
    "decisions/",
    "vectors/",
    "api.md",
    "benchmarks.md",
    "changelog.md",
    "contributing.md",
    "dependencies.md",
    "entries.md",
    "matrix.md",
    "sources.md",
)
"""Lists, code, and how the project came about: whoever looks for a word of theirs wants the page that explains it."""
EXPLAINED = {"reasons.html": 2.4, "clauses": 2.0, "mistakes": 1.4, "faults": 0.6}
"""How much a section counts whose title is the id of what it explains, by page or folder."""
USED = {
    "reasons.html": 0.5,
    "clauses": 0.5,
    "mistakes": 0.5,
    "faults": 0.5,
    "recipes": 0.5,
    "platforms": 1.5,
    "questions.html": 1.7,
    "troubleshooting.html": 2.2,
}
"""How much everything else counts there; 1 is the rule."""
FUNCTION_WORDS = (
    "a about although am an and any anything are as at be because been but by can could did do does for from get gets got had happen "
    "happens has have he her his how i if in into is it its just let may me mean means must my need of on or our really she should so "
    "something still than that the their them then there these they this those though to too us want was we were what whatever when "
    "where whether which who why will with would yet you your"
)
"""What a phrase has between the words that matter. Each is left out only where it stands alone beside others: ids keep theirs."""
ALIKE = (
    "two 2, three 3, four 4, five 5, twice again repeat replay double, late old older expire stale, soon ahead future, fit match mismatch differ, "
    "wrong invalid bad, uppercase capital upper, delete remove uninstall disconnect, url link address, domain host, answer response "
    "respond reply, payload body, sandbox test, permission scope right, log logging, hash digest hmac mac, crypt cipher, "
    "rotate change renew, sort order, parameter param argument field, keep store save, blank space, quote quotation, user person, "
    "button click, origin postmessage, browser chrome firefox safari, organisation organization, timeout wait, reject refuse, fake forge, iframe frame, "
    "limit maximum length many large, newline line, htmlspecialchars entities, mail email, urlencoded encoded, config configuration configurl"
)
"""Words that one person types and another writes, group by group."""
IN_THE_WORKER = Path(__file__).with_name("search.js")
"""What is put before the theme's search."""
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
    names = {
        word: name for name, each in PLATFORMS.items() for word in re.findall(r"\w+", each.title.lower())
    }
    own = IN_THE_WORKER.read_text("utf-8")
    return (
        own.replace("$alike", ALIKE).replace("$few", FUNCTION_WORDS).replace("$platforms", json.dumps(names))
        + script
    )


def boost(location: str, title: str) -> float:
    """Return how much an entry of the index counts: the shorter the id that it explains, the more.

    >>> boost("reasons.html#stale", "stale") > boost("reasons.html#store-full", "store-full") > 2.4
    True
    >>> boost("clauses/onoffice.html#A5", "onoffice:A5: Are signed orders encoded?"), boost("index.html", "Handshakes")
    (1.5, 1)
    >>> boost("clauses/onoffice.html#sources", "Sources")
    0.2
    """
    path, _, anchor = location.partition("#")
    folder = path.partition("/")[0]
    if anchor == "sources":
        return 0.2
    if folder == "clauses" and re.fullmatch(r"[A-Z]+[0-9]+", anchor):
        return 1.5  # an ambiguity is a question that somebody asks
    if anchor and " " not in title and folder in EXPLAINED:
        return round(EXPLAINED[folder] * (1 + 1 / len(SEPARATOR.split(title))), 2)
    return USED.get(folder, 1)
