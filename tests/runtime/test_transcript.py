"""What a transcript shows, and what it must never show."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handshakes.core.messages import Request, Response, Unreachable, json_response
from handshakes.runtime.transcript import Transcript

ORIGIN = "https://app.example"
PUBLIC = "example-integration-secret"
NAMES = frozenset({"code", "apikey", "x-api-key"})
MASK = re.compile("‹[0-9]+ characters, sha256 [0-9a-f]{6}…›")
FORM = (("content-type", "application/x-www-form-urlencoded"),)
JSON = (("content-type", "application/json"),)


def sent(target="/", headers=(), body=b"") -> Request:
    return Request("POST", ORIGIN, target, headers, body)


def as_json(value) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# Each position takes a secret and returns the message that carries it.
POSITIONS = {
    "query": lambda s: sent("/connect?a=1&code=" + quote(s, safe="") + "&b=2"),
    "query with plus": lambda s: sent("/connect?code=" + quote_plus(s)),
    "query, name in another case": lambda s: sent("/connect?CODE=" + quote(s, safe="")),
    "query, name escaped": lambda s: sent("/connect?%63ode=" + quote(s, safe="")),
    "form": lambda s: sent(headers=FORM, body=b"x=1&apiKey=" + quote_plus(s).encode()),
    "form, type with a charset": lambda s: sent(
        headers=(("Content-Type", "Application/X-WWW-Form-Urlencoded; charset=utf-8"),),
        body=b"apiKey=" + quote_plus(s).encode(),
    ),
    "JSON": lambda s: sent(headers=JSON, body=as_json({"apiKey": s})),
    "nested JSON": lambda s: sent(headers=JSON, body=as_json({"a": [{"b": {"apiKey": s}}, 1]})),
    "JSON list under a secret name": lambda s: sent(headers=JSON, body=as_json({"apiKey": [s]})),
    "JSON object under a secret name": lambda s: sent(headers=JSON, body=as_json({"apiKey": {"value": s}})),
    "JSON response": lambda s: json_response({"apiKey": s}),
    "bearer": lambda s: sent(headers=(("Authorization", "Bearer " + s),)),
    "authorization without a scheme": lambda s: sent(headers=(("Authorization", s),)),
    "header": lambda s: sent(headers=(("X-Api-Key", s),)),
    "cookie": lambda s: sent(headers=(("Cookie", "session=" + s),)),
    "second cookie": lambda s: sent(headers=(("Cookie", "a=1; session=" + s),)),
    "set-cookie": lambda s: Response(200, (("Set-Cookie", f"session={s}; Path=/; HttpOnly"),)),
    "location": lambda s: Response(302, (("Location", f"{ORIGIN}/cb?code={quote(s, safe='')}&state=1"),)),
    "location with a fragment": lambda s: Response(
        302, (("Location", f"{ORIGIN}/#code={quote(s, safe='')}"),)
    ),
}

# Without what a cookie or a header value cannot hold. The mark keeps a secret from being one of the
# transcript's own words, or a public test key.
secrets = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_characters=";,\"'\\\x7f\xa0\xad"),
    min_size=5,
    max_size=40,
).map(lambda tail: "§7q" + "".join(c for c in tail if c.isprintable()).ljust(5, "z"))
some = settings(max_examples=30, deadline=None)


def record(transcript: Transcript, message: Request | Response) -> None:
    if isinstance(message, Request):
        transcript.request("platform", "partner", message)
    else:
        transcript.response("platform", "partner", message)


def everything(transcript: Transcript) -> str:
    """Return all that a reader may get to see."""
    bundle = transcript._repr_mimebundle_()
    return "\n".join(
        [
            transcript.text(),
            transcript.mermaid(10_000),
            repr(transcript.events),
            repr(transcript),
            *bundle.values(),
        ]
    )


def forms_of(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}


@pytest.mark.parametrize("position", POSITIONS.values(), ids=POSITIONS.keys())
@some
@given(secret=secrets)
def test_a_secret_is_never_seen(position, secret):
    transcript = Transcript(NAMES)
    record(transcript, position(secret))
    assert not [form for form in forms_of(secret) if form in everything(transcript)]
    assert MASK.search(everything(transcript)), "and one sees that there was one"


# Where a secret turns up once more, under a name that says nothing.
ELSEWHERE = {
    "path": lambda s: sent("/installations/" + quote(s, safe="")),
    "other query name": lambda s: sent("/?x=" + quote(s, safe="")),
    "inside a value": lambda s: sent("/?x=before" + quote(s, safe="") + "after"),
    "other form name": lambda s: sent(headers=FORM, body=b"x=" + quote_plus(s).encode()),
    "other JSON name": lambda s: sent(headers=JSON, body=as_json({"x": [s]})),
    "plain text": lambda s: Response(200, (("content-type", "text/plain"),), f"it is {s}.".encode()),
    "other header": lambda s: sent(headers=(("X-Other", s),)),
    "location": lambda s: Response(302, (("Location", f"{ORIGIN}/{quote(s, safe='')}"),)),
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE.keys())
@some
@given(secret=secrets)
def test_a_secret_that_was_seen_is_masked_wherever_it_turns_up(place, secret):
    transcript = Transcript(NAMES)
    record(transcript, sent(headers=JSON, body=as_json({"apiKey": secret})))
    record(transcript, place(secret))
    assert not [form for form in forms_of(secret) if form in everything(transcript)]


@pytest.mark.parametrize(
    "message",
    [
        sent("/?x=very-private-value&code=very-private-value"),
        sent("/very-private-value?code=very-private-value"),
        sent("/very-private-value", JSON, b'{"apiKey":"very-private-value"}'),
        sent("/?x=very-private-value", (("authorization", "Bearer very-private-value"),)),
        sent("/", (("x-other", "very-private-value"), ("x-api-key", "very-private-value"))),
        sent(
            "/", (("x-other", "very-private-value"), *FORM), b"x=very-private-value&apikey=very-private-value"
        ),
        json_response({"x": "very-private-value", "apiKey": "very-private-value"}),
    ],
    ids=["query", "path", "path and body", "query and header", "headers", "form", "JSON"],
)
def test_the_order_within_a_message_does_not_matter(message):
    transcript = Transcript(NAMES)
    record(transcript, message)
    assert "very-private-value" not in everything(transcript)


def test_of_two_secrets_the_longer_one_leaves_no_rest():
    transcript = Transcript(NAMES)
    record(transcript, sent("/?code=private-part"))
    record(transcript, sent("/?code=private-part-and-tail"))
    record(transcript, sent("/?x=private-part-and-tail"))
    assert "tail" not in everything(transcript)


def test_a_secret_posted_between_windows_is_masked():
    transcript = Transcript(NAMES)
    record(transcript, sent("/?code=very-private-value"))
    transcript.message(ORIGIN, "https://other.example", "done: very-private-value")
    assert transcript.events[-1].kind == "message"
    assert "very-private-value" not in everything(transcript)


def test_short_and_empty_values_under_a_secret_name():
    """A short secret is masked where its name says so; elsewhere it may be any other text."""
    transcript = Transcript(NAMES)
    record(transcript, sent("/?code=abc&apikey="))
    record(transcript, sent("/?x=abc"))
    first, second = (event.text for event in transcript.events)
    assert MASK.search(first)
    assert "abc" not in first
    assert first.endswith("&apikey=")
    assert second == "POST https://app.example/?x=abc"


def test_numbers_under_a_secret_name_are_masked():
    transcript = Transcript(NAMES)
    record(transcript, json_response({"apiKey": 1234567890}))
    record(transcript, json_response({"apiKey": 12345678.25}))
    assert "12345678" not in everything(transcript)


@pytest.mark.parametrize("value", [4711471147114711, 1.5, True])
def test_what_is_no_text_is_masked_without_quotation_marks(value):
    """Else a number would be shown as the text that was expected in its place."""
    transcript = Transcript(frozenset({"apikey", "token"}))
    record(transcript, json_response({"apiKey": value, "token": "a-private-value"}))
    assert re.search(r'"apiKey":‹\d+ characters[^"]*›,"token":"‹', everything(transcript)), everything(
        transcript
    )


def test_a_mask_tells_two_secrets_apart_and_the_same_one_again():
    transcript = Transcript(NAMES)
    for value in ("private-one", "private-two", "private-one"):
        record(transcript, sent("/?code=" + value))
    one, two, again = (event.text for event in transcript.events)
    assert one == again != two


@pytest.mark.parametrize(
    "message",
    [
        sent("/?code=" + PUBLIC),
        sent(headers=FORM, body=b"apiKey=" + PUBLIC.encode()),
        json_response({"a": {"apiKey": PUBLIC}}),
        sent(headers=(("authorization", "Bearer " + PUBLIC),)),
        sent(headers=(("cookie", "session=" + PUBLIC),)),
        Response(302, (("location", ORIGIN + "/?code=" + PUBLIC),)),
    ],
    ids=["query", "form", "JSON", "authorization", "cookie", "location"],
)
def test_public_test_keys_are_shown(message):
    transcript = Transcript(NAMES)
    record(transcript, message)
    assert PUBLIC in transcript.text()
    assert "‹" not in transcript.text()


def test_what_is_always_secret_needs_no_name():
    transcript = Transcript()
    credentials = b64encode(b"somebody:something").decode()
    record(
        transcript,
        sent(headers=(("authorization", "Basic " + credentials), *FORM), body=b"client_secret=private"),
    )
    record(transcript, sent("/?password=private"))
    assert credentials not in everything(transcript)
    assert "private" not in everything(transcript)
    assert "authorization: Basic ‹" in transcript.text()


def test_json_without_a_secret_keeps_its_bytes():
    transcript = Transcript(NAMES)
    record(transcript, sent(headers=JSON, body=b'{ "x" : 1.0,\t"y": "\\u00fc" }'))
    assert transcript.events[0].body == '{ "x" : 1.0,\t"y": "\\u00fc" }'


def test_a_name_that_stands_twice_beside_a_secret_is_shown_twice():
    transcript = Transcript(NAMES)
    record(
        transcript, sent(headers=JSON, body=b'{"x":{"a":1,"a":2},"password":"private","x":[{"b":null},true]}')
    )
    assert (
        re.sub("‹.*›", "‹›", transcript.events[0].body)
        == '{"x":{"a":1,"a":2},"password":"‹›","x":[{"b":null},true]}'
    )


def test_a_raw_target_keeps_its_bytes():
    transcript = Transcript(NAMES)
    record(transcript, sent("/a/../%7e?x=%2c&y=,&z&&w=+%20&=1"))
    assert transcript.events[0].text == "POST https://app.example/a/../%7e?x=%2c&y=,&z&&w=+%20&=1"


# --- what is recorded -------------------------------------------------------------------------


def test_events_in_order_and_without_what_no_role_set():
    transcript = Transcript()
    headers = (
        ("Host", "app.example"),
        ("Content-Length", "2"),
        ("X-Own", "1"),
        ("Date", "x"),
        ("Server", "x"),
    )
    transcript.request("a", "b", sent("/x", headers, b"ok"))
    transcript.failure("a", "b", Unreachable("timeout", ORIGIN))
    transcript.response("a", "b", Response(204, (("Connection", "close"), ("X-Own", "2"))))
    assert [(e.kind, e.sender, e.receiver, e.text, e.headers, e.body) for e in transcript.events] == [
        ("request", "a", "b", "POST https://app.example/x", (("x-own", "1"),), "ok"),
        ("failure", "b", "a", "timeout", (), ""),
        ("response", "b", "a", "204", (("x-own", "2"),), ""),
    ]
    assert transcript.text().splitlines() == [
        "  1 a → b  POST https://app.example/x",
        "      x-own: 1",
        "      ok",
        "  2 b ✗ a  timeout",
        "  3 b ⇢ a  204",
        "      x-own: 2",
    ]
    assert "x-own" not in transcript.text(bodies=False)


def test_long_and_binary_bodies_are_capped():
    transcript = Transcript()
    record(transcript, sent(body=b"x" * 2_000))
    record(transcript, sent(body=b"x" * 100_000))
    record(transcript, sent(body=b"\xff\x00" * 50_000))
    whole, cut, binary = (event.body for event in transcript.events)
    assert whole == "x" * 2_000
    assert cut == "x" * 2_000 + "… ‹100000 characters›"
    assert binary == "‹100000 bytes that are not UTF-8›"


def test_a_cap_does_not_cut_a_secret_in_two():
    transcript = Transcript(NAMES)
    record(transcript, sent("/?code=very-private-value"))
    record(transcript, sent(body=b"x" * 1_990 + b"very-private-value"))
    assert "very-priv" not in everything(transcript)


# --- diagrams ---------------------------------------------------------------------------------


def test_a_diagram_of_one_exchange():
    transcript = Transcript()
    transcript.request("browser", "partner", sent("/connect?x=1"))
    transcript.response("browser", "partner", Response(302, (("location", "/settings"),)))
    transcript.failure("browser", "partner", Unreachable("dropped"))
    transcript.message("partner", "browser", "active")
    assert transcript.mermaid().splitlines() == [
        "sequenceDiagram",
        "    participant p0 as browser",
        "    participant p1 as partner",
        "    p0->>p1: POST /connect?x=1",
        "    p1-->>p0: 302 to /settings",
        "    p1--xp0: dropped",
        "    p1-)p0: active",
    ]


@some
@given(text=st.text(max_size=80), name=st.text(min_size=1, max_size=20))
def test_no_label_can_break_out_of_its_line(text, name):
    """Mermaid ends a statement at `;` and a line end, and begins a comment or an entity at `#`."""
    transcript = Transcript()
    transcript.message(name, "browser", text)
    head, *lines = transcript.mermaid().split("\n")
    assert head == "sequenceDiagram"
    assert len(lines) == (2 if name == "browser" else 3)
    assert transcript.mermaid().isascii()
    assert len(transcript.mermaid().splitlines()) == len(lines) + 1
    for line in lines:
        label = re.sub("#[0-9]+;", "", line)
        assert not re.search("[;#<>\"'{}|\\\\\\x00-\\x1f]", label.partition(": ")[2])


def test_the_entities_stand_for_what_they_replace():
    transcript = Transcript()
    transcript.message("a", "b", "x;y#z\n<b>")
    assert transcript.mermaid().splitlines()[-1] == "    p0-)p1: x#59;y#35;z#10;#60;b#62;"


def test_a_label_is_cut_before_it_is_escaped():
    transcript = Transcript()
    transcript.message("a", "b", ";" * 100)
    assert transcript.mermaid(4).splitlines()[-1] == "    p0-)p1: #59;#59;#59;#8230;"


def test_a_notebook_gets_the_text_beside_the_picture():
    transcript = Transcript()
    transcript.message("a", "b", "hello")
    bundle = transcript._repr_mimebundle_()
    assert bundle["text/plain"] == transcript.text(bodies=False)
    assert bundle["text/markdown"] == f"```mermaid\n{transcript.mermaid()}\n```"


# --- what runs for long -----------------------------------------------------------------------


def answers(transcript: Transcript, start: int, number: int) -> float:
    """Record token answers, each with another secret; return the CPU time of each."""
    messages = [json_response({"code": f"private-value-{i:09}-end"}) for i in range(start, start + number)]
    began = time.process_time()
    for message in messages:
        record(transcript, message)
    return (time.process_time() - began) / number


@pytest.mark.parametrize("keep", [None, 100], ids=["all kept", "the last kept"])
def test_an_event_costs_the_same_after_many_others(keep):
    """After 8,000 others (quadratic work would take 16 times as long), at most 3 times as long."""
    young = [answers(Transcript(NAMES, keep=keep), 0, 500) for _ in range(5)]
    old = Transcript(NAMES, keep=keep)
    answers(old, 0, 8_000)
    assert min(answers(old, 10_000 * i, 500) for i in range(1, 6)) < 3 * min(young)


def test_with_a_limit_events_and_secrets_are_bounded():
    transcript = Transcript(NAMES, keep=50)
    for i in range(2_000):
        record(transcript, json_response({"code": f"private-value-{i}", "x": f"private-value-{i}"}))
        assert len(transcript.events) < 100
    assert transcript.recorded == 2_000
    assert len(transcript._secrets) <= 50
    assert "private-value" not in everything(transcript)


def test_with_a_limit_long_secrets_are_bounded_by_their_characters():
    transcript = Transcript(NAMES, keep=50)
    for i in range(200):
        record(transcript, json_response({"code": f"{i}" + "x" * 30_000}))
    assert sum(map(len, transcript._secrets._masks)) <= 50_000


def test_the_numbers_of_events_go_on_when_the_first_are_no_longer_kept():
    transcript = Transcript(keep=2)
    for i in range(1, 6):
        transcript.message("a", "b", f"number {i}")
    assert [event.text for event in transcript.events] == ["number 3", "number 4", "number 5"]
    assert transcript.text(start=0, end=4).splitlines() == [
        "    … 2 earlier events are no longer kept",
        "  3 a ✉ b  number 3",
        "  4 a ✉ b  number 4",
    ]
    assert transcript.text(start=4) == "  5 a ✉ b  number 5"
    assert transcript.text(start=5) == ""


def test_a_secret_seen_again_is_not_the_next_to_be_forgotten():
    transcript = Transcript(NAMES, keep=3)
    for value in ("private-one", "private-two", "private-three", "private-one", "private-four"):
        record(transcript, sent("/?code=" + value))
    record(transcript, sent("/?x=private-one"))
    assert "private-one" not in transcript.events[-1].text


def test_secrets_that_overlap_are_masked_as_one():
    transcript = Transcript(NAMES)
    record(transcript, json_response({"code": ["private-front-middle", "middle-and-back"]}))
    record(transcript, sent("/?x=private-front-middle-and-back"))
    assert not [part for part in ("front", "middle", "back") if part in transcript.events[-1].text]


def test_a_text_too_much_like_secrets_is_not_shown():
    """Each place of the text begins all of the secrets, and is none of them."""
    transcript = Transcript(NAMES)
    record(transcript, json_response({"code": ["a" * length + "b" for length in range(8, 1_000)]}))
    record(transcript, sent("/" + "a" * 5_000))
    assert "aaaaaaaa" not in everything(transcript)


def test_secrets_beyond_the_cut_do_not_shorten_what_is_shown():
    transcript = Transcript(NAMES)
    record(transcript, sent("/?code=very-private-value"))
    record(transcript, sent(body=b"very-private-value" * 10 + b"x" * 5_000))
    assert MASK.sub("", transcript.events[-1].body).startswith("x" * 1_000)
    assert len(transcript.events[-1].body) == 2_000 + len("… ‹5180 characters›")


def test_a_title_of_a_number_too_long_to_read_is_no_defect():
    """Python refuses to read a number of more than 4,300 digits."""
    transcript = Transcript()
    html = b"<title>&#" + b"1" * 5_000 + b";</title>"
    record(transcript, Response(200, (("content-type", "text/html"),), html))
    assert transcript.events[-1].body == "‹page without a title›"
