"""What onOffice does wrong on request: every fault has a name, a clause and an expected end.

A fault ends either in a refusal with one reason, or is survived with a stated final state. A fault
changes one thing only; a test shows that the same request without it is accepted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from ...core.messages import Answer, Delayed, Dropped, Response, json_response
from ...core.refusals import Refused
from ...core.strict import Pairs
from ...runtime.verdicts import Expected, Refuses, Survives
from ..errorcodes import ERRORS, meaning
from ..readings import of
from ..rules import form, order
from ..signing import string_to_sign, verify_url

if TYPE_CHECKING:
    from .records import Popup
    from .resources import Resources

CLAUSE = "onoffice:"
OWN: Pairs = (("plan", "gold edition"), ("Zone", "eu"), ("ref", "a~b*c"))
"""Parameters as a provider may have them in its own address: a space, a capital first, a tilde and a star."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A signed URL before it is written: the registered address, all pairs, the keys, the time."""

    base: str
    pairs: Pairs = field(repr=False)
    secret: str = field(repr=False)
    api_key: str = field(repr=False)
    now: int

    def with_(self, **changed: str | None) -> Pairs:
        """Return the pairs with some changed or added; None drops one."""
        kept = tuple((name, value) for name, value in self.pairs if name not in changed)
        return kept + tuple((name, value) for name, value in changed.items() if value is not None)

    def with_own(self) -> Draft:
        """Return the draft with parameters of the provider's own, as many faults need them, under names that are free."""
        taken, own = {name for name, _ in self.pairs}, []
        for name, value in OWN:
            while name in taken:
                name += "_"
            own.append((name, value))
        return replace(self, pairs=(*own, *self.pairs))

    def genuine(self, url: str) -> bool:
        """Return whether the signature of a URL is right, whatever its time."""
        try:
            verify_url(url, secret=self.secret, now=self.now, tolerance=(10**13, 10**13))
        except Refused:
            return False
        return True

    def unsigned(self, pairs: Pairs | None = None) -> str:
        """onoffice:url.appended. Return the URL with its parameters sorted, and without a signature; A8."""
        return f"{self.base}?{form(order(self.pairs if pairs is None else pairs), '')}"

    def digest(self, text: str = "", *, pairs: Pairs | None = None, secret: str | None = None) -> str:
        """Return the signature of a text, or of the URL."""
        key = (self.secret if secret is None else secret).encode()
        return hmac.digest(key, (text or string_to_sign(self.unsigned(pairs))).encode(), "sha256").hex()

    def url(self, pairs: Pairs | None = None, signature: str = "") -> str:
        """onoffice:url.appended. Return the signed URL, `signature` last; or with another signature."""
        signature = signature or self.digest(pairs=pairs)
        return f"{self.unsigned(pairs)}&signature={quote(signature, safe='')}"

    def signed_as(self, *readings: str, pairs: Pairs | None = None) -> str:
        """Return the URL with the signature of another reading."""
        return self.url(pairs, self.digest(string_to_sign(self.unsigned(pairs), readings=of(*readings))))


@dataclass(frozen=True, slots=True)
class UrlFault:
    """A fault of a signed URL: activation, service or webhook. `verified` says that the signature is right.

    `apply` makes the URL; it is opened `times` times.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    apply: Callable[[Draft], str]
    verified: bool = False
    times: int = 1

    def written(self, draft: Draft) -> str:
        """Return the URL with this fault; where the registered one gives it nothing to act on, with parameters of its own.

        Raises `ValueError` where the fault would change nothing even then.
        """
        for one in (draft, draft.with_own()):
            url = self.apply(one)
            if self.expected == Refuses("signature-mismatch"):
                acts = not one.genuine(url)
            else:
                acts = self.times > 1 or url != one.url()
            if acts:
                return url
        raise ValueError(f"{self.name} changes nothing of this address")

    def can_act(self, draft: Draft) -> bool:
        """Return whether the fault changes anything of a URL."""
        try:
            self.written(draft)
        except ValueError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class StateFault:
    """A fault of what the platform keeps, made after the page was loaded and before the button is pressed."""

    name: str
    clause: str
    expected: Expected
    what: str
    apply: Callable[[Resources, Popup], None]


@dataclass(frozen=True, slots=True)
class ApiFault:
    """A fault of the API's answer. With `instead` the call is not carried out; else only its answer is lost or changed."""

    name: str
    clause: str
    expected: Expected
    what: str
    answer: Callable[[Resources, dict[str, Any]], Answer]
    instead: bool = True


@dataclass(frozen=True, slots=True)
class FormFault:
    """A fault of the form that the user sends: the fields of the page, changed; the key is in `secret`."""

    name: str
    clause: str
    expected: Expected
    what: str
    fields: Callable[[dict[str, str], Resources, Popup], dict[str, str]]


@dataclass(frozen=True, slots=True)
class ClaimFault:
    """A fault of the claims of a user's services, made before a service is opened; it lasts until the next one is."""

    name: str
    clause: str
    expected: Expected
    what: str
    apply: Callable[[Resources, tuple[str, str]], None]


_MISMATCH = Refuses("signature-mismatch")
_MALFORMED = Refuses("malformed")
_TWICE = Refuses("duplicate-parameter")
_MISSING = Refuses("missing-parameter")
_PLATFORM = Refuses("platform-error")
_UNEXPECTED = Refuses("unexpected-answer")
_UNREACHABLE = Refuses("unreachable")
_WORKS = Survives("active")


def _url(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str], **more: Any
) -> UrlFault:
    return UrlFault(name, CLAUSE + clause, expected, what, apply, **more)


def _base64(draft: Draft) -> str:
    return base64.b64encode(bytes.fromhex(draft.digest())).decode()


def _text(draft: Draft, change: Callable[[str], str]) -> str:
    """Return the genuine URL with the signature of a changed text."""
    return draft.url(signature=draft.digest(change(string_to_sign(draft.unsigned()))))


def _with_port(text: str) -> str:
    scheme, _, rest = text.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}:443/{path}"


def _other_scheme(text: str) -> str:
    scheme, _, rest = text.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"


def _in_front(draft: Draft, piece: str) -> str:
    base, _, query = draft.url().partition("?")
    return f"{base}?{piece}&{query}"


def _reordered(draft: Draft) -> str:
    base, _, query = draft.url().partition("?")
    return f"{base}?{'&'.join(reversed(query.split('&')))}"


def _unneeded_escapes(draft: Draft) -> str:
    base, _, query = draft.url().partition("?")
    pieces = [piece.partition("=") for piece in query.split("&")]
    wide = [
        (n, v if n == "signature" else v.replace("e", "%65").replace("E", "%45") if "%" not in v else v)
        for n, _, v in pieces
    ]
    return f"{base}?{'&'.join(f'{n}={v}' for n, v in wide)}"


def _last_digit(draft: Draft) -> str:
    made = draft.digest()
    return draft.url(signature=made[:-1] + ("1" if made[-1] == "0" else "0"))


def _at(draft: Draft, timestamp: int | str) -> str:
    return draft.url(draft.with_(timestamp=str(timestamp)))


def _php(draft: Draft, **more: str) -> str:
    """Return a URL with names that PHP understands in its own way, signed as PHP does."""
    pairs = draft.with_(**more)
    return draft.signed_as("onoffice:url.names=php-compatible", pairs=pairs)


def _broken_escape(draft: Draft) -> str:
    url = draft.url(draft.with_(ref="%zz"))
    return url.replace("ref=%25zz", "ref=%zz")


def _plain_sha256(draft: Draft) -> str:
    return hashlib.sha256((draft.secret + string_to_sign(draft.unsigned())).encode()).hexdigest()


URL_FAULTS: tuple[UrlFault, ...] = (
    _url("wrong-signature", "url.verify", _MISMATCH, "the last digit of the signature is another", _last_digit),
    _url("wrong-secret", "url.verify", _MISMATCH, "signed with another provider's secret",
         lambda d: d.url(signature=d.digest(secret="Another-Provider-Secret-2!"))),
    _url("previous-secret", "secret.rotation", _MISMATCH, "signed with the secret of before",
         lambda d: d.url(signature=d.digest(secret="Previous-Provider-Secret-0!"))),
    _url("secret-changed", "secret.rotation", _MISMATCH, "the secret was changed a moment ago, and the provider does not know it",
         lambda d: d.url(signature=d.digest(secret="Geheimnis-mit-Ümlaut-und-Zahl-3!"))),
    _url("api-key-as-secret", "secret.two", _MISMATCH, "signed with the customer's API key",
         lambda d: d.url(signature=d.digest(secret=d.api_key))),
    _url("empty-secret", "secret.empty", _MISMATCH, "signed with an empty secret", lambda d: d.url(signature=d.digest(secret=""))),
    _url("secret-with-newline", "url.key", _MISMATCH, "a line end behind the secret was signed with",
         lambda d: d.url(signature=d.digest(secret=d.secret + "\n"))),
    _url("plain-hash", "url.mac", _MISMATCH, "a plain SHA-256 of secret and text", lambda d: d.url(signature=_plain_sha256(d))),
    _url("base64-signature", "url.digest", _MALFORMED, "the signature in base64", lambda d: d.url(signature=_base64(d))),
    _url("upper-case-signature", "url.digest", _MALFORMED, "the signature in upper-case hex",
         lambda d: d.url(signature=d.digest().upper())),
    _url("no-signature", "url.verify", _MISSING, "no signature", lambda d: d.unsigned()),
    _url("percent-twenty-signed", "url.encoding", _MISMATCH, "signed with %20 for a space",
         lambda d: d.signed_as("onoffice:url.encoding=rfc3986")),
    _url("tilde-signed", "url.encoding", _MISMATCH, "signed with an unescaped ~", lambda d: d.signed_as("onoffice:url.encoding=python")),
    _url("star-signed", "url.encoding", _MISMATCH, "signed with an unescaped *",
         lambda d: d.signed_as("onoffice:url.encoding=url-search-params")),
    _url("case-insensitive-order", "url.order", _MISMATCH, "sorted without regard to case",
         lambda d: d.signed_as("onoffice:url.order=case-insensitive")),
    _url("port-signed", "url.port", _MISMATCH, "the port is signed", lambda d: _text(d, _with_port)),
    _url("other-scheme-signed", "url.scheme", _MISMATCH, "http is signed for https", lambda d: _text(d, _other_scheme)),
    _url("upper-case-host-signed", "url.host", _MISMATCH, "the host is signed in upper case",
         lambda d: _text(d, lambda text: "/".join([*text.split("/")[:2], text.split("/")[2].upper(), *text.split("/")[3:]]))),
    _url("trailing-slash-signed", "url.path", _MISMATCH, "a slash behind the path is signed",
         lambda d: _text(d, lambda text: text.replace("?", "/?", 1))),
    _url("query-signed", "url.base", _MISMATCH, "the query alone is signed", lambda d: d.signed_as("onoffice:url.base=query-only")),
    _url("own-parameters-unsigned", "url.signed-parameters", _MISMATCH, "the provider's own parameters are not signed",
         lambda d: d.signed_as("onoffice:url.own-parameters=left-out")),
    _url("parameter-added", "url.signed-parameters", _MISMATCH, "a parameter is added", lambda d: _in_front(d, "admin=1")),
    _url("parameter-changed", "url.verify", _MISMATCH, "another customer's web id",
         lambda d: d.url(d.with_(customerWebId=dict(d.pairs).get("customerWebId", "471") + "2"), d.digest())),
    _url("parameter-dropped", "url.verify", _MISMATCH, "the customer's name is missing",
         lambda d: d.url(d.with_(customerName=None), d.digest())),
    _url("doubled-before", "url.repeated", _TWICE, "another customer's web id before the genuine one",
         lambda d: _in_front(d, "customerWebId=4712")),
    _url("doubled-after", "url.repeated", _TWICE, "another customer's web id behind the genuine one",
         lambda d: f"{d.url()}&customerWebId=4712"),
    _url("second-signature", "url.repeated", _TWICE, "a second signature", lambda d: f"{d.url()}&signature={'0' * 64}"),
    _url("renamed-name", "url.names", _MALFORMED, "a name with a dot, signed as PHP does", lambda d: _php(d, **{"my.param": "1"})),
    _url("array", "url.names", _MALFORMED, "array syntax, signed as PHP does", lambda d: _php(d, **{"ids[]": "5"})),
    _url("numeric-name", "url.integer-names", _MALFORMED, "a number as a name", lambda d: _php(d, **{"9": "x"})),
    _url("broken-escape", "url.escapes", _MALFORMED, "an incomplete escape, signed as PHP does", _broken_escape),
    _url("no-timestamp", "url.timestamp-unit", _MISSING, "no timestamp, and a right signature",
         lambda d: d.url(d.with_(timestamp=None)), verified=True),
    _url("times-damage", "url.verify", _MISSING, "&timestamp was read as an HTML entity (A18)",
         lambda d: d.url().replace("&timestamp=", quote("×") + "tamp=")),
    _url("milliseconds", "url.timestamp-unit", Refuses("timestamp-in-milliseconds"), "the timestamp in milliseconds",
         lambda d: _at(d, d.now * 1000), verified=True),
    _url("stale", "url.tolerance", Refuses("stale"), "made 301 s ago", lambda d: _at(d, d.now - 301), verified=True),
    _url("from-the-future", "url.tolerance", Refuses("from-the-future"), "made 121 s ahead", lambda d: _at(d, d.now + 121), verified=True),
    _url("just-in-time", "url.tolerance", _WORKS, "made 300 s ago", lambda d: _at(d, d.now - 300), verified=True),
    _url("just-ahead", "url.tolerance", _WORKS, "made 120 s ahead", lambda d: _at(d, d.now + 120), verified=True),
    _url("reordered", "url.any-order", _WORKS, "the parameters in reverse order", _reordered, verified=True),
    _url("percent-twenty-sent", "url.encoding", _WORKS, "%20 for a space, and the right signature",
         lambda d: d.url().replace("+", "%20"), verified=True),
    _url("unneeded-escapes", "url.encoding", _WORKS, "letters are escaped too", _unneeded_escapes, verified=True),
    _url("empty-value", "url.empty", _WORKS, "an empty parameter of the provider's own", lambda d: d.url(d.with_(ref="")), verified=True),
    _url("other-case-names", "url.signed-values", _WORKS, "parameters whose names differ in case only",
         lambda d: d.url(d.with_(parametercacheid="another", customerwebid="4712")), verified=True),
    _url("opened-twice", "url.reload", _WORKS, "the same URL is loaded three times", lambda d: d.url(), verified=True, times=3),
)  # fmt: skip

ACTIVATION_URL_FAULTS: tuple[UrlFault, ...] = (
    _url("empty-token", "unlock.empty-token", Refuses("empty-parameter"), "an empty apiToken",
         lambda d: d.url(d.with_(apiToken="")), verified=True),
    _url("no-claim", "unlock.claim", _PLATFORM, "no apiClaim: the API answers 193", lambda d: d.url(d.with_(apiClaim=None)), verified=True),
)  # fmt: skip


def _expired(platform: Resources, popup: Popup) -> None:
    platform.cache[popup.cache_id].until = platform.clock() - 1


def _foreign_claim(platform: Resources, popup: Popup) -> None:
    for claim in platform.claims.values():
        if claim.cache_id == popup.cache_id:
            claim.fault = 248


def _old_claim(platform: Resources, popup: Popup) -> None:
    for claim in platform.claims.values():
        if claim.cache_id == popup.cache_id:
            claim.fault = 201


def _user_gone(platform: Resources, popup: Popup) -> None:
    platform.api_users[popup.token].state = "gone"


STATE_FAULTS: tuple[StateFault, ...] = (
    StateFault("cache-expired", CLAUSE + "unlock.answer", _PLATFORM, "the entry of the parameter cache has expired: 177", _expired),
    StateFault("claim-of-another-call", CLAUSE + "unlock.answer", _PLATFORM, "the claim belongs to another call: 248", _foreign_claim),
    StateFault("claim-outdated", CLAUSE + "unlock.answer", _PLATFORM, "the claim is outdated: 201", _old_claim),
    StateFault("api-user-blocked", CLAUSE + "unlock.answer", _PLATFORM, "the API user was deactivated meanwhile: 22", _user_gone),
)  # fmt: skip


def failed(code: int) -> dict[str, Any]:
    """Return the result of an action that failed with a code."""
    return {
        "actionid": "urn:onoffice-de-ns:smart:2.5:smartml:action:do", "resourceid": "", "resourcetype": "unlockProvider",
        "cacheable": False, "identifier": "", "data": [], "status": {"errorcode": code, "message": meaning(code)},
    }  # fmt: skip


def _success(**elements: str) -> dict[str, Any]:
    result = failed(0)
    records = [{"id": 0, "type": "", "elements": elements}]
    return {**result, "data": {"meta": {"cntabsolute": None}, "records": records}}


def _in(envelope: str, code: int) -> Callable[[Resources, dict[str, Any]], Answer]:
    status = {"500-97": (500, 97), "mirrored": (500, code), "200-0": (200, 0)}[envelope]

    def answer(platform: Resources, carried: dict[str, Any]) -> Answer:
        top = {
            "code": status[0],
            "errorcode": status[1],
            "message": meaning(status[1]) if status[1] else "OK",
        }
        return json_response({"status": top, "response": {"results": [failed(code)]}})

    return answer


def _answer(value: Any, status: int = 200) -> Callable[[Resources, dict[str, Any]], Answer]:
    return lambda platform, carried: json_response(value, status)


def _top(code: int, status: int) -> dict[str, Any]:
    return {"status": {"code": status, "errorcode": code, "message": meaning(code)}}


_OK = {"code": 200, "errorcode": 0, "message": "OK"}


def _good(**elements: str) -> dict[str, Any]:
    return {"status": _OK, "response": {"results": [_success(**elements)]}}


API_FAULTS: tuple[ApiFault, ...] = (
    *(
        ApiFault(f"api-error-{code}", CLAUSE + "unlock.answer", _PLATFORM, f"the API answers {code}: {text}",
                 lambda platform, carried, code=code: json_response(platform.enveloped([failed(code)])))  # type: ignore[misc]
        for code, text in ERRORS.items() if code != 97
    ),
    *(
        ApiFault(f"envelope-{name}", CLAUSE + "api.envelopes", _PLATFORM, f"an error in the envelope {name} (A21)", _in(name, 137))
        for name in ("500-97", "mirrored", "200-0")
    ),
    ApiFault("error-at-the-top", CLAUSE + "api.envelopes", _PLATFORM, "an error without results", _answer(_top(41, 500))),
    ApiFault("not-authenticated", CLAUSE + "api.envelopes", _PLATFORM, "HTTP 400 with 22 at the top", _answer(_top(22, 400), 400)),
    ApiFault("http-500", CLAUSE + "api.envelopes", _PLATFORM, "HTTP 500 with a page",
             lambda p, c: Response(500, (("content-type", "text/html"),), b"<p>Error</p>")),
    ApiFault("success-in-http-500", CLAUSE + "api.envelopes", _PLATFORM, "HTTP 500 with a body that says success",
             _answer(_good(success="success"), 500)),
    ApiFault("error-above-success", CLAUSE + "api.envelopes", _PLATFORM, "97 at the top, success below",
             _answer({**_good(success="success"), **_top(97, 500)})),
    ApiFault("not-json", CLAUSE + "unlock.answer", _UNEXPECTED, "HTTP 200 with a page",
             lambda p, c: Response(200, (("content-type", "text/html"),), b"<p>active</p>")),
    ApiFault("no-results", CLAUSE + "unlock.answer", _UNEXPECTED, "no results", _answer({"status": _OK, "response": {"results": []}})),
    ApiFault("no-records", CLAUSE + "unlock.answer", _UNEXPECTED, "a result without records",
             _answer({"status": _OK, "response": {"results": [failed(0)]}})),
    ApiFault("two-results", CLAUSE + "unlock.answer", _UNEXPECTED, "two results for one action",
             _answer({"status": _OK, "response": {"results": [_success(success="success")] * 2}})),
    ApiFault("code-as-text", CLAUSE + "unlock.answer", _UNEXPECTED, "the errorcode is a text",
             _answer({**_good(success="success"), "status": {**_OK, "errorcode": "0"}})),
    ApiFault("not-success", CLAUSE + "unlock.answer", _PLATFORM, "elements.success is not success", _answer(_good(success="failure"))),
    ApiFault("result-not-success", CLAUSE + "unlock.answer", _PLATFORM, "elements.result instead of elements.success",
             _answer(_good(result="success"))),
    ApiFault("api-slow", CLAUSE + "unlock.timeout", _UNREACHABLE, "the API answers after 15 s",
             lambda p, c: Delayed(15, json_response(_good(success="success")))),
    ApiFault("api-unreachable", CLAUSE + "feedback.truthful", _UNREACHABLE, "connection closed, no answer", lambda p, c: Dropped()),
    ApiFault("answer-lost", CLAUSE + "feedback.truthful", _UNREACHABLE, "the call was carried out, and its answer is lost",
             lambda p, c: Dropped(), instead=False),
    ApiFault("answer-late", CLAUSE + "unlock.answer", _WORKS, "the API answers after 2 s",
             lambda p, c: Delayed(2, json_response(c)), instead=False),
)  # fmt: skip


def _forged(fields: dict[str, str], platform: Resources, popup: Popup) -> dict[str, str]:
    claim = next((value for value, one in platform.claims.items() if one.cache_id == popup.cache_id), "")
    theirs = {"token": popup.token, "parameterCacheId": popup.cache_id, "extendedClaim": claim}
    return {**fields, **theirs, "ticket": "0" * 48}


FORM_FAULTS: tuple[FormFault, ...] = (
    FormFault("wrong-key", CLAUSE + "unlock.answer", _PLATFORM, "another key is pasted: 137",
              lambda f, p, u: {**f, "secret": "0" * 64}),
    FormFault("short-key", CLAUSE + "unlock.answer", _PLATFORM, "half of the key is pasted: 137", lambda f, p, u: {**f, "secret": f["secret"][:32]}),
    FormFault("padded-key", CLAUSE + "unlock.key", _WORKS, "blanks and a line end around the key", lambda f, p, u: {**f, "secret": f" {f['secret']}\n"}),
    FormFault("empty-key", CLAUSE + "unlock.key", Refuses("empty-parameter"), "no key is pasted", lambda f, p, u: {**f, "secret": "  "}),
    FormFault("not-agreed", CLAUSE + "page.privacy", Refuses("not-allowed"), "the box is not ticked",
              lambda f, p, u: {n: v for n, v in f.items() if n != "privacy"}),
    FormFault("forged-form", CLAUSE + "unlock.bound", Refuses("unknown-installation"), "token, cache id and claim stand in the form, and no ticket of ours",
              _forged),
)  # fmt: skip


def _claims_answer(code: int) -> Callable[[Resources, tuple[str, str]], None]:
    """Let the API answer a code to whichever of a user's claims is sent: the latest may be that of an earlier call."""

    def apply(platform: Resources, person: tuple[str, str]) -> None:
        platform.claim_faults[person] = code

    return apply


CLAIM_FAULTS: tuple[ClaimFault, ...] = (
    ClaimFault("service-claim-outdated", CLAUSE + "api.envelopes", _PLATFORM, "the service's claim is outdated: 201", _claims_answer(201)),
    ClaimFault("service-claim-of-another", CLAUSE + "api.envelopes", _PLATFORM, "the service's claim fits nobody: 248", _claims_answer(248)),
)  # fmt: skip

Fault: TypeAlias = UrlFault | StateFault | ApiFault | FormFault | ClaimFault
ACTIVATION_FAULTS: tuple[Fault, ...] = (
    *URL_FAULTS,
    *ACTIVATION_URL_FAULTS,
    *STATE_FAULTS,
    *API_FAULTS,
    *FORM_FAULTS,
)
SERVICE_FAULTS: tuple[Fault, ...] = (*URL_FAULTS, *CLAIM_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in (*ACTIVATION_FAULTS, *CLAIM_FAULTS)}
"""Every fault by name."""
