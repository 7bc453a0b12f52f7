"""The vectors of each platform, one line each with its address, and the files to download."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from docs.text import clause, prose, reason, table, vector
from handshakes.platforms import PLATFORMS
from handshakes.spec import vectors

INTRODUCTION = """\
{count} inputs with their answers, computed without the code of this project. [For implementers](../implementers.md)
says how to run them against yours. Every secret in them is public and protects nothing.

[Download the vectors of {title}]({archive}){{ .md-button download="{archive}" }}

The archive holds {files}, and the schema of the vectors. The ids below are those of the files, after `{platform}/`;
they are never used for anything else. Under "what is special" stands the one change to another vector.
"""
FILES = ("vectors.json", "canonical.json", "vector-ids.txt", "recipe.toml")


def page(platform: str) -> str:
    """Write the vectors of a platform as one page."""
    document = vectors.load(platform)
    title = PLATFORMS[platform].title
    count = sum(1 for _ in vectors.rows(document))
    files = ", ".join(f"`{name}`" for name in FILES)
    start = INTRODUCTION.format(
        count=count, title=title, files=files, platform=platform, archive=archive(platform)
    )
    parts = [f"# {title}: vectors", start]
    for group in document["groups"]:
        name = group["id"].partition("/")[2]
        parts += [f"## {name}", f"Asked of `{group['operation']}`."]
        rows = (_row(each) for each in group["vectors"])
        parts.append(table(("vector", "answer", "what is special", "clause"), rows))
    return "\n\n".join(parts) + "\n"


def archive(platform: str) -> str:
    """Return the name of the file that holds a platform's vectors."""
    return f"handshakes-{platform}-vectors.zip"


def packed(platform: str) -> bytes:
    """Return the archive of a platform's vectors, the same bytes for the same files."""
    folder = vectors.file_of(platform).parent
    paths = [*(folder / name for name in FILES), folder.parent / "spec" / vectors.SCHEMA_FILE]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in filter(Path.is_file, paths):
            entry = zipfile.ZipInfo(path.name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    rest = each["id"].partition("/")[2]
    code = each["expect"].get("reason")
    parent = each.get("derived_from")
    special = f"{prose(parent['change'])}, from {vector(parent['id'])}" if parent else "its id says it"
    answer = f"refused: {reason(code)}" if code else "accepted"
    return f"`{rest.rpartition('/')[2]}`{{ #{rest} }}", answer, special, clause(each["clauses"][0])
