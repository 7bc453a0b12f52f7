"""What verifying costs beside its floor and beside the verifiers of other services.

A floor gives the same values for the same genuine input with as little work as Python allows: keys and encoders are
made once, and nothing is looked at that a genuine request has right anyhow. It is no verifier.

    python tests/benchmarks/floors.py       prints the table alone; peers stand in it where they are installed
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import md5, sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from harness import ratio, row

from handshakes import fortis, officernd, onoffice, retailcrm

ROUNDS, CALLS = 500, 12
NOW = 1_700_000_000
BODY = b'{"event":"evt-1","data":{"object":{"_id":"7d7d7d7d7d7d7d7d7d7d7d7d"}},"createdAt":"2023-11-14T22:13:20Z"}'
Call = Callable[[], object]


def text(piece: str) -> str:
    return unquote_to_bytes(piece.replace("+", " ")).decode()


def of_query(target: str) -> list[tuple[str, str]]:
    found = []
    for piece in target.partition("?")[2].split("&"):
        name, _, value = piece.partition("=")
        found.append((name, text(value) if "%" in value or "+" in value else value))
    return found


def fitting(key: bytes, message: bytes, digest: str) -> None:
    if not hmac.compare_digest(hmac.digest(key, message, "sha256").hex(), digest):
        raise ValueError("another digest")


def in_time(timestamp: str, ahead: int = 60) -> int:
    seconds = int(timestamp)
    if not NOW - 300 <= seconds <= NOW + ahead:
        raise ValueError("another time")
    return seconds


def of_officernd() -> Iterator[tuple[str, Call, Call, str]]:
    secret, key = "example-integration-secret", b"example-integration-secret"
    written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    pairs = [("slug", "test-slug"), ("locations", ""), ("organizationId", "5b" * 12), ("memberId", "5c" * 12)]
    signature = officernd.sign_query(pairs, secret=secret, timestamp=NOW)
    target = f"/officernd/healthcheck?{urlencode([*pairs, ('signature', signature)])}"
    header = officernd.sign_webhook(BODY, secret=secret, timestamp=NOW)

    def query() -> object:
        signed = of_query(target)
        time, _, digest = signed.pop()[1].partition(",")
        fitting(key, f"{written(dict(signed))}.{time[2:]}".encode(), digest[10:])
        return tuple(signed), in_time(time[2:])

    def webhook() -> object:
        time, _, digest = header.partition(",")
        fitting(key, BODY + b"." + time[2:].encode(), digest[10:])
        return BODY, in_time(time[2:])

    yield (
        "officernd.verify_query",
        lambda: officernd.verify_query(target, secret=secret, now=NOW)[:2],
        query,
        "1.4",
    )
    yield (
        "officernd.verify_webhook",
        lambda: officernd.verify_webhook(BODY, header, secret=secret, now=NOW)[:2],
        webhook,
        "1.5",
    )


def of_onoffice() -> Iterator[tuple[str, Call, Call, str]]:
    secret, key = "Example-Provider-Secret-1!", b"Example-Provider-Secret-1!"
    pairs = {
        "apiClaim": "ctguyroHtO7_6XaBpJgwUB_npk8nGUPociZaKzYfAEYRXFR_Cv879mYelDHEEfeB",
        "apiToken": "0123456789abcdef0123456789abcdef",
        "customerName": "Müller & Söhne Immobilien GmbH",
        "customerWebId": "4711",
        "parameterCacheId": "6802c44a-7ac0-4210-a3d4-e5581e3fa0b6",
        "timestamp": str(NOW),
        "userId": "17",
    }
    url = onoffice.sign_url(f"https://provider.example/activate?{urlencode(pairs)}", secret=secret)

    def escaped(piece: str) -> str:
        return piece if piece.isalnum() and piece.isascii() else quote_plus(piece).replace("~", "%7E")

    def signed_url() -> object:
        found = of_query(url)
        _, digest = found.pop()
        form = "&".join([f"{escaped(name)}={escaped(value)}" for name, value in sorted(found)])
        fitting(key, f"{url.partition('?')[0]}?{form}".encode(), digest)
        return tuple(found), in_time(dict(found)["timestamp"], 120)

    yield (
        "onoffice.verify_url",
        lambda: onoffice.verify_url(url, secret=secret, now=NOW)[:2],
        signed_url,
        "1.4",
    )


def of_retailcrm() -> Iterator[tuple[str, Call, Call, str]]:
    secret, key = "example-module-secret", b"example-module-secret"
    api_key, address = "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff", "https://newaccount.simla.com"
    token = retailcrm.registration_token(api_key, secret=secret)
    members = json.dumps({"systemUrl": address, "apiKey": api_key, "token": token})
    body = urlencode({"register": members}).encode()

    def registration() -> object:
        values = json.loads(text(body.decode().partition("=")[2]))
        fitting(key, values["apiKey"].encode(), values["token"])
        return values["apiKey"], values["systemUrl"]

    yield (
        "retailcrm.verify_registration",
        lambda: retailcrm.verify_registration(body, secret=secret)[:2],
        registration,
        "1.4",
    )


def of_fortis() -> Iterator[tuple[str, Call, Call, str]]:
    secret, key = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", b"3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3"
    location_id, user_id = "11ea858313aabde4bd2eb0fa", "11e7a84525008da8960b72e7"
    more = {
        "access-token": "3pPzNQstYfXDCE5x",
        "contact_id": "11e66c8a943ff4b2bf1b2102",
        "contact_api_id": "137",
    }
    values = {"location_id": location_id, "user_id": user_id, **more}
    values["user_oauth_url"] = "https://api.sandbox.zeamster.com"
    data = fortis.encrypt_parameters(values, secret=secret, salt=bytes.fromhex("e3f497b4c1392f61"))
    digest = fortis.launch_hmac(location_id, str(NOW), secret=secret)
    sent = {"location_id": location_id, "timestamp": str(NOW), "hmac": digest, "user-id": user_id}
    target = f"/redirection?{urlencode(sent)}"

    def decrypted() -> object:
        raw = base64.b64decode(data)
        tail = key + raw[8:16]
        first = md5(tail, usedforsecurity=False).digest()
        second = md5(first + tail, usedforsecurity=False).digest()
        cipher = Cipher(
            AES(first + second), CBC(md5(second + tail, usedforsecurity=False).digest())
        ).decryptor()
        padded = cipher.update(raw[16:]) + cipher.finalize()
        return tuple(json.loads(padded[: -padded[-1]]).items())

    def launch() -> object:
        found = dict(of_query(target))
        fitting(key, (found["location_id"] + found["timestamp"]).encode(), found.pop("hmac"))
        return tuple(found.items()), in_time(found["timestamp"])

    yield (
        "fortis.decrypt_parameters",
        lambda: fortis.decrypt_parameters(data, secret=secret).parameters,
        decrypted,
        "1.25",
    )
    yield (
        "fortis.verify_launch, plain",
        lambda: fortis.verify_launch(target, mode="plain", secret=secret, now=NOW)[1:3],
        launch,
        "1.65",
    )


KEY = "example-webhook-secret-of-nobody"


def of_stripe(module: Any, now: datetime) -> Call:
    time, verifier = (
        int(now.timestamp()),
        module.WebhookSignature,
    )  # looked up once: its module looks for it each time
    made = hmac.digest(KEY.encode(), b"%d." % time + BODY, "sha256").hex()
    return lambda: verifier.verify_header(BODY.decode(), f"t={time},v1={made}", KEY, 86_400)


def of_itsdangerous(module: Any, now: datetime) -> Call:
    signer = module.TimestampSigner(KEY, digest_method=sha256)
    signed = signer.sign(BODY)
    return lambda: signer.unsign(signed, max_age=86_400)


def of_webhooks(module: Any, now: datetime) -> Call:
    prefix = "svix" if module.__name__ == "svix" else "webhook"
    webhook = getattr(module, "webhooks", module).Webhook(base64.b64encode(KEY.encode()).decode())
    signature = webhook.sign("m", now, BODY.decode())
    values = {"id": "m", "timestamp": str(int(now.timestamp())), "signature": signature}
    headers = {f"{prefix}-{part}": value for part, value in values.items()}
    return lambda: webhook.verify(BODY.decode(), headers)


def of_jwt(module: Any, now: datetime) -> Call:
    token = module.encode({"body": BODY.decode()}, KEY, algorithm="HS256")
    return lambda: module.decode(token, KEY, algorithms=["HS256"])


PEERS = {
    "stripe": of_stripe,
    "itsdangerous": of_itsdangerous,
    "svix": of_webhooks,
    "standardwebhooks": of_webhooks,
    "jwt": of_jwt,
}
"""Verifiers of webhooks and of signed texts, at work on the same body with a key of their own."""


def run() -> None:
    """Print a row for each verification, and one for each peer."""
    webhook: Call = lambda: None  # noqa: E731
    for platform in (of_officernd, of_onoffice, of_retailcrm, of_fortis):
        for name, ours, floor, aim in platform():
            if ours() != floor():
                raise AssertionError(f"{name} and its floor differ")
            webhook = ours if name == "officernd.verify_webhook" else webhook
            compared(f"{name}, to its floor", ours, floor, aim)
    for name, made in PEERS.items():
        if find_spec(name):
            call = made(import_module(name), datetime.now(UTC))
            call()
            compared(f"officernd.verify_webhook, to {name}", webhook, call, "0.7")


def compared(what: str, ours: Call, other: Call, aim: str) -> None:
    mine, least, factor = ratio(ours, other, CALLS, ROUNDS)
    row(what, f"{factor:.2f} ({mine * 1e6:.1f} / {least * 1e6:.1f} µs)", f"at most {aim}")


if __name__ == "__main__":
    run()
