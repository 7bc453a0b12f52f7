"""What the package says is spelled as the guide spells it: each word stands in a page, a register or a list of words."""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import handshakes
from handshakes.core.cases import Slip
from handshakes.explain.entries import slips

ROOT = Path(__file__).parents[2]
SAID = re.compile(r"\.(explain|judge|partner|slips|refusals)(\.|$)")
WORD = re.compile(r"(?<![A-Za-zÄÖÜäöüß0-9_%\\])[A-Za-zÄÖÜäöüß]{2,}+(?![0-9_])")
NO_WORDS = re.compile(r"(?s)<(style|script)\b.*?</\1>|<[^>]*>|\{[{%].*?[%}]\}")
SENTENCE = re.compile(r"[A-Za-zäöüß]{2,},? [A-Za-z]")
NAME = re.compile(r"(?<![A-Za-z0-9_%\\])[A-Za-z_][A-Za-z0-9_]+")
"""A word or a name of a program's, with underscores and digits."""
PROGRAM = re.compile(r"\\|[$(]\.|=>|;\n|\(\?")
"""What marks a pattern or a piece of a program."""


def written() -> list[str]:
    """What is written by hand in the guide, and the list beside this file."""
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("docs/**/*.toml"),
        *ROOT.glob("reference/**/*.toml"),
    ]
    texts = [path.read_text("utf-8") for path in [*pages, Path(__file__).with_name("words.txt")]]
    for path in ROOT.glob("notebooks/*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return texts


def known() -> set[str]:
    """The words of what is written by hand in the guide, and of the list beside this file."""
    return {word.lower() for text in written() for word in WORD.findall(text)}


def of_code(code: CodeType) -> Iterator[str]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from of_code(one)
        else:
            yield from of_value(one)


def of_value(value: Any) -> Iterator[str]:
    """Every text in a value; of a function and of a class of ours, those that it was written with."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Slip):
        yield from (value.says, value.cure, f"seen in {value.source}")
    elif isinstance(value, dict):
        yield from of_value([*value.keys(), *value.values()])
    elif isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from of_value(one)
    elif isinstance(value, FunctionType):
        yield from (text for text in of_code(value.__code__) if text != value.__doc__)
        yield from of_value(value.__defaults__ or ())
    elif isinstance(value, (staticmethod, classmethod, property)):
        yield from of_value(value.fget if isinstance(value, property) else value.__func__)
    elif isinstance(value, type):
        yield from of_value(
            [one for name, one in vars(value).items() if not name.startswith("__") or name == "__init__"]
        )


def said(module: ModuleType) -> Iterator[str]:
    """The sentences of a module, without the marks of templates; no patterns, and nothing of what it imports."""
    for name, value in vars(module).items():
        if name.startswith("__") or getattr(value, "__module__", module.__name__) != module.__name__:
            continue
        for text in of_value(value):
            if not PROGRAM.search(text) and SENTENCE.search(plain := NO_WORDS.sub(" ", text)):
                yield plain


def unknown(texts: Iterator[str], words: set[str]) -> set[str]:
    return {word for text in texts for word in WORD.findall(text) if word.lower() not in words}


def test_each_word_of_a_message_stands_in_the_guide_or_in_the_list_of_words():
    words = known()
    found = {}
    for module in pkgutil.walk_packages(handshakes.__path__, "handshakes."):
        if SAID.search(module.name) and (wrong := unknown(said(import_module(module.name)), words)):
            found[module.name] = sorted(wrong)
    assert found == {}, "misspelled, or to be added to words.txt"


def test_a_word_that_is_misspelled_in_a_table_a_function_or_a_default_is_found():
    module = ModuleType("handshakes.partner")
    slip = Slip("toy", "key", "It was cut.", "Send all of it.", "Tronado")
    module.__dict__.update(TABLE={"key": ("Send teh digest.", slip)}, PATTERN=r"\bno wrods here\b")

    def function(text: str = "It was recieved late.") -> str:
        """Not the docstrnig."""
        return f"The {text} is wrnog here."

    function.__module__ = module.__name__
    module.__dict__["function"] = function
    assert unknown(said(module), known()) == {"teh", "Tronado", "recieved", "wrnog"}


def test_each_name_that_a_slip_or_its_cure_has_stands_in_the_guide_or_in_the_list():
    """Also where a text is a piece of a program, or a single name."""
    names = {name for text in written() for name in NAME.findall(text)}
    words = {name.lower() for name in names if name.isalpha()}
    texts = {slip.id: f"{slip.says} {slip.cure} {slip.source}" for slip in slips().values()}
    found = {id: {*NAME.findall(text)} - names for id, text in texts.items()}
    assert {
        id: wrong for id, all in found.items() if (wrong := {one for one in all if one.lower() not in words})
    } == {}
