"""The page on PostgreSQL: its commands are ones that `serve` takes, and its numbers are the code's."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
from pathlib import Path

from cryptography.fernet import Fernet

from handshakes.cli.serve import serve
from handshakes.runtime import sql_store, store_urls
from handshakes.runtime.store_keys import keys_of

PAGE = (Path(__file__).parents[2] / "docs" / "postgresql.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def block(word: str) -> str:
    (found,) = [one for one in BLOCKS if word in one]
    return found.replace("\\\n", " ")


def test_the_command_has_options_that_serve_takes():
    known = {f"--{name.strip('_').replace('_', '-')}" for name in inspect.signature(serve).parameters}
    options = {word for word in shlex.split(block("handshakes serve")) if word.startswith("--")}
    assert options <= known
    assert {"--store", "--keys", "--workers"} <= options
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= known


def test_the_address_on_the_page_is_one():
    url = shlex.split(block("handshakes serve"))
    assert store_urls.database_url(url[url.index("--store") + 1]).database == "shop"


def test_the_command_that_makes_keys_makes_them(tmp_path):
    subprocess.run(["sh", "-c", block("openssl")], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    (key,) = keys_of(tmp_path / "shop.keys", may_make=False)
    Fernet(key)


def test_the_numbers_on_the_page_are_those_of_the_code():
    assert f"up to {store_urls.CONNECTIONS} connections" in PAGE
    assert f"Processes times {store_urls.CONNECTIONS}" in PAGE
    assert f"{sql_store.AT_ONCE} at a time" in PAGE
    assert (store_urls.PATIENCE, store_urls.QUEUE) == (1, 10), "over a second, over ten"
