"""Small rules of the search for a cause, each where a change of it alone would show."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote

import pytest

import handshakes
from handshakes.core.cases import Found
from handshakes.core.refusals import Refused
from handshakes.core.stages import Stage
from handshakes.explain import explain
from handshakes.explain.asking import _answered
from handshakes.explain.budget import Budget
from handshakes.explain.commands import _other_command, curl, fetch
from handshakes.explain.damage import rewritten
from handshakes.explain.differences import compared
from handshakes.explain.digests import read_digest
from handshakes.explain.doubts import doubt, left_out
from handshakes.explain.entries import described, slips
from handshakes.explain.explaining import _Asked
from handshakes.explain.exports import from_base64
from handshakes.explain.levels import MOST_PATHS, Levels, parts_of
from handshakes.explain.parameters import added, changed, joined, reordered
from handshakes.explain.pasted import read
from handshakes.explain.printed import _maps, _objects, _quoted, _tables, parameters
from handshakes.explain.probe import _Probing
from handshakes.explain.recognising import _named, own_names, recognised
from handshakes.explain.recorded import Unreadable, _headers, recorded
from handshakes.explain.search import Hit, _Search
from handshakes.explain.structures import ADDRESS, HOST, Spread, in_text, of_json, spread
from handshakes.explain.telling import signed_when, told
from handshakes.explain.unwrapping import _above, unquoted
from handshakes.explain.webhooks import of_text, of_value
from handshakes.explain.writers import _printed, written_pairs
from handshakes.fortis.slips import unbroken
from handshakes.officernd import sign_query
from handshakes.platforms import PLATFORMS

OFFICE = PLATFORMS["officernd"].slips()
URL = "https://p.example/h?slug=a%2Cb&locations=&signature=t%3D1%2Csignature%3D0f"
SIGNED = "t=1,signature=0f"
PAIRS = (("slug", "a b"), ("locations", ""), ("n", "7"))


# --- what is said -----------------------------------------------------------------------------------------


def test_a_reason_is_said_with_the_vectors_that_are_refused_so_and_no_others():
    said = "\n".join(described("stale"))
    folder = Path(handshakes.__file__).parent
    for name, platform in PLATFORMS.items():
        groups = json.loads((folder / name / "vectors.json").read_text("utf-8"))["groups"]
        vectors = [one for group in groups for one in group["vectors"]]
        stale = [one["id"] for one in vectors if one["expect"].get("reason") == "stale"]
        counted = f"Vectors of {platform.title} that are refused so: {len(stale)}"
        assert (counted in said) == bool(stale)
        shown = {line.strip() for line in said.splitlines()} & {one["id"] for one in vectors}
        assert shown <= set(stale) and bool(shown) == bool(stale)


def test_what_verifies_is_said_with_its_time_in_one_line():
    query = sign_query([("slug", "s")], secret="s", timestamp=1_648_190_384)
    answer = explain("officernd", f"/h?slug=s&signature={query}", secret="s", now=1_648_190_394)
    first, *_ = told(answer, 1_648_190_394)
    assert first == f"{answer.returns['says'] or 'Verified.'} {signed_when(1_648_190_384, 1_648_190_394)}"


def test_bytes_that_are_no_text_are_shown_as_they_are_and_are_not_masked():
    header = "t=1648190384,signature=" + "0f" * 32
    answer = explain("officernd", b'{"event":"\xff"}', header=header, secret="s", now=1_648_190_384)
    body, *_ = [stage for stage in answer.stages if stage.hex]
    assert b'{"event":"\xff"}'.hex() in body.hex
    assert not body.masked


@pytest.mark.parametrize("secret", ["secret", "key", "test", "0"])
def test_a_short_word_that_may_be_a_secret_of_somebodys_tests_is_not_called_a_placeholder(secret):
    assert doubt(secret) == ""
    assert doubt("changeme") == "The secret given is a placeholder or the text of an unset variable."


@pytest.mark.parametrize(
    ("ours", "yours", "name"),
    [
        ('{"a":"\\u00e9xyz"}', '{"a":"éxyz"}', "ours has the escape \\u00e9 where yours has the character itself"),
        ('{"a":"éxyz"}', '{"a":"\\u00e9xyz"}', "yours has the escape \\u00e9 where ours has the character itself"),
        ("a\nb", "a\r\nb", "line ends are LF on one side and CR LF on the other"),
        ("a\r\nb", "a\nb", "line ends are LF on one side and CR LF on the other"),
    ],
)  # fmt: skip
def test_a_difference_is_named_on_either_side_with_more_behind_it(ours, yours, name):
    assert compared([Stage("message", ours.encode())], yours.encode()).name == name


def test_a_tab_that_is_a_blank_in_the_other_text_is_not_said_to_be_missing():
    found = compared([Stage("message", b"a\tbc")], b"a bc")
    assert (found.at, found.name) == (1, "ours has a tab, yours has a blank")


# --- what is read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pasted", [b"\xef\xbb\xbf \n", b"\xff\xfe \0"])
def test_blanks_alone_are_said_to_be_nothing(pasted):
    with pytest.raises(Unreadable, match=r"^Nothing but blanks or a byte order mark was pasted\.$"):
        read(pasted, OFFICE)


def test_an_address_that_was_named_whole_is_put_in_front_of_a_query():
    query = URL.partition("h")[2].partition("?")[2]
    found = read(f"/?{query}".encode(), OFFICE, origins=["https://p.example/h"])
    assert found.url == f"https://p.example/h?{query}"
    assert "the address that you named was put in front of the query" in found.undone


@pytest.mark.parametrize("scheme", ["https", "HTTPS", "http", "HTTP"])
def test_a_url_with_a_scheme_keeps_it_whatever_address_is_named(scheme):
    pasted = URL.replace("https", scheme)
    assert read(pasted.encode(), OFFICE, origins=["https://other.example"]).url == pasted


def test_a_url_of_a_text_may_be_escaped_for_html():
    escaped = URL.replace("&", "&amp;")
    found = read(f"Why is {escaped} refused, please?".encode(), OFFICE)
    assert (found.took, found.url) == ("a URL in a text", URL)


def test_a_target_with_a_url_in_its_query_is_a_target():
    found = read(f"/h?next={quote(URL, safe=':/')}&signature=0f".encode(), OFFICE)
    assert (found.took, found.url[:8]) == ("a request target", "/h?next=")


def test_a_request_in_json_that_names_no_method_has_none():
    pasted = json.dumps({"host": "p.example", "uri": URL.removeprefix("https://p.example")})
    found = read(pasted.encode(), OFFICE)
    assert (found.url, found.method) == (URL, "")


def test_httpie_sends_json_unless_it_is_told_to_send_a_form():
    """HTTPie's documentation: data fields are JSON by default, `--form` (`-f`) makes them a form."""
    assert fetch("http POST https://a.example/ a=b c=d").body == b'{"a": "b", "c": "d"}'
    for option in ("-f", "--form"):
        assert fetch(f"http {option} POST https://a.example/ a=b c=d").body == b"a=b&c=d"


def test_a_body_stays_one_where_a_platform_signs_bodies_and_is_a_query_where_it_signs_urls_alone():
    form = "data=YQ%3D%3D&hmac=0f&signature=t%3D1"
    pasted = f"curl https://p.example/h -d '{form}'".encode()
    found = read(pasted, OFFICE)
    assert (found.url, found.body, found.undone) == ("https://p.example/h", form.encode(), ())
    found = read(pasted, PLATFORMS["fortis"].slips())
    assert (found.url, found.undone) == (f"https://p.example/h?{form}", ("the parameters were in the body",))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_parameter_that_every_platform_may_have_counts_once_and_a_name_of_its_own_twice(platform):
    signs = PLATFORMS[platform].slips()
    for name in signs.QUERY:
        for url in (f"/?{name}=0", f"/?a=1&{name}=0", f"/?a=1;{name.upper()}=0"):
            assert _named(Found(url, "", (), b"", "", ()), signs) == 1
        for url in (f"/?x{name}=0", f"/{name}=0", f"/?{name}"):
            assert _named(Found(url, "", (), b"", "", ()), signs) == 0
    for name in signs.OWN_NAMES:
        assert _named(Found(f"/?{name}=0", "", (), b"", "", ()), signs) == 2


@pytest.mark.parametrize("now", [1_648_190_384, 1_748_190_384, 1_548_190_384, None])
def test_whoever_sees_a_signature_leaves_out_who_only_sees_names(now):
    """It is right, right and old, right and of the future, or wrong; and two names are onOffice's own."""
    pairs = [("apiToken", "a"), ("userId", "1")]
    signed = sign_query(pairs, secret="s" if now else "other", timestamp=1_648_190_384)
    pasted = f"/h?apiToken=a&userId=1&signature={quote(signed)}".encode()
    assert recognised(pasted, secret="s", now=now or 1_648_190_384) == ["officernd"]


def test_whoever_sees_what_is_encrypted_leaves_out_who_only_sees_names():
    data = base64.b64encode(b"Salted__" + bytes(8) + b"x" * 32).decode()
    pasted = f"/h?apiToken=a&userId=1&data={quote(data)}".encode()
    assert recognised(pasted, secret="s", now=1) == ["fortis"]


def test_a_name_at_the_very_beginning_tells_the_platform():
    assert own_names(b"parameterCacheId=1") == "onoffice"


def test_what_stands_below_a_blank_line_is_left_out_unless_it_has_a_piece_of_a_url():
    assert _above("https://a.example/?a=1\n\nBest regards, Xenia") == "https://a.example/?a=1"
    assert _above("https://a.example/?a=1\n\n&b=2") == "https://a.example/?a=1\n\n&b=2"


def test_at_most_nineteen_layers_of_quotes_are_taken_off():
    undone: list[str] = []
    assert unquoted("`" * 25 + "abc" + "`" * 25, undone) == "`" * 6 + "abc" + "`" * 6
    assert undone == ["backticks around it"] * 19


def test_base64_may_be_wrapped():
    assert from_base64("YT\r\n1i\n") == "a=b"


def test_the_scheme_of_a_servers_variables_is_https_where_they_say_that_it_is_on():
    """The manual of PHP, `$_SERVER`: `HTTPS` is set to a value that is not empty where it was asked for by HTTPS."""
    for value, scheme in (("on", "https"), ("1", "https"), ("ON", "https"), ("off", ""), ("", "")):
        pairs = [("https", value), ("http_host", "p.example"), ("query_string", "a=1")]
        found = spread(pairs, lambda text: text == "?a=1")
        assert found == Spread("/?a=1", "p.example", scheme, "path and query stood apart")
    pairs = [("https", "on"), ("wsgi.url_scheme", "http"), ("query_string", "a=1")]
    assert spread(pairs, lambda text: text == "?a=1").scheme == "http"


NAMES = {
    "host": (
        "host", ":authority", "http_host", "server_name",  # HTTP, HTTP/2, and RFC 3875 (CGI)
        "x-forwarded-host", "http_x_forwarded_host",  # of proxies, and as CGI hands it on
        "RequestHost", "ClientRequestHost",  # logs of Traefik and of Cloudflare
        "domain", "hostname",  # a gateway's event, a URL of JavaScript
    ),
    "scheme": (
        "scheme", ":scheme", "x-forwarded-proto", "http_x_forwarded_proto", "request_scheme", "RequestScheme", "wsgi.url_scheme",
    ),
    "path": (
        "path", "rawPath", "raw_path", "requestPath", "request_path", "filename",  # events of gateways, ASGI, logs, Firefox
        "path_info", "script_name", "pathname",  # CGI and WSGI, a URL of JavaScript
        "uri", "uri_path", "requestUri",  # logs of nginx and Caddy, Splunk, Apache
    ),
    "query": (
        "query", "query_string", "rawQueryString", "queryString", "requestQuery", "rawQuery", "uri_query", "cs-uri-query", "search",
        "queryStringParameters", "params", "args", "query_params",
    ),
}  # fmt: skip
"""Names under which programs tell the parts of a request: of a dump, of JSON, of a log."""


@pytest.mark.parametrize("part", NAMES)
def test_each_part_of_a_request_is_known_by_each_of_its_names(part):
    values = {"host": "p.example", "scheme": "http", "path": "/h", "query": "a=1"}
    for name in NAMES[part]:
        pairs = [(name.lower() if one == part else one, value) for one, value in values.items()]
        wanted = Spread("/h?a=1", "p.example", "http", "path and query stood apart")
        assert spread(pairs, lambda text: text == "?a=1") == wanted, name


@pytest.mark.parametrize(
    "host", ["p.example", "a-1.p.example:65535", "localhost", "localhost:3000", "10.0.0.1:80"]
)
def test_a_host_of_a_log_may_have_a_port(host):
    assert HOST.fullmatch(host) and not HOST.fullmatch(host + "/") and not HOST.fullmatch(host + ":")
    assert bool(ADDRESS.fullmatch(host)) == (host == "10.0.0.1:80")


RAW = ("rawBody", "bodyRaw", "raw", "content", "text", "payload", "data", "body")
PARSED = ("body", "parsedBody", "payload", "json", "content", "data")
WAYS_OF_A_BODY = {
    "as it was": (RAW, '{"a": 1}', b'{"a": 1}', ""),
    "in base64": (RAW, base64.b64encode(b'{"a": "' + b"b" * 30 + b'"}').decode(), b'{"a": "' + b"b" * 30 + b'"}', "the body was in base64"),
    "parsed": (PARSED, {"a": 1}, b'{"a":1}', "the body was given as parsed JSON, and was written again"),
}  # fmt: skip
"""Names under which recorders keep a body, the surest first."""


@pytest.mark.parametrize("way", WAYS_OF_A_BODY)
def test_the_body_of_a_recorded_webhook_is_known_by_each_name_and_the_surest_wins(way):
    names, value, body, undone = WAYS_OF_A_BODY[way]
    for name in names:
        found = of_value({"headers": {"X-Sig": "t=1"}, name: value}, ["x-sig"])
        assert found == ((("x-sig", "t=1"),), body, undone), name
    if way != "in base64":
        later = [{"a": 0}] if way == "parsed" else "[0]"
        for first, second in pairwise(names):
            found = of_value({"headers": {"X-Sig": "t=1"}, second: later, first: value}, ["x-sig"])
            assert found is not None and found.body == body, (first, second)


@pytest.mark.parametrize(
    ("path", "sent"), [("/caf\u00e9", "/caf%C3%A9"), ('/a%2Fb"c', "/a%2Fb%22c"), ("/a~b", "/a~b")]
)
def test_a_path_that_stood_apart_is_written_as_a_request_has_it(path, sent):
    """RFC 3986: only ASCII, and no quotation mark; an escape stays one."""
    assert spread([("path", path), ("query_string", "a=1")], lambda text: text == "?a=1").url == f"{sent}?a=1"


@pytest.mark.parametrize("name", ["url", "u", "q", "target", "redirect", "goto", "link"])
def test_a_url_within_a_link_that_leads_on_is_the_one_that_is_read(name):
    found = read(f"https://mail.example/go?{name}={quote(URL, safe='')}".encode(), OFFICE)
    assert found.url == URL


def test_parameters_apart_belong_to_the_one_whole_address_beside_them():
    pairs = [("address", "https://p.example/h"), ("path", "/other")]
    apart = [("a", "b c"), ("n", "1")]
    found = Spread("https://p.example/h?a=b+c&n=1", "", "", "the parameters stood one by one")
    assert spread(pairs, lambda text: False, apart) == found
    two = [*pairs, ("referer", "http://q.example/"), ("host", "p.example"), ("scheme", "http")]
    assert spread(two, lambda text: False, apart)[:3] == ("/other?a=b+c&n=1", "p.example", "http")
    logfmt = [("msg", "/h?a=1 status=403 x: y")]
    assert spread(logfmt, lambda text: "a=1" in text).url == "/h?a=1"
    assert spread([("path", "other")], lambda text: False, apart).url == "/?a=b+c&n=1"


def test_a_whole_url_among_named_values_needs_no_host_and_no_scheme_beside_it():
    pairs = [*of_json("https://p.example/?a=1"), ("host", "other.example"), ("https", "on")]
    assert pairs[0] == ("", "https://p.example/?a=1")
    assert [*spread(pairs, lambda text: "a=1" in text)] == ["https://p.example/?a=1", "", "", ""]


def test_named_values_of_a_dump_and_of_a_literal_are_read_line_by_line():
    text = "{'uri': '/p', b\"host\": b\"x.example\"}\nA=1\n  [B] => 2\n'C' => '3',\nD: string(1) \"4\""
    found = dict(in_text(text))
    assert found == {"uri": "/p", "host": "x.example", "a": "1", "b": "2", "c": "3", "d": "4"}


def test_named_values_behind_a_url_in_quotes_are_read_too():
    assert dict(in_text('url="https://p.example/?a=1" name="b&amp;c"'))["name"] == "b&c"


def test_the_headers_of_a_recording_have_their_names_in_small_letters_and_one_without_a_name_has_none():
    rows = [{"name": "Host", "value": "p.example"}, {"value": "x"}, "y"]
    assert _headers({"headers": rows}) == (("host", "p.example"), ("", "x"))


def test_quotes_and_slashes_of_literals_may_be_escaped():
    found = [*_quoted('{"a": "x\\"y\\/z", \'b\': \'it\\\'s\', c = "\\\\n"}')]
    assert found == [[("a", 'x"y/z'), ("b", "it's"), ("c", "\\n")]]


def test_a_map_of_go_has_its_parameters():
    """Go's `fmt` prints a map as `map[name:value name:value]`."""
    found = [*_maps("got map[slug:a b signature:t=1,signature=00] now")]
    assert found == [[("slug", "a b"), ("signature", "t=1,signature=00")]]


def test_rows_of_a_table_with_a_name_and_a_value_are_parameters_and_no_others():
    found = [*_tables("slug,a\n1st,b\nn,7\nthree,of,them\n")]
    assert [pairs for pairs in found if pairs] == [[("slug", "a"), ("n", "7")]]


@pytest.mark.parametrize(("before", "found"), [(1_998, True), (1_999, False)])
def test_two_thousand_values_of_json_are_looked_at_for_a_webhook(before, found):
    """The list itself is the first of them."""
    hook = {"X-Sig": "t=1", "rawBody": "{}"}
    assert (of_value([*[{}] * before, hook], ["x-sig"]) is not None) is found


@pytest.mark.parametrize("texts", range(6))
def test_json_in_texts_of_json_is_opened_three_deep(texts):
    value = {"uri": "/p"}
    for _ in range(texts):
        value = {"log": json.dumps(value)}
    assert (("uri", "/p") in of_json(value)) is (texts <= 3)


def test_rows_of_json_that_are_no_headers_hide_no_webhook():
    rows = [{"name": 7, "value": "a"}, {"name": "X-Sig"}, {"value": "b"}, {"key": "X-Sig", "value": "t=1"}]
    assert of_value({"rows": rows, "rawBody": "{}"}, ["x-sig"]) == ((("x-sig", "t=1"),), b"{}", "")


def test_pairs_in_lists_of_json_are_parameters():
    found = [*_objects([["slug", "a"], ["n", 7], ["three", "of", "them"]])]
    assert [("slug", "a"), ("n", "7")] in found


# --- what is tried ----------------------------------------------------------------------------------------


def test_the_words_of_a_digest_may_be_turned_round():
    digest = hashlib.sha256(b"a").digest()
    turned = b"".join(digest[at : at + 4][::-1] for at in range(0, 32, 4))
    assert (("form-reversed",), digest) in read_digest(turned.hex())


@pytest.mark.parametrize(("size", "cut"), [(7, False), (8, True), (31, True), (32, False), (33, False)])
def test_what_is_shorter_than_a_digest_of_32_bytes_may_be_one_that_was_cut(size, cut):
    assert any("form-cut" in slips for slips, _ in read_digest("0F" * size)) is cut


DIGEST = hashlib.sha256(b"a").digest()
HEX, BASE64 = DIGEST.hex(), base64.b64encode(DIGEST).decode()
FORMS = {
    "form-upper-case": HEX.upper(),
    "form-base64": BASE64,
    "form-base64url": base64.urlsafe_b64encode(DIGEST).decode(),
    "form-base64-of-hex": base64.b64encode(HEX.encode()).decode(),
    "form-base64-twice": base64.b64encode(BASE64.encode()).decode(),
    "form-hex-of-hex": HEX.encode().hex(),
    "form-hex-of-base64": BASE64.encode().hex(),
    "form-bytes": str([*DIGEST]),
    "form-quoted": f'"{HEX.upper()}"',
    "form-named": f"sha256={HEX.upper()}",
    "form-literal": f"b'{HEX.upper()}'",
    "form-blank": f" {HEX.upper()}\n",
    "form-tool": f"{HEX.upper()}  -",
    "form-separated": ":".join(f"{one:02X}" for one in DIGEST),
}


@pytest.mark.parametrize("slip", FORMS)
def test_a_digest_is_read_in_each_form_by_the_name_of_a_slip(slip):
    found = read_digest(FORMS[slip])
    assert any(slip in ids and value == DIGEST for ids, value in found)
    assert {id for ids, _ in found for id in ids} <= {*slips()}


def test_a_digest_inside_that_lost_its_last_letter_is_cut_and_one_that_is_no_base64_is_none():
    """A byte has two letters of hex, and four letters of base64 have three bytes: 25 letters are no whole number."""
    assert (("form-hex-of-hex",), DIGEST[:16]) in read_digest((HEX[:32] + "f").encode().hex())
    assert {ids for ids, _ in read_digest((BASE64[:25]).encode().hex())} == {("form-cut",)}


def test_hex_whose_length_fits_may_be_base64_too():
    assert ("form-base64", base64.b64decode("0f" * 32)) in [
        (slips[0], value) for slips, value in read_digest("0f" * 32) if len(slips) == 1
    ]


def test_each_slip_of_two_has_the_change_that_stands_at_its_place():
    assert parts_of("a + b", "x + y") == (("a", "x"), ("b", "y"))
    assert parts_of("a + b", "x") == (("a", "x"), ("b", ""))
    assert parts_of("a + b", "") == (("a", ""), ("b", ""))
    assert parts_of("a", "x + y") == (("a", "x + y"),)


def test_a_larger_budget_is_larger_in_everything():
    larger = Budget(digests=2, size=3, rounds=5).times(7)
    assert (larger.digests, larger.size, larger.rounds) == (14, 21, 35)


def test_no_change_of_the_parameters_is_no_change_and_none_is_tried_twice():
    tried = Counter((id, tuple(made)) for id, made, _, _ in changed(PAIRS, ()))
    assert PAIRS not in {made for _, made in tried}
    assert {*tried.values()} == {1}


ONE_ALONE = {
    "values-trimmed": " b ",
    "values-encoded": "a b",
    "values-lower-case": "B",
    "values-commas": "a,b",
    "decoded-twice": "%61",
}


@pytest.mark.parametrize("slip", ONE_ALONE)
def test_one_value_alone_may_have_been_changed(slip):
    pairs = (("x", ONE_ALONE[slip]), ("y", ONE_ALONE[slip]))
    made = [made for id, made, change, _ in changed(pairs, ()) if id == slip and "alone" in change]
    assert {tuple(one == was for one, was in zip(new, pairs, strict=True)) for new in made} == {
        (True, False),
        (False, True),
    }


def test_parameters_may_have_been_sorted_as_texts_of_name_and_value():
    made = {change: pairs for _, pairs, change, _ in reordered((("a", "c"), ("a=b", "1"), ("0", "x")), ())}
    assert made["by name=value"] == (("0", "x"), ("a=b", "1"), ("a", "c"))


WAYS = {
    "changed": lambda: changed(PAIRS, ()),
    "added": lambda: added((*PAIRS, ("a", "b"), ("c", "d")), ("member",)),
    "reordered": lambda: reordered(PAIRS, ()),
    "joined": lambda: joined((b'{"a":"b"}', b"1648190384")),
    "joined, milliseconds": lambda: joined((b"{}", b"1648190384000")),
    "written": lambda: written_pairs(PAIRS),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_is_tried_has_the_name_of_a_slip_and_a_cost_that_is_tried(way):
    there = slips()
    rows = [(id, cost) for id, _, _, cost in WAYS[way]()]
    assert rows
    assert [
        (id, cost) for id, cost in rows if not {*id.split(" + ")} <= {*there} or cost not in (1, 2, 3)
    ] == []


def test_a_name_that_stands_thrice_is_told_by_the_number_that_was_left_out():
    pairs = (("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"))
    said = {change: made for id, made, change, _ in added(pairs, ()) if id == "parameter-doubled"}
    left_out = {"without number 1 of 3": 0, "without number 2 of 3": 2, "without number 3 of 3": 3}
    assert said == {change: (*pairs[:at], *pairs[at + 1 :]) for change, at in left_out.items()}


def test_a_parameter_may_have_been_added_or_its_value_put_in():
    made = {tuple(pairs) for id, pairs, _, _ in added(PAIRS, ()) if id == "parameter-added"}
    assert (("slug", ""), *PAIRS[1:]) in made
    assert PAIRS[1:] in made and PAIRS not in made
    missing = [
        tuple(pairs) for id, pairs, _, _ in added(PAIRS, ("slug", "member")) if id == "parameter-missing"
    ]
    assert missing == [(*PAIRS[:at], ("member", ""), *PAIRS[at:]) for at in range(4)]


def test_a_body_is_tried_without_its_blanks():
    tried = {(id, change): text for id, text, change, _ in rewritten(b'{"a": [1, 2]}')}
    assert tried["json-rewritten", "compact"] == b'{"a":[1,2]}'


def test_the_time_may_stand_inside_the_object():
    made = {text for id, text, _, _ in joined((b'{"a":1}', b"17")) if id == "message-time-inside"}
    assert made == {
        b'{"a":1,"%b":%b}' % (name, time) for name in (b"t", b"timestamp") for time in (b"17", b'"17"')
    }
    assert b'{"t":17}' in {text for _, text, _, _ in joined((b"{}", b"17"))}


def test_a_message_may_have_the_time_of_another_zone_or_another_name_or_separator():
    made = {(id, change): text for id, text, change, _ in joined((b"{}", b"1648190384"))}
    zone = "message-time-zone"
    assert made[zone, "1 h later"] == b"{}.1648193984"
    assert made[zone, "1.5 h earlier"] == b"{}.1648184984"
    assert made[f"{zone} + message-separator", "1 h later + ':' between them"] == b"{}:1648193984"
    assert (f"{zone} + message-separator", "1.5 h earlier + ':' between them") not in made
    assert (f"{zone} + message-separator", "4 h later + ':' between them") not in made
    assert made["message-two-clocks", "1 s earlier"] == b"{}.1648190383"
    assert made["message-time-unit", "milliseconds, nothing between them"] == b"{}1648190384000"
    assert made["message-time-named", "&timestamp= before the time"] == b"{}&timestamp=1648190384"


def test_maps_are_printed_as_the_programs_print_them():
    """Written by hand from the documents: Java's `AbstractMap.toString`, Go's `fmt`, PHP's manual, YAML of Ruby's Psych."""
    made = {change: text for _, text, change, _ in _printed({"b": "1", "a": "x y"})}
    assert made["as a map of Java"] == "{b=1, a=x y}"
    assert made["as a map of Go"] == "map[a:x y b:1]"
    assert made["as Go's url.Values"] == "map[a:[x y] b:[1]]"
    assert made["as JavaScript's inspect"] == "{ b: '1', a: 'x y' }"
    assert made["as a Hash of Ruby 3.4"] == '{b: "1", a: "x y"}'
    assert made["as a dictionary of Swift"] == '["b": "1", "a": "x y"]'
    assert made["as a map of Elixir"] == '%{"b" => "1", "a" => "x y"}'
    assert made["as an anonymous type of C#"] == "{ b = 1, a = x y }"
    assert made["as PHP's serialize"] == 'a:2:{s:1:"b";s:1:"1";s:1:"a";s:3:"x y";}'
    assert made["as PHP's print_r"] == "Array\n(\n    [b] => 1\n    [a] => x y\n)\n"
    assert made["as PHP's var_export"] == "array (\n  'b' => '1',\n  'a' => 'x y',\n)"
    assert made["as YAML"] == "b: 1\na: x y\n"
    assert made["as YAML of Ruby"] == "---\nb: 1\na: x y\n"
    assert made["as JavaScript's inspect, in lines"] == "{\n  b: '1',\n  a: 'x y'\n}"
    assert made["as JSON without quotes around names"] == '{b:"1",a:"x y"}'
    assert made["as a list of Python's pairs"] == "[('b', '1'), ('a', 'x y')]"
    assert made["a line each"] == "b=1\na=x y"
    costs = {change: cost for _, _, change, cost in _printed({"a": "b"})}
    usual = {"as a map of Java", "as a map of Go", "as PHP's serialize", "as PHP's print_r"}
    usual |= {"as JavaScript's inspect", "as JavaScript's inspect, in lines"}
    assert costs == {change: 1 if change in usual else 2 for change in made}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_ambiguity_of_two_readings_is_asked_about_too(platform):
    slips_of = PLATFORMS[platform].slips()
    asked = _Probing(platform, slips_of, (), "s", 0).ambiguities
    assert 2 in {len(options) for _, options in asked}
    assert min(len(options) for _, options in asked) == 2


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{}", b"{}"),
        (" [1]", b" [1]"),
        (base64.b64encode(b'{"a":"' + b"b" * 40 + b'"}').decode(), b'{"a":"' + b"b" * 40 + b'"}'),
        (base64.b64encode(b'["' + b"b" * 40 + b'"]').decode(), b'["' + b"b" * 40 + b'"]'),
        ([1], b"[1]"),
        ({"a": 1}, b'{"a":1}'),
        ("text", None),
    ],
)
def test_the_body_of_a_recorded_webhook_is_an_object_or_a_list(body, found):
    webhook = of_value({"headers": {"X-Sig": "t=1"}, "body": body}, ["x-sig"])
    assert (webhook.body if webhook else None) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"note": "why?", "slug": "a", "signature": SIGNED}, ["note", "slug", "signature"]),
        ({"page": "https://p.example/h", "slug": "a", "signature": SIGNED}, ["page", "slug", "signature"]),
        ({"page": "https://p.example/h?x=1", "slug": "a", "signature": SIGNED}, []),
        ({**{f"n{i}": "x" for i in range(58)}, "signature": SIGNED}, [*(f"n{i}" for i in range(58)), "signature"]),
        ({**{f"n{i}": "x" for i in range(59)}, "signature": SIGNED}, []),
    ],
)  # fmt: skip
def test_the_members_of_an_object_are_parameters_unless_one_is_a_url_with_a_query_or_there_are_60(
    value, found
):
    assert [name for name, _ in parameters("", value, ["signature"])] == found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_form_in_json_is_found_on_the_platform_that_posts_one_and_not_where_it_is_json_itself(platform):
    def took(name: str) -> str:
        try:
            return read(json.dumps({name: "register=%7B%7D"}).encode(), PLATFORMS[platform].slips()).took
        except Unreadable:
            return ""

    assert (took("body") == "a form in JSON") == (platform == "retailcrm")
    assert took("register") != "a form in JSON"


@pytest.mark.parametrize("pair", [",,", ";;", "||", "[]", "()", "{}"])
def test_a_url_ends_at_the_mark_that_closes_what_stands_before_it(pair):
    assert read(f"see it{pair[0]}{URL}{pair[1]}and more".encode(), OFFICE).url == URL
    assert read(f"see it {URL}{pair[1]}and more".encode(), OFFICE).url != URL


def test_where_a_slip_was_found_stands_beside_the_last_one_of_its_path():
    search = SimpleNamespace(case=SimpleNamespace(part="the header", weak=()), hits=[], weak=[])
    _Search._keep(search, [(("key-blank", "a"),)], (("mac-twice", "b"),), "state")
    _Search._keep(search, [()], (("mac-twice", ""),), "state")
    assert [hit.path for hit in search.hits] == [
        (("key-blank", "a"), ("mac-twice", "b, in the header")),
        (("mac-twice", "in the header"),),
    ]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_webhook_below_the_url_that_it_was_posted_to_is_no_block_of_headers(scheme):
    found = read(f"{scheme}://p.example/h\nofficernd-signature: {SIGNED}\n\n{{}}".encode(), OFFICE)
    assert (found.headers, found.body) == ((("officernd-signature", SIGNED),), b"{}")


@pytest.mark.parametrize("rest", ["", "\r\nHost: p.example\r\n\r\n"])
def test_the_method_of_a_request_line_is_kept(rest):
    assert read(f"PUT /h?{URL.partition('?')[2]} HTTP/1.1{rest}".encode(), OFFICE).method == "PUT"


def test_a_header_is_found_under_each_of_the_names_that_it_may_have():
    for name in ("x-a", "x-b"):
        assert of_text(f'{name}: abc\n{{"a":1}}', ["x-a", "x-b"]) == ((("x-a", "abc"),), b'{"a":1}', "")


def test_an_entry_of_a_har_is_told_from_a_request_that_another_tool_wrote():
    for other in ("header", "rawBody", "raw", "body_base64", "content"):
        assert recorded({"request": {"url": URL, other: "e30="}}, lambda *_: True) is None
    assert recorded({"request": {"url": URL}}, lambda *_: True).url == URL


def test_curl_reads_a_file_for_each_of_its_ways_to_give_data_but_one():
    ways = ("-d", "--data", "--data-ascii", "--data-binary", "--json", "--data-raw")
    said = {way for way in ways if curl(f"curl https://p.example/h {way} @x").undone}
    assert said == {*ways} - {"--data-raw"}


def test_httpie_ends_the_name_of_a_query_parameter_at_the_first_two_equals_signs():
    assert _other_command(["http", "https://p.example/h", "x==a==b"]).url == "https://p.example/h?x=a%3D%3Db"


def test_the_slashes_of_a_body_with_blanks_are_escaped_and_unescaped():
    for body, other in ((b'{"a" : "x/y"}', b'{"a" : "x\\/y"}'), (b'{"a" : "x\\/y"}', b'{"a" : "x/y"}')):
        assert [made for id, made, *_ in rewritten(body) if id == "json-slashes"] == [other]


def test_a_masked_text_that_differs_equals_no_stage():
    found = compared([Stage("message", b"a")], b"b", hidden=True)
    assert (found.same_as, found.at) == ("", 0)


@pytest.mark.parametrize(("time", "said"), [(b"1" * 12, "milliseconds"), (b"1" * 13, "seconds")])
def test_a_time_of_more_than_twelve_digits_is_in_milliseconds(time, said):
    units = {
        change.partition(",")[0] for id, _, change, _ in joined((b"{}", time)) if id == "message-time-unit"
    }
    assert units == ({said, "with a fraction"} if said == "milliseconds" else {said})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Nothing was pasted."),
        (b"hello", "No request was recognised in 5 bytes."),
        (b"\xff\xfe", "Nothing but blanks or a byte order mark was pasted."),
    ],
)
def test_what_is_no_request_of_any_platform_is_answered_without_a_platform_and_with_the_reason(content, says):
    answer = _answered("", content, {"secret": "s", "now": 1, "header": "", "origins": ()}, None)
    assert (answer.platform, answer.verdict) == ("", "unrecognised") and answer.says.startswith(says)


def test_a_request_that_verifies_on_one_platform_is_that_platforms_alone():
    """RetailCRM's signature stands in the body, so that one of OfficeRnD may hold one too, which does not fit."""
    signed = json.dumps({"token": "0" * 64, "apiKey": "x", "systemUrl": "https://demo.simla.com"})
    body, secret = f"register={quote(signed)}", "not-a-secret"
    mac = hmac.new(secret.encode(), f"{body}.1700000000".encode(), hashlib.sha256).hexdigest()
    head = "POST /h HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for digest, names in ((mac, ["officernd"]), ("0" * 64, ["officernd", "retailcrm"])):
        pasted = f"{head}officernd-signature: t=1700000000,signature={digest}\r\n\r\n{body}"
        assert recognised(pasted.encode(), secret=secret, now=1_700_000_000) == names


@pytest.mark.parametrize(
    ("secret", "told"),
    [("eyJa.b.c", True), ("eyJabcdefgh", False), ("abc.def.ghi", False), ("eyJa.bc", False)],
)
def test_a_token_has_three_parts_of_which_the_first_begins_as_json_in_base64(secret, told):
    assert ("JWT" in doubt(secret)) == told


def test_a_reading_that_explains_is_asked_for_and_a_slip_is_not():
    asked = SimpleNamespace(platform="officernd", found=None, readings=())
    reading = "officernd:signature.order=slug-first"
    tried: list[Any] = []
    reasons = ["malformed", "stale"]

    def verify(found: Any, readings: Any) -> None:
        tried.append(readings)
        raise Refused(reasons.pop(), "officernd:signature.order")

    for accepted in (True, False):
        assert _Asked._accepts(asked, Hit(((reading, ""),), "state"), verify) is accepted
    assert _Asked._accepts(asked, Hit(((reading, ""), ("key-blank", "")), "state"), verify) is True
    assert tried == [[reading], [reading]]


def test_paths_to_one_state_are_kept_up_to_a_number():
    levels = SimpleNamespace(budget=Budget())
    made: dict[Any, Any] = {}
    paths = [((str(i), ""),) for i in range(MOST_PATHS + 3)]
    for first, last in ((0, 3), (1, 5), (0, MOST_PATHS + 3)):
        Levels._add(levels, made, set(), ("state", ()), paths[first:last])
    assert [there for _, there in made.values()] == [paths[:MOST_PATHS]]


def test_an_event_of_api_gateway_names_its_method_and_its_path():
    event = {
        "httpMethod": "PUT",
        "path": "/h",
        "headers": {},
        "queryStringParameters": {"a": "b c"},
        "body": "x",
    }
    found = recorded({**event, "isBase64Encoded": False}, lambda *_: True)
    assert (found.method, found.url, found.body) == ("PUT", "/h?a=b+c", b"x")


VALUE = "U2FsdGVkX18AAQIDBAUGB+8BAgMEBQYHCAkKC+wNDg8="
"""`Salted__`, a salt and one block in base64, with two plus signs."""


@pytest.mark.parametrize(
    "around",
    [
        "{}", "https://app.example/?data={}", "see https://app.example/?data={} please help with it", "data={}",
        'a - - [30/Nov/2026:17:40:00 +0000] "GET /?data={} HTTP/1.1" 200 12', "GET /?data={}&x=1 HTTP/1.1\r\nHost: a.example\r\n\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("lost", [1, 2])
def test_a_value_of_data_whose_plus_signs_became_blanks_is_read_whole_wherever_it_stands(around, lost):
    """A blank ends a URL everywhere else; so much is the value as makes whole blocks of the cipher."""
    found = read(around.format(VALUE.replace("+", " ", lost)).encode(), PLATFORMS["fortis"].slips())
    (data,) = parse_qs(found.url.partition("?")[2], keep_blank_values=True)["data"]
    assert data.replace(" ", "+") == VALUE and data.count(" ") >= lost


@pytest.mark.parametrize("text", [f"?data={VALUE} or so", "?data=U2FsdGVkX18AAQIDBAUGB and no whole block"])
def test_words_behind_a_value_of_data_are_none_of_it(text):
    assert unbroken(text) == text


def test_what_is_wrong_with_a_signature_of_another_form_is_said_and_is_no_name():
    answer = explain("officernd", b"https://p.example/h?slug=a&signature=***", secret="not-a-secret", now=1)
    assert answer.evidence == {
        "name": "signature",
        "found": "none",
        "piece": "3 characters without name=value",
    }


ACTIVATE = (
    "/onoffice/activate?apiClaim=a&apiToken=b&customerName=x&customerWebId=1&parameterCacheId=u&userId=2"
)
INSIDE = (
    "10.0.3.7:8080",
    "localhost:3000",
    "web:8000",
    "192.168.0.9",
    "172.16.0.1",
    "172.31.0.1",
    "127.0.0.1",
    "app.local",
)
OUTSIDE = (
    "app.example",
    "172.15.0.1",
    "172.32.0.1",
    "11.0.0.1",
    "93.184.216.34:8443",
    "10.example.com",
    "local.example",
)


@pytest.mark.parametrize("host", [*INSIDE, *OUTSIDE])
def test_an_address_that_onoffice_cannot_have_called_is_named_with_what_to_give(host):
    slips_of, url = PLATFORMS["onoffice"].slips(), f"http://{host}{ACTIVATE}"
    named = f"cannot have called {host.partition(':')[0]}: give the public one (--origin)"
    assert (named in slips_of.doubt("not-a-secret", Found(url))) == (host in INSIDE)
    assert slips_of.doubt("not-a-secret", Found(url, origins=("https://p.example",))) == ""


MASKS = ("***", "•••", "[FILTERED]", "<redacted>", "(hidden)", "{masked}", "xxxxxx", "ffqf...Qbff", "ab…cd", "[Removed]", "[omitted]")  # fmt: skip
WHOLE = ("abc", "**", "xxxxx", "a..b", "1...", "filtered", "[other]", "a.b...c.d", "axxxxxx")


@pytest.mark.parametrize("value", [*MASKS, *WHOLE])
def test_a_value_that_a_log_has_masked_is_known_wherever_it_stands(value):
    for found in (
        Found(f"/h?a=1&b={quote(value)}&c="),
        Found("/h", headers=(("x-sig", f"t={value}"),)),
        Found("/h", body=f'{{"a":"{value}"}}'.encode()),
    ):
        assert bool(left_out(found)) == (value in MASKS), found
    assert left_out(Found(f"https://p.example/{value}")) == "", "a path is not what is masked"


@pytest.mark.parametrize(
    ("platform", "pasted"),
    [
        ("officernd", f"https://p.example/h?slug=***&signature=t%3D1%2Csignature%3D{'0' * 64}&locations="),
        ("onoffice", f"https://p.example{ACTIVATE}&x=***&timestamp=1&signature={'a' * 64}"),
        (
            "fortis",
            f"https://p.example/?location_id=11e66c8a943ff4b2bf1b8888&timestamp=1&hmac={'a' * 64}&user_id=***",
        ),
        ("retailcrm", 'register={"token": "***", "apiKey": "x", "systemUrl": "https://a.simla.com"}'),
    ],
)
def test_a_request_that_a_log_has_masked_is_said_to_be_so(platform, pasted):
    said = "A value of the request is masked, as logs do it. Nothing fits without it: take the request from where nobody masks it."
    assert said in explain(platform, pasted, secret="not-a-secret", now=1).doubts


def test_a_request_of_another_platform_is_said_to_be_one():
    requests = {
        "officernd": f"https://p.example/h?slug=a&locations=b&signature=t%3D1%2Csignature%3D{'0' * 64}",
        "onoffice": f"https://p.example{ACTIVATE}&timestamp=1&signature={'a' * 64}",
        "fortis": f"https://p.example/?location_id=11e66c8a943ff4b2bf1b8888&timestamp=1&user_id=2&hmac={'a' * 64}",
        "retailcrm": "register=" + quote('{"token": "0", "apiKey": "x", "systemUrl": "https://a.simla.com"}'),
    }
    for whose, pasted in requests.items():
        for platform in PLATFORMS:
            answer = explain(platform, pasted, secret="not-a-secret", now=1)
            said = " ".join((answer.says, *answer.doubts))
            assert (f"handshakes verify {whose}" in said) == (platform != whose), (whose, platform)
            assert said.count("handshakes verify") == (platform != whose)


@pytest.mark.parametrize("header", ["", "content-type: application/json"])
@pytest.mark.parametrize("nested", [True, False])
def test_a_form_of_the_crm_that_a_middleware_turned_into_json_is_not_blamed_on_the_crm(header, nested):
    secret = "not-a-secret"
    token = hmac.new(secret.encode(), b"x", hashlib.sha256).hexdigest()
    members = {"token": token, "apiKey": "x", "systemUrl": "https://a.simla.com"}
    pasted = json.dumps({"register": members if nested else json.dumps(members)})
    answer = explain("retailcrm", pasted, secret=secret, now=1, header=header)
    assert [one.id for one in answer.explanations[0]] == ["retailcrm-json-nested"]


def test_an_empty_parameter_that_a_framework_dropped_comes_before_the_reading_that_adds_it():
    pairs = [("slug", "s"), ("locations", ""), ("organizationId", "o")]
    signature = quote(sign_query(pairs, secret="not-a-secret", timestamp=1), safe="")
    url = f"https://p.example/h?slug=s&organizationId=o&signature={signature}"
    answer = explain("officernd", url, secret="not-a-secret", now=1)
    assert answer.explanations[0][0].id == "parameter-missing"
