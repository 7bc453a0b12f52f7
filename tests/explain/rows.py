"""Rows of the tables of mistakes: what somebody pastes, made by a real program where one is installed, and its cause.

A platform's `test_PLATFORM.py` has a list `ROWS`; `test_every_slip.py` asserts that each slip occurs in one of them.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from docs.slips_pages import sides

from handshakes.explain import Answer, explain
from handshakes.explain.entries import slips
from tests.oracles import tool

Pasted = Callable[[], str | bytes]
"""Makes what is pasted, when the test runs."""

_SNIPPETS: dict[str, dict[tuple[str, str], None]] = {"php": {}, "node": {}, "java": {}}
"""Every expression of a language with its variables: all of them run in one process."""

_PHP = r"""
foreach (json_decode(stream_get_contents(STDIN), true) as [$code, $names]) {
    $made = (static function () use ($code, $names) {
        extract($names);
        $h = fn($key, $text, $name = 'sha256', $raw = false) => hash_hmac($name, $text, $key, $raw);
        return eval("return $code;");
    })();
    $all[] = base64_encode((string) $made);
}
echo json_encode($all);
"""
_NODE = r"""
const crypto = require('crypto');
const h = (key, text, name = 'sha256', form = 'hex') => crypto.createHmac(name, key).update(text).digest(form);
const all = JSON.parse(require('fs').readFileSync(0, 'utf8')).map(([code, names]) => {
  const made = new Function('h', 'crypto', 'require', ...Object.keys(names), `return (${code})`)(
    h, crypto, require, ...Object.values(names));
  return Buffer.from(made).toString('base64');
});
process.stdout.write(JSON.stringify(all));
"""
_JAVA = r"""
import java.nio.charset.*; import java.util.*; import java.net.*;
public class Made {
  static String h(byte[] key, String text) throws Exception { return h("HmacSHA256", key, text.getBytes("UTF-8")); }
  static String h(String name, byte[] key, byte[] text) throws Exception {
    javax.crypto.Mac mac = javax.crypto.Mac.getInstance(name);
    mac.init(new javax.crypto.spec.SecretKeySpec(key, name));
    return HexFormat.of().formatHex(mac.doFinal(text));
  }
  public static void main(String[] given) throws Exception {
    String[] all = { ALL };
    for (String one : all) System.out.println(Base64.getEncoder().encodeToString(one.getBytes("UTF-8")));
  }
}
"""


def _literal(text: str) -> str:
    return json.dumps(text)  # Java reads JSON's escapes


@cache
def _outputs(language: str) -> dict[tuple[str, str], bytes]:
    """Run every registered expression of a language in one process; skips where it is not installed."""
    return _run(language, [*_SNIPPETS[language]])


@cache
def _alone(language: str, snippet: tuple[str, str]) -> bytes:
    """Run an expression that a test registered after the others had run."""
    return _run(language, [snippet])[snippet]


def _run(language: str, snippets: list[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    if language == "java":
        return _of_java(snippets)
    asked = json.dumps([[code, json.loads(names)] for code, names in snippets])
    script = ["-r", _PHP] if language == "php" else ["-e", _NODE]
    done = subprocess.run([tool(language), *script], input=asked.encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()[-500:]
    return dict(zip(snippets, map(base64.b64decode, json.loads(done.stdout)), strict=True))


def _of_java(snippets: list[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    from tempfile import TemporaryDirectory

    written = []
    for code, names in snippets:
        for name, value in json.loads(names).items():
            code = code.replace(f"${name}", _literal(value))
        written.append(code)
    with TemporaryDirectory() as folder:
        source = Path(folder) / "Made.java"
        source.write_text(_JAVA.replace("ALL", ",\n".join(written)), "utf-8")
        command = [tool("java"), "-Dfile.encoding=UTF-8", str(source)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return dict(zip(snippets, map(base64.b64decode, done.stdout.split()), strict=True))


def made_by(language: str, code: str, **names: str) -> Callable[[], str]:
    """Register an expression of PHP, JavaScript or Java; return what gives its value as text.

    `h(key, text)` is that language's own HMAC. Variables are passed by name (in Java `$name` stands for a literal).
    """
    key = (code, json.dumps(names, sort_keys=True))
    _SNIPPETS[language][key] = None
    return lambda: (_outputs(language).get(key) or _alone(language, key)).decode("utf-8", "surrogateescape")


def run(*command: str, given: str | bytes = b"") -> bytes:
    """Return what a program prints."""
    content = given.encode() if isinstance(given, str) else given
    return subprocess.run(
        [tool(command[0]), *command[1:]], input=content, capture_output=True, timeout=60, check=True
    ).stdout


@dataclass(frozen=True)
class Row:
    """One mistake. `cause` is the id of an explanation in the first group, several ids joined by ` + `.

    `says` is part of what was changed, or of the sentence. An option that can be called is called when the test runs.
    """

    name: str
    cause: str
    pasted: Pasted
    options: dict[str, Any] = field(default_factory=dict)
    says: str = ""


def answered(platform: str, row: Row, **defaults: Any) -> Answer:
    """Return the answer to a row; `defaults` are the secret and the time where the row has none."""
    options = {name: value() if callable(value) else value for name, value in row.options.items()}
    return explain(platform, row.pasted(), **{**defaults, **options})


def ids(answer: Answer, group: int = 0) -> list[str]:
    """Return the ids of one group's explanations."""
    return [one.id for one in answer.explanations[group]] if len(answer.explanations) > group else []


def check(platform: str, row: Row, private: Iterable[str], **defaults: Any) -> None:
    """Assert that the cause is in the first group, that nothing was accepted, and that no secret is shown."""
    answer = answered(platform, row, **defaults)
    wanted = {*row.cause.split(" + ")}
    first = answer.explanations[0] if answer.explanations else ()
    members = [one for one in first if {part.id for part in one.parts} == wanted]
    assert members, (
        row.cause,
        [ids(answer, n) for n in range(4)],
        answer.verdict,
        answer.reason,
        answer.says,
    )
    if row.says:
        assert any(row.says in f"{one.says} {one.change}" for one in members), [one.change for one in members]
    right = row.cause == "time-in-milliseconds"  # the one mistake that no signature shows
    assert (answer.verdict, answer.returns, answer.signature_fits) == ("refused", None, right)
    if wanted <= {*slips()} - {"form-cut"}:  # another hash that was cut has the right length
        seen = {code for id in wanted for code in sides(slips()[id]).sees}
        assert answer.reason in seen, (row.cause, answer.reason, seen)
    assert all(part.says and part.cure for one in first for part in one.parts)
    said = json.dumps(answer.as_json(), ensure_ascii=False)
    for secret in private:
        assert secret not in said and json.dumps(secret)[1:-1] not in said
