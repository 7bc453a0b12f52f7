"""The debugger's examples: each a request that one known mistake has made, signed here with a public test key.

A request is written as its sender would, with the standard library; for Fortis' encryption with `cryptography`.
That the debugger names the mistake is not said here: a test asks it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, quote_plus, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OFFICERND, WEBHOOK = "example-integration-secret", "example-webhook-secret"
RETAILCRM, API_KEY = "example-module-secret", "example-api-key"
ONOFFICE, API_TOKEN = "Example-Provider-Secret-1!", "0123456789abcdef0123456789abcdef"
API_SECRET = "yOJobbhGLXdp90XxvxedFhH7073L9U"
FORTIS, LOCATION = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", "11ea858313aabde4bd2eb0fa"
TIMES = {
    "officernd": 1_648_190_384,
    "retailcrm": 1_700_000_000,
    "onoffice": 1_700_000_000,
    "fortis": 1_700_000_000,
}
"""When each platform's examples are verified."""


@dataclass(frozen=True, slots=True)
class Example:
    """A request, the secret that it is verified with, and the id of the mistake; none where the request is genuine."""

    platform: str
    slip: str
    title: str
    pasted: str
    secret: str
    header: str = ""
    mine: str = ""

    @property
    def id(self) -> str:
        """The example's address on the page: the mistake's id, with the platform's where that is no part of it."""
        name = self.slip or "genuine"
        return name if name.startswith(self.platform) else f"{self.platform}-{name}"


def mac(key: str, text: str | bytes) -> bytes:
    """Return the HMAC-SHA256 of a text."""
    return hmac.digest(key.encode(), text.encode() if isinstance(text, str) else text, "sha256")


def _query(query: str, text: str, secret: str = OFFICERND) -> str:
    return _signed(query, mac(secret, text).hex())


def _signed(query: str, digest: str) -> str:
    value = quote(f"t={TIMES['officernd']},signature={digest}", safe="")
    return f"https://partner.example/healthcheck?{query}&signature={value}"


def officernd() -> list[Example]:
    """Return the examples of OfficeRnD."""
    now = TIMES["officernd"]
    both = "slug=test-slug&locations="
    text = f'{{"slug":"test-slug","locations":""}}.{now}'
    python = f"{json.dumps({'slug': 'café', 'locations': ''})}.{now}"
    logged = _query("slug=caf%C3%A9&locations=", python).removeprefix("https://partner.example")
    line = f'127.0.0.1 - - [25/Mar/2022:06:39:44 +0000] "GET {escape(logged)} HTTP/1.1" 401 52 "-" "-"'
    body = '{"event":"evt-1","eventType":"integration.removed","data":{"object":{"_id":"7d7d7d7d7d7d7d7d7d7d7d7d"}}}'
    header = f"t={now},signature={mac(WEBHOOK, f'{body}.{now}').hex()}"
    raw = f"POST /webhooks HTTP/1.1\nHost: partner.example\nContent-Type: application/json\nofficernd-signature: {header}\n\n"
    found = [
        ("json-python", "JSON written with Python’s defaults", line),
        ("parameter-added", "A parameter was added on the way", _query(both, text).replace("&signature", "&fbclid=IwAR0abc&signature")),
        ("form-cut", "The signature was cut off", _query(both, text)[:-20]),
        ("order-sorted", "The names were sorted", _query(both, f'{{"locations":"","slug":"test-slug"}}.{now}')),
        ("json-php", "JSON written by PHP’s json_encode", _query("slug=caf%C3%A9&locations=a%2Fb", rf'{{"slug":"caf\u00e9","locations":"a\/b"}}.{now}')),
        ("officernd-url-signed", "The URL was signed", _query(both, f"https://partner.example/healthcheck?{both}.{now}")),
        ("message-time-first", "The time was signed first", _query(both, f"{now}.{text.rpartition('.')[0]}")),
        ("message-no-time", "The time was not signed", _query(both, text.rpartition(".")[0])),
        ("key-line-end", "The secret has a line end", _query(both, text, f"{OFFICERND}\n")),
        ("form-base64", "The digest is in base64", _signed(both, b64encode(mac(OFFICERND, text)).decode())),
    ]  # fmt: skip
    examples = [Example("officernd", slip, title, pasted, OFFICERND) for slip, title, pasted in found]
    rewritten = raw + json.dumps(json.loads(body), indent=2)
    examples.append(
        Example("officernd", "json-rewritten", "A webhook’s body was written anew", rewritten, WEBHOOK)
    )
    sorted_ = f'{{"locations":"","slug":"test-slug"}}.{now}'
    examples.append(
        Example(
            "officernd", "", "Genuine, and my code refuses it", _query(both, text), OFFICERND, mine=sorted_
        )
    )
    return examples


def _registration(token: str, url: str = "https://demo.simla.com") -> str:
    return json.dumps({"systemUrl": url, "apiKey": API_KEY, "token": token}, separators=(",", ":"))


def _form(token: str) -> str:
    return f"register={quote_plus(_registration(token))}"


def retailcrm() -> list[Example]:
    """Return the examples of RetailCRM."""
    token = mac(RETAILCRM, API_KEY).hex()
    url = "https://demo.simla.com"
    unsigned = json.dumps({"systemUrl": url, "apiKey": API_KEY}, separators=(",", ":"))
    found = [
        ("body-entities", "The JSON went through htmlspecialchars", f"register={quote_plus(escape(_registration(token)))}"),
        ("retailcrm-content-type", "The JSON is said to be JSON", f"POST /register HTTP/1.1\nHost: module.example\nContent-Type: application/json\n\n{_form(token)}"),
        ("retailcrm-json-alone", "The JSON is the whole body", f"POST /register HTTP/1.1\nHost: module.example\nContent-Type: application/json\n\n{_registration(token)}"),
        ("retailcrm-system-url-signed", "The system URL was signed", _form(mac(RETAILCRM, f"{API_KEY}{url}").hex())),
        ("retailcrm-json-signed", "The whole JSON was signed", _form(mac(RETAILCRM, unsigned).hex())),
        ("retailcrm-field-renamed", "The form field has another name", _form(token).replace("register=", "data=")),
        ("retailcrm-in-query", "The registration is in the query", f"https://module.example/register?{_form(token)}"),
        ("retailcrm-api-key-as-key", "The API key was the key, too", _form(mac(API_KEY, API_KEY).hex())),
        ("mac-swapped", "Key and message were swapped", _form(mac(API_KEY, RETAILCRM).hex())),
        ("key-line-end", "The secret has a line end", _form(mac(f"{RETAILCRM}\n", API_KEY).hex())),
        ("form-base64", "The token is in base64", _form(b64encode(mac(RETAILCRM, API_KEY)).decode())),
    ]  # fmt: skip
    return [Example("retailcrm", slip, title, pasted, RETAILCRM) for slip, title, pasted in found]


def onoffice() -> list[Example]:
    """Return the examples of onOffice."""
    pairs = sorted({"apiToken": API_TOKEN, "customerName": "Müller & Söhne", "parameterCacheId": "6802c44a", "timestamp": str(TIMES["onoffice"]), "userId": "17"}.items())  # fmt: skip
    base, query = "https://provider.example/activate", urlencode(pairs)

    def url(text: str, key: str = ONOFFICE, sent: str = f"{base}?{query}") -> str:
        return f"{sent}&signature={mac(key, text).hex()}"

    right = f"{base}?{query}"
    listed = [pairs[3], pairs[0], pairs[2], pairs[4], pairs[1]]
    found = [
        ("onoffice-scheme", "http was signed, https arrived", url(right.replace("https:", "http:"))),
        ("onoffice-port-signed", "A port was signed", url(right.replace(".example", ".example:443"))),
        ("onoffice-path-slash", "A slash behind the path was signed", url(right.replace("activate?", "activate/?"))),
        ("onoffice-query-percent-20", "Blanks were signed as %20", url(f"{base}?{urlencode(pairs, quote_via=quote)}")),
        ("onoffice-query-as-received", "The query was not sorted", url(f"{base}?{urlencode(listed)}", sent=f"{base}?{urlencode(listed)}")),
        ("query-encoded-twice", "The query was encoded twice", url(right, sent=f"{base}?{urlencode(pairs).replace('%', '%25')}")),
        ("onoffice-order-values", "The values were sorted, not the names", url(f"{base}?{urlencode(sorted(pairs, key=lambda pair: pair[1]))}")),
        ("onoffice-path-prefix-cut", "A proxy cut the path", url(right.replace("/activate", "/api/activate"))),
        ("onoffice-parameter-as-key", "The API token was the key", url(right, API_TOKEN)),
    ]  # fmt: skip
    examples = [Example("onoffice", slip, title, pasted, ONOFFICE) for slip, title, pasted in found]
    called = [
        ("onoffice-api-hex", "An API call’s HMAC is in hex", lambda text: mac(API_SECRET, text).hex(), ""),
        ("onoffice-api-separator", "An API call’s fields were joined with commas", _base64, ","),
    ]
    return examples + [
        Example("onoffice", slip, title, _call(made, between), API_SECRET)
        for slip, title, made, between in called
    ]


def _base64(text: str) -> str:
    return b64encode(mac(API_SECRET, text)).decode()


def _call(made: Callable[[str], str], between: str) -> str:
    """Return a call of the API, whose HMAC is made of its four fields."""
    fields = (str(TIMES["onoffice"]), API_TOKEN, "estate", "urn:onoffice-de-ns:smart:2.5:smartml:action:read")
    action = {
        "actionid": fields[3],
        "resourceid": "",
        "resourcetype": fields[2],
        "identifier": "",
        "timestamp": TIMES["onoffice"],
        "hmac": made(between.join(fields)),
        "hmac_version": 2,
        "parameters": {},
    }
    return json.dumps({"token": API_TOKEN, "request": {"actions": [action]}})


SALT = bytes.fromhex("e3f497b4c1392f61")


def _derived(length: int, digest: str = "md5") -> bytes:
    """Return key and IV as OpenSSL's EVP_BytesToKey makes them."""
    made = last = b""
    while len(made) < length + 16:
        last = hashlib.new(digest, last + FORTIS.encode() + SALT, usedforsecurity=False).digest()
        made += last
    return made[: length + 16]


def _encrypted(text: bytes, key: bytes, iv: bytes, fill: bytes = b"") -> str:
    missing = 16 - len(text) % 16
    padded = text + (fill or bytes([missing])) * missing
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return b64encode(b"Salted__" + SALT + cipher.update(padded) + cipher.finalize()).decode()


def fortis() -> list[Example]:
    """Return the examples of Fortis, in both modes."""
    now = TIMES["fortis"]
    pairs = {
        "location_id": LOCATION,
        "user_id": "11e7a84525008da8960b72e7",
        "access-token": "3pPzNQstYfXDCE5x",
    }
    text = json.dumps(pairs, separators=(",", ":")).encode()

    def data(value: str, spelt: str = "") -> str:
        return f"https://app.example/launch?data={spelt or quote(value, safe='')}"

    def plain(message: str, secret: str = FORTIS) -> str:
        digest = mac(secret, message).hex()
        return (
            f"https://app.example/launch?location_id={LOCATION}&timestamp={now}&hmac={digest}&user_id=1234567"
        )

    made, short, other = _derived(32), _derived(16), _derived(32, "sha1")
    right = _encrypted(text, made[:32], made[32:])
    found = [
        ("fortis-aes-128", "AES-128 where AES-256 is meant", data(_encrypted(text, short[:16], short[16:]))),
        ("fortis-evp-digest", "The key was derived with SHA-1", data(_encrypted(text, other[:32], other[32:]))),
        ("fortis-iv-zero", "The IV is all zeros", data(_encrypted(text, made[:32], bytes(16)))),
        ("fortis-text-query", "A query was encrypted, not JSON", data(_encrypted(urlencode(pairs).encode(), made[:32], made[32:]))),
        ("fortis-text-twice", "The JSON was encoded twice", data(_encrypted(json.dumps(text.decode()).encode(), made[:32], made[32:]))),
        ("fortis-padding-zero", "The padding is NUL bytes", data(_encrypted(text, made[:32], made[32:], b"\0"))),
        ("fortis-data-base64-twice", "The base64 is encoded once more", data(b64encode(right.encode()).decode())),
        ("message-time-first", "The timestamp was signed first", plain(f"{now}{LOCATION}")),
        ("message-separator", "A dot was signed between the values", plain(f"{LOCATION}.{now}")),
        ("key-line-end", "The secret has a line end", plain(f"{LOCATION}{now}", f"{FORTIS}\n")),
        ("key-quoted", "The secret is in quotation marks", plain(f"{LOCATION}{now}", f'"{FORTIS}"')),
    ]  # fmt: skip
    return [Example("fortis", slip, title, pasted, FORTIS) for slip, title, pasted in found]


def examples() -> list[Example]:
    """Return every example, platform by platform."""
    return [*officernd(), *retailcrm(), *onoffice(), *fortis()]
