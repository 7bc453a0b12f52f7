#!/usr/bin/env bash
# The test client of Werkzeug, and so of Flask, leaves a query out of REQUEST_URI if it is given as query_string.
#
# Version: werkzeug 3.1.9 (the server that comes with it has no such gap).
# Measured: 2026-11-29, Python 3.11, Linux.
#
# `client.get("/h?a=1")` and `client.get("/h", query_string="a=1")` give the same QUERY_STRING, which holds `a=1`. In
# REQUEST_URI and RAW_URI the first has path and query, as any server gives them; the second has the path alone.
# An endpoint that verifies over the raw target passes or fails with the way in which its test was written.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install werkzeug==3.1.9

cat >probe.py <<'PYTHON'
import threading
from importlib.metadata import version
from urllib.request import urlopen

from werkzeug.serving import make_server
from werkzeug.test import Client


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield " ".join(f"{name}={environ[name]}" for name in ("QUERY_STRING", "REQUEST_URI", "RAW_URI")).encode()


print("werkzeug", version("werkzeug"))
server = make_server("127.0.0.1", 0, app)
threading.Thread(target=server.handle_request, daemon=True).start()
print("server:", urlopen(f"http://127.0.0.1:{server.server_port}/h?a=1", timeout=10).read().decode())
print("client, in the path:", Client(app).get("/h?a=1").text)
print("client, as a text:", Client(app).get("/h", query_string="a=1").text)
print("client, as a dictionary:", Client(app).get("/h", query_string={"a": "1"}).text)
PYTHON

env/bin/python probe.py >seen.txt 2>log.txt || { cat log.txt; exit 1; }
cat >expected.txt <<'TEXT'
werkzeug 3.1.9
server: QUERY_STRING=a=1 REQUEST_URI=/h?a=1 RAW_URI=/h?a=1
client, in the path: QUERY_STRING=a=1 REQUEST_URI=/h?a=1 RAW_URI=/h?a=1
client, as a text: QUERY_STRING=a=1 REQUEST_URI=/h RAW_URI=/h
client, as a dictionary: QUERY_STRING=a=1 REQUEST_URI=/h RAW_URI=/h
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
