"""What RetailCRM does wrong on request: every fault has a name, a clause and an expected end.

A fault ends either in a refusal with one reason, or is survived with a stated final state. A fault
changes one thing only; a test shows that the same request without it is accepted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from ...core.messages import Answer, Delayed, Dropped, Request, Response, form_body, json_response, split_url
from ...core.strict import URLENCODED
from ...runtime.verdicts import Expected, Refuses, Survives
from ..signing import registration_token

CLAUSE = "retailcrm:"
Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A registration before it is written: where it goes, the key, the secret, the account's addresses.

    `foreign` are the addresses that a fault may name, by kind: the traps, and `another` account's.
    """

    register_url: str
    api_key: str
    secret: str
    system_url: str
    technical_url: str
    timeout: float
    foreign: Mapping[str, str] = field(default_factory=dict)

    def token(self, **changed: str) -> str:
        """Return the token, with `api_key` or `secret` changed."""
        settings = {"api_key": self.api_key, "secret": self.secret, **changed}
        return registration_token(settings["api_key"], secret=settings["secret"])

    def members(self, **changed: Any) -> dict[str, Any]:
        """retailcrm:register.contents. Return the three members, some changed; None drops one."""
        members = {"systemUrl": self.system_url, "apiKey": self.api_key, "token": self.token(), **changed}
        return {name: value for name, value in members.items() if value is not None}

    def text(self, **changed: Any) -> str:
        """Return the JSON text of the members, as PHP writes it, slashes unescaped."""
        return json.dumps(self.members(**changed), ensure_ascii=False, separators=(",", ":"))

    def request(self, fields: Any = None, **changed: Any) -> Request:
        """retailcrm:register.encoding. Return the POST of a form, by default with the one field `register`."""
        return self.post(form_body({"register": self.text(**changed)} if fields is None else fields))

    def post(self, body: bytes, content_type: str = URLENCODED, query: str = "") -> Request:
        """Return a POST to the register URL."""
        origin, target = split_url(self.register_url)
        target += (("&" if "?" in target else "?") + query) if query else ""
        return Request("POST", origin, target, (("content-type", content_type),), body, self.timeout)


@dataclass(frozen=True, slots=True)
class RegisterFault:
    """A fault of the registration. It is sent `times` times; `digits` asks for a key of digits alone.

    `verified` says that the token is right, so that the answer may differ from the uniform one. `foreign` is
    the kind of the foreign address that it names: without such an address the fault is not offered.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    apply: Callable[[Draft], Request]
    times: int = 1
    digits: bool = False
    verified: bool = False
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """A fault of one of the API's answers while the registration waits: at `edit` or at `credentials`.

    With `instead` the call is not carried out; else only its answer is lost or changed. `says` is a
    text of the answer that the user has to see. An answer that comes after `seconds` is a good one: how long a
    module waits is its own affair (A16), so one that waited for it may say yes.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    place: str
    answer: Callable[[Response], Answer]
    instead: bool = True
    says: str = ""
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """A fault of the configuration request: sent `times` times, by `method`."""

    name: str
    clause: str
    expected: Expected
    what: str
    method: str = "GET"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Callback:
    """An activity callback before it is written; `foreign` as in a `Draft`."""

    client_id: str
    system_url: str
    technical_url: str
    foreign: Mapping[str, str] = field(default_factory=dict)

    def fields(self, **changed: str | None) -> dict[str, str]:
        """retailcrm:activity.form. Return the fields, some changed; None drops one."""
        fields = {
            "clientId": self.client_id,
            "activity": '{"active":true,"freeze":false}',
            "systemUrl": self.system_url,
            **changed,
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ActivityFault:
    """A fault of the activity callback; `foreign` is the kind of the foreign address that it names, if any."""

    name: str
    clause: str
    expected: Expected
    what: str
    fields: Callable[[Callback], Mapping[str, str]]
    times: int = 1
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class VisitFault:
    """A fault of the user's way to the account: where the browser goes, and with which form, if any."""

    name: str
    clause: str
    expected: Expected
    what: str
    visit: Callable[[str, str], tuple[str, Mapping[str, str] | None]]


def multipart(fields: Mapping[str, str], boundary: str = "----------simulated") -> tuple[bytes, str]:
    """Return a multipart body and its content type, as the official PHP client of version 5 writes it."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"


def _as_multipart(draft: Draft) -> Request:
    return draft.post(*multipart({"register": draft.text()}))


def _twice(draft: Draft, name: str) -> Request:
    member = json.dumps({name: draft.members()[name]})[1:-1]
    return draft.request({"register": draft.text().replace("{", "{" + member + ",", 1)})


def _escaped(draft: Draft) -> Request:
    return draft.request({"register": draft.text(errorMsg=None, extra=1).replace("/", "\\/")})


_MISMATCH = Refuses("signature-mismatch")
_MISSING = Refuses("missing-parameter")
_EMPTY = Refuses("empty-parameter")
_TYPE = Refuses("wrong-type")
_MALFORMED = Refuses("malformed")
_NOT_ALLOWED = Refuses("not-allowed")
_WORKS = Survives("connected")


def _url(name: str, clause: str, expected: Expected, what: str, kind: str) -> RegisterFault:
    """Return the fault of a registration with a right token and a foreign system URL of this kind."""
    return RegisterFault(
        name, CLAUSE + clause, expected, what, lambda draft: draft.request(systemUrl=draft.foreign[kind]),
        verified=True, foreign=kind,
    )  # fmt: skip


def _own_url(name: str, clause: str, what: str, change: Callable[[Draft], str]) -> RegisterFault:
    """Return the fault, to be survived, of another spelling of the account's own address."""
    return RegisterFault(
        name, CLAUSE + clause, _WORKS, what, lambda d: d.request(systemUrl=change(d)), verified=True
    )


REGISTER_FAULTS: tuple[RegisterFault, ...] = (
    RegisterFault(
        "wrong-token", CLAUSE + "token.verify", _MISMATCH, "the last digit of the token is another",
        lambda d: d.request(token=d.token()[:-1] + ("1" if d.token()[-1] == "0" else "0")),
    ),
    RegisterFault(
        "wrong-secret", CLAUSE + "token.secret", _MISMATCH, "the token is made with another module's secret",
        lambda d: d.request(token=d.token(secret="another-module-secret")),
    ),
    RegisterFault(
        "empty-secret-token", CLAUSE + "token.empty-secret", _MISMATCH, "the token is made with an empty secret",
        lambda d: d.request(token=hmac.digest(b"", d.api_key.encode(), "sha256").hex()),
    ),
    RegisterFault(
        "swapped-token", CLAUSE + "token.message", _MISMATCH, "key and message of the HMAC are swapped",
        lambda d: d.request(token=d.token(api_key=d.secret, secret=d.api_key)),
    ),
    RegisterFault(
        "hashed-token", CLAUSE + "token.value", _MISMATCH, "a plain SHA-256 of secret and key instead of the HMAC",
        lambda d: d.request(token=hashlib.sha256((d.secret + d.api_key).encode()).hexdigest()),
    ),
    RegisterFault(
        "secret-with-newline", CLAUSE + "token.key", _MISMATCH, "a line end at the end of the secret was signed with",
        lambda d: d.request(token=d.token(secret=d.secret + "\n")),
    ),
    RegisterFault(
        "upper-case-token", CLAUSE + "token.digest", _MALFORMED, "the token in upper-case hex",
        lambda d: d.request(token=d.token().upper()),
    ),
    RegisterFault(
        "base64-token", CLAUSE + "token.digest", _MALFORMED, "the token in base64",
        lambda d: d.request(token=base64.b64encode(bytes.fromhex(d.token())).decode()),
    ),
    RegisterFault(
        "padded-token", CLAUSE + "token.digest", _MALFORMED, "a blank behind the token",
        lambda d: d.request(token=d.token() + " "),
    ),
    RegisterFault(
        "bracketed", CLAUSE + "register.encoding", _MISSING, "register[token], as the page writes it",
        lambda d: d.request({f"register[{name}]": value for name, value in d.members().items()}),
    ),
    RegisterFault(
        "json-body", CLAUSE + "register.encoding", Refuses("wrong-content-type"), "the body is JSON, not a form",
        lambda d: d.post(d.text().encode(), "application/json"),
    ),
    RegisterFault(
        "plain-text", CLAUSE + "register.encoding", _MALFORMED, "the field holds no JSON",
        lambda d: d.request({"register": "hello"}),
    ),
    RegisterFault(
        "multipart", CLAUSE + "register.encoding", _WORKS, "a multipart form, as some clients send", _as_multipart
    ),
    RegisterFault(
        "register-in-query", CLAUSE + "register.body-only", _MALFORMED, "register stands in the query",
        lambda d: d.post(b"", query=urlencode({"register": d.text()}, quote_via=quote)),
    ),
    RegisterFault(
        "register-twice", CLAUSE + "register.once", Refuses("duplicate-parameter"), "the form field twice",
        lambda d: d.request([("register", d.text())] * 2),
    ),
    RegisterFault(
        "too-large", CLAUSE + "register.size", Refuses("too-large"), "a form of more than 64 KiB",
        lambda d: d.request({"register": d.text(), "padding": "x" * 65_536}),
    ),
    RegisterFault(
        "number-as-token", CLAUSE + "register.members", _TYPE, "the token is a JSON number", lambda d: d.request(token=7)
    ),
    RegisterFault(
        "number-as-key", CLAUSE + "register.members", _TYPE, "the API key is a JSON number, and the token fits its digits",
        lambda d: d.request(apiKey=int(d.api_key)), digits=True,
    ),
    *(
        RegisterFault(
            f"missing-{name.lower()}", CLAUSE + "register.members", _MISSING, f"{name} is missing",
            lambda d, name=name: d.request(**{name: None}),  # type: ignore[misc]
        )
        for name in ("token", "apiKey", "systemUrl")
    ),
    RegisterFault(
        "empty-key", CLAUSE + "register.members", _EMPTY, "an empty API key, and the right token for it",
        lambda d: d.request(apiKey="", token=hmac.digest(d.secret.encode(), b"", "sha256").hex()),
    ),
    RegisterFault(
        "duplicate-json-key", CLAUSE + "register.json", Refuses("duplicate-parameter"), "systemUrl twice in the JSON",
        lambda d: _twice(d, "systemUrl"),
    ),
    RegisterFault(
        "other-case", CLAUSE + "register.json", _MISSING, "apikey instead of apiKey",
        lambda d: d.request(apiKey=None, apikey=d.api_key),
    ),
    RegisterFault(
        "unknown-members", CLAUSE + "register.json", _WORKS, "unknown members, and slashes escaped as PHP does", _escaped
    ),
    RegisterFault(
        "same-again", CLAUSE + "connection.repeat", _WORKS, "the same registration three times", lambda d: d.request(),
        times=3, verified=True,
    ),
    _url("foreign-host", "system-url.allowed", _NOT_ALLOWED, "a right token with a foreign host", "foreign"),
    _url("look-alike-host", "system-url.allowed", _NOT_ALLOWED, "an official domain as a prefix only", "look-alike"),
    _url("nested-host", "system-url.allowed", _NOT_ALLOWED, "two labels below an official domain", "nested"),
    _url("private-host", "system-url.allowed", _NOT_ALLOWED, "an address that is not public", "private"),
    _url("plain-http", "system-url.scheme", _NOT_ALLOWED, "http instead of https", "plain-http"),
    _url("written-port", "system-url.port", _NOT_ALLOWED, "another port", "port"),
    _url("default-port", "system-url.port", _NOT_ALLOWED, "the default port, written", "default-port"),
    RegisterFault(
        "user-info", CLAUSE + "system-url.parts", _MALFORMED, "the account's host as user info of a foreign one",
        lambda d: d.request(systemUrl=f"{d.system_url}@{d.foreign['foreign'].partition('://')[2]}"),
        verified=True, foreign="foreign",
    ),
    RegisterFault(
        "own-user-info", CLAUSE + "system-url.parts", _MALFORMED, "user info before the account's host",
        lambda d: d.request(systemUrl=d.system_url.replace("://", "://user@")), verified=True,
    ),
    RegisterFault(
        "with-path", CLAUSE + "system-url.path", _MALFORMED, "a path behind the account's host",
        lambda d: d.request(systemUrl=d.system_url + "/admin"), verified=True,
    ),
    RegisterFault(
        "another-account", CLAUSE + "connection.identity", Refuses("platform-error"), "a right token with another account's address",
        lambda d: d.request(systemUrl=d.foreign["another"]), verified=True, foreign="another",
    ),
    _own_url("trailing-slash", "system-url.path", "a slash behind the address", lambda d: d.system_url + "/"),
    _own_url("trailing-slashes", "system-url.path", "three slashes behind the address", lambda d: d.system_url + "///"),
    _own_url("upper-case-host", "system-url.canonical", "the address in upper case", lambda d: d.system_url.upper()),
    _own_url("technical-host", "system-url.technical", "the technical host of the account", lambda d: d.technical_url),
)  # fmt: skip


def _error(status: int, message: str, errors: Any = None) -> Callable[[Response], Answer]:
    more = {} if errors is None else {"errors": errors}
    return lambda response: json_response({"success": False, "errorMsg": message, **more}, status)


def _info_empty(response: Response) -> Answer:
    return json_response({"success": True, "info": []}, response.status)


_PLATFORM = Refuses("platform-error")
_UNREACHABLE = Refuses("unreachable")
_FUNDS = "Insufficient funds on the account"

ANSWER_FAULTS: tuple[AnswerFault, ...] = (
    AnswerFault("edit-400", CLAUSE + "answer.message", _PLATFORM, "edit answers 400 with the reason", "edit",
                _error(400, "Errors in the entity format", {"name": "This value should not be blank."}), says="Errors in the entity"),
    AnswerFault("edit-402", CLAUSE + "answer.message", _PLATFORM, "edit answers 402: no money on the account", "edit",
                _error(402, "Failed to activate module", [_FUNDS]), says="Failed to activate module"),
    AnswerFault("edit-403", CLAUSE + "edit.success", _PLATFORM, "edit answers 403", "edit", _error(403, "Access denied.")),
    AnswerFault("edit-404", CLAUSE + "edit.success", _PLATFORM, "edit answers 404", "edit", _error(404, "Account does not exist.")),
    AnswerFault("edit-429", CLAUSE + "edit.success", _PLATFORM, "edit answers 429", "edit", _error(429, "Too many requests")),
    AnswerFault("edit-503", CLAUSE + "edit.success", _PLATFORM, "edit answers 503", "edit", _error(503, "Service unavailable")),
    AnswerFault("edit-says-false", CLAUSE + "edit.success", _PLATFORM, "edit answers 200 with success false", "edit",
                _error(200, "Access denied.")),
    AnswerFault("edit-html", CLAUSE + "edit.success", Refuses("unexpected-answer"), "edit answers 200 with a page", "edit",
                lambda r: Response(200, (("content-type", "text/html"),), b"<p>Welcome</p>")),
    AnswerFault("edit-slow", CLAUSE + "answer.after-edit", _UNREACHABLE, "edit answers after 15 s", "edit",
                lambda r: Delayed(15, r), instead=False, seconds=15),
    AnswerFault("edit-dropped", CLAUSE + "answer.after-edit", _UNREACHABLE, "edit: connection closed, no answer", "edit",
                lambda r: Dropped()),
    AnswerFault("edit-lost", CLAUSE + "answer.after-edit", _UNREACHABLE, "edit is carried out and its answer lost", "edit",
                lambda r: Dropped(), instead=False),
    AnswerFault("edit-late", CLAUSE + "edit.during", _WORKS, "edit answers after 2 s", "edit", lambda r: Delayed(2, r), instead=False),
    AnswerFault("edit-200", CLAUSE + "edit.statuses", _WORKS, "edit answers 200 to a new module", "edit",
                lambda r: Response(200, r.headers, r.body), instead=False),
    AnswerFault("info-empty", CLAUSE + "edit.containers", _WORKS, "info is an empty array", "edit", _info_empty, instead=False),
    AnswerFault("key-without-rights", CLAUSE + "scopes.checked", _NOT_ALLOWED, "the key lacks a right that was asked for", "credentials",
                lambda r: json_response({"success": True, "scopes": ["integration_read"]})),
    AnswerFault("credentials-403", CLAUSE + "answer.after-edit", _PLATFORM, "the key is refused", "credentials",
                _error(403, 'Wrong "apiKey" value.')),
    AnswerFault("unreachable", CLAUSE + "answer.after-edit", _UNREACHABLE, "the CRM closes every connection", "every",
                lambda r: Dropped()),
)  # fmt: skip

CONFIG_FAULTS: tuple[ConfigFault, ...] = (
    ConfigFault("config-twice", CLAUSE + "config.answer", _WORKS, "the configuration is asked for twice", times=2),
    ConfigFault(
        "config-posted", CLAUSE + "config.other-methods", Refuses("wrong-method"), "the configuration is asked for by PUT",
        method="PUT",
    ),
)  # fmt: skip

_PRICE = json.dumps({
    "price": 100, "priceWithDiscount": 80, "billingType": "fixed",
    "currency": {"name": "Euro", "shortName": "EUR", "code": "EUR"},
})  # fmt: skip

ACTIVITY_FAULTS: tuple[ActivityFault, ...] = (
    ActivityFault("activity-unknown", CLAUSE + "activity.unknown", Refuses("unknown-installation"), "a clientId that nobody has",
                  lambda c: c.fields(clientId="0" * 40)),
    ActivityFault("activity-without-client", CLAUSE + "activity.unknown", _MISSING, "no clientId",
                  lambda c: c.fields(clientId=None)),
    ActivityFault("activity-foreign-host", CLAUSE + "activity.system-url", _NOT_ALLOWED, "the account moves to a foreign host",
                  lambda c: c.fields(systemUrl=c.foreign["foreign"]), foreign="foreign"),
    ActivityFault("activity-another-account", CLAUSE + "activity.system-url", _PLATFORM, "the account moves to another account's host",
                  lambda c: c.fields(systemUrl=c.foreign["another"]), foreign="another"),
    ActivityFault("activity-bracketed", CLAUSE + "activity.flags", _MISSING, "activity[active] in brackets",
                  lambda c: {**c.fields(activity=None), "activity[active]": "0", "activity[freeze]": "0"}),
    ActivityFault("activity-numbers", CLAUSE + "activity.flags", _TYPE, "flags as numbers",
                  lambda c: c.fields(activity='{"active":0,"freeze":0}')),
    ActivityFault("activity-half", CLAUSE + "activity.flags", _WORKS, "only freeze is said",
                  lambda c: c.fields(activity='{"freeze":false}')),
    ActivityFault("activity-billing", CLAUSE + "activity.answer", _WORKS, "with billingInfo, as newer callbacks have it",
                  lambda c: {**c.fields(), "billingInfo": _PRICE}),
    ActivityFault("activity-repeated", CLAUSE + "activity.answer", _WORKS, "the same callback twice", lambda c: c.fields(), times=2),
    ActivityFault("activity-off", CLAUSE + "activity.effect", Survives("off"), "the module is switched off",
                  lambda c: c.fields(activity='{"active":false,"freeze":false}')),
    ActivityFault("activity-frozen", CLAUSE + "activity.effect", Survives("off"), "the module is frozen",
                  lambda c: c.fields(activity='{"active":true,"freeze":true}')),
    ActivityFault("activity-on", CLAUSE + "activity.effect", _WORKS, "the module is switched on again", lambda c: c.fields()),
)  # fmt: skip

VISIT_FAULTS: tuple[VisitFault, ...] = (
    VisitFault("client-in-query", CLAUSE + "transition.body-only", _MISSING, "clientId in the query of a POST",
               lambda url, id: (f"{url}{'&' if '?' in url else '?'}clientId={quote(id)}", {})),
    VisitFault("unknown-client", CLAUSE + "transition.unknown", Refuses("unknown-installation"), "a clientId that nobody has",
               lambda url, id: (url, {"clientId": "0" * 40})),
    VisitFault("no-client", CLAUSE + "transition.unknown", _MISSING, "no clientId", lambda url, id: (url, {})),
)  # fmt: skip

ConnectFault: TypeAlias = RegisterFault | AnswerFault
CONNECT_FAULTS: tuple[ConnectFault, ...] = (*REGISTER_FAULTS, *ANSWER_FAULTS)
Fault: TypeAlias = RegisterFault | AnswerFault | ConfigFault | ActivityFault | VisitFault
_ALL: tuple[Fault, ...] = (
    *CONNECT_FAULTS, *CONFIG_FAULTS, *ACTIVITY_FAULTS, *VISIT_FAULTS,
)  # fmt: skip
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
