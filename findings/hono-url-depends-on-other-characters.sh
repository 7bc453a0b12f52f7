#!/usr/bin/env bash
# Hono's c.req.url spells an apostrophe in one way or the other, depending on other characters and on the port.
#
# Versions: hono 4.13.19 with @hono/node-server 2.1.9.
# Measured: 2026-11-29, Node 20, Linux.
#
# The server hands on the target as it came only if a pattern allows all of its characters; `%` is not among them.
# Otherwise the target goes through the class URL, which writes ' as %27. The pattern for the Host header knows no
# port from 60000 on, so there the same target is respelled as well. `c.env.incoming.url` is always as it came.
# Whoever computes a signature over c.req.url passes his tests with simple values, and fails with others.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund hono@4.13.19 @hono/node-server@2.1.9 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { request } from "node:http";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const app = new Hono();
app.get("/h", (c) => c.text(`${c.req.url} of ${c.env.incoming.url}`));
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, async ({ port }) => {
  for (const [host, path] of [
    ["partner.example", "/h?a='&b=1"],
    ["partner.example", "/h?a='&b=%7e"],
    ["partner.example:59999", "/h?a='&b=1"],
    ["partner.example:60000", "/h?a='&b=1"],
  ]) {
    console.log(await new Promise((done) => {
      const asked = request({ host: "127.0.0.1", port, path, headers: { host } }, async (answer) => {
        let text = "";
        for await (const chunk of answer) text += chunk;
        done(text);
      });
      asked.end();
    }));
  }
  server.close();
});
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
http://partner.example/h?a='&b=1 of /h?a='&b=1
http://partner.example/h?a=%27&b=%7e of /h?a='&b=%7e
http://partner.example:59999/h?a='&b=1 of /h?a='&b=1
http://partner.example:60000/h?a=%27&b=1 of /h?a='&b=1
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
