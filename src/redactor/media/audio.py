"""The sound of the output: the source's packets as they are, or encoded to AAC where MP4 may not hold them."""

import hashlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream as AvAudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard

from redactor.errors import DamagedVideo
from redactor.media.restarts import move, moved
from redactor.media.source import Source
from redactor.media.streams import AudioStream, Streams

# Sample rates that AAC has; others are resampled to the last one.
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_BITS_A_CHANNEL = 96_000
_MOST_CHANNELS = 8
# WMA and PCM say how many channels they have, not which: taken for the usual ones, as players do. What the AAC encoder
# does not know by name (more than eight) becomes stereo.
_UNNAMED = "NONE"
_USUAL = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class SoundDigests:
    """sha256 over the packet payloads of each audio track of the source, to be found again in `OutputFacts.audio`."""

    def __init__(self, streams: Streams) -> None:
        self._tracks = streams.audio
        self._digests = {track.index: hashlib.sha256() for track in streams.audio if track.copied}
        self._bare = _without_adts if streams.container == "mpegts" else bytes

    def enter(self, packet: "Packet[Any]") -> None:
        """A packet as it came out of the source."""
        if packet.stream_index in self._digests:
            self._digests[packet.stream_index].update(self._bare(packet))

    def found(self) -> tuple[str | None, ...]:
        """One for each track, None where it is encoded."""
        return tuple(self._digests[track.index].hexdigest() if track.copied else None for track in self._tracks)


def _without_adts(packet: "Packet[Any]") -> bytes:
    """AAC sheds its headers on the way from MPEG-TS to MP4. ISO/IEC 13818-7, 6.2: 12 bits of syncword, layer 0; 7
    bytes, or 9 with a checksum (protection_absent is 0)."""
    payload = bytes(packet)
    if len(payload) < 7 or payload[0] != 0xFF or payload[1] & 0xF6 != 0xF0:
        return payload
    return payload[7 if payload[1] & 1 else 9 :]


def add_audio(out: OutputContainer, source: Source, tracks: Sequence[AudioStream]) -> dict[int, AvAudioStream]:
    """An output stream for every track, by the track's index in the source; languages are kept, nothing else is."""
    return {track.index: _add(out, source, track) for track in tracks}


def audio_packets(
    source: Source, streams: Streams, outputs: dict[int, AvAudioStream], read: SoundDigests
) -> "Iterator[Packet[Any]]":
    """Packets for the muxer, of all tracks, in the order of the source; the packets of other streams are not read.

    read: is told each of the source's packets before anything is done to it.

    They go where the picture goes: after a restart of the source's clock, and as much later as the output is.

    Raises DamagedVideo where a packet is corrupt or, of a track that is encoded, cannot be decoded.
    """
    tracks = streams.audio
    if not tracks:
        return
    later = streams.video.shift * streams.video.time_base
    source.rewind()
    makers = {track.index: _maker(track, outputs[track.index]) for track in tracks}
    for stream in source.container.streams:
        stream.discard = Discard.default if stream.index in makers else Discard.all
    try:
        packets = source.packets(*(source.container.streams[index] for index in makers))
        for packet in moved(_told(packets, read), streams.video.restarts):
            if packet.is_corrupt:
                raise DamagedVideo(f"an audio packet of stream {packet.stream_index} is corrupt or cut off")
            move(packet, later)
            yield from makers[packet.stream.index].packets(packet)
    finally:
        for stream in source.container.streams:
            stream.discard = Discard.default


def _told(packets: "Iterator[Packet[Any]]", read: SoundDigests) -> "Iterator[Packet[Any]]":
    for packet in packets:
        read.enter(packet)
        yield packet


class _Copy:
    def __init__(self, output: AvAudioStream) -> None:
        self._output = output

    def packets(self, packet: "Packet[Any]") -> "Iterator[Packet[Any]]":
        if packet.size:
            packet.stream = self._output
            yield packet


class _Encode:
    def __init__(self, output: AvAudioStream) -> None:
        context = output.codec_context
        self._output = output
        self._resampler = AudioResampler(context.format, context.layout, context.sample_rate)

    def packets(self, packet: "Packet[Any]") -> "Iterator[Packet[Any]]":
        for frame in [*_decoded(packet), *([] if packet.size else [None])]:
            for resampled in self._resampler.resample(frame):
                yield from self._output.encode(resampled)
        if not packet.size:
            yield from self._output.encode(None)


def _maker(track: AudioStream, output: AvAudioStream) -> _Copy | _Encode:
    return _Copy(output) if track.copied else _Encode(output)


def _decoded(packet: "Packet[AvAudioStream]") -> list[AudioFrame]:
    try:
        return packet.decode()
    except Exception as error:
        raise DamagedVideo(f"an audio packet of stream {packet.stream_index} cannot be decoded: {error}") from error


def _add(out: OutputContainer, source: Source, track: AudioStream) -> AvAudioStream:
    template = source.container.streams[track.index]
    if not isinstance(template, AvAudioStream):
        raise DamagedVideo(f"stream {track.index} is not an audio stream any more")
    stream = out.add_stream_from_template(template, opaque=True) if track.copied else _encoder(out, template)
    if track.language:
        stream.metadata["language"] = track.language
    return stream


def _encoder(out: OutputContainer, template: AvAudioStream) -> AvAudioStream:
    context = template.codec_context
    rate = context.sample_rate if context.sample_rate in _AAC_RATES else _AAC_RATES[-1]
    stream = out.add_stream("aac", rate=rate)
    stream.codec_context.layout = _layout(context.layout)
    stream.codec_context.bit_rate = _BITS_A_CHANNEL * stream.codec_context.layout.nb_channels
    stream.codec_context.time_base = stream.time_base = Fraction(1, rate)
    return stream


def _layout(given: av.AudioLayout) -> av.AudioLayout:
    """The source's channels where it names them."""
    if given.nb_channels <= _MOST_CHANNELS and all(channel.name != _UNNAMED for channel in given.channels):
        return given
    return av.AudioLayout(_USUAL.get(given.nb_channels, "stereo"))
