"""Fortis' launch against PHP, JavaScript and the OpenSSL command line, in both directions.

The three were written from the clauses, not from the package. PHP and JavaScript judge every vector: what they
accept, and with which parameters. Their JSON readers let the last of two names win, so they are compared with
that reading; the adopted one refuses such a launch (`fortis:encrypted.duplicate-keys`).
"""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from handshakes.core.refusals import Refused
from handshakes.fortis import decrypt_parameters, encrypt_parameters, launch_hmac, readings, verify_launch
from handshakes.fortis.encryption import data_stages, sealed
from tests.fortis.test_vectors import BY_ID, RUNNER
from tests.oracles import ask, openssl

SEED = 20240719
CASES = 600
NOW = 1_700_000_000
LAST_WINS = "fortis:encrypted.duplicate-keys=last-wins"
PROGRAMS = {"php": "fortis.php", "node": "fortis.mjs"}
NOT_JUDGED = {
    # json_decode makes a float of -0, and of digits that no integer can hold a text, however many there are.
    "php": {"user-minus-zero", "digits-too-many"},
    # JSON.parse has one kind of number: 7.0 is 7, 1e6 is 1000000, and thirty digits are rounded.
    "node": {"user-float", "user-exponent", "user-long-integer", "digits-of-a-double"},
}
SECRETS = [
    "your key",
    "your key\n",
    "your_secret_key ",
    "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3",
    "clé-秘密",
    "00ff00ff",
    "a-module-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256",
]
LOCATION = "11ea858313aabde4bd2eb0fa"
ODD = [
    *"\"\\/<>&'`{}[]:,.;#?%+= ~*()!@^|$0\t\n\r",
    *"\x7f\x85\xa0\u2028\u2029\ufeff\uffff\U0001f3e2\U0010ffff",
]

each_program = pytest.mark.parametrize("program", PROGRAMS)


def text(rng: random.Random, most: int) -> str:
    characters = [
        lambda: rng.choice(ODD),
        lambda: chr(rng.randrange(0xD800)),
        lambda: chr(rng.randrange(0x20, 0x7F)),
    ]
    return "".join(rng.choice(characters)() for _ in range(rng.randrange(most)))


def cases() -> list[dict[str, Any]]:
    """Return launches to be encrypted: every length of padding, every odd character, any text."""
    rng = random.Random(SEED)
    made = []
    for n in range(CASES):
        contact = "x" * n if n < 64 else ODD[n - 64] if n < 64 + len(ODD) else text(rng, 60)
        pairs = [
            ["location_id", LOCATION],
            ["user_id", str(rng.getrandbits(40))],
            ["contact_api_id", contact],
        ]
        rng.shuffle(pairs)
        made.append(
            {
                "do": "seal",
                "pairs": pairs,
                "secret": SECRETS[n % len(SECRETS)],
                "salt": rng.randbytes(8).hex(),
            }
        )
    return made


def ours(case: dict[str, Any]) -> str:
    return encrypt_parameters(case["pairs"], secret=case["secret"], salt=bytes.fromhex(case["salt"]))


def there(case: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what a launch holds: an empty text and an unfilled placeholder count as absent."""
    return tuple((name, value) for name, value in case["pairs"] if value and not value.startswith("{{"))


def accepted(data: str, secret: str, of: Any = None) -> dict[str, str] | None:
    try:
        return dict(decrypt_parameters(data, secret=secret, readings=of).parameters)
    except Refused:
        return None


# --- every vector -----------------------------------------------------------------------------


@each_program
def test_another_language_judges_every_vector_alike(program):
    asked, expected = [], []
    for group, vector in RUNNER.rows:
        given, values = group["given"], vector["input"]
        expect = vector["by_reading"].get(LAST_WINS, vector["expect"])
        if vector["id"].rpartition("/")[2] in NOT_JUDGED[program]:
            continue
        case = {"secret": given["secret"]}
        match group["operation"].removeprefix("fortis."):
            case "decrypt_parameters":
                case |= {"do": "open", "data": values["data"]}
            case "verify_launch":
                case |= {
                    "do": "verify",
                    "target": values["target"],
                    "mode": given["mode"],
                    "now": given["now"],
                }
            case "encrypt_parameters" if "returns" in expect:
                case |= {"do": "seal", "pairs": values["pairs"], "salt": values["salt"]["hex"]}
            case "launch_hmac" if "returns" in expect:
                case |= {"do": "sign", **values}
            case _:
                continue  # what cannot be made at all is no question for a maker
        asked.append(case)
        expected.append((vector["id"], expect.get("returns")))
    judged = dict(zip((name for name, _ in expected), ask(program, PROGRAMS[program], asked), strict=True))
    assert len(judged) >= 250
    for name, returns in expected:
        answer = judged[name]
        if returns is None:
            assert answer is None, name
        elif "parameters" in returns:
            assert answer == returns["parameters"], name
        else:
            (value,) = returns.values()
            assert value == answer or value in answer, name


def test_the_vectors_that_a_language_cannot_judge_are_vectors():
    assert {f"decrypt_parameters/{name}" for names in NOT_JUDGED.values() for name in names} <= set(BY_ID)


def test_openssl_decrypts_every_payload_up_to_its_padding_alike():
    """OpenSSL sees neither JSON nor parameters: what it decrypts, the package decrypts to the same text."""
    texts = failures = 0
    for group, vector in RUNNER.rows:
        secret, expect = group["given"]["secret"], vector["expect"]
        if (
            group["operation"] != "fortis.decrypt_parameters"
            or not secret
            or expect.get("reason") == "too-large"
        ):
            continue
        data = vector["input"]["data"]
        found = openssl.opened(data, secret) if data.isascii() else None
        if expect.get("stage") in ("envelope", "padding"):
            failures += 1
            assert found is None, vector["id"]
        elif expect.get("stage") != "base64":  # OpenSSL is lenient there, and so is not asked
            texts += 1
            stages = {stage.name: stage.value for stage in data_stages(data, secret=secret)}
            assert found == stages["text"], vector["id"]
    assert texts > 80 and failures > 15


def test_openssl_makes_the_worked_payloads():
    names = [f"decrypt_parameters/worked-e0{n}" for n in range(1, 9)]
    for group, vector in RUNNER.rows:
        if vector["id"].removeprefix("fortis/") in names:
            stages = {stage["name"]: stage for stage in vector["stages"]}
            plain = stages["text"]["utf8"].encode()
            salt = (
                bytes.fromhex(stages["salt"]["hex"])
                if "hex" in stages["salt"]
                else stages["salt"]["utf8"].encode()
            )
            assert openssl.sealed(plain, group["given"]["secret"], salt) == vector["input"]["data"]
            names.remove(vector["id"].removeprefix("fortis/"))
    assert not names


# --- both directions --------------------------------------------------------------------------


@each_program
def test_what_the_package_encrypts_the_other_language_reads(program):
    print(f"seed {SEED}, {CASES} cases")
    asked = cases()
    questions = [{"do": "open", "data": ours(case), "secret": case["secret"]} for case in asked]
    for case, answer in zip(asked, ask(program, PROGRAMS[program], questions), strict=True):
        assert tuple(map(tuple, answer)) == there(case), ascii(case)


@each_program
def test_what_the_other_language_encrypts_the_package_reads(program):
    asked = cases()
    same = 0
    for case, texts in zip(asked, ask(program, PROGRAMS[program], asked), strict=True):
        for data in texts:
            assert decrypt_parameters(data, secret=case["secret"]).parameters == there(case), ascii(case)
        same += ours(case) in texts
    assert same == CASES  # compact JSON of the same pairs is the same text, byte for byte


def test_what_openssl_encrypts_with_a_salt_of_its_own_the_package_reads():
    for case in cases()[:14]:
        plain = json.dumps(dict(case["pairs"]), ensure_ascii=False).encode()
        data = openssl.salted(plain, case["secret"], "-A")
        assert data.startswith("U2FsdGVkX1")
        assert decrypt_parameters(data, secret=case["secret"]).parameters == there(case)


def test_what_the_package_encrypts_openssl_reads():
    for case in cases()[:80]:
        plain = openssl.opened(ours(case), case["secret"])
        assert plain is not None and list(json.loads(plain).items()) == [
            tuple(pair) for pair in case["pairs"]
        ]


def test_openssl_writes_no_header_when_it_is_given_the_salt_and_the_package_says_so():
    case = cases()[0]
    plain, salt = json.dumps(dict(case["pairs"])).encode(), bytes.fromhex(case["salt"])
    bare = base64.b64encode(openssl.bare(plain, case["secret"], salt)).decode()
    with pytest.raises(Refused, match="malformed") as caught:
        decrypt_parameters(bare, secret=case["secret"])
    assert caught.value.clause == "fortis:encrypted.header"
    assert accepted(openssl.sealed(plain, case["secret"], salt), case["secret"]) == dict(there(case))


def test_openssl_wraps_its_text_without_the_option_for_one_line_and_the_package_refuses_it():
    case = cases()[1]
    data = openssl.salted(json.dumps(dict(case["pairs"])).encode(), case["secret"])
    with pytest.raises(Refused, match="malformed") as caught:
        decrypt_parameters(data, secret=case["secret"])
    assert caught.value.clause == "fortis:encrypted.base64"
    assert accepted(data.replace("\n", ""), case["secret"]) == dict(there(case))


@pytest.mark.parametrize(
    ("derivation", "reading"), [((), "sha256"), (("-md", "sha256"), "sha256"), (("-pbkdf2",), "pbkdf2")]
)
def test_openssl_has_another_derivation_by_default_which_is_a_reading(derivation, reading):
    case = cases()[2]
    plain = json.dumps(dict(case["pairs"])).encode()
    data = openssl.sealed(plain, case["secret"], bytes.fromhex(case["salt"]), derivation)
    of = readings.of(f"fortis:encrypted.derivation={reading}")
    assert accepted(data, case["secret"], of) == dict(there(case))
    with pytest.raises(Refused, match="decryption-failed"):
        decrypt_parameters(data, secret=case["secret"])


def test_three_programs_make_the_same_hmac():
    rng = random.Random(SEED)
    asked = [
        {"do": "sign", "location_id": text(rng, 40), "timestamp": str(rng.getrandbits(31)), "secret": secret}
        for secret in SECRETS
        for _ in range(20)
    ]
    answers = zip(asked, *(ask(program, script, asked) for program, script in PROGRAMS.items()), strict=True)
    for n, (case, php, node) in enumerate(answers):
        mine = launch_hmac(case["location_id"], case["timestamp"], secret=case["secret"])
        assert mine == php == node, ascii(case)
        if n % 10 == 0:
            assert mine == openssl.hmac(case["location_id"] + case["timestamp"], case["secret"]), ascii(case)


# --- damaged ----------------------------------------------------------------------------------


def damage(data: str, rng: random.Random) -> str:
    """Return a payload with one thing wrong, or nothing."""
    raw = base64.b64decode(data)
    at = rng.randrange(len(raw))
    flipped = raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]
    place = rng.randrange(len(data))
    choices = [
        data,
        base64.b64encode(flipped).decode(),
        base64.b64encode(raw[: -rng.choice([1, 15, 16, 32])]).decode(),
        base64.b64encode(raw + raw[-16:]).decode(),
        data[:place] + rng.choice("\n -_*=") + data[place:],
        data[:place] + data[place + 1 :],
        data.rstrip("="),
        data.replace("+", " "),
        "X" + data[1:],
    ]
    return rng.choice(choices)


def payloads(rng: random.Random, number: int) -> list[tuple[str, str]]:
    """Return secrets and data, sound or damaged; in some a name stands twice."""
    made = []
    for n in range(number):
        secret = SECRETS[n % len(SECRETS)]
        members = [f'"location_id":"{LOCATION}"', f'"user_id":"{rng.getrandbits(30)}"']
        if n % 3 == 0:
            members.append(f'"{rng.choice(["user_id", "location_id", "more"])}":"{LOCATION}"')
        plain = "{" + ",".join(members) + "}" + rng.choice(["", "", "", " ", "\0", "x"])
        salt = rng.randbytes(8)
        made.append((secret, damage(sealed(plain.encode(), secret=secret, salt=salt), rng)))
    return made


@each_program
def test_of_damaged_payloads_the_other_language_takes_the_same_ones(program):
    made = payloads(random.Random(SEED), 1_500)
    questions = [{"do": "open", "data": data, "secret": secret} for secret, data in made]
    of = readings.of(LAST_WINS)
    taken = stricter = 0
    for (secret, data), answer in zip(made, ask(program, PROGRAMS[program], questions), strict=True):
        mine = accepted(data, secret, of)
        assert mine == (None if answer is None else dict(answer)), ascii((secret, data))
        taken += mine is not None
        stricter += mine is not None and accepted(data, secret) is None
    assert 150 < taken < 1_000
    assert stricter > 20  # a name stands twice


def test_a_reader_of_php_that_checks_nothing_takes_what_three_readings_take():
    made = payloads(random.Random(SEED + 1), 1_500)
    answers = ask(
        "php", "fortis.php", [{"do": "loose", "data": data, "secret": secret} for secret, data in made]
    )
    of = readings.of(LAST_WINS, "fortis:encrypted.base64=php", "fortis:encrypted.header=skipped")
    more = 0
    for (secret, data), answer in zip(made, answers, strict=True):
        mine = accepted(data, secret, of)
        if mine is not None:
            assert {name: answer[name] for name in mine} == mine, ascii((secret, data))
            more += accepted(data, secret) is None
        elif isinstance(answer, dict):  # PHP looks at no id
            damaged = [answer.get(name) for name in ("location_id", "user_id")]
            assert None in damaged or not damaged[0].isalnum() or len(damaged[0]) != 24, ascii((secret, data))
    assert more > 100


def test_an_empty_secret_works_in_php_and_is_refused_here():
    asked = {
        "do": "seal",
        "pairs": [["location_id", LOCATION], ["user_id", "1"]],
        "secret": "",
        "salt": "00" * 8,
    }
    (texts,) = ask("php", "fortis.php", [asked])
    (loose,) = ask("php", "fortis.php", [{"do": "loose", "data": texts[0], "secret": ""}])
    assert loose == dict(asked["pairs"])
    with pytest.raises(Refused, match="empty-secret"):
        decrypt_parameters(texts[0], secret="")


def test_a_whole_launch_of_the_other_language_verifies():
    (mac,) = ask(
        "node",
        "fortis.mjs",
        [{"do": "sign", "location_id": LOCATION, "timestamp": str(NOW), "secret": SECRETS[0]}],
    )
    target = f"/redirection?location_id={LOCATION}&timestamp={NOW}&hmac={mac}&user_id=7"
    found = verify_launch(target, mode="plain", secret=SECRETS[0], now=NOW)
    assert (found.covered, found.not_covered) == (("location_id", "timestamp"), ("user_id",))
