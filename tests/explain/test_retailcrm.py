"""Why a registration of RetailCRM was refused: each known mistake, made by a real program, is named at the first try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote_plus, urlencode

import pytest

from handshakes.explain import explain

from .rows import Row, check, made_by, run

WORKED = (
    '{"systemUrl":"https://demo.simla.com","apiKey":"example-api-key",'
    '"token":"1d1586a2d0ef964e35833699072990b41973fc4f5254ab676ff13e59d89a78f5"}'
)
"""A genuine registration; the token is OpenSSL's HMAC of the key under `example-module-secret`."""
PUBLIC = {"secret": "example-module-secret"}
SECRET, KEY, URL = "Private-Module-Secret-0815", "PrivKey0AbCdEf1234567890abcdefXY", "https://demo.simla.com"
BASE32 = "ONSWG4TFORZWKY3SMV2HGZLDOJSXI==="
CODE, OTHER, ANOTHER_KEY = (
    "private-code-4711",
    "Private-Other-Secret-0816",
    "PrivKey1AbCdEf1234567890abcdefXZ",
)
PRIVATE = (SECRET, KEY, OTHER, ANOTHER_KEY)
MOJIBAKE = "2141c3f154f8d205bb447e9131992097719b8c6050a50dc4e47d83a0c92fedc3"
"""OpenSSL's HMAC of schlüssel, in UTF-8, under `example-module-secret`."""
FORM = "application/x-www-form-urlencoded"
ENCODED = "register=" + quote_plus(WORKED)

php = partial(made_by, "php", s=SECRET, k=KEY, u=URL)
node = partial(made_by, "node", s=SECRET, k=KEY, u=URL)
java = partial(made_by, "java", s=SECRET, k=KEY, u=URL)


def http(body: str, kind: str = FORM, target: str = "/register") -> str:
    length = len(body.encode())
    return (
        f"POST {target} HTTP/1.1\r\nHost: module.example\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {length}\r\n\r\n{body}"
    )


def form_of(token: str, key: str = KEY) -> str:
    """Return a registration as the CRM sends it, with a token."""
    return urlencode({"register": json.dumps({"systemUrl": URL, "apiKey": key, "token": token})})


def worked(name: str, cause: str, pasted, says: str = "") -> Row:
    """Return a row that changes the worked registration on its way."""
    return Row(name, cause, pasted, PUBLIC, says)


def signed(name: str, cause: str, token, says: str = "", key: str = KEY, **options) -> Row:
    """Return a row whose token a program made otherwise."""
    return Row(name, cause, lambda: form_of(token(), key), options, says)


def worked_php(code: str):
    return made_by("php", code, j=WORKED)


def worked_node(code: str):
    return made_by("node", code, j=WORKED)


ON_THE_WAY = [
    # why-2.md, section 5
    worked("htmlspecialchars", "body-entities", worked_php("htmlspecialchars($j)")),
    worked(
        "htmlspecialchars in the form",
        "body-entities",
        worked_php("http_build_query(['register' => htmlspecialchars($j)])"),
    ),
    worked(
        "urlencode twice",
        "body-percent",
        worked_php("http_build_query(['register' => urlencode($j)])"),
        "once more than needed",
    ),
    worked("urlencode of the whole form", "body-percent", worked_php("'register%3D' . urlencode(urlencode($j))")),
    worked("single quotes of Python", "body-single-quotes", lambda: str(json.loads(WORKED))),
    worked(
        "single quotes in the form",
        "body-single-quotes",
        lambda: urlencode({"register": str(json.loads(WORKED))}),
    ),
    worked("byte order mark", "body-bom", lambda: b"\xef\xbb\xbf" + WORKED.encode()),
    worked("byte order mark in the form", "body-bom", worked_php('http_build_query(["register" => "\\u{feff}$j"])')),
    worked("JSON inside JSON", "body-json-text", worked_node("JSON.stringify(j)")),
    worked(
        "JSON inside JSON in the form",
        "body-json-text",
        worked_node("String(new URLSearchParams({register: JSON.stringify(j)}))"),
    ),
    # section 1 and what else happens between sender and reader
    worked("addslashes", "body-addslashes", worked_php("http_build_query(['register' => addslashes($j)])")),
    worked("addslashes, the JSON alone", "body-addslashes", worked_php("addslashes($j)")),
    worked("base64 of the form", "body-base64", lambda: run("openssl", "base64", given=ENCODED)),
    worked("base64 of the JSON", "body-base64", worked_node("btoa(j)")),
    worked(
        "base64 in the field",
        "body-base64",
        worked_php("http_build_query(['register' => base64_encode($j)])"),
    ),
    worked("NUL bytes behind it", "body-nul", worked_php('http_build_query(["register" => "$j\\0\\0"])')),
    worked(
        "a sender that says JSON and writes a form",
        "retailcrm-content-type",
        lambda: http(ENCODED, "application/json"),
    ),
    worked(
        "two header lines joined by Apache",
        "retailcrm-content-type",
        lambda: http(ENCODED, f"{FORM}, {FORM}"),
    ),
    worked(
        "the JSON is the body",
        "retailcrm-json-alone",
        lambda: f"curl -X POST https://module.example/register -H 'Content-Type: {FORM}' -d '{WORKED}'",
    ),
    worked(
        "the JSON is the body, and says so",
        "retailcrm:register.encoding=json-body",
        lambda: http(WORKED, "application/json"),
    ),
    worked(
        "brackets of qs",
        "retailcrm:register.encoding=brackets",
        worked_php("http_build_query(['register' => json_decode($j, true)])"),
    ),
    worked(
        "members as fields of their own",
        "retailcrm-fields-flat",
        worked_php("http_build_query(json_decode($j, true))"),
    ),
    worked("another field", "retailcrm-field-renamed", worked_php("http_build_query(['data' => $j])"), "data"),
    worked(
        "the field twice",
        "retailcrm-field-doubled",
        worked_php("http_build_query(['register' => $j]) . '&' . http_build_query(['register' => '{}'])"),
    ),
    worked("in the query", "retailcrm-in-query", lambda: f"https://module.example/register?{ENCODED}"),
    worked(
        "in the query of a log line",
        "retailcrm-in-query",
        lambda: f'1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET /register?{ENCODED} HTTP/1.1" 405 0 "-" "-"',
    ),
    worked(
        "a form that became JSON in a proxy",
        "retailcrm-json-nested",
        worked_node("JSON.stringify({register: j, clientId: '1'})"),
        "register",
    ),
    worked(
        "the members of a form inside a logged event",
        "retailcrm-json-nested",
        worked_node("JSON.stringify({body: {register: JSON.parse(j)}})"),
        "register",
    ),
    worked("print_r", "retailcrm-members-printed", worked_php("print_r(json_decode($j, true), true)")),
    worked("var_export", "retailcrm-members-printed", worked_php("var_export(json_decode($j, true), true)")),
    worked(
        "console.log",
        "retailcrm-members-printed",
        worked_node("require('util').inspect(JSON.parse(j), {breakLength: Infinity})"),
    ),
    worked(
        "Go's map, by hand",
        "retailcrm-members-printed",
        lambda: "map[" + " ".join(f"{n}:{v}" for n, v in sorted(json.loads(WORKED).items())) + "]",
    ),
    worked(
        "snake_case",
        "retailcrm-member-names",
        lambda: urlencode(
            {"register": WORKED.replace("apiKey", "api_key").replace("systemUrl", "system_url")}
        ),
    ),
    worked(
        "a member twice",
        "retailcrm:register.json=last-wins",
        lambda: urlencode({"register": WORKED.replace("{", '{"apiKey":"",', 1)}),
    ),
    worked(
        "names of Go in capitals",
        "retailcrm:register.json=any-case",
        lambda: urlencode({"register": WORKED.replace("apiKey", "APIKey").replace("token", "Token")}),
    ),
    # section 3 of discovery-2.md: express-http-proxy 2.1.2 behind express.urlencoded sends the form on unescaped
    Row(
        "unescaped by express-http-proxy",
        "retailcrm-form-unescaped",
        lambda: "register=" + node("JSON.stringify({systemUrl: u, apiKey: 'a+b&c=d', token: h(s, 'a+b&c=d')})")(),
    ),
]  # fmt: skip

SIGNED_OTHERWISE = [
    signed("key and message swapped", "retailcrm:token.value=swapped", php("$h($k, $s)")),
    signed("key and message swapped in Node", "mac-swapped", node("h(k, s)")),
    signed("the API key is both", "retailcrm-api-key-as-key", php("$h($k, $k)")),
    signed("the secret is both", "retailcrm-secret-signed", node("h(s, s)")),
    signed("the system URL alone", "retailcrm-system-url-signed", php("$h($s, $u)"), "alone"),
    signed(
        "the system URL with a slash",
        "retailcrm-system-url-signed",
        php("$h($s, $k . $u . '/')"),
        "behind the API key, nothing",
    ),
    *(
        signed(
            f"the system URL behind the key, {mark!r}",
            "retailcrm-system-url-signed",
            node("h(s, k + m + u)", m=mark),
            f"{mark!r} between",
        )
        for mark in ("|", ":", ".", "&", "\n", ";", ",", "-", "_", " ", "/", "#")
    ),
    signed("the system URL in front", "retailcrm-system-url-signed", php("$h($s, $u . '|' . $k)"), "before"),
    signed(
        "whole JSON by PHP",
        "retailcrm-json-signed",
        php("$h($s, json_encode(['systemUrl' => $u, 'apiKey' => $k]))"),
        "PHP",
    ),
    signed(
        "whole JSON by Node, with an empty token",
        "retailcrm-json-signed",
        node("h(s, JSON.stringify({systemUrl: u, apiKey: k, token: ''}))"),
        "an empty token",
    ),
    signed(
        "whole JSON by Python",
        "retailcrm-json-signed",
        node("h(s, j)", j=json.dumps({"systemUrl": URL, "apiKey": KEY})),
        "without the token",
    ),
    signed(
        "whole JSON in another order",
        "retailcrm-json-signed",
        node("h(s, JSON.stringify({apiKey: k, systemUrl: u}))"),
        "order",
    ),
    signed("a header of the key", "retailcrm-api-key-named", php("$h($s, 'X-API-KEY: ' . $k)"), "X-API-KEY"),
    signed("its name in front", "retailcrm-api-key-named", node("h(s, 'apiKey=' + k)"), "apiKey="),
    signed(
        "the key decoded from hex",
        "retailcrm-api-key-decoded",
        php("$h($s, hex2bin('00ff10ab'))"),
        key="00ff10ab",
    ),
    signed(
        "the key decoded from base64",
        "retailcrm-api-key-decoded",
        node("h(s, Buffer.from(k, 'base64'))"),
    ),
    signed(
        "the key cut by a column of 30",
        "retailcrm-api-key-cut",
        php("$h($s, substr($k, 0, 30))"),
        "30 characters",
    ),
    signed("the key without its end", "retailcrm-api-key-cut", php("$h($s, substr($k, 0, -1))"), "31 characters"),
    signed("the key without its begin", "retailcrm-api-key-cut", php("$h($s, substr($k, 1))"), "first"),
    signed(
        "the key of another account",
        "retailcrm-another-api-key",
        php("$h($s, $k)", k=ANOTHER_KEY),
        "number 2",
        others=[ANOTHER_KEY],
    ),
    signed("another secret", "key-other", php("$h($o, $k)", o=OTHER), "number 3", others=[CODE, OTHER]),
    signed("the code, which is given", "key-other", php("$h($c, $k)", c=CODE), others=[CODE]),
    Row(
        "the module's code, from the path",
        "retailcrm-code-as-key",
        lambda: http(form_of(php("$h($c, $k)", c=CODE)()), target=f"/{CODE}/register"),
    ),
    Row(
        "clientId, from the form",
        "retailcrm-code-as-key",
        lambda: form_of(php("$h($c, $k)", c=CODE)()) + f"&clientId={CODE}",
    ),
    # the API key itself
    signed("blank behind the key", "text-blank", php('$h($s, "$k ")')),
    signed("line end behind the key", "text-line-end", lambda: openssl(KEY + "\n")),
    signed("CR LF behind the key", "text-crlf", php('$h($s, "$k\\r\\n")')),
    signed("quotes around the key", "text-quoted", node("h(s, JSON.stringify(k))")),
    signed("percent-encoded", "text-percent", node("h(s, encodeURIComponent('ab+c/d=='))"), key="ab+c/d=="),
    signed("percent-decoded", "decoded-twice", php("$h($s, urldecode('ab%2Bcd'))"), key="ab%2Bcd"),
    signed("small letters", "text-lower-case", php("$h($s, strtolower($k))")),
    signed("capitals", "text-upper-case", java("h($s.getBytes(), $k.toUpperCase())")),
    signed("trimmed", "text-trimmed", php("$h($s, trim(' ab cd '))"), key=" ab cd "),
    signed("base64 of the key", "text-base64", php("$h($s, base64_encode($k))")),
    signed("UTF-16", "text-utf-16", java('h("HmacSHA256", $s.getBytes(), $k.getBytes("UTF-16LE"))')),
    signed("byte order mark", "text-bom", php('$h($s, "\\u{feff}$k")')),
    signed("an object", "text-object", node("h(s, String({apiKey: k}))")),
    signed("escaped for HTML", "text-entities", php("$h($s, htmlspecialchars('a&b'))"), key="a&b"),
    signed("hash of the key", "mac-of-hash", php("$h($s, hash('sha256', $k))")),
    # the secret
    signed("line end of a file", "key-line-end", node("h(s + '\\n', k)")),
    signed("CR LF of Windows", "key-crlf", php('$h("$s\\r\\n", $k)')),
    signed("quotes of .env", "key-quoted", php("$h('\"' . $s . '\"', $k)")),
    signed("single quotes", "key-single-quoted", php('$h("\'$s\'", $k)')),
    signed("byte order mark of Notepad", "key-bom", php('$h("\\u{feff}$s", $k)')),
    signed("blank", "key-blank", php('$h("$s ", $k)')),
    signed("not loaded", "key-empty", php("$h((string) null, $k)")),
    signed("undefined", "key-placeholder", node("h(String(undefined), k)"), "undefined"),
    signed("base64 of Kubernetes", "key-to-base64", node("h(btoa(s), k)")),
    signed("hex", "key-to-hex", php("$h(bin2hex($s), $k)")),
    signed("dashes lost", "key-without-dashes", php("$h(str_replace('-', '', $s), $k)")),
    signed(
        "hex decoded",
        "retailcrm:token.key=hex-decoded",
        php("$h(hex2bin('00ff00ff00ff'), $k)"),
        secret="00ff00ff00ff",
    ),
    signed(
        "base64 decoded",
        "retailcrm:token.key=base64-decoded",
        php("$h(base64_decode('c2VjcmV0LWtleQ=='), $k)"),
        secret="c2VjcmV0LWtleQ==",
    ),
    signed("blanks in the secret given here", "key-trimmed", php("$h($s, $k)"), secret=f" {SECRET}\n"),
    signed("quotes in the secret given here", "key-unquoted", php("$h($s, $k)"), secret=f'"{SECRET}"'),
    # what was computed, and how it was written
    signed("plain hash, secret first", "mac-plain-secret-first", php("hash('sha256', $s . $k)")),
    signed("plain hash, secret last", "mac-plain-secret-last", php("hash('sha256', $k . $s)")),
    signed("no key", "mac-no-key", php("hash('sha256', $k)")),
    signed("MD5 of both", "mac-plain-md5", php("md5($k . $s)")),
    signed("SHA-1 of both", "mac-plain-sha1", php("sha1($s . $k)")),
    *(
        signed(f"HMAC with {name}", f"mac-{name}", php("$h($s, $k, $n)", n=name))
        for name in ("md5", "sha1", "sha512", "sha384", "sha224")
    ),
    signed("upper case", "form-upper-case", php("strtoupper($h($s, $k))")),
    signed("upper case, as a reading", "retailcrm:token.digest=any-case", php("strtoupper($h($s, $k))")),
    signed("base64", "form-base64", node("h(s, k, 'sha256', 'base64')")),
    signed("base64, as a reading", "retailcrm:token.digest=base64", php("base64_encode($h($s, $k, 'sha256', true))")),
    signed("base64url", "form-base64url + form-unpadded", node("h(s, k, 'sha256', 'base64url')")),
    signed("base64 of hex", "form-base64-of-hex", php("base64_encode($h($s, $k))")),
    signed("named", "form-named", php("'sha256=' . $h($s, $k)")),
    signed("line end behind the token", "form-blank", php('$h($s, $k) . "\\n"')),
    signed("quotes around the token", "form-quoted", node("JSON.stringify(h(s, k))")),
    signed("cut by a column of 40", "form-cut", php("substr($h($s, $k), 0, 40)")),
    # two at once
    signed("PHP, swapped, capitals", "mac-swapped + form-upper-case", php("strtoupper($h($k, $s))")),
    signed("line end and base64", "key-line-end + form-base64", node("h(s + '\\n', k, 'sha256', 'base64')")),
    signed("URL signed under a quoted secret", "retailcrm-system-url-signed + key-quoted", php("$h('\"' . $s . '\"', $u . $k)")),
    Row(
        "escaped for HTML, and swapped",
        "body-entities + mac-swapped",
        lambda: urlencode({"register": html.escape(json.dumps({"systemUrl": URL, "apiKey": KEY, "token": php("$h($k, $s)")()}))}),
    ),
]  # fmt: skip


def js_key(name: str, cause: str, expression: str, says: str = "", secret: str = SECRET) -> Row:
    """Return a row whose key is an expression of JavaScript of the secret that is given."""
    return signed(name, cause, made_by("node", f"h({expression}, k)", s=secret, k=KEY), says, secret=secret)


def php_key(name: str, cause: str, expression: str, says: str = "", secret: str = SECRET) -> Row:
    return signed(name, cause, made_by("php", f"$h({expression}, $k)", s=secret, k=KEY), says, secret=secret)


def with_key(name: str, cause: str, key: str, token, says: str = "") -> Row:
    """Return a row with another API key, which the sender changed before it was signed."""
    return signed(name, cause, token, says, key=key)


MORE = [
    js_key("carriage return of a .env file", "key-carriage-return", "s + '\\r'"),
    js_key("two line ends", "key-blank-lines", "s + '\\n\\n'"),
    js_key("blank before the secret", "key-blank-before", "' ' + s"),
    js_key("tab of a spreadsheet", "key-tab", "s + '\\t'"),
    js_key("a prefix", "key-prefix", "s.slice(7)", secret=f"secret:{SECRET}"),
    js_key("a whole line", "key-assigned", "s.split('=')[1]", secret=f"ONE_STEP_CONNECTION_SECRET={SECRET}"),
    php_key("hex2bin, as a slip", "key-from-hex", "hex2bin($s)", secret="00ff00ff00ff00ff"),
    php_key("base64_decode, as a slip", "key-from-base64", "base64_decode($s)", secret="U2VjcmV0LW9mLXRoZS1wYWdl"),
    php_key("secret in capitals", "key-upper-case", "strtoupper($s)"),
    php_key("secret in small letters", "key-lower-case", "strtolower($s)"),
    js_key("secret percent-encoded", "key-percent", "encodeURIComponent(s)", "encoded", "Private/Secret+of=0815"),
    php_key("a comment of an ini file", "key-comment", "parse_ini_string('S=' . $s)['S']", "semicolon", "Private-0815;rest"),
    js_key("a variable in the secret", "key-dollar", "s.replace('$NOBODY', '')", secret="Private$NOBODY-0815"),
    php_key("cut at an equals sign", "key-equals", "explode('=', 'S=' . $s)[1]", secret="PrivateSecret0815=="),
    php_key("stripslashes", "key-backslashes", "stripslashes($s)", "without", r"Priv\ate-\z815"),
    php_key("htmlspecialchars_decode", "key-entities", "htmlspecialchars_decode($s)", "unescaped", "Private&amp;Secret-0815"),
    php_key("secret without its last", "key-last-character", "substr($s, 0, -1)"),
    php_key("hash of the secret", "key-hashed", "md5($s)", "MD5"),
    js_key("NFD of macOS", "key-normalised", "s.normalize('NFD')", "NFD", "Büro-Geheimnis-0815"),
    js_key("Latin-1 of the secret", "key-latin-1", "Buffer.from(s, 'latin1')", secret="Büro-Geheimnis-0815"),
    js_key("UTF-16 of the secret", "key-utf-16", "Buffer.from(s, 'utf16le')"),
    js_key("secret pasted twice", "key-doubled", "s + s"),
    php_key("secret cut by a column", "key-cut", "substr($s, 0, 16)", "16"),
    signed("plain hash, secret on both sides", "mac-plain-both-sides", php("hash('sha256', $s . $k . $s)")),
    signed("SHA-3", "mac-sha3", php("$h($s, $k, 'sha3-256')")),
    signed("twice", "mac-twice", php("$h($s, $h($s, $k, 'sha256', true))")),
    signed("BitConverter, by PHP", "form-separated + form-upper-case", php("implode('-', str_split(strtoupper($h($s, $k)), 2))")),
    signed("encoded once more", "form-percent + form-quoted", php("urlencode('\"' . $h($s, $k) . '\"')")),
    with_key("addslashes of the key", "text-addslashes", "a'b", php("$h($s, addslashes(\"a'b\"))")),
    with_key("Latin-1 of the key", "text-latin-1", "schlüssel", node("h(s, Buffer.from('schlüssel', 'latin1'))")),
    with_key("UTF-8 of the key twice", "text-mojibake", "schlüssel", node("h(s, Buffer.from('schlüssel').toString('latin1'))")),
    with_key("another normalisation of the key", "values-normalised", "schlüssel", node("h(s, 'schlüssel'.normalize('NFD'))"), "NFD"),
    with_key("a plus sign of the key as a blank", "plus-as-blank", "a+b", node("h(s, 'a b')")),
    with_key("a blank of the key as a plus sign", "blank-as-plus", "a b", node("h(s, 'a+b')")),
    with_key("CRLF in the key", "text-line-ends", "a\nb", node("h(s, 'a\\r\\nb')"), "LF became CRLF"),
    signed("JSON with blanks", "retailcrm-json-signed + json-indented", node("h(s, JSON.stringify({systemUrl: u, apiKey: k}, null, 2))")),
    signed("JSON by json_encode with an empty token", "retailcrm-json-signed + json-php", php("$h($s, json_encode(['systemUrl' => $u, 'apiKey' => $k, 'token' => '']))")),
    signed("a query of both", "retailcrm-json-signed + query-for-json", php("$h($s, http_build_query(['systemUrl' => $u, 'apiKey' => $k]))"), "as a form"),
    worked("UTF-8 of the body read as Latin-1", "body-mojibake", lambda: urlencode({"register": json.dumps({"apiKey": "schlÃ¼ssel", "systemUrl": URL, "token": MOJIBAKE}, ensure_ascii=False)})),
    worked("wrapped by a terminal", "body-wrapped", lambda: run("fold", "-w", "60", given=WORKED)),
    worked("quotes of a word processor, by hand", "body-curly-quotes", lambda: WORKED.replace('"', "\u201d")),
    worked("bin2hex of the form", "body-hex", worked_php("bin2hex(http_build_query(['register' => $j]))")),
]  # fmt: skip

WRITTEN_OTHERWISE = [
    js_key("bytes of Python in quotes", "key-literal", "`b'${s}'`", "str(b'…')"),
    js_key("a Buffer in JSON", "key-literal", "JSON.stringify(Buffer.from(s))", "Buffer in JSON"),
    js_key("a Uint8Array as text", "key-literal", "String(new Uint8Array(Buffer.from(s)))", "Uint8Array"),
    js_key("the JSON of a secrets manager", "key-literal", "JSON.stringify({secret: s})", "under secret"),
    php_key("a no-break space in front", "key-invisible", r'"\u{a0}$s"', "no-break space in front"),
    js_key("a zero-width space in the given secret", "key-invisible", "s.replace('\u200b', '')", secret="Private\u200bSecret-0815"),
    php_key("Cyrillic letters in the key", "key-look-alikes", "str_replace(['c', 'e'], ['с', 'е'], $s)", "Cyrillic letters for"),
    js_key("a straight apostrophe for a typographic one", "key-typographic", "s.replace('’', \"'\")", "", "O’Hara-Private-0815"),
    js_key("two hyphens that a mail program made a dash", "key-typographic", "s.replace('—', '--')", "-- for —", "Private—Secret-0815"),
    js_key("three dots that became one character", "key-typographic", "s.replace('…', '...')", "", "Private…Secret-0815"),
    js_key("typed quotes, and a blank behind", "key-typographic + key-blank", "s.replace('“', '\"').replace('”', '\"') + ' '", "", "Private“Secret”0815"),
    js_key("a number without its zeros", "key-number", "String(Number(s))", "without the zeros", "007391846205"),
    js_key("a number that JavaScript rounds", "key-number", "String(Number(s))", "JavaScript", "90071992547409931"),
    js_key("the line of a .env file", "key-named", "'ONE_STEP_CONNECTION_SECRET=' + s", "ONE_STEP"),
    js_key("decoded from base64, in small letters", "key-from-base64 + key-lower-case", "Buffer.from(s, 'base64').toString().toLowerCase()", "", "UHJpdmF0ZS1TZWNyZXQtMDgxNQ=="),
    signed("another secret with CR and LF", "key-other + key-crlf", php("$h($o . \"\\r\\n\", $k)", o=OTHER), "number 2", others=[OTHER]),
    signed("another secret in quotes", "key-other + key-quoted", php("$h('\"' . $o . '\"', $k)", o=OTHER), "number 2", others=[OTHER]),
    php_key("0 for O", "key-look-alikes", "str_replace('O', '0', $s)", "O and 0", "PrivateSecretO815"),
    php_key("Windows-1251", "key-code-page", "iconv('UTF-8', 'CP1251', $s)", "cp1251", "Секрет-0815"),
    js_key("ASCII alone", "key-code-page", "s.replace(/[^\\x00-\\x7f]/g, '?')", "?", "Секрет-0815"),
    js_key("bytes of a UUID", "key-uuid-bytes", "Buffer.from(s.replaceAll('-', ''), 'hex')", secret="0a1b2c3d-0d6f-4f5f-9d9c-1f6b3f0f2a11"),
    js_key("hex up to a dash", "key-from-hex", "Buffer.from(s, 'hex')", "up to", "0a1b2c3d-0d6f-4f5f-9d9c-1f6b3f0f2a11"),
    php_key("base64_decode of what is none", "key-from-base64", "base64_decode($s)", "left out", "Private-Secret-of-the-page"),
    signed("base32", "key-from-base32", lambda: hmac.new(base64.b32decode(BASE32), KEY.encode(), "sha256").hexdigest(), secret=BASE32),
    php_key("its name before it", "key-named", "'SECRET=' . $s", "'SECRET='"),
    js_key("line ends within the given secret", "key-joined", "s.replace(/\\s/g, '')", secret="Private-Secret\n-0815"),
    js_key("base64 of a line end too", "key-to-base64", "btoa(s + '\\n')", "a line end"),
    php_key("the first 64 bytes of a long secret", "key-cut", "substr($s, 0, 64)", "64 bytes", "Private-Secret-0815-" * 5),
    php_key("cut at a blank", "key-cut", "explode(' ', $s)[0]", "at the first ' '", "Private Secret 0815"),
    signed("nothing was handed over", "text-empty", node("crypto.createHmac('sha256', s).digest('hex')")),
    signed("bytes of Python in quotes, signed", "text-literal", lambda: hmac.new(SECRET.encode(), str(KEY.encode()).encode(), "sha256").hexdigest()),
    signed("a promise", "text-placeholder", node("h(s, String(Promise.resolve(k)))"), "Promise"),
    signed("update called twice", "text-doubled", node("crypto.createHmac('sha256', s).update(k).update(k).digest('hex')")),
    signed("hex of the key", "text-hex", php("$h($s, bin2hex($k))")),
    with_key("blanks of the key taken out", "text-without-blanks", "a b c", php("$h($s, str_replace(' ', '', 'a b c'))")),
    signed("a C string", "text-nul", php(r'$h($s, "$k\0")')),
    with_key("Windows-1251 of the key", "text-code-page", "ключ", php("$h($s, iconv('UTF-8', 'CP1251', 'ключ'))"), "cp1251"),
    with_key("a cut text", "text-cut", "ab" * 60, php("$h($s, substr(str_repeat('ab', 60), 0, 100))"), "100"),
    signed("secret and key with a colon, plain", "mac-plain-separated", node("crypto.createHash('sha256').update(s + ':' + k).digest('hex')"), "the secret first"),
    signed("SHA-512 of both", "mac-plain-sha512", php("hash('sha512', $s . $k)")),
    signed("secret in the text", "mac-secret-in-text", php("$h($s, $k . $s)"), "behind"),
    signed("hash of the HMAC", "mac-then-hashed", php("hash('sha256', $h($s, $k))")),
    signed("Go's Sum with the message", "mac-sum", lambda: go_sum(SECRET, KEY), "HMAC of nothing"),
    signed("sodium_crypto_generichash", "mac-blake2", lambda: hashlib.blake2b(KEY.encode(), key=SECRET.encode(), digest_size=32).hexdigest()),
    signed("swapped, and SHA-1", "mac-swapped + mac-sha1", php("$h($k, $s, 'sha1')")),
    signed("MD5 of the secret, and SHA-1", "key-hashed + mac-sha1", php("$h(md5($s), $k, 'sha1')")),
    signed("CR, and small letters", "key-carriage-return + text-lower-case", node("h(s + '\\r', k.toLowerCase())")),
    signed("bin2hex of hex", "form-hex-of-hex", php("bin2hex($h($s, $k))")),
    signed("bin2hex of base64", "form-hex-of-base64", php("bin2hex(base64_encode($h($s, $k, 'sha256', true)))")),
    signed("base64 of base64", "form-base64-twice", php("base64_encode(base64_encode($h($s, $k, 'sha256', true)))")),
    signed("Arrays.toString", "form-bytes", node("JSON.stringify([...new Int8Array(Buffer.from(h(s, k), 'hex'))])")),
    signed("a Buffer in JSON, as digest", "form-bytes", node("JSON.stringify(crypto.createHmac('sha256', s).update(k).digest())")),
    with_key("a negative BigInteger", "form-number", "PrivKey1", java('new java.math.BigInteger(HexFormat.of().parseHex(h($s.getBytes(), "PrivKey1"))).toString(16)')),
    with_key("BigInteger without its first zero", "form-without-zeros", "PrivKey41", java('new java.math.BigInteger(1, HexFormat.of().parseHex(h($s.getBytes(), "PrivKey41"))).toString(16)')),
    signed("BigInt in decimal", "form-number", node("BigInt('0x' + h(s, k)).toString()")),
    signed("str of bytes, as digest", "form-literal", node("`b'${h(s, k)}'`")),
    signed("the output of openssl", "form-tool", lambda: run("openssl", "dgst", "-sha256", "-hmac", SECRET, given=KEY).decode().strip()),
    signed("the output of sha256sum", "form-tool + mac-no-key", lambda: run("sha256sum", given=KEY).decode().strip()),
    signed("bytes backwards", "form-reversed", node("Buffer.from(h(s, k), 'hex').reverse().toString('hex')")),
    signed("toHexString without a mask", "form-sign-extended", node("[...new Int8Array(Buffer.from(h(s, k), 'hex'))].map((b) => (b >>> 0).toString(16)).join('')")),
]  # fmt: skip

ROWS = [*ON_THE_WAY, *SIGNED_OTHERWISE, *MORE, *WRITTEN_OTHERWISE]


def go_sum(secret: str, message: str) -> str:
    """Return what a Go program gives that hands its message to Sum."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "sum.go"
        source.write_text(
            'package main\nimport ("crypto/hmac"; "crypto/sha256"; "fmt"; "os")\n'
            "func main() { m := hmac.New(sha256.New, []byte(os.Args[1]))\n"
            'fmt.Printf("%x", m.Sum([]byte(os.Args[2]))) }\n'
        )
        return run("go", "run", str(source), secret, message).decode()


def openssl(text: str) -> str:
    made = run("openssl", "dgst", "-sha256", "-hmac", SECRET, given=text)
    return made.decode().rpartition("= ")[2].strip()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_cause_is_in_the_first_group(row):
    private = () if row.options is PUBLIC else PRIVATE
    check("retailcrm", row, private, secret=SECRET, now=0)


HAR = {
    "log": {
        "entries": [
            {"request": {"method": "GET", "url": "https://module.example/config", "headers": []}},
            {
                "request": {
                    "method": "POST",
                    "url": "https://module.example/register",
                    "headers": [{"name": "Content-Type", "value": FORM}],
                    "postData": {"mimeType": FORM, "text": ENCODED},
                }
            },
        ]
    }
}
CHROMIUM = {"mimeType": FORM, "params": [{"name": "register", "value": quote_plus(WORKED)}]}
FIREFOX = {"mimeType": FORM, "params": [{"name": "register", "value": WORKED}]}
MULTIPART = '--x7\r\nContent-Disposition: form-data; name="register"\r\n\r\n' + WORKED + "\r\n--x7--\r\n"


@pytest.mark.parametrize(
    ("pasted", "took", "header"),
    [
        (WORKED, "a JSON body", ""),
        (json.dumps(json.loads(WORKED), indent=2), "a JSON body", ""),
        (ENCODED, "a form", ""),
        (ENCODED + "\n", "a form", ""),
        (ENCODED[:100] + "\n  " + ENCODED[100:], "a form, wrapped over several lines", ""),
        (f'"{ENCODED}"', "a form", ""),
        (f"`{WORKED}`", "a JSON body", ""),
        (quote_plus(WORKED), "the percent-encoded value of register", ""),
        (ENCODED, "a form", FORM),
        (MULTIPART, "a multipart form", ""),
        (MULTIPART, "a multipart form", "multipart/form-data; boundary=x7"),
        (f"curl -X POST https://module.example/register -d '{ENCODED}'", "a curl command", ""),
        (f"curl https://module.example/register --data-urlencode 'register={WORKED}'", "a curl command", ""),
        (f"curl https://module.example/register -F 'register={WORKED}'", "a curl command", ""),
        (
            f"curl 'https://module.example/register' \\\n  -H 'Content-Type: {FORM}' \\\n  --data-raw '{ENCODED}'",
            "a curl command",
            "",
        ),
        (http(ENCODED), "an HTTP request", ""),
        (http(ENCODED) + "\r\n\r\n", "an HTTP request", ""),
        (http(MULTIPART, "multipart/form-data; boundary=x7"), "an HTTP request", ""),
        (json.dumps(HAR), "a HAR file (request 2 of 2, the first of 1 with a signature)", ""),
        (json.dumps(HAR["log"]["entries"][1]), "an entry of a HAR file", ""),
        (
            json.dumps({"request": {**HAR["log"]["entries"][1]["request"], "postData": CHROMIUM}}),
            "an entry of a HAR file",
            "",
        ),
        (
            json.dumps({"request": {**HAR["log"]["entries"][1]["request"], "postData": FIREFOX}}),
            "an entry of a HAR file",
            "",
        ),
        (
            f'fetch("https://module.example/register", {{"headers": {{"content-type": "{FORM}"}}, '
            f'"body": "{ENCODED}", "method": "POST"}});',
            "a fetch of a browser",
            "",
        ),
    ],
)  # fmt: skip
def test_a_genuine_registration_verifies_whatever_is_around_it(pasted, took, header):
    answer = explain("retailcrm", pasted, header=header, secret="example-module-secret", now=0)
    assert (answer.verdict, answer.took) == ("verified", took)
    assert (answer.explanations, answer.tried, answer.signature_fits) == ((), 0, True)
    assert answer.returns is not None
    assert dict(answer.returns["parameters"])["systemUrl"] == URL


def test_php_and_node_and_python_write_registrations_that_verify():
    for pasted in (
        php("http_build_query(['register' => json_encode(['systemUrl' => $u, 'apiKey' => $k, 'token' => $h($s, $k)])])")(),
        node("String(new URLSearchParams({register: JSON.stringify({systemUrl: u, apiKey: k, token: h(s, k)})}))")(),
        form_of(openssl(KEY)),
    ):  # fmt: skip
        answer = explain("retailcrm", pasted, secret=SECRET, now=0)
        assert (answer.verdict, answer.explanations) == ("verified", ())


def test_the_api_key_is_shown_to_nobody_unless_asked():
    pasted = form_of(openssl(KEY))
    hidden = explain("retailcrm", pasted, secret=SECRET, now=0, mine=KEY.encode() + b"!")
    assert KEY not in json.dumps(hidden.as_json()) and SECRET not in json.dumps(hidden.as_json())
    assert [(stage.name, stage.masked) for stage in hidden.stages] == [
        ("register", True),
        ("members", False),
        ("message", True),
    ]
    shown = explain("retailcrm", pasted, secret=SECRET, now=0, show_secrets=True)
    assert shown.stages[-1].text == KEY
    assert shown.returns is not None and ["apiKey", KEY] in shown.returns["parameters"]


def test_a_public_test_key_is_shown():
    assert (
        explain("retailcrm", ENCODED, secret="example-module-secret", now=0).stages[-1].text
        == "example-api-key"
    )


@pytest.mark.parametrize(
    ("secret", "token", "said"),
    [
        (KEY, "0" * 64, "is the API key of this registration"),
        (SECRET, SECRET, "is the secret itself"),
        (SECRET, KEY, "is the API key itself"),
    ],
)
def test_values_in_the_wrong_place_are_said(secret, token, said):
    answer = explain("retailcrm", form_of(token), secret=secret, now=0)
    assert answer.verdict == "refused"
    assert said in " ".join(answer.evidence.values())


@pytest.mark.parametrize(
    "body", ["register=%5Bobject+Object%5D", "register=[object Object]", http("[object Object]")]
)
def test_an_object_that_became_a_text_is_said(body):
    answer = explain("retailcrm", body, secret=SECRET, now=0)
    assert (answer.verdict, answer.explanations) == ("refused", ())
    assert "JSON.stringify" in answer.evidence["found"]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("8d2b0a4e-0d6f-4f5f-9d9c-1f6b3f0f2a11", "clientId"),
        ("demo.simla.com", "host"),
        ("https://demo.simla.com", "URL"),
        (SECRET, ""),
    ],
)
def test_a_secret_of_the_wrong_kind_is_said(secret, said):
    doubts = " ".join(explain("retailcrm", ENCODED, secret=secret, now=0).doubts)
    assert said in doubts if said else doubts == ""


def test_a_host_outside_the_official_ones_is_said():
    pasted = ENCODED.replace("demo.simla.com", "evil.example")
    answer = explain("retailcrm", pasted, secret="example-module-secret", now=0)
    assert answer.returns is not None and "NOT on the list" in answer.returns["says"]


def test_a_token_that_is_right_beside_another_fault_is_said_to_fit():
    pasted = urlencode({"register": WORKED.replace('"systemUrl":"https://demo.simla.com",', "")})
    answer = explain("retailcrm", pasted, secret="example-module-secret", now=0)
    assert (answer.verdict, answer.reason) == ("refused", "missing-parameter")
    assert (answer.signature_fits, answer.explanations) == (True, ())


def test_the_digest_that_somebody_got_is_explained():
    answer = explain(
        "retailcrm", form_of(openssl(KEY)), secret=SECRET, now=0, mine_digest=php("$h($k, $s)")()
    )
    assert answer.verdict == "verified" and answer.mine is not None
    assert "mac-swapped" in [one.id for one in answer.mine.explanations[0]]


def test_nothing_fits_another_secret():
    answer = explain("retailcrm", ENCODED, secret="another-module-secret", now=0)
    assert (answer.explanations, answer.ended, answer.tried) == ((), "budget", 3_300)


BODY = "JSON.stringify({systemUrl: u, apiKey: k, token: h(s, JSON.stringify(k))})"


@pytest.mark.parametrize(
    "body", [BODY, f"JSON.stringify({{register: {BODY}}})", f'`{{"register": ${{{BODY}}}}}`']
)
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
def test_a_json_body_is_named_as_one_beside_another_slip_and_not_as_output_of_a_debugger(body, kind):
    """The trial's t057: the body is JSON, and the API key was signed with its quotes."""
    groups = explain("retailcrm", http(node(body)(), kind), secret=SECRET, now=0).explanations
    named = {one.id for group in groups for one in group}
    assert "retailcrm:register.encoding=json-body + text-quoted" in {one.id for one in groups[0]}
    assert not any("printed" in id for id in named)
