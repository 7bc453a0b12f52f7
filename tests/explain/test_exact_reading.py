"""Readers of what people paste, each with the input by which a small change of the reader alone would show."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from handshakes.explain import asking
from handshakes.explain.asking import MOST_PASTED, Misgiven, ask
from handshakes.explain.asking import read as options_read
from handshakes.explain.commands import curl, fetch, words
from handshakes.explain.exports import from_base64, opened
from handshakes.explain.heads import head_and_body, listed
from handshakes.explain.logs import host_of, logged
from handshakes.explain.pasted import read
from handshakes.explain.recorded import Unreadable, recorded
from handshakes.explain.structures import Spread, in_text, of_json, spread
from handshakes.explain.unwrapping import repaired, unquoted, unwrapped
from handshakes.explain.webhooks import of_text, of_value
from handshakes.platforms import PLATFORMS

OFFICE, RETAIL, OFFICES, FORTIS = (
    PLATFORMS[n].slips() for n in ("officernd", "retailcrm", "onoffice", "fortis")
)
QUERY = "slug=a%2Cb&locations=&signature=t%3D1%2Csignature%3D0f"
TARGET = f"/h?{QUERY}"
URL = f"https://p.example{TARGET}"
SIGNATURE = "t=1,signature=" + "0f" * 32
REQUEST = f"GET {TARGET} HTTP/1.1\r\nHost: p.example\r\n\r\n"
CALL = '{"token":"t","request":{"actions":[{"actionid":"a","resourceid":"","identifier":"","resourcetype":"estate","timestamp":1,"hmac":"0f=","hmac_version":"2","parameters":{}}]}}'


def fits(url: str) -> bool:
    return "?signature=" in url or "&signature=" in url


# --- a request in whatever is around it -------------------------------------------------------------------

BLANKS = "blanks or characters outside ASCII stood in it, as a browser shows them"
NO_MARK, NO_SCHEME = "the query had no question mark", "the scheme was missing"


@pytest.mark.parametrize(
    ("pasted", "took", "url", "undone"),
    [
        (f"/h leads to {URL}", "a URL in a text", URL, ()),
        (f"{URL} is refused", "a URL in a text", URL, ()),
        (f"{TARGET} is refused, why?", "a request target in a text", TARGET, ()),
        (f"Why is {TARGET} refused?", "a request target in a text", TARGET, ()),
        (f"It was <{TARGET}>, I think", "a request target in a text", TARGET, ()),
        (f"Is it {TARGET}?", "a request target in a text", TARGET, ("punctuation stood behind it",)),
        (f"p.example{TARGET}", "a URL", URL, (NO_SCHEME,)),
        (f"p.example:8443{TARGET}", "a URL", f"https://p.example:8443{TARGET}", (NO_SCHEME,)),
        (f"p.example{TARGET} is refused", "a URL in a text", URL, (NO_SCHEME,)),
        (f"see p.example{TARGET} is refused", "a URL in a text", URL, (NO_SCHEME,)),
        (f"{URL}\n{URL}&a=b", "a URL in a text", URL, ("of 2 signed URLs the first was read",)),
        (f"curl '{URL}'\ncurl '{URL}&a=b'", "a curl command", URL, ("of 2 commands the first was read",)),
        (f"curl '{URL}'\nno curl", "a curl command", URL, ()),
        (f"GET {TARGET} 401\nGET {TARGET}&a=b 401", "a log line", TARGET, ("of 2 signed log lines the first was read",)),
        (f"GET {TARGET} 401\nGET {TARGET} 401", "a log line", TARGET, ()),
        *[(f"see {m}{URL}{m} please", "a URL in a text", URL, ()) for m in "*_~"],
        (f"\x1b[31m{URL}\x1b[0m", "a URL", URL, ("the colours of a terminal",)),
        (f'"{{""url"":""{URL}""}}"', "a URL in JSON", URL, ("the doubled quotes of a spreadsheet's cell",)),
        (f"{URL}&a=https://b.example/", "a URL", f"{URL}&a=https://b.example/", ()),
        (f"{URL}&a=https://b.example/&c=ftp://c", "a URL in a text", f"{URL}&a=https://b.example/&c=ftp://c", ()),
        *[(json.dumps({"site": "https://a.example", name: base64.b64encode(f"GET {URL} HTTP/1.1".encode()).decode()}), "a request line", URL, ("a request in base64 stood in JSON",)) for name in ("request", "raw")],
        (f"GET {TARGET}X", "a request line", f"{TARGET}X", ()),
        (f"GET {TARGET} HTTP/1.1 \t\r\n", "a request line", TARGET, ()),
        *[(text, "a percent-encoded text", "slug=a&signature=x", ("the whole of it was percent-encoded",)) for text in ("slug%3Da%26signature%3Dx", "slug%3da%26signature%3dx")],
        ("/h?a=b c&signature=0f&d=https://d.example/", "a request target", "/h?a=b%20c&signature=0f&d=https://d.example/", (BLANKS,)),
        *[(f"see {URL[:40]}{cut}{URL[40:]} please", "a URL in a text", URL, ()) for cut in ("\n  ", "\r\n\t", "\\\n", "\\\n  ")],
        (URL.replace("/", "\\/"), "a URL", URL, ("slashes stood as \\/, as PHP writes JSON",)),
        (f"1.2.3.4 /h {QUERY} 200", "a log line", TARGET, ("path and query stood apart",)),
        ("a=b&c=d", "a query", "?a=b&c=d", (NO_MARK,)),
        (f"so it was, {QUERY}", "a query in a text", f"?{QUERY}", (NO_MARK,)),
        ("signature=t%3D1", "a query", "?signature=t%3D1", (NO_MARK,)),
        ("?signature=t%3D1", "a request target", "?signature=t%3D1", ()),
    ],
)  # fmt: skip
def test_a_request_is_found_in_the_words_around_it(pasted, took, url, undone):
    found = read(pasted.encode(), OFFICE)
    assert (found.took, found.url, found.undone) == (took, url, undone)
    assert (found.headers, found.body) == ((), b"")


def test_a_command_without_an_address_is_told_that_it_names_none():
    for command, took in (("curl -X POST", "a curl command"), ("curl -H 'a: b'", "a curl command")):
        with pytest.raises(Unreadable, match=rf"^This was read as {took}, but it names no URL\.$"):
            read(command.encode(), OFFICE)


def test_a_call_of_the_api_has_neither_address_nor_method():
    found = read(CALL.encode(), OFFICES)
    assert (found.url, found.method, found.body) == ("", "", CALL.encode())


def test_a_webhook_behind_a_command_without_a_signature_is_the_one_that_is_read():
    found = read(
        f"curl https://p.example -d '{{\"a\":1}}'\nofficernd-signature: {SIGNATURE}".encode(), OFFICE
    )
    assert (found.took, found.url, found.body) == ("a webhook in a text", "", b'{"a":1}')


def test_a_form_in_json_is_said_with_the_name_that_it_stood_under():
    form = "register=%7B%22apiKey%22%3A%22k%22%7D"
    for name in ("body", "n" * 40):
        for inner in (form, base64.b64encode(form.ljust(60, "x").encode()).decode()):
            found = read(json.dumps({name: inner}).encode(), RETAIL)
            assert (found.took, found.url, found.method) == ("a form in JSON", "", "")
            assert found.undone == (f"the body stood in JSON, under {name}",)
    assert read(json.dumps({"n" * 41: form}).encode(), RETAIL).undone[0].endswith(f"under {'n' * 40}")


@pytest.mark.parametrize(
    "name", ["content-type", "Content-Type", "content_type", "contentType", "mimeType", "kind"]
)
def test_the_type_of_a_form_in_json_stands_beside_it(name):
    found = read(json.dumps({name: "a/b", "body": "register=%7B%7D"}).encode(), RETAIL)
    assert found.headers == ((("content-type", "a/b"),) if name != "kind" else ())


@pytest.mark.parametrize(
    ("text", "took"),
    [
        ("x" * 16, "a body"),
        ("a=", "a body"),
        ("{", "a JSON body"),
        ("[", "a body"),
        ("<", "a body"),
        ("[[", "a JSON body"),
    ],
)
def test_what_may_be_a_body_is_one_where_bodies_are_signed(text, took):
    found = read(text.encode(), RETAIL)
    assert (found.took, found.url, found.body) == (took, "", text.encode())
    for other in ("x" * 15, "x x" * 16, "a"):
        with pytest.raises(Unreadable, match=r"^No request was recognised in"):
            read(other.encode(), RETAIL)


def test_a_webhook_in_a_text_is_found_beside_a_header_that_is_no_signature():
    text = f'officernd-signature => {SIGNATURE}, body => {{"a":1}}'
    for header in ("", "content-type: application/json"):
        found = read(text.encode(), OFFICE, header)
        assert (found.took, found.method, found.body) == ("a webhook in a text", "", b'{"a":1}')
        assert found.header("officernd-signature") == SIGNATURE


@pytest.mark.parametrize(
    ("platform", "pasted", "took", "url", "body"),
    [
        (OFFICE, "slug = a\nsignature = 0f", "a list of named values", "/?slug=a&signature=0f", ""),
        (OFFICES, "apiToken = a\nsignature = 0f", "a list of named values", "/?apiToken=a&signature=0f", ""),
        (
            FORTIS,
            "location_id = a\nhmac = 0f",
            "parameters as a program prints them",
            "/?location_id=a&hmac=0f",
            "",
        ),
        (RETAIL, 'a = b\nregister = {"c":1}', "a body", "", 'a = b\nregister = {"c":1}'),
    ],
)
def test_parameters_in_lines_are_a_url_where_urls_are_signed_and_a_body_where_a_form_is(
    platform, pasted, took, url, body
):
    found = read(pasted.encode(), platform)
    assert (found.took, found.url, found.body) == (took, url, body.encode())


@pytest.mark.parametrize(("mark", "coding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_a_body_that_was_kept_as_utf_16_is_read_as_utf_8(mark, coding):
    found = read(mark + '{"a":"é"}'.encode(coding), OFFICE, SIGNATURE)
    assert (found.took, found.body) == ("a JSON body", '{"a":"é"}'.encode())
    assert found.undone == ("it was UTF-16, as PowerShell and Windows write it",)


# --- commands ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "method", "headers"),
    [
        ('fetch(`https://a.example/`, {method: \'PUT\', headers: {"A-B": "c"}})', "PUT", (("a-b", "c"),)),
        ('await fetch("https://a.example/", {"method": "PUT", "body": "b"})', "PUT", ()),
        ("fetch(\n  'https://a.example/', {'method':'PUT'})", "PUT", ()),
        ('fetch("https://a.example/", {"headers": {"x-A": "method"}})', "", (("x-a", "method"),)),
    ],
)
def test_a_fetch_may_be_written_with_each_quote(text, method, headers):
    command = fetch(text)
    assert (command.took, command.url) == ("a fetch of a browser", "https://a.example/")
    assert (command.method, command.headers, command.body) == (method, headers, b"b" * ('"b"' in text))


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("http https://a.example/ --timeout=5 a-b.c=d e=", b'{"a-b.c": "d", "e": ""}'),
        ("http --raw '{}' https://a.example/ a=b", b"{}"),
        ("http POST https://a.example/ X-A:b 1a=b", b""),
        ("iwr https://a.example/ -BODY @{a='b c'}", b"a=b+c"),
        ("iwr https://a.example/ -body", b""),
        ("wget --post-data=a=b= https://a.example/", b"a=b="),
        ("me@host:~$ wget --body-data a=b https://a.example/", b"a=b"),
    ],
)
def test_another_command_sends_what_its_fields_say(text, body):
    command = fetch(text)
    assert (command.took, command.url, command.method, command.body) == (
        "a command",
        "https://a.example/",
        "",
        body,
    )


@pytest.mark.parametrize(
    ("letter", "character"), [*zip("nrt\\'\"ab?", "\n\r\t\\'\"\a\b?", strict=True), ("q", "\\q")]
)
def test_an_escape_of_bash_stands_for_its_character(letter, character):
    """The manual of bash, ANSI-C quoting."""
    assert words(f"curl $'a\\{letter}b'") == ["curl", f"a{character}b"]


def test_the_first_address_of_curl_is_read_and_an_empty_value_takes_no_word():
    for text, url in (
        ("https://a.example/ https://b.example/", "a"),
        ("https://a.example/ --url https://b.example/", "b"),
        ("--data= https://a.example/", "a"),
        ("-d '' https://a.example/", "a"),
        ("-G https://a.example/", "a"),
    ):
        command = curl(f"curl {text}")
        assert (command.url, command.body) == (f"https://{url}.example/", b"")


def test_carets_of_windows_are_undone_in_one_line_and_at_the_ends_of_lines():
    assert curl('curl ^"https://a.example/?b=c^&d=e^"').url == "https://a.example/?b=c&d=e"
    for end in ("\n", "\r\n"):
        command = curl(f'curl ^{end} -H "A: b" ^{end} "https://a.example/"')
        assert (command.url, command.headers) == ("https://a.example/", (("a", "b"),))
        assert command.undone == ["carets of the Windows command line"]


@pytest.mark.parametrize(
    ("word", "read_"), [("a\\x9z", "a\tz"), ("\\u9z", "\tz"), ("\\x41z", "Az"), ("\\xz", "\\xz")]
)
def test_an_escape_of_bash_has_one_digit_at_least(word, read_):
    assert words(f"curl $'{word}'") == ["curl", read_]


def test_each_way_of_curl_to_give_a_field_and_what_of_it_is_in_a_file():
    """curl's manual: `--form-string` takes `@`, `<` and `;type=` as they are."""
    for option, value, sent, missing in (
        ("-F", "b;type=x/y", "b", False),
        ("--form", "b;type=x/y", "b", False),
        ("--form-string", "b;type=x/y", "b;type=x/y", False),
        ("--form-string", "@b", "@b", False),
        ("-F", "@b", "@b", True),
        ("-F", "<b", "<b", True),
    ):
        command = curl(f"curl https://a.example/ {option} 'a={value}'")
        assert command.body.split(b"\r\n")[3] == sent.encode(), option
        assert (
            command.undone
            == ["a field of the form stands in a file that is not part of the command"] * missing
        )


def test_a_form_of_curl_names_its_type_and_its_boundary():
    command = curl("curl https://a.example/ -F a=b")
    ((name, kind),) = command.headers
    boundary = command.body.split(b"\r\n")[0].removeprefix(b"--").decode()
    assert (name, kind) == ("content-type", f"multipart/form-data; boundary={boundary}")


def test_data_become_the_query_where_curl_is_told_to_get():
    for option in ("-G", "--get"):
        assert curl(f"curl {option} https://a.example/ -d b=c").url == "https://a.example/?b=c"


@pytest.mark.parametrize(
    "option", ["-d", "--data", "--data-ascii", "--data-binary", "--data-urlencode", "--json"]
)
def test_data_of_a_file_are_said_to_be_missing(option):
    """curl's manual: `@` names a file, but for `--data-raw`."""
    assert curl(f"curl https://a.example/ {option} @b").undone == [
        "the body stands in a file that is not part of the command"
    ]
    assert curl(f"curl https://a.example/ {option} b@c").undone == []
    assert curl("curl https://a.example/ --data-raw @b").undone == []


def test_an_option_whose_value_is_missing_has_an_empty_one():
    assert curl("curl https://a.example/ -d").body == b""


# --- recordings, exports and dumps ------------------------------------------------------------------------


def test_an_event_without_a_method_and_without_a_path_has_no_method_and_the_root():
    for query, url in (("", "/"), ("a=b", "/?a=b")):
        found = recorded({"rawQueryString": query}, lambda *_: True)
        assert found == ("an event of API Gateway", url, "", (), b"", ())
    assert recorded({"rawQueryString": "", "path": "/p"}, lambda *_: True).url == "/p"
    assert recorded({"rawQueryString": "", "path": "/p", "rawPath": "/q"}, lambda *_: True).url == "/q"


def test_an_event_has_each_of_the_values_of_a_parameter():
    """AWS's manual: of several values of a name, `queryStringParameters` has the last alone."""
    many, last = {"a": ["b c", "d"], "e": ["f"]}, {"a": "d", "e": "f"}
    event = {
        "isBase64Encoded": False,
        "body": None,
        "multiValueQueryStringParameters": many,
        "queryStringParameters": last,
    }
    built = ("the query was built anew from its parameters",)
    found = recorded(event, lambda *_: True)
    assert (found.url, found.undone, found.body) == ("/?a=b+c&a=d&e=f", built, b"")
    del event["multiValueQueryStringParameters"]
    assert recorded(event, lambda *_: True).url == "/?a=d&e=f"


def test_an_event_is_known_by_its_query_or_by_what_it_says_of_its_body():
    for value in (
        {"isBase64Encoded": True},
        {"body": "eA=="},
        {"isBase64Encoded": False},
        {"url": URL},
        {"headers": []},
    ):
        assert recorded(value, lambda *_: True) is None
    for coded, body in ((True, b"x"), (False, b"eA=="), ("true", b"eA==")):
        assert recorded({"isBase64Encoded": coded, "body": "eA=="}, lambda *_: True).body == body


@pytest.mark.parametrize("before", ["E..", ">", "~", "`", '"', "'", "z"])
def test_what_begins_as_a_text_or_a_quote_is_not_what_a_sniffer_shows(before):
    request = "POST /h HTTP/1.0\r\nHost: a.example\r\n\r\n"
    assert opened(before + request, []) is None
    for other in ("\x00\x01", "17:02 ", "#", "@"):
        undone: list[str] = []
        assert (opened(other + request, undone), undone) == (
            request.encode(),
            ["what a sniffer puts before a request"],
        )


def test_an_export_of_burp_suite_may_be_wrapped():
    for end in ("\n", "\r\n  "):
        coded = base64.encodebytes(REQUEST.encode()).decode().replace("\n", end)
        assert opened(f'<request base64="true">{coded}</request>', []) == REQUEST.encode()


def test_an_export_of_burp_suite_is_kept_where_it_is_no_base64():
    for coded, content in (
        (f'true">{base64.b64encode(b"GET /").decode()}', b"GET /"),
        ('true">GET ?', b"GET ?"),
        ('true">YQ==?', b"YQ==?"),
        ('false"> YQ==\n', b"YQ=="),
    ):
        undone: list[str] = []
        assert opened(f'<item><request base64="{coded}</request></item>', undone) == content
        assert undone == ["an export of Burp Suite"]


def test_a_dump_begins_at_nought_and_has_two_rows():
    for text in ("00000000\n00000008", "00000000: 4745  GE", "00010000: 4745  GE\n00010002: 4745  GE"):
        assert opened(text, []) is None
    assert opened("0000 47 45|x\n0002 54 20|..", []) == b"GET "
    assert opened("00000000: 47 45  4x\n00000002: 54 20  ..", []) == b"GET "


def test_the_query_of_a_recording_is_put_behind_a_url_that_has_none():
    rows = [{"name": "a", "value": "b c"}]
    for url, name, query, whole in (
        ("/h", "queryString", rows, "/h?a=b+c"),
        ("/h?x=y", "queryString", rows, "/h?x=y"),
        ("/h", "query_string", "?d=e", "/h?d=e"),
        ("/h", "query_string", [["f", "g"]], "/h?f=g"),
        ("/h", "queryString", [], "/h"),
    ):
        assert recorded({"request": {"url": url, name: query}}, lambda *_: True).url == whole


def test_a_load_balancer_leaves_parameters_encoded():
    """AWS's manual: what a load balancer hands on is not decoded."""
    event = {
        "requestContext": {"elb": {}},
        "isBase64Encoded": False,
        "body": "",
        "queryStringParameters": {"a": "b%20c", "d": "e"},
    }
    assert recorded(event, lambda *_: True).url == "/?a=b%20c&d=e"


def test_a_url_of_postman_is_the_one_that_it_has_raw():
    for url, found in (({"raw": URL, "host": ["x"]}, URL), ({"host": ["x"]}, "")):
        assert recorded({"url": url, "headers": []}, lambda *_: True) is None
        assert recorded({"request": {"url": url}}, lambda *_: True).url == found


@pytest.mark.parametrize("name", ["content", "body", "rawBody", "bodyRaw"])
def test_a_request_with_its_body_elsewhere_is_none_of_a_har(name):
    assert recorded({"url": URL, "headers": [], name: "{}"}, lambda *_: True) is None
    assert recorded({"url": URL, "headers": [], "postData": {"text": "{}"}}, lambda *_: True).body == b"{}"


@pytest.mark.parametrize("name", ["headers", "multiValueHeaders"])
def test_of_several_values_of_a_header_the_first_is_read(name):
    found = recorded({"rawQueryString": "", name: {"A-B": ["c", "d"], "E": "f", "G": 7}}, lambda *_: True)
    assert found.headers == (("a-b", "c"), ("e", "f"), ("g", "7"))


def test_a_header_without_a_value_has_an_empty_one():
    for headers in ([{"name": "A"}], {"A": ""}):
        assert recorded({"rawQueryString": "", "headers": headers}, lambda *_: True).headers == (("a", ""),)


def test_the_output_of_httpie_ends_before_the_answer():
    for mark, end in (("$ ", "\r\n"), ("", "\n"), ("% ", "\n"), ("user@host:~$ ", "\n")):
        undone: list[str] = []
        request = f"POST /h HTTP/1.1{end}Host: a.example{end}{end}a=b"
        for answer in ("HTTP/1.1 200 OK", "HTTP/2 200"):
            found = opened(
                f"{mark}http -v POST https://a.example/h a=b\n{request}{end}{end}{answer}{end}{end}c", undone
            )
            assert (found, undone.pop()) == (request.encode(), "the output of HTTPie")


@pytest.mark.parametrize("row", ["474 54  GET", "zz  .."])
def test_a_row_of_a_dump_has_whole_bytes(row):
    assert opened(f"00000000: 4745  GE\n00000002: {row}", []) is None


def test_dumps_one_after_another_are_one():
    """`od -A x -t x1` ends each with its length."""
    assert opened("000000 47 45 54\n000003\n000000 20 2f\n000002\n", []) == b"GET /"


def test_a_query_that_stands_apart_loses_its_question_mark():
    found = spread([("search", "?signature=1")], fits)
    assert found == Spread("/?signature=1", "", "", "path and query stood apart")


@pytest.mark.parametrize(
    ("value", "scheme"), [("true", "https"), ("True", "https"), ("1", "https"), ("off", ""), ("0", "")]
)
def test_a_servers_variable_says_whether_it_was_https(value, scheme):
    assert spread([("https", value), ("search", "?signature=1")], fits) == Spread(
        "/?signature=1", "", scheme, "path and query stood apart"
    )


def test_host_and_scheme_beside_a_path_become_headers():
    assert Spread("/", "p.example").headers() == (("host", "p.example"),)
    assert Spread("/", "p.example", "http").headers() == (
        ("host", "p.example"),
        ("x-forwarded-proto", "http"),
    )
    assert Spread("/", "", "http").headers() == ()


def test_a_header_as_cgi_names_it_is_a_header():
    found = of_value({"HTTP_X_SIG": "t=1", "rawBody": "{}"}, ["x-sig"])
    assert found == ((("x-sig", "t=1"),), b"{}", "")


def test_a_browsers_list_has_two_lines_for_each_header():
    assert listed(":path\n/p") == ((":path", "/p"),)
    assert listed(":path\n/p\nX-AX\nb\nX-B:\nc:") == ((":path", "/p"), ("x-ax", "b"), ("x-b", "c:"))


@pytest.mark.parametrize("name", ["query", "queryStringParameters", "params", "args", "query_params"])
def test_parameters_that_stand_as_an_object_are_a_query_too(name):
    assert [*of_json({name: {"a": "b c", "d": 1, "e": "f"}})] == [
        (name.lower(), "a=b+c&e=f"),
        ("a", "b c"),
        ("e", "f"),
    ]
    assert [*of_json({name: {}})] == [] and [*of_json({"other": {"a": "b"}})] == [("a", "b")]


def test_an_entity_is_undone_in_a_field_that_has_an_ampersand_of_html():
    assert dict(in_text('x a="b&lt;c" d="e&amp;f&lt;"')) == {"a": "b&lt;c", "d": "e&f<"}
    assert dict(in_text('x a="b&lt;c"')) == {"a": "b&lt;c"}


@pytest.mark.parametrize("name", ["path", "uri", "request_uri", "url", "target"])
def test_a_field_of_a_log_line_may_be_the_target(name):
    for field, url in (
        (f"{name}={TARGET}", TARGET),
        (f'x {name}="{TARGET}" y', TARGET),
        (f"{name}='{URL}'", URL),
    ):
        assert logged(field, fits) == ("a log line", Spread(url))
    assert logged(f"other={TARGET}", fits) is None is logged(f"{name}={TARGET}", lambda url: False)


@pytest.mark.parametrize("method", ["[GET] ", "GET: ", "PUT ", 'GET "', "GET  '"])
def test_a_method_of_a_log_line_may_have_marks(method):
    assert logged(f"12:00 {method}{TARGET}, 401", fits) == ("a log line", Spread(TARGET))


@pytest.mark.parametrize(("many", "found"), [(19, b'{"b":1}'), (20, None)])
def test_twenty_beginnings_of_an_object_are_looked_at(many, found):
    hook = of_text("x-sig: t=1\n" + '{"a" ' * many + '{"b":1}', ["x-sig"])
    assert (hook and hook.body) == found


@pytest.mark.parametrize(("length", "found"), [(30, False), (31, True)])
def test_a_body_in_base64_has_more_than_forty_characters(length, found):
    """30 bytes are 40 characters of base64, 31 are 44."""
    coded = base64.b64encode(b'{"a":"' + b"x" * (length - 8) + b'"}').decode()
    assert (of_value({"X-Sig": "t=1", "body": coded}, ["x-sig"]) is not None) is found


def test_rows_of_name_and_value_in_json_are_values_by_that_name():
    value = {"rows": [{"name": "Host", "value": "p.example"}, {"name": "a"}, {"value": "b"}]}
    found = [*of_json(value)]
    assert ("host", "p.example") in found and found.count(("name", "a")) == found.count(("value", "b")) == 1
    assert len(found) == 5


@pytest.mark.parametrize("name", ["host", "Host", "VHOST", "server_name", "authority"])
def test_a_log_line_names_its_host(name):
    for mark in (": ", "=", '": "', "':'"):
        assert host_of(f"1.2.3.4 {name}{mark}a.example:80, b") == "a.example:80"


def test_the_body_behind_a_head_is_the_bytes_that_were_pasted_unless_they_were_changed():
    text = "A: b\r\nC:\r\n\r\nnew\r\n"
    for pasted, changed, body in (
        (b"A: b\n\nold\xff", False, b"old\xff"),
        (b"A: b\n\nold", True, b"new\n"),
        (b"coded", False, b"new\n"),
    ):
        found = head_and_body(text, pasted, changed)
        assert found == ((("a", "b"), ("c", "")), body, ())
    for whole in (
        "Content-Length: 3\n\nabc",
        "Content-Length: 4\n\nabc",
        "A: b\n\n3\nabc\n0\n\n",
        "Transfer-Encoding: chunked\n\nabc",
    ):
        found = head_and_body(whole, b"", True)
        assert (found.body.decode(), found.undone) == (whole.partition("\n\n")[2], ())


@pytest.mark.parametrize("text", ["Request URL: {}", "a\nrequest url:\n{}", "a\nREQUEST URL {} b"])
def test_a_browsers_list_may_name_the_address_alone(text):
    assert listed(text.format(URL)) == ((":path", URL),)
    assert listed(f"the Request URL: {URL}") == ()


@pytest.mark.parametrize("name", ["raw_body", "raw-body", "RAW_BODY", "parsed_body", "parsed-body"])
def test_the_name_of_a_body_may_have_bars(name):
    raw = "raw" in name.lower()
    found = of_value({"X-Sig": "t=1", name: '{"a":"é"}' if raw else {"a": "é"}}, ["x-sig"])
    assert found.body == '{"a":"é"}'.encode()
    assert found.undone == ("" if raw else "the body was given as parsed JSON, and was written again")


def test_a_part_of_a_recording_that_has_the_header_in_it_is_not_the_body():
    found = of_value({"data": {"headers": {"X-Sig": "t=1"}, "json": {"a": 1}}}, ["x-sig"])
    assert found.body == b'{"a":1}'


@pytest.mark.parametrize("name", ["X-Sig", "x_sig", "HTTP_X_SIG", '"x-sig"', "[X-Sig]"])
def test_a_header_in_a_text_ends_with_its_signature(name):
    for mark in (": ", " => ", "=", ':"'):
        found = of_text(f"{name}{mark}{SIGNATURE} and more\n{{}}", ["x-sig", "x-other"])
        assert found == ((("x-sig", SIGNATURE),), b"{}", "")
    assert of_text(f"{name}: \n{{}}", ["x-sig"]) is None


def test_a_text_of_a_program_that_holds_no_json_is_passed_over():
    for broken in ('"{no json}"', "'{no json}'", '"{\\x}"', "'{\\x}'"):
        assert of_text(f"x-sig: t=1\n{broken}", ["x-sig"]) is None
        found = of_text(f'x-sig: t=1\n{broken}\n"{{\\"a\\":1}}"', ["x-sig"])
        assert found == ((("x-sig", "t=1"),), b'{"a":1}', "the body was a text of a program")


# --- what is taken off ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["<>x>", "[]x]", "<a>>", "[a]]", "<a> and <b>"])
def test_brackets_that_do_not_belong_together_stay(text):
    assert unquoted(text, []) == text
    assert unquoted("[X]", []) == "X"


@pytest.mark.parametrize(("many", "off"), [(4, False), (5, False), (6, True), (7, True)])
def test_the_marks_of_jira_are_taken_off_unless_a_quote_follows_within_twelve_characters(many, off):
    text = "{code}" + "x" * many + '"y"'
    assert unwrapped(text, []) == ("x" * many + '"y"' if off else text)


def test_what_curl_v_sent_is_followed_by_the_body():
    assert unwrapped(">GET /p HTTP/1.1\n>Host: a.example\n>", []) == "GET /p HTTP/1.1\nHost: a.example"
    sent = "> POST /h HTTP/1.1\n> Host: a.example\n>\n"
    notes = "* upload\n{ [5 bytes data]\n} [5 bytes data]\n"
    for before in ("", notes):
        undone: list[str] = []
        found = unwrapped(f"{sent}{before}a=b\n{before}c=d\n< HTTP/1.1 200\n< A: b\ne=f", undone)
        assert (found, undone) == ("POST /h HTTP/1.1\nHost: a.example\n\na=b\nc=d", ["the output of curl -v"])


def test_a_scheme_that_was_encoded_is_decoded_where_the_query_was_not():
    for scheme in ("http", "https", "HTTPS"):
        undone: list[str] = []
        assert (
            repaired(f"{scheme}%3A%2F%2Fp.example/h?a=b&signature=x", fits, undone)
            == f"{scheme}://p.example/h?a=b&signature=x"
        )
        assert undone == ["the whole of it was percent-encoded"]


@pytest.mark.parametrize("many", range(1, 13))
def test_any_number_of_characters_that_url_defense_replaced_is_put_back(many):
    characters = "+~^{}|+~^{}|"[:many]
    coded = base64.urlsafe_b64encode(characters.encode()).decode().rstrip("=")
    link = f"https://urldefense.com/v3/__https://p.example/?a={'*' * many}&signature=x__;{coded}!!ABC!xyz$"
    assert repaired(link, fits, []) == f"https://p.example/?a={quote(characters, safe='+~^{}|')}&signature=x"


def test_a_link_of_url_defense_without_characters_behind_it_has_stars_for_the_marks_of_escapes():
    undone: list[str] = []
    link = "https://urldefense.com/v3/__https://p.example/h?a=b*2Cc&signature=t*3D1__"
    assert repaired(link, fits, undone) == "https://p.example/h?a=b%2Cc&signature=t%3D1"
    assert undone == ["it was wrapped in the link of another site"]


def test_three_links_around_a_url_are_taken_off_and_a_fourth_stays():
    around = "https://www.google.com/url?q="
    for many, left in ((3, ""), (4, around)):
        link = url = "https://p.example/?signature=x"
        for _ in range(many):
            link = around + quote(link, safe="")
        assert repaired(link, fits, []) == (f"{left}{quote(url, safe='')}" if left else url)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quoted_printable_of_a_whole_text_is_undone(end):
    """RFC 2045, 6.7: an equals sign at the end of a line joins it with the next one."""
    undone: list[str] = []
    assert unwrapped(f"see /p?a=3D=C3=A9=20=FF={end}b now", undone) == "see /p?a=é \ufffdb now"
    assert undone == ["it was quoted-printable, as in the source of a mail"]
    assert unwrapped(f"\ud800=3D={end}b", []) == "\ufffd" * 3 + "=b"
    for other in (f"a={end}b", "a=3Db", f"a=3D{end}b"):
        assert unwrapped(other, undone) == other
    assert len(undone) == 1


def test_quoted_printable_is_undone_in_one_line_too():
    undone: list[str] = []
    assert repaired("/p?a=3D=C3=A9=7E&signature=3Dx", fits, []) == "/p?a=%C3%A9~&signature=x"
    assert repaired("/p?a=3Db=26&signature=3Dx", fits, undone) == "/p?a=b&&signature=x"
    assert undone == ["it was quoted-printable, as in the source of a mail"]


@pytest.mark.parametrize("mark", [*".,;:!?)>]}\\\"'”’»…。，；：！？）」』】", "?!", ").", "…»"])
def test_punctuation_behind_a_url_is_taken_off(mark):
    undone: list[str] = []
    assert repaired(f"/p?signature=x{mark}", fits, undone) == "/p?signature=x"
    assert undone == ["punctuation stood behind it"]
    assert repaired(f"/p?signature=-{mark[0]}a", fits, [])[-1] == "a"


@pytest.mark.parametrize("mark", "&?=/:!'\"()")
def test_a_backslash_before_a_character_of_a_url_is_taken_off(mark):
    undone: list[str] = []
    assert repaired(f"/p?signature=x&a=b\\{mark}c", fits, undone) == f"/p?signature=x&a=b{mark}c"
    assert undone == ["backslashes stood before characters"]


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("slug%3da%26signature%3dx", "slug=a&signature=x"),
        ("/p%3fa%3Db%26signature%3Dx", "/p?a=b&signature=x"),
        ("/p?a%3Db%26signature%3Dx", "/p?a=b&signature=x"),
        ("/p?a%26b=c%3Dd", ""),
        ("/p?a%26b", ""),
        ("/p?a%3Db", ""),
        ("/p%26a", ""),
    ],
)
def test_a_query_that_was_encoded_as_one_value_is_decoded(url, whole):
    undone: list[str] = []
    assert repaired(url, fits, undone) == (whole or url)
    assert undone == ["the whole of it was percent-encoded"] * bool(whole)


@pytest.mark.parametrize("name", ["U0026", "u0026"])
def test_an_escape_of_json_may_have_either_case(name):
    assert repaired(f"/p?a=b\\{name}signature\\u003Dx", fits, []) == "/p?a=b&signature=x"


@pytest.mark.parametrize("text", [*(f"{mark}abc" for mark in "\"'`“"), *(f"abc{mark}" for mark in "\"'`”")])
def test_a_quote_that_stands_alone_at_one_end_is_taken_off(text):
    undone: list[str] = []
    assert (unquoted(text, undone), undone) == ("abc", ["one quote at its end"])
    for other in ("'a'bc", "abc’", "a'b", "XabcX", "Xabc", "abcX"):
        assert unquoted(other, undone) == other
    assert len(undone) == 1


def test_a_link_of_url_defense_whose_characters_cannot_be_read_keeps_its_stars():
    link = "https://urldefense.com/v3/__https://p.example/?a=*&signature=x__;_w!!ABC!xyz$"
    assert repaired(link, fits, []) == "https://p.example/?a=*&signature=x"


def test_only_a_link_of_url_defense_has_its_way_to_write_escapes():
    coded = "https-3A__p.example_-3Fsignature-3Dx"
    link = f"https://urldefense.proofpoint.com/v2/url?u={coded}&d=a"
    assert repaired(link, fits, []) == "https://p.example/?signature=x"
    plain = "https://p.example/a-b_c?signature=x"
    assert repaired(f"https://urldefense.example/?u={quote(plain, safe='')}", fits, []) == plain
    other = f"https://link.example/?from=urldefense&u={coded}"
    assert repaired(other, fits, []) == other


@pytest.mark.parametrize("text", ["YT1i?", "YT1i!YT1i", "YT1", "/w=="])
def test_what_is_no_base64_of_a_text_stands_for_nothing(text):
    assert from_base64(text) == ""


def test_a_browsers_list_of_headers_has_no_method():
    found = read(f":authority\np.example\n:path\n{TARGET}\n:method\nGET".encode(), OFFICE)
    assert (found.url, found.method, found.header(":method")) == (URL, "", "GET")
    for name in (":path", "request-uri", "x-original-uri"):
        found = read(f"{name}: {TARGET}\nhost: p.example".encode(), OFFICE)
        assert (found.took, found.url, found.method, found.body) == ("a block of headers", URL, "", b"")


# --- options of a question --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("secret", 7, "is text"),
        ("header", b"x", "is text"),
        ("tolerance", 7, "is text"),
        ("mine_digest", b"0f", "is text"),
        ("mine", 7, "is text"),
        ("others", "x", "is a list of texts"),
        ("reading", [1], "is a list of texts"),
        ("origin", ("x",), "is a list of texts"),
        ("deep", 1, "is true or false"),
        ("show_secrets", "x", "is true or false"),
        ("now", 1.0, "is whole Unix seconds"),
        ("now", None, "is needed: the time to verify at, in Unix seconds"),
        ("secret", None, "is empty"),
        ("secret", "", "is empty"),
        ("mode", "x", "is no option of a question"),
        ("m" * 40, "x", "is no option of a question"),
        ("reading", ["officernd:none=such"], "is unknown: officernd:none=such"),
    ],
)
def test_an_option_of_another_kind_is_told_what_it_is(option, value, says):
    with pytest.raises(Misgiven) as wrong:
        ask("officernd", TARGET, {"secret": "s", "now": 1, option: value})
    assert str(wrong.value) == f"{option} {says}"


def test_another_secret_that_is_empty_is_refused():
    with pytest.raises(Misgiven, match=r"^secret is empty$"):
        ask("officernd", "hello", {"secret": "s", "now": 1, "others": ["a", ""]})
    assert ask("officernd", "hello", {"secret": "s", "now": 1, "others": ["XX"]}).verdict == "unrecognised"


@pytest.mark.parametrize(
    "tolerance", ["5", "5,", ",5", "5,x", "x,5", "5;5", "-5,5", "5,5,5", "5, 5", "9" * 18 + ",9"]
)
def test_a_tolerance_is_two_numbers(tolerance):
    with pytest.raises(Misgiven, match=f"^tolerance is two numbers of seconds, as 300,60, not {tolerance}$"):
        options_read(tolerance=tolerance)
    assert options_read()["tolerance"] is None and options_read(tolerance="0,7")["tolerance"] == (0, 7)
    assert options_read(tolerance="9" * 17 + ",9")["tolerance"] == (10**17 - 1, 9)


@pytest.mark.parametrize("digest", ["", "0f" * 7 + "0", "0f" * 7 + "0.0"])
def test_a_digest_of_ones_own_has_sixteen_characters_at_least(digest):
    with pytest.raises(Misgiven, match=f"^mine_digest is a digest in hex or base64, not '{digest}'$"):
        options_read(mine_digest=digest)
    for whole in ("0f" * 8, "+/-_" * 4):
        assert options_read(mine_digest=whole)["mine_digest"] == whole


def test_an_origin_is_a_whole_address_and_a_text_of_ones_own_is_not_empty():
    with pytest.raises(
        Misgiven, match=r"^origin is a whole address, as https://example\.com, not 'a\.example'$"
    ):
        options_read(origin=["https://a.example", "a.example"])
    for empty in ("", b""):
        with pytest.raises(Misgiven, match=r"^mine is empty: give the text that you signed$"):
            options_read(mine=empty)
    assert options_read(mine="\ud800")["mine"] == b"\xed\xa0\x80"
    assert options_read(mine="é")["mine"] == "é".encode() and options_read()["mine"] is None


def test_each_option_of_a_question_is_handed_on_as_explain_takes_it(monkeypatch):
    monkeypatch.setattr(
        asking, "_answered", lambda platform, content, taken, ciphers: (platform, content, taken, ciphers)
    )
    given = {"secret": "s", "now": 1, "header": "a: b", "others": ["t"], "deep": True, "show_secrets": None}
    more = {
        "tolerance": "3,4",
        "reading": ["r"],
        "origin": ["https://a.example"],
        "mine": "é",
        "mine_digest": "0f" * 8,
    }
    kept = {"secret": "s", "now": 1, "header": "a: b", "others": ["t"], "deep": True}
    made = {
        "tolerance": (3, 4),
        "readings": ["r"],
        "origins": ["https://a.example"],
        "mine": "é".encode(),
        "mine_digest": "0f" * 8,
    }
    assert ask("officernd", "é", given | more, ciphers=7) == ("officernd", "é".encode(), kept | made, 7)
    none = {"tolerance": None, "readings": [], "origins": [], "mine": None, "mine_digest": ""}
    assert ask("", b"\xff", {"secret": "s", "now": 0})[1:3] == (
        b"\xff",
        {"secret": "s", "now": 0, "header": "", "others": ()} | none,
    )


def test_a_long_name_of_an_option_is_cut_at_forty_characters():
    with pytest.raises(Misgiven, match=f"^{'m' * 39}… is no option of a question$"):
        ask("officernd", TARGET, {"secret": "s", "now": 1, "m" * 41: "x"})


@pytest.mark.parametrize("fits_", [False, True])
@pytest.mark.parametrize("explained", [(), ("a cause",)])
def test_of_several_platforms_the_first_for_which_something_fits_answers(monkeypatch, fits_, explained):
    """The second has a cause; so the first answers only where its signature fits, or where it has a cause too."""
    first = SimpleNamespace(signature_fits=fits_, explanations=explained)
    answers = {"a": first, "b": SimpleNamespace(signature_fits=False, explanations=("b",)), "c": None}
    asked: list[str] = []
    for names in (["a", "b", "c"], ["a"]):
        monkeypatch.setattr(asking, "recognised", lambda *_, names=names, **__: names)
        monkeypatch.setattr(asking, "explain", lambda name, *_, **__: asked.append(name) or answers[name])
        alone = fits_ or explained or len(names) == 1
        assert ask("", TARGET, {"secret": "s", "now": 1}) is answers["a" if alone else "b"]
    assert asked == (["a", "a"] if fits_ or explained else ["a", "b", "a"])


def test_a_platform_that_is_none_is_told_all_that_there_are():
    with pytest.raises(Misgiven, match=r"^platform is one of: officernd, retailcrm, onoffice, fortis$"):
        ask("other", TARGET, {"secret": "s", "now": 1})


def test_a_text_of_ones_own_may_be_bytes():
    assert ask("officernd", "hello", {"secret": "s", "now": 1, "mine": b"\xff"}).verdict == "unrecognised"


TWICE = {
    "officernd": ("json", TARGET, "signature.json=spaced", "signature.json=ascii-escaped"),
    "retailcrm": ("digest", "register=%7B%22token%22%3A%220f%22%7D", "token.digest=any-case", "token.digest=base64"),
    "onoffice": ("message", f"https://p.example/?apiToken=a&timestamp=1&userId=1&signature={'0' * 64}", "url.base=query-only", "url.base=path-and-query"),
    "fortis": ("key", f"https://p.example/?location_id=a&timestamp=1&hmac={'0' * 64}", "secret.bytes=trimmed", "secret.bytes=hex-decoded"),
}  # fmt: skip
"""For each platform a stage, and two readings of its register that replace it."""


@pytest.mark.parametrize("platform", TWICE)
def test_two_readings_of_one_stage_are_not_called_unknown(platform):
    stage, pasted, *readings = TWICE[platform]
    for order in (readings, readings[::-1], readings[:1] * 2):
        given = {"secret": "s", "now": 1, "reading": [f"{platform}:{one}" for one in order]}
        with pytest.raises(Misgiven, match=f"^reading is given twice for the stage {stage}: choose one$"):
            ask(platform, pasted, given)


def test_a_text_of_ones_own_may_be_as_long_as_a_request():
    assert options_read(mine=b"x" * MOST_PASTED)["mine"] == b"x" * MOST_PASTED
    with pytest.raises(Misgiven, match=r"^mine is over 1048576 bytes$"):
        options_read(mine="x" * (MOST_PASTED + 1))


def test_a_reading_needs_a_platform_and_a_request_has_a_length():
    with pytest.raises(Misgiven, match=r"^platform is needed beside a reading$"):
        ask("", TARGET, {"secret": "s", "now": 1, "reading": ["a"]})
    with pytest.raises(Misgiven, match=r"^pasted is over 1048576 bytes$"):
        ask("officernd", b"x" * (MOST_PASTED + 1), {"secret": "s", "now": 1})
    assert ask("officernd", b" " * MOST_PASTED, {"secret": "s", "now": 1}).verdict == "unrecognised"


def test_what_no_platform_knows_is_told_to_choose_one():
    says = "It has no parameter by which a request of one of the platforms is known. If it is one, choose the platform."
    for pasted in ("https://p.example/?a=b", b"\xff\x00abc"):
        assert ask("", pasted, {"secret": "s", "now": 1}).says == says
