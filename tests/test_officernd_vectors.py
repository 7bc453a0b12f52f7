"""Every vector of vectors.json through the package, under the adopted readings and under each other one."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest

from handshakes import register
from handshakes.keys import PUBLIC_TEST_KEYS
from handshakes.officernd import readings, rules, signing
from handshakes.refusals import REASONS, Refused

HERE = Path(__file__).parent
FILE = Path(signing.__file__).with_name("vectors.json")
DOCUMENT = json.loads(FILE.read_text("ascii"))
SCHEMA = json.loads((HERE / "vectors" / "schema.json").read_text("ascii"))
ROWS = [(group, vector) for group in DOCUMENT["groups"] for vector in group["vectors"]]
OTHER_READINGS = [reading for reading, stages in readings.READINGS.items() if stages]
NOT_BY_VECTOR = {"wrong-type", "unknown-reading"}  # a wrong Python type cannot stand in JSON
each = pytest.mark.parametrize(("group", "vector"), ROWS, ids=[vector["id"] for _, vector in ROWS])


def raw(data: dict[str, str]) -> bytes:
    return bytes.fromhex(data["hex"]) if "hex" in data else data["utf8"].encode()


def call(group: dict[str, Any], vector: dict[str, Any], reading: str | None) -> Any:
    given, values = group["given"], vector["input"]
    more: dict[str, Any] = {"secret": given["secret"]}
    if reading is not None:
        more["readings"] = readings.of(reading)
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


def outcome(group: dict[str, Any], vector: dict[str, Any], reading: str | None = None) -> dict[str, Any]:
    """Return what the package answers, in the form of `expect`."""
    try:
        value = call(group, vector, reading)
    except Refused as refused:
        if reading is None:
            assert refused.clause in vector["clauses"]
        answer = {"verdict": "refused", "reason": refused.reason}
        return answer | ({"stage": refused.stage} if refused.stage else {})
    if isinstance(value, str):
        return {"verdict": "accepted", "returns": {"signature": value}}
    returns = {
        "parameters": [list(pair) for pair in value.parameters],
        "timestamp": value.timestamp,
        "covered": list(value.covered),
        "not_covered": list(value.not_covered),
    }
    return {"verdict": "accepted", "returns": returns}


def in_no_order(expect: dict[str, Any]) -> dict[str, Any]:
    """Return an expectation with sorted names, since a reading may sign them in any order."""
    if "covered" not in expect.get("returns", {}):
        return expect
    names = {name: sorted(expect["returns"][name]) for name in ("covered", "not_covered")}
    return expect | {"returns": expect["returns"] | names}


def seen_stages(group: dict[str, Any], vector: dict[str, Any]) -> list[tuple[str, bytes]]:
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


def differences(document: dict[str, Any]) -> list[str]:
    """Return the ids of vectors that the package, under the adopted readings, does not agree with."""
    found = []
    for group in document["groups"]:
        for vector in group["vectors"]:
            written = [(stage["name"], raw(stage)) for stage in vector["stages"]]
            try:
                agrees = outcome(group, vector) == vector["expect"]
                agrees &= not written or seen_stages(group, vector) == written
            except (Refused, AssertionError):
                agrees = False
            if not agrees:
                found.append(vector["id"])
    return found


@each
def test_the_adopted_readings_answer_as_the_vector_says(group, vector):
    assert outcome(group, vector) == vector["expect"]


@each
def test_the_other_readings_answer_as_the_vector_says(group, vector):
    if group["operation"] == "officernd.sign_webhook":
        assert not vector["by_reading"]  # the function has no readings
        return
    listed = vector["by_reading"]
    assert set(listed) <= set(OTHER_READINGS)
    assert all(expect != vector["expect"] for expect in listed.values())  # an entry says something new
    for reading in OTHER_READINGS:
        answer = outcome(group, vector, reading)
        if reading == "officernd:signature.key=hex-decoded" and reading not in listed:
            # The key is looked at before the request: a refusal may have another reason there.
            assert (answer["verdict"], vector["expect"]["verdict"]) == ("refused", "refused"), reading
        else:
            assert in_no_order(answer) == in_no_order(listed.get(reading, vector["expect"])), reading


@each
def test_the_package_sees_the_stages_of_the_vector(group, vector):
    written = [(stage["name"], raw(stage)) for stage in vector["stages"]]
    assert [stage["length"] for stage in vector["stages"]] == [len(value) for _, value in written]
    broke_late = vector["expect"].get("stage") in ("message", "time")
    if vector["expect"]["verdict"] == "accepted" or broke_late:
        assert seen_stages(group, vector) == written
        assert written[-1][0] == "message"
    else:
        assert not written
        if "target" in vector["input"] and "secret-empty" not in vector["id"]:
            with pytest.raises(Refused):
                signing.query_stages(vector["input"]["target"])


@pytest.mark.parametrize(
    ("group", "vector"),
    [row for row in ROWS if row[1]["expect"].get("reason") == "signature-mismatch"],
    ids=lambda value: value["id"],
)
def test_a_mismatch_carries_the_stages_of_the_vector(group, vector):
    with pytest.raises(Refused) as caught:
        call(group, vector, None)
    shown = [(stage.name, stage.value) for stage in caught.value.stages]
    assert shown == [(stage["name"], raw(stage)) for stage in vector["stages"]]


def test_the_file_is_what_its_generator_writes_and_the_generator_cannot_see_the_package():
    # -I and -S leave out everything that is installed, so the package cannot be imported.
    script = HERE / "vectors" / "make_officernd.py"
    command = [sys.executable, "-I", "-S", str(script), "--print"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=True)
    assert done.stdout == FILE.read_bytes(), "run tests/vectors/make_officernd.py"


def test_the_file_fits_the_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(DOCUMENT)


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
    small = {
        **DOCUMENT,
        "groups": [{**DOCUMENT["groups"][0], "vectors": [DOCUMENT["groups"][0]["vectors"][0]]}],
    }
    spoilt = copy.deepcopy(small)
    spoil(spoilt, spoilt["groups"][0]["vectors"][0])
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid(small)
    assert not validator.is_valid(spoilt)


def test_ids_are_unique_and_name_their_operation():
    ids = [vector["id"] for _, vector in ROWS]
    assert len(set(ids)) == len(ids)
    groups = [group["id"] for group in DOCUMENT["groups"]]
    assert len(set(groups)) == len(groups)
    for group, vector in ROWS:
        assert vector["id"].rpartition("/")[0].replace("/", ".") == group["operation"]


def test_a_derived_vector_names_another_one_and_differs_from_it():
    by_id = {vector["id"]: (group, vector) for group, vector in ROWS}
    for group, vector in ROWS:
        if source := vector.get("derived_from"):
            assert source["id"] != vector["id"]
            group_of_source, of = by_id[source["id"]]
            assert (vector["input"], group["given"]) != (of["input"], group_of_source["given"])


def test_every_secret_is_on_the_list_of_public_keys():
    # The empty secret is there to be refused.
    assert {group["given"]["secret"] for group, _ in ROWS} <= PUBLIC_TEST_KEYS | {""}


def test_clauses_reasons_and_readings_are_those_of_the_register():
    known = register.load("officernd")
    for _, vector in ROWS:
        for clause in vector["clauses"]:
            known.clause(clause)
        for reading in vector["by_reading"]:
            assert known.reading(reading).runs == "signing"
        for expect in (vector["expect"], *vector["by_reading"].values()):
            assert expect["verdict"] == "accepted" or expect["reason"] in REASONS


def test_every_reading_is_carried_by_vectors_and_accepts_one_that_the_adopted_reading_refuses_or_the_reverse():
    for reading in OTHER_READINGS:
        assert any(
            vector["by_reading"][reading]["verdict"] != vector["expect"]["verdict"]
            for _, vector in ROWS
            if reading in vector["by_reading"]
        ), reading


def test_every_reason_and_clause_of_signing_has_a_vector():
    source = "".join(Path(room.__file__).read_text("utf-8") for room in (signing, rules))
    shared = {"malformed", "too-large", "duplicate-parameter", "empty-secret", "stale", "from-the-future"}
    raised = {reason for reason in REASONS if f'"{reason}"' in source} | shared
    expected = {vector["expect"].get("reason") for _, vector in ROWS}
    assert raised - NOT_BY_VECTOR == expected - {None}


@pytest.mark.parametrize("kind", ["digest", "stage", "returns", "reason", "stage of the refusal"])
def test_a_mutated_vector_is_noticed(kind):
    groups = {group["id"]: group for group in DOCUMENT["groups"]}
    sound = {"groups": [groups["officernd/page-requests"], groups["officernd/times"]]}
    assert differences(sound) == []
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
    assert differences(spoilt) == [vector["id"]]
