#!/usr/bin/env bash
# After a test that fails under `with pook.use()`, pook answers the requests of the tests that follow.
#
# Versions: pook 2.1.6 with requests 2.34.2; beside it responses 0.26.3 and requests-mock 1.12.1.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# Its documentation uses `use()` for an isolated block, after which no request is intercepted. When the block ends with
# an error, such as a failed assertion, pook stays active: the next request to a real server gets the answer of the old
# mock, and the one after it raises PookNoMatches. The decorator `@pook.on` ends all the same, and so do the other two
# libraries. Issue 72 of pook reported that `use()` stayed active after every block, and was closed; no report was
# found for blocks that end with an error.
# A mock whose URL has a name twice does not match a request for this very URL, and a mock for `a=1&c=` matches `a=1`.
# One failed test makes others fail, or pass against a mock that is not theirs.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install pook==2.1.6 responses==0.26.3 requests-mock==1.12.1 \
    requests==2.34.2

cat >probe.py <<'PYTHON'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pook
import requests
import requests_mock
import responses


class Real(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "4")
        self.end_headers()
        self.wfile.write(b"real")

    def log_message(self, *arguments):
        pass


def ask(url):
    try:
        return requests.get(url, timeout=10).text
    except Exception as error:
        return type(error).__name__


def with_pook():
    with pook.use():
        pook.get(URL, reply=200, response_body="mocked")
        raise AssertionError("the test fails")


@pook.on
def with_the_decorator():
    pook.get(URL, reply=200, response_body="mocked")
    raise AssertionError("the test fails")


def with_responses():
    with responses.RequestsMock() as mock:
        mock.get(URL, body="mocked")
        raise AssertionError("the test fails")


def with_requests_mock():
    with requests_mock.Mocker() as mock:
        mock.get(URL, text="mocked")
        raise AssertionError("the test fails")


server = HTTPServer(("127.0.0.1", 0), Real)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}/h"
for test in (with_responses, with_requests_mock, with_the_decorator, with_pook):
    try:
        test()
    except AssertionError:
        print(f"{test.__name__} fails, and the next two requests get:", ask(URL), ask(URL))
pook.off()
for mocked, asked in (("a=1&b=2", "a=1&b=2"), ("a=1&a=2", "a=1&a=2"), ("a=1&c=", "a=1")):
    with pook.use():
        pook.get(f"{URL}?{mocked}", reply=200, response_body="mocked")
        print(f"a mock for {mocked}, a request for {asked}:", ask(f"{URL}?{asked}"))
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
with_responses fails, and the next two requests get: real real
with_requests_mock fails, and the next two requests get: real real
with_the_decorator fails, and the next two requests get: real real
with_pook fails, and the next two requests get: mocked PookNoMatches
a mock for a=1&b=2, a request for a=1&b=2: mocked
a mock for a=1&a=2, a request for a=1&a=2: PookNoMatches
a mock for a=1&c=, a request for a=1: mocked
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
