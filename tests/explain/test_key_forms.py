"""What a secret may have become, row by row: an example of each form, how it is said, and how usual it is.

The keys are written by hand from the documents of the programs, or were made by `iconv` (code pages), `sha256sum` and
its like (hashes of `abc`), `base64`, `xxd`, Node, PHP and Go.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest

from handshakes.explain.key_forms import FORMS
from handshakes.explain.keys import LETTERS, _alike, keys

Row = tuple[str, str, str, str | bytes]
"""A slip, what was changed, a secret, and the key that is made of it."""

UUID = "00112233-4455-6677-8899-aabbccddeeff"
LONG = "0123456789abc" * 24
SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHA512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
SHA1, MD5 = "a9993e364706816aba3e25717850c26c9cd0d89d", "900150983cd24fb0d6963f7d28e17f72"
BRACKETS = "The secret given here has the brackets of a placeholder; the key was without them."

USUAL: tuple[Row, ...] = (
    ("key-line-end", "", "abc", "abc\n"),
    ("key-crlf", "", "abc", "abc\r\n"),
    ("key-blank", "", "abc", "abc "),
    ("key-quoted", "", "abc", '"abc"'),
    ("key-single-quoted", "", "abc", "'abc'"),
    ("key-bom", "", "abc", b"\xef\xbb\xbfabc"),
    ("key-trimmed", "", "\ufeff a b\t\r\n", "a b"),
    ("key-unquoted", "", " `a'` ", "a'"),
    *(
        ("key-prefix", "without the prefix", prefix + "ab", "ab")
        for prefix in (
            *("whsec_", "sk_live_", "sk_test_", "sk_", "pk_", "Bearer ", "Basic ", "BASIC ", "sha256=", "secret:", "secret="),
            *("secret: ", "secret= ", "base64:", "hex:", "0x", "text:", "plain:", "urn:uuid:"),
        )
    ),
    ("key-assigned", "", "export KEY='abc'", "abc"),
    ("key-assigned", "", "A_1=abc", "abc"),
    ("key-without-dashes", "", "-a-b-", "ab"),
    ("key-from-hex", "", "616A", "aj"),
    ("key-from-base64", "", "YWJj", "abc"),
    ("key-upper-case", "", "aB1", "AB1"),
    ("key-lower-case", "", "aB1", "ab1"),
    ("key-percent", "percent-decoded", "a%2Fb+%C3%A9", "a/b+é"),
    ("key-percent", "percent-encoded", "a/b é~", "a%2Fb%20%C3%A9~"),
    ("key-comment", "", "a;b #c#d", "a;b"),
    ("key-dollar", "", "a$5b$HOME-c${x}d$!$?", "ab-cd"),
    ("key-bracketed", BRACKETS, "<[{abc}]>", "abc"),
    ("key-mojibake", "", "é", "Ã©"),
    ("key-backslashes", "without backslashes", r"a\b\\c", r"ab\c"),
    ("key-entities", "unescaped", "a&amp;b&lt;&#39;", "a&b<'"),
    ("key-carriage-return", "", "abc", "abc\r"),
    ("key-blank-before", "", "abc", " abc"),
    ("key-tab", "", "abc", "abc\t"),
    ("key-hashed", "SHA-256 of the secret, in hex", "abc", SHA256),
    ("key-latin-1", "", "é", b"\xe9"),
    ("key-cut", "the first 64 bytes: an HMAC has to hash a longer key", "é" * 40, "é" * 32),
    ("key-invisible", "the given one has some, the key had none", "\ufeffa\u200bb\xadc\u2060\u202e\xa0\u2028", "abc"),
    ("key-joined", "", " a b\nc\t", "abc"),
    ("key-uuid-bytes", "", UUID, bytes.fromhex("00112233445566778899aabbccddeeff")),
    ("key-uuid-bytes", "", "{" + UUID.upper() + "}", bytes.fromhex("00112233445566778899aabbccddeeff")),
    ("key-uuid-bytes", "in .NET's order", UUID, bytes.fromhex("33221100554477668899aabbccddeeff")),
    ("key-to-base64", "a line end was encoded with it", "abc", "YWJjCg=="),
    ("key-number", "without the zeros in front", "00120", "120"),
)  # fmt: skip
RARE: tuple[Row, ...] = (
    ("key-prefix", "without the prefix, base64-decoded", "whsec_YWJj", "abc"),
    ("key-to-hex", "", "aj", "616a"),
    ("key-to-base64", "", "abcd", "YWJjZA=="),
    ("key-empty", "", "abc", ""),
    ("key-comment", "cut at the semicolon", "a#b ;c;d", "a#b"),
    ("key-bracketed", "in angle brackets", "abc", "<abc>"),
    ("key-bracketed", "in braces", "abc", "{abc}"),
    ("key-backslashes", "with backslashes", "a\\'\"$`!b", "a\\\\\\'\\\"\\$\\`\\!b"),
    ("key-blank-lines", "", "abc", "abc\n\n"),
    ("key-last-character", "without the last character", "abc", "ab"),
    ("key-hashed", "SHA-256 of the secret", "abc", bytes.fromhex(SHA256)),
    ("key-hashed", "MD5 of the secret, in hex", "abc", MD5),
    ("key-hashed", "SHA-1 of the secret, in hex", "abc", SHA1),
    ("key-normalised", "as NFC", "e\u0301", "\xe9"),
    ("key-normalised", "as NFD", "\xe9", "e\u0301"),
    ("key-utf-16", "", "aé", b"a\0\xe9\0"),
    ("key-doubled", "", "abc", "abcabc"),
    ("key-cut", "the first 32 characters", LONG, "0123456789abc0123456789abc012345"),
    ("key-cut", "the first 16 characters", LONG, "0123456789abc012"),
    ("key-literal", "as Python's str(b'…')", "aé\n", r"b'a\xc3\xa9\n'"),
    ("key-invisible", "a no-break space behind it", "abc", b"abc\xc2\xa0"),
    ("key-invisible", "a zero-width space behind it", "abc", b"abc\xe2\x80\x8b"),
    ("key-line-end", "The key was the secret with a line end before it.", "abc", "\nabc"),
    ("key-line-end", "The key was the secret with a blank and a line end after it.", "abc", "abc \n"),
    *(
        ("key-code-page", page, text, bytes.fromhex(made))
        for page, text, made in (
            *(("cp1251", "Ключ", "caebfef7"), ("koi8-r", "Ключ", "ebccc0de"), ("iso-8859-5", "Ключ", "badbeee7")),
            *(("cp866", "Ключ", "8aabeee7"), ("cp1252", "š€é", "9a80e9"), ("cp1250", "š€éč", "9a80e9e8")),
            *(("iso-8859-15", "š€é", "a8a4e9"), ("iso-8859-2", "š", "b9"), ("cp850", "é", "82"), ("cp437", "¢", "9b")),
            *(("mac-roman", "é", "8e"), ("gbk", "日本", "c8d5b1be"), ("shift-jis", "日本", "93fa967b")),
        )
    ),
    *(
        ("key-mojibake", f"The key was the secret with its UTF-8 read as {page} and encoded again.", "é", made)
        for page, made in (("cp1252", "Ã©"), ("cp1251", "Г©"), ("mac-roman", "√©"), ("cp437", "├⌐"), ("cp850", "├®"))
    ),
    ("key-from-hex", "up to what is no hex digit", "616a6zz", "aj"),
    ("key-from-hex", "of what is base64", "NjE2YQ==", "aj"),
    ("key-from-base64", "what is not of the alphabet was left out", "Y W!J-", "ab~"),
    ("key-from-base64", "what is not of the alphabet was left out", "__-_", b"\xff\xff\xbf"),
    ("key-from-base64", "what is not of the alphabet was left out", "YWJjZ!", "abc"),
    ("key-from-base64", "what is not of the alphabet was left out, - and _ too", "Y-W_J j", "abc"),
    ("key-from-base64", "twice", "WVdKag==", "abc"),
    ("key-from-base64", "and trimmed", "IGFiYw0K", "abc"),
    ("key-from-base32", "", "mfrgg===", "abc"),
    ("key-from-base32", "", "MFRGGZA", "abcd"),
    ("key-to-hex", "in capitals", "aj", "616A"),
    ("key-upper-case", "without its dashes", "a-b", "AB"),
    *(
        ("key-named", f"{name!r} in front", "abc", f"{name}abc")
        for name in ("SECRET=", "secret=", "KEY=", "key=", "sha256=")
    ),
    ("key-number", "15 digits of it, then zeros", "12345678901234567", "12345678901234500"),
    ("key-number", "as JavaScript's number", "12345678901234567890", "12345678901234567000"),
    *(
        ("key-placeholder", repr(word), "abc", word)
        for word in ("undefined", "null", "None", "nil", "secret", "changeme", "[object Object]", "[object Promise]", "test")
    ),
)  # fmt: skip
RAREST: tuple[Row, ...] = (
    ("key-dollar", "the whole word behind it", "a$HOME_1b c${x}d", "a cd"),
    ("key-dollar", "Each $$ in the secret became $.", "a$$b", "a$b"),
    ("key-dollar", "Each $ in the secret was lost, and what stands behind it was kept.", "a$b$", "ab"),
    ("key-dollar", "Each $ in the secret became $$.", "a$b", "a$$b"),
    ("key-dollar", "Each $ in the secret became \\$.", "a$b", "a\\$b"),
    ("key-dollar", "A command in the secret, in backticks or $(…), was run.", "a`id`b$(id)c", "abc"),
    ("key-dollar", "A % in the secret was expanded by cmd.exe.", "a%PATH%b%c", "abc"),
    ("key-dollar", "Each %% in the secret became %.", "a%%b", "a%b"),
    ("key-dollar", "Each % in the secret became %%.", "a%b", "a%%b"),
    ("key-dollar", "A ^ in the secret was taken away by cmd.exe.", "a^^b^c^", "a^bc"),
    ("key-dollar", "A ! in the secret was expanded by cmd.exe or bash.", "a!x!b!c", "abc"),
    ("key-dollar", "What stands in the brackets of a template, as in {{…}}, was taken out of the secret.", "a{{b}}c${ d }e#{f}g", "aceg"),
    ("key-bracketed", "in square brackets", "abc", "[abc]"),
    ("key-bracketed", "in ${…}", "abc", "${abc}"),
    ("key-bracketed", "in double braces", "abc", "{{abc}}"),
    ("key-bracketed", "in double braces with blanks", "abc", "{{ abc }}"),
    ("key-bracketed", "in round brackets", "abc", "(abc)"),
    ("key-bracketed", "in percent signs", "abc", "%abc%"),
    ("key-bracketed", "with a $ in front", "abc", "$abc"),
    ("key-equals", "", "a=b=c", "c"),
    ("key-equals", "", "ab==", "ab"),
    ("key-equals", "The key was the secret without any =.", "=a=b=", "ab"),
    ("key-entities", "escaped", "<a b=\"c\"'&", "&lt;a b=&quot;c&quot;&#x27;&amp;"),
    ("key-entities", "escaped but for quotes", "<a b=\"c\"'&>", "&lt;a b=\"c\"'&amp;&gt;"),
    ("key-entities", "escaped as PHP does", "<a b=\"c\"'&", "&lt;a b=&quot;c&quot;&#039;&amp;"),
    ("key-entities", "as a tag taken out", "a<b c>d<e", "ad"),
    ("key-last-character", "without the first character", "abcd", "bcd"),
    ("key-last-character", "without its first and its last character", "abcd", "bc"),
    ("key-last-character", "without the last two characters", "abcd", "ab"),
    *(
        ("key-cut", f"the first {most} characters", LONG, LONG[:most])
        for most in (8, 20, 24, 30, 31, 40, 48, 50, 63, 72, 100, 127, 128, 255)
    ),
    *(
        row
        for stop in (" ", "\t", *(set(string.punctuation) - set("#;$")))  # which other forms cut at
        for row in (
            ("key-cut", f"at the first {stop!r}", f"one{stop}two{stop}three", "one"),
            ("key-cut", f"what stands before the last {stop!r} is missing", f"one{stop}two{stop}three", "three"),
        )
        if row[1] != "what stands before the last '=' is missing"
    ),
    ("key-cut", "what stands before the last '=' is missing", "one=two", "two"),
    ("key-literal", "as a list", "abc", "['abc']"),
    ("key-literal", "as a JSON array", "abc", '["abc"]'),
    ("key-literal", "as Python's tuple", "abc", "('abc',)"),
    ("key-literal", "as Ruby's symbol", "abc", ":abc"),
    ("key-literal", "as Swift's Optional", "abc", 'Optional("abc")'),
    ("key-literal", "as Java's Optional", "abc", "Optional[abc]"),
    ("key-literal", "as Scala's Option", "abc", "Some(abc)"),
    ("key-literal", "as Rust's Option", "abc", 'Some("abc")'),
    ("key-literal", "as JavaScript's Uint8Array", "aé", "97,195,169"),
    ("key-literal", "as Go's %v of bytes", "aé", "[97 195 169]"),
    ("key-literal", "as PowerShell's bytes", "aé", "97 195 169"),
    ("key-literal", "as a list of bytes", "aé", "[97, 195, 169]"),
    ("key-literal", "as Java's Arrays.toString", "aÀ\x7f", "[97, -61, -128, 127]"),
    ("key-literal", "as Node's Buffer in JSON", "aé", '{"type":"Buffer","data":[97,195,169]}'),
    *(
        ("key-literal", f"as JSON, under {name}", "abc", f'{{"{name}":{blank}"abc"}}')
        for name in ("secret", "value", "key", "password", "token")
        for blank in ("", " ")
    ),
    ("key-quoted", "with backslashes before them", "abc", '\\"abc\\"'),
    ("key-quoted", "and a line end", "abc", '"abc"\n'),
    ("key-quoted", "The key was the secret in typographic quotes.", "abc", "“abc”"),
    ("key-quoted", "The key was the secret in backticks.", "abc", "`abc`"),
    ("key-single-quoted", "and a line end", "abc", "'abc'\n"),
    ("key-quoted", "The key was the secret with a double quote before it.", "abc", '"abc'),
    ("key-quoted", "The key was the secret with a double quote behind it.", "abc", 'abc"'),
    ("key-quoted", "The key was the secret with a semicolon behind it.", "abc", "abc;"),
    ("key-quoted", "The key was the secret with a comma behind it.", "abc", "abc,"),
    ("key-quoted", "and a semicolon", "abc", '"abc";'),
    ("key-invisible", "a no-break space in front", "abc", b"\xc2\xa0abc"),
    ("key-invisible", "a zero-width space in front", "abc", b"\xe2\x80\x8babc"),
    ("key-invisible", "a no-break space was a blank", "a\xa0b", "a b"),
    *(
        ("key-invisible", f"U+{number:04X} behind it", "abc", f"abc{chr(number)}")
        for number in (0x2060, 0x200E, 0x2028, 0x202C, 0xFEFF, 0, 0x1A, 0x0B)
    ),
    *(
        ("key-invisible", f"U+{number:04X} in front", "abc", f"{chr(number)}abc")
        for number in (0x2060, 0x200E, 0x202A, 0x202D)
    ),
    ("key-blank", "and one before it", "abc", " abc "),
    ("key-blank", "two of them", "abc", "abc  "),
    ("key-code-page", "? for what is not ASCII", "aé", "a?"),
    ("key-code-page", "what is not ASCII was left out", "aé", "a"),
    ("key-code-page", "the low byte of each character", "aК", b"a\x1a"),
    ("key-utf-16", "big-endian", "aé", b"\0a\0\xe9"),
    ("key-utf-16", "big-endian, with its mark", "aé", b"\xfe\xff\0a\0\xe9"),
    ("key-utf-16", "with its mark", "aé", b"\xff\xfea\0\xe9\0"),
    ("key-utf-16", "The key was the secret in UTF-32.", "aé", b"a\0\0\0\xe9\0\0\0"),
    ("key-to-base64", "a line end stands behind it", "abcd", "YWJjZA==\n"),
    ("key-to-base64", "without its = signs", "abcd", "YWJjZA"),
    ("key-to-base64", "for URLs", "\x7f??~", "fz8_fg=="),
    ("key-to-base64", "twice", "abc", "WVdKag=="),
    ("key-to-base64", "as a user of HTTP's Basic scheme", "ab", "YWI6"),
    ("key-percent", "percent-decoded, + as a blank", "a%2Fb+c", "a/b c"),
    ("key-percent", "+ became a blank", "a%2F+c", "a%2F c"),
    ("key-percent", "percent-encoded as a form", "a b+é", "a+b%2B%C3%A9"),
    ("key-backslashes", "as in JSON", 'a"\né\\', 'a\\"\\né\\\\'),
    ("key-backslashes", "as in JSON, with escapes", 'a"\né\\', 'a\\"\\n\\u00e9\\\\'),
    ("key-backslashes", "before slashes", "a/b", "a\\/b"),
    ("key-backslashes", "read as those of JSON", "a\\n\\u00e9\\/", "a\né/"),
    ("key-backslashes", "became slashes", "C:\\a", "C:/a"),
    ("key-normalised", "as NFKC", "ﬁ", "fi"),
    ("key-hashed", "MD5 of the secret", "abc", bytes.fromhex(MD5)),
    ("key-hashed", "SHA-1 of the secret", "abc", bytes.fromhex(SHA1)),
    ("key-hashed", "SHA-512 of the secret", "abc", bytes.fromhex(SHA512)),
    ("key-hashed", "SHA-512 of the secret, in hex", "abc", SHA512),
    ("key-hashed", "SHA-256 of the secret, in base64", "abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
    ("key-hashed", "SHA-256 of the secret, in capital hex digits", "abc", SHA256.upper()),
    *(
        ("key-named", f"{name!r} in front", "abc", f"{name}abc")
        for name in (
            *("SECRET: ", "secret: ", "secret:", "Bearer ", "whsec_", "base64:", "hex:", "0x"),
            *("RETAILCRM_SECRET=", "ONE_STEP_CONNECTION_SECRET=", "OFFICERND_SECRET=", "ONOFFICE_SECRET="),
            *("ONOFFICE_PROVIDER_SECRET=", "FORTIS_SECRET=", "INTEGRATION_SECRET=", "PROVIDER_SECRET="),
            *("MODULE_SECRET=", "APP_SECRET=", "API_SECRET=", "CLIENT_SECRET=", "SHARED_SECRET=", "WEBHOOK_SECRET="),
            *("SIGNING_SECRET=", "HMAC_SECRET=", "SECRET_KEY=", "API_KEY="),
        )
    ),
    *(
        ("key-named", f"{name!r} in front, and a line end behind", "abc", f"{name}abc\n")
        for name in (
            *("SECRET=", "secret=", "KEY=", "key=", "SECRET: ", "secret: ", "secret:", "Bearer ", "whsec_"),
            *("sha256=", "base64:", "hex:", "0x"),
        )
    ),
    ("key-number", "as a spreadsheet shows it", "12345678901234567", "1.23E+16"),
    ("key-number", "as a spreadsheet writes it into CSV", "12345678901234567", "1.23457E+16"),
    ("key-number", "with a fraction", "12", "12.0"),
    *(
        ("key-placeholder", repr(word), "abc", word)
        for word in (
            *("NULL", "false", "true", "0", "Array", "**********", "[REDACTED]", "SECRET", "key", "password", "example"),
            *("your-secret", "your_secret", "YOUR_SECRET", "<secret>", "${SECRET}", "$SECRET", "%SECRET%", "xxx", "todo"),
            *("System.Byte[]", "System.Security.SecureString", "process.env.SECRET", "default", "dev", "dummy", "NaN"),
        )
    ),
)  # fmt: skip
TABLES = {1: USUAL, 2: RARE, 3: RAREST}


@pytest.mark.parametrize("cost", TABLES)
def test_each_form_of_a_key_is_made_as_its_program_makes_it_and_is_tried_as_early_as_it_is_usual(cost):
    missing = []
    all_made = {secret: {*keys(secret, (), cost)} for secret in {row[2] for row in TABLES[cost]}}
    for id, change, secret, made in TABLES[cost]:
        key = made if isinstance(made, bytes) else made.encode()
        if (id, key, change) not in all_made[secret]:
            missing.append((id, change, secret))
    assert missing == []


def test_no_form_of_a_key_is_without_an_example():
    def named() -> Iterator[tuple[str, str, int]]:
        for cost, rows in TABLES.items():
            yield from ((id, change, cost) for id, change, _, _ in rows)

    assert {(id, change, cost) for id, _, change, cost in FORMS} == {*named()}


def test_a_form_that_cannot_be_made_of_a_secret_is_left_out():
    """A UUID has 32 hex digits, a number digits alone; `NAME=` needs a value, and is no padding of base64."""
    made = [(id, key) for cost in TABLES for id, key, _ in keys("xy==", (), cost)]
    assert not {id for id, _ in made} & {"key-uuid-bytes", "key-number", "key-assigned", "key-from-hex"}
    digits = [id for cost in TABLES for id, _, _ in keys("1" * 99, (), cost)]
    assert "key-number" in digits
    assert "key-number" not in [id for cost in TABLES for id, _, _ in keys("1" * 100, (), cost)]
    assert not [key for id, key, _ in keys("616a", (), 2) if id == "key-from-hex"]


@pytest.mark.parametrize("cost", TABLES)
@pytest.mark.parametrize("secret", ["a’b", "ab", "s\ud800", "00"])
def test_no_key_is_tried_twice_for_one_slip(secret, cost):
    made = [(id, key) for id, key, _ in keys(secret, (), cost)]
    assert len(made) == len({*made}) > 0


@pytest.mark.parametrize(
    ("secret", "others", "made"),
    [
        ("s", ("other",), ("key-other + key-crlf", b"other\r\n", "number 2 of those given")),
        ("s", ("a", "b"), ("key-other + key-tab", b"b\t", "number 3 of those given")),
        ("a’b", (), ("key-typographic + key-crlf", b"a'b\r\n", "plain characters")),
        ("ZWlnaHQtIDg=", (), ("key-from-base64 + key-line-end", b"eight- 8\n", "")),
    ],
)
def test_two_slips_at_once_are_tried_where_the_first_is_plain_to_see(secret, others, made):
    assert made in keys(secret, others, 2)
    short = [id for id, _, _ in keys("c2V2ZW4tNw==", (), 2)]
    assert not any(id.startswith("key-from-base64 +") for id in short), "seven letters may be chance"


def test_half_of_a_pair_as_json_may_hold_it_is_a_secret():
    assert ("key-crlf", b"s\xed\xa0\x80\r\n", "") in keys("s\ud800", (), 1)


def test_a_secret_is_taken_out_of_quotes_that_are_alike_and_hold_something():
    assert ("key-unquoted", b"a", "") in keys("'a'", (), 1)
    assert "key-unquoted" not in [id for id, _, _ in keys("''", (), 1)]
    assert "key-unquoted" not in [id for id, _, _ in keys("'a\"", (), 1)]


def test_letters_that_look_alike_are_tried_at_64_places_and_twelve_at_once():
    places = [change for _, change in _alike("l" * 70) if "number" in change]
    assert {int(change.rpartition(" ")[2]) for change in places} == set(range(1, 65))
    for letters in LETTERS.values():
        secret = "".join(letters)
        at_once = [change.partition(" for ")[2].split(", ") for _, change in _alike(secret)]
        assert max(map(len, at_once)) == 12 or len(secret) < 12
    assert max(map(len, LETTERS.values())) > 12, "the limit is met"
