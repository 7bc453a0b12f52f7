"""The table of languages that have verifiers to copy, in `docs/verifiers`, and the mutants that the tests must catch."""

from __future__ import annotations

import os
import re
import subprocess
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
        return sorted(folder.rglob(f"*{self.suffix}"))


def built_by_go(folder: Path, build: Path) -> list[str]:
    """Build the adapter with Go, without network, and return its command."""
    program = build / "adapter"
    environment = {**os.environ, "GOCACHE": str(build / "cache"), "GOPROXY": "off", "GOFLAGS": ""}
    done = subprocess.run(
        [tool("go"), "build", "-buildvcs=false", "-o", str(program), "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [str(program)]


PHP_NEEDS = (
    r"^use (?:function )?([A-Za-z\\]+)",
    r"\b(?:require|include)(?:_once)?\b\s*\(?([^;)]+)",
    r"\b((?:mb|ctype|curl|iconv|gmp|bc|sodium|intl)_\w+)\(",  # of extensions that may be missing
)

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
    "go": Language(
        ".go",
        built_by_go,
        lambda text: re.findall(r"""^(?:import |\t)(?:[\w.]+ )?"([\w./~-]+)"$""", text, re.MULTILINE),
        r"[a-z0-9]+(/[a-z0-9]+)*",  # a module of others begins with a domain
        (
            Mutant(
                "the handler never calls the check",
                "fortis",
                "return VerifyLaunch(r.RequestURI, options.Mode, options.Secret, options.Now().Unix())",
                "return &Verified{}, nil",
                "handler",
                file="fortis/fortis.go",
            ),
            Mutant(
                "a forgery is accepted",
                "retailcrm",
                "if !hmac.Equal(strict.MAC(key, found.message), found.digest) {",
                "if false && hmac.Equal(key, key) {",
                "vectors",
                file="retailcrm/retailcrm.go",
            ),
            Mutant(
                "an empty secret is accepted",
                "onoffice",
                'if secret == "" {',
                "if false {",
                "vectors",
                file="strict/strict.go",
            ),
            Mutant(
                "a missing header is accepted",
                "officernd",
                'return nil, strict.Refuse("missing-parameter", "there is no header officernd-signature")',
                "return &Verified{}, nil",
                "handler",
                file="officernd/officernd.go",
            ),
            Mutant(
                "a doubled parameter is accepted",
                "retailcrm",
                "if seen[pair.Name] {",
                "if false {",
                "handler",
                file="strict/strict.go",
            ),
        ),
    ),
    "php": Language(
        ".php",
        lambda folder, _: [tool("php"), str(folder / "adapter.php")],
        lambda text: [found for pattern in PHP_NEEDS for found in re.findall(pattern, text, re.MULTILINE)],
        r"""Handshakes\\[A-Za-z\\]+|Closure|LogicException|SensitiveParameter|Throwable|__DIR__ \. ['"]/[$a-z]+\.php['"]""",
        (
            Mutant(
                "the handler never calls the check",
                "fortis",
                "return verifyLaunch(Strict\\target(), $mode, $secret, $now);",
                "return readTarget(Strict\\target(), $mode);",
                "handler",
            ),
            Mutant(
                "a forgery is accepted",
                "onoffice",
                "if (!hash_equals(Strict\\hmac($key, message($base, $pairs)), $digest)) refuse('signature-mismatch');",
                "",
                "vectors",
            ),
            Mutant(
                "an empty secret is accepted",
                "officernd",
                "return $secret !== '' ? $secret : refuse('empty-secret');",
                "return $secret;",
                "vectors",
                file="strict.php",
            ),
            Mutant(
                "a missing header is accepted",
                "officernd",
                "if ($header === '') refuse('missing-parameter');",
                "if ($header === '') return [];",
                "handler",
            ),
            Mutant(
                "a doubled parameter is accepted",
                "retailcrm",
                "$fields = Strict\\unique(readForm($body, $contentType));",
                "$fields = readForm($body, $contentType);",
                "vectors",
            ),
        ),
    ),
}
