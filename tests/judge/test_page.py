"""The page on judging says what the command does."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from handshakes.judge.judgement import levels
from handshakes.judge.operating import listens, running
from handshakes.judge.profile import parse
from handshakes.judge.report import ORDER
from handshakes.officernd.simulator.faults import FAULTS
from handshakes.spec.register import load
from tests.cli.test_cli import run  # noqa: F401
from tests.oracles import tool

PAGE = (Path(__file__).parents[2] / "docs" / "judge.md").read_text("utf-8")

COMMANDS = {
    language: [json.loads(words) for words in re.findall(r"`(\[.*?\])`", cell)]
    for language, cell in re.findall(r"^\| ([A-Z]\w+) \| (`\[.*) \|$", PAGE, re.M)
}
SOURCES = {
    "Node": """require("node:http").createServer((_, answer) => answer.end("it answers"))
        .listen(process.env.PORT, "127.0.0.1")""",
    "PHP": """<?php echo "it answers";""",
    "Python": """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nit answers")
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"it answers"})
if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
""",
    "Ruby": """
require "socket"
server = TCPServer.new("127.0.0.1", ENV["PORT"])
loop do
  client = server.accept
  client.gets("\\r\\n\\r\\n")
  client.write("HTTP/1.0 200 OK\\r\\n\\r\\nit answers")
  client.close
end
""",
    "Go": """package main

import (
    "fmt"
    "net"
    "os"
)

func main() {
    server, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
    for err == nil {
        client, _ := server.Accept()
        _, _ = client.Read(make([]byte, 4096))
        fmt.Fprint(client, "HTTP/1.0 200 OK\\r\\n\\r\\nit answers")
        client.Close()
    }
}
""",
}
"""A program of each language that answers, to be started as the page says."""
FILES = {
    "Node": "server.js",
    "PHP": "router.php",
    "Python": "server.py",
    "Ruby": "server.rb",
    "Go": "server.go",
}
PROFILE = next(parse(text) for text in re.findall(r"```toml\n(.*?)```", PAGE, re.S) if "command =" in text)


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.S))
def test_a_profile_of_the_page_is_one(text):
    assert parse(text) != parse("")


def test_every_judgement_is_explained_but_one_that_the_table_of_statuses_explains():
    rows = set(re.findall(r"^\| ([a-z ]+) \|", PAGE, re.M)) - {"judgement", "language"}
    assert rows == set(ORDER) - {"passes again"}
    assert re.findall(r"^\| ([0-9]) \|", PAGE, re.M) == ["0", "1", "2", "3", "4"]


def test_the_failure_that_is_shown_names_a_clause_and_a_case_that_exist():
    block = re.search(r"```text\n(FAIL .*?)```", PAGE, re.S)[1]
    clause, case = re.search(r"FAIL +(\S+)", block)[1], re.search(r"--only (\S+)", block)[1]
    assert levels(load("officernd"))[clause] == "must"
    assert FAULTS[case].clause == clause
    assert load("officernd").clause(clause).text in block


def test_the_options_of_the_page_exist(run):  # noqa: F811
    help_ = run("judge", "--help").text
    named = set(re.findall(r"`?(--[a-z][a-z-]+)", PAGE)) - {"--depth"}
    assert {name for name in named if name not in help_} == set()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param(language, words, id=" ".join(words))
        for language, each in COMMANDS.items()
        for words in each
    ],
)
def test_a_program_is_started_and_ended_by_the_command_of_the_page(language, words, tmp_path):
    program = tool("go" if language == "Go" else words[0])
    (tmp_path / FILES[language]).write_text(SOURCES[language], "utf-8")
    if language == "Go":
        build = re.search(r"`(go build [^`]*)`", PAGE)[1].split()[1:-1]
        subprocess.run([program, *build, FILES[language]], cwd=tmp_path, check=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = replace(
        PROFILE,
        command=tuple(word.replace("3000", port) for word in words),
        environment={**PROFILE.environment, "PORT": port, "PATH": path},
        patience_seconds=60,
    )
    origin = f"http://127.0.0.1:{port}"
    simulator = {"platform": "http://127.0.0.1:8701"}
    with running(given, simulator, tmp_path, origin), urllib.request.urlopen(origin, timeout=60) as answer:
        assert answer.read() == b"it answers"
    assert not listens(origin)


def test_a_command_is_shown_for_each_of_five_languages():
    assert set(COMMANDS) == set(SOURCES)
    assert PROFILE.command == tuple(COMMANDS["Node"][0])
    assert PROFILE.environment["PORT"] == "3000"
