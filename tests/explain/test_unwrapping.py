"""What mail, HTML, shells and logs do to a URL is undone, and every step is said."""

from __future__ import annotations

import quopri
from base64 import b64encode
from html.entities import html5
from urllib.parse import quote

import pytest

from handshakes.explain.unwrapping import repaired, unquoted, unwrapped

from .rows import made_by

URL = "https://p.example/h?slug=a%2Cb&parameterCacheId=x&signature=t%3D1"


def fits(url: str) -> bool:
    return "?signature=" in url or "&signature=" in url


def outlook(url: str) -> str:
    return (
        f"https://eur01.safelinks.protection.outlook.com/?url={quote(url, safe='')}&data=05%7C01&reserved=0"
    )


def php(code: str) -> str:
    return made_by("php", code, u=URL)()


ENTITY = "&name was read as an HTML entity and became a character"
WRAPPED = "it was wrapped in the link of another site"


@pytest.mark.parametrize(
    ("damaged", "undone"),
    [
        (URL, []),
        (URL.replace("&", "&amp;"), ["&amp; stood for &"]),
        (URL.replace("&", "&AMP;"), ["&amp; stood for &"]),
        (URL.replace("&", "&#38;"), ["&amp; stood for &"]),
        (URL.replace("&", "&#038;"), ["&amp; stood for &"]),
        (URL.replace("&", "&#x26;"), ["&amp; stood for &"]),
        (URL.replace("&", "&amp;amp;"), ["&amp;amp; stood for &"]),
        (URL.replace("&", "\\u0026"), ["\\u0026 stood for &"]),
        (URL.replace("&", "\\u0026").replace("=", "\\u003d"), ["\\u0026 stood for &", "\\u003d stood for ="]),
        (URL.replace("&", "\\&").replace("?", "\\?"), ["backslashes stood before characters"]),
        (URL.replace("/", "\\/"), ["backslashes stood before characters"]),
        (URL.replace("&para", "\u00b6"), [ENTITY]),
        (URL.replace("&para", "%C2%B6"), [ENTITY]),
        (URL.replace("=", "\\x3d").replace("&", "\\x26"), ["\\x26 stood for &"]),
        (URL.replace("%2C", "\\x2c"), ["\\x escapes of a log"]),
        (URL[:30] + "\n  " + URL[30:], ["it was wrapped over several lines"]),
        (URL[:30] + "\r\n" + URL[30:], ["it was wrapped over several lines"]),
        (URL[:30] + "\u200b" + URL[30:], ["invisible characters stood in it"]),
        (URL + "\n\nBest regards", ["text stood below it"]),
        (URL + ".", ["punctuation stood behind it"]),
        (URL + '">', ["punctuation stood behind it"]),
        (outlook(URL), [WRAPPED]),
        (outlook(outlook(URL)), [WRAPPED, WRAPPED]),
        ("https://www.google.com/url?q=" + quote(URL, safe="") + "&sa=D", [WRAPPED]),
        ("https://urldefense.com/v3/__" + URL + "__;!!ABC!xyz$", [WRAPPED]),
        ("https://urldefense.proofpoint.com/v2/url?u=" + quote(URL, safe="").replace("%", "-") + "&d=DwMFAg", [WRAPPED]),
        (quote(URL, safe=""), ["the whole of it was percent-encoded"]),
    ],
)  # fmt: skip
def test_each_damage_is_undone_and_said(damaged, undone):
    said: list[str] = []
    assert repaired(damaged, fits, said) == URL
    assert said == undone


NAMES = ["para", "times", "copy", "reg", "not", "sect", "curren", "deg", "micro", "cent", "pound", "yen", "plusmn", "divide",
         "lang", "part", "iota", "ang", "ge", "le", "ne"]  # fmt: skip
ENTITIES = [(name, html5[f"{name};"]) for name in NAMES] + [("lang", "\u3008")]
"""HTML's own list; U+3008 is what U+2329, the bracket of HTML 4, is in every normal form of Unicode."""


@pytest.mark.parametrize(("name", "character"), ENTITIES)
def test_a_parameter_that_begins_like_an_entity_is_whole_again(name, character):
    for written in (character, quote(character), quote(character).lower()):
        said: list[str] = []
        damaged = f"https://p.example/?a=b{written}Id=7&signature=x"
        assert repaired(damaged, fits, said) == f"https://p.example/?a=b&{name}Id=7&signature=x"
        assert said == [ENTITY]


def test_a_character_of_a_value_is_no_entity():
    said: list[str] = []
    assert repaired("/p?size=3%C3%974&signature=x", fits, said) == "/p?size=3%C3%974&signature=x"
    assert said == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quoted_printable_of_a_mail_is_undone(end):
    said: list[str] = []
    url = URL + "&more=" + "x" * 100
    mail = quopri.encodestring(url.encode()).decode().replace("\n", end)
    assert "=3D" in mail and f"={end}" in mail and repaired(mail, fits, said) == url
    assert said == ["it was quoted-printable, as in the source of a mail"]


@pytest.mark.parametrize("code", ["htmlspecialchars($u)", "htmlspecialchars(htmlspecialchars($u))", "trim(json_encode($u), '\"')", "urlencode($u)"])  # fmt: skip
def test_what_php_makes_of_a_url_is_undone(code):
    said: list[str] = []
    assert repaired(php(code), fits, said) == URL
    assert len(said) == 1


def test_raw_characters_of_an_address_bar_are_encoded():
    said: list[str] = []
    assert repaired("/p?slug=café x&signature=y", fits, said) == "/p?slug=caf%C3%A9%20x&signature=y"
    assert said == ["blanks or characters outside ASCII stood in it, as a browser shows them"]


def test_a_url_within_a_signed_url_is_left_alone():
    """A value may well be a URL that looks signed."""
    url = "https://p.example/h?url=" + quote(URL, safe="") + "&signature=own"
    said: list[str] = []
    assert (repaired(url, fits, said), said) == (url, [])


@pytest.mark.parametrize(
    ("text", "inner", "undone"),
    [
        (f'"{URL}"', URL, ["quotes around it"]),
        (f"'{URL}'", URL, ["quotes around it"]),
        (f"<{URL}>", URL, ["angle brackets around it"]),
        (f"`{URL}`", URL, ["backticks around it"]),
        (f"“{URL}”", URL, ["quotes around it"]),
        (f"({URL})", URL, ["brackets around it"]),
        (f"[{URL}]", URL, ["brackets around it"]),
        (f"„{URL}“", URL, ["quotes around it"]),
        (f"‘{URL}’", URL, ["quotes around it"]),
        (f"«{URL}»", URL, ["quotes around it"]),
        (f"`<{URL}>`", URL, ["backticks around it", "angle brackets around it"]),
        (f"```\n{URL}\n```", URL, ["a Markdown fence around it"]),
        (f"```http\n{URL}\n```", URL, ["a Markdown fence around it"]),
        (f"[link]({URL})", URL, ["a Markdown link around it"]),
        (f'"{URL}', URL, ["one quote at its end"]),
        (f"{URL}'", URL, ["one quote at its end"]),
        (URL, URL, []),
        ('{"a":"b"}', '{"a":"b"}', []),
        ('["a"]', '["a"]', []),
        ('""', '""', []),
        ("", "", []),
        (chr(34) + " " + chr(34), "", ["quotes around it"]),
    ],
)
def test_what_stands_around_a_text_is_taken_off_and_said(text, inner, undone):
    said: list[str] = []
    assert unquoted(text, said) == inner
    assert said == undone


@pytest.mark.parametrize(
    "written",
    ['"{}" +\n    "{}"', "'{}'\n    + '{}'", "'{}' .\n'{}'", '("{}"\r\n\t"{}")', "`{}` +\r\n`{}`"],
)
def test_a_text_of_a_program_that_goes_on_in_the_next_line_is_one_text(written):
    """JavaScript and Java, PHP, Python."""
    said: list[str] = []
    assert URL in unwrapped(written.format(URL[:40], URL[40:]), said)
    assert said == ["it was put together of several texts of a program"]


@pytest.mark.parametrize("characters", ["*", "+é", "é", "+é*", "äö"])
def test_characters_that_a_link_of_url_defense_replaced_are_put_back(characters):
    """Proofpoint's URL Defense, version 3: a star for each, and all of them in base64 for URLs, without its end."""
    coded = b64encode(characters.encode(), b"-_").decode().rstrip("=")
    said: list[str] = []
    link = f"https://urldefense.com/v3/__{URL}&b={'*' * len(characters)}__;{coded}!!ABC!xyz$"
    assert repaired(link, fits, said) == URL + "&b=" + quote(characters, safe="*+")
    assert said[0] == WRAPPED


@pytest.mark.parametrize(
    ("text", "after", "said"),
    [
        ("<https://a.example/?b=c|Open it>", "<https://a.example/?b=c>", ["a name stood beside the link"]),
        ("<https://a.example/?b=c|>", "<https://a.example/?b=c>", ["a name stood beside the link"]),
        ("<https://a.example/?b=c|Open> it", "https://a.example/?b=c it", []),
        ("<https://a.example/?b=c>", "<https://a.example/?b=c>", []),
        ("see <https://a.example/?b=c|Open it> now", "see https://a.example/?b=c now", []),
    ],
)
def test_a_link_of_slack_has_its_name_behind_a_bar(text, after, said):
    """Slack's manual of message formats: an address, a bar and a name, in angle brackets."""
    undone: list[str] = []
    assert (unwrapped(text, undone), undone) == (after, said)
