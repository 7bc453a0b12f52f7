"""Every vector of onOffice's vectors.json through the package, under the adopted readings and under each other one."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qsl

import pytest

from handshakes.core.refusals import Refused
from handshakes.onoffice import readings
from tests.vector_runner import Runner, WholeFile, stages_of

WITHOUT_STAGES = ("onoffice.api_hmac", "onoffice.unlock_answer")
# Every row of the facts sheet's worked values: the text that is signed, and its signature.
WORKED = {
    "activation-basic": (
        "https://provider.example/activate?apiClaim=ctguyroHtO7_6XaBpJgwUB_npk8nGUPociZaKzYfAEYRXFR_"
        "Cv879mYelDHEEfeB&apiToken=0123456789abcdef0123456789abcdef&customerName=Mustermakler&"
        "customerWebId=4711&parameterCacheId=6802c44a-7ac0-4210-a3d4-e5581e3fa0b6&timestamp=1700000000&userId=17",
        "61ee8f4a1ac6338b6abdcc4597fc15639579aa1ab6503583dd9c35e4d91fc470",
    ),
    "space-umlaut-amp": (
        "https://provider.example/activate?apiClaim=wvuYzNla%2FQvi66%2BOdP180%3D%3D&apiToken=tok&"
        "customerName=M%C3%BCller+%26+S%C3%B6hne+Immobilien+GmbH&customerWebId=4711&parameterCacheId=pc-1&"
        "timestamp=1700000000&userId=17",
        "5b7254c1b40b5b0a2c33a2451ada64a990038d91d367b751f6d41e8d157de28b",
    ),
    "provider-own-params": (
        "https://provider.example/activate?Zone=eu&_x=1&apiToken=t&plan=gold+edition&timestamp=1700000000",
        "50db418e12629571ef1928472c0f8bc82b624e3fd0ec38879f37263f1756ad72",
    ),
}
WORKED_WITHOUT_STAGES = {
    "worked-sdk": "dsvg3r4AFcQXges0MZ+3auzQVfnEB39pLkKSgmm9Wvg=",
    "worked-reference": "F9OXyaJv7p+bLkwGDGV7ZUmfYgjH2E24zpsxY5/nVDk=",
    "worked-version-1": "7e0bb4b6ceb4b3cff609524e416f2ac3",
}
# The edits of a genuine URL that the official verifier was measured with: what it says, and what we say.
MEASURED = {
    "reordered": ("accepted", "accepted"),
    "percent-20": ("accepted", "accepted"),
    "unneeded-escapes": ("accepted", "accepted"),
    "port": ("accepted", "accepted"),
    "user-info": ("accepted", "accepted"),
    "fragment": ("accepted", "accepted"),
    "signature-in-front": ("accepted", "refused"),
    "stranger-in-front": ("accepted", "refused"),
    "stranger-behind": ("refused", "refused"),
    "parameter-added": ("refused", "refused"),
    "parameter-dropped": ("refused", "refused"),
    "host-in-another-case": ("refused", "refused"),
    "slash-added": ("refused", "refused"),
    "other-scheme": ("refused", "refused"),
    "other-time": ("refused", "refused"),
    "upper-case": ("refused", "refused"),
}


def keys_in(vector: dict[str, Any]) -> set[str]:
    return {vector["input"]["api_key"]} if "api_key" in vector["input"] else set()


AS_PHP = readings.of("onoffice:url.names=php-compatible", "onoffice:url.repeated=php-compatible")
RUNNER = Runner("onoffice", keys_in)


class TestTheFile(WholeFile):
    runner = RUNNER

    def sees_the_stages(self, group, vector):
        written = stages_of(vector)
        if not written:  # nothing could be read, or a call of the API and its answer, which have no stages
            assert vector["expect"]["verdict"] == "refused" or group["operation"] in WITHOUT_STAGES
            assert vector["expect"].get("stage") not in ("message",)
            return
        assert RUNNER.seen(group, vector) == written
        assert [name for name, _ in written] == ["base", "query", "names", "message"]


@pytest.mark.parametrize(
    ("operation", "spoil"),
    [
        ("verify_url", lambda group, vector: vector["input"].pop("target")),
        ("verify_url", lambda group, vector: vector["input"].update(header="")),
        ("verify_url", lambda group, vector: vector["input"].update(target=1)),
        ("verify_url", lambda group, vector: group["given"].pop("secret")),
        ("verify_url", lambda group, vector: group["given"].update(tolerance=[1])),
        ("verify_url", lambda group, vector: vector["expect"]["returns"].pop("not_covered")),
        ("verify_url", lambda group, vector: vector["expect"]["returns"].pop("timestamp")),
        ("verify_url", lambda group, vector: vector["expect"]["returns"].update(text="a")),
        ("verify_url", lambda group, vector: vector["by_reading"].update({"onoffice:url": {}})),
        ("string_to_sign", lambda group, vector: group["given"].update(now=1)),
        ("string_to_sign", lambda group, vector: vector["expect"]["returns"].update(text=1)),
        ("string_to_sign", lambda group, vector: vector["expect"]["returns"].update(url="https://a")),
        ("sign_url", lambda group, vector: group["given"].clear() or group["given"].update(now=1)),
        ("sign_url", lambda group, vector: vector["expect"]["returns"].update(url="")),
        ("unlock_answer", lambda group, vector: vector["input"].pop("status")),
        ("unlock_answer", lambda group, vector: vector["expect"]["returns"].update(success="active")),
        ("api_hmac", lambda group, vector: vector["input"].pop("token")),
        ("api_hmac", lambda group, vector: vector["input"].update(version="2")),
        ("api_hmac", lambda group, vector: vector["input"].update(target="https://a")),
        ("api_hmac", lambda group, vector: vector["expect"]["returns"].update(hmac="")),
    ],
)
def test_the_schema_notices_a_spoilt_file(operation, spoil):
    operations = [group["operation"] for group in RUNNER.document["groups"]]
    place = operations.index(f"onoffice.{operation}")
    RUNNER.check_schema_notices(lambda document, vector: spoil(document["groups"][0], vector), place)


def test_every_reason_that_a_vector_can_have_is_there():
    assert RUNNER.reasons() == {
        *("malformed", "missing-parameter", "empty-parameter", "duplicate-parameter", "too-large"),
        *("empty-secret", "signature-mismatch", "timestamp-in-milliseconds", "stale", "from-the-future"),
        *("not-allowed", "wrong-type", "platform-error", "unexpected-answer"),
    }


def test_there_are_enough_vectors_and_each_operation_has_some_that_are_refused():
    assert len(RUNNER.rows) >= 150
    for operation in ("string_to_sign", "sign_url", "verify_url", "api_hmac", "unlock_answer"):
        rows = [v for g, v in RUNNER.rows if g["operation"] == f"onoffice.{operation}"]
        assert {vector["expect"]["verdict"] for vector in rows} == {"accepted", "refused"}


def by_id() -> dict[str, dict[str, Any]]:
    return {vector["id"].removeprefix("onoffice/"): vector for _, vector in RUNNER.rows}


@pytest.mark.parametrize("name", WORKED)
def test_the_worked_urls_of_the_facts_sheet_are_vectors(name):
    (message, signature), vectors = WORKED[name], by_id()
    url = f"{message}&signature={signature}"
    assert vectors[f"string_to_sign/worked-{name}"]["expect"]["returns"] == {"text": message}
    assert vectors[f"sign_url/worked-{name}"]["expect"]["returns"] == {"url": url}
    assert vectors[f"verify_url/worked-{name}"]["input"] == {"target": url}
    assert vectors[f"verify_url/worked-{name}"]["expect"]["verdict"] == "accepted"


@pytest.mark.parametrize("name", WORKED_WITHOUT_STAGES)
def test_the_worked_hmacs_of_the_facts_sheet_are_vectors(name):
    assert by_id()[f"api_hmac/{name}"]["expect"]["returns"] == {"hmac": WORKED_WITHOUT_STAGES[name]}


@pytest.mark.parametrize("name", MEASURED)
def test_every_measured_edit_is_a_vector_with_the_official_answer_beside_ours(name):
    group, vector = next(row for row in RUNNER.rows if row[1]["id"] == f"onoffice/verify_url/{name}")
    official, ours = MEASURED[name]
    assert vector["expect"]["verdict"] == ours
    try:
        RUNNER.call(group, vector, AS_PHP)
        answer = "accepted"
    except Refused:
        answer = "refused"
    assert answer == official


@pytest.mark.parametrize(
    "kind", ["signature", "stage", "returns", "reason", "stage of the refusal", "reading"]
)
def test_a_mutated_vector_is_noticed(kind):
    groups = RUNNER.document["groups"]
    sound = {"groups": [groups[0 if kind in ("signature", "stage", "returns", "reading") else 3]]}
    assert RUNNER.differences(sound) == []
    spoilt = copy.deepcopy(sound)
    vector = spoilt["groups"][0]["vectors"][0]
    if kind == "signature":
        vector["input"]["target"] = vector["input"]["target"].replace("signature=61ee", "signature=61ef")
    elif kind == "stage":
        vector["stages"][-1]["utf8"] += "0"
    elif kind == "returns":
        vector["expect"]["returns"]["covered"].pop()
    elif kind == "reading":
        vector["by_reading"].pop("onoffice:url.base=query-only")
        with pytest.raises(AssertionError):
            RUNNER.check_other_readings(spoilt["groups"][0], vector)
        return
    else:
        vector["expect"] |= {"reason": "wrong-type"} if kind == "reason" else {"stage": "message"}
    assert RUNNER.differences(spoilt) == [vector["id"]]


@pytest.mark.parametrize("name", ["umlaut", "claim", "list", "marks", "address", "lower-case", "raw-json"])
def test_a_query_that_a_proxy_respelled_separates_who_decodes_from_who_compares_bytes(name):
    """Each pair is what was sent to lighttpd 1.4.69 and what it handed on; both carry one signature."""
    vectors = by_id()
    arrived = vectors[f"verify_url/respelled-{name}"]
    sent = vectors["verify_url/" + arrived["derived_from"]["id"].rpartition("/")[2]]
    query_sent, query_arrived = (one["input"]["target"].partition("?")[2] for one in (sent, arrived))
    assert query_sent != query_arrived
    assert sorted(parse_qsl(query_sent)) == sorted(parse_qsl(query_arrived)), (
        "signature and values are the same"
    )
    assert (sent["expect"]["verdict"], arrived["expect"]["verdict"]) == ("accepted", "accepted")
    assert arrived["by_reading"]["onoffice:url.encoding=raw"]["reason"] == "signature-mismatch"


def test_a_path_that_a_proxy_respelled_is_another_path():
    arrived = by_id()["verify_url/respelled-path"]
    assert "/b%C3%BCro/" in arrived["input"]["target"]
    assert arrived["expect"]["reason"] == "signature-mismatch"
    assert by_id()["verify_url/lower-case-path"]["expect"]["verdict"] == "accepted"
