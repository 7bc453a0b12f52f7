"""What onOffice itself has to do: a check for each clause, and a platform that breaks exactly that one.

A check looks at the platform from outside: the URLs that it signs, its pages, what its API answers. A
broken platform is one row: the clause, and the one method that is overridden. Signatures are computed
with `hmac` alone.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest

from handshakes.core.messages import Request, Response, form_body, split_url
from handshakes.onoffice.simulator import OnOffice
from handshakes.onoffice.simulator.records import Account, Service
from handshakes.onoffice.simulator.resources import ApiError
from handshakes.runtime.browser import Browser, Form, Page
from handshakes.spec.register import load
from tests.onoffice.sides import ADMIN, BROKER, EXPORT, FIRST, NOW, PLANS, SECOND, Both, sides
from tests.onoffice.test_simulator import action, codes, masked, posted, unlock

REGISTER = load("onoffice")
PORTAL, PROVIDER = "https://smart.onoffice.de", "https://provider.example"
SECRET, NEW_SECRET = "Example-Provider-Secret-1!", "Another-Provider-Secret-2!"
FORM = ("content-type", "application/x-www-form-urlencoded")


def values(url: str) -> dict[str, str]:
    return dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))


def names(url: str) -> list[str]:
    return [piece.partition("=")[0] for piece in url.partition("?")[2].split("&")]


def rightly_signed(url: str, secret: str = SECRET) -> bool:
    base, _, query = url.partition("?")
    pieces = query.split("&")
    kept = sorted((p for p in pieces if not p.startswith("signature=")), key=lambda p: p.partition("=")[0])
    made = hmac.new(secret.encode(), f"{base}?{'&'.join(kept)}".encode(), "sha256").hexdigest()
    return f"signature={made}" in pieces


def refuses(call: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    try:
        call(*args, **kwargs)
    except ValueError:
        return True
    return False


def get(world: Both, path: str) -> Response:
    return world.network.exchange("browser", Request("GET", PORTAL, path))


def send(world: Both, path: str, **fields: str) -> Response:
    return world.network.exchange("browser", Request("POST", PORTAL, path, (FORM,), form_body(fields)))


def mask(world: Both) -> Page:
    """Go through the popup as far as the mask."""
    browser = Browser()
    start = Page(PORTAL + "/simulator", Response(200))  # of the list only this form is needed
    form = Form("/simulator/open", "POST", {"customer": FIRST, "user": ADMIN})
    page = world.network.run(browser.submit(start, form))
    return world.network.run(
        browser.submit(page, page.form("confirm"), {"terms": "yes", "data_processing": "yes"})
    )


def frame_of(page: Page) -> dict[str, str]:
    return values(unescape(page.frames[0]))


def active(world: Both) -> Any:
    """Activate by the API alone; return the API user."""
    popup, _ = masked(world)
    posted(world, popup.token, unlock(world, popup))
    return world.platform.api_users[popup.token]


def read(world: Both, user: Any, claim: str | None, now: int = NOW) -> Response:
    more = {} if claim is None else {"extendedclaim": claim}
    return posted(
        world, user.token, {**action(user, "read", "estate", now=now, **more), "resourceid": f"{FIRST}1"}
    )


def service(world: Both, name: str = PLANS, user: str = ADMIN) -> str:
    active(world)
    return world.platform.service_url(FIRST, user, name)


def sent_by(world: Both, path: str) -> list[str]:
    """Return the methods with which the platform opened a path of the provider."""
    found = [event.text for event in world.network.transcript.events if event.kind == "request"]
    return [text.partition(" ")[0] for text in found if f"{PROVIDER}{path}" in text]


# --- the checks -----------------------------------------------------------------------------------


def open_to_administrators(world: Both) -> bool:
    """Whatever was chosen: an administrator gets a service's URL after both choices."""
    found = []
    for rights in ("all", "administrators"):
        popup, _ = masked(world, rights)
        posted(world, popup.token, unlock(world, popup))
        found.append(not refuses(world.platform.service_url, FIRST, ADMIN, PLANS))
    return all(found)


def single_webhook(world: Both) -> bool:
    world.platform.account.services = (Service(EXPORT, PROVIDER + "/onoffice/webhook", webhook=True),)
    page = mask(world)
    (popup,) = world.platform.popups.values()
    text = page.response.body.decode()
    key = world.platform.api_users[popup.token].key
    shown = key in text and re.search('<fieldset id="rights" disabled', text) is not None
    return shown and codes(posted(world, popup.token, unlock(world, popup)))[2] == [0]


def key_after_the_choice(world: Both) -> bool:
    page = mask(world)
    (popup,) = world.platform.popups.values()
    key = world.platform.api_users[popup.token].key
    chosen = send(world, "/simulator/rights", popup=popup.id, rights="all")
    return key not in page.response.body.decode() and key in chosen.body.decode()


def valid_when_shown(world: Both) -> bool:
    token = frame_of(mask(world)).get("apiToken", "")
    (popup,) = world.platform.popups.values()
    before = codes(posted(world, token, unlock(world, popup)))[:2]
    world.platform.choose(popup, "all")
    return before == (400, 22) and codes(posted(world, token, unlock(world, popup)))[2] == [0]


def message_alone(world: Both) -> bool:
    popup, _ = masked(world)
    world.platform.receives(popup, "active", origin=PROVIDER)
    return world.platform.customers[FIRST].status == "inactive"


def own_frame_only(world: Both) -> bool:
    popup, _ = masked(world)
    foreign = world.platform.receives(popup, "active", origin="https://attacker.example")
    other = world.platform.receives(popup, "active", origin=PROVIDER, own_frame=False)
    return not foreign and not other and popup.message == ""


def shown_as_text(world: Both) -> bool:
    script = get(world, "/simulator/popup.js").body.decode()
    return "textContent" in script and "innerHTML" not in script


def status_shown(world: Both) -> bool:
    active(world)
    return f'id="status-{FIRST}">Active<' in get(world, "/simulator").body.decode()


def own_value_anew(world: Both) -> bool:
    world.platform.account.activation_url = PROVIDER + "/onoffice/activate?x=a%20b~"
    return "x=a+b%7E" in masked(world)[0].url.partition("?")[2].split("&")


def registers(*urls: str) -> Callable[[Both], bool]:
    def check(world: Both) -> bool:
        kind, settings = type(world.platform), world.platform.settings
        return all(
            refuses(kind, settings, Account("P", url, (), SECRET), clock=lambda: NOW, random=bytes)
            for url in urls
        )

    return check


def nothing_empty(world: Both) -> bool:
    called = values(service(world))
    return all(values(masked(world)[0].url).values()) and all(called.values()) and "groupId" not in called


def everything_signed(world: Both) -> bool:
    urls = [masked(world)[0].url, service(world), service(world, EXPORT)]
    return all(map(rightly_signed, urls))


def appended(world: Both) -> bool:
    found = names(masked(world)[0].url)
    return found[-1] == "signature" and found[:-1] == sorted(found[:-1])


def changed_at_once(world: Both) -> bool:
    world.platform.change_secret(NEW_SECRET)
    return rightly_signed(masked(world)[0].url, NEW_SECRET)


def good_once(world: Both) -> bool:
    popup, _ = masked(world)
    call = unlock(world, popup)
    found = [codes(posted(world, popup.token, call))[2] for _ in range(2)]
    late, _ = masked(world)
    world.clock.advance(3_601)
    user = world.platform.api_users[late.token]
    expired = action(user, now=NOW + 3_601, **unlock(world, late)["parameters"])
    return [*found, codes(posted(world, late.token, expired))[2]] == [[0], [177], [177]]


def documented_result(world: Both) -> bool:
    popup, _ = masked(world)
    (result,) = posted(world, popup.token, unlock(world, popup)).json()["response"]["results"]
    return result["data"]["records"] == [{"id": 0, "type": "", "elements": {"success": "success"}}]


def claim_is_asked_for(world: Both) -> bool:
    return codes(read(world, active(world), None))[2] == [193]


def claim_gets_old(world: Both) -> bool:
    user = active(world)
    claim = values(world.platform.service_url(FIRST, ADMIN, PLANS)).get("apiClaim") or world.platform.claim(
        FIRST, ADMIN
    )
    world.clock.advance(86_401)
    first = next(value for value, one in world.platform.claims.items() if one.cache_id)
    late = codes(read(world, user, claim, NOW + 86_401))[2]
    return (late, codes(read(world, user, first, NOW + 86_401))[2]) == ([201], [248])


def service_names(world: Both) -> bool:
    plain, grouped = values(service(world)), values(service(world, user=BROKER))
    wanted = {"customerName", "customerWebId", "userId", "timestamp", "signature", "estateId", "UserLanguage"}
    return wanted <= set(plain) and "groupId" not in plain and grouped.get("groupId") == "5"


def opened_with_get(path: str, fault: str = "") -> Callable[[Both], bool]:
    def check(world: Both) -> bool:
        if path.endswith("webhook"):
            active(world)
            world.serve(service=EXPORT)
        else:
            world.activate()
        return set(sent_by(world, path)) == {"GET"}

    return check


def closed_after_a_block(world: Both) -> bool:
    active(world)
    world.platform.block(FIRST)
    return refuses(world.platform.service_url, FIRST, ADMIN, PLANS)


def ended_by_a_block(world: Both) -> bool:
    user = active(world)
    world.platform.block(FIRST)
    return codes(read(world, user, world.platform.claim(FIRST, ADMIN)))[:2] == (400, 22)


def blocked_in_silence(world: Both) -> bool:
    active(world)
    send(world, "/simulator/block", customer=FIRST)
    return sent_by(world, "/") == []


def all_new_after_a_block(world: Both) -> bool:
    old = active(world)
    world.platform.block(FIRST)
    popup, key = masked(world)
    return popup.token != old.token and key != old.key and values(popup.url)["apiToken"] == popup.token


def both_content_types(world: Both) -> bool:
    found = []
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        popup, _ = masked(world)
        found.append(codes(posted(world, popup.token, unlock(world, popup), kind=kind)))
    return found == [(200, 0, [0])] * 2


def versions(world: Both) -> bool:
    user = active(world)
    found = [
        codes(posted(world, user.token, action(user, "read", "x", version=v)))[2]
        for v in (1, "1", None, 2, "2", 3)
    ]
    return found == [[25]] * 5 + [[137]]


def window(world: Both) -> bool:
    user = active(world)
    found = [
        codes(posted(world, user.token, action(user, "read", "x", now=NOW + s)))[2]
        for s in (120, -120, 121, -121)
    ]
    return found == [[25], [25], [136], [136]]


def time_first(world: Both) -> bool:
    user = active(world)
    late = {**action(user, "read", "x", now=NOW - 500), "hmac": "x"}
    return codes(posted(world, user.token, late))[2] != [137]


def bad_credentials(world: Both) -> bool:
    user = active(world)
    unknown = codes(posted(world, "0" * 32, action(user, "read", "x")))[:2]
    wrong = codes(posted(world, user.token, {**action(user, "read", "x"), "hmac": "x"}))[2]
    return (unknown, wrong) == ((400, 22), [137])


def documented_envelope(world: Both) -> bool:
    user = active(world)
    return codes(posted(world, user.token, action(user, "read", "x")))[:2] == (500, 97)


def results_in_order(world: Both) -> bool:
    user = active(world)
    actions = [action(user, "read", "x"), action(user, "delete", "x")]
    return codes(posted(world, user.token, *actions))[2] == [25, 23]


def only_an_administrator(world: Both) -> bool:
    return refuses(world.platform.open_popup, FIRST, BROKER)


def both_agreements(world: Both) -> bool:
    platform = world.platform
    popups = [platform.open_popup(FIRST, ADMIN) for _ in range(2)]
    return all(
        refuses(platform.confirm, popup, terms=terms, data_processing=not terms)
        for popup, terms in zip(popups, (True, False), strict=True)
    )


def one_of_two_rights(world: Both) -> bool:
    popup, _ = masked(world)
    return refuses(world.platform.choose, popup, "nobody") and not refuses(
        world.platform.choose, popup, "administrators"
    )


def services_by_name(world: Both) -> bool:
    world.platform.customers[FIRST].status = "active"
    menu = world.network.run(Browser().open("https://smart.onoffice.de/simulator")).response.body.decode()
    return all(f"Open {service.name}<" in menu for service in world.platform.account.services)


def good_lengths(world: Both) -> bool:
    popup, key = masked(world)
    return (len(popup.token), len(key)) == (32, 64)


def policy(world: Both) -> bool:
    secrets = (
        "Example-Provider-Secre1",
        "example-provider-secret1",
        "Example-Provider-Secret-",
        "ExampleProviderSecret123",
    )
    return all(refuses(world.platform.change_secret, secret) for secret in secrets)


def escaped_in_the_page(world: Both) -> bool:
    text = mask(world).response.body.decode()
    return "&amp;timestamp=" in text and "&timestamp=" not in text


def identified(world: Both) -> bool:
    pairs = values(masked(world)[0].url)
    customer = world.platform.customers[FIRST]
    return (pairs.get("customerName"), pairs.get("customerWebId"), pairs.get("userId")) == (
        customer.name,
        FIRST,
        ADMIN,
    )


def named_exactly(world: Both) -> bool:
    wanted = {
        "apiToken",
        "customerName",
        "customerWebId",
        "userId",
        "parameterCacheId",
        "timestamp",
        "signature",
    }
    return wanted <= set(names(masked(world)[0].url))


CHECKS: dict[str, Callable[[Both], bool]] = {
    "popup.administrator": only_an_administrator,
    "popup.terms": both_agreements,
    "popup.provider-shown": lambda world: world.platform.account.description in mask(world).response.body.decode(),
    "popup.rights-shown": lambda world: world.platform.account.rights in mask(world).response.body.decode(),
    "popup.service-menu": services_by_name,
    "popup.user-right": one_of_two_rights,
    "popup.administrators-always": open_to_administrators,
    "popup.single-webhook": single_webhook,
    "popup.key-shown": key_after_the_choice,
    "popup.api-user": good_lengths,
    "popup.load-order": valid_when_shown,
    "popup.status": status_shown,
    "popup.state": message_alone,
    "popup.message-origin": own_frame_only,
    "popup.message-text": shown_as_text,
    "url.method": opened_with_get("/onoffice/activate?"),
    "url.parameters": named_exactly,
    "url.identification": identified,
    "url.api-claim": lambda world: "apiClaim" in names(masked(world)[0].url),
    "url.own-parameters": lambda world: {"plan", "Zone", "ref"} <= set(names(masked(world)[0].url)),
    "url.own-values": own_value_anew,
    "url.reserved": registers(*(f"{PROVIDER}/p?{name}=1" for name in ("userId", "signature", "apiClaim", "timestamp"))),
    "url.registered": registers(
        "https://provider.example", "https://u@provider.example/p", f"{PROVIDER}/p#a", "https://Provider.example/p"
    ),
    "url.absent": nothing_empty,
    "url.every-call": everything_signed,
    "url.appended": appended,
    "url.timestamp": lambda world: values(masked(world)[0].url).get("timestamp") == str(NOW),
    "url.html": escaped_in_the_page,
    "secret.policy": policy,
    "secret.immediate": changed_at_once,
    "unlock.once": good_once,
    "unlock.result": documented_result,
    "claim.service": lambda world: bool(values(service(world)).get("apiClaim")),
    "claim.required": claim_is_asked_for,
    "claim.outdated": claim_gets_old,
    "service.parameters": service_names,
    "service.cache-id": lambda world: bool(values(service(world)).get("parameterCacheId")),
    "webhook.get": opened_with_get("/onoffice/webhook"),
    "block.services": closed_after_a_block,
    "block.api-user": ended_by_a_block,
    "block.silent": blocked_in_silence,
    "block.reactivation": all_new_after_a_block,
    "api.content-type": both_content_types,
    "api.hmac-version": versions,
    "api.timestamp": window,
    "api.order": time_first,
    "api.credentials": bad_credentials,
    "api.errors": documented_envelope,
    "api.results": results_in_order,
}  # fmt: skip


# --- the broken platforms -------------------------------------------------------------------------


def page_changed(path: str, change: Callable[[OnOffice, str], str]):
    """Change the text of one page."""

    def handle(self, request):
        answer = yield from OnOffice.handle(self, request)
        if request.path != path or not isinstance(answer, Response):
            return answer
        return Response(answer.status, answer.headers, change(self, answer.body.decode()).encode())

    return {"handle": handle}


def with_the_key(self, text):
    return text + next(reversed(self.api_users.values())).key


def told_of_the_block(self, request):
    answer = yield from OnOffice.handle(self, request)
    if request.path == "/simulator/block":
        yield Request("GET", PROVIDER, "/onoffice/blocked")
    return answer


def pairs_changed(method: str, change: Callable[[tuple], tuple]):
    """Change the pairs of a URL before it is signed."""
    from dataclasses import replace

    def draft(self, *args):
        made = getattr(OnOffice, method)(self, *args)
        return replace(made, pairs=change(made.pairs))

    return {method: draft}


def without(method: str, *dropped: str):
    return pairs_changed(method, lambda pairs: tuple(pair for pair in pairs if pair[0] not in dropped))


def with_value(method: str, name: str, value: Callable[[str], str]):
    return pairs_changed(method, lambda pairs: tuple((n, value(v) if n == name else v) for n, v in pairs))


def url_changed(change: Callable[[str], str]):
    def confirm(self, popup, **consents):
        OnOffice.confirm(self, popup, **consents)
        popup.url = change(popup.url)

    return {"confirm": confirm}


def signature_first(url: str) -> str:
    base, _, query = url.partition("?")
    rest, _, signature = query.rpartition("&")
    return f"{base}?{signature}&{rest}"


def webhook_unsigned(self, web_id, user_id, service, fault=""):
    url = OnOffice.service_url(self, web_id, user_id, service, fault)
    return url.rpartition("&")[0] if service == EXPORT else url


def posted_to(path: str):
    def opened(self, url, times, *note):
        if path in url:
            origin, target = split_url(url)
            yield Request("POST", origin, target)
            return None
        return (yield from OnOffice._opened(self, url, times, *note))

    return {"_opened": opened}


def registered_after(change: Callable[[str], str]):
    """Look at the address only after it was changed."""

    def init(self, settings, account, **kwargs):
        account.activation_url = change(account.activation_url)
        OnOffice.__init__(self, settings, account, **kwargs)

    return {"__init__": init}


def one_user_for_ever(self, web_id):
    found = [user for user in self.api_users.values() if user.web_id == web_id]
    if not found:
        return OnOffice.api_user(self, web_id)
    found[0].state = "prepared"
    return found[0]


def short_key(self, web_id):
    user = OnOffice.api_user(self, web_id)
    user.key = user.key[:10]
    return user


def valid_too_soon(self, popup, **consents):
    OnOffice.confirm(self, popup, **consents)
    user = self.api_users[popup.token]
    user.state = "shown" if user.state == "prepared" else user.state


def choice_for_one_webhook_too(self, popup, **consents):
    services = self.account.services
    self.account.services = services * 2
    OnOffice.confirm(self, popup, **consents)
    self.account.services = services


def message_counts(self, popup, text, **more):
    heard = OnOffice.receives(self, popup, text, **more)
    if heard and text == "active":
        self.customers[popup.web_id].status = "active"
    return heard


def heard_from_anywhere(self, popup, text, *, origin, own_frame=True):
    return OnOffice.receives(self, popup, text, origin=PROVIDER)


def any_secret(self, secret):
    self.account.secret = secret


def used_again(self, user, action):
    records = OnOffice._unlock(self, user, action)
    self.cache[action["parameters"]["parameterCacheId"]].used = False
    return records


def another_success(self, user, action):
    OnOffice._unlock(self, user, action)
    return [{"id": 0, "type": "", "elements": {"result": "success"}}]


def claim_optional(self, user, parameters, cache_id):
    if parameters.get("extendedclaim"):
        OnOffice._claimed(self, user, parameters, cache_id)


def claim_never_old(self, user, parameters, cache_id):
    if claim := self.claims.get(parameters.get("extendedclaim")):
        claim.made = self.clock()
    OnOffice._claimed(self, user, parameters, cache_id)


def open_to_nobody_but_all(self, customer, user):
    if customer.rights == "administrators":
        raise ValueError("The provider's services are not open to this user.")
    OnOffice._open_to(self, customer, user)


def open_to_the_blocked(self, customer, user):
    if customer.status != "blocked":
        OnOffice._open_to(self, customer, user)


def status_only(self, web_id):
    self.customers[web_id].status = "blocked"


def json_only(self, request):
    if request.header("content-type").startswith("application/x-www"):
        request = Request(
            request.method, request.origin, request.target, (("content-type", "text/plain"),), request.body
        )
    return OnOffice.resource(self, request)


def any_version(self, user, action):
    known = str(action.get("hmac_version", "")) in ("", "1", "2")
    OnOffice._authentic(self, user, action if known else {**action, "hmac_version": 2})


def any_time(self, user, action):
    try:
        OnOffice._authentic(self, user, action)
    except ApiError as error:
        if error.code != 136:
            raise


def hmac_first(self, user, action):
    try:
        OnOffice._authentic(self, user, action)
    except ApiError as error:
        if error.code == 136 and self._hmac(user, action, int(action["timestamp"]), 2) != action["hmac"]:
            raise ApiError(137) from None
        raise


def unknown_token_153(self, token):
    try:
        return OnOffice._user(self, token)
    except ApiError:
        if token not in self.api_users:
            raise ApiError(153) from None
        raise


def another_envelope(self, results):
    self.settings = type(self.settings)(errors="200-0")
    return OnOffice.enveloped(self, results)


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("popup.administrator", {"open_popup": lambda self, web_id, user_id, *, again=False: OnOffice.open_popup(self, web_id, ADMIN, again=again)}),
    ("popup.terms", {"confirm": lambda self, popup, **_: OnOffice.confirm(self, popup, terms=True, data_processing=True)}),
    ("popup.provider-shown", page_changed("/simulator/confirm", lambda self, text: text.replace(self.account.description, ""))),
    ("popup.rights-shown", page_changed("/simulator/confirm", lambda self, text: text.replace(self.account.rights, ""))),
    ("popup.service-menu", page_changed("/simulator", lambda self, text: text.replace(PLANS, "service"))),
    ("popup.user-right", {"choose": lambda self, popup, rights: OnOffice.choose(self, popup, rights if rights == "administrators" else "all")}),
    ("popup.administrators-always", {"_open_to": open_to_nobody_but_all}),
    ("popup.single-webhook", {"confirm": choice_for_one_webhook_too}),
    ("popup.key-shown", page_changed("/simulator/confirm", with_the_key)),
    ("popup.api-user", {"api_user": short_key}),
    ("popup.load-order", {"confirm": valid_too_soon}),
    ("popup.status", page_changed("/simulator", lambda self, text: text.replace(">Active<", ">Inactive<"))),
    ("popup.state", {"receives": message_counts}),
    ("popup.message-origin", {"receives": heard_from_anywhere}),
    ("popup.message-text", page_changed("/simulator/popup.js", lambda self, text: text.replace("textContent", "innerHTML"))),
    ("url.method", posted_to("/onoffice/activate?")),
    ("url.parameters", without("draft", "parameterCacheId")),
    ("url.identification", with_value("draft", "userId", lambda value: "99")),
    ("url.api-claim", without("draft", "apiClaim")),
    ("url.own-parameters", without("_draft", "plan", "Zone", "ref")),
    ("url.own-values", url_changed(lambda url: url.replace("x=a+b%7E", "x=a%20b~"))),
    ("url.reserved", registered_after(lambda url: url.partition("?")[0])),
    ("url.registered", registered_after(lambda url: url.replace("P", "p").partition("#")[0])),
    ("url.absent", pairs_changed("service_draft", lambda pairs: pairs if "groupId" in dict(pairs) else (*pairs, ("imageIds", "")))),
    ("url.every-call", {"service_url": webhook_unsigned}),
    ("url.appended", url_changed(signature_first)),
    ("url.timestamp", with_value("_draft", "timestamp", lambda value: value + "000")),
    ("url.html", page_changed("/simulator/confirm", lambda self, text: text.replace("&amp;timestamp", "&timestamp"))),
    ("secret.policy", {"change_secret": any_secret}),
    ("secret.immediate", {"change_secret": lambda self, secret: OnOffice.change_secret(self, secret) or any_secret(self, SECRET)}),
    ("unlock.once", {"_unlock": used_again}),
    ("unlock.result", {"_unlock": another_success}),
    ("claim.service", without("service_draft", "apiClaim")),
    ("claim.required", {"_claimed": claim_optional}),
    ("claim.outdated", {"_claimed": claim_never_old}),
    ("service.parameters", without("service_draft", "customerName")),
    ("service.cache-id", without("service_draft", "parameterCacheId")),
    ("webhook.get", posted_to("/onoffice/webhook")),
    ("block.services", {"_open_to": open_to_the_blocked}),
    ("block.api-user", {"block": status_only}),
    ("block.silent", {"handle": told_of_the_block}),
    ("block.reactivation", {"api_user": one_user_for_ever}),
    ("api.content-type", {"resource": json_only}),
    ("api.hmac-version", {"_authentic": any_version}),
    ("api.timestamp", {"_authentic": any_time}),
    ("api.order", {"_authentic": hmac_first}),
    ("api.credentials", {"_user": unknown_token_153}),
    ("api.errors", {"enveloped": another_envelope}),
    ("api.results", {"enveloped": lambda self, results: OnOffice.enveloped(self, results[::-1])}),
]  # fmt: skip


def broken(override: dict[str, Any]) -> set[str]:
    """Return the clauses that a platform with this override is seen to break."""
    found = set()
    for clause, check in CHECKS.items():
        world = sides()
        world.platform.__class__ = type("Broken", (OnOffice,), override)
        if not check(world):
            found.add(clause)
    return found


@pytest.mark.broken("onoffice")
@pytest.mark.parametrize(("clause", "override"), BROKEN, ids=[clause for clause, _ in BROKEN])
def test_a_broken_platform_fails_exactly_its_clause(clause, override):
    assert broken(override) == {clause}


@pytest.mark.parametrize(
    ("check"),
    [
        pytest.param(check, id=clause, marks=pytest.mark.clause(f"onoffice:{clause}"))
        for clause, check in CHECKS.items()
    ],
)
def test_the_platform_keeps_the_clause(check):
    assert check(sides())


def test_every_must_clause_of_the_platform_has_a_check_and_a_row():
    untestable = {entry.clause for entry in REGISTER.untestable}
    must = {c.id for c in REGISTER.clauses if (c.actor, c.level) == ("platform", "must")} - untestable
    assert must == {f"onoffice:{clause}" for clause in CHECKS}
    assert [clause for clause, _ in BROKEN] == list(CHECKS)


def test_an_override_is_a_method_of_the_platform():
    assert all(hasattr(OnOffice, name) for _, override in BROKEN for name in override)


def test_another_customers_entry_of_the_cache_is_178():
    world = sides()
    popup, _ = masked(world)
    other = world.platform.open_popup(SECOND, ADMIN)
    world.platform.confirm(other, terms=True, data_processing=True)
    stolen = action(world.platform.api_users[popup.token], **unlock(world, other)["parameters"])
    assert codes(posted(world, popup.token, stolen))[2] == [178]
