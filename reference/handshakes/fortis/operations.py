"""Fortis' pure operations as vectors ask them: what goes in, what comes out, which bytes lie between."""

from __future__ import annotations

from collections.abc import Mapping

from ..composition import Stages
from ..stages import Stage
from ..vectors import Data, Operation, raw
from . import encryption, rules, signing


def _encrypt_parameters(given: Data, values: Data, readings: Stages | None) -> Data:
    pairs = [tuple(pair) for pair in values["pairs"]]
    salt = raw(values["salt"])
    return {
        "data": encryption.encrypt_parameters(pairs, secret=given["secret"], salt=salt, readings=readings)
    }


def _decrypt_parameters(given: Data, values: Data, readings: Stages | None) -> Data:
    found = encryption.decrypt_parameters(values["data"], secret=given["secret"], readings=readings)
    return _verified(found)


def _launch_hmac(given: Data, values: Data, readings: Stages | None) -> Data:
    place, time = values["location_id"], values["timestamp"]
    return {"hmac": signing.launch_hmac(place, time, secret=given["secret"], readings=readings)}


def _verify_launch(given: Data, values: Data, readings: Stages | None) -> Data:
    found = signing.verify_launch(
        values["target"], mode=given["mode"], secret=given["secret"], now=given["now"], readings=readings
    )
    return _verified(found) | {"mode": found.mode, "timestamp": found.timestamp}


def _verified(value: encryption.EncryptedLaunch | signing.Launch) -> Data:
    return {
        "parameters": [list(pair) for pair in value.parameters],
        "covered": list(value.covered),
        "not_covered": list(value.not_covered),
    }


def _data_stages(given: Data, values: Data) -> list[Stage]:
    return [*encryption.data_stages(values["data"], secret=given["secret"])]


def _encrypting_stages(given: Data, values: Data) -> list[Stage]:
    """Encrypting passes the stages of decrypting the other way round."""
    stages = {stage.name: stage for stage in _data_stages(given, _encrypt_parameters(given, values, None))}
    return [stages[name] for name in ("text", "padded", "salt", "derived", "bytes")]


def _message_stages(given: Data, values: Data) -> list[Stage]:
    return [Stage("message", rules.message(values["location_id"], values["timestamp"]))]


def _launch_stages(given: Data, values: Data) -> list[Stage]:
    return [*signing.launch_stages(values["target"], mode=given["mode"], secret=given["secret"])]


KEYED = frozenset({"derived", "padded", "text"})
OPERATIONS: Mapping[str, Operation] = {
    "encrypt_parameters": Operation(
        _encrypt_parameters, _encrypting_stages, keyed=frozenset({"derived", "bytes"})
    ),
    "decrypt_parameters": Operation(_decrypt_parameters, _data_stages, keyed=KEYED),
    "launch_hmac": Operation(_launch_hmac, _message_stages),
    "verify_launch": Operation(_verify_launch, _launch_stages, keyed=KEYED),
}
"""Every pure operation of the platform, by its short name."""
