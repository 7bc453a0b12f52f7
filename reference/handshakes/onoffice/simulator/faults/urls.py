"""Faults of a signed URL: activation, service or webhook."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ....runtime.verdicts import Expected, Fault, Refuses, Survives
from ...signing import string_to_sign
from ..drafts import Draft
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class UrlFault(Fault):
    """A fault of a signed URL: activation, service or webhook. `verified` says that the signature is right.

    `apply` makes the URL; it is opened `times` times.
    """

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


_MISMATCH = Refuses("signature-mismatch")
_MALFORMED = Refuses("malformed")
_TWICE = Refuses("duplicate-parameter")
_MISSING = Refuses("missing-parameter")
_PLATFORM = Refuses("platform-error")
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
    _url("secret-with-newline", "url.key", _MISMATCH, "a line end after the secret was signed with",
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
    _url("other-scheme-signed", "url.scheme", _MISMATCH, "the other scheme is signed: https for http, or http for https", lambda d: _text(d, _other_scheme)),
    _url("upper-case-host-signed", "url.host", _MISMATCH, "the host is signed in upper case",
         lambda d: _text(d, lambda text: "/".join([*text.split("/")[:2], text.split("/")[2].upper(), *text.split("/")[3:]]))),
    _url("trailing-slash-signed", "url.path", _MISMATCH, "a slash after the path is signed",
         lambda d: _text(d, lambda text: text.replace("?", "/?", 1))),
    _url("query-signed", "url.base", _MISMATCH, "the query alone is signed", lambda d: d.signed_as("onoffice:url.base=query-only")),
    _url("own-parameters-unsigned", "url.signed-parameters", _MISMATCH, "the parameters of the provider's own URL are not signed",
         lambda d: d.signed_as("onoffice:url.own-parameters=left-out")),
    _url("parameter-added", "url.signed-parameters", _MISMATCH, "a parameter is added", lambda d: _in_front(d, "admin=1")),
    _url("parameter-changed", "url.verify", _MISMATCH, "another customer's web id",
         lambda d: d.url(d.with_(customerWebId=dict(d.pairs).get("customerWebId", "471") + "2"), d.digest())),
    _url("parameter-dropped", "url.verify", _MISMATCH, "the customer's name is missing",
         lambda d: d.url(d.with_(customerName=None), d.digest())),
    _url("doubled-before", "url.repeated", _TWICE, "another customer's web id before the genuine one",
         lambda d: _in_front(d, "customerWebId=4712")),
    _url("doubled-after", "url.repeated", _TWICE, "another customer's web id after the genuine one",
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
    _url("from-the-future", "url.tolerance", Refuses("from-the-future"), "made 121 s ahead", lambda d: _at(d, d.now + 121), verified=True, exact=True),
    _url("just-in-time", "url.tolerance", _WORKS, "made 300 s ago", lambda d: _at(d, d.now - 300), verified=True, exact=True),
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
