"""Fortis: whether time tells failures apart."""

from __future__ import annotations

import gc
import os
import random
import string
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import md5
from http.client import HTTPConnection
from itertools import combinations
from unittest.mock import patch
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from harness import row
from ranks import auc

from handshakes import Refused, fortis
from handshakes.fortis import demo, encryption
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

SECRET, NOW = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", 1_700_000_000


def cipher(secret: str, salt: bytes) -> Cipher[CBC]:
    """Return the cipher whose key and IV are three digests of secret and salt."""
    tail = secret.encode() + salt
    first = md5(tail, usedforsecurity=False).digest()
    second = md5(first + tail, usedforsecurity=False).digest()
    iv = md5(second + tail, usedforsecurity=False).digest()
    return Cipher(AES(first + second), CBC(iv))


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


def run(tries: int = 5_000, asked: int = 2_500) -> None:
    """Run this platform's benchmarks, the last with so many tries of each kind in process and over loopback."""
    failing(tries, asked)


if __name__ == "__main__":  # python tests/benchmarks/fortis.py 100000 100000: some minutes
    run(*map(int, sys.argv[1:]))
