"""The checks of the built site see what they must find: a link to nothing, something outside, a lost prefix."""

from __future__ import annotations

import gzip
import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docs.checks import files, serving
from docs.searching import boost, metadata

HOME = '<h1 id="top">Home</h1><a href="a/b.html#c">b</a><a href="https://elsewhere.example">out</a><a href="#top">up</a>'
MAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'


@pytest.fixture
def site(tmp_path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(HOME, "utf-8")
    (tmp_path / "a" / "b.html").write_text('<p id="c"><a href="../index.html">home</a>', "utf-8")
    (tmp_path / "404.html").write_text('<a href="/guide/index.html">home</a>', "utf-8")
    places = ("a/b.html", "a/index.html", "index.html")
    listed = "".join(f"<url><loc>https://x.example/guide/{place}</loc></url>" for place in places)
    (tmp_path / "sitemap.xml").write_text(MAP.format(listed), "utf-8")
    return tmp_path


def test_a_site_whose_links_all_lead_somewhere_has_nothing_wrong(site):
    read = files.pages(site)
    assert files.links(site, read) == files.loaded(site, read) == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ('<a href="b">', "leads to no file"),
        ('<a href="../a/">', "leads to no file"),
        ('<a href="../index.html#gone">', "leads to no anchor"),
        ('<a href="#c">', "leads to no anchor"),
        ('<a href="/index.html">', "begins at the root"),
        ('<p id="x"><p id="x">', "two anchors #x"),
    ],
)
def test_a_link_that_leads_nowhere_is_found_also_where_only_a_server_would_follow_it(site, page, said):
    (site / "a" / "b.html").write_text(f'{page}<p id="c2">', "utf-8")
    (site / "index.html").write_text("home", "utf-8")
    (found,) = files.links(site, files.pages(site))
    assert said in found and found.startswith("a/b.html: ")


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/x.js">',
        '<img src="//cdn.example/x.png">',
        '<link href="https://cdn.example/x.css" rel="stylesheet">',
    ],
)
def test_what_a_page_would_load_from_elsewhere_is_found(site, tag):
    (site / "a" / "b.html").write_text(tag, "utf-8")
    assert len(files.loaded(site, files.pages(site))) == 1


def test_a_style_that_loads_from_elsewhere_is_found(site):
    (site / "x.css").write_text("@import 'https://fonts.example/x'; a { background: url(x.png) }", "utf-8")
    assert len(files.loaded(site, files.pages(site))) == 1


def test_the_site_is_served_compressed_below_its_path_with_its_page_for_what_is_not_there(site):
    assert serving.prefix(site) == "/guide/"
    with serving.served(site) as base:
        for path, status, text in (
            ("/guide/index.html", 200, HOME),
            ("/guide/", 200, HOME),
            ("/index.html", 404, (site / "404.html").read_text("utf-8")),
            ("/guide/../../etc/passwd", 404, (site / "404.html").read_text("utf-8")),
        ):
            connection = http.client.HTTPConnection(urlsplit(base).netloc)
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("content-encoding")) == (status, "gzip")
            assert gzip.decompress(answer.read()).decode() == text
            connection.close()


def test_a_page_that_explains_an_id_counts_more_than_one_that_uses_it():
    explained = boost("clauses/onoffice.html#url.order", "onoffice:url.order")
    assert (
        explained > boost("notebooks/03-onoffice.html#x", "url.order") > boost("recipes/onoffice.html#x", "x")
    )
    assert metadata("api/core.md") == metadata("vectors/fortis.md") == {"exclude": True}
    assert metadata("reasons.md") == metadata("clauses/fortis.md") == {}
