"""What people paste of a launch: commands, logs, dumps, mails, values alone; each is read, and what was undone is said.

The values are those of why-2.md, section 4, made by OpenSSL and PHP.
"""

from __future__ import annotations

import base64
import json
import quopri
from urllib.parse import quote

import pytest

from handshakes.explain import explain
from handshakes.runtime.ciphers import AesCiphers

SECRET, NOW = "example-app-secret", 1_700_000_000
G = "U2FsdGVkX18AAAAAAAAAAZhTlE/bJjoX0e73/zdy8r7ei3AOYWYrTYslgaBZwUDbhV5w7eE1JRp1JvgeU7sZt3lyAppI/SYJ/+XYoAVQcYM="
AES_128 = "U2FsdGVkX19piEHEQydE2dNA93FE3nB4yG8xGwzlJGxU4bqS6lOfcpYzZ+RyGGChYN/jYEx9tpT2lR9n3aPlOrMvRP/3Dtdu1qftU7+vkZA="
D = quote(G, safe="")
P = "location_id=11ea858313aabde4bd2eb0fa&timestamp=1700000000&hmac=a801783af104e25822dc25e802736be8e06e6f251425ab9391488ce310ae4be5&user-id=7"
T, TP = f"/redirection?data={D}", f"/redirection?{P}"
U, UP, UA = (
    f"https://yourapp.com/redirection?{query}"
    for query in (f"data={D}", P, f"data={quote(AES_128, safe='')}")
)
HAR = {"log": {"version": "1.2", "entries": [
    {"request": {"method": "GET", "url": "https://cdn.tracker.example/v1/p?data=eyJhIjoxfQ%3D%3D", "headers": []}},
    {"request": {"method": "GET", "url": U, "headers": [{"name": "cookie", "value": "session=Private-Cookie"}]}, "response": {"status": 200}},
]}}  # fmt: skip
SAFELINK = f"https://eur01.safelinks.protection.outlook.com/?url={quote(U, safe='')}&data=05%7C01%7Cada%40merchant.example%7C123&sdata=abc%3D&reserved=0"


def qp(url: str) -> str:
    return quopri.encodestring(url.encode()).decode()


CARRIERS = {
    "url": U,
    "urlp": UP,
    "curl": f"curl '{U}' \\\n  -H 'accept: text/html' \\\n  -H 'cookie: a=b' \\\n  --compressed",
    "curlp": f'curl "{UP}"',
    "curl unquoted p": f"curl {UP}",
    "curl win": 'curl "' + UP.replace("&", "^&") + '" ^\n  -H "accept: */*"',
    "curl -G": f"curl -G https://yourapp.com/redirection --data-urlencode 'data={G}'",
    "curl POST form": f"curl -X POST https://yourapp.com/redirection -d 'data={D}'",
    "curl POST p": f"curl https://yourapp.com/redirection -d '{P}'",
    "wget": f"wget -O- '{UP}'",
    "httpie": f"http GET https://yourapp.com/redirection data=={G}",
    "powershell": f'Invoke-WebRequest -UseBasicParsing -Uri "{UP}" `\n-Headers @{{\n"accept"="*/*"\n}}',
    "fetch": f'await fetch("{U}", {{\n  "credentials": "include",\n "headers": {{"a": "b"}}, "method": "GET"}});',
    "request line": f"GET {T} HTTP/1.1",
    "request line p": f"GET {TP} HTTP/1.1",
    "raw http": f"GET {TP} HTTP/1.1\r\nHost: yourapp.com\r\nUser-Agent: x\r\nReferer: https://ui.fortis.tech/\r\n\r\n",
    "raw http POST form": f"POST /redirection HTTP/1.1\r\nHost: yourapp.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\ndata={D}",
    "combined log": f'203.0.113.9 - - [14/Nov/2023:22:13:20 +0000] "GET {TP} HTTP/1.1" 200 512 "https://ui.fortis.tech/" "Mozilla/5.0"',
    "nginx error": f'2023/11/14 22:13:20 [error] 7#7: *1 upstream timed out, client: 1.2.3.4, server: yourapp.com, request: "GET {T} HTTP/1.1", upstream: "http://127.0.0.1:3000{T}", host: "yourapp.com"',
    "json log": json.dumps(
        {
            "ts": 1700000000,
            "msg": "request",
            "req": {"method": "GET", "url": TP, "headers": {"host": "yourapp.com"}},
        }
    ),
    "caddy log": json.dumps(
        {
            "level": "info",
            "request": {"method": "GET", "host": "yourapp.com", "uri": T, "headers": {"Accept": ["*/*"]}},
        }
    ),
    "express log": f"GET {T} 401 3.2 ms - 12",
    "morgan color": f"\x1b[0mGET {TP} \x1b[33m401\x1b[0m 2.1 ms",
    "rails": f'Started GET "{TP}" for 127.0.0.1 at 2023-11-14 22:13:20 +0000',
    "rails params": '  Parameters: {"location_id"=>"11ea858313aabde4bd2eb0fa", "timestamp"=>"1700000000", "hmac"=>"a801783af104e25822dc25e802736be8e06e6f251425ab9391488ce310ae4be5", "user-id"=>"7"}',
    "django": f'[14/Nov/2023 22:13:20] "GET {T} HTTP/1.1" 200 12',
    "uvicorn": f'INFO:     127.0.0.1:5000 - "GET {TP} HTTP/1.1" 401 Unauthorized',
    "har": json.dumps(HAR),
    "har entry": json.dumps(HAR["log"]["entries"][1]),
    "har of curlconverter": json.dumps(
        {
            "log": {
                "entries": [
                    {
                        "request": {
                            "method": "GET",
                            "url": "https://yourapp.com/redirection",
                            "headers": [],
                            "queryString": [{"name": "data", "value": G}],
                        }
                    }
                ]
            }
        }
    ),
    "apigw2": json.dumps(
        {"version": "2.0", "rawPath": "/redirection", "rawQueryString": P, "headers": {"host": "yourapp.com"}}
    ),
    "apigw1": json.dumps(
        {
            "httpMethod": "GET",
            "path": "/redirection",
            "queryStringParameters": {"data": G},
            "headers": {"Host": "yourapp.com"},
        }
    ),
    "alb": json.dumps(
        {
            "httpMethod": "GET",
            "path": "/redirection",
            "queryStringParameters": {"data": D},
            "headers": {"host": "yourapp.com"},
        }
    ),
    "req.query": json.dumps({"data": G}),
    "req.query p": json.dumps(dict(x.split("=") for x in P.split("&"))),
    "console.log": "{ data: '" + G + "' }",
    "console.log p": "{\n  location_id: '11ea858313aabde4bd2eb0fa',\n  timestamp: '1700000000',\n  hmac: 'a801783af104e25822dc25e802736be8e06e6f251425ab9391488ce310ae4be5',\n  'user-id': '7'\n}",
    "print_r": "Array\n(\n    [location_id] => 11ea858313aabde4bd2eb0fa\n    [timestamp] => 1700000000\n    [hmac] => a801783af104e25822dc25e802736be8e06e6f251425ab9391488ce310ae4be5\n    [user-id] => 7\n)\n",
    "var_dump": 'array(1) {\n  ["data"]=>\n  string(108) "' + G + '"\n}',
    "python dict": str({"data": G}),
    "QueryDict": "<QueryDict: {'data': ['" + G + "']}>",
    "ImmutableMultiDict": "ImmutableMultiDict([('data', '" + G + "')])",
    "go map": "map[data:[" + G + "]]",
    "java map": "{data=[" + G + "]}",
    "iframe html": f'<iframe src="{UP.replace("&", "&amp;")}" width="100%"></iframe>',
    "a href": f"<a href='{U}'>open</a>",
    "markdown link": f"[launch]({UP})",
    "slack": f"<{UP}|yourapp.com>",
    "angle": f"<{U}>",
    "backtick": f"`{U}`",
    "jira": "{noformat}" + UP + "{noformat}",
    "smart quotes": f"“{U}”",
    "mail wrap": U[:76] + "\r\n" + U[76:152] + "\r\n" + U[152:],
    "mail quoted": "> " + UP[:70] + "\n> " + UP[70:140] + "\n> " + UP[140:],
    "qp": qp(UP),
    "qp data": qp(U),
    "safelinks": SAFELINK,
    "urldefense v2": "https://urldefense.proofpoint.com/v2/url?u="
    + quote(U, safe="").replace("%", "-").replace(".", "_")
    + "&d=DwMFaQ&c=x",
    "google": "https://www.google.com/url?q=" + quote(UP, safe="") + "&sa=D",
    "bare": G,
    "bare pct": D,
    "bare wrapped": G[:64] + "\n" + G[64:] + "\n",
    "bare quoted": f'"{G}"',
    "data=": f"data={D}",
    "data= raw": f"data={G}",
    "data: ": f"data: {G}",
    "hex upper": base64.b64decode(G).hex().upper(),
    "binary": base64.b64decode(G),
    "location.search": f"?data={D}",
    "query": P,
    "query?": "?" + P,
    "amp": UP.replace("&", "&amp;"),
    "u0026": UP.replace("&", "\\u0026"),
    "bs": UP.replace("&", "\\&").replace("?", "\\?").replace("=", "\\="),
    "times": UP.replace("&timestamp", "×tamp"),
    "entire pct": quote(UP, safe=""),
    "chrome list": f"Request URL\n{U}\nRequest Method\nGET\nStatus Code\n401 Unauthorized",
    "h2 headers": f":authority: yourapp.com\n:method: GET\n:path: {TP}\n:scheme: https\naccept: */*",
    "ff headers": f"GET\n\tscheme\nhttps\nhost\nyourapp.com\nfilename\n/redirection\ndata\n{G}",
    "env": "REQUEST_URI=" + TP,
    "php $_SERVER": "[REQUEST_URI] => " + TP,
    "referer": f"Referer: {UP}",
    "cloudtrail csv": f'2023-11-14,203.0.113.9,GET,yourapp.com,/redirection,200,"{P}"',
    "W3C iis": f"2023-11-14 22:13:20 10.0.0.4 GET /redirection {P} 443 - 203.0.113.9 Mozilla/5.0 200 0 0 15",
    "cloudfront tsv": f"2023-11-14\t22:13:20\tFRA2\t512\t203.0.113.9\tGET\td1.cloudfront.net\t/redirection\t200\t-\tMozilla\t{P}\t-\tHit",
    "alb log": f'https 2023-11-14T22:13:20.0Z app/x 203.0.113.9:1 10.0.0.1:80 0 0 0 200 200 34 366 "GET https://yourapp.com:443{TP} HTTP/1.1" "curl" x',
    "haproxy": f'Nov 14 22:13:20 h haproxy[1]: 203.0.113.9:1 [14/Nov/2023] fe be/s1 0/0/1/2/3 200 5 - - ---- 1/1/0/0/0 0/0 "GET {TP} HTTP/1.1"',
    "traefik json": json.dumps({"RequestMethod": "GET", "RequestPath": TP, "RequestHost": "yourapp.com"}),
    "sentry": json.dumps(
        {
            "request": {
                "url": "https://yourapp.com/redirection",
                "query_string": [["data", G]],
                "method": "GET",
            }
        }
    ),
    "postman": json.dumps(
        {
            "info": {"name": "x"},
            "item": [{"name": "l", "request": {"method": "GET", "url": {"raw": UP, "query": []}}}],
        }
    ),
    "newline in js str": json.dumps(U),
    "sentence": f"Hi, our app refuses this launch: {UP} - any idea? Thanks, Ada",
    "two urls": f"https://ui.fortis.tech/login and then {U}",
    "tab before": "\t" + U + "  ",
    "zero width": U[:40] + "\u200b" + U[40:],
    "bom": "\ufeff" + U,
    "utf16": U.encode("utf-16"),
    "email footer": f"{U}.\n\nBest regards\nAda",
    "trunc with …": U[:120] + "…",
    "fragment": UP + "#/home",
    "port": UP.replace("yourapp.com", "yourapp.com:8443"),
    "proto-rel": UP[6:],
    "no scheme": UP[8:],
    "upper scheme": "HTTPS://YOURAPP.COM" + TP,
    "pct lower": U.replace("%2F", "%2f").replace("%2B", "%2b"),
    "A128 curl": f"curl '{UA}'",
    "A128 log": f'1.2.3.4 - - [x] "GET {UA[19:]} HTTP/1.1" 401 0 "-" "-"',
    "plus raw url": f"https://yourapp.com/r?data={G}",
    "plus raw log": f'1.2.3.4 - - [x] "GET /r?data={G} HTTP/1.1" 401 0 "-" "-"',
}

CAUSES = {
    "alb": "query-encoded-twice",
    "bare wrapped": "fortis-data-line-breaks",
    "data= raw": "plus-as-blank",
    "hex upper": "fortis-data-hex",
    "trunc with …": "fortis-data-cut",
    "A128 curl": "fortis-aes-128",
    "A128 log": "fortis-aes-128",
    "plus raw url": "plus-as-blank",
    "plus raw log": "plus-as-blank",
}
"""What is wrong with some of them; all others are genuine."""


@pytest.mark.parametrize("name", CARRIERS)
def test_a_launch_is_found_in_what_was_pasted(name):
    answer = explain("fortis", CARRIERS[name], secret=SECRET, now=NOW, ciphers=AesCiphers())
    if name in CAUSES:
        assert CAUSES[name] in [one.id for one in answer.explanations[0]]
    else:
        assert (answer.verdict, answer.explanations) == ("verified", ())
    assert answer.took
    assert "Private" not in json.dumps(answer.as_json())


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("hello", "No request was recognised"),
        ("U2FsdGVkX18", "No request was recognised"),
        (b"\x00\xff\xfe\x81", "a binary body"),
        ("https://yourapp.com/redirection", "neither"),
        ('{"location_id":"11ea858313aabde4bd2eb0fa","user_id":"1234567"}', "No request was recognised"),
        ("11ea858313aabde4bd2eb0fa", "No request was recognised"),
    ],
)
def test_what_is_no_launch_is_said_to_be_none(pasted, said):
    answer = explain("fortis", pasted, secret=SECRET, now=NOW, ciphers=AesCiphers())
    assert (answer.verdict, answer.stages) == ("unrecognised", ())
    assert said in answer.says


@pytest.mark.parametrize(
    ("name", "took", "undone"),
    [
        ("har", "a HAR file (request 2 of 2, the first of 1 with a signature)", ""),
        ("curl POST form", "a curl command", "the parameters were in the body"),
        ("morgan color", "a log line", "the colours of a terminal"),
        ("no scheme", "a URL", "the scheme was missing"),
        ("cloudtrail csv", "a query in a text", "the query had no question mark"),
        ("binary", "the bytes of data, as openssl enc writes them", ""),
        ("print_r", "parameters as a program prints them", ""),
        ("bare pct", "a value of data, percent-encoded", ""),
    ],
)
def test_what_it_was_taken_for_and_what_was_undone_is_said(name, took, undone):
    answer = explain("fortis", CARRIERS[name], secret=SECRET, now=NOW, ciphers=AesCiphers())
    assert (answer.took, undone) == (took, undone if undone in answer.undone or not undone else answer.undone)
