"""The ciphers that `explain` is given, against values of NIST and RFC 6070 and against OpenSSL's command line."""

from __future__ import annotations

import subprocess
import warnings

import pytest

from handshakes.runtime.ciphers import AesCiphers
from tests.oracles import tool

# NIST SP 800-38A, appendix F: the key of 128 bits, the IV, the first two blocks of the text
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
IV = bytes(range(16))
TEXT = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")


@pytest.mark.parametrize(
    ("mode", "iv", "sealed"),
    [
        ("ecb", b"", "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"),
        ("cbc", IV, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"),
        ("cfb", IV, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"),
        ("ofb", IV, "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"),
        (
            "ctr",
            bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff",
        ),
    ],
)
def test_each_mode_decrypts_the_example_of_sp_800_38a(mode, iv, sealed):
    assert AesCiphers().aes(mode, KEY, iv, bytes.fromhex(sealed)) == TEXT


@pytest.mark.parametrize("size", [128, 192, 256])
@pytest.mark.parametrize("mode", ["cbc", "ecb", "cfb", "cfb8", "ofb", "ctr"])
def test_what_openssl_encrypts_is_decrypted(mode, size):
    key, text = bytes(range(size // 8)), b'{"location_id":"11ea858313aabde4bd2eb0fa"}      '
    command = [tool("openssl"), "enc", f"-aes-{size}-{mode}", "-nopad", "-K", key.hex()]
    command += [] if mode == "ecb" else ["-iv", IV.hex()]
    done = subprocess.run(command, input=text, capture_output=True, check=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert AesCiphers().aes(mode, key, IV, done.stdout) == text


@pytest.mark.parametrize(
    ("digest", "rounds", "made"),
    [
        ("sha1", 4096, "4b007901b765489abead49d926f721d065a429c1"),  # RFC 6070
        (
            "sha256",
            1,
            "120fb6cffcf8b32c43e7225256c4f837a86548c9",
        ),  # openssl kdf … PBKDF2
    ],
)
def test_pbkdf2_gives_the_published_values(digest, rounds, made):
    assert AesCiphers().pbkdf2(digest, b"password", b"salt", rounds, 20).hex() == made


@pytest.mark.parametrize(
    ("mode", "key", "iv", "data"),
    [
        ("cbc", b"short", IV, bytes(16)),
        ("cbc", KEY, b"short", bytes(16)),
        ("cbc", KEY, IV, bytes(15)),
        ("gcm", KEY, IV, bytes(16)),
    ],
)
def test_what_aes_does_not_take_is_a_value_error(mode, key, iv, data):
    with pytest.raises(ValueError):
        AesCiphers().aes(mode, key, iv, data)
