"""The partners of all four platforms in processes that can be killed, on one database and on shared ports.

Run as a script, it obeys the lines that it reads: `begin N AHEAD` starts N processes whose clocks are so many seconds
ahead, `begin 1 AHEAD K kill` one that kills itself at the K-th step of a partner: before a question to the store, a
statement of it or its commit, before a request outward, or an answer. `begin 1 AHEAD K PORT` starts one that waits there
until somebody who listens at that port has taken its connection and closed it. `kill` kills those that still run. What
is done is said in a line of JSON, and by a process that it has come to its step.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import event

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Client
from handshakes.runtime.server import RoleServer, origin_of
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.story import World


class Mortal:
    """A role, or its store, in a process that kills itself at one step."""

    def __init__(self, inner: Any, step: Any) -> None:
        self.inner, self.step = inner, step

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._stepping(found) if callable(found) else found

    def _stepping(self, call: Any) -> Any:
        def stepped(*given: Any, **named: Any) -> Any:
            self.step()
            return call(*given, **named)

        return stepped

    def handle(self, request: Any) -> Any:
        answer = yield from self.inner.handle(request)
        self.step()
        return answer


def steps(last: int, what: str) -> Any:
    """Return what each step calls; at the last one the process ends, or it waits. With 0, nothing ever happens."""
    numbers = count(1)

    def step(*_: object) -> None:
        if next(numbers) == last:
            os.write(1, b'"here"\n')
            if what == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            with socket.create_connection(("127.0.0.1", int(what))) as held:
                held.recv(1)

    return step


def bound(port: int = 0) -> socket.socket:
    """Return a socket at a port that others may share. Who does not listen on it keeps the port alone: nobody waits there."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    return sock


def complained(endpoint: str, refused: Refused) -> None:
    """Tell whoever looks for what went wrong what a partner's operator is told, and when."""
    print(f"{time.time():.3f} {endpoint}: {refused} {dict(refused.evidence)}", file=sys.stderr, flush=True)


def serve(
    given: dict[str, Any], sockets: dict[str, Any], ahead: str, last: str = "0", what: str = ""
) -> None:
    """Serve every partner until this process is killed."""
    host = os.getppid()
    store = SqlStore(given["url"], given["keys"])
    client = Client(given["book"])
    send = client.send
    client.send = lambda request: send(replace(request, timeout=120))  # as a busy machine may need
    step = steps(int(last), what)
    for engine in (store._engine, store._reading)[: 1 + (store._engine.dialect.name == "sqlite")]:
        event.listen(engine, "before_cursor_execute", step)
        event.listen(engine, "commit", step)
    for name, sock in sockets.items():
        world = World(lambda: int(time.time()) + int(ahead), os.urandom, Mortal(store, step))
        sides = PLATFORMS[name].tools().sides(world)
        sides.reports.heard = complained
        exchange = Mortal(client, step).exchange
        RoleServer(Mortal(sides.partner, step), exchange, bound(sock.getsockname()[1])).start()
    os.write(1, b'"serves"\n')
    while os.getppid() == host:  # it ends with who began it, however that ends
        time.sleep(1)
    os._exit(0)


def main() -> None:
    """Obey."""
    given = json.loads(sys.argv[1])
    sockets = {name: bound() for name in given["platforms"]}
    print(json.dumps({name: origin_of(sock) for name, sock in sockets.items()}), flush=True)
    children: list[int] = []
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "begin":
            for _ in range(int(rest[0])):
                child = os.fork()
                if not child:
                    serve(given, sockets, *rest[1:])
                children.append(child)
            continue
        for child in children if word == "kill" else ():
            os.kill(child, signal.SIGKILL)
        print(
            json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]), flush=True
        )
        children.clear()
    for child in children:  # nobody asks any more
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
