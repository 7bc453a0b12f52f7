#!/usr/bin/env bash
# uncurl and curlparser keep the last -d of a curl command, where curl joins them all with an ampersand.
#
# Versions: uncurl 0.0.11, curlparser 0.1.0.
# Measured: 2026-11-29, Python 3.11, curl 7.88, Linux.
#
# `-d a=1 -d b=2` sends the body `a=1&b=2`. Both parsers return `b=2` and no error. curlparser also leaves the space after
# the colon in a header's value, which requests refuses when the parsed headers are handed on to it.
# A signature over the body of a pasted command is then computed over the last field alone.
#
# Needs python3 with venv, curl and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install uncurl==0.0.11 curlparser==0.1.0 requests==2.34.2

cat >probe.py <<'PYTHON'
import shlex
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import curlparser
import requests
import uncurl


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
command = f"curl http://127.0.0.1:{server.server_port}/h -H 'X-Shop: 7' -d a=1 -d b=2"
print("curl:", subprocess.run([*shlex.split(command), "-s"], capture_output=True, text=True, timeout=60).stdout)
print("uncurl:", uncurl.parse_context(command).data)
parsed = curlparser.parse(command)
print("curlparser:", parsed.data)
try:
    requests.request(parsed.method, parsed.url, headers=parsed.header, data=parsed.data, timeout=60)
except requests.RequestException as error:
    print("curlparser's headers in requests:", type(error).__name__)
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
curl: a=1&b=2
uncurl: b=2
curlparser: b=2
curlparser's headers in requests: InvalidHeader
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
