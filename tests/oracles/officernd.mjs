// OfficeRnD's page signature in JavaScript: JSON.stringify and node:crypto, nothing else.
// Reads {"pairs", "secret", "timestamp"} as JSON lines; writes the JSON text, the digest and the
// same request as two URL builders of the platform write it.

import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { pairs, secret, timestamp } = JSON.parse(line);
  const json = JSON.stringify(Object.fromEntries(pairs));
  const digest = createHmac("sha256", secret).update(`${json}.${timestamp}`, "utf8").digest("hex");
  const sent = [...pairs, ["signature", `t=${timestamp},signature=${digest}`]];
  const component = sent.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  const form = new URLSearchParams(sent).toString();
  process.stdout.write(JSON.stringify({ json, digest, queries: [component, form] }) + "\n");
}
