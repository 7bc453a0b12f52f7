// Speaks the line protocol of `handshakes vectors run` for the verifiers of this folder; with `--serve PLATFORM`,
// serves the platform's handler instead. Only tests need this file.
import { createServer } from "node:http";
import { Refused } from "./strict.mjs";
import * as officernd from "./officernd.mjs";

const bytes = (data) => ("hex" in data ? Buffer.from(data.hex, "hex") : Buffer.from(data.utf8, "utf8"));

const ANSWERS = {
  "officernd.verify_query": (input, given) => officernd.verifyQuery(input.target, given),
  "officernd.verify_webhook": (input, given) => officernd.verifyWebhook(bytes(input.body), input.header, given),
  "officernd.sign_query": (input, given) => ({ signature: officernd.signQuery(input.pairs, input.timestamp, given) }),
  "officernd.sign_webhook": (input, given) => ({ signature: officernd.signWebhook(bytes(input.body), input.timestamp, given) }),
};

// The last of the bytes that lie between the input and the key.
const STAGES = {
  "officernd.verify_query": (input) => ({ message: officernd.signedBytes(input.target) }),
  "officernd.verify_webhook": (input) => ({ message: officernd.signedBodyBytes(bytes(input.body), input.header) }),
  "officernd.sign_query": (input) => ({ message: officernd.queryMessage(input.pairs, input.timestamp) }),
  "officernd.sign_webhook": (input) => ({ message: officernd.bodyMessage(bytes(input.body), input.timestamp) }),
};

function answer({ operation, given, input, want }) {
  const table = want === "stages" ? STAGES : ANSWERS;
  if (!Object.hasOwn(table, operation)) return { verdict: "unsupported" };
  try {
    const found = table[operation](input, given);
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
      process.stdout.write(`${JSON.stringify({ id: question.id, ...answer(question) })}\n`);
    }
  }
}

const json = (value) => (_, response) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));

// The secrets are those of the vectors: public, and good for tests alone.
const HANDLERS = {
  officernd: (options) => officernd.handler({
    secret: "example-integration-secret",
    webhookSecret: "example-webhook-secret",
    accepted: json({ accountName: "Example" }),
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
