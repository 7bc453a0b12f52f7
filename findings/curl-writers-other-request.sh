#!/usr/bin/env bash
# curlify2, py2curl and curlifier write curl commands that send other requests than the ones that they are given.
#
# Versions: curlify2 2.0.0, py2curl 1.0.9, curlifier 1.0.8; beside them curlify 3.0.0 and requests-to-curl 1.1.0, which
# send each of these requests as it was.
# Measured: 2026-11-30, Python 3.11, requests 2.34.2, curl 7.88, Linux.
#
# Each takes a prepared request of requests. curlify2 and py2curl leave the URL without quotes, so that the shell ends
# the command at the first ampersand. curlify2 writes the body `None` for a request that has none, and a GET sends it.
# py2curl raises TypeError for a body of bytes, and requests makes bytes of every `json=`. curlifier drops the body of a
# DELETE, and raises an error for a POST without a body, which is an example of its own manual.
# Whoever reports a refused signature with such a command reports another request.
#
# Needs python3 with venv, bash, curl and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    curlify2==2.0.0 py2curl==1.0.9 curlifier==1.0.8 curlify==3.0.0 requests-to-curl==1.1.0 requests==2.34.2

cat >probe.py <<'PYTHON'
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import curlifier
import curlify
import curlify2
import py2curl
import requests
import requests_to_curl

received = []


class Answer(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        received.append(f"{self.command} {self.path} {body.decode()}".rstrip())
        self.send_response(204)
        self.end_headers()

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/h"
writers = {
    "curlify": curlify.to_curl,
    "requests-to-curl": lambda request: requests_to_curl.parse(request, return_it=True, print_it=False),
    "curlify2": lambda request: curlify2.Curlify(request).to_curl(),
    "py2curl": py2curl.render,
    "curlifier": lambda request: curlifier.curlify(prepared_request=request),
}
for given in (
    requests.Request("GET", url + "?a=1&b=2"),
    requests.Request("GET", url, headers={"X-Shop": "7"}),
    requests.Request("POST", url),
    requests.Request("POST", url, json={"a": 1}),
    requests.Request("DELETE", url, json={"a": 1}),
):
    prepared = given.prepare()
    received.clear()
    requests.Session().send(prepared, timeout=30)
    print(sent := received.pop())
    for name, write in writers.items():
        try:
            command = write(prepared)
        except Exception as error:
            print("   ", name, type(error).__name__)
            continue
        subprocess.run(["bash", "-c", command], capture_output=True, timeout=30)
        print("   ", name, "same" if received == [sent] else received)
        received.clear()
PYTHON

env/bin/python -W ignore probe.py >seen.txt
cat >expected.txt <<'TEXT'
GET /h?a=1&b=2
    curlify same
    requests-to-curl same
    curlify2 ['GET /h?a=1']
    py2curl ['GET /h?a=1']
    curlifier same
GET /h
    curlify same
    requests-to-curl same
    curlify2 ['GET /h None']
    py2curl same
    curlifier same
POST /h
    curlify same
    requests-to-curl same
    curlify2 same
    py2curl same
    curlifier DecodeError
POST /h {"a": 1}
    curlify same
    requests-to-curl same
    curlify2 same
    py2curl TypeError
    curlifier same
DELETE /h {"a": 1}
    curlify same
    requests-to-curl same
    curlify2 same
    py2curl TypeError
    curlifier ['DELETE /h']
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
