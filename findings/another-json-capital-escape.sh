#!/usr/bin/env bash
# another-json writes most control characters as \U and capitals, which no JSON parser reads.
#
# Version: another-json 0.2.0, beside canonicaljson 2.0.0 of PyPI; both come from Matrix and serve its signatures.
# Measured: 2026-11-30, Node 20, Python 3.11, Linux.
#
# Its documentation promises RFC 7159 JSON. The escape of a control character is turned into capitals as a whole, its
# `u` included: `\U001F` for U+001F. Only \b, \t, \n, \f and \r are right. JSON.parse refuses the text, and the same
# object in Python gives `\u001f`, hence another signature.
# The object is signed without an error; whoever verifies it in Python refuses it.
#
# Needs node, npm, python3 with venv, and package registries. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund another-json@0.2.0 >npm.txt || { cat npm.txt; exit 1; }
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install canonicaljson==2.0.0

cat >probe.mjs <<'JAVASCRIPT'
import anotherJson from "another-json";

for (const character of ["\t", "\u000b", "\u001f", "\u007f"]) {
  const text = anotherJson.stringify({ note: character });
  let read = "reads it";
  try {
    JSON.parse(text);
  } catch {
    read = "refuses it";
  }
  console.log(`another-json ${text.replace("\u007f", "<7f>")} JSON.parse ${read}`);
}
JAVASCRIPT
cat >probe.py <<'PYTHON'
from canonicaljson import encode_canonical_json

for character in "\t\x0b\x1f\x7f":
    print("canonicaljson", encode_canonical_json({"note": character}).decode().replace("\x7f", "<7f>"))
PYTHON

{ node probe.mjs && env/bin/python probe.py; } >seen.txt
cat >expected.txt <<'TEXT'
another-json {"note":"\t"} JSON.parse reads it
another-json {"note":"\U000B"} JSON.parse refuses it
another-json {"note":"\U001F"} JSON.parse refuses it
another-json {"note":"<7f>"} JSON.parse reads it
canonicaljson {"note":"\t"}
canonicaljson {"note":"\u000b"}
canonicaljson {"note":"\u001f"}
canonicaljson {"note":"<7f>"}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
