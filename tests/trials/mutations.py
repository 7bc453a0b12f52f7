"""Mutations of genuine requests and of known mistakes: `explain` gives an answer or a refusal, never an exception.

`python -m tests.trials.mutations all --count 1000000 --seed 1` tries a million, a quarter of them on each platform. It
prints what broke, and how many answers there were of each kind, and exits with status 1 if anything broke. The test
run tries a few of the same (tests/explain/test_mutations.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any
from unittest import mock

from handshakes.explain import explain
from handshakes.explain.budget import Budget
from handshakes.platforms import PLATFORMS

SMALL = partial(Budget, 60, 8_000)
"""Most mutations are searched with a small budget, so that a million take about an hour of CPU time; one in 100 with all of it."""

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


def tried(platform: str, count: int, seed: int) -> Iterator[tuple[bytes, str, str]]:
    """Yield each mutation, the kind of its answer, and what it broke, if anything."""
    seeds, options = settings(platform)
    random = Random(seed)
    private = options.pop("private")
    spread = {one for one in private if any(one.encode() in seed for seed in seeds)}
    for number in range(count):
        begun = random.choice(seeds)
        pasted = mutated(begun, seeds, random)
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
        hidden = [one for one in private if one not in spread or one.encode() in begun]  # else put anywhere
        yield pasted, *_answered(platform, pasted, given, hidden, everything=number % 100 == 0)


def _answered(
    platform: str, pasted: bytes, given: dict[str, Any], private: list[str], *, everything: bool
) -> tuple[str, str]:
    budget: Callable[..., Budget] = Budget if everything else SMALL
    began = time.process_time()
    try:
        with mock.patch("handshakes.explain.explaining.Budget", budget):
            answer = explain(platform, pasted, **given)
        said = json.dumps(answer.as_json(), ensure_ascii=False)
        said.encode()
    except Exception as error:  # whatever it is, it is a finding
        return "none", f"{type(error).__name__}: {error}"
    kind = f"{answer.verdict} {answer.reason}".strip() + ", explained" * bool(answer.explanations)
    if time.process_time() - began > 3:
        return kind, f"slow: {time.process_time() - began:.1f} seconds"
    if answer.verdict == "verified" and (answer.explanations or answer.returns is None):
        return kind, "verified, and explained"
    if answer.verdict != "verified" and answer.returns is not None:
        return kind, "refused, and returned something"
    beside = " ".join(str(given.get(name, "")) for name in ("mine", "header", "mine_digest"))
    for one in private:
        if one in said and pasted.count(one.encode()) < 2 and one not in beside:
            return kind, "a secret is shown"
    return kind, ""


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
    elif platform == "onoffice":
        from tests.explain import test_onoffice as table  # type: ignore[no-redef]

        genuine = [table.url(table.RIGHT())]
        options = {
            "secret": table.SECRET,
            "now": table.NOW,
            "others": (table.KEY,),
            "private": [table.SECRET, table.TOKEN, table.KEY],
            "headers": [b"host: provider.example", b"x-forwarded-host: provider.example"],
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
    parser.add_argument("platform", choices=[*PLATFORMS, "all"])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.count <= 0:
        parser.error("nothing would be tried")
    platforms = [*PLATFORMS] if given.platform == "all" else [given.platform]
    broken = 0
    for platform in platforms:
        kinds: Counter[str] = Counter()
        breaks: Counter[str] = Counter()
        began = time.monotonic()
        for pasted, kind, broke in tried(platform, given.count // len(platforms), given.seed):
            kinds[kind] += 1
            if broke:
                breaks[broke[:60]] += 1
                if breaks[broke[:60]] <= 3:
                    print(broke[:200], repr(pasted[:300]), flush=True)
        broken += breaks.total()
        print(
            f"{platform}: {kinds.total()} mutations, {breaks.total()} broke something, {time.monotonic() - began:.0f} s"
        )
        for kind, count in kinds.most_common():
            print(f"  {count:8} {kind}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
