"""The lag by rays, on points that move before a ring of cameras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.features.synchronise.simulate import Clock, make_scene, see
from studio.vision.synchrony.epipolar import Seen, refine_lag, seen_by
from studio.vision.synchrony.lag import Lag

CLOCKS = [Clock(0.0), Clock(0.4321), Clock(1.1)]


def sights(seconds: float = 8.0, seed: int = 0, still: bool = False, clocks=CLOCKS) -> list[Seen]:
    scene = make_scene(seconds, seed)
    if still:
        scene = replace(scene, paths=lambda t: np.repeat(make_scene(1.0).paths([0.5]), len(t), 0))
    rig, found = see(scene, clocks, seconds, seed=seed)
    times = [clock.times_s(seconds) for clock in clocks]
    return [
        seen_by(camera, t, found.xy_px[: len(t), view], found.confidence[: len(t), view])
        for view, (camera, t) in enumerate(zip(rig.cameras, times, strict=True))
    ]


@pytest.mark.parametrize("seed", range(4))
def test_refines_to_a_millisecond(seed):
    a, b, _ = sights(seed=seed)
    lag = refine_lag(a, b, Lag("cam1", "cam2", -0.4321 + 0.07, 0.03, 4.0))
    assert lag is not None
    assert lag.seconds == pytest.approx(-0.4321, abs=0.0015)
    assert abs(lag.seconds + 0.4321) < 5 * lag.sd_s
    assert lag.sd_s < 0.002


def test_a_bumped_camera_is_no_lag():
    """A camera that was turned by two degrees: constant errors of many pixels."""
    a, b, _ = sights()
    angle = np.deg2rad(2)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    bumped = replace(b, camera=replace(b.camera, rotation=turn @ b.camera.rotation))
    lag = refine_lag(a, bumped, Lag("cam1", "cam2", -0.42, 0.03, 4.0))
    assert lag is not None
    assert lag.seconds == pytest.approx(-0.4321, abs=0.01)


def test_drift_by_rays():
    clocks = [Clock(0.0), Clock(0.4321, 1 + 80e-6)]
    a, b = sights(60, clocks=clocks)
    lag = refine_lag(a, b, Lag("cam1", "cam2", -0.4321, 0.03, 30.0))
    assert lag is not None
    assert lag.slope == pytest.approx(-80e-6, abs=40e-6)
    assert abs(lag.slope + 80e-6) < 5 * lag.slope_sd


def test_too_little_is_seen():
    a, b, _ = sights()
    blind = replace(b, track=replace(b.track, weights=np.zeros_like(b.track.weights)))
    assert refine_lag(a, blind, Lag("cam1", "cam2", -0.43, 0.03)) is None


def test_points_wrong_each_in_its_own_way_widen_the_error_bar():
    """Marked points that sway with the movement: alike at all times, but not from all points."""
    rng = np.random.default_rng(0)
    for seed in range(3):
        a, b, _ = sights(seed=seed)
        lag = refine_lag(a, b, Lag("cam1", "cam2", -0.4321, 0.03, 4.0))
        late = np.repeat(rng.normal(0, 0.01, b.track.values.shape[1] // 2), 2)
        speed = np.gradient(b.track.values, b.track.times_s, axis=0)
        swaying = replace(b, track=replace(b.track, values=b.track.values + late * speed))
        wide = refine_lag(a, swaying, Lag("cam1", "cam2", -0.4321, 0.03, 4.0))
        assert lag is not None
        assert wide is not None
        assert wide.sd_s > 2 * lag.sd_s
        assert abs(wide.seconds + 0.4321) < 3 * wide.sd_s
