"""The `handshakes` command as a person meets it: help, the tour, verifying a pasted request, serving.

Digests are made here with `hmac`, or come from the worked values of the facts on OfficeRnD. What needs
no process of its own runs `main` in this one; the tour and the servers are real subprocesses.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import pytest
import requests
import typer

from handshakes.cli import command as cli
from handshakes.runtime.sql_store import open_store

COMMAND = str(Path(sys.executable).parent / "handshakes")
SECRET, NOW = "example-integration-secret", 1_648_190_384
DIGEST = "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4"
TARGET = f"/healthcheck?slug=test-slug&locations=&signature=t%3D{NOW}%2Csignature%3D{DIGEST}"
ID = "5e0000000000000000000001"


class Ran:
    """What a command did: its exit code and what it wrote."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.text = " ".join((out + err).split())
        assert "Traceback" not in self.text


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: `run("verify", …, secret=…, stdin=b"…")`."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("HANDSHAKES_SECRET", raising=False)
    monkeypatch.delenv("HANDSHAKES_STORE_KEYS", raising=False)

    def ran(*arguments: str, secret: str | None = None, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["handshakes", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        if secret is not None:
            monkeypatch.setenv("HANDSHAKES_SECRET", secret)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    return ran


def command(*arguments: str, **environment: str) -> Ran:
    """Run the installed command in a process of its own."""
    done = subprocess.run(
        [COMMAND, *arguments], capture_output=True, env={**os.environ, **environment}, timeout=60, check=False
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def signature(message: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def target_of(slug: str, encoded: str) -> str:
    """Return a genuine target whose slug is written as `encoded`."""
    payload = json.dumps({"slug": slug}, ensure_ascii=False, separators=(",", ":"))
    value = f"t={NOW},signature={signature(f'{payload}.{NOW}'.encode())}"
    return f"/x?slug={encoded}&signature={quote(value, safe='')}"


def unprintable(text: str) -> list[str]:
    """Return what could steer a terminal: control characters and overrides of the writing direction."""
    return [
        c
        for c in text
        if c != "\n" and (unicodedata.category(c) in ("Cc", "Cs") or c in "\u202e\u2066\u202d")
    ]


# --- help, version, names -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), ["tour", "serve", "verify", "--version"]),
        (("tour",), ["PLATFORM", "--bodies"]),
        (("clauses",), ["list", "show", "lint"]),
        (("serve",), ["platform", "--only", "--port", "--store", "--set"]),
        (
            ("verify",),
            ["--body", "--header", "--secret-file", "--secret-env", "--now", "--tolerance", "--reading"],
        ),
    ],
)
def test_help(run, arguments, named):
    ran = run(*arguments, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert [name for name in named if name not in ran.text] == []


def test_the_help_names_every_command_in_front_of_what_it_does(run):
    """README.md: it lists everything. The names are those of the page's own list of commands."""
    listed = re.findall(r"(?m)^│ ([a-z]+)  +[A-Z]", run("--help").out)
    assert listed == ["tour", "serve", "verify", "explain", "probe", "judge", "clauses", "vectors"]


def test_what_may_be_given_several_times_says_so_and_a_default_that_is_none_is_not_shown(run):
    assert "[PLATFORM...]" in run("tour", "--help").text
    assert "default: 0" not in run("judge", "--help").text


def test_the_version_is_that_of_the_package():
    ran = command("--version")
    assert (ran.code, ran.out.strip(), ran.err) == (0, version("marketplace-handshakes"), "")


def test_without_arguments_it_says_what_there_is(run):
    ran = run()
    assert ran.code == 2
    assert [name for name in ("tour", "serve", "verify") if name not in ran.text] == []


@pytest.mark.parametrize(
    "arguments", [("unknown",), ("tour", "--unknown"), ("verify",), ("serve", "--only", "platform")]
)
def test_wrong_usage_is_2(run, arguments):
    assert run(*arguments).code == 2


@pytest.mark.parametrize("start", [("tour",), ("tour", "officernd"), ("serve",), ("verify",)])
@pytest.mark.parametrize("name", ["nobody", "OfficeRnD", "", "\x1b[31mred"])
def test_an_unknown_platform_is_2_and_names_those_there_are(run, start, name):
    ran = run(*start, name, secret=SECRET)
    assert (ran.code, ran.out) == (2, "")
    assert "officernd" in ran.err
    assert unprintable(ran.err) == []


# --- the tour -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toured() -> Ran:
    return command("tour", "officernd", "--bodies")


def test_with_bodies_the_tour_shows_every_message_and_check(toured):
    """Each step of the page is there; messages are numbered without a gap."""
    assert (toured.code, toured.err) == (0, "")
    messages = re.findall(r"^ *(\d+) (?:browser|partner|OfficeRnD) .+", toured.out, re.MULTILINE)
    assert [int(number) for number in messages] == list(range(1, len(messages) + 1))
    for said in (
        "GET https://partner.example/officernd/connect?code=",
        "POST https://identity.officernd.com/oauth/token",
        "GET https://app.officernd.com/api/v1/organizations/test-slug",
        f"GET https://app.officernd.com/api/v1/organizations/test-slug/integrations/{ID}?appClientId=",
        "POST https://app.officernd.com/api/v1/organizations/test-slug/webhooks",
        "GET https://app.officernd.com/connect/external-integration/return",
        "GET https://partner.example/officernd/healthcheck?slug=test-slug&locations=&",
        "GET https://partner.example/officernd/configure?slug=test-slug&locations=&",
        "GET https://partner.example/officernd/sync?slug=test-slug&locations=&",
        "POST https://partner.example/officernd/removed/",
        '{"accountName":"J&J Ltd"}',
    ):
        assert said in toured.out, said
    checks = re.findall(r"^  ([✓✗]) ", toured.out, re.MULTILINE)
    assert set(checks) == {"✓"}
    assert f"{len(messages)} messages, {len(checks)} checks held, 0 failed" in toured.out


def test_the_tour_shows_no_secret(toured):
    """Tokens and codes are 40 hex digits, the webhook's secret 32; a signature (64) is no secret."""
    assert "‹40 characters, sha256 " in toured.out, "they are there, masked"
    assert re.findall(r"(?<![0-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])", toured.out) == []


def test_the_tour_has_no_colours_in_a_pipe(toured):
    assert unprintable(toured.out) == []


# --- verify ---------------------------------------------------------------------------------------


def test_a_genuine_url_is_verified_and_what_is_covered_is_said():
    """In a process of its own; the value is one of the worked values."""
    ran = command(
        "verify", "officernd", "https://x.example" + TARGET, "--now", str(NOW), HANDSHAKES_SECRET=SECRET
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Verified.")
    assert "slug = test-slug" in ran.out
    assert "covered: slug, locations\n" in ran.out
    assert f'message     {{"slug":"test-slug","locations":""}}.{NOW} (46 bytes)\n' in ran.out
    assert "host and path" in ran.out.partition("not covered:")[2]


def test_a_wrong_secret_is_explained():
    """In a process of its own; neither secret nor the right signature is told."""
    secret = "a secret of nobody's"
    ran = command("verify", "officernd", TARGET, "--now", str(NOW), HANDSHAKES_SECRET=secret)
    message = '{"slug":"test-slug","locations":""}.1648190384'
    assert (ran.code, ran.err) == (1, "")
    for said in ("signature-mismatch", "officernd:signature.", message, "No known mistake", "another secret"):
        assert said in ran.out, said
    assert secret not in ran.out
    assert signature(message.encode(), secret) not in ran.out


@pytest.mark.parametrize(
    ("seconds", "code", "reason"),
    [(300, 0, ""), (301, 1, "stale"), (-60, 0, ""), (-61, 1, "from-the-future")],
)
def test_the_time_is_checked_to_the_second(run, seconds, code, reason):
    """S8: 300 s back and 60 s ahead, inclusive."""
    ran = run("verify", "officernd", TARGET, "--now", str(NOW + seconds), secret=SECRET)
    assert ran.code == code
    assert reason in ran.out


def test_without_now_it_is_the_real_time(run):
    ran = run("verify", "officernd", TARGET, secret=SECRET)
    assert (ran.code, "stale" in ran.out) == (1, True)


def test_a_tolerance_of_ones_own(run):
    at = ("--now", str(NOW + 400))
    assert run("verify", "officernd", TARGET, *at, "--tolerance", "400,0", secret=SECRET).code == 0
    assert run("verify", "officernd", TARGET, *at, "--tolerance", "399,0").code == 1


@pytest.mark.parametrize(
    "tolerance", ["300", "a,b", "-1,0", "1,2,3", ",", "1.5,0", "１,２", "9" * 5_000 + ",0"]
)
def test_a_tolerance_that_is_none(run, tolerance):
    ran = run("verify", "officernd", TARGET, "--now", str(NOW), "--tolerance", tolerance, secret=SECRET)
    assert (ran.code, ran.out) == (2, "")
    assert "300,60" in ran.text, "an example"
    assert len(ran.err) < 2_000


@pytest.mark.parametrize("now", ["-1", "x", "1.5"])
def test_a_time_that_is_none(run, now):
    assert run("verify", "officernd", TARGET, "--now", now, secret=SECRET).code == 2


BODY = b'{\n  "eventType": "integration.removed",\n  "name": "Zo\xc3\xab \x01"\n}\n'


@pytest.fixture
def body(tmp_path) -> Path:
    file = tmp_path / "body.json"
    file.write_bytes(BODY)
    return file


def header_of(content: bytes, secret: str = "example-webhook-secret") -> str:
    return f"t={NOW},signature={signature(content + b'.' + str(NOW).encode(), secret)}"


def test_a_webhook_is_verified_over_its_raw_bytes(run, body):
    at = ("--now", str(NOW), "--body", str(body))
    ran = run("verify", "officernd", *at, "--header", header_of(BODY), secret="example-webhook-secret")
    assert (ran.code, ran.err) == (0, "")
    assert "covered: body\n" in ran.out
    written_again = json.dumps(json.loads(BODY, strict=False), separators=(",", ":")).encode()
    ran = run("verify", "officernd", *at, "--header", header_of(written_again))
    assert (ran.code, "signature-mismatch" in ran.out) == (1, True)


def test_a_webhook_with_the_integration_secret_is_refused(run, body):
    at = ("--now", str(NOW), "--body", str(body), "--header", header_of(BODY, SECRET))
    assert run("verify", "officernd", *at, secret="example-webhook-secret").code == 1


@pytest.mark.parametrize(("header", "code"), [("", 4), ("nonsense", 1), (f"t={NOW}", 1)])
def test_a_webhook_without_a_signature_is_not_verified(run, body, header, code):
    at = ("--now", str(NOW), "--body", str(body), "--header", header)
    assert run("verify", "officernd", *at, secret="example-webhook-secret").code == code


def test_url_and_body_at_once_or_neither(run, body):
    for arguments in ((TARGET, "--body", str(body), "--header", header_of(BODY)), ()):
        ran = run("verify", "officernd", *arguments, secret=SECRET)
        assert (ran.code, ran.out) == (2, "")
        assert "--file" in ran.err


def test_from_standard_input(run):
    """A URL as it is pasted, with the line's end."""
    at = ("--now", str(NOW))
    assert run("verify", "officernd", "-", *at, secret=SECRET, stdin=TARGET.encode() + b"\r\n").code == 0
    ran = run("verify", "officernd", "-", *at, stdin=TARGET.replace("test-slug", "other").encode())
    assert (ran.code, "signature-mismatch" in ran.out) == (1, True)


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\xff\xfe", b"hello", b"a" * 2_000_000])
def test_what_is_no_request_from_standard_input(run, stdin):
    ran = run("verify", "officernd", "-", "--now", str(NOW), secret=SECRET, stdin=stdin)
    assert ran.code in (1, 2, 4)
    assert len(ran.text) < 2_000


# --- where the secret comes from ------------------------------------------------------------------


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_the_secret_from_a_file(run, tmp_path, ending):
    """An editor's line end is no part of it; and the file goes before the environment."""
    file = tmp_path / "secret"
    file.write_bytes(SECRET.encode() + ending)
    ran = run(
        "verify", "officernd", TARGET, "--now", str(NOW), "--secret-file", str(file), secret="wrong-secret"
    )
    assert ran.code == 0


def test_a_space_is_part_of_the_secret(run, tmp_path):
    file = tmp_path / "secret"
    file.write_bytes(SECRET.encode() + b" \n")
    assert run("verify", "officernd", TARGET, "--now", str(NOW), "--secret-file", str(file)).code == 1


def test_the_secret_from_a_variable_of_another_name(run, monkeypatch):
    monkeypatch.setenv("MY_SECRET", SECRET)
    at = ("--now", str(NOW), "--secret-env", "MY_SECRET")
    assert run("verify", "officernd", TARGET, *at, secret="wrong-secret").code == 0


def test_without_a_secret_it_says_how_to_give_one(run):
    ran = run("verify", "officernd", TARGET, "--now", str(NOW))
    assert (ran.code, ran.out) == (2, "")
    assert "--secret-file" in ran.err
    assert "HANDSHAKES_SECRET" in ran.err


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 1_048_577, None, "a directory"])
def test_a_secret_that_cannot_be_used(run, tmp_path, content):
    file = tmp_path / "secret"
    if content == "a directory":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    ran = run("verify", "officernd", TARGET, "--now", str(NOW), "--secret-file", str(file), secret=SECRET)
    assert (ran.code, ran.out) == (2, ""), "it does not fall back to another secret"
    assert ran.err


def test_an_empty_secret_in_the_environment(run):
    ran = run("verify", "officernd", TARGET, "--now", str(NOW), secret="")
    assert (ran.code, "empty" in ran.err) == (2, True)


@pytest.mark.parametrize("content", [b"x" * 1_048_577, None])
def test_a_body_that_cannot_be_read(run, tmp_path, content):
    file = tmp_path / "body"
    if content is not None:
        file.write_bytes(content)
    ran = run("verify", "officernd", "--body", str(file), "--header", "t=1", secret=SECRET)
    assert (ran.code, ran.out) == (2, "")
    assert str(file) in ran.err.replace("\n", "")


# --- readings -------------------------------------------------------------------------------------

STRIPE = signature(f'{NOW}.{{"slug":"test-slug"}}'.encode())
STRIPE_TARGET = f"/x?slug=test-slug&signature=t={NOW},signature={STRIPE}"


def test_a_reading_makes_it_verify(run):
    """S4: timestamp, dot, payload, as Stripe has it."""
    at = ("verify", "officernd", STRIPE_TARGET, "--now", str(NOW))
    assert run(*at, secret=SECRET).code == 1
    assert run(*at, "--reading", "officernd:signature.message=timestamp-payload").code == 0


def test_a_mismatch_names_the_reading_that_fits(run):
    """S4: the signature was made over timestamp, dot, payload, as Stripe has it."""
    ran = run("verify", "officernd", STRIPE_TARGET, "--now", str(NOW), secret=SECRET)
    assert (
        ran.code,
        "It fits under the reading officernd:signature.message=timestamp-payload: " in ran.out,
    ) == (
        1,
        True,
    )


def test_a_mismatch_of_the_secret_fits_no_reading(run):
    ran = run("verify", "officernd", TARGET, "--now", str(NOW), secret="wrong-secret")
    assert (ran.code, "No known mistake gives the received value" in ran.out) == (1, True)


@pytest.mark.parametrize(
    "reading", ["", "nonsense", "officernd:signature.message=nonsense", "\x1b[31m" + "x" * 9_000]
)
def test_an_unknown_reading_is_usage(run, reading):
    ran = run("verify", "officernd", TARGET, "--now", str(NOW), "--reading", reading, secret=SECRET)
    assert ran.code == 2
    assert unprintable(ran.out + ran.err) == []
    assert len(ran.text) < 2_000


# --- what a hostile request may do to a terminal ---------------------------------------------------

STEERING = ["\x1b[31m", "\x1b]0;title\x07", "\r", "\x08", "\x7f", "\x9b31m", "\u202e"]


@pytest.mark.parametrize("text", STEERING, ids=ascii)
def test_a_verified_value_does_not_steer_the_terminal(run, text):
    """Signed by the platform, and still text that somebody typed."""
    ran = run(
        "verify", "officernd", target_of(f"a{text}b", f"a{quote(text)}b"), "--now", str(NOW), secret=SECRET
    )
    assert ran.code == 0
    assert unprintable(ran.out) == []


@pytest.mark.parametrize("text", STEERING, ids=ascii)
@pytest.mark.parametrize("where", ["value, encoded", "value, raw", "name, encoded", "name, raw", "signature"])
def test_a_refused_request_does_not_steer_the_terminal(run, text, where):
    written = text if "raw" in where else quote(text)
    target = {
        "value": f"/x?slug=a{written}b&signature=t%3D{NOW}%2Csignature%3D{DIGEST}",
        "name": f"/x?slug{written}=a&signature=t%3D{NOW}%2Csignature%3D{DIGEST}",
        "signature": f"/x?slug=a&signature=t%3D{NOW}{quote(text)}%2Csignature%3D{DIGEST}",
    }[where.partition(",")[0]]
    ran = run("verify", "officernd", "-", "--now", str(NOW), secret=SECRET, stdin=target.encode())
    assert ran.code == 1
    assert unprintable(ran.out + ran.err) == []


@pytest.mark.parametrize("text", STEERING, ids=ascii)
@pytest.mark.parametrize("where", ["body", "header"])
def test_a_refused_webhook_does_not_steer_the_terminal(run, tmp_path, text, where):
    file = tmp_path / "body"
    file.write_text(text if where == "body" else "{}")
    header = f"t={NOW},signature={DIGEST}" if where == "body" else f"t={text},signature={DIGEST}"
    at = ("--now", str(NOW), "--body", str(file), "--header", header)
    ran = run("verify", "officernd", *at, secret=SECRET)
    assert ran.code == 1
    assert unprintable(ran.out + ran.err) == []


@pytest.mark.parametrize("text", ["[bold red]x[/]", "[/]", "[link=https://x.example]y", ":warning:", "100%"])
def test_a_value_is_shown_as_it_is(run, text):
    """Neither markup nor emoji names are replaced: who compares bytes has to see them."""
    ran = run("verify", "officernd", target_of(text, quote(text)), "--now", str(NOW), secret=SECRET)
    assert ran.code == 0
    assert f"slug = {text}\n" in ran.out


@pytest.mark.parametrize("long", ["url", "value", "webhook", "header"])
def test_a_megabyte_is_refused_in_a_few_lines(run, tmp_path, long):
    file = tmp_path / "body"
    file.write_bytes(b"x" * 1_000_000)
    arguments = {
        "url": ("/x?" + "a" * 1_000_000,),
        "value": (f"/x?slug={'a' * 1_000_000}&signature=t={NOW},signature={DIGEST}",),
        "webhook": ("--body", str(file), "--header", f"t={NOW},signature={DIGEST}"),
        "header": ("--body", str(file), "--header", "t=" + "1" * 1_000_000),
    }[long]
    ran = run("verify", "officernd", *arguments, "--now", str(NOW), secret=SECRET)
    assert ran.code == (4 if long == "url" else 1)
    assert len(ran.out) < 20_000


# --- serve: what is wrong is said before anything is served ----------------------------------------


def test_a_port_in_use_is_2_and_says_what_to_do(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = run("serve", "officernd", "--port", port)
    assert (ran.code, ran.out) == (2, "")
    assert port in ran.err
    assert "--port" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--only", "nobody"),
        ("--port", "70000"),
        ("--port", "-1"),
        ("--set", "nonsense"),
        ("--set", "nonsense=1"),
        ("--set", "=1"),
        ("--set", "profile=seed", "--set", "\x1b[31m=1"),
    ],
)
def test_wrong_options_of_serve(run, arguments):
    ran = run("serve", "officernd", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert unprintable(ran.err) == []
    if arguments[0] == "--set":
        assert "profile" in ran.err, "it names the settings"
        assert "--set: " in ran.err, "what is wrong is a sentence of its own"


@pytest.mark.parametrize(
    "value",
    [
        "profile=nonsense",
        "profile=",
        "api_version=v3",
        "started_by=nobody",
        "partner_url=nonsense",
        "sync_url=javascript:alert(1)",
        "client_id=",
    ],
)
def test_a_setting_with_a_value_that_it_cannot_have(run, value):
    """Another one must not pass for the default; a server that starts all the same is interrupted."""
    impatient = threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT))
    impatient.start()
    try:
        ran = run("serve", "officernd", "--set", value)
    finally:
        impatient.cancel()
    assert (ran.code, ran.out) == (2, "")
    assert value.partition("=")[0] in ran.err


def test_only_a_setting_that_says_so_may_be_empty():
    from handshakes.cli.serve import settings_of
    from handshakes.officernd.demo import SETTINGS

    assert settings_of(["sync_url="], SETTINGS) == {"sync_url": ""}
    assert [name for name, setting in SETTINGS.items() if setting.may_be_empty] == ["sync_url"]


def test_what_people_are_told_may_be_a_sentence_in_any_language():
    """RetailCRM shows its users the module's text (retailcrm:config.failure); a name is as a customer writes it."""
    from handshakes.cli.serve import settings_of
    from handshakes.officernd import demo as officernd
    from handshakes.retailcrm import demo as retailcrm

    told = "Zurzeit nicht möglich, please come back."
    assert settings_of([f"unavailable={told}"], retailcrm.SETTINGS) == {"unavailable": told}
    assert settings_of([f"account_name={told}"], officernd.SETTINGS) == {"account_name": told}
    with pytest.raises(typer.Exit):
        settings_of(["unavailable=a\x1b[31mb"], retailcrm.SETTINGS)


def test_the_settings_are_listed(run):
    ran = run("serve", "officernd", "--set", "help")
    assert (ran.code, ran.err) == (0, "")
    for name in ("profile", "partner_url", "connect_url", "redirect_uri", "api_version", "started_by"):
        assert re.search(rf"^{name} +\S", ran.out, re.MULTILINE), name


def test_a_store_that_cannot_be_opened(run, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    ran = run("serve", "officernd", "--store", str(file))
    assert (ran.code, ran.out) == (2, "")
    open_store(tmp_path / "store", {}).close()
    (tmp_path / "store" / "store.keys").chmod(0o644)
    ran = run("serve", "officernd", "--store", str(tmp_path / "store"))
    assert (ran.code, "chmod 600" in ran.text) == (2, True)


# --- serve: really ----------------------------------------------------------------------------------


class Served:
    """A running `handshakes serve`: what it printed so far, and its briefing by name."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.decode())

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str) -> None:
        end = time.monotonic() + 60
        while words not in self.text:
            assert time.monotonic() < end and self._reader.is_alive(), self.text
            time.sleep(0.02)

    def briefing(self) -> dict[str, str]:
        self.wait_for("Ctrl-C")
        found = (re.fullmatch(r"(\S.*?)  +(\S+)\n", line) for line in self.lines)
        return {match[1]: match[2] for match in found if match}

    def interrupt(self, by: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal: TERM, because INT is ignored in whatever a shell has put in the background."""
        self.process.send_signal(by)
        code = self.process.wait(timeout=60)
        self._reader.join(5)
        return code


@contextmanager
def serving(
    *arguments: str, platform: str = "officernd", start: Sequence[str] = (), **variables: str
) -> Iterator[Served]:
    environment = {**os.environ, "COLUMNS": "100", **variables}
    environment.pop("HANDSHAKES_STORE_KEYS", None)
    process = subprocess.Popen(
        [*start, COMMAND, "serve", *filter(None, (platform,)), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.wait()


def press(url: str, step: str, fault: str = "") -> requests.Response:
    """Fetch the list, take the form of one button as it stands there, and send it as a browser does."""
    with requests.Session() as session:
        listed = session.get(url, timeout=60)
        assert listed.status_code == 200
        form = re.search(
            rf'<form method="post" action="([^"]+)" id="{step}-{ID}"[^>]*>(.*?)</form>', listed.text, re.S
        )
        assert form
        name, value = re.search(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', form[2]).groups()
        parts = urlsplit(url)
        headers = {"origin": f"{parts.scheme}://{parts.netloc}"}
        data = {name: value, "fault": fault}
        return session.post(urljoin(url, form[1]), data=data, headers=headers, timeout=60)


def state(page: requests.Response) -> str:
    found = re.search(rf'id="state-{ID}">(?:Integration .*?<b>)?(\w+)', page.text, re.S)
    assert found, page.text
    return found[1]


def is_free(url: str) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", urlsplit(url).port))
        except OSError:
            return False
        return True


def test_both_sides_served_pressed_and_ended(tmp_path):
    """Connect by hand on free ports, with a store; then end it."""
    folder = tmp_path / "kept"
    with serving("--store", str(folder)) as served:
        told = served.briefing()
        portal, connect_url = told["open in a browser"], told["connect URL"]
        assert [urlsplit(url).hostname for url in (portal, connect_url)] == ["127.0.0.1", "localhost"]
        assert not is_free(portal)
        assert not is_free(connect_url)

        back = press(portal, "connect")
        assert (back.status_code, back.url) == (200, told["return URL"])
        assert state(back) == "connected"
        assert "J&amp;J Ltd" in back.text
        served.wait_for("/oauth/token")

        hostile = requests.get(
            connect_url + "?error=%1b%5b31mred", headers={"x-note": "a"}, allow_redirects=False, timeout=10
        )
        assert hostile.status_code == 302
        served.wait_for("partner refused connect")

        assert served.interrupt() == 0
        assert "stopped" in served.text
        assert "Traceback" not in served.text
        assert unprintable(served.text) == []
        tokens = re.findall(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])", served.text)
        assert tokens == []
    assert is_free(portal)
    assert is_free(connect_url)
    assert stat.S_IMODE((folder / "store.keys").stat().st_mode) == 0o600
    store = open_store(folder, {})
    (kept,) = store.find("officernd", "integrationId", ID)
    store.close()
    assert (kept.state, kept.credentials["secret"]) == ("active", SECRET)
    for file in folder.iterdir():
        assert SECRET.encode() not in file.read_bytes(), f"{file.name} holds the secret in clear"


def test_without_a_platform_all_four_are_served_behind_one_page():
    with serving(platform="") as served:
        served.wait_for("Ctrl-C")
        url = re.search(r"^Marketplace page: (\S+)$", served.text, re.MULTILINE)[1]
        page = requests.get(url, timeout=60)
        assert page.url == url + "officernd", "the first of them"
        assert re.findall(r'data-tile="(\w+)"', page.text) == ["officernd", "retailcrm", "onoffice", "fortis"]
        assert served.interrupt() == 0
        assert "Traceback" not in served.text


# Starts a program with a signal as a terminal, or as `nohup` and a shell's `&`, would hand it down.
HANDED = "import os, signal, sys; signal.signal(int(sys.argv[1]), getattr(signal, sys.argv[2])); os.execv(sys.argv[3], sys.argv[3:])"


def handed(which: signal.Signals, how: str) -> Sequence[str]:
    return (sys.executable, "-c", HANDED, str(int(which)), how)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_serving_cleanly_and_leaves_no_temporary_store(tmp_path, by):
    with serving(start=handed(by, "SIG_DFL"), TMPDIR=str(tmp_path)) as served:
        portal = served.briefing()["open in a browser"]
        assert any(tmp_path.glob("handshakes-*/store.keys"))
        assert served.interrupt(by) == 0
        assert "stopped" in served.text
        assert "Traceback" not in served.text
    assert list(tmp_path.iterdir()) == []
    assert is_free(portal)


def test_a_hangup_that_is_ignored_from_the_start_does_not_end_serving(tmp_path):
    """POSIX, nohup: the utility is invoked with SIGHUP ignored."""
    with serving(start=handed(signal.SIGHUP, "SIG_IGN"), TMPDIR=str(tmp_path)) as served:
        portal = served.briefing()["open in a browser"]
        served.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert requests.get(portal, timeout=60).status_code == 200
        assert served.interrupt() == 0


class ForeignPartner(BaseHTTPRequestHandler):
    """A partner that somebody else wrote: it knows nothing but what the briefing prints."""

    told: ClassVar[dict[str, str]] = {}
    secrets: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path.endswith("/connect"):
            self.connected(query)
            self.send_response(302)
            self.send_header("Location", self.told["return URL"])
            self.end_headers()
            return
        value = dict(field.split("=", 1) for field in query.pop("signature").split(","))
        payload = json.dumps(query, separators=(",", ":"), ensure_ascii=False)
        message = f"{payload}.{value['t']}".encode()
        right = value["signature"] == signature(message, self.secrets["integration"])
        self.answer(200 if right else 401, {"accountName": "Foreign"} if right else {"message": "no"})

    def connected(self, query: dict[str, str]) -> None:
        told = self.told
        client = {"client_id": told["client id (public)"], "client_secret": told["client secret (public)"]}
        grant = {
            "grant_type": "authorization_code",
            "code": query["code"],
            "redirect_uri": told["redirect URI"],
        }
        tokens = requests.post(told["token URL"], data={**client, **grant}, timeout=60).json()
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        base = told["API base"].replace("{slug}", query["org_slug"])
        url = f"{base}/integrations/{query['integrationId']}?" + urlencode(
            {"appClientId": client["client_id"]}
        )
        self.secrets["integration"] = requests.get(url, headers=bearer, timeout=60).json()["settings"][
            "secret"
        ]
        own = told["connect URL"].replace("/connect", "/gone")
        hook = {"url": own, "eventTypes": ["integration.removed"], "enabled": True}
        answer = requests.post(f"{base}/webhooks", json=hook, headers=bearer, timeout=60).json()
        self.secrets["webhook"] = answer[0]["secret"]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        value = dict(field.split("=", 1) for field in self.headers["officernd-signature"].split(","))
        message = body + b"." + value["t"].encode()
        right = value["signature"] == signature(message, self.secrets.get("webhook", "x"))
        if right:
            self.secrets["integration"] = "x"
        self.answer(200 if right else 401, {"status": "received"})

    def answer(self, status: int, value: dict[str, str]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def foreign() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), ForeignPartner)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/mine"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_platform_alone_for_a_foreign_partner(foreign):
    """Connect, health check, configuration, sync, faults and removal, with a partner of the standard library."""
    with serving("--only", "platform", "--set", f"partner_url={foreign}") as served:
        told = served.briefing()
        ForeignPartner.told = told
        portal = told["open in a browser"]
        assert told["connect URL"] == f"{foreign}/connect"

        back = press(portal, "connect")
        assert (back.url, state(back)) == (told["return URL"], "connected")
        assert "Foreign" in back.text

        assert "answered <b>200</b>" in press(portal, "healthcheck").text
        assert "answered <b>200</b>" in press(portal, "sync").text
        assert press(portal, "configure").json() == {"accountName": "Foreign"}
        refused = press(portal, "healthcheck", "wrong-secret")
        assert "answered <b>401</b>" in refused.text
        assert "violated</span>" not in refused.text
        stale = press(portal, "healthcheck", "stale")
        assert 'class="violated"' in stale.text, "this partner checks no time, and that is seen"

        assert "answered <b>200</b>" in press(portal, "remove").text
        assert ">removed</b>" in requests.get(portal, timeout=60).text
        assert served.interrupt() == 0
        assert "Traceback" not in served.text
    assert is_free(portal)


# --- onOffice -------------------------------------------------------------------------------------

OFFICE_SECRET = "hier Anbietersecret einsetzen"
OFFICE_TEXT = (
    "https://provider.example/activate?Zone=eu&_x=1&apiToken=t&plan=gold+edition&timestamp=1700000000"
)
OFFICE_SIGNATURE = "50db418e12629571ef1928472c0f8bc82b624e3fd0ec38879f37263f1756ad72"
AT = ("--now", "1700000000")


def office(text: str, value: str = "", url: str = OFFICE_TEXT) -> str:
    """Return a URL with the signature of a text."""
    return f"{url}&signature={value or signature(text.encode(), OFFICE_SECRET)}"


def test_the_tour_of_onoffice_shows_popup_frame_key_unlock_and_message_in_order():
    ran = command("tour", "onoffice", "--bodies")
    assert (ran.code, ran.err) == (0, "")
    places = [
        ran.out.index(said)
        for said in (
            "POST https://smart.onoffice.de/simulator/open",
            "POST https://smart.onoffice.de/simulator/confirm",
            "GET https://provider.example/onoffice/activate?",
            "POST https://smart.onoffice.de/simulator/rights",
            "POST https://provider.example/onoffice/unlock",
            "POST https://api.onoffice.de/api/stable/api.php",
            "https://provider.example ✉ https://smart.onoffice.de",
            "POST https://smart.onoffice.de/simulator/message",
        )
    ]
    assert places == sorted(places)
    assert " failed" in ran.out and ", 0 failed" in ran.out and "✗" not in ran.out
    assert re.findall(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{48}|[0-9a-f]{32})(?![0-9a-f])", ran.out) == []


def test_a_worked_url_of_onoffice_is_verified_and_no_token_shown(run):
    ran = run("verify", "onoffice", office("", OFFICE_SIGNATURE), *AT, secret=OFFICE_SECRET)
    assert (ran.code, ran.err) == (0, "")
    assert "plan = gold edition" in ran.out
    assert "apiToken = ‹1 bytes, sha256 " in ran.out
    assert "covered: scheme, host and path, Zone, _x, apiToken, plan, timestamp" in ran.out
    assert "not covered: port, user info, fragment and method" in ran.out


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (OFFICE_TEXT.partition("?")[2], "onoffice:url.base=query-only"),
        (OFFICE_TEXT.replace("+", "%20"), "onoffice:url.encoding=rfc3986"),
        (
            "https://provider.example/activate?_x=1&apiToken=t&plan=gold+edition&timestamp=1700000000&Zone=eu",
            "onoffice:url.order=case-insensitive",
        ),
    ],
)
def test_a_mismatch_of_onoffice_names_the_reading_that_fits(run, text, fits):
    ran = run("verify", "onoffice", office(text), *AT, secret=OFFICE_SECRET)
    assert ran.code == 1
    assert "signature-mismatch" in ran.out
    assert fits in ran.out.partition("Likely cause:")[2]


@pytest.mark.parametrize(
    ("url", "reason", "mistake"),
    [
        (office(OFFICE_TEXT.replace("https", "http")), "signature-mismatch", "http:"),
        (
            office(OFFICE_TEXT.replace(".example/", ".example:443/")),
            "signature-mismatch",
            "443",
        ),
        (office(OFFICE_TEXT.replace("?", "/?")), "signature-mismatch", "slash"),
        (office("", OFFICE_SIGNATURE.upper()), "malformed", "form-upper-case"),
        (
            office("", signature(OFFICE_TEXT.encode(), OFFICE_SECRET + "\n")),
            "signature-mismatch",
            "key-line-end",
        ),
    ],
)
def test_a_wrong_url_of_onoffice_is_explained_by_its_mistake(run, url, reason, mistake):
    ran = run("verify", "onoffice", url, *AT, secret=OFFICE_SECRET)
    assert ran.code == 1
    assert f"Refused: {reason}" in ran.out
    assert mistake in ran.out.partition("Likely cause:")[2]


@pytest.mark.parametrize(
    ("change", "undone"),
    [
        (("&timestamp", "%C3%97tamp"), "&name was read as an HTML entity"),
        (("&", "&amp;"), "&amp; stood for &"),
    ],
)
def test_what_html_did_to_a_url_of_onoffice_is_undone_and_said(run, change, undone):
    url = office("", OFFICE_SIGNATURE).replace(*change)
    ran = run("verify", "onoffice", url, *AT, secret=OFFICE_SECRET)
    assert (ran.code, undone in ran.out) == (0, True), ran.out
    assert "a receiver that got it as it was pasted refuses it" in ran.out


def test_a_base64_signature_of_onoffice_is_recognised(run):
    digest = hmac.new(OFFICE_SECRET.encode(), OFFICE_TEXT.encode(), hashlib.sha256).digest()
    from base64 import b64encode

    url = office("", quote(b64encode(digest).decode(), safe=""))
    ran = run("verify", "onoffice", url, *AT, secret=OFFICE_SECRET)
    assert ran.code == 1
    assert "The digest is in base64." in ran.out and "onoffice:url.digest=base64" in ran.out


def test_a_wrong_secret_of_onoffice_fits_nothing(run):
    ran = run("verify", "onoffice", office("", OFFICE_SIGNATURE), *AT, secret="wrong-secret")
    assert ran.code == 1
    assert "No known mistake gives the received value" in ran.out
    assert signature(OFFICE_TEXT.encode(), "wrong-secret") not in ran.out and "Likely cause" not in ran.out


@pytest.mark.parametrize(
    ("seconds", "code", "reason"),
    [(300, 0, ""), (301, 1, "stale"), (-120, 0, ""), (-121, 1, "from-the-future")],
)
def test_the_window_of_onoffice(run, seconds, code, reason):
    now = str(1_700_000_000 + seconds)
    ran = run("verify", "onoffice", office("", OFFICE_SIGNATURE), "--now", now, secret=OFFICE_SECRET)
    assert ran.code == code
    assert reason in ran.out
    assert "Likely cause" not in ran.out, "the signature is right"


def test_a_secret_that_is_no_text_is_refused_for_onoffice(run):
    ran = run("verify", "onoffice", office("", OFFICE_SIGNATURE), *AT, secret="\udcff")
    assert (ran.code, ran.err) == (1, "")
    assert "Refused: malformed" in ran.out and "onoffice:url.key" in ran.out


def test_the_settings_of_onoffice(run):
    ran = run("serve", "onoffice", "--set", "help")
    assert (ran.code, ran.err) == (0, "")
    for name in ("errors", "claim_required", "claim_outdated", "api_claim", "hmac_version", "activation_url"):
        assert re.search(rf"^{name} +\S", ran.out, re.MULTILINE), name
    assert run("serve", "onoffice", "--set", "errors=404").code == 2


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://provider.example/a?ids[]=5", "array syntax"),
        ("https://provider.example/a?timestamp=1", "belongs to the platform"),
        ("http://provider.example/a", "https://"),
    ],
)
def test_an_address_that_onoffice_does_not_register_is_a_mistake_of_usage(run, url, why):
    ran = run("serve", "onoffice", "--set", f"activation_url={url}")
    assert ran.code == 2
    assert why in ran.err


# --- names that are not known ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("clauses", "show", "signature.order"), "starts with its platform.*Did you mean officernd:signature.order?"),
        (("clauses", "show", "signature.order=sorted"), "Did you mean officernd:signature.order=sorted?"),
        (("clauses", "show", "A41"), r"starts with its platform.*onoffice:A41\b"),
        (("clauses", "show", "nothing"), "starts with its platform.*An example is officernd:signature.order$"),
        (("clauses", "show", "officernd:signature.ordr"),
         "Unknown clause or ambiguity 'officernd:signature.ordr'. Did you mean officernd:signature.order?"),
        (("clauses", "show", "officernd:signature.order=sortd"),
         "Unknown reading .* Did you mean officernd:signature.order=sorted? .*clauses show officernd:signature.order` lists"),
        (("clauses", "show", "officernd:nothing.like-it"), "Unknown clause or ambiguity [^?]*clauses list officernd` lists them$"),
        (("clauses", "show", "OfficeRnD:signature.order"), "Unknown platform 'OfficeRnD'. Did you mean officernd?"),
        (("vectors", "show", "retailcrm/registration_token/worke"), "Unknown vector .*vectors list retailcrm` lists them$"),
        (("vectors", "list", "--reading", "officernd:signature.order=sortd"), "Did you mean officernd:signature.order=sorted?"),
        (("clauses", "lint", "/dev/null"), "/dev/null: is not a regular file$"),
        (("vectors", "lint", "/dev/null"), "/dev/null: is not a regular file"),
    ],
)  # fmt: skip
def test_an_unknown_name_says_so_and_names_the_nearest(run, arguments, said):
    ran = run(*arguments)
    assert ran.code == 2
    assert re.search(said.replace("?", r"\?"), ran.text), ran.text
