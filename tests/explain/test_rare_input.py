"""Rare input: what is read of it, what is tried with it, and what is said of it."""

from __future__ import annotations

import base64
import hmac
import inspect
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import quote

import pytest

import handshakes
from handshakes.core.cases import Case, Layer
from handshakes.explain import explain
from handshakes.explain.afterwards import _right
from handshakes.explain.budget import Budget
from handshakes.explain.commands import fetch, words
from handshakes.explain.damage import rewritten
from handshakes.explain.differences import Mine, compared
from handshakes.explain.digests import comparing
from handshakes.explain.entries import described
from handshakes.explain.exports import opened
from handshakes.explain.keys import keys
from handshakes.explain.levels import Levels
from handshakes.explain.logs import host_of, logged, of_line
from handshakes.explain.mails import letter
from handshakes.explain.parameters import changed, joined, reordered
from handshakes.explain.pasted import read
from handshakes.explain.printed import parameters
from handshakes.explain.ranking import _observed
from handshakes.explain.recorded import Unreadable
from handshakes.explain.slips import GENERAL
from handshakes.explain.telling import told
from handshakes.explain.webhooks import of_text, of_value
from handshakes.platforms import PLATFORMS

OFFICE, RETAIL = PLATFORMS["officernd"].slips(), PLATFORMS["retailcrm"].slips()
TARGET = "/h?slug=a&signature=t%3D1%2Csignature%3D0f"


# --- what is said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ("body-bom", "It happens between the sender and you, or when it was pasted"),
        ("key-bom", "It happens when the secret was stored, read or copied"),
        ("names-php", "It happens where the parameters are read or chosen"),
        ("json-go", "It happens where the JSON is written"),
        ("text-bom", "It happens where the text to sign is made"),
        ("message-no-time", "It happens where text and time are joined"),
        ("mac-sha1", "It happens where the digest is computed"),
        ("form-cut", "It happens where the digest is written"),
    ],
)  # fmt: skip
def test_of_each_stage_is_said_where_it_is(slip, said):
    behind = ", at the side that made the signature; a check that does the same refuses genuine requests"
    assert f"  {said}{behind if slip != 'body-bom' else ''}." in [*described(slip)]


NAMES = """
    $ $_GET $v %02x %2B %s %v %x JSON_NUMERIC_CHECK JSON_PRETTY_PRINT JSON_UNESCAPED_SLASHES JSON_UNESCAPED_UNICODE
    \\/ \\n \\u \\u0022 \\u0026 \\u0027 \\u002B \\u003c \\u003d \\u003e _ `$ `%25` `%25C3%25BC` `%` `\\n` array_filter base64_decode
    base64_encode crypto_generichash ensure_ascii=False escape_forward_slashes=False filter_input hash_hmac json_encode
    mb_convert_encoding parse_qs parse_qsl request.get_data snake_case sort_keys utf8_encode whsec_
"""


def test_names_that_are_no_words_are_spelt_as_programs_have_them():
    """The names of PHP, Python, Go, C and libsodium, which the list of words does not hold."""
    texts = [text for slip in GENERAL for text in (slip.says, slip.cure, slip.source)]
    found = {
        name.removesuffix(".")
        for text in texts
        for name in re.findall(r"[^\s,;:()'\"]*[$%_\\][^\s,;:()'\"]*", text)
    }
    assert found == {*NAMES.split()}


def test_of_no_text_and_of_no_stages_nothing_is_said():
    assert compared([], b"x") == Mine("", None, "", "", "", False, (), 0) == compared([], None)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_reading_is_likelier_where_its_register_says_observed_or_measured(platform):
    register = Path(handshakes.__file__).parent / platform / "spec.toml"
    text = register.read_text("utf-8")
    tables = tomllib.loads(text)["ambiguity"]
    observed = {reading["id"] for one in tables if one["status"] == "observed" for reading in one["reading"]}
    measured = {reading["id"] for one in tables for reading in one["reading"] if "measured" in reading["for"]}
    assert _observed.__wrapped__(platform) == observed | measured  # computed anew
    assert measured - observed and (observed - measured or platform == "fortis")


# --- what is read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_a_log_line_may_have_any_method_of_http(method):
    """RFC 9110 and RFC 5789, but for CONNECT and TRACE, which ask for nothing."""
    for line in (f'1.2.3.4 - - "{method} {TARGET} HTTP/1.1" 200', f"{method} {TARGET} 200"):
        found = logged(line, lambda url: "signature=" in url)
        assert found is not None and found[1].url == TARGET
    assert logged(f'1.2.3.4 - - "TRACE {TARGET} HTTP/1.1" 200', lambda url: "signature=" in url) is None


def test_an_address_is_not_taken_for_the_host_of_a_log_line():
    assert host_of("a.example 1.2.3.4 - -") == "a.example"
    assert host_of("10.0.0.1 1.2.3.4 - -") == host_of("10.0.0.1:443 1.2.3.4 - -") == ""
    for first, host in (("a.example", "a.example"), ("10.0.0.1", ""), ("10.0.0.1:443", "")):
        found = of_line(f"{first} /p signature=00 -", lambda url: "?signature=" in url)
        assert found is not None and (found.url, found.host) == ("/p?signature=00", host)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("/p signature=00", "/p?signature=00"),
        ("a.example /p X=1&signature=00 443", "/p?X=1&signature=00"),
        ("/p signature=0X", "/p?signature=0X"),
        ("/other /p - signature=00", "/p?signature=00"),
        ("signature=00 /p", ""),
        ("/p?slug=a b&signature=00", ""),
        ("GET /p https://a.example/?signature=00", ""),
        *[(f"GET /p {mark}?signature=00 443", "") for mark in "/?\"'"],
        *[(f"GET /p signature=00{mark} 443", "") for mark in "},)]"],
    ],
)
def test_a_query_of_a_log_line_stands_alone_behind_a_path(line, url):
    """A whole URL, a quoted field, and the end of a structure are something else."""
    found = of_line(line, lambda url: "signature=" in url)
    assert (found.url if found else "") == url
    assert found is None or (found.scheme, found.undone) == ("", "path and query stood apart")


def test_the_ampersand_of_html_is_read_in_a_log_line():
    target = "/p?a=b&amp;signature=00"
    found = logged(f'"GET {target} HTTP/1.1" 200', lambda url: "&signature=" in url)
    assert found is not None and found[1].url == target


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a = f(x)\nb = y]\nsignature = 00", [("a", "f(x)"), ("b", "y]"), ("signature", "00")]),
        ("(a = x\nsignature = 00)", [("a", "x"), ("signature", "00")]),
        ("| a | x |\n|---|---|\n| signature | 00 |", [("a", "x"), ("signature", "00")]),
    ],
)
def test_brackets_belong_to_a_value_where_they_are_balanced_and_a_table_of_two_columns_has_names(text, pairs):
    assert parameters(text, None, ["signature"]) == pairs


@pytest.mark.parametrize(
    "name", ["from", "To", "subject", "Date", "Message-ID", "mime-version", "Received", "sent", "Cc"]
)
def test_two_headers_of_a_mail_are_its_head(name):
    """RFC 5322 and RFC 2045, and `Sent` as mail programs print it; one alone may be a header of HTTP."""
    other = "From" if name != "from" else "To"
    undone: list[str] = []
    assert letter(f"{name}: a\nX-Other: b\n{other}: c\n\nhttps://a.example/", undone) == b"https://a.example/"
    assert undone == ["the head of a mail"]
    assert letter(f"{name}: a\nX-Other: b\n\nhttps://a.example/", undone) is None


@pytest.mark.parametrize(("before", "took"), [("https://p.example", "a URL"), ("", "a request target")])
def test_a_blank_in_a_value_does_not_end_a_url_that_stands_alone(before, took):
    url = f"{before}/h?slug=a b&signature=t%3D1648190384%2Csignature%3D{'0f' * 32}"
    found = read(url.encode(), OFFICE)
    assert (found.url, found.took) == (url.replace(" ", "%20"), took)


@pytest.mark.parametrize("opening", ["{", "[", "(", "array(", "array ("])
def test_what_opens_a_list_is_no_value_of_a_parameter(opening):
    text = f"params => {opening}\n  a => 1\n  signature => t=1\n"
    assert parameters(text, None, ["signature"]) == [("a", "1"), ("signature", "t=1")]


def test_a_link_of_proofpoint_has_its_replaced_characters_behind_it():
    """Version 3: each `*` stands for the next character of the base64 that follows `__;`."""
    inner = "https://p.example/?slug=a*b*c&signature=t%3D1"
    coded = base64.urlsafe_b64encode(b"+~").decode().rstrip("=")
    found = read(f"https://urldefense.com/v3/__{inner}__;{coded}!!ABC!xyz$".encode(), OFFICE)
    assert found.url == "https://p.example/?slug=a+b~c&signature=t%3D1"


@pytest.mark.parametrize("name", ["rawRequest", "content_base64"])
def test_a_whole_request_in_base64_is_read_in_json_that_names_an_address_too(name):
    request = base64.b64encode(f"GET {TARGET} HTTP/1.1\r\nHost: p.example\r\n\r\n".encode()).decode()
    pasted = json.dumps({"site": "https://other.example", name: request})
    found = read(pasted.encode(), OFFICE)
    assert found.url == f"https://p.example{TARGET}"
    assert "a request in base64 stood in JSON" in found.undone


def test_a_short_request_in_base64_with_a_line_end_is_read_too():
    request = base64.b64encode(b"GET /?signature=t%3D1%2Csign%3D0f HTTP/1.1\n\n\n").decode() + "\n"
    assert len(request) == 61
    found = read(json.dumps({"request": request}).encode(), OFFICE)
    assert found.url == "/?signature=t%3D1%2Csign%3D0f"


def test_named_values_are_read_beside_a_content_type_but_not_beside_a_signature():
    pasted = json.dumps({"path": "/h", "query": TARGET.partition("?")[2]}).encode()
    assert read(pasted, OFFICE, "content-type: application/json").url == TARGET
    found = read(pasted, OFFICE, "officernd-signature: t=1,signature=0f")
    assert (found.url, found.body) == ("", pasted)
    with pytest.raises(Unreadable, match="A webhook also needs its signature"):
        read(b'{"a":"b"}', OFFICE, "content-type: application/json")


def test_a_registration_without_a_head_has_neither_address_nor_method():
    body = "register=" + quote('{"systemUrl":"https://a.example","apiKey":"k","token":"0f"}', safe="")
    found = read(body.encode(), RETAIL)
    assert (found.url, found.method, found.body) == ("", "", body.encode())


def test_twenty_texts_of_a_program_are_looked_at_for_a_body():
    broken, body = '"{\\"a\\":}" ', '"{\\"event\\":1}"'
    for many, read_ in ((19, b'{"event":1}'), (20, None)):
        found = of_text(f"x-sig: t=1\n{broken * many}{body}", ["x-sig"])
        assert (found and found.body) == read_


# --- what is tried ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "fits"), [(15, False), (16, True), (64, True), (300, True), (301, False)])
def test_a_received_digest_of_16_to_300_characters_is_put_right_to_see_what_remains(length, fits):
    received = ("0f" * 200)[:length]
    found = read(f"/h?slug=s&signature=t%3D1648190384%2Csignature%3D{received}".encode(), OFFICE)
    (case,) = OFFICE.cases(found, readings=[], ciphers=None)
    assert _right(case, "s")[0] == (received if fits else "")


def test_a_part_of_a_digest_is_its_beginning_or_the_end_of_a_usual_one():
    digest = bytes(range(64))
    assert comparing(digest[:16].hex())(digest[:32]) == ("form-cut",)
    assert comparing(digest[16:32].hex())(digest[:32]) == ("form-cut",)
    assert comparing(digest[:32].hex())(digest) == ("form-cut",)
    assert comparing(digest[32:].hex())(digest) is None
    assert comparing(digest[8:24].hex())(digest[:32]) is None


def test_a_text_that_cannot_be_encoded_is_left_out_and_what_follows_is_tried():
    """A byte that is not UTF-8 cannot be percent-encoded as text; blanks behind commas can be taken out all the same."""
    pairs = (("a", "\udcff, b"), ("c", "x, y"))
    made = {(id, change): ways for id, ways, change, _ in changed(pairs, ())}
    assert made["values-commas", "without the blank"] == (("a", "\udcff,b"), ("c", "x,y"))
    assert made["values-commas", "without the blank, of a alone"] == (("a", "\udcff,b"), ("c", "x, y"))
    assert not [id for id, _ in made if id == "values-latin-1"]


def test_json_of_half_a_surrogate_pair_is_tried_too():
    """U+D800 alone is written as the three bytes that UTF-8 would need for it."""
    layer = Layer("json", kinds=(("json", 0),))
    case = Case(((("n", "\ud800"),), "r"), (layer,), lambda secret, clause: b"", "toy:key")
    made = [state[0] for _, (state, _) in Levels(case, Budget()).last(1)]
    assert b'{"n": "\xed\xa0\x80"}' in made


def test_orders_are_tried_by_how_usual_they_are():
    pairs = (("b", "2"), ("C", "1"), ("a", "3"))
    made = {(id, change): (ways, cost) for id, ways, change, cost in reordered(pairs, ())}
    b, c, a = pairs
    assert made == {
        ("order-sorted", "by name"): ((c, a, b), 1),
        ("order-sorted", "by name, without regard to case"): ((a, b, c), 1),
        ("order-reversed", ""): ((a, c, b), 1),
        ("order-sorted", "by name, backwards"): ((b, a, c), 2),
        ("order-sorted", "by value"): ((c, b, a), 2),
    }
    five = tuple((name, "") for name in "abcde")
    costs = {
        many: {change.split()[-1]: cost for _, _, change, cost in reordered((*five, ("f", ""))[:many], ()) if "stood" in change}
        for many in (5, 6)
    }  # fmt: skip
    assert costs == {5: {"first": 1, "last": 1}, 6: {"first": 2, "last": 2}}
    every = [id for id, _, _, _ in reordered(five, ())]
    assert len(every) == 119  # each other order of five: 5! - 1
    assert len([*reordered((*five, ("f", "")), ())]) == 11  # backwards, 5 moved to the front, 5 to the end
    assert "order-changed" not in [
        id for id, _, _, _ in reordered(tuple((f"{n:02}", "") for n in range(13)), ())
    ]


def test_a_value_and_a_name_in_order_are_tried_after_the_name_alone():
    pairs = (("a", "2"), ("a", "1"), ("b", "1.5"))
    made = {change: (ways, cost) for _, ways, change, cost in reordered(pairs, ())}
    assert made["by name=value"] == ((("a", "1"), ("a", "2"), ("b", "1.5")), 2)
    assert made["by value"] == ((("a", "1"), ("b", "1.5"), ("a", "2")), 2)


def test_ways_to_join_text_and_time_are_tried_by_how_usual_they_are():
    made = {(id, change): cost for id, _, change, cost in joined((b'{"a":1}', b"1648190384"))}
    usual = {change for (id, change), cost in made.items() if id == "message-separator" and cost == 1}
    assert usual == {"nothing between them", *(f"{one!r} between them" for one in ".:\n|&")}
    rare = {change for (id, change), cost in made.items() if id == "message-time-first" and cost == 2}
    assert rare == {f"{one!r} between them" for one in "-_ ,;/="}
    costs = {
        ("message-no-time", ""): 1, ("message-time-alone", ""): 2, ("message-line-end", ""): 1,
        ("message-two-clocks", "1 s later"): 1, ("message-two-clocks", "1 s earlier"): 1,
        ("message-two-clocks", "2 s later"): 2, ("message-two-clocks", "2 s earlier"): 2,
        ("message-time-zone", "12 h earlier"): 2, ("message-time-zone", "14 h later"): 2,
        ("message-time-zone + message-separator", "3 h later + '_' between them"): 2,
        ("message-time-unit", "milliseconds"): 1, ("message-time-unit", "with a fraction"): 1,
        ("message-time-unit", "milliseconds, nothing between them"): 2, ("message-time-unit", "milliseconds, in front"): 2,
        ("message-time-named", "t= before the time"): 2, ("message-time-named", "t= and the time in front"): 2,
        ("message-time-named", "&timestamp= before the time"): 2,
        ("message-time-inside", "as t"): 2, ("message-time-inside", "as timestamp"): 2,
    }  # fmt: skip
    assert {key: made[key] for key in costs} == costs
    zones = [change for id, change in made if id == "message-time-zone"]
    assert len(zones) == 24 + 28 and "12.5 h earlier" not in zones and "14.5 h later" not in zones
    both = {change for id, change in made if id == "message-time-zone + message-separator"}
    hours = [f"{hour} h {side}" for hour in (1, 2, 3) for side in ("earlier", "later")]
    between = [f"{one!r} between them" for one in ":|-_\n"]
    assert both == {f"{hour} + {one}" for hour in hours for one in ("nothing between them", *between)}
    seconds = {
        change: made for id, made, change, _ in joined((b"{}", b"1648190384123")) if id == "message-time-unit"
    }
    assert seconds["seconds"] == b"{}.1648190384"


def test_the_time_inside_an_object_without_members_has_no_comma():
    for text, made in ((b"{}", b'{"t":17}'), (b"{ }", b'{ "t":17}'), (b'{"":0}', b'{"":0,"t":17}')):
        assert made in {ways for id, ways, _, _ in joined((text, b"17")) if id == "message-time-inside"}


TYPED = {"‘": "'", "’": "'", "‚": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"', "…": "...", "\xa0": " ", "\u202f": " ", "\u2011": "-", "\u2212": "-"}  # fmt: skip


@pytest.mark.parametrize("shown", TYPED)
def test_a_typographic_character_stands_for_the_one_that_is_typed(shown):
    """Unicode's charts: the quotation marks, the primes, the ellipsis, two blanks, the hyphen and the minus sign."""
    assert ("key-typographic", f"a{TYPED[shown]}b".encode(), "plain characters") in keys(f"a{shown}b", (), 1)


def test_a_dash_may_have_been_typed_in_four_ways():
    made = {key.decode(): change for id, key, change in keys("a—b–c", (), 1) if id == "key-typographic"}
    assert made == {
        "a--b-c": "plain characters, -- for —",
        "a-b-c": "plain characters, - for —",
        "a--b--c": "plain characters, -- for – too",
        "a---b--c": "plain characters, --- for —",
    }


# --- digests ----------------------------------------------------------------------------------------------

DIGEST = bytes.fromhex("0a41ff00") * 8
HEX, BASE64 = DIGEST.hex(), base64.b64encode(DIGEST).decode()


@pytest.mark.parametrize(
    ("received", "slips"),
    [
        (HEX, ()),
        (HEX.upper(), ("form-upper-case",)),
        (BASE64, ("form-base64",)),
        (BASE64.rstrip("="), ("form-base64", "form-unpadded")),
        (BASE64.replace("/", "_").replace("+", "-"), ("form-base64url",)),
        (f"0x{HEX}", ("form-named",)),
        (f"sha256={HEX}", ("form-named",)),
        (f"HMAC-SHA256:{HEX}", ("form-named",)),
        (f"v1={HEX}", ("form-named",)),
        (f" {HEX}\n", ("form-blank",)),
        (f'"{HEX}"', ("form-quoted",)),
        (f"b'{HEX}'", ("form-literal",)),
        (f"SHA2-256(stdin)= {HEX}", ("form-tool",)),
        (f"{HEX}  -", ("form-tool",)),
        ("-".join(re.findall("..", HEX.upper())), ("form-separated", "form-upper-case")),
        (quote(f"{BASE64}"), ("form-percent", "form-base64")),
        (base64.b64encode(HEX.encode()).decode(), ("form-base64-of-hex",)),
        (base64.b64encode(BASE64.encode()).decode(), ("form-base64-twice",)),
        (HEX.encode().hex(), ("form-hex-of-hex",)),
        (BASE64.encode().hex(), ("form-hex-of-base64",)),
        (str([*DIGEST]), ("form-bytes",)),
        (json.dumps({"type": "Buffer", "data": [*DIGEST]}), ("form-bytes",)),
        (DIGEST[::-1].hex(), ("form-reversed",)),
        (HEX[:40], ("form-cut",)),
        (HEX[:63], ("form-cut",)),
        (HEX[:41].upper(), ("form-upper-case", "form-cut")),
        ("".join(f"{byte:x}" for byte in DIGEST), ("form-without-zeros",)),
        (HEX.lstrip("0"), ("form-without-zeros",)),
        (str(int.from_bytes(DIGEST)), ("form-number",)),
        ("".join(f"{byte | 0xFFFFFF00 if byte > 127 else byte:02x}" for byte in DIGEST), ("form-sign-extended",)),
        (DIGEST.decode("utf-8", "replace").encode().hex(), ("form-as-text",)),
    ],
)  # fmt: skip
def test_each_form_of_a_digest_is_told_by_its_slips(received, slips):
    """By hand, with Python's own functions for the writing: what stands in a header is a form of the 32 bytes."""
    assert comparing(received)(DIGEST) == slips
    assert comparing(received)(bytes(32)) is None


# --- commands, exports and texts --------------------------------------------------------------------------

SENT = f"https://p.example{TARGET}"
PLAIN = f"GET {TARGET} HTTP/1.1\r\nHost: p.example\r\n\r\n"


@pytest.mark.parametrize(
    ("pasted", "url", "undone"),
    [
        (f'curl ^"{SENT.replace("&", "^&").replace("%", "^%")}^" ^\n  -H ^"A: b^"', SENT, "carets of the Windows command line"),
        (f"wget --post-data a=b '{SENT}'", SENT, ""),
        (f"http GET {SENT} more==c", f"{SENT}&more=c", ""),
        (f"<request base64=\"true\"><![CDATA[{base64.encodebytes(PLAIN.encode()).decode()}]]></request>", SENT, "an export of Burp Suite"),
        (f"<request base64=\"true\"><![CDATA[{PLAIN}]]></request>", SENT, "an export of Burp Suite"),
        (f"<request base64=\"false\"><![CDATA[{PLAIN}]]></request>", SENT, "an export of Burp Suite"),
        (f"17:02:11 IP 10.0.0.1 > 10.0.0.2: Flags [P.]\nE..@.{PLAIN}", SENT, "what a sniffer puts before a request"),
        (PLAIN.encode().hex(), SENT, "the whole of it was in hex"),
        (f":authority: p.example\n:scheme: http\n:path: {TARGET}\n:method: GET", SENT.replace("https", "http"), "the origin http://p.example was taken from the headers"),
        (f"> {PLAIN.splitlines()[0]}\n> Host: p.example\n>\n< HTTP/1.1 403", SENT, "the output of curl -v"),
        (SENT.replace("https:", "hxxps[:]").replace(".", "[.]"), SENT, "it was made harmless, as in reports of attacks"),
        (SENT.replace("://", "[:]//"), SENT, "it was made harmless, as in reports of attacks"),
        (f"{{code:title=a}}{SENT}{{code}}", SENT, "the marks of Jira around it"),
        (f"{{noformat}}{SENT}{{noformat}}", SENT, "the marks of Jira around it"),
        (quote(SENT, safe=""), SENT, "the whole of it was percent-encoded"),
        ("/h?slug%3Da%26signature%3Dt%253D1", "/h?slug=a&signature=t%3D1", "the whole of it was percent-encoded"),
        (f"It says {TARGET.partition('?')[2]} here.", "?" + TARGET.partition("?")[2], "the query had no question mark"),
        (TARGET.partition("?")[2], "?" + TARGET.partition("?")[2], "the query had no question mark"),
        ("slug = a\n\nsignature = t=1,signature=0f", "/?slug=a&signature=t%3D1%2Csignature%3D0f", "the parameters stood one by one"),
        (json.dumps({"log": {"entries": [{"request": {"url": {"raw": SENT}, "method": "GET"}}]}}), SENT, ""),
        (json.dumps({"requestContext": {"elb": {}}, "path": "/h", "isBase64Encoded": False, "body": "", "queryStringParameters": {"slug": "a%20b", "signature": "t%3D1"}}), "/h?slug=a%20b&signature=t%3D1", "the query was built anew from its parameters"),
        (json.dumps({"requestContext": {}, "path": "/h", "isBase64Encoded": False, "body": "", "queryStringParameters": {"slug": "a b", "signature": "t=1"}}), "/h?slug=a+b&signature=t%3D1", "the query was built anew from its parameters"),
    ],
)  # fmt: skip
def test_a_request_is_read_as_it_was_sent_and_what_was_undone_is_said(pasted, url, undone):
    """Chrome's copy for cmd.exe escapes with carets; AWS: a load balancer passes parameters on as they are, API Gateway decodes them."""
    found = read(pasted.encode(), OFFICE)
    assert found.url == url
    assert undone in found.undone or not undone


def test_an_escape_without_digits_stands_as_bash_leaves_it():
    assert words("curl $'a\\xz\\x41\\u\\n'") == ["curl", "a\\xzA\\u\n"]


@pytest.mark.parametrize(
    ("name", "read_"),
    [
        ("body", True),
        ("rawBody", True),
        ("request_body", True),
        ("payload", True),
        ("content", True),
        ("note", False),
    ],
)
def test_a_body_in_base64_is_read_under_the_names_that_tools_give_it(name, read_):
    body = json.dumps({"event": "created", "id": "0123456789"})
    pasted = {"headers": {"X-Sig": "t=1"}, name: base64.b64encode(body.encode()).decode()}
    found = of_value(pasted, ["x-sig"])
    assert (found and (found.body, found.undone)) == (
        (body.encode(), "the body was in base64") if read_ else None
    )


def test_a_body_that_python_prints_as_a_text_in_single_quotes_is_read():
    found = of_text('x-sig: t=1\n\'{"a": "it\\\'s"}\'', ["x-sig"])
    assert found == ((("x-sig", "t=1"),), b'{"a": "it\'s"}', "the body was a text of a program")
    assert of_text('x-sig: t=1\nbody={"a":1}, end', ["x-sig"]) == ((("x-sig", "t=1"),), b'{"a":1}', "")


def test_a_cause_is_told_with_its_cure_its_source_and_its_rule_and_a_text_with_what_stands_around():
    digest = hmac.new(b"key\r\n", b'{"slug":"s"}.1648190384', "sha256").hexdigest()
    url = f"/h?slug=s&signature=t%3D1648190384%2Csignature%3D{digest}"
    answer = explain("officernd", url, secret="key", now=1_648_190_384, mine=b'{"slug":"t"}.1648190384')
    lines = [*told(answer, 1_648_190_384)]
    assert lines[1:5] == [
        "Likely cause:",
        "  The key was the secret with CR and LF behind it.",
        "    What to do: Strip the line end when the secret is read from a file.",
        "    known from Windows files; rule officernd:signature.key; more: handshakes explain key-crlf",
    ]
    at = lines.index("Your text first differs from the signed message at byte 9: ours has s, yours has t.")
    assert lines[at + 1 : at + 3] == [
        '  ours:  …{"slug":"s"}.1648190384',
        '  yours: …{"slug":"t"}.1648190384',
    ]


def test_a_truth_value_in_json_is_no_parameter_and_a_number_is_one():
    value = {"slug": "a", "flag": True, "n": 7, "signature": "t=1"}
    assert parameters("", value, ["signature"]) == [("slug", "a"), ("n", "7"), ("signature", "t=1")]


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("https://p.example/h", "https://p.example/h"),
        ("https://p.example/", "https://p.example/h"),
        ("https://p.example/app", "https://p.example/app/h"),
        ("https://h", "https://h/h"),
    ],
)
def test_an_address_that_was_named_with_the_path_has_it_once(named, url):
    query = TARGET.partition("?")[2]
    assert read(TARGET.encode(), OFFICE, origins=[named]).url == f"{url}?{query}"


def test_a_time_of_at_most_fourteen_digits_may_be_of_another_clock():
    for digits, many in ((14, 4), (15, 0)):
        ids = [id for id, *_ in joined((b"{}", b"1" * digits))]
        assert ids.count("message-two-clocks") == many


def test_a_signature_without_the_name_of_its_header_is_read_by_its_form():
    value = "t=1648190384,signature=" + "0f" * 32
    assert of_text(f'We got {value} with {{"a":1}}', ["x-sig"]) == ((("x-sig", value),), b'{"a":1}', "")


def test_a_body_may_have_been_written_again_with_other_numbers_order_or_slashes():
    made = {(id, change): (text, cost) for id, text, change, cost in rewritten(b'{"b":[1,2.0],"a":"x/y"}')}
    expected = {
        ("json-number", "whole numbers with .0"): (b'{"b":[1.0,2.0],"a":"x/y"}', 1),
        ("json-number", "numbers without .0"): (b'{"b":[1,2],"a":"x/y"}', 1),
        ("json-rewritten", "json-python"): (b'{"b": [1, 2.0], "a": "x/y"}', 1),
        ("json-rewritten", "json-indented, a tab"): (
            b'{\n\t"b": [\n\t\t1,\n\t\t2.0\n\t],\n\t"a": "x/y"\n}',
            2,
        ),
        ("json-reordered", "members sorted"): (b'{"a":"x/y","b":[1,2.0]}', 1),
    }
    assert {key: made[key] for key in expected} == expected
    one = {
        change: (text, cost)
        for id, text, change, cost in rewritten(b'{"a":1,"b":-2,"c":3.5}')
        if id == "json-number"
    }
    assert one["number 1 with .0"] == (b'{"a":1.0,"b":-2,"c":3.5}', 2)
    assert one["number 2 with .0"] == (b'{"a":1,"b":-2.0,"c":3.5}', 2)
    assert b'{"a":"x/y"}' in [text for _, text, _, _ in rewritten(b'{"a":"x\\/y"}')]


def test_what_wget_posts_is_the_word_behind_its_option():
    command = fetch("wget --post-data a=b --quiet https://a.example/")
    assert command is not None and (command.url, command.body) == ("https://a.example/", b"a=b")


def test_an_export_in_base64_may_be_wrapped():
    wrapped = base64.encodebytes(PLAIN.encode()).decode()
    assert "\n" in wrapped.strip()
    assert opened(f'<request base64="true"><![CDATA[{wrapped}]]></request>', []) == PLAIN.encode()


def test_rows_of_name_and_value_may_say_key_for_name():
    rows = [{"key": "slug", "value": "a"}, {"name": "signature", "value": "t=1"}, {"value": "x"}]
    assert parameters("", rows, ["signature"]) == [("slug", "a"), ("signature", "t=1")]


@pytest.mark.parametrize("name", ["rawBody", "raw", "content"])
def test_a_request_that_a_tool_recorded_has_its_body_under_the_name_of_the_tool(name):
    signature = "t=1648190384,signature=" + "0f" * 32
    request = {
        "url": "https://p.example/hook",
        "headers": {"officernd-signature": signature},
        name: '{"event":1}',
    }
    found = read(json.dumps({"request": request}).encode(), OFFICE)
    assert found.body == b'{"event":1}'


def test_a_text_of_ones_own_is_explained_by_what_makes_it():
    digest = hmac.new(b"key", b'{"slug":"s"}.1648190384', "sha256").hexdigest()
    url = f"/h?slug=s&signature=t%3D1648190384%2Csignature%3D{digest}"
    answer = explain("officernd", url, secret="key", now=1_648_190_384, mine=b'{"slug": "s"}.1648190384')
    assert answer.mine is not None
    assert {one.id for one in answer.mine.explanations[0]} >= {"json-python", "json-spaced"}


def signed(time: str, message: bytes, key: bytes = b"key", name: str = "sha256") -> str:
    """Return a URL with the digest of a message under a key, which says that it was signed at a time."""
    digest = hmac.new(key, message, name).hexdigest()
    return f"/h?slug=s&locations=%C3%A9&signature=t%3D{time}%2Csignature%3D{digest}"


def test_three_usual_slips_are_found_by_the_long_search_alone():
    url = signed("1648190384", b'{"locations":"\\u00e9","slug":"s"}.1648190384', name="sha1")
    answer = explain("officernd", url, secret="key", now=1_648_190_384)
    assert (answer.explanations, answer.ended) == ((), "complete")
    longer = explain("officernd", url, secret="key", now=1_648_190_384, deep=True)
    assert longer.explanations[0][0].id == "order-sorted + json-ascii + mac-sha1"


def test_a_time_in_milliseconds_is_said_beside_another_cause_but_not_beside_one_of_the_time():
    texts = {
        time: f'{{"slug":"s","locations":"é"}}.{time}'.encode() for time in ("1648190384000", "1648190384")
    }
    for url, cause in (
        (
            signed("1648190384000", texts["1648190384000"], b"key\n"),
            ("key-line-end + time-in-milliseconds", ""),
        ),
        (signed("1648190384000", texts["1648190384"]), ("message-time-unit", "seconds")),
    ):
        answer = explain("officernd", url, secret="key", now=1_648_190_384)
        assert [(one.id, one.change) for one in answer.explanations[0]] == [cause]


def test_no_secret_is_shown_and_no_long_search_is_made_unless_that_is_asked_for():
    given = inspect.signature(explain).parameters
    assert {name: one.default for name, one in given.items() if isinstance(one.default, bool)} == {
        "show_secrets": False,
        "deep": False,
    }
