// The theme asks for the search index on every visit, which is twice the weight of all else: it waits until somebody searches.
(() => {
  const {open, send} = XMLHttpRequest.prototype, asked = new URLSearchParams(location.search), waiting = [];
  let wanted = asked.has("q") || asked.has("h");
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.waits = /\/search_index\.json$/.test(url);
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    if (this.waits && !wanted) waiting.push(() => send.apply(this, body));
    else send.apply(this, body);
  };
  addEventListener("focusin", ({target}) => {
    if (!target.closest("[data-md-component=search]")) return;
    wanted = true;
    waiting.splice(0).forEach(go => go());
  });
  // Tables that the theme lets scroll are reached by keyboard, and so is the label that opens the navigation.
  addEventListener("load", () => {
    document.querySelectorAll(".md-typeset__scrollwrap").forEach(each => each.tabIndex = 0);
    const label = document.querySelector(".md-header__button[for=__drawer]");
    if (!label) return;
    Object.assign(label, {tabIndex: 0, role: "button", ariaLabel: "Navigation"});
    label.addEventListener("keydown", event => {
      if (event.key !== " ") return; // the theme does so for Enter, on every label that has the focus
      event.preventDefault();
      label.click();
    });
  });
})();
