"""Where the cameras stand to each other, by consensus of shared moments.

Every shared moment says where two cameras stand to each other, up to four times where the target
is flat and each saw a pose and its twin. A wrong twin says something else at each moment, the
right one the same at all: hypotheses are counted by how well they predict what either camera saw.
Cameras are placed one by one, the best agreed first, against all that stand already, so that a
third camera decides where two cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.core.frames import world_from
from studio.vision.calibration import lens as optics
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.planar import Twins, at_home
from studio.vision.calibration.resect import moment_costs, resect
from studio.vision.calibration.state import State
from studio.vision.rotations import inverse, nearest, rigid

_CORNERS = 8
_MOMENTS = 24
_CAP_PX = 8.0
_SURE = 8
_WITNESSES = 3


@dataclass(frozen=True)
class Pair:
    """Two cameras and the moments at which both saw the target."""

    first: str
    second: str
    moments: tuple[int, ...]


def shared_moments(cameras: tuple[str, ...], seen: Mapping[str, set[int]]) -> tuple[Pair, ...]:
    """All pairs of cameras that share moments."""
    pairs: list[Pair] = []
    for i, first in enumerate(cameras):
        for second in cameras[i + 1 :]:
            both = seen.get(first, set()) & seen.get(second, set())
            if both:
                pairs.append(Pair(first, second, tuple(sorted(both))))
    return tuple(pairs)


def groups(cameras: tuple[str, ...], pairs: tuple[Pair, ...]) -> list[list[str]]:
    """Cameras that are joined by shared moments, directly or by way of others; largest first."""
    group = {name: {name} for name in cameras}
    for pair in pairs:
        joined = group[pair.first] | group[pair.second]
        for name in joined:
            group[name] = joined
    found = {id(members): sorted(members, key=cameras.index) for members in group.values()}
    return sorted(found.values(), key=len, reverse=True)


def require_connected(cameras: tuple[str, ...], seen: Mapping[str, set[int]]) -> None:
    """Raise StudioError that names which cameras share no views."""
    apart = groups(cameras, shared_moments(cameras, seen))
    if len(apart) < 2:
        return
    parts = " | ".join(", ".join(members) for members in apart)
    raise StudioError(
        f"The cameras fall into {len(apart)} groups that never saw the target together: {parts}.",
        f"Wave the target where {apart[0][-1]} and {apart[1][0]} both see it, and calibrate again.",
    )


@dataclass(frozen=True, eq=False)
class _Sights:
    """A few corners of each view, for judging hypotheses quickly."""

    points: Float[np.ndarray, "views corners 3"]
    xy: Float[np.ndarray, "views corners 2"]


def _corners(o: Observations) -> _Sights:
    """The points of each view that lie furthest out in eight directions; one may count twice."""
    count = np.fmax(o.seen.sum(1), 1)[:, None]
    middle = o.xy_px - (o.xy_px.sum(1) / count)[:, None]
    angles = np.arange(_CORNERS) * 2 * np.pi / _CORNERS
    out = middle @ np.stack([np.cos(angles), np.sin(angles)])
    chosen = np.where(o.seen[..., None], out, -np.inf).argmax(1)
    rows = np.arange(len(o))[:, None]
    return _Sights(o.points_m[rows, chosen], o.xy_px[rows, chosen])


@dataclass(frozen=True, eq=False)
class _Hypothesis:
    """Where a camera may stand (world to camera), how many moments agree, of how many, and by how
    much better they are explained than not at all."""

    agree: int
    shared: int
    gain: float
    pose: Float[np.ndarray, "4 4"] | None

    @property
    def sure(self) -> bool:
        """Whether it need not wait for what further cameras say."""
        return self.agree >= _SURE and self.agree >= 0.7 * self.shared


class _Placing:
    """Cameras placed so far, and the target's poses (one or two each) at the moments they saw."""

    def __init__(self, o: Observations, s: State, twins: Twins) -> None:
        self.o, self.s, self.twins = o, at_home(s), twins
        keys = zip(o.camera.tolist(), o.moment.tolist(), strict=True)
        self.row = {key: row for row, key in enumerate(keys)}
        self.known = np.isfinite(twins.rms_px)
        self.sights = _corners(o)
        self.pose: dict[int, np.ndarray] = {}
        self.target: dict[int, list[np.ndarray]] = {}

    def candidates(self, row: int) -> list[np.ndarray]:
        """The poses that one view allows, in its camera's axes."""
        return [self.twins.pose[row, twin] for twin in range(2) if self.known[row, twin]]

    def loss(self, rows: np.ndarray, poses: np.ndarray) -> np.ndarray:
        """Capped mean squared error (n,) of the target at poses (n, 4, 4), each in the view (n,)
        of its row."""
        out = np.empty(len(rows))
        cameras = self.o.camera[rows]
        for camera in np.unique(cameras):
            own = np.flatnonzero(cameras == camera)
            arm = poses[own, :3, :3] @ np.swapaxes(self.sights.points[rows[own]], -1, -2)
            x, y, z = np.swapaxes(arm + poses[own, :3, 3:], 0, 1)
            u, v = optics.pixel_planes(self.s.lenses[camera], self.s.values[camera], x, y, z)
            seen = self.sights.xy[rows[own]]
            off = ((u - seen[..., 0]) ** 2 + (v - seen[..., 1]) ** 2).mean(-1)
            out[own] = np.fmin(np.where(np.isfinite(off), off, np.inf), _CAP_PX**2)
        return out

    def start(self, camera: int) -> None:
        """The first camera: its own axes are the world."""
        self.pose[camera] = np.eye(4)
        for (c, moment), row in self.row.items():
            if c == camera and (found := self.candidates(row)):
                self.target[moment] = found

    def hypothesis(self, camera: int) -> _Hypothesis:
        """The best pose of a camera by the moments that it shares with those placed."""
        shared = [
            (row, self.target[m])
            for (c, m), row in self.row.items()
            if c == camera and m in self.target and self.candidates(row)
        ]
        if not shared:
            return _Hypothesis(0, 0, 0.0, None)
        spread = np.unique(np.linspace(0, len(shared) - 1, min(len(shared), _MOMENTS)).astype(int))
        shared = [shared[i] for i in spread]
        proposed = np.stack([
            own @ inverse(known)
            for row, targets in shared
            for own in self.candidates(row)
            for known in targets
        ])  # fmt: skip
        losses = self.losses(shared, proposed)
        best = int(losses.sum(0).argmin())
        agree = losses[:, best] < (_CAP_PX / 2) ** 2
        pose, least = proposed[best], losses[:, best]
        averaged = self._averaged(shared, pose, agree)
        tried = self.losses(shared, averaged[None])[:, 0]
        if tried.sum() < least.sum():
            pose, least = averaged, tried
        gain = float(len(shared) * _CAP_PX**2 - least.sum())
        return _Hypothesis(int(agree.sum()), len(shared), gain, pose)

    def losses(self, shared: list[tuple[int, list[np.ndarray]]], poses: np.ndarray) -> np.ndarray:
        """(moments, hypotheses): the better of the target's poses, seen from either side."""
        rows: list[int] = []
        posed: list[np.ndarray] = []
        home = inverse(poses)
        shares: list[tuple[int, list[int]]] = []
        for row, targets in shared:
            moment = int(self.o.moment[row])
            by = [self.row[c, moment] for c in self.pose if (c, moment) in self.row][:_WITNESSES]
            own = self.candidates(row)
            rows += [row] * len(targets) + by * len(own)
            posed += [poses @ known for known in targets]
            posed += [self.pose[int(self.o.camera[r])] @ home @ one for one in own for r in by]
            shares.append((len(targets), [len(own), len(by)]))
        count = len(poses)
        found = self.loss(np.repeat(rows, count), np.concatenate(posed)).reshape(-1, count)
        out, at = np.empty((len(shared), count)), 0
        for i, (forward, backward) in enumerate(shares):
            ahead = found[at : at + forward].min(0)
            at += forward
            back = found[at : at + backward[0] * backward[1]].reshape(*backward, count)
            at += backward[0] * backward[1]
            out[i] = (ahead + back.mean(1).min(0)) / 2
        return out

    def _averaged(
        self, shared: list[tuple[int, list[np.ndarray]]], guess: np.ndarray, agree: np.ndarray
    ) -> np.ndarray:
        """The mean of what agreeing moments say, each by its candidate nearest to the guess."""
        near: list[np.ndarray] = []
        for (row, targets), good in zip(shared, agree, strict=True):
            if good:
                said = np.stack(
                    [own @ inverse(known) for own in self.candidates(row) for known in targets]
                )
                away = np.linalg.norm(said[:, :3, :3] - guess[:3, :3], axis=(1, 2))
                near.append(said[away.argmin()])
        if not near:
            return guess
        said = np.stack(near)
        turn = nearest(said[:, :3, :3].sum(0))
        return rigid(turn, np.median(said[:, :3, 3], axis=0))

    def place(self, camera: int, pose: np.ndarray) -> None:
        """Add a camera; poses of the target that both it and the others doubt are settled."""
        self.pose[camera] = pose
        home = inverse(pose)
        doubted: list[tuple[int, list[np.ndarray], list[int]]] = []
        for (c, moment), row in self.row.items():
            if c != camera:
                continue
            options = [home @ own for own in self.candidates(row)] + self.target.get(moment, [])
            rows = [self.row[k, moment] for k in self.pose if (k, moment) in self.row]
            if len(rows) > 1 and options:
                doubted.append((moment, options, rows))
            elif options:
                self.target[moment] = options
        if not doubted:
            return
        rows = [row for _, options, seen in doubted for row in seen * len(options)]
        worlds = [one for _, options, seen in doubted for one in options for _ in seen]
        extrinsics = np.stack([self.pose[int(self.o.camera[row])] for row in rows])
        found, at = self.loss(np.array(rows), extrinsics @ np.stack(worlds)), 0
        for moment, options, seen in doubted:
            total = found[at : at + len(options) * len(seen)].reshape(len(options), -1).sum(1)
            self.target[moment] = [options[int(total.argmin())]]
            at += len(options) * len(seen)


def place_cameras(o: Observations, s: State, twins: Twins) -> State:
    """Poses of all cameras and of the target. The world has the first camera at its origin, looking
    along +Y with its picture's up along +Z, until a floor is known.

    Assumes a connected graph of pairs. Moments whose views allow no pose keep NaN.
    """
    count = len(o.cameras)
    placing = _Placing(o, s, twins)
    placing.start(_seed(o))
    while len(placing.pose) < count:
        tried = {c: placing.hypothesis(c) for c in range(count) if c not in placing.pose}
        sure = [c for c, found in tried.items() if found.sure]
        best = max(tried, key=lambda c: (tried[c].agree, tried[c].gain))
        for camera in sure or [best]:
            pose = tried[camera].pose
            if pose is None:
                left = ", ".join(o.cameras[c] for c in tried)
                raise StudioError(
                    f"No moment shows clearly enough how {left} stand to the other cameras.",
                    "Show the whole target to both at once, larger in the picture and tilted.",
                )
            placing.place(camera, pose)
    datum = inverse(placing.pose[0]) @ rigid(world_from("-y").T, np.zeros(3))
    extrinsics = np.stack([placing.pose[c] @ datum for c in range(count)])
    targets = np.full((len(o.moments), 4, 4), np.nan)
    for moment, poses in placing.target.items():
        targets[moment] = inverse(datum) @ poses[0]
    rotation = extrinsics[:, :3, :3]
    return State(
        s.lenses,
        s.terms,
        s.values,
        rotation,
        -(np.swapaxes(rotation, -1, -2) @ extrinsics[:, :3, 3:])[..., 0],
        targets[:, :3, :3],
        targets[:, :3, 3],
    )


def _seed(o: Observations) -> int:
    """The camera that shares the most moments with others."""
    views = np.bincount(o.moment, minlength=len(o.moments))
    shared = np.bincount(o.camera, views[o.moment] - 1.0, len(o.cameras))
    return int(shared.argmax())


def settle_twins(o: Observations, s: State, twins: Twins, knee_px: float) -> State:
    """Every moment's pose again: from the state's own and from all that the views propose, the
    one that all cameras together like best, refined."""
    best, least = s.targets, _finite_costs(o, s, knee_px)
    homes = inverse(s.extrinsics)
    for camera in range(len(o.cameras)):
        rows = o.of_camera(camera)
        for twin in range(2):
            targets = best.copy()
            proposed = homes[camera] @ twins.pose[rows, twin]
            there = np.isfinite(twins.rms_px[rows, twin])
            targets[o.moment[rows][there]] = proposed[there]
            costs = _finite_costs(o, s.with_targets(targets), knee_px)
            better = costs < least
            best = np.where(better[:, None, None], targets, best)
            least = np.where(better, costs, least)
    return resect(o, s.with_targets(best), knee_px=knee_px)


def _finite_costs(o: Observations, s: State, knee_px: float) -> np.ndarray:
    costs = moment_costs(o, s, knee_px)
    return np.where(np.isfinite(costs), costs, np.inf)
