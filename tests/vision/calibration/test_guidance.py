"""The next best action: named camera, named place, and nothing more once it is enough."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.core.calibration import Target, View
from studio.core.types import Camera
from studio.vision import camera as lens
from studio.vision.calibration.guidance import COLUMNS, ROWS, Guide, Wanted, spoken
from studio.vision.calibration.lean import lean_of

SIZE = (960, 720)
GRID = np.array([[x, y, 0.0] for y in range(4) for x in range(6)]) * 0.1
BOARD = Target("board", GRID - GRID.mean(0))
CAMERA = Camera(
    "cam1", SIZE, np.array([[870.0, 0, 479.5], [0, 870.0, 359.5], [0, 0, 1]]),
    np.zeros(0), np.eye(3), np.zeros(3),
)  # fmt: skip


def turned(axis, degrees) -> np.ndarray:
    """The board's points about its middle, turned."""
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array(axis, float))
    return BOARD.points_m @ turn.as_matrix().T


def view(
    camera: str = "cam1", moment: int = 0, *, at=(0.0, 0.0, 2.0), axis=(1.0, 0, 0), degrees=0.0
) -> View:
    """The board seen at a place, turned about an axis of the camera."""
    world = turned(axis, degrees) + np.array(at)
    xy = lens.project(CAMERA, world)
    inside = np.isfinite(xy).all(1) & (xy >= 0).all(1) & (xy < np.array(SIZE)).all(1)
    return View(camera, moment, np.flatnonzero(inside), xy[inside])


def guide(*names: str, **more) -> Guide:
    return Guide(BOARD, dict.fromkeys(names, SIZE), **more)


@pytest.mark.parametrize(
    ("axis", "towards"),
    [((0, 1, 0), 0), ((-1, 0, 0), 90), ((0, -1, 0), 180), ((1, 0, 0), 270)],
)
@pytest.mark.parametrize("degrees", [15.0, 35.0, 55.0])
def test_lean_tells_tilt_direction_and_distance(axis, towards, degrees):
    seen = view(axis=axis, degrees=degrees)
    near = turned(axis, degrees)
    nearest = near[near[:, 2] < near[:, 2].min() + 1e-6].mean(0)
    compass = np.degrees(np.arctan2(nearest[1], nearest[0])) % 360
    assert abs((compass - towards + 180) % 360 - 180) < 60, "the test's own picture of it"
    lean = lean_of(BOARD.points_m[seen.points], seen.xy_px, SIZE)
    assert abs(lean.tilt_deg - degrees) < 3
    assert abs((lean.towards_deg - towards + 180) % 360 - 180) < 5
    assert 1.8 < lean.depth_m < 2.2


def test_lean_of_points_in_a_line_is_unknown():
    seen = view()
    row = BOARD.points_m[:6]
    assert lean_of(row, seen.xy_px[:6], SIZE) is None
    assert lean_of(BOARD.points_m[:3], seen.xy_px[:3], SIZE) is None


def test_depth_of_a_target_that_is_not_flat():
    box = Target("box", np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * 0.3)
    near, far = (
        lens.project(CAMERA, box.points_m + np.array([-0.15, -0.15, d])) for d in (2.0, 4.0)
    )
    ratio = (
        lean_of(box.points_m, far, SIZE, False).depth_m
        / lean_of(box.points_m, near, SIZE, False).depth_m
    )
    assert ratio == pytest.approx(2, rel=0.1)


def test_nothing_seen_then_one_camera_blind():
    g = guide("cam1", "cam2")
    assert g.advice().action == "Show the board to the cameras"
    g.add(view("cam1"))
    told = g.advice()
    assert told.action == "Show it to camera 2"
    assert told.camera == "cam2"
    assert not told.ready


def test_unconnected_cameras_are_joined_where_the_board_passed_from_one_to_the_other():
    g = guide("cam1", "cam2", "cam3", "cam4")
    for moment in range(5):
        g.add(view("cam1", moment))
        g.add(view("cam2", moment))
    for moment in (8, 9, 10):  # soon after camera 2 lost it, camera 4 sees it
        g.add(view("cam4", moment))
        g.add(view("cam3", moment))
    g.add(view("cam2", 7))
    g.add(view("cam4", 8))
    told = g.advice()
    assert told.action == "Wave the board between 2 and 4"
    assert told.pair == ("cam2", "cam4")
    assert told.pairs["cam1", "cam2"] == 5
    assert not told.ready


def test_a_weak_pair_is_asked_for_once_all_are_connected():
    g = guide("cam1", "cam2", "cam3")
    for moment in range(20):
        g.add(view("cam1", moment))
        g.add(view("cam2", moment))
    for moment in range(3):
        g.add(view("cam3", moment))
    assert g.advice().action == "Wave the board between 1 and 3"


def test_blur_is_counted_and_said_and_forgotten_when_the_hand_calms_down():
    g = guide("cam1", "cam2")
    for moment in range(12):
        g.add(view("cam1", moment))
        g.add(view("cam2", moment))
    for _ in range(8):
        g.blurred("cam2")
    told = g.advice()
    assert told.action == "Hold still: 40 % of the views of camera 2 are blurred"
    assert told["cam2"].blurred_share == pytest.approx(0.4)
    for moment in range(12, 40):
        g.add(view("cam2", moment))
    assert "Hold still" not in g.advice().action


def lens_views(g: Guide, camera: str = "cam1") -> None:
    """Everything a lens needs: the whole picture, tilts, depths."""
    moment = 0
    for y in np.linspace(-0.75, 0.75, 5):
        for x in np.linspace(-1.0, 1.0, 6):
            axis = [(0, 1, 0), (-1, 0, 0), (0, -1, 0), (1, 0, 0)][moment % 4]
            depth = 1.6 if moment % 2 else 2.9
            place = (x * depth / 2, y * depth / 2, depth)
            g.add(view(camera, moment, at=place, axis=axis, degrees=30))
            moment += 1


def test_one_camera_is_guided_through_coverage_tilt_and_depth_to_enough():
    g = guide("cam1")
    for moment in range(20):
        g.add(view("cam1", moment, at=(0.3, -0.3, 2.0)))
    told = g.advice()
    assert told.action == "Fill the lower left of camera 1"
    lens_views(g)
    told = g.advice()
    assert told.enough, told.action
    assert told.progress == 1
    assert told.action.startswith("Enough now")
    assert told["cam1"].depth_ratio > 1.5


def test_tilt_and_depth_are_asked_for_in_words():
    flat = guide("cam1", wanted=Wanted(covered=0.01, edges=0.0001, corners=0.0001, views=1))
    for place in ((0, 0, 1.0), (0.62, 0.42, 1.0), (-0.62, -0.42, 1.0), (0.62, -0.42, 1.0)):
        flat.add(view(at=place))
    assert flat.advice().action == "Tilt its right edge towards camera 1"
    for axis in ((0, 1, 0), (-1, 0, 0), (0, -1, 0), (1, 0, 0)):
        flat.add(view(at=(0, 0, 1.05), axis=axis, degrees=25))
    assert flat.advice().action == "Take it further away from camera 1"
    far = guide("cam1", wanted=Wanted(covered=0.01, edges=1e-9, corners=1e-9, views=1, tilts=1))
    far.add(view(at=(0, 0, 4.0), axis=(0, 1, 0), degrees=30))
    far._seen["cam1"].grid[:] = 1
    assert far.advice().action == "Bring it closer to camera 1"


def test_known_lenses_need_neither_coverage_nor_tilts():
    g = guide("cam1", "cam2", known_lenses=frozenset({"cam1", "cam2"}))
    for moment in range(20):
        g.add(view("cam1", moment))
        g.add(view("cam2", moment))
    assert g.advice().enough


def test_a_view_without_a_point_changes_nothing():
    g = guide("a", "b")
    g.add(view("a"))
    before = g.advice().progress
    g.add(view("b", at=(50.0, 0.0, 1.0)))
    assert g.advice().progress == before
    assert g.advice()["b"].views == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]), st.integers(0, 9),
            st.floats(-0.8, 0.8), st.floats(-0.6, 0.6), st.floats(1.2, 4), st.floats(-50, 50),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_progress_never_falls_and_counts_agree_with_a_slow_twin(shown):
    g = guide("a", "b", "c")
    before, moments, cells = 0.0, {}, {name: set() for name in "abc"}
    for camera, moment, x, y, depth, degrees in shown:
        if camera in moments.setdefault(moment, []):
            continue
        one = view(camera, moment, at=(x, y, depth), axis=(0, 1, 0), degrees=degrees)
        if len(one.points):
            moments[moment].append(camera)
        for u, v in one.xy_px:
            cells[camera].add((min(int((v + 0.5) / 720 * ROWS), ROWS - 1),
                               min(int((u + 0.5) / 960 * COLUMNS), COLUMNS - 1)))  # fmt: skip
        g.add(one)
        told = g.advice()
        assert told.progress >= before - 1e-12
        before = told.progress
        assert not (told.enough and not told.ready)
        assert told.enough == (told.progress > 1 - 1e-9)
    told = g.advice()
    for (one, other), count in told.pairs.items():
        assert count == sum(one in seen and other in seen for seen in moments.values())
    for name in "abc":
        found = {tuple(map(int, cell)) for cell in np.argwhere(told[name].coverage > 0)}
        assert found == cells[name]


def test_names_are_spoken_by_number_where_they_have_one():
    assert spoken(("cam_01", "cam_02"))["cam_02"].long == "camera 2"
    assert spoken(("left", "right"))["left"].long == "camera left"
    assert spoken(("a1", "b1"))["a1"].short == "a1"


def test_an_update_takes_well_under_5_ms():
    g = guide(*(f"cam{i}" for i in range(8)))
    views = [view(f"cam{n % 8}", n // 8, degrees=20 + n % 20) for n in range(80)]
    spent = []
    for one in views:
        start = time.process_time()
        g.add(one)
        g.advice()
        spent.append(time.process_time() - start)
    assert np.median(spent) < 0.005


def test_a_view_with_few_points_counts_but_tells_no_tilt():
    g = guide("cam1")
    one = view()
    g.add(replace(one, points=one.points[:2], xy_px=one.xy_px[:2]))
    told = g.advice()["cam1"]
    assert told.views == 1
    assert not any(told.tilts)
