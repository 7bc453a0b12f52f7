"""Faults of the form that the user sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....runtime.verdicts import Fault, Refuses, Survives
from ...script import KEY, PRIVACY
from ..records import CLAUSE, Popup
from ..resources import Resources


@dataclass(frozen=True, slots=True)
class FormFault(Fault):
    """A fault of the form that the user sends: the fields of the page, changed; the key is in `secret`, its boxes are `privacy`."""

    fields: Callable[[dict[str, str], Resources, Popup], dict[str, str]]
    boxes: bool = False
    """Whether it is about a box, which a page may be without."""


_PLATFORM = Refuses("platform-error")
_WORKS = Survives("active")


def _forged(fields: dict[str, str], platform: Resources, popup: Popup) -> dict[str, str]:
    claim = next((value for value, one in [*platform.claims.items()] if one.cache_id == popup.cache_id), "")
    theirs = {"token": popup.token, "parameterCacheId": popup.cache_id, "extendedClaim": claim}
    ours = {name: value if name in (KEY, PRIVACY) else "0" * len(value) for name, value in fields.items()}
    return {**ours, **theirs}


FORM_FAULTS: tuple[FormFault, ...] = (
    FormFault("wrong-key", CLAUSE + "unlock.answer", _PLATFORM, "another key is pasted: 137",
              lambda f, p, u: {**f, "secret": "0" * 64}),
    FormFault("short-key", CLAUSE + "unlock.answer", _PLATFORM, "half of the key is pasted: 137", lambda f, p, u: {**f, "secret": f["secret"][:32]}),
    FormFault("padded-key", CLAUSE + "unlock.key", _WORKS, "blanks and a line end around the key", lambda f, p, u: {**f, "secret": f" {f['secret']}\n"}),
    FormFault("empty-key", CLAUSE + "unlock.key", Refuses("empty-parameter"), "no key is pasted", lambda f, p, u: {**f, "secret": "  "}),
    FormFault("not-agreed", CLAUSE + "page.privacy", Refuses("not-allowed"), "the box is not ticked",
              lambda f, p, u: {n: v for n, v in f.items() if n != "privacy"}, boxes=True),
    FormFault("forged-form", CLAUSE + "unlock.bound", Refuses("unknown-installation"), "token, cache id and claim are in the form, and no ticket of ours",
              _forged),
)  # fmt: skip
