"""The simulator's own pages: the marketplace, the popup and its steps, what a foreign form may not do."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Request, Response, form_body
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.script import SCRIPT, press
from handshakes.onoffice.simulator import portal
from handshakes.runtime.browser import Browser
from tests.onoffice.sides import ADMIN, BROKER, EXPORT, FIRST, PLANS, activated, sides

HOST = "https://smart.onoffice.de"
FORM = ("content-type", "application/x-www-form-urlencoded")


def run(world, step):
    return world.network.run(step)


def mask(world, browser, fault: str = "", customer: str = FIRST):
    page = run(world, browser.open(HOST + "/simulator"))
    page = run(world, browser.submit(page, page.form(f"open-{customer}-{ADMIN}"), {"fault": fault}))
    return run(world, browser.submit(page, page.form("confirm"), {"terms": "yes", "data_processing": "yes"}))


def post(world, path: str, fields: dict[str, str], *headers: tuple[str, str]) -> Response:
    return world.network.exchange(
        "browser", Request("POST", HOST, path, headers or (FORM,), form_body(fields))
    )


def test_the_frames_url_is_escaped_in_the_page():
    world = sides()
    text = mask(world, Browser()).response.body.decode()
    assert "&amp;timestamp=" in text and "&timestamp=" not in text


@pytest.mark.clause("onoffice:popup.status", "onoffice:popup.key-shown")
def test_the_whole_way_by_the_buttons():
    world, browser = sides(), Browser()
    popup = mask(world, browser)
    assert popup.frames[0].startswith("https://provider.example/onoffice/activate?")
    assert 'id="api-key" size="70" readonly value=""' in popup.response.body.decode().replace("\n", " ")
    frame = run(world, browser.load_frame(popup))
    key = run(world, portal.choose(popup, "all"))
    assert run(world, press(browser, frame, popup, key, agreed=False)) is None
    text = run(world, press(browser, frame, popup, key))
    assert browser.messages == [("https://provider.example", HOST, "active")]
    shown = run(world, portal.receive(popup, frame, text))
    assert shown == {"message": "active", "warning": "", "status": "Active"}
    index = run(world, browser.open(HOST + "/simulator"))
    page = run(world, browser.submit(index, index.form(f"{PLANS}-{FIRST}-{BROKER}")))
    assert b"House 4711" in run(world, browser.load_frame(page)).response.body
    page = run(world, browser.submit(index, index.form(f"{EXPORT}-{FIRST}-{ADMIN}")))
    assert (
        page.frames == () and "webhook.answer held" in page.text
    )  # called from the server, with nothing to show
    run(world, browser.submit(index, index.form(f"block-{FIRST}")))
    assert world.status() == "blocked"
    index = run(world, browser.open(HOST + "/simulator"))
    assert "Blocked" in index.response.body.decode() and index.form(f"open-{FIRST}-{ADMIN}")


@pytest.mark.parametrize("fault", ["stale", "cache-expired", "not-json", "api-error-240", "no-claim"])
def test_a_fault_is_chosen_by_its_name(fault):
    world, browser = sides(), Browser()
    popup = mask(world, browser, fault)
    frame = run(world, browser.load_frame(popup))
    if fault == "stale":
        assert frame.response.status == 403
        return
    key = run(world, portal.choose(popup, "all"))
    text = run(world, press(browser, frame, popup, key))
    shown = run(world, portal.receive(popup, frame, text))
    assert text != "active" and shown["message"] == text
    assert (shown["status"], world.status()) == ("Inactive", "inactive")


def test_a_service_with_a_fault():
    world, browser = activated(), Browser()
    index = run(world, browser.open(HOST + "/simulator"))
    page = run(
        world, browser.submit(index, index.form(f"{PLANS}-{FIRST}-{ADMIN}"), {"fault": "doubled-before"})
    )
    assert run(world, browser.load_frame(page)).response.status == 403
    page = run(
        world,
        browser.submit(index, index.form(f"{PLANS}-{FIRST}-{ADMIN}"), {"fault": "service-claim-outdated"}),
    )
    assert run(world, browser.load_frame(page)).response.status == 502


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("open", {"customer": FIRST, "user": BROKER}, 409), ("open", {"customer": "99", "user": ADMIN}, 409), ("open", {}, 400),
        ("open", {"customer": FIRST, "user": ADMIN, "fault": "nothing"}, 400),
        ("confirm", {"popup": "none"}, 400), ("rights", {"popup": "none", "rights": "all"}, 400), ("message", {"popup": "none"}, 400),
        ("service", {"customer": FIRST, "user": ADMIN, "service": PLANS}, 409), ("block", {"customer": "99"}, 400),
        ("secret", {"secret": "short"}, 409), ("nothing", {}, 404),
    ],
)  # fmt: skip
def test_forms_that_are_not_offered(path, fields, status):
    world = sides()
    assert post(world, f"/simulator/{path}", fields).status == status
    assert world.status() == "inactive"


@pytest.mark.clause("onoffice:popup.terms")
def test_a_fault_that_is_not_offered_is_named_as_text():
    answer = post(sides(), "/simulator/open", {"customer": FIRST, "user": ADMIN, "fault": "<b>"})
    assert answer.status == 400
    assert '<b id="unknown">&lt;b&gt;</b> is not offered here.' in answer.body.decode()


def test_terms_without_a_tick_lead_to_no_mask():
    world, browser = sides(), Browser()
    page = run(world, browser.open(HOST + "/simulator"))
    page = run(world, browser.submit(page, page.form(f"open-{FIRST}-{ADMIN}")))
    again = run(world, browser.submit(page, page.form("confirm"), {"terms": "yes"}))
    assert again.response.status == 409 and not again.frames
    assert b"Please confirm the terms" in again.response.body, "what is missing is said"
    assert run(
        world, browser.submit(again, again.form("confirm"), {"terms": "yes", "data_processing": "yes"})
    ).frames, "and the same page goes on"


@pytest.mark.parametrize("fault", ["", "stale"])
def test_a_popup_that_is_loaded_again_is_where_it_was(fault):
    world, browser = sides(), Browser()
    index = run(world, browser.open(HOST + "/simulator"))
    terms = run(world, browser.submit(index, index.form(f"open-{FIRST}-{ADMIN}"), {"fault": fault}))
    (popup,) = world.platform.popups
    address = f"{HOST}/simulator/popup?popup={popup}&fault={fault}"
    assert run(world, browser.open(address)).form("confirm") == terms.form("confirm"), (
        "the fault stays chosen"
    )
    agreed = {"terms": "yes", "data_processing": "yes"}
    mask = run(world, browser.submit(terms, terms.form("confirm"), agreed))
    for page in (
        run(world, browser.submit(terms, terms.form("confirm"), agreed)),
        run(world, browser.open(address)),
    ):
        assert page.frames == mask.frames, "not signed anew"
    key = run(world, portal.choose(mask, "all"))
    assert f'value="{key}"' in run(world, browser.open(address)).response.body.decode()
    assert run(world, browser.open(f"{HOST}/simulator/popup?popup=0")).response.status == 400
    assert len(world.platform.popups) == 1


def test_another_sites_form_is_a_click_that_nobody_made():
    world = activated()
    fields = {"customer": FIRST}
    assert post(world, "/simulator/block", fields, FORM, ("origin", "https://attacker.example")).status == 403
    assert post(world, "/simulator/block", fields, ("content-type", "text/plain")).status == 415
    assert world.status() == "active"
    assert world.network.exchange("browser", Request("GET", HOST, "/simulator/block")).status == 405
    assert world.network.exchange("browser", Request("POST", HOST, "/simulator", (FORM,))).status == 405


def test_the_secret_is_changed_by_its_form():
    world = sides()
    assert post(world, "/simulator/secret", {"secret": "Another-Provider-Secret-2!"}).ok
    assert world.platform.account.secret == "Another-Provider-Secret-2!"


@pytest.mark.clause("onoffice:popup.message-origin", "onoffice:popup.state")
def test_the_popups_script_hears_nobody_else():
    world, browser = sides(), Browser()
    popup = mask(world, browser)
    frame = run(world, browser.load_frame(popup))
    assert run(world, portal.receive(popup, frame, "active", own_frame=False)) == {}
    assert run(world, portal.receive(popup, popup, "active")) == {}
    shown = run(world, portal.receive(popup, frame, "active"))
    assert shown == {
        "message": "active",
        "warning": "The status of the provider did not change.",
        "status": "Inactive",
    }


@pytest.mark.clause("onoffice:popup.message-text")
def test_the_scripts_write_text_and_no_markup():
    for script in (SCRIPT, portal.SCRIPT):
        assert "textContent" in script
        assert not [word for word in ("innerHTML", "eval", "document.write") if word in script]


def test_a_network_failure_becomes_a_text():
    from handshakes.core.messages import Unreachable

    world, browser = sides(), Browser()
    popup = mask(world, browser)
    frame = run(world, browser.load_frame(popup))
    step = press(browser, frame, popup, "k")
    next(step)
    with pytest.raises(StopIteration) as stop:
        step.throw(Unreachable("dropped"))
    assert stop.value.value == "Der Anbieter hat nicht geantwortet. Bitte noch einmal versuchen."


class Claims(Provider):
    """A provider whose button says that all is well, whatever the API said."""

    def error_text(self, request, refused):
        return "active"


class Silent(Provider):
    """A provider whose button says that all is well, and asks nobody."""

    def activate(self, ticket, pasted):
        yield from ()


class Quoted(Provider):
    """A provider whose button answers JSON."""

    def feedback(self, text):
        return super().feedback(f'"{text}"')


def by_hand(world, key: str = "", again: int = 1):
    """Activate by the pages' buttons, and tell the popup `again` times; return what was found, and the popup."""
    browser = Browser()
    popup = mask(world, browser)
    frame = run(world, browser.load_frame(popup))
    shown = run(world, portal.choose(popup, "all"))
    text = run(world, press(browser, frame, popup, key or shown))
    for _ in range(again):
        run(world, portal.receive(popup, frame, text or ""))
    return (
        [(one.clause.removeprefix("onoffice:"), one.state) for one in world.platform.findings],
        popup,
        frame,
    )


@pytest.mark.clause("onoffice:unlock.call", "onoffice:feedback.active", "onoffice:feedback.truthful")
@pytest.mark.parametrize(
    ("kind", "key", "found"),
    [
        (Provider, "", [("unlock.call", "held"), ("feedback.active", "held")]),
        (Provider, "0" * 64, []),  # the user reads why, and nothing is said to be active
        (Claims, "", [("unlock.call", "held"), ("feedback.active", "held")]),
        (Claims, "0" * 64, [("feedback.truthful", "violated")]),
        (Silent, "", [("unlock.call", "violated")]),
        (Quoted, "", [("unlock.call", "held"), ("feedback.plain", "violated")]),
    ],
)
@pytest.mark.parametrize("again", [1, 3], ids=["told once", "told three times"])
def test_what_an_activation_by_hand_shows_is_found_once(kind, key, found, again):
    assert by_hand(sides(kind=kind), key, again)[0] == found


def test_of_a_popup_that_was_told_nothing_nothing_is_found():
    assert by_hand(sides(), again=0)[0] == []


@pytest.mark.parametrize("how", ["blocked", "activated again"])
def test_a_message_of_an_activation_that_is_past_is_not_held_against_the_provider(how):
    world = sides()
    _, popup, frame = by_hand(world, again=0)
    world.platform.block(FIRST)
    if how == "activated again":
        by_hand(world)
    seen = world.platform.findings.seen
    assert run(world, portal.receive(popup, frame, "active"))["message"] == "active"
    assert world.platform.findings.since(seen) == []
