// What was proven: who checked what, what nobody saw, and what to try next.
import { $, ask, el, platform, say, state } from "./dom.js";

const SIGNS = { held: "ok", violated: "bad", "not seen": "none" };

const list = (rows) => el("ul", { class: "checks" }, rows);

/** Fill the report; `choose` takes a fault that the person wants to try. */
export const report = async (choose, shop, worded) => {
  let proven;
  try { proven = await ask("/proven", {}); } catch (error) { say(error.message); return; }
  const { checked, verified, unseen, untestable, next, timed, messages } = proven;
  const { held, violated } = shop.proven;
  const open = shop.steps.filter((step) => !step.worked);
  const titles = (tried) => open.filter((step) => Boolean(step.try) === tried).map((step) => step.title).join(", ");
  const complete = open.length ? "" : "The handshake is complete. ";
  const rest = [["Not tried", titles(false)], ["Tried, but never seen to work", titles(true)]].map(([said, names]) => (names ? `${said}: ${names}. ` : "")).join("");
  const said = messages ? `${complete}${rest}${messages} messages, ${held} rules held, ${violated} violated.` : "Nothing yet. Each step adds the rules that it shows.";
  const order = ["violated", "failed", "unseen", "waiting", "running", "refused", "held"];
  const steps = shop.steps.filter((step) => order.includes(step.state)).sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  $("#report").replaceChildren(el("p", {}, said), el("div", { class: "cols" },
    el("section", {}, el("h3", {}, steps.some((step) => ["violated", "failed"].includes(step.state)) ? "How each step ended, failed ones first" : "How each step ended"), el("ol", { class: "checks", id: "ended" }, steps.map((step) => el("li", {}, state(...worded(step)), ` ${step.title}. `, el("small", {}, step.said)))),
    el("h3", {}, "The marketplace checked the partner"), list(checked.map((one) => el("li", {}, state(SIGNS[one.state], one.state), " ", el("code", {}, one.clause),
      el("br"), one.text, " ", el("small", {}, one.detail))))),
    el("section", {}, el("h3", {}, "The receiver verified"), list([
      el("li", {}, `${verified.count} messages were verified or decrypted by who received them.`)]),
    verified.refused.length ? [el("h3", {}, "The receiver refused"), list(verified.refused.map((one) => el("li", {}, state("bad", "refused"), ` message ${one.n}: ${one.reason}`)))] : null,
    el("h3", {}, `Not seen: ${unseen.length}`), list(unseen.slice(0, 12).map((one) => el("li", {}, el("code", {}, one.clause), el("br"), one.text))),
    unseen.length > 12 ? el("p", { class: "hint" }, `and ${unseen.length - 12} more`) : null,
    el("h3", {}, `No request can show: ${untestable.length}`), list(untestable.map((one) => el("li", {}, el("code", {}, one.clause), el("br"), el("small", {}, one.reason))))),
    el("section", {}, el("h3", {}, "Try next"), list([
      ...next.map((one) => {
        const button = el("button", { class: "btn", type: "button" }, `${one.step}: ${one.what}`);
        button.addEventListener("click", () => choose(one));
        return el("li", {}, button, el("br"), el("small", {}, `expected: refused, ${one.reason}`));
      }),
      timed ? el("li", {}, "Move the clock by 6 minutes, and replay a signed message: it is stale.") : null,
      el("li", {}, "Put your own partner on this wire: ", el("code", {}, `handshakes serve ${platform} --only platform`))]))));
};
