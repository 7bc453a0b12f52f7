"""What a built site does without: blanks between tags, maps of scripts, word lists of other languages."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

from docs.searching import boost, worker

PLAIN_SPANS = re.compile(
    r'<span class="(?:n|w|p|o)">([^<]*)</span>|<span></span>'
)  # of the colour of all code
OF_MODULES = re.compile(r'(<(?:div|span|h[1-6])\b[^>]*?) class="(doc[ -][^"]*)"')
"""Where a page of modules says of a part what it is: eleven words, none of which the site's style asks for."""
LINK_OF_A_MEMBER = re.compile(r'<a [^>]*class="headerlink"[^>]*>[^<]*</a>\s*</h4>')
"""The link of a class' member to itself: eight hundred of them weigh more than they help; the class has one."""
DIVS = re.compile(r"<div\b[^>]*>|</div>")
BARE_SPANS = re.compile(r"<span>([^<]*)</span>")
SIDEBARS = re.compile(r'<div class="md-sidebar .*?(?=<div class="md-content")', re.DOTALL)
CUT_OFF = re.compile(r'<span class="md-ellipsis">([^<]*)</span>')
"""A title in a sidebar that the theme would cut off; without it, it goes on in a second line."""
CODE = re.compile(r"<code>.*?</code>", re.DOTALL)
OPTION = re.compile(r"(?<![^\s>(])(?<!</span>)(--[a-z][\w-]*)(?![^<]*>)")
"""An option of a command, which a browser would break after its dashes."""
DOTTED = re.compile(r'(?<=<h2 id="handshakes)(\.[\w.]+">\s*)([\w.]+)')
"""The heading of a module, whose name may be wider than a phone."""
OF_A_MODULE = '<h2 id="handshakes.'
LONGEST_WORD = 26
BYTES = re.compile(rf"<code>(?=[^<]*[^\s<=-]{{{LONGEST_WORD + 1}}})")
"""Code with a run of characters that is too long for a column."""
READING = re.compile(r"(<code>[\w.-]+=)(?=[\w.-]+</code>)")
CELL = re.compile(r"<td\b.*?</td>", re.DOTALL)
BLOCK = re.compile(r"\s*(</?(?:a|div|input|label|li|nav|ul)\b[^>]*>)\s*")
KEPT = re.compile(r"(<(pre|textarea|script|style)\b.*?</\2>)", re.DOTALL)


def html(text: str) -> str:
    """Write a page with one blank or line end wherever it has several between its tags, and name its dialog."""
    text = text.replace(
        'role="dialog">', 'role="dialog" aria-label="Search">'
    )  # the theme's dialog has no name
    text = BARE_SPANS.sub(r"\1", OF_MODULES.sub(_of_modules, PLAIN_SPANS.sub(r"\1", text)))
    if OF_A_MODULE in text:
        text = LINK_OF_A_MEMBER.sub("</h4>", without_bare_divs(text))
    text = CODE.sub(lambda found: OPTION.sub(r'<span class="option">\1</span>', found[0]), text)
    text = CELL.sub(lambda found: BYTES.sub('<code class="long">', READING.sub(r"\1<wbr>", found[0])), text)
    text = DOTTED.sub(lambda found: found[1] + found[2].replace(".", ".<wbr>"), text)
    text = SIDEBARS.sub(lambda found: BLOCK.sub(r"\1", CUT_OFF.sub(r"\1", found[0])), text)
    parts = KEPT.split(text)  # in threes: what is between, what is kept, and the name of its tag
    between = (re.sub(r"[ \t]{2,}", " ", re.sub(r"\s*\n\s*", "\n", part)) for part in parts[::3])
    kept = [*parts[1::3], ""]
    return "".join(part for pair in zip(between, kept, strict=True) for part in pair)


def without_bare_divs(text: str) -> str:
    """Take out the blocks that say nothing of what is in them.

    >>> without_bare_divs('<div><div class="a"><div><p>b</p></div></div></div>')
    '<div class="a"><p>b</p></div>'
    """
    bare: list[bool] = []

    def kept(found: re.Match[str]) -> str:
        if found[0] != "</div>":
            bare.append(found[0] == "<div>")
            return "" if bare[-1] else found[0]
        return "" if bare and bare.pop() else found[0]

    return DIVS.sub(kept, text)


def _of_modules(found: re.Match[str]) -> str:
    kept = " ".join(word for word in found[2].split() if word != "doc" and not word.startswith("doc-"))
    return f'{found[1]} class="{kept}"' if kept else found[1]


def plain(text: str) -> str:
    """Write an entry of the search index as text: no tags, no second blanks; the browser reads it as HTML."""
    text = re.sub(r"</?(?:p|li|ul|ol|td|th|tr|table|div|pre|h\d|br)\b[^>]*>", " ", text)
    text = unescape(re.sub(r"<[^>]+>", "", text)).replace("¶", " ")
    text = re.sub(r"\s+", " ", text).strip()
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def site(folder: Path) -> None:
    """Take out of a built site what no page asks for, write its search index briefly, and say how much each entry counts."""
    for path in folder.rglob("*.map"):
        path.unlink()
    shutil.rmtree(folder / "assets" / "javascripts" / "lunr", ignore_errors=True)
    for path in folder.glob("assets/javascripts/workers/search.*.js"):
        path.write_text(worker(path.read_text("utf-8")), "utf-8")
    path = folder / "search" / "search_index.json"
    if path.is_file():
        index = json.loads(path.read_text("utf-8"))
        for entry in index["docs"]:
            entry["title"], entry["text"] = plain(entry["title"]), plain(entry["text"])
            if (counts := boost(entry["location"], entry["title"])) != 1:
                entry["boost"] = counts
        path.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), "utf-8")
