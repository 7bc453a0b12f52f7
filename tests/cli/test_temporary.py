"""What a killed run leaves in the folder for temporary files is swept by the next run, and nothing else is."""

from __future__ import annotations

import os
import signal

import pytest

from handshakes.cli.temporary import OWNER, owned, sweep, temporary_folder
from tests.cli.test_cli import serving


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_run_left_is_swept_by_the_next_and_a_living_one_keeps_its_own(tmp_path):
    with serving(TMPDIR=str(tmp_path)) as killed:
        killed.briefing()
        (left,) = tmp_path.iterdir()
        assert "store.keys" in names(left)
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()
        assert left.exists(), "nobody was there to remove it"
    with serving(TMPDIR=str(tmp_path)) as living:
        living.briefing()
        (mine,) = tmp_path.iterdir()
        assert mine != left
        with serving(TMPDIR=str(tmp_path)) as third:
            third.briefing()
            assert mine.exists() and "store.keys" in names(mine)
            assert third.interrupt() == 0
        assert names(tmp_path) == [mine.name]
        assert living.interrupt() == 0
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["no owner", "a file", "a link", "a link as owner", "another name"])
def test_what_is_not_surely_a_folder_of_a_killed_run_is_left_alone(tmp_path, kind):
    folder, elsewhere = tmp_path / "handshakes-x", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / OWNER).write_text("1\n")
    if kind == "a file":
        folder.write_text("")
    elif kind == "a link":
        folder.symlink_to(elsewhere)
    elif kind == "another name":
        folder = tmp_path / "other-x"
        elsewhere.rename(folder)
    else:
        folder.mkdir()
        if kind == "a link as owner":
            (folder / OWNER).symlink_to(elsewhere / OWNER)
    before = names(tmp_path)
    assert sweep(tmp_path) == []
    assert names(tmp_path) == before


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_left_alone(tmp_path):
    folder = tmp_path / "handshakes-x"
    folder.mkdir()
    (folder / OWNER).write_text("1\n")
    os.chown(folder, 12_345, 12_345)
    assert sweep(tmp_path) == []
    os.chown(folder, 0, 0)
    assert sweep(tmp_path) == [folder]


def test_a_folder_in_use_says_by_whom_and_is_swept_when_it_is_no_more(tmp_path):
    folder = tmp_path / "handshakes-x"
    folder.mkdir()
    with owned(folder):
        assert (folder / OWNER).read_text() == f"{os.getpid()}\n"
        assert sweep(tmp_path) == []
    assert sweep(tmp_path) == [folder]


def test_a_folder_is_gone_after_an_error_too(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError), temporary_folder() as folder:
        (folder / "x").write_text("")
        raise ZeroDivisionError
    assert names(tmp_path) == []
