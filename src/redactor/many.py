"""Many small things at a time: S3 answers each after some hundredths of a second, but dozens in that time."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Requests under way at a time, for each of which a connection is kept; of copies, which S3 takes longer for.
AT_ONCE, COPIES = 64, 32


def many(act: Callable[[T], R], things: Iterable[T], most: int = AT_ONCE) -> Generator[R, None, None]:
    """act's answers in the order of the things, up to `most` of them made before they are asked for.

    What goes wrong is raised under its own name where its answer would come. On leaving, nothing more is begun and
    what had begun has ended.
    """
    made: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(most)
    try:
        for thing in things:
            made.append(pool.submit(act, thing))
            if len(made) == most:
                yield made.popleft().result()
        while made:
            yield made.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def each(act: Callable[[T], object], things: Iterable[T], most: int = AT_ONCE) -> None:
    """The same for its effect: returns when all is done; raises the first failure, in the order of the things."""
    for _ in many(act, things, most):
        pass
