"""The simulator's own pages: what stands for OfficeRnD's admin portal, labelled as ours.

One page lists the integrations with a button for each step and a choice of faults; every button
posts a form. The form of Connect opens a window of its own (officernd:connect.popup).
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.messages import Answer, Request, Response, Step, redirect
from ...core.refusals import Refused
from ...core.strict import form_pairs, no_duplicates
from ...runtime.pages import outcome_page, page, refused_step, unreadable_page, wrong_method
from .acting import COOKIE, Acting
from .faults import CONNECT_FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS, Fault
from .records import Integration

_INDEX = """<p>A simulator of OfficeRnD for tests and lessons. Nothing here is OfficeRnD's.</p>
{% for one, organization in integrations %}
<section><h2>{{ organization.name }} <small>{{ organization.slug }}</small></h2>
<p>Integration <code>{{ one.id }}</code>, {{ one.locations | join(', ') or 'all locations' }}:
<b id="state-{{ one.id }}">{{ one.state }}</b> {{ one.account_name }} {{ one.message }}</p>
{% for step, choices in steps if step != 'sync' or syncs[one.client_id] %}
<form method="post" action="/simulator/{{ step }}" id="{{ step }}-{{ one.id }}"{% if step == 'connect' %} target="_blank"{% endif %}>
<input type="hidden" name="integration" value="{{ one.id }}">
<button>{{ step }}</button> {{ fault_choice(choices) }}</form>{% endfor %}</section>{% endfor %}
{{ finding_table(findings) }}"""

_RETURNED = """{% for one in integrations %}{% set not_this = one.fault and one.fault.expected.reason is defined %}{% if one.fault %}<p id="disturbed">
This connect was disturbed on request: {{ one.fault.what }}.{% if not_this %} It had to be refused.{% endif %}</p>{% endif %}<p id="state-{{ one.id }}">{% if not_this and
one.state == "connected" %}The connection from before stays: i{% else %}I{% endif %}ntegration <code>{{ one.id }}</code>: <b>{{ one.state }}</b> {{ one.account_name }} {{ one.message }}</p>{% else %}
<p>Nothing was being connected.</p>{% endfor %}<p><a id="back" href="{{ home }}/simulator">Back to the list</a></p>"""

_STEPS: tuple[tuple[str, Sequence[Fault]], ...] = (
    ("connect", CONNECT_FAULTS),
    ("healthcheck", PAGE_FAULTS),
    ("configure", tuple(fault for fault in PAGE_FAULTS if fault.name not in ("post", "replay"))),
    ("sync", PAGE_FAULTS),
    ("remove", WEBHOOK_FAULTS),
)


class Portal:
    """The pages under `/simulator`, for one platform."""

    def __init__(self, platform: Acting) -> None:
        self.platform = platform

    def handle(self, request: Request) -> Step[Answer]:
        """Show the list, or take one step that a form asks for."""
        platform = self.platform
        if request.path == "/simulator":
            return self._index() if request.method == "GET" else wrong_method("GET")
        step = request.path.removeprefix("/simulator/")
        if refusal := refused_step(request, dict(_STEPS)):
            return refusal
        try:
            fields = self._fields(request)
            integration, fault = platform.integrations[fields["integration"]], fields.get("fault", "")
            if step == "sync" and not platform.applications[integration.client_id].sync_url:
                raise KeyError(step)
            if fault and fault not in [choice.name for choice in self._choices(step)]:
                raise KeyError(fault)
        except (Refused, KeyError) as error:
            return unreadable_page(error)
        if step == "connect":
            browser = platform.new_id()
            platform.browsers[browser] = integration.id
            cookie = f"{COOKIE}={browser}; Path=/connect; HttpOnly; SameSite=Lax"
            return redirect(platform.connect_url(integration.id, fault), 303, (("set-cookie", cookie),))
        if step == "configure" and not fault:  # a fault is judged, so it is opened here
            return redirect(platform.configuration_url(integration.id), 303)
        outcome = yield from getattr(platform, step)(integration.id, fault)
        return outcome_page(f"{step} {fault}", "partner", outcome)

    def return_page(self, integrations: list[Integration]) -> Response:
        """officernd:return.redirect. Show what became of the connect."""
        home = self.platform.settings.app_origin
        return page("Back in OfficeRnD", _RETURNED, integrations=integrations, home=home)

    def _index(self) -> Response:
        platform = self.platform
        integrations = [
            (integration, platform.organizations[integration.organization_id])
            for integration in [*platform.integrations.values()]
        ]
        findings = platform.findings[-50:][::-1]
        syncs = {one.client_id: one.sync_url for one in [*platform.applications.values()]}
        return page(
            "OfficeRnD simulator", _INDEX, integrations=integrations, findings=findings, syncs=syncs,
            steps=[(step, self._choices(step)) for step, _ in _STEPS],
        )  # fmt: skip

    def _choices(self, step: str) -> list[Fault]:
        """Return the faults of a step that can be tried."""
        return [fault for fault in dict(_STEPS)[step] if self.platform.offers(fault)]

    def _fields(self, request: Request) -> dict[str, str]:
        clause = "officernd:connect.popup"
        return no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)
