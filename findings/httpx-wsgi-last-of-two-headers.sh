#!/usr/bin/env bash
# httpx's WSGITransport and WebTest keep the last of two equal headers, where WSGI servers join them with a comma.
#
# Versions: httpx 0.28.1, webtest 3.0.7; beside them werkzeug 3.1.9 and wsgiref of Python 3.11.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# A header that comes twice is one list in HTTP, and an application of WSGI has one place for it. wsgiref, Werkzeug's test
# client, gunicorn and waitress write both values there. These two clients overwrite the first value with the second and
# say nothing.
# An endpoint that has to refuse a signature that comes twice gets it once in such a test, so that the test proves
# nothing; behind a server it gets both.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install httpx==0.28.1 webtest==3.0.7 werkzeug==3.1.9

cat >probe.py <<'PYTHON'
import threading
from importlib.metadata import version
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import webtest
import werkzeug.test


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["HTTP_X_SIGNATURE"].encode()]


print(*(f"{name} {version(name)}" for name in ("httpx", "webtest", "werkzeug")))
both = [("X-Signature", "one"), ("X-Signature", "two")]
server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
threading.Thread(target=server.handle_request, daemon=True).start()
print("wsgiref:", httpx.get(f"http://127.0.0.1:{server.server_port}/", headers=both).text)
print("Werkzeug's client:", werkzeug.test.Client(app).get("/", headers=both).text)
print("httpx's transport:", httpx.Client(transport=httpx.WSGITransport(app)).get("http://a.example/", headers=both).text)
print("WebTest:", webtest.TestApp(app).get("/", headers=both).text)
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
httpx 0.28.1 webtest 3.0.7 werkzeug 3.1.9
wsgiref: one,two
Werkzeug's client: one, two
httpx's transport: two
WebTest: two
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
