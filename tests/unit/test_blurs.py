import time
from itertools import permutations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from redactor.annotations import Face
from redactor.blurs import BLURS, IRREVERSIBLE, LIMITS, covered, obscure
from redactor.preset import BlurType
from tests.unit.annotated import faces as any_face

HIDING = [blur for blur in BlurType if blur is not BlurType.BOX]
SMOOTH = [BlurType.LOW, BlurType.MED, BlurType.HIGH]
HEAD = Face(3, 160 / 512, 30 / 512, 130 / 512, 170 / 512)


def noise(width=96, height=64, seed=1, steps=(2, 2)):
    """Planes of which every sample is its own: nothing smooth that a blur might leave as it is."""
    random = np.random.default_rng(seed)
    chroma = (-(-height // steps[1]), -(-width // steps[0]))
    return tuple(random.integers(0, 256, shape, np.uint8) for shape in ((height, width), chroma, chroma))


def portrait():
    """The astronaut, 512 x 512, as limited-range 4:2:0."""
    rows = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2YUV_I420)
    return rows[:512].copy(), rows[512:640].reshape(256, 256).copy(), rows[640:].reshape(256, 256).copy()


def obscured(planes, faces, blur, **kind):
    copies = tuple(plane.copy() for plane in planes)
    return copies, obscure(copies, faces, blur, **kind)


def inside(planes, rects, step=2):
    """For each plane a mask of the samples in the rectangles."""
    masks = [np.zeros(plane.shape, bool) for plane in planes]
    for rect in rects:
        for mask, pixels in zip(masks, (1, step, step), strict=True):
            mask[rect.slices(pixels, pixels)] = True
    return masks


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("blur", BlurType)
@given(st.lists(any_face, max_size=4), st.integers(1, 70), st.integers(1, 70), st.booleans())
@settings(max_examples=40, deadline=None)
def test_nothing_outside_the_covered_rectangles_is_touched(blur, faces, width, height, interlaced):
    planes = noise(width, height)
    after, rects = obscured(planes, faces, blur, interlaced=interlaced)
    for before, now, mask in zip(planes, after, inside(planes, rects), strict=True):
        assert np.array_equal(before[~mask], now[~mask])
    if blur is not BlurType.BOX:
        grid = (2 if width > 1 else 1, (4 if interlaced else 2) if height > 1 else 1)
        expected = [covered(face, width, height, grid) for face in sorted(faces)]
        assert rects == tuple(rect for rect in expected if rect)


@pytest.mark.parametrize("blur", BlurType)
@given(st.lists(any_face, min_size=2, max_size=3), st.randoms())
@settings(max_examples=15, deadline=None)
def test_neither_order_nor_repetition_makes_a_difference(blur, faces, random):
    planes = noise()
    first, rects = obscured(planes, faces, blur)
    for order in permutations(faces):
        again, others = obscured(planes, order, blur)
        assert same(first, again)
        assert rects == others


@pytest.mark.parametrize("blur", HIDING)
def test_where_faces_overlap_each_is_made_from_the_source_and_the_higher_id_wins(blur):
    planes = noise()
    low, high = Face(4, 0.1, 0.1, 0.5, 0.5), Face(5, 0.3, 0.3, 0.5, 0.5)
    both, rects = obscured(planes, [high, low], blur)
    for face, others in ((high, ()), (low, (rects[1],))):
        alone, (rect,) = obscured(planes, [face], blur)
        masks = zip(inside(planes, [rect]), inside(planes, others), strict=True)
        for now, want, (mine, theirs) in zip(both, alone, masks, strict=True):
            assert np.array_equal(now[mine & ~theirs], want[mine & ~theirs])


@pytest.mark.parametrize("blur", HIDING)
@pytest.mark.parametrize("steps", [(2, 2), (2, 1), (1, 1)])
@pytest.mark.parametrize("size", [(96, 64), (97, 65), (33, 200)])
def test_every_luma_and_chroma_sample_in_the_rectangle_is_obscured(blur, steps, size):
    planes = noise(*size, steps=steps)
    after, (rect,) = obscured(planes, [Face(1, 0.2, 0.2, 0.6, 0.6)], blur)
    for before, now, step in zip(planes, after, ((1, 1), steps, steps), strict=True):
        region = rect.slices(*step)
        assert (before[region] != now[region]).mean() > 0.95
        # Noise loses nearly all its energy, along each edge as well as in the middle.
        for part in (np.s_[:, :], np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
            assert now[region][part].std() < before[region][part].std() * 0.75


@pytest.mark.parametrize("blur", BlurType)
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 9), (9, 1), (3, 5), (16, 17)])
@pytest.mark.parametrize(
    "face", [Face(1, 0, 0, 1, 1), Face(1, 0.4, 0.4, 0.01, 0.01), Face(1, -9, -9, 100, 100), Face(1, -1e9, 0, 2e9, 1e9)]
)
def test_tiny_frames_and_boxes_far_larger_than_the_frame_are_no_trouble(blur, size, face):
    planes = noise(*size)
    _, rects = obscured(planes, [face], blur)
    assert all(rect.width > 0 and rect.height > 0 for rect in rects)


@pytest.mark.parametrize("blur", HIDING)
def test_a_box_outside_the_frame_changes_nothing(blur):
    planes = noise()
    after, rects = obscured(planes, [Face(1, 1, 0, 1, 1), Face(2, -0.5, 0, 0.5, 1), Face(3, 0.5, 0.5, 0, 0)], blur)
    assert rects == ()
    assert same(planes, after)


def test_planes_may_be_views_into_wider_rows():
    wide = tuple(np.pad(plane, ((0, 0), (0, 13))) for plane in noise())
    for blur in BlurType:
        views = tuple(plane.copy()[:, :-13] for plane in wide)
        obscure(views, [HEAD], blur)
        assert same(views, obscured(noise(), [HEAD], blur)[0])


@pytest.mark.parametrize(("full_range", "luma"), [(False, 16), (True, 0)])
def test_black_is_black_in_either_range(full_range, luma):
    after, (rect,) = obscured(noise(), [HEAD], BlurType.BLACK, full_range=full_range)
    for plane, mask, value in zip(after, inside(after, [rect]), (luma, 128, 128), strict=True):
        assert (plane[mask] == value).all()


def test_low_is_a_box_filter_of_an_eighth():
    planes = tuple(np.zeros_like(plane) for plane in noise(200, 200))
    planes[0][96:105, 96:105] = 255
    after, _ = obscured(planes, [Face(1, 0.1, 0.1, 0.8, 0.8)], BlurType.LOW)
    rows, columns = np.nonzero(after[0])
    # 9 samples wide before, and a kernel of 21 (160 / 8, made odd) adds 10 on either side.
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (29, 29)


@pytest.mark.parametrize("size", [(100, 100), (200, 80), (60, 400), (1000, 600)])
def test_med_is_a_gaussian_of_at_least_a_tenth_of_the_larger_side(size):
    """Across a straight edge a Gaussian climbs from 16 to 84 % within two sigma."""
    width, height = size
    larger = max(size)
    for turned in (False, True):
        planes = tuple(np.zeros_like(plane) for plane in noise(max(size) * 2, max(size) * 2))
        side = planes[0].shape[0]
        for plane in planes:
            half = plane.shape[0] // 2
            if turned:
                plane[half:] = 200
            else:
                plane[:, half:] = 200
        face = Face(1, 0.5 - width / 2 / side, 0.5 - height / 2 / side, width / side, height / side)
        after, (rect,) = obscured(planes, [face], BlurType.MED)
        for plane, step in zip(after, (1, 2, 2), strict=True):
            rows, columns = rect.slices(step, step)
            middle = (
                plane[rows, (columns.start + columns.stop) // 2]
                if turned
                else plane[(rows.start + rows.stop) // 2, columns]
            )
            # Where the box is narrow against sigma the mirrored edges flatten the climb; it is never steeper.
            slope = np.diff(middle.astype(float)).max() / 200
            assert slope <= 1 / (np.sqrt(2 * np.pi) * 0.10 * larger / step) + 0.01


def test_med_is_near_the_gaussian_it_stands_for():
    planes = portrait()
    after, (rect,) = obscured(planes, [HEAD], BlurType.MED)
    region = planes[0][rect.slices()].astype(np.float32)
    exact = cv2.GaussianBlur(region, (0, 0), 0.125 * 170, borderType=cv2.BORDER_REFLECT)
    assert np.abs(after[0][rect.slices()] - exact).mean() < 3


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_high_depends_on_the_inside_only_through_the_means_of_its_cells(seed):
    random = np.random.default_rng(seed)
    planes = noise(seed=seed)
    face = Face(1, 8 / 96, 4 / 64, 37 / 96, 41 / 64)
    rect = covered(face, 96, 64)
    other = tuple(plane.copy() for plane in planes)
    for plane, step in zip(other, (1, 2, 2), strict=True):
        region = plane[rect.slices(step, step)]
        height, width = region.shape
        for row in range(4):
            for column in range(4):
                cell = region[
                    row * height // 4 : (row + 1) * height // 4, column * width // 4 : (column + 1) * width // 4
                ]
                cell[:] = random.permutation(cell.ravel()).reshape(cell.shape)
    assert not same(planes, other)
    assert same(obscured(planes, [face], BlurType.HIGH)[0], obscured(other, [face], BlurType.HIGH)[0])


@pytest.mark.parametrize("cells", [(rows, columns) for rows in (1, 2, 3, 4) for columns in (1, 2, 3, 4)])
def test_high_leaves_no_cell_in_its_place(cells):
    rows, columns = cells
    flat = np.full((rows, columns), 128, np.uint8)
    for n in range(rows * columns) if rows * columns > 1 else ():
        luma = flat.copy()
        luma.flat[n] = 255
        planes = (luma, flat.copy(), flat.copy())
        after, _ = obscured(planes, [Face(1, 0, 0, 1, 1)], BlurType.HIGH)
        assert after[0].flat[n] == 128
        assert sorted(after[0].flat) == sorted(luma.flat)


@pytest.mark.parametrize(
    ("blur", "detail", "likeness"),
    [(BlurType.LOW, 0.01, 0.95), (BlurType.MED, 0.005, 0.85), (BlurType.HIGH, 0.005, 0.3), (BlurType.BLACK, 0, 0)],
)
def test_the_detail_of_a_real_face_is_gone(blur, detail, likeness):
    """detail: what is left of the energy of the Laplacian. likeness: correlation with the clear face."""
    planes = portrait()
    after, (rect,) = obscured(planes, [HEAD], blur)
    clear, hidden = (picture[0][rect.slices()].astype(np.float32) for picture in (planes, after))
    assert cv2.Laplacian(hidden, cv2.CV_32F).var() <= detail * cv2.Laplacian(clear, cv2.CV_32F).var()
    if blur is not BlurType.BLACK:
        assert abs(np.corrcoef(clear.ravel(), hidden.ravel())[0, 1]) < likeness


@pytest.mark.parametrize("blur", SMOOTH)
def test_a_larger_face_is_blurred_more_strongly(blur):
    """A kernel fixed in pixels would leave large faces clear: the same picture, enlarged, must look the same."""
    small = portrait()
    large = tuple(cv2.resize(plane, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for plane in small)
    (one, _, _), (rect,) = obscured(small, [HEAD], blur)
    (two, _, _), (double,) = obscured(large, [HEAD], blur)
    reduced = cv2.resize(two[double.slices()], (rect.width, rect.height), interpolation=cv2.INTER_AREA)
    assert np.abs(one[rect.slices()].astype(int) - reduced).mean() < 4


def test_box_leaves_the_face_visible_and_draws_outline_and_id():
    planes = portrait()
    after, (rect, strip) = obscured(planes, [HEAD], BlurType.BOX)
    region = after[0][rect.slices()]
    assert (region[-2:] == 235).all()
    assert (region[:, -2:] == 235).all()
    middle = (slice(60, 150), slice(30, 100))
    assert np.array_equal(region[middle], planes[0][rect.slices()][middle])
    three, seven = (obscured(planes, [HEAD._replace(id=n)], BlurType.BOX)[0] for n in (3, 7))
    assert not same(three, seven)
    assert strip.bottom == 512


@pytest.mark.parametrize("size", [(1920, 1080), (640, 360), (320, 180), (608, 1080), (127, 63)])
@pytest.mark.parametrize("full_range", [False, True])
def test_box_says_not_redacted_in_every_frame_even_without_faces(size, full_range):
    planes = noise(*size)
    after, (strip,) = obscured(planes, [], BlurType.BOX, full_range=full_range)
    letters = after[0][strip.slices()]
    black, white = (0, 255) if full_range else (16, 235)
    assert set(np.unique(letters)) == {black, white}
    assert 0.03 < (letters == white).mean() < 0.5
    assert (after[1][strip.slices(2, 2)] == 128).all()
    assert strip.height >= size[1] // 12


def test_the_table_says_of_every_blur_type_what_it_is_worth():
    assert set(BLURS) == set(LIMITS) == set(IRREVERSIBLE) == set(BlurType)
    assert [blur for blur in BlurType if IRREVERSIBLE[blur]] == [BlurType.BLACK]
    assert all(len(text) > 40 for text in LIMITS.values())
    assert "NOT REDACTED" in LIMITS[BlurType.BOX]


@pytest.mark.parametrize("blur", BlurType)
def test_a_face_of_200_pixels_costs_little(blur):
    planes = noise(1280, 720)
    face = [Face(1, 0.3, 0.3, 200 / 1280, 200 / 720)]
    obscure(planes, face, blur)
    before = time.process_time()
    for _ in range(20):
        obscure(planes, face, blur)
    assert (time.process_time() - before) / 20 < 0.01
