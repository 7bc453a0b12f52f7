"""Troubleshooting: its commands run as written, and a request of each kind is answered with a cause that the page lists."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from docs import trouble_page
from handshakes.explain.entries import slips
from handshakes.officernd import rules as of_officernd
from handshakes.onoffice import rules as of_onoffice
from handshakes.spec import recipe, register

FOLDER = Path(sys.executable).parent
SYMPTOMS = {one.id: one for one in trouble_page.symptoms()}
PAGE = trouble_page.sections()
NOW = 1_648_190_384
OFFICERND, ONOFFICE = "example-integration-secret", "Example-Provider-Secret-1!"
LOCATION = "11ea858313aabde4bd2eb0fa"
AES_128 = "U2FsdGVkX19piEHEQydE2dNA93FE3nB4yG8xGwzlJGxU4bqS6lOfcpYzZ+RyGGChYN/jYEx9tpT2lR9n3aPlOrMvRP/3Dtdu1qftU7+vkZA="


def mac(key: str, text: str) -> str:
    return hmac.digest(key.encode(), text.encode(), hashlib.sha256).hex()


def officernd(pairs: dict[str, str], signed: str = "", more: str = "") -> str:
    text = signed or json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    value = quote(f"t={NOW},signature={mac(OFFICERND, f'{text}.{NOW}')}", safe="")
    return f"https://partner.example/healthcheck?{urlencode(pairs)}{more}&signature={value}"


PAIRS = {"slug": "café", "locations": "a/b"}
PLAIN = '{"slug":"café","locations":"a/b"}'
PHP = r'{"slug":"caf\u00e9","locations":"a\/b"}'
ASCII = r'{"slug":"caf\u00e9","locations":"a/b"}'
SPACED = '{"slug": "café", "locations": "a/b"}'
BODY = '{"event":"integration.removed","data":{"n":1.0}}'
WEBHOOK = f"t={NOW},signature=149799aa7c0ee7939bd50debe86553206623c92d9faffe4465f8cc4cb2cfea68"
"""Its digest was made by OpenSSL, with the secret example-webhook-secret."""


def launch(digest: str) -> str:
    return f"https://app.example/launch?location_id={LOCATION}&timestamp={NOW}&hmac={quote(digest, safe='')}&user_id=7"


def behind_a_proxy() -> str:
    query = f"parameterCacheId=abc&timestamp={NOW}&userId=17"
    return f"http://127.0.0.1:3000/p?{query}&signature={mac(ONOFFICE, f'https://provider.example/p?{query}')}"


def registration() -> str:
    token = mac("example-module-secret", "https://demo.simla.com")
    members = {"systemUrl": "https://demo.simla.com", "apiKey": "example-api-key", "token": token}
    return "register=" + quote(json.dumps(members), safe="")


def call() -> str:
    token, kind, action = "t" * 32, "unlockProvider", "urn:onoffice-de-ns:smart:2.5:smartml:action:do"
    row = {
        "actionid": action, "resourcetype": kind, "resourceid": "", "identifier": "", "parameters": {},
        "timestamp": NOW, "hmac": mac("k" * 64, f"{NOW}{token}{kind}{action}"), "hmac_version": 2,
    }  # fmt: skip
    return json.dumps({"token": token, "request": {"actions": [row]}})


BASE64 = base64.b64encode(bytes.fromhex(mac("example-app-secret", f"{LOCATION}{NOW}"))).decode()
EXAMPLES = {
    "signature": (officernd(PAIRS, PHP), OFFICERND, "json-php"),
    "mine": (officernd(PAIRS), OFFICERND, "json-spaced"),
    "stale": (officernd(PAIRS), OFFICERND, "stale"),
    "proxy": (behind_a_proxy(), ONOFFICE, "onoffice-origin-given"),
    "some": (officernd(PAIRS, ASCII), OFFICERND, "json-ascii"),
    "webhook": (BODY + "\n", "example-webhook-secret", "body-line-end"),
    "token": (registration(), "example-module-secret", "retailcrm-system-url-signed"),
    "decryption": (f"/r?data={quote(AES_128, safe='')}", "example-app-secret", "fortis-aes-128"),
    "hmac": (launch(BASE64), "example-app-secret", "form-base64"),
    "api": (call(), "k" * 64, "onoffice-api-hex"),
    "duplicate": (officernd(PAIRS, more="&slug=caf%C3%A9"), OFFICERND, "duplicate-parameter"),
    "none": (officernd(PAIRS), "another-secret", "signature-mismatch"),
}
"""A request of each kind, the secret, and the slip or reason that the answer has to name."""


def ran(words: list[str], secret: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    env = os.environ | ({"HANDSHAKES_SECRET": secret} if secret else {})
    return subprocess.run(
        [FOLDER / words[0], *words[1:]], env=env, capture_output=True, text=True, timeout=60, **options
    )


def test_each_symptom_with_a_command_that_verifies_has_an_example():
    assert {one.id for one in SYMPTOMS.values() if " verify " in one.command} == set(EXAMPLES)


@pytest.mark.parametrize("id", EXAMPLES)
def test_the_command_answers_a_request_of_this_kind_with_a_cause_of_the_page(id, tmp_path):
    pasted, secret, named = EXAMPLES[id]
    (tmp_path / "pasted").write_text(pasted, "utf-8")
    words = shlex.split(SYMPTOMS[id].command)
    for word, value in {
        "DIGEST": mac(OFFICERND, f"{SPACED}.{NOW}"), "HEADER": WEBHOOK, "SECONDS": str(NOW + 400),
        "REQUEST": "pasted", "BODY": "pasted", "CALL": "pasted",
    }.items():  # fmt: skip
        words = [value if each == word else each for each in words]
    words += [] if "--file" in words else ["--file", "pasted"]
    words += [] if "--now" in words else ["--now", str(NOW)]
    answer = ran(words, secret, cwd=tmp_path)
    assert answer.returncode in (0, 1), answer.stderr
    said = slips()[named].says.rstrip(".") if named in slips() else f"Refused: {named} "
    assert " ".join(said.split()) in " ".join(answer.stdout.split()), answer.stdout
    one = SYMPTOMS[id]
    assert named in (*one.slips, *one.reasons)


def test_verified_at_the_time_of_the_request_what_is_stale_is_right():
    pasted, secret, _ = EXAMPLES["stale"]
    words = shlex.split(SYMPTOMS["stale"].command.replace("SECONDS", str(NOW)))
    assert ran([*words, "-"], secret, input=pasted).stdout.startswith("Verified. ")


@pytest.mark.parametrize("id", [one.id for one in SYMPTOMS.values() if " explain " in one.command])
def test_what_is_explained_runs_as_written(id):
    assert ran(shlex.split(SYMPTOMS[id].command)).returncode == 0


def test_every_section_has_a_command_and_something_to_look_at():
    for one in SYMPTOMS.values():
        section = PAGE.partition(f"## {one.title} {{ #{one.id} }}")[2].partition("\n## ")[0]
        assert f"```sh\n{one.command}\n```" in section
        assert len(one.first.split()) > 15
        assert "[[" not in section
    assert PAGE.startswith(f"- [{SYMPTOMS['signature'].title}](#signature)\n")


def test_every_step_is_an_operation_of_a_recipe():
    known = {
        each.id
        for name in ("officernd", "retailcrm", "onoffice", "fortis")
        for each in recipe.load(name).operations
    }
    assert {step for one in SYMPTOMS.values() for step in one.steps} <= known


def test_an_id_that_the_code_does_not_know_is_refused(tmp_path):
    text = trouble_page.FILE.read_text("utf-8").replace('"json-php"', '"json-phq"', 1)
    (tmp_path / "other.toml").write_text(text, "utf-8")
    with pytest.raises(KeyError, match="signature: unknown: json-phq"):
        trouble_page.symptoms(tmp_path / "other.toml")


def test_every_cause_that_is_listed_says_what_to_do():
    rows = re.findall(r"^- .* \*(.+)\* \[([a-z0-9-]+)\]\(mistakes/[a-z]+\.md#\2\)$", PAGE, re.MULTILINE)
    assert len(rows) == sum(len(one.slips) for one in SYMPTOMS.values())


def test_the_windows_are_those_of_the_code():
    assert (of_officernd.TOLERANCE, of_onoffice.TOLERANCE) == ((300, 60), (300, 120))
    assert "300 s or more than 60 s" in register.load("fortis").clause("fortis:plain.tolerance").text
    assert "300 s back and 60 s ahead for OfficeRnD" in " ".join(PAGE.split())
    assert "300 s and 120 s for onOffice" in " ".join(PAGE.split())
