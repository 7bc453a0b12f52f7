"""Attacks on a Fortis app, in either mode."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from urllib.parse import parse_qsl, quote, urlencode

from handshakes.fortis import demo, encrypt_parameters, launch_hmac
from handshakes.fortis.encryption import sealed

from .victim import Attacks, Sent, Victim

encrypted, plain = Attacks("fortis, encrypted"), Attacks("fortis, plain")
LAUNCH = "/fortis/launch"
OTHER = "11e7a84525008da8960b7000"
CLOSED = 403


def launch(victim: Victim) -> str:
    """Return a fresh genuine target."""
    return victim.target(victim.platform.launch_url(demo.TITLE, demo.LOCATION, demo.USER))


def pairs(victim: Victim) -> list[tuple[str, str]]:
    return parse_qsl(launch(victim).partition("?")[2], keep_blank_values=True)


def changed(victim: Victim, **values: str) -> Sent:
    """Return a genuine plain launch in which some values are others."""
    new = {name.replace("_token", "-token"): value for name, value in values.items()}
    return Sent(f"{LAUNCH}?{urlencode([(name, new.get(name, value)) for name, value in pairs(victim)])}")


def with_data(data: str) -> Sent:
    return Sent(f"{LAUNCH}?data={quote(data, safe='')}")


def data_of(victim: Victim) -> str:
    return dict(pairs(victim))["data"]


def written(text: str) -> Sent:
    """Return a launch with any plaintext, as whoever breaks the padding could write it."""
    return with_data(sealed(text.encode("utf-8", "surrogatepass"), secret=demo.SECRET, salt=b"saltsalt"))


@encrypted("S01", "Flip a bit of a captured launch, in every block", CLOSED, "decryption-failed", "malformed")
def _(victim):
    raw = b64decode(data_of(victim))
    for at in range(8, len(raw), 5):
        yield with_data(b64encode(raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :]).decode())


@encrypted(
    "S02, lesson 05, 3",
    "Ask 256 times what the padding is: every answer is the same",
    CLOSED,
    "decryption-failed",
    "malformed",
)
def _(victim):
    raw = b64decode(data_of(victim))[:48]
    for byte in range(256):
        if byte != raw[-17]:
            yield with_data(b64encode(raw[:-17] + bytes([byte]) + raw[-16:]).decode())


@encrypted(
    "S03, lesson 05, 4",
    "A forged launch as it comes out of the padding: a name twice, with garbage between",
    CLOSED,
    "duplicate-parameter",
)
def _(victim):
    for name in ("location_id", "user_id"):
        yield written(
            f'{{"location_id":"{demo.LOCATION}","user_id":"{demo.USER}","x":"#~","{name}":"{OTHER}"}}'
        )


@encrypted("S05, lesson 05, 5", "A captured launch again, from another browser", CLOSED, "replayed")
def _(victim):
    target = launch(victim)
    assert victim.ask(Sent(target)).status == 303
    yield Sent(target)
    yield Sent(target + "&x=1")


@encrypted(
    "S06", "A launch that was taken, with its base64 spelled in another way", CLOSED, "malformed", "replayed"
)
def _(victim):
    target = launch(victim)
    assert victim.ask(Sent(target)).status == 303
    data = dict(parse_qsl(target.partition("?")[2]))["data"]
    for other in (data.rstrip("="), data + "=", data[:64] + "\n" + data[64:], data + " "):
        if other != data:
            yield with_data(other)
    yield Sent(f"{LAUNCH}?data=" + "".join(f"%{ord(character):02x}" for character in data))


@encrypted(
    "S16, lesson 05, 6",
    "Send the app to an OAuth server of the attacker's: it opens, and nobody is contacted",
    303,
    "not-allowed",
)
def _(victim):
    token = victim.platform.token_of(demo.USER)
    values = [
        ("location_id", demo.LOCATION),
        ("user_id", demo.USER),
        ("access-token", token),
        ("user_oauth_url", victim.trap.origin),
    ]
    yield with_data(encrypt_parameters(values, secret=demo.SECRET, salt=b"saltsalt"))


@encrypted(
    "S17", "A plain launch with a right HMAC for an app that takes encrypted ones", CLOSED, "not-allowed"
)
def _(victim):
    now = str(victim.world.clock())
    made = launch_hmac(demo.LOCATION, now, secret=demo.SECRET)
    yield Sent(f"{LAUNCH}?location_id={demo.LOCATION}&timestamp={now}&user_id={demo.USER}&hmac={made}")


@encrypted(
    "S19",
    "JSON that parsers understand differently",
    CLOSED,
    "malformed",
    "wrong-type",
    "missing-parameter",
    "decryption-failed",
)
def _(victim):
    ids = f'"location_id":"{demo.LOCATION}","user_id":"{demo.USER}"'
    for text in (
        f'{{{ids},"x":NaN}}', f'{{{ids},"x":"\\ud800"}}', f'{{{ids},"x":1e999}}', f'{{{ids},"x":{"[" * 5_000}', f'[{{{ids}}}]', "null", "",
        f'\ufeff{{{ids}}}', f'{{{ids}}}\0', f'{{{ids},}}', f'{{"location_id":["{demo.LOCATION}"],"user_id":1}}', f'{{{ids},"x":"\ud800"}}',
    ):  # fmt: skip
        yield written(text)


@encrypted(
    "A41",
    "Something that is no launch at all",
    CLOSED,
    "missing-parameter",
    "empty-parameter",
    "malformed",
    "too-large",
    "duplicate-parameter",
)
def _(victim):
    for query in (
        "",
        "data=",
        "data=x",
        "data=" + "A" * 8_200,
        "data=%ff",
        "data=U2FsdGVkX18=",
        "data=x&data=x",
        "%64ata=x&data=y",
    ):
        yield Sent(f"{LAUNCH}?{query}")


@encrypted(
    "S12, lesson 05, 7",
    "A postback from nowhere: registration and removal, without the app's key",
    401,
    "missing-parameter",
    "wrong-key",
    "empty-parameter",
)
def _(victim):
    for path in ("/fortis/location", "/fortis/user"):
        for method in ("POST", "DELETE"):
            for key in (
                "",
                "&key=",
                "&key=wrong",
                "&key=example-postback-ke",
                "&key=example-postback-keyx",
                "&key[]=example-postback-key",
            ):
                yield Sent(f"{path}?location_id={demo.LOCATION}&user_id={demo.USER}{key}", method)


@encrypted(
    "S12",
    "A postback whose key stands in the body or in a header",
    401,
    "missing-parameter",
    "not-allowed",
    "malformed",
)
def _(victim):
    yield Sent(f"/fortis/location?location_id={demo.LOCATION}", "DELETE", (("key", demo.POSTBACK_KEY),))
    yield Sent(
        f"/fortis/location?location_id={demo.LOCATION}",
        "POST",
        (("authorization", f"Bearer {demo.POSTBACK_KEY}"),),
    )


@plain(
    "S07, lesson 05, 2",
    "Another user in a captured plain launch: the token says who it is",
    CLOSED,
    "identity-mismatch",
)
def _(victim):
    yield changed(victim, user_id=OTHER)
    yield changed(victim, user_id=demo.USER.upper())


@plain("S07", "Another token, which the API does not know", CLOSED, "platform-error", "not-allowed")
def _(victim):
    yield changed(victim, access_token="f" * 40)


@plain(
    "S09, lesson 05, 1",
    "A digit moves from the time to the location: the signed text is the same",
    CLOSED,
    "malformed",
    "signature-mismatch",
    "stale",
)
def _(victim):
    values = dict(pairs(victim))
    time = values["timestamp"]
    for cut in (1, 2):
        yield changed(victim, location_id=values["location_id"] + time[:cut], timestamp=time[cut:])
        yield changed(
            victim, location_id=values["location_id"][:-cut], timestamp=values["location_id"][-cut:] + time
        )


@plain("S10, S13", "A parameter twice, or in a spelling that PHP takes for it", CLOSED, "duplicate-parameter")
def _(victim):
    for more in (
        "location_id",
        "location%5Fid",
        "location.id",
        "location%20id",
        "location+id",
        "%20location_id",
        "location_id[x]",
        "location_id%00x",
    ):
        yield Sent(f"{launch(victim)}&{more}={OTHER}")
        yield Sent(f"{LAUNCH}?{more}={OTHER}&{launch(victim).partition('?')[2]}")


@plain(
    "A5 of the second round, S08", "A plain launch that was taken, written in another way", CLOSED, "replayed"
)
def _(victim):
    target = launch(victim)
    assert victim.ask(Sent(target)).status == 303
    query = target.partition("?")[2]
    for other in (
        query,
        query + "&",
        query + "&&",
        query + "&x=1",
        query.replace("location_id", "location%5Fid"),
        "&".join(reversed(query.split("&"))),
    ):
        yield Sent(f"{LAUNCH}?{other}")


@plain("S05", "A launch of yesterday, and one from the future", CLOSED, "stale", "from-the-future")
def _(victim):
    for away in (86_400, 301, -61):
        time = str(victim.world.clock() - away - (1 if away > 0 else -1) * 5)
        made = launch_hmac(demo.LOCATION, time, secret=demo.SECRET)
        yield changed(victim, timestamp=time, hmac=made)


@plain("S17", "An encrypted launch for an app that takes plain ones", CLOSED, "not-allowed")
def _(victim):
    yield with_data(
        encrypt_parameters(
            [("location_id", demo.LOCATION), ("user_id", demo.USER)], secret=demo.SECRET, salt=b"saltsalt"
        )
    )


@plain(
    "S16, lesson 05, 6",
    "Send the app to an OAuth server of the attacker's: it opens, and nobody is contacted",
    303,
    "not-allowed",
)
def _(victim):
    yield Sent(
        re.sub("user_oauth_url=[^&]*&?", "", launch(victim))
        + "&user_oauth_url="
        + quote(victim.trap.origin, safe="")
    )


@plain(
    "H05 to H12",
    "A digest that is short, long, in capitals, or of another key",
    CLOSED,
    "malformed",
    "signature-mismatch",
    "empty-parameter",
)
def _(victim):
    right = dict(pairs(victim))["hmac"]
    for other in (
        right[:-1],
        right + "0",
        right.upper(),
        "0" * 64,
        "",
        launch_hmac(demo.LOCATION, "1700000000", secret="another"),
    ):
        yield changed(victim, hmac=other)
