"""What else may be computed of key and message: each value as PHP computes it, and how usual it is."""

from __future__ import annotations

from handshakes.explain.macs import MACS

KEY, MESSAGE = b"example-key-of-32-bytes-01234567", b"message"
HMAC_OF_NOTHING = "764b2f69e02680de827cd59f3e84401e6533c32ddce8368709e5e328ed5cc289"
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
OF_PHP = (
    ("mac-swapped", "", 1, 32, "3101690eb5fe9474"),
    ("mac-plain-secret-first", "", 1, 32, "ed5605ee6e8dba71"),
    ("mac-plain-secret-last", "", 1, 32, "cfb1f36945a6cbcd"),
    ("mac-sha1", "", 1, 20, "2363e32a1c9cb896"),
    ("mac-md5", "", 1, 16, "d66ba7a88461afd7"),
    ("mac-sha512", "", 1, 64, "33a3771866646b19"),
    ("mac-sha384", "", 1, 48, "cc8d1e3e7a943ea2"),
    ("mac-sha224", "", 1, 28, "d2f81a775969eb12"),
    ("mac-sha3", "", 2, 32, "b2d09b349cfb116c"),
    ("mac-sha3", "HMAC-SHA3-512 was used.", 2, 64, "029de98f72427ae6"),
    ("mac-no-key", "", 1, 32, "ab530a13e4591498"),
    ("mac-no-key", "The MD5 of the message alone was used: no secret is in it.", 1, 16, "78e731027d8fd50e"),
    ("mac-plain-md5", "the secret first", 1, 16, "a611610bf9476cde"),
    ("mac-plain-md5", "the secret last", 1, 16, "82436979bfd67ee5"),
    ("mac-no-key", "The SHA-1 of the message alone was used: no secret is in it.", 1, 20, "6f9b9af3cd6e8b8a"),
    ("mac-plain-sha1", "the secret first", 1, 20, "39d1cd2122920ff2"),
    ("mac-plain-sha1", "the secret last", 1, 20, "ceacc67f200b06b7"),
    ("mac-no-key", "The SHA-512 of the message alone was used: no secret is in it.", 1, 64, "f8daf57a3347cc4d"),
    ("mac-plain-sha512", "the secret first", 1, 64, "d8f5d2b31e8d3d6b"),
    ("mac-plain-sha512", "the secret last", 1, 64, "d06b11095954e250"),
    ("mac-plain-both-sides", "", 2, 32, "be794520695f4210"),
    ("mac-plain-separated", "':' between them, the secret first", 2, 32, "945237e0b54f2389"),
    ("mac-plain-separated", "MD5, ':' between them, the secret first", 2, 16, "d5f368c07d8ac7f3"),
    ("mac-plain-separated", "SHA-1, ':' between them, the secret first", 2, 20, "3083ff2d42c7f22b"),
    ("mac-plain-separated", "':' between them, the secret last", 2, 32, "b712af7811b72da1"),
    ("mac-plain-separated", "MD5, ':' between them, the secret last", 2, 16, "b533a362a29534a3"),
    ("mac-plain-separated", "SHA-1, ':' between them, the secret last", 2, 20, "265dc53b40fd9285"),
    ("mac-plain-separated", "'.' between them, the secret first", 2, 32, "7aafa549a40a915f"),
    ("mac-plain-separated", "MD5, '.' between them, the secret first", 2, 16, "cd4d268627bc79f7"),
    ("mac-plain-separated", "SHA-1, '.' between them, the secret first", 2, 20, "8169d7a117bfa992"),
    ("mac-plain-separated", "'.' between them, the secret last", 2, 32, "d2cd3718768f049e"),
    ("mac-plain-separated", "MD5, '.' between them, the secret last", 2, 16, "81d323328320a8c8"),
    ("mac-plain-separated", "SHA-1, '.' between them, the secret last", 2, 20, "7c2545bd50d94bd3"),
    ("mac-plain-separated", "'|' between them, the secret first", 2, 32, "a14c88395bffa382"),
    ("mac-plain-separated", "MD5, '|' between them, the secret first", 2, 16, "a313b3229eb9effe"),
    ("mac-plain-separated", "SHA-1, '|' between them, the secret first", 2, 20, "d432c7c9d9fbea69"),
    ("mac-plain-separated", "'|' between them, the secret last", 2, 32, "fe04c83604f6cc3f"),
    ("mac-plain-separated", "MD5, '|' between them, the secret last", 2, 16, "28ef64ff7daac22b"),
    ("mac-plain-separated", "SHA-1, '|' between them, the secret last", 2, 20, "35575eb4951e3e83"),
    ("mac-plain-separated", "'-' between them, the secret first", 2, 32, "caca8bd9afac575f"),
    ("mac-plain-separated", "'-' between them, the secret last", 2, 32, "78f14da1d091068d"),
    ("mac-plain-separated", "'_' between them, the secret first", 2, 32, "9a246144a5351e21"),
    ("mac-plain-separated", "'_' between them, the secret last", 2, 32, "be5a4fdc180923f6"),
    ("mac-plain-separated", "'&' between them, the secret first", 2, 32, "76a1d97de002e762"),
    ("mac-plain-separated", "'&' between them, the secret last", 2, 32, "47850efab724d962"),
    ("mac-plain-separated", "'+' between them, the secret first", 2, 32, "eaaf6b97ea18de03"),
    ("mac-plain-separated", "'+' between them, the secret last", 2, 32, "b1fdc31172f4e63f"),
    ("mac-plain-separated", "',' between them, the secret first", 2, 32, "c4a50ba12e0204bc"),
    ("mac-plain-separated", "',' between them, the secret last", 2, 32, "cf1fded5a547cfac"),
    ("mac-plain-separated", "';' between them, the secret first", 2, 32, "01b2a620ad546fc3"),
    ("mac-plain-separated", "';' between them, the secret last", 2, 32, "c46393396850448f"),
    ("mac-plain-separated", "' ' between them, the secret first", 2, 32, "3e0b19f5d5a1a8d2"),
    ("mac-plain-separated", "' ' between them, the secret last", 2, 32, "38d710718b0433d3"),
    ("mac-plain-separated", "'\\n' between them, the secret first", 2, 32, "2f42b15282acc425"),
    ("mac-plain-separated", "'\\n' between them, the secret last", 2, 32, "9adccad05cfee771"),
    ("mac-plain-separated", "'/' between them, the secret first", 2, 32, "f4de2ee8417d63a3"),
    ("mac-plain-separated", "'/' between them, the secret last", 2, 32, "349f4a361310b663"),
    ("mac-plain-separated", "'&key=' between them, the secret first", 2, 32, "b485350ef34428f5"),
    ("mac-plain-separated", "'&key=' between them, the secret last", 2, 32, "18c5628652d2e132"),
    ("mac-plain-separated", "'&secret=' between them, the secret first", 2, 32, "9bacb7c2dc666250"),
    ("mac-plain-separated", "'&secret=' between them, the secret last", 2, 32, "031774ef8f216bc1"),
    ("mac-plain-separated", "'?key=' between them, the secret first", 2, 32, "0c94167cf455840b"),
    ("mac-plain-separated", "'?key=' between them, the secret last", 2, 32, "9b6bef774413174b"),
    ("mac-secret-in-text", "in front", 2, 32, "12c79de08367c223"),
    ("mac-secret-in-text", "behind", 2, 32, "feb58fc9c3c621cd"),
    ("mac-twice", "the hex digits were signed again", 2, 32, "d7e978b6c3fec7b8"),
    ("mac-twice", "", 2, 32, "b7cef7b858c1f22e"),
    ("mac-then-hashed", "of its hex digits", 2, 32, "8ebc5de7765a4ae4"),
    ("mac-then-hashed", "of its bytes", 2, 32, "53111239ffb742cf"),
    ("mac-of-hash", "", 1, 32, "6be1c871edd10b88"),
    ("mac-of-hash", "of its bytes", 2, 32, "39976062db5afdc1"),
    ("mac-of-hash", "The MD5 of the message was signed, not the message.", 2, 32, "34e040971d355c23"),
    ("mac-of-hash", "The SHA-1 of the message was signed, not the message.", 2, 32, "cf8a6440e4acbe6e"),
    ("mac-of-hash", "The SHA-512 of the message was signed, not the message.", 2, 32, "ccd15e50250c4912"),
    ("mac-blake2", "", 2, 32, "23e407627445061a"),
    ("mac-swapped + mac-sha1", "", 2, 20, "5d110544be9ea1d1"),
    ("mac-swapped + mac-md5", "", 2, 16, "2ade94f9285250d7"),
    ("mac-swapped + mac-sha512", "", 2, 64, "94b41811f7dcf3f4"),
)  # fmt: skip
"""Slips, what was changed, the cost (1 is usual, 2 is rare), how many bytes, and the first eight of them.

Made with PHP 8.2: `hash_hmac`, `hash` and `sodium_crypto_generichash`.
"""
OF_GO = (
    ("mac-sum", "the HMAC of nothing behind it", 1, 0, MESSAGE + bytes.fromhex(HMAC_OF_NOTHING)),
    ("mac-sum", "the SHA-256 of nothing behind it", 2, 0, MESSAGE + bytes.fromhex(HASH_OF_NOTHING)),
)
"""What Go's `Sum(message)` returns: the message, with the digest of nothing behind it; as long as the message is."""


def test_each_value_is_the_one_that_php_computes_and_is_tried_as_early_as_it_is_usual():
    made = [
        (" + ".join(mac.ids), "".join(mac.changes), cost, mac.size, mac.make(KEY, MESSAGE))
        for mac, cost in MACS
    ]
    short = [(*row, value.hex()[:16]) for *row, value in made if row[0] != "mac-sum"]
    assert sorted(short) == sorted(OF_PHP)
    assert [row for row in made if row[0] == "mac-sum"] == [*OF_GO]
    assert {size for _, _, _, size, value in made if size != len(value)} == {0}


def test_blake2_takes_the_first_64_bytes_of_a_longer_key():
    """RFC 7693 allows 64 at most."""
    (blake,) = [mac for mac, _ in MACS if mac.ids == ("mac-blake2",)]
    assert blake.make(KEY * 3, MESSAGE) == blake.make(KEY * 2, MESSAGE) != blake.make(KEY * 2, MESSAGE + b"!")
