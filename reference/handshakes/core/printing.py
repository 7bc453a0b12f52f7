"""Text from outside, as it may be shown to a person: nothing in it steers a terminal or forges a line."""

from __future__ import annotations


def printable(text: str, most: int = 40) -> str:
    """Return text with everything that is not printable escaped, cut at `most` characters.

    Control characters, line ends and the marks that turn the writing direction are not printable.

    >>> printable("slug\\n" + "x" * 100, 12)
    'slug\\\\nxxxxx…'
    """
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: most + 1])
    return safe if len(safe) <= most else safe[: most - 1] + "…"
