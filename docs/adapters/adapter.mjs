// An adapter for `handshakes vectors run`: reads a question a line, answers with a line. Node 20 or newer.
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

const bytes = (data) => ("hex" in data ? Buffer.from(data.hex, "hex") : Buffer.from(data.utf8));
const hmac = (key, message) => createHmac("sha256", key).update(message).digest("hex");
const refuse = (reason) => { throw { reason }; };
const text = (value) => (value.isWellFormed() ? value : refuse("malformed"));
const unique = (pairs) =>
  new Set(pairs.map(([name]) => name)).size === pairs.length ? pairs : refuse("duplicate-parameter");

const messages = { // what is signed; no key is needed up to here
  "officernd.sign_query": (input) => Buffer.from( // an object of JavaScript would move names like 7 to its front
    `{${unique(input.pairs).map((pair) => pair.map((one) => JSON.stringify(one)).join(":"))}}.${input.timestamp}`),
  "officernd.sign_webhook": (input) => Buffer.concat([bytes(input.body), Buffer.from(`.${input.timestamp}`)]),
  "retailcrm.registration_token": (input) => Buffer.from(
    input.api_key.includes("\0") ? refuse("malformed") : text(input.api_key) || refuse("empty-parameter")),
  "fortis.launch_hmac": (input) => Buffer.from(text(input.location_id) + text(input.timestamp)),
};
const returns = { // what becomes of the digest
  "officernd.sign_query": (digest, input) => ({ signature: `t=${input.timestamp},signature=${digest}` }),
  "officernd.sign_webhook": (digest, input) => ({ signature: `t=${input.timestamp},signature=${digest}` }),
  "retailcrm.registration_token": (digest) => ({ token: digest }),
  "fortis.launch_hmac": (digest) => ({ hmac: digest }),
};

function answer({ operation, given, input, want }) {
  if (!(operation in messages)) return { verdict: "unsupported" };
  if (want) return { verdict: "accepted", stages: { message: { hex: messages[operation](input).toString("hex") } } };
  if (given.secret === "") refuse("empty-secret");
  if (given.secret.includes("\0")) refuse("malformed");
  return { verdict: "accepted", returns: returns[operation](hmac(given.secret, messages[operation](input)), input) };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  let found;
  try { found = answer(question); } catch (refusal) { found = { verdict: "refused", ...refusal }; }
  process.stdout.write(`${JSON.stringify({ id: question.id, ...found })}\n`);
}
