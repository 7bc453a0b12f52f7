"""Slips of parameters and of queries: added, missing, renamed, reordered, decoded once too often or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from html import escape, unescape
from itertools import combinations, permutations
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ..core.cases import called
from ..core.printing import duration
from ..core.strict import Pairs
from .writers import Way, component

TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|ttclid|twclid|yclid|igshid|mc_[ce]id|_ga|_gl|_hs\w+|mkt_tok"
    r"|ref|ref_src|lang|locale|seen|debug|_|cb|ts|cache|cachebuster|nocache|v|rand|XDEBUG_SESSION(?:_START)?"
    r"|(?:PHPSESS|jsession|session)id",
    re.I | re.A,
)
"""Names that are put into URLs on the way: by advertising, by proxies, by caches and by debuggers."""
_SECRET = re.compile("token|secret|key|pass|claim|code|sig|hmac|hash", re.I)


def added(pairs: Pairs, names: tuple[str, ...]) -> Iterator[Way]:
    """Yield the parameters without what may have been added on the way, or with what may have been lost.

    >>> [change for _, _, change, _ in added((("slug", "a"), ("fbclid", "x")), ())][0]
    'without fbclid'
    """
    tracked = tuple(pair for pair in pairs if not TRACKING.fullmatch(str(pair[0])))
    if tracked != pairs and len(pairs) - len(tracked) > 1:
        gone = [called(str(name)) for name, _ in pairs if TRACKING.fullmatch(str(name))]
        yield "parameter-added", tracked, f"without {', '.join(gone)}", 1
    order = sorted(range(len(pairs)), key=lambda at: (not TRACKING.fullmatch(str(pairs[at][0])), -at))
    for at in order[:20]:
        without = (*pairs[:at], *pairs[at + 1 :])
        if any(name == pairs[at][0] for name, _ in without):
            yield "parameter-doubled", without, _which(pairs, at), 1
        else:
            name = str(pairs[at][0])
            yield "parameter-added", without, f"without {called(name)}", 1
            if pairs[at][1]:
                empty = (
                    f"A value was put into {called(name)} on the way: the signature fits with an empty one."
                )
                yield "parameter-added", (*pairs[:at], (name, ""), *pairs[at + 1 :]), empty, 2
    if len(pairs) <= 8:
        for some in combinations(range(len(pairs)), 2):
            rest = tuple(pair for at, pair in enumerate(pairs) if at not in some)
            gone = [called(str(pairs[at][0])) for at in some]
            yield "parameter-added", rest, f"without {' and '.join(gone)}", 2
    for kept in range(len(pairs) - 3, 0, -1):
        yield "parameter-added", pairs[:kept], f"without the last {len(pairs) - kept}", 2
    for name in names:
        if name not in {known for known, _ in pairs}:
            for at in range(len(pairs) + 1) if len(pairs) < 8 else (0, len(pairs)):
                more = (*pairs[:at], (name, ""), *pairs[at:])
                yield "parameter-missing", more, f"with an empty {name}", 1 if at in (1, len(pairs)) else 2


def _which(pairs: Pairs, left_out: int) -> str:
    """Say which value of a name that occurs twice the signature fits with; long values and secrets are not shown.

    >>> _which((("a", "1"), ("a", "2")), 1)
    'The parameter a occurs twice, as 1 and 2: the signature fits with the first.'
    """
    name = str(pairs[left_out][0])
    places = [at for at, pair in enumerate(pairs) if pair[0] == name]
    if len(places) > 2:
        return f"without number {places.index(left_out) + 1} of {len(places)}"
    values = [str(pairs[at][1]) for at in places]
    differ = values[0] != values[1] and all(re.fullmatch(r"[\w.,: -]{1,12}", value) for value in values)
    both = f", as {' and '.join(values)}" if differ and not _SECRET.search(name) else ""
    kept = "second" if left_out == places[0] else "first"
    return f"The parameter {called(name)} occurs twice{both}: the signature fits with the {kept}."


def changed(pairs: Pairs, names: tuple[str, ...]) -> Iterator[Way]:
    """Yield the parameters with other names or values than those received."""
    seen: set[tuple[str, Pairs]] = set()
    for id, change_name, change_value, change, cost in _CHANGES:
        try:
            made = tuple(
                (change_name(name), change_value(text) if isinstance(text, str) else text)
                for name, text in pairs
            )
        except ValueError:
            continue
        if made != pairs and (id, made) not in seen:
            seen.add((id, made))
            yield id, made, change, cost
    kept = tuple(pair for pair in pairs if pair[1] != "")
    if kept != pairs:
        yield "empty-dropped", kept, "", 1
    for at, (name, text) in enumerate(pairs[:20]):
        for id, _, change_value, change, cost in _CHANGES:
            if id in _OF_ONE and isinstance(text, str):
                try:
                    one = (*pairs[:at], (name, change_value(text)), *pairs[at + 1 :])
                except ValueError:
                    continue
                if one != pairs and (id, one) not in seen:
                    seen.add((id, one))
                    yield id, one, f"{change}{', ' if change else ''}of {called(name)} alone", max(cost, 2)


def _same(text: str) -> str:
    return text


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _inner_case(text: str) -> str:
    return text[:1].upper() + text[1:]


_CHANGES: tuple[tuple[str, Callable[[str], str], Callable[[str], str], str, int], ...] = (
    ("names-lower-case", str.lower, _same, "", 1),
    ("names-snake-case", _snake, _same, "", 1),
    ("names-camel-case", _camel, _same, "", 1),
    ("names-capitals", _inner_case, _same, "", 2),
    ("names-php", lambda name: name.replace("_", "."), _same, "_ was a dot", 1),
    ("names-php", lambda name: name.replace(".", "_").replace(" ", "_"), _same, "dots became _", 1),
    ("names-dashes", lambda name: name.replace("_", "-"), _same, "_ for -", 2),
    ("names-dashes", lambda name: name.replace("-", "_"), _same, "- for _", 2),
    ("values-trimmed", _same, str.strip, "", 1),
    ("values-lower-case", _same, str.lower, "", 1),
    ("values-latin-1", _same, lambda text: text.encode().decode("latin-1"), "", 1),
    ("values-latin-1", _same, lambda text: text.encode("latin-1").decode(), "UTF-8 in values was read as Latin-1 behind the sender, and signed before that.", 1),
    ("values-entities", _same, lambda text: escape(text), "escaped", 1),
    ("values-entities", _same, unescape, "Values were sent escaped for HTML, and signed unescaped.", 1),
    ("values-addslashes", _same, lambda text: re.sub(r"([\\'\"])", r"\\\1", text), "", 1),
    ("values-normalised", _same, lambda text: unicodedata.normalize("NFC", text), "NFC", 1),
    ("values-normalised", _same, lambda text: unicodedata.normalize("NFD", text), "NFD", 1),
    ("decoded-twice", _same, unquote_plus, "", 1),
    ("decoded-twice", _same, unquote, "+ kept", 2),
    ("values-encoded", _same, component, "as encodeURIComponent writes them", 1),
    ("values-encoded", _same, quote_plus, "as a form writes them", 1),
    ("values-encoded", _same, lambda text: quote(text, safe=""), "as rawurlencode writes them", 1),
    ("values-encoded", _same, lambda text: quote_plus(text, safe=","), "but for commas", 2),
    ("blank-as-plus", _same, lambda text: text.replace(" ", "+"), "", 1),
    ("plus-as-blank", _same, lambda text: text.replace("+", " "), "", 1),
    ("values-commas", _same, lambda text: text.replace(", ", ","), "without the blank", 1),
    ("values-commas", _same, lambda text: re.sub(r",(?! )", ", ", text), "with a blank", 1),
    ("values-line-ends", _same, lambda text: text.replace("\r\n", "\n"), "CRLF became LF", 2),
    ("values-line-ends", _same, lambda text: re.sub(r"\r?\n", "\r\n", text), "LF became CRLF", 2),
    ("values-last-slash", _same, lambda text: text.removesuffix("/"), "", 2),
)  # fmt: skip
_OF_ONE = frozenset(
    {"values-trimmed", "values-encoded", "values-lower-case", "values-commas", "decoded-twice"}
)


def reordered(pairs: Pairs, names: tuple[str, ...]) -> Iterator[Way]:
    """Yield the parameters in other orders: the usual ones, then every other one of at most five."""
    seen = {pairs}
    for id, order, change, cost in (
        ("order-sorted", sorted(pairs, key=lambda pair: str(pair[0])), "by name", 1),
        (
            "order-sorted",
            sorted(pairs, key=lambda p: str(p[0]).lower()),
            "by name, without regard to case",
            1,
        ),
        ("order-sorted", sorted(pairs, key=lambda p: f"{p[0]}={p[1]}"), "by name=value", 2),
        ("order-reversed", [*reversed(pairs)], "", 1),
        ("order-sorted", sorted(pairs, key=lambda p: str(p[0]), reverse=True), "by name, backwards", 2),
        ("order-sorted", sorted(pairs, key=lambda p: str(p[1])), "by value", 2),
    ):
        if (made := tuple(order)) not in seen:
            seen.add(made)
            yield id, made, change, cost
    for at in range(len(pairs)) if len(pairs) <= 12 else ():
        rest = (*pairs[:at], *pairs[at + 1 :])
        for made, where in (((pairs[at], *rest), "first"), ((*rest, pairs[at]), "last")):
            if made not in seen:
                seen.add(made)
                yield (
                    "order-changed",
                    made,
                    f"{called(str(pairs[at][0]))} stood {where}",
                    1 if len(pairs) < 6 else 2,
                )
    if len(pairs) <= 5:
        for made in permutations(pairs):
            if made not in seen:
                seen.add(made)
                yield "order-changed", made, f"as {', '.join(called(str(name)) for name, _ in made)}", 2


def queries(query: str) -> Iterator[Way]:
    """Yield what a raw query may have been before something on the way changed it."""
    for id, change_query, change, cost in _QUERIES:
        made = change_query(query)
        if made != query:
            yield id, made, change, cost


def _twice(query: str) -> str:
    return re.sub(r"%25(?=[0-9A-Fa-f]{2})", "%", query)


_QUERIES: tuple[tuple[str, Callable[[str], str], str, int], ...] = (
    ("query-encoded-twice", _twice, "decoded once", 1),
    ("query-encoded-twice", lambda query: _twice(_twice(query)), "decoded twice", 2),
    ("query-decoded", lambda query: re.sub(r"&(?=[^=&]*(?:&|$))", "%26", query), "with %26 for an & within a value", 1),
    ("plus-as-blank", lambda query: query.replace("%20", "%2B").replace(" ", "%2B"), "with %2B", 1),
    ("plus-as-blank", lambda query: query.replace("+", "%2B"), "+ was %2B", 1),
    ("query-last-slash", lambda query: query.removesuffix("/"), "", 1),
    ("query-fragment", lambda query: query.partition("%23")[0], "", 2),
)  # fmt: skip


def joined(parts: tuple[bytes, bytes]) -> Iterator[Way]:
    """Yield the ways to put a text and a time into one message, other than the documented one.

    >>> [made for id, made, change, _ in joined((b"{}", b"17")) if change == "':' between them"]
    [b'{}:17', b'17:{}']
    """
    text, time = parts
    for between in (b"", b".", b":", b"\n", b"|", b"&", b"-", b"_", b" ", b",", b";", b"/", b"="):
        cost = 1 if between in (b"", b".", b":", b"\n", b"|", b"&") else 2
        said = f"{between.decode()!r} between them" if between else "nothing between them"
        yield "message-separator", text + between + time, said, cost
        yield "message-time-first", time + between + text, said, cost
    yield "message-no-time", text, "", 1
    yield "message-time-alone", time, "", 2
    yield "message-line-end", text + b"." + time + b"\n", "", 1
    if time.isdigit() and len(time) < 15:
        for away in (1, -1, 2, -2):
            said = f"{duration(abs(away))} {'later' if away > 0 else 'earlier'}"
            yield "message-two-clocks", b"%b.%d" % (text, int(time) + away), said, 1 if abs(away) < 2 else 2
        for half in (*range(-24, 0), *range(1, 29)):
            said = f"{abs(half) / 2:g} h {'later' if half > 0 else 'earlier'}"
            yield "message-time-zone", b"%b.%d" % (text, int(time) + 1_800 * half), said, 2
            for between in (b"", b":", b"|", b"-", b"_", b"\n") if abs(half) in (2, 4, 6) else ():
                both = (
                    f"{said} + {between.decode()!r} between them"
                    if between
                    else f"{said} + nothing between them"
                )
                made = b"%b%b%d" % (text, between, int(time) + 1_800 * half)
                yield "message-time-zone + message-separator", made, both, 2
    if time.isdigit():
        others = [("milliseconds", time + b"000", 1), ("with a fraction", time + b".0", 1)]
        if len(time) > 12:
            others = [("seconds", time[:-3], 1)]
        for unit, other, cost in others:
            yield "message-time-unit", text + b"." + other, unit, cost
            yield "message-time-unit", text + other, f"{unit}, nothing between them", 2
            yield "message-time-unit", other + b"." + text, f"{unit}, in front", 2
    yield "message-time-named", text + b".t=" + time, "t= before the time", 2
    yield "message-time-named", b"t=" + time + b"." + text, "t= and the time in front", 2
    yield "message-time-named", text + b"&timestamp=" + time, "&timestamp= before the time", 2
    if text[:1] == b"{" and text[-1:] == b"}":
        comma = b"," if b'"' in text else b""
        for name in (b"t", b"timestamp"):
            for value in (time, b'"' + time + b'"'):
                made = text[:-1] + comma + b'"' + name + b'":' + value + b"}"
                yield "message-time-inside", made, f"as {name.decode()}", 2
