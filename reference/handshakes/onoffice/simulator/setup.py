"""What onOffice keeps, and what is added to it: the provider's account, customers, API users, claims."""

from __future__ import annotations

from ...runtime.bounded import Bounded
from ...runtime.judging import Judging
from ...runtime.role import Clock, Random
from .records import (
    CLAUSE,
    Account,
    ApiUser,
    CacheEntry,
    Claim,
    Customer,
    Popup,
    Settings,
    good_secret,
    registered,
)


class SetUp(Judging):
    """What is kept, by id."""

    prefix = CLAUSE
    settings: Settings

    def __init__(self, settings: Settings, account: Account, *, clock: Clock, random: Random) -> None:
        super().__init__(settings, clock=clock, random=random)
        self.account = account
        self.customers: dict[str, Customer] = {}
        self.api_users = Bounded[str, ApiUser](
            owner=lambda one: one.web_id, needed=lambda one: one.state == "active"
        )
        self.cache = Bounded[str, CacheEntry](owner=lambda one: one.web_id)
        self.claims = Bounded[str, Claim](owner=lambda one: (one.web_id, one.user_id))
        self.claims_made = 0
        self.latest: dict[tuple[str, str], tuple[int, int]] = {}
        self.given: dict[tuple[str, str], tuple[int, int]] = {}
        self.claim_faults: dict[tuple[str, str], int] = {}
        self.popups = Bounded[str, Popup](owner=lambda one: one.web_id)
        self.calls = 0
        self.serving = ""
        registered(account.activation_url, settings.plain)
        for service in account.services:
            registered(service.url, settings.plain, service.macros)
        good_secret(account.secret)

    def add_customer(self, customer: Customer) -> Customer:
        """Add a customer's version."""
        self.customers[customer.web_id] = customer
        return customer

    def change_secret(self, secret: str) -> None:
        """onoffice:secret.immediate. Save another provider secret; from now on it signs. Raises `ValueError`; A31, A32."""
        self.account.secret = good_secret(secret)

    def api_user(self, web_id: str) -> ApiUser:
        """onoffice:popup.api-user. Make an API user of a customer: a token of 32 characters and a key of 64."""
        user = ApiUser(self.random(16).hex(), self.random(32).hex(), web_id)
        self.api_users[user.token] = user
        return user

    def claim(self, web_id: str, user_id: str, cache_id: str = "") -> str:
        """onoffice:claim.shape. Make a claim; its value is base64 with `+` and `/`, or the URL form; facts 3.4."""
        number = int.from_bytes(self.random(36))
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + (
            "-_" if cache_id else "+/"
        )
        value = letters[62:] + "".join(letters[number >> 6 * place & 63] for place in range(46))
        now = self.clock()
        self.claims_made += 1
        self.claims[value] = Claim(web_id, user_id, now, cache_id, order=(now, self.claims_made))
        return value

    def sent(self, value: str, signed_at: int, *, refused: bool, arrives: bool) -> None:
        """onoffice:claim.latest. Note when the URL of a service's claim was signed.

        The latest is the one with the latest signed time, and of one second the last; a claim whose URL
        has to be refused is none. Whether a URL that a frame is given `arrives` is not seen.
        """
        claim = self.claims[value]
        claim.order = (signed_at, claim.order[1])
        if not refused:
            person = (claim.web_id, claim.user_id)
            self.given[person] = max(claim.order, self.given.get(person, claim.order))
            if arrives:
                self.latest[person] = max(claim.order, self.latest.get(person, claim.order))
