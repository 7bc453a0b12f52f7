"""A handshake that a person goes through by the simulator's pages: what the simulator saw is found, and nothing else.

Which rules those are is read from the clauses: what the platform itself is asked, or told, when a partner is connected.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

SEEN = {
    "officernd": {"token.endpoint", "token.form", "token.code", "secret.request", "return.redirect"},
    "retailcrm": {"config.answer", "edit.call", "edit.form", "edit.client-id", "answer.account-url"},
    "onoffice": {"unlock.call", "feedback.active"},
    "fortis": {"postback.answer", "token.header", "token.developer-id"},
}
"""Rules that the simulator sees kept in the handshake of each platform."""


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_handshake_by_hand_is_counted(name):
    tools = PLATFORMS[name].tools()
    sides: Any = tools.sides(World(lambda: 1_700_000_000, os.urandom, MemoryStore()))
    flow, findings = InProcess(sides.platform, sides.partner), sides.platform.findings
    chapters = iter(tools.story(sides, Browser()))
    while not tools.shop(sides).connected:
        chapter = next(chapters)
        assert all(check.held for check in flow.run(chapter.step, chapter.sender))
    if name == "fortis":  # registered; the first launch is what the API sees
        flow.run(next(chapters).step)
        flow.run(next(chapters).step)
    assert {one.clause for one in findings if one.violated} == set()
    held = {one.clause.removeprefix(f"{name}:") for one in findings if one.held}
    assert held >= SEEN[name], SEEN[name] - held
