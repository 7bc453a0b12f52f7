"""The page on probe: an example request, the answer that the command prints, and the record, all made by the code."""

from __future__ import annotations

import json

from docs.text import fence, folded
from handshakes import __version__
from handshakes.cli import probe as command
from handshakes.cli.common import out
from handshakes.explain.probe import probe
from handshakes.spec import vectors

EXAMPLE = "officernd/verify_query/page-all-locations"
DATE, NOW = "2026-11-29", 1_648_190_384


def request() -> tuple[str, str]:
    """Return the example's URL and its secret, those of a vector."""
    found = {vector["id"]: (group, vector) for group, vector in vectors.rows(vectors.load("officernd"))}
    group, vector = found[EXAMPLE]
    return f"https://partner.example{vector['input']['target']}", group["given"]["secret"]


def filled(markdown: str) -> str:
    """Fill in the request, the answer and the record."""
    url, secret = request()
    found = probe("officernd", [(url.encode(), "")], secret=secret, now=NOW)
    record = json.dumps(found.record(date=DATE, version=__version__), indent=2)
    for mark, text in {
        "the request": fence(url, "text"),
        "the answer": f"<div data-search-exclude markdown>\n\n{fence(told(found), 'text')}\n\n</div>",
        "the record": folded("The record", fence(record, "{ .json data-search-exclude }")),
    }.items():
        markdown = markdown.replace(f"<!-- {mark} -->", text)
    return markdown


def told(found: command.Probe) -> str:
    """Return what the command prints for an answer."""
    with out.capture() as printed:
        command._tell(found)
    return printed.get()
