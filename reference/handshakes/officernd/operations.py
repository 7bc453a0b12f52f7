"""OfficeRnD's pure operations as vectors ask them: what goes in, what comes out, which bytes lie between."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from ..core.readings import Stages
from ..core.stages import Stage
from ..spec.code import Data, Operation, view
from ..spec.vectors import raw
from . import rules, signing


def _more(given: Data, readings: Stages | None) -> Data:
    more = {"secret": given["secret"]}
    if readings is not None:
        more["readings"] = readings
    if "tolerance" in given:
        more["tolerance"] = tuple(given["tolerance"])
    return more


def _sign_query(given: Data, values: Data, readings: Stages | None) -> Data:
    pairs = [tuple(pair) for pair in values["pairs"]]
    more = _more(given, readings)
    return {"signature": signing.sign_query(pairs, timestamp=values["timestamp"], **more)}


def _verify_query(given: Data, values: Data, readings: Stages | None) -> Data:
    verified = signing.verify_query(values["target"], now=given["now"], **_more(given, readings))
    return view(verified, timestamp=verified.timestamp)


def _sign_webhook(given: Data, values: Data, readings: Stages | None) -> Data:
    body = raw(values["body"])
    return {"signature": signing.sign_webhook(body, secret=given["secret"], timestamp=values["timestamp"])}


def _verify_webhook(given: Data, values: Data, readings: Stages | None) -> Data:
    more = _more(given, readings)
    verified = signing.verify_webhook(raw(values["body"]), values["header"], now=given["now"], **more)
    return view(verified, timestamp=verified.timestamp)


def _query_stages(given: Data, values: Data) -> list[Stage]:
    return [*signing.query_stages(values["target"])]


def _signing_stages(given: Data, values: Data) -> list[Stage]:
    signature = _sign_query(given, values, None)["signature"]
    query = urlencode([*map(tuple, values["pairs"]), ("signature", signature)])
    return [stage for stage in signing.query_stages("/?" + query) if stage.name not in ("query", "fields")]


def _webhook_stages(given: Data, values: Data) -> list[Stage]:
    header = values["header"] if "header" in values else _sign_webhook(given, values, None)["signature"]
    body, (time, _) = raw(values["body"]), rules.split_signature(header)
    return [Stage("body", body), Stage("message", rules.payload_dot_timestamp(body, time))]


OPERATIONS: Mapping[str, Operation] = {
    "sign_query": Operation(_sign_query, _signing_stages),
    "verify_query": Operation(_verify_query, _query_stages),
    "sign_webhook": Operation(_sign_webhook, _webhook_stages, has_readings=False),
    "verify_webhook": Operation(_verify_webhook, _webhook_stages),
}
"""Every pure operation of the platform, by its short name."""
