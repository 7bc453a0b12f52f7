"""Mutations of genuine requests and of known mistakes: `explain` gives an answer or a refusal, never an exception.

`python -m tests.trials.mutations officernd --count 500000` tries half a million, prints what broke, and exits
with status 1 if anything did. The test run tries a few thousand of the same (tests/explain/test_mutations.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any
from unittest import mock

from handshakes.explain import explain
from handshakes.explain.budget import Budget

SMALL = partial(Budget, 60, 8_000)
"""Most mutations are searched with a small budget, so that a million take less than an hour; one in 25 with all of it."""

TOKENS = [
    "%", "%25", "%2525", "%zz", "%C3", "%ED%A0%80", "%00", "&", "&&", "&amp;", "&#38;", "&quot;", "=", "+", "?", "#", "/", "//", "\\", "\\u0026",
    "\\ud800", "\\x41", "\\", '"', "'", "`", "<", ">", "{", "}", "[", "]", "(", ")", "{}", "[]", "null", "NaN", "1e999", "-0", "1.0", ",", ":", ";", "|",
    "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\t", " ", "\0", "\x1b[31m", "\ufeff", "\u2028", "\u200b", "\xa0", "é", "e\u0301", "\u0661\u0662", "\u212a",
    "\U0001f600", "¶", "×", "://", "http://[", "https://[::1]:99999/", "https://", "t=", "signature=", "signature=t%3D1%2Csignature%3D", ",signature=",
    "register=", "register%5Btoken%5D=", "apiKey", "token", "systemUrl", "curl ", "curl -F 'a=@b' ", "$'", "-H ", "-d @", "--data-urlencode ", "--json ",
    "fetch(\"", "await fetch('", "wget ", "GET ", "POST / HTTP/1.1\n", ":path", ":path: /", "Request URL: ", "Host: [", "Content-Length: 9", "Content-Length: \u0663",
    "Content-Type: multipart/form-data; boundary=x\n", "--x\r\n", "--", '{"log":', '{"log":{"entries":[null,1,{"request":{"url":1}}]}}', '{"request":{"url":',
    '{"rawQueryString":', '{"isBase64Encoded":true,"body":"', "safelinks.protection.outlook.com/?url=", "urldefense.com/v3/__", "__;!!", "```", "[object Object]",
    "[a](", "=3D", "=\r\n", "whsec_", "9" * 400, "%25" * 40, "&a=b" * 40, "[" * 60, '\\"' * 20,
]  # fmt: skip


def carriers(text: str) -> list[str]:
    """Return a text as it is and within what people paste."""
    return [
        text,
        f"curl '{text}'",
        f'curl -X POST https://p.example/hook -H "A: b" --data-raw \'{text}\'',
        f"POST /hook HTTP/1.1\r\nHost: p.example\r\nContent-Length: {len(text)}\r\n\r\n{text}",
        f'1.2.3.4 - - [25/Mar/2022:06:39:44 +0000] "GET {text} HTTP/1.1" 401 5 "-" "x"',
        json.dumps(text),
        json.dumps({"log": {"entries": [{"request": {"url": text, "headers": [], "postData": {"text": text}}}]}}),
        text.replace("&", "&amp;"),
        f"```\n{text}\n```",
    ]  # fmt: skip


def mutated(text: bytes, others: list[bytes], random: Random) -> bytes:
    """Return a text with one to four changes."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((1, 1, 2, 5, 20, 200)))
        token = random.choice(TOKENS).encode("utf-8", "surrogatepass")
        other = random.choice(others)
        start = random.randrange(len(other) + 1)
        text = random.choice(
            (
                text[:at] + token + text[at:],
                text[:at] + token + text[end:],
                text[:at] + text[end:],
                text[:at],
                text[at:],
                text[:at] + text[at:end] * random.choice((2, 3, 30)) + text[end:],
                text[:at] + bytes([random.randrange(256)]) + text[end:],
                text[:at] + text[at:end].swapcase() + text[end:],
                text[:at] + other[start:],
                text[:at] + other[start : start + 30] + text[at:],
                text[end:] + text[:at],
            )
        )[:20_000]
    return text


def tried(platform: str, seeds: list[bytes], count: int, seed: int, **options: Any) -> Iterator[tuple[bytes, str]]:  # fmt: skip
    """Yield each mutation that broke something, and what."""
    random = Random(seed)
    private = options.pop("private")
    for number in range(count):
        pasted = mutated(random.choice(seeds), seeds, random)
        given = dict(options)
        if random.random() < 0.2:
            given["header"] = mutated(random.choice(options["headers"]), seeds, random).decode(
                "utf-8", "replace"
            )
        given.pop("headers")
        if random.random() < 0.1:
            given["mine"] = mutated(pasted[:200], seeds, random)
        if random.random() < 0.1:
            given["mine_digest"] = mutated(b"0f" * 32, seeds, random).decode("utf-8", "replace")
        if broke := _broken(platform, pasted, given, private, everything=number % 25 == 0):
            yield pasted, broke


def _broken(
    platform: str, pasted: bytes, given: dict[str, Any], private: list[str], *, everything: bool
) -> str:
    budget: Callable[..., Budget] = Budget if everything else SMALL
    began = time.process_time()
    try:
        with mock.patch("handshakes.explain.explaining.Budget", budget):
            answer = explain(platform, pasted, **given)
        said = json.dumps(answer.as_json(), ensure_ascii=False)
        said.encode()
    except Exception as error:  # whatever it is, it is a finding
        return f"{type(error).__name__}: {error}"
    if time.process_time() - began > 3:
        return f"slow: {time.process_time() - began:.1f} seconds"
    if answer.verdict == "verified" and (answer.explanations or answer.returns is None):
        return "verified, and explained"
    if answer.verdict != "verified" and answer.returns is not None:
        return "refused, and returned something"
    beside = " ".join(str(given.get(name, "")) for name in ("mine", "header", "mine_digest"))
    for one in private:
        if one in said and pasted.count(one.encode()) < 2 and one not in beside:
            return "a secret is shown"
    return ""


def settings(platform: str) -> tuple[list[bytes], dict[str, Any]]:
    """Return the inputs that are mutated and the options of a platform, both from its table of mistakes."""
    if platform == "officernd":
        from tests.explain import test_officernd as table

        genuine = [table.GENUINE]
        options = {
            "secret": table.SECRET,
            "now": table.NOW,
            "private": [table.SECRET],
            "headers": [b"officernd-signature: t=1648190384,signature=" + b"0f" * 32, b"t=1,signature=00"],
        }
    elif platform == "fortis":
        from tests.explain import test_fortis as table  # type: ignore[no-redef]

        genuine = [table.right_plain(), table.by_node(), table.right()]
        options = {
            "secret": table.SECRET,
            "now": table.NOW,
            "private": [table.SECRET, table.TOKEN],
            "headers": [b"host: yourapp.com", b"x-forwarded-host: yourapp.com"],
            "ciphers": table.CIPHERS,
        }
    else:
        from tests.explain import test_retailcrm as table  # type: ignore[no-redef]

        token = table.openssl(table.KEY)
        genuine = [
            table.form_of(token),
            json.dumps({"apiKey": table.KEY, "systemUrl": table.URL, "token": token}),
        ]
        options = {
            "secret": table.SECRET,
            "now": 0,
            "private": [table.SECRET, table.KEY],
            "headers": [b"application/json", b"Content-Type: multipart/form-data; boundary=x7"],
        }
    made = [row.pasted() for row in table.ROWS]
    texts = [one if isinstance(one, str) else one.decode("utf-8", "replace") for one in [*genuine, *made]]
    wrapped = [one for text in texts[:6] for one in carriers(text)]
    return [one.encode("utf-8", "surrogatepass") for one in [*texts, *wrapped]], options


def main() -> int:
    """Try as many mutations as are asked for; return 1 if any broke something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platform", choices=["fortis", "officernd", "retailcrm"])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    seeds, options = settings(given.platform)
    kinds: dict[str, int] = {}
    began = time.monotonic()
    for pasted, broke in tried(given.platform, seeds, given.count, given.seed, **options):
        kinds[broke[:60]] = kinds.get(broke[:60], 0) + 1
        if kinds[broke[:60]] <= 3:
            print(broke[:200], repr(pasted[:300]), flush=True)
    print(
        f"{given.platform}: {given.count} mutations, {sum(kinds.values())} broke something, {time.monotonic() - began:.0f} s"
    )
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
