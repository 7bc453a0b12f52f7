"""A marketplace on loopback, whose customer a program plays: connect a partner, misbehave on request, look at what came."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial
from types import TracebackType
from typing import Any, Self

from ..core.messages import Request, Response, Unreachable, split_url
from ..core.refusals import Refused
from ..platforms import PLATFORMS
from ..runtime.client import Client
from ..runtime.customers import NOT_TAKEN, Customer, Taken
from ..runtime.flow import drive
from ..runtime.story import Tools
from ..runtime.transcript import Transcript
from ..runtime.verdicts import Fault, Finding, Findings, Outcome
from .apps import Server, served
from .clock import Clock
from .given import addressed, checked, meant
from .journal import MOST, Exchange, Seat
from .presses import Armed, Press
from .sites import Site, seeded


class Marketplace:
    """The simulator of one platform on a port of 127.0.0.1, from `start` to `close`, or as a context.

    >>> with Marketplace("retailcrm") as crm:
    ...     crm.connect("http://127.0.0.1:1/config").findings[0].state
    'not seen'
    """

    _seat: Seat

    def __init__(self, platform: str) -> None:
        if platform not in PLATFORMS:
            raise ValueError(f"unknown platform {meant(platform, PLATFORMS)}")
        self.platform = PLATFORMS[platform]
        self._tools: Tools = self.platform.tools()
        self._site = Site()
        self.url = self._site.url
        self._turn = threading.RLock()
        self._apps: dict[int, tuple[Any, Server]] = {}
        self.reset()
        self._server = self._site.server(self._seat, self._carry)

    def __repr__(self) -> str:
        return f"<{self.platform.name}_platform at {self.url}>"

    # --- its life -----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Begin to answer."""
        self._server.start()
        return self

    def close(self) -> None:
        """Stop what was started here."""
        self._stop_apps()
        self._server.stop()
        self._client.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reset(
        self, *, secret: str = "", now: int | None = None, seed: int | None = None, **settings: str
    ) -> None:
        """Forget everything: state, findings, requests, faults, and the applications that were served.

        `secret` signs in place of the public test key, `now` stops the clock there, and with `seed` the same
        values are made each time. The rest are settings of `handshakes serve`.
        """
        self._settings = checked(self._tools.settings, settings)
        self._stop_apps()
        self.clock, self._secret = Clock(now), secret
        self._random = os.urandom if seed is None else seeded(seed)
        self.faults: list[Armed] = []
        """Every fault that was armed."""
        self.presses: list[Press] = []
        """Every step that was taken, the last of them at least."""
        role = self._made(self._settings)
        if hasattr(self, "_seat"):
            self._seat.clear(role, self._customer.step_of)
        else:
            self._seat = Seat(role, self._customer.step_of)
        self._client = Client(names=dict.fromkeys(role.origins, role.name), transcript=self.transcript)

    def _made(self, settings: Mapping[str, str]) -> Any:
        """Make the platform anew, with other settings."""
        world = self._site.world(self.clock, self._random, settings, secret=self._secret)
        try:
            role = self._tools.sides(world).platform
        except Refused as refused:
            raise ValueError(refused.explain()) from None
        self._customer: Customer = self._tools.customer(role, settings)
        return role

    # --- what it is and has seen --------------------------------------------------------------------

    @property
    def secret(self) -> str:
        """The secret that signs; a public test key unless the test gave one."""
        return self._customer.credentials["secret"]

    @property
    def credentials(self) -> Mapping[str, str]:
        """Everything that the partner has to be told, by name."""
        return self._customer.credentials

    @property
    def installation(self) -> Mapping[str, Any]:
        """What the platform believes of the connection; `state` is in it on every platform."""
        return self._customer.installation

    @property
    def findings(self) -> list[Finding]:
        """What the platform's checks said, in order."""
        return list(self._seat.role.findings)

    def numbered(self) -> list[tuple[int, Finding]]:
        """Return the findings that are kept, each with its number since the last reset."""
        findings: Findings = self._seat.role.findings
        return findings.numbered()

    @property
    def transcript(self) -> Transcript:
        """What was said, with secrets masked; `text()` shows it."""
        return self._seat.transcript

    @property
    def steps(self) -> list[str]:
        """The steps that `press` takes."""
        return [*self._customer.steps]

    @property
    def secret_names(self) -> frozenset[str]:
        """The names whose values are masked where they are shown."""
        return self._seat.secret_names

    def secrets(self, request: Request) -> list[str]:
        """Return the secrets with which the signature of a request may be made."""
        return self._customer.secrets(request)

    def known_fault(self, name: str) -> Fault:
        """Return a fault by its name."""
        return self._customer.known[name]

    def places(self, fault: str) -> list[str]:
        """Return the steps at which a fault can be played now."""
        return [
            step for step, faults in self._customer.steps.items() if fault in [one.name for one in faults]
        ]

    def requests(self, step: str = "") -> list[Exchange]:
        """Return the requests in both directions with their answers, all or those of one step; raises `ValueError` for an unknown one."""
        self._known_step(step)
        return self._seat.journal.all(step)

    def _known_step(self, step: str) -> None:
        """Raise `ValueError` where no request can be of a step: a typo would show that nothing was sent."""
        known = [*self._customer.steps, *self._customer.receives]
        if any(fnmatchcase(step, one) for one in ("", *known)) or self._seat.journal.all(step):
            return
        raise ValueError(f"unknown step {meant(step, known)}")

    def wait_for(self, step: str, timeout: float = 5, *, after: Exchange | None = None) -> Exchange:
        """Return the first exchange of a step, or the first one after another, as soon as it has ended; raises `TimeoutError`."""
        self._known_step(step)
        return self._seat.journal.wait_for(step, timeout, after.number if after else 0)

    def about(self, number: int) -> tuple[Press | None, Exchange | None]:
        """Return the step in which a finding was made, by its number, and the exchange that it is most likely about."""
        press = next((one for one in [*self.presses] if one.findings[0] <= number < one.findings[1]), None)
        inner = [span for span in [*self._seat.spans] if span[0] <= number < span[1]]
        if inner:
            nearest = min(inner, key=lambda span: span[1] - span[0])[2]
            return press, next((one for one in self.requests() if one.number == nearest), None)
        if press is None:
            return None, None
        sent = [one for one in self.requests() if one.number in press.exchanges and not one.received]
        own = [one for one in sent if one.step == press.step] or sent
        return press, own[-1] if own else None

    # --- what the customer does ---------------------------------------------------------------------

    def serve(self, app: Callable[..., Any]) -> str:
        """Serve an ASGI or WSGI application until the next reset; return its origin. The same one is served once."""
        with self._turn:
            if id(app) not in self._apps:
                self._apps[id(app)] = app, served(app)
            return self._apps[id(app)][1].url

    def connect(self, to: str | Callable[..., Any] = "", **settings: str) -> Outcome:
        """Play the customer: the whole handshake with a partner at a URL, or with an application that is served for it.

        Further addresses are settings; one that begins with a slash is at the same origin. Without `to` the partner
        of before is connected again. A fault that is armed is played where its step comes.
        """
        with self._turn:
            self._register(to, settings)
            seen, response = self._seat.role.findings.seen, None
            for step in self._customer.handshake:
                response = self._take(step).outcome.response or response
            return Outcome(response, tuple(self._seat.role.findings.since(seen)))

    def press(self, step: str) -> Outcome:
        """Take one step, as its button on the simulator's page does."""
        with self._turn:
            if step not in self._customer.steps:
                raise ValueError(f"unknown step {meant(step, self._customer.steps)}")
            taken = self._take(step)
            if taken is NOT_TAKEN:
                raise ValueError(f"{step} cannot be taken now: {self.installation['state']}")
            return taken.outcome

    def fault(self, name: str, *, times: int | None = 1, at: str = "") -> Armed:
        """Misbehave at the next fitting step, or at the step `at`; `times` says how often, None always.

        As a context it ends with it. A fault that is armed and never met is a problem.
        """
        known, steps = self._customer.known, self._customer.steps
        if name not in known:
            raise ValueError(f"unknown fault {meant(name, known)}")
        if at and at not in steps:
            raise ValueError(f"unknown step {meant(at, steps)}")
        if times is not None and times < 1:
            raise ValueError("a fault is armed once at least")
        self.faults.append(Armed(known[name], times, at))
        return self.faults[-1]

    def replay(self, exchange: Exchange) -> Response | None:
        """Send a request again, byte for byte; return what is answered now, None where nothing is.

        The platform takes no step in this, so what it may find meanwhile does not count: the test judges the answer.
        """
        with self._turn:
            findings = self._seat.role.findings
            seen = findings.seen
            try:
                return self._carry("replay", exchange.request)
            except Unreachable:
                return None
            finally:
                findings.forget(*findings.since(seen))

    def _take(self, step: str) -> Taken:
        faults = [fault.name for fault in self._customer.steps[step]]
        fits = (one for one in self.faults if one.due and one.at in ("", step) and one.fault.name in faults)
        armed = next(fits, None)
        name = armed.fault.name if armed else ""
        seen, before = self._seat.role.findings.seen, self._seat.journal.number
        sender = "browser" if step in self._customer.browsing else self._seat.name
        taken = drive(self._customer.take(step, name), partial(self._carry, sender))
        if armed and taken.played:
            armed.fired += 1
            armed.left = None if armed.left is None else armed.left - 1
        if taken is not NOT_TAKEN:
            found, made = self._seat.role.findings.seen, self._seat.journal.number
            self.presses.append(Press(step, name, (seen, found), range(before + 1, made + 1)))
            del self.presses[:-MOST]
        return taken

    def _carry(self, sender: str, request: Request) -> Response:
        return self._seat.carry(self._client, sender, request)

    def _register(self, to: str | Callable[..., Any], settings: Mapping[str, str]) -> None:
        """Tell the platform where the partner is; one that is elsewhere now is another partner, unknown so far."""
        if not to and not settings:
            return
        base = to if isinstance(to, str) else self.serve(to)
        given = addressed(base, settings, self._customer.address)
        chosen = {**self._settings, **checked(self._tools.settings, given)}
        if base:
            self._client.names[split_url(base)[0]] = "partner"  # type: ignore[index]
        if chosen != self._settings:
            findings = self._seat.role.findings
            role = self._made(chosen)
            role.findings = findings
            self._settings = chosen
            self._seat.seat(role, self._customer.step_of)

    def _stop_apps(self) -> None:
        for _, server in self._apps.values():
            server.stop()
        self._apps.clear()
