"""The long runs outside CI: one that would try nothing does not end as if all had held."""

from __future__ import annotations

from importlib import import_module

import pytest

RUNS = {
    "tests.machines.run": ["--seconds"],
    "tests.differential.run": ["--cases"],
    "tests.fuzz.run": ["--seconds"],
    "tests.trials.mutations": ["all", "--count"],
}


@pytest.mark.parametrize("number", ["0", "-1"])
@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_would_try_nothing_is_a_mistake_of_usage(name, number, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, *RUNS[name], number])
    with pytest.raises(SystemExit) as ended:
        import_module(name).main()
    assert ended.value.code == 2
    assert "nothing would be tried" in capsys.readouterr().err
