"""A webhook of OfficeRnD is found in what servers, tools and people write: its header and its raw body."""

from __future__ import annotations

import hmac
import json

import pytest

from handshakes.explain import explain

S, N = "example-webhook-secret", 1_648_190_384
B = '{"event":"integration.removed","data":{"n":1.0}}'


def H(key: str = S) -> str:
    """Return the signature's header of the body."""
    return f"t={N},signature=" + hmac.digest(key.encode(), f"{B}.{N}".encode(), "sha256").hex()


CARRIERS = {
        "block":f"Host: p.example\nOfficernd-Signature: {H()}\nContent-Type: application/json\n\n{B}",
        "only header + body":f"officernd-signature: {H()}\n\n{B}",
        "header body no blank":f"officernd-signature: {H()}\n{B}",
        "labels":f"Signature header: {H()}\nBody: {B}",
        "http":f"POST /hook HTTP/1.1\nHost: p.example\nOfficernd-Signature: {H()}\nContent-Length: {len(B)}\n\n{B}\n",
        "http2 caps":f"POST /hook HTTP/2\nhost: p.example\nofficernd-signature: {H()}\n\n{B}",
        "curl":f"curl -X POST https://p.example/hook -H 'officernd-signature: {H()}' -H 'content-type: application/json' -d '{B}'",
        "curl esc":"curl -X POST https://p.example/hook -H \"officernd-signature: " + H() + "\" -d \"" + B.replace('"', '\\"') + '"',
        "express dump":json.dumps({"headers":{"officernd-signature":H()},"body":json.loads(B)}),
        "express dump str":json.dumps({"headers":{"officernd-signature":H()},"body":B}),
        "express dump raw":json.dumps({"headers":{"officernd-signature":H()},"rawBody":B}),
        "log dump":json.dumps({"msg":"hook","req":{"method":"POST","url":"/hook","headers":{"officernd-signature":H(),"host":"p.example"}},"body":B}),
        "pino":json.dumps({"level":30,"req":{"headers":{"officernd-signature":H()},"raw":{"body":B}}}),
        "webhook.site":json.dumps({"uuid":"x","method":"POST","content":B,"headers":{"officernd-signature":[H()]},"url":"https://p.example/hook"}),
        "requestbin":json.dumps({"method":"POST","path":"/hook","headers":{"officernd-signature":H()},"bodyRaw":B,"body":json.loads(B)}),
        "lambda v1 multi":json.dumps({"httpMethod":"POST","path":"/hook","headers":None,"multiValueHeaders":{"Officernd-Signature":[H()]},"body":B,"isBase64Encoded":False}),
        "python dump":f"{{'headers': {{'Officernd-Signature': '{H()}'}}, 'body': b'{B}'}}",
        "php server":f"Array\n(\n    [HTTP_OFFICERND_SIGNATURE] => {H()}\n    [body] => {B}\n)",
        "fence":f"```http\nPOST /hook HTTP/1.1\nOfficernd-Signature: {H()}\n\n{B}\n```",
        "httpie":f"echo '{B}' | http POST https://p.example/hook 'officernd-signature: {H()}'",
        "postman":json.dumps({"request":{"method":"POST","header":[{"key":"officernd-signature","value":H()}],"body":{"mode":"raw","raw":B},"url":{"raw":"https://p.example/hook"}}}),
        "har":json.dumps({"log":{"entries":[{"request":{"method":"POST","url":"https://p.example/hook","headers":[{"name":"officernd-signature","value":H()}],"postData":{"text":B}}}]}}),
        "har of Playwright":json.dumps({"log":{"entries":[{"request":{"method":"POST","url":"https://p.example/hook","headers":[{"name":"officernd-signature","value":H()}],"queryString":[],"postData":{"mimeType":"application/json","params":[],"text":B}}}]}}),
        "fetch":f'fetch("https://p.example/hook", {{"headers": {{"officernd-signature": "{H()}"}}, "body": {json.dumps(B)}, "method": "POST"}});',
}  # fmt: skip


@pytest.mark.parametrize("name", CARRIERS)
def test_a_genuine_webhook_verifies_whatever_is_around_it(name):
    answer = explain("officernd", CARRIERS[name], secret=S, now=N)
    assert (answer.verdict, answer.reason, answer.explanations) == ("verified", "", ())
    parsed = "the body was given as parsed JSON, and was written again" in answer.undone
    assert parsed == (name == "express dump")


@pytest.mark.parametrize("name", CARRIERS)
def test_the_cause_is_named_in_each_carrier(name):
    quoted = CARRIERS[name].replace(H(), H(f'"{S}"'))
    assert quoted != CARRIERS[name]
    answer = explain("officernd", quoted, secret=S, now=N)
    assert answer.verdict == "refused"
    assert "key-quoted" in [one.id for one in answer.explanations[0]]


def test_a_signed_url_in_json_is_no_webhook():
    """Decoded, it carries a value of the same form."""
    url = f"/h?slug=s&signature={H()}"
    assert explain("officernd", json.dumps({"url": url, "body": {}}), secret=S, now=N).took == "a URL in JSON"
