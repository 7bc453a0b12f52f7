"""Writes Fortis' vectors.json, without the package.

    python tests/vectors/make_fortis.py            write the file
    python tests/vectors/make_fortis.py --print    write it to standard output

Digests and MACs come from `hashlib` and `hmac`, AES from the OpenSSL command line. Each vector says by hand
what is sent, and whether it is accepted or why and where it is refused. What other readings answer, and what
is returned, comes from a small reader of its own below, written from the clauses and readings of spec.toml;
for the adopted readings it has to agree with what stands there by hand.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from common import Expect, main, refused

PAGE = "your key"
UUID = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3"
PLAIN = "your_secret_key"
ODD = "clé-秘密"
LOCATION = "11ea858313aabde4bd2eb0fa"
USER = "11e7a84525008da8960b72e7"
LONG = "an-app-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256-"
NOW = 1_700_000_000
SAMPLE = (
    "U2FsdGVkX1%2Fj9Je0wTkvYSRUOGvJoFya6GchJVNcIkILOeJsp5wEtvbWqQkcdV%2BvgnmdA%2BvK0EO8UXkakPhz"
    "MQk0bAowaYFth%2F6oIJKMOj1u0DUq%2B97nT9e62sO9entYd6UjIqkMlU4Cps%2BuUwaHOWerjvvKC3xbCZNIHVVH"
    "iYSRiZlgszF0w72ph5Gd75EyQcY5d2QDvgtgOGRgx1khQzxy8zealC2wbZ0Yp6HVjzwq3%2FUb92sXsJ9FRaxrWzko"
)
"""The value of `data` in the page's sample URL, as it stands there; its secret is not public, so it shows its form alone."""
SIX = ("location_id", "user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url")


class Refusal(Exception):
    """What the small reader says: a reason, and the stage where it broke."""

    def __init__(self, reason: str, stage: str = "", shown: list[dict[str, Any]] | None = None) -> None:
        super().__init__(reason, stage)
        self.shown = shown or []
        self.expect = refused(reason, stage)


ACCEPTED = {"verdict": "accepted"}
BAD_BASE64 = refused("malformed", "base64")
BAD_HEADER = BAD_LENGTH = refused("malformed", "envelope")
BAD_PADDING = refused("decryption-failed", "padding")
BAD_TEXT = refused("decryption-failed", "json")
BAD_JSON = refused("malformed", "json")
NO_OBJECT = refused("wrong-type", "json")
KEY_TWICE = refused("duplicate-parameter", "json")
NO_MEMBER = refused("missing-parameter", "members")
BAD_TYPE = refused("wrong-type", "members")
BAD_ID = refused("malformed", "members")
EMPTY_SECRET = refused("empty-secret")
TOO_LARGE = refused("too-large", "base64")
QUERY_TOO_LARGE = refused("too-large")
NOTHING = refused("empty-parameter", "base64")
TWICE = refused("duplicate-parameter")
LACKING = refused("missing-parameter", "parameters")
EMPTY = refused("empty-parameter", "parameters")
OTHER_MODE = refused("not-allowed", "parameters")
BAD_ESCAPE = refused("malformed")
BAD_HMAC = refused("malformed", "hmac")
BAD_TIME = refused("malformed", "timestamp")
MILLISECONDS = refused("timestamp-in-milliseconds", "timestamp")
MISMATCH = refused("signature-mismatch", "message")
STALE = refused("stale", "time")
FUTURE = refused("from-the-future", "time")

# --- the format -------------------------------------------------------------------------------


@cache
def aes(direction: str, key: bytes, iv: bytes, blocks: bytes) -> bytes:
    """AES-256-CBC of whole blocks by the OpenSSL command line, which is to leave padding alone."""
    command = ["openssl", "enc", f"-{direction}", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", iv.hex()]
    return subprocess.run(command, input=blocks, capture_output=True, check=True, timeout=20).stdout


def chained(secret: bytes, salt: bytes, name: str = "md5") -> bytes:
    """48 bytes: each digest is over the one before, the secret and the salt."""
    made = last = b""
    while len(made) < 48:
        last = hashlib.new(name, last + secret + salt).digest()
        made += last
    return made[:48]


DERIVATIONS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "md5": chained,
    "sha256": lambda secret, salt: chained(secret, salt, "sha256"),
    "pbkdf2": lambda secret, salt: hashlib.pbkdf2_hmac("sha256", secret, salt, 10_000, 48),
}


def padding(text: bytes) -> bytes:
    count = 16 - len(text) % 16
    return bytes([count]) * count


def sealed(padded: bytes, secret: bytes, salt: bytes, derivation: str = "md5") -> bytes:
    """Return `Salted__`, salt and ciphertext of a text that is padded already."""
    made = DERIVATIONS[derivation](secret, salt)
    return b"Salted__" + salt + aes("e", made[:32], made[32:], padded)


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def compact(**members: Any) -> str:
    return json.dumps({k.replace("access_", "access-"): v for k, v in members.items()}, separators=(",", ":"))


# --- the small reader: each clause once, each other reading as a switch -----------------------


def passphrase(secret: str, on: str) -> bytes:
    value = secret.strip().encode() if on == "secret.bytes=trimmed" else secret.encode()
    if not value:
        raise Refusal("empty-secret")
    try:
        if on == "secret.bytes=hex-decoded":
            return bytes.fromhex(secret)
        if on == "secret.bytes=base64-decoded":
            return b64decode(secret, validate=True)
    except ValueError:
        raise Refusal("malformed") from None
    return value


def raw_bytes(data: str, on: str) -> bytes:
    match on:
        case "encrypted.base64=unpadded":
            data += "=" * (-len(data) % 4)
        case "encrypted.base64=urlsafe":
            data = data.replace("-", "+").replace("_", "/")
        case "encrypted.base64=blanks-as-plus":
            data = data.replace(" ", "+")
        case "encrypted.base64=php":
            data = re.sub("[^A-Za-z0-9+/]", "", data)
            data = data[: len(data) - (len(data) % 4 == 1)]
            return b64decode(data + "=" * (-len(data) % 4))
    try:
        raw = b64decode(data, validate=True)
    except ValueError:
        raise Refusal("malformed", "base64") from None
    if base64(raw) != data:
        raise Refusal("malformed", "base64")
    return raw


def unpadded(padded: bytes, on: str) -> bytes:
    count = padded[-1]
    if on == "encrypted.padding=last-byte":
        return padded[: max(0, len(padded) - count)]
    if not 1 <= count <= 16 or padded[-count:] != bytes([count]) * count:
        raise Refusal("decryption-failed", "padding")
    return padded[:-count]


def json_object(text: bytes, on: str) -> dict[str, Any]:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) < len(found) and on != "encrypted.duplicate-keys=last-wins":
            raise Refusal("duplicate-parameter", "json")
        return dict(found)

    def constant(name: str) -> None:
        raise ValueError(name)

    def deep(value: Any) -> int:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inside is None else 1 + max(map(deep, inside), default=0)

    def double(digits: str) -> Any:
        if float(digits) in (float("inf"), float("-inf")):
            raise ValueError(digits)
        return float(digits)

    def whole(digits: str) -> int:
        double(digits)
        return int(digits)

    numbers = {"parse_constant": constant, "parse_float": double, "parse_int": whole}
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        raise Refusal("decryption-failed", "json") from None
    try:
        every = json.loads(
            decoded, object_pairs_hook=lambda found: [part for pair in found for part in pair], **numbers
        )
        if deep(every) > 100:
            raise ValueError
        json.dumps(every, ensure_ascii=False).encode()
        value = json.loads(decoded, object_pairs_hook=pairs)
    except ValueError:  # bad JSON, a byte order mark, a lone surrogate
        raise Refusal("malformed", "json") from None
    if not isinstance(value, dict):
        raise Refusal("wrong-type", "json")
    return value


def absent(value: Any, on: str) -> bool:
    if on == "launch.absent=missing-only":
        return False
    if on == "launch.absent=missing-or-null":
        return value is None
    return value is None or (isinstance(value, str) and (not value or value.startswith("{{")))


def members(values: dict[str, Any], on: str) -> list[list[str]]:
    names = {name: name for name in SIX}
    if on == "encrypted.names=underscores":
        names = {name.replace("-", "_"): name for name in SIX}
    if on == "encrypted.names=hyphens":
        names = {name.replace("_", "-"): name for name in SIX}
    found = {}
    for name, value in values.items():
        if name in names and not absent(value, on):
            whole = type(value) is int and on != "encrypted.integers=refused"
            if not whole and type(value) is not str:
                raise Refusal("wrong-type", "members")
            found[names[name]] = str(value)
    for name in ("location_id", "user_id"):
        if name not in found:
            raise Refusal("missing-parameter", "members")
    return [[name, value] for name, value in found.items()]


def location(text: str, on: str) -> None:
    forms = {"decimal-too": "[0-9]{1,20}|[0-9a-fA-F-]{24,36}", "any": "(?s:.){1,64}"}
    if not re.fullmatch(forms.get(on.removeprefix("launch.location-id="), "[0-9a-fA-F-]{24,36}"), text):
        raise Refusal("malformed", "members")


def opened(data: str, secret: str, on: str) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """Read `data`; return the parameters and the stages."""
    key = passphrase(secret, on)
    if len(data) > 8192:
        raise Refusal("too-large", "base64")
    if not data:
        raise Refusal("empty-parameter", "base64")
    raw = raw_bytes(data, on)
    if raw[:8] != b"Salted__" and on != "encrypted.header=skipped":
        raise Refusal("malformed", "envelope")
    if len(raw) < 32 or len(raw) % 16:
        raise Refusal("malformed", "envelope")
    derivation = on.partition("encrypted.derivation=")[2] or "md5"
    made = DERIVATIONS[derivation](key, raw[8:16])
    padded = aes("d", made[:32], made[32:], raw[16:])
    text = unpadded(padded, on)
    found = members(json_object(text, on), on)
    location(dict(found)["location_id"], on)
    shown = [("bytes", raw), ("salt", raw[8:16]), ("derived", made), ("padded", padded), ("text", text)]
    return found, [stage(name, value) for name, value in shown]


def pairs_of(target: str, on: str) -> dict[str, str]:
    found: dict[str, str] = {}
    query = target.partition("#")[0].partition("?")[2]
    pieces = list(filter(None, query.split("&")))
    if len(query) > 8192 or len(pieces) > 200:
        raise Refusal("too-large")
    for piece in pieces:
        if re.search("%(?![0-9A-Fa-f]{2})", piece) or not piece.isascii():
            raise Refusal("malformed")
        try:
            name, value = [unquote_to_bytes(x.replace("+", " ")).decode() for x in piece.partition("=")[::2]]
        except UnicodeDecodeError:
            raise Refusal("malformed") from None
        if name in found and not on.startswith("launch.repeated="):
            raise Refusal("duplicate-parameter")
        if name not in found or on == "launch.repeated=last":
            found[name] = value
    if not on.startswith("launch.repeated=") and any(php_name(name) in set(found) - {name} for name in found):
        raise Refusal("duplicate-parameter")
    return found


def php_name(name: str) -> str:
    """Return the key of `$_GET` under which PHP has a parameter."""
    name = re.sub(r"\0.*", "", re.sub("^ +", "", name), flags=re.DOTALL)
    name = re.sub(r"^([^[]+)\[.*].*", r"\1", name, flags=re.DOTALL)
    return name.translate(dict.fromkeys(map(ord, " .["), "_"))


def needed(values: dict[str, str], names: tuple[str, ...], other: str, filled: tuple[str, ...]) -> None:
    if names[0] not in values and other in values:
        raise Refusal("not-allowed", "parameters")
    for name in names:
        if name not in values:
            raise Refusal("missing-parameter", "parameters")
    for name in filled:
        if not values[name]:
            raise Refusal("empty-parameter", "parameters")


def signed_text(location_id: str, timestamp: str, on: str) -> bytes:
    both = (timestamp, location_id) if on == "plain.message=timestamp-location" else (location_id, timestamp)
    return "".join(both).encode()


def mac(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def launched(target: str, secret: str, mode: str, on: str) -> tuple[Expect, list[dict[str, Any]]]:
    """Read a launch at `NOW`; return what is returned and the stages."""
    key = passphrase(secret, on)
    values = pairs_of(target, on)
    if mode == "encrypted":
        needed(values, ("data",), "hmac", ())
        found, shown = opened(values["data"], secret, on)
        names = [name for name, _ in found]
        returns = {"parameters": found, "timestamp": None, "covered": [], "not_covered": names}
        return {"mode": mode, **returns}, shown
    three = ("hmac", "location_id", "timestamp")
    needed(values, three, "data", three)
    digits = values["hmac"].lower() if on == "plain.hmac-case=either" else values["hmac"]
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise Refusal("malformed", "hmac")
    location(values["location_id"], on)
    many = 13 if on == "plain.timestamp=milliseconds" else 10
    if not re.fullmatch(f"[0-9]{{{many}}}", values["timestamp"]):
        thirteen = many == 10 and re.fullmatch("[0-9]{13}", values["timestamp"])
        raise Refusal("timestamp-in-milliseconds" if thirteen else "malformed", "timestamp")
    message = signed_text(values["location_id"], values["timestamp"], on)
    query = target.partition("#")[0].partition("?")[2].encode()
    shown = [stage("query", query), stage("message", message)]
    if mac(key, message) != digits:
        raise Refusal("signature-mismatch", "message", shown)
    seconds = int(values["timestamp"]) // (1000 if many == 13 else 1)
    window = {"900-back-60-ahead": (900, 60), "300-back-0-ahead": (300, 0), "300-both-ways": (300, 300)}
    back, ahead = window.get(on.removeprefix("plain.tolerance="), (300, 60))
    if NOW - seconds > back:
        raise Refusal("stale", "time")
    if seconds - NOW > ahead:
        raise Refusal("from-the-future", "time")
    pairs = [[name, value] for name, value in values.items() if name != "hmac" and not absent(value, on)]
    signed = ["location_id", "timestamp"]
    others = [name for name, _ in pairs if name not in signed]
    return {
        "mode": mode,
        "parameters": pairs,
        "timestamp": seconds,
        "covered": signed,
        "not_covered": others,
    }, shown


READINGS = [
    "encrypted.base64=blanks-as-plus",
    "encrypted.base64=php",
    "encrypted.base64=unpadded",
    "encrypted.base64=urlsafe",
    "encrypted.derivation=pbkdf2",
    "encrypted.derivation=sha256",
    "encrypted.duplicate-keys=last-wins",
    "encrypted.header=skipped",
    "encrypted.integers=refused",
    "encrypted.names=hyphens",
    "encrypted.names=underscores",
    "encrypted.padding=last-byte",
    "launch.absent=missing-only",
    "launch.absent=missing-or-null",
    "launch.location-id=any",
    "launch.location-id=decimal-too",
    "launch.repeated=first",
    "launch.repeated=last",
    "plain.hmac-case=either",
    "plain.message=timestamp-location",
    "plain.timestamp=milliseconds",
    "plain.tolerance=300-back-0-ahead",
    "plain.tolerance=300-both-ways",
    "plain.tolerance=900-back-60-ahead",
    "secret.bytes=base64-decoded",
    "secret.bytes=hex-decoded",
    "secret.bytes=trimmed",
]


def stage(name: str, value: bytes) -> dict[str, Any]:
    try:
        text = value.decode()
        if text.isprintable():
            return {"name": name, "utf8": text, "length": len(value)}
    except UnicodeDecodeError:
        pass
    return {"name": name, "hex": value.hex(), "length": len(value)}


def vector(
    operation: str,
    name: str,
    about: str,
    given: dict[str, Any],
    expect: Expect,
    run: Callable[[str], tuple[Expect, list[dict[str, Any]]]],
    source: tuple[str, ...] | None,
) -> dict[str, Any]:
    """Return one vector; `run` is the small reader, which must agree with what is expected by hand.

    `source` is the parent's name, the change, and the fields when it touches several.
    """

    def answer(on: str) -> tuple[Expect, list[dict[str, Any]]]:
        try:
            returns, shown = run(on)
        except Refusal as found:
            return found.expect, found.shown
        return {"verdict": "accepted", "returns": returns}, shown

    adopted, shown = answer("")
    by = {f"fortis:{on}": other for on in READINGS if (other := answer(on)[0]) != adopted}
    if adopted["verdict"] == "refused":  # whether the key or the request is looked at first is no reading
        by = {on: other for on, other in by.items() if ":secret" not in on or other["verdict"] == "accepted"}
    # with the values of `fresh.toml`, what a changed byte makes of a ciphertext is the small reader's to say
    told = {key: value for key, value in adopted.items() if key != "returns"}
    if told != expect and not os.environ.get("HANDSHAKES_FRESH"):
        raise SystemExit(f"{name}: expected {expect}, the reader says {adopted}")
    made = {
        "id": f"fortis/{operation}/{name}",
        "clauses": [f"fortis:{clause}" for clause in about.split()],
        "input": given,
        "stages": shown,
        "expect": adopted,
        "by_reading": by,
    }
    if source:
        fields = {"fields": list(source[2:])} if source[2:] else {}
        made["derived_from"] = {"id": f"fortis/{operation}/{source[0]}", "change": source[1]} | fields
    return made


# --- decrypt_parameters -----------------------------------------------------------------------

SALT = bytes.fromhex("1122334455667788")
TWO = compact(location_id=LOCATION, user_id="1234567")


def opening(
    name: str,
    about: str,
    expect: Expect,
    data: str,
    source: tuple[str, ...] | None = None,
    secret: str = UUID,
) -> dict[str, Any]:
    def run(on: str) -> tuple[Expect, list[dict[str, Any]]]:
        found, shown = opened(data, secret, on)
        return {"parameters": found, "covered": [], "not_covered": [one for one, _ in found]}, shown

    return vector("decrypt_parameters", name, about, {"data": data}, expect, run, source)


def made(
    text: str | bytes,
    secret: str | bytes = UUID,
    salt: bytes = SALT,
    *,
    end: bytes | None = None,
    by: str = "md5",
) -> str:
    """Return the base64 of a plaintext; `end` stands in place of its padding."""
    raw = text.encode() if isinstance(text, str) else text
    key = secret.encode() if isinstance(secret, str) else secret
    return base64(sealed(raw + (padding(raw) if end is None else end), key, salt, by))


# The worked payloads E01 to E08: secret, salt, plaintext.
WORKED: dict[str, tuple[str, str, str]] = {
    "e01": (PAGE, "0001020304050607", TWO),
    "e02": (UUID, "e3f497b4c1392f61",
            compact(location_id=LOCATION, user_id=USER, access_token="3pPzNQstYfXDCE5x",
                    contact_id="11e66c8a943ff4b2bf1b2102", contact_api_id="137",
                    user_oauth_url="https://api.sandbox.zeamster.com")),
    "e03": (UUID, "1122334455667788",
            compact(location_id=LOCATION, user_id=USER, user_oauth_url="https://api.sandbox.zeamster.com")
            .replace("/", r"\/")),
    "e04": (ODD, "a1b2c3d4e5f60718", TWO[:-1] + ',"contact_api_id":"Müller №5"}'),
    "e05": (PAGE, "a1b2c3d4e5f60719", TWO[:-1] + r',"contact_api_id":"M\u00fcller \u21165"}'),
    "e06": (PAGE, "ffffffffffffffff", TWO.replace("1234567", "123456789")),
    "e07": (PAGE, "fffffffffffffffe", TWO.replace("1234567", "12345678")),
    "e08": (PAGE, "0000000000000000",
            compact(location_id=LOCATION, user_id=1234567, access_token=None, contact_id=None,
                    contact_api_id=None, user_oauth_url="https://api.zeamster.com")),
}  # fmt: skip
ABOUT = {
    "e01": "encrypted.format encrypted.derivation encrypted.cipher",
    "e02": "encrypted.members encrypted.conditional encrypted.names",
    "e03": "encrypted.json",
    "e04": "secret.bytes encrypted.text",
    "e05": "encrypted.json",
    "e06": "encrypted.padding",
    "e07": "encrypted.padding",
    "e08": "encrypted.integers launch.absent",
}


def worked(name: str) -> str:
    secret, salt, text = WORKED[name]
    return made(text, secret, bytes.fromhex(salt))


E01, E02 = worked("e01"), worked("e02")
E02_RAW = b64decode(E02)


def worked_openings(secret: str) -> list[dict[str, Any]]:
    """E01 to E08, those of one secret."""
    return [
        opening(f"worked-{name}", ABOUT[name], ACCEPTED, worked(name), secret=secret)
        for name, (of, _, _) in WORKED.items()
        if of == secret
    ]


def damaged() -> list[dict[str, Any]]:
    """N01 and N03 to N15, made from E02, and more damage of the same kind."""
    raw = E02_RAW

    def flip(at: int) -> str:
        return base64(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])

    def of(name: str, about: str, expect: Expect, data: str, change: str) -> dict[str, Any]:
        return opening(name, f"encrypted.{about}", expect, data, ("worked-e02", change))

    # fmt: off
    return [
        of("worked-n03", "base64", BAD_BASE64, E02.replace("+", " "), "each plus is a blank"),
        of("worked-n05", "base64", BAD_BASE64, E02.replace("+", "-").replace("/", "_"), "the alphabet of base64url"),
        of("worked-n06", "base64", BAD_BASE64, quote(E02, safe=""), "percent-encoded once more"),
        of("worked-n07", "length", BAD_LENGTH, base64(raw[:-1]), "the last byte is cut off"),
        of("worked-n08", "padding", BAD_PADDING, base64(raw[:-16]), "the last block is cut off"),
        of("worked-n09", "length", BAD_LENGTH, base64(raw[:16]), "header and salt alone"),
        of("worked-n10", "length", BAD_LENGTH, base64(raw[:12]), "half of the salt is cut off, and all after it"),
        of("worked-n11", "data", NOTHING, "", "an empty value"),
        of("worked-n12", "header", BAD_HEADER, base64(raw[16:]),
           "no header and no salt, as openssl enc -S of version 3 leaves it"),
        of("worked-n13", "header", BAD_HEADER, base64(b"X" + raw[1:]), "the header begins with an X"),
        of("worked-n14", "padding", BAD_PADDING, flip(8), "one bit of the salt"),
        of("worked-n15", "text", BAD_TEXT, flip(16), "one bit of the first block of the ciphertext"),
        of("header-lower-case", "header", BAD_HEADER, base64(b"salted__" + raw[8:]), "the header begins with an s"),
        of("header-missing-salt-kept", "header", BAD_HEADER, base64(raw[8:]), "no header, though the salt is there"),
        of("one-byte-more", "length", BAD_LENGTH, base64(raw + b"\0"), "a byte at the end"),
        of("one-block-more", "padding", BAD_PADDING, base64(raw + bytes(16)), "a block of zeros at the end"),
        of("middle-bit", "text", BAD_TEXT, flip(16 + 80), "one bit of a block in the middle"),
        of("last-but-one-bit", "padding", BAD_PADDING, flip(len(raw) - 17), "the bit that turns the last byte of the padding"),
        of("blocks-swapped", "text", BAD_TEXT, base64(raw[:32] + raw[48:64] + raw[32:48] + raw[64:]),
           "the second and the third block change places"),
        of("blank-before", "base64", BAD_BASE64, " " + E02, "a blank before it"),
        of("line-end-behind", "base64", BAD_BASE64, E02 + "\n", "a line end after it"),
        of("wrapped", "base64", BAD_BASE64, "\n".join(E02[i : i + 64] for i in range(0, len(E02), 64)),
           "wrapped at 64 characters, as openssl writes it without -A"),
        of("foreign-character", "base64", BAD_BASE64, E02[:40] + "*" + E02[40:], "an asterisk inside"),
        of("full-width-letter", "base64", BAD_BASE64, E02.replace("A", "\uff21", 1), "a full-width A"),
        of("unused-bits", "base64", BAD_BASE64, E02[:-3] + chr(ord(E02[-3]) + 1) + "==",
           "the unused bits of the last character are not zero"),
        of("one-equals-sign-less", "base64", BAD_BASE64, E02[:-1], "one of two equals signs is missing"),
        of("one-equals-sign-more", "base64", BAD_BASE64, E02 + "=", "three equals signs"),
        of("equals-sign-inside", "base64", BAD_BASE64, E02[:40] + "=" + E02[40:], "an equals sign inside"),
        of("two-in-one", "base64", BAD_BASE64, E02 + E02, "twice in a row"),
        of("page-sample", "format encrypted.padding", BAD_PADDING, unquote_to_bytes(SAMPLE).decode(),
           "the page's own sample: base64, header, salt and eleven blocks are right, its secret is not public"),
    ]
    # fmt: on


def plaintexts() -> list[dict[str, Any]]:
    """What stands inside: padding, text, JSON, names, types."""

    def of(
        name: str, about: str, expect: Expect, text: str | bytes, change: str, **more: Any
    ) -> dict[str, Any]:
        return opening(name, about, expect, made(text, **more), ("two-members", change))

    def inside(name: str, about: str, expect: Expect, more: str, change: str) -> dict[str, Any]:
        return of(name, about, expect, TWO[:-1] + more + "}", change)

    def with_location(name: str, expect: Expect, text: str, change: str) -> dict[str, Any]:
        return of(name, "launch.location-id", expect, TWO.replace(LOCATION, text), change)

    def with_user(
        name: str, expect: Expect, text: str, change: str, about: str = "encrypted.integers"
    ) -> dict[str, Any]:
        return of(name, about, expect, TWO.replace('"1234567"', text), change)

    wide = "11ea858313aabde4bd2eb0f\uff21"
    # fmt: off
    return [
        opening("two-members", "encrypted.required encrypted.format", ACCEPTED, made(TWO)),
        # padding
        of("padding-of-zeros", "encrypted.padding", BAD_PADDING, TWO, "zeros in place of the padding", end=bytes(2)),
        of("padding-count-zero", "encrypted.padding", BAD_PADDING, TWO, "the last byte of the padding is 0",
           end=b"\2\0"),
        of("padding-count-17", "encrypted.padding", BAD_PADDING, TWO, "the last byte of the padding is 17",
           end=bytes([17]) * 2),
        of("padding-one-byte-wrong", "encrypted.padding", BAD_PADDING, TWO, "the first of two padding bytes is 1",
           end=b"\1\2"),
        of("padding-random", "encrypted.padding", BAD_PADDING, TWO + " " * 6,
           "six blanks, and twelve bytes of padding of which the last alone is right", end=b"0123456789a\x0c"),
        of("padding-of-two-blocks", "encrypted.padding", BAD_PADDING, TWO, "18 padding bytes, each of them 18",
           end=bytes([18]) * 18),
        of("zeros-inside-padding", "encrypted.json", BAD_JSON, TWO + "\0\0", "two NUL after the JSON, before the padding"),
        of("empty-text", "encrypted.json", BAD_JSON, b"", "a block of padding and nothing else"),
        # text and JSON
        of("latin-1", "encrypted.text", BAD_TEXT, (TWO[:-1] + ',"contact_api_id":"Müller"}').encode("latin-1"),
           "a member with an umlaut, in Latin-1"),
        of("overlong-slash", "encrypted.text", BAD_TEXT, TWO[:-2].encode() + b'\xc0\xaf"}', "an overlong slash in the user id"),
        of("byte-order-mark", "encrypted.json", BAD_JSON, "\ufeff" + TWO, "a byte order mark before the JSON"),
        of("utf-16", "encrypted.text", BAD_TEXT, TWO.encode("utf-16"), "the JSON is in UTF-16"),
        of("pretty-printed", "encrypted.json", ACCEPTED, json.dumps(json.loads(TWO), indent=2) + "\n", "blanks and line ends in the JSON"),
        of("members-swapped", "encrypted.json", ACCEPTED, compact(user_id="1234567", location_id=LOCATION), "the members change places"),
        of("name-escaped", "encrypted.json encrypted.names", ACCEPTED, TWO.replace("user_id", r"\u0075ser_id"), "the first letter of a name is an escape"),
        of("behind-the-object", "encrypted.json", BAD_JSON, TWO + "x", "a letter after the object"),
        of("two-objects", "encrypted.json", BAD_JSON, TWO + TWO, "two objects"),
        of("cut-off", "encrypted.json", BAD_JSON, TWO[:-1], "the closing brace is missing"),
        of("comma-at-the-end", "encrypted.json", BAD_JSON, TWO[:-1] + ",}", "a comma before the closing brace"),
        of("single-quotes", "encrypted.json", BAD_JSON, TWO.replace('"', "'"), "single quotes"),
        of("query-inside", "encrypted.json", BAD_JSON, f"location_id={LOCATION}&user_id=1234567", "a query in place of JSON"),
        of("list", "encrypted.json", NO_OBJECT, f"[{TWO}]", "a list around the object"),
        of("text", "encrypted.json", NO_OBJECT, '"text"', "a text in place of an object"),
        of("null", "encrypted.json", NO_OBJECT, "null", "null in place of an object"),
        inside("nan", "encrypted.json", BAD_JSON, ',"more":NaN', "a member with NaN"),
        inside("lone-surrogate", "encrypted.json", BAD_JSON, r',"contact_api_id":"\ud83c"', "half of a surrogate pair"),
        inside("lone-surrogate-replaced", "encrypted.json encrypted.duplicate-keys", BAD_JSON,
               r',"contact_api_id":"\ud83c","contact_api_id":"x"', "half of a surrogate pair in a member that occurs twice, the first time"),
        inside("surrogate-pair", "encrypted.json", ACCEPTED, r',"contact_api_id":"\ud83c\udfe2"', "a surrogate pair"),
        of("only-blanks", "encrypted.json", BAD_JSON, " \n", "a blank and a line end, and nothing else"),
        of("blanks-of-unicode", "encrypted.json", BAD_JSON, "\u00a0" + TWO, "a no-break space before the JSON"),
        of("comment", "encrypted.json", BAD_JSON, TWO + "//", "a comment after the object"),
        inside("leading-zero", "encrypted.json", BAD_JSON, ',"more":01', "a number with a leading zero"),
        inside("unknown-escape", "encrypted.json", BAD_JSON, r',"more":"\x41"', "an escape that JSON does not have"),
        inside("infinity", "encrypted.json", BAD_JSON, ',"more":-Infinity', "a member with -Infinity"),
        inside("deepest", "encrypted.json", ACCEPTED, ',"more":' + "[" * 99 + "]" * 99, "a member of 99 arrays inside each other, in the object"),
        inside("too-deep", "encrypted.json", BAD_JSON, ',"more":' + "[" * 100 + "]" * 100, "a member of 100 arrays inside each other, in the object"),
        inside("largest-number", "encrypted.json", ACCEPTED, ',"more":1e308', "a number that a double can hold"),
        inside("number-too-large", "encrypted.json", BAD_JSON, ',"more":1e309', "a number that no double can hold"),
        inside("digits-of-a-double", "encrypted.json encrypted.integers", ACCEPTED, ',"contact_id":1' + "0" * 308, "contact_id has 309 digits"),
        inside("digits-too-many", "encrypted.json encrypted.integers", BAD_JSON, ',"contact_id":1' + "0" * 309, "contact_id has 310 digits"),
        inside("broken-and-twice", "encrypted.json", BAD_JSON, ',"user_id":"2",', "a second user_id, and a comma too many"),
        of("list-with-names-twice", "encrypted.duplicate-keys", KEY_TWICE, '[{"a":1,"a":2}]', "a list in place of the object, with a name twice inside"),
        inside("control-character", "encrypted.json", BAD_JSON, ',"contact_api_id":"a\nb"', "a bare line end in a text"),
        # names
        inside("unknown-member", "encrypted.names", ACCEPTED, ',"more":[1.5,true,{"user_id":"x"}]', "a member that no list has"),
        inside("token", "encrypted.names", ACCEPTED, ',"access-token":"3pPzNQstYfXDCE5x"', "an access-token"),
        inside("token-with-underscore", "encrypted.names", ACCEPTED, ',"access_token":"3pPzNQstYfXDCE5x"', "an access_token, which is ignored"),
        of("names-with-hyphens", "encrypted.required encrypted.names", NO_MEMBER, TWO.replace("_", "-"), "hyphens in the names"),
        of("names-in-capitals", "encrypted.required encrypted.names", NO_MEMBER, TWO.replace("user_id", "User_Id"), "capitals in a name"),
        of("user-id-of-any-form", "launch.user-id", ACCEPTED, TWO.replace("1234567", " zzzz\u00fc\u2028/ "), "a user_id of no known form, blanks at its ends"),
        of("no-location", "encrypted.required", NO_MEMBER, compact(user_id="1234567"), "no location_id"),
        of("no-user", "encrypted.required", NO_MEMBER, compact(location_id=LOCATION), "no user_id"),
        of("empty-object", "encrypted.required", NO_MEMBER, "{}", "no member"),
        of("location-null", "encrypted.required launch.absent", NO_MEMBER, TWO.replace(f'"{LOCATION}"', "null"), "location_id is null"),
        of("location-empty", "encrypted.required launch.absent", NO_MEMBER, TWO.replace(LOCATION, ""), "location_id is empty"),
        of("user-empty", "encrypted.required launch.absent", NO_MEMBER, TWO.replace("1234567", ""), "user_id is empty"),
        of("user-placeholder", "encrypted.required launch.absent", NO_MEMBER, TWO.replace("1234567", "{{user-id}}"), "user_id is a placeholder"),
        # names that occur twice
        inside("user-twice", "encrypted.duplicate-keys", KEY_TWICE, f',"user_id":"{USER}"', "a second user_id"),
        inside("location-twice", "encrypted.duplicate-keys", KEY_TWICE, ',"location_id":"22ea858313aabde4bd2eb0fa"',
               "a second location_id, as in a forged launch"),
        inside("same-twice", "encrypted.duplicate-keys", KEY_TWICE, ',"user_id":"1234567"', "the same user_id once more"),
        inside("unknown-twice", "encrypted.duplicate-keys", KEY_TWICE, ',"more":1,"more":2', "a member that no list has, twice"),
        inside("twice-inside", "encrypted.duplicate-keys", KEY_TWICE, ',"more":{"a":1,"a":2}', "a name occurs twice inside a member"),
        inside("twice-by-escape", "encrypted.duplicate-keys", KEY_TWICE, r',"user\u005fid":"2"', "a second user_id, written with an escape"),
        # types
        with_user("user-integer", ACCEPTED, "1234567", "user_id is a number"),
        with_user("user-minus-zero", ACCEPTED, "-0", "user_id is minus zero"),
        with_user("user-negative", ACCEPTED, "-7", "user_id is a negative number"),
        with_user("user-long-integer", ACCEPTED, "123456789012345678901234567890", "user_id has thirty digits"),
        with_user("user-float", BAD_TYPE, "1234567.0", "user_id has a decimal point"),
        with_user("user-exponent", BAD_TYPE, "1e6", "user_id has an exponent"),
        with_user("user-true", BAD_TYPE, "true", "user_id is true"),
        with_user("user-list", BAD_TYPE, '["1234567"]', "user_id is a list"),
        with_user("user-object", BAD_TYPE, '{"id":"1234567"}', "user_id is an object"),
        inside("contact-false", "encrypted.integers", BAD_TYPE, ',"contact_id":false', "contact_id is false"),
        of("wrong-type-and-missing", "encrypted.integers encrypted.required", BAD_TYPE, compact(user_id=True), "no location_id, and a user_id of true"),
        of("missing-and-malformed", "encrypted.required launch.location-id", NO_MEMBER, compact(location_id="zzzzzzzz"), "no user_id, and a location_id that is none"),
        inside("contact-zero", "encrypted.integers", ACCEPTED, ',"contact_id":0', "contact_id is 0, which is a value"),
        inside("token-list", "encrypted.integers", BAD_TYPE, ',"access-token":[]', "the access-token is a list"),
        # what counts as absent
        inside("contact-null", "launch.absent", ACCEPTED, ',"contact_id":null', "contact_id is null"),
        inside("contact-empty", "launch.absent", ACCEPTED, ',"contact_id":""', "contact_id is empty"),
        inside("contact-placeholder", "launch.absent", ACCEPTED, ',"contact_id":"{{contact-id}}"', "contact_id is a placeholder"),
        inside("contact-one-brace", "launch.absent", ACCEPTED, ',"contact_api_id":"{7}"', "contact_api_id begins with one brace"),
        inside("contact-null-as-text", "launch.absent", ACCEPTED, ',"contact_id":"null"', "contact_id is the text null, which is a value"),
        # the location's id
        with_location("location-36", ACCEPTED, "54c1b053-f074-1795-1ba3-2feb99d91491", "a location id of 36 characters"),
        with_location("location-capitals", ACCEPTED, LOCATION.upper(), "capital hex digits"),
        with_location("location-21", BAD_ID, "11ea858313aabde4bd2eb", "a location id of 21 characters, as on the page"),
        with_location("location-23", BAD_ID, LOCATION[:-1], "23 characters"),
        with_location("location-37", BAD_ID, LOCATION + "0" * 13, "37 characters"),
        with_location("location-not-hex", BAD_ID, LOCATION[:-1] + "g", "the last character is a g"),
        with_location("location-blank", BAD_ID, LOCATION + " ", "a blank after it"),
        with_location("location-line-end", BAD_ID, LOCATION + r"\n", "a line end after it"),
        with_location("location-wide", BAD_ID, wide, "the last character is a full-width A"),
        with_location("location-decimal", BAD_ID, "123456", "six decimal digits"),
        with_location("location-page", BAD_ID, "zzzzzzzz", "the page's placeholder"),
        of("location-integer", "launch.location-id encrypted.integers", BAD_ID, TWO.replace(f'"{LOCATION}"', "123456"), "a number of six digits"),
        # size
        inside("oauth-url-placeholder", "launch.absent", ACCEPTED, ',"user_oauth_url":"{{"', "user_oauth_url is two braces"),
        inside("oauth-url-of-any-form", "encrypted.names", ACCEPTED, ',"user_oauth_url":" {{x"', "user_oauth_url is no URL, a blank before two braces"),
        of("largest", "launch.size", ACCEPTED, TWO[:-1] + f',"more":"{"x" * 6040}"' + "}", "a member of 6040 letters, data of 8192 characters"),
        of("too-large", "launch.size", TOO_LARGE, TWO[:-1] + f',"more":"{"x" * 6056}"' + "}", "a member of 6056 letters, data of 8216 characters"),
        # other derivations
        of("derived-with-sha256", "encrypted.derivation encrypted.padding", BAD_PADDING, TWO, "key and IV by SHA-256", by="sha256"),
        of("derived-with-pbkdf2", "encrypted.derivation encrypted.padding", BAD_PADDING, TWO, "key and IV by PBKDF2", by="pbkdf2"),
    ]
    # fmt: on


def secrets() -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Other secrets: group, secret, vectors."""
    other, hexes, padded, long = UUID[:-1] + "4", "00ff00ff", "c2VjcmV0LWtleQ==", LONG
    bad = "encrypted.padding secret.bytes"
    # fmt: off
    return [
        ("another-secret", other, [
            opening("worked-n02", bad, BAD_PADDING, E02, ("worked-e02", "the configured secret differs in its last character"), other)]),
        ("secret-with-line-end", PAGE + "\n", [
            opening("secret-with-line-end", "secret.bytes", ACCEPTED, made(TWO, PAGE + "\n"), None, PAGE + "\n"),
            opening("secret-without-line-end", bad, BAD_PADDING, made(TWO, PAGE),
                    ("secret-with-line-end", "made without the line end"), PAGE + "\n")]),
        ("secret-of-hex-digits", hexes, [
            opening("secret-of-hex-digits", "secret.bytes", ACCEPTED, made(TWO, hexes), None, hexes),
            opening("secret-hex-decoded", bad, BAD_PADDING, made(TWO, bytes.fromhex(hexes)),
                    ("secret-of-hex-digits", "made with the bytes that the digits stand for"), hexes)]),
        ("secret-of-base64", padded, [
            opening("secret-of-base64", "secret.bytes", ACCEPTED, made(TWO, padded), None, padded),
            opening("secret-base64-decoded", bad, BAD_PADDING, made(TWO, b64decode(padded)),
                    ("secret-of-base64", "made with the bytes that the base64 stands for"), padded)]),
        ("secret-in-latin-1", "geheimnis-mit-ümlaut", [
            opening("secret-with-umlaut", "secret.bytes", ACCEPTED, made(TWO, "geheimnis-mit-ümlaut"), None, "geheimnis-mit-ümlaut"),
            opening("secret-in-latin-1", bad, BAD_PADDING, made(TWO, "geheimnis-mit-ümlaut".encode("latin-1")),
                    ("secret-with-umlaut", "made with the secret in Latin-1"), "geheimnis-mit-ümlaut")]),
        ("secret-long", long, [opening("secret-longer-than-a-block", "secret.bytes", ACCEPTED, made(TWO, long), None, long)]),
        ("secret-empty", "", [
            opening("secret-empty", "secret.empty secret.bytes", EMPTY_SECRET, made(TWO, b""),
                    ("two-members", "made with an empty secret, which is configured too", "given.secret", "input.data"), "")]),
    ]
    # fmt: on


def page_vectors() -> list[dict[str, Any]]:
    """What is made with the secret of the page's snippet."""
    short = E01.rstrip("=")
    return [
        *worked_openings(PAGE),
        opening(
            "worked-n04",
            "encrypted.base64",
            BAD_BASE64,
            short,
            ("worked-e01", "the equals sign is missing"),
            PAGE,
        ),
    ]


# --- encrypt_parameters -----------------------------------------------------------------------


def encrypting(
    name: str,
    about: str,
    pairs: list[list[str]],
    salt: str,
    secret: str,
    expect: Expect = ACCEPTED,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    def run(on: str) -> tuple[Expect, list[dict[str, Any]]]:
        key = passphrase(secret, on)
        if len({one for one, _ in pairs}) < len(pairs):
            raise Refusal("duplicate-parameter")
        text = json.dumps(dict(pairs), ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        try:
            text.decode()
        except UnicodeDecodeError:
            raise Refusal("malformed") from None
        if len(salt) != 16:
            raise Refusal("malformed")
        derivation = on.partition("encrypted.derivation=")[2] or "md5"
        derived = DERIVATIONS[derivation](key, bytes.fromhex(salt))
        raw = sealed(text + padding(text), key, bytes.fromhex(salt), derivation)
        shown = [
            ("text", text),
            ("padded", text + padding(text)),
            ("salt", raw[8:16]),
            ("derived", derived),
            ("bytes", raw),
        ]
        return {"data": base64(raw)}, [stage(one, value) for one, value in shown]

    given = {"pairs": pairs, "salt": {"hex": salt}}
    return vector("encrypt_parameters", name, about, given, expect, run, source)


def encryptions(secret: str) -> list[dict[str, Any]]:
    """The worked payloads that are written as compact JSON of texts."""
    return [
        encrypting(f"worked-{name}", ABOUT[name], [[k, v] for k, v in json.loads(text).items()], salt, of)
        for name, (of, salt, text) in WORKED.items()
        if of == secret and name in ("e01", "e02", "e04", "e06", "e07")
    ]


def odd_encryptions() -> list[dict[str, Any]]:
    two = [["location_id", LOCATION], ["user_id", "1234567"]]
    salt = SALT.hex()
    # fmt: off
    return [
        encrypting("two-members", "encrypted.format", two, salt, UUID),
        encrypting("quotes-and-controls", "encrypted.json", [*two, ["contact_api_id", '"\\/\n\x7f\u2028']], salt, UUID),
        encrypting("beyond-the-first-plane", "encrypted.text", [*two, ["contact_api_id", "\U0001f3e2"]], salt, UUID),
        encrypting("no-parameter", "encrypted.format", [], salt, UUID),
        encrypting("empty-kept", "launch.absent", [*two, ["contact_id", ""]], salt, UUID),
        encrypting("any-name", "encrypted.names", [*two, ["7", "a"], ["", "b"]], salt, UUID),
        encrypting("salt-of-seven", "encrypted.salt", two, salt[:-2], UUID, refused("malformed"), ("two-members", "a salt of seven bytes")),
        encrypting("salt-of-nine", "encrypted.salt", two, salt + "99", UUID, refused("malformed"), ("two-members", "a salt of nine bytes")),
        encrypting("salt-empty", "encrypted.salt", two, "", UUID, refused("malformed"), ("two-members", "an empty salt")),
        encrypting("name-twice", "encrypted.duplicate-keys", [*two, two[1]], salt, UUID, TWICE, ("two-members", "user_id twice")),
        encrypting("lone-surrogate", "encrypted.text", [*two, ["contact_api_id", "\ud83c"]], salt, UUID, refused("malformed"), ("two-members", "half of a surrogate pair in a third member")),
    ]
    # fmt: on


# --- launch_hmac ------------------------------------------------------------------------------

HMACS = {
    "h01": ("zzzzzzzz", "1234567890"),
    "h02": (LOCATION, "1700000000"),
    "h03": ("12", "31700000000"),
    "h04": ("123", "1700000000"),
    "h05": (LOCATION, "1700000000123"),
    "h06": ("54c1b053-f074-1795-1ba3-2feb99d91491", "1421937514"),
}


def hmac_of(
    name: str,
    about: str,
    location_id: str,
    timestamp: str,
    secret: str,
    expect: Expect = ACCEPTED,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    def run(on: str) -> tuple[Expect, list[dict[str, Any]]]:
        key = passphrase(secret, on)
        try:
            message = signed_text(location_id, timestamp, on)
        except UnicodeEncodeError:
            raise Refusal("malformed") from None
        return {"hmac": mac(key, message)}, [stage("message", message)]

    given = {"location_id": location_id, "timestamp": timestamp}
    return vector("launch_hmac", name, about, given, expect, run, source)


def hmacs(secret: str) -> list[dict[str, Any]]:
    of = {UUID: ("h02",), PLAIN: ("h01", "h03", "h04", "h05", "h06")}[secret]
    return [hmac_of(f"worked-{name}", "plain.message plain.hmac", *HMACS[name], secret) for name in of]


# --- verify_launch ----------------------------------------------------------------------------

TIME = str(NOW)


def launch(
    name: str,
    about: str,
    expect: Expect,
    target: str,
    source: tuple[str, ...] | None = None,
    *,
    mode: str = "plain",
    secret: str = UUID,
) -> dict[str, Any]:
    return vector(
        "verify_launch",
        name,
        about,
        {"target": target},
        expect,
        lambda on: launched(target, secret, mode, on),
        source,
    )


def signed(
    location_id: str = LOCATION,
    timestamp: str = TIME,
    more: str = "",
    secret: str | bytes = UUID,
    form: Any = str,
) -> str:
    """Return the address of a plain launch; `form` changes the hmac."""
    key = secret.encode() if isinstance(secret, str) else secret
    value = form(mac(key, (location_id + timestamp).encode()))
    return f"/redirection?location_id={quote(location_id)}&timestamp={timestamp}&hmac={value}{more}"


def plain_launches() -> list[dict[str, Any]]:
    good = signed()
    sent = "&user_id=1234567&contact_id=11e66c8a943ff4b2bf1b2102"

    def of(name: str, about: str, expect: Expect, target: str, change: str) -> dict[str, Any]:
        return launch(name, about, expect, target, ("plain", change))

    def at(name: str, expect: Expect, seconds: int) -> dict[str, Any]:
        side = "back" if seconds < 0 else "ahead"
        return of(
            name,
            "plain.tolerance",
            expect,
            signed(timestamp=str(NOW + seconds)),
            f"signed {abs(seconds)} s {side}",
        )

    def form(name: str, expect: Expect, change: str, how: Any) -> dict[str, Any]:
        about = "plain.hmac-case" if expect == BAD_HMAC else "plain.verify plain.hmac"
        return of(name, about, expect, signed(form=how), change)

    # fmt: off
    return [
        launch("plain", "plain.verify plain.message plain.hmac plain.coverage", ACCEPTED, good),
        of("absolute", "plain.verify", ACCEPTED, "https://yourapp.com" + good, "a whole URL"),
        of("parameters", "plain.coverage plain.names", ACCEPTED, signed(more=sent), "two parameters more, which nothing covers"),
        of("parameters-first", "plain.parameters", ACCEPTED,
           good.replace("?", "?user_id=1234567&"), "a parameter before the three"),
        launch("another-user", "plain.coverage", ACCEPTED, signed(more=sent.replace("1234567", "7654321")),
               ("parameters", "another user_id: nothing covers it")),
        of("hyphens", "plain.names", ACCEPTED, signed(more="&contact-id=xxxxxxxx&user-id=yyyyyyyy"), "names as on the page"),
        of("another-host", "plain.coverage", ACCEPTED, "https://evil.example/other" + good.removeprefix("/redirection"),
           "another host and path: nothing covers them"),
        of("data-beside", "plain.coverage launch.mode", ACCEPTED, signed(more="&data=x"), "data beside the three"),
        of("fragment", "plain.verify", ACCEPTED, good + "#top", "a fragment"),
        of("empty-values", "launch.absent", ACCEPTED, signed(more="&user_id=1234567&contact_id=&contact_api_id"), "values that are empty or missing"),
        of("placeholder", "launch.absent", ACCEPTED, signed(more="&contact_id=%7B%7Bcontact-id%7D%7D"), "a placeholder that was not filled"),
        of("escaped-id", "plain.as-received", ACCEPTED, good.replace("11ea", "%311ea"), "the first digit of the id is escaped"),
        of("id-of-36", "launch.location-id", ACCEPTED, signed("54c1b053-f074-1795-1ba3-2feb99d91491"), "an id of 36 characters"),
        of("id-in-capitals", "launch.location-id plain.as-received", ACCEPTED, signed(LOCATION.upper()), "an id with capitals, signed so"),
        of("id-turned-to-capitals", "plain.verify plain.as-received", MISMATCH,
           good.replace(LOCATION, LOCATION.upper()), "the id's letters are capitals after the signing"),
        # time
        at("oldest", ACCEPTED, -300), at("too-old", STALE, -301), at("old-for-fifteen-minutes", STALE, -900), at("very-old", STALE, -901),
        at("furthest", ACCEPTED, 60), at("too-far", FUTURE, 61), at("far-for-both-ways", FUTURE, 300), at("very-far", FUTURE, 301),
        at("one-second-ahead", ACCEPTED, 1),
        of("milliseconds", "plain.timestamp", MILLISECONDS, signed(timestamp=TIME + "000"), "the time in milliseconds"),
        of("eleven-digits", "plain.timestamp", BAD_TIME, signed(timestamp="0" + TIME), "a zero before the time"),
        of("nine-digits", "plain.timestamp", BAD_TIME, signed(timestamp=TIME[:-1]), "nine digits"),
        of("time-with-sign", "plain.timestamp", BAD_TIME,
           signed(timestamp="-" + TIME[1:]), "a minus sign in place of the first digit"),
        of("time-with-point", "plain.timestamp", BAD_TIME, signed(timestamp="17000000.0"), "a point in the time"),
        of("time-in-hex", "plain.timestamp", BAD_TIME, signed(timestamp="0x6553f100"), "the time in hex"),
        # the hmac
        form("upper-case", BAD_HMAC, "upper-case digits", str.upper),
        form("one-capital", BAD_HMAC, "one digit is upper case", lambda m: re.sub("[a-f]", lambda d: d[0].upper(), m, count=1)),
        form("63-digits", BAD_HMAC, "63 digits", lambda m: m[:-1]),
        form("65-digits", BAD_HMAC, "65 digits", lambda m: m + "0"),
        form("not-hex", BAD_HMAC, "the last digit is a g", lambda m: m[:-1] + "g"),
        form("prefixed", BAD_HMAC, "sha256= before it", lambda m: "sha256%3D" + m),
        form("base64", BAD_HMAC, "in base64", lambda m: quote(base64(bytes.fromhex(m)), safe="")),
        form("blank-behind", BAD_HMAC, "a blank after it", lambda m: m + "+"),
        form("last-digit", MISMATCH, "the last digit differs", lambda m: m[:-1] + f"{int(m[-1], 16) ^ 1:x}"),
        form("zeros", MISMATCH, "64 zeros", lambda m: "0" * 64),
        form("sha1", BAD_HMAC, "SHA-1",
             lambda m: hmac.new(UUID.encode(), (LOCATION + TIME).encode(), hashlib.sha1).hexdigest()),
        form("plain-hash", MISMATCH, "a hash of secret and message, no HMAC",
             lambda m: hashlib.sha256((UUID + LOCATION + TIME).encode()).hexdigest()),
        form("order-swapped", MISMATCH, "timestamp before location_id", lambda m: mac(UUID.encode(), (TIME + LOCATION).encode())),
        form("with-a-dot", MISMATCH, "a dot between the two", lambda m: mac(UUID.encode(), f"{LOCATION}.{TIME}".encode())),
        form("with-a-line-end", MISMATCH, "a line end after the message", lambda m: mac(UUID.encode(), f"{LOCATION}{TIME}\n".encode())),
        form("user-signed", MISMATCH, "user id and time, as the sibling signs", lambda m: mac(UUID.encode(), f"1234567{TIME}".encode())),
        of("other-secret", "plain.verify", MISMATCH, signed(secret=PLAIN), "signed with another secret"),
        of("other-time", "plain.verify", MISMATCH, good.replace(TIME, str(NOW + 1)), "the time differs by a second"),
        of("other-location", "plain.verify", MISMATCH, good.replace("b0fa", "b0fb"), "the id differs in its last digit"),
        # what is missing, and what is there twice
        of("no-hmac", "plain.missing", LACKING, good.partition("&hmac")[0], "no hmac"),
        of("no-timestamp", "plain.missing", LACKING, good.replace(f"&timestamp={TIME}", ""), "no timestamp"),
        of("no-location", "plain.missing", LACKING, good.replace(f"location_id={LOCATION}&", ""), "no location_id"),
        of("no-query", "plain.missing", LACKING, "/redirection", "no query"),
        of("empty-hmac", "plain.missing", EMPTY, good.partition("hmac=")[0] + "hmac=", "an empty hmac"),
        of("empty-timestamp", "plain.missing", EMPTY, signed(timestamp=""), "an empty timestamp, signed so"),
        of("empty-location", "plain.missing", EMPTY, signed(""), "an empty location_id, signed so"),
        of("name-in-capitals", "plain.missing", LACKING, good.replace("hmac", "HMAC"), "HMAC in place of hmac"),
        of("name-with-dot", "plain.missing", LACKING, good.replace("location_id", "location.id"), "location.id, which PHP folds into location_id"),
        of("location-twice", "launch.repeated", TWICE, signed(more="&location_id=22ea858313aabde4bd2eb0fa"), "a second location_id after it"),
        of("location-twice-before", "launch.repeated", TWICE,
           good.replace("?", "?location_id=22ea858313aabde4bd2eb0fa&"), "another location_id before"),
        of("user-twice", "launch.repeated", TWICE, signed(more=sent + "&user_id=2"), "two user_id"),
        of("twice-by-escape", "launch.repeated", TWICE, signed(more="&%68mac=0"), "a second hmac, whose name is escaped"),
        of("location-and-dot", "launch.repeated", TWICE, signed(more="&location.id=22ea858313aabde4bd2eb0fa"), "location.id after it, which PHP reads as location_id"),
        of("location-and-blank", "launch.repeated", TWICE, signed(more="&location+id=22ea858313aabde4bd2eb0fa"), "the same with a blank in the name"),
        of("location-and-bracket", "launch.repeated", TWICE, signed(more="&location%5Bid=22ea858313aabde4bd2eb0fa"), "the same with a bracket that nothing closes"),
        of("location-and-list", "launch.repeated", TWICE, signed(more="&location_id%5B%5D=22ea858313aabde4bd2eb0fa"), "location_id[], which PHP reads as location_id"),
        of("location-and-blank-before", "launch.repeated", TWICE, signed(more="&%20location_id=22ea858313aabde4bd2eb0fa"), "the same with a blank before the name"),
        of("location-and-nul", "launch.repeated", TWICE, signed(more="&location_id%00x=22ea858313aabde4bd2eb0fa"), "the same with a NUL behind the name"),
        of("dot-before-location", "launch.repeated", TWICE, good.replace("?", "?location.id=22ea858313aabde4bd2eb0fa&"), "location.id before it"),
        of("two-that-php-joins", "launch.repeated", ACCEPTED, signed(more="&a.b=1&a+b=2"), "two names that PHP reads as a third, which is not there"),
        of("bracket-first", "launch.repeated", ACCEPTED, signed(more="&%5Bhmac%5D=1"), "a name that begins with a bracket, which PHP drops"),
        of("tab-before", "launch.repeated", ACCEPTED, signed(more="&%09hmac=1"), "a tab before the name, which PHP keeps"),
        of("broken-escape", "encrypted.data plain.as-received launch.query", BAD_ESCAPE, good + "%", "an incomplete escape"),
        of("broken-escape-elsewhere", "launch.query", BAD_ESCAPE, signed(more="&user_id=%2g"), "an incomplete escape in a value that is not signed"),
        of("not-utf8", "launch.query", BAD_ESCAPE, signed(more="&user_id=%ff"), "a byte that is not UTF-8"),
        of("not-ascii", "launch.query", BAD_ESCAPE, signed(more="&user_id=ü"), "a bare letter outside ASCII"),
        of("longest", "launch.query", ACCEPTED, signed(more="&b=" + "x" * (8192 - len(good.partition("?")[2]) - 3)), "a parameter more, the query has 8192 characters"),
        of("too-long", "launch.query", QUERY_TOO_LARGE, signed(more="&b=" + "x" * (8192 - len(good.partition("?")[2]) - 2)), "a parameter more, the query has 8193 characters"),
        of("most-parameters", "launch.query", ACCEPTED, signed(more="".join(f"&{n}" for n in range(197)) + "&&"), "197 empty parameters more, and two empty pieces"),
        of("too-many-parameters", "launch.query", QUERY_TOO_LARGE, signed(more="".join(f"&{n}" for n in range(198))), "198 empty parameters more"),
        of("empty-name", "launch.query plain.names", ACCEPTED, signed(more="&=x"), "a value without a name"),
        of("no-hmac-but-data", "launch.mode", OTHER_MODE, good.replace("&hmac=", "&data="), "data in place of hmac"),
        of("empty-hmac-and-data", "launch.mode plain.missing", EMPTY, good.partition("hmac=")[0] + "hmac=&data=x", "an empty hmac, and data"),
        of("no-location-but-data", "launch.mode plain.missing", LACKING, good.replace("location_id=", "data="), "data in place of location_id"),
        of("one-missing-one-empty", "plain.missing", LACKING, good.partition("?")[0] + "?hmac=&location_id=" + LOCATION, "an empty hmac and no timestamp"),
        of("hmac-and-id-malformed", "plain.hmac-case", BAD_HMAC, "/redirection?location_id=zzzzzzzz&timestamp=1&hmac=0", "nothing has its form: the hmac is looked at first"),
        of("location-placeholder", "launch.location-id", BAD_ID, signed("{{location.id}}"), "a location_id that is a placeholder, signed so"),
        of("id-of-37", "launch.location-id", BAD_ID, signed(LOCATION + "0" * 13), "an id of 37 characters"),
        of("encrypted-instead", "launch.mode", OTHER_MODE, f"/redirection?data={quote(E02, safe='')}", "a launch of the other mode"),
        of("id-of-23", "launch.location-id", BAD_ID, signed(LOCATION[:-1]), "an id of 23 characters"),
        of("id-with-letter", "launch.location-id", BAD_ID, signed(LOCATION[:-1] + "z"), "a z in the id"),
        of("id-with-line-end", "launch.location-id", BAD_ID, signed(LOCATION + "\n"), "a line end after the id"),
        of("id-decimal", "launch.location-id", BAD_ID, signed("123456"), "an id of six decimal digits"),
        of("worked-h02", "plain.verify", ACCEPTED, signed(*HMACS["h02"], more="&user_id=1"), "a user_id"),
    ]
    # fmt: on


def page_launches() -> list[dict[str, Any]]:
    """The worked values whose secret is the page's placeholder."""
    h = {name: signed(*of, secret=PLAIN) for name, of in HMACS.items()}
    page = "/redirection?location_id=zzzzzzzz&timestamp=1234567890&hmac=7336663573376635617337363566617"
    about = "launch.location-id"
    # fmt: off
    return [
        launch("worked-h01", about, BAD_ID, h["h01"], ("digit-to-be-moved", "the placeholders of the page"), secret=PLAIN),
        launch("worked-h03", about, BAD_ID, h["h03"], ("digit-to-be-moved", "an id of two digits"), secret=PLAIN),
        launch("worked-h04", about, BAD_ID, h["h04"], ("digit-to-be-moved", "an id of three digits, one of which worked-h03 has in its timestamp"), secret=PLAIN),
        launch("worked-h05", "plain.timestamp", MILLISECONDS, h["h05"], ("digit-to-be-moved", "a time in milliseconds"), secret=PLAIN),
        launch("worked-h06", "plain.tolerance", STALE, h["h06"], ("digit-to-be-moved", "another id, in 2015"), secret=PLAIN),
        launch("page-sample", "plain.hmac-case", BAD_HMAC, page + "&contact-id=xxxxxxxx&user-id=yyyyyyyy", ("digit-to-be-moved", "the sample of the page"), secret=PLAIN),
        launch("digit-to-be-moved", "launch.location-id", ACCEPTED, signed(LOCATION + "5", secret=PLAIN), secret=PLAIN),
        launch("digit-moved-to-the-time", "plain.timestamp", BAD_TIME,
               signed(LOCATION + "5", secret=PLAIN).replace(f"5&timestamp={TIME}", f"&timestamp=5{TIME}"),
               ("digit-to-be-moved", "the last digit of the id moved to the time: one hmac fits both"), secret=PLAIN),
        launch("digit-moved-to-the-id", "plain.timestamp", BAD_TIME,
               signed(LOCATION + "5", secret=PLAIN).replace(f"5&timestamp={TIME}", f"51&timestamp={TIME[1:]}"),
               ("digit-to-be-moved", "the first digit of the time moved to the id: one hmac fits both"), secret=PLAIN),
    ]
    # fmt: on


def encrypted_launches() -> list[dict[str, Any]]:
    data = quote(E02, safe="")
    good = f"/redirection?data={data}"
    stale = signed(timestamp=str(NOW - 9999)).partition("?")[2]

    def of(name: str, about: str, expect: Expect, target: str, change: str) -> dict[str, Any]:
        return launch(f"data-{name}", about, expect, target, ("worked-e02", change), mode="encrypted")

    # fmt: off
    return [
        launch("worked-e02", "encrypted.data encrypted.coverage", ACCEPTED, good, mode="encrypted"),
        launch("worked-e03", "encrypted.data", ACCEPTED, f"/redirection?data={quote(worked('e03'), safe='')}", mode="encrypted"),
        of("whole-url", "encrypted.data", ACCEPTED, "https://yourapp.com" + good, "a whole URL"),
        of("lower-case-escapes", "encrypted.data", ACCEPTED, good.replace("%2F", "%2f").replace("%2B", "%2b"), "escapes in lower case"),
        of("slashes-bare", "encrypted.data", ACCEPTED, good.replace("%2F", "/"), "slashes that are not escaped"),
        of("page-sample", "encrypted.data encrypted.format encrypted.padding", BAD_PADDING, f"https://yourapp.com/redirection?data={SAMPLE}",
           "the page's own sample URL, whose secret is not public"),
        of("equals-bare", "encrypted.data", ACCEPTED, good.replace("%3D", "="), "equals signs that are not escaped"),
        of("plus-bare", "encrypted.base64", BAD_BASE64, good.replace("%2B", "+"), "plus signs that are not escaped: they arrive as blanks"),
        of("encoded-twice", "encrypted.base64", BAD_BASE64, f"/redirection?data={quote(data, safe='')}", "percent-encoded twice"),
        of("query-kept", "encrypted.alone encrypted.query", ACCEPTED, f"/redirection?lang=en&user_id=2&data={data}", "a configured query before it"),
        of("hmac-beside", "encrypted.alone", ACCEPTED, f"{good}&{stale}", "an old hmac beside it, which is ignored"),
        of("twice", "launch.repeated", TWICE, f"{good}&data={data}", "data twice"),
        of("other-twice", "launch.repeated", TWICE, f"{good}&a=1&a=2", "another parameter twice"),
        of("and-list", "launch.repeated", TWICE, f"{good}&data%5B%5D={data}", "data[] after it, which PHP reads as data"),
        of("without-value", "encrypted.data", NOTHING, "/redirection?data=", "an empty data"),
        of("missing", "encrypted.data", LACKING, "/redirection?user_id=1", "no data"),
        of("no-query", "encrypted.data", LACKING, "/redirection", "no query"),
        of("without-value-and-hmac", "launch.mode encrypted.data", NOTHING, "/redirection?data=&hmac=0", "an empty data, and hmac"),
        of("no-data-in-it", "encrypted.required", NO_MEMBER, f"/redirection?user_id=1234567&data={quote(made(compact(location_id=LOCATION)), safe='')}",
           "no user_id inside, and one beside it"),
        of("in-capitals", "encrypted.data", LACKING, f"/redirection?DATA={data}", "DATA in place of data"),
        of("plain-instead", "launch.mode", OTHER_MODE, signed(), "a launch of the other mode, rightly signed"),
        of("fragment", "encrypted.data", ACCEPTED, good + "#top", "a fragment"),
        of("in-fragment", "encrypted.data", LACKING, f"/redirection#data={data}", "data after a hash sign"),
        of("broken-escape", "launch.query encrypted.data", BAD_ESCAPE, good + "%2", "an incomplete escape"),
        of("broken-escape-elsewhere", "launch.query encrypted.alone", BAD_ESCAPE, f"{good}&%=", "an incomplete escape in a name beside it"),
        of("one-bit", "encrypted.text", BAD_TEXT, good.replace("YQcdkr", "YQYdkr"), "one bit of the first block"),
        of("one-bit-of-the-salt", "encrypted.padding", BAD_PADDING, good.replace("%2Fj9", "%2Fi9"), "one bit of the salt"),
    ]
    # fmt: on


# --- the file ---------------------------------------------------------------------------------


def groups() -> list[dict[str, Any]]:
    read, write = "fortis.decrypt_parameters", "fortis.encrypt_parameters"
    make, verify = "fortis.launch_hmac", "fortis.verify_launch"
    plain, encrypted = {"mode": "plain", "now": NOW}, {"mode": "encrypted", "now": NOW}
    two = [["location_id", LOCATION], ["user_id", "1234567"]]
    # fmt: off
    listed: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = [
        ("payloads", read, {"secret": UUID}, worked_openings(UUID) + damaged() + plaintexts()),
        ("payloads-page", read, {"secret": PAGE}, page_vectors()),
        ("payloads-secret-not-ascii", read, {"secret": ODD}, worked_openings(ODD)),
        *((f"payloads-{name}", read, {"secret": secret}, vectors) for name, secret, vectors in secrets()),
        ("encryptions", write, {"secret": UUID}, encryptions(UUID) + odd_encryptions()),
        ("encryptions-page", write, {"secret": PAGE}, encryptions(PAGE)),
        ("encryptions-secret-not-ascii", write, {"secret": ODD}, encryptions(ODD)),
        ("encryptions-secret-empty", write, {"secret": ""}, [
            encrypting("secret-empty", "secret.empty secret.bytes", two, SALT.hex(), "", EMPTY_SECRET, ("two-members", "the secret is empty"))]),
        ("hmacs", make, {"secret": UUID}, [
            *hmacs(UUID),
            hmac_of("leading-zero", "plain.as-received", LOCATION, "0123456789", UUID),
            hmac_of("not-ascii", "plain.as-received", "Müller", TIME, UUID),
            hmac_of("both-empty", "plain.message", "", "", UUID),
            hmac_of("lone-surrogate", "plain.message", "\ud83c", TIME, UUID, refused("malformed"), ("worked-h02", "half of a surrogate pair as location id"))]),
        ("hmacs-page", make, {"secret": PLAIN}, hmacs(PLAIN)),
        ("hmacs-secret-not-ascii", make, {"secret": ODD}, [hmac_of("secret-not-ascii", "secret.bytes", LOCATION, TIME, ODD)]),
        ("hmacs-secret-longer-than-a-block", make, {"secret": LONG}, [
            hmac_of("secret-longer-than-a-block", "secret.bytes", LOCATION, TIME, LONG)]),
        ("hmacs-secret-with-line-end", make, {"secret": PAGE + "\n"}, [
            hmac_of("secret-with-line-end", "secret.bytes", LOCATION, TIME, PAGE + "\n")]),
        ("hmacs-secret-of-hex-digits", make, {"secret": "00ff00ff"}, [
            hmac_of("secret-of-hex-digits", "secret.bytes", LOCATION, TIME, "00ff00ff")]),
        ("hmacs-secret-empty", make, {"secret": ""}, [
            hmac_of("secret-empty", "secret.empty secret.bytes", LOCATION, TIME, "", EMPTY_SECRET, ("worked-h02", "the secret is empty"))]),
        ("launches", verify, {"secret": UUID, **plain}, plain_launches()),
        ("launches-page", verify, {"secret": PLAIN, **plain}, page_launches()),
        ("launches-secret-empty", verify, {"secret": "", **plain}, [
            launch("secret-empty", "secret.empty secret.bytes", EMPTY_SECRET, signed(secret=""),
                   ("plain", "signed with an empty secret, which is configured too", "given.secret", "input.target"), secret="")]),
        ("launches-secret-with-blank", verify, {"secret": PLAIN + " ", **plain}, [
            launch("secret-with-blank", "secret.bytes", ACCEPTED, signed(secret=PLAIN + " "), secret=PLAIN + " ")]),
        ("launches-encrypted", verify, {"secret": UUID, **encrypted}, encrypted_launches()),
    ]
    # fmt: on
    return [
        {"id": f"fortis/{name}", "operation": operation, "given": given, "vectors": vectors}
        for name, operation, given, vectors in listed
    ]


if __name__ == "__main__":
    main(
        "fortis",
        "Python's hmac, hashlib, json and base64, and AES of the OpenSSL command line",
        "Every secret and every token in this file is public on purpose and protects nothing.",
        groups(),
    )
