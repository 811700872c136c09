"""Body and hands of a performance: found, lifted, turned into bones; at rest where unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from studio.core.types import Frame, Skeleton
from studio.human.layouts import layout
from studio.live.performing.limbs import Parts, limb_turns
from studio.live.performing.resting import resting
from studio.live.performing.turning import EYE, Turn
from studio.live.solving import Solver
from studio.perception.detector import Detector, Person2D

SEEN = 0.5
"""How sure the detector must be of a joint for its limb to be believed."""
_POINTS = layout("whole_body")
_PELVIS = "pelvis"
_FOLLOW_S, _RELAX_S = 0.06, 0.3
_GONE = (1e-3, 3.0)


@dataclass(frozen=True, eq=False)
class BodyNow:
    """The turns of the bones that were seen, by VRM's names, where the hips are (metres), and how
    surely hands and body were seen."""

    time_s: float
    turns: Mapping[str, Turn] = field(default_factory=dict)
    hips_m: tuple[float, float, float] | None = None
    hands: tuple[float, float] = (0.0, 0.0)
    body: float = 0.0


def _sure(person: Person2D, *points: str) -> float:
    return float(min(person.confidence[_POINTS.index(point)] for point in points))


class BodyPerformer:
    """Finds the main person of each picture and turns bones. For one thread; close it when done."""

    def __init__(self, make_detector: Callable[[], Detector], solver: Solver) -> None:
        self._detector, self._solver = make_detector(), solver
        self._stood_m: np.ndarray | None = None

    def close(self) -> None:
        """Free the networks."""
        self._detector.close()

    def perform(self, frame: Frame) -> BodyNow:
        """What is seen of the body in the next picture."""
        people = self._detector.detect(frame.rgb, frame.time_s)[:1]
        points = tuple(one.keypoints(frame.camera, frame.time_s) for one in people)
        skeletons = self._solver.solve(frame.time_s, points, {frame.camera: frame})
        if not people or not skeletons:
            return BodyNow(frame.time_s)
        return self._now(people[0], skeletons[0])

    def _now(self, person: Person2D, skeleton: Skeleton) -> BodyNow:
        body = _sure(person, "left_shoulder", "right_shoulder")
        if body < SEEN:
            return BodyNow(skeleton.time_s)
        hands = tuple(
            float(person.confidence[list(_POINTS.parts[f"{side}_hand"])].mean())
            for side in ("left", "right")
        )
        arms = [_sure(person, f"{s}_elbow", f"{s}_wrist") > SEEN for s in ("left", "right")]
        legs = _sure(person, "left_hip", "right_hip", "left_knee", "right_knee") > SEEN
        parts = Parts(
            legs, *arms, *(arm and sure > 0 for arm, sure in zip(arms, hands, strict=True))
        )
        turns = limb_turns(skeleton, parts)
        hips = skeleton.xyz_m[skeleton.layout.index(_PELVIS)]
        if self._stood_m is None or not legs:
            self._stood_m = hips
        x, y, z = (hips - self._stood_m).tolist()
        return BodyNow(
            skeleton.time_s, turns, (x, y, z) if legs else None, (hands[0], hands[1]), body
        )


class Follower:
    """Brings the turns that are shown after those that were last seen, picture by picture, and back
    to rest where nothing is seen: never a jump, whatever the pace of the two."""

    def __init__(self) -> None:
        self._shown: dict[str, Turn] = {}
        self._time_s: float | None = None

    def __call__(self, time_s: float, seen: Mapping[str, Turn]) -> dict[str, Turn]:
        """The turns that are shown at this time; bones at rest without a turn are left out."""
        rest = resting()
        step_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        first, self._time_s = self._time_s is None, time_s
        quick, slow = (1 - np.exp(-step_s / s) for s in (_FOLLOW_S, _RELAX_S))
        shown: dict[str, Turn] = {}
        for bone in {**rest, **self._shown, **seen}:
            goal = seen.get(bone, rest.get(bone, EYE))
            now = self._shown.get(bone, rest.get(bone, EYE))
            share = 1.0 if first else quick if bone in seen else slow
            turn = _between(now, goal, share)
            if bone in seen or bone in rest or np.abs(turn - EYE).max() > _GONE[0]:
                shown[bone] = turn
        self._shown = shown
        return shown


def _between(a: Turn, b: Turn, share: float) -> Turn:
    if share >= 1 or np.array_equal(a, b):
        return b
    return Slerp([0.0, 1.0], Rotation.from_matrix(np.stack([a, b])))(share).as_matrix()
