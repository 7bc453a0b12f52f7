"""Small rules of the provider, each where a change of it alone would show: what it sends, keeps, answers and bounds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from handshakes.core.messages import Pause, Request, json_response
from handshakes.core.refusals import Refused
from handshakes.onoffice import sign_url, verify_url
from handshakes.onoffice.partner.api import Access, code_of, error_code, error_of, first_record, results_of
from handshakes.onoffice.partner.connecting import PLATFORM, ticket_key
from handshakes.onoffice.partner.texts import BY_CODE, TEXTS, language
from handshakes.runtime.flow import drive
from handshakes.runtime.store import Installation, StoreError
from tests.onoffice.sides import ADMIN, FIRST, NOW, activated, sides
from tests.refusals import told_of

PROVIDER, SECRET = "https://provider.example", "Example-Provider-Secret-1!"
C = "onoffice:"
ACCESS = Access("t" * 32, "k" * 64)
VALUES = {"apiToken": "t", "customerName": "n", "customerWebId": "w", "parameterCacheId": "p", "userId": "u"}
GOOD = {"errorcode": 0}


def url(path: str = "/onoffice/activate", **values: str) -> str:
    return sign_url(f"{PROVIDER}{path}?{urlencode({**values, 'timestamp': NOW})}", secret=SECRET)


def signed(**values: str):
    return verify_url(url(**values), secret=SECRET, now=NOW, tolerance=(300, 120))


def get(path: str, **values: str) -> Request:
    return Request("GET", PROVIDER, url(path, **values).removeprefix(PROVIDER))


def read(response) -> str:
    """Return what a person reads: the title, and what is below the heading."""
    page = response.body.decode()
    title = page.partition("<title>")[2].partition("</title>")[0]
    said = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", f"{title}: {page.partition('</h1>')[2]}"))
    return said.replace(" :", ":").strip()


# --- what the API is sent -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_an_action_is_sent_in_this_envelope_with_this_hmac(version):
    """Facts 2.4 to 2.6: version 2 signs time, token, type and action with the key, in base64; version 1 is made of MD5 digests."""
    partner = sides(hmac_version=version).partner
    request = partner.api.request(ACCESS, "do", "unlockProvider", {"b": "ü", "a": "1"}, "7")
    body = json.loads(request.body)
    (action,) = body["request"].pop("actions")
    assert body == {"token": ACCESS.token, "request": {}}
    assert list(body) == ["token", "request"]
    name = "urn:onoffice-de-ns:smart:2.5:smartml:action:do"
    found = action.pop("hmac")
    if version == 2:
        text = f"{NOW}{ACCESS.token}unlockProvider{name}".encode()
        assert found == base64.b64encode(hmac.digest(b"k" * 64, text, "sha256")).decode()
    assert action == {
        "actionid": name,
        "resourceid": "7",
        "resourcetype": "unlockProvider",
        "identifier": "",
        "timestamp": NOW,
        "parameters": {"a": "1", "b": "ü"},
        **({"hmac_version": 2} if version == 2 else {}),
    }
    assert list(action["parameters"]) == ["a", "b"]
    assert (request.method, request.url) == ("POST", "https://api.onoffice.de/api/stable/api.php")
    assert (request.headers, request.timeout) == ((("content-type", "application/json"),), 10.0)


def test_an_access_shows_neither_token_nor_key():
    assert repr(ACCESS) == str(ACCESS) == "Access(…)"


# --- what the API answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 22, 1.5, 0.0, -1])
def test_an_errorcode_is_a_number(value):
    assert code_of({"status": {"errorcode": value}}, "c") == value


@pytest.mark.parametrize(
    ("value", "found"),
    [({"status": {"errorcode": True}}, "bool"), ({"status": {"errorcode": "0"}}, "str"), ({"status": {}}, "NoneType"),
     ({"status": []}, "NoneType"), ({}, "NoneType")],
)  # fmt: skip
def test_without_a_number_an_answer_is_neither_success_nor_error(value, found):
    evidence = {"errorcode": found, "expected": "a number"}
    assert told_of(lambda: code_of(value, "c")) == ("unexpected-answer c", evidence)


@pytest.mark.parametrize(
    ("answer", "results"),
    [({"response": {"results": [{"a": 1}, {}]}}, [{"a": 1}, {}]), ({"response": {"results": [{}, 1]}}, []),
     ({"response": {"results": {}}}, []), ({"response": []}, []), ({}, [])],
)  # fmt: skip
def test_results_are_objects_or_there_are_none(answer, results):
    assert results_of(answer) == results


@pytest.mark.parametrize(
    ("result", "found"),
    [({}, "NoneType"), ({"data": []}, "NoneType"), ({"data": {"records": {}}}, "dict"), ({"data": {"records": []}}, "list"),
     ({"data": {"records": ["a"]}}, "list")],
)  # fmt: skip
def test_a_first_record_is_an_object(result, found):
    assert told_of(lambda: first_record(result, "c")) == ("unexpected-answer c", {"records": found})
    assert first_record({"data": {"records": [{"id": 1}, {"id": 2}]}}, "c") == {"id": 1}


OTHER = "a token has 32 characters and a key 64; these have not"


@pytest.mark.parametrize(
    ("top", "own", "token", "key", "told"),
    [
        (0, 137, 32, 64, {"errorcode": "137", "meaning": "the HMAC is wrong: another key, or another text was signed"}),
        (97, 22, 32, 64, {"errorcode": "22", "meaning": "the API does not know this user, or no longer"}),
        (22, 0, 32, 64, {"errorcode": "22", "meaning": "the API does not know this user, or no longer"}),
        (1, "22", 32, 64, {"errorcode": "1", "meaning": "something went wrong that the API does not name"}),
        (0, 137, 31, 64, {"errorcode": "137", "meaning": "the HMAC is wrong: another key, or another text was signed", "length": OTHER}),
        (137, 0, 32, 65, {"errorcode": "137", "meaning": "the HMAC is wrong: another key, or another text was signed", "length": OTHER}),
        (49, 0, 31, 65, {"errorcode": "49", "meaning": "the secret is another one"}),
    ],
)  # fmt: skip
def test_of_an_error_the_actions_own_code_is_told_and_with_137_the_lengths(top, own, token, key, told):
    """Facts 4.3: where both are there, the action's own code says more."""
    results = [{"status": {"errorcode": own}}, {"status": {"errorcode": 153}}]
    response = json_response({"status": {"errorcode": top}, "response": {"results": results}}, 400)
    refused = error_of(response, "c", Access("t" * token, "k" * key))
    assert (refused.reason, refused.clause) == ("platform-error", "c")
    assert refused.evidence == {"status": "400", **told}


def test_of_an_error_that_is_no_json_the_status_alone_is_told():
    refused = error_of(replace(json_response({}), status=502, body=b"<html>"), "c", ACCESS)
    assert refused.evidence == {"status": "502"}


@pytest.mark.parametrize(("told", "code"), [({"errorcode": "22"}, 22), ({"errorcode": "-1"}, 0), ({"errorcode": ""}, 0), ({}, 0)])  # fmt: skip
def test_a_refusal_holds_a_code_or_none(told, code):
    assert error_code(Refused("platform-error", "c", told)) == code


# --- what is kept --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "most"),
    [("customerWebId", 60), ("userId", 60), ("customerName", 500), ("apiToken", 4_000), ("parameterCacheId", 4_000)],
)  # fmt: skip
def test_what_is_staged_has_a_limit_of_its_own_and_is_needed(name, most):
    """Our own limits, written here a second time."""
    partner = sides().partner
    assert partner.values_of(signed(**{**VALUES, name: "a" * most}))[name] == "a" * most
    clause = C + ("unlock.empty-token" if name == "apiToken" else "url.signed-values")
    over = {"name": name, "characters": str(most + 1), "limit": str(most)}
    too_long = signed(**{**VALUES, name: "a" * (most + 1)})
    assert told_of(lambda: partner.values_of(too_long)) == (f"too-large {clause}", over)
    assert (
        told_of(lambda: partner.values_of(signed(**{**VALUES, name: ""})))[0] == f"empty-parameter {clause}"
    )
    missing = signed(**{one: text for one, text in VALUES.items() if one != name})
    assert told_of(lambda: partner.values_of(missing))[0] == f"missing-parameter {clause}"


@pytest.mark.parametrize("length", [0, 1, 4_000, 4_001])
def test_the_claim_of_an_activation_may_be_absent_and_is_cut(length):
    values = sides().partner.values_of(signed(**VALUES, apiClaim="c" * length))
    assert values == {**VALUES, "apiClaim": "c" * min(length, 4_000)}
    assert sides().partner.values_of(signed(**VALUES)) == {**VALUES, "apiClaim": ""}


def test_a_stage_is_kept_for_an_hour_under_a_digest_of_its_ticket():
    world = sides()
    ticket = world.partner.staged(signed(**VALUES, apiClaim="c"))
    assert len(ticket) == 48
    row = world.store.get(PLATFORM, f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}")
    assert row == Installation(
        "onoffice",
        ticket_key(ticket),
        {"customerWebId": "w", "customerName": "n", "expires": f"00{NOW + 3_600}"},
        {"apiToken": "t", "apiClaim": "c", "parameterCacheId": "p", "userId": "u"},
        "pending",
        1,
    )
    assert ticket_key("\ud800") == "ticket:" + hashlib.sha256(b"\xed\xa0\x80").hexdigest()


def test_the_rows_of_a_customer_and_a_user_are_found_again_by_the_next_version():
    """What is written here a second time is in the databases of those who use the provider."""
    world = activated()
    row = world.installation()
    stage = world.store.get(PLATFORM, row.details["ticket"])
    assert row.identity == world.partner.customer(FIRST) == FIRST
    assert row.details == {
        "customerWebId": FIRST,
        "customerName": world.platform.customers[FIRST].name,
        "ticket": stage.identity,
        "askedAt": str(NOW),
        "agreedAt": str(NOW),
    }
    assert {name: len(text) for name, text in row.credentials.items()} == {"token": 32, "api_key": 64}
    assert (stage.state, stage.credentials) == ("removed", {})
    world.partner.claimed(signed(customerWebId=FIRST, userId="a/b", apiClaim="c"))
    claim = world.store.get(PLATFORM, f"{FIRST}/a%2Fb")
    assert claim.details == {"customerWebId": FIRST, "userId": "a/b", "signedAt": str(NOW)}
    assert (claim.credentials, claim.state) == ({"claim": "c"}, "active")


@pytest.mark.parametrize(("later", "claim"), [(-1, "old"), (0, "new"), (1, "new")])
def test_of_two_claims_the_one_signed_later_stays_and_of_one_second_the_last(later, claim):
    world = sides()
    values = {"customerWebId": FIRST, "userId": ADMIN}
    world.partner.claimed(signed(**values, apiClaim="old"))
    world.partner.claimed(signed(**values, apiClaim="new")._replace(timestamp=NOW + later))
    assert world.partner.claim(FIRST, ADMIN) == claim
    row = world.store.get(PLATFORM, world.partner.user(FIRST, ADMIN))
    assert row.version == (1 if claim == "old" else 2), "what changes nothing is not saved"


# --- two clicks ----------------------------------------------------------------------------------------------------


def staged(world):
    ticket = world.partner.staged(signed(**VALUES))
    return world.store.get(PLATFORM, ticket_key(ticket))


@pytest.mark.parametrize(("seconds", "others"), [(0, True), (10, True), (11, False)])
def test_another_click_may_ask_as_long_as_a_request_lasts(seconds, others):
    world = sides()
    stage, first = world.partner.asking(staged(world))
    world.clock.advance(seconds)
    again, second = world.partner.asking(stage)
    assert (first, second) == (False, others)
    assert (stage.details["askedAt"], again.details["askedAt"]) == (str(NOW), str(NOW + seconds))
    assert world.partner.asking(stage)[1], "another click saved something since"


def test_a_late_click_looks_twenty_times_and_waits_two_seconds():
    world = sides()
    step = world.partner.done_by_another(staged(world), True)
    waited = []
    with pytest.raises(StopIteration) as ended:
        while True:
            waited.append(next(step))
    assert (waited, ended.value.value) == ([Pause(0.1)] * 20, False)


def test_a_click_waits_for_another_that_saved_something_since_and_for_no_other():
    world = sides()
    stage = staged(world)
    with pytest.raises(StopIteration) as ended:
        next(world.partner.done_by_another(stage, False))
    assert ended.value.value is False
    world.store.save(stage)
    assert next(world.partner.done_by_another(stage, False)) == Pause(0.1)


def test_a_page_that_is_gone_waits_for_nobody():
    world = sides()
    stage = staged(world)
    world.store.remove_expired(PLATFORM, NOW + 3_601)
    with pytest.raises(StopIteration) as ended:
        next(world.partner.done_by_another(stage, False))
    assert ended.value.value is False


@pytest.mark.parametrize(("seconds", "reason"), [(3_600, "platform-error"), (3_601, "unknown-installation")])
def test_the_button_works_for_an_hour(seconds, reason):
    world = sides()
    ticket = world.partner.staged(signed(**VALUES))
    world.clock.advance(seconds)

    def carry(request):
        return replace(json_response({}), status=500)

    told, _ = told_of(lambda: drive(world.partner.activate(ticket, "k"), carry))
    assert told.split()[0] == reason


def test_a_page_that_was_used_and_is_not_the_present_one_says_so():
    world = sides()
    ticket = world.partner.staged(signed(**VALUES))
    world.store.save(replace(world.store.get(PLATFORM, ticket_key(ticket)), state="removed"))
    told = told_of(lambda: next(world.partner.activate(ticket, "k")))
    assert told == ("wrong-state onoffice:unlock.repeat", {"ticket": "was used, and its activation ended"})


# --- the end of an activation ------------------------------------------------------------------------------------------


def ended(code: int) -> Refused:
    return Refused("platform-error", C + "api.envelopes", {"errorcode": str(code)})


@pytest.mark.parametrize(("code", "state"), [(22, "removed"), (48, "removed"), (21, "active"), (137, "active"), (0, "active")])  # fmt: skip
def test_two_codes_end_an_activation_and_its_credentials(code, state):
    world = activated()
    world.partner.noticed(world.installation(), ended(code))
    row = world.installation()
    assert (row.state, bool(row.credentials), world.reports) == (state, state == "active", [])


def test_an_end_that_cannot_be_saved_is_told_to_the_operator(monkeypatch):
    world = activated()
    error = StoreError("store-locked", "the database is locked")

    def save(installation):
        raise error

    monkeypatch.setattr(world.store, "save", save)
    world.partner.noticed(world.installation(), ended(22))
    assert world.reports == [("block", error)]


# --- what is answered ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("active", "changed", "status", "text"),
    [(True, {}, 200, "ok"), (False, {}, 409, "not active"), (True, {"estateId": "1"}, 200, "ok"), (True, None, 403, "")],
)  # fmt: skip
def test_a_webhook_is_answered_with_one_of_three_bare_texts(active, changed, status, text):
    world = activated() if active else sides()
    values = {"customerWebId": FIRST, "userId": ADMIN, "apiClaim": "c"}
    request = get("/onoffice/webhook", **values, **(changed or {}))
    if changed is None:
        request = replace(request, target=request.target[:-1] + "x")
    response = world.network.exchange("onOffice", request)
    assert (response.status, response.body.decode()) == (status, text)
    assert response.headers == (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))


@pytest.mark.parametrize(
    ("name", "codes"),
    [("error-key", {49, 137}), ("error-user", {22, 40, 41, 42, 43, 48, 153}), ("error-claim", {177, 178, 201}), ("error-clock", {136})],
)  # fmt: skip
def test_a_code_is_told_with_the_text_for_what_the_user_can_do(name, codes):
    """The meanings of the codes are those of the API's list (facts 4.4)."""
    assert {code for code, text in BY_CODE.items() if text == name} == codes
    partner, request = sides().partner, Request("GET", PROVIDER, "/")
    for code in codes:
        assert partner.error_text(request, ended(code)) == TEXTS["de"][name]


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("", "de"), ("fr", "de"), ("EN", "en"), (" en-US", "en"), ("fr,en", "en"), ("de-AT,en", "de"), ("en,de", "en"), ("e", "de"), ("english", "en"),
     ("d,n", "de"), ("fr;q=1, it", "de")],
)  # fmt: skip
def test_the_language_is_the_first_of_ours_that_a_browser_names(accepted, chosen):
    assert language(accepted) == chosen


@pytest.mark.parametrize("path", ["", "/app", "/APP-XX", "/a!$&'()*+,;=:b"])
def test_a_base_url_may_have_a_path_of_any_characters_but_three(path):
    partner = sides().partner
    partner.configuration = replace(partner.configuration, base_url=f"https://provider.example{path}")
    assert partner.origins == ("https://provider.example",)


@pytest.mark.parametrize(("length", "shown"), [(200, "a" * 200), (201, "a" * 199 + "…")])
def test_of_the_title_of_a_property_200_characters_are_shown(length, shown, monkeypatch):
    """Our own limit, written here a second time."""
    world = activated()

    def work(web_id, user_id, estate_id):
        yield from ()
        return {"objekttitel": "a" * length}

    monkeypatch.setattr(world.partner, "work", work)
    request = get("/onoffice/service", customerWebId=FIRST, userId=ADMIN, apiClaim="c", customerName="n")
    page = world.network.exchange("onOffice", request).body.decode()
    assert f'<p id="estate">{shown}</p>' in page


def test_rows_of_an_earlier_version_have_no_times_and_count_as_the_oldest():
    world = activated()
    row = world.installation()
    old = {name: text for name, text in row.details.items() if name != "askedAt"}
    world.store.save(replace(row, details=old))
    stage, others = world.partner.asking(staged(world))
    assert (stage.details["askedAt"], others) == (str(NOW), False)
    row = Installation(PLATFORM, f"{FIRST}/{ADMIN}", {}, {"claim": "old"})
    world.store.save(row)
    world.partner.claimed(signed(customerWebId=FIRST, userId=ADMIN, apiClaim="new"))
    assert world.partner.claim(FIRST, ADMIN) == "new"


def test_an_activation_that_cannot_be_saved_at_once_is_told_and_saved_a_moment_later(monkeypatch):
    world = sides()
    stage = staged(world)
    error = StoreError("store-locked", "the database is locked")
    save, tries = world.store.save, []

    def failing(installation):
        tries.append(installation)
        if len(tries) == 1:
            raise error
        return save(installation)

    monkeypatch.setattr(world.store, "save", failing)
    assert [*world.partner.committed(stage, ACCESS)] == [Pause(0.5)]
    assert world.reports == [("unlock", error)]
    row = world.store.get(PLATFORM, "w")
    assert row.credentials == {"token": ACCESS.token, "api_key": ACCESS.api_key}
    assert row.details == {
        "customerWebId": "w",
        "customerName": "n",
        "ticket": stage.identity,
        "agreedAt": str(NOW),
    }


def test_a_stage_that_cannot_be_emptied_is_told_and_undoes_nothing(monkeypatch):
    world = sides()
    stage = staged(world)
    error = StoreError("store-locked", "the database is locked")
    save = world.store.save

    def failing(installation):
        if installation.identity == stage.identity:
            raise error
        return save(installation)

    monkeypatch.setattr(world.store, "save", failing)
    assert [*world.partner.committed(stage, ACCESS)] == []
    assert world.reports == [("unlock", error)]
    assert world.store.get(PLATFORM, "w").state == "active"


@pytest.mark.parametrize(
    ("before", "state", "token"),
    [
        (NOW - 1, "active", "new"),
        (NOW, "active", "new"),
        (NOW + 1, "active", "old"),
        (NOW + 1, "removed", "new"),
    ],
)
def test_of_two_pages_the_one_that_asked_later_gives_the_credentials(before, state, token):
    world = sides()
    stage, _ = world.partner.asking(staged(world))
    details = {"customerWebId": "w", "askedAt": str(before), "ticket": "other"}
    world.store.save(Installation(PLATFORM, "w", details, {"token": "old", "api_key": "k"}, state))
    assert [*world.partner.committed(stage, Access("new", "k"))] == []
    row = world.store.get(PLATFORM, "w")
    assert (row.credentials["token"], row.state) == (token, "active")


@pytest.mark.parametrize(
    ("without", "name"),
    [("secret", "error-empty-key"), ("ticket", "error-page"), ("privacy", "error-privacy"), ("", "active")],
)
def test_a_form_without_one_of_its_fields_says_what_is_missing(without, name):
    world = sides()
    fields = {"ticket": world.partner.staged(signed(**VALUES)), "secret": "k" * 64, "privacy": "yes"}
    fields.pop(without, None)
    form = (("content-type", "application/x-www-form-urlencoded"),)
    request = Request("POST", PROVIDER, "/onoffice/unlock", form, urlencode(fields).encode())
    results = [{"status": GOOD, "data": {"records": [{"elements": {"success": "success"}}]}}]
    answer = json_response({"status": GOOD, "response": {"results": results}})
    response = drive(world.partner.handle(request), lambda request: answer)
    assert (response.status, response.body.decode()) == (200, TEXTS["de"].get(name, name))


@pytest.mark.parametrize("access", [Access("", "k"), Access("", "")])
def test_no_action_is_made_without_a_token(access):
    told = told_of(lambda: sides().partner.api.request(access, "do", "unlockProvider", {}, ""))
    assert told == ("empty-parameter onoffice:api.token", {"name": "token"})


@pytest.mark.parametrize(
    ("code", "name"), [(22, "ended"), (48, "ended"), (21, "service-failed"), (193, "service-failed")]
)
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_service_without_its_data_says_whether_the_activation_ended(language, code, name):
    world = activated()
    request = get("/onoffice/service", customerWebId=FIRST, userId=ADMIN, apiClaim="c")
    request = replace(request, headers=(("accept-language", language),))
    answer = json_response({"status": {"errorcode": code}, "response": {"results": []}}, 400)
    response = drive(world.partner.handle(request), lambda request: answer)
    assert response.status == 502
    texts = TEXTS[language]
    assert read(response) == f"{texts['closed-title']}: {texts[name]}"
    assert f'<html lang="{language}">' in response.body.decode()
    assert [name for name, _ in world.reports] == ["service"]


@pytest.mark.parametrize(
    ("path", "values", "status", "name", "endpoint"),
    [
        ("activate", {**VALUES, "apiToken": ""}, 400, "no-token", "activate"), ("activate", None, 403, "closed", "activate"),
        ("service", None, 403, "closed", "service"), ("service", {"customerWebId": FIRST, "userId": ADMIN, "apiClaim": "c"}, 403, "not-active", "service"),
        ("service", {"customerWebId": FIRST, "userId": ADMIN}, 502, "service-failed", "service"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_opened_has_one_text_and_the_operator_is_told_where(
    path, values, status, name, endpoint
):
    world = sides()
    request = (
        Request("GET", PROVIDER, f"/onoffice/{path}")
        if values is None
        else get(f"/onoffice/{path}", **values)
    )
    response = world.network.exchange("browser", request)
    assert response.status == status
    assert read(response) == f"{TEXTS['de']['closed-title']}: {TEXTS['de'][name]}"
    assert [one for one, _ in world.reports] == [endpoint]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_of_an_activation_says_for_whom_it_is_and_asks_for_the_key(language):
    world, text = sides(), TEXTS[language]
    world.partner.configuration = replace(world.partner.configuration, base_url=f"{PROVIDER}/app")
    values = {**VALUES, "customerName": "A & B <Ltd>", "customerWebId": "web id"}
    request = Request("GET", PROVIDER, "/onoffice/activate", (("accept-language", language),))
    response = world.partner.activation_page(request, signed(**values), "a-ticket")
    wanted = f"{text['title']}: {text['customer']}: A &amp; B &lt;Ltd&gt; (web id) {text['key']} {text['privacy']} {text['button']}"
    assert read(response) == wanted
    page = response.body.decode()
    for part in (
        f'action="{PROVIDER}/app/onoffice/unlock"', f'<script src="{PROVIDER}/app/onoffice/activate.js">', 'name="ticket" value="a-ticket"',
        f'placeholder="{text["paste"]}"', f'data-done="{text["done"]}"', f'data-sending="{text["sending"]}"', f'data-failed="{text["failed"]}"',
        f'<html lang="{language}">', '<input type="checkbox" name="privacy" value="yes" id="privacy">', 'id="unlockButton" disabled>',
    ):  # fmt: skip
        assert part in page, part
    hosts = "https://smart.onoffice.de https://beta.smart.onoffice.de https://crm-beta.onoffice.de"
    assert response.header("content-security-policy") == (
        f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors {hosts}; "
        "script-src 'self'; connect-src 'self'; form-action 'self'"
    )


@pytest.mark.parametrize(("title", "said"), [("House", "House"), ("", TEXTS["de"]["service-failed"])])
def test_the_page_of_a_service_says_whose_property_it_is(title, said, monkeypatch):
    world = activated()

    def work(web_id, user_id, estate_id):
        yield from ()
        assert (web_id, user_id, estate_id) == (FIRST, ADMIN, "7")
        return {"objekttitel": title}

    monkeypatch.setattr(world.partner, "work", work)
    values = {"customerWebId": FIRST, "userId": ADMIN, "apiClaim": "c", "customerName": "n", "estateId": "7"}
    response = world.network.exchange("onOffice", get("/onoffice/service", **values))
    text = TEXTS["de"]
    assert read(response) == f"{text['service-title']}: {text['customer']}: n {said}"
    assert response.status == 200


@pytest.mark.parametrize(("before", "token"), [({"askedAt": "1"}, "old"), ({}, "new")])
def test_a_page_without_the_time_of_its_click_gives_way_to_one_that_has_it(before, token):
    world = sides()
    details = {"customerWebId": "w", "ticket": "other", **before}
    world.store.save(Installation(PLATFORM, "w", details, {"token": "old", "api_key": "k"}))
    assert [*world.partner.committed(staged(world), Access("new", "k"))] == []
    assert world.store.get(PLATFORM, "w").credentials["token"] == token
