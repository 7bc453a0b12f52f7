// A partner endpoint for OfficeRnD in Hono, on Node.
// Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 node app.mjs
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";

import { verifyQuery, verifyWebhook } from "../../verifiers/node/officernd.mjs";
import { clock, header, Refused } from "../../verifiers/node/strict.mjs";

const SECRET = process.env.OFFICERND_SECRET; // read it by organisation in a real integration
const WEBHOOK_SECRET = process.env.OFFICERND_WEBHOOK_SECRET;

const app = new Hono();

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse(); // 413 of bodyLimit
  if (!(error instanceof Refused)) return c.text("Internal Server Error", 500);
  console.error("refused:", error.reason); // for the operator; the client learns no reason
  return c.json({ message: "The request could not be verified." }, 401);
});

app.get("/healthcheck", (c) => {
  const target = c.env.incoming.url; // of Node; not c.req.url, which some characters make it spell anew
  verifyQuery(target, { secret: SECRET, now: clock() });
  return c.json({ accountName: "Example account" });
});

app.post("/removed", bodyLimit({ maxSize: 1_048_576 }), async (c) => {
  const body = Buffer.from(await c.req.arrayBuffer());
  const signature = header(c.env.incoming, "officernd-signature"); // c.req.header() joins two headers to one
  verifyWebhook(body, signature, { secret: WEBHOOK_SECRET, now: clock() });
  return c.body(null, 204);
});

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT) });
