"""Faults of a signed page request: health check, configuration, sync."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ....core.messages import Request
from ....runtime.verdicts import Fault, Refuses, Survives
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
