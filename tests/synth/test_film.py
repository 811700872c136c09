"""A tiny film: the same every time, and true to its truth."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from studio.core.types import CameraRig
from studio.render.lens import Sensor
from studio.synth.actor import Actor
from studio.synth.board import BoardSpec, board_scene
from studio.synth.figure import Figure
from studio.synth.film import Camerawork, Crew
from studio.synth.rig import camera_at, sample_rig
from studio.synth.room import studio_light, studio_room
from studio.synth.sample import WORN, sample_score
from studio.synth.take import perform
from studio.synth.truth import Truth
from studio.vision.camera import project

QUIET = Sensor(vignette=0, blur_px=0, noise=(0, 0))


def test_the_person_is_seen_where_the_truth_says(figure: Figure) -> None:
    """Joints fall on pixels that change when the person enters, in every camera."""
    rig = sample_rig((128, 96))
    actor = Actor(figure, WORN)
    poses = perform(figure, sample_score(), np.array([0.0, 1.6]))
    truth = Truth(figure, poses)
    light = studio_light()
    with Camerawork(Crew(rig, [QUIET] * 4), studio_room(), light) as camerawork:
        empty = list(camerawork.shoot(actor.at(poses, 0).drawables[:0] or _speck(), 0))
        for frame in range(2):
            posed = actor.at(poses, frame)
            truth.add(posed.vertices_m, posed.bones_world)
            shots = list(camerawork.shoot(posed.drawables, frame))
            again = list(camerawork.shoot(posed.drawables, frame))
            body = truth.arrays()["body_m"][frame]
            for camera, rgb, same, bare in zip(rig.cameras, shots, again, empty, strict=True):
                np.testing.assert_array_equal(rgb, same)
                changed = np.abs(rgb.astype(int) - bare).max(axis=2) > 12
                changed = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3)))
                at = np.rint(project(camera, body[:17])).astype(int)
                inside = ((at >= 0) & (at < [128, 96])).all(axis=1)
                assert inside.mean() > 0.8
                assert changed[at[inside, 1], at[inside, 0]].mean() > 0.9


def _speck():
    return board_scene(replace(BoardSpec(), square_m=0.001, marker_m=0.0007), np.eye(4))


def test_truth_holds_what_the_readme_says(figure: Figure) -> None:
    poses = perform(figure, sample_score(), np.array([0.0]))
    truth = Truth(figure, poses)
    posed = Actor(figure, WORN).at(poses, 0)
    truth.add(posed.vertices_m, posed.bones_world)
    arrays = truth.arrays()
    assert arrays["bones_world"].shape == (1, 104, 4, 4)
    assert arrays["body_m"].shape == (1, 26, 3)
    assert arrays["left_hand_m"].shape == (1, 21, 3)
    assert arrays["face_m"].shape == (1, 68, 3)
    names = list(arrays["body_names"])
    wrist = arrays["body_m"][0, names.index("left_wrist")]
    hand = arrays["left_hand_m"][0]
    assert np.linalg.norm(hand - wrist, axis=1).max() < 0.25


def test_opencv_finds_the_board_where_it_is() -> None:
    """The rendered board, detected by OpenCV, has its corners within a third of a pixel."""
    spec = BoardSpec()
    camera = camera_at("c", (0.1, -1.5, 1.1), (0, 0, 1), (640, 480), 660.0, (-0.1, 0.03, 0, 0, 0))
    world = np.eye(4)
    world[:3, :3] = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    world[:3, 3] = [-0.33, 0.0, 1.22]
    rig = CameraRig((camera,))
    room, light = studio_room(), studio_light()
    with Camerawork(Crew(rig, [QUIET]), room, light, oversample=2.0) as camerawork:
        (rgb,) = camerawork.shoot(board_scene(spec, world), 0)
    detector = cv2.aruco.CharucoDetector(spec.charuco())
    corners, ids, _, _ = detector.detectBoard(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    assert ids is not None
    assert len(ids) == 15
    places = spec.corners_m()[ids.ravel()] @ world[:3, :3].T + world[:3, 3]
    off = np.linalg.norm(corners.reshape(-1, 2) - project(camera, places), axis=1)
    assert off.max() < 0.5
    assert off.mean() < 0.2


@pytest.mark.parametrize("square_m", [0.11, 0.054, 0.0333])
def test_a_print_is_true_to_size(square_m: float) -> None:
    """Its picture has as many pixels a metre down as across, however its size is rounded."""
    spec = BoardSpec(square_m=square_m, marker_m=0.75 * square_m)
    front, *_ = board_scene(spec, np.eye(4))
    assert front.material.texture is not None
    assert front.mesh.uv is not None
    height, width = front.material.texture.shape[:2]
    pixels = np.ptp(front.mesh.uv.reshape(-1, 2), axis=0) * (width, height)
    across, down = pixels / np.ptp(front.mesh.vertices_m, axis=0)[:2]
    assert across == pytest.approx(down, rel=1e-6)
