// Python in a web worker: it runs `explain`, and the lessons, in the reader's own page. Nothing leaves the page.
//
// A module worker. Each message has an `id`, and is answered in order by one message with the same `id`:
//
//   {id, do: "start"}      {id, stage: "python" | "package" | "ready"} as it goes on, then {id, ok: true, seconds}
//   {id, do: "explain", platform, pasted, given}
//                          {id, ok: true, answer, text}: what `handshakes verify --format json` prints, and its text form.
//                          An empty `platform` is recognised by the request; `answer.platform` says which it is.
//                          `pasted` is text or an ArrayBuffer. `given` has the names of the command's options: secret and
//                          now are needed; header, tolerance, mine (text or an ArrayBuffer), mine_digest; the lists
//                          reading, origin and others (further secrets); deep and show_secrets.
//   {id, do: "run", lesson, cell, source}
//                          {id, ok: true, outputs: [{kind: "text" | "markdown" | "html" | "error", text, plain}]}: what a cell
//                          prints and shows; `plain` is what a console would show, where `text` is something else.
//   {id, do: "restart", lesson}   {id, ok: true}: the lesson forgets what its cells defined
//
// What cannot be done is answered with {id, ok: false, error: TEXT}. Any message starts Python if nothing has; who
// wants it to stop ends the worker.

import {crypt} from "./ciphers.mjs";
import {loadPyodide} from "./pyodide.mjs";

const BESIDE = new URL("./", import.meta.url).href;
const get = fetch.bind(self);
const LEADS_OUT = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "Worker", "BroadcastChannel"];

const START = `
from pyodide.ffi import to_js
from inside import shim
from _engine import crypt
shim.install(lambda mode, encrypting, *given: crypt(mode, encrypting, *map(to_js, given)).to_bytes())
from inside.answers import answer
`;

async function archive(name) {
  const response = await get(BESIDE + name);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.arrayBuffer();
}

async function start(say) {
  say("python");
  const [python, packed] = await Promise.all([loadPyodide({indexURL: BESIDE, packages: []}), archive("package.bin")]);
  say("package");
  python.unpackArchive(packed, "gztar", {extractDir: "/engine"});
  python.registerJsModule("_engine", {crypt});
  python.runPython(`import sys; sys.path.insert(0, "/engine")\n${START}`);
  for (const name of LEADS_OUT) self[name] = undefined; // loaded: from here on, nothing here needs the network
  say("ready");
  return python;
}

let started;
function ready(say = () => {}) {
  started ??= start(say).catch(error => {
    started = undefined;
    throw error;
  });
  return started;
}

const DO = {
  async start(asked, say) {
    const began = performance.now();
    await ready(say);
    return {seconds: (performance.now() - began) / 1000};
  },
  async explain({platform, pasted, given}) {
    const python = await ready();
    const bytes = typeof pasted === "string" ? new TextEncoder().encode(pasted) : new Uint8Array(pasted);
    const options = python.toPy(given ?? {});
    const question = python.toPy(bytes), answer = python.globals.get("answer");
    try {
      const said = JSON.parse(answer(platform, question, options));
      if (said.error !== undefined) throw new Error(said.error);
      return said;
    } finally {
      for (const proxy of [options, question, answer]) proxy.destroy();
    }
  },
  async run({lesson, cell, source}) {
    return {outputs: JSON.parse((await lessons()).run(lesson, cell, source))};
  },
  async restart({lesson}) {
    (await lessons()).restart(lesson);
    return {};
  },
};

let unpacked;
async function lessons() {
  const python = await ready();
  unpacked ??= archive("lessons.bin").then(packed => {
    python.unpackArchive(packed, "gztar", {extractDir: "/engine"});
    return python.runPython("from inside import lessons; lessons.install(); lessons");
  }).catch(error => {
    unpacked = undefined;
    throw error;
  });
  return unpacked;
}

let last = Promise.resolve();
onmessage = ({data}) => {
  last = last.then(async () => {
    const {id} = data;
    try {
      if (!Object.hasOwn(DO, data.do)) throw new Error(`unknown message: ${data.do}`);
      postMessage({id, ok: true, ...await DO[data.do](data, stage => postMessage({id, stage}))});
    } catch (error) {
      postMessage({id, ok: false, error: error.message.trim().split("\n").at(-1)});
    }
  });
};
