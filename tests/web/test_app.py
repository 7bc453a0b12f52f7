"""The partner's app over sockets: its pages, what a person sees of a refusal, and what a program still gets."""

from __future__ import annotations

import html
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
import requests

from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import Installation, MemoryStore
from handshakes.runtime.story import World
from handshakes.web.app import PartnerApp
from handshakes.web.app.operator import MOST_LISTED
from tests.web.served import Clock, Served, served
from tests.web.test_killed import fortis_connects, officernd_connects, onoffice_connects, retailcrm_connects

PERSON = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> Iterator[dict[str, Served]]:
    """Both sides of all four platforms, each partner with its app in front; one store."""
    store = open_store(tmp_path_factory.mktemp("store"), {})
    with ExitStack() as stack:
        yield {name: stack.enter_context(served(name, store)) for name in PLATFORMS}
    store.close()


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=60, allow_redirects=False)


def policy(page: requests.Response) -> dict[str, str]:
    pieces = (piece.strip().partition(" ") for piece in page.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in pieces}


PAGES = {
    "officernd": "/officernd/configure?slug=x",
    "retailcrm": "/retailcrm/account",
    "onoffice": "/onoffice/activate?x=1",
    "fortis": "/fortis/launch?data=x",
}
"""An address of each platform's that a person's browser opens; here without what it would have to carry."""


@pytest.mark.parametrize("name", PAGES)
def test_a_person_who_is_refused_sees_a_page_that_says_what_to_do(worlds, name):
    world = worlds[name]
    page = get(world.app + PAGES[name], **PERSON)
    assert page.status_code in (401, 403)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.search(r"<h1>[^<]{8,}</h1>", page.text)
    assert re.search("again|Please|noch einmal", page.text)
    assert "<style" not in page.text and "style=" not in page.text and "<script" not in page.text


@pytest.mark.parametrize("name", PAGES)
def test_every_page_names_who_may_frame_it_and_loads_only_from_the_app(worlds, name):
    world = worlds[name]
    for path in ("/", PAGES[name], f"/{name}/nothing", "/elsewhere"):
        page = get(world.app + path, **PERSON)
        found = policy(page)
        assert found["default-src"] == "'none'" and found["style-src"] == "'self'"
        assert "unsafe" not in page.headers["content-security-policy"]
        framed = world.portal if name in ("onoffice", "fortis") and path != "/" else "'none'"
        assert found["frame-ancestors"] == framed
        assert "form-action" in found and page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", PAGES)
def test_the_stylesheet_is_found_from_pages_of_every_depth(worlds, name):
    world = worlds[name]
    for path in ("/", PAGES[name], "/officernd/removed/a/b"):
        page = get(world.app + path, **PERSON)
        links = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page.text)
        styles = [get(urljoin(page.url, link)) for link in links]
        assert [style.status_code for style in styles] == [200, 200]
        assert {style.headers["content-type"] for style in styles} == {"text/css; charset=utf-8"}


def test_a_program_gets_the_answer_of_the_handler(worlds):
    world = worlds["officernd"]
    told = get(world.app + "/officernd/healthcheck?slug=x", accept="*/*")
    assert (told.status_code, told.json()) == (401, {"message": "The request could not be verified."})
    shown = get(world.app + "/officernd/healthcheck?slug=x", **PERSON)
    assert (shown.status_code, shown.headers["vary"]) == (401, "accept")
    assert "The request could not be verified." in shown.text


@pytest.mark.parametrize("name", PAGES)
def test_nothing_but_the_stylesheet_and_the_icon_is_served_from_the_files(worlds, name):
    for path in (
        "app.css/",
        "../pages.py",
        "%2e%2e/pages.py",
        "..%2fpages.py",
        "",
        "layout.html",
        "app.css%00",
    ):
        assert get(worlds[name].app + "/app/" + path).status_code == 404
    assert requests.post(worlds[name].app + "/", timeout=60).status_code == 405


def test_an_error_is_said_in_german_to_whoever_prefers_it(worlds):
    page = get(
        worlds["onoffice"].app + "/onoffice/nothing", **PERSON, **{"accept-language": "de-DE, en;q=0.5"}
    )
    assert page.status_code == 404
    assert '<html lang="de">' in page.text and "Diese Seite gibt es nicht" in page.text


FIRST = "5e0000000000000000000001"


def connect(world: Served) -> requests.Response:
    """Open the connect URL as a browser does; return what ends the flow in OfficeRnD."""
    return get(world.sides.platform.connect_url(FIRST), **PERSON)


# --- the operator's page --------------------------------------------------------------------------


REFUSED = {
    "officernd": ("unknown-installation", "officernd:signature.secret"),
    "onoffice": ("missing-parameter", "onoffice:url.verify"),
    "fortis": ("malformed", "fortis:encrypted.base64"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_operator_reads_the_exact_reason_that_the_person_is_not_told(worlds, name):
    world, (reason, clause) = worlds[name], REFUSED[name]
    told = get(world.app + PAGES[name], **PERSON)
    assert reason not in told.text and clause not in told.text
    page = get(world.operator + "/")
    newest = page.text.partition('<ol class="rows"')[2].partition("</li>")[0]
    assert reason in newest and clause in newest
    assert re.search(r"(Sender \([^)]+\)|Receiver \(your app\)): ", newest), "who has to do something is said"
    link = re.search(r'<a href="([^"]+)">why\?', newest)
    why = get(urljoin(page.url, link[1]))
    assert why.status_code == 200 and reason in why.text and 'class="todo"' in why.text
    assert policy(page)["default-src"] == "'none'" and policy(page)["frame-ancestors"] == "'none'"


def test_the_operators_page_lists_installations_and_no_credential(worlds):
    world = worlds["officernd"]
    connect(world)
    page = get(world.operator + "/")
    (kept,) = world.store.find("officernd", "integrationId", FIRST)
    assert kept.identity in page.text and "J&amp;J Ltd" in page.text and ">active<" in page.text
    assert len(kept.credentials) >= 4
    assert [name for name, secret in kept.credentials.items() if secret in page.text] == []
    assert kept.details["code"] not in page.text, "not even the whole digest"


def test_what_is_left_of_a_form_that_was_sent_is_no_installation_of_the_list(worlds):
    """A ticket is what onOffice's activation page remembers between two requests; used, it is removed."""
    world = worlds["onoffice"]
    for identity, state in (
        ("ticket:" + "ab" * 32, "removed"),
        ("ticket:" + "cd" * 32, "pending"),
        ("4711", "removed"),
    ):
        world.store.save(Installation("onoffice", identity, {}, {}, state))
    listed = get(world.operator + "/").text.partition('id="installations"')[2]
    assert "4711" in listed and "sha256 cdcdcd" in listed and "sha256 ababab" not in listed


def test_installations_are_listed_a_page_at_a_time_and_what_cannot_be_opened_is_said(tmp_path):
    store = open_store(tmp_path, {})
    with served("retailcrm", store) as world:
        count = MOST_LISTED + 3
        for number in range(count):
            store.save(
                Installation("retailcrm", f"toy {number:03d} <b>&", {"systemUrl": "x"}, {"api_key": "k"})
            )
        with sqlite3.connect(tmp_path / "installations.sqlite") as database:
            database.execute("UPDATE installations SET details = '{}' WHERE identity LIKE 'toy 001%'")
        first = get(world.operator + "/")
        more = re.search(r'id="more" href="([^"]+)"', first.text)
        second = get(urljoin(first.url, html.unescape(more[1])))
        names = [re.findall(r"toy \d{3} &lt;b&gt;&amp;", page.text) for page in (first, second)]
        assert [len(found) for found in names] == [MOST_LISTED, 3]
        assert sorted({*names[0], *names[1]}) == names[0] + names[1]
        assert first.text.count("store-damaged") == 1
        assert 'id="more"' not in second.text
    store.close()


def test_the_operators_lists_are_bounded_whatever_comes(worlds):
    world = worlds["fortis"]
    with requests.Session() as session:
        for number in range(130):
            session.get(f"{world.app}/fortis/launch?data={number}", timeout=60)
    page = get(world.operator + "/")
    more = [int(number) for number in re.findall(r"same reason (\d+) times? more", page.text)]
    assert page.text.count('<span class="state bad">refused</span>') + sum(more) == 100
    assert world.sides.reports.told >= 130 and f"{world.sides.reports.told} so far" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "?n=",
        "?n=-1",
        "?n=0",
        "?n=99999",
        "?n=1e3",
        "?n=" + "9" * 9_000,
        "?x=1",
        "?n=1&n=2",
        "?n=%31",
        "?=",
        "?n",
    ],
)
def test_a_number_that_is_none_is_a_clear_page(worlds, query):
    page = get(worlds["retailcrm"].operator + "/" + query)
    assert page.status_code == (200 if query == "?=" else 404)
    assert "Traceback" not in page.text and "<h1>" in page.text


@pytest.mark.parametrize(
    "after", ["%00", "%ff", "%F0%9F%98%80", "'%20OR%201=1--", "%3Cscript%3E", "zzz", "z" * 12_000]
)
def test_a_place_in_the_list_may_be_any_text(worlds, after):
    page = get(worlds["retailcrm"].operator + "/?after=" + after)
    assert (page.status_code, "<script" in page.text) == (200, False)
    assert "There are no more." in page.text or "<h2" in page.text


# --- the form of the configuration ----------------------------------------------------------------


def settings_form(world: Served) -> dict[str, str]:
    """Return the fields of the settings page of a connected integration."""
    connect(world)
    page = get(world.sides.platform.configuration_url(FIRST), **PERSON)
    assert page.status_code == 200
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page.text)
    return {**dict(fields), "synced": "members-and-bookings"}


def kept_setting(world: Served) -> str:
    (one,) = world.store.find("officernd", "integrationId", FIRST)
    return one.details.get("synced", "members")


FORGED = {
    "another site's page posts it": ({}, {"origin": "https://attacker.example"}),
    "another port of this machine posts it": ({}, {"origin": "http://127.0.0.1:9"}),
    "a sandboxed frame posts it": ({}, {"origin": "null"}),
    "without a token": ({"token": ""}, {}),
    "with a token of somebody else": ({"token": "9999999999." + "0" * 64}, {}),
    "with a token that lasts longer than it was given": ({"token": "stretched"}, {}),
    "for another installation": ({"installation": "another/one"}, {}),
    "with a choice that is none": ({"synced": "<script>alert(1)</script>"}, {}),
    "with 64 kB": ({"synced": "x" * 65_536}, {}),
    "as JSON": ({}, {"content-type": "application/json"}),
    "as plain text, which a form of another site may send": ({}, {"content-type": "text/plain"}),
    "with two origins": ({}, {"origin": "http://127.0.0.1:1, http://127.0.0.1:2"}),
    "with a name of the method's": ({"installation": "../../x"}, {}),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_form_saves_nothing_and_says_nothing_of_the_reason(worlds, kind):
    world = worlds["officernd"]
    fields = settings_form(world)
    changed, headers = FORGED[kind]
    if changed.get("token") == "stretched":
        until, _, mac = fields["token"].partition(".")
        changed = {"token": f"{int(until) + 1}.{mac}"}
    answer = requests.post(
        world.app + "/officernd/settings", {**fields, **changed}, headers={**PERSON, **headers}, timeout=30
    )
    assert (answer.status_code, kept_setting(world)) == (401, "members")
    assert "The request could not be verified." in answer.text and "<script" not in answer.text
    assert world.sides.reports[-1][1].reason not in answer.text


def test_the_form_as_it_was_given_is_saved(worlds):
    world = worlds["officernd"]
    fields = settings_form(world)
    answer = requests.post(
        world.app + "/officernd/settings", fields, headers={**PERSON, "origin": world.app}, timeout=30
    )
    assert (answer.status_code, kept_setting(world)) == (200, "members-and-bookings")
    assert 'id="saved"' in answer.text
    fields["synced"] = "members"
    requests.post(world.app + "/officernd/settings", fields, timeout=60)
    assert kept_setting(world) == "members"


def test_a_form_that_is_too_old_saves_nothing_and_the_person_is_told_what_to_do(worlds):
    world = worlds["officernd"]
    fields = settings_form(world)
    world.clock.ahead += 3_700
    try:
        answer = requests.post(world.app + "/officernd/settings", fields, headers=PERSON, timeout=60)
    finally:
        world.clock.ahead -= 3_700
    assert (answer.status_code, kept_setting(world)) == (401, "members")
    assert "Open it again from OfficeRnD." in answer.text and "stale" not in answer.text
    assert world.reasons()[-1] == "stale"


# --- what comes from elsewhere --------------------------------------------------------------------

TEXTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title></h1><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202emoc.elpmaxe",
    "&lt;b&gt;",
    "x" * 2_000,
    "\ud83d\ude00 Müller".encode("utf-16", "surrogatepass").decode("utf-16"),
]


def is_only_text(page: requests.Response) -> None:
    """Check that a page holds no tag, attribute or link that a text of somebody else brought."""
    found = Tags()
    found.feed(page.text)
    scripts = ["script"] if 'src="' in page.text and "/onoffice/activate.js" in page.text else []
    assert [tag for tag in found.tags if tag in ("script", "svg", "img")] == scripts
    assert [name for name in found.attributes if name.startswith("on")] == []
    assert [link for link in found.links if not re.match(r"https?://|\.|/|\?", link)] == []


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


@pytest.mark.parametrize("text", TEXTS)
def test_names_that_the_platform_sends_are_text_on_every_page(worlds, text):
    """OfficeRnD's locations and organisation, onOffice's customer, Fortis' contact, and all of it at the operator's."""
    world = worlds["officernd"]
    connect(world)
    organization = next(iter(world.sides.platform.organizations.values()))
    before, locations = organization.name, dict(organization.locations)
    organization.name = text
    organization.locations.update(dict.fromkeys(locations, text))
    try:
        page = get(world.sides.platform.configuration_url(FIRST), **PERSON)
    finally:
        organization.name = before
        organization.locations.update(locations)
    assert page.status_code == 200
    assert html.escape(text, quote=False)[:50] in page.text.replace("&#34;", '"').replace("&#39;", "'")
    is_only_text(page)
    office = worlds["onoffice"]
    customer = office.sides.platform.customers["4711"]
    before, customer.name = customer.name, text[:400]
    try:
        popup = office.sides.platform.open_popup("4711", "17")
        office.sides.platform.confirm(popup, terms=True, data_processing=True)
        page = get(popup.url, **PERSON)
    finally:
        customer.name = before
    assert page.status_code == 200
    is_only_text(page)
    is_only_text(get(office.operator + "/"))


SESSIONS = [
    "",
    "x",
    "a.b.c",
    "." * 3_000,
    "9" * 3_000,
    '{"a":1}',
    "%00%ff",
    "a=b=c",
    "<script>",
    "ééé".encode().decode("latin-1"),
    "0.9999999999.x.y",
]


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize(
    ("name", "path", "cookie"),
    [
        ("officernd", "/officernd/result", "officernd_connect"),
        ("retailcrm", "/retailcrm/account", "retailcrm_session"),
        ("fortis", "/fortis/app", "fortis_session"),
    ],
)
def test_a_forged_session_opens_nothing(worlds, name, path, cookie, session):
    page = get(worlds[name].app + path, **PERSON, cookie=f"{cookie}={session}")
    assert page.status_code == (200 if name == "officernd" else 403)
    assert "Connected" not in page.text and "Signed in" not in page.text and "<script" not in page.text
    assert "set-cookie" not in page.headers


def test_a_frame_that_comes_without_any_cookie_says_that_the_browser_may_keep_none(worlds):
    world, framed = worlds["fortis"], {**PERSON, "sec-fetch-dest": "iframe"}
    hint = "your browser keeps no cookies for pages in a frame"
    assert hint in get(world.app + "/fortis/app", **framed).text
    assert hint not in get(world.app + "/fortis/app", **framed, cookie="fortis_session=ended").text
    assert hint not in get(world.app + "/fortis/app", **PERSON).text
    assert hint not in get(world.app + "/fortis/launch?data=x", **framed).text


CONNECTS = {
    "officernd": (officernd_connects, ["/officernd/result"]),
    "retailcrm": (retailcrm_connects, ["/retailcrm/account"]),
    "onoffice": (onoffice_connects, []),
    "fortis": (fortis_connects, ["/fortis/app"]),
}


@pytest.mark.parametrize("name", CONNECTS)
def test_no_secret_is_on_any_page_of_the_app_or_of_its_operator(name, tmp_path):
    connects, paths = CONNECTS[name]
    store = open_store(tmp_path, {})
    with served(name, store) as world:
        assert world.run(connects(world.sides.platform))
        shown = [get(world.app + path, **PERSON).text for path in ["/", PAGES[name], *paths]]
        if name == "officernd":
            shown.append(get(world.sides.platform.configuration_url(FIRST), **PERSON).text)
            assert "is connected to" in shown[-1]
        assert world.reasons() or name == "retailcrm"
        shown += [get(world.operator + "/").text, get(world.operator + "/?n=1").text]
        kept = [one for _, one in store.listed(name, 100)]
        secrets = {value for one in kept for value in one.credentials.values() if len(value) >= 8}
        configuration = world.sides.partner.configuration
        secrets |= {
            getattr(configuration, field.name) for field in fields(configuration)
            if "secret" in field.name or field.name == "postback_key"
        } - {""}  # fmt: skip
        assert len(secrets) >= 3
        assert [page for page in shown for secret in secrets if secret in page] == []
    store.close()


@pytest.mark.parametrize("name", PAGES)
def test_values_of_64_kb_are_refused_before_anybody_reads_them(worlds, name):
    world = worlds[name]
    path = PAGES[name].partition("?")[0]
    assert get(f"{world.app}{path}?x=" + "y" * 65_536, **PERSON).status_code == 414
    assert get(world.app + path, **PERSON, cookie="a=" + "y" * 65_536).status_code in (400, 431)
    assert get(world.operator + "/?after=" + "y" * 65_536).status_code == 414


@pytest.mark.parametrize("name", PAGES)
def test_another_host_gets_nothing_of_the_app_and_of_the_operators_page(worlds, name):
    for url in (worlds[name].app, worlds[name].operator):
        for host in ("attacker.example", "localhost", "127.0.0.1"):
            page = get(url + "/", host=host)
            assert page.status_code == 421 and "<h1>" not in page.text


# --- one app for several platforms ----------------------------------------------------------------


def test_one_app_may_stand_in_front_of_all_four_partners():
    store, sock = MemoryStore(), listen()
    origin = origin_of(sock)
    partners = {}
    for name, platform in PLATFORMS.items():
        world = World(Clock(), os.urandom, store, {}, "http://127.0.0.1:9", origin)
        partners[name] = platform.tools().sides(world).partner
    app = PartnerApp(partners)
    assert app.origins == (origin,) and {"data", "apikey", "code", "apitoken"} <= app.secret_names
    with Loopback(app, sockets={app.name: sock}):
        home = get(origin + "/", **PERSON)
        assert [platform.title in home.text for platform in PLATFORMS.values()] == [True] * 4
        for name, path in PAGES.items():
            page = get(origin + path, **PERSON)
            assert page.status_code in (401, 403) and PLATFORMS[name].title in page.text
        for path in ("/elsewhere", "//", "/%2e%2e/fortis/app", "/fortisx/app"):
            assert get(origin + path, **PERSON).status_code == 404
        assert get(origin + "/elsewhere").text == ""
