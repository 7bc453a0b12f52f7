"""Exchanges: the questions that vectors put to an implementation, and what its answers are worth.

A question is `{"id", "operation", "given", "input"}`; of the set without cryptography it is
`{"id", "operation", "want": "stages", "input"}`. An answer repeats the `id` and says
`{"verdict": "accepted", "returns": …}`, `{"verdict": "accepted", "stages": …}`,
`{"verdict": "refused", "reason": …}` or `{"verdict": "unsupported"}`. Both are in `exchange.schema.json`.

>>> question, expect = next(questions("retailcrm"))
>>> judged({"id": question["id"], "verdict": "refused", "reason": "stale"}, expect)
('failed', "expected accepted, got refused as 'stale'")
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from .code import Data, Operation
from .vectors import load, raw, rows

SCHEMA = resources.files(__package__).joinpath("exchange.schema.json")
PASSED, FAILED, OTHER_REASON, UNSUPPORTED = "passed", "failed", "wrong reason", "unsupported"
NEED_NOT_BE_GIVEN = {"covered", "not_covered"}
"""What an accepted answer may leave out: which names a signature covers is this project's own notion."""


def questions(platform: str, *, reading: str = "") -> Iterator[tuple[Data, Data]]:
    """Return each vector of a platform as a question, with what is expected; under another reading if one is named."""
    for group, vector in rows(load(platform)):
        question = {"id": vector["id"], "operation": group["operation"], "given": group["given"]}
        yield question | {"input": vector["input"]}, vector["by_reading"].get(reading, vector["expect"])


def canonical_questions(platform: str, operations: Mapping[str, Operation]) -> Iterator[tuple[Data, Data]]:
    """Return the questions without cryptography: which bytes lie between the input and the key."""
    for one in canonical(load(platform), operations)["vectors"]:
        question = {"id": one["id"], "operation": one["operation"], "want": "stages", "input": one["input"]}
        yield question, {"verdict": "accepted", "stages": one["stages"]}


def canonical(document: Data, operations: Mapping[str, Operation]) -> Data:
    """Return the vectors of a file without secrets and verdicts: inputs and stages, one for each input."""
    found: list[Data] = []
    seen: set[str] = set()
    for group, vector in rows(document):
        keyed = operations[group["operation"]].keyed
        stages = [stage for stage in vector["stages"] if stage["name"] not in keyed]
        key = json.dumps([group["operation"], vector["input"]], sort_keys=True)
        if stages and key not in seen:
            seen.add(key)
            asked = {"operation": group["operation"], "input": vector["input"], "stages": stages}
            found.append({"id": vector["id"], **asked})
    made_by = f"handshakes vectors format, out of the stages in {document['platform']}/vectors.json"
    head = {"schema": 1, "version": document["version"], "platform": document["platform"]}
    return head | {"made_by": made_by, "vectors": found}


def judged(answer: Data, expect: Data) -> tuple[str, str]:
    """Return what an answer is worth (passed, failed, wrong reason, unsupported) and why."""
    verdict = answer.get("verdict")
    if verdict == "unsupported":
        return UNSUPPORTED, ""
    if "verdict" not in answer:
        return FAILED, "the answer has no verdict"
    if verdict not in ("accepted", "refused"):
        return FAILED, f"no such verdict: {_shown(verdict)}"
    if verdict != expect["verdict"]:
        told = f"refused as {_shown(answer.get('reason'))}" if verdict == "refused" else "accepted"
        wanted = f"refused as {expect['reason']!r}" if expect["verdict"] == "refused" else "accepted"
        return FAILED, f"expected {wanted}, got {told}"
    if verdict == "refused":
        if answer.get("reason") != expect["reason"]:
            return OTHER_REASON, f"expected {expect['reason']!r}, got {_shown(answer.get('reason'))}"
        return PASSED, ""
    if "stages" in expect:
        return _stages(answer.get("stages"), expect["stages"])
    return _returns(answer.get("returns"), expect["returns"])


def _stages(given: Any, wanted: list[Data]) -> tuple[str, str]:
    """Compare the stages that an answer names; the last one, what is signed, has to be among them."""
    if not isinstance(given, dict):
        return FAILED, "no object named stages"
    last = wanted[-1]["name"]
    for stage in wanted:
        name = stage["name"]
        if name not in given and name != last:
            continue
        try:
            same = raw(given[name]) == raw(stage)
        except (KeyError, TypeError, ValueError, AttributeError):
            return FAILED, f"stage {name!r} is not given as utf8 or hex"
        if not same:
            return FAILED, f"another stage {name!r}"
    return PASSED, ""


def _returns(given: Any, wanted: Data) -> tuple[str, str]:
    if not isinstance(given, dict):
        return FAILED, "no object named returns"
    for name, value in wanted.items():
        if name not in given and name in NEED_NOT_BE_GIVEN:
            continue
        if name not in given:
            return FAILED, f"returns lacks {name!r}"
        if given[name] != value or type(given[name]) is not type(value):
            return FAILED, f"another {name!r}"
    if more := set(given) - set(wanted):
        return FAILED, f"returns holds {_shown(min(more))}, which is not asked for"
    return PASSED, ""


def _shown(value: Any) -> str:
    return ascii(value)[:120]
