"""Body and hands of a performance: found, lifted, turned into bones; at rest where unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Frame, Skeleton
from studio.human.layouts import layout
from studio.live.performing.limbs import Parts, head_of, limb_turns
from studio.live.performing.resting import resting
from studio.live.solving import Solver
from studio.live.turning import EYE, Turn, slerp
from studio.perception.detector import Detector, Person2D

SEEN = 0.5
"""How sure the detector must be of a joint for its limb to be believed."""
_POINTS = layout("whole_body")
_PELVIS, _HEAD = "pelvis", ("nose", "left_ear", "right_ear")
_FOLLOW_S, _RELAX_S = 0.06, 0.3
_GONE = 1e-3
Place = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class BodyNow:
    """The turns of the bones that were seen, by VRM's names, how the head seems to stand in the
    world by its eyes, ears and nose (yaw, pitch, roll; degrees), where the hips are (metres), and
    how surely hands and body were seen."""

    time_s: float
    turns: Mapping[str, Turn] = field(default_factory=dict)
    head_deg: tuple[float, float, float] | None = None
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
            skeleton.time_s,
            turns,
            head_of(skeleton) if _sure(person, *_HEAD) > SEEN else None,
            (x, y, z) if legs else None,
            (hands[0], hands[1]),
            body,
        )


class Follower:
    """Brings the turns that are shown, and the hips, after those that were last seen, picture by
    picture, and back to rest where nothing is seen: never a jump, whatever the pace of the two."""

    def __init__(self) -> None:
        self._shown: dict[str, np.ndarray] = {}
        self._time_s: float | None = None
        self._hips_m = np.zeros(3)
        self._stepped_s: float | None = None

    def hips(self, time_s: float, seen: Place | None) -> Place | None:
        """Where the hips are shown at this time (metres); None once they are back where they rest
        and none are seen."""
        step_s = 0.0 if self._stepped_s is None else max(time_s - self._stepped_s, 0.0)
        self._stepped_s = time_s
        share = 1 - np.exp(-step_s / (_RELAX_S if seen is None else _FOLLOW_S))
        self._hips_m = self._hips_m + share * (np.array(seen or (0.0, 0.0, 0.0)) - self._hips_m)
        if seen is None and np.abs(self._hips_m).max() < _GONE:
            self._hips_m = np.zeros(3)
            return None
        x, y, z = self._hips_m.tolist()
        return x, y, z

    def __call__(self, time_s: float, seen: Mapping[str, Turn]) -> dict[str, Turn]:
        """The turns that are shown at this time; bones at rest without a turn are left out."""
        rest = resting()
        step_s = 0.0 if self._time_s is None else max(time_s - self._time_s, 0.0)
        first, self._time_s = self._time_s is None, time_s
        quick, slow = (1.0 if first else 1 - np.exp(-step_s / s) for s in (_FOLLOW_S, _RELAX_S))
        bones = [*{**rest, **self._shown, **seen}]
        goals = [seen.get(bone, rest.get(bone, EYE)) for bone in bones]
        goal = Rotation.from_matrix(np.stack(goals)).as_quat()
        usual = Rotation.from_matrix(np.stack([rest.get(bone, EYE) for bone in bones])).as_quat()
        now = usual.copy()
        for k, bone in enumerate(bones):
            if bone in self._shown:
                now[k] = self._shown[bone]
        share = np.array([quick if bone in seen else slow for bone in bones])
        turned = slerp(now, goal, share)
        gone = np.abs(turned[:, :3]).max(1) < _GONE
        kept = [k for k, b in enumerate(bones) if b in seen or b in rest or not gone[k]]
        self._shown = {bones[k]: turned[k] for k in kept}
        stood = Rotation.from_quat(turned[kept]).as_matrix()
        return {bones[k]: turn for k, turn in zip(kept, stood, strict=True)}
