"""Where the world is: origin, axes, floor and scale of a calibrated rig.

A :class:`Placement` carries the old world into the new one. It is found from a board that lies on
the floor, from three points, from any points of the floor, or from a walking person's feet; its
scale from a known length or a person's height. The same placement moves rigs and solutions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Solution, Spread
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig, Layout, Motion

_AXES = {"x": 0, "y": 1, "z": 2}
# Share of stature, Drillis and Contini (1966), from Winter, Biomechanics of Human Movement.
_LEG, _TRUNK = 0.246 + 0.245, 0.288


@dataclass(frozen=True)
class Length:
    """A length known from outside the calibration, and how well (standard deviation).

    Either the distance ``between`` two cameras, or one that was ``measured_m`` in the
    calibration's world: a second target, a ruler, a body.
    """

    what: str
    true_m: float
    sd_m: float = 0.005
    between: tuple[str, str] | None = None
    measured_m: float = float("nan")

    def in_rig(self, rig: CameraRig) -> float:
        """This length as the calibration has it (metres); NaN if it lacks one of the cameras."""
        if self.between is None:
            return self.measured_m
        if not set(self.between) <= set(rig.names):
            return float("nan")
        a, b = (rig[name].centre_m for name in self.between)
        return float(np.linalg.norm(a - b))


@dataclass(frozen=True, eq=False)
class Placement:
    """New world point = scale · rotation · old point + translation_m."""

    rotation: Float[np.ndarray, "3 3"]
    translation_m: Float[np.ndarray, "3"]
    scale: float = 1.0

    def points(self, xyz_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Old world points in the new world."""
        return self.scale * np.asarray(xyz_m, np.float64) @ self.rotation.T + self.translation_m

    def camera(self, camera: Camera) -> Camera:
        """The same camera in the new world: its picture stays, its place moves."""
        rotation = camera.rotation @ self.rotation.T
        centre = self.points(camera.centre_m)
        return replace(camera, rotation=rotation, translation_m=-rotation @ centre)

    def rig(self, rig: CameraRig) -> CameraRig:
        """A rig in the new world."""
        return CameraRig(tuple(self.camera(camera) for camera in rig.cameras))

    def pose(self, pose: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "4 4"]:
        """A rigid thing's pose in the new world."""
        moved = np.eye(4)
        moved[:3, :3] = self.rotation @ pose[:3, :3]
        moved[:3, 3] = self.points(pose[:3, 3])
        return moved

    def then(self, later: Placement) -> Placement:
        """This placement, followed by another."""
        return Placement(
            later.rotation @ self.rotation, later.points(self.translation_m),
            later.scale * self.scale,
        )  # fmt: skip

    def solution(self, solution: Solution) -> Solution:
        """A solution in the new world: rig, target, poses, held-out errors and covariance."""
        turn = np.kron(np.eye(2), np.zeros((3, 3)))
        turn[:3, :3], turn[3:, 3:] = np.eye(3), self.scale * self.rotation
        whole = np.kron(np.eye(len(solution.rig)), turn)
        covariance = whole @ solution.pose_covariance @ whole.T
        held = solution.held_out
        return replace(
            solution,
            rig=self.rig(solution.rig),
            target=replace(solution.target, points_m=self.scale * solution.target.points_m),
            target_world={m: self.pose(pose) for m, pose in solution.target_world.items()},
            pose_covariance=covariance,
            spread=_spread(solution, covariance),
            held_out=replace(held, mm=self.scale * held.mm, bias_mm=self.scale * held.bias_mm),
        )


def _spread(solution: Solution, covariance: np.ndarray) -> Mapping[str, Spread]:
    """The spread with its centre along the new axes."""
    out: dict[str, Spread] = {}
    for index, name in enumerate(solution.rig.names):
        if name in solution.spread:
            own = np.diag(covariance)[6 * index + 3 : 6 * index + 6]
            out[name] = replace(solution.spread[name], centre_mm=1000 * np.sqrt(np.fmax(own, 0)))
    return out


def moved(
    solution: Solution,
    rotation: Float[np.ndarray, "3 3"],
    translation_m: Float[np.ndarray, "3"],
    scale: float = 1.0,
) -> Solution:
    """``solution`` in a world that is turned, shifted and scaled."""
    return Placement(rotation, translation_m, scale).solution(solution)


def upward(
    rig: CameraRig, normal: Float[np.ndarray, "3"], on_plane_m: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "3"]:
    """The normal of a floor, turned to the side where the cameras are.

    Raises StudioError naming the cameras that are under the floor whichever side is up.
    """
    normal = normal / np.linalg.norm(normal)
    heights = np.array([(camera.centre_m - on_plane_m) @ normal for camera in rig.cameras])
    if np.median(heights) < 0:
        normal, heights = -normal, -heights
    under = [name for name, h in zip(rig.names, heights, strict=True) if h < -0.05]
    if under:
        raise StudioError(
            f"With this floor, camera {', '.join(under)} would be under it.",
            "The points are not on the floor, or the board was read as its mirror image: "
            "choose another moment, or show the board from nearer and more from above.",
        )
    return normal


def _basis(up: np.ndarray, along: np.ndarray) -> Float[np.ndarray, "3 3"]:
    """Rows are the new axes: z up, x along the given direction as far as it is level."""
    level = along - (along @ up) * up
    size = np.linalg.norm(level)
    if size < 1e-6 * max(float(np.linalg.norm(along)), 1e-12):
        raise StudioError(
            "The direction of the x axis points straight up.", "Choose a point beside the origin."
        )
    x = level / size
    return np.stack([x, np.cross(up, x), up])


def from_board(
    rig: CameraRig,
    pose: Float[np.ndarray, "4 4"],
    *,
    up: str = "auto",
    origin_m: Float[np.ndarray, "3"] | None = None,
) -> Placement:
    """The world of a board: its plane is the floor, its x axis the world's.

    ``up`` is the board's axis that points up (``x``, ``-y`` ...); ``auto`` is the side of the
    board on which the cameras are. ``origin_m`` is the world's origin in the board's frame.
    Raises StudioError if cameras would be under the floor, or for an axis that does not exist.
    """
    axis = up.removeprefix("-")
    if up != "auto" and axis not in _AXES:
        raise StudioError(f"A board has no axis “{up}”.", "Use x, y, z, -x, -y, -z or auto.")
    place = pose[:3, :3] @ (np.zeros(3) if origin_m is None else origin_m) + pose[:3, 3]
    if up == "auto":
        normal = upward(rig, pose[:3, 2], place)
    else:
        normal = pose[:3, _AXES[axis]] * (-1.0 if up.startswith("-") else 1.0)
        if upward(rig, normal, place) @ normal < 0:
            raise StudioError(
                f"With the board's {up} axis up, the cameras would be under the floor.",
                "Choose the opposite axis, or “auto”.",
            )
    along = pose[:3, 1] if axis == "x" else pose[:3, 0]
    rotation = _basis(normal, along)
    return Placement(rotation, -rotation @ place)


def from_points(
    rig: CameraRig,
    origin_m: Float[np.ndarray, "3"],
    along_x_m: Float[np.ndarray, "3"],
    on_floor_m: Float[np.ndarray, "3"],
) -> Placement:
    """Three points of the floor: the origin, one on the x axis, and any third one.

    Raises StudioError if they lie on one line, or if cameras would be under the floor.
    """
    a, b = along_x_m - origin_m, on_floor_m - origin_m
    normal = np.cross(a, b)
    if np.linalg.norm(normal) < 0.02 * np.linalg.norm(a) * np.linalg.norm(b) + 1e-12:
        raise StudioError(
            "The three points lie on one line.", "Choose the third one well beside the other two."
        )
    rotation = _basis(upward(rig, normal, origin_m), a)
    return Placement(rotation, -rotation @ origin_m)


@dataclass(frozen=True, eq=False)
class Floor:
    """A plane fitted to points of the floor: its normal, a point on it, the scatter about it."""

    normal: Float[np.ndarray, "3"]
    middle_m: Float[np.ndarray, "3"]
    scatter_m: float
    share: float
    """How many of the points lie on it."""


def floor_of(points_m: Float[np.ndarray, "points 3"], *, near_m: float = 0.03) -> Floor:
    """The plane that most points lie within ``near_m`` of, then fitted to those (MSAC).

    Raises StudioError for fewer than three points, or if they lie along one line.
    """
    points = points_m[np.isfinite(points_m).all(1)]
    if len(points) < 3:
        raise StudioError(
            f"{len(points)} points of the floor are too few.", "Give at least three, far apart."
        )
    random = np.random.default_rng(0)
    triples = random.integers(0, len(points), (400, 3))
    a, b, c = (points[triples[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    sizes = np.linalg.norm(normals, axis=1)
    normals, a = normals[sizes > 1e-9], a[sizes > 1e-9]
    if not len(normals):
        raise _on_a_line()
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    off = np.abs(points @ normals.T - (normals * a).sum(1))
    best = int(np.minimum(np.square(off), near_m**2).sum(0).argmin())
    chosen = off[:, best] < near_m
    for _ in range(5):
        normal, middle = _plane(points[chosen])
        chosen = np.abs((points - middle) @ normal) < near_m
    normal, middle = _plane(points[chosen])
    scatter = float(np.sqrt(np.square((points[chosen] - middle) @ normal).mean()))
    return Floor(normal, middle, scatter, float(chosen.mean()))


def _plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normal and middle of the plane of least squares."""
    middle = points.mean(0)
    sizes, axes = np.linalg.svd(points - middle, full_matrices=False)[1:]
    if sizes[1] < 0.05 * sizes[0]:
        raise _on_a_line()
    return axes[2], middle


def _on_a_line() -> StudioError:
    return StudioError(
        "The points of the floor lie along one line: it could still tilt about it.",
        "Add points to the side, or let the person walk a curve.",
    )


def level(
    rig: CameraRig, floor: Floor, *, keep_origin: bool = False, up: np.ndarray | None = None
) -> Placement:
    """Turn the world as little as possible so that ``floor`` becomes z = 0.

    ``up`` says which side is up (the cameras' side if not given); with ``keep_origin`` the origin
    only drops onto the floor, else it becomes the middle of the floor's points.
    """
    normal = floor.normal / np.linalg.norm(floor.normal)
    if up is None:
        normal = upward(rig, normal, floor.middle_m)
    elif normal @ up < 0:
        normal = -normal
    axis = np.array([1.0, 0, 0]) if abs(normal[0]) < 0.9 else np.array([0, 1.0, 0])
    rotation = _basis(normal, axis)
    origin = floor.middle_m
    if keep_origin:
        origin = (floor.middle_m @ normal) * normal
    return Placement(rotation, -rotation @ origin)


_SOLES = ("heel", "toe", "foot_index")


def feet_on_floor(motion: Motion, *, still_m_s: float = 0.25) -> Float[np.ndarray, "points 3"]:
    """Where heels and toes stood still: points (n, 3) of the floor, ankles if there is no foot.

    Raises StudioError if the layout has no feet, or if none ever stood still.
    """
    chosen = _named(motion.layout, _SOLES) or _named(motion.layout, ("ankle",))
    if not chosen:
        raise StudioError(
            f"The layout {motion.layout.name} has no feet.", "Track a layout with heels or ankles."
        )
    xyz = motion.xyz_m[:, chosen]
    if len(motion) < 3:
        return xyz.reshape(-1, 3)
    step = np.linalg.norm(np.gradient(xyz, motion.times_s, axis=0), axis=-1)
    with np.errstate(invalid="ignore"):
        standing = step < still_m_s
    if standing.sum() < 3:
        raise StudioError(
            "The feet never stand still in this motion.", "Let the person walk or stand."
        )
    return xyz[standing]


def from_feet(rig: CameraRig, motion: Motion, *, up: np.ndarray | None = None) -> Placement:
    """The floor under a person's feet; the head's side is up.

    Ankles ride above the floor: where only they are known, so is the plane, lower by 4 % of
    stature. Raises StudioError where :func:`feet_on_floor` and :func:`floor_of` do.
    """
    floor = floor_of(feet_on_floor(motion))
    trunk = _named(motion.layout, ("shoulder", "hip", "neck", "nose"))
    if up is None and trunk:
        up = np.nanmedian(motion.xyz_m[:, trunk].reshape(-1, 3), axis=0) - floor.middle_m
    if not _named(motion.layout, _SOLES) and up is not None:
        normal = floor.normal * np.sign(floor.normal @ up)
        floor = replace(floor, middle_m=floor.middle_m - 0.039 * stature_of(motion) * normal)
    return level(rig, floor, up=up)


def _named(layout: Layout, words: Sequence[str]) -> list[int]:
    return [i for i, name in enumerate(layout.points) if any(w in name.lower() for w in words)]


def stature_of(motion: Motion) -> float:
    """A person's height (m) from the lengths of legs and trunk, whatever the pose.

    Good to a few percent: proportions vary, and detectors mark hips beside the joint. Raises
    StudioError if hips, ankles or shoulders are missing.
    """

    def pair(word: str) -> np.ndarray:
        points = _named(motion.layout, (word,))
        if not points:
            raise StudioError(
                f"The layout {motion.layout.name} has no {word}: stature cannot be told.",
                "Track a whole body, or give one measured distance.",
            )
        return motion.xyz_m[:, points[:2]]

    hip, knee, ankle, shoulder = (pair(word) for word in ("hip", "knee", "ankle", "shoulder"))
    leg = np.linalg.norm(hip - knee, axis=-1) + np.linalg.norm(knee - ankle, axis=-1)
    trunk = np.linalg.norm(shoulder.mean(1) - hip.mean(1), axis=-1)
    return float((np.nanmedian(leg) + np.nanmedian(trunk)) / (_LEG + _TRUNK))


def scaled(true_m: float, measured_m: float) -> Placement:
    """The scale that makes a length what it is known to be.

    Raises StudioError for lengths that are not positive.
    """
    if not (true_m > 0 and measured_m > 0 and np.isfinite(true_m / measured_m)):
        raise StudioError(
            f"A length of {measured_m:.3g} m cannot be made {true_m:.3g} m.",
            "Both must be positive: pick two points that are apart, and measure them.",
        )
    return Placement(np.eye(3), np.zeros(3), true_m / measured_m)
