"""Why a launch of Fortis was refused: each known mistake, made by a real program, is named."""

from __future__ import annotations

import base64
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, unquote

import pytest

from handshakes.core.cases import Found
from handshakes.explain import explain
from handshakes.fortis import slips
from handshakes.runtime.ciphers import AesCiphers
from handshakes.spec.register import load
from tests.benchmarks.explain_fortis import explained

from .rows import Row, answered, check, made_by, run

NOW = 1_700_000_000
CIPHERS = AesCiphers()
WORKED = {"secret": "example-app-secret"}
SECRET, OTHER = "Private-App-Secret-0815", "Private-Other-Secret-0816"
TOKEN = "Private-Access-Token-0817"
LOCATION, USER = "11ea858313aabde4bd2eb0fa", "1234567"
JSON = f'{{"location_id":"{LOCATION}","user_id":"{USER}","access-token":"{TOKEN}"}}'
BLOCKS = JSON[:-2] + "x" * (-len(JSON) % 16) + '"}'
"""A text of whole blocks."""

php = partial(made_by, "php", s=SECRET, j=JSON, t=str(NOW), l=LOCATION)
node = partial(made_by, "node", s=SECRET, j=JSON, t=str(NOW), l=LOCATION)

# --- encrypted launches ---------------------------------------------------------------------------

_JS = """(() => {
const salt = Buffer.from('0123456789abcdef', 'hex'), zeros = Buffer.alloc(16);
const b = (x) => Buffer.isBuffer(x) ? x : Buffer.from(x);
const evp = (name, pass, salt, n = 48) => {
  let m = Buffer.alloc(0), l = m;
  while (m.length < n) { l = crypto.createHash(name).update(Buffer.concat([l, b(pass), salt])).digest(); m = Buffer.concat([m, l]); }
  return m.subarray(0, n);
};
const hash = (name, x) => crypto.createHash(name).update(x).digest();
const key = (m, n = 32) => m.subarray(0, n), iv = (m, n = 32) => m.subarray(n, n + 16);
const enc = (text, k, v, name = 'aes-256-cbc', padded = true) => {
  const c = crypto.createCipheriv(name, k, v);
  if (!padded) c.setAutoPadding(false);
  return Buffer.concat([c.update(text), c.final()]);
};
const wrap = (...parts) => Buffer.concat([Buffer.from('Salted__'), salt, ...parts]).toString('base64');
const m = evp('md5', s, salt);
const pad = (text, fill) => Buffer.concat([b(text), Buffer.alloc((16 - b(text).length % 16) % 16, fill)]);
const raw = (text) => enc(text, key(m), iv(m), 'aes-256-cbc', false);
return CODE; })()"""
"""What Node has of crypto, and the documented format: `m` is key and IV, `wrap` puts Salted__ and the salt in front."""


_RUBY = """
c = OpenSSL::Cipher.new("aes-256-cbc").encrypt
c.pkcs5_keyivgen(ARGV[0], "saltsalt")
print Base64.strict_encode64("Salted__saltsalt" + c.update(ARGV[1]) + c.final)
"""


def launch(data: str) -> str:
    return f"https://yourapp.com/redirection?data={quote(data, safe='')}"


def js(name: str, cause: str, code: str, says: str = "", **options) -> Row:
    """Return a row whose data is an expression of Node."""
    names = {"s": options.get("secret", SECRET), "j": options.pop("j", JSON)}
    made = node(_JS.replace("CODE", code), **names)
    return Row(name, cause, lambda: launch(made()), options, says)


def text(name: str, cause: str, code: str, says: str = "") -> Row:
    """Return a row in which another text than the JSON was encrypted, as documented, by Node."""
    return js(name, cause, f"wrap(enc({code}, key(m), iv(m)))", says)


def php_text(name: str, cause: str, code: str, says: str = "") -> Row:
    """Return a row in which another text was encrypted by PHP, as documented."""
    made = php(
        f"(function ($text) use ($s) {{ for ($m = $l = ''; strlen($m) < 48; $m .= $l) $l = md5($l . $s . '12345678', true);"
        f" return base64_encode('Salted__12345678' . openssl_encrypt($text, 'aes-256-cbc', substr($m, 0, 32), 1, substr($m, 32))); }})({code})"
    )
    return Row(name, cause, lambda: launch(made()), {}, says)


def data_of(name: str, cause: str, code: str, says: str = "") -> Row:
    """Return a row whose data is right (`d`) and written otherwise, by Node."""
    return js(name, cause, f"((d) => {code})(wrap(enc(j, key(m), iv(m))))", says)


def in_php(name: str, cause: str, code: str, says: str = "", **options) -> Row:
    """Return a row whose data is an expression of PHP."""
    made = php(code, **({"s": options["secret"]} if "secret" in options else {}))
    return Row(name, cause, lambda: launch(made()), options, says)


def openssl(name: str, cause: str, *options: str, says: str = "", given: str = JSON) -> Row:
    """Return a row whose data OpenSSL's command line wrote."""

    def made() -> str:
        return launch(run("openssl", "enc", "-base64", "-A", *options, "-k", SECRET, given=given).decode())

    return Row(name, cause, made, {}, says)


def right() -> str:
    """Return what the documented recipe gives, by OpenSSL."""
    return run(
        "openssl", "enc", "-aes-256-cbc", "-md", "md5", "-base64", "-A", "-k", SECRET, given=JSON
    ).decode()


def sent(name: str, cause: str, url: Callable[[str], str], says: str = "") -> Row:
    """Return a row with a genuine value that something on the way changed."""
    return Row(name, cause, lambda: url(right()), {}, says)


READ = "fortis:encrypted."
MD5 = ("-aes-256-cbc", "-md", "md5")
GOOD = "U2FsdGVkX18AAAAAAAAAAZhTlE/bJjoX0e73/zdy8r7ei3AOYWYrTYslgaBZwUDbhV5w7eE1JRp1JvgeU7sZt3lyAppI/SYJ/+XYoAVQcYM="
PLUSES = "for (let n = 0; n < 99; n++) { const d = wrap(enc(j + ' '.repeat(n), key(m), iv(m))); if (/[+].*[/]|[/].*[+]/.test(d)) return d; }"

WORKED_ROWS = [  # why-2.md, section 4: OpenSSL's, and some of them by hand
    Row("AES-128", "fortis-aes-128", lambda: launch("U2FsdGVkX19piEHEQydE2dNA93FE3nB4yG8xGwzlJGxU4bqS6lOfcpYzZ+RyGGChYN/jYEx9tpT2lR9n3aPlOrMvRP/3Dtdu1qftU7+vkZA="), WORKED),
    Row("PBKDF2", "fortis-pbkdf2", lambda: launch("U2FsdGVkX18H0O2WnNnvWn+4auGS/JWHymcrBO12M87xnUn9gYRhPAUcnIGxfS8BSS2JWjjgZbkzFPKXbPbVgyqUvgJUe+0EieT1FPkufco="), WORKED, "1,000 rounds of SHA-256"),
    Row("no padding", "fortis-padding-none", lambda: launch("U2FsdGVkX18BI0VniavN7wUHO4Ap7eJ7fvG9IOu95EEHXPAclIjBPlZ9Bq/n/g+4shFz4URAje8OQTTD5db3ZHqDOm07D4YB5prAxd1Op5I="), WORKED),
    Row("base64 twice", "fortis-data-base64-twice", lambda: launch(b64encode(GOOD.encode()).decode()), WORKED),
    Row("hex", "fortis-data-hex", lambda: launch(b64decode(GOOD).hex()), WORKED),
    Row("the bare value in hex", "fortis-data-hex", lambda: b64decode(GOOD).hex(), WORKED),
    Row("the bare value, base64 twice", "fortis-data-base64-twice", lambda: b64encode(GOOD.encode()), WORKED),
    Row("the bare value without padding", READ + "base64=unpadded", lambda: GOOD.rstrip("="), WORKED),
    Row("the bare value in the URL-safe alphabet", "fortis-data-url-safe", lambda: GOOD.replace("/", "_").replace("+", "-"), WORKED),
    Row("the bare value with line breaks", "fortis-data-line-breaks", lambda: GOOD[:64] + "\n" + GOOD[64:] + "\n", WORKED),
]  # fmt: skip
CARRIED = [
    js("base64url without padding", "fortis-data-url-safe", "wrap(enc(j, key(m), iv(m))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')"),
    js("URL-safe, as a reading", READ + "base64=urlsafe", f"(() => {{ {PLUSES} }})().replaceAll('+', '-').replaceAll('/', '_')"),
    in_php("rtrim of PHP, as a reading", READ + "base64=unpadded", "rtrim(base64_encode('Salted__12345678' . openssl_encrypt($j, 'aes-256-cbc', substr(($a = md5($s . '12345678', true)) . ($b = md5($a . $s . '12345678', true)), 0, 32), 1, md5($b . $s . '12345678', true))), '=')"),
    js("junk that PHP's base64_decode skips, as a reading", READ + "base64=php", "wrap(enc(j, key(m), iv(m))).replace(/(.{20})/, '$1*.')"),
    js("a header of another word, as a reading", READ + "header=skipped", "Buffer.concat([Buffer.from('Notsalt_'), salt, enc(j, key(m), iv(m))]).toString('base64')"),
    Row("plus signs not escaped", "plus-as-blank", lambda: "https://yourapp.com/r?data=" + node(_JS.replace("CODE", f"(() => {{ {PLUSES} }})()"))()),
    Row("plus signs not escaped, as a reading", READ + "base64=blanks-as-plus", lambda: "https://yourapp.com/r?data=" + node(_JS.replace("CODE", f"(() => {{ {PLUSES} }})()"))()),
    sent("encoded twice", "query-encoded-twice", lambda d: "/r?data=" + quote(quote(d, safe=""), safe="")),
    sent("encoded three times", "query-encoded-twice", lambda d: "/r?data=" + quote(quote(quote(d, safe=""), safe=""), safe=""), "twice"),
    sent("a slash behind the query", "query-last-slash", lambda d: f"/r?data={quote(d, safe='')}/"),
    sent("a fragment in the query", "query-fragment", lambda d: f"/r?data={quote(d, safe='')}%23/home"),
    Row("line breaks of openssl enc", "fortis-data-line-breaks", lambda: launch(run("openssl", "enc", *MD5, "-base64", "-k", SECRET, given=JSON).decode())),
    sent("line breaks written out", "fortis-data-line-breaks", lambda d: launch(d[:64] + "\\n" + d[64:]), "written as"),
    js("slashes of json_encode", "fortis-data-escaped", f"(() => {{ {PLUSES} }})().replaceAll('/', '\\\\/')"),
    sent("entities of HTML", "fortis-data-escaped", lambda d: launch(d.replace("=", "&#61;").replace("U2", "&#85;2"))),
    data_of("JSON.stringify of the value", "fortis-data-quoted", "JSON.stringify(d)"),
    data_of("a data: URL", "fortis-data-quoted", "'data:application/octet-stream;base64,' + d"),
    data_of("hex of Node", "fortis-data-hex", "Buffer.from(d, 'base64').toString('hex')"),
    data_of("hex in capitals", "fortis-data-hex", "Buffer.from(d, 'base64').toString('hex').toUpperCase()"),
    data_of("btoa of base64", "fortis-data-base64-twice", "btoa(d)"),
    data_of("base64 of hex", "fortis-data-base64-twice", "btoa(Buffer.from(d, 'base64').toString('hex'))", "hex in base64"),
    sent("raw bytes in the URL", "fortis-data-raw", lambda d: "/r?data=" + quote(b64decode(d), safe="")),
    sent("another name", "fortis-parameter-respelled", lambda d: f"/r?payload={quote(d, safe='')}"),
    sent("an array", "fortis-parameter-respelled", lambda d: f"/r?data%5B0%5D={quote(d, safe='')}"),
    sent("cut by a column of 100 characters", "fortis-data-cut", lambda d: launch(d[:100])),
    sent("cut within the URL", "fortis-data-cut", lambda d: launch(d)[:150]),
    *(Row(f"cut within an escape, by {n}", "fortis-data-cut", lambda n=n: launch(GOOD).rpartition("%2B")[0] + "%2B"[:n], WORKED) for n in (1, 2)),
    sent("cut at a whole block", "fortis-data-cut", lambda d: launch(b64encode(b64decode(d)[:64]).decode())),
    Row("one character changed", "fortis-data-changed", lambda: launch(GOOD[:72] + "AB"[GOOD[72] == "A"] + GOOD[73:]), WORKED, "part 3 of"),  # no new salt: one in some makes Latin-1
    sent("repeated, the first wins, as a reading", "fortis:launch.repeated=first", lambda d: launch(d) + "&data=x"),
    sent("repeated, the last wins, as a reading", "fortis:launch.repeated=last", lambda d: "/r?data=x&data=" + quote(d, safe="")),
]  # fmt: skip
ENVELOPES = [
    data_of("the JSON form of CryptoJS", "fortis-cryptojs-json", "JSON.stringify({ct: Buffer.from(d, 'base64').subarray(16).toString('base64'), iv: iv(m).toString('hex'), s: salt.toString('hex')})"),
    data_of("the JSON form of CryptoJS, in base64", "fortis-cryptojs-json", "btoa(JSON.stringify({ct: Buffer.from(d, 'base64').subarray(16).toString('base64'), iv: iv(m).toString('hex'), s: salt.toString('hex')}))"),
    in_php("Crypt of Laravel", "fortis-json-envelope + fortis-key-raw", "base64_encode(json_encode(['iv' => base64_encode('1234567890abcdef'), 'value' => openssl_encrypt($j, 'aes-256-cbc', substr($s . str_repeat(\"\\0\", 32), 0, 32), 0, '1234567890abcdef'), 'mac' => 'x', 'tag' => '']))"),
    js("iv:text of a sample for Node", "fortis-iv-beside + fortis-key-sha256", "((v) => v.toString('hex') + ':' + enc(j, hash('sha256', s), v).toString('hex'))(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))"),
    in_php("text::iv of a sample for PHP", "fortis-iv-beside + fortis-ciphertext-encoded + fortis-key-raw", "base64_encode(openssl_encrypt($j, 'aes-256-cbc', $s, 0, \"\\1\\2\\3\\4\\5\\6\\7\\x89\\1\\2\\3\\4\\5\\6\\7\\x88\") . '::' . \"\\1\\2\\3\\4\\5\\6\\7\\x89\\1\\2\\3\\4\\5\\6\\7\\x88\")", deep=True),
    js("the IV in front", "fortis-iv-in-front + fortis-key-sha256", "((v) => Buffer.concat([v, enc(j, hash('sha256', s), v)]).toString('base64'))(evp('sha1', 'v', salt, 16))"),
    js("the IV in front, in hex", "fortis-data-hex + fortis-iv-in-front + fortis-key-sha256", "((v) => Buffer.concat([v, enc(j, hash('sha256', s), v)]).toString('hex'))(evp('sha1', 'v', salt, 16))"),
    js("the IV in front, in base64url", "fortis-data-url-safe + fortis-iv-in-front + fortis-key-raw", "((v) => Buffer.concat([v, enc(j, Buffer.from(s.padEnd(32, '\\0')), v)]).toString('base64url'))(evp('sha1', 'v', salt, 16))"),
    js("the IV behind", "fortis-iv-behind + fortis-key-sha256", "((v) => Buffer.concat([enc(j, hash('sha256', s), v), v]).toString('base64'))(evp('sha1', 'v', salt, 16))"),
    js("salt and IV in front, PBKDF2", "fortis-salt-and-iv + fortis-pbkdf2", "((v, x) => Buffer.concat([x, v, enc(j, crypto.pbkdf2Sync(s, x, 1000, 32, 'sha256'), v)]).toString('base64'))(evp('sha1', 'v', salt, 16), evp('sha1', 'x', salt, 16))"),
    js("salt and IV in hex in front, PBKDF2 of CryptoJS", "fortis-salt-and-iv + fortis-pbkdf2", "((v, x) => x.toString('hex') + v.toString('hex') + enc(j, crypto.pbkdf2Sync(s, x, 1000, 32, 'sha1'), v).toString('base64'))(evp('sha1', 'v', salt, 16), evp('sha1', 'x', salt, 16))"),
    data_of("Salted__ lost", "fortis-magic-lost", "Buffer.from(d, 'base64').subarray(8).toString('base64')"),
    js("openssl enc -nosalt", "fortis-no-envelope", "((m) => enc(j, key(m), iv(m)).toString('base64'))(evp('md5', s, Buffer.alloc(0)))"),
    openssl("openssl enc -nosalt, by OpenSSL", "fortis-no-envelope", *MD5, "-nosalt"),
    js("derived without the salt", "fortis-salt-unused", "((m) => wrap(enc(j, key(m), iv(m))))(evp('md5', s, Buffer.alloc(0)))"),
    js("derived with the salt's hex digits", "fortis-salt-misread", "((m) => wrap(enc(j, key(m), iv(m))))(evp('md5', s, Buffer.from(salt.toString('hex'))))", "hex"),
    js("derived with Salted__ and the salt", "fortis-salt-misread", "((m) => wrap(enc(j, key(m), iv(m))))(evp('md5', s, Buffer.concat([Buffer.from('Salted__'), salt])))"),
    in_php("openssl_encrypt without OPENSSL_RAW_DATA", "fortis-ciphertext-encoded", "base64_encode('Salted__12345678' . openssl_encrypt($j, 'aes-256-cbc', ($a = md5($s . '12345678', true)) . ($b = md5($a . $s . '12345678', true)), 0, md5($b . $s . '12345678', true)))"),
]  # fmt: skip
DERIVATIONS = [
    openssl("openssl enc of today, as a reading", READ + "derivation=sha256", "-aes-256-cbc"),
    openssl("openssl enc -pbkdf2, as a reading", READ + "derivation=pbkdf2", "-aes-256-cbc", "-pbkdf2"),
    openssl("SHA-1 for MD5", "fortis-evp-digest", "-aes-256-cbc", "-md", "sha1", says="SHA-1"),
    Row("pkcs5_keyivgen of Ruby", "fortis-evp-rounds", lambda: launch(run("ruby", "-ropenssl", "-rbase64", "-e", _RUBY, SECRET, JSON).decode()), {}, "2,048 rounds of MD5"),
    openssl("SHA-512 for MD5", "fortis-evp-digest", "-aes-256-cbc", "-md", "sha512", says="SHA-512"),
    openssl("PBKDF2 with 1,000 rounds", "fortis-pbkdf2", "-aes-256-cbc", "-pbkdf2", "-iter", "1000", says="1,000 rounds of SHA-256"),
    openssl("PBKDF2 with SHA-1", "fortis-pbkdf2", "-aes-256-cbc", "-pbkdf2", "-iter", "1000", "-md", "sha1", says="1,000 rounds of SHA-1"),
    js("PBKDF2 of CryptoJS 4.1: one round of SHA-1", "fortis-pbkdf2", "((m) => wrap(enc(j, key(m), iv(m))))(crypto.pbkdf2Sync(s, salt, 1, 48, 'sha1'))", "1 round of SHA-1"),
    js("PBKDF2-SHA-1 with 10,000 rounds", "fortis-pbkdf2", "((m) => wrap(enc(j, key(m), iv(m))))(crypto.pbkdf2Sync(s, salt, 10000, 48, 'sha1'))", "10,000 rounds of SHA-1", deep=True),
    js("PBKDF2 with 100,000 rounds of SHA-512", "fortis-pbkdf2", "((m) => wrap(enc(j, key(m), iv(m))))(crypto.pbkdf2Sync(s, salt, 100000, 48, 'sha512'))", "100,000", deep=True),
    js("PBKDF2 and AES-128", "fortis-pbkdf2 + fortis-aes-128", "((m) => wrap(enc(j, key(m, 16), iv(m, 16), 'aes-128-cbc')))(crypto.pbkdf2Sync(s, salt, 1000, 48, 'sha1'))"),
    js("PBKDF2 and the URL-safe alphabet", "fortis-data-url-safe + fortis-pbkdf2", "((m) => wrap(enc(j, key(m), iv(m))))(crypto.pbkdf2Sync(s, salt, 1000, 48, 'sha256')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')"),
    in_php("raw key, filled up by PHP, IV of zeros", "fortis-key-raw + fortis-iv-zero", "base64_encode('Salted__12345678' . openssl_encrypt($j, 'aes-256-cbc', $s, OPENSSL_RAW_DATA, str_repeat(\"\\0\", 16)))", "as 32 bytes"),
    js("raw key of 32 characters", "fortis-key-raw + fortis-iv-derived", "wrap(enc(j, s, iv(m)))", "as 32 bytes", secret="Private-0815-of-32-characters-xy"),
    js("raw key, cut to 16", "fortis-key-raw + fortis-iv-zero", "wrap(enc(j, Buffer.from(s).subarray(0, 16), zeros, 'aes-128-cbc'))", "as 16 bytes"),
    js("hex key, decoded", "fortis-key-raw + fortis-iv-zero", "wrap(enc(j, Buffer.from(s, 'hex'), zeros))", "hex", secret="00112233445566778899aabbccddeeff00112233445566778899aabbccddee77"),
    in_php("hash('sha256') as key, its hex digits", "fortis-key-sha256 + fortis-iv-secret", "base64_encode('Salted__12345678' . openssl_encrypt($j, 'aes-256-cbc', hash('sha256', $s), OPENSSL_RAW_DATA, substr(hash('sha256', $s), 0, 16)))", "hex digits"),
    js("SHA-256 as key", "fortis-key-sha256 + fortis-iv-zero", "wrap(enc(j, hash('sha256', s), zeros))"),
    js("SHA-256 as key, ECB", "fortis-key-sha256 + fortis-mode-ecb", "wrap(enc(j, hash('sha256', s), null, 'aes-256-ecb'))"),
    in_php("md5 as key", "fortis-key-md5 + fortis-iv-zero", "base64_encode('Salted__12345678' . openssl_encrypt($j, 'aes-256-cbc', md5($s), OPENSSL_RAW_DATA, str_repeat(\"\\0\", 16)))", "32 hex digits"),
    js("MD5 as key of AES-128", "fortis-key-md5 + fortis-iv-zero", "wrap(enc(j, hash('md5', s), zeros, 'aes-128-cbc'))", "16 bytes"),
    js("SHA-1, 16 bytes of it, ECB, as old samples for Java", "fortis-no-envelope + fortis-key-hashed + fortis-mode-ecb", "enc(j, hash('sha1', s).subarray(0, 16), null, 'aes-128-ecb').toString('base64')"),
    js("AES_ENCRYPT of MySQL in hex", "fortis-data-hex + fortis-no-envelope + fortis-key-raw + fortis-mode-ecb", "(() => { const k = Buffer.alloc(16); b(s).forEach((x, at) => { k[at % 16] ^= x; }); return enc(j, k, null, 'aes-128-ecb').toString('hex'); })()", "MySQL"),
    js("SHA-512, half of it", "fortis-key-hashed + fortis-iv-zero", "wrap(enc(j, hash('sha512', s).subarray(0, 32), zeros))", "SHA-512"),
    in_php("openssl_encrypt alone", "fortis-no-envelope + fortis-key-raw + fortis-iv-zero", "openssl_encrypt($j, 'aes-256-cbc', $s, 0, str_repeat(\"\\0\", 16))"),
]  # fmt: skip
CIPHERS_AND_IVS = [
    openssl("AES-128 by OpenSSL", "fortis-aes-128", "-aes-128-cbc", "-md", "md5"),
    openssl("AES-192 by OpenSSL", "fortis-aes-192", "-aes-192-cbc", "-md", "md5"),
    openssl("AES-128 and SHA-256", "fortis-aes-128 + " + READ + "derivation=sha256", "-aes-128-cbc"),
    openssl("ECB by OpenSSL", "fortis-mode-ecb", "-aes-256-ecb", "-md", "md5"),
    openssl("CTR by OpenSSL", "fortis-mode-ctr", "-aes-256-ctr", "-md", "md5"),
    openssl("CFB by OpenSSL", "fortis-mode-cfb", "-aes-256-cfb", "-md", "md5"),
    openssl("CFB8 by OpenSSL", "fortis-mode-cfb", "-aes-256-cfb8", "-md", "md5"),
    openssl("OFB by OpenSSL", "fortis-mode-ofb", "-aes-256-ofb", "-md", "md5"),
    js("CTR of CryptoJS, which pads", "fortis-mode-ctr", "wrap(enc(Buffer.concat([b(j), Buffer.alloc(16 - b(j).length % 16, 16 - b(j).length % 16)]), key(m), iv(m), 'aes-256-ctr'))"),
    js("GCM of Node", "fortis-mode-gcm + fortis-key-sha256", "((c) => Buffer.concat([salt, Buffer.alloc(4), c.update(j), c.final(), c.getAuthTag()]).toString('base64'))(crypto.createCipheriv('aes-256-gcm', hash('sha256', s), Buffer.concat([salt, Buffer.alloc(4)])))"),
    js("GCM of Node, tag in front", "fortis-mode-gcm + fortis-key-sha256", "((c) => ((x) => Buffer.concat([salt, Buffer.alloc(4), c.getAuthTag(), x]).toString('base64'))(Buffer.concat([c.update(j), c.final()])))(crypto.createCipheriv('aes-256-gcm', hash('sha256', s), Buffer.concat([salt, Buffer.alloc(4)])))"),
    js("IV of zeros", "fortis-iv-zero", "wrap(enc(j, key(m), zeros))"),
    js("IV of the secret", "fortis-iv-secret", "wrap(enc(j, key(m), Buffer.from(s).subarray(0, 16)))"),
    js("IV of the salt", "fortis-iv-salt", "wrap(enc(j, key(m), Buffer.concat([salt, salt])))", "twice"),
    js("a fixed IV", "fortis-iv-fixed", "wrap(enc(j, key(m), '1234567890123456'))", "1234567890123456"),
    js("an IV that is not sent", "fortis-iv-unknown", "wrap(enc(j, key(m), hash('md5', 'nobody knows')))"),
    js("the IV behind the salt", "fortis-iv-in-front", "((v) => wrap(v, enc(j, key(m), v)))(hash('md5', 'random'))", "behind the salt"),
]  # fmt: skip
PADDINGS = [
    js("a text of whole blocks without padding", "fortis-padding-none", "wrap(raw(j))", j=BLOCKS),
    openssl("openssl enc -nopad", "fortis-padding-none", *MD5, "-nopad", given=BLOCKS),
    in_php("OPENSSL_ZERO_PADDING, padded by hand", "fortis-padding-zero", "base64_encode('Salted__12345678' . openssl_encrypt(str_pad($j . ' ', 112, \"\\0\"), 'aes-256-cbc', ($a = md5($s . '12345678', true)) . ($b = md5($a . $s . '12345678', true)), OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING, md5($b . $s . '12345678', true)))"),
    js("NULs", "fortis-padding-zero", "wrap(raw(pad(j + ' ', 0)))"),
    js("blanks", "fortis-padding-space", "wrap(raw(pad(j + ' ', 32)))"),
    js("ISO 7816-4", "fortis-padding-iso-7816", "wrap(raw(pad(Buffer.concat([b(j), Buffer.from([128])]), 0)))"),
    js("ANSI X.923", "fortis-padding-x923", "((n) => wrap(raw(Buffer.concat([b(j), Buffer.alloc(n - 1), Buffer.from([n])]))))(16 - b(j).length % 16 || 16)"),
    js("ISO 10126, as a reading", READ + "padding=last-byte", "((n) => wrap(raw(Buffer.concat([b(j), hash('md5', 'x').subarray(0, n - 1), Buffer.from([n])]))))(16 - b(j).length % 16 || 16)"),
    js("a block of 32 bytes", "fortis-padding-long", "((k) => wrap(raw(Buffer.concat([b(j), Buffer.alloc(k, 32), Buffer.alloc(24, 24)]))))((8 - b(j).length % 16 + 16) % 16)"),
    js("padded twice", "fortis-padding-twice", "((n) => wrap(enc(Buffer.concat([b(j), Buffer.alloc(n, n)]), key(m), iv(m))))(16 - b(j).length % 16 || 16)"),
]  # fmt: skip
TEXTS = [
    text("byte order mark", "fortis-text-bom", "'\\ufeff' + j"),
    text("Latin-1", "fortis-text-latin-1", "Buffer.from(j.replace('1234567', 'Jürgen'), 'latin1')"),
    text("UTF-16", "fortis-text-utf-16", "Buffer.from(j, 'utf16le')", "little"),
    text("UTF-16, big-endian", "fortis-text-utf-16", "Buffer.from(j, 'utf16le').swap16()", "big"),
    text("NULs within the padding", "fortis-text-nul", "j + '\\0\\0\\0'"),
    php_text("gzencode", "fortis-text-compressed", "gzencode($j)", "gzip"),
    php_text("gzcompress", "fortis-text-compressed", "gzcompress($j)", "zlib"),
    php_text("gzdeflate", "fortis-text-compressed", "gzdeflate($j)", "deflate"),
    text("JSON.stringify twice", "fortis-text-twice", "JSON.stringify(j)"),
    text("btoa", "fortis-text-encoded", "btoa(j)", "base64"),
    text("hex", "fortis-text-encoded", "Buffer.from(j).toString('hex')", "hex"),
    text("encodeURIComponent", "fortis-text-encoded", "encodeURIComponent(j)", "percent"),
    php_text("htmlspecialchars", "fortis-text-encoded", "htmlspecialchars($j)", "HTML"),
    php_text("addslashes", "fortis-text-encoded", "addslashes($j)", "backslashes"),
    php_text("http_build_query", "fortis-text-query", "http_build_query(json_decode($j, true))"),
    text("URLSearchParams", "fortis-text-query", "new URLSearchParams(JSON.parse(j)).toString()"),
    php_text("serialize", "fortis-text-php", "serialize(json_decode($j, true))"),
    php_text("serialize of an object", "fortis-text-php", "serialize(json_decode($j))"),
    php_text("serialize of the JSON", "fortis-text-php", "serialize($j)"),
    Row("str of a dict", "fortis-text-python", lambda: launch(run("openssl", "enc", *MD5, "-base64", "-A", "-k", SECRET, given=str(json.loads(JSON))).decode())),
    text("inspect of Ruby, by hand", "fortis-text-printed", f"'{{\"location_id\"=>\"{LOCATION}\", \"user_id\"=>\"{USER}\"}}'"),
    text("toString of Java, by hand", "fortis-text-printed", f"'{{location_id={LOCATION}, user_id={USER}}}'"),
    text("an object as text", "fortis-text-object", "String({})"),
    text("a list of one", "fortis-text-array", "'[' + j + ']'", "array"),
    text("within another object", "fortis-text-array", "JSON.stringify({data: JSON.parse(j)})", "object"),
    text("the location id alone", "fortis-text-alone", "l"),
    text("camelCase", "fortis-member-names", f"'{{\"locationId\":\"{LOCATION}\",\"userId\":\"{USER}\"}}'"),
    text("hyphens, as a reading", READ + "names=hyphens", f"'{{\"location-id\":\"{LOCATION}\",\"user-id\":\"{USER}\"}}'"),
    text("a key twice, as a reading", READ + "duplicate-keys=last-wins", "j.replace('{', '{\"user_id\":\"1\",')"),
    text("a decimal location, as a reading", "fortis:launch.location-id=decimal-too", "j.replace(l, '137')"),
    text("any location, as a reading", "fortis:launch.location-id=any", "j.replace(l, 'harbour')"),
    text("NULs, base64 too", "fortis-text-encoded", "btoa(j)"),
]  # fmt: skip

# --- plain launches -------------------------------------------------------------------------------


def plain(
    name: str, cause: str, digest: Callable[[], str], says: str = "", query: str = "&user-id=7", **options
) -> Row:
    """Return a row: a plain launch whose hmac a program made."""
    location = options.pop("location", LOCATION)
    time = options.pop("time", str(NOW))

    def made() -> str:
        start = f"https://yourapp.com/r?location_id={location}&timestamp={quote(time, safe='')}"
        return f"{start}&hmac={quote(digest(), safe='')}{query}"

    return Row(name, cause, made, options, says)


def message(name: str, cause: str, code: str, says: str = "", query: str = "&user-id=7", **options) -> Row:
    """Return a row whose signed text is an expression of JavaScript; `l` and `t` are the sent values."""
    names = {"l": options.get("location", LOCATION), "t": options.get("time", str(NOW))}
    return plain(name, cause, node(f"h(s, {code})", **names), says, query, **options)


def mac(name: str, cause: str, code: str, says: str = "") -> Row:
    """Return a row whose digest is an expression of PHP of the message `m`."""
    return plain(name, cause, php(code, m=f"{LOCATION}{NOW}"), says)


HEX = "a801783af104e25822dc25e802736be8e06e6f251425ab9391488ce310ae4be5"
UPPER = "11EA858313AABDE4BD2EB0FA"
UUID = "11e95f8e-c39d-e8fb-db0a-4f1a11e95f8e"
MESSAGES = [
    Row("base64 of the right digest", "form-base64", lambda: f"/?location_id={LOCATION}&timestamp={NOW}&hmac={quote(b64encode(bytes.fromhex(HEX)).decode(), safe='')}&user-id=7", WORKED),
    message("timestamp first", "message-time-first", "t + l"),
    message("timestamp first, as a reading", "fortis:plain.message=timestamp-location", "t + l"),
    message("a dot between them", "message-separator", "l + '.' + t"),
    message("a colon between them", "message-separator", "l + ':' + t"),
    message("a line end between them", "message-separator", "[l, t].join('\\n')"),
    message("a bar between them, timestamp first", "message-time-first", "[t, l].join('|')"),
    message("numbers added", "fortis:launch.location-id=decimal-too + fortis-numbers-added", "String(Number(l) + Number(t))", location="137"),
    message("names too", "fortis-names-signed", "'location_id=' + l + '&timestamp=' + t", "as a query"),
    message("names and values joined", "fortis-names-signed", "'location_id' + l + 'timestamp' + t"),
    message("JSON", "fortis-json-signed", "JSON.stringify({location_id: l, timestamp: t})"),
    message("the query", "fortis-query-signed", "`location_id=${l}&timestamp=${t}&user-id=7`", "without hmac"),
    message("the URL", "fortis-query-signed", "`https://yourapp.com/r?location_id=${l}&timestamp=${t}&user-id=7`", "the URL"),
    message("the URL up to hmac", "fortis-query-signed", "`https://yourapp.com/r?location_id=${l}&timestamp=${t}`", "the URL up to"),
    message("all values", "fortis-values-signed", "l + t + '7'"),
    message("all values, in lines", "fortis-values-signed", "[l, t, '7'].join('\\n')"),
    message("all values as JSON", "fortis-json-signed", "JSON.stringify({location_id: l, timestamp: t, 'user-id': '7'})", "all values"),
    message("all values, sorted", "fortis-values-signed", "l + '8' + t + '7'", "sorted", "&zone=7&other=8"),
    message("secret in front", "fortis-secret-in-text", "s + l + t"),
    message("the location alone", "fortis-location-empty", "l", "no timestamp"),
    message("the timestamp alone", "fortis-location-empty", "t", "no location"),
    message("an undefined location", "fortis-location-empty", "undefined + t"),
    message("the user", "fortis-user-signed", f"'{USER}' + t", "user_id in place", f"&user_id={USER}"),
    message("capitals", "fortis-location-case", "l.toUpperCase() + t"),
    message("small letters", "fortis-location-case", "l.toLowerCase() + t", location=UPPER),
    message("without hyphens", "fortis-location-parts", "l.replaceAll('-', '') + t", location=UUID),
    message("with hyphens", "fortis-location-parts", f"'{UUID}' + t", location=UUID.replace("-", "")),
    message("cut to 21 characters", "fortis-location-parts", "l.slice(0, 21) + t"),
    message("milliseconds", "fortis-time-unit", "l + t + '000'", "milliseconds"),
    message("minutes", "fortis-time-unit", "l + Math.floor(t / 60)", "minutes"),
    message("an ISO date", "fortis-time-unit", "l + new Date(t * 1000).toISOString().replace('.000', '')", "date"),
    message("toISOString", "fortis-time-unit", "l + new Date(t * 1000).toISOString()", "date"),
    message("seconds for sent milliseconds", "fortis-time-unit", "l + t.slice(0, -3)", time=f"{NOW}000"),
    message("milliseconds, as a reading", "fortis:plain.timestamp=milliseconds", "l + t", time=f"{NOW}000"),
    message("two hours of a zone, and an underscore", "message-time-zone + message-separator", "l + '_' + (t - -7200)", "2 h later"),
    message("an hour of a zone", "message-time-zone", "l + (t - 3600)", "1 h earlier"),
    message("JSON in lines", "fortis-json-signed", "JSON.stringify({location_id: l, timestamp: t}, null, 2)", "lines"),
    message("the bytes of the id", "fortis-location-parts", "Buffer.concat([Buffer.from(l, 'hex'), Buffer.from(t)])", "hex digits"),
    message("the clock read twice", "fortis-time-twice", "l + (t - 1)", "1 s earlier"),
    message("the clock read again after a minute", "fortis-time-twice", "l + (Number(t) + 42)", "42 s later"),
    message("a date as timestamp", "fortis-timestamp-form", "l + t", time="2023-11-14T22:13:20Z"),
    message("a location that is too long", "fortis-location-form", "l + t", location="x" * 70),
    message("a decimal location, as a reading", "fortis:launch.location-id=decimal-too", "l + t", location="137"),
    message("a location that is a word, as a reading", "fortis:launch.location-id=any", "l + t", location="harbour"),
    Row("other names", "fortis-parameter-respelled", lambda: f"/?location-id={LOCATION}&time={NOW}&hmac={node('h(s, l + t)')()}"),
    Row("repeated, the first wins, as a reading", "fortis:launch.repeated=first", lambda: f"/?location_id={LOCATION}&timestamp={NOW}&hmac={node('h(s, l + t)')()}&location_id=x"),
    message("line end behind it", "text-line-end", "l + t + '\\n'"),
    message("CR LF behind it", "text-crlf", "l + t + '\\r\\n'"),
    message("blank behind it", "text-blank", "l + t + ' '"),
    message("byte order mark", "text-bom", "'\\ufeff' + l + t"),
    message("base64 of the text", "text-base64", "btoa(l + t)"),
    message("JSON of the text", "text-quoted", "JSON.stringify(l + t)"),
    message("small letters of the text", "text-lower-case", "(l + t).toLowerCase()", location=UPPER),
    message("UTF-16", "text-utf-16", "Buffer.from(l + t, 'utf16le')"),
    message("a hash of the text", "mac-of-hash", "crypto.createHash('sha256').update(l + t).digest('hex')"),
    message("an object", "text-object", "String({})"),
]  # fmt: skip
MACS = [
    mac("key and message swapped", "mac-swapped", "$h($m, $s)"),
    mac("plain hash, secret first", "mac-plain-secret-first", "hash('sha256', $s . $m)"),
    mac("plain hash, secret last", "mac-plain-secret-last", "hash('sha256', $m . $s)"),
    mac("plain hash, secret on both sides", "mac-plain-both-sides", "hash('sha256', $s . $m . $s)"),
    mac("plain MD5", "mac-plain-md5", "md5($s . $m)"),
    mac("plain SHA-1", "mac-plain-sha1", "sha1($m . $s)"),
    mac("no key", "mac-no-key", "hash('sha256', $m)"),
    mac("SHA-1", "mac-sha1", "$h($s, $m, 'sha1')"),
    mac("MD5", "mac-md5", "$h($s, $m, 'md5')"),
    mac("SHA-512", "mac-sha512", "$h($s, $m, 'sha512')"),
    mac("SHA-384", "mac-sha384", "$h($s, $m, 'sha384')"),
    mac("SHA-224", "mac-sha224", "$h($s, $m, 'sha224')"),
    mac("SHA-3", "mac-sha3", "$h($s, $m, 'sha3-256')"),
    mac("twice", "mac-twice", "$h($s, $h($s, $m, 'sha256', true))"),
    mac("of a hash", "mac-of-hash", "$h($s, hash('sha256', $m, true))"),
    mac("capitals", "form-upper-case", "strtoupper($h($s, $m))"),
    mac("capitals, as a reading", "fortis:plain.hmac-case=either", "strtoupper($h($s, $m))"),
    mac("base64", "form-base64", "base64_encode($h($s, $m, 'sha256', true))"),
    mac("base64url", "form-base64url + form-unpadded", "rtrim(strtr(base64_encode($h($s, $m . '', 'sha256', true)), '+/', '-_'), '=')"),
    mac("base64 of hex", "form-base64-of-hex", "base64_encode($h($s, $m))"),
    mac("its name in front", "form-named", "'sha256=' . $h($s, $m)"),
    mac("line end behind it", "form-blank", "$h($s, $m) . \"\\n\""),
    mac("quotes", "form-quoted", "json_encode($h($s, $m))"),
    mac("separated", "form-separated", "implode(':', str_split($h($s, $m), 2))"),
    mac("SHA-512, cut to the usual length", "mac-sha512 + form-cut", "substr($h($s, $m, 'sha512'), 0, 64)"),
    mac("cut", "form-cut", "substr($h($s, $m), 0, 32)"),
]  # fmt: skip

# --- the key, in both modes -----------------------------------------------------------------------

KEYS = [
    ("line end of echo", "key-line-end", "s + '\\n'", "", {}),
    ("CR LF of Windows", "key-crlf", "s + '\\r\\n'", "", {}),
    ("carriage return of a .env file", "key-carriage-return", "s + '\\r'", "", {}),
    ("two line ends", "key-blank-lines", "s + '\\n\\n'", "", {}),
    ("blank behind it", "key-blank", "s + ' '", "", {}),
    ("blank before it", "key-blank-before", "' ' + s", "", {}),
    ("tab of a spreadsheet", "key-tab", "s + '\\t'", "", {}),
    ("quotes of docker --env-file", "key-quoted", "JSON.stringify(s)", "", {}),
    ("single quotes of cmd.exe", "key-single-quoted", "`'${s}'`", "", {}),
    ("byte order mark of Notepad", "key-bom", "'\\ufeff' + s", "", {}),
    ("blanks in the secret given", "key-trimmed", "s.trim()", "", {"secret": f" {SECRET}\r\n"}),
    ("blanks in the secret given, as a reading", "fortis:secret.bytes=trimmed", "s.trim()", "", {"secret": f"{SECRET}\n"}),
    ("quotes in the secret given", "key-unquoted", "s.slice(1, -1)", "", {"secret": f"'{SECRET}'"}),
    ("a prefix", "key-prefix", "s.slice(8)", "", {"secret": f"sk_live_{SECRET}"}),
    ("a whole line", "key-assigned", "s.split('=')[1]", "", {"secret": f"FORTIS_SECRET={SECRET}"}),
    ("dashes lost", "key-without-dashes", "s.replaceAll('-', '')", "", {}),
    ("hex digits decoded", "key-from-hex", "Buffer.from(s, 'hex')", "", {"secret": "00ff00ff00ff00ff"}),
    ("hex digits decoded, as a reading", "fortis:secret.bytes=hex-decoded", "Buffer.from(s, 'hex')", "", {"secret": "00ff00ff00ff00ff"}),
    ("base64 decoded", "key-from-base64", "Buffer.from(s, 'base64')", "", {"secret": "U2VjcmV0LW9mLXRoZS1wYWdl"}),
    ("base64 decoded, as a reading", "fortis:secret.bytes=base64-decoded", "Buffer.from(s, 'base64')", "", {"secret": "U2VjcmV0LW9mLXRoZS1wYWdl"}),
    ("written in hex", "key-to-hex", "Buffer.from(s).toString('hex')", "", {}),
    ("written in base64", "key-to-base64", "btoa(s)", "", {}),
    ("not loaded", "key-empty", "''", "", {}),
    ("undefined", "key-placeholder", "String({}.secret)", "undefined", {}),
    ("capitals", "key-upper-case", "s.toUpperCase()", "", {}),
    ("small letters", "key-lower-case", "s.toLowerCase()", "", {}),
    ("percent-encoded", "key-percent", "encodeURIComponent(s)", "encoded", {"secret": "Private/Secret+of=0815"}),
    ("a comment of a .env file", "key-comment", "s.split('#')[0]", "", {"secret": "Private-0815#rest-0816"}),
    ("a variable of a shell", "key-dollar", "s.replace(/[$]\\w+/, '')", "", {"secret": "Private-0815$rest-0816"}),
    ("cut at an equals sign", "key-equals", "('S=' + s).split('=')[1]", "", {"secret": "PrivateSecret0815=="}),
    ("backslashes lost", "key-backslashes", "s.replaceAll('\\\\', '')", "", {"secret": "Private\\Secret-0815"}),
    ("unescaped", "key-entities", "s.replace('&amp;', '&')", "unescaped", {"secret": "Private&amp;Secret-0815"}),
    ("fgets without its last", "key-last-character", "s.slice(0, -1)", "", {}),
    ("a hash in hex", "key-hashed", "crypto.createHash('sha256').update(s).digest('hex')", "in hex", {}),
    ("NFD of macOS", "key-normalised", "s.normalize('NFD')", "NFD", {"secret": "Büro-Geheimnis-0815"}),
    ("Latin-1", "key-latin-1", "Buffer.from(s, 'latin1')", "", {"secret": "Büro-Geheimnis-0815"}),
    ("UTF-16", "key-utf-16", "Buffer.from(s, 'utf16le')", "", {}),
    ("pasted twice", "key-doubled", "s + s", "", {}),
    ("cut by a column", "key-cut", "s.slice(0, 16)", "", {}),
    ("another of two", "key-other", f"'{OTHER}'", "", {"others": [OTHER]}),
]  # fmt: skip
PLAIN_KEYS = [
    plain(
        name,
        cause,
        node(f"h({code}, l + t)", **({"s": options["secret"]} if "secret" in options else {})),
        says,
        **options,
    )
    for name, cause, code, says, options in KEYS
]
ENCRYPTED_KEYS = [
    js(
        name,
        cause,
        f"((m) => wrap(enc(j, key(m), iv(m))))(evp('md5', {code}, salt))",
        says,
        **options,
    )
    for name, cause, code, says, options in KEYS
]
ENCRYPTED = [*CARRIED, *ENVELOPES, *DERIVATIONS, *CIPHERS_AND_IVS, *PADDINGS, *TEXTS, *ENCRYPTED_KEYS]
ROWS = [*WORKED_ROWS, *ENCRYPTED, *MESSAGES, *MACS, *PLAIN_KEYS]
PRIVATE = (SECRET, OTHER, TOKEN)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.cause}: {row.name}")
def test_the_cause_of_a_mistake_is_named_at_first(row):
    check("fortis", row, PRIVATE, secret=SECRET, now=NOW, ciphers=CIPHERS)


# --- what needs no explanation, and what has none -------------------------------------------------


def asked(pasted: str | bytes, **options):
    return explain("fortis", pasted, **{"secret": SECRET, "now": NOW, "ciphers": CIPHERS, **options})


def right_plain() -> str:
    return f"/r?location_id={LOCATION}&timestamp={NOW}&hmac={node('h(s, l + t)')()}&user_id={USER}&access-token={TOKEN}"


def by_node() -> str:
    return launch(node(_JS.replace("CODE", "wrap(enc(j, key(m), iv(m)))"))())


@pytest.mark.parametrize("made", [right_plain, by_node, lambda: launch(right()), lambda: right()])
def test_a_genuine_launch_verifies_without_an_explanation(made):
    answer = asked(made())
    assert (answer.verdict, answer.signature_fits, answer.explanations) == ("verified", True, ())
    assert answer.tried == 0 and answer.stages and answer.returns is not None
    shown = dict(answer.returns["parameters"])
    assert (shown["location_id"], shown["user_id"]) == (LOCATION, USER)
    assert TOKEN not in json.dumps(answer.as_json())


def test_an_encrypted_launch_is_said_to_prove_nothing_else():
    returns = asked(by_node()).returns
    assert "no MAC and no time" in returns["says"] and returns["covered"] == []


def test_credentials_are_shown_only_where_they_are_asked_for():
    for made in (by_node, right_plain):
        shown = asked(made(), show_secrets=True)
        assert TOKEN in json.dumps(shown.as_json())
        masked = asked(made())
        assert TOKEN not in json.dumps(masked.as_json()) and SECRET not in json.dumps(masked.as_json())


def test_a_stage_says_its_clause_on_success_too():
    stages = {stage.name: stage for stage in asked(by_node()).stages}
    assert [*stages] == ["bytes", "salt", "derived", "padded", "text"]
    assert stages["derived"].clause == "fortis:encrypted.derivation" and stages["derived"].masked
    assert stages["salt"].hex == "0123456789abcdef"


def test_what_decrypts_and_is_no_launch_has_the_right_key_and_no_explanation():
    answer = asked(text("", "", "JSON.stringify({user_id: '7'})").pasted())
    assert (answer.reason, answer.signature_fits, answer.explanations) == ("missing-parameter", True, ())


def test_doubled_parameters_are_not_said_to_have_other_names():
    row = next(row for row in MESSAGES if row.cause == "fortis:launch.repeated=first")
    answer = answered("fortis", row, secret=SECRET, now=NOW, ciphers=CIPHERS)
    assert [one.id for group in answer.explanations for one in group] == ["fortis:launch.repeated=first"]


@pytest.mark.parametrize("length", range(108, 132))
def test_data_that_was_cut_anywhere_is_said_to_be_cut_and_nothing_more(length):
    answer = asked(by_node()[:length])
    assert [one.id for one in answer.explanations[0]] == ["fortis-data-cut"]


def test_the_time_of_a_right_launch_is_not_searched():
    answer = asked(right_plain(), now=NOW + 301)
    assert (answer.reason, answer.signature_fits, answer.tried) == ("stale", True, 0)


@pytest.mark.parametrize("made", [by_node, right_plain])
def test_another_secret_is_explained_by_nothing(made):
    answer = asked(made(), secret="another-app-secret")
    assert (answer.verdict, answer.explanations) == ("refused", ())
    assert answer.tried > 500


def test_random_data_under_random_secrets_is_explained_by_nothing():
    """`python -m tests.benchmarks.explain_fortis 20000` draws more."""
    for answer, _ in explained(120, seed=7):
        assert (answer.verdict, answer.explanations) == ("refused", ())


def test_a_search_without_ciphers_says_that_it_could_not_decrypt():
    answer = asked(CIPHERS_AND_IVS[0].pasted(), ciphers=None)
    assert answer.explanations == () and answer.tried == 0
    assert "no ciphers" in " ".join(answer.doubts)
    assert asked(by_node(), ciphers=None).doubts == ()


def test_more_rounds_than_the_budget_has_are_left_to_the_long_search():
    row = next(row for row in DERIVATIONS if "100,000" in row.says)
    assert asked(row.pasted()).ended == "budget"
    assert asked(row.pasted(), deep=True).explanations[0][0].change.startswith("100,000 rounds")


def test_the_rounds_of_one_search_are_few():
    """PBKDF2 takes most of the time: at most 24,000 rounds, about 15 ms."""
    spent = []

    class Counting(AesCiphers):
        def pbkdf2(self, digest, passphrase, salt, rounds, length):
            spent.append(rounds)
            return super().pbkdf2(digest, passphrase, salt, rounds, length)

    asked(by_node(), secret="another-app-secret", ciphers=Counting())
    assert {1, 1_000, 10_000} <= set(spent) and sum(spent) <= 24_000


@pytest.mark.parametrize("row", ENCRYPTED[::9], ids=lambda row: row.name)
def test_a_part_that_is_readable_is_told_only_where_nothing_explains_all(row):
    answer = answered("fortis", row, secret=SECRET, now=NOW, ciphers=CIPHERS)
    weak = {"fortis-data-cut", "fortis-data-changed", "fortis-iv-unknown"}
    found = [{part.id for part in one.parts} & weak for group in answer.explanations for one in group]
    assert all(found) or not any(found)


@pytest.mark.parametrize("made", [right, lambda: by_node().partition("data=")[2]])
def test_a_first_block_that_was_changed_is_not_said_to_be_the_fault_of_the_iv_alone(made):
    raw = bytearray(base64.b64decode(unquote(made())))
    raw[20] ^= 1
    (cause,) = asked(launch(base64.b64encode(raw).decode())).explanations[0]
    assert "changed on the way" in " ".join(part.says for part in cause.parts)


@pytest.mark.parametrize(
    "piece",
    [
        "accesstokn=P-0817",
        "access%17n=P-0817",
        "access-tion_id=11eatoken=P-0817",
        "user_oauth_url=token%3DP-0817",
    ],
)
def test_what_a_damaged_name_holds_is_shown_to_nobody_although_the_launch_verifies(piece):
    """Nothing covers these parameters, so a launch verifies whatever was done to the name of a token."""
    answer = asked(f"{right_plain()}&{piece}")
    assert answer.verdict == "verified" and "P-0817" not in json.dumps(answer.as_json())
    assert ["location_id", LOCATION] in answer.as_json()["returns"]["parameters"]


def test_every_clause_that_is_named_is_one_of_the_register():
    known = {clause.id for clause in load("fortis").clauses}
    found = Found("/r?data=x"), Found("/r?hmac=x")
    cases = [case for one in found for case in slips.cases(one, readings=[], ciphers=CIPHERS)]
    assert {*slips.CLAUSES.values()} <= known
    assert {clause for case in cases for clause in case.clauses.values()} <= known


# --- the person's own text and digest -------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "cause"),
    [
        (f"{NOW}{LOCATION}", "message-time-first"),
        (f"{LOCATION}.{NOW}", "message-separator"),
        (f"{LOCATION}{NOW}000", "fortis-time-unit"),
        (f"{LOCATION}{NOW}\n", "text-line-end"),
        (f"{LOCATION.upper()}{NOW}", "fortis-location-case"),
        (f"location_id={LOCATION}&timestamp={NOW}", "fortis-names-signed"),
        (f"{USER}{NOW}", "fortis-user-signed"),
    ],
)
def test_the_slip_that_makes_the_own_text_is_named(mine, cause):
    answer = asked(right_plain(), mine=mine.encode())
    assert (answer.verdict, answer.mine.same_as) == ("verified", "")
    assert answer.mine.at is not None and answer.mine.name
    assert cause in [one.id for one in answer.mine.explanations[0]]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("h(l + t, s)", "mac-swapped"),
        ("h(s, l + '.' + t)", "message-separator"),
        ("h(s + '\\n', l + t)", "key-line-end"),
        ("h(s, l + t, 'sha256', 'base64')", "form-base64"),
        ("h(s, l + t, 'sha1')", "mac-sha1"),
    ],
)
def test_the_slip_that_gives_the_own_digest_is_named(code, cause):
    answer = asked(right_plain(), mine_digest=node(code)())
    assert (answer.verdict, answer.mine.digest_fits) == ("verified", False)
    assert cause in [one.id for one in answer.mine.explanations[0]]


def test_the_own_text_is_shown_beside_a_message_that_holds_no_secret():
    """The query before it may hold a token; the message is a location and a time."""
    found = asked(right_plain(), mine=b"x" + f"{LOCATION}{NOW}".encode()).mine
    assert found.yours.startswith(f"x{LOCATION[:8]}") and found.ours.startswith(LOCATION[:8])


def test_the_own_text_or_digest_that_is_right_is_said_to_be():
    answer = asked(right_plain(), mine=f"{LOCATION}{NOW}".encode(), mine_digest=node("h(s, l + t)")())
    assert (answer.mine.same_as, answer.mine.digest_fits, answer.mine.explanations) == ("message", True, ())


@pytest.mark.parametrize(
    ("code", "fits", "cause"),
    [
        ("key(m).toString('hex')", True, ""),
        ("m.toString('hex')", True, ""),
        ("iv(m).toString('base64')", True, ""),
        ("key(evp('sha256', s, salt)).toString('hex')", False, READ + "derivation=sha256"),
        ("key(evp('md5', s, Buffer.alloc(0))).toString('hex')", False, "fortis-salt-unused"),
        ("hash('sha256', s).toString('hex')", False, "fortis-key-sha256"),
        ("crypto.pbkdf2Sync(s, salt, 1000, 32, 'sha256').toString('hex')", False, "fortis-pbkdf2"),
        ("key(evp('md5', s + '\\n', salt)).toString('hex')", False, "key-line-end"),
        ("'ab'.repeat(32)", False, None),
    ],
)
def test_the_own_key_of_an_encrypted_launch_is_compared_like_a_digest(code, fits, cause):
    mine = node(_JS.replace("CODE", code))()
    answer = asked(by_node(), mine_digest=mine)
    found = [one.id for group in answer.mine.explanations[:1] for one in group]
    assert (answer.verdict, answer.mine.digest_fits) == ("verified", fits)
    assert found == [] if not cause else cause in found
    assert mine not in json.dumps(answer.as_json())


def test_the_own_text_of_an_encrypted_launch_is_compared_without_showing_it():
    answer = asked(by_node(), mine=JSON.replace(":", ": ").encode())
    assert (answer.mine.at, answer.mine.ours, answer.mine.yours) == (15, "", "")
    assert "a blank" in answer.mine.name
    assert asked(by_node(), mine=JSON.encode()).mine.same_as == "text"


def test_a_plain_launch_does_not_say_who_opened_it():
    url = f"https://app.example/launch?location_id=11ea858313aabde4bd2eb0fa&timestamp={NOW}&hmac="
    digest = hmac.digest(SECRET.encode(), f"11ea858313aabde4bd2eb0fa{NOW}".encode(), "sha256").hex()
    returns = explain("fortis", url + digest, secret=SECRET, now=NOW).returns
    assert returns and "only GET /v2/users/me says who opened it" in returns["not_covered"][-1]
