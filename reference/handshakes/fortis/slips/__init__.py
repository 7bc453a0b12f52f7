"""Fortis' launches as cases: how data was encrypted and written, how the hmac was made, and what only here goes wrong.

For the person who debugs: `handshakes.explain` combines these alternatives. An app never tries any of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...core.cases import Case, Ciphers, Found, Layer, Proof, replacing
from ...core.stages import Stage
from ...core.timestamps import Tolerance
from .. import readings as other_readings
from ..rules import Rules, rules
from ..rules.encrypted import ENCRYPTED
from ..rules.launch import LAUNCH, SECRET
from ..rules.plain import PLAIN
from ..signing import BY_DATA, BY_HMAC, launch_stages, verify_launch
from . import encodings, opening, plain
from .bare import bare, unbroken
from .table import SLIPS

__all__ = ["SLIPS", "bare", "unbroken"]

QUERY = ("data", "hmac")
OWN_NAMES = ("location_id", "location-id", "user_id", "access-token", "access_token")
LIKELY = r"[?&](?:data=U2FsdGVkX1|hmac=[0-9a-fA-F]{64})"
HEADERS: tuple[str, ...] = ()
BODY = False
Keys = dict[str, Callable[..., bytes]]
CLAUSES = {
    "query": PLAIN + "parameters",
    "message": PLAIN + "message",
    "bytes": ENCRYPTED + "base64",
    "salt": ENCRYPTED + "header",
    "derived": ENCRYPTED + "derivation",
    "padded": ENCRYPTED + "padding",
    "text": ENCRYPTED + "json",
}


def doubt(secret: str, found: Found) -> str:
    """Return what else of Fortis a secret may be, or nothing.

    >>> doubt("U2FsdGVkX18xMjM0", Found())
    'The secret given here may be a value of data: it begins as they do. If it is, look for the secret.'
    """
    for form, kind in (
        (r"11e[0-9a-f]{21}", "an id of Fortis: it has their 24 hex digits"),
        (r"U2FsdGVkX1.*", "a value of data: it begins as they do"),
    ):
        if re.fullmatch(form, secret, re.S):
            return f"The secret given here may be {kind}. If it is, look for the secret."
    return ""


def mode_of(found: Found) -> str:
    """Return in which mode a launch is read: with `data` and without `hmac`, encrypted."""
    names = [piece.partition("=")[0].lower() for piece in _query(found).split("&")]
    if "hmac" in names:
        return BY_HMAC
    plain_names = {"location_id", "timestamp", "location-id", "locationid"}
    return BY_DATA if "data" in names or not plain_names.intersection(names) else BY_HMAC


def _query(found: Found) -> str:
    return found.url.partition("#")[0].partition("?")[2]


_KNOWN = re.compile(
    "((location|user|contact|contact[_-]api)[_-]id|timestamp|user[_-]oauth[_-]url)=[^=]{0,120}", re.S
)


def _shown(name: str, text: str) -> bool:
    """Return whether a value is of a documented name and no secret: nothing covers names, so a damaged one may hold a token."""
    return bool(_KNOWN.fullmatch(f"{name}={text}")) and not re.search("token|secret|key|pass", text, re.I)


def verify(found: Found, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]) -> Proof:
    """Return what a launch proves; raises `Refused`."""
    replaced = other_readings.of(*readings)
    launch = verify_launch(
        found.url, mode=mode_of(found), secret=secret, now=now, tolerance=tolerance, readings=replaced
    )
    says = "Decrypted: this secret fits. There is no MAC and no time in it, so it proves nothing else."
    return Proof(
        says if launch.mode == BY_DATA else "",
        launch.parameters,
        launch.covered,
        (*launch.not_covered, "host and path; only GET /v2/users/me says who opened it"),
        launch.timestamp,
        frozenset(name for name, text in launch.parameters if not _shown(name, text)),
    )


def stages(found: Found, *, secret: str, readings: list[str]) -> tuple[Stage, ...]:
    """Return the stages of a launch; raises `Refused`."""
    replaced = other_readings.of(*readings)
    mode = mode_of(found)
    if mode == BY_DATA:
        rules(replaced).parameters(_query(found))
    try:
        return launch_stages(found.url, mode=mode, secret=secret, readings=replaced)
    except KeyError:
        return ()


def cases(found: Found, *, readings: list[str], ciphers: Ciphers | None) -> Iterator[Case]:
    """Return the one case that a launch is."""
    rule = rules(other_readings.of(*readings))
    keys = dict(replacing(other_readings.READINGS, "key"))
    clauses = {"key": SECRET, "carrier": LAUNCH + "mode", "parameters": LAUNCH + "repeated"}
    if mode_of(found) == BY_HMAC:
        yield _plain(found, rule, keys, clauses)
    else:
        yield _encrypted(found, rule, keys, clauses, ciphers)


def _plain(found: Found, rule: Rules, keys: Keys, clauses: dict[str, str]) -> Case:
    return Case(
        (_query(found), found.url),
        (
            Layer("query", kinds=(("query", 0),)),
            Layer("parameters", plain.parameters(rule), ways=plain.parameter_ways),
            Layer("values", plain.values(rule), ways=plain.value_ways(rule)),
            Layer("message", plain.message(rule), ways=plain.message_ways),
            Layer("text", kinds=(("text", 0),)),
        ),
        rule.key,
        SECRET,
        keys,
        tuple(plain.macs(rule)),
        forms={"form-upper-case": PLAIN + "hmac-case=either"},
        clauses=clauses
        | {
            **dict.fromkeys(("values", "text"), PLAIN + "as-received"),
            **dict.fromkeys(("fortis-time-unit", "fortis-timestamp-form"), PLAIN + "timestamp"),
            "message": PLAIN + "message",
            "mac": PLAIN + "hmac",
            "form": PLAIN + "hmac-case",
        },
    )


def _encrypted(
    found: Found, rule: Rules, keys: Keys, clauses: dict[str, str], ciphers: Ciphers | None
) -> Case:
    opener = opening.Opener(rule, ciphers) if ciphers else None
    return Case(
        (_query(found),),
        (
            Layer("query", kinds=(("query", 0),)),
            Layer("parameters", encodings.parameters(rule), ways=encodings.parameter_ways),
            Layer("encoding", ways=encodings.text_ways),
            Layer("base64", encodings.bytes_of(rule), ways=encodings.byte_ways),
            Layer("envelope", encodings.envelope(rule), ways=encodings.envelope_ways),
            Layer("ciphertext", ways=encodings.ciphertext_ways),
        ),
        rule.key,
        SECRET,
        keys,
        tuple(opener.macs()) if opener else (),
        fits=opener.fits if opener else None,
        general=opener is not None,
        weak=opening.WEAK,
        three=True,
        clauses=clauses
        | {
            "encoding": ENCRYPTED + "base64",
            "envelope": ENCRYPTED + "header",
            "derivation": ENCRYPTED + "derivation",
            "cipher": ENCRYPTED + "cipher",
            "padding": ENCRYPTED + "padding",
            "text": ENCRYPTED + "json",
            "fortis-member-names": ENCRYPTED + "names",
            "fortis-data-cut": ENCRYPTED + "length",
        },
        untried="" if opener else "Nothing was decrypted in the search: no ciphers were given.",
    )
