"""Fortis' pure operations as vectors ask them: what goes in, what comes out, which bytes lie between."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.readings import Stages
from ..core.stages import Stage
from ..spec.code import Data, Operation, view
from ..spec.vectors import raw
from . import encryption, signing
from .rules import plain


def _encrypt_parameters(given: Data, values: Data, readings: Stages | None) -> Data:
    pairs = [(name, value) for name, value in values["pairs"]]
    salt = raw(values["salt"])
    return {
        "data": encryption.encrypt_parameters(pairs, secret=given["secret"], salt=salt, readings=readings)
    }


def _decrypt_parameters(given: Data, values: Data, readings: Stages | None) -> Data:
    return view(encryption.decrypt_parameters(values["data"], secret=given["secret"], readings=readings))


def _launch_hmac(given: Data, values: Data, readings: Stages | None) -> Data:
    location_id, timestamp = values["location_id"], values["timestamp"]
    made = signing.launch_hmac(location_id, timestamp, secret=given["secret"], readings=readings)
    return {"hmac": made}


def _verify_launch(given: Data, values: Data, readings: Stages | None) -> Data:
    launch = signing.verify_launch(
        values["target"], mode=given["mode"], secret=given["secret"], now=given["now"], readings=readings
    )
    return view(launch, mode=launch.mode, timestamp=launch.timestamp)


def _encrypting_stages(given: Data, values: Data) -> list[Stage]:
    """Return the stages of encrypting: those of reading what was made, the other way round."""
    data = _encrypt_parameters(given, values, None)["data"]
    found = {stage.name: stage for stage in encryption.data_stages(data, secret=given["secret"])}
    return [found[name] for name in ("text", "padded", "salt", "derived", "bytes")]


def _decrypting_stages(given: Data, values: Data) -> list[Stage]:
    return [*encryption.data_stages(values["data"], secret=given["secret"])]


def _hmac_stages(given: Data, values: Data) -> list[Stage]:
    return [Stage("message", plain.message(values["location_id"], values["timestamp"]))]


def _launch_stages(given: Data, values: Data) -> list[Stage]:
    return [*signing.launch_stages(values["target"], mode=given["mode"], secret=given["secret"])]


DECRYPTED = frozenset({"derived", "padded", "text"})
"""The stages that nobody can have without the secret."""

OPERATIONS: Mapping[str, Operation] = {
    "encrypt_parameters": Operation(
        _encrypt_parameters, _encrypting_stages, keyed=frozenset({"derived", "bytes"})
    ),
    "decrypt_parameters": Operation(_decrypt_parameters, _decrypting_stages, keyed=DECRYPTED),
    "launch_hmac": Operation(_launch_hmac, _hmac_stages),
    "verify_launch": Operation(_verify_launch, _launch_stages, keyed=DECRYPTED),
}
"""Every pure operation of the platform, by its short name."""
