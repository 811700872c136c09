"""Heads fitted to points: known ones come back, pins pull, what sliders do not reach is carved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.human.design import Design
from studio.human.heads import model
from studio.human.heads.carving import carve, skin_offsets
from studio.human.heads.fit import Problem, View, fit
from studio.human.heads.shown import Portrait
from studio.human.person import whole
from studio.human.rig import ACTIONS

SIZE = (640, 640)


def somebody(seed: int) -> np.ndarray:
    """The numbers of somebody with a face of their own, and ears like everybody's."""
    values = model.usual()
    few = np.random.default_rng(seed).normal(0, 0.8, len(values)) * model.spread()
    few[: len(model.BUILDS)] = 0
    return model.with_usual_ears(np.clip(values + few, *model.bounds()))


def photograph(values: np.ndarray, yaw_deg: float = 0.0, smile: float = 0.0) -> Portrait:
    """What MediaPipe would see of them, exactly."""
    near = model.linear(values)
    actions = np.zeros(52)
    for side in ("Left", "Right"):
        actions[ACTIONS.index(f"mouthSmile{side}")] = smile
    level = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    turn = level @ Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    view = View(turn, np.array([0.0, 0.0, 0.7]), 900.0, (319.5, 319.5), actions)
    points = near.points_m + np.tensordot(actions, near.actions_m, 1)
    seen = view.camera_points(points)
    deep = (seen[:, 2] - seen[:, 2].mean()) * view.focal_px / seen[:, 2].mean()
    return Portrait(np.column_stack([view.project(points), deep]), SIZE)


def off_mm(found: np.ndarray, truth: np.ndarray) -> float:
    """How far points are off, after they are laid upon each other, of one size."""
    p, q = found - found.mean(0), truth - truth.mean(0)
    u, size, vt = np.linalg.svd(q.T @ p)
    p = p @ (u @ vt).T * size.sum() / (p**2).sum()
    return 1e3 * float(np.linalg.norm(p - q, axis=1).mean())


@pytest.fixture(scope="module")
def them() -> np.ndarray:
    return somebody(3)


def test_a_head_comes_back_from_one_photograph_and_better_from_three(them):
    truth = model.points_of(them)
    one = fit([photograph(them)])
    three = fit([photograph(them, yaw) for yaw in (0.0, -30.0, 30.0)])
    average = off_mm(model.points_of(model.usual()), truth)
    assert average > 1.5
    assert off_mm(one.points_m, truth) < 0.6 * average
    assert off_mm(three.points_m, truth) < 0.5 * average
    assert one.off_px[0] < 1.5


def test_the_faces_edge_does_not_drag_the_ears(them):
    """MediaPipe has no points of ears: where it sees the edge beside them, further ahead and lower
    than the template has it, moves no ear."""
    seen = photograph(them)
    xyz = seen.xyz_px.copy()
    edge = [127, 234, 93, 356, 454, 323]
    xyz[edge, 1] += 0.03 * seen.tall_px
    xyz[edge, 2] -= 0.05 * seen.tall_px
    names = np.array(model.unknowns())[model.ears()]
    assert {name[2:5] for name in names} == {"ear"}
    found = fit([replace(seen, xyz_px=xyz)])
    told = dict(zip(names, found.values[model.ears()], strict=True))
    assert told.pop("l-ear-trans-up") > 0.1
    assert set(told.values()) == {0.0}
    np.testing.assert_allclose(found.points_m, model.points_of(found.values), atol=1e-3)


def test_a_smile_is_expression_and_not_the_shape(them):
    smiling = fit([photograph(them, smile=0.7)])
    smile = smiling.views[0].actions[ACTIONS.index("mouthSmileLeft")]
    assert smile > 0.3
    calm = fit([photograph(them, smile=0.7)], expression=False)
    assert not calm.views[0].actions.any()
    truth = model.points_of(them)
    assert off_mm(smiling.points_m, truth) < off_mm(calm.points_m, truth)


def test_the_jacobian_is_that_of_the_residuals(them):
    portraits = [photograph(them), photograph(them, 25.0)]
    start = model.usual()
    near = model.linear(start)
    problem = Problem(portraits, near, start, True)
    problem.views = list(fit(portraits).views)
    x = np.concatenate([them, *[
        np.concatenate([[0.02, -0.01, 0.03, 0.001, 0.002, -0.003, 0.05, 0.01, 0.9],
                        np.full(52, 0.1)]) for _ in portraits
    ]])  # fmt: skip
    told = np.zeros((len(problem.residuals(x)), len(x)))
    for block in problem.jacobian(x):
        told[block.rows, block.columns] = block.slopes
    for column in (0, 20, problem.count, problem.count + 4, problem.count + 6, problem.count + 8,
                   len(x) - 60, len(x) - 1):  # fmt: skip
        step = np.zeros(len(x))
        step[column] = 1e-6
        slope = (problem.residuals(x + step) - problem.residuals(x - step)) / 2e-6
        assert told[:, column] == pytest.approx(slope, abs=2e-3 * max(1, np.abs(slope).max()))


def test_a_pin_pulls_the_fit(them):
    plain = photograph(them)
    pinned = np.full((478, 2), np.nan)
    pinned[152] = plain.xyz_px[152, :2] + (0, 15)  # the chin, 15 px lower
    free = fit([plain])
    held = fit([Portrait(plain.xyz_px, SIZE, pinned_px=pinned)])
    before = free.views[0].project(free.acted(free.views[0]))[152, 1]
    after = held.views[0].project(held.acted(held.views[0]))[152, 1]
    assert after > before + 3


def test_what_is_carved_moves_the_skin_there_and_nothing_far_off():
    moved = {4: (0.0, -0.004, 0.0)}  # the tip of the nose forwards
    skin = skin_offsets(moved)
    ids, means = model.marks()
    assert (means @ skin[ids])[4] == pytest.approx([0, -0.004, 0], abs=4e-4)
    assert np.abs(skin[:100]).max() < 0.005
    assert not skin[9000:9100].any()  # a hand
    assert not skin_offsets({}).any()
    eye = skin_offsets({468: (0.0, 0.001, 0.0)})[14598:14742]
    left = eye[np.abs(eye).max(1) > 1e-5]
    assert len(np.unique(left.round(9), axis=0)) <= 2  # each eye as a whole


def test_teeth_end_below_the_upper_lip_and_go_with_the_mouth():
    teeth = slice(14992, 15128)
    rest = whole().rest(model.shape_of(model.usual()), actions=False)
    at = (rest.vertices_m - rest.heads_m[model.HEAD]).double().numpy()[teeth]
    seam = model.points_of(model.usual())[[13, 14], 2].mean()
    upper = at[:, 2] > np.median(at[:, 2])
    still = skin_offsets({234: (0.001, 0.0, 0.0)})[teeth]
    low = (at + still)[upper, 2].min()
    assert seam - 0.004 < low < seam
    moved = skin_offsets({13: (0.0, 0.0, -0.004), 14: (0.0, 0.0, -0.004)})[teeth]
    assert (moved - still)[:, 2].mean() == pytest.approx(-0.004, abs=0.0008)


def test_carving_brings_the_points_nearer_to_the_photographs(them):
    bent = photograph(them)
    xyz = bent.xyz_px.copy()
    points = model.points_of(them)
    nose = np.flatnonzero(np.linalg.norm(points - points[4], axis=1) < 0.025)
    xyz[nose, 0] += 4.0  # a nose that leans, which no slider does
    portrait = Portrait(xyz, SIZE)
    head = fit([portrait])
    view = head.views[0]
    moved = carve(head, [portrait])
    before = view.project(head.acted(view))[nose, 0] - xyz[nose, 0]
    after = view.project(head.acted(view) + moved)[nose, 0] - xyz[nose, 0]
    assert np.abs(after).mean() < 0.75 * np.abs(before).mean()


def test_a_carved_design_in_the_mirror_is_carved_on_the_other_side():
    told = Design(carved={234: (0.001, 0.002, 0.003)}).mirrored().carved
    assert told == {454: (-0.001, 0.002, 0.003)}
    assert Design.model_validate_json(Design(carved={4: (0, 0, 0.001)}).text()).carved


def test_what_sliders_do_is_kept_and_told_anew_where_it_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(model, "cache_folder", lambda: tmp_path)
    names = model.face_sliders()[:3]
    monkeypatch.setattr(model, "face_sliders", lambda: names)
    told = model._slid.__wrapped__()
    assert told.shape == (2, 3, 478, 3)
    (path,) = tmp_path.rglob("*.npy")
    monkeypatch.setattr(model, "points_of", _Counted(model.points_of))
    np.testing.assert_array_equal(model._slid.__wrapped__(), told)
    assert model.points_of.asked == 1
    path.write_bytes(b"torn")
    np.testing.assert_array_equal(model._slid.__wrapped__(), told)
    assert model.points_of.asked == 2 + 2 * 3


class _Counted:
    def __init__(self, asked_of):
        self._of, self.asked = asked_of, 0

    def __call__(self, values):
        self.asked += 1
        return self._of(values)


def test_a_lens_is_guessed_by_the_picture_and_by_the_face():
    one = photograph(model.usual())
    near, far = (replace(one, xyz_px=k * one.xyz_px) for k in (1.0, 0.5))
    assert far.lens[0] == pytest.approx(near.lens[0] / 2**0.5)
    assert replace(one, focal_px=812.0).lens[0] == 812.0


def test_a_face_is_as_large_as_faces_are_though_it_looks_narrow_from_the_side(them):
    one = photograph(them, 35.0)
    low, ahead = one.xyz_px[:, 0].min(), np.array([0.93, 1.0, 1.0])
    narrow = replace(one, xyz_px=(one.xyz_px - [low, 0, 0]) * ahead + [low, 0, 0])
    found = fit([narrow], gender=0.5).points_m
    size = [float(np.linalg.norm(p - p.mean(0))) for p in (found, model.points_of(model.usual()))]
    assert size[0] / size[1] == pytest.approx(1.0, abs=0.05)
