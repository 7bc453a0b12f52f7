"""`handshakes tour` as a newcomer meets it: about 20 lines a platform, a total, and what to do next.

Who sends what to whom is from the four platforms' documents; the addresses are what `partner/configuration.py` names.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from types import SimpleNamespace

import pytest

from handshakes.cli import tour
from handshakes.core.messages import Request, Response, Unreachable
from handshakes.core.stages import Stage
from handshakes.platforms import PLATFORMS
from handshakes.runtime.story import Chapter, Check
from handshakes.runtime.transcript import Transcript
from tests.cli.test_cli import Ran, command, run, unprintable  # noqa: F401  (run is a fixture)

MESSAGE = re.compile(r"(\S+) → (\S+) +(GET|POST|DELETE) (\S+)  (\d{3})$", re.MULTILINE)


@pytest.fixture(scope="module")
def toured() -> Ran:
    return command("tour")


@pytest.fixture(scope="module")
def parts(toured) -> dict[str, str]:
    """Return what is printed for each platform."""
    titles = {name: platform.title for name, platform in PLATFORMS.items()}
    places = [(toured.out.index(f"{title}\n"), name) for name, title in titles.items()]
    ends = [*(place for place, _ in places[1:]), toured.out.index("In total:")]
    return {name: toured.out[place:end].rstrip("\n") for (place, name), end in zip(places, ends, strict=True)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform_takes_about_twenty_lines_that_fit_a_wide_terminal(parts, platform):
    lines = parts[platform].splitlines()
    assert 15 <= len(lines) <= 28
    signed = "  the first signed text: "
    assert [line for line in lines if len(line) > 120 and not line.startswith(signed)] == []


@pytest.mark.parametrize(
    ("platform", "partner", "messages"),
    [
        (
            "officernd",
            "partner.example",
            [
                ("browser", "partner", "GET", "partner.example/officernd/connect", "302"),
                ("partner", "OfficeRnD", "POST", "identity.officernd.com/oauth/token", "200"),
                ("OfficeRnD", "partner", "GET", "partner.example/officernd/healthcheck", "200"),
                ("OfficeRnD", "partner", "GET", "partner.example/officernd/sync", "200"),
                ("browser", "partner", "GET", "partner.example/officernd/healthcheck", "401"),
            ],
        ),
        (
            "retailcrm",
            "module.example",
            [
                ("RetailCRM", "module", "GET", "module.example/retailcrm/config", "200"),
                ("RetailCRM", "module", "POST", "module.example/retailcrm/register", "200"),
                ("module", "RetailCRM", "POST",
                 "demo.simla.com/api/v5/integration-modules/example-module/edit", "201"),
                ("browser", "module", "POST", "module.example/retailcrm/account", "303"),
            ],
        ),
        (
            "onoffice",
            "provider.example",
            [
                ("browser", "provider", "GET", "provider.example/onoffice/activate", "200"),
                ("browser", "provider", "POST", "provider.example/onoffice/unlock", "200"),
                ("provider", "onOffice", "POST", "api.onoffice.de/api/stable/api.php", "200"),
                ("onOffice", "provider", "GET", "provider.example/onoffice/activate", "403"),
            ],
        ),
        (
            "fortis",
            "app.example",
            [
                ("Fortis", "app", "POST", "app.example/fortis/location", "204"),
                ("browser", "app", "GET", "app.example/fortis/launch", "303"),
                ("app", "Fortis", "GET", "api.sandbox.zeamster.com/v2/users/me", "200"),
                ("Fortis", "app", "DELETE", "app.example/fortis/user", "204"),
            ],
        ),
    ],
)  # fmt: skip
def test_each_message_of_the_handshake_is_one_line_and_shown_once(parts, platform, partner, messages):
    part = parts[platform]
    shown = [(*found[:3], found[3].partition("?")[0], found[4]) for found in MESSAGE.findall(part)]
    places = [shown.index(message) for message in messages]
    assert places == sorted(places), "in the order of the handshake"
    assert "/simulator" not in part, "the simulator's own pages are no messages of the handshake"
    assert re.search(rf"^  {partner} stands for http://127\.0\.0\.1:\d+ here", part, re.MULTILINE)


def test_what_was_shown_before_is_counted(parts):
    """The second unlocking of onOffice: open, click and call are the first one's, the message is another."""
    assert (
        "  Copy the key, press the button: unlockProvider, then the message  (3 more as above)\n    provider.example"
        in parts["onoffice"]
    )
    assert "Connect: code, token, organisation, secret, webhook, return, health check\n" in parts["officernd"]


def test_the_same_request_by_two_senders_in_one_chapter_is_one_line(parts):
    """The platform asks for the changed launch itself, then shows it in the browser."""
    launches = r"^  An encrypted launch with a changed bit is refused  \(1 more as above\)\n    Fortis → app .+ 403\n  \S"
    assert re.search(launches, parts["fortis"], re.MULTILINE), parts["fortis"]


def test_a_message_is_not_repeated(parts):
    assert parts["officernd"].count("GET app.officernd.com/api/v1/organizations/test-slug  200") == 1


def test_the_signed_text_is_shown_once_and_is_the_text_that_was_signed(parts):
    """OfficeRnD's page: the JSON of the parameters, a full stop, and the timestamp."""
    (text,) = re.findall("^  the first signed text: (.+)$", parts["officernd"], re.MULTILINE)
    assert re.fullmatch(r'\{"slug":"test-slug","locations":"","organizationId":.+\}\.\d{10}', text)
    whole = command("tour", "officernd", "--bodies").out
    timestamp, signature = re.search(
        r"healthcheck\?\S+t%3D(\d+)%2Csignature%3D([0-9a-f]{64})", whole
    ).groups()
    ours = re.sub(r"\d+$", timestamp, text).encode()
    assert hmac.digest(b"example-integration-secret", ours, "sha256").hex() == signature
    for platform in PLATFORMS:
        assert parts[platform].count("the first signed text: ") == 1


@pytest.mark.parametrize(
    ("platform", "pattern"),
    [
        ("retailcrm", r"‹32 characters, sha256 [0-9a-f]{6}…› \(all of it is a credential, so it is masked\)"),
        ("onoffice", r"https://provider\.example/onoffice/activate\?.*apiToken=‹32 characters, .+›&.+"),
        ("fortis", r"11ea858313aabde4bd2eb0fa\d{10}"),
    ],
)
def test_the_signed_text_shows_no_credential(parts, platform, pattern):
    (text,) = re.findall("^  the first signed text: (.+)$", parts[platform], re.MULTILINE)
    assert re.fullmatch(pattern, text)


def test_a_signed_text_whose_credential_is_not_known_is_masked_as_a_whole():
    text = b"an API key that no message has carried"
    shown = tour._signed_text(Stage("message", text, credential=True), Transcript())
    assert shown == f"‹sha256 {hashlib.sha256(text).hexdigest()[:6]}…› (38 bytes)"


def test_checks_are_counted_and_the_total_is_the_sum(toured, parts):
    counts = "".join(parts.values()) + toured.out.partition("In total:")[2]
    found = [
        tuple(map(int, one)) for one in re.findall(r"(\d+) messages, (\d+) checks held, (\d+) failed", counts)
    ]
    assert (len(found), toured.code, toured.err) == (5, 0, "")
    assert found[-1] == tuple(map(sum, zip(*found[:-1], strict=True)))
    assert found[-1][2] == 0
    assert "In total: 4 handshakes, " in toured.out
    assert "✓" not in toured.out, "counted, not listed"


def test_it_says_what_to_do_next(toured):
    after = toured.out.partition("What to do next:")[2]
    for said in ("handshakes tour officernd --bodies", "handshakes serve officernd", "handshakes verify officernd",
                 "notebooks/00-start-here.ipynb"):  # fmt: skip
        assert said in after, said


@pytest.mark.parametrize("options", [(), ("--bodies",)])
def test_nothing_of_the_pages_markup_is_printed(toured, options):
    text = toured.out if not options else command("tour", *options).out
    assert re.findall(r"</?[a-z][^>]*>|&(?:[a-z]+|#\d+);", text) == []
    assert unprintable(text) == []


def test_a_failed_check_is_shown_and_ends_with_1(run, monkeypatch):  # noqa: F811
    tools = PLATFORMS["officernd"].tools()

    def one_step():
        yield from ()
        return [Check("this one holds", True), Check("this one does not", False)]

    wrong = SimpleNamespace(
        sides=tools.sides,
        signed=tools.signed,
        story=lambda sides, browser: [Chapter("A chapter", one_step())],
    )
    monkeypatch.setattr(type(PLATFORMS["officernd"]), "tools", lambda self: wrong)
    ran = run("tour", "officernd")
    assert (ran.code, "✗ this one does not" in ran.out, "this one holds" in ran.out) == (1, True, False)
    assert "1 of 2 checks failed" in ran.err
    assert "What to do next" not in ran.out
    assert "A chapter  ·  no message" in ran.out


def test_an_answer_is_put_beside_its_own_request_and_a_failure_says_its_kind():
    """A registration is answered last: the module calls back while the CRM waits."""
    seen = Transcript()
    outer = Request("POST", "https://module.example", "/register")
    inner = Request("POST", "https://demo.simla.com", "/edit?x=1&y=2")
    seen.request("CRM", "module", outer)
    seen.request("module", "CRM", inner)
    seen.failure("module", "CRM", Unreachable("timeout", "https://demo.simla.com"))
    seen.request("module", "CRM", inner)
    seen.response("module", "CRM", Response(201))
    seen.response("CRM", "module", Response(200))
    seen.message("https://a.example", "https://b.example", "active")
    assert [one.line() for one in tour.exchanges(seen.events)] == [
        "CRM → module  POST module.example/register  200",
        "module → CRM  POST demo.simla.com/edit?x&y  no answer: timeout",
        "module → CRM  POST demo.simla.com/edit?x&y  201",
        "a.example ✉ b.example  active",
    ]
