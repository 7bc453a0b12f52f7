"""What was wrong and who does what: one line for every fault that must be refused, true of the message that it sends."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Refuses
from handshakes.spec.register import load
from handshakes.web.cures import cures
from tests.trials.marketplace.every import Person, details, person, step

ALL = [(platform, name, one) for platform in PLATFORMS for name, one in cures(platform).items()]
PYTHON = re.compile(rf"\b(?:int|str|bool|NoneType|dict)\b|`|\([A-Z]\d+\)|\b(?:{'|'.join(PLATFORMS)}):[a-z]")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_fault_that_must_be_refused_has_one_and_nothing_else_has(platform):
    faults = PLATFORMS[platform].tools().faults.values()
    assert set(cures(platform)) == {one.name for one in faults if isinstance(one.expected, Refuses)}


def test_each_says_what_was_wrong_and_what_one_side_has_to_do():
    for platform, name, one in ALL:
        assert len(one.wrong) > 30 and (one.sender or one.receiver), (platform, name)
        assert {text[-1] for text in (one.wrong, one.sender, one.receiver) if text} == {"."}, (platform, name)
        assert one.sender[:1] == one.sender[:1].upper(), (platform, name)
        assert re.match("(Sender|Receiver|Whoever [a-z ]+): ", one.hint) and "Receiver: " in one.hint, (
            platform,
            name,
        )


def test_each_is_in_plain_words_and_short_sentences():
    for platform, name, one in ALL:
        text = f"{one.wrong} {one.hint}"
        assert PYTHON.findall(text) == [], (platform, name)
        assert max(len(each.split()) for each in re.split(r"[.:;] ", text)) <= 34, (platform, name)


def test_no_two_faults_of_a_platform_say_the_same_was_wrong():
    """Two faults may send the same message; RetailCRM's two with an id that nobody has do."""
    same = {("retailcrm", "unknown-client")}
    told = [(platform, one.wrong) for platform, name, one in ALL if (platform, name) not in same]
    assert len(told) == len(set(told))


def taken(who: Person, press: str, fault: str) -> dict[str, Any]:
    """Return the message that the screen shows of a fault."""
    who.ready(press)
    who.take(press, fault)
    return details(who.place, who.place.wire.get(step(who.place, who.place.press(press))["shows"]))


SHOWN = {
    "officernd": [
        ("healthcheck", "parameter-added", "extra=1"), ("healthcheck", "parameter-changed", "locations=elsewhere"),
        ("healthcheck", "signature-unnamed", ",v1="), ("healthcheck", "invalid-escape", "extra=%FF"), ("remove", "webhook-changed", '"isExternal":false'),
    ],
    "retailcrm": [
        ("visit", "client-in-query", "clientId="), ("on", "activity-bracketed", "activity[freeze]=0"), ("on", "activity-numbers", '"freeze":0'),
        ("connect", "plain-text", "register=hello"), ("connect", "with-path", "/admin"),
    ],
    "onoffice": [
        ("open", "parameter-added", "admin=1"), ("open", "doubled-after", "customerWebId=4712"), ("open", "broken-escape", "ref=%zz"),
        ("open", "array", "ids[]"), ("open", "renamed-name", "my.param"),
    ],
    "fortis": [
        ("location", "raw-injection", "&B=1&location_id="), ("location", "location-unfilled", "{{location.id}}"),
        ("location", "postback-wrong-key", "another-postback-key"), ("user", "raw-user-injection", "=x&user_id="),
    ],
}  # fmt: skip
"""What a cure says is in the message, letter by letter."""


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_cure_says_is_in_the_message_is_there(platform):
    with person(platform) as who:
        for press, fault, there in SHOWN[platform]:
            one = taken(who, press, fault)
            sent = one["request"]["line"] + one["request"]["body"]
            sent = sent if there in sent else unquote(sent)
            names = re.findall(r"[A-Za-z]{3,}|\d+", there)
            assert there in sent, (fault, sent)
            assert [name for name in names if name not in one["wrong"] + fault] == [], (fault, one["wrong"])
            assert one["refusals"][-1]["hint"].startswith(f"Sender ({who.place.sides.platform.name}): ")


ANSWERED = {
    "officernd": [("connect", "another-client", '"appClientId":"another"'), ("connect", "secret-empty", '"secret":""'), ("connect", "wrong-scope", "invalid_scope")],
    "retailcrm": [("connect", "edit-400", "should not be blank"), ("connect", "edit-says-false", '"success":false'), ("connect", "key-without-rights", "integration_read")],
    "onoffice": [("open", "code-as-text", '"errorcode":"0"'), ("open", "result-not-success", '"result":"success"'), ("open", "api-error-136", '"errorcode":136')],
    "fortis": [("open", "me-another", "11e7a84525008da8960bffff"), ("open", "me-without-user", '"users":[]')],
}  # fmt: skip
"""What a cure says is in an answer of the API, letter by letter."""


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_cure_says_of_an_answer_is_in_the_answer_that_is_linked(platform):
    with person(platform) as who:
        for press, fault, there in ANSWERED[platform]:
            one = taken(who, press, fault)
            answers = [details(who.place, who.place.wire.get(each["n"])) for each in one["sources"]]
            assert there in "".join(each["response"]["body"] for each in answers), fault
            words = re.findall(r"[A-Za-z_0-9]+", there)
            assert [word for word in words if word not in one["wrong"]] == [], (fault, one["wrong"])


@pytest.mark.parametrize("fault", ["code-expired", "code-reused"])
def test_a_code_that_is_refused_was_exchanged_once_on_the_wire(fault):
    """So the cure may not tell the partner to exchange it once: the platform brought a code that was of no use."""
    with person("officernd") as who:
        taken(who, "connect", fault)
        sent = [
            each.request
            for each in who.place.wire.exchanges.values()
            if each.request.url.endswith("/oauth/token")
        ]
        [code] = [value for name, value in parse_qsl(sent[-1].body.decode()) if name == "code"]
        assert sum(code in each.body.decode() for each in sent) == 1
        assert (
            "sent it" in cures("officernd")[fault].wrong
            and "Nothing has to" in cures("officernd")[fault].receiver
        )


@pytest.mark.parametrize("fault", ["service-claim-outdated", "service-claim-of-another"])
def test_a_claim_that_is_refused_is_that_of_the_url(fault):
    with person("onoffice") as who:
        one = taken(who, "plans", fault)
        calls = [who.place.wire.get(each["asked"]).request for each in one["sources"]]
        [claim] = [
            value
            for name, value in parse_qsl(who.place.wire.get(one["n"]).request.query)
            if name == "apiClaim"
        ]
        assert f'"extendedclaim":"{claim}"' in calls[-1].body.decode().replace(" ", "")
        assert "the claim of that URL" in cures("onoffice")[fault].wrong


@pytest.mark.parametrize(
    ("platform", "fault", "id"),
    [
        ("officernd", "webhook-wrong-secret", "officernd:webhook.key"),
        ("officernd", "webhook-changed", "officernd:webhook.body"),
        ("retailcrm", "activity-bracketed", "retailcrm:activity.form"),
        ("onoffice", "no-timestamp", "onoffice:url.timestamp"),
    ],
)
def test_the_rule_beside_a_fault_is_the_one_that_its_message_breaks(platform, fault, id):
    """A header in the right form, made with another key, breaks the rule of the key and not that of the form."""
    with person(platform) as who:
        press = next(one for one in who.place.shop().presses if fault in [each.name for each in one.faults])
        who.ready(press.id)
        who.take(press.id, fault)
        (shown, *_) = [one for one in reversed(who.place.wire.exchanges.values()) if one.refused]
        assert details(who.place, shown)["rule"]["id"] == id


def test_every_rule_that_is_named_instead_is_one_of_the_register():
    for name in PLATFORMS:
        named = [one.rule for one in cures(name).values() if one.rule]
        assert {*named} <= {one.id for one in load(name).clauses}


def test_the_panel_says_in_a_sentence_who_refused_what():
    with person("officernd") as who:
        for fault, says in (
            ("secret-empty", "The partner refused not this request, but the answer to GET /api/v1/organizations/test-slug/integrations/"),
            ("slow-token", "The partner refused not this request, but the answer to POST /oauth/token, which it sent because of it."),
        ):  # fmt: skip
            who.take("connect", fault)
            one = who.place.wire.get(step(who.place, who.place.press("connect"))["shows"])
            assert details(who.place, one)["who"].startswith(says)
        who.take("connect")
        who.take("healthcheck", "post")
        one = who.place.wire.get(step(who.place, who.place.press("healthcheck"))["shows"])
        assert details(who.place, one)["who"] == "The partner refused this request."
