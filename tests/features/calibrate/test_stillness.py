"""A bump that the board tells of is heard against the still background."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from studio.core.calibration import Gate
from studio.core.types import Camera, CameraRig, Frame
from studio.features.calibrate.stillness import ask_background

SIZE = (640, 480)
BUMP = Gate("moved", "Cameras stood still", "stop", "Camera 2 was bumped at 0:04.0.", "b", "Again.")
CLOCK = Gate("clock", "Clocks in step", "good", "No camera is out of step.")


@dataclass
class Clip:
    """A scene of texture that jumps aside by ``jump`` px halfway, with somebody walking by."""

    camera: str
    jump: int
    frames: int = 60

    def frame(self, number: int) -> Frame:
        random = np.random.default_rng(sum(self.camera.encode()))
        scene = cv2.resize(random.integers(0, 255, (120, 170, 3), np.uint8), (680, 480))
        left = self.jump if number >= self.frames // 2 else 0
        picture = np.ascontiguousarray(scene[:, left : left + SIZE[0]])
        x = 8 * number
        picture[100:400, x : x + 90] = 128
        return Frame(self.camera, number / 30, picture)


def camera(name: str) -> Camera:
    matrix = np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]])
    return Camera(name, SIZE, matrix, np.zeros(0), np.eye(3), np.zeros(3))


RIG = CameraRig((camera("a"), camera("b"), camera("c")))


def heard(jumps: dict[str, int], *gates: Gate) -> tuple[Gate, ...]:
    clips = [Clip(name, jump) for name, jump in jumps.items()]
    return ask_background(gates, RIG, clips)  # pyright: ignore[reportArgumentType]


def test_a_bump_that_no_background_saw_is_no_reason_to_stop() -> None:
    gate, clock = heard({"a": 0, "b": 0, "c": 0}, BUMP, CLOCK)
    assert gate.verdict == "look"
    assert "stood still" in gate.text
    assert "step" in gate.remedy
    assert clock == CLOCK


def test_the_camera_whose_background_moved_is_the_one_to_blame() -> None:
    gate = heard({"a": 0, "b": 0, "c": 12}, BUMP)[0]
    assert (gate.verdict, gate.camera) == ("stop", "c")
    assert "12.0 px" in gate.text


def test_a_warning_that_the_background_confirms_stops() -> None:
    mild = Gate("moved", "Cameras stood still", "look", "Camera 2 was bumped.", "b", "Again.")
    assert heard({"a": 0, "b": 7, "c": 0}, mild)[0].verdict == "stop"


def test_a_background_that_cannot_be_recognised_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.features.calibrate.stillness.scene_shift", lambda *_: None)
    assert heard({"a": 0, "b": 0}, BUMP) == (BUMP,)


def test_clips_are_not_read_where_nothing_is_said_of_a_bump() -> None:
    calm = Gate("moved", "Cameras stood still", "good", "No camera moved.")
    assert heard({}, calm, CLOCK) == (calm, CLOCK)
