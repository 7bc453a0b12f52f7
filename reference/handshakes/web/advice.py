"""What to do about a refusal, and who has to do it: each sentence begins with the side that it is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote_to_bytes

from ..core.messages import Request
from ..core.printing import printable
from ..core.refusals import Refused

UNTOLD = ("signature-mismatch", "decryption-failed")
"""Reasons that leave open which rule was broken: one wrong byte anywhere gives them."""
LOOK = dict.fromkeys(
    UNTOLD,
    "“Why?” tries the mistakes that are known, and shows what the receiver computed. A secret that was changed on one side looks like this too.",
) | {"malformed": "“Why?” looks at it character by character, though it may be masked here."}
"""In place of what to do where the page shows the cause there alone."""
REFUSE = "Receiver: refuse it, as here."
"""What a receiver has to do about a mistake of the sender's."""
_ANSWERED = {
    "200": "The status says that it worked, and the body says no: believe the body, and tell the person what it says.",
    "3": "It redirects. Do not follow: credentials would go to another address. Compare the address with the documentation.",
    "400": "The request itself was refused. Compare it with the documentation, with what the answer says in mind.",
    "401": "The key or token is not known there, or has ended. Is it of the account whose address was asked?",
    "402": "The customer has to act in the account. Tell the person what the answer says.",
    "403": "The key or token may not do this. Has it the right? Is it of the account whose address was asked?",
    "404": "What was asked for is not there. Compare path and account with the documentation.",
    "429": "Too many requests. Wait as long as the answer says, then repeat it.",
    "5": "The fault is on the other side. Keep what was there, change nothing, and begin the step anew later: a code may be used up.",
}
"""What to do about an error of an API, by its status or the first digit of it."""
_OF_ANSWERS = {
    "identity-mismatch": "The answer is about something else than was asked for. Keep nothing of it; is the token another one's?",
    "unexpected-answer": "Sender: answer in the documented form. Receiver: compare the answer with the documented one, and take nothing from it. The call may have been carried out all the same: look at its effect before you repeat it.",
    "missing-parameter": "The answer is not whole. Take nothing from it: ask again, and compare it with the documentation.",
    "empty-parameter": "The answer is not whole. Take nothing from it: ask again, and compare it with the documentation.",
    "not-allowed": "Compare what is missing with what the answer granted. Ask the person to grant it, and begin the step anew.",
}
"""What to do where an answer was refused, not the request that it belongs to."""
_SAID = {
    "invalid_grant": "The code was used before, has ended, or is another application's. Begin the step anew to get one.",
    "invalid_scope": "Ask only for what the application was registered with.",
    "access_denied": "The person said no. Nothing has to be mended: offer the step again.",
    "136": "Set the clock that the call is signed with by NTP, and sign Unix seconds.",
    "137": "Is it the key that belongs to this token, whole and as it was shown? Then compare the text that was signed.",
    "errorcode": "The meaning says what the API refused in that call. Compare the call with its documentation; what has ended is made anew by opening the provider again.",
}
"""What to do about an error that has a name or a code of its own."""
_REQUESTS = {
    "malformed": f"Sender: write it in the documented form; a message of the same step that was accepted has it. {REFUSE}",
    "missing-parameter": f"Sender: send it under the documented name, in the same case. {REFUSE} Compare the name with those that were found; if all of it was sent, look for what cut the URL or the body on the way: a redirect, or a # or & in a value that was not percent-encoded.",
    "empty-parameter": f"Sender: fill it. An empty value is usually an unset one in the configuration. {REFUSE}",
    "duplicate-parameter": f"Sender: send each name once, with percent-encoded values. {REFUSE} Then look for what adds the second one: an edited link, a redirect, a value with a raw &, an attack.",
    "duplicate-header": f"Sender: send the header once. {REFUSE} Then look for what adds the second one: a proxy, or two places in the code that sign.",
    "too-large": "Sender: keep to the limit. Receiver: refuse it without reading the rest, as here.",
    "wrong-type": f"Sender: send the expected type; a number is no text, and JSON inside a JSON text is a text. {REFUSE}",
    "wrong-method": f"Sender: use the expected method. {REFUSE}",
    "wrong-content-type": f"Sender: send the expected content type. {REFUSE}",
    "empty-secret": "Receiver: load the secret before the first request comes, and refuse every request without it.",
    "wrong-key": f"Sender: use the key that was configured for this receiver. {REFUSE}",
    "unknown-installation": f"Sender: name a connection that was made with this receiver and was not removed. {REFUSE}",
    "timestamp-in-milliseconds": f"Sender: divide by 1000 before signing. {REFUSE}",
    "stale": f"Sender: make time and signature anew for each request, a retry too; an old link, copied or out of a log, stays refused. {REFUSE} If it was sent just now: let both clocks run by NTP.",
    "from-the-future": f"Sender: sign the time in UTC seconds. {REFUSE} If it is right: let both clocks run by NTP.",
    "replayed": f"Sender: make a new one for each use. {REFUSE} A repeat is an attack or a retry.",
    "not-allowed": f"Sender: send what is allowed there. {REFUSE} If the list is configuration, extend it only with what you own or the platform owns.",
    "foreign-address": f"Sender: send the address of the account itself. {REFUSE} Keep the address that is stored, and call nothing at the other one. If the list of hosts is configuration, extend it only with what you own or the platform owns.",
    "identity-mismatch": f"{REFUSE} Believe the API's answer, never the request, and change nothing that is stored.",
    "wrong-state": f"{REFUSE} The person begins the step anew. A browser that goes back or reloads sends it a second time; else the step was begun in another browser, or what it belongs to was finished or removed.",
}
"""What to do about a request that was refused for what it is."""


def advice(refused: Refused, looks: bool = False, request: Request | None = None) -> str:
    """Return what to do about a refusal, of a request or an answer; `looks` says that Why? has more to say.

    >>> advice(Refused("platform-error", "a:b", {"status": "503"})).partition(".")[0]
    'Receiver: the fault is on the other side'
    >>> advice(Refused("identity-mismatch", "a:b", {"consented by": "x"})).partition(",")[0]
    'Receiver: refuse it'
    >>> advice(Refused("platform-error", "a:b", {"status": "200", "errorcode": "137"})).partition(",")[0]
    'Receiver: is it the key that belongs to this token'
    >>> advice(Refused("wrong-method", "a:b"))
    'Sender: use the expected method. Receiver: refuse it, as here.'
    """
    evidence = refused.evidence
    if looks and refused.reason in LOOK:
        return LOOK[refused.reason]
    if "consented by" in evidence:
        return f"{REFUSE} The person who consented was signed in as another user: she signs in as the one who opened the app, and consents again."
    if refused.reason == "platform-error" and "elements.success" in evidence:
        return f"Sender: say success in elements.success, with HTTP 200. {by('Receiver', _OF_ANSWERS['unexpected-answer'])}"
    if refused.reason == "platform-error":
        status = str(evidence.get("status", ""))
        code = str(evidence.get("errorcode", ""))
        named = _SAID.get(code, _SAID["errorcode"]) if code else _SAID.get(str(evidence.get("error")))
        named = _ANSWERED["5"] if status[:1] == "5" else named
        return by("Receiver", named or _ANSWERED.get(status) or _ANSWERED.get(status[:1]) or refused.hint())
    if answered(refused) and refused.reason in _OF_ANSWERS:
        return by("Receiver", _OF_ANSWERS[refused.reason])
    if refused.reason == "wrong-state" and "is missing" in evidence.values():
        return f"Sender: send it back as it came, with the rest. {REFUSE} Exchange no code that comes without it: it may be a stranger's."
    if refused.reason == "not-allowed" and {"origin", "url"} & set(evidence):
        return _REQUESTS["foreign-address"]
    if (
        refused.reason == "duplicate-parameter"
        and request
        and {*map(str, evidence.values())} & {*map(str.lower, dict(request.headers))}
    ):
        return _REQUESTS["duplicate-header"]
    return _REQUESTS.get(refused.reason) or by("Receiver", refused.hint())


def by(side: str, text: str) -> str:
    """Return a sentence that begins with who it is for; one that says so itself stays as it is.

    >>> by("Sender", "Write it in hex."), by("Sender", "Receiver: decode it first.")
    ('Sender: write it in hex.', 'Receiver: decode it first.')
    >>> by("Sender", "Both sides: keep the path.")
    'Sender and receiver: keep the path.'
    """
    text = re.sub("^Both sides: ", "Sender and receiver: ", text)
    if re.match("(Sender|Receiver|Sender and receiver|Whoever [a-z ]+): ", text):
        return text
    plain = re.match(r"[A-Z]([a-z]*\b(?![.(:])|(?= ))", text)
    return f"{side}: {text[0].lower() + text[1:] if plain else text}"


def named(text: str, sender: str, receiver: str) -> str:
    """Return advice with the names that the two sides have on the page.

    >>> named("Sender: write it in hex. Receiver: refuse it, as here.", "OfficeRnD", "partner")
    'Sender (OfficeRnD): write it in hex. Receiver (partner): refuse it, as here.'
    """
    text = re.sub("Sender and receiver:", f"Sender ({sender}) and receiver ({receiver}):", text)
    return text.replace("Sender:", f"Sender ({sender}):").replace("Receiver:", f"Receiver ({receiver}):")


def by_side(text: str) -> list[str]:
    """Return advice with a line for each side.

    >>> by_side("Sender (OfficeRnD): write it in hex. Receiver (partner): refuse it, as here.")
    ['Sender (OfficeRnD): write it in hex.', 'Receiver (partner): refuse it, as here.']
    """
    return re.split(r"\s+(?=(?:Sender|Receiver) \(|Whoever [a-z ]+: )", text.strip())


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


TYPES = {
    "int": "a whole number", "float": "a number with a fraction", "str": "text", "bool": "true or false", "list": "a list",
    "dict": "an object", "NoneType": "null", "str or int": "text or a whole number",
}  # fmt: skip
"""What Python calls a type, in plain words."""


def facts(refused: Refused, request: Request | None = None) -> dict[str, str]:
    """Return the evidence of a refusal in plain words, with the parameter that could not be read where the request tells it.

    >>> facts(Refused("wrong-type", "shop:sum", {"found": "int", "expected": "str or int"}))
    {'found': 'a whole number', 'expected': 'text or a whole number'}
    """
    found = {name: TYPES.get(str(value), str(value)) for name, value in refused.evidence.items()}
    if request is None:
        return found
    address = str(refused.evidence.get("origin", refused.evidence.get("url", "")))
    more = {
        "parameter": misspelt(request, refused) or holder(request, address),
        "also": elsewhere(request, refused),
    }
    if refused.reason == "unknown-installation":
        more["sent"] = ", ".join(printable(name, 40) for name in names_in(request)[:9])
    return found | {name: value for name, value in more.items() if value}


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
    other = [each for each in names if each.lower() == name.lower() and each != name]
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
