"""A signed URL before it is written, so that a fault can change one thing."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from ...core.refusals import Refused
from ...core.strict import Pairs
from ..readings import of
from ..rules import form, order
from ..signing import string_to_sign, verify_url

OWN: Pairs = (("plan", "gold edition"), ("Zone", "eu"), ("ref", "a~b*c"))
"""Parameters as a provider may have them in its own address: a space, a capital first, a tilde and a star."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A signed URL before it is written: the registered address, all pairs, the keys, the time."""

    base: str
    pairs: Pairs = field(repr=False)
    secret: str = field(repr=False)
    api_key: str = field(repr=False)
    now: int

    def with_(self, **changed: str | None) -> Pairs:
        """Return the pairs with some changed or added; None drops one."""
        kept = tuple((name, value) for name, value in self.pairs if name not in changed)
        return kept + tuple((name, value) for name, value in changed.items() if value is not None)

    def with_own(self) -> Draft:
        """Return the draft with parameters of the provider's own, as many faults need them, under names that are free."""
        taken, own = {name for name, _ in self.pairs}, []
        for name, value in OWN:
            while name in taken:
                name += "_"
            own.append((name, value))
        return replace(self, pairs=(*own, *self.pairs))

    def genuine(self, url: str) -> bool:
        """Return whether the signature of a URL is right, whatever its time."""
        try:
            verify_url(url, secret=self.secret, now=self.now, tolerance=(10**13, 10**13))
        except Refused:
            return False
        return True

    def unsigned(self, pairs: Pairs | None = None) -> str:
        """onoffice:url.appended. Return the URL with its parameters sorted, and without a signature; A8."""
        return f"{self.base}?{form(order(self.pairs if pairs is None else pairs), '')}"

    def digest(self, text: str = "", *, pairs: Pairs | None = None, secret: str | None = None) -> str:
        """Return the signature of a text, or of the URL."""
        key = (self.secret if secret is None else secret).encode()
        return hmac.digest(key, (text or string_to_sign(self.unsigned(pairs))).encode(), "sha256").hex()

    def url(self, pairs: Pairs | None = None, signature: str = "") -> str:
        """onoffice:url.appended. Return the signed URL, `signature` last; or with another signature."""
        signature = signature or self.digest(pairs=pairs)
        return f"{self.unsigned(pairs)}&signature={quote(signature, safe='')}"

    def signed_as(self, *readings: str, pairs: Pairs | None = None) -> str:
        """Return the URL with the signature of another reading."""
        return self.url(pairs, self.digest(string_to_sign(self.unsigned(pairs), readings=of(*readings))))
