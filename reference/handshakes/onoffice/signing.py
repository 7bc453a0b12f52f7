"""onOffice's two signatures, pure: URLs that the marketplace signs, and the HMAC of an API call.

A signed URL carries `signature`, the HMAC-SHA256 in lower-case hex over scheme, host, path and all
other parameters, sorted by name and written as PHP writes a form (both pages, Signature; the
official verifier). The key is the provider secret:

>>> sign_url("https://provider.example/activate?userId=17&timestamp=1700000000",
...          secret="hier Anbietersecret einsetzen")[-20:]
'86182410ba879763dee5'
>>> string_to_sign("https://provider.example:8443/activate?b=x%20y&a=1")
'https://provider.example/activate?a=1&b=x+y'

Port, user info and fragment are outside of it. The verifier writes the query afresh, so a `%20` for
a space or another order of parameters still verifies; what it never takes is a query that two
readers may understand differently (A6). Checks come in the order syntax, authenticity, time.

A call of the API is signed with the API key, which is another secret (A28), over four values and
nothing else: `api_hmac`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..core.keys import key_bytes
from ..core.printing import printable
from ..core.refusals import Refused, absent
from ..core.stages import Stage
from ..core.strict import Pairs, of_type
from ..core.timestamps import Tolerance, check_time
from .php import is_numeric
from .rules import MILLISECONDS, Readings, Rules, encoded, php_json, rules
from .rules import seconds as digits

SIGNATURE, TIMESTAMP = "signature", "timestamp"
CREDENTIALS = frozenset({"apiToken", "apiClaim"})


class SignedUrl(NamedTuple):
    """A verified URL: every parameter but `signature`, decoded, in the order received; all of them are covered.

    Scheme, host and path are covered too; port, user info, fragment and method are not. The
    representation shows no parameter, since a token may be among them.
    """

    parameters: Pairs
    timestamp: int
    covered: tuple[str, ...]
    not_covered: tuple[str, ...] = ()

    def __repr__(self) -> str:
        known = f"covered={self.covered}, not_covered={self.not_covered}"
        return f"SignedUrl(timestamp={self.timestamp}, {known})"

    def value(self, name: str) -> str:
        """Return the value of a parameter, or an empty text."""
        return next((value for key, value in self.parameters if key == name), "")


def string_to_sign(url: str, *, readings: Readings | None = None) -> str:
    """onoffice:url.base. Return the text that is signed for a URL; a `signature` in it does not count.

    Raises `Refused`: `wrong-type`, `malformed`, `duplicate-parameter`, `too-large`. Source: official
    verifier, CheckSignature; A2 to A12.

    >>> string_to_sign("https://provider.example/activate?signature=00&b=%c3%bc&a=~")
    'https://provider.example/activate?a=%7E&b=%C3%BC'
    """
    rule = rules(readings)
    of_type(url, str, "onoffice:url.base", "url")
    base, query = rule.base(url)
    return _message(rule, base, query, _pairs(rule, query))


def sign_url(url: str, *, secret: str, readings: Readings | None = None) -> str:
    """onoffice:url.appended. Return the URL as given with `signature` appended to its query.

    `secret` is the provider secret. Raises `Refused` as `string_to_sign` does, `empty-secret`, and
    `duplicate-parameter` for a URL that is signed already. Source: both pages, Signature.

    >>> sign_url("https://provider.example/p?timestamp=1", secret="hier Anbietersecret einsetzen")[:52]
    'https://provider.example/p?timestamp=1&signature=a1d'
    """
    rule = rules(readings)
    of_type(url, str, "onoffice:url.base", "url")
    key = rule.key(secret, "onoffice:url.key")
    base, query = rule.base(url)
    pairs = _pairs(rule, query)
    if any(name == SIGNATURE for name, _ in pairs):
        evidence = {"name": SIGNATURE, "found": "it is signed already"}
        raise Refused("duplicate-parameter", "onoffice:url.verify", evidence)
    made = hmac.digest(key, _message(rule, base, query, pairs).encode(), "sha256").hex()
    whole, sharp, fragment = url.partition("#")
    mark = "?" if "?" not in whole else "" if not query or query.endswith("&") else "&"
    return f"{whole}{mark}{SIGNATURE}={made}{sharp}{fragment}"


def verify_url(
    url: str, *, secret: str, now: int, tolerance: Tolerance | None = None, readings: Readings | None = None
) -> SignedUrl:
    """onoffice:url.verify. Return what the signature of a URL covers.

    `url` has the configured public origin in front; `now` is in Unix seconds; `tolerance` is (seconds
    back, seconds ahead), both inclusive, 300 and 120 unless given (A16: no page names a number).
    Raises `Refused`: the reasons of syntax, then `signature-mismatch`, then `stale` or
    `from-the-future`. Source: both pages, Signature; official verifier.

    >>> verify_url("https://provider.example/p?timestamp=1700000000&userId=17&signature="
    ...            "661cd7134629a8bab03bdd72a29ed960bde4b5bb37135c9bb721b61284d77943",
    ...            secret="hier Anbietersecret einsetzen", now=1700000000)
    SignedUrl(timestamp=1700000000, covered=('timestamp', 'userId'), not_covered=())
    """
    rule = rules(readings)
    of_type(url, str, "onoffice:url.base", "url")
    key = rule.key(secret, "onoffice:url.key")
    base, query = rule.base(url)
    pairs = _pairs(rule, query)
    values = dict(pairs)
    received = rule.digest(_present(values, SIGNATURE, "onoffice:url.verify"))
    seconds = rule.seconds(_present(values, TIMESTAMP, "onoffice:url.timestamp"))
    kept = tuple([pair for pair in pairs if pair[0] != SIGNATURE])
    signed = rule.signed(kept)
    text = rule.message(base, rule.form(rule.order(signed), query))
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256"), received):
        stages = url_stages(url, readings=readings)
        raise Refused("signature-mismatch", "onoffice:url.verify", stage="message", stages=stages)
    check_time(seconds, now, rule.tolerance() if tolerance is None else tolerance, "onoffice:url.tolerance")
    covered, left = tuple([name for name, _ in signed]), tuple[str, ...]()
    if signed is not kept:  # a reading left something out
        left = tuple([name for name, _ in kept if name not in covered])
    return SignedUrl(kept, seconds, covered, left)


def url_stages(url: str, *, readings: Readings | None = None) -> tuple[Stage, ...]:
    """Return the stages of a signed URL: base, query, names, message; query and message may hold a token or a claim.

    >>> url_stages("https://provider.example/p?b=1&a=2")[2]
    <Stage names: a b (3 bytes)>
    """
    rule = rules(readings)
    base, query = rule.base(url)
    pairs = _pairs(rule, query)
    lost = any(f"{name}=" in base for name in CREDENTIALS)  # of a URL without its question mark
    holds = lost or any(name in CREDENTIALS and value for name, value in pairs)
    return (
        Stage("base", base.encode(), credential=lost),
        Stage("query", query.encode(), credential=holds),
        Stage("names", " ".join(name for name, _ in rule.order(rule.signed(_unsigned(pairs)))).encode()),
        Stage("message", _message(rule, base, query, pairs).encode(), credential=holds),
    )


def api_hmac(
    *,
    token: str,
    api_key: str,
    timestamp: int,
    resource_type: str,
    action_id: str,
    version: int = 2,
    identifier: str = "",
    resource_id: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """onoffice:api.hmac. Return the HMAC of one action of an API call.

    Version 2: base64 over timestamp, token, resource type and action id, joined without separators;
    parameters are not covered (A40). Version 1 is hex of two MD5 sums and covers them all; the last
    three arguments are for it alone. Names of parameters that are numbers are refused there, since PHP sorts
    them by value and makes a list of 0, 1, 2. `timestamp` is Unix seconds, a whole number or its digits.
    Raises `Refused`: `empty-secret`, `wrong-type`, `malformed`, `not-allowed` for another version.
    Source: API documentation, request; the official SDK; facts 2.6, 2.7, A41.

    >>> api_hmac(token="mgjIQkNRnaqggVzy9cZW", api_key="yOJobbhGLXdp90XxvxedFhH7073L9U", timestamp=123456789,
    ...          resource_type="estateCategories", action_id="urn:onoffice-de-ns:smart:2.5:smartml:action:get")
    'dsvg3r4AFcQXges0MZ+3auzQVfnEB39pLkKSgmm9Wvg='
    """
    key = key_bytes(api_key, "onoffice:api.hmac")
    texts = {
        "token": token,
        "resource_type": resource_type,
        "action_id": action_id,
        "identifier": identifier,
        "resource_id": resource_id,
    }
    for name, text in texts.items():
        of_type(text, str, "onoffice:api.hmac", name)
    # 14 digits stand for any number that has more
    given: Any = timestamp
    time = str(max(-1, min(given, 10**MILLISECONDS))) if type(given) is int else given
    of_type(time, str, "onoffice:api.timestamp", "timestamp")
    digits(time, "onoffice:api.timestamp")
    if version == 2:
        message = encoded(time + token + resource_type + action_id, "onoffice:api.hmac")
        return base64.b64encode(hmac.digest(key, message, "sha256")).decode()
    if version != 1:
        evidence = {"version": str(version), "expected": "1 or 2"}
        raise Refused("not-allowed", "onoffice:api.hmac-version", evidence)
    given = {} if parameters is None else parameters
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise Refused("wrong-type", "onoffice:api.hmac-v1", {"expected": "parameters by their names"})
    if number := next((name for name in given if is_numeric(name)), None):
        raise Refused("malformed", "onoffice:api.hmac-v1", {"name": printable(number), "found": "a number"})
    values = [token, action_id, identifier, resource_id, api_key, time, resource_type]
    message = encoded(",".join([php_json(dict(sorted(given.items()))), *values]), "onoffice:api.hmac-v1")
    return _md5(key + _md5(message).encode())


def _pairs(rule: Rules, query: str) -> Pairs:
    return rule.once(rule.integers(rule.names(rule.parameters(query))))


def _message(rule: Rules, base: str, query: str, pairs: Pairs) -> str:
    return rule.message(base, rule.form(rule.order(rule.signed(_unsigned(pairs))), query))


def _unsigned(pairs: Pairs) -> Pairs:
    """onoffice:url.signed-parameters. Return the pairs without `signature`, spelled exactly so."""
    return tuple([pair for pair in pairs if pair[0] != SIGNATURE])


def _present(values: Mapping[str, str], name: str, clause: str) -> str:
    if not (value := values.get(name)):
        reason = "missing-parameter" if value is None else "empty-parameter"
        raise Refused(reason, clause, absent(name, values), stage="parameters")
    return value


def _md5(value: bytes) -> str:
    """Return an MD5 in hex: version 1 of the API's HMAC is made of it, and nothing else here."""
    return hashlib.md5(value, usedforsecurity=False).hexdigest()
