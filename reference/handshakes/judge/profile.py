"""A profile: where a partner is, how it is run, what it does not have; a TOML file that ten lines suffice for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from ..core.printing import printable
from ..platforms import PLATFORMS
from ..runtime.story import Setting

MOST = 200_000
"""Characters of a profile."""
HOOKS = {
    "officernd": ("restart",),
    "retailcrm": ("work", "rescope"),
    "onoffice": ("work",),
    "fortis": ("signed_in", "offers_oauth"),
}
"""What the operator of a partner can add, by platform."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile says; every key but `settings` has a default.

    `restart`, `work` and `rescope` are commands (lists of words, run without a shell); `signed_in` and
    `offers_oauth` are patterns of a page, the first with a group for the user's id. In a command and in
    `environment`, `{platform}` stands for the simulator's origin, and in `work` `{customer}` for the customer's name.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    command: tuple[str, ...] = ()
    output: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    not_applicable: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    trusted: str = ""
    timeout_seconds: int = 10
    patience_seconds: int = 10
    most_seconds: int = 600
    restart: tuple[str, ...] = ()
    work: tuple[str, ...] = ()
    rescope: tuple[str, ...] = ()
    signed_in: str = ""
    offers_oauth: str = ""
    log: str = ""
    pattern: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


SECTIONS = {
    "": ("settings", "port", "command", "output", "environment", "not_applicable", "origins", "trusted", "timeout_seconds", "patience_seconds", "most_seconds"),
    "operator": ("restart", "work", "rescope", "signed_in", "offers_oauth"),
    "reasons": ("log", "pattern", "words"),
}  # fmt: skip


RANGES = {
    "port": (0, 65_535),
    "timeout_seconds": (1, 86_400),
    "patience_seconds": (0, 86_400),
    "most_seconds": (1, 86_400),
}
"""The least and the most of each number. A port is 16 bits (RFC 9293, section 3.1); in 0 seconds nobody answers."""


def _is_text(value: Any) -> bool:
    return type(value) is str and "\0" not in value  # no command, file or URL can hold it


def _problem(name: str, kind: type, value: Any) -> str:
    """Return which value of the file is not what it has to be, and what that is, or nothing."""
    if kind is int:
        least, most = RANGES[name]
        fits = type(value) is int and least <= value <= most
        return "" if fits else f"{name} has to be a whole number from {least} to {most}"
    if kind is str:
        return "" if _is_text(value) else f"{name} has to be a text"
    if kind is tuple:
        return (
            ""
            if isinstance(value, list) and all(map(_is_text, value))
            else f"{name} has to be a list of texts"
        )
    if not isinstance(value, dict):
        return f"{name} has to be a table of texts"
    wrong = [printable(key, 80) for key, one in value.items() if not _is_text(one)]
    if wrong:
        return f"{name} has to be a table of texts, and {', '.join(wrong[:5])} is none"
    unset = [
        printable(key, 80) for key in value if name == "environment" and (not key or set(key) & {"=", "\0"})
    ]
    return f"{name}: '{unset[0]}' is not the name of a variable" if unset else ""


def _unknown(section: str, key: str) -> str:
    """Return that a key is unknown, and which one is meant: of its section, of another one, or the nearest."""
    full = f"{section}.{key}".lstrip(".")
    home = next((other for other, names in SECTIONS.items() if key in names), None)
    if home is not None:
        return f"unknown key {full} (it belongs {f'in [{home}]' if home else 'above all tables'})"
    names = [*SECTIONS[section], *(() if section else filter(None, SECTIONS))]
    near = get_close_matches(key[:200], names, n=1, cutoff=0.6)
    return f"unknown key {printable(full, 80)} ({f'did you mean {near[0]}?' if near else 'known: ' + ', '.join(names)})"


def parse(text: str) -> Profile:
    """Return the profile that a TOML text says; raises `ValueError` with everything that is wrong with it.

    >>> parse('port = 8701\\n[settings]\\npartner_url = "http://127.0.0.1:3000/x"').port
    8701
    >>> parse('port = "8701"\\nprot = 1')
    Traceback (most recent call last):
    ValueError: port has to be a whole number from 0 to 65535; unknown key prot (did you mean port?)
    """
    if len(text) > MOST:
        raise ValueError(f"the file has more than {MOST} characters")
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"not TOML: {error}") from None
    defaults = {one.name: one for one in fields(Profile)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for section, names in SECTIONS.items():
        table = found.get(section, {}) if section else {k: v for k, v in found.items() if k not in SECTIONS}
        if not isinstance(table, dict):
            problems.append(f"{section} has to be a table")
            continue
        for name, value in table.items():
            full = f"{section}.{name}".lstrip(".")
            if name not in names:
                problems.append(_unknown(section, name))
                continue
            default = defaults[name].default
            kind = dict if not isinstance(default, int | str | tuple) else type(default)
            if problem := _problem(full, kind, value):
                problems.append(problem)
                continue
            values[name] = tuple(value) if kind is tuple else value
    for name in ("signed_in", "offers_oauth", "pattern"):
        try:
            if re.compile(values.get(name, "")).groups < (name == "signed_in" and name in values):
                problems.append("operator.signed_in has to have a group, as in 'user ([0-9a-f]+)'")
        except (re.error, OverflowError, RecursionError) as error:
            problems.append(f"{name} is not a pattern: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return Profile(**values)


ADDRESSES = {
    "officernd": {"partner_url": "/integration", "account_name": ""},
    "retailcrm": {"config_url": "/config"},
    "onoffice": {"activation_url": "/activate", "service_url": "/service", "webhook_url": "/webhook"},
    "fortis": {
        "mode": "",
        "iframe_url": "/launch",
        "location_setup_url": "/location?location_id={{location.id}}&key=example-postback-key",
        "user_setup_url": "/user?location_id={{location.id}}&user_id={{user.id}}&key=example-postback-key",
    },
}
"""The settings of a new profile, each with the path of an example; those with a path are needed."""


def template(platform: str, settings: Mapping[str, Setting], not_seen: Mapping[str, str]) -> str:
    """Return a profile to fill in; `settings` are the platform's, `not_seen` the clauses that need an operator's help.

    >>> tools = PLATFORMS["officernd"].tools()
    >>> parse(template("officernd", tools.settings, tools.needs)).not_applicable
    ('officernd:secret.kept',)
    """
    title = PLATFORMS[platform].title
    partner, kind = PLATFORMS[platform].partner, next(iter(not_seen)).rpartition(".")[0]
    lines = [
        f"# How `handshakes judge {platform}` reaches your {partner} of {title}.",
        "",
        "# The simulator listens on this port of 127.0.0.1; your program is configured with that address.",
        "port = 8701",
        "",
        "# A command that starts your program, as a list of words; {platform} is the simulator's address. Without it,",
        "# start your program yourself, before the judge.",
        '# command = ["node", "server.js", "--platform", "{platform}"]',
        '# output = "server.log"  # a file for what it writes',
        "",
        f"# What your program does not have, or what cannot be seen from outside: a clause, or a pattern as {kind}.*",
        "# Without these lines they are reported as not testable, and the exit status is 4.",
        "not_applicable = [",
        *(f'    "{clause}",  # {why}' for clause, why in not_seen.items()),
        "]",
        "",
        "[settings]",
    ]
    for name, path in ADDRESSES[platform].items():
        host = "localhost" if platform == "onoffice" else "127.0.0.1"  # its clause on hosts needs letters
        choices = settings[name].choices or ("Example Ltd",)
        value = f"http://{host}:3000{path}" if path else choices[0]
        lines.append(f'{name} = "{value}"  # {settings[name].text}')
    lines += [
        f"# Further settings: handshakes serve {platform} --set help", "",
        "# [environment]  # of the command", '# PLATFORM_URL = "{platform}"', "",
        "# [operator]  # what makes more clauses testable",
        *(f"# {name} = {_EXAMPLES[name]}" for name in HOOKS[platform]), "",
        "# [reasons]  # where your program logs why it refused a request, so that the reason is judged too",
        '# log = "server.log"', "# pattern = 'refused: ([a-z-]+)'", "",
        "# [reasons.words]  # your words for the reasons of this guide", '# "bad signature" = "signature-mismatch"', "",
    ]  # fmt: skip
    return "\n".join(lines)


_EXAMPLES = {
    "restart": '["docker", "restart", "my-app"]',
    "work": '["curl", "-s", "http://127.0.0.1:3000/test/work?customer={customer}"]',
    "rescope": '["curl", "-s", "http://127.0.0.1:3000/test/rescope"]',
    "signed_in": "'Signed in as ([0-9a-f]+)'",
    "offers_oauth": "'Allow access'",
}
