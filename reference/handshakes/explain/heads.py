"""Headers and the body behind them, as a raw request has them; and headers as a browser lists them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..core.messages import Headers
from .unwrapping import raw_bytes

HEADER_LINE = re.compile(r"(:?[A-Za-z][A-Za-z0-9_-]*):[ \t]*(.*)", re.ASCII)


class Head(NamedTuple):
    """Headers, the raw bytes of the body, and what was undone."""

    headers: Headers
    body: bytes
    undone: tuple[str, ...] = ()


def head_and_body(text: str, pasted: bytes, changed: bool) -> Head | None:
    """Return the headers before the first blank line and the raw bytes behind it; None where a line is no header.

    `changed` says that the text is no longer what was pasted.

    >>> head_and_body("A: b\\n\\nbody", b"A: b\\n\\nbody", False)
    Head(headers=(('a', 'b'),), body=b'body', undone=())
    """
    head, _, body = re.sub(r"\r\n", "\n", text).partition("\n\n")
    headers = []
    for row in head.split("\n"):
        found = HEADER_LINE.fullmatch(row.strip())
        if found is None:
            return None
        headers.append((found[1].lower(), found[2].strip()))
    cut = re.search(rb"\r?\n\r?\n", pasted)
    raw = raw_bytes(body) if changed or not cut else pasted[cut.end() :]
    undone = []
    if dict(headers).get("transfer-encoding", "").lower() == "chunked" and (whole := unchunked(raw)):
        undone.append("the body was sent in chunks")
        raw = whole
    length = dict(headers).get("content-length", "")
    if length.isdecimal() and len(length) < 8 and len(raw) > int(length) and not raw[int(length) :].strip():
        undone.append("line ends behind the body, beyond its Content-Length")
        raw = raw[: int(length)]
    return Head(tuple(headers), raw, tuple(undone))


def listed(text: str) -> Headers:
    """Return the headers of a browser's list: a line for the name and a line for the value, or `Request URL:`.

    >>> listed(":path\\n/p?a=b\\n:authority\\na.example")
    ((':path', '/p?a=b'), (':authority', 'a.example'))
    """
    rows = [row.strip() for row in text.splitlines()]
    if ":path" in rows[:-1]:
        return tuple(
            (name.rstrip(":").lower(), value) for name, value in zip(rows[::2], rows[1::2], strict=False)
        )
    if found := re.search(r"^Request URL:?\s+(\S+)", text, re.M | re.I):
        return ((":path", found[1]),)
    return ()


def unchunked(body: bytes) -> bytes:
    """Return a body without the lengths of its chunks (RFC 9112, 7.1), or nothing where they are not right.

    >>> unchunked(b"3\\r\\nabc\\r\\n1;x=y\\r\\nd\\r\\n0\\r\\n\\r\\n"), unchunked(b"abc")
    (b'abcd', b'')
    """
    whole: list[bytes] = []
    at = 0
    while line := re.compile(rb"\s{0,4}([0-9A-Fa-f]{1,6})(?:;[^\r\n]{0,99})?\r?\n").match(body, at):
        length = int(line[1], 16)
        chunk = body[line.end() : line.end() + length]
        if len(chunk) < length:
            return b""
        if not length:
            return b"".join(whole)
        whole.append(chunk)
        at = line.end() + length
    return b""
