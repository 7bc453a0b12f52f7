"""Slips of the key and of the MAC: what else a secret may have become, and what else may have been computed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator
from html import escape, unescape
from urllib.parse import quote, unquote

from ..core.cases import Mac

Key = tuple[str, bytes, str, int]
"""A slip, the key that it makes, what was changed, and what it costs."""

_DOLLAR = re.compile(r"\$(?:[0-9$?!#@*-]|\{\w+\}|[A-Za-z_]\w*)", re.ASCII)
PREFIXED = re.compile(
    r"(?:whsec_|sk_live_|sk_test_|sk_|pk_|Bearer |Basic |sha256=|secret[:=] ?)(?=.)", re.I | re.A
)
ASSIGNED = re.compile(r"(?:export )?[A-Za-z_][A-Za-z0-9_]{2,}=(?=.)", re.ASCII)
PLACEHOLDERS = ("undefined", "null", "None", "nil", "secret", "changeme", "[object Object]", "test")


def doubt(secret: str) -> str:
    """Return a sentence on a secret that looks like something else than a secret, or nothing; no part of it is shown.

    >>> doubt('"example"')
    'The secret given is in quotes.'
    """
    for test, said in (
        (secret != secret.strip("\ufeff \t\r\n"), "has blanks, line ends or a byte order mark around it"),
        (re.match(r"https?://", secret, re.I) is not None, "is a URL"),
        (_unquoted(secret) != secret, "is in quotes"),
        (ASSIGNED.match(secret) is not None, "is a whole line NAME=value"),
        (PREFIXED.match(secret) is not None, "begins with a prefix that is usually not part of the key"),
        (secret.startswith("-----BEGIN"), "is a key in PEM form, where a text is shared by both sides"),
        (secret.count(".") == 2 and secret.startswith("eyJ"), "looks like a token (JWT)"),
        (re.fullmatch(r"[*•.]{4,}", secret) is not None, "is the masked form that a page shows"),
        (
            secret.lower() in PLACEHOLDERS and secret != "secret",
            "is a placeholder or the text of an unset variable",
        ),
    ):
        if test:
            return f"The secret given {said}."
    return ""


def _base64(text: str) -> bytes:
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'`" else text


def _hashed(name: str, hexed: bool = True) -> Callable[[str], str | bytes]:
    def made(secret: str) -> str | bytes:
        digest = hashlib.new(name, secret.encode(), usedforsecurity=False)
        return digest.hexdigest() if hexed else digest.digest()

    return made


def _without(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda secret: pattern.sub("", secret, count=1) if pattern.match(secret) else secret


_KEYS: tuple[tuple[str, Callable[[str], str | bytes], str, int], ...] = (
    ("key-line-end", lambda s: s + "\n", "", 1),
    ("key-crlf", lambda s: s + "\r\n", "", 1),
    ("key-blank", lambda s: s + " ", "", 1),
    ("key-quoted", lambda s: f'"{s}"', "", 1),
    ("key-single-quoted", lambda s: f"'{s}'", "", 1),
    ("key-bom", lambda s: "\ufeff" + s, "", 1),
    ("key-trimmed", lambda s: s.strip("\ufeff \t\r\n"), "", 1),
    ("key-unquoted", lambda s: _unquoted(s.strip()), "", 1),
    ("key-prefix", _without(PREFIXED), "without the prefix", 1),
    ("key-prefix", lambda s: _base64(_without(PREFIXED)(s)), "without the prefix, base64-decoded", 2),
    ("key-assigned", lambda s: _unquoted(_without(ASSIGNED)(s)), "", 1),
    ("key-without-dashes", lambda s: s.replace("-", ""), "", 1),
    ("key-from-hex", bytes.fromhex, "", 1),
    ("key-from-base64", _base64, "", 1),
    ("key-to-hex", lambda s: s.encode().hex(), "", 1),
    ("key-to-base64", lambda s: base64.b64encode(s.encode()), "", 1),
    ("key-empty", lambda s: "", "", 1),
    ("key-upper-case", str.upper, "", 1),
    ("key-lower-case", str.lower, "", 1),
    ("key-percent", unquote, "percent-decoded", 1),
    ("key-percent", lambda s: quote(s, safe=""), "percent-encoded", 1),
    ("key-comment", lambda s: s.partition("#")[0].rstrip(), "", 1),
    ("key-comment", lambda s: s.partition(";")[0].rstrip(), "cut at the semicolon", 2),
    ("key-dollar", lambda s: _DOLLAR.sub("", s), "", 1),
    ("key-dollar", lambda s: re.sub(r"\$\{?\w+\}?", "", s), "the whole word behind it", 2),
    ("key-bracketed", lambda s: f"<{s}>", "in angle brackets", 1),
    ("key-bracketed", lambda s: s.strip("<>[]{}"), "without them", 1),
    ("key-bracketed", lambda s: "{" + s + "}", "in braces", 2),
    ("key-bracketed", lambda s: f"[{s}]", "in square brackets", 2),
    ("key-mojibake", lambda s: s.encode().decode("latin-1"), "", 1),
    ("key-dollar", lambda s: s.replace("$$", "$"), "$$ became $", 2),
    ("key-equals", lambda s: s.rpartition("=")[2] or s.rstrip("="), "", 2),
    ("key-backslashes", lambda s: re.sub(r"\\(.)", r"\1", s), "without backslashes", 1),
    ("key-backslashes", lambda s: re.sub(r"([\\'\"$`!])", r"\\\1", s), "with backslashes", 2),
    ("key-entities", unescape, "unescaped", 1),
    ("key-entities", escape, "escaped", 2),
    ("key-carriage-return", lambda s: s + "\r", "", 2),
    ("key-blank-before", lambda s: " " + s, "", 2),
    ("key-tab", lambda s: s + "\t", "", 1),
    ("key-blank-lines", lambda s: s + "\n\n", "", 2),
    ("key-last-character", lambda s: s[:-1], "without the last character", 2),
    ("key-last-character", lambda s: s[1:], "without the first character", 2),
    ("key-hashed", _hashed("sha256", False), "SHA-256 of the secret", 2),
    ("key-hashed", _hashed("sha256"), "SHA-256 of the secret, in hex", 1),
    ("key-hashed", _hashed("md5"), "MD5 of the secret, in hex", 2),
    ("key-hashed", _hashed("sha1"), "SHA-1 of the secret, in hex", 2),
    ("key-normalised", lambda s: unicodedata.normalize("NFC", s), "as NFC", 2),
    ("key-normalised", lambda s: unicodedata.normalize("NFD", s), "as NFD", 2),
    ("key-latin-1", lambda s: s.encode("latin-1"), "", 1),
    ("key-utf-16", lambda s: s.encode("utf-16-le"), "", 2),
    ("key-doubled", lambda s: s + s, "", 2),
    ("key-cut", lambda s: s[:32], "the first 32 characters", 2),
    ("key-cut", lambda s: s[:16], "the first 16 characters", 2),
    *(("key-placeholder", (lambda s, word=word: word), repr(word), 2) for word in PLACEHOLDERS),
)


def keys(secret: str, others: tuple[str, ...] = ()) -> Iterator[Key]:
    """Yield the keys that the other side may have used instead of the secret's bytes; two slips may make the same.

    >>> [made for id, made, _, _ in keys("s3cret") if id == "key-line-end"]
    [b's3cret\\n']
    """
    own = secret.encode("utf-8", "surrogatepass")
    seen: set[tuple[str, bytes]] = set()
    for number, other in enumerate(others, 2):
        yield "key-other", other.encode("utf-8", "surrogatepass"), f"number {number} of those given", 1
    for id, make, change, cost in _KEYS:
        try:
            made = make(secret)
            key = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
        except (ValueError, binascii.Error):
            continue
        if key != own and (id, key) not in seen:
            seen.add((id, key))
            yield id, key, change, cost


def _hmac(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda key, message: hmac.digest(key, message, name)


def _plain(name: str, text: Callable[[bytes, bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
    return lambda key, message: hashlib.new(name, text(key, message), usedforsecurity=False).digest()


MACS: tuple[tuple[Mac, int], ...] = (
    (Mac(("mac-swapped",), lambda key, message: hmac.digest(message, key, "sha256")), 1),
    (Mac(("mac-plain-secret-first",), _plain("sha256", lambda key, message: key + message)), 1),
    (Mac(("mac-plain-secret-last",), _plain("sha256", lambda key, message: message + key)), 1),
    (Mac(("mac-sha1",), _hmac("sha1")), 1),
    (Mac(("mac-md5",), _hmac("md5")), 1),
    (Mac(("mac-sha512",), _hmac("sha512")), 1),
    (Mac(("mac-sha384",), _hmac("sha384")), 2),
    (Mac(("mac-sha224",), _hmac("sha224")), 2),
    (Mac(("mac-sha3",), _hmac("sha3_256")), 2),
    (Mac(("mac-no-key",), _plain("sha256", lambda key, message: message)), 1),
    (Mac(("mac-plain-md5",), _plain("md5", lambda key, message: key + message)), 2),
    (Mac(("mac-plain-md5",), _plain("md5", lambda key, message: message + key)), 2),
    (Mac(("mac-plain-sha1",), _plain("sha1", lambda key, message: key + message)), 2),
    (Mac(("mac-plain-sha1",), _plain("sha1", lambda key, message: message + key)), 2),
    (Mac(("mac-plain-both-sides",), _plain("sha256", lambda key, message: key + message + key)), 2),
    (Mac(("mac-twice",), lambda key, message: hmac.digest(key, hmac.digest(key, message, "sha256").hex().encode(), "sha256"), changes=("the hex digits were signed again",)), 1),
    (Mac(("mac-twice",), lambda key, message: hmac.digest(key, hmac.digest(key, message, "sha256"), "sha256")), 2),
    (
        Mac(
            ("mac-of-hash",),
            lambda key, message: hmac.digest(key, hashlib.sha256(message).hexdigest().encode(), "sha256"),
        ),
        1,
    ),
    (
        Mac(("mac-of-hash",), lambda key, message: hmac.digest(key, hashlib.sha256(message).digest(), "sha256")),
        2,
    ),
)  # fmt: skip
"""Other values that are made of key and message, each with its cost."""


def lossy(made: bytes, received: str) -> tuple[str, ...] | None:
    """Return the slip by which a digest lost bytes when it was written, or None; such a form cannot be read back.

    >>> lossy(bytes.fromhex("0aff"), "aff"), lossy(bytes.fromhex("41ff"), "41efbfbd")
    (('form-without-zeros',), ('form-as-text',))
    """
    small = received.lower()
    if "".join(f"{byte:x}" for byte in made) == small and made.hex() != small:
        return ("form-without-zeros",)
    text = made.decode("utf-8", "replace").encode()
    if text != made and (text.hex() == small or base64.b64encode(text).decode() == received):
        return ("form-as-text",)
    return None


SIZES = frozenset({16, 20, 28, 32, 48, 64})
"""How many bytes a digest may have."""
_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII).fullmatch


def read_digest(text: str) -> list[tuple[tuple[str, ...], bytes]]:
    """Return what a received digest may stand for, each with the slips of its form; none for lower-case hex.

    >>> read_digest("0F" * 32)[0][0]
    ('form-upper-case',)
    >>> read_digest('"sha256=' + "0f" * 32 + '"')[0][0]
    ('form-quoted', 'form-named')
    """
    slips: list[str] = []
    for slip, changed in (
        ("form-percent", lambda t: unquote(t) if "%" in t else t),
        ("form-blank", str.strip),
        ("form-quoted", lambda t: t.strip("\"'") if t[:1] in "\"'" or t[-1:] in "\"'" else t),
        ("form-named", lambda t: re.sub(r"^(?:hmac-)?(?:sha-?256|sha-?1|md5|sha-?512|v1|0x)[=:]? ?", "", t, flags=re.I) if "=" in t[:12] or t[:2] == "0x" or ":" in t[:12] else t),
        ("form-separated", lambda t: re.sub(r"[:\- ]", "", t) if re.fullmatch(r"(?:[0-9A-Fa-f]{2}[:\- ]){7,}[0-9A-Fa-f]{2}", t) else t),
    ):  # fmt: skip
        if (after := changed(text)) != text:
            slips.append(slip)
            text = after
    found: list[tuple[tuple[str, ...], bytes]] = []

    def add(*more: str, value: bytes) -> None:
        if len(value) in SIZES:
            found.append(((*slips, *more), value))
        if 8 <= len(value) < 32:
            found.append(((*slips, *more, "form-cut"), value))

    if _HEX(text):
        case = () if text == text.lower() else ("form-upper-case",)
        if len(text) % 2:
            add(*case, "form-cut", value=bytes.fromhex(text[:-1]))
        else:
            add(*case, value=bytes.fromhex(text))
    blanks = " " in text
    plain = text.replace(" ", "+") if blanks else text
    try:
        value = _base64(plain)
    except (ValueError, binascii.Error):
        return found
    url_safe = "-" in plain or "_" in plain
    forms = ["form-base64url" if url_safe else "form-base64"]
    if blanks:
        forms.append("plus-as-blank")
    if not plain.endswith("=") and len(plain) % 4:
        forms.append("form-unpadded")
    if _HEX(text) is None or len(text) % 4 == 0:
        add(*forms, value=value)
    if inner := re.fullmatch(rb"[0-9a-fA-F]{32,128}", value):
        add("form-base64-of-hex", value=bytes.fromhex(inner[0].decode()[: len(inner[0]) // 2 * 2]))
    return found
