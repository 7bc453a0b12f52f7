// What Express, Fastify and Hono make of a query and of a body: node parsers.mjs NAME, listening on PORT.
// GET and POST answer with the views as one JSON object.
const port = Number(process.env.PORT);
const kind = (body) => (Buffer.isBuffer(body) || body instanceof ArrayBuffer ? "bytes" : body === undefined ? "nothing" : "value");

const programs = {
  async express() {
    const { default: express } = await import("express");
    const app = express();
    const router = express.Router();
    router.get("/h", (q, r) => r.json({ raw: q.originalUrl, url: q.url, query: Object.entries(q.query) }));
    router.post("/json-first", express.json(), express.raw({ type: () => true }), (q, r) => r.json({ body: kind(q.body) }));
    router.post("/raw-first", express.raw({ type: () => true }), express.json(), (q, r) => r.json({ body: kind(q.body), text: String(q.body) }));
    app.use("/app", router);
    app.listen(port, "127.0.0.1");
  },
  async fastify() {
    const { default: Fastify } = await import("fastify");
    const app = Fastify();
    app.get("/app/h", async (q) => ({ raw: q.raw.url, url: q.url, query: Object.entries(q.query) }));
    app.post("/app/inject", async (q) => (await app.inject(q.body)).json());
    app.addContentTypeParser("*", { parseAs: "buffer" }, (q, body, done) => done(null, body));
    app.post("/app/added", async (q) => ({ body: kind(q.body) }));
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", { parseAs: "buffer" }, (q, body, done) => done(null, body));
      scope.post("/app/alone", async (q) => ({ body: kind(q.body), text: String(q.body) }));
    });
    await app.listen({ host: "127.0.0.1", port });
  },
  async hono() {
    const { serve } = await import("@hono/node-server");
    const { Hono } = await import("hono");
    const app = new Hono();
    app.get("/app/h", (c) => c.json({ raw: c.env.incoming.url, url: c.req.url, query: Object.entries(c.req.query()), queries: Object.entries(c.req.queries()) }));
    app.post("/app/form", async (c) => c.json({ form: Object.entries(await c.req.parseBody()), header: c.req.header("x-twice") ?? null }));
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
  },
};
await programs[process.argv[2]]();
