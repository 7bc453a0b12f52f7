"""Faults of what carries no token: the configuration request, the user's way to the account, the activity callback."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ....runtime.verdicts import Fault, Refuses, Survives
from ..drafts import Callback
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class ConfigFault(Fault):
    """A fault of the configuration request: sent `times` times, by `method`."""

    method: str = "GET"
    times: int = 1


@dataclass(frozen=True, slots=True)
class VisitFault(Fault):
    """A fault of the user's way to the account: where the browser goes, and with which form, if any."""

    visit: Callable[[str, str], tuple[str, Mapping[str, str] | None]]


@dataclass(frozen=True, slots=True)
class ActivityFault(Fault):
    """A fault of the activity callback; `foreign` is the kind of the foreign address that it names, if any."""

    fields: Callable[[Callback], Mapping[str, str]]
    times: int = 1
    foreign: str = ""


_MISSING = Refuses("missing-parameter")
_TYPE = Refuses("wrong-type")
_NOT_ALLOWED = Refuses("not-allowed")
_WORKS = Survives("connected")
_PLATFORM = Refuses("platform-error")
_PRICE = json.dumps({
    "price": 100, "priceWithDiscount": 80, "billingType": "fixed",
    "currency": {"name": "Euro", "shortName": "EUR", "code": "EUR"},
})  # fmt: skip

CONFIG_FAULTS: tuple[ConfigFault, ...] = (
    ConfigFault("config-twice", CLAUSE + "config.answer", _WORKS, "the configuration is asked for twice", times=2),
    ConfigFault(
        "config-posted", CLAUSE + "config.other-methods", Refuses("wrong-method"), "the configuration is asked for by PUT",
        method="PUT",
    ),
)  # fmt: skip
VISIT_FAULTS: tuple[VisitFault, ...] = (
    VisitFault("client-in-query", CLAUSE + "transition.body-only", _MISSING, "clientId in the query of a POST",
               lambda url, id: (f"{url}{'&' if '?' in url else '?'}clientId={quote(id)}", {})),
    VisitFault("unknown-client", CLAUSE + "transition.unknown", Refuses("unknown-installation"), "a clientId that nobody has",
               lambda url, id: (url, {"clientId": "0" * 40})),
    VisitFault("no-client", CLAUSE + "transition.unknown", _MISSING, "no clientId", lambda url, id: (url, {})),
)  # fmt: skip
ACTIVITY_FAULTS: tuple[ActivityFault, ...] = (
    ActivityFault("activity-unknown", CLAUSE + "activity.unknown", Refuses("unknown-installation"), "a clientId that nobody has",
                  lambda c: c.fields(clientId="0" * 40)),
    ActivityFault("activity-without-client", CLAUSE + "activity.unknown", _MISSING, "no clientId",
                  lambda c: c.fields(clientId=None)),
    ActivityFault("activity-foreign-host", CLAUSE + "activity.system-url", _NOT_ALLOWED, "the account moves to a foreign host",
                  lambda c: c.fields(systemUrl=c.foreign["foreign"]), foreign="foreign"),
    ActivityFault("activity-another-account", CLAUSE + "activity.system-url", _PLATFORM, "the account moves to another account's host",
                  lambda c: c.fields(systemUrl=c.foreign["another"]), foreign="another"),
    ActivityFault("activity-bracketed", CLAUSE + "activity.flags", _MISSING, "activity[active] in brackets",
                  lambda c: {**c.fields(activity=None), "activity[active]": "1", "activity[freeze]": "0"}),
    ActivityFault("activity-numbers", CLAUSE + "activity.flags", _TYPE, "flags as numbers",
                  lambda c: c.fields(activity='{"active":1,"freeze":0}')),
    ActivityFault("activity-half", CLAUSE + "activity.flags", _WORKS, "only freeze is said",
                  lambda c: c.fields(activity='{"freeze":false}')),
    ActivityFault("activity-billing", CLAUSE + "activity.answer", _WORKS, "with billingInfo, as newer callbacks have it",
                  lambda c: {**c.fields(), "billingInfo": _PRICE}),
    ActivityFault("activity-repeated", CLAUSE + "activity.answer", _WORKS, "the same callback twice", lambda c: c.fields(), times=2),
    ActivityFault("activity-off", CLAUSE + "activity.effect", Survives("off"), "the module is switched off",
                  lambda c: c.fields(activity='{"active":false,"freeze":false}')),
    ActivityFault("activity-frozen", CLAUSE + "activity.effect", Survives("off"), "the module is frozen",
                  lambda c: c.fields(activity='{"active":true,"freeze":true}')),
    ActivityFault("activity-on", CLAUSE + "activity.effect", _WORKS, "the module is switched on again", lambda c: c.fields()),
)  # fmt: skip
