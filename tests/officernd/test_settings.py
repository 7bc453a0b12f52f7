"""The configuration page: the names of the locations, and the setting that it saves; what one connection may span."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from handshakes.core.messages import Request, Response, json_response
from handshakes.officernd.simulator.records import Application
from handshakes.runtime.browser import Browser, Page
from tests.officernd.sides import NOW, Both, sides

FIRST, SECOND, THIRD = (f"5e000000000000000000000{n}" for n in (1, 2, 3))
PARTNER = "https://partner.example"


def connected(*integrations: str, **changes) -> Both:
    both = sides(**changes)
    for id in integrations or (FIRST,):
        both.network.run(Browser().open(both.platform.connect_url(id)))
    assert both.reports == []
    return both


def opened(both: Both, integration: str = FIRST) -> Page:
    return both.network.run(Browser().open(both.platform.configuration_url(integration)))


def saved(both: Both, integration: str = FIRST) -> str:
    (one,) = both.store.find("officernd", "integrationId", integration)
    return one.details.get("synced", "")


def submit(both: Both, page: Page, **fields: str) -> Page:
    """Press Save, as a browser does."""
    return both.network.run(Browser().submit(page, page.form("settings"), fields))


def text(page: Page) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page.response.body.decode()))


# --- locations ------------------------------------------------------------------------------------


@pytest.mark.clause("officernd:locations.list")
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_page_names_the_locations_that_were_chosen(version):
    both = connected(FIRST, SECOND, THIRD, api_version=version)
    assert "for all locations: Sofia, London." in text(opened(both, FIRST))
    assert "for Sofia." in text(opened(both, SECOND))
    assert "for Berlin, Vienna." in text(opened(both, THIRD))
    assert "officernd:locations.list" in {finding.clause for finding in both.platform.findings}


@pytest.mark.parametrize(
    "answer",
    [Response(500), json_response({}), json_response([1]), json_response([{"_id": "a"}]), json_response("x")],
)
def test_without_the_names_the_page_shows_the_ids_and_the_operator_is_told(answer):
    both = connected(SECOND)
    resource = both.platform.resource
    both.platform.resource = lambda request: (
        answer if request.path.endswith("/locations") else resource(request)
    )
    page = opened(both, SECOND)
    assert page.response.status == 200
    assert "for 5a0000000000000000000001." in text(page)
    ((endpoint, refused),) = both.reports
    assert endpoint == "locations"
    assert refused.clause == "officernd:locations.list"


# --- the setting ----------------------------------------------------------------------------------


@pytest.mark.clause("officernd:configuration.page")
def test_the_page_saves_a_setting_and_shows_it_again():
    both = connected()
    page = opened(both)
    assert "<title>Settings of the integration</title>" in page.response.body.decode()
    assert page.form("settings").fields["synced"] == "members"
    done = submit(both, page, synced="members-and-bookings")
    assert (done.response.status, "Saved." in text(done)) == (200, True)
    assert saved(both) == "members-and-bookings"
    assert done.form("settings").fields["synced"] == "members-and-bookings"
    again = opened(both)
    assert again.form("settings").fields["synced"] == "members-and-bookings"
    assert "Saved." not in text(again)
    assert submit(both, again, synced="members").form("settings").fields["synced"] == "members"


@pytest.mark.clause("officernd:configuration.return")
def test_the_page_leads_back_before_and_after_saving():
    both = connected()
    page = opened(both)
    back = ("continue", "https://app.officernd.com/connect/external-integration/return")
    assert back in page.links
    assert back in submit(both, page).links


def test_after_saving_the_page_still_calls_the_organisation_by_its_name():
    both = connected()
    page = opened(both)
    assert "Test Spaces is connected to" in text(page)
    assert "Test Spaces is connected to" in text(submit(both, page))


def test_a_setting_outlives_a_new_connect_and_not_a_removal():
    both = connected()
    submit(both, opened(both), synced="members-and-bookings")
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    assert saved(both) == "members-and-bookings"
    both.network.run(both.platform.remove(FIRST), "OfficeRnD")
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    assert saved(both) == ""


def test_what_the_form_carries_is_masked_where_messages_are_shown():
    """Whoever reads it may save the setting for an hour: the tickets of onOffice and Fortis are masked as well."""
    both = connected()
    page = opened(both)
    sent = page.form("settings").fields["token"]
    submit(both, page)
    shown = both.network.transcript.text()
    assert "POST https://partner.example/officernd/settings" in shown
    assert sent not in shown and sent.partition(".")[2] not in shown and "token=‹75 characters" in shown


def test_a_form_is_good_for_an_hour():
    both = connected()
    page = opened(both)
    both.clock.advance(3600)
    assert submit(both, page, synced="members-and-bookings").response.status == 200
    both.clock.advance(1)
    assert submit(both, page, synced="members").response.status == 401
    assert (both.reports[-1][1].reason, saved(both)) == ("stale", "members-and-bookings")
    assert both.reports[-1][1].evidence == {"token": "has ended: open the settings again"}


TOLD = {"signature-mismatch": {"token": "is not that of this form"}}


def refused(both: Both, page: Page, reason: str) -> None:
    assert page.response.status == 401
    assert page.response.json() == {"message": "The request could not be verified."}
    assert [(endpoint, one.reason) for endpoint, one in both.reports] == [("settings", reason)]
    assert both.reports[0][1].evidence.items() >= TOLD.get(reason, {}).items()
    assert (saved(both, FIRST), saved(both, SECOND)) == ("", "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"installation": f"5b0000000000000000000001/{SECOND}"}, "signature-mismatch"),
        ({"installation": "5b0000000000000000000001/none"}, "unknown-installation"),
        ({"token": f"{NOW + 3600}." + "0" * 64}, "signature-mismatch"),
        ({"token": "0"}, "signature-mismatch"),
        ({"token": "9" * 5_000}, "signature-mismatch"),
        ({"token": "\u0663.x"}, "signature-mismatch"),
        ({"token": ""}, "empty-parameter"),
        ({"synced": "everything"}, "not-allowed"),
        ({"synced": ""}, "not-allowed"),
    ],
)
def test_a_form_that_this_page_did_not_show_saves_nothing(fields, reason):
    both = connected(FIRST, SECOND)
    sent = {"synced": "members-and-bookings", **fields}
    refused(both, submit(both, opened(both), **sent), reason)


def test_the_time_of_a_token_is_covered_by_its_digest():
    both = connected(FIRST, SECOND)
    page = opened(both)
    until, _, digest = page.form("settings").fields["token"].partition(".")
    refused(both, submit(both, page, token=f"{int(until) + 1}.{digest}"), "signature-mismatch")


def test_the_time_of_a_token_has_twelve_digits_at_most():
    """Our own limit, written here a second time: a longer number is not read at all, be its digest right."""
    both = connected(FIRST, SECOND)
    one = both.store.get("officernd", f"5b0000000000000000000001/{FIRST}")
    page = opened(both)
    refused(both, submit(both, page, token=both.partner.form_token(one, 10**12)), "signature-mismatch")
    token = both.partner.form_token(one, 10**12 - 1)
    assert submit(both, page, token=token, synced="members-and-bookings").response.status == 200


def test_a_signature_of_the_platform_is_no_token_of_the_form():
    """Both are keyed with the integration's secret; their texts begin differently."""
    both = connected(FIRST, SECOND)
    url = both.platform.configuration_url(FIRST)
    digest = url.rpartition("signature%3D")[2]
    refused(both, submit(both, opened(both), token=f"{NOW}.{digest}"), "signature-mismatch")


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", PARTNER + ":8443"])
def test_the_form_of_another_site_saves_nothing(origin):
    both = connected(FIRST, SECOND)
    form = opened(both).form("settings")
    body = "&".join(f"{name}={value}" for name, value in form.fields.items()).encode()
    headers = (("content-type", "application/x-www-form-urlencoded"), ("origin", origin))
    request = Request("POST", PARTNER, "/officernd/settings", headers, body)
    refused(both, Page(PARTNER, both.network.exchange("browser", request)), "not-allowed")


def test_a_removed_installation_has_no_settings():
    both = connected()
    page = opened(both)
    both.network.run(both.platform.remove(FIRST), "OfficeRnD")
    both.reports.clear()
    assert submit(both, page).response.status == 401
    assert both.reports[-1][1].reason == "unknown-installation"


# --- how many connections an organisation may have -------------------------------------------------


def test_an_application_without_several_locations_connects_an_organisation_once():
    """The page, Multi Location Support: whether several accounts can be connected to one OfficeRnD account."""
    both = sides(multi_location="no")
    organizations = [one.organization_id for one in both.platform.integrations.values()]
    assert len(organizations) == len(set(organizations)) == 2
    assert [one.locations for one in both.platform.integrations.values()] == [(), ()]
    with pytest.raises(ValueError, match="once, for all its locations"):
        both.platform.add_integration("example-client-id", organizations[0])
    both.platform.integrations.clear()
    with pytest.raises(ValueError, match="once, for all its locations"):
        both.platform.add_integration(
            "example-client-id", organizations[0], locations=("5a0000000000000000000001",)
        )
    other = Application("other", "wrong-secret", "Other", (PARTNER,), PARTNER, PARTNER, PARTNER, public=True)
    both.platform.add_application(other)
    both.platform.add_integration("example-client-id", organizations[0])
    both.platform.add_integration("other", organizations[0], locations=("5a0000000000000000000001",))


def test_an_application_with_several_locations_connects_an_organisation_more_than_once():
    both = sides()
    organizations = [one.organization_id for one in both.platform.integrations.values()]
    assert len(organizations) > len(set(organizations))


# --- what a token needs ----------------------------------------------------------------------------


@pytest.mark.clause("officernd:token.all-parameters")
@pytest.mark.parametrize("name", ["code", "org_slug", "locations", "integrationId"])
def test_without_one_of_the_four_parameters_no_token_is_asked_for(name):
    both = sides()
    url = both.platform.connect_url(FIRST)
    both.network.run(Browser().open(re.sub(rf"{name}=[^&]*&?", "", url)))
    there = [one for one in re.findall(r"[?&]([^=&]+)=", url) if one != name]
    found = {"name": name, "found": ", ".join(there)}
    assert (both.platform.token_requests, both.reports[0][1].evidence) == (0, found)
    both.network.run(Browser().open(url))
    assert both.platform.integrations[FIRST].state == "connected", "the code was not spent"


def test_a_setting_of_an_installation_that_is_removed_while_it_is_saved_is_refused(monkeypatch):
    both = connected()
    page = opened(both)
    monkeypatch.setattr(both.partner, "change", lambda *given: None)
    assert submit(both, page).response.status == 401
    (told,) = [refused for _, refused in both.reports]
    assert (told.reason, told.clause) == ("wrong-state", "officernd:configuration.page")
    assert told.evidence == {"installation": "was removed meanwhile"}


def test_of_a_long_name_of_an_organisation_200_characters_are_kept():
    both = connected()
    resource = both.platform.resource

    def long(request: Request) -> Response:
        answer = resource(request)
        return replace(answer, body=answer.body.replace(b"Test Spaces", b"x" * 201))

    both.platform.resource = long
    opened(both)
    (one,) = both.store.find("officernd", "integrationId", FIRST)
    assert one.details["name"] == "x" * 199 + "…"
