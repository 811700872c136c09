"""Plots: the curves that are computed, and the widget that shows them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.types import Camera, CameraRig, Detections, Layout, Motion
from studio.ui.plots import Plots
from studio.ui.series import Series, bone_spread, camera_errors, joint_errors, losses
from studio.vision.camera import project

LAYOUT = Layout("arm", ("left_elbow", "left_wrist", "nose"), ((0, 1), (1, 2)), (0, 1, 2))


def moving(frames: int = 40) -> Motion:
    times = np.arange(frames) / 20
    xyz = np.zeros((frames, 3, 3))
    xyz[:, 1] = [0.3, 0, 0]
    xyz[:, 2] = np.column_stack([0.3 + 0.2 * (1 + 0.5 * np.sin(times)), times * 0, times * 0])
    xyz[..., 2] += 1.0
    error = np.tile([1.0, 2.0, 6.0], (frames, 1))
    filled = np.zeros((frames, 3), bool)
    return Motion(LAYOUT, times, xyz, error / 1000, error, np.full((frames, 3), 4), filled)


def test_the_worst_joint_comes_first() -> None:
    chart = joint_errors(moving())
    assert chart.series[0].name == "Mean of all points"
    np.testing.assert_allclose(chart.series[0].y, 3.0)
    assert chart.series[1].name == "Nose"


def test_a_bone_that_varies_is_named_with_its_ends() -> None:
    chart = bone_spread(moving())
    assert chart.series[0].name == "Left wrist – Nose"
    assert 20 < np.abs(chart.series[0].y).max() < 60
    np.testing.assert_allclose(chart.series[1].y, 0, atol=1e-9)


def test_a_shifted_camera_has_the_shift_as_its_error() -> None:
    rotation = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    matrix = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    cameras = tuple(
        Camera(name, (640, 480), matrix, np.zeros(0), rotation, np.array([x, 1.0, 4.0]))
        for name, x in (("good", 0.0), ("bumped", 0.5))
    )
    motion = moving()
    seen = np.stack([project(camera, motion.xyz_m) for camera in cameras], 1)
    seen[:, 1] += [3.0, 4.0]
    found = Detections(("good", "bumped"), motion.times_s, LAYOUT, seen, np.ones(seen.shape[:3]))
    chart = camera_errors(motion, CameraRig(cameras), found)
    by_name = {series.name: series.y for series in chart.series}
    np.testing.assert_allclose(by_name["good"], 0, atol=1e-9)
    np.testing.assert_allclose(by_name["bumped"], 5.0)


@pytest.fixture
def plots(qtbot) -> Plots:
    made = Plots()
    qtbot.addWidget(made)
    made.resize(500, 260)
    return made


def test_the_playhead_reads_values(plots: Plots) -> None:
    plots.set_charts([joint_errors(moving()), bone_spread(moving())])
    assert plots.charts == ("Reprojection by point", "Bone length")
    plots.set_time(1.0)
    assert plots.values_at(1.0)["Nose"] == pytest.approx(6.0)
    assert plots._figure.text() == "3.00 px"
    assert plots._figure.toolTip() == "Mean of all points, at 1.00 s"
    plots.choice.setCurrentText("Bone length")
    plots.set_charts([joint_errors(moving()), bone_spread(moving())])
    assert plots.chart is not None
    assert plots.chart.title == "Bone length"


def test_series_can_be_added_and_gaps_say_so(plots: Plots) -> None:
    values = np.array([1.0, np.nan, 3.0])
    plots.set_series("Mine", (Series("a", np.arange(3.0), values),), "mm")
    plots.set_time(1.0)
    assert "no value" in plots._figure.text()
    plots.set_series("Mine", (), "mm")
    assert plots.charts == ()
    assert not plots._empty.isHidden()


def test_losses_have_steps_not_seconds(plots: Plots) -> None:
    plots.set_charts([losses({"train": 1 / np.arange(1.0, 50)})])
    assert not plots._head.isVisible()
    assert plots._figure.text() == ""


def test_the_legend_names_the_curves_beside_the_plot(qtbot, plots: Plots) -> None:
    plots.show()
    plots.set_charts([joint_errors(moving())])
    assert plots.chart is not None
    assert plots._legend.names == tuple(series.name for series in plots.chart.series)
    assert not plots._legend.geometry().intersects(plots.plot.geometry())
    plots.resize(180, 260)
    qtbot.waitUntil(lambda: plots._legend.text().endswith("…"))
    plots.set_series("Mine", (Series("a", np.arange(3.0), np.arange(3.0)),), "mm")
    plots.choice.setCurrentText("Mine")
    assert plots._legend.isHidden()
