"""Faults on the way of OAuth."""

from __future__ import annotations

from collections.abc import Callable

from ....core.messages import Answer, Dropped, Response, json_response
from ....runtime.verdicts import Refuses
from ..records import CLAUSE, OAuthFault
from ..tampering import other_end

_PLATFORM = Refuses("platform-error")
_NO_ANSWER = Refuses("unreachable")
_ODD = Refuses("unexpected-answer")


def _state(change: Callable[[str], str]) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda values: {**values, "state": change(values["state"])}


def _led_to(origin: str) -> Callable[[Response], Answer]:
    return lambda response: Response(307, (("location", f"{origin}/oauth/token"),))


_STATE = Refuses("wrong-state")

OAUTH_FAULTS: tuple[OAuthFault, ...] = (
    OAuthFault("state-changed", CLAUSE + "oauth.state", _STATE, "another state comes back", _state(lambda s: other_end(s))),
    OAuthFault("state-missing", CLAUSE + "oauth.state", _STATE, "no state comes back",
               lambda v: {name: text for name, text in v.items() if name != "state"}),
    OAuthFault("consent-denied", CLAUSE + "oauth.endpoints", _PLATFORM, "the user denies",
               lambda v: {"error": "access_denied", "state": v["state"]}),
    OAuthFault("wrong-code", CLAUSE + "oauth.endpoints", _PLATFORM, "a code that nobody was given",
               lambda v: {**v, "code": "0" * 40}),
    OAuthFault("callback-twice", CLAUSE + "oauth.state", _STATE, "the same callback twice", times=2),
    OAuthFault("consent-of-another", CLAUSE + "identity.mismatch", Refuses("identity-mismatch"), "another user consents", user="another"),
    OAuthFault("token-redirects", CLAUSE + "oauth.redirects", _PLATFORM, "the token endpoint redirects to a foreign host",
               foreign="foreign", leads=_led_to),
    OAuthFault("token-error", CLAUSE + "oauth.endpoints", _PLATFORM, "the token endpoint answers invalid_grant",
               answer=lambda r: json_response({"error": "invalid_grant"}, 400)),
    OAuthFault("token-without-lifetime", CLAUSE + "oauth.endpoints", _ODD, "the token answer names no lifetime",
               answer=lambda r: json_response({"access_token": "x" * 40, "token_type": "Bearer", "refresh_token": "y"})),
    OAuthFault("token-dropped", CLAUSE + "oauth.endpoints", _NO_ANSWER, "the token endpoint closes the connection",
               answer=lambda r: Dropped()),
)  # fmt: skip
