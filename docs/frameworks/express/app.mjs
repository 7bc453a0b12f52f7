// A partner endpoint for OfficeRnD in Express.
// Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 node app.mjs
import express from "express";

import { verifyQuery, verifyWebhook } from "../../verifiers/node/officernd.mjs";
import { clock, header, Refused } from "../../verifiers/node/strict.mjs";

const SECRET = process.env.OFFICERND_SECRET; // read it by organisation in a real integration
const WEBHOOK_SECRET = process.env.OFFICERND_WEBHOOK_SECRET;

const app = express();

app.get("/healthcheck", (request, response) => {
  const target = request.originalUrl; // not request.query; request.url loses the path at which a router is mounted
  verifyQuery(target, { secret: SECRET, now: clock() });
  response.json({ accountName: "Example account" });
});

// For this route alone, and before any express.json(): the first of them that takes a body leaves none for the next.
const raw = express.raw({ type: () => true, inflate: false, limit: "1mb" });
app.post("/removed", raw, (request, response) => {
  const body = request.body ?? Buffer.alloc(0); // a Buffer, but undefined for a request without a body
  verifyWebhook(body, header(request, "officernd-signature"), { secret: WEBHOOK_SECRET, now: clock() });
  response.status(204).end();
});

app.use((error, request, response, next) => {
  if (!(error instanceof Refused)) return next(error);
  console.error("refused:", error.reason); // for the operator; the client learns no reason
  response.status(401).json({ message: "The request could not be verified." });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
