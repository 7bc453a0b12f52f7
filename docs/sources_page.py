"""The page on sources: every source of every register, when it was last checked, where it is, and which text was read."""

from __future__ import annotations

import re

from docs.text import prose
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

OWN = ("observation", "analysis")


def sections() -> str:
    """List the sources, platform by platform."""
    parts = []
    for name, platform in PLATFORMS.items():
        parts.append(f"## {platform.title} {{ #{name} }}")
        parts.append("\n".join(_line(name, source) for source in register.load(name).sources))
    return "\n\n".join(parts)


def link(source: register.Source) -> str:
    """Return where a source is, or the site that it is on; nothing where its title names neither.

    >>> link(register.load("officernd").source("rfc6749")), link(register.load("fortis").source("seed"))
    ('https://www.rfc-editor.org/rfc/rfc6749', 'https://docs.zeamster.com/')
    """
    if source.kind in OWN:
        return ""
    if found := re.match(r"RFC (\d+)", source.title):
        return f"https://www.rfc-editor.org/rfc/rfc{found[1]}"
    if found := re.search(r"\b((?:[a-z0-9-]+\.)+(?:com|de|ru|es|pro|dev))\b", source.title):
        return f"https://{found[1]}/"
    if found := re.search(r"(?:^|\()([\w.-]+/[\w.-]+)(?=$|[ ,)])", source.title):
        tree = f"/tree/{source.revision}" if re.fullmatch("[0-9a-f]{40}", source.revision) else ""
        return f"https://github.com/{found[1]}{tree}"
    return ""


def _line(platform: str, source: register.Source) -> str:
    title = prose(source.title)
    to = link(source)
    facts = [source.kind, source.language, f"checked {source.checked}" if source.checked else ""]
    facts += [f"dated {source.date}" if source.date else ""]
    facts += [f"revision `{source.revision[:12]}`" if source.revision else ""]
    facts += [f"SHA-256 `{source.sha256}`" if source.sha256 else ""]
    head = f"[{title}]({to})" if to else title
    return f"- **{head}** `{platform}:{source.id}`: {', '.join(filter(None, facts))}"
