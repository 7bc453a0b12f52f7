"""What the tests of every platform's vectors share: the file, how the package is asked, and the checks.

A platform's test module says how its operations are called and what they return, as a `Runner`; the tests of
the whole file are those of `WholeFile`.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.readings import Stages
from handshakes.core.refusals import REASONS, Refused
from handshakes.platforms import PLATFORMS
from handshakes.spec import register
from handshakes.spec.code import Code
from handshakes.spec.vectors import raw

Data = dict[str, Any]
HERE = Path(__file__).parent / "vectors"
SCHEMA = json.loads(resources.files("handshakes").joinpath("spec", "vectors.schema.json").read_text("ascii"))


def stages_of(vector: Data) -> list[tuple[str, bytes]]:
    return [(stage["name"], raw(stage)) for stage in vector["stages"]]


def in_no_order(expect: Data) -> Data:
    """Return an expectation with sorted names, since a reading may sign them in any order."""
    if "covered" not in expect.get("returns", {}):
        return expect
    names = {name: sorted(expect["returns"][name]) for name in ("covered", "not_covered")}
    return expect | {"returns": expect["returns"] | names}


@dataclass(frozen=True)
class Runner:
    """One platform's vectors and the package's answers to them; `secrets_in` finds more secrets in a vector."""

    platform: str
    secrets_in: Callable[[Data], set[str]] = field(default=lambda vector: set())

    @cached_property
    def code(self) -> Code:
        """The platform's code as the specification sees it."""
        return PLATFORMS[self.platform].code()

    @property
    def readings(self) -> Mapping[str, Stages]:
        """The stages that each reading replaces, by id."""
        return self.code.readings

    def call(self, group: Data, vector: Data, stages: Stages | None = None) -> Data:
        """Run the operation, with the replaced stages of a reading or none."""
        return self.code.operations[group["operation"]].run(group["given"], vector["input"], stages)

    def seen(self, group: Data, vector: Data) -> list[tuple[str, bytes]]:
        """Return the stages that the package sees, as far as the vector names them."""
        names = [stage["name"] for stage in vector["stages"]]
        stages = self.code.operations[group["operation"]].stages(group["given"], vector["input"])
        return [(stage.name, stage.value) for stage in stages if stage.name in names or not names]

    @cached_property
    def text(self) -> str:
        """The file as it is shipped."""
        return resources.files("handshakes").joinpath(self.platform, "vectors.json").read_text("ascii")

    @cached_property
    def document(self) -> Data:
        return json.loads(self.text)

    @cached_property
    def rows(self) -> list[tuple[Data, Data]]:
        return [(group, vector) for group in self.document["groups"] for vector in group["vectors"]]

    @cached_property
    def other_readings(self) -> list[str]:
        return [reading for reading, stages in self.readings.items() if stages]

    def refused_as(self, reason: str) -> list[tuple[Data, Data]]:
        """Return the vectors that are refused so, with their groups."""
        return [row for row in self.rows if row[1]["expect"].get("reason") == reason]

    def outcome(self, group: Data, vector: Data, reading: str | None = None) -> Data:
        """Return what the package answers, in the form of `expect`."""
        try:
            value = self.call(group, vector, self.readings[reading] if reading else None)
        except Refused as refused:
            if reading is None:
                assert refused.clause in vector["clauses"], f"refused by {refused.clause}"
            answer = {"verdict": "refused", "reason": refused.reason}
            return answer | ({"stage": refused.stage} if refused.stage else {})
        return {"verdict": "accepted", "returns": value}

    def differences(self, document: Data) -> list[str]:
        """Return the ids of vectors that the package, under the adopted readings, does not agree with."""
        found = []
        for group in document["groups"]:
            for vector in group["vectors"]:
                written = stages_of(vector)
                try:
                    agrees = self.outcome(group, vector) == vector["expect"]
                    agrees &= not written or self.seen(group, vector) == written
                except (Refused, AssertionError):
                    agrees = False
                if not agrees:
                    found.append(vector["id"])
        return found

    # --- checks of one vector

    def check_other_readings(self, group: Data, vector: Data) -> None:
        listed = vector["by_reading"]
        if not self.code.operations[group["operation"]].has_readings:
            assert not listed
            return
        assert set(listed) <= set(self.other_readings)
        assert all(expect != vector["expect"] for expect in listed.values()), "an entry says something new"
        for reading in self.other_readings:
            answer = self.outcome(group, vector, reading)
            if "key" in self.readings[reading] and reading not in listed:
                # The key is looked at before the request: a refusal may have another reason there.
                both = (answer["verdict"], vector["expect"]["verdict"])
                assert answer == vector["expect"] or both == ("refused", "refused"), reading
            else:
                assert in_no_order(answer) == in_no_order(listed.get(reading, vector["expect"])), reading

    def check_stages(self, group: Data, vector: Data) -> None:
        """Check that each stage has the length that is written, and that a mismatch carries them all."""
        assert [stage["length"] for stage in vector["stages"]] == [len(v) for _, v in stages_of(vector)]
        if vector["expect"].get("reason") != "signature-mismatch":
            return
        with pytest.raises(Refused) as caught:
            self.call(group, vector)
        assert [(stage.name, stage.value) for stage in caught.value.stages] == stages_of(vector)

    # --- checks of the file

    def check_generator(self) -> None:
        """Compare the file with what its generator writes; the generator cannot import the package."""
        # -E, -s and -S leave out everything that is installed; only the folder of the script is seen
        script = HERE / f"make_{self.platform}.py"
        command = [sys.executable, "-E", "-s", "-S", str(script), "--print"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=True)
        assert done.stdout == self.text.encode(), f"run tests/vectors/make_{self.platform}.py"

    def check_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        jsonschema.Draft202012Validator(SCHEMA).validate(self.document)

    def check_schema_notices(self, spoil: Callable[[Data, Data], Any], group: int = 0) -> None:
        """Spoil a file of one vector, the first of a group, and see that the schema notices."""
        of = self.document["groups"][group]
        small = {**self.document, "groups": [{**of, "vectors": [of["vectors"][0]]}]}
        spoilt = copy.deepcopy(small)
        spoil(spoilt, spoilt["groups"][0]["vectors"][0])
        validator = jsonschema.Draft202012Validator(SCHEMA)
        assert validator.is_valid(small)
        assert not validator.is_valid(spoilt)

    def check_ids(self) -> None:
        ids = [vector["id"] for _, vector in self.rows]
        assert len(set(ids)) == len(ids)
        groups = [group["id"] for group in self.document["groups"]]
        assert len(set(groups)) == len(groups)
        for group, vector in self.rows:
            assert vector["id"].rpartition("/")[0].replace("/", ".") == group["operation"]

    def check_derived(self) -> None:
        """A derived vector names another one and differs from it."""
        by_id = {vector["id"]: (group, vector) for group, vector in self.rows}
        for group, vector in self.rows:
            if source := vector.get("derived_from"):
                assert source["id"] != vector["id"]
                group_of_source, of = by_id[source["id"]]
                assert (vector["input"], group["given"]) != (of["input"], group_of_source["given"])

    def check_secrets(self) -> None:
        """Every secret is on the list of public keys; the empty one is there to be refused."""
        secrets = {group["given"]["secret"] for group, _ in self.rows if "secret" in group["given"]}
        for _, vector in self.rows:
            secrets |= self.secrets_in(vector)
        assert secrets - PUBLIC_TEST_KEYS <= {""}

    def check_register(self) -> None:
        """Clauses, reasons and readings are those of the register and of the table of reasons."""
        known = register.load(self.platform)
        for _, vector in self.rows:
            for clause in vector["clauses"]:
                known.clause(clause)
            for reading in vector["by_reading"]:
                assert known.reading(reading).runs == "signing"
            for expect in (vector["expect"], *vector["by_reading"].values()):
                assert expect["verdict"] == "accepted" or expect["reason"] in REASONS

    def check_every_reading_is_carried(self) -> None:
        """Every reading accepts a vector that the adopted ones refuse, or the reverse."""
        for reading in self.other_readings:
            assert any(
                vector["by_reading"][reading]["verdict"] != vector["expect"]["verdict"]
                for _, vector in self.rows
                if reading in vector["by_reading"]
            ), reading

    def reasons(self) -> set[str]:
        """Return the reasons that vectors expect under the adopted readings."""
        return {vector["expect"]["reason"] for _, vector in self.rows if "reason" in vector["expect"]}


class WholeFile:
    """The tests of a whole file of vectors: a platform's module has a subclass with its runner and its stages.

    What takes a vector is run for each of them.
    """

    runner: Runner

    def sees_the_stages(self, group: Data, vector: Data) -> None:
        """Check which stages the package sees of the vector."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "vector" in metafunc.fixturenames:
            rows = self.runner.rows
            metafunc.parametrize(("group", "vector"), rows, ids=[vector["id"] for _, vector in rows])

    def test_every_reading_answers_as_the_vector_says_by_the_stages_that_it_says(
        self, group: Data, vector: Data
    ) -> None:
        assert self.runner.outcome(group, vector) == vector["expect"]
        self.runner.check_other_readings(group, vector)
        self.runner.check_stages(group, vector)
        self.sees_the_stages(group, vector)

    def test_it_is_what_its_generator_writes_and_the_generator_cannot_see_the_package(self) -> None:
        self.runner.check_generator()

    def test_it_fits_the_schema(self) -> None:
        self.runner.check_schema()

    def test_ids_are_unique_and_name_their_operation(self) -> None:
        self.runner.check_ids()

    def test_a_derived_vector_names_another_one_and_differs_from_it(self) -> None:
        self.runner.check_derived()

    def test_every_secret_and_every_key_is_on_the_list_of_public_keys(self) -> None:
        self.runner.check_secrets()

    def test_clauses_reasons_and_readings_are_those_of_the_register(self) -> None:
        self.runner.check_register()

    def test_every_reading_accepts_a_vector_that_the_adopted_one_refuses_or_the_reverse(self) -> None:
        self.runner.check_every_reading_is_carried()
