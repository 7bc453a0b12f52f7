"""A signed URL or a call of the API in whatever a person can paste: it is found, and what was undone is said.

The damage is written out by the tool that does it where Python has it (quoted-printable, HTML, JSON), else by hand.
"""

from __future__ import annotations

import html
import json
import quopri
import textwrap
from base64 import b64encode
from urllib.parse import parse_qsl, quote

import pytest

from handshakes.explain import explain

SECRET, NOW = "Example-Provider-Secret-1!", 1_700_000_000
HOST, PATH = "provider.example", "/on/activate"
QUERY = (
    "apiClaim=wvuYzNla%2FQvi66%2BOdP180%3D%3D&copyId=3&customerName=M%C3%BCller+%26+S%C3%B6hne&notify=1"
    f"&parameterCacheId=6802c44a-7ac0&region=x&timestamp={NOW}&userId=17"
)
"""Sorted and written as PHP does; five names begin like entities of HTML."""
SIGNATURE = "SIGNED"
TARGET = f"{PATH}?{QUERY}&signature={SIGNATURE}"
URL = f"https://{HOST}{TARGET}"
PAIRS = dict(parse_qsl(TARGET.partition("?")[2]))
HEADERS = f"the origin https://{HOST} was taken from the headers"
BESIDE = f"the origin https://{HOST} was taken from what stands beside it"
NAMED = f"the address https://{HOST}, which you named, was put in front"
APART = "path and query stood apart"
ENTITY = "&name was read as an HTML entity and became a character"
PRINTABLE = "it was quoted-printable, as in the source of a mail"


def spelt(text: str, spell=str) -> str:
    for entity, character in (("&para", "¶"), ("&times", "×"), ("&copy", "©"), ("&not", "¬"), ("&reg", "®")):
        text = text.replace(entity, spell(character))
    return text


CARRIERS = {
    # commands
    "curl": (f"curl '{URL}'", "a curl command"),
    "curl with options": (f'curl -sSL -H "Accept: */*" -o /dev/null "{URL}"', "a curl command"),
    "curl over lines": (f"curl '{URL}' \\\n  -H 'accept: text/html' \\\n  --compressed", "a curl command"),
    "curl for cmd.exe": (
        'curl ^"' + URL.replace("%", "^%").replace("&", "^&") + '^" ^\n  -H ^"accept: text/html^"',
        "a curl command", "carets of the Windows command line",
    ),
    "curl without quotes": ("curl " + URL.replace("&", "\\&").replace("?", "\\?"), "a curl command"),
    "curl behind a prompt": (f"user@host:~$ curl -i '{URL}'", "a curl command"),
    "curl with other addresses": (f"curl '{URL}' -e 'https://ref.example/?a=1' -x http://127.0.0.1:8888 -b s=1", "a curl command"),
    "curl -G": (f"curl -G 'https://{HOST}{PATH}' " + " ".join(f"-d '{p}'" for p in TARGET.partition("?")[2].split("&")), "a curl command"),
    "curl -v": (
        f"* Connected to {HOST}\n> GET {TARGET} HTTP/1.1\n> Host: {HOST}\n> Accept: */*\n> \n< HTTP/1.1 403 Forbidden\n",
        "an HTTP request", "the output of curl -v", HEADERS,
    ),
    "wget": (f'wget -qO- "{URL}"', "a command"),
    "HTTPie": (f"http GET '{URL}'", "a command"),
    "PowerShell": (f'Invoke-WebRequest -UseBasicParsing -Uri "{URL}"', "a command"),
    "fetch": (f'fetch("{URL}", {{\n  "headers": {{"accept": "*/*"}},\n  "method": "GET"\n}});', "a fetch of a browser"),
    "Python": (f'import requests\nr = requests.get("{URL}", timeout=5)', "a URL in a text"),
    "PHP": (f"$url = '{URL}';", "a URL in a text"),
    "JavaScript": (f"const url = `{URL}`;", "a URL in a text"),
    # HTTP
    "a request line": (f"GET {TARGET} HTTP/1.1", "a request line", NAMED),
    "raw HTTP": (f"GET {TARGET} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n\r\n", "an HTTP request", HEADERS),
    "raw HTTP in absolute form": (f"GET {URL} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "an HTTP request"),
    "HTTP/2": (f":method: GET\n:authority: {HOST}\n:scheme: https\n:path: {TARGET}", "a block of headers", HEADERS),
    "HTTP/2 in Chrome": (f":authority\n{HOST}\n:method\nGET\n:path\n{TARGET}\n:scheme\nhttps", "a browser's list of headers", HEADERS),
    "Chrome's General": (f"Request URL: {URL}\nRequest Method: GET\nStatus Code: 403", "a browser's list of headers"),
    "Chrome's General in two columns": (f"Request URL\n{URL}\nRequest Method\nGET", "a browser's list of headers"),
    "Firefox's GET": (
        json.dumps({"GET": {"scheme": "https", "host": HOST, "filename": PATH, "query": PAIRS}}),
        "a URL in JSON", APART, BESIDE,
    ),
    "HAR": (
        json.dumps({"log": {"entries": [{"request": {"url": f"https://{HOST}/"}}, {"request": {"url": URL, "headers": [{"name": "cookie", "value": "s=1"}]}}]}}),
        "a HAR file (request 2 of 2, the first of 1 with a signature)",
    ),
    "HAR of curlconverter": (
        json.dumps({"log": {"entries": [{"request": {"url": f"https://{HOST}{PATH}", "headers": [], "queryString": [{"name": n, "value": v} for n, v in PAIRS.items()]}}]}}),
        "a HAR file",
    ),
    "Postman": (json.dumps({"request": {"url": {"raw": URL, "host": ["provider", "example"]}}}), "an entry of a HAR file"),
    # logs
    "Apache": (f'203.0.113.7 - - [14/Nov/2023:22:13:20 +0000] "GET {TARGET} HTTP/1.1" 403 12 "-" "x"', "an access-log line", NAMED),
    "nginx with hosts": (f'{HOST} 203.0.113.7 - - [14/Nov/2023:22:13:20 +0000] "GET {TARGET} HTTP/2.0" 403 12', "an access-log line", BESIDE),
    "nginx's errors": (
        f'2023/11/14 22:13:20 [error] 7#7: *1 upstream timed out, client: 1.2.3.4, request: "GET {TARGET} HTTP/1.1", upstream: "http://127.0.0.1:3000{TARGET}", host: "{HOST}"',
        "an access-log line", BESIDE,
    ),
    "Caddy": (json.dumps({"level": "info", "request": {"method": "GET", "host": HOST, "uri": TARGET, "headers": {"Accept": ["*/*"]}}}), "a URL in JSON", BESIDE),
    "pino": (json.dumps({"req": {"method": "GET", "url": TARGET, "headers": {"host": HOST, "x-forwarded-proto": "https"}}}), "a URL in JSON", BESIDE),
    "Traefik": (json.dumps({"RequestHost": HOST, "RequestPath": TARGET, "RequestScheme": "https"}), "a URL in JSON", BESIDE),
    "Docker": (json.dumps({"log": f'1.2.3.4 - - [14/Nov/2023:22:13:20 +0000] "GET {TARGET} HTTP/1.1" 403 12\n'}), "a URL in JSON", NAMED),
    "a log of Go": (json.dumps({"msg": "request", "url": URL}).replace("&", "\\u0026"), "a URL in JSON"),
    "Rails": (f'Started GET "{TARGET}" for 1.2.3.4 at 2023-11-14 22:13:20 +0000', "a log line", NAMED),
    "Django": (f'[14/Nov/2023 22:13:20] "GET {TARGET} HTTP/1.1" 403 12', "an access-log line", NAMED),
    "uvicorn": (f'INFO:     127.0.0.1:55555 - "GET {TARGET} HTTP/1.1" 403 Forbidden', "an access-log line", NAMED),
    "morgan": (f"GET {TARGET} 403 3.214 ms - 12", "a log line", NAMED),
    "gin": (f'[GIN] 2023/11/14 - 22:13:20 | 403 |     1.2ms |  1.2.3.4 | GET      "{TARGET}"', "a log line", NAMED),
    "IIS": (TARGET.replace("?", " ").join(("2023-11-14 22:13:20 10.0.0.1 GET ", " 443 - 1.2.3.4 Mozilla - 403 0")), "a log line", APART, NAMED),
    "CloudFront": (f"2023-11-14\t22:13:20\tFRA\t1\t1.2.3.4\tGET\t{HOST}\t{PATH}\t403\t-\tx\t" + TARGET.partition("?")[2] + "\t-", "a log line", APART, BESIDE),
    "a load balancer of AWS": (f'https 2023-11-14T22:13:20Z app/my 1.2.3.4:1 10.0.0.1:80 0.0 403 403 34 366 "GET https://{HOST}:443{TARGET} HTTP/1.1" "curl/7" - -', "an access-log line"),
    "logfmt": (f'level=info method=GET url="{URL}" status=403', "a log line"),
    # what a program sees
    "API Gateway 2.0": (
        json.dumps({"rawPath": PATH, "rawQueryString": TARGET.partition("?")[2], "headers": {"host": HOST}}),
        "an event of API Gateway", HEADERS,
    ),
    "API Gateway 1.0": (
        json.dumps({"path": PATH, "httpMethod": "GET", "headers": {"Host": HOST}, "queryStringParameters": PAIRS, "body": None, "isBase64Encoded": False}),
        "an event of API Gateway", "the query was built anew from its parameters", HEADERS,
    ),
    "print_r of $_SERVER": (f"Array\n(\n    [HTTP_HOST] => {HOST}\n    [REQUEST_URI] => {TARGET}\n    [HTTPS] => on\n)", "a list of named values", BESIDE),
    "the environment of CGI": (f"REQUEST_METHOD=GET\nHTTP_HOST={HOST}\nREQUEST_URI={TARGET}\nHTTPS=on", "a list of named values", BESIDE),
    "a scope of ASGI": (
        repr({"path": PATH, "query_string": TARGET.partition("?")[2].encode(), "headers": [(b"host", HOST.encode())], "scheme": "https"}),
        "a list of named values", APART, BESIDE,
    ),
    "an environ of WSGI": (
        repr({"PATH_INFO": PATH, "QUERY_STRING": TARGET.partition("?")[2], "HTTP_HOST": HOST, "wsgi.url_scheme": "https"}),
        "a list of named values", APART, BESIDE,
    ),
    # quotes and marks
    "quotes": (json.dumps(URL), "a URL", "quotes around it"),
    "JSON of PHP": (json.dumps(URL).replace("/", "\\/"), "a URL", "slashes stood as \\/, as PHP writes JSON", "quotes around it"),
    "angle brackets": (f"<{URL}>", "a URL", "angle brackets around it"),
    "quotes of a word processor": (f"„{URL}“", "a URL", "quotes around it"),
    "backticks": (f"`{URL}`", "a URL", "backticks around it"),
    "a fence": (f"```\n{URL}\n```", "a URL", "a Markdown fence around it"),
    "a Markdown link": (f"[the link]({URL})", "a URL", "a Markdown link around it"),
    "a Slack link": (html.escape(URL).join(("<", f"|{HOST}>")), "a URL", "a name stood beside the link", "angle brackets around it", "&amp; stood for &"),
    "a sentence": (f"Hi, the iframe is loaded with {URL} and says 403.", "a URL in a text"),
    "a byte order mark and a line end": (f"\ufeff{URL}\r\n", "a URL", "a byte order mark stood in front"),
    "UTF-16": (("\ufeff" + URL).encode("utf-16-le"), "a URL", "it was UTF-16, as PowerShell and Windows write it"),
    "a zero-width space": (URL[:60] + "\u200b" + URL[60:], "a URL", "invisible characters stood in it"),
    # HTML and mail
    "an iframe": (f'<iframe src="{html.escape(URL)}" width="600"></iframe>', "a URL in a text", "&amp; stood for &"),
    "escaped for HTML": (html.escape(URL), "a URL", "&amp; stood for &"),
    "escaped for HTML twice": (html.escape(html.escape(URL)), "a URL", "&amp;amp; stood for &"),
    "HTML that read entities": (html.unescape(URL), "a URL", ENTITY),
    "entities, then escaped": (spelt(URL, quote), "a URL", ENTITY),
    "wrapped": ("\n".join(textwrap.wrap(URL, 76, break_on_hyphens=False)), "a URL", "it was wrapped over several lines"),
    "wrapped and indented": ("\n    ".join(textwrap.wrap(URL, 60, break_on_hyphens=False)), "a URL", "it was wrapped over several lines"),
    "a quoted mail": (
        "> " + "\n> ".join(textwrap.wrap(URL, 70, break_on_hyphens=False)),
        "a URL", "the marks of a quoted mail stood before its lines", "it was wrapped over several lines",
    ),
    "quoted-printable": (quopri.encodestring(URL.encode()), "a URL", PRINTABLE),
    "quoted-printable HTML": (
        quopri.encodestring(f'<p>Please <a href="{html.escape(URL)}">click</a></p>'.encode()),
        "a URL in a text", PRINTABLE, "&amp; stood for &",
    ),
    "Safe Links": (
        "https://eur01.safelinks.protection.outlook.com/?url=" + quote(URL, safe="") + "&data=05%7C01&reserved=0",
        "a URL", "it was wrapped in the link of another site",
    ),
    "a link of Google": (
        "https://www.google.com/url?q=" + quote(URL, safe="") + "&sa=D&ust=1",
        "a URL", "it was wrapped in the link of another site",
    ),
    "URL Defense": (
        "https://urldefense.proofpoint.com/v2/url?u=" + quote(URL, safe="").replace("-", "%2D").replace("%2F", "_").replace("%", "-") + "&d=DwMFaQ&c=x&e=",
        "a URL", "it was wrapped in the link of another site",
    ),
    "escaped as a whole": (quote(URL, safe=""), "a percent-encoded text", "the whole of it was percent-encoded"),
}  # fmt: skip


def signed_by_openssl(secret: str) -> str:
    from .rows import run

    text = f"https://{HOST}{PATH}?{QUERY}"
    return run("openssl", "dgst", "-sha256", "-hmac", secret, given=text).decode().strip().rpartition("= ")[2]


def filled(carrier: str | bytes, digest: str) -> str | bytes:
    """Put the digest in: letters and digits, which no carrier changes."""
    if isinstance(carrier, bytes) and carrier.startswith(b"\xff\xfe"):
        return carrier.replace(SIGNATURE.encode("utf-16-le"), digest.encode("utf-16-le"))
    if isinstance(carrier, bytes):
        return carrier.replace(SIGNATURE.encode(), digest.encode())
    return carrier.replace(SIGNATURE, digest)


@pytest.mark.parametrize("name", CARRIERS)
def test_a_signed_url_is_found_in_what_was_pasted(name):
    carrier, took, *undone = CARRIERS[name]
    origins = [f"https://{HOST}"] if NAMED in undone else []
    options = {"secret": SECRET, "now": NOW, "origins": origins}
    answer = explain("onoffice", filled(carrier, signed_by_openssl(SECRET)), **options)
    assert (answer.verdict, answer.reason, answer.took, [*answer.undone]) == ("verified", "", took, undone)
    wrong = explain("onoffice", filled(carrier, signed_by_openssl(SECRET + "\n")), **options)
    assert (wrong.verdict, wrong.took, [*wrong.undone]) == ("refused", took, undone)
    assert [one.id for one in wrong.explanations[0]] == ["key-line-end"]


# --- calls of the API -----------------------------------------------------------------------------

KEY, TOKEN = "yOJobbhGLXdp90XxvxedFhH7073L9U", "mgjIQkNRnaqggVzy9cZW"
ACTION, TYPE = "urn:onoffice-de-ns:smart:2.5:smartml:action:do", "unlockProvider"
CALL = {
    "token": TOKEN,
    "request": {
        "actions": [
            {
                "actionid": ACTION,
                "resourceid": "",
                "resourcetype": TYPE,
                "timestamp": NOW,
                "hmac": SIGNATURE,
                "hmac_version": 2,
                "parameters": {"parameterCacheId": "6802c44a", "extendedclaim": "a/b+c=="},
            }
        ]
    },
}
JSON, LONG, API = json.dumps(CALL), json.dumps(CALL, indent=2), "https://api.onoffice.de/api/stable/api.php"
CALLS = {
    "JSON": (JSON, "a call of the API"),
    "JSON of PHP": (JSON.replace("/", "\\/"), "a call of the API"),
    "a byte order mark": ("\ufeff" + JSON, "a call of the API"),
    "a fence": (f"```json\n{LONG}\n```", "a call of the API", "a Markdown fence around it"),
    "single quotes around it": (f"'{JSON}'", "a call of the API", "quotes around it"),
    "a dict of Python": (repr(CALL), "a call of the API"),
    "an action with the token in it": (json.dumps({**CALL["request"]["actions"][0], "token": TOKEN}), "a call of the API"),
    "curl": (f"curl -X POST {API} -H 'Content-Type: application/json' -d '{JSON}'", "a curl command"),
    "curl with double quotes": (f"curl {API} -d " + json.dumps(JSON), "a curl command"),
    "raw HTTP": (
        f"POST /api/stable/api.php HTTP/1.1\r\nHost: api.onoffice.de\r\n\r\n{JSON}",
        "an HTTP request", "the origin https://api.onoffice.de was taken from the headers",
    ),
    "an HTTP file": (f"POST {API}\nContent-Type: application/json\n\n{JSON}", "an HTTP request"),
    "HAR": (json.dumps({"log": {"entries": [{"request": {"url": API, "postData": {"text": JSON}}}]}}), "a HAR file"),
    "fetch": (f'fetch("{API}", {{"headers":{{}},"body":{json.dumps(JSON)},"method":"POST"}});', "a fetch of a browser"),
    "Monolog": (f"[2023-11-14 22:13:20] production.DEBUG: request {JSON} []", "a call of the API in a text"),
    "Guzzle": (f">>>>>>>>\nPOST /api HTTP/1.1\nHost: x\n\n{JSON}\n<<<<<<<<\nHTTP/1.1 200 OK", "a call of the API in a text"),
    "a log in JSON": (json.dumps({"msg": "request", "body": JSON}), "a call of the API in a text"),
    "an object in a log": (json.dumps({"msg": "request", "body": CALL}), "a call of the API in a text"),
    "code": (f"requests.post('{API}', json={LONG})", "a call of the API in a text"),
    "JSON in JSON": (json.dumps(JSON), "a call of the API in a JSON text"),
    "escaped for HTML": (html.escape(JSON), "a call of the API, escaped for HTML"),
    "percent-encoded": (quote(JSON, safe=""), "a call of the API, percent-encoded"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_the_api_is_found_in_what_was_pasted(name):
    from .rows import run

    carrier, took, *undone = CALLS[name]
    for key, verdict in ((KEY, "verified"), (KEY + "\n", "refused")):
        text = f"{NOW}{TOKEN}{TYPE}{ACTION}"
        digest = run("openssl", "dgst", "-sha256", "-hmac", key, "-binary", given=text)
        made = b64encode(digest).decode()
        made = quote(made, safe="") if name == "percent-encoded" else made
        answer = explain("onoffice", filled(carrier, made), secret=KEY, now=NOW)
        assert (answer.verdict, answer.took, [*answer.undone]) == (verdict, took, undone)
        assert [one.id for group in answer.explanations for one in group] == ["key-line-end"] * (
            verdict == "refused"
        )


@pytest.mark.parametrize(
    ("pasted", "verdict", "said"),
    [
        ("hello", "unrecognised", "No request was recognised"),
        ("Example-Provider-Secret-1!", "unrecognised", "No request was recognised"),
        (b"\xff\xfe\x00\xff", "unrecognised", "No request was recognised"),
        ('{"a":1}', "refused", "request.actions"),
        ('{"status":{"code":500},"response":{"results":[]}}', "refused", "an answer of the API, not a call"),
        (json.dumps(CALL["request"]["actions"][0]), "refused", "the whole call"),
    ],
)
def test_what_is_no_request_of_onoffice_is_said_to_be_none(pasted, verdict, said):
    answer = explain("onoffice", pasted, secret=SECRET, now=NOW)
    assert answer.verdict == verdict and said in answer.says + str(answer.evidence)
    assert "Secret-1" not in json.dumps(answer.as_json())


@pytest.mark.parametrize(
    "damage", [lambda u: u.replace("&", ";"), lambda u: u.replace("&signature", "&Signature")]
)
@pytest.mark.parametrize("carry", ["we get {} in the iframe", '<a href="{}">x</a>', "{}"])
def test_a_url_is_found_by_its_signature_however_it_is_separated_or_spelt(carry, damage):
    answer = explain(
        "onoffice", filled(carry.format(damage(URL)), signed_by_openssl(SECRET)), secret=SECRET, now=NOW
    )
    assert answer.took in ("a URL", "a URL in a text") and answer.undone == ()
    first = answer.explanations[0][0].id
    assert first in ("onoffice-query-separator", "onoffice-signature-named")
