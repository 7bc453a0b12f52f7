"""Pictures for notebooks: whole, in the page's own colours, and the same as text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from handshakes.runtime import pictures

PICTURES = {
    "layout": pictures.layout(
        [("header", b"Salted__"), ("salt", bytes(8)), ("block", b"<" * 35), ("padding", b"\x01")]
    ),
    "coverage": pictures.coverage(
        [("apiKey", "a" * 80), ("none", "")], [("<systemUrl>", "https://a.example")]
    ),
    "window": pictures.window({-120: "from-the-future", -60: "accepted", 300: "accepted", 301: "stale"}),
}


@pytest.fixture(params=PICTURES.values(), ids=list(PICTURES))
def picture(request):
    return request.param


def test_a_picture_has_no_colour_of_its_own_and_no_script(picture):
    assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', picture.svg)) <= {"currentColor", "none"}
    assert "<script" not in picture.svg and "href" not in picture.svg


def test_what_is_in_a_picture_is_in_its_text_and_in_its_label(picture):
    root = ElementTree.fromstring(picture.svg)
    said = " ".join(line.strip() for line in picture.text.splitlines())
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"].replace(";", "").split() == said.split()
    for each in root.iter("text"):
        word = (each.text or "").rstrip("…")
        assert word in said or word in ("minutes after signing",) or word.isdigit()


def test_nothing_in_a_picture_is_cut_off(picture):
    root = ElementTree.fromstring(picture.svg)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for each in root.iter("rect"):
        x, y, wide, high = (float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + wide <= width and y + high <= height
    for each in root.iter("text"):
        x, half = float(each.attrib["x"]), len(each.text or "") * float(each.attrib["font-size"]) * 0.61 / 2
        left = {"start": x, "middle": x - half, "end": x - 2 * half}[each.attrib["text-anchor"]]
        assert left >= 0 and left + 2 * half <= width + 1 and float(each.attrib["y"]) <= height


def test_a_part_of_a_message_is_cut_where_a_row_ends():
    root = ElementTree.fromstring(PICTURES["layout"].svg)
    widths = [float(each.attrib["width"]) for each in root.iter("rect")]
    assert [round(width / pictures._BYTE) for width in widths] == [8, 8, 16, 16, 3, 1]


def test_what_is_left_out_and_the_padding_have_broken_lines():
    assert PICTURES["coverage"].svg.count("stroke-dasharray") == 1
    assert PICTURES["layout"].svg.count("stroke-dasharray") == 1


def test_the_window_reaches_from_the_first_accepted_time_to_the_last():
    root = ElementTree.fromstring(PICTURES["window"].svg)
    dots = [float(each.attrib["cx"]) for each in root.iter("circle") if each.attrib["fill"] == "currentColor"]
    (band,) = root.iter("rect")
    assert abs(float(band.attrib["x"]) - dots[0]) < 1
    assert abs(float(band.attrib["width"]) - (dots[-1] - dots[0])) < 2


def test_a_notebook_gets_the_text_beside_the_picture(picture):
    assert picture._repr_mimebundle_() == {"text/plain": picture.text, "text/html": picture.svg}
    assert repr(picture) == picture.text
