// onOffice enterprise: verify the signed URLs of the marketplace (activation, service, webhook), sign the calls of the
// API, and read its answer to unlockProvider. Copy this file and strict.mjs. Node 20 or newer, no dependency.
import { createHash } from "node:crypto";
import { JsonNumber, Refused, bytesOf, checkAge, clock, digestOf, guarded, hmac, keyOf, readJson, readQuery, refuse, same, send, textOf, unique } from "./strict.mjs";

const TOLERANCE = [300, 120]; // seconds back and ahead; no page names a number
const DEEPEST = 100;
const IS_NUMBER = /^[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*$/; // is_numeric of PHP

/**
 * Verify a whole URL: your public origin, as it is configured, and behind it the raw target, such as `request.url`.
 * Do not take the origin from the request. All parameters are covered, and scheme, host and path; the port is not.
 */
export function verifyUrl(target, { secret, now, tolerance = TOLERANCE }) {
  const key = keyOf(secret);
  const { base, pairs } = readUrl(target);
  const values = new Map(pairs);
  const digest = digestOf(required(values, "signature"));
  const seconds = secondsOf(required(values, "timestamp"));
  if (!same(hmac(key, urlMessage(base, pairs)), digest)) refuse("signature-mismatch");
  checkAge(seconds, now, tolerance);
  const parameters = pairs.filter(([name]) => name !== "signature");
  return { parameters, timestamp: seconds, covered: parameters.map(([name]) => name), not_covered: [] };
}

/** Return a URL with its signature, as the platform makes it. */
export function signUrl(target, { secret }) {
  const key = keyOf(secret);
  const { base, pairs, query } = readUrl(target);
  if (pairs.some(([name]) => name === "signature")) refuse("duplicate-parameter");
  const signature = hmac(key, urlMessage(base, pairs)).toString("hex");
  const [whole] = target.split("#", 1);
  const joint = !whole.includes("?") ? "?" : query === "" || query.endsWith("&") ? "" : "&";
  return `${whole}${joint}signature=${signature}${target.slice(whole.length)}`;
}

/** Return the bytes that the signature of a URL covers; for debugging. */
export function signedBytes(target) {
  const { base, pairs } = readUrl(target);
  return urlMessage(base, pairs);
}

/** Return the same as a text, in ASCII. */
export function stringToSign(target) {
  return signedBytes(target).toString("latin1");
}

/** Take a URL apart: the base that is signed, the query, and its decoded pairs. */
function readUrl(url) {
  if (!/^[\x21-\x7e]*$/.test(url)) refuse("malformed");
  const [whole] = url.split("#", 1);
  const mark = whole.indexOf("?");
  const head = mark < 0 ? whole : whole.slice(0, mark);
  const query = mark < 0 ? "" : whole.slice(mark + 1);
  const scheme = /^https?:\/\//i.exec(head)?.[0] ?? refuse("malformed");
  const slash = head.indexOf("/", scheme.length);
  const authority = slash < 0 ? head.slice(scheme.length) : head.slice(scheme.length, slash);
  const place = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?$/.exec(authority.slice(authority.lastIndexOf("@") + 1));
  if (!place) refuse("malformed");
  const [, host, port = ""] = place;
  if (port.length > 5 || Number(port) > 65_535) refuse("malformed");
  if (slash < 0) refuse("malformed");
  const pairs = readQuery(query);
  const names = pairs.map(([name]) => name);
  if (names.some((name) => name === "" || /[[. \x00-\x1f\x7f]/.test(name))) refuse("malformed");
  if (names.some((name) => IS_NUMBER.test(name))) refuse("malformed"); // PHP would sort it by value
  return { base: scheme + host + head.slice(slash), query, pairs: unique(pairs) };
}

function urlMessage(base, pairs) {
  const signed = pairs.filter(([name]) => name !== "signature").sort(byBytes);
  return bytesOf(`${base}?${signed.map((pair) => pair.map(urlencode).join("=")).join("&")}`);
}

/** Compare names as PHP does, by bytes; `sort()` compares UTF-16, which differs beyond U+FFFF. */
function byBytes([one], [other]) {
  return Buffer.compare(bytesOf(one), bytesOf(other));
}

/** Escape as PHP's urlencode does. */
function urlencode(text) {
  const more = (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll("%20", "+").replace(/[!'()*~]/g, more);
}

function required(values, name) {
  const value = values.get(name) ?? refuse("missing-parameter");
  return value === "" ? refuse("empty-parameter") : value;
}

function secondsOf(digits) {
  if (/^[0-9]{13}$/.test(digits)) refuse("timestamp-in-milliseconds");
  return /^[0-9]{1,12}$/.test(digits) ? Number(digits) : refuse("malformed");
}

/**
 * Return the HMAC of one action of an API call. `apiKey` is that of the API user, not the provider secret.
 * Version 1 is the old form: `parameters` is then a Map as `readJson` returns it, which keeps order and digits.
 */
export function apiHmac({
  token, apiKey, timestamp, resourceType, actionId, version = 2, identifier = "", resourceId = "", parameters = new Map(),
}) {
  const key = keyOf(apiKey);
  const digits = String(timestamp);
  secondsOf(digits);
  if (version === 2) return hmac(key, bytesOf(digits + token + resourceType + actionId)).toString("base64");
  if (version !== 1) refuse("not-allowed");
  if ([...parameters.keys()].some((name) => IS_NUMBER.test(name))) refuse("malformed");
  const sorted = new Map([...parameters].sort(byBytes));
  checkShape(sorted, 1);
  const fields = [writePhp(sorted), token, actionId, identifier, resourceId, apiKey, digits, resourceType];
  return md5(apiKey + md5(fields.join(",")));
}

function md5(text) {
  return createHash("md5").update(bytesOf(text)).digest("hex");
}

/** Refuse what PHP would write otherwise: too many levels, or an inner object that it takes for a list. */
function checkShape(value, depth) {
  if (!(value instanceof Map) && !Array.isArray(value)) return;
  if (depth > DEEPEST) refuse("malformed");
  if (value instanceof Map && value.size > 0 && [...value.keys()].every((name, place) => name === String(place))) {
    refuse("malformed");
  }
  for (const inner of value.values()) checkShape(inner, depth + 1);
}

/** Write JSON as PHP's json_encode does. */
function writePhp(value) {
  if (typeof value === "string") {
    const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    bytesOf(value);
    return JSON.stringify(value).replaceAll("/", "\\/").replace(/[^\x00-\x7f]/g, escaped);
  }
  if (value instanceof JsonNumber) return wholeNumber(value.text);
  if (Array.isArray(value)) return `[${value.map(writePhp).join(",")}]`;
  if (!(value instanceof Map)) return JSON.stringify(value); // true, false, null
  if (value.size === 0) return "[]";
  return `{${[...value].map((pair) => pair.map(writePhp).join(":")).join(",")}}`;
}

/** Return the digits of a whole number of 64 bits; send any other number as a text. */
function wholeNumber(text) {
  if (!/^-?[0-9]{1,19}$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) refuse("wrong-type");
  return text === "-0" ? "0" : text;
}

/**
 * Say whether the API's answer to unlockProvider means that the provider is activated: `platform-error` is a no,
 * `unexpected-answer` an answer that is not as documented.
 */
export function unlockAnswer(status, body) {
  if (status !== 200) refuse("platform-error");
  const found = readAnswer(body);
  if (!isZero(member(member(found, "status"), "errorcode"))) refuse("platform-error");
  const results = member(member(found, "response"), "results");
  if (!Array.isArray(results) || results.length !== 1 || !(results[0] instanceof Map)) refuse("unexpected-answer");
  if (!isZero(member(member(results[0], "status"), "errorcode"))) refuse("platform-error");
  const records = member(member(results[0], "data"), "records");
  if (!Array.isArray(records) || !(records[0] instanceof Map)) refuse("unexpected-answer");
  if (member(member(records[0], "elements"), "success") !== "success") refuse("platform-error");
  return { success: "success" };
}

function readAnswer(body) {
  try {
    const found = readJson(textOf(body));
    return found instanceof Map ? found : refuse("unexpected-answer");
  } catch (error) {
    throw error instanceof Refused ? new Refused("unexpected-answer") : error;
  }
}

function member(value, name) {
  return value instanceof Map ? value.get(name) : undefined;
}

function isZero(code) {
  return code instanceof JsonNumber ? Number(code.text) === 0 : refuse("unexpected-answer");
}

/**
 * Make a handler for `http.createServer`. `base` is your public origin, such as https://provider.example, with the path
 * that a proxy takes off, if any. `accepted(signed, response, request)` answers a genuine request; everything else gets one page.
 */
export function handler({ secret, base, accepted, now = clock, log = console.error }) {
  const verify = (request) => {
    if (request.method !== "GET") refuse("wrong-method"); // a body would not be signed
    return verifyUrl(base + request.url, { secret, now: now() });
  };
  const page = "<!doctype html><title>Not open</title><p>Please open the page in onOffice again.</p>";
  const refused = (response) => send(response, 403, "text/html; charset=utf-8", page);
  return guarded({ name: "onoffice", log, verify, refused, accepted });
}
