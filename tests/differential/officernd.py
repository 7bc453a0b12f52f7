"""Questions to OfficeRnD's signatures: genuine requests as they may travel, and what may be wrong with them."""

from __future__ import annotations

import hmac
import json
import random
from typing import Any

from .texts import ODD, data, edited, escaped, near, queried, sometimes, text

SECRETS = [
    "example-integration-secret",
    "example-webhook-secret",
    "geheimnis-mit-ümlaut",
    "s" * 65,
    "00ff00ff",
]
NAMES = [
    "slug",
    "locations",
    "memberId",
    "organizationId",
    "userId",
    "officeId",
    "0",
    "7",
    "a b",
    "é",
    "__proto__",
    "constructor",
]
NOW = 1648190394


def digest(secret: str, message: bytes) -> str:
    return hmac.digest(secret.encode(), message, "sha256").hex()


def pairs_of(rng: random.Random) -> list[tuple[str, str]]:
    names = [rng.choice(NAMES) if rng.random() < 0.7 else text(rng, 6) for _ in range(rng.randrange(6))]
    if rng.random() < 0.9:
        names = [name for name in dict.fromkeys(names) if name != "signature"]
    values = ["", "test-slug", '"5c0"', '""', '"', "a, b", "location-id1, location-id2"]
    return [(name, rng.choice(values) if rng.random() < 0.3 else text(rng, 10)) for name in names]


def value(rng: random.Random, time: int, made: str) -> str:
    """Return what stands in the parameter or the header, mostly well written."""
    t = (
        str(time)
        if rng.random() < 0.97
        else rng.choice([f"0{time}", f"{time}000", f"+{time}", f"{time}.0", ""])
    )
    forms = [f"t={t},signature={made}"] * 12 + [
        f"signature={made},t={t}", f"t={t},signature={made.upper()}", f"t={t}, signature={made}", f"v1=x,t={t},signature={made}",
        f"t={t},signature={made},t={t}", f"t={t},signature={made},", f"signature={made}", f"{t},{made}", f"t={t},signature={made[:-1]}",
        f"t={t},signature={'0' * 64}", f"T={t},signature={made}", f"t={t},signature={made},x=", f"t={t},signature={made},x=y=z",
    ]  # fmt: skip
    return sometimes(rng, 0.03, rng.choice(forms))


def limits(rng: random.Random) -> tuple[dict[str, Any], tuple[int, int]]:
    chosen = rng.choice([None, None, (300, 60), (5, 0), (0, 0)])
    return ({"now": NOW} | ({"tolerance": list(chosen)} if chosen else {})), chosen or (300, 60)


def page(rng: random.Random, secret: str) -> dict[str, Any]:
    given, tolerated = limits(rng)
    time = near(rng, NOW, tolerated) if rng.random() < 0.3 else NOW - 1
    sent = signed = pairs_of(rng)
    drawn = rng.random()
    if drawn < 0.1:
        signed = [pair for pair in sent if pair != ("memberId", "")]
    elif drawn < 0.2:
        signed = [(n, v[1:-1] if n == "organizationId" and v[:1] == v[-1:] == '"' else v) for n, v in sent]
    elif drawn < 0.25:
        signed = sorted(sent)
    shown = (
        "{" + ",".join(":".join(json.dumps(one, ensure_ascii=False) for one in pair) for pair in signed) + "}"
    )
    made = digest(secret, f"{shown}.{time}".encode("utf-8", "replace"))
    query = queried(rng, sent)
    at = rng.choice([0, len(query)]) if rng.random() < 0.9 else rng.randrange(len(query) + 1)
    piece = f"signature={escaped(rng, value(rng, time, made))}"
    query = "&".join(part for part in (query[:at].strip("&"), piece, query[at:].strip("&")) if part)
    target = rng.choice(["/sync?", "/a/b?", "https://partner.example/healthcheck?", "?", "/x?#"]) + query
    if rng.random() < 0.002:
        target += "&a=" + "x" * 8192 if rng.random() < 0.5 else "&" + "&".join(f"n{n}" for n in range(198))
    return {"operation": "verify_query", "given": given, "input": {"target": sometimes(rng, 0.2, target)}}


def webhook(rng: random.Random, secret: str) -> dict[str, Any]:
    given, tolerated = limits(rng)
    time = near(rng, NOW, tolerated)
    body = text(rng, 60).encode() if rng.random() < 0.7 else rng.randbytes(rng.randrange(80))
    header = value(rng, time, digest(secret, body + f".{time}".encode()))
    if rng.random() < 0.1:
        body = rng.choice([body + b"\n", body.strip(), body + b"\0", b"\xef\xbb\xbf" + body])
    if rng.random() < 0.1:
        header = edited(rng, header)
    return {"operation": "verify_webhook", "given": given, "input": {"body": data(body), "header": header}}


def question(rng: random.Random) -> dict[str, Any]:
    secret = rng.choice(SECRETS) if rng.random() < 0.99 else rng.choice(["", "\0", ODD])
    drawn = rng.random()
    if drawn < 0.6:
        asked = page(rng, secret)
    elif drawn < 0.8:
        asked = webhook(rng, secret)
    else:
        time = rng.choice([0, NOW, rng.randrange(10**12)])
        pairs = [list(pair) for pair in pairs_of(rng)]
        body = data(text(rng, 60).encode())
        asked = {"given": {}} | (
            {"operation": "sign_query", "input": {"pairs": pairs, "timestamp": time}}
            if rng.random() < 0.8
            else {"operation": "sign_webhook", "input": {"body": body, "timestamp": time}}
        )
    asked["given"]["secret"] = secret
    return asked
