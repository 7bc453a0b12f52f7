"""The simulator's own pages: what stands for the marketplace inside onOffice, labelled as ours.

One page lists customers and users with a button for each step; the popup goes its steps, and its
script takes the frame's message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...core.messages import Answer, Request, Response, Step, form_body, json_response, split_url
from ...core.refusals import Refused
from ...core.strict import URLENCODED, form_pairs, no_duplicates, query_pairs
from ...runtime.browser import Page
from ...runtime.pages import page, refused_step, script, unreadable_page, wrong_method
from ...runtime.verdicts import Finding
from .acting import Acting
from .faults import OPENING_FAULTS, SERVICE_FAULTS, URL_FAULTS, Fault
from .records import Popup

_INDEX = """<p>A simulator of onOffice for tests and lessons. Nothing here is onOffice's. The provider is
<b>{{ account.name }}</b>.</p>
{% for customer in customers %}<section><h2>{{ customer.name }} <small>{{ customer.web_id }}</small></h2>
<p>Status: <b id="status-{{ customer.web_id }}">{{ names[customer.status] }}</b></p>
{% for user in customer.users.values() %}<p>{{ user.name }}{% if user.administrator %}, administrator{% endif %}
{% if customer.status != 'active' %}<form method="post" action="/simulator/open" id="open-{{ customer.web_id }}-{{ user.id }}">
<input type="hidden" name="customer" value="{{ customer.web_id }}"><input type="hidden" name="user" value="{{ user.id }}">
<button>Open the provider</button> {{ fault_choice(opening) }}</form>
{% else %}{% for service in account.services %}<form method="post" action="/simulator/service" id="{{ service.name }}-{{ customer.web_id }}-{{ user.id }}">
<input type="hidden" name="customer" value="{{ customer.web_id }}"><input type="hidden" name="user" value="{{ user.id }}">
<input type="hidden" name="service" value="{{ service.name }}"><button>Open {{ service.name }}</button> {{ fault_choice(serving[service.name]) }}</form>
{% endfor %}{% endif %}</p>{% endfor %}
{% if customer.status == 'active' %}<form method="post" action="/simulator/block" id="block-{{ customer.web_id }}">
<input type="hidden" name="customer" value="{{ customer.web_id }}"><button>Block the provider</button></form>{% endif %}</section>{% endfor %}
<h2>Provider secret</h2><form method="post" action="/simulator/secret" id="secret"><input type="text" name="secret" autocomplete="off" aria-label="New provider secret">
<button>Change provider secret</button></form>
{{ finding_table(findings) }}"""

_TERMS = """<p>{{ account.name }} asks for these rights: {{ account.rights }}</p>{% if said %}<p id="said" role="alert">{{ said }}</p>{% endif %}
<form method="post" action="/simulator/confirm" id="confirm"><input type="hidden" name="popup" value="{{ popup.id }}">
<input type="hidden" name="fault" value="{{ fault }}">
<p><label><input type="checkbox" name="terms" value="yes"> I agree to the terms of the provider.</label></p>
<p><label><input type="checkbox" name="data_processing" value="yes"> I agree to the processing of data on our behalf.</label></p>
<button>Go on</button></form><script src="/simulator/popup.js"></script>"""

_MASK = """<h2>To the provider</h2><p id="description">{{ account.description }}</p>
<p id="granted">Rights to be granted: {{ account.rights }}</p>
<fieldset id="rights" {% if single %}disabled{% endif %}><legend>Activate user right</legend>
<label><input type="radio" name="rights" value="all" {% if single or rights == 'all' %}checked{% endif %}> For all users</label>
<label><input type="radio" name="rights" value="administrators" {% if rights == 'administrators' %}checked{% endif %}> For all administrators</label></fieldset>
<p><label>API key, to copy into the form below <input type="text" id="api-key" size="70" readonly value="{{ key }}" aria-describedby="when"></label>
<small id="when">It appears as soon as you choose a user right.</small></p>
<iframe id="provider" src="{{ popup.url }}" title="The provider" width="100%" height="420"
data-popup="{{ popup.id }}" data-origin="{{ origin }}"></iframe>
<p>Status: <b id="status">{{ state }}</b></p><p>The provider's page says: <span id="message"></span></p><p id="warning"></p>
<p><a id="back" href="/simulator">Back to the list</a></p><script src="/simulator/popup.js"></script>"""

_SERVICE = """{% if url %}<iframe id="provider" src="{{ url }}" title="The service" width="100%" height="300"></iframe>{% else %}
<p id="said">The webhook was called, without a window.</p>{% endif %}
{% if findings %}<ul id="findings">{{ finding_items(findings) }}</ul>{% endif %}<p><a id="back" href="/simulator">Back to the list</a></p>"""

_SAID = """<p id="said">{{ said }}</p><p><a id="back" href="/simulator">Back to the list</a></p>"""

SCRIPT = """"use strict";
const frame = document.getElementById("provider");
const terms = document.getElementById("confirm");
// reloading the page, or going back to it, then shows the popup where it is and posts nothing
const fields = terms ? new URLSearchParams(new FormData(terms)) : `popup=${frame.dataset.popup}`;
history.replaceState(null, "", `/simulator/popup?${fields}`);
const show = (id, text) => { document.getElementById(id).textContent = text; };
const ask = async (path, fields) => {
  const body = new URLSearchParams({ popup: frame.dataset.popup, ...fields });
  return fetch(path, { method: "POST", body });
};
for (const choice of document.querySelectorAll("input[name=rights]")) {
  choice.addEventListener("change", async () => {
    const answer = await ask("/simulator/rights", { rights: choice.value });
    document.getElementById("api-key").value = answer.ok ? (await answer.json()).apiKey : "";
  });
}
window.addEventListener("message", async (event) => {
  if (event.source !== frame.contentWindow || event.origin !== frame.dataset.origin) return;
  if (typeof event.data !== "string") return;
  const answer = await ask("/simulator/message", { text: event.data });
  if (!answer.ok) return;
  const shown = await answer.json();
  show("message", shown.message);
  show("warning", shown.warning);
  show("status", shown.status);
});
"""

_STATUS = {"inactive": "Inactive", "active": "Active", "blocked": "Blocked"}
_NO_STORE = (("cache-control", "no-store"),)
_POLICY = "script-src 'self'; connect-src 'self'; frame-src {}"


class Portal:
    """The pages under `/simulator`."""

    def __init__(self, platform: Acting) -> None:
        self.platform = platform

    def handle(self, request: Request) -> Step[Answer]:
        """Show the list or the popup's script, or take one step that a form asks for."""
        yield from ()
        steps: dict[str, Callable[[Mapping[str, str]], Response | Step[Response]]] = {
            "open": self._open, "confirm": self._confirm, "rights": self._rights, "message": self._message,
            "service": self._service, "block": self._block, "secret": self._secret,
        }  # fmt: skip
        name, clause = request.path.removeprefix("/simulator/"), "onoffice:popup.terms"
        if request.path == "/simulator" or name in ("popup.js", "popup"):
            if request.method != "GET":
                return wrong_method("GET")
            if name != "popup":
                return script(SCRIPT) if name == "popup.js" else self._index()
        elif refusal := refused_step(request, steps):
            return refusal
        try:
            if name == "popup":
                return self._reloaded(no_duplicates(query_pairs(request.query, clause), clause))
            fields = no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)
            made = steps[name](fields)
            return made if isinstance(made, Response) else (yield from made)
        except (Refused, KeyError) as error:
            return unreadable_page(error)
        except ValueError as error:
            return page("That is not possible", _SAID, status=409, said=str(error))

    def _index(self) -> Response:
        platform = self.platform
        return page(
            "onOffice simulator", _INDEX, account=platform.account, customers=list(platform.customers.values()),
            names=_STATUS, opening=self._opening(),
            serving={one.name: self._serving(one.name) for one in platform.account.services}, findings=platform.findings[-50:][::-1],
        )  # fmt: skip

    def _opening(self) -> tuple[Fault, ...]:
        """Return the faults of an activation that can act on the registered URL."""
        return self.platform.offered(OPENING_FAULTS, self.platform.account.activation_url)

    def _disturbed(self, fields: Mapping[str, str]) -> str:
        """Return the fault that was chosen for an activation, or none, without asking which can act."""
        return _known(fields["fault"], self._opening()) if fields.get("fault") else ""

    def _serving(self, name: str) -> tuple[Fault, ...]:
        """Return the faults of a service that can act on its URL; a webhook answers before it may ask the API anything."""
        service = {one.name: one for one in self.platform.account.services}[name]
        return self.platform.offered(URL_FAULTS if service.webhook else SERVICE_FAULTS, service.url)

    def _open(self, fields: Mapping[str, str]) -> Response:
        fault = self._disturbed(fields)
        return self._shown(self.platform.open_popup(fields["customer"], fields["user"]), fault)

    def _reloaded(self, fields: Mapping[str, str]) -> Response:
        """Show a popup where it is: what a browser asks for when its page is loaded again."""
        fault = self._disturbed(fields)
        return self._shown(self.platform.popups[fields["popup"]], fault)

    def _confirm(self, fields: Mapping[str, str]) -> Step[Response]:
        """Take both consents, and show what comes then; without them the same page, which says what is missing."""
        popup, fault = self.platform.popups[fields["popup"]], self._disturbed(fields)
        terms, data_processing = fields.get("terms") == "yes", fields.get("data_processing") == "yes"
        try:
            self.platform.confirm(popup, terms=terms, data_processing=data_processing)
        except ValueError as error:
            return self._shown(popup, fault, str(error))
        yield from self.platform.disturb(popup, fault)
        return self._shown(popup)

    def _shown(self, popup: Popup, fault: str = "", said: str = "") -> Response:
        """onoffice:popup.frame. Show the terms, or the mask: the choice, the key's field, the provider's frame below it."""
        platform, account = self.platform, self.platform.account
        origin = split_url(account.activation_url)[0]
        policy = _POLICY.format(origin)
        if popup.step == "terms":
            return page(
                account.name, _TERMS, status=409 if said else 200, account=account, popup=popup, fault=fault, said=said, more_policy=policy,
            )  # fmt: skip
        customer, single = platform.customers[popup.web_id], account.single_webhook
        chosen = single or popup.step == "key"
        return page(
            account.name, _MASK, account=account, popup=popup, origin=origin, single=single,
            key=platform.api_users[popup.token].key if chosen else "", rights=customer.rights if chosen else "", more_policy=policy,
            state=_STATUS[customer.status],
        )  # fmt: skip

    def _rights(self, fields: Mapping[str, str]) -> Response:
        key = self.platform.choose(self.platform.popups[fields["popup"]], fields["rights"])
        return json_response({"apiKey": key}, headers=_NO_STORE)

    def _message(self, fields: Mapping[str, str]) -> Response:
        """onoffice:popup.status. Take the message that the popup's script checked, and say what to show."""
        popup = self.platform.popups[fields["popup"]]
        self.platform.hears(popup, fields["text"])
        status = _STATUS[self.platform.customers[popup.web_id].status]
        shown = {"message": popup.message, "warning": popup.warning, "status": status}
        return json_response(shown, headers=_NO_STORE)

    def _service(self, fields: Mapping[str, str]) -> Step[Response]:
        """Show a service in its frame; a webhook, and a URL with a fault, is called from here: its answer is to be judged."""
        who = fields["customer"], fields["user"], fields["service"]
        fault = _known(fields.get("fault", ""), self._serving(fields["service"]))
        findings: tuple[Finding, ...] = ()
        webhook = next(one.webhook for one in self.platform.account.services if one.name == fields["service"])
        if fault or webhook:
            findings = (yield from self.platform.serve(*who, fault)).findings
        url = "" if webhook else self.platform.service_url(*who, fault)
        policy = _POLICY.format(split_url(url)[0] if url else "'none'")
        return page(fields["service"], _SERVICE, url=url, findings=findings, more_policy=policy)

    def _block(self, fields: Mapping[str, str]) -> Response:
        self.platform.block(fields["customer"])
        return page("Blocked", _SAID, said="The provider is blocked. Nobody tells it.")

    def _secret(self, fields: Mapping[str, str]) -> Response:
        self.platform.change_secret(fields["secret"])
        return page("Changed", _SAID, said="The secret is changed. It signs from now on.")


def _known(name: str, faults: tuple[Fault, ...]) -> str:
    if name and name not in [fault.name for fault in faults]:
        raise KeyError(name)
    return name


def choose(popup: Page, rights: str) -> Step[str]:
    """What the popup's script does when a right is chosen, for drivers without a browser; returns the key that it shows."""
    fields = {"popup": popup_id(popup), "rights": rights}
    answer = yield _ask(popup, "/simulator/rights", fields)
    return str(answer.json()["apiKey"])


def receive(popup: Page, frame: Page, text: str, *, own_frame: bool = True) -> Step[dict[str, str]]:
    """What the popup's script does with a message, for drivers without a browser; returns what it shows, or nothing."""
    expected = attribute(popup, "data-origin")
    if not own_frame or split_url(frame.url)[0] != expected:
        return {}
    answer = yield _ask(popup, "/simulator/message", {"popup": popup_id(popup), "text": text})
    shown: dict[str, str] = answer.json() if answer.ok else {}
    return shown


def popup_id(popup: Page) -> str:
    """Return the popup that a page shows."""
    return attribute(popup, "data-popup")


def attribute(shown: Page, name: str) -> str:
    """Return the value of an attribute of a page's frame."""
    text = shown.response.body.decode()
    return text.partition(f'{name}="')[2].partition('"')[0]


def _ask(popup: Page, path: str, fields: Mapping[str, str]) -> Request:
    origin = split_url(popup.url)[0]
    headers = (("content-type", f"{URLENCODED};charset=UTF-8"), ("origin", origin))
    return Request("POST", origin, path, headers, form_body(fields))
