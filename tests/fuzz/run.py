"""Fuzz every reader of outside bytes, guided by what it covers: outside CI, with a fuzzer of its own.

    nice python -m tests.fuzz.run [--seconds 3600] [--keep] [READER…]

The seconds are shared out over the readers. Each goes on from its seeds and from what earlier runs found, which
stays in `build/fuzz`. An input that a reader does not refuse as it should is printed, and the status is 1.
`--keep` adds some of the short inputs that reached something new to the seeds.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz import seeds

ATHERIS = "atheris==3.0.0"
ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "fuzz"


def one(target: str, arguments: list[str]) -> None:
    """Fuzz one reader in this process, until libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["handshakes", "h11", "tomllib", "html", "_markupbase"]):
        from handshakes.platforms import PLATFORMS
        from tests.fuzz.targets import tried

        late = target.startswith(("asked", "answered", "pasted", "explained"))
        for platform in (
            PLATFORMS.values() if late else ()
        ):  # which import their modules when they are asked for
            platform.tools(), platform.slips()
    atheris.Setup([target, *arguments], lambda data: tried(target, data))
    atheris.Fuzz()


def fuzzed(target: str, seconds: float, folder: str, keep: bool) -> list[bytes]:
    """Fuzz one reader in a process of its own; print what came of it, and return the inputs that broke it."""
    corpus, broken = KEPT / target / "corpus", KEPT / target / "broken"
    corpus.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    for seed in seeds.of(target) or [b"\0"]:
        (corpus / sha256(seed).hexdigest()[:40]).write_bytes(seed)
    before = set(broken.iterdir())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "tests.fuzz.run", "--one", target]
    limits = [
        f"-max_total_time={max(1, round(seconds))}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-max_len=4096",
    ]
    more = [f"-artifact_prefix={broken}/", "-print_final_stats=1", str(corpus)]
    ran = subprocess.run([*command, *limits, *more], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    executed = re.search(r"number_of_executed_units: (\d+)", ran.stderr)
    covered = re.findall(r"cov: (\d+)", ran.stderr)
    new = sorted(set(broken.iterdir()) - before)
    print(
        f"{target}: {executed[1] if executed else '?'} inputs, {covered[-1] if covered else '?'} edges, {len(new)} faults",
        flush=True,
    )
    if ran.returncode or new:
        print(
            ran.stdout[-3000:],
            ran.stderr[-3000:],
            *(repr(file.read_bytes()) for file in new),
            sep="\n",
            flush=True,
        )
    elif keep:
        seeds.keep(target, (file.read_bytes() for file in corpus.iterdir()))
    return [file.read_bytes() for file in new] or ([b""] if ran.returncode else [])


def main() -> int:
    """Install the fuzzer for this run alone, and fuzz; return 1 if a reader broke."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("readers", nargs="*", choices=[*TARGETS, []], default=[])
    given = parser.parse_args()
    if given.seconds <= 0:
        parser.error("nothing would be tried")
    chosen = given.readers or list(TARGETS)
    wrong = 0
    with TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, ATHERIS]
        subprocess.run(pip, check=True)
        for target in chosen:
            wrong += bool(fuzzed(target, given.seconds / len(chosen), folder, given.keep))
    print(f"{wrong} of {len(chosen)} readers broke")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())
