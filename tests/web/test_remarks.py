"""What the page says beside a message: the rule that is broken, where the evidence came from, why it travelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest

from handshakes.core.messages import Request, Response
from handshakes.core.refusals import Refused
from handshakes.officernd.simulator.faults import FAULTS
from handshakes.runtime.browser import PLAYED, Browser, Page
from handshakes.runtime.verdicts import PROBE
from handshakes.web.app.layout import themed
from handshakes.web.details import why
from handshakes.web.remarks import clause
from handshakes.web.remarks import note as remark
from handshakes.web.views import rows, shop
from handshakes.web.views import step as each
from tests.browser.market import Market, marketplace
from tests.trials.marketplace.every import person
from tests.web.test_wire import FIRST, ask, drive, last_signed


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    """OfficeRnD and RetailCRM, both connected, and Fortis with a user who is registered."""
    with marketplace("officernd", "retailcrm", "fortis") as market:
        pressed(market, "officernd", f"connect-{FIRST}")
        popup = pressed(market, "retailcrm", "popup-example-module")
        sent(market, "retailcrm", popup, "connect")
        for step in ("location", "user"):
            ask(market, "POST", "/press", platform="fortis", press=step)
        assert all(host.place and host.place.shop().connected for host in market.hosts.values())
        yield market


def pressed(market: Market, platform: str, form: str, **fields: str) -> Page:
    """Press a button of a simulator's own page, with a browser that is none."""
    start = market.hosts[platform].place.addresses["platform"] + "/simulator"
    return drive(market, browsed(Browser(), start, form, fields), platform)


def browsed(browser: Browser, start: str, form: str, fields: dict[str, str]) -> Any:
    page = yield from browser.open(start)
    return (yield from browser.submit(page, page.form(form), fields))


def sent(market: Market, platform: str, page: Page, form: str, **fields: str) -> Page:
    return drive(market, Browser().submit(page, page.form(form), fields), platform)


def step(market: Market, platform: str, press: str) -> dict[str, Any]:
    return next(one for one in shop(market.hosts[platform].place)["steps"] if one["id"] == press)


def message(market: Market, platform: str, press: str) -> dict[str, Any]:
    """Return the message that a step names."""
    return ask(market, "GET", "/message", platform=platform, n=step(market, platform, press)["shows"])


def faulty(market: Market, fault: str) -> dict[str, Any]:
    ask(market, "POST", "/press", press="healthcheck", fault=fault)
    return message(market, "officernd", "healthcheck")


@pytest.mark.parametrize("fault", ["spaced-json", "parameter-changed", "stale"])
def test_the_rule_shown_is_the_one_that_the_fault_breaks(market, fault):
    assert faulty(market, fault)["rule"] == {
        "by": "fault",
        **(clause("officernd", FAULTS[fault].clause) or {}),
    }


def test_a_signature_that_is_wrong_without_a_fault_names_no_rule_and_points_to_why(market):
    n = ask(market, "POST", "/resend", n=last_signed(market), changes={"query-1": "elsewhere"})["n"]
    tampered = ask(market, "GET", "/message", n=n)
    assert (tampered["verdict"], tampered["rule"]) == ("refused", {"by": "nobody"})
    assert "Why?" in tampered["refusals"][-1]["hint"] and tampered["wrong"] == ""
    changed = tampered["parts"][1]["name"]
    assert tampered["note"].endswith(f"in which this page changed {changed}.")
    assert ask(market, "GET", "/why", n=n)["known"] == tampered["note"].rstrip(".")


def test_why_names_the_rule_that_a_known_mistake_breaks_and_none_where_the_check_did(market):
    n = faulty(market, "spaced-json")["n"]
    assert ask(market, "GET", "/why", n=n)["rule"]["id"] == "officernd:signature.json"
    n = faulty(market, "stale")["n"]
    assert ask(market, "GET", "/why", n=n)["rule"] is None


def test_a_refusal_that_no_signature_decided_offers_no_why_that_repeats_it(market):
    missing = faulty(market, "signature-missing")
    assert (missing["carries"], missing["why"]) == ("", False)
    assert faulty(market, "wrong-secret")["why"] is True


def test_an_answer_about_another_integration_shows_both_ids_and_the_message_with_the_wrong_one(market):
    pressed(market, "officernd", f"connect-{FIRST}", fault="another-integration")
    one = message(market, "officernd", "connect")
    assert one["refusals"][-1]["reason"] == "identity-mismatch"
    facts = " ".join(value for _, value in one["refusals"][-1]["evidence"])
    assert FIRST in facts and "f" * 24 in facts
    (source,) = one["sources"]
    answer = ask(market, "GET", "/message", n=source["n"])
    assert "f" * 24 in answer["response"]["body"]


def test_what_a_simulator_sent_on_purpose_says_so_and_breaks_no_rule(market):
    pressed(market, "officernd", f"connect-{FIRST}", fault="another-integration")
    last = market.wire("officernd").last("connect")
    found = [row for row in rows(market.hosts["officernd"].place, 0) if row.get("chapter") == last.number]
    probe = next(row for row in found if row.get("note", "").startswith(PROBE))
    one = ask(market, "GET", "/message", n=probe["n"])
    assert (one["verdict"], one["probe"], one["rule"]) == ("refused", True, None)
    assert ask(market, "GET", "/why", n=probe["n"])["after"].startswith(PROBE)


def test_a_key_of_another_account_shows_which_address_was_asked_and_which_is_this_account(market):
    popup = pressed(market, "retailcrm", "popup-example-module")
    sent(market, "retailcrm", popup, "connect", fault="another-account")
    one = message(market, "retailcrm", "connect")
    assert (one["rule"]["by"], one["rule"]["id"]) == ("fault", "retailcrm:connection.identity")
    (source,) = one["sources"]
    assert source["other"] == market.hosts["retailcrm"].place.addresses["platform"] != source["to"]


def test_a_repeat_names_the_message_that_was_taken_first(market):
    user = step(market, "fortis", "open")
    pressed(market, "fortis", f"open-{user['fields']['user']}", fault="replayed")
    one = message(market, "fortis", "open")
    assert one["refusals"][-1]["reason"] == "replayed"
    (source,) = one["sources"]
    first = ask(market, "GET", "/message", platform="fortis", n=source["n"])
    assert source["taken"] and first["verdict"] == "decrypted"
    assert first["request"]["line"] == one["request"]["line"]


def test_what_the_simulator_opens_with_a_browser_that_it_plays_is_drawn_from_the_browser(market):
    before = market.wire("fortis").version
    ask(market, "POST", "/press", platform="fortis", press="consent", fault="state-changed")
    found = [row for row in rows(market.hosts["fortis"].place, before) if row["kind"] == "request"]
    to_app = [row for row in found if row["to"] == "app"]
    assert to_app and {row["from"] for row in to_app} == {"browser"}
    assert {row["note"] for row in to_app} == {PLAYED}


def test_what_has_to_be_refused_after_a_removal_is_no_refusal_of_the_step(market):
    pressed(market, "officernd", f"connect-{FIRST}")
    ask(market, "POST", "/press", press="remove")
    one, last = step(market, "officernd", "remove"), market.wire("officernd").last("remove")
    assert (one["state"], one["shows"]) == ("held", 0) and "refused" not in one["said"]
    assert last.reasons == []
    found = rows(market.hosts["officernd"].place, 0)
    probe = next(row for row in found if row.get("chapter") == last.number and row.get("expected"))
    assert probe["verdict"] == "refused"
    listed = [each["n"] for each in ask(market, "GET", "/proven")["verified"]["refused"]]
    assert probe["n"] not in listed
    pressed(market, "officernd", f"connect-{FIRST}")


def test_a_page_of_an_outcome_says_what_was_pressed_in_words_and_where_to_read_on(market):
    shown = pressed(market, "officernd", f"configure-{FIRST}", fault="parameter-doubled")
    assert "Configure, with a fault: a parameter sent twice" in shown.text
    assert "on the wire of the marketplace page" in shown.text
    popup = pressed(market, "retailcrm", "popup-example-module")
    assert "can be closed" not in popup.text, "it waits for a person"


def test_a_connect_that_was_disturbed_says_so_where_an_earlier_connection_still_stands(market):
    shown = pressed(market, "officernd", f"connect-{FIRST}", fault="another-integration")
    assert "connected" in shown.text and "disturbed on request: the answer is about another" in shown.text
    assert "disturbed" not in pressed(market, "officernd", f"connect-{FIRST}").text


def test_the_operators_page_names_the_rule_of_the_check_that_refused_and_no_other(market):
    user = step(market, "fortis", "open")
    pressed(market, "fortis", f"open-{user['fields']['user']}", fault="encoded-twice")
    operator = market.hosts["fortis"].why
    one = operator.kept.all()[-1]
    assert one.refused.clause == "fortis:encrypted.base64"
    text = str({**operator.answer(one), "evidence": ""})
    assert "percent-encoded twice" in text
    assert set(re.findall(r"fortis:[a-z0-9.-]+", text)) == {one.refused.clause}


def test_what_a_platform_sends_twice_is_marked_the_second_time_and_a_partners_own_calls_are_not(market):
    before = market.wire("officernd").version
    ask(market, "POST", "/press", press="healthcheck", fault="replay")
    found = [row for row in rows(market.hosts["officernd"].place, before) if row["kind"] == "request"]
    assert [row["note"] for row in found] == ["", "The same once more."]
    pressed(market, "officernd", f"connect-{FIRST}", fault="another-integration")
    last = market.wire("officernd").last("connect")
    found = [row for row in rows(market.hosts["officernd"].place, 0) if row.get("chapter") == last.number]
    assert {row["note"] for row in found if row["kind"] == "request" and row["from"] == "partner"} == {""}


def test_a_refusal_is_the_same_in_every_theme_that_was_chosen():
    page = b'<!doctype html>\n<html lang="en"><p>No.</p>'
    assert b'data-theme="dark"' in themed(Response(200, (), page), "dark").body
    for status in (400, 403, 404, 409):
        assert themed(Response(status, (), page), "dark").body == page


@pytest.mark.parametrize(("platform", "timed"), [("officernd", True), ("retailcrm", False)])
def test_a_replay_after_minutes_is_proposed_where_a_time_is_signed(market, platform, timed):
    assert ask(market, "GET", "/proven", platform=platform)["timed"] is timed


@pytest.mark.parametrize(
    ("fault", "asked", "lost"),
    [
        ("token-not-json", "POST /oauth/token", False),
        ("secret-empty", "GET /api/v1/organizations/test-slug/integrations/", False),
        ("dropped-organization", "GET /api/v1/organizations/test-slug", True),
    ],
)
def test_what_the_receiver_asked_last_is_linked_where_its_answer_was_refused_or_never_came(
    market, fault, asked, lost
):
    pressed(market, "officernd", f"connect-{FIRST}", fault=fault)
    (source,) = message(market, "officernd", "connect")["sources"]
    linked = ask(market, "GET", "/message", n=source["n"])
    assert linked["request"]["line"].startswith(asked) and linked["answer"] == source["n"]
    assert (source["lost"], "response" in linked) == (lost, not lost)
    reason = "unreachable" if lost else message(market, "officernd", "connect")["refusals"][-1]["reason"]
    refuser = message(market, "officernd", "connect")
    assert (
        linked["rejected"] == [{"n": refuser["n"], "reason": reason, "expected": True}]
        and refuser["rejected"] == []
    )


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("code-reused", "nothing has to be changed in the code"),
        ("token-429", "wait the 60 seconds"),
        ("error-organization", "change nothing, store no half-made connection"),
        ("another-client", "compare settings.appClientId"),
    ],
)
def test_what_to_do_about_a_refused_answer_goes_by_what_the_api_said(market, fault, says):
    pressed(market, "officernd", f"connect-{FIRST}", fault=fault)
    hint = message(market, "officernd", "connect")["refusals"][-1]["hint"]
    assert f"Receiver (partner): {says}" in hint, "who asked the API has to act"


def test_where_the_bytes_tell_nothing_why_names_the_fault_that_was_chosen_or_the_change_of_a_copy(market):
    why = ask(market, "GET", "/why", n=faulty(market, "wrong-secret")["n"])
    assert (why["explanations"], why["known"]) == ([], "signed with another secret")
    n = ask(market, "POST", "/resend", n=last_signed(market), changes={"query-3": "elsewhere"})["n"]
    why = ask(market, "GET", "/why", n=n)
    assert why["explanations"] == [] and why["known"].endswith("in which this page changed memberId")


def test_a_fault_that_was_survived_opens_the_message_that_it_was_in_with_its_rule(market):
    one = faulty(market, "quoted-organization")
    assert one["survived"] == FAULTS["quoted-organization"].what and one["verdict"] == "verified"
    assert one["rule"]["id"] == FAULTS["quoted-organization"].clause
    pressed(market, "officernd", f"connect-{FIRST}", fault="region-foreign")
    one = message(market, "officernd", "connect")
    assert one["request"]["line"].startswith("GET /officernd/connect?"), "what came after it is not the fault"
    assert (one["verdict"], [each["reason"] for each in one["refusals"]]) == ("", ["not-allowed"])
    assert faulty(market, "spaced-json")["survived"] == ""


def test_the_consent_of_another_user_shows_both_ids_the_answer_that_says_so_and_a_rule_of_consent(market):
    ask(market, "POST", "/press", platform="fortis", press="consent", fault="consent-of-another")
    one = message(market, "fortis", "consent")
    facts = dict(one["refusals"][-1]["evidence"])
    opened = step(market, "fortis", "open")["fields"]["user"]
    assert facts["opened by"] == opened != facts["consented by"]
    (source,) = one["sources"]
    answer = ask(market, "GET", "/message", platform="fortis", n=source["n"])
    assert facts["consented by"] in answer["response"]["body"]
    assert "OAuth" in one["rule"]["text"]


def test_a_callback_that_comes_twice_names_the_one_that_was_taken(market):
    ask(market, "POST", "/press", platform="fortis", press="consent", fault="callback-twice")
    one = message(market, "fortis", "consent")
    (source,) = one["sources"]
    first = ask(market, "GET", "/message", platform="fortis", n=source["n"])
    assert source["taken"] and not first["refusals"]
    assert first["request"]["line"] == one["request"]["line"]


def causes(market: Market, platform: str, press: str) -> list[list[str]]:
    """Return the ids that Why? lists for the message of a step, group by group."""
    why = ask(market, "GET", "/why", platform=platform, n=message(market, platform, press)["n"])
    return [[one["id"] for one in group] for group in why["explanations"]]


@pytest.mark.parametrize(
    ("fault", "ids"),
    [
        ("duplicate-json-key", [["retailcrm:register.json=last-wins", "retailcrm:register.json=any-case"]]),
        ("too-large", []),
        ("number-as-key", []),
    ],
)
def test_why_lists_a_reading_only_if_with_it_the_request_is_accepted_and_no_cause_that_is_none(
    market, fault, ids
):
    popup = pressed(market, "retailcrm", "popup-example-module")
    sent(market, "retailcrm", popup, "connect", fault=fault)
    assert causes(market, "retailcrm", "connect") == ids


@pytest.mark.parametrize("fault", ["nan", "deep-json"])
def test_what_json_does_not_allow_is_named_as_that_and_not_as_another_notation(market, fault):
    user = step(market, "fortis", "open")["fields"]["user"]
    pressed(market, "fortis", f"open-{user}", fault=fault)
    why = ask(market, "GET", "/why", platform="fortis", n=message(market, "fortis", "open")["n"])
    (part,) = why["explanations"][0][0]["parts"]
    assert part["says"].startswith("The text is JSON but for something that JSON does not allow")


def test_a_parameter_that_cannot_be_read_is_named(market):
    assert ["parameter", "extra"] in faulty(market, "invalid-escape")["refusals"][-1]["evidence"]
    assert "parameter" not in dict(faulty(market, "upper-case-hex")["refusals"][-1]["evidence"])


def test_an_address_that_was_read_as_html_says_at_once_that_it_was_and_what_to_do():
    with marketplace("onoffice") as market:
        place = market.hosts["onoffice"].place
        press = place.press("open")
        start = place.addresses["platform"] + "/simulator"
        fields = {"fault": "times-damage"}
        terms = pressed(market, "onoffice", "-".join(["open", *press.fields.values()]), **fields)
        assert terms.url.startswith(start)
        sent(market, "onoffice", terms, "confirm", terms="yes", data_processing="yes")
        one = message(market, "onoffice", "open")
        assert "became ×tamp= on the way" in one["wrong"] and "×tamp=" in unquote(one["request"]["line"])
        assert "Sender (onOffice): write & as &amp;" in one["refusals"][-1]["hint"]


def test_a_fault_that_sends_nothing_says_why_the_wire_shows_nothing(market):
    ask(market, "POST", "/press", platform="fortis", press="location", fault="postback-lost")
    assert "Nothing was sent" in step(market, "fortis", "location")["said"]
    ask(market, "POST", "/press", platform="fortis", press="location")
    assert "Nothing was sent" not in step(market, "fortis", "location")["said"]


def test_a_refusal_without_a_signature_says_what_the_fault_was_that_was_chosen(market):
    ask(market, "POST", "/press", platform="fortis", press="location", fault="raw-fragment")
    one = message(market, "fortis", "location")
    assert (one["why"], one["carries"]) == (False, "")
    assert one["fault"].startswith("a value that is not percent-encoded has a #")
    sent = [
        piece.partition("=")[0] for piece in one["request"]["line"].split()[1].partition("?")[2].split("&")
    ]
    assert dict(one["refusals"][-1]["evidence"])["found"] == ", ".join(sent) and "key" not in sent
    ask(market, "POST", "/press", platform="fortis", press="location")


@pytest.mark.parametrize(
    ("platform", "press", "fault", "name", "found"),
    [
        ("officernd", "healthcheck", "signature-unnamed", "signature", "t, v1"),
        ("retailcrm", "connect", "other-case", "apiKey", "systemUrl, token, apikey"),
        ("fortis", "user", "user-missing", "user_id", "location_id"),
    ],
)
def test_what_is_missing_is_told_with_the_names_that_stood_there_instead(
    market, platform, press, fault, name, found
):
    if platform == "retailcrm":
        sent(market, platform, pressed(market, platform, "popup-example-module"), press, fault=fault)
    else:
        ask(market, "POST", "/press", platform=platform, press=press, fault=fault)
    facts = dict(message(market, platform, press)["refusals"][-1]["evidence"])
    assert facts["name"] == name and found in facts["found"]
    assert name not in facts["found"].split(", ")


def activating(market: Market, fault: str) -> dict[str, Any]:
    """Open onOffice's activation with a fault; return the message that the step names."""
    fields = market.hosts["onoffice"].place.press("open").fields
    terms = pressed(market, "onoffice", "-".join(["open", *fields.values()]), fault=fault)
    sent(market, "onoffice", terms, "confirm", terms="yes", data_processing="yes")
    return message(market, "onoffice", "open")


def test_why_names_the_parameters_that_a_sender_left_out_of_the_signature_in_a_sentence_that_can_be_read():
    """The provider's own parameters are those of the URL that it is registered with."""
    with marketplace("onoffice") as market:
        one = activating(market, "own-parameters-unsigned")
        assert one["fault"] == "the parameters of the provider's own URL are not signed"
        (first, *_), *_ = ask(market, "GET", "/why", platform="onoffice", n=one["n"])["explanations"]
        (part,) = first["parts"]
        assert part["id"] == "onoffice:url.own-parameters=left-out"
        assert "Do the provider's own parameters take part in the signature?" in part["says"]
        assert part["says"].startswith("The sender did not sign: Zone, plan, ref. ")
        one = activating(market, "no-signature")
        found = dict(one["refusals"][-1]["evidence"])["found"].split(", ")
        assert "timestamp" in found and "signature" not in found


SIDES = re.compile(r"(Sender|Receiver) \((OfficeRnD|partner)\)( and receiver \(partner\))?: |Whoever ")


def test_what_to_do_says_by_whom_for_every_message_whichever_side_sent_it(market):
    for fault in ("signature-unnamed", "stale", "post", "client-secret", "spaced-json", "upper-case-hex"):
        one = faulty(market, fault)
        hints = [each["hint"] for each in one["refusals"]]
        why = ask(market, "GET", "/why", n=one["n"])
        for group in why.get("explanations", []):
            hints += [part["cure"] for each in group for part in each["parts"]]
        told = [hint for hint in hints if not hint.startswith("“Why?”")]
        assert told or fault == "client-secret"
        assert [hint for hint in told if not SIDES.match(hint)] == []
        assert all("Sender (OfficeRnD)" in hint and "Receiver (partner)" in hint for hint in told)


@pytest.mark.parametrize(
    ("press", "fault", "which"),
    [
        ("healthcheck", "client-secret", "the OAuth client's, not the integration's"),
        ("remove", "webhook-integration-secret", "the integration's, not the webhook's own"),
    ],
)
def test_a_secret_of_something_else_is_named_by_what_it_is_for(market, press, fault, which):
    pressed(market, "officernd", f"connect-{FIRST}")
    ask(market, "POST", "/press", press=press, fault=fault)
    why = ask(market, "GET", "/why", n=message(market, "officernd", press)["n"])
    assert why["explanations"][0][0]["parts"][0]["says"] == f"Another secret was used: {which}."


def test_a_refusal_that_had_to_be_is_marked_so_on_the_wire_as_in_the_message(market):
    for press, fault, expected in (("healthcheck", "stale", True), ("healthcheck", "post", True)):
        ask(market, "POST", "/press", press=press, fault=fault)
        one = message(market, "officernd", press)
        (row,) = [row for row in rows(market.hosts["officernd"].place, 0) if row.get("n") == one["n"]]
        assert (row["verdict"], row["expected"], one["expected"]) == ("refused", expected, expected)
    n = ask(market, "POST", "/resend", n=last_signed(market), changes={"query-1": "elsewhere"})["n"]
    (row,) = [row for row in rows(market.hosts["officernd"].place, 0) if row.get("n") == n]
    assert (row["verdict"], row["expected"]) == ("refused", False)
    assert ask(market, "GET", "/message", n=n)["expected"] is False


def test_a_page_that_a_window_opens_again_says_why_it_may_be_in_another_language():
    with marketplace("onoffice") as market:
        place = market.hosts["onoffice"].place
        wire, notes = place.wire, []
        wire.begin("open", "Activate", None)
        for note, headers in ((PLAYED, ()), ("", (("accept-language", "en-GB"),)), ("", ())):
            sent_ = Request("GET", "http://127.0.0.1", "/onoffice/activate?a=1", headers, note=note)
            one = wire.began("browser", "provider", sent_)
            wire.ended(one, Response(403))
            notes.append(remark(place, one))
        assert notes[1].endswith("its page may be in another one.") and "message 1 already" in notes[1]
        assert "language" not in notes[2] and "message 1 already" in notes[2]


def test_a_name_that_stands_in_another_place_is_told_with_what_the_right_place_had(market):
    """RetailCRM's clientId belongs into the body; a body without it and one with another name tell themselves apart."""
    partner = market.hosts["retailcrm"].place.sides.partner
    for body, found in (({}, "none"), ({"clientid": "x"}, "clientid")):
        with pytest.raises(Refused) as caught:
            partner.client(body, "retailcrm:transition.unknown")
        assert caught.value.evidence == {"name": "clientId", "found": found}


def newest(market: Market, platform: str) -> Any:
    """Return the newest row of a platform's operator's page."""
    return market.hosts[platform].why.rows()[0]


def test_the_operator_is_told_of_a_refused_answer_what_to_do_about_an_answer(market):
    """A right that is missing is granted, a value that the API left out is put there, and the call is named."""
    pressed(market, "officernd", f"connect-{FIRST}", fault="secret-empty")
    listed = market.hosts["officernd"].why.rows()
    row = next(one for one in listed if one.refused and one.refused.reason == "empty-parameter")
    assert row.todo()[0].startswith("Sender (OfficeRnD): put settings.secret into the answer to GET /api/v1/")
    assert row.todo()[1].endswith("Then let the admin press Connect again.")
    popup = pressed(market, "retailcrm", "popup-example-module")
    sent(market, "retailcrm", popup, "connect", fault="key-without-rights")
    assert "Ask the user to grant integration_write to the key." in newest(market, "retailcrm").todo()[1]


def test_the_operator_reads_plain_words_and_the_name_of_what_cannot_be_read(market):
    ask(market, "POST", "/press", platform="retailcrm", press="on", fault="activity-numbers")
    assert newest(market, "retailcrm").facts["found"] == "a whole number"
    assert newest(market, "retailcrm").facts["expected"] == "true or false"
    ask(market, "POST", "/press", press="healthcheck", fault="invalid-escape")
    assert newest(market, "officernd").facts["parameter"] == "extra"


def test_the_operator_reads_where_a_missing_name_stands_and_advice_for_headers_of_a_header(market):
    (form, *_) = [key for key in ["visit"] if step(market, "retailcrm", key)]
    ask(market, "POST", "/press", platform="retailcrm", press=form, fault="client-in-query")
    visit = newest(market, "retailcrm")
    assert visit.facts["also"] == "clientId is in the query of the URL, not in the body"
    pressed(market, "officernd", f"connect-{FIRST}")
    ask(market, "POST", "/press", press="remove", fault="webhook-signed-twice")
    row = next(
        one for one in market.hosts["officernd"].why.rows() if one.refused.reason == "duplicate-parameter"
    )
    assert row.todo()[0] == "Sender (OfficeRnD): send the header once." and "proxy" in row.todo()[1]


def test_the_operator_reads_which_parameter_names_a_foreign_address_and_what_an_unknown_one_sent(market):
    ask(market, "POST", "/press", platform="retailcrm", press="on", fault="activity-foreign-host")
    row = newest(market, "retailcrm")
    assert row.facts["parameter"] == "systemUrl" and "Keep the address that is stored" in row.todo()[1]
    ask(market, "POST", "/press", platform="retailcrm", press="on", fault="activity-unknown")
    sent_ = newest(market, "retailcrm").facts["sent"]
    assert sent_ == "clientId 0, 40 times (sha256 9692e6…), activity, systemUrl", "printf %040d 0 | sha256sum"


def test_the_operators_why_shows_the_rule_itself(market):
    ask(market, "POST", "/press", platform="retailcrm", press="on", fault="activity-numbers")
    operator = market.hosts["retailcrm"].why
    one = operator.kept.all()[-1]
    shown = drive(market, Browser().open(f"{operator.origin}/?n={one.number}"), "retailcrm").text
    rule = clause("retailcrm", one.refused.clause)["text"]
    assert re.sub(r" \([A-Z]\d+\)|`", "", rule)[:40] in unescape(shown)
    ask(market, "POST", "/press", press="healthcheck", fault="parameter-dropped")
    operator = market.hosts["officernd"].why
    shown = drive(
        market, Browser().open(f"{operator.origin}/?n={operator.kept.all()[-1].number}"), "officernd"
    ).text
    assert "signature-mismatch" in shown and "The rule:" not in shown, "one wrong byte anywhere gives it"


def test_two_refusals_of_one_click_are_one_row_of_the_operators_page(market):
    user = step(market, "fortis", "open")["fields"]["user"]
    pressed(market, "fortis", f"open-{user}", fault="no-header")
    operator = market.hosts["fortis"].why
    before = [one.number for one in operator.kept.all()]
    again = [one.number for one in operator.rows()[0].again]
    window = drive(market, Browser().open(operator.origin + "/"), "fortis")
    assert ("belongs to it" in window.text) == bool(again) and before[-1] not in again
    request = operator.kept.all()[-1]
    operator.kept.add(request.request, request.endpoint, request.refused)
    assert [one.number for one in operator.rows()[0].again] == [before[-1], *again]


def test_fortis_says_connected_once_the_user_has_consented(market):
    place = market.hosts["fortis"].place
    granted = step(market, "fortis", "consent")["worked"]
    assert place.shop().state == ("connected" if granted else "registered")
    ask(market, "POST", "/press", platform="fortis", press="consent")
    assert place.shop().state == "connected"


def test_a_url_that_was_signed_with_the_customers_api_key_is_found_once_the_provider_has_it():
    with person("onoffice") as who:
        who.take("open")
        who.take("plans", "api-key-as-secret")
        one = who.place.wire.get(each(who.place, who.place.press("plans"))["shows"])
        (first, *_), *_ = why(who.place, one)["explanations"]
        says = "Another secret was used: the customer's API key, not the provider's secret."
        assert first["parts"][0]["says"] == says


def test_the_list_of_faults_in_a_window_says_which_have_to_be_refused(market):
    popup = pressed(market, "retailcrm", "popup-example-module")
    listed = {form.id: form for form in popup.forms}["connect"]
    assert listed
    shown = unescape(popup.text)
    assert "wrong-token: the last digit of the token is another; refused, signature-mismatch" in shown
    assert "multipart: a multipart form, as some clients send; survived" in shown
