"""Prove: one stretch of a large MP4, looked at as Verify looks at the whole; many stretches at a time.

One function takes in some 75 MB/s, so Verify alone would read an hour for most of a minute. A stretch holds whole
segments: their packets are digested here. The sha256 of the file and of each track of sound goes on from stretch to
stretch, each of which has its bytes at hand when its turn comes. Whatever cannot be shown so, Verify reads itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from redactor.inorder import STRETCH, allowed
from redactor.media.inspection import OutputFacts, inspect_stretch, picture_track
from redactor.media.source import open_source
from redactor.media.streams import Segment
from redactor.media.stretches import NotAsIndexed, place
from redactor.output import Output
from redactor.plan import Plan
from redactor.running import Running, possible


@dataclass(frozen=True)
class Stretch:
    """stretches.json, a bare array. first, end: segments, half-open. before: frames that come before them."""

    n: int
    first: int
    end: int
    before: int


@dataclass(frozen=True)
class Handed:
    """stretches/<n>.handed.json: sha256 (running.Running) of the file's bytes up to `at` and of the payloads of each
    track of sound that lie in them. version: of the MP4."""

    version: str
    at: int
    file: str
    sound: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """stretches/<n>.json. start, end: bytes, half-open. facts: of the packets that begin there; None where reading
    from there on did not give them. handed: None where the one before has not handed on in time."""

    version: str
    start: int
    end: int
    facts: OutputFacts | None
    handed: Handed | None


def stretches(
    parts: Sequence[int], frames: Sequence[int], size: int = STRETCH, *, copying: bool = False
) -> tuple[Stretch, ...]:
    """Whole parts, at most `size` bytes of them together, in the first stretches less (inorder.allowed); none where one
    stretch would hold all, where a part alone is larger, or where no hash can be handed on.

    parts, frames: bytes and frames of each. copying: whether some of them may hold packets of the source, which Verify
    compares with it, and which may be shown before the part begins.
    """
    if copying or sum(parts) <= size or max(parts) > size or not possible():
        return ()
    firsts, held = [0], 0
    for n, part in enumerate(parts):
        if held and held + part > allowed(len(firsts) - 1, size):
            firsts.append(n)
            held = 0
        held += part
    ends = [*firsts[1:], len(parts)]
    return tuple(
        Stretch(n, first, end, sum(frames[:first])) for n, (first, end) in enumerate(zip(firsts, ends, strict=True))
    )


def prove(
    output: Output,
    plan: Plan,
    segments: Sequence[Segment],
    cut: Sequence[Stretch],
    n: int,
    *,
    version: str,
    before: Callable[[], Handed | None],
) -> Iterator[Handed | Proof]:
    """What it hands on, as soon as it can, and then its proof. before: waits for what the stretch before hands on.

    Raises what inspect_output does, but for NotAsIndexed.
    """
    own = cut[n]
    ranges = [(segment.start, segment.end) for segment in segments[own.first : own.end]]
    blocks, sound = list[bytes](), list[tuple[int, bytes]]()
    start = end = 0
    try:
        start, end = _edges(output, plan, cut, n)
        with output.through(blocks.append, start, end) as file:
            facts = inspect_stretch(
                file,
                output.size,
                plan.streams.video,
                ranges,
                start=start,
                end=end,
                heard=lambda track, payload: sound.append((track, payload)),
            )
    except NotAsIndexed:
        yield Proof(version, start, end, None, None)
        return
    given = before() if n else _beginning(version, facts)
    handed = None
    if given is not None and (given.version, given.at) == (version, start):
        handed = _gone_on(given, blocks, sound)
        yield handed
    yield Proof(version, start, end, facts, handed)


def _edges(output: Output, plan: Plan, cut: Sequence[Stretch], n: int) -> tuple[int, int]:
    """A stretch begins where its first picture lies, the first one with the file; together they are all of it."""
    with open_source(output.file, output.size) as source:
        track = picture_track(source, plan.streams.video)
        begins = [place(track, one.before) for one in cut[max(1, n) : n + 2]]
    start = begins.pop(0) if n else 0
    return start, begins[0] if begins else output.size


def _beginning(version: str, facts: OutputFacts) -> Handed:
    tracks = sum(kind == "audio" for kind, _, _ in facts.streams)
    return Handed(version, 0, Running().handed, (Running().handed,) * tracks)


def _gone_on(given: Handed, blocks: Sequence[bytes], sound: Sequence[tuple[int, bytes]]) -> Handed:
    file, tracks = Running(given.file), [Running(one) for one in given.sound]
    for block in blocks:
        file.update(block)
    for track, payload in sound:
        tracks[track].update(payload)
    at = given.at + sum(map(len, blocks))
    return Handed(given.version, at, file.handed, tuple(track.handed for track in tracks))


def proved(proofs: Sequence[Proof], size: int, version: str) -> tuple[OutputFacts, str] | None:
    """The facts and the sha256 of the whole file, where these proofs are of all of it, in this version; else None."""
    if not proofs or not all(_shown(proof, version) for proof in proofs):
        return None
    starts, ends = [proof.start for proof in proofs], [proof.end for proof in proofs]
    if [*starts, size] != [0, *ends]:
        return None
    facts = [proof.facts for proof in proofs if proof.facts]
    last = proofs[-1].handed
    assert last is not None
    whole = replace(
        facts[0],
        pts=tuple(pts for one in facts for pts in one.pts),
        ranges=tuple(digest for one in facts for digest in one.ranges),
        audio=tuple(Running(track).sha256 for track in last.sound),
    )
    return whole, Running(last.file).sha256


def _shown(proof: Proof, version: str) -> bool:
    """Whether it says all that it can, of this version."""
    handed = proof.handed
    if proof.facts is None or handed is None:
        return False
    return (proof.version, handed.version, handed.at) == (version, version, proof.end)
