"""A sha256 that goes from one function to the next: each hashes its stretch of a file and hands on how far it is.

hashlib does not tell that. The OpenSSL that it calls does: its older functions work on a struct that the caller holds
(SHA256_CTX of openssl/sha.h, in every version from 0.9.8 to 3). Where they cannot be reached, or do not agree with
hashlib, `possible` says so, and one function hashes the whole file.
"""

import _hashlib
import ctypes
import hashlib
from functools import lru_cache

_BLOCK = 64


class _State(ctypes.Structure):
    """SHA256_CTX."""

    _fields_ = (
        ("h", ctypes.c_uint32 * 8),
        ("low", ctypes.c_uint32),
        ("high", ctypes.c_uint32),
        ("data", ctypes.c_uint32 * 16),
        ("count", ctypes.c_uint),
        ("length", ctypes.c_uint),
    )


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    """The very library that hashlib is linked with. Raises AttributeError or OSError where there is none to be had."""
    library = ctypes.CDLL(_hashlib.__file__)
    library.SHA256_Init.argtypes = (ctypes.POINTER(_State),)
    library.SHA256_Update.argtypes = (ctypes.POINTER(_State), ctypes.c_char_p, ctypes.c_size_t)
    library.SHA256_Final.argtypes = (ctypes.c_char_p, ctypes.POINTER(_State))
    return library


class Running:
    """sha256 of bytes that come in order. handed: what `handed` of the one before gave, none at the beginning.

    Raises ValueError where that is none of ours.
    """

    def __init__(self, handed: str | None = None) -> None:
        self._state = _State()
        if handed is None:
            _library().SHA256_Init(self._state)
        else:
            self._state = _State.from_buffer_copy(_exactly(bytes.fromhex(handed)))

    def update(self, data: bytes) -> None:
        _library().SHA256_Update(self._state, data, len(data))

    @property
    def handed(self) -> str:
        """How far it has come, for the next."""
        return bytes(self._state).hex()

    @property
    def sha256(self) -> str:
        """Hex, of all bytes so far."""
        digest = ctypes.create_string_buffer(hashlib.sha256().digest_size)
        _library().SHA256_Final(digest, _State.from_buffer_copy(self._state))
        return digest.raw.hex()


def _exactly(state: bytes) -> bytes:
    """OpenSSL takes a wrong number of bytes left over for a place in memory."""
    if len(state) != ctypes.sizeof(_State) or _State.from_buffer_copy(state).count >= _BLOCK:
        raise ValueError("this is no state of a sha256")
    return state


@lru_cache(maxsize=1)
def possible() -> bool:
    """Whether a hash that is handed on comes to what hashlib says, tried on some bytes."""
    data = bytes(range(200))
    try:
        first = Running()
        first.update(data[:77])
        second = Running(first.handed)
        second.update(data[77:])
        return second.sha256 == hashlib.sha256(data).hexdigest()
    except (AttributeError, OSError):
        return False
