#!/usr/bin/env bash
# urllib3 writes a second question mark when it is given fields beside a URL that has a query.
#
# Version: urllib3 2.8.0.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# `request("GET", url, fields=…)` appends "?" and the fields to the URL, whatever the URL holds. The last value of
# the URL's own query then ends in "?lang=de", and there is no parameter `lang`. requests, aiohttp and httpx differ
# from it and from each other: the first two append with "&", the third replaces the query.
# Who adds a parameter to a signed URL changes the last signed value in this way.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install urllib3==2.8.0

cat >probe.py <<'PYTHON'
import socket
import threading

import urllib3

listener = socket.create_server(("127.0.0.1", 0))
origin = f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve():
    while True:
        connection, _ = listener.accept()
        print(connection.recv(65536).split(b" ")[1].decode(), flush=True)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.close()


threading.Thread(target=serve, daemon=True).start()
print("urllib3", urllib3.__version__)
for target in ("/h", "/h?a=1&b=2"):
    urllib3.PoolManager().request("GET", origin + target, fields={"lang": "de"}, timeout=10)
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
urllib3 2.8.0
/h?lang=de
/h?a=1&b=2?lang=de
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
