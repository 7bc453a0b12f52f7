#!/usr/bin/env bash
# json-canon writes a comma first, which is no JSON, if the first name of an object has the value undefined.
#
# Version: json-canon 1.0.1, beside canonicalize 5.1.0 and JSON.stringify.
# Measured: 2026-11-30, Node 20, Linux.
#
# An optional field that is not set is left out of JSON. json-canon leaves it out too, but counts it when it decides where
# a comma goes: {a: undefined, b: 1} becomes `{,"b":1}`. If the name sorts last, all is well. A function is written as
# the word `undefined`.
# The text is signed without an error. The receiver cannot parse it, and its own canonical text is another one.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund json-canon@1.0.1 canonicalize@5.1.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import canonicalize from "canonicalize";
import jsonCanon from "json-canon";

const order = { total: 5, currency: "EUR" };
for (const value of [
  { ...order, note: undefined },
  { ...order, account: undefined },
  { ...order, account: undefined, at: undefined },
  { ...order, format() {} },
]) {
  console.log(`json-canon ${jsonCanon(value)} canonicalize ${canonicalize(value)} JSON ${JSON.stringify(value)}`);
}
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
json-canon {"currency":"EUR","total":5} canonicalize {"currency":"EUR","total":5} JSON {"total":5,"currency":"EUR"}
json-canon {,"currency":"EUR","total":5} canonicalize {"currency":"EUR","total":5} JSON {"total":5,"currency":"EUR"}
json-canon {,"currency":"EUR","total":5} canonicalize {"currency":"EUR","total":5} JSON {"total":5,"currency":"EUR"}
json-canon {"currency":"EUR","format":undefined,"total":5} canonicalize {"currency":"EUR","total":5} JSON {"total":5,"currency":"EUR"}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
