"""What is measured of a page's look is seen where it is wrong, and nothing is seen where it is right."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")

from docs.checks.looks import LOOK, tabbed

from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)

RIGHT = '<article><h2 id="a">Right</h2><p>A sentence with <a href="#a">a link</a> in it.</p></article>'
LONG = "wide " * 200
WRONG = {
    "the page scrolls sideways": '<p style="width: 900px">wide',
    "text stands over text": '<p style="margin: 0 0 -16px">below<p style="margin: 0">above',
    "text is cut off": f'<p style="overflow: hidden; white-space: nowrap">{LONG}',
    "nothing shows that it scrolls": f'<pre><code style="display: block; overflow-x: auto">{LONG}</code></pre>',
    "a button covers text": '<pre style="position: relative"><code style="display: block">text</code><button class="md-clipboard" style="position: absolute; left: 0; top: 0; width: 30px; height: 30px"></button></pre>',
    "a word is cut in two": '<table><tr><td style="width: 30px; overflow-wrap: anywhere; display: block">location</table>',
    "text is under 9 px": '<p style="font-size: 8px">small',
    "the contrast is under 4.5": '<p style="color: #888">pale',
    "markup is shown as it was written": "<p>It is `code`.",
    "a drawing cuts its text": '<svg viewBox="0 0 20 20" width="20"><text y="12">much longer</text></svg>',
    "a picture says nothing": '<img src="data:," width="20" height="20">',
    "a heading has no address": "<h3>Nowhere</h3>",
    "it is under 24 px": '<p><a href="#a">alone</a>',
    "text is outside": '<p style="position: absolute; left: -60px; white-space: nowrap">beside the page',
}


@pytest.fixture
def page(chromium):  # noqa: F811
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    yield page
    page.context.close()


def test_nothing_is_wrong_with_a_right_page(page):
    page.set_content(RIGHT)
    assert page.evaluate(LOOK) == tabbed(page) == []


@pytest.mark.parametrize("kind", WRONG)
def test_each_kind_of_fault_is_seen(page, kind):
    page.set_content(RIGHT.replace("</article>", f"{WRONG[kind]}</article>"))
    assert [line for line in page.evaluate(LOOK) if line.startswith(f"{kind}, ")]


def test_a_first_screen_without_a_sentence_is_seen(page):
    page.set_content(RIGHT.replace("<article>", '<article style="padding-top: 900px">'))
    assert page.evaluate(LOOK) == ['the first screen says nothing, 1 times, first ""']


@pytest.mark.parametrize(
    ("style", "said"),
    [("outline: none", "shows no focus"), ("position: absolute; left: -900px", "is out of sight")],
)
def test_a_focus_that_is_not_to_be_seen_is_found(page, style, said):
    page.set_content(RIGHT.replace("<a href", f'<a style="{style}" href'))
    assert said in tabbed(page)[0]
