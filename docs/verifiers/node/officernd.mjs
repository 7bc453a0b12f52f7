// OfficeRnD: verify the signature of its GET requests (health check, configuration, sync) and of its webhooks.
// Copy this file and strict.mjs. Node 20 or newer, no dependency.
import { bytesOf, checkAge, clock, digestOf, guarded, header, hmac, keyOf, rawQuery, readBody, readQuery, refuse, same, send, unique, writeObject } from "./strict.mjs";

const TOLERANCE = [300, 60]; // seconds back and ahead; no page names a number
const MOST_BODY = 1024 * 1024;

/**
 * Verify the raw target of a GET request, such as `request.url`.
 * Returns the parameters in the order received, the time, and which names the signature covers and which it does not:
 * OfficeRnD may leave an empty memberId unsigned. The path is never covered.
 */
export function verifyQuery(target, { secret, now, tolerance = TOLERANCE }) {
  const key = keyOf(secret);
  const { pairs, field } = readSigned(target);
  const signed = forms(pairs).find((form) => same(hmac(key, queryMessage(form, field.t)), field.digest));
  if (!signed) refuse("signature-mismatch");
  const timestamp = Number(field.t);
  checkAge(timestamp, now, tolerance);
  const covered = signed.map(([name]) => name);
  return {
    parameters: unquoted(pairs),
    timestamp,
    covered,
    not_covered: pairs.map(([name]) => name).filter((name) => !covered.includes(name)),
  };
}

/** Verify the raw body of a webhook with its header `officernd-signature`. All of the body is covered, and only it. */
export function verifyWebhook(body, signature, { secret, now, tolerance = TOLERANCE }) {
  const key = keyOf(secret);
  if (!signature) refuse("missing-parameter");
  const field = readField(signature);
  if (!same(hmac(key, bodyMessage(body, field.t)), field.digest)) refuse("signature-mismatch");
  const timestamp = Number(field.t);
  checkAge(timestamp, now, tolerance);
  return { parameters: [], timestamp, covered: ["body"], not_covered: [] };
}

/** Make the parameter `signature` of a query, as OfficeRnD does. Percent-encode it. */
export function signQuery(pairs, timestamp, { secret }) {
  const key = keyOf(secret);
  return written(timestamp, hmac(key, queryMessage(unique(pairs), timestamp)));
}

/** Make the header `officernd-signature` of a webhook, as OfficeRnD does. */
export function signWebhook(body, timestamp, { secret }) {
  return written(timestamp, hmac(keyOf(secret), bodyMessage(body, timestamp)));
}

/** Return the bytes that the signature of a target covers, if it covers all of the parameters; for debugging. */
export function signedBytes(target) {
  const { pairs, field } = readSigned(target);
  return queryMessage(pairs, field.t);
}

/** Return the bytes that the signature of a webhook covers; for debugging. */
export function signedBodyBytes(body, signature) {
  return bodyMessage(body, readField(signature).t);
}

/** Return the bytes that are signed: the pairs as JSON, a dot, and the digits of the time as they came. */
export function queryMessage(pairs, digits) {
  return bytesOf(`${writeObject(pairs)}.${digits}`);
}

export function bodyMessage(body, digits) {
  return Buffer.concat([body, bytesOf(`.${digits}`)]);
}

/** Return the pairs of a target without `signature`, and what that parameter says. */
function readSigned(target) {
  const all = unique(readQuery(rawQuery(target)));
  const signature = all.find(([name]) => name === "signature");
  if (!signature) refuse("missing-parameter");
  if (signature[1] === "") refuse("empty-parameter");
  return { pairs: all.filter((pair) => pair !== signature), field: readField(signature[1]) };
}

/** Read `t=1648190384,signature=7fab...`. Fields with other names are ignored, but none may come twice. */
function readField(text) {
  const found = new Map();
  for (const piece of text.split(",")) {
    const [name, value, more] = piece.split("=");
    if (!/^[A-Za-z0-9_-]+$/.test(name) || value === undefined || more !== undefined) refuse("malformed");
    if (found.has(name)) refuse("duplicate-parameter");
    found.set(name, value);
  }
  const [t, signature] = [found.get("t"), found.get("signature")];
  if (t === undefined || signature === undefined) refuse("missing-parameter");
  if (/^[0-9]{13}$/.test(t)) refuse("timestamp-in-milliseconds");
  if (!/^[0-9]{1,12}$/.test(t)) refuse("malformed");
  return { t, digest: digestOf(signature) };
}

/** Return the pairs as received, and what else OfficeRnD may have signed: no empty memberId, no quotes, neither. */
function forms(pairs) {
  const without = pairs.filter(([name, value]) => name !== "memberId" || value !== "");
  const found = [pairs];
  if (without.length < pairs.length) found.push(without);
  if (pairs.some(isQuoted)) found.push(...found.map(unquoted));
  return found;
}

function isQuoted([name, value]) {
  return name === "organizationId" && value.length > 2 && value.startsWith('"') && value.endsWith('"');
}

/** Return the pairs with one pair of quotes around organizationId taken off. */
function unquoted(pairs) {
  return pairs.map((pair) => (isQuoted(pair) ? [pair[0], pair[1].slice(1, -1)] : pair));
}

function written(timestamp, digest) {
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new TypeError("timestamp is a whole number of seconds");
  return `t=${timestamp},signature=${digest.toString("hex")}`;
}

/**
 * Make a handler for `http.createServer`: GET requests are verified as queries, POST requests as webhooks.
 * `accepted(verified, response, request)` sends the answer to a genuine request; of a webhook, `verified.body` holds the
 * bytes. Everything else gets 401 and one message.
 */
export function handler({ secret, webhookSecret, accepted, now = clock, log = console.error }) {
  const verify = async (request) => {
    if (request.method === "GET") return verifyQuery(request.url, { secret, now: now() });
    if (request.method !== "POST") refuse("wrong-method");
    const body = await readBody(request, MOST_BODY);
    const signature = header(request, "officernd-signature");
    return { ...verifyWebhook(body, signature, { secret: webhookSecret, now: now() }), body };
  };
  const refused = (response) =>
    send(response, 401, "application/json", JSON.stringify({ message: "The request could not be verified." }));
  return guarded({ name: "officernd", log, verify, refused, accepted });
}
