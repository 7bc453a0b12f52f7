"""Commands that people copy: what a shell, curl or a browser would send is what is read."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from handshakes.explain.commands import curl, fetch, words
from tests.oracles import tool


@pytest.mark.parametrize(
    "text",
    [
        "curl 'https://a.example/?b=c&d=e' -H 'X: y'",
        'curl "https://a.example/?b=c&d=\\$e" --data "a\\"b"',
        "curl https://a.example/?b=c\\&d=e",
        "curl \\\n  'one' \\\n  'two'",
        "curl 'it'\\''s' \"a\"'b'c",
        "curl '' \"\" x",
        "curl a\\ b 'c d'\"e f\"",
        "curl \"back\\\\slash\" 'back\\\\slash'",
        'curl "a \\\n b"',
        'curl "a\\\\\nb" c\\\nd "\\e\\`"',
        'curl -d \'{"a":"b"}\'',
        "curl \u00fc 'é'",
    ],
)
def test_a_command_has_the_words_that_a_shell_gives_it(text):
    script = "for word; do printf '%s\\0' \"$word\"; done"
    shell = f"curl() {{ {script}\n}}\n{text}"
    made = subprocess.run([tool("sh"), "-c", shell], capture_output=True, check=True).stdout
    assert words(text)[1:] == made.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "text",
    ["curl $'a\\'b\\n\\u00fc\\x41\\\\'", "curl $'tab\\there'", "curl a$'b'c"],
)
def test_an_ansi_quoted_word_is_what_bash_makes_of_it(text):
    if shutil.which("bash") is None:
        pytest.skip("the program bash is not installed")
    shell = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{text}"
    made = subprocess.run(
        ["bash", "-c", shell], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    ).stdout
    assert words(text)[1:] == made.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    ("text", "last"),
    [("'never closed", ["never closed"]), ('"never closed\\', ["never closed"]), ("$'x", ["x"]), ("\\", []), ("$", ["$"])],
)  # fmt: skip
def test_a_quote_that_is_never_closed_ends_with_the_text(text, last):
    assert words(f"curl {text}") == ["curl", *last]


def test_a_word_goes_on_behind_a_backslash_at_the_end_of_a_line_of_windows_too():
    assert words("curl 'a' \\\r\n b\\\r\nc \"d\\\r\ne\"") == ["curl", "a", "bc", "de"]


@pytest.mark.parametrize(
    ("text", "url", "method", "headers", "body"),
    [
        ("curl https://a.example/", "https://a.example/", "", (), b""),
        ("$ curl -sSL https://a.example/", "https://a.example/", "", (), b""),
        ("curl.exe https://a.example/", "https://a.example/", "", (), b""),
        ("curl -X PUT --url https://a.example/ -d a=b", "https://a.example/", "PUT", (), b"a=b"),
        ("curl -XPUT -da=b https://a.example/", "https://a.example/", "PUT", (), b"a=b"),
        ("curl --request=PUT --data=a=b https://a.example/", "https://a.example/", "PUT", (), b"a=b"),
        ("curl https://a.example/ -d a=b --data-raw c=d", "https://a.example/", "", (), b"a=b&c=d"),
        ("curl -G https://a.example/ -d a=b -d c=d", "https://a.example/?a=b&c=d", "", (), b""),
        ("curl -G 'https://a.example/?x=y' -d a=b", "https://a.example/?x=y&a=b", "", (), b""),
        ("curl https://a.example/ --data-urlencode 'a=b c&d'", "https://a.example/", "", (), b"a=b+c%26d"),
        (
            "curl https://a.example/ -H 'Officernd-Signature: t=1' -H 'A:b' --data-binary '{}'",
            "https://a.example/",
            "",
            (("officernd-signature", "t=1"), ("a", "b")),
            b"{}",
        ),
        ("curl -b c=d -A x -u a:b -o f https://a.example/", "https://a.example/", "", (), b""),
        ("curl https://a.example/ --json '{}'", "https://a.example/", "", (("content-type", "application/json"),), b"{}"),
        ("curl \"https://a.example/?b=c\" ^\n  -H \"A: b\" ^\n  --compressed", "https://a.example/?b=c", "", (("a", "b"),), b""),
        ("curl `\n  https://a.example/", "https://a.example/", "", (), b""),
    ],
)  # fmt: skip
def test_a_curl_command_asks_for_what_curl_would_send(text, url, method, headers, body):
    command = curl(text)
    assert command is not None
    assert (command.url, command.method, command.headers, command.body) == (url, method, headers, body)


WITH_VALUE = (
    "--abstract-unix-socket", "--alt-svc", "--aws-sigv4", "--cacert", "--capath", "-E", "--cert", "--cert-type", "--ciphers", "-K", "--config", "--connect-timeout",
    "--connect-to", "-C", "--continue-at", "-b", "--cookie", "-c", "--cookie-jar", "--create-file-mode", "--crlfile", "--curves", "-d", "--data", "--data-ascii",
    "--data-binary", "--data-raw", "--data-urlencode", "--delegation", "--dns-interface", "--dns-ipv4-addr", "--dns-ipv6-addr", "--dns-servers", "--doh-url",
    "-D", "--dump-header", "--egd-file", "--engine", "--etag-compare", "--etag-save", "--expect100-timeout", "-F", "--form", "--form-string", "--ftp-account",
    "--ftp-alternative-to-user", "--ftp-method", "-P", "--ftp-port", "--ftp-ssl-ccc-mode", "--happy-eyeballs-timeout-ms", "-H", "--header", "--hostpubmd5", "--hostpubsha256",
    "--hsts", "--interface", "--json", "--keepalive-time", "--key", "--key-type", "--krb", "--libcurl", "--limit-rate", "--local-port", "--login-options", "--mail-auth",
    "--mail-from", "--mail-rcpt", "--max-filesize", "--max-redirs", "-m", "--max-time", "--netrc-file", "--noproxy", "--oauth2-bearer", "-o", "--output", "--output-dir",
    "--parallel-max", "--pass", "--pinnedpubkey", "--proto", "--proto-default", "--proto-redir", "--proxy-cacert", "--proxy-capath", "--proxy-cert", "--proxy-cert-type",
    "--proxy-ciphers", "--proxy-crlfile", "--proxy-header", "--proxy-key", "--proxy-key-type", "--proxy-pass", "--proxy-pinnedpubkey", "--proxy-service-name",
    "--proxy-tls13-ciphers", "--proxy-tlsauthtype", "--proxy-tlspassword", "--proxy-tlsuser", "-U", "--proxy-user", "--proxy1.0", "--pubkey", "-Q", "--quote",
    "--random-file", "-r", "--range", "--rate", "-e", "--referer", "-X", "--request", "--request-target", "--resolve", "--retry", "--retry-delay", "--retry-max-time",
    "--sasl-authzid", "--service-name", "--socks4", "--socks4a", "--socks5", "--socks5-gssapi-service", "--socks5-hostname", "-Y", "--speed-limit", "-y", "--speed-time",
    "--stderr", "-t", "--telnet-option", "--tftp-blksize", "-z", "--time-cond", "--tls-max", "--tls13-ciphers", "--tlsauthtype", "--tlspassword", "--tlsuser",
    "--trace", "--trace-ascii", "--unix-socket", "-T", "--upload-file", "--url", "--url-query", "-u", "--user", "-A", "--user-agent", "-w", "--write-out", "-x",
    "--proxy", "--preproxy",
)  # fmt: skip
"""Each option of curl 7.88 for which `curl --help all` names a value, but for `--help`; proxies by curl's manual."""


@pytest.mark.parametrize("value", ["5", "https://other.example/?c=d"])
def test_the_value_of_an_option_of_curl_is_not_taken_for_the_url(value):
    commands = {option: curl(f"curl {option} '{value}' https://a.example/?a=b") for option in WITH_VALUE}
    urls = {option: command.url for option, command in commands.items() if command and option != "--url"}
    assert {option for option, url in urls.items() if url != "https://a.example/?a=b"} == set()
    assert len(urls) == len(WITH_VALUE) - 1 > 150


def test_fields_of_a_form_are_its_parts():
    """RFC 7578; curl 7.88 writes these lines with a boundary of its own."""
    command = curl(
        "curl https://a.example/ -F 'register={\"a\":1};type=application/json' --form-string 'b=@c'"
    )
    assert command is not None
    boundary = command.headers[0][1].partition("boundary=")[2].encode()
    assert command.body == (
        b'--%b\r\nContent-Disposition: form-data; name="register"\r\n\r\n{"a":1}\r\n'
        b'--%b\r\nContent-Disposition: form-data; name="b"\r\n\r\n@c\r\n--%b--\r\n'
    ) % (boundary, boundary, boundary)


@pytest.mark.parametrize(
    "text", ["curl https://a.example/ -d @body.json", "curl https://a.example/ -F 'a=<b.json'"]
)
def test_a_body_in_a_file_is_said_to_be_missing(text):
    command = curl(text)
    assert command is not None and "file" in command.undone[0]


def test_a_fetch_that_names_no_method_and_no_body_has_none():
    command = fetch('fetch("https://a.example/?b=c")')
    assert command is not None and (command.method, command.headers, command.body) == ("", (), b"")


def test_a_fetch_of_a_browser_is_read():
    command = fetch(
        'await fetch("https://a.example/?b=c", {\n  "headers": {\n    "content-type": "application/json"\n  },\n'
        '  "body": "{\\"a\\":\\"\\u00fc\\n\\"}",\n  "method": "POST"\n});'
    )
    assert command is not None
    assert (command.url, command.method) == ("https://a.example/?b=c", "POST")
    assert command.headers == (("content-type", "application/json"),)
    assert command.body == '{"a":"ü\n"}'.encode()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("wget 'https://a.example/?b=c'", "https://a.example/?b=c"),
        ("$ wget -q https://a.example/", "https://a.example/"),
        ('Invoke-WebRequest -Uri "https://a.example/?b=c"', "https://a.example/?b=c"),
        ("http https://a.example/", "https://a.example/"),
    ],
)
def test_other_commands_have_a_url(text, url):
    command = fetch(text)
    assert command is not None and command.url == url


@pytest.mark.parametrize(
    "text",
    [
        "wget --post-data 'a=b&c=d' https://a.example/",
        "wget --post-data='a=b&c=d' https://a.example/",
        "wget --method=POST --body-data='a=b&c=d' https://a.example/",
        "Invoke-WebRequest -Uri https://a.example/ -Method POST -Body 'a=b&c=d'",
        "http --raw 'a=b&c=d' POST https://a.example/",
    ],
)
def test_other_commands_have_a_body(text):
    """The manuals of wget, of HTTPie, and of PowerShell, where names of parameters have no case."""
    command = fetch(text)
    assert command is not None and (command.url, command.body) == ("https://a.example/", b"a=b&c=d")


@pytest.mark.parametrize(
    "text", ["", "curl", "curly https://a.example/", "https://a.example/", "fetch", "httpx"]
)
def test_anything_else_is_no_command(text):
    assert curl(text) is None and fetch(text) is None
