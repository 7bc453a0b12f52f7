"""RetailCRM's token and registration against PHP and JavaScript.

The domain of the comparison: secrets of valid Unicode without NUL (it would make two secrets one), keys
likewise and not empty, addresses of valid Unicode and not empty. As verifier, PHP is compared with the
reading in which the last of two names counts, on forms whose other fields have any name, a text as address
and a key that is not empty; what official verifiers do with an empty key is a reading of its own.
"""

from __future__ import annotations

import json
import random
from urllib.parse import quote, unquote

import pytest

from handshakes.core.refusals import Refused
from handshakes.retailcrm import readings, registration_token, verify_registration
from handshakes.spec import vectors
from handshakes.spec.vectors import raw
from tests.oracles import ask, judged_vectors, openssl_on_vectors, right_digest

SEED = 20240719
CASES = 2_000
SECRETS = [
    "secret",
    "secret\n",
    "example-module-secret",
    "geheimnis-mit-ümlaut",
    "00ff00ff",
    "c2VjcmV0LWtleQ==",
    "a-module-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256",
]
KEY = "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff"
SYSTEM = "https://newaccount.simla.com"
ODD = [
    *map(chr, range(0x20)),
    *"\"\\/<>&'`{}[]:,.;#?%+= ~*()!@^|$0",
    *"\x7f\x80\x85\xa0\xad\u0300\u200b\u200d\u200e\u2028\u2029\ud7ff\ue000\ufeff\ufffd\uffff",
    *"éßıİ漢字कאK",
    *"\U00010000\U0001f3e2\U0001f468\U000e0001\U0010ffff",
]
PROGRAMS = {"php": "retailcrm.php", "node": "retailcrm.mjs"}


def text(rng: random.Random, most: int) -> str:
    characters = [
        lambda: rng.choice(ODD),
        lambda: chr(rng.randrange(0xD800)),
        lambda: chr(rng.randrange(0x10000, 0x110000)),
        lambda: chr(rng.randrange(0x20, 0x7F)),
    ]
    return "".join(rng.choice(characters)() for _ in range(rng.randrange(1, most)))


def case(api_key: str = KEY, secret: str = SECRETS[0], system_url: str = SYSTEM) -> dict[str, str]:
    return {"api_key": api_key, "secret": secret, "system_url": system_url}


def cases() -> list[dict[str, str]]:
    rng = random.Random(SEED)
    made = [
        *(case(secret=secret) for secret in SECRETS),
        *(case(api_key="a" * length, secret="s" * length) for length in (1, 55, 63, 64, 65, 255)),
        *(case(odd + KEY, "s" + odd, SYSTEM + odd) for odd in ODD if odd != "\0"),
    ]
    while len(made) < CASES:
        key, secret = (text(rng, 40).replace("\0", "") or "0" for _ in range(2))
        made.append(case(key, secret, text(rng, 40)))
    return made


@pytest.fixture(scope="module", params=PROGRAMS)
def answers(request) -> list[tuple[dict, dict]]:
    print(f"seed {SEED}, {CASES} cases")
    asked = cases()
    return list(zip(asked, ask(request.param, PROGRAMS[request.param], asked), strict=True))


def test_the_other_language_makes_the_same_token(answers):
    assert len(answers) >= 2_000
    for one, answer in answers:
        assert registration_token(one["api_key"], secret=one["secret"]) == answer["token"], ascii(one)


def test_registrations_that_the_other_language_wrote_verify_and_give_key_and_address_back(answers):
    assert sum(len(set(answer["bodies"])) > 1 for _, answer in answers) > CASES / 4  # they differ in writing
    for one, answer in answers:
        for body in answer["bodies"]:
            verified = verify_registration(body.encode(), secret=one["secret"])
            assert (verified.api_key, verified.system_url) == (one["api_key"], one["system_url"]), ascii(one)


def wrong_tokens(token: str) -> list[object]:
    """Return what is no token, made of one that is right."""
    return [token.upper(), token[:-1], token + " ", "0" * 64, "", 0, None, True, [token], {}]


def members(rng: random.Random) -> list[tuple[str, object]]:
    """Return the members of a registration, right or with something wrong, in any order."""
    secret, key = SECRETS[0], text(rng, 12).replace("\0", "") or "0"
    token = registration_token(key, secret=secret)
    tokens: list[object] = [token, *wrong_tokens(token)]
    tokens += [registration_token(secret, secret=key), token[:-1] + ("0" if token[-1] != "0" else "1")]
    found: list[tuple[str, object]] = [("token", token if rng.random() < 0.5 else rng.choice(tokens))]
    found += [
        ("apiKey", rng.choice([key, key, key, key + "x", 1])),
        ("systemUrl", SYSTEM),
        ("more", [None, 1.5]),
    ]
    if rng.random() < 0.4:
        found.append(
            (rng.choice(["token", "Token", "apiKey", "APIKEY", "more"]), rng.choice([token, key, 1]))
        )
    rng.shuffle(found)
    if rng.random() < 0.1:
        found = [pair for pair in found if pair[0] != "token"]
    return found


def written(pairs: list[tuple[str, object]], rng: random.Random) -> str:
    """Return a JSON object, in which a name may stand twice, and sometimes not quite JSON."""
    inside = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    frames = ["{%s}"] * 12 + ["{%s", "[{%s}]", "{%s,}", " {%s}\n", "{%s}x", '{"a":NaN,%s}']
    return rng.choice(frames) % inside


def test_php_accepts_what_the_package_accepts_when_the_last_of_two_names_counts():
    rng = random.Random(SEED)
    texts = [written(members(rng), rng) for _ in range(CASES)]
    bodies = [f"register={quote(one, safe='')}" for one in texts]
    of = readings.of("retailcrm:register.json=last-wins")
    accepted = ask("php", "retailcrm.php", [{"body": body, "secret": SECRETS[0]} for body in bodies])
    stricter = 0
    for body, theirs in zip(bodies, accepted, strict=True):
        ours = accepts(body, of)
        assert ours == theirs, ascii(body)
        assert theirs or not accepts(body), "the adopted reading accepts nothing that PHP refuses"
        stricter += theirs and not accepts(body)
    assert 300 < sum(accepted) < CASES - 300
    assert stricter > 20  # a name stands twice


def accepts(body: str, of=None) -> bool:
    try:
        verify_registration(body.encode(), secret=SECRETS[0], readings=of)
    except Refused:
        return False
    return True


def names() -> list[str]:
    """Return names beside `register`, percent-encoded: with each byte of ASCII before it, behind it, within it, and brackets."""
    shapes = [
        "{}register",
        "register{}",
        "register{}x",
        "{0}{0}register",
        "{}register[x]",
        "re{}gister",
        "register[{}]",
    ]
    made = [shape.format(f"%{byte:02X}") for byte in range(0x80) for shape in shapes]
    more = [
        "register[]",
        "register[x",
        "register[x]y",
        "register]",
        "register%5Bx%5D",
        "+register",
        "register.x",
        "[register]",
    ]
    return [name for name in [*made, *more] if unquote(name) != "register"]


@pytest.mark.clause("retailcrm:register.once")
def test_a_field_that_php_takes_for_register_is_refused_and_no_other():
    """PHP reads a wrong registration in place of the right one exactly where the package refuses."""
    key, secret = KEY, SECRETS[0]
    right = {"token": registration_token(key, secret=secret), "apiKey": key, "systemUrl": SYSTEM}
    first = f"register={quote(json.dumps(right))}"
    bodies = [f"{first}&{name}={quote(json.dumps({**right, 'token': '0' * 64}))}" for name in names()]
    answers = ask("php", "retailcrm.php", [{"body": body, "secret": secret} for body in bodies])
    assert 20 < answers.count(False) < 400
    for body, theirs in zip(bodies, answers, strict=True):
        try:
            assert verify_registration(body.encode(), secret=secret).system_url == SYSTEM
            ours = ""
        except Refused as refused:
            ours = f"{refused.reason} {refused.clause}"
        assert ours == ("" if theirs else "duplicate-parameter retailcrm:register.once"), ascii(
            body[len(first) :]
        )


@pytest.mark.parametrize(("secret", "key"), [("", KEY), ("secret", "")])
def test_php_accepts_an_empty_secret_and_an_empty_key_and_the_package_does_not(secret, key):
    (answer,) = ask("php", "retailcrm.php", [case(key, secret)])
    for body in answer["bodies"]:
        assert ask("php", "retailcrm.php", [{"body": body, "secret": secret}]) == [True]
        with pytest.raises(Refused, match="empty-secret" if key else "empty-parameter"):
            verify_registration(body.encode(), secret=secret)


def test_a_nul_behind_a_secret_makes_no_other_token_and_is_refused():
    plain, padded = ask("php", "retailcrm.php", [case(), case(secret="secret\0")])
    assert plain["token"] == padded["token"]
    with pytest.raises(Refused, match="malformed"):
        registration_token(KEY, secret="secret\0")


# --- every vector ---------------------------------------------------------------------------------

IN_A_SERVER = "PHP reads a multipart form only as the request that its web server got"
INFINITE = "PHP's json_decode makes infinity of a number that is too large, and does not say so"
LAST_WINS = "PHP's json_decode keeps the last of two equal names and does not say that there were two"
BY_ID = {vector["id"]: vector for _, vector in vectors.rows(vectors.load("retailcrm"))}
VERIFY = "retailcrm/verify_registration/"
CANNOT: dict[str, dict[str, str]] = {
    "node": {},
    "php": {
        **{id: IN_A_SERVER for id in BY_ID if "multipart" in id},
        VERIFY + "json-number-too-large": INFINITE,
        VERIFY + "unknown-member-holds-a-name-twice": LAST_WINS,
        VERIFY + "token-twice-last-right": LAST_WINS,
        VERIFY + "token-twice-first-right": LAST_WINS,
        VERIFY + "address-twice": LAST_WINS,
        VERIFY + "unknown-member-twice": LAST_WINS,
    },
}
BEFORE_A_MESSAGE = {
    "malformed",
    "missing-parameter",
    "empty-parameter",
    "duplicate-parameter",
    "wrong-type",
    "wrong-content-type",
    "too-large",
    "empty-secret",
    "not-allowed",
}
"""Reasons that end a registration before its token is computed, so that OpenSSL has nothing to say."""


@pytest.mark.parametrize(("program", "floor"), [("node", 177), ("php", 170)])
def test_the_other_language_judges_every_vector_as_the_adopted_readings_do(program, floor):
    found = judged_vectors("retailcrm", program, PROGRAMS[program], CANNOT[program])
    assert [(id, answer) for id, _, answer in found] == [(id, expected) for id, expected, _ in found]
    verdicts = [answer["verdict"] for _, _, answer in found]
    assert len(found) >= floor
    assert min(verdicts.count("accepted"), verdicts.count("refused")) >= 45


def token_of(vector: dict) -> str:
    """Return the token that a vector carries: what is returned, or what stands in the registration."""
    returned = vector["expect"].get("returns", {})
    if "token" in returned:
        return returned["token"]
    (text,) = [raw(stage) for stage in vector["stages"] if stage["name"] == "register"]
    return json.loads(text)["token"]


def test_openssl_gives_the_token_of_every_recorded_message(tmp_path):
    fits, without = openssl_on_vectors("retailcrm", token_of, tmp_path)
    assert {id for id, fit in fits.items() if fit} == {id for id in fits if right_digest(BY_ID[id])}
    assert len(fits) >= 50
    assert sum(fits.values()) >= 30
    refused = {BY_ID[id]["expect"].get("reason", "an address, which nobody signs") for id in without}
    assert refused == BEFORE_A_MESSAGE | {"an address, which nobody signs"}
