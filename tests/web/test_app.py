"""The partner's app over sockets: its pages, what a person sees of a refusal, and what a program still gets."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urljoin

import pytest
import requests

from handshakes.platforms import PLATFORMS
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import Installation
from handshakes.web.app.operator import MOST_LISTED
from tests.web.served import Served, served

PERSON = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> Iterator[dict[str, Served]]:
    """Both sides of all four platforms, each partner with its app in front; one store."""
    store = open_store(tmp_path_factory.mktemp("store"), {})
    with ExitStack() as stack:
        yield {name: stack.enter_context(served(name, store)) for name in PLATFORMS}
    store.close()


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=30, allow_redirects=False)


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
        link = re.search(r'<link rel="stylesheet" href="([^"]+)">', page.text)
        style = get(urljoin(page.url, link[1]))
        assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


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
    assert requests.post(worlds[name].app + "/", timeout=30).status_code == 405


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
    link = re.search(r'<a href="([^"]+)">why\?', newest)
    why = get(urljoin(page.url, link[1]))
    assert why.status_code == 200 and "<pre" in why.text
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
            session.get(f"{world.app}/fortis/launch?data={number}", timeout=30)
    page = get(world.operator + "/")
    assert page.text.count('<span class="state bad">refused</span>') == 100
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
