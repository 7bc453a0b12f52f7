#!/usr/bin/env bash
# httpsnippet writes a form with a repeated field in four ways, depending on the language of the snippet.
#
# Version: @readme/httpsnippet 11.1.0 (11.4.0, which asks for Node 22, does the same).
# Measured: 2026-11-29, Node 20, Linux.
#
# From one HAR entry whose `postData.params` are a=1, b=2 and a=3: the curl snippet sends all three, in this order. The
# fetch snippet for Node calls `set` for each, so that the second `a` replaces the first. The one for browsers hands a
# list to URLSearchParams, which joins it with a comma. The HTTP snippet names the fields `a[0]` and `a[1]`.
# The script runs the fetch snippets' own expressions and prints the bodies.
# Whoever signs or compares bodies gets another one from each snippet of the same request.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund @readme/httpsnippet@11.1.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { HTTPSnippet } from "@readme/httpsnippet";

const params = [["a", "1"], ["b", "2"], ["a", "3"]].map(([name, value]) => ({ name, value }));
const request = {
  method: "POST",
  url: "http://partner.example/h",
  headers: [],
  queryString: [],
  postData: { mimeType: "application/x-www-form-urlencoded", params },
};
const snippet = async (...target) => (await new HTTPSnippet(structuredClone(request)).convert(...target))[0];
console.log("curl:", (await snippet("shell", "curl")).match(/--data-urlencode \S+/g).join(" "));
const node = (await snippet("node", "fetch")).split("\n").filter((line) => line.startsWith("encodedParams"));
console.log("fetch, Node:", new Function("encodedParams", `${node.join("\n")}\nreturn encodedParams`)(new URLSearchParams()) + "");
const [browser] = (await snippet("javascript", "fetch")).match(/new URLSearchParams\(.*?\)/);
console.log("fetch, browser:", decodeURIComponent(new Function(`return ${browser}`)()));
console.log("http1.1:", decodeURIComponent((await snippet("http", "http1.1")).split("\r\n\r\n")[1]));
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
curl: --data-urlencode a=1 --data-urlencode b=2 --data-urlencode a=3
fetch, Node: a=3&b=2
fetch, browser: a=1,3&b=2
http1.1: a[0]=1&a[1]=3&b=2
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
