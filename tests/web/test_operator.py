"""What the operator's page alone says of a refusal: who refused what, with which values, and who has to change what."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.core.refusals import REASONS, Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.watching import RefusedRequest
from handshakes.spec.register import load
from handshakes.web.advice import advice, facts, shown
from handshakes.web.answers import answered, documented
from handshakes.web.app.operator import Row
from handshakes.web.details import details
from handshakes.web.views import step as each
from tests.trials.marketplace.every import person


def row(
    refused: Refused, call: Any = None, method: str = "GET", target: str = "/in", body: bytes = b""
) -> Row:
    form = (("content-type", "application/x-www-form-urlencoded"),) if body else ()
    request = Request(method, "http://app.example", target, form, body)
    return Row("OfficeRnD", "in", refused, RefusedRequest(1, request, 0, "in", refused, call))


def call(method: str = "GET", status: int = 200, body: Any = None, **headers: str) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, "https://api.example", "/v2/me?x=1"), Response(
        status, tuple(headers.items()), text
    )


PAGE = {"content-type": "text/html"}
ANSWERS = {
    "a page": (Refused("unexpected-answer", "officernd:token.answer", {"found": "text that is not JSON"}), call("POST", 200, b"<p>", **PAGE)),
    "another shape": (Refused("unexpected-answer", "fortis:identity.unavailable", {"user": "NoneType", "expected": "an object"}), call(body={"users": []})),
    "no value": (Refused("empty-parameter", "officernd:secret.answer", {"name": "secret"}), call(body={"settings": {"secret": ""}})),
    "another thing": (Refused("identity-mismatch", "officernd:connect.binding", {"answered": "_id b", "expected": "a"}), call(body={"_id": "b"})),
    "a right that is missing": (Refused("not-allowed", "retailcrm:scopes.checked", {"missing": "write"}), call(body={"scopes": []})),
    "a redirect": (Refused("platform-error", "fortis:oauth.redirects", {"status": "307"}), call("POST", 307, b"", location="https://other.example/t?secret=1")),
    "a failure": (Refused("platform-error", "retailcrm:edit.call", {"status": "503"}), call("POST", 503, b"")),
    "a refusal": (Refused("platform-error", "retailcrm:edit.call", {"status": "403"}), call("POST", 403, b"{}")),
    "a code": (Refused("platform-error", "onoffice:api.envelopes", {"status": "200", "errorcode": "177"}), call("POST", body={"status": {"errorcode": 177}})),
    "no success": (Refused("platform-error", "onoffice:unlock.answer", {"elements.success": "is not success"}), call("POST", body={"elements": {"success": "no"}})),
    "nothing": (Refused("unreachable", "fortis:identity.unavailable", {"network": "timeout"}), (call()[0], Unreachable("timeout"))),
}  # fmt: skip


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_that_was_refused_is_told_with_its_call_and_what_both_sides_have_to_do(kind):
    """The request that came in is not the one that is meant: the call is named, on all four platforms alike."""
    one = row(*ANSWERS[kind])
    method = ANSWERS[kind][1][0].method
    assert one.answer_to == f"{method} /v2/me"
    assert f"{method} /v2/me at https://api.example" in one.facts.values()
    assert kind == "nothing" or one.facts["HTTP status"] == str(ANSWERS[kind][1][1].status)
    sender, receiver = one.todo()
    assert sender.startswith("Sender (OfficeRnD): ") and receiver.startswith("Receiver (your app): ")


def test_an_answer_is_told_with_what_of_it_a_person_may_see_and_no_more():
    def told(kind: str) -> dict[str, str]:
        return row(*ANSWERS[kind]).facts

    assert told("a page")["content type"] == "text/html"
    assert (told("another shape")["answer has"], told("another shape")["user"]) == (
        "users (empty)",
        "is missing",
    )
    assert told("no value")["name"] == "settings.secret"
    assert told("a redirect")["redirects to"] == "https://other.example/t", "a query may hold a credential"
    assert told("no success")["elements.success"] == "is no, not success"
    long = row(ANSWERS["no success"][0], call("POST", body={"elements": {"success": "k" * 64}}))
    assert "k" * 64 not in str(long.facts) and long.facts["answer has"] == "elements.success"


def test_a_request_that_was_refused_itself_names_no_call_though_one_was_made_before():
    one = row(Refused("identity-mismatch", "fortis:identity.mismatch", {"user_id": "1"}), call())
    assert (one.answer_to, one.call) == ("", None) and "answer to" not in one.facts


def test_what_a_call_may_have_done_is_said_of_a_call_that_changes_something_alone():
    """RFC 9110, 9.2.1: GET is safe. A POST that was refused did nothing, one that failed may have."""
    for kind, (refused, made) in ANSWERS.items():
        text = " ".join(row(refused, made).todo())
        unsure = re.search("all the same|used up|at its effect", text)
        changes = made[0].method == "POST" and kind in ("a page", "a failure", "no success")
        assert bool(unsure) == changes, (kind, text)
    assert "A GET changes nothing, so it can be repeated." in row(*ANSWERS["nothing"]).todo()[1]


@pytest.mark.parametrize(
    ("status", "top", "action", "contradicts"),
    [
        (200, 97, 0, True),
        (500, 0, 0, True),
        (200, 0, 137, False),
        (200, 137, 137, False),
        (500, 97, 137, False),
    ],
)
def test_an_answer_that_says_no_and_yes_is_told_as_that(status, top, action, contradicts):
    """The last three are the envelopes that onOffice's documents show for an error: they contradict nothing (A21)."""
    body = {"status": {"errorcode": top}, "response": {"results": [{"status": {"errorcode": action}}]}}
    evidence = {"status": str(status), "errorcode": str(action or top)}
    one = row(Refused("platform-error", "onoffice:api.envelopes", evidence), call("POST", status, body))
    assert ("contradiction" in one.facts) == contradicts
    assert ("holds an error and a success" in one.todo()[0]) == contradicts
    assert not contradicts or "look at its state in onOffice before you repeat" in one.todo()[1]


REQUESTS = {
    "twice": (Refused("duplicate-parameter", "fortis:postback.once", {"name": "user_id"}), "/?user_id=1&B=1&user_id=2", {"values": "1, then 2", "names in order": "user_id, B, user_id"}),
    "twice, a credential": (Refused("duplicate-parameter", "a:b", {"name": "data"}), "/?data=abcdefgh&data=", {"values": "8 characters (sha256 9c56cc…), then (empty)", "names in order": "data, data"}),
    "another key": (Refused("wrong-key", "fortis:postback.key"), "/?location_id=22ea&key=abcdefgh", {"sent": "location_id 22ea, key 8 characters (sha256 9c56cc…)"}),
    "unknown": (Refused("unknown-installation", "a:b"), "/?customerWebId=4711&time=17&clientId=abcdefgh", {"sent": "customerWebId 4711, time, clientId 8 characters (sha256 9c56cc…)"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_values_that_a_refusal_is_about_are_shown_and_of_a_credential_its_digest_alone(kind):
    """`printf abcdefgh | sha256sum` begins with 9c56cc."""
    refused, target, expected = REQUESTS[kind]
    found = row(refused, target=target).facts
    assert {name: found[name] for name in expected} == expected


def test_a_member_of_json_that_is_there_twice_is_shown_with_both_values():
    twice = Refused("duplicate-parameter", "retailcrm:register.json", {"JSON key": "systemUrl"})
    body = b"register=%7B%22systemUrl%22%3A%22https://a%22%2C%22systemUrl%22%3A%22https://b%22%7D"
    assert row(twice, method="POST", body=body).facts["values"] == "https://a, then https://b"


def test_no_value_of_a_name_that_holds_a_secret_is_shown():
    for name in PLATFORMS:
        for secret in (
            "apiKey",
            "clientId",
            "token",
            "access-token",
            "key",
            "code",
            "state",
            "data",
            "apiToken",
            "apiClaim",
            "register",
        ):
            assert "s3cr3t-value" not in shown(secret, "s3cr3t-value"), (name, secret)


def test_the_form_that_is_asked_for_is_named_and_every_form_is_of_a_clause():
    text = advice(Refused("malformed", "officernd:signature.digest", {"signature": "upper-case hex digits"}))
    assert text == "Sender: write signature as 64 hex digits in small letters. Receiver: refuse it, as here."
    for kind in ("form", "effect"):
        for id in documented(kind):
            known = load(id.partition(":")[0])
            assert id in [one.id for one in (*known.clauses, *known.advice)], id


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_form_is_named_by_the_advice_about_what_does_not_have_it(platform):
    """“Write it in the documented form” helps nobody: the advice says which form that is."""
    for id in (id for id in documented("form") if id.startswith(f"{platform}:")):
        text = advice(Refused("malformed", id))
        assert "documented form" not in text and documented("form")[id] in text


def test_each_reason_about_a_request_says_what_the_sender_or_the_receiver_does():
    for reason in REASONS:
        refused = Refused(reason, "a:b")
        if not answered(refused):
            assert re.search("(Sender|Receiver): [a-z“]", advice(refused)), reason
            assert "{" not in advice(refused)


def test_an_old_link_is_spoken_of_where_there_is_one():
    """A webhook is no link: its time is made anew for each delivery."""
    stale = Refused("stale", "officernd:webhook.tolerance", {"age": "1 hour"})
    assert "link" not in row(stale, method="POST").todo()[0] and "link" in row(stale).todo()[0]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("/?clientId[a]=1", "send clientId as one field, with JSON as its text"),
        ("/?clientId=1", "send clientId in the body of the POST"),
        ("/?clientid=1", "send clientId with these very capital and small letters"),
    ],
)
def test_a_name_that_stands_elsewhere_is_asked_for_in_its_place(target, says):
    gone = Refused("missing-parameter", "retailcrm:activity.form", {"name": "clientId", "found": "x"})
    method = "GET" if "clientid" in target else "POST"
    assert row(gone, method=method, target=target).todo()[0].startswith(f"Sender (OfficeRnD): {says}")


def test_a_status_is_said_to_be_that_of_http():
    """A body may have a status of its own, and says 500 below an HTTP 200."""
    assert facts(Refused("platform-error", "a:b", {"status": "200"})) == {"HTTP status": "200"}


@pytest.mark.parametrize(
    ("refused", "target", "says"),
    [
        (Refused("duplicate-parameter", "a:b", {"name": "slug"}), "/?slug=1&slug=1", "send slug once. Look for a second place in the code"),
        (Refused("duplicate-parameter", "a:b", {"name": "slug"}), "/?slug=1&slug=2", "send slug once, and percent-encode every value"),
        (Refused("duplicate-parameter", "a:b", {"JSON key": "slug"}), "/?data=x", "write slug once in the JSON."),
        (Refused("malformed", "retailcrm:token.digest", {"token": "upper-case hex digits"}), "/", "write token as 64 hex digits"),
        (Refused("malformed", "onoffice:url.names", {"name": "ids[]", "found": "array syntax"}), "/?ids[]=1", "write ids[] as a name of letters"),
        (Refused("wrong-method", "a:b", {"method": "PUT", "expected": "POST, DELETE"}), "/", "use POST or DELETE, not PUT."),
        (Refused("missing-parameter", "officernd:webhook.signature", {"header": "officernd-signature"}), "/", "send officernd-signature. Documented is the header"),
        (Refused("wrong-type", "a:b", {"JSON": "list", "expected": "an object"}), "/", "write it as an object, not as a list;"),
        (Refused("missing-parameter", "a:b", {"name": "apiKey", "found": "token, apikey"}), "/", "send apiKey with these very capital and small letters"),
    ],
)  # fmt: skip
def test_the_sender_is_told_what_fits_this_message(refused, target, says):
    assert row(refused, target=target).todo()[0].startswith(f"Sender (OfficeRnD): {says}")


def test_an_id_that_has_not_the_form_of_one_is_shown():
    bad = Refused(
        "malformed", "fortis:postback.required", {"location_id": "1 characters", "expected": "24 hex digits"}
    )
    assert row(bad, target="/?location_id=x&key=abcdefgh").facts["sent"] == "location_id x"


def test_an_encrypted_message_is_not_spoken_of_as_signed():
    one = row(Refused("decryption-failed", "fortis:encrypted.padding", {"padding": "is not whole"}))
    one.told = {**one.told, "tried": 9}
    assert one.todo()[0].startswith("Sender (OfficeRnD): encrypt with the secret")
    assert "stage" not in one.facts


def test_who_asked_for_a_parameter_of_its_own_is_told_to_look_at_its_own_template():
    """Fortis sends back what the app wrote into the postback address: its own DELETE template may not have the key."""
    gone = Refused("missing-parameter", "fortis:postback.key", {"name": "key", "found": "location_id"})
    assert "key is a parameter of your own" in row(gone, method="DELETE").todo()[1]
    lost = Refused("missing-parameter", "fortis:postback.required", {"name": "user_id", "found": "none"})
    assert "user_id={{user.id}}" in row(lost, method="POST").todo()[1]


def test_a_word_of_the_evidence_is_told_in_plain_words():
    for name, word, plain in (
        ("network", "dropped", "the connection was closed without an answer"),
        ("network", "timeout", "no answer in time"),
        ("padding", "is not whole", "is not that of PKCS#7: 1 to 16 bytes, each of them their count"),
    ):
        assert facts(Refused("unreachable", "a:b", {name: word}))[name] == plain


def test_a_call_to_an_api_with_one_address_is_named_with_its_action():
    body = {"request": {"actions": [{"resourcetype": "unlockProvider"}]}}
    asked = Request("POST", "https://api.example", "/api.php", (), json.dumps(body).encode())
    one = row(
        Refused("unexpected-answer", "onoffice:unlock.answer", {"records": "NoneType"}),
        (asked, Response(200, (), b'{"response":{"results":[{"data":[]}]}}')),
    )
    assert one.answer_to == "POST /api.php (unlockProvider)"
    assert (one.facts["answer has"], one.facts["records"]) == (
        "response.results[0].data (empty)",
        "is missing",
    )


def test_the_account_that_is_meant_is_shown_beside_an_address_that_is_not_its_own():
    with person("retailcrm") as who:
        who.ready("connect")
        who.take("connect", "written-port")
        account = f"The account of this page is at {who.place.addresses['platform']}."
        one = who.place.wire.get(each(who.place, who.place.press("connect"))["shows"])
        assert details(who.place, one)["wrong"].endswith(account)
        assert account in page(who.place.operator, "/")


def test_a_header_that_is_missing_is_looked_for_at_a_proxy_and_not_in_the_url():
    gone = Refused(
        "missing-parameter", "officernd:webhook.signature", {"name": "officernd-signature", "found": "none"}
    )
    receiver = row(gone, method="POST").todo()[1]
    assert "a proxy that removes it" in receiver and "#" not in receiver


def test_the_place_of_an_errorcode_is_shown_and_what_an_error_says_of_itself():
    body = {"status": {"errorcode": 0}, "response": {"results": [{"status": {"errorcode": 137}}]}}
    found = row(
        Refused("platform-error", "onoffice:api.envelopes", {"status": "200", "errorcode": "137"}),
        call("POST", 200, body),
    ).facts
    assert found["errorcode"] == "137 in response.results[0].status.errorcode"
    for said, shown_ in ((" it ended", "; it says: it ended"), ("", "application's. If it was new")):
        evidence = {"status": "400", "error": "invalid_grant"} | (
            {"error_description": said.strip()} if said else {}
        )
        text = row(
            Refused("platform-error", "fortis:oauth.endpoints", evidence), call("POST", 400, b"{}")
        ).todo()[1]
        assert shown_ in text


def test_an_older_entry_keeps_the_cause_that_was_found_for_it():
    with person("officernd") as who:
        who.ready("healthcheck")
        operator = who.place.operator
        who.take("healthcheck", "timestamp-first")
        (one,) = [each.one.number for each in operator.rows()]
        for fault in (
            "stale",
            "milliseconds",
            "post",
            "signature-missing",
            "signature-empty",
            "upper-case-hex",
        ):
            who.take("healthcheck", fault)
        (old,) = [each for each in operator.rows() if each.one.number == one]
        assert old.causes and len(operator.rows()) == 7


def page(operator: Any, target: str) -> str:
    step = operator.handle(Request("GET", operator.origin, target))
    with pytest.raises(StopIteration) as stop:
        while True:
            next(step)
    return unescape(re.sub("<[^>]+>", "", stop.value.value.body.decode()))


def test_the_two_refusals_of_one_call_to_onoffice_are_one_event_and_a_right_call_is_said_to_be_right():
    with person("onoffice") as who:
        who.take("open", "api-error-137")
        operator = who.place.operator
        (one,) = operator.rows()
        assert one.checked and one.checked.number != one.one.number
        assert (
            one.todo()[1]
            == f"Receiver (your app): change nothing in the call: its HMAC is right, as request {one.checked.number} shows."
        )
        listed, check = page(operator, "/"), page(operator, f"/?n={one.checked.number}")
        assert f"is request {one.checked.number}: the same event" in listed
        assert f"is request {one.one.number}: the same event" in check


def test_the_list_itself_says_the_likeliest_cause_of_the_newest_and_what_the_marketplace_knows_beside_it():
    with person("officernd") as who:
        who.ready("healthcheck")
        who.take("healthcheck", "timestamp-first")
        listed = page(who.place.operator, "/")
        assert "Likely cause: " in listed and "Sender (OfficeRnD): " in listed
        assert "On the marketplace page this is message " in listed
        assert "as Stripe does it" in listed, "the fault's own words"
        who.take("healthcheck", "wrong-secret")
        listed = page(who.place.operator, "/")
        assert "No known mistake gives the received value" in listed
        assert "which your app cannot know" in listed and "made with the secret wrong-secret" in listed
        assert "sign with the integration's secret, which the API gives as settings.secret" in listed, (
            "who has to do what"
        )
