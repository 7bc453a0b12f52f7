"""Templates of addresses: what is between double braces is replaced, the rest is sent unchanged.

There are two languages (A04): postbacks write `{{location.id}}`, the iframe `{{contact-id}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from ...core.messages import split_url
from ...core.printing import printable
from ...core.refusals import Refused

OF_LOCATIONS = ("location.id", "location.account_number", "location.location_api_id")
OF_USERS = (*OF_LOCATIONS, "user.id", "user.username", "user.email", "user.domain.url")
OF_IFRAMES = ("contact-id", "user-id", "access-token", "contact-api-id", "user-oauth-url")
"""The page shows the first two; the others are assumed by analogy (A03)."""
_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")


def checked(template: str, known: tuple[str, ...], clause: str) -> None:
    """Refuse a template with an unknown placeholder or half of one, of more than 512 characters, or that is not a URL.

    An empty template counts as absent. Raises `Refused`: `not-allowed`, `too-large`, `malformed`. Source: page, Registering a Location for Marketplace; SDK,
    addon.

    >>> checked("https://app.example/?id={{location.id}}", OF_LOCATIONS, "fortis:location.placeholders")
    """
    if len(template) > 512:
        raise Refused("too-large", "fortis:setup.limits", {"characters": len(template), "limit": 512})
    for name in _PLACEHOLDER.findall(template):
        if name not in known:
            raise Refused("not-allowed", clause, {"placeholder": printable(name), "known": ", ".join(known)})
    left = _PLACEHOLDER.sub("", template)
    if "{" in left or "}" in left:
        raise Refused("malformed", clause, {"template": "has a brace that belongs to no placeholder"})
    try:
        split_url(template or "https://none")
    except ValueError as error:
        raise Refused("malformed", clause, {"template": str(error)}) from None


def filled(
    template: str, values: Mapping[str, str | None], *, raw: bool = False, absent: str = "empty"
) -> str:
    """fortis:postback.encoding. Return a template with its values put in, percent-encoded unless `raw`; A06.

    A value that is None is absent: an empty text, or with `absent` `literal` the placeholder itself, or
    with `omitted` no parameter at all (A05).

    >>> filled("https://a.example/?id={{location.id}}&x={{user.email}}", {"location.id": "a&b", "user.email": None})
    'https://a.example/?id=a%26b&x='
    """

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            return quote(match[0], safe="") if absent == "literal" else ""
        return found if raw else quote(found, safe="")

    if absent == "omitted":
        base, mark, query = template.partition("?")
        kept = [piece for piece in query.split("&") if not _lacks(piece, values)]
        template = base + (mark if kept else "") + "&".join(kept)
    return _PLACEHOLDER.sub(value, template)


def _lacks(piece: str, values: Mapping[str, str | None]) -> bool:
    names = _PLACEHOLDER.findall(piece)
    return bool(names) and all(values.get(name) is None for name in names)
