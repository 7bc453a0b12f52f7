"""Explanations in groups: those that cannot be told apart together, the likeliest first."""

from __future__ import annotations

from handshakes.core.cases import Case
from handshakes.explain.ranking import MOST_MEMBERS, grouped
from handshakes.explain.search import Hit
from handshakes.explain.slips import GENERAL
from handshakes.platforms import PLATFORMS

SLIPS = PLATFORMS["officernd"].slips()
CASE = Case(
    (), (), lambda secret, clause: b"", "officernd:signature.key", clauses={"key": "officernd:signature.key"}
)


def hit(*ids: str, state: str = "bytes", key: bytes = b"key") -> Hit:
    return Hit(tuple((id, "") for id in ids), state, key)


def ranked(*hits: Hit) -> list[list[str]]:
    """Return the ids of every group's members, whatever order the hits came in."""
    found = [[one.id for one in group] for group in grouped(hits, "officernd", SLIPS, [CASE])]
    assert found == [[one.id for one in group] for group in grouped(hits[::-1], "officernd", SLIPS, [CASE])]
    return found


def test_hits_that_make_the_same_bytes_under_the_same_key_are_one_group():
    assert ranked(hit("json-php"), hit("json-ascii")) == [["json-ascii", "json-php"]]
    assert ranked(hit("json-php", state="a"), hit("json-ascii", state="b")) == [["json-ascii"], ["json-php"]]
    assert ranked(hit("key-blank", key=b"a"), hit("key-quoted", key=b"b")) == [["key-blank"], ["key-quoted"]]


def test_fewer_slips_come_first():
    assert ranked(hit("json-php", "key-blank", state="a"), hit("mac-twice", state="b")) == [
        ["mac-twice"],
        ["json-php + key-blank"],
    ]


def test_carriers_and_secrets_come_before_what_the_sender_did():
    assert ranked(
        hit("json-php", state="a"), hit("key-hashed", state="b"), hit("parameter-added", state="c")
    ) == [["parameter-added"], ["key-hashed"], ["json-php"]]
    assert ranked(
        hit("order-sorted", "json-php", state="a"),
        hit("order-sorted", "key-blank", state="b"),
        hit("json-php", "mac-twice", state="c"),
    ) == [["order-sorted + key-blank"], ["order-sorted + json-php"], ["json-php + mac-twice"]]
    hits = [Hit(((id, ""),), id, b"") for id in ("json-php", "retailcrm-api-key-as-key")]
    groups = grouped(hits, "retailcrm", PLATFORMS["retailcrm"].slips(), [CASE])
    assert [one.id for group in groups for one in group] == ["retailcrm-api-key-as-key", "json-php"]


def test_slips_that_are_equal_so_far_come_in_the_order_of_the_tables():
    assert ranked(hit("form-base64", state="a"), hit("json-php", state="b"), hit("mac-sha1", state="c")) == [
        ["json-php"],
        ["mac-sha1"],
        ["form-base64"],
    ]


def test_a_reading_for_which_something_was_observed_comes_before_one_that_is_only_thought_of():
    """In the register, S2 (the order of parameters) is observed and S14 (a quoted id) is open, with an inference."""
    observed = "officernd:signature.order=slug-first"
    open_question = "officernd:signature.quoted-organization=unquoted"
    assert ranked(hit(open_question, state="a"), hit(observed, state="b")) == [[observed], [open_question]]


def test_readings_of_one_question_come_in_the_order_of_the_register():
    """The plainest stands first there: of a repeated name the last counts, in any case only then."""
    hits = [
        Hit(((f"retailcrm:register.json={one}", ""),), "bytes", b"key") for one in ("any-case", "last-wins")
    ]
    ((first, _),) = grouped(hits, "retailcrm", PLATFORMS["retailcrm"].slips(), [CASE])
    assert first.id == "retailcrm:register.json=last-wins"


def test_the_same_slips_stand_once_in_a_group_with_their_best_change():
    group = grouped(
        [
            Hit((("order-changed", "b stood last"),), "bytes", b""),
            Hit((("order-changed", "a stood first"),), "bytes", b""),
        ],
        "officernd",
        SLIPS,
        [CASE],
    )
    assert [[(one.id, one.change) for one in members] for members in group] == [
        [("order-changed", "a stood first")]
    ]


def test_a_group_has_a_bounded_number_of_members():
    assert len(GENERAL) > MOST_MEMBERS
    assert len(ranked(*(hit(slip.id) for slip in GENERAL))[0]) == MOST_MEMBERS


def test_each_part_says_what_to_do_and_which_clause_it_breaks():
    ((one,),) = grouped([hit("key-blank", "officernd:signature.json=spaced")], "officernd", SLIPS, [CASE])
    assert one.kind == "slip and reading"
    slip, reading = one.parts
    assert (slip.kind, slip.clause) == ("slip", "officernd:signature.key")
    assert slip.cure == "Strip the secret when it is pasted into a form."
    assert (reading.kind, reading.clause) == ("reading", "officernd:signature.json")
    assert reading.says.startswith("It fits under the reading officernd:signature.json=spaced: ")
    assert reading.cure.startswith("A reading is one way to understand what the platform documents. ")
    assert one.says == f"{slip.says} {reading.says}"
