"""Pairing things up at the least total cost, where most pairs are out of the question."""

from collections.abc import Iterable

import numpy as np
from scipy.optimize import linear_sum_assignment

Pair = tuple[int, int]
_NEVER = 1e6


def least_cost(costs: dict[Pair, float]) -> list[Pair]:
    """The pairs of an optimal one-to-one assignment: as many pairs as possible, then the least sum of costs.

    costs: (left, right) -> cost >= 0, of every pair that may be. Groups that share nothing are solved apart, so it is
    fast where each thing has a few neighbours, whatever their number.
    """
    if len({left for left, _ in costs}) == len(costs) == len({right for _, right in costs}):
        return list(costs)
    pairs: list[Pair] = []
    for group in _groups(costs):
        pairs += group if len(group) == 1 else _solved(group, costs)
    return pairs


def _groups(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Connected components of the bipartite graph, by union-find."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    listed = list(pairs)
    for left, right in listed:
        parent[root(left)] = root(~right)  # ~right: its own number space, below zero
    groups: dict[int, list[Pair]] = {}
    for pair in listed:
        groups.setdefault(root(pair[0]), []).append(pair)
    return list(groups.values())


def _solved(group: list[Pair], costs: dict[Pair, float]) -> list[Pair]:
    lefts, rights = sorted({left for left, _ in group}), sorted({right for _, right in group})
    row = {left: n for n, left in enumerate(lefts)}
    column = {right: n for n, right in enumerate(rights)}
    matrix = np.full((len(lefts), len(rights)), _NEVER)
    for pair in group:
        matrix[row[pair[0]], column[pair[1]]] = costs[pair]
    chosen = zip(*linear_sum_assignment(matrix), strict=True)
    return [(lefts[r], rights[c]) for r, c in chosen if matrix[r, c] < _NEVER]
