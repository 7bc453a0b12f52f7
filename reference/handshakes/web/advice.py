"""What to do about a refusal, and who has to do it: each sentence begins with the side that it is for."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, unquote_to_bytes

from ..core.messages import Request
from ..core.printing import printable
from ..core.refusals import Refused
from .answers import Call, answered, documented, todo, told
from .sides import REFUSE, both, by

UNTOLD = ("signature-mismatch", "decryption-failed")
"""Reasons that leave open which rule was broken: one wrong byte anywhere gives them."""
LOOK = dict.fromkeys(
    UNTOLD,
    "“Why?” tries the mistakes that are known, and shows what the receiver computed. A secret that was changed on one side looks like this too.",
) | {"malformed": "“Why?” looks at it character by character, though it may be masked here."}
"""In place of what to do where the page shows the cause there alone."""
SHOWN = re.compile(
    r"(?i)location_?id|user_?id|\w*web_?id|slug|(integration|organization|member)id|timestamp|system_?url|locations"
)
"""The names whose values a page shows: none is a credential on any of the four platforms."""
VALUES = ("token", "signature", "data", "hmac", "register", "apiKey", "timestamp", "expires_in")
"""Names under which evidence says what is wrong with a value."""


def advice(
    refused: Refused, looks: bool = False, request: Request | None = None, call: Call | None = None
) -> str:
    """Return what to do about a refusal, of a request or an answer; `looks` says that Why? has more to say.

    >>> advice(Refused("platform-error", "a:b", {"status": "503", "request": "GET /me"})).partition(":")[2][:14]
    ' mend GET /me:'
    >>> advice(Refused("wrong-method", "a:b", {"method": "PUT", "expected": "GET"}))
    'Sender: use GET, not PUT. Receiver: refuse it, as here.'
    """
    if looks and refused.reason in LOOK:
        return LOOK[refused.reason]
    if answered(refused) and "consented by" not in refused.evidence:
        return todo(refused, call, request.path if request else "")
    sentences = documented("request").get(_kind(refused, request))
    if sentences is None:
        return by("Receiver", refused.hint())
    if own := documented("own").get(refused.clause if refused.reason == "missing-parameter" else ""):
        sentences = {**sentences, "receiver": own}
    known = _known(refused, request)
    return both(**{side: says.format_map(known) for side, says in sentences.items()})


def _kind(refused: Refused, request: Request | None) -> str:
    """Return which sentence fits, where a reason has several."""
    evidence = refused.evidence
    if "consented by" in evidence:
        return "consented"
    if refused.reason == "wrong-state" and "is missing" in evidence.values():
        return "state"
    if refused.reason == "not-allowed" and {"origin", "url"} & set(evidence):
        return "foreign-address"
    headers = {*map(str.lower, dict(request.headers))} if request else set()
    if refused.reason == "missing-parameter":
        return "missing-parameter" if request and elsewhere(request, refused) else "absent"
    if refused.reason != "duplicate-parameter":
        return refused.reason
    values = values_of(request, refused).get("values", "").split(", then ") if request else []
    if {*map(str, evidence.values())} & headers:
        return "duplicate-header"
    same = len(values) > 1 and len({*values}) == 1
    return "duplicate-key" if "JSON key" in evidence else "duplicate-same" if same else refused.reason


def _known(refused: Refused, request: Request | None) -> dict[str, str]:
    """Return the facts of a refusal as a sentence names them; one that is not known is told in general words."""
    known, form = facts(refused, request), documented("form").get(refused.clause, "")
    expected, unit = known.get("expected", ""), "bytes" if "bytes" in known else "characters"
    placed = (says for word, says in documented("placed").items() if word in known.get("also", ""))
    named = next((one for one in refused.evidence if SHOWN.fullmatch(one) or one in VALUES), "")
    link = request is None or request.method == "GET"
    return defaultdict(lambda: "what came", known) | {
        "found": known.get("found") or known.get("JSON") or "what came",
        "form": form or expected or "the documented form",
        "name": next(
            (known[one] for one in ("name", "JSON key", "parameter", "header") if one in known), named or "it"
        ),
        "expected": expected.replace(", ", " or ") or "documented",
        "placed": next(placed, f". Documented is {form}" if form else ""),
        "instead": f": {form or expected}" if form or expected else "",
        "old": "; an old link, copied or out of a log, stays refused" if link else "",
        "limit": f"{known.get('limit', 'the register')} {unit}",
    }


def cure(part: Mapping[str, str]) -> str:
    """Return what to do about a mistake that was found in what a sender signed, and who does it.

    >>> cure({"id": "form-base64", "kind": "slip", "says": "The digest is in base64.", "cure": "Write it in hex."})
    'Sender: write it in hex. Receiver: refuse it, as here.'
    """
    if part["kind"] == "reading":
        return f"Sender: keep to the rule that is shown. {REFUSE} Only if the platform itself sends this, verify with this reading, and report it."
    if part["id"] == "key-other":
        return "Sender: sign with the secret of this kind of request, which the rule names. Receiver: refuse it, as here; check that your code verifies with that secret too."
    side = "Receiver" if part["says"].startswith("The secret given here") else "Sender"
    text = by(side, part["cure"])
    text = text if text[-1] in ".?" else f"{text}."
    return text if "eceiver" in text else f"{text} {REFUSE}"


def readable(question: str, rule: str, unsigned: Iterable[str]) -> str:
    """Return what a reading says where it is a cause: the question that the documents leave open, and its answer to that.

    >>> readable("Are own names signed?", "No.", ["plan"])
    'The sender did not sign: plan. The documents leave a question open: Are own names signed? With the answer “No.” it would be accepted.'
    """
    left = ", ".join(unsigned)
    said = f"The documents leave a question open: {question} With the answer “{rule}” it would be accepted."
    return f"The sender did not sign: {left}. {said}" if left else said


RENAMED = {"status": "HTTP status", "request": "answer to"}
"""Names of evidence that would be misread beside a request that has a status of its own."""


def facts(refused: Refused, request: Request | None = None, call: Call | None = None) -> dict[str, str]:
    """Return the evidence of a refusal in plain words, with what the request, or the call that was answered, tells more.

    >>> facts(Refused("wrong-type", "shop:sum", {"found": "int", "expected": "str or int"}))
    {'found': 'a whole number', 'expected': 'text or a whole number'}
    """
    found = {
        RENAMED.get(name, name): documented("plain").get(str(value), str(value))
        for name, value in refused.evidence.items()
    }
    if refused.reason == "unreachable" and "answer to" in found:
        found = {"no answer to": found.pop("answer to"), **found}
    found = (known := told(refused, call)) | found | known
    if request is None:
        return found
    address = str(refused.evidence.get("origin", refused.evidence.get("url", ""))).partition("…")[0]
    more = {
        "parameter": misspelt(request, refused) or holder(request, address),
        "also": elsewhere(request, refused),
        **values_of(request, refused),
    }
    return found | {name: value for name, value in more.items() if value}


def values_of(request: Request, refused: Refused) -> dict[str, str]:
    """Return the values that a refusal is about, where the request has them: of a name that is there twice, of what is not known.

    >>> twice = Refused("duplicate-parameter", "shop:once", {"name": "user_id"})
    >>> values_of(Request("GET", "http://a", "/p?user_id=1&B=2&user_id=3"), twice)
    {'values': '1, then 3', 'names in order': 'user_id, B, user_id'}
    """
    pairs = pairs_in(request)
    name = str(refused.evidence.get("name") or refused.evidence.get("JSON key", ""))
    if refused.reason == "duplicate-parameter" and name:
        inner = (
            [pair for _, text in pairs for pair in members(text)] if "JSON key" in refused.evidence else pairs
        )
        values = [shown(name, value) for one, value in inner if one == name]
        order = ", ".join(printable(one, 40) for one, _ in inner[:12])
        return {"values": ", then ".join(values[:3]), "names in order": order} if values else {}
    if refused.reason == "malformed" and (
        here := [one for one in pairs if one[0] in (name, *refused.evidence)]
    ):
        return {
            "sent": ", ".join(f"{one} {shown(one, value)}" for one, value in here[:3] if SHOWN.fullmatch(one))
        }
    if refused.reason in ("unknown-installation", "wrong-key"):
        ids = {one: f" {shown(one, value)}" for one, value in pairs if re.search("(?i)id$|slug|key", one)}
        return {"sent": ", ".join(printable(one, 40) + ids.get(one, "") for one, _ in pairs[:9])}
    return {}


def shown(name: str, value: str) -> str:
    """Return a value as a page may show it: itself where it is no credential, else its length and the begin of its digest.

    >>> shown("user_id", "17"), shown("clientId", "0" * 40), shown("clientId", "abcdefgh")
    ('17', '0, 40 times (sha256 9692e6…)', '8 characters (sha256 9c56cc…)')
    """
    if SHOWN.fullmatch(name) or len(value) < 2:
        return printable(value, 60) or "(empty)"
    digest = f"sha256 {sha256(value.encode('utf-8', 'replace')).hexdigest()[:6]}…"
    same = len(set(value)) == 1
    return (
        f"{value[0]}, {len(value)} times ({digest})"
        if same and value.isalnum()
        else f"{len(value)} characters ({digest})"
    )


def members(text: str) -> list[tuple[str, str]]:
    """Return the members of a JSON object in a text, each as often as it is there; none where it is no object.

    >>> members('{"a": 1, "a": "x"}')
    [('a', '1'), ('a', 'x')]
    """
    try:
        found = json.loads(
            text, object_pairs_hook=lambda pairs: [(name, str(value)) for name, value in pairs]
        )
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and all(isinstance(one, tuple) for one in found) else []


def pairs_in(request: Request) -> list[tuple[str, str]]:
    """Return the names and values of a request's query and form, decoded as far as they can be."""
    form = request.body.decode("latin-1") if "urlencoded" in request.header("content-type") else ""
    return [pair for text in (request.query, form) for pair in parse_qsl(text, True, errors="replace")]


def names_in(request: Request) -> list[str]:
    """Return the names of a request's query and form.

    >>> names_in(Request("GET", "http://a", "/p?a=1&b="))
    ['a', 'b']
    """
    return [name for name, _ in pairs_in(request)]


def holder(request: Request, address: str) -> str:
    """Return the name, of a parameter or of a JSON member in one, whose value is at an address; nothing where none is.

    >>> form = (("content-type", "application/x-www-form-urlencoded"),)
    >>> holder(Request("POST", "http://a", "/p", form, b'x={"systemUrl":"http://b"}'), "http://b")
    'systemUrl'
    """
    for name, value in pairs_in(request) if "://" in address else ():
        inner = re.search(r'"(\w{1,40})"\s*:\s*"' + re.escape(address), value.replace("\\/", "/"))
        if inner or value.startswith(address):
            return inner[1] if inner else printable(name, 40)
    return ""


def elsewhere(request: Request, refused: Refused) -> str:
    """Return where a name that is missing stands all the same: in the query where the body was read, or in another case.

    >>> gone = Refused("missing-parameter", "shop:sum", {"name": "clientId", "found": "none"})
    >>> elsewhere(Request("POST", "http://a", "/p?clientId=1"), gone)
    'clientId is in the query of the URL, not in the body'
    >>> elsewhere(Request("GET", "http://a", "/p?clientid=1"), gone)
    'clientid, in another case'
    >>> elsewhere(Request("GET", "http://a", "/p?clientId[a]=1"), gone)
    'clientId[…], fields with brackets where one field clientId is expected'
    """
    name = str(refused.evidence.get("name", ""))
    if refused.reason != "missing-parameter" or not name:
        return ""
    names = [piece.partition("=")[0] for piece in request.query.split("&")]
    if request.method == "POST" and name in names:
        return f"{name} is in the query of the URL, not in the body"
    if any(each.startswith(f"{name}[") for each in names_in(request)):
        return f"{name}[…], fields with brackets where one field {name} is expected"
    there = [*names, *str(refused.evidence.get("found", "")).split(", ")]
    other = [each for each in there if each.lower() == name.lower() and each != name]
    return f"{printable(other[0], 40)}, in another case" if other else ""


def misspelt(request: Request, refused: Refused) -> str:
    """Return the parameter whose escapes cannot be read, where a refusal says that there is one; nothing else has its name.

    >>> bad = Refused("malformed", "shop:sum", {"found": "an incomplete percent escape at 0"})
    >>> misspelt(Request("GET", "http://a", "/p?x=%41&y=%2"), bad)
    'y'
    """
    if refused.reason != "malformed" or not re.search("percent escape|not UTF-8", str(refused.evidence)):
        return ""
    form = request.body.decode("latin-1") if "urlencoded" in request.header("content-type") else ""
    for piece in (*request.query.split("&"), *form.split("&")):
        try:
            unquote_to_bytes(piece).decode()
        except UnicodeDecodeError:
            return printable(piece.partition("=")[0], 40)
        if re.search("%(?![0-9A-Fa-f]{2})", piece):
            return printable(piece.partition("=")[0], 40)
    return ""
