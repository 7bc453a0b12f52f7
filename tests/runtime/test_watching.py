"""Refused requests are kept for the operator: which request a refusal is about, how many are kept, how large."""

from __future__ import annotations

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.core.refusals import Refused
from handshakes.runtime.watching import Kept, Watched


def request(path: str, body: bytes = b"") -> Request:
    return Request("POST", "http://127.0.0.1:1", path, (), body)


class Slow:
    """A role that calls outward, and then refuses."""

    name = "slow"
    origins = ("http://127.0.0.1:1",)
    secret_names: frozenset[str] = frozenset({"token"})
    has_store = True

    def __init__(self):
        self.report = None

    def handle(self, asked):
        try:
            yield Request("GET", "http://127.0.0.1:2", asked.path)
        except Unreachable:
            self.report("slow", Refused("unreachable", "toy:clause"))
            return Response(502)
        self.report("slow", Refused("malformed", "toy:clause"))
        return Response(400, (), asked.body)


def watched(**limits) -> Watched:
    role = Slow()
    found = Watched(role, Kept(lambda: 1_700_000_000, **limits), lambda one, answer: answer.body == b"137")
    role.report = found.heard
    return found


def finish(step, value=None) -> Response:
    try:
        step.throw(value) if isinstance(value, Exception) else step.send(value or Response(200))
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it asks for more")


def test_a_refusal_belongs_to_the_request_that_is_being_answered():
    """Two requests wait for the same other side, and are answered in the other order."""
    role = watched()
    one, two = role.handle(request("/one")), role.handle(request("/two"))
    next(one), next(two)
    finish(two)
    finish(one, Unreachable("dropped", "http://127.0.0.1:2"))
    kept = [(found.number, found.request.path, found.refused.reason, found.now) for found in role.kept.all()]
    assert kept == [(1, "/two", "malformed", 1_700_000_000), (2, "/one", "unreachable", 1_700_000_000)]


def test_what_the_role_asked_last_and_what_it_got_are_kept_with_its_refusal():
    """An answer that is refused is told with the call that it answers; what was refused before any call has none."""
    role = watched()
    for path, came in (("/a", Response(200, (), b"x" * 900)), ("/b", Unreachable("timeout"))):
        step = role.handle(request(path))
        next(step)
        finish(step, came)
        (asked, got), *_ = [one.call for one in reversed(role.kept.all())]
        assert (asked.method, asked.target, got) == ("GET", path, came)
    small = watched(most_bytes=1_000)
    for _ in range(3):
        step = small.handle(request("/"))
        next(step)
        finish(step, Response(200, (), b"x" * 900))
    assert len(small.kept.all()) == 1, "what was answered counts for the limit"


def test_what_is_told_outside_of_a_request_is_not_kept():
    role = watched()
    assert role.heard("start", Refused("malformed", "toy:clause")) is None
    assert role.kept.all() == []


def test_an_answer_alone_can_show_that_a_request_was_refused():
    role = watched()
    role.role.report = lambda endpoint, refused: None
    step = role.handle(request("/api", b"137"))
    next(step)
    assert finish(step).status == 400
    assert [(one.request.path, one.refused) for one in role.kept.all()] == [("/api", None)]


def test_the_role_is_otherwise_as_it_was():
    role = watched()
    assert (role.name, role.origins, role.secret_names, role.has_store) == (
        "slow",
        ("http://127.0.0.1:1",),
        frozenset({"token"}),
        True,
    )


def test_the_oldest_go_when_there_are_too_many_or_too_large():
    kept = Kept(lambda: 0, most=3)
    for number in range(1_000):
        kept.add(request(f"/{number}"), "x")
    assert [one.request.path for one in kept.all()] == ["/997", "/998", "/999"]
    assert kept.get(1) is None
    assert kept.get(1_000).request.path == "/999"
    large = Kept(lambda: 0, most_bytes=1_000_000)
    for _ in range(50):
        large.add(request("/", b"x" * 300_000), "x")
    assert len(large.all()) == 3
    large.add(request("/", b"x" * 2_000_000), "x")
    assert len(large.all()) == 1, "the newest stays, however large: the server caps a body"
