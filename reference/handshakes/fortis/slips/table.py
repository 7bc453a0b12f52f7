"""What only goes wrong with Fortis' launches, as a table."""

from __future__ import annotations

from ...core.cases import Slip


def _rows(stage: str, *rows: tuple[str, str, str, str]) -> tuple[Slip, ...]:
    return tuple(Slip(f"fortis-{id}", stage, says, cure, source) for id, says, cure, source in rows)


_DOCUMENTED = "Use CryptoJS.AES.encrypt(text, secret), or EVP_BytesToKey with MD5 and AES-256-CBC."
SLIPS: tuple[Slip, ...] = (
    *_rows(
        "carrier",
        ("data-cut", "The end of data is missing: what is there decrypts to the beginning of a JSON object.", "Log and pass on the whole value; look for a column, a header or a URL with a limit.", "logs, columns of 255 characters, limits of proxies"),
        ("data-changed", "Secret and key are right, but data was changed on the way: one part of it is unreadable.", "Compare data with what was sent, character by character.", "typing, lower case, editors"),
        ("parameter-respelled", "The parameters are there under other names.", "Use the names data, location_id, timestamp and hmac.", "frameworks, typing"),
    ),
    *_rows(
        "encoding",
        ("data-line-breaks", "Line breaks or blanks stand inside the base64.", "Write it in one line: openssl enc -A, base64 -w0.", "openssl enc -base64, MIME encoders, mail"),
        ("data-url-safe", "The base64 is in the URL-safe alphabet, with - and _.", "Write standard base64, and percent-encode it.", "base64url encoders, JWT habits"),
        ("data-escaped", "The base64 is escaped once more: \\/ or an escape stands for a character.", "Take the value out of the JSON or HTML with a parser.", "json_encode, HTML, encodeURIComponent twice"),
        ("data-quoted", "The base64 is in quotes, or has something around it.", "Send the value alone.", "JSON.stringify of a text, data: URLs"),
        ("data-hex", "The value is in hex.", "Write it in base64.", "ciphertext.toString(CryptoJS.format.Hex), bin2hex"),
        ("data-base64-twice", "The value is in base64 twice.", "Encode it once: openssl_encrypt and CryptoJS return base64 already.", "btoa of a base64 text, openssl_encrypt without OPENSSL_RAW_DATA"),
        ("data-raw", "The bytes stand in the URL without base64.", "Write them in base64 first.", "urlencode of raw bytes"),
    ),
    *_rows(
        "envelope",
        ("cryptojs-json", "It is CryptoJS' JSON form, with the members ct, iv and s.", "Use the OpenSSL format, which is CryptoJS' default.", "CryptoJS with a JSON formatter, cryptojs-aes-php"),
        ("json-envelope", "Ciphertext and IV stand in a JSON object.", "Send base64 of Salted__, salt and ciphertext.", "Laravel's Crypt, handwritten formats"),
        ("iv-beside", "The IV stands beside the ciphertext, with a separator between them.", "Send base64 of Salted__, salt and ciphertext; the IV is derived.", "samples for Node (iv:text) and PHP (text::iv)"),
        ("iv-in-front", "The IV stands in front of the ciphertext.", "Send base64 of Salted__, salt and ciphertext; the IV is derived.", "samples for Java, Python and PHP"),
        ("iv-behind", "The IV stands behind the ciphertext.", "Send base64 of Salted__, salt and ciphertext; the IV is derived.", "handwritten formats"),
        ("salt-and-iv", "Salt and IV stand in front of the ciphertext.", "Send base64 of Salted__, salt and ciphertext; the IV is derived.", "samples for PBKDF2"),
        ("magic-lost", "The eight bytes Salted__ in front of the salt are missing.", "Put Salted__ and the salt in front.", "handwritten formats"),
        ("no-envelope", "Salted__ and salt are missing: the value is the ciphertext alone.", "Put Salted__ and the salt in front; OpenSSL 3 leaves them out with -S.", "openssl enc -S or -nosalt, openssl_encrypt"),
        ("salt-unused", "The key was derived without the salt.", "Derive it from secret and salt.", "openssl enc -nosalt, handwritten derivations"),
        ("salt-misread", "The key was derived from other bytes than the salt.", "The salt is the eight bytes behind Salted__, as bytes.", "salt.toString(), wrong offsets"),
        ("ciphertext-encoded", "The ciphertext was encoded as text before the salt was put in front.", "Give openssl_encrypt the flag OPENSSL_RAW_DATA.", "PHP's openssl_encrypt"),
    ),
    *_rows(
        "derivation",
        ("evp-rounds", "The key was derived with many rounds of EVP_BytesToKey.", "Derive it with one round: OpenSSL::Cipher#pkcs5_keyivgen(secret, salt, 1).", "Ruby's pkcs5_keyivgen, whose default is 2048"),
        ("evp-digest", "Another hash than MD5 was used to derive the key.", "openssl enc -md md5; C#, Java and Go: EVP_BytesToKey with MD5, one round.", "openssl enc since 1.1.0, CryptoJS.algo.EvpKDF"),
        ("pbkdf2", "The key was derived with PBKDF2.", _DOCUMENTED, "openssl enc -pbkdf2, CryptoJS.PBKDF2, Node's pbkdf2Sync"),
        ("key-raw", "The secret itself was the AES key, cut or filled up to its length.", _DOCUMENTED, "openssl_encrypt, Java's SecretKeySpec, PyCryptodome"),
        ("key-sha256", "The AES key was the SHA-256 of the secret.", _DOCUMENTED, "samples for PHP and Python"),
        ("key-hashed", "The AES key was a hash of the secret, but not SHA-256.", _DOCUMENTED, "samples for Java and PHP"),
        ("key-md5", "The AES key was the MD5 of the secret.", _DOCUMENTED, "samples for PHP"),
    ),
    *_rows(
        "cipher",
        ("aes-128", "AES-128 was used, with a key of 16 bytes.", "Use AES-256.", "openssl enc -aes-128-cbc"),
        ("aes-192", "AES-192 was used, with a key of 24 bytes.", "Use AES-256.", "openssl enc -aes-192-cbc"),
        ("mode-ecb", "The mode is ECB.", "Use CBC.", "Java's Cipher.getInstance(\"AES\"), MySQL"),
        ("mode-ctr", "The mode is CTR.", "Use CBC.", "CryptoJS.mode.CTR, Node's aes-256-ctr"),
        ("mode-cfb", "The mode is CFB.", "Use CBC.", "CryptoJS.mode.CFB, PyCryptodome"),
        ("mode-ofb", "The mode is OFB.", "Use CBC.", "CryptoJS.mode.OFB"),
        ("mode-gcm", "The mode is GCM, with a nonce in front and a tag.", "Use CBC, in the documented format.", "Node's aes-256-gcm, Web Crypto, Java"),
        ("iv-zero", "The IV is all zeros.", "Use the IV that is derived behind the key.", "new byte[16], default arguments"),
        ("iv-secret", "The IV was made of the secret alone.", "Use the IV that is derived behind the key.", "samples with substr(hash(…), 0, 16)"),
        ("iv-salt", "The IV was made of the salt.", "Use the IV that is derived behind the key.", "handwritten formats"),
        ("iv-fixed", "The IV is a fixed one.", "Use the IV that is derived behind the key.", "constants in samples"),
        ("iv-derived", "The IV is the derived one, though the key is not.", _DOCUMENTED, "mixed samples"),
        ("iv-unknown", "The key is right and the IV is another one: all but the first 16 bytes can be read.", "Use the IV that is derived behind the key.", "random or fixed IVs that are not sent"),
    ),
    *_rows(
        "padding",
        ("padding-none", "The text has no padding.", "Pad with PKCS#7, a whole block where the length fits.", "OPENSSL_ZERO_PADDING, openssl -nopad, CryptoJS.pad.NoPadding"),
        ("padding-zero", "The padding is NUL bytes.", "Pad with PKCS#7.", "mcrypt, CryptoJS.pad.ZeroPadding, MySQL"),
        ("padding-space", "The padding is blanks.", "Pad with PKCS#7.", "old samples for PyCrypto"),
        ("padding-iso-7816", "The padding is that of ISO 7816-4: 80, then zeros.", "Pad with PKCS#7.", "CryptoJS.pad.Iso97971, smart card libraries"),
        ("padding-x923", "The padding is that of ANSI X.923: zeros, then the count.", "Pad with PKCS#7.", "CryptoJS.pad.AnsiX923, .NET"),
        ("padding-long", "The padding is that of a block of 32 bytes.", "Pad to 16 bytes: AES has no other block.", "mcrypt's Rijndael-256, own padding"),
        ("padding-twice", "The text was padded twice.", "Pad once: libraries do it by themselves.", "own padding before openssl_encrypt"),
    ),
    *_rows(
        "text",
        ("text-bom", "A byte order mark stands in front of the JSON.", "Encode it as UTF-8 without one.", ".NET Encoding.UTF8, files"),
        ("text-latin-1", "The JSON is in Latin-1 or Windows-1252.", "Encode it as UTF-8.", "Java getBytes(), databases"),
        ("text-utf-16", "The JSON is in UTF-16.", "Encode it as UTF-8.", ".NET Encoding.Unicode, CryptoJS Utf16"),
        ("text-nul", "NUL bytes stand behind the JSON, within the padding.", "Take them off.", "C buffers, mcrypt habits"),
        ("text-compressed", "The JSON was compressed before it was encrypted.", "Encrypt the JSON itself.", "gzencode, zlib, pako"),
        ("text-twice", "The JSON was encoded as a JSON text once more.", "Encode once.", "JSON.stringify twice"),
        ("text-encoded", "The JSON was encoded before it was encrypted.", "Encrypt the JSON itself.", "btoa, encodeURIComponent, htmlspecialchars, addslashes"),
        ("text-query", "A query string was encrypted, not JSON.", "Encrypt a JSON object.", "http_build_query, URLSearchParams"),
        ("text-php", "A PHP serialisation was encrypted, not JSON.", "Use json_encode.", "PHP serialize, Laravel's Crypt"),
        ("text-python", "Python's repr of a dict was encrypted, not JSON.", "Use json.dumps.", "Python str(dict)"),
        ("text-printed", "What a program prints of a map was encrypted, not JSON.", "Use a JSON writer.", "Ruby inspect, Java toString"),
        ("text-object", "[object Object] was encrypted: an object was turned into text.", "Use JSON.stringify.", "JavaScript"),
        ("text-array", "The object stands inside an array or another object.", "Encrypt the object itself.", "wrappers, lists of one"),
        ("text-alone", "An id alone was encrypted, not a JSON object.", "Encrypt the JSON object with all members.", "shortcuts"),
        ("member-names", "The members have other names than the page lists.", "Use the listed names, access-token with its dash.", "camelCase serialisers"),
    ),
    *_rows(
        "values",
        ("user-signed", "Another value was signed where location_id is needed.", "Sign location_id and timestamp.", "habits of other parts of Fortis' API"),
        ("location-case", "The location id was signed in another case.", "Sign it as it is sent.", "normalisation, databases"),
        ("location-parts", "The location id was signed without its hyphens, with others, or only in part.", "Sign it as it is sent.", "UUID libraries, columns"),
        ("location-empty", "location_id or timestamp was empty, or an unset variable, when it was signed.", "Sign the values that are sent.", "unset variables"),
        ("time-unit", "The signed time has another unit or form than the sent one.", "Sign the very text that is sent.", "Date.now(), microtime, ISO dates"),
        ("time-twice", "The clock was read twice: the signed time is not the sent one.", "Read the time once, sign it and send it.", "time() called twice"),
        ("location-form", "The location id has no form that is known; the hmac is right for it as it stands.", "Send the id of the location, 24 to 36 hex digits or hyphens.", "templates, names for ids"),
        ("timestamp-form", "The timestamp is no ten digits; the hmac is right for it as it stands.", "Send Unix seconds.", "ISO dates, microtime(true)"),
    ),
    *_rows(
        "message",
        ("numbers-added", "Location id and timestamp were added as numbers.", "Join them as text.", "JavaScript's + on numbers"),
        ("names-signed", "Names were signed with the values.", "Sign the two values alone.", "habits of other platforms"),
        ("json-signed", "A JSON object was signed.", "Sign the two values, joined by nothing.", "habits of other platforms"),
        ("query-signed", "The query or the URL was signed.", "Sign location_id and timestamp alone.", "habits of other platforms"),
        ("values-signed", "More values than location_id and timestamp were signed.", "Sign location_id and timestamp alone.", "habits of other platforms"),
        ("secret-in-text", "The secret stands in the signed text too.", "It is the key only.", "home-made schemes"),
    ),
)  # fmt: skip
"""Every slip that only Fortis has."""
