"""Derived facts of the core types."""

import numpy as np
import pytest

from studio.core.types import Camera, CameraRig, Layout, Motion


def camera(name="a"):
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[800.0, 0, 320], [0, 800, 240], [0, 0, 1]])
    return Camera(name, (640, 480), matrix, np.zeros(0), turn, np.array([0.0, 1.0, 4.0]))


def test_centre_projects_to_nothing():
    one = camera()
    assert np.allclose(one.rotation @ one.centre_m + one.translation_m, 0)
    assert np.allclose(one.projection @ np.append(one.centre_m, 1), 0)


def test_rig_finds_by_name():
    rig = CameraRig((camera("a"), camera("b")))
    assert rig["b"].name == "b"
    with pytest.raises(KeyError):
        rig["c"]


def test_layout_index_names_the_missing_point():
    layout = Layout("two", ("left", "right"), ((0, 1),), (1, 0))
    assert layout.index("right") == 1
    with pytest.raises(KeyError, match="nose"):
        layout.index("nose")


def test_motion_rate_and_frame():
    layout = Layout("one", ("p",), (), (0,))
    blank = np.zeros((3, 1))
    motion = Motion(layout, np.array([0.0, 0.02, 0.04]), np.zeros((3, 1, 3)), blank, blank,
                    np.full((3, 1), 2), np.zeros((3, 1), bool))  # fmt: skip
    assert motion.rate_hz == pytest.approx(50)
    assert motion.at(1).time_s == pytest.approx(0.02)
