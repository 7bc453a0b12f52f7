"""What the files of a site say without a browser: what they would load, and where their links lead."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from docs.checks.serving import prefix

ASKING = {("link", "href"), ("object", "data"), ("image", "href"), ("use", "href")}
OUTSIDE = re.compile(r"(https?:)?//")


class Read(HTMLParser):
    """One page: what it would load, what it links to, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.diagrams = 0
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        of = dict(attrs)
        self.diagrams += of.get("class") == "sequence"
        self.anchors += [
            value for name in ("id", "name") if (value := of.get(name)) and (name == "id" or tag == "a")
        ]
        if tag == "a" and (href := of.get("href")):
            self.links.append(href)
        for name, value in attrs:
            asks = name in ("src", "srcset", "poster") or (tag, name) in ASKING or name == "style"
            if asks and of.get("rel") != "canonical" and OUTSIDE.match(value or ""):
                self.outside.append(f"<{tag} {name}={value}>")


def pages(site: Path) -> dict[Path, Read]:
    """Read every page of a site."""
    return {path: Read(path) for path in sorted(site.rglob("*.html"))}


def loaded(site: Path, read: dict[Path, Read]) -> list[str]:
    """List what pages and style sheets would load from outside."""
    found = [f"{path.relative_to(site)}: {each}" for path, page in read.items() for each in page.outside]
    for path in site.rglob("*.css"):
        for each in re.finditer(
            r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^"')]*""", path.read_text("utf-8")
        ):
            found.append(f"{path.relative_to(site)}: {each[0]}")
    return found


def links(site: Path, read: dict[Path, Read]) -> list[str]:
    """List the links that lead nowhere, also when the pages are opened as files, and anchors that are there twice.

    The page for what is not there is served at any depth, so its links begin at the root of the host.
    """
    below = prefix(site)
    wrong = []
    for path, page in read.items():
        name = path.relative_to(site).as_posix()
        twice = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
        wrong += [f"{name}: two anchors #{anchor}" for anchor in sorted(twice)]
        for link in dict.fromkeys(page.links):
            if urlsplit(link).scheme or OUTSIDE.match(link):
                continue
            if name == "404.html" and link.startswith(below):
                link = f"/{link.removeprefix(below)}"
            elif link.startswith("/"):
                wrong.append(
                    f"{name}: {link} begins at the root, and is lost when the page is opened as a file"
                )
                continue
            target, _, anchor = urljoin(f"/{name}", link).partition("#")
            file = site / unquote(target.partition("?")[0]).lstrip("/")
            if name == "404.html" and file.is_dir():
                file /= "index.html"
            if not file.is_file():
                wrong.append(f"{name}: {link} leads to no file")
            elif anchor and file in read and unquote(anchor) not in read[file].anchors:
                wrong.append(f"{name}: {link} leads to no anchor")
    return wrong
