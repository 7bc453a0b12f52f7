"""RetailCRM's pure operations as vectors ask them: what goes in, what comes out, which bytes lie between."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.readings import Stages
from ..core.stages import Stage
from ..spec.code import Data, Operation, view
from ..spec.vectors import raw
from . import signing


def _registration_token(given: Data, values: Data, readings: Stages | None) -> Data:
    token = signing.registration_token(values["api_key"], secret=given["secret"], readings=readings)
    return {"token": token}


def _verify_registration(given: Data, values: Data, readings: Stages | None) -> Data:
    verified = signing.verify_registration(
        raw(values["body"]), secret=given["secret"], content_type=values["content_type"], readings=readings
    )
    return view(verified, api_key=verified.api_key, system_url=verified.system_url)


def _canonical_system_url(given: Data, values: Data, readings: Stages | None) -> Data:
    return {"url": signing.canonical_system_url(values["url"], allowed=given["allowed"])}


def _token_stages(given: Data, values: Data) -> list[Stage]:
    return [Stage("message", values["api_key"].encode(), credential=True)]


def _registration_stages(given: Data, values: Data) -> list[Stage]:
    return [*signing.registration_stages(raw(values["body"]), content_type=values["content_type"])]


OPERATIONS: Mapping[str, Operation] = {
    "registration_token": Operation(_registration_token, _token_stages),
    "verify_registration": Operation(_verify_registration, _registration_stages),
    "canonical_system_url": Operation(_canonical_system_url, lambda given, values: [], has_readings=False),
}
"""Every pure operation of the platform, by its short name."""
