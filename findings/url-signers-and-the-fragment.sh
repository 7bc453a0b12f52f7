#!/usr/bin/env bash
# signed and signed-url sign a URL with its fragment, which no server sees: the signed URL is refused.
#
# Versions: signed 2.1.0, signed-url 1.0.3, express 5.3.0.
# Measured: 2026-11-30, Node 20, Linux.
#
# Both sign URLs for their own middleware of Express. signed appends its parameter to the text, so that it becomes a part
# of the fragment. signed-url puts it into the query, but hashes the fragment as well. No client sends a fragment, so the
# middleware answers 403 or 401, while `verify` of the same text says that all is well.
# Sign the URL without its fragment, and append the fragment afterwards.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund signed@2.1.0 signed-url@1.0.3 express@5.3.0 >npm.txt ||
    { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import express from "express";
import signed from "signed";
import signedUrl from "signed-url";

const first = signed.default({ secret: "example" });
const second = signedUrl({ secret: "example" });
const app = express();
app.get("/first", first.verifier(), (request, response) => response.send("ok"));
app.get("/second", second.verifyMiddleware, (request, response) => response.send("ok"));
app.use((error, request, response, next) => response.sendStatus(error.status));
const server = app.listen(0, "127.0.0.1", async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  for (const fragment of ["", "#map"]) {
    for (const [name, signer, path] of [["signed", first, "/first"], ["signed-url", second, "/second"]]) {
      const url = signer.sign(`${base}${path}${fragment}`);
      const shape = url.replace(base, "").replace(/(signed|hash)=[\w-]+/, "$1=…");
      const own = signer.verify(url) ? "yes" : "no";
      console.log(`${name}: ${shape} own verify: ${own}, server: ${(await fetch(url)).status}`);
    }
  }
  server.close();
});
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
signed: /first?signed=… own verify: yes, server: 200
signed-url: /second?hash=… own verify: yes, server: 200
signed: /first#map?signed=… own verify: yes, server: 403
signed-url: /second?hash=…#map own verify: yes, server: 401
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
