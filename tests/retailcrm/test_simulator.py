"""The CRM's side: the wire forms of the official clients, the error answers, the marketplace, what is judged."""

from __future__ import annotations

import hmac
import json
from urllib.parse import quote

import pytest

from handshakes.core.messages import Request, Response, form_body, json_response
from handshakes.core.refusals import REASONS, Refused
from handshakes.core.strict import URLENCODED
from handshakes.explain import explain
from handshakes.explain.telling import told
from handshakes.retailcrm.simulator.drafts import multipart
from handshakes.retailcrm.simulator.faults import FAULTS
from handshakes.retailcrm.simulator.findings import SHORTEST_ID, absolute, error_message, said_yes
from handshakes.retailcrm.simulator.records import Card
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess
from handshakes.runtime.story import PLAIN
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, connected, sides

EDIT = f"/api/v5/integration-modules/{CODE}/edit"
SCOPES = ("integration_read", "integration_write")
DESCRIPTION = {
    "code": CODE, "integrationCode": CODE, "active": True, "name": "N", "logo": "https://h.example/logo.svg",
    "clientId": "c" * 40, "baseUrl": "https://h.example", "accountUrl": "https://h.example/settings",
    "actions": {"activity": "/actions/activity"}, "integrations": {},
}  # fmt: skip


@pytest.fixture
def world():
    return sides()


@pytest.fixture
def key(world) -> str:
    return world.platform.issue_key(world.platform.accounts[DEMO], CODE, SCOPES)


def send(world, method: str, target: str, headers=(), body: bytes = b"", origin: str = DEMO) -> Response:
    return world.network.exchange("module", Request(method, origin, target, headers, body))


def edit(world, key: str, document=DESCRIPTION, target: str = EDIT, **fields: str) -> Response:
    body = form_body({"integrationModule": json.dumps(document), **fields})
    return send(world, "POST", target, (("content-type", URLENCODED), ("x-api-key", key)), body)


def error(response: Response) -> tuple[int, str]:
    answer = response.json()
    assert answer["success"] is False
    return response.status, answer["errorMsg"]


# --- the official clients' wire forms (facts 3.1) -------------------------------------------------


def wire_forms(key: str) -> dict[str, Request]:
    """Return edit as each official client sends it."""
    text = json.dumps(DESCRIPTION)
    urlencoded = form_body({"integrationModule": text})
    compact = ("integrationModule=" + quote(text, safe="")).encode()
    parts, content_type = multipart({"integrationModule": text, "apiKey": key})
    without_key, other_type = multipart(
        {"integrationModule": text}, "------------------------d74496d66958873e"
    )
    form = ("content-type", URLENCODED)
    return {
        "Go v2: X-Api-Key, urlencoded": Request("POST", DEMO, EDIT, (form, ("X-Api-Key", key)), urlencoded),
        "Python 5: X-API-KEY, urlencoded": Request("POST", DEMO, EDIT, (form, ("X-API-KEY", key)), compact),
        "PHP v6: X-Api-Key, urlencoded": Request(
            "POST", DEMO, EDIT, (("content-type", URLENCODED + "; charset=utf-8"), ("X-Api-Key", key)), urlencoded
        ),
        "PHP v6: apiKey in the query": Request("POST", DEMO, f"{EDIT}?apiKey={key}", (form,), urlencoded),
        "PHP v5: multipart, apiKey as a part": Request("POST", DEMO, EDIT, (("content-type", content_type),), parts),
        "curl -F: multipart, X-Api-Key": Request(
            "POST", DEMO, EDIT, (("content-type", other_type), ("X-Api-Key", key)), without_key
        ),
    }  # fmt: skip


@pytest.mark.clause("retailcrm:edit.encodings", "retailcrm:api.key")
@pytest.mark.parametrize("client", wire_forms("key"))
def test_edit_is_taken_as_every_official_client_sends_it(world, key, client):
    response = world.network.exchange("module", wire_forms(key)[client])
    assert (response.status, response.json()["success"]) == (201, True)
    again = world.network.exchange("module", wire_forms(key)[client])
    assert again.status == 200
    assert world.platform.connection(DEMO, CODE).client_id == "c" * 40
    assert all(finding.held for finding in world.platform.findings)


@pytest.mark.clause("retailcrm:api.credentials", "retailcrm:api.key")
@pytest.mark.parametrize("target", ["/api/credentials", "/api/v5/credentials"])
@pytest.mark.parametrize("way", ["header", "query"])
def test_credentials_say_what_the_key_may_do(world, key, target, way):
    headers = (("X-API-KEY", key),) if way == "header" else ()
    response = send(world, "GET", target if headers else f"{target}?apiKey={key}", headers)
    assert response.json()["scopes"] == list(SCOPES)


@pytest.mark.clause("retailcrm:api.system-info")
def test_system_info_needs_no_key_and_names_both_hosts(world):
    for origin in (DEMO, "https://demo-technical.simla.io"):
        answer = send(world, "GET", "/api/system-info", origin=origin).json()
        assert (answer["publicUrl"], answer["technicalUrl"]) == (DEMO, "https://demo-technical.simla.io")


@pytest.mark.clause("retailcrm:api.versions")
def test_api_versions(world):
    assert send(world, "GET", "/api/api-versions").json()["versions"][-1] == "5.0"


@pytest.mark.clause("retailcrm:api.get-module")
def test_the_description_is_read_back_without_the_client(world, key):
    edit(world, key)
    answer = send(world, "GET", EDIT.removesuffix("/edit"), (("x-api-key", key),)).json()
    assert answer["integrationModule"]["baseUrl"] == "https://h.example"
    assert "clientId" not in answer["integrationModule"]


@pytest.mark.clause("retailcrm:api.update-scopes")
def test_update_scopes_answers_a_key_and_no_token(world, key):
    edit(world, key)
    body = form_body({"requires": json.dumps({"scopes": ["integration_write"]})})
    headers = (("content-type", URLENCODED), ("x-api-key", key))
    answer = send(world, "POST", EDIT.replace("edit", "update-scopes"), headers, body).json()
    assert set(answer) == {"success", "apiKey"}
    assert send(world, "GET", "/api/credentials", (("x-api-key", key),)).status == 403
    new = send(world, "GET", "/api/credentials", (("x-api-key", answer["apiKey"]),))
    assert new.json()["scopes"] == ["integration_write"]


def test_update_scopes_needs_a_connection(world, key):
    body = form_body({"requires": '{"scopes":["integration_write"]}'})
    headers = (("content-type", URLENCODED), ("x-api-key", key))
    response = send(world, "POST", EDIT.replace("edit", "update-scopes"), headers, body)
    assert error(response) == (400, "Not enabled simple connection")


# --- error answers (facts 3.3) --------------------------------------------------------------------


@pytest.mark.clause("retailcrm:api.missing-key")
def test_errors_of_the_key(world, key):
    assert error(send(world, "GET", "/api/credentials")) == (400, '"apiKey" is missing.')
    assert error(send(world, "GET", "/api/credentials", (("x-api-key", "x"),))) == (
        403,
        'Wrong "apiKey" value.',
    )
    assert error(edit(world, "")) == (400, '"apiKey" is missing.')
    assert edit(world, key, apiKey="other").status == 400
    weak = world.platform.issue_key(world.platform.accounts[DEMO], CODE, ("integration_read",))
    assert error(edit(world, weak)) == (403, "Access denied.")
    assert error(send(world, "GET", "/api/credentials", (("x-api-key", key),), origin=ANOTHER))[0] == 403


def test_errors_of_the_path(world, key):
    headers = (("x-api-key", key),)
    assert error(send(world, "GET", "/api/v5/orders", headers)) == (404, "API method not found")
    assert error(send(world, "GET", EDIT.removesuffix("/edit"), headers)) == (404, "Not found")
    assert send(world, "GET", EDIT, headers).status == 405
    assert send(world, "GET", "/elsewhere", headers).status == 404


@pytest.mark.parametrize(
    ("changes", "clause", "field"),
    [
        ({"code": None}, "members", "code"),
        ({"code": "other"}, "code", "code"),
        ({"code": CODE + "/x"}, "code", "code"),
        ({"code": CODE + "-2"}, "path-code", "code"),
        ({"integrationCode": "other"}, "integration-code", "integrationCode"),
        ({"clientId": ""}, "client-id", "clientId"),
        ({"clientId": 5}, "client-id", "clientId"),
        ({"baseUrl": None}, "members", "baseUrl"),
        ({"baseUrl": "not a url"}, "members", "baseUrl"),
        ({"accountUrl": "/settings"}, "members", "accountUrl"),
        ({"actions": None}, "members", "actions"),
        ({"actions": {"activity": "https://other.example/x"}}, "actions", "actions"),
    ],
)
def test_a_description_with_a_fault_is_400_and_a_finding(world, key, changes, clause, field):
    document = {name: value for name, value in {**DESCRIPTION, **changes}.items() if value is not None}
    response = edit(world, key, document)
    assert error(response) == (400, "Errors in the entity format")
    assert list(response.json()["errors"]) == [field]
    assert [(f.clause, f.held) for f in world.platform.findings] == [(f"retailcrm:edit.{clause}", False)]
    assert world.platform.connections == {}


def test_a_code_with_another_prefix_is_answered_as_official_test_data_has_it(world, key):
    response = edit(world, key, {**DESCRIPTION, "code": "other"})
    assert response.json()["errors"] == {"code": "Code prefix must match integrationCode"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (form_body({"integrationModule[code]": CODE}), URLENCODED),
        (form_body({"configuration": json.dumps(DESCRIPTION)}), URLENCODED),
        (b"", URLENCODED),
    ],
)
def test_without_the_json_field_edit_says_so(world, key, body, content_type):
    response = send(world, "POST", EDIT, (("content-type", content_type), ("x-api-key", key)), body)
    assert error(response) == (400, "Parameter 'integrationModule' is missing")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps({"integrationModule": DESCRIPTION}).encode(), "application/json"),
        (form_body({"integrationModule": "{"}), URLENCODED),
        (form_body({"integrationModule": "[]"}), URLENCODED),
        (form_body([("integrationModule", "{}"), ("integrationModule", "{}")]), URLENCODED),
        (b"--b\r\nx", "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data"),
    ],
)
def test_a_form_that_cannot_be_read_is_400(world, key, body, content_type):
    response = send(world, "POST", EDIT, (("content-type", content_type), ("x-api-key", key)), body)
    assert response.status == 400
    assert [f.held for f in world.platform.findings] == [False]


def test_php_writes_an_empty_object_as_an_array(world, key):
    assert edit(world, key, {**DESCRIPTION, "actions": []}).status == 201


# --- the marketplace ------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:register.scopes")
def test_without_a_pop_up_and_beyond_the_card_no_key_is_issued():
    world = sides(scopes=(*SCOPES, "order_write"))
    keys = world.platform.accounts[DEMO].keys
    outcome = world.network.run(world.platform.connect(DEMO, CODE), "RetailCRM")
    assert (outcome.response, keys) == (None, {})
    popup = world.popup()
    assert [f.clause for f in popup.findings if not f.held] == ["retailcrm:config.scopes"]
    outcome = world.network.run(world.platform.connect(DEMO, CODE), "RetailCRM")
    assert (outcome.response, keys) == (None, {})


@pytest.mark.clause("retailcrm:config.unavailable")
@pytest.mark.parametrize(
    "answer",
    [
        Response(500), Response(200, (), b"<p>"), json_response({"success": False, "errorMsg": "Later"}, 503),
        json_response({"success": True, "scopes": "all", "registerUrl": "https://m.example"}),
        json_response({"success": True, "scopes": ["integration_write"], "registerUrl": "http://m.example"}),
        json_response({"success": True, "scopes": ["integration_write"], "registerUrl": "/register"}),
        json_response({"success": True, "scopes": ["integration_write"]}), Response(200, (), b"[" * 100_000),
    ],
)  # fmt: skip
def test_a_configuration_that_cannot_be_used_offers_no_connect(answer):
    world = sides()

    class Module:
        name, origins, secret_names = "module", world.partner.origins, frozenset()

        def handle(self, request):
            yield from ()
            return answer

    world = world._replace(network=InProcess(world.platform, Module()))
    assert not world.popup().held
    assert world.platform.popups[DEMO, CODE].error
    browser = Browser()
    page = world.network.run(browser.open(f"{DEMO}/simulator"))
    page = world.network.run(browser.submit(page, page.form(f"popup-{CODE}")))
    assert [form.id for form in page.forms] == []
    assert world.connect().response is None
    assert world.platform.accounts[DEMO].keys == {}


@pytest.mark.clause("retailcrm:config.remembered")
def test_what_the_pop_up_was_opened_with_is_what_connect_uses():
    world = sides()
    world.popup()
    world.partner.register_url = lambda: "https://elsewhere.example/register"
    assert world.connect().held


@pytest.mark.clause("retailcrm:card.unpublished")
def test_an_unpublished_module_is_shown_in_the_partners_own_account_only(world):
    world.platform.add_card(Card("draft", "Draft", "https://m.example", "s", published=False, owner=DEMO))
    assert [card.code for card in world.platform.shown(DEMO)] == [CODE, "draft"]
    assert [card.code for card in world.platform.shown(ANOTHER)] == [CODE]
    with pytest.raises(ValueError, match="draft"):
        world.network.run(world.platform.open_popup(ANOTHER, "draft"))


def test_a_config_url_may_be_the_register_url_too(world):
    """Both are one path of one module, told apart by their method (facts 1.1)."""
    endpoints = world.partner.endpoints
    world.partner.endpoints = lambda: {
        "/both": {"GET": world.partner.config, "POST": world.partner.register},
        **{path: steps for path, steps in endpoints().items() if "account" in path or "activity" in path},
    }
    world.partner.register_url = lambda: "https://module.example/both"
    world.platform.add_card(Card(CODE, "Both", "https://module.example/both", "example-module-secret"))
    assert world.connect().held


def test_the_whole_life_of_a_connection_by_its_buttons():
    world, browser = sides(), Browser()

    def press(page, button, **fields):
        return world.network.run(browser.submit(page, page.form(button), fields))

    page = world.network.run(browser.open(f"{DEMO}/simulator"))
    assert {form.id for form in page.forms} == {f"popup-{CODE}"}
    popup = press(page, f"popup-{CODE}")
    page = press(popup, "connect", fault="edit-402")
    assert "Insufficient funds" in page.response.body.decode()
    page = press(press(popup, "connect"), "account")
    assert page.url == "https://module.example/retailcrm/account"
    for button, state in (("freeze", "off"), ("on", "connected"), ("off", "off"), ("on", "connected")):
        page = world.network.run(browser.open(f"{DEMO}/simulator"))
        press(page, f"{button}-{CODE}")
        assert world.platform.state(DEMO, CODE) == state
    page = world.network.run(browser.open(f"{DEMO}/simulator"))
    page = press(page, f"account-{CODE}")
    assert (page.response.status, page.url) == (200, "https://module.example/retailcrm/account")


@pytest.mark.clause("retailcrm:answer.escaped")
def test_what_a_module_says_is_shown_as_text():
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    world, browser = sides(), Browser()
    world.partner.message = lambda refused: hostile
    page = world.network.run(browser.open(f"{DEMO}/simulator"))
    page = world.network.run(browser.submit(page, page.form(f"popup-{CODE}")))
    page = world.network.run(browser.submit(page, page.form("connect"), {"fault": "edit-403"}))
    text = page.response.body.decode()
    assert "<script" not in text and "<img" not in text and "&lt;script" in text


# --- judging --------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:answer.judged")
@pytest.mark.parametrize(
    ("response", "yes", "message"),
    [
        (json_response({"success": True, "accountUrl": "x"}, 201), True, "The module is not available."),
        (json_response({"success": True}, 400), False, "The module is not available."),
        (json_response({"success": False, "errorMsg": "Later"}, 400), False, "Later"),
        (json_response({"success": False, "errorMsg": ""}), False, "The module is not available."),
        (json_response({"success": False, "errorMsg": 5}), False, "The module is not available."),
        (json_response({"success": 1}), False, "The module is not available."),
        (Response(401, (), b"{}"), False, "The module is not available."),
        (Response(500, (), b"<h1>Error</h1>"), False, "The module is not available."),
        (None, False, "The module is not available."),
    ],
)
def test_an_answer_is_judged_by_its_body(response, yes, message):
    assert (said_yes(response), error_message(response)) == (yes, message)


def test_a_module_that_waits_for_a_late_edit_and_says_yes_is_connected():
    """Official Go code waits 60 s for edit; the page names no limit."""
    world = sides(edit_timeout=60.0)
    before = world.clock()
    outcome = world.connect(DEMO, "edit-slow")
    assert world.clock() - before == 15
    assert said_yes(outcome.response)
    assert ("retailcrm:answer.after-edit", "held") in [(one.clause, one.state) for one in outcome.findings]
    assert [one for one in world.platform.findings if one.violated] == []
    assert world.platform.state(DEMO, CODE) == "connected"
    assert world.work()["success"] is True
    assert world.connect().held


def test_a_module_that_says_yes_before_a_late_edit_is_answered_breaks_the_rule():
    world = sides(edit_timeout=14.0)
    world.partner.failed = lambda refused: world.partner.connected()
    outcome = world.connect(DEMO, "edit-slow")
    assert said_yes(outcome.response)
    assert [(one.clause, one.state) for one in outcome.findings] == [
        ("retailcrm:answer.after-edit", "violated")
    ]


@pytest.mark.clause("retailcrm:answer.edit-seen")
def test_success_without_an_edit_is_no_connection():
    """What official code does after a failed edit (A15) is found, and shown as not connected."""
    world = sides()
    world.partner.connect = lambda url, api_key: iter(())
    outcome = world.connect()
    assert said_yes(outcome.response)
    assert [f.clause for f in outcome.findings if not f.held] == ["retailcrm:answer.after-edit"]
    assert world.platform.state(DEMO, CODE) == ""


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("https://m.example/x", True), ("http://m.example", False), ("/x", False), (None, False), ("https://", False),
        ("http://127.0.0.1:80/x", False), ("https://é.example", False), ("https://[", False),
    ],
)  # fmt: skip
def test_absolute(url, ok):
    assert absolute(url, ()) is ok


def test_on_loopback_http_is_absolute_enough():
    assert absolute("http://127.0.0.1:8000/x", PLAIN)
    assert not absolute("http://m.example/x", PLAIN)


def test_a_client_id_of_128_bits_can_be_22_characters_long():
    assert SHORTEST_ID == 22 and 64**22 >= 2**128 > 64**21


def test_every_refusal_that_a_fault_expects_is_in_the_table():
    reasons = {getattr(fault.expected, "reason", "stale") for fault in FAULTS.values()}
    assert reasons <= set(REASONS)


# --- handshakes verify retailcrm ------------------------------------------------------------------

FIXTURE = {
    "systemUrl": "https://newaccount.simla.com",
    "apiKey": "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff",
    "token": "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f",
}
"""The published registration of an official module's tests; its secret is `secret` (facts 7.1)."""


def explained(pasted: bytes, secret: str = "secret", readings=()):
    return explain("retailcrm", pasted, secret=secret, now=0, readings=list(readings))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("form", ["urlencoded", "json", "multipart"])
def test_a_pasted_registration_is_verified_in_every_form(form, end):
    text = json.dumps(FIXTURE)
    pasted = {
        "urlencoded": form_body({"register": text}) + end.encode(),
        "json": text.encode() + end.encode(),
        "multipart": multipart({"register": text})[0],
    }[form]
    answer = explained(pasted)
    said = "\n".join(told(answer, 0))
    assert (answer.verdict, answer.returns["covered"]) == ("verified", ["apiKey"])
    assert "systemUrl" in answer.returns["not_covered"]
    assert "https://newaccount.simla.com" in said
    assert "NOT on the list" not in said


def test_a_right_token_with_another_address_is_verified_and_the_address_is_not():
    answer = explained(json.dumps({**FIXTURE, "systemUrl": "http://169.254.169.254/"}).encode())
    assert answer.verdict == "verified"
    assert "NOT on the list" in "\n".join(told(answer, 0))


@pytest.mark.parametrize(
    ("token", "secret", "slip"),
    [
        (FIXTURE["token"].upper(), "secret", "form-upper-case"),
        ("2PLSMTSm1ecvn+yIt6FYwsJZK+nXAHEwV2w+JKl9Ql8=", "secret", "form-base64"),
        (FIXTURE["token"], "secret\n", "key-trimmed"),
        (
            hmac.digest(b"secret\n", FIXTURE["apiKey"].encode(), "sha256").hex(),
            "secret",
            "key-line-end",
        ),
        (hmac.digest(FIXTURE["apiKey"].encode(), b"secret", "sha256").hex(), "secret", "mac-swapped"),
        ("7cae2bd14fdeb24dc63d95cba73182efc96040636beae9214fd72d1548952a31", "secret", "key-empty"),
        ("0" * 64, "secret", ""),
    ],
)
def test_a_wrong_token_is_explained(token, secret, slip):
    answer = explained(json.dumps({**FIXTURE, "token": token}).encode(), secret)
    assert answer.verdict == "refused"
    assert [group[0].id for group in answer.explanations] == ([slip] if slip else [])


def test_a_reading_may_be_used_instead():
    swapped = hmac.digest(FIXTURE["apiKey"].encode(), b"secret", "sha256").hex()
    pasted = json.dumps({**FIXTURE, "token": swapped}).encode()
    assert explained(pasted, readings=["retailcrm:token.value=swapped"]).verdict == "verified"
    with pytest.raises(Refused) as refused:
        explained(pasted, readings=["retailcrm:nothing=x"])
    assert refused.value.reason == "unknown-reading"


@pytest.mark.clause("retailcrm:card.secret")
def test_the_secret_of_a_card_is_made_when_it_is_saved():
    """P1: ticking simple connection and saving makes the secret; each card gets its own."""
    world = sides()
    one, other = (world.platform.add_card(Card(code, code, "https://m.example")) for code in ("one", "other"))
    assert len(one.secret) == len(other.secret) == 64
    assert one.secret != other.secret
    assert one.secret not in repr(one)
    plain = world.platform.add_card(Card("plain", "Plain", "https://m.example", simple_connection=False))
    assert plain.secret == ""


def test_the_link_back_to_the_account_finds_a_page():
    world = connected()
    page = world.network.run(Browser().open(f"{DEMO}/"))
    assert page.response.status == 200
    assert b"/simulator/" in page.response.body
