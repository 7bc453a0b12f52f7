"""Where a served side listens, and what it is called: on 127.0.0.1 alone, unless a partner elsewhere needs more.

A partner in a container reaches neither the loopback interface of its host nor the traps of a simulator, which
are ports of their own. So a side with a public URL names that URL and no other address, and its faults that lead
to other hosts are off.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

from ..core.origins import is_url
from ..runtime.story import PLAIN
from .common import fail

LOOPBACK = "127.0.0.1"
TLS_HELP = "Speak TLS with this certificate chain, PEM; needs --tls-key."


@dataclass(frozen=True, slots=True)
class Place:
    """Where sides listen; `public` is the origin of the one side that is served for a program elsewhere, if it is.

    With a `certificate` and its key that side speaks TLS.
    """

    address: str = LOOPBACK
    public: str = ""
    certificate: tuple[str, str] | None = None

    def origin(self, sock: socket.socket) -> str:
        """Return what a side calls itself that listens at a socket."""
        from ..runtime.server import origin_of

        return self.public or origin_of(sock, tls=self.certificate is not None)

    def sockets(self, sides: list[str], port: int) -> dict[str, socket.socket]:
        """Return a bound socket of each side, the first with the port; ends with exit code 2 where there is none."""
        from ..runtime.server import listen

        port = port or (urlsplit(self.public).port or 0 if self.public else 0)
        found: dict[str, socket.socket] = {}
        try:
            for side in sides:
                found[side] = listen(port if not found else 0, self.address)
        except OSError as error:
            here = f"port {port}" if self.address == LOOPBACK else f"port {port} of {self.address}"
            fail(f"{here} cannot be used: {error.strerror}; take another --port, or none for a free one")
        return found

    def elsewhere(self, settings: Mapping[str, str]) -> tuple[str, ...]:
        """Return the origins that settings name and a side with a public URL may contact; on loopback it may anyhow."""
        urls = [urlsplit(value) for name, value in settings.items() if name.endswith(("_url", "_uri"))]
        named = (f"{url.scheme}://{url.netloc}".lower() for url in urls if url.netloc)
        return tuple(dict.fromkeys(named)) if self.public else ()

    def plain(self, settings: Mapping[str, str]) -> tuple[str, ...]:
        """Return the hosts that the other side may name without TLS: this machine's own, and those of the settings."""
        hosts = (urlsplit(origin).hostname or "" for origin in self.elsewhere(settings))
        return tuple(dict.fromkeys([*PLAIN, *hosts]))


def place_of(listen: str, public_url: str, only: str, certificate: tuple[str, str] | None = None) -> Place:
    """Return the place that two options name, or end with exit code 2 and what is wrong with them."""
    if certificate and not only:
        fail("--tls-cert is for one side: add --only platform or --only partner")
    if not listen and not public_url:
        return Place(certificate=certificate)
    if not only:
        fail("--listen and --public-url are for one side: add --only platform or --only partner")
    address = listen or LOOPBACK
    try:
        beyond = not IPv4Address(address).is_loopback
    except ValueError:
        fail(f"--listen is an IPv4 address of this machine, as 172.17.0.1 or 0.0.0.0, not {listen!r}")
    if beyond and not public_url:
        fail("--listen needs --public-url: the address at which the other side reaches this one")
    if not public_url:
        return Place(address, certificate=certificate)
    parts = urlsplit(public_url if is_url(public_url) else "")
    if not parts.netloc or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        fail(f"--public-url is scheme, host and port, as http://172.17.0.1:8080, not {public_url!r}")
    return Place(address, f"{parts.scheme}://{parts.netloc}".lower(), certificate)


def certificate_of(chain: Path | None, key: Path | None) -> tuple[str, str] | None:
    """Return the files with which a side speaks TLS, or end with exit code 2 where they are no pair."""
    if not chain and not key:
        return None
    if not chain or not key:
        fail("--tls-cert and --tls-key are given together: a certificate and its private key, both PEM")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key, password="")
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
        said = error.reason if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "")
        said = said or "they have to be a certificate and its private key without a password, both PEM"
        fail(f"--tls-cert {chain} and --tls-key {key} cannot be used: {said}")
    return str(chain), str(key)
