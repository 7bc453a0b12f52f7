"""The stages of a signed URL and of a webhook, and the alternatives of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ...core.cases import Layer, Made, replacing
from ...core.refusals import Refused
from ...core.strict import Pairs, query_pairs
from .. import readings as other_readings
from ..rules import SIGNATURE, Rules

State = tuple[Any, ...]


def lost(state: State) -> Iterator[Made]:
    """Yield an empty body."""
    if state[0]:
        yield Made("officernd-body-lost", (b"", *state[1:]), "with an empty body", 2)


def parameters(state: State) -> State:
    """Return the pairs, the signature's value, and the target without it."""
    query, path = state
    pairs = query_pairs(query, SIGNATURE + "escapes")
    value = next((text for name, text in pairs if name == "signature"), None)
    if value is None:
        raise ValueError("no signature")
    rest = "&".join(piece for piece in query.split("&") if not piece.startswith("signature="))
    return tuple(pair for pair in pairs if pair[0] != "signature"), value, (path, rest)


def parameter_ways(state: State) -> Iterator[Made]:
    """Yield the parameters as other readers take them out of a query."""
    query, path = state
    raw = tuple(piece.partition("=")[::2] for piece in query.split("&") if piece)
    try:
        pairs, value, rest = parameters(state)
        every = query_pairs(query, SIGNATURE + "escapes")
        empty = tuple((name, "" if name == "signature" else text) for name, text in every)
        for signed, change in ((empty, "empty"), (every, "with its value")):
            yield Made("officernd-signature-left-in", (signed, value, rest), change)
        left = tuple(pair for pair in raw if pair[0] != "signature")
        yield Made("values-encoded", (left, value, rest), "as in the URL")
        plus = tuple((n, t) for n, t in query_pairs(query.replace("+", "%2B"), "") if n != "signature")
        yield Made("blank-as-plus", (plus, value, rest))
    except (Refused, ValueError):
        rest = (path, query)
    for id, read in replacing(other_readings.READINGS, "parameters"):
        try:
            pairs, value = read(query)
        except Refused:
            continue
        yield Made(id, (_hashable(pairs), value, rest))


def _hashable(pairs: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, tuple(text) if isinstance(text, list) else text) for name, text in pairs)


def fields(rule: Rules) -> Layer:
    """Read time and digest: strictly by a reading, else as far as they can be found."""

    def loosely(state: State) -> State:
        signed, value, *rest = state
        try:
            timestamp, digest = rule.fields(value)
        except Refused:
            fields = dict(reversed(re.findall(r"(?:^|,)(t|signature)=([^,]*)", value)))
            timestamp, digest = fields.get("t", ""), fields["signature"]
        return (signed, timestamp.encode(), digest, *rest)

    def ways(state: State) -> Iterator[Made]:
        signed, value, *rest = state
        found = replacing(other_readings.READINGS, "fields")
        stages = other_readings.READINGS[SIGNATURE + "timestamp=milliseconds"]
        for id, read in (*found, (SIGNATURE + "timestamp=milliseconds", stages["fields"])):
            try:
                timestamp, digest = read(value)
            except Refused:
                continue
            yield Made(id, (signed, timestamp.encode(), digest, *rest))
        for one in re.split(r"(?<=[^,]),\s*(?=t=)", value)[:10] if ",t=" in value.replace(" ", "") else ():
            yield Made("officernd-headers-joined", loosely((signed, one, *rest)))

    return Layer("fields", loosely, ways=ways)


def order_ways(state: State) -> Iterator[Made]:
    """Yield the parameters that are signed under other readings."""
    pairs, *rest = state
    for id, choose in replacing(other_readings.READINGS, "signed"):
        yield Made(id, (_hashable(choose(pairs)), *rest))
    for id, forms in replacing(other_readings.READINGS, "forms"):
        for form in forms(pairs):
            yield Made(id, (form, *rest))


def json(rule: Rules) -> Callable[[State], State]:
    """Return the layer's function that writes the parameters as JSON."""

    def made(state: State) -> State:
        pairs, *rest = state
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name twice")
        return (rule.json(pairs).encode(), *rest)

    return made


def json_ways(state: State) -> Iterator[Made]:
    """Yield what else may have been signed than this JSON."""
    pairs: Pairs
    pairs, time, received, (path, query) = state
    rest = (time, received, (path, query))
    for id, write in replacing(other_readings.READINGS, "json"):
        yield Made(id, (write(pairs).encode(), *rest))
    yield Made("query-for-json", (query.encode(), *rest), "as in the URL")
    whole = f"{path}?{query}"
    local = "/" + whole.partition("://")[2].partition("/")[2] if "://" in whole else whole
    for text, change in ((whole, "the URL"), (local, "path and query"), (path, "without the query")):
        if text:
            yield Made("officernd-url-signed", (text.encode(), *rest), change)


def message(rule: Rules) -> Layer:
    """Return the layer that joins text and time."""

    def made(state: State) -> State:
        text, time, received, *_ = state
        return rule.message(text, time.decode()), received

    def ways(state: State) -> Iterator[Made]:
        text, time, received, *_ = state
        for id, put in replacing(other_readings.READINGS, "message"):
            yield Made(id, (put(text, time.decode()), received))

    return Layer("message", made, (("joined", 0),), ways)
