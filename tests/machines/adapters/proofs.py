"""What proves a request or a credential, by `hashlib`, `hmac` and the standard library's readers alone."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from handshakes.core.messages import Request


def mac(secret: str, message: str | bytes) -> str:
    """Return an HMAC-SHA256 in hex."""
    message = message.encode() if isinstance(message, str) else message
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def read(body: bytes) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    with suppress(ValueError):
        value = json.loads(body)
        return value if isinstance(value, dict) else {}
    return {}


def fields(text: str | bytes) -> dict[str, str]:
    """Return a query's or a form's parameters by name."""
    return dict(parse_qsl(text if isinstance(text, str) else text.decode("latin-1"), keep_blank_values=True))


def posted(request: Request) -> dict[str, str]:
    """Return the fields of a form, urlencoded or multipart, as the standard library reads them."""
    kind = request.header("content-type")
    if not kind.lower().startswith("multipart/"):
        return fields(request.body)
    whole = message_from_bytes(b"content-type: " + kind.encode("latin-1") + b"\r\n\r\n" + request.body)
    parts = whole.get_payload()
    found = {}
    for part in parts if isinstance(parts, list) else []:
        value = part.get_payload(decode=True)
        found[str(part.get_param("name", header="content-disposition"))] = value.decode("utf-8", "replace")
    return found


def opened(data: str, secret: str) -> bytes:
    """Return what OpenSSL's `enc` with MD5 and AES-256-CBC encrypted, or nothing."""
    with suppress(ValueError):
        raw, key = b64decode(data), b""
        while len(key) < 48:
            key += hashlib.md5(key[-16:] + secret.encode() + raw[8:16]).digest()
        decryptor = Cipher(AES(key[:32]), CBC(key[32:48])).decryptor()
        padded = decryptor.update(raw[16:]) + decryptor.finalize()
        return padded[: -padded[-1]] if padded else b""
    return b""


def texts(value: Any) -> Iterator[str]:
    """Return every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)
