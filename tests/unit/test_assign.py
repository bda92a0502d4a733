"""Pairing at the least cost, against another library and by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from redactor.tracking.assign import Pair, components, least_cost

NUMBERS = st.integers(0, 7)
COSTS = st.dictionaries(st.tuples(NUMBERS, NUMBERS), st.floats(0, 100), max_size=30)


@given(COSTS)
def test_as_many_pairs_as_can_be_at_the_least_cost(costs: dict[Pair, float]) -> None:
    matrix = np.full((8, 8), 1e6)
    for pair, cost in costs.items():
        matrix[pair] = cost
    best = matrix[linear_sum_assignment(matrix)]
    pairs = least_cost(costs)
    assert len(pairs) == np.sum(best < 1e6)
    assert np.isclose(sum(costs[pair] for pair in pairs), best[best < 1e6].sum())


@given(COSTS)
def test_nothing_is_paired_twice_nor_with_what_it_may_not(costs: dict[Pair, float]) -> None:
    pairs = least_cost(costs)
    assert set(pairs) <= costs.keys()
    assert len({left for left, _ in pairs}) == len({right for _, right in pairs}) == len(pairs)


def test_more_pairs_come_before_cheaper_ones() -> None:
    assert sorted(least_cost({(1, 1): 0.0, (1, 2): 50.0, (2, 1): 50.0})) == [(1, 2), (2, 1)]


def test_edges_lie_with_those_that_they_hang_together_with() -> None:
    assert components([(1, 2), (5, 5), (3, 4), (2, 3)]) == [[(1, 2), (3, 4), (2, 3)], [(5, 5)]]
