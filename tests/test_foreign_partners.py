"""What the simulators say of partners that another team wrote, with other frameworks: correct ones break no clause.

Each is our own partner with one habit of a framework, or one choice that the pages leave open. Beside each is the
partner that does break the rule, so that no verdict is held because nobody looks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from json import dumps

import pytest

from handshakes.core.messages import Request, Response, html_response, redirect
from handshakes.core.refusals import Refused
from handshakes.fortis.partner import App
from handshakes.fortis.simulator.faults import OAUTH_FAULTS, POSTBACK_FAULTS, opening_faults
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.simulator.examination import examine as examine_officernd
from handshakes.onoffice import api_hmac
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.simulator.faults import ACTIVATION_FAULTS, SERVICE_FAULTS
from handshakes.onoffice.simulator.resources import ACTION
from handshakes.retailcrm.partner import Module
from handshakes.retailcrm.simulator.faults import (
    ACTIVITY_FAULTS,
    CONFIG_FAULTS,
    CONNECT_FAULTS,
    VISIT_FAULTS,
)
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess
from tests.fortis import sides as fortis
from tests.officernd import sides as officernd
from tests.onoffice import sides as onoffice
from tests.retailcrm import sides as retailcrm

FIRST, SECOND = "5e0000000000000000000001", "5e0000000000000000000002"


def habit(partner: type, change):
    """Return a partner whose every answer is changed as a framework, or its author, would."""

    def handle(self, request):
        answer = yield from partner.handle(self, request)
        return change(request, answer) if isinstance(answer, Response) else answer

    return type("Foreign", (partner,), {"handle": handle})


def states(findings, clause: str) -> list[str]:
    return [one.state for one in findings if one.clause == clause]


def violated(findings) -> list[str]:
    return [f"{one.clause}: {one.detail}" for one in findings if one.violated]


# --- RetailCRM: what a module may leave out, or do beside it ------------------------------------------


@pytest.mark.parametrize("fault", ["credentials-403", "key-without-rights"])
def test_a_module_that_does_not_look_at_its_rights_as_it_may_is_connected(fault):
    """`scopes.checked` is a "may": who never asks is not told anything wrong."""
    both = retailcrm.sides(check_scopes="no")
    outcome = both.connect(fault=fault)
    assert violated(outcome.findings) == []
    tried = next(one for one in CONNECT_FAULTS if one.name == fault)
    assert states(outcome.findings, tried.clause) == ["not seen"]
    assert both.platform.state(retailcrm.DEMO, retailcrm.CODE) == "connected"


class LooksAfterwards(Module):
    """Asks the account what it knows of the module when the answer to edit is lost."""

    def edit(self, url, api_key, installation):
        try:
            return (yield from Module.edit(self, url, api_key, installation))
        except Refused:
            yield from self.api.module(url, api_key, self.code)
            return Response(200, (), b'{"success":true}')


class SaysYesAnyway(Module):
    def edit(self, url, api_key, installation):
        try:
            return (yield from Module.edit(self, url, api_key, installation))
        except Refused:
            return Response(200, (), b'{"success":true}')


@pytest.mark.parametrize(
    ("kind", "fault", "state"),
    [
        (LooksAfterwards, "edit-lost", "held"),
        (LooksAfterwards, "edit-dropped", "held"),  # it is told 404, and says no
        (SaysYesAnyway, "edit-lost", "violated"),
        (SaysYesAnyway, "edit-dropped", "violated"),
    ],
)
def test_a_module_may_say_yes_after_a_lost_edit_once_the_account_showed_it_itself(kind, fault, state):
    both = retailcrm.sides(kind=kind)
    outcome = both.connect(fault=fault)
    assert states(outcome.findings, "retailcrm:answer.after-edit") == [state]
    assert (both.platform.state(retailcrm.DEMO, retailcrm.CODE) == "connected") is (
        fault == "edit-lost" and state == "held"
    )


def to_another_site(request, answer):
    return (
        redirect("https://ui.vendor.example/account", 303, answer.headers) if answer.status == 303 else answer
    )


def to_the_log_in(request, answer):
    return redirect("/login") if answer.status == 403 and request.method == "POST" else answer


def into_the_account(request, answer):
    cookie = (("set-cookie", "retailcrm_session=1"),)
    closed = answer.status == 403 and request.method == "POST"
    return redirect(f"{request.origin}/retailcrm/account", 303, cookie) if closed else answer


def test_an_account_on_another_site_is_not_seen_from_here():
    both = retailcrm.connected(kind=habit(Module, to_another_site))
    assert violated(both.visit().findings) == []


@pytest.mark.parametrize("fault", VISIT_FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize(("change", "state"), [(to_the_log_in, "held"), (into_the_account, "violated")])
def test_a_stranger_may_be_led_to_a_log_in_page_and_not_into_the_account(fault, change, state):
    both = retailcrm.connected(kind=habit(Module, change))
    assert [one.state for one in both.visit(fault=fault.name).findings] == [state]


# --- onOffice: whatever a provider's page and its services look like -----------------------------------


def made_by_a_script(request, answer):
    page = html_response('<!doctype html><div id="root"></div><script src="app.js"></script>')
    csp = tuple(pair for pair in answer.headers if pair[0] == "content-security-policy")
    return replace(page, headers=(*page.headers, *csp)) if b"<form" in answer.body else answer


def test_a_page_that_a_script_makes_is_not_seen():
    outcome = onoffice.sides(kind=habit(Provider, made_by_a_script)).activate()
    assert violated(outcome.findings) == []
    assert states(outcome.findings, "onoffice:page.key-field") == ["not seen", "not seen"]


class OnlyAPage(Provider):
    """Its service asks the API for nothing."""

    def handle(self, request):
        if request.path.endswith("/service"):
            return html_response("<p>Plans</p>")
        return (yield from Provider.handle(self, request))


class ReadsAddresses(Provider):
    """Its service calls what the simulated API does not know."""

    def handle(self, request):
        if not request.path.endswith("/service"):
            return (yield from Provider.handle(self, request))
        token, key = (self.in_use(onoffice.FIRST).credentials[name] for name in ("token", "api_key"))
        named = {"resourcetype": "address", "actionid": ACTION + "read", "timestamp": self.clock()}
        made = api_hmac(token=token, api_key=key, timestamp=named["timestamp"],
                        resource_type="address", action_id=named["actionid"])  # fmt: skip
        rest = {"resourceid": "1", "identifier": "", "parameters": {}, "hmac": made, "hmac_version": 2}
        body = {"token": token, "request": {"actions": [{**named, **rest}]}}
        json = (("content-type", "application/json"),)
        yield Request("POST", "https://api.onoffice.de", "/api/stable/api.php", json, dumps(body).encode())
        return Response(502)


@pytest.mark.parametrize("kind", [OnlyAPage, ReadsAddresses])
def test_a_service_that_does_not_use_the_two_calls_of_the_simulated_api_is_not_seen(kind):
    findings = onoffice.activated(kind=kind).serve().findings
    assert violated(findings) == [] and "held" not in [one.state for one in findings]


# --- what a server that does not know a method answers (RFC 9110, 15.6.2) ------------------------------


def not_implemented(*methods: str):
    return lambda request, answer: Response(501) if request.method in methods else answer


def test_501_to_a_put_of_the_configuration_is_a_refusal():
    both = retailcrm.sides(kind=habit(Module, not_implemented("PUT")))
    assert [one.state for one in both.popup(fault="config-posted").findings] == ["held"]


def test_501_to_a_put_in_place_of_a_postback_is_a_refusal():
    world = fortis.sides(kind=habit(App, not_implemented("PUT")))
    assert [one.state for one in world.register(fault="postback-put").findings] == ["held"]


@pytest.mark.parametrize(("status", "crashed"), [(501, False), (503, False), (500, True)])
def test_what_a_server_cannot_do_is_no_crash(status, crashed):
    def change(request, answer):
        return (
            Response(status) if request.method == "POST" and request.path.endswith("healthcheck") else answer
        )

    both = officernd.sides(kind=habit(PartnerIntegration, change))
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    findings = both.network.run(both.platform.healthcheck(FIRST, "post")).findings
    assert states(findings, "officernd:requests.method") == ["held"]
    assert bool(states(findings, "officernd:advice.no-crash")) is crashed


# --- Fortis: how a framework leads the frame to the app -------------------------------------------------


def relative(request, answer):
    return redirect("/fortis/app", answer.status, headers(answer)) if answer.status == 303 else answer


def kept_method(request, answer):
    """307 is what FastAPI's `RedirectResponse` answers unless told otherwise."""
    return replace(answer, status=307) if answer.status == 303 else answer


def permanent(request, answer):
    return replace(answer, status=308) if answer.status == 303 else answer


def headers(answer):
    return tuple(pair for pair in answer.headers if pair[0] != "location")


def two_steps(request, answer):
    if request.path == "/welcome":
        return redirect("fortis/app", 302)
    return redirect("/welcome", 302, headers(answer)) if answer.status == 303 else answer


@pytest.mark.parametrize("mode", fortis.MODES)
@pytest.mark.parametrize("change", [relative, kept_method, permanent, two_steps])
def test_an_app_is_opened_by_whatever_redirects_lead_to_it(mode, change):
    outcome = fortis.opened(mode=mode, kind=habit(App, change)).launch()
    assert outcome.response.ok and violated(outcome.findings) == []


@pytest.mark.parametrize("location", ["http://[", "mailto:a@b.example", "/fortis/launch"])
def test_a_redirect_to_no_address_or_without_end_opens_nothing_and_is_no_defect(location):
    def astray(request, answer):
        return redirect(location) if request.path == "/fortis/launch" else answer

    outcome = fortis.sides(kind=habit(App, astray)).unheard().launch()
    assert violated(outcome.findings) == ["fortis:encrypted.format: the genuine launch: 302"]


@pytest.mark.parametrize(
    ("app", "state"),
    [("https://app.example:13700", "held"), ("https://app.example", "held"), ("", "violated")],
)
def test_a_value_of_the_launch_is_not_found_in_the_digits_of_a_port(app, state):
    """The merchant calls this contact 137."""

    def telling(request, answer):
        to = answer.header("location") + "?contact=137"
        return redirect(to, 303, headers(answer)) if answer.status == 303 else answer

    kind = App if app else habit(App, telling)
    world = fortis.sides(kind=kind, **({"base_url": app} if app else {})).unheard()
    known = world.platform.apps[fortis.TITLE]
    world.platform.add_app(replace(known, iframe_url=world.partner.iframe_url()))
    outcome = world.launch(contact_id=fortis.demo.CONTACT)
    assert states(outcome.findings, "fortis:launch.clean-url") == [state]


@pytest.mark.parametrize("mode", fortis.MODES)
@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("fault", ["me-500", "me-403", "me-page", "me-without-user", "me-dropped", "me-slow"])
def test_an_app_may_say_that_the_api_fails_as_long_as_it_opens_nothing(mode, status, fault):
    """`launch.uniform` is about launches that fail to verify; the API's failure is no secret of the launch."""

    def gateway(request, answer):
        return Response(status, (), b"bad gateway") if answer.status == 403 and failing else answer

    failing = False
    world = fortis.opened(mode=mode, kind=habit(App, gateway))
    assert world.launch(fault="short-location").held
    failing = True
    outcome = world.launch(fault=fault)
    assert (outcome.response.status, violated(outcome.findings)) == (status, [])


# --- who may frame a page (Content Security Policy Level 3, 6.4.2 and 6.7.2.8) --------------------------


def with_headers(*pairs: tuple[str, str]):
    names = {name for name, _ in pairs} | (
        {"content-security-policy"} if ("x-frame-options" in dict(pairs)) else set()
    )

    def change(request, answer):
        if not answer.header("content-type").startswith("text/html"):
            return answer
        return replace(answer, headers=(*(one for one in answer.headers if one[0] not in names), *pairs))

    return change


CSP = "content-security-policy"
ONOFFICE = [
    ("held", (CSP, "frame-ancestors https://*.onoffice.de")),
    ("held", (CSP, "frame-ancestors smart.onoffice.de:443 'self'")),
    ("held", (CSP, "default-src 'none'; Frame-Ancestors HTTPS://SMART.onoffice.de")),
    ("held", (CSP, "frame-ancestors https:")),
    ("held", (CSP, "frame-ancestors *"), ("x-frame-options", "SAMEORIGIN")),  # which is not looked at then
    ("held", ("x-frame-options", "ALLOW-FROM https://smart.onoffice.de")),  # which no browser knows any more
    ("violated", ("x-frame-options", "SAMEORIGIN")),
    ("violated", (CSP, "frame-ancestors https://onoffice.de")),
    ("violated", (CSP, "frame-ancestors https://*.smart.onoffice.de")),
    ("violated", (CSP, "frame-ancestors https://smart.onoffice.de:8443")),
    ("violated", (CSP, "frame-ancestors *, frame-ancestors 'none'")),
    ("violated", (CSP, "frame-ancestors 'none'; frame-ancestors *")),
]


@pytest.mark.parametrize(("state", "pairs"), [(state, pairs) for state, *pairs in ONOFFICE])
def test_onoffices_popup_shows_a_page_that_a_browser_shows_in_it(state, pairs):
    world = onoffice.sides(kind=habit(Provider, with_headers(*pairs)))
    assert states(world.activate().findings, "onoffice:url.frameable") == [state]


UI = "fortispayrbyn9y.sandbox.zeamster.com"
REFERRER = ("referrer-policy", "no-referrer")
FORTIS = [
    ("held", (CSP, "frame-ancestors https://*.zeamster.com"), REFERRER),
    ("held", (CSP, f"frame-ancestors 'self' {UI}"), ("cache-control", "No-Store, private")),
    ("held", (CSP, f"frame-ancestors https://{UI}"), ("referrer-policy", "strict-origin-when-cross-origin")),
    ("held", (CSP, f"frame-ancestors https://{UI}"), ("referrer-policy", "no-referrer, origin-when-cross-origin")),
    ("held", (CSP, f"frame-ancestors https://{UI}"), ("referrer-policy", "origin, a-policy-of-tomorrow")),
    ("violated", (CSP, f"frame-ancestors https://{UI}"), ("referrer-policy", "origin, unsafe-url")),
    ("violated", (CSP, f"frame-ancestors https://{UI}"), ("referrer-policy", "no-referrer-when-downgrade")),
    ("violated", (CSP, "frame-ancestors https:"), REFERRER),  # every site, and not the platform's alone
    ("violated", (CSP, "frame-ancestors *"), REFERRER),
    ("violated", (CSP, "default-src 'none'"), REFERRER),
    ("violated", (CSP, "frame-ancestors https://zeamster.com"), REFERRER),
]  # fmt: skip


@pytest.mark.parametrize("mode", fortis.MODES)
@pytest.mark.parametrize(("state", "pairs"), [(state, pairs) for state, *pairs in FORTIS])
def test_fortis_takes_every_policy_that_names_its_hosts_and_keeps_the_address(mode, state, pairs):
    world = fortis.sides(mode=mode, kind=habit(App, with_headers(*pairs))).unheard()
    assert states(world.launch().findings, "fortis:launch.embedding") == [state]


# --- what no clause is about ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/html; charset=UTF-8", "text/plain", "application/octet-stream"])
def test_the_content_type_of_the_answer_to_the_button_is_the_providers_affair(kind):
    """PHP says text/html of a plain `echo`, as in onOffice's own example; the page's script does not look at it."""

    def change(request, answer):
        return (
            replace(answer, headers=(("content-type", kind),)) if request.path.endswith("/unlock") else answer
        )

    outcome = onoffice.sides(kind=habit(Provider, change)).activate()
    assert violated(outcome.findings) == []
    assert states(outcome.findings, "onoffice:feedback.answer") == ["held"]


@pytest.mark.parametrize("kind", ["Text/HTML", "text/HTML;charset=utf-8"])
def test_the_case_of_a_content_type_does_not_matter(kind):
    def change(request, answer):
        return (
            replace(html_response("<p>settings</p>"), headers=(("content-type", kind),))
            if answer.ok
            else answer
        )

    both = officernd.sides(kind=habit(PartnerIntegration, change))
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    findings = both.network.run(both.platform.configure(FIRST)).findings
    assert [one.state for one in findings] == ["held"]


# --- nobody listens: nothing is violated, on any platform, at any step, with any fault --------------------


def alone(both):
    """Leave the partner's place empty, after it was connected."""
    return both._replace(network=InProcess(both.platform, clock=both.clock))


@pytest.mark.parametrize("fault", ["", *(one.name for one in CONNECT_FAULTS)])
def test_a_silent_module_breaks_nothing_when_it_is_connected(fault):
    both = alone(retailcrm.connected())
    assert violated(both.connect(fault=fault).findings) == []


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        *(("popup", name) for name in ("", *(one.name for one in CONFIG_FAULTS))),
        *(("visit", name) for name in ("", *(one.name for one in VISIT_FAULTS))),
        *(("activity", name) for name in ("", *(one.name for one in ACTIVITY_FAULTS))),
    ],
)
def test_a_silent_module_breaks_nothing_at_any_other_step(step, fault):
    both = alone(retailcrm.connected())
    findings = getattr(both, step)(fault=fault).findings
    assert {one.state for one in findings} == {"not seen"}


@pytest.mark.parametrize("fault", ["", *(one.name for one in ACTIVATION_FAULTS)])
def test_a_silent_provider_breaks_nothing_when_it_is_activated(fault):
    world = alone(onoffice.activated())
    assert violated(world.activate(fault).findings) == []


@pytest.mark.parametrize("fault", ["", *(one.name for one in SERVICE_FAULTS)])
@pytest.mark.parametrize("service", [onoffice.PLANS, onoffice.EXPORT])
def test_a_silent_provider_breaks_nothing_when_it_is_called(service, fault):
    world = alone(onoffice.activated())
    assert violated(world.serve(fault, service=service).findings) == []


@pytest.mark.parametrize("mode", fortis.MODES)
def test_a_silent_app_breaks_nothing_at_any_step(mode):
    world = alone(fortis.opened(mode=mode))
    outcomes = [world.launch(), world.consent(), world.register()]
    outcomes += [world.launch(fault=one.name) for one in opening_faults(mode)]
    outcomes += [world.consent(fault=one.name) for one in OAUTH_FAULTS]
    outcomes += [world.register(fault=one.name) for one in POSTBACK_FAULTS if one.kind == "location"]
    outcomes += [
        world.register(user=fortis.USER, fault=one.name) for one in POSTBACK_FAULTS if one.kind == "user"
    ]
    assert [line for outcome in outcomes for line in violated(outcome.findings)] == []


def test_a_silent_partner_of_officernd_is_examined_without_a_finding_against_it():
    both = alone(officernd.sides())
    findings = both.network.run(examine_officernd(both.platform, FIRST, SECOND))
    assert [one.state for one in findings] == ["not seen"]


# --- Fortis: an app names its parameters as it likes (A02) ----------------------------------------------


def named_otherwise(**names):
    """Return what is done to an address: each of these names becomes another."""

    def change(text):
        for old, new in names.items():
            text = re.sub(rf"(?<=[?&]){old}(?==)", new, text)
        return text

    return change


def test_faults_act_on_the_names_that_an_app_gave_its_parameters():
    change = named_otherwise(location_id="loc", user_id="who", key="token")
    back = named_otherwise(loc="location_id", who="user_id", token="key")

    class Renamed(App):
        def handle(self, request):
            return (yield from App.handle(self, replace(request, target=back(request.target))))

    world = fortis.sides(kind=Renamed)
    app = world.platform.apps[fortis.TITLE]
    urls = {name: change(getattr(app, name)) for name in ("location_setup_url", "user_setup_url")}
    world.platform.add_app(replace(app, **urls))
    for fault in POSTBACK_FAULTS:
        user = fortis.USER if fault.kind == "user" else ""
        outcome = world.network.run(
            world.platform.register(fortis.TITLE, fortis.LOCATION, user, fault.name), "Fortis"
        )
        assert violated(outcome.findings) == [], fault.name
        assert "held" in states(outcome.findings, fault.clause) or fault.name == "postback-lost"


def test_a_template_without_a_value_is_not_tried_for_it():
    world = fortis.opened(mode="plain")
    app = world.platform.apps[fortis.TITLE]
    template = "{{location.id}}"
    bare = re.sub(r"\?.*", "", app.location_setup_url) + f"?location_id={template}&key=example-postback-key"
    world.platform.add_app(replace(app, iframe_url=app.iframe_url.partition("?")[0], location_setup_url=bare))
    for name in ("raw-injection", "raw-fragment"):
        outcome = world.network.run(
            world.platform.register(fortis.TITLE, fortis.LOCATION, "", name), "Fortis"
        )
        assert [one.state for one in outcome.findings] == ["not seen"], name
    for name in ("user-replaced", "token-of-another", "me-another", "token-expired"):
        assert [one.state for one in world.launch(fault=name).findings] == ["not seen"], name
