"""Slips of the key: the forms of a secret, those of two slips at once, and secrets that only look alike."""

from __future__ import annotations

import binascii
import contextlib
from collections.abc import Callable, Iterator
from itertools import combinations

from .digests import loose
from .key_forms import FORMS
from .visible import LETTERS

Key = tuple[str, bytes, str]
"""A slip, the key that it makes, and what was changed."""

_TYPOGRAPHIC = str.maketrans({"‘": "'", "’": "'", "‚": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"', "…": "...", "\xa0": " ", "\u202f": " ", "\u2011": "-", "−": "-"})  # fmt: skip


def _typographic(secret: str) -> Iterator[tuple[str, str]]:
    """Yield the secret as it was typed, where a word processor or a chat exchanged quotes, dashes and dots.

    >>> [*_typographic("O’Hara—1")][0]
    ("O'Hara--1", 'plain characters, -- for —')
    """
    plain = secret.translate(_TYPOGRAPHIC)
    for em, en, change in (("--", "-", ", -- for —"), ("-", "-", ", - for —"), ("--", "--", ", -- for – too"), ("---", "--", ", --- for —")):  # fmt: skip
        if (made := plain.replace("—", em).replace("–", en)) != secret:
            yield made, "plain characters" + (change if "—" in secret or "–" in secret else "")


def _twofold(secret: str, others: tuple[str, ...]) -> Iterator[tuple[str, str | bytes, str, int]]:
    """Yield what a secret becomes by two slips at once, of which the first is plain to see in what was given."""
    firsts = [
        ("key-other", other, f"number {number} of those given") for number, other in enumerate(others, 2)
    ]
    firsts += [("key-typographic", made, change) for made, change in _typographic(secret)]
    with contextlib.suppress(ValueError, binascii.Error):
        if (inner := loose(secret).decode()).isprintable() and len(inner) > 7:
            firsts.append(("key-from-base64", inner, ""))
    for id, first, change in firsts:
        if id == "key-typographic":
            yield id, first, change, 1
        for second in _SECOND_IDS:
            with contextlib.suppress(ValueError, binascii.Error):
                if (made := _USUAL[second](first)) not in (first, secret):
                    yield f"{id} + {second}", made, change, 2


_SECOND_IDS = ("key-blank", "key-line-end", "key-crlf", "key-carriage-return", "key-blank-before", "key-tab", "key-quoted", "key-single-quoted", "key-trimmed", "key-unquoted", "key-lower-case", "key-upper-case", "key-without-dashes")  # fmt: skip
_USUAL = {id: make for id, make, change, _ in FORMS if not change}


def _alike(secret: str) -> Iterator[tuple[str, str]]:
    """Yield the secret with letters that look like one of its own: those of other alphabets, and 0 for O or 1 for l."""
    for name, letters in LETTERS.items():
        there = [letter for letter in dict.fromkeys(secret) if letter in letters][:12]
        for some in (*((one,) for one in there), *combinations(there, 2), tuple(there)):
            yield secret.translate({ord(one): letters[one] for one in some}), f"{name} for {', '.join(some)}"
        for at, letter in enumerate(secret[:64]):
            if letter in letters and secret.count(letter) > 1:
                yield (
                    f"{secret[:at]}{letters[letter]}{secret[at + 1 :]}",
                    f"{name} for one {letter}, number {at + 1}",
                )


def keys(secret: str, others: tuple[str, ...], cost: int) -> Iterator[Key]:
    """Yield the keys of one cost that the other side may have used instead of the secret's bytes; two slips may make the same.

    >>> [made for id, made, _ in keys("s3cret", (), 1) if id == "key-crlf"]
    [b's3cret\\r\\n']
    """
    seen: set[tuple[str, bytes]] = set()
    for id, make, change in _of_cost(secret, others, cost):
        with contextlib.suppress(ValueError, binascii.Error):
            made = make(secret) if callable(make) else make
            key = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
            if made != secret and (id, key) not in seen:
                seen.add((id, key))
                yield id, key, change


def _of_cost(
    secret: str, others: tuple[str, ...], cost: int
) -> Iterator[tuple[str, str | bytes | Callable[[str], str | bytes], str]]:
    for number, other in enumerate(others, 2):
        if cost == 1:
            yield "key-other", other, f"number {number} of those given"
        elif cost == 2:
            yield "key-doubled", secret + other, f"number {number} behind it"
            yield "key-doubled", other + secret, f"number {number} in front of it"
    yield from ((id, make, change) for id, make, change, its in FORMS if its == cost)
    if cost < 3:
        yield from ((id, text, change) for id, text, change, its in _twofold(secret, others) if its == cost)
    else:
        yield from (("key-look-alikes", text, change) for text, change in _alike(secret))
