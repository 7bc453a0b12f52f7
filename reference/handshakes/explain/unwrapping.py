"""What mail, HTML, shells and logs do to a URL, undone step by step; every step is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote

_APART = re.compile(r"[\"'`][ \t]{0,9}[+.]?[ \t]{0,9}\r?\n[ \t]{0,99}[+.]?[ \t]{0,9}[\"'`]")
_APART_END = re.compile(r"[\"'`][ \t]{0,9}[+.]?[ \t]{0,9}$")
"""Where a program's text goes on in the next line."""
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_ENTITY_CHARACTERS = {
    "¶": "&para", "×": "&times", "©": "&copy", "®": "&reg", "¬": "&not", "§": "&sect", "¤": "&curren",
    "°": "&deg", "µ": "&micro", "¢": "&cent", "£": "&pound", "¥": "&yen", "±": "&plusmn", "÷": "&divide",
    "⟨": "&lang", "〈": "&lang", "∂": "&part", "ι": "&iota", "∠": "&ang", "≥": "&ge", "≤": "&le", "≠": "&ne",
}  # fmt: skip
"""What HTML makes of `&name` without a semicolon (and some also with one)."""
_DAMAGED = re.compile(
    "(" + "|".join([*_ENTITY_CHARACTERS, *(quote(c) for c in _ENTITY_CHARACTERS)]) + r")(?=[A-Za-z0-9_\-]*=)",
    re.I,
)
QUOTES = {'"': '"', "'": "'", "`": "`", "<": ">", "“": "”", "„": "“", "‘": "’", "«": "»", "(": ")", "[": "]"}
_GATEWAY = re.compile(
    r"(?i)^https?://[^/?#]*(safelinks\.protection\.outlook|urldefense|google\.|slack-redir|l\.facebook|linkprotect|mimecast|"
    r"barracuda|click\.|track\.|link\.|redirect|email\.|sendgrid|mandrillapp|mailchimp|trendmicro|fireeye|cisco|avanan)"
)

Fits = Callable[[str], bool]
"""Whether a URL carries a signature of the platform."""


def unquoted(text: str, undone: list[str]) -> str:
    """Return a text without the quotes, brackets and code marks around it.

    >>> undone = []
    >>> unquoted("`<https://a.example/>`", undone), undone
    ('https://a.example/', ['backticks around it', 'angle brackets around it'])
    """
    names = {"`": "backticks", "<": "angle brackets", "(": "brackets", "[": "brackets"}
    if fence := re.fullmatch(r"```\w*\n(.*?)\n?```", text, re.S):
        undone.append("a Markdown fence around it")
        text = fence[1].strip()
    if link := re.fullmatch(r"\[[^\]]*\]\((\S+)\)", text):
        undone.append("a Markdown link around it")
        text = link[1]
    layers = 0
    while (
        len(text) > 2
        and (layers := layers + 1) < 20
        and QUOTES.get(text[0]) == text[-1]
        and not ((text[0] == "[" and text[1] in '{["') or (text[0] in "<[" and text[-1] in text[1:-1]))
    ):
        undone.append(f"{names.get(text[0], 'quotes')} around it")
        text = text[1:-1].strip()
    if text and (
        (text[0] in "\"'`“" and text.count(text[0]) == 1)
        or (text[-1] in "\"'`”" and text.count(text[-1]) == 1)
    ):
        undone.append("one quote at its end")
        text = text.strip("\"'`“”")
    return text


def unwrapped(text: str, undone: list[str]) -> str:
    """Return a text without what a mail, a terminal or JSON put around all of it.

    >>> undone = []
    >>> unwrapped("> GET /p HTTP/1.1\\n> Host: a.example\\n< HTTP/1.1 403", undone), undone
    ('GET /p HTTP/1.1\\nHost: a.example', ['the output of curl -v'])
    """
    if re.search(r"=\r?\n", text) and "=3D" in text:
        undone.append("it was quoted-printable, as in the source of a mail")
        soft = re.sub(r"=\r?\n", "", text).encode("utf-8", "surrogatepass")
        coded = re.sub(rb"=([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), soft)
        text = coded.decode("utf-8", "replace")
    if "\x1b[" in text:
        undone.append("the colours of a terminal")
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    if re.search(r"hxxps?\[?:\]?//|https?\[:\]//", text, re.I):
        undone.append("it was made harmless, as in reports of attacks")
        text = re.sub("(?i)hxxp(?=s?://)", "http", text.replace("[:]", ":").replace("[.]", "."))
    rows = text.splitlines()
    sent = [row[1:].removeprefix(" ") for row in rows if row.startswith(">")]
    if sent and re.match(r"[A-Z]+ \S+ HTTP/", sent[0]):
        undone.append("the output of curl -v")
        last = max(at for at, row in enumerate(rows) if row.startswith(">"))
        answer = next((at for at, row in enumerate(rows) if row.startswith("<")), len(rows))
        body = [row for row in rows[last + 1 : answer] if not re.match(r"\* |[{}] \[", row)]
        return "\n".join([*(row.rstrip() for row in sent), *body]).rstrip()
    if len(sent) == len([row for row in rows if row.strip()]) > 0:
        undone.append("the marks of a quoted mail stood before its lines")
        text = "\n".join(row.lstrip("> ") for row in sent)
    if re.match(r"https?:\\/\\/|\"https?:\\/\\/", text):
        undone.append("slashes stood as \\/, as PHP writes JSON")
        text = text.replace("\\/", "/")
    if re.search(r'"\{""', text):
        undone.append("the doubled quotes of a spreadsheet's cell")
        text = re.sub(r'"((?:[^"]|"")*)"', lambda cell: cell[1].replace('""', '"'), text)
    if re.search(r"\{(?:noformat|code)[^}\n]*\}", text) and text.lstrip()[:1] == "{" and '"' not in text[:12]:
        undone.append("the marks of Jira around it")
        text = re.sub(r"\{(?:noformat|code)[^}\n]*\}", "", text).strip()
    if _APART.search(text) and any(
        "://" in row and _APART_END.search(row[-30:]) for row in text.splitlines()
    ):
        undone.append("it was put together of several texts of a program")
        text = _APART.sub("", text)
    if re.match("<https?://[^<>|]+[|][^<>]*>$", text):
        undone.append("a name stood beside the link")
        return text.partition("|")[0] + ">"
    return re.sub(r"<(https?://[^<>|\s]+)[|][^<>]*>", r"\1", text)


def repaired(url: str, fits: Fits, undone: list[str]) -> str:
    """Return a URL, target or query as it was before mail, HTML, a shell or a log changed it.

    >>> undone = []
    >>> repaired("/p?a=1&amp;signature=x", lambda url: "&signature=" in url, undone), undone
    ('/p?a=1&signature=x', ['&amp; stood for &'])
    """
    for name, change in _STEPS:
        after = change(url)
        if after != url:
            undone.append(name)
            url = after
    for _ in range(3):
        inner = _inner(url, fits)
        if not inner:
            break
        undone.append("it was wrapped in the link of another site")
        url = inner
    if not re.search(r"[?=&]", url) and re.search(r"%3[DF]", url, re.I):
        undone.append("the whole of it was percent-encoded")
        url = unquote(url)
    if re.match(r"https?%3A", url, re.I) or (
        not fits(url) and "%26" in url and "%3D" in url and "=" not in url
    ):
        undone.append("the whole of it was percent-encoded")
        url = unquote(url)
    if re.search(r"[^\x21-\x7e]", url):
        undone.append("blanks or characters outside ASCII stood in it, as a browser shows them")
        url = re.sub(r"[^\x21-\x7e]", lambda found: quote(raw_bytes(found[0])), url)
    return url


def one_line(text: str) -> str:
    """Return a text without its line ends and the blanks around them.

    >>> one_line("https://a.example/?b=c \\r\\n   &d=e f")
    'https://a.example/?b=c&d=e f'
    """
    first, *rest = re.split(r"[\r\n]+", text)
    if not rest:
        return text
    *between, last = rest
    return "".join([first.rstrip(), *(row.strip() for row in between), last.lstrip()])


def raw_bytes(text: str) -> bytes:
    """Return a text as UTF-8, with bytes that were not UTF-8 when it was read as they were.

    >>> raw_bytes("é\\udc81"), raw_bytes("\\ud800")
    (b'\\xc3\\xa9\\x81', b'\\xed\\xa0\\x80')
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _inner(url: str, fits: Fits) -> str:
    """Return the URL that another one carries in a parameter or in its path, as links in mail do."""
    outside = url.partition("?")[0]
    if found := re.match(r"https?://[^/?#]*urldefense\.(?:com|us)/v3/__(.+?)__(?:;|$)", url, re.I):
        return found[1].replace("*", "%") if "*" in found[1] and ";" not in url else _stars(found[1], url)
    gateway = _GATEWAY.match(url) is not None
    for name, value in parse_qsl(url.partition("?")[2].partition("#")[0]):
        inner = value
        if "urldefense" in outside and name == "u" and "://" not in value:
            inner = unquote(value.replace("-", "%").replace("_", "/"))
        known = gateway or name.lower() in ("url", "u", "q", "target", "redirect", "goto", "link")
        if (
            known
            and re.match(r"https?://", inner)
            and (fits(inner) or _GATEWAY.match(inner))
            and (gateway or not fits(url))
        ):
            return inner
    return ""


def _stars(inner: str, url: str) -> str:
    """Return a URL of urldefense v3, whose replaced characters stand in base64 behind it."""
    from base64 import urlsafe_b64decode

    coded = url.rpartition("__;")[2].partition("!")[0]
    try:
        characters = urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    except ValueError:
        return inner
    rest = iter(characters)
    return re.sub(r"\*", lambda _: next(rest, "*"), inner)


def _quoted_printable(url: str) -> str:
    if "=3D" not in url:
        return url

    def character(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] < "80" else "%" + found[1]

    return re.sub(r"=([0-9A-F]{2})", character, re.sub(r"=\r?\n", "", url))


def _damaged(url: str) -> str:
    def whole(found: re.Match[str]) -> str:
        return _ENTITY_CHARACTERS[unquote(found[0])]

    return _DAMAGED.sub(whole, url)


def _above(url: str) -> str:
    """Return a URL without what stands below a blank line and has nothing of a URL in it."""
    blank = re.compile(r"\n[ \t\r]*\n").search(url, max(map(url.rfind, "0123456789=&%")))
    return url[: blank.start()] if blank else url


def _entities(url: str) -> str:
    return re.sub(r"&(?:amp|#0{0,9}38|#x0{0,9}26);", "&", url, flags=re.I)


_STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("it was quoted-printable, as in the source of a mail", _quoted_printable),
    ("text stood below it", lambda url: _above(url)),
    ("it was wrapped over several lines", lambda url: one_line(url)),
    ("\\u0026 stood for &", lambda url: re.sub(r"\\u0026", "&", url, flags=re.I)),
    ("\\u003d stood for =", lambda url: re.sub(r"\\u003d", "=", url, flags=re.I)),
    ("backslashes stood before characters", lambda url: re.sub(r"\\([&?=/:!'\"()])", r"\1", url)),
    ("\\x26 stood for &", lambda url: re.sub(r"\\x26", "&", re.sub(r"\\x3d", "=", url, flags=re.I))),
    ("\\x escapes of a log", lambda url: re.sub(r"\\x([0-9A-Fa-f]{2})", lambda f: "%" + f[1].upper(), url)),
    ("&amp;amp; stood for &", lambda url: re.sub("&amp;amp;", "&", url, flags=re.I)),
    ("&amp; stood for &", _entities),
    ("&name was read as an HTML entity and became a character", _damaged),
    ("invisible characters stood in it", lambda url: _INVISIBLE.sub("", url)),
    ("punctuation stood behind it", lambda url: re.sub(r"(?<=[0-9A-Za-z])[.,;:!?)>\]}\\\"'”’»…。，；：！？）」』】]+$", "", url)),
)  # fmt: skip
