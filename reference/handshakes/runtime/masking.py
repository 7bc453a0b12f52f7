"""Known secrets, and finding them in a text in time that does not depend on how many are known.

Each secret is filed under its first eight characters, with its length. A text is read once: only
where eight characters begin a secret are the lengths of those secrets tried. Somebody who sends
many secrets that begin alike could make that slow, so the work for a text is limited; a text that
needs more is not shown at all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote

from ..core.keys import PUBLIC_TEST_KEYS, shown

HEAD = 8
"""Shorter secrets are masked only where their names say what they are: elsewhere they may be any text."""

_FEW = 32
_CHARACTERS = 1_000


class Secrets:
    """The secrets seen so far; with `keep`, at most that many of those seen last, and no more than 1,000 characters for each.

    >>> secrets = Secrets()
    >>> secrets.mask("a-private-value")
    '‹15 characters, sha256 9fb762…›'
    >>> secrets.masked("before a-private-value after")
    'before ‹15 characters, sha256 9fb762…› after'
    """

    def __init__(self, keep: int | None = None, mask: Callable[[str], str] = shown) -> None:
        self._keep, self._mask = keep, mask
        self._masks: OrderedDict[str, str] = OrderedDict()
        self._size = 0
        self._lengths: dict[str, dict[int, int]] = {}  # by head: how many secrets have each length

    def __len__(self) -> int:
        return len(self._masks)

    def mask(self, value: str) -> str:
        """Return the mask of a secret, and know the secret from now on."""
        mask = self._mask(value)
        if len(value) >= HEAD and value not in PUBLIC_TEST_KEYS:
            for form in {value, quote(value, safe="")}:
                self._know(form, mask)
        return mask

    def masked(self, text: str, most: int | None = None) -> str:
        """Return a text with its secrets masked, cut soon after `most` characters; it never ends inside a secret."""
        limit = len(text) if most is None else most
        if len(self._lengths) <= _FEW and not any(head in text for head in self._lengths):
            return text[:limit]
        pieces: list[str] = []
        done = start = end = 0  # `text[start:end]` is the stretch of secrets found last
        work = 64 * len(text) + 100_000
        place = 0
        heads = self._lengths
        while True:
            places = range(place, min(limit, len(text) - HEAD + 1))
            place = next((at for at in places if text[at : at + HEAD] in heads), -1)
            if place < 0:
                break
            fitting = [length for length in heads[text[place : place + HEAD]] if length <= len(text) - place]
            for length in sorted(fitting, reverse=True):
                work -= length
                if work < 0:
                    return f"‹{len(text)} characters, too much like secrets to be shown›"
                if text[place : place + length] in self._masks:
                    if place >= end:
                        pieces += self._until(text, done, start, end)
                        done, start = end, place
                    limit += max(0, place + length - max(place, end)) if most is not None else 0
                    end = max(end, place + length)
                    break
            place += 1
        return "".join((*pieces, *self._until(text, done, start, end), text[end : max(end, limit)]))

    def _until(self, text: str, done: int, start: int, end: int) -> tuple[str, str]:
        """Return the clear text before a stretch of secrets, and the mask of the stretch."""
        found = text[start:end]
        return text[done:start], self._masks.get(found) or (self._mask(found) if found else "")

    def _know(self, form: str, mask: str) -> None:
        if form in self._masks:
            self._masks.move_to_end(form)
            return
        self._masks[form] = mask
        self._size += len(form)
        lengths = self._lengths.setdefault(form[:HEAD], {})
        lengths[len(form)] = lengths.get(len(form), 0) + 1
        if self._keep is not None:
            while len(self._masks) > self._keep or self._size > self._keep * _CHARACTERS:
                self._forget()

    def _forget(self) -> None:
        form, _ = self._masks.popitem(last=False)
        self._size -= len(form)
        lengths = self._lengths[form[:HEAD]]
        lengths[len(form)] -= 1
        if not lengths[len(form)]:
            del lengths[len(form)]
        if not lengths:
            del self._lengths[form[:HEAD]]
