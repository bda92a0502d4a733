"""Whether decoding starts afresh from a key packet, told from its first bytes where they say it."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from redactor.media.h264 import units

# Bytes of a packet in which the first slice begins, if it is to be found.
_HEAD = 1 << 16
# nal_unit_type: ITU-T H.264, table 7-1: slices are 1 to 5, those of an IDR picture 5; H.265, table 7-1: slices are 0 to
# 31, those of an IRAP picture 16 to 21.
_IDR, _H264_SLICES = 5, range(1, 6)
_IRAP, _HEVC_SLICES = range(16, 22), range(32)
# ISO/IEC 14496-2, 6.2.5: the two bits behind this say the type of a picture, 0 for one that needs no other. DivX puts
# two pictures into one packet where it ends its name in a p: which of them comes out first only decoding tells.
_VOP, _PACKED = b"\0\0\1\xb6", re.compile(rb"DivX\d+(b|Build)\d+p")
# ISO/IEC 13818-2, 6.2.3: ten bits behind this three say it, 1 for such a picture. Of a group that is open, those before
# it in time do not come out.
_PICTURE = b"\0\0\1\0"
# Microsoft's begin with one bit for it (WMV2) or two, all 0, as FFmpeg's wmv2dec.c and msmpeg4dec.c read them; a
# picture that repeats the one before has a few bytes.
_LEAST = 8
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


def _mpeg4(payload: bytes, extradata: bytes) -> bool:
    at = payload.find(_VOP)
    packed = _PACKED.search(payload) or _PACKED.search(extradata)
    return at >= 0 and not packed and b"" < payload[at + 4 : at + 5] < b"\x40"


def _mpeg2(payload: bytes, extradata: bytes) -> bool:
    at = payload.find(_PICTURE)
    return at >= 0 and at + 6 <= len(payload) and payload[at + 5] >> 3 & 7 == 1


def _windows(intra: bytes, payload: bytes, extradata: bytes) -> bool:
    return len(payload) >= _LEAST and payload[:1] < intra


_TESTS: Mapping[str, Callable[[bytes, bytes], bool]] = {
    "h264": _h264,
    "hevc": _hevc,
    "mpeg4": _mpeg4,
    "mpeg1video": _mpeg2,
    "mpeg2video": _mpeg2,
    "wmv2": partial(_windows, b"\x80"),
    "wmv1": partial(_windows, b"\x40"),
    "msmpeg4v2": partial(_windows, b"\x40"),
    "msmpeg4v3": partial(_windows, b"\x40"),
}
