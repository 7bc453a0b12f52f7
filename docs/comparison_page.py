"""The comparison of the schemes, made from `comparison.toml`, whose every entry a test tries with the package."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from docs.text import clause, prose, table, unsearched

FILE = Path(__file__).with_name("comparison.toml")
VERDICTS = {"yes": "yes", "part": "in part", "no": "no"}
Entry = dict[str, Any]


@cache
def data() -> Entry:
    """Return the file, read once."""
    return tomllib.loads(FILE.read_text("utf-8"))


def at_a_glance() -> str:
    """Write one row for each property: which schemes have it."""
    rows = []
    for each in data()["property"]:
        found = {id: [prose(one["title"]) for one in _with(each["id"], id)] for id in ("yes", "part")}
        cells = [
            f"**{VERDICTS[id].capitalize()}**: {'; '.join(names)}." for id, names in found.items() if names
        ]
        cells.append("**No**: all others." if cells else "**No**: none of them.")
        rows.append((f"[{each['title']}](#{each['id']})", " ".join(cells)))
    return table(("what", "protected?"), rows)


def _with(id: str, verdict: str) -> list[Entry]:
    return [one for one in data()["scheme"] if one[id]["verdict"] == verdict]


def sections() -> str:
    """Write a section for each property, with every scheme and what to do about it."""
    parts = []
    for each in data()["property"]:
        parts += [f"## {each['title']} {{ #{each['id']} }}", each["question"]]
        parts.append(
            "\n".join(_item(one, one[each["id"]], prose(one["title"]), "") for one in data()["scheme"])
        )
    parts += ["## What comes without any proof { #without-proof }"]
    parts += ["These requests carry no signature of the platform:"]
    parts.append("\n".join(_unproved(one, "") for one in data()["unproved"]))
    return "\n\n".join(parts)


def of_platform(platform: str) -> str:
    """Write what the schemes of a platform leave unprotected, for its own page."""
    titles = {each["id"]: each["title"] for each in data()["property"]}
    parts = []
    for one in (one for one in data()["scheme"] if one["platform"] == platform):
        parts += [f"### {prose(one['title'])} {{ #{one['id']} data-search-exclude=yes }}"]
        held = [titles[id].lower() for id in titles if one[id]["verdict"] == "yes"]
        parts.append(
            f"{prose(one['text'])} Protected: {', '.join(held) or 'nothing in full'} "
            f"([compare](../comparison.md#{next(iter(titles))}))."
        )
        open_ones = [_item(one, one[id], titles[id], "../") for id in titles if one[id]["verdict"] != "yes"]
        parts.append("\n".join(open_ones))
    bare = [_unproved(one, "../") for one in data()["unproved"] if one["platform"] == platform]
    if bare:
        parts += ["### Without any proof { #without-proof data-search-exclude=yes }", "\n".join(bare)]
    return "\n\n".join(parts)


def _item(scheme: Entry, entry: Entry, name: str, root: str) -> str:
    return f"- **{name}**: {VERDICTS[entry['verdict']]}. {_said(scheme['platform'], entry, root)}"


def _unproved(entry: Entry, root: str) -> str:
    title = prose(re.sub(r"^.*?: ", "", entry["title"])) if root else prose(entry["title"])
    return f"- **{title}**. {_said(entry['platform'], entry, root)}"


def _said(platform: str, entry: Entry, root: str) -> str:
    do = f" *Do*: {prose(entry['do'])}" if "do" in entry else ""
    links = ", ".join(clause(f"{platform}:{id}", root) for id in entry["clauses"])
    return f"{prose(entry['text'])}{do} {unsearched(f'({links})')}"
