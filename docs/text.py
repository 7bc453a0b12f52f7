"""Writing Markdown: plain text as it is, code blocks, and folded notes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def escaped(text: str) -> str:
    """Write plain text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]#|])", r"\\\1", html.escape(text, quote=False))


def prose(text: str) -> str:
    """Write text so that Markdown shows it as it is, but for `code`, which becomes code; nothing ends a cell."""
    parts = re.split(r"(`` .+? ``|`[^`]+`)", text)
    return "".join(_code(part) if place % 2 else plain(part) for place, part in enumerate(parts))


def _code(text: str) -> str:
    inner = text[3:-3] if text.startswith("`` ") else text.strip("`")
    return f"<code>{plain(inner)}</code>"


def plain(text: str) -> str:
    """Write every character that Markdown or HTML reads as its number."""
    return re.sub(r"[\\`*_{}\[\]#|<>&]", lambda mark: f"&#{ord(mark[0])};", text)


def capitalised(text: str) -> str:
    """Begin a sentence with a capital, but for a name or a value, which is written as it is.

    >>> [capitalised(text) for text in ("where the JSON is written", "apiKey is missing", "v1= for t=", "user_id is true")]
    ['Where the JSON is written', 'apiKey is missing', 'v1= for t=', 'user_id is true']
    """
    is_word = re.match(r"[a-z]+(-[a-z]+)*[,:]?(\s|$)", text) and not text.startswith("http")
    return text[:1].upper() + text[1:] if is_word else text


def grouped(items: Iterable[Item], key: Callable[[Item], str]) -> Iterable[tuple[str, list[Item]]]:
    """Return what belongs together, in the order in which each group begins.

    >>> [*grouped(["ab", "cd", "ae"], lambda text: text[0])]
    [('a', ['ab', 'ae']), ('c', ['cd'])]
    """
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found.items()


def fence(text: str, info: str) -> str:
    """Write a code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks} {info}\n{text.rstrip()}\n{ticks}"


def folded(title: str, markdown: str) -> str:
    """Write a note that the reader opens; it needs no script."""
    lines = (f"    {line}" if line else "" for line in markdown.splitlines())
    return "\n".join([f'??? note "{title}"', "", *lines])


def clause(id: str, root: str = "../") -> str:
    """Link a clause to the page that states it; `root` leads from the page to the site's root."""
    platform, _, short = id.partition(":")
    return f"[{short}]({root}clauses/{platform}.md#{short})"


def reason(code: str, root: str = "../") -> str:
    """Link a reason to where it is explained."""
    return f"[`{code}`]({root}reasons.md#{code})"


def vector(id: str, root: str = "../") -> str:
    """Link a vector to its line in the list."""
    platform, _, rest = id.partition("/")
    return f"[`{rest.rpartition('/')[2]}`]({root}vectors/{platform}.md#{rest})"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table; the cells are Markdown."""
    lines = (heads, ("---",) * len(heads), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def unsearched(markdown: str) -> str:
    """Write what the search leaves out, since what stands beside it says what it is about."""
    return f'<span data-search-exclude="yes">{markdown}</span>'
