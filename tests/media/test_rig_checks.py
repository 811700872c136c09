"""Rigs that are not believable, or not of these videos: said, with a mend that works."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rigs import assert_same, looking, ring

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.media.formats.rigs import read_rig
from studio.media.rig_checks import SIZE_MENDS, check_rig, inverse
from studio.media.rig_mends import fit_size, mend_rig, quarter_turn, seen_mend
from studio.vision.camera import project


def changed(rig, index, **fields):
    cameras = list(rig.cameras)
    cameras[index] = replace(cameras[index], **fields)
    return CameraRig(tuple(cameras))


@pytest.mark.parametrize("count", [1, 2, 4, 16])
def test_a_good_rig_has_no_problem(count):
    rig = ring(count)
    assert check_rig(rig) == ()
    assert check_rig(rig, {camera.name: camera.size_px for camera in rig.cameras}) == ()


def test_real_rigs_have_no_problem(footage):
    assert check_rig(read_rig(footage("mv_pose2sim") / "calibration/Calib.qca.txt").rig) == ()
    array = footage("calib_caliscope") / "sessions/4_cam_recording/camera_array.toml"
    assert check_rig(read_rig(array).rig) == ()
    hand = read_rig(footage("mv_hand_temugeb"), unit="30mm", size=(720, 720))
    assert check_rig(hand.rig) == ()


# -- videos of another size ---------------------------------------------------------------------


def test_1080_wide_videos_of_a_rig_calibrated_at_1088(footage):
    """Trap: two of the four videos are 8 pixels narrower than their calibration."""
    from studio.media.video import open_clip

    folder = footage("mv_pose2sim")
    rig = read_rig(folder / "calibration/Calib_qualisys.toml").rig
    sizes = {}
    for number in range(1, 5):
        with open_clip(folder / f"single/videos/cam0{number}.mp4") as clip:
            sizes[f"cam_0{number}"] = clip.size_px
    problems = check_rig(rig, sizes)
    assert [problem.camera for problem in problems] == ["cam_01", "cam_02"]
    for problem in problems:
        assert "1080 x 1920" in problem.message
        assert "1088 x 1920" in problem.message
        assert problem.mend is None
        assert {"crop", "scale to width"} <= set(problem.mends)
        rig = mend_rig(rig, problem, "scale to width")
    assert check_rig(rig, sizes) == ()


POINTS = np.random.default_rng(0).uniform((-0.5, -0.5, 0.7), (0.5, 0.5, 1.7), (50, 3))


@given(st.integers(200, 2000), st.integers(200, 2000))
def test_scaling_moves_points_as_scaling_the_picture_does(width, height):
    camera = looking("a", (3, 1, 1.5), distortion=(0.1, -0.05, 0.001, 0.002, 0.01))
    before = project(camera, POINTS)
    after = project(fit_size(camera, (width, height), "scale"), POINTS)
    expected = (before + 0.5) * [width / 1280, height / 720] - 0.5
    np.testing.assert_allclose(after, expected, atol=1e-8)


@pytest.mark.parametrize(
    ("how", "size_px", "move"),
    [
        ("crop", (1272, 700), lambda xy: xy),
        ("crop centre", (1272, 700), lambda xy: xy - [4, 10]),
        ("scale to width", (640, 400), lambda xy: (xy + 0.5) / 2 - 0.5 + [0, 20]),
        ("scale to height", (600, 360), lambda xy: (xy + 0.5) / 2 - 0.5 - [20, 0]),
        ("turn right", (720, 1280), lambda xy: np.stack([719 - xy[:, 1], xy[:, 0]], 1)),
        ("turn left", (720, 1280), lambda xy: np.stack([xy[:, 1], 1279 - xy[:, 0]], 1)),
        ("turn right", (360, 640),
         lambda xy: (np.stack([719 - xy[:, 1], xy[:, 0]], 1) + 0.5) / 2 - 0.5),
    ],
)  # fmt: skip
def test_each_size_mend_moves_pixels_as_it_says(how, size_px, move):
    camera = looking("a", (3, 1, 1.5), distortion=(0.1, -0.05, 0.001, 0.002, 0.01))
    mended = fit_size(camera, size_px, how)
    assert mended.size_px == size_px
    np.testing.assert_allclose(project(mended, POINTS), move(project(camera, POINTS)), atol=1e-8)
    np.testing.assert_allclose(mended.centre_m, camera.centre_m, atol=1e-12)


def scene(size_px, seed=0):
    """A picture with enough corners to tell where it was cut or scaled."""
    rng = np.random.default_rng(seed)
    width, height = size_px
    rgb = np.full((height, width, 3), 120, np.uint8)
    for _ in range(250):
        at = rng.integers(0, (width, height))
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        cv2.rectangle(rgb, at, at + rng.integers(5, 40, 2), colour, -1)
    return rgb


@pytest.mark.parametrize("how", ["crop", "crop centre", "scale to width", "scale"])
def test_pictures_tell_how_a_size_came_about(how):
    """A picture is warped as a mend says; the mend is found again from its features."""
    camera = looking("a", (3, 0, 1.5), size_px=(544, 960))
    reference, size_px = scene((544, 960)), (528, 948)
    unit = replace(camera, matrix=np.eye(3))
    warped = cv2.warpAffine(reference, fit_size(unit, size_px, how).matrix[:2], size_px)
    assert seen_mend(reference, warped, SIZE_MENDS) == how


def test_pictures_of_different_scenes_tell_nothing():
    other = scene((528, 948), seed=5)
    assert seen_mend(scene((544, 960)), other, SIZE_MENDS) is None
    assert seen_mend(scene((544, 960)), np.zeros((948, 528, 3), np.uint8), SIZE_MENDS) is None


def test_the_real_1080_wide_videos_were_scaled(footage):
    """A photo of the scene at the calibrated size shows it, the sizes alone do not."""
    from studio.media.video import open_clip

    folder = footage("mv_pose2sim")
    photo = next((folder / "calibration" / "extrinsics").glob("cam01*.png"))
    with open_clip(photo) as still, open_clip(folder / "single/videos/cam01.mp4") as clip:
        found = seen_mend(still.frame(0).rgb, clip.frame(0).rgb, SIZE_MENDS)
    assert found == "scale to width"


@pytest.mark.parametrize(
    ("video", "likely"),
    [((640, 360), "scale"), ((720, 1280), "turn right"), ((1280, 712), None), ((1000, 720), None)],
)
def test_the_likely_mend_of_a_size(video, likely):
    (problem,) = check_rig(ring(2), {"cam_0": video})
    assert problem.mend == likely
    for mend in problem.mends:
        mended = mend_rig(ring(2), problem, mend)
        assert mended["cam_0"].size_px == video
        assert mended["cam_1"].size_px == (1280, 720)


def test_four_quarter_turns_change_nothing():
    camera = looking("a", (3, 1, 1.5), distortion=(0.1, -0.05, 0.001, 0.002, 0.01))
    assert_same(CameraRig((quarter_turn(camera, 2),)), CameraRig((quarter_turn(camera, -2),)))
    there = quarter_turn(quarter_turn(camera, 1), 3)
    np.testing.assert_allclose(project(there, POINTS), project(camera, POINTS), atol=1e-9)
    prism = replace(camera, distortion=np.full(12, 0.01))
    with pytest.raises(StudioError, match="prism"):
        quarter_turn(prism, 1)


# -- poses --------------------------------------------------------------------------------------


def test_two_cameras_with_the_same_pose():
    """Trap: a published calibration in which one camera was never placed."""
    rig = ring(4)
    twin = rig.cameras[1]
    broken = changed(rig, 3, rotation=twin.rotation, translation_m=twin.translation_m)
    (problem,) = check_rig(broken)
    assert "cam_1 and cam_3 have the same pose" in problem.message
    assert problem.camera == "cam_3"
    assert mend_rig(broken, problem).names == ("cam_0", "cam_1", "cam_2")


def test_two_cameras_at_the_same_place():
    rig = ring(4)
    there = looking("cam_3", tuple(rig.cameras[1].centre_m), (0, 0, 0.2))
    (problem,) = check_rig(CameraRig((*rig.cameras[:3], there)))
    assert "same place" in problem.message


@pytest.mark.parametrize("up", ["y", "-y", "-z", "x", "-x"])
def test_a_world_that_does_not_stand_upright(up):
    from studio.core.frames import extrinsics_from_world

    rig = ring(4)
    cameras = []
    for camera in rig.cameras:
        rotation, translation = extrinsics_from_world(camera.rotation, camera.translation_m, up)
        cameras.append(replace(camera, rotation=rotation, translation_m=translation))
    (problem,) = check_rig(CameraRig(tuple(cameras)))
    assert ("upside down" in problem.message) == (up == "-z")
    assert problem.mend == f"up {up}"
    assert_same(mend_rig(CameraRig(tuple(cameras)), problem), rig)


@pytest.mark.parametrize(
    "name",
    [
        "mv_pose2sim/calibration/Calib.qca.txt",
        "calib_caliscope/sessions/4_cam_recording/camera_array.toml",
        "calib_caliscope/sessions/post_optimization/camera_array.toml",
    ],
)
def test_poses_that_are_inverted(footage, name):
    folder, _, rest = name.partition("/")
    rig = read_rig(footage(folder) / rest, up=None if "recording" in rest else "z").rig
    (problem,) = check_rig(inverse(rig))
    assert problem.mend == "invert"
    assert_same(mend_rig(inverse(rig), problem), rig)


def test_cameras_that_look_away_from_each_other():
    outwards = CameraRig(
        tuple(
            looking(f"cam_{i}", (np.cos(a), np.sin(a), 1.5), (3 * np.cos(a), 3 * np.sin(a), 1))
            for i, a in enumerate(np.linspace(0, 5, 5))
        )
    )
    (problem,) = check_rig(outwards)
    assert "look away from each other" in problem.message


def test_cameras_below_the_floor():
    low = looking("cam_2", (2, 2, -0.4), (0, 0, 1))
    rig = ring(4)
    (problem,) = check_rig(CameraRig((*rig.cameras[:2], low, rig.cameras[3])))
    assert problem.camera == "cam_2"
    assert "0.40 m below the floor" in problem.message
    sunk = CameraRig(
        tuple(
            replace(c, translation_m=c.translation_m + c.rotation @ [0, 0, 5]) for c in rig.cameras
        )
    )
    (problem,) = check_rig(sunk)
    assert "All cameras are below" in problem.message


@pytest.mark.parametrize(
    ("factor", "text", "mend"),
    [(0.001, "mm apart", "1000 times larger"), (1000, "m apart", "1000 times smaller")],
)
def test_units_that_cannot_be(factor, text, mend):
    rig = ring(4)
    wrong = CameraRig(
        tuple(replace(c, translation_m=c.translation_m * factor) for c in rig.cameras)
    )
    problem = next(p for p in check_rig(wrong) if p.mends and "times" in p.mends[0])
    assert text in problem.message
    assert problem.mend == mend
    assert_same(mend_rig(wrong, problem), rig)


# -- lenses -------------------------------------------------------------------------------------


def matrix(fx=900.0, fy=900.0, cx=640.0, cy=360.0):
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"matrix": matrix(90, 90)}, "implausibly wide"),
        ({"matrix": matrix(20000, 20000)}, "implausibly tele"),
        ({"matrix": matrix(900, 500)}, "times as wide as high"),
        ({"matrix": matrix(-900, 900)}, "not positive"),
        ({"matrix": matrix(cx=1200)}, "far from the middle"),
        ({"rotation": np.diag([1.0, 1, -1])}, "not a rotation"),
        ({"rotation": np.eye(3) * 1.1}, "not a rotation"),
    ],
)
def test_a_camera_that_cannot_be(fields, text):
    problems = check_rig(changed(ring(4), 2, **fields))
    assert [problem.camera for problem in problems] == ["cam_2"]
    assert text in problems[0].message
    assert problems[0].hint


def test_a_mend_that_is_not_offered_is_refused():
    (problem,) = check_rig(ring(2), {"cam_0": (640, 360)})
    with pytest.raises(StudioError, match="does not mend"):
        mend_rig(ring(2), problem, "invert")
