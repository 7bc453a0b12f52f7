"""The partner's app over sockets: its pages, what a person sees of a refusal, and what a program still gets."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from handshakes.web.app import PartnerApp

PERSON = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[dict[str, Any]]:
    """Both sides of all four platforms, each partner with its app in front; one store."""
    store = open_store(tmp_path_factory.mktemp("store"), {})
    worlds, networks = {}, []
    for name, platform in PLATFORMS.items():
        sockets = {"platform": listen(), "partner": listen()}
        origins = {side: origin_of(sock) for side, sock in sockets.items()}
        world = World(
            lambda: int(time.time()), os.urandom, store, {}, origins["platform"], origins["partner"]
        )
        sides = platform.tools().sides(world)
        app = PartnerApp({name: sides.partner})
        network = Loopback(
            sides.platform,
            app,
            sockets={sides.platform.name: sockets["platform"], app.name: sockets["partner"]},
        )
        networks.append(network.__enter__())
        worlds[name] = SimpleNamespace(
            sides=sides, portal=origins["platform"], app=origins["partner"], title=platform.title, store=store
        )
    yield worlds
    for network in networks:
        network.__exit__(None, None, None)
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
def test_a_person_who_is_refused_sees_a_page_that_says_what_to_do(served, name):
    world = served[name]
    page = get(world.app + PAGES[name], **PERSON)
    assert page.status_code in (401, 403)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.search(r"<h1>[^<]{8,}</h1>", page.text)
    assert re.search("again|Please|noch einmal", page.text)
    assert "<style" not in page.text and "style=" not in page.text and "<script" not in page.text


@pytest.mark.parametrize("name", PAGES)
def test_every_page_names_who_may_frame_it_and_loads_only_from_the_app(served, name):
    world = served[name]
    for path in ("/", PAGES[name], f"/{name}/nothing", "/elsewhere"):
        page = get(world.app + path, **PERSON)
        found = policy(page)
        assert found["default-src"] == "'none'" and found["style-src"] == "'self'"
        assert "unsafe" not in page.headers["content-security-policy"]
        framed = world.portal if name in ("onoffice", "fortis") and path != "/" else "'none'"
        assert found["frame-ancestors"] == framed
        assert "form-action" in found and page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", PAGES)
def test_the_stylesheet_is_found_from_pages_of_every_depth(served, name):
    world = served[name]
    for path in ("/", PAGES[name], "/officernd/removed/a/b"):
        page = get(world.app + path, **PERSON)
        link = re.search(r'<link rel="stylesheet" href="([^"]+)">', page.text)
        style = get(requests.compat.urljoin(page.url, link[1]))
        assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_a_program_gets_the_answer_of_the_handler(served):
    world = served["officernd"]
    told = get(world.app + "/officernd/healthcheck?slug=x", accept="*/*")
    assert (told.status_code, told.json()) == (401, {"message": "The request could not be verified."})
    shown = get(world.app + "/officernd/healthcheck?slug=x", **PERSON)
    assert (shown.status_code, shown.headers["vary"]) == (401, "accept")
    assert "The request could not be verified." in shown.text


@pytest.mark.parametrize("name", PAGES)
def test_nothing_but_the_stylesheet_and_the_icon_is_served_from_the_files(served, name):
    for path in (
        "app.css/",
        "../pages.py",
        "%2e%2e/pages.py",
        "..%2fpages.py",
        "",
        "layout.html",
        "app.css%00",
    ):
        assert get(served[name].app + "/app/" + path).status_code == 404
    assert requests.post(served[name].app + "/", timeout=30).status_code == 405


def test_an_error_is_said_in_german_to_whoever_prefers_it(served):
    page = get(
        served["onoffice"].app + "/onoffice/nothing", **PERSON, **{"accept-language": "de-DE, en;q=0.5"}
    )
    assert page.status_code == 404
    assert '<html lang="de">' in page.text and "Diese Seite gibt es nicht" in page.text
