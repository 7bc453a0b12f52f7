"""Our own partner of each platform as an ASGI application: it learns its address from the requests that it gets."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import Any

from handshakes.core.messages import Request
from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Client
from handshakes.runtime.flow import drive
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World


def create_app(platform: str, url: str, credentials: dict[str, str]) -> Any:
    client, store, roles = Client(), MemoryStore(), {}
    settings = {"platform_url": url, **({"mode": credentials["mode"]} if "mode" in credentials else {})}

    def role(origin: str) -> Any:
        if origin not in roles:
            world = World(
                lambda: int(time.time()), os.urandom, store, settings, "", origin, secret=credentials["secret"]
            )  # fmt: skip
            roles[origin] = PLATFORMS[platform].tools().sides(world).partner
        return roles[origin]

    def answered(request: Request) -> Any:
        return drive(role(request.origin).handle(request), partial(client.exchange, "partner"))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        target = scope["raw_path"].decode()
        target += f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        origin = f"http://{dict(headers)['host']}"
        response = await asyncio.to_thread(answered, Request(scope["method"], origin, target, headers, body))
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in response.headers]
        length = (b"content-length", str(len(response.body)).encode())
        await send({"type": "http.response.start", "status": response.status, "headers": [*pairs, length]})
        await send({"type": "http.response.body", "body": response.body})

    return app
