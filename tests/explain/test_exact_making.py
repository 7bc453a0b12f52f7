"""What the tables and readers of the debugger make, exactly: each member, each bound from both sides, each sentence."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import Any

import pytest

from handshakes.core.cases import Found
from handshakes.explain.damage import rewritten, undamaged
from handshakes.explain.keys import _SECOND_IDS, _alike, _typographic, keys
from handshakes.explain.making import Making, nothing
from handshakes.explain.parameters import _which, added, changed, joined, queries, reordered
from handshakes.explain.pasted import read
from handshakes.explain.printed import _bare, _lines, _maps, _objects, _quoted, _signed, _tables, parameters
from handshakes.explain.recorded import Unreadable
from handshakes.explain.structures import Spread
from handshakes.explain.texts import applied, texts
from handshakes.explain.writers import component, written, written_pairs
from handshakes.platforms import PLATFORMS

SLIPS: dict[str, Any] = {name: platform.slips() for name, platform in PLATFORMS.items()}
OFFICE, RETAIL, ON, FORTIS = (SLIPS[name] for name in ("officernd", "retailcrm", "onoffice", "fortis"))
SIGNED = "/h?signature=0"


# --- from what was read to a request ----------------------------------------------------------------------


@pytest.mark.parametrize("platform", SLIPS)
def test_a_url_fits_by_a_whole_name_in_any_case_behind_each_mark_that_begins_a_parameter(platform):
    making = Making(SLIPS[platform], "")
    for name in SLIPS[platform].QUERY:
        for url in (f"{name}=", f"/?{name}=1", f"/?a&{name}=1", f"/?a;{name}=1", f"/?{name.upper()}=1"):
            assert making.fits(url) is True
        for url in (f"x{name}=1", f"/{name}=1", f"/?{name}1=", f"/?{name}", ""):
            assert making.fits(url) is False
    assert Making(SimpleNamespace(QUERY=(), HEADERS=()), "").fits("/?=1") is False


HEADER = "officernd-signature"


@pytest.mark.parametrize(
    ("given", "headers"),
    [
        ("", ()),
        (" \n", ()),
        (" Officernd-Signature:  t=1 \n", ((HEADER, "t=1"),)),
        ("X-Other: a", (("x-other", "a"),)),
        ("t=1,signature=0 ", ((HEADER, "t=1,signature=0"),)),
        ("https://a.example", ((HEADER, "https://a.example"),)),
    ],
)
def test_a_header_beside_has_its_name_or_that_of_the_platforms_signature(given, headers):
    assert Making(OFFICE, given).headers == headers


@pytest.mark.parametrize("platform", ["retailcrm", "onoffice", "fortis"])
def test_a_header_without_a_name_is_a_content_type_where_the_platform_signs_none(platform):
    assert Making(SLIPS[platform], " text/html ").headers == (("content-type", "text/html"),)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        *[(text, True) for text in ("{", " \n{", "\ufeff{", "[{", "[ [", ' [\n"', "[]", "[ ]")],
        *[(text, False) for text in ("", "[", "[1", "x{", "X{", "(", "]", "}")],
    ],
)
def test_a_body_of_json_begins_as_an_object_or_a_list_of_what_is_no_number(text, begins):
    for platform, signs in SLIPS.items():
        assert Making(signs, "")._is_body(text) is (begins and platform != "fortis")


CARRYING = ("referer", "x-original-url", "x-original-uri", "x-forwarded-uri", "location")


@pytest.mark.parametrize("name", CARRYING)
def test_a_url_is_taken_from_a_header_where_neither_the_url_nor_a_body_is_signed(name):
    headers = (("origin", "/o?signature=1"), ("referer", "https://q.example/"), (name, SIGNED))
    found = Making(OFFICE, "")._made(
        "a text", "/other?a=1", "PUT", (*headers, ("location", "/x?signature=2"))
    )
    assert (found.url, found.undone) == (SIGNED, (f"the URL stood in the header {name}",))
    for url, body in (("/own?signature=3", b""), ("/other?a=1", b"{}")):
        found = Making(OFFICE, "")._made("a text", url, "", headers, body)
        assert (found.url, found.undone) == (url, ())
    with pytest.raises(Unreadable):
        Making(OFFICE, "")._made("a text", "", "", (("origin", SIGNED), ("x-forwarded-url", SIGNED)))


def test_a_request_has_what_was_given_beside_it_first_and_each_thing_undone_once():
    making = Making(OFFICE, "X-A: 1")
    making.undone += ["one", "two", "one"]
    found = making._made("a text", SIGNED, "PUT", (("x-a", "2"),), b"body")
    headers = (("x-a", "1"), ("x-a", "2"))
    assert found == Found(SIGNED, "PUT", headers, b"body", "a text", ("one", "two"))
    found = Making(OFFICE, "")._made("a text", SIGNED)
    assert found == Found(SIGNED, "", (), b"", "a text", ())


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "HTTPS"])
def test_a_whole_url_is_repaired_and_gets_no_origin(scheme):
    making = Making(OFFICE, "Host: q.example", ["https://r.example"])
    found = making._made("a text", f"{scheme}://p.example/h?a=1&amp;signature=0")
    assert (found.url, found.undone) == (f"{scheme}://p.example/h?a=1&signature=0", ("&amp; stood for &",))


def test_a_target_is_repaired_too_and_the_first_of_two_hosts_counts():
    hosts = (("host", "p.example"), ("host", "q.example"))
    found = Making(OFFICE, "")._made("a text", "/h?a=1&amp;signature=0", "", hosts, beside="a row")
    said = ("&amp; stood for &", "the origin https://p.example was taken from a row")
    assert (found.url, found.undone) == ("https://p.example/h?a=1&signature=0", said)
    found = Making(OFFICE, "")._made("a text", SIGNED, "", hosts)
    assert found.undone == ("the origin https://p.example was taken from the headers",)


POSTED = "the parameters were in the body"


@pytest.mark.parametrize(
    ("url", "body", "made"),
    [
        ("https://p.example/h", b" data=1&x=2\n", "https://p.example/h?data=1&x=2"),
        ("https://p.example/h?a=1", b"hmac=\xff", "https://p.example/h?a=1&hmac=\ufffd"),
        ("https://p.example/h?data=3", b"hmac=1", ""),
        ("https://p.example/h?a=1", b"x=1", ""),
    ],
)
def test_a_form_is_put_behind_a_url_where_urls_alone_are_signed(url, body, made):
    found = Making(FORTIS, "")._made("a text", url, "", (), body)
    assert (found.url, found.undone) == ((made, (POSTED,)) if made else (url, ()))
    assert Making(RETAIL, "")._made("a text", url, "", (), body).url == url


MISSING = {
    "officernd": "a parameter signature nor a body",
    "retailcrm": "a parameter register nor a body",
    "onoffice": "a parameter signature nor a body",
    "fortis": "a parameter data nor a parameter hmac",
}


@pytest.mark.parametrize("platform", SLIPS)
def test_what_holds_nothing_that_is_signed_is_refused_with_what_is_missing(platform):
    making = Making(SLIPS[platform], "")
    for url in ("", "/a=1", "/?a"):
        with pytest.raises(Unreadable) as refused:
            making._made("a text", url)
        assert str(refused.value) == f"This was read as a text, but it holds neither {MISSING[platform]}."
    assert making._made("a text", "/?a=1").url == "/?a=1"  # its signature may have been lost
    if platform == "fortis":
        with pytest.raises(Unreadable):
            making._made("a text", "/", "", (), b"x=1")
    else:
        assert making._made("a text", "", "", (), b"x").body == b"x"


NAMED = "the address https://{}, which you named, was put in front"


@pytest.mark.parametrize(
    ("origin", "url", "made", "said"),
    [
        ("https://p.example/h", "/?a=1", "https://p.example/h?a=1", "the address that you named was put in front of the query"),
        ("https://p.example/", "/?a=1", "https://p.example/?a=1", "the address that you named was put in front of the query"),
        ("https://p.example", "/?a=1", "https://p.example/?a=1", NAMED.format("p.example")),
        ("https://p.example/", "/h?a=1", "https://p.example/h?a=1", NAMED.format("p.example")),
        ("https://p.example/app/h", "/h?a=1", "https://p.example/app/h?a=1", NAMED.format("p.example/app")),
        ("https://p.example/app", "/h?a=1", "https://p.example/app/h?a=1", NAMED.format("p.example/app")),
        ("https://p.example/h", "/h/?a=1", "https://p.example/h/?a=1", NAMED.format("p.example")),
        ("https://p.example/h", "/hX?a=1", "https://p.example/h/hX?a=1", NAMED.format("p.example/h")),
        ("https://p.example/X/", "/h?a=1", "https://p.example/X/h?a=1", NAMED.format("p.example/X")),
        ("https://h", "/h?a=1", "https://h/h?a=1", NAMED.format("h")),
    ],
)  # fmt: skip
def test_the_address_that_was_named_is_put_in_front_and_said(origin, url, made, said):
    making = Making(OFFICE, "", [origin, "https://second.example"])
    assert (making._with_origin(url, {"host": "q.example"}, "x"), making.undone) == (made, [said])
    for other in ("?a=1", "a=1"):
        assert making._with_origin(other, {}, "x") == other


FORWARDED = {
    ":authority": "a.example", "x-forwarded-host": "b.example", "host": "c.example", ":scheme": "wss", "x-forwarded-proto": "http",
}  # fmt: skip


@pytest.mark.parametrize(
    ("left_out", "origin"),
    [
        ((), "wss://a.example"),
        ((":authority",), "wss://b.example"),
        ((":authority", "x-forwarded-host"), "wss://c.example"),
        ((":scheme",), "http://a.example"),
        ((":scheme", "x-forwarded-proto"), "https://a.example"),
        ((":authority", "x-forwarded-host", "host"), ""),
    ],
)
def test_host_and_scheme_are_taken_from_the_surest_header(left_out, origin):
    making = Making(OFFICE, "")
    given = {name: value for name, value in FORWARDED.items() if name not in left_out}
    said = [f"the origin {origin} was taken from a log"] if origin else []
    assert (making._with_origin("/h?a", given, "a log"), making.undone) == (f"{origin}/h?a", said)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("Az0.9-x_y:80", True), ("[::1]:80", True), ("a b", False), ("a/b", False), ("a@b", False), ("", False)],
)
def test_a_host_has_the_characters_of_one(host, is_one):
    url = Making(OFFICE, "")._with_origin("/h", {"host": host}, "x")
    assert url == (f"https://{host}/h" if is_one else "/h")
    assert Making(OFFICE, "")._with_origin("h", {"host": host}, "x") == "h"


def test_a_body_alone_is_a_request_where_bodies_are_signed_and_has_its_header():
    webhook = Making(OFFICE, "t=1")
    webhook.undone += ["one", "one"]
    assert webhook._body(b"x", "a body") == Found("", "", ((HEADER, "t=1"),), b"x", "a body", ("one",))
    assert Making(RETAIL, "")._body(b"x", "a body") == Found("", "", (), b"x", "a body", ())
    assert Making(ON, "")._body(b"{}", "a JSON body").body == b"{}"
    for signs, header, took, said in (
        (FORTIS, "", "a body", "This was read as a body, but this platform signs URLs. Paste the whole URL."),
        (ON, "", "a body", str(nothing(b"xy"))),
        (OFFICE, "", "a body", "This was read as a body. A webhook also needs its signature: add --header 'officernd-signature: …'."),
        (OFFICE, "x-a: 1", "a JSON body", "This was read as a JSON body. A webhook also needs its signature: add --header 'officernd-signature: …'."),
    ):  # fmt: skip
        with pytest.raises(Unreadable) as refused:
            Making(signs, header)._body(b"xy", took)
        assert str(refused.value) == said


def test_values_apart_become_a_request_without_a_method():
    found = Making(OFFICE, "")._spread("a list", Spread(SIGNED, "p.example", "http", "they stood apart"))
    undone = ("they stood apart", "the origin http://p.example was taken from what stands beside it")
    headers = (("host", "p.example"), ("x-forwarded-proto", "http"))
    assert found == Found(f"http://p.example{SIGNED}", "", headers, b"", "a list", undone)
    assert Making(OFFICE, "")._spread("a list", Spread(SIGNED)).undone == ()


@pytest.mark.parametrize(
    ("platform", "url", "headers", "body", "sure"),
    [
        ("fortis", "/?data=U2FsdGVkX1", (), "", 2),
        ("fortis", "/?a=1&hmac=" + "aF" * 32, (), "", 2),
        ("fortis", "/?hmac=0", (), "", 1),
        ("fortis", "/", (), 'register"hmac"', 0),
        ("officernd", SIGNED, (), "", 1),
        ("officernd", "/", ((HEADER, ""), ("x-a", "")), "", 1),
        ("officernd", "/", (("x-a", ""),), "", 0),
        ("retailcrm", "/", (), "a=1&register=0", 1),
        ("onoffice", "/", (), '{"hmac": 0}', 1),
        ("onoffice", "/", (), "hmac", 0),
    ],
)
def test_a_request_seems_to_be_signed_by_its_url_a_header_or_its_body(platform, url, headers, body, sure):
    assert Making(SLIPS[platform], "")._signed(url, headers, body) == sure


@pytest.mark.parametrize(("pasted", "many"), [(b"", "0 bytes"), (b"x", "1 byte"), ("é".encode(), "2 bytes")])
def test_where_no_request_is_recognised_it_is_said_what_to_paste(pasted, many):
    said = "Paste a URL, a curl command, a log line, a HAR file or a raw HTTP request."
    assert str(nothing(pasted)) == f"No request was recognised in {many}. {said}"


# --- parameters one by one --------------------------------------------------------------------------------

PAIRS = [("slug", "a"), ("signature", "t=1")]


@pytest.mark.parametrize(
    "call",
    [
        *[f'{one}("NAME", "VALUE")' for one in ("set", "append", "add", "put", "param", "queryParam")],
        *["set(NAME, 'VALUE')", "url.searchParams.append('NAME', 'VALUE');", '.queryParam( "NAME", "VALUE")'],
        *["$query->set('NAME', 'VALUE');", 'x"NAME": "VALUE", ', '["NAME", "VALUE"]'],
    ],
)
def test_pairs_of_literals_are_one_run_where_calls_or_marks_alone_are_between_them(call):
    """The methods of URLSearchParams, of Java's maps and of its builders of URLs."""
    text = "\n".join(call.replace("NAME", name).replace("VALUE", value) for name, value in PAIRS)
    assert [*_quoted(text)] == ([[one] for one in PAIRS] if call[0] == "x" else [PAIRS])


@pytest.mark.parametrize(("between", "runs"), [(";" * 11, 1), (";" * 12, 2), (" and ", 2), (" get(", 2)])
def test_twelve_marks_may_stand_between_two_pairs_and_no_word(between, runs):
    assert len([*_quoted(f'a="b"{between} c="d"')]) == runs
    assert [*_quoted("")] == [[]]


@pytest.mark.parametrize(
    ("pairs", "signed"),
    [
        ([("s", "x" * 80)], False),
        ([("s", "x" * 81)], True),
        ([("s", "x"), ("a", "")], True),
        ([("s", ""), ("a", "b")], False),
        ([("s", "x"), ("s", "y")], False),
        ([("s", "x"), ("s", "y"), ("t", "z")], True),
        ([("a", "b"), ("c", "d")], False),
        ([("s", "x")] + [("a", "b")] * 58, True),
        ([("s", "x")] + [("a", "b")] * 59, False),
    ],
)
def test_parameters_are_signed_where_a_name_of_the_signature_occurs_once_with_a_value(pairs, signed):
    assert _signed(pairs, ["s", "t"]) is signed


def test_the_members_of_each_object_and_rows_of_pairs_are_parameters():
    value = {
        "a": ["x"],
        "b": ["x", "y"],
        "c": [],
        "n": 0,
        "t": True,
        "z": None,
        "o": {"u": "a://b?c", "p": "q"},
        "r": 1.5,
    }
    assert [*_objects(value)] == [[("a", "x"), ("n", "0")], [], [], [], [], [], []]
    assert [*_objects({"u": "a://b"})] == [[("u", "a://b")]] and [*_objects({"u": "b?"})] == [[("u", "b?")]]
    rows = [
        {"name": "a", "value": 1},
        {"key": "b", "value": "c"},
        {"name": "no"},
        {"value": "no"},
        ["d", 2],
        ["no"],
        "no",
    ]
    named, listed, *_ = _objects(rows)
    assert (named, listed) == ([("a", "1"), ("b", "c")], [("d", "2")])
    assert [*_objects("text")] == []


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("{a=b, c=d, e}", [("a", "b"), ("c", "d, e")]),
        ("Data(a=b, c='d')", [("a", "b"), ("c", "d")]),
        ("map[a:b:c d.e-f:g h]", [("a", "b:c"), ("d.e-f", "g h")]),
        ("map[a:b]c", None),
        ("{a=b}", None),
        ("(a=b)", None),
        ("{a=b, c={d=e}", None),
    ],
)
def test_a_map_of_java_a_data_class_and_a_map_of_go_have_their_parameters(text, pairs):
    """Java's AbstractMap and Kotlin's data classes print `a=b, c=d`; Go's fmt prints `map[a:b c:d]`."""
    assert [*_maps(text)] == ([pairs] if pairs else [])


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("a=b\n\n c: d \nplain words\ne\tf", [[("a", "b"), ("c", "d")], [("e", "f")]]),
        ("a:\nb: c\nd: e\nf:", [[("b", "c"), ("d", "e"), ("f", "")]]),
        ("Array ( [a] => x\n[b] => y )", [[("a", "x"), ("b", "y")]]),
        ('array:2 [\n "a" => "x"\n "b" => "y"\n]', [[("a", "x"), ("b", "y")], []]),
        ("Parameters: {a := x\nb == y}", [[("a", "x"), ("b", "y}")]]),
        ("Params:(a=x\nParam:[b=string(1) y", [[("a", "x"), ("b", "y")]]),
        ("a = x)\nb = f(y)\nc = z )", [[("a", "x"), ("b", "f(y)"), ("c", "z")]]),
        ("slug\na b\nsignature:\nt;1", [[], [("slug", "a b"), ("signature", "t;1")]]),
        ("My query\nslug:\na b\nX:\nt;1", [[], [("slug", "a b"), ("X", "t;1")]]),
        ("a b\nslug\nc d", [[], [("slug", "c d")]]),
        ("1st\n2nd\n3rd", [[]]),
        ("", [[]]),
    ],
)  # fmt: skip
def test_names_and_values_stand_in_one_line_or_in_turns(text, runs):
    """As a debugger, print_r, var_dump, Laravel's dump and a browser's list of parameters show them."""
    assert [*_lines(text)] == runs


VAR_DUMP = """array(2) {
  ["slug"]=>
  string(3) "a b"
  ["signature"]=>
  string(3) "t=1"
}"""


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (VAR_DUMP, [("slug", "a b"), ("signature", "t=1")]),  # of PHP 8.2
        (VAR_DUMP.replace("string(3)", "str"), [("slug", "a b"), ("signature", "t=1")]),
        ("Data(a=b, signature=0)\nc=d\ne=f\nsignature=1", [("c", "d"), ("e", "f"), ("signature", "1")]),
        ("{a=b, c=d}", []),
        ("", []),
    ],
)
def test_the_longest_list_of_parameters_that_is_signed_is_read(text, pairs):
    assert parameters(text, None, ["signature"]) == pairs


def test_of_json_the_first_object_that_is_signed_is_read():
    value = [{"a": "b"}, {"signature": "1", "a": "c"}, {"signature": "2", "d": "e", "f": "g"}]
    assert parameters("c=d\nsignature=1", value, ["signature"]) == [("signature", "1"), ("a", "c")]
    assert parameters("c=d\nsignature=1", [], ["signature"]) == []


def rows_of(text: str) -> list[list[tuple[str, str]]]:
    return [pairs for pairs in _tables(text) if pairs]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_table_has_a_row_of_names_or_a_name_in_each_row(mark):
    def lines(*rows: str) -> str:
        return "\n".join(row.replace(",", mark) for row in rows)

    assert rows_of(lines("a, b ,c", "1,2, 3", "4,5,6")) == [
        [("a", "1"), ("b", "2"), ("c", "3")],
        [("a", "4"), ("b", "5"), ("c", "6")],
    ]
    assert rows_of(lines("a,,c", "1,2,3", "4,5", "6,7,8,9")) == [[("a", "1"), ("c", "3")]]
    assert rows_of(lines("a,1", "b.c-d,", "2,3", "_e,f")) == [[("a", "1"), ("b.c-d", ""), ("_e", "f")]]
    assert rows_of(lines("a,1", ":-,-:", "---,:--:")) == [[("a", "1")]]
    assert rows_of(lines("My table", "a,b,c", "1,2,3")) == [[("a", "1"), ("b", "2"), ("c", "3")]]
    assert rows_of(lines("a,b,c", "1,2", "3,4,5")) == [[("a", "3"), ("b", "4"), ("c", "5")]]
    assert rows_of("a") == rows_of("") == []


def test_a_table_of_markdown_has_marks_around_its_rows_and_a_line_of_dashes():
    table = "| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |"
    assert rows_of(table) == [[("a", "1"), ("b", "2"), ("c", "3")]]
    assert rows_of("| a | b | c |\n|-|x-|-x|\n| 1 | 2 | 3 |")[0] == [("a", "-"), ("b", "x-"), ("c", "-x")]


def test_sixty_lines_of_a_table_are_read_and_none_where_one_cell_could_be_too_long():
    table = "\n".join(f"n{row},{row}" for row in range(61))
    assert [len(pairs) for pairs in rows_of(table)] == [60]
    before = csv.field_size_limit()
    try:
        for limit, read in ((9, 1), (8, 0)):  # seven characters, and two line ends
            csv.field_size_limit(limit)
            assert len(rows_of("a,bb\nc,d")) == read
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        *[(" ,a b,\t", "a b"), ("'a'", "a"), ('"a"', "a"), ("''", ""), ("'", "'"), ('"', '"'), ("'a\"", "'a\""), ("xax", "xax")],
        *[("[a]", "a"), ("[]", ""), ('["a"]', "a"), ('[""]', ""), ('["]', '"'), ("['a']", "'a'"), ('["a]', '"a'), ("[a[b]", "[a[b]")],
        *[("[a]b", "[a]b"), ("a", "a"), ("", "")],
    ],
)  # fmt: skip
def test_a_shown_value_is_taken_out_of_its_quotes_and_of_a_list_of_one(shown, value):
    assert _bare(shown) == value


@pytest.mark.parametrize("platform", ["officernd", "onoffice"])
def test_the_parameters_of_a_program_that_makes_a_url_are_read(platform):
    name = SLIPS[platform].QUERY[0]
    code = f"const url = new URL(base);\nurl.searchParams.append('a', 'b c');\nurl.searchParams.append('{name}', '{'0f' * 32}');"
    assert read(code.encode(), SLIPS[platform]).url == f"/?a=b+c&{name}={'0f' * 32}"


# --- what parameters may have been ------------------------------------------------------------------------

TWICE = "The parameter a occurs twice{}: the signature fits with the {}."


def test_of_three_parameters_each_may_be_too_many_and_one_may_be_missing():
    one, two, b = pairs = (("a", "1"), ("a", "2"), ("b", ""))
    c = ("c", "")
    assert [*added(pairs, ("a", "c"))] == [
        ("parameter-added", (one, two), "without b", 1),
        ("parameter-doubled", (one, b), TWICE.format(", as 1 and 2", "first"), 1),
        ("parameter-doubled", (two, b), TWICE.format(", as 1 and 2", "second"), 1),
        ("parameter-added", (b,), "without a and a", 2),
        ("parameter-added", (two,), "without a and b", 2),
        ("parameter-added", (one,), "without a and b", 2),
        ("parameter-missing", (c, one, two, b), "with an empty c", 2),
        ("parameter-missing", (one, c, two, b), "with an empty c", 1),
        ("parameter-missing", (one, two, c, b), "with an empty c", 2),
        ("parameter-missing", (one, two, b, c), "with an empty c", 1),
    ]


def test_what_advertising_added_is_left_out_together_and_the_last_ones_may_have_been_cut_off():
    pairs = (("utm_a", "1"), ("b", "2"), ("gclid", "3"), ("d", ""))
    made = [*added(pairs, ())]
    put_in = "A value was put into {} on the way: the signature fits with an empty one."
    assert made[:4] == [
        ("parameter-added", (pairs[1], pairs[3]), "without utm_a, gclid", 1),
        ("parameter-added", (pairs[0], pairs[1], pairs[3]), "without gclid", 1),
        ("parameter-added", (*pairs[:2], ("gclid", ""), pairs[3]), put_in.format("gclid"), 2),
        ("parameter-added", pairs[1:], "without utm_a", 1),
    ]
    assert made[-1] == ("parameter-added", pairs[:1], "without the last 3", 2)


@pytest.mark.parametrize(("many", "places", "at_once"), [(7, 8, 21), (8, 2, 28), (9, 2, 0)])
def test_few_parameters_are_tried_in_pairs_and_at_each_place(many, places, at_once):
    changes = [change for _, _, change, _ in added(tuple((f"n{at}", "") for at in range(many)), ("more",))]
    assert changes.count("with an empty more") == places
    assert sum(" and " in change for change in changes) == at_once


def test_twenty_parameters_are_changed_alone():
    pairs = tuple((f"n{at}", " x") for at in range(22))
    left_out = [made for id, made, change, _ in added(pairs, ()) if len(made) == 21]
    assert left_out == [(*pairs[:at], *pairs[at + 1 :]) for at in range(21, 1, -1)]
    trimmed = [change for id, _, change, cost in changed(pairs, ()) if id == "values-trimmed" and cost == 2]
    assert trimmed == [f"of n{at} alone" for at in range(20)]


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("a", ("x" * 12, "A_.,: -9"), f", as {'x' * 12} and A_.,: -9"),
        *[("a", values, "") for values in (("x" * 13, "y"), ("x", "y" * 13), ("x", "x"), ("", "y"), ("x", "a/b"))],
        *[(name, ("x", "y"), "") for name in ("apiToken", "secret", "KEY", "passage", "apiClaim", "code", "sig", "hmac", "hash")],
        *[(name, ("x", "y"), ", as x and y") for name in ("toke", "secre", "ke", "pas", "clai", "cod", "si", "hma", "has")],
    ],
)  # fmt: skip
def test_two_values_are_said_where_they_are_short_and_differ_and_are_no_secret(name, values, said):
    pairs = ((name, values[0]), ("b", "z"), (name, values[1]))
    for at, kept in ((0, "second"), (2, "first")):
        assert _which(pairs, at) == TWICE.format(said, kept).replace(" a ", f" {name} ", 1)


def test_empty_values_may_have_been_left_out_and_what_is_no_text_is_kept():
    made = [*changed((("A", ""), ("b", "c"), ("n", 1)), ())]
    assert ("empty-dropped", (("b", "c"), ("n", 1)), "", 1) in made
    assert ("names-lower-case", (("a", ""), ("b", "c"), ("n", 1)), "", 1) in made
    assert "empty-dropped" not in [id for id, *_ in changed((("a", "b"),), ())]


def test_orders_of_three_are_tried_each_once_by_how_usual_they_are():
    b, a, c = pairs = (("b", "0"), ("A", "2"), ("c", "1"))
    assert [*reordered(pairs, ())] == [
        ("order-sorted", (a, b, c), "by name", 1),
        ("order-reversed", (c, a, b), "", 1),
        ("order-sorted", (c, b, a), "by name, backwards", 2),
        ("order-sorted", (b, c, a), "by value", 2),
        ("order-changed", (a, c, b), "b stood last", 1),
    ]
    same = ("a", "2"), ("a", "1"), ("b", "0")
    assert ("order-sorted", (same[1], same[0], same[2]), "by name=value", 2) in reordered(same, ())
    four = tuple((name, "") for name in "abcd")
    assert ("order-changed", tuple(four[at] for at in (1, 0, 3, 2)), "as b, a, d, c", 2) in reordered(
        four, ()
    )


@pytest.mark.parametrize(
    ("many", "moved", "cost"), [(5, True, 1), (6, True, 2), (12, True, 2), (13, False, 0)]
)
def test_one_of_at_most_twelve_parameters_may_have_stood_elsewhere(many, moved, cost):
    pairs = tuple((f"n{at:02}", "") for at in range(many))
    made = [way for way in reordered(pairs, ()) if "stood" in way[2]]
    assert (("order-changed", (*pairs[1:], pairs[0]), "n00 stood last", cost) in made) is moved
    assert (("order-changed", (pairs[1], pairs[0], *pairs[2:]), "n01 stood first", cost) in made) is moved


def test_a_query_is_tried_as_what_it_was_before_and_not_as_it_is():
    assert [*queries("a=b&c=d")] == []
    assert [*queries("a=b/")] == [("query-last-slash", "a=b", "", 1)]
    assert [*queries("a=%2B+")] == [("plus-as-blank", "a=%2B%2B", "+ was %2B", 1)]


# --- how text and time may have been joined ---------------------------------------------------------------

BETWEEN = {
    "": 1,
    ".": 1,
    ":": 1,
    "\n": 1,
    "|": 1,
    "&": 1,
    "-": 2,
    "_": 2,
    " ": 2,
    ",": 2,
    ";": 2,
    "/": 2,
    "=": 2,
}


def between(mark: str) -> str:
    return f"{mark!r} between them" if mark else "nothing between them"


def test_text_and_time_are_joined_in_each_way_with_its_words_and_its_cost():
    made = [*joined((b"x", b"100000"))]
    apart = [one for one in made if "zone" not in one[0]]
    assert apart == [
        *(
            way
            for mark, cost in BETWEEN.items()
            for way in (
                ("message-separator", f"x{mark}100000".encode(), between(mark), cost),
                ("message-time-first", f"100000{mark}x".encode(), between(mark), cost),
            )
        ),
        ("message-no-time", b"x", "", 1),
        ("message-time-alone", b"100000", "", 2),
        ("message-line-end", b"x.100000\n", "", 1),
        ("message-two-clocks", b"x.100001", "1 s later", 1),
        ("message-two-clocks", b"x.99999", "1 s earlier", 1),
        ("message-two-clocks", b"x.100002", "2 s later", 2),
        ("message-two-clocks", b"x.99998", "2 s earlier", 2),
        ("message-time-unit", b"x.100000000", "milliseconds", 1),
        ("message-time-unit", b"x100000000", "milliseconds, nothing between them", 2),
        ("message-time-unit", b"100000000.x", "milliseconds, in front", 2),
        ("message-time-unit", b"x.100000.0", "with a fraction", 1),
        ("message-time-unit", b"x100000.0", "with a fraction, nothing between them", 2),
        ("message-time-unit", b"100000.0.x", "with a fraction, in front", 2),
        ("message-time-named", b"x.t=100000", "t= before the time", 2),
        ("message-time-named", b"t=100000.x", "t= and the time in front", 2),
        ("message-time-named", b"x&timestamp=100000", "&timestamp= before the time", 2),
    ]
    zones = {way for way in made if "zone" in way[0]}
    halves = [half for half in range(-24, 29) if half]
    hours = {
        half: f"{str(abs(half) / 2).removesuffix('.0')} h {'earlier' if half < 0 else 'later'}"
        for half in halves
    }
    assert zones == {
        *(("message-time-zone", b"x.%d" % (100_000 + 1_800 * half), hours[half], 2) for half in halves),
        *(
            ("message-time-zone + message-separator", f"x{mark}{100_000 + 3_600 * hour}".encode(), f"{hours[2 * hour]} + {between(mark)}", 2)
            for hour in (-3, -2, -1, 1, 2, 3)
            for mark in ("", ":", "|", "-", "_", "\n")
        ),
    }  # fmt: skip


def test_a_time_in_milliseconds_may_have_been_signed_in_seconds():
    units = [way for way in joined((b"x", b"1648190384123")) if way[0] == "message-time-unit"]
    assert units == [
        ("message-time-unit", b"x.1648190384", "seconds", 1),
        ("message-time-unit", b"x1648190384", "seconds, nothing between them", 2),
        ("message-time-unit", b"1648190384.x", "seconds, in front", 2),
    ]
    ids = {id for id, *_ in joined((b"x", b"2022-03-25T06:39:44Z"))}
    assert not ids & {"message-time-unit", "message-two-clocks", "message-time-zone", "message-time-inside"}


def test_the_time_may_be_a_member_of_an_object_and_of_nothing_else():
    made = [way for way in joined((b'{"a":1}', b"17")) if way[0] == "message-time-inside"]
    assert made == [
        ("message-time-inside", b'{"a":1,"%b":%b}' % (name.encode(), value), f"as {name}", 2)
        for name in ("t", "timestamp")
        for value in (b"17", b'"17"')
    ]
    for text in (b"{x", b"x}", b"", b"x"):
        assert not [id for id, *_ in joined((text, b"17")) if id == "message-time-inside"]


# --- what a secret, JSON or a text may have become --------------------------------------------------------


def test_other_secrets_that_were_given_are_tried_by_their_numbers():
    tried = {
        cost: [way for way in keys("s", ("x", "y"), cost) if way[0] in ("key-other", "key-doubled")]
        for cost in (1, 2, 3)
    }
    assert tried == {
        1: [("key-other", b"x", "number 2 of those given"), ("key-other", b"y", "number 3 of those given")],
        2: [
            ("key-doubled", b"sx", "number 2 behind it"), ("key-doubled", b"xs", "number 2 in front of it"),
            ("key-doubled", b"sy", "number 3 behind it"), ("key-doubled", b"ys", "number 3 in front of it"),
            ("key-doubled", b"ss", ""),
        ],
        3: [],
    }  # fmt: skip


SECOND = {
    "key-blank": " 'A-b' ", "key-line-end": " 'A-b'\n", "key-crlf": " 'A-b'\r\n", "key-carriage-return": " 'A-b'\r",
    "key-blank-before": "  'A-b'", "key-tab": " 'A-b'\t", "key-quoted": "\" 'A-b'\"", "key-single-quoted": "' 'A-b''",
    "key-trimmed": "'A-b'", "key-unquoted": "A-b", "key-lower-case": " 'a-b'", "key-upper-case": " 'A-B'", "key-without-dashes": " 'Ab'",
}  # fmt: skip


def test_another_secret_may_have_had_each_usual_slip_too():
    assert [*SECOND] == [*_SECOND_IDS]
    made = [way for way in keys("s", (" 'A-b'",), 2) if way[0].startswith("key-other + ")]
    said = "number 2 of those given"
    assert made == [(f"key-other + {id}", key.encode(), said) for id, key in SECOND.items()]
    assert "key-other + key-trimmed" not in [id for id, *_ in keys("s", (" s",), 2)], "which is the secret"


def test_a_text_in_base64_is_a_secret_of_eight_printable_letters_at_least():
    for inner, tried in (("MTIzNDU2Nw==", False), ("MTIzNDU2Nzg=", True), ("MTIzNDU2NzgK", False)):
        assert any(id.startswith("key-from-base64 + ") for id, *_ in keys(inner, (), 2)) is tried


def test_what_was_typed_is_said_with_its_dashes_only_where_there_are_some():
    assert [*_typographic("a…")] == [("a...", "plain characters")] * 4
    assert [*_typographic("a-b")] == []
    said = [f"plain characters, {one}" for one in ("-- for —", "- for —", "-- for – too", "--- for —")]
    assert (
        [change for _, change in _typographic("a–b")] == [change for _, change in _typographic("a—b")] == said
    )


def test_encode_uri_component_keeps_what_ecmascript_says():
    """ECMAScript, `encodeURIComponent`: letters, digits and -_.!~*'() stay."""
    plain = "Az09-_.!~*'()"
    assert component(plain) == plain
    assert component("/ ?&=+#;,:@$%") == "%2F%20%3F%26%3D%2B%23%3B%2C%3A%40%24%25"


def test_base64_loses_its_padding_and_no_letter():
    """By coreutils' base64: `~~?abW` is `fn4/YWJX`, and `/` is `_` for URLs."""
    assert ("text-base64", b"fn4_YWJX", "for URLs, without =", 2) in texts(b"~~?abW")
    assert ("key-to-base64", b"YWJX", "without its = signs") in keys("abW", (), 3)
    assert ("key-equals", b"abX", "") in keys("abX==", (), 3)


def test_a_secret_loses_one_prefix_and_the_blanks_around_it_alone():
    assert ("key-prefix", b"asha256=b", "without the prefix") in keys("sk_asha256=b", (), 1)
    assert ("key-trimmed", b"XaX", "") in keys(" XaX\n", (), 1)
    assert b"XaX" in [key for id, key, _ in keys("<XaX>", (), 1) if id == "key-bracketed"]
    assert ("key-from-base64", b"XaX", "and trimmed") in keys("IFhhWAo=", (), 2)


def test_a_secret_in_base32_keeps_its_last_letter():
    assert ("key-from-base32", b"abcdw", "") in keys("MFRGGZDX", (), 2)  # by base32 of coreutils


def test_letters_that_look_alike_are_tried_one_by_one_in_pairs_and_all_at_once():
    mixed = [way for way in _alike("O0l1") if way[1].startswith("another of O and 0")]
    name = "another of O and 0, l, I and 1 for"
    alike = {"O": "0", "0": "O", "l": "1", "1": "l"}
    some = ["O", "0", "l", "1", "O0", "Ol", "O1", "0l", "01", "l1", "O0l1"]
    assert mixed == [
        ("".join(alike[one] if one in letters else one for one in "O0l1"), f"{name} {', '.join(letters)}")
        for letters in some
    ]
    twice = [way for way in _alike("lxl") if way[1] == "another of l and I for one l, number 3"]
    assert twice == [("lxI", "another of l and I for one l, number 3")]


def test_json_written_otherwise_is_never_its_own_text_nor_twice_the_same_for_one_slip():
    for value in ({"slug": "a"}, {"a": "é\x1f/"}, [], {}, [1]):
        made = [(id, text) for id, text, _, _ in written(value)]
        assert len(made) == len({*made})
        own = {"slug": '{"slug":"a"}'}.get(next(iter(value), "") if isinstance(value, dict) else "", "")
        assert own not in [text for _, text in made]
    assert [id for id, *_ in written([1]) if id in ("json-ascii", "json-php", "json-go")] == []


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ([{"a": 1, "b": [True, None, "x"]}, 2.5], '[{"a"=>1, "b"=>[true, nil, "x"]}, 2.5]'),
        ({"a": {"b": None}, "c": []}, '{"a"=>{"b"=>nil}, "c"=>[]}'),
    ],
)
def test_json_is_printed_by_ruby_at_each_depth_with_its_own_arrow_and_nil(value, printed):
    """Ruby 3.1 printed these; since 3.4 blanks stand around an arrow."""
    made = {change: (text, cost) for id, text, change, cost in written(value) if id == "json-ruby-inspect"}
    assert made == {"before Ruby 3.4": (printed, 1), "since Ruby 3.4": (printed.replace("=>", " => "), 2)}


@pytest.mark.parametrize("body", ['[{"a": "b"}]', "[1, 2]", '[["a", "b"]]'])
def test_a_body_that_is_a_list_may_have_been_written_in_every_way_too(body):
    tried = {change for _, change, _ in rewritten_as(body, "json-rewritten")}
    assert {"json-indented, two blanks", "json-indented, a tab", "json-twice"} <= tried


def test_parameters_are_printed_where_all_are_texts_and_json_is_written_in_every_way():
    def ids(*pairs: tuple[str, Any]) -> list[str]:
        return [id for id, *_ in written_pairs(pairs)]

    assert ids(("a", "b"), ("c", "d")).count("json-printed") == 17
    assert ids(("a", "b"), ("c", 1)).count("json-printed") == ids(("c", 1)).count("json-printed") == 0
    said = {change for id, _, change, cost in written_pairs((("a", ""),)) if id == "json-null" and cost == 2}
    ways = (
        "json-python",
        "json-indented, two blanks",
        "json-python-repr",
        "json-blank-after-colon",
        "json-single-quotes",
    )
    assert {f"and written otherwise: {way}" for way in ways} <= said


def test_numbers_without_texts_stay_numbers_where_parameters_become_json():
    made = {id: text for id, text, change, _ in written_pairs((("a", 1), ("b", "x,y"))) if not change}
    assert made["json-split"] == '{"a":1,"b":["x","y"]}'
    arrays = [
        text
        for id, text, change, _ in written_pairs((("a", 1), ("b", "")))
        if change == "each value in an array"
    ]
    assert arrays == ['{"a":1,"b":[""]}']
    query = [text for id, text, change, _ in written_pairs((("a", 1), ("b", ["c"]))) if change == "decoded"]
    assert query == ['a=1&b=["c"]']


def rewritten_as(body: str, id: str) -> list[tuple[bytes, str, int]]:
    return [(made, change, cost) for its, made, change, cost in rewritten(body.encode()) if its == id]


def test_numbers_of_a_body_may_have_had_a_fraction_all_or_one_of_them():
    whole, without = "whole numbers with .0", "numbers without .0"
    assert rewritten_as("[1,-20,0]", "json-number") == [
        (b"[1.0,-20.0,0.0]", whole, 1),
        (b"[1.0,-20,0]", "number 1 with .0", 2),
        (b"[1,-20.0,0]", "number 2 with .0", 2),
        (b"[1,-20,0.0]", "number 3 with .0", 2),
    ]
    assert rewritten_as('{"a": 7 }', "json-number") == [(b'{"a": 7.0 }', whole, 1)]
    assert rewritten_as("[1.0,2.00,3.05]", "json-number") == [(b"[1,2,3.05]", without, 1)]
    assert rewritten_as('{"a":"1","b":[1.5,2e3]}', "json-number") == []
    assert rewritten_as(f"[{'9' * 18}]", "json-number") == [(f"[{'9' * 18}.0]".encode(), whole, 1)]
    assert rewritten_as(f"[{'9' * 19}]", "json-number") == []
    many = rewritten_as(str([*range(22)]), "json-number")
    assert [change for _, change, _ in many] == [whole, *(f"number {at} with .0" for at in range(1, 21))]


def test_members_of_a_body_may_have_been_in_order_or_backwards_and_its_slashes_escaped():
    assert rewritten_as('{"b":1,"c":2,"a":3}', "json-reordered") == [
        (b'{"a":3,"b":1,"c":2}', "members sorted", 1),
        (b'{"c":2,"b":1,"a":3}', "members sorted", 1),
    ]
    assert rewritten_as('["b","a"]', "json-reordered") == []
    assert rewritten_as('["a/b" ]', "json-slashes") == [(b'["a\\/b" ]', "with \\/", 1)]
    assert rewritten_as('["a\\/b" ]', "json-slashes") == [(b'["a/b" ]', "without \\/", 1)]
    assert rewritten_as("[ 1 ]", "json-rewritten")[0] == (b"[1]", "compact", 1)
    assert rewritten_as('["\\ud800" ]', "json-rewritten")[0][0] == b'["\xed\xa0\x80"]'
    assert [*rewritten(b"\xff")] == [*rewritten(b"x")] == []


def test_a_row_that_cannot_be_made_is_left_out_and_half_a_pair_of_surrogates_is_three_bytes():
    table = [
        ("a", lambda text: text + "\ud800", "half", 1),
        ("b", lambda text: text.encode("latin-1"), "", 1),
        ("a", lambda text: text.encode() + b"\xed\xa0\x80", "again", 2),
        ("c", lambda text: "", "nothing", 2),
        ("d", lambda text: text, "the same", 2),
    ]
    assert [*applied(table, "é".encode())] == [
        ("a", b"\xc3\xa9\xed\xa0\x80", "half", 1),
        ("b", b"\xe9", "", 1),
    ]
    assert [*applied(table, "К".encode())] == [("a", b"\xd0\x9a\xed\xa0\x80", "half", 1)]
    assert [*applied(table, b"\xff")] == []


@pytest.mark.parametrize("body", ['{"a":1}', "[1]", "1", "null", "x"])
def test_json_that_holds_no_text_is_not_taken_for_a_text_of_json(body):
    assert "body-json-text" not in [id for id, *_ in undamaged(body.encode())]
    inner = [made for id, made, *_ in undamaged(b'"{\\"a\\":1}"') if id == "body-json-text"]
    assert inner == [b'{"a":1}']


@pytest.mark.parametrize(
    ("body", "row"),
    [
        (b'{"a":\n   "b"}', ("body-wrapped", b'{"a":"b"}', "", 1)),
        (b"aX\0\0", ("body-nul", b"aX", "", 1)),
    ],
)
def test_a_body_may_have_been_wrapped_or_padded(body, row):
    assert row in undamaged(body)
