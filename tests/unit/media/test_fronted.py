"""Sent piece by piece, the file is byte for byte what FFmpeg's own faststart writes."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from redactor.errors import OutputMismatch, TryAgain
from redactor.media import fronted
from redactor.media.fronted import Fronted
from tests.media_factory import make_clip


class Pieces(dict[int, bytes]):
    """What was sent, by number."""

    def __call__(self, n: int, data: bytes) -> None:
        assert n not in self
        assert data
        self[n] = data

    def whole(self) -> bytes:
        assert sorted(self) == list(range(1, len(self) + 1))
        return b"".join(self[n] for n in sorted(self))


def muxed(source: Path, out: Any, *, times: int = 1) -> None:
    """The source's packets, picture and sound, again and again one after another."""
    faststart = {"movflags": "+faststart"} if isinstance(out, str) else {}
    options = {"fflags": "+bitexact", **faststart}
    with av.open(str(source)) as given, av.open(out, "w", format="mp4", container_options=options) as made:
        streams = {stream.index: made.add_stream_from_template(stream, opaque=True) for stream in given.streams}
        packets = [packet for packet in given.demux() if packet.size]
        for n in range(times):
            for packet in packets:
                again = av.Packet(bytes(packet))
                later = int(n * Fraction(3600) / packet.time_base)
                again.pts, again.dts, again.duration = packet.pts + later, packet.dts + later, packet.duration
                again.time_base, again.is_keyframe = packet.time_base, packet.is_keyframe
                again.stream = streams[packet.stream.index]
                made.mux(again)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", frames=48, audio="aac").path


@pytest.mark.parametrize(("piece", "times"), [(1 << 24, 1), (1 << 14, 1), (1 << 14, 100), (1 << 21, 100)])
def test_it_is_what_faststart_writes(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, times: int
) -> None:
    monkeypatch.setattr(fronted, "PIECE", piece)
    sent = Pieces()
    out = Fronted(sent)
    muxed(clip, out, times=times)
    assert 1 not in sent
    out.finish()
    muxed(clip, str(tmp_path / "whole.mp4"), times=times)
    assert sent.whole() == (tmp_path / "whole.mp4").read_bytes()
    assert out.size == len(sent.whole())
    assert (len(sent) > 1) == (piece < 1 << 24)
    assert all(len(sent[n]) >= piece for n in range(1, len(sent)))


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def index(*tables: bytes) -> bytes:
    tracks = (box(b"trak", box(b"tkhd", b"x" * 80), box(b"mdia", box(b"minf", box(b"stbl", one)))) for one in tables)
    return box(b"moov", box(b"mvhd", b"y" * 100), *tracks)


def table(kind: bytes, *places: int) -> bytes:
    width = {b"stco": "I", b"co64": "Q"}[kind]
    return box(kind, bytes(4), struct.pack(">I", len(places)), struct.pack(f">{len(places)}{width}", *places))


def test_every_offset_is_later_by_the_length_of_the_index() -> None:
    given = index(table(b"stco", 40, 4000), table(b"co64", 1 << 33))
    by = len(given)
    assert fronted._moved(given) == index(table(b"stco", 40 + by, 4000 + by), table(b"co64", (1 << 33) + by))


def test_an_offset_that_no_longer_fits_makes_its_table_wide_and_that_moves_all_once_more() -> None:
    """The second track's last chunk fits before the first one's table grew, and not after."""
    first, second = (1 << 32) - 10, (1 << 32) - 1
    small = len(index(table(b"stco", 40, first), table(b"stco", 50, second - 400)))
    given = index(table(b"stco", 40, first), table(b"stco", 50, second - small - 4))
    moved = fronted._moved(given)
    by = len(moved)
    assert by == len(given) + 16
    assert moved == index(table(b"co64", 40 + by, first + by), table(b"co64", 50 + by, second - small - 4 + by))


@pytest.mark.parametrize("length", [4, 7, 10_000])
def test_an_index_that_cannot_be_read_is_no_index(length: int) -> None:
    broken = index(table(b"stco", 40)).replace(struct.pack(">I", 88) + b"tkhd", struct.pack(">I", length) + b"tkhd")
    with pytest.raises(OutputMismatch):
        fronted._moved(broken)


def test_what_was_sent_is_never_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fronted, "PIECE", 100)
    out = Fronted(Pieces())
    out.write(b"x" * 250)
    out.seek(120)
    with pytest.raises(OutputMismatch):
        out.write(b"y")
    with pytest.raises(OutputMismatch):
        out.finish()


def test_without_an_index_nothing_is_finished() -> None:
    sent = Pieces()
    out = Fronted(sent)
    out.write(box(b"ftyp", b"isom") + box(b"mdat", b"x" * 100))
    with pytest.raises(OutputMismatch):
        out.finish()
    assert not sent


def test_what_sending_raises_ends_it(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fronted, "PIECE", 1 << 14)

    def send(n: int, data: bytes) -> None:
        raise TryAgain("the network is gone")

    out = Fronted(send)
    with pytest.raises(Exception):  # noqa: B017  whatever FFmpeg makes of it
        muxed(clip, out)
    with pytest.raises(TryAgain):
        out.finish()
