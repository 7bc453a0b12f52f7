"""Every vector of OfficeRnD's vectors.json through the package, under the adopted readings and under each other one."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from handshakes.core.refusals import REASONS, Refused
from handshakes.officernd import rules, signing
from tests.vector_runner import Runner, WholeFile, stages_of

NOT_BY_VECTOR = {"wrong-type", "unknown-reading"}  # a wrong Python type cannot stand in JSON


RUNNER = Runner("officernd")


class TestTheFile(WholeFile):
    runner = RUNNER

    def sees_the_stages(self, group, vector):
        written = stages_of(vector)
        broke_late = vector["expect"].get("stage") in ("message", "time")
        if vector["expect"]["verdict"] == "accepted" or broke_late:
            assert RUNNER.seen(group, vector) == written
            assert written[-1][0] == "message"
        else:
            assert not written
            if "target" in vector["input"] and "secret-empty" not in vector["id"]:
                with pytest.raises(Refused):
                    signing.query_stages(vector["input"]["target"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document, vector: document.update(schema=2),
        lambda document, vector: document.update(more=1),
        lambda document, vector: vector.pop("clauses"),
        lambda document, vector: vector.update(comment="x"),
        lambda document, vector: vector["stages"][0].pop("length"),
        lambda document, vector: vector["stages"][0].update(hex="00"),
        lambda document, vector: vector["stages"].append("bare text"),
        lambda document, vector: vector["expect"].update(reason="stale"),
        lambda document, vector: vector["expect"].update(verdict="acceptable"),
        lambda document, vector: vector["expect"]["returns"].pop("not_covered"),
        lambda document, vector: vector["input"].update(body={"utf8": ""}),
        lambda document, vector: vector.update(input={"body": "{}", "header": ""}),
        lambda document, vector: vector.update(input={"body": {"hex": "0"}, "header": ""}),
        lambda document, vector: vector["by_reading"].update({"sorted": vector["expect"]}),
        lambda document, vector: document["groups"][0]["given"].update(tolerance=[300]),
    ],
)
def test_the_schema_notices_a_spoilt_file(spoil):
    RUNNER.check_schema_notices(spoil)


def test_every_reason_and_clause_of_signing_has_a_vector():
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (signing, rules))
    shared = {"malformed", "too-large", "duplicate-parameter", "empty-secret", "stale", "from-the-future"}
    raised = {reason for reason in REASONS if f'"{reason}"' in source} | shared
    assert raised - NOT_BY_VECTOR == RUNNER.reasons()


@pytest.mark.parametrize("kind", ["digest", "stage", "returns", "reason", "stage of the refusal"])
def test_a_mutated_vector_is_noticed(kind):
    groups = {group["id"]: group for group in RUNNER.document["groups"]}
    sound = {"groups": [groups["officernd/page-requests"], groups["officernd/times"]]}
    assert RUNNER.differences(sound) == []
    spoilt = copy.deepcopy(sound)
    vector = spoilt["groups"][0]["vectors"][0]
    if kind == "digest":
        target = vector["input"]["target"]
        vector["input"]["target"] = target[:-1] + ("0" if target[-1] != "0" else "1")
    elif kind == "stage":
        vector["stages"][-1]["utf8"] += "0"
    elif kind == "returns":
        vector["expect"]["returns"]["covered"].pop()
    else:
        vector = next(v for v in spoilt["groups"][1]["vectors"] if v["expect"].get("reason") == "stale")
        vector["expect"] |= {"reason": "from-the-future"} if kind == "reason" else {"stage": "message"}
    assert RUNNER.differences(spoilt) == [vector["id"]]
