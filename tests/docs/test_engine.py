"""The engine's parts: what is fetched is what is pinned, the packed package, and the stand-ins for missing modules."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import tomllib
import zipfile
from itertools import product

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from docs.engine import build
from docs.engine.inside import shim

from handshakes.runtime.ciphers import _mode
from tests.oracles import REQUIRE, tool

PACKAGES = tomllib.loads((build.HERE / "packages.toml").read_text("utf-8"))
MODES = ("cbc", "ecb", "ctr", "cfb", "cfb8", "ofb")
SCRIPT = """
import {crypt} from "./ciphers.mjs";
const asked = JSON.parse((await import("node:fs")).readFileSync(0, "utf8")), raw = text => Uint8Array.from(Buffer.from(text, "hex"));
process.stdout.write(JSON.stringify(asked.map(([mode, encrypting, ...given]) =>
  Buffer.from(crypt(mode, encrypting, ...given.map(raw))).toString("hex"))));
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Put the engine into a folder; where npm is missing, skip and say so."""
    tool("npm")
    site = tmp_path_factory.mktemp("site")
    build.put(site)
    return site / build.FOLDER


def some(length: int, seed: int = 0) -> bytes:
    return hashlib.shake_256(bytes([seed])).digest(length)


def test_the_browsers_ciphers_do_what_cryptography_does(engine):
    asked, expected = [], []
    for mode in MODES:
        for key, size in (
            (some(16), 64),
            (some(24, 1), 16),
            (some(32, 2), 112 if mode in ("cbc", "ecb") else 101),
        ):
            iv, data = b"" if mode == "ecb" else some(16, 3), some(size, 4)
            for encrypting in (True, False)[mode == "cfb8" :]:
                context = getattr(
                    Cipher(AES(key), _mode(mode, iv)), "encryptor" if encrypting else "decryptor"
                )()
                asked.append([mode, encrypting, key.hex(), iv.hex(), data.hex()])
                expected.append((context.update(data) + context.finalize()).hex())
    (engine / "package.json").write_text('{"type": "module"}', "utf-8")
    (engine / "asked.mjs").write_text(SCRIPT, "utf-8")
    done = subprocess.run(
        [tool("node"), str(engine / "asked.mjs")],
        input=json.dumps(asked).encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == expected


def outcome(call) -> object:
    """Return what a call returns, or that it raises `ValueError`, which alone callers catch."""
    try:
        return call()
    except ValueError:
        return ValueError


@pytest.mark.parametrize("mode", MODES)
def test_a_stand_in_refuses_what_cryptography_refuses(mode):
    def crypt(mode, encrypting, key, iv, data):
        context = getattr(Cipher(AES(key), _mode(mode, iv)), "encryptor" if encrypting else "decryptor")()
        return context.update(data) + context.finalize()

    def by(cipher, aes, mode, key, size):
        context = cipher(aes(some(key)), mode()).decryptor()
        return context.update(some(size, 1)) + context.finalize()

    made = shim.modules(crypt)
    ciphers = made["cryptography.hazmat.primitives.ciphers"]
    own = getattr(ciphers.modes, mode.upper())

    def both(key, iv, size):
        vector = some(0 if mode == "ecb" else iv, 2)
        given, aes = [vector] if mode != "ecb" else [], ciphers.algorithms.AES
        ours = outcome(lambda: by(ciphers.Cipher, aes, lambda: own(*given), key, size))
        return ours, outcome(lambda: by(Cipher, AES, lambda: _mode(mode, vector), key, size))

    lengths = product((0, 15, 16, 24, 32, 33), (0, 15, 16, 17), (0, 15, 16, 48))
    found = {given: both(*given) for given in lengths}
    assert {given: answers for given, answers in found.items() if answers[0] != answers[1]} == {}


@pytest.mark.parametrize(
    "given",
    [
        *((digest, some(9), some(8, 1), rounds) for digest in shim.DIGESTS for rounds in (1, 2, 100)),
        *(("sha512", b"a" * long, b"", 2, 200) for long in (0, 64, 128, 129)),
        ("md5", b"", b"b", 3, None),
        ("sha256", b"a", b"b", 0),
        ("sha256", b"a", b"b", -1),
        ("sha256", b"a", b"b", 1, 0),
        ("whirl", b"a", b"b", 1),
    ],
    ids=str,
)
def test_the_stand_in_for_pbkdf2_gives_and_refuses_what_hashlib_does(given):
    assert outcome(lambda: shim.pbkdf2_hmac(*given)) == outcome(lambda: hashlib.pbkdf2_hmac(*given))


def test_other_bytes_than_those_that_are_pinned_are_refused_and_taken_away(tmp_path):
    path = tmp_path / "x-1.tgz"
    path.write_bytes(b"pinned")
    build.check(path, of(b"pinned"))
    path.write_bytes(b"changed")
    with pytest.raises(build.OtherBytes, match=r"x-1\.tgz is not the archive"):
        build.check(path, of(b"pinned"))
    assert not path.exists()


def of(content: bytes) -> str:
    done = subprocess.run(
        [tool("openssl"), "dgst", "-sha512", "-binary"], input=content, capture_output=True, check=True
    )
    text = subprocess.run(
        [tool("openssl"), "base64", "-A"], input=done.stdout, capture_output=True, check=True
    )
    return f"sha512-{text.stdout.decode()}"


@pytest.mark.parametrize("variable", ["CI", REQUIRE, ""])
def test_without_npm_a_site_in_ci_fails_and_any_other_is_built_without_the_engine(
    tmp_path, monkeypatch, variable
):
    monkeypatch.setattr(build, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, value in (("CI", "true"), (REQUIRE, "1")):
        if name == variable:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
    if variable:
        with pytest.raises(build.NotBuilt, match=r"npm, which fetches pyodide@"):
            build.made()
    else:
        assert build.made() == {}


def test_a_site_is_not_built_with_another_archive_than_the_pinned_one(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "CACHE", tmp_path)
    (package, *_) = PACKAGES.values()
    (tmp_path / f"{package['package']}-{package['version']}.tgz").write_bytes(b"something else")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv(REQUIRE, raising=False)
    with pytest.raises(build.OtherBytes):
        build.made()


def test_the_packed_package_is_the_same_each_time_and_holds_what_runs_in_the_browser():
    content = build.packed()
    assert content == build.packed()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        names = archive.getnames()
        for name in ("handshakes/explain/answer.py", "handshakes/fortis/spec.toml"):
            assert archive.extractfile(name).read() == (build.PACKAGE.parent / name).read_bytes()
    assert "inside/shim.py" in names
    assert not [name for name in names if "/cli/" in name or "/web/" in name or "vectors.json" in name]


def test_of_the_standard_library_only_what_cannot_run_there_is_left_out(engine):
    (package,) = [each for each in PACKAGES.values() if each["package"] == "pyodide"]
    name = "python_stdlib.zip"
    whole = build.unpacked(build.fetched(package), [name])[name]
    with zipfile.ZipFile(io.BytesIO(whole)) as before, zipfile.ZipFile(engine / name) as after:
        kept = {one: after.read(one) for one in after.namelist()}
        gone = {*before.namelist()} - {*kept}
        assert {one.partition("/")[0] for one in gone} == {"multiprocessing", "_pyrepl"}
        assert kept == {one: before.read(one) for one in before.namelist() if one not in gone}


def test_the_licence_of_each_part_is_named():
    text = build.licences(PACKAGES)
    for each in PACKAGES.values():
        assert f"{each['package']} {each['version']}: {each['licence']}" in text
