"""Build and poses together, from what photographs show: damped Gauss-Newton steps.

The build's numbers are shared; every photograph has a pose of its own, or, where the person stands
alike in all of them, only a place and a turn of the whole. The person is taken as linear in the
build near the last numbers (:class:`~studio.human.bodies.build.Near`), exact in the pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Int

from studio.core.types import Camera
from studio.human.bodies.build import SPREAD, Builder, Near
from studio.human.descent import LIMIT_RAD, limits
from studio.human.keypoints import Landmarks
from studio.human.rig import BONE_PARENTS
from studio.human.solver import ROOT, Kinematics, Poses
from studio.vision.camera import in_camera
from studio.vision.rotations import cross_matrix

HUBER = 2.5
"""Standard deviations beyond which what is seen pulls less."""
HEIGHT_M = 0.004
LEVEL_M = 0.025
"""How far, usually, soles are from one floor."""
BALANCE_M = 0.05
"""How far, usually, somebody's weight is from above the middle of their feet."""
LEAN, NOD = 0.10, 0.20
"""How far, usually, the pelvis leans aside and ahead (sines)."""
TILT = 0.12
"""How far cameras look up or down, usually (radians)."""
STANDING_DEG = {
    "lumbar_flexion": 7.0, "chest_flexion": 6.0, "neck_flexion": 8.0, "head_flexion": 10.0,
    "hip_flexion": 18.0, "knee_flexion": 14.0, "ankle_flexion": 14.0,
}  # fmt: skip
"""How far those who stand bend, usually, where a picture hardly tells: towards it and away."""
SOLES = 8
_TURN = 0.6


@dataclass(frozen=True, eq=False)
class Depths:
    """How far ahead points are of each other (metres), and how far that is off, usually."""

    rows: Int[np.ndarray, " points"]
    ahead_m: Float[np.ndarray, " points"]
    off_m: float


@dataclass(frozen=True, eq=False)
class Outline:
    """Where sampled vertices of the skin (``rows``) ought to lie in a photograph, along the
    ``normals`` of the person's outline: pixels, and how much each counts (1 / pixels), for those
    that lie within the outline and for those outside."""

    rows: Int[np.ndarray, " points"]
    xy_px: Float[np.ndarray, "points 2"]
    normals: Float[np.ndarray, "points 2"]
    inside: Float[np.ndarray, " points"]
    outside: Float[np.ndarray, " points"]


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a photograph asks of the person: points in pixels with weights (1 / pixels, 0 where not
    seen), depths, an outline, points that, times shares that add up to nothing, are in ``balance``
    above one another, and whether the soles stand on one level. ``tilts``: which way is up is
    sought, by how far the camera looks down."""

    camera: Camera
    xy_px: Float[np.ndarray, "points 2"]
    say: Float[np.ndarray, " points"]
    depths: tuple[Depths, ...] = ()
    outline: Outline | None = None
    balance: Float[np.ndarray, " points"] | None = None
    level: bool = True
    tilts: bool = True


@dataclass(frozen=True, eq=False)
class Found:
    """The build's numbers, in each photograph the pose and how far the camera looks down (radians,
    against the world that it was taken for level in), and what they cost together."""

    values: Float[np.ndarray, " numbers"]
    poses: tuple[Poses, ...]
    down: tuple[float, ...]
    cost: float = np.inf


@dataclass(frozen=True, eq=False)
class Problem:
    """A person near some numbers and what every photograph wants of them. ``alike``: the joints'
    angles are the same in all photographs, whose poses must then begin with the same."""

    builder: Builder
    near: Near
    usual: Float[np.ndarray, " numbers"]
    wanted: tuple[Wanted, ...]
    height_m: float | None
    spread: Float[np.ndarray, " numbers"] = field(default_factory=lambda: SPREAD)
    alike: bool = False

    def solve(self, poses: Sequence[Poses], down: Sequence[float] = (), steps: int = 12) -> Found:
        """The numbers, poses and tilts that fit best, from those that the person is near to."""
        bodies = [self._body(one) for one in self.wanted]
        now = Found(self.near.values, tuple(poses), tuple(down) or (0.0,) * len(poses))
        now = replace(now, cost=self._cost(bodies, now))
        damping = 1e-3
        for _ in range(steps):
            H, g = self._system(bodies, now)
            for _ in range(6):
                tried = self._moved(now, -_solved(H, g, damping))
                tried = replace(tried, cost=self._cost(bodies, tried))
                if tried.cost < now.cost:
                    break
                damping *= 6
            else:
                return now
            gain, now = (now.cost - tried.cost) / now.cost, tried
            damping = max(damping / 5, 1e-6)
            if gain < 3e-4:
                break
        return now

    def _moved(self, now: Found, step: np.ndarray) -> Found:
        count = len(now.values)
        columns, _ = _columns(count, now.poses, self.alike)
        wide = max(np.abs(np.delete(step[own], np.s_[3:ROOT])).max() for own in columns)
        step = step * min(1.0, _TURN / max(float(wide), 1e-9))
        values = self.builder.bounded(now.values + step[:count])
        moved = [
            pose.moved(step[None, own[:-1]]) for pose, own in zip(now.poses, columns, strict=True)
        ]
        down = [tilt + float(step[own[-1]]) for tilt, own in zip(now.down, columns, strict=True)]
        return Found(values, tuple(moved), tuple(down))

    def _body(self, one: Wanted) -> _Body:
        marks, moved = self.near.kinematics.landmarks, self.near.moved_arms
        if one.outline is not None:
            skin = self.builder.on_skin(self.near, one.outline.rows)
            marks = _joined(marks, skin)
            moved = np.concatenate(
                [moved, self.builder.moved_on_skin(self.near, one.outline.rows)], 1
            )
        return _Body(replace(self.near.kinematics, landmarks=marks), self.near, moved)

    def _prior(self, values: np.ndarray) -> float:
        cost = float((((values - self.usual) / self.spread) ** 2).sum())
        if self.height_m is not None:
            cost += ((self._tall(values) - self.height_m) / HEIGHT_M) ** 2
        return cost

    def _tall(self, values: np.ndarray) -> float:
        return self.near.height_m + float(self.near.moved_height @ (values - self.near.values))

    def _cost(self, bodies: Sequence[_Body], now: Found) -> float:
        total = self._prior(now.values)
        for one, body, pose, down in zip(self.wanted, bodies, now.poses, now.down, strict=True):
            kinematics = body.at(now.values)
            off, _ = _seen(one, kinematics.points(pose)[0], down, None)
            off = np.concatenate([off, _upright(pose, down)[0]])
            total += (down / TILT) ** 2
            total += float((_weights(off) * off**2).sum())
            if not self.alike or one is self.wanted[0]:
                total += _angles(kinematics, pose, one.balance is not None)[0]
        return total

    def _system(self, bodies: Sequence[_Body], now: Found) -> tuple[np.ndarray, np.ndarray]:
        count = len(now.values)
        columns, size = _columns(count, now.poses, self.alike)
        H, g = np.zeros((size, size)), np.zeros(size)
        H[:count, :count] = np.diag(1 / self.spread**2)
        g[:count] = (now.values - self.usual) / self.spread**2
        if self.height_m is not None:
            moved = self.near.moved_height
            H[:count, :count] += np.outer(moved, moved) / HEIGHT_M**2
            g[:count] += moved * (self._tall(now.values) - self.height_m) / HEIGHT_M**2
        for k, (one, body, pose, down) in enumerate(
            zip(self.wanted, bodies, now.poses, now.down, strict=True)
        ):
            kinematics = body.at(now.values)
            points, turned = kinematics.linearise(pose)
            shaped = body.shaped(kinematics, pose).transpose(1, 2, 0)
            still = np.zeros((*shaped.shape[:2], 1))
            jacobian = np.concatenate([shaped, turned[0], still], -1)
            off, slope = _seen(one, points[0], down, jacobian)
            lean, leaning, tilting = _upright(pose, down)
            wide = np.zeros((len(lean), jacobian.shape[-1]))
            wide[:, count : count + 3], wide[:, -1] = leaning, tilting
            off, slope = np.concatenate([off, lean]), np.concatenate([slope, wide])
            say = _weights(off)
            index = np.r_[0:count, columns[k]]
            H[np.ix_(index, index)] += slope.T @ (say[:, None] * slope)
            g[index] += slope.T @ (say * off)
            if not self.alike or k == 0:
                _, gradient, diagonal = _angles(kinematics, pose, one.balance is not None)
                own = columns[k][ROOT:-1]
                g[own] += gradient
                H[own, own] += diagonal
            tilt = columns[k][-1]
            H[tilt, tilt] += 1 / TILT**2
            g[tilt] += down / TILT**2
            if not one.tilts:
                H[tilt], H[:, tilt], g[tilt] = 0.0, 0.0, 0.0
                H[tilt, tilt] = 1.0
        return H, g


def _columns(
    count: int, poses: Sequence[Poses], alike: bool
) -> tuple[list[Int[np.ndarray, " unknowns"]], int]:
    """Which unknowns, after so many of the build, each photograph's are: its root's, the angles,
    the tilt; and how many there are in all."""
    angles, at = np.arange(count, count + poses[0].angles.shape[1]), count
    at += len(angles) if alike else 0
    found: list[np.ndarray] = []
    for pose in poses:
        root, at = np.arange(at, at + ROOT), at + ROOT
        if not alike:
            angles = np.arange(at, at + pose.angles.shape[1])
            at += len(angles)
        found.append(np.r_[root, angles, at])
        at += 1
    return found, at


@dataclass(frozen=True, eq=False)
class _Body:
    """The person of a photograph, landmarks of its outline included, linear in the numbers."""

    kinematics: Kinematics
    near: Near
    moved_arms: np.ndarray

    def at(self, values: np.ndarray) -> Kinematics:
        step = values - self.near.values
        marks = self.kinematics.landmarks
        arms = marks.arms_m.double().numpy() + np.tensordot(step, self.moved_arms, 1)
        offsets = self.near.kinematics.offsets_m + np.tensordot(step, self.near.moved_offsets, 1)
        made = replace(
            self.kinematics, offsets_m=offsets,
            landmarks=replace(marks, arms_m=torch.from_numpy(arms)),
        )  # fmt: skip
        made.__dict__["moves"] = self.kinematics.moves  # the same points on the same bones
        return made

    def shaped(self, kinematics: Kinematics, pose: Poses) -> np.ndarray:
        """How each number moves the landmarks in a pose: (numbers, points, 3)."""
        G, _ = kinematics.forward(pose)
        heads = np.zeros_like(self.near.moved_offsets)
        for bone in kinematics.alive[1:]:
            parent = BONE_PARENTS[bone]
            heads[:, bone] = heads[:, parent] + self.near.moved_offsets[:, bone] @ G[0, parent].T
        point, bone, weight, _ = kinematics.attached
        parts = weight[:, None] * heads[:, bone]
        parts = parts + np.einsum("kij,skj->ski", G[0, bone], self.moved_arms)
        out = np.zeros((kinematics.landmarks.count, len(parts), 3))
        np.add.at(out, point, parts.transpose(1, 0, 2))
        return out.transpose(1, 0, 2)


def _solved(H: np.ndarray, g: np.ndarray, damping: float) -> np.ndarray:
    return np.linalg.solve(H + np.diag(damping * np.diag(H) + 1e-9), g)


def _angles(
    kinematics: Kinematics, pose: Poses, calm: bool
) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost, gradient and (diagonal) Hessian of usual angles and of joint limits."""
    low, high = limits(kinematics)
    usual = [
        STANDING_DEG.get(dof.name.partition(".")[0], dof.usual_deg) if calm else dof.usual_deg
        for dof in kinematics.dofs
    ]
    angles = pose.angles[0]
    over = angles - np.clip(angles, low, high)
    least = 1 / np.radians([dof.usual_deg for dof in kinematics.dofs])
    weight = 1 / np.radians(usual)
    # Who bends far all the same does so as freely as anybody.
    weight = np.maximum(weight / (1 + np.square(angles * weight / HUBER)) ** 0.25, least)
    cost = float((over**2).sum() / LIMIT_RAD**2 + ((angles * weight) ** 2).sum())
    gradient = over / LIMIT_RAD**2 + angles * weight**2
    return cost, gradient, (over != 0) / LIMIT_RAD**2 + weight**2


def _gravity(down: float) -> tuple[np.ndarray, np.ndarray]:
    """Which ways are up and ahead where a camera looks down so far: (2, 3), and the derivative."""
    c, s = np.cos(down), np.sin(down)
    return np.array([[0, s, c], [0, c, -s]]), np.array([[0, c, -s], [0, -s, -c]])


def _upright(pose: Poses, down: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the pelvis leans, in standard deviations, and the derivatives by the root's turn and by
    the camera's tilt."""
    turn = pose.root_turn[0]
    (up, _), (moved, _) = _gravity(down)
    scale = 1 / np.array([LEAN, NOD])
    return (scale * (turn.T @ up)[:2], scale[:, None] * (turn.T @ cross_matrix(up))[:2],
            scale * (turn.T @ moved)[:2])  # fmt: skip


def _weights(off: np.ndarray) -> np.ndarray:
    """How much each residual counts: less, the further beyond the usual it is."""
    return 1 / np.sqrt(1 + np.square(off / HUBER))


def _seen(
    one: Wanted, points: np.ndarray, down: float, jacobian: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """What is off, in standard deviations, and its derivatives (none without ``jacobian``), whose
    last column is the tilt's."""
    camera = one.camera
    moves = np.zeros((*points.shape, 0)) if jacobian is None else jacobian
    x, y, z = in_camera(camera, points).T
    z = np.maximum(z, 0.1)
    fx, fy = camera.matrix[0, 0], camera.matrix[1, 1]
    px = np.stack([fx * x / z + camera.matrix[0, 2], fy * y / z + camera.matrix[1, 2]], -1)
    moved = np.einsum("ij,pju->piu", camera.rotation, moves)
    flat = np.stack(
        [fx * (moved[:, 0] - (x / z)[:, None] * moved[:, 2]) / z[:, None],
         fy * (moved[:, 1] - (y / z)[:, None] * moved[:, 2]) / z[:, None]], 1
    )  # fmt: skip
    count = len(one.xy_px)
    used = np.flatnonzero(one.say > 0)
    say = one.say[used, None]
    off = [((px[used] - one.xy_px[used]) * say).ravel()]
    slopes = [(flat[used] * say[..., None]).reshape(2 * len(used), -1)]
    for depth in one.depths:
        seen, rows = z[depth.rows], moved[depth.rows, 2]
        off.append(((seen - seen.mean()) - (depth.ahead_m - depth.ahead_m.mean())) / depth.off_m)
        slopes.append((rows - rows.mean(0)) / depth.off_m)
    gravity, tilted = _gravity(down)
    if one.balance is not None:
        above = one.balance @ points[:count]
        rows = np.einsum("p,pku->ku", one.balance, moves[:count])
        ways = np.stack([np.array([1.0, 0.0, 0.0]), gravity[1]])
        slope = ways @ rows
        slope[1, -1:] += tilted[1] @ above
        off.append(ways @ above / BALANCE_M)
        slopes.append(slope / BALANCE_M)
    if one.level:
        soles = points[count : count + SOLES]
        soles = soles - soles.mean(0)
        rows = np.einsum("k,pku->pu", gravity[0], moves[count : count + SOLES])
        rows = rows - rows.mean(0)
        rows[:, -1:] += (soles @ tilted[0])[:, None]
        off.append(soles @ gravity[0] / LEVEL_M)
        slopes.append(rows / LEVEL_M)
    if one.outline is not None:
        line, first = one.outline, count + SOLES
        out = ((px[first:] - line.xy_px) * line.normals).sum(1)
        inner = np.where(out > 0, line.outside, line.inside)
        off.append(out * inner)
        slopes.append(np.einsum("pk,pku->pu", line.normals * inner[:, None], flat[first:]))
    return np.concatenate(off), np.concatenate(slopes)


def _joined(a: Landmarks, b: Landmarks) -> Landmarks:
    return Landmarks(
        a.count + b.count,
        torch.cat([a.point, b.point + a.count]),
        torch.cat([a.bone, b.bone]),
        torch.cat([a.weight.double(), b.weight.double()]),
        torch.cat([a.arms_m.double(), b.arms_m.double()]),
    )
