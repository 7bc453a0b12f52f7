"""The person's own text against ours: where they first differ, and a name for the difference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.stages import Stage, first_difference
from .departures import AROUND
from .visible import LOOK_ALIKES, visible

if TYPE_CHECKING:
    from .ranking import Explanation

_URL = re.compile(rb"https?://[^/?#]*")
_ENTITY = re.compile(rb"&(?:quot|lt|gt|#0?39|#x27);|(?<=&)amp;")


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
        return Mine("", at, name=named(message, mine, at, _hidden))
    return Mine("", at, visible(ours), visible(yours), named(message, mine, at))


def _hidden(value: bytes) -> str:
    return f"‹{len(value)} masked byte{'' if len(value) == 1 else 's'}›"


def named(ours: bytes, yours: bytes, at: int, show: Callable[[bytes], str] = visible) -> str:
    """Return a name for the difference of two texts that begins at an index; `show` writes what of them is shown.

    >>> named(b'"a/b"', b'"a\\\\/b"', 2)
    'yours has a backslash before /, as PHP writes JSON'
    >>> named(b"abc", b"abc\\n", 3)
    'yours has a line end (LF) behind it'
    """
    rest, other = ours[at:], yours[at:]
    if (one := _URL.match(ours)) and (two := _URL.match(yours)) and one[0] != two[0]:
        return "another scheme, host or port: yours was signed for another address than ours"
    if not rest:
        return f"yours has {_ends(other, show)} behind it"
    if not other:
        return f"yours ends here: {_counted(rest)} missing, beginning with {show(rest[:AROUND])}"
    for test in (_encodings, _escapes, _blanks, _letters):
        if found := test(rest, other, ours, yours, show):
            return found
    if rest.endswith(other):
        return f"{_counted(rest[: len(rest) - len(other)])} missing in yours"
    if other.endswith(rest):
        return f"yours has {_more(other[: len(other) - len(rest)])} here"
    if sorted(ours) == sorted(yours):
        return "the same bytes in another order"
    return f"ours has {show(rest[:1])}, yours has {show(other[:1])}"


def _counted(value: bytes) -> str:
    return "1 byte of ours is" if len(value) == 1 else f"{len(value)} bytes of ours are"


def _more(value: bytes) -> str:
    return "1 byte more" if len(value) == 1 else f"{len(value)} bytes more"


def _ends(rest: bytes, show: Callable[[bytes], str]) -> str:
    known = {
        b"\n": "a line end (LF)",
        b"\r\n": "a line end (CR LF)",
        b"\r": "a carriage return",
        b" ": "a blank",
    }
    return known.get(rest, f"{_more(rest)}, {show(rest[:AROUND])},")


def _escapes(rest: bytes, other: bytes, ours: bytes, yours: bytes, show: Callable[[bytes], str]) -> str:
    if other[:2] == b"\\/" and rest[:1] == b"/":
        return "yours has a backslash before /, as PHP writes JSON"
    if other[:2] == b"\\u":
        return f"yours has the escape {show(other[:6])} where ours has the character itself"
    if rest[:2] == b"\\u":
        return f"ours has the escape {show(rest[:6])} where yours has the character itself"
    if (
        re.search(rb"(?:%|\\u)[0-9a-fA-F]{0,3}$", ours[: len(ours) - len(rest)])
        and rest[:1].lower() == other[:1].lower()
    ):
        return "the hex digits of an escape in another case"
    if other[:1] == b"\\":
        return "yours has a backslash that is not in ours"
    if rest[:1] == b'"' and other[:1] == b"'":
        return "yours has single quotes where ours has double ones, as Python's repr writes"
    return ""


def _encodings(rest: bytes, other: bytes, ours: bytes, yours: bytes, show: Callable[[bytes], str]) -> str:
    before = len(yours) - len(other)
    if _ENTITY.match(yours, before):
        return "yours is escaped for HTML"
    if other[:3] == b"%25" or any(
        yours[at : at + 3] == b"%25" and yours[at + 3 : at + 5] == ours[at + 1 : at + 3]
        for at in range(before - 4, before)
    ):
        return "yours is percent-encoded once more"
    if re.match(rb"%[0-9A-Fa-f]{2}", other):
        return f"yours is percent-encoded here ({show(other[:3])}), ours is decoded"
    if re.match(rb"%[0-9A-Fa-f]{2}", rest):
        return f"ours is percent-encoded here ({show(rest[:3])}), yours is decoded"
    if {rest[:1], other[:1]} == {b"+", b" "}:
        return "a plus sign on one side is a blank on the other"
    if other.startswith(b"\xef\xbb\xbf"):
        return "yours has a byte order mark in front"
    if _encoded_twice(ours, yours, before):
        return "yours was encoded as UTF-8 twice"
    return ""


def _encoded_twice(ours: bytes, yours: bytes, at: int) -> bool:
    """Return whether the character that holds this byte stands in yours as UTF-8 of its UTF-8."""
    while at > 0 and ours[at] & 0xC0 == 0x80:
        at -= 1
    character = ours[at:].decode("utf-8", "ignore")[:1]
    twice = character.encode().decode("latin-1").encode()
    return bool(twice) and yours.startswith(twice, at)


def _blanks(rest: bytes, other: bytes, ours: bytes, yours: bytes, show: Callable[[bytes], str]) -> str:
    if {rest[:1], other[:1]} == {b"\r", b"\n"}:
        return "line ends are LF on one side and CR LF on the other"
    known = {b" ": "a blank", b"\t": "a tab", b"\n": "a line end"}
    here, there = known.get(rest[:1]), known.get(other[:1])
    if here and there:
        return f"ours has {here}, yours has {there}"
    if there:
        return f"{there} stands in yours that is not in ours"
    return f"{here} of ours is missing in yours" if here else ""


def _letters(rest: bytes, other: bytes, ours: bytes, yours: bytes, show: Callable[[bytes], str]) -> str:
    one, two = (text.decode("utf-8", "surrogateescape") for text in (ours, yours))
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", two):
        return "the same letters in another Unicode form (NFC and NFD)"
    if rest[:1].lower() == other[:1].lower():
        return "the same letter in another case"
    near = other.decode("utf-8", "replace")[:1]
    if near in LOOK_ALIKES and near:
        return f"yours has {show(near.encode())}, which only looks like a letter of ASCII"
    return ""
