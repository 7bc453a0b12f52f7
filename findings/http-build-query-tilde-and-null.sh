#!/usr/bin/env bash
# http-build-query of npm leaves a tilde as it is and writes null as an empty field; PHP's http_build_query does neither.
#
# Versions: http-build-query 0.8.1, beside locutus 2.0.39 and PHP 8.2.
# Measured: 2026-11-30, Node 20, PHP 8.2.36, Linux.
#
# It offers PHP's function in JavaScript, and names null among the types that it handles as PHP does. PHP escapes `~` as
# %7E and leaves out a field that is null, in a list as well. locutus, another translation, does both.
# A signature over the fields as PHP writes them (onOffice's, for example) differs as soon as a value has a tilde.
#
# Needs node, npm, php and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund http-build-query@0.8.1 locutus@2.0.39 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { execFileSync } from "node:child_process";
import httpBuildQuery from "http-build-query";
import locutus from "locutus/php/url/http_build_query.js";

const php = 'echo http_build_query(json_decode(stream_get_contents(STDIN), true));';
for (const value of [
  { name: "O'Neil *(x)!", empty: "", paid: true, sent: false, list: [1, { a: 0 }] },
  { home: "/~shop" },
  { note: null, total: 5 },
  { list: [null, 1] },
]) {
  const input = JSON.stringify(value);
  const right = execFileSync("php", ["-n", "-r", php], { input, encoding: "utf8" });
  const show = (text) => (text === right ? "the same" : text);
  console.log(`PHP ${right} locutus: ${show(locutus(value))}, npm: ${show(httpBuildQuery(value))}`);
}
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
PHP name=O%27Neil+%2A%28x%29%21&empty=&paid=1&sent=0&list%5B0%5D=1&list%5B1%5D%5Ba%5D=0 locutus: the same, npm: the same
PHP home=%2F%7Eshop locutus: the same, npm: home=%2F~shop
PHP total=5 locutus: the same, npm: note=&total=5
PHP list%5B1%5D=1 locutus: the same, npm: list%5B0%5D=&list%5B1%5D=1
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
