"""What tools export is opened; the texts are as the tools write them, shortened."""

from __future__ import annotations

import base64
import subprocess

import pytest

from handshakes.explain.exports import opened

REQUEST = b"GET /h?slug=a&signature=t%3D17 HTTP/1.1\r\nHost: p.example\r\n\r\n"


@pytest.mark.parametrize("coded", ["true", "false"])
def test_an_export_of_burp_suite_is_opened(coded):
    inner = base64.b64encode(REQUEST).decode() if coded == "true" else REQUEST.decode()
    undone: list[str] = []
    text = f'<items><item><request base64="{coded}"><![CDATA[{inner}]]></request></item></items>'
    assert opened(text, undone) == REQUEST
    assert undone == ["an export of Burp Suite"]


@pytest.mark.parametrize("command", [["od", "-A", "x", "-t", "x1"], ["hexdump", "-C"], ["xxd"]])
def test_a_dump_of_bytes_is_opened(command):
    try:
        text = subprocess.run(command, input=REQUEST, capture_output=True, check=True).stdout.decode()
    except FileNotFoundError:
        pytest.skip(f"needs {command[0]}")
    assert opened(text, []) == REQUEST


def test_the_source_of_a_mail_is_opened():
    mail = "Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttps://a.example/?b=3Dc&d=\r\n=3De\r\n"
    assert opened(mail, []) == b"https://a.example/?b=c&d=e\n"
    coded = base64.b64encode(REQUEST).decode()
    assert opened(f"Subject: x\nContent-Transfer-Encoding: base64\n\n{coded}\n", []) == REQUEST


def test_the_output_of_httpie_is_opened():
    assert opened("$ http -v --offline\n" + REQUEST.decode(), []) == REQUEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "00000000",
        "0000: zz",
        '<request base64="maybe">',
        "a: b\n\nc",
        "https://a.example/?b=3Dc",
    ],
)
def test_what_is_no_export_is_left_alone(text):
    undone: list[str] = []
    assert (opened(text, undone), undone) == (None, [])
