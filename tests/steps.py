"""What the tests of the four platforms share about steps: a story told, and a step whose requests are changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import Sides
from handshakes.runtime.transcript import Transcript


def told(story: Any, world: Any, network: Any) -> Transcript:
    """Live through a platform's whole story on a network; every check has to hold. Return the transcript."""
    both = Sides(world.platform, world.partner, world.reports)
    chapters = story(both, Browser(network.transcript))
    checks = [check for one in chapters for check in network.run(one.step, one.sender)]
    assert checks and all(check.held for check in checks), checks
    return network.transcript


class WholeStory:
    """The tests of a platform's whole story: its module of tests has a subclass with story and sides."""

    story: Any
    sides: Any
    platform: str
    least: int
    """How many events there are at least, so that no story of nothing passes."""

    def test_in_process_and_over_sockets_it_is_the_same(self, tmp_path):
        world = self.sides()
        in_process = told(self.story, world, world.network)
        store = open_store(tmp_path, {})
        served = self.sides(store)
        with Loopback(served.platform, served.partner) as network:
            over_sockets = told(self.story, served, network)
        store.close()
        assert over_sockets.events == in_process.events
        assert len(in_process.events) > self.least

    def test_the_diagram_has_one_arrow_an_event(self):
        world = self.sides()
        transcript = told(self.story, world, world.network)
        arrows = re.findall(r"^    p\d+(?:->>|-->>|--x|-\))p\d+: .+$", transcript.mermaid(), re.MULTILINE)
        assert len(arrows) == len(transcript.events)

    def test_every_page_is_whole_and_the_partner_lets_none_be_kept_nor_a_cookie(self):
        world = self.sides()
        exchange = world.network.exchange
        answers: list[tuple[Request, Response]] = []

        def noted(sender: str, request: Request) -> Response:
            answers.append((request, exchange(sender, request)))
            return answers[-1][1]

        world.network.exchange = noted
        told(self.story, world, world.network)
        pages = [
            Page(answer.body.decode()) for _, answer in answers if "/html" in answer.header("content-type")
        ]
        assert (
            len(pages) > 4
            and [(page.outside, page.open) for page in pages if page.outside or page.open] == []
        )
        kept = [
            answer.header("cache-control")
            for request, answer in answers
            if request.origin in world.partner.origins
            and ("/html" in answer.header("content-type") or answer.header("set-cookie"))
        ]
        assert len(kept) > 1 and {*kept} == {"no-store"}

    def test_a_cookie_of_the_partner_is_for_its_own_pages_and_no_script_reads_it(self):
        world = self.sides()
        exchange = world.network.exchange
        cookies: list[str] = []

        def noted(sender: str, request: Request) -> Response:
            answer: Response = exchange(sender, request)
            cookies.extend(
                answer.header_values("set-cookie") if request.origin in world.partner.origins else ()
            )
            return answer

        world.network.exchange = noted
        told(self.story, world, world.network)
        for cookie in cookies:
            attributes = dict(one.partition("=")[::2] for one in cookie.split("; ")[1:])
            assert attributes.pop("Path").startswith(f"/{self.platform}")
            assert attributes.pop("Max-Age", "0").isdigit()
            sent = "None" if "Partitioned" in attributes else "Lax"
            assert attributes.pop("SameSite", sent) == sent
            assert {*attributes} - {"Partitioned"} in ({"HttpOnly", "Secure"}, set()), "set, or taken back"


class Page(HTMLParser):
    """The texts of a page that stand in no element of their own, and the elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1:] == [tag]:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and (
            not self.open or self.open[-1] in ("html", "head", "body", "main", "form", "table")
        ):
            self.outside.append(data)


def changed(role: type, method: str, change: Callable[[Request], Request]) -> Callable[..., Any]:
    """Return the step of a role with `change` applied to every request that it sends."""

    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        inner = getattr(role, method)(self, *args, **kwargs)
        try:
            request = next(inner)
            while True:
                try:
                    response = yield change(request)
                except Unreachable as failure:
                    request = inner.throw(failure)
                else:
                    request = inner.send(response)
        except StopIteration as stop:
            return stop.value

    return step
