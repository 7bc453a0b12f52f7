"""One state machine for every platform: steps, faults, losses, restarts and strangers in any order.

After each of them: no installation without a completed handshake, nothing accepted that was not signed, no credential
lost by a failure, no secret in any output, and nothing kept outside a bounded store.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.messages import Response, Unreachable
from handshakes.core.refusals import Refused
from handshakes.runtime.store import Installation
from handshakes.runtime.story import Reports
from handshakes.runtime.transcript import Transcript
from tests.logged import Log
from tests.machines.adapters.adapter import Adapter, Fact
from tests.machines.watching import LOSSES, Asked, Network, Store
from tests.test_bounded import remembered

MOST_EXPIRING = 60
"""How many rows and nonces with an end of their own may be kept at once: a run is short, and an owner's hour is long."""
PUBLIC = PUBLIC_TEST_KEYS


class Handshakes(RuleBasedStateMachine):
    """Both sides of one platform with several customers; a subclass names the adapter, and a broken partner if any."""

    adapter: Adapter
    kind: type | None = None
    judges = True
    """Whether a violation that the simulator finds ends the run; without, the invariants are all that can."""
    made = steps = 0
    """How many machines of this kind there were, and how many steps they took: no test passes without any."""

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        self.log = Log().listening("")
        self.store = Store()
        self.both = self.adapter.sides(self.store, self.kind)
        self.platform, self.clock = self.both.platform, self.both.clock
        self.facts: set[Fact] = set()
        self.secrets: set[str] = set()
        self.rows = self.store.rows(self.adapter.name)
        self.last, self.unsure = self.adapter.customers[0], set[str]()
        self.connect(self.both.partner)
        self.size = self.own()

    def teardown(self) -> None:
        """Whatever came before, the customer of the last step can be connected and use the connection, without a violation."""
        try:
            self.clock.advance(120)  # what is still remembered of a fault, a limit or a lease passes
            for step in self.adapter.whole:
                self.pressed(self.last, step, "", genuine=True)
        finally:
            self.log.close()

    # --- rules ------------------------------------------------------------------------------------

    @rule(data=st.data())
    def press(self, data: st.DataObject) -> None:
        """A customer presses any button."""
        self.pressed(*self.drawn(data), "")

    @rule(data=st.data())
    def misbehave(self, data: st.DataObject) -> None:
        """A customer presses a button, and the platform does what any fault of its table says."""
        customer = data.draw(st.sampled_from(self.adapter.customers), "customer")
        every = [(step, fault) for step, faults in self.adapter.steps.items() for fault in faults]
        self.pressed(customer, *data.draw(st.sampled_from(every), "fault"))

    def drawn(self, data: st.DataObject) -> tuple[str, str]:
        """Return a customer and a button."""
        customer = data.draw(st.sampled_from(self.adapter.customers), "customer")
        return customer, data.draw(st.sampled_from([*self.adapter.steps]), "step")

    @rule(data=st.data(), loss=st.sampled_from(LOSSES), number=st.integers(1, 8))
    def lose(self, data: st.DataObject, loss: str, number: int) -> None:
        """A button is pressed; of what the partner asks the API or its store, one question or answer is lost."""
        customer, step = self.drawn(data)
        if loss == "store":
            self.store.left = number
        else:
            self.network.loss, self.network.left = loss, number
        try:
            self.pressed(customer, step, "", lost=True)
        finally:
            self.store.left, self.network.loss = -1, ""

    @rule()
    def restart(self) -> None:
        """The app is started again: everything but the store is new."""
        old = self.both.partner
        more = {"store": self.store, "clock": self.clock, "random": old.random, "report": old.report}
        self.connect(type(old)(old.configuration, **more))
        self.size = self.own()

    @rule(seconds=st.sampled_from([1, 59, 301, 3_601, 90_000]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.look()

    @rule(
        data=st.data(), change=st.sampled_from(["nothing", "a byte", "its path", "a header", "a parameter"])
    )
    def stranger(self, data: st.DataObject, change: str) -> None:
        """Somebody sends again what the partner was sent, whole or with one thing changed."""
        if not self.sent:
            return
        request = self.sent[data.draw(st.integers(0, len(self.sent) - 1), "request")]
        paths = sorted({one.path for one in self.sent})
        if change == "a byte" and len(request.target) > 1:
            place = data.draw(st.integers(1, len(request.target) - 1), "place")
            request = replace(request, target=request.target[:place] + "x" + request.target[place + 1 :])
        elif change == "a byte" or (change == "a parameter" and request.body):
            place = data.draw(st.integers(0, max(0, len(request.body) - 1)), "place")
            request = replace(request, body=request.body[:place] + b"1" + request.body[place + 1 :])
        elif change == "a parameter":
            pieces = request.query.split("&")
            del pieces[data.draw(st.integers(0, len(pieces) - 1), "piece")]
            request = replace(request, target=f"{request.path}?{'&'.join(pieces)}")
        elif change == "its path":
            path = data.draw(st.sampled_from(paths), "path")
            request = replace(request, target=path + request.target[len(request.path) :])
        elif change == "a header":
            request = replace(request, headers=request.headers[1:])
        with suppress(Unreachable):
            self.network.exchange("stranger", request)
        self.look()

    # --- what is looked at after each of them -----------------------------------------------------

    @initialize(connected=st.sets(st.integers(0, 2)))
    def begin(self, connected: set[int]) -> None:
        """Some of the customers are connected already."""
        for number, customer in enumerate(self.adapter.customers):
            if number in connected:
                for step in self.adapter.whole:
                    self.pressed(customer, step, "")
        self.look()

    def connect(self, partner: Any) -> None:
        """Put a partner on the network."""
        self.both = self.both._replace(partner=partner)
        self.network = Network(self.platform, partner, self.clock)
        self.network.transcript = Transcript(
            frozenset().union(self.platform.secret_names, partner.secret_names), keep=200
        )
        self.sent = []

    def pressed(
        self, customer: str, step: str, fault: str, *, lost: bool = False, genuine: bool = False
    ) -> None:
        """Take a step of the platform; look at what came of it."""
        self.last, seen = customer, self.platform.findings.seen
        taken = self.adapter.step(self.both, customer, step, fault)
        if taken is None:
            assert not genuine, f"{step} cannot be taken"
            return
        try:
            self.network.run(taken, "browser")
        except Unreachable:  # of the browser, which shows an error page
            assert lost or fault
        except Refused as refused:  # the platform's own: the step is not open to this customer
            assert not genuine, refused
        violated = [one for one in self.platform.findings.since(seen) if one.violated]
        if (
            lost or fault in self.adapter.doubtful
        ):  # the simulator cannot know it: until its customer is connected again, its verdict counts for nothing
            self.unsure.add(customer)
        assert customer in self.unsure or not self.judges or not violated, violated
        if step == self.adapter.connecting and not fault and not lost:
            self.unsure.discard(customer)
        self.look(refused=not lost and self.adapter.refuses(fault))

    def look(self, *, refused: bool = False) -> None:
        """Hold all invariants over what has happened since the last look."""
        type(self).steps += 1
        asked, self.network.asked = self.network.asked, []
        self.sent = [*self.sent, *(one.request for one in asked)][-30:]
        before, self.rows = self.rows, self.store.rows(self.adapter.name)
        for one in asked:
            for call, answer in one.calls:
                self.facts |= set(self.adapter.facts(call, answer))
        self.secrets |= {
            value
            for row in self.rows.values()
            for name, value in row.credentials.items()
            if name not in self.adapter.open
            and len(value) >= 8
            and not value.isdigit()
            and value not in PUBLIC
        }
        self.nothing_accepted_that_was_not_signed(asked)
        self.no_installation_without_a_handshake()
        self.no_credential_lost(asked, before, refused)
        self.no_secret_in_any_output(asked)
        self.memory_is_bounded()

    def nothing_accepted_that_was_not_signed(self, asked: list[Asked]) -> None:
        for one in asked:
            if self.adapter.accepted(one):
                assert self.adapter.signed(one, self.facts), (
                    f"accepted unsigned: {one.request.method} {one.request.target}"
                )

    def no_installation_without_a_handshake(self) -> None:
        for row in self.rows.values():
            if self.adapter.covers(row):
                assert self.adapter.justified(self.facts, row), f"installed without a handshake: {row}"

    def no_credential_lost(self, asked: list[Asked], before: dict[str, Installation], refused: bool) -> None:
        """What was in use still is, unless a genuine end of it came, with every credential that lasts; a failure changes none."""
        for identity, old in before.items():
            if not self.adapter.covers(old) or any(self.adapter.ends(one, old) for one in asked):
                continue
            new = self.rows.get(identity)
            assert new is not None and self.adapter.covers(new), (
                f"an installation was lost: {old} became {new}"
            )
            for name in self.adapter.lasting:
                assert new.credentials.get(name) or not old.credentials.get(name), (
                    f"a credential was lost: {name}"
                )
            if refused or not any(one.calls for one in asked):
                same = {
                    name: new.credentials.get(name) == old.credentials.get(name)
                    for name in self.adapter.lasting
                }
                assert all(same.values()), f"a credential was replaced by a failure: {same}"

    def no_secret_in_any_output(self, asked: list[Asked]) -> None:
        outputs = self.log.taken()
        for _, refused in self.both.reports:
            outputs += [str(refused), repr(refused), refused.explain()]
        self.both.reports.clear()
        outputs += [f"{event.text} {event.headers} {event.body}" for event in self.network.transcript.events]
        self.network.transcript.events.clear()
        outputs += [repr(row) for row in self.rows.values()]
        for one in asked:
            outputs += [repr(one.request), repr(one.answer)]
            if isinstance(one.answer, Response):
                outputs += [one.answer.body.decode("utf-8", "replace"), repr(one.answer.headers)]
        for text in outputs:
            found = [secret for secret in self.secrets if secret in text]
            assert not found, f"a secret in an output: {text[:300]}"

    def own(self) -> int:
        """Return how many values the partner holds itself, outside what it was given."""
        given = ("store", "clock", "random", "report", "configuration", "api")
        held = {name: value for name, value in vars(self.both.partner).items() if name not in given}
        return remembered(SimpleNamespace(**held))

    def memory_is_bounded(self) -> None:
        assert len(self.both.reports) <= Reports.MOST
        expiring = sum("expires" in row.details for row in self.rows.values())
        assert expiring + self.store.nonces <= MOST_EXPIRING * 4, "too many rows and nonces that expire"
        assert len(self.rows) - expiring <= self.adapter.most_rows, f"{len(self.rows)} rows"
        assert self.own() <= self.size, "the partner keeps something outside its store"


def of(adapter: Adapter, kind: type | None = None) -> type[Handshakes]:
    """Return the machine of a platform, with a partner of a certain kind."""
    return type("Machine", (Handshakes,), {"adapter": adapter, "kind": kind})
