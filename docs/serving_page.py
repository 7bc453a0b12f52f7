"""The page on serving one side: a command for each side of each platform, what it prints, and the settings."""

from __future__ import annotations

from docs.text import folded, prose
from handshakes.cli.serve import settings_of
from handshakes.platforms import PLATFORMS
from handshakes.runtime.flow import Clock
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

PLATFORM, PARTNER = "http://127.0.0.1:8080", "http://127.0.0.1:3000"
SETTINGS = {
    "officernd": (f"partner_url={PARTNER}/integration",),
    "retailcrm": (f"config_url={PARTNER}/config",),
    "onoffice": (f"activation_url={PARTNER}/activate", f"service_url={PARTNER}/service"),
    "fortis": (
        f"iframe_url={PARTNER}/launch",
        f"location_setup_url='{PARTNER}/location?location_id={{{{location.id}}}}'",
    ),
}
"""What our platform has to be told of a partner on port 3000."""


def command(platform: str, side: str) -> str:
    """Return the command that serves one side of a platform."""
    port, settings = (
        (8080, SETTINGS[platform]) if side == "platform" else (3000, (f"platform_url={PLATFORM}",))
    )
    words = [f"handshakes serve {platform} --only {side} --port {port}"]
    return " \\\n    ".join([*words, *(f"--set {one}" for one in settings)])


def briefing(platform: str, side: str) -> str:
    """Return what that command prints first, for these addresses."""
    tools = PLATFORMS[platform].tools()
    given = SETTINGS[platform] if side == "platform" else (f"platform_url={PLATFORM}",)
    settings = settings_of([one.replace("'", "") for one in given], tools.settings)
    origins = (PLATFORM, "") if side == "platform" else ("", PARTNER)
    world = World(Clock(0), lambda length: b"x" * length, MemoryStore(), settings, *origins)
    return tools.briefing(tools.sides(world), world)


def filled(markdown: str) -> str:
    """Fill in the commands, what they print, and the settings."""
    for side in ("platform", "partner"):
        sections = [_served(platform, side) for platform in PLATFORMS]
        markdown = markdown.replace(f"<!-- {side}s -->", "\n\n".join(sections))
    return markdown.replace("<!-- settings -->", "\n\n".join(map(_settings_of, PLATFORMS)))


def _served(platform: str, side: str) -> str:
    title, partner = PLATFORMS[platform].title, PLATFORMS[platform].partner
    heading = (
        f"### {title}, for your {partner}" if side == "platform" else f"### Our {partner}, for your {title}"
    )
    shown = f"It prints:\n\n<div data-search-exclude markdown>\n\n```text\n{briefing(platform, side)}\n```\n\n</div>"
    return f"{heading} {{ #{side}-{platform} }}\n\n```sh\n{command(platform, side)}\n```\n\n{shown}"


def _settings_of(platform: str) -> str:
    lines = []
    for name, setting in PLATFORMS[platform].tools().settings.items():
        choices = f": {', '.join(f'`{one}`' for one in setting.choices)}" if setting.choices else ""
        lines.append(f"- `{name}`: {prose(setting.text)}{choices}")
    listed = "<div data-search-exclude markdown>\n\n" + "\n".join(lines) + "\n\n</div>"
    return folded(PLATFORMS[platform].title, listed)
