"""The recipes against the code: each step that refuses is a check of ours, and each refused vector one step's work."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import pytest

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.spec import recipe, register, vectors
from handshakes.spec.recipe_linting import lint
from tests.taken_out import Place, noted, place, without

WITH = [name for name in PLATFORMS if (vectors.file_of(name).parent / recipe.FILE).is_file()]


@cache
def code_of(platform):
    return PLATFORMS[platform].code()


@cache
def by_id(platform):
    return {vector["id"]: (group, vector) for group, vector in vectors.rows(vectors.load(platform))}


def refusal(platform: str, id: str) -> Refused:
    group, vector = by_id(platform)[id]
    with noted(), pytest.raises(Refused) as caught:
        code_of(platform).operations[group["operation"]].run(group["given"], vector["input"], None)
    return caught.value


def answer(platform: str, id: str) -> str:
    """Return verdict and reason, or what else came of it: without a check, anything may happen."""
    group, vector = by_id(platform)[id]
    try:
        return vectors.outcome(code_of(platform).operations[group["operation"]], group, vector).get(
            "reason", "accepted"
        )
    except Exception as error:
        return f"a crash: {type(error).__name__}"


def told(platform: str, id: str) -> str:
    """Return a refusal with its evidence: where one reason stands for many, it says which check it was."""
    group, vector = by_id(platform)[id]
    try:
        code_of(platform).operations[group["operation"]].run(group["given"], vector["input"], None)
    except Refused as refused:
        return str(refused)
    except Exception as error:
        return f"a crash: {type(error).__name__}"
    return "accepted"


def overridden(platform: str, line: recipe.Line) -> bool:
    """Return whether the step that uses a procedure gives all of its refusals one reason."""
    known = recipe.load(platform).known().values()
    own = {step.reason for one in known for step in one.steps if step.step == line.path.rpartition("/")[2]}
    return "/" in line.path and line.reason not in own


STEPS = [
    (platform, operation.id, line)
    for platform in WITH
    for operation in recipe.load(platform).operations
    for line in recipe.lines(recipe.load(platform), operation.id)
]
SHOWN = [(platform, id, line, vector) for platform, id, line in STEPS for vector in line.vectors]


def test_every_platform_has_recipes():
    assert [*PLATFORMS] == WITH


@pytest.mark.parametrize("platform", WITH)
def test_the_linter_finds_no_fault(platform):
    found = lint(
        recipe.load(platform),
        register.load(platform),
        vectors.load(platform),
        code_of(platform).operations,
    )
    assert found == ()


@pytest.mark.parametrize(
    ("platform", "id", "line"), [one for one in STEPS if one[2].vectors], ids=lambda value: str(value)[:60]
)
def test_a_step_refuses_its_vectors_by_its_clause_and_without_the_check_nothing_does(platform, id, line):
    for vector in line.vectors:
        holds_the_step(platform, line, vector)


def holds_the_step(platform: str, line: recipe.Line, vector: str) -> None:
    refused = refusal(platform, vector)
    assert (refused.reason, refused.clause) == (line.reason, line.clause)
    tell = told if overridden(platform, line) else answer
    before = tell(platform, vector)
    with without(place(refused)):
        assert tell(platform, vector) != before
    assert tell(platform, vector) == before


@cache
def places(platform: str, id: str) -> dict[Place, set[str]]:
    """Return the places that the steps of an operation stand for, with the paths of these steps."""
    found: dict[Place, set[str]] = {}
    for _, of, line, vector in SHOWN:
        if of == id:
            found.setdefault(place(refusal(platform, vector)), set()).add(line.path)
    return found


@pytest.mark.parametrize("platform", WITH)
def test_every_refused_vector_is_refused_by_exactly_one_step(platform):
    by = {
        id: places(platform, group["operation"]).get(place(refusal(platform, id)), ())
        for id, (group, vector) in by_id(platform).items()
        if vector["expect"]["verdict"] == "refused"
    }
    assert {id: steps for id, steps in by.items() if len(steps) != 1} == {}
    assert len(by) > 50


LIMITS = sorted({(line.constant, line.limit) for _, _, line in STEPS if line.limit})


@pytest.mark.parametrize(("constant", "limit"), LIMITS)
def test_a_limit_is_the_codes_constant(constant, limit):
    module, _, name = constant.rpartition(".")
    assert getattr(import_module(f"handshakes.{module}"), name) == limit


def test_there_are_steps_limits_and_vectors_to_hold():
    assert len(SHOWN) > 25 * len(WITH)
    assert len(LIMITS) >= 4
