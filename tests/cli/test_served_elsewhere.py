"""`serve` listens on 127.0.0.1 and nowhere else, unless it is asked; then it answers to its public URL alone."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

import pytest
import requests

from tests.cli.test_cli import serving


def free_port(address: str) -> int:
    with socket.socket() as sock:
        sock.bind((address, 0))
        return sock.getsockname()[1]


def reaches(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=60).close()
    except OSError:
        return False
    return True


def test_without_the_options_nothing_listens_beyond_loopback():
    with serving() as served:
        told = served.briefing()
        port = urlsplit(told["open in a browser"]).port
        assert reaches("127.0.0.1", port)
        assert not reaches("127.0.0.2", port), "which a server on 0.0.0.0 would answer"


@pytest.mark.parametrize("address", ["127.0.0.2", "0.0.0.0"])
def test_a_platform_elsewhere_names_its_public_url_alone(address):
    port = free_port("127.0.0.2")
    public = f"http://simulator.test:{port}"
    options = ("--only", "platform", "--listen", address, "--public-url", public)
    with serving(*options) as served:
        told = served.briefing()
        served.wait_for("Off here, since they lead to another host: region-foreign.")
        assert told["token URL"] == f"{public}/oauth/token"
        here = [line for line in served.lines if "127.0.0.1" in line]
        assert [line.partition(":")[0] for line in here] == [
            "Why a request was refused",
            "Marketplace page",
        ], "for the operator alone"
        assert reaches("127.0.0.2", port)
        assert reaches("127.0.0.1", port) is (address == "0.0.0.0")
        here = f"http://127.0.0.2:{port}"
        page = requests.get(f"{here}/simulator", headers={"host": urlsplit(public).netloc}, timeout=60)
        assert page.status_code == 200
        assert {urlsplit(url).netloc for url in re.findall(r"https?://[^\s\"'<]+", page.text)} <= {
            urlsplit(public).netloc
        }
        assert requests.get(f"{here}/simulator", timeout=60).status_code == 421, "another host is not served"
        assert served.interrupt() == 0


def test_the_port_of_the_public_url_may_be_another_one():
    port = free_port("127.0.0.1")
    options = ("--only", "platform", "--public-url", "https://crm.example", "--port", str(port))
    with serving(*options) as served:
        assert served.briefing()["open in a browser"] == "https://crm.example/simulator"
        answer = requests.get(
            f"http://127.0.0.1:{port}/simulator", headers={"host": "crm.example"}, timeout=10
        )
        assert answer.status_code == 200
