"""Faults of an encrypted launch: of the secret, the text and the object."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, unquote

from ....runtime.verdicts import Expected, Refuses, Survives
from ... import readings
from ...rules.encrypted import BLOCK, MAGIC
from ..drafts import Draft
from ..records import CLAUSE
from ..tampering import ecb_data, flipped, opened, padded_as, with_padding
from .launches import UNKNOWN_USER, LaunchFault

_MALFORMED = Refuses("malformed")
_MISSING = Refuses("missing-parameter")
_TYPE = Refuses("wrong-type")
_TWICE = Refuses("duplicate-parameter")
_FAILED = Refuses("decryption-failed")
_OPENED = Survives("opened")
_ONLY = Survives("location-only")


def _encrypted(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str], **more: str
) -> LaunchFault:
    return LaunchFault(name, CLAUSE + clause, expected, what, "encrypted", apply, **more)  # type: ignore[arg-type]


def _bytes(draft: Draft) -> bytes:
    return base64.b64decode(draft.data())


def _of_bytes(draft: Draft, raw: bytes) -> str:
    return draft.with_data(base64.b64encode(raw).decode())


def _with_plus(draft: Draft) -> str:
    """Return an address whose data holds a plus sign that is not escaped."""
    for salt in range(256):
        data = replace(draft, salt=bytes([salt]) * 8).data()
        if "+" in data:
            return draft.with_data(data, escaped=False)
    raise AssertionError("a text of this length always has one")


def _odd_text(draft: Draft, change: Callable[[str], str]) -> str:
    """Return an address whose base64 text is another one than the canonical, for a text that ends in `=`."""
    for more in range(BLOCK * 3):
        data = draft.data(contact_api_id="x" * (more + 1))
        if data.endswith("="):
            return draft.with_data(change(data))
    raise AssertionError("one length in three ends so")


def _loose_bits(data: str) -> str:
    """Return a base64 text with an unused bit set: other characters, the same bytes."""
    body = data.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + data[len(body) :]


def _twice_in_json(draft: Draft) -> str:
    text = draft.text()
    return draft.of_text(f'{{"location_id":"{draft.another.locations[0]}","filler":"x",' + text[1:])


def _in_plain(draft: Draft) -> str:
    return replace(draft, app=replace(draft.app, encrypt_url_params=False)).url()


ENCRYPTED_FAULTS: tuple[LaunchFault, ...] = (
    _encrypted("plain-launch", "launch.mode", Refuses("not-allowed"), "a plain launch with a right hmac", _in_plain),
    # the secret
    _encrypted("wrong-secret", "encrypted.format", _FAILED, "encrypted with another secret",
               lambda d: d.with_data(d.data(secret="another-app-secret"))),
    _encrypted("secret-with-newline", "secret.bytes", _FAILED, "the secret with a line end after it",
               lambda d: d.with_data(d.data(secret=d.app.secret + "\n"))),
    _encrypted("empty-secret", "secret.empty", _FAILED, "encrypted with an empty secret",
               lambda d: d.with_data(with_padding(d.text().encode(), b"", d.salt))),
    _encrypted("sha256-derivation", "encrypted.derivation", _FAILED, "key and IV by SHA-256, OpenSSL's default",
               lambda d: d.with_data(d.data(readings=readings.of("fortis:encrypted.derivation=sha256")))),
    _encrypted("ecb-mode", "encrypted.cipher", _FAILED, "AES-256 in ECB mode",
               lambda d: d.with_data(ecb_data(d.text().encode(), d.app.secret, d.salt))),
    # the text
    _encrypted("no-data", "encrypted.data", _MISSING, "no data at all", lambda d: d.app.iframe_url.partition("?")[0]),
    _encrypted("empty-data", "encrypted.data", Refuses("empty-parameter"), "an empty data", lambda d: d.with_data("")),
    _encrypted("data-twice", "launch.repeated", _TWICE, "data twice",
               lambda d: f"{d.url()}&data={quote(d.data(contact_id=None), safe='')}"),
    _encrypted("too-large", "launch.query", Refuses("too-large"), "data of more than 8192 characters",
               lambda d: d.url(contact_api_id="x" * 6_200)),
    _encrypted("plus-as-blank", "encrypted.base64", _MALFORMED, "a plus sign that is not percent-encoded, so that it arrives as a blank; the app must not turn blanks back", _with_plus),
    _encrypted("no-base64-padding", "encrypted.base64", _MALFORMED, "without the equals signs",
               lambda d: _odd_text(d, lambda data: data.rstrip("="))),
    _encrypted("url-safe-base64", "encrypted.base64", _MALFORMED, "hyphen and underscore in place of plus and slash",
               lambda d: d.with_data(_some_url_safe(d))),
    _encrypted("encoded-twice", "encrypted.base64", _MALFORMED, "percent-encoded twice",
               lambda d: d.with_data(quote(_with_marks(d), safe=""))),
    _encrypted("line-breaks", "encrypted.base64", _MALFORMED, "base64 in lines of 64",
               lambda d: d.with_data("\n".join(d.data()[i : i + 64] for i in range(0, len(d.data()), 64)))),
    _encrypted("unused-bits", "encrypted.base64", _MALFORMED, "another text for the same bytes",
               lambda d: _odd_text(d, _loose_bits)),
    _encrypted("hex-data", "encrypted.header", _MALFORMED, "hex digits in place of base64", lambda d: d.with_data(_bytes(d).hex())),
    _encrypted("wrong-header", "encrypted.header", _MALFORMED, "Xalted__ in place of Salted__",
               lambda d: _of_bytes(d, b"X" + _bytes(d)[1:])),
    _encrypted("no-header", "encrypted.header", _MALFORMED, "without the header, as openssl enc -S writes it",
               lambda d: _of_bytes(d, _bytes(d)[16:])),
    _encrypted("header-alone", "encrypted.length", _MALFORMED, "header and salt, and nothing after them",
               lambda d: _of_bytes(d, _bytes(d)[:16])),
    _encrypted("cut-header", "encrypted.length", _MALFORMED, "cut within the salt", lambda d: _of_bytes(d, _bytes(d)[:12])),
    _encrypted("cut-byte", "encrypted.length", _MALFORMED, "the last byte is cut off", lambda d: _of_bytes(d, _bytes(d)[:-1])),
    _encrypted("cut-block", "encrypted.padding", _FAILED, "the last block is cut off", lambda d: _of_bytes(d, _bytes(d)[:-16])),
    _encrypted("flipped-salt", "encrypted.padding", _FAILED, "a bit of the salt is another",
               lambda d: _of_bytes(d, flipped(_bytes(d), len(MAGIC)))),
    _encrypted("flipped-padding", "encrypted.padding", _FAILED, "a bit in the last block but one is another",
               lambda d: _of_bytes(d, flipped(_bytes(d), -17))),
    _encrypted("loose-padding", "encrypted.padding", _FAILED, "the last byte is right, another of the padding is not",
               lambda d: d.with_data(padded_as(d, "loose"))),
    _encrypted("zero-padding", "encrypted.padding", _FAILED, "zeros in place of PKCS#7", lambda d: d.with_data(padded_as(d, "zeros"))),
    _encrypted("long-padding", "encrypted.padding", _FAILED, "a padding of 24 bytes", lambda d: d.with_data(padded_as(d, "long"))),
    _encrypted("flipped-block", "encrypted.text", _FAILED, "a bit of the first block is another: garbage with right padding",
               lambda d: _of_bytes(d, _garbled(d))),
    _encrypted("latin-1", "encrypted.text", _FAILED, "the text in Latin-1",
               lambda d: d.of_text(d.text(contact_api_id="Müller").encode("latin-1"))),
    # the object
    _encrypted("byte-order-mark", "encrypted.json", _MALFORMED, "a byte order mark before the object",
               lambda d: d.of_text("\ufeff" + d.text())),
    _encrypted("nul-behind", "encrypted.json", _MALFORMED, "NUL bytes after the object", lambda d: d.of_text(d.text() + "\0\0")),
    _encrypted("nan", "encrypted.json", _MALFORMED, "NaN as a value", lambda d: d.of_text(d.text()[:-1] + ',"x":NaN}')),
    _encrypted("lone-surrogate", "encrypted.json", _MALFORMED, "half a surrogate pair, escaped",
               lambda d: d.of_text(d.text()[:-1] + ',"x":"\\ud800"}')),
    _encrypted("empty-text", "encrypted.json", _MALFORMED, "an empty text", lambda d: d.of_text("")),
    _encrypted("query-text", "encrypted.json", _MALFORMED, "a query string in place of JSON",
               lambda d: d.of_text("&".join(f"{k}={v}" for k, v in d.values().items()))),
    _encrypted("deep-json", "encrypted.json", _MALFORMED, "a value nested 2000 deep",
               lambda d: d.of_text(d.text()[:-1] + ',"x":' + "[" * 2_000 + "]" * 2_000 + "}")),
    _encrypted("json-array", "encrypted.json", _TYPE, "an array around the object", lambda d: d.of_text(f"[{d.text()}]")),
    _encrypted("duplicate-json-key", "encrypted.duplicate-keys", _TWICE, "location_id twice, as a forger needs it (S03)",
               _twice_in_json),
    _encrypted("token-underscore", "encrypted.names", _ONLY, "access_token in place of access-token",
               lambda d: d.of_text(d.text().replace('"access-token"', '"access_token"'))),
    _encrypted("true-as-user", "encrypted.integers", _TYPE, "user_id is true",
               lambda d: d.of_text(d.text(user_id=True))),
    _encrypted("float-as-user", "encrypted.integers", _TYPE, "user_id with a fraction", lambda d: d.of_text(d.text(user_id=1.5))),
    _encrypted("list-as-location", "encrypted.integers", _TYPE, "location_id in a list",
               lambda d: d.of_text(d.text(location_id=[d.location.id]))),
    _encrypted("missing-location", "encrypted.required", _MISSING, "no location_id", lambda d: d.url(location_id=None)),
    _encrypted("missing-user", "encrypted.required", _MISSING, "no user_id", lambda d: d.url(user_id=None)),
    _encrypted("user-swapped", "encrypted.coverage", Refuses("identity-mismatch"), "another user_id in the plaintext",
               lambda d: d.url(user_id=UNKNOWN_USER)),
    _encrypted("beside-data", "encrypted.alone", _OPENED, "other parameters beside data",
               lambda d: f"{d.url()}&user_id={d.another.id}&timestamp=1&hmac=0&location_id={d.another.locations[0]}"),
    _encrypted("escaped-json", "encrypted.json", _OPENED, "slashes escaped, as PHP writes them, and blanks",
               lambda d: d.of_text(d.text(contact_api_id="Müller").replace("/", "\\/").replace(",", ", ").replace("ü", "\\u00fc"))),
    _encrypted("unknown-members", "encrypted.names", _OPENED, "members that no page names",
               lambda d: d.of_text(d.text()[:-1] + ',"timestamp":1,"roles":["a"]}')),
    _encrypted("null-contact", "launch.absent", _OPENED, "null for what there is not",
               lambda d: d.of_text(d.text(contact_id=None, contact_api_id=None))),
)  # fmt: skip


def _with_marks(draft: Draft) -> str:
    """Return a value of data that has to be percent-encoded somewhere."""
    return unquote(_with_plus(draft).partition("data=")[2])


def _some_url_safe(draft: Draft) -> str:
    return _with_marks(draft).replace("+", "-").replace("/", "_")


def _garbled(draft: Draft) -> bytes:
    """Return bytes whose first block decrypts to something that is not UTF-8."""
    for place in range(16, 32):
        raw = flipped(_bytes(draft), place)
        try:
            opened(raw, draft.app.secret).decode()
        except UnicodeDecodeError:
            return raw
    raise AssertionError("a random block of 16 bytes is hardly ever UTF-8, and never 16 times")
