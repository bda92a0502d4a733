"""Fifth stage: tracks that are one person, by their faces. Only what is certain is joined.

Average linkage over the mean embedding of each track, never of two that are seen together. A likeness that is not
enough alone is enough for two at once: if two people seen together look like two others, each like one of them and
like the other not at all, both would have to be mistaken. Measured with dlib's
network on 13 shots of five people, two embeddings a shot or more: same person at most 0.33, two people at least 0.42.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from redactor.tracking.assign import components
from redactor.tracking.heads import Heads
from redactor.tracking.seen import Floats, Ints

_SAME = 0.36
_DOUBTFUL = 0.43
# Two at once: each pair at most this far apart, and nearer than crosswise by at least the margin.
_BOTH, _MARGIN = 0.47, 0.15
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
    present = [_present(tracks[number]) for number in known]
    clusters = [
        cluster for members in (_components(means) if known else ()) for cluster in _joined(members, means, present)
    ]
    clusters = _paired(sorted(clusters), means, present)
    alone = [[number] for number in range(len(tracks)) if number not in faces]
    groups = sorted([*alone, *([known[n] for n in cluster] for cluster in clusters)])
    place = {group[0]: n for n, group in enumerate(groups)}
    doubts = {
        (place[known[a[0]]], place[known[b[0]]]): round(far, 3)
        for a, b, far in _likenesses(clusters, means, present, _DOUBTFUL)
    }
    return Persons(groups, doubts)


Cluster = list[int]


def _joined(members: Ints, means: Floats, present: list[frozenset[int]]) -> list[Cluster]:
    """Agglomerative clustering of a few tracks, the nearest two first, until none are near enough."""
    found = _Clusters(means[members], [present[n] for n in members])
    found.join()
    return [sorted(members[listed].tolist()) for listed in found.members.values()]


def _likenesses(
    clusters: list[Cluster], means: Floats, present: list[frozenset[int]], most: float
) -> list[tuple[Cluster, Cluster, float]]:
    """Pairs of clusters that may be one person, and how far apart they are; ordered."""
    owner = np.empty(len(means), np.int64)
    for n, cluster in enumerate(clusters):
        owner[cluster] = n
    near = {(int(min(owner[a], owner[b])), int(max(owner[a], owner[b]))) for a, b in _near(means, most)}
    found = []
    for a, b in sorted((a, b) for a, b in near if a != b):
        far = _far(clusters[a], clusters[b], means)
        if far < most and not _together(clusters[a], clusters[b], present):
            found.append((clusters[a], clusters[b], far))
    return found


def _paired(clusters: list[Cluster], means: Floats, present: list[frozenset[int]]) -> list[Cluster]:
    """Joins two pairs at once, the nearest first, as long as there are such."""
    while pairs := _two_at_once(_likenesses(clusters, means, present, _BOTH), means, present):
        _, links = min(pairs)
        for a, b in links:
            clusters = [cluster for cluster in clusters if cluster not in (a, b)] + [sorted(a + b)]
        clusters.sort()
    return clusters


def _two_at_once(
    links: list[tuple[Cluster, Cluster, float]], means: Floats, present: list[frozenset[int]]
) -> list[tuple[float, tuple[tuple[Cluster, Cluster], tuple[Cluster, Cluster]]]]:
    """Pairs of links by the larger distance: of each, one end is seen together with one end of the other."""
    found = []
    for (a, b, near), (c, d, other) in combinations(links, 2):
        if len({a[0], b[0], c[0], d[0]}) < 4:
            continue
        worse = max(near, other)
        for p, q in (((a, b), (c, d)), ((a, b), (d, c)), ((b, a), (c, d)), ((b, a), (d, c))):
            crosswise = min(_far(p[0], q[1], means), _far(p[1], q[0], means))
            if _together(p[0], q[0], present) and crosswise > worse + _MARGIN:
                found.append((worse, ((a, b), (c, d))))
                break
    return found


def _far(a: Cluster, b: Cluster, means: Floats) -> float:
    return float(_distances(means[a], means[b]).mean())


def _together(a: Cluster, b: Cluster, present: list[frozenset[int]]) -> bool:
    return any(not present[n].isdisjoint(present[m]) for n in a for m in b)


class _Clusters:
    """Agglomerative clustering of a few tracks. members: cluster -> its tracks."""

    def __init__(self, means: Floats, present: list[frozenset[int]]) -> None:
        self.members = {n: [n] for n in range(len(means))}
        self._present = dict(enumerate(present))
        self._far = _distances(means, means)

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
    return [np.unique(pairs) for pairs in components(_near(means, _SAME))]


def _near(means: Floats, most: float) -> list[tuple[int, int]]:
    """Pairs of tracks (row, row) nearer than this, each with itself too."""
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(means), _CHUNK):
        row, column = np.nonzero(_distances(means[start : start + _CHUNK], means) < most)
        pairs += zip((row + start).tolist(), column.tolist(), strict=True)
    return pairs


def _distances(some: Floats, others: Floats) -> Floats:
    """(len(some), len(others)): Euclidean."""
    return np.stack([np.linalg.norm(others - one, axis=1) for one in some])


def _present(track: Heads) -> frozenset[int]:
    """Frames in which the person is there for certain; what was extended may be just after they left."""
    return frozenset(track.frames[~track.extended].tolist())
