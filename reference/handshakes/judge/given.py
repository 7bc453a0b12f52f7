"""What a test gives a marketplace by name: checked, and with what may be meant where a name is unknown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from ..core.messages import split_url
from ..core.printing import printable
from ..runtime.story import Setting

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?=[/?]|$)")


def meant(name: str, known: Iterable[str]) -> str:
    """Return a name with those that may be meant; with all where none is like it.

    >>> meant("conect", ["connect", "remove"]), meant("x", ["connect", "remove"])
    ("'conect'; did you mean connect?", "'x'; known: connect, remove")
    """
    names = [*known]
    near = difflib.get_close_matches(name, names, 5, 0.5)
    return f"{name!r}; did you mean {' or '.join(near)}?" if near else f"{name!r}; known: {', '.join(names)}"


def checked(known: Mapping[str, Setting], settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings that there are; raises `ValueError` for another name or value, or an address beyond this machine."""
    for name, value in settings.items():
        setting = known.get(name)
        if setting is None:
            raise ValueError(f"unknown setting {meant(name, known)}")
        if setting.choices and value not in setting.choices and name != "card_scopes":
            raise ValueError(f"{name} is one of: {', '.join(setting.choices)}; not {value!r}")
        if name.endswith(("_url", "_uri")) and value and not _LOOPBACK.match(value):
            raise ValueError(f"{name} is at http://127.0.0.1 or localhost, and not {printable(value)}")
    return dict(settings)


def addressed(base: str, settings: Mapping[str, str], first: str) -> dict[str, str]:
    """Return settings with the partner's origin in front of bare paths, and its address as the setting `first`.

    >>> addressed("http://127.0.0.1:3000/app", {"sync_url": "/sync"}, "partner_url")["sync_url"]
    'http://127.0.0.1:3000/sync'
    """
    if base and not _LOOPBACK.match(base):
        raise ValueError(f"a partner is at http://127.0.0.1 or localhost, and not {printable(base)}")
    origin = split_url(base)[0] if base else ""
    given = {name: origin + value if value.startswith("/") else value for name, value in settings.items()}
    return {**({first: base} if base else {}), **given}
