"""Questions to onOffice's signatures and to how an answer of its API is read."""

from __future__ import annotations

import hmac
import json
import random
import re
from typing import Any
from urllib.parse import quote_plus

from tests.onoffice.test_oracle import SECRETS

from .texts import any_json, data, edited, near, queried, sometimes, text

NAMES = [
    "apiToken",
    "apiClaim",
    "customerName",
    "customerWebId",
    "userId",
    "UserLanguage",
    "_x",
    "Zone",
    "a_b",
    "é",
    "7x",
    "-x",
    "0x1",
]
ODD_NAMES = [
    "7",
    "0",
    "-3",
    "+5",
    "1e1",
    ".5",
    "a.b",
    "a b",
    "a[]",
    "a[b]",
    "a[",
    "[x]",
    "",
    "signature",
    "timestamp",
]
NOW = 1_700_000_000


def place(rng: random.Random) -> str:
    host = rng.choice(
        ["provider.example", "Provider.Example", "a-b.c_d.example", "127.0.0.1", "[::1]", "localhost"]
    )
    user, port = (
        rng.choice(["", "", "", "me@", "me:pw@"]),
        rng.choice(["", "", "", ":", ":80", ":443", ":65535", ":65536", ":00080", ":000080"]),
    )
    segments = "".join(rng.choices("abcXYZ019-._~!$&'()*+,;=:@%2F/", k=rng.randrange(12)))
    return f"{rng.choice(['http', 'https', 'HTTPS', 'Http'])}://{user}{host}{port}/{segments}"


def pairs_of(rng: random.Random) -> list[tuple[str, str]]:
    names = [
        rng.choice(NAMES) + (text(rng, 2) if rng.random() < 0.1 else "") for _ in range(rng.randrange(8))
    ]
    if rng.random() < 0.06:
        names.append(rng.choice(ODD_NAMES))
    if rng.random() < 0.95:
        names = [*dict.fromkeys(names)]
    return [(name, text(rng, 12)) for name in names]


def url(rng: random.Random, secret: str, limits: tuple[int, int]) -> str:
    base, pairs = place(rng), pairs_of(rng)
    time = str(near(rng, NOW, limits) if rng.random() < 0.3 else NOW)
    if rng.random() < 0.03:
        time = rng.choice([time + "000", "+" + time, "0" + time, "", "1e9", time + ".0"])
    if rng.random() < 0.98:
        pairs.append(("timestamp", time))
    rng.shuffle(pairs)
    ordered = sorted(pairs, key=lambda pair: pair[0].encode() if rng.random() < 0.999 else pair[1].encode())
    scheme, _, rest = base.partition("://")
    authority, slash, path = rest.partition("/")
    host = re.sub(":[0-9]*$", "", authority.rpartition("@")[2])
    signed = f"{scheme}://{host}{slash}{path}?" + "&".join(
        f"{quote_plus(n)}={quote_plus(v)}".replace("~", "%7E") for n, v in ordered
    )
    made = hmac.digest(secret.encode(), signed.encode(), "sha256").hex()
    if rng.random() < 0.03:
        made = rng.choice([made.upper(), made[:-1], "", made + " ", "0" * 64])
    pairs.insert(rng.randrange(len(pairs) + 1), ("signature", made))
    target = f"{base}?{queried(rng, pairs)}"
    if rng.random() < 0.002:
        target += "&a=" + "x" * 8192 if rng.random() < 0.5 else "&" + "&".join(f"n{n}" for n in range(198))
    return sometimes(rng, 0.2, target)


def call(rng: random.Random) -> dict[str, Any]:
    letters = [*NAMES, "0", "1", "10", "-1", "+5", "1e1", ".5", " 2", "0.", "٣"]
    asked = {
        "token": text(rng, 12), "api_key": text(rng, 12, 1) if rng.random() < 0.98 else "", "timestamp": rng.choice([0, NOW, rng.randrange(10**12)]),
        "resource_type": text(rng, 8), "action_id": text(rng, 8), "version": rng.choice([1, 1, 2]),
    }  # fmt: skip
    if asked["version"] == 1:
        asked |= {"identifier": text(rng, 4), "resource_id": text(rng, 4)}
        asked["parameters"] = {
            rng.choice(letters[: 13 if rng.random() < 0.9 else None])
            + rng.choice(["", "", "B", "_"]): any_json(rng)
            for _ in range(rng.randrange(5))
        }
    return asked


def answer(rng: random.Random) -> dict[str, Any]:
    code = rng.choice([0, 0, 0, 0, 22, 136, "0", None, True, 0.0])
    record = {
        "id": "",
        "type": "",
        "elements": {"success": rng.choice(["success"] * 6 + ["error", "Success", None, True])},
    }
    result = {
        "data": {"meta": {}, "records": [record] * rng.choice([1, 1, 1, 1, 0, 2])},
        "status": {"errorcode": code, "message": "OK"},
    }
    whole = {
        "status": {"code": 200, "errorcode": rng.choice([0, 0, 0, 0, code]), "message": text(rng, 4)},
        "response": {"results": [result] * rng.choice([1, 1, 1, 1, 0, 2])},
    }
    if rng.random() < 0.3:
        at: Any = rng.choice(
            [
                whole,
                whole["status"],
                whole["response"],
                result,
                result["data"],
                result["status"],
                record,
                record["elements"],
            ]
        )
        name = rng.choice(list(at))
        at[name] = any_json(rng, 2)
        if rng.random() < 0.3:
            del at[name]
    body = json.dumps(whole, ensure_ascii=rng.random() < 0.5)
    return {
        "status": rng.choice([200] * 12 + [500, 201, 302]),
        "body": data((edited(rng, body) if rng.random() < 0.3 else body).encode()),
    }


def question(rng: random.Random) -> dict[str, Any]:
    secret = rng.choice(SECRETS) if rng.random() < 0.99 else rng.choice(["", "\0"])
    drawn = rng.random()
    if drawn < 0.12:
        return {"operation": "api_hmac", "given": {}, "input": call(rng)}
    if drawn < 0.24:
        return {"operation": "unlock_answer", "given": {}, "input": answer(rng)}
    chosen = rng.choice([None, None, (300, 120), (60, 0)])
    target = url(rng, secret, chosen or (300, 120))
    if drawn < 0.34:
        return {"operation": "string_to_sign", "given": {}, "input": {"target": target}}
    if drawn < 0.44:
        unsigned = re.sub("signature=[0-9A-Fa-f]*&?", "", target) if rng.random() < 0.9 else target
        return {"operation": "sign_url", "given": {"secret": secret}, "input": {"target": unsigned}}
    given = {"secret": secret, "now": NOW} | ({"tolerance": list(chosen)} if chosen else {})
    return {"operation": "verify_url", "given": given, "input": {"target": target}}
