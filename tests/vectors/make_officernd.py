"""Writes OfficeRnD's vectors.json, without the package.

    python tests/vectors/make_officernd.py            write the file
    python tests/vectors/make_officernd.py --print    write it to standard output

Every vector gives the raw query and, by hand, the text that its sender signed. Digests come from
`hmac`, decoded parameters from `urllib`, the JSON that a verifier sees from `json`. What a vector
expects (verdict, reason, stage, what is covered) is written by hand too, from the clauses and
readings of spec.toml; nothing of the package is asked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, quote

from common import Expect, derived, main, refused

SECRET = "example-integration-secret"
WEBHOOK_SECRET = "example-webhook-secret"
T = 1648190384  # the time in the page's own example
NOW = T + 10


def mac(secret: str | bytes, message: bytes) -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def data(value: bytes) -> dict[str, str]:
    try:
        return {"utf8": value.decode()}
    except UnicodeDecodeError:
        return {"hex": value.hex()}


def stages(*named: tuple[str, bytes]) -> list[dict[str, Any]]:
    return [{"name": name, **data(value), "length": len(value)} for name, value in named]


# --- expectations -----------------------------------------------------------------------------


MISMATCH = refused("signature-mismatch", "message")
STALE = refused("stale", "time")
FUTURE = refused("from-the-future", "time")
MILLISECONDS = refused("timestamp-in-milliseconds", "fields")
BAD_FIELD = refused("malformed", "fields")
NO_FIELD = refused("missing-parameter", "fields")
TWO_FIELDS = refused("duplicate-parameter", "fields")
NO_SIGNATURE = refused("missing-parameter", "parameters")
EMPTY_SIGNATURE = refused("empty-parameter", "parameters")
# A query that cannot be read, and a key that cannot be used, break before the first stage.
BAD_QUERY = refused("malformed")
REPEATED = refused("duplicate-parameter")
TOO_LARGE = refused("too-large")
EMPTY_SECRET = refused("empty-secret")
BAD_KEY = refused("malformed")


class Accepted(dict[str, Any]):
    """What differs from the plain case, in which every parameter is covered and returned as decoded."""


def accepted(**changes: Any) -> Accepted:
    return Accepted(changes)


# What a reading other than the adopted one makes of a request that is right: mostly a mismatch.
OTHERWISE = {
    "timestamp=milliseconds": STALE,
    "tolerance=60-back-0-ahead": STALE,
    "syntax=positional": BAD_FIELD,
    "key=hex-decoded": BAD_KEY,
}
# Four readings change every request with a parameter and a secret that is not hex.
ALWAYS = ("json=spaced", "message=timestamp-payload", "timestamp=milliseconds", "key=hex-decoded")
PAGE = (*ALWAYS, "order=sorted")  # slug stands before locations
MORE = (*PAGE, "parameters=slug-and-locations")  # and something comes after them
DROPS = "absent-locations=empty-dropped"  # where a value is empty, this one signs another text
HOOK = ("message=timestamp-payload", "timestamp=milliseconds", "key=hex-decoded")


def no(*readings: str) -> dict[str, Expect | Accepted]:
    """Other readings that refuse."""
    return {reading: OTHERWISE.get(reading, MISMATCH) for reading in readings}


def readings(by: dict[str, Any]) -> dict[str, Any]:
    return {f"officernd:signature.{name}": by[name] for name in sorted(by)}


def clauses(names: str, prefix: str = "signature") -> list[str]:
    return [f"officernd:{name if '.' in name else f'{prefix}.{name}'}" for name in names.split()]


# --- verify_query -----------------------------------------------------------------------------


def query(
    name: str,
    about: str,
    text: str,
    signed: str,
    expect: Expect | Accepted,
    by: dict[str, Any] | None = None,
    *,
    source: tuple[str, ...] | None = None,
    t: str | int = T,
    secret: str | bytes = SECRET,
    value: str = "t={t},signature={mac}",
    message: str = "{json}.{t}",
    digest: Any = str,
    target: str = "/healthcheck?{query}",
    append: bool = True,
) -> dict[str, Any]:
    """Return one vector: the query, in which S is the signature's value and RAW the same not encoded."""
    hexed = digest(mac(secret, message.replace("{json}", signed).replace("{t}", str(t)).encode()))
    value = value.format(t=t, mac=hexed)
    if append and "signature" not in text.lower():
        text = f"{text}&signature=S".lstrip("&")
    sent = text.replace("=S", "=" + quote(value, safe="")).replace("=RAW", "=" + value)
    verified = isinstance(expect, Accepted) or expect["reason"] in (
        "signature-mismatch",
        "stale",
        "from-the-future",
    )
    if by is None:
        by = no(*PAGE) if isinstance(expect, Accepted) else {}
    decoded = [pair for pair in parse_qsl(sent, keep_blank_values=True) if pair[0] != "signature"]
    in_time = isinstance(expect, Accepted) or expect["reason"] in ("stale", "from-the-future")
    if in_time and any(value == "" for _, value in decoded):
        by = {DROPS: MISMATCH} | by
    seen: list[dict[str, Any]] = []
    if verified:
        payload = json.dumps(dict(decoded), ensure_ascii=False, separators=(",", ":"))
        if isinstance(expect, Accepted) and not expect:
            assert payload == signed, name  # the text written by hand is what the query says
        seen = stages(
            ("query", sent.encode()),
            ("fields", value.encode()),
            ("parameters", " ".join(f"{n}={v}" for n, v in decoded).encode()),
            ("json", payload.encode()),
            ("message", f"{payload}.{t}".encode()),
        )

    def whole(expectation: Expect | Accepted) -> Expect:
        if not isinstance(expectation, Accepted):
            return expectation
        returns = {
            "parameters": [list(pair) for pair in decoded],
            "timestamp": int(t),
            "covered": [n for n, _ in decoded],
            "not_covered": [],
        }
        return {"verdict": "accepted", "returns": returns | expectation}

    return {
        "id": f"officernd/verify_query/{name}",
        "clauses": clauses(about),
        "input": {"target": target.format(query=sent)},
        "stages": seen,
        "expect": whole(expect),
        "by_reading": readings({reading: whole(other) for reading, other in by.items()}),
        **derived("officernd", "verify_query", source),
    }


SLUG = "slug=test-slug"
ALL = "slug=test-slug&locations="
TWO = "slug=test-slug&locations=location-id1%2C%20location-id2"
J_SLUG = '{"slug":"test-slug"}'
J_ALL = '{"slug":"test-slug","locations":""}'
J_TWO = '{"slug":"test-slug","locations":"location-id1, location-id2"}'
ORG = "5b5b5b5b5b5b5b5b5b5b5b5b"
MEMBER = "6c6c6c6c6c6c6c6c6c6c6c6c"
FOUR = f"{ALL}&organizationId={ORG}&memberId={MEMBER}"
J_FOUR = f'{{"slug":"test-slug","locations":"","organizationId":"{ORG}","memberId":"{MEMBER}"}}'
EMPTY = f"{ALL}&organizationId={ORG}&memberId="
J_EMPTY = f'{{"slug":"test-slug","locations":"","organizationId":"{ORG}","memberId":""}}'
J_ORG = f'{{"slug":"test-slug","locations":"","organizationId":"{ORG}"}}'
QUOTED = f"{ALL}&organizationId=%22{ORG}%22"
J_QUOTED = f'{{"slug":"test-slug","locations":"","organizationId":"\\"{ORG}\\""}}'
THREE_NAMES = ["slug", "locations", "organizationId"]
P_ORG = [["slug", "test-slug"], ["locations", ""], ["organizationId", ORG]]
P_SLUG = ["slug", "test-slug"]
MANY = "&".join(f"p{i:03}=" for i in range(199))
J_MANY = "{" + ",".join(f'"p{i:03}":""' for i in range(199)) + "}"
PLAIN = "page-all-locations"
LONG = f"{ALL}&p={'x' * (8_192 - 104 - len(ALL) - 4)}"  # the signature's parameter has 104 characters
J_LONG = '{"slug":"test-slug","locations":"","p":"' + LONG.partition("&p=")[2]


def page_requests() -> list[dict[str, Any]]:
    """What is accepted: the page's examples, real traffic's four names, and every harmless variation."""
    # fmt: off
    return [
        query(PLAIN, "parameters json message digest", ALL, J_ALL, accepted()),
        query("page-two-locations", "parameters json message digest", TWO, J_TWO, accepted()),
        query("locations-absent", "absent-locations", SLUG, J_SLUG, accepted(),
              no(*ALWAYS, "absent-locations=added-as-empty")),
        query("comma-without-space", "parameters", "slug=test-slug&locations=location-id1%2Clocation-id2",
              '{"slug":"test-slug","locations":"location-id1,location-id2"}', accepted()),
        query("four-parameters", "parameters order", FOUR, J_FOUR, accepted(), no(*MORE)),
        query("another-order", "order", f"organizationId={ORG}&slug=test-slug&locations=",
              f'{{"organizationId":"{ORG}","slug":"test-slug","locations":""}}', accepted(),
              no(*MORE, "order=slug-first")),
        query("alphabetical-order", "order", f"locations=&memberId={MEMBER}&slug=test-slug",
              f'{{"locations":"","memberId":"{MEMBER}","slug":"test-slug"}}', accepted(),
              no(*ALWAYS, "parameters=slug-and-locations", "order=slug-first")),
        query("unknown-parameter-signed", "parameters", f"{ALL}&userId=u1",
              '{"slug":"test-slug","locations":"","userId":"u1"}', accepted(), no(*MORE)),
        query("name-of-javascript", "parameters", f"{ALL}&__proto__=x",
              '{"slug":"test-slug","locations":"","__proto__":"x"}', accepted(), no(*MORE)),
        query("no-parameters", "parameters", "", "{}", accepted(),
              no("message=timestamp-payload", "timestamp=milliseconds", "key=hex-decoded") | no("absent-locations=added-as-empty")),
        query("many-parameters", "parameters", MANY, J_MANY, accepted(), no(*ALWAYS, *MANY_REFUSE)),
        query("signature-first", "order", f"signature=S&{ALL}", J_ALL, accepted()),
        query("signature-between", "order", "slug=test-slug&signature=S&locations=", J_ALL, accepted()),
        query("signature-not-encoded", "encoding", f"{ALL}&signature=RAW", J_ALL, accepted(),
              source=(PLAIN, "the signature's value is not percent-encoded")),
        query("plus-for-space", "escapes", "slug=test-slug&locations=location-id1%2C+location-id2", J_TWO,
              accepted(), source=("page-two-locations", "+ instead of %20")),
        query("lower-case-escape", "escapes", "slug=test-slug&locations=location-id1%2c%20location-id2",
              J_TWO, accepted(), source=("page-two-locations", "%2c instead of %2C")),
        query("comma-not-encoded", "escapes", "slug=test-slug&locations=location-id1,%20location-id2", J_TWO,
              accepted(), source=("page-two-locations", "a bare comma instead of %2C")),
        query("name-encoded", "escapes", "%73lug=test-slug&locations=", J_ALL, accepted(),
              source=(PLAIN, "%73 instead of the s of slug")),
        query("no-equals-sign", "escapes", "slug=test-slug&locations", J_ALL, accepted(),
              source=(PLAIN, "no equals sign after locations")),
        query("empty-piece", "escapes", "slug=test-slug&&locations=", J_ALL, accepted(),
              source=(PLAIN, "a second ampersand")),
        query("semicolon", "escapes", "slug=a;b&locations=", '{"slug":"a;b","locations":""}', accepted()),
        query("absolute-url", "parameters", ALL, J_ALL, accepted(),
              target="https://partner.example/healthcheck?{query}",
              source=(PLAIN, "an absolute URL instead of a path")),
        query("with-fragment", "parameters", ALL, J_ALL, accepted(),
              target="https://partner.example/healthcheck?{query}#top",
              source=("absolute-url", "a fragment at the end")),
        query("another-path", "parameters", ALL, J_ALL, accepted(), target="/sync?{query}",
              source=(PLAIN, "another path: the signature does not cover it")),
    ]
    # fmt: on


MANY_REFUSE = ("parameters=slug-and-locations", "absent-locations=added-as-empty")


def texts() -> list[dict[str, Any]]:
    """Text that JSON writers disagree about; the JSON stands here as JavaScript writes it."""
    ascii_too = no(*PAGE, "json=ascii-escaped")
    # fmt: off
    return [
        query("non-ascii", "json", "slug=caf%C3%A9&locations=", '{"slug":"café","locations":""}', accepted(),
              ascii_too),
        query("emoji", "json", "slug=%F0%9F%8F%A2&locations=", '{"slug":"\U0001f3e2","locations":""}',
              accepted(), ascii_too),
        query("line-separator", "json", "slug=a%E2%80%A8b%E2%80%A9&locations=",
              '{"slug":"a\u2028b\u2029","locations":""}', accepted(), ascii_too),
        query("delete-character", "json", "slug=%7F%C3%A9&locations=", '{"slug":"\x7fé","locations":""}',
              accepted(), ascii_too),
        query("quote-and-backslash", "json", "slug=%22a%5Cb%22&locations=",
              '{"slug":"\\"a\\\\b\\"","locations":""}', accepted()),
        query("slash", "json", "slug=test-slug&locations=a%2Fb", '{"slug":"test-slug","locations":"a/b"}',
              accepted()),
        query("markup", "json", "slug=%3Cb%3E%26%27&locations=", '{"slug":"<b>&\'","locations":""}',
              accepted()),
        query("control-characters", "json", "slug=%00%01%08%09%0A%0B%0C%0D%1F&locations=",
              '{"slug":"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f","locations":""}', accepted()),
        query("name-with-quote", "json", f"{ALL}&a%22b=1", '{"slug":"test-slug","locations":"","a\\"b":"1"}',
              accepted(), no(*MORE)),
    ]
    # fmt: on


def optional_forms() -> list[dict[str, Any]]:
    """Empty memberId and quoted organizationId: each signed in one of two forms."""
    covered = {"covered": THREE_NAMES, "not_covered": ["memberId"]}
    # fmt: off
    return [
        query("empty-member-signed", "empty-member", EMPTY, J_EMPTY, accepted(),
              no(*MORE, "empty-member=dropped")),
        query("empty-member-not-signed", "empty-member", EMPTY, J_ORG, accepted(**covered),
              no(*MORE, "empty-member=as-received"),
              source=("empty-member-signed", "memberId is left out of the signed JSON")),
        query("filled-member-not-signed", "digest empty-member", FOUR, J_ORG, MISMATCH,
              source=("empty-member-not-signed", "memberId has a value")),
        query("another-empty-name-not-signed", "digest empty-member", f"{ALL}&organizationId={ORG}&userId=",
              J_ORG, MISMATCH,
              source=("empty-member-not-signed", "the empty parameter is userId")),
        query("quoted-organization-signed", "quoted-organization", QUOTED, J_QUOTED,
              accepted(parameters=P_ORG), no(*MORE, "quoted-organization=unquoted")),
        query("quoted-organization-not-signed", "quoted-organization", QUOTED, J_ORG,
              accepted(parameters=P_ORG), no(*MORE, "quoted-organization=as-received"),
              source=("quoted-organization-signed", "the signed JSON has no quotes around the id")),
        query("another-quoted-name-not-signed", "digest quoted-organization",
              "slug=%22test-slug%22&locations=", J_ALL, MISMATCH,
              source=("quoted-organization-not-signed", "the quotes are around slug")),
        query("two-pairs-of-quotes", "digest quoted-organization", f"{ALL}&organizationId=%22%22{ORG}%22%22",
              J_ORG, MISMATCH, source=("quoted-organization-not-signed", "two pairs of quotes")),
        query("one-quote", "digest quoted-organization", f"{ALL}&organizationId=%22{ORG}", J_ORG, MISMATCH,
              source=("quoted-organization-not-signed", "the second quote is missing")),
        query("quoted-and-empty-not-signed", "quoted-organization empty-member", f"{QUOTED}&memberId=", J_ORG,
              accepted(parameters=[*P_ORG, ["memberId", ""]], **covered),
              no(*MORE, "empty-member=as-received", "quoted-organization=as-received"),
              source=("quoted-organization-not-signed", "an empty memberId is added")),
        query("quoted-signed-empty-not-signed", "quoted-organization empty-member", f"{QUOTED}&memberId=",
              J_QUOTED, accepted(parameters=[*P_ORG, ["memberId", ""]], **covered),
              no(*MORE, "empty-member=as-received", "quoted-organization=unquoted"),
              source=("quoted-and-empty-not-signed", "the signed JSON keeps the quotes")),
    ]
    # fmt: on


def value_syntax() -> list[dict[str, Any]]:
    """The value of `signature`: its fields, its digits."""
    right = accepted()

    def changed(
        name: str, about: str, value: str, expect: Any, what: str, by: Any = None, **more: Any
    ) -> Any:
        return query(name, about, ALL, J_ALL, expect, by, value=value, source=(PLAIN, what), **more)

    # fmt: off
    return [
        changed("fields-swapped", "syntax", "signature={mac},t={t}", accepted(), "signature before t",
                no(*PAGE, "syntax=positional")),
        changed("unknown-field", "syntax", "t={t},signature={mac},v=2", accepted(), "a third field v"),
        changed("unknown-field-between", "syntax", "t={t},v=2,signature={mac}", accepted(),
                "a field v in the middle", no(*PAGE, "syntax=positional")),
        changed("space-after-comma", "syntax", "t={t}, signature={mac}", BAD_FIELD, "a space after the comma",
                {"syntax=positional": right, "syntax=spaced-fields": right}),
        changed("field-named-v1", "syntax", "t={t},v1={mac}", NO_FIELD, "the field signature is named v1",
                {"syntax=positional": right}),
        changed("bare-fields", "syntax", "{t},{mac}", BAD_FIELD, "the fields have no names",
                {"syntax=positional": right}),
        changed("field-t-missing", "syntax", "signature={mac}", NO_FIELD, "no field t",
                {"syntax=positional": BAD_FIELD}),
        changed("field-signature-missing", "syntax", "t={t}", NO_FIELD, "no field signature",
                {"syntax=positional": BAD_FIELD}),
        changed("field-t-repeated", "syntax", "t={t},t={t},signature={mac}", TWO_FIELDS,
                "the field t occurs twice", {"syntax=positional": BAD_FIELD}),
        changed("field-signature-repeated", "syntax", "t={t},signature={mac},signature={mac}", TWO_FIELDS,
                "the field signature occurs twice", {"syntax=positional": right}),
        changed("field-name-in-capitals", "syntax", "T={t},signature={mac}", NO_FIELD, "T instead of t",
                {"syntax=positional": right}),
        changed("digest-alone", "syntax", "{mac}", BAD_FIELD, "the digest alone, without fields"),
        changed("no-fields", "syntax", ",", BAD_FIELD, "a comma and nothing else"),
        query("encoded-twice", "encoding syntax", ALL + "&signature=S", J_ALL, BAD_FIELD,
              value="t%3D{t}%2Csignature%3D{mac}",
              source=(PLAIN, "the signature's value is percent-encoded twice")),
        changed("upper-case-digest", "digest", "t={t},signature={mac}", BAD_FIELD, "upper-case hex",
                digest=str.upper),
        changed("short-digest", "digest", "t={t},signature={mac}", BAD_FIELD, "63 hex digits",
                digest=lambda h: h[:-1]),
        changed("long-digest", "digest", "t={t},signature={mac}", BAD_FIELD, "65 hex digits",
                digest=lambda h: h + "0"),
        changed("digest-not-hex", "digest", "t={t},signature={mac}", BAD_FIELD, "the last hex digit is a g",
                digest=lambda h: h[:-1] + "g"),
        changed("empty-digest", "digest", "t={t},signature=", BAD_FIELD, "no hex digits"),
        changed("another-digest", "digest", "t={t},signature={mac}", MISMATCH, "the last hex digit differs",
                digest=lambda h: h[:-1] + ("0" if h[-1] != "0" else "1")),
        changed("digest-of-zeros", "digest", "t={t},signature=" + "0" * 64, MISMATCH, "a digest of zeros"),
        query("twelve-digits", "syntax", ALL, J_ALL, accepted(), t="001648190384",
              source=(PLAIN, "t is padded with zeros to twelve digits, and signed so")),
        query("thirteen-digits", "timestamp", ALL, J_ALL, MILLISECONDS,
              {"timestamp=milliseconds": accepted(timestamp=T)}, t=T * 1000,
              source=(PLAIN, "t in milliseconds, and signed so")),
        query("fourteen-digits", "syntax", ALL, J_ALL, BAD_FIELD, t="00001648190384",
              source=(PLAIN, "t is padded with zeros to fourteen digits, and signed so")),
        *(
            query(name, "syntax", ALL, J_ALL, BAD_FIELD, t=t, source=(PLAIN, f"t is {what}, and signed so"))
            for name, t, what in [
                ("t-fraction", "1648190384.0", "a decimal number"),
                ("t-hexadecimal", "0x623d6470", "a hexadecimal number"),
                ("t-exponent", "1648190384e0", "a number with an exponent"),
                ("t-plus-sign", "+1648190384", "a number with a plus sign"),
                ("t-negative", "-1", "negative"),
                ("t-empty", "", "empty"),
                (
                    "t-arabic-digits",
                    "\u0661\u0666\u0664\u0668\u0661\u0669\u0660\u0663\u0668\u0664",
                    "in other digits",
                ),
            ]
        ),
        query("signature-missing", "missing carrier every-request", ALL, J_ALL, NO_SIGNATURE, append=False,
              source=(PLAIN, "no parameter signature")),
        query("query-missing", "missing", "", "{}", NO_SIGNATURE, append=False, target="/healthcheck",
              source=("no-parameters", "no query at all")),
        query("query-in-fragment", "missing", ALL, J_ALL, NO_SIGNATURE,
              target="https://partner.example/healthcheck#?{query}",
              source=("absolute-url", "a # before the question mark: no browser sends what follows")),
        query("signature-empty", "missing", ALL + "&signature=", J_ALL, EMPTY_SIGNATURE,
              source=(PLAIN, "an empty signature")),
        query("signature-in-capitals", "missing", ALL + "&SIGNATURE=S", J_ALL, NO_SIGNATURE,
              source=(PLAIN, "the name SIGNATURE")),
        query("signature-repeated", "repeated", ALL + "&signature=S&signature=S", J_ALL, REPEATED,
              source=(PLAIN, "the parameter signature occurs twice")),
    ]
    # fmt: on


def wrong_messages() -> list[dict[str, Any]]:
    """What was signed is not what was sent, or only another reading finds it so."""
    # fmt: off
    return [
        query("changed-slug", "digest comparison", "slug=best-slug&locations=", J_ALL, MISMATCH,
              source=(PLAIN, "slug has another value")),
        query("changed-location", "digest comparison",
              "slug=test-slug&locations=location-id1%2C%20location-id3", J_TWO, MISMATCH,
              source=("page-two-locations", "another location")),
        query("changed-space", "digest comparison", "slug=test-slug&locations=location-id1%2Clocation-id2",
              J_TWO, MISMATCH, source=("page-two-locations", "no space after the comma")),
        query("changed-case", "digest comparison", "Slug=test-slug&locations=", J_ALL, MISMATCH,
              source=(PLAIN, "Slug instead of slug")),
        query("changed-timestamp", "digest message", ALL, J_ALL, MISMATCH,
              value=f"t={T + 1},signature={mac(SECRET, f'{J_ALL}.{T}'.encode())}", t=T + 1,
              source=(PLAIN, "t is one second later than the signed one")),
        query("wrong-secret", "digest secret", ALL, J_ALL, MISMATCH, secret="wrong-secret",
              source=(PLAIN, "signed with the secret wrong-secret")),
        query("client-secret", "digest secret", ALL, J_ALL, MISMATCH, secret="example-client-secret",
              source=(PLAIN, "signed with the OAuth client secret example-client-secret")),
        query("reordered", "digest order", "locations=&slug=test-slug", J_ALL, MISMATCH,
              {"order=slug-first": accepted()}, source=(PLAIN, "locations before slug in the URL")),
        query("signed-sorted", "digest order", FOUR,
              f'{{"locations":"","memberId":"{MEMBER}","organizationId":"{ORG}","slug":"test-slug"}}',
              MISMATCH, {"order=sorted": accepted()},
              source=("four-parameters", "the signed JSON is sorted by name")),
        query("signed-slug-and-locations", "digest parameters", FOUR, J_ALL, MISMATCH,
              {"parameters=slug-and-locations": accepted(covered=["slug", "locations"], not_covered=["organizationId", "memberId"])},
              source=("four-parameters", "the signed JSON holds slug and locations only")),
        query("parameter-added", "digest parameters", f"{ALL}&userId=u1", J_ALL, MISMATCH,
              {"parameters=slug-and-locations": accepted(covered=["slug", "locations"], not_covered=["userId"])},
              source=(PLAIN, "a parameter that was not signed")),
        query("parameter-removed", "digest absent-locations", SLUG, J_ALL, MISMATCH,
              {"absent-locations=added-as-empty": accepted()}, source=(PLAIN, "locations is not in the URL")),
        query("locations-and-member-not-as-signed", "digest absent-locations empty-member",
              SLUG + "&memberId=", J_ALL, MISMATCH,
              {"absent-locations=added-as-empty": accepted(covered=["slug"], not_covered=["memberId"])},
              source=(PLAIN, "locations is not in the URL, and an empty memberId that was not signed")),
        query("empty-locations-not-signed", "digest absent-locations", f"{ALL}&organizationId={ORG}",
              f'{{"slug":"test-slug","organizationId":"{ORG}"}}', MISMATCH,
              {DROPS: accepted(covered=["slug", "organizationId"], not_covered=["locations"])},
              source=("organization-signed", "the empty locations is left out of the signed JSON")),
        query("organization-signed", "absent-locations", f"{ALL}&organizationId={ORG}", J_ORG, accepted(),
              no(*MORE)),
        query("no-empty-value-signed", "digest absent-locations empty-member", EMPTY,
              f'{{"slug":"test-slug","organizationId":"{ORG}"}}', MISMATCH,
              {DROPS: accepted(covered=["slug", "organizationId"], not_covered=["locations", "memberId"])},
              source=("empty-member-signed", "both empty values are left out of the signed JSON")),
        query("space-not-signed", "digest absent-locations", "slug=test-slug&locations=%20", J_SLUG, MISMATCH,
              source=("locations-absent", "locations is there, and a space")),
        query("signed-spaced", "digest json", TWO,
              '{"slug": "test-slug", "locations": "location-id1, location-id2"}', MISMATCH,
              {"json=spaced": accepted()}, source=("page-two-locations", "the signed JSON has spaces")),
        query("signed-ascii-escaped", "digest json", "slug=caf%C3%A9&locations=",
              '{"slug":"caf\\u00e9","locations":""}', MISMATCH, {"json=ascii-escaped": accepted()},
              source=("non-ascii", "the signed JSON escapes what is not ASCII")),
        query("signed-slash-escaped", "digest json", "slug=test-slug&locations=a%2Fb",
              '{"slug":"test-slug","locations":"a\\/b"}', MISMATCH,
              source=("slash", "the signed JSON escapes the slash")),
        query("signed-timestamp-first", "digest message", ALL, J_ALL, MISMATCH,
              {"message=timestamp-payload": accepted()}, message="{t}.{json}",
              source=(PLAIN, "the timestamp is before the JSON")),
        query("signed-without-timestamp", "digest message", ALL, J_ALL, MISMATCH, message="{json}",
              source=(PLAIN, "the JSON alone is signed")),
        query("signed-raw-query", "digest parameters", TWO, TWO, MISMATCH,
              source=("page-two-locations", "the raw query is signed instead of JSON")),
        query("integer-names", "integer-names", f"{ALL}&10=x&2=y",
              '{"slug":"test-slug","locations":"","10":"x","2":"y"}', accepted(),
              no(*MORE, "integer-names=integers-first")),
        query("integer-names-first", "digest integer-names", f"{ALL}&10=x&2=y",
              '{"2":"y","10":"x","slug":"test-slug","locations":""}', MISMATCH,
              {"integer-names=integers-first": accepted()},
              source=("integer-names", "signed in the order of a JavaScript object")),
        query("almost-integer-names", "integer-names", f"{ALL}&01=x&-1=y&4294967295=z",
              '{"slug":"test-slug","locations":"","01":"x","-1":"y","4294967295":"z"}', accepted(),
              no(*MORE)),
    ]
    # fmt: on


def duplicates_and_escapes() -> list[dict[str, Any]]:
    """Names that occur twice, brackets, and escapes that decoders read differently."""
    array = [P_SLUG, ["locations", ["location-id1", "location-id2"]]]
    both = ("escapes=replaced", "escapes=kept")

    def odd(name: str, text: str, signed: str, *accepting: str, decoded: str, source: Any = ()) -> Any:
        """Return a query that is refused, and accepted with the slug `decoded` by some readings."""
        yes = accepted(parameters=[["slug", decoded], ["locations", ""]])
        by = {reading: yes if reading in accepting else MISMATCH for reading in both}
        line = f'{{"slug":"{signed}","locations":""}}'
        source = source or (PLAIN, f"slug is {text}, and signed as kept")
        return query(name, "escapes", f"slug={text}&locations=", line, BAD_QUERY, by, source=source)

    # fmt: off
    return [
        query("repeated-signed-as-array", "repeated",
              "slug=test-slug&locations=location-id1&locations=location-id2",
              '{"slug":"test-slug","locations":["location-id1","location-id2"]}', REPEATED,
              {"repeated=array": accepted(parameters=array, covered=["slug", "locations"])},
              source=("page-two-locations", "locations occurs twice, and is signed as an array")),
        query("repeated-first-signed", "repeated", "slug=test-slug&slug=best-slug&locations=", J_ALL,
              REPEATED, no("repeated=array"),
              source=(PLAIN, "a second slug with another value, after the signed one")),
        query("repeated-last-signed", "repeated", "slug=best-slug&slug=test-slug&locations=", J_ALL, REPEATED,
              no("repeated=array"),
              source=(PLAIN, "a second slug with another value, before the signed one")),
        query("repeated-equal", "repeated", "slug=test-slug&slug=test-slug&locations=", J_ALL, REPEATED,
              no("repeated=array"), source=(PLAIN, "slug occurs twice with the same value")),
        query("repeated-in-disguise", "repeated", "slug=test-slug&%73lug=best-slug&locations=", J_ALL,
              REPEATED, no("repeated=array"),
              source=(PLAIN, "a second slug with another value, its name percent-encoded")),
        query("repeated-not-verified", "repeated", "slug=test-slug&slug=test-slug&locations=", J_ALL,
              REPEATED, no("repeated=array"), secret="wrong-secret",
              source=(PLAIN, "slug occurs twice with the same value, signed with the secret wrong-secret")),
        query("bracketed", "parameters", "slug=test-slug&locations%5B%5D=location-id1",
              '{"slug":"test-slug","locations[]":"location-id1"}', accepted(),
              no(*MORE, "repeated=array", "absent-locations=added-as-empty")),
        query("bracketed-signed-as-array", "digest repeated", "slug=test-slug&locations%5B%5D=location-id1",
              '{"slug":"test-slug","locations":["location-id1"]}', MISMATCH,
              {"repeated=array": accepted(parameters=[P_SLUG, ["locations", ["location-id1"]]], covered=["slug", "locations"])},
              source=("bracketed", "the signed JSON holds an array")),
        odd("invalid-utf8-signed-kept", "%FF", "%FF", "escapes=kept", decoded="%FF"),
        odd("invalid-utf8-signed-replaced", "%FF", "\ufffd", "escapes=replaced", decoded="\ufffd",
            source=(PLAIN, "slug is %FF, and signed as U+FFFD")),
        odd("overlong-utf8", "%C0%AF", "%C0%AF", "escapes=kept", decoded="%C0%AF"),
        odd("encoded-surrogate", "%ED%A0%80", "%ED%A0%80", "escapes=kept", decoded="%ED%A0%80"),
        odd("lone-percent", "100%", "100%", *both, decoded="100%"),
        odd("percent-and-letters", "%ZZ", "%ZZ", *both, decoded="%ZZ"),
        odd("percent-and-one-digit", "a%2", "a%2", *both, decoded="a%2"),
        query("raw-non-ascii", "escapes", "slug=café&locations=", '{"slug":"café","locations":""}', BAD_QUERY,
              source=("non-ascii", "the é is not percent-encoded, which HTTP does not allow")),
        query("too-many-parameters", "escapes", f"{MANY}&p199=", J_MANY[:-1] + ',"p199":""}', TOO_LARGE,
              source=("many-parameters", "one parameter more: 201 with the signature")),
        query("longest", "escapes", f"{LONG}x", J_LONG + 'x"}', accepted(), no(*PAGE, "parameters=slug-and-locations"),
              source=(PLAIN, "a parameter more: the query has 8,192 characters")),
        query("too-long", "escapes", f"{LONG}xy", J_LONG + 'xy"}', TOO_LARGE,
              source=("longest", "one character more: the query has 8,193")),
        query("bad-escape-before-time", "escapes", "slug=%FF&locations=", '{"slug":"%FF","locations":""}',
              BAD_QUERY, {"escapes=kept": STALE, "escapes=replaced": MISMATCH}, t=NOW - 301,
              source=(PLAIN, "slug is %FF, and the time stale as well: syntax is checked first")),
        query("mismatch-before-time", "digest", ALL, J_ALL, MISMATCH, t=NOW - 301, secret="wrong-secret",
              source=(PLAIN, "stale, and signed with the secret wrong-secret: the digest is checked first")),
    ]
    # fmt: on


def times() -> list[dict[str, Any]]:
    """The window: 300 s back, 60 s ahead, both included."""
    narrow = ("tolerance=60-back-0-ahead",)
    none_ahead = {"tolerance=60-back-0-ahead": FUTURE, "tolerance=300-back-0-ahead": FUTURE}
    wide = {"tolerance=300-both-ways": accepted()}

    def at(name: str, t: int, expect: Any, by: Any) -> dict[str, Any]:
        away = f"{NOW - t} s old" if t <= NOW else f"{t - NOW} s ahead"
        return query(name, "tolerance", ALL, J_ALL, expect, by, t=t, source=(PLAIN, f"t is {away}"))

    # fmt: off
    return [
        at("now", NOW, accepted(), no(*PAGE)),
        at("sixty-seconds-old", NOW - 60, accepted(), no(*PAGE)),
        at("sixty-one-seconds-old", NOW - 61, accepted(), no(*PAGE, *narrow)),
        at("oldest", NOW - 300, accepted(), no(*PAGE, *narrow)),
        at("stale", NOW - 301, STALE, no(*ALWAYS[:2], "order=sorted", "key=hex-decoded")),
        at("one-second-ahead", NOW + 1, accepted(), no(*PAGE) | none_ahead),
        at("furthest-ahead", NOW + 60, accepted(), no(*PAGE) | none_ahead),
        at("from-the-future", NOW + 61, FUTURE, no(*PAGE) | wide),
        at("furthest-ahead-wide", NOW + 300, FUTURE, no(*PAGE) | wide),
        at("from-the-future-wide", NOW + 301, FUTURE, no(*PAGE)),
        at("epoch", 0, STALE, no(*ALWAYS[:2], "order=sorted", "key=hex-decoded")),
        at("far-ahead", 999_999_999_999, FUTURE, no(*PAGE) | {"timestamp=milliseconds": STALE}),
    ]
    # fmt: on


# --- the other operations ---------------------------------------------------------------------


def sign(
    name: str,
    about: str,
    pairs: list[list[str]],
    signed: str,
    by: dict[str, str | Expect] | None = None,
    *,
    secret: str = SECRET,
    expect: Expect | None = None,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Return a vector of sign_query; `by` holds the JSON that other readings sign."""

    def gives(text: str, message: str = "{json}.{t}", key: str | bytes = secret) -> Expect:
        digest = mac(key, message.replace("{json}", text).replace("{t}", str(T)).encode())
        return {"verdict": "accepted", "returns": {"signature": f"t={T},signature={digest}"}}

    others: dict[str, Any] = {}
    if expect is None:
        others["message=timestamp-payload"] = gives(signed, "{t}.{json}")
        others["key=hex-decoded"] = BAD_KEY
        if secret == "00ff00ff":
            others["key=hex-decoded"] = gives(signed, key=bytes([0, 255, 0, 255]))
    if expect is None and any(value == "" for _, value in pairs):
        left = {name: value for name, value in pairs if value}
        others[DROPS] = gives(json.dumps(left, ensure_ascii=False, separators=(",", ":")))
    others |= {r: gives(text) if isinstance(text, str) else text for r, text in (by or {}).items()}
    shown = " ".join(f"{n}={v}" for n, v in pairs).encode()
    return {
        "id": f"officernd/sign_query/{name}",
        "clauses": clauses(about),
        "input": {"pairs": pairs, "timestamp": T},
        "stages": []
        if expect
        else stages(("parameters", shown), ("json", signed.encode()), ("message", f"{signed}.{T}".encode())),
        "expect": expect or gives(signed),
        "by_reading": readings(others),
        **derived("officernd", "sign_query", source),
    }


P_ALL = [P_SLUG, ["locations", ""]]
S_ALL = {
    "json=spaced": '{"slug": "test-slug", "locations": ""}',
    "order=sorted": '{"locations":"","slug":"test-slug"}',
}


def signatures() -> list[dict[str, Any]]:
    two = "location-id1, location-id2"
    # fmt: off
    return [
        sign(PLAIN, "value parameters json message", P_ALL, J_ALL, S_ALL),
        sign("page-two-locations", "value parameters json message", [P_SLUG, ["locations", two]], J_TWO,
             {"json=spaced": f'{{"slug": "test-slug", "locations": "{two}"}}', "order=sorted": f'{{"locations":"{two}","slug":"test-slug"}}'}),
        sign("locations-absent", "value absent-locations", [P_SLUG], J_SLUG,
             {"json=spaced": '{"slug": "test-slug"}', "absent-locations=added-as-empty": J_ALL}),
        sign("comma-without-space", "value parameters", [P_SLUG, ["locations", "location-id1,location-id2"]],
             '{"slug":"test-slug","locations":"location-id1,location-id2"}',
             {"json=spaced": '{"slug": "test-slug", "locations": "location-id1,location-id2"}', "order=sorted": '{"locations":"location-id1,location-id2","slug":"test-slug"}'}),
        sign("another-order-and-text", "value order json",
             [["organizationId", ORG], ["locations", "é/\u2028"], ["slug", "test-slug"]],
             f'{{"organizationId":"{ORG}","locations":"é/\u2028","slug":"test-slug"}}',
             {"json=spaced": f'{{"organizationId": "{ORG}", "locations": "é/\u2028", "slug": "test-slug"}}', "json=ascii-escaped": f'{{"organizationId":"{ORG}","locations":"\\u00e9/\\u2028","slug":"test-slug"}}', "order=sorted": f'{{"locations":"é/\u2028","organizationId":"{ORG}","slug":"test-slug"}}', "order=slug-first": f'{{"slug":"test-slug","locations":"é/\u2028","organizationId":"{ORG}"}}', "parameters=slug-and-locations": '{"locations":"é/\u2028","slug":"test-slug"}'}),
        sign("empty-member", "value empty-member", [*P_ALL, ["memberId", ""]],
             '{"slug":"test-slug","locations":"","memberId":""}',
             {"json=spaced": '{"slug": "test-slug", "locations": "", "memberId": ""}', "order=sorted": '{"locations":"","memberId":"","slug":"test-slug"}', "parameters=slug-and-locations": J_ALL, "empty-member=dropped": J_ALL}),
        sign("quoted-organization", "value quoted-organization", [*P_ALL, ["organizationId", f'"{ORG}"']],
             J_QUOTED,
             {"json=spaced": f'{{"slug": "test-slug", "locations": "", "organizationId": "\\"{ORG}\\""}}', "order=sorted": f'{{"locations":"","organizationId":"\\"{ORG}\\"","slug":"test-slug"}}', "parameters=slug-and-locations": J_ALL, "quoted-organization=unquoted": J_ORG}),
        sign("integer-names", "value integer-names", [*P_ALL, ["10", "x"], ["2", "y"]],
             '{"slug":"test-slug","locations":"","10":"x","2":"y"}',
             {"json=spaced": '{"slug": "test-slug", "locations": "", "10": "x", "2": "y"}', "order=sorted": '{"10":"x","2":"y","locations":"","slug":"test-slug"}', "parameters=slug-and-locations": J_ALL, "integer-names=integers-first": '{"2":"y","10":"x","slug":"test-slug","locations":""}'}),
        sign("repeated", "repeated", [P_SLUG, ["slug", "best-slug"]], "", expect=REPEATED,
             source=(PLAIN, "slug occurs twice")),
    ]
    # fmt: on


BODY = (
    '{"event":"evt-1","eventType":"integration.removed","data":{"object":{"_id":"'
    + "7d" * 12
    + '"}},"createdAt":"2022-03-25T06:39:44.000Z"}'
).encode()
PRETTY = json.dumps(json.loads(BODY), indent=2).encode()


def hook(
    name: str,
    about: str,
    body: bytes,
    expect: Expect | Accepted,
    by: dict[str, Any] | None = None,
    *,
    signed: bytes | None = None,
    secret: str | bytes = WEBHOOK_SECRET,
    t: str | int = T,
    value: str = "t={t},signature={mac}",
    message: str = "body.t",
    digest: Any = str,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Return a vector of verify_webhook; `signed` is the body that was signed, if another."""
    covered = body if signed is None else signed
    parts = {"body": covered, "t": str(t).encode()}
    hexed = digest(mac(secret, b".".join(parts[part] for part in message.split("."))))
    if by is None:
        by = no(*HOOK) if isinstance(expect, Accepted) else {}

    def whole(expectation: Expect | Accepted) -> Expect:
        if not isinstance(expectation, Accepted):
            return expectation
        returns = {"parameters": [], "timestamp": int(t), "covered": ["body"], "not_covered": []}
        return {"verdict": "accepted", "returns": returns | expectation}

    verified = isinstance(expect, Accepted) or expect["reason"] in (
        "signature-mismatch",
        "stale",
        "from-the-future",
    )
    return {
        "id": f"officernd/verify_webhook/{name}",
        "clauses": clauses(about, "webhook"),
        "input": {"body": data(body), "header": value.format(t=t, mac=hexed)},
        "stages": stages(("body", body), ("message", body + f".{t}".encode())) if verified else [],
        "expect": whole(expect),
        "by_reading": readings({reading: whole(other) for reading, other in by.items()}),
        **derived("officernd", "verify_webhook", source),
    }


def webhooks() -> list[dict[str, Any]]:
    right = accepted()
    narrow = ("tolerance=60-back-0-ahead",)
    late = no("message=timestamp-payload", "key=hex-decoded")
    none_ahead = {"tolerance=60-back-0-ahead": FUTURE, "tolerance=300-back-0-ahead": FUTURE}

    def changed(name: str, about: str, expect: Any, what: str, by: Any = None, **more: Any) -> Any:
        return hook(name, about, BODY, expect, by, source=("compact", what), **more)

    # fmt: off
    return [
        hook("compact", "signature body", BODY, accepted()),
        hook("pretty-printed", "body", PRETTY, accepted(),
             source=("compact", "the JSON is indented, and signed so", "input.body", "input.header")),
        hook("written-again", "signature body", PRETTY, MISMATCH, signed=BODY,
             source=("pretty-printed", "what was signed is the JSON, parsed and written again")),
        hook("number-with-fraction", "body", b'{"n":1.0}', accepted()),
        hook("escaped-text", "body", b'{"name":"caf\\u00e9"}', accepted()),
        hook("raw-text", "body", '{"name":"café"}'.encode(), accepted()),
        hook("repeated-key", "body", b'{"a":1,"a":2}', accepted()),
        hook("empty-body", "body", b"", accepted()),
        hook("not-utf8", "body", b"\xff\xfe{}\x00", accepted()),
        hook("not-json", "body", b"removed", accepted()),
        hook("byte-order-mark", "body", b"\xef\xbb\xbf{}", accepted()),
        hook("line-end-added", "signature body", BODY + b"\n", MISMATCH, signed=BODY,
             source=("compact", "a line end after the signed body")),
        hook("changed-byte", "signature body", BODY.replace(b"7d", b"7e", 1), MISMATCH, signed=BODY,
             source=("compact", "one digit of the id differs")),
        hook("body-removed", "signature body", b"", MISMATCH, signed=BODY,
             source=("compact", "the body is empty")),
        changed("wrong-secret", "signature key", MISMATCH, "signed with the secret wrong-secret",
                secret="wrong-secret"),
        changed("integration-secret", "signature key", MISMATCH,
                "signed with the integration's secret example-integration-secret", secret=SECRET),
        changed("another-digest", "signature", MISMATCH, "the last hex digit differs",
                digest=lambda h: h[:-1] + ("0" if h[-1] != "0" else "1")),
        changed("signed-timestamp-first", "signature body", MISMATCH, "the timestamp is before the body",
                {"message=timestamp-payload": right}, message="t.body"),
        changed("signed-body-alone", "signature body", MISMATCH, "the body alone is signed", message="body"),
        changed("header-empty", "signature", refused("missing-parameter"),
                "an empty header, as when there is none", value=""),
        changed("header-encoded", "signature.syntax", BAD_FIELD, "the header's value is percent-encoded",
                value="t%3D{t}%2Csignature%3D{mac}"),
        changed("header-space-after-comma", "signature.syntax", BAD_FIELD, "a space after the comma",
                {"syntax=positional": right, "syntax=spaced-fields": right}, value="t={t}, signature={mac}"),
        changed("header-field-named-v1", "signature.syntax", NO_FIELD, "the field signature is named v1",
                {"syntax=positional": right}, value="t={t},v1={mac}"),
        changed("header-fields-swapped", "signature.syntax", accepted(), "signature before t",
                no(*HOOK, "syntax=positional"), value="signature={mac},t={t}"),
        changed("header-unknown-field", "signature.syntax", accepted(), "a third field v",
                value="t={t},signature={mac},v=2"),
        changed("header-field-t-missing", "signature.syntax", NO_FIELD, "no field t",
                {"syntax=positional": BAD_FIELD}, value="signature={mac}"),
        changed("header-field-t-repeated", "signature.syntax", TWO_FIELDS, "the field t occurs twice",
                {"syntax=positional": BAD_FIELD}, value="t={t},t={t},signature={mac}"),
        changed("upper-case-digest", "signature.digest", BAD_FIELD, "upper-case hex", digest=str.upper),
        changed("digest-not-hex", "signature.digest", BAD_FIELD, "the last hex digit is a g",
                digest=lambda h: h[:-1] + "g"),
        changed("thirteen-digits", "signature.timestamp", MILLISECONDS, "t in milliseconds, and signed so",
                {"timestamp=milliseconds": accepted(timestamp=T)}, t=T * 1000),
        changed("t-not-a-number", "signature.syntax", BAD_FIELD, "t is soon, and signed so", t="soon"),
        changed("oldest", "tolerance", accepted(), "t is 300 s old", no(*HOOK, *narrow), t=NOW - 300),
        changed("stale", "tolerance", STALE, "t is 301 s old", late, t=NOW - 301),
        changed("furthest-ahead", "tolerance", accepted(), "t is 60 s ahead", no(*HOOK) | none_ahead,
                t=NOW + 60),
        changed("from-the-future", "tolerance", FUTURE, "t is 61 s ahead",
                no(*HOOK) | {"tolerance=300-both-ways": right}, t=NOW + 61),
    ]
    # fmt: on


def sign_body(
    name: str,
    about: str,
    body: bytes,
    *,
    secret: str,
    expect: Expect | None = None,
    source: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    message = body + f".{T}".encode()
    signature = f"t={T},signature={mac(secret, message)}"
    return {
        "id": f"officernd/sign_webhook/{name}",
        "clauses": clauses(about, "webhook"),
        "input": {"body": data(body), "timestamp": T},
        "stages": [] if expect else stages(("body", body), ("message", message)),
        "expect": expect or {"verdict": "accepted", "returns": {"signature": signature}},
        "by_reading": {},
        **derived("officernd", "sign_webhook", source),
    }


def groups() -> list[dict[str, Any]]:
    umlaut, hexes = "geheimnis-mit-ümlaut", "00ff00ff"
    verify, given = "officernd.verify_query", {"secret": SECRET, "now": NOW}
    listed = [
        ("page-requests", verify, given, page_requests()),
        ("texts", verify, given, texts()),
        ("optional-forms", verify, given, optional_forms()),
        ("value-syntax", verify, given, value_syntax()),
        ("messages", verify, given, wrong_messages()),
        ("duplicates-and-escapes", verify, given, duplicates_and_escapes()),
        ("times", verify, given, times()),
        (
            "narrow-tolerance",
            verify,
            given | {"tolerance": [5, 0]},
            [
                query("as-old-as-set", "tolerance", ALL, J_ALL, accepted(), t=NOW - 5),
                query(
                    "older-than-set",
                    "tolerance",
                    ALL,
                    J_ALL,
                    STALE,
                    no(*ALWAYS[:2], "order=sorted", "key=hex-decoded"),
                    t=NOW - 6,
                    source=("as-old-as-set", "one second older"),
                ),
                query(
                    "further-ahead-than-set",
                    "tolerance",
                    ALL,
                    J_ALL,
                    FUTURE,
                    no(*PAGE),
                    t=NOW + 1,
                    source=("as-old-as-set", "one second ahead"),
                ),
            ],
        ),
        (
            "webhook-narrow-tolerance",
            "officernd.verify_webhook",
            {"secret": WEBHOOK_SECRET, "now": NOW, "tolerance": [5, 0]},
            [
                hook("as-old-as-set", "tolerance", BODY, accepted(), t=NOW - 5),
                hook(
                    "older-than-set",
                    "tolerance",
                    BODY,
                    STALE,
                    no("message=timestamp-payload", "key=hex-decoded"),
                    t=NOW - 6,
                    source=("as-old-as-set", "one second older"),
                ),
                hook(
                    "further-ahead-than-set",
                    "tolerance",
                    BODY,
                    FUTURE,
                    no(*HOOK),
                    t=NOW + 1,
                    source=("as-old-as-set", "one second ahead"),
                ),
            ],
        ),
        (
            "secret-not-ascii",
            verify,
            given | {"secret": umlaut},
            [
                query("secret-not-ascii", "key", ALL, J_ALL, accepted(), secret=umlaut),
                query(
                    "secret-in-latin-1",
                    "digest key",
                    ALL,
                    J_ALL,
                    MISMATCH,
                    no("key=hex-decoded"),
                    secret=umlaut.encode("latin-1"),
                    source=("secret-not-ascii", "the key is the secret in Latin-1"),
                ),
            ],
        ),
        (
            "secret-of-hex-digits",
            verify,
            given | {"secret": hexes},
            [
                query(
                    "secret-of-hex-digits",
                    "key",
                    ALL,
                    J_ALL,
                    accepted(),
                    no(*PAGE) | {"key=hex-decoded": MISMATCH},
                    secret=hexes,
                ),
                query(
                    "secret-decoded",
                    "digest key",
                    ALL,
                    J_ALL,
                    MISMATCH,
                    {"key=hex-decoded": accepted()},
                    secret=bytes([0, 255, 0, 255]),
                    source=("secret-of-hex-digits", "the key is the bytes that the hex digits stand for"),
                ),
            ],
        ),
        (
            "secret-empty",
            verify,
            given | {"secret": ""},
            [
                query(
                    "secret-empty",
                    "key",
                    ALL,
                    J_ALL,
                    EMPTY_SECRET,
                    secret="",
                    source=(PLAIN, "the secret is empty, and signed so", "given.secret", "input.target"),
                )
            ],
        ),
        ("signing", "officernd.sign_query", {"secret": SECRET}, signatures()),
        (
            "signing-secret-not-ascii",
            "officernd.sign_query",
            {"secret": umlaut},
            [sign("secret-not-ascii", "value key", P_ALL, J_ALL, S_ALL, secret=umlaut)],
        ),
        (
            "signing-secret-of-hex-digits",
            "officernd.sign_query",
            {"secret": hexes},
            [sign("secret-of-hex-digits", "value key", P_ALL, J_ALL, S_ALL, secret=hexes)],
        ),
        (
            "signing-secret-empty",
            "officernd.sign_query",
            {"secret": ""},
            [
                sign(
                    "secret-empty",
                    "key",
                    P_ALL,
                    J_ALL,
                    expect=EMPTY_SECRET,
                    secret="",
                    source=("page-all-locations", "the secret is empty"),
                )
            ],
        ),
        ("webhooks", "officernd.verify_webhook", {"secret": WEBHOOK_SECRET, "now": NOW}, webhooks()),
        (
            "webhook-secret-not-ascii",
            "officernd.verify_webhook",
            {"secret": umlaut, "now": NOW},
            [hook("secret-not-ascii", "key", BODY, accepted(), secret=umlaut)],
        ),
        (
            "webhook-secret-empty",
            "officernd.verify_webhook",
            {"secret": "", "now": NOW},
            [
                hook(
                    "secret-empty",
                    "key",
                    BODY,
                    EMPTY_SECRET,
                    secret="",
                    source=("compact", "the secret is empty, and signed so", "given.secret", "input.header"),
                )
            ],
        ),
        (
            "signing-webhooks",
            "officernd.sign_webhook",
            {"secret": WEBHOOK_SECRET},
            [
                sign_body("compact", "signature body", BODY, secret=WEBHOOK_SECRET),
                sign_body("pretty-printed", "signature body", PRETTY, secret=WEBHOOK_SECRET),
                sign_body("empty-body", "signature body", b"", secret=WEBHOOK_SECRET),
                sign_body("not-utf8", "signature body", b"\xff\xfe{}\x00", secret=WEBHOOK_SECRET),
            ],
        ),
        (
            "signing-webhooks-secret-empty",
            "officernd.sign_webhook",
            {"secret": ""},
            [
                sign_body(
                    "secret-empty",
                    "key",
                    BODY,
                    secret="",
                    expect=EMPTY_SECRET,
                    source=("compact", "the secret is empty"),
                )
            ],
        ),
    ]
    return [
        {"id": f"officernd/{name}", "operation": operation, "given": given, "vectors": vectors}
        for name, operation, given, vectors in listed
    ]


if __name__ == "__main__":
    main(
        "officernd",
        "Python's hmac, hashlib, json and urllib",
        "Every secret in this file is public on purpose and protects nothing.",
        groups(),
    )
