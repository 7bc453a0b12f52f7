"""The adopted rules of a launch of either kind: the secret, the parameters, the location, what is absent."""

from __future__ import annotations

import re
from typing import Any

from ...core.keys import key_bytes
from ...core.printing import printable
from ...core.refusals import Refused
from ...core.strict import no_duplicates, query_pairs

LAUNCH = "fortis:launch."
SECRET = "fortis:secret.bytes"
SHORTEST_ID, LONGEST_ID = 24, 36
_changed_by_php = re.compile(r"[ .[\0]").search
is_id = re.compile(f"[0-9a-fA-F-]{{{SHORTEST_ID},{LONGEST_ID}}}", re.ASCII).fullmatch


def key(secret: str, clause: str) -> bytes:
    """fortis:secret.bytes. Return the secret's UTF-8 bytes, exactly as typed: nothing is trimmed or decoded.

    In encrypted mode it is a passphrase and no key. Raises `Refused`: `empty-secret`, `wrong-type`,
    `malformed`. Source: page, Example Decryption Process; A20, A21.

    >>> key("your key", "fortis:secret.bytes")
    b'your key'
    """
    return key_bytes(secret, clause if secret else "fortis:secret.empty")


def parameters(query: str) -> dict[str, str]:
    """fortis:launch.query, fortis:launch.repeated. Return a launch's parameters, at most 8,192 characters; none twice; A28.

    Raises `Refused`: `duplicate-parameter`, `malformed`, `too-large`.

    >>> parameters("location_id=1&timestamp=2")
    {'location_id': '1', 'timestamp': '2'}
    """
    values = no_duplicates(query_pairs(query, "fortis:launch.query"), clause := "fortis:launch.repeated")
    if not _changed_by_php("".join(values)):
        return values
    for name in values:
        front, _, index = (seen := name.lstrip(" ").partition("\0")[0]).partition("[")
        read = re.sub(r"[ .[]", "_", front if front and "]" in index else seen)
        if read != name and read in values:
            raise Refused("duplicate-parameter", clause, {"name": printable(name), "PHP": printable(read)})
    return values


def present(values: dict[str, Any]) -> dict[str, Any]:
    """fortis:launch.absent. Return the values that are not absent: null, an empty text and `{{…` count as absent; A05.

    >>> present({"user_id": 7, "contact_id": None, "hmac": "", "contact_api_id": "{{contact-api-id}}"})
    {'user_id': 7}
    """
    for value in values.values():
        if (not value or value[0] == "{") if type(value) is str else value is None:
            break
    else:  # as nearly always
        return values
    return {
        name: value
        for name, value in values.items()
        if (value and value[:2] != "{{" if type(value) is str else value is not None)
    }


def location(location_id: str) -> None:
    """fortis:launch.location-id. Refuse a location id that is not 24 to 36 hex digits and hyphens; A18.

    Raises `Refused` with `malformed`. Source: SDK, the pattern of every id.

    >>> location("11ea858313aabde4bd2eb0fa")
    """
    if not is_id(location_id):
        expected = f"{SHORTEST_ID} to {LONGEST_ID} hex digits or hyphens"
        # what is no id may be a token in the wrong place: only its length is told
        evidence = {"location_id": f"{len(location_id)} characters", "expected": expected}
        raise Refused("malformed", "fortis:launch.location-id", evidence, stage="members")
