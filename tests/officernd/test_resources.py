"""The API behind the tokens, both versions: shapes, who may read what, and the partner that speaks either.

Shapes are those of the reference pages (version 2) and of the official example (version 1).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from handshakes.core.messages import Request
from handshakes.officernd.simulator.records import READ, V2_SCOPES, WRITE, Application, Organization
from handshakes.runtime.browser import Browser
from tests.officernd.sides import Both, sides

APP = "https://app.officernd.com"
JSON = (("content-type", "application/json"),)
ID = re.compile("[0-9a-f]{24}")


def token(both: Both, number: int = 0, scopes: str = "") -> str:
    """Return an access token as a partner gets it, by a code of one integration."""
    integration = list(both.platform.integrations.values())[number]
    application = both.platform.applications[integration.client_id]
    uri = application.redirect_uris[0]
    code = both.platform.issue_code(integration, uri)
    fields = {
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": uri,
        "scope": scopes,
    }
    tokens = both.network.run(both.partner.api.exchange(fields))
    return tokens.access_token


def call(both: Both, target: str, access: str = "", method: str = "GET", body: object = None):
    bearer = (("authorization", f"Bearer {access}"),) if access else ()
    sent = b"" if body is None else json.dumps(body).encode()
    request = Request(method, APP, target, (*bearer, *(JSON if sent else ())), sent)
    return both.network.exchange("test", request)


def refused(response, status: int) -> str:
    """Check an error answer, which has a message whatever its status."""
    assert response.status == status, response.body
    assert response.header("content-type").startswith("application/json")
    assert isinstance(response.json()["message"], str)
    return response.json()["message"]


def slug_path(version: str, rest: str = "", slug: str = "test-slug") -> str:
    return f"/api/{version}/organizations/{slug}{rest}"


def first_id(both: Both) -> str:
    return next(iter(both.platform.integrations))


# --- shapes ---------------------------------------------------------------------------------------


def test_the_organisation_in_version_1_names_its_region():
    both = sides()
    answer = call(both, slug_path("v1"), token(both)).json()
    assert answer == {
        "_id": "5b0000000000000000000001",
        "name": "Test Spaces",
        "slug": "test-slug",
        "regionInfo": {"regionUrl": "https://app.officernd.com"},
    }


def test_the_organisation_in_version_2_has_no_region():
    both = sides()
    answer = call(both, slug_path("v2"), token(both)).json()
    assert set(answer) == {"_id", "name", "slug", "imageUrl", "description"}
    assert (answer["_id"], answer["slug"]) == ("5b0000000000000000000001", "test-slug")


@pytest.mark.clause("officernd:secret.answer")
@pytest.mark.parametrize("target", ["v1?appClientId=example-client-id", "v2"])
def test_the_integration_holds_its_secret(target):
    """The sample of the version 2 reference; version 1 wants the client id in the query (C6)."""
    both = sides()
    version, _, query = target.partition("?")
    path = slug_path(version, f"/integrations/{first_id(both)}") + (f"?{query}" if query else "")
    answer = call(both, path, token(both)).json()
    assert (answer["_id"], answer["type"]) == (first_id(both), "Custom Integration")
    assert answer["settings"] == {
        "appClientId": "example-client-id",
        "secret": "example-integration-secret",
        "isExternal": True,
    }
    assert answer["locations"] == ["5a0000000000000000000001", "5a0000000000000000000002"]
    assert ID.fullmatch(answer["user"])


def test_the_locations_of_an_integration_are_its_own():
    both = sides()
    second = list(both.platform.integrations)[1]
    answer = call(both, slug_path("v2", f"/integrations/{second}"), token(both)).json()
    assert answer["locations"] == ["5a0000000000000000000001"]
    assert answer["settings"]["secret"] == "another-integration-secret"


@pytest.mark.parametrize("path", ["v1/offices", "v1/locations"])
def test_locations_in_version_1_are_an_array(path):
    both = sides()
    version, _, kind = path.partition("/")
    answer = call(both, slug_path(version, f"/{kind}"), token(both)).json()
    assert [(one["_id"], one["name"]) for one in answer] == [
        ("5a0000000000000000000001", "Sofia"),
        ("5a0000000000000000000002", "London"),
    ]


def test_locations_in_version_2_are_a_page():
    both = sides()
    answer = call(both, slug_path("v2", "/locations"), token(both)).json()
    assert set(answer) == {"rangeStart", "rangeEnd", "cursorNext", "cursorPrev", "results"}
    assert [one["name"] for one in answer["results"]] == ["Sofia", "London"]


# --- webhooks -------------------------------------------------------------------------------------

WANTED = {"url": "https://partner.example/hook", "eventTypes": ["integration.removed"], "description": "d"}


def create(both: Both, version: str, access: str, **changed):
    body = {**WANTED, **changed}
    return call(both, slug_path(version, "/webhooks"), access, "POST", body)


def created(response) -> dict[str, object]:
    answer = response.json()
    return answer[0] if isinstance(answer, list) else answer


def listed(both: Both, version: str, access: str) -> list[dict[str, object]]:
    answer = call(both, slug_path(version, "/webhooks"), access).json()
    return answer if version == "v1" else answer["results"]


@pytest.mark.parametrize(("version", "kind"), [("v1", list), ("v2", dict)])
def test_a_webhook_is_made_with_a_secret_of_its_own(version, kind):
    """W4: version 1 answers an array, version 2 an object."""
    both = sides()
    access = token(both)
    responses = [create(both, version, access) for _ in range(2)]
    assert all(response.ok and type(response.json()) is kind for response in responses)
    one, other = map(created, responses)
    assert {name: one[name] for name in WANTED} == WANTED
    assert one["isEnabled"] is True
    assert ID.fullmatch(one["_id"])
    assert one["secret"] != other["secret"]
    assert one["_id"] != other["_id"]
    assert "example-integration-secret" not in (one["secret"], other["secret"])


@pytest.mark.parametrize(
    ("version", "field", "sent", "enabled"),
    [
        ("v1", "enabled", True, True),
        ("v1", "enabled", False, False),
        ("v2", "isEnabled", True, True),
        ("v2", "isEnabled", False, False),
    ],
)
def test_the_switch_of_a_webhook_by_version(version, field, sent, enabled):
    """W3."""
    both = sides()
    assert created(create(both, version, token(both), **{field: sent}))["isEnabled"] is enabled


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_webhooks_are_listed_and_deleted(version):
    both = sides()
    access = token(both)
    one, other = (created(create(both, version, access, description=text)) for text in "ab")
    assert [hook["_id"] for hook in listed(both, version, access)] == [one["_id"], other["_id"]]
    assert call(both, slug_path(version, f"/webhooks/{one['_id']}"), access, "DELETE").ok
    assert [hook["_id"] for hook in listed(both, version, access)] == [other["_id"]]
    refused(call(both, slug_path(version, f"/webhooks/{one['_id']}"), access, "DELETE"), 404)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_webhooks_of_others_are_not_seen_nor_deleted(version):
    both = with_another_client(sides())
    mine, other_organization, other_client = token(both), token(both, 2), token(both, 3)
    hook = created(create(both, version, mine))
    path = f"/webhooks/{hook['_id']}"
    refused(call(both, slug_path(version, path, "other-slug"), other_organization, "DELETE"), 404)
    refused(call(both, slug_path(version, path), other_client, "DELETE"), 404)
    assert listed(both, version, other_client) == []
    assert [one["_id"] for one in listed(both, version, mine)] == [hook["_id"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"url": None},
        {"url": ""},
        {"url": 1},
        {"url": "partner.example"},
        {"url": "javascript:alert(1)"},
        {"url": "https://partner.example/\r\nx"},
        {"url": "https://partner.example/" + "x" * 8_193},
        {"eventTypes": None},
        {"eventTypes": []},
        {"eventTypes": "integration.removed"},
        {"eventTypes": [1]},
    ],
    ids=lambda changed: str(changed)[:50],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_webhook_that_cannot_be_made(version, changed):
    both = sides()
    access = token(both)
    refused(create(both, version, access, **changed), 400)
    assert both.platform.webhooks == {}


# --- tokens and scopes ----------------------------------------------------------------------------

EVERYWHERE = [
    ("GET", "", None),
    ("GET", "/integrations/5e0000000000000000000001?appClientId=example-client-id", None),
    ("GET", "/locations", None),
    ("GET", "/webhooks", None),
    ("POST", "/webhooks", WANTED),
    ("DELETE", "/webhooks/5f0000000000000000000001", None),
]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("method", "rest", "body"), EVERYWHERE, ids=lambda value: str(value)[:20])
def test_nothing_without_a_good_token(version, method, rest, body):
    both = sides()
    good = token(both)
    for bearer in ("", "00" * 20, good.upper(), good[:-1], good + "0", f"{good} {good}"):
        refused(call(both, slug_path(version, rest), bearer, method, body), 401)
    for header in (f"Basic {good}", f"Bearer{good}", good, "Bearer", "Bearer "):
        request = Request(method, APP, slug_path(version, rest), (("authorization", header),))
        refused(both.network.exchange("test", request), 401)
    in_query = slug_path(version, rest) + ("&" if "?" in rest else "?") + f"access_token={good}"
    refused(call(both, in_query, "", method, body), 401)
    both.clock.advance(3599)
    refused(call(both, slug_path(version, rest), good, method, body), 401)
    assert both.platform.webhooks == {}


def test_the_scheme_of_the_token_is_not_case_sensitive():
    """RFC 9110, 11.1."""
    both = sides()
    request = Request("GET", APP, slug_path("v1"), (("authorization", f"bearer {token(both)}"),))
    assert both.network.exchange("test", request).status == 200


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (READ, {"v1 GET"}),
        (WRITE, {"v1 POST", "v1 DELETE"}),
        (f"{READ} {WRITE}", {"v1 GET", "v1 POST", "v1 DELETE"}),
        ("flex.settings.webhooks.read", {"v2 GET"}),
        ("flex.settings.webhooks.create", {"v2 POST"}),
        ("flex.settings.webhooks.delete", {"v2 DELETE"}),
        ("flex.space.locations.read", set()),
    ],
)
def test_the_scopes_of_webhooks(scopes, allowed):
    """Version 1 knows reading and writing, version 2 a scope for each resource and action."""
    both = sides()
    every = token(both)
    access = token(both, scopes=scopes)
    done = set()
    for version in ("v1", "v2"):
        hook = created(create(both, version, every))
        for method, rest, body in (
            ("GET", "/webhooks", None),
            ("POST", "/webhooks", WANTED),
            ("DELETE", f"/webhooks/{hook['_id']}", None),
        ):
            response = call(both, slug_path(version, rest), access, method, body)
            if response.ok:
                done.add(f"{version} {method}")
            else:
                refused(response, 403)
    assert done == allowed


@pytest.mark.parametrize(
    ("rest", "scope"),
    [
        ("", "flex.settings.organization.read"),
        ("/integrations/5e0000000000000000000001", "flex.settings.integrations.read"),
        ("/locations", "flex.space.locations.read"),
    ],
)
def test_the_scopes_of_reading_in_version_2(rest, scope):
    both = sides()
    assert call(both, slug_path("v2", rest), token(both, scopes=scope)).status == 200
    others = " ".join(name for name in (READ, WRITE, *V2_SCOPES) if name != scope)
    message = refused(call(both, slug_path("v2", rest), token(both, scopes=others)), 403)
    assert scope in message, "who looks for the missing scope is told its name"


def test_version_2_scopes_open_nothing_in_version_1():
    both = sides()
    access = token(both, scopes=" ".join(V2_SCOPES))
    for method, rest, body in EVERYWHERE:
        refused(call(both, slug_path("v1", rest), access, method, body), 403)


# --- whose data -----------------------------------------------------------------------------------


def with_another_client(both: Both) -> Both:
    """Add a second application with an integration in the first organisation: number 3."""
    uri = "https://other.example/connect"
    application = Application(
        "another-client-id", "wrong-secret", "Other", (uri,), uri, uri, uri, public=True
    )
    both.platform.add_application(application)
    organization = next(iter(both.platform.organizations))
    both.platform.add_integration(
        "another-client-id", organization, secret="geheimnis-mit-ümlaut", id="5e0000000000000000000009"
    )
    return both


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("method", "rest", "body"), EVERYWHERE, ids=lambda value: str(value)[:20])
def test_the_token_of_another_organisation(version, method, rest, body):
    both = sides()
    access = token(both, 2)
    refused(call(both, slug_path(version, rest), access, method, body), 404)
    refused(call(both, slug_path(version, rest, "unknown-slug"), access, method, body), 404)
    assert both.platform.webhooks == {}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_after_a_rename_only_the_new_slug_is_known(version):
    """The help page on slugs: URLs with the old one stop working; the id stays."""
    both = sides()
    access = token(both)
    both.platform.rename("5b0000000000000000000001", "renamed-slug")
    refused(call(both, slug_path(version), access), 404)
    answer = call(both, slug_path(version, slug="renamed-slug"), access).json()
    assert (answer["_id"], answer["slug"]) == ("5b0000000000000000000001", "renamed-slug")


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    "id", ["5e0000000000000000000009", "5e0000000000000000000003", "5e0000000000000000000008", "x", "%2e%2e"]
)
def test_the_integration_of_another_client_or_organisation_is_not_shown(version, id):
    """The answer is that of an unknown one, so that ids cannot be tried."""
    both = with_another_client(sides())
    for client_id in ("example-client-id", "another-client-id"):
        path = slug_path(version, f"/integrations/{id}?appClientId={client_id}")
        response = call(both, path, token(both))
        refused(response, 404)
        assert b"secret" not in response.body


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?appclientid=example-client-id", 400),
        ("?appClientId=", 404),
        ("?appClientId=another-client-id", 404),
        ("?appClientId=example-client-id&appClientId=example-client-id", 400),
        ("?appClientId=%ff", 400),
        ("?appClientId=example-client-id", 200),
    ],
)
def test_version_1_wants_the_client_id(query, status):
    """C6."""
    both = with_another_client(sides())
    response = call(both, slug_path("v1", f"/integrations/{first_id(both)}{query}"), token(both))
    assert response.status == status
    assert (b"example-integration-secret" in response.body) == (status == 200)


def test_version_2_wants_no_client_id():
    both = sides()
    assert call(both, slug_path("v2", f"/integrations/{first_id(both)}"), token(both)).status == 200


# --- paths and methods ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/integrations/5e0000000000000000000001"),
        ("DELETE", "/integrations/5e0000000000000000000001"),
        ("POST", "/locations"),
        ("PUT", "/webhooks"),
        ("DELETE", "/webhooks"),
        ("POST", "/webhooks/5f0000000000000000000001"),
    ],
)
def test_another_method_is_405_and_says_which_there_are(method, rest):
    """RFC 9110, 15.5.6: with an Allow header."""
    both = sides()
    response = call(both, slug_path("v1", rest), token(both), method)
    refused(response, 405)
    assert response.header("allow")
    assert method not in response.header("allow")


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1",
        "/api/v3/organizations/test-slug",
        "/api/v1/organizations/test-slug/members",
        "/api/v1/organizations/test-slug/webhooks/1/2",
        "/api/v1/organizations/test-slug%2Fwebhooks",
        "/api/v1/organizations/%74est-slug/x",
        "/API/v1/organizations/test-slug",
    ],
)
def test_other_paths(path):
    both = sides()
    assert call(both, path, token(both)).status == 404


# --- the partner speaks both ----------------------------------------------------------------------


def connect(both: Both, id: str):
    return both.network.run(Browser().open(both.platform.connect_url(id)))


def asked(both: Both) -> list[str]:
    events = both.network.transcript.events
    return [event.text for event in events if event.kind == "request" and event.sender == "partner"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("every_scope", [True, False])
def test_the_partner_connects_with_either_version(version, every_scope):
    """C6: v1 with appClientId, v2 without; the scopes of one version are enough for it."""
    scopes = (READ, WRITE, *V2_SCOPES) if every_scope else (READ, WRITE) if version == "v1" else V2_SCOPES
    both = sides(api_version=version, scopes=scopes)
    application = both.platform.applications["example-client-id"]
    both.platform.add_application(replace(application, scopes=scopes))
    page = connect(both, first_id(both))
    integration = both.platform.integrations[first_id(both)]
    assert page.url == f"{APP}/connect/external-integration/return"
    assert (integration.state, integration.account_name, both.reports) == ("connected", "J&J Ltd", [])
    calls = [text for text in asked(both) if "/api/" in text]
    base = f"{APP}/api/{version}/organizations/test-slug"
    needed = [f"GET {base}", f"GET {base}/integrations/{integration.id}", f"POST {base}/webhooks"]
    said = [text.partition("?")[0] for text in calls]
    assert [text for text in said if text in needed] == needed
    assert {text for text in said if text not in needed} <= {f"GET {base}/webhooks"}, "no other version"
    assert ("appClientId=example-client-id" in calls[1]) == (version == "v1")
    (hook,) = both.platform.webhooks.values()
    assert (hook.enabled, hook.events) == (True, ("integration.removed",))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_several_organisations_and_installations_live_side_by_side(version):
    """One installation for each integration, each with its own secrets and webhook (W7)."""
    both = sides(api_version=version)
    for id in both.platform.integrations:
        connect(both, id)
    installations = [
        found for slug in ("test-slug", "other-slug") for found in both.store.find("officernd", "slug", slug)
    ]
    assert {(found.identity, found.credentials["secret"]) for found in installations} == {
        ("5b0000000000000000000001/5e0000000000000000000001", "example-integration-secret"),
        ("5b0000000000000000000001/5e0000000000000000000002", "another-integration-secret"),
        ("5b0000000000000000000002/5e0000000000000000000003", "a-third-integration-secret"),
    }
    assert len({found.credentials["webhook_secret"] for found in installations}) == 3
    assert len(both.platform.webhooks) == 3
    one, two, three = both.platform.integrations.values()
    both.network.run(both.platform.remove(two.id))
    assert [one.state, two.state, three.state] == ["connected", "removed", "connected"]
    states = {found.identity[-1]: found.state for slug in ("test-slug", "other-slug")
              for found in both.store.find("officernd", "slug", slug)}  # fmt: skip
    assert states == {"1": "active", "2": "removed", "3": "active"}
    for integration in (one, three):
        assert both.network.run(both.platform.healthcheck(integration.id)).held
    assert both.network.run(both.platform.healthcheck(two.id)).response.status == 401
    assert len(both.platform.webhooks) == 2


def test_a_second_connect_replaces_its_own_webhook_only():
    """W7: reused or deleted, so that nothing is left over."""
    both = sides()
    for id in both.platform.integrations:
        connect(both, id)
    before = dict(both.platform.webhooks)
    connect(both, first_id(both))
    assert len(both.platform.webhooks) == 3
    assert len(before.keys() - both.platform.webhooks.keys()) <= 1
    assert both.network.run(both.platform.remove(first_id(both))).held


def test_the_region_is_followed_where_it_is_allowed():
    """C7: the secret is read, and the browser sent back, at the region's host."""
    both = sides()
    region = "https://eu.officernd.com"
    one = next(iter(both.platform.organizations.values()))
    both.platform.add_organization(
        Organization(one.id, one.slug, one.name, one.locations, one.member_id, region)
    )
    both = both._replace(network=type(both.network)(both.platform, both.partner, clock=both.clock))
    page = connect(both, first_id(both))
    assert page.url == f"{region}/connect/external-integration/return"
    assert [text.split("/api")[0] for text in asked(both) if "/integrations/" in text] == [f"GET {region}"]
    assert both.platform.integrations[first_id(both)].state == "connected"
