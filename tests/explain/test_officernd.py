"""Why a signed URL or a webhook of OfficeRnD was refused: each known mistake, made by a real program, is named."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, quote

import pytest

from handshakes.explain import explain

from .rows import Row, check, made_by, run

NOW = 1_648_190_384
WORKED = {"secret": "example-integration-secret"}
SECRET, OTHER = "Private-Integration-Secret-0815", "Private-Other-Secret-0816"
LINE = "t=1648190384,signature="

php = partial(made_by, "php", s=SECRET, t=str(NOW))
node = partial(made_by, "node", s=SECRET, t=str(NOW))
java = partial(made_by, "java", s=SECRET, t=str(NOW))


def url(query: str, digest: str, time: str = str(NOW)) -> str:
    return f"https://p.example/h?{query}&signature=t%3D{time}%2Csignature%3D{quote(digest, safe='')}"


def python(text: str | bytes, secret: str = SECRET) -> Callable[[], str]:
    """Return a digest by Python's hmac; for texts of programs that are not installed, and for Python's own."""
    content = text.encode() if isinstance(text, str) else text
    return lambda: hmac.new(secret.encode(), content + b".%d" % NOW, "sha256").hexdigest()


def q(name: str, cause: str, query: str, digest: Callable[[], str], says: str = "", **options) -> Row:
    """Return a row: a signed URL whose digest a program made."""
    return Row(name, cause, lambda: url(query, digest()), options, says)


def php_json(name: str, cause: str, query: str, values: str, says: str = "", flags: str = "0") -> Row:
    """Return a row whose JSON PHP's json_encode wrote; without escapes unless `flags` says otherwise."""
    return q(name, cause, query, php(f"$h($s, json_encode({values}, {flags}) . '.' . $t)"), says)


def js(name: str, cause: str, query: str, value: str, says: str = "") -> Row:
    """Return a row whose JSON JavaScript's JSON.stringify wrote."""
    return q(name, cause, query, node(f"h(s, JSON.stringify({value}) + '.' + t)"), says)


def text(name: str, cause: str, query: str, expression: str, says: str = "") -> Row:
    """Return a row whose text before the time is an expression of JavaScript."""
    return q(name, cause, query, node(f"h(s, ({expression}) + '.' + t)"), says)


def hand(name: str, cause: str, query: str, written: str, says: str = "") -> Row:
    """Return a row for a program that is not installed here: its text was written by hand."""
    return q(f"{name}, by hand", cause, query, python(written), says)


def key(name: str, cause: str, expression: str, says: str = "", **options) -> Row:
    """Return a row whose key is an expression of JavaScript; `s` is the secret that is given."""
    given = {"s": options.get("secret", SECRET)}
    code = f'h({expression}, \'{{"slug":"s","locations":""}}.\' + t)'
    return q(name, cause, "slug=s&locations=", node(code, **given), says, **options)


def php_key(name: str, cause: str, expression: str, says: str = "", **options) -> Row:
    given = {"s": options.get("secret", SECRET)}
    code = f'$h({expression}, \'{{"slug":"s","locations":""}}.\' . $t)'
    return q(name, cause, "slug=s&locations=", php(code, **given), says, **options)


def message(name: str, cause: str, expression: str, says: str = "", time: str = str(NOW)) -> Row:
    """Return a row whose message is an expression of JavaScript of the JSON `j` and the time."""
    digest = node(f"h(s, {expression})", j='{"slug":"s","locations":""}', t=time)
    return Row(name, cause, lambda: url("slug=s&locations=", digest(), time), {}, says)


def mac(name: str, cause: str, expression: str) -> Row:
    """Return a row whose digest is an expression of PHP of the message `m`."""
    digest = php(expression, m='{"slug":"s","locations":""}.1648190384')
    return q(name, cause, "slug=s&locations=", digest)


UNESCAPED = "JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE"
PLAIN = "slug=s&locations=x"

WORKED_ROWS = [
    Row(name, cause, partial(url, query, digest), WORKED, says)
    for name, cause, query, digest, says in (
        # why-2.md, section 2; the digests are OpenSSL's
        (
            "json.dumps of Python",
            "json-python",
            "slug=caf%C3%A9&locations=",
            "d8033c4cb2b59ce764d5cb19fc7f300a690b83b4ee49d43c3a850cc308bb997b",
            "",
        ),
        (
            "json_encode of PHP",
            "json-php",
            "slug=caf%C3%A9&locations=a%2Fb",
            "0c7c01ea9930c5ea1cf4509ac1de12af312baf8a6cda9bf0418b58f02e033f87",
            "",
        ),
        (
            "repr of Python",
            "json-python-repr",
            "slug=test-slug&locations=",
            "8911b4841f19e753b9fc93c4663c727c498e025b181ecf89d1948958660d3a2f",
            "",
        ),
        (
            "sorted and spaced",
            "order-sorted + json-spaced",
            "slug=s&locations=x",
            "5f8d0423977f447e3d5ed3cef433ab11d89de6838e31b04c8f5fdaddf607a35f",
            "",
        ),
        (
            "a parameter added on the way",
            "parameter-added",
            "slug=test-slug&locations=&fbclid=IwAR0abc",
            "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4",
            "without fbclid",
        ),
    )
]

ON_THE_WAY = [
    js("lang added by a proxy", "parameter-added", "slug=s&locations=&lang=de", "{slug: 's', locations: ''}", "without lang"),
    js("seen added by a redirect", "parameter-added", "slug=s&locations=&seen=1", "{slug: 's', locations: ''}", "without seen"),
    js("several added", "parameter-added", "slug=s&utm_source=a&utm_medium=b", "{slug: 's'}", "utm_source"),
    js("one unknown added", "parameter-added", "slug=s&locations=&tenant=7", "{slug: 's', locations: ''}", "tenant"),
    js("doubled", "parameter-doubled", "slug=s&locations=&slug=s", "{slug: 's', locations: ''}", "The parameter slug occurs twice: the signature fits with the first."),
    js("empty lost, as by Sanic", "parameter-missing", "slug=s", "{slug: 's', locations: ''}", "with an empty locations"),
    js("sorted on the way by HAProxy", "order-changed", "locations=&memberId=5&slug=s", "{slug: 's', locations: '', memberId: '5'}", "slug stood first"),
    js("signed in sorted order", "order-sorted", "slug=s&memberId=5&locations=", "{locations: '', memberId: '5', slug: 's'}"),
    js("signed in reverse", "order-reversed", "slug=s&locations=&memberId=5", "{memberId: '5', locations: '', slug: 's'}"),
    js("any other order", "order-changed", "slug=s&a=1&b=2&c=3", "{b: '2', slug: 's', c: '3', a: '1'}"),
    js("escaped twice by Apache", "query-encoded-twice", "slug=caf%25C3%25A9&locations=a%252Fb", "{slug: 'café', locations: 'a/b'}"),
    Row("a slash behind the query, by HAProxy", "query-last-slash", lambda: url("slug=s", node("h(s, '{\"slug\":\"s\"}.' + t)")()) + "/"),
    Row("a fragment that was encoded", "query-fragment", lambda: url("slug=s", node("h(s, '{\"slug\":\"s\"}.' + t)")()) + "%23section"),
    js("decoded on the way", "query-decoded", "slug=s&name=J&J+Ltd", "{slug: 's', name: 'J&J Ltd'}"),
    js("a plus sign that was not encoded", "plus-as-blank", "slug=a+b", "{slug: 'a+b'}"),
]  # fmt: skip

PARAMETERS = [
    js("names in small letters", "names-lower-case", "slug=s&memberId=5", "{slug: 's', memberid: '5'}"),
    js("names of Rails", "names-snake-case", "slug=s&memberId=5", "{slug: 's', member_id: '5'}"),
    js("names in camel case", "names-camel-case", "slug=s&member_id=5", "{slug: 's', memberId: '5'}"),
    js("names of .NET", "names-capitals", "slug=s&memberId=5", "{Slug: 's', MemberId: '5'}"),
    q("names of PHP", "names-php", "slug=s&a.b=1", php("$h($s, json_encode((static function () { parse_str('slug=s&a.b=1', $all); return $all; })()) . '.' . $t)"), "dots became _"),
    js("dashes in names", "names-dashes", "slug=s&member_id=5", "{slug: 's', 'member-id': '5'}"),
    js("trimmed, as Laravel does", "values-trimmed", "slug=+s+&locations=x", "{slug: ' s '.trim(), locations: 'x'}"),
    js("values in small letters", "values-lower-case", "slug=Ab&locations=Cd", "{slug: 'ab', locations: 'cd'}"),
    js("UTF-8 read as Latin-1", "values-latin-1", "slug=caf%C3%A9", "{slug: Buffer.from('café').toString('latin1')}"),
    php_json("htmlspecialchars of values", "values-entities", "slug=a%26b&locations=", "['slug' => htmlspecialchars('a&b'), 'locations' => '']", "escaped"),
    php_json("addslashes of values", "values-addslashes", "slug=a%22b", "['slug' => addslashes('a\"b')]"),
    js("another normalisation", "values-normalised", "slug=caf%C3%A9", "{slug: 'café'.normalize('NFD')}", "NFD"),
    php_json("urldecode of $_GET", "decoded-twice", "slug=a%2541b&locations=%2541%252B", "['slug' => urldecode('a%41b'), 'locations' => urldecode('%41%2B')]"),
    js("values left encoded", "values-encoded", "slug=caf%C3%A9&locations=a%2Cb", "{slug: 'caf%C3%A9', locations: 'a%2Cb'}"),
    js("decodeURIComponent keeps +", "blank-as-plus", "slug=a+b&locations=c+d", "{slug: decodeURIComponent('a+b'), locations: decodeURIComponent('c+d')}"),
    js("split and joined", "values-commas", "slug=s&locations=a%2C+b", "{slug: 's', locations: 'a, b'.split(/, */).join()}", "without the blank"),
    js("line ends of Windows", "values-line-ends", "slug=s&note=a%0Ab", "{slug: 's', note: 'a\\r\\nb'}", "LF became CRLF"),
    js("the last slash of a value", "values-last-slash", "slug=s&u=https%3A%2F%2Fa.example%2F", "{slug: 's', u: 'https://a.example'}"),
    php_json("array_filter", "empty-dropped", "slug=s&locations=&memberId=", "array_filter(['slug' => 's', 'locations' => '', 'memberId' => ''])"),
    js("signature left in, empty", "officernd-signature-left-in", "slug=s", "{slug: 's', signature: ''}", "empty"),
]  # fmt: skip

JSON = [
    q("json.dumps by default", "json-python", "slug=caf%C3%A9&locations=", python(json.dumps({"slug": "café", "locations": ""}))),
    q("json.dumps, ensure_ascii=False", "json-spaced", "slug=caf%C3%A9&locations=", python(json.dumps({"slug": "café", "locations": ""}, ensure_ascii=False))),
    q("json.dumps with separators", "json-ascii", "slug=caf%C3%A9&locations=", python(json.dumps({"slug": "café", "locations": ""}, separators=(",", ":")))),
    q("str of a dict", "json-python-repr", PLAIN, python(str({"slug": "s", "locations": "x"}))),
    php_json("json_encode by default", "json-php", "slug=caf%C3%A9&locations=a%2Fb", "['slug' => 'café', 'locations' => 'a/b']"),
    php_json("slashes alone", "json-slashes", "slug=caf%C3%A9&locations=a%2Fb", "['slug' => 'café', 'locations' => 'a/b']", flags="JSON_UNESCAPED_UNICODE"),
    php_json("JSON_PRETTY_PRINT", "json-indented", "slug=s&locations=x", "['slug' => 's', 'locations' => 'x']", flags=f"JSON_PRETTY_PRINT | {UNESCAPED}"),
    php_json("JSON_NUMERIC_CHECK", "json-numbers", "slug=s&memberId=5", "['slug' => 's', 'memberId' => '5']", flags="JSON_NUMERIC_CHECK"),
    hand("json.Marshal of Go", "json-go", "slug=s&name=J%26J+%3CLtd%3E", r'{"slug":"s","name":"J\u0026J \u003cLtd\u003e"}'),
    hand("Gson of Java", "json-gson", "slug=s&name=a%3Db%26c", r'{"slug":"s","name":"a\u003db\u0026c"}'),
    hand("System.Text.Json", "json-dotnet", "slug=s&name=a%2B%22", r'{"slug":"s","name":"a\u002B\u0022"}'),
    hand("python-rapidjson", "json-upper-hex", "slug=caf%C3%A9", r'{"slug":"caf\u00E9"}'),
    hand("python-rapidjson 1.25, ensure_ascii=False", "json-upper-hex", "slug=caf%C3%A9&note=a%1Fb", r'{"slug":"café","note":"a\u001Fb"}', "in control characters"),
    hand("ujson 6.1, ensure_ascii=False", "json-slashes", "slug=caf%C3%A9&note=a%2Fb", r'{"slug":"café","note":"a\/b"}'),
    hand("inspect of Ruby", "json-ruby-inspect", PLAIN, '{"slug"=>"s", "locations"=>"x"}', "before Ruby 3.4"),
    hand("inspect of Ruby 3.4", "json-ruby-inspect", PLAIN, '{"slug" => "s", "locations" => "x"}', "since Ruby 3.4"),
    text("two blanks", "json-indented", PLAIN, "JSON.stringify({slug: 's', locations: 'x'}, null, 2)", "two blanks"),
    q("a blank behind colons", "json-blank-after-colon", PLAIN, python(json.dumps({"slug": "s", "locations": "x"}, separators=(",", ": ")))),
    q("a blank behind commas", "json-blank-after-comma", PLAIN, python(json.dumps({"slug": "s", "locations": "x"}, separators=(", ", ":")))),
    js("stringify twice", "json-twice", PLAIN, "JSON.stringify({slug: 's', locations: 'x'})"),
    hand("single quotes", "json-single-quotes", PLAIN, "{'slug':'s','locations':'x'}"),
    js("null of Laravel", "json-null", "slug=s&locations=", "{slug: 's', locations: null}"),
    js("split values", "json-split", "slug=s&locations=a%2Cb", "{slug: 's', locations: 'a,b'.split(',')}"),
    q("parse_qs of Python", "json-arrays", PLAIN, python(json.dumps(parse_qs(PLAIN), separators=(",", ":")))),
    text("entries", "json-pairs", PLAIN, f"JSON.stringify([...new URLSearchParams('{PLAIN}')])"),
    q("http_build_query", "query-for-json", "slug=a+b&locations=x", php("$h($s, http_build_query(['slug' => 'a b', 'locations' => 'x']) . '.' . $t)")),
    q("implode", "values-joined", PLAIN, php("$h($s, implode('', ['slug' => 's', 'locations' => 'x']) . '.' . $t)")),
    text("the whole URL", "officernd-url-signed", PLAIN, "'https://p.example/h?slug=s&locations=x'", "the URL"),
    text("path and query", "officernd-url-signed", PLAIN, "'/h?slug=s&locations=x'", "path and query"),
    text("the URL without its query", "officernd-url-signed", PLAIN, "'https://p.example/h'", "without the query"),
    js("only slug and locations", "officernd:signature.parameters=slug-and-locations", "slug=s&locations=&memberId=5", "{slug: 's', locations: ''}"),
    js("an array for a doubled name", "officernd:signature.repeated=array", "slug=s&l=1&l=2", "{slug: 's', l: ['1', '2']}"),
]  # fmt: skip

A = '\'{"slug":"a b"}\''
TEXTS = [
    text("line end of a file", "text-line-end", "slug=a+b", f"{A} + '\\n'"),
    text("CR LF", "text-crlf", "slug=a+b", f"{A} + '\\r\\n'"),
    text("byte order mark of .NET", "text-bom", "slug=a+b", f"'\\ufeff' + {A}"),
    text("zero-width space of a chat", "text-invisible", "slug=a+b", f"{A} + '\\u200b'"),
    text("blank behind it", "text-blank", "slug=a+b", f"{A} + ' '"),
    text("LF of a value, raw", "text-object", "slug=a+b", "String({slug: 'a b'})"),
    text("quoted", "text-quoted", "slug=a+b", f"JSON.stringify({A})"),
    q("addslashes", "text-addslashes", "slug=a+b", php(f"$h($s, addslashes({A}) . '.' . $t)")),
    q("htmlspecialchars", "text-entities", "slug=a+b", php(f"$h($s, htmlspecialchars({A}) . '.' . $t)")),
    text("encodeURIComponent", "text-percent", "slug=a+b", f"encodeURIComponent({A})"),
    text("base64", "text-base64", "slug=a+b", f"btoa({A})"),
    text("small letters", "text-lower-case", "slug=A+b&locations=C", "'{\"slug\":\"a b\",\"locations\":\"c\"}'"),
    text("capitals", "text-upper-case", "slug=a+b", f"{A}.toUpperCase()"),
    q("UTF-16 of .NET", "text-utf-16", "slug=s", node("h(s, Buffer.concat([Buffer.from('{\"slug\":\"s\"}', 'utf16le'), Buffer.from('.' + t)]))")),
    q("Latin-1 of Java", "text-latin-1", "slug=caf%C3%A9", java('h("HmacSHA256", $s.getBytes(), ("{\\"slug\\":\\"café\\"}." + $t).getBytes("ISO-8859-1"))')),
    text("UTF-8 twice", "text-mojibake", "slug=caf%C3%A9", "Buffer.from('{\"slug\":\"café\"}').toString('latin1')"),
    q("hash of the text", "text-hashed", "slug=a+b", php(f"$h($s, hash('sha256', {A}) . '.' . $t)")),
]  # fmt: skip

KEYS = [
    q("another of several", "key-other", "slug=s&locations=", node("h(o, '{\"slug\":\"s\",\"locations\":\"\"}.' + t)", o=OTHER), "number 3", others=["nothing", OTHER]),
    key("line end of echo", "key-line-end", "s + '\\n'"),
    key("CR LF of Windows", "key-crlf", "s + '\\r\\n'"),
    key("carriage return of a .env file", "key-carriage-return", "s + '\\r'"),
    key("two line ends", "key-blank-lines", "s + '\\n\\n'"),
    key("blank behind it", "key-blank", "s + ' '"),
    key("blank before it", "key-blank-before", "' ' + s"),
    key("tab of a spreadsheet", "key-tab", "s + '\\t'"),
    key("quotes of docker --env-file", "key-quoted", "JSON.stringify(s)"),
    key("single quotes of cmd.exe", "key-single-quoted", "`'${s}'`"),
    key("byte order mark of Notepad", "key-bom", "'\\ufeff' + s"),
    key("blanks in the secret given", "key-trimmed", "s.trim()", secret=f" {SECRET}\r\n"),
    key("quotes in the secret given", "key-unquoted", "s.slice(1, -1)", secret=f"'{SECRET}'"),
    key("whsec_", "key-prefix", "s.slice(6)", secret=f"whsec_{SECRET}"),
    key("base64 behind whsec_, as Svix", "key-prefix", "Buffer.from(s.slice(6), 'base64')", "base64", secret="whsec_" + base64.b64encode(SECRET.encode()).decode()),
    key("a whole line", "key-assigned", "s.split('=')[1]", secret=f"OFFICERND_SECRET={SECRET}"),
    key("dashes lost", "key-without-dashes", "s.replaceAll('-', '')"),
    php_key("hex2bin", "key-from-hex", "hex2bin($s)", secret="00ff00ff00ff00ff"),
    php_key("hex2bin, as a reading", "officernd:signature.key=hex-decoded", "hex2bin($s)", secret="00ff00ff00ff00ff"),
    php_key("base64_decode", "key-from-base64", "base64_decode($s)", secret="U2VjcmV0LW9mLXRoZS1wYWdl"),
    php_key("bin2hex", "key-to-hex", "bin2hex($s)"),
    Row("base64 of Kubernetes", "key-to-base64", lambda: url("slug=s&locations=", python('{"slug":"s","locations":""}', run("openssl", "base64", "-A", given=SECRET).decode())())),
    php_key("not loaded", "key-empty", "(string) getenv('NO_SUCH_VARIABLE_HERE')"),
    key("undefined", "key-placeholder", "String({}.secret)", "undefined"),
    key("None", "key-placeholder", "'None'", "None"),
    php_key("capitals", "key-upper-case", "strtoupper($s)"),
    php_key("small letters", "key-lower-case", "strtolower($s)"),
    key("percent-encoded", "key-percent", "encodeURIComponent(s)", "encoded", secret="Private/Secret+of=0815"),
    key("percent-decoded", "key-percent", "decodeURIComponent(s)", "decoded", secret="Private%2FSecret%3D0815"),
    php_key("a comment of an ini file", "key-comment", "parse_ini_string('S=' . $s)['S']", "semicolon", secret="Private-0815;rest"),
    key("a comment of a .env file", "key-comment", "s.split('#')[0]", secret="Private-0815#rest-0816"),
    Row("a shell expands $", "key-dollar", lambda: url("slug=s&locations=", python('{"slug":"s","locations":""}', run("sh", "-c", 'printf %s "Private$NOBODY-0815"').decode())()), {"secret": "Private$NOBODY-0815"}),
    Row("a shell expands $ and a digit", "key-dollar", lambda: url("slug=s&locations=", python('{"slug":"s","locations":""}', run("sh", "-c", 'printf %s "Rk8$Nobody_4vK$9q"').decode())()), {"secret": "Rk8$Nobody_4vK$9q"}),
    php_key("brackets of a placeholder", "key-bracketed", "'<' . $s . '>'", "angle"),
    php_key("UTF-8 encoded again", "key-mojibake", "iconv('ISO-8859-1', 'UTF-8', $s)", secret="Büro-Geheimnis-0815"),
    php_key("cut at an equals sign", "key-equals", "explode('=', 'S=' . $s)[1]", secret="PrivateSecret0815=="),
    Row("a shell takes backslashes", "key-backslashes", lambda: url("slug=s&locations=", python('{"slug":"s","locations":""}', run("sh", "-c", r"printf %s Priv\ate-\0815").decode())()), {"secret": r"Priv\ate-\0815"}, "without"),
    php_key("htmlspecialchars_decode", "key-entities", "htmlspecialchars_decode($s)", "unescaped", secret="Private&amp;Secret-0815"),
    php_key("fgets without its last", "key-last-character", "substr($s, 0, -1)"),
    php_key("hash of the secret", "key-hashed", "hash('sha256', $s)", "in hex"),
    key("NFD of macOS", "key-normalised", "s.normalize('NFD')", "NFD", secret="Büro-Geheimnis-0815"),
    q("getBytes of Java", "key-latin-1", "slug=s&locations=", java('h($s.getBytes("ISO-8859-1"), "{\\"slug\\":\\"s\\",\\"locations\\":\\"\\"}." + $t)', s="Büro-Geheimnis-0815"), secret="Büro-Geheimnis-0815"),
    q("UTF-16 of Java", "key-utf-16", "slug=s&locations=", java('h($s.getBytes("UTF-16LE"), "{\\"slug\\":\\"s\\",\\"locations\\":\\"\\"}." + $t)')),
    key("pasted twice", "key-doubled", "s + s"),
    php_key("cut by a column", "key-cut", "substr($s, 0, 16)", "16"),
]  # fmt: skip

PRINTED = [
    hand("PowerShell 5.1", "json-powershell", "slug=a%26b&locations=O%27Hara", '{"slug":"a\\u0026b","locations":"O\\u0027Hara"}'),
    q("a map of Java", "json-printed", "slug=a&locations=b+c", java('h($s.getBytes(), new TreeMap<>(Map.of("slug", "a", "locations", "b c")).descendingMap() + "." + $t)'), "Java"),
    text("inspect of Node", "json-printed", "slug=a&locations=b+c", "require('util').inspect({slug: 'a', locations: 'b c'})", "inspect"),
    q("serialize of PHP", "json-printed", "slug=a&locations=b+c", php("$h($s, serialize(['slug' => 'a', 'locations' => 'b c']) . '.' . $t)"), "serialize"),
    q("print_r of PHP", "json-printed", "slug=a&locations=b+c", php("$h($s, print_r(['slug' => 'a', 'locations' => 'b c'], true) . '.' . $t)"), "print_r"),
    q("arrays, spaced, of Python", "json-arrays", "slug=a&locations=b", python(json.dumps({"slug": ["a"], "locations": ["b"]})), "written otherwise"),
]  # fmt: skip

MESSAGES = [
    message("no dot", "message-separator", "j + t", "nothing"),
    message("a colon", "message-separator", "j + ':' + t", "':'"),
    message("time in front, as Stripe", "message-time-first", "t + '.' + j", "'.'"),
    message("time in front, as a reading", "officernd:signature.message=timestamp-payload", "t + '.' + j"),
    message("no time", "message-no-time", "j"),
    message("the time alone", "message-time-alone", "t"),
    Row("echo for printf", "message-line-end", lambda: url("slug=s&locations=", openssl('{"slug":"s","locations":""}.1648190384\n'))),
    message("the clock read twice", "message-two-clocks", "j + '.' + (Number(t) + 1)", "1 s later"),
    message("two hours of a zone", "message-time-zone", "j + '.' + (Number(t) - 7200)", "2 h earlier"),
    message("milliseconds on both sides", "time-in-milliseconds", "j + '.' + t", "", "1648190384000"),
    message("milliseconds signed, seconds sent", "message-time-unit", "j + '.' + Number(t) * 1000", "milliseconds"),
    message("seconds signed, milliseconds sent", "message-time-unit", "j + '.' + t.slice(0, -3)", "seconds", "1648190384000"),
    message("named time", "message-time-named", "j + '.t=' + t"),
    message("time inside the JSON", "message-time-inside", "JSON.stringify({...JSON.parse(j), timestamp: Number(t)})", "timestamp"),
]  # fmt: skip

MACS = [
    mac("key and message swapped", "mac-swapped", "$h($m, $s)"),
    mac("plain hash, secret first", "mac-plain-secret-first", "hash('sha256', $s . $m)"),
    mac("plain hash, secret last", "mac-plain-secret-last", "hash('sha256', $m . $s)"),
    mac("plain hash, secret on both sides", "mac-plain-both-sides", "hash('sha256', $s . $m . $s)"),
    mac("plain MD5", "mac-plain-md5", "md5($m . $s)"),
    mac("plain SHA-1", "mac-plain-sha1", "sha1($s . $m)"),
    mac("no key", "mac-no-key", "hash('sha256', $m)"),
    mac("SHA-1", "mac-sha1", "$h($s, $m, 'sha1')"),
    mac("MD5", "mac-md5", "$h($s, $m, 'md5')"),
    mac("SHA-512", "mac-sha512", "$h($s, $m, 'sha512')"),
    mac("SHA-384", "mac-sha384", "$h($s, $m, 'sha384')"),
    mac("SHA-224", "mac-sha224", "$h($s, $m, 'sha224')"),
    mac("SHA-3", "mac-sha3", "$h($s, $m, 'sha3-256')"),
    mac("twice", "mac-twice", "$h($s, $h($s, $m, 'sha256', true))"),
    mac("twice, as hex", "mac-twice", "$h($s, $h($s, $m))"),
    mac("without leading zeros", "form-without-zeros", "implode('', array_map('dechex', unpack('C*', $h($s, $m, 'sha256', true))))"),
    q("bytes made text", "form-as-text", "slug=v&locations=", node("Buffer.from(crypto.createHmac('sha256', s).update('{\"slug\":\"v\",\"locations\":\"\"}.' + t).digest().toString('utf8'), 'utf8').toString('hex')")),
    mac("of a hash", "mac-of-hash", "$h($s, hash('sha256', $m))"),
    mac("capitals", "form-upper-case", "strtoupper($h($s, $m))"),
    mac("base64", "form-base64", "base64_encode($h($s, $m, 'sha256', true))"),
    q("base64url", "form-base64url + form-unpadded", "slug=v&locations=", node("h(s, '{\"slug\":\"v\",\"locations\":\"\"}.' + t, 'sha256', 'base64url')")),
    mac("base64 without padding", "form-base64 + form-unpadded", "rtrim(base64_encode($h($s, $m . '', 'sha256', true)), '=')"),
    mac("base64 of hex", "form-base64-of-hex", "base64_encode($h($s, $m))"),
    mac("its name in front", "form-named", "'sha256=' . $h($s, $m)"),
    mac("line end behind it", "form-blank", "$h($s, $m) . \"\\n\""),
    mac("quotes", "form-quoted", "json_encode($h($s, $m))"),
    mac("BitConverter, by PHP", "form-separated + form-upper-case", "implode('-', str_split(strtoupper($h($s, $m)), 2))"),
    mac("encoded once more", "form-percent + form-quoted", "urlencode('\"' . $h($s, $m) . '\"')"),
    mac("cut", "form-cut", "substr($h($s, $m), 0, 32)"),
]  # fmt: skip

BODY = '{"event":"integration.removed","data":{"n":1.0,"note":"a/b é"}}'


def hook(name: str, cause: str, sent: Callable[[], str | bytes], signed: str | bytes = BODY, says: str = "", header: str = LINE) -> Row:  # fmt: skip
    """Return a row: a webhook whose body arrived otherwise than it was signed."""
    return Row(name, cause, sent, {"header": f"{header}{python(signed)()}"}, says)


def php_hook(name: str, cause: str, code: str, signed: str = BODY, says: str = "") -> Row:
    return hook(name, cause, made_by("php", code, b=signed), signed, says)


def node_hook(name: str, cause: str, code: str, signed: str = BODY, says: str = "") -> Row:
    return hook(name, cause, made_by("node", code, b=signed), signed, says)


WINDOWS = '{\n  "event": "a",\n  "n": 1\n}\n'
HOOKS = [
    hook("line end of echo", "body-line-end", lambda: run("sh", "-c", 'printf "%s\\n" "$(cat)"', given=BODY)),
    hook("line end lost by $(…)", "body-line-end-lost", lambda: run("sh", "-c", 'b="$(cat)"; printf %s "$b"', given=BODY + "\n"), BODY + "\n"),
    node_hook("blanks around it", "body-blanks", "' ' + b + ' '"),
    node_hook("byte order mark", "body-bom", "'\\ufeff' + b"),
    hook("base64", "body-base64", lambda: run("openssl", "base64", given=BODY)),
    php_hook("LF made CRLF", "body-line-ends", "str_replace(\"\\n\", \"\\r\\n\", $b)", WINDOWS, "with LF"),
    node_hook("stringify twice", "body-json-text", "JSON.stringify(b)"),
    php_hook("addslashes", "body-addslashes", "addslashes($b)"),
    php_hook("htmlspecialchars", "body-entities", "htmlspecialchars($b)"),
    hook("print of Python", "body-single-quotes", lambda: str(json.loads('{"event":"a","data":"b"}')), '{"event": "a", "data": "b"}'),
    php_hook("urlencode", "body-percent", "urlencode($b)"),
    node_hook("UTF-8 read as Latin-1", "body-mojibake", "Buffer.from(b).toString('latin1')"),
    hook("Latin-1 made UTF-8", "body-latin-1", made_by("node", "Buffer.from([...'{\"n\":\"caf', 0xe9, ...'\"}'].map(c => typeof c === 'string' ? c.charCodeAt(0) : c)).toString('latin1')"), '{"n":"café"}'.encode("latin-1")),
    node_hook("line ends as a log shows them", "body-backslash-escapes", "b.replaceAll('\\n', '\\\\n')", WINDOWS),
    hook("wrapped by a terminal of 20 columns", "body-wrapped", lambda: run("fold", "-w", "20", given='{"event":"integration.removed","n":1}'), '{"event":"integration.removed","n":1}'),
    hook("quotes of a word processor, by hand", "body-curly-quotes", lambda: BODY.replace('"', "\u201d")),
    php_hook("bin2hex", "body-hex", "bin2hex($b)"),
    hook("NUL bytes of C", "body-nul", lambda: BODY.encode() + b"\0\0"),
    node_hook("1.0 written as 1", "json-number", "JSON.stringify(JSON.parse(b))", says="with .0"),
    hook("written anew with blanks", "json-rewritten", lambda: json.dumps(json.loads('{"event":"a","n":1}')), '{"event":"a","n":1}'),
    php_hook("written anew by PHP", "json-rewritten", "json_encode(json_decode($b))", '{"event":"a","note":"a/b é"}'),
    hook("members sorted by jq", "json-reordered", lambda: run("jq", "-cSj", ".", given='{"a":1,"b":2}'), '{"b":2,"a":1}', "sorted"),
    hook("body not signed", "officernd-body-lost", lambda: BODY, ""),
    hook("[object Object] signed", "text-object", lambda: BODY, "[object Object]"),
    hook("pretty body signed trimmed", "text-trimmed", lambda: WINDOWS, WINDOWS.strip()),
    hook("signed with CRLF", "text-line-ends", lambda: WINDOWS, WINDOWS.replace("\n", "\r\n"), "LF became CRLF"),
    hook("two header lines joined", "officernd-headers-joined", lambda: BODY, header=f"{LINE}{'0' * 64}, {LINE}"),
]  # fmt: skip

ROWS = [
    *WORKED_ROWS,
    *ON_THE_WAY,
    *PARAMETERS,
    *JSON,
    *TEXTS,
    *KEYS,
    *MESSAGES,
    *PRINTED,
    *MACS,
    *HOOKS,
]


def openssl(content: str) -> str:
    made = run("openssl", "dgst", "-sha256", "-hmac", SECRET, given=content)
    return made.decode().rpartition("= ")[2].strip()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_cause_is_in_the_first_group(row):
    private = () if row.options is WORKED else (SECRET, OTHER)
    check("officernd", row, private, secret=SECRET, now=NOW)


def test_milliseconds_on_both_sides_are_the_reason_and_the_signature_fits():
    pasted = url("slug=s", node('h(s, \'{"slug":"s"}.\' + m)', m="1648190384000")(), "1648190384000")
    answer = explain("officernd", pasted, secret=SECRET, now=NOW)
    assert (answer.reason, answer.signature_fits) == ("timestamp-in-milliseconds", True)


def test_a_lost_body_is_said_and_the_secret_is_not_blamed():
    answer = explain("officernd", b"", header=f"{LINE}{python(BODY)()}", secret=SECRET, now=NOW)
    assert (answer.verdict, answer.explanations) == ("refused", ())
    assert "lost on the way" in answer.evidence["body"]


@pytest.mark.parametrize(
    "query",
    [
        "slug=caf%C3%A9&locations=a%2Fb%2C+c",
        "slug=caf%c3%a9&locations=a/b,+c",
        "slug=caf%C3%A9&locations=a%2fb%2C%20c",
    ],
)
def test_a_query_that_lighttpd_respelled_verifies(query):
    """lighttpd writes %2F as / and hex digits in capitals: the decoded values are the same."""
    made = node("h(s, JSON.stringify({slug: 'café', locations: 'a/b, c'}) + '.' + t)")
    answer = explain("officernd", url(query, made()), secret=SECRET, now=NOW)
    assert (answer.verdict, answer.explanations, answer.tried) == ("verified", (), 0)


@pytest.mark.parametrize("language", [php, node])
def test_genuine_requests_of_php_and_node_verify_without_an_explanation(language):
    codes = {
        php: "$h($s, json_encode(['slug' => 's', 'locations' => 'é/'], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE) . '.' . $t)",
        node: "h(s, JSON.stringify({slug: 's', locations: 'é/'}) + '.' + t)",
    }  # fmt: skip
    pasted = url("slug=s&locations=%C3%A9%2F", language(codes[language])())
    answer = explain("officernd", pasted, secret=SECRET, now=NOW)
    assert (answer.verdict, answer.explanations, answer.signature_fits) == ("verified", (), True)


# --- why-2.md, section 6: the URL is genuine, and the person's own verifier refuses it ------------

GENUINE = url("slug=caf%C3%A9&locations=a%2Fb", python('{"slug":"café","locations":"a/b"}')())


@pytest.mark.parametrize(
    ("mine", "at", "name"),
    [
        ('{"slug":"caf\\u00e9","locations":"a/b"}.1648190384', 12, "the escape \\u00e9"),
        ('{"slug":"café","locations":"a\\/b"}.1648190384', 30, "a backslash before /"),
        ('{"slug": "café", "locations": "a/b"}.1648190384', 8, "a blank stands in yours"),
        ("{'slug': 'café', 'locations': 'a/b'}.1648190384", 1, "single quotes"),
        ('{"slug":"café","locations":"a/b"}1648190384', 34, "1 byte of ours is missing"),
        ('{"slug":"café","locations":"a/b"}.1648190384\n', 45, "a line end (LF)"),
        ('\ufeff{"slug":"café","locations":"a/b"}.1648190384', 0, "byte order mark"),
        ('{"slug":"cafe\u0301","locations":"a/b"}.1648190384', 12, "NFC and NFD"),
        ('{"slug":"caf%C3%A9","locations":"a/b"}.1648190384', 12, "percent-encoded here (%C3)"),
    ],
)
def test_the_own_text_is_compared_byte_by_byte(mine, at, name):
    answer = explain("officernd", GENUINE, secret=SECRET, now=NOW, mine=mine.encode())
    assert answer.verdict == "verified" and answer.mine is not None
    assert (answer.mine.at, answer.mine.same_as) == (at, "")
    assert name in answer.mine.name


@pytest.mark.parametrize(
    ("mine", "cause"),
    [
        ('{"slug":"caf\\u00e9","locations":"a\\/b"}.1648190384', "json-php"),
        ('{"slug": "caf\\u00e9", "locations": "a/b"}.1648190384', "json-python"),
        ('{"slug":"café","locations":"a/b"}1648190384', "message-separator"),
        ('1648190384.{"slug":"café","locations":"a/b"}', "message-time-first"),
        ('{"locations":"a/b","slug":"café"}.1648190384', "order-sorted"),
        ("slug=caf%C3%A9&locations=a%2Fb.1648190384", "query-for-json"),
    ],
)
def test_the_slip_that_makes_the_own_text_is_named(mine, cause):
    answer = explain("officernd", GENUINE, secret=SECRET, now=NOW, mine=mine.encode())
    assert answer.mine is not None
    assert cause in [one.id for one in answer.mine.explanations[0]]


@pytest.mark.parametrize(
    ("digest", "cause"),
    [
        ("$h($s, json_encode(['slug' => 'café', 'locations' => 'a/b']) . '.' . $t)", "json-php"),
        ('$h(\'{"slug":"café","locations":"a/b"}.\' . $t, $s)', "mac-swapped"),
        ('$h($s . "\\n", \'{"slug":"café","locations":"a/b"}.\' . $t)', "key-line-end"),
        (
            'base64_encode($h($s, \'{"slug":"café","locations":"a/b"}.\' . $t, \'sha256\', true))',
            "form-base64",
        ),
    ],
)
def test_the_slip_that_gives_the_own_digest_is_named(digest, cause):
    answer = explain("officernd", GENUINE, secret=SECRET, now=NOW, mine_digest=php(digest)())
    assert answer.verdict == "verified" and answer.mine is not None
    assert (cause in [one.id for one in answer.mine.explanations[0]], answer.mine.digest_fits) == (
        True,
        False,
    )


def test_the_own_text_or_digest_that_is_right_is_said_to_be():
    message = '{"slug":"café","locations":"a/b"}.1648190384'
    answer = explain(
        "officernd", GENUINE, secret=SECRET, now=NOW, mine=message.encode(), mine_digest=openssl(message)
    )
    assert answer.mine is not None
    assert (answer.mine.same_as, answer.mine.digest_fits, answer.mine.explanations) == ("message", True, ())
