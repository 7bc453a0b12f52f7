"""Simulator and partner may speak TLS, each with a certificate that the other verifies."""

from __future__ import annotations

import datetime
import ipaddress
import os
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from handshakes.judge.served import Served
from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.cli.test_cli import run  # noqa: F401
from tests.judge.sockets import Process, judged, operator_of, settings_of


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate of 127.0.0.1 that signs itself; return the files of it and of its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(chain), str(private)


def judged_over_tls(certificate, trusted: str):
    sock, theirs = listen(), listen()
    base = origin_of(theirs, tls=True)
    settings = settings_of("officernd", base)
    with Served("officernd", settings, sock=sock, certificate=certificate, trusted=trusted) as served:
        assert served.url.startswith("https://127.0.0.1:")
        world = World(
            lambda: int(time.time()), os.urandom, MemoryStore(), {"platform_url": served.url}, "", base
        )
        process = Process(PLATFORMS["officernd"].tools().sides(world).partner)
        with Loopback(
            process, sockets={process.name: theirs}, certificates={process.name: certificate}
        ) as network:
            network.client.trusted = certificate[0]
            return judged("officernd", served, operator=operator_of("officernd", served, process))


def test_both_sides_over_tls_are_judged_as_without(certificate):
    report = judged_over_tls(certificate, certificate[0])
    assert [row.clause for row in report.rows if row.judgement in ("fail", "warn", "undetermined")] == []
    assert (report.exit, report.ended) == (0, "")


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(certificate):
    report = judged_over_tls(certificate, "")
    assert report.exit == 3
    assert not [row for row in report.rows if row.judgement == "pass"]


@pytest.mark.parametrize("command", ["serve", "judge"])
def test_a_certificate_without_its_key_is_wrong_usage(run, certificate, tmp_path, command):  # noqa: F811
    profile = tmp_path / "p.toml"
    profile.write_text('[settings]\npartner_url = "http://127.0.0.1:9/x"\n')
    rest = ["--only", "platform"] if command == "serve" else ["--profile", str(profile)]
    ran = run(command, "officernd", *rest, "--tls-cert", certificate[0])
    assert (ran.code, "--tls-key" in ran.err) == (2, True)
    ran = run(command, "officernd", *rest, "--tls-cert", certificate[0], "--tls-key", certificate[0])
    assert (ran.code, "cannot be used" in ran.err) == (2, True)
    assert "PRIVATE" not in ran.err
