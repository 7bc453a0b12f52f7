"""Forms of a key: each one thing that a secret may have become, as a table."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from html import escape, unescape
from urllib.parse import quote, unquote, unquote_plus

from .digests import loose

_DOLLAR = re.compile(r"\$(?:[0-9$?!#@*-]|\{\w+\}|[A-Za-z_]\w*)", re.ASCII)
PREFIXED = re.compile(
    r"(?:whsec_|sk_live_|sk_test_|sk_|pk_|Bearer |Basic |sha256=|secret[:=] ?|base64:|hex:|0x|text:|plain:|urn:uuid:)(?=.)",
    re.I | re.A,
)
ASSIGNED = re.compile(r"(?:export )?[A-Za-z_][A-Za-z0-9_]{2,}=(?=\s*[^=\s])", re.ASCII)
"""A name and its equals sign, before a value: behind the padding of base64 stands none."""
PLACEHOLDERS = (
    "undefined", "null", "None", "nil", "secret", "changeme", "[object Object]", "[object Promise]", "test",
    "NULL", "false", "true", "0", "Array", "**********", "[REDACTED]", "SECRET", "key", "password",
    "example", "your-secret", "your_secret", "YOUR_SECRET", "<secret>", "${SECRET}", "$SECRET", "%SECRET%",
    "xxx", "todo", "System.Byte[]", "System.Security.SecureString", "process.env.SECRET", "default", "dev",
    "dummy", "NaN",
)  # fmt: skip
_NAMES = ("SECRET=", "secret=", "KEY=", "key=", "SECRET: ", "secret: ", "secret:", "Bearer ", "whsec_", "sha256=", "base64:", "hex:", "0x")  # fmt: skip
_VARIABLES = ("RETAILCRM_SECRET=", "ONE_STEP_CONNECTION_SECRET=", "OFFICERND_SECRET=", "ONOFFICE_SECRET=", "ONOFFICE_PROVIDER_SECRET=", "FORTIS_SECRET=", "INTEGRATION_SECRET=", "PROVIDER_SECRET=", "MODULE_SECRET=", "APP_SECRET=", "API_SECRET=", "CLIENT_SECRET=", "SHARED_SECRET=", "WEBHOOK_SECRET=", "SIGNING_SECRET=", "HMAC_SECRET=", "SECRET_KEY=", "API_KEY=")  # fmt: skip
"""Names of variables under which a secret usually stands in a .env file."""
_STOPS = " \t&|<>()[]{},:.=!\"'`\\%^*?@/+~-_"
_CODE_PAGES = ("cp1251", "cp1252", "cp1250", "koi8-r", "iso-8859-5", "cp866", "iso-8859-2", "iso-8859-15", "cp850", "cp437", "mac-roman", "gbk", "shift-jis")  # fmt: skip


def unquoted_secret(text: str) -> str:
    """Return a text without the quotes around it."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'`" else text


def _hashed(name: str, hexed: bool = True) -> Callable[[str], str | bytes]:
    def made(secret: str) -> str | bytes:
        digest = hashlib.new(name, secret.encode(), usedforsecurity=False)
        return digest.hexdigest() if hexed else digest.digest()

    return made


def _without(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda secret: pattern.sub("", secret, count=1) if pattern.match(secret) else secret


def _hex_beginning(secret: str) -> bytes:
    """Return the bytes of the hex digits up to what is none, as Node's Buffer.from(secret, "hex") does."""
    digits = re.match("(?:[0-9A-Fa-f]{2})+", secret)
    if digits is None or digits[0] == secret:
        raise ValueError
    return bytes.fromhex(digits[0])


def _forgiving(dropped: str) -> Callable[[str], bytes]:
    """Return what decodes base64 as PHP, Python and Node do: what is not of the alphabet is left out."""

    def made(secret: str) -> bytes:
        plain = secret if dropped else secret.replace("-", "+").replace("_", "/")
        plain = re.sub(r"[^A-Za-z0-9+/]", "", plain)
        return loose(plain[:-1] if len(plain) % 4 == 1 else plain)

    return made


def _uuid_bytes(secret: str, dotnet: bool = False) -> bytes:
    """Return the bytes of a UUID; in .NET's order the first three parts are backwards. Raises `ValueError`."""
    digits = re.fullmatch(r"[{(]?([0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12})[)}]?", secret)
    made = bytes.fromhex(digits[1].replace("-", "") if digits else "no UUID")
    return made[3::-1] + made[5:3:-1] + made[7:5:-1] + made[8:] if dotnet else made


def _base32(secret: str) -> bytes:
    plain = secret.upper().rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def _in_code_page(name: str) -> Callable[[str], bytes]:
    return lambda secret: secret.encode(name)


def _misread(name: str) -> Callable[[str], str]:
    return lambda secret: secret.encode().decode(name)


def _in_java_list(secret: str) -> str:
    return "[" + ", ".join(str(byte - 256 if byte > 127 else byte) for byte in secret.encode()) + "]"


def _digits(secret: str) -> str:
    """Return a secret of digits alone; raises `ValueError` for any other."""
    if not (secret.isascii() and secret.isdecimal() and len(secret) < 100):
        raise ValueError
    return secret


FORMS: tuple[tuple[str, Callable[[str], str | bytes], str, int], ...] = (
    ("key-line-end", lambda s: s + "\n", "", 1),
    ("key-crlf", lambda s: s + "\r\n", "", 1),
    ("key-blank", lambda s: s + " ", "", 1),
    ("key-quoted", lambda s: f'"{s}"', "", 1),
    ("key-single-quoted", lambda s: f"'{s}'", "", 1),
    ("key-bom", lambda s: "\ufeff" + s, "", 1),
    ("key-trimmed", lambda s: s.strip("\ufeff \t\r\n"), "", 1),
    ("key-unquoted", lambda s: unquoted_secret(s.strip()), "", 1),
    ("key-prefix", _without(PREFIXED), "without the prefix", 1),
    ("key-prefix", lambda s: loose(_without(PREFIXED)(s)), "without the prefix, base64-decoded", 2),
    ("key-assigned", lambda s: unquoted_secret(_without(ASSIGNED)(s)), "", 1),
    ("key-without-dashes", lambda s: s.replace("-", ""), "", 1),
    ("key-from-hex", bytes.fromhex, "", 1),
    ("key-from-base64", loose, "", 1),
    ("key-to-hex", lambda s: s.encode().hex(), "", 2),
    ("key-to-base64", lambda s: base64.b64encode(s.encode()), "", 2),
    ("key-empty", lambda s: "", "", 2),
    ("key-upper-case", str.upper, "", 1),
    ("key-lower-case", str.lower, "", 1),
    ("key-percent", unquote, "percent-decoded", 1),
    ("key-percent", lambda s: quote(s, safe=""), "percent-encoded", 1),
    ("key-comment", lambda s: s.partition("#")[0].rstrip(), "", 1),
    ("key-comment", lambda s: s.partition(";")[0].rstrip(), "cut at the semicolon", 2),
    ("key-dollar", lambda s: _DOLLAR.sub("", s), "", 1),
    ("key-dollar", lambda s: re.sub(r"\$\{?\w+\}?", "", s), "the whole word behind it", 3),
    ("key-bracketed", lambda s: f"<{s}>", "in angle brackets", 2),
    ("key-bracketed", lambda s: s.strip("<>[]{}"), "The secret given here has the brackets of a placeholder; the key was without them.", 1),
    ("key-bracketed", lambda s: "{" + s + "}", "in braces", 2),
    ("key-bracketed", lambda s: f"[{s}]", "in square brackets", 3),
    ("key-mojibake", lambda s: s.encode().decode("latin-1"), "", 1),
    ("key-dollar", lambda s: s.replace("$$", "$"), "Each $$ in the secret became $.", 3),
    ("key-equals", lambda s: s.rpartition("=")[2] or s.rstrip("="), "", 3),
    ("key-backslashes", lambda s: re.sub(r"\\(.)", r"\1", s), "without backslashes", 1),
    ("key-backslashes", lambda s: re.sub(r"([\\'\"$`!])", r"\\\1", s), "with backslashes", 2),
    ("key-entities", unescape, "unescaped", 1),
    ("key-entities", escape, "escaped", 3),
    ("key-carriage-return", lambda s: s + "\r", "", 1),
    ("key-blank-before", lambda s: " " + s, "", 1),
    ("key-tab", lambda s: s + "\t", "", 1),
    ("key-blank-lines", lambda s: s + "\n\n", "", 2),
    ("key-last-character", lambda s: s[:-1], "without the last character", 2),
    ("key-last-character", lambda s: s[1:], "without the first character", 3),
    ("key-hashed", _hashed("sha256", False), "SHA-256 of the secret", 2),
    ("key-hashed", _hashed("sha256"), "SHA-256 of the secret, in hex", 1),
    ("key-hashed", _hashed("md5"), "MD5 of the secret, in hex", 2),
    ("key-hashed", _hashed("sha1"), "SHA-1 of the secret, in hex", 2),
    ("key-normalised", lambda s: unicodedata.normalize("NFC", s), "as NFC", 2),
    ("key-normalised", lambda s: unicodedata.normalize("NFD", s), "as NFD", 2),
    ("key-latin-1", lambda s: s.encode("latin-1"), "", 1),
    ("key-utf-16", lambda s: s.encode("utf-16-le"), "", 2),
    ("key-doubled", lambda s: s + s, "", 2),
    ("key-cut", lambda s: s[:32], "the first 32 characters", 2),
    ("key-cut", lambda s: s[:16], "the first 16 characters", 2),
    ("key-cut", lambda s: s.encode()[:64], "the first 64 bytes: an HMAC has to hash a longer key", 1),
    *(("key-cut", (lambda s, most=most: s[:most]), f"the first {most} characters", 3) for most in (8, 20, 24, 30, 31, 40, 48, 50, 63, 72, 100, 127, 128, 255)),
    *(("key-cut", (lambda s, stop=stop: s.partition(stop)[0]), f"at the first {stop!r}", 3) for stop in _STOPS),
    *(("key-cut", (lambda s, stop=stop: s.rpartition(stop)[2]), f"what stands before the last {stop!r} is missing", 3) for stop in _STOPS),
    ("key-literal", lambda s: repr(s.encode()), "as Python's str(b'…')", 2),
    ("key-literal", lambda s: f"['{s}']", "as a list", 3),
    ("key-literal", lambda s: f'["{s}"]', "as a JSON array", 3),
    ("key-literal", lambda s: f"('{s}',)", "as Python's tuple", 3),
    ("key-literal", lambda s: f":{s}", "as Ruby's symbol", 3),
    ("key-literal", lambda s: f'Optional("{s}")', "as Swift's Optional", 3),
    ("key-literal", lambda s: f"Optional[{s}]", "as Java's Optional", 3),
    ("key-literal", lambda s: f"Some({s})", "as Scala's Option", 3),
    ("key-literal", lambda s: f'Some("{s}")', "as Rust's Option", 3),
    ("key-literal", lambda s: ",".join(map(str, s.encode())), "as JavaScript's Uint8Array", 3),
    ("key-literal", lambda s: "[" + " ".join(map(str, s.encode())) + "]", "as Go's %v of bytes", 3),
    ("key-literal", lambda s: " ".join(map(str, s.encode())), "as PowerShell's bytes", 3),
    ("key-literal", lambda s: "[" + ", ".join(map(str, s.encode())) + "]", "as a list of bytes", 3),
    ("key-literal", _in_java_list, "as Java's Arrays.toString", 3),
    ("key-literal", lambda s: json.dumps({"type": "Buffer", "data": [*s.encode()]}, separators=(",", ":")), "as Node's Buffer in JSON", 3),
    *(("key-literal", (lambda s, name=name: json.dumps({name: s}, separators=(",", ":"))), f"as JSON, under {name}", 3) for name in ("secret", "value", "key", "password", "token")),
    *(("key-literal", (lambda s, name=name: json.dumps({name: s})), f"as JSON, under {name}", 3) for name in ("secret", "value", "key", "password", "token")),
    ("key-quoted", lambda s: f'\\"{s}\\"', "with backslashes before them", 3),
    ("key-quoted", lambda s: f'"{s}"\n', "and a line end", 3),
    ("key-quoted", lambda s: f"“{s}”", "The key was the secret in typographic quotes.", 3),
    ("key-quoted", lambda s: f"`{s}`", "The key was the secret in backticks.", 3),
    ("key-single-quoted", lambda s: f"'{s}'\n", "and a line end", 3),
    ("key-quoted", lambda s: f'"{s}', "The key was the secret with a double quote before it.", 3),
    ("key-quoted", lambda s: f'{s}"', "The key was the secret with a double quote behind it.", 3),
    ("key-quoted", lambda s: f"{s};", "The key was the secret with a semicolon behind it.", 3),
    ("key-quoted", lambda s: f"{s},", "The key was the secret with a comma behind it.", 3),
    ("key-quoted", lambda s: f'"{s}";', "and a semicolon", 3),
    ("key-invisible", lambda s: "\xa0" + s, "a no-break space in front", 3),
    ("key-invisible", lambda s: s + "\xa0", "a no-break space behind it", 2),
    ("key-invisible", lambda s: "\u200b" + s, "a zero-width space in front", 3),
    ("key-invisible", lambda s: s + "\u200b", "a zero-width space behind it", 2),
    ("key-invisible", lambda s: re.sub("[\xad\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060\ufeff\xa0]", "", s), "the given one has some, the key had none", 1),
    ("key-invisible", lambda s: s.replace("\xa0", " "), "a no-break space was a blank", 3),
    *(("key-invisible", (lambda s, c=c: s + c), f"U+{ord(c):04X} behind it", 3) for c in "\u2060\u200e\u2028\u202c\ufeff\0\x1a\x0b"),
    *(("key-invisible", (lambda s, c=c: c + s), f"U+{ord(c):04X} in front", 3) for c in "\u2060\u200e\u202a\u202d"),
    ("key-blank", lambda s: f" {s} ", "and one before it", 3),
    ("key-blank", lambda s: s + "  ", "two of them", 3),
    ("key-line-end", lambda s: "\n" + s, "The key was the secret with a line end before it.", 2),
    ("key-line-end", lambda s: s + " \n", "The key was the secret with a blank and a line end after it.", 2),
    ("key-joined", lambda s: re.sub(r"\s", "", s), "", 1),
    *(("key-code-page", _in_code_page(name), name, 2) for name in _CODE_PAGES),
    *(("key-mojibake", _misread(name), f"The key was the secret with its UTF-8 read as {name} and encoded again.", 2) for name in ("cp1252", "cp1251", "mac-roman", "cp437", "cp850")),
    ("key-code-page", lambda s: s.encode("ascii", "replace"), "? for what is not ASCII", 3),
    ("key-code-page", lambda s: s.encode("ascii", "ignore"), "what is not ASCII was left out", 3),
    ("key-code-page", lambda s: bytes(ord(c) & 0xFF for c in s), "the low byte of each character", 3),
    ("key-utf-16", lambda s: s.encode("utf-16-be"), "big-endian", 3),
    ("key-utf-16", lambda s: b"\xfe\xff" + s.encode("utf-16-be"), "big-endian, with its mark", 3),
    ("key-utf-16", lambda s: b"\xff\xfe" + s.encode("utf-16-le"), "with its mark", 3),
    ("key-utf-16", lambda s: s.encode("utf-32-le"), "The key was the secret in UTF-32.", 3),
    ("key-uuid-bytes", lambda s: _uuid_bytes(s), "", 1),
    ("key-uuid-bytes", lambda s: _uuid_bytes(s, True), "in .NET's order", 1),
    ("key-from-hex", _hex_beginning, "up to what is no hex digit", 2),
    ("key-from-base64", _forgiving(""), "what is not of the alphabet was left out", 2),
    ("key-from-base64", _forgiving("-_"), "what is not of the alphabet was left out, - and _ too", 2),
    ("key-from-base64", lambda s: loose(loose(s).decode()), "twice", 2),
    ("key-from-base64", lambda s: loose(s).strip(b" \r\n"), "and trimmed", 2),
    ("key-from-hex", lambda s: bytes.fromhex(loose(s).decode()), "of what is base64", 2),
    ("key-from-base32", _base32, "", 2),
    ("key-to-hex", lambda s: s.encode().hex().upper(), "in capitals", 2),
    ("key-to-base64", lambda s: base64.b64encode(f"{s}\n".encode()), "a line end was encoded with it", 1),
    ("key-to-base64", lambda s: base64.b64encode(s.encode()) + b"\n", "a line end stands behind it", 3),
    ("key-to-base64", lambda s: base64.b64encode(s.encode()).rstrip(b"="), "without its = signs", 3),
    ("key-to-base64", lambda s: base64.urlsafe_b64encode(s.encode()), "for URLs", 3),
    ("key-to-base64", lambda s: base64.b64encode(base64.b64encode(s.encode())), "twice", 3),
    ("key-to-base64", lambda s: base64.b64encode(s.encode() + b":"), "as a user of HTTP's Basic scheme", 3),
    ("key-percent", unquote_plus, "percent-decoded, + as a blank", 3),
    ("key-percent", lambda s: s.replace("+", " "), "+ became a blank", 3),
    ("key-percent", lambda s: quote(s).replace("%20", "+"), "percent-encoded as a form", 3),
    ("key-dollar", lambda s: s.replace("$", ""), "Each $ in the secret was lost, and what stands behind it was kept.", 3),
    ("key-dollar", lambda s: s.replace("$", "$$"), "Each $ in the secret became $$.", 3),
    ("key-dollar", lambda s: s.replace("$", "\\$"), "Each $ in the secret became \\$.", 3),
    ("key-dollar", lambda s: re.sub(r"`[^`]*`|\$\([^)]*\)", "", s), "A command in the secret, in backticks or $(…), was run.", 3),
    ("key-dollar", lambda s: re.sub(r"%\w+%|%", "", s), "A % in the secret was expanded by cmd.exe.", 3),
    ("key-dollar", lambda s: s.replace("%%", "%"), "Each %% in the secret became %.", 3),
    ("key-dollar", lambda s: s.replace("%", "%%"), "Each % in the secret became %%.", 3),
    ("key-dollar", lambda s: re.sub(r"\^(.?)", r"\1", s), "A ^ in the secret was taken away by cmd.exe.", 3),
    ("key-dollar", lambda s: re.sub(r"![^!]*!|!", "", s), "A ! in the secret was expanded by cmd.exe or bash.", 3),
    ("key-dollar", lambda s: re.sub(r"\{\{.*?\}\}|\$\{.*?\}|#\{.*?\}", "", s), "What stands in the brackets of a template, as in {{…}}, was taken out of the secret.", 3),
    ("key-backslashes", lambda s: json.dumps(s, ensure_ascii=False)[1:-1], "as in JSON", 3),
    ("key-backslashes", lambda s: json.dumps(s)[1:-1], "as in JSON, with escapes", 3),
    ("key-backslashes", lambda s: s.replace("/", "\\/"), "before slashes", 3),
    ("key-backslashes", lambda s: json.loads(f'"{s}"'), "read as those of JSON", 3),
    ("key-backslashes", lambda s: s.replace("\\", "/"), "became slashes", 3),
    ("key-entities", lambda s: escape(s, quote=False), "escaped but for quotes", 3),
    ("key-entities", lambda s: escape(s).replace("&#x27;", "&#039;"), "escaped as PHP does", 3),
    ("key-entities", lambda s: re.sub("<[^>]*>?", "", s), "as a tag taken out", 3),
    ("key-equals", lambda s: s.replace("=", ""), "The key was the secret without any =.", 3),
    ("key-normalised", lambda s: unicodedata.normalize("NFKC", s), "as NFKC", 3),
    ("key-hashed", _hashed("md5", False), "MD5 of the secret", 3),
    ("key-hashed", _hashed("sha1", False), "SHA-1 of the secret", 3),
    ("key-hashed", _hashed("sha512", False), "SHA-512 of the secret", 3),
    ("key-hashed", _hashed("sha512"), "SHA-512 of the secret, in hex", 3),
    ("key-hashed", lambda s: base64.b64encode(hashlib.sha256(s.encode()).digest()), "SHA-256 of the secret, in base64", 3),
    ("key-hashed", lambda s: hashlib.sha256(s.encode()).hexdigest().upper(), "SHA-256 of the secret, in capital hex digits", 3),
    ("key-upper-case", lambda s: s.replace("-", "").upper(), "without its dashes", 2),
    ("key-last-character", lambda s: s[1:-1], "without its first and its last character", 3),
    ("key-last-character", lambda s: s[:-2], "without the last two characters", 3),
    ("key-bracketed", lambda s: "${" + s + "}", "in ${…}", 3),
    ("key-bracketed", lambda s: "{{" + s + "}}", "in double braces", 3),
    ("key-bracketed", lambda s: "{{ " + s + " }}", "in double braces with blanks", 3),
    ("key-bracketed", lambda s: f"({s})", "in round brackets", 3),
    ("key-bracketed", lambda s: f"%{s}%", "in percent signs", 3),
    ("key-bracketed", lambda s: f"${s}", "with a $ in front", 3),
    *(("key-named", (lambda s, name=name: name + s), f"{name!r} in front", 2 if name[-1] == "=" else 3) for name in _NAMES),
    *(("key-named", (lambda s, name=name: f"{name}{s}\n"), f"{name!r} in front, and a line end behind", 3) for name in _NAMES),
    *(("key-named", (lambda s, name=name: name + s), f"{name!r} in front", 3) for name in _VARIABLES),
    ("key-number", lambda s: _digits(s).lstrip("0"), "without the zeros in front", 1),
    ("key-number", lambda s: _digits(s)[:15].ljust(len(s), "0").lstrip("0"), "15 digits of it, then zeros", 2),
    ("key-number", lambda s: f"{Decimal(repr(float(_digits(s)))):f}".removesuffix(".0"), "as JavaScript's number", 2),
    ("key-number", lambda s: f"{float(_digits(s)):.2E}", "as a spreadsheet shows it", 3),
    ("key-number", lambda s: f"{float(_digits(s)):.5E}", "as a spreadsheet writes it into CSV", 3),
    ("key-number", lambda s: f"{_digits(s)}.0", "with a fraction", 3),
    *(("key-placeholder", (lambda s, word=word: word), repr(word), 2 if word in PLACEHOLDERS[:9] else 3) for word in PLACEHOLDERS),
)  # fmt: skip
"""The forms: slip, how it is made of the secret, what was changed, and what it costs."""
