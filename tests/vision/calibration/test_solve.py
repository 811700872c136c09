"""Solving a rig: the truth within its error bars, and every trap told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.calibration import Solution, View
from studio.core.errors import StudioError
from studio.features.calibrate.measure import (
    PUBLISHED,
    bad_board,
    clip_views,
    opencv_corners,
    standing_errors,
    stereo,
)
from studio.media.formats.rigs import read_rig
from studio.perception.boards import parse_board
from studio.vision.calibration.choose_lens import plausible, simplest
from studio.vision.calibration.heldout import folds, held_out_errors
from studio.vision.calibration.simulated.sessions import Session, simulate
from studio.vision.calibration.solve import solve
from studio.vision.rotations import rotation


def test_the_truth_lies_within_the_error_bars(session: Session, solution: Solution) -> None:
    errors = standing_errors(solution, session.truth)
    assert (np.abs(errors) < 3).mean() >= 0.95
    assert 0.2 < np.sqrt(np.square(errors).mean()) < 2.0
    assert not solution.pose_covariance[:6].any()
    assert np.linalg.eigvalsh(solution.pose_covariance).min() > -1e-12


def test_held_out_moments_are_all_judged_and_the_scale_has_no_bias(solution: Solution) -> None:
    held = solution.held_out
    assert set(held.camera_px) == set(solution.rig.names)
    assert len(held.moments) > 0.8 * len(solution.target_world)
    assert 1 < held.px / solution.rmse_px < 1.2
    assert 0.9 < held.px / (0.3 * np.sqrt(2)) < 1.15
    assert abs(held.bias_share) < 0.005
    assert 0 < held.mm < 10


def test_the_world_is_that_of_the_first_camera(solution: Solution) -> None:
    first = solution.rig.cameras[0]
    np.testing.assert_allclose(first.centre_m, 0, atol=1e-12)
    np.testing.assert_allclose(first.rotation @ [0, 1, 0], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(first.rotation @ [0, 0, 1], [0, -1, 0], atol=1e-12)


def test_lenses_measured_here_come_near_the_true_ones(session: Session) -> None:
    names = session.truth.names[:2]
    views = [v for v in session.views if v.camera in names]
    found = solve(session.target, views, dict.fromkeys(names, (1280, 720)))
    assert found.refined == names
    for camera in session.truth.cameras[:2]:
        ours = found.rig[camera.name].matrix
        assert abs(ours[0, 0] / camera.matrix[0, 0] - 1) < 0.03
        assert np.isfinite(found.spread[camera.name].focal_px).all()
    assert any("Lens of" in text for text in found.alternatives)


def test_views_that_cannot_tell_a_lens_give_a_plausible_one(session: Session) -> None:
    """Little coverage, one distance: nothing folds, and the note says what is missing."""
    name = session.truth.names[0]
    middle = session.truth[name].matrix[:2, 2]
    own = [v for v in session.views if v.camera == name]
    near = sorted(own, key=lambda v: float(np.linalg.norm(v.xy_px.mean(0) - middle)))[:8]
    found = solve(session.target, near, {name: (1280, 720)})
    camera, true = found.rig[name], session.truth[name]
    assert plausible(camera)
    assert abs(camera.matrix[0, 0] / true.matrix[0, 0] - 1) < 0.15
    assert np.abs(camera.matrix[:2, 2] - middle).max() < 60
    assert any("only in part" in note and "8 views" in note for note in found.notes)


def test_a_lens_that_folds_within_the_picture_is_told(session: Session) -> None:
    good = session.truth.cameras[0]
    assert plausible(good)
    terms = np.array([-0.9, 0.0, 0.0, 0.0])
    assert not plausible(replace(good, distortion=terms))
    assert not plausible(replace(good, distortion=np.array([-0.3, -0.3, 0.0, 0.0]), lens="fisheye"))
    assert plausible(replace(good, distortion=np.array([0.02, -0.01, 0.0, 0.0]), lens="fisheye"))
    assert not plausible(replace(good, matrix=good.matrix * [[12], [12], [1]]))


def test_a_fisheye_is_taken_only_where_it_is_clearly_better():
    views = np.random.default_rng(0).uniform(0.1, 0.2, 30)
    off = np.random.default_rng(1).normal(0, 0.002, 30)
    steadily = views * 1.01  # every view a little worse: significant, and of no account
    assert simplest({"pinhole4": steadily, "fisheye": views}) == "pinhole4"
    assert simplest({"pinhole5": views + off, "fisheye": views, "pinhole8": views}) == "pinhole5"
    assert simplest({"pinhole4": 1.2 * views + off, "fisheye": views}) == "fisheye"
    assert simplest({"one term": 1.2 * views, "pinhole4": views}) == "pinhole4"


def test_a_rig_that_is_wrong_shows_in_the_held_out_error(
    session: Session, solution: Solution
) -> None:
    second = solution.rig.cameras[1]
    turn = rotation(np.array([0.0, 0.003, 0.0]))
    bumped = replace(second, rotation=turn @ second.rotation,
                     translation_m=turn @ second.translation_m)  # fmt: skip
    rig = replace(solution.rig, cameras=(solution.rig.cameras[0], bumped,
                                         *solution.rig.cameras[2:]))  # fmt: skip
    healthy = held_out_errors(solution.rig, session.target, solution.views)
    faulty = held_out_errors(rig, session.target, solution.views)
    assert faulty.px > 1.5 * healthy.px
    assert max(faulty.camera_px, key=lambda name: faulty.camera_px[name]) == second.name


def test_one_camera_gets_its_lens_and_says_so(session: Session) -> None:
    name = session.truth.names[0]
    views = [view for view in session.views if view.camera == name]
    found = solve(session.target, views, {name: (1280, 720)}, lens="pinhole4")
    assert len(found.rig) == 1
    assert any("One camera" in note for note in found.notes)
    assert np.isfinite(found.held_out.px)
    assert np.isfinite(found.spread[name].focal_px).all()


def test_a_bad_view_is_named_and_costs_nothing(session: Session, solution: Solution) -> None:
    views = list(session.views)
    bad = next(i for i, v in enumerate(views) if v.camera == "cam2" and len(v) >= 12)
    views[bad] = replace(views[bad], xy_px=views[bad].xy_px + np.array([25.0, -10.0]))
    found = solve(session.target, views, session.sizes_px, intrinsics=session.given, refine="never")
    blamed = [d for d in found.dropped if d.moment == views[bad].moment]
    assert blamed
    assert blamed[0].camera in ("cam2", "")
    assert [d for d in found.dropped if "only these" not in d.reason] == blamed
    assert found.rmse_px < 1.1 * solution.rmse_px


def test_cameras_that_never_saw_the_board_together_are_named(session: Session) -> None:
    views = [v for v in session.views if (v.camera in ("cam1", "cam2")) == bool(v.moment % 2)]
    with pytest.raises(StudioError, match=r"cam1, cam2 \| cam3, cam4") as told:
        solve(session.target, views, session.sizes_px, intrinsics=session.given)
    assert "both see it" in told.value.hint


def test_a_blind_camera_is_named(session: Session) -> None:
    views = [v for v in session.views if v.camera != "cam3"]
    with pytest.raises(StudioError, match="Camera cam3 never saw"):
        solve(session.target, views, session.sizes_px, intrinsics=session.given)


def test_a_lens_of_another_shape_of_picture_is_refused_one_of_another_size_scaled(
    session: Session, solution: Solution
) -> None:
    with pytest.raises(StudioError, match="1280x720, and these are 1024x768"):
        solve(session.target, session.views, dict.fromkeys(session.truth.names, (1024, 768)),
              intrinsics=session.given)  # fmt: skip
    half = tuple(replace(v, xy_px=(v.xy_px + 0.5) / 2 - 0.5) for v in session.views)
    found = solve(session.target, half, dict.fromkeys(session.truth.names, (640, 360)),
                  intrinsics=session.given, refine="never")  # fmt: skip
    assert any("scaled from 1280x720 to 640x360" in note for note in found.notes)
    assert found.rmse_px == pytest.approx(solution.rmse_px / 2, rel=0.2)


def test_lenses_that_the_views_cannot_tell_are_kept(session: Session) -> None:
    few = [v for v in session.views if v.moment < 8]
    found = solve(session.target, few, session.sizes_px, intrinsics=session.given, refine="auto")
    assert any("was kept" in note or "were kept" in note for note in found.notes)
    for camera in found.rig.cameras:
        np.testing.assert_array_equal(camera.matrix, session.given[camera.name].matrix)


def test_another_tool_s_rig_is_judged_alike(session: Session, solution: Solution) -> None:
    true = held_out_errors(session.truth, session.target, solution.views)
    moved = held_out_errors(solution.rig, session.target, solution.views)
    assert moved.px == pytest.approx(true.px, rel=0.1)
    assert true.px < 1.5 * solution.held_out.px


def test_folds_keep_neighbours_together() -> None:
    fold = folds(100)
    assert set(fold) == set(range(5))
    assert (np.diff(fold) != 0).sum() == 19
    assert len(set(folds(3))) == 3


@pytest.mark.slow
def test_error_bars_hold_over_many_rigs() -> None:
    within = []
    for seed in range(20):
        one = simulate((2, 3, 4, 6, 8)[seed % 5], 50 + seed, moments=60)
        found = solve(one.target, one.views, one.sizes_px, intrinsics=one.given, refine="never")
        within.append((np.abs(standing_errors(found, one.truth)) < 3).mean())
    assert np.mean(within) > 0.95


@pytest.mark.slow
def test_published_stereo_figures(footage: Callable[[str], Path]) -> None:
    left, right, pair, cleaned, held = stereo(footage("calib_opencv_stereo"))
    assert left.value <= 0.409
    assert right.value <= 0.459
    assert pair.value <= 0.448
    assert "left 02" in cleaned.note
    assert held.value < 0.448


@pytest.mark.slow
def test_the_bad_board_of_the_fourth_camera(footage: Callable[[str], Path]) -> None:
    rows = bad_board(footage("mv_pose2sim/calibration"))
    assert rows[6].value > 0.9
    assert rows[7].value < 0.3
    assert "photo 7" in rows[7].note


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_freed_lenses_do_not_bend_a_published_rig(
    footage: Callable[[str], Path], name: str
) -> None:
    at = footage("calib_caliscope") / "sessions" / name
    known = {c.name[-1]: replace(c, name=c.name[-1])
             for c in read_rig(at / "camera_array.toml").provisional.cameras}  # fmt: skip
    views = clip_views(at / "calibration" / "extrinsic", opencv_corners(), list(known))
    target = parse_board("charuco:4x5:54mm:DICT_4X4_1000").target
    sizes = {key: camera.size_px for key, camera in known.items()}
    held = solve(target, views, sizes, intrinsics=known, refine="never")
    assert held.rmse_px <= PUBLISHED[name]
    freed = solve(target, views, sizes, intrinsics=known, refine="auto")
    assert freed.notes
    for camera in freed.rig.cameras:
        np.testing.assert_allclose(camera.centre_m, held.rig[camera.name].centre_m, atol=0.02)


def test_views_with_nothing_to_tell_are_reported(session: Session) -> None:
    line = View("cam1", 999, np.arange(3), np.array([[1.0, 1], [2, 2], [3, 3]]), 7)
    found = solve(session.target, (*session.views, line), session.sizes_px,
                  intrinsics=session.given, refine="never")  # fmt: skip
    assert [(d.camera, d.frame) for d in found.dropped if d.moment == 999] == [("cam1", 7)]
