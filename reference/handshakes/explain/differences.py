"""The person's own text against ours: where they first differ, and a name for the difference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..core.stages import Stage, first_difference
from .visible import LOOK_ALIKES, visible

if TYPE_CHECKING:
    from .ranking import Explanation

AROUND = 24
"""How many bytes are shown before and behind a difference."""


@dataclass(frozen=True, slots=True)
class Mine:
    """How the person's own text or digest compares.

    `same_as` names the stage that the text equals; else `at` is the index of the first byte that differs from the
    signed message, `ours` and `yours` are what stands around it, and `name` says what the difference is.
    """

    same_as: str = ""
    at: int | None = None
    ours: str = ""
    yours: str = ""
    name: str = ""
    digest_fits: bool = False
    explanations: tuple[tuple[Explanation, ...], ...] = ()
    tried: int = 0


def compared(stages: Sequence[Stage], mine: bytes | None, *, hidden: bool = False) -> Mine:
    """Compare a text with the last stage, the signed message; with `hidden`, no byte of either is shown.

    >>> message = Stage("message", b'{"a":"b"}.17')
    >>> found = compared([message], b'{"a": "b"}.17')
    >>> found.at, found.name
    (5, 'a blank stands in yours that is not in ours')
    >>> compared([message], b'{"a":"b"}.17').same_as
    'message'
    """
    if mine is None or not stages:
        return Mine()
    for stage in reversed(stages):
        if stage.value == mine:
            return Mine(same_as=stage.name)
    message = stages[-1].value
    at = first_difference(message, mine)
    assert at is not None  # noqa: S101  (they are not equal)
    start = max(0, at - AROUND)
    ours, yours = message[start : at + AROUND], mine[start : at + AROUND]
    if hidden:
        ours = yours = b""
    return Mine("", at, visible(ours), visible(yours), named(message, mine, at))


def named(ours: bytes, yours: bytes, at: int) -> str:
    """Return a name for the difference of two texts that begins at an index.

    >>> named(b'"a/b"', b'"a\\\\/b"', 2)
    'yours has a backslash before /, as PHP writes JSON'
    >>> named(b"abc", b"abc\\n", 3)
    'yours has a line end (LF) behind it'
    """
    rest, other = ours[at:], yours[at:]
    if not rest:
        return f"yours has {_ends(other)} behind it"
    if not other:
        return f"yours ends here: {len(rest)} bytes are missing, beginning with {visible(rest[:AROUND])}"
    for test in (_escapes, _encodings, _blanks, _letters):
        if found := test(rest, other, ours, yours):
            return found
    if ours[at:].endswith(other) or ours.endswith(other):
        return f"{len(rest) - len(other)} bytes of ours are missing in yours"
    if other.endswith(rest):
        return f"yours has {len(other) - len(rest)} bytes more here"
    if sorted(ours) == sorted(yours):
        return "the same bytes in another order"
    return f"ours has {visible(rest[:1])}, yours has {visible(other[:1])}"


def _ends(rest: bytes) -> str:
    known = {
        b"\n": "a line end (LF)",
        b"\r\n": "a line end (CR LF)",
        b"\r": "a carriage return",
        b" ": "a blank",
    }
    return known.get(rest, f"{len(rest)} bytes more, {visible(rest[:AROUND])},")


def _escapes(rest: bytes, other: bytes, ours: bytes, yours: bytes) -> str:
    if other[:2] == b"\\/" and rest[:1] == b"/":
        return "yours has a backslash before /, as PHP writes JSON"
    if other[:2] == b"\\u" and rest[:2] != b"\\u":
        return f"yours has the escape {visible(other[:6])} where ours has the character itself"
    if rest[:2] == b"\\u" and other[:2] != b"\\u":
        return f"ours has the escape {visible(rest[:6])} where yours has the character itself"
    if (
        re.search(rb"(?:%|\\u)[0-9a-fA-F]{0,3}$", ours[: len(ours) - len(rest)])
        and rest[:1].lower() == other[:1].lower()
    ):
        return "the hex digits of an escape in another case"
    if other[:1] == b"\\" and rest[:1] != b"\\":
        return "yours has a backslash that is not in ours"
    if rest[:1] == b'"' and other[:1] == b"'":
        return "yours has single quotes where ours has double ones, as Python's repr writes"
    return ""


def _encodings(rest: bytes, other: bytes, ours: bytes, yours: bytes) -> str:
    if other[:1] == b"&" and re.match(rb"&(amp|quot|lt|gt|#0?39|#x27);", other):
        return "yours is escaped for HTML"
    if other[:3] == b"%25":
        return "yours is percent-encoded once more"
    if (
        re.match(rb"%[0-9A-Fa-f]{2}", other)
        and unquote(other[:3].decode()).encode() != other[:3]
        and rest[:1] != b"%"
    ):
        return f"yours is percent-encoded here ({other[:3].decode()}), ours is decoded"
    if re.match(rb"%[0-9A-Fa-f]{2}", rest) and other[:1] != b"%":
        return f"ours is percent-encoded here ({rest[:3].decode()}), yours is decoded"
    if {rest[:1], other[:1]} == {b"+", b" "}:
        return "a plus sign on one side is a blank on the other"
    if other.startswith(b"\xef\xbb\xbf"):
        return "yours has a byte order mark in front"
    if other[:2] in (b"\xc3\x83", b"\xc3\x82") and rest[:2] != other[:2]:
        return "yours was encoded as UTF-8 twice"
    return ""


def _blanks(rest: bytes, other: bytes, ours: bytes, yours: bytes) -> str:
    if (rest[:1] == b"\r" and other[:1] == b"\n") or (rest[:1] == b"\n" and other[:1] == b"\r"):
        return "line ends are LF on one side and CR LF on the other"
    if other[:1] in (b" ", b"\t", b"\n") and rest[:1] not in (b" ", b"\t", b"\n"):
        name = {b" ": "a blank", b"\t": "a tab", b"\n": "a line end"}[other[:1]]
        return f"{name} stands in yours that is not in ours"
    if rest[:1] == b" " and other[:1] != b" ":
        return "a blank of ours is missing in yours"
    return ""


def _letters(rest: bytes, other: bytes, ours: bytes, yours: bytes) -> str:
    one, two = (text.decode("utf-8", "replace") for text in (ours, yours))
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", two):
        return "the same letters in another Unicode form (NFC and NFD)"
    if rest[:1].lower() == other[:1].lower():
        return "the same letter in another case"
    near = other.decode("utf-8", "replace")[:1]
    if near in LOOK_ALIKES and near:
        return f"yours has {visible(near.encode())}, which only looks like a letter of ASCII"
    return ""
