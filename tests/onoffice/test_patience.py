"""What the platform says about a provider whose call is answered late: only what it saw, and no limit that is ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handshakes.core.refusals import Refused
from handshakes.onoffice.partner import Provider
from handshakes.runtime.browser import Browser
from tests.onoffice.sides import ADMIN, FIRST, PLANS, activated, sides


class SaysActive(Provider):
    """Tells the popup that it is active when the API did not answer in time."""

    def error_text(self, request, refused: Refused) -> str:
        return "active" if refused.reason == "unreachable" else super().error_text(request, refused)


def verdicts(outcome) -> set[tuple[str, str]]:
    return {(one.clause.removeprefix("onoffice:"), one.state) for one in outcome.findings}


@pytest.mark.parametrize("patience", [16.0, 20.0, 60.0, 299.0])
def test_a_provider_that_waits_for_a_late_answer_and_is_active_broke_no_rule(patience):
    """No page names a limit: 10 s is our provider's own."""
    world = sides(api_timeout=patience)
    before = world.clock()
    outcome = world.activate("api-slow")
    assert world.clock() - before == 15
    assert outcome.response.body == b"active"
    assert ("unlock.timeout", "held") in verdicts(outcome)
    assert [one for one in world.platform.findings if one.violated] == []
    assert (world.status(), world.reports) == ("active", [])
    assert world.serve().held and world.work()["objekttitel"] == "House 4711"
    assert world.activate().held


@pytest.mark.parametrize("patience", [1.0, 10.0, 14.0])
def test_a_provider_that_does_not_wait_so_long_and_says_so_broke_no_rule_either(patience):
    world = sides(api_timeout=patience)
    outcome = world.activate("api-slow")
    assert outcome.response.body != b"active"
    assert ("unlock.timeout", "held") in verdicts(outcome)
    assert world.reasons() == ["unreachable"]
    assert world.activate().held and world.status() == "active"


@pytest.mark.parametrize("fault", ["api-slow", "api-silent"])
@pytest.mark.parametrize("patience", [1.0, 14.0])
def test_a_provider_that_is_active_before_the_answer_is_there_breaks_the_rule(patience, fault):
    outcome = sides(kind=SaysActive, api_timeout=patience).activate(fault)
    assert outcome.response.body == b"active"
    assert ("unlock.timeout", "violated") in verdicts(outcome)


@pytest.mark.parametrize(("patience", "state"), [(60.0, "held"), (299.0, "held"), (301.0, "violated")])
def test_a_limited_time_is_less_than_five_minutes(patience, state):
    """The clause is assumed and has no number; whoever waits for five minutes waits for ever."""
    outcome = sides(api_timeout=patience).activate("api-silent")
    assert ("unlock.timeout", state) in verdicts(outcome)


@pytest.mark.parametrize(
    ("patience", "text", "state"),
    [(20.0, "active", "held"), (5.0, "no answer", "held"), (5.0, "active", "violated")],
)
def test_the_same_holds_for_a_person_at_the_popup(patience, text, state):
    world = sides(api_timeout=patience)
    platform = world.platform
    popup = platform.open_popup("4711", "17", again=True)
    platform.confirm(popup, terms=True, data_processing=True)
    world.network.run(platform.disturb(popup, "api-slow"), "browser")
    page = world.network.run(platform._opened(popup.url, 1), "browser")
    form = next(one for one in page.forms if one.id == "unlock")
    fields = {**form.fields, "secret": platform.choose(popup, "all"), "privacy": "yes"}
    world.network.run(platform._posted(form.action, fields, page.url), "browser")
    assert platform.receives(popup, text, origin="https://provider.example")
    assert ("onoffice:unlock.timeout", state) in [(one.clause, one.state) for one in platform.findings]


@pytest.mark.clause("onoffice:claim.latest")
@pytest.mark.parametrize("loaded", [True, False])
def test_whether_the_url_of_a_frame_arrived_is_not_seen(loaded):
    """A later URL that no browser loaded is none that a provider can know, so an older claim is no breach."""
    world = activated()
    assert world.serve().held
    url = world.platform.service_url(FIRST, ADMIN, PLANS)
    if loaded:
        world.network.run(Browser().open(url))
    seen = world.platform.findings.seen
    world.work()
    found = [
        one.state for one in world.platform.findings.since(seen) if one.clause == "onoffice:claim.latest"
    ]
    assert found == (["held"] if loaded else ["not seen"])


def test_another_click_may_be_asking_for_as_long_as_a_request_may_take():
    """A request that has its whole time still lasts in its last second."""
    for seconds, asking in ((10, True), (11, False)):
        world = sides(api_timeout=10.0)
        world.activate()
        stage = world.installation()
        stage = replace(stage, details={**stage.details, "askedAt": str(world.clock() - seconds)})
        assert world.partner.asking(stage)[1] is asking
