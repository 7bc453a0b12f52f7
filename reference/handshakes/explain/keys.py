"""Slips of the key: the forms of a secret, those of two slips at once, and secrets that only look alike."""

from __future__ import annotations

import binascii
import contextlib
from collections.abc import Callable, Iterator
from itertools import combinations

from .digests import loose
from .key_forms import FORMS, unquoted_secret
from .visible import LETTERS

Key = tuple[str, bytes, str, int]
"""A slip, the key that it makes, what was changed, and what it costs."""

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


def _twofold(secret: str, others: tuple[str, ...]) -> Iterator[tuple[str, str, str, int]]:
    """Yield what a secret becomes by two slips at once, of which the first is plain to see in what was given."""
    firsts = [
        ("key-other", other, f"number {number} of those given", 2) for number, other in enumerate(others, 2)
    ]
    firsts += [("key-typographic", made, change, 1) for made, change in _typographic(secret)]
    with contextlib.suppress(ValueError, binascii.Error):
        if (inner := loose(secret).decode()).isprintable() and len(inner) > 7:
            firsts.append(("key-from-base64", inner, "", 2))
    for id, first, change, cost in firsts:
        if id == "key-typographic":
            yield id, first, change, cost
        for second, make in _SECONDS:
            with contextlib.suppress(ValueError, binascii.Error):
                if (made := make(first)) not in (first, secret):
                    yield f"{id} + {second}", made, change, 2


_SECONDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("key-blank", lambda s: s + " "),
    ("key-line-end", lambda s: s + "\n"),
    ("key-crlf", lambda s: s + "\r\n"),
    ("key-carriage-return", lambda s: s + "\r"),
    ("key-blank-before", lambda s: " " + s),
    ("key-tab", lambda s: s + "\t"),
    ("key-quoted", lambda s: f'"{s}"'),
    ("key-single-quoted", lambda s: f"'{s}'"),
    ("key-trimmed", lambda s: s.strip("\ufeff \t\r\n")),
    ("key-unquoted", lambda s: unquoted_secret(s.strip())),
    ("key-lower-case", str.lower),
    ("key-upper-case", str.upper),
    ("key-without-dashes", lambda s: s.replace("-", "")),
)


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


def keys(secret: str, others: tuple[str, ...] = ()) -> Iterator[Key]:
    """Yield the keys that the other side may have used instead of the secret's bytes; two slips may make the same.

    >>> [made for id, made, _, _ in keys("s3cret") if id == "key-crlf"]
    [b's3cret\\r\\n']
    """
    own = secret.encode("utf-8", "surrogatepass")
    seen: set[tuple[str, bytes]] = set()
    for number, other in enumerate(others, 2):
        yield "key-other", other.encode("utf-8", "surrogatepass"), f"number {number} of those given", 1
        for both, change in ((secret + other, "behind it"), (other + secret, "in front of it")):
            yield "key-doubled", both.encode("utf-8", "surrogatepass"), f"number {number} {change}", 2
    for id, make, change, cost in FORMS:
        try:
            made = make(secret)
            key = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
        except (ValueError, binascii.Error):
            continue
        if key != own and (id, key) not in seen:
            seen.add((id, key))
            yield id, key, change, cost
    for id, text, change, cost in _twofold(secret, others):
        key = text.encode("utf-8", "surrogatepass")
        if key != own and (id, key) not in seen:
            seen.add((id, key))
            yield id, key, change, cost
    for text, change in _alike(secret):
        if (key := text.encode("utf-8", "surrogatepass")) != own:
            yield "key-look-alikes", key, change, 3
