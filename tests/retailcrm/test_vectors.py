"""Every vector of RetailCRM's vectors.json through the package, under the adopted readings and under each other one."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from handshakes.core.refusals import REASONS, Refused
from handshakes.retailcrm import rules, signing
from tests.vector_runner import Runner, WholeFile, stages_of

NOT_BY_VECTOR = {"unknown-reading"}  # the vectors of an unknown reading would have no reading to name
# The worked values of the facts sheet: name, and what a verifier decides.
WORKED = {
    "verify_registration/worked-good": "accepted",
    "verify_registration/worked-official-test": "accepted",
    "verify_registration/worked-upper-case": "malformed",
    "verify_registration/worked-base64": "malformed",
    "verify_registration/worked-secret-with-line-end": "signature-mismatch",
    "verify_registration/worked-empty-secret": "empty-secret",
    "verify_registration/worked-empty-key": "empty-parameter",
    "verify_registration/worked-other-system-url": "accepted",
    "canonical_system_url/worked-asd": "accepted",
    "canonical_system_url/worked-blabla": "accepted",
    "canonical_system_url/worked-technical": "accepted",
    "canonical_system_url/worked-port": "not-allowed",
    "canonical_system_url/worked-scheme": "not-allowed",
    "canonical_system_url/worked-unknown-domain": "not-allowed",
    "canonical_system_url/worked-domain-as-prefix": "not-allowed",
    "canonical_system_url/worked-path": "malformed",
}
WORKED_TOKENS = {
    "worked-good": "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f",
    "worked-official-test": "016ab397889c59a1f61a07d69857880a0d867aa1b0edb1014971757cf7a25bb1",
    "worked-upper-case": "D8F2D23134A6D5E72F9FEC88B7A158C2C2592BE9D7007130576C3E24A97D425F",
    "worked-base64": "2PLSMTSm1ecvn+yIt6FYwsJZK+nXAHEwV2w+JKl9Ql8=",
    "worked-secret-with-line-end": "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f",
    "worked-empty-secret": "7cae2bd14fdeb24dc63d95cba73182efc96040636beae9214fd72d1548952a31",
    "worked-empty-key": "f9e66e179b6747ae54108f82f8ade8b3c25d76fd30afde6c395822c530196169",
    "worked-other-system-url": "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f",
}
WIRE = (
    "register=%7B%22systemUrl%22%3A%22https%3A%2F%2Fnewaccount.simla.com%22%2C%22apiKey%22%3A%22"
    "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff%22%2C%22token%22%3A%22"
    "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f%22%7D"
)


def keys_in(vector: dict[str, Any]) -> set[str]:
    return {stage["utf8"] for stage in vector["stages"] if stage["name"] == "message"}


RUNNER = Runner("retailcrm", keys_in)


class TestTheFile(WholeFile):
    runner = RUNNER

    def sees_the_stages(self, group, vector):
        written = stages_of(vector)
        verdict = vector["expect"]["verdict"]
        if "url" in vector["input"] or (verdict == "refused" and vector["expect"].get("stage") != "message"):
            assert not written
        else:
            assert RUNNER.seen(group, vector) == written
            assert written[-1][0] == "message"


@pytest.mark.parametrize(
    ("operation", "spoil"),
    [
        ("verify_registration", lambda group, vector: vector["input"].pop("content_type")),
        ("verify_registration", lambda group, vector: vector["input"].update(header="")),
        ("verify_registration", lambda group, vector: vector["input"].update(body="bare text")),
        ("verify_registration", lambda group, vector: group["given"].pop("secret")),
        ("verify_registration", lambda group, vector: group["given"].update(allowed=["https://*.a.example"])),
        ("verify_registration", lambda group, vector: vector["expect"]["returns"].pop("not_covered")),
        ("verify_registration", lambda group, vector: vector["expect"]["returns"].pop("system_url")),
        ("verify_registration", lambda group, vector: vector["expect"]["returns"].update(api_key=1)),
        ("registration_token", lambda group, vector: vector["input"].update(api_key=1)),
        ("registration_token", lambda group, vector: vector["expect"]["returns"].update(token="")),
        ("registration_token", lambda group, vector: vector["expect"]["returns"].update(url="https://a")),
        ("canonical_system_url", lambda group, vector: group["given"].update(allowed=[])),
        ("canonical_system_url", lambda group, vector: group["given"].update(allowed=["simla.com"])),
        ("canonical_system_url", lambda group, vector: vector["input"].update(api_key="")),
    ],
)
def test_the_schema_notices_a_spoilt_file(operation, spoil):
    operations = [group["operation"] for group in RUNNER.document["groups"]]
    place = operations.index(f"retailcrm.{operation}")
    RUNNER.check_schema_notices(lambda document, vector: spoil(document["groups"][0], vector), place)


def test_every_reason_of_signing_has_a_vector():
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (signing, rules))
    shared = {"malformed", "too-large", "duplicate-parameter", "wrong-content-type", "not-allowed"}
    shared |= {"empty-secret", "wrong-type"}
    raised = {reason for reason in REASONS if f'"{reason}"' in source} | shared
    assert raised - NOT_BY_VECTOR == RUNNER.reasons()


def test_there_are_enough_vectors_and_each_operation_has_some_that_are_refused():
    assert len(RUNNER.rows) >= 60
    for operation in ("registration_token", "verify_registration", "canonical_system_url"):
        verdicts = {
            v["expect"]["verdict"] for g, v in RUNNER.rows if g["operation"] == f"retailcrm.{operation}"
        }
        assert verdicts == {"accepted", "refused"}


def test_the_worked_values_of_the_facts_sheet_are_vectors():
    by_id = {vector["id"].removeprefix("retailcrm/"): vector for _, vector in RUNNER.rows}
    for name, decided in WORKED.items():
        expect = by_id[name]["expect"]
        assert decided == expect.get("reason", expect["verdict"]), name
    for name, token in WORKED_TOKENS.items():
        body = by_id[f"verify_registration/{name}"]["input"]["body"]["utf8"]
        assert f'"token":"{token}"' in parse_qs(body)["register"][0], name
    assert by_id["verify_registration/worked-good"]["input"]["body"] == {"utf8": WIRE}
    for name in ("worked-good", "worked-official-test"):
        expect = by_id[f"registration_token/{name}"]["expect"]
        assert expect["returns"]["token"] == WORKED_TOKENS[name]


def test_the_list_of_the_vectors_is_the_default_of_the_package():
    group = next(g for g in RUNNER.document["groups"] if g["id"] == "retailcrm/addresses")
    assert set(group["given"]["allowed"]) == set(signing.OFFICIAL_ORIGINS)
    for vector in group["vectors"]:
        try:
            answer = signing.canonical_system_url(vector["input"]["url"])
        except Refused as refused:
            assert refused.reason == vector["expect"]["reason"], vector["id"]
        else:
            assert {"url": answer} == vector["expect"]["returns"], vector["id"]


@pytest.mark.parametrize("kind", ["token", "stage", "returns", "reason", "stage of the refusal"])
def test_a_mutated_vector_is_noticed(kind):
    sound = {"groups": [RUNNER.document["groups"][0]]}
    assert RUNNER.differences(sound) == []
    spoilt = copy.deepcopy(sound)
    vectors = spoilt["groups"][0]["vectors"]
    vector = vectors[0]
    if kind == "token":
        body = vector["input"]["body"]
        body["utf8"] = body["utf8"].replace("d8f2", "d8f3")
    elif kind == "stage":
        vector["stages"][-1]["utf8"] += "0"
    elif kind == "returns":
        vector["expect"]["returns"]["covered"].append("systemUrl")
    else:
        vector = next(v for v in vectors if v["expect"].get("stage") == "token")
        vector["expect"] |= {"reason": "wrong-type"} if kind == "reason" else {"stage": "message"}
    assert RUNNER.differences(spoilt) == [vector["id"]]
