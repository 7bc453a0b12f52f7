"""The CPU time of every verifier for its worst inputs: `python -m tests.fuzz.work` prints it for 64 kB of each, and under every reading."""

from __future__ import annotations

import gc
import json
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import quote

from handshakes.core.refusals import Refused
from handshakes.fortis import encryption
from handshakes.fortis import signing as fortis
from handshakes.officernd import signing as officernd
from handshakes.onoffice import signing as onoffice
from handshakes.retailcrm import signing as retailcrm

NOW, SECRET = 1_700_000_000, "example-secret"
Made = Callable[[int], Callable[..., object]]
QUERIES: dict[str, Callable[[int], str]] = {
    "one long value": lambda n: "a=" + "b" * n,
    "escapes": lambda n: "a=" + "%41" * (n // 3),
    "a broken escape at the end": lambda n: "a=" + "%41" * (n // 3) + "%4",
    "plus signs": lambda n: "a=" + "+" * n,
    "many names": lambda n: "&".join(f"a{i}=b" for i in range(n // 8)),
    "one name": lambda n: "a=b&" * (n // 4),
    "empty pieces": lambda n: "&" * n,
    "brackets": lambda n: "a" + "[b]" * (n // 3) + "=1",
    "names that are nearly numbers": lambda n: "&".join(f"{i}e{i}=1" for i in range(n // 12)),
    "a long signature": lambda n: "signature=" + "t%3D1%2C" * (n // 8),
}
"""A query of about so many characters; the verifiers that take one refuse it once it is too long for them."""
JSONS: dict[str, Callable[[int], str]] = {
    "one long text": lambda n: json.dumps({"a": "b" * n}),
    "escaped characters": lambda n: '{"a":"' + "\\u0041" * (n // 6) + '"}',
    "brackets without end": lambda n: '{"a":' + "[" * n,
    "many members": lambda n: json.dumps({f"a{i}": 1 for i in range(n // 9)}),
    "one member twice": lambda n: json.dumps({f"a{i}": 1 for i in range(n // 9)})[:-1] + ',"a1":2}',
    "a long number": lambda n: '{"a":' + "1" * n + "}",
    "backslashes": lambda n: '{"a":"' + "\\\\" * (n // 2) + '"}',
}


def officernd_query(query: str) -> Callable[..., object]:
    target = f"/h?{query}&signature=t%3D{NOW}%2Csignature%3D{'0f' * 32}"
    return lambda **more: officernd.verify_query(target, secret=SECRET, now=NOW, **more)


def officernd_webhook(body: bytes) -> Callable[..., object]:
    header = f"t={NOW},signature={'0f' * 32}"
    return lambda **more: officernd.verify_webhook(body, header, secret=SECRET, now=NOW, **more)


def officernd_header(header: str) -> Callable[..., object]:
    return lambda **more: officernd.verify_webhook(b"{}", header, secret=SECRET, now=NOW, **more)


def registration(text: str) -> Callable[..., object]:
    body = b"register=" + quote(text, safe='{}[]":,').encode()
    return lambda **more: retailcrm.verify_registration(body, secret=SECRET, **more)


def onoffice_url(query: str) -> Callable[..., object]:
    url = f"https://provider.example/a?{query}&timestamp={NOW}&signature={'0f' * 32}"
    return lambda **more: onoffice.verify_url(url, secret=SECRET, now=NOW, **more)


def fortis_plain(query: str) -> Callable[..., object]:
    url = f"/?location_id={'1' * 24}&timestamp={NOW}&hmac={'0f' * 32}&{query}"
    return lambda **more: fortis.verify_launch(url, mode="plain", secret=SECRET, now=NOW, **more)


def fortis_encrypted(query: str) -> Callable[..., object]:
    return lambda **more: fortis.verify_launch("/?" + query, mode="encrypted", secret=SECRET, now=NOW, **more)


def decryption(data: str) -> Callable[..., object]:
    return lambda **more: encryption.decrypt_parameters(data, secret=SECRET, **more)


def sealed(text: str) -> Callable[..., object]:
    return decryption(encryption.sealed(text.encode(), secret=SECRET, salt=b"12345678"))


def _by_query(read: Callable[[str], Callable[..., object]]) -> dict[str, Made]:
    return {name: lambda n, make=make: read(make(n)) for name, make in QUERIES.items()}  # type: ignore[misc]


def _by_json(read: Callable[[str], Callable[..., object]]) -> dict[str, Made]:
    return {name: lambda n, make=make: read(make(n)) for name, make in JSONS.items()}  # type: ignore[misc]


VERIFIERS: dict[str, dict[str, Made]] = {
    "officernd.verify_query": _by_query(officernd_query),
    "officernd.verify_webhook": {
        "a long body": lambda n: officernd_webhook(b"a" * n),
        "fields of the header": lambda n: officernd_header("t=1," * (n // 4)),
        "digits of the header": lambda n: officernd_header("t=" + "1" * n),
    },
    "retailcrm.verify_registration": {**_by_json(registration), **_by_query(registration)},
    "onoffice.verify_url": _by_query(onoffice_url),
    "fortis.verify_launch, plain": _by_query(fortis_plain),
    "fortis.verify_launch, encrypted": _by_query(fortis_encrypted),
    "fortis.decrypt_parameters": {
        **_by_json(sealed),
        "no base64": lambda n: decryption("=" * n),
        "blanks": lambda n: decryption(" " * n),
        "no padding": lambda n: decryption(b64encode(b"Salted__12345678" + bytes(n // 16 * 16)).decode()),
    },
}
"""Verifier, shape of the input, and what makes it of about so many bytes."""


def least(made: Callable[..., object], times: int = 5) -> float:
    """Return the least CPU time of several runs; whether it is refused is not the question here."""
    found = []
    gc.disable()  # a collection in the midst of a run would count the whole heap of the tests
    try:
        for _ in range(times):
            began = time.process_time()
            with suppress(Refused):
                made()
            found.append(time.process_time() - began)
    finally:
        gc.enable()
    return min(found)


def worst(name: str, **more: Any) -> tuple[float, str]:
    """Return a verifier's longest CPU time in seconds, and for which input of at most 64 kB."""
    # what is over a verifier's own limit is refused at once: the longest that it reads counts too
    return max(
        (least(partial(make(size), **more)), f"{shape}, {size / 1_000:.1f} kB")
        for shape, make in VERIFIERS[name].items()
        for size in (5_500, 8_000, 60_000, 65_536)
    )


def main() -> None:
    """Print each verifier's worst input of 64 kB, and what it takes; then the same under the slowest of its readings."""
    for name in VERIFIERS:
        readings = import_module(f"handshakes.{name.partition('.')[0]}.readings")
        seconds, shape = worst(name)
        slowest, which = max((worst(name, readings=readings.of(one))[0], one) for one in readings.READINGS)
        print(f"{name}: {seconds * 1_000:.2f} ms ({shape}); {slowest * 1_000:.2f} ms with {which}")


if __name__ == "__main__":
    main()
