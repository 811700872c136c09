"""Somebody of a known build is followed through the pictures of a film."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from seen_people import DESIGN, camera

from studio.core.errors import StudioError
from studio.core.types import Keypoints
from studio.human.bodies.build import Builder
from studio.human.bodies.fitted import BodyPhoto
from studio.human.bodies.following import Follower
from studio.human.bodies.wanted import points_with
from studio.human.layouts import layout
from studio.human.rig import BONE_NAMES
from studio.human.solver import Poses
from studio.vision.camera import in_camera, project

FRAMES, RATE_HZ = 9, 10.0
LOST = 5
FOREARM = BONE_NAMES.index("lowerarm01.L")


@cache
def film() -> tuple[list[BodyPhoto], np.ndarray, float]:
    """A man who walks aside and bends an arm: pictures, where his bones truly are, his height."""
    points = layout("whole_body")
    builder = Builder(DESIGN, points_with(points, ()), hands=False)
    kinematics = builder.near(builder.start).kinematics
    names = [dof.name for dof in kinematics.dofs]
    rest = builder.rest(builder.start, every=True)
    share = np.linspace(0, 1, FRAMES)
    angles = np.zeros((FRAMES, len(names)))
    angles[:, names.index("elbow_flexion.L")] = np.radians(20 + 90 * share)
    angles[:, names.index("shoulder_y.L")] = np.radians(-35)
    roots = np.column_stack([-0.3 + 0.6 * share, np.full(FRAMES, 3.2), np.full(FRAMES, 0.05)])
    truth = Poses(np.tile(np.eye(3), (FRAMES, 1, 1)), roots, angles)
    xyz = kinematics.points(truth)[:, :33]
    rng = np.random.default_rng(3)
    photos: list[BodyPhoto] = []
    for k in range(FRAMES):
        xy, sure = np.full((len(points), 2), np.nan), np.zeros(len(points))
        xy[:33] = project(camera(), xyz[k]) + rng.normal(0, 1.0, (33, 2))
        sure[:33] = 0.9
        blank = np.zeros((480, 320, 3), np.uint8)
        space = in_camera(camera(), xyz[k])
        seen = Keypoints("film", k / RATE_HZ, points, xy, sure)
        photos.append(
            BodyPhoto(str(k), blank, blank[..., 0], seen, space - space[23:25].mean(0),
                      focal_px=camera().matrix[0, 0])
        )  # fmt: skip
    tall = float(np.ptp(rest.vertices_m[:, 2].numpy()))
    return photos, np.degrees(angles[:, names.index("elbow_flexion.L")]), tall


def bent_deg(turns_rad: np.ndarray) -> np.ndarray:
    """How far the left forearm is turned by itself."""
    return np.degrees(np.linalg.norm(turns_rad[:, FOREARM], axis=1))


def test_every_picture_has_its_pose_and_a_missed_one_lies_between():
    photos, elbow, tall = film()
    follower = Follower(DESIGN, tall, photos[0])
    found, before = [], follower.first
    for k, photo in enumerate(photos):
        if k == LOST:
            found.append(None)
            continue
        before = follower.find(photo, before)
        found.append(before)
        assert before.off_px < 3.0
    times = np.arange(FRAMES) / RATE_HZ
    calm = follower.calmed(found, times)
    assert np.isnan(calm.off_px[LOST])
    assert np.nanmax(calm.off_px) < 5.0
    assert bent_deg(calm.turns_rad) == pytest.approx(elbow, abs=9.0)
    steps = np.diff(calm.root_m[:, 0])
    assert steps == pytest.approx(0.6 / (FRAMES - 1), abs=0.02), "he walks evenly"
    assert np.abs(np.diff(calm.root_m[:, 1], 2)).max() < 0.02, "depth does not shake"
    held = follower.calmed([None, *found[:4], None, None], np.arange(7) / RATE_HZ)
    assert held.root_m[-1] == pytest.approx(held.root_m[-3])
    assert held.root_m[0] == pytest.approx(held.root_m[1])
    with pytest.raises(StudioError, match="not seen"):
        follower.calmed([None, None], times[:2])


def test_who_is_told_wrongly_before_is_found_from_nothing():
    photos, _, tall = film()
    follower = Follower(DESIGN, tall, photos[0])
    upside = follower.first.poses
    wrong = replace(follower.first, poses=replace(upside, root_turn=upside.root_turn @ np.diag(
        [-1.0, 1.0, -1.0])))  # fmt: skip
    assert follower.find(photos[7], wrong).off_px < 3.0


def test_the_floor_is_where_the_first_picture_has_the_feet():
    photos, _, tall = film()
    follower = Follower(DESIGN, tall, photos[0])
    local = follower.first.poses.root_m[0]
    eye = -follower.camera.rotation.T @ follower.camera.translation_m
    assert local[:2] == pytest.approx(0), "the person is above the origin"
    assert 0.5 < local[2] / tall < 0.62, "hips are a leg above the floor"
    assert 0.4 < eye[2] < 1.6
    assert np.linalg.norm(local - eye) == pytest.approx(3.2, rel=0.06)
