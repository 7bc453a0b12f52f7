"""What a refusal tells the operator: the rule, the stage, and facts about the input that let it be found and cured.

Each row is one input and what is wrong with it. The numbers are the documented limits, or counted in the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handshakes import fortis, officernd, onoffice, retailcrm
from handshakes.core import keys, origins, strict, timestamps
from handshakes.core.readings import composed, replaced
from handshakes.core.refusals import Refused
from handshakes.fortis import readings as fortis_readings
from handshakes.fortis.rules import encrypted as fortis_encrypted
from handshakes.officernd import readings as officernd_readings
from handshakes.officernd import rules as officernd_rules
from handshakes.officernd.partner.api import id_of
from handshakes.officernd.partner.configuration import Configuration
from handshakes.officernd.partner.integration import PartnerIntegration
from handshakes.onoffice import readings as onoffice_readings
from handshakes.onoffice import rules as onoffice_rules
from handshakes.retailcrm import readings as retailcrm_readings
from handshakes.retailcrm import rules as retailcrm_rules
from handshakes.runtime.store import MemoryStore

C = "officernd:signature.escapes"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
SURROGATE = "\ud800"
NUMBERED = "&".join(f"a{i}=" for i in range(201))
PARTS = (
    b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n\r\n' % i for i in range(201))
    + b"--x--"
)
HEX = "0f" * 32
LOCATION = "11ea858313aabde4bd2eb0fa"
TOKEN = "3pPzNQstYfXDCE5x"
"""A log-in token as in Fortis' documents: what must not be told, wherever it was put by mistake."""
Row = tuple[Callable[[], Any], str, str, dict[str, str], str]

CORE: dict[str, Row] = {
    "a secret that is bytes": (lambda: keys.key_bytes(b"k", C), "wrong-type", C, {"secret": "bytes", "expected": "str"}, ""),
    "half a character in a secret": (lambda: keys.key_bytes(SURROGATE, C), "malformed", C, {"secret": "is not valid Unicode"}, ""),
    "an empty secret": (lambda: keys.key_bytes("", C), "empty-secret", C, {}, ""),
    "a secret that is not hex": (lambda: keys.hex_key_bytes("xy", C), "malformed", C, {"secret": "is not hex"}, ""),
    "a secret that is not base64": (lambda: keys.base64_key_bytes("a!", C), "malformed", C, {"secret": "is not base64"}, ""),
    "no installation": (lambda: keys.first_that_verifies([], str, clause=C), "unknown-installation", C, {}, ""),
    "ü in a component": (lambda: strict.decoded("ü", C), "malformed", C, {"found": "a character outside ASCII that is not percent-encoded"}, ""),
    "an escape of one digit": (lambda: strict.decoded("ab%20%2", C), "malformed", C, {"found": "an incomplete percent escape at 5"}, ""),
    "Latin-1": (lambda: strict.decoded("ab%FC", C), "malformed", C, {"found": "bytes that are not UTF-8 (decoded byte 2)"}, ""),
    "a query of 8,193 characters": (lambda: strict.query_pairs("a" * 8_193, C), "too-large", C, {"characters": "8193", "limit": "8192"}, ""),
    "ü in a query": (lambda: strict.query_pairs("a=ü", C), "malformed", C, {"found": "a character outside ASCII that is not percent-encoded"}, ""),
    "201 parameters": (lambda: strict.query_pairs(NUMBERED, C), "too-large", C, {"parameters": "201", "limit": "200"}, ""),
    "a name twice": (lambda: strict.no_duplicates((("a", "1"), ("b", ""), ("b", "2")), C), "duplicate-parameter", C, {"name": "b"}, ""),
    "a form of 65,537 bytes": (lambda: strict.form_pairs(b"a" * 65_537, FORM, C), "too-large", C, {"bytes": "65537", "limit": "65536"}, ""),
    "ü in a form": (lambda: strict.form_pairs("a=ü".encode(), FORM, C), "malformed", C, {"found": "a character outside ASCII that is not percent-encoded"}, ""),
    "a form of another type": (lambda: strict.form_pairs(b"", "text/plain", C), "wrong-content-type", C, {"content type": "text/plain", "expected": "a form"}, ""),
    "a form without a type": (lambda: strict.form_pairs(b"", "", C), "wrong-content-type", C, {"content type": "none", "expected": "a form"}, ""),
    "a type that begins with another letter": (lambda: strict.form_pairs(b"", "X" + FORM, C), "wrong-content-type", C, {"content type": "Xapplication/x-www-form-urlencoded", "expected": "a form"}, ""),
    "a disposition that ends with another letter": (lambda: strict.form_pairs(b'--x\r\nContent-Disposition: form-data; name="a"X\r\n\r\n\r\n--x--', MULTIPART, C), "malformed", C, {"found": "multipart with a part that is not a plain field"}, ""),
    "multipart without a boundary": (lambda: strict.form_pairs(b"a", MULTIPART, C), "malformed", C, {"found": "multipart with something before its first or after its last boundary, or without one"}, ""),
    "201 parts": (lambda: strict.form_pairs(PARTS, MULTIPART, C), "too-large", C, {"parameters": "201", "limit": "200"}, ""),
    "a part without a name": (lambda: strict.form_pairs(b"--x\r\n\r\n\r\n--x--", MULTIPART, C), "malformed", C, {"found": "multipart with a part that is not a plain field"}, ""),
    "a part without headers that names itself": (lambda: strict.form_pairs(b'--x\r\n\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--', MULTIPART, C), "malformed", C, {"found": "multipart with a part that is not a plain field"}, ""),
    "a part in Latin-1": (lambda: strict.form_pairs(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xfc\r\n--x--', MULTIPART, C), "malformed", C, {"found": "multipart with bytes that are not UTF-8"}, ""),
    "NaN": (lambda: strict.json_value(b"NaN", C), "malformed", C, {"found": "NaN, which is not JSON"}, ""),
    "a double too large": (lambda: strict.json_value(b"1e999", C), "malformed", C, {"found": "a number too large"}, ""),
    "a whole number too large": (lambda: strict.json_value(b"9" * 400, C), "malformed", C, {"found": "a number too large"}, ""),
    "101 arrays": (lambda: strict.json_value(b"[" * 101 + b"]" * 101, C), "malformed", C, {"found": "more than 100 arrays and objects inside each other"}, ""),
    "JSON in Latin-1": (lambda: strict.json_value(b'"\xfc"', C), "malformed", C, {"found": "byte 1 is not UTF-8"}, ""),
    "half a character in JSON": (lambda: strict.json_value(b'"\\ud800"', C), "malformed", C, {"found": "a lone surrogate in the JSON"}, ""),
    "no JSON": (lambda: strict.json_value(b'{"a" 1}', C), "malformed", C, {"found": "text that is not JSON (at character 5)"}, ""),
    "a JSON key twice": (lambda: strict.json_value(b'{"a":1,"b":1,"b":1}', C), "duplicate-parameter", C, {"JSON key": "b"}, ""),
    "JSON that is a list": (lambda: strict.json_object(b"[]", C), "wrong-type", C, {"JSON": "list", "expected": "an object"}, ""),
    "text for bytes": (lambda: strict.of_type("x", bytes, C, "body"), "wrong-type", C, {"body": "str", "expected": "bytes"}, ""),
    "a digest in capitals": (lambda: strict.hex_digest("AB" * 32, C, "hmac", "fields"), "malformed", C, {"hmac": "upper-case hex digits"}, "fields"),
    "a digest cut": (lambda: strict.hex_digest("ab", C, "hmac", "fields"), "malformed", C, {"hmac": "not 64 hex digits (2 characters)"}, "fields"),
    "a path in an origin": (lambda: origins.allowed_origin("https://a.example/b", [], C, "officernd:x.form"), "malformed", "officernd:x.form", {"url": "https://a.example/b", "expected": "scheme and host alone"}, ""),
    "a URL with a password and a token": (lambda: origins.allowed_origin(f"https://u:{TOKEN}@a.example/b?t={TOKEN}@#{TOKEN}", [], C), "malformed", C, {"url": "https://…", "expected": "scheme and host alone"}, ""),
    "a URL with a token in its query": (lambda: origins.allowed_origin(f"https://a.example?t={TOKEN}", [], C), "malformed", C, {"url": "https://a.example?…", "expected": "scheme and host alone"}, ""),
    "a URL with a token behind an @ in its query": (lambda: origins.allowed_origin(f"https://a.example?t=x@{TOKEN}", [], C), "malformed", C, {"url": "https://…", "expected": "scheme and host alone"}, ""),
    "a token for a URL": (lambda: origins.allowed_origin(TOKEN, [], C), "malformed", C, {"url": "16 characters that are no URL", "expected": "scheme and host alone"}, ""),
    "a token for a scheme": (lambda: origins.allowed_origin(f"{TOKEN}://a.example", [], C), "malformed", C, {"url": "28 characters that are no URL", "expected": "scheme and host alone"}, ""),
    "an origin that is not listed": (lambda: origins.allowed_origin("https://a.example", [], C), "not-allowed", C, {"origin": "https://a.example"}, ""),
    "a clock that is text": (lambda: timestamps.check_time(1, "2", (1, 1), C), "wrong-type", C, {"now": "str", "expected": "whole seconds"}, ""),
    "a tolerance of one number": (lambda: timestamps.check_time(1, 1, 300, C), "wrong-type", C, {"tolerance": "int", "expected": "two whole numbers"}, ""),
    "half a second back": (lambda: timestamps.check_time(1, 1, (0.5, 1), C), "wrong-type", C, {"tolerance": "tuple", "expected": "two whole numbers"}, ""),
    "half a second ahead": (lambda: timestamps.check_time(1, 1, (1, 0.5), C), "wrong-type", C, {"tolerance": "tuple", "expected": "two whole numbers"}, ""),
    "a second too old": (lambda: timestamps.check_time(1_000, 1_061, (60, 0), C), "stale", C, {"age": "1 minute 1 second (61 s)", "allowed": "1 minute (60 s)"}, "time"),
    "a second too new": (lambda: timestamps.check_time(1_061, 1_000, (0, 60), C), "from-the-future", C, {"ahead": "1 minute 1 second (61 s)", "allowed": "1 minute (60 s)"}, "time"),
    "a time that is text": (lambda: timestamps.seconds_text("1", C), "wrong-type", C, {"timestamp": "str", "expected": "whole seconds"}, ""),
    "a reading that nobody knows": (lambda: composed({}, ("x",), C), "unknown-reading", C, {"reading": "x"}, ""),
    "two readings of one stage": (lambda: composed({"a": {"s": len}, "b": {"s": str}}, ("a", "b"), C), "unknown-reading", C, {"twice replaced": "s"}, ""),
    "a stage that nobody knows": (lambda: replaced(officernd_rules.ADOPTED, {"s": 1}, C), "unknown-reading", C, {"readings": "{'s': 1}"}, ""),
}  # fmt: skip

S, W = "officernd:signature.", "officernd:webhook."
PARTNER = PartnerIntegration(Configuration("id", "s"), store=MemoryStore(), clock=int, random=bytes)
CONNECT = "officernd:connect.parameters"
OFFICERND: dict[str, Row] = {
    "a token for an id in a path": (lambda: id_of({"slug": f"{TOKEN}/"}, "slug", C), "malformed", C, {"name": "slug", "found": "17 characters that are no id"}, ""),
    "an error of OAuth": (lambda: PARTNER.connect_parameters("error=access_denied"), "platform-error", CONNECT, {"error": "access_denied"}, ""),
    "a token for an error": (lambda: PARTNER.connect_parameters(f"error={TOKEN}"), "platform-error", CONNECT, {"error": "16 characters that name no error"}, ""),
    "pairs that are text": (lambda: officernd.sign_query(["abc"], secret="s", timestamp=1), "wrong-type", S + "parameters", {"expected": "pairs of str"}, ""),
    "a value that is a number": (lambda: officernd.sign_query([("a", 1)], secret="s", timestamp=1), "wrong-type", S + "parameters", {"pairs": "int", "expected": "str"}, ""),
    "a name twice": (lambda: officernd.sign_query([("a", ""), ("a", "")], secret="s", timestamp=1), "duplicate-parameter", S + "repeated", {"name": "a"}, ""),
    "half a character": (lambda: officernd.sign_query([("a", SURROGATE)], secret="s", timestamp=1), "malformed", S + "json", {"found": "a lone surrogate"}, ""),
    "a time that is text": (lambda: officernd.sign_query([], secret="s", timestamp="1"), "wrong-type", S + "timestamp", {"timestamp": "str", "expected": "whole seconds"}, ""),
    "no secret to sign with": (lambda: officernd.sign_query([], secret="", timestamp=1), "empty-secret", S + "key", {}, ""),
    "no secret": (lambda: officernd.verify_query("/", secret="", now=1), "empty-secret", S + "key", {}, ""),
    "a target that is bytes": (lambda: officernd.verify_query(b"/", secret="s", now=1), "wrong-type", S + "carrier", {"target": "bytes", "expected": "str"}, ""),
    "no signature": (lambda: officernd.verify_query("/?a=1", secret="s", now=1), "missing-parameter", S + "missing", {"name": "signature", "found": "a"}, "parameters"),
    "an empty signature": (lambda: officernd.verify_query("/?signature=", secret="s", now=1), "empty-parameter", S + "missing", {"name": "signature"}, "parameters"),
    "a piece without a name": (lambda: officernd_rules.split_signature("t=1,abc"), "malformed", S + "syntax", {"name": "signature", "piece": "3 characters without name=value", "found": "t"}, "fields"),
    "t twice": (lambda: officernd_rules.split_signature("t=1,t=2"), "duplicate-parameter", S + "syntax", {"field": "t"}, "fields"),
    "no t": (lambda: officernd_rules.split_signature(f"signature={HEX}"), "missing-parameter", S + "syntax", {"name": "t", "found": "signature"}, "fields"),
    "no digest": (lambda: officernd_rules.split_signature("t=1"), "missing-parameter", S + "syntax", {"name": "signature", "found": "t"}, "fields"),
    "milliseconds": (lambda: officernd_rules.split_signature(f"t=1648190384000,signature={HEX}"), "timestamp-in-milliseconds", S + "timestamp", {"t": "1648190384000"}, "fields"),
    "14 digits": (lambda: officernd_rules.split_signature(f"t={'1' * 14},signature={HEX}"), "malformed", S + "syntax", {"t": "1" * 14}, "fields"),
    "letters for a time": (lambda: officernd_rules.split_signature(f"t=abc,signature={HEX}"), "malformed", S + "syntax", {"t": "3 characters, not digits"}, "fields"),
    "a short digest": (lambda: officernd_rules.split_signature("t=1,signature=0f"), "malformed", S + "digest", {"signature": "not 64 hex digits (2 characters)"}, "fields"),
    "a body that is text": (lambda: officernd.sign_webhook("{}", secret="s", timestamp=1), "wrong-type", W + "body", {"body": "str", "expected": "bytes"}, ""),
    "no secret for a webhook": (lambda: officernd.sign_webhook(b"", secret="", timestamp=1), "empty-secret", W + "key", {}, ""),
    "a webhook's time that is text": (lambda: officernd.sign_webhook(b"", secret="s", timestamp="1"), "wrong-type", W + "signature", {"timestamp": "str", "expected": "whole seconds"}, ""),
    "a received body that is text": (lambda: officernd.verify_webhook("{}", "", secret="s", now=1), "wrong-type", W + "body", {"body": "str", "expected": "bytes"}, ""),
    "a header that is bytes": (lambda: officernd.verify_webhook(b"", b"", secret="s", now=1), "wrong-type", W + "signature", {"header": "bytes", "expected": "str"}, ""),
    "no secret to verify a webhook": (lambda: officernd.verify_webhook(b"", "x", secret="", now=1), "empty-secret", W + "key", {}, ""),
    "no header": (lambda: officernd.verify_webhook(b"", "", secret="s", now=1), "missing-parameter", W + "signature", {"header": "officernd-signature"}, ""),
    "a webhook that somebody else signed": (lambda: officernd.verify_webhook(b"{}", f"t=1,signature={HEX}", secret="s", now=1), "signature-mismatch", W + "signature", {}, "message"),
    "one value by position": (lambda: officernd_readings.READINGS[S + "syntax=positional"]["fields"]("t=1"), "malformed", S + "syntax", {"fields": "1"}, "fields"),
    "two signatures as an array": (lambda: officernd_readings.READINGS[S + "repeated=array"]["parameters"]("signature=1&signature=2"), "duplicate-parameter", S + "repeated", {"name": "signature"}, ""),
    "a signature in brackets": (lambda: officernd_readings.READINGS[S + "repeated=array"]["parameters"]("signature[]=1"), "duplicate-parameter", S + "repeated", {"name": "signature"}, ""),
    "an incomplete escape among arrays": (lambda: officernd_readings.READINGS[S + "repeated=array"]["parameters"]("a=%"), "malformed", S + "escapes", {"found": "an incomplete percent escape at 0"}, ""),
    "no signature among arrays": (lambda: officernd_readings.READINGS[S + "repeated=array"]["parameters"]("a=1"), "missing-parameter", S + "missing", {"name": "signature", "found": "a"}, "parameters"),
    "an empty signature among arrays": (lambda: officernd_readings.READINGS[S + "repeated=array"]["parameters"]("signature="), "empty-parameter", S + "missing", {"name": "signature"}, "parameters"),
    "a reading that nobody knows": (lambda: officernd_readings.of("x"), "unknown-reading", S + "every-request", {"reading": "x"}, ""),
    "a stage that nobody knows": (lambda: officernd_rules.rules({"x": len}), "unknown-reading", S + "every-request", {"readings": "{'x': <built-in function len>}"}, ""),
}  # fmt: skip

T, G, Y = "retailcrm:token.", "retailcrm:register.", "retailcrm:system-url."
RETAILCRM: dict[str, Row] = {
    "a key that is bytes": (lambda: retailcrm.registration_token(b"k", secret="s"), "wrong-type", T + "message", {"apiKey": "bytes", "expected": "str"}, ""),
    "an empty key": (lambda: retailcrm.registration_token("", secret="s"), "empty-parameter", T + "message", {"name": "apiKey"}, ""),
    "a NUL in the key": (lambda: retailcrm.registration_token("a\0", secret="s"), "malformed", T + "nul", {"apiKey": "holds a NUL"}, ""),
    "half a character in the key": (lambda: retailcrm.registration_token(SURROGATE, secret="s"), "malformed", T + "message", {"apiKey": "is not valid Unicode"}, ""),
    "a NUL in the secret": (lambda: retailcrm.registration_token("k", secret="s\0"), "malformed", T + "nul", {"secret": "holds a NUL"}, ""),
    "no secret": (lambda: retailcrm.registration_token("k", secret=""), "empty-secret", T + "empty-secret", {}, ""),
    "a secret that is bytes": (lambda: retailcrm.registration_token("k", secret=b"s"), "wrong-type", T + "key", {"secret": "bytes", "expected": "str"}, ""),
    "a body that is text": (lambda: retailcrm.verify_registration("", secret="s"), "wrong-type", G + "encoding", {"body": "str", "expected": "bytes"}, ""),
    "a type that is bytes": (lambda: retailcrm.verify_registration(b"", secret="s", content_type=b""), "wrong-type", G + "encoding", {"content_type": "bytes", "expected": "str"}, ""),
    "a secret of another type": (lambda: retailcrm.verify_registration(b"", secret=b"s"), "wrong-type", T + "key", {"secret": "bytes", "expected": "str"}, ""),
    "no register": (lambda: retailcrm.verify_registration(b"a=1", secret="s"), "missing-parameter", G + "encoding", {"name": "register", "found": "a"}, "form"),
    "an empty register": (lambda: retailcrm.verify_registration(b"register=", secret="s"), "empty-parameter", G + "encoding", {"name": "register"}, "form"),
    "register in brackets": (lambda: retailcrm.verify_registration(b"register[token]=1", secret="s"), "missing-parameter", G + "encoding", {"name": "register", "found": "register[…] in brackets; a JSON text in one field is expected"}, "form"),
    "register twice": (lambda: retailcrm.verify_registration(b"register=1&register=2", secret="s"), "duplicate-parameter", G + "once", {"name": "register"}, ""),
    "register twice for PHP": (lambda: retailcrm.verify_registration(b"register=1&+register=2", secret="s"), "duplicate-parameter", G + "once", {"name": " register", "for PHP": "register"}, ""),
    "a JSON list": (lambda: retailcrm_rules.members(b"[]"), "wrong-type", G + "json", {"JSON": "list", "expected": "an object"}, ""),
    "no token": (lambda: retailcrm_rules.texts({"apiKey": "a", "systemUrl": "b"}), "missing-parameter", G + "members", {"name": "token", "found": "apiKey, systemUrl"}, "members"),
    "no URL": (lambda: retailcrm_rules.texts({"apiKey": "a", "token": "b"}), "missing-parameter", G + "members", {"name": "systemUrl", "found": "apiKey, token"}, "members"),
    "a key that is a number": (lambda: retailcrm_rules.texts({"apiKey": 1, "token": "b", "systemUrl": "c"}), "wrong-type", G + "members", {"name": "apiKey", "found": "int", "expected": "str"}, "members"),
    "an empty member": (lambda: retailcrm_rules.texts({"apiKey": "a", "token": "b", "systemUrl": ""}), "empty-parameter", G + "members", {"name": "systemUrl"}, "members"),
    "a short token": (lambda: retailcrm_rules.digest("0f"), "malformed", T + "digest", {"token": "not 64 hex digits (2 characters)"}, "token"),
    "a token of somebody else": (lambda: retailcrm.verify_registration(f'register={{"apiKey":"k","token":"{HEX}","systemUrl":"u"}}'.encode(), secret="s"), "signature-mismatch", T + "verify", {}, "message"),
    "a URL that is bytes": (lambda: retailcrm.canonical_system_url(b""), "wrong-type", Y + "canonical", {"url": "bytes", "expected": "str"}, ""),
    "one origin for a list": (lambda: retailcrm.canonical_system_url("https://a.simla.com", allowed="https://a.simla.com"), "wrong-type", Y + "allowed", {"allowed": "str", "expected": "several origins"}, ""),
    "a URL with a path": (lambda: retailcrm.canonical_system_url("https://a.simla.com/b"), "malformed", Y + "parts", {"url": "https://a.simla.com/b", "expected": "scheme and host alone"}, ""),
    "a host that is not listed": (lambda: retailcrm.canonical_system_url("https://a.example"), "not-allowed", Y + "allowed", {"origin": "https://a.example"}, ""),
    "no brackets": (lambda: retailcrm_readings.READINGS[G + "encoding=brackets"]["form"](b"a=1", FORM), "missing-parameter", G + "encoding", {"name": "register[…]"}, "form"),
    "brackets twice": (lambda: retailcrm_readings.READINGS[G + "encoding=brackets"]["form"](b"register[a]=1&register[a]=2", FORM), "duplicate-parameter", G + "encoding", {"name": "register[a]"}, ""),
    "brackets of another type": (lambda: retailcrm_readings.READINGS[G + "encoding=brackets"]["form"](b"", "text/plain"), "wrong-content-type", G + "encoding", {"content type": "text/plain", "expected": "a form"}, ""),
    "a form for JSON": (lambda: retailcrm_readings.READINGS[G + "encoding=json-body"]["form"](b"{}", FORM + "; charset=UTF-8"), "wrong-content-type", G + "encoding", {"content type": "application/x-www-form-urlencoded; chars", "expected": "application/json"}, ""),
    "a reading that nobody knows": (lambda: retailcrm_readings.of("x"), "unknown-reading", T + "verify", {"reading": "x"}, ""),
    "a stage that nobody knows": (lambda: retailcrm_rules.rules({"x": len}), "unknown-reading", T + "verify", {"readings": "{'x': <built-in function len>}"}, ""),
}  # fmt: skip

U, A = "onoffice:url.", "onoffice:api."
HOST = "https://provider.example/p"


def api(**changed: Any) -> str:
    """Return the HMAC of a call of which one value is wrong."""
    given = {
        "token": "t",
        "api_key": "k",
        "timestamp": 1,
        "resource_type": "r",
        "action_id": "a",
        "version": 1,
    }
    return onoffice.api_hmac(**{**given, **changed})


def php_json(value: Any) -> Callable[[], str]:
    return lambda: onoffice_rules.php_json(value)


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


ONOFFICE: dict[str, Row] = {
    "a URL that is bytes": (lambda: onoffice.string_to_sign(b""), "wrong-type", U + "base", {"url": "bytes", "expected": "str"}, ""),
    "a URL to sign that is bytes": (lambda: onoffice.sign_url(b"", secret="s"), "wrong-type", U + "base", {"url": "bytes", "expected": "str"}, ""),
    "a received URL that is bytes": (lambda: onoffice.verify_url(b"", secret="s", now=1), "wrong-type", U + "base", {"url": "bytes", "expected": "str"}, ""),
    "no secret to sign with": (lambda: onoffice.sign_url(HOST, secret=""), "empty-secret", U + "key", {}, ""),
    "no secret": (lambda: onoffice.verify_url(HOST, secret="", now=1), "empty-secret", U + "key", {}, ""),
    "a signed URL to sign": (lambda: onoffice.sign_url(HOST + "?signature=1", secret="s"), "duplicate-parameter", U + "verify", {"name": "signature", "found": "it is signed already"}, ""),
    "no signature": (lambda: onoffice.verify_url(HOST + "?timestamp=1", secret="s", now=1), "missing-parameter", U + "verify", {"name": "signature", "found": "timestamp"}, "parameters"),
    "an empty signature": (lambda: onoffice.verify_url(HOST + "?signature=", secret="s", now=1), "empty-parameter", U + "verify", {"name": "signature"}, "parameters"),
    "no time": (lambda: onoffice.verify_url(f"{HOST}?signature={HEX}", secret="s", now=1), "missing-parameter", U + "timestamp", {"name": "timestamp", "found": "signature"}, "parameters"),
    "a URL of somebody else": (lambda: onoffice.verify_url(f"{HOST}?timestamp=1&signature={HEX}", secret="s", now=1), "signature-mismatch", U + "verify", {}, "message"),
    "a blank in a URL": (lambda: onoffice_rules.base("https://a.example/ b"), "malformed", U + "base", {"found": "a character that no request line holds"}, "base"),
    "a URL without a scheme": (lambda: onoffice_rules.base("/activate"), "malformed", U + "base", {"found": "no http(s)://host in front"}, "base"),
    "port 65,536": (lambda: onoffice_rules.base("https://a.example:65536/"), "malformed", U + "port", {"port": "65536", "highest": "65535"}, "base"),
    "a URL without a path": (lambda: onoffice_rules.base("https://a.example?a=1"), "malformed", U + "path", {"found": "a URL without a path"}, "base"),
    "an incomplete escape": (lambda: onoffice_rules.parameters("a=%"), "malformed", U + "escapes", {"found": "an incomplete percent escape at 0"}, ""),
    "an empty name": (lambda: onoffice_rules.names((("", "1"),)), "malformed", U + "names", {"name": "", "found": "an empty name, which PHP drops"}, "parameters"),
    "a name with a dot": (lambda: onoffice_rules.names((("a.b", "1"),)), "malformed", U + "names", {"name": "a.b", "found": "a dot or a space, which PHP turns into _"}, "parameters"),
    "a name with a space": (lambda: onoffice_rules.names((("a b", "1"),)), "malformed", U + "names", {"name": "a b", "found": "a dot or a space, which PHP turns into _"}, "parameters"),
    "a name with a NUL": (lambda: onoffice_rules.names((("a\0", "1"),)), "malformed", U + "names", {"name": "a\\x00", "found": "a control character"}, "parameters"),
    "a name that is a number": (lambda: onoffice_rules.integers((("01", ""),)), "malformed", U + "integer-names", {"name": "01", "found": "a number"}, "parameters"),
    "a name twice": (lambda: onoffice_rules.once((("a", ""), ("a", ""))), "duplicate-parameter", U + "repeated", {"name": "a"}, ""),
    "a short digest": (lambda: onoffice_rules.digest("0f"), "malformed", U + "digest", {"signature": "not 64 hex digits (2 characters)"}, "signature"),
    "milliseconds": (lambda: onoffice_rules.seconds("1700000000000"), "timestamp-in-milliseconds", U + "timestamp-unit", {"timestamp": "1700000000000"}, "time"),
    "14 digits": (lambda: onoffice_rules.seconds("1" * 14), "malformed", U + "timestamp-unit", {"timestamp": "1" * 14}, "time"),
    "letters for a time": (lambda: onoffice_rules.seconds("abc"), "malformed", U + "timestamp-unit", {"timestamp": "3 characters, not digits"}, "time"),
    "half a character": (php_json(SURROGATE), "malformed", A + "hmac-v1", {"found": "a lone surrogate"}, ""),
    "101 arrays": (php_json(deep(101)), "malformed", A + "hmac-v1", {"found": "more than 100 arrays and objects inside each other"}, ""),
    "names that PHP makes a list": (php_json({"0": "a", "1": "b"}), "malformed", A + "hmac-v1", {"found": "the names 0, 1, …, which PHP makes a list"}, ""),
    "a float": (php_json([1.5]), "wrong-type", A + "hmac-v1", {"found": "a float", "expected": "a text with its digits"}, ""),
    "2 to the 63rd": (php_json({"a": 2**63}), "wrong-type", A + "hmac-v1", {"found": "a whole number of more than 64 bits", "expected": "a text with its digits"}, ""),
    "a set": (php_json({"a": {1}}), "wrong-type", A + "hmac-v1", {"expected": "what JSON can hold"}, ""),
    "an API key that is empty": (lambda: api(api_key=""), "empty-secret", A + "hmac", {}, ""),
    "a token that is bytes": (lambda: api(token=b""), "wrong-type", A + "hmac", {"token": "bytes", "expected": "str"}, ""),
    "a resource type that is None": (lambda: api(resource_type=None), "wrong-type", A + "hmac", {"resource_type": "NoneType", "expected": "str"}, ""),
    "an action that is None": (lambda: api(action_id=None), "wrong-type", A + "hmac", {"action_id": "NoneType", "expected": "str"}, ""),
    "an identifier that is None": (lambda: api(identifier=None), "wrong-type", A + "hmac", {"identifier": "NoneType", "expected": "str"}, ""),
    "a resource id that is None": (lambda: api(resource_id=None), "wrong-type", A + "hmac", {"resource_id": "NoneType", "expected": "str"}, ""),
    "a time that is a float": (lambda: api(timestamp=1.0), "wrong-type", A + "timestamp", {"timestamp": "float", "expected": "str"}, ""),
    "a time below 0": (lambda: api(timestamp=-5), "malformed", A + "timestamp", {"timestamp": "2 characters, not digits"}, "time"),
    "a time in milliseconds": (lambda: api(timestamp=1_700_000_000_000), "timestamp-in-milliseconds", A + "timestamp", {"timestamp": "1700000000000"}, "time"),
    "a time of 15 digits": (lambda: api(timestamp=10**14), "malformed", A + "timestamp", {"timestamp": "10000000000000"}, "time"),
    "version 3": (lambda: api(version=3), "not-allowed", A + "hmac-version", {"version": "3", "expected": "1 or 2"}, ""),
    "parameters in a list": (lambda: api(parameters=["a"]), "wrong-type", A + "hmac-v1", {"expected": "parameters by their names"}, ""),
    "a parameter named by a number": (lambda: api(parameters={1: "a"}), "wrong-type", A + "hmac-v1", {"expected": "parameters by their names"}, ""),
    "a parameter named 1": (lambda: api(parameters={"a": "", "1": "a"}), "malformed", A + "hmac-v1", {"name": "1", "found": "a number"}, ""),
    "half a character in a token": (lambda: api(token=SURROGATE), "malformed", A + "hmac-v1", {"found": "a lone surrogate"}, ""),
    "half a character in a token, version 2": (lambda: api(token=SURROGATE, version=2), "malformed", A + "hmac", {"found": "a lone surrogate"}, ""),
    "a stage that nobody knows": (lambda: onoffice_rules.rules({"x": len}), "unknown-reading", U + "verify", {"readings": "{'x': <built-in function len>}"}, ""),
    "a reading that nobody knows": (lambda: onoffice_readings.of("x"), "unknown-reading", U + "verify", {"reading": "x"}, ""),
}  # fmt: skip

L, E, P, K = "fortis:launch.", "fortis:encrypted.", "fortis:plain.", "fortis:secret.bytes"


def plain(query: str, secret: Any = "s", mode: str = "plain") -> Callable[[], Any]:
    return lambda: fortis.verify_launch("/?" + query, mode=mode, secret=secret, now=1_700_000_000)


def reading(id: str, stage: str) -> Callable[..., Any]:
    return fortis_readings.READINGS[id][stage]


FORTIS: dict[str, Row] = {
    "a location that is a number": (lambda: fortis.launch_hmac(1, "1", secret="s"), "wrong-type", P + "message", {"location_id": "int", "expected": "str"}, ""),
    "a time that is a number": (lambda: fortis.launch_hmac("1", 1, secret="s"), "wrong-type", P + "message", {"timestamp": "int", "expected": "str"}, ""),
    "half a character": (lambda: fortis.launch_hmac(SURROGATE, "1", secret="s"), "malformed", P + "message", {"found": "a lone surrogate"}, ""),
    "no secret": (plain("", ""), "empty-secret", "fortis:secret.empty", {}, ""),
    "a secret that is bytes": (plain("", b"s"), "wrong-type", K, {"secret": "bytes", "expected": "str"}, ""),
    "a URL that is bytes": (lambda: fortis.verify_launch(b"", mode="plain", secret="s", now=1), "wrong-type", L + "mode", {"url": "bytes", "expected": "str"}, ""),
    "a mode that nobody knows": (plain("", mode="both"), "wrong-type", L + "mode", {"mode": "both", "expected": "encrypted or plain"}, ""),
    "an encrypted launch for a plain app": (plain("data=x"), "not-allowed", L + "mode", {"launch": "encrypted", "expected": "plain"}, "parameters"),
    "a plain launch for an encrypted app": (plain("hmac=x", mode="encrypted"), "not-allowed", L + "mode", {"launch": "plain", "expected": "encrypted"}, "parameters"),
    "no hmac": (plain("location_id=1"), "missing-parameter", P + "missing", {"name": "hmac", "found": "location_id"}, "parameters"),
    "no location": (plain("hmac=1&timestamp=1"), "missing-parameter", P + "missing", {"name": "location_id", "found": "hmac, timestamp"}, "parameters"),
    "no time": (plain("hmac=1&location_id=1"), "missing-parameter", P + "missing", {"name": "timestamp", "found": "hmac, location_id"}, "parameters"),
    "an empty time": (plain("hmac=1&location_id=1&timestamp="), "empty-parameter", P + "missing", {"name": "timestamp"}, "parameters"),
    "no data": (plain("a=1", mode="encrypted"), "missing-parameter", E + "data", {"name": "data", "found": "a"}, "parameters"),
    "empty data": (plain("data=", mode="encrypted"), "empty-parameter", E + "data", {"name": "data"}, "base64"),
    "a launch of somebody else": (plain(f"hmac={HEX}&location_id={LOCATION}&timestamp=1700000000"), "signature-mismatch", P + "verify", {}, "message"),
    "a short hmac": (plain(f"hmac=0f&location_id={LOCATION}&timestamp=1"), "malformed", P + "hmac-case", {"hmac": "not 64 hex digits (2 characters)"}, "hmac"),
    "a short location": (plain(f"hmac={HEX}&location_id=1&timestamp=1"), "malformed", L + "location-id", {"location_id": "1 characters", "expected": "24 to 36 hex digits or hyphens"}, "members"),
    "a token for a location": (plain(f"hmac={HEX}&location_id={TOKEN}&timestamp=1"), "malformed", L + "location-id", {"location_id": "16 characters", "expected": "24 to 36 hex digits or hyphens"}, "members"),
    "milliseconds": (plain(f"hmac={HEX}&location_id={LOCATION}&timestamp=1700000000000"), "timestamp-in-milliseconds", P + "timestamp", {"timestamp": "1700000000000"}, "timestamp"),
    "nine digits": (plain(f"hmac={HEX}&location_id={LOCATION}&timestamp=170000000"), "malformed", P + "timestamp", {"timestamp": "170000000", "expected": "ten digits"}, "timestamp"),
    "letters for a time": (plain(f"hmac={HEX}&location_id={LOCATION}&timestamp=abc"), "malformed", P + "timestamp", {"timestamp": "3 characters, not digits", "expected": "ten digits"}, "timestamp"),
    "hmac twice": (plain("hmac=1&hmac=2"), "duplicate-parameter", L + "repeated", {"name": "hmac"}, ""),
    "hmac twice for PHP": (plain("hmac=1&+hmac=2"), "duplicate-parameter", L + "repeated", {"name": " hmac", "PHP": "hmac"}, ""),
    "an incomplete escape": (plain("a=%"), "malformed", L + "query", {"found": "an incomplete percent escape at 0"}, ""),
    "no base64": (lambda: fortis_encrypted.text("a!"), "malformed", E + "base64", {"data": "text that is not canonical base64"}, "base64"),
    "a blank in base64": (lambda: fortis_encrypted.text("ab d"), "malformed", E + "base64", {"data": "a blank where a plus was"}, "base64"),
    "no magic word": (lambda: fortis_encrypted.envelope(b"salted__" + bytes(24)), "malformed", E + "header", {"data": "does not begin with Salted__"}, "envelope"),
    "31 bytes": (lambda: fortis_encrypted.envelope(b"Salted__" + bytes(23)), "malformed", E + "length", {"bytes": "31", "expected": "16 and one or more blocks of 16"}, "envelope"),
    "33 bytes": (lambda: fortis_encrypted.envelope(b"Salted__" + bytes(25)), "malformed", E + "length", {"bytes": "33", "expected": "16 and one or more blocks of 16"}, "envelope"),
    "padding that is not whole": (lambda: fortis_encrypted.unpad(b"\x01\x02"), "decryption-failed", E + "padding", {"padding": "is not whole"}, "padding"),
    "no UTF-8": (lambda: fortis_encrypted.parse(b"\xff"), "decryption-failed", E + "text", {"text": "is not UTF-8"}, "json"),
    "no JSON": (lambda: fortis_encrypted.parse(b"x"), "malformed", E + "json", {"found": "text that is not JSON (at character 0)"}, "json"),
    "a JSON key twice": (lambda: fortis_encrypted.parse(b'{"a":1,"a":1}'), "duplicate-parameter", E + "duplicate-keys", {"JSON key": "a"}, "json"),
    "true for a number": (lambda: fortis_encrypted.texts({"user_id": True}), "wrong-type", E + "integers", {"name": "user_id", "found": "bool", "expected": "str or int"}, "members"),
    "no location and no user": (lambda: fortis_encrypted.required({}), "missing-parameter", E + "required", {"name": "location_id", "found": "none"}, "members"),
    "no user": (lambda: fortis_encrypted.required({"location_id": ""}), "missing-parameter", E + "required", {"name": "user_id", "found": "location_id"}, "members"),
    "a number where the reading wants text": (lambda: reading(E + "integers=refused", "texts")({"a": 1}), "wrong-type", E + "integers", {"name": "a", "found": "int", "expected": "str"}, "members"),
    "seconds where the reading wants milliseconds": (lambda: reading(P + "timestamp=milliseconds", "timestamp")("1700000000"), "malformed", P + "timestamp", {"timestamp": "10 characters", "expected": "thirteen digits"}, "timestamp"),
    "13 letters where the reading wants milliseconds": (lambda: reading(P + "timestamp=milliseconds", "timestamp")("a" * 13), "malformed", P + "timestamp", {"timestamp": "13 characters", "expected": "thirteen digits"}, "timestamp"),
    "13 Arabic digits": (lambda: reading(P + "timestamp=milliseconds", "timestamp")("\u0661" * 13), "malformed", P + "timestamp", {"timestamp": "13 characters", "expected": "thirteen digits"}, "timestamp"),
    "a location of 65 characters": (lambda: reading(L + "location-id=any", "location")("a" * 65), "malformed", L + "location-id", {"location_id": "65 characters", "expected": "24 to 36 hex digits or hyphens"}, "members"),
    "a location of none": (lambda: reading(L + "location-id=any", "location")(""), "malformed", L + "location-id", {"location_id": "0 characters", "expected": "24 to 36 hex digits or hyphens"}, "members"),
    "a reading that nobody knows": (lambda: fortis_readings.of("x"), "unknown-reading", L + "mode", {"reading": "x"}, ""),
    "a stage that nobody knows": (lambda: fortis.launch_hmac("1", "1", secret="s", readings={"x": len}), "unknown-reading", L + "mode", {"readings": "{'x': <built-in function len>}"}, ""),
}  # fmt: skip

TABLES = {
    "core": CORE,
    "officernd": OFFICERND,
    "retailcrm": RETAILCRM,
    "onoffice": ONOFFICE,
    "fortis": FORTIS,
}
ROWS = [
    pytest.param(*row, id=f"{platform}, {name}")
    for platform, rows in TABLES.items()
    for name, row in rows.items()
]


@pytest.mark.parametrize(("call", "reason", "clause", "evidence", "stage"), ROWS)
def test_a_refusal_names_the_rule_the_stage_and_what_was_found(call, reason, clause, evidence, stage):
    with pytest.raises(Refused) as refused:
        call()
    told = refused.value
    assert (told.reason, told.clause, told.evidence, told.stage) == (reason, clause, evidence, stage)


def test_evidence_is_cut_at_two_hundred_characters():
    told = Refused("malformed", C, {"long": "a" * 201, "short": "a" * 200})
    assert told.evidence == {"long": "a" * 199 + "…", "short": "a" * 200}


@pytest.mark.parametrize("location_id", ["a", "z" * 64])
def test_a_location_of_any_form_has_1_to_64_characters_where_the_reading_says_so(location_id):
    assert reading(L + "location-id=any", "location")(location_id) is None
