"""What else a text may become before it is signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

from .writers import Way, component

_TEXT: tuple[tuple[str, Callable[[str], str | bytes], str, int], ...] = (
    ("text-line-end", lambda t: t + "\n", "", 1),
    ("text-crlf", lambda t: t + "\r\n", "", 1),
    ("text-bom", lambda t: "\ufeff" + t, "", 2),
    ("text-invisible", lambda t: t + "\u200b", "a zero-width space behind it", 2),
    ("text-invisible", lambda t: "\u200b" + t, "a zero-width space in front", 2),
    ("text-invisible", lambda t: t + "\xa0", "a no-break space behind it", 2),
    ("text-blank", lambda t: t + " ", "", 2),
    ("text-trimmed", str.strip, "", 1),
    ("text-line-ends", lambda t: t.replace("\r\n", "\n").replace("\n", "\r\n"), "LF became CRLF", 1),
    ("text-line-ends", lambda t: t.replace("\r\n", "\n"), "CRLF became LF", 1),
    ("text-addslashes", lambda t: re.sub(r"([\\'\"])", r"\\\1", t), "", 1),
    ("text-entities", lambda t: escape(t, quote=True), "", 1),
    ("text-entities", lambda t: escape(t, quote=True).replace("&#x27;", "&#039;"), "as PHP", 2),
    ("text-quoted", lambda t: json.dumps(t, ensure_ascii=False), "", 1),
    ("text-percent", component, "encodeURIComponent", 1),
    ("text-percent", quote_plus, "as a form", 2),
    ("text-percent", lambda t: quote(t, safe=""), "rawurlencode", 2),
    ("text-base64", lambda t: base64.b64encode(t.encode()), "", 2),
    ("text-object", lambda t: "[object Object]", "", 2),
    ("text-lower-case", str.lower, "", 1),
    ("text-upper-case", str.upper, "", 1),
    ("text-utf-16", lambda t: t.encode("utf-16-le"), "", 2),
    ("text-latin-1", lambda t: t.encode("latin-1"), "", 1),
    ("text-mojibake", lambda t: t.encode().decode("latin-1"), "", 1),
    ("text-hashed", lambda t: hashlib.sha256(t.encode()).hexdigest(), "", 2),
    ("text-empty", lambda t: "", "", 2),
    ("text-literal", lambda t: repr(t.encode()), "as Python's str(b'…')", 2),
    ("text-literal", repr, "as Python's repr", 2),
    ("text-literal", lambda t: ",".join(map(str, t.encode())), "as JavaScript's Uint8Array", 2),
    ("text-literal", lambda t: "[" + " ".join(map(str, t.encode())) + "]", "as Go's %v of bytes", 2),
    ("text-literal", lambda t: json.dumps({"type": "Buffer", "data": [*t.encode()]}, separators=(",", ":")), "as Node's Buffer in JSON", 2),
    ("text-literal", lambda t: json.dumps([t], ensure_ascii=False), "in an array", 2),
    *(("text-placeholder", (lambda t, word=word: word), repr(word), 2) for word in ("undefined", "null", "None", "nil", "Array", "[object Promise]", "[object ReadableStream]", "System.Byte[]", "{}", "[]", "true", "1", "NaN", "\0")),
    ("text-line-end", lambda t: "\n" + t, "The signed text began with a line end.", 2),
    ("text-line-end", lambda t: t + "\n\n", "two of them", 2),
    ("text-blank", lambda t: " " + t, "The signed text began with a blank.", 2),
    ("text-quoted", lambda t: json.dumps(t), "with escapes for what is not ASCII", 2),
    ("text-quoted", lambda t: json.dumps(t, ensure_ascii=False).replace("/", "\\/"), "with \\/ for a slash", 2),
    ("text-quoted", lambda t: f'"{t}"', "The signed text was in double quotes, without any escape.", 2),
    ("text-quoted", lambda t: f"'{t}'", "The signed text was in single quotes.", 2),
    ("text-doubled", lambda t: t + t, "", 2),
    ("text-hex", lambda t: t.encode().hex(), "", 2),
    ("text-base64", lambda t: base64.urlsafe_b64encode(t.encode()).rstrip(b"="), "for URLs, without =", 2),
    ("text-base64", lambda t: base64.b64encode(t.encode()) + b"\n", "with a line end", 2),
    ("text-without-blanks", lambda t: re.sub(r"\s", "", t), "", 2),
    ("text-without-blanks", lambda t: re.sub(r"\s+", " ", t), "one for several", 2),
    *(("text-code-page", (lambda t, name=name: t.encode(name)), name, 2) for name in ("cp1252", "cp1251", "cp1250", "koi8-r", "iso-8859-2", "iso-8859-15", "mac-roman", "cp850")),
    ("text-code-page", lambda t: t.encode("ascii", "replace"), "? for what is not ASCII", 2),
    ("text-code-page", lambda t: t.encode("ascii", "ignore"), "what is not ASCII was left out", 2),
    ("text-code-page", lambda t: bytes(ord(c) & 0xFF for c in t), "the low byte of each character", 2),
    ("text-mojibake", lambda t: t.encode().decode("cp1252"), "The signed text's UTF-8 was read as Windows-1252 and encoded again.", 2),
    ("text-utf-16", lambda t: t.encode("utf-16-be"), "big-endian", 2),
    ("text-utf-16", lambda t: b"\xff\xfe" + t.encode("utf-16-le"), "with its mark", 2),
    ("text-utf-16", lambda t: b"\xfe\xff" + t.encode("utf-16-be"), "big-endian, with its mark", 2),
    ("text-hashed", lambda t: hashlib.md5(t.encode(), usedforsecurity=False).hexdigest(), "An MD5 of the text was signed.", 2),
    ("text-entities", lambda t: t.replace("&", "&amp;"), "& alone", 2),
    ("text-percent", lambda t: quote(t), "as Python's quote", 2),
    *(("text-cut", (lambda t, most=most: t[:most]), f"the first {most} characters", 2) for most in (32, 64, 100, 128, 200, 250, 255, 256, 500, 512, 1_000, 1_024, 2_000, 2_048, 4_000, 4_096, 8_192)),
    ("text-cut", lambda t: t[:-1], "without the last character", 2),
    ("text-cut", lambda t: t[1:], "without the first character", 2),
    ("text-nul", lambda t: t + "\0", "", 2),
)  # fmt: skip


def texts(value: bytes) -> Iterator[Way]:
    """Yield what a text may have become before it was signed, each once, as bytes."""
    yield from applied(_TEXT, value)


def applied(table: Any, value: bytes) -> Iterator[Way]:
    """Yield what each row of a table makes of a text, each once; nothing for bytes that are no text."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    seen: set[tuple[str, bytes]] = set()
    for id, make, change, cost in table:
        try:
            made = make(text)
            made = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
        except (ValueError, binascii.Error, RecursionError):
            continue
        if (made or id == "text-empty") and made != value and (id, made) not in seen:
            seen.add((id, made))
            yield id, made, change, cost
