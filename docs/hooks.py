"""MkDocs hooks: the pages that are made from notebooks, registers and tables, not written.

Nothing is run here except the loading of the registers: what a notebook page shows are the outputs
stored in the notebook, which the tests compare with a fresh run.
"""

from __future__ import annotations

import ast
import html
import json
import re
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from itertools import groupby
from pathlib import Path
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from handshakes.core.refusals import reasons_table
from handshakes.platforms import PLATFORMS
from handshakes.spec import evidence, register

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
PACKAGE = ROOT / "reference" / "handshakes"
# Fetched before a build and never committed, for its size; without it diagrams stay text.
MERMAID = ROOT / "build" / "mermaid" / "mermaid.min.js"
MERMAID_URL = "assets/mermaid.min.js"
FROM_THE_ROOT = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages that exist into the navigation, and leave diagrams as text when they cannot be drawn."""
    config.nav = _expanded(config.nav or [])
    if not MERMAID.is_file():
        config.mdx_configs["pymdownx.superfences"]["custom_fences"] = []
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages, the notebooks themselves and the script that draws diagrams."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        page = notebook_page(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page))
        files.append(File.generated(config, f"notebooks/{path.name}", abs_src_path=str(path)))
    for platform in register.platforms():
        page = clauses_page(register.load(platform))
        files.append(File.generated(config, f"clauses/{platform}.md", content=page))
    for platform in PLATFORMS:
        page = beside("recipe_pages").page(platform)
        files.append(File.generated(config, f"recipes/{platform}.md", content=page))
    for name in modules():
        files.append(File.generated(config, f"api/{name}.md", content=f"::: handshakes.{name}\n"))
    for target, source in FROM_THE_ROOT.items():
        files.append(File.generated(config, target, content=(ROOT / source).read_text("utf-8")))
    if MERMAID.is_file():
        files.append(File.generated(config, MERMAID_URL, abs_src_path=str(MERMAID)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what a written page leaves to be generated."""
    if page.file.src_uri == "reasons.md":
        return markdown.replace("<!-- the table of reasons -->", reasons_table())
    if page.file.src_uri == "api.md":
        return markdown.replace("<!-- the modules -->", modules_table())
    if page.file.src_uri == "strangers.md":
        return markdown.replace("<!-- the ledger -->", ledger())
    return markdown


def ledger() -> str:
    """List the strangers: whose code was run against which revision, and with which figures."""
    rows = tomllib.loads((ROOT / "docs" / "strangers.toml").read_text("utf-8"))["stranger"]
    heads = (
        "what",
        "language",
        "made",
        "date, revision",
        "asked",
        "right verdict",
        "and reason",
        "false accepts",
        "false refusals",
        "note",
    )
    lines = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]
    for row in rows:
        of = {key: escaped(str(value)) or "not counted" for key, value in row.items()}
        cells = (
            of["name"],
            of["language"],
            of["made"],
            f"{of['date']}, {of['revision']}",
            of["asked"],
            of["verdict"],
        )
        lines.append(
            "| "
            + " | ".join((*cells, of["reason"], of["false_accepts"], of["false_refusals"], of["note"]))
            + " |"
        )
    return "\n".join(lines)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Load the script for diagrams where there is one, before the theme would ask a CDN for it."""
    head, end, rest = output.partition("</head>")
    if 'class="mermaid"' not in rest:
        return output
    script = f'<script src="{get_relative_url(MERMAID_URL, page.url)}" defer></script>'
    return f"{head}{script}{end}{rest}"


def _expanded(nav: list[Any]) -> list[Any]:
    """Replace what stands for generated pages by those that there are; a section without pages goes."""
    found: dict[str, list[Any]] = {
        "notebooks/*": [f"notebooks/{path.stem}.md" for path in sorted(NOTEBOOKS.glob("*.ipynb"))],
        "recipes/*": [f"recipes/{platform}.md" for platform in PLATFORMS],
        "clauses/*": [f"clauses/{platform}.md" for platform in register.platforms()],
        "api/*": [{name: f"api/{name}.md"} for name in modules()],
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


def beside(name: str) -> Any:
    """Load a module that lies beside this one: MkDocs runs a hook as a file, not as part of a package."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Notebooks


def notebook_page(path: Path) -> str:
    """Write a notebook as Markdown, so that MkDocs checks its links and searches it like any page."""
    notebook = json.loads(path.read_text("utf-8"))
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(_links(source))
        elif cell["cell_type"] == "code" and source.strip():
            parts.append(fence(source, "python"))
            parts += [_output(output, path.name) for output in cell["outputs"]]
    platform = next((name for name in PLATFORMS if path.stem.endswith(name)), "")
    if platform:
        first = "Every operation of this lesson as a numbered list, to be written in any language:"
        parts.insert(1, f"{first} [the recipe](../recipes/{platform}.md).")
    button = f"[Download this notebook]({path.name}){{ .md-button download={path.name} }}"
    return "\n\n".join([*parts, button]) + "\n"


def fence(text: str, info: str) -> str:
    """Write a code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks} {info}\n{text.rstrip()}\n{ticks}"


def _links(markdown: str) -> str:
    """Point links at the pages: notebooks have become Markdown, and docs/ is the site's root."""
    markdown = re.sub(r"(\]\([\w./-]+)\.ipynb(?=[)#])", r"\1.md", markdown)
    return re.sub(r"\]\(\.\./docs/", "](../", markdown)


def _output(output: dict[str, Any], name: str) -> str:
    """Write one output; a traceback or a kind that cannot be shown stops the build."""
    if output["output_type"] == "error":
        raise PluginError(f"{name}: a stored output is a traceback ({output['ename']})")
    if output["output_type"] == "stream":
        return _block("".join(output["text"]))
    data = {
        kind: value if isinstance(value, str) else "".join(value) for kind, value in output["data"].items()
    }
    text = data.get("text/plain", "")
    if "text/markdown" in data:
        if "```mermaid" not in data["text/markdown"]:
            return _links(data["text/markdown"])
        if not MERMAID.is_file():
            return _block(text)
        return data["text/markdown"] + "\n\n" + _folded("The same as text", _block(text))
    if "text/html" in data:
        return f'<div class="output">{data["text/html"]}</div>'
    if not text:
        raise PluginError(f"{name}: an output of {', '.join(data)} cannot be shown")
    return _block(text)


def _block(text: str) -> str:
    return fence(re.sub(r"\x1b\[[0-9;]*m", "", text), "{ .text .output .no-copy }")


def _folded(title: str, markdown: str) -> str:
    lines = (f"    {line}" if line else "" for line in markdown.splitlines())
    return "\n".join([f'??? note "{title}"', "", *lines])


# Registers


def clauses_page(spec: register.Register) -> str:
    """Write a platform's register as a page, with an anchor for every clause and ambiguity."""
    unclear: dict[str, list[str]] = {}
    for entry in spec.ambiguities:
        for id in entry.clauses:
            unclear.setdefault(id, []).append(_link(entry.id))
    hidden = {entry.clause: entry.reason for entry in spec.untestable}
    titles = {source.id: source.title for source in spec.sources}
    matrix = evidence.read(ROOT / evidence.FILE)
    counts = (
        f"{len(spec.clauses)} clauses, {len(spec.ambiguities)} ambiguities with "
        f"{len(spec.readings())} readings, {len(spec.sources)} sources."
    )
    parts = [f"# {escaped(spec.title)}", f"{counts} How to read them: [Clauses](index.md)."]
    parts += ["## Sources", *(_source(source) for source in spec.sources)]
    parts.append("## Clauses")
    for topic, clauses in groupby(spec.clauses, key=lambda clause: _short(clause.id).partition(".")[0]):
        parts.append(f"### {topic}")
        for clause in clauses:
            parts.append(f"#### {_short(clause.id)} {{ #{_short(clause.id)} }}")
            parts.append(escaped(clause.text))
            facts = [clause.actor, f"**{clause.level}**", clause.grade, _cited(clause, titles)]
            parts.append(" · ".join(facts) + "\n{ .facts }")
            if clause.violation:
                parts.append(f"When broken: {escaped(clause.violation)}")
            if clause.id in unclear:
                parts.append(f"Can be read in more than one way: {', '.join(unclear[clause.id])}.")
            if clause.id in hidden:
                parts.append(f"Not testable: {escaped(hidden[clause.id])}")
            else:
                parts.append(f"shown by the last run of the tests: {matrix.shown(clause.id)}\n{{ .facts }}")
    if spec.ambiguities:
        parts += ["## Ambiguities and readings", *(_ambiguity(entry) for entry in spec.ambiguities)]
    if spec.advice:
        parts += ["## Advice", "Security measures that no page states."]
        for entry in spec.advice:
            parts.append(f"#### {_short(entry.id)} {{ #{_short(entry.id)} }}")
            parts.append(f"{escaped(entry.text)} {escaped(entry.why)}")
            parts.append(f"{entry.grade} · {escaped(titles.get(entry.source, entry.source))}\n{{ .facts }}")
    if spec.untestable:
        rows = [f"| {_link(entry.clause)} | {escaped(entry.reason)} |" for entry in spec.untestable]
        parts += ["## What no test can reach", "\n".join(["| clause | why |", "| --- | --- |", *rows])]
    return "\n\n".join(parts) + "\n"


def _source(source: register.Source) -> str:
    details = [source.kind, source.language, source.date, source.revision[:12]]
    if source.sha256:
        details.append(f"SHA-256 {source.sha256[:12]}…")
    facts = escaped(", ".join(detail for detail in details if detail))
    return f"- **{escaped(source.title)}** (`{source.id}`; {facts}). {escaped(source.note)}"


def _cited(clause: register.Clause, titles: dict[str, str]) -> str:
    cited = titles.get(clause.source, clause.source)
    return escaped(f"{cited}, {clause.heading}" if clause.heading else cited)


def _ambiguity(entry: register.Ambiguity) -> str:
    parts = [f"#### {_short(entry.id)}: {escaped(entry.question)} {{ #{_short(entry.id)} }}"]
    parts.append(
        "About " + ", ".join(_link(clause) for clause in entry.clauses) + f" · {entry.status}\n{{ .facts }}"
    )
    for reading in entry.readings:
        adopted = "**Adopted.** " if reading.id == entry.adopted else ""
        runs = {
            "signing": "Can be run: in signing.",
            "setting": "Can be run: a setting.",
            "none": f"Cannot be run: {reading.why}",
        }
        lines = [
            f"- `{_short(reading.id)}`: {adopted}{escaped(reading.rule)}",
            f"    - For: {escaped(reading.for_)}",
            f"    - Against: {escaped(reading.against)}",
            f"    - {escaped(runs.get(reading.runs, reading.runs))}",
        ]
        parts.append("\n".join(lines))
    parts.append(f"Why the default: {escaped(entry.reason)}")
    parts.append(f"If it is wrong: {escaped(entry.consequence)}")
    parts.append(f"What would settle it: {escaped(entry.settle)}")
    return "\n\n".join(parts)


def _short(id: str) -> str:
    return id.partition(":")[2]


def _link(id: str) -> str:
    return f"[{_short(id)}](#{_short(id)})"


def escaped(text: str) -> str:
    """Write plain text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]#|])", r"\\\1", html.escape(text, quote=False))


# The API


def modules() -> list[str]:
    """Find every module of the package, without its first name, the shared ones first."""
    names = [".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")]
    public = (name for name in names if not name.startswith("_") and "._" not in name)
    return sorted(public, key=lambda name: (name.count("."), name))


def modules_table() -> str:
    """List the modules with what each says of itself first."""
    rows = []
    for name in modules():
        tree = ast.parse(PACKAGE.joinpath(*name.split(".")).with_suffix(".py").read_text("utf-8"))
        summary = (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")
        rows.append(f"| [{name}](api/{name}.md) | {escaped(summary)} |")
    return "\n".join(["| module | what it is |", "| --- | --- |", *rows])


class FencedDoctests(griffe.Extension):
    """Fence the examples of docstrings, which Markdown would take for nested quotations."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring:
            obj.docstring.value = fenced_doctests(obj.docstring.value)


def fenced_doctests(text: str) -> str:
    """Put a fence around each paragraph that begins with a prompt."""
    paragraphs = re.split(r"\n{2,}", text)
    return "\n\n".join(fence(part, "pycon") if part.startswith(">>> ") else part for part in paragraphs)
