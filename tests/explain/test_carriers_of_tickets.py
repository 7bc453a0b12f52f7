"""A genuine request is found and verified in what gateways, log systems, tools, mails and spreadsheets make of it."""

from __future__ import annotations

import base64
import csv
import hmac
import html
import io
import json
import quopri
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

import pytest

from handshakes.explain import explain

SECRET, NOW = "example-integration-secret", 1_648_190_384
DIGEST = "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4"
"""Of {"slug":"test-slug","locations":""}.1648190384; one of the worked values."""
URL = f"https://p.example/app/h?slug=test-slug&locations=&signature=t%3D{NOW}%2Csignature%3D{DIGEST}"
HOST, PATH, QUERY = "p.example", "/app/h", URL.partition("?")[2]
TARGET = f"{PATH}?{QUERY}"
VALUES = dict(parse_qsl(QUERY, keep_blank_values=True))
ROWS = [*VALUES.items()]
RAW = f"GET {TARGET} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: x\r\n\r\n"
HALF = len(URL) // 2


def table(*rows: object) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def lines(form: str) -> str:
    return "\n".join(form.format(name, value) for name, value in ROWS)


URLS: dict[str, str] = {
    "Kong": json.dumps({"request": {"uri": PATH, "url": f"https://{HOST}:8443{PATH}", "querystring": VALUES, "headers": {"host": HOST}}}),
    "Azure Application Gateway": json.dumps({"properties": {"requestUri": PATH, "requestQuery": QUERY, "host": HOST}}),
    "API Gateway, many values": json.dumps({"path": PATH, "httpMethod": "GET", "headers": {"Host": HOST}, "multiValueQueryStringParameters": {n: [v] for n, v in ROWS}, "body": None, "isBase64Encoded": False}),
    "a load balancer's event": json.dumps({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": PATH, "queryStringParameters": {n: quote(v, safe="") for n, v in ROWS}, "headers": {"host": HOST}, "body": "", "isBase64Encoded": False}),
    "print_r": "Array\n(\n" + lines("    [{}] => {}") + "\n)\n",
    "var_dump": "array(3) {\n" + "".join(f'  ["{n}"]=>\n  string({len(v)}) "{v}"\n' for n, v in ROWS) + "}\n",
    "Laravel's dd": "array:3 [\n" + lines('  "{}" => "{}"') + "\n]",
    "console.log": "query: {\n" + lines("  {}: '{}',") + "\n}",
    "a dict of Python": repr(VALUES),
    "a QueryDict": f"<QueryDict: { {n: [v] for n, v in ROWS}!r}>",
    "an ImmutableMultiDict": f"ImmutableMultiDict({ROWS!r})",
    "a map of Java": "params={" + ", ".join(f"{n}={v}" for n, v in ROWS) + "}",
    "a map of Go": "map[" + " ".join(f"{n}:[{v}]" for n, v in ROWS) + "]",
    "Rails": "  Parameters: {" + ", ".join(f"{json.dumps(n)}=>{json.dumps(v)}" for n, v in ROWS) + "}",
    "YAML": "query:\n" + lines('  {}: "{}"'),
    "JSON of parameters": json.dumps(VALUES),
    "a browser's list": "Query String Parameters\n" + lines("{}: {}"),
    "columns of a spreadsheet": lines("{}\t{}"),
    "a row of a spreadsheet": table(VALUES.keys(), VALUES.values()),
    "Jira": f"{{noformat}}\n{URL}\n{{noformat}}",
    "the referrer": f"GET /app.css HTTP/1.1\r\nHost: {HOST}\r\nReferer: {URL}\r\n\r\n",
    "parameters of requests": f"requests.get('https://{HOST}{PATH}', params={VALUES!r})",
    "parameters of axios": f"axios.get('https://{HOST}{PATH}', {{ params: {{\n" + lines("  {}: '{}',") + "\n} })",
    "a text in two parts, JavaScript": f"const url = '{URL[:HALF]}' +\n  '{URL[HALF:]}';",
    "a text in two parts, Python": f'url = ("{URL[:HALF]}"\n       "{URL[HALF:]}")',
    "a text in two parts, PHP": f"$url = '{URL[:HALF]}'\n     . '{URL[HALF:]}';",
    "Postman, in parts": json.dumps({"item": [{"request": {"url": {"host": HOST.split("."), "query": [{"key": n, "value": v} for n, v in ROWS]}}}]}),
    "Insomnia": json.dumps({"resources": [{"url": f"https://{HOST}{PATH}", "parameters": [{"name": n, "value": v} for n, v in ROWS]}]}),
    "Splunk": f'2026-11-29T10:12:13 host={HOST} uri_path="{PATH}" uri_query="{QUERY}" status=403',
    "a request of Go": f'&http.Request{{Method:"GET", Host:"{HOST}", RequestURI:"{TARGET}"}}',
    "Charles": f'<transaction protocol="https" host="{HOST}" path="{PATH}" query="{html.escape(QUERY)}"/>',
    "Fiddler": f"# Result Protocol Host URL\n12 403 HTTPS {HOST}{TARGET}",
    "a link of Slack in a text": f"it fails: <{URL.replace('&', '&amp;')}|open>",
    "JSON in JSON": json.dumps({"msg": json.dumps({"url": URL})}),
    "base64": base64.b64encode(URL.encode()).decode(),
    "base64 of a request": base64.b64encode(RAW.encode()).decode(),
    "tcpdump": f"10:12:13.12 IP 203.0.113.9.1 > 10.0.0.5.80: Flags [P.], length 312\nE..h..@.@...{RAW}",
    "a mail": f"From: a@x.example\nTo: b@x.example\nSubject: x\n\nHello,\n{URL}\nBye",
    "a mail in parts": 'From: a@x.example\nSubject: x\nContent-Type: multipart/alternative; boundary="b1"\n\n--b1\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n' + quopri.encodestring(f"see {URL} ok".encode()).decode() + "\n--b1--\n",
}  # fmt: skip


@pytest.mark.parametrize("name", URLS)
def test_a_signed_url_is_found_in_what_was_pasted(name):
    answer = explain("officernd", URLS[name], secret=SECRET, now=NOW)
    assert (answer.verdict, answer.explanations) == ("verified", ()), (answer.took, answer.undone)


BODY = '{"event":"c9","data":{"name":"Zoë & Co, \\"A/B\\""}}'
SIGNED = f"t={NOW},signature=" + hmac.digest(SECRET.encode(), f"{BODY}.{NOW}".encode(), "sha256").hex()
HEADERS = {"Content-Type": "application/json", "officernd-signature": SIGNED}
HEAD = "".join(f"{name}: {value}\n" for name, value in HEADERS.items())
POSTED = f"POST /hooks HTTP/1.1\nHost: {HOST}\n{HEAD}\n{BODY}"
CODED = base64.b64encode(BODY.encode()).decode()
HOOKS: dict[str, str] = {
    "a log with the raw body": json.dumps(
        {"request": {"url": "/hooks", "headers": HEADERS, "rawBody": BODY}}
    ),
    "a log with the body in base64": json.dumps({"request": {"headers": HEADERS, "body_base64": CODED}}),
    "ngrok": json.dumps({"requests": [{"request": {"raw": base64.b64encode(POSTED.encode()).decode()}}]}),
    "curl -v with a body": "".join(f"> {row}\n" for row in POSTED.split("\n")[:4])
    + f">\n{BODY}\n< HTTP/1.1 403\n",
    "a chat": f"Kim: header is `officernd-signature: {SIGNED}`\nbody is\n```\n{BODY}\n```\nany idea?",
    "a fence of Markdown": f"```\n{POSTED}\n```",
    "requests of Python": f"requests.post('https://{HOST}/hooks', headers={HEADERS!r}, data={BODY!r})",
    "axios": f"axios.post('https://{HOST}/hooks', {json.dumps(BODY)}, {{ headers: {json.dumps(HEADERS)} }})",
    "HTTPie": f"$ https -v POST {HOST}/hooks\n{POSTED}\n\nHTTP/1.1 403 Forbidden\nContent-Length: 0\n",
    "a table of SQL": f"| 812 | officernd-signature: {SIGNED} | {BODY} | 403 |",
    "a row of a spreadsheet": table(["time", *HEADERS, "body"], ["10:12", *HEADERS.values(), BODY]),
    "Spring": f"WARN POST /hooks headers={{officernd-signature={SIGNED}}} payload={BODY}",
    "logfmt": f'level=warn officernd-signature="{SIGNED}" body={json.dumps(BODY)}',
    "headers and body as JSON texts": f"Headers: {json.dumps(HEADERS)}\nBody: {json.dumps(BODY)}",
    "a mail": f"From: a@x.example\nSubject: x\n\nHello, this came:\n{HEAD}\n{BODY}\n\nBye",
}


@pytest.mark.parametrize("name", HOOKS)
def test_a_webhook_is_found_in_what_was_pasted(name):
    answer = explain("officernd", HOOKS[name], secret=SECRET, now=NOW)
    assert (answer.verdict, answer.explanations) == ("verified", ()), (
        answer.took,
        answer.undone,
        answer.says,
    )


FORM = (
    "register=%7B%22systemUrl%22%3A%22https%3A%2F%2Fdemo.simla.com%22%2C%22apiKey%22%3A%22example-api-key%22%2C"
    "%22token%22%3A%221d1586a2d0ef964e35833699072990b41973fc4f5254ab676ff13e59d89a78f5%22%7D"
)
"""The token is OpenSSL's HMAC of the key under `example-module-secret`."""


class Carried(NamedTuple):
    pasted: str
    undone: str


FORMS: dict[str, Carried] = {
    "a log with the body": Carried(json.dumps({"msg": "bad token", "url": "https://a.example/r", "body": FORM}), "the body stood in JSON, under body"),
    "a log with the body in base64": Carried(json.dumps({"raw": base64.b64encode(FORM.encode()).decode()}), "the body stood in JSON, under raw"),
    "a mail": Carried(f"From: a@x.example\nSubject: x\n\nBody we got:\n\n{FORM}\n\n-- \nSupport", "the head of a mail"),
    "a row of a table": Carried(f"10:12,application/x-www-form-urlencoded,{FORM},403", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_registration_is_found_in_what_was_pasted(name):
    answer = explain("retailcrm", FORMS[name].pasted, secret="example-module-secret", now=0)
    assert (answer.verdict, answer.explanations) == ("verified", ()), (answer.took, answer.undone)
    assert not FORMS[name].undone or FORMS[name].undone in answer.undone


def test_a_file_in_utf_16_is_said_to_be_one():
    answer = explain(
        "officernd", b"\xff\xfe" + BODY.encode("utf-16-le"), secret=SECRET, now=NOW, header=SIGNED
    )
    assert answer.verdict == "verified"
    assert answer.undone == ("it was UTF-16, as PowerShell and Windows write it",)


def test_an_address_that_is_named_whole_is_not_put_in_front_of_its_own_path():
    answer = explain(
        "onoffice", TARGET.replace("slug", "x"), secret="s", now=NOW, origins=["https://p.example/crm/app/h"]
    )
    assert answer.undone == ("the address https://p.example/crm, which you named, was put in front",)
