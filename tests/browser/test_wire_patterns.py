"""What other tools' users asked of a view of messages, on the marketplace page: fourteen patterns, and where each is proven.

1 the bytes that went out: `test_wire.test_what_a_raw_socket_received_is_what_the_page_shows`. 2 request and answer
together, 4 a labelled search above the list, 5 follow and pause, 8 two messages compared and swapped, 9 bytes marked by
more than a colour, 10 masks, 11 the list is the diagram, 13 copies, 14 failed ones first: here. 3 who, what, which step:
here and in `test_wire`. 6 one sentence for a step and 7 keys: `test_marketplace`. 10 masks of one length and 13 what is
copied: `tests/web/test_exporting`. 12 a step by its own answer: `tests/web/test_steps`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.browser.market import WAIT, Market, choose, opened, press, shown, tries, window
from tests.browser.test_marketplace import chromium, connected, playwright  # noqa: F401  (fixtures)
from tests.browser.test_onoffice import until


@pytest.fixture(scope="module")
def page(chromium, connected) -> Any:  # noqa: F811
    """OfficeRnD's page, connected, with a health check that was verified and one that was refused."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(context.new_page(), connected, "officernd")
    window(page, "connect").locator("#back").wait_for()
    page.locator("[data-press=healthcheck]:enabled").wait_for()
    press(page, "healthcheck")
    choose(page, "healthcheck", "stale")
    press(page, "healthcheck")
    shown(page, "healthcheck", "refused")
    page.locator("#message .verdict.bad").wait_for()
    yield page
    context.close()


def posted(page: Any, connected: Market, body: str, **query: str) -> str:  # noqa: F811
    """Send the app something from outside; return the number of its row once the wire shows it."""
    rows = page.locator(".msg", has_text="POST /officernd/nowhere")
    before = rows.count()
    partner = connected.hosts["officernd"].place.addresses["partner"]
    headers = {"content-type": "text/plain"}
    requests.post(f"{partner}/officernd/nowhere", body, params=query, headers=headers, timeout=60)
    until(lambda: rows.count() > before)
    return rows.last.get_attribute("data-n")


def chosen(page: Any, text: str, number: int) -> str:
    """Click a row, and return its number once its message is shown."""
    row = page.locator(".msg", has_text=text).nth(number)
    row.click()
    n = row.get_attribute("data-n")
    page.locator("#message .hint", has_text=f"Message {n} ").wait_for()
    return n


def test_request_and_answer_are_shown_together_in_their_order(page):
    chosen(page, "GET /officernd/healthcheck", -1)
    headings = page.locator("#message h3").all_inner_texts()
    order = [headings.index(name) for name in ("Request", "Response", "Checked by the marketplace")]
    assert order == sorted(order)
    assert page.locator("#message pre:visible").count() >= 2, "neither is behind a tab"


def test_each_row_says_who_sent_what_to_whom_and_the_list_is_the_diagram(page):
    names = page.locator("#ladder .msg").all_text_contents()
    assert names and all(" to " in name.partition(": ")[0] for name in names)
    assert "OfficeRnD to partner: GET /officernd/healthcheckslug, locations" in " ".join(names)
    assert page.locator("#ladder svg, #ladder img, #ladder canvas").count() == 0
    assert page.locator("main svg:not([aria-hidden=true])").count() == 0
    drawn = "() => [...document.querySelectorAll('#ladder .msg')].every(one => one.querySelector('.arrow'))"
    assert page.evaluate(drawn), "one row is one arrow"


def test_the_search_has_a_label_and_stands_above_the_list(page):
    search, step = page.get_by_label("Search", exact=True), page.get_by_label("Step", exact=True)
    top = page.locator("#scroll").bounding_box()["y"]
    assert all(one.bounding_box()["y"] < top for one in (search, step))


def test_who_stays_where_she_is_hears_nothing_of_what_goes_on(page):
    """The same switch stops following and mutes the announcements."""
    page.evaluate(
        """() => { window.heard = []; const region = document.querySelector("#status");
        new MutationObserver(() => region.textContent && heard.push(region.textContent)).observe(region, {childList: true}); }"""
    )
    heard = "() => window.heard"
    page.locator(".msg").last.focus()
    page.keyboard.press("ArrowUp")
    page.locator("#follow", has_text="Jump to latest").wait_for()
    before = tries(page, "sync")
    with page.expect_response("**/press"):
        page.evaluate(
            """() => fetch("/press", {method: "POST", headers: {"content-type": "application/json", "x-handshakes-token": document.body.dataset.token},
            body: JSON.stringify({platform: "officernd", press: "sync", fault: ""})})"""
        )  # pressing the button would follow again
    page.locator(f"[data-step=sync].held[data-try]:not([data-try='{before}'])").wait_for()
    page.locator("#follow").click()
    until(lambda: "Following the newest message." in page.evaluate(heard))  # the region works
    assert [said for said in page.evaluate(heard) if said.startswith("Sync")] == []
    press(page, "sync")  # the twin: who follows hears it
    until(lambda: any(said.startswith("Sync: held.") for said in page.evaluate(heard)))


def test_two_messages_are_compared_swapped_and_white_space_is_seen(page, connected):  # noqa: F811
    first, _ = (posted(page, connected, body) for body in ("a b", "a\nb"))
    chosen(page, "POST /officernd/nowhere", -1)
    page.select_option("#other", first)
    marked = page.locator("#message .differs")
    marked.first.wait_for()
    until(lambda: marked.all_inner_texts() == ["␊", "␠"])
    page.locator("#swap").click()
    until(lambda: marked.all_inner_texts() == ["␠", "␊"])
    style = "one => getComputedStyle(one).borderBottomStyle + getComputedStyle(one).fontWeight"
    assert marked.first.evaluate(style) == "solid700", "not by colour alone"


def test_two_secrets_are_compared_without_a_word_of_either(page, connected):  # noqa: F811
    first, _ = (
        posted(page, connected, "", code=code) for code in ("first-very-secret-value", "second-secret")
    )
    chosen(page, "POST /officernd/nowhere", -1)
    page.locator("#message .bytes", has_text="code=‹secret, ").first.wait_for()
    page.select_option("#other", first)
    page.locator("#message", has_text="a secret that is masked: it changed.").wait_for()
    assert page.locator("#message .differs").count() == 0


def test_what_a_signature_covers_is_marked_by_a_line_too(page):
    chosen(page, "GET /officernd/healthcheck", 1)
    page.locator("#message pre .cov").first.wait_for()
    assert page.locator("#message pre .cov").first.evaluate(
        "one => getComputedStyle(one).textDecorationLine"
    ) == ("underline")


@pytest.mark.parametrize("form", ["curl", "HAR", "pytest", "raw text"])
def test_a_message_is_copied_with_one_click(page, form):
    chosen(page, "GET /officernd/healthcheck", -1)
    page.evaluate("() => navigator.clipboard.writeText('')")
    page.locator(f"[data-copy='{form}']").click()
    until(lambda: page.evaluate("() => navigator.clipboard.readText()") != "")
    text = page.evaluate("() => navigator.clipboard.readText()")
    assert "slug=test-slug" in text
    if form == "HAR":
        assert json.loads(text)["log"]["entries"][0]["response"]["status"] == 401
    if form == "pytest":
        compile(text, "test_copied.py", "exec")
    if form == "curl":
        assert text.startswith("curl -i -X GET 'http://localhost:")
    if form == "raw text":
        assert text.startswith("GET /officernd/healthcheck?") and "\n\nHTTP/1.1 401\n" in text


def test_all_messages_are_saved_as_one_file(page):
    with page.expect_download() as saving:
        page.locator("#save").click()
    entries = json.loads(saving.value.path().read_text("utf-8"))["log"]["entries"]
    assert saving.value.suggested_filename == "officernd.har"
    rows = page.locator(".msg[data-n]:not(.answer):not(.window)")
    until(lambda: rows.count() == len(entries))


def test_the_report_has_every_step_that_was_tried_the_failed_ones_first(page, connected):  # noqa: F811
    wire = connected.wire("officernd")
    chapter = wire.begin("configure", "Configure")
    for _ in range(2):
        wire.window(chapter.number, "a page that was closed")
    wire.end(chapter)
    shown(page, "configure", "unseen")
    page.locator("#report-button").click()
    page.locator("#ended li").first.filter(has_text="Configure").wait_for()
    ended = page.locator("#ended li").all_inner_texts()
    tried = [
        name for text in ended for name in ("Connect", "Check health", "Configure", "Sync") if name in text
    ]
    assert tried[0] == "Configure" and {"Connect", "Check health"} <= set(tried)
    page.locator("#report-button").click()


def test_the_page_leads_to_what_the_operator_sees_and_back(page):
    with page.expect_popup() as opening:
        page.locator("#operator").click()
    operator = opening.value
    operator.set_default_timeout(WAIT)
    operator.locator("h1", has_text="Operator").wait_for()
    operator.locator(".reason", has_text="stale").first.wait_for()
    assert page.locator("[data-step=connect]").count() == 1, "the page stays where it was"
    operator.locator("#market").click()
    operator.locator("[data-step=connect]").wait_for()
    assert operator.url.endswith("/officernd")
    operator.close()


def test_a_refusal_names_the_rule_and_why_concludes_what_it_can(page):
    for fault, reason, concludes in (
        ("wrong-secret", "signature-mismatch", "The bytes alone do not tell it"),
        ("signature-missing", "missing-parameter", ""),  # where there is no signature, Why? knows no more
    ):
        choose(page, "healthcheck", fault)
        press(page, "healthcheck")
        refusal = page.locator("#message .verdict.bad", has_text=reason)
        refusal.wait_for()
        refusal.filter(has_text="The rule that this fault puts to the test: ").wait_for()
        if not concludes:
            until(lambda: page.locator("[data-act=why]").count() == 0)
            continue
        page.locator("[data-act=why]").click()
        page.locator("#why", has_text=concludes).wait_for()


def test_a_mistake_that_is_known_comes_before_a_reading_of_the_documents(page):
    """A signature over the timestamp first is a mistake, and a reading too."""
    choose(page, "healthcheck", "timestamp-first")
    press(page, "healthcheck")
    page.locator("#message .verdict.bad", has_text="signature-mismatch").wait_for()
    page.locator("[data-act=why]").click()
    why = page.locator("#why", has_text="Likely cause")
    why.filter(has_text="The time was put in front of the text").wait_for()
    why.filter(has_text="officernd:signature.message=timestamp-payload").wait_for()
