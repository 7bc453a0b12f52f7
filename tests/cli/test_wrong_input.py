"""Wrong input at the command line: no traceback, the exit code of the table, and a message that says what to do.

The exit codes are those of the command's own table: 1 something failed or was refused, 2 wrong usage, 3 the other
side could not be reached or broke the exchange, 4 nothing was judged, 5 a defect of the tool, which none of these is.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.test_cli import COMMAND, NOW, SECRET, TARGET, run, unprintable  # noqa: F401  (run is a fixture)

ECHOES = ("vectors", "run", "--command", "cat")
SERVES = ("serve", "officernd", "--only", "platform", "--set")


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    """A folder with files of every wrong kind, in which the command runs."""
    (tmp_path / "folder").mkdir()
    for name, content in {
        "nothing": b"", "blank": b" \n", "binary": b"\xff\xfe", "nul": b"a\0b",
        "object.json": b"{}", "list.json": b"[1]", "cut.toml": b"x = ", "thin.toml": b'platform = "officernd"',
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


WRONG = [
    # names
    (("tourr",), 2, "Did you mean 'tour'?"),
    (("tour", "officernd", "nobody"), 2, "Unknown platform 'nobody'"),
    (("tour", "--bodies=1"), 2, "does not take a value"),
    (("verify", "OfficeRnD", TARGET), 2, "Did you mean officernd?"),
    (("serve", "officernd", "fortis"), 2, "unexpected extra argument"),
    (("serve", "fortis", "--only", "both"), 2, "--only is platform or partner, not 'both'"),
    # verify: the request
    (("verify", "officernd"), 2, "piped to -, or with --file"),
    (("verify", "officernd", " "), 2, "Give the request"),
    (("verify", "officernd", "-"), 2, "standard input was empty"),
    (("verify", "officernd", "--file", "nothing"), 2, "nothing is empty"),
    (("verify", "officernd", "--file", "blank"), 2, "blank is empty"),
    (("verify", "officernd", "--file", "folder"), 2, "folder cannot be read: Is a directory"),
    (("verify", "officernd", "--file", "absent"), 2, "absent cannot be read: No such file"),
    (("verify", "officernd", "--file", "/dev/zero"), 2, "is over 1048576 bytes"),
    (("verify", "officernd", TARGET, "--file", "blank"), 2, "give one request"),
    (("verify", "officernd", TARGET, "--body", "nul"), 2, "give one request"),
    (("verify", "officernd", "--file", "blank", "--header", "t=1"), 1, "Read as an empty body"),
    (("verify", "officernd", "hello world"), 4, "No request was recognised"),
    (("verify", "retailcrm", "hello"), 4, "Nothing to verify"),
    (("verify", "onoffice", "http://["), 4, "Nothing to verify"),
    (("verify", "fortis", "hello world"), 4, "Nothing to verify"),
    (("verify", "officernd", "--file", "binary"), 4, "Nothing but blanks or a byte order mark"),
    (("verify", "retailcrm", "https://x.example/?a=1"), 1, "missing-parameter"),
    (("verify", "onoffice", "https://x.example:99999/?signature=aa"), 1, "onoffice:url.port"),
    (("verify", "fortis", "https://x.example/?data=%%%"), 1, "an incomplete percent escape"),
    (("verify", "retailcrm", "--body", "nul"), 4, "No request was recognised"),
    (("verify", "officernd", "--body", "nothing", "--header", "t=1"), 1, "Refused: "),
    (("verify", "fortis", "--body", "nothing"), 2, "nothing is empty"),
    # verify: the secret and the rest
    (("verify", "officernd", TARGET, "--secret-env", ""), 2, "--secret-env needs the name"),
    (("verify", "officernd", TARGET, "--secret-env", "A=B"), 2, "not 'A=B'"),
    (("verify", "officernd", TARGET, "--secret-env", "NOT_SET"), 2, "set NOT_SET"),
    (("verify", "officernd", TARGET, "--secret-file", "folder"), 2, "Is a directory"),
    (("verify", "officernd", TARGET, "--reading", "officernd:signature.order"), 2,
     "Did you mean officernd:signature.order=sorted?"),
    (("verify", "officernd", TARGET, "--reading", "fortis:x"), 2, "Unknown reading 'fortis:x'. `handshakes"),
    (("verify", "officernd", TARGET, *(f"--reading=officernd:signature.json={one}" for one in ("spaced", "ascii-escaped"))), 2,
     "--reading was given twice for the stage json: choose one"),
    (("verify", "officernd", TARGET, "--now", "9" * 30), 1, "Refused: stale"),
    # verify: what explain is given
    (("verify", "officernd", TARGET, "--mine", ""), 2, "--mine is empty"),
    (("verify", "officernd", TARGET, "--mine", "x", "--mine-file", "nul"), 2, "not both"),
    (("verify", "officernd", TARGET, "--mine-file", "folder"), 2, "Is a directory"),
    (("verify", "officernd", TARGET, "--mine-digest", ""), 2, "--mine-digest is a digest in hex or base64"),
    (("verify", "officernd", TARGET, "--mine-digest", "zz"), 2, "not 'zz'"),
    (("verify", "onoffice", TARGET, "--origin", "nonsense"), 2, "--origin is a whole address"),
    (("verify", "onoffice", TARGET, "--origin", "https://a:99999"), 2, "--origin is a whole address"),
    (("verify", "officernd", TARGET, "--format", "xml"), 2, "'xml' is not one of"),
    (("verify", "officernd", "curl 'https://x"), 4, "neither a parameter signature nor a body"),
    (("verify", "officernd", '{"log": {"entries": []}}'), 4, "without requests"),
    # explain and probe
    (("explain", "stalee"), 2, "Did you mean stale? `handshakes explain` lists them"),
    (("explain", "officernd"), 2, "Unknown reason, slip or clause 'officernd'"),
    (("explain", "nothing:here"), 2, "Unknown platform 'nothing'"),
    (("explain", "officernd:signature.ordr"), 2, "Did you mean officernd:signature.order?"),
    (("explain", "\x1b[31m"), 2, r"Unknown reason, slip or clause '\x1b[31m'"),
    (("explain", "https://partner.example/a?b=c"), 2, "a request. For one: `handshakes verify PLATFORM`, with officernd, "),
    (("explain", "/integration/healthcheck?slug=a"), 2, "`handshakes verify PLATFORM`"),
    (("explain", "curl 'https://partner.example/a'"), 2, "`handshakes verify PLATFORM`"),
    (("explain", "POST / HTTP/1.1\r\nHost: a\r\n\r\nregister=x"), 2, "`handshakes verify PLATFORM`"),
    (("explain", '10.0.0.1 - - "GET /integration/healthcheck'), 2, "`handshakes verify PLATFORM`"),
    (("explain", "register=%7B%7D"), 2, "`handshakes verify PLATFORM`"),
    (("explain", "data=U2FsdGVkX1"), 2, "`handshakes verify PLATFORM`"),
    (("explain", '{"event": "app.uninstalled"}'), 2, "`handshakes verify PLATFORM`"),
    (("clauses", "show", "https://partner.example/a"), 2, "`handshakes verify PLATFORM`"),
    (("vectors", "show", "https://partner.example/a"), 2, "`handshakes verify PLATFORM`"),
    (("verify", TARGET), 2, "`handshakes verify PLATFORM`"),
    (("tour", "https://partner.example/a"), 2, "`handshakes verify PLATFORM`"),
    (("explain", "signature mismatch"), 2, "Did you mean signature-mismatch?"),
    (("explain", "signature.order=sorted"), 2, "Unknown reason, slip or clause 'signature.order=sorted'"),
    (("probe", "officernd"), 2, "Missing argument 'FILE'"),
    (("probe", "nobody", "nul"), 2, "Unknown platform 'nobody'"),
    (("probe", "officernd", "absent"), 2, "absent cannot be read"),
    (("probe", "officernd", "nul"), 4, "nul: No request was recognised"),
    # serve
    ((*SERVES, "partner_url=http://"), 2, "a whole URL, as http://127.0.0.1:3000/path"),
    ((*SERVES, "partner_url=http://127.0.0.1:99999/"), 2, "a whole URL"),
    ((*SERVES, "partner_url=http://127.0.0.1:0/"), 2, "a whole URL"),
    ((*SERVES, "partner_url=http://[/"), 2, "a whole URL"),
    ((*SERVES, "partner_url=http://127.0.0.1:3000/#a"), 2, "a whole URL"),
    (("serve", "officernd", "--store", "nul"), 2, "the store in nul cannot be opened"),
    (("serve", "officernd", "--store", "folder/\udcff"), 2, "its path is not UTF-8"),
    ((*SERVES, "code_seconds=-5"), 2, "it has to be a whole number of seconds"),
    ((*SERVES, "code_seconds=soon"), 2, "it has to be a whole number of seconds"),
    ((*SERVES, "client_id=two words"), 2, "it has to be ASCII text without spaces"),
    ((*SERVES, "client_id="), 2, "it has to be ASCII text without spaces"),
    ((*SERVES, "code_seconds=\u0663"), 2, "it has to be a whole number of seconds"),
    ((*SERVES, "partner_url=http://a.example/a b"), 2, "a whole URL"),
    ((*SERVES, "account_name=a\u2028b"), 2, "it has to be printable text"),
    (("serve", "retailcrm", "--set", "unavailable="), 2, "it has to be printable text"),
    (("serve", "retailcrm", "--set", "code=%%%"), 2, "Latin letters, digits, hyphens and underscores"),
    # vectors
    (("vectors", "run"), 2, "give the program that answers"),
    (("vectors", "run", "--command", "true", "fortis"), 3, "it ended"),
    (("vectors", "run", "--command", "yes", "fortis"), 3, "did not keep to the exchange"),
    ((*ECHOES, "fortis"), 1, "the answer has no verdict"),
    ((*ECHOES, "--operations", ","), 2, "--operations names no operation"),
    ((*ECHOES, "--canonical", "--reading", "officernd:signature.order=sorted"), 2, "leave --reading out"),
    ((*ECHOES, "fortis", "--reading", "officernd:signature.order=sorted"), 2, "Unknown reading"),
    (("vectors", "list", "--clause", "officernd:signature.ordr"), 2, "Did you mean officernd:signature.order?"),
    (("vectors", "list", "fortis", "--clause", "officernd:signature.order"), 1, "No vector matches"),
    (("vectors", "list", "--reason", "stalee"), 2, "Unknown reason 'stalee'. Did you mean stale? `handshakes explain` lists them"),
    (("vectors", "list", "officernd", "--reason", "replayed"), 1, "No vector matches"),
    (("vectors", "list", "--reading", "officernd:signature.order=as-received"), 1, "is the adopted reading"),
    (("vectors", "show", "officernd/"), 2, "Unknown vector 'officernd/'. `handshakes"),
    (("vectors", "lint", "folder"), 2, "folder: is not a regular file"),
    (("vectors", "lint", "absent.json"), 2, "absent.json: there is no such file in "),
    (("vectors", "lint", "./absent"), 2, "./absent: there is no such file in "),
    (("vectors", "lint", "absent"), 2, "Unknown platform 'absent'"),
    (("vectors", "lint", "x" * 5_000), 2, "File name too long"),
    (("vectors", "lint", "object.json"), 1, "is a required property"),
    (("vectors", "lint", "list.json"), 1, 'is not of type "object"'),
    (("vectors", "lint", "binary"), 1, "not UTF-8"),
    # clauses
    (("clauses", "show", "officernd:"), 2, "Unknown clause or ambiguity 'officernd:'. `handshakes clauses list"),
    (("clauses", "show", "officernd:="), 2, "Unknown reading 'officernd:='. `handshakes clauses list officernd"),
    (("clauses", "list", "--matrix", "absent"), 2, "absent: is not what a run of the tests writes"),
    (("clauses", "list", "--matrix", "folder"), 2, "folder: is not what"),
    (("clauses", "list", "--matrix", "list.json"), 2, "list.json: is not what"),
    (("clauses", "lint", "folder"), 2, "folder: is not a regular file"),
    (("clauses", "lint", "absent.toml"), 2, "absent.toml: there is no such file in "),
    (("clauses", "lint", "./absent"), 2, "./absent: there is no such file in "),
    (("clauses", "lint", "cut.toml"), 1, "not TOML"),
    (("clauses", "lint", "thin.toml"), 1, "missing key 'schema'"),
    (("clauses", "lint", "binary"), 1, "not UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "said"), WRONG, ids=[" ".join(words)[:60] for words, _, _ in WRONG]
)
def test_wrong_input_ends_with_its_exit_code_and_says_what_is_wrong(run, files, arguments, code, said):  # noqa: F811
    ran = run(*arguments, secret=SECRET)
    assert (ran.code, said in re.sub(r" ?│ ?", " ", ran.text)) == (code, True), ran.text
    assert len(ran.text) < 20_000
    assert unprintable(ran.out + ran.err) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("nul", "others can read nul: chmod 600 it, then rotate the keys."),
        ("folder/..", "folder/.. cannot be read: Is a directory."),
        ("y" * 300, "cannot be read: File name too long."),
    ],
)
def test_what_is_wrong_with_a_file_of_keys_is_no_question_of_a_database(run, files, keys, said):  # noqa: F811
    (files / "nul").chmod(0o644)
    (files / "folder" / "..").chmod(0o700)
    ran = run("serve", "officernd", "--store", "kept", "--keys", keys)
    assert (ran.code, ran.err.rstrip().endswith(said)) == (2, True), ran.err
    missing = run("serve", "officernd", "--store", "kept", "--keys", "absent")
    assert "To make one: " in missing.err, "and that one is told how to make it"


@pytest.mark.parametrize("pair", [("nothing", "nothing"), ("binary", "nul"), ("object.json", "nothing")])
def test_what_is_no_certificate_and_no_key_is_told_what_they_have_to_be(run, files, pair):  # noqa: F811
    words = ("serve", "officernd", "--only", "platform", "--tls-cert", pair[0], "--tls-key", pair[1])
    ran = run(*words)
    assert (ran.code, "_ssl.c" in ran.err) == (2, False), ran.err
    assert "cannot be used: they have to be a certificate and its private key without a password" in ran.err


LONG = "x" * 100_000
BLANKS = "x y " * 25_000


@pytest.mark.parametrize("long", [LONG, BLANKS], ids=["a word", "with blanks"])
@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (("explain",), "`handshakes explain` lists them"),
        (("clauses", "show"), "An example is officernd:signature.order"),
        (("vectors", "list", "--reason"), "`handshakes explain` lists them"),
        (("vectors", "list", "--clause"), "`handshakes clauses list` lists them"),
        (("vectors", "list", "--reading"), "`handshakes clauses show CLAUSE` lists them"),
        (("vectors", "show"), "Choose one of: officernd, retailcrm, onoffice, fortis"),
        (("tour",), "Choose one of: officernd, retailcrm, onoffice, fortis"),
    ],
)
def test_a_long_argument_does_not_hide_what_to_do(run, arguments, long, last):  # noqa: F811
    ran = run(*arguments, long)
    assert (ran.code, len(ran.err) < 800, ran.err.rstrip().endswith(last)) == (2, True, True), ran.err[-200:]


def test_a_long_argument_is_shown_by_its_beginning_and_its_end(run):  # noqa: F811
    ran = run("explain", "begin" + LONG + "end")
    assert "'beginxxxxxx" in ran.err and "…" in ran.err and len(ran.err) < 300
    url = "http://127.0.0.1:99999/" + "a" * 150  # what fits is shown whole
    assert url in re.sub(r"\s", "", run(*SERVES, f"partner_url={url}").err)


def test_a_launch_without_an_hmac_is_not_explained_by_a_mistake(run):  # noqa: F811
    """The empty text is what no MAC gives."""
    ran = run("verify", "fortis", "https://app.example/?slug=a&signature=abc", secret=SECRET)
    assert (ran.code, "missing-parameter" in ran.out, "Likely cause" in ran.out) == (1, True, False)


@pytest.mark.parametrize("words", [(), ("tour",), ("vectors", "run"), ("clauses", "show")])
def test_h_is_help(run, words):  # noqa: F811
    assert run(*words, "-h").out == run(*words, "--help").out


def test_explain_without_an_id_lists_what_it_explains(run):  # noqa: F811
    ran = run("explain")
    assert ran.code == 0
    for line in ("stale ", "signature-mismatch ", "form-upper-case "):
        assert re.search(rf"^{line} *[A-Z]", ran.out, re.MULTILINE), line


def test_the_help_lists_the_exit_codes(run):  # noqa: F811
    text = run("--help").text
    for code in (
        "0 all held",
        "1 something failed",
        "2 wrong usage",
        "3 the other side",
        "4 nothing was judged",
        "5 a defect",
        "130 stopped by Ctrl-C",
    ):
        assert code in text


# --- a request that leaves nothing in the shell's history ------------------------------------------


def test_a_request_from_a_file(run, tmp_path):  # noqa: F811
    file = tmp_path / "request"
    file.write_text(f"https://partner.example{TARGET}\r\n")
    ran = run("verify", "officernd", "--file", str(file), "--now", str(NOW), secret=SECRET)
    assert (ran.code, ran.out.startswith("Verified.")) == (0, True)


def typed(words: list[str], *answers: tuple[str, str]) -> tuple[int, str]:
    """Run the command in a terminal, and type a line after each prompt; return the exit code and the screen."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", "TERM": "dumb"}
    environment.pop("HANDSHAKES_SECRET", None)
    process = subprocess.Popen(
        [COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )  # fmt: skip
    os.close(theirs)
    screen, end = "", time.monotonic() + 60
    left = list(answers)
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                screen += os.read(ours, 65_536).decode("utf-8", "replace")
            except OSError:  # the other end was closed
                break
            if left and left[0][0] in screen:
                answer = left.pop(0)[1].encode()
                if answer == b"\x03":  # the terminal is not the controlling one, which would send the signal
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(ours, answer if answer == b"\x04" else answer + b"\n")
        return process.wait(10), screen
    finally:
        process.kill()
        os.close(ours)


def test_in_a_terminal_the_request_and_the_secret_are_asked_for():
    code, screen = typed(
        ["verify", "officernd", "--now", str(NOW)], ("Request (the URL or target): ", TARGET), ("Secret: ", SECRET)
    )  # fmt: skip
    assert (code, "Verified." in screen) == (0, True), screen
    assert SECRET not in screen, "it is not echoed"


@pytest.mark.parametrize(("key", "code", "said"), [("\x03", 130, ""), ("\x04", 2, "Give the request")])
def test_a_prompt_is_left_by_a_key(key, code, said):
    """POSIX: a shell gives 128 and the signal's number for a command that a signal ended; SIGINT is 2."""
    ended, screen = typed(["verify", "officernd"], ("Request (the URL or target): ", key))
    assert (ended, said in screen) == (code, True), screen


@pytest.mark.parametrize(("key", "code", "said"), [("\x03", 130, ""), ("\x04", 2, "the secret is empty")])
def test_the_prompt_of_the_secret_is_left_by_a_key(key, code, said):
    answers = ("Request (the URL or target): ", TARGET), ("Secret: ", key)
    ended, screen = typed(["verify", "officernd"], *answers)
    assert (ended, said in screen) == (code, True), screen


def test_the_help_says_how_to_leave_no_trace_in_the_history(run):  # noqa: F811
    text = re.sub(r"[│ ]+", " ", run("verify", "--help").text)
    assert "an argument stays in the shell's history" in text
    for way in ("when you are asked", "pipe it to -", "--file"):
        assert way in text
    assert "The secret is never an argument." in text


# --- where the output goes -------------------------------------------------------------------------


def shell(script: str) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-c", script, COMMAND], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["tour fortis", "clauses list", "vectors list"])
def test_a_full_disk_is_no_defect_of_the_tool(words):
    code, text = shell(f'"$0" {words} > /dev/full')
    assert (code, "the output cannot be written: No space left on device" in text) == (1, True), text
    assert "defect" not in text


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_defect_of_the_tool(closed):
    code, text = shell(f'"$0" clauses show officernd:signature.order {closed}')
    assert (code, "Traceback" in text, "defect" in text) == (0, False, False), text


@pytest.mark.parametrize("request_", ["", "-"])
def test_a_closed_standard_input_is_an_empty_one(request_):
    code, text = shell(f'HANDSHAKES_SECRET=s "$0" verify officernd {request_} <&-')
    assert (code, "Give the request" in text, "defect" in text) == (2, True, False), text


def test_a_reader_that_goes_away_gets_no_traceback():
    code, text = shell('"$0" vectors list | head -n 1')
    assert (code, len(text.splitlines())) == (0, 1), text


def test_the_keys_of_the_environment_do_not_concern_the_tour():
    """Its store is temporary and has keys of its own."""
    code, text = shell('HANDSHAKES_STORE_KEYS=nonsense "$0" tour fortis | tail -n 8')
    assert (code, "0 failed" in text) == (0, True), text


def test_in_a_pipe_no_progress_is_shown():
    code, text = shell('"$0" vectors run fortis --command cat 2>&1 >/dev/null')
    assert (code, text) == (1, "")
    code, text = shell('"$0" tour fortis 2>&1 >/dev/null')
    assert (code, text) == (0, "")
