"""What OfficeRnD does wrong on request: every fault has a name, a clause and an expected end.

A fault ends either in a refusal with one reason, or is survived with a stated final state. Some must
be survived, since real traffic has them. A fault changes one thing only; a test shows that the same
request without it is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import quote

from ...core.messages import Answer, Delayed, Dropped, Request, Response, json_response, split_url
from ...runtime.verdicts import Expected, Refuses, Survives
from .. import readings
from ..signing import sign_query, sign_webhook
from .records import Grant

CLAUSE = "officernd:"


Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A page request before it is signed: the page's URL, the decoded pairs, both secrets, the time."""

    url: str
    pairs: tuple[Pair, ...]
    secret: str
    client_secret: str
    timestamp: int

    def sign(self, pairs: Sequence[Pair] | None = None, **changed: object) -> str:
        """Return the signature's value for the pairs, with `secret`, `timestamp` or `readings` changed."""
        settings = {"secret": self.secret, "timestamp": self.timestamp, **changed}
        return sign_query(self.pairs if pairs is None else pairs, **settings)  # type: ignore[arg-type]

    def request(self, pairs: Sequence[Pair], *signatures: str, method: str = "GET") -> Request:
        """Return the request that carries the pairs and the signatures, percent-encoded."""
        sent = [*pairs, *(("signature", signature) for signature in signatures)]
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sent)
        origin, target = split_url(self.url)
        return Request(method, origin, f"{target}{'&' if '?' in target else '?'}{query}")


@dataclass(frozen=True, slots=True)
class PageFault:
    """A fault of a signed page request (health check, configuration, sync).

    It is sent `times` times, after the organisation was given the slug `renames`, if any.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    apply: Callable[[Draft], Request]
    times: int = 1
    renames: str = ""


@dataclass(frozen=True, slots=True)
class ConnectFault:
    """A fault of a connect: of the code that was issued (`grant`), or of the answer at one place (`answer`).

    `answer` is given the genuine answer and a trap's origin. `believed` is the secret that a partner has who
    took the answer for genuine. `traps` says that the fault needs a trap.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    grant: Callable[[Grant], None] | None = None
    place: str = ""
    answer: Callable[[Response, str], Answer] | None = None
    believed: str | None = None
    traps: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook before it is signed: the body, its secret, the integration's secret, the time."""

    body: bytes
    secret: str
    integration_secret: str
    timestamp: int

    def headers(self, *signatures: str) -> tuple[Pair, ...]:
        """Return the headers of the delivery."""
        return (("content-type", "application/json"), *(("officernd-signature", s) for s in signatures))

    def signed(
        self, body: bytes | None = None, secret: str | None = None, timestamp: int | None = None
    ) -> str:
        """Return the header's value, with one thing changed."""
        return sign_webhook(
            self.body if body is None else body,
            secret=secret or self.secret,
            timestamp=timestamp or self.timestamp,
        )


@dataclass(frozen=True, slots=True)
class WebhookFault:
    """A fault of a webhook's delivery: `apply` returns the headers and the body that are sent."""

    name: str
    clause: str
    expected: Expected
    what: str
    apply: Callable[[Delivery], tuple[tuple[Pair, ...], bytes]]
    times: int = 1


def _changed(pairs: Sequence[Pair], name: str, value: str) -> list[Pair]:
    return [(key, value if key == name else text) for key, text in pairs]


def _upper(signature: str) -> str:
    fields, _, digest = signature.rpartition("=")
    return f"{fields}={digest.upper()}"


def _spaced_json(draft: Draft) -> Request:
    return draft.request(draft.pairs, draft.sign(readings=readings.of("officernd:signature.json=spaced")))


def _with(*extra: Pair) -> Callable[[Draft], Request]:
    """Sign more pairs than usual, and send them."""
    return lambda draft: draft.request((*draft.pairs, *extra), draft.sign((*draft.pairs, *extra)))


def _at(seconds: int) -> Callable[[Draft], Request]:
    return lambda draft: draft.request(draft.pairs, draft.sign(timestamp=draft.timestamp + seconds))


def _empty_member(draft: Draft) -> Request:
    without = [pair for pair in draft.pairs if pair[0] != "memberId"]
    return draft.request([*without, ("memberId", "")], draft.sign(without))


def _quoted_organization(draft: Draft) -> Request:
    organization = dict(draft.pairs).get("organizationId", "")
    return draft.request(_changed(draft.pairs, "organizationId", f'"{organization}"'), draft.sign())


def _outside_ascii(draft: Draft) -> Request:
    pairs = _changed(draft.pairs, "locations", 'Zoë "Ω" /\\ \u2028 😀')
    return draft.request(pairs, draft.sign(pairs))


def _without_locations(draft: Draft) -> Request:
    pairs = [pair for pair in draft.pairs if pair[0] != "locations"]
    return draft.request(pairs, draft.sign(pairs))


_MISMATCH = Refuses("signature-mismatch")
_WORKS = Survives("connected")

PAGE_FAULTS: tuple[PageFault, ...] = (
    PageFault(
        "wrong-secret", CLAUSE + "signature.key", _MISMATCH, "signed with another secret",
        lambda d: d.request(d.pairs, d.sign(secret="wrong-secret")),
    ),
    PageFault(
        "client-secret", CLAUSE + "secret.not-client-secret", _MISMATCH, "signed with the OAuth client secret",
        lambda d: d.request(d.pairs, d.sign(secret=d.client_secret)),
    ),
    PageFault(
        "reordered", CLAUSE + "signature.order", _MISMATCH, "parameters reordered after signing",
        lambda d: d.request(d.pairs[::-1], d.sign()),
    ),
    PageFault(
        "signed-in-another-order", CLAUSE + "signature.order", _WORKS, "parameters signed and sent in another order",
        lambda d: d.request(d.pairs[::-1], d.sign(d.pairs[::-1])),
    ),
    PageFault(
        "parameter-added", CLAUSE + "signature.parameters", _MISMATCH, "a parameter added after signing",
        lambda d: d.request((*d.pairs, ("extra", "1")), d.sign()),
    ),
    PageFault(
        "parameter-changed", CLAUSE + "signature.parameters", _MISMATCH, "locations changed after signing",
        lambda d: d.request(_changed(d.pairs, "locations", "elsewhere"), d.sign()),
    ),
    PageFault(
        "parameter-doubled", CLAUSE + "signature.repeated", Refuses("duplicate-parameter"), "a parameter sent twice",
        lambda d: d.request((d.pairs[0], *d.pairs), d.sign()),
    ),
    PageFault(
        "parameter-dropped", CLAUSE + "signature.parameters", _MISMATCH, "a parameter dropped after signing",
        lambda d: d.request(d.pairs[:-1], d.sign()),
    ),
    PageFault(
        "unknown-parameter", CLAUSE + "healthcheck.extra-parameters", _WORKS, "a signed parameter that no page names",
        _with(("userId", "5d5d5d5d5d5d5d5d5d5d5d5d")),
    ),
    PageFault(
        "outside-ascii", CLAUSE + "signature.json", _WORKS, "a signed value outside ASCII, with JSON's special characters",
        _outside_ascii,
    ),
    PageFault(
        "locations-absent", CLAUSE + "signature.absent-locations", _WORKS, "signed and sent without locations",
        _without_locations,
    ),
    PageFault(
        "raw-signature", CLAUSE + "signature.encoding", _WORKS, "the signature's = and , not percent-encoded",
        lambda d: replace(d.request(d.pairs), target=f"{d.request(d.pairs).target}&signature={d.sign()}"),
    ),
    PageFault(
        "zero-signature", CLAUSE + "signature.every-request", _MISMATCH, "a digest of zeros",
        lambda d: d.request(d.pairs, f"t={d.timestamp},signature={'0' * 64}"),
    ),
    PageFault(
        "digest-changed", CLAUSE + "signature.comparison", _MISMATCH, "the last digit of the digest changed",
        lambda d: d.request(d.pairs, d.sign()[:-1] + ("1" if d.sign()[-1] == "0" else "0")),
    ),
    PageFault(
        "stale", CLAUSE + "signature.tolerance", Refuses("stale"), "signed an hour ago", _at(-3600),
    ),
    PageFault(
        "from-the-future", CLAUSE + "signature.tolerance", Refuses("from-the-future"), "signed in an hour", _at(3600),
    ),
    PageFault(
        "milliseconds", CLAUSE + "signature.timestamp", Refuses("timestamp-in-milliseconds"), "the time in milliseconds",
        lambda d: d.request(d.pairs, d.sign(timestamp=d.timestamp * 1000)),
    ),
    PageFault(
        "upper-case-hex", CLAUSE + "signature.digest", Refuses("malformed"), "the digest in upper-case hex",
        lambda d: d.request(d.pairs, _upper(d.sign())),
    ),
    PageFault("spaced-json", CLAUSE + "signature.json", _MISMATCH, "signed over JSON with spaces", _spaced_json),
    PageFault(
        "timestamp-first", CLAUSE + "signature.message", _MISMATCH, "signed over timestamp, dot, payload",
        lambda d: d.request(
            d.pairs, d.sign(readings=readings.of("officernd:signature.message=timestamp-payload"))
        ),
    ),
    PageFault(
        "signature-missing", CLAUSE + "signature.missing", Refuses("missing-parameter"), "no signature",
        lambda d: d.request(d.pairs),
    ),
    PageFault(
        "signature-empty", CLAUSE + "signature.missing", Refuses("empty-parameter"), "an empty signature",
        lambda d: d.request(d.pairs, ""),
    ),
    PageFault(
        "signature-doubled", CLAUSE + "signature.repeated", Refuses("duplicate-parameter"), "the signature sent twice",
        lambda d: d.request(d.pairs, d.sign(), d.sign()),
    ),
    PageFault(
        "signature-unnamed", CLAUSE + "signature.syntax", Refuses("missing-parameter"), "v1= for signature=, as Stripe writes",
        lambda d: d.request(d.pairs, d.sign().replace("signature=", "v1=")),
    ),
    PageFault(
        "invalid-escape", CLAUSE + "signature.escapes", Refuses("malformed"), "bytes that are not UTF-8",
        lambda d: replace(d.request(d.pairs), target=d.request(d.pairs, d.sign()).target + "&extra=%FF"),
    ),
    PageFault(
        "post", CLAUSE + "requests.method", Refuses("wrong-method"), "POST instead of GET",
        lambda d: d.request(d.pairs, d.sign(), method="POST"),
    ),
    PageFault(
        "empty-member", CLAUSE + "signature.empty-member", _WORKS, "memberId= in the URL, not signed", _empty_member,
    ),
    PageFault(
        "quoted-organization", CLAUSE + "signature.quoted-organization", _WORKS, "organizationId in quotes, signed without",
        _quoted_organization,
    ),
    PageFault(
        "replay", CLAUSE + "signature.replay", _WORKS, "the same request again, inside the window",
        lambda d: d.request(d.pairs, d.sign()), times=2,
    ),
    PageFault(
        "slug-renamed", CLAUSE + "organization.slug", _WORKS, "the organisation was given another slug",
        lambda d: d.request(d.pairs, d.sign()), renames="renamed-slug",
    ),
)  # fmt: skip


def _expire(grant: Grant) -> None:
    grant.expires_at -= 86_400


def _use(grant: Grant) -> None:
    grant.used = True


def _narrow(grant: Grant) -> None:
    grant.scopes = ()


def _edited(edit: Callable[[dict[str, Any], str], None]) -> Callable[[Response, str], Answer]:
    """Answer with one thing in the JSON object changed."""

    def answer(response: Response, trap: str) -> Answer:
        value = json.loads(response.body)
        edit(value, trap)
        return json_response(value, response.status)

    return answer


def _error(status: int, body: dict[str, str], *headers: Pair) -> Callable[[Response, str], Answer]:
    return lambda response, trap: json_response(body, status, headers)


_PLACES = {
    "token": "the token endpoint", "organization": "the organisation", "integration": "the integration",
    "webhooks": "the webhook",
}  # fmt: skip
_ANOTHER_SECRET = "wrong-secret"  # no integration has it


def _about_another(value: dict[str, Any], trap: str) -> None:
    value["_id"] = "ffffffffffffffffffffffff"
    value["settings"]["secret"] = _ANOTHER_SECRET


CONNECT_FAULTS: tuple[ConnectFault, ...] = (
    ConnectFault("code-expired", CLAUSE + "token.code", Refuses("platform-error"), "an expired code", grant=_expire),
    ConnectFault("code-reused", CLAUSE + "token.code", Refuses("platform-error"), "a code that was used", grant=_use),
    ConnectFault(
        "wrong-scope", CLAUSE + "token.scope", Refuses("platform-error"), "the application does not have the scopes", grant=_narrow
    ),
    ConnectFault(
        "token-401", CLAUSE + "token.errors", Refuses("platform-error"), "the token endpoint answers 401", place="token",
        answer=_error(401, {"error": "invalid_client"}, ("www-authenticate", 'Basic realm="OfficeRnD"')),
    ),
    ConnectFault(
        "token-429", CLAUSE + "token.errors", Refuses("platform-error"), "the token endpoint answers 429", place="token",
        answer=_error(429, {"message": "Too many requests"}, ("retry-after", "60")),
    ),
    ConnectFault(
        "token-not-json", CLAUSE + "token.answer", Refuses("unexpected-answer"), "the token endpoint answers HTML",
        place="token", answer=lambda r, trap: Response(200, (("content-type", "text/html"),), b"<p>hello</p>"),
    ),
    ConnectFault(
        "region-foreign", CLAUSE + "organization.region", Survives("connected"), "a region URL on a foreign host",
        place="organization", traps=True,
        answer=_edited(lambda v, trap: v.update(regionInfo={"regionUrl": trap})),
    ),
    ConnectFault(
        "another-integration", CLAUSE + "connect.binding", Refuses("identity-mismatch"), "the answer is about another integration",
        place="integration", answer=_edited(_about_another), believed=_ANOTHER_SECRET,
    ),
    ConnectFault(
        "another-client", CLAUSE + "connect.binding", Refuses("identity-mismatch"), "the answer is about another application",
        place="integration",
        answer=_edited(lambda v, trap: v.update(settings={"appClientId": "another", "secret": _ANOTHER_SECRET})),
        believed=_ANOTHER_SECRET,
    ),
    ConnectFault(
        "secret-empty", CLAUSE + "secret.answer", Refuses("empty-parameter"), "an empty secret", place="integration",
        answer=_edited(lambda v, trap: v["settings"].update(secret="")), believed="",
    ),
    *(
        ConnectFault(
            f"slow-{place}", CLAUSE + "connect.failure", Refuses("unreachable"), f"{text} answers after 15 s", place=place,
            answer=lambda response, trap: Delayed(15, response),
        )
        for place, text in _PLACES.items()
    ),
    *(
        ConnectFault(
            f"dropped-{place}", CLAUSE + "connect.failure", Refuses("unreachable"), f"{text}: connection closed, no answer",
            place=place, answer=lambda response, trap: Dropped(),
        )
        for place, text in _PLACES.items()
    ),
    *(
        ConnectFault(
            f"error-{place}", CLAUSE + "connect.failure", Refuses("platform-error"), f"{text} answers 500", place=place,
            answer=_error(500, {"message": "Internal server error"}),
        )
        for place, text in _PLACES.items()
    ),
)  # fmt: skip


def _pretty(delivery: Delivery) -> tuple[tuple[Pair, ...], bytes]:
    body = json.dumps(json.loads(delivery.body), indent=2).encode()
    return delivery.headers(delivery.signed(body)), body


WEBHOOK_FAULTS: tuple[WebhookFault, ...] = (
    WebhookFault(
        "webhook-pretty-printed", CLAUSE + "webhook.body", Survives("removed"), "a body with spaces and line ends", _pretty
    ),
    WebhookFault(
        "webhook-wrong-secret", CLAUSE + "webhook.signature", _MISMATCH, "signed with another secret",
        lambda d: (d.headers(d.signed(secret="wrong-secret")), d.body),
    ),
    WebhookFault(
        "webhook-integration-secret", CLAUSE + "webhook.key", _MISMATCH, "signed with the integration secret",
        lambda d: (d.headers(d.signed(secret=d.integration_secret)), d.body),
    ),
    WebhookFault(
        "webhook-changed", CLAUSE + "webhook.signature", _MISMATCH, "a value changed after signing",
        lambda d: (d.headers(d.signed()), d.body.replace(b'"isExternal":true', b'"isExternal":false')),
    ),
    WebhookFault(
        "webhook-stale", CLAUSE + "webhook.tolerance", Refuses("stale"), "signed an hour ago",
        lambda d: (d.headers(d.signed(timestamp=d.timestamp - 3600)), d.body),
    ),
    WebhookFault(
        "webhook-unsigned", CLAUSE + "webhook.signature", Refuses("missing-parameter"), "no header",
        lambda d: (d.headers(), d.body),
    ),
    WebhookFault(
        "webhook-signed-twice", CLAUSE + "webhook.signature", Refuses("duplicate-parameter"), "the header twice",
        lambda d: (d.headers(d.signed(), d.signed()), d.body),
    ),
    WebhookFault(
        "webhook-capital", CLAUSE + "webhook.event", Survives("removed"), "Integration.removed, as the page writes it",
        lambda d: (
            d.headers(d.signed(d.body.replace(b'"integration.removed"', b'"Integration.removed"'))),
            d.body.replace(b'"integration.removed"', b'"Integration.removed"'),
        ),
    ),
    WebhookFault(
        "webhook-repeated", CLAUSE + "webhook.removal", Survives("removed"), "delivered twice",
        lambda d: (d.headers(d.signed()), d.body), times=2,
    ),
)  # fmt: skip

Fault: TypeAlias = PageFault | ConnectFault | WebhookFault
_ALL: tuple[Fault, ...] = (*PAGE_FAULTS, *CONNECT_FAULTS, *WEBHOOK_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
