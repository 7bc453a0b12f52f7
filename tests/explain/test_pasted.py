"""Whatever a person has is read as what it is: the request in it, what it was taken for, and what was undone."""

from __future__ import annotations

import json

import pytest

from handshakes.explain.pasted import read
from handshakes.explain.recorded import Unreadable
from handshakes.platforms import PLATFORMS

OFFICE = PLATFORMS["officernd"].slips()
TARGET = "/h?slug=a%2Cb&locations=&signature=t%3D1%2Csignature%3D0f"
URL = "https://p.example" + TARGET
HEADER = "t=1,signature=0f"
BODY = b'{"event":"a"}'


def har(*requests: dict) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": [{"request": one} for one in requests]}})


@pytest.mark.parametrize(
    ("pasted", "took", "undone"),
    [
        (URL, "a URL", ()),
        (URL + "\n", "a URL", ()),
        (URL.replace("https", "HTTPS"), "a URL", ()),
        (f'"{URL}"', "a URL", ("quotes around it",)),
        (f"<{URL}>", "a URL", ("angle brackets around it",)),
        (f"`{URL}`", "a URL", ("backticks around it",)),
        (URL.replace("&", "&amp;"), "a URL", ("&amp; stood for &",)),
        (URL[:40] + "\n" + URL[40:], "a URL", ("it was wrapped over several lines",)),
        (b"\xef\xbb\xbf" + URL.encode(), "a URL", ("a byte order mark stood in front",)),
        (b"\xff\xfe" + URL.encode("utf-16-le"), "a URL", ("it was UTF-16, as PowerShell and Windows write it",)),
        (b"\xfe\xff" + URL.encode("utf-16-be"), "a URL", ("it was UTF-16, as PowerShell and Windows write it",)),
        (f"Hello, my link is {URL} and it fails", "a URL in a text", ()),
        (f"<a href=\"{URL.replace('&', '&amp;')}\">", "a URL in a text", ("angle brackets around it", "&amp; stood for &")),
        (TARGET, "a request target", ()),
        (TARGET.partition("?")[2], "a query", ("the query had no question mark",)),
        (TARGET.partition("h")[2], "a request target", ()),
        (f"GET {TARGET} HTTP/1.1", "a request line", ()),
        (f"GET {TARGET}", "a request line", ()),
        (f"GET {URL} HTTP/1.1", "a request line", ()),
        (f'1.2.3.4 - - [25/Mar/2022:06:39:44 +0000] "GET {TARGET} HTTP/1.1" 401 12 "-" "curl/8"', "an access-log line", ()),
        (f'{"x" * 9}\n1.2.3.4 - - "GET /health HTTP/1.1" 200 2\n1.2.3.4 - - "GET {TARGET} HTTP/1.1" 401 12', "an access-log line", ()),
        (f"INFO: 127.0.0.1:54321 - GET {TARGET} 401", "a log line", ()),
        (f"2022-03-25 06:39:44 W3SVC1 GET {TARGET} 443", "a log line", ()),
        (f"GET {TARGET} HTTP/1.1\r\nHost: p.example\r\nAccept: */*\r\n\r\n", "an HTTP request", ("the origin https://p.example was taken from the headers",)),
        (f"GET {TARGET} HTTP/1.1\nHost: p.example\nX-Forwarded-Proto: http\n", "an HTTP request", ("the origin http://p.example was taken from the headers",)),
        (f":authority: p.example\n:path: {TARGET}\n:scheme: https", "a block of headers", ("the origin https://p.example was taken from the headers",)),
        (f":authority\np.example\n:path\n{TARGET}\n:scheme\nhttps", "a browser's list of headers", ("the origin https://p.example was taken from the headers",)),
        (f"Request URL: {URL}\nRequest Method: GET", "a browser's list of headers", ()),
        (f"curl '{URL}'", "a curl command", ()),
        (f'curl "{URL}"', "a curl command", ()),
        (f"curl '{URL}' \\\n  -H 'A: b' \\\n  --compressed", "a curl command", ()),
        (f'fetch("{URL}", {{"method": "GET"}});', "a fetch of a browser", ()),
        (f"wget '{URL}'", "a command", ()),
        (json.dumps({"level": "info", "request": f"GET {TARGET}"}), "a URL in JSON", ()),
        (har({"method": "GET", "url": URL, "headers": []}), "a HAR file", ()),
        (
            har({"url": "https://p.example/"}, {"url": URL, "headers": []}, {"url": URL}),
            "a HAR file (request 2 of 3, the first of 2 with a signature)",
            (),
        ),
        (json.dumps({"request": {"method": "GET", "url": URL, "headers": []}}), "an entry of a HAR file", ()),
        (json.dumps({"method": "GET", "url": URL, "headers": []}), "a request of a HAR file", ()),
        (
            json.dumps({"rawPath": "/h", "rawQueryString": TARGET.partition("?")[2], "headers": {"Host": "p.example"}}),
            "an event of API Gateway",
            ("the origin https://p.example was taken from the headers",),
        ),
    ],
)  # fmt: skip
def test_a_signed_url_is_found_in_whatever_is_around_it(pasted, took, undone):
    found = read(pasted.encode() if isinstance(pasted, str) else pasted, OFFICE)
    assert (found.took, found.undone) == (took, undone)
    assert found.url.partition("?")[2] == TARGET.partition("?")[2]
    assert found.body == b""


@pytest.mark.parametrize(
    ("pasted", "header", "took"),
    [
        (BODY, HEADER, "a JSON body"),
        (BODY, f"officernd-signature: {HEADER}", "a JSON body"),
        (BODY, f"Officernd-Signature:{HEADER}", "a JSON body"),
        (b"\xef\xbb\xbf" + BODY, HEADER, "a JSON body"),
        (BODY + b"\r\n", HEADER, "a JSON body"),
        (b"", HEADER, "an empty body"),
        (b"eyJldmVudCI6ImEifQ==", HEADER, "a body"),
        (b'"{\\"event\\":\\"a\\"}"', HEADER, "a body"),
        (b"\x00\xff\x80", HEADER, "a binary body"),
        (b"X" + BODY, HEADER, "a body"),
        (b'\'{"event":"a"}\'', HEADER, "a body"),
    ],
)
def test_a_body_beside_its_header_is_kept_byte_for_byte(pasted, header, took):
    found = read(pasted, OFFICE, header)
    assert (found.took, found.body, found.undone) == (took, pasted, ())
    assert found.header("officernd-signature") == HEADER


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_the_body_of_a_raw_request_is_what_its_length_says(line, end):
    head = [
        b"POST /hook HTTP/1.1",
        b"Host: p.example",
        b"Content-Length: 13",
        b"officernd-signature: " + HEADER.encode(),
    ]
    found = read(line.join([*head, b"", BODY]) + end, OFFICE)
    assert (found.took, found.body, found.method) == ("an HTTP request", BODY, "POST")
    assert found.header("Officernd-Signature") == HEADER
    assert ("line ends behind the body, beyond its Content-Length" in found.undone) == bool(end)


def test_a_raw_request_may_have_a_body_that_is_not_utf_8():
    """It was once taken for a binary body without a signature."""
    body = '{"n":"café"}'.encode("latin-1")
    found = read(
        b"POST /hook HTTP/1.1\r\nOfficernd-Signature: " + HEADER.encode() + b"\r\n\r\n" + body, OFFICE
    )
    assert (found.body, found.header("officernd-signature")) == (body, HEADER)


def test_the_body_of_a_raw_request_in_a_markdown_fence_ends_with_it():
    text = f"```http\nPOST /hook HTTP/1.1\nofficernd-signature: {HEADER}\n\n{BODY.decode()}\n```"
    assert read(text.encode(), OFFICE).body == BODY


@pytest.mark.parametrize(
    "pasted",
    [
        f"curl https://p.example/hook -H 'officernd-signature: {HEADER}' --data-raw '{BODY.decode()}'",
        har({"url": "https://p.example/hook", "headers": [{"name": "Officernd-Signature", "value": HEADER}], "postData": {"text": BODY.decode()}}),
        json.dumps({"body": BODY.decode(), "headers": {"officernd-signature": HEADER}, "rawQueryString": ""}),
        json.dumps({"body": "eyJldmVudCI6ImEifQ==", "isBase64Encoded": True, "headers": {"officernd-signature": HEADER}, "rawQueryString": ""}),
        json.dumps({"body": BODY.decode(), "httpMethod": "POST", "path": "/hook", "isBase64Encoded": False, "headers": {"officernd-signature": HEADER}}),
    ],
)  # fmt: skip
def test_a_webhook_is_found_with_its_header_and_body(pasted):
    found = read(pasted.encode(), OFFICE)
    assert (found.body, found.header("officernd-signature")) == (BODY, HEADER)


@pytest.mark.parametrize(
    ("platform", "pasted", "said"),
    [
        ("officernd", b"", "Nothing was pasted"),
        ("officernd", b" \r\n", "Nothing was pasted"),
        ("officernd", b"hello", "No request was recognised"),
        ("officernd", BODY, "also needs its signature"),
        ("officernd", b"officernd-signature: t=1,signature=0f", "Its body is needed too"),
        ("officernd", b"GET / HTTP/1.1", "neither a parameter signature nor a body"),
        (
            "officernd",
            har({"url": "https://p.example/"}).encode(),
            "1 request, which does not carry a signature",
        ),
        (
            "officernd",
            json.dumps({"rawQueryString": "", "body": "%", "isBase64Encoded": True}).encode(),
            "not base64",
        ),
        ("officernd", b"curl", "No request was recognised"),
        ("retailcrm", b"GET /register HTTP/1.1", "neither a parameter register nor a body"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(platform, pasted, said):
    with pytest.raises(Unreadable) as error:
        read(pasted, PLATFORMS[platform].slips())
    assert said in str(error.value)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_sentence_shows_nothing_of_what_was_pasted(platform):
    """It may be a secret; 20 characters of it were once shown."""
    for pasted in (
        b"s3cret-value-0815",
        b'"s3cret-value-0815"',
        b"s3cret-value-0815 and text",
        b"s3cret=value-0815",
    ):
        try:
            found = read(pasted, PLATFORMS[platform].slips())
        except Unreadable as error:
            assert "s3cret" not in str(error) and "0815" not in str(error)
        else:
            assert "s3cret" not in found.took + str(found.undone)
