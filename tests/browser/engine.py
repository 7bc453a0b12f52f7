"""The engine in Chromium: put together, served on loopback below a content security policy, and asked through a page."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.checks import serving
from docs.engine import build

from tests.oracles import headless, tool

LIMIT = 300_000
"""Milliseconds; a busy machine takes long, and no test fails on time."""
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'"
PAGE = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Engine</title><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="{POLICY}; img-src data:"><script src="ask.js"></script>"""
SCRIPT = """
const worker = new Worker("engine/worker.mjs", {type: "module"}), waiting = new Map(), stages = [];
worker.onmessage = ({data}) => data.stage ? stages.push(data.stage) : waiting.get(data.id)(data);
worker.onerror = error => console.error(`worker: ${error.message}`);
const ask = question => new Promise(answered => {
  const id = waiting.size;
  waiting.set(id, answered);
  worker.postMessage({...question, id});
});
const raw = text => Uint8Array.from(atob(text), each => each.charCodeAt()).buffer;
const explain = ({pasted, ...rest}) => ask({do: "explain", pasted: raw(pasted), ...rest});
const explainAll = questions => Promise.all(questions.map(explain));
const run = (lesson, sources) => Promise.all(sources.map((source, cell) => ask({do: "run", lesson, cell, source})));
"""


@dataclass(frozen=True)
class Opened:
    """A page, the folder that it is served from, what was requested below its address, and what the console said."""

    page: Any
    folder: Path
    asked: list[str]
    said: list[str]


@contextmanager
def engine_page(folder: Path) -> Iterator[Opened]:
    """Open a page whose script can ask the worker."""
    from playwright.sync_api import sync_playwright

    tool("npm")
    build.put(folder)
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "ask.js").write_text(SCRIPT, "utf-8")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with serving.served(folder) as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=headless(), args=options)
        page = browser.new_page()
        page.set_default_timeout(LIMIT)
        asked: list[str] = []
        said: list[str] = []
        page.context.on("request", lambda request: asked.append(request.url.removeprefix(base)))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(base)
        yield Opened(page, folder, asked, said)
        browser.close()


def question(platform: str, pasted: bytes, given: dict[str, Any]) -> dict[str, Any]:
    """Return a question as the page's script takes it."""
    return {"platform": platform, "pasted": base64.b64encode(pasted).decode(), "given": given}


def answers(page: Any, questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask the worker all questions, and return its answers."""
    return [*page.evaluate("questions => explainAll(questions)", questions)]
