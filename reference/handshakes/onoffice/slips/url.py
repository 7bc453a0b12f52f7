"""A signed URL as a case: the readings of each stage, and what happens to parameters, order and query."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from ...core.cases import Case, Found, Layer, Mac, Made, called, replacing
from ...core.strict import Pairs, query_pairs
from .. import readings as other_readings
from ..rules import URL, Rules, rules
from .origins import based, origins, paths, read
from .queries import forms, ordered, orders, written
from .table import SLIPS

State = tuple[Any, ...]
READINGS = other_readings.READINGS
_NAMED = re.compile(r"x-signature|signature|sig|sign|hmac|hash|mac", re.I)
_CLAUSES = {
    "onoffice-path": URL + "path",
    "onoffice-host": URL + "host",
    "onoffice-port": URL + "port",
    "onoffice-user-info": URL + "port",
    "onoffice-origin": URL + "base",
    "onoffice-scheme": URL + "base",
    "onoffice-internal": URL + "base",
    "onoffice-signature-doubled": URL + "repeated",
    "onoffice-names": URL + "names",
    "onoffice-not-utf-8": URL + "escapes",
    "onoffice-parameter-lost": URL + "empty",
}


def case(found: Found, ids: list[str]) -> Case:
    """Return a signed URL as a case; raises `ValueError` for what is none."""
    rule = rules(other_readings.of(*ids))
    origin, path, query, fragment = read(found.url)
    values = dict(_loose(query))
    return Case(
        (query, origin, path),
        (
            Layer("query", kinds=(("query", 0),), ways=_separated),
            Layer("parameters", _parameters, ways=_parameter_ways),
            Layer("added", kinds=(("added", 0),), ways=_lost),
            Layer("changed", kinds=(("changed", 0),)),
            Layer("names", lambda s: (rule.integers(rule.names(s[0])), "", *s[1:]), ways=_names),
            Layer("once", lambda s: (rule.once(s[0]), *s[1:]), ways=_stage("once")),
            Layer("signed", lambda s: (rule.signed(s[0]), *s[1:]), ways=_stage("signed")),
            Layer("order", lambda s: (ordered(rule, s), *s[2:]), ways=orders(rule)),
            Layer("form", lambda s: (written(rule, s), *s[2:]), ways=forms(rule)),
            Layer("origin", lambda s: (s[0], s[1], *based(rule, s[2], s[3])), ways=origins(found, rule)),
            Layer("path", ways=paths(found)),
            Layer("message", _message(rule), ways=_messages(rule, found, fragment)),
            Layer("text", kinds=(("text", 0),)),
        ),
        rule.key,
        URL + "key",
        dict(replacing(READINGS, "key")),
        (Mac((), _mac, size=32), *_macs(values)),
        forms={"form-upper-case": URL + "digest=any-case", "form-base64": URL + "digest=base64"},
        clauses={
            **dict.fromkeys(("carrier", "parameters"), URL + "signed-parameters"),
            **dict.fromkeys(("order", "order-sorted", "order-reversed", "order-changed"), URL + "order"),
            **dict.fromkeys(("query", "query-encoded-twice", "plus-as-blank"), URL + "encoding"),
            **dict.fromkeys(("message", "text"), URL + "base"),
            "key": URL + "key",
            "mac": URL + "mac",
            "form": URL + "digest",
            **{
                slip.id: clause
                for slip in SLIPS
                for start, clause in _CLAUSES.items()
                if slip.id.startswith(start)
            },
        },
    )


def _loose(query: str) -> Pairs:
    return tuple((unquote(n), unquote(v)) for n, _, v in (p.partition("=") for p in query.split("&")) if n)


def _stage(name: str) -> Callable[[State], Iterator[Made]]:
    """Return the readings of a stage whose state begins with what it changes."""

    def ways(state: State) -> Iterator[Made]:
        for id, change in replacing(READINGS, name):
            yield Made(id, (change(state[0]), *state[1:]))

    return ways


# --- parameters -----------------------------------------------------------------------------------


def _separated(state: State) -> Iterator[Made]:
    query, *rest = state
    if ";signature=" in query and "&" not in query:
        yield Made("onoffice-query-separator", (query.replace(";", "&"), *rest), "';'")


def _parameters(state: State) -> State:
    """Return the pairs without the signature, the query without it, and the signature."""
    query, origin, path = state
    pairs = query_pairs(query, URL + "escapes")
    (value,) = (text for name, text in pairs if name == "signature")
    return _without(pairs), _rest(query), value, origin, path


def _without(pairs: Pairs) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] != "signature")


def _rest(query: str) -> str:
    return "&".join(piece for piece in query.split("&") if piece.partition("=")[0] != "signature")


def _parameter_ways(state: State) -> Iterator[Made]:
    query, *place = state
    raw = tuple(piece.partition("=")[::2] for piece in query.split("&") if piece)
    values = [text for name, text in raw if name == "signature"]
    if not values:
        for name, text in raw:
            if _NAMED.fullmatch(name) and text:
                kept = "&".join(f"{n}={t}" for n, t in raw if n != name)
                made = (query_pairs(kept, ""), kept, unquote(text), *place)
                yield Made("onoffice-signature-named", made, f"named {called(name)}")
        return
    rest = _rest(query)
    tail = (rest, unquote(values[0]), *place)
    if len(values) > 1:
        for number, value in enumerate(values, 1):
            made = (query_pairs(rest, ""), rest, unquote(value), *place)
            yield Made("onoffice-signature-doubled", made, f"number {number} of {len(values)}")
        return
    if loose := _bytewise(rest):
        yield Made("onoffice-not-utf-8", (loose, *tail))
    pairs = query_pairs(rest, URL + "escapes")
    every = query_pairs(query, URL + "escapes")
    empty = tuple((name, "" if name == "signature" else text) for name, text in every)
    yield Made("onoffice-signature-left-in", (empty, *tail), "empty")
    yield Made("onoffice-signature-left-in", (every, *tail), "with its value")
    yield Made("values-encoded", (tuple(one for one in raw if one[0] != "signature"), *tail), "as in the URL")
    pieces = rest.split("&")
    for at, piece in enumerate(pieces):
        if "+" in piece and rest.count("+") > piece.count("+"):
            one = "&".join((*pieces[:at], piece.replace("+", "%2B"), *pieces[at + 1 :]))
            yield Made(
                "plus-as-blank", (query_pairs(one, ""), *tail), f"in {called(piece.partition('=')[0])} alone"
            )
    if "+" in rest:
        yield Made("blank-as-plus", (query_pairs(rest.replace("+", "%2B"), ""), *tail))
    if "%2B" in rest.upper():
        spaced = re.sub("%2B", "+", rest, flags=re.I)
        yield Made("plus-as-blank", (query_pairs(spaced, ""), *tail), "%2B was read as a blank")
    if ";" in rest:
        yield Made(
            "onoffice-query-separator", (query_pairs(rest.replace(";", "&"), ""), *tail), "; separates too"
        )
    if pairs and rest.endswith("/"):
        yield Made("query-last-slash", (query_pairs(rest[:-1], ""), *tail), "of the last value")


def _bytewise(query: str) -> Pairs:
    """Return the pairs with each byte that is not UTF-8 kept, or nothing where all are UTF-8."""
    pieces = [piece.partition("=") for piece in query.replace("+", " ").split("&") if piece]
    names = [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pieces]
    pairs = tuple((n.decode(errors="surrogateescape"), v.decode(errors="surrogateescape")) for n, v in names)
    if not re.search("[\udc80-\udcff]", "".join(n + v for n, v in pairs)):
        return ()
    return pairs


def _lost(state: State) -> Iterator[Made]:
    pairs, *rest = state
    known = {name for name, _ in pairs}
    for name in sorted(other_readings.LISTED):
        if name not in known:
            yield Made("onoffice-parameter-lost", ((*pairs, (name, "")), *rest), f"with an empty {name}", 2)


def _names(state: State) -> Iterator[Made]:
    """Names as PHP makes them come with PHP's order, so what follows is told which one."""
    pairs, *rest = state
    for id, stages in READINGS.items():
        if "names" in stages:
            yield Made(id, (stages["names"](pairs), id, *rest))
    yield Made("onoffice-names-as-text", (pairs, "", *rest))
    yield Made(URL + "integer-names=as-text", (rules(None).names(pairs), "", *rest))


# --- message and keys -----------------------------------------------------------------------------


def _message(rule: Rules) -> Callable[[State], State]:
    def made(state: State) -> State:
        form, received, origin, path = state
        text = rule.message(origin + path, form) if origin else form
        return text.encode("utf-8", "surrogateescape"), received

    return made


def _messages(rule: Rules, found: Found, fragment: str) -> Callable[[State], Iterator[Made]]:
    def ways(state: State) -> Iterator[Made]:
        form, received, origin, path = state
        base = origin + path
        if not origin:
            return

        def one(id: str, text: str, change: str = "", cost: int = 1) -> Made:
            return Made(id, (text.encode("utf-8", "surrogateescape"), received), change, cost)

        for id, put in replacing(READINGS, "message"):
            yield one(id, put(base, form))
        host = origin.partition("://")[2]
        for text, change, cost in (
            (f"{base}&{form}", "& for the question mark", 1),
            (f"{base}{form}", "without a question mark", 1),
            (f"{base}??{form}", "two question marks", 2),
            (f"{host}{path}?{form}", "without the scheme", 1),
            (f"//{host}{path}?{form}", "without the scheme, // in front", 2),
            (f"{host}?{form}", "host and query", 2),
            (f"{origin}?{form}", "without the path", 2),
            (f"?{form}", "the question mark and the query", 2),
            (f"{path}{form}", "path and query without a question mark", 2),
            (f"{path.lstrip('/')}?{form}", "path and query without the first slash", 2),
            (f"{base}?&{form}", "& behind the question mark", 2),
            (f"{base}?{form}&", "& at the end", 2),
            (f"{base}?{form}?", "a question mark at the end", 2),
            (f"{base}/?{form}", "a slash before the question mark", 2),
            (f"{base}\n{form}", "a line each", 2),
            (f"{form}{base}", "the query first", 2),
        ):
            yield one("onoffice-message-shape", text, change, cost)
        if time := re.search(r"(?:^|&)timestamp=([0-9]+)", form):
            for between in (".", "", ":", "|"):
                said = f"{between!r} between" if between else "nothing between"
                yield one(
                    "onoffice-message-shape",
                    f"{time[1]}{between}{base}?{form}",
                    f"the time in front, {said}",
                    2,
                )
                yield one(
                    "onoffice-message-shape",
                    f"{base}?{form}{between}{time[1]}",
                    f"the time behind, {said}",
                    2,
                )
        yield one("onoffice-signature-left-in", f"{base}?{form}&signature=", "empty, at the end", 2)
        yield one("onoffice-base-alone", base)
        yield one("onoffice-base-alone", f"{base}?", "with a question mark", 2)
        yield one("onoffice-base-alone", path, "the path alone", 2)
        if fragment:
            yield one("onoffice-fragment-signed", f"{base}?{form}#{fragment}")
        method = found.method or "GET"
        for between in ("", " ", "\n", ":"):
            yield one("onoffice-method-signed", f"{method}{between}{base}?{form}", cost=2)
        yield one("onoffice-json-signed", base + _json(form), "behind the base", 2)
        orders = form.replace("+", "%20").replace("%7E", "~")
        yield one("onoffice-written-as-orders", orders, "", 1)

    return ways


def _json(form: str) -> str:
    return json.dumps(dict(query_pairs(form, "")), ensure_ascii=False, separators=(",", ":"))


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _macs(values: dict[str, str]) -> Iterator[Mac]:
    """Yield the MACs under a key that stands in the request itself, and those of a message with the secret in it."""

    def keyed(held: bytes) -> Callable[[bytes, Any], bytes]:
        return lambda key, message: _mac(held, message)

    def with_secret(more: bytes, plain: bool) -> Callable[[bytes, Any], bytes]:
        if plain:
            return lambda key, message: hashlib.sha256(message + more + key).digest()
        return lambda key, message: _mac(key, message + more + key)

    for name in ("apiToken", "apiClaim", "parameterCacheId", "customerWebId"):
        if value := values.get(name, ""):
            yield Mac(("onoffice-parameter-as-key",), keyed(value.encode()))
    for more in (b"", b"&secret=", b"&key="):
        for plain in (False, True) if more else (False,):
            yield Mac(
                ("onoffice-secret-in-message",), with_secret(more, plain), cost=2 if more else 1, size=32
            )
