// The wire: one row is one message and one line of the sequence diagram. It grows by a row, and is read as a list.
import { $, el, say, state } from "./dom.js";
import { none, show } from "./message.js";

const rows = new Map();
const chapters = new Map();
let lanes = [];
let selected = 0;
let follows = true;
let opened = { n: 0, key: "" };
let view = () => {};
let news = () => {};

const lane = (name) => (lanes.indexOf(name) < 0 ? (name === "outside" ? 0 : 2) : lanes.indexOf(name));

const arrow = (row) => {
  const [from, to] = [lane(row.from), lane(row.to)];
  return el("span", { class: `arrow ${to > from ? "right" : "left"} a${Math.min(from, to)} w${Math.abs(to - from)}` }, el("i"),
    el("span", { class: "hide" }, `${row.from} to ${row.to}: `));
};

const badge = (row) => {
  if (row.kind !== "request") return null;
  if (row.verdict === "refused") return row.expected ? el("span", { class: "st turned wide" }, "refused as expected") : state("bad", "refused");
  if (row.verdict) return state("ok", row.verdict);
  return row.violated ? state("bad", "violated") : row.open ? state("wait", "open") : null;
};

// a path breaks behind a slash, before it breaks within a word
const pieces = (text) => text.split(/(?<=[/?&])/).flatMap((piece) => [piece, el("wbr")]);

const message = (row) => {
  const kinds = [row.kind === "request" ? "" : row.kind === "message" ? "window" : "answer", row.carries ? "carries" : "", row.verdict === "refused" ? "bad" : ""];
  const button = el("button", { type: "button", class: `msg ${kinds.join(" ")}`, "data-n": row.n, tabindex: row.n === selected ? 0 : -1,
    "aria-current": row.n === selected ? "true" : false },
  el("span", { class: "no" }, String(row.n)), arrow(row),
  el("span", { class: "text" }, el("b", {}, pieces(row.text)), row.sub ? el("small", {}, row.sub) : null), badge(row), row.note ? el("small", { class: "note" }, row.note) : null);
  button.addEventListener("click", () => { choose(row.n); if (innerWidth <= 760) view("message"); });
  return el("li", {}, button);
};

// a step with its messages: what sticks at the top belongs to what is below it
const part = (chapter) => {
  const list = el("ol", { "aria-label": `Messages of ${chapter.title}` });
  return [el("li", { class: "part" }, el("p", { class: "chapter", "data-chapter": chapter.chapter }, chapter.title, chapter.fault ? el("span", {}, ` · fault: ${chapter.what}`) : null), list), list];
};

const matches = (row) => {
  const words = $("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const only = $("#only").value;
  const text = [row.n, row.from, row.to, row.text, row.sub, row.search, row.verdict].join(" ").toLowerCase();
  return (!only || String(row.chapter) === only) && words.every((word) => text.includes(word));
};

const draw = () => {
  const focused = document.activeElement?.dataset?.n;
  const shown = [...rows.values()].sort((one, other) => one.n - other.n).filter(matches);
  const made = [];
  let last = null;
  let list = null;
  for (const row of shown) {
    if (row.chapter !== last && chapters.has(row.chapter)) {
      const [item, inner] = part(chapters.get(row.chapter));
      made.push(item);
      list = inner;
    }
    last = row.chapter;
    if (list) list.append(message(row)); else made.push(message(row));
  }
  $("#ladder").replaceChildren(...made);
  $("#empty").hidden = rows.size > 0 && shown.length > 0;
  $("#empty strong").textContent = rows.size ? "Nothing found" : "No messages yet";
  if (rows.size && !shown.length) $("#empty-text").textContent = "No message matches the search.";
  if (!$('.msg[tabindex="0"]')) $(".msg")?.setAttribute("tabindex", "0");
  if (focused) $(`[data-n="${focused}"]`)?.focus({ preventScroll: true });
  if (follows) toEnd();
};

// the newest message is in sight, and no row or heading at the top is cut: what would be is scrolled out of sight
const toEnd = () => {
  const [frame, list] = [$("#scroll"), $("#ladder")];
  list.style.paddingBottom = "";
  frame.scrollTop = frame.scrollHeight;
  if (frame.scrollHeight <= frame.clientHeight) return;
  const top = frame.getBoundingClientRect().top;
  const head = [...list.querySelectorAll(".chapter")].findLast((one) => one.getBoundingClientRect().top <= top + 1);
  const end = head?.parentElement.getBoundingClientRect().bottom ?? top;
  const under = top + (head?.offsetHeight ?? 0);
  const cut = [...list.querySelectorAll(".msg")].map((one) => one.getBoundingClientRect()).find((one) => one.bottom > under + 1);
  const over = end < under - 1 ? end - top : !cut || cut.top > under - 1 ? 0 : cut.bottom > end - 2 ? cut.bottom - top : cut.bottom - under;
  if (over > 0) { list.style.paddingBottom = `${over}px`; frame.scrollTop = frame.scrollHeight; }
};

// what was opened by itself is in sight, though the newest message is further down
const reveal = (n) => {
  const [frame, row] = [$("#scroll"), $(`.msg[data-n="${n}"]`)];
  if (!row || !frame.clientHeight) return;
  const gap = row.getBoundingClientRect().top - frame.getBoundingClientRect().top;
  if (gap < 40) frame.scrollTop += gap - 40;
};

/** Take what changed on the wire, and draw it. */
export const update = (fresh, shop) => {
  lanes = shop.lanes;
  $("#lanes").replaceChildren(el("span"), ...lanes.map((name, index) => el("span", {}, el("span", { class: "full" }, name), el("span", { class: "short", "aria-hidden": "true" }, String(index + 1)))),
    el("span", { class: "list" }, lanes.map((name, index) => `${index + 1} ${name}`).join(" · ")));
  let added = false;
  for (const row of fresh) {
    if (row.kind === "chapter") { chapters.set(row.chapter, row); added = true; } else rows.set(row.n, row);
  }
  if (added) {
    const only = $("#only");
    const kept = only.value;
    only.replaceChildren(el("option", { value: "" }, "all"), ...[...chapters.values()].map((one) => el("option", { value: one.chapter }, `${one.chapter}. ${one.title}${one.fault ? `, ${one.fault}` : ""}`)));
    only.value = kept;
  }
  const to = follows ? opens(fresh, shop) : undefined;
  if (to !== undefined) selected = to;
  if (fresh.length) draw();
  if (to) reveal(to);
  if (to === 0) none();
  else if (to || fresh.some((row) => row.n === selected || row.answer === selected || row.of === selected)) show(rows.get(selected), rows);
};

// The message to open by itself: the one whose refusal the last step names, or a refused one that no step sent.
// 0 closes what an older step has opened; undefined leaves what is there.
const opens = (fresh, shop) => {
  const last = shop.steps.reduce((one, other) => (other.try > one.try ? other : one));
  const loose = fresh.filter((row) => row.kind === "request" && row.verdict === "refused" && !row.open && row.chapter > last.try).at(-1);
  const key = `${last.try} ${last.shows}`;
  if (loose) { opened = { n: loose.n, key }; news("refused"); return loose.n; }
  if (key === opened.key) return undefined;
  const older = opened.n;
  opened = { n: rows.has(last.shows) ? last.shows : 0, key: last.shows && !rows.has(last.shows) ? opened.key : key };
  if (opened.n) { news(rows.get(opened.n).verdict === "refused" ? "refused" : "survived"); return opened.n; }
  return older && selected === older ? 0 : undefined;
};

const choose = (n, focus = false) => {
  selected = n;
  for (const button of document.querySelectorAll(".msg")) {
    const on = Number(button.dataset.n) === n;
    button.tabIndex = on ? 0 : -1;
    if (on) { button.setAttribute("aria-current", "true"); if (focus) button.focus(); } else button.removeAttribute("aria-current");
  }
  show(rows.get(n), rows);
};

/** Follow the newest message, or stay where the person is; what is announced goes with it. */
export const follow = (on) => {
  follows = on;
  $("#follow").setAttribute("aria-pressed", String(on));
  $("#follow").textContent = on ? "Follow" : "Jump to latest";
  if (on) toEnd();
};
export const following = () => follows;

export const start = (go, tell) => {
  view = go;
  news = tell;
  $("#follow").addEventListener("click", () => { follow(!follows); say(follows ? "Following the newest message." : "Staying here."); });
  document.addEventListener("goto", ({ detail }) => choose(detail));
  $("#search").addEventListener("input", draw);
  $("#only").addEventListener("change", draw);
  $("#scroll").addEventListener("wheel", (event) => { if (event.deltaY < 0) follow(false); }, { passive: true });
  // keys work on a message only, so that they never take a letter from a field or a screen reader
  $("#ladder").addEventListener("keydown", (event) => {
    const list = [...document.querySelectorAll(".msg")];
    const at = list.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (list[to]) { follow(to === list.length - 1 && event.key === "End"); choose(Number(list[to].dataset.n), true); }
      return;
    }
    const act = { w: "why", r: "replay", t: "tamper" }[event.key.toLowerCase()];
    if (act) { choose(Number(event.target.dataset.n)); show(rows.get(selected), rows, act); }
  });
  $("#message").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { view("wire"); $(`[data-n="${selected}"]`)?.focus(); }
  });
};
