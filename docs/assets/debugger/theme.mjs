// Light or dark: the choice made elsewhere in the guide, else the system's. The button here is for this visit alone.
import { byId } from "./elements.mjs";

function chosenElsewhere() {
  try {
    const kept = localStorage.getItem(`${new URL("../../", import.meta.url).pathname}.__palette`);
    return JSON.parse(kept)?.color?.scheme;
  } catch {
    return undefined;
  }
}

/** Take over the theme, and listen to its button. */
export function theme() {
  const root = document.documentElement, button = byId("theme");
  const scheme = chosenElsewhere();
  if (scheme) root.dataset.theme = scheme === "slate" ? "dark" : "light";
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => { button.textContent = dark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    label();
  });
  button.hidden = false;
  label();
}
