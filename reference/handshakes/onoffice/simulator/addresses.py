"""The URLs that onOffice signs: of an activation, of a service or webhook, each with a fault where one is asked for."""

from __future__ import annotations

import re

from ...core.strict import Pairs, query_pairs
from ...runtime.verdicts import Refuses
from .drafts import Draft
from .faults import ClaimFault, Fault, UrlFault
from .records import CLAUSE, Customer, Popup, Service, User
from .resources import Resources


class Addresses(Resources):
    """What the platform keeps, and the URLs that it signs."""

    def draft(self, popup: Popup) -> Draft:
        """onoffice:url.parameters, onoffice:url.api-claim. Return the activation URL before it is written; A14."""
        customer = self.customers[popup.web_id]
        pairs: Pairs = (
            ("apiToken", popup.token), ("customerName", customer.name), ("customerWebId", customer.web_id),
            ("userId", popup.user_id), ("parameterCacheId", popup.cache_id),
        )  # fmt: skip
        if self.settings.api_claim:
            pairs = (*pairs, ("apiClaim", self.claim(popup.web_id, popup.user_id, popup.cache_id)))
        return self._draft(self.account.activation_url, pairs, self.api_users[popup.token].key)

    def service_draft(self, service: Service, customer: Customer, user: User) -> Draft:
        """onoffice:service.parameters. Return a service's URL before it is written; facts 3.9."""
        macros = {"estateId": next(iter(customer.estates), ""), "UserLanguage": "DEU", "imageIds": "11,12"}
        pairs: Pairs = (
            ("apiClaim", self.claim(customer.web_id, user.id)), ("customerName", customer.name),
            ("customerWebId", customer.web_id), ("userId", user.id), ("parameterCacheId", self.random(8).hex()),
            *((name, macros[name]) for name in service.macros if macros.get(name)),
        )  # fmt: skip
        pairs = (*pairs, ("groupId", user.group)) if user.group else pairs
        in_use = self.api_users.get(customer.token)
        return self._draft(service.url, pairs, in_use.key if in_use else "")

    def _draft(self, url: str, pairs: Pairs, api_key: str) -> Draft:
        """onoffice:url.own-parameters. Return a URL before it is written: the provider's own parameters are decoded and kept; A9, A10."""
        base, _, query = url.partition("?")
        own = query_pairs(query, CLAUSE + "url.own-parameters")
        whole = (*own, *pairs, ("timestamp", str(self.clock())))
        return Draft(base, whole, self.account.secret, api_key, self.clock())

    def _service_url(
        self, service: Service, customer: Customer, user: User, fault: Fault | None, *, arrives: bool
    ) -> str:
        """onoffice:claim.latest. Write a service's URL, with its fault; earlier faults of this user's claims have ended.

        It `arrives` for certain when it is not a frame's; whether a webhook's claim counts as one, no page says.
        """
        self.claim_faults.pop((customer.web_id, user.id), None)
        draft = self.service_draft(service, customer, user)
        value = dict(draft.pairs).get("apiClaim", "")
        if isinstance(fault, ClaimFault):
            fault.apply(self, (customer.web_id, user.id))
        url = fault.written(draft) if isinstance(fault, UrlFault) else draft.url()
        times = re.findall(r"(?<=[?&]timestamp=)[0-9]{1,12}(?=&|$)", url)
        refused = isinstance(fault, UrlFault) and isinstance(fault.expected, Refuses)
        if value in self.claims:
            self.sent(value, int(times[0]) if times else draft.now, refused=refused, arrives=arrives)
        return url

    def offered(self, faults: tuple[Fault, ...], url: str) -> tuple[Fault, ...]:
        """Return the faults that can act on a registered URL: a host without letters has no upper case, for example."""
        pairs = (("apiToken", "t"), ("customerName", "n"), ("customerWebId", "1"))
        draft = self._draft(url, (*pairs, *((("apiClaim", "c"),) if self.settings.api_claim else ())), "key")
        return tuple(one for one in faults if not isinstance(one, UrlFault) or one.can_act(draft))
