"""The pages for people: what came of a connect, which OfficeRnD's return page does not say (C10), and the settings.

OfficeRnD opens the settings by a signed URL (page, Requirements; H8). Their form saves one setting: it goes to a path
of the partner's own and carries a token that names the installation and ends after an hour. The token is keyed with
the integration's secret; its text begins otherwise than everything that OfficeRnD signs with it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace

from ...core.messages import Request, Response
from ...core.refusals import Refused
from ...core.strict import form_pairs, no_duplicates
from ...runtime.calls import text_of
from ...runtime.pages import page
from ...runtime.store import Installation
from .api import CLAUSE
from .connecting import RESULT, Connecting, location_ids
from .refreshing import PLATFORM

SAVE = "/officernd/settings"
SYNCED = {"members": "members", "members-and-bookings": "members and bookings"}
HOUR = 3600
_PAGE = """<p>{{ name }} is connected to <b>{{ account }}</b> for {{ locations }}.</p>
{% if saved %}<p id="saved">Saved.</p>{% endif %}
<form method="post" action="{{ save }}" id="settings">
<input type="hidden" name="installation" value="{{ installation }}"><input type="hidden" name="token" value="{{ token }}">
<label>A sync brings <select name="synced">{% for value, text in choices.items() %}
<option value="{{ value }}"{% if value == chosen %} selected{% endif %}>{{ text }}</option>{% endfor %}</select></label>
<button>Save</button></form><p><a id="continue" href="{{ url }}">Continue</a></p>"""

_CONNECTED = """<p><b id="result" class="state ok">Connected</b></p><dl><dt>Organisation</dt><dd id="slug">{{ one.slug }}</dd>
<dt>Account</dt><dd id="account">{{ one.accountName }}</dd></dl><p>The settings open from OfficeRnD.</p>"""
_REMOVED = """<p><b id="result" class="state none">Removed</b></p><p>The integration was removed in OfficeRnD. It can be connected
there again.</p>"""
_NOT = """<p><b id="result" class="state bad">Not connected</b></p><p>The connection was not made. Nothing was kept of it. Please
press Connect in OfficeRnD again.</p>"""
_UNKNOWN = """<p>No connection was made in this browser in the last minutes. It begins in OfficeRnD, with Connect.</p>"""


class Pages(Connecting):
    """What the pages show, and what the form of the settings saves."""

    def result_page(self, request: Request) -> Response:
        """officernd:connect.failure. Show what became of the connection that this browser made, as the store has it now."""
        code = request.cookie(RESULT)
        found = self.store.find(PLATFORM, "code", code) if len(code) == 64 else []
        template = _NOT if code else _UNKNOWN
        if found:
            template = _CONNECTED if found[0].state == "active" else _REMOVED
        return page("Your connection to OfficeRnD", template, one=found[0].details if found else {})

    def settings_page(
        self, installation: Installation, name: str, locations: dict[str, str], *, saved: bool = False
    ) -> Response:
        """officernd:configuration.page, officernd:locations.list. Show the settings; `locations` are names by id."""
        ids = location_ids(installation.details["locations"])
        names = ", ".join(locations.get(id, id) for id in ids or locations)
        return page(
            "Settings of the integration",
            _PAGE,
            name=name,
            account=installation.details["accountName"],
            locations=names if ids else f"all locations: {names}" if names else "all locations",
            saved=saved,
            save=SAVE,
            installation=installation.identity,
            token=self.form_token(installation, self.clock() + HOUR),
            choices=SYNCED,
            chosen=installation.details.get("synced", "members"),
            url=self.return_url(installation.details["api"]),
        )

    def form_token(self, installation: Installation, until: int) -> str:
        """Return what the form carries, so that only a page that was shown to a verified request saves anything."""
        message = f"settings {installation.identity} {until}"
        return f"{until}.{hmac.digest(installation.credentials['secret'].encode(), message.encode(), 'sha256').hex()}"

    def saved_setting(self, request: Request) -> Installation:
        """officernd:configuration.page. Save what the form chose, or refuse it; return the changed installation."""
        clause = CLAUSE + "configuration.page"
        if any(origin != self.configuration.base_url for origin in request.header_values("origin")):
            raise Refused("not-allowed", clause, {"origin": "the form of another site"})
        fields = no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)
        identity, token = (text_of(fields, name, clause) for name in ("installation", "token"))
        installation = self.store.get(PLATFORM, identity)
        if installation is None or installation.state != "active":
            raise Refused("unknown-installation", clause)
        until = token.partition(".")[0]
        until = until if until.isascii() and until.isdigit() and len(until) <= 12 else "0"
        right = self.form_token(installation, int(until))
        if not hmac.compare_digest(right.encode(), token.encode()):
            raise Refused("signature-mismatch", clause, {"token": "is not that of this form"})
        if int(until) < self.clock():
            raise Refused("stale", clause, {"token": "has ended: open the settings again"})
        if fields.get("synced") not in SYNCED:
            raise Refused("not-allowed", clause, {"synced": "is not one of the choices"})
        changed = self.change(identity, with_details(synced=fields["synced"]))
        if changed is None:
            raise Refused("wrong-state", clause, {"installation": "was removed meanwhile"})
        return changed


def with_details(**details: str) -> Callable[[Installation], Installation]:
    """Return the change that sets some details of an installation."""
    return lambda installation: replace(installation, details={**installation.details, **details})
