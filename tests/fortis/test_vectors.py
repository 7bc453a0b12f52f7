"""Every vector of Fortis' vectors.json through the package, under the adopted readings and under each other one."""

from __future__ import annotations

import copy
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest

from handshakes.core.refusals import REASONS
from handshakes.fortis import encryption, signing
from handshakes.fortis.rules import encrypted, launch, plain
from tests.oracles import tool
from tests.vector_runner import Runner, WholeFile, stages_of

NOT_BY_VECTOR = {"unknown-reading"}  # the vectors of an unknown reading would have no reading to name
OPERATIONS = ("decrypt_parameters", "encrypt_parameters", "launch_hmac", "verify_launch")
# What the strict reader of the facts sheet (2.6) says of the damaged payloads, in the words of the package.
STRICT = {
    "n02": ("decryption-failed", "padding"),
    "n03": ("malformed", "base64"),
    "n04": ("malformed", "base64"),
    "n05": ("malformed", "base64"),
    "n06": ("malformed", "base64"),
    "n07": ("malformed", "envelope"),
    "n08": ("decryption-failed", "padding"),
    "n09": ("malformed", "envelope"),
    "n10": ("malformed", "envelope"),
    "n11": ("empty-parameter", "base64"),
    "n12": ("malformed", "envelope"),
    "n13": ("malformed", "envelope"),
    "n14": ("decryption-failed", "padding"),
    "n15": ("decryption-failed", "json"),
}
# The worked values of the facts sheet. E01 to E08: salt, key, IV, the ends of the base64.
WORKED = {
    "e01": ("0001020304050607", "8728aa02f3d5f147e21dc3e86e51bffd9adc93fff0016d8d457a9e7e88ac283e",
            "3428110ad9454065ab3b4b4a2f86d00f", "U2FsdGVkX18AAQIDBAUGB+pVm7MdRFF+", "P43zIKPklvk+x0="),
    "e02": ("e3f497b4c1392f61", "c70d2c5578b77cd4934f5948a6fac57ebc74aa450f29d75b0124b6e5f49b91e5",
            "a773f38bcbbf84d270a8ad7b48b652ce", "U2FsdGVkX1/j9Je0wTkvYQcdkrp9BNkJ", "aJvpZRHdIA=="),
    "e03": ("1122334455667788", "366fd9226dffac43c4702c62c49aa28de4686cd337475b99e9f9bf0fee840792",
            "3d391cadb6c7da24ee64096e70daa3b9", "U2FsdGVkX18RIjNEVWZ3iOU7+DZSzY7i", "h51uCWlw=="),
    "e04": ("a1b2c3d4e5f60718", "c4396add9d44021832dd884cc99066c991a44532c9cebe7ce1d8eab23d165091",
            "ad7e794fb71b2a8ed403dcc493e5e7f4", "U2FsdGVkX1+hssPU5fYHGOHV8qKSJX3m", "nVekmEaFEQ=="),
    "e05": ("a1b2c3d4e5f60719", "bafe2d2f3da90dd051820151c34e0389e54bb584f8dc67e4252f0dd73f6c9228",
            "3e1df39ddb244f792ee37850db4b9b97", "U2FsdGVkX1+hssPU5fYHGdKKu256HITV", "Uu5HGlJM6Z4="),
    "e06": ("ffffffffffffffff", "b055c75c23ceebfd792465a32e3d9ff0cfa5d1328242eeb22eaeb64a289ee808",
            "614e7b023e25c9ae9134ef2109fce9db", "U2FsdGVkX1///////////7oJtgOLwQXV", "11nBdITzxsbB"),
    "e07": ("fffffffffffffffe", "f6bc91a9ad7929c79f5ecdf6fdb675bc61159e34d073b80f842bbd5e839ffeeb",
            "f720de1b4ffec69f85c3afe78cd588e6", "U2FsdGVkX1///////////sFOZtri8OGI", "y6MUM6kQgmOY="),
    "e08": ("0000000000000000", "391899e1b3329b65a7650a3b201da98c30dc15ee9a791808e858e9ecc8c7bc3c",
            "27779386242e54e219c9258d12c88b20", "U2FsdGVkX18AAAAAAAAAAF3azLeJXzrO", "BxVJvhkFKt+egnl"),
}  # fmt: skip
E01_PARAMETER = (
    "U2FsdGVkX18AAQIDBAUGB%2BpVm7MdRFF%2B85lhOePM%2BnkxTPX%2FHAe%2Fp4R9lVDIQPzJxBFmekFHdNOV9jGjem%2FUV60Q"
    "Q5lQkP43zIKPklvk%2Bx0%3D"
)
HMACS = {
    "h01": "983a089dbd0e0cf000cb7921634ebc71ed41285d8872bafa5de364815838af8f",
    "h02": "f353309af844eec88fdf53e8b584e991c02018ee220dbc374d55e66b35dffeb9",
    "h03": "5cd00c28e1ce793dcd8d2d93c39cce58cf3d6b046de57b460a739869b0927db9",
    "h04": "5cd00c28e1ce793dcd8d2d93c39cce58cf3d6b046de57b460a739869b0927db9",
    "h05": "370913928e99c1cfd10258eb86457a6a3b6c2823e23cb51dd670ce9c5e72b5f7",
    "h06": "9e8743febd1b289aae4b6bd9c8c42f45f933a3af507f1ff0534eaa16210b7b07",
}
LAUNCHES = {
    "h01": "malformed",  # by the form of the location id
    "h02": "accepted",
    "h03": "malformed",
    "h04": "malformed",
    "h05": "timestamp-in-milliseconds",
    "h06": "stale",
}


RUNNER = Runner("fortis")


class TestTheFile(WholeFile):
    runner = RUNNER

    def sees_the_stages(self, group, vector):
        written = stages_of(vector)
        if vector["expect"]["verdict"] == "accepted":
            assert written and RUNNER.seen(group, vector) == written
        else:
            assert not written or RUNNER.seen(group, vector) == written

    def test_it_is_what_its_generator_writes_and_the_generator_cannot_see_the_package(self):
        tool("openssl")
        super().test_it_is_what_its_generator_writes_and_the_generator_cannot_see_the_package()


BY_ID = {vector["id"].removeprefix("fortis/"): vector for _, vector in RUNNER.rows}


def test_a_mismatch_has_the_query_and_the_message():
    rows = RUNNER.refused_as("signature-mismatch")
    assert {tuple(name for name, _ in stages_of(vector)) for _, vector in rows} == {("query", "message")}


@pytest.mark.parametrize(
    ("operation", "spoil"),
    [
        ("verify_launch", lambda group, vector: group["given"].update(mode="either")),
        ("verify_launch", lambda group, vector: vector["input"].update(data="x")),
        ("verify_launch", lambda group, vector: vector["expect"]["returns"].pop("timestamp")),
        ("verify_launch", lambda group, vector: vector["expect"]["returns"].update(mode="none")),
        ("verify_launch", lambda group, vector: vector["expect"]["returns"].pop("not_covered")),
        ("decrypt_parameters", lambda group, vector: vector["input"].update(data=1)),
        ("decrypt_parameters", lambda group, vector: vector["expect"]["returns"]["covered"].append("data")),
        ("decrypt_parameters", lambda group, vector: vector["stages"][0].pop("length")),
        ("decrypt_parameters", lambda group, vector: group["given"].pop("secret")),
        ("encrypt_parameters", lambda group, vector: vector["input"].update(salt="1122334455667788")),
        ("encrypt_parameters", lambda group, vector: vector["input"].pop("salt")),
        ("encrypt_parameters", lambda group, vector: vector["expect"]["returns"].update(data="")),
        ("launch_hmac", lambda group, vector: vector["input"].update(timestamp=1700000000)),
        ("launch_hmac", lambda group, vector: vector["input"].pop("location_id")),
        ("launch_hmac", lambda group, vector: vector["expect"]["returns"].update(data="x")),
    ],
)
def test_the_schema_notices_a_spoilt_file(operation, spoil):
    operations = [group["operation"] for group in RUNNER.document["groups"]]
    place = operations.index(f"fortis.{operation}")
    RUNNER.check_schema_notices(lambda document, vector: spoil(document["groups"][0], vector), place)


def test_every_reason_of_signing_has_a_vector():
    modules = (signing, encryption, encrypted, launch, plain)
    source = "".join(Path(module.__file__).read_text("utf-8") for module in modules)
    shared = {"malformed", "duplicate-parameter", "empty-secret", "wrong-type", "stale", "from-the-future"}
    raised = {reason for reason in REASONS if f'"{reason}"' in source} | shared
    assert raised - NOT_BY_VECTOR == RUNNER.reasons()


def test_there_are_enough_vectors_and_each_operation_has_some_that_are_refused():
    assert len(RUNNER.rows) >= 150
    for operation in OPERATIONS:
        of = [v for g, v in RUNNER.rows if g["operation"] == f"fortis.{operation}"]
        assert {vector["expect"]["verdict"] for vector in of} == {"accepted", "refused"}


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_payload_has_the_salt_key_iv_and_text_of_the_facts_sheet(name):
    salt, key, iv, begins, ends = WORKED[name]
    vector = BY_ID[f"decrypt_parameters/worked-{name}"]
    stages = dict(stages_of(vector))
    assert (stages["salt"].hex(), stages["derived"].hex()) == (salt, key + iv)
    data = vector["input"]["data"]
    assert data.startswith(begins) and data.endswith(ends)
    assert vector["expect"]["verdict"] == "accepted"


def test_the_first_worked_payload_is_whole_in_its_parameter():
    assert quote(BY_ID["decrypt_parameters/worked-e01"]["input"]["data"], safe="") == E01_PARAMETER


@pytest.mark.parametrize("name", STRICT)
def test_a_damaged_payload_is_refused_as_the_strict_reader_of_the_facts_sheet_says(name):
    expect = BY_ID[f"decrypt_parameters/worked-{name}"]["expect"]
    assert (expect["reason"], expect["stage"]) == STRICT[name]


@pytest.mark.parametrize("name", HMACS)
def test_a_worked_hmac_and_what_becomes_of_it_in_a_launch(name):
    vector = BY_ID[f"launch_hmac/worked-{name}"]
    assert vector["expect"]["returns"] == {"hmac": HMACS[name]}
    launched = BY_ID[f"verify_launch/worked-{name}"]
    sent = parse_qs(launched["input"]["target"].partition("?")[2])
    asked = vector["input"]
    assert (sent["location_id"], sent["timestamp"]) == ([asked["location_id"]], [asked["timestamp"]])
    assert sent["hmac"] == [HMACS[name]]
    assert launched["expect"].get("reason", "accepted") == LAUNCHES[name]


@pytest.mark.parametrize("kind", ["data", "stage", "returns", "reason", "stage of the refusal"])
def test_a_mutated_vector_is_noticed(kind):
    sound = {"groups": [RUNNER.document["groups"][0]]}
    assert RUNNER.differences(sound) == []
    spoilt = copy.deepcopy(sound)
    vectors = spoilt["groups"][0]["vectors"]
    vector = vectors[0]
    if kind == "data":
        vector["input"]["data"] = "V" + vector["input"]["data"][1:]
    elif kind == "stage":
        vector["stages"][-1]["utf8"] += "0"
    elif kind == "returns":
        vector["expect"]["returns"]["covered"].append("user_id")
    else:
        vector = next(v for v in vectors if v["expect"].get("stage") == "padding")
        vector["expect"] |= {"reason": "wrong-type"} if kind == "reason" else {"stage": "json"}
    assert RUNNER.differences(spoilt) == [vector["id"]]


def test_the_pages_own_sample_is_read_as_far_as_its_secret_which_is_not_public():
    """004, A sample iFrame URL: 192 bytes, that is the header, a salt and eleven blocks (facts, 2.3)."""
    for operation, name in (("decrypt_parameters", "page-sample"), ("verify_launch", "data-page-sample")):
        vector = BY_ID[f"{operation}/{name}"]
        assert vector["expect"] == {"verdict": "refused", "reason": "decryption-failed", "stage": "padding"}
        sent = vector["input"].get("data") or parse_qs(vector["input"]["target"].partition("?")[2])["data"][0]
        raw = encrypted.text(sent)
        salt, ciphertext = encrypted.envelope(raw)
        assert (len(sent), len(raw), salt.hex(), len(ciphertext)) == (256, 192, "e3f497b4c1392f61", 11 * 16)
        assert [stage.name for stage in encryption.data_stages(sent, secret="your key")][:2] == [
            "bytes",
            "salt",
        ]
    assert quote(sent, safe="").count("%") == 7, "four plus signs and three slashes, as on the page"
