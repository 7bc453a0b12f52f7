"""What the one machine needs to know of a platform: its customers and steps, and what proves a request or a credential.

The proofs are computed here from the documents, with `hashlib` and `hmac`, and never by the package: what was signed, and
which credentials the platform's answers, as they travelled, entitle the partner to keep.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from handshakes.core.messages import Request, Response
from handshakes.runtime.store import Installation
from handshakes.runtime.verdicts import Refuses
from tests.machines.watching import Asked, Store

Fact = tuple[str, ...]


def mac(secret: str, message: str | bytes) -> str:
    """Return an HMAC-SHA256 in hex."""
    message = message.encode() if isinstance(message, str) else message
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def read(body: bytes) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    with suppress(ValueError):
        value = json.loads(body)
        return value if isinstance(value, dict) else {}
    return {}


def fields(text: str | bytes) -> dict[str, str]:
    """Return a query's or a form's parameters by name."""
    return dict(parse_qsl(text if isinstance(text, str) else text.decode("latin-1"), keep_blank_values=True))


def posted(request: Request) -> dict[str, str]:
    """Return the fields of a form, urlencoded or multipart, as the standard library reads them."""
    kind = request.header("content-type")
    if not kind.lower().startswith("multipart/"):
        return fields(request.body)
    whole = message_from_bytes(b"content-type: " + kind.encode("latin-1") + b"\r\n\r\n" + request.body)
    parts = whole.get_payload()
    found = {}
    for part in parts if isinstance(parts, list) else []:
        value = part.get_payload(decode=True)
        found[str(part.get_param("name", header="content-disposition"))] = value.decode("utf-8", "replace")
    return found


def opened(data: str, secret: str) -> bytes:
    """Return what OpenSSL's `enc` with MD5 and AES-256-CBC encrypted, or nothing."""
    with suppress(ValueError):
        raw, key = b64decode(data), b""
        while len(key) < 48:
            key += hashlib.md5(key[-16:] + secret.encode() + raw[8:16]).digest()
        decryptor = Cipher(AES(key[:32]), CBC(key[32:48])).decryptor()
        padded = decryptor.update(raw[16:]) + decryptor.finalize()
        return padded[: -padded[-1]] if padded else b""
    return b""


def texts(value: Any) -> Iterator[str]:
    """Return every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


class Adapter:
    """One platform; a subclass says what differs."""

    name = ""
    customers: Sequence[str] = ()
    steps: Mapping[str, Sequence[str]] = {}
    """Each step with the names of its faults."""
    known: Mapping[str, Any] = {}
    """Every fault by name."""
    connecting = "connect"
    """The step that makes or repairs a connection."""
    doubtful: Sequence[str] = ()
    """Faults after which a later step of the simulator's is no proof, until the customer is connected again."""
    issued: Sequence[str] = ()
    """Credentials that the platform's API issues in an answer."""
    lasting: Sequence[str] = ()
    """Credentials that no failure may take away."""
    open: Sequence[str] = ()
    """Credentials that are no secret by themselves."""
    most_rows = 0
    """How many rows there are at most, those that expire left out."""

    def sides(self, store: Store, kind: type | None) -> Any:
        """Return both sides of the platform's tests."""
        raise NotImplementedError

    def refuses(self, fault: str) -> bool:
        """Return whether a fault ends in a refusal, after which everything is as it was."""
        return bool(fault) and isinstance(self.known[fault].expected, Refuses)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        """Return the step of the platform, or None where it cannot be taken now."""
        raise NotImplementedError

    def complete(self, both: Any, customer: str) -> Iterable[tuple[str, str]]:
        """Return the steps, with their names, that connect a customer and use the connection, all without a fault."""
        raise NotImplementedError

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        """Return what an answer of the platform's API to the partner establishes."""
        if 200 <= response.status < 300:
            with suppress(ValueError):
                yield from (("issued", text) for text in texts(json.loads(response.body)))

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        """Return whether what the platform answered entitles the partner to this active installation."""
        return all(("issued", one.credentials.get(name, "")) in facts for name in self.issued)

    def accepted(self, asked: Asked) -> bool:
        """Return whether the partner took a request that has to be signed."""
        raise NotImplementedError

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        """Return whether it was signed, and in time."""
        raise NotImplementedError

    def ends(self, asked: Asked, one: Installation) -> bool:
        """Return whether an exchange may end an installation."""
        return False

    def covers(self, one: Installation) -> bool:
        """Return whether a row is a connection: what its credentials are proved by."""
        return one.state == "active"


class OfficeRnD(Adapter):
    name = "officernd"
    customers = tuple(f"5e000000000000000000000{number}" for number in (1, 2, 3))
    issued = ("secret", "access_token", "webhook_secret")
    lasting = ("secret", "webhook_secret")
    most_rows = 3
    secrets = ("example-integration-secret", "another-integration-secret", "a-third-integration-secret")

    def __init__(self) -> None:
        from handshakes.officernd.customer import _ONCE
        from handshakes.officernd.simulator.faults import CONNECT_FAULTS, FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS

        tables = {"connect": CONNECT_FAULTS, "healthcheck": PAGE_FAULTS, "configure": _ONCE, "sync": PAGE_FAULTS, "remove": WEBHOOK_FAULTS}  # fmt: skip
        self.known = FAULTS
        self.steps = {step: tuple(fault.name for fault in faults) for step, faults in tables.items()}

    def sides(self, store: Store, kind: type | None) -> Any:
        from tests.officernd.sides import sides

        return sides(store, kind=kind)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        from handshakes.officernd.customer import Admin

        integration = both.platform.integrations[customer]
        admin = type("One", (Admin,), {"_integration": integration})(both.platform, {})
        admin._connected = integration.state == "connected"
        return admin.take(step, fault) if step == "connect" or admin._connected else None

    def complete(self, both: Any, customer: str) -> Iterable[tuple[str, str]]:
        return [(customer, step) for step in ("connect", "healthcheck", "configure", "sync")]

    def accepted(self, asked: Asked) -> bool:
        path = asked.request.path
        paths = ("/officernd/healthcheck", "/officernd/configure", "/officernd/sync")
        removed = path.startswith("/officernd/removed/")
        return (path in paths or removed) and asked.answer is not None and asked.answer.status == 200

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        request = asked.request
        if request.path.startswith("/officernd/removed/"):
            value, secrets = (
                request.header("officernd-signature"),
                [text for _, text in facts if len(text) < 200],
            )
            messages = [request.body]
        else:
            pairs = parse_qsl(request.query, keep_blank_values=True)
            value, secrets = dict(pairs).get("signature", ""), [*self.secrets]
            pairs = [(name, text) for name, text in pairs if name != "signature"]
            bare = [(name, text.strip('"') if name == "organizationId" else text) for name, text in pairs]
            messages = [
                json.dumps(dict(some), separators=(",", ":"), ensure_ascii=False).encode()
                for some in (pairs, bare, [pair for pair in pairs if pair != ("memberId", "")])
            ]
        found = dict(piece.partition("=")[::2] for piece in value.split(","))
        when = found.get("t", "")
        if not when.isdigit() or not -60 <= asked.now - int(when) <= 300:
            return False
        return any(
            mac(secret, message + b"." + when.encode()) == found.get("signature")
            for secret in secrets
            for message in messages
        )

    def ends(self, asked: Asked, one: Installation) -> bool:
        return asked.request.path.startswith("/officernd/removed/")


class RetailCRM(Adapter):
    name = "retailcrm"
    doubtful = (
        "technical-host",
    )  # of an account in use at its public host: a second row, which may not take the first's place
    lasting = ("api_key", "client_id", "session_key")
    most_rows = 6

    def __init__(self) -> None:
        from handshakes.retailcrm import demo
        from handshakes.retailcrm.simulator.faults import (
            ACTIVITY_FAULTS,
            CONFIG_FAULTS,
            CONNECT_FAULTS,
            FAULTS,
            VISIT_FAULTS,
        )

        self.customers = (demo.DEMO, demo.ANOTHER)
        tables = {"popup": CONFIG_FAULTS, "connect": CONNECT_FAULTS, "visit": VISIT_FAULTS, "on": ACTIVITY_FAULTS, "off": (), "freeze": ()}  # fmt: skip
        self.known = FAULTS
        self.steps = {step: tuple(fault.name for fault in faults) for step, faults in tables.items()}

    def sides(self, store: Store, kind: type | None) -> Any:
        from tests.retailcrm.sides import sides

        return sides(store, kind=kind)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        from handshakes.retailcrm.customer import User

        platform = both.platform
        if fault and not platform.offers(self.known[fault], customer):
            return None
        return type("One", (User,), {"_account": platform.accounts[customer]})(platform, {}).take(step, fault)

    def complete(self, both: Any, customer: str) -> Iterable[tuple[str, str]]:
        return [(customer, step) for step in ("popup", "connect", "on", "visit")]

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        if (
            request.path.endswith("/edit")
            and response.status in (200, 201)
            and read(response.body).get("success") is True
        ):
            module = read(fields(request.body).get("integrationModule", "").encode())
            yield "edited", request.origin, request.header("x-api-key"), str(module.get("clientId"))
            yield "client", str(module.get("clientId"))
        if request.path.endswith("/credentials") and response.status == 200:  # an account that moved
            yield "works", request.origin, request.header("x-api-key")

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        key, client = one.credentials["api_key"], one.credentials["client_id"]
        edited = {fact[1] for fact in facts if fact[0] == "edited" and fact[2:] == (key, client)}
        place = one.details["systemUrl"]
        return place in edited or (bool(edited) and ("works", place, key) in facts)

    def accepted(self, asked: Asked) -> bool:
        if asked.answer is None or asked.request.method != "POST":
            return False
        if asked.request.path == "/retailcrm/account":
            return asked.answer.status == 303
        success = read(asked.answer.body).get("success") is True
        return asked.request.path in ("/retailcrm/register", "/retailcrm/activity") and success

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        form = posted(asked.request)
        if asked.request.path != "/retailcrm/register":  # only the clientId, which edit told the CRM alone
            return ("client", form.get("clientId", "")) in facts
        members = read(form.get("register", "").encode())
        return mac("example-module-secret", str(members.get("apiKey"))) == members.get("token")

    def ends(self, asked: Asked, one: Installation) -> bool:
        """Return whether an account moved: its row is emptied for the one at its new address."""
        return asked.request.path == "/retailcrm/activity" and "systemUrl" in posted(asked.request)


class OnOffice(Adapter):
    name = "onoffice"
    connecting = "activate"
    lasting = ("token", "api_key")
    open = ("parameterCacheId",)
    most_rows = 6

    def __init__(self) -> None:
        from handshakes.onoffice import demo
        from handshakes.onoffice.simulator.faults import ACTIVATION_FAULTS, CLAIM_FAULTS, FAULTS, URL_FAULTS

        self.customers = (demo.FIRST, demo.SECOND)
        tables = {"activate": ACTIVATION_FAULTS, "service": (*URL_FAULTS, *CLAIM_FAULTS), "webhook": URL_FAULTS, "block": ()}  # fmt: skip
        self.known = FAULTS
        self.steps = {step: tuple(fault.name for fault in faults) for step, faults in tables.items()}

    def sides(self, store: Store, kind: type | None) -> Any:
        from tests.onoffice.sides import sides

        return sides(store, kind=kind)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        from handshakes.onoffice import demo

        platform = both.platform
        if step == "activate":
            return platform.activate(customer, demo.ADMINISTRATOR, fault)
        if platform.customers[customer].status != "active":
            return None
        if step == "block":
            platform.block(customer)
            return None
        service = demo.PLANS if step == "service" else demo.EXPORT
        return platform.serve(customer, demo.ADMINISTRATOR, service, fault)

    def complete(self, both: Any, customer: str) -> Iterable[tuple[str, str]]:
        return [(customer, step) for step in ("activate", "service", "webhook")]

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        """Return the token with which a call succeeded: the API alone knows which key signs for it."""
        answer, call = read(response.body), read(request.body)
        codes = [read(json.dumps(answer.get("status")).encode()).get("errorcode")]
        results = (answer.get("response") or {}).get("results") or [{}] if isinstance(answer.get("response"), dict) else [{}]  # fmt: skip
        codes += [one.get("status", {}).get("errorcode") for one in results if isinstance(one, dict)]
        if codes and all(code == 0 for code in codes) and b"unlockProvider" in request.body:
            yield "unlocked", str(call.get("token"))

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        return ("unlocked", one.credentials["token"]) in facts

    def covers(self, one: Installation) -> bool:
        return one.state == "active" and "token" in one.credentials

    def accepted(self, asked: Asked) -> bool:
        known = {
            "/onoffice/activate": (200,),
            "/onoffice/service": (200, 502),
            "/onoffice/webhook": (200, 409),
        }
        return asked.answer is not None and asked.answer.status in known.get(asked.request.path, ())

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        values = fields(asked.request.query)
        right, when = values.pop("signature", ""), values.get("timestamp", "")
        query = urlencode(sorted(values.items())).replace("~", "%7E")  # as PHP's ksort and http_build_query
        message = f"{asked.request.origin}{asked.request.path}?{query}"
        in_time = when.isdigit() and -120 <= asked.now - int(when) <= 300
        return in_time and mac("Example-Provider-Secret-1!", message) == right

    def ends(self, asked: Asked, one: Installation) -> bool:
        """Return whether the API said that it does not know the user any more."""
        return asked.request.path == "/onoffice/service" and any(
            b"errorcode" in answer.body for _, answer in asked.calls
        )


class Fortis(Adapter):
    name = "fortis"
    connecting = "open"
    most_rows = 12
    lasting = ("session_key",)

    def __init__(self, mode: str = "encrypted") -> None:
        from handshakes.fortis import demo
        from handshakes.fortis.simulator.faults import FAULTS, OAUTH_FAULTS, POSTBACK_FAULTS, opening_faults

        self.mode = mode
        self.customers = (f"{demo.LOCATION} {demo.USER}", f"{demo.OTHER_LOCATION} {demo.OTHER_USER}")
        posts = {kind: [one for one in POSTBACK_FAULTS if one.kind == kind] for kind in ("location", "user")}
        tables: dict[str, Any] = {
            "register-location": posts["location"], "register-user": posts["user"], "open": opening_faults(mode),
            "consent": OAUTH_FAULTS, "unregister-user": (), "unregister-location": (),
        }  # fmt: skip
        self.known = FAULTS
        self.steps = {step: tuple(fault.name for fault in faults) for step, faults in tables.items()}

    def sides(self, store: Store, kind: type | None) -> Any:
        from tests.fortis.sides import sides

        return sides(store, kind=kind, mode=self.mode)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        from handshakes.fortis.demo import TITLE

        platform = both.platform
        location, user = customer.split()
        verb, _, kind = step.partition("-")
        if verb in ("register", "unregister"):
            who = user if kind == "user" else ""
            more = (fault,) if verb == "register" else ()
            return getattr(platform, verb)(TITLE, location, who, *more)
        if not {(TITLE, location, ""), (TITLE, location, user)} <= platform.registered:
            return None
        both.clock.advance(1)  # two equal plain launches of one second are one
        if step == "consent":
            return platform.consent(TITLE, location, user, fault)
        return platform.launch(TITLE, location, user, fault=fault)

    def complete(self, both: Any, customer: str) -> Iterable[tuple[str, str]]:
        return [(customer, step) for step in ("register-location", "register-user", "open", "consent")]

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        if request.path == "/v2/users/me" and response.status == 200:
            for text in texts(read(response.body)):
                yield "me", text

    def covers(self, one: Installation) -> bool:
        return one.state == "active" and one.details.get("kind") == "user"

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        return ("me", one.details["userId"]) in facts

    def accepted(self, asked: Asked) -> bool:
        known = {"/fortis/launch": 303, "/fortis/location": 204, "/fortis/user": 204}
        return asked.answer is not None and asked.answer.status == known.get(asked.request.path)

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        values = fields(asked.request.query)
        if asked.request.path != "/fortis/launch":
            return values.get("key") == "example-postback-key"
        if (
            self.mode == "encrypted"
        ):  # nothing is signed: who it is says the API alone, and without a token it is nobody
            held = read(opened(values.get("data", ""), "example-app-secret"))
            nobody = (
                bool(held) and (held.get("access-token") or "{{")[:2] == "{{"
            )  # absent, or its template was not filled
            asks = any(call.path == "/v2/users/me" and answer.status == 200 for call, answer in asked.calls)
            return asks or nobody
        location, when = values.get("location_id", ""), values.get("timestamp", "")
        right = mac("example-app-secret", location + when) == values.get("hmac")
        return right and when.isdigit() and -60 <= asked.now - int(when) <= 300

    def ends(self, asked: Asked, one: Installation) -> bool:
        return asked.request.method == "DELETE"


ADAPTERS: dict[str, Callable[[], Adapter]] = {
    "officernd": OfficeRnD, "retailcrm": RetailCRM, "onoffice": OnOffice,
    "fortis": Fortis, "fortis-plain": lambda: Fortis("plain"),
}  # fmt: skip
