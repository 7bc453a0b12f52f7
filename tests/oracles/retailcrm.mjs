// RetailCRM's registration in JavaScript: node:crypto, JSON, TextDecoder and URLSearchParams, nothing
// else.
//
// Reads JSON lines. {"api_key", "secret", "system_url"} is answered with the token and the same registration as two
// URL builders of the platform write it. {"operation", "given", "input"}, a vector, is answered with a verdict and,
// where it is accepted, with what comes out. Written from the clauses and the adopted readings of the register; no
// rule here was taken from a program.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";

class Refused extends Error {}

function must(held) {
  if (!held) throw new Refused();
}

function attempted(step) {
  try {
    return step();
  } catch {
    throw new Refused();
  }
}

const bytes = ({ utf8, hex }) => (utf8 === undefined ? Buffer.from(hex, "hex") : Buffer.from(utf8, "utf8"));
const names = (pairs) => pairs.map(([name]) => name);

function once(pairs) {
  // register.once, register.json
  must(new Set(names(pairs)).size === pairs.length);
  return pairs;
}

// register.once: PHP drops blanks before a name, and what follows a NUL or an index in brackets
function onceForPhp(pairs) {
  const php = (name) => /^ *([^\0]*)/.exec(name)[1].replace(/^([^[]+)\[.*\].*$/s, "$1");
  must(names(once(pairs)).every((name) => php(name) === name || !names(pairs).includes(php(name))));
  return pairs;
}

// token.value, token.message, token.key; token.empty-secret, token.nul
function token(secret, apiKey) {
  must(secret !== "" && apiKey !== "" && !`${secret}${apiKey}`.includes("\0"));
  return createHmac("sha256", secret).update(apiKey, "utf8").digest("hex");
}

function decoded(text) {
  return attempted(() => decodeURIComponent(text.replaceAll("+", " ")));
}

// RFC 2046, 5.1.1, and RFC 7578: parts between lines of two hyphens and the boundary, each with a name. By hand,
// since Node 20's own reader takes a boundary without its hyphens inside a value for the end of it.
function parts(text, boundary) {
  const [before, ...pieces] = `\r\n${text}`.split(`\r\n--${boundary}`);
  must(before === "" && pieces.length > 1 && ["--", "--\r\n"].includes(pieces.pop()) && pieces.length <= 200);
  return pieces.map((piece) => {
    const [, head, value] = /^(?!\r\n\r\n)\r\n(.*?)\r\n\r\n(.*)$/s.exec(piece) ?? must(false); // no empty line first
    const named = head.split("\r\n").filter((line) => /^content-disposition:/i.test(line));
    must(named.length === 1);
    const [, name] = /^[^:]*:[ \t]*form-data; name="([^"\\\r\n]*)"[ \t]*$/i.exec(named[0]) ?? must(false);
    return [name, value];
  });
}

// register.encoding: an urlencoded form, or a multipart one
function fields(body, contentType) {
  const named = contentType.split(";").map((one) => one.replace(/^[ \t]+|[ \t]+$/g, ""));
  const type = named[0].toLowerCase();
  if (type === "multipart/form-data") {
    const given = named.slice(1).filter((one) => /^boundary=/i.test(one));
    const [, quoted, plain] = /^[^=]*=(?:"([!#-+\--~]{1,70})"|([!#-+\--~]{1,70}))$/.exec(given[0] ?? "") ?? must(false);
    must(given.length === 1);
    return parts(attempted(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body)), quoted ?? plain);
  }
  must(type === "application/x-www-form-urlencoded" && body.every((byte) => byte < 0x80));
  const pieces = body.toString("ascii").split("&").filter(Boolean);
  must(pieces.length <= 200);
  return pieces.map((piece) => {
    const at = piece.indexOf("=");
    return (at < 0 ? [piece, ""] : [piece.slice(0, at), piece.slice(at + 1)]).map(decoded);
  });
}

// register.json: JSON.parse keeps the last of two equal names, so the names are looked at in the text
function object(text) {
  const value = attempted(() => JSON.parse(text, (_, one) => (one === Infinity || one === -Infinity ? must(false) : one)));
  const seen = [];
  const marks = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:]/g)].map(([mark]) => mark);
  let deep = 0;
  marks.forEach((mark, at) => {
    deep += { "[": 1, "{": 1, "]": -1, "}": -1 }[mark] ?? 0;
    must(deep <= 100);
    if (mark === "{") seen.push(new Set());
    if (mark === "}") seen.pop();
    if (mark[0] === '"') must(JSON.parse(mark).isWellFormed());
    if (marks[at + 1] !== ":") return;
    const name = JSON.parse(mark);
    must(!seen.at(-1).has(name));
    seen.at(-1).add(name);
  });
  must(typeof value === "object" && value !== null && !Array.isArray(value));
  return value;
}

const MEMBERS = ["token", "apiKey", "systemUrl"];

const operations = {
  verify_registration({ secret }, input) {
    must(secret !== "" && !secret.includes("\0"));
    const body = bytes(input.body);
    must(body.length <= 64 * 1024); // register.size
    const form = Object.fromEntries(onceForPhp(fields(body, input.content_type)));
    must(form.register); // register.encoding
    const found = object(form.register);
    must(MEMBERS.every((name) => typeof found[name] === "string" && found[name] !== "")); // register.members
    must(MEMBERS.every((name) => found[name].isWellFormed()));
    must(/^[0-9a-f]{64}$/.test(found.token)); // token.digest
    must(timingSafeEqual(Buffer.from(token(secret, found.apiKey)), Buffer.from(found.token))); // token.verify
    const parameters = Object.entries(found).filter(([name]) => name === "apiKey" || name === "systemUrl");
    const covers = { covered: ["apiKey"], not_covered: ["systemUrl"] }; // token.coverage
    return { parameters, api_key: found.apiKey, system_url: found.systemUrl, ...covers };
  },
  registration_token({ secret }, { api_key }) {
    return { token: token(secret, api_key) };
  },
  canonical_system_url({ allowed }, { url }) {
    // system-url.parts, system-url.path: scheme, host, port and slashes, and nothing else
    const match = /^([a-z]+):\/\/([a-z0-9.-]+)(:[0-9]+)?\/*$/i.exec(url);
    must(match);
    const [, scheme, host, port = ""] = match.map((part) => part?.toLowerCase()); // system-url.canonical
    must(host.split(".").every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)));
    const origin = `${scheme}://${host}${port}`;
    const below = `https://*.${host.slice(host.indexOf(".") + 1)}`; // system-url.allowed: one label below
    const listed = scheme === "https" && !port && host.includes(".") && allowed.includes(below);
    must(allowed.includes(origin) || listed); // system-url.scheme, system-url.port
    return { url: origin };
  },
};

function judged({ operation, given, input }) {
  try {
    return { verdict: "accepted", returns: operations[operation.split(".")[1]](given, input) };
  } catch (error) {
    if (error instanceof Refused) return { verdict: "refused" };
    throw error;
  }
}

function written({ api_key, secret, system_url }) {
  const made = createHmac("sha256", secret).update(api_key, "utf8").digest("hex");
  const register = JSON.stringify({ systemUrl: system_url, apiKey: api_key, token: made });
  const component = `register=${encodeURIComponent(register)}`;
  const form = new URLSearchParams({ register }).toString();
  return { token: made, bodies: [component, form] };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line);
  process.stdout.write(JSON.stringify("operation" in asked ? judged(asked) : written(asked)) + "\n");
}
