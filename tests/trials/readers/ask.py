"""Ask a program every vector, and write what it answered: `python -m tests.trials.readers.ask FILE COMMAND`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from handshakes.platforms import PLATFORMS
from handshakes.spec.adapters import Adapter
from handshakes.spec.exchanges import judged, questions


def main() -> None:
    """Write a line for each vector: id, what is expected, verdict, reason, and what the answer is worth."""
    rows = ["id\texpected\tverdict\treason\tworth"]
    with Adapter(shlex.split(sys.argv[2]), timeout=20) as adapter:
        for platform in PLATFORMS:
            for question, expect in questions(platform):
                answer = adapter.ask(question)
                told = (expect.get("reason", "accepted"), answer["verdict"], answer.get("reason", ""))
                rows.append("\t".join((question["id"], *told, judged(answer, expect)[0])))
        adapter.finish()
    Path(sys.argv[1]).write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
