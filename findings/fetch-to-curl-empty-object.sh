#!/usr/bin/env bash
# fetch-to-curl writes {} for the body of a form or of a Request, and the JSON of a Buffer for its bytes.
#
# Version: fetch-to-curl 0.6.0.
# Measured: 2026-11-30, Node 20, curl 7.88, Linux.
#
# It takes what fetch takes, a Request included, and promises the same request as a curl command. A body that is no
# string goes through JSON.stringify: URLSearchParams and the stream of a Request become `{}`, a Buffer becomes
# `{"type":"Buffer",…}`. The type of a form, which fetch adds, is missing as well. A string is written as it is.
# The curl command in a log, pasted to find out why a signature failed, is then a command for another body.
#
# Needs node, npm, curl and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund fetch-to-curl@0.6.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { exec } from "node:child_process";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { fetchToCurl } from "fetch-to-curl";

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.end(body);
});
server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}/h`;
  const asked = (body) => [url, { method: "POST", body }];
  for (const [name, given] of Object.entries({
    "a string": () => asked("a=1&b=2"),
    "URLSearchParams": () => asked(new URLSearchParams("a=1&b=2")),
    "a Buffer": () => asked(Buffer.from("a=1&b=2")),
    "a Request": () => [new Request(...asked("a=1&b=2"))],
  })) {
    const sent = await (await fetch(...given())).text();
    const { stdout } = await promisify(exec)(`${fetchToCurl(...given())} --silent`);
    console.log(`${name}: fetch ${sent} curl ${stdout}`);
  }
  server.close();
});
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
a string: fetch a=1&b=2 curl a=1&b=2
URLSearchParams: fetch a=1&b=2 curl {}
a Buffer: fetch a=1&b=2 curl {"type":"Buffer","data":[97,61,49,38,98,61,50]}
a Request: fetch a=1&b=2 curl {}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
