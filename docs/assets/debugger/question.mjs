// The form: what was pasted or dropped, how it is to be read, and what is given beside it.
import { MOST, counted, read } from "./bytes.mjs";
import { byId } from "./elements.mjs";

const FIELDS = ["secret", "now", "mine", "mine_digest", "header", "origin", "tolerance", "others"];
const CHOICES = ["deep", "show_secrets"];

/** The fields that a question is made of. */
export const ASKED = ["paste", ...FIELDS];

/** A field that is wrong, and a sentence on it. */
export class Wrong extends Error {
  constructor(field, text) {
    super(text);
    this.field = field;
  }
}

const MOST_IN_FIELD = 100_000; // characters; a field with more of them makes browsers stand still

/** Return what the package says of an option as a word on its field, or the error as it is. */
export function placed(error) {
  const [, name, needed] = error.message.match(/^(\w+) is (.*)$/s) ?? [];
  return FIELDS.includes(name) ? new Wrong(name, `Needed: ${needed}.`) : error;
}

let file = null, refused = "";

const form = () => document.querySelector("input[name=form]:checked").value;

/** Return the bytes that were pasted or dropped. Throws `Wrong`. */
function pasted() {
  if (file) return file.bytes;
  try {
    return read(byId("paste").value, form());
  } catch (error) {
    throw new Wrong("paste", error.message);
  }
}

/** Return the question as the worker takes it. Throws `Wrong`. */
export function question() {
  const bytes = pasted(), given = {};
  for (const name of FIELDS) if (byId(name).value) given[name] = byId(name).value;
  for (const name of CHOICES) if (byId(name).checked) given[name] = true;
  if (!bytes.length && !given.header) throw new Wrong("paste", refused || "Nothing was pasted. Paste what was received, or choose a file.");
  if (bytes.length > MOST) throw new Wrong("paste", `This is over ${MOST.toLocaleString("en-GB")} bytes. Paste the one request.`);
  if (!given.secret) throw new Wrong("secret", "The secret is empty. Without it nothing can be verified.");
  if (given.now && !/^\d{1,15}$/.test(given.now.trim())) throw new Wrong("now", "The time is not a number of Unix seconds.");
  if (given.tolerance && !/^\d{1,9},\d{1,9}$/.test(given.tolerance.trim())) throw new Wrong("tolerance", "The tolerance is two numbers of seconds, as 300,60.");
  given.now = given.now ? Number(given.now) : Math.floor(Date.now() / 1000);
  if (given.tolerance) given.tolerance = given.tolerance.trim();
  if (given.others) given.others = given.others.split("\n").filter(Boolean);
  if (given.origin) given.origin = [given.origin.trim()];
  return { platform: byId("platform").value, pasted: bytes.slice().buffer, given };
}

/** Fill in an example, and empty all else. */
export function fill(example) {
  clear();
  byId("paste").value = example.pasted;
  byId("platform").value = example.platform;
  byId("secret").value = example.secret;
  byId("now").value = String(example.now);
  byId("header").value = example.header ?? "";
  byId("mine").value = example.mine ?? "";
  for (const name of ["header", "mine"]) if (example[name]) byId(name).closest("details").open = true;
  count();
}

/** Empty the form. */
export function clear() {
  byId("ask").reset();
  file = null;
  refused = "";
  byId("file").value = "";
  for (const name of ["mine", "header"]) byId(name).closest("details").open = false;
  count();
  for (const name of ASKED) mark(name, "");
}

/** Say what is wrong with a field, or nothing. */
export function mark(name, text) {
  const field = byId(name), id = `${name}-wrong`;
  byId(id)?.remove();
  field.toggleAttribute("aria-invalid", false);
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (text) {
    const said = Object.assign(document.createElement("p"), { id, className: "wrong", textContent: text });
    (field.closest(".secret") ?? field).after(said);
    field.setAttribute("aria-invalid", "true");
    described.unshift(id);
  } else field.removeAttribute("aria-invalid");
  if (described.length) field.setAttribute("aria-describedby", described.join(" "));
  else field.removeAttribute("aria-describedby");
}

function count() {
  byId("held").hidden = !file;
  byId("paste").hidden = Boolean(file);
  byId("held-name").textContent = file ? file.name : "";
  const marked = document.querySelectorAll("input[name=form]");
  for (const one of marked) one.disabled = Boolean(file);
  try {
    byId("count").textContent = counted(pasted());
  } catch {
    byId("count").textContent = "";
  }
}

async function take(given) {
  if (!given) return;
  mark("paste", "");
  refused = "";
  if (given.size > MOST) {
    refused = `The file is over ${MOST.toLocaleString("en-GB")} bytes. Give the one request.`;
    mark("paste", refused);
    return;
  }
  file = { name: given.name, bytes: new Uint8Array(await given.arrayBuffer()) };
  count();
}

/** Listen to the form's fields. */
export function listen() {
  byId("paste").addEventListener("input", count);
  for (const one of document.querySelectorAll("input[name=form]")) one.addEventListener("change", () => { mark("paste", ""); count(); });
  byId("paste").addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (text.length < MOST_IN_FIELD || form() !== "text") return;
    event.preventDefault();
    take(new File([text], "pasted text"));
  });
  byId("file").addEventListener("change", (event) => take(event.target.files[0]));
  byId("drop-file").addEventListener("click", () => {
    file = null;
    byId("file").value = "";
    count();
    byId("paste").focus();
  });
  byId("show").addEventListener("click", ({ target }) => {
    const shown = byId("secret").type === "password";
    byId("secret").type = shown ? "text" : "password";
    target.setAttribute("aria-pressed", String(shown));
    target.textContent = shown ? "Hide" : "Show";
  });
  const ask = byId("ask");
  ask.addEventListener("dragover", (event) => {
    event.preventDefault();
    ask.classList.add("over");
  });
  ask.addEventListener("dragleave", () => ask.classList.remove("over"));
  ask.addEventListener("drop", (event) => {
    ask.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  count();
}
