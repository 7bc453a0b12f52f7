"""A team's application is served as it is: ASGI with its lifespan, WSGI with threads, and both end with the test."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from handshakes.judge import apps
from handshakes.judge.apps import served

WAIT = 60


def read(url: str, path: str = "/") -> bytes:
    with urlopen(url + path, timeout=WAIT) as answer:
        return answer.read()


def asgi(seen: list[str], broken: bool = False):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                kind = (await receive())["type"]
                seen.append(kind)
                if broken:
                    await send({"type": "lifespan.startup.failed", "message": "no database"})
                    return
                await send({"type": f"{kind}.complete"})
                if kind == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    return app


class Application:
    async def __call__(self, scope, receive, send):
        await asgi([])(scope, receive, send)


def wsgi(environ, start):
    start("200 OK", [("content-type", "text/plain")])
    return [environ["PATH_INFO"].encode(), b"?", environ["QUERY_STRING"].encode()]


def test_an_asgi_application_is_served_with_its_lifespan():
    seen: list[str] = []
    server = served(asgi(seen))
    assert read(server.url, "/a") == b"/a"
    assert seen == ["lifespan.startup"]
    server.stop()
    assert seen == ["lifespan.startup", "lifespan.shutdown"]
    with pytest.raises(URLError):
        read(server.url)


@pytest.mark.parametrize("app", [Application(), partial(asgi([]))], ids=["object", "partial"])
def test_whatever_is_async_to_call_is_asgi(app):
    server = served(app)
    assert read(server.url, "/b") == b"/b"
    server.stop()


def test_an_application_that_does_not_start_is_said_to(caplog, monkeypatch):
    """No task is left whose exception nobody took: it is reported wherever garbage is collected next, by another test."""
    gc.collect()  # what earlier tests left
    caplog.clear()
    sock = apps.listen()
    monkeypatch.setattr(apps, "listen", lambda: sock)
    with pytest.raises(RuntimeError, match="did not start"):
        served(asgi([], broken=True))
    assert sock.fileno() == -1  # closed
    gc.collect()
    assert [one.getMessage() for one in caplog.records if one.name == "asyncio"] == []


def test_a_wsgi_application_answers_several_at_once():
    """Each answer waits for the other request to be there: one thread alone would wait for ever."""
    both = threading.Barrier(2, timeout=WAIT)

    def app(environ, start):
        both.wait()
        return wsgi(environ, start)

    server = served(app)
    with ThreadPoolExecutor(2) as pool:
        answers = [*pool.map(partial(read, server.url), ("/c?d=%2C", "/c?d=%2C"))]
    assert answers == [b"/c?d=%2C"] * 2
    server.stop()
    with pytest.raises(URLError):
        read(server.url)


def test_a_wsgi_application_is_stopped_at_once():
    """A test of a team's ends with it. The quickest of three counts, since this machine may be busy."""
    spent = []
    for _ in range(3):
        server = served(wsgi)
        assert read(server.url, "/a") == b"/a?"
        began = time.monotonic()
        server.stop()
        spent.append(time.monotonic() - began)
    assert min(spent) < 0.8


@pytest.mark.parametrize("thing", [None, 7, "http://127.0.0.1:3000", {}])
def test_what_cannot_be_called_is_no_application(thing):
    with pytest.raises(TypeError, match="neither a URL nor an ASGI or WSGI application"):
        served(thing)
