"""What stands around a URL is no part of its last value: of a launch whose `contact_id` nobody signs, so that anything verifies."""

from __future__ import annotations

import html
import json

import pytest

from handshakes.explain import explain
from tests.oracles import by_openssl

SECRET, NOW, LOCATION = "example-app-secret", 1_700_000_000, "11ea858313aabde4bd2eb0fa"
HOST = "app.example"
TARGET = f"/fortis/launch?location_id={LOCATION}&timestamp={NOW}&hmac=HMAC&user_id=7&contact_id=c9"
URL = f"https://{HOST}{TARGET}"
QUERY = TARGET.partition("?")[2]
VALUES = [["location_id", LOCATION], ["timestamp", str(NOW)], ["user_id", "7"], ["contact_id", "c9"]]

CARRIERS = {
    "org-mode": f"[[{URL}][the launch]]",
    "Jira": f"[the launch|{URL}]",
    "Jira code": f"{{code}}\n{URL}\n{{code}}",
    "reStructuredText": f"`the launch <{URL}>`_",
    "a cell": f"2023-11-14,{URL},403",
    "a cell of a German table": f"a;{URL};b",
    "a cell in quotes": f'2023-11-14,"{URL}",403',
    "a cell of Markdown": f"|{URL}|403|",
    "bold": f"see **{URL}**",
    "italic": f"see _{URL}_",
    "struck out": f"see ~~{URL}~~",
    "a question": f"Why does it fail: {URL}?",
    "an exclamation in brackets": f"It fails (see {URL}!).",
    "three dots": f"{URL}...",
    "an ellipsis": f"{URL}…",
    "Chinese": f"请打开{URL}。谢谢",
    "full-width brackets": f"（{URL}）",
    "a mark of direction": f"\u200e{URL}\u200e",
    "an embedding": f"\u202a{URL}\u202c",
    "isolates": f"see \u2068{URL}\u2069",
    "a line that goes on": URL + "\\",
    "logfmt": f"url={URL} status=403",
    "logfmt with more": f"method=GET target={TARGET} took=3ms status=403",
    "a closing": f"{URL}\r\n\r\nThanks",
    "a signature of a mail": f"{URL}\n\n--\nKim",
    "two of them": f"{URL}\n{URL}",
    "two of them in a list": f"- {URL}\n- {URL}",
    "escapes of JavaScript": URL.replace("&", "\\x26"),
    "escapes of JavaScript, all": URL.replace("&", "\\x26").replace("=", "\\x3d"),
    "made harmless": URL.replace("https://", "hxxps://"),
    "made harmless throughout": URL.replace("https://", "hxxps[:]//").replace(".", "[.]"),
    "a log with brackets": f"[GET] {TARGET} - 403",
    "a log with a colon": f"GET: {TARGET} 403",
    "HAProxy": f'haproxy[7]: 1.2.3.4:5 [14/Nov/2023:22:13:20.000] fe be/s1 0/0/1/2/3 403 12 - - ---- 1/1/0/0/0 0/0 "GET {TARGET} HTTP/1.1"',
    "Heroku": f'at=info method=GET path="{TARGET}" host={HOST} fwd="1.2.3.4" dyno=web.1 status=403 bytes=12',
    "Envoy": f'[2023-11-14T22:13:20.000Z] "GET {TARGET} HTTP/1.1" 403 - 0 12 3 2 "-" "curl/8" "id" "{HOST}" "10.0.0.1:80"',
    "Sentry": json.dumps({"request": {"url": f"https://{HOST}/fortis/launch", "query_string": QUERY}}),
    "a rule of a firewall": json.dumps({"httpRequest": {"uri": "/fortis/launch", "args": QUERY, "httpMethod": "GET"}}),
    "Kubernetes": json.dumps({"log": json.dumps({"request": f"GET {TARGET} HTTP/1.1", "host": HOST})}),
    "a client's file": f"GET https://{HOST}/fortis/launch\n    ?" + "\n    &".join(QUERY.split("&")),
    "XML": f'<request url="{html.escape(URL)}" status="403"/>',
    "CDATA": f"<url><![CDATA[{URL}]]></url>",
    "a shortcut of Windows": f"[InternetShortcut]\r\nURL={URL}\r\nIconIndex=0",
    "the source of a page": f"view-source:{URL}",
    "OkHttp": f"--> GET {URL} http/1.1\nHost: {HOST}\n--> END GET",
    "var_dump": f'string({len(URL)}) "{URL}"',
    "Wireshark": f"Hypertext Transfer Protocol\n    GET {TARGET} HTTP/1.1\\r\\n\n    [Full request URI: {URL}]",
    "a fragment": URL + "#top",
    "YAML": f"url: >-\n  {URL}\nstatus: 403",
}  # fmt: skip


@pytest.fixture(scope="module")
def hmac(tmp_path_factory):
    return by_openssl(SECRET, {"": f"{LOCATION}{NOW}".encode()}, tmp_path_factory.mktemp("hmac"))[""]


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
def test_the_last_value_ends_where_the_url_does(carrier, hmac):
    answer = explain("fortis", carrier.replace("HMAC", hmac), secret=SECRET, now=NOW)
    assert answer.verdict == "verified", answer
    assert answer.returns["parameters"] == VALUES


@pytest.mark.parametrize(
    "last", ["c9_", "c9*", "c9~", "c9-", "(c9", "c9%5D", "c9%2C403", "%E3%80%82", "a[b]c", "a,b", "a;b"]
)
def test_what_may_be_a_value_stays_one(last, hmac):
    """A URL that is pasted alone: nothing says that its end is not its own."""
    answer = explain("fortis", URL.replace("HMAC", hmac).replace("c9", last), secret=SECRET, now=NOW)
    assert answer.verdict == "verified", answer
    assert dict(answer.returns["parameters"])["contact_id"] == {
        "c9%5D": "c9]",
        "c9%2C403": "c9,403",
        "%E3%80%82": "。",
    }.get(last, last)
