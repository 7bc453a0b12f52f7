"""The home page's four pictures: each handshake is run in this process, and its main messages are drawn.

What is drawn is found in the transcript of the run: who sends to whom, whether it is an answer, and whether the
platform's own code says that it carries a signature. Only the short labels are written here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from html import escape
from importlib import import_module
from itertools import count

from typer import Typer

from handshakes.cli.command import COMMANDS
from handshakes.cli.tour import Heard
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.transcript import Event
from handshakes.spec import register

NOW = 1_648_190_384
OURS = ("inferred", "assumed")


class NotShown(ValueError):
    """A message that the run does not have."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A message to draw: its kind, words that its line, headers or body hold, in this order, and its label."""

    kind: str
    words: str
    label: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow of a picture: between which lanes, in which style, with which label."""

    sender: int
    receiver: int
    style: str
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A platform's picture: the chapters of its story to look in, the messages, and what is said below."""

    chapters: tuple[int, ...]
    picks: tuple[Pick, ...]
    facts: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Each with its name, its text, and the clauses behind it."""


PICTURES = {
    "officernd": Picture(
        (0,),
        (
            Pick("request", "GET /connect?code=", "GET connect?code=…"),
            Pick("request", "POST /oauth/token", "POST token"),
            Pick("response", "access_token", "access_token"),
            Pick("request", "GET /integrations/ appClientId=", "GET integration"),
            Pick("response", "settings secret", "settings.secret"),
            Pick("response", "302 location", "302 to return URL"),
            Pick("request", "GET /healthcheck? signature=", "GET healthcheck"),
            Pick("response", "200 accountName", "accountName"),
        ),
        (
            ("Signed", "all query parameters but `signature`, as JSON, with the time", ("signature.message",)),
            ("Key", "the integration's own secret, fetched with an OAuth token", ("secret.request",)),
            ("Valid", "{back} s back and {ahead} s ahead here; the page names no number", ("signature.tolerance",)),
            ("Not signed", "the Connect request that begins it all", ("connect.unsigned",)),
        ),
    ),
    "retailcrm": Picture(
        (0, 1, 2),
        (
            Pick("request", "GET /config", "GET config"),
            Pick("response", "scopes registerUrl", "registerUrl"),
            Pick("request", "POST /register token", "POST register"),
            Pick("request", "POST /integration-modules/ /edit", "POST …/edit"),
            Pick("response", "201 success", "201 success"),
            Pick("response", "200 accountUrl", "accountUrl"),
            Pick("request", "POST /account clientId", "POST account, clientId"),
        ),
        (
            ("Signed", "the API key, and nothing else of the registration", ("token.message",)),
            ("Key", "the secret of the module's card", ("token.secret",)),
            ("Valid", "without end: no time is signed", ("token.coverage",)),
            ("Not signed", "`systemUrl`, which says where the key goes", ("token.coverage",)),
        ),
    ),
    "onoffice": Picture(
        (0, 2),
        (
            Pick("request", "GET /activate? signature=", "GET activate?…"),
            Pick("response", "200", "page with a form"),
            Pick("request", "POST /unlock", "POST unlock, API key"),
            Pick("request", "POST /api.php unlockProvider hmac", "unlockProvider"),
            Pick("response", "200 success", "success"),
            Pick("response", "200", "page: active"),
            Pick("message", "active", "postMessage"),
        ),
        (
            ("Signed", "scheme, host, path and all parameters, sorted", ("url.base", "url.order")),
            ("Key", "the provider secret; API calls are made with the customer's API key", ("url.key", "api.hmac")),
            ("Valid", "{back} s back and {ahead} s ahead here; the documents name no number", ("url.tolerance",)),
            ("Not signed", "the parameters of an API call", ("api.hmac-coverage",)),
        ),
    ),
    "fortis": Picture(
        (0, 2),
        (
            Pick("request", "POST /location?location_id= key=", "POST location"),
            Pick("response", "204", "204"),
            Pick("request", "GET /launch?data=", "GET launch?data=…"),
            Pick("request", "GET /users/me", "GET users/me"),
            Pick("response", "200", "who it is"),
            Pick("response", "303 set-cookie", "303, session"),
            Pick("request", "GET /app", "GET app"),
        ),
        (
            ("Encrypted", "all parameters of a launch, with AES; nothing in them is authentic", ("encrypted.cipher", "encrypted.coverage")),
            ("Key", "derived from the app's secret and a salt", ("encrypted.derivation",)),
            ("Valid", "once, where the app sees to it; it carries no time", ("launch.once", "encrypted.coverage")),
            ("Then", "`users/me` says who the user is", ("identity.users-me",)),
        ),
    ),
}  # fmt: skip


def run(platform: str) -> tuple[list[str], list[tuple[Event, bool]]]:
    """Run a platform's handshake. Returns the three names, and the events of the picture's chapters with whether each is signed."""
    tools, number, clock = PLATFORMS[platform].tools(), count(), Clock(NOW)

    def random(length: int) -> bytes:
        return hashlib.sha512(b"%d" % next(number)).digest()[:length]

    sides = tools.sides(World(clock, random, MemoryStore()))
    partner = Heard(sides.partner)
    network = InProcess(sides.platform, partner, clock=clock)
    browser = Browser(network.transcript)
    found: list[tuple[Event, bool]] = []
    for place, chapter in enumerate(tools.story(sides, browser)):
        seen, heard = len(network.transcript.events), len(partner.requests)
        network.run(chapter.step, chapter.sender)
        if place not in PICTURES[platform].chapters:
            continue
        asked = iter(partner.requests[heard:])
        for event in network.transcript.events[seen:]:
            if event.kind == "request" and event.receiver == partner.name:
                found.append((event, tools.signed(next(asked)) is not None))
            else:
                found.append((event, event.kind == "request" and '"hmac":' in event.body))
    return [browser.name, sides.platform.name, partner.name], found


def arrows(platform: str) -> tuple[list[str], list[Arrow]]:
    """Find a picture's messages in a run, each behind the one before. Returns the lanes and the arrows. Raises `NotShown`."""
    lanes, events = run(platform)
    found, rest = [], iter(events)
    for pick in PICTURES[platform].picks:
        event, signed = next((one for one in rest if _is(pick, one[0])), (None, False))
        if event is None:
            raise NotShown(f"{platform}: no {pick.kind} behind the one before has {pick.words!r}")
        ends = (event.sender, event.receiver)
        if event.kind == "message":  # between the frame's window and the platform's, both in the browser
            ends = (lanes[2], lanes[1])
        found.append(Arrow(*map(lanes.index, ends), _style(event, signed), pick.label))
    return lanes, found


def pictures() -> str:
    """Draw all four, each with what is signed, with which key, and for how long."""
    parts = ['<div class="handshakes" markdown>']
    for platform in PICTURES:
        parts += ['<div class="handshake" markdown>', f"### {PLATFORMS[platform].title}", svg(platform)]
        parts += [_facts(platform), _links(platform), "</div>"]
    return "\n\n".join([*parts, "</div>"])


def filled(markdown: str) -> str:
    """Fill in what the page leaves to be generated: the pictures, the commands, the number of clauses."""
    clauses = sum(len(register.load(platform).clauses) for platform in PLATFORMS)
    made = {
        "the four pictures": pictures(),
        "the commands": commands(),
        "the number of clauses": f"{clauses:,}",
    }
    for mark, text in made.items():
        markdown = markdown.replace(f"<!-- {mark} -->", text)
    return markdown


def commands() -> str:
    """List the commands, each with the first sentence of its help."""
    lines = []
    for name, function in COMMANDS.items():
        found = getattr(import_module(f"handshakes.cli.{name}"), function)
        text = found.info.help if isinstance(found, Typer) else found.__doc__
        lines.append(f"- `handshakes {name}`: {' '.join(text.split()).partition('. ')[0].rstrip('.')}.")
    return "\n".join(lines)


def svg(platform: str) -> str:
    """Draw one handshake: three lanes, an arrow for each message, and in words for those who do not see it."""
    lanes, found = arrows(platform)
    said = "; ".join(
        f"{lanes[one.sender]} to {lanes[one.receiver]}: {one.label}"
        + (f" ({one.style})" if one.style in ("signed", "encrypted") else "")
        for one in found
    )
    end = 36 + 30 * len(found)
    at = (42, 160, 278)
    parts = [
        f'<svg viewBox="0 0 320 {end}" role="img" aria-label="{escape(said)}">'
        f'<path class="life" d="M{at[0]} 22V{end}M{at[1]} 22V{end}M{at[2]} 22V{end}"/>'
    ]
    parts += [
        f'<text class="who" x="{x}" y="14">{escape(name)}</text>' for x, name in zip(at, lanes, strict=True)
    ]
    for place, one in enumerate(found):
        y, start, stop = 50 + 30 * place, at[one.sender], at[one.receiver]
        way = 1 if stop > start else -1
        parts.append(
            f'<g class="{one.style}"><path d="M{start} {y}H{stop - 8 * way}"/>'
            f'<path class="tip" d="M{stop - way} {y}l{-8 * way} -4.5v9z"/>'
            f'<text x="{(start + stop) // 2}" y="{y - 7}">{escape(one.label)}</text></g>'
        )
    return "".join([*parts, "</svg>"])


def _facts(platform: str) -> str:
    spec = register.load(platform)
    times = dict(zip(("back", "ahead"), tolerance(platform), strict=True))
    lines = []
    for name, text, clauses in PICTURES[platform].facts:
        links = []
        for id in clauses:
            grade = spec.clause(f"{platform}:{id}").grade
            links.append(f"[{id}](clauses/{platform}.md#{id})" + (f", {grade}" if grade in OURS else ""))
        lines.append(f"- **{name}:** {text.format(**times)} <small>{'; '.join(links)}</small>")
    return "\n".join(lines)


def _links(platform: str) -> str:
    spec = register.load(platform)
    return f"[Overview](platforms/{platform}.md) · [Recipe](recipes/{platform}.md) · [{len(spec.clauses)} clauses](clauses/{platform}.md)\n{{ .facts }}"


def tolerance(platform: str) -> tuple[int, int]:
    """Return how old and how far ahead a signed request may be by the partner's default; none where no time is signed."""
    found: tuple[int, int] = getattr(import_module(f"handshakes.{platform}.rules"), "TOLERANCE", (0, 0))
    return found


def _is(pick: Pick, event: Event) -> bool:
    """Return whether an event has a pick's kind and holds its words, one behind the other."""
    headers = " ".join(f"{name}: {value}" for name, value in event.headers)
    text, place = f"{event.text} {headers} {event.body}", 0
    for word in pick.words.split():
        place = text.find(word, place) + len(word)
        if place < len(word):
            return False
    return event.kind == pick.kind and "/simulator" not in event.text


def _style(event: Event, signed: bool) -> str:
    if event.kind != "request":
        return {"response": "answer", "message": "message"}[event.kind]
    if signed:
        return "signed"
    return "encrypted" if "?data=" in event.text else "plain"
