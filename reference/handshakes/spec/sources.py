"""Whether a document is still the one that a register was written from: by the digest that the register keeps."""

from __future__ import annotations

import hashlib

SAME, LINE_ENDS, CHANGED = "same", "line ends alone", "changed"
"""How a new text compares with the one that was read."""


def compared(new: bytes, kept: str) -> str:
    """Compare a text with the digest that a register keeps. Returns one of the three words above.

    >>> compared(b"a\\r\\n", hashlib.sha256(b"a\\n").hexdigest())
    'line ends alone'
    """
    if digest(new) == kept:
        return SAME
    lines = new.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    forms = {lines + end for end in (b"", b"\n", b"\n\n")}
    forms |= {form.replace(b"\n", b"\r\n") for form in forms}
    return LINE_ENDS if kept in map(digest, forms) else CHANGED


def digest(text: bytes) -> str:
    """Return the SHA-256 of a text in hex digits, as `sha256sum` prints it."""
    return hashlib.sha256(text).hexdigest()
