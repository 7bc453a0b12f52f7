#!/usr/bin/env bash
# Fastify's inject() hands on another target than a server gets, and rewrites the whole query if it is given `query`.
#
# Versions: fastify 5.12.8 with light-my-request 6.8.1; beside them @hapi/shot 6.0.3, which hapi's inject() is made of.
# Measured: 2026-11-30, Node 20, Linux.
#
# inject() is Fastify's way to test a route without a server. The target goes through the class URL: `'` becomes `%27`,
# a lone question mark is lost, and dots are resolved. Node's http client sends all of them as they are, and a server
# hands them on. With one parameter in `query`, those of `url` are escaped anew as well: `x,y` becomes `x%2Cy` and `c`
# becomes `c=`. The documentation names neither. Issue 3257 of Fastify reported two slashes at the start, which are kept
# today.
# shot keeps the target, but leaves a header that comes twice as a list; a server joins it with a comma.
# Whoever verifies a signature over `request.raw.url` refuses a genuine request in such a test.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund \
    fastify@5.12.8 light-my-request@6.8.1 @hapi/shot@6.0.3 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import http from "node:http";
import Shot from "@hapi/shot";
import Fastify from "fastify";

const answer = ({ url, headers }) => ({ url, signature: headers["x-signature"] });
const app = Fastify();
app.get("/*", async (request) => answer(request.raw));
await app.listen({ port: 0, host: "127.0.0.1" });

const served = (path, headers) =>
  new Promise((resolve, reject) => {
    const { port } = app.server.address();
    http
      .get({ host: "127.0.0.1", port, path, headers, agent: false }, async (response) => {
        resolve(JSON.parse((await response.toArray()).join("")));
      })
      .on("error", reject);
  });
const injected = async (url, headers, query) => (await app.inject({ url, headers, query })).json();
const handler = (request, response) => response.end(JSON.stringify(answer(request)));
const shot = async (url, headers) => JSON.parse((await Shot.inject(handler, { url, headers })).payload);

for (const target of ["/h?name=O'Neil", "/h?", "/a/../h?x=1", "/h?a=x,y&b=x%20y&c"]) {
  const [server, inject, hapi] = [await served(target), await injected(target), await shot(target)];
  console.log(target, "- server:", server.url, "- inject:", inject.url, "- shot:", hapi.url);
}
console.log("with query:", (await injected("/h?a=x,y&b=x%20y&c", {}, { lang: "de" })).url);
const twice = { "x-signature": ["1", "2"] };
for (const [name, send] of Object.entries({ server: served, inject: injected, shot })) {
  console.log("two headers,", `${name}:`, JSON.stringify((await send("/h", twice)).signature));
}
await app.close();
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
/h?name=O'Neil - server: /h?name=O'Neil - inject: /h?name=O%27Neil - shot: /h?name=O'Neil
/h? - server: /h? - inject: /h - shot: /h?
/a/../h?x=1 - server: /a/../h?x=1 - inject: /h?x=1 - shot: /a/../h?x=1
/h?a=x,y&b=x%20y&c - server: /h?a=x,y&b=x%20y&c - inject: /h?a=x,y&b=x%20y&c - shot: /h?a=x,y&b=x%20y&c
with query: /h?a=x%2Cy&b=x+y&c=&lang=de
two headers, server: "1, 2"
two headers, inject: "1, 2"
two headers, shot: ["1","2"]
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
