"""One reader for whatever a person has: it finds the request in it, and says what it took it for and what it undid."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from ..core.cases import Found, Slips
from .commands import curl, fetch
from .exports import from_base64, opened
from .heads import head_and_body, listed
from .logs import METHODS, logged
from .making import Making, nothing
from .printed import parameters
from .recorded import Unreadable, parsed, recorded
from .structures import in_text, of_json, spread
from .unwrapping import one_line, raw_bytes, unquoted, unwrapped
from .webhooks import of_text, of_value

_REQUEST_LINE = re.compile(rf"({METHODS}) (\S+)(?: HTTP/[0-9.]+)?[ \t]*", re.ASCII)
_KINDS = ("content-type", "content_type", "contenttype", "mimetype")
_URL = re.compile("https?://[^\\s\"'<>`\u3000-\u303f\uff00-\uffef]+", re.I)
_CLOSES = {",": ",", ";": ";", "|": "|", "[": "]", "(": ")", "{": "}"}
_HOST = r"[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?"
_TARGET = re.compile(r"(?:https?://|/|\?)\S*", re.I)


def read(pasted: bytes, platform: Slips, header: str = "", origins: Sequence[str] = ()) -> Found:
    """Return the request in what somebody pasted; raises `Unreadable` with a sentence.

    `header` is a signature header or content type that was given beside it, with or without its name.
    The first of `origins` is put in front of a path without a host.
    """
    return _Reader(platform, header, origins).found(pasted)


class _Reader(Making):
    def found(self, pasted: bytes) -> Found:
        if not pasted.strip() and self.platform.BODY and self.headers:
            return self._body(b"", "an empty body")
        if not pasted.strip():
            raise Unreadable(
                "Nothing was pasted. Give a request as an argument, with --file, or on standard input."
            )
        text = self._text(pasted)
        if text is None:
            text = pasted.decode("utf-8", "surrogateescape")
            if not self.platform.BODY and (raw := self.platform.bare(pasted.decode("latin-1"))) is not None:
                return self._made(raw[2], raw[0])
            return self._http(text, pasted) or self._head(text, pasted) or self._body(pasted, "a binary body")
        text = text.strip()
        self.before = [*self.undone]
        if not text:
            raise Unreadable("Nothing but blanks or a byte order mark was pasted.")
        if pasted[:2] in (b"\xff\xfe", b"\xfe\xff"):
            pasted = text.encode()
        if (content := opened(text, self.undone)) is not None and content != pasted:
            return self.found(content)
        if (inner := unwrapped(text, self.undone)) != text:
            text, pasted = inner, inner.encode()
        text = getattr(self.platform, "unbroken", str)(text)
        bare = text if self.platform.BODY and _json_text(text) else unquoted(text, self.undone)
        first = (self._recorded, self._command, self._http, self._log, self._head)
        for reader in (*first, self._logged_body, self._registration, self._values, self._webhook):
            if (one := reader(bare, pasted)) is not None:
                return one
        return self._rest(text, bare, pasted)

    def _text(self, pasted: bytes) -> str | None:
        for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
            if pasted.startswith(mark):
                try:
                    text = pasted[2:].decode(name)
                except UnicodeDecodeError:
                    return None
                self.undone.append("it was UTF-16, as PowerShell and Windows write it")
                return text
        try:
            text = pasted.decode()
        except UnicodeDecodeError:
            return None
        if text.startswith("\ufeff") and not self._is_body(text):
            self.undone.append("a byte order mark stood in front")
        return text.removeprefix("\ufeff")

    # --- what it may be, one reader each ----------------------------------------------------------

    def _recorded(self, text: str, pasted: bytes) -> Found | None:
        value = parsed(text)
        if value is None:
            return None
        for _, inner in of_json(value):
            if len(inner) > 60 and re.match(r"(?:GET|POST|PUT) \S+ HTTP/", whole := from_base64(inner)):
                self.undone.append("a request in base64 stood in JSON")
                return self.found(whole.encode())
        if (found := recorded(value, self._signed)) is not None:
            self.undone += found.undone
            return self._made(found.took, found.url, found.method, found.headers, found.body)
        return None

    def _registration(self, text: str, pasted: bytes) -> Found | None:
        """Return a body that needs no signature beside it, where the platform knows it by its form."""
        if not self.platform.BODY or self.platform.HEADERS or self._is_body(text):
            return None
        one = self.platform.bare(text)
        return one and Found("", "", self.headers, *one[1:], tuple(dict.fromkeys(self.undone)))

    def _logged_body(self, text: str, pasted: bytes) -> Found | None:
        """Return a body that stands as a text in the JSON of a log or of a tool."""
        value = parsed(text)
        if value is None or self.platform.BODY is not True or self.platform.HEADERS:
            return None
        for name, inner in of_json(value):
            if re.fullmatch(r"[\w+/=\s-]{80,}", inner, re.ASCII) and "register=" in (
                coded := from_base64(inner)
            ):
                inner = coded
            if name not in ("register", "") and re.match(r"(?:\w+=[^&\s{]*&)*register=", inner):
                kind = next((("content-type", kind) for key, kind in of_json(value) if key in _KINDS), None)
                self.undone.append(f"the body stood in JSON, under {name[:40]}")
                headers = (*self.headers, *([kind] if kind else []))
                return Found(
                    "", "", headers, raw_bytes(inner), "a form in JSON", tuple(dict.fromkeys(self.undone))
                )
        return None

    def _values(self, text: str, pasted: bytes) -> Found | None:
        """Return the request of JSON or of a dump that has its parts under names, as a structured log has."""
        if self.platform.BODY and any(name in self.platform.HEADERS for name, _ in self.headers):
            return None
        value = parsed(text)
        pairs = [*of_json(value)] if value is not None else [*in_text(text)]
        known = self.platform.BODY is True and not self.platform.HEADERS
        known = known or (not self.platform.BODY and self.platform.bare(text) is not None)
        known = known or re.fullmatch(r"\??[\w.%-]+=\S*", text) is not None
        apart = [] if known else parameters(text, value, self.platform.QUERY)
        if (one := spread(pairs, self.fits, apart)) is not None:
            return self._spread("a list of named values" if value is None else "a URL in JSON", one)
        for _, inner in pairs if value is not None else ():
            if (found := self._log(inner, pasted)) is not None:
                return replace(found, took="a URL in JSON")
        return None

    def _webhook(self, text: str, pasted: bytes) -> Found | None:
        """Return the webhook in what a program printed, where its header was not given beside it."""
        names = self.platform.HEADERS
        if self.platform.BODY is not True or not names or any(name in names for name, _ in self.headers):
            return None
        value = parsed(text)
        one = None if value is None else of_value(value, names)
        one = one or of_text(text, names)
        if one is None:
            return None
        self.undone += filter(None, [one.undone])
        return self._made("a webhook in a text", "", "", one.headers, one.body)

    def _command(self, text: str, pasted: bytes) -> Found | None:
        for read_command in (curl, fetch):
            if (command := read_command(text)) is not None:
                self.undone += command.undone
                every = len(re.findall(r"^[ \t]*(?:[$%>#][ \t]*)?(?:curl|fetch\()", text, re.M))
                if every > 1:
                    self.undone.append(f"of {every} commands the first was read")
                unsigned = not any(name in self.platform.HEADERS for name, _ in command.headers)
                if unsigned and not self.fits(command.url) and (hook := self._webhook(text, pasted)):
                    return hook
                if not command.url and not command.body:
                    raise Unreadable(f"This was read as {command.took}, but it names no URL.")
                return self._made(command.took, command.url, command.method, command.headers, command.body)
        return None

    def _http(self, text: str, pasted: bytes) -> Found | None:
        first, _, rest = text.partition("\n")
        line = _REQUEST_LINE.fullmatch(first.rstrip("\r"))
        if line is None:
            return None
        if not rest.strip():
            return self._made("a request line", line[2], line[1])
        head = head_and_body(rest, pasted, bool(self.undone))
        if head is None:
            return None
        self.undone += head.undone
        return self._made("an HTTP request", line[2], line[1], head.headers, head.body)

    def _log(self, text: str, pasted: bytes) -> Found | None:
        if self._is_body(text) or (one := logged(text, self.fits)) is None:
            return None
        every = {line[1].url for row in text.splitlines() if (line := logged(row, self.fits))}
        if len(every) > 1:
            self.undone.append(f"of {len(every)} signed log lines the first was read")
        return self._spread(*one)

    def _head(self, text: str, pasted: bytes) -> Found | None:
        if (names := listed(text)) and self.fits(dict(names).get(":path", "")):
            return self._made("a browser's list of headers", dict(names)[":path"], "", names)
        head = head_and_body(text, pasted, bool(self.undone))
        if head is None or text.startswith(("http:", "https:")):
            return None
        values, body = dict(head.headers), head.body if head.body.strip() else b""
        target = values.get(":path") or values.get("request-uri") or values.get("x-original-uri") or ""
        signed = any(name in self.platform.HEADERS for name in values)
        if signed and not body and not target:
            raise Unreadable(
                "This is the header of a webhook. Its body is needed too: --file BODY --header 'name: value'."
            )
        if not target and not body:
            return None
        self.undone += head.undone
        return self._made("a block of headers", target, "", head.headers, body)

    def _rest(self, text: str, bare: str, pasted: bytes) -> Found:
        one = self.platform.bare(bare)
        if one is not None and self.platform.BODY == "json":
            return Found("", "", self.headers, *one[1:], tuple(dict.fromkeys(self.undone)))
        as_json = self._is_body(text)
        if as_json or (self.platform.BODY and any(n in self.platform.HEADERS for n, _ in self.headers)):
            self.undone[:] = self.before
            return self._body(pasted, "a JSON body" if as_json else "a body")
        if one is not None:
            url, body, took = one
            if url:
                return self._made(took, url)
            return Found("", "", self.headers, body, took, tuple(dict.fromkeys(self.undone)))
        flat = one_line(bare)
        later = any(one.start() and self.fits(one[0]) for one in _URL.finditer(text))
        one_word = " " not in flat.strip() or not (later or self.fits(flat.partition(" ")[0]))
        two = re.search(r"\n[ \t>*-]*https?://", bare) is not None
        if one_word and not two and _TARGET.fullmatch(re.sub(r"\s", "", flat)) and flat.count("://") < 3:
            return self._made("a URL" if "://" in flat.partition("?")[0] else "a request target", bare)
        urls: dict[str, None] = {}
        for found in _URL.finditer(re.sub(r"\\\n\s*|(?<=[&=?%\w])\r?\n[ \t]+", "", text)):
            before = found.string[: found.start()][-1:]  # a cell, a bracket, a mark of Markdown or of Jira
            url = found[0].partition(_CLOSES[before])[0] if before in _CLOSES else found[0]
            url = url.rstrip(before) if before in ("*", "_", "~") else url
            if self.fits(url):
                urls.setdefault(url)
        if urls:
            if len(urls) > 1:
                self.undone.append(f"of {len(urls)} signed URLs the first was read")
            return self._made("a URL in a text", next(iter(urls)))
        if one_word and re.match(rf"{_HOST}/[^\s=&]*\?", flat, re.A) and self.fits(flat):
            self.undone.append("the scheme was missing")
            return self._made("a URL", "https://" + bare)
        for word in re.split(r"[\s\"'<>]+", text):
            if "?" in word and re.match(rf"{_HOST}/", word, re.A) and self.fits(word):
                self.undone.append("the scheme was missing")
                return self._made("a URL in a text", "https://" + word)
            if word.startswith("/") and "?" in word and self.fits(word):
                return self._made("a request target in a text", word)
        if not re.match(r"\?*[\w.%~\[\]-]+=", flat):
            for word in re.split(r"[\s\"'`;,|<>]+", text):
                if self.fits("?" + word) and "?" not in word:
                    self.undone.append("the query had no question mark")
                    return self._made("a query in a text", "?" + word)
        if "=" in flat and ("&" in flat or self.fits("?" + flat)) and " " not in flat:
            self.undone.append("the query had no question mark")
            return self._made("a query", "?" + bare)
        if "%3D" in flat or "%3d" in flat:
            return self._made("a percent-encoded text", bare)
        if self.platform.BODY and re.search(r"[={\[<]|^\S{16,}$", flat):
            return self._body(pasted, "a body")
        raise nothing(pasted)


def _json_text(text: str) -> bool:
    """Return whether a text is a JSON text that holds another one."""
    if not re.match(r'"\s{0,9}[{[]', text) or text[-1:] != '"':
        return False
    try:
        return isinstance(json.loads(text), str)
    except ValueError:
        return False
