"""The platform keeps its own clauses: each check looks at what it sends, and a platform that breaks one rule fails exactly that.

A broken platform is a row: the clause, and the one method that is overridden.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.core.refusals import Refused
from handshakes.fortis import demo
from handshakes.fortis.partner.configuration import API, UI
from handshakes.fortis.simulator import Fortis
from handshakes.fortis.simulator.drafts import Draft
from handshakes.fortis.simulator.drafts import postback as written
from handshakes.fortis.simulator.records import App, Token
from handshakes.fortis.simulator.resources import ApiError
from handshakes.fortis.simulator.templates import OF_LOCATIONS, OF_USERS, filled
from handshakes.spec.register import load
from tests.fortis.sides import LOCATION, MODES, NOW, OTHER_LOCATION, OTHER_USER, TITLE, USER, opened, sides

REGISTER = load("fortis")
SECRET = demo.SECRET
CONTACT = demo.CONTACT


def sent(step) -> Request:
    """The first request of a step."""
    return next(step)


def ended(step, *answers: Response):
    """Give a step these answers; return its outcome and how many requests it made."""
    requests = [next(step)]
    try:
        for answer in answers:
            requests.append(step.send(answer))
    except StopIteration as stop:
        return stop.value, len(requests)
    return None, len(requests)


def query(request: Request | str) -> dict[str, str]:
    target = request if isinstance(request, str) else request.target
    found = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
    return {name: text.replace(" ", "+") if name == "data" else text for name, text in found.items()}


def plaintext(data: str) -> dict[str, Any]:
    """Decrypt as the page's snippet does, without the package."""
    raw = base64.b64decode(data, validate=True)
    assert raw[:8] == b"Salted__"
    made = b""
    while len(made) < 48:
        made += hashlib.md5(made[-16:] + SECRET.encode() + raw[8:16]).digest()
    decryptor = Cipher(algorithms.AES(made[:32]), modes.CBC(made[32:48])).decryptor()
    padded = decryptor.update(raw[16:]) + decryptor.finalize()
    return json.loads(padded[: -padded[-1]])


def templates(world, location: str = "", user: str = "", iframe: str = ""):
    """Configure other templates."""
    app = world.platform.apps[TITLE]
    world.platform.add_app(
        replace(
            app,
            location_setup_url=location or app.location_setup_url,
            user_setup_url=user or app.user_setup_url,
            iframe_url=iframe or app.iframe_url,
        )
    )


def placed(names) -> str:
    return "https://app.example/p?fixed=a%20b&" + "&".join(
        f"x{i}={{{{{name}}}}}" for i, name in enumerate(names)
    )


def of_location(w):
    return sent(w.platform.register(TITLE, LOCATION))


def of_user(w, user=USER):
    return sent(w.platform.register(TITLE, LOCATION, user))


def launched(w, **more) -> Request:
    return sent(w.platform.launch(TITLE, LOCATION, USER, **more))


def decrypted(w, **more) -> dict[str, Any]:
    return plaintext(query(launched(w, **more))["data"])


def api(w, target: str, **headers: str) -> Response:
    request = Request("GET", API, target, tuple((k.replace("_", "-"), v) for k, v in headers.items()))
    return w.network.exchange("app", request)


def me(w, token: str) -> int:
    return api(w, "/v2/users/me", access_token=token, developer_id="d").status


# --- the checks: each is about one clause -------------------------------------------------------------


def check_placeholders(w, names, values, user=None):
    templates(w, **{"user" if user else "location": placed(names)})
    found = query(of_user(w) if user else of_location(w))
    return [found[f"x{i}"] for i in range(len(names))] == values


def check_any_2xx(w):
    answers = {
        status: ended(w.platform.register(TITLE, LOCATION), Response(status)) for status in (200, 201, 204)
    }
    moved, requests = ended(
        w.platform.register(TITLE, OTHER_LOCATION), Response(302, (("location", "https://app.example/x"),))
    )
    return all(outcome.held for outcome, _ in answers.values()) and requests == 1 and not moved.held


def check_special(w):
    user = replace(w.platform.users[USER], username="a&b=c#d+e é%25")
    w.platform.add_user(user)
    found = parse_qs(of_user(w).query, keep_blank_values=True)
    return found["username"] == [user.username] and len(found) == 6


def check_conditional(w):
    bare, viewing = decrypted(w, fault="no-token"), decrypted(w, contact_id=CONTACT)
    kept = {"access-token", "contact_id", "contact_api_id"}
    return not kept & set(bare) and kept <= set(viewing) and viewing["contact_api_id"] == "137"


def check_plain(w):
    pairs = parse_qsl(launched(w).query, keep_blank_values=True)
    (_, location), (_, time), (_, mac) = pairs[:3]
    right = hmac.new(SECRET.encode(), (location + time).encode(), "sha256").hexdigest()
    return [name for name, _ in pairs[:3]] == ["location_id", "timestamp", "hmac"] and mac == right


def check_names(w):
    templates(w, iframe="https://app.example/fortis/launch?who={{user-id}}&fixed=1")
    return [name for name, _ in parse_qsl(launched(w).query)][3:] == ["who", "fixed"]


def check_iframe_placeholders(w):
    try:
        templates(w, iframe="https://app.example/fortis/launch?who={{user.id}}")
    except Refused:
        templates(w, iframe="https://app.example/fortis/launch?a={{user-id}}&b={{contact-id}}")
        found = query(launched(w, contact_id=CONTACT))
        return (found["a"], found["b"]) == (USER, CONTACT)
    return False


def check_life(w):
    token = w.platform.log_in(USER)
    w.platform.settings = replace(w.platform.settings, sliding=False)
    w.clock.advance(899)
    before = me(w, token)
    w.clock.advance(1)
    return (before, me(w, token)) == (200, 401)


def check_sliding(w):
    token = w.platform.log_in(USER)
    statuses = []
    for seconds in (600, 600, 899):
        w.clock.advance(seconds)
        statuses.append(me(w, token))
    return statuses == [200] * 3


def check_self(w):
    answer = api(w, "/v2/users/me", access_token=w.platform.log_in(USER), developer_id="d").json()
    return answer.get("user", {}).get("id") == USER


def check_records(w):
    token = w.platform.log_in(USER)
    found = [
        api(w, f"/v2/{kind}s/{id}", access_token=token, developer_id="d").json().get(kind, {}).get("id") == id
        for kind, id in (("location", LOCATION), ("contact", CONTACT))
    ]
    return all(found)


def check_token(w):
    body = {"username": "ada", "password": "a password", "domain": UI.removeprefix("https://")}
    request = Request("POST", API, "/v2/token", (("developer-id", "d"),), json.dumps(body).encode())
    answer = w.network.exchange("app", request)
    token = answer.json().get("token", {}).get("token", "")
    ended = w.network.exchange("app", Request("DELETE", API, f"/v2/token/{token}"))
    return answer.ok and ended.status == 204 and not ended.body and me(w, token) == 401


def check_errors(w):
    token = w.platform.log_in(USER)
    w.platform.add_contact(replace(w.platform.contacts[CONTACT], id="11e6ffffffffffffffffffff", deleted=True))
    calls = {
        "/v2/locations/" + OTHER_LOCATION: 403,
        "/v2/locations/nowhere": 404,
        "/v2/contacts/11e6ffffffffffffffffffff": 409,
        "/v2/contacts/137?api_id=1": 422,
        "/v2/users/me?a=1&a=2": 400,
    }
    statuses = {target: api(w, target, access_token=token, developer_id="d").status for target in calls}
    return statuses == calls and me(w, "nobody's") == 401


def check_header_case(w):
    token = w.platform.log_in(USER)
    headers = (("Access-Token", token), ("Developer-ID", "d"))
    return w.network.exchange("app", Request("GET", API, "/v2/users/me", headers)).ok


def opens(w, user=USER, location=LOCATION) -> bool:
    """Whether the platform opens the app, by a launch and by an address alike."""
    ways = (
        lambda: next(w.platform.launch(TITLE, location, user)),
        lambda: w.platform.launch_url(TITLE, location, user),
    )
    found = set()
    for way in ways:
        try:
            found.add(bool(way()))
        except Refused as refused:
            assert (refused.reason, refused.clause) == ("unknown-installation", "fortis:launch.subscribed")
            found.add(False)
    (same,) = found
    return same


def check_subscribed(w):
    """Nobody, the location alone, the user alone, both, after a removal, and a user of another location."""
    w.platform.registered.clear()
    found = [opens(w)]
    for method, location, user in (
        ("register", LOCATION, ""), ("unregister", LOCATION, ""), ("register", LOCATION, USER),
        ("register", LOCATION, ""), ("unregister", LOCATION, USER), ("register", LOCATION, USER),
        ("unregister", LOCATION, ""), ("register", LOCATION, ""),
    ):  # fmt: skip
        ended(getattr(w.platform, method)(TITLE, location, user), Response(204))
        found.append(opens(w))
    for user in ("", USER):  # who is of the other location only
        ended(w.platform.register(TITLE, OTHER_LOCATION, user), Response(204))
    found.append(opens(w, USER, OTHER_LOCATION))
    return found == [False, False, False, False, True, False, True, False, False, False]


def check_limits(w):
    for change in ({"secret": "x" * 37}, {"iframe_url": "https://a.example/?" + "x" * 500}):
        try:
            w.platform.add_app(replace(w.platform.apps[TITLE], **change))
        except Refused:
            continue
        return False
    return True


def check_own_ids(w):
    token = w.platform.log_in(USER)
    targets = [
        f"/v2/contacts/137?api_id=1&location_id={LOCATION}",
        f"/v2/locations/harbour?api_id=1&location_id={LOCATION}",
    ]
    found = [api(w, target, access_token=token, developer_id="d").json() for target in targets]
    return [CONTACT in str(found[0]), LOCATION in str(found[1])] == [True, True]


def check_server_side(w):
    fields = f"app={TITLE.replace(' ', '+')}&location={LOCATION}&user={USER}".encode()
    headers = (("content-type", "application/x-www-form-urlencoded"), ("origin", UI))
    shown = w.network.exchange("browser", Request("POST", UI, "/simulator/open", headers, fields))
    return b"<iframe" in shown.body and SECRET.encode() not in shown.body and b"<script" not in shown.body


def check_secret(w):
    made = w.platform.add_app(App("Another app", "", "https://app.example/x"))
    other = w.platform.add_app(App("A third app", "", "https://app.example/x"))
    return 16 <= len(made.secret) <= 36 and made.secret != other.secret


def check_mode(w):
    data = "data=" in launched(w).target
    app = w.platform.apps[TITLE]
    w.platform.add_app(replace(app, encrypt_url_params=not app.encrypt_url_params))
    return data is not ("data=" in launched(w).target)


CHECKS = {
    "setup.secret": ("encrypted", check_secret),
    "setup.limits": ("encrypted", check_limits),
    "api.by-own-id": ("encrypted", check_own_ids),
    "setup.mode": ("encrypted", check_mode),
    "location.register": ("encrypted", lambda w: (of_location(w).method, of_location(w).path) == ("POST", "/fortis/location")),
    "location.unregister": ("encrypted", lambda w: same_but_delete(of_location(w), sent(w.platform.unregister(TITLE, LOCATION)))),
    "user.register": ("encrypted", lambda w: (of_user(w).method, of_user(w).path) == ("POST", "/fortis/user")),
    "user.unregister": ("encrypted", lambda w: same_but_delete(of_user(w), sent(w.platform.unregister(TITLE, LOCATION, USER)))),
    "location.placeholders": ("encrypted", lambda w: check_placeholders(w, OF_LOCATIONS, [LOCATION, "A-100", "harbour"])),
    "user.placeholders": ("encrypted", lambda w: check_placeholders(
        w, OF_USERS[:6], [LOCATION, "A-100", "harbour", USER, "ada", "ada@merchant.example"], USER)),
    "user.domain-host": ("encrypted", lambda w: check_placeholders(w, OF_USERS[6:], [UI.removeprefix("https://")], USER)),
    "postback.static": ("encrypted", lambda w: query(of_location(w))["key"] == demo.POSTBACK_KEY),
    "postback.encoding": ("encrypted", check_special),
    "postback.null": ("encrypted", lambda w: query(sent(w.platform.register(TITLE, OTHER_LOCATION)))["api_id"] == ""),
    "postback.no-body": ("encrypted", lambda w: (of_location(w).body, of_location(w).headers) == (b"", ())),
    "postback.any-2xx": ("encrypted", check_any_2xx),
    "launch.subscribed": ("encrypted", check_subscribed),
    "launch.method": ("encrypted", lambda w: launched(w).method == "GET"),
    "launch.server-side": ("encrypted", check_server_side),
    "encrypted.data": ("encrypted", lambda w: all(
        set(launched(w).target.partition("data=")[2]) <= set("%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for _ in range(8))),
    "encrypted.format": ("encrypted", lambda w: base64.b64decode(query(launched(w))["data"])[:8] == b"Salted__"),
    "encrypted.salt": ("encrypted", lambda w: len({base64.b64decode(query(launched(w))["data"])[8:16] for _ in range(4)}) == 4),
    "encrypted.members": ("encrypted", lambda w: {"location_id": LOCATION, "user_id": USER, "user_oauth_url": API}.items()
                          <= decrypted(w).items()),
    "encrypted.conditional": ("encrypted", check_conditional),
    "plain.parameters": ("plain", check_plain),
    "plain.names": ("plain", check_names),
    "plain.placeholders": ("plain", check_iframe_placeholders),
    "token.life": ("encrypted", check_life),
    "token.sliding": ("encrypted", check_sliding),
    "api.self": ("encrypted", check_self),
    "api.records": ("encrypted", check_records),
    "api.token": ("encrypted", check_token),
    "api.errors": ("encrypted", check_errors),
    "api.header-case": ("encrypted", check_header_case),
}  # fmt: skip


def same_but_delete(post: Request, delete: Request) -> bool:
    return delete.method == "DELETE" and delete.target == post.target


def failing(kind: type[Fortis]) -> set[str]:
    """Which checks a platform fails."""
    found = set()
    for clause, (mode, check) in CHECKS.items():
        world = sides(mode=mode).unheard()
        world.platform.__class__ = kind
        try:
            held = check(world)
        except (AttributeError, KeyError, ValueError, AssertionError, LookupError):
            held = False
        found |= set() if held else {clause}
    return found


# --- broken platforms -----------------------------------------------------------------------------------


def writing(change):
    """Change each postback that is written."""

    def override(self, method, template, settings, location, user):
        return change(written(method, template, settings, location, user), user)

    return {"written": override}


def method_of(old: str, new: str, kind: str):
    return writing(
        lambda r, user: replace(r, method=new) if (r.method, bool(user)) == (old, kind == "user") else r
    )


def filling(change):
    """Fill templates with other values."""

    def override(self, method, template, settings, location, user):
        location, user, settings = change(location, user, settings)
        return written(method, template, settings, location, user)

    return {"written": override}


def domain_with_scheme(location, user, settings):
    if user:
        user = replace(user, domain=replace(user.domain, url="https://" + user.domain.url))
    return location, user, settings


def nulls_as_words(location, user, settings):
    return replace(location, location_api_id=location.location_api_id or "null"), user, settings


def account_number_elsewhere(location, user, settings):
    return (location if user else replace(location, account_number="?")), user, settings


def user_name_elsewhere(location, user, settings):
    return location, (replace(user, email="?") if user else user), settings


def unencoded(self, method, template, settings, location, user):
    return written(method, template, replace(settings, raw=True), location, user)


def drafting(**overrides: Any):
    return {"kind_of_draft": type("BrokenDraft", (Draft,), overrides)}


def redirects_followed(self, method, title, location_id, user_id, fault):
    outcome = yield from Fortis._postback(self, method, title, location_id, user_id, fault)
    if outcome.response is not None and outcome.response.status == 302:
        yield Request(method, "https://app.example", "/x")
    return outcome


def wrapped_otherwise(self, request, query):
    answer = Fortis._answered(self, request, query)
    return {"data": answer["user"]} if "user" in answer else answer


def records_bare(self, request, query):
    answer = Fortis._answered(self, request, query)
    return answer.get("location") or answer.get("contact") or answer


def never_ends(self, user_id):
    token = self.random(8).hex()
    self.tokens[token] = Token(user_id, self.clock() + 3600)
    return token


class NotSliding(Fortis):
    """Ends each token 15 minutes after the log-in."""

    def _user(self, request, query):
        before = {token: one.expires_at for token, one in self.tokens.items()}
        user = Fortis._user(self, request, query)
        for token, expires_at in before.items():
            self.tokens[token].expires_at = expires_at
        return user


def no_log_in(self, request):
    raise ApiError(404, {"message": "Not Found"})


def not_found_for_all(self, name, query, user):
    try:
        return Fortis._location(self, name, query, user)
    except ApiError:
        raise ApiError(404, {"message": "Not Found"}) from None


def secret_shown(self, request):
    if request.path == "/simulator/open":
        return Response(200, (("content-type", "text/html"),), f"<iframe></iframe>{SECRET}".encode())
    return (yield from Fortis.handle(self, request))


def registered_is_enough(self, title, location_id, user_id):
    if (title, location_id, user_id) not in self.registered:
        Fortis.subscribed(self, title, location_id, user_id)


class RemovedForGood(Fortis):
    """Opens nothing for a user who was removed once, also when registered again."""

    gone: frozenset[str] = frozenset()

    def unregister(self, title, location_id, user_id=""):
        self.gone |= {user_id}
        return Fortis.unregister(self, title, location_id, user_id)

    def subscribed(self, title, location_id, user_id):
        if user_id in self.gone:
            raise Refused("unknown-installation", "fortis:launch.subscribed")
        Fortis.subscribed(self, title, location_id, user_id)


def who_is_removed_goes_on(self, title, location_id, user_id="", gone=Fortis.unregister):
    before = set(self.registered)
    outcome = yield from gone(self, title, location_id, user_id)
    self.registered |= before
    return outcome


def by_id_alone(self, name, query, user):
    if query.get("location_id"):
        query = {}
    return Fortis._contact(self, name, query, user)


def without_limits(self, app):
    try:
        return Fortis.add_app(self, app)
    except Refused as refused:
        if refused.reason != "too-large":
            raise
        return app


BROKEN: list[tuple[str, dict[str, Any] | type[Fortis]]] = [
    ("setup.secret", {"add_app": lambda self, app: self.apps.setdefault(app.title, app) and Fortis.add_app(
        self, replace(app, secret=app.secret or "everybody's secret"))}),
    ("location.register", method_of("POST", "PUT", "location")),
    ("location.unregister", method_of("DELETE", "POST", "location")),
    ("user.register", method_of("POST", "PUT", "user")),
    ("user.unregister", method_of("DELETE", "POST", "user")),
    ("location.placeholders", filling(account_number_elsewhere)),
    ("user.placeholders", filling(user_name_elsewhere)),
    ("user.domain-host", filling(domain_with_scheme)),
    ("postback.static", writing(lambda r, user: replace(r, target=r.target.replace("example-postback-key", "")))),
    ("postback.encoding", {"written": unencoded}),
    ("postback.null", filling(nulls_as_words)),
    ("postback.no-body", writing(lambda r, user: replace(r, body=b"type=CREATE"))),
    ("postback.any-2xx", {"_postback": redirects_followed}),
    ("launch.subscribed", {"subscribed": lambda self, title, location_id, user_id: None}),
    ("launch.subscribed", {"unregister": who_is_removed_goes_on}),
    ("launch.subscribed", {"subscribed": registered_is_enough}),
    ("launch.subscribed", RemovedForGood),
    ("launch.server-side", {"handle": secret_shown}),
    ("encrypted.data", drafting(with_data=lambda self, data, *, escaped=True: Draft.with_data(self, data, escaped=False))),
    ("encrypted.members", drafting(values=lambda self, **changed: Draft.values(self, **{"user_oauth_url": None, **changed}))),
    ("encrypted.conditional", drafting(values=lambda self, **changed: Draft.values(
        self, **({} if self.contact else {"contact_id": "none"}), **changed))),
    ("setup.limits", {"add_app": without_limits}),
    ("api.by-own-id", {"_contact": by_id_alone}),
    ("token.life", {"log_in": never_ends}),
    ("token.sliding", NotSliding),
    ("api.self", {"_answered": wrapped_otherwise}),
    ("api.records", {"_answered": records_bare}),
    ("api.token", {"_token": no_log_in}),
    ("api.errors", {"_location": not_found_for_all}),
]  # fmt: skip


@pytest.mark.broken("fortis")
@pytest.mark.parametrize(("clause", "override"), BROKEN, ids=[clause for clause, _ in BROKEN])
def test_a_broken_platform_fails_exactly_its_clause(clause, override):
    kind = type("Broken", (Fortis,), override) if isinstance(override, dict) else override
    assert failing(kind) == {clause}


@pytest.mark.parametrize(
    "clause", [pytest.param(name, marks=pytest.mark.clause(f"fortis:{name}")) for name in CHECKS]
)
def test_the_platform_keeps_the_clause(clause):
    mode, check = CHECKS[clause]
    assert check(sides(mode=mode).unheard()) is True


def test_every_must_clause_of_the_platform_is_checked():
    untestable = {entry.clause for entry in REGISTER.untestable}
    must = {c.id for c in REGISTER.clauses if (c.actor, c.level) == ("platform", "must")} - untestable
    assert {f"fortis:{clause}" for clause in CHECKS} >= must


# --- more of the platform -------------------------------------------------------------------------------


@pytest.mark.clause("fortis:launch.subscribed")
@pytest.mark.parametrize(
    ("title", "location", "user"),
    [
        ("Another app", LOCATION, USER), ("", LOCATION, USER),
        (TITLE, "11ea858313aabde4bd2effff", USER), (TITLE, LOCATION.upper(), USER), (TITLE, "", USER),
        (TITLE, LOCATION, "11e7a84525008da896ffffff"), (TITLE, LOCATION, USER.upper()), (TITLE, LOCATION, ""),
        (TITLE, OTHER_LOCATION, USER), (TITLE, OTHER_LOCATION, OTHER_USER),
    ],
)  # fmt: skip
def test_what_was_not_registered_together_opens_nothing(title, location, user):
    """Another app, an id that there is not, nobody, a user of another location, and one whose other location is meant."""
    world = sides().unheard()
    world.platform.add_app(replace(world.platform.apps[TITLE], title="Another app"))
    assert opens(world)
    for way in (world.platform.launch_url, world.platform.launch):
        with pytest.raises(Refused) as caught:
            way(title, location, user)
        assert (caught.value.reason, caught.value.clause) == (
            "unknown-installation",
            "fortis:launch.subscribed",
        )


@pytest.mark.clause("fortis:launch.subscribed")
def test_who_leaves_the_location_is_not_opened_for_though_nobody_was_unregistered():
    world = sides().unheard()
    assert opens(world)
    user = world.platform.users[USER]
    world.platform.add_user(replace(user, locations=(OTHER_LOCATION,)))
    assert not opens(world)
    world.platform.add_user(user)
    assert opens(world)


@pytest.mark.clause("fortis:launch.subscribed")
@pytest.mark.parametrize("status", [204, 500, None])
def test_who_was_unregistered_is_not_opened_for_whatever_the_app_answered(status):
    world = sides().unheard()
    step = world.platform.unregister(TITLE, LOCATION, USER)
    next(step)
    assert opens(world), "it is being asked"
    with pytest.raises(StopIteration):
        step.send(Response(status)) if status else step.throw(Unreachable("gone"))
    assert not opens(world)


@pytest.mark.clause("fortis:launch.subscribed")
@pytest.mark.parametrize("fault", ["no-token", "token-of-another", "replayed"])
def test_no_fault_of_a_launch_gets_round_it(fault):
    world = sides()
    with pytest.raises(Refused):
        world.platform.launch_url(TITLE, LOCATION, USER, fault=fault)
    with pytest.raises(Refused):
        world.consent()


def test_a_contact_of_another_location_is_none_to_look_at():
    world = sides().unheard()
    contact = world.platform.add_contact(
        replace(world.platform.contacts[CONTACT], id="11e6ffff", location_id=OTHER_LOCATION)
    )
    with pytest.raises(ValueError, match="not a contact of this location"):
        world.platform.launch_url(TITLE, LOCATION, USER, contact.id)


def test_an_unknown_placeholder_or_a_long_value_is_an_error_of_the_configuration():
    world = sides()
    for change, reason in (
        ({"location": "https://a.example/?x={{location.name}}"}, "not-allowed"),
        ({"location": "https://a.example/?x={{user.id}}"}, "not-allowed"),
        ({"user": "https://a.example/?x={{contact-id}}"}, "not-allowed"),
        ({"iframe": "https://a.example/?x={{contact_id}}"}, "not-allowed"),
        ({"iframe": "https://a.example/?x=" + "y" * 500}, "too-large"),
        ({"location": "https://a.example/?x={{location.id}"}, "malformed"),
        ({"location": "https://a.example/?x={{lo{cation.id}}"}, "malformed"),
        ({"location": "https://a.example/?x={{{location.id}}}"}, "malformed"),
        ({"user": "/fortis/user?x={{user.id}}"}, "malformed"),
        ({"iframe": "a.example"}, "malformed"),
    ):
        with pytest.raises(Refused) as caught:
            templates(world, **change)
        assert caught.value.reason == reason
    with pytest.raises(Refused) as caught:
        world.platform.add_app(App("Long", "x" * 37, "https://a.example"))
    assert (caught.value.reason, caught.value.clause) == ("too-large", "fortis:setup.limits")


def test_the_three_ways_to_send_nothing_in_plain_mode():
    values = {"contact-id": None, "user-id": "7"}
    template = "https://a.example/?c={{contact-id}}&u={{user-id}}&f=1"
    assert filled(template, values) == "https://a.example/?c=&u=7&f=1"
    assert filled(template, values, absent="omitted") == "https://a.example/?u=7&f=1"
    assert filled(template, values, absent="literal") == "https://a.example/?c=%7B%7Bcontact-id%7D%7D&u=7&f=1"
    for absent in ("empty", "omitted", "literal"):
        world = opened(mode="plain", absent=absent)
        assert world.launch().held


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("dev@youremail.com", {"email": ["dev@youremail.com"], "u": ["1"]}),
        ("dev+test@youremail.com", {"email": ["dev test@youremail.com"], "u": ["1"]}),
        ("x_@#$%", {"email": ["x_@"]}),
        ("A&B=1&l=22", {"email": ["A"], "B": ["1"], "l": ["22"], "u": ["1"]}),
        ("Müller GmbH", {"email": ["Müller GmbH"], "u": ["1"]}),
        ("a\r\nHost: evil", {"email": ["aHost: evil"], "u": ["1"]}),
    ],
)
def test_what_raw_substitution_becomes(raw, read):
    """The measured table of the facts sheet."""
    world = sides(values="raw")
    world.platform.add_user(replace(world.platform.users[USER], email=raw))
    templates(world, user="https://app.example/p?email={{user.email}}&u=1")
    assert parse_qs(of_user(world).query) == read


def test_a_location_that_is_removed_cascades_where_that_is_set():
    for cascade, expected in (("no", 1), ("yes", 4)):
        world = opened(cascade=cascade)
        before = len(world.network.transcript.events)
        world.unregister()
        texts = [event.text for event in world.network.transcript.events[before:] if event.kind == "request"]
        assert len([text for text in texts if text.startswith("DELETE")]) == expected
        assert world.kept(LOCATION, USER).state == "removed"


@pytest.mark.clause("fortis:postback.optional")
@pytest.mark.parametrize("kind", ["location", "user"])
def test_without_a_template_no_postback_is_sent_and_the_app_learns_of_them_at_their_launch(kind):
    """Both templates are optional (page, Registering a Location for Marketplace); the other one is still sent."""
    world = sides()
    app = world.platform.apps[TITLE]
    world.platform.add_app(replace(app, **{f"{kind}_setup_url": ""}))
    quiet, told = ("", USER) if kind == "location" else (USER, "")
    for step in (world.register, world.unregister):
        before = len(world.network.transcript.events)
        outcome = step(user=quiet)
        assert (outcome.response, outcome.findings) == (None, ())
        assert len(world.network.transcript.events) == before
        assert step(user=told).held
        assert len(world.network.transcript.events) > before
    world.register(user=quiet)
    world.register(user=told)
    assert (world.kept(user=quiet), world.kept(user=told).state) == (None, "pending")
    assert world.launch().held
    assert world.kept(user=quiet).state == "active"


@pytest.mark.clause("fortis:postback.retry")
def test_a_failed_postback_is_sent_once_unless_more_is_set():
    world = sides()
    for failure in (Response(500), Response(404), Response(302, (("location", "https://app.example/"),))):
        outcome, requests = ended(world.platform.register(TITLE, LOCATION), failure)
        assert (outcome.held, requests) == (False, 1)


def test_the_simulator_can_send_what_the_siblings_send():
    world = sides(postback_body="form")
    assert b"number_of_attempts" in of_location(world).body
    assert world.register().held
    assert world.kept().state == "pending"


def test_records_by_ones_own_id():
    world = sides()
    token = world.platform.log_in(USER)
    target = f"/v2/contacts/137?api_id=1&location_id={LOCATION}"
    assert api(world, target, access_token=token, developer_id="d").json()["contact"]["id"] == CONTACT
    target = f"/v2/locations/harbour?api_id=1&location_id={LOCATION}"
    assert api(world, target, access_token=token, developer_id="d").json()["location"]["id"] == LOCATION
    assert api(world, "/v2/contacts/137", access_token=token, developer_id="d").status == 404


def test_the_log_in_tells_users_and_passwords_apart_as_the_real_one_does():
    world = sides()
    for name, password, message in (
        ("nobody", "x", "invalid user"),
        ("ada", "x", "invalid password"),
        ("linus", "", None),
    ):
        body = json.dumps(
            {"username": name, "password": password, "domain": UI.removeprefix("https://")}
        ).encode()
        headers = (("developer-id", "d"),)
        answer = world.network.exchange("app", Request("POST", API, "/v2/token", headers, body))
        assert answer.json().get("message") == message
        assert answer.status == (401 if message else 422)


@pytest.mark.clause("fortis:token.developer-id")
@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/v2/token", (), 401),
        ("/v2/token?developer-id=", (), 401),
        ("/v2/token", (("developer-id", "d"),), 200),
        ("/v2/token?developer-id=d", (), 200),
    ],
)
def test_a_log_in_needs_the_developer_id_too_in_header_or_query(target, headers, status):
    """AUTH: the developer-id is required for every way to log in."""
    world = sides()
    body = {"username": "ada", "password": "a password", "domain": UI.removeprefix("https://")}
    request = Request("POST", API, target, headers, json.dumps(body).encode())
    assert world.network.exchange("app", request).status == status
    found = [(one.clause, one.state) for one in world.platform.findings]
    assert found == ([("fortis:token.developer-id", "violated")] if status == 401 else [])


def test_absolute_life_of_a_token_is_a_setting():
    world = sides(token_life="absolute")
    token = world.platform.log_in(USER)
    world.clock.advance(899)
    assert me(world, token) == 200
    world.clock.advance(1)
    assert me(world, token) == 401


def test_no_record_holds_the_apps_secret():
    world = sides()
    token = world.platform.log_in(USER)
    target = f"/v2/locations/{LOCATION}?expand=addons"
    assert SECRET not in api(world, target, access_token=token, developer_id="d").body.decode()


def test_no_representation_shows_a_secret():
    world = sides(mode="plain")
    token = world.platform.log_in(USER)
    shown = repr([world.platform.apps[TITLE], world.platform.draft(TITLE, LOCATION, USER, token=token)])
    assert TITLE in shown
    assert not [one for one in (SECRET, demo.POSTBACK_KEY, demo.CLIENT_SECRET, token) if one in shown]


def test_equal_launches_of_one_second_are_dated_apart():
    world = sides(mode="plain").unheard()
    times = [query(launched(world))["timestamp"] for _ in range(3)]
    assert times == [str(NOW), str(NOW - 1), str(NOW - 2)]
    assert query(sent(world.platform.launch(TITLE, LOCATION, OTHER_USER)))["timestamp"] == str(NOW)


@pytest.mark.parametrize("mode", MODES)
def test_a_user_may_open_the_app_any_number_of_times_in_one_second(mode):
    world = sides(mode=mode).unheard()
    for _ in range(1_000):
        url = world.platform.launch_url(TITLE, LOCATION, USER)
    assert mode == "encrypted" or NOW - 240 < int(query(url)["timestamp"]) <= NOW, "and none of them is stale"


@pytest.mark.parametrize("mode", MODES)
def test_the_configured_query_is_kept_beside_data_or_dropped(mode):
    for kept in ("yes", "no"):
        world = sides(mode=mode, kept_query=kept).unheard()
        templates(world, iframe="https://app.example/fortis/launch?lang=en")
        assert (query(launched(world)).get("lang") == "en") is (kept == "yes" or mode == "plain")


def test_a_token_that_is_made_while_another_one_is_looked_for_disturbs_nobody(monkeypatch):
    """Both happen in threads of their own where many persons act at once."""
    both = opened()
    compared = hmac.compare_digest

    def meanwhile(one, other):
        monkeypatch.setattr(hmac, "compare_digest", compared)
        both.platform.tokens["made meanwhile"] = next(iter(both.platform.tokens.values()))
        return compared(one, other)

    monkeypatch.setattr(hmac, "compare_digest", meanwhile)
    token = both.platform.token_of(USER)
    assert both.network.run(both.partner.api.me(both.partner.api.with_token(token)), "app") == USER


@pytest.mark.parametrize(("by_a_person", "state"), [(True, "not seen"), (False, "violated")])
def test_a_token_that_a_person_was_given_may_be_used_again_unseen(by_a_person, state):
    """A person may open the address of a launch once more; what the simulator opened alone, nobody else can."""
    world = opened()
    if by_a_person:
        world.platform.launch_url(TITLE, LOCATION, USER)
    token = world.platform.token_of(USER)
    world.clock.advance(360)
    seen = world.platform.findings.seen
    assert api(world, "/v2/users/me", access_token=token, developer_id="d").ok
    found = {one.clause: one.state for one in world.platform.findings.since(seen)}
    assert found["fortis:token.not-stored"] == state
