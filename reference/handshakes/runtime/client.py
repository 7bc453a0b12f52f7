"""Handshakes over real sockets, the outward half, on `requests`; `server` is the inward half.

The raw target is sent unchanged; `requests` alone would rewrite several. Roles speak logical
origins (`https://app.officernd.com`); an address book says which loopback address stands for each,
and the logical host travels in the `Host` header. Nothing else is contacted: an origin that is
neither in the book nor loopback itself is unreachable.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ..core.messages import Request, Response, Step, Unreachable
from .connections import Limits
from .flow import Role, drive
from .server import RoleServer, listen
from .transcript import Transcript

T = TypeVar("T")

MOST_BODY = 1_048_576
MOST_CONNECTIONS = 256
_RAW_TARGET = "x-handshakes-raw-target"
_LOOPBACK = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?")
"""As a whole and nothing else: what two readers of URLs may read differently leads to no other host."""
MOST_HEADER_BYTES = 65_536


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


class _Deadline:
    """Cuts the connection in use when the time for the whole answer is over; a socket's own timeout is per read."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self.sock: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._token = _deadline.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _deadline.reset(self._token)

    def _cut(self) -> None:
        self.over = True
        if self.sock:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _RawTarget:
    """Sends the target that a private header carries, and not that header."""

    def request(self, method: str, url: str, *args: Any, headers: Any = None, **kwargs: Any) -> None:
        kept = HTTPHeaderDict(headers or {})
        target = kept.pop(_RAW_TARGET, url)
        super().request(method, target, *args, headers=kept, **kwargs)  # type: ignore[misc]
        if deadline := _deadline.get():
            deadline.sock = self.sock  # type: ignore[attr-defined]


class _Connection(_RawTarget, HTTPConnection):
    pass


class _TlsConnection(_RawTarget, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _RawAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class Client:
    """Carries requests over HTTP: no redirects, no proxies, no cookies of its own, capped answers.

    `book` maps logical origins to loopback ones; `names` maps origins to the names in transcripts; `allowed` are
    origins elsewhere that may be contacted; `trusted` is a file of certificates to verify theirs with.
    """

    def __init__(
        self,
        book: Mapping[str, str] | None = None,
        *,
        names: Mapping[str, str] | None = None,
        transcript: Transcript | None = None,
        allowed: Collection[str] = (),
        trusted: str = "",
    ) -> None:
        self.trusted = trusted or True
        self.allowed = frozenset(allowed)
        self.book = book if book is not None else {}
        self.names = names if names is not None else {}
        self.transcript = transcript or Transcript()
        # The adapter alone: a session would look at cookies, redirects and the environment.
        self._adapter = _RawAdapter(pool_connections=16, pool_maxsize=MOST_CONNECTIONS)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter.close()

    def run(self, step: Step[T], sender: str = "browser") -> T:
        """Run one step to its end in the name of `sender`; return what it returns."""
        return drive(step, partial(self.exchange, sender))

    def exchange(self, sender: str, request: Request) -> Response:
        """Send one request and return the response, or raise `Unreachable`; both are recorded."""
        receiver = self.names.get(request.origin, request.origin)
        self.transcript.request(sender, receiver, request)
        try:
            response = self.send(request)
        except Unreachable as failure:
            self.transcript.failure(sender, receiver, failure)
            raise
        self.transcript.response(sender, receiver, response)
        return response

    def send(self, request: Request) -> Response:
        """Send one request without recording it; return the response or raise `Unreachable`."""
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = self._address(request.origin) + "/"
        headers = HTTPHeaderDict([(_RAW_TARGET, request.target), *request.headers])
        headers.setdefault("host", urlsplit(request.origin).netloc)
        headers.setdefault("accept-encoding", "identity")
        headers.setdefault("user-agent", "handshakes")
        if request.body or request.method in ("POST", "PUT"):
            headers["content-length"] = str(len(request.body))
            prepared.body = request.body
        prepared.headers = headers  # type: ignore[assignment]  # one that keeps repeated names
        with _Deadline(request.timeout) as deadline:
            try:
                with self._adapter.send(
                    prepared, timeout=request.timeout, stream=True, verify=self.trusted
                ) as answer:
                    body = _read(answer, request.origin)
                    if deadline.over:  # what was cut may look complete
                        raise Unreachable("timeout", request.origin)
                    received = tuple(answer.raw.headers.items())
                    if sum(len(name) + len(value) for name, value in received) > MOST_HEADER_BYTES:
                        raise Unreachable("too-large", request.origin)
                    return Response(answer.status_code, received, body)
            except requests.RequestException as error:
                raise Unreachable("timeout" if deadline.over else _kind(error), request.origin) from None
            except (ValueError, UnicodeError):  # a header or target that is no HTTP; its text may be a secret
                raise Unreachable("unsendable", request.origin) from None
            except urllib3.exceptions.HTTPError as error:  # what requests does not know of a foreign urllib3
                raise Unreachable("timeout" if deadline.over else _kind(error), request.origin) from None

    def _address(self, origin: str) -> str:
        if origin in self.book:
            return self.book[origin]
        if origin in self.allowed or _LOOPBACK.fullmatch(origin):
            return origin
        raise Unreachable("no-address", origin)


def _read(answer: requests.Response, origin: str) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(65_536):
        body += chunk
        if len(body) > MOST_BODY:
            raise Unreachable("too-large", origin)
    return bytes(body)


def _kind(error: requests.RequestException | urllib3.exceptions.HTTPError) -> str:
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)) or "timed out" in str(error):
        return "timeout"
    if isinstance(error, (requests.exceptions.SSLError, urllib3.exceptions.SSLError)):
        return "tls"
    return "refused" if "NewConnectionError" in repr(error) else "dropped"


def foreign_urllib3() -> str:
    """Say which version of a foreign urllib3 is loaded in place of the one that is listed as installed, or nothing.

    Some packages (niquests, by way of urllib3-future) write their own code into the folder `urllib3`, so that
    every program in the environment runs on it; the list of packages still names the one that was there.
    """
    try:
        listed = version("urllib3")
    except PackageNotFoundError:
        listed = "none"
    loaded = str(vars(urllib3)["__version__"])
    return "" if loaded == listed else f"{loaded}, where urllib3 {listed} is listed"


class Loopback:
    """A network of roles over loopback HTTP, with the interface of `flow.InProcess`.

    Each role gets a server on a free port; roles whose origins are loopback ones already are given
    the socket bound to that port. `traps` are more sockets of the role with this name. With `keep`,
    the transcript holds about that many of the last events and secrets, as a long run needs; `transcript` is one
    of the caller's own. `allowed` are origins elsewhere that the roles may contact. A role with `certificates`, by its name, speaks
    TLS.
    """

    def __init__(
        self,
        *roles: Role,
        sockets: Mapping[str, socket.socket] | None = None,
        traps: Mapping[str, Sequence[socket.socket]] | None = None,
        keep: int | None = None,
        limits: Limits = Limits(),  # noqa: B008  (it is frozen)
        allowed: Collection[str] = (),
        transcript: Transcript | None = None,
        certificates: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        secret_names = frozenset[str]().union(*(role.secret_names for role in roles))
        self.transcript = transcript or Transcript(secret_names, keep=keep)
        self._book: dict[str, str] = {}
        if strangers := {*(sockets or {}), *(traps or {})} - {role.name for role in roles}:
            raise ValueError(f"no role is called {', '.join(sorted(strangers))}")
        names = {origin: role.name for role in roles for origin in role.origins}
        self.client = Client(self._book, names=names, transcript=self.transcript, allowed=allowed)
        self.servers = [
            RoleServer(
                role,
                self.client.exchange,
                (sockets or {}).get(role.name) or listen(),
                *(traps or {}).get(role.name, ()),
                limits=limits,
                certificate=(certificates or {}).get(role.name),
            )
            for role in roles
        ]

    def __enter__(self) -> Self:
        for server in self.servers:
            self._book.update(dict.fromkeys(server.role.origins, server.url))
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.stop()
        self.client.close()

    def run(self, step: Step[T], sender: str = "browser") -> T:
        """Run one step to its end in the name of `sender`; return what it returns."""
        return self.client.run(step, sender)
