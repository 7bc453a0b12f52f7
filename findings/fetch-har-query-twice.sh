#!/usr/bin/env bash
# fetch-har sends the query of a browser's HAR twice, a JSON body as {} and the last of two equal form fields.
#
# Versions: fetch-har 11.1.1 (12.0.4, which asks for Node 22, does the same, with an empty body instead of {}).
# Measured: 2026-11-30, Node 20, Linux.
#
# HAR 1.2 has the query in `url` and lists the parameters that were read from it in `queryString`; browsers write both.
# fetch-har appends the list to the URL. A `params` that is an empty list, as Playwright writes it beside the `text` of
# every body that is no form, makes `{}` of the body. Form fields go into an object, where the second of two equal names
# replaces the first.
# A recorded request whose signature covers its query or its body is sent with another one, and fails.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund fetch-har@11.1.1 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import fetchHar from "fetch-har";

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.end(`${request.method} ${request.url} ${body}`.trim());
});
server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}/h`;
  const pairs = (text) => text.split("&").map((pair) => ({ name: pair.split("=")[0], value: pair.split("=")[1] }));
  const posted = (mimeType, data) => ({
    method: "POST",
    url,
    headers: [{ name: "Content-Type", value: mimeType }],
    queryString: [],
    postData: { mimeType, ...data },
  });
  const form = "application/x-www-form-urlencoded";
  for (const request of [
    { method: "GET", url: `${url}?a=1&b=2`, headers: [], queryString: pairs("a=1&b=2") },
    posted("application/json", { text: '{"a": 1}' }),
    posted("application/json", { params: [], text: '{"a": 1}' }),
    posted(form, { params: pairs("c=1&d=2&c=3") }),
  ]) {
    console.log(await (await fetchHar({ log: { entries: [{ request }] } })).text());
  }
  server.close();
});
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
GET /h?a=1&b=2&a=1&b=2
POST /h {"a": 1}
POST /h {}
POST /h c=3&d=2
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
