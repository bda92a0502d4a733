"""Stretches of an MP4 together say of it what one reading says, and where they cannot, they say nothing."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor import prove as module
from redactor.errors import OutputMismatch
from redactor.inorder import STRETCH, allowed
from redactor.jsonable import decode, encode
from redactor.media.inspection import inspect_output
from redactor.media.stretches import NotAsIndexed
from redactor.output import Output
from redactor.prove import Handed, Proof, Stretch, prove, proved, stretches
from tests.media_factory import face_clip
from tests.unit.pipeline import Pipeline

VERSION = "v1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """96 frames in eight segments, with sound."""
    folder = tmp_path_factory.mktemp("prove")
    face_clip(folder / "foo.mp4", frames=96, width=160, height=128, face_height=64, gop=12, audio="aac")
    with Pipeline(folder / "foo.mp4", folder) as pipeline:
        yield pipeline


def cut(pipeline: Pipeline, share: float = 0.3) -> tuple[Stretch, ...]:
    sizes = [part.size for part in pipeline.parts]
    return stretches(sizes, [len(one.digest.pts) for one in pipeline.verdicts], max(*sizes, int(sum(sizes) * share)))


def looked(pipeline: Pipeline, path: Path, parts: Sequence[Stretch]) -> list[Proof]:
    """The proofs of all stretches, each handed what the one before it handed on; as they are written and read again."""
    proofs, handed = list[Proof](), None
    for n in range(len(parts)):
        with path.open("rb") as file:
            output = Output(file, path.stat().st_size)
            given = handed
            *on, proof = prove(
                output, pipeline.plan, pipeline.segments, parts, n, version=VERSION, before=lambda given=given: given
            )
        handed = decode(Handed, encode(on[0])) if on else None
        assert isinstance(proof, Proof)
        proofs.append(decode(Proof, encode(proof)))
    return proofs


@pytest.mark.parametrize("share", [0.15, 0.3, 0.6])
def test_stretches_say_what_one_reading_says(made: Pipeline, share: float) -> None:
    parts, size = cut(made, share), made.out.stat().st_size
    assert len(parts) > 1
    with made.out.open("rb") as file:
        ranges = [(segment.start, segment.end) for segment in made.segments]
        whole = inspect_output(file, size, made.plan.streams.video, ranges)
    told = proved(looked(made, made.out, parts), size, VERSION)
    assert told == (whole, hashlib.sha256(made.out.read_bytes()).hexdigest())
    assert len(whole.audio) == 1


def test_verify_takes_their_word_and_reads_nothing(made: Pipeline) -> None:
    class Unread(Output):
        def through(self, *args: object, **more: object) -> object:
            raise AssertionError

    proofs = looked(made, made.out, cut(made))
    assert made.verify(made.out, proofs=proofs, version=VERSION, kind=Unread) == replace(
        made.verify(made.out), version=VERSION
    )


LACKING: dict[str, Callable[[list[Proof]], list[Proof]]] = {
    "none at all": lambda proofs: [],
    "the last": lambda proofs: proofs[:-1],
    "the first": lambda proofs: proofs[1:],
    "one in the middle": lambda proofs: [proofs[0], *proofs[2:]],
    "another order": lambda proofs: proofs[::-1],
    "one twice": lambda proofs: [proofs[0], *proofs],
    "another version": lambda proofs: [replace(proofs[0], version="v0"), *proofs[1:]],
    "no facts": lambda proofs: [*proofs[:-1], replace(proofs[-1], facts=None)],
    "not handed on": lambda proofs: [replace(proofs[0], handed=None), *proofs[1:]],
    "another's hash": lambda proofs: [*proofs[:-1], replace(proofs[-1], handed=proofs[0].handed)],
}


@pytest.mark.parametrize("what", LACKING)
def test_where_anything_is_lacking_verify_reads_the_file_itself(made: Pipeline, what: str) -> None:
    proofs, size = LACKING[what](looked(made, made.out, cut(made))), made.out.stat().st_size
    assert proved(proofs, size, VERSION) is None
    assert made.verify(made.out, proofs=proofs, version=VERSION).sha256 == made.verify(made.out).sha256


def test_of_a_longer_file_they_are_not(made: Pipeline) -> None:
    assert proved(looked(made, made.out, cut(made)), made.out.stat().st_size + 1, VERSION) is None


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("n", [0, 20, 50, -1])
def test_what_was_tampered_with_is_refused_by_name(made: Pipeline, tmp_path: Path, kind: str, n: int) -> None:
    path = tmp_path / "altered.mp4"
    data = bytearray(made.out.read_bytes())
    with av.open(str(made.out)) as source:
        packet = [one for one in source.demux(getattr(source.streams, kind)[0]) if one.size][n]
        data[packet.pos + packet.size - 1] ^= 1
    path.write_bytes(data)
    proofs = looked(made, path, cut(made))
    assert proved(proofs, len(data), VERSION) is not None
    wanted = {"video": "the packets of the segments", "audio": "the packets of audio track 1"}[kind]
    with pytest.raises(OutputMismatch, match=wanted):
        made.verify(path, proofs=proofs, version=VERSION)


def test_what_is_not_as_the_index_says_is_left_to_verify(made: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise NotAsIndexed

    monkeypatch.setattr(module, "inspect_stretch", lost)
    proofs = looked(made, made.out, cut(made))
    assert {(proof.facts, proof.handed) for proof in proofs} == {(None, None)}


def test_a_packet_that_lies_in_no_stretch_leaves_all_to_verify(made: Pipeline, tmp_path: Path) -> None:
    """The index leads the last chunk of sound out of the file."""
    data, path = bytearray(made.out.read_bytes()), tmp_path / "altered.mp4"
    at = data.rindex(b"stco") + 8
    last = at + 4 * int.from_bytes(data[at : at + 4], "big")
    data[last : last + 4] = (len(data) + 5).to_bytes(4, "big")
    path.write_bytes(data)
    assert {(proof.facts, proof.handed) for proof in looked(made, path, cut(made))} == {(None, None)}


def test_a_stretch_that_waited_in_vain_says_what_it_saw(made: Pipeline) -> None:
    with made.out.open("rb") as file:
        output = Output(file, made.out.stat().st_size)
        (proof,) = prove(output, made.plan, made.segments, cut(made), 1, version=VERSION, before=lambda: None)
    assert isinstance(proof, Proof)
    assert proof.handed is None
    assert proof.facts is not None


def test_another_versions_hash_is_not_gone_on_with(made: Pipeline) -> None:
    old = looked(made, made.out, cut(made))[0].handed
    assert old is not None
    with made.out.open("rb") as file:
        output = Output(file, made.out.stat().st_size)
        (proof,) = prove(output, made.plan, made.segments, cut(made), 1, version="v2", before=lambda: old)
    assert isinstance(proof, Proof)
    assert proof.handed is None


sizes = st.lists(st.integers(1, 100), min_size=1, max_size=30)


@given(sizes, st.integers(1, 300))
def test_stretches_hold_all_segments_once_and_no_more_than_they_may(parts: list[int], most: int) -> None:
    frames = [7 * n + 1 for n in range(len(parts))]
    found = stretches(parts, frames, most)
    if sum(parts) <= most or max(parts) > most:
        assert found == ()
        return
    assert [n for one in found for n in range(one.first, one.end)] == list(range(len(parts)))
    assert [one.n for one in found] == list(range(len(found)))
    for one in found:
        held, room = parts[one.first : one.end], allowed(one.n, most)
        assert len(held) == 1 or sum(held) <= room
        assert sum(held) + sum(parts[one.end : one.end + 1]) > room or one is found[-1]
    assert [one.before for one in found] == [sum(frames[: one.first]) for one in found]


def test_stretches_grow_until_they_are_as_large_as_they_may_be() -> None:
    sizes = [allowed(n) for n in range(20)]
    assert sizes == sorted(sizes)
    assert sizes[0] == STRETCH / 8
    assert sizes[-1] == STRETCH


def test_without_hashes_that_are_handed_on_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "possible", lambda: False)
    assert stretches([5, 5], [1, 1], 6) == ()


def test_where_groups_may_be_copied_verify_looks_alone() -> None:
    assert stretches([5, 5], [1, 1], 6, copying=True) == ()
