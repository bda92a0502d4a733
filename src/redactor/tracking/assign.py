"""Pairing things up at the least total cost, where most pairs are out of the question."""

from collections.abc import Iterable

import lap
import numpy as np

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
    for joined in components((left, ~right) for left, right in costs):  # ~right: its own number space, below zero
        group = [(left, ~right) for left, right in joined]
        pairs += group if len(group) == 1 else _solved(group, costs)
    return pairs


def components(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """The edges of a graph by its connected components, each in the order given, by union-find."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    listed = list(pairs)
    for left, right in listed:
        parent[root(left)] = root(right)
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
    chosen, _ = lap.lapjv(matrix, extend_cost=True, return_cost=False)
    return [(lefts[r], rights[c]) for r, c in enumerate(chosen.tolist()) if c >= 0 and matrix[r, c] < _NEVER]
