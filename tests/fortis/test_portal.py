"""The simulator's own pages: by the buttons alone, safe against other sites, escaped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handshakes.core.messages import Request, form_body
from handshakes.fortis import demo
from handshakes.fortis.partner.configuration import API, UI
from handshakes.runtime.browser import Browser
from tests.fortis.sides import LOCATION, MODES, OTHER_LOCATION, OTHER_USER, TITLE, USER, sides

FORM = "application/x-www-form-urlencoded"
FIELDS = {"app": TITLE, "location": LOCATION, "user": USER}


def post(world, step: str, fields=FIELDS, origin: str = UI, content_type: str = FORM):
    headers = (("content-type", content_type), ("origin", origin))
    return world.network.exchange(
        "browser", Request("POST", UI, f"/simulator/{step}", headers, form_body(fields))
    )


def test_the_list_shows_what_is_registered():
    world = sides()
    browser = Browser()
    page = world.network.run(browser.open(f"{UI}/simulator"))
    assert b"Nothing here is Fortis" in page.response.body and b"none yet" in page.response.body
    world.network.run(browser.submit(page, page.form("register-location")))
    page = world.network.run(browser.open(f"{UI}/simulator"))
    assert b'id="location-state">registered<' in page.response.body
    assert b"fortis:postback.answer" in page.response.body


@pytest.mark.parametrize("mode", MODES)
def test_the_faults_that_are_offered_are_those_of_the_mode(mode):
    text = Browser()
    world = sides(mode=mode)
    page = world.network.run(text.open(f"{UI}/simulator")).response.body.decode()
    assert ("sha256-derivation" in page) is (mode == "encrypted")
    assert ("swapped-order" in page) is (mode == "plain")
    assert "token-expired" in page and "raw-injection" in page


@pytest.mark.clause("fortis:launch.server-side")
def test_the_app_stands_in_a_frame_and_nothing_else_may():
    world = sides().unheard()
    response = post(world, "open")
    policy = set(response.header("content-security-policy").split("; "))
    assert {"default-src 'none'", "frame-src https://app.example", "frame-ancestors 'none'"} <= policy
    assert b'<iframe src="https://app.example/fortis/launch?data=' in response.body
    assert demo.SECRET.encode() not in response.body


@pytest.mark.clause("fortis:launch.subscribed")
def test_the_button_opens_nothing_for_who_is_not_registered():
    world = sides()
    for step, status in (("open", 403), ("register", 200), ("open", 200), ("unregister", 200), ("open", 403)):
        world.register()
        response = post(world, step)
        assert (response.status, b"<iframe" in response.body) == (status, (step, status) == ("open", 200))
    assert b"Register the location and the user first" in response.body


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({}, "open"),
        ({**FIELDS, "user": ""}, "open"),
        ({**FIELDS, "app": "x"}, "register"),
        ({**FIELDS, "location": "x"}, "register"),
        ({**FIELDS, "location": OTHER_LOCATION}, "register"),
        ({**FIELDS, "user": "x"}, "register"),
        ({**FIELDS, "fault": "x"}, "open"),
        ({**FIELDS, "fault": "stale"}, "open"),
        ({**FIELDS, "fault": "raw-injection"}, "register"),
        ({**FIELDS, "fault": "raw-injection"}, "unregister"),
        ({**FIELDS, "contact": "x"}, "open"),
        ({**FIELDS, "location": OTHER_LOCATION, "user": OTHER_USER, "contact": demo.CONTACT}, "open"),
    ],
)
def test_what_the_list_does_not_offer_is_a_400_that_does_nothing(fields, step):
    world = sides()
    assert post(world, step, fields).status == 400
    assert len(world.network.transcript.events) == 2
    assert world.platform.findings == [] and world.platform.registered == set()


def test_a_form_of_another_site_or_of_another_kind_is_refused():
    world = sides()
    assert post(world, "open", origin="https://attacker.example").status == 403
    assert post(world, "open", origin="null").status == 403
    assert post(world, "open", content_type="text/plain").status == 415
    assert post(world, "nowhere").status == 404
    for method, path, status in (
        ("GET", "/simulator/open", 405),
        ("POST", "/simulator", 405),
        ("GET", "/", 404),
    ):
        assert world.network.exchange("browser", Request(method, UI, path)).status == status


def test_names_are_escaped():
    world = sides()
    world.platform.add_location(replace(world.platform.locations[LOCATION], name="<script>alert(1)</script>"))
    page = world.network.run(Browser().open(f"{UI}/simulator")).response.body
    assert b"<script>" not in page and b"&lt;script&gt;" in page


def test_a_consent_is_asked_for_by_the_platforms_own_page_only():
    world = sides()
    query = f"client_id=example-app&redirect_uri=https%3A%2F%2Fapp.example%2Ffortis%2Foauth%2Fcallback&response_type=code&state={'s' * 16}"
    open_page = world.network.run(
        Browser().open(f"{API}/oauth/authorize?{query}&code_challenge={'c' * 43}&code_challenge_method=S256")
    )
    assert open_page.response.ok and len(open_page.forms) == 2
    assert "frame-ancestors 'none'" in open_page.response.header("content-security-policy")
    for wrong, status in (
        (query.replace("example-app", "x"), 400),
        (query.replace("app.example", "attacker.example"), 400),
        (query + "&state=x", 400),
        ("", 400),
    ):
        response = world.network.exchange("browser", Request("GET", API, f"/oauth/authorize?{wrong}"))
        assert (response.status, response.header("location")) == (status, "")
    headers = (("content-type", FORM), ("origin", "https://attacker.example"))
    forged = Request("POST", API, "/oauth/authorize", headers, f"{query}&decision=allow&user={USER}".encode())
    assert world.network.exchange("browser", forged).status == 403
    assert world.platform.grants == {}


def test_a_user_who_denies_gives_no_access():
    world = sides().unheard()
    browser = Browser()
    world.register()
    page = world.network.run(browser.open(world.platform.launch_url(TITLE, LOCATION, USER)))
    page = world.network.run(browser.submit(page, page.form("oauth")))
    page = world.network.run(browser.submit(page, page.form("deny")))
    assert page.response.status == 403
    assert world.reasons() == ["platform-error"]


def token_request(world, fields, content_type: str = FORM, method: str = "POST", **headers: str):
    sent = (("content-type", content_type), *headers.items())
    return world.network.exchange("app", Request(method, API, "/oauth/token", sent, form_body(fields)))


def test_the_token_endpoint_answers_wrong_requests_as_the_rfc_says():
    world = sides()
    app = world.platform.apps[TITLE]
    client = {"client_id": "example-app", "client_secret": demo.CLIENT_SECRET}
    right = {"grant_type": "authorization_code", "redirect_uri": app.redirect_uri, **client}
    code = lambda: world.platform.issue_code(app, USER, "")  # noqa: E731
    for fields, error in (
        ({}, "invalid_request"),
        ({**client, "client_secret": "x"}, "invalid_client"),
        ({**client, "client_secret": ""}, "invalid_client"),
        ({**client, "client_id": "x"}, "invalid_client"),
        ({**client}, "unsupported_grant_type"),
        ({**client, "grant_type": "password"}, "unsupported_grant_type"),
        ({**right, "code": "x"}, "invalid_grant"),
        ({**right, "code": code(), "redirect_uri": "https://attacker.example"}, "invalid_grant"),
        ({**client, "grant_type": "refresh_token"}, "invalid_grant"),
    ):
        answer = token_request(world, fields)
        assert (answer.status, answer.json()["error"]) == (400, error), fields
        assert answer.header("cache-control") == "no-store"
    assert token_request(world, right, method="GET").status == 405
    assert token_request(world, right, "application/json").json()["error"] == "invalid_request"
    assert token_request(world, {"grant_type": "x"}, authorization="Basic !").status == 401
    used = code()
    assert token_request(world, {**right, "code": used}).ok
    assert world.platform.access
    assert token_request(world, {**right, "code": used}).json()["error"] == "invalid_grant"
    assert world.platform.access == {}, "what a code used twice gave is taken back"
    old = code()
    world.clock.advance(601)
    assert token_request(world, {**right, "code": old}).json()["error"] == "invalid_grant"
    held = world.platform.issue_code(app, USER, "c" * 43)
    assert (
        token_request(world, {**right, "code": held, "code_verifier": "v" * 43}).json()["error"]
        == "invalid_grant"
    )
