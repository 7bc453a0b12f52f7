"""The lessons in the real JupyterLab, in Chromium: opened, run from the first cell to the last, saved and compared.

`python -m tests.browser.lab [NAMES…]` does it with every lesson, in some minutes; the test run does it with one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path
from typing import Any

import nbformat
from notebooks.refresh import HERE, normalised, notebooks

from tests.browser.engine import LIMIT
from tests.oracles import headless

RUN = """async () => {
  const {commands, shell, restored} = window.jupyterapp;
  await restored;
  while (!shell.currentWidget?.sessionContext) await new Promise(soon => setTimeout(soon, 50));
  const {context, sessionContext} = shell.currentWidget;
  await Promise.all([context.ready, sessionContext.ready]);
  await commands.execute("notebook:run-all-cells");
  await context.save();
  return context.path;
}"""
"""What a person does with the menu: Run All Cells, and Save. Each ends when it is done, so nothing is guessed."""


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """Run JupyterLab with the lessons copied to a folder, on a free port of this machine; give its address with a `{}` for a name."""
    lessons, own = folder / "lessons", folder / "own"
    shutil.copytree(HERE, lessons, ignore=shutil.ignore_patterns("*.py", "__pycache__", ".*"))
    places = {f"JUPYTER_{name}_DIR": str(own / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **places, "IPYTHONDIR": str(own / "ipython"), "HOME": str(own)}
    settings = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": "0", "ServerApp.open_browser": "False",
        "ServerApp.root_dir": str(lessons), "ServerApp.allow_root": "True", "LabApp.expose_app_in_browser": "True",
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in settings.items())]
    own.mkdir()
    with (own / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        late = time.monotonic() + LIMIT / 1_000
        while not (found := [*(own / "RUNTIME").glob("jpserver-*.json")]) or not found[
            0
        ].read_text().endswith("}"):
            assert process.poll() is None and time.monotonic() < late, (own / "log").read_text()
            time.sleep(0.05)
        said = json.loads(found[0].read_text())
        yield f"{said['url']}lab/tree/{{}}?reset&token={said['token']}"
    finally:
        process.terminate()
        process.wait(60)


def saved(page: Any, address: str, folder: Path, name: str) -> str:
    """Open a lesson, run it and save it; return its text as it should stand in the file."""
    page.goto(address.format(name))
    page.wait_for_function("window.jupyterapp")
    assert page.evaluate(RUN) == name
    return normalised(nbformat.read(folder / "lessons" / name, as_version=4))


def changed(names: list[str], folder: Path) -> list[str]:
    """Return the lessons that do not say in JupyterLab what is stored of them."""
    from playwright.sync_api import sync_playwright

    wrong = []
    with lab(folder) as address, sync_playwright() as play:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=headless(), args=options)
        for path in notebooks(names):
            page = browser.new_page()
            page.set_default_timeout(LIMIT)
            start = time.monotonic()
            found = saved(page, address, folder, path.name).splitlines()
            differs = [
                *unified_diff(
                    path.read_text("utf-8").splitlines(), found, "stored", "JupyterLab", "", "", 0, ""
                )
            ]
            same = not differs
            wrong += [] if same else [path.name]
            print(
                f"{path.name}: {'the same' if same else 'CHANGED'}, {time.monotonic() - start:.0f} s",
                flush=True,
            )
            print(*differs[:40], sep="\n", end="\n" if differs else "", flush=True)
            page.close()
        browser.close()
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(", ".join(changed(parser.parse_args().names, Path(temporary))) or 0)
