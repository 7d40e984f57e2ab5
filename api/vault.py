"""
What a patient's words look like in the database: compressed, and encrypted when a key is configured.

A sealed value begins with one byte: 0 plain, 1 encrypted. Encrypted values carry the identifier of their key, so
that keys can be changed: the first key of the list seals, every key of it opens. AES-256-GCM binds each value to
its *context* ("note:<id>"), so that a value moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import zlib
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chartsift.api.faults import StoreError

KEY_BYTES = 32
_NONCE_BYTES = 12  # what NIST SP 800-38D recommends for GCM
_KEY_ID_BYTES = 8
_PLAIN, _ENCRYPTED = b"\x00", b"\x01"
# Fast; notes shrink to a third, and results, which repeat their evidence, to a tenth.
_ZLIB_LEVEL = 1


class Vault:
    """
    Seals and opens values.

    Args:
        keys: 32-byte keys in base64, the one to seal with first; none leaves values unencrypted.

    Raises:
        StoreError: a key is not 32 bytes in base64 (ST704).
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys: dict[bytes, AESGCM] = {}
        self._first = b""
        for key in keys:
            raw = _decoded(key)
            key_id = hashlib.sha256(b"chartsift key id" + raw).digest()[:_KEY_ID_BYTES]
            self._first = self._first or key_id
            self._keys[key_id] = AESGCM(raw)

    @property
    def is_encrypting(self) -> bool:
        """Whether values are encrypted."""
        return bool(self._first)

    def is_of_first_key(self, sealed: bytes) -> bool:
        """Say whether *sealed* was encrypted with the key to seal with."""
        return self.is_encrypting and sealed[: 1 + _KEY_ID_BYTES] == _ENCRYPTED + self._first

    def seal(self, text: str, *, context: str) -> bytes:
        """Return *text* as it is stored under *context*."""
        # Half a surrogate pair cannot be in a note, but a comment that someone typed must never fail to be kept.
        return self.seal_bytes(text.encode("utf-8", "surrogatepass"), context=context)

    def open(self, sealed: bytes, *, context: str) -> str:
        """
        Return the text of *sealed*.

        Raises:
            StoreError: its key is not there (ST704), or the value is damaged or stood elsewhere (ST708).
        """
        return self.open_bytes(sealed, context=context).decode("utf-8", "surrogatepass")

    def seal_bytes(self, data: bytes, *, context: str) -> bytes:
        """Return *data* as it is stored under *context*."""
        packed = zlib.compress(data, _ZLIB_LEVEL)
        if not self._first:
            return _PLAIN + packed
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (
            _ENCRYPTED
            + self._first
            + nonce
            + self._keys[self._first].encrypt(nonce, packed, context.encode())
        )

    def open_bytes(self, sealed: bytes, *, context: str) -> bytes:
        """Return the data of *sealed*; raises as ``open`` does."""
        kind, rest = sealed[:1], sealed[1:]
        if kind == _ENCRYPTED:
            rest = self._decrypted(rest, context)
        elif kind != _PLAIN:
            raise StoreError("ST708")
        try:
            return zlib.decompress(rest)
        except zlib.error as exc:
            raise StoreError("ST708") from exc

    def seal_json(self, value: Any, *, context: str) -> bytes:
        """Return a JSON value as it is stored under *context*."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), context=context)

    def open_json(self, sealed: bytes, *, context: str) -> Any:
        """Return the JSON value of *sealed*; raises as ``open`` does."""
        return json.loads(self.open(sealed, context=context))

    def _decrypted(self, rest: bytes, context: str) -> bytes:
        key_id, rest = rest[:_KEY_ID_BYTES], rest[_KEY_ID_BYTES:]
        if key_id not in self._keys:
            raise StoreError("ST704")
        nonce, cipher = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return self._keys[key_id].decrypt(nonce, cipher, context.encode())
        except InvalidTag as exc:
            raise StoreError("ST708") from exc


def new_key() -> str:
    """Return a fresh key in the form that ``CHARTSIFT_NOTE_KEYS`` takes."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _decoded(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise StoreError("ST704", "a key for the notes is not base64") from exc
    if len(raw) != KEY_BYTES:
        raise StoreError("ST704", f"a key for the notes has {len(raw)} bytes, not {KEY_BYTES}")
    return raw
