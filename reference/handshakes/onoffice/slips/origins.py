"""Under which address a URL was signed: behind a proxy it is not the one at which it arrives."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from ...core.cases import Found, Made, replacing
from .. import readings as other_readings
from ..rules import Rules

State = tuple[Any, ...]
Ways = Callable[[State], Iterator[Made]]
_PORTS = (443, 80, 8080, 8443, 3000, 8000, 5000, 8888, 9000, 4000, 8081, 1337, 4200, 5173)
_INTERNAL = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]", "app", "web", "backend", "api", "nginx", "host.docker.internal")  # noqa: S104  # fmt: skip
_PREFIXES = (
    "/app", "/api", "/onoffice", "/v1", "/api/v1", "/public", "/index.php", "/marketplace", "/provider",
    "/backend", "/web", "/site", "/proxy", "/dev", "/prod", "/stage", "/default", "/crm", "/portal",
    "/hooks",
)  # fmt: skip
_SAFE = "!$&'()*+,;=:@/"
"""What a path may hold unescaped by RFC 3986, beside letters, digits and -._~."""


def read(url: str) -> tuple[str, str, str, str]:
    """Return origin with port and user info, raw path, raw query and fragment; raises `ValueError` for what is no URL.

    >>> read("https://a.example:8080/p?b=c#d")
    ('https://a.example:8080', '/p', 'b=c', 'd')
    """
    whole, _, fragment = url.partition("#")
    head, _, query = whole.partition("?")
    scheme, mark, rest = head.partition("://")
    if not mark:
        return "", head, query, fragment
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority}", slash + path, query, fragment


def based(rule: Rules, origin: str, path: str) -> tuple[str, str]:
    """Return origin and path as they are signed; none where something else is signed than a URL."""
    if not origin and not path:
        return "", ""
    return _split(rule.base(origin + path)[0])


def _split(base: str) -> tuple[str, str]:
    scheme, _, rest = base.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path


def origins(found: Found, rule: Rules) -> Ways:
    """Return the ways to another address: given ones, those of the headers, and the usual ones."""

    def ways(state: State) -> Iterator[Made]:
        form, received, origin, path = state
        if not path:
            return

        def one(id: str, other: str, change: str = "", cost: int = 1, longer: str = "") -> Made:
            return Made(id, (form, received, other, longer + path), change or _as(other + longer), cost)

        for given in found.origins:
            other, prefix, *_ = read(given.rstrip("/"))
            for longer in dict.fromkeys((prefix, "")):
                yield one("onoffice-origin-given", re.sub(r":[0-9]*$", "", other), longer=longer)
        for other, prefix in _named(found, origin):
            yield one("onoffice-origin-headers", other, longer=prefix)
        if not origin:
            for host in _INTERNAL[:3]:
                yield one("onoffice-internal-host", f"http://{host}")
            return
        for id, base in replacing(other_readings.READINGS, "base"):
            other, same = _split(base(origin + path)[0])
            if same == path:
                yield Made(id, (form, received, other, path))
        plain, _ = based(rule, origin, path or "/")
        scheme, _, host = plain.partition("://")
        swapped = "http" if scheme == "https" else "https"
        yield one("onoffice-scheme", f"{swapped}://{host}")
        for number, port in enumerate(_PORTS):
            yield one("onoffice-port-signed", f"{plain}:{port}", cost=1 if number < 4 else 2)
            yield one("onoffice-port-signed", f"{swapped}://{host}:{port}", cost=2)
        authority = origin.partition("://")[2]
        if "@" in authority:
            yield one("onoffice-user-info-signed", f"{scheme}://{authority}")
            yield one("onoffice-user-info-signed", f"{scheme}://{authority.rpartition('@')[0]}@{host}")
        for changed in (host.title(), host.capitalize(), host.upper()):
            yield one("onoffice-host-case", f"{scheme}://{changed}", cost=2 if changed == host.upper() else 1)
        bare = host.removeprefix("www.")
        yield one("onoffice-host-www", f"{scheme}://{bare if bare != host else 'www.' + host}")
        yield one(
            "onoffice-host-dot",
            f"{scheme}://{host.rstrip('.') if host.endswith('.') else host + '.'}",
            cost=2,
        )
        for number, internal in enumerate(_INTERNAL):
            yield one("onoffice-internal-host", f"http://{internal}", cost=1 if number < 2 else 2)
            yield one("onoffice-internal-host", f"https://{internal}", cost=2)
            for port in _PORTS[1:8] if number < 2 else ():
                yield one("onoffice-internal-host", f"http://{internal}:{port}", cost=2)
        if "xn--" in host:
            yield one("onoffice-host-unicode", f"{scheme}://{host.encode().decode('idna')}")

    return ways


def _named(found: Found, origin: str) -> Iterator[tuple[str, str]]:
    """Yield the origins and prefixes that the headers of the request name."""
    forwarded = dict(re.findall(r'(?i)\b(host|proto)="?([^";,\s]+)', found.header("forwarded")))
    forwarded = {name.lower(): value for name, value in forwarded.items()}
    scheme = forwarded.get("proto") or found.header("x-forwarded-proto") or found.header(":scheme")
    scheme = scheme.partition(",")[0].strip() or origin.partition("://")[0] or "https"
    prefix = found.header("x-forwarded-prefix") or found.header("x-script-name")
    hosts = [forwarded.get("host", "")]
    for name in ("x-forwarded-host", "x-original-host", "host", ":authority"):
        hosts.append(found.header(name).partition(",")[0].strip())
    for host in dict.fromkeys(hosts):
        if re.fullmatch(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?", host):
            name = host.partition(":")[0]
            for one in (scheme, "http" if scheme == "https" else "https"):
                yield f"{one}://{name}", prefix
                if prefix:
                    yield f"{one}://{name}", ""
    if prefix and origin:
        yield re.sub(r":[0-9]*$", "", origin), prefix


def _as(address: str) -> str:
    """Return an address as it may be shown: a damaged path may hold a token."""
    return "" if re.search(r"[&=]|[A-Za-z0-9_-]{24,}", address) else f"as {address}"


def paths(found: Found) -> Ways:
    """Return the ways to another path: cut, respelled, with or without a slash."""

    def ways(state: State) -> Iterator[Made]:
        form, received, origin, path = state
        if not origin:
            return

        def one(id: str, other: str, change: str = "", cost: int = 1) -> Made:
            return Made(id, (form, received, origin, other), change or _as(other), cost)

        for id, base in replacing(other_readings.READINGS, "base"):
            same, other = _split(base(origin + path)[0])
            if same == origin:
                yield Made(id, (form, received, origin, other))
        yield one("onoffice-path-slash", path + "/")
        if found.url.partition("?")[2].rstrip("/") != found.url.partition("?")[2]:
            yield one("query-last-slash", path + "/", "it stood behind the path")
        for number, prefix in enumerate(_PREFIXES):
            yield one("onoffice-path-prefix-cut", prefix + path, cost=1 if number < 3 else 2)
        for name in ("x-original-uri", "x-original-url", "x-rewrite-url", "x-forwarded-uri", "request-uri"):
            if (original := read(found.header(name))[1]).startswith("/"):
                yield one("onoffice-path-prefix-cut", original, f"as the header {name} says: {original}")
        segments = path.split("/")
        for count in range(1, min(4, len(segments) - 1)):
            cut = "/" + "/".join(segments[count + 1 :])
            yield one("onoffice-path-prefix-added", cut, cost=1 if count == 1 else 2)
        yield from (one(*other) for other in _respelled(path))
        yield one("onoffice-path-slashes", "/" + path)
        yield one("onoffice-path-slashes", re.sub("/{2,}", "/", path))
        for at in [found.start() for found in re.finditer("/", path)][1:8]:
            yield one("onoffice-path-slashes", path[:at] + "/" + path[at:], cost=2)
        normal = posixpath.normpath(path) + ("/" if path.endswith("/") and path != "/" else "")
        yield one("onoffice-path-dots", re.sub("^//", "/", normal))
        yield one("onoffice-path-index", re.sub(r"/index\.\w+$", "/", path))
        yield one("onoffice-path-index", re.sub(r"(?<=[^/])/index\.\w+$", "", path))
        for name in ("index.php", "index.html"):
            yield one(
                "onoffice-path-index", path.rstrip("/") + "/" + name, cost=1 if path.endswith("/") else 2
            )
        yield one("onoffice-path-lower-case", path.lower())
        yield one("onoffice-path-parameters", re.sub(";[^/]*", "", path))

    return ways


def _respelled(path: str) -> Iterator[tuple[str, str, str, int]]:
    def spelt(id: str, other: str, cost: int = 1) -> Iterator[tuple[str, str, str, int]]:
        if other != path:
            yield id, other, "", cost

    upper = re.sub("%[0-9A-Fa-f]{2}", lambda f: f[0].upper(), path)
    lower = re.sub("%[0-9A-Fa-f]{2}", lambda f: f[0].lower(), path)
    respelled = "onoffice-path-respelled"
    yield from spelt(respelled, upper)
    yield from spelt(respelled, lower)
    for spelling in (path, upper):
        plain = re.sub(
            "%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])", _character, spelling
        )
        yield from spelt(respelled, plain)
    raw = unquote_to_bytes(path)
    for safe in ("/~", _SAFE + "~", "/", _SAFE, "/~+", _SAFE + "~%", "/:~@!$&'()*,;="):
        coded = quote(raw, safe=safe)
        coded = coded if "~" in safe else coded.replace("~", "%7E")
        yield from spelt(respelled, coded)
        yield from spelt(respelled, re.sub("%[0-9A-F]{2}", lambda f: f[0].lower(), coded), 2)
    for character in "~+@:,!*'()$&=;-_.":
        escape = f"%{ord(character):02X}"
        yield from spelt(respelled, path.replace(character, escape))
        yield from spelt(respelled, path.replace(character, escape.lower()))
    yield from spelt(respelled, re.sub("%2f", "/", path, flags=re.I))
    slashes = [found.start() for found in re.finditer("/", path)][1:6]
    for at in slashes:
        for escape in ("%2F", "%2f"):
            yield from spelt(respelled, path[:at] + escape + path[at + 1 :], 1 if len(slashes) < 3 else 2)
    yield from spelt("onoffice-path-decoded", raw.decode("utf-8", "surrogateescape"))
    yield from spelt("onoffice-path-decoded", unquote(path.replace("+", " ")), 2)
    yield from spelt("onoffice-path-encoded-twice", path.replace("%", "%25"))
    yield from spelt("onoffice-path-encoded-twice", re.sub("%25(?=[0-9A-Fa-f]{2})", "%", path))


def _character(found: re.Match[str]) -> str:
    return chr(int(found[0][1:], 16))
