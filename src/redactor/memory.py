"""What a process does about memory beside using it."""

import contextlib
import ctypes
import gc
from collections.abc import Iterator


def give_back() -> None:
    """Freed memory goes back to the system: what comes next need not carry what the one before it held at most."""
    with contextlib.suppress(AttributeError):  # another libc than glibc
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """For what makes millions of things none of which is circular: the collector would walk over them again and again,
    which takes as long as making them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
