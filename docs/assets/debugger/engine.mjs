// The worker that runs the package: started on demand, asked one thing at a time, and ended when the person says so.

const WORKER = new URL("../../engine/worker.mjs", import.meta.url).href;

export class Stopped extends Error {}

/** A worker and the questions that wait for it. */
export class Engine {
  #worker = null;
  #waiting = new Map();
  #last = 0;
  #started = null;

  /** Start it, once; `stage` is called with the name of each stage. Resolves to the seconds that it took. */
  start(stage) {
    this.#started ??= this.#open().then(() => this.#ask({ do: "start" }, stage)).then((answer) => answer.seconds);
    return this.#started;
  }

  /** Ask for an explanation. Resolves to { answer, text } or rejects with a sentence. */
  explain(question) {
    return this.#ask({ do: "explain", ...question });
  }

  /** End the worker, whatever it does. */
  stop(why = new Stopped("Stopped.")) {
    this.#worker?.terminate();
    this.#worker = this.#started = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(why);
  }

  async #open() {
    // A worker from a blob is held to this page's policy; one from an address would not be.
    const source = URL.createObjectURL(new Blob([`import ${JSON.stringify(WORKER)};`], { type: "text/javascript" }));
    this.#worker = new Worker(source, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#heard(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.stop(new Error("The package could not be loaded. Load the page again, or use the command `handshakes verify`."));
    });
    this.#worker.addEventListener("message", () => URL.revokeObjectURL(source), { once: true });
  }

  #ask(question, stage) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, stage });
      this.#worker.postMessage({ id, ...question });
    });
  }

  #heard(said) {
    const waiting = this.#waiting.get(said.id);
    if (!waiting) return;
    if (said.stage) return waiting.stage?.(said.stage);
    this.#waiting.delete(said.id);
    if (said.ok) waiting.resolve(said);
    else waiting.reject(new Error(said.error));
  }
}
