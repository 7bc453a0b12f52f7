"""Registrations by postback, of locations and of users, and which faults there are to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...core.messages import Request, Response, Step
from ...runtime.calls import asked
from ...runtime.verdicts import Outcome, fault_of
from .drafts import postback
from .faults import POSTBACK_FAULTS, Fault, PostbackFault
from .findings import UNTOLD, posted
from .identity import Identity
from .records import Location, Settings, User


def names_of(template: str) -> dict[str, str]:
    """Return the app's own names of the parameters that faults know: `location_id`, `user_id` and the static `key`.

    >>> names_of("http://a/?l={{location.id}}&token=x&n={{user.username}}")
    {'l': 'location_id', 'token': 'key'}
    """
    pairs = [piece.partition("=")[::2] for piece in template.partition("?")[2].split("&")]
    known = {"{{location.id}}": "location_id", "{{user.id}}": "user_id"}
    found = {name: known[value] for name, value in pairs if value in known}
    static = [name for name, value in pairs if name and "{{" not in value]
    return found | ({static[0]: "key"} if len(static) == 1 else {"key": "key"} if "key" in static else {})


def applied(fault: PostbackFault, request: Request, genuine: Request, template: str) -> list[Request] | None:
    """Return what a fault sends, in the app's own names; None where the template has not what the fault changes."""
    names = names_of(template)
    ours = {known: name for name, known in names.items()}
    unfilled = bool(fault.values) and request.target == genuine.target
    kept_key = fault.raw and fault.about == "key" and f"{ours.get('key')}=" in request.target
    if unfilled or kept_key or fault.about not in ("", *ours):
        return None
    sent = fault.apply(replace(request, target=renamed(request.target, names)))
    return [replace(one, target=renamed(one.target, ours)) for one in sent]


def renamed(target: str, names: Mapping[str, str]) -> str:
    """Return a target with the names of its parameters changed.

    >>> renamed("/x?l=1&l=2&m", {"l": "location_id"})
    '/x?location_id=1&location_id=2&m'
    """
    path, mark, query = target.partition("?")
    pieces = [piece.partition("=") for piece in query.split("&")]
    return path + mark + "&".join(names.get(name, name) + rest + value for name, rest, value in pieces)


class Registering(Identity):
    """The steps of a registration, each a method that returns its outcome."""

    def register(self, title: str, location_id: str, user_id: str = "", fault: str = "") -> Step[Outcome]:
        """fortis:location.register, fortis:user.register. Register a location, or a user of it, with an app: POST.

        A fault is one of the postback: the registration holds here, whatever the app was told of it.
        """
        chosen = fault_of(fault, POSTBACK_FAULTS, self.offers)
        outcome = yield from self._postback("POST", title, location_id, user_id, chosen)
        self.registered.add((title, location_id, user_id))
        return outcome

    def unregister(self, title: str, location_id: str, user_id: str = "") -> Step[Outcome]:
        """fortis:location.unregister, fortis:user.unregister. Take a location or user out of an app: DELETE, same template."""
        outcome = yield from self._postback("DELETE", title, location_id, user_id, None)
        gone = {
            one for one in [*self.registered] if one[:2] == (title, location_id) and user_id in ("", one[2])
        }
        if self.settings.cascade and not user_id:
            for _, _, user in sorted(one for one in gone if one[2]):
                yield from self._postback("DELETE", title, location_id, user, None)
        self.registered -= gone
        self.removed |= gone
        return outcome

    def _postback(
        self, method: str, title: str, location_id: str, user_id: str, fault: PostbackFault | None
    ) -> Step[Outcome]:
        app, location = self.apps[title], self.locations[location_id]
        user = self.users[user_id] if user_id else None
        template = app.user_setup_url if user else app.location_setup_url
        if not template:  # postbacks are optional
            return self.outcome(None, (fault.unseen(UNTOLD),) if fault else ())
        settings = self.settings
        genuine = self.written(method, template, settings, location, user)
        if fault:
            settings = replace(settings, raw=fault.raw or settings.raw)
            if user:
                user = replace(user, **fault.values)
            else:
                location = replace(location, **fault.values)
        request = self.written(method, template, settings, location, user)
        responses: list[Response | None] = []
        requests = applied(fault, request, genuine, template) if fault else [request]
        if requests is None and fault:
            return self.outcome(None, (fault.unseen("the template has not what it changes"),))
        for one in requests or ():
            response = None
            for _ in range(settings.attempts):  # a redirect is not followed, and is no success; A10
                response = yield from asked(one)
                if response is not None and response.ok:
                    break
            responses.append(response)
        last = responses[-1] if responses else None
        repeated = method == "POST" and (title, location_id, user_id) in self.registered
        return self.outcome(last, tuple(posted(fault, responses, repeated)))

    def written(
        self, method: str, template: str, settings: Settings, location: Location, user: User | None
    ) -> Request:
        """fortis:postback.static. Return a postback as it is sent."""
        return postback(method, template, settings, location, user)

    # --- faults ---------------------------------------------------------------------------------------

    def offers(self, fault: Fault) -> bool:
        """Return whether a fault can be tried: whether there is a trap of the kind that it names."""
        return getattr(fault, "foreign", "") in ("", *self.settings.traps)
