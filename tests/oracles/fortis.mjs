// Fortis' launch in JavaScript: node:crypto, JSON and TextDecoder, nothing else.
// Reads JSON lines, each with "do": seal, open, sign or verify. A refusal is null.
// JSON.parse makes 7.0 and 7 one number, so whether a number was whole is not judged here.

import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";

const NAMES = ["location_id", "user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url"];
const isId = (text) => /^[0-9a-fA-F-]{24,36}$/.test(text);
const present = (pairs) => pairs.filter(([, value]) => value !== "" && !value.startsWith("{{"));
const hmac = (text, secret) => createHmac("sha256", secret).update(text, "utf8").digest("hex");
const utf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

function keys(secret, salt) {
  let made = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  while (made.length < 48) {
    last = createHash("md5").update(Buffer.concat([last, Buffer.from(secret, "utf8"), salt])).digest();
    made = Buffer.concat([made, last]);
  }
  return [made.subarray(0, 32), made.subarray(32, 48)];
}

function seal(pairs, secret, salt) {
  const cipher = createCipheriv("aes-256-cbc", ...keys(secret, salt));
  const text = "{" + pairs.map((pair) => pair.map((one) => JSON.stringify(one)).join(":")).join(",") + "}"; // as in the list, also names of digits
  return [Buffer.concat([Buffer.from("Salted__"), salt, cipher.update(text, "utf8"), cipher.final()]).toString("base64")];
}

const deep = (value) => (value === null || typeof value !== "object" ? 0 : 1 + Math.max(0, ...Object.values(value).map(deep)));

function finite(name, value) {
  if (value === Infinity || value === -Infinity) throw new RangeError(name);
  return value;
}

// Every text in the JSON, also one that a later member of the same name replaces.
function whole(json) {
  const texts = json.match(/"(?:[^"\\]|\\.)*"/gs) ?? [];
  if (!texts.every((text) => JSON.parse(text).isWellFormed())) throw new RangeError("half of a pair");
  return json;
}

function open(data, secret) {
  if (!secret || data.length > 8192) return null;
  const raw = Buffer.from(data, "base64");
  if (raw.toString("base64") !== data) return null;
  if (raw.subarray(0, 8).toString("latin1") !== "Salted__" || raw.length < 32 || raw.length % 16) return null;
  let object;
  try {
    const decipher = createDecipheriv("aes-256-cbc", ...keys(secret, raw.subarray(8, 16)));
    object = JSON.parse(whole(utf8(Buffer.concat([decipher.update(raw.subarray(16)), decipher.final()]))), finite);
  } catch {
    return null;
  }
  if (deep(object) > 100) return null;
  if (object === null || typeof object !== "object" || Array.isArray(object)) return null;
  const found = [];
  for (const [name, value] of Object.entries(object)) {
    if (!NAMES.includes(name) || value === null) continue;
    if (typeof value !== "string" && !Number.isSafeInteger(value)) return null;
    found.push([name, String(value)]);
  }
  const values = Object.fromEntries(present(found));
  return values.user_id !== undefined && isId(values.location_id ?? "") ? present(found) : null;
}

function verify(target, mode, secret, now) {
  const values = new Map();
  const query = target.split("#")[0].split("?").slice(1).join("?");
  const pieces = query.split("&").filter(Boolean);
  if (query.length > 8192 || pieces.length > 200) return null;
  for (const piece of pieces) {
    if (/[^\x00-\x7f]/.test(piece)) return null;
    const at = piece.includes("=") ? piece.indexOf("=") : piece.length;
    let name, value;
    try {
      [name, value] = [piece.slice(0, at), piece.slice(at + 1)].map((x) => decodeURIComponent(x.replaceAll("+", " ")));
    } catch {
      return null;
    }
    if (values.has(name)) return null;
    values.set(name, value);
  }
  for (const name of values.keys()) {
    const read = /^ *([^\0]*)/.exec(name)[1].replace(/^([^[]+)\[[^]*\][^]*$/, "$1").replace(/[ .[]/g, "_");
    if (read !== name && values.has(read)) return null; // PHP's $_GET has one of the two
  }
  if (mode === "encrypted") return open(values.get("data") ?? "", secret);
  const [location, time, received] = ["location_id", "timestamp", "hmac"].map((name) => values.get(name) ?? "");
  if (!secret || !isId(location) || !/^[0-9]{10}$/.test(time) || !/^[0-9a-f]{64}$/.test(received)) return null;
  if (!timingSafeEqual(Buffer.from(hmac(location + time, secret)), Buffer.from(received))) return null;
  if (now - Number(time) > 300 || Number(time) - now > 60) return null;
  values.delete("hmac");
  return present([...values]);
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { do: what, pairs, salt, data, secret, location_id, timestamp, target, mode, now } = JSON.parse(line);
  const answer = {
    seal: () => seal(pairs, secret, Buffer.from(salt, "hex")),
    open: () => open(data, secret),
    sign: () => hmac(location_id + timestamp, secret),
    verify: () => verify(target, mode, secret, now),
  }[what]();
  process.stdout.write(JSON.stringify(answer) + "\n");
}
