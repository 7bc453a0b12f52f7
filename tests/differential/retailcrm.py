"""Questions to RetailCRM's token and registration: in any writing, and with something wrong."""

from __future__ import annotations

import hmac
import json
import random
from typing import Any

from tests.retailcrm.test_oracle import wrong_tokens

from .texts import any_json, data, edited, escaped, sometimes, text

SECRETS = ["secret", "secret\n", "example-module-secret", "geheimnis-mit-ümlaut", "s" * 65]
SYSTEM = "https://newaccount.simla.com"
FORM = "application/x-www-form-urlencoded"
TYPES = [
    FORM,
    f"{FORM}; charset=utf-8",
    f" {FORM.upper()} ;x",
    "application/json",
    "",
    "multipart/form-data; boundary=b",
    f"{FORM},x",
]
OTHERS = [
    "register",
    " register",
    "register[]",
    "register[x]",
    "register[x",
    "register\0",
    "register.x",
    "Register",
    "clientId",
    "",
    "0",
]
ALLOWED = [
    ["https://*.simla.com", "https://*.retailcrm.ru"], ["https://crm.example.com", "https://crm.example.com:8443", "http://127.0.0.1:8000"], [],
]  # fmt: skip
URLS = [
    SYSTEM,
    "https://crm.example.com",
    "https://crm.example.com:8443",
    "http://127.0.0.1:8000",
    "https://a.b.simla.com",
    "https://simla.com",
]


def members(rng: random.Random, secret: str) -> list[tuple[str, Any]]:
    key = text(rng, 30, 1)
    token = hmac.digest(secret.encode(), key.encode(), "sha256").hex()
    found: list[tuple[str, Any]] = [
        ("token", token),
        ("apiKey", key),
        ("systemUrl", SYSTEM if rng.random() < 0.5 else text(rng, 20, 1)),
    ]
    drawn = rng.random()
    if drawn < 0.06:
        wrong = [*wrong_tokens(token), hmac.digest(key.encode(), secret.encode(), "sha256").hex()]
        found[0] = ("token", rng.choice(wrong))
    elif drawn < 0.12:
        at = rng.randrange(3)
        found[at] = (found[at][0], any_json(rng, 1))
    elif drawn < 0.16:
        del found[rng.randrange(3)]
    elif drawn < 0.2:
        found.append(rng.choice(found))
    if rng.random() < 0.4:
        found.append((rng.choice(["Token", "APIKEY", "more", "0", "__proto__", text(rng, 4)]), any_json(rng)))
    rng.shuffle(found)
    return found


def register(rng: random.Random, secret: str) -> str:
    colon, comma = rng.choice([(":", ","), (": ", ", "), ("\t:\n", " ,\r")])
    ascii = rng.random() < 0.5
    inside = comma.join(
        json.dumps(n, ensure_ascii=ascii) + colon + json.dumps(v, ensure_ascii=ascii)
        for n, v in members(rng, secret)
    )
    if rng.random() < 0.3:
        inside = inside.replace("/", "\\/")
    frames = ["{%s}"] * 20 + ["{%s", "[{%s}]", "{%s,}", " {%s}\n", "{%s}x", "{%s,%s}"]
    frame = rng.choice(frames)
    return sometimes(rng, 0.1, frame.replace("%s", inside))


def body_of(rng: random.Random, secret: str) -> tuple[bytes, str]:
    kind = FORM if rng.random() < 0.8 else rng.choice(TYPES)
    fields = [("register", register(rng, secret))]
    while rng.random() < 0.25:
        fields.insert(
            rng.randrange(len(fields) + 1),
            (rng.choice(OTHERS) if rng.random() < 0.7 else text(rng, 8), text(rng, 8)),
        )
    if rng.random() < 0.12:
        mark = rng.choice(["b", "----WebKitFormBoundary7MA4YWxk", "x y"])
        kind = rng.choice(
            [
                f"multipart/form-data; boundary={mark}",
                f'multipart/form-data; charset=utf-8; boundary="{mark}"',
                "multipart/form-data",
            ]
        )
        part = '--{}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        body = (
            "".join(part.format(mark, name, value) for name, value in fields)
            + f"--{mark}--"
            + rng.choice(["", "\r\n"])
        )
        return (edited(rng, body) if rng.random() < 0.3 else body).encode(), kind
    body = "&".join(f"{escaped(rng, name)}={escaped(rng, value)}" for name, value in fields)
    if rng.random() < 0.001:
        body += "&a=" + "x" * 65_536 if rng.random() < 0.5 else "&" + "&".join(f"n{n}" for n in range(199))
    return (edited(rng, body) if rng.random() < 0.15 else body).encode(), kind


def question(rng: random.Random) -> dict[str, Any]:
    secret = rng.choice(SECRETS) if rng.random() < 0.99 else rng.choice(["", "\0", "a\0"])
    drawn = rng.random()
    if drawn < 0.75:
        body, kind = body_of(rng, secret)
        return {
            "operation": "verify_registration",
            "given": {"secret": secret},
            "input": {"body": data(body), "content_type": sometimes(rng, 0.03, kind)},
        }
    if drawn < 0.85:
        return {
            "operation": "registration_token",
            "given": {"secret": secret},
            "input": {"api_key": text(rng, 40)},
        }
    url = rng.choice(URLS) + "/" * rng.choice([0, 0, 1, 3])
    asked = {"url": sometimes(rng, 0.5, url.upper() if rng.random() < 0.1 else url)}
    return {"operation": "canonical_system_url", "given": {"allowed": rng.choice(ALLOWED)}, "input": asked}
