"""A small sample of the comparison with programs in other languages, always the same; and a fault that it finds."""

from __future__ import annotations

import random
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.docs.languages import FOLDER, LANGUAGES, PLATFORMS
from tests.oracles import ask, versions

from . import oracles
from .programs import Program, ours
from .run import Found, compared, questions

CASES = 400


def sample(platform: str, folder: Path, answered: Any = ours, cases: int = CASES) -> Found:
    """Compare with the verifier in JavaScript and with the platform's oracles; Go has to be built, which takes longer."""
    with ExitStack() as stack:
        node = stack.enter_context(Program("node", LANGUAGES["node"].command(FOLDER / "node", folder)))
        others = [stack.enter_context(program) for program in oracles.programs(platform)]
        return compared(platform, [node], others, cases, 1, folder, answered)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_other_languages_and_openssl_answer_random_questions_alike(platform, tmp_path):
    found = sample(platform, tmp_path)
    assert found.differing == []
    accepted = sum(number for said, number in found.said.items() if said.endswith(" accepted"))
    assert CASES / 4 < accepted < CASES * 3 / 4
    assert found.said["asked of OpenSSL too"] >= 10
    assert sum(found.unseen.values()) < CASES / 10


@pytest.mark.parametrize(
    ("platform", "change"),
    [
        ("officernd", lambda answer: answer["returns"]["parameters"].append(["more", ""])),
        ("retailcrm", lambda answer: answer["returns"].update(api_key="another")),
        ("onoffice", lambda answer: answer["returns"].update(timestamp=0)),
        ("fortis", lambda answer: answer["returns"]["parameters"].pop()),
    ],
)
def test_one_wrong_value_of_the_package_is_seen(platform, change, tmp_path):
    changed: list[str] = []

    def wrong(name: str, question: dict[str, Any]) -> dict[str, Any]:
        answer = ours(name, question)
        if (
            not changed
            and re.search(r"\.(verify|decrypt)", question["operation"])
            and answer.get("returns", {}).get("parameters")
        ):
            change(answer)
            changed.append(question["id"])
        return answer

    found = sample(platform, tmp_path, wrong, 60)
    assert changed and {question["id"] for _, _, question, _ in found.differing} == set(changed)


@pytest.mark.parametrize("platform", ["retailcrm", "onoffice", "fortis"])
def test_php_answers_every_question_that_its_versions_are_asked(platform):
    _, asked = versions.asked_of(platform, 20, 1)
    assert len(ask("php", f"{platform}.php", asked)) == len(asked) > 100


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_seed_gives_the_same_questions(platform):
    one, same, other = (questions(platform, random.Random(seed), 20) for seed in (1, 1, 2))
    assert one == same != other
