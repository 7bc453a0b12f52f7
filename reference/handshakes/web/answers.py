"""What to do about an answer of the API that was refused, or never came: which call it answers, what it holds, who acts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from ..core.messages import Request, Response
from ..core.printing import duration, printable
from ..core.refusals import Refused
from .cures import cures
from .sides import both

Call = tuple[Any, object]
"""What a receiver asked, and what it got: `runtime.watching` keeps it with a refusal."""
ASKED = "If a call of yours is answered so: "
"""How advice about an error begins that the answer to a right call had: here the call may be wrong."""
UNSURE = ("unreachable", "timeout", "5", "contradiction", "page", "name", "shape")
"""After which answers nobody knows whether the call was carried out."""
LONGEST = 40
"""How long a value of an answer may be that is shown: no credential is so short."""


@cache
def documented(kind: str) -> dict[str, Any]:
    """Return the sentences of one kind, by reason, clause or path, as `documented.toml` says.

    >>> documented("form")["officernd:signature.digest"]
    '64 hex digits in small letters'
    """
    return dict(
        tomllib.loads(resources.files(__package__).joinpath("documented.toml").read_text("utf-8"))[kind]
    )


def answered(refused: Refused) -> bool:
    """Return whether an answer of the API was refused, not the request that it belongs to: its evidence tells.

    >>> answered(Refused("empty-parameter", "shop:secret.answer", {"name": "secret"}))
    True
    >>> answered(Refused("empty-parameter", "shop:code", {"name": "code"}))
    False
    """
    from_api = refused.reason in ("unexpected-answer", "platform-error", "unreachable")
    told = {"answered", "missing"} & set(refused.evidence)
    return from_api or bool(told) or refused.clause.endswith(".answer")


def call_of(refused: Refused, call: Call | None = None) -> str:
    """Return the call whose answer was refused, by its method and path; nothing where it is not known.

    >>> call_of(Refused("unreachable", "shop:a", {"request": "GET /me"})), call_of(Refused("platform-error", "shop:a"))
    ('GET /me', '')
    """
    if call and isinstance(call[0], Request):
        actions = [f" ({value})" for path, value in leaves(body_of(call[0])) if path.endswith("resourcetype")]
        return f"{call[0].method} {call[0].path}{''.join(actions[:1])}"
    return str(refused.evidence.get("request", ""))


def told(refused: Refused, call: Call | None) -> dict[str, str]:
    """Return what is known of a call whose answer was refused: whose answer it is, and what of it a person may see.

    >>> call = Request("GET", "https://api.example", "/me"), Response(200, (), b'{"users":[]}')
    >>> told(Refused("unexpected-answer", "shop:me", {"user": "NoneType"}), call)
    {'answer to': 'GET /me at https://api.example', 'HTTP status': '200', 'answer has': 'users (empty)', 'user': 'is missing'}
    """
    if not answered(refused) or not call or not isinstance(call[0], Request):
        return {}
    came = call[1]
    none = "" if isinstance(came, Response) else "no "
    found = {f"{none}answer to": f"{call_of(refused, call)} at {call[0].origin}"}
    if not isinstance(came, Response):
        return found
    kind, location = came.header("content-type").partition(";")[0], urlsplit(came.header("location"))
    found |= {"HTTP status": str(came.status)}
    if location.netloc:
        found["redirects to"] = printable(f"{location.scheme}://{location.netloc}{location.path}", 100)
    body = body_of(came)
    if not isinstance(body, dict):
        return found | ({"content type": printable(kind, 60)} if kind and "json" not in kind else {})
    found_in = [(path, value) for path, value in leaves(body) if path.endswith("errorcode")]
    codes = [printable(f"{value} in {path}", 90) for path, value in found_in]
    said = [one for one in codes if one.startswith(f"{refused.evidence.get('errorcode')} ")]
    found |= {"errorcode": said[0]} if said else {}
    if contradicts(call):
        found["contradiction"] = ", ".join([f"HTTP {came.status}", *codes[:4]])
    if refused.reason == "unexpected-answer" or "elements.success" in refused.evidence:
        found["answer has"] = ", ".join(printable(path, 60) for path in names_in(body)[:9]) or "no members"
    return found | said_of(refused, body)


def said_of(refused: Refused, body: dict[str, Any]) -> dict[str, str]:
    """Return where in an answer a name stands that a refusal names, and what is there where it is short.

    >>> said_of(Refused("empty-parameter", "shop:secret.answer", {"name": "secret"}), {"settings": {"secret": ""}})
    {'name': 'settings.secret'}
    """
    places = dict(leaves(body))
    name = str(refused.evidence.get("name", ""))
    where = [path for path in places if name and path.endswith(f".{name}")]
    found = {"name": where[0]} if where else {}
    for name, value in refused.evidence.items():
        held = [one for path, one in places.items() if path.endswith(name)]
        if value == "NoneType" and name not in re.findall(r"[^.\[\]]+", " ".join(places).replace(" ", ".")):
            found[name] = "is missing"
        elif value == "is not success" and held and len(str(held[0])) <= LONGEST:
            found[name] = f"is {printable(str(held[0]))}, not success"
    return found


def contradicts(call: Call | None) -> bool:
    """Return whether an answer holds an error and a success: the innermost errorcode is 0 below another, or below an HTTP error.

    >>> below = b'{"status":{"errorcode":97},"results":[{"status":{"errorcode":0}}]}'
    >>> contradicts((None, Response(200, (), below))), contradicts((None, Response(200, (), b'{"errorcode":0}')))
    (True, False)
    """
    came = call[1] if call else None
    if not isinstance(came, Response):
        return False
    codes = sorted((len(path), value) for path, value in leaves(body_of(came)) if path.endswith("errorcode"))
    error = came.status >= 400 or any(value for _, value in codes[:-1])
    return bool(codes) and codes[-1][1] == 0 and error


def body_of(message: Request | Response) -> Any:
    """Return the JSON of a message, None where it is none."""
    try:
        return json.loads(message.body)
    except (ValueError, RecursionError):
        return None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a JSON object with their paths, at most 200 of them, as `a.b` and `a[0].b`.

    >>> [*leaves({"a": [{"b": 1}], "c": {}})]
    [('a[0].b', 1), ('c', {})]
    """
    waiting = [(path, value)]
    for _ in range(200):
        if not waiting:
            return
        path, value = waiting.pop(0)
        if isinstance(value, dict) and value:
            waiting = [(f"{path}.{name}".lstrip("."), one) for name, one in value.items()] + waiting
        elif isinstance(value, list) and value:
            waiting = [(f"{path}[{number}]", one) for number, one in enumerate(value)] + waiting
        else:
            yield path, value


def names_in(body: dict[str, Any]) -> list[str]:
    """Return the names of an answer, the innermost ones: those of `elements` where a record has them, and what is empty."""
    paths = [f"{path} (empty)" if value in ([], {}) else path for path, value in leaves(body)]
    return [path for path in paths if ".elements" in path] or paths


def todo(refused: Refused, call: Call | None = None, path: str = "") -> str:
    """Return what each side has to do about a refused answer, or one that never came; `path` is of the request before it.

    >>> todo(Refused("unreachable", "shop:me", {"request": "GET /me", "network": "timeout"}))
    'Sender: answer GET /me sooner: the receiver had stopped waiting. Receiver: store nothing, as here. A GET changes nothing, so it can be repeated.'
    """
    evidence, asked = {name: str(one) for name, one in refused.evidence.items()}, call_of(refused, call)
    kind = kind_of(refused, call)
    known = {
        "call": asked or "the call", "name": told(refused, call).get("name") or evidence.get("name", ""),
        "form": documented("form").get(refused.clause, "what is documented"), "missing": evidence.get("missing", ""),
        "right": f", {evidence['expected']}" if "expected" in evidence else "",
        "said": f"; it says: {evidence['error_description']}" if "error_description" in evidence else "",
        "wait": duration(int(evidence["retry-after"])) if evidence.get("retry-after", "").isdecimal() else "a moment",
    }  # fmt: skip
    cure = cures(refused.clause.partition(":")[0]).get(f"api-error-{evidence.get('errorcode')}")
    if cure and kind == "errorcode":
        text = both(cure.sender.replace("; this one was right", ""), cure.receiver.removeprefix(ASKED))
    else:
        text = both(**{side: says.format_map(known) for side, says in documented("answer")[kind].items()})
    effect = ""
    if kind in UNSURE and asked.startswith("GET "):
        effect = "A GET changes nothing, so it can be repeated." if refused.reason == "unreachable" else ""
    elif kind in UNSURE:
        effect = documented("effect").get(refused.clause, "Look at its effect before you repeat it.")
    again = documented("again").get(path, "") if "again" not in text else ""
    return " ".join(filter(None, (text, effect, again and f"Then {again}.")))


def kind_of(refused: Refused, call: Call | None) -> str:
    """Return which sentences fit a refused answer: by what came, or what is missing in it.

    >>> kind_of(Refused("platform-error", "shop:a", {"status": "503"}), None), kind_of(Refused("unreachable", "shop:a"), None)
    ('5', 'unreachable')
    """
    evidence, reason = refused.evidence, refused.reason
    if reason == "unreachable":
        return "timeout" if evidence.get("network") == "timeout" else reason
    if reason == "platform-error" and "elements.success" not in evidence:
        status, code = str(evidence.get("status", "")), str(evidence.get("errorcode", "0"))
        if contradicts(call):
            return "contradiction"
        if code != "0" and status[:1] != "5":
            return "errorcode"
        kinds = (str(evidence.get("error", "")), status, status[:1])
        return next((one for one in kinds if one in documented("answer")), "said")
    if reason in ("identity-mismatch", "not-allowed"):
        return reason
    return "page" if "content type" in told(refused, call) else "name" if "name" in evidence else "shape"
