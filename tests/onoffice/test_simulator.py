"""The platform: what it refuses, what its API answers, what it keeps, what it signs."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from handshakes.core.messages import Request
from handshakes.onoffice import api_hmac, verify_url
from handshakes.onoffice.simulator import OnOffice
from handshakes.onoffice.simulator.records import Account, Service, good_secret, registered
from handshakes.onoffice.simulator.resources import ACTION
from handshakes.runtime.browser import PLAYED
from tests.onoffice.sides import ADMIN, BROKER, EXPORT, FIRST, NOW, PLANS, SECOND, activated, sides

API, SECRET = "https://api.onoffice.de", "Example-Provider-Secret-1!"
GOOD = "https://provider.example/p"
JSON = ("content-type", "application/json")


def masked(world, rights: str = "all"):
    """Return a popup whose mask is open and whose key is shown."""
    popup = world.platform.open_popup(FIRST, ADMIN, again=True)
    world.platform.confirm(popup, terms=True, data_processing=True)
    return popup, world.platform.choose(popup, rights)


def action(user, kind: str = "do", resource: str = "unlockProvider", now: int = NOW, version=2, **parameters):
    value = {"actionid": ACTION + kind, "resourceid": "", "resourcetype": resource, "identifier": "",
             "timestamp": now, "hmac_version": version, "parameters": parameters}  # fmt: skip
    number = {"1": 1, "2": 2, None: 1}.get(version, version)
    value["hmac"] = api_hmac(
        token=user.token, api_key=user.key, timestamp=now, resource_type=resource, action_id=value["actionid"],
        version=number if number in (1, 2) else 2, parameters=parameters,
    )  # fmt: skip
    return value


def posted(
    world,
    token,
    *actions,
    body: bytes = b"",
    kind: str = "application/json",
    path: str = "/api/stable/api.php",
):
    body = body or json.dumps({"token": token, "request": {"actions": list(actions)}}).encode()
    return world.network.exchange("provider", Request("POST", API, path, (("content-type", kind),), body))


def codes(response) -> tuple[int, int, list[int]]:
    value = response.json()
    results = value.get("response", {}).get("results", [])
    return (
        value["status"]["code"],
        value["status"]["errorcode"],
        [one["status"]["errorcode"] for one in results],
    )


def unlock(world, popup, **changed):
    user = world.platform.api_users[popup.token]
    claim = next(value for value, one in world.platform.claims.items() if one.cache_id == popup.cache_id)
    parameters = {"parameterCacheId": popup.cache_id, "extendedclaim": claim, **changed}
    return action(user, **{name: value for name, value in parameters.items() if value is not None})


# --- what a provider registers --------------------------------------------------------------------


@pytest.mark.clause("onoffice:secret.policy")
@pytest.mark.parametrize(
    ("secret", "missing"),
    [
        ("Example-Provider-Secret-", "a digit"), ("Example-Provider-Secre1", "24 characters"),
        ("example-provider-secret1!", "an upper-case letter"), ("EXAMPLE-PROVIDER-SECRET1!", "a lower-case letter"),
        ("ExampleProviderSecret12345", "a special character"), ("", "24 characters"),
    ],
)  # fmt: skip
def test_a_secret_that_the_policy_does_not_take(secret, missing):
    with pytest.raises(ValueError, match=missing):
        good_secret(secret)
    world = sides()
    with pytest.raises(ValueError, match=missing):
        world.platform.change_secret(secret)
    assert world.platform.account.secret == SECRET


@pytest.mark.parametrize("secret", ["Example-Provider-Secret1", "Abcdefghijklmnopqrstuv1!"])
def test_24_characters_are_enough(secret):
    assert len(secret) == 24 and good_secret(secret) == secret


BAD_ADDRESSES = [
    "https://provider.example", "https://user@provider.example/p", "https://provider.example/p#top", "https://provider.example/p#",
    "https://Provider.example/p", "https://pröv.example/p", "http://provider.example/p", "https://provider.example:8443/p",
]  # fmt: skip
TAKEN_NAMES = ["apiToken", "apiClaim", "customerName", "customerWebId", "userId", "parameterCacheId", "timestamp",
               "signature", "groupId", "%61piToken"]  # fmt: skip


def is_refused(url: str) -> None:
    """Nobody registers this address, nor is a platform built with it."""
    with pytest.raises(ValueError, match=r"address|host|name"):
        registered(url)
    for activation, more in ((url, ()), (GOOD, (Service(PLANS, url),))):
        account = Account("P", activation, more, SECRET)
        with pytest.raises(ValueError, match=r"address|host|name"):
            OnOffice(sides().platform.settings, account, clock=lambda: NOW, random=bytes)


@pytest.mark.clause("onoffice:url.registered")
@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_an_address_that_cannot_be_registered(url):
    is_refused(url)


@pytest.mark.clause("onoffice:url.reserved")
@pytest.mark.parametrize("name", TAKEN_NAMES)
def test_an_address_with_a_name_of_the_platform_cannot_be_registered(name):
    for query in (f"{name}=1", f"plan=gold&{name}=1", name):
        is_refused(f"{GOOD}?{query}")


@pytest.mark.clause("onoffice:url.reserved")
def test_an_address_with_the_name_of_a_chosen_macro_cannot_be_registered():
    for macros, refused in (((), False), (("estateId",), True)):
        account = Account("P", GOOD, (Service(PLANS, f"{GOOD}?estateId=1", macros=macros),), SECRET)
        if refused:
            with pytest.raises(ValueError, match="estateId"):
                OnOffice(sides().platform.settings, account, clock=lambda: NOW, random=bytes)
        else:
            OnOffice(sides().platform.settings, account, clock=lambda: NOW, random=bytes)


@pytest.mark.parametrize("query", ["a=1&a=2", "ids[]=1", "a.b=1", "9=1", "a=%zz", "a=%ff", "=1"])
def test_an_address_whose_own_parameters_nobody_could_sign_cannot_be_registered(query):
    is_refused(f"{GOOD}?{query}")


# --- the popup ------------------------------------------------------------------------------------


@pytest.mark.clause("onoffice:popup.administrator")
def test_only_an_administrator_opens_the_popup():
    world = sides()
    with pytest.raises(ValueError, match="administrator"):
        world.platform.open_popup(FIRST, BROKER)
    with pytest.raises(ValueError, match="no such user"):
        world.platform.open_popup("99", ADMIN)


@pytest.mark.clause("onoffice:popup.terms")
@pytest.mark.parametrize(("terms", "data"), [(True, False), (False, True), (False, False)])
def test_both_agreements_are_needed_before_the_mask(terms, data):
    world = sides()
    popup = world.platform.open_popup(FIRST, ADMIN)
    with pytest.raises(ValueError, match="confirm"):
        world.platform.confirm(popup, terms=terms, data_processing=data)
    assert (popup.step, popup.url, world.platform.api_users) == ("terms", "", {})
    with pytest.raises(ValueError, match="after the terms"):
        world.platform.choose(popup, "all")


@pytest.mark.clause("onoffice:popup.user-right", "onoffice:popup.load-order")
def test_the_key_is_valid_only_when_it_is_shown():
    world = sides()
    popup = world.platform.open_popup(FIRST, ADMIN)
    world.platform.confirm(popup, terms=True, data_processing=True)
    assert codes(posted(world, popup.token, unlock(world, popup))) == (400, 22, [])
    with pytest.raises(ValueError, match="Choose"):
        world.platform.choose(popup, "nobody")
    world.platform.choose(popup, "administrators")
    assert codes(posted(world, popup.token, unlock(world, popup))) == (200, 0, [0])


@pytest.mark.clause("onoffice:popup.single-webhook")
def test_for_a_single_webhook_there_is_no_choice_and_the_key_is_shown_at_once():
    world = sides()
    world.platform.account.services = (
        Service(EXPORT, "https://provider.example/onoffice/webhook", webhook=True),
    )
    popup = world.platform.open_popup(FIRST, ADMIN)
    world.platform.confirm(popup, terms=True, data_processing=True)
    assert (popup.step, world.platform.customers[FIRST].rights) == ("key", "all")
    with pytest.raises(ValueError, match="no choice"):
        world.platform.choose(popup, "administrators")
    assert world.activate().response.body == b"active"


@pytest.mark.parametrize(
    ("rights", "user", "may"), [("all", BROKER, True), ("administrators", BROKER, False), ("administrators", ADMIN, True)]
)  # fmt: skip
def test_who_may_use_the_services(rights, user, may):
    world = activated()
    world.platform.customers[FIRST].rights = rights
    if may:
        assert world.serve(user=user).held
    else:
        with pytest.raises(ValueError, match="not open"):
            world.serve(user=user)


@pytest.mark.clause("onoffice:block.services")
def test_no_service_before_an_activation_nor_after_a_block():
    world = sides()
    with pytest.raises(ValueError, match="not open"):
        world.serve()
    world.activate()
    world.platform.block(FIRST)
    with pytest.raises(ValueError, match="not open"):
        world.serve()


@pytest.mark.clause("onoffice:popup.state")
@pytest.mark.parametrize(
    ("text", "message", "warning"),
    [
        ("active", "active", "did not change"),
        ("<b>no</b>", "<b>no</b>", ""),
        ("x" * 600, "x" * 500, ""),
        ("", "", ""),
    ],
)
def test_a_message_alone_activates_nothing(text, message, warning):
    world = sides()
    popup, _ = masked(world)
    assert world.platform.receives(popup, text, origin="https://provider.example")
    assert (popup.message, warning in popup.warning) == (message, True)
    assert world.status() == "inactive"


@pytest.mark.clause("onoffice:popup.message-origin")
@pytest.mark.parametrize(
    ("origin", "own", "text"),
    [("https://attacker.example", True, "active"), ("https://provider.example", False, "active"),
     ("https://provider.example", True, {"a": 1}), ("https://provider.example.attacker.example", True, "active")],
)  # fmt: skip
def test_a_message_from_elsewhere_is_not_heard(origin, own, text):
    world = sides()
    popup, _ = masked(world)
    assert not world.platform.receives(popup, text, origin=origin, own_frame=own)
    assert (popup.message, world.status()) == ("", "inactive")


@pytest.mark.clause("onoffice:popup.state", "onoffice:popup.status")
def test_an_activation_without_a_message_is_one():
    world = sides()
    popup, _ = masked(world)
    posted(world, popup.token, unlock(world, popup))
    assert (world.status(), popup.message) == ("active", "")
    world.platform.receives(popup, "Error", origin="https://provider.example")
    assert "is active" in popup.warning


# --- signed URLs ----------------------------------------------------------------------------------


def test_the_activation_url_has_the_documented_names_and_the_providers_own():
    world = sides()
    popup, _ = masked(world)
    names = [name for name, _ in parse_qsl(urlsplit(popup.url).query)]
    assert names == ["Zone", "apiClaim", "apiToken", "customerName", "customerWebId", "parameterCacheId", "plan", "ref",
                     "timestamp", "userId", "signature"]  # fmt: skip
    assert "plan=gold+edition" in popup.url and "ref=a%7Eb%2Ac" in popup.url
    assert verify_url(popup.url, secret=SECRET, now=NOW).value("customerWebId") == FIRST


def test_a_service_url_has_macros_a_group_only_where_there_is_one_and_no_token():
    world = activated()
    for user, group in ((ADMIN, False), (BROKER, True)):
        url = world.platform.service_url(FIRST, user, PLANS)
        names = {name for name, _ in verify_url(url, secret=SECRET, now=NOW).parameters}
        assert names >= {
            "apiClaim",
            "customerName",
            "customerWebId",
            "userId",
            "estateId",
            "UserLanguage",
            "timestamp",
        }
        assert ("groupId" in names, "apiToken" in names) == (group, False)


def test_image_ids_are_one_text():
    world = activated()
    world.platform.account.services = (
        Service(PLANS, "https://provider.example/onoffice/service", macros=("estateId", "imageIds")),
    )
    assert "imageIds=11%2C12&" in world.platform.service_url(FIRST, ADMIN, PLANS)


# --- the API --------------------------------------------------------------------------------------


def test_the_documented_answer():
    world = sides()
    popup, _ = masked(world)
    response = posted(world, popup.token, unlock(world, popup))
    assert response.json() == {
        "status": {"code": 200, "errorcode": 0, "message": "OK"},
        "response": {"results": [{
            "actionid": ACTION + "do", "resourceid": "", "resourcetype": "unlockProvider", "cacheable": False, "identifier": "",
            "data": {"meta": {"cntabsolute": None}, "records": [{"id": 0, "type": "", "elements": {"success": "success"}}]},
            "status": {"errorcode": 0, "message": "OK"},
        }]},
    }  # fmt: skip
    assert world.status() == "active"


@pytest.mark.clause("onoffice:api.content-type")
@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "application/json; charset=utf-8"]
)
@pytest.mark.parametrize("path", ["/api/stable/api.php", "/api/latest/api.php"])
def test_both_content_types_at_both_addresses(kind, path):
    world = sides()
    popup, _ = masked(world)
    assert codes(posted(world, popup.token, unlock(world, popup), kind=kind, path=path)) == (200, 0, [0])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b" ", 4), (b"{", 4), (b"[]", 4), (b'{"token":"a","token":"b"}', 4), (b"{}", 13), (b'{"token":""}', 13), (b'{"token":7}', 13),
        (b'{"token":"a"}', 14), (b'{"token":"a","request":{}}', 15), (b'{"token":"a","request":{"actions":[]}}', 15),
        (b'{"token":"a","request":{"actions":[{}]}}', 22),
    ],
)  # fmt: skip
def test_a_request_that_is_none(body, code):
    response = posted(sides(), "", body=body)
    assert (response.status, codes(response)) == (200, (400 if code == 22 else 500, code, []))


def test_an_empty_body_another_type_and_another_method():
    world = sides()
    empty = Request("POST", API, "/api/stable/api.php", (JSON,))
    assert codes(world.network.exchange("provider", empty))[1] == 9
    assert codes(posted(world, "a", kind="text/xml"))[1] == 4
    assert posted(world, "a", path="/api/other").status == 404


@pytest.mark.parametrize("body", [b"", b"{}"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_another_method_is_told_of_the_method_whether_it_has_a_body_or_not(method, body):
    world = sides()
    answer = world.network.exchange("provider", Request(method, API, "/api/stable/api.php", (JSON,), body))
    assert (answer.status, answer.header("allow"), codes(answer)[:2]) == (405, "POST", (405, 1))
    assert answer.json()["status"]["message"] == "the API takes POST only"
    assert [(one.clause, one.state) for one in world.platform.findings] == [
        ("onoffice:api.address", "violated")
    ]
    elsewhere = world.network.exchange("provider", Request("POST", API, "/api/v1", (JSON,), b"{}"))
    assert (elsewhere.status, elsewhere.json()["status"]["message"]) == (
        404,
        "there is no API at this address",
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"actionid": None}, 16), ({"actionid": ""}, 17), ({"resourceid": None}, 18), ({"resourcetype": 7}, 19),
        ({"parameters": None}, 20), ({"parameters": "x"}, 20), ({"parameters": {"": 1}}, 21),
        ({"timestamp": "x"}, 136), ({"timestamp": None}, 136), ({"hmac": None}, 137), ({"hmac": "x"}, 137), ({"hmac": "\u00fc"}, 137),
        ({"hmac_version": 3}, 137), ({"hmac_version": "x"}, 137), ({"resourceid": "7"}, 24), ({"identifier": "x"}, 24),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("errors", "at_top"), [("500-97", (500, 97)), ("mirrored", (500, None)), ("200-0", (200, 0))]
)
def test_an_action_that_is_none(change, code, errors, at_top):
    world = sides(errors=errors)
    popup, _ = masked(world)
    value = {**unlock(world, popup), **change}
    value = {name: one for name, one in value.items() if one is not None}
    top, errorcode, results = codes(posted(world, popup.token, value))
    assert (top, errorcode) == (at_top[0], code if at_top[1] is None else at_top[1])
    assert results == [code]
    assert world.status() == "inactive"


@pytest.mark.clause("onoffice:api.order", "onoffice:api.timestamp")
@pytest.mark.parametrize(("shift", "code"), [(120, 0), (-120, 0), (121, 136), (-121, 136), (3_600, 136)])
def test_the_time_is_checked_before_the_hmac(shift, code):
    world = sides()
    popup, _ = masked(world)
    value = unlock(world, popup)
    user = world.platform.api_users[popup.token]
    parameters = value["parameters"]
    assert codes(
        posted(
            world,
            popup.token,
            {**action(user, now=NOW + shift, **parameters), **({"hmac": "x"} if code else {})},
        )
    )[2] == [code]


@pytest.mark.parametrize("version", [2, "2", 1, "1", None])
@pytest.mark.parametrize("as_text", [False, True])
def test_versions_as_numbers_or_texts(version, as_text):
    world = sides()
    popup, _ = masked(world)
    user = world.platform.api_users[popup.token]
    parameters = unlock(world, popup)["parameters"]
    value = action(user, version=version, **parameters)
    value["timestamp"] = str(NOW) if as_text else NOW
    if version is None:
        del value["hmac_version"]
    assert codes(posted(world, popup.token, value))[2] == [0]


def test_version_1_can_be_switched_off():
    world = sides(hmac_versions=(2,))
    popup, _ = masked(world)
    user = world.platform.api_users[popup.token]
    assert codes(posted(world, popup.token, action(user, version=1, **unlock(world, popup)["parameters"])))[
        2
    ] == [137]


def test_version_1_covers_the_parameters_and_version_2_does_not():
    for version, code in ((1, 137), (2, 193)):
        world = sides()
        popup, _ = masked(world)
        value = action(
            world.platform.api_users[popup.token], version=version, **unlock(world, popup)["parameters"]
        )
        value["parameters"] = {"parameterCacheId": popup.cache_id}
        assert codes(posted(world, popup.token, value))[2] == [code]


@pytest.mark.clause("onoffice:api.results")
def test_a_result_for_each_action_in_their_order():
    world = activated()
    world.serve()
    user = world.platform.api_users[world.platform.customers[FIRST].token]
    claim = world.partner.claim(FIRST, ADMIN)
    read = {**action(user, "read", "estate", extendedclaim=claim), "resourceid": f"{FIRST}1"}
    unknown = {**action(user, "read", "estate", extendedclaim=claim), "resourceid": "99"}
    other = action(user, "read", "address", extendedclaim=claim)
    gone = action(user, "delete", "estate", extendedclaim=claim)
    assert codes(posted(world, user.token, read, unknown, other, gone)) == (500, 97, [0, 80, 25, 23])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"parameterCacheId": None}, 167), ({"parameterCacheId": ""}, 167), ({"parameterCacheId": ["x"]}, 167),
        ({"parameterCacheId": "unknown"}, 177), ({"extendedclaim": None}, 193), ({"extendedclaim": ""}, 193),
        ({"extendedclaim": "unknown"}, 248), ({"extendedclaim": ["x"]}, 248),
    ],
)  # fmt: skip
def test_unlock_with_wrong_parameters(change, code):
    world = sides()
    popup, _ = masked(world)
    assert codes(posted(world, popup.token, unlock(world, popup, **change)))[2] == [code]
    assert world.status() == "inactive"


@pytest.mark.clause("onoffice:unlock.once")
def test_a_cache_entry_is_good_once_for_an_hour_and_for_its_customer():
    world = sides()
    popup, _ = masked(world)
    world.clock.advance(3_601)
    user = world.platform.api_users[popup.token]
    late = action(user, now=NOW + 3_601, **unlock(world, popup)["parameters"])
    assert codes(posted(world, popup.token, late))[2] == [177]
    world = sides()
    popup, _ = masked(world)
    assert codes(posted(world, popup.token, unlock(world, popup)))[2] == [0]
    assert codes(posted(world, popup.token, unlock(world, popup)))[2] == [177]
    other = world.platform.open_popup(SECOND, ADMIN)
    world.platform.confirm(other, terms=True, data_processing=True)
    world.platform.choose(other, "all")
    stolen = action(world.platform.api_users[popup.token], **unlock(world, other)["parameters"])
    assert codes(posted(world, popup.token, stolen))[2] == [178]


@pytest.mark.clause("onoffice:claim.outdated")
@pytest.mark.parametrize(("setting", "code"), [("24-hours", 201), ("never", 0)])
def test_a_services_claim_gets_old_where_that_is_set(setting, code):
    world = activated(claim_outdated=setting)
    world.serve()
    user = world.platform.api_users[world.platform.customers[FIRST].token]
    for seconds, expected in ((86_400, 0), (1, code)):
        world.clock.advance(seconds)
        claim = world.partner.claim(FIRST, ADMIN)
        read = {
            **action(user, "read", "estate", now=world.clock(), extendedclaim=claim),
            "resourceid": f"{FIRST}1",
        }
        assert codes(posted(world, user.token, read))[2] == [expected]


@pytest.mark.clause("onoffice:claim.outdated")
def test_the_claim_of_an_activation_is_for_nothing_else():
    world = activated()
    user = world.platform.api_users[world.platform.customers[FIRST].token]
    claim = next(value for value, one in world.platform.claims.items() if one.cache_id)
    read = {**action(user, "read", "estate", extendedclaim=claim), "resourceid": f"{FIRST}1"}
    assert codes(posted(world, user.token, read))[2] == [248]


def test_a_new_activation_ends_the_old_api_user():
    world = activated()
    old = world.platform.customers[FIRST].token
    assert world.activate().held
    assert world.platform.customers[FIRST].token != old
    assert codes(posted(world, old, {})) == (400, 22, [])


@pytest.mark.parametrize(("service", "note"), [(PLANS, PLAYED), (EXPORT, "")])
def test_a_frame_is_opened_by_a_browser_and_a_webhook_is_called_by_the_platform(service, note):
    step = activated().platform.serve(FIRST, ADMIN, service)
    assert next(step).note == note
    step.close()
