"""The page on dependencies: every package that is asked for by name, why, and its licence as it states it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WHY = ROOT / "docs" / "dependencies.toml"
NPM = ROOT / "docs" / "engine" / "packages.toml"


def named() -> dict[str, list[str]]:
    """Return the packages that pyproject.toml names, each with the extras that ask for it ("" is the package itself).

    >>> named()["requests"], "marketplace-handshakes" in named()
    ([''], False)
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found: dict[str, list[str]] = {}
    for extra, asked in {"": project["dependencies"], **project["optional-dependencies"]}.items():
        for one in asked:
            name = re.split(r"[\[<>=;! ]", one, maxsplit=1)[0].lower()
            if name != project["name"]:
                found.setdefault(name, []).append(extra)
    return found


def pins() -> dict[str, str]:
    """Return the version of each package in constraints.txt.

    >>> pins()["mkdocs"].startswith("1.")
    True
    """
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines) if version}


def licence(name: str) -> str:
    """Return the licence that an installed package states, or that it is not installed.

    >>> licence("pytest")
    'MIT'
    """
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return "not installed here"
    classes = [
        one.rpartition(" :: ")[2] for one in found.get_all("Classifier") or () if one.startswith("License")
    ]
    stated = found.get("License-Expression") or found.get("License") or ""
    return stated if stated and len(stated) < 40 else ", ".join(classes) or "not stated"


def table() -> str:
    """List what pyproject.toml asks for."""
    why: dict[str, str] = tomllib.loads(WHY.read_text("utf-8"))["what"]
    version = pins()
    rows = ["| package | version | asked for by | licence | why |", "| --- | --- | --- | --- | --- |"]
    for name, extras in named().items():
        by = ", ".join(f"`{extra}`" if extra else "the package" for extra in extras)
        rows.append(f"| {name} | {version[name]} | {by} | {licence(name)} | {why[name]} |")
    return "\n".join(rows)


def npm() -> str:
    """List what the site takes from npm."""
    found: dict[str, Any] = tomllib.loads(NPM.read_text("utf-8"))
    rows = ["| package | version | licence | source |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {one['package']} | {one['version']} | {one['licence']} | <{one['source']}> |"
        for one in found.values()
    ]
    return "\n".join(rows)


def filled(markdown: str) -> str:
    """Put both tables into the page."""
    return markdown.replace("<!-- the packages -->", table()).replace("<!-- the packages of npm -->", npm())
