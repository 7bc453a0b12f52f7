"""What `handshakes verify` imports: what other commands need must not delay its answer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from handshakes.cli.command import COMMANDS
from handshakes.platforms import PLATFORMS

HEAVY = {
    "cryptography",
    "jinja2",
    "jsonschema_rs",
    "pydantic",
    "requests",
    "sqlalchemy",
    "starlette",
    "urllib3",
    "uvicorn",
}
ASK = """
import json, os, sys
os.environ["HANDSHAKES_SECRET"] = "a-secret-of-nobody"
from handshakes.cli.command import main
sys.argv = ["handshakes", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]))
"""
REFUSED = {
    "officernd": "/healthcheck?slug=a&signature=t%3D1648190384%2Csignature%3D" + "0" * 64,
    "retailcrm": "register=%7B%22apiKey%22%3A%22a%22%2C%22token%22%3A%22" + "0" * 64 + "%22%7D",
    "onoffice": "/tab?apiToken=a&timestamp=1648190384&signature=" + "0" * 64,
    "fortis": "/launch?location_id=a&timestamp=1648190384&hmac=" + "0" * 64,
}


def loaded(*words: str) -> tuple[int, set[str]]:
    """Return the exit code of a command and the names of all modules that it has imported."""
    ran = subprocess.run([sys.executable, "-c", ASK, *words], capture_output=True, check=True, timeout=60)
    code, modules = json.loads(ran.stdout.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_verify_imports_nothing_that_only_other_commands_need(platform):
    code, modules = loaded("verify", platform, REFUSED[platform])
    assert code == 1, "it was refused, so all of the search has run"
    ciphers = {"cryptography", "handshakes.runtime", "handshakes.runtime.ciphers"}
    foreign = HEAVY - (ciphers if platform == "fortis" else set())
    assert {name.partition(".")[0] for name in modules} & foreign == set()
    ours = {name for name in modules if name.startswith("handshakes.")}
    assert {name for name in ours if name.startswith("handshakes.runtime")} <= ciphers
    assert {f"handshakes.cli.{name}" for name in COMMANDS} & ours == {"handshakes.cli.verify"}
    roles = (f"handshakes.{platform}.{side}" for side in ("partner", "simulator", "demo"))
    assert not ours.intersection(roles)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_loaded_when_it_is_asked_for(name):
    code, modules = loaded(name, "--help")
    assert code == 0
    assert f"handshakes.cli.{name}" in modules
