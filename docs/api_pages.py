"""The pages of the API: which modules there are, what each says of itself, and their doctests as code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from docs.text import fence, prose

TOP = "handshakes"


def modules(package: Path) -> list[str]:
    """Find every module of the package, without its first name, the shared ones first."""
    names = [".".join(path.relative_to(package).with_suffix("").parts) for path in package.rglob("*.py")]
    public = (name for name in names if not name.startswith("_") and "._" not in name)
    return sorted(public, key=lambda name: (name.count("."), name))


def packages(names: list[str]) -> dict[str, list[str]]:
    """Arrange modules by package, at most two deep: a page for each module would be mostly navigation."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(".".join(name.split(".")[:-1][:2]) or TOP, []).append(name)
    return found


def page(package: str, names: list[str]) -> str:
    """Write the page of one package.

    Tables of slips and of faults have pages of their own, so their values are not shown again.
    """
    parts = [f"# {package}"]
    for name in names:
        values = "false" if {"slips", "faults"} & set(name.split(".")) else "true"
        parts.append(f"::: handshakes.{name}\n    options:\n      show_attribute_values: {values}")
    return "\n\n".join(parts) + "\n"


def table(package: Path) -> str:
    """List the modules with what each says of itself first."""
    rows = []
    for page, names in packages(modules(package)).items():
        for name in names:
            tree = ast.parse(package.joinpath(*name.split(".")).with_suffix(".py").read_text("utf-8"))
            summary = (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")
            rows.append(f"| [{name}](api/{page}.md#handshakes.{name}) | {prose(summary)} |")
    return "\n".join(["| module | what it is |", "| --- | --- |", *rows])


def fenced_doctests(text: str) -> str:
    """Put a fence around each paragraph that begins with a prompt."""
    paragraphs = re.split(r"\n{2,}", text)
    return "\n\n".join(fence(part, "pycon") if part.startswith(">>> ") else part for part in paragraphs)
