"""RetailCRM's registration as a case: how its form, its JSON and its token were made, and what only here goes wrong.

For the person who debugs: `handshakes.explain` combines these alternatives. A verifier never tries any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.cases import Case, Ciphers, Found, Layer, Mac, Proof, replacing
from ...core.refusals import Refused
from ...core.stages import Stage
from ...core.strict import URLENCODED
from ...core.timestamps import Tolerance
from .. import readings as other_readings
from ..rules import REGISTER, TOKEN, Readings, Rules, rules
from ..signing import canonical_system_url, registration_stages, verify_registration
from . import alternatives as other
from .table import SLIPS

__all__ = ["SLIPS"]

QUERY = ("register",)
OWN_NAMES = ("apiKey", "systemUrl")
HEADERS: tuple[str, ...] = ()
BODY = True
CLAUSES = {"register": REGISTER + "encoding", "members": REGISTER + "members", "message": TOKEN + "message"}


def bare(text: str) -> tuple[str, bytes, str] | None:
    """Return a form, a multipart form, a JSON text, or what a debugger prints, alone or in a text, under its name.

    >>> bare("register=%7B%7D"), bare("%7B%7D"), bare("https://demo.simla.com")
    (('', b'register=%7B%7D', 'a form'), ('', b'register=%7B%7D', 'the percent-encoded value of register'), None)
    >>> bare('It says "register=%7B%7D" and fails')
    ('', b'register=%7B%7D', 'a form in a text')
    """
    found, took = text, ""
    if re.match(r"\ufeff?(?:[A-Za-z_]\w*=[^&\s]*&)*register(?:=|%3D|\[|%5B)", text, re.I | re.A):
        found = "".join(map(str.strip, text.splitlines())) if "{" not in text else text
        took = "a form" if found == text else "a form, wrapped over several lines"
    elif text.startswith("--"):
        took = "a multipart form"
    elif re.match("%7B|%257B", text, re.I):
        found, took = "register=" + text, "the percent-encoded value of register"
    elif text[:1] == "{" or text[:2] == '"{':
        took = "a JSON body"
    elif inner := other.within(text):
        found, took = inner, f"a {'form' if inner.startswith('register') else 'JSON text'} in a text"
    elif other.is_printed(text):
        took = "what a program printed"
    return ("", found.encode("utf-8", "surrogatepass"), took) if took else None


def doubt(secret: str, found: Found) -> str:
    """Return what else of RetailCRM a secret may be, or nothing.

    >>> doubt("demo.simla.com", Found())
    "The secret given here may be the host of an account. If it is, look for the secret on the module's card."
    """
    for form, kind in (
        (r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "a clientId: it is a UUID"),
        (r"[\w-]+\.(?:retailcrm|simla)\.\w+/?", "the host of an account"),
    ):
        if re.fullmatch(form, secret, re.I | re.A):
            return f"The secret given here may be {kind}. If it is, look for the secret on the module's card."
    return ""


def verify(found: Found, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]) -> Proof:
    """Return what a registration proves; raises `Refused`. It has no time, so `now` and `tolerance` mean nothing."""
    replaced = _readings(found, readings)
    try:
        verified = verify_registration(
            found.body, secret=secret, content_type=_content_type(found), readings=replaced
        )
    except Refused as refused:
        seen = _seen(found, secret, rules(replaced))
        if not seen:
            raise
        evidence = {**refused.evidence, **seen}
        raise Refused(
            refused.reason, refused.clause, evidence, stage=refused.stage, stages=refused.stages
        ) from None
    then = ""
    try:
        policy = f"on the list of official hosts, as {canonical_system_url(verified.system_url)}"
    except Refused as refused:
        then, policy = refused.reason, f"NOT on the list of official hosts ({refused.clause})"
    return Proof(
        f"The sender knows the secret and this API key; nothing says when it was made. The system URL is {policy}.",
        verified.parameters,
        verified.covered,
        (*verified.not_covered, "time, method, host and path"),
        credentials=frozenset({"apiKey"}),
        then=then,
    )


def stages(found: Found, *, secret: str, readings: list[str]) -> tuple[Stage, ...]:
    """Return the stages of a registration; raises `Refused`."""
    return registration_stages(
        found.body, content_type=_content_type(found), readings=_readings(found, readings)
    )


def cases(found: Found, *, readings: list[str], ciphers: Ciphers | None) -> Iterator[Case]:
    """Return the one case that a registration is."""
    rule = rules(other_readings.of(*readings))
    macs = [
        Mac((id,), make, size=len(make(b"", b""))) for id, make in replacing(other_readings.READINGS, "mac")
    ]
    macs += [
        Mac(("retailcrm-api-key-as-key",), lambda key, message: rule.mac(message, message)),
        Mac(("retailcrm-secret-signed",), lambda key, message: rule.mac(key, key)),
        *(Mac(("retailcrm-code-as-key",), other.keyed_with(rule, value)) for value in other.values(found)),
    ]
    yield Case(
        (found.body, _content_type(found), found.url),
        (
            Layer("body", kinds=(("damage", 0),), ways=other.bodies),
            Layer("form", _form(rule, found), ways=other.forms),
            Layer("register", kinds=(("damage", 0),)),
            Layer("members", other.members(rule), ways=other.registrations),
            Layer("values", kinds=(("changed", 0),)),
            Layer("signed", other.signed, ways=other.messages(found.others)),
            Layer("json", other.written, (("json", 0),)),
            Layer("text", kinds=(("text", 0),)),
        ),
        rule.key,
        TOKEN + "key",
        dict(replacing(other_readings.READINGS, "key")),
        (Mac((), rule.mac, size=len(rule.mac(b"", b""))), *macs),
        forms={"form-upper-case": TOKEN + "digest=any-case", "form-base64": TOKEN + "digest=base64"},
        clauses={
            **dict.fromkeys(("carrier", "json-rewritten"), REGISTER + "encoding"),
            **dict.fromkeys(("retailcrm-members-printed", "body-single-quotes"), REGISTER + "json"),
            **dict.fromkeys(("retailcrm-member-names", "retailcrm-json-nested"), REGISTER + "members"),
            **dict.fromkeys(("retailcrm-field-doubled",), REGISTER + "once"),
            **dict.fromkeys(("parameters", "json", "text", "message"), TOKEN + "message"),
            "key": TOKEN + "key",
            "mac": TOKEN + "value",
            "form": TOKEN + "digest",
        },
    )


def _content_type(found: Found) -> str:
    """Return the content type, or the one that fits the body where none was pasted."""
    if written := found.header("content-type"):
        return written
    if found.body.startswith(b"--"):
        boundary = found.body.partition(b"\n")[0].strip()[2:].decode("ascii", "replace")
        return f'multipart/form-data; boundary="{boundary}"'
    return URLENCODED


def _alone(found: Found, body: bytes) -> bool:
    """Return whether somebody pasted a JSON text without the request around it."""
    pasted = not found.url and not found.headers
    return pasted and body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b'"')


def _readings(found: Found, ids: list[str]) -> Readings:
    replaced = other_readings.of(*ids)
    return {"form": lambda text, kind: text, **replaced} if _alone(found, found.body) else replaced


def _seen(found: Found, secret: str, rule: Rules) -> dict[str, str]:
    """Return what is wrong with a registration beyond any search: nothing could reproduce its token."""
    text = found.body
    try:
        text = rule.form(found.body, _content_type(found))
        values = rule.texts(rule.members(text))
    except Refused:
        if b"[object Object]" in text.replace(b"+", b" ").replace(b"%5B", b"[").replace(b"%5D", b"]"):
            said = (
                "[object Object], which JavaScript makes of an object that becomes a text: JSON.stringify it"
            )
            return {"found": said}
        return {}
    checks = {
        "secret": (secret, values["apiKey"], "is the API key of this registration, not the secret of the card"),
        "token": (values["token"], secret, "is the secret itself, which is now known to whoever read it: renew it"),
        "token ": (values["token"], values["apiKey"], "is the API key itself, not its HMAC"),
    }  # fmt: skip
    return {name.strip(): said for name, (one, other, said) in checks.items() if one == other}


def _form(rule: Rules, found: Found) -> other.Make:
    def text(state: other.State) -> other.State:
        body, content_type, _ = state
        return (body,) if _alone(found, body) else (rule.form(body, content_type),)

    return text
