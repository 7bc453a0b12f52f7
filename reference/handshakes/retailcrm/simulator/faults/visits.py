"""Faults of the user's way to the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ....runtime.verdicts import Fault, Refuses
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class VisitFault(Fault):
    """A fault of the user's way to the account: where the browser goes, and with which form, if any."""

    visit: Callable[[str, str], tuple[str, Mapping[str, str] | None]]


_MISSING = Refuses("missing-parameter")

VISIT_FAULTS: tuple[VisitFault, ...] = (
    VisitFault("client-in-query", CLAUSE + "transition.body-only", _MISSING, "clientId in the query of a POST",
               lambda url, id: (f"{url}{'&' if '?' in url else '?'}clientId={quote(id)}", {})),
    VisitFault("unknown-client", CLAUSE + "transition.unknown", Refuses("unknown-installation"), "a clientId that nobody has",
               lambda url, id: (url, {"clientId": "0" * 40})),
    VisitFault("no-client", CLAUSE + "transition.unknown", _MISSING, "no clientId", lambda url, id: (url, {})),
)  # fmt: skip
