"""Whole-take refinement, left-right swaps, and whom to blame, on a simulated walker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.core.types import CameraRig, Layout
from studio.vision import camera as lens
from studio.vision.blame import agreement, suspects
from studio.vision.report import limb_bones, rigid_bones, take_report
from studio.vision.ring import ring_rig
from studio.vision.sightings import Sightings, in_cameras, residuals_px, sight
from studio.vision.swaps import exchange, find_swaps
from studio.vision.timing import lateness_s
from studio.vision.trajectory import Priors, _System, bone_lengths, bone_spread, refine_take
from studio.vision.triangulate import Points, dlt, drop_cameras

NAMES = (
    "pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
BONES = ((1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (7, 8), (7, 9), (8, 10), (9, 11), (10, 12))
BODY = Layout("walker", NAMES, BONES, (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11),
              {"body": tuple(range(13))})  # fmt: skip
RATE = 50.0


def walker(frames: int = 60) -> np.ndarray:
    """A person whose limbs swing and whose bones keep their lengths; (frames, 13, 3)."""
    t = np.arange(frames) / RATE
    xyz = np.zeros((frames, 13, 3))
    root = np.stack([0.2 * np.sin(t), 0.5 * t - 0.3, 0.95 + 0.02 * np.sin(12 * t)], 1)
    xyz[:, 0] = root

    def swing(start: np.ndarray, length: float, angle: np.ndarray) -> np.ndarray:
        turned = np.stack([0 * angle, np.sin(angle), -np.cos(angle)], 1)
        return start + length * turned

    for side, sign in ((0, 1.0), (1, -1.0)):
        phase = sign * np.sin(2 * np.pi * t)
        xyz[:, 1 + side] = root + np.array([0.12 * sign, 0, 0])
        xyz[:, 3 + side] = swing(xyz[:, 1 + side], 0.42, 0.5 * phase)
        xyz[:, 5 + side] = swing(xyz[:, 3 + side], 0.41, 0.5 * phase - 0.3)
        xyz[:, 7 + side] = root + np.array([0.19 * sign, 0, 0.5])
        xyz[:, 9 + side] = swing(xyz[:, 7 + side], 0.29, -0.6 * phase)
        xyz[:, 11 + side] = swing(xyz[:, 9 + side], 0.25, -0.6 * phase + 0.4)
    return xyz


def filmed(rig: CameraRig, xyz: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    """Pixels (views, frames, points, 2) with noise."""
    xy = np.stack([lens.project(camera, xyz) for camera in rig.cameras])
    return xy + sigma * np.random.default_rng(seed).standard_normal(xy.shape)


def sighted(rig: CameraRig, xy: np.ndarray) -> Sightings:
    return sight(rig, xy.reshape(len(rig), -1, 2))


def rms_mm(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(np.square(a - b).sum(-1))) * 1000)


def test_bones_and_inertia_nearly_halve_the_error() -> None:
    rig, truth = ring_rig(3), walker()
    xy = filmed(rig, truth, 6.0)
    xy[1, 20:26, 5] += 120.0
    s = sighted(rig, xy)
    guess = drop_cameras(s, limit_px=25.0)
    xyz = guess.xyz_m.reshape(truth.shape)
    used = guess.used.reshape(3, *truth.shape[:2])
    take = refine_take(s, np.arange(60) / RATE, xyz, used, BONES, Priors(noise_px=6.0))
    assert rms_mm(take.xyz_m, truth) < 0.55 * rms_mm(xyz, truth)
    assert bone_spread(take.xyz_m, BONES).max() < 0.5 * bone_spread(xyz, BONES).mean()
    np.testing.assert_allclose(take.lengths_m, bone_lengths(truth, BONES), rtol=0.04)
    assert not take.used[1, 20:26, 5].any()


def system_of(frames: int, lost: tuple[int, int] | None = None) -> tuple[_System, np.ndarray]:
    rig, truth = ring_rig(3), walker(frames)
    s = sighted(rig, filmed(rig, truth, 3.0))
    x = dlt(s).reshape(truth.shape)
    alive = np.ones((13, frames), bool)
    if lost:
        alive[lost] = False
    times = np.cumsum(1 / RATE + 0.002 * np.arange(frames))
    system = _System(s, times, alive, np.array(BONES), Priors(), bone_lengths(x, BONES))
    return system, np.ascontiguousarray(x.transpose(2, 1, 0))


def test_the_step_solves_the_dense_system() -> None:
    """Conjugate gradients, preconditioned by bands, against numpy on the full matrix."""
    system, x = system_of(8, lost=(5, 3))
    blocks, direction, gradient, _ = system.linearise(x)
    dense = np.zeros((x.size, x.size))
    full = blocks[[0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(3, 3, 13, 8)
    for column in range(x.size):
        e = np.zeros(x.size)
        e[column] = 1
        e = e.reshape(x.shape)
        image = np.einsum("ijpt,jpt->ipt", full, e) + system.resist(e)
        system.spread((system.along(e) * direction).sum(0) * direction, image)
        dense[:, column] = image.ravel()
    np.testing.assert_allclose(dense, dense.T, atol=1e-6)
    slow = np.linalg.solve(dense, -gradient.ravel()).reshape(x.shape)
    fast = system.solve(blocks, direction, -gradient)
    assert np.abs(fast - slow).max() < 0.01 * np.abs(slow).max()


def test_inertia_is_the_sum_of_squared_accelerations() -> None:
    system, x = system_of(9, lost=(4, 6))
    t, slow = system.times_s, 0.0
    for point in range(13):
        for i in range(1, 8):
            if system.alive[point, i - 1 : i + 2].all():
                fit = np.polynomial.Polynomial.fit
                for axis in range(3):
                    curve = fit(t[i - 1 : i + 2], x[axis, point, i - 1 : i + 2], 2).convert()
                    slow += (2 * curve.coef[2] / system.priors.agility_m_s2) ** 2
    assert float((system.resist(x) * x).sum()) == pytest.approx(slow, rel=1e-6)


def test_the_gradient_is_the_slope_of_the_cost() -> None:
    system, x = system_of(6)
    _, _, gradient, _ = system.linearise(x)
    rng = np.random.default_rng(0)
    for _ in range(5):
        way = rng.standard_normal(x.shape) * 1e-6
        slope = (system.linearise(x + way)[3] - system.linearise(x - way)[3]) / 2
        assert slope == pytest.approx(2 * float((gradient * way).sum()), rel=1e-3)


def test_missing_points_stay_missing() -> None:
    rig, truth = ring_rig(3), walker(20)
    s = sighted(rig, filmed(rig, truth, 2.0))
    xyz = dlt(s).reshape(truth.shape)
    xyz[5:9, 4] = np.nan
    take = refine_take(s, np.arange(20) / RATE, xyz, np.ones((3, 20, 13), bool), BONES)
    np.testing.assert_array_equal(np.isnan(take.xyz_m), np.isnan(xyz))


def test_swapped_sides_are_found_and_put_right() -> None:
    rig, truth = ring_rig(5), walker()
    xy = filmed(rig, truth, 1.0)
    wrong = np.zeros(xy.shape[:3], bool)
    wrong[2, 10:30, 1:7] = True
    xy[2, 10:30] = np.where(
        wrong[2, 10:30, :, None], xy[2, 10:30][:, list(BODY.mirror)], xy[2, 10:30]
    )
    s = sighted(rig, xy)
    guess = drop_cameras(s, limit_px=8.0)
    found = find_swaps(s, guess.xyz_m, BODY.mirror, limit_px=8.0)
    assert (found & ~wrong).sum() == 0
    gap = np.linalg.norm(xy - xy[:, :, list(BODY.mirror)], axis=-1)
    assert found[wrong & (gap > 25)].all()
    mended = dlt(exchange(s, found, BODY.mirror)).reshape(truth.shape)
    assert rms_mm(mended, truth) < 12
    assert rms_mm(dlt(s).reshape(truth.shape), truth) > 20


def turned(rig: CameraRig, view: int, degrees: float) -> CameraRig:
    angle = np.radians(degrees)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    camera = rig.cameras[view]
    moved = replace(
        camera, rotation=turn @ camera.rotation, translation_m=turn @ camera.translation_m
    )
    return CameraRig((*rig.cameras[:view], moved, *rig.cameras[view + 1 :]))


@pytest.mark.parametrize("views", [3, 4, 8])
def test_a_bumped_camera_is_named(views: int) -> None:
    rig, truth = ring_rig(views), walker()
    rig_now = turned(rig, 1, 2.5)
    s = sighted(rig, filmed(rig_now, truth, 2.0))
    found = suspects(agreement(s, 13), rig.names, np.arange(60) / RATE)
    assert [suspect.camera for suspect in found] == ["cam2"]
    assert "bumped" in found[0].text
    assert found[0].share == 1.0


@pytest.mark.parametrize("views", [2, 3, 4, 8])
@pytest.mark.parametrize("sigma", [1.0, 8.0])
def test_nobody_is_blamed_for_noise(views: int, sigma: float) -> None:
    rig = ring_rig(views) if views > 2 else CameraRig(ring_rig(5).cameras[:2])
    s = sighted(rig, filmed(rig, walker(), sigma))
    assert suspects(agreement(s, 13), rig.names, np.arange(60) / RATE) == ()


def test_when_a_camera_was_bumped_is_told() -> None:
    rig, truth = ring_rig(4), walker()
    xy = filmed(rig, truth, 2.0)
    xy[:, 35:] = filmed(turned(rig, 3, 3.0), truth, 2.0)[:, 35:]
    (found,) = suspects(agreement(sighted(rig, xy), 13), rig.names, np.arange(60) / RATE)
    assert found.camera == "cam4"
    assert found.start_s == pytest.approx(0.7, abs=0.05)
    assert "from 0.7" in found.text


@pytest.mark.parametrize(("views", "degrees"), [(3, 0.7), (4, 0.4), (8, 0.4), (16, 0.4)])
def test_a_small_bump_is_told_too(views: int, degrees: float) -> None:
    """0.4 degrees are 8 px: each point by itself might be noise, all points together are not."""
    rig, truth = ring_rig(views) if views > 3 else CameraRig(ring_rig(5).cameras[:3]), walker(120)
    bias = 2.0 * np.random.default_rng(5).standard_normal((views, 1, 13, 2))
    xy = filmed(rig, truth, 2.0) + bias
    steady = suspects(agreement(sighted(rig, xy), 13), rig.names, np.arange(120) / RATE)
    assert steady == ()
    xy[:, 70:] = (filmed(turned(rig, 1, degrees), truth, 2.0) + bias)[:, 70:]
    (found,) = suspects(agreement(sighted(rig, xy), 13), rig.names, np.arange(120) / RATE,
                        least_px=15.0)  # fmt: skip
    assert found.camera == "cam2"
    assert found.start_s == pytest.approx(1.4, abs=0.2)
    assert "it was bumped" in found.text


def test_a_bump_and_a_biased_detector_are_no_matter_of_time() -> None:
    rig, truth = ring_rig(4), walker(100)
    xy = filmed(turned(rig, 0, 0.5), truth, 1.0)
    xy += 3.0 * np.random.default_rng(6).standard_normal((4, 1, 13, 2))
    used = np.ones((4, 100, 13), bool)
    late = lateness_s(sighted(rig, xy), np.arange(100) / RATE, truth, used)
    assert not np.any(np.abs(late) > 0.25 / RATE)


def test_a_camera_that_follows_somebody_else_for_a_while_is_told() -> None:
    rig, truth = ring_rig(4), walker()
    xy = filmed(rig, truth, 2.0)
    xy[0, 15:30] += [220.0, 10.0]
    (found,) = suspects(agreement(sighted(rig, xy), 13), rig.names, np.arange(60) / RATE)
    assert (found.camera, found.start_s) == ("cam1", pytest.approx(0.3, abs=0.03))
    assert "somebody else" in found.text


def test_a_camera_out_of_step_is_measured() -> None:
    rig, fine = ring_rig(4), walker(600)
    # Ten moments a frame, so that one camera can be a fraction of a frame late.
    fine = np.stack([np.interp(np.arange(0, 590, 0.1), np.arange(600), fine[:, i, a])
                     for i in range(13) for a in range(3)], 1).reshape(-1, 13, 3)  # fmt: skip
    truth, later = fine[0:5800:10], fine[6:5806:10]
    xy = filmed(rig, truth, 1.0)
    xy[2] = filmed(rig, later, 1.0)[2]
    s = sighted(rig, xy)
    used = np.ones((4, 580, 13), bool)
    late = lateness_s(s, np.arange(580) / RATE, dlt(s).reshape(truth.shape), used)
    assert late[2] > 0.3 * 0.6 / RATE
    assert not np.any(late[[0, 1, 3]] > 0)
    exact = lateness_s(s, np.arange(580) / RATE, truth, used)
    assert exact[2] == pytest.approx(0.6 / RATE, rel=0.05)
    assert np.isnan(exact[[0, 1, 3]]).all()
    still = np.repeat(truth[:1], 30, axis=0)
    resting = sighted(rig, filmed(rig, still, 1.0))
    assert np.isnan(lateness_s(resting, np.arange(30) / RATE, still, used[:, :30])).all()


def test_the_report_counts_what_was_done() -> None:
    rig, truth = ring_rig(4), walker()
    xy = filmed(rig, truth, 2.0)
    xy[0, :, 11] += 150.0
    xy[1:, 30:40, 12] = np.nan
    s = sighted(rig, xy)
    points: Points = drop_cameras(s, limit_px=10.0)
    xyz, used = points.xyz_m.reshape(truth.shape), points.used.reshape(4, 60, 13)
    filled = np.zeros((60, 13), bool)
    report = take_report(rig.names, BODY, np.arange(60) / RATE, s, xyz, np.full((60, 13), 0.004),
                         used, filled)  # fmt: skip
    assert report.cameras[0].excluded == pytest.approx(1 / 13, abs=0.01)
    assert all(camera.excluded < 0.01 for camera in report.cameras[1:])
    wrist = report.points[12]
    assert wrist.missing == pytest.approx(10 / 60)
    assert wrist.one_camera == pytest.approx(10 / 60)
    assert wrist.longest_gap_s == pytest.approx(0.2)
    off = residuals_px(s, points.xyz_m)
    assert report.mean_px == pytest.approx(float(off[points.used].mean()))
    depth = in_cameras(s, points.xyz_m)[2]
    mm = off / s.scale_px * depth * 1000
    assert report.mean_mm == pytest.approx(float(mm[points.used].mean()))
    assert report.error_mm == pytest.approx(4.0)
    assert report.suspects == ()


def test_bones_of_a_layout() -> None:
    layout = Layout(
        "some",
        ("left_shoulder", "left_elbow", "left_hip", "face_a", "face_b"),
        ((0, 1), (2, 0), (3, 4)),
        (0, 1, 2, 3, 4),
        {"face": (3, 4)},
    )
    assert rigid_bones(layout) == ((0, 1),)
    assert limb_bones(layout) == ((0, 1),)
    nameless = replace(layout, points=("a", "b", "c", "face_a", "face_b"))
    assert limb_bones(nameless) == rigid_bones(nameless) == ((0, 1), (2, 0))
