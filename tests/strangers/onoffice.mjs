// A provider for onOffice enterprise, in Node 20 without dependencies, written from the guide's pages alone.
// PORT, PLATFORM, SECRET, STATE (a file) and BUG are read from the environment; BASE_URL where a proxy is in front.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { apiHmac, signedBytes, unlockAnswer, verifyUrl } from "../../docs/verifiers/node/onoffice.mjs";
import { Refused, clock, hmac, keyOf, rawQuery, readBody, readPairs, readQuery, refuse, unique } from "../../docs/verifiers/node/strict.mjs";

// Mistakes that people make, and the clause that each of them breaks.
const BUGS = {
  "no-time-check": "onoffice:url.tolerance",
  "milliseconds-too": "onoffice:url.timestamp-unit",
  "first-digits-compared": "onoffice:url.verify",
  "any-case-of-digits": "onoffice:url.digest",
  "api-key-too": "onoffice:secret.two",
  "no-secret-too": "onoffice:secret.empty",
  "first-of-two-taken": "onoffice:url.repeated",
  "sorted-as-people-sort": "onoffice:url.order",
  "order-as-received": "onoffice:url.any-order",
  "tilde-unescaped": "onoffice:url.encoding",
  "own-parameters-left-out": "onoffice:url.signed-parameters",
  "empty-values-left-out": "onoffice:url.empty",
  "loaded-once": "onoffice:url.reload",
  "answers-tell-why": "onoffice:url.refused",
  "not-to-be-framed": "onoffice:url.frameable",
  "name-not-escaped": "onoffice:page.escaped",
  "box-unread": "onoffice:page.privacy",
  "form-believed": "onoffice:unlock.bound",
  "blanks-kept": "onoffice:unlock.key",
  "claim-left-out": "onoffice:unlock.claim",
  "success-unread": "onoffice:unlock.answer",
  "stored-before-the-call": "onoffice:unlock.failure",
  "second-click-calls": "onoffice:unlock.repeat",
  "errors-with-a-status": "onoffice:feedback.answer",
  "message-as-json": "onoffice:feedback.plain",
  "silence-is-success": "onoffice:feedback.truthful",
  "hmac-in-hex": "onoffice:api.hmac",
  "clock-read-twice": "onoffice:api.one-clock",
  "activator-alone": "onoffice:service.other-users",
  "first-claim-kept": "onoffice:claim.latest",
  "old-credentials-kept": "onoffice:credentials.replaced",
  "last-customer-for-all": "onoffice:credentials.customer",
  "block-unnoticed": "onoffice:block.noticed",
  "webhook-with-a-page": "onoffice:webhook.answer",
};

const { PLATFORM, SECRET = "", STATE = "", BUG = "" } = process.env;
if (!SECRET) throw new Error("SECRET has to be set");
if (BUG && !BUGS[BUG]) throw new Error(`no bug is called ${BUG}`);
const bug = (name) => BUG === name;
const ACTION = "urn:onoffice-de-ns:smart:2.5:smartml:action:";
const MOST = 1024 * 1024;

// --- what is kept ------------------------------------------------------------------------------------------------

const customers = new Map(STATE && existsSync(STATE) ? JSON.parse(readFileSync(STATE, "utf8")) : []);
const tickets = new Map(); // ticket of an activation page → what its URL said
const claims = new Map(); // customer and user → the claim of their latest service call
const seen = new Set();

function keep() {
  if (STATE) writeFileSync(STATE, JSON.stringify([...customers]), { mode: 0o600 });
}

function put(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > 10_000) map.delete(map.keys().next().value);
}

// --- signed URLs -------------------------------------------------------------------------------------------------

/** Return the parameters of a signed URL by name. */
function verified(request) {
  if (request.method !== "GET") refuse("wrong-method");
  const url = base() + request.url;
  const settings = { secret: SECRET, now: clock(), ...(bug("no-time-check") && { tolerance: [Infinity, Infinity] }) };
  try {
    const { parameters } = verifyUrl(mistaken(url), settings);
    if (bug("loaded-once") && seen.size === seen.add(url).size) refuse("replayed");
    if (bug("order-as-received") && !otherMessages(url)[0] !== signedBytes(url).toString()) refuse("signature-mismatch");
    return new Map(parameters);
  } catch (error) {
    if (error.reason === "signature-mismatch" && BUG && taken(url)) return new Map(readQuery(rawQuery(url)));
    if (bug("milliseconds-too") && error.reason === "timestamp-in-milliseconds") {
      return new Map(readQuery(rawQuery(url).replace(/(timestamp=[0-9]{10})[0-9]{3}/, "$1")));
    }
    throw error;
  }
}

/** Return what a provider with a mistake makes of the URL before it verifies. */
function mistaken(url) {
  const pieces = rawQuery(url).split("&");
  const names = pieces.map((piece) => piece.split("=")[0]);
  const whole = (kept) => `${url.split("?")[0]}?${kept.join("&")}`;
  if (bug("first-of-two-taken")) return whole(pieces.filter((_, at) => names.indexOf(names[at]) === at));
  if (bug("empty-values-left-out")) return whole(pieces.filter((piece) => !piece.endsWith("=") || piece === "apiToken="));
  if (bug("any-case-of-digits")) return url.replace(/signature=[0-9A-Fa-f]{64}/, (found) => found.toLowerCase());
  return url;
}

/** Say whether a provider with a mistake takes a wrong signature for right. */
function taken(url) {
  const pairs = readQuery(rawQuery(url));
  const signature = pairs.find(([name]) => name === "signature")[1];
  const customer = customers.get(pairs.find(([name]) => name === "customerWebId")?.[1]);
  const message = signedBytes(url);
  const right = hmac(keyOf(SECRET), message).toString("hex");
  if (bug("first-digits-compared")) return signature.slice(0, 16) === right.slice(0, 16);
  if (bug("no-secret-too")) return signature === hmac("", message).toString("hex");
  if (bug("api-key-too") && customer) return signature === hmac(customer.key, message).toString("hex");
  return otherMessages(url).some((other) => signature === hmac(SECRET, other).toString("hex"));
}

function otherMessages(url) {
  const pairs = readQuery(rawQuery(url)).filter(([name]) => name !== "signature");
  const escaped = (text) => encodeURIComponent(text).replaceAll("%20", "+").replace(/[!'()*~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const write = (pair) => pair.map(escaped).join("=");
  const address = url.split("?")[0].replace(/:[0-9]+/, "");
  const text = (start, chosen, one = write) => `${start}?${chosen.map(one).join("&")}`;
  const sorted = pairs.toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (bug("order-as-received")) return [text(address, pairs)];
  if (bug("sorted-as-people-sort")) return [text(address, pairs.toSorted(([one], [other]) => one.localeCompare(other, "en")))];
  if (bug("tilde-unescaped")) return [text(address, sorted, (pair) => write(pair).replaceAll("%7E", "~"))];
  if (bug("own-parameters-left-out")) return [text(address, sorted.filter(([name]) => !["plan", "Zone", "ref", "added"].includes(name)))];
  return [];
}

// --- pages -------------------------------------------------------------------------------------------------------

const escape = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

const SCRIPT = `
const form = document.querySelector("form");
const button = form.querySelector("button");
form.agreed.addEventListener("change", () => { button.disabled = !form.agreed.checked; });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  let text = "No answer came. Please try again.";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.status === 200) text = await answer.text();
  } catch { /* the text says it */ }
  document.querySelector("output").textContent = text === "active" ? "This provider is active." : text;
  button.disabled = !form.agreed.checked;
  window.parent.postMessage(text, "*");
});`;

function page(response, status, body) {
  const frames = bug("not-to-be-framed") ? "'none'" : PLATFORM;
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "referrer-policy": "no-referrer",
    "content-security-policy": `frame-ancestors ${frames}`,
  }).end(`<!doctype html><meta charset="utf-8"><title>Provider</title>${body}`);
}

function plain(response, status, text) {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" }).end(text);
}

function activation(given, response) {
  if (!given.get("apiToken")) refuse("empty-parameter");
  const ticket = randomBytes(24).toString("hex");
  put(tickets, ticket, { ...Object.fromEntries(given), until: clock() + 3600 });
  const name = bug("name-not-escaped") ? given.get("customerName") : escape(given.get("customerName") ?? "");
  page(response, 200, `<h1>Activate for ${name}</h1>
<form method="post" action="unlock"><input type="hidden" name="ticket" value="${ticket}">
<p><label>API key <input type="password" name="apiKey" autocomplete="off" required></label>
<p><label><input type="checkbox" name="agreed" value="yes"> I agree to the privacy policy</label>
<p><button disabled>Activate now</button></form><output></output><script>${SCRIPT}</script>`);
}

// --- calls to onOffice -------------------------------------------------------------------------------------------

async function call(token, key, action, type, resource, parameters) {
  const timestamp = clock();
  const mac = apiHmac({ token, apiKey: key, timestamp, resourceType: type, actionId: ACTION + action });
  const hex = Buffer.from(mac, "base64").toString("hex");
  const one = {
    actionid: ACTION + action, resourceid: resource, resourcetype: type, identifier: "",
    timestamp: bug("clock-read-twice") ? timestamp + 1 : timestamp, parameters,
    hmac: bug("hmac-in-hex") ? hex : mac, hmac_version: 2,
  };
  const options = { method: "POST", redirect: "manual", signal: AbortSignal.timeout(Number(process.env.TIMEOUT ?? 10) * 1000), headers: { "content-type": "application/json" } };
  try {
    const answer = await fetch(`${PLATFORM}/api/stable/api.php`, { ...options, body: JSON.stringify({ token, request: { actions: [one] } }) });
    const chunks = [];
    let length = 0;
    for await (const chunk of answer.body ?? []) {
      if ((length += chunk.length) > MOST) throw new Error("too long");
      chunks.push(chunk);
    }
    return { status: answer.status, body: Buffer.concat(chunks) };
  } catch {
    return refuse("unreachable");
  }
}

/** Return the code of an answer: that of the action, or else that at the top; 0 is success. */
function codeOf({ status, body }) {
  let answer;
  try {
    answer = JSON.parse(body.toString());
  } catch {
    return refuse("unexpected-answer");
  }
  const code = answer.response?.results?.[0]?.status?.errorcode || answer.status?.errorcode;
  return typeof code === "number" && (code || status === 200) ? code : refuse("platform-error");
}

// --- activation --------------------------------------------------------------------------------------------------

async function unlock(request, response) {
  const said = (text) => plain(response, bug("errors-with-a-status") && text !== "active" ? 400 : 200, text);
  try {
    const form = new Map(unique(readPairs((await readBody(request, 65_536)).toString("latin1"))));
    await unlocked(form);
    said(bug("message-as-json") ? '"active"' : "active");
  } catch (error) {
    refused("/unlock", error);
    const texts = {
      "empty-parameter": "Please paste the API key.", "not-allowed": "Please agree to the privacy policy first.",
      "unknown-installation": "This page is too old. Please open the provider again.",
      "platform-error": "onOffice refused. Is the API key right? Please copy it again.",
    };
    said(texts[error.reason] ?? "onOffice did not answer as expected. Please try again.");
  }
}

async function unlocked(form) {
  let one = tickets.get(form.get("ticket"));
  if (bug("form-believed") && !one) one = { apiToken: form.get("token"), parameterCacheId: form.get("parameterCacheId"), apiClaim: form.get("extendedClaim"), until: Infinity };
  if (!one || one.until < clock()) refuse("unknown-installation");
  if (form.get("agreed") !== "yes" && !bug("box-unread")) refuse("not-allowed");
  const pasted = form.get("apiKey") ?? "";
  const key = bug("blanks-kept") ? pasted : pasted.trim();
  if (key.trim() === "") refuse("empty-parameter");
  if (one.done && !bug("second-click-calls")) return;
  one.running ??= activate(one, key).finally(() => { one.running = undefined; });
  await one.running;
}

async function activate(one, key) {
  const { apiToken: token, apiClaim, parameterCacheId, customerWebId, userId, customerName } = one;
  const claim = apiClaim && !bug("claim-left-out") ? { extendedclaim: apiClaim } : {};
  const before = customers.get(customerWebId);
  const stored = bug("old-credentials-kept") && before ? before : { token, key, name: customerName, userId };
  if (bug("stored-before-the-call")) customers.set(customerWebId, stored);
  try {
    const { status, body } = await call(token, key, "do", "unlockProvider", "", { ...claim, parameterCacheId });
    const read = bug("success-unread") ? Buffer.from(body.toString().replace(/"success": ?"[^"]*"/, '"success":"success"')) : body;
    unlockAnswer(status, read);
  } catch (error) {
    if (!bug("silence-is-success") || error.reason !== "unreachable") throw error;
  }
  one.done = true;
  customers.set(customerWebId, stored);
  keep();
}

// --- services ----------------------------------------------------------------------------------------------------

async function service(given, response) {
  const webId = given.get("customerWebId");
  const customer = bug("last-customer-for-all") ? [...customers.values()].at(-1) : customers.get(webId);
  if (!customer || !customers.has(webId)) refuse("unknown-installation");
  if (bug("activator-alone") && customer.userId !== given.get("userId")) refuse("not-allowed");
  const parameters = { extendedclaim: claimOf(given), data: ["Id", "objekttitel"] };
  const code = codeOf(await call(customer.token, customer.key, "read", "estate", given.get("estateId") ?? "", parameters));
  if (code === 22 || code === 48) { // the customer has blocked us
    if (!bug("block-unnoticed")) customers.delete(webId);
    keep();
  }
  if (code !== 0) refuse("platform-error");
  page(response, 200, `<h1>Plans for ${escape(customer.name)}</h1>`);
}

/** Return the claim of the user's latest call, by the signed time. */
function claimOf(given) {
  const user = JSON.stringify([given.get("customerWebId"), given.get("userId")]);
  const time = Number(given.get("timestamp"));
  const known = claims.get(user);
  if (!known || (time >= known.time && !bug("first-claim-kept"))) put(claims, user, { time, claim: given.get("apiClaim") ?? "" });
  return claims.get(user).claim;
}

function webhook(given, response) {
  if (bug("webhook-with-a-page")) return page(response, 200, "<p>Thank you.</p>");
  return plain(response, 200, "ok");
}

// --- the server --------------------------------------------------------------------------------------------------

function refused(where, error) {
  console.error(`onoffice: refused: ${where}: ${error instanceof Refused ? error.reason : `internal error (${error.name})`}`);
}

const SIGNED = { "/activate": activation, "/service": service, "/webhook": webhook };

async function handle(request, response) {
  const [where] = request.url.split("?", 1);
  if (where === "/unlock" && request.method === "POST") return unlock(request, response);
  if (!SIGNED[where]) return plain(response, 404, "");
  try {
    await SIGNED[where](verified(request), response);
  } catch (error) {
    refused(where, error);
    if (response.headersSent) return response.destroy();
    const why = bug("answers-tell-why") ? ` (${error.reason})` : "";
    page(response, 403, `<p>Please open this page in onOffice again.${why}</p>`);
  }
}

const server = createServer(handle);
const base = () => process.env.BASE_URL ?? `http://127.0.0.1:${server.address().port}`;
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`listening on ${base()}`));
