"""Look whether the time of a refusal tells how much of a forged digest is right, by the statistic of attack A6.

    nice python -m tests.attacks.timing [--served] [--tries 100000] [--seed 1] [PLATFORM…]

Each verifier gets a genuine request whose digest is wrong in its first byte alone or in its last alone, in random order,
under another secret each time: of a digest that comes again and again, the processor learns how its digits are read.
AUC is how often a time of one kind is above one of the other: 0.5 where nobody can tell, and at most 0.52 here. Each is
asked once more with a comparison that ends at the first wrong byte, which the statistic has to see. The status is 1
where either fails. Below 10,000 tries chance alone may give more than 0.52. With `--served` the verifiers are asked
over loopback HTTP (`over_loopback.py`), 10,000 times a kind unless told otherwise, and the controls are delays.
"""

from __future__ import annotations

import argparse
import gc
import hmac
import json
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.spec import exchanges
from tests.benchmarks.ranks import auc

from . import over_loopback

LIMIT = 0.52
DELAYS = 30_000, 10_000, 3_000, 1_000, 300, 100, 30, 10
"""What the controls of a served verifier take for each right byte, in nanoseconds."""
DIGEST = re.compile(r'(?:=|%3D|%22|\\")([0-9a-f]{64})(?![0-9a-f])')
Data = dict[str, Any]


def genuine(platform: str) -> dict[str, tuple[Data, str]]:
    """Return one accepted question to each verifier of signatures, and the digest in it."""
    found: dict[str, tuple[Data, str]] = {}
    for question, expect in exchanges.questions(platform):
        digests = DIGEST.findall(json.dumps(question["input"]))
        if ".verify_" in question["operation"] and expect["verdict"] == "accepted" and len(digests) == 1:
            found.setdefault(question["operation"], (question, digests[0]))
    return found


def leaky(one: bytes, other: bytes) -> bool:
    """Compare as one must not: the first wrong byte ends it."""
    for mine, yours in zip(one, other, strict=True):  # noqa: SIM110
        if mine != yours:
            return False
    return True


def told_apart(
    question: Data, digest: str, tries: int, seed: int, clock: Callable[[], int] = time.perf_counter_ns
) -> float:
    """Return the AUC of so many refusals of each kind; the first of each is not counted."""
    name = question["operation"]
    operation = PLATFORMS[name.partition(".")[0]].code().operations[name]
    numbers = random.Random(seed)
    written = json.dumps(question["input"])
    stages = operation.stages(question["given"], question["input"])
    (message,) = [stage.value for stage in stages if stage.name == "message"]
    assert hmac.digest(question["given"]["secret"].encode(), message, "sha256").hex() == digest
    times: dict[int, list[int]] = {0: [], -1: []}
    gc.disable()
    try:
        for number in range(tries + 1):
            for place in numbers.sample([*times], 2):
                secret = numbers.randbytes(16).hex()
                forged = bytearray(hmac.digest(secret.encode(), message, "sha256"))
                forged[place] ^= numbers.randrange(1, 256)
                given = question["given"] | {"secret": secret}
                asked = json.loads(written.replace(digest, forged.hex()))
                reason, start = "accepted", clock()
                try:
                    operation.run(given, asked, None)
                except Refused as refused:
                    took, reason = clock() - start, refused.reason
                if reason != "signature-mismatch":
                    raise AssertionError(reason)
                if number:
                    times[place].append(took)
            if number % 1_000 == 0:
                gc.collect()
    finally:
        gc.enable()
    return auc(times[0], times[-1])


def served(platforms: Sequence[str], tries: int, seed: int) -> int:
    """Measure the verifiers of these platforms over loopback, print what is seen of each, and return the status."""
    bad = False
    for name in over_loopback.SERVED:
        if name.partition(".")[0] not in platforms:
            continue
        own, controls = over_loopback.measured(name, tries, seed, DELAYS, LIMIT)
        bad |= own.auc > LIMIT or controls[max(DELAYS)].auc <= LIMIT
        print(f"{name}, {tries} tries a kind: {own}", flush=True)
        for delay, control in controls.items():
            verdict = "seen" if control.leaks(LIMIT) else "not seen"
            print(f"  {delay} ns a byte: {verdict}: {control}", flush=True)
    return int(bad)


def main() -> int:
    """Measure every verifier, print both figures of each, and return the status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--served", action="store_true")
    parser.add_argument("--tries", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("platforms", nargs="*", choices=[*PLATFORMS, []], default=[])
    given = parser.parse_args()
    tries: int = (10_000 if given.served else 100_000) if given.tries is None else given.tries
    if tries <= 0:
        parser.error("nothing would be tried")
    if given.served:
        return served(given.platforms or [*PLATFORMS], tries, given.seed)
    bad = False
    for platform in given.platforms or PLATFORMS:
        for operation, (question, digest) in genuine(platform).items():
            own = told_apart(question, digest, tries, given.seed)
            with patch.object(hmac, "compare_digest", leaky):
                control = told_apart(question, digest, max(1, tries // 10), given.seed)
            bad |= own > LIMIT or control <= LIMIT
            print(
                f"{operation}: AUC {own:.4f} of {tries} tries a kind, {control:.3f} if compared byte by byte",
                flush=True,
            )
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
