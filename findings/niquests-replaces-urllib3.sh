#!/usr/bin/env bash
# Installing niquests changes what requests does.
#
# Versions: requests 2.34.2 and urllib3 2.8.0, then beside them niquests 3.21.2 with urllib3-future 2.25.904.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# urllib3-future, which niquests needs, writes its own code into the folder `urllib3`. From then on a program
# that imports requests alone runs on it, and `pip list` still names urllib3 2.8.0. Two things change for a
# program in which no line changed:
#   1. An https server that offers HTTP/2 is spoken to in HTTP/2.
#   2. A chunk whose size is no number raises urllib3.exceptions.InvalidHeader, which is no
#      requests.RequestException; before, it was ChunkedEncodingError, which is one.
# Who verifies signatures notices the first where a server sees other header names, and the second where a
# client catches what requests documents.
#
# Needs python3 with venv, openssl, and a package registry. Uses a temporary folder, and no code of this project.
# Ends with 0 and the word "same" if both are still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
pip() { env/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 2>openssl.txt || { cat openssl.txt; exit 1; }

cat >probe.py <<'PYTHON'
import socket
import ssl
import threading
from importlib.metadata import version

import requests
import urllib3

tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("cert.pem", "key.pem")
tls.set_alpn_protocols(["h2", "http/1.1"])
seen = []


def once(answer, context=None):
    """Serve one connection; return its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        seen.append(connection.recv(65536).split(b"\r\n")[0].decode())
        connection.sendall(answer)
        connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


plain = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
try:
    requests.get(f"https://127.0.0.1:{once(plain, tls)}/", verify="cert.pem", timeout=10)
except Exception:  # the server speaks HTTP/1.1 whatever it was asked in
    pass
print("first line over https:", seen[0])
chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"
try:
    print(requests.get(f"http://127.0.0.1:{once(chunks)}/", timeout=10).content)
except Exception as error:
    kind = type(error)
    caught = isinstance(error, requests.RequestException)
    print("false chunk:", f"{kind.__module__}.{kind.__name__}, a RequestException: {caught}")
print("requests", version("requests") + ", urllib3 listed", version("urllib3") + ", loaded", urllib3.__version__)
PYTHON

pip install requests==2.34.2 urllib3==2.8.0
{
    echo "# requests alone"
    env/bin/python probe.py
    pip install niquests==3.21.2 urllib3-future==2.25.904 requests==2.34.2 urllib3==2.8.0
    echo "# with niquests installed, and not imported"
    env/bin/python probe.py
} >seen.txt

cat >expected.txt <<'TEXT'
# requests alone
first line over https: GET / HTTP/1.1
false chunk: requests.exceptions.ChunkedEncodingError, a RequestException: True
requests 2.34.2, urllib3 listed 2.8.0, loaded 2.8.0
# with niquests installed, and not imported
first line over https: PRI * HTTP/2.0
false chunk: urllib3.exceptions.InvalidHeader, a RequestException: False
requests 2.34.2, urllib3 listed 2.8.0, loaded 2.25.904
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
