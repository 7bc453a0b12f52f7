"""Faults of a signed page request: health check, configuration, sync."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ....core.messages import Request
from ....runtime.verdicts import Expected, Fault, Refuses, Survives
from ... import readings
from ..drafts import Draft, Pair
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class PageFault(Fault):
    """A fault of a signed page request (health check, configuration, sync).

    It is sent `times` times, after the organisation was given the slug `renames`, if any.
    """

    apply: Callable[[Draft], Request]
    times: int = 1
    renames: str = ""


def _changed(pairs: Sequence[Pair], name: str, value: str) -> list[Pair]:
    return [(key, value if key == name else text) for key, text in pairs]


def _upper(signature: str) -> str:
    fields, _, digest = signature.rpartition("=")
    return f"{fields}={digest.upper()}"


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


def _page(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], Request], **more: Any
) -> PageFault:
    return PageFault(name, CLAUSE + clause, expected, what, apply, **more)


def _signed(**changed: Any) -> Callable[[Draft], Request]:
    """Send what is genuine but for what the signature is made with: `secret`, `timestamp` or `readings`."""
    return lambda draft: draft.request(draft.pairs, draft.sign(**changed))


PAGE_FAULTS: tuple[PageFault, ...] = (
    _page("wrong-secret", "signature.key", _MISMATCH, "signed with another secret", _signed(secret="wrong-secret")),
    _page("client-secret", "secret.not-client-secret", _MISMATCH, "signed with the OAuth client secret",
          lambda d: d.request(d.pairs, d.sign(secret=d.client_secret))),
    _page("reordered", "signature.order", _MISMATCH, "parameters reordered after signing", lambda d: d.request(d.pairs[::-1], d.sign())),
    _page("signed-in-another-order", "signature.order", _WORKS, "parameters signed and sent in another order",
          lambda d: d.request(d.pairs[::-1], d.sign(d.pairs[::-1]))),
    _page("parameter-added", "signature.parameters", _MISMATCH, "a parameter added after signing",
          lambda d: d.request((*d.pairs, ("extra", "1")), d.sign())),
    _page("parameter-changed", "signature.parameters", _MISMATCH, "locations changed after signing",
          lambda d: d.request(_changed(d.pairs, "locations", "elsewhere"), d.sign())),
    _page("parameter-doubled", "signature.repeated", Refuses("duplicate-parameter"), "a parameter sent twice",
          lambda d: d.request((d.pairs[0], *d.pairs), d.sign())),
    _page("parameter-dropped", "signature.parameters", _MISMATCH, "a parameter dropped after signing",
          lambda d: d.request(d.pairs[:-1], d.sign())),
    _page("unknown-parameter", "healthcheck.extra-parameters", _WORKS, "a signed parameter that no page names",
          _with(("userId", "5d5d5d5d5d5d5d5d5d5d5d5d"))),
    _page("outside-ascii", "signature.json", _WORKS, "a signed value outside ASCII, with JSON's special characters", _outside_ascii),
    _page("locations-absent", "signature.absent-locations", _WORKS, "signed and sent without locations", _without_locations),
    _page("raw-signature", "signature.encoding", _WORKS, "the signature's = and , not percent-encoded",
          lambda d: replace(d.request(d.pairs), target=f"{d.request(d.pairs).target}&signature={d.sign()}")),
    _page("zero-signature", "signature.every-request", _MISMATCH, "a digest of zeros",
          lambda d: d.request(d.pairs, f"t={d.timestamp},signature={'0' * 64}")),
    _page("digest-changed", "signature.comparison", _MISMATCH, "the last digit of the digest changed",
          lambda d: d.request(d.pairs, d.sign()[:-1] + ("1" if d.sign()[-1] == "0" else "0"))),
    _page("stale", "signature.tolerance", Refuses("stale"), "signed an hour ago", _at(-3600)),
    _page("from-the-future", "signature.tolerance", Refuses("from-the-future"), "signed in an hour", _at(3600)),
    _page("milliseconds", "signature.timestamp", Refuses("timestamp-in-milliseconds"), "the time in milliseconds",
          lambda d: d.request(d.pairs, d.sign(timestamp=d.timestamp * 1000))),
    _page("upper-case-hex", "signature.digest", Refuses("malformed"), "the digest in upper-case hex",
          lambda d: d.request(d.pairs, _upper(d.sign()))),
    _page("spaced-json", "signature.json", _MISMATCH, "signed over JSON with spaces",
          _signed(readings=readings.of("officernd:signature.json=spaced"))),
    _page("timestamp-first", "signature.message", _MISMATCH, "signed over timestamp, dot, payload",
          _signed(readings=readings.of("officernd:signature.message=timestamp-payload"))),
    _page("signature-missing", "signature.missing", Refuses("missing-parameter"), "no signature", lambda d: d.request(d.pairs)),
    _page("signature-empty", "signature.missing", Refuses("empty-parameter"), "an empty signature", lambda d: d.request(d.pairs, "")),
    _page("signature-doubled", "signature.repeated", Refuses("duplicate-parameter"), "the signature sent twice",
          lambda d: d.request(d.pairs, d.sign(), d.sign())),
    _page("signature-unnamed", "signature.syntax", Refuses("missing-parameter"), "v1= for signature=, as Stripe writes",
          lambda d: d.request(d.pairs, d.sign().replace("signature=", "v1="))),
    _page("invalid-escape", "signature.escapes", Refuses("malformed"), "bytes that are not UTF-8",
          lambda d: replace(d.request(d.pairs), target=d.request(d.pairs, d.sign()).target + "&extra=%FF")),
    _page("post", "requests.method", Refuses("wrong-method"), "POST instead of GET",
          lambda d: d.request(d.pairs, d.sign(), method="POST")),
    _page("empty-member", "signature.empty-member", _WORKS, "memberId= in the URL, not signed", _empty_member),
    _page("quoted-organization", "signature.quoted-organization", _WORKS, "organizationId in quotes, signed without",
          _quoted_organization),
    _page("replay", "signature.replay", _WORKS, "the same request again, inside the window", _signed(), times=2),
    _page("slug-renamed", "organization.slug", _WORKS, "the organisation was given another slug", _signed(), renames="renamed-slug"),
)  # fmt: skip
