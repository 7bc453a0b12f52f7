"""Writing Markdown: plain text as it is, code blocks, and folded notes."""

from __future__ import annotations

import html
import re


def escaped(text: str) -> str:
    """Write plain text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]#|])", r"\\\1", html.escape(text, quote=False))


def fence(text: str, info: str) -> str:
    """Write a code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks} {info}\n{text.rstrip()}\n{ticks}"


def folded(title: str, markdown: str) -> str:
    """Write a note that the reader opens; it needs no script."""
    lines = (f"    {line}" if line else "" for line in markdown.splitlines())
    return "\n".join([f'??? note "{title}"', "", *lines])
