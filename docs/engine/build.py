"""Puts the engine together: what comes from npm, checked by its digest, and the package, packed without what is not asked for."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.dependencies_page import licence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / "build" / "engine"
PACKAGE = ROOT / "reference" / "handshakes"
FOLDER = "engine"
"""Where the engine is found in the site."""
LEFT_OUT = {
    "cli",
    "judge",
    "web",
    "vectors.json",
    "canonical.json",
    "vector-ids.txt",
    "recipe.toml",
    "procedures.toml",
}
"""Parts of the package that neither the debugger nor a lesson asks for."""
INSTALLED = ("jinja2", "markupsafe", "ipython")
"""What a lesson needs beside the package, taken from where the site is built."""
LICENCE = re.compile(r"\.dist-info/licenses/LICENSE[.\w]*$")
KINDS = {".py", ".toml", ".json", ".txt"}
CANNOT_RUN = {"multiprocessing", "_pyrepl"}
"""Parts of the standard library that need processes or a terminal."""


class NotBuilt(Exception):
    """The engine cannot be put together here, and why."""


class OtherBytes(NotBuilt):
    """What was fetched is not what is pinned: a site is not built at all with it there."""


def made() -> dict[str, bytes]:
    """Return the engine's files by name; none where it cannot be built and is not required. Raises `NotBuilt`."""
    try:
        return dict(files())
    except OtherBytes:
        raise
    except NotBuilt:
        if required_here():
            raise
        return {}


def put(site: Path) -> None:
    """Write the engine into the folder of a site. Raises `NotBuilt`."""
    for name, content in files():
        path = site / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def required_here() -> bool:
    """Return whether a site without the engine is a failure: in CI it is."""
    return os.environ.get("CI") == "true" or os.environ.get("HANDSHAKES_REQUIRE_TOOLS") == "1"


def files() -> Iterator[tuple[str, bytes]]:
    """Yield each file of the engine: its name, and its bytes. Raises `NotBuilt`."""
    packages = tomllib.loads((HERE / "packages.toml").read_text("utf-8"))
    for each in packages.values():
        for name, content in unpacked(fetched(each), each["files"]).items():
            yield f"{each['folder']}/{name}".lstrip("/"), trimmed(name, content)
    for path in HERE.glob("*.mjs"):
        yield path.name, path.read_bytes()
    yield "package.bin", packed()
    yield "lessons.bin", for_lessons()
    yield "LICENCES.txt", licences(packages).encode()


def fetched(package: dict[str, str]) -> Path:
    """Return a package of npm as its archive, from the cache if it is there. Raises `NotBuilt`."""
    name = f"{package['package'].removeprefix('@').replace('/', '-')}-{package['version']}.tgz"
    path = CACHE / name
    if not path.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        asked = f"{package['package']}@{package['version']}"
        with TemporaryDirectory(dir=CACHE) as folder:  # another process may fetch it at the same time
            command = ["npm", "pack", "--silent", "--pack-destination", folder, asked]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NotBuilt(f"npm, which fetches {asked}, does not run: {error}") from error
            if done.returncode or not (Path(folder) / name).is_file():
                raise NotBuilt(f"npm does not fetch {asked}: {done.stderr.strip()[-300:]}")
            (Path(folder) / name).replace(path)
    check(path, package["integrity"])
    return path


def check(path: Path, integrity: str) -> None:
    """Compare an archive with its digest, as npm writes it. Raises `OtherBytes`, and takes the archive away."""
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        path.unlink()
        raise OtherBytes(
            f"{path.name} is not the archive that docs/engine/packages.toml names: sha512-{digest}"
        )


def unpacked(archive: Path, names: list[str]) -> dict[str, bytes]:
    """Return files of an archive of npm by name."""
    with tarfile.open(archive) as tar:
        found = {}
        for name in names:
            member = tar.extractfile(f"package/{name}")
            assert member
            found[name] = member.read()
    return found


def trimmed(name: str, content: bytes) -> bytes:
    """Return a file without what is not asked for: further packages of Pyodide, and parts of Python that cannot run there."""
    if name == "pyodide-lock.json":
        return json.dumps({**json.loads(content), "packages": {}}).encode()
    if name != "python_stdlib.zip":
        return content
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w") as target:
        for each in source.infolist():
            if each.filename.partition("/")[0] not in CANNOT_RUN:
                target.writestr(each, source.read(each), zipfile.ZIP_DEFLATED, 9)
    return made.getvalue()


def packed() -> bytes:
    """Return the package and what runs beside it in the browser as an archive, the same bytes for the same files."""
    entries = {}
    for path in PACKAGE.rglob("*"):
        within = path.relative_to(PACKAGE)
        if path.suffix in KINDS and path.is_file() and not LEFT_OUT & {within.parts[0], path.name}:
            entries[f"handshakes/{within.as_posix()}"] = path.read_bytes()
    for path in (HERE / "inside").glob("*.py"):
        entries[f"inside/{path.name}"] = path.read_bytes()
    return archived(entries)


def for_lessons() -> bytes:
    """Return what lessons need beside the package: templates, and how IPython prints a value. Raises `NotBuilt`."""
    entries = {}
    for name in INSTALLED:
        try:
            found = distribution(name)
        except PackageNotFoundError as error:
            raise NotBuilt(f"{name} is not installed: the extra `site` brings it") from error
        for path in found.files or ():
            text = path.as_posix()
            if text == "IPython/lib/pretty.py":
                entries["inside/pretty.py"] = path.read_binary()
            elif LICENCE.search(text):
                entries[f"licences/{name}.txt"] = path.read_binary()
            elif name != "ipython" and path.suffix == ".py":
                entries[text] = path.read_binary()
    return archived(entries)


def archived(entries: dict[str, bytes]) -> bytes:
    """Return a compressed tar archive whose bytes depend on its contents alone.

    It is a third smaller than a zip. Its name in the site does not say what it is, since some hosts would say that
    it is a compressed form of something else, and a browser would open it on the way.
    """
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(entries):
            member = tarfile.TarInfo(name)
            member.size = len(entries[name])
            tar.addfile(member, io.BytesIO(entries[name]))
    return gzip.compress(made.getvalue(), 9, mtime=0)


def licences(packages: dict[str, dict[str, str]]) -> str:
    """Return what is in the engine, by whom it is offered, under which licence, and what was changed."""
    lines = [
        f"{each['package']} {each['version']}: {each['licence']}, source {each['source']}"
        for each in packages.values()
    ]
    lines += [
        f"{name} {version(name)}: {licence(name)}, its text is in lessons.bin, a tar archive"
        for name in INSTALLED
    ]
    without = " and ".join(sorted(CANNOT_RUN))
    changed = (
        f"Changed: python_stdlib.zip is without {without}, pyodide-lock.json without its list of packages."
    )
    return (
        "\n".join(["The engine holds:", "", *lines, "", changed, "The rest is the project's own, MIT."])
        + "\n"
    )
