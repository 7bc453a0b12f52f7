// A partner integration for OfficeRnD, in Node 20 without dependencies, written from the guide's pages alone.
// PORT, PLATFORM, CLIENT_ID, CLIENT_SECRET, STATE (a file), TIMEOUT and BUG are read from the environment.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { signedBytes, verifyQuery, verifyWebhook } from "../../docs/verifiers/node/officernd.mjs";
import { Refused, clock, header, hmac, keyOf, rawQuery, readBody, readQuery, refuse, send, unique } from "../../docs/verifiers/node/strict.mjs";

// Mistakes that people make, and the clause that each of them breaks.
const BUGS = {
  "no-time-check": "officernd:signature.tolerance",
  "milliseconds-too": "officernd:signature.timestamp",
  "first-digits-compared": "officernd:signature.comparison",
  "first-of-two-taken": "officernd:signature.repeated",
  "order-of-a-model": "officernd:signature.order",
  "four-parameters-known": "officernd:healthcheck.extra-parameters",
  "others-ignored": "officernd:signature.parameters",
  "locations-added": "officernd:signature.absent-locations",
  "ascii-json": "officernd:signature.json",
  "client-secret-too": "officernd:secret.not-client-secret",
  "one-secret-for-all": "officernd:signature.secret",
  "slug-alone": "officernd:organization.slug",
  "missing-is-fine": "officernd:signature.missing",
  "no-message": "officernd:healthcheck.failure",
  "answers-tell-why": "officernd:advice.uniform-answers",
  "sync-unverified": "officernd:signature.every-request",
  "post-is-fine": "officernd:requests.method",
  "body-written-again": "officernd:webhook.body",
  "integration-secret-too": "officernd:webhook.key",
  "webhook-without-time": "officernd:webhook.tolerance",
  "capital-unknown": "officernd:webhook.event",
  "secrets-all-deleted": "officernd:webhook.removal",
  "code-twice": "officernd:connect.repeated",
  "no-way-back": "officernd:return.redirect",
  "keeps-nothing": "officernd:secret.kept",
};

const { PLATFORM, CLIENT_ID, CLIENT_SECRET, STATE = "", BUG = "" } = process.env;
if (BUG && !BUGS[BUG]) throw new Error(`no bug is called ${BUG}`);
const bug = (name) => BUG === name;
const ACCOUNT = "Example Ltd";
const FORM = "application/x-www-form-urlencoded";
const MOST = 1024 * 1024;
const path = (...parts) => `/api/v1/organizations/${parts.map(encodeURIComponent).join("/")}`;

// --- what is kept ------------------------------------------------------------------------------------------------

const installations = new Map(STATE && existsSync(STATE) ? JSON.parse(readFileSync(STATE, "utf8")) : []);
const codes = new Map(); // code → the connect that it began

function keep(key, installation) {
  if (installation) installations.set(key, installation);
  if (STATE && !bug("keeps-nothing")) writeFileSync(STATE, JSON.stringify([...installations]), { mode: 0o600 });
}

function remember(code, promise) {
  codes.set(code, promise);
  if (codes.size > 1000) codes.delete(codes.keys().next().value);
  return promise;
}

// --- calls to OfficeRnD ------------------------------------------------------------------------------------------

async function call(method, url, options = {}) {
  let text, answer;
  try {
    answer = await fetch(url, { method, redirect: "manual", signal: AbortSignal.timeout(Number(process.env.TIMEOUT ?? 10) * 1000), ...options });
    text = await limited(answer);
  } catch {
    return refuse("unreachable");
  }
  if (!answer.ok) refuse("platform-error");
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return refuse("unexpected-answer");
  }
}

async function limited(answer) {
  let [text, length] = ["", 0];
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    if ((length += chunk.length) > MOST) throw new Error("too long");
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

async function tokens(fields) {
  const form = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, ...fields };
  const body = new URLSearchParams(form).toString();
  const answer = await call("POST", `${PLATFORM}/oauth/token`, { body, headers: { "content-type": FORM } });
  if (typeof answer.access_token !== "string") refuse("unexpected-answer");
  const refresh = answer.refresh_token ?? fields.refresh_token;
  return { access: answer.access_token, refresh, until: clock() + Number(answer.expires_in) };
}

async function authorised(one) {
  if (one.tokens.until - 60 <= clock()) {
    one.tokens = await tokens({ grant_type: "refresh_token", refresh_token: one.tokens.refresh });
    keep();
  }
  return { authorization: `Bearer ${one.tokens.access}` };
}

// --- connecting --------------------------------------------------------------------------------------------------

async function connect(given) {
  const grant = { grant_type: "authorization_code", code: given.code, redirect_uri: `${base()}/connect` };
  const got = await tokens({ ...grant, scope: "officernd.api.read officernd.api.write" });
  const headers = { authorization: `Bearer ${got.access}` };
  const organization = await call("GET", PLATFORM + path(given.org_slug), { headers });
  const region = organization.regionInfo?.regionUrl === PLATFORM ? organization.regionInfo.regionUrl : PLATFORM;
  const wanted = path(given.org_slug, "integrations", given.integrationId);
  const integration = await call("GET", `${region}${wanted}?appClientId=${encodeURIComponent(CLIENT_ID)}`, { headers });
  const { settings = {} } = integration;
  if (integration._id !== given.integrationId || settings.appClientId !== CLIENT_ID) refuse("identity-mismatch");
  if (typeof settings.secret !== "string" || typeof organization._id !== "string") refuse("unexpected-answer");
  if (settings.secret === "") refuse("empty-parameter");
  const key = `${organization._id}/${integration._id}`;
  const webhook = await subscribe(region, given.org_slug, `${base()}/removed/${key}`, headers);
  keep(key, {
    state: "connected", organization: organization._id, integration: integration._id, slug: given.org_slug,
    name: organization.name, locations: given.locations, secret: settings.secret, webhook, tokens: got, region,
  });
}

/** Subscribe to the removal, and delete what an earlier connection left at the same address. */
async function subscribe(region, slug, url, headers) {
  const event = { url, eventTypes: ["integration.removed"], description: "The integration was removed", enabled: true };
  const json = { ...headers, "content-type": "application/json" };
  const made = await call("POST", region + path(slug, "webhooks"), { headers: json, body: JSON.stringify(event) });
  const webhook = Array.isArray(made) ? made[0] : made;
  if (typeof webhook?.secret !== "string") refuse("unexpected-answer");
  const all = await call("GET", region + path(slug, "webhooks"), { headers });
  for (const old of Array.isArray(all) ? all : []) {
    if (old.url === url && old._id !== webhook._id) await call("DELETE", region + path(slug, "webhooks", old._id), { headers });
  }
  return { id: webhook._id, secret: webhook.secret };
}

async function connected(request, response) {
  const given = Object.fromEntries(unique(readQuery(rawQuery(request.url))));
  for (const name of ["code", "org_slug", "locations", "integrationId"]) {
    if (given[name] === undefined) refuse("missing-parameter");
    if (given[name] === "" && name !== "locations") refuse("empty-parameter");
  }
  const begun = bug("code-twice") ? undefined : codes.get(given.code);
  await (begun ?? remember(given.code, connect(given))).catch((error) => refused("connect", error));
  if (bug("no-way-back")) return send(response, 200, "text/html; charset=utf-8", "<p>You may close this window.</p>");
  response.writeHead(302, { location: `${PLATFORM}/connect/external-integration/return` }).end();
}

// --- signed requests ---------------------------------------------------------------------------------------------

/** Return the installation whose secret verifies the request. */
function verified(target) {
  const given = new Map(readQuery(rawQuery(target)));
  const id = given.get("organizationId")?.replace(/^"(.+)"$/, "$1");
  const active = [...installations.values()].filter((one) => one.state === "connected");
  const known = bug("slug-alone") ? [] : active.filter((one) => one.organization === id);
  const found = known.length ? known : active.filter((one) => one.slug === given.get("slug"));
  let reason = "unknown-installation";
  for (const one of bug("one-secret-for-all") ? active.slice(-1) : found) {
    try {
      verify(mistaken(target), one.secret);
      return one;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (reason === "unknown-installation" || reason === "signature-mismatch") ({ reason } = error);
    }
  }
  return refuse(reason);
}

function verify(target, secret) {
  const settings = { secret, now: clock(), ...(bug("no-time-check") && { tolerance: [Infinity, Infinity] }) };
  try {
    const found = verifyQuery(target, settings);
    const known = ["slug", "locations", "organizationId", "memberId"];
    if (bug("four-parameters-known") && found.covered.some((name) => !known.includes(name))) refuse("not-allowed");
    return found;
  } catch ({ reason }) {
    const unsigned = !/[?&]signature=/.test(target);
    if (bug("missing-is-fine") && unsigned && reason === "missing-parameter") return {};
    if (bug("client-secret-too") && reason === "signature-mismatch") return verifyQuery(target, { ...settings, secret: CLIENT_SECRET });
    if (bug("others-ignored") && reason === "signature-mismatch") {
      const known = rawQuery(target).split("&").filter((piece) => /^(slug|locations|organizationId|memberId|signature)=/.test(piece));
      return verifyQuery(`?${known.join("&")}`, settings);
    }
    if (bug("first-digits-compared") && reason === "signature-mismatch") {
      const right = hmac(keyOf(secret), signedBytes(target)).toString("hex");
      if (decodeURIComponent(target).includes(`signature=${right.slice(0, 8)}`)) return {};
    }
    if (bug("milliseconds-too") && reason === "timestamp-in-milliseconds") return {};
    return refuse(reason);
  }
}

/** Return what a partner with a mistake makes of the target before it verifies. */
function mistaken(target) {
  const pieces = rawQuery(target).split("&");
  const names = pieces.map((piece) => piece.split("=")[0]);
  const model = ["slug", "locations", "organizationId", "memberId"];
  const place = (piece) => [...model, piece.split("=")[0]].indexOf(piece.split("=")[0]);
  if (bug("first-of-two-taken")) return `?${pieces.filter((_, at) => names.indexOf(names[at]) === at).join("&")}`;
  if (bug("order-of-a-model")) return `?${pieces.toSorted((one, other) => place(one) - place(other)).join("&")}`;
  if (bug("locations-added") && !names.includes("locations")) return target.replace("&", "&locations=&");
  if (bug("ascii-json")) return target.replace(/%[89A-F][0-9A-F]/g, "%5Cu");
  return target;
}

const escape = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

function settingsPage({ name, slug, locations, region }) {
  const shown = [name, slug, locations || "all"].map((text) => escape(String(text)));
  const rows = ["Organisation", "Slug", "Locations"].map((label, at) => `<tr><th>${label}</th><td>${shown[at]}</td></tr>`);
  const back = `<a href="${escape(region)}/connect/external-integration/return">Back to OfficeRnD</a>`;
  return `<!doctype html><title>Settings</title><h1>Settings</h1><table>${rows.join("")}</table>${back}`;
}

const PAGES = {
  "/healthcheck": (one, response) => send(response, 200, "application/json", JSON.stringify({ accountName: ACCOUNT })),
  "/configure": (one, response) => send(response, 200, "text/html; charset=utf-8", settingsPage(one)),
  "/sync": (one, response) => send(response, 200, "application/json", "{}"),
};

// --- the webhook -------------------------------------------------------------------------------------------------

async function removed(request, response, key) {
  let body = await readBody(request, MOST);
  const one = installations.get(key) ?? refuse("unknown-installation");
  if (bug("body-written-again")) body = Buffer.from(JSON.stringify(JSON.parse(body)));
  const signature = header(request, "officernd-signature");
  const settings = { secret: one.webhook.secret, now: clock() };
  if (bug("webhook-without-time")) settings.tolerance = [Infinity, Infinity];
  try {
    verifyWebhook(body, signature, settings);
  } catch (error) {
    if (!bug("integration-secret-too") || !one.secret) throw error;
    verifyWebhook(body, signature, { ...settings, secret: one.secret });
  }
  const { eventType, data } = JSON.parse(body.toString());
  const about = data?.object?._id;
  if (about !== undefined && about !== one.integration) refuse("identity-mismatch");
  send(response, 200, "application/json", "{}");
  const named = bug("capital-unknown") ? eventType : String(eventType).toLowerCase();
  if (named !== "integration.removed" || one.state === "removed") return;
  const url = one.region + path(one.slug, "webhooks", one.webhook.id);
  const headers = authorised(one);
  if (bug("secrets-all-deleted")) installations.delete(key);
  else keep(key, { ...one, state: "removed", secret: "", tokens: {} }); // a repeat is verified with the webhook's secret
  await call("DELETE", url, { headers: await headers });
}

// --- the server --------------------------------------------------------------------------------------------------

function refused(where, error) {
  const reason = error instanceof Refused ? error.reason : `internal error (${error.name})`;
  console.error(`officernd: refused: ${where}: ${reason}`);
  return reason;
}

async function handle(request, response) {
  const [where] = request.url.split("?", 1);
  const hook = /^\/removed\/([0-9a-f]+\/[0-9a-f]+)$/.exec(where);
  const method = hook ? "POST" : "GET";
  const allowed = request.method === method || (bug("post-is-fine") && !hook);
  try {
    if (where !== "/connect" && !hook && !PAGES[where]) return send(response, 404, "text/plain", "");
    if (!allowed) {
      refused(where, new Refused("wrong-method"));
      response.setHeader("allow", method);
      return send(response, 405, "application/json", JSON.stringify({ message: "Wrong method." }));
    }
    if (hook) await removed(request, response, hook[1]);
    else if (where === "/connect") await connected(request, response);
    else PAGES[where](bug("sync-unverified") && where === "/sync" ? {} : verified(request.url), response);
  } catch (error) {
    const reason = refused(where, error);
    if (response.headersSent) return;
    if (where === "/connect") return send(response, 400, "text/plain; charset=utf-8", "This is not a complete request to connect.");
    const message = bug("answers-tell-why") ? `Refused: ${reason}` : "The request could not be verified.";
    const answer = bug("no-message") ? {} : { message };
    send(response, 401, "application/json", JSON.stringify(answer));
  }
}

const server = createServer(handle);
const base = () => `http://127.0.0.1:${server.address().port}`;
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`listening on ${base()}`));
