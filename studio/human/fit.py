"""Fit the parametric person to a motion: live frame by frame, then the take as a whole.

One shape for the take; the bones keep their lengths, the joints their limits, the feet stand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Fact, Motion
from studio.human.contacts import Contacts, slide_mm
from studio.human.descent import Prior, Target, descend, upright
from studio.human.face import face_actions
from studio.human.names import FACE_PREFIXES
from studio.human.observe import SOLES, Observed, observe
from studio.human.person import Shape
from studio.human.refine import Plan, refine
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.shapefit import Body, Hints, fit_shape
from studio.human.solver import Kinematics, Poses
from studio.human.twist import spread_twist

SAMPLES = 24
GOOD_COST = 6.0
"""A frame's cost per point below which its pose is not sought again from elsewhere."""
LIVE_RAD_S = 8.0
"""How fast joints are expected to turn between live frames."""


@dataclass(frozen=True)
class Options:
    """How to fit: smoothing 1 is usual, 0 none; ``hands`` and ``face`` where they are seen.

    ``detected`` says that the keypoints are as a detector marks them, not at the true joints.
    """

    hints: Hints = field(default_factory=Hints)
    hands: bool = True
    face: bool = True
    plant_feet: bool = True
    smoothing: float = 1.0
    refine: bool = True
    detected: bool = True


DEFAULT = Options()


@dataclass(frozen=True, eq=False)
class LivePose:
    """The person at one moment: rotations D of the bones (rotation vectors), and the root."""

    frame: int
    time_s: float
    turns_rad: Float[np.ndarray, "bones 3"]
    root_m: Float[np.ndarray, " 3"]


@dataclass(frozen=True, eq=False)
class Fit:
    """A person fitted to a motion.

    ``turns_rad`` are the bones' own rotations as rotation vectors in world axes of the reference
    pose (the root's is its turn in the world), ``actions`` the 52 facial actions, 0..1.
    ``residual_m`` is the distance of each fitted point from its keypoint, NaN where unseen.
    """

    shape: Shape
    times_s: Float[np.ndarray, " frames"]
    turns_rad: Float[np.ndarray, "frames bones 3"]
    root_m: Float[np.ndarray, "frames 3"]
    actions: Float[np.ndarray, "frames actions"]
    points: tuple[str, ...]
    residual_m: Float[np.ndarray, "frames points"]
    floor_m: float | None
    height_m: float
    slide_mm: float
    swapped: bool
    facts: tuple[Fact, ...] = ()

    def __len__(self) -> int:
        return len(self.times_s)

    def live(self, frame: int) -> LivePose:
        """One frame of it."""
        return LivePose(
            frame, float(self.times_s[frame]), self.turns_rad[frame], self.root_m[frame]
        )


def check_motion(motion: Motion) -> None:
    """Raise StudioError for a motion that no person can be fitted to."""
    if not len(motion):
        raise StudioError("The motion has no frames.", "Triangulate the take again.")
    if len(motion) > 1 and not (np.diff(motion.times_s) > 0).all():
        raise StudioError("The motion's times do not increase.", "Export the take again.")
    seen = np.isfinite(motion.xyz_m).all(-1)
    full = motion.xyz_m[seen.sum(1) >= 8]
    spread = np.median(np.nanmax(full, 1) - np.nanmin(full, 1), axis=0).max()
    if not 0.4 < spread < 3.5:
        raise StudioError(
            f"The person measures about {spread:.3g} m, which cannot be.",
            "The unit of the motion or of the calibration is wrong; check whether it is mm or m.",
        )


def fit_motion(
    motion: Motion,
    options: Options = DEFAULT,
    report: Callable[[float, str], object] = lambda fraction, text: None,
) -> Generator[tuple[Shape, LivePose], None, Fit]:
    """Fit a person to a motion. Yields the shape with a live pose a frame; returns the whole fit.

    Raises StudioError if the motion shows too little, or is not of a person's size. ``report``
    may raise to stop the work.
    """
    observed = observe(motion, options.hands, options.detected)
    check_motion(observed.motion)
    report(0.0, "Finding the person's build")
    body, values, observed = build(
        observed, options.hints, lambda f: report(0.1 * f, "Finding the person's build")
    )
    kinematics = body.kinematics(values)
    shape = body.shape(values)
    target = observed.target()
    frames = len(target)
    done: list[Poses] = []
    first, typical = _first(kinematics, target), []
    poses = first
    for frame in range(frames):
        report(0.1 + 0.4 * frame / frames, f"Following the person, frame {frame + 1} of {frames}")
        poses, cost = follow(kinematics, target[slice(frame, frame + 1)], poses, observed, typical)
        typical.append(cost)
        done.append(poses)
        yield shape, _live(kinematics, poses, frame, motion)
    poses = Poses.joined(done)
    contacts: Contacts | None = None
    if frames > 2:
        plan = Plan(
            motion.rate_hz,
            options.smoothing if options.refine else 1e-3,
            options.plant_feet,
            6 if options.refine else 0,
        )
        poses, contacts = refine(
            kinematics, target, poses, plan, lambda f: report(0.5 + 0.4 * f, "Refining the take")
        )
    return _finish(body, values, observed, kinematics, poses, contacts, options, report)


def build(
    observed: Observed, hints: Hints, watch: Callable[[float], object] = lambda fraction: None
) -> tuple[Body, np.ndarray, Observed]:
    """The person's shape from a sample of the frames; left and right exchanged if need be.

    Poses are found with the body's points alone, then hands and face join in. ``watch`` is told
    how far the work is, often, and may raise to stop it.
    """
    small = observed.body_only()
    rough = Body.of(small.points, hints, False)
    start = rough.kinematics(rough.start_values)
    pick = _samples(observed.target())
    few = pick[:: max(1, len(pick) // 6)]
    costs = [
        np.median(from_nothing(start, view.target()[few], 12)[1])
        for view in (small, small.mirrored())
    ]
    if costs[1] < 0.5 * costs[0]:
        observed, small = observed.mirrored(), small.mirrored()
    poses, _ = from_nothing(start, small.target()[pick])
    body = Body.of(observed.points, hints, observed.hands)
    angles = np.zeros((len(poses), len(body.kinematics(body.start_values).dofs)))
    known = {dof.name: i for i, dof in enumerate(start.dofs)}
    for i, dof in enumerate(body.kinematics(body.start_values).dofs):
        if dof.name in known:
            angles[:, i] = poses.angles[:, known[dof.name]]
    poses = replace(poses, angles=angles)
    values, _ = fit_shape(body, observed.target()[pick], poses, hints, watch=watch)
    return body, values, observed


def _samples(target: Target) -> np.ndarray:
    """Frames spread over the take that show most of the person."""
    seen = (target.weight > 0).sum(1)
    good = np.flatnonzero(seen >= 0.8 * np.percentile(seen, 95))
    return good[np.linspace(0, len(good) - 1, min(SAMPLES, len(good))).round().astype(int)]


_STARTS: tuple[dict[str, float], ...] = (
    {"hip_flexion": 80, "knee_flexion": 80},
    {"shoulder_y.L": -90, "shoulder_y.R": 90},
    {"shoulder_z.L": -60, "shoulder_z.R": 60, "elbow_flexion": 60},
)


def from_nothing(
    kinematics: Kinematics, target: Target, steps: int = 25
) -> tuple[Poses, np.ndarray]:
    """Fit frames from nothing: from standing; where that fits badly, also from sitting and from
    arms raised or forward."""
    base = upright(kinematics, target)
    priors = (Prior.usual(kinematics),)
    best, costs = descend(kinematics, target, base, priors, steps)
    seen = np.maximum((target.weight > 0).sum(1), 1)
    bad = np.flatnonzero(costs / seen > GOOD_COST)
    rows = [best[slice(f, f + 1)] for f in range(len(best))]
    for start in _STARTS if len(bad) else ():
        angles = np.radians(
            [start.get(dof.name, start.get(dof.name[:-2], 0.0)) for dof in kinematics.dofs]
        )
        other = replace(base[bad], angles=np.tile(angles, (len(bad), 1)))
        other, tried = descend(kinematics, target[bad], other, priors, steps)
        for i, frame in enumerate(bad):
            if tried[i] < costs[frame]:
                costs[frame], rows[frame] = tried[i], other[slice(i, i + 1)]
    return Poses.joined(rows), costs


def _first(kinematics: Kinematics, target: Target) -> Poses:
    frame = int(np.argmax((target.weight > 0).sum(1) >= 0.6 * (target.weight > 0).sum(1).max()))
    return from_nothing(kinematics, target[slice(frame, frame + 1)])[0]


def follow(
    kinematics: Kinematics, target: Target, before: Poses, observed: Observed, past: list[float]
) -> tuple[Poses, float]:
    """One live frame, started from the pose before it; begun afresh if it has lost the person."""
    rate = max(observed.motion.rate_hz, 1.0)
    near = Prior(before.angles, np.full(before.angles.shape[1], rate / LIVE_RAD_S))
    priors = (Prior.usual(kinematics), near)
    poses, cost = descend(kinematics, target, before, priors, steps=6, tolerance=1e-2)
    usual = float(np.median(past)) if len(past) >= 5 else np.inf
    if cost[0] > 6 * usual + 30:
        fresh, again = from_nothing(kinematics, target)
        if again[0] < 0.5 * cost[0]:
            return fresh, float(again[0])
    return poses, float(cost[0])


def _turns(kinematics: Kinematics, poses: Poses) -> np.ndarray:
    rotations = spread_twist(kinematics.rotations(poses), kinematics.offsets_m)
    flat = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_rotvec()
    return flat.reshape(len(poses), len(BONE_NAMES), 3)


def _live(kinematics: Kinematics, poses: Poses, frame: int, motion: Motion) -> LivePose:
    return LivePose(
        frame, float(motion.times_s[frame]), _turns(kinematics, poses)[0], poses.root_m[0]
    )


def _finish(
    body: Body, values: np.ndarray, observed: Observed, kinematics: Kinematics, poses: Poses,
    contacts: Contacts | None, options: Options, report: Callable[[float, str], object],
) -> Fit:  # fmt: skip
    target = observed.target()
    points = kinematics.points(poses)
    residual = np.linalg.norm(points - target.xyz_m, axis=-1)
    residual[target.weight <= 0] = np.nan
    actions = np.zeros((len(poses), len(ACTIONS)))
    if options.face:
        report(0.92, "Reading the face")
        actions = face_actions(observed.motion, body.shape(values))
    rest, _ = body.built(values)
    fit = Fit(
        shape=body.shape(values),
        times_s=observed.motion.times_s,
        turns_rad=_turns(kinematics, poses),
        root_m=poses.root_m,
        actions=actions,
        points=observed.points.points,
        residual_m=residual[:, :-SOLES],
        floor_m=contacts.floor_m if contacts else None,
        height_m=body.stature_m(rest),
        slide_mm=slide_mm(points[:, -SOLES:], contacts) if contacts else 0.0,
        swapped=observed.swapped,
    )
    return replace(fit, facts=facts_of(fit))


def facts_of(fit: Fit) -> tuple[Fact, ...]:
    """The three facts to show first, and warnings if there are any."""
    body = np.array([not p.startswith(FACE_PREFIXES) for p in fit.points])
    off = 1000 * float(np.nanmean(fit.residual_m[:, body]))
    worst = fit.points[int(np.nanargmax(np.nanmean(fit.residual_m, 0)))].replace("_", " ")
    found = [
        Fact("Body height", f"{fit.height_m:.2f} m", "plain"),
        Fact(
            "Distance to the keypoints", f"{off:.0f} mm on average",
            "good" if off < 25 else "look" if off < 50 else "stop",
            "" if off < 25 else f"The {worst} fits worst.",
        ),
    ]  # fmt: skip
    if fit.floor_m is None:
        found.append(Fact("Feet", "never at rest", "plain"))
    else:
        found.append(
            Fact("Planted feet", f"move {fit.slide_mm:.1f} mm",
                 "good" if fit.slide_mm < 10 else "look")
        )  # fmt: skip
    if fit.swapped:
        found.append(
            Fact("Sides", "left and right were exchanged", "look",
                 "The keypoints named the left side right; the avatar has it mended.")
        )  # fmt: skip
    return tuple(found)
