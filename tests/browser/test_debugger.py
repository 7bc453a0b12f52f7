"""The debugger's page in Chromium, with the engine that the site has: what a person pastes is answered as the command answers it."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from docs.checks import serving
from docs.engine import build

from docs import debugger_examples, debugger_page
from handshakes.explain.asking import MOST_PASTED, ask
from handshakes.explain.telling import told
from handshakes.officernd.signing import sign_webhook
from handshakes.runtime.ciphers import AesCiphers
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)
from tests.oracles import tool

DOCS = Path(debugger_page.__file__).parent
EXAMPLES = {example.id: example for example in debugger_examples.examples()}
ONE_EACH = ("officernd-json-python", "retailcrm-body-entities", "onoffice-scheme", "fortis-aes-128")
GENUINE = EXAMPLES["officernd-genuine"]
NOW = debugger_examples.TIMES["officernd"]
CIPHERS = AesCiphers()
MINUTES = 180_000
"""How long is waited for an answer, in milliseconds: the engine is loaded in it, beside whatever else the machine does."""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """The page with its assets and the engine, as a site has them, on loopback."""
    tool("npm")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS / "assets", folder / "assets")
    (folder / debugger_page.FILE).write_text(debugger_page.data(), "utf-8")
    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(DOCS / "overrides"), autoescape=True)
    pages.filters["url"] = str
    page = SimpleNamespace(content="")
    written = pages.get_template(debugger_page.TEMPLATE).render(page=page, **debugger_page.context())
    (folder / debugger_page.TEMPLATE).write_text(written, "utf-8")
    icon = folder / "assets" / "images" / "favicon.png"
    icon.parent.mkdir(exist_ok=True)
    icon.write_bytes(b"")
    build.put(folder)
    with serving.served(folder) as base:
        yield base


class Debugger:
    """A page that a person has open: what it asked for, what went wrong, and its fields."""

    def __init__(self, browser: Any, base: str, address: str = "", **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(MINUTES)
        self.base = base
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        self.open(address)

    def open(self, address: str = "") -> None:
        self.page.goto(f"{self.base}debugger.html{address}")
        self.page.wait_for_selector("#go:enabled")

    def fill(self, pasted: str | bytes, secret: str = "", now: int = NOW, platform: str = "") -> None:
        self.page.click("#clear")
        if isinstance(pasted, bytes):
            file = {"name": "given.bin", "mimeType": "application/octet-stream", "buffer": pasted}
            self.page.set_input_files("#file", file)
            self.page.wait_for_selector("#held")
        else:
            self.page.fill("#paste", pasted)
        self.page.fill("#secret", secret)
        self.page.fill("#now", str(now))
        self.page.select_option("#platform", platform)

    def explain(self) -> str:
        """Press the keys for it, wait for the answer, and return its heading."""
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_selector("#answer[aria-busy=false]")
        return str(self.page.inner_text("#answer h2"))

    def text(self) -> str:
        """Return the answer as the page gives it as text."""
        return str(self.page.text_content("#answer details:last-child pre"))

    def focus(self) -> str:
        return str(self.page.evaluate("document.activeElement.id"))


@pytest.fixture(scope="module")
def opened(chromium, site) -> Iterator[Debugger]:  # noqa: F811
    found = Debugger(chromium, site)
    yield found
    found.context.close()


@pytest.fixture
def debugger(opened) -> Iterator[Debugger]:
    """The page that is open already, so that the engine is loaded once; nothing may go wrong in it."""
    yield opened
    assert opened.wrong == []


@pytest.mark.parametrize("id", ONE_EACH)
def test_an_example_of_each_platform_is_answered_as_the_command_answers_it(debugger, id):
    example = EXAMPLES[id]
    debugger.open(f"#{id}") if not debugger.asked else debugger.page.evaluate(
        "id => { location.hash = id }", id
    )
    debugger.page.wait_for_selector(f"#lists a[aria-current][href='#{id}']", state="attached")
    assert debugger.page.input_value("#paste") == example.pasted
    given = {"secret": example.secret, "now": debugger_examples.TIMES[example.platform]}
    expected = ask(example.platform, example.pasted, given, ciphers=CIPHERS)
    first = expected.explanations[0][0]
    assert debugger.explain() == first.says and example.slip in first.id
    assert debugger.text().splitlines() == [*told(expected, given["now"])]
    assert [*map(str.strip, debugger.page.locator(".stages b").all_inner_texts())] == [
        stage.name for stage in expected.stages
    ]


def test_an_address_of_an_example_fills_the_form_and_waits_for_explain(chromium, site):  # noqa: F811
    example = EXAMPLES["fortis-key-quoted"]
    arrived = Debugger(chromium, site, f"#{example.id}")
    arrived.page.wait_for_selector("#go:focus")
    assert arrived.page.input_value("#paste") == example.pasted
    assert arrived.page.evaluate("scrollY") == 0
    assert not any("/engine/" in url for url in arrived.asked), "nothing is loaded before it is wanted"
    arrived.context.close()


def test_the_lens_boxes_the_first_byte_that_differs(debugger):
    example = EXAMPLES["officernd-json-python"]
    debugger.fill(example.pasted, example.secret)
    debugger.explain()
    assert debugger.page.inner_text("#lens-h").startswith("The first byte that differs: 8")
    rows = debugger.page.locator(".lens tr")
    firsts = [rows.nth(row).locator(".first").inner_text().split() for row in range(3)]
    assert firsts == [["8"], ["nothing"], ["␣", "20"]]
    theirs = "".join(text.split()[0] for text in rows.nth(2).locator("td").all_inner_texts())
    assert theirs.startswith('slug":␣"caf\\u00e9nothingnothing",␣"locations'), theirs


def test_a_text_of_my_own_is_compared_byte_by_byte(debugger):
    debugger.fill(GENUINE.pasted, GENUINE.secret)
    debugger.page.click("text=Compare with what I signed")
    debugger.page.fill("#mine", GENUINE.mine)
    assert debugger.explain() == "The request is genuine; what you signed is not the same"
    assert "byte 2: the same bytes in another order" in debugger.page.inner_text("#answer")
    shown = [row.inner_text().split("\n") for row in debugger.page.locator(".lens tbody tr").all()]
    assert not any("nothing" in text for row in shown for text in row), "moved bytes are not aligned"
    assert debugger.page.locator("#answer .reasons a", has_text="order-sorted").count()
    signed = debugger.page.locator(".facts .cov").all_inner_texts()
    assert signed == ["slug", "locations"]


def test_a_digest_of_my_own_is_explained_with_the_bytes_that_make_it(debugger):
    text = f'{{"slug": "test-slug", "locations": ""}}.{NOW}'
    debugger.fill(GENUINE.pasted, GENUINE.secret)
    debugger.page.click("text=Compare with what I signed")
    debugger.page.fill("#mine_digest", debugger_examples.mac(GENUINE.secret, text).hex())
    assert debugger.explain() == "The request is genuine; what you signed is not the same"
    assert debugger.page.locator("#answer .reasons a", has_text="json-python").count()
    assert debugger.page.inner_text("#mine-lens-h").startswith("The first byte that differs: 8")


def test_a_url_of_anybody_is_said_to_be_taken_for_a_platforms(debugger):
    debugger.fill("https://example.com/?slug=b", "s")
    debugger.explain()
    assert "If it is another platform’s, choose the platform." in debugger.page.inner_text("#answer .verdict")
    debugger.fill(GENUINE.pasted, GENUINE.secret, now=NOW + 10_000)
    assert (
        debugger.explain()
        == "The timestamp is older than the tolerance allows; the signature itself is right."
    )
    assert "another platform" not in debugger.page.inner_text("#answer .verdict")


def test_several_mistakes_are_said_one_by_one(debugger):
    text = f'{{"locations": "", "slug": "s"}}.{NOW}'
    digest = debugger_examples.mac(GENUINE.secret, text).hex()
    debugger.fill(f"/h?slug=s&locations=&signature=t%3D{NOW}%2Csignature%3D{digest}", GENUINE.secret)
    assert debugger.explain() == "Two mistakes together give what was received"
    said = debugger.page.locator(".several li").all_inner_texts()
    found = ask("", debugger.page.input_value("#paste"), {"secret": GENUINE.secret, "now": NOW})
    assert said == [part.says for part in found.explanations[0][0].parts]
    assert len(debugger.page.locator(".change li").all()) == 2


def test_line_ends_that_pasting_loses_are_kept_in_a_file_and_in_hex(debugger):
    body = b'{"event":"evt-1"}\r\n'
    header = sign_webhook(body, secret="example-webhook-secret", timestamp=NOW)
    head = f"POST /w HTTP/1.1\r\nHost: p.example\r\nofficernd-signature: {header}\r\n\r\n".encode()
    for given in (head + body, (head + body).hex()):
        debugger.fill(given, "example-webhook-secret")
        if isinstance(given, str):
            debugger.page.check("input[value=hex]")
        assert "(CR LF)" in debugger.page.inner_text("#count")
        assert debugger.explain() == "The request is genuine"
    debugger.fill((head + body).decode(), "example-webhook-secret")
    assert "(LF)" in debugger.page.inner_text("#count")
    assert debugger.explain() != "The request is genuine"


HTML = "https://p.example/?<img src=/x onerror=alert(1)>&slug=<b>s&signature=t%3D1%2Csignature%3D" + "0" * 64


@pytest.mark.parametrize(
    "pasted",
    [
        "%", "\0", HTML, f"/h?a={'x' * 65_000}&signature=t%3D1%2Csignature%3D{'0' * 64}", f"{GENUINE.pasted}\n{GENUINE.pasted}",
        bytes(range(256)) * 40, hashlib.shake_256(b"anything").digest(1 << 20),
    ],
    ids=["a lone percent", "NUL", "HTML", "a long line", "two requests", "a binary file", "1 MB of anything"],
)  # fmt: skip
def test_whatever_is_pasted_is_answered_as_the_command_answers_it_and_stays_text(debugger, pasted):
    debugger.fill(pasted, GENUINE.secret)
    heading = debugger.explain()
    expected = ask("", pasted, {"secret": GENUINE.secret, "now": NOW}, ciphers=CIPHERS)
    assert debugger.text().splitlines() == "\n".join(told(expected, NOW)).splitlines()
    assert heading and debugger.page.inner_text("#said").endswith(heading)
    assert debugger.page.locator("#answer :is(img, script, iframe)").count() == 0
    if pasted == HTML:
        assert "slug=<b>s" in debugger.page.inner_text(".stages").replace("␣", " ")


def test_a_long_text_that_is_pasted_is_held_and_not_shown(debugger):
    debugger.fill("", GENUINE.secret)
    debugger.page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "x".repeat(1_000_000));
          document.getElementById("paste").dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, cancelable: true}));
        }"""
    )
    debugger.page.wait_for_selector("#held")
    assert debugger.page.inner_text("#count") == "1,000,000 bytes"
    debugger.page.click("text=Take it out")
    assert debugger.focus() == "paste" and debugger.page.inner_text("#count") == "0 bytes"


@pytest.mark.parametrize(
    ("id", "said", "change"),
    [
        ("fortis-evp-digest", "With this mistake it decrypts.", "In this request: SHA-1"),
        ("fortis-message-time-first", "With this mistake the signature is exactly the one that was received.", "In this request: nothing between them"),
    ],
)  # fmt: skip
def test_what_a_mistake_gives_and_what_it_is_in_this_request_are_said(debugger, id, said, change):
    example = EXAMPLES[id]
    debugger.fill(example.pasted, example.secret, debugger_examples.TIMES["fortis"])
    debugger.explain()
    assert said in debugger.page.inner_text("#answer .verdict")
    assert debugger.page.locator("#answer .change .hint").first.inner_text() == change


def test_a_file_that_is_too_large_is_still_said_to_be_when_it_is_to_be_explained(debugger, tmp_path):
    (tmp_path / "large").write_bytes(b"x" * (MOST_PASTED + 1))
    debugger.fill("", GENUINE.secret)
    debugger.page.set_input_files("#file", tmp_path / "large")
    wrong = debugger.page.locator("#paste-wrong", has_text="The file is over 1,048,576 bytes.")
    wrong.wait_for()
    debugger.page.click("#go")
    assert (
        debugger.page.locator(".wrong").all_inner_texts() == [wrong.inner_text()]
        and debugger.focus() == "paste"
    )


@pytest.mark.parametrize(
    ("pasted", "secret", "form", "field", "said"),
    [
        ("", "s", "text", "paste", "Nothing was pasted"),
        (GENUINE.pasted, "", "text", "secret", "The secret is empty"),
        ("0g", "s", "hex", "paste", "This is not hex"),
        ("123", "s", "hex", "paste", "This is not whole bytes"),
        ("YQ==!", "s", "base64", "paste", "This is not base64"),
    ],
)
def test_what_is_missing_is_said_at_its_field_which_gets_the_focus(
    debugger, pasted, secret, form, field, said
):
    debugger.fill(pasted, secret)
    debugger.page.check(f"input[value={form}]")
    debugger.page.keyboard.press("Control+Enter")
    wrong = debugger.page.locator(f"#{field}-wrong")
    assert wrong.inner_text().startswith(said)
    assert debugger.focus() == field
    assert f"{field}-wrong" in debugger.page.get_attribute(f"#{field}", "aria-describedby").split()


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [("mine_digest", "zz", "Needed: a digest in hex or base64"), ("origin", "a.example", "Needed: a whole address")],
)  # fmt: skip
def test_what_the_package_says_of_an_option_is_said_at_its_field(debugger, option, given, said):
    debugger.fill(GENUINE.pasted, GENUINE.secret)
    debugger.page.locator("details", has=debugger.page.locator(f"#{option}")).evaluate(
        "it => { it.open = true }"
    )
    debugger.page.fill(f"#{option}", given)
    assert debugger.explain() == "This cannot be answered"
    assert debugger.page.inner_text(f"#{option}-wrong").startswith(said)
    assert debugger.focus() == option


def test_another_secret_is_said_to_be_possible_and_no_mistake_is_made_up(debugger):
    debugger.fill(GENUINE.pasted, "wrong-secret")
    debugger.explain()
    answer = debugger.page.inner_text("#answer")
    assert "No known mistake fits" in answer and "another secret" in answer
    assert not debugger.page.locator(".reasons").count()


def test_masked_bytes_are_shown_when_the_person_asks_for_them(debugger):
    example = EXAMPLES["onoffice-scheme"]
    debugger.fill(example.pasted, example.secret, debugger_examples.TIMES["onoffice"])
    debugger.explain()
    token = debugger_examples.API_TOKEN
    assert token not in debugger.page.inner_text("#answer") and not debugger.page.locator(".lens").count()
    debugger.page.click("#answer button >> nth=0")
    debugger.page.wait_for_selector(".lens")
    assert token in debugger.page.inner_text(".stages")


def test_everything_is_reached_by_keyboard(debugger):
    debugger.fill("", "")
    page = debugger.page
    page.focus("#paste")
    page.keyboard.insert_text(GENUINE.pasted)
    for wanted in ("secret", "go"):
        for _ in range(12):
            page.keyboard.press("Tab")
            if debugger.focus() == wanted:
                break
        assert debugger.focus() == wanted
        if wanted == "secret":
            page.keyboard.insert_text(GENUINE.secret)
    page.fill("#now", str(NOW))
    page.focus("#go")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer[aria-busy=false]")
    assert (debugger.focus(), page.inner_text("#answer h2")) == ("answer-h", "The request is genuine")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#answer') !== null")


def test_nothing_leaves_the_page_and_nothing_is_kept(debugger, tmp_path):
    example = EXAMPLES["officernd-json-python"]
    debugger.fill(example.pasted, example.secret)
    debugger.explain()
    assert any("/engine/package." in url for url in debugger.asked), "the worker's requests are seen"
    own = (debugger.base, f"blob:{debugger.base}")
    assert [url for url in debugger.asked if not url.startswith(own)] == []
    kept = "JSON.stringify([localStorage, sessionStorage, document.cookie, location.search])"
    assert debugger.page.evaluate(kept) == '[{},{},"",""]'
    assert debugger.page.evaluate("indexedDB.databases().then(all => all.length)") == 0
    assert not any(example.secret in url or "slug" in url for url in [*debugger.asked, debugger.page.url])


def test_the_policy_keeps_the_page_and_its_worker_from_asking_another_site(chromium, site, tmp_path):  # noqa: F811
    (tmp_path / "index.html").write_text("another site", "utf-8")
    other = Debugger(chromium, site)
    fetching = """async (url) => {
      const script = `fetch(${JSON.stringify(url)}, {mode: "no-cors"}).then(() => postMessage("sent"), () => postMessage("kept"))`;
      const worker = new Worker(URL.createObjectURL(new Blob([script], {type: "text/javascript"})), {type: "module"});
      const inWorker = await new Promise(resolve => { worker.onmessage = ({data}) => resolve(data); });
      const inPage = await fetch(url, {mode: "no-cors"}).then(() => "sent", () => "kept");
      const image = await new Promise(resolve => { const made = new Image(); made.onload = made.onerror = ({type}) => resolve(type); made.src = url; });
      return [inWorker, inPage, image];
    }"""
    with serving.served(tmp_path) as outside:
        assert gzip.decompress(urllib.request.urlopen(outside, timeout=60).read()) == b"another site"
        assert other.page.evaluate(fetching, outside) == ["kept", "kept", "error"]
    assert other.wrong and all("Content Security Policy" in one for one in other.wrong)
    other.context.close()


def test_stop_ends_the_loading_and_explain_starts_again(chromium, site):  # noqa: F811
    stopped = Debugger(chromium, site)
    waiting: list[Any] = []
    stopped.context.route("**/engine/package.*", lambda route: waiting.append(route))  # answered by nobody
    stopped.fill(GENUINE.pasted, GENUINE.secret)
    stopped.page.keyboard.press("Control+Enter")
    for _ in range(MINUTES // 50):
        if waiting:
            break
        stopped.page.wait_for_timeout(50)
    assert waiting, "the package was asked for"
    assert stopped.page.inner_text("#answer h2") == "Loading the package"
    stopped.page.click("#stop")
    stopped.page.wait_for_selector("#answer[aria-busy=false]")
    assert stopped.page.inner_text("#answer h2") == "Stopped"
    assert stopped.page.is_hidden("#stop") and stopped.page.is_enabled("#go")
    stopped.context.unroute("**/engine/package.*")
    assert stopped.explain() == "The request is genuine"
    assert stopped.wrong == []
    stopped.context.close()


def test_an_engine_that_is_missing_is_said(chromium, site):  # noqa: F811
    missing = Debugger(chromium, site)
    missing.context.route("**/engine/*", lambda route: route.fulfill(status=404, body=""))
    missing.fill(GENUINE.pasted, GENUINE.secret)
    assert missing.explain() == "This cannot be answered"
    assert "could not be loaded" in missing.page.inner_text("#answer")
    missing.context.close()


def test_without_scripts_the_page_says_what_to_do(chromium, site):  # noqa: F811
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}debugger.html")
    assert "handshakes verify officernd" in page.inner_text("#answer")
    assert page.is_disabled("#go")
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_scrolls_sideways(chromium, site, width):  # noqa: F811
    narrow = Debugger(chromium, site, viewport={"width": width, "height": 800})
    assert narrow.page.evaluate("document.documentElement.scrollWidth") <= width
    narrow.context.close()
