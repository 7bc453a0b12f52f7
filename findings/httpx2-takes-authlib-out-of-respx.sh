#!/usr/bin/env bash
# Installing httpx2 lets the requests of Authlib's httpx client out of respx's mock and onto the network.
#
# Versions: authlib 1.9.10, respx 0.23.1 and httpx 0.28.1, then beside them httpx2 2.16.2.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# `authlib.integrations.httpx_client` is built on httpx2 if that can be imported, and on httpx if not. respx replaces
# the transport of httpx alone. So a test that was right sends its token request, with the client's secret, to the
# address that it mocks, once any package has brought httpx2. respx's own "every request is mocked" does not notice.
# `except httpx.HTTPError` around the client catches nothing from then on, either.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
pip() { env/bin/python -m pip --disable-pip-version-check --quiet "$@"; }

cat >probe.py <<'PYTHON'
import json
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import respx

warnings.simplefilter("ignore")
from authlib.integrations.httpx_client import OAuth2Client


class Token(BaseHTTPRequestHandler):
    def do_POST(self):
        seen.append(self.headers["Authorization"])
        body = json.dumps({"access_token": "from the network", "token_type": "bearer"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


seen = []
server = HTTPServer(("127.0.0.1", 0), Token)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/token"
with respx.mock(assert_all_called=False) as mock:
    route = mock.post(address).respond(200, json={"access_token": "mocked", "token_type": "bearer"})
    client = OAuth2Client("example-client", "example-secret")
    token = client.fetch_token(address, code="example-code", grant_type="authorization_code")
print("a subclass of httpx.Client:", isinstance(client, httpx.Client))
print("token:", token["access_token"])
print("calls of the mock:", route.call_count, "- requests at the server:", len(seen))
PYTHON

pip install authlib==1.9.10 respx==0.23.1 httpx==0.28.1 cryptography==50.0.2
{
    echo "# with httpx alone"
    env/bin/python probe.py
    pip install httpx2==2.16.2 httpx==0.28.1
    echo "# with httpx2 installed as well"
    env/bin/python probe.py
} >seen.txt
cat >expected.txt <<'TEXT'
# with httpx alone
a subclass of httpx.Client: True
token: mocked
calls of the mock: 1 - requests at the server: 0
# with httpx2 installed as well
a subclass of httpx.Client: False
token: from the network
calls of the mock: 0 - requests at the server: 1
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
