"""What is signed of the parameters: in which order, and how each is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from ...core.cases import Made, called, replacing
from ...core.strict import Pairs, query_pairs
from .. import readings as other_readings
from ..rules import Rules

State = tuple[Any, ...]
READINGS = other_readings.READINGS
_LISTED = ("apiToken", "apiClaim", "customerName", "customerWebId", "userId", "parameterCacheId", "timestamp")


def ordered(rule: Rules, state: State) -> Pairs:
    """Return the pairs in the order of the rules, or of the PHP that named them."""
    pairs, php_version, *_ = state
    order: Callable[[Pairs], Pairs] = READINGS[php_version]["order"] if php_version else rule.order
    return order(pairs)


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d+)", name) if p]


def _as_icu(name: str) -> tuple[str, str]:
    """Sort _ and - before digits and letters, and small letters before capitals where nothing else differs."""
    return name.lower().replace("_", " ").replace("-", "!"), name.swapcase()


def _as_glibc(name: str) -> tuple[str, str]:
    return re.sub(r"[^a-z0-9]", "", name.lower()), name.swapcase()


_ORDERS: tuple[tuple[str, Callable[[tuple[str, str]], Any], str, int], ...] = (
    ("onoffice-order-natural", lambda pair: _natural(pair[0]), "", 1),
    ("onoffice-order-natural", lambda pair: _natural(pair[0].lower()), "The names were sorted naturally, numbers by value, and without regard to case.", 1),
    ("onoffice-order-locale", lambda pair: _as_icu(pair[0]), "The names were sorted as localeCompare does: _ and - first, small and capital letters together.", 1),
    ("onoffice-order-locale", lambda pair: _as_glibc(pair[0]), "", 1),
    ("onoffice-order-whole", lambda pair: f"{pair[0]}={pair[1]}", "", 1),
    ("onoffice-order-whole", lambda pair: f"{quote_plus(pair[0])}={quote_plus(pair[1])}", "escaped", 2),
    ("onoffice-order-values", lambda pair: pair[1], "", 1),
    ("onoffice-order-listed", lambda pair: _LISTED.index(pair[0]) if pair[0] in _LISTED else 99, "", 2),
    ("order-reversed", lambda pair: tuple(-byte for byte in pair[0].encode()), "sorted backwards", 1),
)  # fmt: skip


def orders(rule: Rules) -> Callable[[State], Iterator[Made]]:
    """Return the ways to sign the parameters in another order."""

    def ways(state: State) -> Iterator[Made]:
        pairs, _, *rest = state
        for id, order in replacing(READINGS, "order"):
            yield Made(id, (order(pairs), *rest))
        for id, key, change, cost in _ORDERS:
            yield Made(id, (tuple(sorted(pairs, key=key)), *rest), change, cost)
        yield Made("order-reversed", (tuple(reversed(pairs)), *rest), "of the URL", 2)
        right = rule.order(pairs)
        for at in range(len(right) if len(right) <= 12 else 0):
            others = (*right[:at], *right[at + 1 :])
            yield Made(
                "order-changed", ((*others, right[at]), *rest), f"{called(right[at][0])} stood last", 2
            )
            yield Made(
                "order-changed", ((right[at], *others), *rest), f"{called(right[at][0])} stood first", 2
            )

    return ways


def written(rule: Rules, state: State) -> str:
    """Return the query by the rules; bytes that are not UTF-8 stay as they are."""
    pairs, rest, *_ = state
    try:
        return rule.form(pairs, rest)
    except UnicodeEncodeError:
        return _joined(pairs, lambda text: quote_plus(text, errors="surrogateescape").replace("~", "%7E"))


def _joined(pairs: Pairs, escape: Callable[[str], str]) -> str:
    return "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)


def _once(escape: Callable[[str], str]) -> Callable[[str], str]:
    """Return an escape that computes each text once: the same names and values come in every state."""
    known: dict[str, str] = {}

    def remembered(text: str) -> str:
        if text not in known:
            known[text] = escape(text)
        return known[text]

    return remembered


def _alone(pairs: Pairs, received: Pairs) -> Iterator[tuple[str, str, str]]:
    """Yield texts that are signed without the base: JSON, and values without names."""
    for some, said in ((pairs, "sorted"), (received, "as received")):
        value = dict(some)
        compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        yield "onoffice-json-signed", compact, f"alone, {said}"
        plain = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
        yield "onoffice-json-signed", plain, f"alone, {said}, as PHP writes it"
        yield "onoffice-json-signed", json.dumps(value), f"alone, {said}, as Python writes it"
        for between in ("", "|", ",", "&", "."):
            yield (
                "onoffice-query-names-alone",
                between.join(value.values()),
                f"values {said}, {between!r} between",
            )
        yield "onoffice-query-names-alone", "".join(n + v for n, v in some), f"names and values {said}"


def _escaping(safe: str, blank: str = "+") -> Callable[[str], str]:
    def escape(text: str) -> str:
        made = quote(text, safe=safe + " ").replace(" ", blank)
        return made if "~" in safe else made.replace("~", "%7E")

    return escape


def _lower_hex(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _javascript(text: str) -> str:
    """Return what JavaScript's old escape makes."""
    units = text.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    plain = re.compile(r"[A-Za-z0-9@*_+\-./]", re.ASCII).fullmatch
    return "".join(
        chr(c) if c < 128 and plain(chr(c)) else f"%{c:02X}" if c < 256 else f"%u{c:04X}" for c in codes
    )


_ESCAPES: tuple[tuple[str, Callable[[str], str], str, int], ...] = (
    ("onoffice-query-percent-20", _escaping("", "%20"), "%7E and %2A kept", 1),
    ("onoffice-query-percent-20", _escaping("~", "%20"), "the tilde as it is", 1),
    ("onoffice-query-percent-20", _escaping("!'()*~", "%20"), "as encodeURIComponent writes", 1),
    ("onoffice-query-tilde", _escaping("~"), "", 1),
    ("onoffice-query-star", _escaping("*"), "", 1),
    ("onoffice-query-unescaped", _escaping("/~", "%20"), "the slash, as Python's quote leaves it", 1),
    ("onoffice-query-unescaped", _escaping("/~"), "the slash", 2),
    ("onoffice-query-unescaped", _escaping("!'()*~"), "! ' ( ) * ~, with + for a blank", 2),
    ("onoffice-query-unescaped", _escaping("()~"), "( ) ~, as qs writes RFC 1738", 2),
    ("onoffice-query-unescaped", _escaping("()~", "%20"), "( ) ~, as qs writes RFC 3986", 2),
    ("onoffice-query-unescaped", _escaping("!'()*~:$,"), "as axios writes", 1),
    ("onoffice-query-unescaped", _escaping("!'()*~:$,[]"), "as older axios writes", 1),
    ("onoffice-query-unescaped", _escaping("!()*"), "! ( ) *, as .NET's WebUtility writes", 1),
    ("onoffice-query-unescaped", _escaping("~,"), "commas, with + for a blank", 1),
    ("onoffice-query-unescaped", _escaping("~,", "%20"), "commas, with %20", 2),
    ("onoffice-query-unescaped", _escaping("@"), "@", 2),
    ("onoffice-query-unescaped", _escaping(";,/?:@&=+$-_.!~*'()#", "%20"), "as encodeURI writes", 1),
    ("onoffice-query-unescaped", _javascript, "as JavaScript's escape writes", 1),
    ("onoffice-query-unescaped", _escaping("[]"), "brackets", 1),
    ("onoffice-query-latin-1", lambda text: quote_plus(text, encoding="latin-1").replace("~", "%7E"), "", 1),
    ("onoffice-query-latin-1", lambda text: quote(text, safe="", encoding="latin-1"), "and %20", 2),
    ("onoffice-query-lower-hex", lambda text: _lower_hex(_escaping("")(text)), "", 1),
    ("onoffice-query-lower-hex", lambda text: _lower_hex(_escaping("!()*")(text)), "as HttpUtility writes", 1),
    ("onoffice-query-lower-hex", lambda text: _lower_hex(_escaping("~", "%20")(text)), "and %20", 2),
)  # fmt: skip


def forms(rule: Rules) -> Callable[[State], Iterator[Made]]:
    """Return the ways to write the query otherwise."""

    escapes = [(id, _once(escape), change, cost) for id, escape, change, cost in _ESCAPES]

    def ways(state: State) -> Iterator[Made]:
        pairs, received, *rest = state
        for id, write in replacing(READINGS, "form"):
            yield Made(id, (write(pairs, received), *rest))
        yield Made("onoffice-query-as-received", (received, *rest))
        for id, escape, change, cost in escapes:
            yield Made(id, (_joined(pairs, escape), *rest), change, cost)
        form = written(rule, state)
        yield Made("onoffice-query-plus-kept", (form.replace("%2B", "+"), *rest))
        yield Made("onoffice-query-bare-names", (re.sub(r"=(?=&|$)", "", form), *rest))
        for between, cost in ((";", 1), ("&amp;", 1), ("", 2), (",", 2), ("\n", 2), ("|", 2), ("?", 2)):
            yield Made("onoffice-query-separator", (form.replace("&", between), *rest), f"{between!r}", cost)
        for id, text, change in _alone(pairs, query_pairs(received, "")):
            yield Made(id, (text, rest[0], "", ""), change, 2)
        yield Made("values-encoded", (_joined(pairs, lambda t: quote_plus(quote_plus(t))), *rest), "twice", 2)

    return ways
