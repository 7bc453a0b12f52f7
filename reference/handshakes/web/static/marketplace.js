// The page: it listens to the stream, and shows tiles, steps, the clock and what was proven.
import { $, ask, el, field, platform, say, state, token } from "./dom.js";
import { pick } from "./faults.js";
import { report } from "./proof.js";
import * as wire from "./wire.js";

const WORDS = {
  held: ["ok", "held"], refused: ["turned", "refused as expected"], violated: ["bad", "violated"], waiting: ["wait", "waiting for you"],
  failed: ["bad", "refused"], running: ["wait", "running"], unseen: ["none", "not seen"], next: ["none", "next"], later: ["none", "later"],
};
const worded = (step) => (step.state === "held" && step.unchecked ? ["ok", "done"] : WORDS[step.state]);
const FINISHED = ["held", "refused", "failed", "violated"];
// what was chosen stays when another marketplace is opened in this tab, until the server is started anew
const KEPT = `chosen ${platform} ${document.body.dataset.started}`;
const chosen = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const keep = (id, fault) => { chosen[id] = fault; sessionStorage.setItem(KEPT, JSON.stringify(chosen)); };
let shop = null;

const tile = (one) => {
  const link = $(`[data-tile="${one.name}"]`);
  if (!link) return;
  const waiting = one.steps.some((step) => step.state === "waiting" || step.state === "running");
  const kind = one.connected ? "ok" : waiting ? "wait" : "none";
  const badge = $("[data-state]", link);
  badge.className = `st ${kind}`;
  badge.title = badge.textContent = waiting && !one.connected ? "waiting" : one.state;
  $(".ticks", link).replaceChildren(...one.steps.map((step) => el("i", { class: step.worked ? "done" : "" })));
};

// each press has a window of its own: what is shown there must not reach this page, so its opener is taken away at once
const windows = new Map();
let opened = 0;
const open = (step, fault) => {
  const name = `handshakes-${platform}-${step.id}-${(opened += 1)}`;
  const made = window.open("about:blank", name, "popup,width=760,height=820");
  if (made) {
    made.opener = null;
    windows.set(step.id, made);
  }
  const form = el("form", { method: "post", action: step.action, target: name, hidden: true });
  for (const [key, value] of Object.entries({ ...step.fields, ...(fault ? { fault } : {}), [field]: token })) {
    form.append(el("input", { type: "hidden", name: key, value }));
  }
  document.body.append(form);
  form.submit();
  form.remove();
};

// a window that goes may lose its last message, so the page looks itself while a step waits for it
const look = async () => {
  for (const [id, made] of windows) {
    const step = shop?.steps.find((one) => one.id === id);
    if (!made.closed || !step) continue;
    if (!["waiting", "running"].includes(step.state)) continue;
    try { await ask("/closed", { press: id }, "POST"); } catch { /* it is asked again */ }
  }
};

const press = async (step, button) => {
  const fault = chosen[step.id]?.name ?? "";
  wire.follow(true);
  if (step.window) { open(step, fault); return; }
  button.disabled = true;
  try {
    await ask("/press", { press: step.id, fault }, "POST");
  } catch (error) {
    say(error.message);
    $(`#said-${step.id}`)?.replaceChildren(error.message);
  } finally {
    button.disabled = false;
  }
};

const card = (step, number, current, first) => {
  const [kind, word] = step.state === "next" && !current ? ["none", "ready"] : worded(step);
  const fault = chosen[step.id];
  const sign = step.state === "held" ? "✓" : step.state === "refused" ? "⊘" : FINISHED.includes(step.state) ? "✕" : String(number);
  const go = el("button", { class: `btn ${current ? "main" : ""}`, type: "button", disabled: !step.ready, "data-press": step.id }, fault ? `${step.title} with the fault` : step.title);
  go.addEventListener("click", () => press(step, go));
  const off = fault ? el("button", { class: "btn off", type: "button", "data-off": step.id }, "Take the fault off") : null;
  off?.addEventListener("click", () => { keep(step.id, null); steps(shop); $(`[data-press="${step.id}"]`).focus(); });
  const choose = step.faults
    ? el("button", { class: `btn fault ${fault ? "chosen" : ""}`, type: "button", disabled: !step.ready, "data-fault": step.id, "aria-haspopup": "dialog",
      title: fault?.what, "aria-label": `${fault ? fault.what : "No fault"}: choose what goes wrong at ${step.title}` }, el("span", {}, fault ? fault.what : "No fault")) : null;
  choose?.addEventListener("click", async () => {
    const picked = await pick(step, chosen[step.id]);
    if (picked !== undefined) keep(step.id, picked);
    steps(shop);
    $(`[data-fault="${step.id}"]`).focus();
  });
  const seen = step.shows && ["refused", "failed", "violated"].includes(step.state) ? el("button", { class: "link", type: "button", "data-see": step.id }, `See message ${step.shows}`) : null;
  seen?.addEventListener("click", () => { document.dispatchEvent(new CustomEvent("goto", { detail: step.shows })); if (innerWidth <= 760) view("message"); });
  const none = step.faults ? null : el("p", { class: "hint", "data-none": step.id }, "No fault can be chosen for this step.");
  return el("li", { class: `step ${step.state} ${current ? "open" : ""}`, "data-step": step.id, "data-try": String(step.try), "aria-current": current ? "step" : false },
    el("span", { class: "n", "aria-hidden": "true" }, sign), el("div", { class: "name" }, el("h3", {}, step.title), state(kind, word)),
    el("p", {}, step.line), el("p", { class: "said", id: `said-${step.id}` }, step.said, seen ? " " : "", seen),
    step.ready ? el("div", { class: "do" }, go, off, choose, none)
      : first && !step.done && step.state !== "later" ? el("p", { class: "hint", "data-why": step.id }, `Not possible now, so there is no button. “${first.title}” comes first.`) : null);
};

const steps = (one) => {
  const focused = document.activeElement?.dataset ?? {};
  const ready = one.steps.filter((step) => step.ready);
  const current = ready.find((step) => ["waiting", "running"].includes(step.state)) ?? ready.find((step) => step.state === "next") ?? ready[0];
  $("#line").textContent = one.line;
  $("#step-list").replaceChildren(...one.steps.map((step, index) => card(step, index + 1, step === current, current)));
  const again = focused.press ? `[data-press="${focused.press}"]` : focused.fault ? `[data-fault="${focused.fault}"]` : "";
  if (again) $(again)?.focus();
  const waits = one.steps.find((step) => step.state === "waiting");
  $("#empty-text").textContent = waits ? `“${waits.title}” waits for you in the window that opened. Its messages appear here.` : current ? `Press “${current.title}”. Every message appears here as it travels.` : "Every message appears here as it travels.";
};

const announce = (before, now) => {
  for (const step of now.steps) {
    const was = before?.steps.find((one) => one.id === step.id);
    if (was && FINISHED.includes(step.state) && (was.state !== step.state || was.try !== step.try)) say(`${step.title}: ${worded(step)[1]}. ${step.said}`);
  }
};

const counts = ({ held, violated, unseen, untestable }) => {
  $("#counts").replaceChildren(state(held ? "ok" : "none", `${held} rules held`), state(violated ? "bad" : "none", `${violated} violated`),
    state("none", `${unseen} not seen`), el("span", { class: "hint" }, `${untestable} that no request can show`));
};

let offset = 0;
const tick = () => {
  const clock = $("#clock");
  const now = new Date(Date.now() + offset).toISOString();
  const today = new Date().toISOString().slice(0, 10);
  clock.textContent = now.startsWith(today) ? now.slice(11, 19) : now.slice(0, 19).replace("T", " ");
  clock.dateTime = now;
};

const heard = (news) => {
  for (const one of news) {
    tile(one.shop);
    if (one.platform !== platform) continue;
    const before = shop;
    shop = one.shop;
    wire.update(one.rows, shop);
    steps(shop);
    counts(shop.proven);
    offset = shop.now * 1000 - Date.now();
    $("#clock").classList.toggle("moved", shop.ahead > 0);
    $('[data-clock="0"]').hidden = !shop.ahead;
    tick();
    if (before && wire.following()) announce(before, shop);
    const [was, last] = [before?.steps.at(-1), shop.steps.at(-1)];
    const ends = was && last.state === "held" && (was.state !== "held" || was.try !== last.try);
    if (ends) shown(true); else if (!$("#report").hidden) report(choose, shop, worded);
  }
};

const choose = (try_) => {
  keep(try_.press, { name: try_.fault, what: try_.what });
  view("steps");
  steps(shop);
  $(`[data-press="${try_.press}"]`).focus();
};

const listen = () => {
  const stream = new EventSource(`/events?token=${encodeURIComponent(token)}`);
  const live = (text, off) => { $("#live").textContent = text; $("#live").classList.toggle("off", off); };
  stream.addEventListener("open", () => live("● live", false));
  stream.addEventListener("error", () => live(stream.readyState === EventSource.CLOSED ? "○ stopped: load the page again" : "○ waiting for the server", true));
  stream.addEventListener("message", (event) => heard(JSON.parse(event.data)));
};

// on a phone one part shows at a time: the tab of another part says what is new there
const marked = (name, word) => {
  const tab = $(`[data-go="${name}"]`);
  tab.classList.toggle("new", Boolean(word));
  $(".hide", tab)?.remove();
  if (word) tab.append(el("span", { class: "hide" }, `, new: ${word}`));
};

const view = (name) => {
  $("#main").dataset.view = name;
  if (innerWidth <= 760) $("#main").scrollIntoView();
  if (innerWidth <= 760 && name === "wire") $(".msg[aria-current]")?.scrollIntoView({ block: "center" });
  marked(name, "");
  for (const button of document.querySelectorAll("[data-go]")) button.setAttribute("aria-pressed", String(button.dataset.go === name));
  if (name === "proven") shown(true);
};

const shown = (open) => {
  $("#report").hidden = !open;
  $("#report-button").setAttribute("aria-expanded", String(open));
  if (open) report(choose, shop, worded);
};

for (const button of document.querySelectorAll("[data-go]")) button.addEventListener("click", () => view(button.dataset.go));
for (const button of document.querySelectorAll("[data-clock]")) {
  button.addEventListener("click", async () => {
    try {
      const { ahead } = await ask("/clock", { seconds: Number(button.dataset.clock) }, "POST");
      say(ahead ? `The clock of both sides is ${Math.round(ahead / 60)} minutes ahead.` : "The clock shows the time of this machine.");
    } catch (error) { say(error.message); }
  });
}
$("#save").addEventListener("click", async () => {
  try {
    const href = URL.createObjectURL(new Blob([(await ask("/export", { form: "har" })).text], { type: "application/json" }));
    el("a", { href, download: `${platform}.har` }).click();
    URL.revokeObjectURL(href);
  } catch (error) { say(error.message); }
});
$("#report-button").addEventListener("click", () => shown($("#report").hidden));
$(".skip").addEventListener("click", () => view("wire"));
wire.start(view, (word) => { if ($("#main").dataset.view !== "message") marked("message", word); });
addEventListener("theme", ({ detail }) => ask("/theme", { theme: detail }, "POST").catch((error) => say(error.message)));
setInterval(tick, 1000);
setInterval(look, 2000);
listen();
