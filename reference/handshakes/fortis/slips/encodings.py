"""How else the value of `data` may have been written: its encoding, and the envelope of salt, IV and ciphertext."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from ...core.cases import Made, replacing
from ...core.refusals import Refused
from .. import readings as other_readings
from ..rules import Rules
from ..rules.encrypted import BLOCK, MAGIC
from .opening import Sealed

State = tuple[Any, ...]
_BROKEN_END = re.compile(r"%[0-9A-Fa-f]?$", re.ASCII)
"""Half an escape, at which a URL was cut."""
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)
_COLON = re.compile(r"([\w+/=-]+)(::?|\.|\||,|\$)([\w+/=-]+)", re.ASCII)
_PARAMETERS = ("data", "payload", "encrypted", "d", "token", "params", "q")
CIPHERTEXTS = ("ct", "ciphertext", "cipherText", "value", "data", "content", "encrypted", "encryptedData", "payload")  # fmt: skip


def loose(text: str) -> bytes:
    """Return the bytes of base64 in either alphabet, with or without padding and line breaks; raises `ValueError`.

    >>> loose("U2Fsd GVkX18")
    b'Salted__'
    """
    plain = re.sub(r"\s", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def parameters(rule: Rules) -> Any:
    """Return the layer's function that takes `data` out of a query."""

    def taken(state: State) -> State:
        (query,) = state
        return (rule.parameters(_BROKEN_END.sub("", query))["data"],)

    return taken


def parameter_ways(state: State) -> Iterator[Made]:
    """Yield the value of `data` as other readers take it out of a query."""
    (query,) = state
    for id, read in replacing(other_readings.READINGS, "parameters"):
        try:
            yield Made(id, (read(query)["data"],))
        except (Refused, KeyError):
            continue
    pieces = [piece.partition("=")[::2] for piece in re.split("[&;]", query)]
    for name, value in pieces:
        plain = re.sub(r"\[.*|%5B.*", "", unquote(name), flags=re.I).strip().lower()
        if name != "data" and (plain in _PARAMETERS or value.startswith(("U2FsdGVkX1", "Salted__"))):
            yield Made("fortis-parameter-respelled", (unquote(value.replace("+", " ")),), "", 1)
        elif name == "data" and unquote_to_bytes(value)[:8] == MAGIC:
            yield Made("fortis-data-raw", (unquote_to_bytes(value),))
        elif name == "data" and "%" in value:
            yield Made("fortis-data-escaped", (unquote(unquote(value)),), "percent-encoded twice", 2)


def text_ways(state: State) -> Iterator[Made]:
    """Yield the texts of base64 that the value stands for."""
    (data,) = state
    if not isinstance(data, str):
        return
    flat = re.sub(r"\s", "", data)
    standard = flat.replace("-", "+").replace("_", "/")
    unescaped = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda f: chr(int(f[1], 16)), unescape(data)).replace(
        "\\/", "/"
    )
    inner = re.sub(r"^data:[\w/;,+-]*base64,", "", data.strip("\"'`<>[]() \t\r\n"))
    for id, made, change in (
        ("fortis-data-line-breaks", flat if re.search(r"[\r\n\t]", data) else data, "without them"),
        ("fortis-data-line-breaks", re.sub(r"\\[rn]", "", data), "written as \\n"),
        ("fortis-data-line-breaks", flat if data.rstrip(" ") != data or data[:1] == " " else data, "blanks"),
        ("plus-as-blank", data.replace(" ", "+") + "=" * (-len(data) % 4) if " " in data else data, "and its = signs were lost" if len(data) % 4 else ""),
        ("fortis-data-url-safe", standard.rstrip("=") + "=" * (-len(standard.rstrip("=")) % 4) if standard != flat else data, ""),
        ("fortis-data-escaped", unescaped, ""),
        ("fortis-data-escaped", unquote(data.replace("+", "%2B")), "percent-encoded"),
        ("fortis-data-quoted", inner, ""),
    ):  # fmt: skip
        if made != data:
            yield Made(id, (made,), change)


def bytes_of(rule: Rules) -> Any:
    """Return the layer's function that decodes the value."""

    def decoded(state: State) -> State:
        (data,) = state
        return (data if isinstance(data, bytes) else rule.text(data),)

    return decoded


def byte_ways(state: State) -> Iterator[Made]:
    """Yield the bytes, or salt, IV and ciphertext, that a value stands for if it is no canonical base64."""
    (data,) = state
    if not isinstance(data, str):
        return
    for id, read in replacing(other_readings.READINGS, "text"):
        try:
            yield Made(id, (read(data),))
        except (Refused, ValueError):
            continue
    text = data.strip()
    if _HEX.fullmatch(text):
        yield Made("fortis-data-hex", (bytes.fromhex(text),))
    if text.startswith("{"):
        yield from ((Made(id, (sealed,))) for id, sealed in _of_json(text))
    if found := _COLON.fullmatch(text):
        for one, other in ((found[1], found[3]), (found[3], found[1])):
            for iv in _short(one):
                yield Made("fortis-iv-beside", (Sealed(None, _either(other), iv),))
    if re.fullmatch(r"[0-9a-f]{64}[\w+/=-]+", text, re.ASCII):
        salt, iv = bytes.fromhex(text[:32]), bytes.fromhex(text[32:64])
        yield Made("fortis-salt-and-iv", (Sealed(salt, loose(text[64:]), iv),), "in hex")
    try:
        raw = loose(text)
    except (ValueError, binascii.Error):
        raw = b""
    if re.fullmatch(rb"[\w+/=\s-]{24,}", raw, re.ASCII):
        inner = raw.decode()
        if _HEX.fullmatch(inner):
            yield Made("fortis-data-base64-twice", (bytes.fromhex(inner),), "hex in base64")
        else:
            yield Made("fortis-data-base64-twice", (loose(inner),))
    if raw[:8] == MAGIC and len(raw) % BLOCK == 0 and len(text) % 4 == 0:
        return  # all of it is there, as far as its length says
    cut = re.sub(r"%?[0-9A-F]?$|[^\w+/-].*$", "", text.replace(" ", "+"), flags=re.S)
    cut = cut[: len(cut) // 4 * 4]
    whole = loose(cut)
    if whole[:8] == MAGIC and len(whole) > 16 + BLOCK:
        sealed = Sealed(whole[8:16], whole[16 : len(whole) // BLOCK * BLOCK], cut=True)
        yield Made("fortis-data-cut", (sealed,), "", 1)


def envelope(rule: Rules) -> Any:
    """Return the layer's function that takes salt and ciphertext out of the bytes; their length is left to the mode."""

    def taken(state: State) -> State:
        (raw,) = state
        if isinstance(raw, Sealed):
            return (raw, None)
        if raw[:8] == MAGIC and len(raw) % BLOCK:
            return (Sealed(raw[8:16], raw[16:]), None)
        return (Sealed(*rule.envelope(raw)), None)

    return taken


def envelope_ways(state: State) -> Iterator[Made]:
    """Yield salt, IV and ciphertext as other formats have them."""
    (raw,) = state
    if isinstance(raw, Sealed):
        if raw.iv is None and not raw.cut:
            yield Made("fortis-salt-unused", (Sealed(b"", raw.data), None))
        return
    found: list[tuple[str, Sealed, str]] = []
    if raw[:1] == b"{":
        found += [(id, sealed, "") for id, sealed in _of_json(raw.decode())]
    for id, read in replacing(other_readings.READINGS, "envelope"):
        try:
            found.append((id, Sealed(*read(raw)), ""))
        except Refused:
            continue
    if raw[:8] == MAGIC:
        salt, data = raw[8:16], raw[16:]
        found += [
            ("fortis-salt-unused", Sealed(b"", data), ""),
            ("fortis-salt-misread", Sealed(raw[:16], data), "Salted__ and the salt"),
            ("fortis-salt-misread", Sealed(raw[:8], data), "Salted__ in its place"),
            ("fortis-salt-misread", Sealed(salt.hex().encode(), data), "its hex digits"),
            ("fortis-salt-misread", Sealed(base64.b64encode(salt), data), "its base64"),
            ("fortis-salt-misread", Sealed(raw[8:24], raw[24:]), "16 bytes of salt"),
            ("fortis-iv-in-front", Sealed(salt, raw[32:], raw[16:32]), "behind the salt"),
        ]
    else:
        found += [
            ("fortis-magic-lost", Sealed(raw[:8], raw[8:]), ""),
            ("fortis-no-envelope", Sealed(None, raw), ""),
            ("fortis-iv-in-front", Sealed(None, raw[16:], raw[:16]), ""),
            ("fortis-iv-behind", Sealed(None, raw[:-16], raw[-16:]), ""),
            ("fortis-salt-and-iv", Sealed(raw[:16], raw[32:], raw[16:32]), "16 bytes of salt"),
            ("fortis-salt-and-iv", Sealed(raw[:8], raw[24:], raw[8:24]), "8 bytes of salt"),
            ("fortis-mode-gcm", Sealed(None, raw[12:-16], raw[:12], True), "the tag behind"),
            ("fortis-mode-gcm", Sealed(None, raw[28:], raw[:12], True), "the tag behind the nonce"),
        ]
        for between in (b"::", b":", b"."):
            text, separator, iv = raw.rpartition(between)
            if separator and len(iv) == BLOCK:
                found.append(("fortis-iv-beside", Sealed(None, text, iv), f"behind {between.decode()!r}"))
            elif separator and _COLON.fullmatch(raw.decode("latin-1")):
                one, other = text.decode(), iv.decode()
                found += [("fortis-iv-beside", Sealed(None, _either(a), i), "") for a, b in ((one, other), (other, one)) for i in _short(b)]  # fmt: skip
    yield from (Made(id, (sealed, None), change) for id, sealed, change in found if sealed.data)


def ciphertext_ways(state: State) -> Iterator[Made]:
    """Yield the ciphertext decoded, where it is text."""
    sealed, received = state
    if re.fullmatch(rb"[\w+/=\s-]{16,}", sealed.data, re.ASCII):
        yield Made(
            "fortis-ciphertext-encoded", (sealed._replace(data=_either(sealed.data.decode())), received)
        )


def _either(text: str) -> bytes:
    """Return the bytes of hex or base64."""
    return bytes.fromhex(text) if _HEX.fullmatch(text) else loose(text)


def _short(text: str) -> Iterator[bytes]:
    """Yield what can be an IV: 16 bytes in hex, in base64, or as they are."""
    if len(text) == BLOCK:
        yield text.encode()
    try:
        made = _either(text)
    except (ValueError, binascii.Error):
        return
    if len(made) == BLOCK:
        yield made


def _of_json(text: str) -> Iterator[tuple[str, Sealed]]:
    """Yield what a JSON object of ciphertext, IV and salt stands for."""
    value = json.loads(text)
    if not isinstance(value, dict):
        return
    data = next((value[name] for name in CIPHERTEXTS if isinstance(value.get(name), str)), "")
    if not data:
        return
    salt = value.get("s") or value.get("salt")
    iv = next(_short(str(value.get("iv") or "")), None)
    sealed = Sealed(_either(salt) if isinstance(salt, str) and salt else None, _either(data), iv)
    yield ("fortis-cryptojs-json" if "ct" in value else "fortis-json-envelope"), sealed
