"""Sequence diagrams as SVG: from the Mermaid text that a transcript writes, without a script and without a browser.

Only what `Transcript.mermaid` writes is known: participants, and four kinds of arrow. Colours come from the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

CHARACTER, LINE, TOP, MARGIN = 6.6, 34, 52, 34  # of 11 px monospace; between messages; above the first; left
PARTICIPANT = re.compile(r"    participant (\w+) as (.+)")
MESSAGE = re.compile(r"    (\w+)(->>|-->>|--x|-\))(\w+): (.+)")
KINDS = {"->>": "request", "-->>": "response", "--x": "failure", "-)": "message"}


class NotDrawn(ValueError):
    """A line that is not one of those that a transcript writes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One arrow: from which column to which, its kind, and what is written on it."""

    sender: int
    receiver: int
    kind: str
    label: str


def read(text: str) -> tuple[list[str], list[Message]]:
    """Read a diagram's text. Returns the participants and the messages between them. Raises `NotDrawn`."""
    first, *lines = text.rstrip().splitlines() or [""]
    if first != "sequenceDiagram":
        raise NotDrawn(f"not a sequence diagram: {first!r}")
    names: dict[str, str] = {}
    messages = []
    for line in lines:
        if found := PARTICIPANT.fullmatch(line):
            names[found[1]] = _unescaped(found[2])
        elif (found := MESSAGE.fullmatch(line)) and found[1] in names and found[3] in names:
            sender, receiver = (list(names).index(found[place]) for place in (1, 3))
            messages.append(Message(sender, receiver, KINDS[found[2]], _unescaped(found[4])))
        else:
            raise NotDrawn(f"not a line of a transcript's diagram: {line!r}")
    return list(names.values()), messages


def svg(text: str) -> str:
    """Draw a diagram. Returns one `<svg>`; the numbers are those of the transcript's text."""
    names, messages = read(text)
    columns = _columns(names, messages)
    # The last column's name, and the labels of what one sends to itself, end to its right.
    width = columns[-1] + max(_wide(names[-1]) / 2, *(_own(one, columns) for one in messages), 0) + 8
    end = TOP + LINE * len(messages) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {end + 30}" width="{width:.0f}"'
        f' height="{end + 30}" style="min-width:{width * 0.9:.0f}px" role="img" aria-label="{escape(described(names, messages))}">'
    ]
    for name, x in zip(names, columns, strict=True):
        parts.append(f'<path class="life" d="M{x:.0f} 30V{end}"/>')
        for y in (4, end):
            left, wide = x - _wide(name) / 2, _wide(name)
            parts.append(
                f'<rect class="name" x="{left:.0f}" y="{y}" width="{wide:.0f}" height="26" rx="4"/>'
                f'<text class="name" x="{x:.0f}" y="{y + 17}">{escape(name)}</text>'
            )
    for number, message in enumerate(messages, 1):
        parts += _drawn(number, message, columns)
    return "".join([*parts, "</svg>"])


def described(names: list[str], messages: list[Message]) -> str:
    """Say in one sentence what a diagram shows, for those who do not see it."""
    return f"Sequence diagram of {len(messages)} messages between {', '.join(names)}"


def fenced(source: str, *_: Any, **__: Any) -> str:
    """Write a fenced block of a page as a diagram; it scrolls where it is too wide, by keyboard too."""
    names, messages = read(source)
    label = escape(described(names, messages))
    return (
        f'<div class="sequence" role="region" tabindex="0" aria-label="{label}" data-search-exclude="yes">'
        f"{svg(source)}</div>"
    )


def _drawn(number: int, message: Message, columns: list[float]) -> list[str]:
    y = TOP + LINE * (number - 1) + 16
    start, end = columns[message.sender], columns[message.receiver]
    if message.sender == message.receiver:
        line, head, middle = (
            f"M{start:.0f} {y - 10}h24v10H{start + 2:.0f}",
            _head(message.kind, start, y, -1),
            0.0,
        )
        label = f'<text class="label own" x="{start + 30:.0f}" y="{y - 2}">{escape(message.label)}</text>'
    else:
        way = 1 if end > start else -1
        line, head = f"M{start:.0f} {y}H{end - 2 * way:.0f}", _head(message.kind, end, y, way)
        middle = (start + end) / 2
        label = f'<text class="label" x="{middle:.0f}" y="{y - 6}">{escape(message.label)}</text>'
    return [
        f'<text class="number" x="4" y="{y + 4}">{number}</text>',
        f'<path class="{message.kind}" d="{line}"/>{head}{label}',
    ]


def _head(kind: str, x: float, y: int, way: int) -> str:
    """Draw where an arrow ends: filled for HTTP, open for a message between windows, a cross for a failure."""
    back = x - 8 * way
    if kind == "failure":
        return f'<path class="head" d="M{x - 5:.0f} {y - 5}l10 10m0-10l-10 10"/>'
    shape = f"M{back:.0f} {y - 4}L{x:.0f} {y}L{back:.0f} {y + 4}"
    return f'<path class="head{"" if kind == "message" else " filled"}" d="{shape}"/>'


def _columns(names: list[str], messages: list[Message]) -> list[float]:
    """Place the columns so that no name touches the next and every label fits over its arrow."""
    gaps = [(_wide(one) + _wide(other)) / 2 + 16 for one, other in pairwise(names)]
    for message in sorted(messages, key=lambda each: abs(each.sender - each.receiver)):
        left, right = sorted((message.sender, message.receiver))
        short = len(message.label) * CHARACTER + 28 - sum(gaps[left:right])
        for place in range(left, right):
            gaps[place] += max(0, short) / (right - left)
    columns = [MARGIN + _wide(names[0]) / 2] if names else []
    for gap in gaps:
        columns.append(columns[-1] + gap)
    return columns


def _own(message: Message, columns: list[float]) -> float:
    """Return how far the label of a message to oneself reaches past the last column."""
    if message.sender != message.receiver:
        return 0
    return columns[message.sender] + 30 + len(message.label) * CHARACTER - columns[-1]


def _wide(name: str) -> float:
    return len(name) * CHARACTER + 20


def _unescaped(text: str) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)
