#!/usr/bin/env bash
# event-source-plus and @sentool/fetch-event-source keep the last line of an event whose data has several lines.
#
# Versions: event-source-plus 0.1.15, @sentool/fetch-event-source 0.6.0, fetch-event-stream 0.1.6, parse-sse 0.1.0;
# beside them eventsource 4.1.1.
# Measured: 2026-11-30, Node 20, Linux.
#
# The streams here are examples of the HTML standard. It joins the lines `data` of an event with line feeds, takes one
# space after the colon off, and counts an event whose data is there and empty; eventsource reads all three as it says.
# Besides the lost lines, both take off each leading space. event-source-plus drops the empty events;
# @sentool/fetch-event-source hands them on without data, and an event more for a comment. fetch-event-stream takes off
# each space as well and drops both empty events, parse-sse drops one.
# No report was found. sse-clients-disagree.sh is about two packages of PyPI, and about other parts of the standard.
# Of a text or a JSON document that a server sends line by line, the reader gets the last line, and no error is raised.
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund event-source-plus@0.1.15 @sentool/fetch-event-source@0.6.0 \
    fetch-event-stream@0.1.6 parse-sse@0.1.0 eventsource@4.1.1 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import { EventSource } from "eventsource";
import { EventSourcePlus } from "event-source-plus";
import { fetchEventSource } from "@sentool/fetch-event-source";
import { events } from "fetch-event-stream";
import { parseServerSentEvents } from "parse-sse";

const kind = { "content-type": "text/event-stream" };
const streams = {
  "three lines": "data: YHOO\ndata: +2\ndata: 10\n\n",
  "a comment, ids and spaces":
    ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
  "empty data": "data\n\ndata\ndata\n\ndata:",
};
const server = createServer((request, response) => {
  response.writeHead(200, kind); // it stays open, so that nobody connects again
  response.write(streams[decodeURIComponent(request.url.slice(1))]);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = (what) => `http://127.0.0.1:${server.address().port}/${encodeURIComponent(what)}`;
const pause = () => new Promise((resolve) => setTimeout(resolve, 500));
const readers = {
  async "eventsource"(what, seen) {
    const source = new EventSource(address(what));
    source.onmessage = (event) => seen.push(event.data);
    await pause();
    source.close();
  },
  async "event-source-plus"(what, seen) {
    const controller = new EventSourcePlus(address(what)).listen({ onMessage: (event) => seen.push(event.data) });
    await pause();
    controller.abort();
  },
  async "@sentool/fetch-event-source"(what, seen) {
    fetchEventSource(address(what), { parseJson: false, onmessage: (event) => seen.push(event.data ?? null) });
    await pause();
  },
  async "fetch-event-stream"(what, seen) {
    for await (const event of events(new Response(streams[what], { headers: kind }))) seen.push(event.data);
  },
  async "parse-sse"(what, seen) {
    const response = new Response(streams[what], { headers: kind });
    for await (const event of parseServerSentEvents(response)) seen.push(event.data);
  },
};
for (const what of Object.keys(streams)) {
  console.log(what);
  for (const [name, read] of Object.entries(readers)) {
    const seen = [];
    await read(what, seen);
    console.log(`  ${name}: ${JSON.stringify(seen)}`);
  }
}
process.exit();
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
three lines
  eventsource: ["YHOO\n+2\n10"]
  event-source-plus: ["10"]
  @sentool/fetch-event-source: ["10"]
  fetch-event-stream: ["YHOO\n+2\n10"]
  parse-sse: ["YHOO\n+2\n10"]
a comment, ids and spaces
  eventsource: ["first event","second event"," third event"]
  event-source-plus: ["first event","second event","third event"]
  @sentool/fetch-event-source: [null,"first event","second event","third event"]
  fetch-event-stream: ["first event","second event","third event"]
  parse-sse: ["first event","second event"," third event"]
empty data
  eventsource: ["","\n"]
  event-source-plus: []
  @sentool/fetch-event-source: [null,null]
  fetch-event-stream: []
  parse-sse: ["\n"]
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
