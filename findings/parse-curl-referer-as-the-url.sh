#!/usr/bin/env bash
# parse-curl takes the address of -e or -x for the URL, writes -b as Set-Cookie, and drops --data-raw.
#
# Version: parse-curl 0.2.6.
# Measured: 2026-11-30, Node 20, curl 7.88, Linux.
#
# Whatever begins with http:// is the URL, and the last one stays: the referer of `-e`, or the proxy of `-x`. `-b` becomes
# the header Set-Cookie, which only a response has. `--data-raw` and `--data-binary`, which browsers write when they
# copy a request as curl, are ignored, so that a POST becomes a GET without a body. No error is raised.
# A request that is verified or sent from the answer is another one than the command.
#
# Needs node, npm, curl and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund parse-curl@0.2.6 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { exec } from "node:child_process";
import { createServer } from "node:http";
import { promisify } from "node:util";
import parse from "parse-curl";

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const { referer, cookie } = request.headers;
  response.end(JSON.stringify({ method: request.method, url: request.url, referer, cookie, body: body || undefined }));
});
server.listen(0, "127.0.0.1", async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  for (const options of ["-e http://referer.example/", "-b a=1", "--data-raw a=1", "-d a=1"]) {
    const command = `curl ${base}/h ${options}`;
    const { stdout } = await promisify(exec)(`${command} --silent`);
    console.log(`${options}\n  curl ${stdout}\n  parse-curl ${JSON.stringify(parse(command)).replace(base, "")}`);
  }
  server.close();
});
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
-e http://referer.example/
  curl {"method":"GET","url":"/h","referer":"http://referer.example/"}
  parse-curl {"method":"GET","header":{},"url":"http://referer.example/"}
-b a=1
  curl {"method":"GET","url":"/h","cookie":"a=1"}
  parse-curl {"method":"GET","header":{"Set-Cookie":"a=1"},"url":"/h"}
--data-raw a=1
  curl {"method":"POST","url":"/h","body":"a=1"}
  parse-curl {"method":"GET","header":{},"url":"/h"}
-d a=1
  curl {"method":"POST","url":"/h","body":"a=1"}
  parse-curl {"method":"POST","header":{"Content-Type":"application/x-www-form-urlencoded"},"url":"/h","body":"a=1"}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
