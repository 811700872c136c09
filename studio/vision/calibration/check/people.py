"""Has a camera moved since it was calibrated? Today's person against an old rig.

Each camera in turn is let free while the others and all points are fitted: how far it would have
to turn, and with what certainty. A detector's errors last and are alike for a joint in all frames,
so the certainty counts joints and seconds, not keypoints. The camera whose freedom explains most
is named if no other explains nearly as much; of two cameras, neither can be named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation
from scipy.stats import f as f_distribution

from studio.core.calibration import Verdict
from studio.core.types import Camera, CameraRig, Detections
from studio.vision.calibration.people.bundle import (
    UNKNOWNS,
    Bundle,
    adjust,
    centres,
    linearise,
    sandwich,
)
from studio.vision.calibration.people.seen import Chosen, choose, learnt, straight
from studio.vision.rotations import angle_deg
from studio.vision.sightings import Sightings, residuals_px
from studio.vision.timing import lateness_s
from studio.vision.triangulate import dlt

ALARM = 0.001
"""Below this probability, agreement by chance is ruled out."""
BLUNT_DEG = 0.6
"""If only turns over this would surely be seen, smaller ones cannot be told."""
LEAST_DEG, LEAST_MM = 0.12, 5.0
"""Smaller turns and shifts are within what a detector's own habits can feign."""
_CENTRE_PRIOR_M = 0.03
_NAMING = 1.3
_MOMENTS = 150
_OUT_OF_STEP_S = 0.012
_SIGMAS = 3.0


@dataclass(frozen=True, eq=False)
class Shift:
    """How one camera would have to move, if it alone had, to agree with the others.

    ``turn_deg`` is the turn that explains it without moving the lens, ``carry_mm`` the way that
    explains it without turning, ``chance`` the probability
    of as much by chance, ``explained`` how much of the disagreement it takes away (cost), and
    ``least_deg`` the smallest turn that would have been seen. ``camera`` stands where it would
    have to: with ``rotation_deg`` and ``centre_mm`` from where it was, each with its deviation.
    """

    camera: Camera
    turn_deg: float
    carry_mm: float
    chance: float
    explained: float
    least_deg: float
    rotation_deg: float
    rotation_sd_deg: float
    centre_mm: float
    centre_sd_mm: float
    off_px: float

    @property
    def name(self) -> str:
        return self.camera.name

    @property
    def seen(self) -> bool:
        """Whether this is more than chance and a detector's habits."""
        large = self.turn_deg > LEAST_DEG or self.carry_mm > LEAST_MM
        return self.chance < ALARM and large

    @property
    def sure(self) -> bool:
        """Whether it stands out of its own error bar, in turn or in place, and is not under what
        this footage can show of a camera."""
        placed = (
            self.rotation_deg >= _SIGMAS * self.rotation_sd_deg
            or self.centre_mm >= _SIGMAS * self.centre_sd_mm
        )
        turn = max(self.turn_deg, self.rotation_deg)
        return placed and (self.least_deg <= BLUNT_DEG or turn >= self.least_deg)


@dataclass(frozen=True, eq=False)
class RigCheck:
    """What today's footage says of a rig. ``moved`` are the cameras that are named, ``doubtful``
    those of which one has moved but it cannot be told which, ``unsure`` those that disagree by no
    more than this footage can tell; ``blind`` says what could not be seen at all."""

    rig: CameraRig
    shifts: tuple[Shift, ...]
    moved: tuple[Shift, ...]
    doubtful: tuple[str, ...]
    unsure: tuple[Shift, ...]
    off_px: float
    late_ms: dict[str, float]
    blind: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        if self.moved or self.doubtful:
            return "stop"
        return "look" if self.blind or self.unsure else "good"

    @property
    def least_deg(self) -> float:
        """The smallest turn that would surely have been seen in any camera."""
        return max(max(shift.least_deg, LEAST_DEG) for shift in self.shifts)

    def mended(self) -> CameraRig:
        """The rig with only the named cameras placed anew, by the others and the person."""
        new = {shift.name: shift.camera for shift in self.moved}
        return CameraRig(tuple(new.get(camera.name, camera) for camera in self.rig.cameras))


def check_people(rig: CameraRig, detections: Detections) -> RigCheck:
    """Check a rig against one person's keypoints (its cameras, in its order).

    Raises StudioError where too little of the person is seen to tell anything.
    """
    chosen = choose(Chosen.of(detections, rig), most=_MOMENTS)
    s = straight(chosen.sightings, dlt(chosen.sightings, reweight=1), chosen.layout)
    current, moved = rig, list[Shift]()
    shifts: tuple[Shift, ...] = ()
    doubtful: tuple[str, ...] = ()
    unsure: tuple[Shift, ...] = ()
    for _ in range(max(1, (len(rig) - 1) // 2)):
        found = _shifts(current, rig, s, chosen)
        shifts = shifts or found
        known = {shift.name for shift in moved}
        named, doubtful = _named(found, known)
        unsure = tuple(
            s for s in found
            if (s.seen or s.name in doubtful) and not s.sure and s.name not in known
            and (named is None or s.name != named.name)
        )  # fmt: skip
        if named is None:
            break
        moved.append(named)
        current = CameraRig(
            tuple(named.camera if c.name == named.name else c for c in current.cameras)
        )
        s = replace(s, rotation=np.stack([c.rotation for c in current.cameras]),
                    translation_m=np.stack([c.translation_m for c in current.cameras]))  # fmt: skip
    xyz = dlt(s, reweight=1)
    late = _late(s, chosen, rig)
    return RigCheck(
        rig, shifts, tuple(moved), doubtful, unsure, _median_px(s, xyz), late,
        _blind(rig, shifts, chosen),
    )  # fmt: skip


def _shifts(rig: CameraRig, was: CameraRig, s: Sightings, chosen: Chosen) -> tuple[Shift, ...]:
    xyz = dlt(s, reweight=1)
    white = learnt(s, xyz, chosen.points)
    settled = adjust(white, xyz, np.zeros((len(rig), UNKNOWNS), bool), steps=8)
    clusters = chosen.clusters()
    return tuple(_one(view, rig, was, white, settled, clusters) for view in range(len(rig)))


def _one(
    view: int, rig: CameraRig, was: CameraRig, white: Sightings, settled: Bundle,
    clusters: tuple[np.ndarray, np.ndarray],
) -> Shift:  # fmt: skip
    free = np.zeros((3, len(rig), UNKNOWNS), bool)
    turn, shift, whole = free
    turn[view, :3], shift[view, 3:6], whole[view, :6] = True, True, True
    (angle, turn_sd, by_turn), (way, _, by_shift) = (
        _tested(adjust(white, settled.xyz, one, steps=12), white, view, one, clusters)
        for one in (turn, shift)
    )
    prior = np.full(turn.shape, np.inf)
    prior[view, 3:6] = _CENTRE_PRIOR_M
    placed = adjust(white, settled.xyz, whole, prior=prior, steps=20)
    sds = np.sqrt(np.fmax(np.diag(_covariance(placed, whole, clusters)), 0.0))
    r, t = placed.sightings.rotation[view], placed.sightings.translation_m[view]
    camera = replace(rig.cameras[view], rotation=r, translation_m=t)
    old = was.cameras[view]
    return Shift(
        camera, float(np.degrees(np.linalg.norm(angle))), 1000 * float(np.linalg.norm(way)),
        min(2 * min(by_turn, by_shift), 1.0),
        settled.cost - placed.cost, float(np.degrees(turn_sd)), float(angle_deg(r, old.rotation)),
        float(np.degrees(sds[:3].max())),
        1000 * float(np.linalg.norm(camera.centre_m - old.centre_m)), 1000 * float(sds[3:].max()),
        float(np.linalg.norm(angle[:2]) * old.matrix[0, 0]),
    )  # fmt: skip


def _tested(
    done: Bundle, white: Sightings, view: int, free: np.ndarray,
    clusters: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, float, float]:  # fmt: skip
    """How three unknowns of a camera changed, the size of a change that would surely be seen, and
    the probability of this one by chance."""
    if free[view, :3].any():
        change = Rotation.from_matrix(
            done.sightings.rotation[view] @ white.rotation[view].T
        ).as_rotvec()
    else:
        change = centres(done.sightings)[view] - centres(white)[view]
    covariance = _covariance(done, free, clusters)
    freedom = max(len(np.unique(clusters[1])) - 3, 3)
    squared = float(change @ np.linalg.pinv(covariance) @ change)
    hotelling = squared / 3 * freedom / (freedom + 2)
    widest = float(np.sqrt(np.linalg.eigvalsh(covariance)[-1]))
    sure = float(np.sqrt(3 * f_distribution.isf(ALARM, 3, freedom) * (freedom + 2) / freedom))
    return change, widest * sure, float(f_distribution.sf(hotelling, 3, freedom))


def _covariance(
    done: Bundle, free: np.ndarray, clusters: tuple[np.ndarray, np.ndarray]
) -> Float[np.ndarray, "n n"]:
    now = linearise(done.sightings, done.xyz, done.stretch)
    return sandwich(now, np.flatnonzero(free.ravel()), *clusters)


def _named(shifts: tuple[Shift, ...], known: set[str]) -> tuple[Shift | None, tuple[str, ...]]:
    """The camera that has moved, or else those of which one has; nobody where none is sure."""
    seen = sorted((s for s in shifts if s.seen and s.name not in known),
                  key=lambda s: -s.explained)  # fmt: skip
    if not seen:
        return None, ()
    rivals = [s for s in shifts if s.name != seen[0].name and s.name not in known]
    near = [s for s in rivals if _NAMING * s.explained > seen[0].explained]
    if not any(s.sure for s in (seen[0], *near)):
        return None, ()
    if near:
        return None, (seen[0].name, *(s.name for s in near))
    return seen[0], ()


def _median_px(s: Sightings, xyz: np.ndarray) -> float:
    off = residuals_px(s, xyz)
    known = off[np.isfinite(off)]
    return float(np.median(known)) if len(known) else float("nan")


def _late(s: Sightings, chosen: Chosen, rig: CameraRig) -> dict[str, float]:
    """Cameras that run out of step with the points that the others give, in milliseconds."""
    frames, found = len(chosen.times_s), dict[str, float]()
    if len(rig) < 3 or frames < 10:
        return found
    seen = s.seen.reshape(len(rig), frames, -1)
    for view, camera in enumerate(rig.cameras):
        others = np.arange(len(rig)) != view
        xyz = dlt(s.only(s.seen & others[:, None]), reweight=1).reshape(frames, -1, 3)
        late = float(lateness_s(s, chosen.times_s, xyz, seen & ~others[:, None, None])[view])
        if np.isfinite(late) and abs(late) > _OUT_OF_STEP_S:
            found[camera.name] = 1000 * late
    return found


def _blind(rig: CameraRig, shifts: tuple[Shift, ...], chosen: Chosen) -> tuple[str, ...]:
    """What this footage cannot show."""
    out: list[str] = []
    if len(rig) == 2:
        out.append(
            "Of two cameras a person shows only what breaks the agreement of their rays: if they "
            "disagree, it cannot be told which one moved, and a move along the line between them "
            "stays unseen."
        )
    out += [
        f"Camera {shift.name} sees too little of the person to tell turns under "
        f"{shift.least_deg:.1f}°."
        for shift in shifts
        if shift.least_deg > BLUNT_DEG
    ]
    if float(np.ptp(chosen.times_s)) < 5:
        out.append("The footage is short: under five seconds of a person.")
    return tuple(out)
