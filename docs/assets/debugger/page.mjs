// The page: it asks the worker what the form says, and shows where it is, what it answers, or what is wrong.
import { sentence, show } from "./answer.mjs";
import { byId, make } from "./elements.mjs";
import { Engine, Stopped } from "./engine.mjs";
import { learn } from "./links.mjs";
import { ASKED, Wrong, clear, fill, listen, mark, placed, question } from "./question.mjs";
import { theme } from "./theme.mjs";

const STAGES = [["python", "Python for the browser"], ["package", "the package that the command uses"], ["ready", "your request"]];
const engine = new Engine();
let examples = [], loaded = false;

const titled = (platform) => platform && [...byId("platform").options].find((one) => one.value === platform).text;
const say = (text) => { byId("said").textContent = text; };

function blank(title, ...children) {
  byId("answer").replaceChildren(make("div", { class: "blank" }, make("h2", { id: "answer-h", tabindex: "-1" }, title), ...children));
}

function empty() {
  blank("The answer appears here", make("p", {}, "First the likeliest cause and what to change, then the first byte that differs, then every stage between the request and its signature."),
    make("p", { class: "hint" }, "The package runs in this page. Explain loads it from this site: about 7 MB, once. Later answers need no more. Without it, ", make("code", {}, "handshakes verify"), " answers the same in a terminal."));
}

function loading(reached) {
  const at = STAGES.findIndex(([stage]) => stage === reached);
  blank("Loading the package", make("progress", { max: STAGES.length, value: Math.max(0, at) + 0.5, "aria-labelledby": "answer-h" }),
    make("ol", { class: "loads" }, STAGES.map(([, title], place) => make("li", {}, make("span", { class: `st ${place < at ? "ok" : place === at ? "wait" : "none"}` }, place < at ? "loaded" : place === at ? "loading" : "next"), " ", title))),
    make("p", { class: "hint" }, "The first answer takes a few seconds. Nothing is sent."));
}

function running(now) {
  byId("go").disabled = byId("clear").disabled = now;
  byId("stop").hidden = !now;
  byId("answer").setAttribute("aria-busy", String(now));
}

function turned(choice) {
  byId(choice).checked = true;
  explain();
}

function misplaced(error) {
  mark(error.field, error.message);
  byId(error.field).closest("details")?.setAttribute("open", "");
  (byId(error.field).hidden ? byId("drop-file") : byId(error.field)).focus();
}

async function explain() {
  for (const name of ASKED) mark(name, "");
  let asked;
  try {
    asked = question();
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    misplaced(error);
    return;
  }
  running(true);
  say(loaded ? "Looking for the mistake." : "Loading the package.");
  let wrong = null;
  try {
    if (!loaded) loading("python");
    await engine.start(loading);
    loaded = true;
    blank("Looking for the mistake", make("p", { class: "hint" }, "Stop ends the search."));
    const { answer, text } = await engine.explain(asked);
    show(answer, text, { title: titled(answer.platform), recognised: !asked.platform, now: asked.given.now, deeper: () => turned("deep"), unmask: () => turned("show_secrets") });
    say(sentence(answer));
  } catch (error) {
    wrong = placed(error);
    const stopped = error instanceof Stopped;
    loaded = loaded && !stopped;
    blank(stopped ? "Stopped" : "This cannot be answered", make("p", {}, stopped ? "The search was ended. Explain starts again." : wrong.message));
    say(wrong.message);
  } finally {
    running(false);
  }
  if (wrong instanceof Wrong) return misplaced(wrong);
  byId("answer-h").focus();
  byId("answer").scrollIntoView({ block: "nearest" });
}

function chosen() {
  const example = examples.find((one) => `#${one.id}` === location.hash);
  for (const link of document.querySelectorAll("#lists a")) {
    const current = link.hash === location.hash;
    if (current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (current) link.closest("details").open = true;
  }
  if (example) fill(example);
  return Boolean(example);
}

async function open() {
  theme();
  listen();
  empty();
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!byId("go").disabled) explain();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || byId("go").disabled) return;
    event.preventDefault();
    explain();
  });
  byId("stop").addEventListener("click", () => engine.stop());
  byId("clear").addEventListener("click", () => {
    clear();
    empty();
    history.replaceState(null, "", location.pathname);
    chosen();
    say("The form is empty.");
    byId("paste").focus();
  });
  byId("lists").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    if (chosen() && !byId("go").disabled) explain();
  });
  addEventListener("hashchange", chosen);
  byId("examples").open = innerWidth > 760;
  try {
    const data = await (await fetch(new URL("data.json", import.meta.url))).json();
    learn(data);
    examples = data.examples;
  } catch { /* without it there are no examples and fewer links; all else works */ }
  byId("go").disabled = false;
  if (chosen()) byId("go").focus({ preventScroll: true });
}

open();
