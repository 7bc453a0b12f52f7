"""Requests and responses: frozen values that keep every byte a signature may depend on.

A target stays as it travelled. `%2C` and `,`, `+` and `%20`, `%c3` and `%C3` are different
bytes on the wire, and two of the four platforms sign what was sent, so nothing is ever
decoded and encoded again on the way. Header names are lower case, because HTTP ignores case.

A step of a handshake is a generator that gives out a `Request` and gets its `Response`. Who
carries the message (a function call, a socket, a server) is none of the step's business. A step
that has to wait for another one gives out a `Pause`, and whoever runs it lets that time pass.
"""

from __future__ import annotations

import json as _json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

Headers: TypeAlias = tuple[tuple[str, str], ...]
T = TypeVar("T")
Step: TypeAlias = Generator["Request | Pause", "Response", T]
"""A step of a handshake: yields requests (or pauses), is sent responses, returns a `T`."""

DEFAULT_TIMEOUT = 10.0


def _lower(headers: Iterable[tuple[str, str]]) -> Headers:
    return tuple((name.lower(), value) for name, value in headers)


class _Message:
    """What requests and responses share: headers by name and a body that may be JSON."""

    __slots__ = ()
    headers: Headers
    body: bytes

    def header_values(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in order; the name's case does not matter."""
        return tuple(value for key, value in self.headers if key == name.lower())

    def header(self, name: str, default: str = "") -> str:
        """Return the first value of a header, or `default`.

        >>> Response(200, headers=(("Content-Type", "text/html"),)).header("content-type")
        'text/html'
        """
        return next((value for key, value in self.headers if key == name.lower()), default)

    def json(self) -> Any:
        """Return the body read as JSON; raises `ValueError` for anything else."""
        return _json.loads(self.body.decode("utf-8"))


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """One HTTP request: `target` is the raw path and query (ASCII), `body` the raw bytes.

    `origin` is the logical one, scheme and host (`https://app.officernd.com`), whatever
    address the message really travels to. `timeout` is in seconds. `note` says why a simulator sends it, where
    that is not plain; it does not travel. The representation shows no query, header or body, which may hold secrets.

    >>> Request("GET", "https://app.example", "/a?x=%2c&x=,").query
    'x=%2c&x=,'
    """

    method: str
    origin: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    timeout: float = DEFAULT_TIMEOUT
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.target.isascii():
            raise ValueError("a target is ASCII: percent-encode what is not")
        object.__setattr__(self, "headers", _lower(self.headers))

    @property
    def path(self) -> str:
        """The raw path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query, still percent-encoded; empty when there is none."""
        return self.target.partition("?")[2]

    def cookie(self, name: str) -> str:
        """Return the value of one cookie, or an empty text.

        >>> Request("GET", "https://app.example", "/", (("cookie", "a=1; b=2"),)).cookie("b")
        '2'
        """
        pieces = self.header("cookie").split(";")
        return dict(piece.strip().partition("=")[::2] for piece in pieces).get(name, "")

    @property
    def url(self) -> str:
        """Origin and raw target."""
        return self.origin + self.target

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.origin}{self.path}>"


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """One HTTP response: status, headers with lower-case names, raw body.

    >>> Response(204)
    <Response 204>
    """

    status: int
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", _lower(self.headers))

    @property
    def ok(self) -> bool:
        """Whether the status is one of the 200s."""
        return 200 <= self.status < 300

    def __repr__(self) -> str:
        return f"<Response {self.status}>"


@dataclass(frozen=True, slots=True)
class Pause:
    """What a step yields to go on `seconds` later, when another step has had time to finish; nothing is sent back."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Delayed:
    """A simulator's answer that comes `seconds` late."""

    seconds: float
    response: Response


@dataclass(frozen=True, slots=True)
class Dropped:
    """A simulator's answer that never comes: the connection is closed."""


Answer: TypeAlias = Response | Delayed | Dropped


class Unreachable(Exception):
    """No response came. `kind` is `timeout`, `dropped`, `refused`, `no-address`, `tls`, `too-large`, `unsendable` or `too-many-redirects`."""

    def __init__(self, kind: str, origin: str = "") -> None:
        super().__init__(f"{kind}: {origin}" if origin else kind)
        self.kind = kind
        self.origin = origin


def split_url(url: str) -> tuple[str, str]:
    """Return `(origin, raw target)` of an absolute URL, with the target untouched.

    Raises `ValueError` when there is no `scheme://host` in front. A fragment is cut off, as a
    browser does before it sends anything.

    >>> split_url("https://app.example/a?x=%2c#top")
    ('https://app.example', '/a?x=%2c')
    """
    scheme, found, rest = url.partition("://")
    if not found or not scheme.isalpha():
        raise ValueError("not an absolute URL")
    rest = rest.partition("#")[0]
    end = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    host, target = rest[:end], rest[end:]
    if not host:
        raise ValueError("no host in the URL")
    return f"{scheme.lower()}://{host.lower()}", target if target.startswith("/") else "/" + target


def json_response(value: Any, status: int = 200, headers: Headers = ()) -> Response:
    """Return a response with `value` as UTF-8 JSON, without escapes or spaces."""
    body = _json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, (("content-type", "application/json"), *headers), body)


def html_response(text: str, status: int = 200, headers: Headers = ()) -> Response:
    """Return an HTML page (UTF-8)."""
    return Response(status, (("content-type", "text/html; charset=utf-8"), *headers), text.encode())


def redirect(url: str, status: int = 302, headers: Headers = ()) -> Response:
    """Return a redirect to `url` with an empty body."""
    return Response(status, (("location", url), *headers))


def form_body(fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> bytes:
    """Return fields as `application/x-www-form-urlencoded` bytes, in order.

    >>> form_body({"a": "1 2", "b": "é"})
    b'a=1+2&b=%C3%A9'
    """
    return urlencode(list(fields.items()) if isinstance(fields, Mapping) else list(fields)).encode()
