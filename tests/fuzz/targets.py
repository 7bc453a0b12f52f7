"""Every reader of outside bytes, by name: bytes in; an answer or the reader's own refusal, and no other exception.

A target reads the bytes as an attacker writes them, and where a signature would stop it, once more with a right one.
"""

from __future__ import annotations

import atexit
import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from handshakes.core import origins, strict
from handshakes.core.messages import Request, Response, split_url
from handshakes.core.refusals import Refused
from handshakes.explain import explain
from handshakes.explain.pasted import read
from handshakes.explain.recorded import Unreadable, recorded
from handshakes.fortis import encryption
from handshakes.fortis import readings as fortis_readings
from handshakes.fortis import signing as fortis
from handshakes.judge import profile
from handshakes.officernd import readings as officernd_readings
from handshakes.officernd import signing as officernd
from handshakes.onoffice import php
from handshakes.onoffice import readings as onoffice_readings
from handshakes.onoffice import signing as onoffice
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm import readings as retailcrm_readings
from handshakes.retailcrm import signing as retailcrm
from handshakes.runtime import calls, framing
from handshakes.runtime.ciphers import AesCiphers
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import StoreError
from handshakes.runtime.store_keys import given_keys
from handshakes.runtime.store_urls import database_url
from handshakes.runtime.transcript import Transcript
from handshakes.spec import vectors
from tests.fuzz import roles

NOW, SECRET, CLAUSE = roles.NOW, "example-secret", "fuzz:clause"
KEY = "Zm9yIHRoZSBmdXp6ZXJzLCBwdWJsaWMsIDMyIGJ5dGU="
CIPHERS = AesCiphers()


def text(data: bytes) -> str:
    """Return any text that Python may hold for these bytes, lone surrogates among them."""
    return data.decode("utf-8", "surrogateescape")


def reading(module: Any, data: bytes) -> Any:
    """Return the alternative reading that the first byte chooses, or none."""
    known = sorted(module.READINGS)
    chosen = (data or b"\0")[0] % (2 * len(known))
    return module.of(known[chosen]) if chosen < len(known) else None


# --- core ---------------------------------------------------------------------------------------------


def query(data: bytes) -> None:
    strict.no_duplicates(strict.query_pairs(data.decode("latin-1"), CLAUSE), CLAUSE)


def form(data: bytes) -> None:
    kind, _, body = data.partition(b"\n")
    strict.form_pairs(body, kind.decode("latin-1"), CLAUSE)


def json_text(data: bytes) -> None:
    strict.json_object(data, CLAUSE)


def address(data: bytes) -> None:
    url = text(data)
    origins.is_url(url)
    with suppress(ValueError):
        split_url(url)
    with suppress(Refused):
        retailcrm.canonical_system_url(url)
    origins.allowed_origin(url, ["https://*.example.com", "http://127.0.0.1:80"], CLAUSE)


# --- signatures ---------------------------------------------------------------------------------------


def officernd_query(data: bytes) -> None:
    chosen, rest = reading(officernd_readings, data), text(data[1:])
    with suppress(Refused):
        officernd.verify_query(rest, secret=SECRET, now=NOW, readings=chosen)
    pairs = strict.query_pairs(rest.partition("?")[2], CLAUSE)
    value = officernd.sign_query(pairs, secret=SECRET, timestamp=NOW, readings=chosen)
    target = rest.partition("?")[0] + "?" + urlencode([*pairs, ("signature", value)])
    officernd.verify_query(target, secret=SECRET, now=NOW, readings=chosen)


def officernd_webhook(data: bytes) -> None:
    header, _, body = data[1:].partition(b"\n")
    chosen = reading(officernd_readings, data)
    right = officernd.sign_webhook(body, secret=SECRET, timestamp=NOW)
    with suppress(Refused):
        officernd.verify_webhook(body, right, secret=SECRET, now=NOW, readings=chosen)
    officernd.verify_webhook(body, text(header), secret=SECRET, now=NOW, readings=chosen)


def retailcrm_registration(data: bytes) -> None:
    kind, _, body = data[1:].partition(b"\n")
    chosen = reading(retailcrm_readings, data)
    with suppress(Refused):
        retailcrm.verify_registration(body, secret=SECRET, content_type=text(kind), readings=chosen)
    with suppress(ValueError, RecursionError):
        members = json.loads(body)
        if isinstance(members, dict) and isinstance(members.get("apiKey"), str):
            members["token"] = retailcrm.registration_token(members["apiKey"], secret=SECRET, readings=chosen)
        body = b"register=" + urlencode({"": json.dumps(members)}).encode()[1:]
    retailcrm.verify_registration(body, secret=SECRET, readings=chosen)


def onoffice_url(data: bytes) -> None:
    chosen, url = reading(onoffice_readings, data), text(data[1:])
    with suppress(Refused):
        onoffice.verify_url(url, secret=SECRET, now=NOW, readings=chosen)
    onoffice.verify_url(
        onoffice.sign_url(url, secret=SECRET, readings=chosen), secret=SECRET, now=NOW, readings=chosen
    )


def php_names(data: bytes) -> None:
    pairs = strict.query_pairs(data.decode("latin-1"), CLAUSE)
    for order in (php.ksort, php.ksort_before_8_2):
        order(php.parse_str(pairs))


def api_call(data: bytes) -> None:
    """Make the HMAC of a call, as the simulated API does with the JSON that it was sent."""
    value = strict.json_object(data, CLAUSE)
    for version in (1, 2):
        onoffice.api_hmac(
            token="t", api_key="k", timestamp=NOW, resource_type="r", action_id="a", version=version,
            parameters=value,
        )  # fmt: skip


def fortis_launch(data: bytes) -> None:
    chosen, url = reading(fortis_readings, data), text(data[1:])
    for mode in ("encrypted", "plain"):
        with suppress(Refused):
            fortis.verify_launch(url, mode=mode, secret=SECRET, now=NOW, readings=chosen)
    values = dict(strict.query_pairs(url.partition("?")[2], CLAUSE))
    place, when = values.get("location_id", ""), values.get("timestamp", "")
    values["hmac"] = fortis.launch_hmac(place, when, secret=SECRET, readings=chosen)
    fortis.verify_launch("/?" + urlencode(values), mode="plain", secret=SECRET, now=NOW, readings=chosen)


def fortis_data(data: bytes) -> None:
    chosen = reading(fortis_readings, data)
    with suppress(Refused):
        encryption.decrypt_parameters(text(data[1:]), secret=SECRET, readings=chosen)
    sealed = encryption.sealed(data[1:], secret=SECRET, salt=b"12345678", readings=chosen)
    encryption.decrypt_parameters(sealed, secret=SECRET, readings=chosen)


# --- explain ------------------------------------------------------------------------------------------


def pasted(platform: str, data: bytes) -> None:
    """Read what somebody pasted, with a header beside it where the first line is one, and verify what is found."""
    slips = PLATFORMS[platform].slips()
    header, _, rest = data.partition(b"\n") if data[:2] == b"h:" else (b"", b"", data)
    found = read(rest, slips, text(header[2:]))
    slips.verify(found, secret=SECRET, now=NOW, tolerance=None, readings=[])


def explained(data: bytes) -> None:
    name = sorted(PLATFORMS)[(data or b"\0")[0] % len(PLATFORMS)]
    explain(name, data[1:], secret=SECRET, now=NOW, ciphers=CIPHERS).as_json()


def har(data: bytes) -> None:
    with suppress(ValueError, RecursionError):
        value = json.loads(data)
        recorded(value, lambda url, headers, body: 1)


# --- files, the store, and what the two sides hear ----------------------------------------------------


def vector_file(data: bytes) -> None:
    vectors.parse(text(data))


def profile_file(data: bytes) -> None:
    profile.parse(text(data))


@cache
def _store() -> SqlStore:
    return SqlStore(f"sqlite:///{_folder() / 'kept.sqlite'}", [KEY])


@cache
def _folder() -> Path:
    """Return a folder that is gone when the process ends."""
    folder = TemporaryDirectory(prefix="handshakes-fuzz-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def row(data: bytes) -> None:
    """Open a row: details, state and what is sealed as anybody may leave them, and as the holder of the key does."""
    store = _store()
    details, _, sealed = data[1:].partition(b"\0")
    whole = store._rows._fernet.encrypt(sealed)
    state: Any = "active" if (data or b"\0")[0] % 2 else text(sealed)
    for shown in (details, text(details)):
        for kept in (sealed, whole, text(sealed)):
            with suppress(StoreError):
                store._rows.opened(("fortis", "1", state, 1, shown, kept))


def keys(data: bytes) -> None:
    file = _folder() / "store.keys"
    file.touch(0o600)
    file.write_bytes(data)
    given = given_keys(file)
    SqlStore(f"sqlite:///{_folder() / 'kept.sqlite'}", given).close()


def store_url(data: bytes) -> None:
    database_url(text(data))


def answer(data: bytes) -> None:
    """Read an answer of a platform's API."""
    headers, body = roles.head_and_body(data)
    response = Response(200, roles.pairs(headers), body)
    calls.error_of(response)
    framing.may_frame(response, "https://portal.example")
    calls.text_of(calls.object_of(response, CLAUSE), "id", CLAUSE)


def transcript(data: bytes) -> None:
    """Record a request and its answer, in which `code` is secret, and draw both."""
    (target, *headers), body = roles.head_and_body(data)
    found = Transcript(frozenset({"code"}))
    path = "/" + "".join(one for one in target if " " < one < "\x7f")
    found.request("a", "b", Request("POST", "https://one.example", path, roles.pairs(headers), body))
    found.response("a", "b", Response(200, roles.pairs(headers), body))
    found.mermaid()


Target = Callable[[bytes], None]
REFUSALS = (Refused, StoreError)
TARGETS: dict[str, tuple[Target, tuple[type[Exception], ...]]] = {
    "query": (query, REFUSALS),
    "form": (form, REFUSALS),
    "json": (json_text, REFUSALS),
    "address": (address, REFUSALS),
    "officernd-query": (officernd_query, REFUSALS),
    "officernd-webhook": (officernd_webhook, REFUSALS),
    "retailcrm-registration": (retailcrm_registration, REFUSALS),
    "onoffice-url": (onoffice_url, REFUSALS),
    "onoffice-php-names": (php_names, REFUSALS),
    "onoffice-api-call": (api_call, REFUSALS),
    "fortis-launch": (fortis_launch, REFUSALS),
    "fortis-data": (fortis_data, REFUSALS),
    **{f"pasted-{name}": (partial(pasted, name), (Unreadable, Refused)) for name in PLATFORMS},
    "explained": (explained, ()),
    "har": (har, (Unreadable,)),
    "vectors": (vector_file, (vectors.BadFile,)),
    "profile": (profile_file, (ValueError,)),
    "row": (row, ()),
    "keys": (keys, REFUSALS),
    "store-url": (store_url, REFUSALS),
    "answer": (answer, REFUSALS),
    "transcript": (transcript, ()),
    "page": (roles.shown, ()),
    "server": (roles.received, ()),
    **{f"asked-{name}": (partial(roles.asked, name), ()) for name in PLATFORMS},
    **{f"answered-{name}": (partial(roles.answered, name), ()) for name in PLATFORMS},
}
"""The reader and what it may raise; whatever else comes out of it is a fault."""


def tried(name: str, data: bytes) -> None:
    """Give a reader some bytes; raises what it must not."""
    target, refusals = TARGETS[name]
    with suppress(*refusals):
        target(data)
