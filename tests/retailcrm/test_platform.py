"""What RetailCRM itself has to do, clause by clause: the messages that the simulator sends, as they travel.

Expected values stand here as the pages and official code have them; tokens are computed with `hmac` alone.
"""

from __future__ import annotations

import hmac
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from handshakes.core.messages import Request, Response, Unreachable, form_body, json_response
from handshakes.core.strict import URLENCODED
from handshakes.retailcrm.simulator.records import READ, WRITE
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.flow import InProcess
from tests.recorder import recorded
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, Both, sides

MODULE, TECHNICAL = "https://module.example", "https://demo-technical.simla.io"
CONFIG, REGISTER = "/retailcrm/config", "/retailcrm/register"
ACCOUNT, ACTIVITY = "/retailcrm/account", "/retailcrm/activity"
EDIT = f"/api/v5/integration-modules/{CODE}/edit"


@pytest.fixture
def both() -> Both:
    return recorded(sides())


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form POST, each of them once."""
    assert (request.method, request.query) == ("POST", "")
    assert request.headers[0] == ("content-type", URLENCODED)
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def registered(both: Both) -> dict[str, Any]:
    """Return the members of the one registration that was sent."""
    (request,) = both.network.to(MODULE, REGISTER)
    fields = form_of(request)
    assert list(fields) == ["register"]
    return json.loads(fields["register"])


def opened(both: Both, account: str = DEMO) -> tuple[Browser, Page]:
    browser = Browser()
    return browser, both.network.run(browser.open(f"{account}/simulator"))


def press(both: Both, browser: Browser, page: Page, *buttons: str) -> Page:
    for button in buttons:
        page = both.network.run(browser.submit(page, page.form(button)))
    return page


class Answering:
    """A module that answers each path with what it was given, and calls nobody."""

    name, origins, secret_names = "module", (MODULE,), frozenset()

    def __init__(self, **answers: Response) -> None:
        self.answers = answers

    def handle(self, request: Request):
        yield from ()
        return self.answers[request.path.rpartition("/")[2]]


# --- configuration --------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:config.moment")
def test_the_configuration_is_asked_for_each_time_the_pop_up_is_opened_and_at_no_other_time(both):
    browser, page = opened(both)
    assert both.network.to(MODULE) == []
    popup = press(both, browser, page, f"popup-{CODE}")
    assert [request.path for request in both.network.to(MODULE)] == [CONFIG]
    press(both, browser, popup, "connect", "account")
    assert len(both.network.to(MODULE, CONFIG)) == 1
    press(both, browser, page, f"popup-{CODE}")
    assert len(both.network.to(MODULE, CONFIG)) == 2


@pytest.mark.clause("retailcrm:config.method", "retailcrm:config.bare")
def test_the_configuration_request_is_a_bare_get_that_is_the_same_for_every_account(both):
    both.popup(DEMO)
    both.connect(DEMO)
    both.popup(DEMO)
    both.popup(ANOTHER)
    requests = both.network.to(MODULE, CONFIG)
    assert len(requests) == 3
    assert set(requests) == {Request("GET", MODULE, CONFIG)}, "no parameters, no header, no body"


@pytest.mark.clause("retailcrm:config.remembered")
def test_connect_grants_the_scopes_that_the_pop_up_showed(both):
    both.partner.scopes = lambda: (WRITE,)
    both.popup()
    both.partner.scopes = lambda: (READ, WRITE)
    both.network.run(both.platform.connect(DEMO, CODE), "RetailCRM")
    (key,) = both.platform.accounts[DEMO].keys.values()
    assert key.scopes == (WRITE,)


@pytest.mark.clause("retailcrm:config.tolerant")
def test_unknown_members_nulls_and_escaped_slashes_are_read_past():
    both = sides()
    both.partner.config = answering(
        b'{"success":true,"errorMsg":null,"more":{"a":[1,null]},"scopes":["integration_read","integration_write"],'
        b'"registerUrl":"https:\\/\\/module.example\\/retailcrm\\/register"}'
    )
    accepted = b'{"success":true,"accountUrl":"https:\\/\\/module.example\\/x","errorMsg":null,"more":{}}'
    both.partner.connected = lambda: Response(200, (("content-type", "application/json"),), accepted)
    outcome = both.connect()
    assert outcome.held, outcome.findings
    assert both.platform.state(DEMO, CODE) == "connected"
    assert both.platform.account_form(DEMO, CODE)[0] == "https://module.example/x"


def answering(body: bytes):
    def step(request):
        yield from ()
        return Response(200, (("content-type", "application/json"),), body)

    return step


# --- registration ---------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:register.moment", "retailcrm:register.method", "retailcrm:connection.order")
def test_connect_posts_the_registration_where_the_configuration_says_and_then_sends_the_user(both):
    both.partner.register_url = lambda: f"{MODULE}/elsewhere?x=%2c"
    browser, page = opened(both)
    popup = press(both, browser, page, f"popup-{CODE}")
    assert [(one.method, one.target) for one in both.network.to(MODULE)] == [("GET", CONFIG)]
    endpoints = both.partner.endpoints
    both.partner.endpoints = lambda: {**endpoints(), "/elsewhere": {"POST": both.partner.register}}
    press(both, browser, popup, "connect", "account")
    assert [(one.method, one.target) for one in both.network.to(MODULE)] == [
        ("GET", CONFIG),
        ("POST", "/elsewhere?x=%2c"),
        ("POST", ACCOUNT),
        ("GET", ACCOUNT),
    ]


@pytest.mark.clause("retailcrm:register.contents", "retailcrm:token.coverage")
@pytest.mark.parametrize("host", ["public", "technical"])
@pytest.mark.parametrize("later", [0, 86_400])
def test_a_registration_is_three_texts_and_its_token_is_about_the_key_alone(host, later):
    both = recorded(sides(system_url=host))
    both.clock.advance(later)
    both.connect()
    members = registered(both)
    assert set(members) == {"token", "apiKey", "systemUrl"}
    assert {type(value) for value in members.values()} == {str}
    assert members["systemUrl"] == {"public": DEMO, "technical": TECHNICAL}[host]
    assert members["apiKey"] in both.platform.accounts[DEMO].keys
    secret, key = b"example-module-secret", members["apiKey"].encode()
    assert members["token"] == hmac.digest(secret, key, "sha256").hex()


@pytest.mark.clause("retailcrm:register.key-issued")
@pytest.mark.parametrize("scopes", [(READ, WRITE), (WRITE,)])
def test_the_key_works_with_the_requested_scopes_when_the_registration_arrives(scopes):
    both = sides(scopes=scopes)
    assert both.platform.accounts[DEMO].keys == {}
    register, found = both.partner.register, []

    def looked_at(request):
        key = json.loads(dict(parse_qsl(request.body.decode()))["register"])["apiKey"]
        response = yield Request("GET", DEMO, "/api/credentials", (("x-api-key", key),))
        found.append((response.status, response.json()["scopes"]))
        return (yield from register(request))

    both.partner.register = looked_at
    assert both.connect().held
    assert found == [(200, list(scopes))]


@pytest.mark.clause("retailcrm:register.timeout")
def test_the_platform_waits_30_seconds_for_a_registration_and_then_no_longer(both):
    both.connect()
    (request,) = both.network.to(MODULE, REGISTER)
    assert request.timeout == 30


@pytest.mark.clause("retailcrm:register.redirects")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_register_address_is_not_followed(status):
    both = sides()
    elsewhere = Response(status, (("location", f"{MODULE}/account"),))
    config = {"success": True, "scopes": [WRITE], "registerUrl": MODULE + REGISTER}
    module = Answering(config=json_response(config), register=elsewhere, account=json_response({}))
    both = recorded(both._replace(partner=module))
    both.popup()
    both.connect()
    assert [one.path for one in both.network.to(MODULE)] == [CONFIG, REGISTER]
    assert both.platform.state(DEMO, CODE) == ""


# --- edit -----------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:edit.during")
def test_edit_is_answered_before_the_registration_is(both):
    both.connect()
    answers = [(request.path, response.status) for request, response in both.network.answered]
    assert answers == [(CONFIG, 200), ("/api/credentials", 200), (EDIT, 201), (REGISTER, 200)]


@pytest.mark.clause("retailcrm:edit.answer")
def test_edit_answers_201_to_a_module_that_is_new_to_the_account_and_200_to_a_known_one(both):
    for account in (DEMO, DEMO, ANOTHER, DEMO):
        both.connect(account)
    edits = [
        (request.origin, response) for request, response in both.network.answered if request.path == EDIT
    ]
    assert [(origin, response.status) for origin, response in edits] == [
        (DEMO, 201), (DEMO, 200), (ANOTHER, 201), (DEMO, 200),
    ]  # fmt: skip
    for _, response in edits:
        answer = response.json()
        assert (set(answer), answer["success"]) == ({"success", "info"}, True)
        assert isinstance(answer["info"], dict)


# --- how an answer is judged ----------------------------------------------------------------------


@pytest.mark.clause("retailcrm:answer.status", "retailcrm:answer.judged")
@pytest.mark.parametrize("status", [200, 201, 202, 226, 299, 199, 300, 400, 500])
def test_any_status_from_200_to_299_with_success_is_success_and_no_other(status):
    both = sides()
    answer = {"success": True, "accountUrl": f"{MODULE}{ACCOUNT}"}
    both.partner.connected = lambda: json_response(answer, status)
    both.connect()
    assert both.platform.state(DEMO, CODE) == ("connected" if 200 <= status <= 299 else "")


@pytest.mark.clause("retailcrm:answer.judged")
@pytest.mark.parametrize("status", [200, 201, 400, 401, 503])
@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"success":false,"errorMsg":"The vault is shut."}', "The vault is shut."),
        (b'{"success":false}', "The module is not available."),
        (b'{"success":"true","errorMsg":"The vault is shut."}', "The module is not available."),
        (b'{"errorMsg":"The vault is shut."}', "The module is not available."),
        (b"<h1>The vault is shut.</h1>", "The module is not available."),
        (b"", "The module is not available."),
    ],
)
def test_a_failure_shows_its_message_whatever_the_status_is(status, body, shown):
    both = sides()
    both.partner.connected = lambda: Response(status, (("content-type", "application/json"),), body)
    browser, page = opened(both)
    page = press(both, browser, page, f"popup-{CODE}", "connect")
    assert f'<b id="error">{shown}</b>' in page.response.body.decode()
    assert both.platform.state(DEMO, CODE) == ""


@pytest.mark.clause("retailcrm:answer.edit-seen")
def test_an_edit_with_another_key_than_the_issued_one_makes_no_connection(both):
    both.connect()
    (old,) = both.platform.accounts[DEMO].keys
    edit = both.partner.edit
    both.partner.edit = lambda url, key, installation: edit(url, old, installation)
    both.platform.forget(DEMO, CODE)
    outcome = both.connect()
    assert outcome.response.json()["success"] is True
    (_, first), (_, second) = [pair for pair in both.network.answered if pair[0].path == EDIT]
    assert (first.status, second.status) == (201, 201), "the old key is good, and edit was carried out"
    assert both.platform.state(DEMO, CODE) == ""


# --- the user's way -------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:transition.post")
def test_after_success_the_browser_posts_client_id_alone_to_the_account_address(both):
    browser, page = opened(both)
    page = press(both, browser, page, f"popup-{CODE}", "connect")
    assert both.network.to(MODULE, ACCOUNT) == []
    press(both, browser, page, "account")
    post, _ = both.network.to(MODULE, ACCOUNT)
    connection = both.platform.connection(DEMO, CODE)
    assert form_of(post) == {"clientId": connection.client_id}
    assert both.network.sent[-2].sender == "browser"
    assert not [one for _, one in both.network.sent if connection.client_id in one.target]


@pytest.mark.clause("retailcrm:transition.later")
def test_later_the_same_post_goes_to_the_account_url_of_edit(both):
    described = both.partner.description
    both.partner.description = lambda one: {**described(one), "accountUrl": f"{MODULE}{ACCOUNT}?from=edit"}
    browser, page = opened(both)
    page = press(both, browser, page, f"popup-{CODE}", "connect")
    assert page.form("account").action == MODULE + ACCOUNT
    press(both, browser, page, "account")
    browser, page = opened(both)
    form = page.form(f"account-{CODE}")
    assert (form.method, form.action) == ("POST", f"{MODULE}{ACCOUNT}?from=edit")
    assert form.fields == {"clientId": both.platform.connection(DEMO, CODE).client_id}
    for _ in range(2):
        assert press(both, browser, page, f"account-{CODE}").response.status == 200


# --- callbacks ------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:activity.address")
@pytest.mark.parametrize(
    ("base", "action"),
    [
        (MODULE, "/retailcrm/activity"),
        (f"{MODULE}/", "/retailcrm/activity"),
        (MODULE, "retailcrm/activity"),
        (f"{MODULE}/", "retailcrm/activity"),
        (f"{MODULE}/retailcrm", "/activity"),
        (f"{MODULE}/retailcrm/", "activity"),
    ],
)
def test_a_callback_goes_to_base_url_and_action_with_one_slash_between_them(both, base, action):
    described = both.partner.description
    both.partner.description = lambda one: {
        **described(one), "baseUrl": base, "actions": {"activity": action},
    }  # fmt: skip
    both.connect()
    assert both.activity().held
    assert both.network.sent[-1].request.target == ACTIVITY


@pytest.mark.clause("retailcrm:activity.form", "retailcrm:activity.unsigned")
@pytest.mark.parametrize("host", ["public", "technical"])
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("freeze", [True, False])
def test_a_callback_is_a_form_of_three_fields_and_proves_nothing(host, active, freeze):
    both = recorded(sides(system_url=host))
    both.connect()
    both.activity(active=active, freeze=freeze)
    (request,) = both.network.to(MODULE, ACTIVITY)
    fields = form_of(request)
    assert set(fields) == {"clientId", "activity", "systemUrl"}, "no token, no signature, no time"
    assert request.headers == (("content-type", URLENCODED),)
    assert fields["clientId"] == both.platform.connection(DEMO, CODE).client_id
    written = {True: "true", False: "false"}
    assert fields["activity"] == f'{{"active":{written[active]},"freeze":{written[freeze]}}}'
    assert fields["systemUrl"] == {"public": DEMO, "technical": TECHNICAL}[host]


# --- the API --------------------------------------------------------------------------------------


def call(both: Both, method: str, target: str, key: str = "", form: dict[str, str] | None = None) -> Response:
    headers = (("x-api-key", key),) if key else ()
    if form is None:
        return both.network.exchange("module", Request(method, DEMO, target, headers))
    sent = (*headers, ("content-type", URLENCODED))
    return both.network.exchange("module", Request(method, DEMO, target, sent, form_body(form)))


@pytest.mark.clause("retailcrm:api.https")
def test_the_api_is_at_no_http_address():
    both = sides(traps={})
    both.connect()
    (key,) = both.platform.accounts[DEMO].keys
    plain = Request("GET", DEMO.replace("https", "http"), "/api/credentials", (("x-api-key", key),))
    with pytest.raises(Unreachable, match="no-address"):
        both.network.exchange("module", plain)
    at_the_role = InProcess(both.platform).run(both.platform.handle(plain))
    assert (at_the_role.status, at_the_role.json()["success"]) == (404, False), "nor by another name"


@pytest.mark.clause("retailcrm:api.https")
def test_the_api_answers_json_in_utf_8(both):
    described = both.partner.description
    both.partner.description = lambda one: {**described(one), "name": "Zoë Ω 😀"}
    both.connect()
    (key,) = both.platform.accounts[DEMO].keys
    answer = call(both, "GET", EDIT.removesuffix("/edit"), key)
    assert '"name":"Zoë Ω 😀"'.encode() in answer.body
    call(both, "GET", "/api/nothing")
    call(both, "GET", "/api/system-info")
    called = [response for request, response in both.network.answered if request.path.startswith("/api/")]
    assert len(called) == 5
    for response in called:
        assert response.header("content-type") == "application/json"
        assert isinstance(json.loads(response.body.decode("utf-8")), dict)


@pytest.mark.clause("retailcrm:api.errors")
def test_every_error_is_an_object_with_success_false_and_a_message(both):
    key = both.platform.issue_key(both.platform.accounts[DEMO], CODE, (READ, WRITE))
    weak = both.platform.issue_key(both.platform.accounts[DEMO], CODE, (READ,))
    wrong = {"integrationModule": json.dumps({"code": CODE, "integrationCode": CODE})}
    both.connect(DEMO, "edit-402")
    (with_list,) = [response for request, response in both.network.answered if request.path == EDIT]
    errors = {
        "no key": (400, call(both, "GET", "/api/credentials")),
        "wrong key": (403, call(both, "GET", "/api/credentials", "x")),
        "without the right": (403, call(both, "POST", EDIT, weak, {"integrationModule": "{}"})),
        "no field": (400, call(both, "POST", EDIT, key, {})),
        "object": (400, call(both, "POST", EDIT, key, wrong)),
        "list": (402, with_list),
        "no such module": (404, call(both, "GET", EDIT.removesuffix("/edit"), key)),
        "no such path": (404, call(both, "GET", "/api/v5/orders", key)),
        "wrong method": (405, call(both, "GET", EDIT, key)),
        "scopes": (400, call(both, "POST", EDIT.replace("edit", "update-scopes"), key, {"requires": "{}"})),
    }
    for name, (status, response) in errors.items():
        answer = response.json()
        assert (response.status, answer.pop("success")) == (status, False), name
        assert isinstance(answer.pop("errorMsg"), str), name
        assert set(answer) <= {"errors"}, name
    kinds = {name: type(one.json()["errors"]) for name, (_, one) in errors.items() if "errors" in one.json()}
    assert kinds == {"object": dict, "list": list}
