"""The identity host: tokens and consent as RFC 6749 asks for them, with the page's own spellings beside it.

Section numbers are those of RFC 6749. What the RFC leaves open (lifetimes, the status of
invalid_client in the body) is as a look-alike library does it, and inferred.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest

from handshakes.core.messages import Request
from handshakes.officernd.simulator import OfficeRnD
from handshakes.officernd.simulator.records import READ, WRITE
from handshakes.runtime.browser import Browser
from handshakes.spec import register
from tests.officernd.sides import sides

IDENTITY = "https://identity.officernd.com"
CONNECT = "https://partner.example/officernd/connect"
RETURN = "https://app.officernd.com/connect/external-integration/return"
FORM = (("content-type", "application/x-www-form-urlencoded"),)
ABSENT = "(absent)"


def first(platform: OfficeRnD):
    return next(iter(platform.integrations.values()))


def a_code(both) -> str:
    return both.platform.issue_code(first(both.platform), CONNECT)


def exchange_of(both, **changed) -> dict[str, str]:
    """Return a right code exchange with fields changed, or left out."""
    right = {
        "client_id": "example-client-id",
        "client_secret": "example-client-secret",
        "grant_type": "authorization_code",
        "code": changed.get("code") or a_code(both),
        "redirect_uri": CONNECT,
    }
    return {name: value for name, value in {**right, **changed}.items() if value is not ABSENT}


def refresh_of(token: str, **changed) -> dict[str, str]:
    return {
        "client_id": "example-client-id",
        "client_secret": "example-client-secret",
        "grant_type": "refresh_token",
        "refresh_token": token,
        **changed,
    }


def ask(both, fields, headers=FORM, method="POST", target="/oauth/token"):
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    return both.network.exchange("test", Request(method, IDENTITY, target, headers, body))


def tokens(both, fields) -> dict[str, object]:
    response = ask(both, fields)
    assert response.status == 200, response.body
    return response.json()


def works(both, answer) -> bool:
    """Whether the API takes this access token."""
    header = (("authorization", f"Bearer {answer['access_token']}"),)
    request = Request("GET", "https://app.officernd.com", "/api/v1/organizations/test-slug", header)
    return both.network.exchange("test", request).status == 200


def basic(user: str, password: str) -> tuple[tuple[str, str], ...]:
    return (*FORM, ("authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()))


def refused(both, response, error: str, status: int = 400) -> dict[str, str]:
    """Check everything that 5.2 says of an error answer, and return it."""
    answer = response.json()
    assert (response.status, answer["error"]) == (status, error)
    assert response.header("content-type").startswith("application/json")
    assert response.header("cache-control") == "no-store"
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer["error_description"])
    assert ("www-authenticate" in dict(response.headers)) == (status == 401)
    assert both.platform.tokens == {}
    return answer


# --- a token is given -----------------------------------------------------------------------------


@pytest.mark.clause("officernd:token.answer")
def test_the_answer_has_the_documented_shape_and_is_not_kept_by_caches():
    """5.1, and the token page's sample: Bearer, 3599 seconds, the scopes."""
    both = sides()
    response = ask(both, exchange_of(both, scope=f"{READ} {WRITE}"))
    answer = response.json()
    assert response.status == 200
    assert response.header("content-type").startswith("application/json")
    assert (response.header("cache-control"), response.header("pragma")) == ("no-store", "no-cache")
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    assert answer["scope"] == "officernd.api.read officernd.api.write"
    assert re.fullmatch("[0-9a-f]{40}", answer["access_token"])
    assert re.fullmatch("[0-9a-f]{40}", answer["refresh_token"])
    assert answer["access_token"] != answer["refresh_token"]
    assert works(both, answer)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded;charset=utf-8",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded",
    ],
)
def test_the_content_type_of_the_official_example_is_taken(content_type):
    both = sides()
    assert ask(both, exchange_of(both), (("content-type", content_type),)).status == 200


def test_the_client_may_prove_itself_by_basic():
    """2.3.1: by the header, with nothing about it in the body."""
    both = sides()
    fields = exchange_of(both, client_id=ABSENT, client_secret=ABSENT)
    assert ask(both, fields, basic("example-client-id", "example-client-secret")).status == 200


def test_basic_credentials_are_urlencoded_before_they_are_joined():
    """2.3.1 and appendix B; without it no colon could stand in a client id."""
    both = sides()
    application = replace(
        both.platform.applications["example-client-id"], client_secret="geheimnis-mit-ümlaut"
    )
    both.platform.add_application(application)
    fields = exchange_of(both, client_id=ABSENT, client_secret=ABSENT)
    header = basic(quote_plus("example-client-id"), quote_plus("geheimnis-mit-ümlaut"))
    assert ask(both, fields, header).status == 200


@pytest.mark.parametrize("scope", [ABSENT, ""])
def test_no_scope_means_every_scope_of_the_application(scope):
    """C5: official examples send none; 3.2: an empty parameter counts as omitted."""
    both = sides()
    expected = set(both.platform.applications["example-client-id"].scopes)
    assert set(tokens(both, exchange_of(both, scope=scope))["scope"].split()) == expected


def test_a_narrower_scope_is_granted_and_said():
    """5.1: the scope stands in the answer, since it is not the whole."""
    both = sides()
    assert tokens(both, exchange_of(both, scope=READ))["scope"] == "officernd.api.read"


def test_unknown_parameters_are_ignored():
    """3.2; the official example sends the access token along with a refresh."""
    both = sides()
    answer = tokens(both, exchange_of(both, something="else"))
    tokens(both, refresh_of(answer["refresh_token"], access_token=answer["access_token"]))


# --- a token is refused (5.2) ---------------------------------------------------------------------


@pytest.mark.clause("officernd:token.errors")
@pytest.mark.parametrize(
    ("changed", "error", "clause"),
    [
        ({"grant_type": ABSENT}, "invalid_request", "grant"),
        ({"grant_type": ""}, "invalid_request", "grant"),
        ({"code": ABSENT}, "invalid_request", "code"),
        ({"code": ""}, "invalid_request", "code"),
        ({"redirect_uri": ABSENT}, "invalid_request", "redirect-uri"),
        ({"redirect_uri": ""}, "invalid_request", "redirect-uri"),
        ({"client_id": ABSENT}, "invalid_request", "client"),
        ({"client_id": "", "client_secret": ""}, "invalid_request", "client"),
        ({"client_id": "unknown"}, "invalid_client", "client"),
        ({"client_secret": ABSENT}, "invalid_client", "client"),
        ({"client_secret": ""}, "invalid_client", "client"),
        ({"client_secret": "wrong-secret"}, "invalid_client", "client"),
        ({"client_secret": "example-integration-secret"}, "invalid_client", "client"),
        ({"client_secret": "example-client-secret "}, "invalid_client", "client"),
        ({"client_secret": "geheimnis-mit-ümlaut"}, "invalid_client", "client"),
        ({"grant_type": "client_credentials"}, "unauthorized_client", "grant"),
        ({"grant_type": "password"}, "unsupported_grant_type", "grant"),
        ({"grant_type": "AUTHORIZATION_CODE"}, "unsupported_grant_type", "grant"),
        ({"grant_type": "refresh_token"}, "invalid_request", "refresh"),
        ({"grant_type": "refresh_token", "refresh_token": ""}, "invalid_request", "refresh"),
        ({"grant_type": "refresh_token", "refresh_token": "00" * 20}, "invalid_grant", "refresh"),
        ({"code": "00" * 20}, "invalid_grant", "code"),
        ({"redirect_uri": CONNECT + "/"}, "invalid_grant", "redirect-uri"),
        ({"redirect_uri": CONNECT.upper()}, "invalid_grant", "redirect-uri"),
        ({"redirect_uri": RETURN}, "invalid_grant", "redirect-uri"),
        ({"scope": "officernd.api.admin"}, "invalid_scope", "scope"),
        ({"scope": f"{READ} officernd.api.admin"}, "invalid_scope", "scope"),
        ({"scope": f"{READ},{WRITE}"}, "invalid_scope", "scope"),
    ],
    ids=str,
)
def test_every_error_of_the_token_endpoint(changed, error, clause):
    """The error is RFC 6749's, and the simulator blames the clause that was broken."""
    both = sides()
    refused(both, ask(both, exchange_of(both, **changed)), error)
    assert [(finding.clause, finding.held) for finding in both.platform.findings] == [
        (f"officernd:token.{clause}", False)
    ]


@pytest.mark.parametrize("status", ["expired", "another client's"])
def test_a_code_is_good_for_its_client_and_its_time(status):
    both = sides()
    fields = exchange_of(both)
    if status == "expired":
        both.clock.advance(301)
    else:
        application = replace(both.platform.applications["example-client-id"], client_id="another-client-id")
        both.platform.add_application(application)
        fields["client_id"] = "another-client-id"
    refused(both, ask(both, fields), "invalid_grant")


@pytest.mark.parametrize("name", ["grant_type", "client_id", "code", "redirect_uri", "something"])
@pytest.mark.parametrize("again", ["the same", "another"])
def test_a_parameter_twice(name, again):
    """3.2: request parameters are not included more than once."""
    both = sides()
    fields = [*exchange_of(both, something="else").items()]
    second = dict(fields)[name] if again == "the same" else "another"
    refused(both, ask(both, urlencode([*fields, (name, second)]).encode()), "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("content-type", "application/json"),),
        (("content-type", "text/plain"),),
        (("content-type", "multipart/form-data; boundary=x"),),
        (("content-type", "application/x-www-form-urlencoded-not"),),
    ],
    ids=str,
)
def test_another_content_type(headers):
    both = sides()
    refused(both, ask(both, exchange_of(both), headers), "invalid_request")


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe=1", b"code=%ff", b"code=%4", b"a=1&" * 300, b"a=" + b"1" * 9000]
)
def test_no_body_and_bodies_that_cannot_be_read(body):
    both = sides()
    refused(both, ask(both, body), "invalid_request")


def test_parameters_in_the_url_are_not_read():
    """2.3.1: they must not stand in the request URI, where logs would keep the secret."""
    both = sides()
    refused(both, ask(both, b"", target="/oauth/token?" + urlencode(exchange_of(both))), "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post(method):
    """3.2."""
    both = sides()
    response = ask(both, exchange_of(both), method=method)
    assert (response.status, response.header("allow")) == (405, "POST")
    assert both.platform.tokens == {}


@pytest.mark.parametrize(
    "headers",
    [
        basic("example-client-id", "wrong-secret"),
        basic("unknown", "example-client-secret"),
        basic("", "example-client-secret"),
        basic("example-client-id", ""),
        (*FORM, ("authorization", "Basic")),
        (*FORM, ("authorization", "Basic !!!")),
        (*FORM, ("authorization", "Basic " + base64.b64encode(b"no colon").decode())),
        (*FORM, ("authorization", "Basic " + base64.b64encode(b"\xff:\xff").decode())),
        (*FORM, ("authorization", "Bearer example-client-secret")),
    ],
    ids=str,
)
def test_a_wrong_authorization_header_is_401_with_a_challenge(headers):
    """5.2: whoever used the header gets 401 and the scheme to use."""
    both = sides()
    fields = exchange_of(both, client_id=ABSENT, client_secret=ABSENT)
    response = ask(both, fields, headers)
    refused(both, response, "invalid_client", 401)
    assert response.header("www-authenticate").startswith('Basic realm="')


def test_basic_and_body_at_once():
    """2.3: never more than one method in a request."""
    both = sides()
    header = basic("example-client-id", "example-client-secret")
    refused(both, ask(both, exchange_of(both), header), "invalid_request")


def test_what_is_wrong_with_a_request_does_not_spend_the_code():
    both = sides()
    code = a_code(both)
    for wrong in (
        {"client_secret": "wrong-secret"},
        {"scope": "officernd.api.admin"},
        {"redirect_uri": RETURN},
    ):
        assert ask(both, exchange_of(both, code=code, **wrong)).status == 400
    tokens(both, exchange_of(both, code=code))


# --- the page's spelling (C1) ---------------------------------------------------------------------


def test_redirect_url_is_refused_by_its_name():
    """The page's curl says redirect_url; who copies it must be told what is wrong."""
    both = sides()
    fields = exchange_of(both, redirect_uri=ABSENT, redirect_url=CONNECT)
    answer = refused(both, ask(both, fields), "invalid_request")
    assert "redirect_url" in answer["error_description"]
    assert "redirect_uri" in answer["error_description"]
    assert both.platform.findings[-1].clause == "officernd:token.redirect-uri"


@pytest.mark.parametrize(("value", "status"), [(CONNECT, 200), (RETURN, 400)])
def test_redirect_url_is_accepted_by_the_switch(value, status):
    both = sides(accept_redirect_url=True)
    assert ask(both, exchange_of(both, redirect_uri=ABSENT, redirect_url=value)).status == status
    assert ask(both, exchange_of(both)).status == 200, "the right spelling always works"


# --- once, and not for ever -----------------------------------------------------------------------


@pytest.mark.clause("officernd:token.code")
@pytest.mark.parametrize("refreshed", [False, True])
def test_a_code_that_is_used_again_takes_back_what_it_gave(refreshed):
    """4.1.2: deny, and revoke what was issued on that code; a refresh is no way out."""
    both = sides()
    fields = exchange_of(both)
    answer = tokens(both, fields)
    if refreshed:
        answer = tokens(both, refresh_of(answer["refresh_token"]))
    unrelated = tokens(both, exchange_of(both))
    assert works(both, answer)
    again = ask(both, fields)
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")
    assert not works(both, answer)
    assert ask(both, refresh_of(answer["refresh_token"])).json()["error"] == "invalid_grant"
    assert works(both, unrelated), "the tokens of another code stay"


def test_a_refresh_token_is_rotated():
    """6, and seen in practice (C14): the new one works, the old one and its access token do not."""
    both = sides()
    old = tokens(both, exchange_of(both))
    new = tokens(both, refresh_of(old["refresh_token"]))
    assert {old["access_token"], old["refresh_token"]}.isdisjoint({new["access_token"], new["refresh_token"]})
    assert not works(both, old)
    assert works(both, new)
    assert ask(both, refresh_of(old["refresh_token"])).json()["error"] == "invalid_grant"
    newest = tokens(both, refresh_of(new["refresh_token"]))
    assert works(both, newest)


def test_a_refresh_token_is_good_for_its_client_only():
    both = sides()
    answer = tokens(both, exchange_of(both))
    application = replace(both.platform.applications["example-client-id"], client_id="another-client-id")
    both.platform.add_application(application)
    response = ask(both, refresh_of(answer["refresh_token"], client_id="another-client-id"))
    assert (response.status, response.json()["error"]) == (400, "invalid_grant")
    tokens(both, refresh_of(answer["refresh_token"]))


def test_a_refresh_may_ask_for_less_and_not_for_more():
    """6: nothing beyond what was granted at first."""
    both = sides()
    answer = tokens(both, exchange_of(both, scope=f"{READ} {WRITE}"))
    wider = ask(both, refresh_of(answer["refresh_token"], scope=f"{READ} flex.space.locations.read"))
    assert (wider.status, wider.json()["error"]) == (400, "invalid_scope")
    narrow = tokens(both, refresh_of(answer["refresh_token"], scope=READ))
    assert narrow["scope"] == "officernd.api.read"


def test_a_narrow_refresh_does_not_narrow_the_refresh_token():
    """6: the new refresh token has the scope of the one that was sent, whatever the access token was narrowed to."""
    both = sides()
    answer = tokens(both, exchange_of(both, scope=f"{READ} {WRITE}"))
    narrow = tokens(both, refresh_of(answer["refresh_token"], scope=READ))
    assert (
        tokens(both, refresh_of(narrow["refresh_token"]))["scope"] == "officernd.api.read officernd.api.write"
    )


@pytest.mark.clause("officernd:token.code")
@pytest.mark.parametrize(("age", "status"), [(300, 200), (301, 400)])
def test_the_last_second_of_a_code(age, status):
    """C12: 300 s (inferred); limits are inclusive."""
    both = sides()
    fields = exchange_of(both)
    both.clock.advance(age)
    assert ask(both, fields).status == status


@pytest.mark.parametrize(("age", "alive"), [(3598, True), (3599, False)])
def test_the_last_second_of_an_access_token(age, alive):
    """5.1: it will have expired `expires_in` seconds after the answer; C15: 3599."""
    both = sides()
    answer = tokens(both, exchange_of(both))
    both.clock.advance(age)
    assert works(both, answer) is alive


@pytest.mark.parametrize(("age", "status"), [(14 * 86_400, 200), (14 * 86_400 + 1, 400)])
def test_the_last_second_of_a_refresh_token(age, status):
    """14 days, as the look-alike library has it (inferred)."""
    both = sides()
    answer = tokens(both, exchange_of(both))
    both.clock.advance(age)
    assert ask(both, refresh_of(answer["refresh_token"])).status == status


# --- the authorise page (4.1.1, 4.1.2; C4 b) ------------------------------------------------------

ASKED = {
    "response_type": "code",
    "client_id": "example-client-id",
    "redirect_uri": CONNECT,
    "scope": READ,
    "state": "a b&c=ü",
}


def authorize(both, fields, method="GET", headers=FORM):
    text = urlencode(fields)
    if method == "GET":
        request = Request("GET", IDENTITY, f"/oauth/authorize?{text}")
    else:
        request = Request("POST", IDENTITY, "/oauth/authorize", headers, text.encode())
    return both.network.exchange("browser", request)


def asked(**changed) -> dict[str, str]:
    return {name: value for name, value in {**ASKED, **changed}.items() if value is not ABSENT}


def sent_back(response) -> dict[str, str]:
    """Return the parameters that the browser carries to the redirect URI."""
    address, _, query = response.header("location").partition("?")
    assert (response.status, address) == (302, CONNECT)
    return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": ABSENT},
        {"client_id": "unknown"},
        {"redirect_uri": ABSENT},
        {"redirect_uri": ""},
        {"redirect_uri": "https://attacker.example/officernd/connect"},
        {"redirect_uri": CONNECT + "/"},
        {"redirect_uri": CONNECT + "?x=1"},
        {"redirect_uri": CONNECT + "@attacker.example"},
        {"redirect_uri": CONNECT.replace("https", "http")},
        {"redirect_uri": "javascript:alert(1)"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_client_or_address_is_never_redirected_to(changed, method):
    """4.1.2.1."""
    both = sides()
    decided = {"integration": first(both.platform).id, "decision": "allow"} if method == "POST" else {}
    response = authorize(both, asked(**changed, **decided), method)
    assert (response.status, response.header("location")) == (400, "")
    assert both.platform.grants == {}


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_doubled_client_or_address_is_not_redirected_to(name):
    both = sides()
    response = authorize(both, [*ASKED.items(), (name, ASKED[name])])
    assert (response.status, response.header("location")) == (400, "")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": ABSENT}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"scope": "officernd.api.admin"}, "invalid_scope"),
        ({"scope": f"{READ} officernd.api.admin"}, "invalid_scope"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_errors_go_back_with_error_and_state(changed, error, method):
    """4.1.2.1: the same state as was sent, and no code."""
    both = sides()
    decided = {"integration": first(both.platform).id, "decision": "allow"} if method == "POST" else {}
    answer = sent_back(authorize(both, asked(**changed, **decided), method))
    assert (answer["error"], answer["state"]) == (error, "a b&c=ü")
    assert "code" not in answer
    assert both.platform.grants == {}


def test_without_a_state_none_is_sent_back():
    both = sides()
    assert "state" not in sent_back(authorize(both, asked(state=ABSENT, response_type="token")))


@pytest.mark.clause("officernd:connect.parameters")
def test_to_allow_gives_what_the_connect_button_gives_and_the_state():
    """C4 b: the callback gets the four parameters of Step 1, in the page's spelling."""
    both = sides()
    browser = Browser()
    page = both.network.run(browser.open(f"{IDENTITY}/oauth/authorize?{urlencode(ASKED)}"))
    form = page.form("allow")
    second = list(both.platform.integrations.values())[1]
    answer = sent_back(authorize(both, {**form.fields, "integration": second.id}, form.method))
    assert re.fullmatch("[0-9a-f]{40}", answer.pop("code"))
    assert answer == {
        "org_slug": "test-slug",
        "locations": "5a0000000000000000000001",
        "integrationId": second.id,
        "state": "a b&c=ü",
    }


def test_to_deny_gives_access_denied():
    both = sides()
    page = both.network.run(Browser().open(f"{IDENTITY}/oauth/authorize?{urlencode(ASKED)}"))
    answer = sent_back(authorize(both, page.form("deny").fields, "POST"))
    assert answer == {"error": "access_denied", "state": "a b&c=ü"}
    assert both.platform.grants == {}


@pytest.mark.parametrize("decision", [{}, {"decision": ""}, {"decision": "ALLOW"}], ids=str)
def test_nothing_is_allowed_by_default(decision):
    both = sides()
    fields = asked(integration=first(both.platform).id, **decision)
    assert sent_back(authorize(both, fields, "POST"))["error"] == "access_denied"


def test_only_integrations_of_this_application_are_offered_and_given():
    both = sides()
    application = replace(
        both.platform.applications["example-client-id"], client_id="another-client-id", public=True
    )
    both.platform.add_application(application)
    organization = next(iter(both.platform.organizations))
    other = both.platform.add_integration("another-client-id", organization, secret="wrong-secret")
    page = both.network.run(Browser().open(f"{IDENTITY}/oauth/authorize?{urlencode(ASKED)}"))
    assert other.id.encode() not in page.response.body
    assert first(both.platform).id.encode() in page.response.body
    answer = sent_back(authorize(both, asked(integration=other.id, decision="allow"), "POST"))
    assert "code" not in answer
    assert both.platform.grants == {}


@pytest.mark.parametrize(
    "origin", ["https://attacker.example", "null", CONNECT.removesuffix("/officernd/connect")]
)
def test_a_decision_from_another_site_is_no_decision(origin):
    """10.12: the authorisation server protects its endpoint from decisions that nobody made."""
    both = sides()
    fields = asked(integration=first(both.platform).id, decision="allow")
    response = authorize(both, fields, "POST", (*FORM, ("origin", origin)))
    assert "code=" not in response.header("location")
    assert (response.status, both.platform.grants) == (403, {})


def test_the_consent_page_is_never_framed_and_escapes_what_it_was_sent():
    """10.13; a state is the partner's text, and may be an attacker's."""
    both = sides()
    hostile = '"><script>alert(1)</script>'
    response = authorize(both, asked(state=hostile))
    assert "frame-ancestors 'none'" in response.header("content-security-policy")
    assert b"<script" not in response.body
    page = both.network.run(Browser().open(f"{IDENTITY}/oauth/authorize?{urlencode(asked(state=hostile))}"))
    assert page.form("allow").fields["state"] == hostile


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_other_methods_of_the_authorise_page(method):
    both = sides()
    response = both.network.exchange(
        "test", Request(method, IDENTITY, f"/oauth/authorize?{urlencode(ASKED)}")
    )
    assert (response.status, response.header("allow")) == (405, "GET, POST")


# --- started by the partner (C4 b) ----------------------------------------------------------------


def partner_first():
    both = sides(started_by="partner")
    return both, Browser()


def started(both, browser):
    """Press Connect: the partner's start page sends the browser on to the consent page."""
    return both.network.run(browser.open(both.platform.connect_url(first(both.platform).id)))


def requests_to(both, path: str) -> list[str]:
    events = [event for event in both.network.transcript.events if event.kind == "request"]
    return [event.text for event in events if event.text.partition("?")[0].endswith(path)]


def test_the_partner_asks_with_the_parameters_of_the_rfc():
    """4.1.1; scope as the official example has it; a state that cannot be guessed (10.10, 10.12)."""
    both, browser = partner_first()
    states = set()
    for _ in range(3):
        page = started(both, browser)
        address, _, query = page.url.partition("?")
        sent = dict(parse_qsl(query, strict_parsing=True))
        assert address == "https://identity.officernd.com/oauth/authorize"
        assert (sent["response_type"], sent["client_id"]) == ("code", "example-client-id")
        assert sent["redirect_uri"] == CONNECT
        assert {READ, WRITE} <= set(sent["scope"].split())
        assert len(sent["state"]) >= 22, "128 bits in whatever alphabet"
        states.add(sent["state"])
    assert len(states) == 3


def test_the_cookie_of_the_state_is_kept_from_scripts_and_from_plain_http():
    both, _ = partner_first()
    response = both.network.exchange("browser", Request("GET", "https://partner.example", "/officernd/start"))
    attributes = {part.strip().lower() for part in response.header("set-cookie").split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax"} <= attributes
    assert response.header("cache-control") == "no-store"
    assert re.match("officernd_state=[0-9a-f]{32};", response.header("set-cookie")), "10.10: 128 random bits"


def test_the_whole_connect_started_by_the_partner():
    both, browser = partner_first()
    page = started(both, browser)
    page = both.network.run(browser.submit(page, page.form("allow")))
    integration = first(both.platform)
    assert (page.url, page.response.status) == (RETURN, 200)
    assert (integration.state, integration.account_name) == ("connected", "J&J Ltd")
    installation = both.store.get("officernd", f"{integration.organization_id}/{integration.id}")
    assert installation.state == "active"
    assert installation.credentials["secret"] == "example-integration-secret"
    assert both.reports == []


def test_the_state_is_good_once():
    both, browser = partner_first()
    page = started(both, browser)
    state = dict(parse_qsl(page.url.partition("?")[2]))["state"]
    both.network.run(browser.submit(page, page.form("allow")))
    assert both.reports == []
    code = a_code(both)
    target = f"/officernd/connect?code={code}&org_slug=test-slug&integrationId=x&state={state}"
    both.network.run(browser.open("https://partner.example" + target))
    assert [(endpoint, refusal.reason) for endpoint, refusal in both.reports] == [("connect", "wrong-state")]


@pytest.mark.parametrize(
    "case",
    ["no state", "another state", "an empty state", "no cookie", "another browser's cookie", "empty both"],
)
def test_a_callback_that_this_browser_did_not_start(case):
    """10.12: refused before the code is spent; the operator is told `wrong-state`."""
    both, browser = partner_first()
    page = started(both, browser)
    state = dict(parse_qsl(page.url.partition("?")[2]))["state"]
    integration = first(both.platform)
    parameters = {**both.platform.connect_parameters(integration, CONNECT), "state": state}
    cookie = f"officernd_state={state}"
    if case == "no state":
        del parameters["state"]
    elif case == "another state":
        parameters["state"] = state[::-1]
    elif case in ("an empty state", "empty both"):
        parameters["state"] = ""
    if case == "another browser's cookie":
        cookie = f"officernd_state={state[::-1]}"
    elif case == "empty both":
        cookie = "officernd_state="
    headers = () if case == "no cookie" else (("cookie", cookie),)
    target = f"/officernd/connect?{urlencode(parameters, quote_via=quote)}"
    response = both.network.exchange("browser", Request("GET", "https://partner.example", target, headers))
    assert (response.status, response.header("location")) == (302, RETURN)
    assert [(endpoint, refusal.reason) for endpoint, refusal in both.reports] == [("connect", "wrong-state")]
    assert requests_to(both, "/oauth/token") == []
    assert both.store.get("officernd", f"{integration.organization_id}/{integration.id}") is None


def test_the_honest_callback_of_the_case_above_is_accepted():
    """Without it, the refusals above would prove nothing."""
    both, browser = partner_first()
    state = dict(parse_qsl(started(both, browser).url.partition("?")[2]))["state"]
    parameters = {**both.platform.connect_parameters(first(both.platform), CONNECT), "state": state}
    target = f"/officernd/connect?{urlencode(parameters, quote_via=quote)}"
    headers = (("cookie", f"officernd_state={state}"),)
    response = both.network.exchange("browser", Request("GET", "https://partner.example", target, headers))
    assert (both.reports, len(requests_to(both, "/oauth/token"))) == ([], 1)
    result, gone = (one.split("; ") for one in response.header_values("set-cookie"))
    assert re.fullmatch("officernd_connect=[0-9a-f]+", result[0])
    assert {*result[1:]} == {"Path=/officernd", "Max-Age=600", "HttpOnly", "Secure", "SameSite=Lax"}
    assert gone == ["officernd_state=", "Path=/officernd", "Max-Age=0"], "RFC 6265, 5.2.2: it ends at once"


def test_a_wrong_state_names_an_entry_of_the_register():
    both, _ = partner_first()
    both.network.exchange("browser", Request("GET", "https://partner.example", "/officernd/connect?code=1"))
    spec = register.load("officernd")
    assert both.reports[0][1].clause in {entry.id for entry in (*spec.clauses, *spec.advice)}


def test_a_denied_connect_ends_at_the_return_url_and_is_reported():
    """C10: the browser goes back in any case."""
    both, browser = partner_first()
    page = started(both, browser)
    page = both.network.run(browser.submit(page, page.form("deny")))
    assert page.url == RETURN
    endpoint, refusal = both.reports[0]
    assert (endpoint, refusal.reason) == ("connect", "platform-error")
    assert refusal.evidence["error"] == "access_denied"
    assert first(both.platform).state != "connected"
    assert both.store.find("officernd", "slug", "test-slug") == []


def test_a_state_from_the_platform_is_not_asked_for_when_the_platform_starts():
    """C11: no page knows a state; C4 a must work without one."""
    both = sides()
    page = both.network.run(Browser().open(both.platform.connect_url(first(both.platform).id)))
    assert (page.url, first(both.platform).state, both.reports) == (RETURN, "connected", [])
