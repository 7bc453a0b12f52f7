// A window that the marketplace page opened says when it is closed: once for a page that is there, once more when it goes.
"use strict";
{
  const kept = document.currentScript.dataset.try || sessionStorage.getItem("try");
  const page = String(performance.timeOrigin) + String(Math.random()).slice(1);
  const tell = (which) => navigator.sendBeacon("/simulator/window", new URLSearchParams({ try: kept, page: which }));
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
}
