"""The source of a mail: its text, taken out of head, parts and transfer encodings."""

from __future__ import annotations

import base64
import binascii
import quopri
import re

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?:[ \t].*)?", re.ASCII)
_ENCODED = re.compile(r"^content-transfer-encoding:[ \t]*(quoted-printable|base64)[ \t]*\r?$", re.I | re.M)
_BOUNDARY = re.compile(r"boundary=\"?([^\";\s]{1,70})", re.I)
_KNOWN = frozenset({"from", "to", "subject", "date", "message-id", "mime-version", "received", "sent", "cc"})


def letter(text: str, undone: list[str]) -> bytes | None:
    """Return the text of a mail without its head, or None for what is none.

    >>> letter("From: a@a.example\\nSubject: b\\n\\nhttps://a.example/", [])
    b'https://a.example/'
    """
    head, blank, rest = re.sub(r"\r\n", "\n", text).partition("\n\n")
    rows = [row for row in head.split("\n") if not row.startswith((" ", "\t"))]
    named = [_HEADER.fullmatch(row) for row in rows]
    if not blank or not all(named):
        return None
    encoded = _ENCODED.search(head)
    names = {found[1].lower() for found in named if found}
    if len(names & _KNOWN) < 2 and not (encoded and "host" not in names):
        return None
    undone.append("the source of a mail, " + encoded[1].lower() if encoded else "the head of a mail")
    if mark := _BOUNDARY.search(head):
        parts = [part.strip("\n").partition("\n\n") for part in f"\n{rest}".split(f"\n--{mark[1]}")[1:]]
        return b"\n\n".join(_decoded(inner, _ENCODED.search(above)) for above, _, inner in parts if inner)
    return _decoded(rest, encoded)


def _decoded(text: str, encoded: re.Match[str] | None) -> bytes:
    content = text.encode()
    if encoded is None:
        return content
    if encoded[1].lower() != "base64":
        return quopri.decodestring(content)
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (ValueError, binascii.Error):
        return content
