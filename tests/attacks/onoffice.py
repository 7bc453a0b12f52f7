"""Attacks on an onOffice provider."""

from __future__ import annotations

import re

from handshakes.onoffice import demo, sign_url
from handshakes.onoffice.demo import SECRET

from .victim import Attacks, Sent, Victim, posted

onoffice = Attacks("onoffice")
SERVICE, UNLOCK = "/onoffice/service", "/onoffice/unlock"
CLOSED = 403
NOT_VERIFIED = "signature-mismatch"


def service(victim: Victim) -> str:
    """Return a fresh genuine target of a service's page."""
    return victim.target(victim.platform.service_url(demo.FIRST, demo.BROKER, demo.PLANS))


def signed(victim: Victim, query: str, secret: str = SECRET, time: int | None = None) -> str:
    """Return a target that is signed, with whatever is in the query."""
    stamp = victim.world.clock() if time is None else time
    return victim.target(sign_url(f"{victim.world.app}{SERVICE}?{query}&timestamp={stamp}", secret=secret))


def ticket(victim: Victim) -> str:
    """Load an activation page; return the ticket of its form."""
    popup = victim.platform.open_popup(demo.FIRST, demo.ADMINISTRATOR, again=True)
    victim.platform.confirm(popup, terms=True, data_processing=True)
    page = victim.ask(Sent(victim.target(popup.url)))
    return re.search(rb'name="ticket" value="(\w+)"', page.body)[1].decode()


@onoffice(
    "1, lesson 05b, 3",
    "A parameter twice, the attacker's before or behind the genuine one",
    CLOSED,
    "duplicate-parameter",
)
def _(victim):
    target = service(victim)
    for more in ("customerWebId=4712", "userId=1", "apiClaim=x", "timestamp=1", "customer%57ebId=4712"):
        yield Sent(target.replace("?", f"?{more}&"))
        yield Sent(f"{target}&{more}")


@onoffice("2", "Two signatures", CLOSED, "duplicate-parameter")
def _(victim):
    target = service(victim)
    yield Sent(target + "&signature=" + "0" * 64)
    yield Sent(target.replace("?", "?signature=&"))


@onoffice(
    "4",
    "Names that PHP reads as others: brackets, dots, blanks, numbers",
    CLOSED,
    "malformed",
    "duplicate-parameter",
    NOT_VERIFIED,
)
def _(victim):
    target = service(victim)
    for more in (
        "customerWebId[]=4712",
        "customerWebId%5Bx%5D=4712",
        "customer.WebId=4712",
        "+customerWebId=4712",
        "%20userId=1",
        "7=x",
        "userId%00=1",
        "=x",
        "[x]=1",
        "userId[=1",
    ):
        yield Sent(f"{target}&{more}")
        yield Sent(target.replace("?", f"?{more}&"))


@onoffice(
    "5", "A captured address when its time is over, and one of the future", CLOSED, "stale", "from-the-future"
)
def _(victim):
    query = "customerWebId=4711&userId=18"
    yield Sent(signed(victim, query, time=victim.world.clock() - 400))
    yield Sent(signed(victim, query, time=victim.world.clock() + 400))


@onoffice(
    "5.1, 4",
    "A time that is none: empty, in milliseconds, with a sign, missing",
    CLOSED,
    "malformed",
    "timestamp-in-milliseconds",
    "empty-parameter",
    "missing-parameter",
    NOT_VERIFIED,
)
def _(victim):
    target = service(victim)
    stamp = re.search("timestamp=([0-9]+)", target)[1]
    for other in ("", stamp + "000", "%2B" + stamp, stamp + ".0", "-" + stamp, "0" + stamp, "1e9"):
        yield Sent(target.replace(f"timestamp={stamp}", f"timestamp={other}"))
    yield Sent(target.replace(f"timestamp={stamp}&", "").replace(f"&timestamp={stamp}", ""))


@onoffice(
    "5.1, 1",
    "One byte of what is signed, or of the signature, is another",
    CLOSED,
    NOT_VERIFIED,
    "malformed",
    "missing-parameter",
    "empty-parameter",
)
def _(victim):
    target = service(victim)
    head, _, made = target.rpartition("signature=")
    for other in (
        made[:-1] + ("0" if made[-1] != "0" else "1"),
        made[:-1],
        made + "0",
        made.upper(),
        "",
        "0" * 64,
    ):
        yield Sent(f"{head}signature={other}")
    yield Sent(target.replace("customerWebId=4711", "customerWebId=4712"))
    yield Sent(target + "&x=1")


@onoffice(
    "7",
    "Another host or scheme in the headers of a proxy: the configured address is what is signed",
    CLOSED,
    NOT_VERIFIED,
)
def _(victim):
    foreign = sign_url(
        f"https://attacker.example{SERVICE}?customerWebId=4711&userId=18&timestamp={victim.world.clock()}",
        secret=SECRET,
    )
    target = foreign.removeprefix("https://attacker.example")
    for header in ("x-forwarded-host", "x-original-host", "x-host", "forwarded"):
        value = "host=attacker.example;proto=https" if header == "forwarded" else "attacker.example"
        yield Sent(target, "GET", ((header, value), ("x-forwarded-proto", "https")))


@onoffice(
    "9, 13",
    "The button of an activation with a wrong key: the credentials stay as they are",
    200,
    "platform-error",
    "wrong-key",
    "malformed",
    "signature-mismatch",
)
def _(victim):
    form = ticket(victim)
    for key in ("0" * 64, "x", "A" * 64):
        yield posted(UNLOCK, {"ticket": form, "secret": key, "privacy": "yes"})


@onoffice(
    "13",
    "The button with an empty key, without the box, or with a ticket that there is not",
    200,
    "empty-parameter",
    "missing-parameter",
    "not-allowed",
    "unknown-installation",
    "malformed",
    "duplicate-parameter",
    "wrong-state",
    "replayed",
    "expired",
    alike=False,
)
def _(victim):
    form = ticket(victim)
    yield posted(UNLOCK, {"ticket": form, "secret": "", "privacy": "yes"})
    yield posted(UNLOCK, {"ticket": form, "secret": "x" * 64})
    yield posted(UNLOCK, {"ticket": "0" * 40, "secret": "x" * 64, "privacy": "yes"})
    yield posted(UNLOCK, [("ticket", form), ("ticket", "x"), ("secret", "x"), ("privacy", "yes")])


@onoffice("8", "The button pressed by a page of another origin", 200, "not-allowed")
def _(victim):
    form = ticket(victim)
    for origin in ("https://attacker.example", "null", victim.trap.origin):
        yield posted(UNLOCK, {"ticket": form, "secret": "x" * 64, "privacy": "yes"}, ("origin", origin))


@onoffice("15", "An address that is signed with the API key or the token", CLOSED, NOT_VERIFIED)
def _(victim):
    row = victim.row(customerWebId=demo.FIRST)
    for secret in (row.credentials["api_key"], row.credentials["token"], "Another-Provider-Secret-2!"):
        yield Sent(signed(victim, "customerWebId=4711&userId=18", secret))


@onoffice(
    "17",
    "A right signature for a customer whom the provider does not know, who has the same user",
    CLOSED,
    "unknown-installation",
    "wrong-state",
)
def _(victim):
    yield Sent(signed(victim, "customerWebId=4799&userId=18&apiClaim=x"))


@onoffice("url.method", "A signed address by another method", 405, "wrong-method")
def _(victim):
    for method in ("POST", "PUT", "DELETE"):
        yield Sent(service(victim), method)
