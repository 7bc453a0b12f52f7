"""What somebody at the other end of a socket learns from the time of a refusal, by the statistic of attack A6.

`python -m tests.attacks.timing --served` runs this. The partner is served with the app in front of it, as `handshakes
serve` does it. Each request is genuine but for one byte of its digest, the first or the last; another text and time are
signed in each. The clock stops at the first byte of the answer. In a control the comparison takes a known time for each
right byte in front of the first wrong one: so it is known how small a leak would be seen.
"""

from __future__ import annotations

import gc
import hmac
import http.client
import random
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import quantiles
from typing import NamedTuple
from unittest.mock import patch
from urllib.parse import urlencode, urlsplit

from handshakes.fortis import demo, launch_hmac
from handshakes.retailcrm import registration_token
from tests.benchmarks.ranks import auc

from . import fortis, officernd, onoffice, retailcrm
from .victim import Sent, Victim, victim

DIGEST = re.compile(r"(?:=|%3D|%22)([0-9a-f]{64})(?![0-9a-f])")
RIGHT = 31
"""How many bytes of a digest are right in front of its last one."""
MISMATCH = "signature-mismatch"
Made = Callable[[str, int], Sent]
"""What makes a genuine request out of a text, which is signed in it where the platform signs any, and of a time."""


class Seen(NamedTuple):
    """Whether two kinds of refusals can be told apart: how often one takes longer, and by how much the quick ones do.

    `tenth` is by how many microseconds the tenth quickest of a hundred is later where the last byte is wrong: what is
    quick was waiting for nothing else. `chance` is the most that it was in 99 sortings of the same times into two kinds
    by lot: chance alone gives more once in a hundred times.
    """

    auc: float
    tenth: float
    chance: float

    def leaks(self, limit: float) -> bool:
        """Say whether one of the two figures is more than chance."""
        return self.auc > limit or self.tenth > self.chance

    def __str__(self) -> str:
        return (
            f"AUC {self.auc:.3f}, tenth percentile {self.tenth:+.1f} µs (by chance up to {self.chance:.1f})"
        )


def seen(first: Sequence[int], last: Sequence[int], numbers: random.Random) -> Seen:
    """Compare the times, in nanoseconds, of refusals whose first and whose last byte was wrong.

    >>> seen([1_000] * 40, [3_000] * 40, random.Random(1)).tenth
    2.0
    """
    tenth = later(first, last)
    both, sorted_by_lot = [*first, *last], []
    for _ in range(99):
        numbers.shuffle(both)
        sorted_by_lot.append(later(both[: len(first)], both[len(first) :]))
    return Seen(auc(first, last), tenth, max(map(abs, sorted_by_lot)))


def later(first: Sequence[int], last: Sequence[int]) -> float:
    """Return by how many microseconds the tenth percentile of the second times is above that of the first ones."""
    one, other = (quantiles(times, n=10)[0] for times in (first, last))
    return (other - one) / 1_000


def query(of: Victim) -> Made:
    secret, sent = of.row(integrationId=officernd.FIRST).credentials["secret"], officernd.pairs(of)
    others = [pair for pair in sent if pair[0] != "memberId"]
    return lambda text, at: Sent(officernd.signed(of, [*others, ("memberId", text)], secret, at))


def webhook(of: Victim) -> Made:
    secret, body = of.row(integrationId=officernd.FIRST).credentials["webhook_secret"], officernd.REMOVAL
    return lambda text, at: officernd.webhook(of, body.replace(b"evt-9", text.encode()), secret, at)


def registration(of: Victim) -> Made:
    url = retailcrm.genuine(of)["systemUrl"]

    def made(text: str, at: int) -> Sent:
        token = registration_token(text, secret=retailcrm.SECRET)
        return retailcrm.registered(of, token=token, apiKey=text, systemUrl=url)

    return made


def service(of: Victim) -> Made:
    sent = re.sub(r"&(?:timestamp|signature|ref)=[^&]*", "", onoffice.service(of).partition("?")[2])
    return lambda text, at: Sent(onoffice.signed(of, f"{sent}&ref={text}", time=at))


def launch(of: Victim) -> Made:
    def made(text: str, at: int) -> Sent:
        digest = launch_hmac(demo.LOCATION, str(at), secret=demo.SECRET)
        sent = {"location_id": demo.LOCATION, "timestamp": at, "hmac": digest, "user_id": demo.USER}
        return Sent(f"{fortis.LAUNCH}?{urlencode(sent | {'contact_id': text})}")

    return made


SERVED: dict[str, tuple[str, dict[str, str], Callable[[Victim], Made]]] = {
    "officernd.verify_query": ("officernd", {}, query),
    "officernd.verify_webhook": ("officernd", {}, webhook),
    "retailcrm.verify_registration": ("retailcrm", {}, registration),
    "onoffice.verify_url": ("onoffice", {}, service),
    "fortis.verify_launch": ("fortis", {"mode": "plain"}, launch),
}
"""By verifier: the partner that asks it, its settings, and what makes a genuine request to it."""


def forged(sent: Sent, place: int, change: int) -> Sent:
    """Return a request with one byte of its one digest changed."""

    def with_it(text: str) -> str:
        return DIGEST.sub(lambda found: found[0].replace(found[1], damaged(found[1])), text)

    def damaged(digest: str) -> str:
        raw = bytearray.fromhex(digest)
        raw[place] ^= change
        return raw.hex()

    headers = tuple([(name, with_it(value)) for name, value in sent.headers])
    made = replace(
        sent, target=with_it(sent.target), headers=headers, body=with_it(sent.body.decode()).encode()
    )
    changed = [one != other for one, other in ((made.target, sent.target), (made.headers, sent.headers), (made.body, sent.body))]  # fmt: skip
    if changed.count(True) != 1:
        raise AssertionError(f"{changed.count(True)} digests")
    return made


def written(sent: Sent, host: str) -> bytes:
    """Return a request as it goes over a connection that stays open."""
    headers = [("host", host), *sent.headers, *[("content-length", str(len(sent.body)))] * bool(sent.body)]
    head = [f"{sent.method} {sent.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(head).encode() + sent.body


class Line:
    """A connection to the app, kept open, and a clock for each answer."""

    def __init__(self, of: Victim) -> None:
        at = urlsplit(of.world.app)
        self._host = at.netloc
        self._sock = socket.create_connection((at.hostname, at.port), timeout=60)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, sent: Sent) -> int:
        """Send a request; return the time to the first byte of its answer, in nanoseconds."""
        raw = written(sent, self._host)
        start = time.perf_counter_ns()
        self._sock.sendall(raw)
        self._sock.recv(1, socket.MSG_PEEK)
        took = time.perf_counter_ns() - start
        answer = http.client.HTTPResponse(self._sock, method=sent.method)
        answer.begin()
        answer.read()
        return took

    def close(self) -> None:
        self._sock.close()


def told_apart(of: Victim, made: Made, tries: int, seed: int) -> Seen:
    """Return how well so many refusals of each kind are told apart; the first of each is not counted."""
    numbers, now = random.Random(seed), of.world.clock()
    reports, line = of.world.sides.reports, Line(of)
    times: dict[int, list[int]] = {0: [], -1: []}
    told = reports.told
    gc.disable()
    try:
        for number in range(tries + 1):
            for place in numbers.sample([*times], 2):
                sent = made(numbers.randbytes(12).hex(), now - numbers.randrange(10**8))
                took = line.ask(forged(sent, place, numbers.randrange(1, 256)))
                if number:
                    times[place].append(took)
            if number % 40 == 0:  # of what the partner tells its operator, the last hundred are kept
                told, new = reports.since(told)
                if {refused.reason for _, refused in new} != {MISMATCH}:
                    raise AssertionError([refused.reason for _, refused in new])
            if number % 1_000 == 0:
                gc.collect()
    finally:
        gc.enable()
        line.close()
    return seen(times[0], times[-1], numbers)


def slow(nanoseconds: int) -> Callable[[bytes, bytes], bool]:
    """Return a comparison that takes so long for each right byte in front of the first wrong one, and no byte's time more."""

    def compare(one: bytes, other: bytes) -> bool:
        differs = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
        right = len(one) - (differs.bit_length() + 7) // 8
        until = time.perf_counter_ns() + right * nanoseconds
        while time.perf_counter_ns() < until:
            pass
        return one == other

    return compare


@contextmanager
def asked(name: str) -> Iterator[tuple[Victim, Made]]:
    """Serve the partner that asks a verifier; look, at the end, that what is not changed is not refused for its signature."""
    partner, settings, of = SERVED[name]
    with victim(partner, **settings) as target:
        yield target, (made := of(target))
        told = target.world.sides.reports.told
        target.ask(made("0" * 32, target.world.clock()))
        new = target.world.sides.reports.since(told)[1]
        if MISMATCH in {refused.reason for _, refused in new}:
            raise AssertionError(f"{name}: the genuine request was refused")


def measured(
    name: str, tries: int, seed: int, delays: Sequence[int], limit: float
) -> tuple[Seen, dict[int, Seen]]:
    """Return what is seen of a verifier, and of it with each delay in nanoseconds a byte, the longest first, until one is not seen."""
    with asked(name) as (of, made):
        own, controls = told_apart(of, made, tries, seed), {}
        for delay in sorted(delays, reverse=True):
            with patch.object(hmac, "compare_digest", slow(delay)):
                controls[delay] = told_apart(of, made, tries, seed)
            if not controls[delay].leaks(limit):
                break
    return own, controls
