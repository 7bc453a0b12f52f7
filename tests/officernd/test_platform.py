"""What OfficeRnD itself has to do, clause by clause: the messages that the simulator sends, as they travel.

Expected values stand here as the page has them; digests are computed with `hmac` alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from urllib.parse import parse_qsl, unquote

import pytest

from handshakes.core.messages import Request
from handshakes.officernd.simulator.records import Integration
from handshakes.runtime.browser import Browser
from tests.officernd.sides import NOW, Both, sides
from tests.recorder import recorded

APP, PARTNER = "https://app.officernd.com", "https://partner.example"
PORTAL = f"{APP}/simulator"
URLS = ["/officernd/connect", "/officernd/configure", "/officernd/healthcheck", "/officernd/sync"]
SIGNED = URLS[1:]
FIELDS = re.compile(r"t=(\d{10}),signature=([0-9a-f]{64})")


def integrations(both: Both) -> list[Integration]:
    return list(both.platform.integrations.values())


def press(both: Both, step: str, number: int = 0) -> None:
    """Press one button of the portal, as the admin does."""
    browser, integration = Browser(), integrations(both)[number]
    page = both.network.run(browser.open(PORTAL))
    both.network.run(browser.submit(page, page.form(f"{step}-{integration.id}")))


def lived(number: int = 0, **changes) -> Both:
    """Return both sides after every step of one integration's life, by its buttons."""
    both = recorded(sides(**changes))
    for step in ("connect", "healthcheck", "configure", "sync", "remove"):
        press(both, step, number)
    assert integrations(both)[number].state == "removed"
    return both


def signed(both: Both) -> list[Request]:
    """Return the signed requests; all three kinds are among them."""
    found = [request for path in SIGNED for request in both.network.to(PARTNER, path)]
    assert {request.path for request in found} == set(SIGNED)
    return found


def mac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


# --- requests to the partner's URLs ---------------------------------------------------------------


@pytest.mark.clause("officernd:requests.method")
def test_all_four_urls_are_asked_for_with_get():
    both = lived()
    asked = {(request.path, request.method) for path in URLS for request in both.network.to(PARTNER, path)}
    assert asked == {(path, "GET") for path in URLS}
    assert all(request.body == b"" for path in URLS for request in both.network.to(PARTNER, path))


@pytest.mark.clause("officernd:requests.parameters", "officernd:signature.carrier")
@pytest.mark.parametrize("profile", ["observed", "seed"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_signed_requests_carry_slug_locations_and_signature_once(profile, number):
    for request in signed(lived(number, profile=profile)):
        names = [name for name, _ in parse_qsl(request.query, keep_blank_values=True, strict_parsing=True)]
        assert names[:2] == ["slug", "locations"], request.path
        assert [names.count(name) for name in ("slug", "locations", "signature")] == [1, 1, 1], request.path
        assert names[2:-1] == (["organizationId", "memberId"] if profile == "observed" else [])
        assert not [name for name, _ in request.headers if "signature" in name]


@pytest.mark.clause("officernd:signature.value")
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_value_is_the_time_and_the_hmac_of_what_was_sent(number):
    both = lived(number)
    secret = integrations(both)[number].secret
    for request in signed(both):
        query, _, value = request.query.rpartition("&signature=")
        time, digest = FIELDS.fullmatch(unquote(value)).groups()
        assert time == "1648190384"
        pairs = [tuple(map(unquote, pair.split("="))) for pair in query.split("&")]
        text = ",".join(f'"{name}":"{value}"' for name, value in pairs)
        assert digest == mac(secret, f"{{{text}}}.1648190384".encode())


@pytest.mark.clause("officernd:signature.value")
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_secret_itself_is_never_sent_but_in_the_answer_that_hands_it_out(number):
    both = lived(number)
    secret = integrations(both)[number].secret
    for _, request in both.network.sent:
        assert secret not in unquote(request.url) + repr(request.headers) + request.body.decode()
    holding = [request.path for request, answer in both.network.answered if secret.encode() in answer.body]
    assert holding and all(re.fullmatch(".*/integrations/[0-9a-f]{24}", path) for path in holding)


# --- connect --------------------------------------------------------------------------------------


@pytest.mark.clause("officernd:connect.start")
def test_the_connect_button_opens_the_connect_url_and_everything_follows_from_it():
    both = recorded(sides())
    both.network.run(Browser().open(PORTAL))
    assert both.network.to(PARTNER) == []
    press(both, "connect")
    steps = [
        (sender, request.method, request.path)
        for sender, request in both.network.sent
        if request.path not in ("/simulator", "/simulator/connect")
    ]
    assert steps[:2] == [("browser", "GET", URLS[0]), ("partner", "POST", "/oauth/token")]
    assert steps[-2:] == [
        ("browser", "GET", "/connect/external-integration/return"),
        ("OfficeRnD", "GET", URLS[2]),
    ]


@pytest.mark.clause("officernd:connect.popup")
def test_only_the_form_of_connect_opens_another_window():
    both = sides()
    page = both.network.run(Browser().open(PORTAL)).response.body.decode()
    forms = re.findall(r'<form method="post" action="/simulator/(\w+)" id="[\w-]+"([^>]*)>', page)
    assert len(forms) == 5 * 3
    assert all((' target="_blank"' in attributes) == (step == "connect") for step, attributes in forms)
    assert both.platform.connect_url(integrations(both)[0].id).startswith(PARTNER + URLS[0])


@pytest.mark.clause("officernd:connect.parameters")
@pytest.mark.parametrize(
    ("number", "slug", "locations"),
    [
        (0, "test-slug", ""),
        (1, "test-slug", "5a0000000000000000000001"),
        (2, "other-slug", "5a0000000000000000000003, 5a0000000000000000000004"),
    ],
)
def test_the_connect_request_carries_the_four_parameters(number, slug, locations):
    both = recorded(sides())
    press(both, "connect", number)
    (request,) = both.network.to(PARTNER, URLS[0])
    sent = parse_qsl(request.query, keep_blank_values=True, strict_parsing=True)
    assert [name for name, _ in sent] == ["code", "org_slug", "locations", "integrationId"]
    values = dict(sent)
    assert values.pop("code") in both.platform.grants
    assert list(values.values()) == [slug, locations, f"5e000000000000000000000{number + 1}"]


# --- locations ------------------------------------------------------------------------------------


def written(both: Both) -> set[str]:
    """Return every value of `locations` that was sent to the partner, decoded."""
    requests = [request for path in URLS for request in both.network.to(PARTNER, path)]
    assert {request.path for request in requests} == set(URLS)
    return {dict(parse_qsl(one.query, keep_blank_values=True))["locations"] for one in requests}


@pytest.mark.clause("officernd:locations.all")
@pytest.mark.parametrize("profile", ["observed", "seed"])
def test_all_locations_are_an_empty_parameter_at_every_url(profile):
    both = lived(0, profile=profile)
    assert integrations(both)[0].locations == ()
    assert written(both) == {""}


@pytest.mark.clause("officernd:locations.separator")
@pytest.mark.parametrize("profile", ["observed", "seed"])
def test_several_locations_are_joined_by_a_comma_and_a_space(profile):
    both = lived(2, profile=profile)
    assert written(both) == {"5a0000000000000000000003, 5a0000000000000000000004"}


# --- the secret -----------------------------------------------------------------------------------


@pytest.mark.clause("officernd:secret.per-integration")
def test_no_two_integrations_have_one_secret():
    both = sides()
    client_id, organization = "example-client-id", next(iter(both.platform.organizations))
    before = dict(both.platform.integrations)
    for taken in [one.secret for one in before.values()]:
        with pytest.raises(ValueError, match="another integration has this secret"):
            both.platform.add_integration(client_id, organization, secret=taken)
    assert both.platform.integrations == before
    made = [both.platform.add_integration(client_id, organization).secret for _ in range(3)]
    assert all(re.fullmatch("[0-9a-f]{40}", secret) for secret in made)
    assert len({one.secret for one in integrations(both)}) == len(integrations(both)) == 6


@pytest.mark.clause("officernd:secret.per-integration")
def test_each_integration_signs_with_its_own_secret_and_is_answered_its_own():
    for number in range(3):
        both = lived(number)
        secrets = [one.secret for one in integrations(both)]
        answered = [
            json.loads(answer.body)["settings"]["secret"]
            for request, answer in both.network.answered
            if "/integrations/" in request.path
        ]
        assert answered == [secrets[number]]
        for request in signed(both):
            pairs = parse_qsl(request.query, keep_blank_values=True)
            digest = pairs.pop()[1].rpartition("=")[2]
            text = json.dumps(dict(pairs), separators=(",", ":"))
            fitting = [secret for secret in secrets if mac(secret, f"{text}.{NOW}".encode()) == digest]
            assert fitting == [secrets[number]]


# --- the token ------------------------------------------------------------------------------------


@pytest.mark.clause("officernd:token.code")
def test_the_code_of_a_connect_is_exchanged_once_and_opens_nothing_for_who_finds_it():
    """A stranger reads the Connect URL in a log, when the partner has used it, or after its time."""
    both = recorded(sides())
    press(both, "connect")
    (request,) = both.network.to(PARTNER, URLS[0])
    (exchange,) = both.network.to("https://identity.officernd.com", "/oauth/token")
    assert both.network.exchange("stranger", exchange).json()["error"] == "invalid_grant"

    unused = both.platform.connect_url(integrations(both)[0].id)
    code = dict(parse_qsl(unused.partition("?")[2]))["code"].encode()
    used = dict(parse_qsl(request.query))["code"].encode()
    both.clock.advance(86_400)
    late = replace(exchange, body=exchange.body.replace(used, code))
    assert late.body != exchange.body
    answer = both.network.exchange("stranger", late)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


# --- the webhook ----------------------------------------------------------------------------------


@pytest.mark.clause("officernd:webhook.signature", "officernd:webhook.envelope")
@pytest.mark.parametrize("number", [0, 2])
def test_a_removal_is_signed_in_the_header_over_its_raw_body_and_says_what_was_removed(number):
    both = recorded(sides())
    press(both, "connect", number)
    (webhook,) = both.platform.webhooks.values()
    press(both, "remove", number)
    (delivery,) = both.network.to(PARTNER, webhook.url.removeprefix(PARTNER))
    assert delivery.method == "POST"
    (value,) = delivery.header_values("officernd-signature")
    time, digest = FIELDS.fullmatch(value).groups()
    assert time == "1648190384"
    assert digest == mac(webhook.secret, delivery.body + b".1648190384")
    event = json.loads(delivery.body)
    assert set(event) == {"event", "eventType", "data", "createdAt"}
    assert (event["eventType"], event["createdAt"]) == ("integration.removed", "2022-03-25T06:39:44.000Z")
    assert event["data"]["object"]["_id"] == integrations(both)[number].id
