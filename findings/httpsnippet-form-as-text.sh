#!/usr/bin/env bash
# httpsnippet writes an empty body for a form that a HAR holds as text, as curlconverter writes it.
#
# Versions: @readme/httpsnippet 11.1.0 (11.4.0, which asks for Node 22, does the same), curlconverter 4.12.0.
# Measured: 2026-11-29, Node 20, Linux.
#
# HAR 1.2 has a form's body in `postData.text` or, as a list, in `postData.params`: one of them is enough. For
# application/x-www-form-urlencoded, httpsnippet reads `params` alone. Without them the snippet sends no body, and
# nothing is said; the same text with the type text/plain is kept. So a curl command with -d loses its body on the way
# through both.
# A webhook that is replayed in this way arrives empty, and its signature fails.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund @readme/httpsnippet@11.1.0 curlconverter@4.12.0 >npm.txt ||
    { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { HTTPSnippet } from "@readme/httpsnippet";
import { toHarString } from "curlconverter";

for (const type of ["application/x-www-form-urlencoded", "text/plain"]) {
  const har = toHarString(`curl http://partner.example/h -H 'Content-Type: ${type}' -d 'code=a,b&state=7'`);
  const { request } = JSON.parse(har).log.entries[0];
  console.log("HAR:", JSON.stringify(request.postData));
  const [snippet] = await new HTTPSnippet(request).convert("shell", "curl", { indent: false });
  console.log("snippet:", snippet);
}
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
HAR: {"mimeType":"application/x-www-form-urlencoded","text":"code=a,b&state=7"}
snippet: curl --request POST --url http://partner.example/h --header 'Content-Type: application/x-www-form-urlencoded' --data ''
HAR: {"mimeType":"text/plain","text":"code=a,b&state=7"}
snippet: curl --request POST --url http://partner.example/h --header 'Content-Type: text/plain' --data 'code=a,b&state=7'
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
