"""How programs of other languages write JSON, and what else a text may become before it is signed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

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


def _escaped(text: str, characters: str, upper: bool) -> str:
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
    if isinstance(value, dict):
        return "{" + ", ".join(f"{compact(n)}{arrow}{_ruby(v, arrow)}" for n, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_ruby(inner, arrow) for inner in value) + "]"
    return "nil" if value is None else compact(value)


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
    ("json-powershell", lambda v: _inside(compact(v), "<>&'"), "", 1),
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
    (
        "json-indented",
        lambda v: json.dumps(v, ensure_ascii=False, indent=2).replace("\n", "\r\n"),
        "two blanks, and CR LF",
        2,
    ),
    (
        "json-indented",
        lambda v: json.dumps(v, ensure_ascii=False, indent=2, separators=(",", " : ")),
        "two blanks, and one before each colon",
        2,
    ),
    (
        "json-indented",
        lambda v: json.dumps(v, ensure_ascii=False, indent=3, separators=(",", " : ")),
        "three blanks, and one before each colon",
        2,
    ),
    (
        "json-indented",
        lambda v: _slashes(json.dumps(v, ensure_ascii=False, indent=4)),
        "four blanks, and \\/ for a slash",
        2,
    ),
    ("json-indented", lambda v: json.dumps(v, ensure_ascii=False, indent=1), "one blank", 2),
    ("json-slashes", lambda v: compact(v).replace("</", "<\\/"), "behind < alone", 2),
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


def _printed(value: dict[str, str]) -> Iterator[Way]:
    """Yield parameters as programs print them: maps, YAML, PHP's serialisation, lines."""
    rows = [*value.items()]
    in_order = sorted(rows)
    for text, change, cost in (
        ("{" + ", ".join(f"{n}={t}" for n, t in rows) + "}", "as a map of Java", 1),
        ("map[" + " ".join(f"{n}:{t}" for n, t in in_order) + "]", "as a map of Go", 1),
        ("map[" + " ".join(f"{n}:[{t}]" for n, t in in_order) + "]", "as Go's url.Values", 2),
        ("{ " + ", ".join(f"{n}: '{t}'" for n, t in rows) + " }", "as JavaScript's inspect", 1),
        ("{\n" + ",\n".join(f"  {n}: '{t}'" for n, t in rows) + "\n}", "as JavaScript's inspect, in lines", 1),
        ("{" + ", ".join(f"{n}: {compact(t)}" for n, t in rows) + "}", "as a Hash of Ruby 3.4", 2),
        ("[" + ", ".join(f'"{n}": "{t}"' for n, t in rows) + "]", "as a dictionary of Swift", 2),
        ("%{" + ", ".join(f'"{n}" => "{t}"' for n, t in rows) + "}", "as a map of Elixir", 2),
        ("{ " + ", ".join(f"{n} = {t}" for n, t in rows) + " }", "as an anonymous type of C#", 2),
        (f"a:{len(rows)}:{{" + "".join(f's:{len(x.encode())}:"{x}";' for row in rows for x in row) + "}", "as PHP's serialize", 1),
        ("Array\n(\n" + "".join(f"    [{n}] => {t}\n" for n, t in rows) + ")\n", "as PHP's print_r", 1),
        ("array (\n" + "".join(f"  '{n}' => '{t}',\n" for n, t in rows) + ")", "as PHP's var_export", 2),
        ("".join(f"{n}: {t}\n" for n, t in rows), "as YAML", 2),
        ("---\n" + "".join(f"{n}: {t}\n" for n, t in rows), "as YAML of Ruby", 2),
        ("\n".join(f"{n}={t}" for n, t in rows), "a line each", 2),
        (repr(rows), "as a list of Python's pairs", 2),
        ("{" + ",".join(f"{n}:{compact(t)}" for n, t in rows) + "}", "as JSON without quotes around names", 2),
    ):  # fmt: skip
        yield "json-printed", text, change, cost


def _otherwise(id: str, value: Any) -> Iterator[Way]:
    for more, text, change, _ in written(value):
        yield id, text, f"and written otherwise: {more}{', ' if change else ''}{change}", 2


def written_pairs(pairs: Any) -> Iterator[Way]:
    """Yield the texts that other programs make of parameters: other JSON, and what is no object."""
    value = dict(pairs)
    yield from written(value)
    if all(isinstance(text, str) for text in value.values()):
        yield from _printed({str(name): text for name, text in value.items()})
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
        yield from _otherwise("json-split", split)
        yield from _otherwise("json-split", bare)
    for other, id in ((typed, "json-numbers"), ({n: t or None for n, t in value.items()}, "json-null")):
        if other != value:
            yield from _otherwise(id, other)
    arrays = {n: [t] if isinstance(t, str) else t for n, t in value.items()}
    yield "json-arrays", compact(arrays), "each value in an array", 1
    yield from _otherwise("json-arrays", arrays)
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
