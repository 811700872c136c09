"""Several people followed in 3D: predicted, matched in every camera, solved, matched again.

Each person goes on with constant velocity; where the next picture should show them decides, view
by view, which detection is theirs (Hungarian). The points solved from all views then judge the
views: one that disagrees is taken back and offered to the others. Detections that nobody claims
may be somebody new (:mod:`studio.vision.people.hypotheses`). Known from Chen et al., “Cross-view
tracking for multi-human 3D pose estimation at over 100 FPS” (CVPR 2020), with mutual occlusion,
left and right, and missing evidence added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment

from studio.vision.people.affinity import covered, fit_people
from studio.vision.people.hypotheses import Hypothesis, propose, should_see, support
from studio.vision.people.seen import Seen
from studio.vision.people.solve import solve

GATE_M = 0.22
LOST_S = 0.4
"""Somebody whom no two cameras saw for this long is gone; whoever comes is matched anew."""
_HIDDEN_M = 0.08
"""Somebody hidden by another must fit so much better to get a detection before that other."""
_SAME_TRACK_M = 0.02
_SAME_M, _SAME_FRAMES = 0.17, 5
_KEPT_JOINT = 10
"""For so many frames a joint that nobody agrees on goes on where it was heading."""


@dataclass(eq=False)
class Track:
    """Somebody while they are followed; the lists hold what was found, frame by frame.

    ``evidence`` is views that agree, less those that should and do not, less one.
    """

    xyz_m: Float[np.ndarray, "joints 3"]
    speed: Float[np.ndarray, "joints 3"]
    age: Int[np.ndarray, " joints"]
    last: Int[np.ndarray, " views"]
    lost_s: float = 0.0
    twin: int = 0
    frames: list[int] = field(default_factory=list)
    places: list[np.ndarray] = field(default_factory=list)
    mirrored: list[np.ndarray] = field(default_factory=list)
    points: list[np.ndarray] = field(default_factory=list)
    evidence: list[float] = field(default_factory=list)
    margin: list[float] = field(default_factory=list)

    def predict(self, step_s: float) -> np.ndarray:
        """Where the joints should be after a time."""
        return self.xyz_m + 0.9 * step_s * self.speed

    def update(self, xyz: np.ndarray, predicted: np.ndarray, step_s: float) -> None:
        """Take in what was solved (NaN where nothing was)."""
        found = np.isfinite(xyz[:, 0])
        known = found & np.isfinite(self.xyz_m[:, 0]) & (self.age == 0)
        if known.any():
            moved = (xyz - self.xyz_m) / max(step_s, 1e-6)
            body = np.median(moved[known], axis=0)
            new = np.where(known[:, None], 0.5 * moved + 0.5 * body, body)
            self.speed = 0.6 * self.speed + 0.4 * new
        self.age = np.where(found, 0, self.age + 1)
        kept = np.where((self.age <= _KEPT_JOINT)[:, None], predicted, np.nan)
        self.xyz_m = np.where(found[:, None], xyz, kept)

    def exchange(self, other: Track, frame: int) -> None:
        """Give all that was found from a frame on to another, and take theirs."""
        mine, theirs = (int(np.searchsorted(t.frames, frame)) for t in (self, other))
        for name in ("frames", "places", "mirrored", "points", "evidence", "margin"):
            own, its = getattr(self, name), getattr(other, name)
            setattr(self, name, own[:mine] + its[theirs:])
            setattr(other, name, its[:theirs] + own[mine:])


@dataclass(eq=False)
class Follower:
    """Follows everybody through a take, frame by frame; finished tracks gather in ``done``."""

    seen: Seen
    live: list[Track] = field(default_factory=list)
    done: list[Track] = field(default_factory=list)

    def run(self, check: Callable[[float], object] = lambda fraction: None) -> list[Track]:
        """All frames; every track that ever was."""
        frames = len(self.seen.times_s)
        for frame in range(frames):
            if frame % 8 == 0:
                check(frame / frames)
            self.step(frame)
        self.done += self.live
        self.live = []
        return self.done

    def step(self, frame: int) -> None:
        """Match and solve one frame."""
        seen = self.seen
        step_s = float(seen.times_s[frame] - seen.times_s[frame - 1]) if frame else 0.0
        free = seen.there[frame].copy()
        if self.live:
            self._go_on(frame, step_s, free)
        known = np.array([t.xyz_m for t in self.live]).reshape(-1, len(seen.joints), 3)
        for new in propose(seen, frame, free, known):
            if not self._is_known(new.xyz_m):
                self._begin(frame, new)
        self._drop_twins()

    def _go_on(self, frame: int, step_s: float, free: Bool[np.ndarray, "views places"]) -> None:
        """Match the live tracks; what they claim is no longer ``free``."""
        seen, live = self.seen, self.live
        predicted = np.stack([t.predict(step_s) for t in live])
        last = np.stack([t.last for t in live], 1)
        places, mirrored, _ = self._match(frame, predicted, last, free)
        xyz, off = solve(seen, frame, places, mirrored, predicted)
        better = np.where(np.isfinite(xyz), xyz, predicted)
        again, mirrored_again, margin = self._match(frame, better, last, free)
        if (again != places).any() or (mirrored_again != mirrored).any():
            places, mirrored = again, mirrored_again
            xyz, off = solve(seen, frame, places, mirrored, better)
        agree = support(off)
        firm = np.isfinite(xyz[..., 0]).sum(1) >= 3
        # A view that disagrees while others agree shows somebody else.
        wrong = (agree < 0.15).T & (places >= 0) & firm[:, None]
        places = np.where(wrong, -1, places)
        missed = should_see(seen, np.where(np.isfinite(xyz), xyz, predicted)) & (agree < 0.15)
        evidence = agree.sum(0) - missed.sum(0) - 1.0
        gone: list[Track] = []
        for row, track in enumerate(live):
            claimed = np.flatnonzero(places[row] >= 0)
            free[claimed, places[row, claimed]] = False
            track.last[claimed] = seen.track[frame, claimed, places[row, claimed]]
            track.update(xyz[row] if firm[row] else np.full_like(xyz[row], np.nan),
                         predicted[row], step_s)  # fmt: skip
            track.lost_s = 0.0 if firm[row] else track.lost_s + step_s
            if firm[row]:
                _keep(track, frame, places[row], mirrored[row], xyz[row], float(evidence[row]),
                      float(margin[row]))  # fmt: skip
            elif track.lost_s > LOST_S or not np.isfinite(track.xyz_m).any():
                gone.append(track)
        self.done += gone
        self.live = [track for track in live if track not in gone]

    def _match(
        self, frame: int, xyz_m: np.ndarray, last: np.ndarray, free: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which place of each view is whose (people, views), whether mirrored, and by how much
        each person's places fit better than to the next person (metres, the mean of views)."""
        seen = self.seen
        cost, mirrored = fit_people(seen, frame, xyz_m)
        cost = cost + _HIDDEN_M * covered(seen, xyz_m)[..., None]
        same = (seen.track[frame][:, None] == last[..., None]) & (last >= 0)[..., None]
        cost = np.where(free[:, None], cost - _SAME_TRACK_M * same, np.inf)
        people = len(xyz_m)
        places = np.full((people, seen.views), -1)
        turn = np.zeros((people, seen.views), bool)
        margin, counted = np.zeros(people), np.zeros(people)
        for view in range(seen.views):
            bounded = np.where(cost[view] < GATE_M, cost[view], 10.0)
            rows, columns = linear_sum_assignment(bounded)
            for row, column in zip(rows, columns, strict=True):
                if bounded[row, column] < GATE_M:
                    places[row, view] = column
                    turn[row, view] = mirrored[view, row, column]
                    rest = np.delete(cost[view, :, column], row)
                    nearest = float(rest.min(initial=2 * GATE_M))
                    margin[row] += min(nearest, 2 * GATE_M) - cost[view, row, column]
                    counted[row] += 1
        return places, turn, margin / np.fmax(counted, 1)

    def _begin(self, frame: int, new: Hypothesis) -> None:
        track = Track(
            new.xyz_m, np.zeros_like(new.xyz_m),
            np.where(np.isfinite(new.xyz_m[:, 0]), 0, _KEPT_JOINT), np.full(self.seen.views, -1),
        )  # fmt: skip
        views = np.flatnonzero(new.places >= 0)
        track.last[views] = self.seen.track[frame, views, new.places[views]]
        _keep(track, frame, new.places, new.mirrored, new.xyz_m, new.score - 1.0, 2 * GATE_M)
        self.live.append(track)

    def _is_known(self, xyz_m: np.ndarray) -> bool:
        return any(apart_m(track.xyz_m, xyz_m) < 1.5 * _SAME_M for track in self.live)

    def _drop_twins(self) -> None:
        """Of two tracks that are one person for some frames, the one with less behind it goes."""
        for i, one in enumerate(self.live):
            for other in self.live[:i]:
                if apart_m(one.xyz_m, other.xyz_m) >= _SAME_M:
                    continue
                less = min(one, other, key=lambda t: (len(t.frames), sum(t.evidence)))
                less.twin += 1
        over = [track for track in self.live if track.twin >= _SAME_FRAMES]
        for track in over:
            for kept in (track.frames, track.places, track.mirrored, track.points,
                         track.evidence, track.margin):  # fmt: skip
                del kept[-_SAME_FRAMES:]
        self.done += [track for track in over if track.frames]
        self.live = [track for track in self.live if track not in over]


def _keep(
    track: Track,
    frame: int,
    places: np.ndarray,
    mirrored: np.ndarray,
    xyz: np.ndarray,
    evidence: float,
    margin: float,
) -> None:
    track.frames.append(frame)
    track.places.append(places)
    track.mirrored.append(mirrored)
    track.points.append(xyz)
    track.evidence.append(evidence)
    track.margin.append(margin)


def apart_m(a: Float[np.ndarray, "joints 3"], b: Float[np.ndarray, "joints 3"]) -> float:
    """The mean distance of two people's joints; infinite if they share under four."""
    off = np.linalg.norm(a - b, axis=-1)
    off = off[np.isfinite(off)]
    return float(off.mean()) if len(off) >= 4 else np.inf
