#!/usr/bin/env bash
# json-canonicalize leaves the names unsorted in what a toJSON method returns.
#
# Version: json-canonicalize 3.0.1, beside canonicalize 4.0.0, which follows the same RFC.
# Measured: 2026-11-29, Node 20, Linux.
#
# Its documentation promises names sorted at every depth, as RFC 8785 wants it. An object with a `toJSON` method, such
# as a model of an ORM or a Buffer, is written by JSON.stringify instead: in the order in which the names were set.
# The same object after JSON.parse(JSON.stringify(…)) has another canonical text, so the sender and the receiver of
# one message compute two signatures. canonicalize sorts both alike.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund json-canonicalize@3.0.1 canonicalize@4.0.0 >npm.txt ||
    { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import canonicalize from "canonicalize";
import { canonicalize as jsonCanonicalize } from "json-canonicalize";

class Order {
  toJSON() {
    return { total: 5, id: { b: 1, a: 2 } };
  }
}
const sent = { order: new Order(), at: 1 };
const received = JSON.parse(JSON.stringify(sent));
for (const [name, canonical] of Object.entries({ jsonCanonicalize, canonicalize })) {
  console.log(name, "sent", canonical(sent));
  console.log(name, "received", canonical(received));
}
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
jsonCanonicalize sent {"at":1,"order":{"total":5,"id":{"b":1,"a":2}}}
jsonCanonicalize received {"at":1,"order":{"id":{"a":2,"b":1},"total":5}}
canonicalize sent {"at":1,"order":{"id":{"a":2,"b":1},"total":5}}
canonicalize received {"at":1,"order":{"id":{"a":2,"b":1},"total":5}}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
