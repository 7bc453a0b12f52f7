"""Faults of the API's answers: to `users/me` while the app is opened, and on the way of OAuth."""

from __future__ import annotations

from collections.abc import Callable

from ....core.messages import Answer, Delayed, Dropped, Response, json_response
from ....runtime.verdicts import Refuses, Survives
from ..records import CLAUSE, AnswerFault, OAuthFault
from ..tampering import other_end

_OPENED = Survives("opened")
_PLATFORM = Refuses("platform-error")
_NO_ANSWER = Refuses("unreachable")
_ODD = Refuses("unexpected-answer")
_STATE = Refuses("wrong-state")


def _says(status: int) -> Callable[[Response], Answer]:
    return lambda response: json_response({"message": "error"}, status)


def _another_me(response: Response) -> Answer:
    return json_response({"user": {"id": "11e7a84525008da8960bffff"}})


def _state(change: Callable[[str], str]) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda values: {**values, "state": change(values["state"])}


def _led_to(origin: str) -> Callable[[Response], Answer]:
    return lambda response: Response(307, (("location", f"{origin}/oauth/token"),))


ANSWER_FAULTS: tuple[AnswerFault, ...] = (
    AnswerFault("me-401", CLAUSE + "token.expired", _PLATFORM, "users/me answers 401", _says(401)),
    AnswerFault("me-403", CLAUSE + "identity.unavailable", _PLATFORM, "users/me answers 403", _says(403)),
    AnswerFault("me-500", CLAUSE + "identity.unavailable", _PLATFORM, "users/me answers 500", _says(500)),
    AnswerFault("me-another", CLAUSE + "identity.mismatch", Refuses("identity-mismatch"), "users/me answers another user", _another_me),
    AnswerFault("me-page", CLAUSE + "identity.unavailable", _ODD, "users/me answers a page",
                lambda r: Response(200, (("content-type", "text/html"),), b"<p>Welcome</p>")),
    AnswerFault("me-without-user", CLAUSE + "identity.unavailable", _ODD, "users/me answers without a user",
                lambda r: json_response({"users": []})),
    AnswerFault("me-slow", CLAUSE + "identity.unavailable", _NO_ANSWER, "users/me answers after 15 s", lambda r: Delayed(15, r), 15, waits=True),
    AnswerFault("me-dropped", CLAUSE + "identity.unavailable", _NO_ANSWER, "users/me: connection closed, no answer", lambda r: Dropped()),
    AnswerFault("me-late", CLAUSE + "identity.users-me", _OPENED, "users/me answers after 2 s", lambda r: Delayed(2, r), waits=True),
)  # fmt: skip
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
