"""The provider: what it keeps and when, what it answers, what its operator is told."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from handshakes.core.messages import Pause, Request, Response, form_body, json_response, split_url
from handshakes.core.refusals import Refused
from handshakes.onoffice import sign_url
from handshakes.onoffice.errorcodes import ERRORS, meaning
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.partner.api import Access, first_record
from handshakes.onoffice.partner.configuration import HOSTS, Configuration
from handshakes.onoffice.partner.connecting import PLATFORM, ticket_key
from handshakes.onoffice.partner.integration import ACTIVATE, SCRIPT_PATH, SERVICE, UNLOCK, WEBHOOK
from handshakes.onoffice.partner.texts import BY_CODE, TEXTS, language
from handshakes.runtime.flow import InProcess, drive
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import Conflict, Installation, MemoryStore, StoreError
from tests.onoffice.sides import ADMIN, BROKER, EXPORT, FIRST, NOW, PLANS, SECOND, Both, activated, sides

PROVIDER, SECRET = "https://provider.example", "Example-Provider-Secret-1!"
URLENCODED = ("content-type", "application/x-www-form-urlencoded")


def opened(world, customer: str = FIRST, **headers: str):
    """Open the popup and load its frame; return popup and page."""
    popup = world.platform.open_popup(customer, ADMIN, again=True)
    world.platform.confirm(popup, terms=True, data_processing=True)
    origin, target = split_url(popup.url)
    return popup, ask(world, Request("GET", origin, target, tuple(headers.items())))


def ask(world, request: Request):
    return world.network.exchange("browser", request)


def ticket_in(page) -> str:
    return page.body.decode().partition('name="ticket" value="')[2].partition('"')[0]


def press(world, ticket: str, key: str, /, *more: tuple[str, str], **changed: str):
    fields = {"ticket": ticket, "secret": key, "privacy": "yes", **changed}
    return ask(world, Request("POST", PROVIDER, UNLOCK, (URLENCODED, *more), form_body(fields)))


def signed(path: str, **pairs: str) -> Request:
    query = "&".join(f"{name}={value}" for name, value in {"timestamp": str(NOW), **pairs}.items())
    return Request("GET", *split_url(sign_url(f"{PROVIDER}{path}?{query}", secret=SECRET)))


def test_the_page_is_embedded_by_the_platforms_hosts_only_and_sets_no_cookie():
    _, page = opened(sides())
    policy = page.header("content-security-policy")
    assert f"frame-ancestors {' '.join(HOSTS)};" in policy + ";"
    rules = [rule.strip() for rule in policy.split(";")]
    assert "default-src 'none'" in rules
    for what in ("script", "connect"):
        assert f"{what}-src 'self'" in rules
    assert "form-action 'self'" in rules
    assert (page.header("x-frame-options"), page.header("set-cookie")) == ("", "")
    assert page.header("cache-control") == "no-store"


def test_the_ticket_of_a_page_is_192_random_bits():
    _, page = opened(sides())
    assert re.fullmatch("[0-9a-f]{48}", ticket_in(page))


def test_the_page_holds_no_credential():
    world = sides()
    popup, page = opened(world)
    text = page.body.decode()
    claims = [value for value, one in world.platform.claims.items() if one.cache_id == popup.cache_id]
    for secret in (popup.token, popup.cache_id, world.platform.api_users[popup.token].key, *claims):
        assert secret not in text
    assert "Müller &amp; Söhne &lt;Immobilien&gt; GmbH" in text


GERMAN = ("Kunde: <b", "Jetzt freischalten", 'data-done="Aktiv"')


@pytest.mark.parametrize(
    ("accepted", "says"),
    [("de-DE,de;q=0.9", GERMAN), ("en-GB,en", ("Customer: <b", "Activate now", 'data-done="Active"')), ("", GERMAN)],
)  # fmt: skip
def test_the_page_speaks_german_and_english(accepted, says):
    _, page = opened(sides(), **{"accept-language": accepted})
    assert [text for text in says if text not in page.body.decode()] == []
    assert f'<html lang="{"de" if says is GERMAN else "en"}"' in page.body.decode()


def test_both_languages_have_the_same_texts():
    assert set(TEXTS["de"]) == set(TEXTS["en"])
    assert set(BY_CODE.values()) <= set(TEXTS["de"])
    assert set(BY_CODE) <= set(ERRORS) and meaning(7) == "a code that is not on our list"
    assert [language(text) for text in ("de", "en-US", "fr", "fr,en", "*")] == ["de", "en", "de", "en", "de"]


def test_token_and_key_are_kept_for_the_customer_after_success_only():
    world = sides()
    popup, page = opened(world)
    assert world.installation() is None
    key = world.platform.choose(popup, "all")
    stage = world.store.get(PLATFORM, ticket_key(ticket_in(page)))
    assert (stage.state, stage.credentials["apiToken"]) == ("pending", popup.token)
    assert press(world, ticket_in(page), key).body == b"active"
    kept = world.installation()
    assert kept.credentials == {"token": popup.token, "api_key": key}
    assert (kept.state, kept.details["customerName"]) == ("active", "Müller & Söhne <Immobilien> GmbH")
    assert kept.details["agreedAt"] == str(NOW)
    assert world.store.get(PLATFORM, stage.identity).credentials == {}


def test_a_failed_reactivation_leaves_the_working_credentials():
    world = activated()
    world.serve()
    before = world.in_use()
    popup, page = opened(world)
    world.platform.choose(popup, "all")
    for key in ("0" * 64, "", "x" * 5_000):
        assert press(world, ticket_in(page), key).body != b"active"
    assert world.in_use() == before
    assert world.work()["objekttitel"] == "House 4711"


@pytest.mark.clause("onoffice:api.lengths")
def test_a_wrong_key_can_be_pasted_again_on_the_same_page():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    assert press(world, ticket_in(page), key[:-1]).body.decode() == TEXTS["de"]["error-key"]
    assert "length" in world.reports[-1][1].evidence, "the operator is told of the length"
    assert press(world, ticket_in(page), key).body == b"active"


def test_a_second_click_says_active_and_calls_nobody():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    press(world, ticket_in(page), key)
    calls, before = world.platform.calls, world.in_use()
    assert press(world, ticket_in(page), key).body == b"active"
    assert (world.platform.calls, world.in_use()) == (calls, before)


def test_two_clicks_at_once_end_in_one_activation():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    form = form_body({"ticket": ticket_in(page), "secret": key, "privacy": "yes"})
    request = Request("POST", PROVIDER, UNLOCK, (URLENCODED,), form)
    first, second = world.partner.handle(request), world.partner.handle(request)
    calls = [next(first), next(second)]
    answers = [world.network.exchange("provider", call) for call in calls]
    ends = []
    for step, answer in zip((first, second), answers, strict=True):
        with pytest.raises(StopIteration) as stop:
            step.send(answer)
        ends.append(stop.value.value.body)
    assert ends == [b"active", b"active"]
    assert world.reports == [] and len(world.in_use()) == 1


def waiting_click(world: Both, page: Response, key: str):
    """Return a click whose call of the API was answered while nothing has read the answer yet, and that answer."""
    form = form_body({"ticket": ticket_in(page), "secret": key, "privacy": "yes"})
    step = world.partner.handle(Request("POST", PROVIDER, UNLOCK, (URLENCODED,), form))
    return step, world.network.exchange("provider", next(step))


def said_by(step, *answers: Response) -> bytes:
    """Send answers into a step, and let every pause pass; return the body of what it says in the end."""
    given = iter(answers)
    try:
        outgoing = step.send(next(given))
        while isinstance(outgoing, Pause):
            outgoing = next(step)
    except StopIteration as stop:
        return stop.value.body
    raise AssertionError("it asks for more")


@pytest.mark.clause("onoffice:unlock.repeat")
def test_a_click_that_comes_while_the_first_is_under_way_waits_for_its_end_and_says_active():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    first, success = waiting_click(world, page, key)
    second, used = waiting_click(world, page, key)
    assert b'"errorcode":177' in used.body, "the cache id is good for one activation"
    assert isinstance(second.send(used), Pause), "the first may be saving just now"
    assert said_by(first, success) == b"active"
    assert said_by(second, None) == b"active"
    assert world.reports == [] and len(world.in_use()) == 1


def test_a_click_that_waited_in_vain_says_what_the_api_said():
    world = sides()
    popup, page = opened(world)
    world.platform.choose(popup, "all")
    late = [waiting_click(world, page, "0" * 64) for _ in range(2)]
    assert [said_by(*one).decode() for one in late] == [TEXTS["de"]["error-key"]] * 2
    assert world.reasons() == ["platform-error"] * 2


def test_clicks_that_go_on_saving_their_page_do_not_make_an_error_of_an_activation(monkeypatch):
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    save = world.store.save

    def conflicting(installation: Installation) -> Installation:
        if installation.identity.startswith("ticket:"):
            raise Conflict
        return save(installation)

    monkeypatch.setattr(world.store, "save", conflicting)
    assert press(world, ticket_in(page), key).body == b"active"
    assert world.installation().state == "active"
    assert [refused.reason for _, refused in world.reports] == ["store-locked"]


@pytest.mark.parametrize("kind", ["memory", "database"])
def test_pages_that_nobody_used_are_removed_when_their_time_is_over_and_nothing_else_is(kind, tmp_path):
    world = activated(MemoryStore() if kind == "memory" else open_store(tmp_path, {}))
    before = world.in_use()

    def pages() -> int:
        return len(
            [one for one in world.store.find(PLATFORM, "customerWebId", FIRST) if "ticket:" in one.identity]
        )

    for _ in range(50):
        opened(world)
    assert pages() == 51, "the one that was used too"
    world.clock.advance(world.partner.configuration.page_lifetime)
    opened(world)
    assert pages() == 52, "the last second counts"
    world.clock.advance(1)
    opened(world)
    assert pages() == 2
    assert world.in_use() == before


def test_the_button_of_a_page_whose_time_is_over_calls_nobody():
    for late, said in ((0, b"active"), (1, TEXTS["de"]["error-page"].encode())):
        world = sides(page_lifetime=600)
        popup, page = opened(world)
        key = world.platform.choose(popup, "all")
        world.clock.advance(600 + late)
        assert press(world, ticket_in(page), key).body == said
        assert world.platform.calls == 1 - late
    assert world.reasons() == ["unknown-installation"]


def test_of_two_pages_at_once_the_one_that_asked_later_stays():
    world = sides()
    pages = [opened(world) for _ in range(2)]
    keys = [world.platform.choose(popup, "all") for popup, _ in pages]
    steps, answers = [], []
    for (_, page), key in zip(pages, keys, strict=True):
        fields = {"ticket": ticket_in(page), "secret": key, "privacy": "yes"}
        steps.append(
            world.partner.handle(Request("POST", PROVIDER, UNLOCK, (URLENCODED,), form_body(fields)))
        )
        answers.append(world.network.exchange("provider", next(steps[-1])))
        world.clock.advance(1)
    for step, answer in reversed(list(zip(steps, answers, strict=True))):
        with pytest.raises(StopIteration) as said:
            step.send(answer)
        assert said.value.value.body == b"active"
    assert world.installation().credentials["token"] == world.platform.customers[FIRST].token
    assert world.serve().held


def test_what_was_kept_without_the_time_of_its_page_is_replaced():
    world = activated()
    found = world.installation()
    rest = {name: value for name, value in found.details.items() if name != "askedAt"}
    world.store.save(replace(found, details=rest))
    world.clock.advance(1)
    assert world.activate().held
    assert world.installation().details["askedAt"] == str(NOW + 1)


def test_a_page_whose_activation_was_replaced_is_too_old():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    press(world, ticket_in(page), key)
    world.activate()
    assert press(world, ticket_in(page), key).body.decode() == TEXTS["de"]["error-page"]
    assert world.reasons() == ["wrong-state"]


@pytest.mark.parametrize(
    ("change", "text", "reason"),
    [
        ({"privacy": "no"}, "error-privacy", "not-allowed"),
        ({"ticket": ""}, "error-page", "unknown-installation"),
        ({"ticket": "0" * 48}, "error-page", "unknown-installation"),
        ({"secret": " \n"}, "error-empty-key", "empty-parameter"),
        ({"secret": "x" * 5_000}, "error-key", "too-large"),
    ],
)
def test_what_the_button_answers_to_a_wrong_form(change, text, reason):
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    answer = press(world, ticket_in(page), key, **change)
    assert (answer.status, answer.header("content-type")) == (200, "text/plain; charset=utf-8")
    assert answer.body.decode() == TEXTS["de"][text]
    assert (world.reasons(), world.platform.calls) == ([reason], 0)


@pytest.mark.parametrize("twice", ["ticket=x", "secret=x", "privacy=yes"])
def test_a_doubled_field_is_refused(twice):
    world = sides()
    popup, page = opened(world)
    fields = {"ticket": ticket_in(page), "secret": world.platform.choose(popup, "all"), "privacy": "yes"}
    for body in (form_body(fields) + b"&" + twice.encode(), twice.encode() + b"&" + form_body(fields)):
        answer = ask(world, Request("POST", PROVIDER, UNLOCK, (URLENCODED,), body))
        assert (answer.status, answer.header("cache-control")) == (200, "no-store")
    assert (world.reasons(), world.platform.calls) == (["duplicate-parameter"] * 2, 0)


def test_the_window_is_configuration():
    for tolerance, status in (((300, 120), 200), ((5, 5), 403)):
        world = sides(tolerance=tolerance)
        request = signed(
            ACTIVATE, apiToken="t", customerName="n", customerWebId="1", userId="2", parameterCacheId="c"
        )
        world.clock.advance(6)
        assert ask(world, request).status == status


def test_a_form_of_another_sites_page_is_refused():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    answer = press(world, ticket_in(page), key, ("origin", "https://attacker.example"))
    assert (answer.status, world.reasons(), world.platform.calls) == (200, ["not-allowed"], 0)
    ((_, told),) = world.reports
    assert told.evidence == {"origin": "https://attacker.example", "expected": "our own page"}


def test_the_script_is_taken_for_nothing_but_a_script():
    """No browser may guess another type than the one that is named: WHATWG's Fetch standard, `nosniff`."""
    answer = ask(sides(), Request("GET", PROVIDER, SCRIPT_PATH))
    assert answer.header("content-type").partition(";")[0] == "text/javascript"
    assert answer.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(("path", "endpoint"), [(SERVICE, "service"), (WEBHOOK, "webhook")])
def test_the_operator_is_told_which_endpoint_refused_a_signature(path, endpoint):
    world = activated()
    request = signed(path, apiClaim="c", customerWebId=FIRST, userId=ADMIN, estateId="1")
    assert ask(world, replace(request, target=request.target + "&more=1")).status == 403
    assert [(where, told.reason) for where, told in world.reports] == [(endpoint, "signature-mismatch")]


def test_the_form_may_be_multipart_as_the_example_sends_it():
    world = sides()
    popup, page = opened(world)
    key = world.platform.choose(popup, "all")
    fields = {"ticket": ticket_in(page), "secret": key, "privacy": "yes"}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    body = ("".join(parts) + "--x--\r\n").encode()
    headers = (("content-type", "multipart/form-data; boundary=x"),)
    assert ask(world, Request("POST", PROVIDER, UNLOCK, headers, body)).body == b"active"


# --- the secret -----------------------------------------------------------------------------------


def test_a_provider_without_a_secret_is_not_built():
    with pytest.raises(Refused) as refused:
        Configuration("")
    assert (refused.value.reason, refused.value.clause) == ("empty-secret", "onoffice:secret.empty")
    assert SECRET not in repr(Configuration(SECRET))


def test_the_previous_secret_counts_only_where_configured_and_until_its_end():
    old, new = SECRET, "Another-Provider-Secret-2!"
    request = signed(
        ACTIVATE, apiToken="t", customerName="n", customerWebId="1", userId="2", parameterCacheId="c"
    )
    assert ask(sides(provider_secret=new), request).status == 403
    assert ask(sides(provider_secret=new, previous_secret=old), request).status == 403, "without an end"
    for until, status in ((NOW, 200), (NOW - 1, 403)):
        world = sides(provider_secret=new, previous_secret=old, previous_until=until)
        assert ask(world, request).status == status
        both = [("current", new), ("previous", old)]
        assert world.partner.secrets() == (both if status == 200 else both[:1])


def test_a_changed_secret_signs_at_once():
    world = sides()
    world.platform.change_secret("Another-Provider-Secret-2!")
    _, page = opened(world)
    assert (page.status, world.reasons()) == (403, ["signature-mismatch"])
    world.partner.configuration = replace(
        world.partner.configuration, provider_secret="Another-Provider-Secret-2!"
    )
    assert opened(world)[1].status == 200


def test_the_public_address_is_configuration_and_never_a_header():
    world = sides()
    request = signed(
        ACTIVATE, apiToken="t", customerName="n", customerWebId="1", userId="2", parameterCacheId="c"
    )
    for name in ("x-forwarded-host", "host", "forwarded", "x-forwarded-proto"):
        assert ask(world, replace(request, headers=((name, "http"),))).status == 200
    behind = world.partner.handle(replace(request, origin="http://10.0.0.7"))
    with pytest.raises(StopIteration) as answer:
        next(behind)
    assert answer.value.value.status == 200, "a proxy speaks to another address"
    foreign = sign_url(f"https://attacker.example{ACTIVATE}?timestamp={NOW}", secret=SECRET)
    headers = (("host", "attacker.example"), ("x-forwarded-host", "attacker.example"))
    assert ask(world, Request("GET", PROVIDER, split_url(foreign)[1], headers)).status == 403


class Proxy:
    """Stands in front of a provider under its public address, and cuts a prefix off the path."""

    name, secret_names = "proxy", frozenset[str]()

    def __init__(self, provider: Provider, prefix: str) -> None:
        self.provider, self.prefix, self.origins = provider, prefix, (PROVIDER,)

    def handle(self, request: Request):
        if not request.target.startswith(f"{self.prefix}/"):
            return Response(404)
        inner = replace(request, origin="http://10.0.0.7", target=request.target.removeprefix(self.prefix))
        return (yield from self.provider.handle(inner))


@pytest.mark.clause("onoffice:url.scheme")
@pytest.mark.parametrize("prefix", ["/app", "/b%c3%bcro/a"])
def test_behind_a_proxy_that_cuts_a_prefix_off_everything_works_under_the_configured_address(prefix):
    world = sides(base_url=PROVIDER + prefix)
    proxy = Proxy(world.partner, prefix)
    world = world._replace(network=InProcess(world.platform, proxy, clock=world.clock))
    assert world.platform.account.activation_url.startswith(f"{PROVIDER}{prefix}/onoffice/activate?")
    assert world.activate().response.body == b"active"
    for service in (PLANS, EXPORT):
        assert world.serve(service=service).held
    assert not [one for one in world.platform.findings if one.violated] and world.reports == []
    assert world.activate("wrong-secret").held
    world.partner.configuration = replace(world.partner.configuration, base_url=PROVIDER)
    assert world.serve().response.status == 403, "the prefix is signed"


@pytest.mark.parametrize(
    "address",
    ["", "provider.example", "ftp://provider.example", "https://provider.example/", "https://u@provider.example",
     "https://provider.example/app?a=1", "https://provider.example/#a", "https://provider.example:99999", "https://pr\u00f6v.example"],
)  # fmt: skip
def test_a_base_url_that_is_none_is_refused_at_once(address):
    with pytest.raises(Refused, match="malformed"):
        Configuration(SECRET, base_url=address)


@pytest.mark.parametrize("more", ["/", "/a/", "/?a=1", "/#a"])
def test_a_base_url_with_too_much_is_told_with_what_belongs_into_one(more):
    with pytest.raises(Refused) as refused:
        Configuration(SECRET, base_url=PROVIDER + more)
    assert refused.value.clause == "onoffice:url.scheme"
    assert refused.value.evidence == {
        "base_url": PROVIDER + more,
        "expected": "scheme, host and perhaps a path",
    }


# --- services -------------------------------------------------------------------------------------


def test_users_of_one_customer_share_its_credentials_and_have_claims_of_their_own():
    world = activated()
    for user in (ADMIN, BROKER):
        assert world.serve(user=user).held
    assert world.partner.claim(FIRST, ADMIN) != world.partner.claim(FIRST, BROKER)
    assert world.work(user=BROKER)["objekttitel"] == "House 4711"


def test_the_page_of_a_service_shows_the_customer_and_the_estate_and_nothing_else():
    page = activated().serve().response.body.decode()
    shown = re.sub(r"<[^>]*>", "\n", page.partition("<h1>")[2].partition("</main>")[0])
    assert [*filter(None, map(str.strip, shown.splitlines()))] == [
        "Beispieldienst", "Kunde:", "Müller &amp; Söhne &lt;Immobilien&gt; GmbH", "House 4711",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("estate", "shown"),
    [({"objekttitel": "House 1"}, "estate"), ({}, "error"), ({"objekttitel": ""}, "error")],
)
def test_the_page_of_a_service_says_so_where_the_estate_has_no_title(monkeypatch, estate, shown):
    world = activated()

    def work(*asked):
        yield from ()
        return estate

    monkeypatch.setattr(world.partner, "work", work)
    page = world.serve().response.body.decode()
    assert [name for name in ("estate", "error") if f'<p id="{name}">' in page] == [shown]


def test_two_customers_with_the_same_user_id_do_not_meet():
    world = activated()
    assert world.activate(customer=SECOND).held
    for customer in (FIRST, SECOND):
        assert world.serve(customer=customer).held
    assert [world.work(customer)["objekttitel"] for customer in (FIRST, SECOND)] == [
        "House 4711",
        "House 4712",
    ]
    assert world.installation(FIRST).credentials != world.installation(SECOND).credentials


def test_a_slash_in_an_id_of_the_platform_ends_no_part_of_an_identity():
    partner = sides().partner
    assert (partner.customer("1/2"), partner.user("1/2", "3/4")) == ("1%2F2", "1%2F2/3%2F4")


def test_identities_cannot_be_made_to_meet():
    partner = sides().partner
    assert partner.user("1/2", "3") != partner.user("1", "2/3")
    assert partner.customer("1/2") != partner.user("1", "2")
    assert partner.customer("ticket:1") != "ticket:1"


def test_the_latest_claim_is_used_and_the_one_of_the_activation_never():
    world = activated()
    unlock = [value for value, one in world.platform.claims.items() if one.cache_id]
    world.serve()
    first = world.partner.claim(FIRST, ADMIN)
    world.serve()
    assert world.partner.claim(FIRST, ADMIN) not in (first, *unlock)


@pytest.mark.clause("onoffice:claim.latest")
def test_a_service_call_that_arrives_late_does_not_replace_a_claim_of_a_later_signed_time():
    world = activated()

    def arrives(claim: str, signed_at: int) -> str:
        pairs = {"apiClaim": claim, "customerWebId": FIRST, "userId": ADMIN, "timestamp": str(signed_at)}
        ask(world, signed(WEBHOOK, **pairs))
        return world.partner.claim(FIRST, ADMIN)

    in_order = [("later", NOW + 60), ("earlier", NOW), ("same-second", NOW + 60), ("last", NOW + 61)]
    assert [arrives(*one) for one in in_order] == ["later", "later", "same-second", "last"]


@pytest.mark.clause("onoffice:claim.latest")
def test_the_platform_takes_the_claim_of_the_latest_signed_time_for_the_latest():
    world = activated()
    assert world.serve("just-ahead").held
    ahead = world.partner.claim(FIRST, ADMIN)
    assert world.serve().held
    assert world.partner.claim(FIRST, ADMIN) == ahead
    assert world.serve("service-claim-outdated").held and world.reasons() == ["platform-error"]
    world.clock.advance(121)
    assert world.serve().held
    assert world.partner.claim(FIRST, ADMIN) != ahead
    assert not any(finding.violated for finding in world.platform.findings)


def test_work_without_a_service_call_is_refused():
    world = activated()
    with pytest.raises(Refused) as caught:
        world.work()
    assert (caught.value.reason, caught.value.clause) == ("unknown-installation", "onoffice:claim.latest")


@pytest.mark.parametrize("path", [SERVICE, WEBHOOK])
def test_a_customer_that_did_not_activate_gets_nothing(path):
    world = sides()
    answer = ask(world, signed(path, apiClaim="c", customerWebId="99", userId="1", estateId="1"))
    assert answer.status == (403 if path == SERVICE else 409)
    assert (world.reasons(), world.platform.calls) == (["unknown-installation"], 0)
    assert [where for where, _ in world.reports] == ["service" if path == SERVICE else "webhook"]


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ((URLENCODED, ("origin", "https://attacker.example")), b"", "not-allowed"),
        ((), b"", "wrong-content-type"),
        ((URLENCODED,), b"a=1&a=2", "duplicate-parameter"),
    ],
)
def test_a_form_that_is_not_that_of_our_own_page_names_its_clause(headers, body, reason):
    with pytest.raises(Refused) as refused:
        sides().partner.fields(Request("POST", PROVIDER, UNLOCK, headers, body))
    assert (refused.value.reason, refused.value.clause) == (reason, "onoffice:unlock.bound")


@pytest.mark.parametrize("missing", ["customerWebId", "userId", "apiClaim"])
def test_a_service_call_without_its_parameters(missing):
    world = activated()
    pairs = {"apiClaim": "c", "customerWebId": FIRST, "userId": ADMIN, "estateId": "1"}
    pairs.pop(missing)
    assert ask(world, signed(SERVICE, **pairs)).status == 502
    assert ask(world, signed(SERVICE, **pairs, **{missing: ""})).status == 502
    assert world.reasons() == ["missing-parameter", "empty-parameter"]
    assert {refused.clause for _, refused in world.reports} == {"onoffice:claim.latest"}


@pytest.mark.parametrize("name", ["customerWebId", "userId", "customerName", "apiToken", "parameterCacheId"])
def test_an_activation_without_its_parameters(name):
    world = sides()
    pairs = {
        "apiToken": "t",
        "customerName": "n",
        "customerWebId": "1",
        "userId": "2",
        "parameterCacheId": "c",
    }
    for value, reason in ((None, "missing-parameter"), ("", "empty-parameter"), ("x" * 5_000, "too-large")):
        changed = (
            {**pairs, name: value} if value is not None else {n: v for n, v in pairs.items() if n != name}
        )
        answer = ask(world, signed(ACTIVATE, **changed))
        assert answer.status == 400 and b"<form" not in answer.body
        assert world.reasons()[-1] == reason


def test_a_block_is_noticed_from_the_api_and_ends_the_activation():
    world = activated()
    world.serve()
    world.platform.block(FIRST)
    assert world.reports == []
    assert world.installation().state == "active", "nobody told it"
    with pytest.raises(Refused, match="platform-error"):
        world.work()
    assert (world.installation().state, world.installation().credentials) == ("removed", {})
    calls = world.platform.calls
    with pytest.raises(Refused, match="unknown-installation"):
        world.work()
    assert world.platform.calls == calls
    assert world.activate().held and world.serve().held
    assert world.work()["objekttitel"] == "House 4711"


@pytest.mark.clause("onoffice:block.noticed")
def test_a_late_22_of_old_credentials_does_not_end_a_new_activation():
    world = activated()
    old = world.installation()
    world.activate()
    refused = Refused("platform-error", "onoffice:api.envelopes", {"errorcode": "22"})
    world.partner.noticed(old, refused)
    assert world.installation().state == "active"


@pytest.mark.parametrize("code", [137, 136, 201, 97, 0])
def test_other_errors_end_nothing(code):
    world = activated()
    refused = Refused("platform-error", "onoffice:api.envelopes", {"errorcode": str(code)})
    world.partner.noticed(world.installation(), refused)
    assert world.installation().state == "active"


def test_another_save_in_between_is_not_lost():
    world = activated()
    found = world.installation()
    stale = iter([found])
    get = world.store.get

    def first_stale(platform: str, identity: str) -> Installation | None:
        return next(stale, None) or get(platform, identity)

    world.store.save(replace(found, details={**found.details, "note": "kept"}))
    world.partner.store = type(
        "Store", (), {"get": staticmethod(first_stale), "save": staticmethod(world.store.save)}
    )()
    world.partner.change(found.identity, lambda one: replace(one, details={**one.details, "more": "too"}))
    assert {"note", "more"} <= set(get(PLATFORM, found.identity).details)


@pytest.mark.parametrize("version", ["2", "1"])
def test_both_versions_of_the_hmac_work(version):
    world = activated(hmac_version=version)
    assert world.serve().held
    bodies = [event.body for event in world.network.transcript.events if "api.php" in event.text]
    for body in bodies:
        (action,) = json.loads(body)["request"]["actions"]
        assert action.get("hmac_version") == (2 if version == "2" else None)


@pytest.mark.parametrize("errors", ["500-97", "mirrored", "200-0"])
def test_every_envelope_is_understood(errors):
    world = activated(errors=errors)
    assert world.serve(service=PLANS).held and world.serve(service=EXPORT).held
    assert world.activate("wrong-key").held
    assert world.reports[-1][1].evidence["errorcode"] == "137"


def test_a_call_has_a_token_and_sorted_parameters():
    api = sides().partner.api
    request = api.request(Access("t" * 32, "k" * 64), "do", "unlockProvider", {"b": "1", "a": "2"}, "")
    assert list(request.json()["request"]["actions"][0]["parameters"]) == ["a", "b"]
    with pytest.raises(Refused) as caught:
        api.request(Access("", "k" * 64), "do", "unlockProvider", {}, "")
    assert (caught.value.reason, caught.value.clause) == ("empty-parameter", "onoffice:api.token")


def test_without_apiclaim_it_calls_without_one():
    world = sides(api_claim="not-sent", claim_required="not-yet")
    assert world.activate().response.body == b"active"
    assert not any("extendedclaim" in event.body for event in world.network.transcript.events)


def test_paths_and_methods():
    world = sides()
    assert ask(world, Request("GET", PROVIDER, "/onoffice/nothing")).status == 404
    for path, allowed in ((ACTIVATE, "GET"), (SERVICE, "GET"), (WEBHOOK, "GET"), (UNLOCK, "POST")):
        answer = ask(world, Request("PUT", PROVIDER, path))
        assert (answer.status, answer.header("allow")) == (405, allowed)
    assert set(world.reasons()) == {"wrong-method"}


@pytest.mark.clause("onoffice:api.token")
def test_no_action_is_sent_without_a_token():
    api = activated().partner.api
    with pytest.raises(Refused) as caught:
        api.request(Access("", "key"), "read", "estate", {}, "1")
    assert (caught.value.reason, caught.value.clause) == ("empty-parameter", "onoffice:api.token")


def test_an_installation_that_others_keep_changing_is_given_up(monkeypatch):
    world = activated()
    before = world.in_use()

    def conflict(installation):
        raise Conflict

    monkeypatch.setattr(world.store, "save", conflict)
    with pytest.raises(Refused) as refused:
        world.partner.change(FIRST, lambda found: Installation(PLATFORM, FIRST, {}, {}, "active", 0))
    assert (refused.value.reason, refused.value.clause) == ("store-locked", "store")
    assert world.in_use() == before


@pytest.mark.parametrize("elements", [None, 3, "text", ["a"]])
def test_a_property_without_elements_is_an_unexpected_answer(elements):
    good = {"code": 200, "errorcode": 0, "message": "OK"}
    records = {"records": [{"id": 1, "type": "estate", "elements": elements}]}
    answer = {"status": good, "response": {"results": [{"data": records, "status": good}]}}
    step = sides().partner.api.estate(Access("token", "key"), "1", "claim")
    with pytest.raises(Refused) as refused:
        drive(step, lambda request: json_response(answer))
    assert (refused.value.reason, list(refused.value.evidence)) == ("unexpected-answer", ["elements"])


def test_what_is_kept_of_a_claim_says_whose_it_is_and_when_it_was_signed():
    world = activated()
    ask(world, signed(WEBHOOK, apiClaim="a-claim", customerWebId=FIRST, userId=BROKER))
    kept = world.store.get(PLATFORM, world.partner.user(FIRST, BROKER))
    assert kept.details == {"customerWebId": FIRST, "userId": BROKER, "signedAt": str(NOW)}
    assert kept.credentials == {"claim": "a-claim"}


GOOD, BAD = {"code": 200, "errorcode": 0, "message": "OK"}, {"code": 500, "errorcode": 22, "message": "no"}
RESULT = {"data": {"records": []}, "status": GOOD}


def enveloped(status: object, *results: object) -> dict[str, object]:
    return {"status": status, "response": {"results": [*results]}}


@pytest.mark.parametrize(
    ("http", "answer", "reason", "evidence"),
    [
        (200, enveloped(GOOD), "unexpected-answer", {"results": "0", "expected": "1"}),
        (200, enveloped(GOOD, RESULT, RESULT), "unexpected-answer", {"results": "2", "expected": "1"}),
        (200, enveloped(GOOD, "text"), "unexpected-answer", {"results": "0", "expected": "1"}),
        (200, enveloped(GOOD, RESULT, 3), "unexpected-answer", {"results": "0", "expected": "1"}),
        (200, {"status": GOOD, "response": []}, "unexpected-answer", {"results": "0", "expected": "1"}),
        (200, enveloped({**GOOD, "errorcode": "0"}, RESULT), "unexpected-answer", {"errorcode": "str", "expected": "a number"}),
        (200, enveloped({**GOOD, "errorcode": False}, RESULT), "unexpected-answer", {"errorcode": "bool", "expected": "a number"}),
        (200, enveloped([], RESULT), "unexpected-answer", {"errorcode": "NoneType", "expected": "a number"}),
        (200, {"status": GOOD}, "unexpected-answer", {"results": "0", "expected": "1"}),
        (200, enveloped(GOOD, {"status": BAD}), "platform-error", {"status": "200", "errorcode": "22", "meaning": ERRORS[22]}),
        (200, enveloped({**GOOD, "errorcode": 97}, {"status": BAD}), "platform-error", {"status": "200", "errorcode": "22", "meaning": ERRORS[22]}),
        (200, enveloped({**GOOD, "errorcode": 97}, RESULT), "platform-error", {"status": "200", "errorcode": "97", "meaning": meaning(97)}),
        (500, enveloped(GOOD, RESULT), "platform-error", {"status": "500", "errorcode": "0", "meaning": meaning(0)}),
    ],
)  # fmt: skip
def test_an_answer_of_the_api_is_one_result_with_no_error_at_both_places(http, answer, reason, evidence):
    """Fact sheet of the API: success is HTTP 200, errorcode 0 at the top and at the action, with one result for one action."""
    api, access = sides().partner.api, Access("t" * 32, "k" * 64)
    assert api.result_of(json_response(enveloped(GOOD, RESULT)), "onoffice:x.y", access) == RESULT
    with pytest.raises(Refused) as refused:
        api.result_of(json_response(answer, http), "onoffice:x.y", access)
    assert (refused.value.reason, refused.value.clause) == (reason, "onoffice:x.y")
    assert refused.value.evidence == evidence


@pytest.mark.clause("onoffice:api.lengths")
@pytest.mark.parametrize(
    ("token", "key", "told"), [(32, 64, False), (31, 64, True), (32, 65, True), (64, 32, True)]
)
def test_a_wrong_hmac_is_told_with_the_lengths_where_token_or_key_have_others(token, key, told):
    answer = json_response(enveloped({**BAD, "errorcode": 137}), 500)
    with pytest.raises(Refused) as refused:
        sides().partner.api.result_of(answer, "onoffice:x.y", Access("t" * token, "k" * key))
    length = {"length": "a token has 32 characters and a key 64; these have not"} if told else {}
    assert refused.value.evidence == {"status": "500", "errorcode": "137", "meaning": ERRORS[137], **length}
    with pytest.raises(Refused) as refused:
        sides().partner.api.result_of(Response(502, (), b"<html>"), "onoffice:x.y", Access("t", "k"))
    assert refused.value.evidence == {"status": "502"}


@pytest.mark.parametrize(
    ("result", "found"),
    [({}, "NoneType"), ({"data": []}, "NoneType"), ({"data": {"records": {}}}, "dict"), ({"data": {"records": []}}, "list"),
     ({"data": {"records": ["a"]}}, "list")],
)  # fmt: skip
def test_a_result_without_a_record_is_an_unexpected_answer(result, found):
    with pytest.raises(Refused) as refused:
        first_record(result, "onoffice:x.y")
    assert (refused.value.reason, refused.value.clause) == ("unexpected-answer", "onoffice:x.y")
    assert refused.value.evidence == {"records": found}
    assert first_record({"data": {"records": [{"id": 1}, {"id": 2}]}}, "onoffice:x.y") == {"id": 1}


@pytest.mark.parametrize(
    "answer",
    [
        Response(500),
        json_response(enveloped(GOOD, RESULT)),
        json_response(enveloped(GOOD, {"data": {"records": [{"elements": []}]}, "status": GOOD})),
    ],
)  # fmt: skip
def test_an_answer_about_an_estate_that_says_nothing_names_its_clause(answer):
    with pytest.raises(Refused) as refused:
        drive(sides().partner.api.estate(Access("t", "k"), "1", "c"), lambda request: answer)
    assert refused.value.clause == "onoffice:api.envelopes"


def test_a_method_that_no_step_takes_is_told_by_its_clause():
    world = sides()
    world.network.exchange("anybody", Request("PATCH", PROVIDER, ACTIVATE))
    assert [(one.reason, one.clause) for _, one in world.reports] == [("wrong-method", "onoffice:url.method")]


@pytest.mark.parametrize(
    ("reason", "clause", "code", "text"),
    [
        ("unreachable", "unlock.timeout", "", "error-unreachable"),
        ("not-allowed", "page.privacy", "", "error-privacy"),
        ("empty-parameter", "unlock.key", "", "error-empty-key"),
        ("too-large", "unlock.key", "", "error-key"),
        ("malformed", "unlock.bound", "", "error-page"),
        ("wrong-state", "unlock.repeat", "", "error-page"),
        ("platform-error", "api.envelopes", "137", "error-key"),
        ("platform-error", "api.envelopes", "136", "error-clock"),
        *(
            ("platform-error", "api.envelopes", code, "error-user")
            for code in ("22", "40", "41", "42", "43", "48", "153")
        ),
        *(("platform-error", "api.envelopes", code, "error-claim") for code in ("177", "178", "201")),
        *(
            ("platform-error", "api.envelopes", code, "error-other")
            for code in ("1", "39", "44", "179", "193", "248")
        ),
        ("platform-error", "api.envelopes", "49", "error-key"),
        ("platform-error", "unlock.answer", "", "error-other"),
    ],
)
def test_the_user_is_told_what_can_be_done_about_each_refusal(reason, clause, code, text):
    refused = Refused(reason, f"onoffice:{clause}", {"errorcode": code})
    asked = Request("POST", PROVIDER, "/", (("accept-language", "en"),))
    assert sides().partner.error_text(asked, refused) == TEXTS["en"][text]


@pytest.mark.parametrize(
    ("refused", "status", "text"),
    [
        (StoreError("store-locked", "the database is locked"), 503, "Please try again in a moment."),
        (
            Refused("empty-parameter", "onoffice:unlock.empty-token", {"name": "apiToken"}),
            400,
            TEXTS["de"]["no-token"],
        ),
    ],
)
def test_an_activation_that_cannot_be_kept_may_be_asked_for_again_only_where_the_store_failed(
    refused, status, text
):
    """503 says that it passes (RFC 9110, 15.6.4)."""
    world = sides()

    def staged(url):
        raise refused

    world.partner.staged = staged
    _, page = opened(world)
    assert (page.status, text in page.body.decode()) == (status, True)
    assert [one.reason for _, one in world.reports] == [refused.reason]


def test_what_is_kept_is_kept_under_the_platforms_name():
    world = activated()
    assert PLATFORM == world.installation().platform == "onoffice"


def test_a_webhook_that_the_store_cannot_look_up_is_answered_without_a_page():
    world = activated()

    def entered(url):
        raise StoreError("store-locked", "the database is locked")

    world.partner.entered = entered
    origin, target = split_url(world.platform.service_url(FIRST, ADMIN, EXPORT))
    answer = world.network.exchange("onOffice", Request("GET", origin, target))
    assert (answer.status, answer.header("retry-after")) == (503, "1")
    assert answer.header("content-type").startswith("text/plain")
