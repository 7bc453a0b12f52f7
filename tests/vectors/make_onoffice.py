"""Writes onOffice's vectors.json, without the package.

    python tests/vectors/make_onoffice.py            write the file
    python tests/vectors/make_onoffice.py --print    write it to standard output

Every vector of a URL gives the URL as it travelled, with SIG where its signature stands. What is signed
is written out by a few lines of its own below (`text`), once for the adopted readings and once for each
other one; digests come from `hmac` and `hashlib`. Which verdict, reason and stage a vector expects is
written by hand, from the clauses and readings of spec.toml; nothing of the package is asked. The worked
values were computed with the official PHP class and stand in the test of the vectors too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from common import Expect, derived, main, refused

SECRET = "hier Anbietersecret einsetzen"  # the placeholder of the official example
OTHER = "Example-Provider-Secret-1!"
NOW = 1_700_000_000
LISTED = {"apiToken", "apiClaim", "customerName", "customerWebId", "userId", "parameterCacheId", "timestamp"}
LISTED |= {"groupId", "imageIds", "language", "UserLanguage", "estateId", "addressId"}

Row = tuple[str, str, str]  # name, value, and the piece as received


# --- what is signed ---------------------------------------------------------------------------


def php(value: str) -> str:
    return quote_plus(value, safe="").replace("~", "%7E")


ENCODINGS: dict[str, Callable[[Row], str]] = {
    "php": lambda row: f"{php(row[0])}={php(row[1])}",
    "rfc3986": lambda row: f"{quote(row[0], safe='')}={quote(row[1], safe='')}",
    "python": lambda row: f"{quote_plus(row[0], safe='')}={quote_plus(row[1], safe='')}",
    "url-search-params": lambda row: (php(row[0]) + "=" + php(row[1])).replace("%2A", "*"),
    "encode-uri-component": lambda row: quote(row[0], safe="!'()*") + "=" + quote(row[1], safe="!'()*"),
    "raw": lambda row: row[2],
    "decoded": lambda row: f"{row[0]}={row[1]}",
}
ORDERS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "bytes": lambda rows: sorted(rows, key=lambda row: row[0].encode()),
    "case-insensitive": lambda rows: sorted(rows, key=lambda row: row[0].lower()),
    "as-received": list,
}
PHP, OLD_PHP = "names=php-compatible", "names=php-before-8-2"


def by_older_php(by: dict[str, Any] | None) -> dict[str, Any]:
    """Return answers by reading, where PHP before 8.2 answers as later ones do unless it is said otherwise."""
    return {OLD_PHP: by[PHP], **by} if by and PHP in by else by or {}


# The readings that change the signed text, without those of the key.
TEXTUAL = [
    *("base=query-only", "base=path-and-query", "port=signed", "path=slash-dropped", "host=lower-case"),
    *(f"encoding={name}" for name in list(ENCODINGS)[1:]),
    *("order=case-insensitive", "order=as-received", "own-parameters=left-out", "empty=dropped"),
]
KEYS = ["key=hex-decoded", "key=base64-decoded"]


def rows(url: str) -> list[Row]:
    """Return every parameter but signature, as received; names must be plain and occur once."""
    pieces = [piece for piece in url.partition("#")[0].partition("?")[2].split("&") if piece]
    found = [
        (unquote_plus(name), unquote_plus(value), f"{name}{mark}{value}")
        for name, mark, value in (piece.partition("=") for piece in pieces)
    ]
    return [row for row in found if row[0] != "signature"]


def signed_rows(url: str, reading: str = "") -> list[Row]:
    clause, _, name = reading.partition("=")
    found = rows(url)
    if clause == "own-parameters":
        found = [row for row in found if row[0] in LISTED]
    if clause == "empty":
        found = [row for row in found if row[1]]
    return ORDERS[name if clause == "order" else "bytes"](found)


def base_of(url: str, reading: str = "") -> str:
    match = re.fullmatch(
        r"(\w+)://(?:[^/]*@)?(\[[^\]]*\]|[^/:]+)(:\d*)?(/.*)", url.partition("#")[0].partition("?")[0]
    )
    assert match, url
    scheme, host, port, path = match.groups("")
    host = host.lower() if reading == "host=lower-case" else host
    path = path.removesuffix("/") if reading == "path=slash-dropped" else path
    if reading == "base=path-and-query":
        return path
    return f"{scheme}://{host}{port if reading == 'port=signed' else ''}{path}"


def text(url: str, reading: str = "") -> str:
    """Return what is signed for a URL, under one reading."""
    clause, _, name = reading.partition("=")
    encode = ENCODINGS[name if clause == "encoding" else "php"]
    query = "&".join(encode(row) for row in signed_rows(url, reading))
    return query if reading == "base=query-only" else f"{base_of(url, reading)}?{query}"


def key_of(secret: str, reading: str = "") -> bytes | None:
    """Return the key under a reading, or None where the secret is not written so."""
    try:
        if reading == "key=hex-decoded":
            return bytes.fromhex(secret)
        if reading == "key=base64-decoded":
            return base64.b64decode(secret, validate=True)
    except ValueError:
        return None
    return secret.encode()


def mac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def stages(url: str) -> list[dict[str, Any]]:
    named = [
        ("base", base_of(url)),
        ("query", url.partition("#")[0].partition("?")[2]),
        ("names", " ".join(row[0] for row in signed_rows(url))),
        ("message", text(url)),
    ]
    return [{"name": name, "utf8": value, "length": len(value.encode())} for name, value in named]


# --- expectations -----------------------------------------------------------------------------


MISMATCH = refused("signature-mismatch", "message")
STALE = refused("stale", "time")
FUTURE = refused("from-the-future", "time")
BAD = refused("malformed")  # an escape that cannot be read, a key that cannot be used
BAD_BASE = refused("malformed", "base")
BAD_NAME = refused("malformed", "parameters")
BAD_DIGEST = refused("malformed", "signature")
BAD_TIME = refused("malformed", "time")
MILLISECONDS = refused("timestamp-in-milliseconds", "time")
MISSING = refused("missing-parameter", "parameters")
EMPTY = refused("empty-parameter", "parameters")
REPEATED = refused("duplicate-parameter")
TOO_LARGE = refused("too-large")
EMPTY_SECRET = refused("empty-secret")


class Accepted(dict[str, Any]):
    """What is returned, where it differs from the parameters as they were sent."""


def accepted(**changes: Any) -> Accepted:
    return Accepted(changes)


def readings(by: dict[str, Any]) -> dict[str, Any]:
    return {f"onoffice:url.{name}": by[name] for name in sorted(by)}


def clauses(names: str) -> list[str]:
    return [f"onoffice:{name}" for name in names.split()]


# --- verify_url -------------------------------------------------------------------------------


def verified(
    name: str,
    about: str,
    target: str,
    expect: Expect | Accepted,
    by: dict[str, Any] | None = None,
    *,
    source: tuple[str, ...] | None = None,
    secret: str = SECRET,
    signing: str | bytes | None = None,
    signed: str | None = None,
    written: Callable[[bytes], str] = bytes.hex,
    now: int = NOW,
    times: bool = True,
) -> dict[str, Any]:
    """Return one vector. SIG in the target stands for the signature over `signed`, or over the URL's own text.

    A plain URL (accepted, or refused by its signature or its time) gets its `by_reading` from what each
    reading signs; anything else says so in `by`. `times` is false where a tolerance is given.
    """
    key = signing if isinstance(signing, bytes) else (signing or secret).encode()
    plain = isinstance(expect, Accepted) or expect in (MISMATCH, STALE, FUTURE)
    over = signed if signed is not None else text(target) if plain else ""
    url = target.replace("SIG", written(mac(key, over)))

    def whole(expectation: Expect | Accepted, reading: str = "") -> Expect:
        if not isinstance(expectation, Accepted):
            return expectation
        if "parameters" in expectation:  # where the plain lines above do not reach
            names = [pair[0] for pair in expectation["parameters"]]
            returns: dict[str, Any] = {"timestamp": NOW, "covered": names, "not_covered": []} | expectation
        else:
            covered = {row[0] for row in signed_rows(url, reading)}
            received = [row[0] for row in rows(url)]
            returns = {
                "parameters": [[row[0], row[1]] for row in rows(url)],
                "timestamp": next((int(row[1]) for row in rows(url) if row[0] == "timestamp"), 0),
                "covered": [one for one in received if one in covered],
                "not_covered": [one for one in received if one not in covered],
            } | expectation
        return {"verdict": "accepted", "returns": returns}

    found: dict[str, Expect] = {}
    if plain:
        stamp = next(int(row[1]) for row in rows(url) if row[0] == "timestamp")

        def decided(reading: str) -> Expect | Accepted:
            """Compare what the reading signs with what was signed; then look at the time."""
            used = key_of(secret, reading)
            if used is None:
                return BAD
            if mac(used, text(url, reading)) != mac(key, over):
                return MISMATCH
            back, ahead = (300, 120) if times else (60, 0)
            if times and reading == "tolerance=120-both-ways":
                back = 120
            if times and reading == "tolerance=unchecked":
                return accepted()
            return STALE if now - stamp > back else FUTURE if stamp - now > ahead else accepted()

        own = decided("")
        assert (own == expect) or isinstance(own, Accepted) is isinstance(expect, Accepted) is True, name
        for reading in [*TEXTUAL, *KEYS, "tolerance=120-both-ways", "tolerance=unchecked"]:
            found[reading] = whole(decided(reading), reading)
    answer = whole(expect)
    found |= {reading: whole(other, reading) for reading, other in by_older_php(by).items()}
    return {
        "id": f"onoffice/verify_url/{name}",
        "clauses": clauses(about),
        "input": {"target": url},
        "stages": stages(url) if plain else [],
        "expect": answer,
        "by_reading": readings({reading: other for reading, other in found.items() if other != answer}),
        **derived("onoffice", "verify_url", source),
    }


BASE = "https://provider.example/activate"
BASIC = (
    f"{BASE}?apiClaim=ctguyroHtO7_6XaBpJgwUB_npk8nGUPociZaKzYfAEYRXFR_Cv879mYelDHEEfeB"
    "&apiToken=0123456789abcdef0123456789abcdef&customerName=Mustermakler&customerWebId=4711"
    "&parameterCacheId=6802c44a-7ac0-4210-a3d4-e5581e3fa0b6&timestamp=1700000000&userId=17&signature=SIG"
)
UMLAUT = (
    f"{BASE}?apiClaim=wvuYzNla%2FQvi66%2BOdP180%3D%3D&apiToken=tok"
    "&customerName=M%C3%BCller+%26+S%C3%B6hne+Immobilien+GmbH&customerWebId=4711&parameterCacheId=pc-1"
    "&timestamp=1700000000&userId=17&signature=SIG"
)
OWN = f"{BASE}?Zone=eu&_x=1&apiToken=t&plan=gold+edition&timestamp=1700000000&signature=SIG"
SHORT = f"{BASE}?customerWebId=4711&timestamp=1700000000&userId=17&signature=SIG"
SHORT_TEXT = SHORT.removesuffix("&signature=SIG")
PLAIN, SMALL = "worked-activation-basic", "short"
ROOM = 8_192 - len(SHORT.partition("?")[2]) - len("a=&") - 64 + len("SIG")
"""How long a value may be beside those of the short URL."""


def short(extra: str) -> str:
    """Return the short URL with more parameters in front."""
    return SHORT.replace("?", f"?{extra}&")


def genuine() -> list[dict[str, Any]]:
    """What is accepted: the worked values, and every harmless variation of how a URL travels."""

    def kept(
        name: str, about: str, target: str, of: str = "", change: str = "", **more: Any
    ) -> dict[str, Any]:
        return verified(name, about, target, accepted(), source=(of, change) if of else None, **more)

    service = (
        "https://provider.example/service?apiClaim=c&customerName=Mustermakler&customerWebId=4711&estateId=42"
        "&groupId=3&imageIds=1%2C2%2C3&parameterCacheId=pc-2&timestamp=1700000000&userId=17"
    )
    # fmt: off
    return [
        kept(PLAIN, "url.parameters url.base url.order url.mac url.digest", BASIC),
        kept("worked-space-umlaut-amp", "url.encoding claim.shape", UMLAUT),
        kept("worked-provider-own-params", "url.own-parameters url.order url.signed-parameters", OWN),
        kept(SMALL, "url.base url.order", SHORT),
        kept("reordered", "url.any-order", f"{BASE}?userId=17&timestamp=1700000000&customerWebId=4711&signature=SIG",
             SMALL, "the parameters come in another order"),
        kept("signature-first", "url.any-order url.appended",
             f"{BASE}?signature=SIG&customerWebId=4711&timestamp=1700000000&userId=17",
             SMALL, "the signature comes first"),
        kept("signature-between", "url.any-order",
             f"{BASE}?customerWebId=4711&signature=SIG&timestamp=1700000000&userId=17",
             SMALL, "the signature comes between the others"),
        kept("percent-20", "url.encoding", UMLAUT.replace("+", "%20"), "worked-space-umlaut-amp",
             "spaces travel as %20; what is signed is the same"),
        kept("lower-case-escapes", "url.encoding", UMLAUT.replace("%C3%BC", "%c3%bc"), "worked-space-umlaut-amp",
             "one escape is written in lower case"),
        kept("unneeded-escapes", "url.encoding", SHORT.replace("=4711", "=%34711"), SMALL,
             "a digit is written as an escape"),
        kept("escaped-name", "url.encoding", SHORT.replace("userId", "user%49d"), SMALL,
             "a letter of a name is written as an escape"),
        kept("empty-pieces", "url.any-order", SHORT.replace("?", "?&").replace("&userId", "&&userId") + "&", SMALL,
             "ampersands with nothing between them"),
        kept("port", "url.port", SHORT.replace(".example", ".example:8443"), SMALL, "a port, which is not signed"),
        kept("highest-port", "url.port", SHORT.replace(".example", ".example:65535"), SMALL, "the highest port that there is"),
        kept("default-port", "url.port", SHORT.replace(".example", ".example:443"), SMALL,
             "the default port, written out"),
        kept("user-info", "url.port", SHORT.replace("//", "//somebody@"), SMALL,
             "user info, which is not signed"),
        kept("fragment", "url.port", SHORT + "#top", SMALL, "a fragment, which is not signed"),
        kept("loopback", "url.port url.scheme", "http://127.0.0.1:8080/activate?timestamp=1700000000&b=2&a=1&signature=SIG"),
        kept("empty-value", "url.empty", short("apiToken="), SMALL, "an empty value, which is signed"),
        kept("no-equals-sign", "url.empty", short("flag"), SMALL, "a name without =, which counts as empty"),
        kept("tilde-and-star", "url.encoding", short("note=%7E%2A"), SMALL, "a tilde and a star"),
        kept("bare-tilde-and-star", "url.encoding", short("note=~*"), "tilde-and-star", "both travel as they are"),
        kept("marks", "url.encoding", short("note=!'()*-._~"), SMALL, "marks of which languages escape different ones"),
        kept("plus-in-a-value", "claim.shape url.encoding", short("apiClaim=a%2Bb%2Fc%3D%3D"), SMALL,
             "a claim with +, / and ="),
        kept("percent-in-a-value", "url.encoding", short("plan=100%25"), SMALL, "a percent sign"),
        kept("encoded-twice", "url.encoding", short("plan=a%252Fb"), "percent-in-a-value",
             "a value that looks encoded twice stays encoded once"),
        kept("ampersand-in-a-value", "url.encoding", short("customerName=A%26userId%3D99"), SMALL,
             "a value that looks like two parameters"),
        kept("semicolon", "url.encoding", short("plan=a;b"), SMALL, "a semicolon, which separates nothing"),
        kept("line-end-in-a-value", "url.encoding", short("customerName=A%0D%0AB"), SMALL, "a line end in a value"),
        kept("nul-in-a-value", "url.encoding", short("customerName=A%00B"), SMALL, "a NUL in a value"),
        kept("quotes-in-a-value", "url.encoding page.escaped", short("customerName=%22%3E%3Cscript%3E"), SMALL,
             "a name that would be markup"),
        kept("emoji", "url.encoding", short("customerName=%F0%9F%8F%A2"), SMALL, "a character beyond 16 bits"),
        kept("two-ways-to-write-an-umlaut", "url.encoding", short("customerName=Mu%CC%88ller"), SMALL,
             "an umlaut of two characters, which stays so"),
        kept("name-not-ascii", "url.order url.encoding", short("%C3%BC=1&z=2"), SMALL,
             "a name with an umlaut, which is sorted after z"),
        kept("name-with-equals-sign", "url.encoding", short("a%3Db=1"), SMALL, "an equals sign in a name"),
        kept("name-with-hyphen", "url.order", short("a-b=1&a_b=2&aB=3&ab=4"), SMALL,
             "names that differ in marks and case"),
        kept("name-is-a-prefix", "url.order", short("user=1&userIds=2"), SMALL,
             "names that begin alike"),
        kept("capital-signature", "url.signed-parameters", short("Signature=x"), SMALL,
             "a parameter Signature, which is an ordinary one"),
        kept("service", "service.parameters url.every-call", service + "&signature=SIG"),
        kept("service-with-user-language", "url.order", service + "&UserLanguage=DEU&signature=SIG", "service",
             "UserLanguage, which begins with a capital"),
        kept("callback", "url.own-parameters", "https://provider.example/callback?products=%5B%7B%22a%22%3A1%7D%5D"
             "&status=success&transactionid=1&referenceid=2&message=ok+so&timestamp=1700000000&signature=SIG"),
        kept("trailing-slash", "url.path", SHORT.replace("/activate?", "/activate/?"), SMALL,
             "a slash after the path, which is signed"),
        kept("two-slashes", "url.path", SHORT.replace("/activate?", "//activate?"), SMALL, "two slashes, both signed"),
        kept("root-path", "url.path", SHORT.replace("/activate?", "/?"), SMALL, "the path is a slash"),
        kept("escape-in-the-path", "url.path", SHORT.replace("/activate?", "/act%69vate?"), SMALL,
             "an escape in the path, which is not decoded"),
        kept("dots-in-the-path", "url.path", SHORT.replace("/activate?", "/a/../activate?"), SMALL,
             "a path that is not tidied"),
        kept("capital-host", "url.host", SHORT.replace("provider", "Provider"), SMALL,
             "a capital in the host, which is signed"),
        kept("plain-http", "url.scheme", SHORT.replace("https", "http"), SMALL, "http, which is signed"),
        kept("question-mark-in-a-value", "url.base", short("next=a?b"), SMALL, "a second question mark"),
        kept("slash-and-colon-in-a-value", "url.encoding", short("next=https://a/b"), SMALL,
             "slashes and a colon that travel as they are"),
        kept("leading-zero-time", "url.timestamp-unit", SHORT.replace("=17000", "=017000"), SMALL,
             "a zero before the time"),
        kept("longest-query", "url.escapes", short("a=" + "x" * ROOM), SMALL, "a query of 8,192 characters, the longest that is read"),
        kept("most-parameters", "url.escapes", short("&".join(f"a{n}=" for n in range(196))), SMALL,
             "200 parameters, the most that are read"),
    ]
    # fmt: on


def altered() -> list[dict[str, Any]]:
    """A genuine URL with one thing changed; the signature stays."""

    def changed(name: str, about: str, was: str, now: str, what: str) -> dict[str, Any]:
        assert BASIC.count(was) == 1, name
        over = text(BASIC)
        return verified(name, "url.verify url.mac " + about, BASIC.replace(was, now), MISMATCH, signed=over,
                        source=(PLAIN, what))  # fmt: skip

    # fmt: off
    return [
        changed("other-customer", "url.signed-parameters", "Id=4711", "Id=4712", "another customer"),
        changed("other-user", "url.signed-parameters", "userId=17", "userId=18", "another user"),
        changed("other-name", "url.signed-parameters", "Mustermakler", "mustermakler", "one letter of the name"),
        changed("other-token", "url.signed-parameters", "=0123", "=1123", "another token"),
        changed("other-claim", "url.signed-parameters", "=ctg", "=dtg", "another claim"),
        changed("other-cache-id", "url.signed-parameters", "=6802", "=6803", "another cache id"),
        changed("other-time", "url.timestamp", "=1700000000", "=1700000001", "a second more"),
        changed("parameter-dropped", "url.signed-parameters", "&userId=17", "", "a parameter is gone"),
        changed("parameter-added", "url.signed-parameters", "&userId=17", "&userId=17&plan=gold", "one more parameter"),
        changed("empty-parameter-added", "url.empty", "&userId=17", "&userId=17&plan=", "one more, empty, parameter"),
        changed("name-in-another-case", "url.parameters", "customerWebId", "customerwebid", "a name in lower case"),
        changed("value-in-two", "url.encoding", "Mustermakler", "Muster&makler", "an ampersand in a value, not escaped"),
        changed("value-with-plus", "url.encoding", "Mustermakler", "Muster+makler", "a space in a value"),
        changed("other-host", "url.base", "provider.example", "provider.example.evil.example", "another host"),
        changed("other-scheme", "url.scheme", "https", "http", "http instead of https"),
        changed("other-path", "url.path", "/activate?", "/service?", "the path of the service"),
        changed("slash-added", "url.path", "/activate?", "/activate/?", "a slash after the path"),
        changed("path-escaped", "url.path", "/activate?", "/act%69vate?", "a letter of the path is escaped"),
        changed("path-in-another-case", "url.path", "/activate?", "/Activate?", "a capital in the path"),
        changed("host-in-another-case", "url.host", "provider.example", "Provider.example", "a capital in the host"),
        verified("other-secret", "url.verify url.key secret.two", SHORT, MISMATCH, signing=OTHER,
                 source=(SMALL, "signed with another secret")),
        verified("previous-secret", "url.verify secret.rotation secret.immediate", SHORT, MISMATCH,
                 signing="Previous-Provider-Secret-0!", source=(SMALL, "signed with the previous secret")),
        verified("signed-with-the-api-key", "url.verify secret.two", SHORT, MISMATCH,
                 signing="yOJobbhGLXdp90XxvxedFhH7073L9U", source=(SMALL, "signed with an API key")),
        verified("secret-with-line-end", "url.verify url.key", SHORT, MISMATCH, signing=SECRET + "\n",
                 source=(SMALL, "signed with a line end after the secret")),
    ]
    # fmt: on


def misread() -> list[dict[str, Any]]:
    """What was signed follows another reading."""

    def over(name: str, about: str, target: str, reading: str, of: str, what: str) -> dict[str, Any]:
        return verified(name, "url.verify url.mac " + about, target, MISMATCH, signed=text(target, reading),
                        source=(of, what))  # fmt: skip

    umlaut, own, many = "worked-space-umlaut-amp", "worked-provider-own-params", "tilde-and-star"
    stars, upper = short("note=%7E%2A"), SHORT.replace("provider", "Provider")
    swapped = f"{BASE}?userId=17&timestamp=1700000000&customerWebId=4711&signature=SIG"
    # fmt: off
    return [
        over("query-signed", "url.base", SHORT, "base=query-only", SMALL, "the query alone is signed"),
        over("path-and-query-signed", "url.base", SHORT, "base=path-and-query", SMALL,
             "path and query are signed, without the origin"),
        over("port-signed", "url.port", SHORT.replace(".example", ".example:8443"), "port=signed", "port",
             "the port is signed"),
        over("space-as-percent-20-signed", "url.encoding", UMLAUT, "encoding=rfc3986", umlaut, "signed with %20"),
        over("tilde-bare-signed", "url.encoding", stars, "encoding=python", many, "signed with a bare tilde"),
        over("star-bare-signed", "url.encoding", stars, "encoding=url-search-params", many, "signed with a bare star"),
        over("encode-uri-component-signed", "url.encoding", stars, "encoding=encode-uri-component", many,
             "signed as encodeURIComponent writes it"),
        over("raw-signed", "url.encoding", UMLAUT.replace("+", "%20"), "encoding=raw", "percent-20",
             "signed as it travels"),
        over("decoded-signed", "url.encoding", UMLAUT, "encoding=decoded", umlaut, "signed without encoding"),
        over("case-insensitive-signed", "url.order", OWN, "order=case-insensitive", own,
             "sorted without regard to case"),
        over("unsorted-signed", "url.order", swapped, "order=as-received", "reordered", "signed as received"),
        over("own-parameters-left-out", "url.own-parameters", OWN, "own-parameters=left-out", own,
             "signed without the provider's own parameters"),
        over("empty-dropped", "url.empty", short("apiToken="), "empty=dropped", "empty-value",
             "signed without the empty parameter"),
        over("slash-dropped", "url.path", SHORT.replace("/activate?", "/activate/?"), "path=slash-dropped",
             "trailing-slash", "signed without the slash after the path"),
        over("host-lowered", "url.host", upper, "host=lower-case", "capital-host", "signed with the host in lower case"),
        verified("signature-signed-too", "url.verify url.signed-parameters url.mac", SHORT, MISMATCH,
                 signed=SHORT_TEXT + "&signature=", source=(SMALL, "an empty signature is signed too")),
        verified("question-mark-missing", "url.verify url.base url.mac", SHORT, MISMATCH,
                 signed=SHORT_TEXT.replace("?", ""), source=(SMALL, "signed without the question mark")),
        verified("html-signed", "url.verify url.html url.mac", SHORT, MISMATCH,
                 signed=SHORT_TEXT.replace("&", "&amp;"), source=(SMALL, "signed with &amp;")),
    ]
    # fmt: on


def respelled() -> list[dict[str, Any]]:
    """URLs as they arrive through lighttpd 1.4.69 with Debian's options, in pairs with what was sent.

    Measured on 2026-11-29: the program itself carried each of them. It decodes escapes that need none, writes the
    others with capital digits, and escapes what may not stand raw, in the query and in the path. The query's values
    are the same, so whoever decodes verifies them; whoever compares bytes does not. The path is signed as it stands.
    """

    def kept(name: str, target: str, of: str = "", **more: Any) -> dict[str, Any]:
        source = (of, "the query arrives as lighttpd respells it") if of else None
        return verified(name, "url.encoding url.any-order", target, accepted(), source=source, **more)

    marks = ("%7E%2A%40%21%27%28%29%24%2C%3A%3B", "~*@!'()$,:%3B")
    address = ("https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%26e%23f", "https://a.example/b?c%3Dd%26e%23f")
    raw = ('[{"a":1}]', "%5B%7B%22a%22:1%7D%5D")
    there = SHORT.replace("/activate?", "/b%c3%bcro/activate?")
    here = there.replace("%c3%bc", "%C3%BC")
    service = (
        "https://provider.example/service?apiClaim=c&customerName=Mustermakler&customerWebId=4711&estateId=42"
        "&groupId=3&imageIds=1,2,3&parameterCacheId=pc-2&timestamp=1700000000&userId=17&signature=SIG"
    )
    # fmt: off
    return [
        kept("respelled-umlaut", UMLAUT.replace("%2F", "/"), "worked-space-umlaut-amp"),
        kept("respelled-claim", short("apiClaim=a%2Bb/c%3D%3D"), "plus-in-a-value"),
        kept("respelled-list", service, "service"),
        kept("marks-escaped", short(f"note={marks[0]}")),
        kept("respelled-marks", short(f"note={marks[1]}"), "marks-escaped"),
        kept("address-in-a-value", short(f"next={address[0]}")),
        kept("respelled-address", short(f"next={address[1]}"), "address-in-a-value"),
        kept("lower-case-value", short("plan=gold%2f%c3%bc%7e")),
        kept("respelled-lower-case", short("plan=gold/%C3%BC~"), "lower-case-value"),
        kept("raw-json", short(f"products={raw[0]}")),
        kept("respelled-raw-json", short(f"products={raw[1]}"), "raw-json"),
        verified("lower-case-path", "url.path", there, accepted()),
        verified("respelled-path", "url.path url.verify", here, MISMATCH, signed=text(there),
                 source=("lower-case-path", "the path arrives as lighttpd respells it")),
    ]
    # fmt: on


def digests() -> list[dict[str, Any]]:
    """The signature in another form, or made by another function."""
    either = {"digest=any-case": accepted(**returned(SHORT))}
    in_base64 = {"digest=base64": accepted(**returned(SHORT))}

    def bad(name: str, what: str, written: Callable[[bytes], str], by: Any = None) -> dict[str, Any]:
        return verified(name, "url.digest", SHORT, BAD_DIGEST, by, signed=SHORT_TEXT, written=written,
                        source=(SMALL, what))  # fmt: skip

    def wrong(name: str, what: str, written: Callable[[bytes], str]) -> dict[str, Any]:
        return verified(
            name, "url.verify url.mac", SHORT, MISMATCH, signed="x", written=written, source=(SMALL, what)
        )

    key, message = SECRET.encode(), SHORT_TEXT.encode()
    # fmt: off
    return [
        bad("upper-case", "upper-case hex", lambda d: d.hex().upper(), either),
        bad("mixed-case", "one digit is upper case", lambda d: re.sub("[a-f]", lambda m: m[0].upper(), d.hex(), count=1),
            either),
        bad("base64", "the digest in base64", lambda d: quote(base64.b64encode(d).decode(), safe=""), in_base64),
        bad("base64-without-padding", "base64 without its =", lambda d: base64.urlsafe_b64encode(d).decode().rstrip("=")),
        bad("one-digit-short", "63 digits", lambda d: d.hex()[:-1]),
        bad("one-digit-long", "65 digits", lambda d: d.hex() + "0"),
        bad("blank-behind", "a space after it", lambda d: d.hex() + "+"),
        bad("line-end-behind", "a line end after it", lambda d: d.hex() + "%0A"),
        bad("prefixed", "sha256= before it", lambda d: "sha256%3D" + d.hex()),
        bad("not-hex", "the last digit is a g", lambda d: d.hex()[:-1] + "g"),
        bad("wide-digit", "the last digit is a full-width one", lambda d: d.hex()[:-1] + "%EF%BC%90"),
        bad("sha1", "SHA-1 instead of SHA-256", lambda d: hmac.new(key, message, hashlib.sha1).hexdigest()),
        bad("sha512", "SHA-512 instead of SHA-256", lambda d: hmac.new(key, message, hashlib.sha512).hexdigest()),
        wrong("zeros", "64 zeros", lambda d: "0" * 64),
        wrong("last-digit-differs", "the last digit differs",
              lambda d: mac(key, SHORT_TEXT).hex()[:-1] + ("0" if mac(key, SHORT_TEXT).hex()[-1] != "0" else "1")),
        wrong("plain-hash", "SHA-256 of text and secret, no HMAC", lambda d: hashlib.sha256(message + key).hexdigest()),
        wrong("hash-of-secret-first", "SHA-256 of secret and text, no HMAC",
              lambda d: hashlib.sha256(key + message).hexdigest()),
        wrong("key-and-text-exchanged", "the text is the key", lambda d: mac(message, SECRET).hex()),
    ]
    # fmt: on


def returned(url: str) -> dict[str, Any]:
    return {"parameters": [[row[0], row[1]] for row in rows(url)]}


def ambiguous() -> list[dict[str, Any]]:
    """Queries that two readers read differently. The official verifier takes most of them."""
    over = SHORT_TEXT
    genuine = {"parameters": [["customerWebId", "4711"], ["timestamp", "1700000000"], ["userId", "17"]]}

    def doubled(name: str, target: str, what: str, by: Any = None, **more: Any) -> dict[str, Any]:
        return verified(name, "url.repeated url.signed-values", target, REPEATED, by, signed=over,
                        source=(SMALL, what), **more)  # fmt: skip

    def named(
        name: str, target: str, what: str, expect: Expect, by: Any = None, over: str = over
    ) -> dict[str, Any]:
        return verified(
            name, "url.names url.integer-names", target, expect, by, signed=over, source=(SMALL, what)
        )

    last, first, php_only = "repeated=php-compatible", "repeated=first-wins", PHP
    good, bad = accepted(**genuine), MISMATCH
    twice = {php_only: REPEATED}  # what PHP makes of the names occurs twice
    turned = accepted(parameters=[["timestamp", "1700000000"], ["customerWebId", "4711"], ["userId", "17"]])
    numbers = f"{BASE}?9=i&10=x&timestamp=1700000000&signature=SIG"
    in_php = f"{BASE}?9=i&10=x&timestamp=1700000000"
    in_bytes = f"{BASE}?10=x&9=i&timestamp=1700000000"
    counted = accepted(parameters=[["9", "i"], ["10", "x"], ["timestamp", "1700000000"]])
    # fmt: off
    return [
        doubled("stranger-in-front", SHORT.replace("customerWebId", "customerWebId=4712&customerWebId"),
                "another customer in front of the genuine one", {last: good, first: bad}),
        doubled("stranger-behind", SHORT.replace("&userId", "&customerWebId=4712&userId"),
                "another customer after the genuine one", {last: bad, first: good}),
        doubled("the-same-twice", SHORT.replace("&userId", "&customerWebId=4711&userId"), "the genuine customer twice",
                {last: turned, first: good}),
        doubled("signature-in-front", SHORT.replace("?", "?signature=" + "0" * 64 + "&"),
                "a second signature in front", {last: good, first: bad}),
        doubled("signature-behind", SHORT + "&signature=" + "0" * 64, "a second signature at the end",
                {last: bad, first: good}),
        doubled("escaped-name-twice", SHORT.replace("?", "?customerWeb%49d=4712&"),
                "another customer in front, its name escaped", {last: good, first: bad}),
        doubled("time-in-front", SHORT.replace("?", "?timestamp=1700000099&"), "another time in front",
                {last: good, first: bad}),
        named("array-in-front", SHORT.replace("?", "?customerWebId[]=4712&"),
              "an array of the same name in front", BAD_NAME, twice),
        named("array-behind", SHORT.replace("&userId", "&customerWebId[]=4712&userId"),
              "an array of the same name after it", BAD_NAME, twice),
        named("array-in-front-escaped", SHORT.replace("?", "?customerWebId%5B%5D=4712&"),
              "its brackets are escaped", BAD_NAME, twice),
        named("array-signed", short("ids[]=5&ids[]=7"), "an array that was signed as PHP writes it", BAD_NAME,
              {php_only: accepted(parameters=[["ids[0]", "5"], ["ids[1]", "7"], *genuine["parameters"]])},
              over=f"{BASE}?customerWebId=4711&ids%5B0%5D=5&ids%5B1%5D=7&timestamp=1700000000&userId=17"),
        named("array-with-keys", short("ids[b]=5&ids[a]=7"), "an array with keys, of which only the first level is sorted",
              BAD_NAME, {php_only: accepted(parameters=[["ids[b]", "5"], ["ids[a]", "7"], *genuine["parameters"]])},
              over=f"{BASE}?customerWebId=4711&ids%5Bb%5D=5&ids%5Ba%5D=7&timestamp=1700000000&userId=17"),
        named("dot-in-a-name", short("my.param=1"), "a dot, which PHP makes an underscore", BAD_NAME,
              {php_only: accepted(parameters=[["my_param", "1"], *genuine["parameters"]])},
              over=f"{BASE}?customerWebId=4711&my_param=1&timestamp=1700000000&userId=17"),
        named("space-in-a-name", short("my+param=1"), "a space, which PHP makes an underscore", BAD_NAME,
              {php_only: accepted(parameters=[["my_param", "1"], *genuine["parameters"]])},
              over=f"{BASE}?customerWebId=4711&my_param=1&timestamp=1700000000&userId=17"),
        named("renamed-in-front", f"{BASE}?user.Id=18&customerWebId=4711&timestamp=1700000000&user_Id=17&signature=SIG",
              "a name that PHP turns into one that follows", BAD_NAME, twice,
              over=f"{BASE}?customerWebId=4711&timestamp=1700000000&user_Id=17"),
        named("name-empty", short("=x"), "an empty name, which PHP drops", BAD_NAME, {php_only: good}),
        named("name-with-open-bracket", short("a[b=1"), "a bracket that is not closed", BAD_NAME,
              {php_only: accepted(parameters=[["a_b", "1"], *genuine["parameters"]])},
              over=f"{BASE}?a_b=1&customerWebId=4711&timestamp=1700000000&userId=17"),
        named("name-with-nul", short("userId%00x=18"), "a NUL in a name, where PHP ends it", BAD_NAME, twice),
        named("number-as-name", short("7=x"), "a name that is a number", BAD_NAME,
              {php_only: accepted(parameters=[["7", "x"], *genuine["parameters"]]), OLD_PHP: bad,
               "integer-names=as-text": accepted(parameters=[["7", "x"], *genuine["parameters"]])},
              over=f"{BASE}?7=x&customerWebId=4711&timestamp=1700000000&userId=17"),
        named("number-behind-the-others", short("7=x"), "a name that is a number, signed as PHP 8.1 does", BAD_NAME,
              {php_only: bad, "integer-names=as-text": bad,
               OLD_PHP: accepted(parameters=[["7", "x"], *genuine["parameters"]])},
              over=f"{BASE}?customerWebId=4711&timestamp=1700000000&userId=17&7=x"),
        named("numbers-behind-the-others", numbers, "names that are numbers, sorted by value after the others as PHP 8.1 does",
              BAD_NAME, {php_only: bad, OLD_PHP: counted, "integer-names=as-text": bad},
              over=f"{BASE}?timestamp=1700000000&9=i&10=x"),
        named("numbers-as-php-sorts", numbers, "names that are numbers, sorted by value", BAD_NAME,
              {php_only: counted, OLD_PHP: bad, "integer-names=as-text": bad}, over=in_php),
        named("numbers-as-texts", numbers, "names that are numbers, sorted as texts", BAD_NAME,
              {php_only: bad, "integer-names=as-text": counted}, over=in_bytes),
        named("negative-number-as-name", short("-3=x"), "a negative number", BAD_NAME,
              {php_only: accepted(parameters=[["-3", "x"], *genuine["parameters"]]),
               "integer-names=as-text": accepted(parameters=[["-3", "x"], *genuine["parameters"]])},
              over=f"{BASE}?-3=x&customerWebId=4711&timestamp=1700000000&userId=17"),
        named("power-as-name", short("1e1=x"), "a number with an exponent", BAD_NAME,
              {php_only: accepted(parameters=[["1e1", "x"], *genuine["parameters"]]),
               "integer-names=as-text": accepted(parameters=[["1e1", "x"], *genuine["parameters"]])},
              over=f"{BASE}?1e1=x&customerWebId=4711&timestamp=1700000000&userId=17"),
    ]
    # fmt: on


def broken() -> list[dict[str, Any]]:
    """What cannot be read, and what is missing."""

    def changed(
        name: str, about: str, target: str, expect: Expect, what: str, by: Any = None, over: str = SHORT_TEXT,
        **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        return verified(name, about, target, expect, by, signed=over, source=(SMALL, what), **more)

    without_time = f"{BASE}?customerWebId=4711&userId=17"
    thirteen = SHORT.replace("=1700000000", "=1700000000000")
    in_ms = {"timestamp-unit=milliseconds": accepted(parameters=rows_of(thirteen), timestamp=NOW)}
    long = short("a=" + "x" * 8_192)
    many = short("&".join(f"a{n}=1" for n in range(200)))
    longer, more = short("a=" + "x" * (ROOM + 1)), short("&".join(f"a{n}=" for n in range(197)))
    zeros = SHORT.replace("=1700000000", "=0001700000000")

    def at(stamp: str) -> tuple[str, str]:
        target = SHORT.replace("=1700000000", "=" + stamp)
        return target, text(target)

    # fmt: off
    return [
        changed("signature-missing", "url.verify url.appended", SHORT_TEXT, MISSING, "no signature"),
        changed("signature-empty", "url.verify url.appended", SHORT_TEXT + "&signature=", EMPTY, "an empty signature"),
        changed("signature-in-capitals", "url.verify url.appended", SHORT.replace("signature", "Signature"), MISSING,
                "the parameter is named Signature"),
        changed("no-query", "url.verify url.appended", BASE, MISSING, "no query at all"),
        changed("time-missing", "url.timestamp", without_time + "&signature=SIG", MISSING, "no timestamp, which was not signed",
                over=without_time),
        changed("time-empty", "url.timestamp", SHORT.replace("=1700000000", "="), EMPTY, "an empty timestamp",
                over=SHORT_TEXT.replace("=1700000000", "=")),
        changed("damaged-by-html", "url.html url.timestamp", SHORT.replace("&timestamp", "%C3%97tamp"), MISSING,
                "&timestamp was decoded as HTML, as in the German document"),
        changed("ampersand-as-html", "url.html url.timestamp", SHORT.replace("&t", "&amp;t"), MISSING,
                "&amp; was not decoded"),
        changed("milliseconds", "url.timestamp-unit", thirteen, MILLISECONDS, "milliseconds, signed", in_ms,
                over=text(thirteen)),
        changed("thirteen-digits-with-zeros", "url.timestamp-unit", zeros, MILLISECONDS, "thirteen digits, three of them zeros in front",
                {"timestamp-unit=milliseconds": STALE}, over=text(zeros)),
        changed("digest-wrong-and-time-missing", "url.digest", f"{without_time}&signature=00", BAD_DIGEST,
                "a signature of two digits and no timestamp: the signature is looked at first"),
        changed("time-wrong-and-altered", "url.timestamp-unit", SHORT.replace("=1700000000", "=x").replace("17&", "18&"), BAD_TIME,
                "the time is a word and a user is another: the form of the time is looked at first"),
        changed("milliseconds-not-signed", "url.timestamp-unit", thirteen, MILLISECONDS, "milliseconds, not signed",
                {"timestamp-unit=milliseconds": MISMATCH}),
        *(changed(f"time-{name}", "url.timestamp-unit", at(stamp)[0], BAD_TIME, f"the time is {what}", over=at(stamp)[1])
          for name, stamp, what in [
              ("negative", "-1700000000", "negative"), ("with-plus", "%2B1700000000", "written with a plus"),
              ("with-point", "1700000000.5", "a fraction"), ("with-space", "1700000000+", "followed by a space"),
              ("in-words", "now", "a word"), ("in-hex", "0x6553f100", "hexadecimal"),
              ("in-wide-digits", "%EF%BC%91%EF%BC%97", "of full-width digits"),
              ("as-date", "2023-11-14T22%3A13%3A20Z", "a date"), ("too-long", "17000000000000", "of fourteen digits"),
          ]),
        changed("escape-cut-off", "url.escapes", short("a=%4"), BAD, "an escape is cut off"),
        changed("escape-not-hex", "url.escapes", short("a=%zz"), BAD, "an escape is no hex",
                over=SHORT_TEXT.replace("?", "?a=%25zz&")),
        changed("percent-alone", "url.escapes", short("a=100%"), BAD, "a percent sign stands alone",
                over=SHORT_TEXT.replace("?", "?a=100%25&")),
        changed("not-utf-8", "url.escapes", short("a=%FF%FE"), BAD, "bytes that are not UTF-8, signed as they are",
                over=SHORT_TEXT.replace("?", "?a=%FF%FE&")),
        changed("overlong-utf-8", "url.escapes", short("a=%C0%AF"), BAD, "a slash in two bytes",
                over=SHORT_TEXT.replace("?", "?a=%C0%AF&")),
        changed("surrogate-in-utf-8", "url.escapes", short("a=%ED%A0%80"), BAD, "half of a surrogate pair",
                over=SHORT_TEXT.replace("?", "?a=%ED%A0%80&")),
        changed("bare-umlaut", "url.base", short("a=\u00fc"), BAD_BASE, "a letter outside ASCII that is not escaped",
                over=SHORT_TEXT.replace("?", "?a=%C3%BC&")),
        changed("bare-space", "url.base", short("a=b c"), BAD_BASE, "a space that is not escaped",
                over=SHORT_TEXT.replace("?", "?a=b+c&")),
        changed("bare-line-end", "url.base", SHORT + "\n", BAD_BASE, "a line end after the URL"),
        changed("too-long", "url.escapes", long, TOO_LARGE, "a query over 8,192 characters", over=text(long)),
        changed("longer-query", "url.escapes", longer, TOO_LARGE, "a query of 8,193 characters", over=text(longer)),
        changed("more-parameters", "url.escapes", more, TOO_LARGE, "201 parameters", over=text(more)),
        changed("too-many", "url.escapes", many, TOO_LARGE, "over 200 parameters", over=text(many)),
        changed("no-path", "url.path", SHORT.replace("/activate?", "?"), BAD_BASE, "no path",
                over=SHORT_TEXT.replace("/activate?", "?")),
        changed("no-scheme", "url.base", SHORT.removeprefix("https:"), BAD_BASE, "no scheme"),
        changed("target-only", "url.base", SHORT.removeprefix("https://provider.example"), BAD_BASE,
                "the target of the request, without the origin"),
        changed("port-too-high", "url.port", SHORT.replace(".example", ".example:65536"), BAD_BASE,
                "a port that does not exist, which PHP refuses too"),
        changed("port-of-six-digits", "url.port url.base", SHORT.replace(".example", ".example:000443"), BAD_BASE,
                "a port of six digits, which PHP refuses too"),
        changed("no-host", "url.base", SHORT.replace("provider.example", ""), BAD_BASE, "no host"),
        changed("other-protocol", "url.base", SHORT.replace("https", "ftp"), BAD_BASE, "another protocol",
                over=SHORT_TEXT.replace("https", "ftp")),
        changed("empty-text", "url.base", "", BAD_BASE, "nothing at all"),
    ]
    # fmt: on


def rows_of(url: str) -> list[list[str]]:
    return [[row[0], row[1]] for row in rows(url)]


def timed() -> list[dict[str, Any]]:
    """The age of a URL that is otherwise right; the clock stands at NOW."""

    def at(name: str, seconds: int, expect: Expect | Accepted, what: str) -> dict[str, Any]:
        target = SHORT.replace("1700000000", str(NOW + seconds))
        return verified(name, "url.tolerance url.limited-use", target, expect, source=(SMALL, what))

    return [
        at("second-old", -1, accepted(), "made a second ago"),
        at("two-minutes-old", -120, accepted(), "made 120 seconds ago"),
        at("over-two-minutes-old", -121, accepted(), "made 121 seconds ago"),
        at("five-minutes-old", -300, accepted(), "made 300 seconds ago, the last that is accepted"),
        at("over-five-minutes-old", -301, STALE, "made 301 seconds ago"),
        at("day-old", -86_400, STALE, "made a day ago"),
        at("as-printed-in-english", 123_456_789 - NOW, STALE, "the time printed in the English document"),
        at("as-printed-in-german", 1_234_569 - NOW, STALE, "the time printed in the German document"),
        at("zero", -NOW, STALE, "made in 1970"),
        at("two-minutes-ahead", 120, accepted(), "120 seconds ahead, the last that is accepted"),
        at("over-two-minutes-ahead", 121, FUTURE, "121 seconds ahead"),
        at("hour-ahead", 3_600, FUTURE, "an hour ahead: a time zone"),
        at("twelve-digits", 999_999_999_999 - NOW, FUTURE, "the largest number that is read"),
        verified("stale-and-altered", "url.verify url.mac", SHORT.replace("=17&", "=18&").replace("1700000000", "1600000000"),
                 MISMATCH, signed=SHORT_TEXT.replace("1700000000", "1600000000"),
                 source=(SMALL, "stale and altered: it is altered, not stale")),
    ]  # fmt: skip


def narrow() -> list[dict[str, Any]]:
    """A tolerance of 60 seconds back and none ahead is given."""

    def at(name: str, seconds: int, expect: Expect | Accepted, what: str) -> dict[str, Any]:
        target = SHORT.replace("1700000000", str(NOW + seconds))
        return verified(name, "url.tolerance", target, expect, source=(SMALL, what, *also), times=False)

    also = ("given.tolerance", "input.target")
    return [
        at("given-minute", -60, accepted(), "made 60 seconds ago, where 60 are allowed"),
        at("given-over-a-minute", -61, STALE, "made 61 seconds ago, where 60 are allowed"),
        at("given-ahead", 1, FUTURE, "a second ahead, where none is allowed"),
    ]


def with_secret(name: str, secret: str) -> dict[str, Any]:
    return verified(name, "url.key", SHORT, accepted(), secret=secret)


# --- string_to_sign, sign_url -----------------------------------------------------------------


def to_sign(
    name: str, about: str, target: str, expect: Expect | None = None, by: Any = None,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return one vector without any key: a URL and the text that is signed for it."""

    def whole(value: str | Expect) -> Expect:
        return {"verdict": "accepted", "returns": {"text": value}} if isinstance(value, str) else value

    answer = whole(expect or text(target))
    found = {} if expect else {reading: whole(text(target, reading)) for reading in TEXTUAL}
    found |= {reading: whole(value) for reading, value in by_older_php(by).items()}
    return {
        "id": f"onoffice/string_to_sign/{name}",
        "clauses": clauses(about),
        "input": {"target": target},
        "stages": [] if expect else stages(target),
        "expect": answer,
        "by_reading": readings({reading: value for reading, value in found.items() if value != answer}),
        **derived("onoffice", "string_to_sign", source),
    }


def texts() -> list[dict[str, Any]]:
    php_only = PHP
    unsigned = {name: url.removesuffix("&signature=SIG") for name, url in
                (("basic", BASIC), ("umlaut", UMLAUT), ("own", OWN), ("short", SHORT))}  # fmt: skip
    # fmt: off
    return [
        to_sign("worked-activation-basic", "url.base url.order url.encoding", unsigned["basic"]),
        to_sign("worked-space-umlaut-amp", "url.encoding", unsigned["umlaut"]),
        to_sign("worked-provider-own-params", "url.own-parameters url.order", unsigned["own"]),
        to_sign("sheet-port", "url.port url.order", "http://127.0.0.1:8080/activate?b=2&a=1"),
        to_sign("sheet-space", "url.encoding", "https://provider.example/p?n=a%20b"),
        to_sign("sheet-plus", "url.encoding", "https://provider.example/p?n=a+b",
                source=("sheet-space", "the space travels as +")),
        to_sign("sheet-lower-case-escape", "url.encoding", "https://provider.example/p?n=%c3%bc"),
        to_sign("sheet-tilde", "url.encoding", "https://provider.example/p?n=~"),
        to_sign("sheet-escaped-tilde", "url.encoding", "https://provider.example/p?n=%7E",
                source=("sheet-tilde", "the tilde travels escaped")),
        to_sign("sheet-no-equals-sign", "url.empty", "https://provider.example/p?flag"),
        to_sign("sheet-semicolon", "url.encoding", "https://provider.example/p?a=1;b=2"),
        to_sign("sheet-capital-signature", "url.signed-parameters", "https://provider.example/p?Signature=1&a=2"),
        to_sign("sheet-signature-only", "url.base url.signed-parameters", "https://provider.example/p?signature=00"),
        to_sign("no-query", "url.base", "https://provider.example/p"),
        to_sign("signature-left-out", "url.signed-parameters", unsigned["short"] + "&signature=00",
                source=("short", "a signature, which does not count")),
        to_sign("short", "url.base", unsigned["short"]),
        to_sign("capitals-first", "url.order", "https://provider.example/p?a=1&_=2&B=3&A=4&b=5&-=6"),
        to_sign("every-ascii-mark", "url.encoding",
                "https://provider.example/p?n=" + quote("".join(map(chr, range(32, 127))), safe="")),
        to_sign("control-characters", "url.encoding", "https://provider.example/p?n=%00%01%09%0A%0D%1B%7F"),
        to_sign("all-lengths-of-utf-8", "url.encoding", "https://provider.example/p?n=" + quote("aé漢🏢")),
        to_sign("sheet-duplicate", "url.repeated", "https://provider.example/p?n=1&n=2", REPEATED,
                {"repeated=php-compatible": "https://provider.example/p?n=2",
                 "repeated=first-wins": "https://provider.example/p?n=1"},
                source=("sheet-space", "n occurs twice")),
        to_sign("sheet-array", "url.names", "https://provider.example/p?ids[]=5&ids[]=7", BAD_NAME,
                {php_only: "https://provider.example/p?ids%5B0%5D=5&ids%5B1%5D=7"},
                source=("sheet-space", "an array")),
        to_sign("sheet-array-order-kept", "url.names", "https://provider.example/p?ids[1]=5&ids[0]=7", BAD_NAME,
                {php_only: "https://provider.example/p?ids%5B1%5D=5&ids%5B0%5D=7"},
                source=("sheet-space", "an array with numbers for keys")),
        to_sign("sheet-dot", "url.names", "https://provider.example/p?my.param=1", BAD_NAME,
                {php_only: "https://provider.example/p?my_param=1"},
                source=("sheet-space", "a dot in the name")),
        to_sign("sheet-empty-name", "url.names", "https://provider.example/p?=x", BAD_NAME,
                {php_only: "https://provider.example/p?"},
                source=("sheet-space", "an empty name")),
        to_sign("sheet-not-utf-8", "url.escapes", "https://provider.example/p?n=%FF%FE", BAD,
                source=("sheet-space", "bytes that are no UTF-8")),
        to_sign("port-too-high", "url.port", "https://provider.example:65536/p?n=a%20b", BAD_BASE,
                source=("sheet-space", "a port that does not exist")),
        to_sign("sheet-no-path", "url.path", "https://provider.example?a=1", BAD_BASE,
                source=("sheet-space", "no path")),
        to_sign("numbers", "url.integer-names", "https://provider.example/p?10=a&9=b", BAD_NAME,
                {php_only: "https://provider.example/p?9=b&10=a",
                 "integer-names=as-text": "https://provider.example/p?10=a&9=b"},
                source=("sheet-space", "numbers for names")),
        to_sign("numbers-among-names", "url.integer-names", "https://provider.example/p?10=a&9=b&c=1&_=2&-3=d", BAD_NAME,
                {php_only: "https://provider.example/p?-3=d&9=b&10=a&_=2&c=1",
                 OLD_PHP: "https://provider.example/p?-3=d&_=2&c=1&9=b&10=a",
                 "integer-names=as-text": "https://provider.example/p?-3=d&10=a&9=b&_=2&c=1"},
                source=("sheet-space", "numbers for names among others; PHP 8.1 and 8.2 differ")),
        to_sign("plus-and-digit", "url.integer-names", "https://provider.example/p?%2B5=a", BAD_NAME,
                {php_only: "https://provider.example/p?%2B5=a", "integer-names=as-text": "https://provider.example/p?%2B5=a"},
                source=("sheet-space", "a plus sign and a digit for a name, which is a number")),
        to_sign("leading-zero", "url.integer-names", "https://provider.example/p?01=a", BAD_NAME,
                {php_only: "https://provider.example/p?01=a", "integer-names=as-text": "https://provider.example/p?01=a"},
                source=("sheet-space", "a number with a leading zero for a name")),
        to_sign("digit-and-letter", "url.integer-names", "https://provider.example/p?b=1&5x=a&0x5=c&1_0=d",
                source=("sheet-space", "names that only begin with a digit")),
        to_sign("minus-and-letter", "url.integer-names", "https://provider.example/p?b=1&-x=a&--1=b&%2Bx=c",
                source=("sheet-space", "names that only begin with a sign")),
        to_sign("marks-in-names", "url.names", "https://provider.example/p?]=1&%3Da=2&a]=3&%E2%82%AC=4&'=5",
                source=("sheet-space", "names with marks that PHP leaves as they are")),
        to_sign("control-in-a-name", "url.names", "https://provider.example/p?a%1F=1", BAD_NAME,
                {php_only: "https://provider.example/p?a%1F=1"},
                source=("sheet-space", "a name with the last of the control characters below the blank")),
        to_sign("delete-in-a-name", "url.names", "https://provider.example/p?a%7F=1", BAD_NAME,
                {php_only: "https://provider.example/p?a%7F=1"},
                source=("sheet-space", "a name with the control character 7F")),
        to_sign("other-marks-in-names", "url.names", "https://provider.example/p?a%E2%80%8B=1&a%C2%80=2&a%C2%A0=3&%EF%BC%97=4&a%EF%BF%BF=5",
                source=("sheet-space", "names with a zero-width space, a control character beyond ASCII, a no-break space, a full-width digit")),
        to_sign("name-of-two-kinds", "url.names", "https://provider.example/p?7=1&a.b=2", BAD_NAME,
                {php_only: "https://provider.example/p?7=1&a_b=2", OLD_PHP: "https://provider.example/p?a_b=2&7=1"},
                source=("sheet-space", "a number, then a dot: all names are read for marks first")),
        to_sign("scheme-in-capitals", "url.scheme", "HTTPS://provider.example/p?n=a%20b",
                source=("sheet-space", "the scheme in capitals, which stay")),
        to_sign("port-empty", "url.port", "https://provider.example:/p?n=a%20b",
                source=("sheet-space", "a colon without a port")),
        to_sign("port-with-zeros", "url.port", "https://provider.example:00443/p?n=a%20b",
                source=("sheet-space", "a port of five digits, with zeros")),
        to_sign("port-of-six-digits", "url.port", "https://provider.example:000443/p?n=a%20b", BAD_BASE,
                source=("sheet-space", "a port of six digits, which PHP refuses")),
        to_sign("port-of-letters", "url.base", "https://provider.example:8o/p?n=a%20b", BAD_BASE,
                source=("sheet-space", "a port that is no number")),
        to_sign("two-at-signs", "url.port", "https://a:b@c@provider.example/p?n=a%20b",
                source=("sheet-space", "user info with a colon and an at sign")),
        to_sign("address-of-six", "url.base", "https://[2001:db8::1]:8443/p?n=a%20b",
                source=("sheet-space", "an address in brackets, with a port")),
        to_sign("host-with-escape", "url.base", "https://pro%76ider.example/p?n=a%20b", BAD_BASE,
                source=("sheet-space", "an escape in the host")),
        to_sign("question-mark-behind-the-fragment", "url.base", "https://provider.example/p#a?n=b",
                source=("sheet-space", "the fragment begins before the question mark: there is no query")),
        to_sign("question-mark-only", "url.base", "https://provider.example/p?",
                source=("sheet-space", "a question mark with nothing behind it")),
    ]
    # fmt: on


def sign(
    name: str,
    about: str,
    target: str,
    *,
    secret: str = SECRET,
    expect: Expect | None = None,
    by: Any = None,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Return one vector of signing: the URL as given with its signature appended."""

    def whole(reading: str = "") -> Expect:
        key = key_of(secret, reading)
        if key is None:
            return BAD
        whole_url, mark, fragment = target.partition("#")
        query = whole_url.partition("?")[2]
        glue = "?" if "?" not in whole_url else "" if not query or query.endswith("&") else "&"
        made = mac(key, text(target, reading)).hex()
        return {
            "verdict": "accepted",
            "returns": {"url": f"{whole_url}{glue}signature={made}{mark}{fragment}"},
        }

    answer = expect or whole()
    found = {} if expect else {reading: whole(reading) for reading in [*TEXTUAL, *KEYS]}
    return {
        "id": f"onoffice/sign_url/{name}",
        "clauses": clauses(about),
        "input": {"target": target},
        "stages": [] if expect else stages(target),
        "expect": answer,
        "by_reading": readings({r: value for r, value in (found | (by or {})).items() if value != answer}),
        **derived("onoffice", "sign_url", source),
    }


def signed_urls() -> list[dict[str, Any]]:
    one = SHORT_TEXT
    # fmt: off
    return [
        sign("worked-activation-basic", "url.mac url.digest url.appended", BASIC.removesuffix("&signature=SIG")),
        sign("worked-space-umlaut-amp", "url.mac url.encoding", UMLAUT.removesuffix("&signature=SIG")),
        sign("worked-provider-own-params", "url.mac url.order", OWN.removesuffix("&signature=SIG")),
        sign("short", "url.mac url.appended", one),
        sign("as-given", "url.appended url.order", f"{BASE}?b=2&a=%7e+x&timestamp=1700000000"),
        sign("no-query", "url.appended", BASE),
        sign("empty-query", "url.appended", BASE + "?"),
        sign("empty-query-and-fragment", "url.appended", BASE + "?#top"),
        sign("no-query-and-fragment", "url.appended", BASE + "#top?"),
        sign("without-a-time", "url.appended", f"{BASE}?Signature=x&timestamp="),
        sign("ampersand-at-the-end", "url.appended", one + "&"),
        sign("question-mark-at-the-end", "url.appended", one + "&next=a?"),
        sign("fragment", "url.appended url.port", one + "#top"),
        sign("port", "url.port", one.replace(".example", ".example:8443")),
        sign("port-too-high", "url.port", one.replace(".example", ".example:99999"), expect=BAD_BASE,
             source=("short", "a port that does not exist")),
        sign("signed-already", "url.verify", one + "&signature=00", expect=REPEATED,
             source=("short", "a signature is there already")),
        sign("duplicate", "url.repeated", one + "&userId=18", expect=REPEATED,
             by={"repeated=php-compatible": signed_with(one + "&userId=18", "18"),
                 "repeated=first-wins": signed_with(one + "&userId=18", "17")},
             source=("short", "userId occurs twice")),
        sign("no-path", "url.path", "https://provider.example?a=1", expect=BAD_BASE, source=("short", "no path")),
        sign("signed-already-and-a-number", "url.integer-names", one + "&signature=00&7=x", expect=BAD_NAME,
             by={PHP: REPEATED, OLD_PHP: REPEATED, "integer-names=as-text": REPEATED},
             source=("short", "a signature is there already, and a name is a number: the names are looked at first")),
    ]
    # fmt: on


def signed_with(url: str, user: str) -> Expect:
    made = mac(SECRET.encode(), SHORT_TEXT.replace("userId=17", f"userId={user}")).hex()
    return {"verdict": "accepted", "returns": {"url": f"{url}&signature={made}"}}


# --- api_hmac ---------------------------------------------------------------------------------

DO, GET = (f"urn:onoffice-de-ns:smart:2.5:smartml:action:{action}" for action in ("do", "get"))
API_KEY = "yOJobbhGLXdp90XxvxedFhH7073L9U"


def called(
    name: str, about: str, expect: str | Expect | None = None, source: Any = None, **changes: Any
) -> dict[str, Any]:
    values = {"token": "mgjIQkNRnaqggVzy9cZW", "api_key": API_KEY, "timestamp": 123456789,
              "resource_type": "estateCategories", "action_id": GET, "version": 2} | changes  # fmt: skip
    if expect is None:
        key = values["api_key"].encode()
        if values["version"] == 2:
            parts = [str(values["timestamp"]), values["token"], values["resource_type"], values["action_id"]]
            expect = base64.b64encode(mac(key, "".join(parts))).decode()
        else:
            written = values.get("parameters") or {}
            inner = json.dumps(dict(sorted(written.items())), separators=(",", ":")).replace("/", "\\/")
            fields = [
                values["token"],
                values["action_id"],
                values.get("identifier", ""),
                values.get("resource_id", ""),
            ]
            fields += [values["api_key"], str(values["timestamp"]), values["resource_type"]]
            message = ",".join(["[]" if inner == "{}" else inner, *fields])
            expect = md5(key + md5(message.encode()).encode())
    answer = {"verdict": "accepted", "returns": {"hmac": expect}} if isinstance(expect, str) else expect
    return {
        "id": f"onoffice/api_hmac/{name}",
        "clauses": clauses(about),
        "input": values,
        "stages": [],
        "expect": answer,
        "by_reading": {},
        **derived("onoffice", "api_hmac", source),
    }


def md5(value: bytes) -> str:
    return hashlib.md5(value, usedforsecurity=False).hexdigest()


def deep(most: int) -> dict[str, Any]:
    """Return an object that is so many objects and lists deep."""
    inner: Any = "x"
    for _ in range(most - 1):
        inner = [inner]
    return {"a": inner}


def calls() -> list[dict[str, Any]]:
    worked, old = "worked-sdk", "worked-version-1"
    tester = {"token": "token", "api_key": "secret", "timestamp": 100, "resource_type": "type", "action_id": "action",
              "version": 1, "identifier": "identifier", "resource_id": "1"}  # fmt: skip
    unlock = {"resource_type": "unlockProvider", "action_id": DO, "timestamp": NOW}
    rest = "token,action,identifier,1,secret,100,type"
    controls = '{"a":"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f \x7f\\u0080\\u2028<>&\'"}'  # written by json_encode of PHP 8.2
    by_php_controls = md5(b"secret" + md5(f"{controls},{rest}".encode()).encode())
    by_php_empty = md5(b"secret" + md5(f'{{"a":[],"b":[],"c":[[]]}},{rest}'.encode()).encode())
    # fmt: off
    return [
        called(worked, "api.hmac", "dsvg3r4AFcQXges0MZ+3auzQVfnEB39pLkKSgmm9Wvg="),
        called("worked-reference", "api.hmac", "F9OXyaJv7p+bLkwGDGV7ZUmfYgjH2E24zpsxY5/nVDk=", token="dX5hkIIU6W",
               api_key="dhY8h7FeU9"),
        called("unlock", "api.hmac api.action unlock.call", **unlock),
        called("unlock-with-parameters", "api.hmac api.hmac-coverage", source=("unlock", "parameters, which are not covered"),
               parameters={"parameterCacheId": "pc-1"}, **unlock),
        called("unlock-with-identifier", "api.hmac api.hmac-coverage", source=("unlock", "identifier and resource id, which are not covered",
                                                              "input.identifier", "input.resource_id"),
               identifier="x", resource_id="1", **unlock),
        called("one-second-later", "api.hmac api.one-clock api.timestamp", source=(worked, "a second later"), timestamp=123456790),
        called("digits-move", "api.hmac api.hmac-coverage", "dsvg3r4AFcQXges0MZ+3auzQVfnEB39pLkKSgmm9Wvg=",
               source=(worked, "a digit moves from the time into the token: nothing separates them",
                       "input.timestamp", "input.token"),
               timestamp=12345678, token="9mgjIQkNRnaqggVzy9cZW"),
        called("other-token", "api.hmac", source=(worked, "another token"), token="ngjIQkNRnaqggVzy9cZW"),
        called("other-key", "api.hmac secret.two", source=(worked, "the provider secret instead of the API key"),
               api_key=SECRET),
        called("other-action", "api.hmac", source=(worked, "another action"), action_id=DO),
        called("type-not-ascii", "api.hmac", source=(worked, "a type with an umlaut"), resource_type="straße"),
        called("key-not-ascii", "api.hmac", source=(worked, "a key with an umlaut"), api_key="schlüssel-mit-ümlaut"),
        called("time-as-text", "api.hmac api.timestamp", source=(worked, "the time is a text"), timestamp="123456789"),
        called("time-with-zeros", "api.hmac api.timestamp", source=(worked, "the time is a text with zeros in front, which stay"),
               timestamp="000123456789"),
        called("time-of-twelve-digits", "api.hmac api.timestamp", source=(worked, "the largest time that is read"),
               timestamp=999_999_999_999),
        called("time-in-milliseconds", "api.timestamp", refused("timestamp-in-milliseconds", "time"),
               source=(worked, "thirteen digits"), timestamp=1_234_567_890_123),
        called("time-in-milliseconds-as-text", "api.timestamp", refused("timestamp-in-milliseconds", "time"),
               source=(worked, "a text of thirteen digits"), timestamp="0000123456789"),
        called("time-of-fourteen-digits", "api.timestamp", BAD_TIME, source=(worked, "fourteen digits"),
               timestamp=12_345_678_901_234),
        called("time-empty", "api.timestamp", BAD_TIME, source=(worked, "an empty time"), timestamp=""),
        called("time-with-sign", "api.timestamp", BAD_TIME, source=(worked, "a sign in front of the time"), timestamp="-123456789"),
        called("time-with-fraction", "api.timestamp", BAD_TIME, source=(worked, "a text with a dot"), timestamp="123456789.5"),
        called("token-empty", "api.hmac", source=(worked, "an empty token, about which the HMAC says nothing"), token=""),
        called("version-2-float", "api.hmac-coverage api.hmac", source=(worked, "parameters that version 1 refuses"),
               parameters={"7": 1.5}),
        called("version-and-time-wrong", "api.timestamp", BAD_TIME, timestamp="x", version=3,
               source=(worked, "version and time are wrong: the time is looked at first", "input.timestamp", "input.version")),
        called("key-empty", "api.hmac unlock.key", EMPTY_SECRET, source=(worked, "an empty key"), api_key=""),
        called("version-3", "api.hmac-version", refused("not-allowed"), source=(worked, "a version that does not exist"),
               version=3),
        called("version-0", "api.hmac-version", refused("not-allowed"), source=(worked, "a version that does not exist"),
               version=0),
        called(old, "api.hmac-v1", "7e0bb4b6ceb4b3cff609524e416f2ac3", parameters={"paramKey": "paramValue"}, **tester),
        called("version-1-no-parameters", "api.hmac-v1", source=(old, "no parameters"), **tester),
        called("version-1-two-parameters", "api.hmac-v1", source=(old, "two parameters, which are sorted"),
               parameters={"b": "2", "a": "1"}, **tester),
        called("version-1-slash", "api.hmac-v1", source=(old, "a slash, which PHP escapes"),
               parameters={"url": "https://a/b"}, **tester),
        called("version-1-umlaut", "api.hmac-v1", source=(old, "an umlaut, which PHP escapes"),
               parameters={"name": "Müller 🏢"}, **tester),
        called("version-1-quote", "api.hmac-v1", source=(old, "quotes and a backslash"),
               parameters={"name": '"a\\b"'}, **tester),
        called("version-1-number", "api.hmac-v1", source=(old, "a whole number, true and null"),
               parameters={"n": 1, "t": True, "z": None}, **tester),
        called("version-1-list", "api.hmac-v1", source=(old, "a list and an object"),
               parameters={"list": [1, "2"], "object": {"b": 1, "a": 2}}, **tester),
        called("version-1-float", "api.hmac-v1", refused("wrong-type"), source=(old, "a float, which must be a text"),
               parameters={"n": 1.5}, **tester),
        called("version-1-number-as-name", "api.hmac-v1", BAD, source=(old, "a number for a name: PHP makes a list"),
               parameters={"0": "a"}, **tester),
        called("version-1-numbers-as-names", "api.hmac-v1", BAD, source=(old, "numbers for names, which PHP sorts by value"),
               parameters={"9": "b", "10": "a"}, **tester),
        called("version-1-decimal-as-name", "api.hmac-v1", BAD, source=(old, "a decimal for a name, which PHP sorts by value"),
               parameters={"1.5": "a", "b": "c"}, **tester),
        called("version-1-blank-number-as-name", "api.hmac-v1", BAD, source=(old, "a number with a blank, a number for PHP too"),
               parameters={" 7": "a"}, **tester),
        called("version-1-list-inside", "api.hmac-v1", BAD, source=(old, "the names 0 and 1 inside, of which PHP makes a list"),
               parameters={"a": [{"b": {"0": "x", "1": "y"}}]}, **tester),
        called("version-1-number-inside", "api.hmac-v1", source=(old, "a number for a name inside, where nothing is sorted"),
               parameters={"a": {"7": "x"}}, **tester),
        called("version-1-number-and-letter", "api.hmac-v1", source=(old, "names that only begin with a digit"),
               parameters={"7x": "a", "0x1": "b", "1_0": "c"}, **tester),
        called("version-1-65-bits", "api.hmac-v1", refused("wrong-type"), source=(old, "a number that 64 bits do not hold"),
               parameters={"n": 2**63}, **tester),
        called("version-1-64-bits", "api.hmac-v1", source=(old, "the largest number that 64 bits hold"),
               parameters={"n": 2**63 - 1}, **tester),
        called("version-1-lowest-of-64-bits", "api.hmac-v1", source=(old, "the lowest number that 64 bits hold"),
               parameters={"n": -(2**63)}, **tester),
        called("version-1-below-64-bits", "api.hmac-v1", refused("wrong-type"), source=(old, "a number below those that 64 bits hold"),
               parameters={"n": -(2**63) - 1}, **tester),
        called("version-1-float-inside", "api.hmac-v1", refused("wrong-type"), source=(old, "a float deep inside"),
               parameters={"a": [{"b": [1.5]}]}, **tester),
        called("version-1-float-and-list", "api.hmac-v1", BAD, source=(old, "a float, then an object of which PHP makes a list: names first"),
               parameters={"a": 1.5, "b": {"0": "x"}}, **tester),
        called("version-1-100-deep", "api.hmac-v1", source=(old, "as deep as is read"), parameters=deep(100), **tester),
        called("version-1-101-deep", "api.hmac-v1", BAD, source=(old, "one deeper than is read"), parameters=deep(101), **tester),
        called("version-1-names-sorted-by-bytes", "api.hmac-v1", source=(old, "names that other languages sort otherwise"),
               parameters={"\U0001f3e2": 1, "\uffff": 2, "\xe4": 3, "z": 4, "_": 5, "Z": 6, "": 7, "-": 8, "a b": 9, "a": 10}, **tester),
        called("version-1-controls", "api.hmac-v1",
               source=(old, "control characters, of which PHP leaves 7F"), expect=by_php_controls,
               parameters={"a": "\x00\x01\b\t\n\f\r\x1f \x7f\x80\u2028<>&'"}, **tester),
        called("version-1-order-inside", "api.hmac-v1", source=(old, "names inside stay in their order, numbers too"),
               parameters={"a": {"z": 1, "10": 2, "9": 3, "b": {"1": 4, "0": 5}}}, **tester),
        called("version-1-empty-inside", "api.hmac-v1", expect=by_php_empty,
               source=(old, "an empty object inside, which PHP writes as a list"), parameters={"a": {}, "b": [], "c": [{}]}, **tester),
        called("version-1-token-with-comma", "api.hmac-v1", source=("version-1-no-parameters", "a comma in the token, which is not escaped"),
               **{**tester, "token": "a,b"}),
    ]
    # fmt: on


# --- unlock_answer ----------------------------------------------------------------------------

OK = {"code": 200, "errorcode": 0, "message": "OK"}
PLATFORM, UNEXPECTED = refused("platform-error"), refused("unexpected-answer")


def result(code: int | None = 0, records: Any = None, **elements: Any) -> dict[str, Any]:
    """Return the result of one action, in the shape of the reference."""
    found = [{"id": 0, "type": "", "elements": elements}] if elements else records
    return {"actionid": DO, "resourceid": "", "resourcetype": "unlockProvider", "cacheable": False,
            "identifier": "", "data": {"meta": {"cntabsolute": None}, "records": found} if found else [],
            "status": {"errorcode": code, "message": "OK" if code == 0 else "an error"}}  # fmt: skip


def answer(*results: Any, top: Any = OK) -> dict[str, Any]:
    return {"status": top, "response": {"results": list(results)}}


def error(top: int, code: int | None = None) -> dict[str, Any]:
    """Return an error: what stands at the top, and at the action unless that is None."""
    status = {"code": 500 if top else 200, "errorcode": top, "message": "an error" if top else "OK"}
    return {"status": status} if code is None else answer(result(code), top=status)


GOOD = answer(result(success="success"))


def answered(
    name: str, about: str, body: Any, expect: Expect | None, what: str = "", status: int = 200
) -> dict[str, Any]:
    """Return one vector: what the API answered to unlockProvider, and what a provider makes of it."""
    written_body = body if isinstance(body, (str, bytes)) else json.dumps(body, separators=(",", ":"))
    as_bytes = {"utf8": written_body} if isinstance(written_body, str) else {"hex": written_body.hex()}
    both = ("input.body", "input.status") if status != 200 and body != GOOD else ()
    return {
        "id": f"onoffice/unlock_answer/{name}",
        "clauses": clauses("unlock.answer api.envelopes " + about),
        "input": {"body": as_bytes, "status": status},
        "stages": [],
        "expect": expect or {"verdict": "accepted", "returns": {"success": "success"}},
        "by_reading": {},
        **derived("onoffice", "unlock_answer", ("success", what, *both) if what else None),
    }


def answers() -> list[dict[str, Any]]:
    twice = json.dumps(GOOD)[:-1] + ', "status": ' + json.dumps(OK) + "}"
    unread = {**GOOD, "more": None}
    # fmt: off
    return [
        answered("success", "unlock.result", GOOD, None),
        answered("unknown-member", "unlock.result", unread, None, "a member that nobody knows"),
        *(answered(f"error-{code}-as-documented", "api.errors", error(97, code), PLATFORM, f"{code} at the action, 97 at the top")
          for code in (22, 49, 136, 137, 177, 178, 193, 201, 248)),
        answered("error-mirrored", "api.errors", error(137, 137), PLATFORM, "the action's code at the top too"),
        answered("error-at-the-action-only", "api.errors", error(0, 137), PLATFORM, "no error at the top"),
        answered("error-at-the-top-only", "api.errors", error(41), PLATFORM, "an error at the top, no results"),
        answered("not-authenticated", "api.credentials", error(22), PLATFORM, "status 400 and 22 at the top", 400),
        answered("error-at-the-top-success-below", "", answer(result(success="success"), top=error(97)["status"]), PLATFORM,
                 "an error at the top over an action that succeeded"),
        answered("success-with-status-500", "", GOOD, PLATFORM, "HTTP status 500", 500),
        answered("success-with-status-201", "", GOOD, PLATFORM, "HTTP status 201", 201),
        answered("page-with-status-502", "", "<p>Bad gateway</p>", PLATFORM, "status 502 and a page", 502),
        answered("failure", "unlock.result", answer(result(success="failure")), PLATFORM, "elements.success is failure"),
        answered("success-in-capitals", "unlock.result", answer(result(success="Success")), PLATFORM, "a capital in success"),
        answered("success-as-true", "unlock.result", answer(result(success=True)), PLATFORM, "elements.success is true"),
        answered("result-instead", "unlock.result", answer(result(result="success")), PLATFORM,
                 "elements.result instead of elements.success"),
        answered("no-records", "unlock.result", answer(result()), UNEXPECTED, "no records"),
        answered("records-empty", "unlock.result", answer(result(records=[[]])), UNEXPECTED, "a record that is a list"),
        answered("no-results", "api.results", answer(), UNEXPECTED, "no results"),
        answered("two-results", "api.results", answer(result(success="success"), result(success="success")), UNEXPECTED,
                 "two results for one action"),
        answered("null-beside-the-result", "api.results", answer(None, result(success="success")), UNEXPECTED,
                 "null in front of the result"),
        answered("results-as-object", "api.results", {"status": OK, "response": {"results": {"0": result(success="success")}}},
                 UNEXPECTED, "results is an object"),
        answered("no-response", "api.results", {"status": OK}, UNEXPECTED, "no response"),
        answered("no-status", "", {"response": GOOD["response"]}, UNEXPECTED, "no status at the top"),
        answered("no-status-at-the-action", "", answer({**result(success="success"), "status": None}), UNEXPECTED,
                 "no status at the action"),
        answered("code-as-text", "", answer(result(success="success"), top={**OK, "errorcode": "0"}), UNEXPECTED,
                 "the code at the top is a text"),
        answered("code-as-false", "", answer(result(success="success"), top={**OK, "errorcode": False}), UNEXPECTED,
                 "the code at the top is false"),
        answered("not-json", "", "active", UNEXPECTED, "no JSON"),
        answered("empty", "", "", UNEXPECTED, "an empty body"),
        answered("list", "", [GOOD], UNEXPECTED, "a list around it"),
        answered("null", "", None, UNEXPECTED, "null"),
        answered("name-twice", "", twice, UNEXPECTED, "status occurs twice"),
        *(answered(name, "", json.dumps({**GOOD, "more": 0})[:-2] + more + "}", expect, what) for name, more, expect, what in [
            ("body-100-deep", "[" * 99 + "]" * 99, None, "as deep as is read"),
            ("body-101-deep", "[" * 100 + "]" * 100, UNEXPECTED, "one deeper than is read"),
            ("constant", "NaN", UNEXPECTED, "NaN, which is no JSON"),
            ("number-too-large", "1e400", UNEXPECTED, "a number that no double holds"),
            ("half-a-pair", '"\\ud83c"', UNEXPECTED, "half of a surrogate pair"),
        ]),
        answered("not-utf-8", "", json.dumps(GOOD).replace('"OK"', '"O\xdf"').encode("latin-1"), UNEXPECTED, "a byte that is no UTF-8"),
        answered("object-with-status-500", "", {}, PLATFORM, "HTTP status 500 and an object without a code", 500),
        answered("error-at-the-top-no-status-below", "", answer({**result(), "status": None}, top=error(97)["status"]), PLATFORM,
                 "an error at the top over an action without a status"),
        answered("error-at-the-top-two-results", "api.results", answer(result(137), result(137), top=error(97)["status"]), PLATFORM,
                 "an error at the top over two results"),
        answered("two-results-with-errors", "api.results", answer(result(137), result(137)), UNEXPECTED,
                 "two results with errors, none at the top"),
        answered("code-zero-point-zero", "", json.dumps(GOOD).replace('"errorcode": 0', '"errorcode": 0.0'), None, "0.0, which is 0"),
        answered("code-with-fraction", "", json.dumps(GOOD).replace('"errorcode": 0', '"errorcode": 0.5', 1), PLATFORM,
                 "a code that is a number and not 0"),
        answered("code-negative", "", answer(result(-1)), PLATFORM, "a negative code at the action"),
        answered("code-null-at-the-action", "", answer(result(None)), UNEXPECTED, "null for the code at the action"),
        answered("data-null", "unlock.result", answer({**result(), "data": None}), UNEXPECTED, "null for the data"),
        answered("elements-as-list", "unlock.result", answer(result(records=[{"elements": ["success"]}])), PLATFORM, "elements is a list"),
        answered("second-record", "unlock.result",
                 answer(result(records=[{"elements": {"success": "success"}}, {"elements": {"success": "failure"}}])), None,
                 "a second record, which is not looked at"),
        answered("bytes-mark", "", "\ufeff" + json.dumps(GOOD), UNEXPECTED, "a byte order mark in front"),
    ]
    # fmt: on


# --- the file ---------------------------------------------------------------------------------


def groups() -> list[dict[str, Any]]:
    umlaut, hexes, padded = "Geheimnis-mit-Ümlaut-und-Zahl-3!", "00ff00ff", "c2VjcmV0LWtleQ=="
    at = {"now": NOW}
    verify, by_key = "onoffice.verify_url", {"secret": SECRET}
    long = "a-module-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256"
    hexed = verified("secret-hex-decoded", "url.verify url.key url.mac", SHORT, MISMATCH, secret=hexes,
                     signing=bytes.fromhex(hexes), source=("secret-of-hex-digits", "the key is what the digits stand for"))  # fmt: skip
    based = verified("secret-base64-decoded", "url.verify url.key url.mac", SHORT, MISMATCH, secret=padded,
                     signing=base64.b64decode(padded), source=("secret-of-base64", "the key is what the base64 stands for"))  # fmt: skip
    none = verified("secret-empty", "url.key secret.empty", SHORT, EMPTY_SECRET, signing=b"", signed=SHORT_TEXT,
                    source=(SMALL, "the secret is empty, and it was signed so", "given.secret", "input.target"))  # fmt: skip
    first = verified("secret-empty-and-no-path", "url.key secret.empty", SHORT.replace("/activate?", "?"), EMPTY_SECRET,
                     source=(SMALL, "the secret is empty and there is no path: the secret is looked at first", "given.secret", "input.target"))  # fmt: skip
    # fmt: off
    listed: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = [
        ("genuine", verify, by_key | at, genuine()),
        ("altered", verify, by_key | at, altered()),
        ("misread", verify, by_key | at, misread()),
        ("digests", verify, by_key | at, digests()),
        ("respelled", verify, by_key | at, respelled()),
        ("ambiguous", verify, by_key | at, ambiguous()),
        ("broken", verify, by_key | at, broken()),
        ("times", verify, by_key | at, timed()),
        ("narrow-times", verify, by_key | at | {"tolerance": [60, 0]}, narrow()),
        ("secret-within-the-policy", verify, {"secret": OTHER} | at, [with_secret("secret-within-the-policy", OTHER)]),
        ("secret-not-ascii", verify, {"secret": umlaut} | at, [with_secret("secret-not-ascii", umlaut)]),
        ("secret-longer-than-a-block", verify, {"secret": long} | at, [with_secret("secret-longer-than-a-block", long)]),
        ("secret-of-hex-digits", verify, {"secret": hexes} | at, [with_secret("secret-of-hex-digits", hexes), hexed]),
        ("secret-of-base64", verify, {"secret": padded} | at, [with_secret("secret-of-base64", padded), based]),
        ("secret-empty", verify, {"secret": ""} | at, [none, first]),
        ("texts", "onoffice.string_to_sign", {}, texts()),
        ("signed-urls", "onoffice.sign_url", by_key, signed_urls()),
        ("signed-with-hex-digits", "onoffice.sign_url", {"secret": hexes}, [
            sign("secret-of-hex-digits", "url.key", SHORT_TEXT, secret=hexes)]),
        ("signed-with-nothing", "onoffice.sign_url", {"secret": ""}, [
            sign("secret-empty", "url.key secret.empty", SHORT_TEXT, expect=EMPTY_SECRET, source=("short", "the secret is empty"))]),
        ("calls", "onoffice.api_hmac", {}, calls()),
        ("answers", "onoffice.unlock_answer", {}, answers()),
    ]
    # fmt: on
    return [
        {"id": f"onoffice/{name}", "operation": operation, "given": given, "vectors": vectors}
        for name, operation, given, vectors in listed
    ]


if __name__ == "__main__":
    main(
        "onoffice",
        "Python's hmac, hashlib, base64, json and urllib",
        "Every secret and every API key in this file is public on purpose and protects nothing.",
        groups(),
    )
