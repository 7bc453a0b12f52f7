"""Attacks on a RetailCRM module."""

from __future__ import annotations

import json
from typing import Any

from handshakes.retailcrm import registration_token
from handshakes.retailcrm.demo import SECRET

from .victim import FORM, Attacks, Sent, Victim, posted

retailcrm = Attacks("retailcrm")
REGISTER, ACCOUNT, ACTIVITY = "/retailcrm/register", "/retailcrm/account", "/retailcrm/activity"


def genuine(victim: Victim) -> dict[str, Any]:
    """Return the members of the registration that the module has taken."""
    row = victim.row()
    key = row.credentials["api_key"]
    return {
        "token": registration_token(key, secret=SECRET),
        "apiKey": key,
        "systemUrl": row.details["systemUrl"],
    }


def registered(victim: Victim, **changes: Any) -> Sent:
    return posted(REGISTER, {"register": json.dumps({**genuine(victim), **changes})})


def client_id(victim: Victim) -> str:
    return victim.row().credentials["client_id"]


@retailcrm("S1", "A captured registration again: it is confirmed, and changes nothing", 200)
def _(victim):
    for _ in range(3):
        yield registered(victim)


@retailcrm(
    "S1, lesson 05b, 1",
    "A registration with a key that the CRM does not know any more",
    200,
    "platform-error",
)
def _(victim):
    old = "0" * 32
    yield registered(victim, apiKey=old, token=registration_token(old, secret=SECRET))


@retailcrm(
    "S2, lesson 05b, 2",
    "A right token with an address of the attacker's: the key goes nowhere",
    200,
    "not-allowed",
    "malformed",
)
def _(victim):
    host = victim.trap.origin.removeprefix("http://")
    home = victim.row().details["systemUrl"]
    for url in (
        victim.trap.origin, f"https://{host}", "http://169.254.169.254", "http://127.0.0.1", "http://localhost", "http://[::1]", "https://crm.attacker.example",
        f"{home}@{host}", f"http://x@{host}", f"{home}.attacker.example", f"{home}/../{host}", f"{home}/api?x={host}", f"{home}#@{host}", f"{home}\\@{host}",
        "https://simla.com.attacker.example", "ftp://demo.simla.com", f"{home}:80", f"{home} ", f"\t{home}", "https://demo.simla.com.", "https://демо.simla.com",
        "javascript:alert(1)", "//" + host, host, f"http://2130706433:{host.partition(':')[2]}", f"{home}\r\nx-evil: 1", f"{home}\0",
    ):  # fmt: skip
        yield registered(victim, systemUrl=url)


@retailcrm(
    "S3",
    "Activity of a customer whose clientId is known, with the attacker's address",
    200,
    "not-allowed",
    "malformed",
)
def _(victim):
    for url in (
        victim.trap.origin,
        "https://crm.attacker.example",
        "http://169.254.169.254",
        victim.row().details["systemUrl"] + "@x.example",
    ):
        yield posted(
            ACTIVITY,
            {"clientId": client_id(victim), "activity": '{"active":true,"freeze":false}', "systemUrl": url},
        )


@retailcrm(
    "S3, S4",
    "Activity of a customer whose clientId is not known",
    200,
    "unknown-installation",
    "missing-parameter",
    "empty-parameter",
)
def _(victim):
    for wrong in (
        "",
        "0" * 40,
        client_id(victim)[:-1],
        client_id(victim) + "0",
        client_id(victim).upper() + "x",
    ):
        yield posted(
            ACTIVITY,
            {
                "clientId": wrong,
                "activity": '{"active":false,"freeze":true}',
                "systemUrl": victim.row().details["systemUrl"],
            },
        )


@retailcrm(
    "S4",
    "The account page with a clientId that is guessed, in the query, or twice",
    403,
    "unknown-installation",
    "missing-parameter",
    "duplicate-parameter",
    "malformed",
    "wrong-content-type",
)
def _(victim):
    known = client_id(victim)
    assert len(known) >= 32
    for wrong in ("0" * 40, known[:-1], known + " ", ""):
        yield posted(ACCOUNT, {"clientId": wrong})
    yield Sent(f"{ACCOUNT}?clientId={known}", "POST", (FORM,))
    yield posted(ACCOUNT, [("clientId", known), ("clientId", "x")])


@retailcrm(
    "S5",
    "A session that is made up, or fixed beforehand",
    403,
)
def _(victim):
    for session in ("x", "0" * 64, "a.b.c", client_id(victim)):
        yield Sent(ACCOUNT, "GET", (("cookie", f"retailcrm_session={session}"),))


@retailcrm(
    "S9",
    "Members of other kinds than texts, and JSON that is read differently",
    200,
    "wrong-type",
    "missing-parameter",
    "empty-parameter",
    "malformed",
    "signature-mismatch",
    "duplicate-parameter",
)
def _(victim):
    for name in ("token", "apiKey", "systemUrl"):
        for value in (0, 1.5, True, None, [], {}, [genuine(victim)[name]], ""):
            yield registered(victim, **{name: value})
    shown = json.dumps(genuine(victim))
    for text in (
        "[]",
        "null",
        "",
        "{",
        f"[{shown}]",
        shown[:-1] + ',"x":NaN}',
        shown + "x",
        shown[:-1] + ',"apiKey":"x"}',
        shown[:-1] + ',"x":"\\ud800"}',
        "[" * 5_000,
    ):
        yield posted(REGISTER, {"register": text})


@retailcrm(
    "S10", "A token that is right for the attacker's own key, with a victim's address", 200, "platform-error"
)
def _(victim):
    key = "f" * 32
    yield registered(victim, apiKey=key, token=registration_token(key, secret=SECRET))


@retailcrm(
    "A9",
    "An empty key, an empty secret, a token of another length, in capitals, or for another text",
    200,
    "empty-parameter",
    "signature-mismatch",
    "malformed",
)
def _(victim):
    right = genuine(victim)["token"]
    yield registered(victim, apiKey="", token=registration_token("x", secret=SECRET))
    for token in (
        right.upper(),
        right[:-1],
        right + "0",
        "0" * 64,
        registration_token(SECRET, secret=genuine(victim)["apiKey"]),
        registration_token("x", secret=SECRET),
    ):
        yield registered(victim, token=token)


@retailcrm(
    "A4, A5",
    "The registration in the query, in brackets, twice, or in a name that PHP takes for it",
    200,
    "malformed",
    "missing-parameter",
    "duplicate-parameter",
    "wrong-content-type",
)
def _(victim):
    shown = json.dumps(genuine(victim))
    good = posted("", {"register": shown}).body
    yield Sent(f"{REGISTER}?{good.decode()}", "POST", (FORM,))
    yield Sent(f"{REGISTER}?{good.decode()}", "POST", (FORM,), good)
    for names in (
        ("register", "register"),
        ("register", " register"),
        ("register", "register[x]"),
        ("register", "register\0x"),
        ("register[token]",),
        ("Register",),
    ):
        yield posted(REGISTER, [(name, shown) for name in names])
    yield Sent(REGISTER, "POST", (("content-type", "application/json"),), shown.encode())
    yield Sent(REGISTER, "POST", (), good)


@retailcrm(
    "A15",
    "An address that answers the callback with an error: the customer is not connected anew",
    200,
    "platform-error",
)
def _(victim):
    for number in range(3):
        key = f"{number}" * 32
        yield registered(victim, apiKey=key, token=registration_token(key, secret=SECRET))
