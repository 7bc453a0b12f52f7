"""onOffice's pure operations as vectors ask them: what goes in, what comes out, which bytes lie between."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.messages import Response
from ..core.readings import Stages
from ..core.stages import Stage
from ..spec.code import Data, Operation, view
from ..spec.vectors import raw
from . import signing
from .partner.api import Access, Api
from .partner.configuration import Configuration

UNASKED = Configuration("Example-Provider-Secret-1!")
"""Reading an answer asks nothing of the configuration."""


def _string_to_sign(given: Data, values: Data, readings: Stages | None) -> Data:
    return {"text": signing.string_to_sign(values["target"], readings=readings)}


def _sign_url(given: Data, values: Data, readings: Stages | None) -> Data:
    return {"url": signing.sign_url(values["target"], secret=given["secret"], readings=readings)}


def _verify_url(given: Data, values: Data, readings: Stages | None) -> Data:
    tolerance = tuple(given["tolerance"]) if "tolerance" in given else None
    verified = signing.verify_url(
        values["target"], secret=given["secret"], now=given["now"], tolerance=tolerance, readings=readings
    )
    return view(verified, timestamp=verified.timestamp)


def _api_hmac(given: Data, values: Data, readings: Stages | None) -> Data:
    return {"hmac": signing.api_hmac(**values)}


def _unlock_answer(given: Data, values: Data, readings: Stages | None) -> Data:
    api = Api(UNASKED, lambda: 0)
    response = Response(values["status"], (), raw(values["body"]))
    api.unlocked(api.result_of(response, "onoffice:api.envelopes", Access("token", "key")))
    return {"success": "success"}


def _url_stages(given: Data, values: Data) -> list[Stage]:
    return [*signing.url_stages(values["target"])]


OPERATIONS: Mapping[str, Operation] = {
    "string_to_sign": Operation(_string_to_sign, _url_stages),
    "sign_url": Operation(_sign_url, _url_stages),
    "verify_url": Operation(_verify_url, _url_stages),
    "api_hmac": Operation(_api_hmac, lambda given, values: [], has_readings=False),
    "unlock_answer": Operation(_unlock_answer, lambda given, values: [], has_readings=False),
}
"""Every pure operation of the platform, by its short name."""
