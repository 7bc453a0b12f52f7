"""The tests that name a clause of the platform fail with a platform that breaks it.

A mutant is one row: the clause, a test that is marked with it, and what is overridden. With the correct
platform the test passes, with the broken one it does not. The checks that a broken platform fails one by
one are elsewhere (`test_onoffice_broken_platforms`); here it is the tests that are put to the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, NamedTuple

import pytest

import tests.onoffice.test_platform as platform
import tests.onoffice.test_portal as pages
import tests.onoffice.test_simulator as simulator
import tests.test_seed_siblings as seed_siblings
from handshakes.core.messages import Request, json_response
from handshakes.core.refusals import Refused
from handshakes.onoffice import demo
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.simulator import OnOffice
from handshakes.onoffice.simulator.drafts import Draft
from handshakes.onoffice.simulator.portal import Portal
from handshakes.onoffice.simulator.records import Account, CacheEntry, Service
from handshakes.onoffice.simulator.resources import ApiError
from tests import steps
from tests.onoffice.sides import ADMIN, BROKER, FIRST, PLANS, Both, sides
from tests.recorder import recorded

PROVIDER = "https://provider.example"
Override = dict[str, Any]


# --- what is overridden: the popup ----------------------------------------------------------------


def popup_for_all(self, web_id, user_id, *, again=False):
    person = self.customers[web_id].users[user_id]
    self.customers[web_id].users[user_id] = replace(person, administrator=True)
    try:
        return OnOffice.open_popup(self, web_id, user_id, again=again)
    finally:
        self.customers[web_id].users[user_id] = person


def either_consent(self, popup, *, terms, data_processing):
    either = terms or data_processing
    OnOffice.confirm(self, popup, terms=either, data_processing=either)


def no_consent(self, popup, *, terms, data_processing):
    OnOffice.confirm(self, popup, terms=True, data_processing=True)


def chosen_for_the_user(self, popup, *, terms, data_processing):
    OnOffice.confirm(self, popup, terms=terms, data_processing=data_processing)
    self.choose(popup, "all")


def always_all(self, popup, rights):
    return OnOffice.choose(self, popup, "all" if rights == "administrators" else rights)


def key_at_once(self, posted):
    shown = yield from Portal._confirm(self, posted)
    popup = self.platform.popups[posted["popup"]]
    key = self.platform.api_users[popup.token].key.encode()
    return replace(shown, body=shown.body.replace(b'readonly value=""', b'readonly value="' + key + b'"'))


def mask_without(name):
    def confirm(self, posted):
        shown = yield from Portal._confirm(self, posted)
        return replace(shown, body=re.sub(rb'<p id="%s">[^<]*</p>' % name.encode(), b"", shown.body))

    return confirm


def index_without_names(self):
    shown = Portal._index(self)
    return replace(shown, body=shown.body.replace(PLANS.encode(), b"service"))


def closed_to_administrators(self, customer, user):
    OnOffice._open_to(self, customer, user)
    if customer.rights == "administrators":
        raise ValueError


def enabled(self, posted):
    shown = yield from Portal._confirm(self, posted)
    return replace(shown, body=shown.body.replace(b" disabled", b""))


def key_in_the_url(self, popup):
    drafted = OnOffice.draft(self, popup)
    return replace(drafted, pairs=drafted.with_(apiKey=drafted.api_key))


def user_of_nobody(self, web_id):
    return OnOffice.api_user(self, "4799")


def one_user_for_ever(self, web_id):
    for user in self.api_users.values():
        if user.web_id == web_id:
            return user
    return OnOffice.api_user(self, web_id)


def one_user_that_comes_back(self, web_id):
    user = one_user_for_ever(self, web_id)
    user.state = "shown" if user.state == "gone" else user.state
    return user


def key_counts_at_once(self, web_id):
    user = OnOffice.api_user(self, web_id)
    user.state = "shown"
    return user


def key_does_not_count(self, popup, rights):
    key = OnOffice.choose(self, popup, rights)
    self.api_users[popup.token].state = "prepared"
    return key


def status_left(self, user, action):
    records = OnOffice._unlock(self, user, action)
    self.customers[user.web_id].status = "inactive"
    return records


def status_of_the_message(self, popup, text, *, origin, own_frame=True):
    heard = OnOffice.receives(self, popup, text, origin=origin, own_frame=own_frame)
    if heard:
        self.customers[popup.web_id].status = "active" if text == "active" else "inactive"
    return heard


def any_origin(self, popup, text, *, origin, own_frame=True):
    return OnOffice.receives(self, popup, text, origin=PROVIDER, own_frame=own_frame)


def any_frame(self, popup, text, *, origin, own_frame=True):
    return OnOffice.receives(self, popup, text, origin=origin, own_frame=True)


def message_in_a_page(self, posted):
    shown = Portal._message(self, posted)
    said = self.platform.popups[posted["popup"]].message
    return replace(shown, headers=(("content-type", "text/html"),), body=shown.body + said.encode())


# --- what is overridden: URLs ---------------------------------------------------------------------


def changed(method: str, change: Callable[[Request], Request]) -> Override:
    """Override one step: `change` is applied to every request that it sends."""
    return {method: steps.changed(OnOffice, method, change)}


def posted(path: str = ""):
    return lambda request: replace(request, method="POST") if request.path.startswith(path) else request


def activation(**values: str | None) -> Override:
    """Override the activation URL: other values, None for none."""

    def draft(self, popup):
        drafted = OnOffice.draft(self, popup)
        return replace(drafted, pairs=drafted.with_(**values))

    return {"draft": draft}


def service(**values: str | None) -> Override:
    """Override the URLs of services and webhooks: other values, None for none."""

    def draft(self, *args):
        drafted = OnOffice.service_draft(self, *args)
        return replace(drafted, pairs=drafted.with_(**values))

    return {"service_draft": draft}


def written(change: Callable[[Draft, str], str], method: str = "_draft") -> Override:
    """Override how URLs are written: `change` is given the draft and the right URL."""

    def url(self, pairs=None, signature=""):
        return change(self, Draft.url(self, pairs, signature))

    kind = type("BrokenDraft", (Draft,), {"url": url})

    def draft(self, *args):
        drafted = getattr(OnOffice, method)(self, *args)
        return kind(**{field.name: getattr(drafted, field.name) for field in fields(drafted)})

    return {method: draft}


def own_as_registered(draft: Draft, url: str) -> str:
    """Values of the example's own parameters as they were registered, and signed so."""
    text = (
        url.partition("&signature=")[0]
        .replace("a%7Eb%2Ac", "a~b*c")
        .replace("gold+edition", "gold%20edition")
    )
    return f"{text}&signature={draft.digest(text)}"


def empty_group(self, offered, customer, user):
    drafted = OnOffice.service_draft(self, offered, customer, user)
    return drafted if user.group else replace(drafted, pairs=drafted.with_(groupId=""))


def empty_macros(self, offered, customer, user):
    drafted = OnOffice.service_draft(self, offered, customer, user)
    values = {name: dict(drafted.pairs).get(name, "") for name in offered.macros}
    return replace(drafted, pairs=drafted.with_(**values))


def any_address(self, settings, account, **more):
    """Registers what nobody should."""
    good = replace(account, activation_url=simulator.GOOD, services=())
    OnOffice.__init__(self, settings, good, **more)
    self.account = account


def any_service_address(self, settings, account, **more):
    OnOffice.__init__(self, settings, replace(account, services=()), **more)
    self.account = account


def any_name(self, settings, account, **more):
    """Registers addresses with any parameters."""
    bare = account.activation_url.partition("?")[0]
    services = tuple(replace(one, url=one.url.partition("?")[0]) for one in account.services)
    OnOffice.__init__(self, settings, replace(account, activation_url=bare, services=services), **more)
    self.account = account


def any_secret(self, secret):
    self.account.secret = secret


# --- what is overridden: claims, the API, blocking ------------------------------------------------


def one_cache_id(self, *args):
    drafted = OnOffice.service_draft(self, *args)
    return replace(drafted, pairs=drafted.with_(parameterCacheId="1"))


def entry_changed(**values: Any) -> Override:
    def unlock(self, user, action):
        if entry := self.cache.get((action["parameters"] or {}).get("parameterCacheId")):
            for name, value in values.items():
                setattr(entry, name, value)
        return OnOffice._unlock(self, user, action)

    return {"_unlock": unlock}


def entry_of_the_caller(self, user, action):
    if entry := self.cache.get((action["parameters"] or {}).get("parameterCacheId")):
        entry.web_id = user.web_id
    return OnOffice._unlock(self, user, action)


def entry_for_everybody(self, user, action):
    self.cache.setdefault(
        str(action["parameters"].get("parameterCacheId")), CacheEntry(user.web_id, "", 2**40)
    )
    return OnOffice._unlock(self, user, action)


def lenient_claim(*codes: int) -> Override:
    """Override the check of the claim: some codes are never given."""

    def claimed(self, user, parameters, cache_id):
        try:
            OnOffice._claimed(self, user, parameters, cache_id)
        except ApiError as error:
            if error.code not in codes:
                raise

    return {"_claimed": claimed}


def open_until_blocked_by_hand(self, customer, user):
    if customer.status != "blocked":
        OnOffice._open_to(self, customer, user)


def block_of_the_status(self, web_id):
    self.customers[web_id].status = "blocked"


def block_of_everybody(self, web_id):
    OnOffice.block(self, web_id)
    for user in self.api_users.values():
        user.state = "gone"


def told_of_the_block(self, request):
    response = yield from Portal.handle(self, request)
    if request.path == "/simulator/block":
        yield Request("GET", PROVIDER, demo.WEBHOOK)
    return response


def terms_skipped(self, web_id, user_id, *, again=False):
    popup = OnOffice.open_popup(self, web_id, user_id, again=again)
    if self.customers[web_id].status == "blocked":
        self.confirm(popup, terms=True, data_processing=True)
    return popup


def only_type(wanted: str) -> Override:
    def resource(self, request):
        if request.header("content-type").partition(";")[0] != wanted:
            return json_response({"status": {"code": 500, "errorcode": 4, "message": "x"}})
        return OnOffice.resource(self, request)

    return {"resource": resource}


def hmac_first(self, user, action):
    now, self.clock = self.clock, lambda: int(action["timestamp"])
    try:
        OnOffice._authentic(self, user, action)
    finally:
        self.clock = now
    OnOffice._authentic(self, user, action)


def last_first(self, results):
    return OnOffice.enveloped(self, results[::-1])


def failures_left_out(self, results):
    return OnOffice.enveloped(self, [one for one in results if not one["status"]["errorcode"]] or results)


def ticked(self):
    return Provider.template(self).replace('id="privacy">', 'id="privacy" checked>')


# --- a marked test fails with its broken platform -------------------------------------------------


class Mutant(NamedTuple):
    """One row: `test` is given both sides, `at` says whose methods are overridden."""

    clause: str
    how: str
    test: Callable[[Both], Any]
    override: Override
    at: str = "OnOffice"


_ROWS: list[tuple[Any, ...]] = [
    ("popup.administrator", "for all", platform.test_another_user_gets_no_popup, {"open_popup": popup_for_all}),
    ("popup.administrator", "for all", lambda _: simulator.test_only_an_administrator_opens_the_popup(), {"open_popup": popup_for_all}),
    ("popup.terms", "one is enough", lambda _: simulator.test_both_agreements_are_needed_before_the_mask(True, False), {"confirm": either_consent}),
    ("popup.terms", "none", lambda _: simulator.test_both_agreements_are_needed_before_the_mask(False, False), {"confirm": no_consent}),
    ("popup.terms", "one is enough", lambda _: pages.test_terms_without_a_tick_lead_to_no_mask(), {"confirm": either_consent}),
    ("popup.user-right", "chosen for the user", lambda both: platform.test_nothing_is_activated_before_a_choice_and_the_choice_says_for_whom(
        both, "all", {ADMIN, BROKER}), {"confirm": chosen_for_the_user}),
    ("popup.user-right", "all whatever was chosen", lambda both: platform.test_nothing_is_activated_before_a_choice_and_the_choice_says_for_whom(
        both, "administrators", {ADMIN}), {"choose": always_all}),
    ("popup.user-right", "chosen for the user", lambda _: simulator.test_the_key_is_valid_only_when_it_is_shown(), {"confirm": chosen_for_the_user}),
    ("popup.provider-shown", "nobody", platform.test_the_mask_tells_what_the_provider_offers_and_what_it_may_do, {"_confirm": mask_without("description")}, "Portal"),
    ("popup.rights-shown", "none", platform.test_the_mask_tells_what_the_provider_offers_and_what_it_may_do, {"_confirm": mask_without("granted")}, "Portal"),
    ("popup.service-menu", "no names", lambda _: seed_siblings.test_each_service_is_opened_from_the_menu_by_its_name_once_the_provider_is_active("active"), {"_index": index_without_names}, "Portal"),
    ("popup.administrators-always", "locked out", platform.test_an_administrator_has_access_whoever_else_has, {"_open_to": closed_to_administrators}),
    ("popup.single-webhook", "as any other", platform.test_one_webhook_alone_leaves_no_choice, {"single_webhook": False}, "Account"),
    ("popup.single-webhook", "a choice", platform.test_one_webhook_alone_leaves_no_choice, {"_confirm": enabled}, "Portal"),
    ("popup.single-webhook", "for a service too", lambda both: platform.test_any_other_offer_leaves_a_choice(
        both, (Service(PLANS, PROVIDER + demo.SERVICE),)), {"single_webhook": True}, "Account"),
    ("popup.single-webhook", "as any other", lambda _: simulator.test_for_a_single_webhook_there_is_no_choice_and_the_key_is_shown_at_once(),
     {"single_webhook": False}, "Account"),
    ("popup.key-shown", "at once", platform.test_the_key_is_nowhere_before_the_choice, {"_confirm": key_at_once}, "Portal"),
    ("popup.key-shown", "at once", lambda _: pages.test_the_whole_way_by_the_buttons(), {"_confirm": key_at_once}, "Portal"),
    ("popup.key-copied", "the URL has it", platform.test_the_key_reaches_the_provider_by_hand_alone, {"draft": key_in_the_url}),
    ("popup.key-copied", "not needed", lambda both: platform.test_without_the_popups_key_nothing_is_activated(both, "0" * 64), {"_authentic": lambda self, user, action: None}),
    ("popup.api-user", "another customer's", platform.test_the_activation_makes_a_user_in_the_customers_version, {"api_user": user_of_nobody}),
    ("popup.load-order", "the key counts at once", platform.test_the_token_is_there_when_the_frame_is_loaded_and_the_key_counts_from_when_it_is_shown,
     {"api_user": key_counts_at_once}),
    ("popup.load-order", "the key never counts", platform.test_the_token_is_there_when_the_frame_is_loaded_and_the_key_counts_from_when_it_is_shown,
     {"choose": key_does_not_count}),
    ("popup.load-order", "the key counts at once", lambda _: simulator.test_the_key_is_valid_only_when_it_is_shown(), {"api_user": key_counts_at_once}),
    ("popup.status", "left as it was", platform.test_success_changes_the_status, {"_unlock": status_left}),
    ("popup.status", "left as it was", lambda _: pages.test_the_whole_way_by_the_buttons(), {"_unlock": status_left}),
    ("popup.status", "left as it was", lambda _: simulator.test_an_activation_without_a_message_is_one(), {"_unlock": status_left}),
    ("popup.state", "as the message says", platform.test_the_status_follows_the_call_and_not_the_message, {"receives": status_of_the_message}),
    ("popup.state", "as the message says", lambda _: simulator.test_a_message_alone_activates_nothing("active", "active", "did not change"),
     {"receives": status_of_the_message}),
    ("popup.state", "as the message says", lambda _: pages.test_the_popups_script_hears_nobody_else(), {"receives": status_of_the_message}),
    ("popup.state", "left as it was", lambda _: simulator.test_an_activation_without_a_message_is_one(), {"_unlock": status_left}),
    ("popup.message-origin", "any origin", lambda _: simulator.test_a_message_from_elsewhere_is_not_heard("https://attacker.example", True, "active"),
     {"receives": any_origin}),
    ("popup.message-origin", "any frame", lambda _: simulator.test_a_message_from_elsewhere_is_not_heard(PROVIDER, False, "active"), {"receives": any_frame}),
    ("popup.message-text", "in a page", platform.test_a_message_goes_back_to_the_popups_script_as_json_and_into_no_page, {"_message": message_in_a_page}, "Portal"),
    ("page.privacy-noted", "not needed", platform.test_the_user_ticks_the_box_before_the_button_does_anything, {"agreed": lambda self, sent: None}, "Provider"),
    ("page.privacy-noted", "ticked beforehand", platform.test_the_user_ticks_the_box_before_the_button_does_anything, {"template": ticked}, "Provider"),
    ("url.method", "post", platform.test_the_frame_is_opened_with_get, changed("_opened", posted())),
    *(("url.identification", f"no {name}", lambda both: platform.test_the_url_says_who_activates(both, FIRST, "Müller & Söhne <Immobilien> GmbH"),
       activation(**{name: None})) for name in ("customerName", "customerWebId", "userId")),
    ("url.identification", "another user", lambda both: platform.test_the_url_says_who_activates(both, FIRST, "Müller & Söhne <Immobilien> GmbH"),
     activation(userId=BROKER)),
    ("url.api-claim", "none", platform.test_the_url_has_the_claim_that_its_call_needs, activation(apiClaim=None)),
    ("url.api-claim", "one that is none", platform.test_the_url_has_the_claim_that_its_call_needs, activation(apiClaim="x" * 48)),
    ("url.own-values", "as registered", lambda both: platform.test_own_values_are_written_as_all_others(both, "ref=a~b*c", "ref=a%7Eb%2Ac"),
     written(own_as_registered)),
    ("url.own-values", "as registered", lambda both: platform.test_own_values_are_written_as_all_others(both, "plan=gold%20edition", "plan=gold+edition"),
     written(own_as_registered)),
    ("url.reserved", "taken", lambda _: simulator.test_an_address_with_a_name_of_the_platform_cannot_be_registered("userId"), {"__init__": any_name}),
    ("url.reserved", "taken", lambda _: simulator.test_an_address_with_the_name_of_a_chosen_macro_cannot_be_registered(), {"__init__": any_name}),
    ("url.registered", "anything", lambda _: simulator.test_an_address_that_cannot_be_registered("https://Provider.example/p"), {"__init__": any_address}),
    ("url.registered", "anything for services", lambda _: simulator.test_an_address_that_cannot_be_registered("https://provider.example"),
     {"__init__": any_service_address}),
    ("url.absent", "an empty group", platform.test_what_has_no_value_is_left_out, {"service_draft": empty_group}),
    ("url.absent", "empty macros", platform.test_what_has_no_value_is_left_out, {"service_draft": empty_macros}),
    ("url.absent", "an empty token", platform.test_what_has_no_value_is_left_out, activation(apiToken="")),
    ("url.absent", "a token for a service", platform.test_what_has_no_value_is_left_out, service(apiToken="x")),
    ("secret.policy", "any", lambda _: simulator.test_a_secret_that_the_policy_does_not_take("Example-Provider-Secre1", "24 characters"),
     {"change_secret": any_secret}),
    ("unlock.once", "often", lambda both: platform.test_a_cache_id_is_known_for_an_hour_and_of_this_customer(both, "own", 3_600, 0), entry_changed(used=False)),
    ("unlock.once", "for ever", lambda both: platform.test_a_cache_id_is_known_for_an_hour_and_of_this_customer(both, "own", 3_601, 177), entry_changed(until=2**40)),
    ("unlock.once", "of anybody", lambda both: platform.test_a_cache_id_is_known_for_an_hour_and_of_this_customer(both, "theirs", 0, 178),
     {"_unlock": entry_of_the_caller}),
    ("unlock.once", "unknown", lambda both: platform.test_a_cache_id_is_known_for_an_hour_and_of_this_customer(both, "unknown", 0, 177),
     {"_unlock": entry_for_everybody}),
    *(("unlock.once", how, lambda _: simulator.test_a_cache_entry_is_good_once_for_an_hour_and_for_its_customer(), override) for how, override in (
        ("often", entry_changed(used=False)), ("for ever", entry_changed(until=2**40)), ("of anybody", {"_unlock": entry_of_the_caller}))),
    ("claim.service", "none", platform.test_every_service_call_has_a_claim_and_a_cache_id_of_its_own, service(apiClaim=None)),
    ("claim.service", "one that is none", platform.test_every_service_call_has_a_claim_and_a_cache_id_of_its_own, service(apiClaim="x")),
    ("service.cache-id", "none", platform.test_every_service_call_has_a_claim_and_a_cache_id_of_its_own, service(parameterCacheId=None)),
    ("service.cache-id", "the same", platform.test_every_service_call_has_a_claim_and_a_cache_id_of_its_own, {"service_draft": one_cache_id}),
    ("claim.required", "not", lambda both: platform.test_a_call_without_a_claim_is_refused_with_193(both, {}), lenient_claim(193)),
    ("claim.outdated", "never", platform.test_an_old_claim_is_refused_with_201_and_another_customers_with_248, lenient_claim(201)),
    ("claim.outdated", "anybody's", platform.test_an_old_claim_is_refused_with_201_and_another_customers_with_248, lenient_claim(248)),
    ("claim.outdated", "never", lambda _: simulator.test_a_services_claim_gets_old_where_that_is_set("24-hours", 201), lenient_claim(201)),
    ("claim.outdated", "of an activation", lambda _: simulator.test_the_claim_of_an_activation_is_for_nothing_else(), lenient_claim(248)),
    ("webhook.get", "post", platform.test_a_webhook_is_called_as_a_service_is, changed("serve", posted(demo.WEBHOOK))),
    ("block.services", "open", platform.test_a_block_closes_the_services_and_tells_nobody, {"_open_to": open_until_blocked_by_hand}),
    ("block.services", "open", lambda _: simulator.test_no_service_before_an_activation_nor_after_a_block(), {"_open_to": open_until_blocked_by_hand}),
    ("block.silent", "told", platform.test_a_block_closes_the_services_and_tells_nobody, {"handle": told_of_the_block}, "Portal"),
    ("block.api-user", "left", platform.test_a_block_ends_the_api_user_of_this_customer, {"block": block_of_the_status}),
    ("block.api-user", "everybody's", platform.test_a_block_ends_the_api_user_of_this_customer, {"block": block_of_everybody}),
    ("block.reactivation", "the same token and key", platform.test_after_a_block_the_whole_procedure_runs_again, {"api_user": one_user_that_comes_back}),
    ("block.reactivation", "without the terms", platform.test_after_a_block_the_whole_procedure_runs_again, {"open_popup": terms_skipped}),
    *(("api.content-type", f"{wanted} alone", lambda _, kind=other: simulator.test_both_content_types_at_both_addresses(kind, "/api/stable/api.php"),
       only_type(wanted)) for wanted, other in (
        ("application/json", "application/x-www-form-urlencoded"), ("application/x-www-form-urlencoded", "application/json"))),
    ("api.order", "the HMAC first", lambda _: simulator.test_the_time_is_checked_before_the_hmac(121, 136), {"_authentic": hmac_first}),
    ("api.results", "the last first", lambda _: simulator.test_a_result_for_each_action_in_their_order(), {"enveloped": last_first}),
    ("api.results", "no failures", lambda _: simulator.test_a_result_for_each_action_in_their_order(), {"enveloped": failures_left_out}),
]  # fmt: skip
MUTANTS = [Mutant(*row) for row in _ROWS]
CAUGHT = (AssertionError, pytest.fail.Exception, Refused, ValueError, LookupError)


def broken(monkeypatch, override: Override, at: str) -> None:
    """From now on both sides are made with a broken class."""
    if at == "Account":  # frozen in shape by its slots
        for name, value in override.items():
            monkeypatch.setattr(Account, name, value)
        return
    if at == "Portal":
        portal = type("Broken", (Portal,), override)

        def made(self, *args, **more):
            OnOffice.__init__(self, *args, **more)
            self.portal = portal(self)

        override, at = {"__init__": made}, "OnOffice"
    kind = type("Broken", ({"OnOffice": OnOffice, "Provider": Provider}[at],), override)
    monkeypatch.setattr(demo, at, kind)
    if at == "OnOffice":
        monkeypatch.setattr(simulator, at, kind)


@pytest.mark.broken("onoffice")
@pytest.mark.parametrize(
    ("clause", "mutant"), [(one.clause, one) for one in MUTANTS], ids=[f"{one.clause}: {one.how}" for one in MUTANTS]
)  # fmt: skip
def test_a_test_fails_with_a_platform_that_breaks_its_clause(monkeypatch, clause, mutant):
    mutant.test(recorded(sides()))
    broken(monkeypatch, mutant.override, mutant.at)
    with pytest.raises(CAUGHT):
        mutant.test(recorded(sides()))
