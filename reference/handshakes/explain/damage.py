"""What a body may have been before it was damaged on the way, or parsed and written again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import unquote, unquote_plus

from .digests import loose
from .texts import applied
from .unwrapping import one_line
from .writers import Way, compact, written


def _from_json_text(text: str) -> str:
    value = json.loads(text)
    if not isinstance(value, str):
        raise ValueError
    return value


def _double_quotes(text: str) -> str:
    """Return Python's or JavaScript's literal with single quotes as JSON."""
    return re.sub(
        r"'((?:[^'\\]|\\.)*)'", lambda f: '"' + f[1].replace('"', '\\"').replace("\\'", "'") + '"', text
    )


_DAMAGE: tuple[tuple[str, Callable[[str], str | bytes], str, int], ...] = (
    ("body-line-end", lambda t: t.removesuffix("\n").removesuffix("\r"), "", 1),
    ("body-blanks", str.strip, "", 1),
    ("body-bom", lambda t: t.removeprefix("\ufeff"), "", 1),
    ("body-base64", lambda t: loose(re.sub(r"\s", "", t)), "", 1),
    ("body-line-ends", lambda t: t.replace("\r\n", "\n"), "with LF", 1),
    ("body-line-ends", lambda t: re.sub(r"\r?\n", "\r\n", t), "with CRLF", 1),
    ("body-line-end-lost", lambda t: t + "\n", "", 1),
    ("body-line-end-lost", lambda t: t + "\r\n", "with CRLF", 2),
    ("body-json-text", _from_json_text, "", 1),
    ("body-addslashes", lambda t: re.sub(r"\\(['\"\\])", r"\1", t), "", 1),
    ("body-entities", unescape, "", 1),
    ("body-single-quotes", _double_quotes, "", 1),
    ("body-percent", unquote_plus, "", 1),
    ("body-percent", unquote, "decoded, + kept", 2),
    ("body-percent", lambda t: unquote_plus(unquote_plus(t)), "decoded twice", 2),
    ("body-mojibake", lambda t: t.encode("latin-1").decode(), "", 1),
    ("body-mojibake", lambda t: t.encode("cp1252").decode(), "", 2),
    ("body-latin-1", lambda t: t.encode("latin-1"), "", 1),
    ("body-backslash-escapes", lambda t: t.replace("\\n", "\n").replace("\\t", "\t"), "", 2),
    ("body-wrapped", one_line, "", 1),
    ("body-curly-quotes", lambda t: re.sub("[“”„«»]", '"', t), "", 1),
    ("body-hex", lambda t: bytes.fromhex(t), "", 1),
    ("body-nul", lambda t: t.rstrip("\0"), "", 1),
)


def undamaged(value: bytes) -> Iterator[Way]:
    """Yield what a body may have been before it was damaged on the way or when it was pasted."""
    yield from applied(_DAMAGE, value)


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
    for number, (_, end) in enumerate(places, 1):  # of one alone, the same was made before
        yield text[:end] + ".0" + text[end:], f"number {number} with .0"
