"""The one list of platforms, and how the tools reach each of them.

The command line and the checks of the specification reach the platforms through this list, and load one
only when it is asked for. A new platform is one folder and one line.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.cases import Slips
    from .runtime.story import Tools
    from .spec.code import Code


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform's name on the command line, its title, its own word for the partner; `signs_all`: whether every parameter of a URL is signed."""

    name: str
    title: str
    partner: str
    signs_all: bool = False
    pure: tuple[str, ...] = ("signing", "rules")
    """The modules whose refusals must all have vectors."""

    def tools(self) -> Tools:
        """Load and return both sides ready made, the story of the tour and the briefing of `serve`."""
        from .runtime.story import Tools

        names = ("demo", "story", "briefing", "customer", "judged", "shop")
        demo, story, briefing, customer, judged, shop = map(self._module, names)
        return Tools(
            settings=demo.SETTINGS,
            sides=demo.sides,
            story=story.story,
            signed=story.signed,
            briefing=briefing.briefing,
            secrets=demo.secrets,
            shop=shop.shop,
            carries=shop.carries,
            refuses=getattr(demo, "refuses", lambda request, response: False),
            customer=customer.CUSTOMER,
            examine=judged.examined,
            keys=judged.keys,
            faults=judged.FAULTS,
            needs=judged.NEEDS,
            absent=judged.absent,
        )

    def slips(self) -> Slips:
        """Load and return what `explain` needs of the platform.

        >>> PLATFORMS["officernd"].slips().HEADERS
        ('officernd-signature',)
        """
        slips: Slips = self._module("slips")
        return slips

    def code(self) -> Code:
        """Load and return what the specification is compared with.

        >>> sorted(PLATFORMS["retailcrm"].code().operations)
        ['retailcrm.canonical_system_url', 'retailcrm.registration_token', 'retailcrm.verify_registration']
        """
        from .spec.code import Code

        settings = (
            import_module(f"{__package__}.{self.name}.simulator.records").Settings,
            import_module(f"{__package__}.{self.name}.partner.configuration").Configuration,
        )
        return Code(
            {f"{self.name}.{short}": found for short, found in self._module("operations").OPERATIONS.items()},
            self._module("readings").READINGS,
            {f"{kind.__name__}.{field.name}": field.default for kind in settings for field in fields(kind)},
            tuple(map(self._module, self.pure)),
        )

    def _module(self, name: str) -> Any:
        return import_module(f"{__package__}.{self.name}.{name}")


FORTIS_RULES = ("rules", "rules.launch", "rules.encrypted", "rules.plain")
PLATFORMS: dict[str, Platform] = {
    platform.name: platform
    for platform in (
        Platform("officernd", "OfficeRnD", "partner integration", True),
        Platform("retailcrm", "RetailCRM (Simla)", "module"),
        Platform("onoffice", "onOffice enterprise", "provider", True),
        Platform("fortis", "Fortis (Zeamster)", "app", pure=("signing", "encryption", *FORTIS_RULES)),
    )
}
