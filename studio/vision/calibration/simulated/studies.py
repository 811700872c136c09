"""How often the truth is told: many simulated sessions, healthy and with one planted fault.

Run by ``doppel evaluate calibration`` and by the slow tests; the limits of the gates were set on
other seeds than the ones reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.stats import chi2

from studio.core.calibration import Gate, Solution
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.guidance import spoken
from studio.vision.calibration.heldout import rig_state
from studio.vision.calibration.observations import observe
from studio.vision.calibration.planar import twin_poses
from studio.vision.calibration.simulated.sessions import FAULTS, Fault, Session, simulate
from studio.vision.calibration.solve import solve
from studio.vision.calibration.trust.gates import judge
from studio.vision.calibration.world import from_board

Twin = Literal["mirrored floor", "mirrored camera"]
TWINS: tuple[Twin, ...] = ("mirrored floor", "mirrored camera")
SIZES = (2, 3, 4, 5, 6, 8, 12, 16)
_RIGHT: dict[str, tuple[str, ...]] = {
    "moved camera": ("moved",),
    "time offset": ("clock",),
    "bad view": ("view", "dropped"),
    "false board": ("view", "dropped"),
    "duplicate": ("duplicate",),
    "disconnected": ("graph",),
    "flat and far": ("depth", "tilts", "intrinsics"),
    "too few": ("moments", "graph"),
    "wrong zoom": ("lens",),
    "swapped": ("swapped",),
    "swapped later": ("swapped",),
    "wrong size": ("scale",),
    "mirrored floor": ("twins", "floor"),
    "mirrored camera": ("twins",),
}


@dataclass(frozen=True)
class Outcome:
    """One session. ``alarms`` are the gates that were not good; ``within`` whether the poses lie
    within three sigma of the covariance (of the whole rig, by its chi square)."""

    fault: str
    cameras: int
    seed: int
    caught: bool
    named: bool
    within: bool | None
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table: of ``runs`` sessions, how many were caught, and caught and named."""

    what: str
    cameras: str
    runs: int
    caught: float
    named: float


@dataclass(frozen=True)
class Study:
    """The table, the share of healthy sessions with any alarm, and of poses within three sigma."""

    rows: tuple[Row, ...]
    healthy: int
    false_alarms: float
    within: float
    outcomes: tuple[Outcome, ...]


def studies(
    runs: int,
    seed: int,
    *,
    sizes: Sequence[int] = SIZES,
    faults: Sequence[Fault | Twin] = (*FAULTS, *TWINS),
    healthy: int | None = None,
    kept: Path | None = None,
    report: Callable[[float, str], None] | None = None,
) -> Study:
    """``runs`` sessions of each fault and ``healthy`` ones (twice as many), over rigs of ``sizes``.

    ``kept`` is a file of one JSON object a session: those it has are not run again, new ones are
    added as they come. Raises StudioError if it is not such a file.
    """
    plan: list[tuple[Fault | Twin | None, int]] = [(f, k) for k in range(runs) for f in faults]
    plan += [(None, k) for k in range(2 * runs if healthy is None else healthy)]
    known = {} if kept is None else _read(kept)
    outcomes: list[Outcome] = []
    for done, (fault, k) in enumerate(plan):
        if report is not None:
            report(done / len(plan), fault or "healthy")
        key = (fault or "", sizes[k % len(sizes)], seed + k)
        if key not in known:
            known[key] = session(fault, *key[1:])
            if kept is not None:
                with kept.open("a") as file:
                    file.write(json.dumps(asdict(known[key])) + "\n")
        outcomes.append(known[key])
    return table(outcomes)


def _read(path: Path) -> dict[tuple[str, int, int], Outcome]:
    """The outcomes that a file keeps; a last line that was cut short does not count."""
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    try:
        rows: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
        told = [Outcome(*(_frozen(row[field.name]) for field in fields(Outcome))) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise StudioError(f"{path} holds no outcomes of studies.", "Name a new file.") from error
    return {(one.fault, one.cameras, one.seed): one for one in told}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def session(fault: Fault | Twin | None, cameras: int, seed: int) -> Outcome:
    """Simulate, solve, judge, and compare with what was planted."""
    twin = fault if fault in TWINS else None
    made = simulate(cameras, seed, fault=None if twin else fault)  # type: ignore[arg-type]
    lenses = None if fault == "flat and far" else made.given
    refine = "auto" if lenses is None else "never"
    try:
        solved = solve(made.target, made.views, made.sizes_px, intrinsics=lenses, refine=refine)
    except StudioError as error:
        names = [name for name in made.blamed if name in str(error)]
        right = fault in ("disconnected", "too few", "flat and far")
        named = right and (bool(names) or not made.blamed)
        return Outcome(fault or "", cameras, seed, right, named, None, (str(error),))
    within = _within(made, solved) if fault is None else None
    if twin == "mirrored camera":
        solved, blamed = _mirrored_camera(solved, seed)
        made = replace(made, blamed=(blamed,) if blamed else ())
    if twin == "mirrored floor":
        solved = _mirrored_floor(solved)
    lost_floor = ""
    levelled = 0 in solved.target_world
    if levelled:
        try:
            solved = from_board(solved.rig, solved.target_world[0]).solution(solved)
        except StudioError as error:
            lost_floor, levelled = str(error), False
    gates = judge(
        solved, views=made.views, times_s=made.times_s, lengths=made.lengths,
        floor_moment=0 if levelled else None,
    )  # fmt: skip
    alarms = [gate for gate in gates if gate.verdict in ("look", "stop")]
    if lost_floor:
        alarms.append(Gate("floor", "Above the floor", "stop", lost_floor))
    caught, named = _found(fault, made, solved, alarms)
    told = tuple(f"{gate.id}: {gate.text}" for gate in alarms)
    return Outcome(fault or "", cameras, seed, caught, named, within, told)


def _found(
    fault: str | None, made: Session, solved: Solution, alarms: Sequence[Gate]
) -> tuple[bool, bool]:
    """Whether the right gate spoke, and whether it named the right camera (or, with two cameras
    that cannot be told apart, both)."""
    if fault is None:
        return bool(alarms), False
    right = [gate for gate in alarms if gate.id in _RIGHT[fault]]
    if fault in ("bad view", "false board"):
        dropped = [d for d in solved.dropped if d.moment == made.moment]
        own = any(d.camera in ("", *made.blamed) for d in dropped)
        blamed = any(g.camera in made.blamed for g in right) or _both(made, right)
        tied = made.truth.names == solved.rig.names and len(solved.rig) == 2 and bool(dropped)
        return bool(right or dropped), own or blamed or tied
    if not made.blamed:
        return bool(right), bool(right)
    hit = any(g.camera in made.blamed for g in right)
    return bool(right), hit or _both(made, right)


def _both(made: Session, gates: Sequence[Gate]) -> bool:
    """Two cameras only: the gate says that it may be either."""
    says = [one.long for one in spoken(made.truth.names).values()]
    return len(says) == 2 and any(all(s in g.text.lower() for s in says) for g in gates)


def _within(made: Session, solved: Solution) -> bool:
    """Whether the error of all poses lies within the 99.73 % region of their covariance."""
    truth, found = made.truth.cameras, solved.rig.cameras
    turn = found[0].rotation.T @ truth[0].rotation
    errors: list[np.ndarray] = []
    for true, ours in zip(truth[1:], found[1:], strict=True):
        centre = turn @ (true.centre_m - truth[0].centre_m) + found[0].centre_m
        off = ours.rotation @ (true.rotation @ turn.T).T
        own = -np.array([off[2, 1] - off[1, 2], off[0, 2] - off[2, 0], off[1, 0] - off[0, 1]]) / 2
        errors.append(np.concatenate([own, ours.centre_m - centre]))
    error = np.concatenate(errors)
    covariance = solved.pose_covariance[6:, 6:]
    distance = float(error @ np.linalg.pinv(covariance, rcond=1e-12, hermitian=True) @ error)
    return distance < float(chi2.ppf(0.9973, len(error)))


def _mirrored_floor(solved: Solution) -> Solution:
    """The board on the floor, read as its mirror image by one camera alone."""
    for camera, pose in _twins(solved, 0):
        world = np.linalg.inv(_extrinsics(camera)) @ pose
        return replace(solved, target_world={**solved.target_world, 0: world})
    return solved


def _mirrored_camera(solved: Solution, seed: int) -> tuple[Solution, str]:
    """One camera, set up from the mirror image of a board."""
    random = np.random.default_rng(seed)
    moments = [m for m in solved.target_world if m > 0]
    for moment in random.permutation(moments):
        options = list(_twins(solved, int(moment)))
        if not options:
            continue
        camera, pose = options[random.integers(len(options))]
        wrong = pose @ np.linalg.inv(solved.target_world[int(moment)])
        placed = replace(camera, rotation=wrong[:3, :3], translation_m=wrong[:3, 3])
        cameras = tuple(placed if c is camera else c for c in solved.rig.cameras)
        return replace(solved, rig=CameraRig(cameras)), camera.name
    return solved, ""


def _extrinsics(camera: Camera) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.rotation, camera.translation_m
    return pose


def _twins(solved: Solution, moment: int) -> Iterator[tuple[Camera, np.ndarray]]:
    """The worse pose of the target in each camera that saw it then."""
    for view in solved.views:
        if view.moment != moment:
            continue
        camera = solved.rig[view.camera]
        o = observe(solved.target, [view], (view.camera,))
        twins = twin_poses(o, rig_state(CameraRig((camera,)), 1))
        if np.isfinite(twins.rms_px[0, 1]):
            pose = twins.pose[0, 1].copy()
            pose[:3, 3] -= pose[:3, :3] @ o.pivot_m
            yield camera, pose


def table(outcomes: Sequence[Outcome]) -> Study:
    """Sum up: one row a fault for rigs of three cameras and more, one for pairs."""
    rows: list[Row] = []
    for what in dict.fromkeys(o.fault for o in outcomes if o.fault):
        for label, few in (("3-16", False), ("2", True)):
            own = [o for o in outcomes if o.fault == what and (o.cameras == 2) == few]
            if own:
                caught = sum(o.caught for o in own) / len(own)
                named = sum(o.caught and o.named for o in own) / len(own)
                rows.append(Row(what, label, len(own), caught, named))
    healthy = [o for o in outcomes if not o.fault]
    alarms = sum(o.caught for o in healthy) / max(len(healthy), 1)
    told = [o.within for o in healthy if o.within is not None]
    within = float(np.mean(told)) if told else float("nan")
    return Study(tuple(rows), len(healthy), alarms, within, tuple(outcomes))
