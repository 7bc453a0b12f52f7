"""Questions to Fortis' launches, encrypted and plain: sound, odd and damaged ones."""

from __future__ import annotations

import hmac
import json
import random
from base64 import b64encode
from hashlib import md5
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .texts import any_json, edited, near, queried, sometimes, text

SECRETS = ["your key", "your key\n", "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", "clé-秘密", "s" * 65]
LOCATION, NOW = "11ea858313aabde4bd2eb0fa", 1_700_000_000
KNOWN = ["user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url"]
OTHERS = [
    "more",
    "0",
    "timestamp",
    "hmac",
    "access_token",
    "location id",
    "location.id",
    "data",
    "data[]",
    " user_id",
    "user_id[x]",
    "__proto__",
]


def sealed(secret: str, salt: bytes, plain: bytes) -> bytes:
    made = last = b""
    while len(made) < 48:
        last = md5(last + secret.encode() + salt).digest()
        made += last
    encryptor = Cipher(algorithms.AES(made[:32]), modes.CBC(made[32:])).encryptor()
    return b"Salted__" + salt + encryptor.update(plain) + encryptor.finalize()


def members(rng: random.Random) -> list[tuple[str, Any]]:
    odd = ["", "{{user_id}}", "{7}", "null", " ", None, 7, -7, 2**53, 10**30, 7.5, 1e22, True, [], {}]
    location = (
        LOCATION
        if rng.random() < 0.9
        else rng.choice([LOCATION.upper(), LOCATION[:-1], "-" * 36, "1" * 37, int("1" * 24), *odd])
    )
    found: list[tuple[str, Any]] = [("location_id", location), ("user_id", str(rng.getrandbits(40)))]
    for name in rng.sample(KNOWN, rng.randrange(3)):
        found.append((name, rng.choice(odd) if rng.random() < 0.25 else text(rng, 12)))
    if rng.random() < 0.85:
        found = [*dict(found).items()]
    if rng.random() < 0.3:
        found.append((rng.choice(OTHERS), any_json(rng)))
    rng.shuffle(found)
    if rng.random() < 0.03:
        found.pop()
    return found


def plaintext(rng: random.Random) -> bytes:
    colon, comma = rng.choice([(":", ","), (": ", ", "), ("\t:\n", " ,\r")])
    ascii = rng.random() < 0.5
    inside = comma.join(
        json.dumps(n, ensure_ascii=ascii) + colon + json.dumps(v, ensure_ascii=ascii) for n, v in members(rng)
    )
    frame = rng.choice(
        ["{%s}"] * 24 + ["{%s", "[{%s}]", "{%s,}", " {%s}\n", "{%s}x", '"%s"', "", "7", "{%s,%s}"]
    )
    made = sometimes(rng, 0.08, frame.replace("%s", inside)).encode()
    if rng.random() < 0.03:
        at = rng.randrange(len(made) + 1)
        made = (
            made[:at]
            + rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x82"])
            + made[at:]
        )
    return made


def payload(rng: random.Random, secret: str) -> str:
    plain = plaintext(rng)
    left = 16 - len(plain) % 16
    padding = bytes([left]) * left
    if rng.random() < 0.04:
        padding = rng.choice(
            [
                b"\0" * left,
                b"\x11" * left,
                bytes([left]) * (left - 1) + b"\x01",
                bytes(left - 1) + bytes([left]),
            ]
        )
    raw = sealed(secret, rng.randbytes(8), plain + padding)
    drawn = rng.random()
    if drawn < 0.05:
        at = rng.randrange(len(raw))
        raw = raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]
    elif drawn < 0.08:
        raw = rng.choice([raw[:-1], raw[:-16], raw[:16], raw + raw[-16:], raw + b"x", raw[8:]])
    made = b64encode(raw).decode()
    if rng.random() < 0.001:
        made = made * (8192 // len(made) + 1)
    if rng.random() < 0.05:
        made = rng.choice(
            [
                made.rstrip("="),
                made + "=",
                made.replace("+", " "),
                made.replace("+", "-").replace("/", "_"),
                made[:64] + "\n" + made[64:],
                edited(rng, made),
            ]
        )
    return made


def launch(rng: random.Random, secret: str) -> tuple[str, str]:
    mode = rng.choice(["plain", "plain", "encrypted"])
    if mode == "encrypted" or rng.random() < 0.03:
        pairs = [("data", payload(rng, secret))]
    else:
        time = str(near(rng, NOW, (300, 60)) if rng.random() < 0.3 else NOW)
        time = (
            time
            if rng.random() < 0.97
            else rng.choice([time + "000", "0" + time[1:], "+" + time, "", "99999999999"])
        )
        location = (
            LOCATION
            if rng.random() < 0.9
            else rng.choice([LOCATION.upper(), "", "{{location.id}}", LOCATION + " ", "-" * 24])
        )
        made = hmac.digest(secret.encode(), (location + time).encode(), "sha256").hex()
        if rng.random() < 0.04:
            made = rng.choice([made.upper(), made[1:], "", "0" * 64])
        pairs = [("location_id", location), ("timestamp", time), ("hmac", made)]
        pairs += [
            (name, rng.choice(["", "{{x}}", text(rng, 8)])) for name in rng.sample(KNOWN, rng.randrange(3))
        ]
    while rng.random() < 0.15:
        pairs.append((rng.choice(OTHERS) if rng.random() < 0.7 else text(rng, 6), text(rng, 6)))
    rng.shuffle(pairs)
    if rng.random() < 0.02:
        pairs.append(rng.choice(pairs))
    query = queried(rng, pairs)
    if rng.random() < 0.002:
        query += "&a=" + "x" * 8192 if rng.random() < 0.5 else "&" + "&".join(f"n{n}" for n in range(198))
    target = sometimes(rng, 0.12, rng.choice(["/redirection?", "https://app.example/r?", "?"]) + query)
    return mode if rng.random() < 0.98 else "plain", target


def question(rng: random.Random) -> dict[str, Any]:
    secret = rng.choice(SECRETS) if rng.random() < 0.99 else rng.choice(["", "\0", "a\0"])
    given: dict[str, Any] = {"secret": secret}
    drawn = rng.random()
    if drawn < 0.4:
        return {"operation": "decrypt_parameters", "given": given, "input": {"data": payload(rng, secret)}}
    if drawn < 0.85:
        mode, target = launch(rng, secret)
        return {
            "operation": "verify_launch",
            "given": given | {"mode": mode, "now": NOW},
            "input": {"target": target},
        }
    if drawn < 0.92:
        asked = {"location_id": text(rng, 30), "timestamp": text(rng, 12)}
        return {"operation": "launch_hmac", "given": given, "input": asked}
    names = [
        rng.choice(["location_id", *KNOWN, *OTHERS]) if rng.random() < 0.7 else text(rng, 4)
        for _ in range(rng.randrange(6))
    ]
    pairs = [[name, text(rng, 12)] for name in (names if rng.random() < 0.1 else dict.fromkeys(names))]
    salt = rng.randbytes(8 if rng.random() < 0.97 else rng.randrange(17))
    return {
        "operation": "encrypt_parameters",
        "given": given,
        "input": {"pairs": pairs, "salt": {"hex": salt.hex()}},
    }
