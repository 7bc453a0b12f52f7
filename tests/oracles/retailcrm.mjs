// RetailCRM's registration in JavaScript: node:crypto, JSON.stringify and URLSearchParams, nothing else.
// Reads {"api_key", "secret", "system_url"} as JSON lines; writes the token and the same registration as
// two URL builders of the platform write it.

import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { api_key, secret, system_url } = JSON.parse(line);
  const token = createHmac("sha256", secret).update(api_key, "utf8").digest("hex");
  const register = JSON.stringify({ systemUrl: system_url, apiKey: api_key, token });
  const component = `register=${encodeURIComponent(register)}`;
  const form = new URLSearchParams({ register }).toString();
  process.stdout.write(JSON.stringify({ token, bodies: [component, form] }) + "\n");
}
