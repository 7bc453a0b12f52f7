#!/usr/bin/env bash
# superagent, and so supertest, sends other bytes than the Buffer it is given, if the content type is JSON or a form.
#
# Version: superagent 10.4.2 (supertest 7.3.2 sends with it).
# Measured: 2026-11-29, Node 20, Linux.
#
# `send(buffer)` sends the bytes as they are with the type application/octet-stream or text/plain. With application/json
# it sends the text of JSON.stringify(buffer), and with application/x-www-form-urlencoded one field a byte. A string is
# sent as it is with all four. No error is raised, and the server parses what it gets.
# A test that sends a signed webhook as bytes fails, or passes only if the test signs what JSON.stringify made.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund superagent@10.4.2 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import superagent from "superagent";

const server = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  response.setHeader("content-type", "text/plain").end(text);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}/webhook`;
const forms = { string: "a=1", bytes: Buffer.from("a=1") };
for (const type of ["text/plain", "application/octet-stream", "application/json", "application/x-www-form-urlencoded"]) {
  for (const [kind, body] of Object.entries(forms)) {
    console.log(type, kind, (await superagent.post(url).set("content-type", type).send(body)).text);
  }
}
server.close();
server.closeAllConnections();
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
text/plain string a=1
text/plain bytes a=1
application/octet-stream string a=1
application/octet-stream bytes a=1
application/json string a=1
application/json bytes {"type":"Buffer","data":[97,61,49]}
application/x-www-form-urlencoded string a=1
application/x-www-form-urlencoded bytes 0=97&1=61&2=49
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
