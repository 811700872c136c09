"""Named gates over a calibration: what was tested, what was found, who is to blame, what to do.

A low reprojection error alone means little: a rig on the wrong twin, a clock that runs late, a
lens of the wrong zoom can all have one. ``judge`` asks each question separately. A gate that is
``stop`` blocks acceptance, ``look`` wants a person's eye, ``plain`` had nothing to go by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from studio.core.calibration import Gate, Solution, View
from studio.vision.calibration.trust.evidence import Evidence, evidence
from studio.vision.calibration.trust.gates_blame import blame_gates
from studio.vision.calibration.trust.gates_rig import rig_gates
from studio.vision.calibration.trust.gates_views import view_gates
from studio.vision.calibration.trust.gates_world import error_gates, twin_gates, world_gates
from studio.vision.calibration.trust.limits import LIMITS, Limits
from studio.vision.calibration.trust.parts import Swap, find_swap, lens_traded
from studio.vision.calibration.trust.suspects import Suspect, suspects
from studio.vision.calibration.world import Length

__all__ = ["LIMITS", "Limits", "judge"]

_WRECKED_PX = 40.0
_RANK = {"stop": 0, "look": 1, "plain": 2, "good": 3}


def judge(
    solution: Solution,
    *,
    views: Sequence[View] | None = None,
    times_s: Mapping[int, float] | None = None,
    lengths: Sequence[Length] = (),
    floor_moment: int | None = None,
    levelled: bool = False,
    limits: Limits = LIMITS,
) -> tuple[Gate, ...]:
    """Every gate, the worst first; one per camera at fault, or one for the rig.

    ``views`` are all that were found, those that the solver dropped included: they tell a bumped
    camera from a few bad pictures. ``times_s`` of the moments allow clocks to be compared;
    ``lengths`` known from outside the scale. ``floor_moment`` is the one whose board set the
    floor; ``levelled`` says that z = 0 is meant to be the floor.
    """
    seen = tuple(solution.views if views is None else views)
    levelled = levelled or floor_moment is not None
    e = evidence(solution.rig, solution.target, seen, solution.target_world, times_s)
    found = suspects(e, refined=solution.refined)
    swap = _swap(solution, seen, e, found)
    gates = [
        *view_gates(solution, limits),
        *rig_gates(solution, seen, limits),
        *error_gates(solution, limits),
        *twin_gates(solution, seen, e.sigma_px, floor_moment),
        *world_gates(solution, lengths, levelled, floor_moment, limits),
        *blame_gates(solution, e, found, swap, times_s, limits),
    ]
    return tuple(sorted(gates, key=lambda gate: _RANK[gate.verdict]))


def _swap(
    solution: Solution, views: Sequence[View], e: Evidence, found: Sequence[Suspect]
) -> Swap | None:
    """Whether names were traded; asked only where something large is wrong."""
    for camera in {s.camera for s in found if s.kind == "lens"}:
        other = lens_traded(solution.target, views, solution.rig, camera)
        if other is not None:
            return Swap((min(camera, other), max(camera, other)), -1)
    wrecked = e.lost > 0.02 * len(views) or any(s.off_px > _WRECKED_PX for s in found)
    return find_swap(solution.target, views, solution.rig) if wrecked else None
