"""The mistakes of a token in words, which `demo.verify` still asks for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator

from ...core.refusals import Refused
from ..rules import Readings, rules


def mistake_in(body: bytes, *, secret: str, content_type: str, readings: Readings | None = None) -> str:
    """Return the mistake that made the token of a registration, in words; nothing when none explains it.

    >>> from handshakes.core.strict import URLENCODED
    >>> mistake_in(b'register={"apiKey":"api_key","systemUrl":"https://demo.simla.com","token":'
    ...     b'"016AB397889C59A1F61A07D69857880A0D867AA1B0EDB1014971757CF7A25BB1"}', secret="secret",
    ...     content_type=URLENCODED)
    'the token is in upper case'
    """
    rule = rules(readings)
    try:
        values = rule.texts(rule.members(rule.form(body, content_type)))
    except Refused:
        return ""
    token = values["token"].encode("utf-8", "surrogatepass")
    for mistake, made in mistakes(values["apiKey"], values["systemUrl"], secret):
        if hmac.compare_digest(made.encode(), token):
            return mistake
    return ""


def mistakes(api_key: str, system_url: str, secret: str) -> Iterator[tuple[str, str]]:
    """Yield each mistake in words, with the token that it makes."""
    key, message = secret.encode(), api_key.encode("utf-8", "surrogatepass")

    def mac(key: bytes, message: bytes, name: str = "sha256") -> str:
        return hmac.digest(key, message, name).hex()

    right = hmac.digest(key, message, "sha256")
    yield "the token is in upper case", right.hex().upper()
    yield "the token is in base64, not in hex", base64.b64encode(right).decode()
    url_safe = base64.urlsafe_b64encode(right).decode()
    yield "the token is in URL-safe base64, not in hex", url_safe
    yield "the token is in URL-safe base64, not in hex", url_safe.rstrip("=")
    yield "the token is in base64 of the hex digits", base64.b64encode(right.hex().encode()).decode()
    yield "the name of the hash stands before the token", "sha256=" + right.hex()
    yield "there is a blank or line end behind the token", right.hex() + "\n"
    yield "there is a line end behind the token", right.hex() + "\r\n"
    yield "there is a blank before the token", " " + right.hex()
    yield "there is a blank behind the token", right.hex() + " "
    yield "key and message are swapped: the secret is the key", mac(message, key)
    for name, end in (("line end", "\n"), ("carriage return and line end", "\r\n"), ("blank", " ")):
        yield f"the sender's secret ends with a {name}", mac((secret + end).encode(), message)
        yield (
            f"the API key was signed with a {name} behind it",
            mac(key, (api_key + end).encode("utf-8", "surrogatepass")),
        )
    if secret != secret.strip():
        yield "the secret here has blanks or line ends around it", mac(secret.strip().encode(), message)
    yield "an empty secret was used", mac(b"", message)
    yield "the sender's secret was in quotes", mac(f'"{secret}"'.encode(), message)
    for name in ("md5", "sha1", "sha384", "sha512"):
        yield f"{name} was used instead of sha256", mac(key, message, name)
    for what, text in (("secret and key", key + message), ("key and secret", message + key)):
        yield f"a plain SHA-256 of {what} was used instead of an HMAC", hashlib.sha256(text).hexdigest()
    yield (
        "the system URL was signed instead of the API key",
        mac(key, system_url.encode("utf-8", "surrogatepass")),
    )
    yield "the JSON text of the key was signed", mac(key, json.dumps(api_key).encode())
    for name, decode in (
        ("hex", bytes.fromhex),
        ("base64", lambda text: base64.b64decode(text, validate=True)),
    ):
        try:
            yield f"the secret was decoded from {name} first", mac(decode(secret), message)
        except (ValueError, binascii.Error):
            continue
    yield "the secret was encoded to hex first", mac(key.hex().encode(), message)
    yield "the secret was encoded to base64 first", mac(base64.b64encode(key), message)
