"""How programs of other languages write JSON, and what else a text may become before it is signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from .unwrapping import one_line

Way = tuple[str, Any, str, int]
"""A slip, what it makes of the value, what was changed, and what it costs."""

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)


def component(text: str) -> str:
    """Return a text as JavaScript's encodeURIComponent writes it.

    >>> component("a b'ü")
    "a%20b'%C3%BC"
    """
    return quote(text, safe="!'()*")


def compact(value: Any) -> str:
    """Return JSON as JavaScript writes it.

    >>> compact({"a": "é/"})
    '{"a":"é/"}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _ascii(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _slashes(text: str) -> str:
    return text.replace("/", "\\/")


def _escaped(text: str, characters: str, upper: bool = False) -> str:
    form = "\\u%04X" if upper else "\\u%04x"
    return "".join(form % ord(c) if c in characters else c for c in text)


def _upper(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: "\\u" + found[1].upper(), text)


def _inside(text: str, characters: str, upper: bool = False) -> str:
    """Escape characters within the texts of a JSON text only."""
    return _JSON_TEXT.sub(lambda found: '"' + _escaped(found[0][1:-1], characters, upper) + '"', text)


def _dotnet(value: Any) -> str:
    text = _upper(_ascii(value)).replace('\\"', "\\u0022")
    return _inside(text, "&'<>+`\x7f", upper=True)


def _ruby(value: Any, arrow: str) -> str:
    parts = [f"{compact(name)}{arrow}{compact(text)}" for name, text in dict(value).items()]
    return "{" + ", ".join(parts) + "}"


def _numbers(value: Any) -> Any:
    return {name: _typed(text) for name, text in dict(value).items()}


def _typed(text: Any) -> Any:
    if isinstance(text, str):
        if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", text, re.ASCII):
            return int(text)
        if text in ("true", "false"):
            return text == "true"
    return text


_JSON: tuple[tuple[str, Callable[[Any], str], str, int], ...] = (
    ("json-python", lambda v: json.dumps(v), "", 1),
    ("json-spaced", lambda v: json.dumps(v, ensure_ascii=False), "", 1),
    ("json-ascii", _ascii, "", 1),
    ("json-php", lambda v: _slashes(_ascii(v)), "", 1),
    ("json-slashes", lambda v: _slashes(compact(v)), "", 1),
    ("json-go", lambda v: _inside(compact(v), "<>&\u2028\u2029"), "", 1),
    ("json-gson", lambda v: _inside(compact(v), "<>&='\u2028\u2029"), "", 1),
    ("json-dotnet", _dotnet, "", 1),
    ("json-upper-hex", lambda v: _upper(_ascii(v)), "", 1),
    ("json-upper-hex", lambda v: _upper(compact(v)), "in control characters", 1),
    ("json-python-repr", lambda v: repr(v), "", 1),
    ("json-ruby-inspect", lambda v: _ruby(v, "=>"), "before Ruby 3.4", 1),
    ("json-ruby-inspect", lambda v: _ruby(v, " => "), "since Ruby 3.4", 2),
    ("json-indented", lambda v: json.dumps(v, ensure_ascii=False, indent=2), "two blanks", 1),
    ("json-indented", lambda v: json.dumps(v, ensure_ascii=False, indent=4), "four blanks", 1),
    ("json-indented", lambda v: json.dumps(v, ensure_ascii=False, indent="\t"), "a tab", 2),
    ("json-indented", lambda v: json.dumps(v, indent=2), "two blanks, and escapes", 2),
    ("json-indented", lambda v: json.dumps(v, indent=4), "four blanks, and escapes", 2),
    ("json-indented", lambda v: _slashes(json.dumps(v, indent=4)), "as PHP's JSON_PRETTY_PRINT", 2),
    ("json-blank-after-colon", lambda v: json.dumps(v, ensure_ascii=False, separators=(",", ": ")), "", 1),
    ("json-blank-after-comma", lambda v: json.dumps(v, ensure_ascii=False, separators=(", ", ":")), "", 2),
    ("json-twice", lambda v: compact(compact(v)), "", 1),
    ("json-single-quotes", lambda v: compact(v).replace('"', "'"), "", 1),
)


def written(value: Any) -> Iterator[Way]:
    """Yield a JSON value as other programs write it, each text once.

    >>> dict((id, text) for id, text, _, _ in written({"slug": "a/b&c"}))["json-go"]
    '{"slug":"a/b\\\\u0026c"}'
    """
    own = compact(value)
    seen: set[tuple[str, str]] = set()
    for id, write, change, cost in _JSON:
        text = write(value)
        if text != own and (id, text) not in seen:
            seen.add((id, text))
            yield id, text, change, cost


def written_pairs(pairs: Any) -> Iterator[Way]:
    """Yield the texts that other programs make of parameters: other JSON, and what is no object."""
    value = dict(pairs)
    yield from written(value)
    if (typed := _numbers(value)) != value:
        yield "json-numbers", compact(typed), "", 1
    if "" in value.values():
        yield "json-null", compact({name: text or None for name, text in value.items()}), "", 1
        yield "json-null", json.dumps({name: text or None for name, text in value.items()}), "spaced", 2
    split = {n: t.split(",") if isinstance(t, str) and "," in t else t for n, t in value.items()}
    if split != value:
        yield "json-split", compact(split), "", 1
        bare = {n: [*map(str.strip, t)] if isinstance(t, list) else t for n, t in split.items()}
        if bare != split:
            yield "json-split", compact(bare), "blanks taken off", 1
        for value in (split, bare):
            for id, text, change, _ in written(value):
                yield "json-split", text, f"and written otherwise: {id}{', ' if change else ''}{change}", 2
    arrays = {n: [t] if isinstance(t, str) else t for n, t in value.items()}
    yield "json-arrays", compact(arrays), "each value in an array", 1
    yield "json-pairs", compact([list(pair) for pair in pairs]), "an array of pairs", 1
    texts = [(str(name), text if isinstance(text, str) else compact(text)) for name, text in pairs]
    yield "query-for-json", "&".join(f"{n}={t}" for n, t in texts), "decoded", 1
    yield "query-for-json", "&".join(f"{quote_plus(n)}={quote_plus(t)}" for n, t in texts), "as a form", 1
    yield (
        "query-for-json",
        "&".join(f"{component(n)}={component(t)}" for n, t in texts),
        "as encodeURIComponent writes it",
        2,
    )
    yield "values-joined", "".join(t for _, t in texts), "values without names", 1
    yield "values-joined", "".join(n + t for n, t in texts), "names and values", 1
    yield "values-joined", ",".join(t for _, t in texts), "values with commas", 2


def _addslashes(text: str) -> str:
    return re.sub(r"([\\'\"])", r"\\\1", text)


_TEXT: tuple[tuple[str, Callable[[str], str | bytes], str, int], ...] = (
    ("text-line-end", lambda t: t + "\n", "", 1),
    ("text-crlf", lambda t: t + "\r\n", "", 1),
    ("text-bom", lambda t: "\ufeff" + t, "", 1),
    ("text-invisible", lambda t: t + "\u200b", "a zero-width space behind it", 1),
    ("text-invisible", lambda t: "\u200b" + t, "a zero-width space in front", 2),
    ("text-invisible", lambda t: t + "\xa0", "a no-break space behind it", 2),
    ("text-blank", lambda t: t + " ", "", 2),
    ("text-trimmed", str.strip, "", 1),
    ("text-line-ends", lambda t: t.replace("\r\n", "\n").replace("\n", "\r\n"), "LF became CRLF", 1),
    ("text-line-ends", lambda t: t.replace("\r\n", "\n"), "CRLF became LF", 1),
    ("text-addslashes", _addslashes, "", 1),
    ("text-entities", lambda t: escape(t, quote=True), "", 1),
    ("text-entities", lambda t: escape(t, quote=True).replace("&#x27;", "&#039;"), "as PHP", 2),
    ("text-quoted", lambda t: json.dumps(t, ensure_ascii=False), "", 1),
    ("text-percent", component, "encodeURIComponent", 1),
    ("text-percent", quote_plus, "as a form", 2),
    ("text-percent", lambda t: quote(t, safe=""), "rawurlencode", 2),
    ("text-base64", lambda t: base64.b64encode(t.encode()), "", 1),
    ("text-object", lambda t: "[object Object]", "", 1),
    ("text-lower-case", str.lower, "", 1),
    ("text-upper-case", str.upper, "", 1),
    ("text-utf-16", lambda t: t.encode("utf-16-le"), "", 2),
    ("text-latin-1", lambda t: t.encode("latin-1"), "", 1),
    ("text-mojibake", lambda t: t.encode().decode("latin-1"), "", 1),
    ("text-hashed", lambda t: hashlib.sha256(t.encode()).hexdigest(), "", 2),
)


def texts(value: bytes) -> Iterator[Way]:
    """Yield what a text may have become before it was signed, each once, as bytes."""
    yield from _applied(_TEXT, value)


def _applied(table: Any, value: bytes) -> Iterator[Way]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    seen: set[tuple[str, bytes]] = set()
    for id, make, change, cost in table:
        try:
            made = make(text)
            made = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
        except (ValueError, binascii.Error, RecursionError):
            continue
        if made and made != value and (id, made) not in seen:
            seen.add((id, made))
            yield id, made, change, cost


def _from_base64(text: str) -> bytes:
    plain = re.sub(r"\s", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _from_json_text(text: str) -> str:
    value = json.loads(text)
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _double_quotes(text: str) -> str:
    """Return Python's or JavaScript's literal with single quotes as JSON."""
    return re.sub(
        r"'((?:[^'\\]|\\.)*)'", lambda f: '"' + f[1].replace('"', '\\"').replace("\\'", "'") + '"', text
    )


_DAMAGE: tuple[tuple[str, Callable[[str], str | bytes], str, int], ...] = (
    ("body-line-end", lambda t: t.removesuffix("\n").removesuffix("\r"), "without it", 1),
    ("body-blanks", str.strip, "without them", 1),
    ("body-bom", lambda t: t.removeprefix("\ufeff"), "without it", 1),
    ("body-base64", _from_base64, "decoded", 1),
    ("body-line-ends", lambda t: t.replace("\r\n", "\n"), "with LF", 1),
    ("body-line-ends", lambda t: re.sub(r"\r?\n", "\r\n", t), "with CRLF", 1),
    ("body-line-end-lost", lambda t: t + "\n", "with a line end", 1),
    ("body-line-end-lost", lambda t: t + "\r\n", "with CRLF", 2),
    ("body-json-text", _from_json_text, "unpacked", 1),
    ("body-addslashes", lambda t: re.sub(r"\\(['\"\\])", r"\1", t), "without the added ones", 1),
    ("body-entities", unescape, "unescaped", 1),
    ("body-single-quotes", _double_quotes, "with double quotes", 1),
    ("body-percent", unquote_plus, "decoded", 1),
    ("body-percent", unquote, "decoded, + kept", 2),
    ("body-percent", lambda t: unquote_plus(unquote_plus(t)), "decoded twice", 2),
    ("body-mojibake", lambda t: t.encode("latin-1").decode(), "as UTF-8", 1),
    ("body-mojibake", lambda t: t.encode("cp1252").decode(), "as UTF-8", 2),
    ("body-latin-1", lambda t: t.encode("latin-1"), "as Latin-1", 1),
    ("body-backslash-escapes", lambda t: t.replace("\\n", "\n").replace("\\t", "\t"), "with real ones", 2),
    ("body-wrapped", one_line, "on one line", 1),
    ("body-curly-quotes", lambda t: re.sub("[“”„«»]", '"', t), "with straight ones", 1),
    ("body-hex", lambda t: bytes.fromhex(t), "decoded", 1),
    ("body-nul", lambda t: t.rstrip("\0"), "without them", 1),
)


def undamaged(value: bytes) -> Iterator[Way]:
    """Yield what a body may have been before it was damaged on the way or when it was pasted."""
    yield from _applied(_DAMAGE, value)


def rewritten(value: bytes) -> Iterator[Way]:
    """Yield the bodies that parse to the same JSON: what stood there before it was parsed and written again."""
    try:
        text = value.decode()
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return
    seen = {text}

    def fresh(id: str, made: str, change: str, cost: int) -> Iterator[Way]:
        if made not in seen:
            seen.add(made)
            yield id, made.encode("utf-8", "surrogatepass"), change, cost

    if re.search(r"[0-9]", text):
        yield from fresh("json-number", _pointed(text), "whole numbers with .0", 1)
        yield from fresh(
            "json-number", re.sub(r"(?<=[0-9])\.0+(?![0-9.])", "", text), "numbers without .0", 1
        )
        for made, change in _one_pointed(text):
            yield from fresh("json-number", made, change, 2)
    yield from fresh("json-rewritten", compact(parsed), "compact", 1)
    for id, made, change, cost in written(parsed):
        yield from fresh("json-rewritten", made, f"{id}{', ' if change else ''}{change}", cost)
    if isinstance(parsed, dict):
        for reverse in (False, True):
            order = dict(sorted(parsed.items(), reverse=reverse))
            yield from fresh("json-reordered", compact(order), "members sorted", 1)
    yield from fresh("json-slashes", text.replace("\\/", "/"), "without \\/", 1)
    yield from fresh("json-slashes", re.sub(r"(?<!\\)/", r"\\/", text), "with \\/", 1)


def _pointed(text: str) -> str:
    return _NUMBER.sub(lambda found: found[0] + ".0", text)


_NUMBER = re.compile(r"(?<=[:\[,])\s*-?(?:0|[1-9][0-9]{0,17})(?=\s*[,}\]])")


def _one_pointed(text: str) -> Iterator[tuple[str, str]]:
    places = [found.span() for found in _NUMBER.finditer(text)][:20]
    if len(places) > 1:
        for number, (_, end) in enumerate(places, 1):
            yield text[:end] + ".0" + text[end:], f"number {number} with .0"
