#!/usr/bin/env bash
# http-message-signatures of npm and of PyPI sign two texts for one query parameter if its value has one of !'()~
#
# Versions: http-message-signatures 1.0.6 of npm, http-message-signatures 3.0.0 of PyPI.
# Measured: 2026-11-30, Node 20, Python 3.11, Linux.
#
# RFC 9421, section 2.2.8, escapes the value of `@query-param` again with the set of HTML forms, which escapes these five
# and leaves `*` alone. The package of PyPI does so. The one of npm calls encodeURIComponent, which leaves all six.
# With plain letters both agree. A name such as O'Neil signed by one does not verify with the other.
#
# Needs node, npm, python3 with venv, and package registries. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund http-message-signatures@1.0.6 >npm.txt || { cat npm.txt; exit 1; }
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install http-message-signatures==3.0.0 cryptography==50.0.2

cat >probe.mjs <<'JAVASCRIPT'
import { httpbis } from "http-message-signatures";

for (const value of process.argv.slice(2)) {
  const request = { method: "GET", url: `https://partner.example/h?name=${value}`, headers: {} };
  const fields = ['"@query-param";name="name"'];
  console.log("npm:", httpbis.formatSignatureBase(httpbis.createSignatureBase({ fields }, request)));
}
JAVASCRIPT
cat >probe.py <<'PYTHON'
import sys
from types import SimpleNamespace

from http_message_signatures import HTTPSignatureComponentResolver

for value in sys.argv[1:]:
    request = SimpleNamespace(method="GET", url=f"https://partner.example/h?name={value}", headers={})
    resolver = HTTPSignatureComponentResolver(request)
    print('PyPI: "@query-param";name="name":', resolver.get_query_params(name="name"))
PYTHON

values=("Ann%20Lee" "O'Neil" "(a)!~*")
{ node probe.mjs "${values[@]}" && env/bin/python probe.py "${values[@]}"; } >seen.txt
cat >expected.txt <<'TEXT'
npm: "@query-param";name="name": Ann%20Lee
npm: "@query-param";name="name": O'Neil
npm: "@query-param";name="name": (a)!~*
PyPI: "@query-param";name="name": Ann%20Lee
PyPI: "@query-param";name="name": O%27Neil
PyPI: "@query-param";name="name": %28a%29%21%7E*
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
