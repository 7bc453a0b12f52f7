"""Take every fault that the served marketplace offers once, and print what the screen says: `every.py [PLATFORM[/FAULT]…]`.

Nothing here judges. A person reads it who knows neither fault nor code, and asks of each: could the integrator mend
the code with it? `python -m tests.trials.marketplace.every officernd` takes about a minute, all four about three.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from handshakes.onoffice.simulator.frames import key_form
from handshakes.onoffice.simulator.portal import choose
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser, Form
from handshakes.web.details import details, why
from handshakes.web.views import faults, step

from ...browser.market import marketplace

CONNECT = {
    "officernd": ("connect",), "retailcrm": ("popup", "connect"), "onoffice": ("open",), "fortis": ("location", "user", "consent"),
}  # fmt: skip
LIMIT = 60


@dataclass
class Person:
    """Who presses the buttons of one platform, with a browser that runs no script."""

    place: Any
    network: Any
    browser: Browser = field(default_factory=Browser)

    def run(self, step: Any) -> Any:
        """Carry the browser's requests over sockets, marked as a real browser marks them."""
        answer = None
        try:
            while True:
                request = next(step) if answer is None else step.send(answer)
                marked = (*request.headers, ("sec-fetch-mode", "navigate"))
                answer = self.network.client.send(replace(request, headers=marked, note="", timeout=LIMIT))
        except StopIteration as stop:
            return stop.value

    def take(self, id: str, fault: str = "") -> None:
        """Press a step, do what its window asks for, and close the window."""
        press = self.place.press(id)
        self.run(self._taken(press, {**press.fields, **({"fault": fault} if fault else {})}))
        if press.window:
            self.place.closed(id)

    def _taken(self, press: Any, fields: dict[str, str]) -> Any:
        start = yield from self.browser.open(self.place.addresses["platform"] + "/simulator")
        page = yield from self.browser.submit(start, Form(f"/simulator/{press.step}", "POST", fields))
        forms = {form.id: form for form in page.forms}
        if agree := forms.get("confirm"):
            boxes = {"terms": "yes", "data_processing": "yes"}
            page = yield from self.browser.submit(page, agree, boxes)
        if page.frames:
            frame = yield from self.browser.load_frame(page)
            if form := key_form(frame):
                key = yield from choose(page, "all")
                yield from self.browser.submit(frame, form.form, form.filled(key))
        elif account := forms.get("account"):
            yield from self.browser.submit(page, account)

    def ready(self, id: str) -> None:
        """Make a step possible: connect, or block what may not be active."""
        name = self.place.name
        if (name, id) != ("onoffice", "open"):
            for each in CONNECT[name]:
                press = self.place.press(each)
                if press.ready and not press.done:
                    self.take(each)
        elif not self.place.press(id).ready:
            self.take("block")


@contextmanager
def person(name: str) -> Iterator[Person]:
    """Serve a platform, and yield who presses its buttons."""
    with marketplace(name) as market:
        host = market.hosts[name]
        yield Person(host.place, host.network)


def said(place: Any, id: str) -> Iterator[str]:
    """Yield what the screen says of the last try of a step: its card, the message that opens by itself, and Why?."""
    one = step(place, place.press(id))
    yield f"{one['state']}: {one['said']}"
    if not one["shows"]:
        yield "no message opens"
        return
    exchange = place.wire.get(one["shows"])
    found = details(place, exchange)
    request = found["request"]["line"].partition("?")[0]
    yield f"message {found['n']}, {found['from']} to {found['to']}: {request}; {found['note']}"
    yield from filter(None, [found["who"]])
    for each in found["refusals"][-1:]:
        yield f"{each['reason']}: {each['says']}"
        yield from (f"  {name}: {value}" for name, value in each["evidence"])
        yield f"  what was wrong: {found['wrong']}"
        yield f"  to do: {each['hint']}"
    yield from (f"  see message {each['n']}: {each}" for each in found["sources"])
    if rule := found["rule"]:
        yield f"rule ({rule['by']}): {rule.get('text', '')} {rule.get('id', '')}"
    if found["survived"] or not found["why"]:
        return
    answer = why(place, exchange)
    yield f"why: {answer.get('after') or answer['says']}"
    for group in answer.get("explanations", [])[:3]:
        for likeliest, each in enumerate(group[:3]):
            for part in each["parts"]:
                yield f"  {'as well' if likeliest else 'cause'}: {part['says']} ({part['change']}) To do: {part['cure']}"
    if answer.get("known"):
        yield f"  known: {answer['known']}"


def rows(name: str, only: str = "") -> Iterator[str]:
    """Yield what the screen says of each fault of a platform, taken at the first step that offers it, or of one alone."""
    with person(name) as who:
        done = set()
        for id, fault in [(one.id, fault) for one in who.place.shop().presses for fault in faults(one)]:
            if fault["name"] in done or only not in ("", fault["name"]):
                continue
            done.add(fault["name"])
            who.ready(id)
            who.take(id, fault["name"])
            head = f"## {name}, {id}, {fault['name']}: {fault['what']}; {fault['ends']}"
            yield "\n".join([head, *said(who.place, id)])


def main(asked: list[str]) -> None:
    for one in asked or PLATFORMS:
        platform, _, fault = one.partition("/")
        if platform not in PLATFORMS:
            sys.exit(f"Unknown platform {platform!r}. Choose one of: {', '.join(PLATFORMS)}")
        for row in rows(platform, fault):
            print(row, end="\n\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
