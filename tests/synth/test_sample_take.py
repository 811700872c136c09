"""The sample that ships: complete, small, and its truth fits its pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.core.calibration import View
from studio.media.formats.rigs import read_rig
from studio.media.video import open_clip
from studio.synth.rig import sample_rig
from studio.synth.sample import FRAMES
from studio.synth.waving import BOARD, BOARD_FRAMES, BOARD_RATE_HZ, LAID_S, board_world
from studio.vision.calibration.guidance import Guide
from studio.vision.camera import project

SAMPLE = Path(__file__).parents[2] / "resources" / "sample"


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(SAMPLE / "truth.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in SAMPLE.iterdir()) < 12_000_000
    assert sum(file.stat().st_size for file in SAMPLE.glob("board?.mp4")) < 6_000_000


def test_its_rig_is_the_one_it_was_rendered_with() -> None:
    written, made = read_rig(SAMPLE / "rig.toml").rig, sample_rig()
    points = np.random.default_rng(0).uniform([-0.5, -0.5, 0], [0.5, 0.5, 1.9], (50, 3))
    for a, b in zip(written.cameras, made.cameras, strict=True):
        np.testing.assert_allclose(project(a, points), project(b, points), atol=1e-6)


@pytest.mark.parametrize("stem", ["cam", "board"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_clip_is_whole(stem: str, number: int) -> None:
    with open_clip(SAMPLE / f"{stem}{number}.mp4") as clip:
        assert clip.size_px == (960, 720)
        assert clip.frames == {"cam": FRAMES, "board": BOARD_FRAMES}[stem]


def test_the_person_stands_where_the_truth_says(truth: dict[str, np.ndarray]) -> None:
    """Around the projected chest the shirt is red, unless an arm passes before it."""
    rig = read_rig(SAMPLE / "rig.toml").rig
    chest = truth["bones_world"][:, list(truth["bone_names"]).index("spine02"), :3, 3]
    red: list[bool] = []
    for number, camera in enumerate(rig.cameras, start=1):
        with open_clip(SAMPLE / f"cam{number}.mp4") as clip:
            for frame in (0, 60, 140):
                place = project(camera, chest[frame : frame + 1].astype(float))
                ((u, v),) = np.rint(place).astype(int)
                rgb = clip.frame(frame).rgb[v - 4 : v + 5, u - 4 : u + 5].mean(axis=(0, 1))
                red.append(bool(rgb[0] > 1.8 * rgb[2]))
    assert sum(red) >= 11


def test_the_board_is_where_the_truth_says(truth: dict[str, np.ndarray]) -> None:
    """Found in every tenth picture of a camera, by OpenCV's own detector."""
    camera = read_rig(SAMPLE / "rig.toml").rig.cameras[0]
    detector = cv2.aruco.CharucoDetector(BOARD.charuco())
    off: list[np.ndarray] = []
    with open_clip(SAMPLE / "board1.mp4") as clip:
        for frame in range(0, BOARD_FRAMES, 10):
            grey = cv2.cvtColor(clip.frame(frame).rgb, cv2.COLOR_RGB2GRAY)
            corners, ids, _, _ = detector.detectBoard(grey)
            if ids is None:
                continue
            world = truth["board_world"][frame]
            places = BOARD.corners_m()[ids.ravel()] @ world[:3, :3].T + world[:3, 3]
            off.append(np.linalg.norm(corners.reshape(-1, 2) - project(camera, places), axis=1))
    assert len(off) >= 6
    assert np.concatenate(off).mean() < 0.3


def test_the_board_is_carried_not_thrown() -> None:
    """Its corners go no faster than a hand that takes its time, and never through the floor."""
    width, height = BOARD.size_m
    outline = np.array([[x, y, 0] for x in (0, width) for y in (0, height)])
    times = np.arange(0, BOARD_FRAMES / BOARD_RATE_HZ, 0.02)
    place = board_world(times)
    np.testing.assert_allclose(np.linalg.det(place[:, :3, :3]), 1)
    at = outline @ place[:, :3, :3].swapaxes(1, 2) + place[:, None, :3, 3]
    assert np.linalg.norm(np.diff(at, axis=0) / 0.02, axis=-1).max() < 1.2
    assert np.linalg.norm(np.diff(at, 2, axis=0) / 0.02**2, axis=-1).max() < 8
    assert at[..., 2].min() > 0
    assert np.ptp(at[times >= LAID_S], axis=0).max() == 0
    np.testing.assert_allclose(at[times >= LAID_S, :, 2], 0.006, atol=1e-12)


def test_the_board_shows_every_camera_what_it_needs(truth: dict[str, np.ndarray]) -> None:
    """Seen by detectors that miss nothing up to 60 degrees from the side."""
    rig = read_rig(SAMPLE / "rig.toml").rig
    target = BOARD.board().target
    guide = Guide(target, {camera.name: camera.size_px for camera in rig.cameras})
    np.testing.assert_allclose(truth["board_world"], board_world(truth["board_times_s"]))
    for moment, place in enumerate(truth["board_world"]):
        points = target.points_m @ place[:3, :3].T + place[:3, 3]
        for camera in rig.cameras:
            sight = points.mean(axis=0) - camera.centre_m
            xy = project(camera, points)
            size = np.array(camera.size_px)
            shown = np.flatnonzero(((xy > 5) & (xy < size - 6)).all(axis=1))
            if place[:3, 2] @ sight < 0.5 * np.linalg.norm(sight) or len(shown) < 8:
                continue
            guide.add(View(camera.name, moment, shown, xy[shown], moment))
    told = guide.advice()
    assert told.enough, told.action
    assert min(camera.depth_ratio for camera in told.cameras) > 2
    assert min(camera.covered for camera in told.cameras) > 0.6
    assert min(sum(camera.tilts) for camera in told.cameras) >= 6


def test_the_truth_is_complete(truth: dict[str, np.ndarray]) -> None:
    assert truth["bones_world"].shape == (FRAMES, 104, 4, 4)
    assert truth["body_m"].shape == (FRAMES, len(truth["body_names"]), 3)
    assert truth["actions"].shape == (FRAMES, len(truth["action_names"]))
    assert all(np.isfinite(v).all() for v in truth.values() if v.dtype.kind == "f")
