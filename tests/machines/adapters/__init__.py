"""The platforms that the one machine drives, each by what is its own."""

from __future__ import annotations

from tests.machines.adapters.adapter import Adapter
from tests.machines.adapters.fortis import Fortis, FortisPlain
from tests.machines.adapters.officernd import OfficeRnD
from tests.machines.adapters.onoffice import OnOffice
from tests.machines.adapters.retailcrm import RetailCRM

ADAPTERS: dict[str, type[Adapter]] = {
    "officernd": OfficeRnD, "retailcrm": RetailCRM, "onoffice": OnOffice, "fortis": Fortis, "fortis-plain": FortisPlain,
}  # fmt: skip
