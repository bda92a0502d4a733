from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from redactor.detectors.bysize import BySize


class Planned:
    """A session that notes each size it was run with."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def get_outputs(self) -> Sequence[Any]:
        return ["sum", "half"]

    def run(self, names: Sequence[str] | None, feed: Mapping[str, Any]) -> Sequence[Any]:
        batch = feed["in"]
        self.sizes.append(batch.shape)
        return [batch.sum(axis=(1, 2)), batch[:, ::2] / 2]


@given(st.lists(st.tuples(st.integers(1, 70), st.sampled_from([(4, 6), (2, 3)])), min_size=1, max_size=8))
def test_answers_are_one_session_s_and_each_session_sees_one_size(asked: list[tuple[int, tuple[int, int]]]) -> None:
    made: list[Planned] = []

    def opened() -> Planned:
        made.append(Planned())
        return made[-1]

    network, alone = BySize(opened), Planned()
    for count, size in asked:
        batch = np.arange(count * size[0] * size[1], dtype=np.float64).reshape(count, *size)
        for ours, theirs in zip(network.run(None, {"in": batch}), alone.run(None, {"in": batch}), strict=True):
            assert np.array_equal(ours, theirs)
    assert all(len(set(session.sizes)) == 1 for session in made)
    # Powers of two up to 64, in two sizes.
    assert len(made) <= 14
    assert network.get_outputs() == alone.get_outputs()
