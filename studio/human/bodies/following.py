"""One person in picture after picture of a film: build and camera stay, the pose is found anew.

Every picture is fitted from the pose before it, by the points that it shows; then the whole film is
calmed at once, and feet that stand still are held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Camera, Motion
from studio.human.bodies.build import Builder
from studio.human.bodies.fit import first_pose, upright_in
from studio.human.bodies.fitted import BodyPhoto
from studio.human.bodies.solve import Found, Problem
from studio.human.bodies.wanted import (
    Wanted,
    camera_of,
    off_px,
    points_with,
    size_px,
    wanted,
)
from studio.human.catalogue import layout
from studio.human.descent import Target
from studio.human.design import Design
from studio.human.face import face_actions
from studio.human.refine import Plan, refine
from studio.human.rig import ACTIONS
from studio.human.solver import Poses
from studio.human.twist import spread_twist
from studio.vision.camera import in_camera

_STEPS, _FRESH = 8, 16
_GOOD = 0.02
"""Points that are further off than this, by the person's size, are tried from nothing, too."""
_OFF_M = 0.008
"""How far joints of a picture's own pose are off, usually, from those of the calm one."""
_AWAY_S = 0.12
"""How long, about, how far away somebody is takes to change."""
_FACE_PX, _FACE_OFF_PX = 80.0, 0.5
"""Faces lower than the first tell no actions; how far their points are off."""
_HELD = 1e-6


@dataclass(frozen=True, eq=False)
class Seen:
    """A person's pose in one picture, which points were seen there, and how far those of body and
    feet are off (pixels)."""

    poses: Poses
    seen: Bool[np.ndarray, " points"]
    off_px: float
    turns_rad: Float[np.ndarray, "bones 3"]
    photo: BodyPhoto


@dataclass(frozen=True, eq=False)
class Followed:
    """A person's poses in all pictures of a film, calmed: the bones' own turns as rotation vectors,
    where the root is (metres), the face's 52 actions; how far points of body and feet are off then
    (pixels; NaN where nobody was seen)."""

    turns_rad: Float[np.ndarray, "frames bones 3"]
    root_m: Float[np.ndarray, "frames 3"]
    actions: Float[np.ndarray, "frames actions"]
    off_px: Float[np.ndarray, " frames"]


class Follower:
    """Finds the poses of a person of a known build before a camera that stands still.

    ``photo`` is a picture of the film in which they were looked at: it tells how the camera looks
    down, and with that where the floor is. ``camera`` is that camera, its world Z up, the floor at
    0 and the person above the origin, ``first`` the pose in that picture.
    """

    def __init__(self, design: Design, height_m: float, photo: BodyPhoto) -> None:
        self.design, self._height_m = design, height_m
        self._builder = Builder(
            design, points_with(photo.keypoints.layout, ("left", "right")), True
        )
        self._near = self._builder.near(self._builder.start)
        level = camera_of(photo, height_m)
        ask = wanted(photo, level, self._builder.layout, height_m)
        found = self._solved(ask, self._fresh(photo, level, ask), _FRESH)
        pose, kinematics = found.poses[0], self._near.kinematics
        self.camera = level
        if photo.camera is None:
            soles = kinematics.points(pose)[0][len(self._builder.layout) :]
            self.camera, turn, root = upright_in(
                level, pose.root_turn[0], pose.root_m[0], soles, found.down[0]
            )
            place = np.array([*root[:2], 0.0])
            there = self.camera.translation_m + self.camera.rotation @ place
            self.camera, root = replace(self.camera, translation_m=there), root - place
            pose = replace(pose, root_turn=turn[None], root_m=root[None])
        nothing = np.broadcast_to(np.uint8(0), photo.rgb.shape)
        self.first = self._seen(pose, replace(photo, rgb=nothing, camera=self.camera))

    def find(self, photo: BodyPhoto, before: Seen) -> Seen:
        """The pose in a picture, from the one ``before`` it."""
        photo = replace(photo, camera=self.camera)
        ask = self._asked(photo)
        tried = [self._solved(ask, before.poses, _STEPS)]
        off = off_px(tried[0].poses[0], self._near.kinematics, ask)
        if not off < _GOOD * size_px(photo):
            tried.append(self._solved(ask, self._fresh(photo, self.camera, ask), _FRESH))
        return self._seen(min(tried, key=lambda one: one.cost).poses[0], photo)

    def calmed(
        self, found: Sequence[Seen | None], times_s: Float[np.ndarray, " frames"]
    ) -> Followed:
        """The poses of all pictures together; where nobody was seen they go over from the last to
        the next, and stay as they are before the first and after the last.

        Raises StudioError if nobody was seen in any.
        """
        there = np.flatnonzero([one is not None for one in found])
        if not len(there):
            raise StudioError("The person is not seen in the film.", "Choose another film.")
        span = np.arange(there[0], there[-1] + 1)
        near = there[np.abs(span[:, None] - there).argmin(1)]
        filled = [one for k in near if (one := found[k]) is not None]
        poses = Poses.joined([one.poses for one in filled])
        seen = np.array([one.seen for one in filled])
        seen[near != span] = False
        shown = np.asarray(seen.any(1))
        rate = 1 / float(np.median(np.diff(times_s))) if len(found) > 1 else 1.0
        poses = replace(poses, root_m=self._steady(poses.root_m, shown, rate))
        kinematics, count = self._near.kinematics, len(self._builder.layout)
        if len(span) > 2:
            points = kinematics.points(poses)
            weight = np.zeros(points.shape[:2])
            weight[:, :count] = seen / _OFF_M
            poses, _ = refine(kinematics, Target(points, weight), poses, Plan(rate))
        held = (np.arange(len(found)) - span[0]).clip(0, len(span) - 1)
        off = np.full(len(found), np.nan)
        for k in there.tolist():
            one, calm = found[k], poses[slice(held[k], held[k] + 1)]
            assert one is not None
            off[k] = off_px(calm, kinematics, self._asked(one.photo))
        actions = self._actions(filled, shown, times_s[span])
        return Followed(self._turns(poses)[held], poses.root_m[held], actions[held], off)

    def _asked(self, photo: BodyPhoto) -> Wanted:
        return wanted(photo, self.camera, self._builder.layout, self._height_m)

    def _fresh(self, photo: BodyPhoto, camera: Camera, ask: Wanted) -> Poses:
        return first_pose(photo, camera, ask, self._builder, self._near.kinematics)

    def _solved(self, ask: Wanted, start: Poses, steps: int) -> Found:
        values = self._near.values
        held = np.full(len(values), _HELD)
        problem = Problem(self._builder, self._near, values, (ask,), None, held)
        return problem.solve([start], steps=steps)

    def _seen(self, pose: Poses, photo: BodyPhoto) -> Seen:
        ask = self._asked(photo)
        off = off_px(pose, self._near.kinematics, ask)
        return Seen(pose, ask.say > 0, off, self._turns(pose)[0], photo)

    def _turns(self, poses: Poses) -> Float[np.ndarray, "frames bones 3"]:
        kinematics = self._near.kinematics
        turns = spread_twist(kinematics.rotations(poses), kinematics.offsets_m)
        flat = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_rotvec()
        return flat.reshape(*turns.shape[:2], 3)

    def _steady(
        self, root_m: np.ndarray, seen: Bool[np.ndarray, " frames"], rate_hz: float
    ) -> np.ndarray:
        """The root's places, calmer in how far away they are, which pictures hardly tell."""
        local = in_camera(self.camera, root_m)
        ways, away = local[:, :2] / local[:, 2:], np.log(local[:, 2])
        away = np.interp(np.arange(len(away)), np.flatnonzero(seen), away[seen])
        calm = np.exp(gaussian_filter1d(away, _AWAY_S * rate_hz, mode="nearest"))
        local = np.column_stack([ways, np.ones(len(ways))]) * calm[:, None]
        return (local - self.camera.translation_m) @ self.camera.rotation

    def _actions(
        self, found: Sequence[Seen], seen: Bool[np.ndarray, " frames"], times_s: np.ndarray
    ) -> Float[np.ndarray, "frames actions"]:
        """What the face does, told against what it does when it is calm."""
        mesh = layout("mediapipe_478")
        xyz = np.full((len(found), len(mesh), 3), np.nan)
        error = np.full(xyz.shape[:2], np.nan)
        for k, (one, there) in enumerate(zip(found, seen, strict=True)):
            face = one.photo.face_px
            if there and face is not None and np.ptp(face[:, 1]) >= _FACE_PX:
                away = float(in_camera(self.camera, one.poses.root_m)[0, 2])
                pixel_m = away / float(self.camera.matrix[0, 0])
                xyz[k], error[k] = pixel_m * face, pixel_m * _FACE_OFF_PX
        if not np.isfinite(xyz).any():
            return np.zeros((len(found), len(ACTIONS)))
        nothing = np.zeros(error.shape, int)
        motion = Motion(mesh, times_s, xyz, error, error, nothing, nothing > 0)
        return face_actions(motion, self._builder.shape(self._near.values))
