"""What a text, JSON, a query or a body may have become, row by row: an example of each form, and how usual it is.

The texts are written by hand from the documents of the programs; those of Node, PHP, Python, Ruby 3.1 and Go, of `iconv`
and `sha256sum` were made by these programs. .NET, Gson and PowerShell are as their documents describe them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from handshakes.explain import damage, parameters, texts, writers
from handshakes.explain.damage import undamaged
from handshakes.explain.parameters import changed, queries
from handshakes.explain.writers import Way, written

Row = tuple[str, str, int, Any, Any]
"""A slip, what was changed, its cost (1 is usual, 2 is rare), the value, and what is made of it."""

LONG = "0123456789abcdef" * 520
NODE = '{"type":"Buffer","data":[97,195,169]}'
SHA256, MD5 = (
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "900150983cd24fb0d6963f7d28e17f72",
)
TEXTS: tuple[Row, ...] = (
    ("text-line-end", "", 1, "abc", "abc\n"),
    ("text-line-end", "The signed text began with a line end.", 2, "abc", "\nabc"),
    ("text-line-end", "two of them", 2, "abc", "abc\n\n"),
    ("text-crlf", "", 1, "abc", "abc\r\n"),
    ("text-bom", "", 2, "abc", b"\xef\xbb\xbfabc"),
    ("text-invisible", "a zero-width space behind it", 2, "abc", b"abc\xe2\x80\x8b"),
    ("text-invisible", "a zero-width space in front", 2, "abc", b"\xe2\x80\x8babc"),
    ("text-invisible", "a no-break space behind it", 2, "abc", b"abc\xc2\xa0"),
    ("text-blank", "", 2, "abc", "abc "),
    ("text-blank", "The signed text began with a blank.", 2, "abc", " abc"),
    ("text-trimmed", "", 1, "\t a b\r\n", "a b"),
    ("text-line-ends", "LF became CRLF", 1, "a\nb\r\nc", "a\r\nb\r\nc"),
    ("text-line-ends", "CRLF became LF", 1, "a\nb\r\nc", "a\nb\nc"),
    ("text-addslashes", "", 1, "a\\b\"c'd", "a\\\\b\\\"c\\'d"),
    ("text-entities", "", 1, "<a b=\"c\"'&", "&lt;a b=&quot;c&quot;&#x27;&amp;"),
    ("text-entities", "as PHP", 2, "<a b=\"c\"'&", "&lt;a b=&quot;c&quot;&#039;&amp;"),
    ("text-entities", "& alone", 2, "<a&b>", "<a&amp;b>"),
    ("text-quoted", "", 1, 'é"/', '"é\\"/"'),
    ("text-quoted", "with escapes for what is not ASCII", 2, 'é"/', '"\\u00e9\\"/"'),
    ("text-quoted", "with \\/ for a slash", 2, 'é"/', '"é\\"\\/"'),
    ("text-quoted", "The signed text was in double quotes, without any escape.", 2, 'é"/', '"é"/"'),
    ("text-quoted", "The signed text was in single quotes.", 2, "abc", "'abc'"),
    ("text-percent", "encodeURIComponent", 1, "a b!'()*~/é", "a%20b!'()*~%2F%C3%A9"),
    ("text-percent", "as a form", 2, "a b,é!*", "a+b%2C%C3%A9%21%2A"),
    ("text-percent", "rawurlencode", 2, "a b,é~!*/", "a%20b%2C%C3%A9~%21%2A%2F"),
    ("text-percent", "as Python's quote", 2, "a b,é~!*/", "a%20b%2C%C3%A9~%21%2A/"),
    ("text-base64", "", 2, "abcd", "YWJjZA=="),
    ("text-base64", "for URLs, without =", 2, "\x7f??~", "fz8_fg"),
    ("text-base64", "with a line end", 2, "abcd", "YWJjZA==\n"),
    ("text-object", "", 2, "abc", "[object Object]"),
    ("text-lower-case", "", 1, "aB1", "ab1"),
    ("text-upper-case", "", 1, "aB1", "AB1"),
    ("text-utf-16", "", 2, "aé", b"a\0\xe9\0"),
    ("text-utf-16", "big-endian", 2, "aé", b"\0a\0\xe9"),
    ("text-utf-16", "with its mark", 2, "aé", b"\xff\xfea\0\xe9\0"),
    ("text-utf-16", "big-endian, with its mark", 2, "aé", b"\xfe\xff\0a\0\xe9"),
    ("text-latin-1", "", 1, "aé", b"a\xe9"),
    ("text-mojibake", "", 1, "é", "Ã©"),
    ("text-mojibake", "The signed text's UTF-8 was read as Windows-1252 and encoded again.", 2, "€", "â‚¬"),
    ("text-hashed", "", 2, "abc", SHA256),
    ("text-hashed", "An MD5 of the text was signed.", 2, "abc", MD5),
    ("text-empty", "", 2, "abc", ""),
    ("text-literal", "as Python's str(b'…')", 2, "aé\n", r"b'a\xc3\xa9\n'"),
    ("text-literal", "as Python's repr", 2, "aé\n", r"'aé\n'"),
    ("text-literal", "as JavaScript's Uint8Array", 2, "aé", "97,195,169"),
    ("text-literal", "as Go's %v of bytes", 2, "aé", "[97 195 169]"),
    ("text-literal", "as Node's Buffer in JSON", 2, "aé", NODE),
    ("text-literal", "in an array", 2, 'aé"', '["aé\\""]'),
    *(
        ("text-placeholder", repr(word), 2, "abc", word)
        for word in (
            *("undefined", "null", "None", "nil", "Array", "[object Promise]", "[object ReadableStream]"),
            *("System.Byte[]", "{}", "[]", "true", "1", "NaN", "\0"),
        )
    ),
    ("text-doubled", "", 2, "abc", "abcabc"),
    ("text-hex", "", 2, "aj", "616a"),
    ("text-without-blanks", "", 2, " a  b\nc", "abc"),
    ("text-without-blanks", "one for several", 2, "a  b\n\tc", "a b c"),
    *(
        ("text-code-page", page, 2, text, bytes.fromhex(made))
        for page, text, made in (
            *(("cp1252", "€", "80"), ("cp1251", "Ключ", "caebfef7"), ("cp1250", "č", "e8"), ("koi8-r", "Ключ", "ebccc0de")),
            *(("iso-8859-2", "š", "b9"), ("iso-8859-15", "€", "a4"), ("mac-roman", "é", "8e"), ("cp850", "é", "82")),
        )
    ),
    ("text-code-page", "? for what is not ASCII", 2, "aé", "a?"),
    ("text-code-page", "what is not ASCII was left out", 2, "aé", "a"),
    ("text-code-page", "the low byte of each character", 2, "aК", b"a\x1a"),
    *(
        ("text-cut", f"the first {most} characters", 2, LONG, LONG[:most])
        for most in (32, 64, 100, 128, 200, 250, 255, 256, 500, 512, 1_000, 1_024, 2_000, 2_048, 4_000, 4_096, 8_192)
    ),
    ("text-cut", "without the last character", 2, "abc", "ab"),
    ("text-cut", "without the first character", 2, "abc", "bc"),
    ("text-nul", "", 2, "abc", "abc\0"),
)  # fmt: skip

TWO, NESTED = {"a": "é", "b": "1"}, {"a": "é/", "l": [1]}
ALL = "\"&'<>+`\x7fé=X"
JSON: tuple[Row, ...] = (
    ("json-python", "", 1, TWO, '{"a": "\\u00e9", "b": "1"}'),
    ("json-spaced", "", 1, TWO, '{"a": "é", "b": "1"}'),
    ("json-ascii", "", 1, TWO, '{"a":"\\u00e9","b":"1"}'),
    ("json-php", "", 1, {"a": "é/"}, '{"a":"\\u00e9\\/"}'),
    ("json-slashes", "", 1, {"a": "é/"}, '{"a":"é\\/"}'),
    ("json-slashes", "behind < alone", 2, {"a": "</b/"}, '{"a":"<\\/b/"}'),
    ("json-go", "", 1, {"<": "</a&b>\u2028\u2029é='X"}, '{"\\u003c":"\\u003c/a\\u0026b\\u003e\\u2028\\u2029é=\'X"}'),
    ("json-gson", "", 1, {"a": "<>&='\u2028\u2029éX"}, '{"a":"\\u003c\\u003e\\u0026\\u003d\\u0027\\u2028\\u2029éX"}'),
    ("json-dotnet", "", 1, {"a": ALL}, '{"a":"\\u0022\\u0026\\u0027\\u003C\\u003E\\u002B\\u0060\\u007F\\u00E9=X"}'),
    ("json-powershell", "", 1, {"a": ALL}, '{"a":"\\"\\u0026\\u0027\\u003c\\u003e+`\x7fé=X"}'),
    ("json-upper-hex", "", 1, {"a": "éj"}, '{"a":"\\u00E9j"}'),
    ("json-upper-hex", "in control characters", 1, {"a": "é\x1f"}, '{"a":"é\\u001F"}'),
    ("json-python-repr", "", 1, {"a": "é'", "b": None}, "{'a': \"é'\", 'b': None}"),
    ("json-ruby-inspect", "before Ruby 3.4", 1, {"a": 'x"y', "é": "1"}, '{"a"=>"x\\"y", "é"=>"1"}'),
    ("json-ruby-inspect", "since Ruby 3.4", 2, {"a": 'x"y', "é": "1"}, '{"a" => "x\\"y", "é" => "1"}'),
    ("json-indented", "two blanks", 1, NESTED, '{\n  "a": "é/",\n  "l": [\n    1\n  ]\n}'),
    ("json-indented", "four blanks", 1, NESTED, '{\n    "a": "é/",\n    "l": [\n        1\n    ]\n}'),
    ("json-indented", "a tab", 2, NESTED, '{\n\t"a": "é/",\n\t"l": [\n\t\t1\n\t]\n}'),
    ("json-indented", "two blanks, and escapes", 2, NESTED, '{\n  "a": "\\u00e9/",\n  "l": [\n    1\n  ]\n}'),
    ("json-indented", "four blanks, and escapes", 2, NESTED, '{\n    "a": "\\u00e9/",\n    "l": [\n        1\n    ]\n}'),
    ("json-indented", "as PHP's JSON_PRETTY_PRINT", 2, NESTED, '{\n    "a": "\\u00e9\\/",\n    "l": [\n        1\n    ]\n}'),
    ("json-indented", "two blanks, and CR LF", 2, NESTED, '{\r\n  "a": "é/",\r\n  "l": [\r\n    1\r\n  ]\r\n}'),
    ("json-indented", "two blanks, and one before each colon", 2, NESTED, '{\n  "a" : "é/",\n  "l" : [\n    1\n  ]\n}'),
    ("json-indented", "three blanks, and one before each colon", 2, NESTED, '{\n   "a" : "é/",\n   "l" : [\n      1\n   ]\n}'),
    ("json-indented", "four blanks, and \\/ for a slash", 2, NESTED, '{\n    "a": "é\\/",\n    "l": [\n        1\n    ]\n}'),
    ("json-indented", "one blank", 2, NESTED, '{\n "a": "é/",\n "l": [\n  1\n ]\n}'),
    ("json-blank-after-colon", "", 1, TWO, '{"a": "é","b": "1"}'),
    ("json-blank-after-comma", "", 2, TWO, '{"a":"é", "b":"1"}'),
    ("json-twice", "", 1, {"a": "é"}, '"{\\"a\\":\\"é\\"}"'),
    ("json-single-quotes", "", 1, TWO, "{'a':'é','b':'1'}"),
)  # fmt: skip

READ_LATE = "UTF-8 in values was read as Latin-1 behind the sender, and signed before that."
PARAMETERS: tuple[Row, ...] = (
    ("names-lower-case", "", 1, ("aB", "C"), ("ab", "C")),
    ("names-snake-case", "", 1, ("aB2C", "aB"), ("a_b2_c", "aB")),
    ("names-camel-case", "", 1, ("a_b_c", "a_b"), ("aBC", "a_b")),
    ("names-capitals", "", 2, ("abC", "d"), ("AbC", "d")),
    ("names-php", "_ was a dot", 1, ("a_b", "a_b"), ("a.b", "a_b")),
    ("names-php", "dots became _", 1, ("a.b c", "a.b"), ("a_b_c", "a.b")),
    ("names-dashes", "_ for -", 2, ("a_b", "a_b"), ("a-b", "a_b")),
    ("names-dashes", "- for _", 2, ("a-b", "a-b"), ("a_b", "a-b")),
    ("values-trimmed", "", 1, ("a ", " b c\n"), ("a ", "b c")),
    ("values-lower-case", "", 1, ("A", "bC"), ("A", "bc")),
    ("values-latin-1", "", 1, ("é", "é"), ("é", "Ã©")),
    ("values-latin-1", READ_LATE, 1, ("a", "Ã©"), ("a", "é")),
    ("values-entities", "escaped", 1, ("&", "<a&b>"), ("&", "&lt;a&amp;b&gt;")),
    ("values-entities", "Values were sent escaped for HTML, and signed unescaped.", 1, ("a", "&lt;&amp;"), ("a", "<&")),
    ("values-addslashes", "", 1, ("'", "a\\b\"c'd"), ("'", "a\\\\b\\\"c\\'d")),
    ("values-normalised", "NFC", 1, ("a", "e\u0301"), ("a", "\xe9")),
    ("values-normalised", "NFD", 1, ("a", "\xe9"), ("a", "e\u0301")),
    ("decoded-twice", "", 1, ("%61", "%61+b"), ("%61", "a b")),
    ("decoded-twice", "+ kept", 2, ("%61", "%61+b"), ("%61", "a+b")),
    ("values-encoded", "as encodeURIComponent writes them", 1, ("a", "a b!'()*~/é"), ("a", "a%20b!'()*~%2F%C3%A9")),
    ("values-encoded", "as a form writes them", 1, ("a", "a b,é!*"), ("a", "a+b%2C%C3%A9%21%2A")),
    ("values-encoded", "as rawurlencode writes them", 1, ("a", "a b,é~!*/"), ("a", "a%20b%2C%C3%A9~%21%2A%2F")),
    ("values-encoded", "but for commas", 2, ("a", "a b,é/"), ("a", "a+b,%C3%A9%2F")),
    ("blank-as-plus", "", 1, ("a b", "a b c"), ("a b", "a+b+c")),
    ("plus-as-blank", "", 1, ("a+b", "a+b+c"), ("a+b", "a b c")),
    ("values-commas", "without the blank", 1, ("a", "a, b,c"), ("a", "a,b,c")),
    ("values-commas", "with a blank", 1, ("a", "a, b,c"), ("a", "a, b, c")),
    ("values-line-ends", "CRLF became LF", 2, ("a", "a\r\nb\nc"), ("a", "a\nb\nc")),
    ("values-line-ends", "LF became CRLF", 2, ("a", "a\r\nb\nc"), ("a", "a\r\nb\r\nc")),
    ("values-last-slash", "", 2, ("a/", "a/b//"), ("a/", "a/b/")),
)  # fmt: skip
QUERIES: tuple[Row, ...] = (
    ("query-encoded-twice", "decoded once", 1, "a=%2520%2G%252525", "a=%20%2G%2525"),
    ("query-encoded-twice", "decoded twice", 2, "a=%252520", "a=%20"),
    ("query-decoded", "with %26 for an & within a value", 1, "a=b&c&d=e&f", "a=b%26c&d=e%26f"),
    ("plus-as-blank", "with %2B", 1, "a=b%20c d+e", "a=b%2Bc%2Bd+e"),
    ("plus-as-blank", "+ was %2B", 1, "a=b%20c d+e", "a=b%20c d%2Be"),
    ("query-last-slash", "", 1, "a=b/", "a=b"),
    ("query-fragment", "", 2, "a=b%23c%23", "a=b"),
)
DAMAGED: tuple[Row, ...] = (
    ("body-line-end", "", 1, "a\n\r\n", "a\n"),
    ("body-line-end", "", 1, "a\n", "a"),
    ("body-blanks", "", 1, "\n a b\t", "a b"),
    ("body-bom", "", 1, "\ufeffa", "a"),
    ("body-base64", "", 1, "YWJj\r\nZA==", "abcd"),
    ("body-line-ends", "with LF", 1, "a\r\nb\n", "a\nb\n"),
    ("body-line-ends", "with CRLF", 1, "a\r\nb\n", "a\r\nb\r\n"),
    ("body-line-end-lost", "", 1, "a", "a\n"),
    ("body-line-end-lost", "with CRLF", 2, "a", "a\r\n"),
    ("body-json-text", "", 1, '"{\\"a\\":\\"\\u00e9\\"}"', '{"a":"é"}'),
    ("body-addslashes", "", 1, "\\'\\\"\\\\\\n", "'\"\\\\n"),
    ("body-entities", "", 1, "{&quot;a&#39;&amp;", "{\"a'&"),
    ("body-single-quotes", "", 1, "{'a': 'b\"c', 'd': 'e\\'f'}", '{"a": "b\\"c", "d": "e\'f"}'),
    ("body-percent", "", 1, "a%2520b+c%22", 'a%20b c"'),
    ("body-percent", "decoded, + kept", 2, "a%2520b+c%22", 'a%20b+c"'),
    ("body-percent", "decoded twice", 2, "a%2520b+c%22", 'a b c"'),
    ("body-mojibake", "", 1, "Ã©", "é"),
    ("body-mojibake", "", 2, "â‚¬", "€"),
    ("body-latin-1", "", 1, "é", b"\xe9"),
    ("body-backslash-escapes", "", 2, "a\\nb\\tc", "a\nb\tc"),
    ("body-curly-quotes", "", 1, "“a”„b«c»", '"a""b"c"'),
    ("body-hex", "", 1, "616A 62", "ajb"),
    ("body-nul", "", 1, "a\0b\0\0", "a\0b"),
)


def of_pair(pair: tuple[str, str]) -> Iterator[Way]:
    """Return what changes of all parameters make of one."""
    return ((id, made[0], change, cost) for id, made, change, cost in changed((pair,), ()))


TABLES: dict[str, tuple[Any, tuple[Row, ...], Any]] = {
    "texts": (lambda text: texts.texts(text.encode()), TEXTS, texts._TEXT),
    "JSON": (written, JSON, writers._JSON),
    "parameters": (of_pair, PARAMETERS, [(id, 0, change, cost) for id, _, _, change, cost in parameters._CHANGES]),
    "queries": (queries, QUERIES, parameters._QUERIES),
    "damage": (lambda text: undamaged(text.encode()), DAMAGED, [row for row in damage._DAMAGE if row[0] != "body-wrapped"]),
}  # fmt: skip
"""What makes the forms, the examples, and the table itself. How a wrapped text is put on one line has its own tests."""


@pytest.mark.parametrize("table", TABLES)
def test_each_form_is_made_as_its_program_makes_it_and_is_tried_as_early_as_it_is_usual(table):
    make, rows, _ = TABLES[table]
    all_made = {repr(given): [*make(given)] for given in {repr(row[3]): row[3] for row in rows}.values()}
    missing = []
    for id, change, cost, given, made in rows:
        in_bytes = table in ("texts", "damage") and isinstance(made, str)
        if (id, made.encode() if in_bytes else made, change, cost) not in all_made[repr(given)]:
            missing.append((id, change, given))
    assert missing == []


@pytest.mark.parametrize("table", TABLES)
def test_no_form_is_without_an_example(table):
    _, rows, there = TABLES[table]
    assert {(id, change, cost) for id, _, change, cost in there} == {
        (id, change, cost) for id, change, cost, _, _ in rows
    }


PAIRS = (("a", "x, y"), ("b", ""), ("n", "7"), ("t", "true"))
OF_PAIRS = (
    ("json-numbers", '{"a":"x, y","b":"","n":7,"t":true}', "", 1),
    ("json-null", '{"a":"x, y","b":null,"n":"7","t":"true"}', "", 1),
    ("json-null", '{"a": "x, y", "b": null, "n": "7", "t": "true"}', "spaced", 2),
    ("json-split", '{"a":["x"," y"],"b":"","n":"7","t":"true"}', "", 1),
    ("json-split", '{"a":["x","y"],"b":"","n":"7","t":"true"}', "blanks taken off", 1),
    ("json-arrays", '{"a":["x, y"],"b":[""],"n":["7"],"t":["true"]}', "each value in an array", 1),
    ("json-pairs", '[["a","x, y"],["b",""],["n","7"],["t","true"]]', "an array of pairs", 1),
    ("query-for-json", "a=x, y&b=&n=7&t=true", "decoded", 1),
    ("query-for-json", "a=x%2C+y&b=&n=7&t=true", "as a form", 1),
    ("query-for-json", "a=x%2C%20y&b=&n=7&t=true", "as encodeURIComponent writes it", 2),
    ("values-joined", "x, y7true", "values without names", 1),
    ("values-joined", "ax, ybn7ttrue", "names and values", 1),
    ("values-joined", "x, y,,7,true", "values with commas", 2),
)
"""By hand: what parameters become where JSON is needed, each with its cost."""


def test_parameters_become_other_json_or_none_at_all():
    made = [*writers.written_pairs(PAIRS)]
    own = {id for id, *_ in OF_PAIRS}
    plain = [way for way in made if way[0] in own and "otherwise" not in way[2]]
    assert sorted(plain) == sorted(OF_PAIRS)
    both = {
        (id, text, cost)
        for id, text, change, cost in made
        if change.startswith("and written otherwise: json-spaced")
    }
    assert both == {
        ("json-numbers", '{"a": "x, y", "b": "", "n": 7, "t": true}', 2),
        ("json-null", '{"a": "x, y", "b": null, "n": "7", "t": "true"}', 2),
        ("json-split", '{"a": ["x", " y"], "b": "", "n": "7", "t": "true"}', 2),
        ("json-split", '{"a": ["x", "y"], "b": "", "n": "7", "t": "true"}', 2),
        ("json-arrays", '{"a": ["x, y"], "b": [""], "n": ["7"], "t": ["true"]}', 2),
    }


def test_numbers_of_json_are_those_of_at_most_eighteen_digits_without_a_zero_in_front():
    texts = {
        "a": "0",
        "b": "-12",
        "c": "012",
        "d": "1.5",
        "e": "9" * 18,
        "f": "9" * 19,
        "g": "false",
        "h": "True",
        "i": "",
    }
    made = {id: text for id, text, change, _ in writers.written_pairs((*texts.items(),)) if not change}
    assert made["json-numbers"] == (
        f'{{"a":0,"b":-12,"c":"012","d":"1.5","e":{"9" * 18},"f":"{"9" * 19}","g":false,"h":"True","i":""}}'
    )


def test_of_parameters_without_commas_empty_values_or_numbers_these_forms_are_not_tried():
    ids = [id for id, *_ in writers.written_pairs((("slug", "a"), ("name", "b c")))]
    assert not {"json-numbers", "json-null", "json-split"} & {*ids}


def test_each_parameter_is_changed_alone_too_and_no_text_is_tried_twice():
    pairs = (("a", "x y"), ("b", " p q"), ("c", 1))
    made = [(id, pairs_, change, cost) for id, pairs_, change, cost in changed(pairs, ())]
    assert len(made) == len({(id, pairs_) for id, pairs_, _, _ in made})
    alone = {(id, change): (pairs_, cost) for id, pairs_, change, cost in made if change.endswith("alone")}
    assert alone["values-encoded", "as a form writes them, of a alone"] == ((("a", "x+y"), *pairs[1:]), 2)
    assert alone["values-encoded", "as encodeURIComponent writes them, of a alone"][0] == (
        ("a", "x%20y"),
        *pairs[1:],
    )
    assert ("values-encoded", "as rawurlencode writes them, of a alone") not in alone  # the same text


def test_what_was_added_is_taken_out_once_and_the_likeliest_first():
    made = [
        (change, cost)
        for _, _, change, cost in parameters.added((("slug", "a"), ("fbclid", "x")), ("slug", "to"))
    ]
    put_in = "A value was put into {} on the way: the signature fits with an empty one."
    assert made == [
        ("without fbclid", 1), (put_in.format("fbclid"), 2), ("without slug", 1), (put_in.format("slug"), 2),
        ("without slug and fbclid", 2), ("with an empty to", 2), ("with an empty to", 1), ("with an empty to", 1),
    ]  # fmt: skip
    two = [change for _, _, change, _ in parameters.added((("utm_a", "1"), ("slug", "a"), ("gclid", "")), ())]
    assert two[:4] == ["without utm_a, gclid", "without gclid", "without utm_a", put_in.format("utm_a")]
    nine = tuple((f"n{number}", "") for number in range(9))
    changes = [change for _, _, change, _ in parameters.added(nine, ("more",))]
    assert not [change for change in changes if " and " in change]  # pairs of at most eight
    assert [change for change in changes if "last" in change] == [
        f"without the last {many}" for many in range(3, 9)
    ]
    assert changes.count("with an empty more") == 2  # in front and behind


@pytest.mark.parametrize("text", [b"", b"a", b"a=b&c=d", b'{"a": "/"}', b"a\r\nb\n"])
def test_what_a_text_may_have_become_is_yielded_once_and_is_neither_itself_nor_empty(text):
    """One slip is that nothing was signed."""
    made = [(id, one) for id, one, _, _ in texts.texts(text)]
    assert len(made) == len({*made}) > 0
    assert text not in [one for _, one in made]
    assert {id for id, one in made if not one} <= {"text-empty"}
