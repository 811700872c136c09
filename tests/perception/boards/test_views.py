"""Which moments of a take are kept for solving, and what is said when none shows the board."""

import cv2
import numpy as np
import pytest
from printed_sheets import seen as seen_board

from studio.core.errors import StudioError
from studio.core.types import Frame, FrameSet
from studio.jobs import run
from studio.perception.boards import apart, parse_board, views_of
from studio.perception.boards.board import Found
from studio.perception.boards.choice import Seen, choose
from studio.perception.boards.markers import dictionary
from studio.perception.boards.which import goes_on
from studio.synth.board_film import BoardFilm, waved
from studio.synth.rig import sample_rig
from studio.vision.camera import project

BOARD = parse_board("charuco:6x4:160mm:DICT_4X4_50")
SIZES = {"a": (640, 480), "b": (640, 480)}


def at(x, y, camera="a", moment=0, sharp=0.4, size=15.0):
    grid = BOARD.target.points_m[:, :2] / 0.16 * size
    found = Found(np.arange(15), grid + np.array([x, y]), sharp)
    return Seen(camera, moment, moment * 0.1, moment, found)


def test_a_resting_board_counts_once_and_its_best_moment_stays():
    seen = [at(100, 100, moment=m, sharp=0.5 if m == 3 else 0.4) for m in range(6)]
    seen += [at(300, 100, moment=20)]
    kept, dropped = choose(seen, BOARD.target, SIZES, 50)
    assert [one.moment for one in kept] == [3, 20]
    assert {one.reason for one in dropped} == {"the board rested"}


def test_smeared_and_hasty_views_fall_out_with_their_reason():
    seen = [at(40 + 3 * m, 100, moment=m) for m in range(10)]
    seen[4] = at(40 + 12, 100, moment=4, sharp=0.1)
    seen += [at(100 + 30 * m, 250, moment=40 + m) for m in range(3)]
    kept, dropped = choose(seen, BOARD.target, SIZES, 50)
    reasons = {one.moment: one.reason for one in dropped if "rested" not in one.reason}
    assert "smeared" in reasons[4]
    assert {40, 41, 42} <= {m for m, reason in reasons.items() if "moved by" in reason}
    assert kept


def test_few_moments_still_cover_the_picture_and_every_pair():
    rng = np.random.default_rng(1)
    middle = [at(280, 200, moment=m) for m in range(0, 200, 2)]
    for one in middle:
        one.found.xy_px[:] += rng.uniform(-6, 6, 2)
    wide = [at(x, y, moment=300 + 20 * i) for i, (x, y) in
            enumerate((x, y) for x in (20, 300, 560) for y in (20, 220, 420))]  # fmt: skip
    pair = [at(250, 200, camera, moment=600) for camera in "ab"]
    kept, _ = choose(middle + wide + pair, BOARD.target, SIZES, 12)
    moments = {one.moment for one in kept}
    assert len(moments) == 12
    assert 600 in moments
    assert len([m for m in moments if 300 <= m < 600]) >= 7


@pytest.fixture(scope="module")
def take():
    rig = sample_rig((480, 360))
    poses = waved(BOARD, rig, 5, seed=3)
    return rig, poses, list(BoardFilm(BOARD).sets(rig, poses, rate_hz=2.0))


def test_views_of_a_filmed_board_lie_where_the_board_was(take):
    rig, poses, sets = take
    live = []
    result = run(views_of(sets, BOARD, every_s=0.0), live.append)
    assert len(live) == 20
    assert sum(result.found.values()) >= 8
    assert result.sizes_px == {camera.name: camera.size_px for camera in rig.cameras}
    for view in result.views:
        pose = poses[view.moment]
        world = BOARD.target.points_m[view.points] @ pose[:3, :3].T + pose[:3, 3]
        error = np.linalg.norm(project(rig[view.camera], world) - view.xy_px, axis=-1)
        assert np.median(error) < 0.5


def test_another_board_than_named_is_said(take):
    with pytest.raises(StudioError) as told:
        run(views_of(take[2], parse_board("charuco:5x7:160mm:DICT_6X6_50")))
    assert "None of" in told.value.message
    assert "DICT_4X4_50" in told.value.hint


def filmed_sheets(spec, cuts):
    """Pictures of a board, its last rows hidden in most of them."""
    picture, _ = seen_board(parse_board(spec))
    for number, cut in enumerate(cuts):
        shown = picture.copy()
        shown[cut:] = 90
        yield FrameSet(number, number / 10, {"a": Frame("a", number / 10, np.dstack([shown] * 3))})


def test_the_largest_arrangement_that_pictures_show_is_named():
    sets = list(filmed_sheets("charuco:4x5:54mm:DICT_4X4_1000:inverted", [480, 480, 480, 720]))
    with pytest.raises(StudioError) as told:
        run(views_of(sets, parse_board("charuco:4x5:54mm:DICT_4X4_1000"), every_s=0.0))
    assert "--board charuco:4x5:54mm:DICT_4X4_1000:inverted." in told.value.hint


def test_the_first_rows_of_a_larger_board_are_refused_with_its_name():
    sets = list(filmed_sheets("charuco:4x5:54mm:DICT_4X4_1000:inverted", [480, 480, 720, 720]))
    part = parse_board("charuco:4x4:54mm:DICT_4X4_50:inverted")
    with pytest.raises(StudioError, match="goes on beyond") as told:
        run(views_of(sets, part, every_s=0.0))
    assert "--board charuco:4x5:54mm:DICT_4X4_50:inverted." in told.value.hint
    for larger in (
        "charuco:4x5:54mm:DICT_4X4_50:inverted",
        "charuco:4x6:54mm:DICT_4X4_50:inverted",
    ):
        assert run(views_of(sets, parse_board(larger), every_s=0.0)).found["a"] == 4


def test_markers_elsewhere_do_not_belong_to_the_board():
    board = parse_board("charuco:4x4:54mm:DICT_4X4_50")
    picture, _ = seen_board(board)
    stray = cv2.aruco.generateImageMarker(dictionary("DICT_4X4_50"), 9, 60)
    picture[20:90, 20:90] = 255
    picture[25:85, 25:85] = stray
    assert not goes_on(picture, board)


@pytest.mark.parametrize(
    "wrong",
    [
        "charuco:4x5:54mm:DICT_4X4_1000", "charuco:5x4:54mm:DICT_4X4_1000:inverted",
        "charuco:4x5:54mm:DICT_5X5_100:inverted", "charuco:4x4:54mm:DICT_4X4_50:inverted",
        "charuco:4x3:54mm:DICT_4X4_1000:inverted",
    ],
)  # fmt: skip
def test_real_take_names_its_board(footage, wrong):
    films = footage("calib_caliscope") / "sessions/4_cam_recording/calibration/extrinsic"
    with pytest.raises(StudioError) as told:
        run(views_of(first_moments(films, 4, 5), parse_board(wrong), every_s=0.0))
    name = "DICT_4X4_1000" if "4X4_1000" in wrong else "DICT_4X4_50"
    assert f"--board charuco:4x5:54mm:{name}:inverted." in told.value.hint


def first_moments(films, cameras, count):
    clips = [cv2.VideoCapture(str(films / f"cam_{number}.mp4")) for number in range(cameras)]
    for moment in range(count):
        pictures = {}
        for number, clip in enumerate(clips):
            good, bgr = clip.read()
            assert good
            pictures[f"cam_{number}"] = Frame(f"cam_{number}", moment / 10, bgr[..., ::-1].copy())
        yield FrameSet(moment, moment / 10, pictures)


def test_pictures_that_change_size_and_no_pictures_are_refused():
    small, large = (Frame("a", 0.0, np.zeros((h, 2 * h, 3), np.uint8)) for h in (50, 60))
    with pytest.raises(StudioError, match="change from 100 x 50 to 120 x 60"):
        run(views_of(apart([small, large]), BOARD, every_s=0.0))
    with pytest.raises(StudioError, match="no pictures"):
        run(views_of([FrameSet(0, 0.0, {})], BOARD))
