// OfficeRnD's signatures in JavaScript: JSON.stringify, decodeURIComponent and node:crypto, nothing else.
//
// Reads JSON lines. {"pairs", "secret", "timestamp"} is answered with the JSON text, the digest and the same
// request as two URL builders of the platform write it. {"operation", "given", "input"}, a vector, is answered
// with a verdict and, where it is accepted, with what comes out. Written from the clauses and the adopted
// readings of the register; no rule here was taken from a program.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";

class Refused extends Error {}

function must(held) {
  if (!held) throw new Refused();
}

const hmac = (secret, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac("sha256", secret)).digest("hex");
const bytes = ({ utf8, hex }) => (utf8 === undefined ? Buffer.from(hex, "hex") : Buffer.from(utf8, "utf8"));

// signature.json, signature.order, signature.integer-names: written by hand, since an object would move some names
const compact = (pairs) => `{${pairs.map((pair) => pair.map((text) => JSON.stringify(text)).join(":")).join(",")}}`;

// signature.encoding, signature.escapes: each part once, a plus is a space, what is no UTF-8 is refused
function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new Refused();
  }
}

function once(pairs) {
  // signature.repeated
  must(new Set(names(pairs)).size === pairs.length);
  return pairs;
}

function cut(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

// signature.syntax, signature.timestamp, signature.digest
function fields(value) {
  must(value !== ""); // signature.missing
  const named = value.split(",").map((part) => (must(/^[A-Za-z0-9_-]+=[^=]*$/.test(part)), cut(part, "=")));
  const { t, signature } = Object.fromEntries(once(named));
  must(/^[0-9]{1,12}$/.test(t) && /^[0-9a-f]{64}$/.test(signature));
  return { t, signature };
}

const same = (one, other) => timingSafeEqual(Buffer.from(one), Buffer.from(other)); // signature.comparison

// signature.tolerance, webhook.tolerance: both ends included, and looked at last
function inTime(t, { now, tolerance = [300, 60] }) {
  must(now - Number(t) <= tolerance[0] && Number(t) - now <= tolerance[1]);
  return Number(t);
}

// signature.empty-member, signature.quoted-organization: as received, then without what may be unsigned. Whichever
// form was signed, the value without the quotes is used.
function forms(pairs) {
  const unquoted = pairs.map(([name, value]) => [name, name === "organizationId" ? value.replace(/^"(.+)"$/s, "$1") : value]);
  const isEmpty = ([name, value]) => name === "memberId" && value === "";
  return [pairs, unquoted].flatMap((all) => [
    { signed: all, parameters: unquoted, unsigned: [] },
    { signed: all.filter((pair) => !isEmpty(pair)), parameters: unquoted, unsigned: all.filter(isEmpty) },
  ]);
}

const names = (pairs) => pairs.map(([name]) => name);

const operations = {
  verify_query(given, { target }) {
    const query = cut(cut(target, "#")[0], "?")[1];
    must(/^[\x00-\x7f]*$/.test(query)); // signature.encoding
    const pairs = once(query.split("&").filter(Boolean).map((piece) => cut(piece, "=").map(decoded)));
    const value = pairs.find(([name]) => name === "signature")?.[1] ?? "";
    const { t, signature } = fields(value);
    const all = pairs.filter(([name]) => name !== "signature"); // signature.parameters
    const fits = ({ signed }) => same(hmac(given.secret, `${compact(signed)}.${t}`), signature); // signature.message
    const form = forms(all).find(fits);
    must(form);
    const { signed, parameters, unsigned } = form;
    return { parameters, timestamp: inTime(t, given), covered: names(signed), not_covered: names(unsigned) };
  },
  verify_webhook(given, { body, header }) {
    const { t, signature } = fields(header);
    must(same(hmac(given.secret, bytes(body), `.${t}`), signature)); // webhook.body
    return { parameters: [], timestamp: inTime(t, given), covered: ["body"], not_covered: [] };
  },
  sign_query(given, { pairs, timestamp }) {
    return { signature: `t=${timestamp},signature=${hmac(given.secret, `${compact(once(pairs))}.${timestamp}`)}` };
  },
  sign_webhook(given, { body, timestamp }) {
    return { signature: `t=${timestamp},signature=${hmac(given.secret, bytes(body), `.${timestamp}`)}` };
  },
};

function judged({ operation, given, input }) {
  try {
    must(given.secret !== "");
    return { verdict: "accepted", returns: operations[operation.split(".")[1]](given, input) };
  } catch (error) {
    if (error instanceof Refused) return { verdict: "refused" };
    throw error;
  }
}

function written({ pairs, secret, timestamp }) {
  const json = JSON.stringify(Object.fromEntries(pairs));
  const digest = hmac(secret, `${json}.${timestamp}`);
  const sent = [...pairs, ["signature", `t=${timestamp},signature=${digest}`]];
  const component = sent.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  const form = new URLSearchParams(sent).toString();
  return { json, digest, queries: [component, form] };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line);
  process.stdout.write(JSON.stringify("operation" in asked ? judged(asked) : written(asked)) + "\n");
}
