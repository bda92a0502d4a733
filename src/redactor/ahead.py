"""Working ahead: what makes things in one thread, what uses them in another."""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

# How soon the maker notices that nobody wants more.
_LOOK = 0.1


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


@contextmanager
def ahead(things: Iterable[T], most: int) -> Iterator[Iterator[T]]:
    """Gives the same things in the same order, up to `most` of them made before they are asked for.

    What making them raises is raised where they are used. On leaving, the maker has stopped: what it reads from may be
    closed.
    """
    made: queue.Queue[object] = queue.Queue(most)
    wanted = threading.Event()
    wanted.set()
    maker = threading.Thread(target=_make, args=(things, made, wanted), daemon=True)
    maker.start()
    try:
        yield _taken(made)
    finally:
        wanted.clear()
        maker.join()


def _make(things: Iterable[object], made: "queue.Queue[object]", wanted: threading.Event) -> None:
    try:
        for thing in things:
            _put(thing, made, wanted)
            if not wanted.is_set():
                return
        _put(_END, made, wanted)
    except BaseException as error:  # noqa: BLE001  raised again where the things are used
        _put(_Failed(error), made, wanted)


def _put(thing: object, made: "queue.Queue[object]", wanted: threading.Event) -> None:
    while wanted.is_set():
        try:
            made.put(thing, timeout=_LOOK)
            return
        except queue.Full:
            continue


def _taken(made: "queue.Queue[Any]") -> Iterator[Any]:
    while (thing := made.get()) is not _END:
        if isinstance(thing, _Failed):
            raise thing.error
        yield thing
