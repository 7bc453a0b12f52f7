"""What Fortis does wrong on request: every fault has a name, a clause and an expected end.

A fault ends either in a refusal with one reason, or is survived with a stated final state. A fault
changes one thing only; a test shows that the same launch or postback without it is accepted.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from ...core.messages import Answer, Delayed, Dropped, Request, Response, json_response
from ...runtime.verdicts import Expected, Refuses, Survives
from .. import readings
from ..rules.encrypted import BLOCK, MAGIC
from ..signing import launch_hmac
from .drafts import Draft
from .tampering import ecb_data, flipped, opened, padded_as, with_padding

CLAUSE = "fortis:"
UNKNOWN_USER = "11e7a84525008da896ffffff"
"""A user id that no postback ever named."""


@dataclass(frozen=True, slots=True)
class LaunchFault:
    """A fault of a launch, in one mode or (`""`) in both. `token` says whose log-in token it carries.

    `token`: `own`, `another`, `expired`, `unknown`, or `none`. The address is opened `times` times. `foreign`
    is the kind of the foreign address that it names: without such an address the fault is not offered.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    mode: str
    apply: Callable[[Draft], str]
    token: str = "own"
    times: int = 1
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """A fault of the answer to `users/me` while the app is opened.

    An answer that comes after `seconds` is a good one: an app that waits so long may open.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    answer: Callable[[Response], Answer]
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class PostbackFault:
    """A fault of a registration postback: what is sent in place of the one genuine request.

    `kind` is `location` or `user`; `values` replaces some of the record's, put in as they are where `raw`.
    With `before` it is registered already when the fault comes.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    kind: str
    apply: Callable[[Request], list[Request]]
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: bool = False
    before: bool = False


@dataclass(frozen=True, slots=True)
class OAuthFault:
    """A fault on the way of OAuth: of what comes back with the browser, or of the token endpoint's answer.

    `foreign` is the kind of the foreign address that it names, and `leads` the answer that leads there.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    callback: Callable[[dict[str, str]], dict[str, str]] = dict
    answer: Callable[[Response], Answer] | None = None
    times: int = 1
    user: str = "own"
    foreign: str = ""
    leads: Callable[[str], Callable[[Response], Answer]] | None = None


_MALFORMED = Refuses("malformed")
_MISMATCH = Refuses("signature-mismatch")
_MISSING = Refuses("missing-parameter")
_TYPE = Refuses("wrong-type")
_TWICE = Refuses("duplicate-parameter")
_FAILED = Refuses("decryption-failed")
_OPENED = Survives("opened")
_ONLY = Survives("location-only")


def _encrypted(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str], **more: str
) -> LaunchFault:
    return LaunchFault(name, CLAUSE + clause, expected, what, "encrypted", apply, **more)  # type: ignore[arg-type]


def _plain(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str], **more: str
) -> LaunchFault:
    return LaunchFault(name, CLAUSE + clause, expected, what, "plain", apply, **more)  # type: ignore[arg-type]


def _both(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str],
    whose: str = "own", times: int = 1, foreign: str = "",
) -> LaunchFault:  # fmt: skip
    return LaunchFault(name, CLAUSE + clause, expected, what, "", apply, whose, times, foreign)


def _bytes(draft: Draft) -> bytes:
    return base64.b64decode(draft.data())


def _of_bytes(draft: Draft, raw: bytes) -> str:
    return draft.with_data(base64.b64encode(raw).decode())


def _with_plus(draft: Draft) -> str:
    """Return an address whose data holds a plus sign that is not escaped."""
    for salt in range(256):
        data = replace(draft, salt=bytes([salt]) * 8).data()
        if "+" in data:
            return draft.with_data(data, escaped=False)
    raise AssertionError("a text of this length always has one")


def _odd_text(draft: Draft, change: Callable[[str], str]) -> str:
    """Return an address whose base64 text is another one than the canonical, for a text that ends in `=`."""
    for more in range(BLOCK * 3):
        data = draft.data(contact_api_id="x" * (more + 1))
        if data.endswith("="):
            return draft.with_data(change(data))
    raise AssertionError("one length in three ends so")


def _loose_bits(data: str) -> str:
    """Return a base64 text with an unused bit set: other characters, the same bytes."""
    body = data.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + data[len(body) :]


def _twice_in_json(draft: Draft) -> str:
    text = draft.text()
    return draft.of_text(f'{{"location_id":"{draft.another.locations[0]}","filler":"x",' + text[1:])


def _hidden(draft: Draft, name: str, value: str) -> str:
    """Return an address in which a value stands as `value`, in either mode."""
    if draft.app.encrypt_url_params:
        return draft.of_text(draft.text(**{name: value}))
    return draft.plain(**{name: value})


def _doubled(draft: Draft, name: str, value: str) -> str:
    return f"{draft.plain()}&{name}={value}"


def _without(url: str, name: str) -> str:
    base, _, query = url.partition("?")
    return f"{base}?" + "&".join(p for p in query.split("&") if not p.startswith(f"{name}="))


def _shifted(draft: Draft) -> str:
    """Move the boundary between id and time by a digit; the signed text stays."""
    location, time = draft.location.id, str(draft.second)
    made = launch_hmac(location, time, secret=draft.app.secret)
    return draft.plain(location_id=location + time[0], timestamp=time[1:], hmac=made)


def _in_plain(draft: Draft) -> str:
    return replace(draft, app=replace(draft.app, encrypt_url_params=False)).url()


def _in_data(draft: Draft) -> str:
    app = replace(draft.app, encrypt_url_params=True, iframe_url=draft.app.iframe_url.partition("?")[0])
    return replace(draft, app=app).url()


def _oauth_url(name: str, clause: str, what: str, kind: str) -> LaunchFault:
    """Return the fault of a launch whose `user_oauth_url` is a foreign address of this kind."""
    return _both(
        name, clause, _OPENED, what, lambda d: d.url(user_oauth_url=d.settings.traps[kind]), foreign=kind
    )


LAUNCH_FAULTS: tuple[LaunchFault, ...] = (
    # the other kind
    _encrypted("plain-launch", "launch.mode", Refuses("not-allowed"), "a plain launch with a right hmac", _in_plain),
    _plain("encrypted-launch", "launch.mode", Refuses("not-allowed"), "an encrypted launch with the right secret", _in_data),
    # encrypted: the secret
    _encrypted("wrong-secret", "encrypted.format", _FAILED, "encrypted with another secret",
               lambda d: d.with_data(d.data(secret="another-app-secret"))),
    _encrypted("secret-with-newline", "secret.bytes", _FAILED, "the secret with a line end behind it",
               lambda d: d.with_data(d.data(secret=d.app.secret + "\n"))),
    _encrypted("empty-secret", "secret.empty", _FAILED, "encrypted with an empty secret",
               lambda d: d.with_data(with_padding(d.text().encode(), b"", d.salt))),
    _encrypted("sha256-derivation", "encrypted.derivation", _FAILED, "key and IV by SHA-256, OpenSSL's default",
               lambda d: d.with_data(d.data(readings=readings.of("fortis:encrypted.derivation=sha256")))),
    _encrypted("ecb-mode", "encrypted.cipher", _FAILED, "AES-256 in ECB mode",
               lambda d: d.with_data(ecb_data(d.text().encode(), d.app.secret, d.salt))),
    # encrypted: the text
    _encrypted("no-data", "encrypted.data", _MISSING, "no data at all", lambda d: d.app.iframe_url.partition("?")[0]),
    _encrypted("empty-data", "encrypted.data", Refuses("empty-parameter"), "an empty data", lambda d: d.with_data("")),
    _encrypted("data-twice", "launch.repeated", _TWICE, "data twice",
               lambda d: f"{d.url()}&data={quote(d.data(contact_id=None), safe='')}"),
    _encrypted("too-large", "launch.size", Refuses("too-large"), "data of more than 8192 characters",
               lambda d: d.url(contact_api_id="x" * 6_200)),
    _encrypted("plus-as-blank", "encrypted.base64", _MALFORMED, "a plus sign that is not percent-encoded", _with_plus),
    _encrypted("no-base64-padding", "encrypted.base64", _MALFORMED, "without the equals signs",
               lambda d: _odd_text(d, lambda data: data.rstrip("="))),
    _encrypted("url-safe-base64", "encrypted.base64", _MALFORMED, "hyphen and underscore in place of plus and slash",
               lambda d: d.with_data(_some_url_safe(d))),
    _encrypted("encoded-twice", "encrypted.base64", _MALFORMED, "percent-encoded twice",
               lambda d: d.with_data(quote(_with_marks(d), safe=""))),
    _encrypted("line-breaks", "encrypted.base64", _MALFORMED, "base64 in lines of 64",
               lambda d: d.with_data("\n".join(d.data()[i : i + 64] for i in range(0, len(d.data()), 64)))),
    _encrypted("unused-bits", "encrypted.base64", _MALFORMED, "another text for the same bytes",
               lambda d: _odd_text(d, _loose_bits)),
    _encrypted("hex-data", "encrypted.header", _MALFORMED, "hex digits in place of base64", lambda d: d.with_data(_bytes(d).hex())),
    _encrypted("wrong-header", "encrypted.header", _MALFORMED, "Xalted__ in place of Salted__",
               lambda d: _of_bytes(d, b"X" + _bytes(d)[1:])),
    _encrypted("no-header", "encrypted.header", _MALFORMED, "without the header, as openssl enc -S writes it",
               lambda d: _of_bytes(d, _bytes(d)[16:])),
    _encrypted("header-alone", "encrypted.length", _MALFORMED, "header and salt, and nothing behind them",
               lambda d: _of_bytes(d, _bytes(d)[:16])),
    _encrypted("cut-header", "encrypted.length", _MALFORMED, "cut within the salt", lambda d: _of_bytes(d, _bytes(d)[:12])),
    _encrypted("cut-byte", "encrypted.length", _MALFORMED, "the last byte is cut off", lambda d: _of_bytes(d, _bytes(d)[:-1])),
    _encrypted("cut-block", "encrypted.padding", _FAILED, "the last block is cut off", lambda d: _of_bytes(d, _bytes(d)[:-16])),
    _encrypted("flipped-salt", "encrypted.padding", _FAILED, "a bit of the salt is another",
               lambda d: _of_bytes(d, flipped(_bytes(d), len(MAGIC)))),
    _encrypted("flipped-padding", "encrypted.padding", _FAILED, "a bit in the last block but one is another",
               lambda d: _of_bytes(d, flipped(_bytes(d), -17))),
    _encrypted("loose-padding", "encrypted.padding", _FAILED, "the last byte is right, another of the padding is not",
               lambda d: d.with_data(padded_as(d, "loose"))),
    _encrypted("zero-padding", "encrypted.padding", _FAILED, "zeros in place of PKCS#7", lambda d: d.with_data(padded_as(d, "zeros"))),
    _encrypted("long-padding", "encrypted.padding", _FAILED, "a padding of 24 bytes", lambda d: d.with_data(padded_as(d, "long"))),
    _encrypted("flipped-block", "encrypted.text", _FAILED, "a bit of the first block is another: garbage with right padding",
               lambda d: _of_bytes(d, _garbled(d))),
    _encrypted("latin-1", "encrypted.text", _FAILED, "the text in Latin-1",
               lambda d: d.of_text(d.text(contact_api_id="Müller").encode("latin-1"))),
    # encrypted: the object
    _encrypted("byte-order-mark", "encrypted.json", _MALFORMED, "a byte order mark before the object",
               lambda d: d.of_text("\ufeff" + d.text())),
    _encrypted("nul-behind", "encrypted.json", _MALFORMED, "NUL bytes behind the object", lambda d: d.of_text(d.text() + "\0\0")),
    _encrypted("nan", "encrypted.json", _MALFORMED, "NaN as a value", lambda d: d.of_text(d.text()[:-1] + ',"x":NaN}')),
    _encrypted("lone-surrogate", "encrypted.json", _MALFORMED, "half a surrogate pair, escaped",
               lambda d: d.of_text(d.text()[:-1] + ',"x":"\\ud800"}')),
    _encrypted("empty-text", "encrypted.json", _MALFORMED, "an empty text", lambda d: d.of_text("")),
    _encrypted("query-text", "encrypted.json", _MALFORMED, "a query string in place of JSON",
               lambda d: d.of_text("&".join(f"{k}={v}" for k, v in d.values().items()))),
    _encrypted("deep-json", "encrypted.json", Refuses("too-large"), "a value nested 2000 deep",
               lambda d: d.of_text(d.text()[:-1] + ',"x":' + "[" * 2_000 + "]" * 2_000 + "}")),
    _encrypted("json-array", "encrypted.json", _TYPE, "an array around the object", lambda d: d.of_text(f"[{d.text()}]")),
    _encrypted("duplicate-json-key", "encrypted.duplicate-keys", _TWICE, "location_id twice, as a forger needs it (S03)",
               _twice_in_json),
    _encrypted("token-underscore", "encrypted.names", _ONLY, "access_token in place of access-token",
               lambda d: d.of_text(d.text().replace('"access-token"', '"access_token"'))),
    _encrypted("true-as-user", "encrypted.integers", _TYPE, "user_id is true",
               lambda d: d.of_text(d.text(user_id=True))),
    _encrypted("float-as-user", "encrypted.integers", _TYPE, "user_id with a fraction", lambda d: d.of_text(d.text(user_id=1.5))),
    _encrypted("list-as-location", "encrypted.integers", _TYPE, "location_id in a list",
               lambda d: d.of_text(d.text(location_id=[d.location.id]))),
    _encrypted("missing-location", "encrypted.required", _MISSING, "no location_id", lambda d: d.url(location_id=None)),
    _encrypted("missing-user", "encrypted.required", _MISSING, "no user_id", lambda d: d.url(user_id=None)),
    _encrypted("user-swapped", "encrypted.coverage", Refuses("identity-mismatch"), "another user_id in the plaintext",
               lambda d: d.url(user_id=UNKNOWN_USER)),
    _encrypted("beside-data", "encrypted.alone", _OPENED, "other parameters beside data",
               lambda d: f"{d.url()}&user_id={d.another.id}&timestamp=1&hmac=0&location_id={d.another.locations[0]}"),
    _encrypted("escaped-json", "encrypted.json", _OPENED, "slashes escaped, as PHP writes them, and blanks",
               lambda d: d.of_text(d.text(contact_api_id="Müller").replace("/", "\\/").replace(",", ", ").replace("ü", "\\u00fc"))),
    _encrypted("unknown-members", "encrypted.names", _OPENED, "members that no page names",
               lambda d: d.of_text(d.text()[:-1] + ',"timestamp":1,"roles":["a"]}')),
    _encrypted("null-contact", "launch.absent", _OPENED, "null for what there is not",
               lambda d: d.of_text(d.text(contact_id=None, contact_api_id=None))),
    # plain: the hmac
    _plain("wrong-hmac-secret", "plain.hmac", _MISMATCH, "the hmac under another secret", lambda d: d.plain(secret="another-app-secret")),
    _plain("hmac-with-newline", "secret.bytes", _MISMATCH, "the secret with a line end behind it",
           lambda d: d.plain(secret=d.app.secret + "\n")),
    _plain("hmac-of-nothing", "secret.empty", _MISMATCH, "the hmac under an empty secret",
           lambda d: d.plain(hmac=_mac(b"", d.location.id + str(d.second)))),
    _plain("changed-hmac", "plain.verify", _MISMATCH, "the last digit of the hmac is another",
           lambda d: d.plain(hmac=_other_end(launch_hmac(d.location.id, str(d.second), secret=d.app.secret)))),
    _plain("swapped-order", "plain.message", _MISMATCH, "timestamp before location_id in the signed text",
           lambda d: d.plain(hmac=launch_hmac(str(d.second), d.location.id, secret=d.app.secret))),
    _plain("hashed", "plain.hmac", _MISMATCH, "a plain SHA-256 in place of the HMAC",
           lambda d: d.plain(hmac=sha256(f"{d.app.secret}{d.location.id}{d.second}".encode()).hexdigest())),
    _plain("other-case-location", "plain.as-received", _MISMATCH, "location_id in upper case, signed in lower",
           lambda d: d.plain(location_id=d.location.id.upper(), signed=d.location.id)),
    _plain("upper-case-hmac", "plain.hmac-case", _MALFORMED, "the hmac in upper case",
           lambda d: d.plain(hmac=launch_hmac(d.location.id, str(d.second), secret=d.app.secret).upper())),
    _plain("missing-hmac", "plain.missing", _MISSING, "no hmac", lambda d: _without(d.plain(), "hmac")),
    _plain("missing-timestamp", "plain.missing", _MISSING, "no timestamp", lambda d: _without(d.plain(), "timestamp")),
    _plain("missing-plain-location", "plain.missing", _MISSING, "no location_id", lambda d: _without(d.plain(), "location_id")),
    _plain("shifted", "plain.timestamp", _MALFORMED, "a digit moves from the time to the id; the signed text stays", _shifted),
    _plain("location-doubled", "launch.repeated", _TWICE, "a second location_id behind the signed one",
           lambda d: _doubled(d, "location_id", d.another.locations[0])),
    _plain("user-doubled", "launch.repeated", _TWICE, "a second user_id", lambda d: _doubled(d, "user_id", d.another.id)),
    # plain: the time
    _plain("stale", "plain.tolerance", Refuses("stale"), "301 seconds old", lambda d: d.plain(timestamp=str(d.now - 301))),
    _plain("future", "plain.tolerance", Refuses("from-the-future"), "61 seconds ahead", lambda d: d.plain(timestamp=str(d.now + 61))),
    _plain("milliseconds", "plain.timestamp", Refuses("timestamp-in-milliseconds"), "the time in milliseconds",
           lambda d: d.plain(timestamp=f"{d.second}000")),
    _plain("word-as-time", "plain.timestamp", _MALFORMED, "a time that is no number", lambda d: d.plain(timestamp="yesterday!")),
    _plain("slow-clock", "plain.tolerance", _OPENED, "exactly 300 seconds old", lambda d: d.plain(timestamp=str(d.now - 300))),
    _plain("fast-clock", "plain.tolerance", _OPENED, "exactly 60 seconds ahead", lambda d: d.plain(timestamp=str(d.now + 60))),
    _plain("user-replaced", "plain.coverage", Refuses("identity-mismatch"), "another user_id behind a right hmac",
           lambda d: d.plain(user_id=UNKNOWN_USER)),
    # both
    _both("short-location", "launch.location-id", _MALFORMED, "a location id of 8 characters, as in the page's sample",
          lambda d: d.url(location_id="zzzzzzzz")),
    _both("word-location", "launch.location-id", _MALFORMED, "a location id of letters that are no hex digits",
          lambda d: d.url(location_id="g" * 24)),
    _both("empty-contact", "launch.absent", _OPENED, "an empty text for what there is not",
          lambda d: _hidden(d, "contact_id", "")),
    _both("unfilled-token", "launch.absent", _ONLY, "the placeholder in place of the token",
          lambda d: _hidden(d, "access_token", "{{access-token}}")),
    _both("no-token", "identity.without-token", _ONLY, "no token: the user has none from logging in", lambda d: d.url(), "none"),
    _both("token-of-another", "identity.mismatch", Refuses("identity-mismatch"), "the token of another user", lambda d: d.url(), "another"),
    _both("token-expired", "token.expired", Refuses("platform-error"), "a token that has ended", lambda d: d.url(), "expired"),
    _both("token-unknown", "token.expired", Refuses("platform-error"), "a token that nobody was given", lambda d: d.url(), "unknown"),
    _both("replayed", "launch.once", Refuses("replayed"), "the same address twice, in two browsers", lambda d: d.url(), times=2),
    _oauth_url("foreign-oauth-url", "oauth.url", "user_oauth_url on a foreign host", "foreign"),
    _oauth_url("look-alike-oauth-url", "oauth.url", "user_oauth_url that begins like the API's host", "look-alike"),
    _oauth_url("private-oauth-url", "oauth.url", "user_oauth_url at an address that is not public", "private"),
    _oauth_url("http-oauth-url", "oauth.url-form", "user_oauth_url over plain http", "plain-http"),
    _oauth_url("port-oauth-url", "oauth.url-form", "user_oauth_url with another port", "port"),
    _both("user-info-oauth-url", "oauth.url-form", _OPENED, "user_oauth_url with user info",
          lambda d: d.url(user_oauth_url=d.settings.api_origin.replace("://", "://user@"))),
    _both("slash-oauth-url", "oauth.url-form", _OPENED, "user_oauth_url with a slash behind it",
          lambda d: d.url(user_oauth_url=d.settings.api_origin + "/")),
    _both("v2-oauth-url", "oauth.url-form", _OPENED, "user_oauth_url with the path /v2",
          lambda d: d.url(user_oauth_url=d.settings.api_origin + "/v2")),
)  # fmt: skip


def _mac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _other_end(digits: str) -> str:
    return digits[:-1] + ("1" if digits[-1] == "0" else "0")


def _with_marks(draft: Draft) -> str:
    """Return a value of data that has to be percent-encoded somewhere."""
    return unquote(_with_plus(draft).partition("data=")[2])


def _some_url_safe(draft: Draft) -> str:
    return _with_marks(draft).replace("+", "-").replace("/", "_")


def _garbled(draft: Draft) -> bytes:
    """Return bytes whose first block decrypts to something that is not UTF-8."""
    for place in range(16, 32):
        raw = flipped(_bytes(draft), place)
        try:
            opened(raw, draft.app.secret).decode()
        except UnicodeDecodeError:
            return raw
    raise AssertionError("a random block of 16 bytes is hardly ever UTF-8, and never 16 times")


def _says(status: int) -> Callable[[Response], Answer]:
    return lambda response: json_response({"message": "error"}, status)


def _another_me(response: Response) -> Answer:
    return json_response({"user": {"id": "11e7a84525008da8960b0000"}})


_PLATFORM = Refuses("platform-error")
_NO_ANSWER = Refuses("unreachable")
_ODD = Refuses("unexpected-answer")

ANSWER_FAULTS: tuple[AnswerFault, ...] = (
    AnswerFault("me-401", CLAUSE + "token.expired", _PLATFORM, "users/me answers 401", _says(401)),
    AnswerFault("me-403", CLAUSE + "identity.unavailable", _PLATFORM, "users/me answers 403", _says(403)),
    AnswerFault("me-500", CLAUSE + "identity.unavailable", _PLATFORM, "users/me answers 500", _says(500)),
    AnswerFault("me-another", CLAUSE + "identity.mismatch", Refuses("identity-mismatch"), "users/me answers another user", _another_me),
    AnswerFault("me-page", CLAUSE + "identity.unavailable", _ODD, "users/me answers a page",
                lambda r: Response(200, (("content-type", "text/html"),), b"<p>Welcome</p>")),
    AnswerFault("me-without-user", CLAUSE + "identity.unavailable", _ODD, "users/me answers without a user",
                lambda r: json_response({"users": []})),
    AnswerFault("me-slow", CLAUSE + "identity.unavailable", _NO_ANSWER, "users/me answers after 15 s", lambda r: Delayed(15, r), 15),
    AnswerFault("me-dropped", CLAUSE + "identity.unavailable", _NO_ANSWER, "users/me: connection closed, no answer", lambda r: Dropped()),
    AnswerFault("me-late", CLAUSE + "identity.users-me", _OPENED, "users/me answers after 2 s", lambda r: Delayed(2, r)),
)  # fmt: skip


def _without_key(request: Request) -> list[Request]:
    return [replace(request, target=_without(request.target, "key"))]


def _with_key(key: str) -> Callable[[Request], list[Request]]:
    return lambda r: [replace(r, target=f"{_without(r.target, 'key')}&key={key}")]


def _changed(name: str, value: str | None) -> Callable[[Request], list[Request]]:
    def apply(request: Request) -> list[Request]:
        target = _without(request.target, name)
        return [replace(request, target=target if value is None else f"{target}&{name}={value}")]

    return apply


def _with_body(request: Request) -> list[Request]:
    """The body that the sibling postbacks have; it names another location."""
    body = (
        b"type=CREATE&resource=location&number_of_attempts=1&location_id=22ea858313aabde4bd2eb0fa&data=%7B%7D"
    )
    return [replace(request, headers=(("content-type", "application/x-www-form-urlencoded"),), body=body)]


def _deleted(request: Request) -> Request:
    return replace(request, method="DELETE")


_CLAIMED = Survives("registered")
_GONE = Survives("unregistered")

POSTBACK_FAULTS: tuple[PostbackFault, ...] = (
    PostbackFault("postback-repeated", CLAUSE + "postback.idempotent", _CLAIMED, "the same POST three times", "location", lambda r: [r] * 3),
    PostbackFault("user-repeated", CLAUSE + "postback.idempotent", _CLAIMED, "the same POST of a user twice", "user", lambda r: [r] * 2),
    PostbackFault("delete-unknown", CLAUSE + "postback.idempotent", _GONE, "a DELETE of what was never registered", "location",
                  lambda r: [_deleted(r)]),
    PostbackFault("delete-repeated", CLAUSE + "postback.idempotent", _GONE, "registered, then DELETE twice", "user",
                  lambda r: [r, _deleted(r), _deleted(r)]),
    PostbackFault("postback-swapped", CLAUSE + "postback.order", _CLAIMED, "DELETE overtakes POST", "location",
                  lambda r: [_deleted(r), r]),
    PostbackFault("postback-lost", CLAUSE + "postback.order", _GONE, "the POST is lost", "location", lambda r: []),
    PostbackFault("postback-with-body", CLAUSE + "postback.body-ignored", _CLAIMED, "a body, as the sibling postbacks have", "location",
                  _with_body),
    PostbackFault("postback-huge-body", CLAUSE + "postback.body-ignored", Refuses("too-large"), "a body of 100 kB", "location",
                  lambda r: [replace(r, body=b"x" * 100_000)]),
    PostbackFault("postback-without-key", CLAUSE + "postback.key", _MISSING, "without the static key", "location", _without_key),
    PostbackFault("postback-wrong-key", CLAUSE + "postback.key", Refuses("wrong-key"), "with another static key", "location",
                  _with_key("another-postback-key")),
    PostbackFault("delete-without-key", CLAUSE + "postback.key", _MISSING, "a DELETE without the static key", "location",
                  lambda r: _without_key(_deleted(r)), before=True),
    PostbackFault("location-missing", CLAUSE + "postback.required", _MISSING, "no location_id", "location", _changed("location_id", None)),
    PostbackFault("location-unfilled", CLAUSE + "postback.required", _MALFORMED, "the placeholder in place of the id", "location",
                  _changed("location_id", "%7B%7Blocation.id%7D%7D")),
    PostbackFault("location-no-id", CLAUSE + "postback.required", _MALFORMED, "a location id that is none", "location",
                  _changed("location_id", "x")),
    PostbackFault("user-missing", CLAUSE + "postback.required", _MISSING, "no user_id", "user", _changed("user_id", None)),
    PostbackFault("raw-injection", CLAUSE + "postback.once", _TWICE, "a raw value brings a second location_id along", "location",
                  lambda r: [r], values={"location_api_id": "A&B=1&location_id=22ea858313aabde4bd2eb0fa"}, raw=True),
    PostbackFault("raw-user-injection", CLAUSE + "postback.once", _TWICE, "a raw user name brings a second user_id along", "user",
                  lambda r: [r], values={"username": "x&user_id=11e7a84525008da8960b0000"}, raw=True),
    PostbackFault("raw-fragment", CLAUSE + "postback.key", _MISSING, "a raw value with # cuts the rest off, the key too", "location",
                  lambda r: [r], values={"location_api_id": "ends in _@#$%"}, raw=True),
    PostbackFault("odd-values", CLAUSE + "postback.query", _CLAIMED, "values with every special character, percent-encoded", "user",
                  lambda r: [r], values={"username": "a&b=c#d+e f%25{{user.id}}/?;é"}),
    PostbackFault("postback-put", CLAUSE + "postback.other-methods", Refuses("wrong-method"), "PUT in place of POST", "location",
                  lambda r: [replace(r, method="PUT")]),
)  # fmt: skip


def _state(change: Callable[[str], str]) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda values: {**values, "state": change(values["state"])}


def _led_to(origin: str) -> Callable[[Response], Answer]:
    return lambda response: Response(307, (("location", f"{origin}/oauth/token"),))


_STATE = Refuses("wrong-state")

OAUTH_FAULTS: tuple[OAuthFault, ...] = (
    OAuthFault("state-changed", CLAUSE + "oauth.state", _STATE, "another state comes back", _state(lambda s: _other_end(s))),
    OAuthFault("state-missing", CLAUSE + "oauth.state", _STATE, "no state comes back",
               lambda v: {name: text for name, text in v.items() if name != "state"}),
    OAuthFault("consent-denied", CLAUSE + "oauth.endpoints", _PLATFORM, "the user denies",
               lambda v: {"error": "access_denied", "state": v["state"]}),
    OAuthFault("wrong-code", CLAUSE + "oauth.endpoints", _PLATFORM, "a code that nobody was given",
               lambda v: {**v, "code": "0" * 40}),
    OAuthFault("callback-twice", CLAUSE + "oauth.state", _STATE, "the same callback twice", times=2),
    OAuthFault("consent-of-another", CLAUSE + "identity.mismatch", Refuses("identity-mismatch"), "another user consents", user="another"),
    OAuthFault("token-redirects", CLAUSE + "oauth.redirects", _PLATFORM, "the token endpoint redirects to a foreign host",
               foreign="foreign", leads=_led_to),
    OAuthFault("token-error", CLAUSE + "oauth.endpoints", _PLATFORM, "the token endpoint answers invalid_grant",
               answer=lambda r: json_response({"error": "invalid_grant"}, 400)),
    OAuthFault("token-without-lifetime", CLAUSE + "oauth.endpoints", _ODD, "the token answer names no lifetime",
               answer=lambda r: json_response({"access_token": "x" * 40, "token_type": "Bearer", "refresh_token": "y"})),
    OAuthFault("token-dropped", CLAUSE + "oauth.endpoints", _NO_ANSWER, "the token endpoint closes the connection",
               answer=lambda r: Dropped()),
)  # fmt: skip

OpeningFault: TypeAlias = LaunchFault | AnswerFault
Fault: TypeAlias = LaunchFault | AnswerFault | PostbackFault | OAuthFault
_ALL: tuple[Fault, ...] = (*LAUNCH_FAULTS, *ANSWER_FAULTS, *POSTBACK_FAULTS, *OAUTH_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""


def opening_faults(mode: str) -> tuple[OpeningFault, ...]:
    """Return the faults of opening an app of this mode."""
    return (*(fault for fault in LAUNCH_FAULTS if fault.mode in ("", mode)), *ANSWER_FAULTS)
