"""Fifth stage: tracks that are one person, by their faces. Only what is certain is joined.

Average linkage over the mean embedding of each track, never of two that are seen together. A likeness that is not
enough alone is enough for two at once: if two people seen together look like two others, each like one of them, and
like nobody more, and like the other not at all, both would have to be mistaken. Measured with dlib's network on 13
shots of five people, two embeddings a shot or more: same person at most 0.33, two people at least 0.42.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from redactor.tracking.assign import components
from redactor.tracking.heads import Heads
from redactor.tracking.seen import Floats, Ints

_SAME = 0.36
_DOUBTFUL = 0.43
# Two at once: each pair at most this far apart, and nearer than crosswise by at least the margin.
_BOTH, _MARGIN = 0.47, 0.15
_CHUNK = 128  # tracks or groups compared with all others at once: memory stays small in a crowded hour


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
    place_of = [place[known[cluster[0]]] for cluster in clusters]
    doubts = {
        (place_of[a], place_of[b]): round(far, 3) for far, a, b in _likenesses(clusters, means, present, _DOUBTFUL)
    }
    return Persons(groups, doubts)


Cluster = list[int]


def _joined(members: Ints, means: Floats, present: list[frozenset[int]]) -> list[Cluster]:
    """Agglomerative clustering of a few tracks, the nearest two first, until none are near enough."""
    found = _Clusters(means[members], [present[n] for n in members])
    found.join()
    return [sorted(members[listed].tolist()) for listed in found.members.values()]


# How far apart two clusters are, and which.
Link = tuple[float, int, int]


def _likenesses(clusters: list[Cluster], means: Floats, present: list[frozenset[int]], most: float) -> list[Link]:
    """Pairs of clusters that may be one person, nearer than `most`."""
    links = _links(clusters, means, most)
    return [(far, a, b) for far, a, b in links if not _together(clusters[a], clusters[b], present)]


def _links(clusters: list[Cluster], means: Floats, most: float) -> Iterator[Link]:
    """All pairs that are nearer, by the mean of the distances between their tracks."""
    if not clusters:
        return
    order, sizes = np.concatenate(clusters), np.array([len(cluster) for cluster in clusters])
    first = np.cumsum(sizes) - sizes
    for start in range(0, len(clusters), _CHUNK):
        some = slice(start, start + _CHUNK)
        rows = order[first[start] :][: sizes[some].sum()]
        sums = np.add.reduceat(_distances(means[rows], means[order]), first, axis=1)
        far = np.add.reduceat(sums, first[some] - first[start]) / np.outer(sizes[some], sizes)
        one, other = np.nonzero(far < most)
        rising = one + start < other
        for a, b in zip(one[rising].tolist(), other[rising].tolist(), strict=True):
            yield float(far[a, b]), a + start, b


def _paired(clusters: list[Cluster], means: Floats, present: list[frozenset[int]]) -> list[Cluster]:
    """Joins two pairs at once, the nearest first, as long as there are such."""
    while found := _two_at_once(clusters, means, present):
        joined = [sorted(clusters[a] + clusters[b]) for a, b in found]
        gone = set(chain.from_iterable(found))
        clusters = sorted([*joined, *(cluster for n, cluster in enumerate(clusters) if n not in gone)])
    return clusters


def _two_at_once(clusters: list[Cluster], means: Floats, present: list[frozenset[int]]) -> set[tuple[int, int]]:
    """Links that two by two are certain, none of which have a cluster in common."""
    links = _mutual(_likenesses(clusters, means, present, _BOTH))
    found = set[tuple[int, int]]()
    for n, (far, a, b) in enumerate(links):
        for _, c, d in links[:n]:
            pair, other = (clusters[a], clusters[b]), (clusters[c], clusters[d])
            if (c, d) not in found and _certain(pair, other, far + _MARGIN, means, present):
                found |= {(a, b), (c, d)}
                break
    return found


def _certain(
    one: tuple[Cluster, Cluster],
    other: tuple[Cluster, Cluster],
    least: float,
    means: Floats,
    present: list[frozenset[int]],
) -> bool:
    """Whether an end of each link is seen together, and each is farther than `least` from the far end of the other."""
    return any(
        _together(a, c, present) and min(_far(a, d, means), _far(b, c, means)) > least
        for a, b in (one, one[::-1])
        for c, d in (other, other[::-1])
    )


def _mutual(links: list[Link]) -> list[Link]:
    """Those whose two ends have no nearer link, the nearest first."""
    found, linked = list[Link](), set[int]()
    for link in sorted(links):
        if linked.isdisjoint(link[1:]):
            found.append(link)
        linked.update(link[1:])
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
    """(len(some), len(others)): Euclidean. By products: of vectors a tenth long at least, right to 1e-7."""
    squares = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2 * some @ others.T
    return np.asarray(np.sqrt(squares.clip(0)))


def _present(track: Heads) -> frozenset[int]:
    """Frames in which the person is there for certain; what was extended may be just after they left."""
    return frozenset(track.frames[~track.extended].tolist())
