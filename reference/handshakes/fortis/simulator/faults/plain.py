"""Faults of a plain launch: of the hmac, its coverage and the time."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ....runtime.verdicts import Expected, Refuses, Survives
from ...signing import launch_hmac
from ..drafts import Draft
from ..records import CLAUSE
from ..tampering import other_end, without
from .launches import UNKNOWN_USER, LaunchFault

_MALFORMED = Refuses("malformed")
_MISMATCH = Refuses("signature-mismatch")
_MISSING = Refuses("missing-parameter")
_TWICE = Refuses("duplicate-parameter")
_OPENED = Survives("opened")


def _plain(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str], **more: Any
) -> LaunchFault:
    return LaunchFault(name, CLAUSE + clause, expected, what, "plain", apply, **more)


def _doubled(draft: Draft, name: str, value: str) -> str:
    own = name if name == "location_id" else draft.app.named(name) or name
    return f"{draft.plain()}&{own}={value}"


def _shifted(draft: Draft) -> str:
    """Move the boundary between id and time by a digit; the signed text stays."""
    location, time = draft.location.id, str(draft.second)
    made = launch_hmac(location, time, secret=draft.app.secret)
    return draft.plain(location_id=location + time[0], timestamp=time[1:], hmac=made)


def _in_data(draft: Draft) -> str:
    app = replace(draft.app, encrypt_url_params=True, iframe_url=draft.app.iframe_url.partition("?")[0])
    return replace(draft, app=app).url()


PLAIN_FAULTS: tuple[LaunchFault, ...] = (
    _plain("encrypted-launch", "launch.mode", Refuses("not-allowed"), "an encrypted launch with the right secret", _in_data),
    # the hmac
    _plain("wrong-hmac-secret", "plain.hmac", _MISMATCH, "the hmac under another secret", lambda d: d.plain(secret="another-app-secret")),
    _plain("hmac-with-newline", "secret.bytes", _MISMATCH, "the secret with a line end after it",
           lambda d: d.plain(secret=d.app.secret + "\n")),
    _plain("hmac-of-nothing", "secret.empty", _MISMATCH, "the hmac under an empty secret",
           lambda d: d.plain(hmac=_mac(b"", d.location.id + str(d.second)))),
    _plain("changed-hmac", "plain.verify", _MISMATCH, "the last digit of the hmac is another",
           lambda d: d.plain(hmac=other_end(launch_hmac(d.location.id, str(d.second), secret=d.app.secret)))),
    _plain("swapped-order", "plain.message", _MISMATCH, "timestamp before location_id in the signed text",
           lambda d: d.plain(hmac=launch_hmac(str(d.second), d.location.id, secret=d.app.secret))),
    _plain("hashed", "plain.hmac", _MISMATCH, "a plain SHA-256 in place of the HMAC",
           lambda d: d.plain(hmac=sha256(f"{d.app.secret}{d.location.id}{d.second}".encode()).hexdigest())),
    _plain("other-case-location", "plain.as-received", _MISMATCH, "location_id in upper case, signed in lower",
           lambda d: d.plain(location_id=d.location.id.upper(), signed=d.location.id)),
    _plain("upper-case-hmac", "plain.hmac-case", _MALFORMED, "the hmac in upper case",
           lambda d: d.plain(hmac=launch_hmac(d.location.id, str(d.second), secret=d.app.secret).upper())),
    _plain("missing-hmac", "plain.missing", _MISSING, "no hmac", lambda d: without(d.plain(), "hmac")),
    _plain("missing-timestamp", "plain.missing", _MISSING, "no timestamp", lambda d: without(d.plain(), "timestamp")),
    _plain("missing-plain-location", "plain.missing", _MISSING, "no location_id", lambda d: without(d.plain(), "location_id")),
    _plain("shifted", "plain.timestamp", _MALFORMED, "a digit moves from the time to the id; the signed text stays", _shifted),
    _plain("location-doubled", "launch.repeated", _TWICE, "a second location_id after the signed one",
           lambda d: _doubled(d, "location_id", d.another.locations[0])),
    _plain("user-doubled", "launch.repeated", _TWICE, "a second user_id", lambda d: _doubled(d, "user-id", d.another.id)),
    # the time
    _plain("stale", "plain.tolerance", Refuses("stale"), "301 seconds old", lambda d: d.plain(timestamp=str(d.now - 301))),
    _plain("future", "plain.tolerance", Refuses("from-the-future"), "61 seconds ahead", lambda d: d.plain(timestamp=str(d.now + 61)), exact=True),
    _plain("milliseconds", "plain.timestamp", Refuses("timestamp-in-milliseconds"), "the time in milliseconds",
           lambda d: d.plain(timestamp=f"{d.second}000")),
    _plain("word-as-time", "plain.timestamp", _MALFORMED, "a time that is not a number", lambda d: d.plain(timestamp="yesterday!")),
    _plain("slow-clock", "plain.tolerance", _OPENED, "exactly 300 seconds old", lambda d: d.plain(timestamp=str(d.now - 300)), exact=True),
    _plain("fast-clock", "plain.tolerance", _OPENED, "exactly 60 seconds ahead", lambda d: d.plain(timestamp=str(d.now + 60))),
    _plain("user-replaced", "plain.coverage", Refuses("identity-mismatch"), "another user_id beside a right hmac",
           lambda d: d.plain(user_id=UNKNOWN_USER)),
)  # fmt: skip


def _mac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
