#!/usr/bin/env bash
# uvicorn with httptools, Sanic and Werkzeug's server keep the space after a header's value, which is no part of it.
#
# Versions: uvicorn 0.54.0, h11 0.16.0, httptools 0.9.0, sanic 25.12.1, werkzeug 3.1.9; beside them hypercorn 0.18.0,
# granian 2.8.9, daphne 4.2.3 and wsgiref of Python 3.11.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# RFC 9110, section 5.5, excludes white space around a field's value before it is read. uvicorn takes httptools as soon
# as it can be imported: `uvicorn[standard]` brings it, and so does Sanic. Without it, uvicorn takes h11, and hands on
# the value alone, like the four others. llhttp, which httptools is made of, leaves this to its user; the parser of
# aiohttp has the same reported (its pull request 13246). Werkzeug's reading is that of Python's module email (CPython's
# issue 105973). No report was found for uvicorn and Sanic.
# A genuine signature, of a sender or a proxy that writes a space there, is refused on one machine and not on another.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
install() { env/bin/python -m pip --disable-pip-version-check --quiet install "$@"; }
install uvicorn==0.54.0 h11==0.16.0 hypercorn==0.18.0 granian==2.8.9 daphne==4.2.3 werkzeug==3.1.9

cat >app.py <<'PYTHON'
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError  # no lifespan
    value = dict(scope["headers"]).get(b"x-signature", b"none")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"[%b]" % value})


def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"[%b]" % environ["HTTP_X_SIGNATURE"].encode()]


if __name__ == "__main__":
    import sys

    name, port = sys.argv[1], int(sys.argv[2])
    if name == "wsgiref":
        from wsgiref.simple_server import make_server

        make_server("127.0.0.1", port, wsgi).serve_forever()
    elif name == "werkzeug":
        from werkzeug.serving import run_simple

        run_simple("127.0.0.1", port, wsgi)
    else:
        from sanic import Sanic, text

        server = Sanic("probe")
        server.add_route(lambda request: text(f"[{request.headers['x-signature']}]"), "/", name="probe")
        server.run("127.0.0.1", port, single_process=True, motd=False)
PYTHON

cat >probe.py <<'PYTHON'
import re
import socket
import subprocess
import sys
import time

SERVERS = {
    "uvicorn": ["uvicorn", "--log-level=critical", "--port={}", "app:app"],
    "hypercorn": ["hypercorn", "--bind=127.0.0.1:{}", "app:app"],
    "granian": ["granian", "--no-log", "--interface=asgi", "--port={}", "app:app"],
    "daphne": ["daphne", "--port={}", "app:app"],
}


def ask(port, value):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Signature:%b\r\nConnection: close\r\n\r\n" % value)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    return re.search(rb"\[(.*)\]", answer.partition(b"\r\n\r\n")[2])[1].decode()


label, *names = sys.argv[1:]
for name in names:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command, *rest = SERVERS.get(name, ["python", "app.py", name, "{}"])
    arguments = ["env/bin/" + command, *(one.format(port) for one in rest)]
    with open("log.txt", "ab") as log, subprocess.Popen(arguments, stdout=log, stderr=log) as server:
        try:
            for _ in range(200):
                try:
                    ask(port, b"a")
                    break
                except OSError:
                    time.sleep(0.1)
            seen = [ask(port, value) for value in (b" a", b" a ", b" a\t")]
        finally:
            server.terminate()
    print(f"{name}{label}:", seen)
PYTHON

env/bin/python probe.py "" hypercorn granian daphne wsgiref werkzeug >seen.txt
env/bin/python probe.py " without httptools" uvicorn >>seen.txt
install sanic==25.12.1 httptools==0.9.0
env/bin/python probe.py "" sanic >>seen.txt
env/bin/python probe.py " with httptools" uvicorn >>seen.txt
cat >expected.txt <<'TEXT'
hypercorn: ['a', 'a', 'a']
granian: ['a', 'a', 'a']
daphne: ['a', 'a', 'a']
wsgiref: ['a', 'a', 'a']
werkzeug: ['a', 'a ', 'a\t']
uvicorn without httptools: ['a', 'a', 'a']
sanic: ['a', 'a ', 'a\t']
uvicorn with httptools: ['a', 'a ', 'a\t']
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
