// One message in full. Order: verdict, what to do, why; request and answer together; what the signature covers; findings.
import { $, ask, el, platform, say, state } from "./dom.js";

const place = $("#message > .pad");
let shown = { n: 0 };
let turn = 0;

const start = (text) => text[0].toUpperCase() + text.slice(1);
const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);
const blank = [...place.childNodes];

/** Show no message, as at the start. */
export const none = () => { turn += 1; shown = { n: 0 }; place.replaceChildren(...blank); };

const title = (row) => el("div", {}, el("p", { class: "hint" }, `Message ${row.n} · ${row.from} to ${row.to}${row.of ? `, answer to ${row.of}` : ""}`),
  el("h2", { id: "message-h" }, el("code", {}, row.text)));

// without the numbers of ambiguities and measurements, which only the register explains
const plain = (text) => text.replace(/ \((?:[A-Z]\d+(?:, )?)+\)/g, "").replaceAll("`", "");

// another message of the wire, chosen by a click
const link = (n) => {
  const button = el("button", { class: "link", type: "button", "data-goto": n }, `message ${n}`);
  button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("goto", { detail: n })));
  return button;
};

const rule = ({ by, text, id }) => (by === "nobody" ? el("p", {}, "A wrong signature alone does not tell which rule was broken. “Why?” looks for the mistake that gives it.")
  : el("p", {}, el("b", {}, by === "fault" ? "The rule that this fault puts to the test: " : "The rule: "), plain(text), " ", el("code", {}, id)));

const refused = (one) => {
  const refusal = one.refusals.at(-1);
  const to = one.response?.headers.find(([name]) => name === "location")?.[1];
  const seen = one.response ? `${one.response.line.replace("HTTP/1.1 ", "")}${to ? ` to ${to}` : ""}${one.response.body ? ` ${one.response.body}` : ""}` : `no answer: ${one.failure}`;
  return el("div", { class: `verdict bad ${one.expected ? "expected" : ""}` }, el("span", {}, state(one.expected ? "turned" : "bad", one.expected ? "refused as expected" : "refused")), el("strong", {}, refusal?.reason ?? "refused by its answer"),
    one.who ? el("p", { id: "who" }, one.who) : null,
    refusal ? el("p", {}, refusal.says) : null,
    one.fault ? el("p", {}, el("b", {}, "The fault that was chosen: "), `${plain(one.fault)}.`) : null,
    one.wrong ? el("p", { id: "wrong" }, el("b", {}, "What was wrong: "), one.wrong) : null,
    refusal?.evidence.length ? el("dl", { class: "facts" }, refusal.evidence.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))) : null,
    one.sources.map(({ n, asked, taken, lost, to, other }) => el("p", {}, taken ? "The same was taken first in " : other ? `${start(one.receiver)} asked ${to}, whose answer is ` : lost ? `What ${one.receiver} asked, and got no answer to: ` : `The answer that ${one.receiver} refused is `, link(n), asked && asked !== n ? [", to its request, ", link(asked)] : "", other ? `. The account on this page is at ${other}.` : ".")),
    refusal && !one.probe ? todo(refusal.hint.replace(/The evidence (say|name)s/, "The facts above $1").replace("The evidence has", "The facts above have")) : null,
    el("dl", { class: "two" },
      el("div", {}, el("dt", {}, `The operator of ${one.receiver} sees`), el("dd", {}, refusal ? `${refusal.reason} at ${refusal.endpoint}, by ${refusal.clause}${refusal.evidence.length ? ", with the facts above" : ""}` : "nothing more")),
      el("div", {}, el("dt", {}, `What ${one.sender} sees`), el("dd", {}, cut(seen, 300)))),
    one.rule?.by === "nobody" || one.rule?.text ? rule(one.rule) : null,
    refusal && one.rule?.by === "fault" && one.rule.id !== refusal.clause ? el("p", { class: "hint" }, "The check that found it first goes by another rule of the same message: ", el("code", {}, refusal.clause), ".") : null);
};

// what each side has to do, a line each
const todo = (text) => text.split(/\s+(?=(?:Sender|Receiver) \(|Whoever )/).map((one) => el("p", { class: "hint todo" }, plain(one.trim())));

// an answer that who asked refused, whatever became of the request that it answers
const rejected = (one) => one.rejected.map(({ n, reason, expected }) => el("div", { class: `verdict bad answer ${expected ? "expected" : ""}` }, el("span", {}, state(expected ? "turned" : "bad", `answer refused${expected ? " as expected" : ""}`)), el("strong", {}, reason),
  el("p", {}, one.response ? `${start(one.sender)} refused this answer; it is the response below. Why stands at ` : `${start(one.sender)} got no answer to this, and gave up. Why stands at `, link(n), one.verdict ? ". What follows is about the request alone." : ".")));

const verdict = (one) => {
  const survived = one.survived ? [el("span", {}, state("ok", "survived as expected")), el("p", {}, `The fault: ${one.survived}. It must not stop ${one.receiver}.`), one.rule?.text ? rule(one.rule) : null] : [];
  for (const { reason, evidence } of one.survived ? one.refusals.slice(-1) : []) {
    survived.push(el("p", {}, `${start(one.receiver)} told its operator, and carried on: ${reason}${evidence.map(([name, value]) => `; ${name}: ${value}`).join("")}.`));
  }
  if (one.verdict === "refused") return refused(one);
  if (one.verdict) return el("div", { class: "verdict ok" }, el("span", {}, state("ok", one.verdict)), el("strong", {}, one.title), el("p", { id: "covers" }), survived);
  if (one.survived) return el("div", { class: "verdict ok" }, survived);
  if (one.carries && !one.served) return el("div", { class: "verdict" }, el("span", {}, state("none", "not seen")), el("p", {}, `Somebody else runs ${one.receiver}: whether it verified this is not seen, only its answer.`));
  return null;
};

const lines = (part, covered = []) => {
  const [line, ...rest] = [part.pieces ?? [[part.line, ""]], ...part.headers];
  return el("pre", { class: "bytes", tabindex: 0 }, line.map(([text, id]) => (id ? el("span", { "data-part": id, class: covered.includes(id) ? "cov" : "" }, text) : text)),
    rest.map(([name, value]) => `\n${name}: ${value}`), part.body ? `\n\n${part.body}` : "");
};

const section = (heading, ...content) => el("section", {}, el("h3", {}, heading), content);

// no port is signed where a stage begins with the address without it
const portless = ({ text }, { origin }) => { const bare = origin.replace(/:\d+$/, ""); return bare !== origin && text?.startsWith(bare) && !text.startsWith(origin); };
const stages = (answer, one) => (answer.stages?.length ? section(`${answer.verdict === "refused" ? "What the receiver computed" : one.carries === "encrypted" ? "What was encrypted" : "What was signed"}, stage by stage`, el("ol", { class: "rows" }, answer.stages.map((stage) =>
  el("li", {}, el("span", {}, stage.name, el("small", {}, stage.masked ? "masked" : `${stage.length} bytes`)), el("div", {}, el("code", {}, stage.text || `hex ${stage.hex}`), portless(stage, one) ? el("small", {}, "The port is left out on purpose: none is signed.") : null)))),
answer.stages.some((stage) => stage.masked) ? el("p", { class: "hint" }, `Masked is what holds a credential. On your own terminal, “handshakes verify ${platform} --show-secrets” shows it.`) : null) : null);

// both sides are on this machine: the list of official hosts, which would refuse that, is not asked
const local = (says) => says?.split(/(?<=\.) /).filter((one) => !one.includes("official hosts")).join(" ");
const sentence = ({ says, change }) => change ? says.replace(/\.(?= [A-Z]|$)/, () => ` (${change}).`) : says;
const reading = (one) => one.parts.every((part) => part.kind === "reading");

// where the fault is known, what to do stands above: here is what the bytes show
const explained = (answer, by, chosen, known) => {
  if (answer.after && !answer.after.startsWith("It was changed")) return [el("p", {}, "The cause is what stands above: ", el("strong", {}, answer.reason), `. ${answer.after}`)];
  if (answer.after) return [el("p", {}, el("strong", {}, answer.reason), ` ${answer.after}`)];
  if (answer.verdict === "unknown" || answer.verdict === "unrecognised") return [el("p", {}, answer.says)];
  const parts = [];
  if (answer.verdict === "verified") parts.push(el("p", {}, local(answer.returns?.says) || "With this secret, at this time, it verifies."));
  else if (chosen) parts.push(el("p", {}, el("strong", {}, answer.reason), ` ${answer.says}`));
  answer.explanations?.slice(0, 3).forEach((group, index) => {
    const [first, ...others] = [...group.filter((one) => !reading(one)), ...group.filter(reading)]; // a mistake says more than a reading
    parts.push(el("h3", { tabindex: -1 }, index ? "Or" : reading(first) ? "What the documents leave open" : "Likely cause"), ...first.parts.flatMap((part) => [
      el("p", {}, plain(sentence(part)), ...(part.kind === "reading" ? [" ", el("code", {}, part.id)] : [])), ...(known ? [] : todo(part.cure)), ...(part.kind === "reading" && !known ? [report] : [])]));
    if (others.length) parts.push(el("p", { class: "hint" }, `The same bytes come of: ${others.slice(0, 3).map((one) => one.parts.map((part) => part.kind === "reading" ? `the reading ${part.id}` : plain(part.says).replace(/[.]$/, "")).join(" and ")).join("; ")}.`));
  });
  if (answer.rule && !by) parts.push(el("p", {}, el("b", {}, "The rule that this breaks: "), plain(answer.rule.text), " ", el("code", {}, answer.rule.id)));
  if (answer.verdict === "refused" && !answer.explanations?.length) {
    if (answer.signature_fits) parts.push(answer.says.includes("signature itself is right") ? "" : el("p", {}, "The signature itself is right."));
    if (!answer.signature_fits && ["signature-mismatch", "decryption-failed"].includes(answer.reason) && answer.tried) {
      if (known) return [el("p", {}, `The bytes alone do not tell it: ${answer.tried} combinations were tried. What was wrong stands above.`)];
      if (answer.known) parts.push(el("h3", {}, "Cause"), el("p", {}, `On this page it is known: ${answer.known}.`));
      parts.push(el("p", {}, `${answer.known ? "The bytes alone do not tell it" : "No known mistake gives the received value"}: ${answer.tried} combinations were tried. Another secret, a value that was changed and a signature that was changed all look like this.`),
        el("p", { class: "hint" }, "Sender and receiver: compare the secrets of both sides first. If they are the same, compare what was signed with the stages below; what still differs was changed on the way."));
    } else parts.push(el("p", {}, "The cause is what stands above: ", el("strong", {}, answer.reason), "."));
  }
  return parts;
};

const NO_WHY = "There is no “Why?” here: no signature decided this, and what stands above is all that there is to say.";
const report = el("details", { class: "hint" }, el("summary", {}, "Report a wrong reading"), el("p", {}, "Send no real data. Name the reading by its id, say what you saw, who sent it and how sure you are that it is genuine. Add the record that this command writes; it holds ids, counts and a date: ", el("code", {}, `handshakes probe ${platform} REQUEST --secret-file SECRET --record record.json`)));

const why = async (one, panel, reading = "", pressed = false) => {
  panel.replaceChildren(el("p", { role: "status" }, "Looking for the cause …"));
  let answer;
  try { answer = await ask("/why", { n: one.n, reading }); } catch (error) { panel.replaceChildren(el("p", {}, error.message)); return; }
  const choice = el("select", { class: "field", id: "reading" }, el("option", { value: "" }, "as adopted"), ...one.readings.map(({ id, rule: text }) => el("option", { value: id, selected: id === reading, title: text }, id.split(":")[1])));
  choice.addEventListener("change", () => why(one, panel, choice.value));
  // a reading helps where a signature is wrong or right, or where one of them was found to explain it
  const helps = ["signature-mismatch", "decryption-failed"].includes(answer.reason) || answer.verdict === "verified" || answer.explanations?.some((group) => group.some((each) => each.parts.some((part) => part.kind === "reading")));
  const readings = one.readings.length && !answer.after && answer.verdict !== "unknown" && (helps || reading)
    ? el("div", {}, el("p", { class: "hint" }, "A document can often be understood in two ways; each is a reading. Choose one to see whether the request would pass."),
      el("label", { for: "reading" }, "Read the documents "), choice, reading ? el("p", {}, one.readings.find(({ id }) => id === reading)?.rule) : null) : "";
  const heading = el("h3", { tabindex: -1 }, answer.verdict !== "verified" ? "Why" : one.verdict === "refused" ? "Refused as the documents are read here; read in this other way it is accepted" : "Why it is accepted");
  const news = explained(answer, one.rule?.by === "fault", reading, one.wrong);
  const begins = news[0]?.tagName === "H3"; // the news has a heading of its own
  panel.replaceChildren(...(reading ? [readings] : []), begins ? "" : heading, ...news, stages(answer, one) ?? "", reading ? "" : readings);
  if (reading) { choice.focus(); panel.scrollIntoView({ block: "nearest" }); } else if (pressed) {
    panel.scrollIntoView({ block: "start" });
    if (pressed === "button") (begins ? news[0] : heading).focus({ preventScroll: true });
  }
  say(answer.verdict === "refused" ? news.filter((part) => part.textContent).slice(0, 2).map((part) => part.textContent).join(": ") : answer.verdict);
};

const resend = async (one, changes) => {
  try {
    const answer = await ask("/resend", { n: one.n, changes }, "POST");
    say(answer.failure ? `No answer: ${answer.failure}.` : `Sent again as message ${answer.n}.`);
  } catch (error) { say(error.message); place.prepend(el("p", { class: "verdict bad" }, error.message)); }
};

const tamper = (one) => {
  const fields = one.parts.map((part) => [part, part.id === "body"
    ? el("textarea", { class: "field", id: `t-${part.id}` }) : el("input", { class: "field", id: `t-${part.id}`, autocomplete: "off", spellcheck: "false", placeholder: part.masked ? "masked: left as it is unless you write here" : "" })]);
  for (const [part, input] of fields) input.value = part.value;
  const form = el("form", { class: "panel tamper" }, el("h3", {}, "Send it again, changed"),
    fields.map(([part, input]) => el("div", { "data-part": part.id }, el("label", { for: input.id }, part.name), input)),
    el("p", { class: "hint" }, `It goes to ${one.receiver} and to nobody else. The signature is not made anew.`),
    el("div", { class: "acts" }, el("button", { class: "btn main small" }, "Send changed")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const changes = Object.fromEntries(fields.filter(([part, input]) => input.value !== part.value).map(([part, input]) => [part.id, input.value]));
    resend(one, changes);
  });
  return form;
};

const curl = (request, url) => ["curl", "-i", "-X", request.line.split(" ")[0], quoted(url + request.line.split(" ")[1]),
  ...request.headers.filter(([name]) => !["host", "content-length", "connection"].includes(name)).flatMap(([name, value]) => ["-H", quoted(`${name}: ${value}`)]),
  ...(request.body ? ["--data-raw", quoted(request.body)] : [])].join(" ");
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const raw = (part) => `${part.line}\n${part.headers.map(([name, value]) => `${name}: ${value}\n`).join("")}\n${part.body}`;
const FORMS = {
  curl: (one) => curl(one.request, one.origin),
  HAR: async (one) => (await ask("/export", { n: one.n, form: "har" })).text,
  pytest: async (one) => (await ask("/export", { n: one.n, form: "pytest" })).text,
  "raw text": (one) => [one.request, ...(one.response ? [one.response] : [])].map(raw).join("\n\n"),
};
const copies = (one) => el("div", { class: "acts", role: "group", "aria-label": "Copy as" }, el("span", { class: "label" }, "Copy as"), Object.entries(FORMS).map(([name, made]) => {
  const button = el("button", { class: "btn small", type: "button", "data-copy": name }, name);
  button.addEventListener("click", async () => { try { copy(await made(one)); } catch (error) { say(error.message); } });
  return button;
}));

const copy = async (text) => {
  try { await navigator.clipboard.writeText(text); say("Copied. What is masked here is masked there too."); } catch { say("This browser does not let the page copy."); }
};

const compare = (one, rows) => {
  const like = [...rows.values()].filter((row) => row.kind === "request" && row.n !== one.n && row.to === one.to).slice(-30);
  const swap = el("button", { class: "btn small", type: "button", id: "swap", hidden: true }, "Swap");
  const select = el("select", { class: "field", id: "other" }, el("option", { value: "" }, "choose a message"), like.map((row) => el("option", { value: row.n }, `${row.n} ${row.text} ${row.verdict}`)));
  const out = el("div");
  let pair = [];
  const draw = () => { swap.hidden = !pair.length; out.replaceChildren(...(pair.length ? difference(...pair) : [])); };
  select.addEventListener("change", async () => {
    pair = select.value ? [one, await ask("/message", { n: select.value })] : [];
    draw();
  });
  swap.addEventListener("click", () => { pair.reverse(); draw(); });
  return section("Compare with another request", el("p", {}, el("label", { for: "other" }, "Message "), select, " ", swap), out);
};

const named = (part) => {
  const [, method, target] = /^(\S+) (.*?)(?: HTTP\/1\.1)?$/s.exec(part.line); // a mask has blanks in it
  const [path, ...query] = target.split(/[?&]/);
  const form = part.headers.some(([name, value]) => name === "content-type" && value.includes("urlencoded")) ? part.body.split("&") : null;
  const seen = {};
  return new Map([["method and path", `${method} ${path}`], ...[...query, ...(form ?? [])].filter(Boolean).map((piece) => {
    const [name, ...value] = piece.split("=");
    seen[name] = (seen[name] ?? 0) + 1;
    return [seen[name] > 1 ? `${name}, no. ${seen[name]}` : name, value.join("=")];
  }), ...part.headers.filter(([name]) => ["content-type", "officernd-signature"].includes(name)).map(([name, value]) => {
    seen[name] = (seen[name] ?? 0) + 1;
    return [seen[name] > 1 ? `header ${name}, no. ${seen[name]}` : `header ${name}`, value];
  }), ...(form ? [] : [["payload", part.body]])]);
};
const parted = (text, other) => { // where two texts part, and whether both are masked there
  let at = 0;
  while (at < text.length && text[at] === other?.[at]) at += 1;
  const masked = (one) => one && one.lastIndexOf("‹secret, ", at) > one.lastIndexOf("›", at - 1);
  return [at, masked(text) && masked(other)];
};
const marked = (text, other) => {
  if (text === undefined) return el("em", {}, "is not there");
  const [at, masked] = parted(text, other);
  if (masked) return "a secret that is masked: it changed.";
  return el("code", {}, `${at > 24 ? "…" : ""}${text.slice(Math.max(0, at - 24), at)}`, el("span", { class: "differs" }, at < text.length ? visible(text[at]) : "end"), cut(text.slice(at + 1), 59));
};
const difference = (one, other) => {
  const [mine, theirs] = [named(one.request), named(other.request)];
  const differ = [...new Set([...mine.keys(), ...theirs.keys()])].filter((name) => mine.get(name) !== theirs.get(name));
  const moved = [...mine.keys()].join() !== [...theirs.keys()].join() && [...mine.keys()].sort().join() === [...theirs.keys()].sort().join();
  if (!differ.length) return [el("p", {}, moved ? "The same parts, in another order." : "Request line and payload are the same.")];
  return [el("p", {}, `${differ.length} of ${new Set([...mine.keys(), ...theirs.keys()]).size} parts differ${moved ? ", and their order does" : ""}. The first character that differs is marked.`),
    el("ol", { class: "rows compared" }, differ.slice(0, 20).map((name) => el("li", {}, el("span", {}, name), el("div", {},
      el("p", {}, `${one.n}  `, marked(mine.get(name), theirs.get(name))), el("p", {}, `${other.n}  `, marked(theirs.get(name), mine.get(name)))))))];
};
// beside a refused request, what differs from one that was accepted: a signature and a time always do
const beside = async (one, into) => {
  let other;
  try { other = await ask("/message", { n: one.like }); } catch { return; }
  const [mine, theirs] = [named(one.request), named(other.request)];
  const differ = [...new Set([...mine.keys(), ...theirs.keys()])].filter((name) => mine.get(name) !== theirs.get(name));
  if (differ.length && differ.every((name) => mine.has(name) && parted(mine.get(name), theirs.get(name))[1])) return; // masks alone say nothing
  into.replaceChildren(el("h3", {}, "What differs from ", link(one.like), ", which was accepted"), ...difference(one, other));
};
const visible = (text) => ({ " ": "␠", "\n": "␊", "\r": "␍" })[text] ?? text;

const light = (on) => (event) => {
  const id = event.target.closest("[data-part]")?.dataset.part;
  for (const each of document.querySelectorAll("[data-part]")) each.classList.toggle("lit", on && each.dataset.part === id);
};

// a clause with what the register knows of it
const register = (clause) => [el("p", {}, el("code", {}, clause.id)), el("p", {}, plain(clause.text)),
  el("p", { class: "hint" }, `${clause.level === "advice" ? "Advice that no document gives" : `A “${clause.level}”`} for the ${clause.actor}; evidence: ${clause.grade}. From ${clause.source}${clause.heading ? `, “${clause.heading}”` : ""}.`)];

/** Show a message; `act` opens why, replays it or opens tamper at once. */
export const show = async (row, rows, act = "") => {
  if (!row) return;
  const mine = (turn += 1);
  if (row.kind === "message") {
    place.replaceChildren(title(row), el("p", {}, "One window said this to another; it does not travel over HTTP."));
    return;
  }
  let one;
  try { one = await ask("/message", { n: row.n }); } catch (error) { place.replaceChildren(title(row), el("p", {}, error.message)); return; }
  if (mine !== turn && !act) return;
  const again = shown.n === one.n ? shown : { n: one.n, why: false, tamper: false };
  if (again !== shown) $("#message").scrollTop = 0; // another message is read from its verdict on
  shown = again;
  if (act === "why" && one.why) again.why = true;
  if (act === "why" && !one.why) say(NO_WHY);
  if (act === "tamper") again.tamper = true;
  const panel = el("div", { class: "panel", id: "why", "aria-live": "polite", hidden: !again.why });
  const form = tamper(one);
  form.hidden = !again.tamper;
  const toggle = (name, word, key, part) => {
    const button = el("button", { class: "btn small", type: "button", "data-act": name, "aria-expanded": String(again[name]) }, word, el("kbd", {}, key));
    button.addEventListener("click", () => { again[name] = !again[name]; part.hidden = !again[name]; button.setAttribute("aria-expanded", String(again[name])); if (name === "why" && again.why) why(one, panel, "", "button"); });
    return button;
  };
  const replay = el("button", { class: "btn small", type: "button", "data-act": "replay", disabled: !one.resendable }, "Replay", el("kbd", {}, "R"));
  replay.addEventListener("click", () => resend(one, {}));
  place.replaceChildren(title(row), one.note ? el("p", { class: "note" }, one.note) : "", ...rejected(one), verdict(one) ?? "",
    el("div", { class: "acts" }, one.why ? toggle("why", "Why?", "W", panel) : null, replay, one.resendable ? toggle("tamper", "Tamper", "T", form) : null),
    !one.why && one.verdict === "refused" && !one.probe ? el("p", { class: "hint", id: "no-why" }, NO_WHY) : "",
    panel, form, one.like ? el("section", { id: "beside" }) : "",
    section("Request", el("p", { class: "hint" }, `${one.exact ? "As the receiver got it" : "As it was sent"}${one.request.bytes ? `, ${one.request.bytes} bytes of payload` : ""}. Secrets are masked; keys that everybody knows are not.`), lines(one.request)),
    one.response ? section("Response", lines(one.response)) : el("p", { class: "hint" }, one.failure ? `No response: ${one.failure}.` : "No response yet."),
    el("div", { id: "covered" }),
    one.findings.length ? section("Checked by the marketplace", el("ul", { class: "checks" }, one.findings.map((each) => el("li", {}, state(each.state === "held" ? "ok" : each.state === "violated" ? "bad" : "none", each.state), " ", el("code", {}, each.clause), " ", el("small", {}, each.detail))))) : "",
    copies(one), compare(one, rows),
    one.rule?.id || one.clause ? el("div", { class: "clause" }, register(one.rule?.id ? one.rule : one.clause)) : "");
  for (const part of document.querySelectorAll("[data-part]")) {
    for (const on of ["pointerenter", "focusin"]) part.addEventListener(on, light(true));
    for (const off of ["pointerleave", "focusout"]) part.addEventListener(off, light(false));
  }
  if (one.like) beside(one, $("#beside"));
  if (again.why) why(one, panel, "", act === "why" ? "key" : false);
  if (one.verdict === "verified" || one.verdict === "decrypted") covers(one);
  if (act === "replay" && one.resendable) resend(one, {});
  if (act === "tamper") $("#message .tamper .field")?.focus();
};

const covers = async (one) => {
  let answer;
  try { answer = await ask("/why", { n: one.n }); } catch { return; }
  if (shown.n !== one.n || !answer.returns) return;
  const { covered, not_covered: open } = answer.returns;
  $("#covers").textContent = `Covered: ${covered.join(", ") || "nothing"}. Not covered: ${open.join(", ") || "nothing"}.`;
  const names = new Map(one.parts.map((part) => [part.id, part.name]));
  for (const part of document.querySelectorAll("pre [data-part]")) part.classList.toggle("cov", covered.includes(names.get(part.dataset.part)));
  $("#covered").replaceChildren(stages(answer, one) ?? "");
};
