#!/usr/bin/env bash
# sseclient-py and httpx-sse read different events from the same stream, each against the standard in another place.
#
# Versions: sseclient-py 1.9.0, httpx-sse 0.4.3.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# The standard on server-sent events discards an event whose empty line never came, since it may have been cut off.
# sseclient-py hands it on, so that half of a JSON text looks like a message. A block without data (a name, an id or a
# time to retry alone) is no event in the standard: httpx-sse yields one with the data "" (its pull request 36 says so).
# An id holds for later events too: sseclient-py forgets it.
# A program that follows payments or logs by one of them counts other events than with the other.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install sseclient-py==1.9.0 httpx-sse==0.4.3 httpx==0.28.1

cat >probe.py <<'PYTHON'
from importlib.metadata import version

import httpx
import httpx_sse
import sseclient


def answer(stream):
    kind = {"content-type": "text/event-stream"}
    return httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=kind, content=stream)))


print("sseclient-py", version("sseclient-py"), "httpx-sse", version("httpx-sse"))
for what, stream in {
    "cut off": b'data: {"paid": 1}\n\ndata: {"paid": 10\n',
    "no data": b"retry: 10\n\nevent: ping\n\ndata: a\n\n",
    "an id": b"id: 7\ndata: a\n\ndata: b\n\n",
}.items():
    first = [(one.event, one.data, one.id) for one in sseclient.SSEClient(iter([stream])).events()]
    with httpx_sse.connect_sse(answer(stream), "GET", "http://stream.example/") as source:
        second = [(one.event, one.data, one.id) for one in source.iter_sse()]
    print(what)
    print("  sseclient-py", *first)
    print("  httpx-sse", *second)
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
sseclient-py 1.9.0 httpx-sse 0.4.3
cut off
  sseclient-py ('message', '{"paid": 1}', None) ('message', '{"paid": 10', None)
  httpx-sse ('message', '{"paid": 1}', '')
no data
  sseclient-py ('message', 'a', None)
  httpx-sse ('message', '', '') ('ping', '', '') ('message', 'a', '')
an id
  sseclient-py ('message', 'a', '7') ('message', 'b', None)
  httpx-sse ('message', 'a', '7') ('message', 'b', '7')
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
