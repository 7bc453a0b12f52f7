"""The provider's page in the popup's frame: its form, the field that takes the key, the boxes to tick.

A provider gives them what names it likes. A page that makes its form by a script has none here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from ...runtime.browser import Form, Page
from ..script import KEY, PRIVACY, UNLOCK

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form that activates: the name of its field for the key, and its boxes with their values."""

    form: Form
    key: str
    boxes: Fields

    def filled(self, key: str, change: Callable[[Fields], Fields] = dict) -> Fields:
        """Return what the form sends with a key pasted and every box ticked.

        A fault's `change` sees the key as `secret` and the boxes as `privacy`, whatever the page calls them.
        """
        given = {
            name: value for name, value in self.form.fields.items() if name not in (self.key, *self.boxes)
        }
        sent: Fields = {}
        for name, value in change({**given, KEY: key, PRIVACY: "yes"}).items():
            sent |= {self.key: value} if name == KEY else self.boxes if name == PRIVACY else {name: value}
        return sent


def key_form(page: Page | None) -> KeyForm | None:
    """Return the form with a field for the key: the one called `unlock`, or else the only one."""
    if page is None or not page.forms:
        return None
    reader = _Reader()
    reader.feed(page.response.body.decode("utf-8", "replace"))
    found = [
        KeyForm(form, KEY if KEY in inputs.typed else inputs.typed[0], inputs.boxes)
        for form, inputs in zip(page.forms, reader.forms, strict=False)
        if KEY in inputs.typed or len(inputs.typed) == 1
    ]
    named = [one for one in found if one.form.id == UNLOCK]
    return named[0] if named else found[0] if len(found) == 1 else None


@dataclass(slots=True)
class _Inputs:
    typed: list[str] = field(default_factory=list)
    boxes: Fields = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Inputs] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        name, kind = values.get("name", ""), values.get("type", "text").lower()
        if tag == "form":
            self.forms.append(_Inputs())
            self._inside = True
        elif not self._inside or not name:
            return
        elif tag == "textarea" or (tag == "input" and kind in ("text", "password", "search")):
            self.forms[-1].typed.append(name)
        elif tag == "input" and kind == "checkbox":
            self.forms[-1].boxes[name] = values.get("value", "on")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"
