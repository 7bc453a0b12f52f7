"""The trial of 200 requests that went wrong: asks `explain` about each, and writes what it answered.

    python -m tests.trials.two_hundred SET [--out FILE]

The inputs of each set and their true causes were made without sight of this project, by the brief beside them.
Whether an answer names the cause is judged by a reader, in `judged.tsv`; a test holds that the answers are still those.
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from pathlib import Path

from handshakes.explain import explain
from handshakes.runtime.ciphers import AesCiphers

FOLDER = Path(__file__).parent / "two_hundred_data"


def beside(name: str, number: int) -> Path:
    """Return a file of one set: `inputs.jsonl` of the first, `inputs-2.jsonl` of the second."""
    stem, dot, kind = name.partition(".")
    return FOLDER / (name if number == 1 else f"{stem}-{number}{dot}{kind}")


def rows_of(number: int) -> list[dict[str, object]]:
    """Return the inputs of one set, with their true causes."""
    return [json.loads(line) for line in beside("inputs.jsonl", number).read_text("utf-8").splitlines()]


def answered(row: dict[str, object]) -> dict[str, object]:
    """Return what the tool says of one input: ids of the first group, and what was undone."""
    pasted = base64.b64decode(str(row["pasted_base64"])) if "pasted_base64" in row else str(row["pasted"])
    mine = row.get("mine")
    answer = explain(
        str(row["platform"]),
        pasted,
        secret=str(row["secret"]),
        now=int(str(row["now"])),
        header=str(row.get("header", "")),
        others=list(row.get("others", [])),  # type: ignore[call-overload]
        origins=list(row.get("origins", [])),  # type: ignore[call-overload]
        mine=mine.encode() if isinstance(mine, str) else None,
        mine_digest=str(row.get("mine_digest", "")),
        ciphers=AesCiphers(),
    )
    own = answer.mine
    groups = own.explanations if own else answer.explanations
    return {
        "id": row["id"],
        "verdict": answer.verdict,
        "reason": answer.reason,
        "took": answer.took,
        "undone": [*answer.undone],
        "first_group": [f"{one.id} ({one.change})" if one.change else one.id for one in groups[0]] if groups else [],
        "says": groups[0][0].says if groups else answer.says,
        "mine": f"{own.same_as or own.name}; digest fits: {own.digest_fits}" if own else "",
        "doubts": [*answer.doubts],
        "tried": answer.tried,
        "ended": answer.ended,
    }  # fmt: skip


def main() -> None:
    """Ask about every input of a set, and write a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("set", type=int)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    out = options.out or beside("answers.jsonl", options.set)
    began = time.perf_counter()
    lines = [json.dumps(answered(row), ensure_ascii=False) for row in rows_of(options.set)]
    out.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} answers in {time.perf_counter() - began:.1f} s: {out}")


if __name__ == "__main__":
    main()
