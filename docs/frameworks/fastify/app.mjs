// A partner endpoint for OfficeRnD in Fastify.
// Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 node app.mjs
import Fastify from "fastify";

import { verifyQuery, verifyWebhook } from "../../verifiers/node/officernd.mjs";
import { clock, header, Refused } from "../../verifiers/node/strict.mjs";

const SECRET = process.env.OFFICERND_SECRET; // read it by organisation in a real integration
const WEBHOOK_SECRET = process.env.OFFICERND_WEBHOOK_SECRET;

const app = Fastify({ bodyLimit: 1_048_576 });

app.setErrorHandler((error, request, reply) => {
  if (!(error instanceof Refused)) return reply.send(error);
  console.error("refused:", error.reason); // for the operator; the client learns no reason
  reply.code(401).send({ message: "The request could not be verified." });
});

app.get("/healthcheck", async (request) => {
  const target = request.raw.url; // not request.query
  verifyQuery(target, { secret: SECRET, now: clock() });
  return { accountName: "Example account" };
});

// A scope of its own, so that the other routes keep their parsers.
app.register(async (scope) => {
  scope.removeAllContentTypeParsers(); // without this, application/json is parsed and only the rest is raw
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => done(null, body));
  scope.post("/removed", async (request, reply) => {
    const body = request.body ?? Buffer.alloc(0);
    verifyWebhook(body, header(request.raw, "officernd-signature"), { secret: WEBHOOK_SECRET, now: clock() });
    return reply.code(204).send();
  });
});

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
