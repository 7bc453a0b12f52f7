"""The one script of the provider's page, and the same in Python for drivers without a browser.

It enables the button with the box, posts the form, and tells the popup what came of it: a bare text,
`active` or an error text (facts 1.4). Whatever it does not understand it leaves alone.
"""

from __future__ import annotations

from html import unescape
from urllib.parse import urljoin

from ..core.messages import Request, Response, Step, Unreachable, form_body, split_url
from ..core.strict import URLENCODED
from ..runtime.browser import Browser, Page

UNLOCK, PRIVACY, KEY = "unlock", "privacy", "secret"

SCRIPT = """"use strict";
const form = document.getElementById("unlock");
const box = document.getElementById("privacy");
const button = document.getElementById("unlockButton");
const result = document.getElementById("result");
const enable = () => { button.disabled = !box.checked; };
box.addEventListener("change", enable);
enable();
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  result.textContent = form.dataset.sending;
  let text = form.dataset.failed;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.status === 200) text = await answer.text();
  } catch { /* the text says that nothing came */ }
  const done = text === "active";
  form.hidden = done;
  enable();
  result.textContent = done ? form.dataset.done : text;
  window.parent.postMessage(text, "*");
});
"""


def press(browser: Browser, frame: Page, popup: Page, key: str, *, agreed: bool = True) -> Step[str | None]:
    """Paste a key, tick the box, press the button; return the text that goes to the popup.

    None means that the page has no form, or that the button stayed disabled. Raises nothing: a failure
    of the network becomes a text, as in the script.
    """
    form = next((one for one in frame.forms if one.id == UNLOCK), None)
    if form is None or not agreed:
        return None
    fields = {**form.fields, KEY: key, PRIVACY: "yes"}
    origin, target = split_url(urljoin(frame.url, form.action))
    headers = (("content-type", f"{URLENCODED};charset=UTF-8"), ("origin", split_url(frame.url)[0]))
    text = unescape(frame.response.body.decode().partition('data-failed="')[2].partition('"')[0])
    try:
        answer: Response = yield Request("POST", origin, target, headers, form_body(fields))
        if answer.status == 200:
            text = answer.body.decode("utf-8", "replace")
    except Unreachable:
        pass
    browser.post_message(frame, popup, text, "*")
    return text
