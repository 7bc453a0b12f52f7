"""What tools export: a request in a Burp Suite file, a dump of bytes, base64 of it, what a sniffer shows, the output of HTTPie."""

from __future__ import annotations

import base64
import binascii
import re

from .mails import letter

_BURP = re.compile(
    r"<request(?: base64=\"(true|false)\")?>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</request>", re.S
)
_DUMPED = re.compile(r"[0-9a-fA-F]{4,8}(:?) {1,3}(.*)", re.ASCII)
_DIGITS = re.compile(r"(?:[0-9a-fA-F]{2,4} *)+", re.ASCII)
_BASE64 = re.compile(r"[\w+/-]+={0,2}", re.ASCII)
_HEXED = re.compile(r"(?:[0-9a-fA-F]{2})+", re.ASCII)
_REQUEST = re.compile(
    rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+ HTTP/|https?://[\w.-]+/?\S*\?|(?:slug|location_id)="
)
_SNIFFED = re.compile(r"(?:GET|POST|PUT) /\S* HTTP/1\.[01]\r?\n(?=[\w-]+: )")
_HTTPIE = re.compile(r"(?:\S*[$>%#] *)?https? [^\n]*\n(?=(?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+ HTTP/)")


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
        return _decoded(burp[2]) if burp[1] == "true" else burp[2].encode()
    if (dumped := _dumped(text)) is not None:
        undone.append("a dump of bytes, as xxd or hexdump writes it")
        return dumped
    if (command := _HTTPIE.match(text)) is not None:
        undone.append("the output of HTTPie")
        asked = re.split(r"\r?\n\r?\n(?=HTTP/[12])", text[command.end() :], maxsplit=1)[0]
        return asked.encode()
    if (found := letter(text, undone)) is not None:
        return found
    flat = re.sub(r"\s", "", text)
    if len(flat) > 60 and _BASE64.fullmatch(flat):
        inner = _decoded(flat)
        if _REQUEST.match(inner):
            undone.append("the whole of it was in base64")
            return inner
    if len(flat) > 100 and _HEXED.fullmatch(flat):
        inner = bytes.fromhex(flat)
        if _REQUEST.match(inner):
            undone.append("the whole of it was in hex")
            return inner
    if (sniffed := _SNIFFED.search(text)) and not re.match(r"[A-Za-z`>~\"']", text):
        undone.append("what a sniffer puts before a request")
        return text[sniffed.start() :].encode()
    return None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (ValueError, binascii.Error):
        return text.encode()


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


def from_base64(text: str) -> str:
    """Return the text that base64 stands for, or nothing.

    >>> from_base64("YT1i"), from_base64("?")
    ('a=b', '')
    """
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True).decode()
    except ValueError:
        return ""
