"""Requests to the handlers of the verifiers to copy: genuine ones, built by the package, and each broken in one way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from handshakes.fortis.signing import launch_hmac
from handshakes.officernd.signing import sign_query, sign_webhook
from handshakes.onoffice.signing import sign_url
from handshakes.retailcrm.signing import registration_token
from handshakes.spec import vectors

NOW = 1_700_000_000
STATUS = {"officernd": 401, "retailcrm": 200, "onoffice": 403, "fortis": 403}
"""With which status a handler refuses, whatever the reason."""
SECRETS = {platform: vectors.load(platform)["groups"][0]["given"]["secret"] for platform in STATUS}
WEBHOOK_SECRET = "example-webhook-secret"
FORM = "application/x-www-form-urlencoded"
LOCATION = "11ea858313aabde4bd2eb0fa"
KEY = "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff"


@dataclass(frozen=True)
class Case:
    """One request, and the reason for which it has to be refused; none for a genuine one."""

    what: str
    reason: str = ""
    target: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def officernd() -> Iterator[Case]:
    """Return signed queries and webhooks."""
    pairs = [("slug", "test-slug"), ("locations", "")]

    def query(at: int, *more: tuple[str, str]) -> str:
        signature = sign_query(pairs, secret=SECRETS["officernd"], timestamp=at)
        return "/healthcheck?" + urlencode([*pairs, ("signature", signature), *more])

    yield Case("a signed query", "", query(NOW))
    yield Case("a changed value", "signature-mismatch", query(NOW).replace("test", "best"))
    yield Case("a parameter twice", "duplicate-parameter", query(NOW, pairs[0]))
    yield Case("no signature", "missing-parameter", "/healthcheck?" + urlencode(pairs))
    yield Case("an old query", "stale", query(NOW - 3600))
    body = b'{"event":"evt-1"}'
    headers = (("officernd-signature", sign_webhook(body, secret=WEBHOOK_SECRET, timestamp=NOW)),)
    signed = Case("a signed webhook", "", "/removed", "POST", headers, body)
    yield signed
    padded = ((headers[0][0], headers[0][1] + " \t"),)  # RFC 9110, 5.5: no part of the value
    yield replace(signed, what="white space after the header", headers=padded)
    yield replace(signed, what="a changed body", reason="signature-mismatch", body=body + b" ")
    yield replace(signed, what="no header", reason="missing-parameter", headers=())
    yield replace(signed, what="the header twice", reason="duplicate-parameter", headers=headers * 2)


def retailcrm() -> Iterator[Case]:
    """Return registrations."""

    def register(token: str, url: str = "https://demo.simla.com") -> bytes:
        return urlencode({"register": json.dumps({"apiKey": KEY, "systemUrl": url, "token": token})}).encode()

    token = registration_token(KEY, secret=SECRETS["retailcrm"])
    genuine = Case("a registration", "", "/register", "POST", (("content-type", FORM),), register(token))
    yield genuine
    yield replace(genuine, what="white space after the type", headers=(("content-type", FORM + " \t"),))
    part = b'--=\r\nContent-Disposition: form-data; name="register"\r\n\r\n'
    value = json.dumps({"apiKey": KEY, "systemUrl": "https://demo.simla.com", "token": token}).encode()
    multipart = (("content-type", "multipart/form-data; boundary=="),)
    parts = part + value + b"\r\n--=--\r\n"
    yield replace(genuine, what="a multipart registration", headers=multipart, body=parts)
    for what, reason, body in (
        ("another token", "signature-mismatch", register("0" * 64)),
        ("no token", "missing-parameter", register(token).replace(b"token", b"Token")),
        ("register twice", "duplicate-parameter", genuine.body + b"&" + genuine.body),
        ("a foreign address", "not-allowed", register(token, "https://demo.simla.com.evil.example")),
        ("a body that is too long", "too-large", genuine.body + b"&x=" + b"y" * 100_000),
    ):
        yield replace(genuine, what=what, reason=reason, body=body)
    yield replace(genuine, what="no content type", reason="wrong-content-type", headers=())


def onoffice(base: str) -> Iterator[Case]:
    """Return signed URLs; the whole address is signed."""

    def page(at: int, address: str = base) -> str:
        url = f"{address}/activate?apiToken=T&parameterCacheId=1&timestamp={at}&userId=17"
        return sign_url(url, secret=SECRETS["onoffice"]).removeprefix(address)

    yield Case("a signed address", "", page(NOW))
    yield Case("a changed value", "signature-mismatch", page(NOW).replace("userId=17", "userId=18"))
    yield Case("another host", "signature-mismatch", page(NOW, "https://provider.example"))
    yield Case("a parameter twice", "duplicate-parameter", page(NOW) + "&userId=17")
    yield Case("no signature", "missing-parameter", page(NOW).partition("&signature=")[0])
    yield Case("an old address", "stale", page(NOW - 7200))


def fortis() -> Iterator[Case]:
    """Return launches in mode `plain`."""

    def launch(at: int, *more: tuple[str, str]) -> str:
        digest = launch_hmac(LOCATION, str(at), secret=SECRETS["fortis"])
        pairs = [("location_id", LOCATION), ("timestamp", str(at)), ("hmac", digest), ("user_id", "1234567")]
        return "/redirection?" + urlencode([*pairs, *more])

    yield Case("a launch", "", launch(NOW))
    yield Case("another location", "signature-mismatch", launch(NOW).replace("0fa&", "0fb&"))
    yield Case("a parameter twice", "duplicate-parameter", launch(NOW, ("location_id", LOCATION)))
    yield Case("no hmac", "missing-parameter", launch(NOW).replace("hmac=", "Hmac="))
    yield Case("an old launch", "stale", launch(NOW - 3600))


def cases(platform: str, base: str) -> list[Case]:
    """Return the requests of a platform to a handler that is served at an origin."""
    made = {"officernd": officernd, "retailcrm": retailcrm, "fortis": fortis}
    return [*(onoffice(base) if platform == "onoffice" else made[platform]())]


def ask(base: str, case: Case) -> tuple[int, bytes]:
    """Send one request, its target and headers as they are; return status and body."""
    parts = urlsplit(base)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    try:
        connection.putrequest(case.method, case.target)
        for name, value in (*case.headers, ("content-length", str(len(case.body)))):
            connection.putheader(name, value)
        connection.endheaders(case.body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def serving(command: list[str], platform: str, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start an adapter with `--serve` and return the origin that it prints, and the process; its log goes to a file."""
    with log.open("wb") as to:
        process = subprocess.Popen(
            [*command, "--serve", platform, "--now", str(NOW)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=to,
        )
        assert process.stdin and process.stdout
        try:
            yield process.stdout.readline().decode().strip(), process
        finally:
            process.stdin.close()
            process.stdout.close()
            try:
                process.wait(60)
            finally:
                process.kill()


def faults(command: list[str], platform: str, log: Path) -> list[str]:
    """Return what a served handler does wrong: refuses a genuine request, accepts or distinguishes a broken one."""
    found, closed = [], set()
    with serving(command, platform, log) as (base, _):
        for case in cases(platform, base):
            before = log.stat().st_size
            status, body = ask(base, case)
            said = log.read_bytes()[before:].decode()
            refused = status == STATUS[platform] and case.reason in said
            if platform == "retailcrm":
                success = json.loads(body).get("success")
                refused = refused and success is False
            if case.reason:
                closed.add(body)
            if refused != bool(case.reason) or (not case.reason and status != 200):
                found.append(f"{case.what}: {status}, {said!r}")
            if case.reason and case.reason.encode() in body:
                found.append(f"{case.what}: the answer names the reason")
            if SECRETS[platform] in said and len(SECRETS[platform]) > 8:
                found.append(f"{case.what}: the log names the secret")
    if len(closed) != 1:
        found.append(f"{len(closed)} different answers to refused requests")
    return found
