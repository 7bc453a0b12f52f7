"""Attacks on an OfficeRnD partner integration."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, quote, urlencode

from handshakes.officernd import sign_query, sign_webhook

from .victim import Attacks, Sent, Victim

officernd = Attacks("officernd")
FIRST, SECOND = "5e0000000000000000000001", "5e0000000000000000000009"
SYNC = "/officernd/sync"
NOT_VERIFIED = "signature-mismatch", "unknown-installation"
TIMES = "malformed", "timestamp-in-milliseconds", "stale", "from-the-future"


def pairs(victim: Victim) -> list[tuple[str, str]]:
    """Return what the platform signs for a page, without the signature."""
    query = victim.target(victim.platform.healthcheck_url(FIRST)).partition("?")[2]
    return [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "signature"]


def signed(
    victim: Victim, sent: list[tuple[str, str]], secret: str = "", time: int = 0, path: str = SYNC
) -> str:
    """Return a target that is signed; with the integration's own secret unless another is given."""
    secret = secret or victim.row(integrationId=FIRST).credentials["secret"]
    value = sign_query(sent, secret=secret, timestamp=time or victim.world.clock())
    return f"{path}?{urlencode([*sent, ('signature', value)])}"


def webhook(victim: Victim, body: bytes, secret: str = "", time: int = 0) -> Sent:
    row = victim.row(integrationId=FIRST)
    value = sign_webhook(
        body, secret=secret or row.credentials["webhook_secret"], timestamp=time or victim.world.clock()
    )
    headers = (("content-type", "application/json"), ("officernd-signature", value))
    return Sent(f"/officernd/removed/{row.identity}", "POST", headers, body)


REMOVAL = json.dumps(
    {
        "event": "evt-9",
        "eventType": "integration.removed",
        "data": {"object": {"_id": FIRST}},
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
).encode()


@officernd(
    "1",
    "Open the Connect address of another organisation's customer with a code of one's own, or with none that there is",
    302,
    "platform-error",
    "identity-mismatch",
    "not-allowed",
)
def _(victim):
    victim.platform.add_integration(
        "example-client-id", "5b0000000000000000000002", secret="a-third-secret", locations=(), id=SECOND
    )
    yield Sent(victim.target(victim.platform.connect_url(SECOND)).replace(SECOND, FIRST))
    yield Sent(f"/officernd/connect?code={'0' * 40}&org_slug=test-slug&locations=&integrationId={FIRST}")


@officernd(
    "3", "The secret itself as the signature, or its bare digest", 401, "malformed", "missing-parameter"
)
def _(victim):
    sent = pairs(victim)
    for value in (
        "example-integration-secret",
        f"{victim.world.clock()},{'0' * 64}",
        f"v1={'0' * 64}",
        f"signature={'0' * 64}",
        "t=1",
    ):
        yield Sent(f"{SYNC}?{urlencode([*sent, ('signature', value)])}")


@officernd(
    "5",
    "A signature that is missing, empty, twice, cut or of any length: no 500",
    401,
    "missing-parameter",
    "empty-parameter",
    "duplicate-parameter",
    "malformed",
    *NOT_VERIFIED,
)
def _(victim):
    target = signed(victim, pairs(victim))
    yield Sent(target.partition("&signature")[0])
    yield Sent(target.partition("&signature")[0] + "&signature=")
    yield Sent(target + "&signature=x")
    yield Sent(target[:-1])
    yield Sent(target + "0")
    yield Sent(target[:-64] + "0" * 64)


@officernd("6", "A captured request again, when its time is over", 401, "stale", "from-the-future")
def _(victim):
    now = victim.world.clock()
    yield Sent(signed(victim, pairs(victim), time=now - 400))
    yield Sent(signed(victim, pairs(victim), time=now + 200))


@officernd("6", "A sync again within its time: it is answered, and starts nothing", 200)
def _(victim):
    target = signed(victim, pairs(victim))
    assert victim.ask(Sent(target)).status == 200
    for _ in range(3):
        yield Sent(target)


@officernd(
    "7",
    "A parameter twice, before or behind the genuine one, or in brackets",
    401,
    "duplicate-parameter",
    *NOT_VERIFIED,
)
def _(victim):
    target = signed(victim, pairs(victim))
    for more in (
        "slug=other",
        "organizationId=5b0000000000000000000002",
        "slug[]=other",
        "memberId=x",
        "s%6Cug=other",
        "admin=1",
    ):
        yield Sent(target.replace("?", f"?{more}&"))
        yield Sent(f"{target}&{more}")


@officernd("8", "A time that lenient parsers take for a number", 401, *TIMES, *NOT_VERIFIED)
def _(victim):
    now, target = victim.world.clock(), signed(victim, pairs(victim))
    for time in (
        f"{now}.0",
        f"0x{now:x}",
        f" {now}",
        f"{now}e0",
        f"+{now}",
        f"{now}000",
        f"{now}_0",
        f"-{now}",
        "١" * 10,
        f"0{now}",
    ):
        yield Sent(target.replace(f"t%3D{now}", "t%3D" + quote(time)))


@officernd(
    "9",
    "Fields of the signature by place, doubled, or with other names",
    401,
    "malformed",
    "missing-parameter",
    "duplicate-parameter",
)
def _(victim):
    target = signed(victim, pairs(victim))
    time, made = target.rpartition("t%3D")[2].split("%2Csignature%3D")
    for value in (
        f"{time},{made}",
        f"t={time},v1={made}",
        f"T={time},SIGNATURE={made}",
        f"t={time},t={time},signature={made}",
        f"t={time};signature={made}",
        f"t={time},signature={made.upper()}",
    ):
        yield Sent(f"{target.partition('&signature')[0]}&signature={quote(value)}")


@officernd(
    "10, W1, lesson 05b, 4",
    "A webhook whose JSON means the same, or names a member twice",
    401,
    *NOT_VERIFIED,
)
def _(victim):
    genuine = webhook(victim, REMOVAL)
    for body in (
        REMOVAL + b"\n",
        json.dumps(json.loads(REMOVAL), indent=1).encode(),
        REMOVAL.replace(b"{", b'{"eventType":"x",', 1),
    ):
        yield Sent(genuine.target, "POST", genuine.headers, body)


@officernd(
    "11",
    "A webhook signed with the integration's secret, a page signed with the webhook's",
    401,
    *NOT_VERIFIED,
)
def _(victim):
    row = victim.row(integrationId=FIRST)
    for secret in (row.credentials["secret"], "example-client-secret", row.credentials["access_token"]):
        yield webhook(victim, REMOVAL, secret)
    for secret in (row.credentials["webhook_secret"], "example-client-secret"):
        yield Sent(signed(victim, pairs(victim), secret))


@officernd(
    "12", "A page of one organisation, signed with the secret of another integration", 401, *NOT_VERIFIED
)
def _(victim):
    yield Sent(signed(victim, pairs(victim), "another-integration-secret"))
    yield Sent(signed(victim, [(name, value.replace("0001", "0009")) for name, value in pairs(victim)]))


@officernd("13", "A new slug that nobody signed", 401, *NOT_VERIFIED)
def _(victim):
    yield Sent(signed(victim, pairs(victim)).replace("slug=test-slug", "slug=attacker"))


@officernd("14", "A sync by another method, HEAD among them", 405, "wrong-method")
def _(victim):
    target = signed(victim, pairs(victim))
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        yield Sent(target, method)


@officernd(
    "15", "A webhook for an installation that there is not, with a right signature", 401, *NOT_VERIFIED
)
def _(victim):
    genuine = webhook(victim, REMOVAL)
    for identity in (
        f"5b0000000000000000000001/{SECOND}",
        "x",
        "",
        "%2e%2e",
        "5b0000000000000000000002/" + FIRST,
    ):
        yield Sent(f"/officernd/removed/{identity}", "POST", genuine.headers, REMOVAL)


@officernd("W5", "A webhook again, when its time is over", 401, "stale", "from-the-future")
def _(victim):
    yield webhook(victim, REMOVAL, time=victim.world.clock() - 400)
    yield webhook(victim, REMOVAL, time=victim.world.clock() + 200)


@officernd("19", "Escapes that decoders read differently", 401, "malformed", *NOT_VERIFIED)
def _(victim):
    target = signed(victim, pairs(victim))
    for more in ("a=%ff", "a=%c3", "a=%", "a=%zz", "a=%ed%a0%80", "a=%c0%80", "%e2%28%a1=1"):
        yield Sent(f"{target}&{more}")
