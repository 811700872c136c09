"""Triangulation against slow twins, and on simulated cameras that lie."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.vision import camera as lens
from studio.vision.refine import covariance, error_m, noise_px, refine
from studio.vision.ring import ring_rig
from studio.vision.sightings import Sightings, residuals_px, sight, solve3
from studio.vision.triangulate import dlt, drop_cameras, ransac


def cloud(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform([-0.5, -0.5, 0.1], [0.5, 0.5, 1.9], (count, 3))


def seen(rig: CameraRig, points: np.ndarray, sigma: float = 0.0, seed: int = 0) -> np.ndarray:
    xy = np.stack([lens.project(camera, points) for camera in rig.cameras])
    return xy + sigma * np.random.default_rng(seed).standard_normal(xy.shape)


def rows(s: Sightings, point: int) -> np.ndarray:
    """The weighted linear system of one point, written out."""
    out = []
    for view in np.flatnonzero(s.weight[:, point] > 0):
        p = np.column_stack([s.rotation[view], s.translation_m[view]])
        w = s.weight[view, point] * s.scale_px[view, 0]
        out += [w * (p[0] - s.u[view, point] * p[2]), w * (p[1] - s.v[view, point] * p[2])]
    return np.array(out)


def slow_dlt(s: Sightings, homogeneous: bool) -> np.ndarray:
    out = np.full((len(s), 3), np.nan)
    for point in range(len(s)):
        a = rows(s, point)
        if len(a) < 4:
            continue
        if homogeneous:
            v = np.linalg.svd(a)[2][-1]
            out[point] = v[:3] / v[3]
        else:
            out[point] = np.linalg.lstsq(a[:, :3], -a[:, 3], rcond=None)[0]
    return out


def slow_drop(s: Sightings, limit_px: float, min_cameras: int) -> tuple[np.ndarray, np.ndarray]:
    """Leave out more and more cameras, every way, one point at a time."""
    xyz, used = np.full((len(s), 3), np.nan), np.zeros(s.u.shape, bool)
    for point in range(len(s)):
        views = np.flatnonzero(s.weight[:, point] > 0)
        for off in range(len(views) - min_cameras + 1):
            tried = []
            for kept in combinations(views, len(views) - off):
                mask = np.zeros(s.u.shape, bool)
                mask[list(kept), point] = True
                one = s.only(mask).take(slice(point, point + 1))
                where = slow_dlt(one, homogeneous=True)
                tried.append((np.nanmean(residuals_px(one, where)), where[0], kept))
            best = min(tried, key=lambda t: t[0])
            if best[0] <= limit_px:
                xyz[point] = best[1]
                used[list(best[2]), point] = True
                break
    return xyz, used


@pytest.fixture
def messy() -> Sightings:
    """Noisy, weighted, with holes and outliers."""
    rng = np.random.default_rng(5)
    rig = ring_rig(5)
    xy = seen(rig, cloud(120), 3.0)
    xy += np.where(rng.random(xy.shape[:2]) < 0.15, 80.0, 0.0)[..., None]
    xy[rng.random(xy.shape[:2]) < 0.2] = np.nan
    return sight(rig, xy, rng.uniform(0.2, 1, xy.shape[:2]), min_confidence=0.25)


@pytest.mark.parametrize("homogeneous", [True, False])
def test_the_fast_solution_is_the_slow_one(messy: Sightings, homogeneous: bool) -> None:
    fast, slow = dlt(messy, homogeneous=homogeneous), slow_dlt(messy, homogeneous)
    assert np.isnan(slow).any()
    np.testing.assert_allclose(fast, slow, atol=1e-9)


def test_wild_outliers_do_not_spoil_the_homogeneous_solution() -> None:
    rig = ring_rig(4)
    xy = seen(rig, cloud(400), 3.0)
    xy[0] += 200 * np.random.default_rng(9).standard_normal(xy[0].shape)
    s = sight(rig, xy)
    np.testing.assert_allclose(dlt(s, homogeneous=True), slow_dlt(s, True), rtol=1e-6, atol=1e-8)


@given(st.integers(2, 8), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_what_was_projected_is_found_again(views: int, seed: int) -> None:
    rig = ring_rig(views, height_m=1.3)
    points = cloud(50, seed)
    s = sight(rig, seen(rig, points))
    for homogeneous in (True, False):
        np.testing.assert_allclose(dlt(s, homogeneous=homogeneous), points, atol=1e-8)


def test_distorted_cameras_are_undistorted() -> None:
    rig = ring_rig(4)
    rig = CameraRig(
        tuple(replace(c, distortion=np.array([-0.25, 0.08, 1e-3, 0, 0])) for c in rig.cameras)
    )
    points = cloud(60)
    np.testing.assert_allclose(dlt(sight(rig, seen(rig, points))), points, atol=1e-7)


def test_the_inhomogeneous_solution_moves_with_the_world(messy: Sightings) -> None:
    shift = np.array([30.0, -20.0, 10.0])
    moved = replace(messy, translation_m=messy.translation_m - messy.rotation @ shift)
    np.testing.assert_allclose(dlt(moved), dlt(messy) + shift, atol=1e-7)


def test_reweighting_comes_close_to_the_most_likely_point() -> None:
    rig = ring_rig(4, radius_m=2.0)
    near = CameraRig((*rig.cameras[:2], *ring_rig(4, radius_m=7.0).cameras[2:]))
    points = cloud(800)
    s = sight(near, seen(near, points, 4.0))
    best = refine(s, dlt(s), knee_px=1e9)
    far_off = [np.nanmean(np.linalg.norm(dlt(s, reweight=n) - best, axis=1)) for n in (0, 1)]
    assert far_off[1] < 0.2 * far_off[0]


@pytest.mark.parametrize("min_cameras", [2, 3])
def test_leaving_cameras_out_is_the_slow_rule(messy: Sightings, min_cameras: int) -> None:
    fast = drop_cameras(messy, limit_px=8.0, min_cameras=min_cameras)
    xyz, used = slow_drop(messy, 8.0, min_cameras)
    assert 0 < np.isnan(xyz).any(1).sum() < len(xyz)
    np.testing.assert_array_equal(fast.used, used)
    np.testing.assert_allclose(fast.xyz_m, xyz, atol=1e-8)


def test_many_cameras_are_left_out_one_after_another() -> None:
    rig = ring_rig(16)
    points = cloud(40)
    xy = seen(rig, points, 1.0)
    xy[[2, 5, 11], :] += 120.0
    found = drop_cameras(sight(rig, xy), limit_px=5.0)
    assert not found.used[[2, 5, 11]].any()
    assert np.linalg.norm(found.xyz_m - points, axis=1).max() < 0.01


@pytest.mark.parametrize("method", [drop_cameras, ransac])
def test_one_wild_camera_does_no_harm(method) -> None:
    rig = ring_rig(5)
    points = cloud(200)
    xy = seen(rig, points, 1.5)
    wild = np.arange(200) % 5
    xy[wild, np.arange(200)] += 150.0
    found = method(sight(rig, xy), limit_px=10.0)
    assert not found.used[wild, np.arange(200)].any()
    assert np.linalg.norm(found.xyz_m - points, axis=1).mean() < 0.012


def test_a_point_seen_once_or_never_is_missing() -> None:
    rig = ring_rig(4)
    xy = seen(rig, cloud(3))
    xy[1:, 0] = np.nan
    xy[:, 1] = np.nan
    s = sight(rig, xy)
    for xyz in (dlt(s), dlt(s, homogeneous=True), drop_cameras(s).xyz_m, ransac(s).xyz_m):
        assert np.isnan(xyz[:2]).all()
        assert np.isfinite(xyz[2]).all()


def test_cameras_in_one_place_give_no_point() -> None:
    one = ring_rig(2).cameras[0]
    rig = CameraRig((one, replace(one, name="twin")))
    s = sight(rig, seen(rig, cloud(20), 1.0))
    assert np.isnan(drop_cameras(s).xyz_m).all()


def test_detections_of_another_rig_are_refused() -> None:
    with pytest.raises(StudioError, match="4 cameras, the detections 3"):
        sight(ring_rig(4), np.zeros((3, 1, 2)))


def test_solve3_is_numpys() -> None:
    a = np.random.default_rng(0).standard_normal((50, 3, 3))
    m, b = a @ a.transpose(0, 2, 1), np.random.default_rng(1).standard_normal((50, 3))
    packed = m[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]].T
    slow = np.linalg.solve(m, b[..., None])[..., 0]
    np.testing.assert_allclose(solve3(packed, b.T).T, slow, rtol=1e-6)


def test_refinement_finds_the_minimum() -> None:
    from scipy.optimize import least_squares

    rig = ring_rig(4)
    points = cloud(12)
    xy = seen(rig, points, 4.0)
    xy[0, :4] += 60.0
    s = sight(rig, xy)
    fast = refine(s, dlt(s), knee_px=5.0)
    for i in range(len(points)):

        def off(x: np.ndarray, i: int = i) -> np.ndarray:
            return residuals_px(s.take(slice(i, i + 1)), x[None])[:, 0]

        def huber(x: np.ndarray, off=off) -> float:
            r = off(x)
            return float(np.where(r > 5, 5 * (2 * r - 5), r * r).sum())

        def pulls(x: np.ndarray, off=off) -> np.ndarray:
            r = off(x)
            return np.sqrt(np.where(r > 5, 5 * (2 * r - 5), r * r))

        slow = least_squares(pulls, points[i], x_scale=0.01, xtol=1e-12, ftol=1e-14, max_nfev=500).x
        assert huber(fast[i]) <= huber(slow) + 1e-2
        np.testing.assert_allclose(fast[i], slow, atol=5e-4)


def test_refinement_leaves_the_missing_missing() -> None:
    rig = ring_rig(3)
    s = sight(rig, seen(rig, cloud(5), 2.0))
    start = dlt(s)
    start[2] = np.nan
    refined = refine(s, start)
    assert np.isnan(refined[2]).all()
    assert np.isfinite(refined[[0, 1, 3, 4]]).all()


@pytest.mark.parametrize("views", [2, 4, 8])
def test_the_error_bar_is_the_error(views: int) -> None:
    """Squared errors in units of the covariance average three: one for each axis."""
    rig = ring_rig(views)
    if views == 2:
        rig = CameraRig(ring_rig(8).cameras[:2])
    points = cloud(4000)
    s = sight(rig, seen(rig, points, 3.0))
    xyz = refine(s, dlt(s), knee_px=1e9)
    noise = noise_px(residuals_px(s, xyz), s.weight, s.seen)
    c = covariance(s, xyz, noise)
    d = xyz - points
    distance = np.einsum("ni,nij,nj->n", d, np.linalg.inv(c), d)
    assert np.median(noise) == pytest.approx(3.0, rel=0.12)
    assert distance.mean() == pytest.approx(3.0, rel=0.25)
    longest = np.sqrt(np.linalg.eigvalsh(c)[:, -1])
    np.testing.assert_allclose(error_m(c), longest, rtol=1e-9)


def test_a_doubtful_camera_widens_the_error_bar() -> None:
    rig = ring_rig(3)
    points = cloud(500)
    xy = seen(rig, points, 3.0)
    sure = sight(rig, xy, np.ones(xy.shape[:2]))
    unsure = sight(rig, xy, np.repeat([[1.0], [1.0], [0.3]], 500, axis=1))
    noise = np.full(500, 3.0)
    wide = error_m(covariance(unsure, dlt(unsure), noise))
    assert (wide > error_m(covariance(sure, dlt(sure), noise))).all()
