"""Fortis (Zeamster): the app that a user opens in an iframe, and the platform that launches it."""

from .encryption import EncryptedLaunch, decrypt_parameters, encrypt_parameters
from .signing import Launch, launch_hmac, verify_launch

__all__ = [
    "EncryptedLaunch",
    "Launch",
    "decrypt_parameters",
    "encrypt_parameters",
    "launch_hmac",
    "verify_launch",
]
