"""What an installation brings: the whole command without extras, a held version of everything, nobody else's package."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]


def wanted(requirement: Requirement, seen: set[str]) -> set[str]:
    """Return the names of what a requirement brings, as far as it is installed here."""
    name = canonicalize_name(requirement.name)
    if name == PROJECT["name"]:
        inner = [Requirement(text) for extra in requirement.extras for text in EXTRAS[extra]]
    else:
        key = f"{name}[{','.join(sorted(requirement.extras))}]"
        if key in seen:
            return set()
        seen.add(key)
        try:
            inner = [
                one
                for one in map(Requirement, requires(name) or [])
                if not one.marker or any(one.marker.evaluate({"extra": e}) for e in ("", *requirement.extras))
            ]
        except PackageNotFoundError:
            inner = []
    return {name}.union(*(wanted(one, seen) for one in inner))


def test_the_extras_are_those_that_the_documents_name():
    assert set(EXTRAS) == {"notebooks", "tests", "site", "postgres", "dev"}


@pytest.mark.parametrize("extra", ["", "build-system", *EXTRAS])
def test_everything_that_is_installed_has_one_version_in_the_constraints(extra):
    texts = {"": PROJECT["dependencies"], "build-system": PYPROJECT["build-system"]["requires"], **EXTRAS}
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    held = [name for name, _ in (line.split("==") for line in lines)]
    assert held == sorted(set(held))
    brought = set().union(*(wanted(Requirement(text), set()) for text in texts[extra]))
    assert brought - set(held) - {PROJECT["name"]} == set()


POINTS = PROJECT["entry-points"]["pytest11"].values()
PLUGIN = f"{''.join(POINTS).replace('.', '/')}.py"
"""The one module that is imported by pytest alone, and so finds it there."""


def test_an_installation_without_extras_brings_whatever_the_code_imports():
    """Where an import stands in a function, nothing else notices that its package is missing."""
    imported = {
        name.partition(".")[0]
        for file in sorted((ROOT / "reference").rglob("*.py"))
        if file != ROOT / "reference" / PLUGIN
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    foreign = imported - set(sys.stdlib_module_names) - {"handshakes"}
    brought = set().union(*(wanted(Requirement(text), set()) for text in PROJECT["dependencies"]))
    of = packages_distributions()
    missing = {name for name in foreign if not brought & set(map(canonicalize_name, of[name]))}
    assert (missing, {"typer", "starlette", "sqlalchemy", "jsonschema_rs"} - foreign) == (set(), set())


def test_no_requirement_is_the_foreign_package_of_our_import_name():
    """On the package index `handshakes` is another project, which pip would install over ours."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert PROJECT["name"] == "marketplace-handshakes"
    assert re.findall(r'"handshakes(?:\[|[<>=~!]|")', text) == []
