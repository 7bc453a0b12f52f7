"""`handshakes vectors answer`: the reference as a program that answers vectors, as one in another language would."""

from __future__ import annotations

import json
import sys

from ..core.refusals import Refused
from ..core.stages import Stage
from ..platforms import PLATFORMS
from ..spec.adapters import MOST_LINE
from ..spec.code import Data, Operation
from .common import fail


def answer_lines() -> None:
    """Answer the questions of `vectors run` on standard input, one JSON object a line, with this package.

    For comparison: `handshakes vectors run --command 'handshakes vectors answer'` asks the reference itself.
    """
    known: dict[str, Operation] = {}
    for number, line in enumerate(iter(lambda: sys.stdin.buffer.readline(MOST_LINE), b""), 1):
        try:
            question = json.loads(line)
            name = question["operation"]
            platform = name.partition(".")[0]
            if name not in known and platform in PLATFORMS:
                known |= PLATFORMS[platform].code().operations
            said = {"id": question["id"], **_answer(known.get(name), question)}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            fail(f"line {number} is no question: a JSON object with id, operation, given and input", 3)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _answer(operation: Operation | None, question: Data) -> Data:
    if operation is None:
        return {"verdict": "unsupported"}
    try:
        if question.get("want") == "stages":
            try:
                found = operation.stages({"secret": "not asked for"}, question["input"])
            except KeyError:  # the mode of a launch is given, and such a question gives nothing
                return {"verdict": "unsupported"}
            return {
                "verdict": "accepted",
                "stages": {stage.name: _data(stage) for stage in found if stage.name not in operation.keyed},
            }
        returns = operation.run(question["given"], question["input"], None)
    except Refused as refused:
        return {"verdict": "refused", "reason": refused.reason}
    return {"verdict": "accepted", "returns": returns}


def _data(stage: Stage) -> dict[str, str]:
    try:
        return {"utf8": stage.value.decode()}
    except UnicodeDecodeError:
        return {"hex": stage.value.hex()}
