"""What went wrong with a launch: the readings and mistakes that explain it, tried one after the other.

Pure, and for the person who debugs only: an app never tries any of them.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from hashlib import sha256
from urllib.parse import quote, unquote

from ...core.refusals import Refused
from ...core.strict import Pairs, query_pairs
from .. import readings
from ..rules import Readings
from ..signing import BY_DATA, verify_launch


def mistake_in(url: str, *, mode: str, secret: str, now: int) -> str:
    """Return the one reading, or the mistake in words, under which a refused launch would be taken; else nothing.

    >>> mistake_in("/?location_id=11ea858313aabde4bd2eb0fa&timestamp=1700000000&hmac="
    ...            "F353309AF844EEC88FDF53E8B584E991C02018EE220DBC374D55E66B35DFFEB9",
    ...            mode="plain", secret="3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", now=1700000000)
    'the reading fortis:plain.hmac-case=either'
    """

    def taken(url: str, secret: str, stages: Readings | None = None) -> bool:
        try:
            verify_launch(url, mode=mode, secret=secret, now=now, tolerance=(2**40, 2**40), readings=stages)
        except Refused:
            return False
        return True

    if taken(url, secret):  # then it is the time, or a policy, and nothing is wrong with the bytes
        return ""
    for reading, stages in readings.READINGS.items():
        if stages and "tolerance" not in stages and taken(url, secret, stages):
            return f"the reading {reading}"
    tries: Callable[..., Iterator[tuple[str, str, str]]] = _of_data if mode == BY_DATA else _of_hmac
    for mistake, other_url, other_secret in tries(url, secret):
        if other_secret and taken(other_url, other_secret):
            return mistake
    return "" if mode == BY_DATA else _other_mac(url, secret)


def _secrets(secret: str) -> Iterator[tuple[str, str]]:
    for name, end in (("line end", "\n"), ("carriage return and line end", "\r\n"), ("blank", " ")):
        yield f"the sender's secret ends with a {name}", secret + end
    yield "the sender's secret was in quotes", f'"{secret}"'
    yield "the secret here has blanks or line ends around it", secret.strip()


def _of_data(url: str, secret: str) -> Iterator[tuple[str, str, str]]:
    base, _, query = url.partition("?")
    data = next((piece[5:] for piece in query.split("&") if piece.startswith("data=")), "")
    yield (
        "the base64 in the URL was not percent-encoded: its plus signs arrived as blanks",
        _with(base, unquote(data).replace(" ", "+")),
        secret,
    )
    yield "the value was percent-encoded twice", _with(base, unquote(unquote(data))), secret
    yield "line breaks stand in the base64", _with(base, "".join(unquote(data).split())), secret
    for mistake, other in _secrets(secret):
        yield mistake, url, other


def _with(base: str, data: str) -> str:
    return f"{base}?data={quote(data, safe='')}"


def _of_hmac(url: str, secret: str) -> Iterator[tuple[str, str, str]]:
    for mistake, other in _secrets(secret):
        yield mistake, url, other


def _other_mac(url: str, secret: str) -> str:
    """Return the mistake that makes the hmac that was received."""
    try:
        pairs: Pairs = query_pairs(url.partition("#")[0].partition("?")[2], "")
    except Refused:
        return ""
    values = dict(pairs)
    location, time, received = (values.get(name, "") for name in ("location_id", "timestamp", "hmac"))
    if not received:
        return ""
    key, both = secret.encode("utf-8", "surrogatepass"), (location + time).encode("utf-8", "surrogatepass")
    rest = "&".join(f"{name}={text}" for name, text in pairs if name != "hmac").encode(
        "utf-8", "surrogatepass"
    )
    made = {
        "an empty secret was used": hmac.digest(b"", both, "sha256").hex(),
        "secret and message are swapped": hmac.digest(both, key, "sha256").hex() if both else "",
        "a plain SHA-256 of secret and message was used": sha256(key + both).hexdigest(),
        "a plain SHA-256 of message and secret was used": sha256(both + key).hexdigest(),
        "only location_id was signed": hmac.digest(key, location.encode(), "sha256").hex(),
        "only timestamp was signed": hmac.digest(key, time.encode(), "sha256").hex(),
        "the whole query was signed": hmac.digest(key, rest, "sha256").hex(),
        "user_id was signed in place of location_id, as elsewhere in the API": hmac.digest(
            key, (values.get("user_id", "") + time).encode(), "sha256"
        ).hex(),
    }
    for between in (".", ":", "-", "|", " ", "\n", "&", ","):
        text = f"{location}{between}{time}".encode("utf-8", "surrogatepass")
        made[f"{between!r} stands between location_id and timestamp"] = hmac.digest(key, text, "sha256").hex()
    made["the signed text ends with a line end"] = hmac.digest(key, both + b"\n", "sha256").hex()
    for name in ("md5", "sha1", "sha512"):
        made[f"{name} was used instead of sha256"] = hmac.digest(key, both, name).hex()
    if location.isdigit() and time.isdigit() and len(location) < 40 and len(time) < 40:
        number = str(int(location) + int(time)).encode()
        made["the two were added as numbers"] = hmac.digest(key, number, "sha256").hex()
    return next((mistake for mistake, hex in made.items() if hex == received.lower()), "")
