"""A release is what its tag says, and is described; the workflows run what is tested here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHANGELOG = "# Changelog\n\n## 0.2.0, not released\n\n- New.\n\n## 0.1.0, 2026-01-31\n\n- First.\n- Second.\n\n## 0.0.9, 2025-01-01\n\n- Old.\n"


@pytest.fixture
def copy(tmp_path):
    """The script with a project of one version."""

    def make(version: str) -> Path:
        (tmp_path / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "release", tmp_path / ".ci")
        (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', "utf-8")
        (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
        return tmp_path

    return make


def release(folder: Path, tag: str) -> subprocess.CompletedProcess[str]:
    command = [folder / ".ci" / "release", tag, "--notes-only"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_release_has_what_the_changelog_says_of_its_version_and_no_more(copy):
    folder = copy("0.1.0")
    assert release(folder, "v0.1.0").returncode == 0
    notes = (folder / "build" / "release" / "CHANGELOG.md").read_text("utf-8")
    assert notes == "## 0.1.0, 2026-01-31\n\n- First.\n- Second.\n\n"


@pytest.mark.parametrize(
    ("version", "tag", "said"),
    [
        ("0.1.0", "v0.2.0", "the tag is v0.2.0, and pyproject.toml has version 0.1.0"),
        ("0.2.0", "v0.2.0", "needs a heading '## 0.2.0, YYYY-MM-DD'"),
        ("0.3.0", "v0.3.0", "needs a heading '## 0.3.0, YYYY-MM-DD'"),
    ],
)
def test_a_tag_of_another_version_and_a_version_without_a_date_stop_it(copy, version, tag, said):
    found = release(copy(version), tag)
    assert found.returncode == 1 and said in found.stderr


def test_there_is_a_workflow_for_the_guide_and_one_for_a_release():
    assert [path.name for path in WORKFLOWS] == ["pages.yml", "release.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_sound(path):
    """It parses, asks for no right that it does not need, runs scripts that exist, and takes no text of a tag as code."""
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load(path.read_text("utf-8"))
    assert found["permissions"] == {"contents": "read"}
    steps = [step for job in found["jobs"].values() for step in job["steps"]]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        else:
            assert "${{" not in step["run"]
            script = step["run"].split()[0]
            assert script == "gh" or (ROOT / script).stat().st_mode & 0o111
    assert "://" not in path.read_text("utf-8")


def test_the_guide_is_built_with_the_address_where_it_is_published():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text("utf-8")
    assert "SITE_URL: ${{ steps.pages.outputs.base_url }}/" in text
    assert "export SITE_URL=${SITE_URL:-" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert 'site_url: !ENV [SITE_URL, ""]' in (ROOT / "mkdocs.yml").read_text("utf-8")
