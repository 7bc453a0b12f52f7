"""What a step of the marketplace page says of its last try: by its own answers, and no more than was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from handshakes.core.messages import Request, Response
from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Fault, Finding, Refuses
from handshakes.spec.register import load
from handshakes.web.proof import proven
from handshakes.web.views import counts, shop
from handshakes.web.views import step as each
from handshakes.web.wire import Chapter
from tests.browser.market import Market, marketplace
from tests.trials.marketplace.every import person


@pytest.fixture
def market() -> Iterator[Market]:
    """OfficeRnD, where nobody has pressed anything."""
    with marketplace("officernd") as market:
        yield market


def step(market: Market, id: str) -> dict[str, Any]:
    return next(one for one in shop(market.hosts["officernd"].place)["steps"] if one["id"] == id)


def tried(market: Market, id: str = "connect") -> Chapter:
    """Begin a try as the tap does when a form is posted, and end it as its answer does."""
    wire = market.wire("officernd")
    chapter = wire.begin(id, id)
    wire.end(chapter)
    return chapter


def refused(market: Market, reason: str) -> int:
    wire = market.wire("officernd")
    one = wire.began("browser", "partner", Request("GET", "http://127.0.0.1", "/x"))
    wire.heard(one, "x", Refused(reason, "a:b"))
    wire.ended(one, Response(403))
    return one.number


@pytest.mark.parametrize("order", ["opened closed", "closed opened"])
def test_a_step_whose_window_was_closed_waits_no_longer(market, order):
    chapter, wire = tried(market), market.wire("officernd")
    assert step(market, "connect")["state"] == "waiting"
    for _ in order.split():  # the two messages of one page, whichever comes first
        wire.window(chapter.number, "page 1")
    assert (step(market, "connect")["state"], step(market, "connect")["said"]) == (
        "unseen", "The window was closed before its end.",
    )  # fmt: skip
    wire.window(chapter.number, "page 2")  # it was loaded again, or went on to its next page
    assert step(market, "connect")["state"] == "waiting"
    wire.window(999, "page 1")


def test_a_window_that_the_page_saw_closed_stays_closed_and_a_foreign_page_that_cut_itself_off_is_no_sign(
    market,
):
    chapter, wire, place = tried(market), market.wire("officernd"), market.hosts["officernd"].place
    place.closed("connect")
    wire.window(chapter.number, "a word that came late")
    assert step(market, "connect")["said"] == "The window was closed before its end."
    place.served = (place.sides.platform.name,)  # somebody else's partner
    chapter = tried(market)
    place.closed("connect")
    assert step(market, "connect")["state"] == "waiting"
    wire.window(chapter.number, "a page of the simulator's")
    place.closed("connect")
    assert step(market, "connect")["state"] == "unseen"
    place.closed("nobody")


def test_pages_that_a_window_tells_of_are_bounded(market):
    chapter, wire = tried(market), market.wire("officernd")
    for number in range(500):
        wire.window(chapter.number, f"page {number}")
    assert len(chapter.shown) < 60


def test_a_refusal_without_a_fault_violates_nothing_and_the_person_can_go_on(market):
    chapter = tried(market)
    number = refused(market, "platform-error")
    one = step(market, "connect")
    assert (one["state"], one["shows"]) == ("waiting", number)
    assert one["said"].startswith("Refused: platform-error. ") and "Go on in the window" in one["said"]
    for _ in range(2):
        market.wire("officernd").window(chapter.number, "page")
    assert step(market, "connect")["state"] == "failed"
    server_to_server = tried(market, "sync")
    refused(market, "stale")
    assert step(market, "sync")["state"] == "failed"
    server_to_server.findings.append(Finding("officernd:healthcheck.answer", False, "answered 200"))
    assert step(market, "sync")["state"] == "violated", "the twin: what a check of the marketplace saw"


def test_a_step_that_was_only_ever_refused_has_not_worked_and_one_that_worked_once_has(market):
    wire = market.wire("officernd")

    def disturbed(reason: str) -> dict[str, Any]:
        fault = Fault("x", "a:b", Refuses("stale", "malformed"), "the time is early (A7)")
        chapter = wire.begin("sync", "Sync", fault)
        refused(market, reason)
        wire.end(chapter)
        return step(market, "sync")

    one = disturbed("stale")
    assert (one["state"], one["worked"]) == ("refused", False)
    assert one["said"] == "Refused as expected: stale. The fault: the time is early."
    other = disturbed("malformed")  # two reasons are right
    assert (other["state"], other["shows"] > 0) == ("refused", True)
    assert disturbed("replayed")["state"] == "violated"
    chapter = tried(market, "sync")
    wire.found(None, [Finding("officernd:sync.answer", True, "204")])
    assert step(market, "sync")["state"] == "held" and chapter.settled
    assert disturbed("stale")["worked"] is True


def test_what_is_refused_after_a_step_was_held_is_in_its_sentence(market):
    chapter = tried(market, "healthcheck")
    chapter.findings.append(Finding("officernd:healthcheck.answer", True, "answered 200"))
    assert (step(market, "healthcheck")["said"], step(market, "healthcheck")["shows"]) == (
        "1 check of the marketplace held.", 0,
    )  # fmt: skip
    number = refused(market, "replayed")
    one = step(market, "healthcheck")
    assert (one["state"], one["shows"]) == ("held", number)
    assert one["said"].startswith("1 check of the marketplace held. Also refused: replayed. ")


def test_a_connect_whose_browser_never_got_to_the_account_says_so():
    with marketplace("retailcrm") as market:
        place = market.hosts["retailcrm"].place

        def said(id: str) -> str:
            (one,) = [one for one in shop(place)["steps"] if one["id"] == id]
            assert one["state"] == "held"
            return one["said"]

        def pressed(id: str) -> str:
            press = place.press(id)
            url = f"{place.addresses['platform']}/simulator/{press.step}"
            answer = requests.post(url, dict(press.fields), timeout=60)
            for _ in range(2):  # its window was opened, and closed
                place.wire.window(place.wire.last(id).number, "page")
            return answer.text

        closed = "The window was closed before its browser got to the module."
        pressed("popup")
        assert closed not in said("popup"), "this step sends no browser anywhere"
        page = pressed("connect")
        assert closed in said("connect")
        account = re.search('action="([^"]*)" id="account"', page)[1]
        requests.post(account, timeout=60, headers={"sec-fetch-mode": "navigate"})
        assert closed not in said("connect"), "the twin: the browser goes on"


def test_a_step_that_held_and_was_undone_since_says_so():
    """After Block the tab says “blocked”: a tick at Activate alone would say the opposite."""
    with person("onoffice") as who:
        who.take("open")
        assert "undone" not in each(who.place, who.place.press("open"))["said"]
        who.take("block")
        one = each(who.place, who.place.press("open"))
        assert (one["state"], one["said"].endswith("It was undone since.")) == ("held", True)


def test_what_has_its_effect_without_the_button_is_done_and_checked_by_nobody():
    with marketplace("fortis") as market:
        place = market.hosts["fortis"].place
        platform = place.sides.platform
        app, user = next(iter(platform.apps.values())), next(iter(platform.users))
        location = platform.users[user].locations[0]

        def consent() -> tuple[str, bool]:
            one = next(one for one in shop(place)["steps"] if one["id"] == "consent")
            return one["state"], one["unchecked"]

        for who in ("", user):
            market.hosts["fortis"].network.run(platform.register(app.title, location, who), "Fortis")
        assert consent() == ("next", False)
        market.hosts["fortis"].network.run(platform.consent(app.title, location, user), "browser")
        assert consent() == ("held", True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_before_anything_is_pressed_no_step_has_worked(platform):
    with marketplace(platform) as market:
        assert [one["id"] for one in shop(market.hosts[platform].place)["steps"] if one["worked"]] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_held_violated_not_seen_and_untestable_are_together_the_partners_clauses_whatever_was_found(platform):
    with marketplace(platform) as market:
        place = market.hosts[platform].place
        clauses = load(platform).clauses
        partners = [one.id for one in clauses if one.actor == "partner"]
        others = [one.id for one in clauses if one.actor != "partner"]
        assert sum(counts(place).values()) == len(partners)
        states = (True, False, None)
        for number, id in enumerate([*partners[::3], *others[:4], f"{platform}:advice.x"]):
            place.sides.platform.findings += (Finding(id, states[number % 3], "seen"),)
            found = counts(place)
            assert sum(found.values()) == len(partners)
        assert found["held"] and found["violated"]
        report = proven(place)
        assert {one["state"] for one in report["checked"]} == {"held", "violated"}
        assert len(report["unseen"]) == found["unseen"]
