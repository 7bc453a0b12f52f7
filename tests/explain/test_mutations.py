"""A few hundred mutations of genuine requests and of known mistakes: answers and refusals only, and no secret."""

from __future__ import annotations

import pytest

from handshakes.explain import explain
from handshakes.platforms import PLATFORMS
from tests.trials.mutations import tried


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_mutation_gives_an_answer_or_a_refusal(platform):
    assert [one for one in tried(platform, 200, 20_261_129) if one[2]] == []


@pytest.mark.parametrize(
    "pasted",
    [
        b'" "',
        b"curl \\",
        b"POST /hoo\x81example\r\n",
        b"POST /ho\x86",
        b'{"request":{"url":"register=\\ud800"}}',
        b'{"rawQueryString":"a=\\ud800","body":"\\udc81"}',
        b'{"httpMethod":"GET","isBase64Encoded":false,"body":"","queryStringParameters":{"a":"\\ud800"}}',
        b'{"isBase64Encoded":true,"body":"="}',
        b'{"log":{"entries":7}}',
        b"Content-Length: \xd9\xa3\n\n{}",
        b"fetch('https://p.example/?\\ud800')",
        b"?signature=\xff",
        b"https://[/?signature=1",
    ],
)
def test_what_once_broke_something_or_may(pasted):
    for platform in ("fortis", "officernd", "retailcrm"):
        assert explain(platform, pasted, secret="s3cret-0815", now=0).verdict in ("refused", "unrecognised")
