"""The long runs outside CI: one that would try nothing does not end as if all had held."""

from __future__ import annotations

from importlib import import_module

import pytest

RUNS = {
    "tests.machines.run": ["--seconds"],
    "tests.differential.run": ["--cases"],
    "tests.attacks.timing": ["--tries"],
    "tests.fuzz.run": ["--seconds"],
    "tests.trials.mutations": ["all", "--count"],
    "tests.trials.one_database": ["--at-once"],
}


@pytest.mark.parametrize("number", ["0", "-1"])
@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_would_try_nothing_is_a_mistake_of_usage(name, number, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, *RUNS[name], number])
    with pytest.raises(SystemExit) as ended:
        import_module(name).main()
    assert ended.value.code == 2
    assert "nothing would be tried" in capsys.readouterr().err


@pytest.mark.parametrize("name", [*RUNS, "tests.attacks.__main__"])
def test_a_word_that_a_run_does_not_know_is_a_mistake_of_usage(name, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, "no-such-word"])
    with pytest.raises(SystemExit) as ended:
        import_module(name).main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no-such-word" in said.err
