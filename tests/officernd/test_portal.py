"""The simulator's own pages, used as an admin uses them: by a browser that presses buttons."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from handshakes.core.messages import Request, json_response
from handshakes.officernd.simulator.records import Application, Organization
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.flow import InProcess
from tests.officernd.sides import Both, sides

APP = "https://app.officernd.com"
PORTAL = f"{APP}/simulator"
FORM = (("content-type", "application/x-www-form-urlencoded"), ("origin", APP))
STEPS = ("connect", "healthcheck", "configure", "sync", "remove")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"


def first_id(both: Both) -> str:
    return next(iter(both.platform.integrations))


def press(both: Both, step: str, fault: str = "", browser: Browser | None = None) -> Page:
    """Open the list, choose a fault and press one button of the first integration."""
    browser = browser or Browser()
    page = both.network.run(browser.open(PORTAL))
    form = page.form(f"{step}-{first_id(both)}")
    return both.network.run(browser.submit(page, form, {"fault": fault}))


def post(both: Both, step: str, fields, headers=FORM):
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    return both.network.exchange("browser", Request("POST", APP, f"/simulator/{step}", headers, body))


def text(page: Page) -> str:
    return page.response.body.decode()


# --- buttons --------------------------------------------------------------------------------------


def test_the_list_has_a_button_for_every_step_of_every_integration():
    both = sides()
    page = both.network.run(Browser().open(PORTAL))
    assert {form.id for form in page.forms} == {
        f"{step}-{id}" for step in STEPS for id in both.platform.integrations
    }
    assert {form.method for form in page.forms} == {"POST"}
    for organization in both.platform.organizations.values():
        assert organization.name in text(page)


def test_the_whole_life_of_an_integration_by_its_buttons():
    both, browser = sides(), Browser()
    integration = both.platform.integrations[first_id(both)]

    page = press(both, "connect", browser=browser)
    assert page.url == f"{APP}/connect/external-integration/return"
    assert (integration.state, integration.account_name) == ("connected", "J&J Ltd")
    assert "J&amp;J Ltd" in text(page)

    page = press(both, "configure", browser=browser)
    assert page.url.startswith("https://partner.example/officernd/configure?")
    assert ("continue", f"{APP}/connect/external-integration/return") in page.links

    page = press(both, "healthcheck", browser=browser)
    assert (page.response.status, "answered <b>200</b>" in text(page)) == (200, True)
    page = press(both, "sync", browser=browser)
    assert (page.response.status, "answered <b>200</b>" in text(page)) == (200, True)

    assert both.reports == []
    page = press(both, "remove", browser=browser)
    assert integration.state == "removed"
    page = both.network.run(browser.open(PORTAL))
    assert ">removed</b>" in text(page)
    assert "violated</td>" not in text(page)


def test_a_step_with_a_fault_shows_what_the_partner_answered():
    both = sides()
    press(both, "connect")
    page = press(both, "healthcheck", "wrong-secret")
    assert "answered <b>401</b>" in text(page)
    assert [refused.reason for _, refused in both.reports] == ["signature-mismatch"]
    assert both.platform.integrations[first_id(both)].state == "connected", "a fault of ours is no verdict"


def test_a_connect_with_a_fault_ends_at_the_return_url_and_is_not_connected():
    both = sides()
    page = press(both, "connect", "code-expired")
    assert page.url == f"{APP}/connect/external-integration/return"
    assert both.platform.integrations[first_id(both)].state == "failed"
    assert both.reports[0][1].reason == "platform-error"


def test_a_partner_that_is_broken_shows_as_violated():
    """Without it, a list that always says held would pass the tests above."""
    both = sides()
    press(both, "connect")

    class Deaf:
        name, origins, secret_names = "partner", both.partner.origins, frozenset()

        def handle(self, request):
            yield from ()
            return json_response({"message": HOSTILE}, 500)

    both = both._replace(network=InProcess(both.platform, Deaf()))
    page = press(both, "healthcheck")
    assert "answered <b>500</b>" in text(page)
    assert 'class="violated"' in text(page)
    page = both.network.run(Browser().open(PORTAL))
    assert 'class="violated"' in text(page)
    assert ">failed</b>" in text(page)
    assert "<script" not in text(page), "the partner's message is only text"
    assert "&lt;script&gt;" in text(page)


def test_a_partner_that_does_not_answer_is_shown_too():
    both = sides()
    press(both, "connect")
    both = both._replace(network=InProcess(both.platform))
    page = press(both, "healthcheck")
    assert (page.response.status, "answered <b>nothing</b>" in text(page)) == (200, True)


@pytest.mark.clause("officernd:sync.offered")
def test_without_a_sync_url_there_is_no_sync():
    """The page: a Sync URL, if applicable."""
    both = sides()
    application = replace(both.platform.applications["example-client-id"], sync_url="")
    both.platform.add_application(application)
    page = both.network.run(Browser().open(PORTAL))
    assert "connect-" + first_id(both) in {form.id for form in page.forms}
    assert not [form.id for form in page.forms if form.id.startswith("sync-")]
    assert post(both, "sync", {"integration": first_id(both)}).status == 400


# --- clicks that nobody made, and forms that nobody sent ------------------------------------------


@pytest.mark.parametrize(
    "origin", ["https://attacker.example", "null", "http://app.officernd.com", APP + ":8443"]
)
@pytest.mark.parametrize("step", STEPS)
def test_a_form_of_another_site_is_refused(step, origin):
    both = sides()
    press(both, "connect")
    before = len(both.network.transcript.events), repr(both.platform.integrations)
    response = post(both, step, {"integration": first_id(both)}, (FORM[0], ("origin", origin)))
    assert (response.status, response.header("location")) == (403, "")
    assert (len(both.network.transcript.events) - 2, repr(both.platform.integrations)) == before


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"integration": ""},
        {"integration": "5e00000000000000000000ff"},
        {"integration": "5e0000000000000000000001", "fault": "unknown"},
        {"integration": "5e0000000000000000000001", "fault": HOSTILE},
        [("integration", "5e0000000000000000000001"), ("integration", "5e0000000000000000000001")],
        [("integration", "5e0000000000000000000001"), ("fault", ""), ("fault", "stale")],
        b"integration=%ff",
        b"\xff",
        b"integration=" + b"5" * 9_000,
        b"",
    ],
    ids=lambda fields: str(fields)[:40],
)
@pytest.mark.parametrize("step", STEPS)
def test_a_form_that_names_nothing_there_is(step, fields):
    both = sides()
    response = post(both, step, fields)
    assert response.status == 400
    assert b"<script" not in response.body
    assert both.platform.grants == {}


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("healthcheck", "webhook-stale"),
        ("healthcheck", "code-expired"),
        ("sync", "secret-empty"),
        ("configure", "webhook-changed"),
        ("configure", "post"),
        ("connect", "stale"),
        ("remove", "stale"),
    ],
)
def test_a_fault_of_another_step(step, fault):
    """A browser's configure is one GET, so a POST is not a fault of it."""
    both = sides()
    assert post(both, step, {"integration": first_id(both), "fault": fault}).status == 400


@pytest.mark.parametrize(
    "step", ["", "unknown", "connect/", "Connect", "connect/x", "%63onnect", "../connect"]
)
def test_an_unknown_step(step):
    both = sides()
    assert post(both, step, {"integration": first_id(both)}).status == 404
    assert both.platform.grants == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_taken_by_post_only(step, method):
    both = sides()
    target = f"/simulator/{step}?integration={first_id(both)}"
    response = both.network.exchange("browser", Request(method, APP, target))
    assert (response.status, response.header("allow")) == (405, "POST")
    assert both.platform.grants == {}


# --- what a page may do ---------------------------------------------------------------------------


def pages(both: Both) -> dict[str, Page]:
    """Every kind of page that either side shows."""
    browser = Browser()
    consent = {
        "response_type": "code",
        "client_id": "example-client-id",
        "redirect_uri": "https://partner.example/officernd/connect",
    }
    authorize = f"https://identity.officernd.com/oauth/authorize?{urlencode(consent)}"
    return {
        "list": both.network.run(browser.open(PORTAL)),
        "return page": press(both, "connect"),
        "outcome": press(both, "healthcheck"),
        "settings": press(both, "configure"),
        "consent": both.network.run(browser.open(authorize)),
        "refused consent": both.network.run(browser.open(authorize + "x")),
        "refused form": Page(PORTAL, post(both, "connect", b"")),
        "unknown": Page(PORTAL, post(both, "unknown", b"")),
    }


def test_every_page_keeps_to_itself():
    """No script, nothing loaded, no frame around it, no referrer, no copy in a cache."""
    for name, page in pages(sides()).items():
        policy = {part.strip() for part in page.response.header("content-security-policy").split(";")}
        assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= policy, name
        assert not any(part.startswith("script-src") for part in policy), name
        assert page.response.header("content-type") == "text/html; charset=utf-8", name
        assert page.response.header("x-content-type-options") == "nosniff", name
        assert page.response.header("referrer-policy") in ("same-origin", "no-referrer"), name
        assert page.response.header("cache-control") == "no-store", name


def test_hostile_names_are_text_on_every_page():
    """An organisation's name and slug are the customer's text, the account's name is the partner's."""
    both = sides(account_name=HOSTILE)
    one = next(iter(both.platform.organizations.values()))
    both.platform.add_organization(Organization(one.id, one.slug, HOSTILE, {HOSTILE: HOSTILE}, one.member_id))
    integration = both.platform.integrations[first_id(both)]
    integration.locations = (HOSTILE,)
    shown = pages(both)
    assert both.reports == []
    for name, page in shown.items():
        assert "<script" not in text(page), name
        assert "<img" not in text(page), name
    for name in ("list", "settings", "consent"):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text(shown[name]), name
    assert "&lt;script&gt;" in text(shown["return page"]), "the account's name"
    assert integration.account_name == HOSTILE


# --- who sees an application ----------------------------------------------------------------------


@pytest.mark.clause("officernd:application.visibility")
def test_an_application_that_is_not_public_is_in_its_test_account_only():
    """The page's last section: until OfficeRnD exposes it, only the partner's own account has it."""
    both = sides()
    uri = "https://partner.example/other"
    both.platform.add_application(Application("hidden", "wrong-secret", "Hidden", (uri,), uri, uri, uri))
    customer = next(iter(both.platform.organizations.values()))
    own = Organization("5b00000000000000000000aa", "own-slug", "Own", {}, "5c1", test_account_of="hidden")
    foreign = Organization(
        "5b00000000000000000000bb", "x-slug", "X", {}, "5c2", test_account_of="example-client-id"
    )
    for organization in (own, foreign):
        both.platform.add_organization(organization)
    before = dict(both.platform.integrations)
    for organization in (customer, foreign):
        with pytest.raises(ValueError, match="test account"):
            both.platform.add_integration("hidden", organization.id, secret="wrong-secret")
    assert both.platform.integrations == before
    added = both.platform.add_integration("hidden", own.id, secret="wrong-secret")
    assert f"connect-{added.id}" in text(both.network.run(Browser().open(PORTAL)))

    both.platform.add_application(replace(both.platform.applications["hidden"], public=True))
    both.platform.add_integration("hidden", customer.id)


def test_a_second_origin_does_not_hide_behind_the_first():
    both = sides()
    both_origins = (*FORM, ("origin", "https://attacker.example"))
    assert post(both, "connect", {"integration": first_id(both)}, both_origins).status == 403
