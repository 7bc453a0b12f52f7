"""Transcripts: what was said in a handshake, in order, and two pictures of it.

Whoever sends also records: the request is one event and its answer another, each at its own time. What a role did not set (`content-length`, `date`, …) is left out, so the same
handshake gives the same transcript in process and over sockets. Secrets are masked when an event
is recorded: no event holds the clear value, unless it is a labelled public test key. What is only
later seen to be secret is masked from then on.

What runs for long sets a limit, `keep`: then only the last events and secrets are kept, and the
time for one event does not depend on how many there were before.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

from ..core.messages import Headers, Request, Response, Unreachable
from ..core.printing import printable
from ..core.strict import MAX_FORM
from .masking import Secrets

ALWAYS_SECRET = frozenset({"authorization", "cookie", "set-cookie", "client_secret", "password"})
_NOT_THE_ROLES = frozenset({"content-length", "date", "server", "connection", "host", "transfer-encoding"})
_QUIET = frozenset(
    {"cache-control", "content-security-policy", "pragma", "referrer-policy", "x-content-type-options"}
)
_MOST_BODY = 2_000
_MOST_HEADER, _MOST_HEADERS = 1_000, 50


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `kind` is `request`, `response`, `failure` or `message`.

    `text` is the request's method and URL, the response's status, the failure's kind or the
    message's text. Everything is masked already.
    """

    kind: str
    sender: str
    receiver: str
    text: str
    headers: Headers = ()
    body: str = ""


class _Members(list[tuple[str, Any]]):
    """The members of an object; a name that stands twice is shown twice."""


class Transcript:
    """The events of one run, in order; safe to record from several threads.

    With `keep`, `events` holds at least that many of the last ones, and fewer than twice as many.
    """

    def __init__(self, secret_names: frozenset[str] = frozenset(), *, keep: int | None = None) -> None:
        self.events: list[Event] = []
        self._names = secret_names | ALWAYS_SECRET
        self._keep = keep
        self._dropped = 0
        self._secrets = Secrets(keep)
        self._lock = threading.Lock()

    @property
    def recorded(self) -> int:
        """How many events were ever recorded, those included that are no longer kept."""
        with self._lock:
            return self._dropped + len(self.events)

    def request(self, sender: str, receiver: str, request: Request) -> None:
        """Record that `sender` sent a request."""
        with self._lock:
            self._add("request", sender, receiver, f"{request.method} {self._url(request.url)}", request)

    def response(self, sender: str, receiver: str, response: Response) -> None:
        """Record that `sender` got a response from `receiver`."""
        with self._lock:
            self._add("response", receiver, sender, str(response.status), response)

    def failure(self, sender: str, receiver: str, failure: Unreachable) -> None:
        """Record that no response came."""
        with self._lock:
            self._append(Event("failure", receiver, sender, failure.kind))

    def answered(self, sender: str, receiver: str, came: Response | Unreachable) -> None:
        """Record what `sender` got from `receiver`, be it a response or none."""
        if isinstance(came, Unreachable):
            self.failure(sender, receiver, came)
        else:
            self.response(sender, receiver, came)

    def message(self, sender: str, receiver: str, text: str) -> None:
        """Record a message from one window to another (`postMessage`)."""
        with self._lock:
            self._append(Event("message", sender, receiver, self.masked(text)))

    def _append(self, event: Event) -> None:
        self.events.append(event)
        if self._keep is not None and len(self.events) >= 2 * self._keep:
            self._dropped += len(self.events) - self._keep
            del self.events[: -self._keep]

    def _range(self, start: int, end: int | None) -> tuple[int, list[Event]]:
        """Return the events from one number to another that are still kept, and the number of the first."""
        with self._lock:
            first = max(start, self._dropped)
            last = None if end is None else max(end - self._dropped, 0)
            return first, self.events[first - self._dropped : last]

    def _add(self, kind: str, sender: str, receiver: str, text: str, message: Request | Response) -> None:
        headers = tuple(
            (name, self._header(name, value)) for name, value in message.headers if name not in _NOT_THE_ROLES
        )
        body = self._body(message.header("content-type").lower(), message.body)
        # What was learnt further on in the message may stand further up in it.
        headers = tuple((name, self._cut(value, _MOST_HEADER)) for name, value in headers[:_MOST_HEADERS])
        self._append(Event(kind, sender, receiver, self.masked(text), headers, body))

    def _mask(self, value: str) -> str:
        return self._secrets.mask(value)

    def masked(self, text: str) -> str:
        """Return a text with every secret masked that a message has carried so far."""
        return self._secrets.masked(text)

    def _url(self, url: str) -> str:
        url, sharp, fragment = url.partition("#")
        base, mark, query = url.partition("?")
        return self.masked(base) + mark + self._pairs(query) + sharp + self._pairs(fragment)

    def _pairs(self, query: str) -> str:
        pieces = []
        for piece in query.split("&") if query else ():
            name, equals, value = piece.partition("=")
            plain = unquote_plus(value)
            last = unquote_plus(name).lower().rpartition("[")[2].removesuffix("]")  # of `register[token]`
            if last in self._names:
                value = self._mask(plain)
            elif plain.startswith("{"):  # a form may carry JSON in a field, and a secret in that
                value = self._masked_json(plain, value)
            pieces.append(name + equals + self.masked(value))
        return "&".join(pieces)

    def _masked_json(self, text: str, otherwise: str) -> str:
        """Return a JSON text with its secrets masked; what holds none, or cannot be read, as it was given."""
        try:
            value = json.loads(text, object_pairs_hook=_Members)
            if self._has_secret(value):
                return self._json(value)
        except ValueError:
            pass
        except RecursionError:
            return f"‹{len(text)} characters of JSON, nested too deeply›"
        return otherwise

    def _header(self, name: str, value: str) -> str:
        if name == "authorization":
            scheme, space, token = value.partition(" ")
            return scheme + space + self._mask(token) if space else self._mask(value)
        if name == "cookie":
            return "; ".join(map(self._cookie, value.split("; ")))
        if name == "set-cookie":
            cookie, semicolon, attributes = value.partition(";")
            return self._cookie(cookie) + semicolon + attributes
        if name in self._names:
            return self._mask(value)
        return self._url(value) if name == "location" else self.masked(value)

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        return name + equals + self._mask(value)

    def _body(self, content_type: str, body: bytes) -> str:
        if not body:
            return ""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return f"‹{len(body)} bytes that are not UTF-8›"
        if content_type.startswith("text/html"):
            title = re.search("<title>([^<]{0,300})</title>", text)
            return f"‹page “{self.masked(unescape(title[1]))}”›" if title else "‹page without a title›"
        if content_type.startswith("multipart/"):
            return f"‹{len(body)} bytes of a multipart form›"
        if content_type.startswith("application/x-www-form-urlencoded"):
            if len(body) > MAX_FORM:
                return f"‹{len(body)} bytes of a form›"
            text = self._pairs(text)
        elif "json" in content_type:
            text = self._masked_json(text, text)
        return self._cut(text, _MOST_BODY)

    def _cut(self, text: str, most: int) -> str:
        """Return a text with its secrets masked, and cut."""
        shown = self._secrets.masked(text, most + 1)
        return shown if len(shown) <= most else shown[:most] + f"… ‹{len(text)} characters›"

    def _has_secret(self, value: Any) -> bool:
        if isinstance(value, _Members):
            return any(key.lower() in self._names or self._has_secret(item) for key, item in value)
        return isinstance(value, list) and any(map(self._has_secret, value))

    def _json(self, value: Any, secret: bool = False) -> str:
        if isinstance(value, _Members):
            members = [(key, self._json(item, secret or key.lower() in self._names)) for key, item in value]
            return (
                "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{item}" for key, item in members) + "}"
            )
        if isinstance(value, list):
            return "[" + ",".join(self._json(item, secret) for item in value) + "]"
        if secret and value is not None and not isinstance(value, str):
            return self._mask(json.dumps(value))  # without quotation marks, as it came
        return json.dumps(self._mask(value) if secret and value else value, ensure_ascii=False)

    def text(self, *, bodies: bool = True, start: int = 0, end: int | None = None) -> str:
        """Return the transcript, or some events of it, as readable text, numbered.

        `start` and `end` count all that were recorded; a line says how many of them are no longer kept.
        """
        first, events = self._range(start, end)
        lines = [f"    … {first - start} earlier events are no longer kept"] if first > start else []
        for number, event in enumerate(events, first + 1):
            arrow = {"request": "→", "response": "⇢", "failure": "✗", "message": "✉"}[event.kind]
            lines.append(
                f"{number:>3} {event.sender} {arrow} {event.receiver}  {printable(event.text, _MOST_BODY)}"
            )
            if bodies:
                lines += [
                    f"      {name}: {printable(value, _MOST_BODY)}"
                    for name, value in event.headers
                    if name not in _QUIET
                ]
                lines += [f"      {printable(line, _MOST_BODY + 40)}" for line in event.body.splitlines()]
        return "\n".join(lines)

    def mermaid(self, most: int = 44, start: int = 0, end: int | None = None) -> str:
        """Return a Mermaid sequence diagram of the events; a label is cut at `most` characters."""
        _, events = self._range(start, end)
        names = list(dict.fromkeys(name for event in events for name in (event.sender, event.receiver)))
        ids = {name: f"p{i}" for i, name in enumerate(names)}
        lines = ["sequenceDiagram", *(f"    participant {ids[name]} as {_label(name)}" for name in names)]
        for event in events:
            arrow = {"request": "->>", "response": "-->>", "failure": "--x", "message": "-)"}[event.kind]
            label = (
                re.sub("https?://[^/]+", "", event.text, count=1) if event.kind == "request" else event.text
            )
            if event.kind == "response":
                label += "".join(f" to {value}" for name, value in event.headers if name == "location")
            label = re.sub("‹[^‹›]*›", "…", label)
            label = label if len(label) <= most else label[: most - 1] + "…"
            lines.append(f"    {ids[event.sender]}{arrow}{ids[event.receiver]}: {_label(label)}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.text(bodies=False), "text/markdown": f"```mermaid\n{self.mermaid()}\n```"}


def _label(text: str) -> str:
    """Write what Mermaid would misread (`;`, `#`, line ends, …) as its own `#code;` escapes."""
    return re.sub(r"[^\w /.,:=?&+%-]", lambda match: f"#{ord(match[0])};", text, flags=re.ASCII)
