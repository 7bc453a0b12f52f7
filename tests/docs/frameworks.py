"""The endpoints of the page on frameworks: what each needs, how it is installed once a run, and how it is started."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.oracles import REQUIRE, tool

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "frameworks"
PROBES = Path(__file__).parent / "probes"
CACHE = ROOT / "build" / "frameworks"
SECRETS = {
    "OFFICERND_SECRET": "example-integration-secret",
    "OFFICERND_WEBHOOK_SECRET": "example-webhook-secret",
}


@dataclass(frozen=True)
class Framework:
    """One framework of the page: its folder, its language, and the file that is the endpoint."""

    name: str
    language: str
    file: str
    doubled_header: str = "duplicate-parameter"
    """The reason for which a header that comes twice is refused."""
    most: int = 1_048_576
    """The longest body of a webhook, in bytes."""

    @property
    def path(self) -> Path:
        """Return the endpoint."""
        return FOLDER / self.name / self.file


FRAMEWORKS = {
    framework.name: framework
    for framework in (
        Framework("fastapi", "python", "app.py"),
        Framework("flask", "python", "app.py"),
        Framework("django", "python", "app.py", most=2_621_440),
        Framework("aiohttp", "python", "app.py"),
        Framework("sanic", "python", "app.py"),
        Framework("litestar", "python", "app.py", most=10_000_000),
        Framework("express", "node", "app.mjs"),
        Framework("fastify", "node", "app.mjs"),
        Framework("hono", "node", "app.mjs"),
        Framework("php", "php", "app.php", "malformed"),  # php -S joins the two by a comma and a blank
        Framework("symfony", "php", "app.php", "malformed"),
        Framework("net-http", "go", "main.go"),
    )
}


def missing(reason: str) -> None:
    """Skip the test and say why; where tools are required, fail."""
    if os.environ.get(REQUIRE):
        pytest.fail(f"{reason}, and {REQUIRE} is set", pytrace=False)
    pytest.skip(reason)


# --- installing ----------------------------------------------------------------------------------------------------


def installed(kind: str, manifests: list[Path], install: Callable[[Path], None]) -> Path:
    """Return the folder in which the manifests of one language are installed; it is made at most once."""
    digest = hashlib.sha256(sys.version.encode())
    for path in manifests:
        digest.update(path.read_bytes())
    place = CACHE / f"{kind}-{digest.hexdigest()[:16]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the modules of the suite run in several processes
        if not place.is_dir():
            made = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=CACHE))
            try:
                install(made)
                made.rename(place)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    return place


def run(command: list[str], folder: Path) -> None:
    """Run a package manager; raise what it printed if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise RuntimeError(" / ".join(said[-2:]))


def python_environment() -> Path:
    """Install what the Python endpoints and clients pin, in one virtual environment; return its interpreter."""
    manifests = [*sorted(FOLDER.glob("*/requirements.txt")), PROBES / "requirements.txt"]
    constraints = FOLDER / "constraints.txt"

    def install(place: Path) -> None:
        run([sys.executable, "-m", "venv", str(place)], place)
        wanted = [word for path in manifests for word in ("-r", str(path))]
        pip = [
            str(place / "bin" / "python"),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
        ]
        run(
            [*pip, "--no-compile", "--retries", "2", "--timeout", "20", "-c", str(constraints), *wanted],
            place,
        )

    return installed("python", [*manifests, constraints], install) / "bin" / "python"


def node_modules() -> Path:
    """Install what the Node endpoints pin, in one folder; return it."""
    manifests = sorted(FOLDER.glob("*/package.json"))
    npm = shutil.which("npm")

    def install(place: Path) -> None:
        if npm is None:
            raise OSError("the program npm is not installed")
        wanted: dict[str, str] = {}
        for path in manifests:
            wanted |= json.loads(path.read_text("utf-8"))["dependencies"]
        (place / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}), "utf-8")
        quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        run([npm, "install", *quiet], place)

    return installed("node", manifests, install) / "node_modules"


INSTALLERS: dict[str, Callable[[], Path]] = {"python": python_environment, "node": node_modules}
"""Those languages whose packages come from a registry."""


@cache
def _begun() -> dict[str, Future[Path]]:
    pool = ThreadPoolExecutor(len(INSTALLERS))
    return {language: pool.submit(install) for language, install in INSTALLERS.items()}


def begin_to_install() -> None:
    """Install all languages at once, in the background."""
    _begun()


def environment(language: str) -> Path:
    """Wait until a language is installed and return its place; skip the test if that cannot be done."""
    try:
        return _begun()[language].result()
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        missing(f"the packages of the {language} endpoints could not be installed: {error}")
        raise


# --- starting ------------------------------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def command(framework: Framework, program: Path, folder: Path, port: int) -> list[str]:
    """Return how a program for a framework is started: its endpoint, or a probe in the same language."""
    if framework.language == "python":
        return [str(environment("python")), str(program)]
    if framework.language == "node":
        return [tool("node"), str(_beside_modules(program, folder))]
    if framework.language == "php":
        if framework.name == "symfony":
            symfony_is_there()
        options = (
            ["-d", "enable_post_data_reading=0"]
            if framework.name == "php" and program == framework.path
            else []
        )
        return [tool("php"), *options, "-S", f"127.0.0.1:{port}", str(program)]
    built = folder / "partner"
    subprocess.run([tool("go"), "build", "-o", str(built), "."], cwd=program.parent, check=True, timeout=120)
    return [str(built)]


def _beside_modules(program: Path, folder: Path) -> Path:
    """Copy a program of Node to a folder with the verifiers and the packages: imports are looked for from where it lies."""
    (folder / "node_modules").symlink_to(environment("node"))
    shutil.copytree(ROOT / "docs" / "verifiers" / "node", folder / "docs" / "verifiers" / "node")
    copied = folder / program.relative_to(ROOT)
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, copied)
    return copied


def symfony_is_there() -> None:
    """Skip the test where Debian's package is not installed."""
    script = 'exit((int) !stream_resolve_include_path("Symfony/Component/HttpFoundation/autoload.php"));'
    if subprocess.run([tool("php"), "-r", script], timeout=60).returncode:
        missing("Debian's package php-symfony-http-foundation is not installed")


@dataclass
class Served:
    """A program that was started: where it listens, and the file that it logs to."""

    port: int
    log: Path

    def ask(
        self, target: str, body: bytes | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> tuple[int, bytes]:
        """Send one request, its target as it is; return status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = any(name == "host" for name, _ in headers)
            connection.putrequest("GET" if body is None else "POST", target, skip_host=named)
            for name, value in (*headers, *([] if body is None else [("content-length", str(len(body)))])):
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def seen(self, *request: object) -> dict[str, object]:
        """Ask a probe, and return what its framework made of the request."""
        status, content = self.ask(*request)  # type: ignore[arg-type]
        assert status in (200, 201), (status, content, self.log.read_text("utf-8", "replace")[-2000:])
        found: dict[str, object] = json.loads(content)
        return found


@contextmanager
def serving(
    framework: Framework,
    program: Path,
    folder: Path,
    arguments: tuple[str, ...] = (),
    more: dict[str, str] | None = None,
) -> Iterator[Served]:
    """Start a program on a free port, wait until it listens, and end it."""
    port = free_port()
    log = folder / f"{framework.name}-{port}.log"
    words = [*command(framework, program, folder, port), *arguments]
    variables = {
        **os.environ,
        **SECRETS,
        "PORT": str(port),
        "PYTHONPATH": str(ROOT / "reference"),
        **(more or {}),
    }
    with log.open("wb") as to:
        process = subprocess.Popen(
            words, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=to, stderr=to
        )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail(
                        f"{framework.name} did not start: {log.read_text('utf-8', 'replace')[-2000:]}",
                        pytrace=False,
                    )
                time.sleep(0.02)
        yield Served(port, log)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
