"""Faults of a webhook's delivery."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from ....runtime.verdicts import Fault, Refuses, Survives
from ..drafts import Delivery, Pair
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class WebhookFault(Fault):
    """A fault of a webhook's delivery: `apply` returns the headers and the body that are sent."""

    apply: Callable[[Delivery], tuple[tuple[Pair, ...], bytes]]
    times: int = 1


_MISMATCH = Refuses("signature-mismatch")


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
