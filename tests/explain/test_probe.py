"""The probe: which readings captured requests follow. The requests are signed here with `hmac`."""

from __future__ import annotations

import hmac
import json
from itertools import combinations

import pytest

from handshakes.explain.probe import Probe, probe
from handshakes.platforms import PLATFORMS
from handshakes.spec.register import load
from handshakes.spec.vectors import load as vectors_of
from handshakes.spec.vectors import rows

SECRET, NOW = "example-integration-secret", 1_648_190_384


def captured(query: str, text: str, time: int = NOW) -> tuple[bytes, str]:
    digest = hmac.digest(SECRET.encode(), f"{text}.{time}".encode(), "sha256").hex()
    return f"/h?{query}&signature=t%3D{time}%2Csignature%3D{digest}".encode(), ""


PLAIN = captured("slug=s&locations=", '{"slug":"s","locations":""}')
SORTED = captured("slug=s&locations=x", '{"locations":"x","slug":"s"}', NOW + 900)
SPACED = captured("slug=s", '{"slug": "s"}')
SORTED_AND_SPACED = captured("slug=s&locations=x", '{"locations": "x", "slug": "s"}')
ODD = captured("slug=s&locations=x", '{"slug":"S","locations":"X"}')


def asked(*requests: tuple[bytes, str]):
    return probe("officernd", requests, secret=SECRET, now=NOW)


def about(found, ambiguity: str):
    return next(one for one in found.ambiguities if one.ambiguity == ambiguity)


def test_a_request_as_the_page_has_it_is_reproduced_by_the_adopted_readings():
    found = asked(PLAIN)
    assert (found.sets, found.unexplained, found.coherent) == (((),), (), True)
    assert about(found, "officernd:S2").ruled_out == ("officernd:signature.order=sorted",)
    assert "officernd:signature.order=slug-first" in about(found, "officernd:S2").reproduce


def test_what_a_request_does_not_tell_apart_stays_open():
    """One parameter has no order; nothing in it is escaped."""
    found = asked(captured("slug=s", '{"slug":"s"}'))
    assert len(about(found, "officernd:S2").reproduce) == 3
    assert "officernd:signature.json=ascii-escaped" in about(found, "officernd:S3").reproduce
    assert about(found, "officernd:S3").ruled_out == ("officernd:signature.json=spaced",)


def test_requests_are_reproduced_by_one_set_of_readings():
    assert asked(SORTED).sets == (("officernd:signature.order=sorted",),)
    assert [set(one) for one in asked(SORTED_AND_SPACED).sets] == [
        {"officernd:signature.order=sorted", "officernd:signature.json=spaced"}
    ]


def test_two_requests_that_no_one_set_reproduces_are_said_to_be_so():
    found = asked(PLAIN, SORTED, SPACED)
    assert (found.sets, found.ambiguities, found.unexplained) == ((), (), ())
    assert not found.coherent


def test_where_no_set_reproduces_the_requests_nothing_is_asked_for_next():
    assert [getattr(Probe("officernd", 1, (), ()), name) for name in ("unexplained", "next", "settles")] == [
        (),
        "",
        0,
    ]


def test_what_no_declared_reading_reproduces_is_reported_with_its_number():
    found = asked(PLAIN, ODD)
    assert (found.coherent, found.unexplained) == (False, ((2, "signature-mismatch"),))


def test_the_next_request_to_capture_separates_what_is_open():
    found = asked(PLAIN)
    vector = next(vector for _, vector in rows(vectors_of("officernd")) if vector["id"] == found.next)
    open_readings = {id for one in found.ambiguities if len(one.reproduce) > 1 for id in one.reproduce}
    assert len(open_readings & set(vector["by_reading"])) >= 2
    assert found.settles >= 2


def test_the_record_holds_readings_and_counts_and_no_value():
    query = captured("slug=very-private&locations=", '{"slug":"very-private","locations":""}')
    record = asked(query).record(date="2026-11-29", version="0.0")
    assert (record["requests"], record["unexplained"], record["date"]) == (1, 0, "2026-11-29")
    said = json.dumps(record)
    assert "very-private" not in said
    assert SECRET not in said
    assert str(NOW) not in said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_any_two_readings_of_an_ambiguity_are_separated_by_a_vector(platform):
    vectors = [vector for _, vector in rows(vectors_of(platform))]
    compared = 0
    for ambiguity in load(platform).ambiguities:
        signing = [one.id for one in ambiguity.readings if one.runs == "signing"]
        for one, other in combinations(signing, 2):
            answers = [
                [v["expect"] if id == ambiguity.adopted else v["by_reading"].get(id, v["expect"]) for id in (one, other)]
                for v in vectors
            ]  # fmt: skip
            compared += 1
            assert any(a != b for a, b in answers), f"{one} and {other}"
    assert compared > 10
