"""Read-only files whose bytes come from somewhere else, place by place."""

import io
from typing import Any


class Seekable(io.RawIOBase):
    """Subclasses say what stands at a place: `_from`. size: bytes."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._at = 0

    @property
    def size(self) -> int:
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        chunk = self._from(self._at, len(buffer))[: len(buffer)]
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)

    def _from(self, place: int, most: int) -> bytes | memoryview:
        """Bytes from place on, at least one; those beyond `most` are not asked for."""
        raise NotImplementedError
