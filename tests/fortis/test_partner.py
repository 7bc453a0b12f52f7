"""The app: one answer and the same work for every failure, registrations, sessions, who is believed, access without the user."""

from __future__ import annotations

import gc
import hashlib
import hmac
import json
import re
import weakref
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest

from handshakes.core.messages import Request, Unreachable, json_response
from handshakes.core.refusals import Refused
from handshakes.fortis import demo, encryption, rules, signing
from handshakes.fortis.partner import App
from handshakes.fortis.partner.api import sendable
from handshakes.fortis.partner.configuration import API, UI, Configuration
from handshakes.fortis.partner.connecting import PLATFORM
from handshakes.fortis.partner.sessions import sealed as sealed_value
from handshakes.fortis.partner.sessions import unsealed
from handshakes.fortis.simulator.faults import LAUNCH_FAULTS, opening_faults
from handshakes.fortis.story import story
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import drive
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import Conflict, Installation, MemoryStore, StoreError
from handshakes.runtime.story import Sides
from handshakes.runtime.tokens import Tokens
from handshakes.runtime.verdicts import Refuses
from tests.fortis.sides import LOCATION, MODES, NOW, OTHER_LOCATION, OTHER_USER, TITLE, USER, opened, sides

APP = "https://app.example"
REFUSED = [
    (mode, fault) for mode in MODES for fault in opening_faults(mode) if isinstance(fault.expected, Refuses)
]
WORK = ("derive", "decrypt", "unpad", "parse", "names")
EVERY_FAILURE = {
    "derive passes": 1, "decrypt passes": 1, "unpad passes": 1, "unpad fails": 1,
    "parse passes": 1, "parse has no text": 1, "parse fails": 1, "names passes": 1,
}  # fmt: skip


def get(world, target: str, cookie: str = ""):
    headers = (("cookie", cookie),) if cookie else ()
    return world.network.exchange("browser", Request("GET", APP, target, headers))


def post(world, target: str, method: str = "POST", body: bytes = b"", content_type: str = ""):
    headers = (("content-type", content_type),) if content_type else ()
    return world.network.exchange("Fortis", Request(method, APP, target, headers, body))


def target_of(world, fault: str = "", **more) -> str:
    return urlsplit_target(world.platform.launch_url(TITLE, LOCATION, USER, fault=fault, **more))


def urlsplit_target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


# --- one answer, the same work --------------------------------------------------------------------------


@pytest.mark.clause("fortis:launch.uniform")
@pytest.mark.parametrize("mode", MODES)
def test_whatever_is_wrong_the_browser_gets_one_answer(mode):
    world = opened(mode=mode)
    answers = set()
    for _, fault in [row for row in REFUSED if row[0] == mode]:
        response = world.launch(fault=fault.name).response
        answers.add((response.status, response.headers, response.body))
    for target in (
        "/fortis/launch",
        "/fortis/launch?",
        "/fortis/launch?data=%",
        "/fortis/launch?data=%ff&x",
        "/fortis/app",
    ):
        response = get(world, target)
        answers.add((response.status, response.headers, response.body))
    assert len(answers) == 1
    assert {status for status, _, _ in answers} == {403}


def counting(counts: Counter[str]):
    """The adopted rules, which count how often each ends how, and for how many bytes."""

    def counted(name):
        rule = getattr(rules.ADOPTED, name)

        def call(*args):
            end = "passes"
            try:
                return rule(*args)
            except Refused as refused:
                end = "has no text" if refused.clause == "fortis:encrypted.text" else "fails"
                raise
            finally:
                counts[f"{name} {end}"] += 1
                counts[f"{name} bytes"] += len(args[0])

        return call

    return {name: counted(name) for name in WORK}


def operations(counts: Counter[str]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if not name.endswith(" bytes")}


@pytest.mark.clause("fortis:launch.same-work")
@pytest.mark.parametrize(
    "fault",
    [
        f
        for f in LAUNCH_FAULTS
        if f.mode == "encrypted" and isinstance(f.expected, Refuses) and "coverage" not in f.clause
    ],
    ids=lambda f: f.name,
)
def test_every_failure_of_encrypted_mode_is_the_same_work(fault):
    """Each operation is done and ends in each way once, whatever was wrong; on a dummy where the launch did not come to it."""
    world = opened()
    counts: Counter[str] = Counter()
    target = urlsplit_target(
        fault.apply(world.platform.draft(TITLE, LOCATION, USER, token=world.platform.token_of(USER)))
    )
    with pytest.raises(Refused) as caught:
        signing.verify_launch(
            target, mode="encrypted", secret=demo.SECRET, now=NOW, readings=counting(counts)
        )
    if caught.value.reason == "too-large" and fault.name == "too-large":
        assert counts == {}, "beyond the limit nothing is done"
        return
    assert operations(counts) == EVERY_FAILURE


@pytest.mark.clause("fortis:launch.same-work")
def test_too_many_parameters_within_the_size_limit_are_the_same_work_too():
    counts: Counter[str] = Counter()
    target = "/fortis/launch?data=x" + "&a=1" * 201
    with pytest.raises(Refused) as caught:
        signing.verify_launch(
            target, mode="encrypted", secret=demo.SECRET, now=NOW, readings=counting(counts)
        )
    assert caught.value.reason == "too-large"
    assert operations(counts) == EVERY_FAILURE


@pytest.mark.clause("fortis:launch.same-work")
@pytest.mark.parametrize(("length", "work"), [(8_192, EVERY_FAILURE), (8_193, {})])
def test_without_data_the_work_is_the_same_up_to_the_longest_query_and_none_beyond_it(length, work):
    counts: Counter[str] = Counter()
    with pytest.raises(Refused):
        signing.verify_launch(
            "/fortis/launch?" + "x" * length,
            mode="encrypted",
            secret=demo.SECRET,
            now=NOW,
            readings=counting(counts),
        )
    assert operations(counts) == work


OK = f'{{"location_id":"{LOCATION}","user_id":"7"}}'
PLAINTEXTS = [
    "7", "true", '"x"', "{}", f"[{OK}]", "{1:2}", "", " " * 31, "\0" * 16, "\ufeff" + OK, OK + " x", OK[:-1] + ',"x":NaN}',
    OK[:-1] + ',"x":1e999}', OK[:-1] + r',"x":"\ud800"}', OK[:-1] + ',"x":{"a":1,"a":2}}', OK[:-1] + ',"x":"\n"}',
    '{"x":' + "[" * 1_500 + "]" * 1_500 + "}", '{"x":' + "9" * 5_000 + "}", OK.replace(f'"{LOCATION}"', "null"),
    OK.replace(LOCATION, "x"), OK.replace(LOCATION, "a" * 3_000), OK.replace('"7"', "[]"), OK.replace("user", "User"),
]  # fmt: skip
QUERIES = [
    "", "?", "?data", "?data=", "?data=%zz", "?data=%ff", "?data=é", "?data=A;b", "?data=" + "A" * 8_184,
    "?data=LV8tXw%3D%3D", "?location_id=1&timestamp=2&hmac=3", "#data=1", "?data=U2FsdGVkXw%3D%3D",
]  # fmt: skip


@pytest.mark.clause("fortis:launch.same-work")
@pytest.mark.parametrize(
    "sent", [*PLAINTEXTS, *(text.encode("utf-16") for text in [OK]), *map(bytes, [[255]])]
)
def test_every_plaintext_that_is_no_launch_is_the_same_work(sent):
    text = sent.encode() if isinstance(sent, str) else sent
    assert work_of(f"?data={quote(signing_data(text), safe='')}") == EVERY_FAILURE


@pytest.mark.clause("fortis:launch.same-work")
@pytest.mark.parametrize("query", QUERIES)
def test_every_address_that_is_no_launch_is_the_same_work(query):
    assert work_of(query) == EVERY_FAILURE


def work_of(query: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    with pytest.raises(Refused):
        signing.verify_launch(
            f"/fortis/launch{query}", mode="encrypted", secret="your key", now=NOW, readings=counting(counts)
        )
    return operations(counts)


@pytest.mark.clause("fortis:launch.same-work")
def test_the_operations_of_a_failure_are_on_texts_of_one_length():
    """The three last are what a padding oracle tells apart: bad padding, good padding before garbage, and before text."""
    for size in (32, 48, 240, 4_800):
        good = signing_data(b" " * (size - 1))
        garbage, text = (signing_data(first + bytes(size - 2)) for first in (b"\xff", b"x"))
        padding = b64encode(b64decode(good)[:-17] + b"!" + b64decode(good)[-16:]).decode()
        for data in (good[:-1], "!" + good[1:], "A" + good[1:], padding, garbage, text):
            counts: Counter[str] = Counter()
            with pytest.raises(Refused):
                signing.decrypt_parameters(data, secret="your key", readings=counting(counts))
            assert operations(counts) == EVERY_FAILURE
            assert counts["decrypt bytes"] == pytest.approx(size, abs=16)
            assert counts["unpad bytes"] == pytest.approx(2 * size, abs=32)
            assert counts["parse bytes"] == pytest.approx(3 * size, abs=64)


@pytest.mark.clause("fortis:launch.same-work")
def test_a_refusal_is_freed_when_nobody_holds_it_any_more():
    """Kept in a circle it was freed later, so that one with more to free took less time: AUC 0.58 between two failures."""
    good = signing_data(b"x" * 31)
    padding = b64encode(b64decode(good)[:-17] + b"!" + b64decode(good)[-16:]).decode()
    gc.disable()
    try:
        for data in (good, padding, signing_data(b"\xff" * 31), signing_data(b"{}")):
            with pytest.raises(Refused) as caught:
                signing.decrypt_parameters(data, secret="your key")
            freed = weakref.ref(caught.value)
            del caught
            assert freed() is None
    finally:
        gc.enable()


@pytest.mark.clause("fortis:launch.same-work")
@pytest.mark.parametrize("first", [b"x", b"\xff", b""], ids=["no JSON", "no text", "bad padding"])
def test_every_failure_takes_a_time_more_that_key_and_text_choose(first, monkeypatch):
    """The smallest rest of a difference between failures drowns in it; the same text again learns nothing new."""
    rounds: list[int] = []
    monkeypatch.setattr(encryption, "pbkdf2_hmac", lambda *given: rounds.append(given[-1]))
    texts = [
        signing_data(first + bytes([n]) * 30) if first else b64encode(b"Salted__" + bytes([n]) * 40).decode()
        for n in range(128)
    ]
    for secret in ("your key", "your key", "another key"):
        for data in texts:
            with pytest.raises(Refused):
                encryption.decrypt_parameters(data, secret=secret)
    once, again, other = rounds[:128], rounds[128:256], rounds[256:]
    assert once == again != other
    for chosen in (once, other):
        assert min(chosen) <= 32
        assert max(chosen) > 224
        assert len(set(chosen)) > 80, "as of 128 throws of a die with 256 sides, 100.9 on average"


@pytest.mark.clause("fortis:launch.same-work")
@pytest.mark.parametrize("size", [32, 240])
def test_no_dummy_is_one_that_whoever_sends_a_launch_can_choose(size):
    """A dummy that he knew would take another time than garbage that nobody knows."""
    read: list[bytes] = []
    parse = rules.ADOPTED.parse
    stages = {"parse": lambda text: read.append(text) or parse(text)}
    for first in (b"\xff", b"\xfe"):
        with pytest.raises(Refused):
            signing.decrypt_parameters(
                signing_data(first + bytes(size - 2)), secret="your key", readings=stages
            )
    assert len(set(read)) == len(read) - 1, "the text that passes is the same, as it says nothing"


def signing_data(text: bytes) -> str:
    from handshakes.fortis.encryption import sealed

    return sealed(text, secret="your key", salt=bytes(8))


@pytest.mark.clause("fortis:launch.same-work")
def test_while_a_secret_is_changed_every_failure_tries_both(monkeypatch):
    world = opened(previous_secret="previous-app-secret")
    tried = []
    verify = App.verify
    monkeypatch.setattr(
        App, "verify", lambda self, target, secret: tried.append(secret) or verify(self, target, secret)
    )
    for fault in ("flipped-padding", "wrong-header", "no-data", "duplicate-json-key"):
        tried.clear()
        world.launch(fault=fault)
        assert tried == [demo.SECRET, "previous-app-secret"]


# --- secrets ------------------------------------------------------------------------------------------


@pytest.mark.clause("fortis:secret.rotation")
@pytest.mark.parametrize("mode", MODES)
def test_the_previous_secret_holds_beside_the_current_one(mode):
    world = opened(mode=mode, secret="another-app-secret", previous_secret=demo.SECRET)
    world.partner.configuration = replace(world.partner.configuration, previous_secret="")
    assert world.launch().response.status == 403
    expected = "decryption-failed" if mode == "encrypted" else "signature-mismatch"
    assert world.reasons() == [expected]


@pytest.mark.clause("fortis:secret.empty")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("secret", "reason"), [("", "empty-secret"), (7, "wrong-type"), ("\ud800", "malformed")]
)
def test_without_a_secret_there_is_no_app(mode, secret, reason):
    """Whatever the previous secret is: an app that is configured like that does not start."""
    with pytest.raises(Refused) as refused:
        Configuration(mode, secret, demo.POSTBACK_KEY, previous_secret=demo.SECRET)
    clause = "fortis:secret.bytes" if secret else "fortis:secret.empty"
    assert (refused.value.reason, refused.value.clause) == (reason, clause)


@pytest.mark.clause("fortis:postback.key")
def test_without_a_key_for_postbacks_there_is_no_app():
    with pytest.raises(Refused) as refused:
        Configuration("plain", demo.SECRET, "")
    assert (refused.value.reason, refused.value.clause) == ("empty-secret", "fortis:postback.key")


@pytest.mark.clause("fortis:postback.key", "fortis:oauth.state", "fortis:identity.mismatch")
def test_secrets_are_compared_in_constant_time(monkeypatch):
    compared = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or compare(a, b))
    world = sides()
    target = f"/fortis/location?location_id={LOCATION}&key=x"
    assert post(world, target).status == 401
    assert compared == [(b"x", demo.POSTBACK_KEY.encode())]
    compared.clear()
    world.unheard()
    assert world.consent(fault="state-changed").response.status == 403
    assert [len(a) for a, _ in compared if type(a) is bytes and len(a) == 32], "the state"


# --- registrations --------------------------------------------------------------------------------------


@pytest.mark.clause("fortis:postback.required")
@pytest.mark.parametrize("user_id", ["%7B%7Buser.id%7D%7D", "x" * 65, "a%0Ab"])
def test_what_is_no_user_id_registers_nobody(user_id):
    world = sides()
    target = f"/fortis/user?location_id={LOCATION}&key={demo.POSTBACK_KEY}&user_id={user_id}"
    assert post(world, target).status == 400
    assert world.everything() == {}


@pytest.mark.clause("fortis:postback.claimed")
def test_a_registration_is_claimed_until_a_launch_was_confirmed():
    world = sides()
    world.register()
    world.register(user=USER)
    assert (world.kept().state, world.kept(user=USER).state) == ("pending", "pending")
    assert not world.launch(fault="no-token").response.ok
    assert world.launch().held
    assert (world.kept().state, world.kept(user=USER).state) == ("active", "active")
    world.register()
    assert world.kept().state == "active", "a repeat takes nothing back"
    assert world.launch(fault="no-token").response.ok


def test_the_key_of_a_new_row_is_as_long_as_the_digest_that_it_makes():
    """RFC 2104, section 3: a shorter key would weaken the MAC, a longer one would not strengthen it much."""
    asked = []
    world = sides()
    random = world.partner.random
    world.partner.random = lambda size: asked.append(size) or random(size)
    world.register()
    assert hashlib.sha256().digest_size in asked
    assert len(world.kept().credentials["session_key"]) == 2 * hashlib.sha256().digest_size


@pytest.mark.parametrize("kind", ["contact", "location"])
def test_one_record_stands_under_its_singular_name(kind):
    """Fact sheet, 3.4: `GET /v2/contacts/{contact_id}` answers `{"contact":{...}}`."""
    api = sides().partner.api
    step = getattr(api, kind)("a/b", api.with_access("token"))
    request = next(step)
    assert (request.method, request.target) == ("GET", f"/v2/{kind}s/a%2Fb")
    with pytest.raises(StopIteration) as ended:
        step.send(json_response({kind: {"id": "a/b"}, "other": {}}))
    assert ended.value.value == {"id": "a/b"}


@pytest.mark.parametrize(
    ("kind", "values", "reason", "evidence"),
    [
        ("location", {}, "missing-parameter", {"name": "location_id", "found": "none"}),
        ("user", {"location_id": LOCATION, "key": "k"}, "missing-parameter", {"name": "user_id", "found": "location_id, key"}),
        ("user", {"location_id": LOCATION, "user_id": ""}, "missing-parameter", {"name": "user_id"}),
        ("location", {"location_id": "{{location.id}}"}, "malformed", {"name": "location_id", "found": "a placeholder that nothing filled"}),
    ],
)  # fmt: skip
def test_a_postback_without_its_ids_is_told_with_the_one_that_is_missing(kind, values, reason, evidence):
    with pytest.raises(Refused) as refused:
        sides().partner.check_ids(values, kind)
    assert (refused.value.reason, refused.value.clause) == (reason, "fortis:postback.required")
    assert refused.value.evidence == evidence


def test_a_repeat_saves_nothing():
    world = opened()
    before = world.everything()
    world.register()
    world.register(user=USER)
    assert world.everything() == before


@pytest.mark.clause("fortis:postback.order")
def test_a_confirmed_launch_repairs_a_lost_registration_and_a_late_removal():
    world = opened()
    world.unregister()
    assert world.unheard().launch().held
    assert (world.kept().state, world.kept(user=USER).state) == ("active", "active")


@pytest.mark.clause("fortis:launch.registered")
@pytest.mark.parametrize("mode", MODES)
def test_where_the_policy_says_so_only_what_a_postback_registered_opens(mode):
    world = sides(mode=mode, unregistered="refuse").unheard()
    assert world.launch().response.status == 403
    world.register()
    assert world.launch().response.status == 403, "the user is not registered"
    world.register(user=USER)
    assert world.launch().held
    world.unregister(user=USER)
    assert world.unheard().launch().response.status == 403
    assert set(world.reasons()) == {"unknown-installation"}


@pytest.mark.clause("fortis:launch.registered")
@pytest.mark.parametrize("whole", [False, True], ids=["user", "location"])
def test_a_removal_while_the_api_is_asked_is_not_undone_where_the_policy_is_to_refuse(whole):
    world = sides(unregistered="refuse")
    world.register()
    world.register(user=USER)
    step = world.partner.launch(Request("GET", APP, target_of(world)))
    next(step)
    world.unregister(user="" if whole else USER)
    before = world.everything()
    with pytest.raises(StopIteration) as ended:
        step.send(json_response({"user": {"id": USER}}))
    assert ended.value.value.status == 403
    assert world.reasons() == ["unknown-installation"]
    assert world.everything() == before


@pytest.mark.clause("fortis:launch.registered")
def test_a_plain_launch_that_names_nobody_registers_nobody_where_the_policy_is_to_refuse():
    """`user_id` is not signed, so whoever holds the address can leave it out."""
    world = sides(mode="plain", unregistered="refuse").unheard()
    world.register()
    before = world.everything()
    assert get(world, re.sub("&user_id=[^&]*", "", target_of(world))).status == 403
    assert world.reasons() == ["unknown-installation"]
    assert world.everything() == before


@pytest.mark.clause("fortis:location.removes-users")
def test_removing_a_location_ends_the_sessions_of_its_users():
    world = opened()
    assert world.revisit().ok
    world.unregister()
    assert world.revisit().status == 403
    assert [one.state for one in world.everything().values()] == ["removed"] * len(world.everything())
    assert not any(one.credentials for one in world.everything().values())
    assert world.unheard().launch().held
    assert world.revisit().ok


def test_a_session_of_before_a_removal_stays_over_after_a_new_registration():
    world = opened()
    session = world.platform.sessions[LOCATION, USER]
    world.unregister(user=USER)
    world.register(user=USER)
    assert get(world, "/fortis/app", session[1]).status == 403


@pytest.mark.clause("fortis:postback.other-methods")
def test_other_methods_are_405():
    world = sides()
    for target in ("/fortis/location", "/fortis/user", "/fortis/oauth/start"):
        for method in ("PUT", "PATCH", "GET", "HEAD"):
            response = post(world, target, method)
            assert response.status == 405 and response.header("allow")
    assert {told.clause for _, told in world.reports} == {"fortis:postback.other-methods"}
    assert post(world, "/fortis/launch", "POST").status == 405
    assert post(world, "/fortis/nowhere").status == 404


@pytest.mark.clause("fortis:setup.postback-urls")
def test_nothing_of_a_postback_is_looked_at_but_its_parameters():
    world = sides()
    target = f"/fortis/location?location_id={LOCATION}&key={demo.POSTBACK_KEY}"
    headers = (("x-forwarded-for", "203.0.113.9"), ("authorization", "Basic eDp5"))
    assert world.network.exchange("Fortis", Request("POST", APP, target, headers)).status == 204
    assert (
        world.partner.location_setup_url().partition("?")[0]
        != world.partner.user_setup_url().partition("?")[0]
    )


class Racing(MemoryStore):
    """A store in which somebody else was quicker, now and then."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def save(self, installation):
        if self.times:
            self.times -= 1
            raise Conflict(installation.identity)
        return super().save(installation)


def test_who_is_overtaken_tries_again_and_gives_up_cleanly():
    world = sides(Racing(4))
    assert world.register().held
    world = sides(Racing(10**6))
    assert world.register().response.status == 503
    assert world.reasons() == ["store-locked"]
    assert world.unheard().launch().response.status == 403


# --- sessions -------------------------------------------------------------------------------------------


def session_of(world) -> str:
    return world.platform.sessions[LOCATION, USER][1]


@pytest.mark.clause("fortis:launch.cookie", "fortis:launch.clean-url", "fortis:launch.embedding")
@pytest.mark.parametrize("mode", MODES)
def test_a_launch_leads_to_a_clean_address_with_a_cookie_for_a_frame(mode):
    world = opened(mode=mode)
    world.clock.advance(1)
    response = get(world, target_of(world))
    assert (response.status, response.header("location")) == (303, f"{APP}/fortis/app")
    assert response.header("referrer-policy") == "no-referrer"
    assert response.header("cache-control") == "no-store"
    cookie = response.header("set-cookie")
    assert cookie.endswith("; Path=/fortis; HttpOnly; Secure; SameSite=None; Partitioned")
    page = get(world, "/fortis/app", cookie.partition(";")[0])
    policy = page.header("content-security-policy").split("; ")
    assert f"frame-ancestors {UI}" in policy
    assert f"form-action 'self' {API}" in policy, "the form leads on to where the user consents"
    assert len(cookie) < 1_000


@pytest.mark.clause("fortis:launch.once")
@pytest.mark.parametrize("mode", MODES)
def test_a_launch_is_taken_once_but_its_own_session_may_load_it_again(mode):
    world = opened(mode=mode)
    world.clock.advance(1)
    target = target_of(world)
    cookie = get(world, target).header("set-cookie").partition(";")[0]
    calls = world.platform.calls
    assert get(world, target, cookie).status == 303
    assert world.platform.calls == calls, "nobody is asked again"
    assert get(world, target).status == 403
    assert get(world, target, session_of(world)).status == 403, "another session of the same user"
    assert world.reasons() == ["replayed", "replayed"]


@pytest.mark.clause("fortis:launch.once")
@pytest.mark.parametrize(
    "respelled",
    [
        lambda target: target + "&",
        lambda target: target + "&&&",
        lambda target: target.replace("?", "?&", 1),
        lambda target: target + "&x=1",
        lambda target: target.replace("location_id=", "location%5Fid=", 1),
        lambda target: target.replace("timestamp=1", "timestamp=%31", 1),
        lambda target: "?".join(
            [target.partition("?")[0], "&".join(reversed(target.partition("?")[2].split("&")))]
        ),
        lambda target: target + "#again",
        # what nothing proves makes no other launch of it either (S07, S08)
        lambda target: target.replace("&contact_id=", "", 1),
        lambda target: target.replace("&contact_id=", "&contact_id=11e66c8a943ff4b2bf1b9999", 1),
        lambda target: target.replace("&contact_id=", "&contact_id=%7B%7Bcontact-id%7D%7D", 1),
        lambda target: target.replace("&contact_api_id=", "&contact_api_id=1", 1),
        lambda target: target + "&user-id=another",
        lambda target: target + "&contact-id=1",
        lambda target: target.replace(quote(API, safe=""), quote(API + "/", safe="")),
        lambda target: target.replace(quote(API, safe=""), quote(API + "/v2", safe="")),
        lambda target: target.replace(quote(API, safe=""), ""),
        lambda target: target.replace(quote(API, safe=""), API),
        lambda target: target.replace(f"&user_id={USER}", ""),
        lambda target: target.replace(USER, "%7B%7Buser-id%7D%7D"),
        lambda target: target.replace("/fortis/launch?", "/fortis/launch?lang=en&", 1),
    ],
)
def test_a_plain_launch_that_is_spelled_in_another_way_is_the_same_launch(respelled):
    world = opened(mode="plain")
    world.clock.advance(1)
    target = target_of(world)
    assert respelled(target) != target
    assert get(world, target).status == 303
    assert get(world, respelled(target)).status == 403
    assert world.reasons()[0] in ("replayed", "malformed")


@pytest.mark.clause("fortis:launch.once", "fortis:identity.without-token")
def test_a_plain_launch_without_its_token_is_one_launch_whatever_user_it_names():
    """Whoever takes the token out may open for the location once, not once for each name that he makes up."""
    world = opened(mode="plain")
    world.clock.advance(1)
    target = target_of(world)
    stripped = re.sub("(access-token=)[^&]*", r"\1", target)
    assert stripped != target
    assert get(world, target).status == 303
    assert get(world, stripped).status == 303, "no user is known, so it is not the launch of one"
    for name in (USER, OTHER_USER, "x", "", "%7B%7Buser-id%7D%7D"):
        assert get(world, stripped.replace(USER, name)).status == 403
    assert world.reasons() == ["replayed"] * 5


@pytest.mark.clause("fortis:launch.once")
@pytest.mark.parametrize(
    "respelled",
    [
        lambda target: target + "&",
        lambda target: target.replace("?", "?&&", 1),
        lambda target: target + "&x=1&timestamp=1&hmac=0",
        lambda target: target.replace("data=", "%64ata=", 1),
        lambda target: target.replace("data=U", "data=%55", 1),
        lambda target: re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), target),
        lambda target: target.replace("%2F", "/").replace("%3D", "="),
        lambda target: target + "#again",
        lambda target: target.replace("/fortis/launch?", "/fortis/launch?lang=en&", 1),
        lambda target: target.replace("%2B", "%20", 1),
        lambda target: target.replace("%3D", "", 1),
    ],
)
def test_an_encrypted_launch_that_is_spelled_in_another_way_is_the_same_launch(respelled):
    world = opened()
    world.clock.advance(1)
    target = next(
        one
        for one in (target_of(world, contact_id=demo.CONTACT) for _ in range(99))
        if {"%2B", "%2F", "%3D"} <= set(re.findall("%..", one))
    )
    assert respelled(target) != target
    assert get(world, target).status == 303
    assert get(world, respelled(target)).status == 403
    assert world.reasons()[0] in ("replayed", "malformed")


@pytest.mark.clause("fortis:launch.once")
def test_a_plain_launch_is_remembered_as_long_as_it_holds():
    world = opened(mode="plain")
    world.clock.advance(1)
    target = target_of(world)
    world.clock.advance(-60)
    assert get(world, target).status == 303, "dated a minute ahead"
    world.clock.advance(360)
    assert get(world, target).status == 403
    assert world.reasons() == ["replayed"]


@pytest.mark.clause("fortis:launch.once")
@pytest.mark.parametrize(("mode", "seconds"), [("plain", 300 + 60), ("encrypted", 7_000)])
def test_a_launch_without_a_time_is_remembered_for_the_configured_seconds_another_while_it_holds(
    mode, seconds
):
    world = sides(mode=mode, remember=7_000)
    world.partner.take_once("key")
    world.clock.advance(seconds)
    with pytest.raises(Refused, match="replayed"):
        world.partner.take_once("key")
    world.clock.advance(1)
    world.partner.take_once("key")


@pytest.mark.clause("fortis:launch.once")
def test_two_users_of_a_location_may_open_in_the_same_second():
    """Their plain launches carry the same hmac, for it covers neither of them (S08)."""
    world = opened(mode="plain")
    world.clock.advance(1)
    urls = [world.platform.launch_url(TITLE, LOCATION, user) for user in (USER, OTHER_USER)]
    assert len({parse_qs(urlsplit(url).query)["hmac"][0] for url in urls}) == 1
    assert [get(world, urlsplit_target(url)).status for url in urls] == [303, 303]


def test_taking_launches_any_number_of_times_is_a_setting():
    world = opened(once="no")
    target = target_of(world)
    assert [get(world, target).status for _ in range(3)] == [303] * 3


def test_a_session_ends_and_cannot_be_made_up():
    world = opened()
    cookie = session_of(world)
    name, _, value = cookie.partition("=")
    text, until, mac = value.split(".")
    assert get(world, "/fortis/app", cookie).ok
    for wrong in (
        f"{text}.{int(until) + 1}.{mac}", f"{text}.{until}.{mac[:-1]}0", f"x{text}.{until}.{mac}", f".{until}.{mac}",
        text, "", ".", "..", "...", f"{text}.{until}.é".encode().decode("latin-1"), "a" * 9_000,
    ):  # fmt: skip
        assert get(world, "/fortis/app", f"{name}={wrong}").status == 403
    world.clock.advance(3_600)
    assert get(world, "/fortis/app", cookie).ok
    world.clock.advance(1)
    assert get(world, "/fortis/app", cookie).status == 403


def test_a_ticket_is_no_session_and_a_session_no_ticket():
    world = opened()
    page = get(world, "/fortis/app", session_of(world)).body.decode()
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)[1]
    assert get(world, "/fortis/app", f"fortis_session={ticket}").status == 403
    form = "application/x-www-form-urlencoded"
    value = session_of(world).partition("=")[2]
    assert (
        post(world, "/fortis/oauth/start", body=f"ticket={value}".encode(), content_type=form).status == 403
    )
    assert (
        post(world, "/fortis/oauth/start", body=f"ticket={ticket}".encode(), content_type=form).status == 303
    )
    assert world.reasons() == ["wrong-state"]


# --- who is believed ----------------------------------------------------------------------------------


@pytest.mark.clause(
    "fortis:identity.users-me", "fortis:token.header", "fortis:token.developer-id", "fortis:api.host"
)
@pytest.mark.parametrize("mode", MODES)
def test_the_api_says_who_it_is_and_is_asked_with_the_two_headers(mode):
    world = opened(mode=mode)
    (asked,) = [event for event in world.network.transcript.events if "/v2/users/me" in event.text]
    assert asked.text == f"GET {API}/v2/users/me"
    assert [name for name, _ in asked.headers] == ["access-token", "developer-id"]


@pytest.mark.clause("fortis:token.not-stored")
@pytest.mark.parametrize("mode", MODES)
def test_the_token_is_kept_nowhere(mode, tmp_path):
    store = open_store(tmp_path, {})
    world = opened(store, mode=mode)
    (token,) = [token for token, one in world.platform.tokens.items() if one.user_id == USER]
    kept = repr([(one.details, dict(one.credentials)) for one in world.everything().values()])
    assert token not in kept + session_of(world)
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    store.close()


def without_a_token(world) -> str:
    return re.sub("(access-token|user_id)=[^&]*", r"\1=", target_of(world))


def test_a_plain_launch_is_parsed_once(monkeypatch):
    world, parsed = opened(mode="plain"), []
    world.clock.advance(1)
    target, pairs = without_a_token(world), rules.launch.query_pairs
    monkeypatch.setattr(rules.launch, "query_pairs", lambda *given: parsed.append(given) or pairs(*given))
    assert get(world, target).status == 303
    assert len(parsed) == 1


def test_a_launch_without_a_token_reads_its_location_once(monkeypatch):
    world, asked = opened(mode="plain"), []
    world.clock.advance(1)
    get_one = MemoryStore.get
    monkeypatch.setattr(MemoryStore, "get", lambda *given: asked.append(given[2]) or get_one(*given))
    answer = get(world, without_a_token(world))
    assert (answer.status, asked) == (303, [f"location {LOCATION}"])


def test_a_location_taken_back_while_it_is_opened_without_a_token_stays_so_and_opens_nothing(monkeypatch):
    world = opened(mode="plain")
    world.clock.advance(1)
    target, first_time = without_a_token(world), MemoryStore.first_time

    def meanwhile(*given):
        assert world.unregister().held
        return first_time(*given)

    monkeypatch.setattr(MemoryStore, "first_time", meanwhile)
    answer = get(world, target)
    cookie = answer.header("set-cookie").partition(";")[0]
    kept = world.kept()
    assert (kept.state, dict(kept.credentials)) == ("removed", {})
    assert get(world, "/fortis/app", cookie).status == 403


@pytest.mark.clause("fortis:identity.without-token")
@pytest.mark.parametrize("mode", MODES)
def test_without_a_token_the_app_opens_for_the_location_or_not_at_all(mode):
    world = opened(mode=mode)
    page = world.launch(fault="no-token").response.body.decode()
    assert "Nobody is signed in" in page and 'id="oauth"' not in page and USER not in page
    assert 'id="contact"' not in page
    world = opened(mode=mode, without_token="refuse")
    assert world.launch(fault="no-token").response.status == 403
    assert world.reasons() == ["missing-parameter"]


def test_in_plain_mode_an_app_that_asks_for_no_user_id_learns_it_from_the_api():
    world = sides(mode="plain").unheard()
    app = world.platform.apps[TITLE]
    url = f"{APP}/fortis/launch?access-token={{{{access-token}}}}"
    world.platform.add_app(replace(app, iframe_url=url))
    assert f'id="user">{USER}<' in world.launch().response.body.decode()


def test_a_token_that_no_header_can_carry_is_refused_before_it_is_sent():
    world = opened()
    draft = world.platform.draft(TITLE, LOCATION, USER, token="a\r\nx: y")
    calls = world.platform.calls
    assert get(world, urlsplit_target(draft.url())).status == 403
    assert (world.reasons(), world.platform.calls) == (["malformed"], calls)


@pytest.mark.clause("fortis:identity.unavailable", "fortis:launch.failure")
def test_when_the_api_is_gone_nothing_opens_and_nothing_is_used_up():
    world = opened()
    world.clock.advance(1)
    target, before = target_of(world), world.everything()
    exchange = world.network.exchange

    def gone(sender, request):
        if request.origin == API:
            raise Unreachable("refused", API)
        return exchange(sender, request)

    world.network.exchange = gone
    assert get(world, target).status == 403
    world.network.exchange = exchange
    assert (world.reasons(), world.everything()) == (["unreachable"], before)
    assert get(world, target).status == 303, "the same launch may be tried again"


# --- access without the user ------------------------------------------------------------------------------


@pytest.mark.clause("fortis:oauth.offered", "fortis:oauth.pkce", "fortis:oauth.endpoints")
def test_access_is_kept_refreshed_and_ends_with_the_registration():
    world = opened()
    assert world.consent().held
    first = world.kept(user=USER).credentials["access_token"]
    work = lambda: world.network.run(world.partner.work(LOCATION, USER), "app")  # noqa: E731
    assert work()["id"] == LOCATION
    world.clock.advance(3_600)
    assert work()["id"] == LOCATION
    assert world.kept(user=USER).credentials["access_token"] != first
    world.unregister(user=USER)
    with pytest.raises(Refused) as caught:
        work()
    assert caught.value.reason == "unknown-installation"
    assert world.reasons() == []


@pytest.mark.clause("fortis:postback.order")
@pytest.mark.parametrize("again", [False, True], ids=["removed", "registered-again"])
def test_access_that_was_asked_for_before_a_removal_is_not_kept_after_it(again):
    world = opened()
    browser = Browser()
    page = world.network.run(browser.open(world.platform.launch_url(TITLE, LOCATION, USER)))
    response = world.network.exchange("browser", begun(page))
    state = parse_qs(urlsplit(response.header("location")).query)["state"][0]
    cookie = response.header("set-cookie").partition(";")[0]
    target = f"/fortis/oauth/callback?code=x&state={state}"
    step = world.partner.callback(Request("GET", APP, target, (("cookie", cookie),)))
    next(step)
    step.send(json_response({"access_token": "x" * 40, "refresh_token": "y" * 40, "expires_in": 3600}))
    world.unregister(user=USER)
    if again:
        world.register(user=USER)
    with pytest.raises(StopIteration) as ended:
        step.send(json_response({"user": {"id": USER}}))
    assert (ended.value.value.status, world.reasons()) == (403, ["unknown-installation"])
    assert set(world.kept(user=USER).credentials) == ({"session_key"} if again else set())


def begun(page) -> Request:
    ticket = re.search(rb'name="ticket" value="([^"]+)"', page.response.body)[1]
    form = (("content-type", "application/x-www-form-urlencoded"),)
    return Request("POST", APP, "/fortis/oauth/start", form, b"ticket=" + ticket)


@pytest.mark.clause("fortis:oauth.state", "fortis:oauth.url")
def test_a_consent_begins_from_the_apps_own_page_and_at_a_listed_address_alone():
    world = opened()
    browser = Browser()
    page = world.network.run(browser.open(world.platform.launch_url(TITLE, LOCATION, USER)))
    request = begun(page)
    for origin in ("https://attacker.example", "null"):
        foreign = replace(request, headers=(*request.headers, ("origin", origin)))
        assert world.network.exchange("browser", foreign).status == 403
    own = replace(request, headers=(*request.headers, ("origin", APP)))
    assert world.network.exchange("browser", own).status == 303
    world.partner.configuration = replace(world.partner.configuration, oauth_urls=())
    assert world.network.exchange("browser", own).status == 403, "taken off the list since"


@pytest.mark.clause("fortis:launch.cookie")
def test_a_long_contact_is_not_kept_in_the_cookie():
    world = opened()
    draft = world.platform.draft(TITLE, LOCATION, USER, token=world.platform.token_of(USER))
    response = get(world, urlsplit_target(draft.url(contact_id="x" * 3_000)))
    assert response.status == 303 and len(response.header("set-cookie")) < 1_000


def test_oauth_works_at_other_paths_when_both_sides_are_told():
    world = opened()
    paths = {"authorize_path": "/connect/auth", "token_path": "/connect/token"}
    world.platform.settings = replace(world.platform.settings, **paths)
    assert not world.consent().held
    world.partner.configuration = replace(world.partner.configuration, **paths)
    world.partner.__dict__.pop("api", None)
    assert world.consent().held


@pytest.mark.clause("fortis:oauth.state")
def test_a_state_is_used_once_even_where_the_cookie_stays():
    world = opened()
    browser = Browser()
    page = world.network.run(browser.open(world.platform.launch_url(TITLE, LOCATION, USER)))
    page = world.network.run(browser.submit(page, page.form("oauth")))
    kept = dict(browser._cookies[APP])
    page = world.network.run(browser.submit(page, page.form("allow"), {"user": USER}))
    assert page.response.ok
    browser._cookies[APP] = kept
    assert world.network.run(browser.open(page.url)).response.status == 403
    assert world.reasons() == ["replayed"]


def test_another_browser_cannot_finish_what_one_began():
    world = opened()
    browser = Browser()
    page = world.network.run(browser.open(world.platform.launch_url(TITLE, LOCATION, USER)))
    page = world.network.run(browser.submit(page, page.form("oauth")))
    query = parse_qs(urlsplit(page.url).query)
    code = world.platform.issue_code(world.platform.apps[TITLE], USER, query["code_challenge"][0])
    target = f"/fortis/oauth/callback?code={code}&state={query['state'][0]}"
    assert get(world, target).status == 403
    assert world.reasons() == ["wrong-state"]
    assert "access_token" not in world.kept(user=USER).credentials


# --- what is shown ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_no_report_shows_a_secret(mode):
    world = opened(mode=mode)
    for fault in opening_faults(mode):
        world.launch(fault=fault.name)
    told = "\n".join(
        f"{endpoint} {refused!r} {refused} {refused.explain()}" for endpoint, refused in world.reports
    )
    secrets = set(world.platform.tokens) | {session_of(world)}
    assert world.reports and not [secret for secret in secrets if secret in told]
    assert not re.search("[A-Za-z0-9+/]{80}", told), "no encrypted payload"
    assert demo.SECRET not in repr(world.partner.configuration)


def test_both_modes_of_the_story_hold_in_process():
    world = sides()
    both = Sides(world.platform, world.partner, world.reports)
    for chapter in story(both, Browser()):
        for check in world.network.run(chapter.step, chapter.sender):
            assert check.held, check.text


def test_a_location_of_another_merchant_is_another_registration():
    world = opened()
    assert world.register(OTHER_LOCATION).held
    assert {one.details["locationId"] for one in world.everything().values()} == {LOCATION, OTHER_LOCATION}
    assert world.store.get(PLATFORM, f"location {OTHER_LOCATION}").state == "pending"


@pytest.mark.clause("fortis:postback.required")
@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (None, "missing-parameter"),
        ("", "missing-parameter"),
        ("{{user.id}}", "malformed"),
        ("1" * 65, "malformed"),
        ("1\n", "malformed"),
    ],
)
def test_a_postback_without_the_id_of_its_user_is_refused(user, reason):
    values = {"location_id": LOCATION} | ({} if user is None else {"user_id": user})
    with pytest.raises(Refused) as caught:
        sides().partner.check_ids(values, "user")
    assert (caught.value.reason, caught.value.clause) == (reason, "fortis:postback.required")


UUID = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3"
"""A secret in the form of the page's sample, which is the form of an id too."""


@pytest.mark.parametrize("unregistered", ["claim", "refuse"])
@pytest.mark.parametrize(
    ("placed", "told"),
    [
        (OTHER_USER, OTHER_USER),
        ("1234567", "1234567"),
        ("", "none"),
        ("access-token", "16 characters that are no id"),
        (UUID, "36 characters that are no id"),
        ("ada@merchant.example", "20 characters that are no id"),
    ],
    ids=["another user", "a number", "nobody", "the token", "the secret", "an address"],
)
def test_what_a_launch_names_as_its_user_is_told_only_where_it_is_an_id(placed, told, unregistered):
    """In encrypted mode nothing is left out: what the app's template names by mistake is the plain mode's."""
    world = sides(mode="plain", unregistered=unregistered, previous_secret=UUID)
    world.register()
    world.register(user=USER)
    target = target_of(world)
    token = dict(parse_qsl(target.partition("?")[2]))["access-token"]
    assert len(token) == 16
    value = token if placed == "access-token" else placed
    replaced = re.sub("&user_id=[^&]*", f"&user_id={value}", target)
    status = get(world, replaced).status
    if not placed:  # a plain launch need not name anybody
        assert (status, world.reasons()) == (303, [])
        return
    ((_, refused),) = world.reports
    if unregistered == "refuse":
        assert (status, refused.reason, refused.evidence) == (403, "unknown-installation", {})
    else:
        assert (status, refused.reason) == (403, "identity-mismatch")
        assert refused.evidence == {"user_id": told, "users/me answers": USER}
    assert token not in refused.explain() and UUID not in refused.explain()


def test_a_token_of_the_form_of_an_id_is_not_told():
    """A platform's tokens may be 24 hex digits, as its ids are."""
    token, partner = "0123456789abcdef01234567", sides(mode="plain").partner
    with pytest.raises(Refused) as refused:
        partner.is_the_same(token, USER, token)
    assert refused.value.evidence == {"user_id": "24 characters that are no id", "users/me answers": USER}


@pytest.mark.parametrize("name", ["secret", "previous_secret", "postback_key", "client_secret"])
def test_no_secret_of_ours_is_told_as_a_user(name):
    partner = sides(mode="plain").partner
    with pytest.raises(Refused) as refused:
        partner.is_the_same(UUID, USER)
    assert refused.value.evidence["user_id"] == UUID, "else the next lines prove nothing"
    partner.configuration = replace(partner.configuration, **{name: UUID})
    with pytest.raises(Refused) as refused:
        partner.is_the_same(UUID, USER)
    assert refused.value.evidence["user_id"] == "36 characters that are no id"


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        ("123456789012", "123456789012"),
        ("1234567890123", "13 characters that are no id"),
        ("a" * 24, "a" * 24),
        ("a" * 23, "23 characters that are no id"),
        ("a" * 37, "37 characters that are no id"),
    ],
)
def test_an_id_of_a_user_has_24_to_36_hex_digits_or_is_a_number(claimed, told):
    with pytest.raises(Refused) as refused:
        sides().partner.is_the_same(claimed, USER)
    assert refused.value.evidence["user_id"] == told


@pytest.mark.parametrize("user_id", [USER, "7", "XX"])
def test_who_names_nobody_is_somebody_in_plain_mode_alone(user_id):
    """fortis:identity.mismatch: an encrypted launch always names its user; a plain one may name none."""
    sides(mode="plain").partner.is_the_same("", user_id)
    with pytest.raises(Refused) as refused:
        sides(mode="encrypted").partner.is_the_same("", user_id)
    assert refused.value.evidence == {"user_id": "none", "users/me answers": user_id}


@pytest.mark.parametrize("token", ["", "x" * 1_025, "a b", "a\n", "a\x7f", "é"])
def test_a_token_that_no_header_can_carry_is_told_without_it(token):
    """RFC 9110, 5.5: visible ASCII is what every recipient takes."""
    with pytest.raises(Refused) as refused:
        sendable(token)
    assert (refused.value.reason, refused.value.clause) == ("malformed", "fortis:token.header")
    for right in ("".join(map(chr, range(0x21, 0x7F))), "a" * 1_024):
        assert sendable(right) == right
    assert refused.value.evidence == {"token": "holds what no header can carry"}
    assert sendable("!" + "~" * 1_023) == "!" + "~" * 1_023


@pytest.mark.parametrize(
    ("values", "reason", "evidence"),
    [
        ({}, "missing-parameter", {"name": "key", "found": "none"}),
        ({"Key": "k", "user_id": "u"}, "missing-parameter", {"name": "key", "found": "Key, user_id"}),
        ({"key": ""}, "missing-parameter", {"name": "key"}),
        ({"key": "another"}, "wrong-key", {}),
    ],
)
def test_a_postback_without_the_key_is_told_with_what_is_missing(values, reason, evidence):
    with pytest.raises(Refused) as refused:
        sides().partner.check_key(values)
    assert (refused.value.reason, refused.value.clause) == (reason, "fortis:postback.key")
    assert refused.value.evidence == evidence


def test_a_state_is_this_browsers_and_is_used_once():
    partner = sides().partner

    def said(sent: str, kept: str) -> tuple[str, str, dict]:
        with pytest.raises(Refused) as refused:
            partner.check_state(sent, kept)
        return refused.value.reason, refused.value.clause, dict(refused.value.evidence)

    assert said("", "a") == ("wrong-state", "fortis:oauth.state", {"state": "is missing"})
    assert said("b", "a") == ("wrong-state", "fortis:oauth.state", {"state": "is not this browser's"})
    partner.check_state("a", "a")
    assert said("a", "a") == ("replayed", "fortis:oauth.state", {"state": "was used before"})
    partner.check_state("b", "b")


@pytest.mark.parametrize(("contact", "kept"), [("c" * 36, "c" * 36), ("c" * 37, ""), ("", "")])
def test_a_contact_of_the_length_of_a_uuid_is_kept_in_the_session_and_no_longer_one(contact, kept):
    """RFC 9562, 4: a UUID is written in 36 characters."""
    world = opened()
    draft = world.platform.draft(TITLE, LOCATION, USER, token=world.platform.token_of(USER))
    response = get(world, urlsplit_target(draft.url(contact_id=contact)))
    assert values_of(response.header("set-cookie"))["contact"] == kept


def values_of(cookie: str) -> dict[str, str]:
    """Return what stands in a cookie of the app's; nothing in it is hidden."""
    encoded = cookie.partition(";")[0].partition("=")[2].partition(".")[0]
    return json.loads(b64decode(encoded, b"-_"))


def test_what_is_random_is_as_long_as_it_has_to_be():
    """RFC 6749, 10.10: 128 bits; RFC 7636, 4.1: a verifier of 32 bytes, in 43 to 128 characters."""
    world = opened()
    session = values_of(session_of(world))
    page = get(world, "/fortis/app", session_of(world)).body.decode()
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)[1]
    form = {"body": f"ticket={ticket}".encode(), "content_type": "application/x-www-form-urlencoded"}
    begun = values_of(post(world, "/fortis/oauth/start", **form).header("set-cookie"))
    lengths = {"session": 24, "nonce": 32, "state": 32, "verifier": 64}
    found = {
        "session": session["session"],
        "nonce": session["nonce"],
        "state": begun["state"],
        "verifier": begun["verifier"],
    }
    assert {name: len(bytes.fromhex(text)) * 2 for name, text in found.items()} == lengths


@pytest.mark.parametrize("token", ["é", "a b", "a\r\nx: y", "a" * 1_025])
def test_a_token_that_no_header_can_carry_is_refused_and_nobody_is_asked(token):
    """RFC 9110, 5.5; the reason stays that of the token, not of an answer."""
    step = sides().partner.asked(token)
    with pytest.raises(Refused) as refused:
        next(step)
    assert (refused.value.reason, refused.value.clause) == ("malformed", "fortis:token.header")


def test_a_store_that_cannot_be_asked_says_nothing_of_what_a_browser_brings():
    def locked(session_id: str) -> None:
        raise StoreError("store-locked", "the database is locked")

    with pytest.raises(StoreError):
        unsealed(sealed_value({"session": "1"}, NOW, "key"), NOW, locked)
    assert unsealed(sealed_value({"session": "1"}, NOW, "key"), NOW, lambda id: None) is None


@pytest.mark.parametrize(("name", "path"), [("location", "/v2/locations/"), ("contact", "/v2/contacts/")])
def test_a_slash_in_an_id_ends_no_part_of_a_path(name, path):
    """RFC 3986, 3.3."""
    step = getattr(sides().partner.api, name)("a/b", ())
    assert next(step).target == path + "a%2Fb"
    with pytest.raises(Refused) as refused:
        step.send(json_response({}))
    assert (refused.value.reason, refused.value.clause) == ("unexpected-answer", "fortis:api.records")


def test_an_app_that_is_not_configured_in_full_and_what_nobody_gave_access_to_name_their_clauses(monkeypatch):
    partner = sides(mode="plain").partner
    kept = Installation(PLATFORM, "x", {}, {"access_token": "a"}, "active")

    def ended(installation, clause):
        yield from ()
        raise Refused("wrong-state", clause)

    def told(call) -> str:
        with pytest.raises(Refused) as refused:
            drive(step, None) if isinstance(step := call(), Generator) else None
        return f"{refused.value.reason} {refused.value.clause}"

    assert (
        told(lambda: partner.check_ids({"location_id": "x"}, "location"))
        == "malformed fortis:postback.required"
    )
    assert told(lambda: partner.work(LOCATION, USER)) == "unknown-installation fortis:oauth.offered"
    monkeypatch.setattr(partner.store, "get", lambda platform, identity: kept)
    monkeypatch.setattr(partner, "fresh_tokens", ended)
    assert told(lambda: partner.work(LOCATION, USER)) == "wrong-state fortis:oauth.offered"


def test_each_refusal_of_a_postback_a_launch_and_a_consent_names_its_clause(monkeypatch):
    world = sides(unregistered="refuse")
    partner = world.partner
    kept = Installation(PLATFORM, "x", {"sessionId": "1"}, {}, "active")
    launch = SimpleNamespace(value=lambda name: LOCATION)
    monkeypatch.setattr(partner, "brought", lambda *given: (kept, {"state": "s"}))
    monkeypatch.setattr(partner, "check_state", lambda *given: None)
    monkeypatch.setattr(partner, "change", lambda identity, changed: None)
    calls = {
        "duplicate-parameter fortis:postback.once": lambda: partner.postback_values(
            Request("POST", APP, "/x?a=1&a=2")
        ),
        "malformed fortis:postback.once": lambda: partner.postback_values(Request("POST", APP, "/x?a=%ff")),
        "duplicate-parameter fortis:oauth.state": lambda: partner.answered(Request("GET", APP, "/x?a=1&a=2")),
        "not-allowed fortis:oauth.url": lambda: partner.listed("https://attacker.example"),
        "unexpected-answer fortis:oauth.endpoints": lambda: drive(
            partner.api.token(API, {}), lambda request: json_response("text")
        ),
        "identity-mismatch fortis:identity.mismatch": lambda: partner.is_the_same(OTHER_USER, USER),
        "missing-parameter fortis:oauth.endpoints": lambda: partner.answered(
            Request("GET", APP, "/x?state=s")
        ),
        "platform-error fortis:oauth.endpoints": lambda: partner.answered(
            Request("GET", APP, "/x?state=s&error=e")
        ),
        "unknown-installation fortis:launch.registered": lambda: partner.still_registered(launch, ""),
        "unknown-installation fortis:oauth.state": lambda: partner.keep_access(
            kept, Tokens("a", "r", 0), API
        ),
    }
    for told, call in calls.items():
        with pytest.raises(Refused) as refused:
            call()
        assert f"{refused.value.reason} {refused.value.clause}" == told
    form = (("content-type", "application/x-www-form-urlencoded"),)
    drive(partner.begin(Request("POST", APP, "/x", form, b"a=1&a=2")), None)
    assert [(step, one.reason, one.clause) for step, one in world.reports] == [
        ("oauth", "duplicate-parameter", "fortis:oauth.state")
    ]


def test_a_method_that_no_step_takes_is_told_by_its_clause():
    world = sides()
    world.network.exchange("anybody", Request("PATCH", APP, "/fortis/location"))
    assert [(one.reason, one.clause) for _, one in world.reports] == [
        ("wrong-method", "fortis:postback.other-methods")
    ]


def test_a_launch_that_names_no_address_names_none():
    assert sides().partner.oauth_url("") == ""
