#!/usr/bin/env bash
# qs-codec, the Python port of qs, decodes a list of lists as another list than it encoded, and than qs decodes.
#
# Versions: qs-codec 1.6.3, qs 6.17.1.
# Measured: 2026-11-30, Python 3.11, Node 20, Linux.
#
# Both write [["1","2"],["3","4"]] as `a[0][0]=1&a[0][1]=2&a[1][0]=3&a[1][1]=4`. qs reads it back. qs-codec makes a list of
# its own of each value, whatever its first index. A list of objects with lists in them is read alike, so that a test with
# those passes. Its documentation recommends it for queries that have to be read as qs reads them.
# A form with rows and columns arrives with one column, and no error is raised.
#
# Needs node, npm, python3 with venv, and package registries. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund qs@6.17.1 >npm.txt || { cat npm.txt; exit 1; }
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install qs-codec==1.6.3

cat >values.json <<'JSON'
[
  {"a": ["1", "2"]},
  {"a": [{"b": ["1", "2"], "c": "d"}, {"b": ["3", "4"]}]},
  {"a": [["1", "2"], ["3", "4"]]},
  {"a": [["1", "2"]]},
  {"a": ["1", ["2", "3"]]},
  {"a": [[{"b": "1"}, {"b": "2"}]]}
]
JSON
cat >probe.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import qs from "qs";

for (const value of JSON.parse(readFileSync("values.json", "utf8"))) {
  const text = qs.stringify(value);
  console.log(JSON.stringify([text, qs.parse(text)]));
}
JAVASCRIPT
cat >probe.py <<'PYTHON'
import json
from pathlib import Path

import qs_codec

values = json.loads(Path("values.json").read_text())
lines = Path("qs.txt").read_text().splitlines()
for value, (text, again) in zip(values, map(json.loads, lines), strict=True):
    assert qs_codec.encode(value) == text
    assert again == value
    decoded = qs_codec.decode(text)
    print(json.dumps(value), "qs: the same,", "qs-codec:", "the same" if decoded == value else json.dumps(decoded))
PYTHON

node probe.mjs >qs.txt
env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
{"a": ["1", "2"]} qs: the same, qs-codec: the same
{"a": [{"b": ["1", "2"], "c": "d"}, {"b": ["3", "4"]}]} qs: the same, qs-codec: the same
{"a": [["1", "2"], ["3", "4"]]} qs: the same, qs-codec: {"a": [["1"], ["2"], ["3"], ["4"]]}
{"a": [["1", "2"]]} qs: the same, qs-codec: {"a": [["1"], ["2"]]}
{"a": ["1", ["2", "3"]]} qs: the same, qs-codec: {"a": ["1", ["2"], ["3"]]}
{"a": [[{"b": "1"}, {"b": "2"}]]} qs: the same, qs-codec: {"a": [[{"b": "1"}], [{"b": "2"}]]}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
