"""Several people in one scene: how they walk, cross, embrace and leave, as points over time.

No picture is rendered: association across cameras is measured on points, occlusion included
(:mod:`studio.synth.crowd_seen`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from studio.core.types import CameraRig, Layout
from studio.human.keypoints import needed_vertices, sources
from studio.human.layouts import layout as find_layout
from studio.human.rig import BONE_NAMES
from studio.synth.cast import random_phenotype, random_score
from studio.synth.factory.poses import Foot, Pose, mixed, turned, turns_of
from studio.synth.figure import Figure, carry, make_figure, skin
from studio.synth.posing import Arm, Stance
from studio.synth.take import perform
from studio.vision.ring import look_at

RATE_HZ = 30.0
LAYOUT = "halpe_26"
KINDS = ("acting", "crossing", "embracing", "circling", "leaving")
HARDER = ("milling",)
"""Kinds that are long, and of which only every third moment is given: 10 a second."""
_FRAMES = {"leaving": 300, "milling": 720}
_SPARSE = 3
_AWAY_M = 6.5
_STRIDE_M = 1.3
_CAST = 24
_EMBRACE = Arm((0.15, -0.85, -0.15), (-0.35, -0.9, 0.15), 0.0)

Way = tuple[np.ndarray, np.ndarray]
"""Where a walker is over time (frames, 2), and how much the arms embrace (frames,)."""


@dataclass(frozen=True, eq=False)
class CrowdScene:
    """People of a scene over time, and the cameras around them."""

    kind: str
    rig: CameraRig
    times_s: Float[np.ndarray, " frames"]
    layout: Layout
    xyz_m: Float[np.ndarray, "people frames points 3"]


def make_scene(
    kind: str, people: int, cameras: int, seed: int, frames: int | None = None
) -> CrowdScene:
    """A scene of one of the :data:`KINDS`, 6 or (leaving) 10 s; the same seed, the same scene.

    People have different builds; at 30 frames a second they act on their spots, cross each
    other's ways, embrace, walk around each other, or leave the pictures and come back. In the
    :data:`HARDER` kind people of like height walk to and fro for 24 s and stand; most go away for
    long and come back another way.
    ``frames`` are 30 a second in every kind.
    """
    rng = np.random.default_rng(((*KINDS, *HARDER).index(kind), people, cameras, seed))
    every = _SPARSE if kind in HARDER else 1
    times = np.arange(frames or _FRAMES.get(kind, 180)) / RATE_HZ
    who = _alike(people, rng) if kind in HARDER else rng.permutation(_CAST)[:people]
    figures = [_figure(int(number)) for number in who]
    if kind == "acting":
        points = [_acts(figure, spot, rng, times) for figure, spot in zip(
            figures, _spots(people, rng), strict=True)]  # fmt: skip
    else:
        paths = _PATHS[kind](people, times, rng)
        points = [_walks(f, p, times, rng, every) for f, p in zip(figures, paths, strict=True)]
    rig, layout = _rig(cameras, rng), find_layout(LAYOUT)
    return CrowdScene(kind, rig, times[::every], layout, np.stack(points))


@lru_cache(maxsize=_CAST)
def _figure(who: int) -> Figure:
    return make_figure(**random_phenotype(np.random.default_rng((77, who))))


def _alike(people: int, rng: np.random.Generator) -> np.ndarray:
    """Members of the cast who are about as tall."""
    tall = [random_phenotype(np.random.default_rng((77, who)))["height"] for who in range(_CAST)]
    first = int(rng.integers(_CAST - people + 1))
    return np.argsort(tall)[first : first + people]


@lru_cache(maxsize=1)
def _recipe() -> tuple[np.ndarray, tuple[tuple[tuple[float, str, int], ...], ...]]:
    """The vertices that the layout needs, and every point as a sum of bones and those vertices."""
    layout = find_layout(LAYOUT)
    ids = needed_vertices(layout)
    at = {int(v): i for i, v in enumerate(ids)}
    rows = tuple(
        tuple(
            (weight, kind, BONE_NAMES.index(str(which)) if kind == "bone" else at[int(which)])
            for weight, kind, which in sources(name)
        )
        for name in layout.points
    )
    return ids, rows


def _points(figure: Figure, root_m: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The layout's points (n, 3) of a figure in a pose."""
    ids, rows = _recipe()
    carried = carry(figure, root_m, turns)
    vertices = skin(figure.vertices_m[ids], figure.weights[ids], carried)
    heads = (carried @ figure.bones_world)[:, :3, 3]
    return np.array(
        [sum(w * (heads if kind == "bone" else vertices)[at] for w, kind, at in row)
         for row in rows]
    )  # fmt: skip


def _acts(
    figure: Figure, spot: np.ndarray, rng: np.random.Generator, times: np.ndarray
) -> np.ndarray:
    """Somebody who stays about a spot and moves there."""
    poses = perform(figure, random_score(rng, int(times[-1]) + 2), times)
    yaw, to = float(rng.uniform(-180, 180)), (float(spot[0]), float(spot[1]))
    return np.stack(
        [
            _points(figure, *turned(root, turns, yaw, to))
            for root, turns in zip(poses.root_m, poses.turns, strict=True)
        ]
    )


def _walks(
    figure: Figure, path: Way, times: np.ndarray, rng: np.random.Generator, every: int
) -> np.ndarray:
    """Somebody who goes along a path, facing where it leads; every so many moments of it."""
    xy, embrace = path
    step = np.gradient(xy, times, axis=0)
    speed = np.linalg.norm(step, axis=1)
    phase = 2 * np.pi * np.cumsum(speed) / RATE_HZ / _STRIDE_M + rng.uniform(0, 2 * np.pi)
    # Facing -Y at rest; somebody who stands goes on facing where they were going.
    way = np.where((speed > 0.15)[:, None], step, np.nan)
    known = np.flatnonzero(np.isfinite(way[:, 0]))
    yaw = np.unwrap(np.arctan2(way[known, 0], -way[known, 1]))
    yaw = gaussian_filter1d(np.interp(np.arange(len(xy)), known, yaw), 4)
    lean = rng.normal(0, 4, 2)
    out: list[np.ndarray] = []
    for frame in range(0, len(times), every):
        pose = _gait(phase[frame], min(speed[frame], 1.6), embrace[frame], lean)
        root, turns = turns_of(figure, pose)
        spot = float(xy[frame, 0]), float(xy[frame, 1])
        out.append(_points(figure, *turned(root, turns, float(np.degrees(yaw[frame])), spot)))
    return np.stack(out)


def _gait(phase: float, speed: float, embrace: float, lean: np.ndarray) -> Pose:
    """A moment of a walk: the feet stay where they are set down."""
    share = min(speed / 1.2, 1.0)
    swing, lift = float(np.cos(phase)), float(np.sin(phase))
    long = share * _STRIDE_M / 4

    def foot(ahead: float, lifts: float) -> Foot:
        return Foot(0.09, -long * ahead, 7, 20 * share * max(-ahead, 0), 0.10 * share * lifts)

    def arm(ahead: float) -> Arm:
        ahead = ahead * share
        free = Arm((0.16, -0.5 * ahead, -1.0), (0.06, -0.35 - 0.4 * ahead, -1.0), -10)
        return mixed(free, _EMBRACE, embrace) if embrace > 0 else free

    stance = Stance(
        pelvis=(3, -5 * swing * share, 2 * lift * share), spine=(2, 8 * swing * share, 0),
        head=(float(lean[0]), float(lean[1]), 0), left=arm(-swing), right=arm(swing),
    )  # fmt: skip
    return Pose("walk", stance, foot(swing, max(-lift, 0)), foot(-swing, max(lift, 0)))


def _spots(people: int, rng: np.random.Generator) -> np.ndarray:
    spots = [rng.normal(0, 0.3, 2)]
    while len(spots) < people:
        spot = rng.uniform(-1.5, 1.5, 2)
        if all(np.linalg.norm(spot - other) > 0.7 for other in spots):
            spots.append(spot)
    return np.array(spots)


def _through(at_s: list[float], points: list[np.ndarray], times: np.ndarray) -> np.ndarray:
    """A smooth way through points, on foot."""
    way = PchipInterpolator(at_s, np.array(points))(np.clip(times, at_s[0], at_s[-1]))
    return gaussian_filter1d(way, 5, axis=0, mode="nearest")


def _beside(direction: np.ndarray) -> np.ndarray:
    return np.array([-direction[1], direction[0]])


def _direction(angle: float | np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def _crossing(people: int, times: np.ndarray, rng: np.random.Generator) -> list[Way]:
    """Everybody through the middle and back, all at about the same time."""
    end, first = float(times[-1]), rng.uniform(0, 2 * np.pi)
    paths: list[Way] = []
    for person in range(people):
        way = _direction(first + person * (np.pi if people == 2 else 2 * np.pi / people)
                         + rng.normal(0, 0.25))  # fmt: skip
        aside = _beside(way) * rng.choice([-1, 1]) * rng.uniform(0.18, 0.35)
        late, far = rng.normal(0, 0.15), rng.uniform(1.4, 1.9)
        middle = [0.27 * end + late, 0.73 * end + late]
        xy = _through(
            [0.0, middle[0], 0.5 * end, middle[1], end],
            [-far * way, aside, far * way, -aside, -far * way], times,
        )  # fmt: skip
        paths.append((xy, np.zeros(len(times))))
    return paths


def _embracing(people: int, times: np.ndarray, rng: np.random.Generator) -> list[Way]:
    """Two meet in the middle, embrace, and go on or back; others walk round them."""
    end, way = float(times[-1]), _direction(rng.uniform(0, 2 * np.pi))
    near, passes = rng.uniform(0.17, 0.22), bool(rng.random() < 0.5)
    paths: list[Way] = []
    for sign in (1.0, -1.0):
        far = sign * rng.uniform(1.4, 1.8) * way
        aside = sign * 0.3 * _beside(way)
        out = -far if passes else far
        held = [0.36 * end, 0.58 * end]
        points = [far, sign * near * way, sign * near * way, aside if passes else 0.6 * far, out]
        xy = _through([0.0, *held, 0.7 * end, end], points, times)
        embrace = np.interp(times, [held[0] - 0.3, held[0], held[1], held[1] + 0.3], [0, 1, 1, 0])
        paths.append((xy, embrace))
    return paths + _circling(people - 2, times, rng, 1.2)


def _circling(
    people: int, times: np.ndarray, rng: np.random.Generator, least_m: float = 0.45
) -> list[Way]:
    """Round the middle on circles, some one way, some the other."""
    paths: list[Way] = []
    for person in range(people):
        radius = least_m + 0.4 * person + rng.uniform(0, 0.1)
        speed = rng.uniform(0.8, 1.3) * rng.choice([-1, 1]) / radius
        angle = rng.uniform(0, 2 * np.pi) + speed * times
        paths.append((radius * _direction(angle), np.zeros(len(times))))
    return paths


def _leaving(people: int, times: np.ndarray, rng: np.random.Generator) -> list[Way]:
    """The first walks out of all pictures and comes back; the others walk on."""
    end, way = float(times[-1]), _direction(rng.uniform(0, 2 * np.pi))
    gone = 6.0 * way
    start = -rng.uniform(0.6, 1.2) * way + 0.3 * _beside(way)
    back = rng.uniform(-0.8, 0.8, 2)
    xy = _through([0.0, 0.38 * end, 0.55 * end, end], [start, gone, gone, back], times)
    return [(xy, np.zeros(len(times))), *_circling(people - 1, times, rng)]


def _milling(people: int, times: np.ndarray, rng: np.random.Generator) -> list[Way]:
    """Everybody to and fro in the middle, standing now and then; most go away for a while."""
    end = float(times[-1])
    paths: list[Way] = []
    for _ in range(people):
        at, now = rng.uniform(-1.4, 1.4, 2), 0.0
        at_s, points = [now], [at]
        away = rng.uniform(0.2, 0.5) * end if rng.random() < 0.75 else np.inf
        while now < end:
            stops = [rng.uniform(-1.4, 1.4, 2)]
            stays = rng.uniform(0.05, 1.2)
            if now > away:
                door, turn = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1]) * rng.uniform(1.0, 2.5)
                stops = [
                    _AWAY_M * _direction(door + share * turn) for share in np.linspace(0, 1, 5)
                ]
                away = np.inf
            for stop in stops:
                now += max(float(np.linalg.norm(stop - at)) / rng.uniform(0.8, 1.5), 0.3)
                at_s.append(now)
                points.append(stop)
                at = stop
            now += stays
            at_s.append(now)
            points.append(at)
        paths.append((_through(at_s, points, times), np.zeros(len(times))))
    return paths


_PATHS: dict[str, Callable[[int, np.ndarray, np.random.Generator], list[Way]]] = {
    "crossing": _crossing, "embracing": _embracing, "circling": _circling, "leaving": _leaving,
    "milling": _milling,
}  # fmt: skip


def _rig(cameras: int, rng: np.random.Generator) -> CameraRig:
    """Cameras around the middle, 1280 x 720, at different heights and distances."""
    first = rng.uniform(0, 2 * np.pi)
    made = []
    for index in range(cameras):
        angle = first + 2 * np.pi * (index + rng.uniform(-0.25, 0.25)) / cameras
        centre = np.array([*(rng.uniform(4.2, 5.4) * _direction(angle)), rng.uniform(1.1, 2.8)])
        target = np.array([*rng.normal(0, 0.15, 2), rng.uniform(0.8, 1.1)])
        made.append(look_at(f"cam{index + 1}", centre, target, rng.uniform(780, 900), (1280, 720)))
    return CameraRig(tuple(made))
