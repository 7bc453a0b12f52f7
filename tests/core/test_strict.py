"""Strict reading: each input has one meaning or is refused, and nothing but `Refused` ever comes out."""

from __future__ import annotations

import json
import math
import re
from email import message_from_bytes
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handshakes.core.refusals import Refused
from handshakes.core.strict import (
    MAX_PARAMETERS,
    MAX_QUERY,
    decoded,
    form_pairs,
    hex_digest,
    json_object,
    json_value,
    no_duplicates,
    of_type,
    printable,
    query_pairs,
)
from handshakes.core.timestamps import check_time, seconds_text

CLAUSE = "officernd:signature.escapes"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
some = settings(max_examples=60, deadline=None)


def reason(function, *arguments) -> str:
    """Return why a call was refused; the clause that was given must be the one that is named."""
    with pytest.raises(Refused) as refused:
        function(*arguments, CLAUSE)
    assert refused.value.clause == CLAUSE
    return refused.value.reason


# --- percent escapes and queries --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("a-._~*", "a-._~*"),
        ("a+b%20c", "a b c"),
        ("%2B%2b", "++"),
        ("%C3%BC%c3%bc", "üü"),
        ("%F0%9F%94%91", "🔑"),
        ("%2525", "%25"),
        ("%00%0A", "\0\n"),
        ("a=b&c", "a=b&c"),
    ],
)
def test_escapes_are_decoded_once(text, value):
    assert decoded(text, CLAUSE) == value


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "%2",
        "%zz",
        "a%",
        "100%+",
        "%%20",
        "%2g",
        "%-1",
        "% 1",
        "%u00fc",
        "%FF",
        "%C3",
        "%C3+%BC",
        "%C0%AF",
        "%ED%A0%80",
        "ü",
        "%2C\u00a0",
        "\u0661",
    ],
)
def test_what_two_readers_may_decode_differently_is_refused(text):
    assert reason(decoded, text) == "malformed"
    assert reason(query_pairs, "a=1&b=" + text) == "malformed"
    assert reason(query_pairs, text + "=1") == "malformed"


@some
@given(texts)
def test_every_text_survives_both_ways_of_writing_it(text):
    assert decoded(quote(text, safe=""), CLAUSE) == decoded(quote_plus(text), CLAUSE) == text
    assert decoded("".join(f"%{byte:02x}" for byte in text.encode()), CLAUSE) == text


@some
@given(st.lists(st.tuples(texts, texts), max_size=12))
def test_every_pair_survives_in_its_place(pairs):
    assert query_pairs(urlencode(pairs), CLAUSE) == tuple(pairs)


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", ()),
        ("&&", ()),
        ("a", (("a", ""),)),
        ("a=&b", (("a", ""), ("b", ""))),
        ("=1", (("", "1"),)),
        ("=", (("", ""),)),
        ("a=1=2&b==", (("a", "1=2"), ("b", "="))),
        ("&a=1&&b=2&", (("a", "1"), ("b", "2"))),
        ("b=1&a=2&b=1", (("b", "1"), ("a", "2"), ("b", "1"))),
        ("a=1;b=2", (("a", "1;b=2"),)),
        ("a[]=1&a[0]=2", (("a[]", "1"), ("a[0]", "2"))),
        ("%61=%26&a%3Db=1", (("a", "&"), ("a=b", "1"))),
        ("a?b=c#d", (("a?b", "c#d"),)),
    ],
)
def test_pairs_in_the_order_received(query, pairs):
    assert query_pairs(query, CLAUSE) == pairs


queries = st.text("abc=&+%;?/#2CFf0Bü\x00", max_size=24)


@settings(max_examples=300, deadline=None)
@given(queries)
def test_any_query_is_read_as_the_standard_library_reads_it_or_refused(query):
    """What Python's lenient parser would repair is refused, everything else is read the same."""
    broken = not query.isascii() or re.search("%(?![0-9a-fA-F]{2})", query)
    try:
        expected = None if broken else tuple(parse_qsl(query, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        expected = None
    if expected is None:
        assert reason(query_pairs, query) == "malformed"
    else:
        assert query_pairs(query, CLAUSE) == expected


def test_the_limits_are_inclusive():
    assert MAX_QUERY == 8_192
    assert MAX_PARAMETERS == 200
    assert query_pairs("a=" + "x" * 8_190, CLAUSE) == (("a", "x" * 8_190),)
    assert reason(query_pairs, "a=" + "x" * 8_191) == "too-large"
    assert len(query_pairs("a=1&" * 200, CLAUSE)) == 200
    assert reason(query_pairs, "a=1&" * 201) == "too-large"


def test_no_name_occurs_twice():
    assert no_duplicates((), CLAUSE) == {}
    assert list(no_duplicates((("b", "1"), ("a", "1"), ("A", "1")), CLAUSE)) == ["b", "a", "A"]
    assert reason(no_duplicates, (("a", "1"), ("b", "2"), ("a", "1"))) == "duplicate-parameter"
    with pytest.raises(Refused, match="name x") as refused:
        no_duplicates((("a", "private-1"), ("x\n", "private-2"), ("x\n", "private-3")), CLAUSE)
    assert "private" not in refused.value.explain()
    assert "\n" not in str(refused.value)


# --- JSON -------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@some
@given(values, st.booleans())
def test_every_json_value_is_read_back(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert json_value(body, CLAUSE) == value


@some
@given(
    st.binary(max_size=40) | st.text('[]{}",:0123456789.-+eEtrufalsn \\ud8\x00', max_size=30).map(str.encode)
)
def test_nothing_but_a_refusal_comes_out_of_any_bytes(body):
    try:
        value = json_value(body, CLAUSE)
    except Refused as refused:
        assert refused.reason in ("malformed", "duplicate-parameter")
    else:
        assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1,"a":1}', "duplicate-parameter"),
        (b'{"a":1,"\\u0061":2}', "duplicate-parameter"),
        (b'[{"b":{"a":1,"a":2}}]', "duplicate-parameter"),
        (b"NaN", "malformed"),
        (b"[Infinity]", "malformed"),
        (b'{"a":-Infinity}', "malformed"),
        (b"1e999", "malformed"),
        (b"[-1e999]", "malformed"),
        (b"", "malformed"),
        (b" ", "malformed"),
        (b"{", "malformed"),
        (b"{} {}", "malformed"),
        (b"{'a':1}", "malformed"),
        (b"[1,]", "malformed"),
        (b"01", "malformed"),
        (b"+1", "malformed"),
        (b"// a\n1", "malformed"),
        (b'"\t"', "malformed"),
        (b'"a', "malformed"),
        (b'"\\x41"', "malformed"),
        (b"\xef\xbb\xbf{}", "malformed"),
        (b'"\xff"', "malformed"),
        (b'"\xc3"', "malformed"),
        ('"ü"'.encode("utf-16"), "malformed"),
        (b'"\\ud800"', "malformed"),
        (b'{"\\udc00":1}', "malformed"),
        (b"1" * 5_000, "malformed"),
        (b"[" * 100_000, "malformed"),
        (b"[" * 100_000 + b"]" * 100_000, "malformed"),
        (b'{"a":' * 100_000, "malformed"),
        (b"[" * 101 + b"]" * 101, "malformed"),
        (b'[{"a":' * 50 + b"[1]" + b"}]" * 50, "malformed"),
        (b"1" * 310, "malformed"),
        (b"-2" + b"0" * 308, "malformed"),
        # what is no JSON is malformed, wherever in it a key occurs twice
        (b'{"a":1,"a":2}x', "malformed"),
        (b'[{"a":1,"a":2},NaN]', "malformed"),
        (b'{"a":"\\ud800","a":2}', "malformed"),
        (b'[{"a":1,"a":2}', "malformed"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_json_that_two_readers_may_read_differently_is_refused(body, expected):
    assert reason(json_value, body) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100 + b"]" * 100,
        b'"' + b"[" * 101 + b'"',
        b'["\\"' + b"[{" * 101 + b'"]',
        b"[" + b"[],{}," * 200 + b"1]",
        b"1" + b"0" * 308,
    ],
    ids=lambda value: repr(value)[:40],
)
def test_brackets_count_while_they_are_open_and_outside_strings_and_digits_while_a_double_holds_them(body):
    assert json_value(body, CLAUSE) == json.loads(body)


def test_numbers_and_escapes_that_are_json():
    assert json_value(b'[1e3, -0.5, 12345678901234567890, "\\ud83d\\udd11", "\\u0000"]', CLAUSE) == [
        1000.0,
        -0.5,
        12345678901234567890,
        "🔑",
        "\0",
    ]
    assert math.copysign(1, json_value(b"-0.0", CLAUSE)) == -1


def test_an_object_and_nothing_else():
    assert json_object(b'{"b":1,"a":{}}', CLAUSE) == {"b": 1, "a": {}}
    assert list(json_object(b'{"b":1,"a":{}}', CLAUSE)) == ["b", "a"]
    for body in (b"[]", b"null", b'"a"', b"1", b"true"):
        assert reason(json_object, body) == "wrong-type"
    assert reason(json_object, b"{") == "malformed"


def test_a_refusal_of_json_shows_no_value():
    with pytest.raises(Refused) as refused:
        json_value(b'{"secret":"private-1","secret":"private-2"}', CLAUSE)
    assert "private" not in refused.value.explain()
    assert refused.value.evidence == {"JSON key": "secret"}


# --- small ones -------------------------------------------------------------------------------


@some
@given(st.text(max_size=60), st.integers(1, 50))
def test_text_from_outside_fits_into_a_message(text, most):
    safe = printable(text, most)
    assert safe.isprintable()
    assert len(safe) <= most
    if text.isprintable() and len(text) <= most:
        assert safe == text


def test_what_was_cut_is_marked():
    assert printable("x" * 40) == "x" * 40
    assert printable("x" * 41) == "x" * 39 + "…"
    assert printable("\x1b[31m\u202e\ud800") == "\\x1b[31m\\u202e\\ud800"


def test_types_are_those_of_the_contract():
    of_type("a", str, CLAUSE, "target")
    of_type(b"a", bytes, CLAUSE, "body")
    for value, kind in ((b"a", str), ("a", bytes), (bytearray(b"a"), bytes), (None, str)):
        with pytest.raises(Refused) as refused:
            of_type(value, kind, CLAUSE, "body")
        assert refused.value.reason == "wrong-type"
        assert refused.value.evidence == {"body": type(value).__name__, "expected": kind.__name__}


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (700, ""),
        (699, "stale"),
        (0, "stale"),
        (1000, ""),
        (1060, ""),
        (1061, "from-the-future"),
        (10**12, "from-the-future"),
    ],
)
def test_the_window_of_time_is_inclusive_at_both_ends(timestamp, expected):
    arguments = (timestamp, 1000, (300, 60))
    if expected:
        assert reason(check_time, *arguments) == expected
    else:
        assert check_time(*arguments, CLAUSE) is None


def test_a_window_of_nothing_takes_only_now():
    check_time(1000, 1000, (0, 0), CLAUSE)
    assert reason(check_time, 999, 1000, (0, 0)) == "stale"
    assert reason(check_time, 1001, 1000, (0, 0)) == "from-the-future"


@pytest.mark.parametrize("timestamp", [-1, 1.0, "1", None, True, float("nan")])
def test_times_are_whole_seconds(timestamp):
    assert reason(seconds_text, timestamp) == "wrong-type"


def test_whole_seconds_as_text():
    assert [seconds_text(value, CLAUSE) for value in (0, 1648190384)] == ["0", "1648190384"]


@pytest.mark.parametrize("written", ["bX", "XbX", " bX\t", '"bX"', "BX'()+_-./:=?"])
def test_a_boundary_is_read_as_the_standard_library_reads_it(written):
    """What stands around it is blanks and tabs, RFC 9110, 5.6.3, and no letter."""
    boundary = written.strip().strip('"')
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--{boundary}--\r\n'.encode()
    kind = f"multipart/form-data ; boundary={written.strip()}" + written[-1] * written[-1].isspace()
    (part,) = message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + body).get_payload()
    expected = ((part.get_param("name", header="content-disposition"), part.get_payload().strip()),)
    assert form_pairs(body, kind, CLAUSE) == expected == (("a", "b"),)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("0F" * 32, "upper-case hex digits"),
        ("g" * 64, "not 64 hex digits (64 characters)"),
        ("0F" * 31, "not 64 hex digits (62 characters)"),
        ("0f " * 21 + "0", "not 64 hex digits (64 characters)"),
    ],
)
def test_only_hex_digits_of_the_right_number_are_told_to_be_in_upper_case(value, found):
    with pytest.raises(Refused) as refused:
        hex_digest(value, CLAUSE, "sum", "digest")
    assert refused.value.evidence == {"sum": found}
