"""What moto 5.2.5 lacks or gets wrong, mended one by one. `install` applies them all; tests/localcloud has a contract
test for each that fails without it.

A patch that changes what a caller sees acts only on the accounts of running clouds (`hooks`): moto stays as it is for
everybody else in the process.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.light_import import load_interpreter

interpreter = load_interpreter()

from localcloud.patches import (  # noqa: E402  what they import of the interpreter is loaded lightly first
    checksums,
    distributed_map,
    endings,
    errors,
    invocation,
    objects,
    parsing,
    retries,
    tasks,
    uploads,
    writes,
)

PATCHES = {
    patch.name: patch
    for module in (
        distributed_map,
        endings,
        errors,
        invocation,
        objects,
        checksums,
        parsing,
        retries,
        tasks,
        uploads,
        writes,
    )
    for patch in module.PATCHES
}

_lock = threading.Lock()
_installed: set[str] = set()


def install() -> None:
    """Applies every patch, once in a process."""
    with _lock:
        # It logs every failed task as an error of its own; where nobody listens, Python would print that.
        logging.getLogger("moto").addHandler(logging.NullHandler())
        for name, patch in PATCHES.items():
            if name not in _installed:
                patch.apply()
                _installed.add(name)


@contextmanager
def without(name: str) -> Iterator[None]:
    """moto as it is without the patch of that name: how the tests see what it mends."""
    install()
    PATCHES[name].revert()
    try:
        yield
    finally:
        PATCHES[name].apply()
