"""Writes RetailCRM's vectors.json, without the package.

    python tests/vectors/make_retailcrm.py            write the file
    python tests/vectors/make_retailcrm.py --print    write it to standard output

Every vector of a registration gives the raw body and the JSON text inside it, written by hand with the
places of key and token marked. Tokens come from `hmac`, form escapes from `urllib`. What a vector
expects (verdict, reason, stage, what is returned and covered) is written by hand too, from the clauses
and readings of spec.toml; nothing of the package is asked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote, quote_plus

from common import Expect, derived, main, refused

SECRET = "secret"
KEY = "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff"  # both are in the tests of official modules
SYSTEM = "https://newaccount.simla.com"
FORM = "application/x-www-form-urlencoded"
WORKED = "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f"
DOMAINS = ("retailcrm.ru", "retailcrm.pro", "retailcrm.es", "retailcrm.io")
DOMAINS += ("simla.com", "simla.io", "simlachat.com", "ecomlogic.com")
OFFICIAL = [f"https://*.{domain}" for domain in DOMAINS]


def digest(secret: str | bytes, message: str) -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def stages(*named: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "utf8": text, "length": len(text.encode())} for name, text in named]


# --- expectations -----------------------------------------------------------------------------


MISMATCH = refused("signature-mismatch", "message")
NO_REGISTER = refused("missing-parameter", "form")
EMPTY_REGISTER = refused("empty-parameter", "form")
NO_MEMBER = refused("missing-parameter", "members")
EMPTY_MEMBER = refused("empty-parameter", "members")
NO_TEXT = refused("wrong-type", "members")
BAD_TOKEN = refused("malformed", "token")
# A body or a JSON text that cannot be read, and a key that cannot be used, break before the first stage.
BAD = refused("malformed")
REPEATED = refused("duplicate-parameter")
NO_OBJECT = refused("wrong-type")
TOO_LARGE = refused("too-large")
NO_FORM = refused("wrong-content-type")
EMPTY_SECRET = refused("empty-secret")
EMPTY_KEY = refused("empty-parameter")
NOT_ALLOWED = refused("not-allowed")


class Accepted(dict[str, Any]):
    """What is returned, where it differs from key and address as they were sent."""


def accepted(**changes: Any) -> Accepted:
    return Accepted(changes)


# What a reading other than the adopted one makes of a registration that is right.
OTHERWISE: dict[str, Expect] = {
    "register.encoding=brackets": NO_REGISTER,
    "register.encoding=json-body": NO_FORM,
    "token.value=swapped": MISMATCH,
    "token.key=hex-decoded": BAD,
    "token.key=base64-decoded": BAD,
}
NOT_THE_FORM = {name: OTHERWISE[name] for name in list(OTHERWISE)[:2]}
DECODED = {name: OTHERWISE[name] for name in list(OTHERWISE)[3:]}
OFFICIAL_READERS = ("register.json=last-wins", "register.json=any-case")


def readings(by: dict[str, Any]) -> dict[str, Any]:
    return {f"retailcrm:{name}": by[name] for name in sorted(by)}


def clauses(names: str) -> list[str]:
    return [f"retailcrm:{name}" for name in names.split()]


# --- verify_registration ----------------------------------------------------------------------

PLAIN = "worked-good"
TYPED = ("input.body", "input.content_type")
TEXT = '{"systemUrl":"URL","apiKey":"KEY","token":"TOKEN"}'


def registration(
    name: str,
    about: str,
    expect: Expect | Accepted,
    by: dict[str, Any] | None = None,
    *,
    source: tuple[str, ...] | None = None,
    text: str = TEXT,
    key: str = KEY,
    url: str = SYSTEM,
    names: str = "systemUrl apiKey token",
    secret: str | bytes = SECRET,
    signed: str | None = None,
    token: Any = bytes.hex,
    body: str = "register=S",
    content_type: str = FORM,
    early: bool = False,
    size: int = 0,
) -> dict[str, Any]:
    """Return one vector: in the text URL, KEY and TOKEN stand for the values, in the body S for the text.

    A body with BYTE in it gets the byte 0xFF there and is written in hex. `early` says that it breaks
    before the form is looked at. `size` is how many bytes FILL has to make the body.
    """
    made = token(digest(secret, key if signed is None else signed))
    written = text.replace("URL", url).replace("KEY", key).replace("TOKEN", made)
    raw = body.replace("=S", "=" + quote(written, safe="")).replace("=PLUS", "=" + quote_plus(written))
    raw = raw.replace("RAW", written)
    raw = raw.replace("FILL", "a" * (size - len(raw.encode()) + len("FILL")))
    sent = {"utf8": raw} if "BYTE" not in raw else {"hex": raw.encode().replace(b"BYTE", b"\xff").hex()}
    if by is None:
        by = dict(OTHERWISE) if isinstance(expect, Accepted) else {}
    if body == "register=S" and content_type == FORM and not early:
        by = NOT_THE_FORM | by
    found = [one for one in names.split() if one in ("systemUrl", "apiKey", "token")]
    members = [[one, {"systemUrl": url, "apiKey": key}[one]] for one in found if one != "token"]
    seen: list[dict[str, Any]] = []
    if isinstance(expect, Accepted) or expect == MISMATCH:
        seen = stages(("register", written), ("members", " ".join(found)), ("message", key))

    def whole(expectation: Expect | Accepted) -> Expect:
        if not isinstance(expectation, Accepted):
            return expectation
        returns: dict[str, Any] = {
            "parameters": members,
            "api_key": key,
            "system_url": url,
            "covered": ["apiKey"],
            "not_covered": ["systemUrl"],
        }
        return {"verdict": "accepted", "returns": returns | expectation}

    return {
        "id": f"retailcrm/verify_registration/{name}",
        "clauses": clauses(about),
        "input": {"body": sent, "content_type": content_type},
        "stages": seen,
        "expect": whole(expect),
        "by_reading": readings({reading: whole(other) for reading, other in by.items()}),
        **derived("retailcrm", "verify_registration", source),
    }


def part(name: str, value: str, before: str = "", boundary: str = "b") -> str:
    return f'--{boundary}\r\n{before}Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def genuine() -> list[dict[str, Any]]:
    """What is accepted: the worked values, and every harmless variation of how they travel."""
    multipart = part("register", "RAW") + "--b--\r\n"
    pretty = TEXT.replace("{", "{\n  ").replace(",", ",\n  ").replace(":", ": ").replace("}", "\n}")
    # fmt: off
    return [
        registration(PLAIN, "register.encoding token.value token.message token.digest", accepted()),
        registration("worked-official-test", "token.value token.coverage", accepted(), key="api_key",
                     url="url"),
        registration("token-first", "register.json", accepted(), names="token apiKey systemUrl",
                     text='{"token":"TOKEN","apiKey":"KEY","systemUrl":"URL"}',
                     source=(PLAIN, "the members are in another order")),
        registration("unknown-member", "register.json", accepted(),
                     text=TEXT[:-1] + ',"scopes":["integration_read"]}', source=(PLAIN, "a fourth member")),
        registration("unknown-member-null", "register.json", accepted(),
                     text='{"errorMsg":null,' + TEXT[1:], source=(PLAIN, "a member with null")),
        registration("unknown-member-holds-names", "register.json", accepted(),
                     text='{"more":{"token":"x","apiKey":1},' + TEXT[1:],
                     source=(PLAIN, "a member that holds an object with the same names")),
        registration("escaped-slashes", "register.json", accepted(),
                     text=TEXT.replace("URL", r"https:\/\/newaccount.simla.com"),
                     source=(PLAIN, "the slashes of the address are escaped, as PHP writes them")),
        registration("escaped-letter", "register.json token.message", accepted(),
                     text=TEXT.replace("KEY", r"\u0066" + KEY[1:]),
                     source=(PLAIN, "the first letter of the key is written as an escape")),
        registration("pretty-printed", "register.json", accepted(), text=pretty,
                     source=(PLAIN, "line ends and blanks in the JSON")),
        registration("plus-for-blank", "register.encoding", accepted(), text=pretty, body="register=PLUS",
                     source=("pretty-printed", "blanks are sent as + instead of %20")),
        registration("not-encoded", "register.encoding", accepted(), body="register=RAW",
                     source=(PLAIN, "the JSON is not percent-encoded")),
        registration("name-encoded", "register.encoding", accepted(), body="%72egister=S",
                     source=(PLAIN, "%72 instead of the r of register")),
        registration("register-and-open-bracket", "register.encoding register.once", accepted(),
                     body="register=S&register%5Bx=S&register%5D=S&register.x=S",
                     source=(PLAIN, "three more fields, which PHP does not take for register")),
        registration("another-field", "register.encoding", accepted(), body="register=S&lang=en",
                     source=(PLAIN, "a second form field")),
        registration("empty-piece", "register.encoding", accepted(), body="&register=S&",
                     source=(PLAIN, "an ampersand at each end")),
        registration("type-with-charset", "register.encoding", accepted(), content_type=f"{FORM}; charset=UTF-8",
                     source=(PLAIN, "a charset in the content type")),
        registration("type-in-capitals", "register.encoding", accepted(), content_type=FORM.upper(),
                     source=(PLAIN, "the content type is in capitals")),
        registration("multipart", "register.encoding", accepted(), body=multipart,
                     content_type="multipart/form-data; boundary=b", source=(PLAIN, "a multipart form", *TYPED)),
        registration("multipart-quoted-boundary", "register.encoding", accepted(), body=multipart,
                     content_type='multipart/form-data; boundary="b"',
                     source=("multipart", "the boundary is in quotes")),
        registration("multipart-longest-boundary", "register.encoding", accepted(),
                     body=part("register", "RAW", boundary="b" * 70) + "--" + "b" * 70 + "--\r\n",
                     content_type="multipart/form-data; boundary=" + "b" * 70,
                     source=("multipart", "a boundary of 70 characters", *TYPED)),
        registration("multipart-another-parameter", "register.encoding", accepted(), body=multipart,
                     content_type="Multipart/Form-Data;charset=UTF-8 ;\tBoundary=b",
                     source=("multipart", "capitals, a charset and a tab in the content type")),
        registration("multipart-other-headers", "register.encoding", accepted(),
                     body=multipart.replace("--b\r\n", "--b\r\nContent-Type: text/plain\r\nx\r\n", 1)
                     .replace("Content-Disposition: form-data; name", "content-disposition:Form-Data; Name"),
                     content_type="multipart/form-data; boundary=b",
                     source=("multipart", "two more header lines in the part, and the names in another case")),
        registration("multipart-end-without-line-end", "register.encoding", accepted(), body=multipart[:-2],
                     content_type="multipart/form-data; boundary=b",
                     source=("multipart", "no line end after the last boundary")),
        registration("multipart-line-end-in-a-value", "register.encoding", accepted(), text=TEXT + "\r\n",
                     body=multipart, content_type="multipart/form-data; boundary=b",
                     source=("multipart", "a line end after the JSON")),
        registration("multipart-most-parts", "register.encoding register.size", accepted(),
                     body=part("register", "RAW") + "".join(part(f"{n}", "") for n in range(199)) + "--b--\r\n",
                     content_type="multipart/form-data; boundary=b", source=("multipart", "200 parts")),
        registration("most-fields", "register.encoding register.size", accepted(),
                     body="register=S" + "".join(f"&{n}" for n in range(199)),
                     source=(PLAIN, "200 form fields, 199 of them without an equals sign")),
        registration("fields-that-php-drops", "register.encoding register.once", accepted(), body="register=S&=x&%5Bx=y",
                     source=(PLAIN, "a field without a name, and one whose name PHP drops, since it begins with a bracket")),
        registration("longest-body", "register.encoding register.size", accepted(), body="register=S&a=FILL",
                     size=65_536, source=(PLAIN, "another field makes the body 65,536 bytes long")),
        registration("json-deepest", "register.json", accepted(),
                     text=TEXT[:-1] + ',"a":' + "[" * 99 + '"[[[["' + "]" * 99 + "}",
                     source=(PLAIN, "an unknown member makes the JSON 100 deep")),
        registration("json-large-number", "register.json", accepted(),
                     text=TEXT[:-1] + ',"a":-1.7E+308,"b":1' + "0" * 308 + "}",
                     source=(PLAIN, "unknown members with numbers that a double can just hold")),
        registration("trailing-slash", "token.coverage system-url.path", accepted(), url=SYSTEM + "/",
                     source=(PLAIN, "a slash at the end of the address, which is returned as it came")),
        registration("technical-host", "token.coverage system-url.technical", accepted(),
                     url="https://newaccount.retailcrm.io", source=(PLAIN, "the technical host")),
        registration("worked-other-system-url", "token.coverage", accepted(), url="http://169.254.169.254/",
                     source=(PLAIN, "another address: the token does not cover it")),
        registration("address-of-a-stranger", "token.coverage", accepted(), url="https://evil.example",
                     source=(PLAIN, "another address: the token does not cover it")),
        registration("key-not-ascii", "token.key", accepted(), key="schlüssel-mit-ümlaut"),
        registration("key-not-ascii-escaped", "token.key register.json", accepted(),
                     key="schlüssel-mit-ümlaut",
                     text=TEXT.replace("KEY", r"schl\u00fcssel-mit-\u00fcmlaut"),
                     source=("key-not-ascii", "the two letters are written as escapes")),
    ]
    # fmt: on


def tokens() -> list[dict[str, Any]]:
    """A token in another form, or made of something else."""

    def changed(name: str, expect: Any, what: str, by: Any = None, **more: Any) -> dict[str, Any]:
        about = "token.digest" if expect == BAD_TOKEN else "token.verify token.digest"
        return registration(name, about, expect, by, source=(PLAIN, what), **more)

    def encoded(value: bytes) -> str:
        return base64.b64encode(value).decode()

    either = {"token.digest=any-case": accepted()}
    # fmt: off
    return [
        changed("worked-upper-case", BAD_TOKEN, "upper-case hex", either, token=lambda d: d.hex().upper()),
        changed("mixed-case", BAD_TOKEN, "one hex digit is upper case", either,
                token=lambda d: d.hex().replace("d", "D", 1)),
        changed("worked-base64", BAD_TOKEN, "the digest in base64", {"token.digest=base64": accepted()},
                token=encoded),
        changed("short-token", BAD_TOKEN, "63 hex digits", token=lambda d: d.hex()[:-1]),
        changed("long-token", BAD_TOKEN, "65 hex digits", token=lambda d: d.hex() + "0"),
        changed("blank-at-the-end", BAD_TOKEN, "a blank after the token", token=lambda d: d.hex() + " "),
        changed("line-end-at-the-end", BAD_TOKEN, "a line end after the token",
                token=lambda d: d.hex() + r"\n"),
        changed("prefixed-token", BAD_TOKEN, "sha256= before the token", token=lambda d: "sha256=" + d.hex()),
        changed("token-not-hex", BAD_TOKEN, "the last digit is a g", token=lambda d: d.hex()[:-1] + "g"),
        changed("wide-digit", BAD_TOKEN, "the last digit is a full-width one",
                token=lambda d: d.hex()[:-1] + "\uff10"),
        changed("last-digit-differs", MISMATCH, "the last hex digit differs",
                token=lambda d: d.hex()[:-1] + "e"),
        changed("token-of-zeros", MISMATCH, "a token of zeros", token=lambda d: "0" * 64),
        changed("swapped", MISMATCH, "key and message are exchanged", {"token.value=swapped": accepted()},
                secret=KEY, signed=SECRET),
        changed("plain-hash", MISMATCH, "a plain SHA-256 of key and secret, no HMAC",
                token=lambda d: hashlib.sha256((KEY + SECRET).encode()).hexdigest()),
        changed("sha1", BAD_TOKEN, "SHA-1 instead of SHA-256",
                token=lambda d: hmac.new(SECRET.encode(), KEY.encode(), hashlib.sha1).hexdigest()),
        changed("address-signed-too", MISMATCH, "key and address are signed", signed=KEY + SYSTEM),
        changed("key-with-line-end-signed", MISMATCH, "a line end is signed after the key", signed=KEY + "\n"),
        changed("another-secret", MISMATCH, "signed with another secret", secret="another-module-secret"),
        changed("another-key", MISMATCH, "the key is another one; the token is not", key="another-api-key",
                signed=KEY),
    ]
    # fmt: on


def members() -> list[dict[str, Any]]:
    """The JSON text: its names, their types, what is missing."""
    over_nothing = digest(SECRET, "").hex()

    def changed(
        name: str, about: str, expect: Any, what: str, text: str, by: Any = None, **more: Any
    ) -> dict[str, Any]:
        return registration(name, about, expect, by, source=(PLAIN, what), text=text, **more)

    def last(expect: Any) -> dict[str, Any]:
        return dict.fromkeys(OFFICIAL_READERS, expect)

    no_key = {
        "register.members=empty-key": accepted(api_key="", parameters=[["systemUrl", SYSTEM], ["apiKey", ""]])
    }
    # fmt: off
    return [
        changed("token-missing", "register.members", NO_MEMBER, "no token", '{"systemUrl":"URL","apiKey":"KEY"}'),
        changed("address-missing", "register.members", NO_MEMBER, "no systemUrl",
                '{"apiKey":"KEY","token":"TOKEN"}'),
        changed("key-missing", "register.members", NO_MEMBER, "no apiKey; the token is over nothing",
                '{"systemUrl":"URL","token":"TOKEN"}', no_key, token=lambda d: over_nothing),
        changed("worked-empty-key", "register.members", EMPTY_MEMBER, "an empty apiKey; the token is over nothing",
                '{"systemUrl":"URL","apiKey":"","token":"TOKEN"}', no_key, token=lambda d: over_nothing),
        changed("token-empty", "register.members", EMPTY_MEMBER, "an empty token",
                '{"systemUrl":"URL","apiKey":"KEY","token":""}'),
        changed("address-empty", "register.members", EMPTY_MEMBER, "an empty systemUrl",
                '{"systemUrl":"","apiKey":"KEY","token":"TOKEN"}'),
        changed("token-null", "register.members", NO_MEMBER, "the token is null",
                '{"systemUrl":"URL","apiKey":"KEY","token":null}'),
        changed("token-number", "register.members", NO_TEXT, "the token is a number",
                '{"systemUrl":"URL","apiKey":"KEY","token":42}'),
        changed("token-true", "register.members", NO_TEXT, "the token is true",
                '{"systemUrl":"URL","apiKey":"KEY","token":true}'),
        changed("token-list", "register.members", NO_TEXT, "the token is in a list",
                '{"systemUrl":"URL","apiKey":"KEY","token":["TOKEN"]}'),
        changed("key-number", "register.members", NO_TEXT, "the key is a number; its digits are signed",
                '{"systemUrl":"URL","apiKey":42,"token":"TOKEN"}', signed="42"),
        changed("address-object", "register.members", NO_TEXT, "systemUrl is an object",
                '{"systemUrl":{},"apiKey":"KEY","token":"TOKEN"}'),
        changed("several-members-wrong", "register.members", NO_MEMBER,
                "no systemUrl, and the token is a number", '{"apiKey":"","token":42}', names="apiKey token"),
        changed("number-and-empty", "register.members", NO_TEXT, "systemUrl is a number, and the key empty",
                '{"systemUrl":42,"apiKey":"","token":"TOKEN"}'),
        changed("key-holds-nul", "token.nul", BAD, "a NUL at the end of the key, which is signed",
                TEXT.replace("KEY", KEY + r"\u0000"), signed=KEY + "\0"),
        changed("names-in-another-case", "register.members register.json", NO_MEMBER, "Token instead of token",
                '{"systemUrl":"URL","apiKey":"KEY","Token":"TOKEN"}', {"register.json=any-case": accepted()}),
        changed("token-twice-last-right", "register.json", REPEATED, "a wrong token before the right one",
                '{"token":"0","systemUrl":"URL","apiKey":"KEY","token":"TOKEN"}', last(accepted()),
                names="token systemUrl apiKey"),
        changed("token-twice-first-right", "register.json", REPEATED, "a wrong token after the right one",
                TEXT[:-1] + ',"token":"' + "0" * 64 + '"}', last(MISMATCH)),
        changed("address-twice", "register.json", REPEATED, "a second systemUrl",
                TEXT[:-1] + ',"systemUrl":"https://evil.example"}',
                last(accepted(system_url="https://evil.example",
                              parameters=[["systemUrl", "https://evil.example"], ["apiKey", KEY]]))),
        changed("token-twice-in-two-cases", "register.json", accepted(), "a wrong Token after the right token",
                TEXT[:-1] + ',"Token":"' + "0" * 64 + '"}', OTHERWISE | {"register.json=any-case": MISMATCH}),
        changed("unknown-member-twice", "register.json", REPEATED, "an unknown member occurs twice",
                TEXT[:-1] + ',"a":1,"a":2}', last(accepted())),
        changed("json-cut-off", "register.json", BAD, "the closing brace is missing", TEXT[:-1]),
        changed("json-comma-at-the-end", "register.json", BAD, "a comma before the closing brace",
                TEXT[:-1] + ",}"),
        changed("json-single-quotes", "register.json", BAD, "single quotes", TEXT.replace('"', "'")),
        changed("json-nan", "register.json", BAD, "a member with NaN, which is not JSON", TEXT[:-1] + ',"a":NaN}'),
        changed("json-lone-surrogate", "register.json token.message", BAD, "half of a surrogate pair in the key",
                TEXT.replace("KEY", r"\ud83c")),
        changed("unknown-member-holds-a-name-twice", "register.json", REPEATED,
                "a name occurs twice in an object inside an unknown member",
                TEXT[:-1] + ',"a":[{"b":1,"\\u0062":1}]}', last(accepted())),
        changed("json-name-twice-and-cut-off", "register.json", BAD, "a name occurs twice, and the closing brace is missing",
                TEXT[:-1] + ',"token":"TOKEN"'),
        changed("json-too-deep", "register.json", BAD, "an unknown member makes the JSON 101 deep",
                TEXT[:-1] + ',"a":' + "[" * 100 + "]" * 100 + "}", last(accepted())),
        changed("json-number-too-large", "register.json", BAD, "an unknown member with a number that no double can hold",
                TEXT[:-1] + ',"a":1e309}', last(accepted())),
        changed("json-control-character", "register.json", BAD, "a raw tab inside a text", TEXT[:-1] + ',"a":"\t"}'),
        changed("json-blank", "register.json", BAD, "a blank instead of JSON", " "),
        changed("json-list", "register.json", NO_OBJECT, "a list around the object", f"[{TEXT}]"),
        changed("json-text", "register.json", NO_OBJECT, "a text instead of an object", '"TOKEN"'),
        changed("json-bytes-mark", "register.json", BAD, "a byte order mark before the object", "\ufeff" + TEXT),
        changed("json-null", "register.json", NO_OBJECT, "null instead of an object", "null"),
    ]
    # fmt: on


def forms() -> list[dict[str, Any]]:
    """The form around the JSON text."""
    brackets = "register%5Btoken%5D=TOKEN&register%5BapiKey%5D=KEY&register%5BsystemUrl%5D=" + quote(
        SYSTEM, safe=""
    )
    brackets = brackets.replace("TOKEN", WORKED).replace("KEY", KEY)
    pairs = [["apiKey", KEY], ["systemUrl", SYSTEM]]

    def changed(
        name: str,
        expect: Any,
        what: str,
        by: Any = None,
        about: str = "register.encoding",
        fields: tuple[str, ...] = (),
        **more: Any,
    ) -> dict[str, Any]:
        return registration(name, about, expect, by, source=(PLAIN, what, *fields), **more)

    # fmt: off
    return [
        changed("brackets", NO_REGISTER, "one form field for each member, as the page names them",
                {"register.encoding=json-body": NO_FORM,
                 "register.encoding=brackets": accepted(parameters=pairs)}, body=brackets),
        changed("json-body", NO_FORM, "the body is the JSON object",
                {"register.encoding=json-body": accepted()}, body="RAW", content_type="application/json",
                fields=TYPED),
        changed("json-body-as-form", NO_REGISTER, "the body is the JSON object, sent as a form", JSON_ONLY,
                body="RAW"),
        changed("json-in-json", NO_FORM, "the body is a JSON object that holds register",
                {"register.encoding=json-body": NO_MEMBER}, body='{"register":RAW}',
                content_type="application/json", fields=TYPED),
        changed("body-empty", NO_REGISTER, "an empty body", JSON_ONLY, body=""),
        changed("register-missing", NO_REGISTER, "the field is named registration", JSON_ONLY, body="registration=S"),
        changed("register-in-capitals", NO_REGISTER, "the field is named Register", JSON_ONLY, body="Register=S"),
        changed("register-empty", EMPTY_REGISTER, "an empty field", NOT_THE_FORM, body="register="),
        changed("register-twice", REPEATED, "the field occurs twice", JSON_ONLY,
                "register.once register.encoding", body="register=S&register=S"),
        changed("another-field-twice", REPEATED, "another field occurs twice", JSON_ONLY,
                "register.once register.encoding", body="register=S&a=1&a=2"),
        *(changed(f"register-and-{name}", REPEATED, f"a second field, {what}, which PHP takes for register",
                  JSON_ONLY | {"register.encoding=brackets": brackets_say}, "register.once register.encoding",
                  body=f"register=S&{written}=S")
          for name, what, written, brackets_say in [
              ("nul", "register and a NUL", "register%00", NO_REGISTER),
              ("nul-and-more", "register, a NUL and an x", "register%00x", NO_REGISTER),
              ("blank", "a blank and register", "%20register", NO_REGISTER),
              ("plus", "a plus sign and register", "+register", NO_REGISTER),
              ("index", "register[x]", "register%5Bx%5D", NO_MEMBER),
              ("list", "register[]", "register[]", NO_MEMBER),
          ]),
        changed("nameless-and-blank", REPEATED, "a field without a name, and one with a blank for a name, both of which PHP drops",
                JSON_ONLY | {"register.encoding=brackets": NO_REGISTER}, "register.once register.encoding",
                body="register=S&=x&%20=y"),
        changed("nul-before-register", REPEATED, "register and a NUL before the field, which PHP takes for register",
                JSON_ONLY | {"register.encoding=brackets": NO_REGISTER}, "register.once register.encoding",
                body="register%00=S&register=S"),
        changed("encoded-twice", BAD, "the JSON is percent-encoded twice", NOT_THE_FORM,
                "register.json register.encoding", body="register=" + quote(quote(WORKED_TEXT, safe=""), safe="")),
        changed("type-missing", NO_FORM, "no content type", content_type=""),
        changed("type-text", NO_FORM, "the content type is text/plain", content_type="text/plain"),
        changed("type-multipart-without-boundary", NO_FORM, "a multipart form without a boundary",
                content_type="multipart/form-data"),
        changed("type-multipart-long-boundary", NO_FORM, "a boundary of 71 characters",
                content_type="multipart/form-data; boundary=" + "b" * 71,
                body=part("register", "RAW", boundary="b" * 71) + "--" + "b" * 71 + "--\r\n", fields=TYPED),
        changed("type-multipart-empty-boundary", NO_FORM, "an empty boundary",
                content_type='multipart/form-data; boundary=""', body=MULTIPART, fields=TYPED),
        changed("type-multipart-comma", NO_FORM, "a comma in the boundary, where PHP ends it",
                content_type="multipart/form-data; boundary=b,c",
                body=part("register", "RAW", boundary="b,c") + "--b,c--\r\n", fields=TYPED),
        changed("type-multipart-two-boundaries", NO_FORM, "two boundaries",
                content_type="multipart/form-data; boundary=b; boundary=b", body=MULTIPART, fields=TYPED),
        *(changed(f"multipart-{name}", expect, what, JSON_ONLY, body=written, fields=TYPED,
                  content_type="multipart/form-data; boundary=b")
          for name, expect, what, written in [
              ("preamble", BAD, "a line before the first boundary", "x\r\n" + MULTIPART),
              ("not-ended", BAD, "no boundary at the end", MULTIPART.removesuffix("--b--\r\n")),
              ("epilogue", BAD, "a letter after the end", MULTIPART + "x"),
              ("empty", BAD, "no part", "--b--\r\n"),
              ("too-many-parts", TOO_LARGE, "201 parts",
               part("register", "RAW") + "".join(part(f"{n}", "") for n in range(200)) + "--b--\r\n"),
              ("file", BAD, "register is a file",
               MULTIPART.replace('"register"', '"register"; filename="a"')),
              ("nameless", BAD, "a part without a name", part("register", "RAW") + "--b\r\n\r\nx\r\n--b--\r\n"),
              ("headers-behind-blank-line", BAD, "an empty line before the header lines of the part, which ends them",
               MULTIPART.replace("--b\r\n", "--b\r\n\r\n", 1)),
              ("named-twice", BAD, "a part with two names",
               part("register", "RAW", 'Content-Disposition: form-data; name="register"\r\n') + "--b--\r\n"),
              ("name-without-quotes", BAD, "a name without quotes", MULTIPART.replace('"register"', "register")),
              ("boundary-in-a-value", BAD, "another field has the boundary at the beginning of a line",
               part("a", "x\r\n--bx") + MULTIPART),
              ("line-ends", BAD, "lines that end with a line feed alone", MULTIPART.replace("\r\n", "\n")),
              ("not-utf8", BAD, "another field that is not UTF-8", part("a", "BYTE") + MULTIPART),
          ]),
        changed("multipart-register-twice", REPEATED, "a multipart form with two parts register", JSON_ONLY,
                "register.once register.encoding", body=part("register", "RAW") + MULTIPART,
                content_type="multipart/form-data; boundary=b", fields=TYPED),
        changed("multipart-register-missing", NO_REGISTER, "a multipart form whose name is percent-encoded", JSON_ONLY,
                body=MULTIPART.replace("register", "%72egister"), content_type="multipart/form-data; boundary=b",
                fields=TYPED),
        changed("body-too-long", TOO_LARGE, "another field makes the body 65,537 bytes long", JSON_ONLY,
                "register.encoding register.size", body="register=S&a=FILL", size=65_537),
        changed("bare-non-ascii-in-too-many", BAD, "201 form fields, one of them with a letter outside ASCII", JSON_ONLY,
                body="register=S" + "&a=" * 199 + "&a=\u00fc"),
        changed("broken-escape", BAD, "an incomplete percent escape at the end", JSON_ONLY, body="register=S%7"),
        changed("broken-escape-in-another-field", BAD, "an incomplete percent escape in another field", JSON_ONLY,
                body="register=S&a=%7"),
        changed("not-utf8", BAD, "escaped bytes that are not UTF-8", JSON_ONLY, body="register=S%ff"),
        changed("bare-non-ascii", BAD, "a letter outside ASCII that is not percent-encoded", JSON_ONLY,
                body="register=S&a=\u00fc"),
        changed("too-many-fields", TOO_LARGE, "201 form fields", JSON_ONLY, "register.encoding register.size",
                body="register=S" + "&a=" * 200),
    ]
    # fmt: on


MULTIPART = part("register", "RAW") + "--b--\r\n"
JSON_ONLY = {"register.encoding=json-body": NO_FORM}
WORKED_TEXT = TEXT.replace("URL", SYSTEM).replace("KEY", KEY).replace("TOKEN", WORKED)


# --- registration_token -----------------------------------------------------------------------


def token(
    name: str, about: str, by: dict[str, Any] | None = None, *, key: str = KEY, secret: str = SECRET,
    expect: Expect | None = None, source: tuple[str, ...] | None = None,
) -> dict[str, Any]:  # fmt: skip
    def whole(value: bytes | Expect) -> Expect:
        if not isinstance(value, bytes):
            return value
        return {"verdict": "accepted", "returns": {"token": value.hex()}}

    if by is None:
        by = {} if expect else DECODED | {"token.value=swapped": digest(key, secret)}
    return {
        "id": f"retailcrm/registration_token/{name}",
        "clauses": clauses(about),
        "input": {"api_key": key},
        "stages": [] if expect else stages(("message", key)),
        "expect": expect or whole(digest(secret, key)),
        "by_reading": readings({reading: whole(other) for reading, other in by.items()}),
        **derived("retailcrm", "registration_token", source),
    }


# --- canonical_system_url ---------------------------------------------------------------------

URL_PLAIN = "worked-blabla"


def address(
    name: str, about: str, url: str, expect: Expect | str, source: tuple[str, ...] | None = None
) -> dict[str, Any]:
    named = [*about.split(), *(["system-url.parts"] if expect == BAD else []), "system-url.allowed"]
    named = list(dict.fromkeys(named))
    answer = {"verdict": "accepted", "returns": {"url": expect}} if isinstance(expect, str) else expect
    return {
        "id": f"retailcrm/canonical_system_url/{name}",
        "clauses": clauses(" ".join(named)),
        "input": {"url": url},
        "stages": [],
        "expect": answer,
        "by_reading": {},
        **derived("retailcrm", "canonical_system_url", source),
    }


def addresses() -> list[dict[str, Any]]:
    home = "https://blabla.simla.com"

    def changed(name: str, about: str, url: str, expect: Any, what: str) -> dict[str, Any]:
        return address(name, about, url, expect, (URL_PLAIN, what))

    # fmt: off
    return [
        address("worked-asd", "", "https://asd.retailcrm.ru", "https://asd.retailcrm.ru"),
        address(URL_PLAIN, "", home, home),
        address("worked-technical", "system-url.technical", "https://test.retailcrm.io", "https://test.retailcrm.io"),
        address("worked-port", "system-url.port", "https://asd.retailcrm.ru:90", NOT_ALLOWED,
                ("worked-asd", "a port")),
        address("worked-scheme", "system-url.scheme", "http://raisa.retailcrm.es", NOT_ALLOWED,
                (URL_PLAIN, "http, on another account")),
        address("worked-unknown-domain", "", "https://blabla.simlla.com", NOT_ALLOWED,
                (URL_PLAIN, "another letter in the domain")),
        address("worked-domain-as-prefix", "", "https://demo.retailcrm.ru.evil.example", NOT_ALLOWED,
                (URL_PLAIN, "a listed domain in front of another one")),
        address("worked-path", "system-url.path", "https://demo.retailcrm.ru/admin", BAD,
                (URL_PLAIN, "a path, on another account")),
        changed("one-slash", "system-url.path system-url.canonical", home + "/", home, "a slash at the end"),
        changed("two-slashes", "system-url.path system-url.canonical", home + "//", home, "two slashes at the end"),
        changed("host-in-capitals", "system-url.canonical", "https://BlaBla.Simla.COM", home, "capitals in the host"),
        changed("scheme-in-capitals", "system-url.canonical", "HTTPS://blabla.simla.com", home,
                "capitals in the scheme"),
        changed("digits-and-hyphens", "", "https://1-2-3.simla.com", "https://1-2-3.simla.com",
                "digits and hyphens in the label"),
        changed("default-port", "system-url.port", home + ":443", NOT_ALLOWED, "the default port is written"),
        changed("empty-port", "system-url.port", home + ":", BAD, "a colon without a port"),
        changed("port-and-slash", "system-url.port", home + ":443/", NOT_ALLOWED, "the default port and a slash"),
        changed("port-that-there-is-not", "system-url.port", home + ":0123456789", NOT_ALLOWED, "a port of ten digits"),
        changed("port-not-digits", "system-url.port", home + ":4a", BAD, "a letter in the port"),
        changed("hyphen-first", "", "https://-a.simla.com", BAD, "the host begins with a hyphen"),
        changed("hyphen-last-in-a-label", "", "https://a-.simla.com", BAD, "a hyphen at the end of the label"),
        changed("hyphen-first-in-a-label", "", "https://a.-b.simla.com", BAD, "the second label begins with a hyphen"),
        changed("one-letter", "", "https://A.simla.com", "https://a.simla.com", "a label of one letter"),
        changed("slash-and-dot", "system-url.path", home + "/.", BAD, "a path of a dot"),
        changed("escaped-slash", "system-url.path", home + "/%2f", BAD, "a path of an escaped slash"),
        changed("path-with-parameter", "system-url.path", home + "/;a=1", BAD, "a path of a parameter"),
        changed("api-path", "system-url.path", home + "/api/v5", BAD, "the path of the API"),
        changed("query", "system-url.parts", home + "/?a=1", BAD, "a query"),
        changed("empty-query", "system-url.parts", home + "?", BAD, "a question mark"),
        changed("fragment", "system-url.parts", home + "/#a", BAD, "a fragment"),
        changed("empty-fragment", "system-url.parts", home + "#", BAD, "a hash sign"),
        changed("user-info", "system-url.parts", "https://user:password@blabla.simla.com", BAD, "a name and a password"),
        changed("empty-user-info", "system-url.parts", "https://@blabla.simla.com", BAD, "an at sign"),
        changed("allowed-host-as-user", "system-url.parts", home + "@evil.example", BAD,
                "the allowed host is before an at sign"),
        changed("backslash", "system-url.parts", home + "\\@evil.example", BAD,
                "a backslash, which some readers take for a slash"),
        changed("domain-itself", "", "https://simla.com", NOT_ALLOWED, "no label before the domain"),
        changed("two-labels", "", "https://a.blabla.simla.com", NOT_ALLOWED, "two labels before the domain"),
        changed("domain-without-dot", "", "https://blablasimla.com", NOT_ALLOWED, "no dot before the domain"),
        changed("empty-label", "", "https://.simla.com", BAD, "an empty label"),
        changed("two-dots", "", "https://blabla..simla.com", BAD, "two dots in a row"),
        changed("dot-at-the-end", "", home + ".", BAD, "a dot after the host"),
        changed("underscore", "", "https://bla_bla.simla.com", BAD, "an underscore in the label"),
        changed("escaped-dot", "", "https://blabla%2esimla.com", BAD, "an escaped dot"),
        changed("full-width-letter", "", "https://blabla.siml\uff41.com", BAD, "a full-width letter"),
        changed("kelvin-sign", "", "https://\u212a.simla.com", BAD, "a letter that lower case would turn into a k"),
        changed("star", "", "https://*.simla.com", BAD, "the star of the list itself"),
        changed("blank-before", "system-url.scheme", " " + home, BAD, "a blank before the address"),
        changed("line-end-behind", "", home + "\n", BAD, "a line end after the address"),
        changed("tab-inside", "", "https://bla\tbla.simla.com", BAD, "a tab inside the host"),
        changed("nul-behind", "", home + "\0.evil.example", BAD, "a NUL after the allowed host"),
        changed("no-scheme", "system-url.scheme", "blabla.simla.com", BAD, "no scheme"),
        changed("no-scheme-two-slashes", "system-url.scheme", "//blabla.simla.com", BAD, "two slashes instead of a scheme"),
        changed("one-slash-after-scheme", "system-url.scheme", "https:/blabla.simla.com", BAD,
                "one slash after the scheme"),
        changed("another-scheme", "system-url.scheme", "ftp://blabla.simla.com", BAD, "the scheme ftp"),
        changed("scheme-inside", "system-url.scheme", "http://evil.example/https://blabla.simla.com", BAD,
                "https:// is inside another address"),
        address("metadata-address", "system-url.scheme", "http://169.254.169.254/", NOT_ALLOWED,
                (URL_PLAIN, "the address of a cloud's metadata")),
        address("private-address", "", "https://10.0.0.1", NOT_ALLOWED,
                (URL_PLAIN, "an address of a private network")),
        address("version-six-address", "system-url.parts system-url.port", "https://[::1]", BAD,
                (URL_PLAIN, "an address of version six")),
        address("localhost", "", "https://localhost", NOT_ALLOWED,
                (URL_PLAIN, "localhost")),
        address("loopback-with-port", "system-url.scheme system-url.port", "http://127.0.0.1:8000", NOT_ALLOWED,
                (URL_PLAIN, "a loopback address with a port")),
        address("empty", "system-url.scheme", "", BAD,
                (URL_PLAIN, "an empty address")),
        address("only-slashes", "system-url.scheme", "///", BAD,
                (URL_PLAIN, "slashes only")),
    ]
    # fmt: on


def listed_hosts() -> list[dict[str, Any]]:
    """A list of the operator's own: one host of its own box, one exact origin with a port, one of a test."""
    # fmt: off
    return [
        address("own-box", "", "https://crm.box.example/", "https://crm.box.example"),
        address("below-own-box", "", "https://a.crm.box.example", NOT_ALLOWED, ("own-box", "a label before the listed host")),
        address("own-box-with-port", "system-url.port", "https://crm.box.example:443", NOT_ALLOWED,
                ("own-box", "the default port is written, and not listed so")),
        address("listed-port", "system-url.port", "https://ported.box.example:8443", "https://ported.box.example:8443"),
        address("another-port", "system-url.port", "https://ported.box.example:8444", NOT_ALLOWED,
                ("listed-port", "another port")),
        address("listed-port-missing", "system-url.port", "https://ported.box.example", NOT_ALLOWED,
                ("listed-port", "no port")),
        address("listed-port-with-zero", "system-url.port", "https://ported.box.example:08443", NOT_ALLOWED,
                ("listed-port", "a zero before the port")),
        address("listed-loopback", "system-url.scheme", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        address("loopback-over-https", "system-url.scheme system-url.port", "https://127.0.0.1:8000", NOT_ALLOWED,
                ("listed-loopback", "another scheme")),
        address("official-not-listed", "", "https://own.simla.com", NOT_ALLOWED,
                ("own-box", "an official host that this operator does not list")),
    ]
    # fmt: on


def listed_patterns() -> list[dict[str, Any]]:
    """A list with stars: one stands for a label below a domain, by https and without a port."""
    home = "https://a.box.example"
    # fmt: off
    return [
        address("pattern", "", home, home),
        address("pattern-with-port", "system-url.port", "https://a.lan.example:8443", NOT_ALLOWED,
                ("pattern", "a port, which is in the pattern too")),
        address("pattern-by-http", "system-url.scheme", "http://a.test.example", NOT_ALLOWED,
                ("pattern", "http, as in the pattern")),
    ]
    # fmt: on


def star_alone() -> list[dict[str, Any]]:
    """A list with a star that has no domain behind it: it names nothing."""
    # fmt: off
    return [
        address("star-alone", "", "https://localhost", NOT_ALLOWED,
                ("pattern", "a host of one label, and a star without a domain", "given.allowed", "input.url")),
    ]
    # fmt: on


# --- the file ---------------------------------------------------------------------------------


def groups() -> list[dict[str, Any]]:
    verify, make = "retailcrm.verify_registration", "retailcrm.registration_token"
    umlaut, hexes, padded = "geheimnis-mit-ümlaut", "00ff00ff", "c2VjcmV0LWtleQ=="
    long = "a-module-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256"
    both = {"token.key=hex-decoded": MISMATCH, "token.key=base64-decoded": MISMATCH}
    swapped = {"token.value=swapped": digest(KEY, hexes)}
    # fmt: off
    listed: list[tuple[str, str, str | None, list[dict[str, Any]]]] = [
        ("registrations", verify, SECRET, genuine() + tokens() + members() + forms()),
        ("secret-of-two", verify, "example-module-secret", [
            registration("another-module", "token.secret token.value", accepted(), secret="example-module-secret",
                         key="example-api-key"),
            registration("previous-secret", "token.verify token.rotation", MISMATCH, secret="previous-module-secret",
                         key="example-api-key", source=("another-module", "signed with the previous secret")),
        ]),
        ("secret-with-line-end", verify, "secret\n", [
            registration("worked-secret-with-line-end", "token.verify token.key", MISMATCH, {},
                         source=(PLAIN, "the configured secret ends with a line end")),
        ]),
        ("secret-not-ascii", verify, umlaut, [
            registration("secret-not-ascii", "token.key", accepted(), secret=umlaut),
            registration("secret-in-latin-1", "token.verify token.key", MISMATCH, DECODED,
                         secret=umlaut.encode("latin-1"),
                         source=("secret-not-ascii", "the key is the secret in Latin-1")),
        ]),
        ("secret-longer-than-a-block", verify, long, [
            registration("secret-longer-than-a-block", "token.key", accepted(), secret=long),
        ]),
        ("secret-of-hex-digits", verify, hexes, [
            registration("secret-of-hex-digits", "token.key", accepted(), OTHERWISE | both, secret=hexes),
            registration("secret-hex-decoded", "token.verify token.key", MISMATCH,
                         {"token.key=hex-decoded": accepted()}, secret=bytes.fromhex(hexes),
                         source=("secret-of-hex-digits", "the key is the bytes that the hex digits stand for")),
        ]),
        ("secret-of-base64", verify, padded, [
            registration("secret-of-base64", "token.key", accepted(),
                         OTHERWISE | {"token.key=base64-decoded": MISMATCH}, secret=padded),
            registration("secret-base64-decoded", "token.verify token.key", MISMATCH,
                         {"token.key=hex-decoded": BAD, "token.key=base64-decoded": accepted()},
                         secret=base64.b64decode(padded),
                         source=("secret-of-base64", "the key is the bytes that the base64 stands for")),
        ]),
        ("secret-empty", verify, "", [
            registration("worked-empty-secret", "token.empty-secret token.key", EMPTY_SECRET, secret="",
                         early=True, source=(PLAIN, "the secret is empty, and the token was made so", "given.secret",
                                                   "input.body")),
            registration("empty-secret-and-no-form", "token.empty-secret token.key", EMPTY_SECRET, secret="",
                         early=True, content_type="text/plain",
                         source=(PLAIN, "the secret is empty, and the body no form", "given.secret",
                                 "input.body", "input.content_type")),
        ]),
        ("secret-with-nul", verify, "secret\0", [
            registration("secret-with-nul", "token.nul token.key", BAD, secret="secret\0", early=True,
                         source=(PLAIN, "a NUL after the secret: the token is the same")),
        ]),
        ("tokens", make, SECRET, [
            token("worked-good", "token.value token.message token.digest"),
            token("worked-official-test", "token.value", key="api_key"),
            token("key-not-ascii", "token.value token.key", key="schlüssel-mit-ümlaut"),
            token("worked-empty-key", "token.message", key="", expect=EMPTY_KEY,
                  source=("worked-good", "an empty key")),
            token("key-with-nul", "token.nul token.message", key=KEY + "\0", expect=BAD,
                  source=("worked-good", "a NUL after the key")),
        ]),
        ("tokens-secret-not-ascii", make, umlaut, [token("secret-not-ascii", "token.key", secret=umlaut)]),
        ("tokens-secret-longer-than-a-block", make, long, [
            token("secret-longer-than-a-block", "token.key", secret=long)]),
        ("tokens-secret-with-line-end", make, "secret\n", [
            token("secret-with-line-end", "token.key", secret="secret\n")]),
        ("tokens-secret-of-hex-digits", make, hexes, [
            token("secret-of-hex-digits", "token.key",
                  swapped | {"token.key=hex-decoded": digest(bytes.fromhex(hexes), KEY),
                             "token.key=base64-decoded": digest(base64.b64decode(hexes), KEY)}, secret=hexes)]),
        ("tokens-secret-of-base64", make, padded, [
            token("secret-of-base64", "token.key",
                  {"token.value=swapped": digest(KEY, padded), "token.key=hex-decoded": BAD,
                   "token.key=base64-decoded": digest(base64.b64decode(padded), KEY)}, secret=padded)]),
        ("tokens-secret-empty", make, "", [
            token("worked-empty-secret", "token.empty-secret token.key", secret="", expect=EMPTY_SECRET,
                  source=("worked-good", "the secret is empty")),
            token("empty-secret-and-empty-key", "token.empty-secret token.key", secret="", key="", expect=EMPTY_SECRET,
                  source=("worked-good", "secret and key are empty", "given.secret", "input.api_key"))]),
        ("tokens-secret-with-nul", make, "secret\0", [
            token("secret-with-nul", "token.nul token.key", secret="secret\0", expect=BAD,
                  source=("worked-good", "a NUL after the secret"))]),
        ("addresses", "retailcrm.canonical_system_url", None, addresses()),
        ("addresses-of-the-operator", "retailcrm.canonical_system_url", None, listed_hosts()),
        ("addresses-below-patterns", "retailcrm.canonical_system_url", None, listed_patterns()),
        ("addresses-below-a-star-alone", "retailcrm.canonical_system_url", None, star_alone()),
    ]
    # fmt: on
    own = ["https://crm.box.example", "https://ported.box.example:8443", "http://127.0.0.1:8000"]
    stars = ["https://*.box.example", "https://*.lan.example:8443", "http://*.test.example"]
    allowed = {
        "addresses": OFFICIAL,
        "addresses-of-the-operator": own,
        "addresses-below-patterns": stars,
        "addresses-below-a-star-alone": ["https://*"],
    }
    return [
        {
            "id": f"retailcrm/{name}",
            "operation": operation,
            "given": {"allowed": allowed[name]} if secret is None else {"secret": secret},
            "vectors": vectors,
        }
        for name, operation, secret, vectors in listed
    ]


if __name__ == "__main__":
    main(
        "retailcrm",
        "Python's hmac, hashlib, json and urllib",
        "Every secret and every API key in this file is public on purpose and protects nothing.",
        groups(),
    )
