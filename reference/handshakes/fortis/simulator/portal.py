"""The simulator's own pages: what stands for the merchant's view of the marketplace, labelled as ours.

One page lists the apps with the locations and users that can be registered, opened and removed, and a
choice of faults; every button posts a form. The app itself is in an iframe, as in Fortis' UI.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.messages import Answer, Request, Response, Step, split_url
from ...core.refusals import Refused
from ...core.strict import form_pairs, no_duplicates
from ...runtime.pages import outcome_page, page, refused_step, unreadable_page, wrong_method
from ...runtime.verdicts import Finding, Outcome
from .acting import Acting
from .faults import OAUTH_FAULTS, POSTBACK_FAULTS, Fault, opening_faults

_INDEX = """<p>A simulator of Fortis for tests and lessons. Nothing here is Fortis'.</p>
{% for row in rows %}<section><h2>{{ row.app.title }} <small>{{ row.app.mode }}</small></h2>
<p>{{ row.location.name }} <code>{{ row.location.id }}</code>: <b id="location-state">{{ 'registered' if row.there else 'not registered' }}</b></p>
{% for step in ['register', 'unregister'] %}<form method="post" action="/simulator/{{ step }}" id="{{ step }}-location">
<input type="hidden" name="app" value="{{ row.app.title }}"><input type="hidden" name="location" value="{{ row.location.id }}">
<button>{{ step }}</button>{% if step == 'register' %} {{ fault_choice(row.for_location) }}{% endif %}</form>{% endfor %}
{% for user in row.users %}<h3>{{ user.user.username }} <small>{{ user.user.id }}</small></h3>
<p><b id="state-{{ user.user.id }}">{{ 'registered' if user.there else 'not registered' }}</b></p>
{% for step in ['register', 'unregister', 'open', 'consent'] %}<form method="post" action="/simulator/{{ step }}" id="{{ step }}-{{ user.user.id }}">
<input type="hidden" name="app" value="{{ row.app.title }}"><input type="hidden" name="location" value="{{ row.location.id }}">
<input type="hidden" name="user" value="{{ user.user.id }}"><button>{{ step }}</button>
{% if step == 'open' %}<label>viewing <select name="contact"><option value="">nobody</option>
{% for contact in row.contacts %}<option value="{{ contact.id }}">{{ contact.name }}</option>{% endfor %}</select></label>
{{ fault_choice(row.opening) }}{% elif step == 'register' %}{{ fault_choice(row.for_user) }}{% elif step == 'consent' %}{{ fault_choice(row.consenting) }}{% endif %}</form>{% endfor %}{% endfor %}
</section>{% endfor %}
{{ finding_table(findings) }}"""

_FRAME = """<p>This is the app as the merchant sees it. <a id="back" href="/simulator">Back to the list</a></p>
{% if findings %}<p>The same was opened from here, to look at the answer:</p><ul id="findings">{{ finding_items(findings) }}</ul>{% endif %}
<iframe src="{{ url }}" id="app" title="{{ title }}" width="100%" height="480"></iframe>"""

_NOT_THERE = """<p id="closed">{% if addressed %}Register the location and the user first.
{% else %}The app has no address for its iframe: serve with --set iframe_url=URL.{% endif %}</p>
<p><a id="back" href="/simulator">Back to the list</a></p>"""

STEPS = ("register", "unregister", "open", "consent")


class Portal:
    """The pages under `/simulator`."""

    def __init__(self, platform: Acting) -> None:
        self.platform = platform

    def handle(self, request: Request) -> Step[Answer]:
        """Show the list, or take one step that a form asks for."""
        if request.path == "/simulator":
            return self._index() if request.method == "GET" else wrong_method("GET")
        step = request.path.removeprefix("/simulator/")
        if refusal := refused_step(request, STEPS):
            return refusal
        try:
            fields = self._chosen(request, step)
        except (Refused, KeyError) as error:
            return unreadable_page(error)
        try:
            return (yield from self._taken(step, fields))
        except Refused as refused:
            addressed = not refused.clause.endswith("iframe-url")
            return page("Not open to this user", _NOT_THERE, status=403, addressed=addressed)

    def _taken(self, step: str, fields: dict[str, str]) -> Step[Response]:
        """Take a step; raises `Refused` where the app is not open to the user."""
        title, location, user, fault = (fields[name] for name in ("app", "location", "user", "fault"))
        if step == "open":
            return (yield from self._frame(title, location, user, fields["contact"], fault))
        if step == "consent":
            outcome: Outcome = yield from self.platform.consent(title, location, user, fault)
        elif step == "register":
            outcome = yield from self.platform.register(title, location, user, fault)
        else:
            outcome = yield from self.platform.unregister(title, location, user)
        return outcome_page(f"{step} {fault}", "app", outcome)

    def _frame(self, title: str, location: str, user: str, contact: str, fault: str) -> Step[Response]:
        """fortis:launch.server-side, fortis:launch.subscribed. Show the app in an iframe, whose address is made here."""
        findings: tuple[Finding, ...] = ()
        if fault:
            url, outcome = yield from self.platform.shown(title, location, user, contact, fault)
            findings = outcome.findings
        else:
            url = self.platform.launch_url(title, location, user, contact)
        return page(title, _FRAME, frames=split_url(url)[0], url=url, findings=findings)

    def _chosen(self, request: Request, step: str) -> dict[str, str]:
        """Return the fields of a form; raises `KeyError` for what the list does not offer."""
        clause = "fortis:launch.method"
        sent = no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)
        fields = {"user": "", "contact": "", "fault": "", **sent}
        platform = self.platform
        app, location = platform.apps[fields["app"]], platform.locations[fields["location"]]
        if fields["user"]:
            if location.id not in platform.users[fields["user"]].locations:
                raise KeyError(fields["user"])
        elif step in ("open", "consent"):
            raise KeyError("user")
        if fields["contact"] and platform.contacts[fields["contact"]].location_id != location.id:
            raise KeyError(fields["contact"])
        choices = self._choices(app.mode)[step, bool(fields["user"])]
        if fields["fault"] and fields["fault"] not in [fault.name for fault in choices]:
            raise KeyError(fields["fault"])
        return fields

    def _choices(self, mode: str) -> dict[tuple[str, bool], Sequence[Fault]]:
        kinds = {kind: [one for one in POSTBACK_FAULTS if one.kind == kind] for kind in ("location", "user")}
        return {
            ("register", False): kinds["location"],
            ("register", True): kinds["user"],
            ("unregister", False): (),
            ("unregister", True): (),
            ("consent", True): [one for one in OAUTH_FAULTS if self.platform.offers(one)],
            ("open", True): [one for one in opening_faults(mode) if self.platform.offers(one)],
        }

    def _index(self) -> Response:
        platform = self.platform
        rows = []
        for app in [*platform.apps.values()]:
            choices = self._choices(app.mode)
            for location in [*platform.locations.values()]:
                users = [one for one in [*platform.users.values()] if location.id in one.locations]
                ids = ["", *(one.id for one in users)]
                there = {id: (app.title, location.id, id) in platform.registered for id in ids}
                rows.append({
                    "app": app, "location": location, "there": there[""], "users": [{"user": u, "there": there[u.id]} for u in users],
                    "contacts": [one for one in [*platform.contacts.values()] if one.location_id == location.id],
                    "for_location": choices["register", False], "for_user": choices["register", True],
                    "consenting": choices["consent", True], "opening": choices["open", True],
                })  # fmt: skip
        return page("Fortis simulator", _INDEX, rows=rows, findings=platform.findings[-50:][::-1])
