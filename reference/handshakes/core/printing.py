"""Text from outside, as it may be shown to a person: nothing in it steers a terminal or forges a line."""

from __future__ import annotations

from collections.abc import Mapping


def printable(text: str, most: int = 40) -> str:
    """Return text with everything that is not printable escaped, cut at `most` characters.

    Control characters, line ends and the marks that turn the writing direction are not printable.

    >>> printable("slug\\n" + "x" * 100, 12)
    'slug\\\\nxxxxx…'
    """
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: most + 1])
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def columns(rows: Mapping[str, str]) -> str:
    """Return names and values, a pair a line, the values below each other.

    >>> print(columns({"API": "https://api.example", "client id": "x"}))
    API        https://api.example
    client id  x
    """
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


_UNITS = (
    ("year", 31_557_600),  # 365.25 days, and a month is a twelfth of it
    ("month", 2_629_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)


def duration(seconds: float) -> str:
    """Return a number of seconds as a person says it, in its two largest units, with the seconds after it.

    >>> duration(147_723_438), duration(720), duration(301), duration(59), duration(0.5)
    ('4 years 8 months (147723438 s)', '12 minutes (720 s)', '5 minutes 1 second (301 s)', '59 s', '0.5 s')
    """
    if seconds < 60:
        return f"{seconds:g} s"
    seconds = int(seconds)
    first = next(place for place, (_, size) in enumerate(_UNITS) if size <= seconds)
    said: list[str] = []
    rest = seconds
    for name, size in _UNITS[first : first + 2]:
        count, rest = divmod(rest, size)
        said += [f"{count} {name}{'s' * (count != 1)}"] if count else []
    return f"{' '.join(said)} ({seconds} s)"
