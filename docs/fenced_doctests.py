"""An extension of Griffe: the examples of docstrings are code, which Markdown would take for nested quotations."""

from __future__ import annotations

from typing import Any

import griffe

from docs.api_pages import fenced_doctests


class FencedDoctests(griffe.Extension):
    """Fence the examples of docstrings, which Markdown would take for nested quotations."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring:
            obj.docstring.value = fenced_doctests(obj.docstring.value)
