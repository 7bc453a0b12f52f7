"""The windows and frames of the marketplace page: closed midway, loaded again, on a phone, without third-party cookies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from handshakes.platforms import PLATFORMS
from tests.browser.market import WAIT, Market, choose, foreign, marketplace, opened, press, shown, window
from tests.browser.test_marketplace import (  # noqa: F401  (fixtures)
    QUIET,
    activated,
    chromium,
    market,
    pasted,
    playwright,
)
from tests.browser.test_onoffice import until
from tests.oracles import tool

TITLES = {"officernd": "OfficeRnD", "retailcrm": "RetailCRM", "onoffice": "onOffice", "fortis": "Fortis"}


def test_a_window_that_is_closed_midway_ends_its_step_and_one_that_is_loaded_again_goes_on(chromium, market):  # noqa: F811
    context = chromium.new_context(locale="en-GB")
    page = opened(context.new_page(), market, "onoffice")
    wire = market.wire("onoffice")
    popup = window(page, "open")
    popup.locator("#confirm").wait_for()
    until(lambda: bool(wire.last("open").shown))
    shown(page, "open", "waiting", "Go on in the window that opened.")
    popup.close(run_before_unload=True)
    shown(page, "open", "unseen", "The window was closed before its end.")

    popup = window(page, "open")
    popup.click("#confirm button")  # no box is ticked
    popup.locator("#said", has_text="Please confirm the terms").wait_for()
    popup.reload()
    popup.locator("#confirm").wait_for()
    popup.check("input[name=terms]")
    popup.check("input[name=data_processing]")
    popup.click("#confirm button")
    popup.frame_locator("#provider").locator("#secret").wait_for()
    popup.go_back()
    popup.frame_locator("#provider").locator("#secret").wait_for()
    popup.reload()
    popup.frame_locator("#provider").locator("#secret").wait_for()
    pasted(popup, "0" * 64)
    shown(page, "open", "waiting", "Refused: platform-error.")
    pasted(popup)
    shown(page, "open", "held", "Also refused: platform-error.")
    popup.close(run_before_unload=True)
    until(lambda: wire.last("open").left)
    shown(page, "open", "held")
    press(page, "block")
    context.close()


def test_a_window_whose_last_word_is_lost_is_seen_to_be_closed(chromium, market):  # noqa: F811
    context = chromium.new_context(locale="en-GB")
    context.route("**/simulator/window", lambda route: route.abort())  # no page of a window says anything
    page = opened(context.new_page(), market, "onoffice")
    popup = window(page, "open")
    popup.locator("#confirm").wait_for()
    shown(page, "open", "waiting", "Go on in the window that opened.")
    assert popup.evaluate("window.opener") is None
    popup.close()
    shown(page, "open", "unseen", "The window was closed before its end.")
    context.close()


@pytest.fixture
def own() -> Iterator[Market]:
    """onOffice on a marketplace of its own: a theme is chosen for all of its windows."""
    with marketplace("onoffice") as market:  # noqa: F811
        yield market


def test_windows_and_the_operators_page_follow_the_theme_that_was_chosen(chromium, own):  # noqa: F811
    context = chromium.new_context(color_scheme="light", locale="en-GB")
    page = opened(context.new_page(), own, "onoffice")
    ground = "getComputedStyle(document.body).backgroundColor"
    with page.expect_response("**/theme"):
        page.locator("#theme", has_text="Dark theme").click()
    page.locator("#theme", has_text="Light theme").wait_for()
    popup = window(page, "open")
    popup.locator("#confirm").wait_for()
    until(lambda: popup.evaluate(ground) == "rgb(13, 19, 25)")
    operator = context.new_page()
    operator.set_default_timeout(WAIT)
    operator.goto(own.hosts["onoffice"].why.origin)
    until(lambda: operator.evaluate(ground) == "rgb(13, 19, 25)")
    operator.goto(own.hosts["onoffice"].place.addresses["partner"])
    until(lambda: operator.evaluate(ground) == "rgb(13, 19, 25)")
    with page.expect_response("**/theme"):
        page.locator("#theme").click()
    operator.reload()
    until(lambda: operator.evaluate(ground) == "rgb(239, 242, 241)")
    context.close()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_simulators_pages_look_like_the_rest_in_the_dark_and_on_a_phone(chromium, market, platform):  # noqa: F811
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    said: list[str] = []
    context.on("console", lambda one: said.append(one.text))
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(market.hosts[platform].place.addresses["platform"] + "/simulator")
    page.locator("h1", has_text=TITLES[platform]).wait_for()
    page.locator("table", has_text="clause").wait_for()
    ground = "getComputedStyle(document.body).backgroundColor"
    until(lambda: page.evaluate(ground) == "rgb(13, 19, 25)")  # the marketplace's own colours
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = "() => [...document.querySelectorAll('button, select')].filter(one => one.offsetHeight && one.offsetHeight < 40).length"
    assert page.evaluate(small) == 0
    page.emulate_media(color_scheme="light")
    until(lambda: page.evaluate(ground) == "rgb(239, 242, 241)")
    assert said == []
    context.close()


# --- third-party cookies ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def framed() -> Iterator[str]:
    """A page at 127.0.0.1 with a frame of localhost, which sets a plain third-party cookie and shows what came back."""

    def answer(asked: BaseHTTPRequestHandler) -> tuple[str, dict[str, str]]:
        if asked.path == "/frame":
            cookie = asked.headers.get("cookie") or "none"
            return f"<p>{cookie}</p>", {"set-cookie": "plain=1; SameSite=None; Secure"}
        return f"<iframe src='http://localhost:{asked.server.server_address[1]}/frame'></iframe>", {}

    with foreign(answer) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module", params=["allowed", "blocked"])
def profile(request, playwright, tmp_path_factory) -> Iterator[Any]:  # noqa: F811
    """A browser with a profile that takes third-party cookies, or none, as its settings say; a new context may do either."""
    folder = tmp_path_factory.mktemp("profile")
    settings = {"cookie_controls_mode": 1, "block_third_party_cookies": True}
    if request.param == "allowed":
        settings = {"cookie_controls_mode": 0, "block_third_party_cookies": False}
    (folder / "Default").mkdir()
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": settings}))
    context = playwright.chromium.launch_persistent_context(
        str(folder), executable_path=tool("chromium"), args=QUIET, locale="en-GB"
    )
    yield request.param, context
    context.close()


def test_the_profile_takes_third_party_cookies_or_none(profile, framed):
    setting, context = profile
    page = context.new_page()
    page.set_default_timeout(WAIT)
    for _ in range(2):
        page.goto(framed)
        said = page.frame_locator("iframe").locator("p")
        said.wait_for()
    assert said.inner_text() == {"allowed": "plain=1", "blocked": "none"}[setting]
    page.close()


def officernd(page: Any) -> None:
    window(page, "connect").locator("#back").wait_for()
    shown(page, "connect", "held")
    window(page, "configure").locator("#continue").wait_for()
    shown(page, "configure", "held")


def retailcrm(page: Any) -> None:
    popup = window(page, "popup")
    popup.locator("#connect button").click()
    popup.wait_for_url("http://localhost:*/retailcrm/account*")
    popup.locator("h1").wait_for()
    shown(page, "connect", "held")


def onoffice(page: Any) -> None:
    pasted(activated(page))
    shown(page, "open", "held")
    window(page, "plans").frame_locator("#provider").locator("#estate").wait_for()
    shown(page, "plans", "held")


def fortis(page: Any) -> None:
    for step in ("location", "user"):
        press(page, step)
        shown(page, step, "held")
    opened_ = window(page, "open")
    frame = opened_.frame_locator("#app")
    frame.locator("#user").wait_for()
    shown(page, "open", "held")
    with opened_.context.expect_page() as opening:
        frame.locator("#oauth button").click()
    consent = opening.value
    consent.set_default_timeout(WAIT)
    consent.locator("#allow button").click()
    consent.locator("#granted").wait_for()
    shown(page, "consent", "held", "Done in another way than by this button.")


@pytest.mark.parametrize("connect", [officernd, retailcrm, onoffice, fortis])
def test_a_platform_is_connected_by_clicking_with_third_party_cookies_and_without(profile, connect):
    _, context = profile
    with marketplace(connect.__name__) as market:  # noqa: F811
        connect(opened(context.new_page(), market, connect.__name__))
        assert market.hosts[connect.__name__].sides.reports == []
        for page in context.pages[1:]:
            page.close()


def test_a_chosen_fault_stays_when_another_marketplace_is_looked_at(chromium, market):  # noqa: F811
    context = chromium.new_context(locale="en-GB")
    page = opened(context.new_page(), market, "fortis")
    choose(page, "location", "postback-put")
    page.click('[data-tile="retailcrm"]')
    page.locator('[data-press="popup"]').wait_for()
    assert page.locator("[data-off]").count() == 0, "a choice is of one marketplace"
    page.click('[data-tile="fortis"]')
    page.locator('[data-press="location"]', has_text="with the fault").wait_for()
    page.click('[data-off="location"]')
    page.reload()
    page.locator('[data-press="location"]').wait_for()
    assert "with the fault" not in page.locator('[data-press="location"]').inner_text()
    context.close()


def test_a_step_that_lost_its_button_says_which_step_comes_first(chromium, market):  # noqa: F811
    context = chromium.new_context(locale="en-GB")
    page = opened(context.new_page(), market, "onoffice")
    popup = activated(page)
    pasted(popup)
    shown(page, "open", "held")
    popup.close()
    assert page.locator('[data-step="open"] [data-why]').count() == 0, "it is done: nothing has to come first"
    service = window(page, "plans")
    service.frame_locator("#provider").locator("#estate").wait_for()
    shown(page, "plans", "held")
    service.close()
    press(page, "block")
    page.locator('[data-step="plans"] [data-why]', has_text="“Activate” comes first").wait_for()
    context.close()


def test_a_window_names_the_fault_that_was_ordered_and_leads_to_no_list_of_the_simulator(chromium, market):  # noqa: F811
    """What a person sees in it is a refusal; that it was ordered is said on each page of the window."""
    context = chromium.new_context(locale="en-GB")
    page = opened(context.new_page(), market, "onoffice")
    choose(page, "open", "api-error-41")
    popup = activated(page)
    popup.locator("#ordered", has_text="the API does not know this customer").wait_for()
    assert popup.locator("#back").evaluate("one => one.tagName") == "SPAN"
    popup.close()
    page = opened(page, market, "officernd")
    choose(page, "connect", "another-client")
    popup = window(page, "connect")
    popup.locator("#disturbed", has_text="It had to be refused.").wait_for()
    assert popup.locator("#ordered").count() == 0, "the page says it itself"
    assert popup.locator('a[href$="/simulator"]').count() == 0
    context.close()


def test_a_refused_request_is_shown_beside_one_that_was_accepted(chromium, market):  # noqa: F811
    """What was taken out, added or moved is seen by itself, whatever a text says of it."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 813})
    page = opened(context.new_page(), market, "officernd")
    window(page, "connect")
    shown(page, "connect", "held")
    choose(page, "healthcheck", "parameter-dropped")
    press(page, "healthcheck")
    beside = page.locator("#beside")
    beside.locator("h3", has_text="which was accepted").wait_for()
    beside.locator("li", has_text="memberId").locator("em", has_text="is not there").wait_for()
    named = beside.locator("li > span").all_inner_texts()
    assert set(named) - {"signature"} == {"memberId"}, "within one second even the signature is the same"
    context.close()


def test_what_is_masked_on_both_sides_is_not_shown_as_the_difference(chromium, market):  # noqa: F811
    """A secret changes with each message, and its mask says nothing of what is wrong; an address beside it does."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 813})
    page = opened(context.new_page(), market, "retailcrm")
    popup = window(page, "popup")
    popup.locator("#connect button").click()
    shown(page, "connect", "held")
    popup.close()
    wire, seen = market.wire("retailcrm"), []
    accepted = next(
        one.number for one in wire.exchanges.values() if one.request.path == "/retailcrm/register"
    )
    page.on("response", lambda answer: seen.append(answer.url) if f"&n={accepted}" in answer.url else None)
    for fault, differs in (("swapped-token", 0), ("foreign-host", 1)):
        seen.clear()
        choose(page, "connect", fault)
        window(page, "connect").locator("#error").wait_for()
        shown(page, "connect", "refused")
        until(lambda: bool(page.evaluate("1") and seen))  # the page has asked for the one that was accepted
        page.evaluate("new Promise((done) => setTimeout(done, 100))")
        assert page.locator("#beside h3").count() == differs, fault
    context.close()
