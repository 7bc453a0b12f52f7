"""The page's own files: its template, stylesheets, scripts and icon."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from ..core.messages import Response
from . import safety

if TYPE_CHECKING:
    from jinja2 import Template

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@cache
def template(name: str) -> Template:
    """Return a template of the page; what is filled into it is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        autoescape=True, undefined=StrictUndefined, loader=PackageLoader(__package__)
    ).get_template(name)


def static(name: str) -> Response:
    """Return a stylesheet, a script or the icon; 404 for every other name.

    >>> static("dom.js").header("content-type"), static("../marketplace.py").status
    ('text/javascript; charset=utf-8', 404)
    """
    folder = resources.files(__package__) / "static"
    if name not in {one.name for one in folder.iterdir()}:
        return safety.error("There is no such page.", 404)
    kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    headers = (
        ("content-type", f"{kind}; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-content-type-options", "nosniff"),
    )
    return Response(200, headers, (folder / name).read_bytes())
