"""Fortis: reading an encrypted and a plain launch, each to its inlined baseline; and whether time tells failures apart."""

from __future__ import annotations

import gc
import hmac
import json
import os
import random
import string
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import md5
from http.client import HTTPConnection
from itertools import combinations, groupby
from unittest.mock import patch
from urllib.parse import parse_qsl, quote, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from harness import ratio, row

from handshakes import Refused, fortis
from handshakes.fortis import demo, encryption
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

SECRET, NOW = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", 1_700_000_000
SIX = {
    "location_id": "11ea858313aabde4bd2eb0fa",
    "user_id": "11e7a84525008da8960b72e7",
    "access-token": "3pPzNQstYfXDCE5x",
    "contact_id": "11e66c8a943ff4b2bf1b2102",
    "contact_api_id": "137",
    "user_oauth_url": "https://api.sandbox.zeamster.com",
}


def cipher(secret: str, salt: bytes) -> Cipher[CBC]:
    """Return the cipher whose key and IV are three digests of secret and salt."""
    tail = secret.encode() + salt
    first = md5(tail, usedforsecurity=False).digest()
    second = md5(first + tail, usedforsecurity=False).digest()
    iv = md5(second + tail, usedforsecurity=False).digest()
    return Cipher(AES(first + second), CBC(iv))


def decrypting_baseline(data: str, secret: str) -> dict[str, str]:
    """Turn the same text into the same values: three digests, AES, its padding, JSON, no strict checks."""
    raw = b64decode(data)
    decryptor = cipher(secret, raw[8:16]).decryptor()
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


TEXT = (string.ascii_letters + string.digits + "+/").encode()
FAILURES: dict[str, Callable[[random.Random], bytes]] = {
    "bad padding": lambda r: r.randbytes(31) + bytes([r.randrange(17, 256)]),
    "garbage": lambda r: r.randbytes(30) + b"\xff\1",
    "no JSON": lambda r: bytes(r.choice(TEXT) for _ in range(31)) + b"\1",
}
"""What two blocks decrypt to, as who asks a padding oracle sends them: none of it can be read."""


def launches(tries: int, secret: str) -> Iterator[tuple[str, str]]:
    """Give so many launches of each kind of failure in a random order, with a kind's name each; all are of one length."""
    numbers = random.Random(1)
    for _ in range(tries):
        for kind in numbers.sample(list(FAILURES), len(FAILURES)):
            salt = numbers.randbytes(8)
            encryptor = cipher(secret, salt).encryptor()
            text = encryptor.update(FAILURES[kind](numbers)) + encryptor.finalize()
            yield kind, b64encode(b"Salted__" + salt + text).decode()


def auc(one: list[int], other: list[int]) -> float:
    """Return how often a time of one kind is above one of the other, or below, whichever is more: 0.5 where nobody can tell."""
    ranks, above = 0, 0.0
    marked = sorted([(value, 1) for value in one] + [(value, 0) for value in other])
    for _, equal in groupby(marked, key=lambda pair: pair[0]):
        marks = [mark for _, mark in equal]
        above += sum(marks) * (ranks + (len(marks) + 1) / 2)
        ranks += len(marks)
    share = (above - len(one) * (len(one) + 1) / 2) / (len(one) * len(other))
    return max(share, 1 - share)


def told_apart(tries: int, secret: str, send: Callable[[str], object]) -> tuple[float, str]:
    """Return the worst AUC of two kinds of failure, and which two they are."""
    sent = list(launches(tries, secret))
    times: dict[str, list[int]] = {kind: [] for kind in FAILURES}
    gc.disable()
    for number, (kind, data) in enumerate(sent):
        start = time.perf_counter_ns()
        send(data)
        times[kind].append(time.perf_counter_ns() - start)
        if number % 1_000 == 0:
            gc.collect()
    gc.enable()
    return max(
        (auc(times[one], times[other]), f"{one} / {other}") for one, other in combinations(FAILURES, 2)
    )


def failing(tries: int, asked: int) -> None:
    """Look whether the time of an answer tells bad padding, garbage and text that is no JSON apart, in process and over loopback."""

    def read(data: str) -> None:
        with suppress(Refused):
            fortis.decrypt_parameters(data, secret=SECRET)

    worst, which = told_apart(tries, SECRET, read)
    row(f"fortis: two failures by time, {tries:,} tries each", f"AUC {worst:.3f} ({which})", "at most 0.52")
    with patch.object(encryption, "pbkdf2_hmac"):
        worst, which = told_apart(tries, SECRET, read)
    row("the same without the time that the key chooses", f"AUC {worst:.3f} ({which})", "none: what it hides")
    sockets = {"Fortis": listen(), "app": listen()}
    platform, app = ("http://{}:{}".format(*sock.getsockname()[:2]) for sock in sockets.values())
    world = World(lambda: NOW, os.urandom, MemoryStore(), {}, platform, app)
    sides = demo.sides(world)
    with Loopback(sides.platform, sides.partner, sockets=sockets):
        connection = HTTPConnection(app.removeprefix("http://"))

        def ask(data: str) -> None:
            connection.request("GET", f"/fortis/launch?data={quote(data, safe='')}")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 403:
                raise AssertionError(answer.status)

        worst, which = told_apart(asked, demo.SECRET, ask)
        connection.close()
    row(f"the same over loopback, {asked:,} tries each", f"AUC {worst:.3f} ({which})", "at most 0.52")


def run(tries: int = 20_000, asked: int = 5_000) -> None:
    """Run this platform's benchmarks, the last with so many tries of each kind in process and over loopback."""
    reading()
    verifying()
    failing(tries, asked)


if __name__ == "__main__":  # python tests/benchmarks/fortis.py 100000 100000: some minutes
    run(*map(int, sys.argv[1:]))
