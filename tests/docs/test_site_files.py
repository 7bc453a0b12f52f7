"""A built site is without what no page asks for, and its search index holds text alone."""

from __future__ import annotations

import doctest
import json

from docs import faults_pages, lean, searching, text
from handshakes.core.refusals import REASONS
from handshakes.explain.entries import slips
from handshakes.platforms import PLATFORMS
from handshakes.spec import register


def test_blanks_between_tags_become_one_and_code_keeps_its_own():
    page = "<ul>\n\n   <li>a   <b>b</b> <i>c</i>\n</ul><pre>x\n\n   <b>y</b></pre>\n\n  <p>z"
    assert lean.html(page) == "<ul>\n<li>a <b>b</b> <i>c</i>\n</ul><pre>x\n\n   <b>y</b></pre>\n<p>z"


def test_marks_in_code_that_colour_nothing_are_left_out():
    page = '<pre><span></span><code><span class="n">a</span><span class="w"> </span><span class="o">=</span> <span class="k">if</span></code></pre>'
    assert lean.html(page) == '<pre><code>a = <span class="k">if</span></code></pre>'


def test_what_the_style_asks_nothing_of_is_left_out_on_pages_of_modules():
    page = '<h3 id="a.b" class="doc doc-heading"><span class="doc doc-object-name">b</span></h3><div class="doc-signature highlight">'
    assert lean.html(page) == '<h3 id="a.b">b</h3><div class="highlight">'
    other = '<div class="docs"><span class="k">if</span></div><p class="doc">'
    assert lean.html(other) == other


def test_an_option_is_not_broken_after_its_dashes_and_code_of_a_cell_only_within_bytes():
    assert lean.html("<code>serve --only x</code> --only") == (
        '<code>serve <span class="option">--only</span> x</code> --only'
    )
    assert lean.html('<pre><code><span class="k">a</span>--b "--c"</code></pre>') == (
        '<pre><code><span class="k">a</span>--b "--c"</code></pre>'
    ), "neither an operator nor a text"
    cells = f"<td><code>a.b=c</code></td><td><code>{'0' * 27}</code></td><td><code>{'0' * 26}</code></td>"
    shown = cells.replace("a.b=c", "a.b=<wbr>c").replace(
        "<code>" + "0" * 27, '<code class="long">' + "0" * 27
    )
    assert lean.html(cells) == shown
    heading = '<h2 id="handshakes.cli.why">\nhandshakes.cli.why'
    assert lean.html(heading).endswith("handshakes.<wbr>cli.<wbr>why")


def test_a_title_in_a_sidebar_is_not_cut_off_and_has_no_blanks_around_it():
    link = '<a href="b.html">\n<span class="md-ellipsis">\nBuild a\nhouse\n</span>\n</a>\n'
    page = f'{link}<div class="md-sidebar x">\n<li>\n{link}</li></div>\n<div class="md-content">\n{link}'
    side = '<div class="md-sidebar x"><li><a href="b.html">Build a\nhouse</a></li></div><div class="md-content">\n'
    assert lean.html(page) == link + side + link


def test_an_entry_of_the_index_is_text_that_the_browser_may_read_as_html():
    assert lean.plain("<p>a &lt;b&gt; &amp; <code>c</code></p>\n<p>d&para;</p>") == "a &lt;b&gt; &amp; c d"
    assert lean.plain("<li>a</li><li>b</li>") == "a b"


def test_maps_and_word_lists_are_taken_out_and_the_index_is_written_briefly(tmp_path):
    for name in (
        "assets/a.js",
        "assets/a.js.map",
        "assets/javascripts/lunr/x.js",
        "search/search_index.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}", "utf-8")
    docs = [
        {"location": f"{page}.html#ü", "title": "<code>ü</code>", "text": "<p>x</p>"}
        for page in ("a", "reasons")
    ]
    index = {"config": {}, "docs": docs}
    (tmp_path / "search/search_index.json").write_text(json.dumps(index, indent=2), "utf-8")
    lean.site(tmp_path)
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["assets/a.js", "search/search_index.json"]
    assert (tmp_path / "search/search_index.json").read_text("utf-8") == (
        '{"config":{},"docs":[{"location":"a.html#ü","title":"ü","text":"x"},{"location":"reasons.html#ü","title":"ü","text":"x","boost":4.8}]}'
    )


def test_the_examples_of_the_search_and_of_the_texts_hold():
    assert doctest.testmod(searching) == (0, 4)
    assert doctest.testmod(text) == (0, 2)


def test_no_word_that_is_left_out_of_a_phrase_is_an_id():
    ids = {*REASONS, *slips()} | {fault.name for name in PLATFORMS for fault in faults_pages.faults(name)}
    for name in PLATFORMS:
        known = register.load(name)
        ids |= {one.id.partition(":")[2] for one in (*known.clauses, *known.advice, *known.readings())}
    assert not ids & set(searching.FUNCTION_WORDS.split())
