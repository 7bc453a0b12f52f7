"""Vectors made anew: the generators run with other values, so that every answer has to be computed.

The generators are part of the project's tests, which see nothing of the package. `fresh.toml` beside them says which
of their values may be others. The ids are opaque, and the order is another each time.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import string
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .code import Data
from .vectors import BadFile, parse, rows

GENERATORS = Path(__file__).parents[3] / "tests" / "vectors"
LONGEST = 120
"""Seconds that a generator may take."""
SHORT = 4
"""Up to so many characters, a word counts only where no letter or digit stands before it."""


def questions(platform: str, seed: int) -> Iterator[tuple[Data, Data]]:
    """Make the vectors of a platform anew. Returns each as a question, with what is expected. Raises `BadFile`.

    The same seed gives the same vectors. Those whose `expect` a document fixes keep their values.
    """
    every = list(rows(made(platform, seed)))
    order = random.Random(f"{platform} {seed}")  # noqa: S311  not for secrets: the same seed has to give the same
    order.shuffle(every)
    for number, (group, vector) in enumerate(every, 1):
        id = f"{platform}-{seed}-{number:04}"
        question = {"id": id, "operation": group["operation"], "given": group["given"]}
        yield question | {"input": vector["input"]}, vector["expect"]


def made(platform: str, seed: int) -> Data:
    """Run a platform's generator with other values. Returns its file of vectors. Raises `BadFile`."""
    script = GENERATORS / f"make_{platform}.py"
    if not script.is_file():
        place = "vectors are made anew by the generators of the project's tests; run this in a checkout"
        raise BadFile(script.name, "", place)
    try:
        text = _printed(script, changed(script.read_text("utf-8"), platform, seed))
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or b"", "utf-8", "replace").strip().rpartition("\n")[2]
        raise BadFile(script.name, "", f"did not run: {said or type(error).__name__}") from None
    return parse(text, f"{script.name}, seed {seed}")


def _printed(script: Path, source: str) -> str:
    with tempfile.TemporaryDirectory(prefix="handshakes-fresh-") as folder:
        shutil.copy(script.with_name("common.py"), folder)
        copy = Path(folder, script.name)
        copy.write_text(source, "utf-8")
        command = [sys.executable, str(copy), "--print"]
        known = {**os.environ, "HANDSHAKES_FRESH": "1"}
        done = subprocess.run(command, capture_output=True, timeout=LONGEST, check=True, env=known)  # noqa: S603
    return done.stdout.decode()


def changed(source: str, platform: str, seed: int) -> str:
    """Replace the values of a generator that `fresh.toml` names. Returns its source."""
    wanted = tomllib.loads((GENERATORS / "fresh.toml").read_text("utf-8"))[platform]
    draw = random.Random(f"{platform} {seed} values")  # noqa: S311
    for word in sorted({*wanted["words"], *wanted["hex"]}, key=lambda text: (-len(text), text)):
        other = _other(word, draw, hex=word in wanted["hex"])
        alone = "" if len(word) > SHORT else "(?<![0-9A-Za-z])"
        source = re.sub(alone + re.escape(word), other, source)  # it holds no backslash
    if time := wanted["time"]:
        other = time[:2] + "".join(draw.choice(string.digits) for _ in time[2:])
        apart = "_?".join(time)
        source = re.sub(apart, lambda match: _like(match[0], other), source)
    return source


def _other(word: str, draw: random.Random, *, hex: bool) -> str:
    """Return another text of the same form."""
    kinds = (
        [("abcdef", "abcdef"), (string.digits, "123456789")]
        if hex
        else [
            (string.ascii_lowercase, "ghjkmnpqrstuvwxyz"),
            (string.ascii_uppercase, "GHJKMNPQRSTUVWXYZ"),
            (string.digits, "123456789"),
        ]
    )
    made = ""
    for mark in word:
        made += next((draw.choice(new) for old, new in kinds if mark in old), mark)
    return made


def _like(text: str, digits: str) -> str:
    """Write digits with the underscores that a number of Python has."""
    left = iter(digits)
    return "".join(mark if mark == "_" else next(left) for mark in text)
