"""Keeps the cells of a notebook together and in order, whatever pytest's plugins do with the other tests.

pytest-randomly shuffles tests and pytest-xdist spreads them over workers. A cell needs the cells above it, in the same
kernel. Neither plugin has to be installed.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from functools import cached_property
from typing import Any
from zlib import crc32

import pytest

SPREADING = ("load", "worksteal", "loadgroup")
"""The ways of xdist that would spread a notebook's cells; the other ways keep a file together."""
LARGE, PIECES = 60, 4
"""A file with more tests is cut into pieces. Handed out one by one, 24,000 tests keep a core busy with the handing out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each notebook's cells in their order, at the place of its first one."""
    cells: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if hasattr(item, "cell_num"):
            cells[str(item.path)].append(item)
    ordered = {path: sorted(found, key=lambda item: item.cell_num) for path, found in cells.items()}
    items[:] = [
        one
        for item in items
        for one in ([item] if not hasattr(item, "cell_num") else ordered.pop(str(item.path), []))
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Let `-n auto` start one worker more than there are cores: a third of the time a test waits, for a browser mostly."""
    return 1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let xdist hand out whole files where it would hand out single cells and tests, and large files of tests in pieces."""
    if config.getvalue("dist") not in SPREADING:
        return None
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        @cached_property
        def sizes(self) -> Counter[str]:
            return Counter(map(super()._split_scope, self.collection))

        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            whole = file.endswith(".ipynb") or self.sizes[file] <= LARGE
            return file if whole else f"{file} {crc32(nodeid.encode()) % PIECES}"

    config.option.loadscopereorder = False  # as they are sorted: browsers first, which take longest
    return Files(config, log)
