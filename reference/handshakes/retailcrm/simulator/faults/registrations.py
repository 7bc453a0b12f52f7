"""Faults of a registration: of its token, its form and its system URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ....core.messages import Request
from ....runtime.verdicts import Expected, Fault, Refuses, Survives
from ..drafts import Draft, multipart
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class RegisterFault(Fault):
    """A fault of the registration. It is sent `times` times; `digits` asks for a key of digits alone.

    `verified` says that the token is right, so that the answer may differ from the uniform one. `foreign` is
    the kind of the foreign address that it names: without such an address the fault is not offered.
    """

    apply: Callable[[Draft], Request]
    times: int = 1
    digits: bool = False
    verified: bool = False
    foreign: str = ""


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


def _form(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], Request], **more: Any
) -> RegisterFault:
    return RegisterFault(name, CLAUSE + clause, expected, what, apply, **more)


def _token(
    name: str, clause: str, expected: Expected, what: str, token: Callable[[Draft], str]
) -> RegisterFault:
    """Return the fault of a registration that has another token."""
    return _form(name, f"token.{clause}", expected, what, lambda d: d.request(token=token(d)))


def _url(name: str, clause: str, expected: Expected, what: str, kind: str) -> RegisterFault:
    """Return the fault of a registration with a right token and a foreign system URL of this kind."""
    return _form(
        name, clause, expected, what, lambda d: d.request(systemUrl=d.foreign[kind]), verified=True, foreign=kind
    )  # fmt: skip


def _own_url(name: str, clause: str, what: str, change: Callable[[Draft], str]) -> RegisterFault:
    """Return the fault, to be survived, of another spelling of the account's own address."""
    return _form(name, clause, _WORKS, what, lambda d: d.request(systemUrl=change(d)), verified=True)


def _without(name: str) -> RegisterFault:
    """Return the fault of a registration without one of its members."""
    called, what = f"missing-{name.lower()}", f"{name} is missing"
    return _form(called, "register.members", _MISSING, what, lambda d: d.request(**{name: None}))


REGISTER_FAULTS: tuple[RegisterFault, ...] = (
    _token("wrong-token", "verify", _MISMATCH, "the last digit of the token is another",
           lambda d: d.token()[:-1] + ("1" if d.token()[-1] == "0" else "0")),
    _token("wrong-secret", "secret", _MISMATCH, "the token is made with another module's secret",
           lambda d: d.token(secret="another-module-secret")),
    _token("empty-secret-token", "empty-secret", _MISMATCH, "the token is made with an empty secret",
           lambda d: hmac.digest(b"", d.api_key.encode(), "sha256").hex()),
    _token("swapped-token", "message", _MISMATCH, "key and message of the HMAC are swapped",
           lambda d: d.token(api_key=d.secret, secret=d.api_key)),
    _token("hashed-token", "value", _MISMATCH, "a plain SHA-256 of secret and key instead of the HMAC",
           lambda d: hashlib.sha256((d.secret + d.api_key).encode()).hexdigest()),
    _token("secret-with-newline", "key", _MISMATCH, "a line end at the end of the secret was signed with",
           lambda d: d.token(secret=d.secret + "\n")),
    _token("upper-case-token", "digest", _MALFORMED, "the token in upper-case hex", lambda d: d.token().upper()),
    _token("base64-token", "digest", _MALFORMED, "the token in base64", lambda d: base64.b64encode(bytes.fromhex(d.token())).decode()),
    _token("padded-token", "digest", _MALFORMED, "a blank after the token", lambda d: d.token() + " "),
    _form("bracketed", "register.encoding", _MISSING, "register[token], as the page writes it",
          lambda d: d.request({f"register[{name}]": value for name, value in d.members().items()})),
    _form("json-body", "register.encoding", Refuses("wrong-content-type"), "the body is JSON, not a form",
          lambda d: d.post(d.text().encode(), "application/json")),
    _form("plain-text", "register.encoding", _MALFORMED, "the field holds no JSON", lambda d: d.request({"register": "hello"})),
    _form("multipart", "register.encoding", _WORKS, "a multipart form, as some clients send", _as_multipart),
    # the query need not be looked at
    _form("register-in-query", "register.body-only", Refuses("malformed", "missing-parameter"), "register is in the query",
          lambda d: d.post(b"", query=urlencode({"register": d.text()}, quote_via=quote))),
    _form("register-twice", "register.once", Refuses("duplicate-parameter"), "the form field twice",
          lambda d: d.request([("register", d.text())] * 2)),
    _form("too-large", "register.size", Refuses("too-large"), "a form of more than 64 KiB",
          lambda d: d.request({"register": d.text(), "padding": "x" * 65_536})),
    _form("number-as-token", "register.members", _TYPE, "the token is a JSON number", lambda d: d.request(token=7)),
    _form("number-as-key", "register.members", _TYPE, "the API key is a JSON number, and the token fits its digits",
          lambda d: d.request(apiKey=int(d.api_key)), digits=True),
    _without("token"), _without("apiKey"), _without("systemUrl"),
    _form("empty-key", "register.members", _EMPTY, "an empty API key, and the right token for it",
          lambda d: d.request(apiKey="", token=hmac.digest(d.secret.encode(), b"", "sha256").hex())),
    _form("duplicate-json-key", "register.json", Refuses("duplicate-parameter"), "systemUrl twice in the JSON",
          lambda d: _twice(d, "systemUrl")),
    _form("other-case", "register.json", _MISSING, "apikey instead of apiKey", lambda d: d.request(apiKey=None, apikey=d.api_key)),
    _form("unknown-members", "register.json", _WORKS, "unknown members, and slashes escaped as PHP does", _escaped),
    _form("same-again", "connection.repeat", _WORKS, "the same registration three times", lambda d: d.request(), times=3, verified=True),
    _url("foreign-host", "system-url.allowed", _NOT_ALLOWED, "a right token with a foreign host", "foreign"),
    _url("look-alike-host", "system-url.allowed", _NOT_ALLOWED, "an official domain as a prefix only", "look-alike"),
    _url("nested-host", "system-url.allowed", _NOT_ALLOWED, "two labels below an official domain", "nested"),
    _url("private-host", "system-url.allowed", _NOT_ALLOWED, "an address that is not public", "private"),
    _url("plain-http", "system-url.scheme", _NOT_ALLOWED, "http instead of https", "plain-http"),
    _url("written-port", "system-url.port", _NOT_ALLOWED, "another port", "port"),
    _url("default-port", "system-url.port", _NOT_ALLOWED, "the default port, written", "default-port"),
    _form("user-info", "system-url.parts", _MALFORMED, "the account's host as user info of a foreign one",
          lambda d: d.request(systemUrl=f"{d.system_url}@{d.foreign['foreign'].partition('://')[2]}"), verified=True, foreign="foreign"),
    _form("own-user-info", "system-url.parts", _MALFORMED, "user info before the account's host",
          lambda d: d.request(systemUrl=d.system_url.replace("://", "://user@")), verified=True),
    _form("with-path", "system-url.path", _MALFORMED, "a path after the account's host",
          lambda d: d.request(systemUrl=d.system_url + "/admin"), verified=True),
    _url("another-account", "connection.identity", Refuses("platform-error"), "a right token with another account's address", "another"),
    _own_url("trailing-slash", "system-url.path", "a slash after the address", lambda d: d.system_url + "/"),
    _own_url("trailing-slashes", "system-url.path", "three slashes after the address", lambda d: d.system_url + "///"),
    _own_url("upper-case-host", "system-url.canonical", "the address in upper case", lambda d: d.system_url.upper()),
    _own_url("technical-host", "system-url.technical", "the technical host of the account", lambda d: d.technical_url),
)  # fmt: skip
