"""The alternatives of a registration's stages: forms that arrived otherwise, other names, and other texts that were signed."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

from ...core.cases import Found, Made, Ways, replacing
from ...core.refusals import Refused
from ...core.strict import URLENCODED, query_pairs
from .. import readings as other_readings
from ..rules import NAMES, REGISTER, Rules

State = tuple[Any, ...]
Make = Callable[[State], State]

_SPELT = {"".join(c for c in name if c.isalnum()).lower(): name for name in NAMES}
_TOKEN = r'"token"\s*:\s*"[^"]*"'
_PRINTED = re.compile(
    r"\b(token|apiKey|systemUrl)\b[\"'\]]*\s{0,20}(?:=>|:|=|;s:\d{1,5}:)\s{0,20}(?:string\(\d{1,5}\)\s{0,20})?"
    r"[\"']?([^\s\"',;)}\]&]+)"
)
_FORM = re.compile(r"(?<![?&\w%])register=(?:%(?:25)?(?:7B|22|5B|EF)|\{|eyJ)", re.I)
_OBJECT = re.compile(r"\{(?=\s{0,99}(?:\"|\\{1,3}\"|&quot;)(?:token|apiKey|systemUrl|register)\b)")
_BETWEEN = ("", "|", ":", ".", "&", "\n", ";", ",", "-", "_", " ", "/", "#")
_AROUND = ("apiKey=", "apiKey:", "api_key=", "key=", "Bearer ", "X-API-KEY: ")


def keyed_with(rule: Rules, value: str) -> Callable[[bytes, bytes], bytes]:
    """Return the MAC under a value of the request."""
    return lambda key, message: rule.mac(value.encode("utf-8", "surrogatepass"), message)


def values(found: Found) -> list[str]:
    """Return values of the request that are short enough to be taken for the secret.

    >>> values(Found("https://module.example/example-module/register?code=m1", body=b"clientId=c1&token=t"))
    ['m1', 'c1', 'example-module', 'register']
    """
    path, _, query = found.url.partition("://")[2].partition("/")[2].partition("?")
    form = found.body.decode("utf-8", "replace")
    pairs = [pair for text in (query, form) if text.count("&") < 100 for pair in parse_qsl(text)]
    texts = [value for name, value in pairs if name not in ("register", *NAMES)]
    for text in [value for name, value in pairs if name == "register"] + [form] * form.startswith("{"):
        inner = _loose(text)
        texts += [value for name, value in inner.items() if name not in ("apiKey", "token") and value != ""]
    texts = [text for text in texts if isinstance(text, str)]
    texts += path.split("/", 20)
    texts += [re.split(r"[/:.]", text.partition("://")[2], maxsplit=1)[0] for text in texts if "://" in text]
    return [*dict.fromkeys(text for text in texts if 0 < len(text) < 200)][:20]


def within(text: str) -> str:
    """Return the form or the JSON text that stands within a text, such as a line of a log, or nothing.

    >>> within('Register request {"apiKey":"a","token":"b"} []')
    '{"apiKey":"a","token":"b"}'
    """
    if form := _FORM.search(text):
        at = form.start()
        if form[0].endswith("{"):
            return "register=" + (_object(text, form.end() - 1) or text[form.end() - 1 :])
        return re.split(r"[\s\"'<>`,;|]", text[at:], maxsplit=1)[0]
    return next(filter(None, (_object(text, one.start()) for one in [*_OBJECT.finditer(text)][:20])), "")


def _object(text: str, at: int) -> str:
    """Return the JSON object that begins here, or what reads like one, to its first closing brace."""
    try:
        return text[at : json.JSONDecoder().raw_decode(text, at)[1]]
    except (ValueError, RecursionError):
        end = text.find("}", at)
        return text[at : end + 1] if end > 0 else ""


def _plain(text: str) -> str:
    """Return a text with the quotes and slashes that a log, HTML or a word processor wrote otherwise."""
    quoted = re.sub(r"\\x22|\\{1,3}\"|[“”„]", '"', unescape(text) if "&" in text else text)
    return re.sub(r"\\{1,3}/", "/", quoted)


def is_printed(text: str) -> bool:
    """Return whether at least two members stand in a text, in whatever notation.

    >>> is_printed("[apiKey] => a [token] => b"), is_printed("token: a")
    (True, False)
    """
    return len({found[1] for found in _PRINTED.finditer(_plain(text))}) > 1


def _curly(text: str) -> str:
    return "its quotes are typographic" if re.search("[“”„]", text) else ""


def _loose(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def bodies(state: State) -> Iterator[Made]:
    """Yield the body and its content type as they may have been sent."""
    body, _, url = state
    query = url.partition("#")[0].partition("?")[2]
    if "register=" in query:
        yield Made("retailcrm-in-query", (query.encode("utf-8", "surrogatepass"), URLENCODED, ""))
    if body[:2] == b"--":
        first = body.partition(b"\n")[0].strip()[2:].decode("ascii", "replace")
        yield Made("retailcrm-content-type", (body, f'multipart/form-data; boundary="{first}"', url))
    else:
        yield Made("retailcrm-content-type", (body, URLENCODED, url))


def forms(state: State) -> Iterator[Made]:
    """Yield the texts of `register` under other readings, and from where else they may stand."""
    body, content_type, _ = state
    inner = _in_register(body)
    for id, read in replacing(other_readings.READINGS, "form"):
        try:
            made = read(body, content_type)
        except Refused:
            continue
        yield Made(id, (made,))
        if inner and made == body:
            yield Made(id, (inner,), "in its member register")
    text = body.decode()
    if text.lstrip("\ufeff \r\n")[:1] in ("{", '"'):
        yield Made("retailcrm-json-alone", (body,))
        if inner:
            yield Made("retailcrm-json-nested", (inner,), "in its member register")
    if cut := re.search(r"(?:^|&)register=(?=[\[{\"])", text):
        yield Made("retailcrm-form-unescaped", (text[cut.end() :].encode(),))
        yield Made("retailcrm-form-unescaped", (text[cut.end() :].rpartition("}&")[0].encode() + b"}",))
    if body[:2] != b"--" and "=" in text:
        pairs = query_pairs(text, REGISTER + "encoding")
        fields = [value for name, value in pairs if name == "register"]
        for number, value in enumerate(fields if len(fields) > 1 else (), 1):
            yield Made("retailcrm-field-doubled", (value.encode(),), f"number {number} of {len(fields)}")
        for name, value in pairs:
            if name != "register" and value[:1] == "{":
                yield Made("retailcrm-field-renamed", (value.encode(),), f"it is {name[:40]}")
        flat = {_spelt(name): value for name, value in pairs}
        if flat.keys() >= {"apiKey", "token"}:
            yield Made("retailcrm-fields-flat", (json.dumps(flat).encode(),))
    if is_printed(text) and not _as_json(text.partition("register=")[2] or text):
        yield Made("retailcrm-members-printed", (_printed(text),), _curly(text))


def _in_register(body: bytes) -> bytes:
    """Return the JSON text that stands in the member `register` of a JSON body, as an object or as a text, or nothing."""
    value = _loose(body.decode("utf-8", "replace")).get("register")
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""


def _spelt(name: str) -> str:
    """Return the documented spelling of a member's name, or the name."""
    return _SPELT.get("".join(c for c in name if c.isalnum()).lower(), name)


def _as_json(text: str) -> bool:
    """Return whether a text is JSON in which a registration stands, alone or nested."""
    values = _loose(text)
    return values.keys() >= {"apiKey", "token"} or any(_nested(values))


def _printed(text: str) -> bytes:
    return json.dumps({found[1]: found[2] for found in _PRINTED.finditer(_plain(text))}).encode()


def _parsed(values: dict[str, Any], text: bytes) -> tuple[Any, ...]:
    """Return the members without the token, the token, and the JSON text; what is no text is left out."""
    if not isinstance(values["apiKey"], str) or not isinstance(values["token"], str):
        raise ValueError("no text")
    pairs = tuple((name, value) for name, value in values.items() if isinstance(value, str))
    return tuple(pair for pair in pairs if pair[0] != "token"), values["token"], text


def members(rule: Rules) -> Make:
    """Return the step from a JSON text to its members, the token and the text."""
    return lambda state: _parsed(rule.members(state[0]), state[0])


def registrations(state: State) -> Iterator[Made]:
    """Yield the members under other readings, and where they are named or nested otherwise."""
    (text,) = state
    for id, read in replacing(other_readings.READINGS, "members"):
        try:
            yield Made(id, _parsed(read(text), text))
        except (Refused, ValueError, KeyError):
            continue
    values = _loose(text.decode())
    for id, read in replacing(other_readings.READINGS, "texts"):
        try:
            yield Made(id, _parsed(read(values), text))
        except Refused:
            continue
    named = {_spelt(name): value for name, value in values.items()}
    if named.keys() != values.keys() and named.keys() >= {"apiKey", "token"}:
        yield Made("retailcrm-member-names", _parsed(named, text))
    for name, inner in _nested(values):
        yield Made("retailcrm-json-nested", _parsed(inner, text), f"in {name}")
    if is_printed(text.decode()) and not _as_json(text.decode()):
        printed = _loose(_printed(text.decode()).decode())
        if printed.keys() >= {"apiKey", "token"}:
            yield Made("retailcrm-members-printed", _parsed(printed, text), _curly(text.decode()))


def _nested(values: Any, depth: int = 4) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the registrations inside another JSON value, where they are: as objects, texts of JSON and forms."""
    rows = [*values.items()][:20] if isinstance(values, dict) else [("an array", one) for one in values[:20]]
    for name, value in rows:
        if isinstance(value, str) and "register=" in value and value.count("&") < 100:
            value = dict(parse_qsl(value)).get("register", "")
        inner = _loose(value) if isinstance(value, str) else value
        if isinstance(inner, dict) and inner.keys() >= {"apiKey", "token"}:
            yield f"the member {name[:40]}" if isinstance(values, dict) else name, inner
        elif isinstance(inner, (dict, list)) and depth:
            yield from _nested(inner, depth - 1)


def signed(state: State) -> State:
    """Return what is signed, the API key, and the token."""
    pairs, token, _ = state
    return dict(pairs)["apiKey"].encode("utf-8", "surrogatepass"), token


def messages(others: tuple[str, ...]) -> Ways:
    """Return what else may have been signed than the API key."""

    def ways(state: State) -> Iterator[Made]:
        pairs, token, text = state
        values = dict(pairs)
        for id, one, change, cost in _messages(values["apiKey"], values.get("systemUrl", ""), others):
            made = one if isinstance(one, bytes) else one.encode("utf-8", "surrogatepass")
            yield Made(f"retailcrm-{id}", (made, token), change, cost)
        raw = text.decode()
        for pattern, put, change in (
            (rf",\s*{_TOKEN}|{_TOKEN}\s*,\s*", "", "without the token"),
            (_TOKEN, '"token":""', "with an empty token"),
            (_TOKEN, '"token":null', "with null for the token"),
        ):
            if (json_text := re.sub(pattern, put, raw, count=1)) != raw:
                yield Made("retailcrm-json-signed", (json_text.encode(), token), change)
        for order, change in (
            (pairs, "without the token"),
            ((*pairs, ("token", "")), "with an empty token"),
            (pairs[::-1], "without the token, in another order"),
        ):
            yield Made("retailcrm-json-signed", (order, token), change, 2 if order == pairs[::-1] else 1)
        slashed = json.dumps(values, separators=(",", ":")).replace("/", "\\/")
        yield Made("retailcrm-json-signed", (slashed.encode(), token), "without the token, as PHP writes it")

    return ways


def _messages(key: str, url: str, others: tuple[str, ...]) -> Iterator[tuple[str, str | bytes, str, int]]:
    """Yield what else may have been signed: a slip, the text, what was changed, and the cost."""
    host = url.partition("://")[2].partition("/")[0]
    spellings = [*dict.fromkeys(filter(None, (url, url.rstrip("/"), url.rstrip("/") + "/", host)))]
    for spelling in spellings if url else ():
        cost = 1 if spelling == url else 2
        yield "system-url-signed", spelling, "alone" if cost == 1 else "alone, spelt otherwise", cost
        for mark in _BETWEEN:
            said = f"{mark!r} between them" if mark else "nothing between them"
            yield "system-url-signed", key + mark + spelling, f"behind the API key, {said}", cost
            yield "system-url-signed", spelling + mark + key, f"before the API key, {said}", cost
    for before in _AROUND:
        yield "api-key-named", before + key, f"{before!r} before it", 1
    for decode in (
        bytes.fromhex,
        lambda text: base64.b64decode(text + "=" * (-len(text) % 4), validate=True),
    ):
        try:
            yield "api-key-decoded", decode(key), "", 1
        except (ValueError, binascii.Error):
            continue
    for length in sorted({16, 20, 24, 30, 31, 32, 64, len(key) - 1} & {*range(1, len(key))}):
        yield "api-key-cut", key[:length], f"to {length} characters", 1
    yield "api-key-cut", key[1:], "without its first character", 2
    for number, other in enumerate(others, 2):
        yield "another-api-key", other, f"number {number} of those given", 1


def written(state: State) -> State:
    """Return what is signed as bytes: pairs, where the JSON was signed, as JSON."""
    chosen, token = state
    if isinstance(chosen, bytes):
        return state
    return json.dumps(dict(chosen), ensure_ascii=False, separators=(",", ":")).encode(), token
