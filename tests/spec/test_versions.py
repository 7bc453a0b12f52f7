"""Each file that other languages rely on carries its version, and no content changes under one version."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from handshakes.platforms import PLATFORMS

KEPT = Path(__file__).parents[1] / "vectors" / "versions.toml"
VERSIONS = tomllib.loads(KEPT.read_text("utf-8"))
SCRIPT = KEPT.with_name("versions.py")
SPEC = importlib.util.spec_from_file_location("versions", SCRIPT)
versions = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(versions)
FILES = versions.FILES


def content(path: str) -> tuple[str, str]:
    return versions.content(resources.files("handshakes").joinpath(path).read_text("utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_the_content_of_a_file_has_not_changed_under_its_version(name):
    version, digest = content(FILES[name])
    kept = VERSIONS[name]
    assert (version, digest) == (kept["version"], kept["sha256"]), (
        f"the content changed: docs/stability.md says which number rises; write it and {digest} into {KEPT.name}"
    )


def test_every_file_is_kept_and_nothing_else():
    assert set(VERSIONS) == set(FILES)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_files_of_a_platform_have_one_version(platform):
    assert content(f"{platform}/canonical.json")[0] == content(f"{platform}/vectors.json")[0]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_change_of_one_answer_is_seen_and_one_of_the_layout_is_not(platform):
    text = resources.files("handshakes").joinpath(platform, "vectors.json").read_text("utf-8")
    value = json.loads(text)
    assert versions.content(json.dumps(value, indent=8)) == versions.content(text)
    value["groups"][0]["vectors"][0]["expect"] = {"verdict": "refused", "reason": "stale"}
    assert versions.content(json.dumps(value)) != versions.content(text)


def test_a_version_rises_by_what_changed(tmp_path, monkeypatch, capsys):
    for path in FILES.values():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        text = resources.files("handshakes").joinpath(path).read_text("utf-8")
        file.write_text(text)
        file.with_name("canonical.json").write_text(text)
    monkeypatch.setattr(versions, "PACKAGE", tmp_path)
    monkeypatch.setattr(versions, "KEPT", tmp_path / "versions.toml")
    monkeypatch.setattr("sys.argv", ["versions.py"])
    versions.main()
    before = tomllib.loads((tmp_path / "versions.toml").read_text())
    assert capsys.readouterr().out == ""
    changed = tmp_path / FILES["fortis"]
    changed.write_text(changed.read_text().replace('"fortis/', '"fortis/more-', 1))
    versions.main()
    after = tomllib.loads((tmp_path / "versions.toml").read_text())
    raised = versions.raised(before["fortis"]["version"], major=False)
    assert capsys.readouterr().out == f"fortis: {raised}\n"
    assert after["fortis"]["version"] == raised == versions.content(changed.read_text())[0]
    assert {name for name in FILES if after[name] != before[name]} == {"fortis"}
