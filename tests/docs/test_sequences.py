"""Diagrams are drawn when the site is built: whole, without a script, and in the colours of the page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs import notebook_pages, sequences

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
TEXT = """sequenceDiagram
    participant p0 as browser
    participant p1 as part#60;ner
    participant p2 as https://a.example
    p0->>p1: GET /connect?code=#8230;&x=1
    p1-->>p0: 200
    p0--xp2: no answer
    p2-)p0: active
    p1->>p1: itself
"""


def stored() -> list[str]:
    return [
        found.strip("`").removeprefix("mermaid\n").rstrip()
        for path in NOTEBOOKS
        for found in notebook_pages.diagrams(path)
    ]


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(sequences.svg(text))


def labels(root: ElementTree.Element, kind: str) -> list[str]:
    return [each.text or "" for each in root.iter() if kind in each.get("class", "").split() and each.text]


def test_every_arrow_is_drawn_with_its_label_and_number_and_every_name_twice():
    root = drawn(TEXT)
    assert labels(root, "name") == [
        name for name in ("browser", "part<ner", "https://a.example") for _ in range(2)
    ]
    assert labels(root, "label") == ["GET /connect?code=…&x=1", "200", "no answer", "active", "itself"]
    assert labels(root, "number") == ["1", "2", "3", "4", "5"]
    kinds = [each.get("class") for each in root.iter() if each.get("class") in sequences.KINDS.values()]
    assert kinds == ["request", "response", "failure", "message", "request"]


def test_every_diagram_of_a_notebook_is_drawn_whole():
    found = stored()
    assert len(found) >= 4
    for text in found:
        arrows = re.findall(r"^    p\d+(?:->>|-->>|--x|-\))p\d+: ", text, re.MULTILINE)
        assert len(labels(drawn(text), "label")) == len(arrows) > 0


@pytest.mark.parametrize("text", [TEXT, *stored()])
def test_nothing_is_cut_off_and_no_label_is_wider_than_its_arrow(text):
    root = drawn(text)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    for each in root.iter():
        if each.text and "number" not in each.attrib["class"]:
            x, half = float(each.attrib["x"]), len(each.text) * sequences.CHARACTER / 2
            left, right = (x, x + 2 * half) if "own" in each.attrib["class"] else (x - half, x + half)
            assert left >= 0 and right <= width and float(each.attrib["y"]) < height
    _, messages = sequences.read(text)
    columns = [float(each.attrib["x"]) for each in root.iter() if each.get("class") == "name" and each.text]
    for message in messages:
        if message.sender != message.receiver:
            across = abs(columns[2 * message.sender] - columns[2 * message.receiver])
            assert len(message.label) * sequences.CHARACTER < across


def test_a_diagram_is_described_for_those_who_do_not_see_it_and_reached_by_keyboard():
    fenced = sequences.fenced(TEXT, "mermaid", "sequence", {}, None)
    assert fenced.count("Sequence diagram of 5 messages between browser, part&lt;ner, https://a.example") == 2
    assert 'role="img"' in fenced and 'tabindex="0"' in fenced


def test_a_diagram_has_no_script_and_no_colour_of_its_own():
    fenced = sequences.fenced(TEXT)
    assert "<script" not in fenced and not re.search(r"#[0-9a-f]{3,6}\b|rgb|fill=|stroke=", fenced)


@pytest.mark.parametrize(
    "text", ["", "graph TD", "sequenceDiagram\n    p0->>p1: x", "sequenceDiagram\n    Note over p0: x"]
)
def test_what_a_transcript_does_not_write_is_not_drawn_in_part(text):
    with pytest.raises(sequences.NotDrawn):
        sequences.svg(text)
