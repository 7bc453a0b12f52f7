"""OfficeRnD's page signature against JavaScript and OpenSSL.

The domain of the comparison: names and values of valid Unicode, names all different and none of them
an array index of JavaScript (`0` to `4294967294`, written without leading zeros), since a JavaScript
object moves those to its front. That difference is shown for itself.
"""

from __future__ import annotations

import random
import re
import subprocess
from urllib.parse import unquote

import pytest

from handshakes.core.refusals import Refused
from handshakes.officernd import readings, sign_query, sign_webhook, verify_query
from handshakes.officernd.rules import compact_json
from handshakes.spec import vectors
from tests.oracles import REQUIRE, ask, judged_vectors, openssl_on_vectors, right_digest, tool

SEED = 20260324
CASES = 2_500
SECRETS = ["example-integration-secret", "another-integration-secret", "geheimnis-mit-ümlaut", "00ff00ff"]
T = 1648190384
ODD = [
    *map(chr, range(0x20)),
    *"\"\\/<>&'`{}[]:,.;#?%+= ~*()!@^|",
    *"\x7f\x80\x85\xa0\xad\u0300\u200b\u200d\u200e\u2028\u2029\ud7ff\ue000\ufeff\ufffd\uffff",
    *"éßıİ漢字कא",
    *"\U00010000\U0001f3e2\U0001f468\U000e0001\U0010ffff",
]
LIKE_INTEGERS = ["0", "1", "2", "10", "007", "-1", "1.5", "4294967294", "4294967295", "9" * 20, "1e3", " 1"]


def character(rng: random.Random) -> str:
    match rng.randrange(4):
        case 0:
            return rng.choice(ODD)
        case 1:
            return chr(rng.randrange(0xD800))
        case 2:
            return chr(rng.randrange(0x10000, 0x110000))
    return chr(rng.randrange(0x20, 0x7F))


def text(rng: random.Random, most: int) -> str:
    return "".join(character(rng) for _ in range(rng.randrange(most)))


def is_array_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and str(int(name)) == name and int(name) < 2**32 - 1


def cases() -> list[dict]:
    rng = random.Random(SEED)
    made = [
        case([["slug", "test-slug"], ["locations", ""]]),
        case([["__proto__", "x"], ["constructor", "y"], ["toJSON", "z"]], timestamp=0),
        case([[name, "x"] for name in LIKE_INTEGERS if not is_array_index(name)]),
        case([]),
        *(case([["slug", odd], [f"n{odd}", odd * 2]]) for odd in ODD),
    ]
    while len(made) < CASES:
        names = {text(rng, 6): None for _ in range(rng.randrange(1, 6))}
        pairs = [[name, text(rng, 12)] for name in names if name != "signature" and not is_array_index(name)]
        made.append(case(pairs, rng.choice(SECRETS), rng.randrange(10**12)))
    return made


def case(pairs: list[list[str]], secret: str = SECRETS[0], timestamp: int = T) -> dict:
    return {"pairs": pairs, "secret": secret, "timestamp": timestamp}


def signed(case: dict, *ids: str) -> str:
    pairs = [tuple(pair) for pair in case["pairs"]]
    of = readings.of(*ids)
    return sign_query(pairs, secret=case["secret"], timestamp=case["timestamp"], readings=of)


@pytest.fixture(scope="module")
def answers() -> list[tuple[dict, dict]]:
    print(f"seed {SEED}, {CASES} cases")
    asked = cases()
    return list(zip(asked, ask("node", "officernd.mjs", asked), strict=True))


def test_javascript_writes_the_same_json_and_the_same_digest(answers):
    assert len(answers) >= 2_000
    for case, answer in answers:
        pairs = [tuple(pair) for pair in case["pairs"]]
        assert compact_json(pairs) == answer["json"], ascii(pairs)
        assert signed(case) == f"t={case['timestamp']},signature={answer['digest']}", ascii(pairs)


def test_urls_that_javascript_built_and_signed_verify_and_give_the_pairs_back(answers):
    for case, answer in answers:
        pairs = tuple(tuple(pair) for pair in case["pairs"])
        for query in answer["queries"]:
            verified = verify_query(f"/sync?{query}", secret=case["secret"], now=case["timestamp"])
            assert verified.covered == tuple(name for name, _ in pairs)
            assert verified.parameters == pairs


def test_the_cases_reach_what_json_writers_differ_in(answers):
    asked = [
        character for case, _ in answers for pair in case["pairs"] for word in pair for character in word
    ]
    assert set(ODD) <= set(asked)
    assert sum(character > "\uffff" for character in asked) > 1_000
    assert any(not case["pairs"] for case, _ in answers)


def test_names_like_integers_are_where_javascript_differs_and_a_reading_says_how():
    rng = random.Random(SEED)
    asked = [
        case([[name, "x"] for name in rng.sample(LIKE_INTEGERS, len(LIKE_INTEGERS))]) for _ in range(100)
    ]
    moved = 0
    for one, answer in zip(asked, ask("node", "officernd.mjs", asked), strict=True):
        theirs = f"t={T},signature={answer['digest']}"
        names = [name for name, _ in one["pairs"]]
        indices = [name for name in names if is_array_index(name)]
        assert signed(one, "officernd:signature.integer-names=integers-first") == theirs
        if names[: len(indices)] != sorted(indices, key=int):
            moved += 1
            assert signed(one) != theirs
            with pytest.raises(Refused, match="signature-mismatch"):
                verify_query(f"/?{answer['queries'][1]}", secret=one["secret"], now=T)
    assert moved > 90


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    ("json", "pairs"),
    [
        ('{"slug":"test-slug","locations":""}', [("slug", "test-slug"), ("locations", "")]),
        (
            '{"slug":"café \U0001f3e2/\\"","n\u2028":"\x7f"}',
            [("slug", 'café \U0001f3e2/"'), ("n\u2028", "\x7f")],
        ),
    ],
)
def test_openssl_gives_the_same_digest_for_a_page_request(secret, json, pairs):
    digest = openssl(secret, f"{json}.{T}".encode())
    assert sign_query(pairs, secret=secret, timestamp=T) == f"t={T},signature={digest}"


@pytest.mark.parametrize("body", [b"", b'{"eventType":"integration.removed"}\n', b"\xff\x00\xfe"])
def test_openssl_gives_the_same_digest_for_a_webhook(body):
    digest = openssl("example-webhook-secret", body + f".{T}".encode())
    assert sign_webhook(body, secret="example-webhook-secret", timestamp=T) == f"t={T},signature={digest}"


def openssl(secret: str, message: bytes) -> str:
    command = [
        tool("openssl"),
        "dgst",
        "-sha256",
        "-mac",
        "HMAC",
        "-macopt",
        f"hexkey:{secret.encode().hex()}",
    ]
    done = subprocess.run(command, input=message, capture_output=True, timeout=60, check=True)
    return done.stdout.decode().split()[-1]


# --- every vector ---------------------------------------------------------------------------------

NOT_BY_JAVASCRIPT = {
    "officernd/verify_query/too-many-parameters": "no clause says how many parameters there may be; the limit is ours",
    "officernd/verify_query/too-long": "no clause says how long a query may be; the limit is ours",
}
BEFORE_A_MESSAGE = {
    "malformed",
    "missing-parameter",
    "empty-parameter",
    "duplicate-parameter",
    "timestamp-in-milliseconds",
    "too-large",
    "empty-secret",
}
"""Reasons that end a request before anything is signed, so that OpenSSL has nothing to say."""
SIGNED_OTHERWISE = {
    "officernd/verify_query/empty-member-not-signed": [(',"memberId":""', "")],
    "officernd/verify_query/quoted-organization-not-signed": [('\\"', "")],
    "officernd/verify_query/quoted-and-empty-not-signed": [(',"memberId":""', ""), ('\\"', "")],
    "officernd/verify_query/quoted-signed-empty-not-signed": [(',"memberId":""', "")],
}
"""Vectors that record the message as received, and what has to go for the one that was signed (S13, S14)."""


def test_a_parser_that_drops_empty_values_signs_as_that_reading_does():
    """`parse_qsl` of Python does so unless it is told otherwise; `hmac` and `json` do the rest."""
    import hmac
    import json
    from urllib.parse import parse_qsl

    every = {vector["id"]: vector for _, vector in vectors.rows(vectors.load("officernd"))}
    reading = "officernd:signature.absent-locations=empty-dropped"
    for name in ("empty-locations-not-signed", "no-empty-value-signed"):
        vector = every[f"officernd/verify_query/{name}"]
        parsed = dict(parse_qsl(vector["input"]["target"].partition("?")[2]))
        t, digest = (part.partition("=")[2] for part in parsed.pop("signature").split(","))
        message = json.dumps(parsed, separators=(",", ":")) + "." + t
        assert hmac.new(b"example-integration-secret", message.encode(), "sha256").hexdigest() == digest
        assert vector["expect"]["reason"] == "signature-mismatch"
        assert vector["by_reading"][reading]["returns"]["covered"] == list(parsed)


def test_javascript_judges_every_vector_as_the_adopted_readings_do():
    found = judged_vectors("officernd", "node", "officernd.mjs", NOT_BY_JAVASCRIPT)
    assert [(id, answer) for id, _, answer in found] == [(id, expected) for id, expected, _ in found]
    verdicts = [answer["verdict"] for _, _, answer in found]
    assert len(found) >= 195
    assert min(verdicts.count("accepted"), verdicts.count("refused")) >= 80


def digest_of(vector: dict) -> str:
    """Return the hex digits that a vector carries, wherever its operation has them."""
    given, returned = vector["input"], vector["expect"].get("returns", {})
    text = returned.get("signature") or given.get("header") or unquote(given["target"])
    (digest,) = re.findall("signature=([0-9a-f]{64})(?![0-9a-f])", text)
    return digest


def test_openssl_gives_the_digest_of_every_recorded_message(tmp_path):
    by_id = {vector["id"]: vector for _, vector in vectors.rows(vectors.load("officernd"))}
    fits, without = openssl_on_vectors("officernd", digest_of, tmp_path)
    right = {id for id in fits if right_digest(by_id[id])}
    assert {id for id, fit in fits.items() if fit} == right - set(SIGNED_OTHERWISE)
    assert len(fits) >= 125
    assert sum(fits.values()) >= 90
    assert {by_id[id]["expect"]["reason"] for id in without} == BEFORE_A_MESSAGE


@pytest.mark.parametrize("id", SIGNED_OTHERWISE)
def test_openssl_gives_the_digest_of_the_form_that_was_signed(id):
    group, vector = next(row for row in vectors.rows(vectors.load("officernd")) if row[1]["id"] == id)
    message = vectors.raw(vector["stages"][-1]).decode()
    for out, instead in SIGNED_OTHERWISE[id]:
        assert out in message
        message = message.replace(out, instead)
    assert openssl(group["given"]["secret"], message.encode()) == digest_of(vector)


def test_a_missing_tool_is_skipped_with_its_name_and_fails_when_tools_are_required(monkeypatch):
    monkeypatch.delenv(REQUIRE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        tool("no-such-program")
    monkeypatch.setenv(REQUIRE, "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        tool("no-such-program")
