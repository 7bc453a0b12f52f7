"""The requests in commands that browsers and people copy: curl for shells and for Windows, and JavaScript's fetch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from ..core.messages import Headers

_ESCAPES = dict(zip("nrt\\'\"ab0?", "\n\r\t\\'\"\a\b\0?", strict=True))
_DATA = ("-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--data-urlencode", "--json")
_WITH_VALUE = frozenset((*_DATA,
    "--abstract-unix-socket", "--alt-svc", "--aws-sigv4", "--cacert", "--capath", "-E", "--cert", "--cert-type", "--ciphers", "-K", "--config", "--connect-timeout", "--connect-to", "-C", "--continue-at", "-b", "--cookie", "-c", "--cookie-jar", "--create-file-mode", "--crlfile", "--curves", "--delegation", "--dns-interface", "--dns-ipv4-addr", "--dns-ipv6-addr", "--dns-servers", "--doh-url", "-D", "--dump-header", "--egd-file", "--engine",
    "--etag-compare", "--etag-save", "--expect100-timeout", "-F", "--form", "--form-string", "--ftp-account", "--ftp-alternative-to-user", "--ftp-method", "-P", "--ftp-port", "--ftp-ssl-ccc-mode", "--happy-eyeballs-timeout-ms", "-H", "--header", "--hostpubmd5", "--hostpubsha256", "--hsts", "--interface", "--keepalive-time", "--key", "--key-type", "--krb", "--libcurl", "--limit-rate", "--local-port", "--login-options", "--mail-auth",
    "--mail-from", "--mail-rcpt", "--max-filesize", "--max-redirs", "-m", "--max-time", "--netrc-file", "--noproxy", "--oauth2-bearer", "-o", "--output", "--output-dir", "--parallel-max", "--pass", "--pinnedpubkey", "--proto", "--proto-default", "--proto-redir", "--proxy-cacert", "--proxy-capath", "--proxy-cert", "--proxy-cert-type", "--proxy-ciphers", "--proxy-crlfile", "--proxy-header", "--proxy-key", "--proxy-key-type", "--proxy-pass",
    "--proxy-pinnedpubkey", "--proxy-service-name", "--proxy-tls13-ciphers", "--proxy-tlsauthtype", "--proxy-tlspassword", "--proxy-tlsuser", "-U", "--proxy-user", "--proxy1.0", "--pubkey", "-Q", "--quote", "--random-file", "-r", "--range", "--rate", "-e", "--referer", "-X", "--request", "--request-target", "--resolve", "--retry", "--retry-delay", "--retry-max-time", "--sasl-authzid", "--service-name", "--socks4", "--socks4a", "--socks5",
    "--socks5-gssapi-service", "--socks5-hostname", "-Y", "--speed-limit", "-y", "--speed-time", "--stderr", "-t", "--telnet-option", "--tftp-blksize", "-z", "--time-cond", "--tls-max", "--tls13-ciphers", "--tlsauthtype", "--tlspassword", "--tlsuser", "--trace", "--trace-ascii", "--unix-socket", "-T", "--upload-file", "--url", "--url-query", "-u", "--user", "-A", "--user-agent", "-w", "--write-out", "-x", "--proxy", "--preproxy",
))  # fmt: skip
_PARTS = re.compile(
    r"(?P<blank>\s+)|\$'(?P<ansi>(?:[^'\\]|\\.)*)'?|'(?P<single>[^']*)'?|\"(?P<double>(?:[^\"\\]|\\.)*)\"?"
    r"|\\(?P<escaped>\r?\n|.?)|(?P<plain>[^\s\\\"'$]+|\$)",
    re.S,
)
"""What a shell's words consist of: every character belongs to one of these."""
_BOUNDARY = "------------------------handshakes"
_JSON = (("content-type", "application/json"),)


@dataclass
class Command:
    """What a command asks for."""

    took: str
    url: str = ""
    method: str = ""
    headers: Headers = ()
    body: bytes = b""
    undone: list[str] = field(default_factory=list)


def words(text: str) -> list[str]:
    """Split a shell's command into words, its quotes undone; a quote that is never closed ends with the text.

    >>> words("curl 'a b' \\\\\\n -H $'x: \\\\u00fc' c\\\\&d")
    ['curl', 'a b', '-H', 'x: ü', 'c&d']
    """
    found: list[list[str]] = []
    apart = True
    for part in _PARTS.finditer(text):
        kind = str(part.lastgroup)
        inner = part[kind]
        if kind == "blank":
            apart = True
            continue
        if kind == "escaped" and inner in ("", "\n", "\r\n"):
            continue  # the word goes on in the next line
        if kind == "ansi":
            inner = re.sub(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|.)", _ansi, inner, flags=re.S)
        elif kind == "double":
            inner = re.sub(r'\\(?:\r?\n|(["\\$`]))', lambda one: one[1] or "", inner)
        if apart:
            found.append([])
        apart = False
        found[-1].append(inner)
    return ["".join(parts) for parts in found]


def _ansi(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if code[0] in "xu" and len(code) > 1 else _ESCAPES.get(code, "\\" + code)


def curl(text: str) -> Command | None:
    """Return the request of a curl command, or None for anything else.

    >>> curl("curl -X POST 'https://a.example/' -H 'A: b' --data 'c=d'").body
    b'c=d'
    """
    if not re.match(r"(?:[^\s'\"]*[$>%#] *)?curl(?:\.exe)?\s", text):
        return None
    command = Command("a curl command")
    if re.search(r"\^\s*\n|\^\"", text):
        command.undone.append("carets of the Windows command line")
        text = re.sub(r"\^([^\n])", r"\1", re.sub(r"\^\r?\n", " ", text))
    rest = words(re.sub(r"\s`\r?\n", " ", text[text.index("curl") :]))[:0:-1]
    headers: list[tuple[str, str]] = []
    data: list[str] = []
    parts: list[str] = []
    query = False
    while rest:
        word = rest.pop()
        option, equals, value = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        if not word.startswith("-"):
            command.url = command.url or word
            continue
        if option in ("-G", "--get"):
            query = True
            continue
        if option in _WITH_VALUE and not equals and not value:
            value = rest.pop() if rest else ""
        if option in ("-H", "--header"):
            name, _, content = value.partition(":")
            headers.append((name.strip().lower(), content.strip()))
        elif option in ("-X", "--request"):
            command.method = value
        elif option == "--url":
            command.url = value
        elif option in ("-F", "--form", "--form-string"):
            parts.append(_part(value, command, as_it_is=option == "--form-string"))
        elif option in _DATA:
            headers += _JSON if option == "--json" else ()
            data.append(_encoded(value) if option == "--data-urlencode" else value)
            if value[:1] == "@" and option != "--data-raw":
                command.undone.append("the body stands in a file that is not part of the command")
    if parts:
        headers.append(("content-type", f"multipart/form-data; boundary={_BOUNDARY}"))
        data = ["".join(parts) + f"--{_BOUNDARY}--\r\n"]
    command.headers = tuple(headers)
    if query and data:
        command.url += ("&" if "?" in command.url else "?") + "&".join(data)
    else:
        command.body = "&".join(data).encode("utf-8", "surrogatepass")
    return command


def _part(field: str, command: Command, *, as_it_is: bool) -> str:
    """Return a field of curl's -F as a part of a form; what stands in a file is no part of the command."""
    name, _, value = field.partition("=")
    if not as_it_is:
        if value[:1] in ("@", "<"):
            command.undone.append("a field of the form stands in a file that is not part of the command")
        value = re.sub(r";(?:type|filename|headers|encoder)=[^;]*$", "", value)
    return f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def _encoded(text: str) -> str:
    name, equals, value = text.partition("=")
    coded = quote_plus(value if equals else text, errors="surrogatepass")
    return f"{name}=" + coded if equals else coded


def fetch(text: str) -> Command | None:
    """Return the request of a browser's `fetch(…)`, or of wget or Invoke-WebRequest, or None for anything else.

    >>> fetch('await fetch("https://a.example/?b=c", {"method": "GET"});').url
    'https://a.example/?b=c'
    """
    found = re.match(r"(?:await )?fetch\(\s*([\"'`])(.+?)\1", text, re.S)
    if found:
        method = re.search(r"[\"']?method[\"']?:\s*[\"'](\w+)[\"']", text)
        body = re.search(r"[\"']?body[\"']?:\s*(\"(?:[^\"\\]|\\.)*\")", text, re.S)
        content = re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", _ansi, body[1][1:-1], flags=re.S) if body else ""
        content = content.encode("utf-16-le", "surrogatepass").decode(
            "utf-16-le", "replace"
        )  # pairs are joined
        rows = re.findall(r"\"([A-Za-z][A-Za-z0-9-]*)\":\s*\"((?:[^\"\\]|\\.)*)\"", text)
        headers = tuple((name.lower(), value) for name, value in rows if name not in ("method", "body"))
        return Command(
            "a fetch of a browser", found[2], method[1] if method else "", headers, content.encode()
        )
    if re.match(
        r"(?:\S*[$>%#] *)?(?:wget|https?(?= +(?:-|[A-Z]+ |[\"']?https?:|:?/))|Invoke-WebRequest|Invoke-RestMethod|iwr)\s",
        text,
    ):
        return _other_command(words(text)[1:])
    return None


_POSTED = ("--post-data", "--body-data", "-body", "--raw")


def _other_command(given: list[str]) -> Command | None:
    """Return the request of wget, HTTPie or Invoke-WebRequest."""
    command = Command("a command")
    query: list[str] = []
    fields: list[tuple[str, str]] = []
    form = any(word in ("-f", "--form", "--multipart") for word in given)
    for place, word in enumerate(given):
        option, equals, value = word.partition("=")
        if option.lower() in _POSTED:
            value = value if equals else "".join(given[place + 1 : place + 2])
            table = re.fullmatch(r"@\{\s*([\w-]+)\s*=(.*)\}", value, re.S)
            posted = urlencode([(table[1], table[2])], errors="surrogatepass") if table else value
            command.body = posted.encode("utf-8", "surrogatepass")
        elif re.match(r"[\w.-]+==", word):
            query.append(_encoded(word.replace("==", "=", 1)))
        elif not command.url and ("://" in word or word.startswith("/")):
            command.url = word
        elif command.url and equals and re.fullmatch(r"[A-Za-z][\w.-]*", option):
            fields.append((option, value))
    if fields and not command.body:
        if form:
            command.body = urlencode(fields, errors="surrogatepass").encode()
        else:
            command.headers = _JSON
            command.body = json.dumps(dict(fields)).encode()
    if query:
        command.url += ("&" if "?" in command.url else "?") + "&".join(query)
    return command if command.url else None
