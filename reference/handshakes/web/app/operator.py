"""The operator's page: the last refusals with their exact reasons, the installations, and why a request was refused.

It is a role on loopback of its own, never at the app's address: what it shows, nobody outside may see.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ...core.cases import Ciphers
from ...core.messages import Answer, Request, Response, Step
from ...core.refusals import REASONS, Refused
from ...explain import explain
from ...explain.telling import told
from ...platforms import PLATFORMS
from ...runtime.store import EXPIRES, Installation, Store, StoreError
from ...runtime.story import Reports
from ...runtime.watching import Kept, RefusedRequest, http_of
from ..advice import advice, named
from ..reasons import beside, ruled
from .layout import STATIC, rendered, static, themed

MOST_ANSWERS = 100
"""How many answers are kept; another one is computed again."""
MOST_LISTED = 50
"""How many installations a page lists."""
STATES = {"active": "ok", "pending": "wait", "removed": "none"}
Listed = tuple[str, Installation | StoreError]
_DIGEST = re.compile(r"(?<![0-9a-f])([0-9a-f]{6})[0-9a-f]{58}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class Row:
    """One refusal as it is listed: its number and time are known while its request is kept."""

    endpoint: str
    refused: Refused | None
    one: RefusedRequest | None = None

    @property
    def facts(self) -> dict[str, str]:
        """What the refusal says, without the reason."""
        if self.refused is None:
            return {"said by": "the platform, in its answer"}
        stage = {"stage": self.refused.stage} if self.refused.stage else {}
        return {**stage, **self.refused.evidence}

    @property
    def meaning(self) -> str:
        """What the reason means."""
        return REASONS[self.refused.reason].meaning if self.refused else ""

    @property
    def answered(self) -> bool:
        """Return whether an answer of the API was refused, not the request that it belongs to."""
        refused = self.refused
        return refused is not None and (
            refused.reason == "unexpected-answer" or "answered" in refused.evidence
        )

    def todo(self, platform: str) -> str:
        """Return what to do about it, and which side has to do it."""
        text = advice(self.refused, self.answered, False) if self.refused else ""
        return named(text, platform, "your app")

    @property
    def when(self) -> str:
        """When it was, in UTC."""
        return said_time(self.one.now) if self.one else ""


class Operator:
    """A role of its own for the operator: `GET /` shows refusals and installations, `GET /?n=1` explains one request."""

    name = "operator"
    has_store = True
    """It asks the partner's store, and takes long to explain: a server advances it in threads."""
    secret_names: frozenset[str] = frozenset()

    def __init__(
        self,
        platform: str,
        kept: Kept,
        secrets: Callable[[Request], list[str]],
        origin: str,
        ciphers: Ciphers | None = None,
        *,
        reports: Reports | None = None,
        store: Store | None = None,
    ) -> None:
        self.platform, self.kept, self.secrets, self.origin = platform, kept, secrets, origin
        self.ciphers, self.market, self.theme = ciphers, "", ""
        self.reports, self.store = reports if reports is not None else Reports(), store
        self._answers: OrderedDict[int, str] = OrderedDict()

    @property
    def origins(self) -> tuple[str, ...]:
        """The page's own origin."""
        return (self.origin,)

    def handle(self, request: Request) -> Step[Answer]:
        """Answer the lists, or one explanation."""
        yield from ()
        return themed(self._answered(request), self.theme)

    def _answered(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(405, (("allow", "GET"),))
        if request.path.startswith(STATIC):
            return static(request.path.removeprefix(STATIC))
        if request.path != "/":
            return Response(404)
        name, _, value = request.query.partition("=")
        if name in ("", "after"):
            return self._lists(request, unquote(value))
        one = self.kept.get(int(value)) if name == "n" and value.isdecimal() and len(value) < 10 else None
        if one is None:
            return rendered("why.html", request, status=404, one=None, text="", platform=self._title)
        return rendered("why.html", request, one=one, text=self.answer(one), platform=self._title)

    @property
    def _title(self) -> str:
        return PLATFORMS[self.platform].title

    def _lists(self, request: Request, after: str) -> Response:
        installations, trouble = self._installations(after)
        last = installations[MOST_LISTED - 1][0] if len(installations) > MOST_LISTED else ""
        return rendered(
            "operator.html",
            request,
            platform=self._title,
            rows=self.rows(),
            told=self.reports.told,
            installations=[one for one in installations[:MOST_LISTED] if not used_up(*one)],
            states=STATES,
            shown=shown,
            after=after,
            trouble=trouble,
            more=quote(last, safe=""),
            market=self.market,
        )

    def rows(self) -> list[Row]:
        """Return the refusals, the newest first: those whose request is kept, then others that were reported."""
        kept = [Row(one.endpoint, one.refused, one) for one in reversed(self.kept.all())]
        known = {id(row.refused) for row in kept}
        _, reported = self.reports.since(0)
        return kept + [Row(*report) for report in reversed(reported) if id(report[1]) not in known]

    def _installations(self, after: str) -> tuple[list[Listed], StoreError | None]:
        try:
            return (self.store.listed(self.platform, MOST_LISTED + 1, after) if self.store else []), None
        except StoreError as error:
            return [], error

    def answer(self, one: RefusedRequest) -> str:
        """Return the explanation in words; it is computed once while it is kept."""
        if one.number not in self._answers:
            try:
                text = self._told(one)
            except Refused as refused:
                text = refused.explain()
            self._answers[one.number] = text
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return self._answers[one.number]

    def _told(self, one: RefusedRequest) -> str:
        secret, *others = self.secrets(one.request) or [""]
        found = None
        if secret:
            found = explain(
                self.platform,
                http_of(one.request),
                secret=secret,
                others=others,
                now=one.now,
                ciphers=self.ciphers,
            )
        after = beside(one.refused, found)
        if after:
            return "\n".join(filter(None, (one.refused.explain() if one.refused else "", after)))
        if found is None:
            return "No secret is known here for this request: nothing can be compared."
        return "\n".join(told(ruled(one.refused, found), one.now))


def used_up(identity: str, one: Installation | StoreError) -> bool:
    """Return whether an entry is what is left of a form that was sent, and no installation.

    >>> used_up("ticket:00", Installation("onoffice", "ticket:00", {}, {}, "removed"))
    True
    >>> used_up("4711", Installation("onoffice", "4711", {}, {}, "removed"))
    False
    """
    return identity.startswith("ticket:") and isinstance(one, Installation) and one.state == "removed"


def shown(value: str, name: str = "") -> str:
    """Return a detail or identity as a person reads it: of a digest its first digits, a time as a date.

    >>> shown("test-slug"), shown("ticket:" + "ab" * 32), shown("001795968543", "expires")
    ('test-slug', 'ticket:sha256 ababab…', '2026-11-29 16:09:03 UTC')
    """
    if (name == EXPIRES or name.endswith("At")) and value.isdecimal() and len(value) in (10, 12):
        return said_time(int(value))
    return _DIGEST.sub(lambda found: f"sha256 {found[1]}…", value)


def said_time(seconds: int) -> str:
    """Return Unix seconds as a date and time in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
