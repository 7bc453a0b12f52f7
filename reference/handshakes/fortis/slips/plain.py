"""How else the hmac of a plain launch may have been made: other values, another message."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from ...core.cases import Mac, Made, replacing
from ...core.printing import duration
from ...core.refusals import Refused
from ...core.strict import MAX_PARAMETERS, query_pairs
from .. import readings as other_readings
from ..rules import Rules

State = tuple[Any, ...]
_LOCATION = frozenset({"locationid", "location"})
_TIME = frozenset({"timestamp", "time", "ts", "t"})
_HMAC = frozenset({"hmac", "hash", "signature", "sig", "digest", "mac"})
AT_ONCE, LATER = 3, 60
"""How many seconds lie between two readings of a clock: one slip, and the most."""


def parameters(rule: Rules) -> Callable[[State], State]:
    """Return the layer's function that takes location id, timestamp and hmac out of a query."""

    def taken(state: State) -> State:
        query, url = state
        return (*_three(rule.parameters(query)), query_pairs(query, ""), (query, url))

    return taken


def _three(values: dict[str, str]) -> tuple[str, str, str]:
    return values["location_id"], values["timestamp"], values["hmac"]


def parameter_ways(state: State) -> Iterator[Made]:
    """Yield the three values as other readers take them out of a query."""
    query, url = state
    for id, read in replacing(other_readings.READINGS, "parameters"):
        try:
            yield Made(id, (*_three(read(query)), query_pairs(query, ""), (query, url)))
        except (Refused, KeyError):
            continue
    pieces = re.split("&|;", query)[:MAX_PARAMETERS]
    pairs = tuple(
        (unquote_plus(n), unquote_plus(v)) for n, _, v in (piece.partition("=") for piece in pieces)
    )
    named = {re.sub("[-_ .]|amp;", "", name).lower(): (name, text) for name, text in reversed(pairs)}
    found = [next((named[n] for n in named if n in known), ("", "")) for known in (_LOCATION, _TIME, _HMAC)]
    if all(text for _, text in found) and [name for name, _ in found] != ["location_id", "timestamp", "hmac"]:
        yield Made("fortis-parameter-respelled", (*(text for _, text in found), pairs, (query, url)))


def values(rule: Rules) -> Callable[[State], State]:
    """Return the layer's function that looks at location id and timestamp as the rules do."""

    def looked_at(state: State) -> State:
        rule.location(state[0])
        rule.timestamp(state[1])
        return _encoded(state)

    return looked_at


def _encoded(state: State) -> State:
    location, time, *rest = state
    return (location.encode("utf-8", "surrogatepass"), time.encode("utf-8", "surrogatepass"), *rest)


def value_ways(rule: Rules) -> Callable[[State], Iterator[Made]]:
    """Return what yields the values that may have been signed instead of the sent ones."""

    def ways(state: State) -> Iterator[Made]:
        location, time, received, pairs, rest = state
        for stage, value in (("location", location), ("timestamp", time)):
            for id, look in replacing(other_readings.READINGS, stage):
                try:
                    look(value)
                except Refused:
                    continue
                yield Made(id, _encoded(state))
        if not _known(rule, "timestamp", time):
            yield Made("fortis-timestamp-form", _encoded(state))
        if not _known(rule, "location", location):
            yield Made("fortis-location-form", _encoded(state))
        for id, signed, change, cost in _locations(location, pairs):
            yield Made(id, _encoded((signed, time, received, pairs, rest)), change, cost)
        for id, signed, change, cost in _times(time):
            yield Made(id, _encoded((location, signed, received, pairs, rest)), change, cost)

    return ways


def _known(rule: Rules, stage: str, value: str) -> bool:
    """Return whether the adopted rule or a reading of it accepts a value."""
    for look in (getattr(rule, stage), *(look for _, look in replacing(other_readings.READINGS, stage))):
        try:
            look(value)
        except Refused:
            continue
        return True
    return False


def _locations(location: str, pairs: Any) -> Iterator[tuple[str, str, str, int]]:
    for id, made, change, cost in (
        ("fortis-location-case", location.upper(), "in capitals", 1),
        ("fortis-location-case", location.lower(), "in small letters", 1),
        ("fortis-location-parts", location.replace("-", ""), "without hyphens", 1),
        ("fortis-location-parts", _uuid(location), "as a UUID", 1),
        ("fortis-location-parts", location.rpartition("-")[2], "its last part", 1),
        ("fortis-location-parts", location.partition("-")[0], "its first part", 1),
        ("fortis-location-parts", location[:-3], "its first 21 characters", 2),
        ("fortis-location-parts", location[:20], "its first 20 characters", 2),
        ("fortis-location-parts", location[:-1], "without its last character", 2),
        ("fortis-location-parts", location.lstrip("0"), "without zeros in front", 2),
        ("fortis-location-parts", f"{location} ", "with a blank behind it", 2),
        ("text-invisible", f"{location}\u200b", "a zero-width space behind the location id", 2),
        ("text-invisible", f"\u200b{location}", "a zero-width space in front", 2),
        ("text-invisible", f"{location}\xa0", "a no-break space behind the location id", 1),
        ("fortis-location-empty", "", "no location id", 1),
        *(("fortis-location-empty", word, repr(word), 2) for word in ("undefined", "null", "None", "location_id", "{{location.id}}")),
    ):  # fmt: skip
        if made != location:
            yield id, made, change, cost
    for name, text in pairs:
        if name not in ("location_id", "timestamp", "hmac") and text:
            yield "fortis-user-signed", text, f"{name} in place of location_id", 1


def _uuid(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        return text
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _times(time: str) -> Iterator[tuple[str, str, str, int]]:
    yield "fortis-location-empty", "", "no timestamp", 1
    yield "fortis-location-empty", "undefined", "an undefined timestamp", 2
    if not (time.isascii() and time.isdecimal()) or len(time) > 17:
        return
    number = int(time)
    if len(time) > 12:
        yield "fortis-time-unit", time[:-3], "seconds", 1
    else:
        for made, change, cost in (
            (f"{time}000", "milliseconds", 1),
            (f"{time}000000", "microseconds", 2),
            (f"{time}.0", "with a fraction", 1),
            (f"{time}.000", "with a fraction of three digits", 2),
            (f"{number // 60}", "minutes", 1),
            (f"{number // 60 * 60}", "cut to whole minutes", 2),
            (f"{number:x}", "in hex", 2),
        ):
            yield "fortis-time-unit", made, change, cost
        if number < 2**33:
            yield from _dates(datetime.fromtimestamp(number, UTC))
    for half in (*range(-24, 0), *range(1, 29)):
        said = f"{abs(half) / 2:g} h {'later' if half > 0 else 'earlier'}"
        yield "message-time-zone", str(number + 1_800 * half), said, 2
    for away in range(1, LATER + 1):
        cost = 1 if away <= AT_ONCE else 2
        seconds = duration(away)
        yield "fortis-time-twice", str(number - away), f"{seconds} earlier", cost
        yield "fortis-time-twice", str(number + away), f"{seconds} later", cost


def _dates(moment: datetime) -> Iterator[tuple[str, str, str, int]]:
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S.000Z", "%Y%m%d%H%M%S", "%Y-%m-%d"):  # fmt: skip
        yield "fortis-time-unit", moment.strftime(form), "a date, in UTC", 1 if form[-1] in "ZS" else 2


def message(rule: Rules) -> Callable[[State], State]:
    """Return the layer's function that joins location id and timestamp."""

    def made(state: State) -> State:
        location, time, received, *_ = state
        return rule.message(location.decode(), time.decode()), received

    return made


def message_ways(state: State) -> Iterator[Made]:
    """Yield the messages that may have been signed instead."""
    one, two, received, pairs, (query, url) = state
    location, time = one.decode(), two.decode()
    for id, put in replacing(other_readings.READINGS, "message"):
        yield Made(id, (put(location, time), received))
    if re.fullmatch("(?:[0-9a-fA-F]{2})+", plain := location.replace("-", "")):
        decoded = bytes.fromhex(plain)
        yield Made("fortis-location-parts", (decoded + two, received), "the bytes of its hex digits", 2)
    for id, text, change, cost in _messages(location, time, pairs, query, url):
        yield Made(id, (text.encode("utf-8", "surrogatepass"), received), change, cost)


_BETWEEN = (*".:-|_ ,;/&\n", "\r\n", *"\t+=#~\0", ", ")


def _messages(
    location: str, time: str, pairs: Any, query: str, url: str
) -> Iterator[tuple[str, str, str, int]]:
    if location.isdecimal() and time.isdecimal() and len(location + time) < 60:
        yield "fortis-numbers-added", str(int(location) + int(time)), "", 1
    for between in _BETWEEN:
        said, cost = f"{between!r} between them", 1 if between in ".:-|_&\n" else 2
        yield "message-separator", location + between + time, said, cost
        yield "message-time-first", time + between + location, said, cost
    yield "message-time-first", time + location, "nothing between them", 1
    for hours in (
        (*range(-12, 0), *range(1, 15)) if time.isascii() and time.isdecimal() and len(time) < 13 else ()
    ):
        said = f"{abs(hours)} h {'later' if hours > 0 else 'earlier'}"
        for between in _BETWEEN[:6]:
            made = f"{location}{between}{int(time) + 3_600 * hours}"
            yield "message-time-zone + message-separator", made, f"{said} + {between!r} between them", 2
    named = [("location_id", location), ("timestamp", time)]
    for joined, change, cost in (
        ("&", "as a query", 1), ("", "joined by nothing", 1), (",", "joined by commas", 2), ("\n", "in two lines", 2),
    ):  # fmt: skip
        for order in (named, named[::-1]):
            yield "fortis-names-signed", joined.join(f"{n}={v}" for n, v in order), change, cost
    yield "fortis-names-signed", "".join(n + v for n, v in named), "without =", 1
    for indent in (2, 4):
        for order in (named, named[::-1]):
            for value in (time, int(time) if time.isdecimal() else time):
                pairs_of = {n: value if n == "timestamp" else v for n, v in order}
                yield "fortis-json-signed", json.dumps(pairs_of, indent=indent), "over several lines", 2
    yield "text-quoted", f'"{location}"{time}', "around the location id alone", 2
    yield "text-quoted", f'"{location}""{time}"', "around both", 2
    for blank in ("", " "):
        for number in (time, f'"{time}"'):
            text = f'{{"location_id":{blank}"{location}",{blank}"timestamp":{blank}{number}}}'
            yield "fortis-json-signed", text, "", 1
            text = f'{{"timestamp":{blank}{number},{blank}"location_id":{blank}"{location}"}}'
            yield "fortis-json-signed", text, "", 2
    yield from _queries(query, url)
    rest = [pair for pair in pairs if pair[0] != "hmac"]
    for order, change, cost in ((rest, "in the order of the URL", 1), (sorted(rest), "sorted by name", 1)):
        for between in ("", *_BETWEEN):
            joined = between.join(text for _, text in order)
            said = f"{change}, {between!r} between them" if between else change
            yield "fortis-values-signed", joined, said, cost if between in ("", ".", "\n", ":", "|") else 2
        for separators in ((",", ":"), (", ", ": ")):
            written = json.dumps(dict(order), ensure_ascii=False, separators=separators)
            yield "fortis-json-signed", written, f"of all values, {change}", cost
        decoded = "&".join(f"{n}={v}" for n, v in order)
        if decoded != _without(query):
            yield "fortis-query-signed", decoded, f"decoded, {change}", cost
    for name, text in pairs:
        if name not in ("location_id", "timestamp", "hmac") and text:
            yield "fortis-values-signed", location + time + text, f"{name} too", 1
            yield "fortis-values-signed", location + text + time, f"{name} between them", 1
            yield "fortis-values-signed", text + location + time, f"{name} in front", 2


def _without(query: str) -> str:
    return "&".join(piece for piece in query.split("&") if not piece.startswith("hmac="))


def _queries(query: str, url: str) -> Iterator[tuple[str, str, str, int]]:
    without = _without(query)
    path = url.partition("?")[0]
    local = "/" + path.partition("://")[2].partition("/")[2] if "://" in path else path
    for text, change, cost in (
        (without, "the query without hmac", 1),
        ("?" + without, "the query without hmac, with its ?", 2),
        (query.partition("&hmac=")[0], "the query up to hmac", 1),
        (f"{path}?{without}", "the URL without hmac", 1),
        (f"{path}?{query.partition('&hmac=')[0]}", "the URL up to hmac", 1),
        (f"{local}?{without}", "path and query without hmac", 1),
        (f"{local}?{query.partition('&hmac=')[0]}", "path and query up to hmac", 1),
        (path, "the URL without its query", 2),
        (local, "the path", 2),
    ):
        if text:
            yield "fortis-query-signed", text, change, cost


def macs(rule: Rules) -> Iterator[Mac]:
    """Yield the adopted HMAC, and those of messages in which the secret stands too."""
    yield Mac((), rule.mac, size=len(rule.mac(b"", b"")))
    for make, change in (
        (lambda key, text: rule.mac(key, key + text), "in front"),
        (lambda key, text: rule.mac(key, text + key), "behind"),
        (lambda key, text: rule.mac(key, key), "alone"),
    ):
        yield Mac(("fortis-secret-in-text",), make, changes=(change,))
