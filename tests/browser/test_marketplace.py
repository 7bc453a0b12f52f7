"""A person connects all four by clicking on the marketplace page: real windows and frames, two sites, with faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from handshakes.core.messages import Request, Response
from handshakes.core.refusals import Refused
from tests.browser.market import WAIT, Market, choose, foreign, marketplace, opened, press, shown, window
from tests.browser.test_onoffice import until
from tests.oracles import headless


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    headless()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def chromium(playwright) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=headless(), args=QUIET)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with marketplace() as market:
        yield market


@pytest.fixture
def page(chromium) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    context.on("weberror", lambda error: said.append(str(error.error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert said == []


def test_officernd_is_connected_by_clicking_and_a_changed_request_says_why_it_is_refused(page, market):
    opened(page, market, "officernd")
    back = window(page, "connect")
    back.locator("#back").wait_for()
    until(lambda: back.evaluate("window.opener") is None, 60)  # what the window shows cannot move the page
    shown(page, "connect", "held")
    press(page, "healthcheck")
    shown(page, "healthcheck", "held", "2 checks of the marketplace held.")
    choose(page, "healthcheck", "parameter-changed")
    press(page, "healthcheck")
    shown(page, "healthcheck", "refused", "Refused as expected: signature-mismatch.")
    page.locator("#message .verdict.bad strong", has_text="signature-mismatch").wait_for()
    page.locator("[data-act=why]").click()
    page.locator("#why", has_text="A value was put into locations on the way").wait_for()
    choose(page, "sync", "stale")
    press(page, "sync")
    shown(page, "sync", "refused", "Refused as expected: stale.")
    press(page, "remove")
    shown(page, "remove", "held")
    page.locator("[data-tile=officernd] [data-state]", has_text="removed").wait_for()
    page.locator("#report", has_text="Not tried: Configure.").wait_for()
    until(lambda: page.locator("#report-button").get_attribute("aria-expanded") == "true", 60)
    tried = page.locator("#report section", has_text="Try next").locator("button").first
    fault = tried.inner_text().partition(": ")[2]
    tried.click()
    until(
        lambda: page.locator("[data-fault=connect]").inner_text() == fault, 60
    )  # what to try next is chosen by a click
    hosts = {
        origin.split("//")[1].split(":")[0] for origin in market.hosts["officernd"].place.addresses.values()
    }
    assert hosts == {"127.0.0.1", "localhost"}, "two sites"


def test_retailcrm_is_connected_by_clicking_and_three_faults_end_as_they_must(page, market):
    opened(page, market, "retailcrm")
    popup = window(page, "popup")
    popup.locator("#connect", has_text="choose one on the marketplace page").wait_for()
    assert popup.locator("select[name=fault]").count() == 0, "there is one list of faults, with a search"
    popup.locator("#connect button").click()
    popup.wait_for_url("http://localhost:*/retailcrm/account*")
    until(lambda: "connected" in page.locator("[data-tile=retailcrm] [data-state]").inner_text(), 60)
    shown(page, "connect", "held")
    press(page, "visit")
    shown(page, "visit", "held")
    press(page, "off")
    shown(page, "off", "held")
    press(page, "on")
    shown(page, "on", "held")
    for fault, reason in (("wrong-token", "signature-mismatch"), ("missing-token", "missing-parameter")):
        choose(page, "connect", fault)
        window(page, "connect").locator("#error").wait_for()
        shown(page, "connect", "refused", f"Refused as expected: {reason}.")
        page.locator("#message .verdict.bad strong", has_text=reason).wait_for()
    choose(page, "on", "activity-unknown")
    press(page, "on")
    shown(page, "on", "refused", "Refused as expected: unknown-installation.")


def activated(page: Any, fault: str = "") -> Any:
    """Open onOffice's popup and agree to everything; return the popup with the provider's frame in it."""
    if fault:
        choose(page, "open", fault)
    popup = window(page, "open")
    popup.check("input[name=terms]")
    popup.check("input[name=data_processing]")
    popup.click("#confirm button")
    popup.frame_locator("#provider").locator("h1").wait_for()
    return popup


def pasted(popup: Any, key: str = "") -> None:
    """Choose the right, paste the key that appears, or another, and press the button."""
    popup.check("input[value=all]")
    frame = popup.frame_locator("#provider")
    until(lambda: popup.input_value("#api-key") != "", 60)
    popup.click("#copy-key")
    until(lambda: popup.inner_text("#copy-key") == "Copied", 60)
    frame.locator("#secret").fill(key or popup.input_value("#api-key"))
    frame.locator("#privacy").check()
    frame.locator("#unlockButton").click()


def test_onoffice_is_activated_by_clicking_and_three_faults_end_as_they_must(page, market):
    opened(page, market, "onoffice")
    for fault, reason in (
        ("stale", "stale"),
        ("wrong-secret", "signature-mismatch"),
        ("parameter-added", "signature-mismatch"),
    ):
        popup = activated(page, fault)
        until(lambda: popup.frame_locator("#provider").locator("#unlockButton").count() == 0, 60)  # noqa: B023
        popup.close()
        shown(page, "open", "refused", f"Refused as expected: {reason}.")
        page.locator("#message .verdict.bad strong", has_text=reason).wait_for()
    page.locator("[data-fault=open]").click()
    page.click("button[value=none]")
    pasted(activated(page))
    shown(page, "open", "held", "The provider verified it. 2 checks of the marketplace held.")
    until(lambda: page.locator("[data-step=open] .st").inner_text() == "held", 60)
    page.locator(".msg b", has_text="postMessage “active”").wait_for()
    window(page, "plans").frame_locator("#provider").locator("#estate").wait_for()
    shown(page, "plans", "held")
    page.locator(".msg", has_text="verified").first.wait_for()
    choose(page, "plans", "times-damage")
    window(page, "plans").frame_locator("#provider").locator("h1").wait_for()
    page.locator("#message .verdict.bad", has_text="missing-parameter").filter(
        has_text="timestamp"
    ).wait_for()
    page.locator("#message #wrong", has_text="&timestamp= became ×tamp= on the way").wait_for()
    assert "accepted" not in page.locator("#message .verdict").inner_text()  # nothing contradicts the refusal
    assert page.locator("[data-act=why]").count() == 0, "it would repeat what stands above"
    press(page, "block")
    page.locator("[data-tile=onoffice] [data-state]", has_text="blocked").wait_for()


def test_fortis_is_registered_and_opened_by_clicking_and_three_faults_end_as_they_must(page, market):
    opened(page, market, "fortis")
    for step in ("location", "user"):
        press(page, step)
        shown(page, step, "held")
    app = window(page, "open")
    app.frame_locator("#app").locator("h1").wait_for()
    shown(page, "open", "held")
    page.locator(".msg", has_text="decrypted").first.wait_for()
    for fault, reason in (
        ("wrong-secret", "decryption-failed"),
        ("no-header", "malformed"),
        ("replayed", "replayed"),
    ):
        choose(page, "open", fault)
        window(page, "open").frame_locator("#app").locator("h1").wait_for()
        shown(page, "open", "refused", f"Refused as expected: {reason}.")
    press(page, "user-gone")
    shown(page, "user-gone", "held")


@pytest.fixture(scope="module")
def connected() -> Iterator[Market]:
    """OfficeRnD alone, for what is done on its page."""
    with marketplace("officernd") as market:
        yield market


@pytest.fixture
def page_of(page, connected) -> Any:
    """OfficeRnD's page, connected."""
    opened(page, connected, "officernd")
    if not connected.hosts["officernd"].place.shop().connected:
        window(page, "connect").locator("#back").wait_for()
    page.locator("[data-press=sync]:enabled").wait_for()
    return page


def test_the_wire_is_walked_by_keys_which_work_on_a_message_alone(page_of):
    page = page_of
    press(page, "sync")
    rows = page.locator(".msg")
    page.locator("#search").focus()
    page.keyboard.type("wrt")
    until(lambda: page.input_value("#search") == "wrt", 60)  # letters stay letters in a field
    page.fill("#search", "")
    rows.last.focus()
    page.keyboard.press("Home")
    until(lambda: rows.first.evaluate("row => row === document.activeElement"), 60)
    page.keyboard.press("ArrowDown")
    until(lambda: rows.nth(1).evaluate("row => row === document.activeElement"), 60)
    until(
        lambda: page.locator(".msg[tabindex='0']").count() == 1, 60
    )  # the list is one stop of the tabulator
    until(
        lambda: page.locator("#follow").inner_text() == "Jump to latest", 60
    )  # who moves up is not pulled down
    page.keyboard.press("End")
    until(lambda: page.locator("#follow").inner_text() == "Follow", 60)
    page.locator(".msg.carries").last.focus()
    page.keyboard.press("w")
    page.locator("#why .rows").wait_for()
    page.locator("#message").focus()
    page.keyboard.press("Escape")
    until(lambda: page.evaluate("document.activeElement.className").startswith("msg"), 60)
    page.keyboard.press("t")
    page.locator("#message .tamper .field").first.wait_for()
    page.locator("#t-query-0").focus()
    page.locator("#message pre .lit").wait_for()  # a field and its bytes light up together, both ways
    until(lambda: page.locator("#message pre .lit").all_inner_texts() == ["slug=test-slug"], 60)
    page.locator("#search").focus()
    page.locator("#message pre [data-part=query-2]").hover()
    page.locator("#message .tamper .lit", has_text="organizationId").wait_for()
    page.locator("#t-query-0").fill("another-slug")
    page.evaluate("document.querySelector('#message').scrollTop = 10_000")
    page.get_by_role("button", name="Send changed").click()
    page.locator("#message .note", has_text="in which this page changed slug").wait_for()
    until(lambda: page.evaluate("document.querySelector('#message').scrollTop") == 0, 60)


def test_the_fault_picker_opens_on_its_search_and_closes_back_to_its_button(page_of):
    page = page_of
    button = page.locator("[data-fault=healthcheck]")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#choices input").first.wait_for()
    until(lambda: page.evaluate("document.activeElement.id") == "find", 60)
    page.keyboard.type("no such fault at all")
    page.locator("#choices", has_text="No fault matches").wait_for()
    page.keyboard.press("Escape")
    until(lambda: (page.input_value("#find"), page.locator("#faults").is_visible()) == ("", True), 60)
    page.keyboard.press("Escape")
    page.locator("#faults").wait_for(state="hidden")
    page.locator("[data-fault=healthcheck]:focus").wait_for()
    until(lambda: button.inner_text() == "No fault", 60)


def test_enter_in_the_fault_picker_uses_the_fault_that_it_stands_on(page_of):
    page = page_of
    page.locator("[data-fault=healthcheck]").focus()
    page.keyboard.press("Enter")
    page.locator("#choices input").first.wait_for()
    page.keyboard.type("wrong-secret")
    page.keyboard.press("Enter")
    until(lambda: page.locator("#faults").is_visible(), 60)  # Enter in the search chooses nothing
    for key in ("Tab", "Tab", "Space", "Enter"):
        page.keyboard.press(key)
    page.locator("[data-fault=healthcheck].chosen:focus").wait_for()
    press(page, "healthcheck")
    shown(page, "healthcheck", "refused", "Refused as expected: signature-mismatch.")


def test_a_step_opens_the_message_that_it_names_and_a_step_without_a_refusal_closes_an_older_one(page_of):
    page = page_of
    choose(page, "healthcheck", "post")
    press(page, "healthcheck")
    page.locator("#message .verdict.bad strong", has_text="wrong-method").wait_for()
    page.locator("#message #wrong", has_text="Its method is GET; the signature is right.").wait_for()
    page.locator("#message #no-why").wait_for()
    assert page.locator("[data-act=why]").count() == 0, "it would repeat what stands above"
    page.locator("[data-fault=healthcheck]").click()
    page.click("button[value=none]")
    press(page, "healthcheck")
    page.locator("#message", has_text="Choose a message on the wire").wait_for()
    page.locator(".msg.carries").last.click()
    page.locator("#message .verdict.ok").wait_for()
    press(page, "healthcheck")
    until(lambda: page.locator("#message .verdict.ok").count() == 1, 60)  # what the person chose stays


def test_the_clock_has_its_date_on_another_day_and_what_has_no_payload_counts_none(page_of):
    page = page_of
    page.locator("[data-clock='86400']").click()
    page.locator("#clock", has_text=re.compile(r"^\d{4}-\d\d-\d\d \d\d:")).wait_for()
    page.locator("[data-clock='0']").click()
    page.locator("#clock", has_text=re.compile(r"^\d\d:\d\d:\d\d$")).wait_for()
    page.locator(".msg.carries").first.click()
    page.locator("#message .hint", has_text="Secrets are masked;").wait_for()
    until(lambda: "bytes of payload" not in page.locator("#message").inner_text(), 60)
    until(
        lambda: (
            page.locator(".msg.carries b").first.evaluate("one => one.querySelectorAll('wbr').length") > 1
        ),
        60,
    )


def test_a_long_answer_is_cut_with_a_mark(page_of, connected):
    page, wire = page_of, connected.wire("officernd")
    chapter = wire.begin("", "From outside")
    one = wire.began("browser", "partner", Request("GET", "http://127.0.0.1", "/long"))
    wire.heard(one, "long", Refused("malformed", "a:b"))
    wire.ended(one, Response(403, (("content-type", "text/plain"),), b"x" * 400))
    wire.end(chapter)
    page.locator(".msg b", has_text="GET /long").last.click()
    seen = page.locator("#message .verdict dd").last
    seen.filter(has_text="xxx").wait_for()
    until(lambda: seen.inner_text().endswith("x…"), 60)


def test_a_finished_step_is_announced_in_one_sentence_and_the_list_is_no_live_region(page_of):
    page = page_of
    page.evaluate(
        """() => { window.heard = []; const region = document.querySelector("#status");
        new MutationObserver(() => region.textContent && heard.push(region.textContent)).observe(region, {childList: true}); }"""
    )
    press(page, "healthcheck")
    until(lambda: page.evaluate("() => window.heard.length") > 0, 60)
    until(
        lambda: (
            page.evaluate("() => window.heard") == ["Check health: held. 2 checks of the marketplace held."]
        ),
        60,
    )
    until(lambda: page.locator("#ladder[aria-live], #scroll[aria-live], [role=log]").count() == 0, 60)
    until(lambda: page.locator("#status[role=status]").count() == 1, 60)


def test_messages_are_found_by_text_and_by_step(page_of):
    page = page_of
    press(page, "sync")
    page.get_by_label("Search", exact=True).fill("oauth token")
    texts = page.locator("#ladder .msg b").all_inner_texts()
    assert texts == ["POST /oauth/token"] * len(texts) != []
    page.fill("#search", "nothing is like this")
    page.locator("#empty", has_text="No message matches the search.").wait_for()
    page.fill("#search", "")
    page.get_by_label("Step", exact=True).select_option(index=1)
    until(lambda: page.locator("#ladder .chapter").all_inner_texts() == ["Connect"], 60)


def test_text_that_travelled_stays_text(page_of, connected):
    page = page_of
    partner = connected.hosts["officernd"].place.addresses["partner"]
    hostile = "<img src=x onerror=document.title=1>&para=&times;"
    requests.get(
        f"{partner}/officernd/nowhere",
        {"error": hostile, "&para": "x"},
        headers={"x-note": hostile},
        timeout=60,
    )
    page.locator(".msg b", has_text="GET /officernd/nowhere").last.click()
    page.locator("#message .bytes", has_text=f"x-note: {hostile}").wait_for()
    until(lambda: page.locator("#message img, #ladder img").count() == 0, 60)
    assert page.title().startswith("OfficeRnD")


def test_two_requests_are_compared_part_by_part_and_not_at_the_first_difference_alone(page_of):
    page = page_of
    press(page, "healthcheck")
    choose(page, "healthcheck", "parameter-changed")
    press(page, "healthcheck")
    page.locator("#message .verdict.bad").wait_for()
    genuine = page.locator(
        ".msg.carries:not(.bad)", has_text="GET /officernd/healthcheck"
    ).last.get_attribute("data-n")
    page.select_option("#other", genuine)
    marked = page.locator("#message .differs")
    marked.first.wait_for()
    until(
        lambda: marked.all_inner_texts()[:2] == ["e", "end"], 60
    )  # `locations=elsewhere` beside `locations=`
    names = page.locator("#message .compared > li > span").all_inner_texts()
    assert names[0] == "locations" and "slug" not in names


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A page of another site on this machine, which allows its scripts everything."""
    with foreign(lambda asked: ("<title>elsewhere</title>", {})) as port:
        yield f"http://localhost:{port}/"


def test_another_site_can_neither_press_nor_read_nor_frame_the_page(page_of, connected, elsewhere):
    """A page of another site in the same browser, with the token even."""
    page, url, token = page_of, connected.url, connected.token
    before = connected.wire("officernd").version
    foreign = page.context.new_page()
    foreign.goto(elsewhere)
    said = foreign.evaluate(
        """async ([url, token]) => {
          const tried = async (path, options) => { try { return (await fetch(url + path, options)).status; } catch { return "blocked"; } };
          const body = JSON.stringify({platform: "officernd", press: "sync", seconds: 60, n: 1});
          const streamed = new Promise((done) => { const stream = new EventSource(`${url}/events?token=${token}`);
            stream.onmessage = () => done("read"); stream.onerror = () => done("blocked"); });
          return [
            await tried("/officernd", {}), await tried("/press", {method: "POST", body}),
            await tried("/press", {method: "POST", body, headers: {"x-handshakes-token": token}}),
            await tried(`/message?platform=officernd&n=1`, {headers: {"x-handshakes-token": token}}), await streamed,
          ];
        }""",
        [url, token],
    )  # fmt: skip
    assert said == ["blocked"] * 5
    foreign.evaluate(
        """(url) => { const form = document.createElement("form"); form.method = "post"; form.enctype = "text/plain"; form.action = url + "/press";
          document.body.append(form); form.submit(); }""",
        url,
    )  # fmt: skip
    foreign.wait_for_url(f"{url}/press")
    until(lambda: "Another site's request" in foreign.inner_text("body"), 60)
    foreign.goto(elsewhere)
    framed = "(url) => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }"
    with foreign.expect_console_message(lambda said: "frame-ancestors 'none'" in said.text, timeout=WAIT):
        foreign.evaluate(framed, f"{url}/officernd")
    assert connected.wire("officernd").version == before
    foreign.close()


def test_on_a_phone_one_part_shows_at_a_time_and_nothing_scrolls_sideways(chromium, connected, page_of):
    for width in (390, 320):
        context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme="dark")
        page = opened(context.new_page(), connected, "officernd")
        for part in ("steps", "wire", "message", "proven"):
            page.locator(f"[data-go={part}]").click()
            shown_ = [
                name
                for name in ("steps", "wire", "message", "proven")
                if page.locator(f"#{name}").is_visible()
            ]
            assert shown_ == [part]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("[data-go=wire]").click()
        page.locator(".msg").first.click()
        page.locator("#main[data-view=message]").wait_for()  # a message opens its part
        page.locator("#message h2", has_text="GET /officernd/connect").wait_for()
        until(lambda: 0 <= page.locator("#message h2").bounding_box()["y"] < 300, 60)  # noqa: B023  (not past its top)
        small = page.evaluate(
            "() => [...document.querySelectorAll('#message button')].filter(one => one.offsetHeight && one.offsetHeight < 40).length"
        )
        assert small == 0
        context.close()


def edges(found: Any) -> list[list[float]]:
    """Return left, top and bottom of each element, measured at once: the page may draw them anew in between."""
    return found.evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(one => [one.left, one.top, one.bottom])"
    )


def test_why_is_in_sight_begins_with_the_news_and_is_said_in_the_same_words(page_of):
    page_of.set_viewport_size({"width": 1280, "height": 813})
    choose(page_of, "healthcheck", "client-secret")
    press(page_of, "healthcheck")
    page_of.locator("#message .verdict.expected strong", has_text="signature-mismatch").wait_for()
    page_of.locator("[data-act=why]").click()
    heading = page_of.locator("#why h3").first
    heading.filter(has_text="Likely cause").wait_for()
    cause = "Another secret was used: the OAuth client's, not the integration's."
    assert page_of.locator("#why p").first.inner_text() == cause
    until(lambda: heading.evaluate("one => one === document.activeElement"), 60)
    both = page_of.locator("#message, #why")
    until(
        lambda: 0 <= edges(both)[1][1] - edges(both)[0][1] < 40, 60
    )  # it begins where the message's part begins
    until(lambda: page_of.locator("#status").inner_text() == f"Likely cause: {cause}", 60)
    assert "does not match" not in page_of.locator("#why").inner_text()
    told = page_of.locator("#message .verdict > .hint").all_inner_texts()
    assert told[0].startswith("Sender (OfficeRnD): sign with the integration's secret")
    assert told[1].startswith("Receiver (partner): ")
    assert page_of.locator("#why .hint", has_text="Sender").count() == 0, "one advice, not two"


def test_a_refusal_that_had_to_be_looks_the_same_on_the_wire_and_squeezes_no_path(page_of):
    page_of.set_viewport_size({"width": 1280, "height": 813})
    choose(page_of, "healthcheck", "stale")
    press(page_of, "healthcheck")
    row = page_of.locator(".msg[aria-current]", has_text="stale")
    badge, text = row.locator(".st"), row.locator("b")
    assert (
        badge.inner_text() == page_of.locator("#message .verdict .st").inner_text() == "refused as expected"
    )
    assert {"turned", "ok", "bad"} & set(badge.get_attribute("class").split()) == {"turned"}, (
        "not as accepted"
    )
    ground = "one => getComputedStyle(one).backgroundColor"
    message = page_of.locator("#message .verdict")
    assert message.evaluate(ground) != page_of.locator(".st.ok").first.evaluate(ground)
    assert text.evaluate("one => one.getClientRects().length && one.offsetHeight") < 24, (
        "the path is on one line"
    )
    until(lambda: edges(badge)[0][1] >= edges(text)[0][2], 60)


def test_no_row_is_cut_by_the_heading_when_the_wire_jumps_to_the_newest_message(page_of):
    page_of.set_viewport_size({"width": 1280, "height": 813})
    for fault in ("client-secret", "stale", "post", "signature-unnamed"):
        choose(page_of, "healthcheck", fault)
        press(page_of, "healthcheck")
        page_of.locator(".msg[aria-current]").wait_for()
        page_of.wait_for_timeout(400)
        cut = page_of.evaluate(
            """() => {
              const top = document.querySelector("#scroll").getBoundingClientRect().top;
              const heads = [...document.querySelectorAll(".chapter")].map((one) => one.getBoundingClientRect());
              const head = heads.filter((one) => one.top <= top + 1 && one.bottom > top + 1).at(-1);
              const under = head ? head.bottom : top;
              const rows = [...document.querySelectorAll(".msg")].map((one) => one.getBoundingClientRect());
              return [head && head.top < top - 2, rows.some((one) => one.top < under - 2 && one.bottom > under + 2)];
            }"""
        )
        assert not any(cut), fault


def test_a_step_without_faults_and_a_refusal_without_why_say_so(page, market):
    opened(page, market, "fortis")
    press(page, "location")
    page.locator("[data-step=location-gone] [data-none]", has_text="No fault can be chosen").wait_for()
    assert page.locator("[data-step=location] [data-none]").count() == 0
    choose(page, "location", "raw-fragment")
    press(page, "location")
    page.locator("#no-why", has_text="no signature decided this").wait_for()
    assert page.locator("[data-act=why]").count() == 0
    page.locator(".msg[aria-current]").press("w")
    until(lambda: "There is no “Why?” here" in page.locator("#status").inner_text(), 60)
    assert page.locator("#why").is_hidden()
    press(page, "location-gone")


def test_what_the_browser_of_the_simulator_asks_is_marked_each_time(page, market):
    opened(page, market, "fortis")
    for step in ("location", "user", "consent"):
        press(page, step)
    asked = page.locator(".part", has_text="Consent").last.locator(".msg.carries, .msg:not(.answer)")
    sent = asked.filter(has=page.locator(".arrow .hide", has_text="browser to"))
    sent.first.wait_for()
    assert sent.count() > 2
    assert sent.filter(has=page.locator(".note", has_text="the simulator plays")).count() == sent.count()


def test_the_faults_on_a_phone_are_all_in_sight_and_the_page_behind_does_not_scroll(page_of):
    page_of.set_viewport_size({"width": 390, "height": 844})
    page_of.locator("[data-fault=healthcheck]").click()
    page_of.locator("#groups label").first.wait_for()
    edges = page_of.locator("#groups label").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().right)"
    )
    assert max(edges) <= 390
    assert page_of.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"


def test_facts_of_a_refusal_stand_in_one_line_below_each_other(page_of):
    choose(page_of, "healthcheck", "signature-unnamed")
    press(page_of, "healthcheck")
    facts = page_of.locator("#message .facts dd")
    facts.nth(1).filter(has_text="t, v1").wait_for()
    until(lambda: len({round(one[0]) for one in edges(facts)}) == 1, 60)


def test_on_a_phone_a_step_leads_to_the_message_that_it_names(page_of):
    page_of.set_viewport_size({"width": 390, "height": 844})
    choose(page_of, "healthcheck", "stale")
    press(page_of, "healthcheck")
    page_of.locator("[data-see=healthcheck]").click()
    page_of.locator("#message #wrong", has_text="one hour before").wait_for()
    assert page_of.locator("#main").get_attribute("data-view") == "message"
    page_of.set_viewport_size({"width": 1280, "height": 813})


def test_an_answer_that_was_refused_is_not_headed_as_verified(page_of):
    choose(page_of, "connect", "secret-empty")
    window(page_of, "connect").locator("#back").wait_for()
    shown(page_of, "connect", "refused")
    page_of.locator("#message #wrong", has_text="settings.secret with an empty text").wait_for()
    page_of.locator("#message .link").first.click()
    page_of.locator("#message .verdict.answer", has_text="answer refused").wait_for()
    heads = page_of.locator("#message .verdict .st").all_inner_texts()
    assert heads == ["answer refused as expected"]
    page_of.locator("#message .verdict.answer .link").click()
    page_of.locator("#message .verdict", has_text="refused as expected").wait_for()
