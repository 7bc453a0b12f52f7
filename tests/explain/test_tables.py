"""The tables of slips are whole: each row names a slip that is documented, is tried, and changes one of the examples."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from handshakes.explain import damage, key_forms, keys, macs, parameters, texts, writers
from handshakes.explain.entries import STAGES, slips
from handshakes.explain.levels import BROKEN
from handshakes.explain.slips import GENERAL

from .rows import run
from .test_spelling import known, unknown

UMLAUT, UUID = "Müller – ﬁ 🙂", "3F0C9A52-7b1e-4d6a-9c88-0e5b2f17a4d3"
LONG = "".join(f"{number:x}-{number}." for number in range(1_200))
SECRETS = [
    "abc", "0123456789", "00012", "1234567890123456789", "-1.50", "1e5", "true", UMLAUT, UMLAUT.encode().decode("latin-1"),
    UUID, "{" + UUID + "}", UUID.replace("-", ""), LONG, "A b  c\td", " padded\n", "\ufeffbom\ufeff", '"quoted"', "'quoted'", "`quoted`",
    "a\\nb\\t\\\\c", "a\\u00fcb\\x41", "line\r\nline\rline\n", "a&amp;b&lt;c&#39;d&quot;", "<&>\"'", "a%20b+c%2Bd", "a+b/c==", "a-b_c",
    "$HOME$5${x}${y", "a$$b%%c", "%PATH%50%", "!x!y!", "#x#y", "`x` $(y)", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "SECRET=abcdef", "Bearer abcdef", "export KEY=abc",
    "YWJjZA==", "YWJj\nZGVm", "YWJjZA", "616263", "0x616263", "61:62:63", "61 62 63", "616263zz", "6162636", "a,b;c:d.e/f~g|h=i@j?k*l^m",
    "[a]{b}(c)<d>", "a!\"'`\\%^*?@/+~-_.,:=&|", "C:\\x\\y", "é", "e\u0301", "ÄÖÜ", "sk_live_abc", "“curly” ‘q’ – … «a»", "a\0b", "a\xa0b", "a\u200bb\u00adc\u202e", "текст", "日本",
]  # fmt: skip
BODIES = [*SECRETS, json.dumps({"a": "b\n"}), json.dumps(json.dumps({"a": 1})), "{'a': 'b\"c'}", '{"a":\\"b\\"}', "{“a”: 1}", "a\r\nb", "Ã¼", "â€“", "a\0", "7b7d"]  # fmt: skip
JSON: list[Any] = [
    {"b": "a/b <&>='\u2028 ü 🙂 \x7f\x01 + ` \"", "A": 1, "c": [1.0, 2.50, 1e20, None, True, []], "é": {}, "10": "", "2": {"z": [{}], "a": "1"}},
    {"slug": "a"}, [], {},
]  # fmt: skip
VALUES = [*BODIES, "a, b", "a,b", "a/", "https://a.example/"]
QUERIES = ["a=%2520b&c=d", "a=%252520", "a=b&c&d=e", "a=b%20c", "a+b=c", "a=b/", "a=b%23c"]


def applies(make: Callable[[Any], Any], examples: Sequence[Any]) -> Iterator[Any]:
    """Return what a row makes of the examples that it changes."""
    for example in examples:
        try:
            made = make(example)
        except BROKEN:
            continue
        if made != example and not (isinstance(made, bytes) and made == str(example).encode()):
            yield made


TABLES: dict[str, tuple[Any, Sequence[Any]]] = {
    "keys": (key_forms.FORMS, SECRETS),
    "texts": (texts._TEXT, BODIES),
    "damage": (damage._DAMAGE, BODIES),
    "json": (writers._JSON, JSON),
    "queries": (parameters._QUERIES, QUERIES),
    "names": ([(id, name, change, cost) for id, name, _, change, cost in parameters._CHANGES if name is not parameters._same], BODIES),
    "values": ([(id, value, change, cost) for id, _, value, change, cost in parameters._CHANGES if value is not parameters._same], VALUES),
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_each_row_of_a_table_changes_one_of_the_examples(table):
    rows, examples = TABLES[table]
    idle = [(id, change) for id, make, change, _ in rows if next(applies(make, examples), None) is None]
    assert idle == []


@pytest.mark.parametrize("table", TABLES)
def test_each_row_of_a_table_names_a_slip_a_cost_that_is_tried_and_a_change_in_words(table):
    there, words = slips(), known()
    wrong = [
        (id, change, cost)
        for id, _, change, cost in TABLES[table][0]
        if id not in there or cost not in (1, 2, 3) or unknown(iter([change]), words)
    ]
    assert wrong == []


def test_every_way_to_make_a_mac_names_slips_of_its_stage_and_happens_in_a_stage_that_is_described():
    there = slips()
    assert {there[id].stage for mac, _ in macs.MACS for id in mac.ids} <= {"mac", "form", "message"}
    assert {slip.stage for slip in GENERAL} == {*STAGES}


def test_a_text_as_node_and_php_write_it_is_in_the_table():
    text = "a'b\"<ü>&"
    rows = {(id, change): make for id, make, change, _ in texts._TEXT}
    node = (
        "const b = Buffer.from(process.argv[1]); console.log(JSON.stringify(b) + '\\n' + new Uint8Array(b))"
    )
    as_json, as_list = run("node", "-e", node, text).decode().splitlines()
    assert rows["text-literal", "as Node's Buffer in JSON"](text) == as_json
    assert rows["text-literal", "as JavaScript's Uint8Array"](text) == as_list
    php = run("php", "-r", "echo htmlspecialchars($argv[1], ENT_QUOTES);", text).decode()
    assert rows["text-entities", "as PHP"](text) == php


def test_the_second_slips_of_a_key_are_usual_ones():
    assert {*keys._SECOND_IDS} <= {id for id, _, change, cost in key_forms.FORMS if cost == 1 and not change}
