"""Videos and annotations for the tests of annotations, in few words."""

import json
from fractions import Fraction

from hypothesis import strategies as st

from redactor import annotations
from redactor.annotations import Face, FaceTable
from redactor.media.streams import FrameTime, VideoStream

STANDARD = VideoStream(
    index=0,
    codec="h264",
    width=1280,
    height=720,
    pix_fmt="yuv420p",
    time_base=Fraction(1, 24000),
    rate=Fraction(24000, 1001),
    rotation=0,
    sample_aspect=Fraction(1),
    interlaced=False,
    color_range=1,
    color_primaries=1,
    color_trc=1,
    colorspace=1,
    start=0,
    duration=None,
    expected_frames=None,
)

# The example of the contract, letter for letter.
EXAMPLE = """{"version":1,"timescale":24000,"offset":0,"framerate":23.976,"width":1280,"height":720,"fragments":[
{"start":0,"duration":15015,"interval":1001,"events":[[],[],[],[],[],[],[],[],[],[],[],[],[],
 [{"index":13,"id":1138,"x":0.29537,"y":-0.18987,"width":0.36239,"height":0.80335},
  {"index":13,"id":2028,"x":0.60427,"y":0.16098,"width":0.26958,"height":0.57943}],
 [{"index":14,"id":1138,"x":0.29601,"y":-0.18900,"width":0.36239,"height":0.80335}]]},
{"start":15015,"duration":2002,"interval":1001,"events":[[],[]]}],
"facesDetected":2}"""


def ticking(steps, start=0):
    """A frame table: one frame for each step, which is how long it lasts."""
    table, pts = [], start
    for step in steps:
        table.append(FrameTime(pts, step))
        pts += step
    return table


def box(face_id=1, x=0.25, y=0.25, width=0.25, height=0.5):
    return Face(face_id, x, y, width, height)


def write_annotations(video, table, faces, fingerprint):
    """The file for these frames, each with its faces."""
    return annotations.write_annotations(video, table, FaceTable.of(faces), fingerprint)


def numbered(count):
    """For each frame one face whose x tells the frame, so that a frame that takes another's event is found out."""
    return [[box(1, x=n / 100_000)] for n in range(count)]


def hand_made(starts=(), interval=None, timescale=1000, **root):
    """A file with one fragment for each start, all of one event with a face whose x tells the event."""
    fragments = [
        {
            "start": start,
            "duration": interval,
            "interval": interval,
            "events": [[{"id": 1, "x": n / 100_000, "y": 0, "width": 0.5, "height": 0.5}]],
        }
        for n, start in enumerate(starts)
    ]
    doc = {"version": 1, "timescale": timescale, "width": 1280, "height": 720, "fragments": fragments} | root
    return json.dumps(doc).encode()


steps = st.lists(st.sampled_from([1, 2, 33, 34, 512, 1001, 100_000]), min_size=1, max_size=40)
tables = st.builds(ticking, steps, st.integers(-100_000, 10**9))
time_bases = st.sampled_from(
    [Fraction(1, 24000), Fraction(1001, 24000), Fraction(1, 90000), Fraction(1, 1000), Fraction(1), Fraction(7, 5)]
)
sides = st.floats(-3, 3, allow_subnormal=False)
sizes = st.floats(0, 3, allow_subnormal=False)
faces = st.builds(Face, st.integers(1, 999_999), sides, sides, sizes, sizes)
rows = st.lists(faces, max_size=4, unique_by=lambda face: face.id)
