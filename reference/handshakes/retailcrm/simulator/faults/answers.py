"""Faults of the API's answers while a registration waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....core.messages import Answer, Delayed, Dropped, Response, json_response
from ....runtime.verdicts import Refuses, Survives
from ..records import CLAUSE, AnswerFault

_NOT_ALLOWED = Refuses("not-allowed")
_WORKS = Survives("connected")


def _error(status: int, message: str, errors: Any = None) -> Callable[[Response], Answer]:
    more = {} if errors is None else {"errors": errors}
    return lambda response: json_response({"success": False, "errorMsg": message, **more}, status)


def _info_empty(response: Response) -> Answer:
    return json_response({"success": True, "info": []}, response.status)


_PLATFORM = Refuses("platform-error")
_UNREACHABLE = Refuses("unreachable")
_FUNDS = "Insufficient funds on the account"
ANSWER_FAULTS: tuple[AnswerFault, ...] = (
    AnswerFault("edit-400", CLAUSE + "answer.message", _PLATFORM, "edit answers 400 with the reason", "edit",
                _error(400, "Errors in the entity format", {"name": "This value should not be blank."}), says="Errors in the entity"),
    AnswerFault("edit-402", CLAUSE + "answer.message", _PLATFORM, "edit answers 402: no money on the account", "edit",
                _error(402, "Failed to activate module", [_FUNDS]), says="Failed to activate module"),
    AnswerFault("edit-403", CLAUSE + "edit.success", _PLATFORM, "edit answers 403", "edit", _error(403, "Access denied.")),
    AnswerFault("edit-404", CLAUSE + "edit.success", _PLATFORM, "edit answers 404", "edit", _error(404, "Account does not exist.")),
    AnswerFault("edit-429", CLAUSE + "edit.success", _PLATFORM, "edit answers 429", "edit", _error(429, "Too many requests")),
    AnswerFault("edit-503", CLAUSE + "edit.success", _PLATFORM, "edit answers 503", "edit", _error(503, "Service unavailable")),
    AnswerFault("edit-says-false", CLAUSE + "edit.success", _PLATFORM, "edit answers 200 with success false", "edit",
                _error(200, "Access denied.")),
    AnswerFault("edit-html", CLAUSE + "edit.success", Refuses("unexpected-answer"), "edit answers 200 with a page", "edit",
                lambda r: Response(200, (("content-type", "text/html"),), b"<p>Welcome</p>")),
    AnswerFault("edit-slow", CLAUSE + "answer.after-edit", _UNREACHABLE, "edit answers after 15 s", "edit",
                lambda r: Delayed(15, r), instead=False, seconds=15, waits=True),
    AnswerFault("edit-dropped", CLAUSE + "answer.after-edit", _UNREACHABLE, "edit: connection closed, no answer", "edit",
                lambda r: Dropped()),
    AnswerFault("edit-lost", CLAUSE + "answer.after-edit", _UNREACHABLE, "edit is carried out and its answer lost", "edit",
                lambda r: Dropped(), instead=False),
    AnswerFault("edit-late", CLAUSE + "edit.during", _WORKS, "edit answers after 2 s", "edit", lambda r: Delayed(2, r), instead=False, waits=True),
    AnswerFault("edit-200", CLAUSE + "edit.statuses", _WORKS, "edit answers 200 to a new module", "edit",
                lambda r: Response(200, r.headers, r.body), instead=False),
    AnswerFault("info-empty", CLAUSE + "edit.containers", _WORKS, "info is an empty array", "edit", _info_empty, instead=False),
    AnswerFault("key-without-rights", CLAUSE + "scopes.checked", _NOT_ALLOWED, "the key lacks a right that was asked for", "credentials",
                lambda r: json_response({"success": True, "scopes": ["integration_read"]})),
    AnswerFault("credentials-403", CLAUSE + "answer.after-edit", _PLATFORM, "the key is refused", "credentials",
                _error(403, 'Wrong "apiKey" value.')),
    AnswerFault("unreachable", CLAUSE + "answer.after-edit", _UNREACHABLE, "the CRM closes every connection", "every",
                lambda r: Dropped()),
)  # fmt: skip
