"""Whether decoding starts afresh from a key packet, told from its first bytes where they say it."""

from collections.abc import Callable, Mapping

from redactor.media.h264 import units

# Bytes of a packet in which the first slice begins, if it is to be found.
_HEAD = 1 << 16
# nal_unit_type: ITU-T H.264, table 7-1: slices are 1 to 5, those of an IDR picture 5; H.265, table 7-1: slices are 0 to
# 31, those of an IRAP picture 16 to 21.
_IDR, _H264_SLICES = 5, range(1, 6)
_IRAP, _HEVC_SLICES = range(16, 22), range(32)
# Codecs without other key frames than such.
_ALWAYS = frozenset({"mjpeg", "prores", "dnxhd", "vp8", "vp9", "av1"})


def starts_afresh(payload: bytes, codec: str, extradata: bytes | None) -> bool:
    """payload: of a key packet. False where only decoding tells: H.264 also calls pictures key that open a group, or
    begin a periodic intra refresh."""
    if codec in _ALWAYS:
        return True
    test = _TESTS.get(codec)
    return test is not None and test(payload[:_HEAD], extradata or b"")


def _h264(payload: bytes, extradata: bytes) -> bool:
    length = 1 + (extradata[4] & 3) if extradata[:1] == b"\x01" and len(extradata) > 4 else 0
    kinds = (unit[0] & 31 for unit in units(payload, length))
    return next((kind for kind in kinds if kind in _H264_SLICES), None) == _IDR


def _hevc(payload: bytes, extradata: bytes) -> bool:
    length = 1 + (extradata[21] & 3) if extradata[:1] == b"\x01" and len(extradata) > 21 else 0
    kinds = (unit[0] >> 1 & 63 for unit in units(payload, length))
    return next((kind for kind in kinds if kind in _HEVC_SLICES), None) in _IRAP


_TESTS: Mapping[str, Callable[[bytes, bytes], bool]] = {"h264": _h264, "hevc": _hevc}
