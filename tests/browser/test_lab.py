"""A lesson in JupyterLab, as a reader opens it; `python -m tests.browser.lab` does the same with all of them."""

from __future__ import annotations

from tests.browser.lab import changed


def test_a_lesson_runs_in_jupyterlab_and_says_what_is_stored(tmp_path):
    assert changed(["02b-retailcrm-signature"], tmp_path) == []
