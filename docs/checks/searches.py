"""What the site's own search finds first, asked in Chromium of the script that readers use."""

from __future__ import annotations

import tomllib
from pathlib import Path

from playwright.sync_api import Browser

from docs import questions_page
from docs.checks import serving
from docs.faults_pages import faults
from docs.searching import SEPARATOR
from docs.slips_pages import GENERAL
from handshakes.core.refusals import REASONS
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

# Without those that are every platform's own word, as `code`, `token`, `signature` and `timestamp` are.
PARAMETERS = {
    "officernd": "org_slug locations integrationId slug organizationId memberId client_secret refresh_token",
    "retailcrm": "apiKey systemUrl clientId integrationCode accountUrl baseUrl activity freeze register",
    "onoffice": "apiClaim apiToken customerName customerWebId parameterCacheId userId extendedclaim hmac_version",
    "fortis": "location_id user_id user_oauth_url account_number hmac data",
}
SYMPTOMS = {
    "popup blank": "frame",
    "umlaut": "some",
    "link expired": "stale",
    "used twice": "twice",
    "works locally, not behind proxy": "proxy",
}
"""What people type who see something, and which symptom explains it."""
WORDS = {
    "Simla": "retailcrm",
    "Zeamster": "fortis",
    "OfficeRnD": "officernd",
    "RetailCRM": "retailcrm",
    "onOffice": "onoffice",
    "Fortis": "fortis",
}
ASK = """async queries => {
    const {base, search} = JSON.parse(document.getElementById("__config").textContent);
    const worker = new Worker(search), root = new URL(base, location);
    const asked = message => new Promise(done => {
        worker.onmessage = answer => done(answer.data);
        worker.postMessage(message);
    });
    const index = await (await fetch(new URL("search/search_index.json", root))).json();
    await asked({type: 0, data: {...index, options: {suggest: false}}});
    const found = {};
    for (const query of queries) {
        const {items} = (await asked({type: 2, data: query})).data;
        found[query] = items.flat().sort((one, other) => other.score - one.score)
            .slice(0, 3).map(item => item.location);
    }
    worker.terminate();
    return found;
}"""


QUESTIONS = Path(__file__).with_name("questions.toml")
Wanted = tuple[tuple[str, ...], int]
"""Places of which one has to be among the first results, and among how many of them."""


def expected() -> dict[str, Wanted]:
    """Return what is looked for. Ids that share all their words with others need not be the very first, and faults are left out then."""
    found: dict[str, Wanted] = {code: ((f"reasons.html#{code}",), 1) for code in REASONS}
    for platform in register.platforms():
        known = register.load(platform)
        ids = [each.id for each in (*known.clauses, *known.advice)]
        found |= {id: ((f"clauses/{platform}.html#{id.partition(':')[2]}",), 2) for id in ids}
        asked = tuple(f"questions.html#{one.id}" for one in questions_page.questions()[platform])
        found |= dict.fromkeys(PARAMETERS[platform].split(), ((*_folders(platform), *asked), 1))
    found |= {word: (_folders(platform), 1) for word, platform in WORDS.items()}
    found |= {f"what is the {word}, and how do I do it?": found[word] for word in REASONS}
    for place, slips in (
        ("general", GENERAL),
        *((name, each.slips().SLIPS) for name, each in PLATFORMS.items()),
    ):
        found |= {slip.id: ((f"mistakes/{place}.html#{slip.id}",), 3) for slip in slips}
    found |= {text: ((f"troubleshooting.html#{symptom}",), 2) for text, symptom in SYMPTOMS.items()}
    found |= {ask: (tuple(places), 3) for rows in questions().values() for ask, places in rows.items()}
    for platform, rows in questions_page.questions().items():
        asks = {one: one.ask if platform == "any" else f"{platform} {one.ask}" for one in rows}
        found |= {ask: ((f"questions.html#{one.id}",), 3) for one, ask in asks.items()}
    names = {fault.name for platform in PLATFORMS for fault in faults(platform)}
    words = {id: SEPARATOR.split(id) for id in (*found, *names)}
    for name in names - set(found):
        others = (each for id, each in words.items() if id != name)
        if not any(all(any(one.startswith(word) for one in each) for word in words[name]) for each in others):
            found[name] = (tuple(f"faults/{platform}.html#{name}" for platform in PLATFORMS), 3)
    return found


def questions() -> dict[str, dict[str, list[str]]]:
    """Return what readers ask, by platform, and where it is answered."""
    return tomllib.loads(QUESTIONS.read_text("utf-8"))


def _folders(platform: str) -> tuple[str, ...]:
    return tuple(
        f"{folder}/{platform}" for folder in ("clauses", "recipes", "platforms", "mistakes", "faults")
    )


def check(browser: Browser, base: str) -> list[str]:
    """Ask for everything. Returns what is not found first where it is explained."""
    wanted = expected()
    page = serving.context(browser).new_page()
    page.goto(base + "index.html")
    found: dict[str, list[str]] = page.evaluate(ASK, list(wanted))
    page.context.close()
    print(f"search: {len(wanted)} words asked for")
    return [
        f"search for {query!r} finds {', '.join(found[query]) or 'nothing'}, not {' or '.join(places)} among the first {most}"
        for query, (places, most) in wanted.items()
        if not any(stands(one, place) for one in found[query][:most] for place in places)
    ]


def stands(found: str, place: str) -> bool:
    """Whether a result is at a place: a section exactly, a page or what begins like it with all its sections."""
    return found == place if "#" in place else found.startswith(place)
