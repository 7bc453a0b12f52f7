"""The linter of registers and vectors: what is right is silent, and each fault is one line about its id."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from handshakes import platforms
from handshakes.cli import command as cli
from handshakes.spec import linting, register, vector_ids, vectors
from handshakes.spec.vectors import BadFile

PLATFORMS = register.platforms()
CODE = {name: platform.code() for name, platform in platforms.PLATFORMS.items()}
GOOD = "retailcrm/verify_registration/worked-good"
SHORT = "retailcrm/verify_registration/short-token"


def small() -> dict:
    """A sound file of two vectors, the second derived from the first."""
    document = vectors.load("retailcrm")
    of = document["groups"][0]
    kept = [vector for vector in of["vectors"] if vector["id"] in (GOOD, SHORT)]
    return copy.deepcopy({**document, "groups": [{**of, "vectors": kept}]})


def problems(document: dict, ids: str | None = None) -> list[str]:
    """What is said about the vectors themselves, without what a file of two leaves out."""
    said = linting.vectors(document, register.load("retailcrm"), CODE["retailcrm"], ids)
    return [line for line in said if "no vector" not in line]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_shipped_files_have_no_problem(platform):
    ids = vector_ids.beside(vectors.file_of(platform))
    assert ids is not None
    assert list(linting.vectors(vectors.load(platform), register.load(platform), CODE[platform], ids)) == []
    assert list(linting.against_code(register.load(platform), CODE[platform].readings)) == []
    assert list(linting.settings_in_code(register.load(platform), CODE[platform].settings)) == []


def test_a_sound_file_of_two_has_no_problem_but_what_it_leaves_out():
    assert problems(small()) == []
    said = list(linting.vectors(small(), register.load("retailcrm"), CODE["retailcrm"]))
    assert "retailcrm: no vector is refused as 'signature-mismatch'" in said
    assert "retailcrm:token.key: a pure operation names it, and no vector does" in said


def change(place, **values):
    def spoil(document):
        document["groups"][0]["vectors"][place].update(values)

    return spoil


def in_first(part, key, value):
    def spoil(document):
        document["groups"][0]["vectors"][0][part][key] = value

    return spoil


def stage(key, value):
    def spoil(document):
        document["groups"][0]["vectors"][0]["stages"][-1][key] = value

    return spoil


def twice(document):
    group = document["groups"][0]
    group["vectors"].append(group["vectors"][0])


def grown(document):
    """The change touches the content type as well, and does not say so."""
    document["groups"][0]["vectors"][1]["input"]["content_type"] = "text/plain"


def again(document):
    """Add a vector that is derived from a refused one."""
    vectors = document["groups"][0]["vectors"]
    other = {"id": f"{SHORT}-again", "derived_from": {"id": SHORT, "change": "another content type"}}
    vectors.append(copy.deepcopy(vectors[1]) | other)
    vectors[2]["input"]["content_type"] += "; charset=utf-8"


SWAPPED = "retailcrm:token.value=swapped"
FAULTS = [
    (twice, [f"{GOOD}: vector id twice"]),
    (change(1, id="retailcrm/registration_token/short-token"),
     ["retailcrm/registration_token/short-token: is not named after its operation retailcrm.verify_registration"]),
    (lambda document: document["groups"][0]["vectors"][0]["clauses"].append("retailcrm:no.clause"),
     [f"{GOOD}: unknown clause 'retailcrm:no.clause'"]),
    (lambda document: document["groups"][0]["vectors"][1]["clauses"].append("retailcrm:card.secret"),
     ["retailcrm:card.secret: only refused vectors cite it"]),
    (again, [f"{SHORT}-again: is derived from {SHORT}, which is refused itself"]),
    (change(1, expect={"verdict": "refused", "reason": "stale", "stage": "token"}),
     [f"{SHORT}: expects refused as stale at token, the package answers refused as malformed at token"]),
    (change(1, expect={"verdict": "refused", "reason": "ugly", "stage": "token"}),
     [f"{SHORT}: unknown reason 'ugly'",
      f"{SHORT}: expects refused as ugly at token, the package answers refused as malformed at token"]),
    (stage("utf8", "ffqf"), [f"{GOOD}: the package sees another stage 'message'",
                             f"{GOOD}: stage 'message' is 4 bytes long, not 32"]),
    (stage("length", 31), [f"{GOOD}: stage 'message' is 32 bytes long, not 31"]),
    (stage("name", "no"), [f"{GOOD}: the package sees another stage 'no'"]),
    (in_first("by_reading", SWAPPED, {"verdict": "refused", "reason": "stale"}),
     [f"{GOOD}: by {SWAPPED!r} expects refused as stale, the package answers refused as signature-mismatch at message"]),
    (in_first("by_reading", "retailcrm:token.value=keyed-with-secret", {"verdict": "refused", "reason": "stale"}),
     [f"{GOOD}: 'retailcrm:token.value=keyed-with-secret' is not another reading that the code can run"]),
    (change(1, derived_from={"id": "retailcrm/verify_registration/gone", "change": "x"}),
     [f"{SHORT}: is derived from 'retailcrm/verify_registration/gone', which is not another vector"]),
    (change(1, derived_from={"id": GOOD, "change": "x", "fields": ["input.body", "input.content_type"]}),
     [f"{SHORT}: one change names ['input.body', 'input.content_type'], but input.body differ from {GOOD}"]),
    (grown, [f"{SHORT}: expects refused as malformed at token, the package answers refused as wrong-content-type",
             f"{SHORT}: one change names [], but input.body, input.content_type differ from {GOOD}"]),
    (lambda document: document["groups"][0]["vectors"][1].pop("derived_from"),
     [f"{SHORT}: is refused, and derived from none"]),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), FAULTS, ids=[said[0][-60:] for _, said in FAULTS])
def test_one_fault_gives_exactly_these_lines(spoil, said):
    document = small()
    spoil(document)
    found = problems(document)
    assert [line for line in found if "by 'retailcrm:register.encoding" not in line] == said


def test_an_operation_that_is_not_given_what_it_needs():
    document = copy.deepcopy(vectors.load("officernd"))
    group = next(group for group in document["groups"] if "now" in group["given"])
    del group["given"]["now"]
    said = list(linting.vectors(document, register.load("officernd"), CODE["officernd"]))
    for vector in group["vectors"]:
        line = f"{vector['id']}: {group['operation']} needs 'now', which neither given nor input holds"
        assert said.count(line) == 1


def test_a_whole_number_is_not_written_with_a_point():
    document = copy.deepcopy(vectors.load("officernd"))
    _, vector = next(
        row for row in vectors.rows(document) if "timestamp" in row[1]["expect"].get("returns", {})
    )
    vector["expect"]["returns"]["timestamp"] *= 1.0
    vector["stages"][0]["length"] *= 1.0
    said = list(linting.vectors(document, register.load("officernd"), CODE["officernd"]))
    length = vector["stages"][0]["length"]
    name = vector["stages"][0]["name"]
    assert said == [
        f"{vector['id']}: expects accepted, the package answers accepted",
        f"{vector['id']}: stage {name!r} is {int(length)} bytes long, not {length}",
    ]


def test_an_operation_that_does_not_exist():
    document = small()
    document["groups"][0]["operation"] = "retailcrm.verify_everything"
    assert f"{GOOD}: unknown operation retailcrm.verify_everything" in problems(document)


def test_ids_are_never_reused_changed_or_lost():
    document = small()
    ids = vector_ids.with_new(document, vector_ids.NONE_YET)
    assert problems(document, ids) == []
    assert vector_ids.with_new(document, ids) == ids
    assert problems(document, vector_ids.NONE_YET)[0].startswith(f"{GOOD}: is not on the list of ids")
    changed = ids.replace(f"{GOOD} ", f"{GOOD} 0")
    assert problems(document, changed) == [
        f"{GOOD}: was given out for another input; a changed input needs a new id"
    ]
    assert vector_ids.with_new(document, changed) == changed, "nothing on the list is changed"
    lines = ids.splitlines(keepends=True)
    retired = "".join(f"{SHORT} retired\n" if line.startswith(SHORT) else line for line in lines)
    assert problems(document, retired) == [f"{SHORT}: was retired and may not come back"]
    document["groups"][0]["vectors"].pop()
    assert problems(document, retired) == []
    assert problems(document, ids) == [
        f"{SHORT}: was given out and is gone; write 'retired' after it in vector-ids.txt"
    ]


def test_a_reading_without_code_and_an_adopted_one_that_is_not_the_default():
    known = register.load("retailcrm")
    readings = dict(CODE["retailcrm"].readings)
    without = {id: stages for id, stages in readings.items() if id != SWAPPED}
    assert list(linting.against_code(known, without)) == [
        f"{SWAPPED}: runs in signing, but readings.py does not hold it"
    ]
    more = readings | {"retailcrm:token.value=new": {}}
    assert list(linting.against_code(known, more)) == [
        "retailcrm:token.value=new: readings.py holds it, but no entry lets it run in signing"
    ]
    adopted = replace(next(a for a in known.ambiguities if a.adopted.startswith("retailcrm:token.value=")))
    other = replace(adopted, adopted=SWAPPED)
    changed = tuple(other if a is adopted or a.id == adopted.id else a for a in known.ambiguities)
    assert list(linting.against_code(replace(known, ambiguities=changed), readings)) == [
        f"retailcrm:token.value=keyed-with-secret: is what the code does, but {SWAPPED!r} is adopted",
        f"{SWAPPED}: adopted, but the code has to replace mac for it",
    ]


TEXT = vectors.written(small())


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (TEXT[: len(TEXT) // 2], "line ", "not JSON"),
        (TEXT.replace('"schema": 1,', '"schema": 1, "schema": 1,', 1), "$", "'schema' occurs twice"),
        (TEXT.replace('"stages": [', '"stages": [], "stages": [', 1), GOOD, "'stages' occurs twice"),
        (TEXT.replace('"verdict": "accepted"', '"verdict": 7', 1), f"{GOOD}: expect", ""),
        (TEXT.replace('"length": 32', '"length": "32"', 1), GOOD, ""),
        (TEXT.replace('"schema": 1,', '"schema": 1, "colour": "red",', 1), "$", "colour"),
        (TEXT.replace('"input": {', '"colour": 1, "input": {', 1), GOOD, "colour"),
        (TEXT.replace('"schema": 1,', '"schema": NaN,', 1), "", "NaN is not JSON"),
        ("[" * 100_000, "", "not JSON"),
        ("", "line 1, column 1", "not JSON"),
        ("[]", "$", ""),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_file_place_and_reason(text, place, reason, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(BadFile) as caught:
        vectors.read(path)
    assert caught.value.file == str(path)
    assert caught.value.place.startswith(place)
    assert reason in caught.value.reason


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"{\xff}")
    with pytest.raises(BadFile, match="byte 1: not UTF-8"):
        vectors.read(tmp_path / "bytes.json")
    for path in (tmp_path / "gone.json", tmp_path):
        with pytest.raises(BadFile, match="cannot be read"):
            vectors.read(path)
    with (tmp_path / "long.json").open("wb") as long:
        long.truncate(vectors.MOST_BYTES + 1)
    with pytest.raises(BadFile, match="longer than"):
        vectors.read(tmp_path / "long.json")


def test_the_linter_needs_no_heavy_import():
    """jsonschema beside Jupyter takes seconds to import; jsonschema_rs does not."""
    code = "import sys, handshakes.spec.linting, handshakes.spec.vectors as v; v.load('retailcrm'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "jsonschema_rs" in loaded
    assert not loaded & {"jsonschema", "IPython", "requests", "sqlalchemy"}


def test_the_sets_without_cryptography_hold_no_secret_and_no_verdict():
    for platform in PLATFORMS:
        text = vectors.file_of(platform).with_name("canonical.json").read_text("ascii")
        document = json.loads(text)
        assert len(document["vectors"]) >= 20
        for one in document["vectors"]:
            assert sorted(one) == ["id", "input", "operation", "stages"]
            assert one["stages"]


ROTATION = "retailcrm:scopes.replaced=same-key"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("Settings.rotation = 'new-key'", "Settings.rotation is 'new-key' by default, and 'retailcrm:scopes.replaced=new-key' is adopted"),
        ("Settings.nothing = 1", "unknown setting Settings.nothing"),
        ("Card.scopes = ()", "unknown setting Card.scopes"),
        ("Settings.rotation", "'Settings.rotation' gives no value"),
        ("Settings.rotation = same-key", "'Settings.rotation = same-key' gives no value"),
    ],
)  # fmt: skip
def test_a_setting_that_the_code_does_not_have(setting, said):
    known = register.load("retailcrm")
    changed = tuple(
        replace(a, readings=tuple(replace(r, setting=setting) if r.id == ROTATION else r for r in a.readings))
        for a in known.ambiguities
    )
    assert list(
        linting.settings_in_code(replace(known, ambiguities=changed), CODE["retailcrm"].settings)
    ) == [f"{ROTATION}: {said}"]


@pytest.mark.parametrize("command", ["clauses", "vectors"])
def test_what_may_never_end_is_not_read(command, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    words = [sys.executable, "-c", "from handshakes.cli.command import main; main()", command, "lint"]
    for path in (str(tmp_path / "pipe"), "/dev/zero"):
        done = subprocess.run([*words, path], capture_output=True, text=True, timeout=60)
        assert done.returncode in (1, 2)
        assert "is not a regular file" in done.stdout + done.stderr


def test_a_spec_file_of_a_known_platform_is_held_against_the_code(tmp_path):
    text = (vectors.file_of("retailcrm").with_name("spec.toml")).read_text("utf-8")
    path = tmp_path / "spec.toml"
    path.write_text(text, "utf-8")
    assert CliRunner().invoke(cli.app, ["clauses", "lint", str(path)]).exit_code == 0
    adopted = 'adopted = "retailcrm:token.value=keyed-with-secret"'
    assert text.count(adopted) == 1
    path.write_text(text.replace(adopted, f'adopted = "{SWAPPED}"'), "utf-8")
    done = CliRunner().invoke(cli.app, ["clauses", "lint", str(path)])
    assert done.exit_code == 1
    assert f"{SWAPPED}: adopted, but the code has to replace mac for it" in done.output


def test_a_file_with_half_a_surrogate_pair_is_refused_as_any_other():
    document = copy.deepcopy(vectors.load("fortis"))
    del document["platform"]
    with pytest.raises(BadFile, match="not of the schema; its keys are groups, keys, made_by, schema"):
        vectors.parse(vectors.written(document))
