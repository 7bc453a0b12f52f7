"""How often the search explains what has no explanation: random data under random secrets. It must be never.

    python -m tests.benchmarks.explain_fortis 20000

Prints the number of draws, of explanations, and the time of a search (median and longest).
"""

from __future__ import annotations

import random
import sys
from base64 import b64encode
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from urllib.parse import quote

from handshakes.explain import Answer, explain
from handshakes.runtime.ciphers import AesCiphers

SEED, NOW = 20_261_129, 1_700_000_000
CIPHERS = AesCiphers()
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_$#&%+/="


def draws(number: int, seed: int = SEED) -> Iterator[tuple[str, str]]:
    """Yield launches of both modes and secrets that belong to nothing, in all the forms that a search looks at."""
    rng = random.Random(seed)
    for _ in range(number):
        secret = "".join(rng.choices(ALPHABET, k=rng.choice((8, 16, 18, 24, 32, 36, 64))))
        kind = rng.randrange(8)
        data = rng.randbytes(16 * rng.randrange(1, 16) + (rng.randrange(16) if kind == 6 else 0))
        value = {
            0: b64encode(b"Salted__" + rng.randbytes(8) + data).decode(),
            1: b64encode(b"Salted__" + rng.randbytes(8) + data).decode(),
            2: b64encode(data).decode(),
            3: data.hex(),
            4: b64encode(b64encode(b"Salted__" + rng.randbytes(8) + data)).decode(),
            5: f"{rng.randbytes(16).hex()}:{data.hex()}",
            6: b64encode(b"Salted__" + data).decode(),
        }.get(kind)
        if value is None:
            location, time = rng.randbytes(12).hex(), NOW - rng.randrange(200)
            yield (
                f"/r?location_id={location}&timestamp={time}&hmac={rng.randbytes(32).hex()}&user_id=7",
                secret,
            )
        else:
            yield f"/r?data={quote(value, safe='')}", secret


def explained(number: int, seed: int = SEED, deep: bool = False) -> Iterator[tuple[Answer, float]]:
    """Yield the answer to each draw, and how long it took."""
    for url, secret in draws(number, seed):
        start = perf_counter()
        answer = explain("fortis", url, secret=secret, now=NOW, ciphers=CIPHERS, deep=deep)
        yield answer, perf_counter() - start


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    times, found = [], 0
    for answer, took in explained(number):
        times.append(took)
        if answer.explanations or answer.verdict != "refused":
            found += 1
            print([[one.id for one in group] for group in answer.explanations])
    print(
        f"{number:,} draws, {found} explained; median {median(times) * 1e3:.0f} ms, longest {max(times) * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
