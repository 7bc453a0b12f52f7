"""What is measured over loopback is what it is said to be: genuine but for one byte, and a delay that is known is seen."""

from __future__ import annotations

import hmac
import random
import re
from dataclasses import replace

import pytest

from handshakes.platforms import PLATFORMS

from . import over_loopback, timing
from .over_loopback import RIGHT, SERVED, asked, forged, seen, slow, told_apart
from .victim import Sent

DIGEST = "0f" * 32


def test_every_verifier_that_is_measured_in_process_is_measured_over_loopback_too():
    assert list(SERVED) == [name for platform in PLATFORMS for name in timing.genuine(platform)]


@pytest.mark.parametrize("name", SERVED)
def test_a_served_verifier_refuses_the_signature_alone_and_a_delay_in_its_comparison_is_seen(
    name, monkeypatch
):
    with asked(name) as (of, made):  # which asks with the genuine digest at its end
        monkeypatch.setattr(hmac, "compare_digest", slow(1_000_000))
        found = told_apart(of, made, 20, 1)
        monkeypatch.undo()
    assert found.auc > 0.75
    assert found.tenth > 15_000


def test_a_request_that_is_not_genuine_is_noticed(monkeypatch):
    def wrong(of):
        made = SERVED["fortis.verify_launch"][2](of)
        return lambda text, at: forged(made(text, at), 7, 1)

    partner, settings, _ = SERVED["fortis.verify_launch"]
    monkeypatch.setitem(over_loopback.SERVED, "wrong", (partner, settings, wrong))
    with pytest.raises(AssertionError, match="the genuine request was refused"), asked("wrong"):
        pass


@pytest.mark.parametrize("part", ["target", "headers", "body"])
@pytest.mark.parametrize(
    ("place", "change", "digest"), [(0, 1, "0e" + "0f" * 31), (-1, 255, "0f" * 31 + "f0")]
)
def test_one_byte_of_the_digest_is_changed_wherever_it_stands(part, place, change, digest):
    text = f"t=1,signature={DIGEST}"
    values = {"target": "/x?" + text, "headers": (("a", "b"), ("s", text)), "body": text.encode()}
    sent = replace(Sent("/x", "POST"), **{part: values[part]})
    made = forged(sent, place, change)
    assert repr(made) == repr(sent).replace(DIGEST, digest) != repr(sent)


@pytest.mark.parametrize("sent", [Sent("/x?a=1"), Sent(f"/x?a={DIGEST}", body=f"b={DIGEST}".encode())])
def test_a_request_without_a_digest_or_with_two_is_not_measured(sent):
    with pytest.raises(AssertionError, match="digests"):
        forged(sent, 0, 1)


@pytest.mark.parametrize(("place", "right"), [(0, 0), (5, 5), (-1, RIGHT), (None, 32)])
def test_a_slow_comparison_takes_its_time_for_each_right_byte_and_answers_as_any_other(
    place, right, monkeypatch
):
    ticks = iter(range(10_000))
    monkeypatch.setattr(over_loopback.time, "perf_counter_ns", lambda: next(ticks))
    one = random.Random(1).randbytes(32)
    other = bytearray(one)
    if place is not None:
        other[place] ^= 0x80
    assert slow(10)(one, bytes(other)) is (place is None)
    assert next(ticks) == right * 10 + (1 if right else 2)


def test_the_tenth_percentile_is_seen_where_the_slow_ones_hide_the_difference():
    """Nine tenths of the times are noise of up to 100 ms; the rest differ by 2 µs, as by 31 bytes of 65 ns."""
    numbers = random.Random(1)

    def times(more: int) -> list[int]:
        quick = [50_000 + more + numbers.randrange(200) for _ in range(600)]
        return quick + [numbers.randrange(10**5, 10**8) for _ in range(1_400)]

    same, other = seen(times(0), times(0), numbers), seen(times(0), times(2_000), numbers)
    assert not same.leaks(0.6)
    assert other.leaks(0.6) and other.auc < 0.6
    assert other.tenth == pytest.approx(2, abs=0.1)
    assert re.fullmatch(r"AUC 0\.\d{3}, tenth percentile \+[12]\.\d µs \(by chance up to 0\.\d\)", str(other))


def test_the_status_is_1_where_a_verifier_leaks_and_where_the_longest_delay_is_not_seen(monkeypatch, capsys):
    quiet, loud = over_loopback.Seen(0.5, 0.1, 0.2), over_loopback.Seen(0.9, 90.0, 0.2)
    ends = []
    for own, control in ((quiet, loud), (loud, loud), (quiet, quiet)):
        found = own, {max(timing.DELAYS): control}
        monkeypatch.setattr(over_loopback, "measured", lambda *_, found=found: found)
        ends.append(timing.served(["fortis"], 1, 1))
    assert ends == [0, 1, 1]
    assert "fortis.verify_launch" in capsys.readouterr().out
