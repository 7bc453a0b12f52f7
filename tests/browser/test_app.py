"""What a person sees in the partner's app, in Chromium: the platform at 127.0.0.1, the app at localhost, which is another site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from handshakes.fortis import demo as fortis
from handshakes.onoffice import demo as onoffice
from handshakes.retailcrm import demo as retailcrm
from handshakes.runtime.sql_store import open_store
from tests.browser.test_onoffice import mask, until
from tests.oracles import tool
from tests.web.served import Served, served

FIRST = "5e0000000000000000000001"
LIMIT = 60_000


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[[str], Served]]:
    """Serve a platform, and the app on another site, for one test."""
    store = open_store(tmp_path, {})
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(served(name, store, "localhost"))
    store.close()


@pytest.fixture(scope="module")
def blocking() -> Iterator[Any]:
    """Chromium that takes no third-party cookies, as it is for most people."""
    program = tool("chromium")
    from playwright.sync_api import sync_playwright

    options = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    options.append("--test-third-party-cookie-phaseout")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@contextmanager
def person(chromium: Any, locale: str = "en-GB") -> Iterator[Any]:
    """A person's browser, with nothing from before; what its console complains of is in `complaints`."""
    context = chromium.new_context(locale=locale)
    context.set_default_timeout(LIMIT)
    page = context.new_page()
    page.complaints = []
    context.on("console", lambda message: page.complaints.append(message.text))
    yield page
    context.close()


@pytest.fixture
def page(blocking) -> Iterator[Any]:
    with person(blocking) as page:
        yield page


def blocked_styles(page: Any) -> list[str]:
    return [text for text in page.complaints if "Content Security Policy" in text or "Refused to" in text]


# --- OfficeRnD ------------------------------------------------------------------------------------


def connect(page: Any, world: Served, fault: str = "") -> None:
    """Press Connect and close the window that it opens, once it is back in OfficeRnD."""
    page.goto(world.portal + "/simulator")
    if fault:
        page.select_option(f"#connect-{FIRST} select", fault)
    with page.expect_popup() as opened:
        page.click(f"#connect-{FIRST} button")
    opened.value.wait_for_selector("#back")
    opened.value.close()


def settings(page: Any, world: Served) -> None:
    page.goto(world.portal + "/simulator")
    page.click(f"#configure-{FIRST} button")
    page.wait_for_selector("#settings")


def test_officernd_a_person_connects_sees_the_result_and_saves_a_setting(page, serve):
    world = serve("officernd")
    page.goto(world.app + "/officernd/result")
    until(lambda: "No connection was made in this browser" in page.inner_text("main"))
    connect(page, world)
    page.goto(world.app)
    page.click("text=Your page in this browser")
    until(lambda: (page.inner_text("#result"), page.inner_text("#account")) == ("Connected", "J&J Ltd"))
    settings(page, world)
    page.select_option("select[name=synced]", "members-and-bookings")
    page.click("#settings button")
    until(lambda: page.inner_text("#saved") == "Saved.")
    settings(page, world)
    until(lambda: page.input_value("select[name=synced]") == "members-and-bookings")
    page.select_option("select[name=synced]", "members")
    page.click("#settings button")
    page.goto(world.portal + "/simulator")
    page.click(f"#remove-{FIRST} button")
    page.goto(world.app + "/officernd/result")
    until(lambda: page.inner_text("#result") == "Removed")
    assert blocked_styles(page) == []


def test_officernd_a_refused_connect_says_so_to_the_person_and_why_to_the_operator(page, serve):
    world = serve("officernd")
    connect(page, world, "code-expired")
    page.goto(world.app + "/officernd/result")
    until(lambda: page.inner_text("#result") == "Not connected")
    until(lambda: "press Connect in OfficeRnD again" in page.inner_text("main"))
    until(lambda: "platform-error" not in page.inner_text("main"))
    page.goto(world.operator)
    until(lambda: page.locator(".reason").all_inner_texts() == ["unknown-installation", "platform-error"])
    connect(page, world)
    page.goto(world.app + "/officernd/result")
    until(lambda: page.inner_text("#result") == "Connected")  # the person tried again


def test_officernd_a_phone_and_a_keyboard_suffice_and_a_form_outlives_a_restart_of_the_app(page, serve):
    world = serve("officernd")
    page.set_viewport_size({"width": 390, "height": 800})
    connect(page, world)
    settings(page, world)
    world.stop_app()
    other = page.context.new_page()
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        other.goto(world.app)
    other.close()
    world.start_app()
    until_focus(page, "SELECT")
    page.keyboard.press("ArrowDown")
    until_focus(page, "BUTTON")
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved")
    until(lambda: page.input_value("select[name=synced]") == "members-and-bookings")
    for path in ("/", "/officernd/result", "/officernd/configure"):
        page.goto(world.app + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(world.operator)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def until_focus(page: Any, tag: str) -> None:
    """Press Tab until an element with this tag has the focus, at most twenty times."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == tag:
            return
    raise AssertionError(f"no {tag} is reached by Tab")


# --- RetailCRM ------------------------------------------------------------------------------------


def module(page: Any, world: Served, fault: str = "") -> None:
    page.goto(world.portal + "/simulator")
    page.click(f"#popup-{retailcrm.CODE} button")
    if fault:
        page.select_option("#connect select", fault)
    page.click("#connect button")


def test_retailcrm_a_person_lands_in_the_account_and_stays_there_until_the_session_ends(page, serve):
    world = serve("retailcrm")
    account = world.app + "/retailcrm/account"
    module(page, world, "wrong-token")
    until(lambda: page.inner_text("#error") == "The module could not be connected.")
    page.goto(account)
    until(lambda: "Please open the module from its page in RetailCRM." in page.inner_text("main"))
    module(page, world)
    page.wait_for_url(account)
    until(lambda: page.inner_text("#state") == "The module works.")
    page.reload()
    until(lambda: page.inner_text("#state") == "The module works.")
    world.stop_app()
    world.start_app()
    page.reload()
    until(
        lambda: page.inner_text("#state") == "The module works."
    )  # the session outlives a restart of the app
    world.clock.ahead += 100_000
    page.reload()
    until(lambda: "Please open the module from its page in RetailCRM." in page.inner_text("main"))
    page.goto(world.portal + "/simulator")
    page.click(f"#account-{retailcrm.CODE} button")
    until(lambda: page.inner_text("#state") == "The module works.")  # the person came again from RetailCRM
    assert blocked_styles(page) == []


# --- onOffice -------------------------------------------------------------------------------------


def paste(page: Any, frame: Any, key: str = "") -> None:
    page.check("input[value=all]")
    until(lambda: page.input_value("#api-key") != "")
    frame.locator("#secret").fill(key or page.input_value("#api-key"))
    frame.locator("#privacy").check()
    frame.locator("#unlockButton").click()
    until(lambda: frame.locator("#result").inner_text() not in ("", "One moment …", "Einen Moment …"))


def test_onoffice_a_person_activates_in_the_frame_and_opens_the_service(page, serve):
    world = serve("onoffice")
    frame = mask(page, world.portal)
    until(lambda: frame.locator("h1").inner_text() == "Activate the example provider")
    until(lambda: frame.locator("#customer").inner_text() == "Müller & Söhne <Immobilien> GmbH")
    paste(page, frame)
    until(lambda: frame.locator("#result").inner_text() == "Active")
    until(lambda: page.inner_text("#status") == "Active")
    world.stop_app()
    world.start_app()
    page.goto(world.portal + "/simulator")
    page.click(f"#{onoffice.PLANS}-{onoffice.FIRST}-{onoffice.BROKER} button")
    service = page.frame_locator("#provider")
    service.locator("#estate").wait_for()
    until(lambda: service.locator("#estate").inner_text() == f"House {onoffice.FIRST}")
    assert page.context.cookies() == []
    assert blocked_styles(page) == []


def test_onoffice_a_person_who_reads_german_pastes_a_wrong_key_and_then_the_right_one(blocking, serve):
    world = serve("onoffice")
    with person(blocking, "de-DE") as page:
        frame = mask(page, world.portal)
        until(lambda: frame.locator("h1").inner_text() == "Beispielanbieter freischalten")
        paste(page, frame, "x" * 64)
        said = frame.locator("#result").inner_text()
        assert said == "Der API-Key stimmt nicht. Bitte kopieren Sie ihn noch einmal."
        paste(page, frame)
        until(lambda: frame.locator("#result").inner_text() == "Aktiv")
        until(lambda: "Alle Konten darin sind erfunden." in frame.locator("footer").inner_text())


def test_onoffice_a_url_that_does_not_verify_and_one_that_is_too_old_show_the_same_page_in_the_frame(
    page, serve
):
    world = serve("onoffice")
    frame = mask(page, world.portal, "parameter-changed")
    said = frame.locator("main").inner_text()
    assert "Please open it from the marketplace again." in said
    frame = mask(page, world.portal)
    url = page.get_attribute("#provider", "src")
    world.clock.ahead += 100_000
    page.goto(url)
    until(lambda: page.inner_text("main") == said)
    assert world.reasons()[-2:] == ["signature-mismatch", "stale"]


# --- Fortis ---------------------------------------------------------------------------------------


def launch(page: Any, world: Served, fault: str = "") -> Any:
    """Register the location and the user, and open the app; return the frame."""
    for form in ("register-location", f"register-{fortis.USER}"):
        page.goto(world.portal + "/simulator")
        page.click(f"#{form} button")
    page.goto(world.portal + "/simulator")
    if fault:
        page.select_option(f"#open-{fortis.USER} select[name=fault]", fault)
    page.click(f"#open-{fortis.USER} button")
    frame = page.frame_locator("#app")
    frame.locator("h1").wait_for()
    return frame


def test_fortis_the_session_holds_in_the_frame_of_another_site_and_ends_in_time(page, serve):
    """In a browser that takes other third-party cookies, `test_fortis.py` shows the same."""
    world = serve("fortis")
    frame = launch(page, world, "token-of-another")
    until(lambda: "Please open the app in Fortis again." in frame.locator("main").inner_text())
    frame = launch(page, world)
    until(lambda: frame.locator("#user").inner_text() == fortis.USER)
    (inner,) = [one for one in page.frames if one.url.startswith(world.app)]
    inner.goto(world.app + "/fortis/app")
    until(lambda: inner.inner_text("#user") == fortis.USER)  # the cookie came back
    world.stop_app()
    world.start_app()
    inner.goto(world.app + "/fortis/app")
    until(lambda: inner.inner_text("#user") == fortis.USER)  # the session outlives a restart of the app
    plain = "document.cookie = 'plain=1; Path=/; Secure; SameSite=None'; document.cookie"
    until(lambda: inner.evaluate(plain) == "")  # a cookie that is not partitioned is not taken here
    (cookie,) = page.context.cookies()
    assert cookie["partitionKey"] and cookie["secure"] and cookie["httpOnly"]
    world.clock.ahead += 4_000
    inner.goto(world.app + "/fortis/app")
    until(lambda: "Please open the app in Fortis again." in inner.inner_text("main"))
    frame = launch(page, world)
    until(lambda: frame.locator("#user").inner_text() == fortis.USER)  # the person opened it again
    with page.context.expect_page() as opening:
        frame.locator("#oauth button").click()
    opening.value.wait_for_selector("#allow")
    assert blocked_styles(page) == []
