// onOffice's signatures in JavaScript, written from the clauses: node:crypto and the language, nothing else.
// Reads JSON lines like onoffice.php, without its "php"; here "text" and "sign" follow the clauses too.

import { createHash, createHmac } from "node:crypto";
import { createInterface } from "node:readline";

class Refusal extends Error {}
const refuse = (reason) => {
  throw new Refusal(reason);
};
const escape = (byte) => "%" + byte.charCodeAt(0).toString(16).toUpperCase();
const encoded = (text) => encodeURIComponent(text).replace(/[!'()*~]/g, escape).replaceAll("%20", "+");
const mac = (secret, text) => createHmac("sha256", secret).update(text, "utf8").digest("hex");
const md5 = (text) => createHash("md5").update(text, "utf8").digest("hex");
const byBytes = ([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other));

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return refuse("malformed");
  }
}

function read(url) {
  if (!/^[\x21-\x7e]*$/.test(url) || url.endsWith("\n")) refuse("malformed");
  const head = url.split("#")[0];
  const mark = head.indexOf("?");
  const place = mark < 0 ? head : head.slice(0, mark);
  const query = mark < 0 ? "" : head.slice(mark + 1);
  const found = /^(https?):\/\/(?:[^/]*@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?(\/.*)$/i.exec(place);
  if (!found || Number(found[3] ?? "0") > 65535 || (found[3] ?? "").length > 5) refuse("malformed");
  const pieces = query.split("&").filter(Boolean);
  if (query.length > 8192 || pieces.length > 200) refuse("too-large");
  const pairs = pieces.map((piece) => {
    const at = piece.indexOf("=");
    return (at < 0 ? [piece, ""] : [piece.slice(0, at), piece.slice(at + 1)]).map(decoded);
  });
  const names = pairs.map(([name]) => name);
  if (names.some((name) => !name || /[.[ \x00-\x1f\x7f]/.test(name))) refuse("malformed");
  if (names.some((name) => /^[+-]?[0-9]+([eE][+-]?[0-9]+)?$/.test(name))) refuse("malformed");
  if (new Set(names).size < names.length) refuse("duplicate-parameter");
  return { base: `${found[1]}://${found[2]}${found[4]}`, pairs };
}

function text({ base, pairs }) {
  const signed = pairs.filter(([name]) => name !== "signature").sort(byBytes);
  return `${base}?${signed.map((pair) => pair.map(encoded).join("=")).join("&")}`;
}

function seconds(time) {
  if (/^[0-9]{13}$/.test(time)) refuse("timestamp-in-milliseconds");
  if (!/^[0-9]{1,12}$/.test(time)) refuse("malformed");
  return time;
}

function strict({ url, secret, now, back, ahead }) {
  if (!secret) refuse("empty-secret");
  const request = read(url);
  const values = new Map(request.pairs);
  const present = (name) => values.get(name) || refuse(values.has(name) ? "empty-parameter" : "missing-parameter");
  if (!/^[0-9a-f]{64}$/.test(present("signature"))) refuse("malformed");
  const time = seconds(present("timestamp"));
  if (mac(secret, text(request)) !== values.get("signature")) refuse("signature-mismatch");
  const age = now - Number(time);
  if (age > back) refuse("stale");
  if (-age > ahead) refuse("from-the-future");
  values.delete("signature");
  return { verdict: "accepted", names: [...values.keys()] };
}

// PHP writes an object without names as a list.
const emptied = (value) => {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(emptied);
  const pairs = Object.entries(value).map(([name, inner]) => [name, emptied(inner)]);
  return pairs.length ? Object.fromEntries(pairs) : [];
};
const phpJson = (value) =>
  JSON.stringify(emptied(value))
    .replaceAll("/", "\\/")
    .replace(/[\u0080-\uffff]/g, (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));

// PHP writes an object with the names 0, 1, 2 as a list; JavaScript sorts such names itself, so 1, 0 is no case for it.
const becomesList = (value) => {
  if (value === null || typeof value !== "object") return false;
  const names = Object.keys(value);
  const list = !Array.isArray(value) && names.length > 0 && names.every((name, place) => name === String(place));
  return list || Object.values(value).some(becomesList);
};
const depth = (value) =>
  value === null || typeof value !== "object" ? 0 : 1 + Math.max(0, ...Object.values(value).map(depth));
const number = /^[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*$/;

function api(call) {
  if (!call.api_key) return { refused: "empty-secret" };
  try {
    seconds(String(call.timestamp));
  } catch (refusal) {
    return { refused: refusal.message };
  }
  if (call.version === 2) {
    const message = `${call.timestamp}${call.token}${call.resource_type}${call.action_id}`;
    return { hmac: createHmac("sha256", call.api_key).update(message, "utf8").digest("base64") };
  }
  if (call.version !== 1) return { refused: "not-allowed" };
  const named = Object.keys(call.parameters ?? {});
  if (depth(call.parameters) > 100 || becomesList(call.parameters) || named.some((name) => number.test(name))) return { refused: "malformed" };
  const parameters = Object.fromEntries(Object.entries(call.parameters ?? {}).sort(byBytes));
  const fields = [phpJson(parameters), call.token, call.action_id, call.identifier ?? "", call.resource_id ?? ""];
  fields.push(call.api_key, call.timestamp, call.resource_type);
  return { hmac: md5(call.api_key + md5(fields.join(","))) };
}

// Success is four things at once; an error is one wherever a code stands. JavaScript cannot see a name that stands twice.
function unlocked({ status, body }) {
  if (status !== 200) return "platform-error";
  let answer;
  try {
    answer = JSON.parse(body);
  } catch {
    answer = null;
  }
  if (answer === null || typeof answer !== "object" || Array.isArray(answer)) {
    return "unexpected-answer";
  }
  const listed = answer.response?.results;
  const results = Array.isArray(listed) && listed.every((one) => one !== null && typeof one === "object") ? listed : [];
  for (const code of [answer.status?.errorcode, results.length === 1 ? results[0].status?.errorcode : "none"]) {
    if (typeof code !== "number") return "unexpected-answer";
    if (code) return "platform-error";
  }
  const record = results[0].data?.records?.[0];
  if (!record || Array.isArray(record)) return "unexpected-answer";
  return record.elements?.success === "success" ? "success" : "platform-error";
}

const tasks = {
  text: ({ url }) => text(read(url)),
  sign: ({ url, secret }) => `${url}${url.includes("?") ? "&" : "?"}signature=${mac(secret, text(read(url)))}`,
  strict,
  hmac: api,
  unlock: unlocked,
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const task = JSON.parse(line);
  let answer;
  try {
    answer = tasks[task.do](task);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer = { verdict: "refused", reason: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
