"""What came of a connect, for the person who made it: OfficeRnD's return page says nothing of a failure (C10)."""

from __future__ import annotations

from ...core.messages import Request, Response
from ...runtime.pages import page
from .connecting import RESULT
from .refreshing import PLATFORM
from .settings import SettingsPage

_CONNECTED = """<p><b id="result" class="state ok">Connected</b></p><dl><dt>Organisation</dt><dd id="slug">{{ one.slug }}</dd>
<dt>Account</dt><dd id="account">{{ one.accountName }}</dd></dl><p>The settings open from OfficeRnD.</p>"""
_REMOVED = """<p><b id="result" class="state none">Removed</b></p><p>The integration was removed in OfficeRnD. It can be connected
there again.</p>"""
_NOT = """<p><b id="result" class="state bad">Not connected</b></p><p>The connection was not made. Nothing was kept of it. Please
press Connect in OfficeRnD again.</p>"""
_UNKNOWN = """<p>No connection was made in this browser in the last minutes. It begins in OfficeRnD, with Connect.</p>"""


class ResultPage(SettingsPage):
    """The page, which needs no signature: a cookie that connect gave this browser says which connection it is about."""

    def result_page(self, request: Request) -> Response:
        """officernd:connect.failure. Show what became of the connection that this browser made, as the store has it now."""
        code = request.cookie(RESULT)
        found = self.store.find(PLATFORM, "code", code) if len(code) == 64 else []
        template = _NOT if code else _UNKNOWN
        if found:
            template = _CONNECTED if found[0].state == "active" else _REMOVED
        return page("Your connection to OfficeRnD", template, one=found[0].details if found else {})
