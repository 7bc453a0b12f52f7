"""Work grows linearly with what a stranger sends: each reader gets its worst input at n and at 4n.

The ratio of CPU times, least of five, stays under 8; quadratic work gives 16.
"""

from __future__ import annotations

import contextlib
import gc
import json
import time
from collections.abc import Callable

import pytest

from handshakes.core.messages import Request, Response, html_response
from handshakes.core.refusals import Refused
from handshakes.core.strict import form_pairs, json_value, no_duplicates, query_pairs
from handshakes.fortis.slips.forms import read_printed
from handshakes.officernd import readings as officernd
from handshakes.officernd.rules import split_signature
from handshakes.onoffice import readings as onoffice
from handshakes.onoffice.partner.texts import language
from handshakes.onoffice.signing import api_hmac
from handshakes.onoffice.simulator.findings import judged_page
from handshakes.onoffice.simulator.records import Customer
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.framing import may_frame
from handshakes.runtime.judging import tells
from handshakes.runtime.transcript import Transcript


def spent(read: Callable[[], object]) -> float:
    """Return the CPU time of one run; whether it is refused is not the question here."""
    gc.disable()  # a collection in the midst of a run would count the whole heap of the tests
    try:
        began = time.process_time()
        with contextlib.suppress(Refused, ValueError):
            read()
        return time.process_time() - began
    finally:
        gc.enable()


def keys(n: int) -> bytes:
    """Distinct keys, and one repeated at the end."""
    return ("{" + ",".join(f'"k{i}":1' for i in range(n)) + f',"k{n - 1}":1}}').encode()


def opened(response: Response) -> Callable[[], None]:
    """Return a browser's reading of a page."""

    def read() -> None:
        step = Browser().open("https://one.example/")
        next(step)
        with contextlib.suppress(StopIteration):
            step.send(response)

    return read


def cookie(text: str) -> Callable[[], None]:
    return opened(Response(200, (("set-cookie", text),)))


def html(text: str) -> Callable[[], None]:
    return opened(html_response(text))


def judged(text: str) -> Callable[[], object]:
    page, customer = Page("https://one.example/", html_response(text)), Customer("1", "Büro", "Büro")
    return lambda: judged_page(page, customer, "https://portal.example")


def recorded(
    target: str = "/", headers: tuple[tuple[str, str], ...] = (), body: str = ""
) -> Callable[[], None]:
    """Return a transcript's recording of one request, in which `code` is secret."""
    request = Request("POST", "https://one.example", target, headers, body.encode())
    return lambda: Transcript(frozenset({"code"})).request("browser", "one", request)


PHP_NAMES = onoffice.of("onoffice:url.names=php-compatible")["names"]
SPACED = officernd.of("officernd:signature.syntax=spaced-fields")["fields"]
JSON = (("content-type", "application/json"),)
FORM = (("content-type", "application/x-www-form-urlencoded"),)


def alike(n: int) -> str:
    """Secrets of many lengths that all begin as the text does, and do not end so."""
    return json.dumps({"code": ["a" * length + "b" for length in range(8, 8 + n // 20)], "x": "a" * n})


def beside(n: int) -> str:
    """A hundred secrets of many lengths that begin alike, and then short pieces that begin so too."""
    return "&".join(["code=" + "a" * length + "b" for length in range(8, 108)] + ["x=" + "a" * 16] * n)


def framed(policy: str) -> Callable[[], object]:
    response = Response(200, (("content-security-policy", policy),))
    return lambda: may_frame(response, "https://portal.example")


def hmac_of(parameters: dict[str, object]) -> Callable[[], object]:
    """Return the making of an HMAC of version 1, as the simulated API does with what it was sent."""
    return lambda: api_hmac(
        token="t",
        api_key="k",
        timestamp=1,
        resource_type="r",
        action_id="a",
        version=1,
        parameters=parameters,
    )


READERS = {
    "a JSON object with one key twice": lambda n: lambda: json_value(keys(n), "a:b"),
    "a JSON object inside another": lambda n: lambda: json_value(b'{"in":' + keys(n) + b"}", "a:b"),
    "a list of JSON objects": lambda n: lambda: json_value(b"[" + keys(n) + b"," + keys(n) + b"]", "a:b"),
    "a long JSON text of escapes": lambda n: lambda: json_value(json.dumps("\x01" * n).encode(), "a:b"),
    "brackets without end": lambda n: lambda: json_value(b"[" * n, "a:b"),
    "pairs with one name twice": lambda n: (
        lambda: no_duplicates((*((f"k{i}", "") for i in range(n)), (f"k{n - 1}", "")), "a:b")
    ),
    "empty pieces of a query": lambda n: lambda: query_pairs("&" * n, "a:b"),
    "escapes of a query": lambda n: lambda: query_pairs("a=" + "%41" * n, "a:b"),
    "a broken escape at the end": lambda n: lambda: query_pairs("a=" + "%41" * n + "%4", "a:b"),
    "parts of a multipart form": lambda n: (
        lambda: form_pairs(b"--x\r\n" * n, "multipart/form-data; boundary=x", "a:b")
    ),
    "a content type of blanks": lambda n: lambda: form_pairs(b"", "a;" + " " * n, "a:b"),
    "a cookie with blanks in its age": lambda n: cookie("a=b; max-age=" + " " * n + "x"),
    "a cookie with blanks before an attribute": lambda n: cookie("a=b" + ";" + " " * n + "x"),
    "a text area of many pieces": lambda n: html("<form><textarea name=a>" + "x<b>" * 8 * n),
    "options without end": lambda n: html("<form><select name=a>" + "<option>x" * n),
    "forms without end": lambda n: html("<form>" * n),
    "tags without end": lambda n: html("<a " * n),
    "comments without end": lambda n: html("<!--" * n),
    "buttons without end": lambda n: judged("<button" * n),
    "ids of a button without end": lambda n: judged("<button" + " id=unlockButton" * n),
    "a signature of blanks": lambda n: lambda: SPACED("t=1" + " " * n + "x"),
    "secrets of one form": lambda n: recorded(headers=FORM, body="&".join(f"code=private-{i}" for i in range(n))),
    "secrets of one JSON text": lambda n: recorded(
        headers=JSON, body=json.dumps({"code": [f"private-{i}" for i in range(n)]})
    ),
    "secrets that begin alike": lambda n: recorded(headers=JSON, body=alike(n)),
    "a header that begins as secrets do": lambda n: recorded(
        headers=(("x-other", "a" * n), *JSON), body=json.dumps({"code": ["a" * i + "b" for i in range(8, 108)]})
    ),
    "a long secret and a text that begins alike": lambda n: recorded(f"/{'a' * n}?code={'a' * n}b"),
    "a printed map of blanks": lambda n: lambda: read_printed(b"{" + b" " * n + b"}"),
    "a printed map of one name": lambda n: lambda: read_printed(b"{" + b"a" * n + b"}"),
    "a printed map of pairs": lambda n: lambda: read_printed(b"{" + b"a=b," * n + b"}"),
    "pieces beside secrets that begin alike": lambda n: recorded(headers=FORM, body=beside(n)),
    "a location of many pairs": lambda n: recorded(headers=(("location", f"https://x/?{'code=a-private%31&' * n}"),)),
    "lists of secrets": lambda n: recorded(headers=JSON, body=json.dumps([{"code": [["x" * 10]]}] * n)),
    "a policy of many sources": lambda n: framed("frame-ancestors " + "a" * n + "! " + "x.y " * n),
    "policies without end": lambda n: framed(",frame-ancestors a" * n),
    "an address of escapes": lambda n: lambda: tells("/" + "%2f" * n + "?" + "&=" * n, "x"),
    "parameters of backslashes": lambda n: hmac_of({"a": "\\\x7f" * n}),
    "names of parameters that are nearly numbers": lambda n: hmac_of({"1" + " " * n + "x": 1, "1" * n + "x": 1}),
    "fields of a signature": lambda n: lambda: split_signature(",".join(f"a{i}=b" for i in range(n))),
    "languages": lambda n: lambda: language("," * n),
    "headers of a part": lambda n: (
        lambda: form_pairs(b"--x\r\n" + b"a:b\r\n" * n + b"\r\n\r\n--x--", "multipart/form-data; boundary=x", "a:b")
    ),
    "boundaries without end": lambda n: lambda: form_pairs(b"", "multipart/form-data" + "; boundary=x y" * n, "a:b"),
    "a name in many brackets": lambda n: lambda: PHP_NAMES((("a" + "[b]" * n, "1"),)),
    "titles without end": lambda n: recorded(headers=(("content-type", "text/html"),), body="<title>" * n),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_work_is_linear(reader):
    n = 2_000
    while spent(reader(n)) < 0.002 and n < 128_000:
        n *= 2
    small, large = reader(n), reader(4 * n)
    for _ in range(3):  # quadratic work fails every time; a busy machine only now and then
        pairs = [(spent(small), spent(large)) for _ in range(5)]  # in turns, so that it slows both
        ratio = min(times[1] for times in pairs) / max(min(times[0] for times in pairs), 0.0005)
        if ratio <= 8:
            return
    assert ratio <= 8
