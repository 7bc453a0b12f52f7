"""Fortis' launch, pure: the iframe's URL in, a verified view out.

The platform opens the app in an iframe in one of two ways, and an app is set to one of them (A22). In
plain mode the URL carries an HMAC of location id and timestamp, as text, joined by nothing:

>>> launch_hmac("zzzzzzzz", "1234567890", secret="your_secret_key")[:8]
'983a089d'

So only these two are covered; who opened the app is not (S07). In encrypted mode one parameter `data` holds
everything (`encryption.py`), and nothing is covered. In both, an identity is a claim until the platform's
API has confirmed it. Checks come in the order syntax, authenticity, time.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from hashlib import sha256
from typing import NamedTuple

from ..core.printing import printable
from ..core.refusals import Refused, absent
from ..core.stages import Stage
from ..core.strict import MAX_QUERY, Pairs, of_type
from ..core.timestamps import Tolerance, check_time
from .encryption import data_stages, decrypt_parameters, spend
from .rules import ADOPTED, Readings, Rules, rules
from .rules.launch import SECRET

BY_DATA, BY_HMAC = "encrypted", "plain"
SIGNED = ("location_id", "timestamp")
NEEDED = ("hmac", *SIGNED)
_SAMPLE = r"location_id=([0-9a-f]{24,36})&timestamp=([0-9]{10})&hmac=([0-9a-f]{64})((?:&[a-z_-]+=[0-9a-z]{1,64}){0,20})"
_AS_USUAL = re.compile(_SAMPLE).fullmatch
_OTHERS = re.compile("&([a-z_-]+)=([0-9a-z]+)").findall


class Launch(NamedTuple):
    """A launch that was read in the one mode of the app: its values in order, and which of them are covered.

    Values that count as absent (A05) are left out, as is `hmac`. `timestamp` is in Unix seconds, None in
    encrypted mode. The representation shows no value.
    """

    mode: str
    parameters: Pairs
    timestamp: int | None
    covered: tuple[str, ...]
    not_covered: tuple[str, ...]

    def __repr__(self) -> str:
        known = f"covered={self.covered}, not_covered={self.not_covered}"
        return f"Launch(mode={self.mode!r}, timestamp={self.timestamp}, {known})"

    def value(self, name: str) -> str:
        """Return one value, or an empty text where it is absent."""
        return next((text for key, text in self.parameters if key == name), "")


def launch_hmac(location_id: str, timestamp: str, *, secret: str, readings: Readings | None = None) -> str:
    """fortis:plain.hmac. Return the `hmac` of a launch: 64 lower-case hex digits over both texts as they are.

    Raises `Refused`: `empty-secret`, `wrong-type`, `malformed`. Source: page, Example HMAC Calculation.

    >>> launch_hmac("11ea858313aabde4bd2eb0fa", "1700000000",
    ...             secret="3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3")[-6:]
    'dffeb9'
    """
    rule = rules(readings)
    key = rule.key(secret, SECRET)
    of_type(location_id, str, "fortis:plain.message", "location_id")
    of_type(timestamp, str, "fortis:plain.message", "timestamp")
    try:
        return rule.mac(key, rule.message(location_id, timestamp)).hex()
    except UnicodeEncodeError:
        raise Refused("malformed", "fortis:plain.message", {"found": "a lone surrogate"}) from None


def verify_launch(
    url: str,
    *,
    mode: str,
    secret: str,
    now: int,
    tolerance: Tolerance | None = None,
    readings: Readings | None = None,
) -> Launch:
    """fortis:launch.mode. Return what a launch says, read in the app's one mode; a launch of the other is refused.

    `url` is the raw target or URL; `mode` is `encrypted` or `plain`, without a default. `now` is in Unix
    seconds; `tolerance` (seconds back, seconds ahead, both inclusive) is 300 and 60 unless given, and is
    for plain mode only: the other has no time (A23, A25). Raises `Refused`: `not-allowed` for the other
    kind of launch, the reasons of syntax, then `signature-mismatch`, then `stale` or `from-the-future`;
    in encrypted mode those of `decrypt_parameters`. Source: page, Encrypted URL Params, Plain Text URL
    Params; A22.

    >>> verify_launch(
    ...     "/redirection?location_id=11ea858313aabde4bd2eb0fa&timestamp=1700000000&hmac="
    ...     "f353309af844eec88fdf53e8b584e991c02018ee220dbc374d55e66b35dffeb9&user_id=7",
    ...     mode="plain", secret="3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3", now=1700000000)
    Launch(mode='plain', timestamp=1700000000, covered=('location_id', 'timestamp'), not_covered=('user_id',))
    """
    rule = rules(readings)
    key = rule.key(secret, SECRET)
    of_type(url, str, "fortis:launch.mode", "url")
    query = url.partition("#")[0].partition("?")[2]
    if mode == BY_HMAC:
        launch = _plain(rule, query, url, key, readings)
        within = rule.tolerance() if tolerance is None else tolerance
        check_time(launch.timestamp or 0, now, within, "fortis:plain.tolerance")
        return launch
    if mode == BY_DATA:
        found = decrypt_parameters(_data(rule, query, key), secret=secret, readings=readings)
        return Launch(BY_DATA, found.parameters, None, found.covered, found.not_covered)
    evidence = {"mode": printable(str(mode)), "expected": "encrypted or plain"}
    raise Refused("wrong-type", "fortis:launch.mode", evidence)


def _plain(rule: Rules, query: str, url: str, key: bytes, readings: Readings | None) -> Launch:
    """fortis:plain.verify. Return a plain launch, whose location id and timestamp its hmac covers."""
    usual = _AS_USUAL(query) if rule is ADOPTED else None
    read = _read_usual(*usual.groups()) if usual else None
    message, seconds, received, found = read or _read_plain(rule, query)
    if not hmac.compare_digest(rule.mac(key, message), received):
        stages = launch_stages(url, mode=BY_HMAC, secret="", readings=readings)
        raise Refused("signature-mismatch", "fortis:plain.verify", stage="message", stages=stages)
    not_covered = tuple([name for name, _ in found if name not in SIGNED])
    return Launch(BY_HMAC, found, seconds, SIGNED, not_covered)


def _read_plain(rule: Rules, query: str) -> tuple[bytes, int, bytes, Pairs]:
    """Return what is signed, its time and its hmac, and all values but that; or say what is wrong with them."""
    values = _parameters(rule, query, "hmac", "data", BY_DATA)
    digest, location_id, timestamp = map(values.get, NEEDED)
    if not digest or not location_id or not timestamp:
        missing = next((name for name in NEEDED if name not in values), "")
        reason = "missing-parameter" if missing else "empty-parameter"
        name = missing or next(name for name in NEEDED if not values[name])
        raise Refused(reason, "fortis:plain.missing", absent(name, values), stage="parameters")
    received = rule.digest(digest)
    rule.location(location_id)
    seconds = rule.timestamp(timestamp)
    del values["hmac"]
    return rule.message(location_id, timestamp), seconds, received, tuple(rule.present(values).items())


def _read_usual(
    location_id: str, timestamp: str, digest: str, rest: str
) -> tuple[bytes, int, bytes, Pairs] | None:
    """Return the same of a launch that looks like the page's sample, unless a name occurs twice."""
    found = (("location_id", location_id), ("timestamp", timestamp), *_OTHERS(rest))
    if len({"hmac", *[name for name, _ in found]}) <= len(found):
        return None
    return (location_id + timestamp).encode(), int(timestamp), bytes.fromhex(digest), found


def _data(rule: Rules, query: str, passphrase: bytes) -> str:
    """fortis:launch.same-work. Return the parameter `data`; where there is none to read, the same work is done for nothing."""
    try:
        values = _parameters(rule, query, "data", "hmac", BY_HMAC)
        if "data" not in values:
            evidence = absent("data", values)
            raise Refused("missing-parameter", "fortis:encrypted.data", evidence, stage="parameters")
        return values["data"]
    except Refused:
        if len(query) <= MAX_QUERY:
            spend(rule, passphrase, len(query))
        raise


def _parameters(rule: Rules, query: str, own: str, others: str, others_mode: str) -> dict[str, str]:
    """Return the parameters of a launch; one that has the parameter of the other mode, and not its own, is refused."""
    values = rule.parameters(query)
    if own not in values and others in values:
        evidence = {"launch": others_mode, "expected": BY_HMAC if others_mode == BY_DATA else BY_DATA}
        raise Refused("not-allowed", "fortis:launch.mode", evidence, stage="parameters")
    return values


def launch_key(url: str, *, mode: str, user_id: str = "", launch: Launch | None = None) -> str:
    """fortis:launch.once. Return what a verified launch is remembered by, so that it is taken once; A26.

    Encrypted: the SHA-256 of salt and ciphertext, since one payload may have several texts (S06). Plain: of location
    id, time and `user_id`, the one that the API confirmed, if any. Nothing else in the address is proved, so nothing
    else makes another launch of it: not a changed contact, nor another spelling (S08). Of a plain `launch` that was
    verified already, the address is not read again.

    >>> launch_key("/?data=U2FsdGVkX18xMjM0NTY3OA==", mode="encrypted")[:6]
    'ef797c'
    """
    if launch and mode == BY_HMAC:
        values = dict(launch.parameters)
    else:
        values = rules(None).parameters(url.partition("#")[0].partition("?")[2])
    if mode == BY_DATA:
        return sha256(b64decode(values["data"])[8:]).hexdigest()
    return sha256(repr((*(values.get(name) for name in SIGNED), user_id)).encode()).hexdigest()


def launch_stages(url: str, *, mode: str, secret: str, readings: Readings | None = None) -> tuple[Stage, ...]:
    """Return the stages of a launch. Plain: query (it may hold a token), message; encrypted: those of `data`.

    >>> launch_stages("/?location_id=zzzzzzzz&timestamp=1234567890", mode="plain", secret="x")[-1]
    <Stage message: zzzzzzzz1234567890 (18 bytes)>
    """
    rule = rules(readings)
    query = url.partition("#")[0].partition("?")[2]
    values = rule.parameters(query)
    if mode == BY_DATA:
        return data_stages(values["data"], secret=secret, readings=readings)
    message = rule.message(values["location_id"], values["timestamp"])
    return (Stage("query", query.encode(), credential=True), Stage("message", message))
