#!/usr/bin/env bash
# har-to-k6 adds a parameter where a query has a name twice, and joins two form fields of one name.
#
# Version: har-to-k6 0.14.16.
# Measured: 2026-11-29, Node 20, Linux.
#
# In a HAR as browsers write it, `url` holds the query and `queryString` lists the same parameters again. Where a name
# comes twice, the script that har-to-k6 writes asks for the query of `url` and its last value once more: three
# parameters become four. Of two form fields of one name it makes one, with a comma between the values.
# A recorded request whose signature covers such a query or body fails when the script sends it.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --loglevel=error --no-audit --no-fund har-to-k6@0.14.16 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.js <<'JAVASCRIPT'
const { liHARToK6Script } = require("har-to-k6");

const request = (given) => ({ headers: [], cookies: [], queryString: [], ...given });
const pairs = (text) => text.split("&").map((pair) => ({ name: pair.split("=")[0], value: pair.split("=")[1] }));
const form = "c=1&d=2&c=3";
const entries = [
  request({ method: "GET", url: "http://partner.example/h?a=1&b=2", queryString: pairs("a=1&b=2") }),
  request({ method: "GET", url: "http://partner.example/h?a=1&b=2&a=3", queryString: pairs("a=1&b=2&a=3") }),
  request({
    method: "POST",
    url: "http://partner.example/h",
    postData: { mimeType: "application/x-www-form-urlencoded", params: pairs(form) },
  }),
].map((asked) => ({ request: asked }));

(async () => {
  const { main } = await liHARToK6Script({ log: { version: "1.2", creator: { name: "x", version: "1" }, entries } });
  for (const [call] of main.matchAll(/http\.(get|post)\([^{)]*/g)) console.log(call.replace(/\s+/g, " ").trim());
})();
JAVASCRIPT

node probe.js >seen.txt
cat >expected.txt <<'TEXT'
http.get('http://partner.example/h?a=1&b=2'
http.get('http://partner.example/h?a=1&b=2&a=3&a=3'
http.post('http://partner.example/h', 'c=1%2C3&d=2',
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
