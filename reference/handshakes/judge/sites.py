"""Where a simulator stands: its own socket, two more for what no partner may contact, and the world that it is made in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import shake_256
from itertools import count
from socket import socket

from ..core.messages import Request, Response
from ..runtime.flow import Role
from ..runtime.server import RoleServer, listen, origin_of
from ..runtime.store import MemoryStore
from ..runtime.story import PLAIN, World


def seeded(seed: int) -> Callable[[int], bytes]:
    """Return random bytes that are the same each time for a seed.

    >>> [seeded(1)(2) == seeded(1)(2), seeded(1)(2) == seeded(2)(2)]
    [True, False]
    """
    numbers = count()
    return lambda size: shake_256(f"{seed} {next(numbers)}".encode()).digest(size)


class Site:
    """The sockets of one simulator, bound at once; `public` is its address beyond this machine, where no trap can be."""

    def __init__(
        self, sock: socket | None = None, public: str = "", certificate: tuple[str, str] | None = None
    ) -> None:
        self._certificate = certificate
        self._sockets = [sock or listen(), *([] if public else [listen(), listen()])]
        own, *traps = map(partial(origin_of, tls=certificate is not None), self._sockets)
        self.url, self.traps = public or own, tuple(traps)

    def world(
        self,
        clock: Callable[[], int],
        random: Callable[[int], bytes],
        settings: Mapping[str, str],
        *,
        plain: tuple[str, ...] = PLAIN,
        secret: str = "",
    ) -> World:
        """Return what the simulator is made in, with nothing stored yet."""
        return World(clock, random, MemoryStore(), settings, self.url, "", self.traps, plain, secret)

    def server(self, role: Role, exchange: Callable[[str, Request], Response]) -> RoleServer:
        """Return the server of a role on all of the sockets; what the role asks goes through `exchange`."""
        return RoleServer(role, exchange, *self._sockets, certificate=self._certificate)
