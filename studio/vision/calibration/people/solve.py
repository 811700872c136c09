"""Calibration without a board: camera poses from a walking person's keypoints.

Intrinsics are given (or, as a poorer choice, focal lengths are found too). Pairs of cameras are
placed by the essential matrix, the others by resection; a robust bundle adjustment over poses and
free points follows, with the noise of every joint in every camera learnt from its residuals and
left taken for right put straight. Metres come from the person's height or one known distance
between cameras; floor and up from feet and upright bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Gate, HeldOut, Spread
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig, Detections, Motion
from studio.vision.calibration.people.bundle import (
    KNEE,
    UNKNOWNS,
    adjust,
    centres,
    linearise,
    residuals,
    sandwich,
    scaling,
)
from studio.vision.calibration.people.gates import judge_people
from studio.vision.calibration.people.seen import Chosen, choose, learnt, straight, with_focal
from studio.vision.calibration.people.start import Start, bone_change, find_start
from studio.vision.calibration.people.stature import Stature, stature
from studio.vision.calibration.people.unseen import held_out
from studio.vision.calibration.people.world import Ground, ground
from studio.vision.rotations import angle_deg
from studio.vision.sightings import Sightings, residuals_px
from studio.vision.triangulate import dlt, mean_px

Report = Callable[[float, str], None]
_FOCALS = (0.75, 1.0, 1.35)


@dataclass(frozen=True)
class Scale:
    """What makes metres: ``height_m`` of the person, or ``distance_m`` between the lenses of two
    cameras (``cameras``). With neither, an adult of 1.70 m is assumed, and said."""

    height_m: float | None = None
    distance_m: float | None = None
    cameras: tuple[str, str] = ("", "")


@dataclass(frozen=True, eq=False)
class PeopleSolution:
    """A rig calibrated from a person, and what it is worth.

    ``spread`` and ``pose_covariance`` are as in :class:`studio.core.calibration.Solution`: the
    first camera is the datum. ``scale_share`` is one standard deviation of the scale and is part
    of them. ``motion`` are the points of the moments that were used, in world metres.
    """

    rig: CameraRig
    motion: Motion
    rmse_px: float
    camera_rmse_px: Mapping[str, float]
    held_out: HeldOut
    spread: Mapping[str, Spread]
    pose_covariance: Float[np.ndarray, "n n"]
    scale_share: float
    height_m: float | None
    bones: float
    swapped: Mapping[str, float]
    gates: tuple[Gate, ...]
    notes: tuple[str, ...]


def solve_people(
    detections: Detections,
    intrinsics: CameraRig | None,
    scale: Scale = Scale(),
    *,
    sizes_px: Mapping[str, tuple[int, int]] | None = None,
    joints: Callable[[Motion], Motion] | None = None,
    report: Report | None = None,
) -> PeopleSolution:
    """Place the cameras that filmed one person.

    ``intrinsics`` holds a camera for each of the detections' (its pose is ignored); without it,
    ``sizes_px`` are needed and focal lengths are solved too, with the optical axis at the middle
    and no distortion. ``joints`` carries points as marked to joint centres, for the stature.
    Raises StudioError where the footage cannot tell: one camera, nobody, no common views.
    """
    tell = report or (lambda fraction, text: None)
    rig = _lenses(detections, intrinsics, sizes_px)
    if len(rig) < 2:
        raise StudioError(
            "One camera alone cannot be placed.", "Film the person with two cameras or more."
        )
    tell(0.05, "Looking for pairs of cameras")
    chosen, starts, rig = _begin(detections, rig, free_focal=intrinsics is None)
    tell(0.4, "Adjusting all cameras")
    fit = choose(chosen, held=False)
    s, xyz, rig = _settle(fit, rig, starts[0], intrinsics is None)
    tell(0.65, "Checking on moments it never saw")
    test = choose(chosen, held=True)
    placed = replace(test.sightings, rotation=s.rotation, translation_m=s.translation_m)
    told = held_out(_relens(placed, s, fit), test, rig.names)
    known = held_out(s, fit, rig.names)
    tell(0.75, "Adjusting once more, with all moments")
    s, xyz, rig = _settle(
        chosen, rig, replace(starts[0], sightings=s), intrinsics is None, rounds=2
    )
    tell(0.9, "Finding the floor and the scale")
    return _in_world(chosen, s, xyz, rig, scale, (told, known), starts, joints, intrinsics is None)


def _lenses(
    detections: Detections,
    intrinsics: CameraRig | None,
    sizes: Mapping[str, tuple[int, int]] | None,
) -> CameraRig:
    if intrinsics is not None:
        missing = [name for name in detections.cameras if name not in intrinsics.names]
        if missing:
            raise StudioError(
                f"There are no intrinsics for {', '.join(missing)}.",
                f"The file holds {', '.join(intrinsics.names)}: rename the cameras of one of them.",
            )
        return CameraRig(tuple(intrinsics[name] for name in detections.cameras))
    if sizes is None or any(name not in sizes for name in detections.cameras):
        raise StudioError(
            "Without intrinsics the size of the pictures must be known.",
            "Give the intrinsics of the cameras, or their videos.",
        )
    return CameraRig(tuple(_plain(name, sizes[name], 1.0) for name in detections.cameras))


def _plain(name: str, size: tuple[int, int], focal: float) -> Camera:
    f = focal * max(size)
    matrix = np.array([[f, 0, (size[0] - 1) / 2], [0, f, (size[1] - 1) / 2], [0, 0, 1.0]])
    return Camera(name, size, matrix, np.zeros(0), np.eye(3), np.zeros(3))


def _begin(
    detections: Detections, rig: CameraRig, *, free_focal: bool
) -> tuple[Chosen, tuple[Start, ...], CameraRig]:
    """The moments to use, the best starts, and unknown focal lengths roughly guessed."""
    tries: list[tuple[float, Chosen, tuple[Start, ...], CameraRig]] = []
    error: StudioError | None = None
    for focal in _FOCALS if free_focal else (1.0,):
        guess = CameraRig(tuple(_plain(c.name, c.size_px, focal) for c in rig.cameras))
        used = guess if free_focal else rig
        chosen = Chosen.of(detections, used)
        few = choose(chosen, most=70)
        try:
            starts = find_start(few.sightings, rig.names, few.points, few.bones)
        except StudioError as raised:
            error = raised
            continue
        tries.append((starts[0].badness, chosen, starts, used))
    if not tries:
        assert error is not None
        raise error
    best = min(tries, key=lambda one: one[0])
    return best[1:]


def _relens(s: Sightings, settled: Sightings, fit: Chosen) -> Sightings:
    """Sightings with the focal lengths that the settled ones have by now."""
    factor = settled.scale_px.mean(1) / fit.sightings.scale_px.mean(1)
    return with_focal(s, factor)


def _settle(
    chosen: Chosen, rig: CameraRig, start: Start, free_focal: bool, rounds: int = 3
) -> tuple[Sightings, np.ndarray, CameraRig]:
    """The robust adjustment, its noise learnt and swaps put straight between the rounds."""
    factor = start.sightings.scale_px.mean(1) / chosen.sightings.scale_px.mean(1)
    raw = with_focal(chosen.sightings, factor)
    s = replace(raw, rotation=start.sightings.rotation, translation_m=start.sightings.translation_m)
    free = np.zeros((len(s.u), UNKNOWNS), bool)
    free[1:, :6] = True
    free[:, 6] = free_focal
    white = replace(s, weight=s.weight / 5.0)
    xyz = dlt(s, reweight=1)
    prior = np.full(free.shape, np.inf)
    prior[:, 6] = 0.3
    for _ in range(rounds):
        done = adjust(white, xyz, free, prior=prior, hold_scale=True)
        s = with_focal(
            replace(s, rotation=done.sightings.rotation,
                    translation_m=done.sightings.translation_m), done.stretch
        )  # fmt: skip
        s = straight(s, done.xyz, chosen.layout)
        white = learnt(s, done.xyz, chosen.points)
        xyz = np.where(np.isfinite(done.xyz), done.xyz, dlt(white, reweight=1))
    done = adjust(white, xyz, free, prior=prior, hold_scale=True)
    s = with_focal(done.sightings, done.stretch)
    stretch = s.scale_px.mean(1) / chosen.sightings.scale_px.mean(1)
    cameras = tuple(
        replace(c, matrix=np.diag([k, k, 1.0]) @ c.matrix + np.array(
            [[0, 0, (1 - k) * c.matrix[0, 2]], [0, 0, (1 - k) * c.matrix[1, 2]], [0, 0, 0]]))
        for c, k in zip(chosen.rig.cameras, stretch, strict=True)
    )  # fmt: skip
    return s, done.xyz, CameraRig(cameras)


def _in_world(
    chosen: Chosen,
    s: Sightings,
    xyz: np.ndarray,
    rig: CameraRig,
    scale: Scale,
    tests: tuple[HeldOut, HeldOut],
    starts: Sequence[Start],
    joints: Callable[[Motion], Motion] | None,
    free_focal: bool,
) -> PeopleSolution:
    points, views = chosen.points, len(s.u)
    size = np.hypot(*_whitened(s, xyz))
    trusted = s.seen & (size < 3 * KNEE)
    cube = xyz.reshape(-1, points, 3)
    enough = trusted.sum(0).reshape(-1, points) >= 2
    cube = np.where(enough[..., None], cube, np.nan)
    tall = _stature(chosen, cube, joints)
    metres, share, notes = _metres(scale, tall, s, rig.names)
    floor = ground(chosen.layout, cube, chosen.times_s, tall.height if tall else 1.7 / metres)
    if floor is None:
        up = -s.rotation[:, 1].mean(0)
        floor = Ground(_frame(up), cube.reshape(-1, 3)[enough.ravel()].mean(0), 0.0, 30.0, False)
        notes.append("The feet were not seen: up is taken from the cameras, the floor is a guess.")
    world = metres * (cube - floor.origin) @ floor.rotation.T
    covariance = _covariance(s, xyz, chosen, free_focal)
    place = metres * (centres(s) - floor.origin) @ floor.rotation.T
    turned = np.einsum("vij,kj->vik", s.rotation, floor.rotation)
    cameras = tuple(
        replace(c, rotation=turned[v], translation_m=-turned[v] @ place[v])
        for v, c in enumerate(rig.cameras)
    )
    rig = CameraRig(cameras)
    pose = _pose_covariance(covariance, metres, floor.rotation, place, share)
    sigma = np.sqrt(np.fmax(np.diag(pose), 0.0)).reshape(views, 6)
    focal = np.sqrt(np.fmax(np.diag(covariance), 0.0)).reshape(views, UNKNOWNS)[:, 6]
    spread = {
        c.name: Spread(
            1000 * sigma[v, 3:], np.degrees(sigma[v, :3]),
            focal[v] * np.diag(c.matrix)[:2] if free_focal else np.full(2, np.nan),
            np.full(2, np.nan), np.full(len(c.distortion), np.nan),
        )
        for v, c in enumerate(cameras)
    }  # fmt: skip
    off = residuals_px(s, xyz)
    used = trusted & np.isfinite(off)
    each = {c.name: float(np.sqrt(np.mean(np.square(off[v][used[v]])))) if used[v].any() else np.nan
            for v, c in enumerate(cameras)}  # fmt: skip
    motion = Motion(
        chosen.layout, chosen.times_s, world, np.full(cube.shape[:2], np.nan),
        mean_px(off, used).reshape(-1, points), used.sum(0).reshape(-1, points),
        np.zeros(cube.shape[:2], bool),
    )  # fmt: skip
    bones = bone_change(world.reshape(-1, 3), points, chosen.bones)
    swapped = chosen.swapped(s)
    if free_focal:
        notes.append(
            "The focal lengths were solved from the person too, without distortion: calibrate the "
            "lenses with a board for millimetres."
        )
    solution = PeopleSolution(
        rig, motion, float(np.sqrt(np.mean(np.square(off[used])))), each, tests[0], spread, pose,
        share, metres * tall.height if tall else None, bones,
        dict(zip(rig.names, swapped, strict=True)), (), tuple(notes),
    )  # fmt: skip
    gates = judge_people(
        solution.rig, motion, tests, spread, share, bones, floor,
        second=_second(starts), given=scale != Scale(), seen=used.reshape(views, -1, points),
        focal_known=not free_focal,
    )  # fmt: skip
    return replace(solution, gates=gates)


def _whitened(s: Sightings, xyz: np.ndarray) -> np.ndarray:
    return residuals(s, xyz, np.ones(len(s.u)))[0]


def _second(starts: Sequence[Start]) -> float:
    """How many times worse the best rig that differs from the chosen one explains the points."""
    best = starts[0]
    for other in starts[1:]:
        own, its = (
            np.einsum("vij,kj->vik", start.sightings.rotation, start.sightings.rotation[0])
            for start in (best, other)
        )
        angle = angle_deg(own, its)
        if angle.max() > 20:
            return other.badness / max(best.badness, 1e-9)
    return float("inf")


def _stature(
    chosen: Chosen, cube: np.ndarray, joints: Callable[[Motion], Motion] | None
) -> Stature | None:
    if joints is None:
        return stature(chosen.layout, cube)
    whole = np.full((len(cube), len(chosen.original), 3), np.nan)
    whole[:, chosen.columns] = cube
    empty = np.full(whole.shape[:2], np.nan)
    motion = Motion(chosen.original, chosen.times_s, whole, empty, empty,
                    np.zeros(whole.shape[:2], int), np.zeros(whole.shape[:2], bool))  # fmt: skip
    carried = joints(motion)
    moved = not np.array_equal(carried.xyz_m, whole, equal_nan=True)
    return stature(chosen.layout, carried.xyz_m[:, chosen.columns], centres=moved)


def _metres(
    scale: Scale, tall: Stature | None, s: Sightings, names: Sequence[str]
) -> tuple[float, float, list[str]]:
    """Metres a unit, one standard deviation of that as a share, and what to say about it."""
    if scale.distance_m is not None:
        a, b = (_index(name, names) for name in scale.cameras)
        gap = float(np.linalg.norm(centres(s)[a] - centres(s)[b]))
        return scale.distance_m / gap, 0.005, []
    if tall is None:
        raise StudioError(
            "The person's height cannot be measured: legs and shoulders are never seen together.",
            "Show the whole body, or give the distance between two cameras.",
        )
    if scale.height_m is not None:
        return scale.height_m / tall.height, tall.spread, []
    note = "Nobody said how tall the person is: 1.70 m is assumed, so sizes may be 10 % wrong."
    return 1.70 / tall.height, 0.06, [note]


def _index(name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise StudioError(
            f"There is no camera “{name}” to measure from.", f"There are: {', '.join(names)}."
        )
    return list(names).index(name)


def _frame(up: np.ndarray) -> np.ndarray:
    z = up / np.linalg.norm(up)
    x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z])


def _covariance(s: Sightings, xyz: np.ndarray, chosen: Chosen, free_focal: bool) -> np.ndarray:
    """Of all unknowns, in the scale of the points; the first camera's pose is the datum."""
    views = len(s.u)
    now = linearise(s, xyz, np.ones(views))
    free = np.ones((views, UNKNOWNS), bool)
    free[0, :6] = False
    free[:, 6] = free_focal
    at = np.flatnonzero(free.ravel())
    second, person = chosen.clusters()
    out = np.zeros((free.size, free.size))
    out[np.ix_(at, at)] = sandwich(now, at, second, person, held=scaling(s, free)[None, at])
    return out


def _pose_covariance(
    covariance: np.ndarray, metres: float, turn: np.ndarray, place: np.ndarray, share: float
) -> np.ndarray:
    views = len(place)
    carry = np.zeros((6 * views, UNKNOWNS * views))
    for v in range(views):
        carry[6 * v : 6 * v + 3, UNKNOWNS * v : UNKNOWNS * v + 3] = np.eye(3)
        carry[6 * v + 3 : 6 * v + 6, UNKNOWNS * v + 3 : UNKNOWNS * v + 6] = metres * turn
    grow = np.zeros((views, 6))
    grow[:, 3:] = place - place[0]
    return carry @ covariance @ carry.T + share**2 * np.outer(grow.ravel(), grow.ravel())
