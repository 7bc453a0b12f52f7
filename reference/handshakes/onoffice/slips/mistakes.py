"""What went wrong with a signed URL: the mistakes that integrators make, tried one after the other.

Pure, and for the person who debugs only: a verifier never tries any of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from ...core.refusals import Refused
from ..signing import string_to_sign


def mistake_in(url: str, *, secret: str) -> str:
    """Return the mistake that made the signature of a URL, in words; nothing when none explains it.

    >>> mistake_in("https://provider.example/p?timestamp=1&signature="
    ...            "odBdrq6lkkAi1GLRyohJkmQPgtGxKk6V0RpibUP%2FnirJ", secret="hier Anbietersecret einsetzen")
    ''
    """
    if "%C3%97tamp=" in url or "×tamp=" in url:
        return "&timestamp was read as an HTML entity: write &amp;timestamp in HTML"
    if "&amp;" in url:
        return "this is the URL as HTML writes it: there &amp; stands for &"
    pieces = url.partition("#")[0].partition("?")[2].split("&")
    found = [piece.partition("=")[2] for piece in pieces if piece.startswith("signature=")]
    try:
        text = string_to_sign(url)
    except (Refused, TypeError):
        return ""
    if not found or not found[0]:
        return ""
    received = {found[0], unquote(found[0]), unquote_plus(found[0])}
    if hmac.digest(secret.encode(), text.encode(), "sha256").hex() in received:
        return ""  # then the signature is right, and a mistake that changes nothing would seem to fit
    return next((mistake for mistake, made in mistakes(text, secret) if made in received), "")


def mistakes(text: str, secret: str) -> Iterator[tuple[str, str]]:
    """Yield each mistake in words, with the signature that it makes."""
    key, message = secret.encode(), text.encode("utf-8", "surrogatepass")

    def mac(key: bytes, message: bytes, name: str = "sha256") -> str:
        return hmac.digest(key, message, name).hex()

    right = hmac.digest(key, message, "sha256")
    yield "the signature is in upper case", right.hex().upper()
    yield "the signature is in base64, not in hex", base64.b64encode(right).decode()
    yield "the signature is in URL-safe base64, not in hex", base64.urlsafe_b64encode(right).decode()
    yield "key and message are swapped: the secret is the key", mac(message, key)
    for name, end in (("line end", "\n"), ("carriage return and line end", "\r\n"), ("blank", " ")):
        yield f"the sender's secret ends with a {name}", mac((secret + end).encode(), message)
    if secret != secret.strip():
        yield "the secret here has blanks or line ends around it", mac(secret.strip().encode(), message)
    yield "an empty secret was used", mac(b"", message)
    for name in ("md5", "sha1", "sha384", "sha512"):
        yield f"{name} was used instead of sha256", mac(key, message, name)
    yield (
        "a plain SHA-256 of secret and text was used instead of an HMAC",
        hashlib.sha256(key + message).hexdigest(),
    )
    yield (
        "a plain SHA-256 of text and secret was used instead of an HMAC",
        hashlib.sha256(message + key).hexdigest(),
    )
    scheme, _, rest = text.partition("://")
    other = "http" if scheme == "https" else "https"
    yield (
        f"{other} was signed for {scheme}: is there a proxy in front?",
        mac(key, f"{other}://{rest}".encode()),
    )
    host, slash, path = rest.partition("/")
    for port in ("443", "80", "8080", "8443", "3000"):
        yield f"the port {port} was signed", mac(key, f"{scheme}://{host}:{port}{slash}{path}".encode())
    base, mark, query = text.partition("?")
    yield "a slash behind the path was signed", mac(key, f"{base}/{mark}{query}".encode())
    yield (
        "the path was signed without its last slash",
        mac(key, f"{base.removesuffix('/')}{mark}{query}".encode()),
    )
    yield "&amp; was signed for &", mac(key, message.replace(b"&", b"&amp;"))
    yield "%2B was turned into + before signing", mac(key, message.replace(b"%2B", b"+"))
