"""The handshake is the same in process and over sockets, and its transcript shows no secret."""

from __future__ import annotations

import re

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.officernd.story import story
from tests import steps
from tests.officernd.sides import sides


def told(world, network):
    return steps.told(story, world, network)


class TestTheStory(steps.WholeStory):
    story, sides, least = staticmethod(story), staticmethod(sides), 40
    platform = "officernd"


def test_the_transcript_shows_no_secret_but_public_ones():
    world = sides()
    transcript = told(world, world.network)
    secrets = {*world.platform.grants, *world.platform.tokens}
    secrets |= {token.refresh_token for token in world.platform.tokens.values()}
    assert len(secrets) >= 3
    shown = transcript.text() + transcript.mermaid() + repr(transcript.events)
    assert not [secret for secret in secrets - PUBLIC_TEST_KEYS if secret in shown]
    assert "example-integration-secret" in shown  # it is public, so the lesson may show it
    assert not re.search(
        r"[^0-9a-f][0-9a-f]{32}[^0-9a-f]", shown.replace("-", "")
    )  # no webhook secret either
