#!/usr/bin/env bash
# curlconverter's HAR has a URL without its query, or with it, depending on how a value is escaped.
#
# Version: curlconverter 4.12.0.
# Measured: 2026-11-29, Node 20, Linux.
#
# HAR 1.2 says that `url` is the absolute URL of the request, and browsers write the query there and list it again in
# `queryString`. curlconverter takes the query out of `url` and lists it decoded, unless it would not escape the values
# alike (a bare comma, lower-case hex digits): then it leaves the query in `url` and the list empty. So a reader of
# either one finds no parameters in half of the files.
# A signed URL that is read from such a file has lost its signature.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund curlconverter@4.12.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { toHarString } from "curlconverter";

for (const query of ["a=x%2Cy", "a=x,y", "a=x%2cy", "a="]) {
  const { url, queryString } = JSON.parse(toHarString(`curl 'http://partner.example/h?${query}'`)).log.entries[0].request;
  console.log(query, "->", url, JSON.stringify(queryString));
}
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
a=x%2Cy -> http://partner.example/h [{"name":"a","value":"x,y"}]
a=x,y -> http://partner.example/h?a=x,y []
a=x%2cy -> http://partner.example/h?a=x%2cy []
a= -> http://partner.example/h [{"name":"a","value":""}]
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
