"""What a person meets first of a platform speaks of that platform alone: help, briefing, a new profile, pages of errors."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

import pytest
import typer
from typer.main import get_command

from handshakes.cli import command
from handshakes.cli.serve import settings_of
from handshakes.core.messages import Request, Response
from handshakes.judge.profile import template
from handshakes.judge.sites import seeded
from handshakes.platforms import PLATFORMS
from handshakes.runtime.flow import drive
from handshakes.runtime.store import MemoryStore, StoreError
from handshakes.runtime.story import World
from handshakes.spec.register import load
from handshakes.web.app.layout import dressed

WORDS = {
    "officernd": r"OfficeRnD|officernd|organi[sz]ations?|memberId|healthchecks?|health checks?",
    "retailcrm": r"RetailCRM|retailcrm|Simla|simla|CRM|modules?|symbol code|system ?URL|clientId",
    "onoffice": r"onOffice|onoffice|providers?|apiClaim|extendedclaim|parameterCacheId|popup",
    "fortis": r"Fortis|fortis|Zeamster|zeamster|apps?|postbacks?|iframe",
}
"""Words that one platform's documents use of itself and of its partners, and no other's: seeds 000 to 004."""
PARTNERS = {"officernd": "partner", "retailcrm": "module", "onoffice": "provider", "fortis": "app"}
"""What the documents call the side that is connected."""
PERSON = (("accept", "text/html"), ("accept-language", "en"))


def foreign(platform: str, text: str) -> list[str]:
    """Return the words of the other platforms in a text; an address is no word, but its path may hold one."""
    text = re.sub(r"https?://[^/\s\"'<>]*", "", text).replace(
        '"my-app"', ""
    )  # the container of docs/containers.md
    others = "|".join(words for name, words in WORDS.items() if name != platform)
    return re.findall(rf"\b(?:{others})\b", text)


def sides_of(platform: str):
    return PLATFORMS[platform].tools().sides(World(lambda: 1_700_000_000, seeded(7), MemoryStore()))


def answered(role, request: Request) -> Response:
    answer = drive(role.handle(request), lambda request: Response(500))
    assert isinstance(answer, Response)
    return answer


def failing():
    yield from ()
    raise StoreError("store-locked", "the database is locked")


@cache
def pages(platform: str) -> dict[str, Response]:
    """Return the pages of errors that a person can meet: of every endpoint of the partner, unknown and wrong ones too, and at the simulator."""
    sides, found, title = sides_of(platform), {}, PLATFORMS[platform].title
    partner, simulator = sides.partner, sides.platform
    endpoints = partner.endpoints()
    asked = [("GET", "/nothing"), *((method, path) for path, them in endpoints.items() for method in them)]
    for method, path in [*asked, *(("PUT", path) for path in endpoints)]:
        request = Request(method, partner.origins[0], path, PERSON)
        found[f"{method} {path}"] = dressed(answered(partner, request), request, title)
        away = drive(partner.unless_the_store_fails(path, failing()), None)
        found[f"{method} {path} while the store is away"] = dressed(away, request, title)

    def at(origin: str) -> bool:
        return b"<form" in answered(simulator, Request("GET", origin, "/simulator")).body

    origin = next(filter(at, simulator.origins))
    for path in ("nothing", "connect", "open"):  # of a simulator, which has one of the two steps
        for sent in ("", "text/plain", "application/x-www-form-urlencoded"):
            headers = (*PERSON, ("content-type", sent)) if sent else PERSON
            request = Request("POST" if sent else "GET", origin, f"/simulator/{path}", headers, b"a=b")
            found[f"{request.method} {request.path} {sent}"] = answered(simulator, request)
    return {
        name: answer
        for name, answer in found.items()
        if answer.status >= 400 and answer.header("content-type").startswith("text/html")
    }


def shown(answer: Response) -> str:
    """Return the text of a page, without the name and the foot that the pages of all four partners have alike."""
    (text,) = re.findall(r"<h1>.*?(?:</main>|</html>)", answer.body.decode(), re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def help_of_set(platform: str, capsys) -> str:
    with pytest.raises(typer.Exit):
        settings_of(["help"], PLATFORMS[platform].tools().settings)
    return capsys.readouterr().out


def profile(platform: str) -> str:
    tools = PLATFORMS[platform].tools()
    return template(platform, tools.settings, tools.needs)


def briefings(platform: str) -> list[str]:
    """Return what `serve` prints of both sides, and of each alone."""
    tools, here, there = PLATFORMS[platform].tools(), "http://127.0.0.1:8001", "http://127.0.0.1:8002"
    found = []
    for settings, ours, theirs in (({}, here, there), ({}, here, ""), ({"platform_url": here}, "", there)):
        world = World(
            lambda: 1_700_000_000,
            seeded(7),
            MemoryStore(),
            settings,
            platform_origin=ours,
            partner_origin=theirs,
        )
        found.append(tools.briefing(tools.sides(world), world))
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_person_meets_first_speaks_of_its_platform_alone(platform, capsys):
    met = {
        "--set help": help_of_set(platform, capsys),
        "the profile": profile(platform),
        **{f"briefing {number}": text for number, text in enumerate(briefings(platform))},
        **{name: shown(answer) for name, answer in pages(platform).items()},
    }
    assert {name: words for name, text in met.items() if (words := foreign(platform, text))} == {}
    for name in ("--set help", "the profile"):
        assert re.search(rf"\b{PARTNERS[platform]}\b", met[name]), name


def test_a_word_of_another_platform_is_seen():
    text = "open the module, see onoffice:url.verify at https://app.example/apps"
    assert foreign("officernd", text) == ["module", "onoffice", "apps"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_help_and_the_profile_name_every_setting_and_what_is_in_the_register(platform, capsys):
    register, settings = load(platform), PLATFORMS[platform].tools().settings
    text = help_of_set(platform, capsys)
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[: len(settings)]] == [*settings]
    for line, setting in zip(lines, settings.values(), strict=False):
        assert setting.text in line
        assert all(choice in line for choice in setting.choices)
    open_points = {one.id.rpartition(":")[2] for one in register.ambiguities}
    assert set(re.findall(r"\b[A-Z]\d{1,2}\b", text)) <= open_points
    clauses = {one.id for one in register.clauses}
    assert set(re.findall(rf'"({platform}:[a-z.-]+)"', profile(platform))) <= clauses


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_person_meets_first_ends_in_a_sentence(platform, capsys):
    met = {
        "--set help": help_of_set(platform, capsys),
        **{name: shown(one) for name, one in pages(platform).items()},
    }
    assert {name: text[-60:] for name, text in met.items() if text.strip()[-1:] != "."} == {}


def every(found, path: tuple[str, ...] = ()):
    yield path, found
    for name in found.list_commands(None) if hasattr(found, "list_commands") else ():
        yield from every(found.get_command(None, name), (*path, name))


def test_every_help_ends_in_a_sentence_and_the_first_one_names_all_platforms():
    unfinished, root = {}, get_command(command.app)
    for path, found in every(root):
        texts = {"": found.help or "", "epilog": found.epilog or "."}
        texts |= {one.name: one.help or "" for one in found.params}
        unfinished |= {(*path, name): text for name, text in texts.items() if text.strip()[-1:] != "."}
    assert unfinished == {}
    assert all(one.title.split()[0] in root.help for one in PLATFORMS.values())
