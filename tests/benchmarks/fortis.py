"""Fortis: reading an encrypted and a plain launch, each to its inlined baseline."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode
from hashlib import md5
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from harness import ratio, row

from handshakes import fortis

SECRET, NOW = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", 1_700_000_000
SIX = {
    "location_id": "11ea858313aabde4bd2eb0fa",
    "user_id": "11e7a84525008da8960b72e7",
    "access-token": "3pPzNQstYfXDCE5x",
    "contact_id": "11e66c8a943ff4b2bf1b2102",
    "contact_api_id": "137",
    "user_oauth_url": "https://api.sandbox.zeamster.com",
}


def decrypting_baseline(data: str, secret: str) -> dict[str, str]:
    """Turn the same text into the same values: three digests, AES, its padding, JSON, no strict checks."""
    raw = b64decode(data)
    tail = secret.encode() + raw[8:16]
    first = md5(tail, usedforsecurity=False).digest()
    second = md5(first + tail, usedforsecurity=False).digest()
    iv = md5(second + tail, usedforsecurity=False).digest()
    decryptor = Cipher(AES(first + second), CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    padded = decryptor.update(raw[16:]) + decryptor.finalize()
    return json.loads(unpadder.update(padded) + unpadder.finalize())


def plain_baseline(target: str, secret: str, now: int) -> dict[str, str]:
    """Turn the same URL into the same values: parse, one digest, one comparison, the window, no strict checks."""
    values = dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))
    message = (values["location_id"] + values["timestamp"]).encode()
    if not hmac.compare_digest(hmac.digest(secret.encode(), message, "sha256").hex(), values.pop("hmac")):
        raise ValueError("hmac")
    if not now - 300 <= int(values["timestamp"]) <= now + 60:
        raise ValueError("timestamp")
    return values


def reading() -> None:
    """Compare decrypt_parameters with the inlined baseline, on a launch with all six values."""
    data = fortis.encrypt_parameters(SIX, secret=SECRET, salt=bytes.fromhex("e3f497b4c1392f61"))
    assert dict(fortis.decrypt_parameters(data, secret=SECRET).parameters) == SIX
    assert decrypting_baseline(data, SECRET) == SIX
    ours, theirs, factor = ratio(
        lambda: fortis.decrypt_parameters(data, secret=SECRET),
        lambda: decrypting_baseline(data, SECRET),
        2_000,
    )
    row(
        "fortis.decrypt_parameters, to its inlined baseline",
        f"{factor:.2f} ({ours * 1e6:.1f} / {theirs * 1e6:.1f} µs)",
        "1.5, better 1.25",
    )


def verifying() -> None:
    """Compare verify_launch in plain mode with the inlined baseline, on a launch with all values."""
    location_id, timestamp = SIX["location_id"], str(NOW)
    mac = fortis.launch_hmac(location_id, timestamp, secret=SECRET)
    more = {name: value for name, value in SIX.items() if name != "location_id"}
    sent = {"location_id": location_id, "timestamp": timestamp, "hmac": mac, **more}
    target = f"/redirection?{urlencode(sent)}"
    verified = fortis.verify_launch(target, mode="plain", secret=SECRET, now=NOW)
    assert dict(verified.parameters) == plain_baseline(target, SECRET, NOW)
    ours, theirs, factor = ratio(
        lambda: fortis.verify_launch(target, mode="plain", secret=SECRET, now=NOW),
        lambda: plain_baseline(target, SECRET, NOW),
        2_000,
    )
    row(
        "fortis.verify_launch (plain), to its inlined baseline",
        f"{factor:.2f} ({ours * 1e6:.1f} / {theirs * 1e6:.1f} µs)",
        "1.5, better 1.25",
    )


def run() -> None:
    """Run this platform's benchmarks."""
    reading()
    verifying()


if __name__ == "__main__":
    run()
