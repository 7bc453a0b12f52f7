#!/usr/bin/env bash
# happy-dom gives a message of a frame the origin of the page that receives it, and refuses the targetOrigin "/".
#
# Version: happy-dom 21.0.4.
# Measured: 2026-11-30, Node 20, Linux.
#
# In the HTML standard `event.origin` and `event.source` are those of the window that sent the message, and a message
# for another origin is dropped without an error. "/" stands for the sender's own origin, a path in targetOrigin is
# ignored, and the data is a copy. In happy-dom a message from a frame of another origin has the origin of the page that
# holds the frame, `source` is not the frame, and the data is the sender's own object. "/", a path or another origin
# raises SecurityError.
# jsdom leaves both fields empty, which its issue 2745 reports. No report of this was found for happy-dom.
# A page that checks where a message came from, as it has to, fails in such a test, or passes with the wrong check.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund happy-dom@21.0.4 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import http from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { Browser } from "happy-dom";

const PAGES = {
  "/host": "<body></body>",
  "/frame": "<body><script>parent.postMessage('active', '*')</script></body>",
};
const serve = () =>
  new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(PAGES[request.url]);
    });
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
const servers = [await serve(), await serve()];
const [host, other] = servers.map((server) => `http://127.0.0.1:${server.address().port}`);
const named = (origin) => ({ [host]: "the host's", [other]: "the frame's" })[origin] ?? JSON.stringify(origin);

const browser = new Browser({
  settings: {
    enableJavaScriptEvaluation: true,
    enableIframePageLoading: true,
    suppressInsecureJavaScriptEnvironmentWarning: true,
  },
});
const page = browser.newPage();
await page.goto(`${host}/host`);
const { window } = page.mainFrame;
const frame = window.document.createElement("iframe");
window.addEventListener("message", (event) => {
  const same = event.source === frame.contentWindow;
  console.log(JSON.stringify(event.data), "- origin:", named(event.origin), "- source is the frame:", same);
});
frame.src = `${other}/frame`;
window.document.body.append(frame);
await page.waitUntilComplete();
await wait(200);

for (const target of ["*", host, "/", `${host}/app`, "https://other.example"]) {
  let result = "sent";
  try {
    window.postMessage("to itself", target);
  } catch (error) {
    result = error.name;
  }
  console.log("targetOrigin", target.replace(host, "HOST"), "->", result);
}
const message = { state: "sent" };
window.postMessage(message, "*");
message.state = "changed afterwards";
await wait(200);
await browser.close();
servers.forEach((server) => server.close());
JAVASCRIPT

timeout 60 node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
"active" - origin: the host's - source is the frame: false
targetOrigin * -> sent
targetOrigin HOST -> sent
targetOrigin / -> SecurityError
targetOrigin HOST/app -> SecurityError
targetOrigin https://other.example -> SecurityError
"to itself" - origin: the host's - source is the frame: false
"to itself" - origin: the host's - source is the frame: false
{"state":"changed afterwards"} - origin: the host's - source is the frame: false
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
