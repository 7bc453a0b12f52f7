"""`serve` says why a request was refused: on the operator's page, and with a command that repeats it.

The requests come from outside, over HTTP; tokens and HMACs are made here with `hmac`.
"""

from __future__ import annotations

import base64
import html
import json
import re
import stat
from functools import partial
from pathlib import Path

import requests

from handshakes.core.messages import Request, form_body
from handshakes.core.refusals import Refused
from handshakes.onoffice import demo
from handshakes.runtime.flow import InProcess
from handshakes.runtime.story import Reports, Sides
from handshakes.runtime.watching import Kept, Watched
from handshakes.web.app.operator import Operator
from tests.cli.test_cli import command, serving
from tests.onoffice.sides import sides
from tests.onoffice.test_broken_platforms import action, active, posted

REGISTRATION = {
    "systemUrl": "https://demo.simla.com",
    "apiKey": "example-api-key",
    "token": "1d1586a2d0ef964e35833699072990b41973fc4f5254ab676ff13e59d89a78f5",
}
"""One of the worked values, for the secret `example-module-secret`."""


def text_of(page: requests.Response) -> str:
    return html.unescape(re.sub("<[^>]+>", "", page.text))


def test_a_refused_registration_is_explained_on_the_page_and_by_the_command():
    with serving(
        "--only", "partner", "--set", "platform_url=http://127.0.0.1:9", platform="retailcrm"
    ) as served:
        url = served.briefing()["register URL"]
        damaged = html.escape(json.dumps(REGISTRATION))
        assert requests.post(url, data={"register": damaged}, timeout=60).json()["success"] is False
        served.wait_for("why? http://127.0.0.1:")
        page = re.search(r"why\? (http://127.0.0.1:\d+/\?n=1) or: handshakes (verify .*)", served.text)
        assert page
        listed = requests.get(page[1].partition("?")[0], timeout=60)
        assert (listed.status_code, listed.text.count("why?")) == (200, 1)
        answer = text_of(requests.get(page[1], timeout=60))
        assert "The body was escaped for HTML." in answer
        assert "example-module-secret" not in listed.text + answer
        file = Path(page[2].rpartition(" ")[2])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        again = command(*page[2].split(), HANDSHAKES_SECRET="example-module-secret")
        assert (again.code, "The body was escaped for HTML." in again.out) == (1, True)
        assert served.interrupt() == 0
    assert not file.exists(), "what was refused does not stay behind"


def test_a_call_whose_hmac_does_not_match_is_explained_by_the_platform():
    """onOffice's API: the foreign provider wrote the digest in hex instead of base64."""
    world = sides()
    kept = Kept(world.clock)
    watched = Watched(world.platform, kept, demo.refuses)
    world = world._replace(network=InProcess(watched, world.partner, clock=world.clock))
    user = active(world)
    call = {**action(user, "read", "estate"), "resourceid": ""}
    answer = posted(world, user.token, {**call, "hmac": base64.b64decode(call["hmac"]).hex()})
    assert b'"errorcode":137' in answer.body.replace(b" ", b"")
    (one,) = kept.all()
    why = Operator(
        "onoffice", kept, partial(demo.secrets, Sides(world.platform, world.partner, Reports())), ""
    )
    text = str(why.answer(one))
    assert "The HMAC is in hex" in text and "Sender (your app): " in text, text
    assert user.key not in text


def test_a_refusal_that_is_not_about_the_signature_is_told_as_the_operator_was_told():
    """Beside it stands what the bytes say: never that the request is verified, or refused for another reason."""
    refused = Refused("platform-error", "retailcrm:credentials.checked", {"status": 403})
    kept = Kept(lambda: 0)
    page = Operator("retailcrm", kept, lambda request: ["example-module-secret"], "")
    for body, beside in (
        (json.dumps(REGISTRATION), "nothing says when it was made. So the secret is not the cause."),
        ("{}", ""),
    ):
        request = Request("POST", "http://127.0.0.1", "/register", (("content-type", "application/x-www-form-urlencoded"),),
                          form_body({"register": body}))  # fmt: skip
        told = page.answer(kept.add(request, "register", refused))
        assert told["after"].endswith(beside) and bool(told["after"]) == bool(beside), told
        assert (told["explanations"], told["stages"]) == ([], [])


def test_the_page_answers_its_own_address_and_what_is_kept_alone():
    """Another name that leads to 127.0.0.1 gets nothing."""
    with serving(platform="fortis") as served:
        served.briefing()
        page = re.search(r"Why a request was refused: (\S+)", served.text)
        assert page
        for target, status in (
            ("", 200),
            ("?n=99", 404),
            ("?n=x", 404),
            ("?n=" + "9" * 5_000, 404),
            ("x", 404),
        ):
            assert requests.get(page[1] + target, timeout=60).status_code == status
        assert requests.post(page[1], timeout=60).status_code == 405
        assert requests.get(page[1], headers={"host": "attacker.example"}, timeout=60).status_code >= 400
