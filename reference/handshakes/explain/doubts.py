"""What is odd about a secret that was given, before anything is tried with it, and about a request that nothing explains."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..core.cases import Found
from .key_forms import ASSIGNED, PLACEHOLDERS, PREFIXED, unquoted_secret

_STARS = re.compile(
    r"[*•]{3,}|[\[<({](?i:filtered|hidden|masked|omitted|redacted|removed)\b|(?<=[=:\"' ])x{6,}"
)
_ENDS = re.compile(r"(?<![\w.])\w{2,12}(?:\.{3}|…)\w{2,12}(?![\w.])")


def left_out(found: Found) -> str:
    """Return a note on a value of a request that a log or a person masked or shortened, or nothing.

    >>> left_out(Found("/h?data=[FILTERED"))
    'A value of the request is masked, as logs do it. Nothing fits without it: take the request from where nobody masks it.'
    """
    texts = (
        found.url.partition("?")[2],
        *dict(found.headers).values(),
        found.body.decode("utf-8", "replace"),
    )
    if any(_STARS.search(text) or _ENDS.search(text) for text in map(unquote, texts)):
        return "A value of the request is masked, as logs do it. Nothing fits without it: take the request from where nobody masks it."
    return ""


def doubt(secret: str) -> str:
    """Return a sentence on a secret that looks like something else than a secret, or nothing; no part of it is shown.

    >>> doubt('"example"')
    'The secret given is in quotes.'
    """
    for test, said in (
        (secret != secret.strip("\ufeff \t\r\n"), "has blanks, line ends or a byte order mark around it"),
        (re.match(r"https?://", secret, re.I) is not None, "is a URL"),
        (unquoted_secret(secret) != secret, "is in quotes"),
        (ASSIGNED.match(secret) is not None, "is a whole line NAME=value"),
        (PREFIXED.match(secret) is not None, "begins with a prefix that is usually not part of the key"),
        (secret.startswith("-----BEGIN"), "is a key in PEM form, where a text is shared by both sides"),
        (secret.count(".") == 2 and secret.startswith("eyJ"), "has the form of a token (JWT)"),
        (re.fullmatch(r"[*•.]{4,}", secret) is not None, "is the masked form that a page shows"),
        (
            secret.lower() in map(str.lower, PLACEHOLDERS) and secret not in ("secret", "key", "test", "0"),
            "is a placeholder or the text of an unset variable",
        ),
    ):
        if test:
            return f"The secret given {said}."
    return ""
