"""What RetailCRM keeps, and what is added to it: the cards of modules, the accounts of customers."""

from __future__ import annotations

from dataclasses import replace

from ...core.messages import split_url
from ...runtime.judging import Judging
from ...runtime.role import Clock, Random
from .records import CLAUSE, CODE, Account, Attempt, Card, Connection, PopUp, Settings


class SetUp(Judging):
    """What is kept, by id."""

    prefix = CLAUSE
    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock, random: Random) -> None:
        super().__init__(settings, clock=clock, random=random)
        self.cards: dict[str, Card] = {}
        self.accounts: dict[str, Account] = {}
        self.popups: dict[tuple[str, str], PopUp] = {}
        self.waiting: list[Attempt] = []
        self.calls: dict[str, int] = {}
        self.connections: dict[tuple[str, str], Connection] = {}
        self.trapped = 0
        self.client_ids: dict[tuple[str, str, str], str] = {}
        self.calling_back = 0

    def add_card(self, card: Card) -> Card:
        """retailcrm:card.code, retailcrm:card.secret, retailcrm:card.config-url. Save a module's card.

        With simple connection it needs the address of a configuration, and gets a secret where none is set.
        """
        if not CODE.fullmatch(card.code):
            raise ValueError(
                f"the symbol code {card.code!r} has to be Latin letters, digits, hyphens and underscores"
            )
        if card.simple_connection:
            split_url(card.config_url)
        if card.simple_connection and not card.secret:
            card = replace(card, secret=self.random(32).hex())
        self.cards[card.code] = card
        return card

    def add_account(self, account: Account) -> Account:
        """Add a customer's account."""
        self.accounts[account.system_url] = account
        return account

    def shown(self, account_url: str) -> list[Card]:
        """retailcrm:card.unpublished. Return the modules that an account's marketplace shows."""
        return [card for card in [*self.cards.values()] if card.published or card.owner == account_url]

    def connection(self, account_url: str, code: str) -> Connection | None:
        """Return the account's connection of a module, if there is one."""
        found = [one for (url, _), one in [*self.connections.items()] if url == account_url]
        return next((one for one in found if one.integration_code == code), None)

    def forget(self, account_url: str, code: str) -> None:
        """Take a module out of an account, as if it had never been connected."""
        for key, connection in list(self.connections.items()):
            if key[0] == account_url and connection.integration_code == code:
                self.connections.pop(key, None)
