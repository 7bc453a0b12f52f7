"""Faults of a webhook's delivery."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from ....runtime.verdicts import Expected, Fault, Refuses, Survives
from ..drafts import Delivery, Pair
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class WebhookFault(Fault):
    """A fault of a webhook's delivery: `apply` returns the headers and the body that are sent."""

    apply: Callable[[Delivery], tuple[tuple[Pair, ...], bytes]]
    times: int = 1


_MISMATCH = Refuses("signature-mismatch")
_WORKS = Survives("removed")


def _pretty(delivery: Delivery) -> tuple[tuple[Pair, ...], bytes]:
    body = json.dumps(json.loads(delivery.body), indent=2).encode()
    return delivery.headers(delivery.signed(body)), body


def _named_as_the_page(delivery: Delivery) -> tuple[tuple[Pair, ...], bytes]:
    body = delivery.body.replace(b'"integration.removed"', b'"Integration.removed"')
    return delivery.headers(delivery.signed(body)), body


def _webhook(
    name: str, clause: str, expected: Expected, what: str,
    apply: Callable[[Delivery], tuple[tuple[Pair, ...], bytes]], times: int = 1,
) -> WebhookFault:  # fmt: skip
    return WebhookFault(f"webhook-{name}", f"{CLAUSE}webhook.{clause}", expected, what, apply, times)


WEBHOOK_FAULTS: tuple[WebhookFault, ...] = (
    _webhook("pretty-printed", "body", _WORKS, "a body with spaces and line ends", _pretty),
    _webhook("wrong-secret", "signature", _MISMATCH, "signed with another secret",
             lambda d: (d.headers(d.signed(secret="wrong-secret")), d.body)),
    _webhook("integration-secret", "key", _MISMATCH, "signed with the integration secret",
             lambda d: (d.headers(d.signed(secret=d.integration_secret)), d.body)),
    _webhook("changed", "signature", _MISMATCH, "a value changed after signing",
             lambda d: (d.headers(d.signed()), d.body.replace(b'"isExternal":true', b'"isExternal":false'))),
    _webhook("stale", "tolerance", Refuses("stale"), "signed an hour ago",
             lambda d: (d.headers(d.signed(timestamp=d.timestamp - 3600)), d.body)),
    _webhook("unsigned", "signature", Refuses("missing-parameter"), "no header", lambda d: (d.headers(), d.body)),
    _webhook("signed-twice", "signature", Refuses("duplicate-parameter"), "the header twice",
             lambda d: (d.headers(d.signed(), d.signed()), d.body)),
    _webhook("capital", "event", _WORKS, "Integration.removed, as the page writes it", _named_as_the_page),
    _webhook("repeated", "removal", _WORKS, "delivered twice", lambda d: (d.headers(d.signed()), d.body), times=2),
)  # fmt: skip
