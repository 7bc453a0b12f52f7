"""A registration of RetailCRM is found in logs, dumps, commands, mails and events, and the cause is still named there."""

from __future__ import annotations

import base64
import hmac
import json
from urllib.parse import quote_plus

import pytest

from handshakes.explain import explain

S, K, U = "example-module-secret", "example-api-key", "https://demo.simla.com"
GOOD = hmac.digest(S.encode(), K.encode(), "sha256").hex()
SWAPPED = hmac.digest(K.encode(), S.encode(), "sha256").hex()


def carriers(token: str) -> dict[str, str | bytes]:
    """Return a registration with a token as people paste it, by the name of what is around it."""
    d = {"systemUrl": U, "apiKey": K, "token": token}
    j = json.dumps(d, separators=(",", ":"))
    f = "register=" + quote_plus(j)
    return {
        "nginx body":f'1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "POST /register HTTP/1.1" 200 45 "-" "curl/8" "{f}"',
        "nginx x22":'1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "POST /register HTTP/1.1" 200 45 "register='+j.replace('"','\\x22')+'"',
        "json log":json.dumps({"time":"x","method":"POST","path":"/register","body":f}),
        "json log url":json.dumps({"time":"x","method":"POST","url":"https://m.example/register","body":f}),
        "json form":json.dumps({"form":{"register":j}}),
        "json parsed":json.dumps({"form":{"register":d}}),
        "monolog":f'[2026-01-01T00:00:00] app.INFO: Register request {json.dumps({"register":j})} []',
        "monolog2":f'[2026-01-01T00:00:00] app.INFO: Register request {j} []',
        "var_dump":f'array(1) {{\n  ["register"]=>\n  string({len(j)}) "{j}"\n}}\n',
        "print_r":f'Array\n(\n    [register] => {j}\n)\n',
        "print_r parsed":"Array\n(\n    [register] => Array\n        (\n            [systemUrl] => {}\n            [apiKey] => {}\n            [token] => {}\n        )\n)\n".format(U,K,d["token"]),
        "var_dump parsed":'array(3) {{\n  ["systemUrl"]=>\n  string(22) "{}"\n  ["apiKey"]=>\n  string(15) "{}"\n  ["token"]=>\n  string(64) "{}"\n}}'.format(U,K,d["token"]),
        "flask":f"ImmutableMultiDict([('register', '{j}')])",
        "django":f"<QueryDict: {{'register': ['{j}']}}>",
        "go map":f"map[register:[{j}]]",
        "node":f"{{ register: '{j}' }}",
        "node null":f"[Object: null prototype] {{\n  register: '{j}'\n}}",
        "ruby":'{"register"=>'+json.dumps(j)+'}',
        "httpie":f"http -f POST https://m.example/register register='{j}'",
        "powershell":f"Invoke-WebRequest -Uri https://m.example/register -Method POST -Body '{f}'",
        "powershell2":f"Invoke-RestMethod -Uri https://m.example/register -Method POST -Body @{{register='{j}'}}",
        "requests":f"requests.post('https://m.example/register', data={{'register': '{j}'}})",
        "wget":f"wget --post-data='{f}' https://m.example/register",
        "chunked":f"POST /register HTTP/1.1\r\nHost: m.example\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n{len(f):x}\r\n{f}\r\n0\r\n\r\n",
        "spring":f"{{register=[{j}]}}",
        "java map":"{{systemUrl={}, apiKey={}, token={}}}".format(U,K,d["token"]),
        "email":f"Hi, this is what we get: {f} and it fails. What is wrong?",
        "email json":f"Hi, this is what we get:\n\n{j}\n\nWhat is wrong?",
        "fence":f"```http\nPOST /register HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n{f}\n```",
        "fence json":f"```json\n{json.dumps(d,indent=2)}\n```",
        "gw1":json.dumps({"httpMethod":"POST","path":"/register","headers":{"content-type":"application/x-www-form-urlencoded"},"body":f,"isBase64Encoded":False}),
        "gw2":json.dumps({"rawPath":"/register","rawQueryString":"","headers":{"content-type":"application/x-www-form-urlencoded"},"body":base64.b64encode(f.encode()).decode(),"isBase64Encoded":True}),
        "devtools":f"register: {j}",
        "devtools2":f"register\n{j}",
        "lines":"systemUrl={}\napiKey={}\ntoken={}".format(U,K,d["token"]),
        "lines:":"systemUrl: {}\napiKey: {}\ntoken: {}".format(U,K,d["token"]),
        "curl win":f'curl "https://m.example/register" ^\n  -H "content-type: application/x-www-form-urlencoded" ^\n  --data-raw "{f}"',
        "curl dollar":"curl 'https://m.example/register' --data-raw $'register="+j.replace("'","\\'")+"'",
        "curl bash":"curl -X POST https://m.example/register -d \"register="+j.replace('"','\\"')+"\"",
        "block":f"Host: m.example\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{f}",
        "with others":f"clientId=1&{f}&x=1",
        "html":f'<textarea name="register">{j.replace(chr(34),"&quot;")}</textarea>',
        "html input":f'<input type="hidden" name="register" value="{j.replace(chr(34),"&quot;")}">',
        "xml":f"<register>{j}</register>",
        "yaml":f"register: '{j}'",
        "utf16":("\ufeff"+f).encode("utf-16-le"),
        "utf16 json":("\ufeff"+j).encode("utf-16-le"),
        "b64url":base64.urlsafe_b64encode(f.encode()).decode().rstrip("="),
        "hex":f.encode().hex(),
        "wrapped json":j[:60]+"\n"+j[60:],
        "wrapped json key":j[:52]+"\n"+j[52:],
        "nbsp":j.replace(":",":\xa0"),
        "curly quotes":j.replace('"','”'),
        "trailing comma":j[:-1]+",}",
        "python bytes":repr(f.encode()),
        "python str":repr(j),
        "python bytes json":repr(j.encode()),
        "dict":str(d),
        "php serialize":'a:3:{{s:9:"systemUrl";s:22:"{}";s:6:"apiKey";s:15:"{}";s:5:"token";s:64:"{}";}}'.format(U,K,d["token"]),
        "har":json.dumps({"log":{"entries":[{"request":{"method":"POST","url":"https://m/register","headers":[],"postData":{"mimeType":"application/x-www-form-urlencoded","text":f}}}]}}),
        "fetch":f'fetch("https://m.example/register", {{"headers": {{"content-type": "application/x-www-form-urlencoded"}}, "body": {json.dumps(f)}, "method": "POST"}});',
        "fetch JSON":f'fetch("https://m.example/register", {{"headers": {{"content-type": "application/json"}}, "body": {json.dumps(j)}, "method": "POST"}});',
        "form line":f"{f}\r\n",
        "spaces":f"  {f}  ",
        "prefix":f"body: {f}",
        "prefix=":f"$body = '{f}';",
        "quoted json":f"'{j}'",
        "ansi":f"\x1b[32m{f}\x1b[0m",
        "tcp":f"POST /register HTTP/1.1\nHost: m.example\nContent-Type: application/x-www-form-urlencoded\nContent-Length: {len(f)}\n\n{f}\n\nHTTP/1.1 401 Unauthorized\nContent-Type: application/json\n\n{{}}",
    }  # fmt: skip


CARRIERS = carriers(GOOD)
VERIFIED = {
    name
    for name in CARRIERS
    if name.startswith(("nginx body", "email", "fence", "gw", "har", "with", "utf16", "spaces"))
}
"""Those that change nothing: the registration in them verifies."""


@pytest.mark.parametrize("name", CARRIERS)
def test_a_genuine_registration_verifies_or_the_carrier_is_named(name):
    answer = explain("retailcrm", CARRIERS[name], secret=S, now=0)
    if name in VERIFIED:
        assert (answer.verdict, answer.explanations) == ("verified", ())
    elif answer.verdict != "verified":
        assert len(answer.explanations[0][0].parts) == 1, answer.explanations[0][0].id


@pytest.mark.parametrize("name", CARRIERS)
def test_the_cause_is_named_in_each_carrier(name):
    answer = explain("retailcrm", carriers(SWAPPED)[name], secret=S, now=0)
    assert answer.verdict == "refused"
    first = [{part.id for part in one.parts} for one in answer.explanations[0]]
    assert any("mac-swapped" in ids and len(ids) <= 2 for ids in first), first
