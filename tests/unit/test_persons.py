"""One person, one id: tracks joined by their faces, and never on a guess."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.tracking.persons import _links
from redactor.tracks import Origin, Tracking
from tests.unit.sightings import FRAME, contains, records, scenery, stream, track, walks

VIDEO = stream()
# Somebody leaves after a second and comes back elsewhere after four.
FIRST, LAST = range(30), range(120, 150)
LEAVES, RETURNS = walks((200, 300), seen=FIRST), walks((900, 300), seen=LAST)


def embedding(*at: float) -> np.ndarray:
    return np.array([*at, *[0.0] * (128 - len(at))])


def tracked(*walkers, faces: dict[tuple[int, int], np.ndarray], count: int = 200, signatures=None) -> Tracking:
    """faces: by frame and position."""
    listed = records(count, *walkers, signatures=signatures)
    return track(listed, VIDEO, {(frame * FRAME, position): one for (frame, position), one in faces.items()})


def ids(tracking: Tracking) -> list[int]:
    return [one.id for one in tracking.tracks]


def test_who_leaves_and_returns_keeps_the_id():
    found = tracked(LEAVES, RETURNS, faces={(5, 0): embedding(0), (130, 0): embedding(0.3)})
    assert ids(found) == [1]
    assert found.coverage[0].doubts == ()
    assert found.coverage[0].detected == 60


def test_without_embeddings_they_are_two():
    assert ids(tracked(LEAVES, RETURNS, faces={})) == [1, 2]
    assert ids(tracked(LEAVES, RETURNS, faces={(5, 0): embedding(0)})) == [1, 2]


def test_across_a_cut_too():
    marks = [scenery(0)] * 60 + [scenery(1)] * 60
    people = walks((200, 300), seen=range(60)), walks((900, 300), seen=range(60, 120))
    found = tracked(*people, faces={(5, 0): embedding(0), (70, 0): embedding(0.2)}, count=120, signatures=marks)
    assert ids(found) == [1]


def test_nothing_is_filled_in_between_two_parts_of_a_person():
    (one,) = tracked(LEAVES, RETURNS, faces={(5, 0): embedding(0), (130, 0): embedding(0)}).tracks
    frames = [box.frame for box in one.boxes]
    assert max(b - a for a, b in itertools.pairwise(frames)) > 60
    assert all(box.origin is not Origin.INTERPOLATED for box in one.boxes)


def test_uncertain_likeness_stays_two_ids_and_is_told_on_both():
    found = tracked(LEAVES, RETURNS, faces={(5, 0): embedding(0), (130, 0): embedding(0.4)})
    assert ids(found) == [1, 2]
    assert [[(doubt.id, doubt.distance) for doubt in row.doubts] for row in found.coverage] == [[(2, 0.4)], [(1, 0.4)]]


def test_different_faces_are_two_people_and_no_doubt():
    found = tracked(LEAVES, RETURNS, faces={(5, 0): embedding(0), (130, 0): embedding(0.6)})
    assert ids(found) == [1, 2]
    assert [row.doubts for row in found.coverage] == [(), ()]


def test_two_who_are_seen_together_are_never_one():
    twin = walks((700, 300), seen=range(10, 40))
    found = tracked(LEAVES, twin, faces={(5, 0): embedding(0), (35, 0): embedding(0)})
    assert ids(found) == [1, 2]
    assert [row.doubts for row in found.coverage] == [(), ()]


def test_average_linkage_does_not_chain_people_together():
    walkers = [walks((200, 300), seen=range(start, start + 30)) for start in (0, 120, 240)]
    faces = {(5, 0): embedding(0), (125, 0): embedding(0.34), (245, 0): embedding(0.68)}
    found = tracked(*walkers, faces=faces, count=300)
    assert len(found.tracks) == 2


def test_an_id_is_never_twice_in_a_frame_and_every_detection_stays_covered():
    # Lost and found again far away at once: the extended ends of both parts reach into the same frames.
    people = walks((200, 300), seen=range(40)), walks((900, 300), seen=range(44, 90))
    found = tracked(*people, faces={(5, 0): embedding(0), (60, 0): embedding(0)}, count=120)
    (one,) = found.tracks
    frames = [box.frame for box in one.boxes]
    assert len(set(frames)) == len(frames)
    assert frames == sorted(frames)
    for n, placed in ((box.frame, box.box) for box in one.boxes if box.origin is Origin.DETECTED):
        seen = next(person(n) for person in people if person(n))
        assert contains(placed, seen.box)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_embeddings_does_not_matter(seed):
    walkers = [walks((200, 300), seen=range(start, start + 30)) for start in range(0, 600, 100)]
    faces = {(100 * n + 5, 0): embedding(0.2 * (n % 3), 0.1 * n) for n in range(6)}
    shuffled = list(faces.items())
    random.Random(seed).shuffle(shuffled)
    one, other = (tracked(*walkers, faces=listed, count=700) for listed in (dict(shuffled), faces))
    assert [person.boxes for person in one.tracks] == [person.boxes for person in other.tracks]
    assert one.coverage == other.coverage


def pair(first: float, second: float, crosswise: float, also: float | None = None) -> Tracking:
    """Two people, one after the other; later two together who look like them, at these distances. also: how far from
    the first of these somebody is who comes in between and looks like nobody else."""
    alone = [walks((200, 300), seen=range(30)), walks((200, 300), seen=range(120, 150))]
    together = walks((200, 300), seen=range(240, 270)), walks((900, 300), seen=range(240, 270))
    faces = {
        (5, 0): embedding(0),
        (125, 0): embedding(crosswise),
        (245, 0): embedding(0, first),
        (245, 1): embedding(crosswise, 0, second),
    }
    if also is not None:
        alone.append(walks((600, 600), seen=range(180, 210)))
        faces[185, 0] = embedding(0, first, 0, also)
    return tracked(*alone, *together, faces=faces, count=300)


def test_a_weak_likeness_is_enough_for_two_at_once():
    assert len(pair(0.44, 0.42, 0.6).tracks) == 2


def test_but_not_where_one_of_the_two_is_no_match_or_they_look_like_both():
    assert len(pair(0.44, 0.48, 0.6).tracks) == 4
    assert len(pair(0.44, 0.42, 0.38).tracks) == 4


def test_of_two_who_would_do_the_one_who_looks_more_alike_is_taken():
    for also, stays_one in ((0.46, True), (0.43, False)):
        found = pair(0.44, 0.42, 0.6, also=also)
        assert len(found.tracks) == 3
        assert (found.tracks[0].boxes[-1].frame > 240) is stays_one


def test_a_montage_of_many_who_look_somewhat_alike_is_told_apart():
    """Every pair of pairs compared with every other would not end."""
    starts, places = range(0, 4800, 120), range(100, 1200, 200)
    walkers = [walks((x, 300), seen=range(start, start + 20)) for start in starts for x in places]
    rng = np.random.default_rng(0)
    faces = {(start + 5, n): rng.normal(0, 0.028, 128) for start in starts for n in range(len(places))}
    found = tracked(*walkers, faces=faces, count=4800)
    assert sum(row.detected for row in found.coverage) == 20 * len(walkers)
    assert all(len({box.frame for box in one.boxes}) == len(one.boxes) for one in found.tracks)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_distances_between_groups_are_the_means_of_those_between_their_tracks(seed, groups):
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 0.05, (3 * groups, 128))
    order = rng.permutation(len(means)).tolist()
    clusters = [sorted(part) for n in range(groups) if (part := order[n :: groups + 1])]
    found = {(a, b): far for far, a, b in _links(clusters, means, 0.8)}
    for a, b in itertools.combinations(range(len(clusters)), 2):
        far = np.mean([np.linalg.norm(means[n] - means[m]) for n in clusters[a] for m in clusters[b]])
        assert found.get((a, b), 0.8) == pytest.approx(min(far, 0.8))
