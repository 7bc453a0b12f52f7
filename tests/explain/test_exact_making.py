"""What the tables and readers of the debugger make, exactly: each member, each bound from both sides, each sentence."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import Any

import pytest

from handshakes.core.cases import Found
from handshakes.explain.making import Making, nothing
from handshakes.explain.printed import _bare, _lines, _maps, _objects, _quoted, _signed, _tables
from handshakes.explain.recorded import Unreadable
from handshakes.explain.structures import Spread
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
        *[(text, False) for text in ("", "[", "[1", "x{", "(", "]", "}")],
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


NAMED = "the address https://p.example{}, which you named, was put in front"


@pytest.mark.parametrize(
    ("origin", "url", "made", "said"),
    [
        ("https://p.example/h", "/?a=1", "https://p.example/h?a=1", "the address that you named was put in front of the query"),
        ("https://p.example/", "/?a=1", "https://p.example/?a=1", "the address that you named was put in front of the query"),
        ("https://p.example", "/?a=1", "https://p.example/?a=1", NAMED.format("")),
        ("https://p.example/", "/h?a=1", "https://p.example/h?a=1", NAMED.format("")),
        ("https://p.example/app/h", "/h?a=1", "https://p.example/app/h?a=1", NAMED.format("/app")),
        ("https://p.example/app", "/h?a=1", "https://p.example/app/h?a=1", NAMED.format("/app")),
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
        ("My query\nslug:\na b\nsignature\nt;1", [[], [("slug", "a b"), ("signature", "t;1")]]),
        ("a b\nslug\nc d", [[], [("slug", "c d")]]),
        ("1st\n2nd\n3rd", [[]]),
        ("", [[]]),
    ],
)  # fmt: skip
def test_names_and_values_stand_in_one_line_or_in_turns(text, runs):
    """As a debugger, print_r, var_dump, Laravel's dump and a browser's list of parameters show them."""
    assert [*_lines(text)] == runs


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
