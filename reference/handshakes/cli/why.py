"""Where `serve` puts a refused request, so that a command can repeat it."""

from __future__ import annotations

from pathlib import Path

from ..runtime.watching import RefusedRequest, http_of
from ..web.app.operator import Operator

__all__ = ["Operator", "saved"]


def saved(one: RefusedRequest, folder: Path) -> Path:
    """Write a request to a file that only its owner reads, so that no secret of it stands in a log; return its path."""
    path = folder / f"refused-{one.number}.http"
    path.touch(mode=0o600)
    path.write_bytes(http_of(one.request))
    return path
