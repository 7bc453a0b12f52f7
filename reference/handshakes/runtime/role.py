"""What a partner is built with: everything that it may not reach for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeAlias, TypeVar

from ..core.messages import Answer, Headers, Pause, Request, Response, Step, split_url
from ..core.printing import printable
from ..core.refusals import Refused
from .store import Conflict, Store, StoreError, store_failed


class _Located(Protocol):
    @property
    def base_url(self) -> str: ...


Configuration = TypeVar("Configuration", bound=_Located)
Report = Callable[[str, Refused], None]
Clock: TypeAlias = Callable[[], int]
"""The time in Unix seconds."""
Random: TypeAlias = Callable[[int], bytes]
"""So many random bytes."""
Endpoint: TypeAlias = Callable[[Request], Step[Answer]]
"""What answers at one path, by one method."""
Saved = TypeVar("Saved")

PATIENCE, AGAIN = 30, 0.5
"""Seconds in which what was given once is saved again where the store fails, and between two tries."""


class Equipped(Generic[Configuration]):
    """A role with its configuration, store, clock (Unix seconds) and random bytes.

    `report` is told the name of an endpoint and the exact refusal; it is the operator's ear, and what
    it is told goes to nobody outside.
    """

    has_store = True
    """A server advances the steps of such a role in threads, since a database may keep them waiting."""
    other_methods = ""
    """The id of the clause that a request with another method breaks."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        store: Store,
        clock: Clock,
        random: Random,
        report: Report = lambda endpoint, refused: None,
    ) -> None:
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.random = random
        self.report = report

    @property
    def origins(self) -> tuple[str, ...]:
        """The role's own origin."""
        return (split_url(self.configuration.base_url)[0],)

    def endpoints(self) -> Mapping[str, Mapping[str, Endpoint]]:
        """Return the step of each path and method; a path that ends with a slash stands for all below it."""
        raise NotImplementedError

    def unserved(self, message: str, status: int, headers: Headers = ()) -> Response:
        """Return the answer to a request that no endpoint takes, or that none can take while the store fails."""
        raise NotImplementedError

    def handle(self, request: Request) -> Step[Answer]:
        """Answer one request: 404 for an unknown path, 405 for another method, else the endpoint's answer."""
        endpoints = self.endpoints()
        above = (path for path in endpoints if path.endswith("/") and request.path.startswith(path))
        path = next(above, request.path)
        methods = endpoints.get(path)
        if methods is None:
            return self.unserved("There is no such page.", 404)
        if request.method not in methods:
            allowed = ", ".join(methods)
            evidence = {"method": printable(request.method), "expected": allowed}
            self.report(path, Refused("wrong-method", self.other_methods, evidence))
            return self.unserved("Method not allowed.", 405, (("allow", allowed),))
        return (yield from self.unless_the_store_fails(path, methods[request.method](request)))

    def kept(self, endpoint: str, save: Callable[[], Saved]) -> Step[Saved]:
        """Save what a platform has just given, and gives once; where the store fails, try again for half a minute."""
        late, told = self.clock() + PATIENCE, False
        while True:
            try:
                return save()
            except StoreError as error:
                if not store_failed(error) or late <= self.clock():
                    raise
                if not told:
                    self.report(endpoint, error)
                told = True
            yield Pause(AGAIN)

    def again(self, save: Callable[[], Saved]) -> Saved:
        """Return what `save` saves, which looks at the store anew at each try; `store-locked` where others were quicker five times."""
        for _ in range(5):
            try:
                return save()
            except Conflict:
                continue
        raise StoreError("store-locked", "the installation was changed by other requests each time")

    def refuse(self, endpoint: str, refused: Refused) -> None:
        """Report a refusal, which the endpoint then answers; where the store itself failed, leave that to `handle`."""
        if store_failed(refused):
            raise refused
        self.report(endpoint, refused)

    def unless_the_store_fails(self, endpoint: str, step: Step[Answer]) -> Step[Answer]:
        """Return what a step answers, or 503 (RFC 9110, 15.6.4) where the store failed and no rule of the platform's names another."""
        try:
            return (yield from step)
        except StoreError as error:
            self.report(endpoint, error)
            return self.unserved("Please try again in a moment.", 503, (("retry-after", "1"),))
