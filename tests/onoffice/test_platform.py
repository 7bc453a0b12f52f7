"""What onOffice itself has to do, clause by clause: the popup as its user sees it, the messages as they travel.

Expected values stand here as the pages and official code have them; signatures are computed with `hmac` alone.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from handshakes.core.messages import Request
from handshakes.onoffice import api_hmac
from handshakes.onoffice.script import press
from handshakes.onoffice.simulator import portal
from handshakes.onoffice.simulator.records import Service
from handshakes.onoffice.simulator.resources import ACTION
from handshakes.runtime.browser import Browser, Page
from tests.onoffice.sides import ADMIN, BROKER, EXPORT, FIRST, NOW, PLANS, SECOND, Both, sides
from tests.recorder import recorded

PORTAL, API, PROVIDER = "https://smart.onoffice.de", "https://api.onoffice.de", "https://provider.example"
ACTIVATE, UNLOCK = "/onoffice/activate", "/onoffice/unlock"
SERVICE, WEBHOOK = "/onoffice/service", "/onoffice/webhook"
SECRET, ENTRY = b"Example-Provider-Secret-1!", "/api/stable/api.php"
AGREED = {"terms": "yes", "data_processing": "yes"}


@pytest.fixture
def both() -> Iterator[Both]:
    yield recorded(sides())


class Visit:
    """One administrator's way through the popup, a step at a time, as its buttons and scripts go it."""

    def __init__(self, both: Both, customer: str = FIRST) -> None:
        self.both, self.customer, self.browser = both, customer, Browser()
        self.run = both.network.run
        self.mask: Page
        self.frame: Page

    def index(self) -> Page:
        return self.run(self.browser.open(f"{PORTAL}/simulator"))

    def opened(self) -> Visit:
        """Go as far as the mask."""
        page = self.index()
        page = self.run(self.browser.submit(page, page.form(f"open-{self.customer}-{ADMIN}")))
        self.mask = self.run(self.browser.submit(page, page.form("confirm"), AGREED))
        return self

    def loaded(self) -> Visit:
        """Go as far as the provider's page in the frame."""
        self.opened()
        self.frame = self.run(self.browser.load_frame(self.mask))
        return self

    def chosen(self, rights: str = "all") -> str:
        return self.run(portal.choose(self.mask, rights))

    def pressed(self, key: str, *, agreed: bool = True) -> str | None:
        return self.run(press(self.browser, self.frame, self.mask, key, agreed=agreed))

    def told(self, text: str) -> dict[str, str]:
        return self.run(portal.receive(self.mask, self.frame, text))

    def activated(self, rights: str = "all") -> str:
        """Go the whole way; return the key."""
        self.loaded()
        key = self.chosen(rights)
        assert self.pressed(key) == "active"
        return key

    @property
    def shown_key(self) -> str:
        """What the mask shows in the field of the key."""
        found = re.search(r'id="api-key"[^>]*value="([^"]*)"', self.mask.response.body.decode())
        assert found
        return found[1]

    @property
    def url(self) -> dict[str, str]:
        """The parameters of the activation URL."""
        return parameters(self.mask.frames[0])


def parameters(url: str) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), "each name once"
    return dict(pairs)


def token_of(both: Both) -> str:
    """The token that the provider keeps."""
    found = both.installation()
    assert found is not None
    return found.credentials["token"]


def called(both: Both, token: str, key: str, resource: str = "estate", number: str = "", **sent: Any) -> int:
    """Call the API with one action, made here; return the errorcode of the action, or else that at the top."""
    action = {"actionid": ACTION + ("do" if resource == "unlockProvider" else "read"), "resourceid": number,
              "resourcetype": resource, "identifier": "", "timestamp": both.clock(), "hmac_version": 2, "parameters": sent}  # fmt: skip
    action["hmac"] = api_hmac(
        token=token, api_key=key, timestamp=both.clock(), resource_type=resource, action_id=action["actionid"]
    )
    body = json.dumps({"token": token, "request": {"actions": [action]}}).encode()
    request = Request("POST", API, ENTRY, (("content-type", "application/json"),), body)
    answer = both.network.exchange("provider", request).json()
    results = answer.get("response", {}).get("results", [])
    return (results[0] if results else answer)["status"]["errorcode"]


def unlocked(both: Both, visit: Visit, key: str, **changed: str) -> int:
    """Call unlockProvider with what a visit's URL says."""
    url = visit.url
    sent = {"parameterCacheId": url["parameterCacheId"], "extendedclaim": url["apiClaim"], **changed}
    return called(both, url["apiToken"], key, "unlockProvider", **sent)


# --- the popup ------------------------------------------------------------------------------------


@pytest.mark.clause("onoffice:popup.administrator")
def test_another_user_gets_no_popup(both):
    page = Visit(both).index()
    for user, status in ((BROKER, 409), (ADMIN, 200)):
        form = page.form(f"open-{FIRST}-{user}")
        assert both.network.run(Browser().submit(page, form)).response.status == status
    assert {popup.user_id for popup in both.platform.popups.values()} == {ADMIN}


@pytest.mark.clause("onoffice:popup.user-right")
@pytest.mark.parametrize(("rights", "open_to"), [("all", {ADMIN, BROKER}), ("administrators", {ADMIN})])
def test_nothing_is_activated_before_a_choice_and_the_choice_says_for_whom(both, rights, open_to):
    visit = Visit(both).loaded()
    assert "checked" not in visit.mask.response.body.decode(), "nothing is chosen beforehand"
    (user,) = both.platform.api_users.values()
    assert visit.pressed(user.key) != "active"
    assert (both.status(), both.platform.customers[FIRST].rights) == ("inactive", "")
    assert visit.pressed(visit.chosen(rights)) == "active"
    page = visit.index()
    served = {
        user for user in (ADMIN, BROKER)
        if both.network.run(Browser().submit(page, page.form(f"{PLANS}-{FIRST}-{user}"))).response.ok
    }  # fmt: skip
    assert served == open_to


@pytest.mark.clause("onoffice:popup.provider-shown", "onoffice:popup.rights-shown")
def test_the_mask_tells_what_the_provider_offers_and_what_it_may_do(both):
    account = both.platform.account
    account.description, account.rights = "Paints <rooms> & halls.", "Reads every property."
    text = Visit(both).loaded().mask.response.body.decode()
    assert "Paints &lt;rooms&gt; &amp; halls." in text and "Reads every property." in text


@pytest.mark.clause("onoffice:popup.administrators-always")
def test_an_administrator_has_access_whoever_else_has(both):
    for rights in ("all", "administrators"):
        visit = Visit(both).loaded()
        assert visit.pressed(visit.chosen(rights)) == "active"
        page = visit.index()
        form = page.form(f"{PLANS}-{FIRST}-{ADMIN}")
        assert both.network.run(Browser().submit(page, form)).response.ok
        both.platform.block(FIRST)


@pytest.mark.clause("onoffice:popup.single-webhook")
def test_one_webhook_alone_leaves_no_choice(both):
    webhook = Service(EXPORT, PROVIDER + WEBHOOK, webhook=True)
    both.platform.account.services = (webhook,)
    visit = Visit(both).loaded()
    text = visit.mask.response.body.decode()
    assert re.search(r'<fieldset id="rights" disabled>', text)
    assert re.search(r'value="all" checked>', text) and text.count("checked") == 1
    assert both.platform.customers[FIRST].rights == "all"
    assert visit.pressed(visit.shown_key) == "active"


@pytest.mark.clause("onoffice:popup.single-webhook")
@pytest.mark.parametrize(
    "services",
    [
        (Service(PLANS, PROVIDER + SERVICE),),
        (
            Service(EXPORT, PROVIDER + WEBHOOK, webhook=True),
            Service("more", PROVIDER + WEBHOOK, webhook=True),
        ),
    ],
    ids=["one service", "two webhooks"],
)
def test_any_other_offer_leaves_a_choice(both, services):
    both.platform.account.services = services
    visit = Visit(both).opened()
    assert "disabled" not in visit.mask.response.body.decode()
    assert (visit.shown_key, both.platform.customers[FIRST].rights) == ("", "")


@pytest.mark.clause("onoffice:popup.key-shown")
def test_the_key_is_nowhere_before_the_choice(both):
    visit = Visit(both).loaded()
    (user,) = both.platform.api_users.values()
    assert visit.shown_key == ""
    for _, response in both.network.answered:
        assert user.key.encode() not in response.body
    assert visit.chosen() == user.key


@pytest.mark.clause("onoffice:popup.key-copied")
def test_the_key_reaches_the_provider_by_hand_alone(both):
    visit = Visit(both)
    key = visit.activated()
    with_key = [
        one for one in both.network.sent if key in one.request.url or key.encode() in one.request.body
    ]
    (pasted,) = with_key
    assert (pasted.sender, pasted.request.origin, pasted.request.path) == ("browser", PROVIDER, UNLOCK)
    assert called(both, token_of(both), key, number=f"{FIRST}1") == 193, (
        "the key is right, only a claim is missing"
    )


@pytest.mark.clause("onoffice:popup.key-copied")
@pytest.mark.parametrize("pasted", ["", "0" * 64, "token"])
def test_without_the_popups_key_nothing_is_activated(both, pasted):
    visit = Visit(both).loaded()
    key = visit.chosen()
    assert visit.pressed(visit.url["apiToken"] if pasted == "token" else pasted) != "active"
    assert both.status() == "inactive"
    assert visit.pressed(key) == "active"


@pytest.mark.clause("onoffice:popup.api-user")
def test_the_activation_makes_a_user_in_the_customers_version(both):
    assert both.platform.api_users == {}
    tokens = set()
    for customer in (FIRST, SECOND):
        visit = Visit(both, customer)
        visit.activated()
        user = both.platform.api_users[visit.url["apiToken"]]
        assert user.web_id == customer
        tokens.add(user.token)
    assert tokens == set(both.platform.api_users) and len(tokens) == 2
    called_for = [action["resourcetype"] for request in both.network.to(API)
                  for action in json.loads(request.body)["request"]["actions"]]  # fmt: skip
    assert called_for == ["unlockProvider"] * 2, "the provider makes none"


@pytest.mark.clause("onoffice:popup.load-order")
def test_the_token_is_there_when_the_frame_is_loaded_and_the_key_counts_from_when_it_is_shown(both):
    visit = Visit(both).loaded()
    assert visit.frame.response.ok, "the frame shows before any choice"
    user = both.platform.api_users[visit.url["apiToken"]]
    assert unlocked(both, visit, user.key) == 22
    assert unlocked(both, visit, visit.chosen()) == 0


@pytest.mark.clause("onoffice:popup.status")
def test_success_changes_the_status(both):
    visit = Visit(both).loaded()
    status = f'id="status-{FIRST}">{{}}<'.format
    assert status("Inactive") in visit.index().response.body.decode()
    assert visit.pressed("0" * 64) != "active"
    assert status("Inactive") in visit.index().response.body.decode()
    key = visit.chosen()
    assert visit.told(visit.pressed(key))["status"] == "Active"
    page = visit.index()
    assert status("Active") in page.response.body.decode()
    assert page.form(f"{PLANS}-{FIRST}-{BROKER}"), "the services are there"
    assert f'id="status-{SECOND}">Inactive<' in page.response.body.decode(), "the other customer's is not"


@pytest.mark.clause("onoffice:popup.state")
def test_the_status_follows_the_call_and_not_the_message(both):
    visit = Visit(both).loaded()
    key = visit.chosen()
    assert visit.told("active")["status"] == "Inactive"
    assert both.status() == "inactive"
    assert unlocked(both, visit, key) == 0
    assert both.status() == "active", "without a message"
    assert visit.told("Error")["status"] == "Active"


@pytest.mark.clause("onoffice:popup.message-text")
def test_a_message_goes_back_to_the_popups_script_as_json_and_into_no_page(both):
    visit = Visit(both).loaded()
    text = "<script>alert(1)</script>&amp;"
    assert visit.told(text)["message"] == text, "as it is, for a script that writes text"
    _, response = both.network.answered[-1]
    assert response.header("content-type").startswith("application/json")
    assert "<script>alert(1)" not in visit.index().response.body.decode()
    assert re.search(r"const show = .*\.textContent = text", portal.SCRIPT)


@pytest.mark.clause("onoffice:page.privacy-noted")
def test_the_user_ticks_the_box_before_the_button_does_anything(both):
    visit = Visit(both).loaded()
    key = visit.chosen()
    form = visit.frame.form("unlock")
    assert "privacy" not in form.fields, "not ticked beforehand"
    assert visit.pressed(key, agreed=False) is None
    both.network.run(visit.browser.submit(visit.frame, form, {"secret": key}))  # as without the script
    assert (both.status(), both.network.to(API)) == ("inactive", [])
    assert visit.pressed(key) == "active"
    assert both.installation().details["agreedAt"] == str(NOW)


# --- the URLs -------------------------------------------------------------------------------------


@pytest.mark.clause("onoffice:url.method")
def test_the_frame_is_opened_with_get(both):
    visit = Visit(both).opened()
    assert both.network.to(PROVIDER) == []
    frames = re.findall(r'<iframe[^>]*src="([^"]*)"', visit.mask.response.body.decode())
    assert len(frames) == 1 and frames[0].startswith(f"{PROVIDER}{ACTIVATE}?")
    both.activate()
    request = both.network.to(PROVIDER)[0]
    assert (request.method, request.path, request.body, request.headers) == ("GET", ACTIVATE, b"", ())


@pytest.mark.clause("onoffice:url.identification")
@pytest.mark.parametrize(
    ("customer", "name"), [(FIRST, "Müller & Söhne <Immobilien> GmbH"), (SECOND, "Mustermakler")]
)
def test_the_url_says_who_activates(both, customer, name):
    url = Visit(both, customer).opened().url
    assert (url["customerName"], url["customerWebId"], url["userId"]) == (name, customer, ADMIN)


@pytest.mark.clause("onoffice:url.api-claim")
def test_the_url_has_the_claim_that_its_call_needs(both):
    visit = Visit(both).opened()
    key = visit.chosen()
    other = Visit(both).opened().url["apiClaim"]
    assert len(visit.url["apiClaim"]) == 48 and other != visit.url["apiClaim"]
    assert unlocked(both, visit, key, extendedclaim="") == 193
    assert unlocked(both, visit, key, extendedclaim=other) == 248
    assert unlocked(both, visit, key) == 0


@pytest.mark.clause("onoffice:url.own-values")
@pytest.mark.parametrize(
    ("own", "sent"),
    [("plan=gold%20edition", "plan=gold+edition"), ("ref=a~b*c", "ref=a%7Eb%2Ac"), ("plan=%67old", "plan=gold"),
     ("plan=%c3%bc", "plan=%C3%BC"), ("Zone", "Zone=")],
)  # fmt: skip
def test_own_values_are_written_as_all_others(both, own, sent):
    both.platform.account.activation_url = f"{PROVIDER}{ACTIVATE}?{own}"
    url = Visit(both).opened().mask.frames[0]
    whole, _, signature = url.partition("&signature=")
    assert sent in whole.partition("?")[2].split("&")
    assert signature == hmac.digest(SECRET, whole.encode(), "sha256").hex()
    assert both.activate().response.body == b"active"


@pytest.mark.clause("onoffice:url.absent")
def test_what_has_no_value_is_left_out(both):
    Visit(both).activated()
    first = both.platform.customers[FIRST]
    for user, estates, there in (
        (ADMIN, {}, set()),
        (BROKER, {}, {"groupId"}),
        (BROKER, {"1": "x"}, {"groupId", "estateId"}),
    ):
        first.estates = estates
        url = parameters(both.platform.service_url(FIRST, user, PLANS))
        assert {name for name in ("groupId", "estateId", "apiToken") if name in url} == there
        assert all(url.values())
    visit = Visit(both, SECOND).opened()
    assert all(visit.url.values()) and len(visit.url["apiToken"]) == 32
    both.platform.settings = sides(api_claim="not-sent").platform.settings
    other = Visit(both, SECOND).opened().url
    assert set(visit.url) - set(other) == {"apiClaim"}


# --- services, claims, webhooks -------------------------------------------------------------------


@pytest.mark.clause("onoffice:claim.service", "onoffice:service.cache-id")
def test_every_service_call_has_a_claim_and_a_cache_id_of_its_own(both):
    visit = Visit(both)
    key = visit.activated()
    for user in (ADMIN, BROKER):
        for service in (PLANS, EXPORT, PLANS):
            both.serve(user=user, service=service)
    calls = [parse_qs(one.query) for path in (SERVICE, WEBHOOK) for one in both.network.to(PROVIDER, path)]
    claims = [claim for (claim,) in (call["apiClaim"] for call in calls)]
    cache_ids = [cache_id for (cache_id,) in (call["parameterCacheId"] for call in calls)]
    assert len(calls) == len(set(claims)) == len(set(cache_ids)) == 6
    assert all(cache_ids)
    latest = parse_qs(urlsplit(both.platform.service_url(FIRST, ADMIN, PLANS)).query)["apiClaim"][0]
    assert called(both, visit.url["apiToken"], key, number=f"{FIRST}1", extendedclaim=latest) == 0


@pytest.mark.clause("onoffice:claim.required")
@pytest.mark.parametrize("sent", [{}, {"extendedclaim": ""}])
def test_a_call_without_a_claim_is_refused_with_193(both, sent):
    visit = Visit(both).opened()
    key = visit.chosen()
    cache_id, token = visit.url["parameterCacheId"], visit.url["apiToken"]
    assert called(both, token, key, "unlockProvider", parameterCacheId=cache_id, **sent) == 193
    assert both.status() == "inactive"
    assert unlocked(both, visit, key) == 0
    assert called(both, token, key, number=f"{FIRST}1", **sent) == 193


@pytest.mark.clause("onoffice:claim.outdated")
def test_an_old_claim_is_refused_with_201_and_another_customers_with_248(both):
    visit = Visit(both)
    key = visit.activated()
    Visit(both, SECOND).activated()
    claims = {
        customer: parameters(both.platform.service_url(customer, ADMIN, PLANS))["apiClaim"]
        for customer in (FIRST, SECOND)
    }

    def read(claim: str) -> int:
        return called(both, visit.url["apiToken"], key, number=f"{FIRST}1", extendedclaim=claim)

    assert [read(claims[FIRST]), read(claims[SECOND]), read("x" * 48)] == [0, 248, 248]
    both.clock.advance(86_401)
    assert read(claims[FIRST]) == 201
    assert read(parameters(both.platform.service_url(FIRST, ADMIN, PLANS))["apiClaim"]) == 0


@pytest.mark.clause("onoffice:unlock.once")
@pytest.mark.parametrize(
    ("cache_id", "seconds", "code"), [("unknown", 0, 177), ("own", 3_601, 177), ("own", 3_600, 0), ("theirs", 0, 178)]
)  # fmt: skip
def test_a_cache_id_is_known_for_an_hour_and_of_this_customer(both, cache_id, seconds, code):
    visit, theirs = Visit(both).opened(), Visit(both, SECOND).opened()
    key = visit.chosen()
    ids = {"own": visit.url["parameterCacheId"], "theirs": theirs.url["parameterCacheId"]}
    both.clock.advance(seconds)
    assert unlocked(both, visit, key, parameterCacheId=ids.get(cache_id, cache_id)) == code
    assert (both.status(), both.status(SECOND)) == ("inactive" if code else "active", "inactive")
    if not code:
        assert unlocked(both, visit, key) == 177, "once"


@pytest.mark.clause("onoffice:webhook.get")
def test_a_webhook_is_called_as_a_service_is(both):
    Visit(both).activated()
    for service in (PLANS, EXPORT):
        assert both.serve(service=service).held
    (service,), (webhook,) = both.network.to(PROVIDER, SERVICE), both.network.to(PROVIDER, WEBHOOK)
    assert (webhook.method, webhook.body, webhook.headers) == ("GET", b"", ())
    names = [[name for name, _ in parse_qsl(one.query)] for one in (service, webhook)]
    assert names[0] == names[1] and names[1][-1] == "signature"
    whole, _, signature = webhook.url.partition("&signature=")
    assert signature == hmac.digest(SECRET, whole.encode(), "sha256").hex()


# --- blocking -------------------------------------------------------------------------------------


@pytest.mark.clause("onoffice:block.services", "onoffice:block.silent")
def test_a_block_closes_the_services_and_tells_nobody(both):
    visit = Visit(both)
    visit.activated()
    page = visit.index()
    sent = len(both.network.to(PROVIDER))
    visit.run(visit.browser.submit(page, page.form(f"block-{FIRST}")))
    assert both.status() == "blocked"
    for service in (PLANS, EXPORT):
        old = page.form(f"{service}-{FIRST}-{ADMIN}")
        assert visit.run(visit.browser.submit(page, old)).response.status == 409
        with pytest.raises(LookupError):
            visit.index().form(f"{service}-{FIRST}-{ADMIN}")
        with pytest.raises(ValueError, match="not open"):
            both.serve(service=service)
    assert len(both.network.to(PROVIDER)) == sent
    assert both.installation().state == "active", "the provider knows nothing of it"


@pytest.mark.clause("onoffice:block.api-user")
def test_a_block_ends_the_api_user_of_this_customer(both):
    first, second = Visit(both), Visit(both, SECOND)
    keys = first.activated(), second.activated()

    def reads() -> list[int]:
        return [
            called(both, visit.url["apiToken"], key, number=f"{visit.customer}1",
                   extendedclaim=both.platform.claim(visit.customer, ADMIN))
            for visit, key in zip((first, second), keys, strict=True)
        ]  # fmt: skip

    assert reads() == [0, 0]
    both.platform.block(FIRST)
    assert reads() == [22, 0]


@pytest.mark.clause("onoffice:block.reactivation")
def test_after_a_block_the_whole_procedure_runs_again(both):
    first = Visit(both)
    old_key = first.activated()
    both.platform.block(FIRST)
    again = Visit(both)
    page = again.index()
    page = again.run(again.browser.submit(page, page.form(f"open-{FIRST}-{ADMIN}")))
    assert again.run(again.browser.submit(page, page.form("confirm"))).response.status == 409, (
        "the terms again"
    )
    again.mask = again.run(again.browser.submit(page, page.form("confirm"), AGREED))
    assert again.mask.response.ok
    again.frame = again.run(again.browser.load_frame(again.mask))
    assert again.frame.response.ok and again.shown_key == ""
    key = again.chosen("administrators")
    assert key != old_key
    for name in ("apiToken", "apiClaim", "parameterCacheId"):
        assert again.url[name] != first.url[name]
    assert again.pressed(key) == "active"
    assert (both.status(), both.platform.customers[FIRST].rights) == ("active", "administrators")
    claim = both.platform.claim(FIRST, ADMIN)
    assert called(both, again.url["apiToken"], key, number=f"{FIRST}1", extendedclaim=claim) == 0
    assert called(both, first.url["apiToken"], old_key, number=f"{FIRST}1", extendedclaim=claim) == 22
