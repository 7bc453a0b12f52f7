"""Fetch URLs with a client of Python, one after the other: python clients.py NAME URL…"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

MORE = {"lang": "de"}


def of_requests(url: str, **more: Any) -> None:
    """Use requests."""
    import requests

    requests.get(url, timeout=10, **more)


def of_urllib3(url: str, **more: Any) -> None:
    """Use urllib3."""
    import urllib3

    urllib3.PoolManager().request("GET", url, timeout=10, **more)


def of_httpx(url: str, **more: Any) -> None:
    """Use httpx."""
    import httpx

    httpx.get(url, follow_redirects=True, timeout=10, **more)


def of_aiohttp(url: str, *, encoded: bool = False, requote: bool = True, **more: Any) -> None:
    """Use aiohttp's client."""
    import asyncio

    import aiohttp
    import yarl

    async def fetch() -> None:
        address = yarl.URL(url, encoded=True) if encoded else url
        async with aiohttp.ClientSession(requote_redirect_url=requote) as session:
            await (await session.get(address, **more)).read()

    asyncio.run(fetch())


def of_http_client(url: str) -> None:
    """Use http.client."""
    from http.client import HTTPConnection

    netloc = urlsplit(url).netloc
    connection = HTTPConnection(netloc, timeout=60)
    connection.request("GET", url.partition(netloc)[2])
    connection.getresponse().read()


def of_urllib(url: str) -> None:
    """Use urllib.request."""
    from urllib.request import urlopen

    urlopen(url, timeout=60).read()


CLIENTS: dict[str, Callable[[str], None]] = {
    "requests": of_requests,
    "requests with params": lambda url: of_requests(url, params=MORE),
    "urllib3": of_urllib3,
    "urllib3 with fields": lambda url: of_urllib3(url, fields=MORE),
    "httpx": of_httpx,
    "httpx with params": lambda url: of_httpx(url, params=MORE),
    "httpx with empty params": lambda url: of_httpx(url, params={}),
    "aiohttp": of_aiohttp,
    "aiohttp with params": lambda url: of_aiohttp(url, params=MORE),
    "aiohttp encoded": lambda url: of_aiohttp(url, encoded=True),
    "aiohttp as it comes": lambda url: of_aiohttp(url, encoded=True, requote=False),
    "http.client": of_http_client,
    "urllib.request": of_urllib,
}

if __name__ == "__main__":
    for address in sys.argv[2:]:
        CLIENTS[sys.argv[1]](address)
