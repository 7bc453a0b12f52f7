"""Edges: each limit just kept and just passed, pairs of characters, and whole answers as a person sees them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import quote

import pytest

from handshakes.core.cases import Case, Mac
from handshakes.core.refusals import REASONS, Refused
from handshakes.core.stages import Stage
from handshakes.explain import explain
from handshakes.explain.answer import Answer, ShownStage
from handshakes.explain.budget import Budget
from handshakes.explain.commands import Command, curl, fetch
from handshakes.explain.departures import Difference
from handshakes.explain.differences import Mine, compared, named
from handshakes.explain.digests import comparing, lossy
from handshakes.explain.entries import described
from handshakes.explain.exports import opened
from handshakes.explain.heads import head_and_body, listed, unchunked
from handshakes.explain.key_forms import unquoted_secret
from handshakes.explain.mails import letter
from handshakes.explain.parameters import added, joined, reordered
from handshakes.explain.pasted import read
from handshakes.explain.printed import _bare
from handshakes.explain.ranking import Explanation, OnePart
from handshakes.explain.recognising import recognised
from handshakes.explain.recorded import Unreadable
from handshakes.explain.search import Hit, search
from handshakes.explain.structures import Spread
from handshakes.explain.telling import told
from handshakes.explain.unwrapping import _stars
from handshakes.platforms import PLATFORMS

OFFICE, OFFICES, RETAIL = (PLATFORMS[name].slips() for name in ("officernd", "onoffice", "retailcrm"))
QUERY = "slug=a&signature=t%3D1%2Csignature%3D0f"
SIGNATURE = "t=1,signature=" + "0f" * 32
HEADERS = {"officernd-signature": SIGNATURE}
URL = f"https://p.example/h?{QUERY}"


# --- what is said -----------------------------------------------------------------------------------------

BLANK, TAB, LINE = "a blank", "a tab", "a line end"
MORE, FEWER = "{} stands in yours that is not in ours", "{} of ours is missing in yours"
LINES = "line ends are LF on one side and CR LF on the other"


@pytest.mark.parametrize(
    ("ours", "yours", "name"),
    [
        ("xb", " xb", MORE.format(BLANK)), ("xb", "\txb", MORE.format(TAB)), ("xb", "\nxb", MORE.format(LINE)),
        (" xb", "xb", FEWER.format(BLANK)), ("\txb", "xb", FEWER.format(TAB)), ("\nxb", "xb", FEWER.format(LINE)),
        ("\nx", "\r\nx", LINES), ("\r\nx", "\nx", LINES),
        (" x", "\tx", "ours has a blank, yours has a tab"), ("\tx", " x", "ours has a tab, yours has a blank"),
        (" x", "\nx", "ours has a blank, yours has a line end"), ("\nx", "\tx", "ours has a line end, yours has a tab"),
        ("\nx", "yz", FEWER.format(LINE)), ("xy", "\rz", "ours has x, yours has ‹CR›"),
    ],
)  # fmt: skip
def test_blanks_tabs_and_line_ends_are_told_apart(ours, yours, name):
    assert named(f"a{ours}".encode(), f"a{yours}".encode(), 1) == name


HOST = "another scheme, host or port: yours was signed for another address than ours"


@pytest.mark.parametrize(
    ("ours", "yours", "name"),
    [
        ("https://a.example/h", "http://a.example/h", HOST),
        ("https://a.example/h", "https://a.example:443/h", HOST),
        ("https://a.example:443/h", "https://a.example/h", HOST),
        ("https://a.example/h", "https://b.example/h", HOST),
        ("https://a.example/h", "https://a.example/g", "ours has h, yours has g"),
        ("a b", "a%2520b", "yours is percent-encoded once more"),
        ("a b", "a%20b", "yours is percent-encoded here (%20), ours is decoded"),
        ("a%2fbc", "a%2Fbc", "the hex digits of an escape in another case"),
        ("a\\u00e9b", "a\\u00E9b", "the hex digits of an escape in another case"),
        ("a\\u00e9b", "aéb", "ours has the escape \\u00e9 where yours has the character itself"),
        ("aéb", "a\\u00e9b", "yours has the escape \\u00e9 where ours has the character itself"),
    ],
)
def test_addresses_and_escapes_are_told_apart(ours, yours, name):
    at = next(at for at, (one, two) in enumerate(zip(ours, yours, strict=False)) if one != two)
    assert named(ours.encode(), yours.encode(), len(ours[:at].encode())) == name


def test_of_masked_bytes_the_number_is_said():
    def name(ours: bytes, yours: bytes) -> str:
        return compared([Stage("message", ours)], yours, hidden=True).name

    assert name(b"ab", b"ac") == "ours has ‹1 masked byte›, yours has ‹1 masked byte›"
    missing = "yours ends here: 2 bytes of ours are missing, beginning with ‹2 masked bytes›"
    assert name(b"abc", b"a") == missing


def part(number: int) -> OnePart:
    return OnePart(f"slip-{number}", "slip", f"It says {number}.", "", f"Do {number}.", "", "")


def explanation(*numbers: int, change: str = "") -> Explanation:
    parts = tuple(part(number) for number in numbers)
    return Explanation(" + ".join(one.id for one in parts), "slip", "", change, parts)


def refused(*groups: tuple[Explanation, ...], **more: object) -> list[str]:
    """Return the lines of an answer behind the one that says the reason."""
    values = {"reason": "stale", "clause": "p:c", "says": "It is old.", "hint": "Sign again.", **more}
    answer = Answer("officernd", "a URL", (), "refused", explanations=groups, **values)
    first, *lines = told(answer, 0)
    assert first == "Refused: stale (p:c). It is old."
    return lines


def lines_of(number: int) -> list[str]:
    return [
        f"  It says {number}.",
        f"    What to do: Do {number}.",
        f"    more: handshakes explain slip-{number}",
    ]


@pytest.mark.parametrize(
    ("others", "told_of", "more"),
    [(0, 0, ""), (1, 1, ""), (2, 2, ""), (3, 3, ""), (4, 3, "    and 1 more"), (6, 3, "    and 3 more")],
)
def test_of_a_group_four_are_told_and_the_others_counted(others, told_of, more):
    group = tuple(explanation(number) for number in range(others + 1))
    behind = [f"    slip-{number}: It says {number}." for number in range(1, told_of + 1)]
    same = ["  These give the same bytes:"] if others else []
    assert refused(group) == ["Likely cause:", *lines_of(0), *same, *behind, *([more] if more else [])]


def test_three_groups_are_told_each_action_with_a_beginning_of_its_own():
    groups = [(explanation(number),) for number in range(4)]
    alone = ["Likely cause:", *lines_of(0), "Or:", *lines_of(1), "Or:", *lines_of(2)]
    assert refused(*groups) == alone
    actions = [(explanation(number, change=f"in action {number + 1} of 2"),) for number in range(2)]
    assert refused(*actions) == ["Likely cause:", *lines_of(0), "Likely cause:", *lines_of(1)]


def test_a_part_is_told_with_what_was_changed_its_source_and_its_rule():
    one = OnePart("slip-0", "slip", "It says 0.", "the way", "Do 0.", "a book", "p:rule")
    two = OnePart("slip-1", "slip", "It says 1.", "", "Do 1.", "", "p:other")
    assert refused((Explanation("", "slip", "", "", (one, two)),), then="too-large") == [
        "Likely cause:",
        "  It says 0 (the way).",
        "    What to do: Do 0.",
        "    known from a book; rule p:rule; more: handshakes explain slip-0",
        "  It says 1.",
        "    What to do: Do 1.",
        "    rule p:other; more: handshakes explain slip-1",
        f"With the right signature it is refused all the same: too-large. {REASONS['too-large'].meaning}",
    ]
    group = (explanation(0), Explanation("both", "slip", "", "", (one, two)))
    assert refused(group)[-2:] == [
        "  These give the same bytes:",
        "    both: It says 0 (the way). It says 1.",
    ]


REMAINS = (
    "What may remain: another secret (that of another installation, or an old one), bytes that were changed in a "
    "way that is not known here, or values that are not in what was pasted."
)


def test_where_nothing_explains_it_is_said_how_far_the_search_went():
    none = "No known mistake gives the received value: 7 combinations were tried."
    assert refused() == ["  Sign again."]
    assert refused(tried=7) == ["  Sign again.", none, REMAINS]
    longer = "The budget ended the search; --deep searches longer."
    assert refused(tried=7, ended="budget") == ["  Sign again.", none, longer, REMAINS]
    assert refused(signature_fits=True, tried=7) == ["  The signature itself is right.", "  Sign again."]
    assert refused(evidence={"age": "301", "limit": "300"}) == ["  age: 301", "  limit: 300", "  Sign again."]


def test_ones_own_text_or_digest_is_told_of():
    def lines(mine: Mine) -> list[str]:
        first, *others = refused(mine=mine)
        assert first == "  Sign again."
        return others

    assert lines(Mine("message")) == [
        "Your text is the signed message, byte for byte: look at the secret and at how the digest is made."
    ]
    assert lines(Mine("json", tried=3)) == [
        "Your text is the stage json; what is signed is the stage message."
    ]
    first = "Your text first differs from the signed message at byte 0: a tab."
    none = "No known mistake gives yours: 3 combinations were tried."
    assert lines(Mine("", 0, "a", "", "a tab", tried=3)) == [first, "  ours:  …a", "  yours: …", none]
    assert lines(Mine("", 0, "", "b", "a tab")) == [first, "  ours:  …", "  yours: …b"]
    assert lines(Mine("", 0, "", "", "a tab")) == [first]
    right = "Your digest is right for what was received: compare it with the request's in constant time, as bytes."
    assert lines(Mine(digest_fits=True, tried=3)) == [right]
    assert lines(Mine(explanations=((explanation(0),),), tried=3)) == [
        "How yours is made:",
        "Likely cause:",
        *lines_of(0),
    ]


@pytest.mark.parametrize(("length", "shown"), [(500, "x" * 500), (501, "x" * 499 + "…")])
def test_a_value_of_500_characters_is_shown_whole(length, shown):
    names = ["x" * length]
    returns = {
        "says": "",
        "parameters": [["a", "x" * length]],
        "covered": names,
        "not_covered": names,
        "timestamp": 0,
    }
    answer = Answer("officernd", "a URL", (), "verified", returns=returns)
    assert [*told(answer, 1)] == [
        "Verified. Signed at 0, 1 s before 1.",
        f"  a = {shown}",
        f"  covered: {shown}",
        f"  not covered: {shown}",
    ]
    undone = Answer(
        "officernd", "a URL", ("b", "c"), "verified", returns={**returns, "parameters": [], "covered": [], "timestamp": None, "says": "Right."}
    )  # fmt: skip
    assert [*told(undone, 1)] == [
        "Read as a URL. Undone: b; c.",
        "Right.",
        "  It verifies after what was undone: a receiver that got it as it was pasted refuses it.",
        "  covered: nothing",
        f"  not covered: {shown}",
    ]


def test_the_stages_are_told_below_each_other():
    stages = (
        ShownStage("url", 1, "a"),
        ShownStage("message", 2, "bc"),
        ShownStage("bytes", 3, "", "ff00ff"),
        ShownStage("key", 4, "…", "", masked=True),
        ShownStage("none", 0, ""),
    )
    answer = Answer(
        "officernd", "a HAR file", (), "refused", "stale", "p:c", "It is old.", "Sign again.", stages=stages
    )
    assert [*told(answer, 0)] == [
        "Read as a HAR file.",
        "Refused: stale (p:c). It is old.",
        "  Sign again.",
        "From the request to the signed bytes:",
        "  url      a (1 byte)",
        "  message  bc (2 bytes)",
        "  bytes    hex ff00ff (3 bytes)",
        "  key      …",
        "  none      (0 bytes)",
        "  (on your own terminal, --show-secrets shows what is masked)",
    ]
    assert [*told(Answer("officernd", "", (), "unrecognised", says="It is empty."), 0)] == [
        "Nothing to verify: It is empty."
    ]
    doubted = Answer(
        "officernd",
        "a request target",
        (),
        "refused",
        "stale",
        "p:c",
        "Old.",
        "Again.",
        doubts=("One.", "Two."),
    )
    assert [*told(doubted, 0)] == ["Note: One.", "Note: Two.", "Refused: stale (p:c). Old.", "  Again."]


def test_what_an_answer_does_not_say_is_empty():
    """Each name of the published form, with the value that says nothing."""
    assert Answer("p", "a URL", (), "verified").as_json() == {
        "platform": "p", "took": "a URL", "undone": (), "verdict": "verified", "reason": "", "clause": "", "says": "",
        "hint": "", "evidence": {}, "doubts": (), "returns": None, "signature_fits": False, "stages": (),
        "explanations": (), "then": "", "tried": 0, "ended": "complete", "mine": None,
    }  # fmt: skip
    assert ShownStage("a", 1, "b") == ShownStage("a", 1, "b", "", False, "")
    assert Difference(1) == Difference(1, "", "")
    assert Spread("/") == ("/", "", "", "") and not Spread("/").headers()
    assert Command("a") == Command("a", "", "", (), b"", [])


NEEDED = {
    "officernd": "a parameter signature nor a body",
    "retailcrm": "a parameter register nor a body",
    "onoffice": "a parameter signature nor a body",
    "fortis": "a parameter data nor a parameter hmac",
}


def said(platform: str, pasted: str) -> str:
    with pytest.raises(Unreadable) as unreadable:
        read(pasted.encode(), PLATFORMS[platform].slips())
    return str(unreadable.value)


@pytest.mark.parametrize("platform", NEEDED)
def test_what_holds_nothing_that_is_signed_is_told_what_it_needs(platform):
    needs = f"This was read as an HTTP request, but it holds neither {NEEDED[platform]}."
    assert said(platform, "GET /h HTTP/1.1\nhost: a.example\n") == needs

    def har(many: int) -> str:
        return json.dumps({"log": {"entries": [{"request": {"url": "/"}}] * many}})

    assert said(platform, har(0)) == "This is a HAR file without requests."
    assert said(platform, har(1)) == "This is a HAR file with 1 request, which does not carry a signature."
    assert said(platform, har(2)) == "This is a HAR file with 2 requests, none of which carries a signature."


def test_a_body_that_needs_a_header_or_a_url_is_told_so():
    assert said("officernd", '{"a":1}') == (
        "This was read as a JSON body. A webhook also needs its signature: add --header 'officernd-signature: …'."
    )
    with pytest.raises(Unreadable) as unreadable:
        read(b"\xff\x00\x01abc", PLATFORMS["fortis"].slips())
    assert str(unreadable.value) == (
        "This was read as a binary body, but this platform signs URLs. Paste the whole URL."
    )
    one, two = "No request was recognised in 1 byte.", "No request was recognised in 2 bytes."
    how = " Paste a URL, a curl command, a log line, a HAR file or a raw HTTP request."
    assert (said("officernd", "x"), said("officernd", "xy")) == (one + how, two + how)


# --- what is read -----------------------------------------------------------------------------------------


def test_one_line_of_a_quoted_mail_is_read():
    found = read(f"> {URL}".encode(), OFFICE)
    assert found.url == URL
    assert found.undone == ("the marks of a quoted mail stood before its lines",)


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_header_of_a_mail_may_go_on_in_the_next_line(blank):
    """RFC 5322, 2.2.3: a line that begins with a blank or a tab belongs to the one above."""
    head = f"From: a\nSubject: b\n{blank}no colon\nTo: c"
    assert letter(f"{head}\n\n{URL}", []) == URL.encode()


def test_a_list_of_headers_may_end_with_a_name():
    assert listed(":path\n/p\n:authority") == ((":path", "/p"),)
    assert listed("a\n:path") == ()


@pytest.mark.parametrize("query", [QUERY, f"?{QUERY}"])
def test_a_query_that_stands_apart_may_have_its_question_mark(query):
    request = {"url": "https://p.example/h", "method": "GET", "headers": [], "query_string": query}
    assert read(json.dumps({"request": request}).encode(), OFFICE).url == URL


def test_a_call_is_read_before_a_signature_that_stands_by_its_name():
    call = '{"token":"t","request":{"actions":[{"actionid":"a","resourceid":"","identifier":"","resourcetype":"estate","timestamp":1,"hmac":"0f=","hmac_version":"2","parameters":{}}]}}'
    found = read(f"signature: 0f\nurl: /p\n{call}".encode(), OFFICES)
    assert (found.url, found.body, found.took) == ("", call.encode(), "a call of the API in a text")


@pytest.mark.parametrize(
    ("pasted", "platforms"),
    [
        (URL, ["officernd"]),
        ("register=%7B%22apiKey%22%3A%22k%22%2C%22systemUrl%22%3A%22https%3A%2F%2Fa.simla.com%22%7D", ["retailcrm"]),
        (f"https://p.example/?location_id=a&timestamp=1648190384&hmac={'0' * 64}", ["fortis"]),
    ],
)  # fmt: skip
def test_a_request_that_the_first_platforms_cannot_read_is_recognised(pasted, platforms):
    assert recognised(pasted.encode(), secret="s", now=1_648_190_384)[:1] == platforms


FORM, JSON = b"a=b+c&d=%C3%A9", b'{"a": "b c", "d": "\\u00e9"}'


@pytest.mark.parametrize(
    ("options", "headers", "body"),
    [
        ("-f", (), FORM),
        ("--form", (), FORM),
        ("--multipart", (), FORM),
        ("--json", (("content-type", "application/json"),), JSON),
    ],
)
def test_fields_of_httpie_are_a_form_or_json(options, headers, body):
    """HTTPie's manual: fields are sent as JSON, unless an option asks for a form."""
    command = fetch(f"http {options} POST https://a.example/ 'a=b c' d=é")
    assert command is not None
    assert (command.url, command.body, command.headers) == ("https://a.example/", body, headers)


WRAPPED = base64.encodebytes(b'{"event":"' + b"x" * 60 + b'"}').decode()


@pytest.mark.parametrize("coded", [WRAPPED, WRAPPED.replace("\n", "\r\n"), WRAPPED.replace("\n", "")])
def test_a_body_in_base64_may_be_wrapped(coded):
    assert "\n" in WRAPPED.strip()
    data = {"text": coded, "encoding": "base64"}
    har = {"url": "https://p.example/h", "method": "POST", "headers": HEADERS, "postData": data}
    event = {
        "rawQueryString": "",
        "rawPath": "/h",
        "headers": HEADERS,
        "body": coded,
        "isBase64Encoded": True,
    }
    for pasted in ({"request": har}, event):
        found = read(json.dumps(pasted).encode(), OFFICE)
        assert found.body == base64.b64decode(WRAPPED)
        assert found.undone == ("the body was in base64",)
    event["body"] = coded + "?"
    with pytest.raises(Unreadable, match=r"^The body is said to be in base64, but it is not base64\.$"):
        read(json.dumps(event).encode(), OFFICE)


BEGINNINGS = (
    *(
        f"{method} /h?signature=t HTTP/1.1\r\n"
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
    ),
    *("http://p.example/h?a=b&", "https://p.example?a=b&", "slug=a&b=", "location_id=a&b="),
)


def in_lines(text: str) -> list[str]:
    """Return a text in one line, in lines of 20, and so with CR LF and blanks."""
    rows = [text[at : at + 20] for at in range(0, len(text), 20)]
    return [text, "\n".join(rows), "\r\n  ".join(rows)]


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_whole_request_may_be_in_base64_or_in_hex_in_one_line_or_wrapped(beginning):
    request = beginning.ljust(60, "x").encode()
    for text, said in (
        (base64.b64encode(request).decode(), "the whole of it was in base64"),
        (request.hex(), "the whole of it was in hex"),
    ):
        for pasted in in_lines(text):
            undone: list[str] = []
            assert (opened(pasted, undone), undone) == (request, [said])
    strange = beginning.replace("=", "-").replace("?", "-").replace("HTTP", "HTML").ljust(60, "x").encode()
    assert opened(base64.b64encode(strange).decode(), []) is None is opened(strange.hex(), [])


def test_what_is_short_is_not_taken_for_base64_or_hex():
    for length, is_read in ((45, False), (46, True)):  # 60 and 64 characters
        assert (opened(base64.b64encode(b"slug=".ljust(length, b"x")).decode(), []) is not None) is is_read
    for length, is_read in ((50, False), (51, True)):  # 100 and 102
        assert (opened(b"slug=".ljust(length, b"x").hex(), []) is not None) is is_read


@pytest.mark.parametrize(
    ("named_", "target", "url"),
    [
        ("https://p.example/appX", "/h", "https://p.example/appX/h"),
        ("https://p.example/app/", "/h", "https://p.example/app/h"),
        ("https://p.example/h", "/hX", "https://p.example/h/hX"),
        ("https://p.example/h/", "/h/", "https://p.example/h/"),
        ("https://p.example/h", "/h/", "https://p.example/h/"),
        ("https://p.example/app", "/", "https://p.example/app"),
        ("https://p.example", "/", "https://p.example/"),
        ("https://p.example/", "/", "https://p.example/"),
    ],
)
def test_an_address_that_was_named_is_put_before_the_path_as_it_is_written(named_, target, url):
    found = read(f"{target}?{QUERY}".encode(), OFFICE, origins=[named_])
    assert found.url == f"{url}?{QUERY}"


CHUNKS = b"3\r\nabc\r\n1a;x=y\r\n" + b"d" * 26 + b"\r\n0\r\n\r\n"


def test_chunks_of_a_body_are_put_together_where_their_lengths_are_right():
    """RFC 9112, 7.1: lengths in hex, extensions behind a semicolon, a chunk of no length at the end."""
    assert unchunked(CHUNKS) == b"abc" + b"d" * 26
    assert unchunked(b"3\nabc\n0\n\n") == b"abc"
    for wrong in (b"4\r\nabc", b"3\r\nabc\r\n", b"3\r\nabc\r\nx\r\n", b"", b"0000003\r\nabc\r\n0\r\n"):
        assert unchunked(wrong) == b""
    found = head_and_body("a: b\nTransfer-Encoding: Chunked\n\n" + CHUNKS.decode(), b"", True)
    assert found == (
        (("a", "b"), ("transfer-encoding", "Chunked")),
        b"abc" + b"d" * 26,
        ("the body was sent in chunks",),
    )


@pytest.mark.parametrize(
    ("length", "cut"), [("4", True), ("0000004", True), ("00000004", False), ("x", False), ("6", False)]
)
def test_line_ends_beyond_the_length_of_a_body_are_taken_off(length, cut):
    found = head_and_body(f"content-length: {length}\n\nabcd\n\n", b"", True)
    undone = ("line ends behind the body, beyond its Content-Length",)
    assert found is not None
    assert (found.body, found.undone) == ((b"abcd", undone) if cut else (b"abcd\n\n", ()))
    found = head_and_body("content-length: 3\n\nabcd\n", b"", True)
    assert found is not None and (found.body, found.undone) == (b"abcd\n", ())


def test_the_parts_of_a_mail_are_read_each_in_its_encoding():
    """RFC 2046, 5.1: parts between lines with the boundary; RFC 2045, 6: quoted-printable and base64."""
    parts = (
        "--B\nContent-Type: text/plain\n\none=3D",
        "--B\nContent-Transfer-Encoding: quoted-printable\n\ntwo=3D",
        f"--B\nContent-Transfer-Encoding: BASE64\n\n{base64.b64encode(b'three').decode()}\n",
        "--B\nContent-Transfer-Encoding: base64\n\nfour?",
        "--B\nContent-Type: text/plain",
        "--B--",
    )
    undone: list[str] = []
    head = 'From: a\nTo: b\nContent-Type: multipart/mixed; boundary="B"\n\n'
    text = letter(head + "before\n" + "\n".join(parts), undone)
    assert text == b"one=3D\n\ntwo=\n\nthree\n\nfour?"
    assert undone == ["the head of a mail"]
    for blank in ("\n", "\r\n"):
        undone.clear()
        coded = f"X-A: b{blank}Content-Transfer-Encoding: Quoted-Printable{blank}{blank}a=3Db"
        assert letter(coded, undone) == b"a=b"
        assert undone == ["the source of a mail, quoted-printable"]
        assert letter(f"Host: a{blank}" + coded, []) is None  # a request of HTTP
    assert letter("From: a\nTo: b", []) is None
    assert letter("From: a\nno header\nTo: b\n\nc", []) is None


@pytest.mark.parametrize(
    "header", ["referer", "x-original-url", "x-original-uri", "x-forwarded-uri", "location"]
)
def test_a_url_may_stand_in_a_header(header):
    other = f"x-other: /o?{QUERY}\n"
    found = read(
        f"GET /g HTTP/1.1\nreferer: /r?a=b\n{other}{header}: {URL}\nlocation: /l?{QUERY}\n".encode(), OFFICE
    )
    assert (found.url, found.undone) == (URL, (f"the URL stood in the header {header}",))
    with pytest.raises(Unreadable):
        read(f"GET /g HTTP/1.1\n{other}".encode(), OFFICE)


@pytest.mark.parametrize(
    ("target", "url"), [("/h", "https://p.example/h?{}"), ("/h?c=d", "https://p.example/h?c=d&{}")]
)
def test_parameters_that_were_posted_are_put_into_the_url_where_urls_are_signed(target, url):
    form = "location_id=a&timestamp=1&hmac=" + "0" * 64
    fortis = PLATFORMS["fortis"].slips()
    found = read(f"POST {target} HTTP/1.1\nHost: p.example\n\n{form}".encode(), fortis)
    assert found.url == url.format(form)
    assert found.undone[-1] == "the parameters were in the body"
    with pytest.raises(Unreadable, match="it holds neither a parameter data nor a parameter hmac"):
        read(f"POST {target.partition('?')[0]} HTTP/1.1\nHost: p.example\n\na=b".encode(), fortis)


def har(*requests: dict[str, object]) -> bytes:
    return json.dumps({"log": {"entries": [{"request": one} for one in requests]}}).encode()


def test_of_recorded_requests_the_surest_is_read():
    weak, strong = "https://a.example/?hmac=0f", f"https://a.example/?location_id=a&hmac={'0' * 64}"
    found = read(har({"url": weak}, {"url": strong}, {"url": strong + "&b=c"}), PLATFORMS["fortis"].slips())
    assert found.url == strong
    assert found.took == "a HAR file (request 2 of 3, the first of 2 with a signature)"
    data = {"text": "{}"}
    found = read(har({"method": "POST", "headers": HEADERS, "postData": data}), OFFICE)
    assert (found.url, found.method, found.body, found.took) == ("", "POST", b"{}", "a HAR file")


def test_a_recorded_call_is_read_among_other_requests():
    call = '{"token":"t","request":{"actions":[{"actionid":"a","hmac":"0f=","hmac_version":"2"}]}}'
    found = read(har({"url": "/a"}, {"url": "/b", "postData": {"text": call}}), OFFICES)
    assert (found.url, found.body) == ("/b", call.encode())
    assert found.took == "a HAR file (request 2 of 2, the first of 1 with a signature)"


def test_what_another_command_asks_for_is_its_first_address():
    for command, url in (
        ("wget /p?a=b", "/p?a=b"),
        ("wget -q https://a.example/ https://b.example/", "https://a.example/"),
        ("iwr -Uri https://a.example/?a=b", "https://a.example/?a=b"),
        ("http https://a.example/ a==b c==d", "https://a.example/?a=b&c=d"),
        ("http https://a.example/?x=y a==b", "https://a.example/?x=y&a=b"),
    ):
        found = fetch(command)
        assert found is not None and found.url == url
        assert found.body == b""
    assert fetch("wget --help") is None


@pytest.mark.parametrize(
    ("rows", "body"),
    [
        ([{"name": "register", "value": "a%20b+c"}, {"name": "d", "value": "*!'()-._~"}], b"register=a%20b+c&d=*!'()-._~"),
        ([{"name": "register", "value": "a b"}, {"name": "d"}, {"value": "é"}], b"register=a+b&d=&=%C3%A9"),
        ([{"name": "register", "value": "\ud800"}, ["d", "e"], ["f"], ["g", "h", "i"], "jk", None], b"register=%ED%A0%80&d=e"),
    ],
)  # fmt: skip
def test_the_fields_of_a_recorded_form_are_its_body(rows, body):
    """Chromium's HAR has them encoded, Firefox's not."""
    one = {"url": "https://p.example/h", "method": "POST", "headers": [], "postData": {"params": rows}}
    assert read(har(one), RETAIL).body == body
    one["postData"] = {"params": rows, "text": "register=x"}
    assert read(har(one), RETAIL).body == b"register=x"


# --- what is tried ----------------------------------------------------------------------------------------


def test_a_name_that_is_missing_is_tried_everywhere_among_seven_and_at_the_ends_of_more():
    for many, places, two in ((7, 8, 21), (8, 2, 28), (9, 2, 0)):  # 7 * 6 / 2, 8 * 7 / 2
        pairs = tuple((f"n{number}", "1") for number in range(many))
        made = [*added(pairs, ("more",))]
        assert [id for id, *_ in made].count("parameter-missing") == places
        assert len([change for _, _, change, _ in made if " and " in change]) == two


def test_parameters_are_left_out_or_added_in_these_ways():
    s, f, u = ("slug", "a"), ("fbclid", "x"), ("utm_a", "")
    empty = "A value was put into {} on the way: the signature fits with an empty one."
    assert [*added((s, f, u), ("to", "slug"))] == [
        ("parameter-added", (s,), "without fbclid, utm_a", 1),
        ("parameter-added", (s, f), "without utm_a", 1),
        ("parameter-added", (s, u), "without fbclid", 1),
        ("parameter-added", (s, ("fbclid", ""), u), empty.format("fbclid"), 2),
        ("parameter-added", (f, u), "without slug", 1),
        ("parameter-added", (("slug", ""), f, u), empty.format("slug"), 2),
        ("parameter-added", (u,), "without slug and fbclid", 2),
        ("parameter-added", (f,), "without slug and utm_a", 2),
        ("parameter-added", (s,), "without fbclid and utm_a", 2),
        ("parameter-missing", (("to", ""), s, f, u), "with an empty to", 2),
        ("parameter-missing", (s, ("to", ""), f, u), "with an empty to", 1),
        ("parameter-missing", (s, f, ("to", ""), u), "with an empty to", 2),
        ("parameter-missing", (s, f, u, ("to", "")), "with an empty to", 1),
    ]
    eight = tuple((f"n{number}", "") for number in range(8))
    made = [(way, cost) for id, way, _, cost in added(eight, ("to",)) if id == "parameter-missing"]
    assert made == [((("to", ""), *eight), 2), ((*eight, ("to", "")), 1)]
    kept = [(way, said, cost) for _, way, said, cost in added(eight, ()) if "last" in said]
    assert kept == [(eight[:many], f"without the last {8 - many}", 2) for many in range(5, 0, -1)]
    double = (("a", "1"), ("a", "2"), ("b", ""))
    ids = [(id, said, cost) for id, _, said, cost in added(double, ()) if id == "parameter-doubled"]
    twice = "The parameter a occurs twice, as 1 and 2: the signature fits with the {}."
    assert ids == [("parameter-doubled", twice.format(one), 1) for one in ("first", "second")]
    many = tuple((f"n{number}", "") for number in range(25))
    assert len([said for _, _, said, _ in added(many, ()) if said.startswith("without n")]) == 20


def test_no_order_of_equal_parameters_is_tried_twice():
    pairs = (("b", "1"), ("a", "1"), ("a", "1"), ("c", "2"))
    made = [way for _, way, _, _ in reordered(pairs, ())]
    assert len(made) == len({*made}) == 11  # 4! / 2 - 1


def test_text_and_time_are_joined_in_these_ways():
    """By hand; the ways with a time of another clock or another zone are counted elsewhere."""
    made = {}
    for id, way, change, _ in joined((b'{"a":1}', b"17")):
        if "clocks" not in id and "zone" not in id:
            made.setdefault(id, []).append((change, way))
    between = [("nothing", b""), *((repr(one), one.encode()) for one in ".:\n|&-_ ,;/=")]
    assert made == {
        "message-separator": [(f"{said} between them", b'{"a":1}' + one + b"17") for said, one in between],
        "message-time-first": [(f"{said} between them", b"17" + one + b'{"a":1}') for said, one in between],
        "message-no-time": [("", b'{"a":1}')],
        "message-time-alone": [("", b"17")],
        "message-line-end": [("", b'{"a":1}.17\n')],
        "message-time-unit": [
            ("milliseconds", b'{"a":1}.17000'),
            ("milliseconds, nothing between them", b'{"a":1}17000'),
            ("milliseconds, in front", b'17000.{"a":1}'),
            ("with a fraction", b'{"a":1}.17.0'),
            ("with a fraction, nothing between them", b'{"a":1}17.0'),
            ("with a fraction, in front", b'17.0.{"a":1}'),
        ],
        "message-time-named": [
            ("t= before the time", b'{"a":1}.t=17'),
            ("t= and the time in front", b't=17.{"a":1}'),
            ("&timestamp= before the time", b'{"a":1}&timestamp=17'),
        ],
        "message-time-inside": [
            ("as t", b'{"a":1,"t":17}'),
            ("as t", b'{"a":1,"t":"17"}'),
            ("as timestamp", b'{"a":1,"timestamp":17}'),
            ("as timestamp", b'{"a":1,"timestamp":"17"}'),
        ],
    }


def test_text_and_time_of_another_clock_or_zone_are_joined_in_these_ways():
    made = {(id, change): way for id, way, change, _ in joined((b"{}", b"100000"))}
    both = "message-time-zone + message-separator"
    assert {key: made[key] for key in [
        ("message-two-clocks", "2 s later"), ("message-two-clocks", "1 s earlier"),
        ("message-time-zone", "12 h earlier"), ("message-time-zone", "0.5 h later"), ("message-time-zone", "14 h later"),
        (both, "1 h later + nothing between them"), (both, "3 h earlier + '|' between them"),
    ]} == {
        ("message-two-clocks", "2 s later"): b"{}.100002",
        ("message-two-clocks", "1 s earlier"): b"{}.99999",
        ("message-time-zone", "12 h earlier"): b"{}.56800",
        ("message-time-zone", "0.5 h later"): b"{}.101800",
        ("message-time-zone", "14 h later"): b"{}.150400",
        (both, "1 h later + nothing between them"): b"{}103600",
        (both, "3 h earlier + '|' between them"): b"{}|89200",
    }  # fmt: skip
    ids = [id for id, *_ in joined((b"{}", b"1e3"))]
    assert not {"message-two-clocks", "message-time-zone", "message-time-unit"} & {*ids}


@pytest.mark.parametrize("length", [8, 15, 16, 17, 31, 32, 33, 34, 40, 47, 48, 63])
def test_a_digest_of_sha512_may_be_cut_at_any_length_from_eight_bytes_on(length):
    digest = hashlib.sha512(b"a").digest()
    for received in (digest[:length].hex(), base64.b64encode(digest[:length]).decode()):
        slips = comparing(received)(digest)
        assert slips is not None and slips[-1] == "form-cut"
    assert comparing(digest[: length - 1].hex())(digest[1:]) is None


def test_a_digest_within_a_longer_text_may_be_cut_too():
    digest = hashlib.sha512(b"a").digest()
    coded = base64.b64encode(digest[:40].hex().encode()).decode()
    assert comparing(coded)(digest) == ("form-base64-of-hex", "form-cut")
    assert comparing(digest[:24].hex())(digest[:24]) is None  # no digest has 24 bytes
    assert comparing(base64.b64encode(b"no/digest+at_all=" * 2).decode())(digest) is None


def test_a_digest_of_signed_bytes_may_be_short_where_most_of_it_is_zero():
    made = bytes(15) + b"\xff"
    assert lossy(made, "0" * 15 + "ffffffff") == ("form-sign-extended",)
    assert lossy(bytes([200] * 16), "ffffffc8" * 16) == ("form-sign-extended",)
    assert lossy(bytes([200] * 16), "ffffffffffffffc8" * 16) == ("form-sign-extended",)
    assert lossy(bytes([200] * 16), "ffffffc9" * 16) is None
    assert lossy(bytes([128] * 16), "ffffff80" * 16) == ("form-sign-extended",)
    assert lossy(bytes([127, 128] * 8), "7fffffff80" * 8) == ("form-sign-extended",)
    assert lossy(bytes([7, 128] * 8), "07ffffff80" * 8) == ("form-sign-extended",)
    assert lossy(bytes([7, 128] * 8), "7ffffff80" * 8) == ("form-sign-extended",)


def test_a_digest_that_was_read_as_utf_8_or_as_a_number_is_recognised():
    """U+FFFD stands for each byte that is not UTF-8; a number may be signed, or in hex behind a minus."""
    made = b"\xff" * 16
    text = ("\ufffd" * 16).encode()
    for received in (text.hex(), text.hex().upper(), base64.b64encode(text).decode()):
        assert lossy(made, received) == ("form-as-text",)
    assert lossy(b"j" * 16, (b"j" * 16).hex()) is None
    short = (10**31).to_bytes(16)
    for number, digest in (
        ("1" + "0" * 31, short),
        ("-1", made),
        (str(2**128 - 1), made),
        ("-2", made[:15] + b"\xfe"),
    ):
        assert comparing(number)(digest) == ("form-number",)
    assert lossy(made, "-3") is None is lossy(made, "3" * 39)
    for many, slips in (
        (64, ("form-number",)),
        (65, None),
        (9_000, None),
    ):  # Python writes no number of 9000 bytes
        assert lossy(b"\xff" * many, "-1") == slips
    assert lossy(b"\x10" * 9_000, "1" * 64) is None


PLUS = "X+B+" * 10 + "A+A="
"""Base64 of 32 bytes that has plus signs."""
HEX = base64.b64decode(PLUS).hex()


@pytest.mark.parametrize(
    ("received", "slips"),
    [
        (PLUS, ("form-base64",)),
        (PLUS.replace("+", " "), ("form-base64", "plus-as-blank")),
        (PLUS.replace("+", "%2B").replace("=", "%3D"), ("form-percent", "form-base64")),
        (PLUS.replace("+", "-"), ("form-base64url",)),
        (PLUS.replace("+", "-").rstrip("="), ("form-base64url", "form-unpadded")),
        (PLUS[:-1] + "-", None),
        (f'"{HEX}', ("form-quoted",)),
        (f'{HEX}"', ("form-quoted",)),
        (f"'{HEX}", ("form-quoted",)),
        (f"{HEX}'", ("form-quoted",)),
    ],
)
def test_a_digest_with_half_its_quotes_or_with_blanks_for_plus_is_read(received, slips):
    assert comparing(received)(bytes.fromhex(HEX)) == slips


def test_of_two_marks_of_padding_one_may_be_missing():
    coded = base64.b64encode(b"\xfe" * 16).decode()
    assert coded.endswith("==")
    for missing, slips in (
        (0, ("form-base64",)),
        (1, ("form-base64", "form-unpadded")),
        (2, ("form-base64", "form-unpadded")),
    ):
        assert comparing(coded[: len(coded) - missing])(b"\xfe" * 16) == slips


def test_each_of_twelve_parameters_may_have_stood_first_or_last():
    for many, moved in ((12, 12), (13, 0)):
        pairs = tuple((f"n{number:02}", "") for number in range(many))
        made = [(way, said_, cost) for id, way, said_, cost in reordered(pairs, ()) if id == "order-changed"]
        assert len(made) == 2 * moved - 2 * (moved > 0)  # the first is first, and the last is last
    made = {said_: way for _, way, said_, _ in reordered((("a", ""), ("b", ""), ("c", ""), ("d", "")), ())}
    assert [name for name, _ in made["c stood first"]] == ["c", "a", "b", "d"]
    assert [name for name, _ in made["b stood last"]] == ["a", "c", "d", "b"]
    assert [name for name, _ in made["as b, d, a, c"]] == ["b", "d", "a", "c"]


def test_a_derivation_that_is_too_long_is_put_off_and_one_that_the_budget_has_not_is_left_out():
    """The others go on; one of at most 1000 rounds is not put off."""

    def mac(name: str, rounds: int | None) -> Mac:
        return Mac(
            (name,), lambda key, text: b"\1" * 32, rounds=None if rounds is None else lambda key, text: rounds
        )

    macs = (mac("1001", 1_001), mac("1000", 1_000), mac("none", None), mac("2000", 2_000))
    case = Case((b"m", "01" * 32), (), lambda secret, clause: b"k", "toy:key", macs=macs, general=False)

    def found(rounds: int) -> tuple[list[str], bool, int]:
        outcome = search(case, secret="k", budget=Budget(rounds=rounds), depth=2)
        return [hit.path[0][0] for hit in outcome.hits], outcome.complete, outcome.tried

    assert found(4_001) == (["1000", "none", "1001", "2000"], True, 4)
    assert found(4_000) == (["1000", "none", "1001"], False, 3)
    assert found(2_000) == (["1000", "none"], False, 2)
    assert found(999) == (["none"], False, 1)


OLD = "officernd:signature.message=timestamp-payload"


@pytest.mark.parametrize(("later", "then"), [(10, ""), (100_000, "stale")])
def test_a_reading_explains_a_request_of_any_age(later, then):
    time = 1_648_190_384
    digest = hmac.new(b"key", b'1648190384.{"slug":"s"}', "sha256").hexdigest()
    url = f"/h?slug=s&signature=t%3D{time}%2Csignature%3D{digest}"
    answer = explain("officernd", url, secret="key", now=time + later)
    assert OLD in [one.id for one in answer.explanations[0]]
    assert answer.then == then


def test_a_reading_that_is_not_known_is_refused_before_the_request_is():
    call = '{"token":"t","request":{"actions":[{"actionid":"a","resourceid":"","identifier":"","resourcetype":"estate","timestamp":1,"hmac":"0f=","hmac_version":"2","parameters":{}}]}}'
    for platform, pasted in (
        ("officernd", URL),
        ("onoffice", URL),
        ("onoffice", call),
        ("retailcrm", "register="),
    ):
        with pytest.raises(Refused) as refused_:
            explain(platform, pasted, secret="key", now=1, readings=[f"{platform}:none=such"])
        assert refused_.value.reason == "unknown-reading"


@pytest.mark.parametrize("mark", ['"', "'", "`", "X"])
def test_a_secret_is_taken_out_of_quotes_alone(mark):
    assert unquoted_secret(f"{mark}ab{mark}") == ("ab" if mark != "X" else "XabX")
    assert unquoted_secret(f"{mark}ab") == f"{mark}ab"
    assert unquoted_secret(mark * 2) == mark * 2
    assert unquoted_secret(mark * 3) == (mark if mark != "X" else "XXX")


# --- halves of a surrogate pair ---------------------------------------------------------------------------

HALF, RAW = "\\ud800", b"\xed\xa0\x80"
"""U+D800 as JSON and bash escape it, and the three bytes that UTF-8 would need for it."""
BODY = '{"a":"\\ud800"}'


def in_json(**value: object) -> str:
    return json.dumps(value).replace("HALF", HALF)


@pytest.mark.parametrize(
    "pasted",
    [
        in_json(request={"url": "https://p.example/h", "method": "POST", "headers": HEADERS, "postData": {"text": '{"a":"HALF"}'}}),
        in_json(rawQueryString="", rawPath="/", headers=HEADERS, body='{"a":"HALF"}'),
        in_json(headers=HEADERS, rawBody='{"a":"HALF"}'),
        in_json(headers=HEADERS, body={"a": "HALF"}),
        f"curl https://p.example/h -H 'officernd-signature: {SIGNATURE}' --data $'{BODY}'",
        f"officernd-signature: {SIGNATURE}\n" + json.dumps('{"a":"HALF"}').replace("HALF", HALF),
    ],
)  # fmt: skip
def test_half_a_pair_in_a_body_is_kept(pasted):
    assert read(pasted.encode(), OFFICE).body == b'{"a":"' + RAW + b'"}'


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        (in_json(path="/HALF", query=QUERY), f"/%ED%A0%80?{QUERY}"),
        (in_json(path="/h", query={"a": "HALF", "signature": "t"}), "/h?a=%ED%A0%80&signature=t"),
        (in_json(slug="HALF", signature=SIGNATURE), f"/?slug=%ED%A0%80&signature={quote(SIGNATURE, safe='')}"),
        (in_json(path="/h", isBase64Encoded=False, body="", queryStringParameters={"a": "HALF", "signature": "t"}), "/h?a=%ED%A0%80&signature=t"),
        (in_json(request={"url": "/h", "method": "GET", "headers": [], "queryString": {"a": "HALF", "signature": "t"}}), "/h?a=%ED%A0%80&signature=t"),
        (f"curl -G https://p.example/h --data-urlencode $'a={HALF}' -d signature=t", "https://p.example/h?a=%ED%A0%80&signature=t"),
        (f"curl -G https://p.example/h --data-urlencode $'{HALF}' -d signature=t", "https://p.example/h?%ED%A0%80&signature=t"),
        (f"http https://p.example/h $'a=={HALF}' signature==t", "https://p.example/h?a=%ED%A0%80&signature=t"),
    ],
)  # fmt: skip
def test_half_a_pair_in_a_url_is_encoded(pasted, url):
    assert read(pasted.encode(), OFFICE).url == url


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (f"wget --post-data $'a={HALF}' https://p.example/", b"a=" + RAW),
        (f"iwr -body $'@{{a={HALF}}}' https://p.example/", b"a=%ED%A0%80"),
        (f"http -f https://p.example/ $'a={HALF}'", b"a=%ED%A0%80"),
        ('fetch("https://p.example/", {"body": "\\ud83d\\ude00"})', "😀".encode()),
        ('fetch("https://p.example/", {"body": "\\ud800\\u00e9"})', "\ufffdé".encode()),
    ],
)
def test_half_a_pair_in_a_command_is_sent_as_its_program_sends_it(command, body):
    """JavaScript's text has UTF-16: `fetch` joins pairs, and sends U+FFFD for half of one (Web IDL, USVString)."""
    found = fetch(command)
    assert found is not None and found.body == body


# --- names on the way, ages, and memory -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("utm_source", "fbclid", "gclid", "gbraid", "wbraid", "dclid", "msclkid", "ttclid", "twclid", "yclid", "igshid"),
        *("mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "mkt_tok", "ref", "ref_src", "lang", "locale", "seen", "debug", "_"),
        *("cb", "ts", "cache", "cachebuster", "nocache", "v", "rand", "XDEBUG_SESSION", "XDEBUG_SESSION_START"),
        *("PHPSESSID", "jsessionid", "sessionid"),
    ],
)  # fmt: skip
def test_a_name_that_is_put_in_on_the_way_is_left_out_before_others(name):
    """Google's, Meta's, Microsoft's, Mailchimp's, HubSpot's and Marketo's parameters, those of caches and of sessions."""
    for written in (name, name.lower(), name.upper()):
        first = next(iter(added(((written, ""), ("slug", "")), ())))
        assert first[2] == f"without {written}"
    other = next(iter(added(((f"{name}-x", ""), ("slug", "")), ())))
    assert other[2] == "without slug"


@pytest.mark.parametrize("later", [0, 100_000, -100_000])
def test_a_signature_that_is_right_names_its_platform_alone_whatever_its_age(later):
    time = 1_648_190_384
    digest = hmac.new(b"key", b'{"slug":"s"}.1648190384', "sha256").hexdigest()
    url = f"https://p.example/h?slug=s&signature=t%3D{time}%2Csignature%3D{digest}"
    assert recognised(url.encode(), secret="key", now=time + later) == ["officernd"]


def test_of_what_a_search_makes_many_none_has_room_for_more():
    for made in (Hit((), ""), Difference(1), part(1), explanation(1), Mine(), ShownStage("a", 1, "b")):
        assert not hasattr(made, "__dict__")


def test_a_recorded_post_without_a_text_has_no_body():
    har = {
        "url": "https://p.example/h",
        "method": "POST",
        "headers": HEADERS,
        "postData": {"mimeType": "a/b"},
    }
    with pytest.raises(Unreadable, match="it holds neither a parameter signature nor a body"):
        read(json.dumps({"request": har}).encode(), OFFICE)


def test_a_dumped_value_loses_what_stands_around_it_and_no_letter():
    assert [_bare(text) for text in ("\tXab, ", "'X'", "[abX]", "XX")] == ["Xab", "X", "abX", "XX"]


def test_a_star_of_a_rewritten_link_stays_where_no_character_is_left_for_it():
    """urldefense v3 writes the characters that it replaced by stars as base64, between `__;` and `!`."""
    coded = base64.urlsafe_b64encode(b"%").decode().rstrip("=")
    assert _stars("a*b*c", f"https://urldefense.com/v3/__https://a__;{coded}!!x") == "a%b*c"


def test_a_reason_is_described_with_its_hint():
    for id, reason in REASONS.items():
        assert [*described(id)][:2] == [f"{id}, a reason: {reason.meaning}", f"  {reason.hint}"]


def test_what_verifies_has_no_reason_and_no_hint():
    target = "/h?slug=test-slug&locations=&signature=t%3D1648190384%2Csignature%3D7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4"
    answer = explain("officernd", target, secret="example-integration-secret", now=1648190384)
    assert (answer.verdict, answer.reason, answer.clause, answer.says, answer.hint) == (
        "verified",
        "",
        "",
        "",
        "",
    )


@pytest.mark.parametrize("option", ["-H ", "-H", "--header ", "--header="])
def test_a_header_of_curl_may_be_given_in_each_of_its_forms(option):
    assert curl(f"curl {option}'X-A: b' https://a.example/").headers == (("x-a", "b"),)
