// Speaks the line protocol of `handshakes vectors run` for the verifiers of this folder; with `--serve PLATFORM`,
// serves the platform's handler instead. Only tests need this file.
import { createServer } from "node:http";
import { Refused, readJson } from "./strict.mjs";
import * as fortis from "./fortis.mjs";
import * as officernd from "./officernd.mjs";
import * as onoffice from "./onoffice.mjs";
import * as retailcrm from "./retailcrm.mjs";

const bytes = (data) => ("hex" in data ? Buffer.from(data.hex, "hex") : Buffer.from(data.utf8, "utf8"));

const ANSWERS = {
  "officernd.verify_query": (input, given) => officernd.verifyQuery(input.target, given),
  "officernd.verify_webhook": (input, given) => officernd.verifyWebhook(bytes(input.body), input.header, given),
  "officernd.sign_query": (input, given) => ({ signature: officernd.signQuery(input.pairs, input.timestamp, given) }),
  "officernd.sign_webhook": (input, given) => ({ signature: officernd.signWebhook(bytes(input.body), input.timestamp, given) }),
  "retailcrm.verify_registration": (input, given) => retailcrm.verifyRegistration(bytes(input.body), input.content_type, given),
  "retailcrm.registration_token": (input, given) => ({ token: retailcrm.registrationToken(input.api_key, given) }),
  "retailcrm.canonical_system_url": (input, given) => ({ url: retailcrm.canonicalSystemUrl(input.url, given) }),
  "onoffice.verify_url": (input, given) => onoffice.verifyUrl(input.target, given),
  "onoffice.sign_url": (input, given) => ({ url: onoffice.signUrl(input.target, given) }),
  "onoffice.string_to_sign": (input) => ({ text: onoffice.stringToSign(input.target) }),
  "onoffice.api_hmac": (input, given, line) => ({ hmac: onoffice.apiHmac(action(input, line)) }),
  "onoffice.unlock_answer": (input) => onoffice.unlockAnswer(input.status, bytes(input.body)),
  "fortis.verify_launch": (input, given) => fortis.verifyLaunch(input.target, given),
  "fortis.decrypt_parameters": (input, given) => fortis.decryptParameters(input.data, given),
  "fortis.encrypt_parameters": (input, given) => ({ data: fortis.encryptParameters(input.pairs, bytes(input.salt), given) }),
  "fortis.launch_hmac": (input, given) => ({ hmac: fortis.launchHmac(input.location_id, input.timestamp, given) }),
};

/** Return what apiHmac takes. JSON.parse would lose the order and the digits of the parameters. */
function action(input, line) {
  const found = {
    token: input.token, apiKey: input.api_key, timestamp: input.timestamp, resourceType: input.resource_type,
    actionId: input.action_id, version: input.version, identifier: input.identifier, resourceId: input.resource_id,
  };
  return input.parameters ? { ...found, parameters: readJson(line, 200).get("input").get("parameters") } : found;
}

// The last of the bytes that lie between the input and the key.
const STAGES = {
  "officernd.verify_query": (input) => ({ message: officernd.signedBytes(input.target) }),
  "officernd.verify_webhook": (input) => ({ message: officernd.signedBodyBytes(bytes(input.body), input.header) }),
  "officernd.sign_query": (input) => ({ message: officernd.queryMessage(input.pairs, input.timestamp) }),
  "officernd.sign_webhook": (input) => ({ message: officernd.bodyMessage(bytes(input.body), input.timestamp) }),
  "retailcrm.verify_registration": (input) => ({ message: retailcrm.signedBytes(bytes(input.body), input.content_type) }),
  "retailcrm.registration_token": (input) => ({ message: retailcrm.tokenMessage(input.api_key) }),
  "onoffice.verify_url": (input) => ({ message: onoffice.signedBytes(input.target) }),
  "onoffice.sign_url": (input) => ({ message: onoffice.signedBytes(input.target) }),
  "onoffice.string_to_sign": (input) => ({ message: onoffice.signedBytes(input.target) }),
  "fortis.verify_launch": (input) => launchStages(input.target),
  "fortis.decrypt_parameters": (input) => ({ salt: fortis.envelope(input.data).salt }),
  "fortis.encrypt_parameters": (input) => ({ salt: fortis.checkSalt(bytes(input.salt)) }),
  "fortis.launch_hmac": (input) => ({ message: fortis.launchMessage(input.location_id, input.timestamp) }),
};

/** Return the stages of each mode in which the launch has them: a question about stages does not name the mode. */
function launchStages(target) {
  const stages = {};
  const readers = { message: () => fortis.signedBytes(target), salt: () => fortis.envelope(fortis.readLaunch(target).get("data")).salt };
  for (const [name, read] of Object.entries(readers)) {
    try { stages[name] = read(); } catch { /* it is a launch of the other mode */ }
  }
  return stages;
}

function answer({ operation, given, input, want }, line) {
  const table = want === "stages" ? STAGES : ANSWERS;
  if (!Object.hasOwn(table, operation)) return { verdict: "unsupported" };
  try {
    const found = table[operation](input, given, line);
    if (want !== "stages") return { verdict: "accepted", returns: found };
    const stages = Object.entries(found).map(([name, stage]) => [name, { hex: stage.toString("hex") }]);
    return { verdict: "accepted", stages: Object.fromEntries(stages) };
  } catch (error) {
    if (error instanceof Refused) return { verdict: "refused", reason: error.reason };
    throw error;
  }
}

/** Answer each line of the standard input; a line ends with LF alone, so `node:readline` does not do. */
async function answerLines() {
  let rest = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const question = JSON.parse(line);
      process.stdout.write(`${JSON.stringify({ id: question.id, ...answer(question, line) })}\n`);
    }
  }
}

const json = (value) => (_, response) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
const page = (_, response) =>
  response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Open</title><p>Open.</p>");

// The secrets are those of the vectors: public, and good for tests alone.
const HANDLERS = {
  officernd: (options) => officernd.handler({
    secret: "example-integration-secret",
    webhookSecret: "example-webhook-secret",
    accepted: json({ accountName: "Example" }),
    ...options,
  }),
  retailcrm: (options) => retailcrm.handler({
    secret: "secret",
    accepted: json({ success: true, accountUrl: "https://module.example/account" }),
    ...options,
  }),
  onoffice: (options) => onoffice.handler({ secret: "hier Anbietersecret einsetzen", accepted: page, ...options }),
  fortis: (options) => fortis.handler({
    secret: "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3",
    mode: "plain",
    accepted: page,
    ...options,
  }),
};

/** Serve a handler on a free port of this machine until the standard input ends or SIGTERM comes. */
function serve(platform, now) {
  const server = createServer();
  server.listen(0, "127.0.0.1", () => {
    const base = `http://127.0.0.1:${server.address().port}`;
    server.on("request", HANDLERS[platform]({ base, now: () => now }));
    process.stdout.write(`${base}\n`);
  });
  process.stdin.on("end", () => process.exit(0)).resume();
  process.on("SIGTERM", () => process.exit(0));
}

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
if (process.argv.includes("--serve")) serve(option("--serve"), Number(option("--now")));
else await answerLines();
