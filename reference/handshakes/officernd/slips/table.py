"""What only goes wrong with OfficeRnD's signed URLs and webhooks, as a table."""

from __future__ import annotations

from functools import partial

from ...core.cases import Slip, rows

_rows = partial(rows, "officernd-")
SLIPS: tuple[Slip, ...] = (
    *_rows("parameters", ("signature-left-in", "The parameter signature was left in what was signed.", "Take it out before the JSON is written.", "frameworks' parameter maps")),
    *_rows("json", ("url-signed", "The URL or its path was signed where the JSON of the parameters is needed.", "Sign the JSON of the decoded parameters; path and host are not signed.", "habits of other platforms")),
    *_rows(
        "carrier",
        ("body-lost", "The body was lost on the way: the signature is that of an empty body.", "Receiver: read the raw body before anything else reads the stream.", "body parsers, proxies"),
        ("headers-joined", "Two signature headers were joined into one: it fits with one of them.", "Receiver: find what sends the second one.", "Apache and http-proxy, which write `a, b`"),
    ),
)  # fmt: skip
"""What only here goes wrong."""
