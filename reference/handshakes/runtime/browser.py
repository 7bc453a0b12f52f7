"""A browser for drivers without one: redirects, cookies, forms, frames and messages, and no more.

It does what the handshakes need of a browser, as steps that yield requests. It runs no scripts:
where a page has one, the module of the page mirrors it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from ..core.messages import Request, Response, Step, Unreachable, form_body, split_url
from ..core.strict import URLENCODED
from .transcript import Transcript

MOST_REDIRECTS = 10
PLAYED = "A browser that the simulator plays asked for this, to look at the answer."
"""The note of its requests."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it goes and what it would send."""

    action: str
    method: str
    fields: dict[str, str]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows: the final URL, the response, its forms, frames and links, and its text without tags."""

    url: str
    response: Response
    forms: tuple[Form, ...] = ()
    frames: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    text: str = ""

    def form(self, id: str) -> Form:
        """Return the form with this id; raises `LookupError` when the page has none."""
        for form in self.forms:
            if form.id == id:
                return form
        raise LookupError(f"no form {id!r} on {split_url(self.url)[0]}")


class Browser:
    """One browser with its cookies: each method is a step that ends with a `Page`.

    With a `transcript`, messages between windows are recorded there too. `note` stands beside its requests.
    """

    name = "browser"

    def __init__(self, transcript: Transcript | None = None, note: str = PLAYED) -> None:
        self.transcript, self.note = transcript, note
        self._cookies: dict[str, dict[str, str]] = {}
        self.messages: list[tuple[str, str, str]] = []

    def open(self, url: str) -> Step[Page]:
        """Open a URL and follow its redirects."""
        return (yield from self._go("GET", url, b"", ()))

    def submit(self, page: Page, form: Form, fields: Mapping[str, str] | None = None) -> Step[Page]:
        """Send a form with some fields changed, and follow its redirects."""
        values = {**form.fields, **(fields or {})}
        url = urljoin(page.url, form.action)
        if form.method == "GET":
            return (
                yield from self._go("GET", f"{url.partition('?')[0]}?{form_body(values).decode()}", b"", ())
            )
        headers = (("content-type", URLENCODED), ("origin", split_url(page.url)[0]))
        return (yield from self._go("POST", url, form_body(values), headers))

    def load_frame(self, page: Page, index: int = 0) -> Step[Page]:
        """Load what an iframe of the page shows."""
        return (yield from self._go("GET", urljoin(page.url, page.frames[index]), b"", ()))

    def post_message(
        self,
        sender: Page,
        receiver: Page,
        text: str,
        target_origin: str,
        transcript: Transcript | None = None,
    ) -> bool:
        """Pass a message between windows; returns False, as a browser does silently, for another origin."""
        if target_origin not in ("*", split_url(receiver.url)[0]):
            return False
        self.messages.append((split_url(sender.url)[0], split_url(receiver.url)[0], text))
        if transcript := transcript or self.transcript:
            transcript.message(split_url(sender.url)[0], split_url(receiver.url)[0], text)
        return True

    def _go(self, method: str, url: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Step[Page]:
        for _ in range(MOST_REDIRECTS):
            origin, target = split_url(url)
            jar = self._cookies.get(origin, {})
            cookie = (("cookie", "; ".join(f"{n}={v}" for n, v in jar.items())),) if jar else ()
            response = yield Request(method, origin, target, (*headers, *cookie), body, note=self.note)
            self._keep_cookies(origin, response)
            location = response.header("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return _page(url, response)
            url = urljoin(url, location)
            if response.status not in (307, 308):
                method, body, headers = "GET", b"", ()
        raise Unreachable("too-many-redirects", split_url(url)[0])

    def _keep_cookies(self, origin: str, response: Response) -> None:
        for value in response.header_values("set-cookie"):
            pair, _, attributes = value.partition(";")
            name, _, text = pair.strip().partition("=")
            jar = self._cookies.setdefault(origin, {})
            if any(map(_ends_cookie, attributes.split(";"))):
                jar.pop(name, None)
            else:
                jar[name] = text


def _ends_cookie(attribute: str) -> bool:
    """Return whether an attribute is a Max-Age of zero or less, or an empty one.

    >>> [_ends_cookie(text) for text in (" Max-Age=0", "max-age = -00 ", "Max-Age=10", "Path=/")]
    [True, True, False, False]
    """
    name, equals, value = attribute.partition("=")
    return (
        bool(equals) and name.strip().lower() == "max-age" and not value.strip().removeprefix("-").strip("0")
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.frames: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._fields: dict[str, str] | None = None
        self._select = ""
        self._text_for = ""  # the field whose value is the text that follows
        self._text: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._hidden = tag in ("title", "style", "script")
        if tag in ("form", "textarea", "option"):
            self._expect_text("")
        if tag == "form":
            self._fields = {}
            method = values.get("method", "get").upper()
            self.forms.append(Form(values.get("action", ""), method, self._fields, values.get("id", "")))
        elif tag == "iframe" and "src" in values:
            self.frames.append(values["src"])
        elif tag == "a" and "href" in values:
            self.links.append((values.get("id", ""), values["href"]))
        elif self._fields is not None and "disabled" not in values:
            self._field(tag, values, self._fields)

    def _field(self, tag: str, values: dict[str, str], fields: dict[str, str]) -> None:
        name, kind = values.get("name", ""), values.get("type", "text").lower()
        if tag == "input" and name and kind not in ("submit", "button", "image", "reset"):
            box = kind in ("checkbox", "radio")
            if not box or "checked" in values:
                fields[name] = values.get("value", "on" if box else "")
        elif tag == "textarea" and name:
            fields[name] = ""
            self._expect_text(name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in values or self._select not in fields):
            fields[self._select] = values.get("value", "")
            self._expect_text("" if "value" in values else self._select)

    def _expect_text(self, name: str) -> None:
        """Give the text that was collected to its field; what follows is for the field with this name."""
        if self._fields is not None and self._text_for:
            self._fields[self._text_for] += "".join(self._text)
        self._text_for, self._text = name, []

    def handle_data(self, data: str) -> None:
        if self._text_for:
            self._text.append(data)
        if not self._hidden:
            self.text.append(data)

    def close(self) -> None:
        """End the page as an end tag would; a tag that was cut off is not read."""
        self._expect_text("")

    def handle_endtag(self, tag: str) -> None:
        self._expect_text("")
        self._hidden = False
        if tag == "select":
            self._select = ""
        elif tag == "form":
            self._fields = None


def _page(url: str, response: Response) -> Page:
    if not response.header("content-type").lower().startswith("text/html"):
        return Page(url, response)
    reader = _Reader()
    reader.feed(response.body.decode("utf-8", "replace"))
    reader.close()
    text = " ".join("".join(reader.text).split())
    return Page(url, response, tuple(reader.forms), tuple(reader.frames), tuple(reader.links), text)
