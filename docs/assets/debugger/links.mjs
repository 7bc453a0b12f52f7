// Addresses of the guide's pages, by the ids that an answer names.
import { make } from "./elements.mjs";

const ROOT = new URL("../../", import.meta.url);

/** What the site knows of ids: on which page each slip is, and which step of a recipe each clause has. */
let known = { slips: {}, steps: {} };

/** Take over what the site knows. */
export function learn(data) {
  known = data;
}

const to = (path, text) => make("a", { href: new URL(path, ROOT).href }, text);

/** Link a clause, or write it plainly if it has no page. */
export function clause(id) {
  const [platform, short] = id.split(":");
  return short ? to(`clauses/${platform}.html#${short}`, make("code", {}, id)) : make("code", {}, id);
}

/** Link a clause by its name within its platform. */
export function shortly(id) {
  const [platform, short] = id.split(":");
  return to(`clauses/${platform}.html#${short}`, short);
}

/** Link a reason code. */
export const reason = (code) => to(`reasons.html#${code}`, make("code", {}, code));

/** Link a slip to its page, a reading to its platform's register. */
export function mistake(id) {
  if (id.includes(":")) return clause(id);
  return known.slips[id] ? to(`mistakes/${known.slips[id]}.html#${id}`, make("code", {}, id)) : make("code", {}, id);
}

/** Link the step of the recipe that a clause has, if it has one. */
export function step(id) {
  const found = known.steps[id];
  return found ? to(`recipes/${found.page}.html#${found.step}`, `${found.operation}, step ${found.number}`) : null;
}
