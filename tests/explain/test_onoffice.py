"""Why a signed URL or an API call of onOffice was refused: each known mistake, made by a real program, is named."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from handshakes.explain import explain
from tests.oracles import ask

from .rows import Row, check, ids, made_by, run

NOW = 1_700_000_000
PUBLIC = {"secret": "Example-Provider-Secret-1!"}
SECRET, OTHER = "Private-Provider-Secret-0815!", "Private-Other-Secret-0816!"
TOKEN, CLAIM = "tok0private0token0815", "priv+claim/0815=="
BASE = "https://provider.example/activate"
QUERY = (
    f"timestamp={NOW}&userId=17&customerName=M%C3%BCller+%26+S%C3%B6hne+%7E%2A+a%2Cb&plan=gold&Zone=eu&memo="
    f"&apiToken={TOKEN}&apiClaim={quote(CLAIM, safe='')}"
)
KEY, API_TOKEN = "PrivKey0815" * 5 + "abcdefghi", "9f0815aa" * 4
HEXED, CODED = "00ff0815" * 8, base64.b64encode(b"private key 0815 of thirty bytes").decode()
PRIVATE = (SECRET, OTHER, TOKEN, CLAIM, KEY, API_TOKEN, HEXED, CODED)

_PHP = '(function () use ($h, $b, $r, $s) { parse_str($r, $q); ksort($q); $f = http_build_query($q); $t = "$b?$f"; %s })()'
_NODE = (
    "(() => { const q = [...new URLSearchParams(r)].sort(([x], [y]) => (x < y ? -1 : 1));"
    " const e = (v) => encodeURIComponent(v).replace(/[!'()*~]/g, (c) => '%%' + c.charCodeAt(0).toString(16).toUpperCase()).replaceAll('%%20', '+');"
    " const w = (k) => q.map((p) => p.map(k).join('=')).join('&'); const f = w(e); const t = `${b}?${f}`; %s })()"
)


def digest_php(code: str, base: str = BASE, query: str = QUERY, secret: str = SECRET):
    """Register PHP that makes a digest: $q are the sorted parameters, $f the query, $t the text, $b the base."""
    return made_by("php", _PHP % code, b=base, r=query, s=secret)


def digest_node(code: str, base: str = BASE, query: str = QUERY, secret: str = SECRET):
    """Register JavaScript that makes a digest, with the same names as in PHP; e escapes, w writes the query by another escape."""
    return made_by("node", _NODE % code, b=base, r=query, s=secret)


RIGHT = digest_php("return $h($s, $t);")


def url(digest: str, base: str = BASE, query: str = QUERY) -> str:
    return f"{base}?{query}&signature={digest}"


def signed(
    name: str, cause: str, digest, says: str = "", base: str = BASE, query: str = QUERY, **options
) -> Row:
    """Return a row whose digest a program made otherwise."""
    return Row(name, cause, lambda: url(quote(digest(), safe=""), base, query), options, says)


def carried(name: str, cause: str, change, says: str = "", **options) -> Row:
    """Return a row that changes a genuine URL on its way."""
    return Row(name, cause, lambda: change(url(RIGHT())), options, says)


def php(name: str, cause: str, code: str, says: str = "", base: str = BASE, query: str = QUERY) -> Row:
    return signed(name, cause, digest_php(f"return {code};", base, query), says, base, query)


def node(name: str, cause: str, code: str, says: str = "", base: str = BASE, query: str = QUERY) -> Row:
    return signed(name, cause, digest_node(f"return {code};", base, query), says, base, query)


def at(
    name: str, cause: str, signed_base: str, says: str = "", base: str = BASE, query: str = QUERY, **options
) -> Row:
    """Return a row whose URL was signed under one base and arrived under another."""
    return signed(
        name, cause, digest_php("return $h($s, $t);", signed_base, query), says, base, query, **options
    )


def fixed(name: str, cause: str, pasted: str, says: str = "", **options) -> Row:
    return Row(name, cause, lambda: pasted, {**PUBLIC, **options}, says)


GOLD = f"https://provider.example/p?timestamp={NOW}&userId=17&parameterCacheId=abc&plan=gold"
GOLD_SIGNED = "de396e472cb31ad7c6c5b93913ffb63881695fa7527024a7f9ec7feb0313b168"
TWICE = (
    f"https://provider.example/p?customerName=M%25C3%25BCller+AG&timestamp={NOW}"
    "&signature=5d1080e7df5afd54b3d647baac9185152e37433c0e4df206dfee65f93cafa581"
)
READING = "onoffice:url."

NOTED = [
    # why-2.md, section 3: values of PHP and OpenSSL
    fixed("fbclid", "parameter-added", f"{GOLD}&signature={GOLD_SIGNED}&fbclid=IwAR0", "without fbclid"),
    fixed("encoded twice", "query-encoded-twice", TWICE),
    # discovery-2.md, section 3
    carried("lang of a proxy", "parameter-added", lambda u: u + "&lang=de", "without lang"),
    carried("seen of a redirect", "parameter-added", lambda u: u.replace("?", "?seen=1&"), "without seen"),
    carried(
        "escaped twice by a redirect of Apache",
        "query-encoded-twice",
        lambda u: u.replace("%", "%25"),
    ),
    carried(
        "escaped twice, and a parameter added",
        "query-encoded-twice + parameter-added",
        lambda u: u.replace("%", "%25") + "&lang=de",
    ),
    carried("HAProxy's append-slash", "query-last-slash", lambda u: u + "/"),
    at("the prefix /app cut by Caddy", "onoffice-path-prefix-cut", "https://provider.example/app/activate", "as /app/activate"),
    at("a prefix added", "onoffice-path-prefix-added", BASE, base="https://provider.example/stage/activate"),
    at("two segments added", "onoffice-path-prefix-added", BASE, base="https://provider.example/v1/stage/activate"),
    at("hex digits of the path made capitals by libcurl", "onoffice-path-respelled", "https://provider.example/b%c3%bcro/", base="https://provider.example/b%C3%BCro/"),
    at("hex digits of the path made small", "onoffice-path-respelled", "https://provider.example/b%C3%BCro/", base="https://provider.example/b%c3%bcro/"),
    at("%7e became ~", "onoffice-path-respelled", "https://provider.example/%7euser/p", base="https://provider.example/~user/p"),
    at("~ became %7E", "onoffice-path-respelled", "https://provider.example/~user/p", base="https://provider.example/%7Euser/p"),
    at("%2B became +", "onoffice-path-respelled", "https://provider.example/a%2Bb", base="https://provider.example/a+b"),
    at("%2f became /", "onoffice-path-respelled", "https://provider.example/a%2fb", base="https://provider.example/a/b"),
    at("@ became %40", "onoffice-path-respelled", "https://provider.example/@me/p", base="https://provider.example/%40me/p"),
    at("// became /", "onoffice-path-slashes", "https://provider.example//activate"),
    at("// in the middle became /", "onoffice-path-slashes", "https://provider.example/a//b", base="https://provider.example/a/b"),
    at("/ became //", "onoffice-path-slashes", BASE, base="https://provider.example//activate"),
    at("http behind a proxy that ends TLS", "onoffice-scheme", BASE, base=BASE.replace("https", "http")),
    at("https for http", "onoffice-scheme", BASE.replace("https", "http")),
    *(
        at(f"the port {port} signed", "onoffice-port-signed", f"https://provider.example:{port}/activate", f":{port}")
        for port in (443, 80, 8080, 8443, 3000, 5173)
    ),
    at("scheme and port of the inner server", "onoffice-port-signed", "http://provider.example:8080/activate"),
    at("the origin that the person names", "onoffice-origin-given", "https://crm.example/activate", "https://crm.example", base="http://10.0.0.5:8080/activate", origins=["https://other.example", "https://crm.example"]),
    at("a named origin with a path", "onoffice-origin-given", "https://crm.example/on/activate", "https://crm.example/on", base="http://10.0.0.5:8080/activate", origins=["https://crm.example/on/"]),
    at("localhost", "onoffice-internal-host", "http://localhost/activate"),
    at("the address of a container", "onoffice-internal-host", "http://app/activate"),
]  # fmt: skip

HEADERS = "GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n"


def headed(
    name: str, cause: str, signed_base: str, host: str, more: str, says: str = "", path: str = "/activate"
) -> Row:
    digest = digest_php("return $h($s, $t);", signed_base)
    return Row(
        name, cause, lambda: HEADERS.format(f"{path}?{QUERY}&signature={digest()}", host, more), {}, says
    )


NOTED += [
    headed("the prefix that a header names", "onoffice-origin-headers", "https://provider.example/shop/activate", "provider.example", "X-Forwarded-Prefix: /shop", "/shop"),
    headed("the target that a header names", "onoffice-path-prefix-cut", "https://provider.example/inner/activate", "provider.example", "X-Original-URI: /inner/activate?a=b", "x-original-uri"),
    headed("the host that Forwarded names", "onoffice-origin-headers", BASE, "inner:3000", 'Forwarded: for=1.2.3.4;host="provider.example";proto=https'),
    headed("the inner Host is signed, behind X-Forwarded-Host", "onoffice-origin-headers", "http://inner.example/activate", "inner.example", "X-Forwarded-Host: provider.example"),
]  # fmt: skip

OWN = [
    # origin and path
    at("www added", "onoffice-host-www", "https://www.provider.example/activate"),
    at("www lost", "onoffice-host-www", BASE, base="https://www.provider.example/activate"),
    at("capitals in the host", "onoffice-host-case", "https://Provider.Example/activate"),
    at("a dot behind the host", "onoffice-host-dot", "https://provider.example./activate"),
    at("the host in Unicode", "onoffice-host-unicode", "https://bücher.example/activate", base="https://xn--bcher-kva.example/activate"),
    node("user info signed", "onoffice-user-info-signed", "h(s, t)", base="https://u:p@provider.example/activate"),
    at("a slash behind the path", "onoffice-path-slash", BASE + "/"),
    at("dots in the path", "onoffice-path-dots", BASE, base="https://provider.example/x/../activate"),
    at("index.php behind the path", "onoffice-path-index", "https://provider.example/activate/index.php"),
    at("index.php lost", "onoffice-path-index", "https://provider.example/activate/", base="https://provider.example/activate/index.php"),
    at("a path in small letters", "onoffice-path-lower-case", BASE, base="https://provider.example/Activate"),
    at("a session id in the path", "onoffice-path-parameters", BASE, base="https://provider.example/activate;jsessionid=AB12"),
    node("the path decoded", "onoffice-path-decoded", "h(s, decodeURI(b) + '?' + f)", base="https://provider.example/b%C3%BCro/"),
    node("the path encoded once more", "onoffice-path-encoded-twice", "h(s, b.replaceAll('%', '%25') + '?' + f)", base="https://provider.example/b%C3%BCro/"),
    # parameters
    php("signature= left in", "onoffice-signature-left-in", "$h($s, $b . '?' . http_build_query((function ($q) { $q['signature'] = ''; ksort($q); return $q; })($q)))", "empty"),
    php("signature= at the end", "onoffice-signature-left-in", "$h($s, \"$t&signature=\")", "at the end"),
    Row("named Signature", "onoffice-signature-named", lambda: url(RIGHT()).replace("&signature", "&Signature"), {}, "named Signature"),
    Row("signed twice", "onoffice-signature-doubled", lambda: url(RIGHT()) + "&signature=" + "0" * 64, {}, "number 1 of 2"),
    Row("names with a dot and brackets as text", "onoffice-names-as-text", lambda: url(digest_node("return h(s, t)", query=QUERY + "&a.b=1&ids%5B%5D=2")(), query=QUERY + "&a.b=1&ids%5B%5D=2")),
    php("Latin-1 in the query", "onoffice-not-utf-8", "$h($s, $t)", query=f"customerName=M%FCller~&timestamp={NOW}"),
    signed("an empty parameter lost", "onoffice-parameter-lost", digest_php("return $h($s, $t);", query=QUERY + "&language="), "an empty language"),
    carried("a parameter doubled", "parameter-doubled", lambda u: u + "&userId=17", "The parameter userId occurs twice: the signature fits with the first."),
    node("names lower-cased", "names-lower-case", "h(s, b + '?' + q.map(([n, v]) => [n.toLowerCase(), v]).sort(([x], [y]) => (x < y ? -1 : 1)).map((p) => p.map(e).join('=')).join('&'))"),
    php("trimmed by the framework", "values-trimmed", "$h($s, $b . '?' . http_build_query(array_map('trim', $q)))", query=QUERY + "&note=+x+"),
    php("htmlspecialchars on values", "values-entities", "$h($s, $b . '?' . http_build_query(array_map('htmlspecialchars', $q)))"),
    php("addslashes on values", "values-addslashes", "$h($s, $b . '?' . http_build_query(array_map('addslashes', $q)))", query=QUERY + "&note=it%27s"),
    php("array_filter", "empty-dropped", "$h($s, $b . '?' . http_build_query(array_filter($q)))"),
    php("urldecode of $_GET", "decoded-twice", "$h($s, $b . '?' . http_build_query(array_map('urldecode', $q)))"),
    php("values encoded before http_build_query", "values-encoded", "$h($s, $b . '?' . http_build_query(array_map('rawurlencode', $q)))"),
    php("rawurldecode of the query", "blank-as-plus", "$h($s, $b . '?' . str_replace('+', '%2B', $f))", query=f"customerName=A+B&timestamp={NOW}"),
    php("%2B read as a blank", "plus-as-blank", "$h($s, $b . '?' . str_replace('%2B', '+', $f))", query=f"apiClaim=a%2Bb+c&timestamp={NOW}"),
    carried("the query decoded", "plus-as-blank", lambda u: u.replace("%2B", "+")),
    # order
    php("natsort", "onoffice-order-natural", "(function ($q) use ($h, $b, $s) { ksort($q, SORT_NATURAL); return $h($s, $b . '?' . http_build_query($q)); })($q)", query=f"p10=a&p9=b&timestamp={NOW}"),
    node("localeCompare", "onoffice-order-locale", "h(s, b + '?' + [...q].sort(([x], [y]) => x.localeCompare(y)).map((p) => p.map(e).join('=')).join('&'))", query=f"plan_b=1&planA=2&Zone=3&timestamp={NOW}"),
    php("sort of name=value", "onoffice-order-whole", "(function ($p) use ($h, $b, $s) { sort($p); return $h($s, $b . '?' . implode('&', $p)); })(explode('&', $f))", query=f"name=1&name-b=4&timestamp={NOW}"),
    php("asort", "onoffice-order-values", "(function ($q) use ($h, $b, $s) { asort($q, SORT_STRING); return $h($s, $b . '?' . http_build_query($q)); })($q)"),
    php("the order of onOffice's list", "onoffice-order-listed", "$h($s, $b . '?' . http_build_query(['apiToken' => $q['apiToken'], 'customerName' => $q['customerName'], 'userId' => $q['userId'], 'timestamp' => $q['timestamp']]))", query=f"timestamp={NOW}&userId=17&customerName=A&apiToken={TOKEN}"),
    php("krsort", "order-reversed", "(function ($q) use ($h, $b, $s) { krsort($q); return $h($s, $b . '?' . http_build_query($q)); })($q)"),
    php("the timestamp put last", "order-changed", "(function ($q) use ($h, $b, $s) { $t = $q['timestamp']; unset($q['timestamp']); return $h($s, $b . '?' . http_build_query($q + ['timestamp' => $t])); })($q)", "timestamp stood last"),
    # the query
    php("the query as received", "onoffice-query-as-received", "$h($s, \"$b?$r\")"),
    php("PHP_QUERY_RFC3986", "onoffice-query-percent-20", "$h($s, $b . '?' . http_build_query($q, '', '&', PHP_QUERY_RFC3986))"),
    php("%20 for +", "onoffice-query-percent-20", "$h($s, str_replace('+', '%20', $t))", "%7E and %2A kept"),
    node("encodeURIComponent", "onoffice-query-percent-20", "h(s, b + '?' + w(encodeURIComponent))"),
    php("the tilde as it is", "onoffice-query-tilde", "$h($s, str_replace('%7E', '~', $t))"),
    node("http-build-query of npm", "onoffice-query-tilde", "h(s, b + '?' + w((v) => encodeURIComponent(v).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt().toString(16).toUpperCase()).replaceAll('%20', '+')))"),
    node("URLSearchParams", "onoffice-query-star", "h(s, b + '?' + new URLSearchParams(q))"),
    php("Latin-1 signed", "onoffice-query-latin-1", "$h($s, $b . '?' . http_build_query((function ($q) { $q = array_map(fn($v) => iconv('UTF-8', 'ISO-8859-1', $v), $q); ksort($q); return $q; })($q)))", query=f"customerName=M%C3%BCller+AG&timestamp={NOW}"),
    php("lower-case hex", "onoffice-query-lower-hex", "$h($s, preg_replace_callback('/%../', fn($f) => strtolower($f[0]), $t))"),
    node("encodeURI", "onoffice-query-unescaped", "h(s, b + '?' + w(encodeURI))", "encodeURI"),
    node("escape", "onoffice-query-unescaped", "h(s, b + '?' + w(escape))", "escape"),
    node("axios", "onoffice-query-unescaped", "h(s, b + '?' + w((v) => encodeURIComponent(v).replace(/%3A/gi, ':').replace(/%24/g, '$').replace(/%2C/gi, ',').replace(/%20/g, '+')))", "axios"),
    node("commas as they are", "onoffice-query-unescaped", "h(s, t.replaceAll('%2C', ',').replaceAll('%7E', '~'))", "commas"),
    node("%2B made a plus sign", "onoffice-query-plus-kept", "h(s, t.replaceAll('%2B', '+'))"),
    php("&amp; of arg_separator.output", "onoffice-query-separator", "$h($s, $b . '?' . http_build_query($q, '', '&amp;'))", "&amp;"),
    php("a semicolon", "onoffice-query-separator", "$h($s, $b . '?' . http_build_query($q, '', ';'))", "';'"),
    node("memo without =", "onoffice-query-bare-names", "h(s, t.replace('memo=&', 'memo&'))"),
    php("the values alone", "onoffice-query-names-alone", "$h($s, implode('|', $q))", "values sorted, '|' between"),
    php("the values as received", "onoffice-query-names-alone", "$h($s, (function ($r) { parse_str($r, $v); return implode('', $v); })($r))", "as received"),
    php("JSON as PHP writes it", "onoffice-json-signed", "$h($s, json_encode($q))", "as PHP"),
    node("JSON as received", "onoffice-json-signed", "h(s, JSON.stringify(Object.fromEntries(new URLSearchParams(r))))", "as received"),
    php("the time and a dot in front", "onoffice-message-shape", "$h($s, $q['timestamp'] . '.' . $t)", "the time in front"),
    Row("semicolons for &", "onoffice-query-separator", lambda: url(RIGHT()).replace("&", ";")),
    at("index.php behind a path without a slash", "onoffice-path-index", BASE, base=f"{BASE}/index.php"),
    php("JSON", "onoffice-json-signed", "$h($s, json_encode($q, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE))", "alone"),
    php("as orders are written", "onoffice-written-as-orders", "$h($s, http_build_query($q, '', '&', PHP_QUERY_RFC3986))"),
    # the message
    php("no question mark", "onoffice-message-shape", "$h($s, $b . $f)", "without a question mark"),
    php("& for the question mark", "onoffice-message-shape", "$h($s, \"$b&$f\")", "& for"),
    php("no scheme", "onoffice-message-shape", "$h($s, substr($t, 8))", "without the scheme"),
    php("the question mark and the query", "onoffice-message-shape", "$h($s, \"?$f\")"),
    php("the base alone", "onoffice-base-alone", "$h($s, $b)"),
    Row("the fragment", "onoffice-fragment-signed", lambda: url(digest_php("return $h($s, \"$t#top\");")()) + "#top"),
    php("the method in front", "onoffice-method-signed", "$h($s, \"GET $t\")"),
    php("&key= behind", "onoffice-secret-in-message", "hash('sha256', \"$t&key=$s\")"),
    php("the API token as the key", "onoffice-parameter-as-key", "$h($q['apiToken'], $t)"),
    php("the claim as the key", "onoffice-parameter-as-key", "$h($q['apiClaim'], $t)"),
    # the readings
    node("the port of the URL", READING + "port=signed", "h(s, t)", base="https://provider.example:9443/activate"),
    at("the host in small letters", READING + "host=lower-case", BASE, base="https://Provider.Example/activate"),
    at("the last slash dropped", READING + "path=slash-dropped", BASE, base=BASE + "/"),
    php("the query alone", READING + "base=query-only", "$h($s, $f)"),
    php("path and query", READING + "base=path-and-query", "$h($s, \"/activate?$f\")"),
    php("names by PHP", READING + "names=php-compatible", "$h($s, $t)", query=f"my.param=1&timestamp={NOW}"),
    php("a number as name by PHP 8.2", READING + "names=php-compatible", "$h($s, $t)", query=f"7=1&Zone=2&timestamp={NOW}"),
    node("a number as name by PHP 8.1", READING + "names=php-before-8-2", "h(s, b + '?Zone=2&timestamp=1700000000&7=1')", query=f"7=1&Zone=2&timestamp={NOW}"),
    node("a number as name by its bytes", READING + "integer-names=as-text", "h(s, t)", query=f"10=1&9=2&timestamp={NOW}"),
    php("the last of two", READING + "repeated=php-compatible", "$h($s, $t)", query=QUERY + "&userId=18"),
    node("the first of two", READING + "repeated=first-wins", "h(s, b + '?' + q.filter(([n], i) => i === q.findIndex(([m]) => m === n)).map((p) => p.map(e).join('=')).join('&'))", query=QUERY + "&userId=18"),
    node("own parameters left out", READING + "own-parameters=left-out", "h(s, b + '?' + q.filter(([n]) => !['plan', 'Zone', 'memo'].includes(n)).map((p) => p.map(e).join('=')).join('&'))"),
    php("empty ones left out", READING + "empty=dropped", "$h($s, $b . '?' . http_build_query(array_filter($q)))"),
    node("sorted without regard to case", READING + "order=case-insensitive", "h(s, b + '?' + [...q].sort(([x], [y]) => (x.toLowerCase() < y.toLowerCase() ? -1 : 1)).map((p) => p.map(e).join('=')).join('&'))"),
    node("not sorted", READING + "order=as-received", "h(s, b + '?' + [...new URLSearchParams(r)].map((p) => p.map(e).join('=')).join('&'))"),
    php("rawurlencode", READING + "encoding=rfc3986", "$h($s, $b . '?' . http_build_query($q, '', '&', PHP_QUERY_RFC3986))"),
    Row("Python's urlencode", READING + "encoding=python", lambda: url(openssl_hmac(BASE + "?" + python_urlencode()))),
    node("new URLSearchParams", READING + "encoding=url-search-params", "h(s, b + '?' + new URLSearchParams(q))"),
    node("encodeURIComponent of each", READING + "encoding=encode-uri-component", "h(s, b + '?' + w(encodeURIComponent))"),
    node("each piece as received", READING + "encoding=raw", "h(s, b + '?' + r.split('&').sort().join('&'))", query=f"timestamp={NOW}&b=%c3%bc~"),
    node("decoded", READING + "encoding=decoded", "h(s, b + '?' + w((v) => v))"),
    Row("hex-decoded key", READING + "key=hex-decoded", lambda: url(digest_php("return $h(hex2bin($s), $t);", secret=HEXED)()), {"secret": HEXED}),
    Row("base64-decoded key", READING + "key=base64-decoded", lambda: url(digest_php("return $h(base64_decode($s), $t);", secret=CODED)()), {"secret": CODED}),
    php("capital hex digits", READING + "digest=any-case", "strtoupper($h($s, $t))"),
    php("base64", READING + "digest=base64", "base64_encode($h($s, $t, 'sha256', true))"),
]  # fmt: skip


def python_urlencode() -> str:
    from urllib.parse import parse_qsl, urlencode

    return urlencode(sorted(parse_qsl(QUERY, keep_blank_values=True)))


def openssl_hmac(text: str, secret: str = SECRET) -> str:
    return run("openssl", "dgst", "-sha256", "-hmac", secret, given=text).decode().strip().rpartition("= ")[2]


GENERAL = [
    php("capitals", "form-upper-case", "strtoupper($h($s, $t))"),
    php("base64 of the digest", "form-base64", "base64_encode($h($s, $t, 'sha256', true))"),
    php("URL-safe base64", "form-base64url", "strtr(base64_encode($h($s, $t, 'sha256', true)), '+/', '-_')"),
    php("base64 of the hex digits", "form-base64-of-hex", "base64_encode($h($s, $t))"),
    php("sha256= before it", "form-named", "'sha256=' . $h($s, $t)"),
    php("a line end behind it", "form-blank", "$h($s, $t) . \"\\n\""),
    php("cut", "form-cut", "substr($h($s, $t), 0, 40)"),
    php("chunk_split", "form-separated", "rtrim(chunk_split($h($s, $t), 2, '-'), '-')"),
    php("hash_hmac's arguments exchanged", "mac-swapped", "hash_hmac('sha256', $s, $t)"),
    php("hash of secret and text", "mac-plain-secret-first", "hash('sha256', $s . $t)"),
    php("hash of text and secret", "mac-plain-secret-last", "hash('sha256', $t . $s)"),
    php("hash of the text alone", "mac-no-key", "hash('sha256', $t)"),
    php("SHA-1", "mac-sha1", "$h($s, $t, 'sha1')"),
    php("MD5", "mac-md5", "$h($s, $t, 'md5')"),
    php("SHA-512", "mac-sha512", "$h($s, $t, 'sha512')"),
    php("md5 of secret and text", "mac-plain-md5", "md5($s . $t)"),
    php("the digest of the digest", "mac-twice", "$h($s, $h($s, $t, 'sha256', true))"),
    php("the hash of the text signed", "mac-of-hash", "$h($s, hash('sha256', $t))"),
    php("a line end behind the secret", "key-line-end", "$h(\"$s\\n\", $t)"),
    php("CR LF behind the secret", "key-crlf", "$h(\"$s\\r\\n\", $t)"),
    php("a blank behind the secret", "key-blank", "$h(\"$s \", $t)"),
    php("quotes around the secret", "key-quoted", "$h('\"' . $s . '\"', $t)"),
    php("a byte order mark before the secret", "key-bom", "$h(\"\\u{feff}$s\", $t)"),
    php("an empty secret", "key-empty", "$h('', $t)"),
    php("the secret in capitals", "key-upper-case", "$h(strtoupper($s), $t)"),
    php("the secret in hex", "key-to-hex", "$h(bin2hex($s), $t)"),
    php("the secret in base64", "key-to-base64", "$h(base64_encode($s), $t)"),
    php("the secret hashed", "key-hashed", "$h(hash('sha256', $s), $t)"),
    php("the secret escaped", "key-percent", "$h(rawurlencode($s), $t)"),
    php("null for the secret", "key-placeholder", "$h('null', $t)"),
    php("the secret cut", "key-cut", "$h(substr($s, 0, 16), $t)"),
    signed("another of the secrets", "key-other", digest_php("return $h($s, $t);", secret=OTHER), "number 3", others=["Private-Third-Secret-0817!", OTHER]),
    Row("quotes around the secret here", "key-unquoted", lambda: url(RIGHT()), {"secret": f'"{SECRET}"'}),
    Row("NAME=value given", "key-assigned", lambda: url(RIGHT()), {"secret": f"ONOFFICE_SECRET={SECRET}"}),
    Row("a line end behind the secret here", "key-trimmed", lambda: url(RIGHT()), {"secret": f"{SECRET}\n"}),
    php("a line end behind the text", "text-line-end", "$h($s, \"$t\\n\")"),
    php("a byte order mark before the text", "text-bom", "$h($s, \"\\u{feff}$t\")"),
    php("the text escaped", "text-percent", "$h($s, rawurlencode($t))"),
    node("the text as JSON", "text-quoted", "h(s, JSON.stringify(t))"),
    php("base64 of the text", "text-base64", "$h($s, base64_encode($t))"),
    php("the text for HTML", "text-entities", "$h($s, htmlspecialchars($t))"),
    php("the text in small letters", "text-lower-case", "$h($s, strtolower($t))"),
    node("[object Object]", "text-object", "h(s, String({}))"),
    php("utf8_encode of values", "values-latin-1", "$h($s, $b . '?' . http_build_query(array_map(fn($v) => mb_latin($v), $q)))".replace("mb_latin($v)", "iconv('ISO-8859-1', 'UTF-8', $v)")),
    node("values in NFD", "values-normalised", "h(s, b + '?' + w((v) => e(v.normalize('NFD'))))"),
    # two at once
    php("base64, and %20", "onoffice-query-percent-20 + form-base64", "base64_encode($h($s, str_replace('+', '%20', $t), 'sha256', true))"),
    php("http, and a line end behind the secret", "onoffice-scheme + key-line-end", "$h(\"$s\\n\", str_replace('https', 'http', $t))"),
    node("localhost and port", "onoffice-internal-host", "h(s, t.replace('https://provider.example', 'http://localhost:3000'))", "localhost:3000"),
    node("http, and /api cut", "onoffice-scheme + onoffice-path-prefix-cut", "h(s, t.replace('https', 'http').replace('/activate', '/api/activate'))"),
    php("the key swapped, and a line end", "text-line-end + mac-swapped", "hash_hmac('sha256', $s, \"$t\\n\")"),
]  # fmt: skip

# --- calls of the API -----------------------------------------------------------------------------

ACTION, TYPE = "urn:onoffice-de-ns:smart:2.5:smartml:action:do", "unlockProvider"
PARAMETERS = {"parameterCacheId": "6802c44a/7ac0", "extendedclaim": "ü+claim"}
_PARTS = "$a = 'urn:onoffice-de-ns:smart:2.5:smartml:action:do'; $y = 'unlockProvider'; $z = '1700000000';"
_API = f"(function () use ($h, $k, $o, $p) {{ {_PARTS} $j = json_decode($p, true); ksort($j); %s }})()"
_HMAC = "base64_encode($h($k, %s, 'sha256', true))"


def hmac_php(code: str, parameters: dict | None = None):
    """Register PHP that makes an HMAC: $z time, $o token, $y type, $a action, $k key, $j the sorted parameters."""
    text = json.dumps(PARAMETERS if parameters is None else parameters)
    return made_by("php", _API % f"return {code};", k=KEY, o=API_TOKEN, p=text)


def call(hmac: str, time: object = NOW, parameters: dict | None = None, **more) -> str:
    action = {
        "actionid": ACTION,
        "resourceid": "",
        "resourcetype": TYPE,
        "identifier": "",
        "timestamp": time,
        "hmac": hmac,
        "hmac_version": 2,
        "parameters": PARAMETERS if parameters is None else parameters,
        **more,
    }
    action = {name: value for name, value in action.items() if value is not None}
    return json.dumps({"token": API_TOKEN, "request": {"actions": [action]}})


def api(name: str, cause: str, code: str, says: str = "", parameters: dict | None = None, **more) -> Row:
    made = hmac_php(code, parameters)
    return Row(name, cause, lambda: call(made(), parameters=parameters, **more), {"secret": KEY}, says)


def api_2(name: str, cause: str, text: str, says: str = "", **more) -> Row:
    return api(name, cause, _HMAC % text, says, **more)


def api_1(name: str, cause: str, code: str, says: str = "", **more) -> Row:
    return api(name, cause, code, says, hmac_version=None, **more)


_OLD = "[json_encode($j), $o, $a, '', '', $k, $z, $y]"
API = [
    api_2("the order of version 1", "onoffice-api-order", "\"$o$a$z$y\"", "token, action id, timestamp, resource type"),
    api_2("token first", "onoffice-api-order", "\"$o$z$y$a\"", "token, timestamp"),
    api_2("the last two exchanged", "onoffice-api-order", "\"$z$o$a$y\""),
    api_2("without the token", "onoffice-api-field-missing", "\"$z$y$a\"", "without token"),
    api_2("with the parameters", "onoffice-api-field-added", "\"$z$o$y$a\" . json_encode($j)", "parameters as PHP"),
    api_2("commas", "onoffice-api-separator", "\"$z,$o,$y,$a\"", "','"),
    api_2("line ends", "onoffice-api-separator", "\"$z\\n$o\\n$y\\n$a\""),
    api_2("the action's short name", "onoffice-api-action-name", "$z . $o . $y . 'do'", "as do"),
    api_2("the type in small letters", "onoffice-api-type-case", "$z . $o . strtolower($y) . $a"),
    api_2("the time as JSON writes a text", "onoffice-api-time-written", "json_encode($z) . $o . $y . $a", "in quotes"),
    api_2("the time as a float", "onoffice-api-time-written", "sprintf('%.1f', $z) . $o . $y . $a", "as a float"),
    api_2("the time sent as a float", "onoffice-api-time-written", "\"$z$o$y$a\"", "without", time=1700000000.5),
    api_2("milliseconds", "onoffice-api-time-unit", "\"{$z}000$o$y$a\""),
    api_2("the clock read twice", "onoffice-api-two-clocks", "($z + 1) . \"$o$y$a\"", "1 s later"),
    api_2("an hour off", "onoffice-api-time-zone", "($z + 3600) . \"$o$y$a\"", "1 hour (3600 s) later"),
    api_2("version 2 made and not said", "onoffice-api-version-2-made", "\"$z$o$y$a\"", hmac_version=None),
    api("version 1 made, version 2 said", "onoffice-api-version-1-made", f"md5($k . md5(implode(',', {_OLD})))"),
    api("the token as the key", "onoffice-api-token-as-key", "base64_encode($h($o, \"$z$o$y$a\", 'sha256', true))"),
    api("hex", "onoffice-api-hex", "$h($k, \"$z$o$y$a\")"),
    api("hash_hmac without true", "onoffice-api-base64-of-hex", "base64_encode($h($k, \"$z$o$y$a\"))"),
    api("base64 twice", "onoffice-api-base64-twice", "base64_encode(base64_encode($h($k, \"$z$o$y$a\", 'sha256', true)))"),
    api_2("the time as a date", "onoffice-api-time-written", "gmdate('c', $z) . \"$o$y$a\"", "as a date"),
    api_2("the resource id too", "onoffice-api-field-added", "\"$z$o$y{$a}4711\"", "with resource id behind", resourceid="4711"),
    api("URL-safe", "onoffice-api-base64url", "strtr(base64_encode($h($k, \"$z$o$y$a\", 'sha256', true)), '+/', '-_')"),
    api("no padding", "onoffice-api-unpadded", "rtrim(base64_encode($h($k, \"$z$o$y$a\", 'sha256', true)), '=')"),
    api("a line end behind it", "onoffice-api-blank", "chunk_split(base64_encode($h($k, \"$z$o$y$a\", 'sha256', true)))"),
    api("percent-encoded", "onoffice-api-percent", "rawurlencode(base64_encode($h($k, \"$z$o$y$a\", 'sha256', true)))"),
    api("capital hex", "onoffice-api-hex + onoffice-api-upper-case", "strtoupper($h($k, \"$z$o$y$a\"))"),
    api("arguments exchanged", "mac-swapped", "base64_encode(hash_hmac('sha256', $k, \"$z$o$y$a\", true))"),
    api("a line end behind the key", "key-line-end", "base64_encode($h(\"$k\\n\", \"$z$o$y$a\", 'sha256', true))"),
    api("SHA-1 for it", "mac-sha1", "base64_encode($h($k, \"$z$o$y$a\", 'sha1', true))"),
    api("no HMAC at all", "mac-plain-secret-last", "base64_encode(hash('sha256', \"$z$o$y$a$k\", true))"),
    api_1("not sorted", "onoffice-api-v1-unsorted", f"md5($k . md5(implode(',', [json_encode(array_reverse($j))] + {_OLD})))"),
    api_1("slashes and umlauts as they are", "onoffice-api-v1-json", f"md5($k . md5(implode(',', [json_encode($j, 320)] + {_OLD})))"),
    api_1("empty parameters as {}", "onoffice-api-v1-empty", f"md5($k . md5(implode(',', ['{{}}'] + {_OLD})))", "as {}", parameters={}),
    api_1("null for an empty identifier", "onoffice-api-v1-null", "md5($k . md5(implode(',', [json_encode($j), $o, $a, 'null', 'null', $k, $z, $y])))"),
    api_1("the key not inside", "onoffice-api-v1-secret-inside", "md5($k . md5(implode(',', [json_encode($j), $o, $a, '', '', $z, $y])))"),
    api_1("the key not in front", "onoffice-api-v1-secret-outside", f"md5(md5(implode(',', {_OLD})))"),
    api_1("hashed once", "onoffice-api-v1-once", f"md5(implode(',', {_OLD}))"),
    api_1("raw bytes inside", "onoffice-api-v1-raw", f"md5($k . md5(implode(',', {_OLD}), true))"),
    api_1("SHA-256", "onoffice-api-v1-hash", f"hash('sha256', $k . hash('sha256', implode(',', {_OLD})))"),
    api_1("base64 of version 1", "onoffice-api-base64", f"base64_encode(md5($k . md5(implode(',', {_OLD})), true))"),
    api_1("JSON with blanks", "json-python", "md5($k . md5(implode(',', ['{\"extendedclaim\": \"\\\\u00fc+claim\", \"parameterCacheId\": \"6802c44a/7ac0\"}', $o, $a, '', '', $k, $z, $y])))"),
    api_1("another order of fields", "onoffice-api-order", "md5($k . md5(implode(',', [json_encode($j), $o, $a, '', '', $z, $k, $y])))", "key and time"),
]  # fmt: skip

ROWS = [*NOTED, *OWN, *GENERAL, *API]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_cause_is_in_the_first_group(row):
    check("onoffice", row, PRIVATE, secret=SECRET, now=NOW)


GENUINE = [
    f"{BASE}?{QUERY}",
    f"https://provider.example/?timestamp={NOW}",
    f"https://provider.example:8443/a/?b=%7E*&timestamp={NOW}",
    f"http://u:p@provider.example/a%2fb?timestamp={NOW}&x=%20+%2B",
    f"https://provider.example//a?timestamp={NOW}&Zone=eu&_x=1&plan=gold",
    f"https://provider.example/p.php?timestamp={NOW}&memo=&flag",
    f"https://provider.example/p?timestamp={NOW}&apiClaim=wvuYzNla%2FQvi66%2BOdP180%3D%3D",
    f"https://provider.example/p?customerName=%F0%9F%8F%A0&timestamp={NOW}",
    f"https://PROVIDER.example/p?timestamp={NOW}&userId=17",
    f"https://provider.example/b%C3%BCro?timestamp={NOW}&q=a%26b%3Dc%23d",
]


def test_what_php_signs_is_verified_with_nothing_to_explain():
    cases = [{"do": "sign", "url": one, "secret": SECRET} for one in GENUINE]
    for one in ask("php", "onoffice.php", cases):
        answer = explain("onoffice", one, secret=SECRET, now=NOW)
        assert (answer.verdict, answer.signature_fits, answer.explanations) == ("verified", True, ()), one
        assert (answer.reason, answer.undone, answer.tried) == ("", (), 0)
        said = json.dumps(answer.as_json(), ensure_ascii=False)
        assert [value for value in PRIVATE if value in said] == []


OFFICIAL = {
    "token": "mgjIQkNRnaqggVzy9cZW",
    "request": {
        "actions": [
            {
                "actionid": "urn:onoffice-de-ns:smart:2.5:smartml:action:get",
                "resourceid": "",
                "resourcetype": "estateCategories",
                "timestamp": 123456789,
                "hmac": "dsvg3r4AFcQXges0MZ+3auzQVfnEB39pLkKSgmm9Wvg=",
                "hmac_version": "2",
                "parameters": [],
            }
        ]
    },
}
"""The published value of the official SDK's tests."""


def test_a_call_of_the_official_sdk_is_verified():
    key = "yOJobbhGLXdp90XxvxedFhH7073L9U"
    answer = explain("onoffice", json.dumps(OFFICIAL), secret=key, now=123456789)
    assert (answer.verdict, answer.explanations) == ("verified", ())
    late = explain("onoffice", json.dumps(OFFICIAL), secret=key, now=123456789 + 121)
    assert (late.reason, late.clause, late.signature_fits) == ("stale", "onoffice:api.timestamp", True)


def test_a_call_in_milliseconds_throughout_is_said_to_be_so():
    made = hmac_php(_HMAC % '"{$z}000$o$y$a"')()
    answer = explain("onoffice", call(made, time=NOW * 1000), secret=KEY, now=NOW)
    assert (answer.reason, answer.clause) == ("timestamp-in-milliseconds", "onoffice:api.timestamp")
    assert (answer.signature_fits, answer.evidence) == (True, {"timestamp": "1700000000000"})
    assert [[one.id for one in group] for group in answer.explanations] == [["time-in-milliseconds"]]


def test_milliseconds_are_said_beside_another_slip_too():
    made = base64.b64decode(hmac_php(_HMAC % '"{$z}000$o$y$a"')()).hex()
    answer = explain("onoffice", call(made, time=NOW * 1000), secret=KEY, now=NOW)
    assert answer.explanations[0][0].id == "onoffice-api-hex + time-in-milliseconds"


def test_a_call_of_version_1_is_verified():
    made = hmac_php(f"md5($k . md5(implode(',', {_OLD})))")()
    answer = explain("onoffice", call(made, hmac_version=None), secret=KEY, now=NOW)
    assert (answer.verdict, answer.explanations) == ("verified", ())
    said = json.dumps(answer.as_json())
    assert KEY not in said and API_TOKEN not in said


def test_of_several_actions_the_wrong_one_is_explained():
    good = json.loads(call(hmac_php(_HMAC % '"$z$o$y$a"')()))
    bad = json.loads(call(hmac_php(_HMAC % '"$z,$o,$y,$a"')()))
    good["request"]["actions"] += bad["request"]["actions"]
    answer = explain("onoffice", json.dumps(good), secret=KEY, now=NOW)
    assert answer.evidence == {"action": "2 of 2"}
    assert (answer.signature_fits, ids(answer)) == (False, ["onoffice-api-separator"])


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("0f" * 16, "API token"),
        ("aB3" * 21 + "x", "API key"),
        (SECRET, ""),
        ("hier Anbietersecret einsetzen", ""),
    ],
)
def test_a_secret_of_the_wrong_kind_is_said(secret, said):
    doubts = " ".join(explain("onoffice", url(RIGHT()), secret=secret, now=NOW).doubts)
    assert said in doubts if said else doubts == ""


def test_an_api_key_is_no_doubt_where_it_verifies():
    key, text = "aB3" * 21 + "x", f"{NOW}{API_TOKEN}{TYPE}{ACTION}"
    made = run("openssl", "dgst", "-sha256", "-hmac", key, "-binary", given=text)
    answer = explain("onoffice", call(base64.b64encode(made).decode()), secret=key, now=NOW)
    assert (answer.verdict, answer.doubts) == ("verified", ())


def test_a_target_without_a_host_says_what_is_needed_and_takes_the_named_address():
    target = url(RIGHT()).removeprefix("https://provider.example")
    alone = explain("onoffice", target, secret=SECRET, now=NOW)
    assert (alone.verdict, alone.reason, alone.clause) == ("refused", "malformed", "onoffice:url.base")
    assert "whole URL" in alone.evidence["needed"]
    named = explain("onoffice", target, secret=SECRET, now=NOW, origins=["https://provider.example"])
    assert named.verdict == "verified"
    assert named.undone == ("the address https://provider.example, which you named, was put in front",)


def test_an_added_parameter_comes_before_the_reading_that_own_parameters_are_left_out():
    base = BASE.replace("activate", "p")
    digest = digest_php("return $h($s, $t);", base, f"timestamp={NOW}&userId=17")
    answer = explain(
        "onoffice", f"{base}?timestamp={NOW}&userId=17&fbclid=x&signature={digest()}", secret=SECRET, now=NOW
    )
    assert ids(answer)[0] == "parameter-added"
    assert "onoffice:url.own-parameters=left-out" in ids(answer)


def test_the_digest_that_somebody_got_behind_a_proxy_is_explained():
    mine = digest_php(
        "return $h($s, str_replace('https://provider.example', 'http://127.0.0.1:3000', $t));"
    )()
    answer = explain("onoffice", url(RIGHT()), secret=SECRET, now=NOW, mine_digest=mine)
    assert answer.verdict == "verified" and answer.mine is not None
    first = answer.mine.explanations[0][0]
    assert (first.id, first.change) == ("onoffice-internal-host", "as http://127.0.0.1:3000")


def test_the_text_that_somebody_signed_is_explained():
    mine = f"{BASE}?{QUERY}".encode()
    answer = explain("onoffice", url(RIGHT()), secret=SECRET, now=NOW, mine=mine, show_secrets=True)
    assert answer.mine is not None and answer.mine.at == len(BASE) + 1
    assert "onoffice-query-as-received" in [one.id for one in answer.mine.explanations[0]]


def test_nothing_fits_another_secret_within_the_budget():
    answer = explain("onoffice", url(RIGHT()), secret=OTHER, now=NOW)
    assert (answer.explanations, answer.ended, answer.tried) == ((), "budget", 3_300)


@pytest.mark.parametrize(
    "damage",
    [
        lambda u: u.replace("apiToken=", "apiToken"),
        lambda u: u.replace("apiToken=", ""),
        lambda u: u.replace("apiClaim", "apiclaim").replace("apiToken", "API_TOKEN"),
        lambda u: u.replace("&apiToken", ";apiToken"),
        lambda u: u.replace("&apiToken", "%26apiToken"),
        lambda u: u.replace("?", "").replace("&signature", "?signature"),
        lambda u: u.replace("apiToken=", "note=x+apiToken%3D"),
        lambda u: f"{u}&{TOKEN}claim=1",
        lambda u: f"{u}&userId{TOKEN}",
    ],
)
def test_a_token_is_masked_wherever_damage_has_put_it(damage):
    answer = explain("onoffice", damage(url(RIGHT())), secret=SECRET, now=NOW)
    said = json.dumps(answer.as_json())
    assert answer.verdict == "refused" and answer.stages
    assert TOKEN not in said and "private0token" not in said


def test_a_token_that_damage_made_a_name_is_masked_in_the_evidence_too():
    damaged = url(RIGHT()).replace("apiToken=", "apiToken1.0")
    assert TOKEN in explain("onoffice", damaged, secret=SECRET, now=NOW, show_secrets=True).evidence["name"]
    assert TOKEN not in json.dumps(explain("onoffice", damaged, secret=SECRET, now=NOW).as_json())
