"""What Fortis keeps, and what a partner and its merchants add to it: apps, locations, users, contacts."""

from __future__ import annotations

from dataclasses import replace

from ...core.refusals import Refused
from ...runtime.bounded import Bounded
from ...runtime.judging import Judging
from ...runtime.role import Clock, Random
from .records import (
    CLAUSE,
    Access,
    AnswerFault,
    App,
    Attempt,
    Contact,
    Grant,
    Location,
    OAuthFault,
    Settings,
    Token,
    User,
)
from .templates import OF_IFRAMES, OF_LOCATIONS, OF_USERS, checked


class SetUp(Judging):
    """What is kept, by id."""

    prefix = CLAUSE
    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock, random: Random) -> None:
        super().__init__(settings, clock=clock, random=random)
        self.apps: dict[str, App] = {}
        self.locations: dict[str, Location] = {}
        self.users: dict[str, User] = {}
        self.contacts: dict[str, Contact] = {}
        self.tokens = Bounded[str, Token](owner=lambda one: one.user_id)
        self.grants = Bounded[str, Grant](owner=lambda one: one.user_id)
        self.access = Bounded[str, Access](owner=lambda one: (one.client_id, one.user_id))
        self.registered: set[tuple[str, str, str]] = set()
        self.removed: set[tuple[str, str, str]] = set()
        self.waiting: list[Attempt] = []
        self.launched = Bounded[str, int]()
        self.disturbed = Bounded[str, AnswerFault]()
        self.trapped = 0
        self.calls = 0
        self.consenting: OAuthFault | None = None
        self.sessions: dict[tuple[str, str], tuple[str, str]] = {}
        self.asked_at_last = False
        self.seconds: dict[tuple[str, str], set[int]] = {}

    def add_app(self, app: App) -> App:
        """fortis:setup.secret, fortis:setup.limits. Save an app; a secret is made where none is set.

        Raises `Refused` for a template with an unknown placeholder or of more than 512 characters, and for
        a secret of more than 36.
        """
        checked(app.location_setup_url, OF_LOCATIONS, CLAUSE + "location.placeholders")
        checked(app.user_setup_url, OF_USERS, CLAUSE + "user.placeholders")
        checked(app.iframe_url, OF_IFRAMES, CLAUSE + "plain.placeholders")
        if len(app.secret) > 36:
            evidence = {"secret": f"{len(app.secret)} characters", "limit": 36}
            raise Refused("too-large", CLAUSE + "setup.limits", evidence)
        if not app.secret:
            app = replace(app, secret=self.random(16).hex())
        self.apps[app.title] = app
        return app

    def add_location(self, location: Location) -> Location:
        """Add a location."""
        self.locations[location.id] = location
        return location

    def add_user(self, user: User) -> User:
        """Add a user."""
        self.users[user.id] = user
        return user

    def add_contact(self, contact: Contact) -> Contact:
        """Add a contact."""
        self.contacts[contact.id] = contact
        return contact
