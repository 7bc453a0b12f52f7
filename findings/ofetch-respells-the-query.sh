#!/usr/bin/env bash
# ofetch respells the query of a URL when it is given query or params, even empty ones, and drops its equals signs.
#
# Version: ofetch 1.5.1 with ufo 1.6.4.
# Measured: 2026-11-29, Node 20, Linux.
#
# Its documentation says that `query` adds parameters "by preserving the query in the request itself". It is taken apart
# and written anew: `c=` becomes `c`, `%2C` becomes `,` and `%7e` becomes `~`, and equal names move together.
# Without `query`, the URL is sent as it is.
# One more parameter on a signed URL changes those that were signed.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund ofetch@1.5.1 ufo@1.6.4 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import { ofetch } from "ofetch";

const server = createServer((request, response) => response.end(request.url));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const target = "/h?b=2&a=x%2Cy%7e&b=1&c=";
for (const options of [{}, { query: {} }, { query: { lang: "de" } }, { params: { lang: "de" } }]) {
  const sent = await ofetch(`http://127.0.0.1:${server.address().port}${target}`, { ...options, responseType: "text" });
  console.log(JSON.stringify(options), sent);
}
server.close();
server.closeAllConnections();
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
{} /h?b=2&a=x%2Cy%7e&b=1&c=
{"query":{}} /h?b=2&b=1&a=x,y~&c
{"query":{"lang":"de"}} /h?b=2&b=1&a=x,y~&c&lang=de
{"params":{"lang":"de"}} /h?b=2&b=1&a=x,y~&c&lang=de
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
