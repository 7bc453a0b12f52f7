"""What onOffice does wrong on request: every fault has a name, a clause and an expected end."""

from __future__ import annotations

from typing import TypeAlias

from ..records import ApiFault
from .answers import API_FAULTS
from .forms import FORM_FAULTS, FormFault
from .states import CLAIM_FAULTS, STATE_FAULTS, ClaimFault, StateFault
from .urls import ACTIVATION_URL_FAULTS, URL_FAULTS, UrlFault

Fault: TypeAlias = UrlFault | StateFault | ApiFault | FormFault | ClaimFault
OPENING_FAULTS: tuple[Fault, ...] = (*URL_FAULTS, *ACTIVATION_URL_FAULTS, *STATE_FAULTS, *API_FAULTS)
"""Those of an activation that a person goes through: the others change the form that a person sends."""
ACTIVATION_FAULTS: tuple[Fault, ...] = (*OPENING_FAULTS, *FORM_FAULTS)
SERVICE_FAULTS: tuple[Fault, ...] = (*URL_FAULTS, *CLAIM_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in (*ACTIVATION_FAULTS, *CLAIM_FAULTS)}
"""Every fault by name."""
