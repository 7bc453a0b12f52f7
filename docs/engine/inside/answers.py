"""The questions of the page: each is answered as the command `handshakes verify` answers it."""

from __future__ import annotations

import json
from typing import Any

from handshakes.explain.asking import Misgiven, ask
from handshakes.explain.telling import told
from handshakes.runtime.ciphers import AesCiphers

CIPHERS = AesCiphers()


def answer(platform: str, pasted: memoryview, given: dict[str, Any]) -> str:
    """Return JSON: `answer` as the command prints it, and `text`, its lines; or `error`, what is wrong with the options."""
    options = {
        name: bytes(value) if isinstance(value, memoryview) else value for name, value in given.items()
    }
    try:
        found = ask(platform, bytes(pasted), options, ciphers=CIPHERS)
    except Misgiven as wrong:
        return json.dumps({"error": str(wrong)})
    return json.dumps({"answer": found.as_json(), "text": "\n".join(told(found, options["now"]))})
