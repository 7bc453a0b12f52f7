"""Random texts, the ways in which they travel in a query, and what goes wrong with them on the way."""

from __future__ import annotations

import random
import re
from typing import Any
from urllib.parse import quote, quote_plus

ODD = (
    "\"\\/<>&'`{}[]:,.;#?%+= ~*()!@^|$0\0\x01\t\n\r\x1f\x7f\x80\x85\xa0\xad\u0300\u200b\u2028\u2029\ud7ff"
    "\ue000\ufeff\ufffd\uffffßéıİ漢א\U00010000\U0001f3e2\U000e0001\U0010ffff"
)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_ "
PIECES = [
    *"&=?#%+;,.:/@[]{}\"\\'~ \t\r\n\0", "&&", "%", "%2", "%00", "%20", "%2B", "%ff", "%c3%a9", "%ed%a0%80", "%f4%90%80%80",
    "[]", "[x]", "%5B%5D", "e1", "E9", "-", "-0", ".0", "1e999", "00", "0x1", "null", "true", "NaN", "\\u0000", "\\ud800", "\\u00e9",
    "é", "\u2028", "𐍈", "＝", "١", "\x7f", "\x85",
]  # fmt: skip


def text(rng: random.Random, most: int, least: int = 0) -> str:
    """Return a text of Unicode, often plain, without halves of pairs."""
    length = rng.randrange(least, most + 1)
    if rng.random() < 0.5:
        return "".join(rng.choices(LETTERS, k=length))
    drawn = rng.random
    made = []
    for _ in range(length):
        kind = drawn()
        if kind < 0.4:
            made.append(rng.choice(ODD))
        elif kind < 0.7:
            made.append(chr(0x20 + int(drawn() * 0x5F)))
        else:
            made.append(chr(int(drawn() * 0xD800)) if kind < 0.9 else chr(0x10000 + int(drawn() * 0x100000)))
    return "".join(made)


def escaped(rng: random.Random, value: str) -> str:
    """Return a value in one of the many ways in which it can travel in a query."""
    way = rng.randrange(5)
    if way == 0:
        return quote_plus(value)
    if way == 1:
        return quote(value, safe="").replace("~", "%7E")
    if way == 2:
        return quote(value, safe="!'()*~,:@/?;$")
    if way == 3:
        return "".join(f"%{byte:02x}" for byte in value.encode())
    return re.sub(
        "%..", lambda match: match[0].lower() if rng.random() < 0.5 else match[0], quote_plus(value)
    )


def queried(rng: random.Random, pairs: list[tuple[str, str]]) -> str:
    """Return a query of pairs; a few pieces have no equals sign, or nothing in them."""
    pieces = [f"{escaped(rng, name)}={escaped(rng, value)}" for name, value in pairs]
    if rng.random() < 0.1:
        pieces = [piece.removesuffix("=") for piece in pieces]
    if rng.random() < 0.1:
        pieces.insert(rng.randrange(len(pieces) + 1), "")
    return "&".join(pieces)


def edited(rng: random.Random, given: str, pieces: list[str] = PIECES) -> str:
    """Return a text with one thing done to it."""
    at = rng.randrange(len(given) + 1)
    to = min(len(given), at + rng.choice([1, 1, 2, 5, 64]))
    match rng.randrange(8):
        case 0 | 1:
            return given[:at] + rng.choice(pieces) + given[at:]
        case 2:
            return given[:at] + rng.choice(pieces) + given[to:]
        case 3:
            return given[:at] + given[to:]
        case 4:
            return given[:to] + given[at:]
        case 5:
            return given[:at] + given[at:to].swapcase() + given[to:]
        case 6:
            return rng.choice(["", " ", "\ufeff"]) + given + rng.choice(["", " ", "\n", "\0", "&", "#x"])
    return given[:at] + given[at:to] * rng.choice([2, 50, 250]) + given[to:]


def sometimes(rng: random.Random, share: float, given: str) -> str:
    """Return a text, in this share of the cases with one or two things done to it."""
    while rng.random() < share:
        given, share = edited(rng, given), share / 3
    return given


def data(content: bytes) -> dict[str, str]:
    """Return bytes as a vector has them."""
    return {"utf8": content.decode()} if content.isascii() else {"hex": content.hex()}


def near(rng: random.Random, now: int, limits: tuple[int, int]) -> int:
    """Return a time near now, often at an edge of what is tolerated."""
    back, ahead = limits
    return now - rng.choice(
        [0, 1, back - 1, back, back, back + 1, -ahead, -ahead - 1, 1 - ahead, back * 2, -now]
    )


def any_json(rng: random.Random, deep: int = 3) -> Any:
    """Return a value of JSON, without numbers that languages hold differently."""
    if deep and rng.random() < 0.35:
        inside = [any_json(rng, deep - 1) for _ in range(rng.randrange(4))]
        return inside if rng.random() < 0.5 else {text(rng, 4): value for value in inside}
    return rng.choice([None, True, False, 0, 1, -7, 2**53, 1.5, "", text(rng, 6)])
