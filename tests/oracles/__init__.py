"""Programs in other languages that compute the same values as the package, and how they are found and asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from handshakes.spec import vectors

REQUIRE = "HANDSHAKES_REQUIRE_TOOLS"


def tool(name: str) -> str:
    """Return the path of a program such as `node`, `php` or `openssl`.

    Where it is missing the test is skipped and says so; with HANDSHAKES_REQUIRE_TOOLS set it fails.
    """
    path = shutil.which(name)
    if path is None:
        reason = f"the program {name} is not installed"
        if os.environ.get(REQUIRE):
            pytest.fail(f"{reason}, and {REQUIRE} is set", pytrace=False)
        pytest.skip(reason)
    return path


def headless() -> str:
    """Return the path of Chromium without windows of its own, whose pages take half the work, or of the whole one.

    What a profile sets, such as third-party cookies, only the whole one knows: `tool("chromium")`.
    """
    return shutil.which("chromium-headless-shell") or tool("chromium")


def ask(program: str, script: str, cases: Iterable[Any]) -> list[Any]:
    """Send all cases as JSON lines to one process that runs a script of this folder; return its answers."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    command = [tool(program), str(Path(__file__).parent / script)]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]  # of bytes: U+2028 ends no line there


def judged_vectors(
    platform: str, program: str, script: str, cannot: Mapping[str, str]
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return, for every vector that a program can judge, its id, what it expects and what the program says.

    `cannot` says why the others are left out. A program says a verdict and what comes out, no reasons.
    """
    rows = [(group, vector) for group, vector in vectors.rows(vectors.load(platform))]
    assert set(cannot) <= {vector["id"] for _, vector in rows}
    asked = [
        {"operation": group["operation"], "given": group["given"], "input": vector["input"]}
        for group, vector in rows
    ]
    return [
        (vector["id"], {k: v for k, v in vector["expect"].items() if k in ("verdict", "returns")}, answer)
        for (_, vector), answer in zip(rows, ask(program, script, asked), strict=True)
        if vector["id"] not in cannot
    ]


def by_openssl(secret: str, messages: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """Return OpenSSL's HMAC with SHA-256 of each message, in hex, by the same names; one process for all."""
    files = [folder / f"{place}.message" for place in range(len(messages))]
    for file, message in zip(files, messages.values(), strict=True):
        file.write_bytes(message)
    key = f"hexkey:{secret.encode().hex()}"
    command = [tool("openssl"), "dgst", "-sha256", "-mac", "HMAC", "-macopt", key, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    digests = [line.rpartition("= ")[2] for line in done.stdout.splitlines()]
    return dict(zip(messages, digests, strict=True))


def openssl_on_vectors(platform: str, sent: Any, folder: Path) -> tuple[dict[str, bool], set[str]]:
    """Say of every vector with a recorded message whether OpenSSL's digest of it is the one that was sent.

    `sent` finds the digest in a vector. Also return the ids of the vectors that end before a message is formed.
    """
    fits: dict[str, bool] = {}
    without = set()
    for group in vectors.load(platform)["groups"]:
        formed = {}
        for vector in group["vectors"]:
            stages = {stage["name"]: vectors.raw(stage) for stage in vector["stages"]}
            if "message" in stages:
                formed[vector["id"]] = vector, stages["message"]
            else:
                without.add(vector["id"])
        if formed:
            messages = {id: message for id, (_, message) in formed.items()}
            digests = by_openssl(group["given"]["secret"], messages, folder)
            fits |= {id: digests[id] == sent(vector) for id, (vector, _) in formed.items()}
    return fits, without


def right_digest(vector: dict[str, Any]) -> bool:
    """Say whether a vector expects its digest to be right: it is accepted, or only its time is wrong."""
    return vector["expect"]["verdict"] == "accepted" or vector["expect"].get("stage") == "time"
