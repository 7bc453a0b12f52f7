"""What the marketplace page gives away as a HAR file and as a test: whole, masked, and true when it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import requests

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.web.exporting import har_of, pytest_of
from handshakes.web.wire import Exchange, level
from tests.browser.market import Market
from tests.web.test_wire import ask, last_signed, market  # noqa: F401  (a fixture)

ENTRY = {"startedDateTime", "time", "request", "response", "cache", "timings"}
REQUEST = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
RESPONSE = {
    "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize",
}  # fmt: skip
"""What HAR 1.2 requires of each object."""


def export(market: Market, form: str, **asked: Any) -> str:  # noqa: F811
    text = ask(market, "GET", "/export", form=form, **asked)["text"]
    assert isinstance(text, str)
    return text


def test_a_har_file_has_every_message_and_all_that_the_format_requires(market):  # noqa: F811
    log = json.loads(export(market, "har"))["log"]
    kept = market.wire("officernd").exchanges
    assert (log["version"], len(log["entries"])) == ("1.2", len(kept))
    assert log["creator"].keys() >= {"name", "version"}
    for entry, one in zip(log["entries"], kept.values(), strict=True):
        assert entry.keys() >= ENTRY
        assert entry["request"].keys() >= REQUEST and entry["response"].keys() >= RESPONSE
        assert entry["timings"].keys() >= {"send", "wait", "receive"}
        assert entry["response"]["content"].keys() >= {"size", "mimeType"}
        assert (entry["request"]["method"], entry["response"]["status"]) == (
            one.request.method, one.response.status,
        )  # fmt: skip
    (entry,) = json.loads(export(market, "har", n=last_signed(market)))["log"]["entries"]
    assert entry["request"]["queryString"][0] == {"name": "slug", "value": "test-slug"}


def test_no_secret_and_no_length_of_one_is_in_what_is_exported(market):  # noqa: F811
    platform = market.hosts["officernd"].place.sides.platform
    said = export(market, "har") + "".join(
        export(market, "pytest", n=n) for n in market.wire("officernd").exchanges
    )
    secrets = [*platform.tokens, *(one.refresh_token for one in platform.tokens.values()), *platform.grants]
    assert len(secrets) >= 3 and [secret for secret in secrets if secret in said] == []
    assert said.count("‹secret, ") > 3 and "characters, sha256" not in said


@pytest.mark.parametrize("name", ["a+b^", "x" * 200, "‹", "(a|b)*$"])
def test_a_mask_is_as_long_as_any_other_whatever_the_secret_is(market, name):  # noqa: F811
    wire, secret = market.wire("officernd"), f"{name}-very-secret"
    target = f"/x?token={requests.utils.quote(secret, safe='')}"
    one = wire.began(
        "browser", "partner", Request("GET", "http://127.0.0.1:1", target, (("authorization", f"Bearer {secret}"),))
    )  # fmt: skip
    wire.ended(one, Response(200, (("content-type", "text/plain"),), f"you sent {secret}".encode()))
    place = market.hosts["officernd"].place
    (entry,) = json.loads(har_of(place, [one]))["log"]["entries"]
    mask = level("another secret of another length")
    shape = len(mask)
    sent, came = entry["request"]["headers"][0]["value"], entry["response"]["content"]["text"]
    assert sent.startswith("Bearer ‹secret, ") and len(sent) == len("Bearer ") + shape
    assert came.startswith("you sent ‹secret, ") and len(came) == len("you sent ") + shape
    assert secret not in har_of(place, [one]) + pytest_of(place, one)


def ran(tmp_path, text: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_exported.py").write_text(text)
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_exported.py"]  # fmt: skip
    return subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=alone
    )


def test_an_exported_test_passes_and_with_a_changed_byte_it_fails(market, tmp_path):  # noqa: F811
    text = export(market, "pytest", n=last_signed(market))
    compile(text, "test_exported.py", "exec")
    changed = text.replace("slug=test-slug", "slug=test-slut").replace("def test_", "def test_changed_")
    done = ran(tmp_path, text + changed.replace("TARGET", "CHANGED"))
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "assert 401 == 200" in done.stdout


def test_an_exported_test_that_holds_a_mask_says_so_before_it_sends_anything(market):  # noqa: F811
    kept, found = market.wire("officernd").exchanges, {}
    token = next(n for n, one in kept.items() if one.request.path == "/oauth/token")
    exec(export(market, "pytest", n=token), found)
    before = len(kept)
    with pytest.raises(AssertionError, match="Fill in what is masked"):
        found["test_the_answer_is_200"]()
    assert len(kept) == before


def hostile() -> Exchange:
    quotes = "'''\"\"\"\\{x}\n#"
    return Exchange(
        1, 1, "browser", "partner", Request("GET", "http://127.0.0.1:1", "/a'\"\\{b}", (("x-note", quotes),), quotes.encode()),
        None, 0, response=Response(200),
    )  # type: ignore[arg-type]  # fmt: skip


def test_what_travelled_stays_text_in_an_exported_test(market):  # noqa: F811
    found: dict[str, Any] = {"__name__": "exported"}
    exec(pytest_of(market.hosts["officernd"].place, hostile()), found)
    assert (found["TARGET"], found["HEADERS"], found["BODY"]) == (
        "/a'\"\\{b}", [("x-note", "'''\"\"\"\\{x}\n#")], b"'''\"\"\"\\{x}\n#",
    )  # fmt: skip


def test_a_message_without_an_answer_makes_no_test_but_a_har_entry(market):  # noqa: F811
    wire = market.wire("officernd")
    one = wire.began("partner", "OfficeRnD", Request("GET", "http://127.0.0.1:1", "/gone"))
    wire.ended(one, Unreachable("refused", "x"))
    headers = {"origin": market.url, "x-handshakes-token": market.token}
    for form, status in (("pytest", 409), ("har", 200), ("exe", 400)):
        asked = {"platform": "officernd", "n": one.number, "form": form}
        answer = requests.get(market.url + "/export", asked, headers=headers, timeout=60)
        assert answer.status_code == status
