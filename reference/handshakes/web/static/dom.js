// Elements, and what the page asks its server. Nothing that travelled ever becomes HTML: every text is a text node.
const { platform, token, field } = document.body.dataset;
export { platform, token, field };

export const $ = (selector, within = document) => within.querySelector(selector);

/** Make an element: properties by name (`data-…` and `aria-…` as attributes), then children. */
export const el = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false || value === null) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
};

export const state = (kind, word) => el("span", { class: `st ${kind}` }, word);

/** Ask the server: GET with a query, or POST with a JSON body. Throws an Error with a sentence for the person. */
export const ask = async (path, asked, method = "GET") => {
  const headers = { "x-handshakes-token": token };
  let answer;
  try {
    answer = method === "GET"
      ? await fetch(`${path}?${new URLSearchParams({ platform, ...asked })}`, { headers })
      : await fetch(path, { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify({ platform, ...asked }) });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  const value = await answer.json().catch(() => ({ error: `The server answered ${answer.status}.` }));
  if (!answer.ok) throw new Error(value.error);
  return value;
};

/** Say something to everybody, by the one polite region; each sentence is new to it. */
export const say = (text) => {
  const region = $("#status");
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 30);
};
