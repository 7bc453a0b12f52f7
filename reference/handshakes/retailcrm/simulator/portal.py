"""The simulator's own pages: what stands for the marketplace inside a CRM account, labelled as ours.

One page lists the modules with a button for each step and a choice of faults; every button posts a
form. After Connect the page sends the browser on to the module by itself, with a form POST (A17).
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.messages import Answer, Request, Response, Step
from ...core.refusals import Refused
from ...core.strict import form_pairs, no_duplicates
from ...runtime.pages import outcome_page, page, refused_step, script, unreadable_page, wrong_method
from ...runtime.verdicts import Outcome
from .acting import Acting
from .faults import ACTIVITY_FAULTS, CONFIG_FAULTS, CONNECT_FAULTS, VISIT_FAULTS, Fault
from .findings import said_yes
from .records import Account

_INDEX = """<p>A simulator of RetailCRM for tests and lessons. Nothing here is RetailCRM's.
This is the account <b>{{ account.name }}</b>, {{ account.system_url }}.</p>
{% for card, state, way in modules %}<section><h2>{{ card.name }} <small>{{ card.code }}</small></h2>
<p>State: <b id="state-{{ card.code }}">{{ state or 'not connected' }}</b></p>
{% if not card.simple_connection %}<p id="by-hand-{{ card.code }}">The card of this module has no simple connection: there is no Connect,
and the user connects it by hand at the module's own address.</p>{% endif %}
{% if not card.published %}<p id="draft-{{ card.code }}">Not published: this account alone sees the module, to test it.</p>{% endif %}
{% for step, label, choices in steps if card.simple_connection and (step == 'popup' or state) %}
<form method="post" action="/simulator/{{ step }}" id="{{ step }}-{{ card.code }}">
<input type="hidden" name="code" value="{{ card.code }}"><button>{{ label }}</button> {{ fault_choice(choices) }}</form>{% endfor %}
{% if way %}<form method="post" action="{{ way[0] }}" id="account-{{ card.code }}">
{% for name, value in way[1].items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<button>Open the module's account</button></form>{% endif %}</section>{% endfor %}
{{ finding_table(findings) }}"""

_POPUP = """{% if popup.error %}<p id="error">{{ popup.error }}</p>{% else %}
<p>The module asks for: {{ popup.scopes | join(', ') }}.</p>
<form method="post" action="/simulator/connect" id="connect"><input type="hidden" name="code" value="{{ card.code }}">
<button>Connect</button> {{ fault_choice(choices) }}</form>{% endif %}<p><a id="back" href="/simulator">Back to the list</a></p>"""

_CONNECTED = """{% if way %}<p>The module is connected. The CRM sends you to your account there.</p>
<form method="post" action="{{ way[0] }}" id="account">
{% for name, value in way[1].items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<button>Go on, if nothing happens</button></form><script src="/simulator/transition.js"></script>{% else %}<p>The module was not connected: <b id="error">{{ message }}</b></p>{% endif %}
<p><a id="back" href="/simulator">Back to the list</a></p>"""

SCRIPT = """"use strict";
document.getElementById("account").submit();
"""

_STEPS: tuple[tuple[str, str, Sequence[Fault]], ...] = (
    ("popup", "Open the popup", CONFIG_FAULTS),
    ("on", "Switch on", ACTIVITY_FAULTS),
    ("off", "Switch off", ()),
    ("freeze", "Freeze", ()),
    ("visit", "Examine the way to the account", VISIT_FAULTS),
)
_CHOICES: dict[str, Sequence[Fault]] = {step: choices for step, _, choices in _STEPS} | {
    "connect": CONNECT_FAULTS
}


class Portal:
    """The page at `/` and the pages under `/simulator` of every account."""

    def __init__(self, platform: Acting) -> None:
        self.platform = platform

    def handle(self, request: Request) -> Step[Answer]:
        """Show the list, or take one step that a form asks for."""
        account = next(one for one in [*self.platform.accounts.values()] if request.origin in one.origins)
        if request.path in ("/", "/simulator"):  # the module's link back goes to the account itself
            return self._index(account) if request.method == "GET" else wrong_method("GET")
        if request.path == "/simulator/transition.js":
            return script(SCRIPT) if request.method == "GET" else wrong_method("GET")
        step = request.path.removeprefix("/simulator/")
        if refusal := refused_step(request, _CHOICES):
            return refusal
        try:
            code, fault = self._chosen(request, account, step)
        except (Refused, KeyError) as error:
            return unreadable_page(error)
        outcome = yield from self._take(step, account.system_url, code, fault)
        if step == "popup":
            popup = self.platform.popups.get((account.system_url, code))
            if popup and not fault:
                card = self.platform.cards[code]
                choices = self._choices(account, "connect")
                return page(card.name, _POPUP, card=card, popup=popup, choices=choices)
        if step == "connect":
            made = said_yes(outcome.response) and self.platform.state(account.system_url, code)
            way = self.platform.account_form(account.system_url, code) if made else None
            message = self.platform.message(outcome)
            return page("Connect", _CONNECTED, way=way, message=message, more_policy="script-src 'self'")
        return outcome_page(f"{step} {fault}", "module", outcome)

    def _take(self, step: str, account: str, code: str, fault: str) -> Step[Outcome]:
        platform = self.platform
        if step == "popup":
            return (yield from platform.open_popup(account, code, fault))
        if step == "connect":
            return (yield from platform.connect(account, code, fault))
        if step == "visit":
            return (yield from platform.visit(account, code, fault))
        return (
            yield from platform.activity(account, code, fault, active=step != "off", freeze=step == "freeze")
        )

    def _chosen(self, request: Request, account: Account, step: str) -> tuple[str, str]:
        """Return the module's code and the fault of a form; raises `KeyError` for what the list does not offer."""
        clause = "retailcrm:register.moment"
        fields = no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)
        code, fault = fields["code"], fields.get("fault", "")
        shown = {card.code: card for card in self.platform.shown(account.system_url)}
        if code not in shown:
            raise KeyError(code)
        if not shown[code].simple_connection:
            raise KeyError(step)
        if fault and fault not in [choice.name for choice in self._choices(account, step)]:
            raise KeyError(fault)
        if step == "connect" and (account.system_url, code) not in self.platform.popups:
            raise KeyError(step)
        if step not in ("popup", "connect") and not self.platform.state(account.system_url, code):
            raise KeyError(step)
        return code, fault

    def _index(self, account: Account) -> Response:
        platform, url = self.platform, account.system_url
        modules = []
        for card in platform.shown(url):
            state = platform.state(url, card.code)
            way = platform.account_form(url, card.code, later=True) if state else None
            modules.append((card, state, way))
        findings = platform.findings[-50:][::-1]
        steps = [(step, label, self._choices(account, step)) for step, label, _ in _STEPS]
        return page(
            "RetailCRM simulator", _INDEX, account=account, modules=modules, steps=steps, findings=findings
        )

    def _choices(self, account: Account, step: str) -> list[Fault]:
        return [fault for fault in _CHOICES[step] if self.platform.offers(fault, account.system_url)]
