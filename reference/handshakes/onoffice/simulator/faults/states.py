"""Faults of what the platform keeps: an activation's state, a service's claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....runtime.verdicts import Fault, Refuses
from ..records import CLAUSE, Popup
from ..resources import Resources


@dataclass(frozen=True, slots=True)
class StateFault(Fault):
    """A fault of what the platform keeps, made after the page was loaded and before the button is pressed."""

    apply: Callable[[Resources, Popup], None]


@dataclass(frozen=True, slots=True)
class ClaimFault(Fault):
    """A fault of the claims of a user's services, made before a service is opened; it lasts until the next one is."""

    apply: Callable[[Resources, tuple[str, str]], None]


_PLATFORM = Refuses("platform-error")


def _expired(platform: Resources, popup: Popup) -> None:
    platform.cache[popup.cache_id].until = platform.clock() - 1


def _claim_answered(code: int) -> Callable[[Resources, Popup], None]:
    """Let the API answer a code to the claim of the activation."""

    def apply(platform: Resources, popup: Popup) -> None:
        for claim in [*platform.claims.values()]:
            if claim.cache_id == popup.cache_id:
                claim.fault = code

    return apply


def _user_gone(platform: Resources, popup: Popup) -> None:
    platform.api_users[popup.token].state = "gone"


STATE_FAULTS: tuple[StateFault, ...] = (
    StateFault("cache-expired", CLAUSE + "unlock.answer", _PLATFORM, "the entry of the parameter cache has expired: 177", _expired),
    StateFault("claim-of-another-call", CLAUSE + "unlock.answer", _PLATFORM, "the claim belongs to another call: 248", _claim_answered(248)),
    StateFault("claim-outdated", CLAUSE + "unlock.answer", _PLATFORM, "the claim is outdated: 201", _claim_answered(201)),
    StateFault("api-user-blocked", CLAUSE + "unlock.answer", _PLATFORM, "the API user was deactivated meanwhile: 22", _user_gone),
)  # fmt: skip


def _claims_answer(code: int) -> Callable[[Resources, tuple[str, str]], None]:
    """Let the API answer a code to whichever of a user's claims is sent: the latest may be that of an earlier call."""

    def apply(platform: Resources, person: tuple[str, str]) -> None:
        platform.claim_faults[person] = code

    return apply


CLAIM_FAULTS: tuple[ClaimFault, ...] = (
    ClaimFault("service-claim-outdated", CLAUSE + "api.envelopes", _PLATFORM, "the service's claim is outdated: 201", _claims_answer(201)),
    ClaimFault("service-claim-of-another", CLAUSE + "api.envelopes", _PLATFORM, "the service's claim fits nobody: 248", _claims_answer(248)),
)  # fmt: skip
