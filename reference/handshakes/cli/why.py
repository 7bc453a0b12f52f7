"""The operator's page of `serve`: which requests were refused, and why."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from ..core.cases import Ciphers
from ..core.messages import Answer, Request, Response, Step
from ..core.refusals import Refused
from ..explain import explain
from ..explain.telling import told
from ..runtime.pages import page
from ..runtime.watching import Kept, RefusedRequest

MOST_ANSWERS = 100
"""How many answers are kept; another one is computed again."""
_LIST = """<p>What was refused here, the newest first. The answer is computed when you ask.</p>
{% for one in requests %}<p><a href="/?n={{ one.number }}">why?</a> {{ one.number }}. {{ one.request.method }}
<code>{{ one.request.path }}</code> {{ one.refused.reason if one.refused else "" }}</p>{% else %}
<p>Nothing was refused so far.</p>{% endfor %}"""
_ANSWER = """<p><a href="/">all refused requests</a></p>
<p><code>{{ one.request.method }} {{ one.request.path }}</code></p><pre style="white-space: pre-wrap; overflow-wrap: anywhere">{{ text }}</pre>"""


class Why:
    """A role of its own for the operator: `GET /` lists refused requests, `GET /?n=1` explains one."""

    name = "operator"
    has_store = True
    """It asks the partner's store for secrets, and takes long to explain: a server advances it in threads."""
    secret_names: frozenset[str] = frozenset()

    def __init__(
        self,
        platform: str,
        kept: Kept,
        secrets: Callable[[Request], list[str]],
        origin: str,
        ciphers: Ciphers | None = None,
    ) -> None:
        self.platform, self.kept, self.secrets, self.origin = platform, kept, secrets, origin
        self.ciphers = ciphers
        self._answers: OrderedDict[int, str] = OrderedDict()

    @property
    def origins(self) -> tuple[str, ...]:
        """The page's own origin."""
        return (self.origin,)

    def handle(self, request: Request) -> Step[Answer]:
        """Answer the list, or one explanation."""
        yield from ()
        if request.method != "GET":
            return Response(405, (("allow", "GET"),))
        if request.path != "/":
            return Response(404)
        if not request.query:
            newest = [*reversed(self.kept.all())]
            return page(f"Refused requests: {self.platform}", _LIST, requests=newest)
        name, _, number = request.query.partition("=")
        one = self.kept.get(int(number)) if name == "n" and number.isdecimal() and len(number) < 10 else None
        if one is None:
            return page("Not kept", '<p><a href="/">all refused requests</a></p>', status=404)
        return page(f"Why? {self.platform}, request {one.number}", _ANSWER, one=one, text=self.answer(one))

    def answer(self, one: RefusedRequest) -> str:
        """Return the explanation in words; it is computed once while it is kept."""
        if one.number not in self._answers:
            secret, *others = self.secrets(one.request) or [""]
            if secret:
                try:
                    found = explain(
                        self.platform,
                        http_of(one.request),
                        secret=secret,
                        others=others,
                        now=one.now,
                        ciphers=self.ciphers,
                    )
                    text = "\n".join(told(found, one.now))
                except Refused as refused:
                    text = refused.explain()
            else:
                text = "No secret is known here for this request: nothing can be compared."
            self._answers[one.number] = text
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return self._answers[one.number]


def http_of(request: Request) -> bytes:
    """Return a request as it may be pasted into `verify`: the request line with the whole URL, headers, body.

    >>> http_of(Request("GET", "http://127.0.0.1:3000", "/x?a=1", (("accept", "*/*"),)))
    b'GET http://127.0.0.1:3000/x?a=1 HTTP/1.1\\r\\naccept: */*\\r\\n\\r\\n'
    """
    head = f"{request.method} {request.url} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + request.body


def saved(one: RefusedRequest, folder: Path) -> Path:
    """Write a request to a file that only its owner reads, so that no secret of it stands in a log; return its path."""
    path = folder / f"refused-{one.number}.http"
    path.touch(mode=0o600)
    path.write_bytes(http_of(one.request))
    return path
