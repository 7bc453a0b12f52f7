"""The oracles of `tests/oracles` as programs that answer questions: what each is asked, and what its answer is worth.

They were written apart from the verifiers of `docs/verifiers`. Most give no reason, so their verdicts count, and what comes
out of what they accept. Where a language cannot see a difference, the package answers under the reading that does not
either, or the case is left out and counted, by the name of what cannot be seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.spec.vectors import raw
from tests.oracles import by_openssl, openssl, tool

from .programs import Program, operations

FOLDER = Path(__file__).parents[1] / "oracles"
Data = dict[str, Any]
LAST_WINS = {
    "fortis": "fortis:encrypted.duplicate-keys=last-wins",
    "retailcrm": "retailcrm:register.json=last-wins",
}


def _fortis(question: Data) -> Data | None:
    given, asked = question["given"], question["input"]
    match question["operation"]:
        case "fortis.decrypt_parameters":
            return {"do": "open", "data": asked["data"], "secret": given["secret"]}
        case "fortis.verify_launch":
            return {"do": "verify", "target": asked["target"], **given}
        case "fortis.launch_hmac" if given["secret"]:
            return {"do": "sign", **asked, **given}
        case "fortis.encrypt_parameters" if given["secret"] and len(asked["salt"]["hex"]) == 16:
            names = [name for name, _ in asked["pairs"]]
            return (
                {"do": "seal", "salt": asked["salt"]["hex"], "pairs": asked["pairs"], **given}
                if len({*names}) == len(names)
                else None
            )
    return None


def _onoffice(question: Data) -> Data | None:
    given, asked = question["given"], question["input"]
    match question["operation"]:
        case "onoffice.verify_url":
            back, ahead = given.get("tolerance", (300, 120))
            return {
                "do": "strict",
                "url": asked["target"],
                "secret": given["secret"],
                "now": given["now"],
                "back": back,
                "ahead": ahead,
            }
        case "onoffice.string_to_sign":
            return {"do": "text", "url": asked["target"]}
        case "onoffice.sign_url" if given["secret"] and not re.search("[?&#]$|#", asked["target"]):
            return {"do": "sign", "url": asked["target"], "secret": given["secret"]}
        case "onoffice.api_hmac":
            return {"do": "hmac", **asked}
        case "onoffice.unlock_answer" if "utf8" in asked["body"]:
            return {"do": "unlock", "status": asked["status"], "body": asked["body"]["utf8"]}
    return None


ASKED: dict[str, Callable[[Data], Data | None]] = {
    "officernd": lambda question: question,
    "retailcrm": lambda question: question,
    "onoffice": _onoffice,
    "fortis": _fortis,
}


def told(platform: str, case: Data, answer: Any) -> Data:
    """Return an oracle's answer as a verdict, with its reason or with what comes out where it says so."""
    if platform in ("officernd", "retailcrm"):
        return answer
    do = case["do"]
    if platform == "fortis":
        return {"verdict": "refused"} if answer is None else {"verdict": "accepted", do: answer}
    if isinstance(answer, dict):
        refused = answer.get("refused") or answer.get("reason")
        return (
            {"verdict": "refused", "reason": refused}
            if refused
            else {"verdict": "accepted", do: answer.get("names", answer.get("hmac"))}
        )
    if do == "unlock" and answer != "success":
        return {"verdict": "refused", "reason": answer}
    return {"verdict": "accepted", do: answer}


def differs(platform: str, expect: Data, answer: Data) -> str:
    """Say how an oracle's answer differs from the package's, or nothing."""
    if expect["verdict"] != answer["verdict"]:
        return f"expected {expect.get('reason', 'accepted')}, got {answer.get('reason', answer['verdict'])}"
    if expect["verdict"] == "refused":
        reason = answer.get("reason")
        return "" if reason in (None, expect["reason"]) else f"expected {expect['reason']}, got {reason}"
    returns = expect["returns"]
    values = {
        "open": returns.get("parameters"), "verify": returns.get("parameters"), "sign": returns.get("hmac", returns.get("url")),
        "seal": returns.get("data"), "strict": returns.get("covered"), "text": returns.get("text"), "hmac": returns.get("hmac"),
        "unlock": returns.get("success"), "returns": returns,
    }  # fmt: skip
    (kind,) = [name for name in answer if name != "verdict"]
    given = answer[kind]
    same = values[kind] in given if kind == "seal" else values[kind] == given
    return "" if same else f"another {kind}"


def expected(platform: str, question: Data, mine: Data) -> Data:
    """Return the package's answer, under the reading in which the last of two equal names of JSON counts where that is asked."""
    if mine.get("reason") != "duplicate-parameter" or platform not in LAST_WINS:
        return mine
    operation = operations(platform)[question["operation"]]
    if not operation.has_readings:
        return mine
    try:
        reading = PLATFORMS[platform].code().readings[LAST_WINS[platform]]
        found = operation.run(question["given"], question["input"], reading)
        return {"verdict": "accepted", "returns": found}
    except Refused as refused:
        return {"verdict": "refused", "reason": refused.reason}


UNREFUSED = ("text", "sign")
"""What the functions of a language make of a URL, which refuse nothing: compared where the package makes it, too."""
NOT_SEEN: dict[tuple[str, str], dict[str, str]] = {
    ("php", "retailcrm"): {
        "multipart": "a form of several parts, which PHP reads only as a web server",
        "NUL": "a name of JSON that begins with NUL, which no object of PHP can have",
        "infinite": "a number that no double holds, which json_decode makes infinite",
    },
    ("php", "fortis"): {
        "NUL": "a name of JSON that begins with NUL, which no object of PHP can have",
        "number": "-0, which json_decode makes a float, and digits that no integer holds, which it makes a text or a float",
    },
    ("node", "fortis"): {
        "number": "how a number is written, which JSON.parse forgets, and digits beyond 53 bits"
    },
    ("node", "onoffice"): {
        "float": "a number that is not whole, which the package refuses to sign",
        "moved": "names of digits, which an object of JavaScript moves to its front",
        "answer": "a name that stands twice, a number that is infinite, and half of a pair, which JSON.parse takes",
    },
    ("php", "onoffice"): {
        "NUL": "a name of JSON that begins with NUL, which no object of PHP can have",
        "float": "a number that is not whole, which the package refuses to sign",
        "answer": "a name that stands twice, a number that is infinite, and half of a pair, which json_decode takes",
    },
    ("node", "officernd"): {
        "limit": "how long a query and how many parameters may be: the limits are the package's own"
    },
}
"""What a program cannot see, by a word; each has vectors that say what the package does."""


def not_seen(language: str, platform: str, question: Data, expect: Data) -> str:
    """Return the word of what an oracle cannot see in a question, where its answer differs, or nothing."""
    shown = _shown(platform, question)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', shown)
    found = {
        "multipart": "multipart" in question["input"].get("content_type", "").lower(),
        "NUL": bool(re.search(r'"\\u0000(?:[^"\\]|\\.)*"\s*:|\["\\u0000', shown)),
        "infinite": bool(re.search("[0-9][eE]|[0-9]{300}", bare)),
        "number": bool(re.search(r"[0-9][.eE]|-0|[0-9]{16}", bare)),
        "float": expect.get("reason") == "wrong-type" and "parameters" in question["input"],
        "moved": bool(re.search(r'"[0-9]+": ', shown)),
        "answer": expect.get("reason") == "unexpected-answer",
        "limit": expect.get("reason") == "too-large",
    }
    return next((word for word in NOT_SEEN.get((language, platform), {}) if found[word]), "")


def _shown(platform: str, question: Data) -> str:
    """Return the JSON that a question holds, decrypted or decoded, or the question itself."""
    if "body" in question["input"]:
        return unquote_plus(raw(question["input"]["body"]).decode("utf-8", "replace"))
    operation = operations(platform)[question["operation"]]
    with suppress(Refused):
        stages = {stage.name: stage.value for stage in operation.stages(question["given"], question["input"])}
        if "text" in stages:
            return stages["text"].decode("utf-8", "replace")
    return json.dumps(question["input"])


def case(platform: str, question: Data, mine: Data) -> Data | None:
    """Return what an oracle is asked instead of a question, or nothing."""
    made = ASKED[platform](question)
    return None if made and made.get("do") in UNREFUSED and mine["verdict"] == "refused" else made


def difference(
    name: str, platform: str, case: Data, question: Data, mine: Data, answer: Any
) -> tuple[str, str]:
    """Say how an oracle's answer differs, or nothing; and what it cannot see, where that is why."""
    language = name.removeprefix("oracle-")
    expect = mine if (language, platform) == ("node", "retailcrm") else expected(platform, question, mine)
    why = differs(platform, expect, told(platform, case, answer))
    return why, why and not_seen(language, platform, question, expect)


SIGNING = {"sign_query", "sign_webhook", "registration_token", "sign_url", "launch_hmac"}


def openssl_differences(
    platform: str, rows: list[tuple[Data, Data]], folder: Path
) -> tuple[int, list[tuple[Data, str]]]:
    """Let OpenSSL make every HMAC that the package made, and decrypt some launches; return how many, and what differs."""
    by_secret: dict[str, dict[str, tuple[Data, bytes, str]]] = {}
    number, wrong = 0, []
    for question, mine in rows:
        name = question["operation"].partition(".")[2]
        if mine["verdict"] != "accepted" or name not in {*SIGNING, "encrypt_parameters"}:
            continue
        given = question["given"]
        stages = {
            stage.name: stage.value
            for stage in operations(platform)[question["operation"]].stages(given, question["input"])
        }
        (value,) = mine["returns"].values()
        if name in SIGNING:
            by_secret.setdefault(given["secret"], {})[question["id"]] = (
                question,
                stages["message"],
                value.partition("#")[0][-64:],
            )
        elif int(question["id"]) % 100 == 0 and "\0" not in given["secret"]:  # which no argument can hold
            number += 1
            if openssl.opened(value, given["secret"]) != stages["text"]:
                wrong.append((question, "OpenSSL decrypts it to another text"))
    for secret, found in by_secret.items():
        digests = by_openssl(secret, {id: message for id, (_, message, _) in found.items()}, folder)
        number += len(digests)
        wrong += [(found[id][0], "another HMAC") for id, digest in digests.items() if digest != found[id][2]]
    return number, wrong


def programs(platform: str) -> list[Program]:
    """Start the oracles of a platform that read lines."""
    kinds = {".php": "php", ".mjs": "node"}
    return [
        Program(f"oracle-{kinds[file.suffix]}", [tool(kinds[file.suffix]), str(file)])
        for file in sorted(FOLDER.glob(f"{platform}.*"))
    ]
