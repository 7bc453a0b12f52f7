"""MkDocs hooks: they put generated pages among the written ones, and take out of the site what nobody needs.

What a page says is made by the modules beside this one, which know nothing of MkDocs. Nothing is run here
except the loading of the registers, and each handshake, in this process, so that it can be drawn.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # MkDocs runs a hook as a file, not as part of a package
    sys.path.insert(0, str(ROOT))

from docs import (  # noqa: E402
    api_pages,
    benchmarks_page,
    clauses_pages,
    comparison_page,
    debugger_page,
    dependencies_page,
    faults_pages,
    glossary_page,
    home_page,
    lean,
    matrix_page,
    notebook_pages,
    platform_pages,
    probe_page,
    questions_page,
    reasons_page,
    recipe_pages,
    searching,
    sequences,
    serving_page,
    slips_pages,
    sources_page,
    strangers_page,
    trouble_page,
    vectors_pages,
)
from docs.engine import build as engine  # noqa: E402
from handshakes.platforms import PLATFORMS  # noqa: E402
from handshakes.spec import evidence, register  # noqa: E402

LOG = logging.getLogger("mkdocs.hooks.handshakes")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PACKAGE = ROOT / "reference" / "handshakes"
RECIPES = [platform for platform in PLATFORMS if (PACKAGE / platform / "recipe.toml").is_file()]
API = api_pages.packages(api_pages.modules(PACKAGE))
FROM_THE_ROOT = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}
FILLED = {
    "reasons.md": ("<!-- the reasons -->", reasons_page.sections),
    "sources.md": ("<!-- the sources -->", sources_page.sections),
    "glossary.md": ("<!-- the words of the platforms -->", glossary_page.sections),
    "matrix.md": ("<!-- the last complete run -->", lambda: matrix_page.sections(ROOT / evidence.FILE)),
    "benchmarks.md": (
        "<!-- the last run -->",
        lambda: benchmarks_page.section(ROOT / "build" / "benchmarks.json"),
    ),
    "questions.md": ("<!-- the questions -->", questions_page.sections),
    "troubleshooting.md": ("<!-- the symptoms -->", trouble_page.sections),
    "api.md": ("<!-- the modules -->", lambda: api_pages.table(PACKAGE)),
    "comparison.md": (
        "<!-- the comparison -->",
        lambda: f"{comparison_page.at_a_glance()}\n\n{comparison_page.sections()}",
    ),
    "strangers.md": ("<!-- the ledger -->", lambda: strangers_page.ledger(ROOT / "docs" / "strangers.toml")),
}
"""What a written page leaves to be generated: the mark in it, and what makes it."""
WITH_SEVERAL = {
    "dependencies.md": dependencies_page.filled,
    "index.md": home_page.filled,
    "probe.md": probe_page.filled,
    "serving.md": serving_page.filled,
}
"""What fills in a written page that leaves several things to be generated."""


def pages(runs: bool) -> Iterator[tuple[str, str]]:
    """Yield every generated page: where it is found, and its Markdown. `runs` says that the site has the engine."""
    for path in NOTEBOOKS:
        yield f"notebooks/{path.stem}.md", notebook_pages.page(path, RECIPES, runs=runs)
    for platform in register.platforms():
        yield f"clauses/{platform}.md", clauses_pages.page(register.load(platform), ROOT / evidence.FILE)
    for platform in RECIPES:
        yield f"recipes/{platform}.md", recipe_pages.page(platform)
    for platform in PLATFORMS:
        yield f"faults/{platform}.md", faults_pages.page(platform)
        yield f"vectors/{platform}.md", vectors_pages.page(platform)
    for platform in ("", *PLATFORMS):
        yield f"mistakes/{platform or 'general'}.md", slips_pages.page(platform)
    for package, names in API.items():
        yield f"api/{package}.md", api_pages.page(package, names)
    for target, source in FROM_THE_ROOT.items():
        yield target, (ROOT / source).read_text("utf-8")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages that exist into the navigation, and draw diagrams where they are written."""
    config.nav = _expanded(config.nav or [])
    fence = {"name": "mermaid", "class": "sequence", "format": sequences.fenced}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages and the notebooks themselves."""
    try:
        parts = engine.made()
        for target, content in pages(bool(parts)):
            files.append(File.generated(config, target, content=content))
    except (notebook_pages.NotShown, engine.NotBuilt) as found:
        raise PluginError(str(found)) from found
    if not parts:
        LOG.info(
            "npm is missing or fetches nothing: this site has no engine, so the debugger and lessons do not run"
        )
    for name, data in parts.items():
        target = f"{engine.FOLDER}/{name}"
        if source := files.get_file_from_path(target):
            files.remove(source)
        files.append(File.generated(config, target, content=data, inclusion=InclusionLevel.INCLUDED))
    for path in NOTEBOOKS:
        files.append(File.generated(config, f"notebooks/{path.name}", abs_src_path=str(path)))
    for platform in PLATFORMS:
        name = f"vectors/{vectors_pages.archive(platform)}"
        files.append(File.generated(config, name, content=vectors_pages.packed(platform)))
    files.append(File.generated(config, debugger_page.FILE, content=debugger_page.data()))
    return files


def on_page_context(context: dict[str, Any], *, page: Page, config: MkDocsConfig, nav: Any) -> dict[str, Any]:
    """Give the debugger's template the platforms and examples."""
    own = page.file.src_uri == debugger_page.PAGE
    return {**context, **(debugger_page.context() if own else {})}


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what a written page leaves to be generated."""
    page.meta.setdefault("search", searching.metadata(page.file.src_uri))
    if page.file.src_uri.startswith(platform_pages.FOLDER):
        return platform_pages.filled(page.file.src_uri, markdown)
    mark, made = FILLED.get(page.file.src_uri, ("", str))
    if fill := WITH_SEVERAL.get(page.file.src_uri):
        return fill(markdown)
    return markdown.replace(mark, made()) if mark else markdown


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Write a page without the blanks between its tags."""
    return lean.html(output)


def on_post_template(output: str, *, template_name: str, config: MkDocsConfig) -> str:
    """Write the page for what is not there like the others."""
    return lean.html(output) if template_name.endswith(".html") else output


def on_post_build(*, config: MkDocsConfig) -> None:
    """Take out of the site what no page asks for, and write the search index briefly."""
    lean.site(Path(config.site_dir))


def _expanded(nav: list[Any]) -> list[Any]:
    """Replace `FOLDER/*` by the generated pages of the folder; a section without pages goes."""
    of_platforms = [path for platform in PLATFORMS for path in platform_pages.lessons(platform)]
    found: dict[str, list[Any]] = {
        "platforms/*": [
            {each.title: platform_pages.section(platform)} for platform, each in PLATFORMS.items()
        ],
        "notebooks/*": [f"notebooks/{path.stem}.md" for path in NOTEBOOKS if path not in of_platforms],
        "api/*": [f"api/{package}.md" for package in API],
        "decisions/*": [f"decisions/{path.name}" for path in sorted((ROOT / "docs/decisions").glob("*.md"))],
    }
    items: list[Any] = []
    for item in nav:
        if isinstance(item, str):
            items += found.get(item, [item])
            continue
        ((title, target),) = item.items()
        if isinstance(target, list):
            target = _expanded(target)
        elif target in found:
            target = found[target]
        if target:
            items.append({title: target})
    return items
