"""One segment with its boxes hidden: what reaches the encoder, and that a part showing anything else is refused."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import redactor.redact
from redactor.annotations import Face, SegmentBoxes
from redactor.covering import Rect, covered
from redactor.errors import DamagedVideo, InvalidAnnotations, OutputMismatch
from redactor.jsonable import decode as from_json
from redactor.jsonable import encode as to_json
from redactor.media.decode import decode
from redactor.media.encode import PartWriter
from redactor.media.parts import packets_digest
from redactor.media.planes import Picture, picture
from redactor.media.streams import FrameTime
from redactor.preset import BlurType, Experimental, Preset
from redactor.redact import Verdict, redact
from redactor.select import select
from tests.media_factory import make_clip
from tests.unit.annotated import write_annotations
from tests.unit.pipeline import Pipeline

# By frame: overlapping, across the edges, off the pixel grid, tiny, outside the picture, none.
FACES = [
    [Face(1, 0.1, 0.1, 0.3, 0.4), Face(2, 0.31, 0.233, 0.3111, 0.3)],
    [Face(1, -0.2, -0.1, 0.4, 0.5), Face(2, 0.9, 0.8, 0.5, 0.6)],
    [Face(3, 0.5003, 0.5003, 0.03, 0.03), Face(4, 2.0, 2.0, 0.5, 0.5)],
    [],
]
DRAWN_AT_THE_FOOT = {BlurType.BOX: [Rect(0, 80, 128, 96)]}


# Forms in which noise is redacted, and the grid on which faces are covered.
GRIDS = {
    "yuv420p": (2, 2),
    "yuv422p": (2, 1),
    "yuv444p": (1, 1),
    "yuv420p10le": (2, 2),
    "yuv422p10le": (2, 1),
    "yuv444p10le": (1, 1),
}
KEEP = Experimental(segment_seconds=Fraction(1, 2), keep_depth=True)


def original(pipeline: Pipeline, n: int = 0) -> list[Picture]:
    video, form = pipeline.plan.streams.video, pipeline.plan.form
    return [picture(decoded, video, form) for decoded in decode(pipeline.source, video, pipeline.segments[n])]


def masks(shape: tuple[int, ...], rects: list[Rect], step: tuple[int, int]) -> np.ndarray:
    inside = np.zeros(shape, bool)
    for rect in rects:
        inside[rect.slices(*step)] = True
    return inside


@pytest.fixture(scope="module", params=GRIDS)
def textured(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """12 frames of noise in each form, so that no blur leaves a row as it was, with boxes of every kind."""
    folder = tmp_path_factory.mktemp("textured")
    rng = np.random.default_rng(2)
    noise = {"picture": lambda _: rng.integers(0, 256, (96, 128, 3), np.uint8), "pix_fmt": request.param}
    clip = make_clip(folder / "noise.mp4", frames=12, **noise)
    with Pipeline(clip.path, folder, preset=Preset(experimental=KEEP)) as made:
        assert made.plan.form.pix_fmt == request.param
        table = [FrameTime(pts, 512) for pts in clip.pts]
        faces = [FACES[n % len(FACES)] for n in range(12)]
        given = write_annotations(made.plan.streams.video, table, faces, made.plan.fingerprint)
        made.selection = select(given, b"", made.plan, made.segments, table)
        yield made


def kept(one: Picture) -> Picture:
    """A picture that outlasts its canvas."""
    return replace(one, y=one.y.copy(), u=one.u.copy(), v=one.v.copy(), canvas=None)


def handed_over(pipeline: Pipeline, blur: BlurType, part: Path, monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """What the encoder was given for the first segment."""
    handed: list[Picture] = []
    write = PartWriter.write
    monkeypatch.setattr(PartWriter, "write", lambda self, one: (handed.append(kept(one)), write(self, one)))
    boxes = pipeline.selection.boxes[0]
    redact(pipeline.source, pipeline.plan, pipeline.segments[0], boxes, blur=blur, part=part)
    return handed


def rectangles(n: int, blur: BlurType, textured: Pipeline) -> list[Rect]:
    """What is covered in frame n of the textured clip."""
    grid = GRIDS[textured.plan.form.pix_fmt]
    faces = [rect for face in FACES[n % len(FACES)] if (rect := covered(face, 128, 96, grid))]
    return faces + DRAWN_AT_THE_FOOT.get(blur, [])


@pytest.mark.parametrize("blur", BlurType)
def test_outside_the_rectangles_the_encoder_gets_the_source_untouched(
    textured: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blur: BlurType
) -> None:
    handed = handed_over(textured, blur, tmp_path / "p.mp4", monkeypatch)
    for n, (ours, theirs) in enumerate(zip(handed, original(textured), strict=True)):
        assert ours.time == theirs.time
        for sent, source, step in zip(ours.planes, theirs.planes, ours.steps, strict=True):
            outside = ~masks(source.shape, rectangles(n, blur, textured), step)
            np.testing.assert_array_equal(sent[outside], source[outside])


@pytest.mark.parametrize("blur", BlurType)
def test_inside_the_rectangles_nothing_is_left_as_it_was_up_to_their_very_edges(
    textured: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blur: BlurType
) -> None:
    """A sample of noise has, by chance, its own blurred value now and then; a whole row or column never."""
    handed = handed_over(textured, blur, tmp_path / "p.mp4", monkeypatch)
    inner, edges = [], []
    for n, (ours, theirs) in enumerate(zip(handed, original(textured), strict=True)):
        for rect in rectangles(n, blur, textured):
            for sent, source, step in zip(ours.planes, theirs.planes, ours.steps, strict=True):
                changed = (sent != source)[rect.slices(*step)]
                inner.append(changed.ravel())
                edges += [changed[0], changed[-1], changed[:, 0], changed[:, -1]]
    assert len(edges) >= 12 * 12
    assert all(edge.mean() > 0.5 for edge in edges if edge.size >= 16)
    assert blur is BlurType.BOX or np.concatenate(inner).mean() > 0.95


def test_black_leaves_black_alone(textured: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scale = 4 if "10" in textured.plan.form.pix_fmt else 1
    for n, ours in enumerate(handed_over(textured, BlurType.BLACK, tmp_path / "p.mp4", monkeypatch)):
        for plane, step, value in zip(ours.planes, ours.steps, (16 * scale, 128 * scale, 128 * scale), strict=True):
            assert (plane[masks(plane.shape, rectangles(n, BlurType.BLACK, textured), step)] == value).all()


def test_the_verdict_says_what_was_checked(pipeline: Pipeline) -> None:
    verdict, part = pipeline.redacted[1]
    own = [frame for frame in pipeline.frames if 6144 <= frame.pts < 12288]
    assert (verdict.n, list(verdict.frames)) == (1, own)
    assert verdict.covered == 2 * len(own)
    with part.open("rb") as file:
        assert verdict.digest == packets_digest(file, part.stat().st_size, pipeline.plan.streams.video)
    assert verdict.digest.pts == tuple(frame.pts for frame in own)
    assert from_json(Verdict, to_json(verdict)) == verdict


def test_a_repeat_gives_the_same_bytes(pipeline: Pipeline, tmp_path: Path) -> None:
    again, part = pipeline.redact(1, tmp_path / "again.mp4")
    assert again == pipeline.verdicts[1]
    assert part.read_bytes() == pipeline.redacted[1][1].read_bytes()


def test_nobody_to_hide_leaves_the_picture_as_it_is(pipeline: Pipeline, tmp_path: Path) -> None:
    boxes = pipeline.selection.boxes[0]
    events = tuple(event._replace(faces=()) for event in boxes.timeline.events)
    empty = replace(boxes, timeline=replace(boxes.timeline, events=events))
    verdict = hide(pipeline, empty, tmp_path)
    assert (verdict.covered, len(verdict.frames)) == (0, 12)


def hide(pipeline: Pipeline, boxes: SegmentBoxes, folder: Path, blur: BlurType = BlurType.MED) -> Verdict:
    return redact(pipeline.source, pipeline.plan, pipeline.segments[0], boxes, blur=blur, part=folder / "p.mp4")


def with_events(boxes: SegmentBoxes, change: slice, *, verified: bool) -> SegmentBoxes:
    line = replace(boxes.timeline, events=boxes.timeline.events[change], verified=verified)
    return replace(boxes, timeline=line, owned=(0, len(line.events)))


@pytest.mark.parametrize(("verified", "error"), [(True, DamagedVideo), (False, InvalidAnnotations)])
@pytest.mark.parametrize("change", [slice(0, 11), slice(1, 12)], ids=["last", "first"])
def test_a_frame_without_an_event_fails_and_leaves_no_part(
    pipeline: Pipeline, tmp_path: Path, change: slice, verified: bool, error: type[Exception]
) -> None:
    with pytest.raises(error, match="has no event"):
        hide(pipeline, with_events(pipeline.selection.boxes[0], change, verified=verified), tmp_path)
    assert not (tmp_path / "p.mp4").exists()


@pytest.mark.parametrize(("verified", "error"), [(True, DamagedVideo), (False, InvalidAnnotations)])
def test_an_event_without_a_frame_fails(
    pipeline: Pipeline, tmp_path: Path, verified: bool, error: type[Exception]
) -> None:
    boxes = with_events(pipeline.selection.boxes[0], slice(0, 12), verified=verified)
    last = boxes.timeline.events[-1]
    more = last._replace(start=last.end, end=last.end + 512)
    boxes = replace(boxes, timeline=replace(boxes.timeline, events=(*boxes.timeline.events, more)), owned=(0, 13))
    with pytest.raises(error, match="has no frame"):
        hide(pipeline, boxes, tmp_path)


class Tampering(PartWriter):
    """Writes something else than it is given. clear: the source's pictures."""

    clear: list[Picture]
    count = 0

    def write(self, picture: Picture) -> None:
        for one in self.instead(self.count, kept(picture)):
            super().write(one)
        self.count += 1

    def instead(self, n: int, given: Picture) -> list[Picture]:
        raise NotImplementedError


class OneClearFrame(Tampering):
    at = 7

    def instead(self, n: int, given: Picture) -> list[Picture]:
        return [self.clear[n] if n == self.at else given]


class OneClearFace(Tampering):
    """Of the two in the seventh frame."""

    def instead(self, n: int, given: Picture) -> list[Picture]:
        if n == 7:
            for plane, source in zip(given.planes, self.clear[n].planes, strict=True):
                half = plane.shape[1] // 2
                plane[:, half:] = source[:, half:]
        return [given]


class OneFrameLost(Tampering):
    def instead(self, n: int, given: Picture) -> list[Picture]:
        return [] if n == 7 else [given]


class LastFrameLost(Tampering):
    def instead(self, n: int, given: Picture) -> list[Picture]:
        return [] if n == 11 else [given]


class OneFrameMore(Tampering):
    def instead(self, n: int, given: Picture) -> list[Picture]:
        more = replace(given, time=FrameTime(given.time.pts + 512, 512))
        return [given, more] if n == 11 else [given]


class OneFrameMoved(Tampering):
    def instead(self, n: int, given: Picture) -> list[Picture]:
        return [replace(given, time=FrameTime(given.time.pts + 1, 512)) if n == 7 else given]


class TwoFramesSwapped(Tampering):
    """Frame 2 is shown where 9 belongs, and the other way round."""

    def instead(self, n: int, given: Picture) -> list[Picture]:
        self.held = [*getattr(self, "held", ()), given]
        if n < 11:
            return []
        order = [*range(2), 9, *range(3, 9), 2, 10, 11]
        return [replace(self.held[k], time=one.time) for k, one in zip(order, self.held, strict=True)]


class TornPicture(Tampering):
    def instead(self, n: int, given: Picture) -> list[Picture]:
        if n == 7:
            given.y[100:] = given.y[:60]
        return [given]


@pytest.mark.parametrize(
    ("tampering", "message"),
    [
        (OneClearFrame, "the rectangle"),
        (OneClearFace, "the rectangle"),
        (OneFrameLost, r"shows a frame at pts 4096 where 3584 was encoded"),
        (LastFrameLost, "shows 11 of 12 frames"),
        (OneFrameMore, "shows more than the 12 frames"),
        (OneFrameMoved, "shows a frame at pts 3585 where 3584"),
        (TwoFramesSwapped, "the frame at pts 1024 is not what was encoded|the rectangle .* pts 1024"),
        (TornPicture, "is not what was encoded"),
    ],
)
def test_a_part_that_shows_anything_else_is_refused(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tampering: type[Tampering], message: str
) -> None:
    monkeypatch.setattr(tampering, "clear", original(pipeline), raising=False)
    monkeypatch.setattr(redactor.redact, "PartWriter", tampering)
    with pytest.raises(OutputMismatch, match=message):
        hide(pipeline, pipeline.selection.boxes[0], tmp_path)


@pytest.mark.parametrize("blur", BlurType)
def test_a_clear_face_is_refused_whatever_the_blur(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blur: BlurType
) -> None:
    monkeypatch.setattr(OneClearFace, "clear", original(pipeline), raising=False)
    monkeypatch.setattr(redactor.redact, "PartWriter", OneClearFace)
    with pytest.raises(OutputMismatch, match="the rectangle"):
        hide(pipeline, pipeline.selection.boxes[0], tmp_path, blur)


def test_a_clear_face_is_refused_in_every_form(
    textured: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OneClearFrame, "clear", original(textured), raising=False)
    monkeypatch.setattr(OneClearFrame, "at", 4)  # one with faces
    monkeypatch.setattr(redactor.redact, "PartWriter", OneClearFrame)
    boxes = textured.selection.boxes[0]
    with pytest.raises(OutputMismatch, match="the rectangle"):
        redact(textured.source, textured.plan, textured.segments[0], boxes, blur=BlurType.MED, part=tmp_path / "p.mp4")
