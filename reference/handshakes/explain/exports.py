"""What tools export: a request in a Burp Suite file, a dump of bytes, the source of a mail, the output of HTTPie."""

from __future__ import annotations

import base64
import binascii
import quopri
import re

_BURP = re.compile(
    r"<request(?: base64=\"(true|false)\")?>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</request>", re.S
)
_DUMPED = re.compile(r"[0-9a-fA-F]{4,8}(:?) {1,3}(.*)", re.ASCII)
_DIGITS = re.compile(r"(?:[0-9a-fA-F]{2,4} *)+", re.ASCII)
_HTTPIE = re.compile(r"(?:[$>%#] *)?https? [^\n]*\n(?=(?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+ HTTP/)")
_ENCODED = re.compile(r"^content-transfer-encoding:[ \t]*(quoted-printable|base64)[ \t]*\r?$", re.I | re.M)


def opened(text: str, undone: list[str]) -> bytes | None:
    """Return the bytes that an export holds, or None for what is none.

    >>> undone = []
    >>> opened("00000000: 4745 5420 2f78 3f61  GET /x?a\\n00000008: 3d62                 =b", undone), undone
    (b'GET /x?a=b', ['a dump of bytes, as xxd or hexdump writes it'])
    >>> opened("https://a.example/", undone) is None
    True
    """
    if (burp := _BURP.search(text)) is not None:
        undone.append("an export of Burp Suite")
        return _decoded(burp[2]) if burp[1] == "true" else burp[2].encode("utf-8", "surrogatepass")
    if (dumped := _dumped(text)) is not None:
        undone.append("a dump of bytes, as xxd or hexdump writes it")
        return dumped
    if (command := _HTTPIE.match(text)) is not None:
        undone.append("the output of HTTPie")
        return text[command.end() :].encode("utf-8", "surrogatepass")
    head, blank, rest = re.sub(r"\r\n", "\n", text).partition("\n\n")
    if blank and (encoded := _ENCODED.search(head)) is not None:
        undone.append(f"the source of a mail, {encoded[1].lower()}")
        content = rest.encode("utf-8", "surrogatepass")
        return quopri.decodestring(content) if encoded[1].lower() != "base64" else _decoded(rest)
    return None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (ValueError, binascii.Error):
        return text.encode("utf-8", "surrogatepass")


def _dumped(text: str) -> bytes | None:
    rows = text.strip().splitlines()
    if len(rows) < 2 or not rows[0].startswith("0000"):
        return None
    found = bytearray()
    for row in rows:
        if re.fullmatch(r"[0-9a-fA-F]{4,8}", row.strip()):
            continue  # the length, behind the last row
        if (match := _DUMPED.fullmatch(row.rstrip())) is None:
            return None
        part = match[2].partition("  " if match[1] else "|")[0]
        digits = part.replace(" ", "")
        if _DIGITS.fullmatch(part.strip()) is None or len(digits) % 2:
            return None
        found += bytes.fromhex(digits)
    return bytes(found) or None
