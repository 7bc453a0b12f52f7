"""onOffice's signatures against PHP and JavaScript, by vectors and by random URLs.

Two programs of ours, written from the clauses, judge every vector. Then PHP's own functions (`parse_url`,
`parse_str`, `ksort`, `http_build_query`), which is what the official verifier is made of, sign and verify
random URLs in one process: some thousands here, a million by `python -m tests.differential.run`.

The domain of the comparison: http and https, hosts of letters, digits, hyphens and dots or an IPv4 or IPv6
address, with or without port, user info and fragment; paths with any printable ASCII; up to 12 parameters,
whose values are any valid Unicode and whose names are any without the control characters of ASCII, escaped in any way, complete and
in UTF-8. Names that are numbers are left out (PHP sorts them by value, and they are refused), and so is NUL in
a name. The names of the first comparison are those that are accepted: no dot, space or bracket, none empty,
none twice; in the second comparison names of that kind are the point, and the reading is PHP's.
"""

from __future__ import annotations

import random
import re
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from handshakes.core.refusals import Refused
from handshakes.onoffice import api_hmac, readings, sign_url, string_to_sign, verify_url
from tests.onoffice.test_vectors import RUNNER
from tests.oracles import ask

SEED = 20260129
URLS = 4_000
EDITS = 2_000
NOW = 1_700_000_000
SECRETS = ["hier Anbietersecret einsetzen", "Example-Provider-Secret-1!", "Geheimnis-mit-Ümlaut-und-Zahl-3!"]
PROGRAMS = {"php": "onoffice.php", "node": "onoffice.mjs"}
PHP = readings.of("onoffice:url.names=php-compatible", "onoffice:url.repeated=php-compatible")
NAMES = [
    "apiToken",
    "apiClaim",
    "customerName",
    "customerWebId",
    "userId",
    "UserLanguage",
    "plan",
    "_x",
    "Zone",
]
ODD = "~*'()!+%&=;:/?#@$,<>\"\\^`{|}[]. \t\r\n\0\x7f\x80\xa0éßıİ漢字\u200b\u2028\ufeff\uffff\U0001f3e2\U0010ffff"


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what a vector expects, as an oracle says it: the verdict, and the reason or the names."""
    expect = vector["expect"]
    if expect["verdict"] == "refused":
        return {"verdict": "refused", "reason": expect["reason"]}
    return {"verdict": "accepted", "names": expect["returns"]["covered"]}


def rows(operation: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [row for row in RUNNER.rows if row[0]["operation"] == f"onoffice.{operation}"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_verifier_in_another_language_decides_every_vector_alike(program):
    asked = []
    for group, vector in rows("verify_url"):
        given = group["given"]
        back, ahead = given.get("tolerance", (300, 120))
        asked.append(
            {"do": "strict", "url": vector["input"]["target"], "secret": given["secret"], "now": given["now"]}
            | {"back": back, "ahead": ahead}
        )
    answers = ask(program, PROGRAMS[program], asked)
    assert len(answers) > 150
    for (_, vector), answer in zip(rows("verify_url"), answers, strict=True):
        assert answer == outcome(vector), vector["id"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_texts_and_signatures_of_the_vectors_are_the_other_languages_too(program):
    texts = [v for _, v in rows("string_to_sign") if v["expect"]["verdict"] == "accepted"]
    asked = [{"do": "text", "url": vector["input"]["target"]} for vector in texts]
    assert ask(program, PROGRAMS[program], asked) == [v["expect"]["returns"]["text"] for v in texts]
    signed = [(g, v) for g, v in rows("sign_url") if v["expect"]["verdict"] == "accepted"]
    plain = [(g, v) for g, v in signed if not re.search("[?&#]$|#", v["input"]["target"])]
    asked = [{"do": "sign", "url": v["input"]["target"], "secret": g["given"]["secret"]} for g, v in plain]
    assert ask(program, PROGRAMS[program], asked) == [v["expect"]["returns"]["url"] for _, v in plain]
    assert len(texts) > 15 and len(plain) > 5


@pytest.mark.parametrize("program", PROGRAMS)
def test_hmacs_of_the_vectors_are_the_other_languages_too(program):
    vectors = [v for _, v in rows("api_hmac") if v["expect"].get("reason") != "wrong-type"]
    # JavaScript holds 53 bits, and moves names that are numbers
    not_in_node = ("-64-bits", "-order-inside")
    vectors = [v for v in vectors if program == "php" or not v["id"].endswith(not_in_node)]
    answers = ask(program, PROGRAMS[program], [{"do": "hmac"} | vector["input"] for vector in vectors])
    for vector, answer in zip(vectors, answers, strict=True):
        expect = vector["expect"]
        assert answer == expect.get("returns", {"refused": expect.get("reason")}), vector["id"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_another_language_understands_every_answer_of_the_api_alike(program):
    # not for these parsers: both take a name that stands twice, a number that is infinite; one half of a pair, any depth
    unseen = ("/name-twice", "/number-too-large", "/half-a-pair", "/body-101-deep")
    vectors = [v for _, v in rows("unlock_answer") if not v["id"].endswith(unseen)]
    vectors = [v for v in vectors if "utf8" in v["input"]["body"]]
    asked = [
        {"do": "unlock", "status": v["input"]["status"], "body": v["input"]["body"]["utf8"]} for v in vectors
    ]
    assert len(vectors) > 30
    for vector, answer in zip(vectors, ask(program, PROGRAMS[program], asked), strict=True):
        assert answer == vector["expect"].get("reason", "success"), vector["id"]


def names_of_this_php() -> str:
    """Return the reading of the PHP that is installed: what it makes of names changed in 8.2."""
    (version,) = ask("php", "onoffice.php", [{"do": "version"}])
    return f"onoffice:url.names={'php-compatible' if version >= 80_200 else 'php-before-8-2'}"


def test_php_sorts_names_that_are_numbers_as_its_reading_says():
    """Without 0 and names like 7x: beside integers these have no order, and PHP's result depends on how it sorts."""
    rng = random.Random(SEED + 3)
    stage = readings.of(names_of_this_php())
    letters = ["a", "B", "_", "z", "timestamp", "userId", "-x", "a b", "%C3%A4"]
    numbers = ["7", "10", "9", "-3", "-10", "123456789012", "9223372036854775807", "-9223372036854775808"]
    urls = []
    for _ in range(1_500):
        found = rng.sample(letters, rng.randrange(5)) + rng.sample(numbers, rng.randrange(5))
        rng.shuffle(found)
        urls.append("https://provider.example/a?" + "&".join(f"{n}=1".replace(" ", "+") for n in found))
    answers = ask("php", "onoffice.php", [{"do": "text", "url": url} for url in urls])
    assert [string_to_sign(url, readings=stage) for url in urls] == answers


def test_php_decides_about_every_text_as_the_vectors_of_its_reading_say():
    """The vectors of the readings of PHP hold what PHP's functions really do."""
    asked, expected = [], []
    for _, vector in rows("string_to_sign"):
        for reading in (names_of_this_php(), "onoffice:url.repeated=php-compatible"):
            expect = vector["by_reading"].get(reading, {})
            if "returns" in expect:
                asked.append({"do": "text", "url": vector["input"]["target"]})
                expected.append(expect["returns"]["text"])
    assert len(asked) >= 6
    assert ask("php", "onoffice.php", asked) == expected


# --- random URLs


def text(rng: random.Random, most: int) -> str:
    characters = [
        lambda: rng.choice(ODD),
        lambda: chr(rng.randrange(0x20, 0x7F)),
        lambda: chr(rng.randrange(0x20, 0x7F)),
        lambda: chr(rng.randrange(0xA0, 0x3000)),
        lambda: chr(rng.choice([rng.randrange(0x3000, 0xD800), rng.randrange(0x10000, 0x110000)])),
    ]
    return "".join(rng.choice(characters)() for _ in range(rng.randrange(most)))


def escaped(rng: random.Random, value: str, bare: str = "") -> str:
    """Return a value in one of the many ways in which it can travel; `bare` may stay as it is."""
    ways = [
        lambda: quote_plus(value, safe=bare),
        lambda: quote(value, safe=bare).replace("~", "%7E"),
        lambda: quote(value, safe="!'()*~,:@/?;$" + bare),
        lambda: "".join(f"%{byte:02x}" for byte in value.encode()),
        lambda: re.sub("%..", lambda m: rng.choice([m[0], m[0].lower()]), quote_plus(value, safe=bare)),
    ]
    return rng.choice(ways)()


def plain_name(rng: random.Random) -> str:
    """Return a name that is accepted: no control characters of ASCII, which are refused."""
    while True:
        name = rng.choice([rng.choice(NAMES) + text(rng, 3), text(rng, 6), rng.choice(NAMES)])
        accepted = not re.search(r"[.\[ \x00-\x1f\x7f]", name) and name not in ("signature", "timestamp")
        if name and accepted and not re.fullmatch(r"[+-]?[0-9]+([eE][+-]?[0-9]+)?", name):
            return name


def place(rng: random.Random) -> str:
    host = rng.choice(
        ["provider.example", "Provider.Example", "a-b.c_d.example", "127.0.0.1", "[::1]", "localhost"]
    )
    user, port = (
        rng.choice(["", "", "", "me@", "me:pw@"]),
        rng.choice(["", "", ":80", ":443", ":8080", ":65535"]),
    )
    segments = "".join(rng.choice("abcXYZ019-._~!$&'()*+,;=:@%2F/") for _ in range(rng.randrange(12)))
    return f"{rng.choice(['http', 'https'])}://{user}{host}{port}/{segments}"


def random_url(rng: random.Random) -> str:
    names = {plain_name(rng) for _ in range(rng.randrange(12))}
    pairs = [(name, text(rng, 12)) for name in sorted(names)] + [("timestamp", str(NOW - rng.randrange(300)))]
    rng.shuffle(pairs)
    pieces = [f"{escaped(rng, name)}={escaped(rng, value)}" for name, value in pairs]
    pieces = [p.removesuffix("=") if rng.random() < 0.3 else p for p in pieces]
    if rng.random() < 0.1:
        pieces.insert(rng.randrange(len(pieces)), "")
    return f"{place(rng)}?{'&'.join(pieces)}"


@pytest.fixture(scope="module")
def urls() -> list[tuple[str, str]]:
    rng = random.Random(SEED)
    print(f"seed {SEED}, {URLS} URLs")
    return [(random_url(rng), rng.choice(SECRETS)) for _ in range(URLS)]


def test_python_and_php_sign_random_urls_alike_and_each_verifies_what_the_other_signed(urls):
    ours = [sign_url(url, secret=secret) for url, secret in urls]
    asked = [{"do": "text", "url": url} for url, _ in urls]
    asked += [{"do": "sign", "url": url, "secret": secret} for url, secret in urls]
    asked += [
        {"do": "php", "url": url, "secret": secret} for url, (_, secret) in zip(ours, urls, strict=True)
    ]
    answers = ask("php", "onoffice.php", asked)
    assert len(answers) == 3 * URLS
    texts, signed, verdicts = answers[:URLS], answers[URLS : 2 * URLS], answers[2 * URLS :]
    for (url, secret), made, message, theirs, verdict in zip(
        urls, ours, texts, signed, verdicts, strict=True
    ):
        assert string_to_sign(url) == message, ascii(url)
        assert made == theirs, ascii(url)
        assert verdict["accepted"], ascii(url)
        verified = verify_url(theirs, secret=secret, now=NOW)
        values = dict(verified.parameters)
        assert values == {name: value for name, value in verdict["values"].items() if name != "signature"}


def test_the_random_urls_are_as_odd_as_they_are_meant_to_be(urls):
    joined = [url for url, _ in urls]
    assert len(set(joined)) > URLS * 0.99
    for mark in ("@", ":8080", "%7E", "~", "*", "%2A", "%20", "+", "%f0", "%F0", "[::1]", "%00", "//", "&&"):
        assert sum(mark in url for url in joined) > URLS / 200, mark
    assert sum(url != string_to_sign(url) for url in joined) > URLS * 0.9


def edited(rng: random.Random, url: str) -> str:
    """Return a signed URL with one thing done to its query, mostly what PHP is lenient about."""
    head, _, query = url.partition("?")
    pieces = query.split("&")
    at = rng.randrange(len(pieces))
    name, _, value = pieces[at].partition("=")
    stranger = rng.choice(["4712", "", "x%20y", "0" * 64])
    more = [
        name,
        name + "[]",
        name + "%5B%5D",
        name + "[k]",
        name + "[",
        name + "[a][b]",
        name.replace("_", "."),
        name.replace("_", "+"),
        "+" + name,
        "my.new",
        "",
        "[x]",
    ]
    insert = (rng.choice([0, at, at + 1, len(pieces)]), f"{rng.choice(more)}={stranger}")
    edits = [
        lambda: rng.shuffle(pieces),
        lambda: pieces.insert(*insert),
        lambda: pieces.insert(*insert),
        lambda: pieces.insert(*insert),
        lambda: pieces.insert(at, pieces[at]),
        lambda: pieces.pop(at),
        lambda: pieces.__setitem__(at, f"{name}={value}0"),
        lambda: pieces.__setitem__(at, f"{name}[]={value}"),
        lambda: pieces.__setitem__(at, f"{name}={value}".replace("+", "%20")),
        lambda: pieces.__setitem__(at, f"{name.swapcase()}={value}"),
        lambda: pieces.insert(at, ""),
    ]
    rng.choice(edits)()
    return f"{head}?{'&'.join(pieces)}"


def accepts(url: str, secret: str, of: Any = None) -> bool:
    try:
        verify_url(url, secret=secret, now=NOW, readings=of)
    except Refused:
        return False
    return True


def test_php_accepts_an_edited_url_when_its_reading_does_and_the_adopted_one_accepts_nothing_more():
    rng = random.Random(SEED + 1)
    cases = []
    while len(cases) < EDITS:
        names = {rng.choice([*NAMES, "user_id", "a_b", "list"]) for _ in range(rng.randrange(1, 6))}
        query = "&".join(f"{name}={escaped(rng, text(rng, 5))}" for name in sorted(names))
        url = sign_url(f"https://provider.example/a?{query}&timestamp={NOW}", secret=SECRETS[0])
        cases.append(edited(rng, url))
    answers = ask("php", "onoffice.php", [{"do": "php", "url": url, "secret": SECRETS[0]} for url in cases])
    php_only = 0
    for url, answer in zip(cases, answers, strict=True):
        # a verifier of PHP checks no time, so a missing or doubled timestamp is its business alone
        if (
            answer["accepted"]
            and isinstance(stamp := answer["values"].get("timestamp"), str)
            and stamp == str(NOW)
        ):
            assert accepts(url, SECRETS[0], PHP), ascii(url)
        else:
            assert not accepts(url, SECRETS[0], PHP), ascii(url)
        strict = accepts(url, SECRETS[0])
        assert not strict or answer["accepted"], ascii(url)
        php_only += answer["accepted"] and not strict
    assert sum(answer["accepted"] for answer in answers) > EDITS / 10
    assert sum(not answer["accepted"] for answer in answers) > EDITS / 10
    assert php_only > EDITS / 20  # the malleability that the adopted reading refuses


# --- the API


@pytest.mark.parametrize("program", PROGRAMS)
def test_random_api_calls_have_the_same_hmac_in_the_other_language(program):
    rng = random.Random(SEED + 2)
    calls = []
    for _ in range(1_000):
        letters = ["a", "b", "c", "d", "0", "1", "10", "9", "-1", "+5", "7x", "1e1", ".5", " 2", "0x1"]
        names = sorted(
            {rng.choice(letters) + rng.choice(["", "", "B", "_"]) for _ in range(rng.randrange(5))}
        )
        inside = rng.choice(["a", "0", "1", "7", "-1", "01"])
        values = [text(rng, 8), rng.randrange(-9, 10**9), True, None, [text(rng, 4)], {inside: text(rng, 4)}]
        calls.append(
            {
                "token": text(rng, 12).replace("\0", ""),
                "api_key": "k" + text(rng, 12).replace("\0", ""),
                "timestamp": rng.randrange(2**31),
                "resource_type": text(rng, 8),
                "action_id": text(rng, 8),
                "version": rng.choice([1, 2]),
                "identifier": text(rng, 4),
                "resource_id": text(rng, 4),
                "parameters": {name: rng.choice(values) for name in names},
            }
        )
    answers = ask(program, PROGRAMS[program], [{"do": "hmac"} | call for call in calls])
    for call, answer in zip(calls, answers, strict=True):
        try:
            made = {"hmac": api_hmac(**call)}
        except Refused as refused:
            made = {"refused": refused.reason}
        assert made == answer, ascii(call)
    assert 100 < sum("refused" in answer for answer in answers) < 500


def test_php_and_the_package_find_no_url_behind_a_number_sign():
    url = sign_url("https://provider.example/p?timestamp=1700000000&userId=17", secret="secret")
    asked = {"do": "strict", "secret": "secret", "now": 1_700_000_000, "back": 300, "ahead": 120}
    good, behind = ask("php", "onoffice.php", [asked | {"url": url}, asked | {"url": f"#{url}"}])
    assert (good["verdict"], behind.get("reason")) == ("accepted", "malformed")
    with pytest.raises(Refused, match="malformed"):
        verify_url(f"#{url}", secret="secret", now=1_700_000_000)
