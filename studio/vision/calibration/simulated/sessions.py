"""Calibration sessions whose truth is known, healthy or with one planted fault.

Somebody lays a board on the floor, then waves it through the volume in front of two to sixteen
cameras: a ring, a wall or a ceiling, with mixed lenses, some turned upside down or on their side.
The pictures are not rendered; what a detector would report of them is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from studio.core.calibration import Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.simulated.eyes import Eye
from studio.vision.calibration.world import Length
from studio.vision.camera import in_camera, normalise, project
from studio.vision.ring import look_at

Layout = Literal["ring", "wall", "ceiling"]
Fault = Literal[
    "moved camera", "time offset", "bad view", "false board", "duplicate", "disconnected",
    "flat and far", "too few", "wrong zoom", "swapped", "swapped later", "wrong size",
]  # fmt: skip
FAULTS: tuple[Fault, ...] = get_args(Fault)
STEP_S = 0.4


@dataclass(frozen=True, eq=False)
class Session:
    """What the solver is given, and what is true.

    ``given`` carries the intrinsics that the solver is told (its poses mean nothing to it);
    ``blamed`` are the cameras at fault and ``moment`` the one it happens at (-1: all along).
    Moment 0 is the board lying on the floor.
    """

    truth: CameraRig
    given: CameraRig
    target: Target
    views: tuple[View, ...]
    target_world: Mapping[int, Float[np.ndarray, "4 4"]]
    times_s: Mapping[int, float]
    lengths: tuple[Length, ...]
    fault: Fault | None = None
    blamed: tuple[str, ...] = ()
    moment: int = -1
    amount: float = 0.0

    @property
    def sizes_px(self) -> dict[str, tuple[int, int]]:
        return {camera.name: camera.size_px for camera in self.given.cameras}


def board(columns: int = 8, rows: int = 6, square_m: float = 0.07) -> Target:
    """The inner corners of a board of ``columns`` by ``rows`` squares."""
    y, x = np.mgrid[0 : rows - 1, 0 : columns - 1]
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1) * square_m
    return Target(f"{columns} × {rows} squares of {1000 * square_m:.0f} mm", points)


def random_rig(cameras: int, seed: int, layout: Layout | None = None) -> CameraRig:
    """Cameras as people set them up, around a volume of about 3 m; world: floor at z = 0."""
    random = np.random.default_rng(seed)
    layouts: tuple[Layout, ...] = get_args(Layout)
    chosen = layout or layouts[random.integers(3)]
    return CameraRig(tuple(_camera(i, cameras, chosen, random) for i in range(cameras)))


def narrow_wall(cameras: int, seed: int) -> CameraRig:
    """Cameras side by side that all look the same way."""
    random = np.random.default_rng(seed)
    places = np.linspace(-0.8, 0.8, cameras)
    aims = [np.array([x / 2, 0.0, 1.2]) for x in places]
    return CameraRig(tuple(
        look_at(f"cam{i + 1}", np.array([x, -3.4, 1.2 + random.uniform(-0.1, 0.1)]), aims[i],
                random.uniform(900, 1100), (1280, 720))
        for i, x in enumerate(places)
    ))  # fmt: skip


def _camera(index: int, count: int, layout: Layout, random: np.random.Generator) -> Camera:
    share = index / max(count - 1, 1)
    if layout == "ring":
        turn = 2 * np.pi * index / count if count > 3 else index * np.pi / 3
        turn += random.uniform(-0.1, 0.1)
        radius = random.uniform(3.2, 4.2)
        centre = np.array([radius * np.cos(turn), radius * np.sin(turn), random.uniform(1.4, 2.6)])
    elif layout == "wall":
        centre = np.array([3.0 * (2 * share - 1), -3.4, 1.2 + 1.2 * (index % 2)])
        centre += random.uniform(-0.25, 0.25, 3)
    else:
        turn = 2 * np.pi * index / count
        centre = np.array([1.9 * np.cos(turn), 1.9 * np.sin(turn), 3.6])
        centre += random.uniform(-0.25, 0.25, 3)
    aim = np.array([0.0, 0.0, 1.0]) + random.uniform(-0.2, 0.2, 3)
    size = (1280, 720) if random.random() < 0.6 else (1920, 1080)
    widest = np.radians(random.uniform(62, 88))
    upright = look_at(f"cam{index + 1}", centre, aim, size[0] / 2 / np.tan(widest / 2), size)
    roll = random.choice([0, 0, 0, 180, 90]) + random.normal(0, 2)
    turned = Rotation.from_euler("z", roll, degrees=True).as_matrix() @ upright.rotation
    matrix = upright.matrix.copy()
    matrix[:2, 2] += random.normal(0, 0.01 * size[0], 2)
    matrix[1, 1] *= 1 + random.normal(0, 0.002)
    terms = np.array(
        [random.uniform(-0.18, 0.05), random.uniform(-0.03, 0.06), *random.normal(0, 5e-4, 2), 0.0]
    )
    made = replace(
        upright, matrix=matrix, distortion=terms, rotation=turned, translation_m=-turned @ centre
    )
    edges = np.array([[0, size[1] / 2], [size[0] - 1, size[1] / 2]])
    while not np.isfinite(normalise(made, edges)).all():  # no real lens folds within its picture
        made = replace(made, distortion=made.distortion / 2)
    return made


class _Path:
    """Where somebody waves the board: held towards one camera after another, always moving."""

    def __init__(self, rig: CameraRig, target: Target, random: np.random.Generator) -> None:
        centres = np.array([camera.centre_m for camera in rig.cameras])
        # Towards each camera and between it and the next one, so that both see it.
        middles = (centres + np.roll(centres, -1, 0)) / 2
        stops = np.stack([centres / 2 + (middles + np.roll(middles, 1, 0)) / 4, middles], 1)
        stops = np.concatenate([stops.reshape(-1, 3), stops[0, :1]])
        self.stops = CubicSpline(2.4 * np.arange(len(stops)), stops, bc_type="periodic")
        self.upward = np.array([0, 0, 1.0] if centres[:, 2].mean() < 3 else [0, 1.0, 0])
        self.target = target
        self.phases = random.uniform(0, 2 * np.pi, (3, 2))
        self.rates = random.uniform(0.07, 0.18, (3, 2))
        self.wobble = random.uniform(0.08, 0.22, 3), random.uniform(0, 2 * np.pi, 3)
        self.spin = Rotation.from_euler("z", random.uniform(0, 2 * np.pi)).as_matrix()

    def __call__(self, times_s: np.ndarray) -> Float[np.ndarray, "moments 4 4"]:
        middle = self.target.points_m.mean(0)
        t = times_s[:, None]
        sway = np.sin(2 * np.pi * self.rates * t[..., None] + self.phases).sum(2) / 2
        place = np.array([0, 0, 1.15]) + sway * [1.0, 1.0, 0.5]
        facing = self.stops(times_s) - place
        away = -facing / np.linalg.norm(facing, axis=1, keepdims=True)
        right = np.cross(away, self.upward)
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        base = np.stack([right, np.cross(away, right), away], 2)
        angles = np.sin(2 * np.pi * self.wobble[0] * t + self.wobble[1]) * [0.55, 0.55, 0.9]
        poses = np.tile(np.eye(4), (len(times_s), 1, 1))
        poses[:, :3, :3] = base @ Rotation.from_euler("xyz", angles).as_matrix()
        # Before time zero it lies on the floor, z away from who looks down at it.
        lies = times_s < 0
        poses[lies, :3, :3] = self.spin @ np.diag([1.0, -1, -1])
        place[lies] = 0.0
        poses[:, :3, 3] = place - poses[:, :3, :3] @ middle
        return poses


def _seen(
    camera: Camera, moment: int, pose: np.ndarray, target: Target, eye: Eye | None,
    noise_px: float, random: np.random.Generator,
) -> View | None:  # fmt: skip
    """What a detector reports of the board in one picture, or None."""
    world = target.points_m @ pose[:3, :3].T + pose[:3, 3]
    ray = world.mean(0) - camera.centre_m
    if ray @ pose[:3, 2] < np.cos(np.radians(72)) * np.linalg.norm(ray):
        return None
    xy = project(camera, world)
    inside = np.isfinite(xy).all(1) & (in_camera(camera, world)[:, 2] > 0.3)
    with np.errstate(invalid="ignore"):
        inside &= (xy > 4).all(1) & (xy < np.array(camera.size_px) - 5).all(1)
    if random.random() < 0.3:  # a hand over a corner of the board
        inside &= np.linalg.norm(target.points_m - random.choice(target.points_m), axis=1) > 0.12
    if eye is not None:
        inside &= ~eye.hidden(moment)
    ids = np.flatnonzero(inside)
    least = 8 if eye is None else 6
    if len(ids) < least or np.ptp(xy[ids], axis=0).min() < 25 or random.random() < 0.08:
        return None
    found = xy[ids] + random.normal(0, noise_px, (len(ids), 2))
    wild = random.random(len(ids)) < 0.002
    found[wild] += random.normal(0, 8, (int(wild.sum()), 2))
    if eye is not None:
        found += eye.error_px(moment, pose, ids, noise_px)
    return View(camera.name, moment, ids, found, frame=12 * moment)


def simulate(
    cameras: int = 4,
    seed: int = 0,
    *,
    fault: Fault | None = None,
    layout: Layout | None = None,
    noise_px: float | None = None,
    moments: int | None = None,
) -> Session:
    """A session of ``cameras`` cameras; everything not given is drawn from ``seed``.

    Views are unevenly good (:mod:`studio.vision.calibration.simulated.eyes`), unless ``noise_px``
    says how far all corners alike are off.

    Raises StudioError if the fault needs more cameras than there are.
    """
    if cameras < 2:
        raise StudioError("A rig has at least two cameras.", "Simulate 2 to 16 cameras.")
    random = np.random.default_rng([seed, cameras, 7])
    rig = (
        narrow_wall(cameras, seed) if fault == "flat and far" else random_rig(cameras, seed, layout)
    )
    drawn = random.uniform(0.06, 0.36)
    sigma = noise_px or drawn
    target = [board(), board(10, 7, 0.06), board(6, 5, 0.1)][random.integers(3)]
    count = moments or 60 + 10 * cameras
    if fault == "too few":
        count = 6
    times = STEP_S * np.arange(count)
    times[0] = -10 * STEP_S
    path = _Path(rig, target, random)
    poses = path(times)
    if fault == "flat and far":
        poses = _flat(target, poses, random)
    eyes = None if noise_px else seed
    scene = _Scene(rig, target, times, poses, path, sigma, random, eyes)
    plain = Session(rig, rig, target, (), dict(enumerate(poses)), dict(enumerate(times.tolist())),
                    _tape(rig, random))  # fmt: skip
    return _planted(scene, plain, fault)


@dataclass(frozen=True, eq=False)
class _Scene:
    rig: CameraRig
    target: Target
    times_s: np.ndarray
    poses: np.ndarray
    path: _Path
    sigma_px: float
    random: np.random.Generator
    eyes: int | None = None
    """The seed of what spoils single views; None spoils none."""

    def film(self, later_s: Mapping[str, float] | None = None) -> list[View]:
        """Every camera's views; ``later_s`` are clocks that run late."""
        views: list[View] = []
        for camera in self.rig.cameras:
            poses = self.poses
            if later_s and camera.name in later_s:
                poses = self.path(self.times_s + later_s[camera.name])
            views += self.through(camera, poses)
        return views

    def through(self, camera: Camera, poses: np.ndarray) -> list[View]:
        eye = None
        if self.eyes is not None:
            own = np.random.default_rng([self.eyes, self.rig.names.index(camera.name), 11])
            eye = Eye(camera, self.target, self.times_s, poses, own)
        seen = [
            _seen(camera, k, pose, self.target, eye, self.sigma_px, self.random)
            for k, pose in enumerate(poses)
        ]
        return [view for view in seen if view is not None]


def _tape(rig: CameraRig, random: np.random.Generator) -> tuple[Length, ...]:
    """The distance of two cameras, measured with a tape to about 5 mm."""
    a, b = rig.cameras[0], rig.cameras[-1]
    true = float(np.linalg.norm(a.centre_m - b.centre_m))
    return (Length("tape", true + random.normal(0, 0.005), 0.005, between=(a.name, b.name)),)


def _flat(target: Target, poses: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The board always parallel to the wall, at one distance: focal lengths stay free."""
    flat = poses.copy()
    wall = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    for k in range(1, len(flat)):
        centre = np.array([*random.uniform(-0.6, 0.6, 1), 0.0, random.uniform(0.7, 1.6)])
        flat[k, :3, :3] = wall @ Rotation.from_euler("xyz", random.normal(0, 0.02, 3)).as_matrix()
        flat[k, :3, 3] = centre - flat[k, :3, :3] @ target.points_m.mean(0)
    return flat


def _planted(scene: _Scene, plain: Session, fault: Fault | None) -> Session:
    random, rig = scene.random, scene.rig
    names = list(rig.names)
    if fault in (None, "too few", "flat and far"):
        return replace(plain, views=tuple(scene.film()), fault=fault)
    blamed = str(random.choice(names))
    told = replace(plain, fault=fault, blamed=(blamed,))
    if fault == "time offset":
        late = float(random.choice([-1, 1]) * random.uniform(0.033, 0.12))
        return replace(told, views=tuple(scene.film({blamed: late})), amount=1000 * late)
    views = scene.film()
    if fault == "moved camera":
        at = int(len(scene.times_s) * random.uniform(0.3, 0.7))
        after = bumped(rig[blamed], random)
        kept = [v for v in views if v.camera != blamed or v.moment < at]
        kept += [v for v in scene.through(after, scene.poses) if v.moment >= at]
        return replace(told, views=tuple(kept), moment=at)
    if fault in ("bad view", "false board"):
        shared = {v.moment for v in views if v.camera != blamed} - {0}
        own = [v for v in views if v.camera == blamed and v.moment in shared]
        chosen = own[random.integers(len(own))]
        spoilt = _spoilt(chosen, scene, fault)
        views = [spoilt if view is chosen else view for view in views]
        return replace(told, views=tuple(views), moment=chosen.moment)
    if fault == "wrong size":
        share = float(random.choice([-1, 1]) * random.uniform(0.02, 0.1))
        wrong = Target(scene.target.name, scene.target.points_m * (1 + share))
        return replace(told, views=tuple(views), target=wrong, blamed=(), amount=share)
    if fault == "wrong zoom":
        matrix = rig[blamed].matrix.copy()
        share = float(random.choice([-1, 1]) * random.uniform(0.04, 0.25))
        matrix[[0, 1], [0, 1]] *= 1 + share
        given = _with(rig, replace(rig[blamed], matrix=matrix))
        return replace(told, views=tuple(views), given=given, amount=share)
    if fault == "disconnected":
        half = max(1, len(names) // 2)
        far = {v.moment for v in views if v.camera in names[:half]}
        views = [v for v in views if (v.camera in names[:half]) or v.moment not in far]
        lonely = [n for n in names if not any(v.camera == n for v in views)]
        return replace(told, views=tuple(views), blamed=tuple(lonely))
    other = str(random.choice([name for name in names if name != blamed]))
    pair = (blamed, other)
    if fault == "duplicate":
        copies = [replace(v, camera=other) for v in views if v.camera == blamed]
        given = _with(rig, replace(rig[blamed], name=other))
        kept = [v for v in views if v.camera != other]
        return replace(told, views=tuple(kept + copies), given=given, blamed=pair)
    at = int(len(scene.times_s) * random.uniform(0.3, 0.7)) if fault == "swapped later" else 0
    swap = {blamed: other, other: blamed}
    views = [
        replace(v, camera=swap.get(v.camera, v.camera)) if v.moment >= at else v for v in views
    ]
    return replace(told, views=tuple(views), blamed=pair, moment=at)


def bumped(camera: Camera, random: np.random.Generator) -> Camera:
    """The camera after somebody ran into its stand: 1 to 6 cm, half a degree to three."""
    way, axis = random.normal(size=3), random.normal(size=3)
    step = random.uniform(0.01, 0.06) * way / np.linalg.norm(way)
    turn = np.radians(random.uniform(0.5, 3.0)) * axis / np.linalg.norm(axis)
    rotation = Rotation.from_rotvec(turn).as_matrix() @ camera.rotation
    return replace(camera, rotation=rotation, translation_m=-rotation @ (camera.centre_m + step))


def _spoilt(view: View, scene: _Scene, fault: Fault) -> View:
    """A view that is wrong as a whole, or corners taken for others (a false board)."""
    random = scene.random
    if fault == "bad view":
        shift = random.normal(size=2)
        shift *= random.uniform(6, 25) / np.linalg.norm(shift)
        stretch = 1 + random.uniform(-0.04, 0.04)
        middle = view.xy_px.mean(0)
        return replace(view, xy_px=(view.xy_px - middle) * stretch + middle + shift)
    columns = int(np.flatnonzero(np.diff(scene.target.points_m[:, 1]) > 1e-9)[0]) + 1
    step = 1 if random.random() < 0.5 else columns
    same_row = (view.points % columns) + 1 < columns if step == 1 else np.full(len(view), True)
    legal = (view.points + step < len(scene.target.points_m)) & same_row
    return replace(view, points=view.points[legal] + step, xy_px=view.xy_px[legal])


def _with(rig: CameraRig, camera: Camera) -> CameraRig:
    return CameraRig(tuple(camera if c.name == camera.name else c for c in rig.cameras))
