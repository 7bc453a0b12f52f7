"""Who may frame a page, as a browser reads its headers: `frame-ancestors` (CSP level 3), else `x-frame-options`."""

from __future__ import annotations

import re

from ..core.messages import Response

EVERYBODY = frozenset({"*", "http:", "https:", "https://*", "http://*"})
_SOURCE = re.compile(r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9.-]+)(?::(\*|[0-9]+))?/?")
_DEFAULT = {"http": "80", "https": "443"}


def ancestors(response: Response) -> list[list[str]]:
    """Return the sources of `frame-ancestors` of every policy that has the directive, in lower case.

    >>> ancestors(Response(200, (("content-security-policy", "default-src *; Frame-Ancestors https://A.example"),)))
    [['https://a.example']]
    """
    found = []
    for policy in ",".join(response.header_values("content-security-policy")).lower().split(","):
        directives = [words for words in map(str.split, policy.split(";")) if words]
        sources = next((words[1:] for words in directives if words[0] == "frame-ancestors"), None)
        if sources is not None:  # of a directive that occurs twice, the first counts
            found.append(sources)
    return found


def may_frame(response: Response, origin: str) -> bool:
    """Return whether a browser shows a page inside a page of this origin.

    Where a policy names its ancestors, `x-frame-options` is not looked at.

    >>> may_frame(Response(200, (("x-frame-options", "DENY"),)), "https://shop.example")
    False
    """
    policies = ancestors(response)
    if policies:
        return all(any(matches(source, origin) for source in sources) for sources in policies)
    options = ",".join(response.header_values("x-frame-options")).lower().split(",")
    return not {"deny", "sameorigin"} & {option.strip() for option in options}


def matches(source: str, origin: str) -> bool:
    """Return whether a source of a policy covers an origin: a host may have a star for its first labels, a port one for any.

    >>> [matches(one, "https://beta.smart.shop.example") for one in ("https://*.shop.example", "shop.example", "*.example:*")]
    [True, False, True]
    """
    scheme, _, rest = origin.lower().partition("://")
    host, _, port = rest.partition(":")
    if source in ("*", f"{scheme}:"):
        return True
    found = _SOURCE.fullmatch(source)
    if found is None or found[1] not in (None, scheme, "http"):  # http covers https too
        return False
    right = found[2] == "*" or (
        host.endswith(found[2][1:]) if found[2].startswith("*.") else host == found[2]
    )
    return right and (found[3] or _DEFAULT.get(found[1] or scheme, "")) in ("*", port or _DEFAULT[scheme])
