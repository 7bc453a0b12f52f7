// RetailCRM (Simla): verify the registration of a module, the POST that the platform sends at Connect.
// Copy this file and strict.mjs. Node 20 or newer, no dependency.
import { bytesOf, digestOf, guarded, header, hmac, keyOf, lower, readBody, readJson, readMultipart, readPairs, refuse, same, send, trim, unique } from "./strict.mjs";

const MOST_BODY = 65_536;
const MEMBERS = ["token", "apiKey", "systemUrl"];

/** The origins of the platform's accounts; a star stands for exactly one label. */
export const ORIGINS = [
  "https://*.retailcrm.ru", "https://*.retailcrm.pro", "https://*.retailcrm.es", "https://*.retailcrm.io",
  "https://*.simla.com", "https://*.simla.io", "https://*.simlachat.com", "https://*.ecomlogic.com",
];

/**
 * Verify the raw body of a registration.
 * The token covers the API key and nothing else: whoever has seen one registration can send its key and token with
 * another address. So use `system_url` only after `canonicalSystemUrl`, as the handler below does.
 */
export function verifyRegistration(body, contentType, { secret }) {
  const key = tokenKey(secret);
  const { members, digest } = readRegistration(body, contentType);
  if (!same(hmac(key, tokenMessage(members.get("apiKey"))), digest)) refuse("signature-mismatch");
  return {
    parameters: [...members].filter(([name]) => name !== "token"),
    api_key: members.get("apiKey"),
    system_url: members.get("systemUrl"),
    covered: ["apiKey"],
    not_covered: ["systemUrl"],
  };
}

/** Make the token of an API key, as the platform does. */
export function registrationToken(apiKey, { secret }) {
  const key = tokenKey(secret);
  if (apiKey === "") refuse("empty-parameter");
  return hmac(key, tokenMessage(apiKey)).toString("hex");
}

/** Return the bytes that the token of a registration covers; for debugging. */
export function signedBytes(body, contentType) {
  return tokenMessage(readRegistration(body, contentType).members.get("apiKey"));
}

export function tokenMessage(apiKey) {
  return withoutNul(bytesOf(apiKey));
}

/**
 * Return the origin of an account's address, if the list allows it: `malformed` is what no list can name, `not-allowed`
 * what this one does not name. Send the API key to no other address.
 */
export function canonicalSystemUrl(url, { allowed = ORIGINS } = {}) {
  const found = /^(https?):\/\/([a-z0-9.-]+)(:[0-9]+)?\/*$/.exec(lower(url));
  if (!found) refuse("malformed");
  const [, scheme, host, port = ""] = found;
  const labels = host.split(".");
  if (labels.some((label) => label === "" || label.startsWith("-") || label.endsWith("-"))) refuse("malformed");
  const origin = `${scheme}://${host}${port}`;
  const hasPattern = scheme === "https" && port === "" && labels.length > 1;
  const pattern = ["https://*", ...labels.slice(1)].join(".");
  if (!allowed.includes(origin) && !(hasPattern && allowed.includes(pattern))) refuse("not-allowed");
  return origin;
}

/** HMAC fills a short key up with NULs, so with a NUL at its end two secrets would verify one token. */
function tokenKey(secret) {
  return withoutNul(keyOf(secret));
}

function withoutNul(bytes) {
  return bytes.includes(0) ? refuse("malformed") : bytes;
}

/** Return the three members of the field `register`, in the order received, and the digest that `token` is. */
function readRegistration(body, contentType) {
  const fields = new Map(readAlike(unique(readForm(body, contentType))));
  const register = fields.get("register");
  if (register === undefined) refuse("missing-parameter");
  if (register === "") refuse("empty-parameter");
  const found = readJson(register);
  if (!(found instanceof Map)) refuse("wrong-type");
  const members = new Map([...found].filter(([name]) => MEMBERS.includes(name)));
  const values = MEMBERS.map((name) => members.get(name) ?? null);
  if (values.includes(null)) refuse("missing-parameter");
  if (values.some((value) => typeof value !== "string")) refuse("wrong-type");
  if (values.includes("")) refuse("empty-parameter");
  return { members, digest: digestOf(members.get("token")) };
}

function readForm(body, contentType) {
  if (body.length > MOST_BODY) refuse("too-large");
  const [type, ...attributes] = contentType.split(";").map(trim);
  if (lower(type) === "application/x-www-form-urlencoded") return readPairs(body.toString("latin1"));
  const boundaries = attributes.filter((one) => lower(one).startsWith("boundary=")).map((one) => one.slice(9));
  if (lower(type) !== "multipart/form-data" || boundaries.length !== 1) refuse("wrong-content-type");
  const boundary = boundaries[0].replace(/^"(.*)"$/, "$1");
  return /^[!#-+\--~]{1,70}$/.test(boundary) ? readMultipart(body, boundary) : refuse("wrong-content-type");
}

/**
 * PHP reads `register[x]`, ` register` and `register\0x` as `register`, so the program behind could see another value.
 * Refuse a field if PHP would read its name as that of another field.
 */
function readAlike(fields) {
  const names = new Set(fields.map(([name]) => name));
  for (const name of names) {
    const other = phpName(name);
    if (other !== name && names.has(other)) refuse("duplicate-parameter");
  }
  return fields;
}

function phpName(name) {
  const [start] = name.replace(/^ +/, "").split("\0", 1);
  const open = start.indexOf("[");
  return open > 0 && start.includes("]", open) ? start.slice(0, open) : start;
}

/**
 * Make a handler for `http.createServer`. `accepted(registration, response, request)` gets what was verified, with the account's
 * `origin`, and answers; everything else gets status 200, which the platform asks for, and one message.
 */
export function handler({ secret, accepted, allowed = ORIGINS, log = console.error }) {
  const verify = async (request) => {
    if (request.method !== "POST") refuse("wrong-method");
    const body = await readBody(request, MOST_BODY);
    const found = verifyRegistration(body, header(request, "content-type"), { secret });
    return { ...found, origin: canonicalSystemUrl(found.system_url, { allowed }) };
  };
  const refused = (response) =>
    send(response, 200, "application/json", JSON.stringify({ success: false, errorMsg: "The module could not be connected." }));
  return guarded({ name: "retailcrm", log, verify, refused, accepted });
}
