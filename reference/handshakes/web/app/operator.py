"""The operator's page: the last refusals with their exact reasons, the installations, and why a request was refused.

It is a role on loopback of its own, never at the app's address: what it shows, nobody outside may see.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from ...core.cases import Ciphers
from ...core.messages import Answer, Request, Response, Step
from ...core.refusals import REASONS, Refused
from ...explain.telling import sentence
from ...platforms import PLATFORMS
from ...runtime.store import EXPIRES, Installation, Store, StoreError
from ...runtime.story import Reports
from ...runtime.watching import Kept, RefusedRequest
from ..advice import UNTOLD, advice, facts, names_in
from ..answers import Call, answered, call_of, documented
from ..reasons import NOT_THE_SIGNATURE, Case, beside, ruled
from ..remarks import clause
from ..sides import both, by_side, named
from .layout import STATIC, rendered, static, themed

MOST_ANSWERS = 100
"""How many answers are kept; another one is computed again."""
NO_MORE: dict[str, Any] = {"explanations": [], "stages": [], "tried": 0, "signature_fits": False}
PARTNER = "your app"
TOGETHER = 5
"""Within how many seconds the same refusal of the same page is listed once."""
MOST_LOOKED = 5
"""Of how many of the newest refusals the list itself says what the bytes tell: a search takes up to a second."""
MOST_LISTED = 50
"""How many installations a page lists."""
SEARCHED = {"signature-mismatch": "searched", "decryption-failed": "encrypted"}
STATES = {"active": "ok", "pending": "wait", "removed": "none"}
Listed = tuple[str, Installation | StoreError]
_DIGEST = re.compile(r"(?<![0-9a-f])([0-9a-f]{6})[0-9a-f]{58}(?![0-9a-f])")


@dataclass(slots=True)
class Row:
    """One refusal as it is listed: its time is known while its request is kept; `again` are the same, which came just before.

    `checked` is the call that was answered so, where the platform is served here too and refused it; `told` is what the
    bytes say, as far as that was looked for; `remark` is what the marketplace knows of it, and the app alone cannot.
    """

    platform: str
    endpoint: str
    refused: Refused | None
    one: RefusedRequest | None = None
    again: list[RefusedRequest] = field(default_factory=list)
    checked: RefusedRequest | None = None
    told: dict[str, Any] = field(default_factory=lambda: {**NO_MORE, "after": ""})
    remark: dict[str, Any] = field(default_factory=dict)

    @property
    def call(self) -> Call | None:
        """The call whose answer was refused, with what came; None where the request itself was refused."""
        return self.one.call if self.one and self.refused and answered(self.refused) else None

    @property
    def answer_to(self) -> str:
        """The call whose answer was refused, or never came, in a few words; nothing where the request itself was refused."""
        return call_of(self.refused, self.call) if self.refused and answered(self.refused) else ""

    @property
    def causes(self) -> list[dict[str, Any]]:
        """The likeliest mistakes that together explain what came, as far as they were looked for."""
        return [part for group in self.told["explanations"][:1] for part in group[0]["parts"]]

    @property
    def facts(self) -> dict[str, str]:
        """What the refusal says, without the reason."""
        if self.refused is None:
            return {"said by": f"{self.platform.split()[0]}, in its answer to this call of your app"}
        stage = (
            {"stage": self.refused.stage} if self.refused.stage and self.refused.reason not in UNTOLD else {}
        )
        return {**stage, **facts(self.refused, self.one.request if self.one else None, self.call)}

    @property
    def cured(self) -> list[str]:
        """What the marketplace says to do, where the bytes alone do not tell what the sender has to change."""
        cures = [part["cure"] for part in self.causes if part["kind"] != "reading"]
        told = any("Sender (" in one and ") and" not in one for one in cures)
        untold = self.refused is not None and self.refused.reason in UNTOLD
        return [] if told or not untold else self.remark.get("todo", [])

    @property
    def meaning(self) -> str:
        """What the reason means."""
        return REASONS[self.refused.reason].meaning if self.refused else ""

    def todo(self, looks: bool = True) -> list[str]:
        """Return what to do about it, a line for each side that has to; `looks` says that why? tries the mistakes that are known."""
        if self.refused is None:
            return []
        untold = looks and self.one is not None and self.refused.reason in UNTOLD
        text = advice(self.refused, untold, self.one.request if self.one else None, self.call)
        if self.checked and "not the cause" in self.told["after"]:
            right = f"Change nothing in the call: its HMAC is right, as request {self.checked.number} shows."
            text = both("Answer so only to a call that has this fault; the HMAC of this one is right.", right)
        elif looks and self.told["tried"] and not self.told["signature_fits"]:
            text = both(**documented("request")[SEARCHED[self.refused.reason]])
        return by_side(named(text, self.platform.split()[0], PARTNER))

    @property
    def when(self) -> str:
        """When it was, in UTC."""
        return said_time(self.one.now) if self.one else ""

    @property
    def event(self) -> tuple[object, ...]:
        """What two rows of one event have in common."""
        if not self.one or not self.refused:
            return (id(self),)
        asked, fault = (self.one.request.path, names_in(self.one.request)), self.remark.get("fault")
        return self.refused.reason, self.refused.clause, self.facts, asked, fault

    def follows(self, other: Row) -> bool:
        """Return whether it is the same refusal as the one before it, of the same page within seconds."""
        near = self.one is not None and other.one is not None and self.one.now - other.one.now <= TOGETHER
        return near and self.event == other.event

    def answers(self, other: Row) -> bool:
        """Return whether a refusal by the platform is the answer that the app refused: one event, seen from both sides."""
        asked = self.call and self.call[0]
        if other.refused or not other.one or not isinstance(asked, Request):
            return False
        sent = other.one.request
        return (asked.method, asked.target, asked.body) == (sent.method, sent.target, sent.body)


class Operator:
    """A role of its own for the operator: `GET /` shows refusals and installations, `GET /?n=1` explains one request."""

    name = "operator"
    has_store = True
    """It asks the partner's store, and takes long to explain: a server advances it in threads."""
    secret_names: frozenset[str] = frozenset()

    def __init__(
        self, platform: str, kept: Kept, secrets: Callable[[Request], Mapping[str, str]], origin: str,
        ciphers: Ciphers | None = None, *, reports: Reports | None = None, store: Store | None = None,
    ) -> None:  # fmt: skip
        self.platform, self.kept, self.secrets, self.origin = platform, kept, secrets, origin
        self.ciphers, self.market, self.theme = ciphers, "", ""
        self.remark: Callable[[RefusedRequest], dict[str, Any]] = lambda one: {}
        """What else is known of a refused request, where a marketplace shows the other side too."""
        self.reports, self.store = reports if reports is not None else Reports(), store
        self._answers: OrderedDict[int, dict[str, Any]] = OrderedDict()

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
            return rendered("why.html", request, status=404, one=None, platform=self._title)
        told = self.answer(one)
        rows = {each.one.number: each for each in self.rows() if each.one}
        row = rows.get(one.number) or Row(
            self._title, one.endpoint, one.refused, one, remark=self.remark(one)
        )
        seen = next((number for number, each in rows.items() if each.checked is one), 0)
        if row.checked:
            row.told = self.answer(row.checked)
        told_by_check = one.refused and one.refused.reason not in UNTOLD  # a wrong signature tells of no rule
        rule = clause(self.platform, one.refused.clause) if one.refused and told_by_check else None
        return rendered(
            "why.html", request, one=one, row=row, told=told, told_by_check=told_by_check, seen=seen, rule=rule, plain=plain,
            name=self.platform, platform=self._title, sentence=sentence, by_side=by_side,
        )  # fmt: skip

    @property
    def _title(self) -> str:
        return PLATFORMS[self.platform].title

    def _lists(self, request: Request, after: str) -> Response:
        installations, trouble = self._installations(after)
        last = installations[MOST_LISTED - 1][0] if len(installations) > MOST_LISTED else ""
        rows = self.rows()
        return rendered(
            "operator.html", request, platform=self._title, rows=rows, told=self.reports.told + sum(one.refused is None for one in self.kept.all()),
            listed=len(rows) + sum(len(row.again) + bool(row.checked) for row in rows),
            installations=[one for one in installations[:MOST_LISTED] if not used_up(*one)], states=STATES, shown=shown,
            after=after, trouble=trouble, more=quote(last, safe=""), market=self.market, sentence=sentence, by_side=by_side,
        )  # fmt: skip

    def rows(self) -> list[Row]:
        """Return the refusals, the newest first: those whose request is kept, then others that were reported.

        The same refusal of one page within seconds is one row: a window often asks for its page twice.
        """
        found: list[Row] = []
        for one in reversed(self.kept.all()):
            row = Row(self._title, one.endpoint, one.refused, one, remark=self.remark(one))
            if found and found[-1].follows(row):
                found[-1].again.append(one)
                continue
            looks = len(found) < MOST_LOOKED or one.number in self._answers
            if found and found[-1].answers(row):
                found[-1].checked, found[-1].told = one, self.answer(one) if looks else found[-1].told
                continue
            found.append(row)
            if looks and one.refused and one.refused.reason in UNTOLD:
                row.told = self.answer(one)
        known = {id(one.refused) for one in self.kept.all()}
        _, reported = self.reports.since(0)
        return [*found, *(Row(self._title, *one) for one in reversed(reported) if id(one[1]) not in known)]

    def _installations(self, after: str) -> tuple[list[Listed], StoreError | None]:
        try:
            return (self.store.listed(self.platform, MOST_LISTED + 1, after) if self.store else []), None
        except StoreError as error:
            return [], error

    def answer(self, one: RefusedRequest) -> dict[str, Any]:
        """Return what the bytes say beside the refusal, as the marketplace page has it; it is computed once while it is kept."""
        if one.number not in self._answers:
            self._answers[one.number] = self._told(one)
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return self._answers[one.number]

    def _told(self, one: RefusedRequest) -> dict[str, Any]:
        title = self._title.split()[0]
        sides = (title, PARTNER) if one.refused else (PARTNER, title)
        case = Case(self.platform, one.request, one.now, self.secrets(one.request), self.ciphers, sides)
        try:
            found = case.found()
        except Refused as refused:
            return {**NO_MORE, "after": refused.explain()}
        after = beside(one.refused, found)
        if found is None or after:
            nothing = "No secret is known here for this request: nothing can be compared."
            return {**NO_MORE, "after": "" if after == NOT_THE_SIGNATURE else after or nothing}
        return {"after": "", **case.told(ruled(one.refused, found))}


def plain(text: str) -> str:
    """Return a rule without the numbers of ambiguities and the marks of code.

    >>> plain("Send `a` (A7).")
    'Send a.'
    """
    return re.sub(r" \((?:[A-Z]\d+(?:, )?)+\)", "", text).replace("`", "")


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
