"""Work grows linearly with what a stranger sends: each reader gets its worst input at n and at 4n.

The ratio of CPU times, least of five, stays under 8; quadratic work gives 16.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable

import pytest

from handshakes.core.refusals import Refused
from handshakes.core.strict import form_pairs, json_value, no_duplicates, query_pairs


def refused(read: Callable[[], object]) -> float:
    """Return the least CPU time of five runs; whether it is refused is not the question here."""
    times = []
    for _ in range(5):
        began = time.process_time()
        with contextlib.suppress(Refused):
            read()
        times.append(time.process_time() - began)
    return min(times)


def keys(n: int) -> bytes:
    """Distinct keys, and one repeated at the end."""
    return ("{" + ",".join(f'"k{i}":1' for i in range(n)) + f',"k{n - 1}":1}}').encode()


READERS = {
    "a JSON object with one key twice": lambda n: lambda: json_value(keys(n), "a:b"),
    "a JSON object inside another": lambda n: lambda: json_value(b'{"in":' + keys(n) + b"}", "a:b"),
    "a list of JSON objects": lambda n: lambda: json_value(b"[" + keys(n) + b"," + keys(n) + b"]", "a:b"),
    "a long JSON text of escapes": lambda n: lambda: json_value(json.dumps("\x01" * n).encode(), "a:b"),
    "brackets without end": lambda n: lambda: json_value(b"[" * n, "a:b"),
    "pairs with one name twice": lambda n: (
        lambda: no_duplicates((*((f"k{i}", "") for i in range(n)), (f"k{n - 1}", "")), "a:b")
    ),
    "empty pieces of a query": lambda n: lambda: query_pairs("&" * n, "a:b"),
    "escapes of a query": lambda n: lambda: query_pairs("a=" + "%41" * n, "a:b"),
    "a broken escape at the end": lambda n: lambda: query_pairs("a=" + "%41" * n + "%4", "a:b"),
    "parts of a multipart form": lambda n: (
        lambda: form_pairs(b"--x\r\n" * n, "multipart/form-data; boundary=x", "a:b")
    ),
    "a content type of blanks": lambda n: lambda: form_pairs(b"", "a;" + " " * n, "a:b"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_work_is_linear(reader):
    n = 2_000
    while refused(reader(n)) < 0.002 and n < 128_000:
        n *= 2
    assert refused(reader(4 * n)) <= 8 * max(refused(reader(n)), 0.0005)
