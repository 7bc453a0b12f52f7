"""How else data may have been encrypted: the derivation of the key, the cipher, its mode and its IV."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from ...core.cases import Ciphers, Mac
from ..rules import Rules
from ..rules.encrypted import BLOCK, ENCRYPTED, MAGIC
from . import texts
from .derivations import EVP_ROUNDS, PBKDF2, RAW, Material, evp, hashed
from .texts import Parts

WEAK = frozenset({"fortis-data-cut", "fortis-data-changed", "fortis-iv-unknown"})
"""Slips by which only a part of the text is read."""
LEAST = 16
"""The shortest ciphertext that is looked at."""


class Sealed(NamedTuple):
    """A ciphertext as an envelope gives it: salt and IV where it has them; `gcm` says that it has a nonce and a tag."""

    salt: bytes | None
    data: bytes
    iv: bytes | None = None
    gcm: bool = False
    cut: bool = False


class Opened(NamedTuple):
    """What a decryption gave. In CBC it was made with an IV of zeros, since `ivs` are tried on its first block."""

    text: bytes
    key: bytes
    ivs: tuple[tuple[Parts, bytes], ...]
    mode: str
    cut: bool


READ = (ENCRYPTED + "derivation=sha256", ENCRYPTED + "derivation=pbkdf2")
_MODES = ("ecb", "ctr", "cfb", "cfb8", "ofb")


class Opener:
    """What decrypts a `Sealed` in all the ways that are known, each key derived once."""

    def __init__(self, rule: Rules, ciphers: Ciphers) -> None:
        self.rule, self.ciphers = rule, ciphers
        self.derived: dict[tuple[str, str, int, bytes, bytes | None], bytes] = {}
        self.made: dict[tuple[str, bytes, bytes], bytes] = {}
        self.firsts: dict[tuple[bytes, bytes, bytes], bytes] = {}

    def macs(self) -> Iterator[Mac]:
        """Yield every way to decrypt; the documented one has no ids."""
        yield self._mac((), (), self._adopted, 32, "cbc")
        sizes: tuple[tuple[int, tuple[str, ...]], ...] = (
            (32, ()),
            (16, ("fortis-aes-128",)),
            (24, ("fortis-aes-192",)),
        )
        for size, ids in sizes[1:]:
            yield self._mac(ids, (), self._adopted, size, "cbc")
        for ids, changes, material in self._derivations():
            yield self._mac(ids, changes, material, 32, "cbc")
        for id, change, make, length in RAW:
            yield self._raw(id, change, make, length, "cbc")
        for mode in _MODES:
            for size, more in sizes:
                yield self._mac((*more, _of_mode(mode)), (), self._adopted, size, mode)
            for ids, changes, material in self._derivations():
                yield self._mac((*ids, _of_mode(mode)), changes, material, 32, mode)
            for id, change, make, length in RAW:
                yield self._raw(id, change, make, length, mode)
        for size, more in sizes[1:]:
            for ids, changes, material in self._derivations():
                yield self._mac((*ids, *more), changes, material, size, "cbc")
        for digest, rounds in PBKDF2:
            id = READ[1] if (digest, rounds) == ("sha256", 10_000) else "fortis-pbkdf2"
            stretched = partial(self._stretched, digest, rounds)
            for size, more in sizes:
                yield self._slow((id, *more), digest, rounds, size, stretched)
        for digest, rounds in EVP_ROUNDS:
            repeated = partial(evp, digest, rounds=rounds)
            yield self._slow(("fortis-evp-rounds",), digest, rounds, 32, repeated)

    def fits(self, opened: Opened, received: object) -> Parts | None:
        """Return by what a decryption differs from the documented one, or None where it gave no launch."""
        if received is not None:
            return self._same_key(opened, str(received))
        if opened.cut:
            return self._beginning(opened)
        whole = opened.text
        if opened.mode != "cbc":
            return self._streamed(opened)
        if len(whole) == BLOCK or texts.plausible(whole):
            most = 2 if len(whole) == BLOCK else len(opened.ivs)  # no launch is so short
            for ids, iv in opened.ivs[:most]:
                first = _xor(whole[:BLOCK], iv)
                for padding, text in texts.unpadded(first + whole[BLOCK:]):
                    form = texts.read(text, self.rule)
                    if form is not None:
                        return (*ids, *padding, *form)
        return self._beginning(opened)

    # --- the ways, one after the other ------------------------------------------------------------

    def _adopted(self, passphrase: bytes, salt: bytes) -> bytes:
        known = ("", passphrase, salt)
        if known not in self.made:
            key, iv = self.rule.derive(passphrase, salt)
            self.made[known] = key + iv
        return self.made[known]

    def _derivations(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Material]]:
        for name, said in (("sha256", ""), ("sha1", "SHA-1"), ("sha512", "SHA-512"), ("sha384", "SHA-384")):
            id = READ[0] if name == "sha256" else "fortis-evp-digest"
            yield (id,), (said,), partial(self._once, name)

    def _once(self, digest: str, passphrase: bytes, salt: bytes) -> bytes:
        known = (digest, passphrase, salt)
        if known not in self.made:
            self.made[known] = evp(digest, passphrase, salt)
        return self.made[known]

    def _mac(
        self, ids: tuple[str, ...], changes: tuple[str, ...], material: Material, size: int, mode: str
    ) -> Mac:
        def make(passphrase: bytes, sealed: Sealed) -> Opened:
            made = material(passphrase, sealed.salt or b"")
            return self._opened(passphrase, sealed, made[:size], made[size : size + BLOCK], mode)

        return Mac(ids, make, changes=changes)

    def _raw(self, id: str, change: str, make: Callable[[bytes], bytes], length: int, mode: str) -> Mac:
        def made(passphrase: bytes, sealed: Sealed) -> Opened:
            key = make(passphrase)
            key = key[:length].ljust(length, b"\0") if length else key
            return self._opened(passphrase, sealed, key, None, mode)

        ids, changes = ((id,), (change,)) if mode == "cbc" else ((id, _of_mode(mode)), (change, ""))
        return Mac(
            ids, made, changes=changes, cost=1 if mode == "ecb" else 0
        )  # ECB has no IV and needs no salt

    def _stretched(self, digest: str, rounds: int, passphrase: bytes, salt: bytes) -> bytes:
        return self.ciphers.pbkdf2(digest, passphrase, salt, rounds, 48)

    def _slow(
        self,
        ids: tuple[str, ...],
        digest: str,
        rounds: int,
        size: int,
        derive: Callable[[bytes, bytes], bytes],
    ) -> Mac:
        """Return the way by a derivation of many rounds, each done once."""

        def rounds_of(passphrase: bytes, sealed: Sealed) -> int:
            return 0 if (ids[0], digest, rounds, passphrase, sealed.salt) in self.derived else rounds

        def made(passphrase: bytes, sealed: Sealed) -> Opened:
            known = (ids[0], digest, rounds, passphrase, sealed.salt)
            if known not in self.derived:
                self.derived[known] = derive(passphrase, sealed.salt or b"")
            material = self.derived[known]
            return self._opened(passphrase, sealed, material[:size], material[size : size + BLOCK], "cbc")

        said = f"{rounds:,} round{'s' if rounds > 1 else ''} of {digest.upper().replace('SHA', 'SHA-')}"
        return Mac(ids, made, changes=(said,), rounds=rounds_of)

    def _opened(
        self, passphrase: bytes, sealed: Sealed, key: bytes, derived: bytes | None, mode: str
    ) -> Opened:
        if len(sealed.data) < LEAST:
            raise ValueError("too short")
        if sealed.gcm:
            if mode != "cbc":
                raise ValueError("GCM is a mode")
            return self._gcm(sealed, key)
        if mode == "ecb":
            block = sealed.data[:BLOCK]
            first = self.firsts.get((key, b"", block)) or self.ciphers.aes(mode, key, b"", block)
            whole = texts.printable(first)
            text = self.ciphers.aes(mode, key, b"", sealed.data) if whole else first
            return Opened(text, key, (), mode, sealed.cut)
        if mode != "cbc":
            iv = sealed.iv or derived or bytes(BLOCK)
            first = self._first(key, iv, sealed.data[:BLOCK])
            whole = texts.begins(first[:1]) if mode == "cfb8" else texts.printable(first)
            text = self.ciphers.aes(mode, key, iv, sealed.data) if whole else first
            return Opened(text, key, (((), iv),), mode, sealed.cut)
        text = self.ciphers.aes(mode, key, bytes(BLOCK), sealed.data)
        self.firsts[key, b"", sealed.data[:BLOCK]] = text[:BLOCK]  # which ECB gives too
        ivs = tuple(self._ivs(passphrase, sealed, key, derived)) if _may_be_read(text, sealed) else ()
        return Opened(text, key, ivs, mode, sealed.cut)

    def _first(self, key: bytes, iv: bytes, block: bytes) -> bytes:
        """Return the first block of CTR, CFB and OFB, which is the same, and the first byte of CFB8.

        Nearly every wrong key is known by it.
        """
        known = (key, iv, block)
        if known not in self.firsts:
            self.firsts[known] = self.ciphers.aes("ctr", key, iv, block)
        return self.firsts[known]

    def _gcm(self, sealed: Sealed, key: bytes) -> Opened:
        iv = (sealed.iv or b"") + b"\0\0\0\2"
        return Opened(self.ciphers.aes("ctr", key, iv, sealed.data), key, (((), iv),), "gcm", sealed.cut)

    def _ivs(
        self, passphrase: bytes, sealed: Sealed, key: bytes, derived: bytes | None
    ) -> Iterator[tuple[Parts, bytes]]:
        """Yield the IVs that are tried on the first block, the natural one first."""
        natural = sealed.iv or derived
        if natural:
            yield (), natural
        yield ("fortis-iv-zero",), bytes(BLOCK)
        salt = sealed.salt
        if salt:
            if not derived:
                yield ("fortis-iv-derived",), self._adopted(passphrase, salt)[32:]
            for made, said in ((salt * 2, "twice"), (salt.ljust(BLOCK, b"\0"), "filled up with NULs"), (MAGIC + salt, "Salted__ and the salt")):  # fmt: skip
                yield (("fortis-iv-salt", said),), made[:BLOCK].ljust(BLOCK, b"\0")
        for made, said in (
            (passphrase, "its first 16 bytes"),
            (key, "the first 16 bytes of the key"),
            (passphrase[::-1], "its last bytes, backwards"),
            (passphrase[-BLOCK:], "its last 16 bytes"),
            (hashed("md5")(passphrase), "its MD5"),
            (hashed("md5", True)(passphrase), "the first 16 hex digits of its MD5"),
            (hashed("sha256")(passphrase), "the first half of its SHA-256"),
            (hashed("sha256", True)(passphrase), "the first 16 hex digits of its SHA-256"),
        ):
            yield (("fortis-iv-secret", said),), made[:BLOCK].ljust(BLOCK, b"\0")
        for fixed in (b"0" * BLOCK, b"1234567890123456", b"0123456789abcdef", b"0123456789ABCDEF", b"abcdefghijklmnop", bytes(range(BLOCK)), bytes(range(1, BLOCK + 1)), b" " * BLOCK, b"1" * BLOCK):  # fmt: skip
            said = repr(fixed.decode()) if fixed.isalnum() else fixed.hex(" ")
            yield (("fortis-iv-fixed", said),), fixed

    # --- what a decryption gave -------------------------------------------------------------------

    def _streamed(self, opened: Opened) -> Parts | None:
        """Read what ECB or a stream cipher gave: padding may be there or not."""
        if not texts.printable(opened.text):
            return None
        found = texts.read(opened.text, self.rule) if opened.mode != "ecb" else None
        if found is None and texts.plausible(opened.text):
            for padding, text in texts.unpadded(opened.text):
                found = texts.read(text, self.rule)
                if found is not None:
                    return (*padding, *found)
        return found

    def _beginning(self, opened: Opened) -> Parts | None:
        """Return what is wrong with a text of which only a part is there."""
        if not opened.ivs or opened.mode != "cbc" or not texts.may_go_on(opened.text):
            return None
        others: Parts | None = None
        for ids, iv in opened.ivs:
            first = _xor(opened.text[:BLOCK], iv)
            found = texts.partial(first + opened.text[BLOCK:])
            if found == ("fortis-data-cut",):
                return ids if opened.cut else (*ids, *found)
            others = others or found
        return None if opened.cut else others

    def _same_key(self, opened: Opened, mine: str) -> Parts | None:
        """Compare a key that the person got, in hex or base64, with or without the IV behind it."""
        made: list[bytes] = []
        for read in (bytes.fromhex, b64decode):
            try:
                made.append(read(mine))
            except (ValueError, binascii.Error):
                continue
        iv = opened.ivs[0][1] if opened.ivs else b""
        same = any(
            hmac.compare_digest(one, key) for one in made for key in (opened.key, opened.key + iv, iv) if key
        )
        return () if same else None


def _may_be_read(text: bytes, sealed: Sealed) -> bool:
    """Return whether IVs are worth making: at most one wrong key of a hundred gets so far."""
    return len(text) == BLOCK or sealed.cut or texts.plausible(text) or texts.is_partly_text(text)


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(BLOCK)


def _of_mode(mode: str) -> str:
    return f"fortis-mode-{mode.removesuffix('8')}"
