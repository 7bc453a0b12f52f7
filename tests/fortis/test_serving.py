"""`handshakes serve fortis`: both sides, or each alone with the other in a process of its own, and what a foreign side is told."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from handshakes.core.messages import Request
from handshakes.fortis import demo
from handshakes.fortis.briefing import briefing
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.cli.test_cli import COMMAND, Served, run  # noqa: F401  (run is a fixture)

PLATFORM, APP, FOREIGN = "http://127.0.0.1:7001", "http://127.0.0.1:7002", "http://127.0.0.1:7003/mine"
THEIRS = {
    "iframe URL": "iframe_url",
    "location set-up URL": "location_setup_url",
    "user set-up URL": "user_setup_url",
    "redirect URI (OAuth)": "redirect_uri",
}
NOBODY = re.compile(r"zeamster|fortis\.tech|fortispay|app\.example")
"""Hosts of the real company, and of an app that is not there."""


@contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [COMMAND, "serve", "fortis", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.wait()


def press(browser: requests.Session, portal: str, form: str) -> requests.Response:
    listed = browser.get(portal, timeout=60).text
    return sent(browser, portal, listed, form)


def sent(
    browser: requests.Session, url: str, text: str, form: str, cookie: str = "", **more: str
) -> requests.Response:
    """Send a form of a page as a browser does; follow nothing where a cookie is given."""
    tag, inner = re.search(rf'(<form[^>]* id="{form}"[^>]*>)(.*?)</form>', text, re.S).groups()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', inner)) | more
    target = urljoin(url, re.search(r'action="([^"]+)"', tag)[1])
    headers = {"origin": "{0.scheme}://{0.netloc}".format(urlsplit(url))} | {"cookie": cookie}
    return browser.post(target, data=fields, headers=headers, timeout=60, allow_redirects=not cookie)


def cookie_of(response: requests.Response) -> str:
    """Return the one cookie that was set; it is Secure, so over loopback it has to be brought by hand."""
    return response.headers["set-cookie"].partition(";")[0]


def opened(portal: str) -> tuple[str, requests.Response, str]:
    """Register a location and a user, open the app: the frame's address, the app's page, and the cookie of its session."""
    with requests.Session() as browser:
        for form in ("register-location", f"register-{demo.USER}", f"open-{demo.USER}"):
            shown = press(browser, portal, form)
            assert shown.status_code == 200
            if form.startswith("register"):
                assert "the genuine postback: 204" in shown.text
        frame = re.search(r'<iframe src="([^"]+)"', shown.text)[1].replace("&amp;", "&")
        led = browser.get(frame, timeout=60, allow_redirects=False)
        assert urlsplit(led.headers["location"]).path == "/fortis/app"
        cookie = cookie_of(led)
        page = browser.get(led.headers["location"], headers={"cookie": cookie}, timeout=60)
        assert f'id="user">{demo.USER}<' in page.text
        return frame, page, cookie


@pytest.mark.parametrize("mode", ["encrypted", "plain"])
def test_both_sides_served_pressed_and_ended(mode, tmp_path):
    with serving("--set", f"mode={mode}", "--store", str(tmp_path)) as served:
        frame, _, _ = opened(served.briefing()["open in a browser"])
        assert requests.get(frame, timeout=60).status_code == 403
        served.wait_for("refused launch: replayed")
        assert served.interrupt() == 0
        assert "Traceback" not in served.text and "replayed" in served.text
        tokens = re.findall(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])", served.text)
        assert tokens == []


@pytest.mark.parametrize("mode", ["encrypted", "plain"])
def test_each_side_served_alone_works_with_the_other_in_another_process(mode):
    """Registered, opened, and OAuth to its end, with nothing but what the app's briefing says."""
    with ExitStack() as stack:
        port = free_port()
        ours = ("--set", f"mode={mode}", "--only")
        app = stack.enter_context(serving(*ours, "partner", "--set", f"platform_url=http://127.0.0.1:{port}"))
        urls = app.briefing()
        given = [word for name, setting in THEIRS.items() for word in ("--set", f"{setting}={urls[name]}")]
        platform = stack.enter_context(serving(*ours, "platform", "--port", str(port), *given))
        told = platform.briefing()
        assert {name: told[name] for name in THEIRS} == {name: urls[name] for name in THEIRS}
        _, page, cookie = opened(told["open in a browser"])
        with requests.Session() as browser:
            led = sent(browser, page.url, page.text, "oauth", cookie)
            asked = browser.get(led.headers["location"], timeout=60)
            back = sent(browser, asked.url, asked.text, "allow", cookie_of(led), user=demo.USER)
            assert back.headers["location"].startswith(urls["redirect URI (OAuth)"])
            granted = browser.get(back.headers["location"], headers={"cookie": cookie_of(led)}, timeout=60)
        assert 'id="granted"' in granted.text
        listed = requests.get(told["open in a browser"], timeout=60).text
        assert 'class="violated"' not in listed and 'class="held"' in listed
        assert [served.interrupt() for served in (app, platform)] == [0, 0]
        assert NOBODY.findall(app.text + platform.text) == []


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


# --- the briefing -------------------------------------------------------------------------------------


def told(platform: str = "", partner: str = "", **settings: str) -> dict[str, str]:
    world = World(lambda: 0, bytes, MemoryStore(), settings, platform, partner)
    lines = briefing(demo.sides(world), world).splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition("  ") for line in lines)}


def test_an_app_served_alone_says_which_option_is_missing(run):  # noqa: F811
    ran = run("serve", "fortis", "--only", "partner")
    assert (ran.code, ran.out) == (2, "")
    assert "--set platform_url=" in ran.err


@pytest.mark.parametrize("settings", [{}, {"mode": "plain"}])
def test_no_side_served_alone_names_a_host_of_the_real_company_or_one_that_is_not_there(settings):
    for rows in (told(PLATFORM, **settings), told("", APP, platform_url=PLATFORM, **settings)):
        assert [value for value in rows.values() if NOBODY.search(value)] == []
    assert "open in a browser" not in rows and rows["your platform"] == PLATFORM


def test_a_platform_served_alone_makes_up_no_address_of_an_app():
    rows = told(PLATFORM)
    assert {rows[name] for name in THEIRS} == {f"not set: give --set {name}=URL" for name in THEIRS.values()}
    assert told(PLATFORM, user_setup_url="")["user set-up URL"] == "none"


def test_a_foreign_apps_redirect_uri_is_a_setting_and_is_printed():
    assert told(PLATFORM, redirect_uri=FOREIGN)["redirect URI (OAuth)"] == FOREIGN
    world = World(lambda: 0, bytes, MemoryStore(), {"redirect_uri": FOREIGN}, PLATFORM, "")
    assert demo.sides(world).platform.apps[demo.TITLE].redirect_uri == FOREIGN


def test_both_sides_print_the_redirect_uri_that_the_app_uses():
    assert told(PLATFORM, APP)["redirect URI (OAuth)"] == f"{APP}/fortis/oauth/callback"


def test_without_a_foreign_template_no_postback_is_sent():
    platform = demo.sides(World(lambda: 0, bytes, MemoryStore(), {}, PLATFORM, "")).platform
    assert list(platform.register(demo.TITLE, demo.LOCATION)) == []
    assert (demo.TITLE, demo.LOCATION, "") in platform.registered


@pytest.mark.clause("fortis:setup.iframe-url")
@pytest.mark.parametrize("fault", ["", "wrong-secret"])
def test_without_an_address_for_the_iframe_nothing_is_opened_and_nobody_is_contacted(fault):
    platform = demo.sides(World(lambda: 0, bytes, MemoryStore(), {}, PLATFORM, "")).platform
    network, browser = InProcess(platform), Browser()
    page = network.run(browser.open(f"{PLATFORM}/simulator"))
    for form in ("register-location", f"register-{demo.USER}"):
        network.run(browser.submit(page, page.form(form)))
    shown = network.run(browser.submit(page, page.form(f"open-{demo.USER}"), {"fault": fault}))
    assert shown.response.status == 403 and "--set iframe_url=URL" in shown.text and not shown.frames
    assert NOBODY.findall(network.transcript.text()) == []


@pytest.mark.parametrize("sent", ["", "https://app.example/fortis/oauth/callback"])
def test_without_a_redirect_uri_no_consent_is_asked_for(sent):
    """RFC 6749, 4.1.2.1: nobody is led to an address that is not registered, and an empty one is none."""
    platform = demo.sides(World(lambda: 0, bytes, MemoryStore(), {}, PLATFORM, "")).platform
    target = f"/oauth/authorize?response_type=code&client_id=example-app&redirect_uri={sent}&state={'x' * 16}"
    shown = InProcess(platform).exchange("browser", Request("GET", PLATFORM, target))
    assert (shown.status, shown.header("location")) == (400, "")
