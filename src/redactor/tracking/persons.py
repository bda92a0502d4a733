"""Fifth stage: tracks that are one person, by their faces. Only what is certain is joined.

Average linkage over the mean embedding of each track, never of two that are seen together. Measured with dlib's
network on 13 shots of five people, two embeddings a shot or more: same person at most 0.33, two people at least 0.42.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from redactor.tracking.heads import Heads
from redactor.tracking.seen import Floats, Ints

_SAME = 0.37
_DOUBTFUL = 0.43
_CHUNK = 512  # tracks compared with all others at once: memory stays small in a crowded hour


@dataclass(frozen=True)
class Persons:
    """groups: numbers of the tracks that are one person, each track in one group, ordered. doubts: (group, group) ->
    distance, where it stayed open whether two groups are one person."""

    groups: list[list[int]]
    doubts: dict[tuple[int, int], float]


def persons(tracks: Sequence[Heads], faces: Mapping[int, Floats]) -> Persons:
    """Who is who. faces: number of a track -> its embeddings, (n, dimensions); a track without any stays alone."""
    known = sorted(faces)
    means = np.array([faces[number].mean(axis=0) for number in known])
    groups, doubts = [[number] for number in range(len(tracks)) if number not in faces], dict[tuple[int, int], float]()
    for component in _components(means) if known else ():
        clusters = _Clusters(means[component], [_present(tracks[known[n]]) for n in component])
        clusters.join()
        named = {c: [known[component[n]] for n in members] for c, members in clusters.members.items()}
        groups += named.values()
        doubts |= {(named[a][0], named[b][0]): far for (a, b), far in clusters.doubts().items()}
    groups = sorted(sorted(group) for group in groups)
    place = {number: n for n, group in enumerate(groups) for number in group}
    pairs = ((sorted((place[a], place[b])), far) for (a, b), far in doubts.items())
    return Persons(groups, {(a, b): far for (a, b), far in sorted(pairs)})


class _Clusters:
    """Agglomerative clustering of a few tracks. members: cluster -> its tracks."""

    def __init__(self, means: Floats, present: list[frozenset[int]]) -> None:
        self.members = {n: [n] for n in range(len(means))}
        self._present = dict(enumerate(present))
        self._far = cdist(means, means)

    def join(self) -> None:
        """The nearest two first, until none are near enough."""
        one, other = np.nonzero(np.triu(self._far < _SAME, 1))
        heap = [(float(self._far[a, b]), a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
        heapq.heapify(heap)
        while heap:
            far, a, b = heapq.heappop(heap)
            if a in self.members and b in self.members and far == self._far[a, b] and self._apart(a, b):
                self._merge(a, b)
                near = [c for c in self.members if c != a and self._far[a, c] < _SAME]
                for c in near:
                    heapq.heappush(heap, (float(self._far[a, c]), min(a, c), max(a, c)))

    def doubts(self) -> dict[tuple[int, int], float]:
        """Clusters that may be one person, and how far apart they are."""
        listed = sorted(self.members)
        pairs = [(a, b) for n, a in enumerate(listed) for b in listed[n + 1 :] if self._far[a, b] < _DOUBTFUL]
        return {(a, b): round(float(self._far[a, b]), 3) for a, b in pairs if self._apart(a, b)}

    def _apart(self, a: int, b: int) -> bool:
        return self._present[a].isdisjoint(self._present[b])

    def _merge(self, a: int, b: int) -> None:
        """b into a."""
        n, m = len(self.members[a]), len(self.members[b])
        self._far[a] = self._far[:, a] = (n * self._far[a] + m * self._far[b]) / (n + m)
        self.members[a] += self.members.pop(b)
        self._present[a] |= self._present.pop(b)


def _components(means: Floats) -> list[Ints]:
    """Tracks that a chain of likenesses connects: only these can become one person."""
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(means), _CHUNK):
        row, column = np.nonzero(cdist(means[start : start + _CHUNK], means) < _DOUBTFUL)
        rows.append(row + start)
        columns.append(column)
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_array((np.ones(len(row), np.int64), (row, column)), shape=(len(means), len(means)))
    count, label = connected_components(graph, directed=False)
    return [np.flatnonzero(label == n) for n in range(count)]


def _present(track: Heads) -> frozenset[int]:
    """Frames in which the person is there for certain; what was extended may be just after they left."""
    return frozenset(track.frames[~track.extended].tolist())
