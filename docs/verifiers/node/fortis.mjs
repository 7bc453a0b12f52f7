// Fortis (Zeamster): verify a launch, the address with which the platform opens an app in an iframe.
// Copy this file and strict.mjs. Node 20 or newer, no dependency.
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { JsonNumber, bytesOf, checkAge, clock, digestOf, guarded, hmac, keyOf, longerThan, rawQuery, readJson, readQuery, refuse, same, send, textOf, unique, writeObject } from "./strict.mjs";

const TOLERANCE = [300, 60]; // seconds back and ahead; no page names a number
const MOST_CHARACTERS = 8192; // of the parameter `data`
const HEADER = Buffer.from("Salted__");
const MEMBERS = ["location_id", "user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url"];

/**
 * Verify the raw target of a launch, such as `request.url`. `mode` is the one mode of the app.
 * In mode `plain` the HMAC covers location_id and timestamp alone: whoever has a launch can change the user. In mode
 * `encrypted` nothing is covered: the encryption has no MAC and no time. Ask the platform whose access token it is.
 */
export function verifyLaunch(target, { secret, mode, now }) {
  const key = keyOf(secret);
  if (mode !== "plain" && mode !== "encrypted") throw new TypeError("mode is plain or encrypted");
  const values = readLaunch(target);
  const [own, other] = mode === "plain" ? ["hmac", "data"] : ["data", "hmac"];
  if (!values.has(own) && values.has(other)) refuse("not-allowed");
  if (mode === "plain") return verifyPlain(values, key, now);
  if (!values.has("data")) refuse("missing-parameter");
  const { parameters, covered, not_covered } = decryptParameters(values.get("data"), { secret });
  return { mode, parameters, timestamp: null, covered, not_covered };
}

function verifyPlain(values, key, now) {
  const { digest, message, seconds } = readPlain(values);
  if (!same(hmac(key, message), digest)) refuse("signature-mismatch");
  checkAge(seconds, now, TOLERANCE);
  const parameters = [...values].filter(([name, value]) => name !== "hmac" && !isAbsent(value));
  const covered = ["location_id", "timestamp"];
  return {
    mode: "plain",
    parameters,
    timestamp: seconds,
    covered,
    not_covered: parameters.map(([name]) => name).filter((name) => !covered.includes(name)),
  };
}

/** Read a value of `data`, percent-decoded once. Nothing in it is authentic. */
export function decryptParameters(data, { secret }) {
  const passphrase = keyOf(secret);
  const { salt, ciphertext } = envelope(data);
  const cipher = createDecipheriv("aes-256-cbc", ...derived(passphrase, salt)).setAutoPadding(false);
  const padded = Buffer.concat([cipher.update(ciphertext), cipher.final()]);
  const count = padded.at(-1);
  if (count < 1 || count > 16 || !padded.subarray(-count).every((byte) => byte === count)) refuse("decryption-failed");
  const found = readJson(textOf(padded.subarray(0, -count), "decryption-failed"));
  if (!(found instanceof Map)) refuse("wrong-type");
  const parameters = [...found]
    .filter(([name, value]) => MEMBERS.includes(name) && !isAbsent(value))
    .map(([name, value]) => [name, asText(value)]);
  const values = new Map(parameters);
  if (!values.has("location_id") || !values.has("user_id")) refuse("missing-parameter");
  checkLocation(values.get("location_id"));
  return { parameters, covered: [], not_covered: parameters.map(([name]) => name) };
}

/** Make a value of `data`, as the platform does. The salt is eight bytes, random and new for each launch. */
export function encryptParameters(pairs, salt, { secret }) {
  const passphrase = keyOf(secret);
  const text = bytesOf(writeObject(unique(pairs)));
  const cipher = createCipheriv("aes-256-cbc", ...derived(passphrase, checkSalt(salt))); // it pads by itself
  return Buffer.concat([HEADER, salt, cipher.update(text), cipher.final()]).toString("base64");
}

/** Make the `hmac` of a launch in mode `plain`, as the platform does. Both are texts: zeros in front are signed. */
export function launchHmac(locationId, timestamp, { secret }) {
  return hmac(keyOf(secret), launchMessage(locationId, timestamp)).toString("hex");
}

/** Return the bytes that the `hmac` of a launch in mode `plain` covers; for debugging. */
export function signedBytes(target) {
  return readPlain(readLaunch(target)).message;
}

export function launchMessage(locationId, timestamp) {
  return Buffer.concat([bytesOf(locationId), bytesOf(timestamp)]);
}

/** Return the parameters of a launch by name. */
export function readLaunch(target) {
  const values = new Map(unique(readQuery(rawQuery(target))));
  for (const name of values.keys()) {
    const other = phpName(name);
    if (other !== name && values.has(other)) refuse("duplicate-parameter");
  }
  return values;
}

/** PHP reads `location.id`, `location_id[]` and ` location_id` as `location_id`, so a program behind could see another value. */
function phpName(name) {
  const [start] = name.replace(/^ +/, "").split("\0", 1);
  const open = start.indexOf("[");
  return (open > 0 && start.includes("]", open) ? start.slice(0, open) : start).replace(/[ .[]/g, "_");
}

function readPlain(values) {
  const three = ["hmac", "location_id", "timestamp"].map((name) => values.get(name));
  if (three.includes(undefined)) refuse("missing-parameter");
  if (three.includes("")) refuse("empty-parameter");
  const [digits, locationId, timestamp] = three;
  const digest = digestOf(digits);
  checkLocation(locationId);
  if (/^[0-9]{13}$/.test(timestamp)) refuse("timestamp-in-milliseconds");
  if (!/^[0-9]{10}$/.test(timestamp)) refuse("malformed");
  return { digest, message: launchMessage(locationId, timestamp), seconds: Number(timestamp) };
}

function checkLocation(text) {
  if (!/^[0-9a-fA-F-]{24,36}$/.test(text)) refuse("malformed");
}

/** An empty value counts as absent, and so does a placeholder that the platform did not fill. */
function isAbsent(value) {
  return value === null || value === "" || (typeof value === "string" && value.startsWith("{{"));
}

/** Return a text, or the digits of a whole number, all of them. */
function asText(value) {
  if (typeof value === "string") return value;
  if (!(value instanceof JsonNumber) || !/^-?[0-9]+$/.test(value.text)) refuse("wrong-type");
  return value.text === "-0" ? "0" : value.text;
}

/** Take a value of `data` apart, before any key is needed. */
export function envelope(data) {
  if (longerThan(data, MOST_CHARACTERS)) refuse("too-large");
  if (data === "") refuse("empty-parameter");
  const bytes = Buffer.from(data, "base64"); // skips what it does not know, so compare
  if (bytes.toString("base64") !== data) refuse("malformed");
  if (!bytes.subarray(0, 8).equals(HEADER)) refuse("malformed");
  if (bytes.length < 32 || bytes.length % 16 !== 0) refuse("malformed");
  return { bytes, salt: bytes.subarray(8, 16), ciphertext: bytes.subarray(16) };
}

export function checkSalt(salt) {
  return salt.length === 8 ? salt : refuse("malformed");
}

/** Return key and IV as `openssl enc -md md5` makes them. The platform asks for it; MD5 is no good choice elsewhere. */
function derived(passphrase, salt) {
  const md5 = (...parts) => createHash("md5").update(Buffer.concat(parts)).digest();
  const one = md5(passphrase, salt);
  const two = md5(one, passphrase, salt);
  return [Buffer.concat([one, two]), md5(two, passphrase, salt)];
}

/**
 * Make a handler for `http.createServer`. `accepted(launch, response, request)` answers a genuine launch; lead the frame on to
 * an address without the launch's values. Everything else gets one page.
 */
export function handler({ secret, mode, accepted, now = clock, log = console.error }) {
  const verify = (request) => {
    if (request.method !== "GET") refuse("wrong-method");
    return verifyLaunch(request.url, { secret, mode, now: now() });
  };
  const page = "<!doctype html><title>Not open</title><p>Please open the app in Fortis again.</p>";
  const refused = (response) => send(response, 403, "text/html; charset=utf-8", page);
  return guarded({ name: "fortis", log, verify, refused, accepted });
}
