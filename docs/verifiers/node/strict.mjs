// Strict reading of queries, forms, multipart bodies and JSON, and what the four verifiers share. Node 20 or newer.
// Whatever is not exactly as expected is refused; nothing is repaired. All work is linear in the length of the input.
import { createHmac, timingSafeEqual } from "node:crypto";

const MOST_CHARACTERS = 8192; // of a query
const MOST_PAIRS = 200;
const DEEPEST = 100; // arrays and objects inside each other
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** The one error of a refusal. The reason is a code for the operator's log; a client must not learn it. */
export class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.name = "Refused";
    this.reason = reason;
  }
}

export function refuse(reason) {
  throw new Refused(reason);
}

/** Return the key that a secret is: its bytes as they are. An empty key would let anybody sign. */
export function keyOf(secret) {
  if (typeof secret !== "string" || secret === "") refuse("empty-secret");
  return bytesOf(secret);
}

/** Return a text in UTF-8. Half of a surrogate pair has no bytes; Buffer alone would replace it silently. */
export function bytesOf(text) {
  return text.isWellFormed() ? Buffer.from(text, "utf8") : refuse("malformed");
}

/** Read bytes as UTF-8. Nothing is replaced, and a byte order mark stays. */
export function textOf(bytes, reason = "malformed") {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(reason);
  }
}

export function hmac(key, message) {
  return createHmac("sha256", key).update(message).digest();
}

/** Compare two digests in constant time. */
export function same(one, other) {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Read a digest: 64 small hex digits, nothing trimmed. Buffer.from would stop silently at the first other character. */
export function digestOf(text) {
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, "hex") : refuse("malformed");
}

/** Refuse a time that is too old or too far ahead. Call it only when the signature has verified. */
export function checkAge(timestamp, now, [back, ahead]) {
  if (!Number.isSafeInteger(now)) throw new TypeError("now is a whole number of seconds");
  if (now - timestamp > back) refuse("stale");
  if (timestamp - now > ahead) refuse("from-the-future");
}

// --- queries and forms -----------------------------------------------------------------------------------------

/** Return the raw query of a target or a whole URL, without a fragment. */
export function rawQuery(target) {
  const [whole] = target.split("#", 1);
  const mark = whole.indexOf("?");
  return mark < 0 ? "" : whole.slice(mark + 1);
}

/** Count characters; JavaScript's length counts those beyond U+FFFF twice. */
export function longerThan(text, most) {
  return text.length > most && [...text].length > most;
}

/** Return the decoded pairs of a query in the order received. */
export function readQuery(query) {
  if (longerThan(query, MOST_CHARACTERS)) refuse("too-large");
  return readPairs(query);
}

/** Return the decoded pairs of a query or an urlencoded body; a part without `=` is a name with an empty value. */
export function readPairs(text) {
  if (/[^\x00-\x7f]/.test(text)) refuse("malformed");
  const parts = text.split("&").filter((part) => part !== "");
  if (parts.length > MOST_PAIRS) refuse("too-large");
  return parts.map((part) => {
    const cut = part.indexOf("=");
    return cut < 0 ? [decode(part), ""] : [decode(part.slice(0, cut)), decode(part.slice(cut + 1))];
  });
}

/** Decode `+` and `%XX` once. `decodeURIComponent` leaves `+` as it is. */
function decode(text) {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) refuse("malformed");
  const byByte = text.replaceAll("+", " ").replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return textOf(Buffer.from(byByte, "latin1"));
}

/** Return pairs whose names all differ; refuse others, since two programs may read two different values. */
export function unique(pairs) {
  return new Set(pairs.map(([name]) => name)).size === pairs.length ? pairs : refuse("duplicate-parameter");
}

// --- multipart/form-data -----------------------------------------------------------------------------------------

/** Return the fields of a multipart body. There is nothing outside the boundaries, and no file. */
export function readMultipart(body, boundary) {
  const pieces = `\r\n${body.toString("latin1")}`.split(`\r\n--${boundary}`); // latin1: one character for each byte
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (first !== "" || (last !== "--" && last !== "--\r\n") || pieces.length < 3) refuse("malformed");
  const parts = pieces.slice(1, -1);
  if (parts.length > MOST_PAIRS) refuse("too-large");
  return parts.map(readPart);
}

function readPart(part) {
  const end = part.indexOf("\r\n\r\n"); // an empty line right behind the boundary ends the headers: there are none
  if (!part.startsWith("\r\n") || end < 0) refuse("malformed");
  const named = part.slice(2, end).split("\r\n").map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? ["", ""] : [lower(line.slice(0, colon)), trim(line.slice(colon + 1))];
  }).filter(([name]) => name === "content-disposition");
  const found = named.length === 1 && /^form-data; name="([^"\\\r\n]*)"$/i.exec(named[0][1]);
  if (!found) refuse("malformed");
  return [found[1], part.slice(end + 4)].map((text) => textOf(Buffer.from(text, "latin1")));
}

/** Change A to Z, and no other letter, to lower case. */
export function lower(text) {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Take blanks and tabs off both ends. A pattern such as /[ \t]+$/ would take quadratic time. */
export function trim(text) {
  let [start, end] = [0, text.length];
  while (start < end && " \t".includes(text[start])) start += 1;
  while (end > start && " \t".includes(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

// --- JSON --------------------------------------------------------------------------------------------------------

/** A number of a JSON text, as it is written. */
export class JsonNumber {
  constructor(text) {
    this.text = text;
  }
}

/**
 * Read one JSON text (RFC 8259). Objects become Maps, in their order: an object of JavaScript would move names such as
 * 7 to its front, and JSON.parse keeps the last of two equal names. Numbers stay text: a double has 53 bits alone.
 */
export function readJson(text, deepest = DEEPEST) {
  let [at, depth, repeated] = [0, 0, false];
  const malformed = () => refuse("malformed");
  const blanks = () => { while (at < text.length && " \t\r\n".includes(text[at])) at += 1; };

  function string() {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    let found;
    try { found = JSON.parse(text.slice(at, end + 1)); } catch { malformed(); } // one string: escapes are all it has to read
    at = end + 1;
    return found.isWellFormed() ? found : malformed();
  }

  function entries(close, entry) { // what arrays and objects have in common
    if ((depth += 1) > deepest) malformed();
    at += 1;
    blanks();
    if (text[at] === close) at += 1;
    else {
      do { entry(); blanks(); at += 1; } while (text[at - 1] === ",");
      if (text[at - 1] !== close) malformed();
    }
    depth -= 1;
  }

  function member(found) {
    blanks();
    if (text[at] !== '"') malformed();
    const name = string();
    blanks();
    if (text[at] !== ":") malformed();
    at += 1;
    repeated ||= found.has(name);
    found.set(name, value());
  }

  function value() {
    blanks();
    if (text[at] === "{") {
      const found = new Map();
      entries("}", () => member(found));
      return found;
    }
    if (text[at] === "[") {
      const found = [];
      entries("]", () => found.push(value()));
      return found;
    }
    if (text[at] === '"') return string();
    for (const [word, meaning] of [["null", null], ["true", true], ["false", false]]) {
      if (text.startsWith(word, at)) { at += word.length; return meaning; }
    }
    NUMBER.lastIndex = at;
    const [number] = NUMBER.exec(text) ?? malformed();
    if (!Number.isFinite(Number(number))) malformed();
    at += number.length;
    return new JsonNumber(number);
  }

  const found = value();
  blanks();
  if (at < text.length) malformed();
  return repeated ? refuse("duplicate-parameter") : found; // only a text that is JSON has names that are equal
}

/** Write pairs as one compact JSON object, in their order. */
export function writeObject(pairs) {
  for (const text of pairs.flat()) bytesOf(text); // JSON.stringify would write half of a surrogate pair as an escape
  return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

// --- node:http ---------------------------------------------------------------------------------------------------

/** Return the one value of a header, or the empty text. `request.headers` joins or drops the second of two. */
export function header(request, name) {
  const values = request.headersDistinct[name] ?? [];
  return values.length > 1 ? refuse("duplicate-parameter") : (values[0] ?? "");
}

/** Return the raw body. What is too long is read on but not kept, so that the answer still reaches the sender. */
export async function readBody(request, most) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= most) chunks.push(chunk);
  }
  return length <= most ? Buffer.concat(chunks) : refuse("too-large");
}

export function send(response, status, type, text) {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store", "referrer-policy": "no-referrer" }).end(text);
}

/** Unix time in whole seconds. */
export function clock() {
  return Math.floor(Date.now() / 1000);
}

/**
 * Make a handler of `verify`. Whatever it refuses, or cannot do, gets the one answer of `refused`; the reason goes to
 * the log alone. What it returns goes to `accepted`, which sends the answer.
 */
export function guarded({ name, log, verify, refused, accepted }) {
  return async (request, response) => {
    let verified;
    try {
      verified = await verify(request);
    } catch (error) {
      log(`${name}: refused: ${error instanceof Refused ? error.reason : `internal error (${error.name})`}`);
      refused(response);
      return;
    }
    try {
      await accepted(verified, response, request);
    } catch (error) { // a fault of the application, behind a genuine request
      log(`${name}: not answered: ${error.name}`);
      if (!response.headersSent) send(response, 500, "text/plain; charset=utf-8", "");
      else response.destroy();
    }
  };
}
