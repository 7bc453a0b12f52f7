"""Pictures for notebooks: the bytes of a message, what is covered, and a window in time. Each is also text.

They have no colour of their own: lines and text take the page's, so they are right on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

WIDTH = 360
ROW = 16
"""Bytes that one row of a message shows."""
_LEFT = 40
_BYTE = (WIDTH - _LEFT - 2) / ROW
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG, and the same as text for whoever does not see it."""

    svg: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.svg}


def layout(parts: Iterable[tuple[str, bytes]]) -> Picture:
    """Draw a message's parts in rows of 16 bytes: each with its name, and its bytes as text where they are text.

    A part called `padding` is drawn in broken lines.

    >>> layout([("header", b"Salted__"), ("salt", bytes(range(8)))])
    bytes  0 to  7  header  Salted__
    bytes  8 to 15  salt    00 01 02 03 04 05 06 07
    """
    rows, lines, at, drawn = [*parts], [], 0, []
    names = max(len(name) for name, _ in rows)
    digits = len(str(sum(len(value) for _, value in rows) - 1))
    for name, value in rows:
        shown = _readable(value)
        lines.append(
            f"bytes {at:>{digits}} to {at + len(value) - 1:>{digits}}  {name:<{names}}  {shown}".rstrip()
        )
        for size, first in _pieces(at, len(value)):
            x, y = _LEFT + (first % ROW) * _BYTE, first // ROW * 44 + 4
            drawn.append(_box(x, y, size * _BYTE, 22, full=name != "padding"))
            piece = _readable(value[first - at : first - at + size])
            drawn.append(_word(x + size * _BYTE / 2, y + 15, piece, size * _BYTE, mono=True))
            drawn.append(
                _word(min(x + size * _BYTE / 2, WIDTH - 36), y + 33, name, max(size * _BYTE, 72), small=True)
            )
            if first % ROW == 0:
                drawn.append(_word(_LEFT - 6, y + 15, str(first), small=True, anchor="end"))
        at += len(value)
    return _picture(drawn, (at + ROW - 1) // ROW * 44, lines)


def coverage(covered: Iterable[tuple[str, str]], left_out: Iterable[tuple[str, str]]) -> Picture:
    """Draw what a signature covers in full lines, and what it leaves out in broken ones.

    >>> coverage([("apiKey", "abc")], [("systemUrl", "https://demo.simla.com")])
    covered      apiKey     abc
    not covered  systemUrl  https://demo.simla.com
    """
    rows = [(name, value, True) for name, value in covered]
    rows += [(name, value, False) for name, value in left_out]
    names = max(len(name) for name, _, _ in rows)
    lines, drawn = [], []
    for place, (name, value, inside) in enumerate(rows):
        said = "covered" if inside else "not covered"
        lines.append(f"{said:<11}  {name:<{names}}  {value}".rstrip())
        y = place * 28 + 4
        drawn.append(_box(1, y, WIDTH - 2, 23, full=inside))
        drawn.append(_word(8, y + 15, name, 110, small=True, anchor="start"))
        drawn.append(_word(122, y + 15, value, 165, mono=True, anchor="start"))
        drawn.append(_word(WIDTH - 8, y + 15, said, small=True, anchor="end"))
    return _picture(drawn, len(rows) * 28 + 4, lines)


def window(tried: Mapping[int, str]) -> Picture:
    """Draw a window in time: `tried` maps the seconds since a message was signed to what was answered then.

    A clock that is behind sees a message before it was signed, so seconds may be negative.

    >>> window({-120: "too early", 0: "accepted", 300: "accepted", 360: "stale"})
    -2 minutes  too early
     0 minutes  accepted
     5 minutes  accepted
     6 minutes  stale
    """
    ages = sorted(tried)
    lines = [f"{age / _MINUTE:>2g} minutes  {tried[age]}" for age in ages]
    inside = [age for age in ages if tried[age] == "accepted"]
    scale = (WIDTH - 60) / (ages[-1] - ages[0])
    x = {age: 30 + (age - ages[0]) * scale for age in ages}
    first, last = x[inside[0]], x[inside[-1]]
    drawn = [_box(first, 24, last - first, 24, full=True), _word((first + last) / 2, 16, "accepted")]
    drawn.append(f'<path d="M4 36H{WIDTH - 4}" stroke="currentColor"/>')
    for age in ages:
        fill = "currentColor" if age in inside else "none"
        dot = f'<circle cx="{x[age]:.0f}" cy="36" r="4.5" fill="{fill}" stroke="currentColor"/>'
        drawn += [dot, _word(x[age], 64, f"{age / _MINUTE:g}", small=True)]
    for age, edge, anchor in ((ages[0], 2, "start"), (ages[-1], WIDTH - 2, "end")):
        if age not in inside:
            drawn.append(_word(edge, 16, tried[age], 120, small=True, anchor=anchor))
    drawn.append(_word(WIDTH / 2, 80, "minutes after signing", small=True))
    return _picture(drawn, 84, lines)


def _pieces(at: int, length: int) -> Iterable[tuple[int, int]]:
    """Yield the size and the first byte of each piece of a part, where rows end."""
    end = at + length
    while at < end:
        size = min(end, (at // ROW + 1) * ROW) - at
        yield size, at
        at += size


def _readable(value: bytes) -> str:
    text = value.decode("ascii", "replace")
    return text if text.isprintable() and "\ufffd" not in text else value.hex(" ")


def _box(x: float, y: float, width: float, height: float, *, full: bool) -> str:
    line = 'fill="currentColor" fill-opacity=".12"' if full else 'fill="none" stroke-dasharray="4 3"'
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" rx="2" stroke="currentColor" {line}/>'


def _word(
    x: float,
    y: float,
    text: str,
    space: float = WIDTH,
    *,
    mono: bool = False,
    small: bool = False,
    anchor: str = "middle",
) -> str:
    """Write text that fits its space: cut with an ellipsis where it would be wider."""
    size = 10 if small or mono else 11.5
    most = int(space / (size * 0.61))
    cut = text if len(text) <= most else text[: max(0, most - 1)] + "…"
    face = ' font-family="monospace"' if mono else ""
    return f'<text x="{x:.1f}" y="{y}" font-size="{size}" text-anchor="{anchor}"{face}>{escape(cut)}</text>'


def _picture(drawn: list[str], height: float, lines: list[str]) -> Picture:
    label = escape("; ".join(" ".join(line.split()) for line in lines))
    svg = (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height:g}" fill="currentColor"'
        f' style="width:100%;max-width:480px;height:auto">{"".join(drawn)}</svg>'
    )
    return Picture(svg, "\n".join(lines))
