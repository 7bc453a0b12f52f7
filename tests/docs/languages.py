"""The table of languages that have verifiers to copy, in `docs/verifiers`, and the mutants that the tests must catch."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from tests.oracles import tool

FOLDER = Path(__file__).parents[2] / "docs" / "verifiers"
PLATFORMS = ("officernd", "retailcrm", "onoffice", "fortis")


@dataclass(frozen=True)
class Mutant:
    """One edit of one file, and what catches it: the vectors of its platform, or the served handler."""

    what: str
    platform: str
    before: str
    after: str
    caught_by: str  # "vectors" or "handler"
    file: str = ""  # the platform's file unless named


@dataclass(frozen=True)
class Language:
    """How the verifiers of one language are started, and what its files may import."""

    suffix: str
    command: Callable[[Path, Path], list[str]]
    """Given the folder with the verifiers, and an empty folder to build in, return the adapter's command."""
    imported: Callable[[str], Collection[str]]
    """Return what the text of a file imports."""
    own: str
    """A pattern of imports that are of the standard library or of the same folder."""
    mutants: tuple[Mutant, ...]
    ready: tuple[str, ...] = PLATFORMS
    """The platforms that are written."""

    def files(self, folder: Path) -> list[Path]:
        """Return the files of a folder that are of this language."""
        return sorted(folder.glob(f"*{self.suffix}"))


LANGUAGES = {
    "node": Language(
        ".mjs",
        lambda folder, _: [tool("node"), str(folder / "adapter.mjs")],
        lambda text: re.findall(r"""(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["']([^"']+)["']""", text),
        r"node:[a-z/]+|\./[a-z]+\.mjs",
        (
            Mutant(
                "the handler never calls the check",
                "officernd",
                "return verifyQuery(request.url, { secret, now: now() })",
                "return readSigned(request.url)",
                "handler",
            ),
            Mutant(
                "a forgery is accepted",
                "officernd",
                "if (!same(hmac(key, bodyMessage(body, field.t)), field.digest)) refuse",
                "if (false) refuse",
                "vectors",
            ),
            Mutant(
                "an empty secret is accepted",
                "officernd",
                'if (typeof secret !== "string" || secret === "") refuse("empty-secret");',
                "",
                "vectors",
                file="strict.mjs",
            ),
            Mutant(
                "a missing header is accepted",
                "officernd",
                'if (!signature) refuse("missing-parameter");\n  const field',
                "if (!signature) return {};\n  const field",
                "handler",
            ),
            Mutant(
                "a doubled parameter is accepted",
                "retailcrm",
                'pairs.length ? pairs : refuse("duplicate-parameter")',
                "pairs.length ? pairs : pairs",
                "handler",
                file="strict.mjs",
            ),
        ),
    ),
}
