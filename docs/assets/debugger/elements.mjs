// Elements with text. What came from the input is only ever set as text, never as HTML.

/** Make an element: attributes by name, then children, which are elements or texts; what is false or null is left out. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false && child !== ""));
  return made;
}

/** Return the element with this id. */
export const byId = (id) => document.getElementById(id);

/** Make a section with its heading; without children there is none. */
export function section(id, title, note, ...children) {
  const inside = children.flat(Infinity).filter(Boolean);
  if (!inside.length) return null;
  return make("section", { "aria-labelledby": id }, make("h3", { id }, title, note && " ", note && make("small", {}, note)), ...inside);
}

const MARKS = /(‹[^›]*›| |`[^`]+`)/;

/** Make text in which blanks and what is written as ‹…› can be told from the rest. */
export function visible(text) {
  return text.split(MARKS).filter(Boolean).map((part) =>
    part === " " ? make("span", { class: "sp" }, "␣") : part.startsWith("‹") ? make("span", { class: "sp" }, part) : part);
}

/** Make prose in which `code` is code. */
export function prose(text) {
  return text.split(/(`[^`]+`)/).filter(Boolean).map((part) => part.startsWith("`") ? make("code", {}, part.slice(1, -1)) : part);
}
