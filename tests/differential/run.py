"""Put random questions to the package and to programs in other languages, and list where they differ.

    nice python -m tests.differential.run [--cases 1000000] [--seed 1] [PLATFORM…]

The programs are the verifiers of `docs/verifiers` in Go, JavaScript and PHP, which give their reason and what comes out,
and the oracles of `tests/oracles` in JavaScript and PHP, which were written apart from them; what the package signs,
OpenSSL signs too. Some cases sign, others verify. The same seed gives the same cases. The status is 1 if anything differed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from handshakes.spec.exchanges import PASSED, judged
from tests.docs.languages import FOLDER, LANGUAGES, PLATFORMS

from . import oracles
from .programs import Program, lines, ours

BATCH = 4_000
Data = dict[str, Any]
Answering = Callable[[str, Data], Data]


@dataclass
class Found:
    """What came of a run: how many were asked, what the package said, what programs could not see, and what differed."""

    asked: int = 0
    said: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[str, str, Data, Any]] = field(default_factory=list)


def questions(platform: str, rng: random.Random, number: int, first: int = 0) -> list[Data]:
    """Return random questions to a platform's operations."""
    module = import_module(f"tests.differential.{platform}")
    made = []
    for place in range(first, first + number):
        question = module.question(rng)
        made.append({"id": str(place)} | question | {"operation": f"{platform}.{question['operation']}"})
    return made


def compared(
    platform: str,
    verifiers: list[Program],
    others: list[Program],
    cases: int,
    seed: int,
    folder: Path,
    answered: Answering = ours,
) -> Found:
    """Ask the package and every program the same, in batches."""
    rng = random.Random(f"{platform} {seed}")
    found, told = Found(), 0
    batch = questions(platform, rng, min(BATCH, cases))
    while batch:
        asked = lines(batch)
        for program in verifiers:
            program.begin(asked)
        mine = [answered(platform, question) for question in batch]
        found.said.update(
            f"{q['operation']} {answer.get('reason', 'accepted')}"
            for q, answer in zip(batch, mine, strict=True)
        )
        rows = list(zip(batch, mine, strict=True))
        cases_of_oracles = [
            (case, *row) for row in rows if (case := oracles.case(platform, *row)) is not None
        ]
        asked = lines(case for case, _, _ in cases_of_oracles)
        for program in others:
            program.begin(asked)
        number, wrong = oracles.openssl_differences(platform, rows, folder)
        found.said["asked of OpenSSL too"] += number
        found.differing += [("openssl", why, question, None) for question, why in wrong]
        found.asked += len(batch)
        batch = questions(platform, rng, min(BATCH, cases - found.asked), found.asked)
        for program in verifiers:
            for (question, expect), answer in zip(rows, program.answers(), strict=True):
                assert answer.get("id") == question["id"], (program.name, answer)
                worth, why = judged(answer, expect)
                if worth != PASSED:
                    found.differing.append((program.name, f"{worth}: {why}", question, answer))
        for program in others:
            for (case, question, expect), answer in zip(cases_of_oracles, program.answers(), strict=True):
                why, unseen = oracles.difference(program.name, platform, case, question, expect, answer)
                if unseen:
                    found.unseen[f"{program.name}: {unseen}"] += 1
                elif why:
                    found.differing.append((program.name, why, question, answer))
        for name, why, question, answer in found.differing[told:50]:
            print(f"{name}: {why}", json.dumps(question), json.dumps(answer), sep="\n    ", flush=True)
        told = len(found.differing)
        if found.asked % 100_000 == 0:
            print(
                f"{platform}: {found.asked} asked, {len(found.differing)} differ", file=sys.stderr, flush=True
            )
    return found


def main() -> int:
    """Compare, print what was found, and return the status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verifiers", nargs="*", choices=LANGUAGES, default=[*LANGUAGES])
    parser.add_argument("platforms", nargs="*", choices=[*PLATFORMS, []], default=[])
    given = parser.parse_args()
    if given.cases <= 0:
        parser.error("nothing would be tried")
    wrong = 0
    with TemporaryDirectory() as build, ExitStack() as stack:
        verifiers = [
            stack.enter_context(Program(name, LANGUAGES[name].command(FOLDER / name, Path(build))))
            for name in given.verifiers
        ]
        for platform in given.platforms or PLATFORMS:
            began = time.monotonic()
            with ExitStack() as own:
                others = [own.enter_context(program) for program in oracles.programs(platform)]
                found = compared(platform, verifiers, others, given.cases, given.seed, Path(build))
            accepted = sum(number for said, number in found.said.items() if said.endswith(" accepted"))
            took = time.monotonic() - began
            print(
                f"{platform}: {found.asked} cases, {accepted} accepted, {len(found.differing)} differ, {took:.0f} s"
            )
            print(
                *(f"  {number:8} {said}" for said, number in sorted((found.said + found.unseen).items())),
                sep="\n",
            )
            wrong += len(found.differing)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
