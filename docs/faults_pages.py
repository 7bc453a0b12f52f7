"""What each simulator does wrong on request, with an address for every fault."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import groupby

from docs.text import capitalised, clause, prose, reason
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Fault, Refuses

INTRODUCTION = """\
The simulator of {title} misbehaves on request, in one of {count} ways. Each changes one thing in an otherwise genuine
exchange. Choose a fault on the platform's page of `handshakes serve {platform}`, or give its name to the step that
starts the exchange. A careful partner refuses it with the reason below, or carries on and ends in the state below.
"""


def faults(platform: str) -> tuple[Fault, ...]:
    """Return the faults of a platform's simulator."""
    found: dict[str, Fault] = import_module(f"handshakes.{platform}.simulator.faults").FAULTS
    return tuple(found.values())


def page(platform: str) -> str:
    """Write the faults of a platform as one page."""
    known = faults(platform)
    title = PLATFORMS[platform].title
    start = INTRODUCTION.format(title=title, count=len(known), platform=platform)
    parts = [f"# {title}: faults of the simulator", start]
    for kind, members in groupby(known, key=type):
        parts.append(f"## {said(kind)}")
        parts += map(_section, members)
    return "\n\n".join(parts) + "\n"


def said(kind: type[Fault]) -> str:
    """Say which faults a kind is, from its name.

    >>> [said(type(name, (Fault,), {})) for name in ("UrlFault", "OAuthFault", "LaunchFault")]
    ['URL faults', 'OAuth faults', 'Launch faults']
    """
    first, *others = re.findall("OAuth|[A-Z][a-z]+", kind.__name__)
    return " ".join([{"Url": "URL", "Api": "API"}.get(first, first), *(one.lower() for one in others)]) + "s"


def _section(fault: Fault) -> str:
    expected = fault.expected
    end = f"refused: {reason(expected.reason)}" if isinstance(expected, Refuses) else f"ends {expected.state}"
    what = prose(capitalised(fault.what))
    return f"### {fault.name} {{ #{fault.name} }}\n\n{what}.\n\n{end} · {clause(fault.clause)}\n{{ .facts data-search-exclude=yes }}"
