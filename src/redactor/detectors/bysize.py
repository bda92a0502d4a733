"""One network as a session for each size of input.

CUDA's convolutions are planned anew whenever the size differs from the last one, for up to five seconds. Detect shows
each frame to the same network in two sizes: with one session it looked at 6 frames a second, with this at 140
(docs/decisions.md).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Network(Protocol):
    """What an onnxruntime session does, as far as it is used here."""

    def get_outputs(self) -> Sequence[Any]: ...

    def run(self, names: Sequence[str] | None, feed: Mapping[str, Any]) -> Sequence[Any]: ...


class BySize:
    """Behaves as one of the sessions that `opened` makes, for a network with one input whose first axis counts."""

    def __init__(self, opened: Callable[[], Network]) -> None:
        self._opened = opened
        self._first = opened()  # at once: what cannot run says so before anything is decoded
        self._made: dict[tuple[int, ...], Network] = {}

    def get_outputs(self) -> Sequence[Any]:
        return self._first.get_outputs()

    def run(self, names: Sequence[str] | None, feed: Mapping[str, Any]) -> Sequence[Any]:
        ((name, batch),) = feed.items()
        parts = [self._session(part.shape).run(names, {name: part}) for part in _powers(batch)]
        return [np.concatenate(answers) for answers in zip(*parts, strict=True)]

    def _session(self, size: tuple[int, ...]) -> Network:
        if size not in self._made:
            self._made[size] = self._opened() if self._made else self._first
        return self._made[size]


def _powers(batch: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """The batch in parts of a power of two, largest first: few sizes, and none is filled up with what nobody needs."""
    while len(batch):
        count = 1 << (len(batch).bit_length() - 1)
        yield batch[:count]
        batch = batch[count:]
