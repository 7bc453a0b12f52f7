"""Every reader of outside bytes answers or refuses as it should: its seeds again, and a few changes of them, the same each time.

What a fuzzer finds in an hour, it finds by `python -m tests.fuzz.run`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import seeds
from tests.fuzz.targets import TARGETS, tried
from tests.fuzz.work import VERIFIERS, least

FEW = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
DEEP = b"[" * 20_000
ONCE_BROKEN = [
    ("profile", b'[reasons]\npattern = "a{99999999999999999999}"'),
    ("profile", b'[reasons]\npattern = "' + b"(" * 3_000 + b")" * 3_000 + b'"'),
    ("row", b'\1{"a": "b"}\0["fortis", "1", ' + DEEP),
    ("row", b"\1" + DEEP + b'\0["fortis", "1", {}]'),
]
"""What came out as another exception, before it was mended."""


def test_every_reader_has_seeds_and_every_seed_a_reader():
    assert {file.stem for file in seeds.FOLDER.iterdir()} == set(TARGETS)
    assert all(seeds.of(name) for name in TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_answers_or_refuses_its_seeds_and_what_is_made_of_them(name):
    known = seeds.of(name)
    for seed in known:
        tried(name, seed)

    @FEW
    @given(st.sampled_from(known), st.integers(0, 5_000), st.binary(max_size=6), st.integers(0, 6))
    def changed(seed: bytes, place: int, put: bytes, gone: int) -> None:
        place %= len(seed) + 1
        tried(name, seed[:place] + put + seed[place + gone :])

    changed()


@pytest.mark.parametrize(
    ("name", "data"), ONCE_BROKEN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_reader_refuses_what_once_broke_it(name, data):
    tried(name, data)


def test_a_target_lets_no_other_exception_pass(monkeypatch):
    monkeypatch.setattr("handshakes.core.strict.query_pairs", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tried("query", b"a=b")


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_work_of_a_verifier_is_linear_whatever_the_shape_of_its_input(verifier):
    """Four times the input takes at most eight times the CPU; where it is over a limit, it is refused at once."""
    for shape, make in VERIFIERS[verifier].items():
        for small in (2_000, 15_000):
            one, four = make(small), make(4 * small)
            for _ in range(4):  # quadratic work fails every time; a busy machine only now and then
                ratio = least(four, 3) / max(least(one, 3), 0.000_5)
                if ratio <= 8:
                    break
            assert ratio <= 8, f"{shape}: {ratio:.1f} times"
