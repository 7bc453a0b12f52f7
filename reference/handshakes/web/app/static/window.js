// A window that the marketplace page opened says when it is closed: once for a page that is there, once more when it goes.
"use strict";
{
  const kept = document.currentScript.dataset.try || sessionStorage.getItem("try");
  const page = String(performance.timeOrigin) + String(Math.random()).slice(1);
  const tell = (which) => navigator.sendBeacon("/simulator/window", new URLSearchParams({ try: kept, page: which }));
  // the marketplace page opened this window: the list of the simulator is no way back, and a fault that was ordered is named
  if (window === top && (kept || window.name.startsWith("handshakes-"))) {
    const { try: began, fault } = document.currentScript.dataset;
    if (began) sessionStorage.setItem("fault", fault);
    const ordered = sessionStorage.getItem("fault");
    addEventListener("DOMContentLoaded", () => {
      const closes = { id: "back", textContent: "This window can be closed: the marketplace page has every message." };
      document.getElementById("back")?.replaceWith(Object.assign(document.createElement("span"), closes));
      document.querySelector(".brand")?.removeAttribute("href");
      for (const list of document.querySelectorAll("select[name=fault]")) {
        list.closest("label").replaceWith(Object.assign(document.createElement("small"), { textContent: "without a fault: choose one on the marketplace page" }));
      }
      if (!ordered || document.getElementById("disturbed") || document.querySelector("h1")?.textContent.includes(ordered)) return;
      const said = `This step was taken with a fault: ${ordered}. What you see here is what became of it.`;
      document.querySelector("h1")?.after(Object.assign(document.createElement("p"), { className: "soft", id: "ordered", textContent: said }));
    });
  }
  if (kept && window === top) {
    const before = sessionStorage.getItem("before");
    sessionStorage.setItem("try", kept);
    sessionStorage.removeItem("before");
    tell(page);
    if (before) tell(before);
    // a form leads to the next page of the same window, which tells for this one: until then it is not closed
    addEventListener("submit", () => sessionStorage.setItem("before", page));
    addEventListener("pagehide", () => { if (!sessionStorage.getItem("before")) tell(page); });
  }
  // a key that a person has to carry into a form is copied by a button
  addEventListener("DOMContentLoaded", () => {
    const key = document.getElementById("api-key");
    if (!key) return;
    const button = Object.assign(document.createElement("button"), { type: "button", id: "copy-key", textContent: "Copy the key" });
    button.addEventListener("click", async () => {
      key.select();
      try { await navigator.clipboard.writeText(key.value); } catch { document.execCommand("copy"); }
      button.textContent = key.value ? "Copied" : "Choose a user right first";
    });
    key.closest("label").after(" ", button);
  });
}
