"""Work grows linearly with what a stranger sends: each reader gets its worst input at n and at 4n.

The ratio of CPU times, least of five, stays under 8; quadratic work gives 16.
"""

from __future__ import annotations

import contextlib
import gc
import json
import time
from collections.abc import Callable

import pytest

from handshakes.core.refusals import Refused
from handshakes.core.strict import form_pairs, json_value, no_duplicates, query_pairs


def spent(read: Callable[[], object]) -> float:
    """Return the CPU time of one run; whether it is refused is not the question here."""
    gc.collect()
    gc.disable()  # a collection in the midst of a run would count the whole heap of the tests
    try:
        began = time.process_time()
        with contextlib.suppress(Refused):
            read()
        return time.process_time() - began
    finally:
        gc.enable()


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
    while spent(reader(n)) < 0.002 and n < 128_000:
        n *= 2
    small, large = reader(n), reader(4 * n)
    pairs = [(spent(small), spent(large)) for _ in range(5)]  # in turns, so that a busy machine slows both
    assert min(times[1] for times in pairs) <= 8 * max(min(times[0] for times in pairs), 0.0005)
