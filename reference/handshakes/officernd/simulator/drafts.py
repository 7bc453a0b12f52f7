"""A signed page request and a webhook before they are signed and written, so that a fault can change one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from ...core.messages import Request, split_url
from ..signing import sign_query, sign_webhook

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
