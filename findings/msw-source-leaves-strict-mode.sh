#!/usr/bin/env bash
# Handlers that @msw/source makes from a HAR let other queries onto the network in msw's strict mode, and serve base64.
#
# Versions: @msw/source 0.6.1, msw 2.15.0.
# Measured: 2026-11-30, Node 20, Linux.
#
# `onUnhandledRequest: "error"` promises an error for a request that no handler knows. The handlers of `fromTraffic` are
# registered for the path, and answer nothing if the query is another one; for msw that is a handled request, which it
# sends on. So one changed parameter sends the test's request, with its signature, to the recorded host, unnoticed.
# A recorded body in base64, as browsers store images, is decoded only if its type holds the word "text".
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund @msw/source@0.6.1 msw@2.15.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import { fromTraffic } from "@msw/source/traffic";
import { setupServer } from "msw/node";

const recorded = (url, queryString, mimeType, content) => ({
  request: { method: "GET", url, headers: [], cookies: [], queryString },
  response: {
    status: 200,
    statusText: "OK",
    headers: [{ name: "Content-Type", value: mimeType }],
    cookies: [],
    content: { mimeType, ...content },
  },
});
const host = createServer((request, response) => response.end(`the network, for ${request.url}`));
host.listen(0, "127.0.0.1", async () => {
  const base = `http://127.0.0.1:${host.address().port}`;
  const base64 = { encoding: "base64", text: Buffer.from("recorded").toString("base64") };
  const entries = [
    recorded(`${base}/h?a=1`, [{ name: "a", value: "1" }], "text/plain", { text: "recorded" }),
    recorded(`${base}/t`, [], "text/plain", base64),
    recorded(`${base}/p`, [], "image/png", base64),
  ];
  const mock = setupServer(...fromTraffic({ log: { entries } }));
  mock.listen({ onUnhandledRequest: "error" });
  console.error = () => {};
  for (const target of ["/h?a=1", "/other", "/h?a=2", "/t", "/p"]) {
    const seen = await fetch(base + target).then((answer) => answer.text(), () => "an error");
    console.log(`${target}: ${seen}`);
  }
  mock.close();
  host.close();
});
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
/h?a=1: recorded
/other: an error
/h?a=2: the network, for /h?a=2
/t: recorded
/p: cmVjb3JkZWQ=
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
