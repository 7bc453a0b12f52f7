"""The page on frameworks: every endpoint answers right."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pytest

from tests.docs.frameworks import FOLDER, FRAMEWORKS, PROBES, ROOT, SECRETS, Served, begin_to_install, serving

REFUSAL = "The request could not be verified."


def signature(message: bytes, secret: str, at: int) -> str:
    """Sign by hand, as the page of OfficeRnD says: text, a dot, the time; HMAC-SHA256 in lower-case hex."""
    digest = hmac.new(secret.encode(), message + b".%d" % at, hashlib.sha256).hexdigest()
    return f"t={at},signature={digest}"


def query(at: int) -> str:
    """Return a genuine query; the text that is signed is written out, and so is the spelling of the values."""
    text = '{"slug":"test~slug","locations":"","organizationId":"a,b","memberId":" a "}'
    value = signature(text.encode(), SECRETS["OFFICERND_SECRET"], at).replace("=", "%3D").replace(",", "%2C")
    return f"slug=test%7Eslug&locations=&organizationId=a%2Cb&memberId=%20a%20&signature={value}"


@dataclass(frozen=True)
class Case:
    """One request, and the reason for which it is refused; none for a genuine one."""

    what: str
    reason: str
    target: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


def cases(now: int, doubled_header: str) -> Iterator[Case]:
    """Return genuine requests, and each broken in one way."""
    genuine = query(now)
    for what, reason, changed in (
        ("a signed query", "", genuine),
        (
            "the same in another spelling",
            "",
            genuine.replace("%20a%20", "+a+").replace("%7E", "~").replace("%2C", ","),
        ),
        ("one byte changed", "signature-mismatch", genuine.replace("test", "best")),
        ("blanks taken off", "signature-mismatch", genuine.replace("%20a%20", "a")),
        ("an empty value dropped", "signature-mismatch", genuine.replace("locations=&", "")),
        ("another order", "signature-mismatch", "locations=&" + genuine.replace("locations=&", "")),
        ("a parameter twice", "duplicate-parameter", genuine + "&locations="),
        ("no signature", "missing-parameter", genuine.partition("&signature=")[0]),
        ("an old query", "stale", query(now - 3600)),
    ):
        yield Case(what, reason, "/healthcheck?" + changed)
    body = '{"event": "integration.removed",\n "amount": 1.0, "name": "\\u00e9 \\/ é"}'.encode()
    name = "officernd-signature"
    value = signature(body, SECRETS["OFFICERND_WEBHOOK_SECRET"], now)
    old = signature(body, SECRETS["OFFICERND_WEBHOOK_SECRET"], now - 3600)
    kind = ("content-type", "application/json")
    for what, reason, changed_body, headers in (
        ("a signed webhook", "", body, (kind, (name, value))),
        ("white space around the header's value, RFC 9110, 5.5", "", body, (kind, (name, f"\t{value} \t"))),
        ("a body that was changed", "signature-mismatch", body + b" ", (kind, (name, value))),
        ("no header", "missing-parameter", body, (kind,)),
        ("the header twice", doubled_header, body, (kind, (name, value), (name, value))),
        ("an old webhook", "stale", body, (kind, (name, old))),
    ):
        yield Case(what, reason, "/removed", changed_body, headers)


@pytest.fixture(scope="module", autouse=True)
def installing() -> None:
    begin_to_install()


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory) -> Iterator[dict[str, Served]]:
    """Start an endpoint when it is asked for, and keep it for the other tests of it."""
    with ExitStack() as stack:

        class Started(dict[str, Served]):
            def __missing__(self, name: str) -> Served:
                framework = FRAMEWORKS[name]
                folder = tmp_path_factory.mktemp(name)
                self[name] = stack.enter_context(serving(framework, framework.path, folder))
                return self[name]

        yield Started()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_endpoint_answers_the_genuine_and_refuses_the_broken_for_the_right_reason(endpoints, name):
    served = endpoints[name]
    refusals = set()
    for case in cases(int(time.time()), FRAMEWORKS[name].doubled_header):
        before = served.log.stat().st_size
        status, content = served.ask(case.target, case.body, case.headers)
        logged = served.log.read_bytes()[before:].decode("utf-8", "replace")
        expected = 401 if case.reason else 200 if case.body is None else 204
        assert (case.what, status) == (case.what, expected), (content, logged)
        if case.reason:
            assert f"refused: {case.reason}" in logged, (case.what, logged)
            refusals.add(content)
        elif case.body is None:
            assert b"accountName" in content
    assert len(refusals) == 1, "a client could tell one reason from another"
    assert REFUSAL in refusals.pop().decode()


def webhook(length: int) -> tuple[str, bytes, tuple[tuple[str, str], ...]]:
    """Return a genuine webhook of a length in bytes."""
    body = b'"' + b"x" * (length - 2) + b'"'
    value = signature(body, SECRETS["OFFICERND_WEBHOOK_SECRET"], int(time.time()))
    return "/removed", body, (("content-type", "application/json"), ("officernd-signature", value))


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_endpoint_bounds_the_body_it_reads_and_lives_on(endpoints, name):
    served, most = endpoints[name], FRAMEWORKS[name].most
    assert served.ask(*webhook(most))[0] == 204
    for length in (most + 1, most + 5_000_000):
        with suppress(ConnectionError):  # it may hang up before the body has been sent
            assert served.ask(*webhook(length))[0] in (400, 401, 413)
    assert served.ask("/healthcheck?" + query(int(time.time())))[0] == 200


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_endpoint_is_one_small_file(name):
    assert len(FRAMEWORKS[name].path.read_text("utf-8").splitlines()) <= 65


PAGE = (ROOT / "docs" / "frameworks.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (.+?) \{.*?\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))


def test_the_page_has_a_section_for_each_endpoint_and_links_all_of_its_files():
    linked = {path for text in SECTIONS.values() for path in re.findall(r"\]\((frameworks/[^)]+)\)", text)}
    there = {path.relative_to(ROOT / "docs").as_posix() for path in FOLDER.glob("*/*") if path.is_file()}
    assert linked == there
    assert len(SECTIONS) == len(FRAMEWORKS) == 12


def test_a_file_to_copy_reads_alike_in_every_charset():
    files = [
        path
        for path in [*FOLDER.glob("*/*"), *(FOLDER.parent / "verifiers").glob("*/*")]
        if path.suffix in (".py", ".mjs", ".php", ".go")
    ]
    assert len(files) > 12
    assert [path.name for path in files if not path.read_text("utf-8").isascii()] == []


@pytest.mark.parametrize("title", SECTIONS)
def test_the_page_names_the_versions_that_are_installed(title):
    named = set(re.findall(r"\d[\d.]+", title))
    assert named
    for path in re.findall(r"\[versions\]\(([^)]+)\)", SECTIONS[title]):
        pinned = re.findall(r'==(\S+)|: "(\d[^"]+)"', (ROOT / "docs" / path).read_text("utf-8"))
        assert named <= {one or other for one, other in pinned}
    if "go.mod" in SECTIONS[title]:
        assert f"go {named.pop()}\n" in (FOLDER / "net-http" / "go.mod").read_text("utf-8")


@pytest.mark.parametrize("client", ["requests", "urllib3", "httpx", "aiohttp"])
def test_the_page_names_the_versions_of_the_clients_that_are_tried(client):
    pinned = dict(line.split("==") for line in (FOLDER / "constraints.txt").read_text("utf-8").split())
    assert f"\n| {client} | {pinned[client]} |" in PAGE


def test_no_manifest_has_an_address():
    for path in [*FOLDER.glob("**/*.txt"), *FOLDER.glob("**/*.json"), *PROBES.glob("*.txt")]:
        assert "://" not in path.read_text("utf-8"), path
