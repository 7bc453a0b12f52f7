"""Every vector of OfficeRnD's vectors.json through the package, under the adopted readings and under each other one."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from handshakes.officernd import readings, rules, signing
from handshakes.refusals import REASONS, Refused
from vector_runner import Runner, raw, stages_of

NOT_BY_VECTOR = {"wrong-type", "unknown-reading"}  # a wrong Python type cannot stand in JSON


def call(group: dict[str, Any], vector: dict[str, Any], stages: Any) -> Any:
    given, values = group["given"], vector["input"]
    more: dict[str, Any] = {"secret": given["secret"]}
    if stages is not None:
        more["readings"] = stages
    if "tolerance" in given:
        more["tolerance"] = tuple(given["tolerance"])
    match group["operation"]:
        case "officernd.sign_query":
            pairs = [tuple(pair) for pair in values["pairs"]]
            return signing.sign_query(pairs, timestamp=values["timestamp"], **more)
        case "officernd.verify_query":
            return signing.verify_query(values["target"], now=given["now"], **more)
        case "officernd.sign_webhook":
            return signing.sign_webhook(raw(values["body"]), timestamp=values["timestamp"], **more)
        case "officernd.verify_webhook":
            verified = signing.verify_webhook(raw(values["body"]), values["header"], now=given["now"], **more)
            assert verified.body == raw(values["body"])
            return verified
    raise AssertionError(f"no such operation: {group['operation']}")


def returned(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"signature": value}
    return {
        "parameters": [list(pair) for pair in value.parameters],
        "timestamp": value.timestamp,
        "covered": list(value.covered),
        "not_covered": list(value.not_covered),
    }


def seen(group: dict[str, Any], vector: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return the stages that the package sees, as far as the vector names them."""
    values = vector["input"]
    names = [stage["name"] for stage in vector["stages"]]
    if "body" in values:
        header = values.get("header") or vector["expect"]["returns"]["signature"]
        time = rules.split_signature(header)[0]
        body = raw(values["body"])
        return [("body", body), ("message", rules.payload_dot_timestamp(body, time))]
    if "pairs" in values:
        pairs = [*map(tuple, values["pairs"]), ("signature", vector["expect"]["returns"]["signature"])]
        target = "/?" + urlencode(pairs)
    else:
        target = values["target"]
    return [(stage.name, stage.value) for stage in signing.query_stages(target) if stage.name in names]


# sign_webhook has no readings.
RUNNER = Runner("officernd", readings.READINGS, call, returned, seen, ("officernd.sign_webhook",))


@RUNNER.each()
def test_the_adopted_readings_answer_as_the_vector_says(group, vector):
    assert RUNNER.outcome(group, vector) == vector["expect"]


@RUNNER.each()
def test_the_other_readings_answer_as_the_vector_says(group, vector):
    RUNNER.check_other_readings(group, vector)


@RUNNER.each()
def test_the_package_sees_the_stages_of_the_vector(group, vector):
    written = stages_of(vector)
    assert [stage["length"] for stage in vector["stages"]] == [len(value) for _, value in written]
    broke_late = vector["expect"].get("stage") in ("message", "time")
    if vector["expect"]["verdict"] == "accepted" or broke_late:
        assert seen(group, vector) == written
        assert written[-1][0] == "message"
    else:
        assert not written
        if "target" in vector["input"] and "secret-empty" not in vector["id"]:
            with pytest.raises(Refused):
                signing.query_stages(vector["input"]["target"])


@RUNNER.each("signature-mismatch")
def test_a_mismatch_carries_the_stages_of_the_vector(group, vector):
    RUNNER.check_mismatch_carries_stages(group, vector)


def test_the_file_is_what_its_generator_writes_and_the_generator_cannot_see_the_package():
    RUNNER.check_generator()


def test_the_file_fits_the_schema():
    RUNNER.check_schema()


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


def test_ids_are_unique_and_name_their_operation():
    RUNNER.check_ids()


def test_a_derived_vector_names_another_one_and_differs_from_it():
    RUNNER.check_derived()


def test_every_secret_is_on_the_list_of_public_keys():
    RUNNER.check_secrets()


def test_clauses_reasons_and_readings_are_those_of_the_register():
    RUNNER.check_register()


def test_every_reading_is_carried_by_vectors_and_accepts_one_that_the_adopted_reading_refuses_or_the_reverse():
    RUNNER.check_every_reading_is_carried()


def test_every_reason_and_clause_of_signing_has_a_vector():
    source = "".join(Path(room.__file__).read_text("utf-8") for room in (signing, rules))
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
