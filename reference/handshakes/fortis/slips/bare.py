"""What is pasted of a launch without its URL: the value of `data`, or parameters as a program prints them."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, unquote, urlencode

from .encodings import CIPHERTEXTS

Bare = tuple[str, bytes, str]
LEAST = 40
"""The fewest characters of a value of `data`: base64 of Salted__, a salt and one block has 44."""
_NAME = r"(data|location_id|timestamp|hmac|access[-_]token|user[-_]id|contact[-_]id|contact[-_]api[-_]id)"
_PRINTED = re.compile(
    rf"(?:(?<![?&;\w.-]){_NAME}\b[\"'\]]*(?:\s*=>|\s*:| =|(?<=[\"']),|[ \t]*\r?\n)|(?<=[{{\[( ]){_NAME}=)"
    r"\s*(?:string\(\d+\)\s*)?[\"'\[(]*([^\s\"',;&})\]]+)",
    re.ASCII,
)
"""A name and its value as print_r, var_dump, inspect, console.log and lists of a browser have them."""
_BROKEN = re.compile(r"U2FsdGVkX1[\w+/%]*(?: [\w+/%]+)+={0,2}(?![\w=])", re.ASCII)
_DATA = re.compile(r"(?:[\w+/:.|,$-]|%[0-9A-Fa-f]{2}|\\/|\\u00[0-9A-Fa-f]{2}|\\[rn])+={0,2}", re.ASCII)


def bare(text: str) -> Bare | None:
    """Return the launch in a value of `data` without its URL, or in the parameters as a program prints them.

    >>> bare("U2FsdGVkX18AAQIDBAUGB+pVm7MdRFF+85lhOePM"), bare("hello")
    (('/?data=U2FsdGVkX18AAQIDBAUGB%2BpVm7MdRFF%2B85lhOePM', b'', 'a value of data'), None)
    """
    if text.startswith("Salted__"):
        data = base64.b64encode(text.encode("latin-1", "replace")).decode()
        return _of_data(data), b"", "the bytes of data, as openssl enc writes them"
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return _of_object(value, text)
    if re.match(r"\??[\w.%-]+=", text) and "&" in text:
        return None  # a query
    found = {one or other: value for one, other, value in _PRINTED.findall(text) if value}
    if "hmac" in found or len(found.get("data", "")) > 20:
        return "/?" + urlencode(found, errors="surrogatepass"), b"", "parameters as a program prints them"
    return _value(text)


def unbroken(text: str) -> str:
    """Return a text in which the blanks in a value of `data` are %20, so that it ends where it ended; whole blocks alone are one.

    >>> unbroken("?data=U2FsdGVkX18AAQIDBAUGB 8BAgMEBQYHCAkKC wNDg8= it was")
    '?data=U2FsdGVkX18AAQIDBAUGB%208BAgMEBQYHCAkKC%20wNDg8= it was'
    """
    return _BROKEN.sub(_whole, text)


def _whole(found: re.Match[str]) -> str:
    words, length = found[0].split(" "), -1
    for end, word in enumerate(words, 1):
        read = unquote(word)
        length += 1 + len(read)
        if length % 4 == 0 and (length // 4 * 3 - read.count("=")) % 16 == 0:
            return " ".join(("%20".join(words[:end]), *words[end:]))
    return found[0]


def _value(text: str) -> Bare | None:
    """Return the value of `data`, in one line or in several that are all of one length."""
    rows = text.split()
    flat = "".join(rows)
    even = len({len(row) for row in rows[:-1]}) <= 1 and all(len(row) <= len(rows[0]) for row in rows[-1:])
    if len(flat) < LEAST or not even or not _DATA.fullmatch(flat) or len(rows[0]) < 24:
        return None
    if "://" in flat or flat.startswith("/") or re.search("%(?:3F|26|3A%2F)", flat, re.I):
        return None
    if re.search(r"%(?:2B|2F|3D)", text, re.I):
        return "/?data=" + text.replace("+", "%2B"), b"", "a value of data, percent-encoded"
    return _of_data(text), b"", "a value of data"


def _of_data(text: str) -> str:
    return "/?data=" + quote(text.replace("%20", " "), safe="")


def _of_object(value: dict[str, object], text: str) -> Bare | None:
    if "hmac" in value or (isinstance(value.get("data"), str) and "iv" not in value):
        pairs = {name: one for name, one in value.items() if isinstance(one, (str, int))}
        return "/?" + urlencode(pairs, errors="surrogatepass"), b"", "parameters in JSON"
    if any(isinstance(value.get(name), str) for name in CIPHERTEXTS):
        return _of_data(text), b"", "a value of data"
    return None
