"""What the platform says about an app that is late, or silent: only what it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handshakes.core.messages import Dropped, Response
from handshakes.core.refusals import Refused
from handshakes.fortis.partner import App
from handshakes.fortis.partner.configuration import UI
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess
from tests.fortis.sides import MODES, TITLE, USER, Both, sides
from tests.fortis.test_broken_partners import FollowsRedirects


class Patient(App):
    """Waits a minute for the API."""

    def launch(self, request):
        step = App.launch(self, request)
        return (yield from patiently(step))


def patiently(step):
    try:
        wanted = next(step)
        while True:
            wanted = step.send((yield replace(wanted, timeout=60)))
    except StopIteration as stop:
        return stop.value


class OpensAnyway(App):
    """Opens when nobody answers who the user is."""

    def asked(self, token):
        try:
            return (yield from App.asked(self, token))
        except Refused:
            return USER


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kind", "state"), [(Patient, "held"), (OpensAnyway, "violated"), (App, "held")])
def test_an_app_may_open_once_a_late_answer_is_there_and_not_before(mode, kind, state):
    """How long an app waits for users/me is its own affair: no page names a limit."""
    world = sides(mode=mode, kind=kind)
    world.register()
    world.register(user=USER)
    before = world.clock()
    outcome = world.launch(fault="me-slow")
    assert outcome.response.ok is (kind is not App)
    assert (world.clock() - before >= 15) is (kind is Patient)
    found = [one.state for one in outcome.findings if one.clause == "fortis:identity.unavailable"]
    assert found == [state]


@pytest.mark.parametrize("mode", MODES)
def test_an_app_that_does_not_answer_was_not_seen_to_refuse(mode):
    world = sides(mode=mode)
    world.register()
    world.register(user=USER)

    def gone(request):
        yield from ()
        return Dropped()

    world.partner.handle = gone
    outcome = world.launch(fault="short-location")
    assert [one.state for one in outcome.findings] == ["not seen"]


# --- a fault that is chosen on the simulator's page ------------------------------------------------------


def pressed(world: Both, fault: str):
    """Register, choose a fault beside the button that opens the app, and load the frame; return the findings and the frame."""
    world, browser = world.unheard(), Browser()
    seen = world.platform.findings.seen
    page = world.network.run(browser.open(f"{UI}/simulator"))
    page = world.network.run(browser.submit(page, page.form(f"open-{USER}"), {"fault": fault}))
    frame = world.network.run(browser.load_frame(page))
    return {(one.clause, one.state) for one in world.platform.findings.since(seen)}, page, frame


@pytest.mark.parametrize("mode", MODES)
def test_an_app_that_opens_to_a_fault_is_found_on_the_page_too(mode):
    class Believes(App):
        def is_the_same(self, claimed, user_id, token=""):
            return None

    found, page, _ = pressed(sides(kind=Believes, mode=mode), "token-of-another")
    assert ("fortis:identity.mismatch", "violated") in found
    assert 'class="violated"' in page.response.body.decode()


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_of_the_api_acts_in_the_frame_too_and_on_no_other_launch(mode):
    world = sides(mode=mode)
    found, _, frame = pressed(world, "me-500")
    assert ("fortis:identity.unavailable", "held") in found
    assert frame.response.status == 403 and world.reasons() == ["platform-error"] * 2
    assert world.launch().held


@pytest.mark.parametrize("mode", MODES)
def test_a_launch_that_has_to_open_the_app_does_so_in_the_frame_too(mode):
    found, _, frame = pressed(sides(mode=mode), "slash-oauth-url")
    assert {state for _, state in found} == {"held"}
    assert frame.response.status == 200


@pytest.mark.parametrize("policy", ["location-only", "refuse"])
@pytest.mark.parametrize("fault", ["no-token", "unfilled-token", "token-underscore"])
def test_opening_for_the_location_alone_or_not_at_all_are_both_right_without_a_token(policy, fault):
    """A30: the page says that the token may be missing, and nothing of what an app does then."""
    found, _, _ = pressed(sides(without_token=policy), fault)
    assert {state for _, state in found} == {"held"}


@pytest.mark.parametrize(
    "fault",
    ["postback-repeated", "postback-without-key", "delete-unknown", "postback-with-body", "postback-lost"],
)
def test_a_postback_that_nobody_answers_is_not_seen(fault):
    world = sides()
    world = world._replace(network=InProcess(world.platform, clock=world.clock))
    outcome = world.register(fault=fault)
    assert [one.state for one in outcome.findings] == ["not seen"]


def test_a_fault_of_a_postback_that_the_app_has_no_address_for_is_not_seen():
    world = sides()
    app = world.platform.apps[TITLE]
    world.platform.add_app(replace(app, location_setup_url=""))
    assert [one.state for one in world.register(fault="postback-repeated").findings] == ["not seen"]


@pytest.mark.parametrize("fault", ["", "state-changed", "token-redirects", "consent-of-another"])
def test_an_app_whose_page_asks_for_no_access_is_not_seen_to_do_it_wrongly(fault):
    class AsksForNothing(App):
        def oauth_url(self, url):
            return ""

    outcome = sides(kind=AsksForNothing).unheard().consent(fault=fault)
    assert [one.state for one in outcome.findings] == ["not seen"]


class SaysNoWith200(App):
    """Tells a person on a page that there is no access, with a status that says nothing of it."""

    def callback(self, request):
        answer = yield from App.callback(self, request)
        return answer if answer.ok else Response(200, (("content-type", "text/html"),), b"<p>No access.</p>")


@pytest.mark.parametrize(
    ("kind", "state"), [(App, "held"), (SaysNoWith200, "not seen"), (FollowsRedirects, "violated")]
)
def test_a_page_is_no_redirect_that_was_followed(kind, state):
    """fortis:oauth.redirects forbids to follow: whether somebody came to the foreign host shows it, no status does."""
    (finding,) = sides(kind=kind).unheard().consent(fault="token-redirects").findings
    assert (finding.clause, finding.state) == ("fortis:oauth.redirects", state)


def test_what_is_missing_of_a_frame_and_who_was_asked_are_named():
    class Cached(App):
        def handle(self, request):
            answer = yield from App.handle(self, request)
            kept = tuple(pair for pair in answer.headers if pair[0].lower() != "cache-control")
            return replace(answer, headers=kept)

    def embedding(kind):
        found = sides(kind=kind).unheard().launch().findings
        return [one.detail for one in found if one.clause == "fortis:launch.embedding"]

    assert embedding(Cached) == ["not right: no-store"]
    assert embedding(App) == ["frame-ancestors, no-store, Referrer-Policy"]


@pytest.mark.parametrize(("stays", "state"), [(False, "held"), (True, "violated")])
def test_a_fault_of_the_consent_is_tried_from_the_page_too(stays, state):
    world, browser = sides().unheard(), Browser()
    if stays:
        world.partner.check_state = lambda sent, kept: None
    page = world.network.run(browser.open(f"{UI}/simulator"))
    page = world.network.run(browser.submit(page, page.form(f"consent-{USER}"), {"fault": "state-changed"}))
    assert ("fortis:oauth.state", state) in {(one.clause, one.state) for one in world.platform.findings}
    assert f'class="{state}"' in page.response.body.decode()
