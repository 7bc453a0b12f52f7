"""What OfficeRnD keeps, and what is added to it: applications, organisations, integrations."""

from __future__ import annotations

from ...core.messages import split_url
from ...runtime.bounded import Bounded
from ...runtime.judging import Judging
from ...runtime.role import Clock, Random
from .records import CLAUSE, Application, Grant, Integration, Organization, Settings, Token, Webhook


class SetUp(Judging):
    """What is kept, by id."""

    prefix = CLAUSE
    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock, random: Random) -> None:
        super().__init__(settings, clock=clock, random=random)
        self.applications: dict[str, Application] = {}
        self.organizations: dict[str, Organization] = {}
        self.integrations: dict[str, Integration] = {}
        self.grants = Bounded[str, Grant](owner=lambda one: one.integration_id)
        self.tokens = Bounded[str, Token](owner=lambda one: (one.client_id, one.organization_id))
        self.webhooks = Bounded[str, Webhook](owner=lambda one: (one.client_id, one.organization_id))
        self.token_requests = 0
        self.trap_requests = 0
        self.browsers = Bounded[str, str](owner=str)

    def new_id(self, size: int = 12) -> str:
        """Return random hex, of the length of OfficeRnD's ids unless told otherwise."""
        return self.random(size).hex()

    def add_application(self, application: Application) -> Application:
        """officernd:application.created, officernd:application.details. Register a developer application with its URLs."""
        for url in (application.connect_url, application.configuration_url, application.healthcheck_url):
            split_url(url)
        if application.sync_url:
            split_url(application.sync_url)
        self.applications[application.client_id] = application
        return application

    def add_organization(self, organization: Organization) -> Organization:
        """Add a customer."""
        self.organizations[organization.id] = organization
        return organization

    def add_integration(
        self,
        client_id: str,
        organization_id: str,
        *,
        secret: str = "",
        locations: tuple[str, ...] = (),
        id: str = "",
    ) -> Integration:
        """officernd:secret.per-integration, officernd:application.visibility. Add an integration to an organisation.

        officernd:application.multi-location: without it an organisation has one, for all locations. Its secret signs its requests and belongs to no other integration; without one it is made here.
        """
        secret = secret or self.new_id(20)
        if secret in [one.secret for one in [*self.integrations.values()]]:
            raise ValueError("another integration has this secret")
        application = self.applications[client_id]
        organization = self.organizations[organization_id]
        if not application.multi_location:
            mine = (client_id, organization_id)
            if locations or mine in [
                (one.client_id, one.organization_id) for one in [*self.integrations.values()]
            ]:
                raise ValueError("this application connects an organisation once, for all its locations")
        if not application.public and organization.test_account_of != client_id:
            raise ValueError("before it is public, an integration is shown in its own test account alone")
        integration = Integration(id or self.new_id(), organization_id, client_id, secret, locations)
        self.integrations[integration.id] = integration
        return integration

    def rename(self, organization_id: str, slug: str) -> None:
        """officernd:organization.slug. Give an organisation another slug; H6."""
        organization = self.organizations[organization_id]
        organization.former, organization.slug = {*organization.former, organization.slug}, slug
