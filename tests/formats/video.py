"""A row of the table of odd videos, and the words that many rows share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from redactor.errors import RedactorError

RATE = 25
FRAMES = 40
CLICK = 25


@dataclass(frozen=True)
class Video:
    """file: name with suffix, the row's name too. about: what is odd, for people. make: commands, one a line, run in a
    folder with pictures.y4m and clicks.wav; the last one writes the file (see make.py).

    frames: the numbers of the frames that a player shows, in order. sound: what becomes of each audio track ("copied",
    "AAC"). lag: seconds from frame CLICK to the click, where the file itself has them apart. kept: fields of ffprobe
    that the output must have where the source's header is silent, or says what does not stay. segments: whether there
    are several. moved: words of the report's warning where the output's times are not the source's; warns: of any
    other. options: experimental ones of the preset. pix_fmt: the output's samples. refused, why: the error that is the
    only output, and words of it. note: for people, in the table.
    """

    file: str
    about: str
    make: str
    frames: tuple[int, ...] = tuple(range(FRAMES))
    sound: tuple[str, ...] = ("copied",)
    lag: Fraction = Fraction(0)
    kept: Mapping[str, str] = field(default_factory=dict)
    segments: bool = True
    moved: str = ""
    warns: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    pix_fmt: str = "yuv420p"
    refused: type[RedactorError] | None = None
    why: str = ""
    note: str = ""


X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -sc_threshold 0"
B_FRAMES = f"{X264} -bf 2"
AAC = "-c:a aac -b:a 64k"
_X265 = "-c:v libx265 -preset ultrafast -g 10 -x265-params log-level=none:keyint=10"
PLAIN = f"{B_FRAMES} {AAC}"
PQ = "-pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc"
_AGAIN = r"eq(mod(N\,10)\,4)\,PREV_OUT"
REPEATING = rf"-bsf:v setts=pts=if({_AGAIN}PTS\,PTS):dts=if({_AGAIN}DTS\,DTS)"
VFR = r"-vf settb=1/1000,setpts=N*40+mod(N\,3)*11 -enc_time_base 1:1000 -fps_mode passthrough"

EIGHT = "becomes 8 bit 4:2:0"
MAPPED = f"{EIGHT}, tone-mapped to BT.709"
SDR = {"color_primaries": "bt709", "color_transfer": "bt709", "color_space": "bt709", "color_range": "tv"}
FIELDS = "stays interlaced, same field order"
COUNTED = "the file says when frames are decoded; shown when the decoder brings them out, as in players"
GLUED = "the second recording follows where the first has ended, picture and sound together"
REPEAT = "a frame whose time repeats comes one tick later"
KEEP = {"keepDepth": True}
ODD = "the last column and row repeated once: H.264 in 4:2:0 has even sizes"


def x264(**parameters: str | int) -> str:
    return f"{X264} -bf 2 -x264-params " + ":".join(f"{k.replace('_', '-')}={v}" for k, v in parameters.items())
