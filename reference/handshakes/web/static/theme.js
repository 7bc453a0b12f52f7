// The theme: the system's choice until the button is pressed; then the reader's, kept in this browser only.
"use strict";
{
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("handshakes-theme"); } catch { return null; } };
  const keep = (value) => { try { localStorage.setItem("handshakes-theme", value); } catch { /* storage is off */ } };
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (kept()) root.dataset.theme = kept();
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = () => { button.textContent = dark() ? "Light theme" : "Dark theme"; };
    label();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    const tell = () => dispatchEvent(new CustomEvent("theme", { detail: root.dataset.theme }));
    if (root.dataset.theme) addEventListener("load", tell);
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      keep(root.dataset.theme);
      label();
      tell();
    });
  });
}
