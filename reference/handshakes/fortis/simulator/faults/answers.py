"""Faults of the answer to `users/me` while the app is opened."""

from __future__ import annotations

from collections.abc import Callable

from ....core.messages import Answer, Delayed, Dropped, Response, json_response
from ....runtime.verdicts import Refuses, Survives
from ..records import CLAUSE, AnswerFault

_OPENED = Survives("opened")


def _says(status: int) -> Callable[[Response], Answer]:
    return lambda response: json_response({"message": "error"}, status)


def _another_me(response: Response) -> Answer:
    return json_response({"user": {"id": "11e7a84525008da8960bffff"}})


_PLATFORM = Refuses("platform-error")
_NO_ANSWER = Refuses("unreachable")
_ODD = Refuses("unexpected-answer")

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
