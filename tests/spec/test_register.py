"""The registers of the platforms, and the linter that keeps them whole."""

import re
from importlib import resources
from pathlib import Path

import pytest

from handshakes.spec import register as registers
from handshakes.spec.register import Register, load, parse
from handshakes.spec.register_linting import lint

# E: questions that came up while the rules were written
SHEET = {
    "officernd": [
        f"officernd:{letter}{n}"
        for letter, last in [("S", 24), ("C", 16), ("H", 9), ("W", 8), ("E", 3)]
        for n in range(1, last + 1)
    ],
    "retailcrm": [
        f"retailcrm:{letter}{n}" for letter, last in [("A", 33), ("S", 5)] for n in range(1, last + 1)
    ],
    # D: the differences between the two documents
    "onoffice": [
        f"onoffice:{letter}{n}"
        for letter, last in [("A", 45), ("D", 19), ("E", 5)]
        for n in range(1, last + 1)
    ],
    "fortis": [*(f"fortis:A{n:02}" for n in range(1, 45)), "fortis:M1", "fortis:M2"],
}
# Entries of a sheet that are advice: those of RetailCRM leave nothing open, those of onOffice are ambiguities too.
ADVICE = {
    "officernd": {},
    "retailcrm": {
        "S6": "tls",
        "S7": "no-secrets-in-logs",
        "S8": "constant-time",
        "S9": "types-first",
        "S10": "key-belongs-to-host",
        "S11": "platform-addresses",
    },
    "fortis": {
        "S01": "malleable",
        "S02": "padding-oracle",
        "S03": "forgery",
        "S04": "random-secret",
        "S05": "replay",
        "S06": "replay-by-bytes",
        "S07": "little-is-signed",
        "S08": "once-is-weak",
        "S09": "boundary",
        "S10": "repeated-names",
        "S11": "secret-in-record",
        "S12": "unproven-postbacks",
        "S13": "raw-values",
        "S14": "personal-data",
        "S15": "token-powers",
        "S16": "oauth-url",
        "S17": "no-downgrade",
        "S18": "one-login-error",
        "S19": "json-pitfalls",
        "S20": "secret-on-servers",
        "S21": "no-address-lists",
        "S22": "framed",
    },
    "onoffice": {
        "A3": "not-covered",
        "A6": "duplicates-refused",
        "A9": "reserved-names",
        "A11": "no-array-syntax",
        "A13": "empty-token",
        "A16": "freshness",
        "A18": "escape-ampersand",
        "A20": "claim-scope",
        "A23": "active-is-feedback",
        "A25": "message-origin",
        "A27": "pair-of-ids",
        "A28": "two-secrets",
        "A29": "commit-on-success",
        "A32": "one-secret-at-a-time",
        "A34": "public-base",
        "A40": "tls-for-parameters",
        "A41": "no-version-1",
        "A43": "no-role",
        "A45": "constant-time",
    },
}
# The documents that a platform's rules start from, and the parts of each.
PAGE = {
    "officernd": [
        "Listing a partner integration",
        "Creating a developer application",
        "Requirements you need to send to us",
        "Configuring the Healthcheck, Configuration and Sync URLs",
        "Setting up the integration",
        *(f"Step {n}" for n in range(1, 7)),
        "Exposing the integration for other customers",
    ],
    "retailcrm": [
        "Connection scheme",
        "Connection data request",
        "Module connection request",
        "Error processing",
        "Partner account",
    ],
    "onoffice": {
        "seed-de": [
            "The frame and the key",
            "The activation URL",
            "Timestamp",
            "Signature",
            "Unlocking and feedback",
        ],
        "seed-en": [
            "Customer activation process",
            "Structure of the iframe URL for activation",
            "Timestamp",
            "Signature",
            "Activation of the provider",
        ],
    },
    "fortis": [
        "Registering a Location for Marketplace",
        "Registering a User for the Marketplace",
        "IFrame Request",
        "Encrypted URL Params",
        "Example Decryption Process",
        "Plain Text URL Params",
        "Example HMAC Calculation",
    ],
}
# By clause; the adopted reading first.
RUN_BY_SIGNING = {
    "officernd": {
        "signature.parameters": ["all-but-signature", "slug-and-locations"],
        "signature.order": ["as-received", "slug-first", "sorted"],
        "signature.json": ["compact", "spaced", "ascii-escaped"],
        "signature.message": ["payload-timestamp", "timestamp-payload"],
        "signature.syntax": ["named-fields", "positional", "spaced-fields"],
        "signature.timestamp": ["seconds", "milliseconds"],
        "signature.tolerance": ["300-back-60-ahead", "60-back-0-ahead", "300-back-0-ahead", "300-both-ways"],
        "signature.absent-locations": ["as-in-the-url", "added-as-empty", "empty-dropped"],
        "signature.repeated": ["refused", "array"],
        "signature.empty-member": ["either", "as-received", "dropped"],
        "signature.quoted-organization": ["either", "as-received", "unquoted"],
        "signature.escapes": ["refused", "replaced", "kept"],
        "signature.integer-names": ["as-received", "integers-first"],
        "signature.key": ["text", "hex-decoded"],
    },
    "retailcrm": {
        "register.encoding": ["json-in-form", "brackets", "json-body"],
        "register.json": ["exact", "last-wins", "any-case"],
        "register.members": ["all-three", "empty-key"],
        "token.digest": ["lower-case", "any-case", "base64"],
        "token.value": ["keyed-with-secret", "swapped"],
        "token.key": ["text", "hex-decoded", "base64-decoded"],
    },
    "onoffice": {
        "url.base": ["scheme-host-path", "query-only", "path-and-query"],
        "url.port": ["dropped", "signed"],
        "url.encoding": [
            *("php", "rfc3986", "python", "url-search-params", "encode-uri-component", "raw", "decoded"),
        ],
        "url.repeated": ["refused", "php-compatible", "first-wins"],
        "url.order": ["bytes", "case-insensitive", "as-received"],
        "url.own-parameters": ["signed", "left-out"],
        "url.names": ["refused", "php-compatible", "php-before-8-2"],
        "url.empty": ["kept", "dropped"],
        "url.timestamp-unit": ["seconds", "milliseconds"],
        "url.tolerance": ["300-back-120-ahead", "120-both-ways", "unchecked"],
        "url.path": ["as-written", "slash-dropped"],
        "url.host": ["as-written", "lower-case"],
        "url.digest": ["lower-case", "any-case", "base64"],
        "url.integer-names": ["refused", "as-text"],
        "url.key": ["text", "hex-decoded", "base64-decoded"],
    },
    "fortis": {
        "encrypted.names": ["as-listed", "underscores", "hyphens"],
        "launch.absent": ["all-forms", "missing-or-null", "missing-only"],
        "launch.location-id": ["hex", "decimal-too", "any"],
        "encrypted.integers": ["as-text", "refused"],
        "secret.bytes": ["text", "trimmed", "hex-decoded", "base64-decoded"],
        "encrypted.derivation": ["md5", "sha256", "pbkdf2"],
        "plain.timestamp": ["seconds", "milliseconds"],
        "plain.tolerance": ["300-back-60-ahead", "900-back-60-ahead", "300-back-0-ahead", "300-both-ways"],
        "plain.hmac-case": ["lower", "either"],
        "launch.repeated": ["refused", "first", "last"],
        "encrypted.base64": ["canonical", "unpadded", "urlsafe", "blanks-as-plus", "php"],
        "encrypted.duplicate-keys": ["refused", "last-wins"],
        "encrypted.padding": ["all-bytes", "last-byte"],
        "encrypted.header": ["required", "skipped"],
        "plain.message": ["location-timestamp", "timestamp-location"],
    },
}

SPEC = """
schema = 1
platform = "p"
title = "Platform"

[[source]]
id = "doc"
title = "Document"
kind = "page"
language = "en"
note = "A page."
headings = ["One", "Two"]

[[source]]
id = "us"
title = "Ourselves"
kind = "analysis"
language = "en"
note = "Choices."

[[clause]]
id = "p:a.b"
actor = "partner"
level = "must"
text = "The partner must."
source = "doc"
heading = "One"
grade = "documented"
violation = "It fails."

[[clause]]
id = "p:a.c"
actor = "platform"
level = "may"
text = "The platform may."
source = "us"
heading = ""
grade = "assumed"

[[ambiguity]]
id = "p:S1"
question = "Which?"
clauses = ["p:a.b"]
adopted = "p:a.b=x"
reason = "Seen."
status = "open"
consequence = "Refused."
settle = "Look."

[[ambiguity.reading]]
id = "p:a.b=x"
rule = "X."
for = "One."
against = "Two."
runs = "signing"

[[ambiguity.reading]]
id = "p:a.b=y"
rule = "Y."
for = "Two."
against = "One."
runs = "none"
why = "It cannot run."

[[advice]]
id = "p:advice.z"
text = "Do."
why = "Because."
source = "us"
grade = "inferred"

[[untestable]]
clause = "p:a.c"
reason = "Unseen."
"""

# What is replaced in SPEC (once), what stands there instead, and all that the linter then says.
BROKEN = [
    # the file
    ("schema = 1", "schema = 2", ["spec: unknown schema 2"]),
    ("schema = 1", "", ["spec: missing key 'schema'"]),
    ("schema = 1", "schema = true", ["spec: 'schema' must be a whole number"]),
    ('platform = "p"', "", ["spec: missing key 'platform'"]),
    ('title = "Platform"', 'title = ""', ["spec: empty 'title'"]),
    ('title = "Platform"', 'title = "Platform"\ncolour = "red"', ["spec: unknown key 'colour'"]),
    ('title = "Platform"', 'title = "Platform"\nproblems = []', ["spec: unknown key 'problems'"]),
    # keys and types
    ('text = "The partner must."', "", ["p:a.b: missing key 'text'"]),
    ('text = "The partner must."', 'text = ""', ["p:a.b: empty 'text'"]),
    ('text = "The partner must."', "text = 3", ["p:a.b: 'text' must be a text"]),
    ('text = "The partner must."', 'text = "T."\ncolour = "red"', ["p:a.b: unknown key 'colour'"]),
    ('id = "p:a.c"', "", ["spec clause 2: missing key 'id'", "p:a.c: unknown clause 'p:a.c'"]),
    ('clauses = ["p:a.b"]', 'clauses = "p:a.b"', ["p:S1: 'clauses' must be a list of texts"]),
    ('clauses = ["p:a.b"]', "clauses = [3]", ["p:S1: 'clauses' must be a list of texts"]),
    ('clauses = ["p:a.b"]', "clauses = []", ["p:S1: empty 'clauses'"]),
    ('for = "One."', "", ["p:a.b=x: missing key 'for'"]),
    ('why = "Because."', "", ["p:advice.z: missing key 'why'"]),
    ('reason = "Unseen."', "", ["p:a.c: missing key 'reason'"]),
    ('headings = ["One", "Two"]', "headings = 3", ["doc: 'headings' must be a list of texts"]),
    ("[[advice]]", "[advice]", ["spec advice: must be an array of tables"]),
    # ids
    (
        'id = "us"',
        'id = "doc"',
        ["doc: duplicate id", *(f"{i}: unknown source 'us'" for i in ("p:a.c", "p:advice.z"))],
    ),
    ('id = "p:a.b=y"', 'id = "p:a.b=x"', ["p:a.b=x: duplicate id"]),
    ('id = "p:advice.z"', 'id = "p:a.c"', ["p:a.c: duplicate id"]),
    ('id = "p:advice.z"', 'id = "advice.z"', ["advice.z: id does not begin with 'p:'"]),
    ('id = "p:S1"', 'id = "q:S1"', ["q:S1: id does not begin with 'p:'"]),
    ('id = "p:a.b=y"', 'id = "p:a.c=y"', ["p:a.c=y: id is not a clause of p:S1, '=' and a name"]),
    (
        'id = "p:a.b=y"',
        'id = "p:a.b"',
        ["p:a.b: duplicate id", "p:a.b: id is not a clause of p:S1, '=' and a name"],
    ),
    ('id = "p:a.b=y"', 'id = "p:a.b="', ["p:a.b=: id is not a clause of p:S1, '=' and a name"]),
    # clauses and advice
    ('actor = "partner"', 'actor = "browser"', ["p:a.b: unknown actor 'browser'"]),
    ('level = "may"', 'level = "might"', ["p:a.c: unknown level 'might'"]),
    ('grade = "documented"', 'grade = "certain"', ["p:a.b: unknown grade 'certain'"]),
    ('grade = "inferred"', 'grade = "certain"', ["p:advice.z: unknown grade 'certain'"]),
    ('kind = "page"', 'kind = "rumour"', ["doc: unknown kind 'rumour'"]),
    ('source = "doc"', 'source = "dog"', ["p:a.b: unknown source 'dog'"]),
    ('source = "doc"', "", ["p:a.b: missing key 'source'"]),
    ('heading = "One"', 'heading = ""', ["p:a.b: no heading, which a source of kind 'page' needs"]),
    ('heading = "One"', "", ["p:a.b: no heading, which a source of kind 'page' needs"]),
    ('heading = "One"', 'heading = "Three"', ["p:a.b: unknown heading 'Three'"]),
    ('kind = "analysis"', 'kind = "code"', ["p:a.c: no heading, which a source of kind 'code' needs"]),
    ('violation = "It fails."', "", ["p:a.b: a must without a violation"]),
    ('level = "may"', 'level = "must"', ["p:a.c: a must without a violation"]),
    # ambiguities and readings
    (
        'adopted = "p:a.b=x"',
        'adopted = "p:a.b=z"',
        ["p:S1: adopted reading 'p:a.b=z' is not one of its readings"],
    ),
    ('status = "open"', 'status = "unclear"', ["p:S1: unknown status 'unclear'"]),
    ('clauses = ["p:a.b"]', 'clauses = ["p:a.b", "p:a.d"]', ["p:S1: unknown clause 'p:a.d'"]),
    ('runs = "signing"', 'runs = "sometimes"', ["p:a.b=x: unknown runs 'sometimes'"]),
    ('why = "It cannot run."', "", ["p:a.b=y: runs is 'none' without a why"]),
    (
        'why = "It cannot run."',
        'why = "W."\nsetting = "Settings.x = 1"',
        ["p:a.b=y: 'setting' is for a reading that runs by a setting, and it needs one"],
    ),
    (
        'runs = "none"',
        'runs = "setting"',
        ["p:a.b=y: 'setting' is for a reading that runs by a setting, and it needs one"],
    ),
    (
        SPEC[SPEC.index('[[ambiguity.reading]]\nid = "p:a.b=y"') : SPEC.index("[[advice]]")],
        "",
        ["p:S1: fewer than two readings"],
    ),
    # untestable clauses
    ('clause = "p:a.c"', 'clause = "p:a.d"', ["p:a.d: unknown clause 'p:a.d'"]),
    (
        'reason = "Unseen."',
        'reason = "U."\n[[untestable]]\nclause = "p:a.c"\nreason = "U."',
        ["p:a.c: untestable twice"],
    ),
]


@pytest.mark.parametrize("platform", registers.platforms())
def test_every_shipped_spec_is_clean(platform: str) -> None:
    assert lint(load(platform)) == ()
    assert load(platform).platform == platform


def test_the_small_spec_is_clean() -> None:
    assert lint(parse(SPEC)) == ()


@pytest.mark.parametrize(("old", "new", "said"), BROKEN, ids=[said[0] for _, _, said in BROKEN])
def test_one_fault_gives_exactly_these_lines(old: str, new: str, said: list[str]) -> None:
    assert SPEC.count(old) == 1
    assert list(lint(parse(SPEC.replace(old, new)))) == said


@pytest.mark.parametrize("text", ["schema = ", "[[clause]", "\x00", "a = " + "[" * 20_000])
def test_what_is_not_toml_is_one_line(text: str) -> None:
    (line,) = lint(parse(text))
    assert line.startswith("spec: not TOML: ")


@pytest.mark.parametrize("table", ["source", "clause", "ambiguity", "advice", "untestable"])
@pytest.mark.parametrize(
    "value", ["3", "[3]", '["a"]', "{id = 3}", "[{id = 3}]", "[{}]", "[{reading = [3], clause = []}]"]
)
def test_any_shape_is_linted_and_none_raises(table: str, value: str) -> None:
    said = lint(parse(f'schema = 1\nplatform = "p"\ntitle = "P"\n{table} = {value}'))
    assert said and all("\n" not in line and ": " in line for line in said)


def test_a_fault_does_not_hide_another() -> None:
    said = lint(parse(SPEC.replace('"documented"', '"certain"').replace('"open"', '"unclear"')))
    assert said == ("p:a.b: unknown grade 'certain'", "p:S1: unknown status 'unclear'")


def test_lookups() -> None:
    register = parse(SPEC)
    assert register.source("doc").headings == ("One", "Two")
    assert register.clause("p:a.b").violation == "It fails."
    assert register.ambiguity("p:S1").clauses == ("p:a.b",)
    assert (register.reading("p:a.b=y").for_, register.reading("p:a.b=y").clause) == ("Two.", "p:a.b")
    assert [reading.id for reading in register.readings()] == ["p:a.b=x", "p:a.b=y"]
    assert [reading.id for reading in register.readings(runs="none")] == ["p:a.b=y"]


@pytest.mark.parametrize("lookup", [Register.source, Register.clause, Register.ambiguity, Register.reading])
def test_an_unknown_id_is_a_key_error(lookup) -> None:
    with pytest.raises(KeyError, match="p:unknown"):
        lookup(parse(SPEC), "p:unknown")


@pytest.mark.parametrize("name", ["", "nowhere", "..", "OfficeRnD", "__pycache__"])
def test_an_unknown_platform_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match=r"unknown platform .*; known: .*\bofficernd\b"):
        load(name)


def test_a_register_is_read_once() -> None:
    assert load("officernd") is load("officernd")


each_platform = pytest.mark.parametrize("platform", registers.platforms())


def test_every_platform_is_examined_here() -> None:
    assert (
        list(registers.platforms())
        == sorted(SHEET)
        == sorted(ADVICE)
        == sorted(PAGE)
        == sorted(RUN_BY_SIGNING)
    )


@each_platform
def test_every_entry_of_the_sheet_is_an_ambiguity_in_its_order_or_advice(platform: str) -> None:
    register = load(platform)
    assert [ambiguity.id for ambiguity in register.ambiguities] == SHEET[platform]
    advice = {advice.id: advice for advice in register.advice}
    for entry, name in ADVICE[platform].items():
        assert advice[f"{platform}:advice.{name}"].why.startswith(f"{entry}: ")


@each_platform
def test_there_is_a_clause_for_every_part_of_the_page(platform: str) -> None:
    register, pages = load(platform), PAGE[platform]
    for source, parts in pages.items() if isinstance(pages, dict) else [("seed", pages)]:
        assert list(register.source(source).headings) == parts
        cited = {clause.heading for clause in register.clauses if clause.source == source}
        assert sorted(cited) == sorted(parts)


@each_platform
def test_the_readings_that_signing_runs(platform: str) -> None:
    expected = [
        f"{platform}:{clause}={name}" for clause, names in RUN_BY_SIGNING[platform].items() for name in names
    ]
    assert sorted(reading.id for reading in load(platform).readings(runs="signing")) == sorted(expected)


@pytest.mark.parametrize(
    ("platform", "clause"), [(platform, clause) for platform, of in RUN_BY_SIGNING.items() for clause in of]
)
def test_the_adopted_reading_comes_first(platform: str, clause: str) -> None:
    adopted = [f"{platform}:{clause}={RUN_BY_SIGNING[platform][clause][0]}"]
    found = [a for a in load(platform).ambiguities if a.adopted in adopted]
    assert [a.readings[0].id for a in found] == adopted


@pytest.mark.parametrize(
    "id",
    [
        "officernd:signature.value=raw-secret",
        "officernd:organization.region=unchecked",
        "retailcrm:token.empty-secret=accepted",
        "retailcrm:system-url.allowed=unchecked",
        "retailcrm:activity.system-url=followed",
        "fortis:identity.users-me=believed",
        "fortis:oauth.url=followed",
        "onoffice:url.verify=optional",
        "onoffice:url.scheme=from-request",
        "onoffice:popup.state=message",
        "onoffice:unlock.empty-token=called",
    ],
)
def test_readings_that_would_give_a_secret_away_never_run(id: str) -> None:
    assert load(id.partition(":")[0]).reading(id).runs == "none"


NOT_SAID = {
    "fortis": {
        "plain.verify": "validate the hmac, but not how", "plain.hmac-case": "one digest, but not what is compared",
        "plain.missing": "always sent, but not what to do without", "encrypted.names": "a list, but no word of others",
        "plain.coverage": "of what the hmac is made, but not what to believe", "launch.method": "code that reads a query",
        "token.header": "header or query", "token.expired": "bad credentials",
    }
}  # fmt: skip
"""Clauses whose source says less than they do, and what it says (facts sheets and pages)."""


@pytest.mark.parametrize("platform", NOT_SAID)
def test_a_clause_that_says_more_than_its_source_is_inferred(platform: str) -> None:
    grades = {id: load(platform).clause(f"{platform}:{id}").grade for id in NOT_SAID[platform]}
    assert grades == dict.fromkeys(NOT_SAID[platform], "inferred")


def test_no_entry_says_what_genuine_launches_look_like_since_none_is_public() -> None:
    text = resources.files("handshakes.fortis").joinpath("spec.toml").read_text("utf-8")
    assert re.findall(r"[Nn]o genuine \w+ (?!is public)[^.\n]*", text) == []
    assert {load("fortis").ambiguity(f"fortis:{id}").settle for id in ("A28", "A44", "M1")} == {
        "Look for one in genuine launches; none is public.",
        "Decrypt genuine launches; none is public with its secret.",
    }


@each_platform
def test_what_is_assumed_or_inferred_is_not_sold_as_documented(platform: str) -> None:
    register = load(platform)
    for clause in register.clauses:
        if clause.source == "analysis":
            assert clause.grade in ("inferred", "assumed"), clause.id
        if clause.grade in ("documented", "official-code", "measured"):
            kinds = {"official-code": ["code"], "measured": ["observation"]}.get(
                clause.grade, ["page", "help", "reference"]
            )
            assert register.source(clause.source).kind in kinds, clause.id


@each_platform
def test_the_code_of_a_platform_cites_clauses_that_exist(platform: str) -> None:
    register = load(platform)
    known = {entry.id for entry in (*register.clauses, *register.ambiguities, *register.readings())}
    known |= {advice.id for advice in register.advice}
    areas = {f"{platform}:{id.partition(':')[2].partition('.')[0]}" for id in known}
    cited = set()
    for module in Path(str(resources.files("handshakes").joinpath(platform))).glob("*.py"):
        cited |= set(re.findall(rf"{platform}:[a-z]\w*[\w.=-]*\w", module.read_text("utf-8")))
    assert cited - known - areas == set()


@pytest.mark.parametrize("platform", SHEET)
def test_the_text_of_a_reading_can_be_read_without_the_others(platform):
    rules = [one.rule for ambiguity in load(platform).ambiguities for one in ambiguity.readings]
    assert [
        rule for rule in rules if re.match(r"The same|These,|As (?:php,|named)|It is decoded|Its ", rule)
    ] == []
