"""What to tell first about a calibration: how exact, at what scale, how sure of each camera."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from studio.core.calibration import Gate, Solution, Verdict
from studio.core.types import Fact
from studio.vision.calibration.guidance import spoken
from studio.vision.calibration.trust.limits import LIMITS, verdict_above
from studio.vision.calibration.trust.uncertainty import KEYPOINT_PX, Bar

_GRAVITY: dict[Verdict, int] = {"look": 1, "stop": 2}


def facts_of(
    solution: Solution,
    gates: Sequence[Gate],
    bars: Sequence[Bar],
    notes: Sequence[str],
    *,
    lenses_only: bool = False,
) -> tuple[Fact, ...]:
    """The three facts, then everything else that has a number, then notes."""
    return (
        _accuracy(solution, gates, bars),
        _scale(solution),
        _lenses(solution) if lenses_only else _sureness(solution),
        *_figures(solution, bars),
        *(Fact("Note", note) for note in (*notes, *solution.notes)),
    )


def worst_of(gates: Sequence[Gate]) -> Gate | None:
    """The gravest gate that did not pass, if any. One that could not be tested is none."""
    failed = [gate for gate in gates if gate.verdict in _GRAVITY]
    return max(failed, key=lambda gate: _GRAVITY[gate.verdict], default=None)


def _accuracy(solution: Solution, gates: Sequence[Gate], bars: Sequence[Bar]) -> Fact:
    count = len(solution.rig)
    held = solution.held_out.px
    parts = [f"{count} camera{'s' * (count != 1)}"]
    parts.append(f"{held:.2f} px held-out" if math.isfinite(held) else f"{solution.rmse_px:.2f} px")
    centre = next((bar.mm for bar in bars if bar.place == "centre"), math.nan)
    if math.isfinite(centre):
        parts.append(
            f"± {centre:.1f} mm for a point at the centre seen with {KEYPOINT_PX:g} px noise"
        )
    worst = worst_of(gates)
    verdict = worst.verdict if worst else "good"
    return Fact("Accuracy", ", ".join(parts), verdict, _worries(gates, verdict))


def _worries(gates: Sequence[Gate], verdict: Verdict) -> str:
    """The names of the gravest tests that did not pass; what they found stands with them."""
    titles = list(dict.fromkeys(gate.title for gate in gates if gate.verdict == verdict))
    told = {"stop": "Stopped by", "look": "To look at"}.get(verdict)
    return f"{told}: {', '.join(titles)}." if told else ""


def _scale(solution: Solution) -> Fact:
    held = solution.held_out
    if not math.isfinite(held.bias_share):
        return Fact("Board lengths", "seen by one camera at a time: not measured", "plain")
    text = f"{round(100 * held.bias_share, 2) + 0.0:+.2f} % on pictures it never saw"
    if math.isfinite(held.mm):
        text = f"{held.mm:.2f} mm, {text}"
    share = abs(held.bias_share)
    verdict = "good" if share < 0.003 else "look" if share < 0.01 else "stop"
    blame = "" if verdict == "good" else "Measure the side of a printed square again."
    return Fact("Board lengths", text, verdict, blame)


def _lenses(solution: Solution) -> Fact:
    sure = {name: float(s.focal_px.max() / solution.rig[name].matrix[0, 0])
            for name, s in solution.spread.items() if np.isfinite(s.focal_px).all()}  # fmt: skip
    if not sure:
        return Fact("Lenses", "held as they were given", "plain")
    worst = max(sure, key=sure.__getitem__)
    px = float(solution.spread[worst].focal_px.max())
    text = f"focal lengths within ± {px:.1f} px, {spoken(solution.rig.names)[worst].long} worst"
    return Fact("Lenses", text, verdict_above(sure[worst], LIMITS.focal))


def _sureness(solution: Solution) -> Fact:
    sure = {
        name: (float(np.nanmax(s.centre_mm)), float(np.nanmax(s.rotation_deg)))
        for name, s in solution.spread.items()
        if np.isfinite(s.centre_mm).any() and np.isfinite(s.rotation_deg).any()
    }
    if len(solution.rig) == 1:
        camera = solution.rig.cameras[0]
        spread = solution.spread.get(camera.name)
        off = f" ± {spread.focal_px[0]:.1f}" if spread and np.isfinite(spread.focal_px[0]) else ""
        return Fact("Lens", f"focal length {camera.matrix[0, 0]:.1f}{off} px", "plain")
    if not sure:
        return Fact("Places", "not told", "look")
    worst = max(sure, key=lambda name: sure[name][0])
    mm, degrees = sure[worst]
    text = (
        f"within ± {mm:.1f} mm and ± {degrees:.3f}°, {spoken(solution.rig.names)[worst].long} worst"
    )
    return Fact("Places", text, "good" if mm < 5 else "look" if mm < 20 else "stop")


def _figures(solution: Solution, bars: Sequence[Bar]) -> tuple[Fact, ...]:
    says = spoken(solution.rig.names)
    moments = len({view.moment for view in solution.views})
    facts = [
        Fact("Fit", f"{solution.rmse_px:.3f} px root mean square"),
        Fact("Seen", f"{len(solution.views)} views at {moments} moments"),
    ]
    for name, px in solution.camera_rmse_px.items():
        held = solution.held_out.camera_px.get(name, math.nan)
        text = f"{px:.3f} px" + (f", {held:.3f} px held-out" if math.isfinite(held) else "")
        facts.append(Fact(says[name].long.capitalize(), text))
    for bar in bars:
        if math.isfinite(bar.mm):
            text = f"± {bar.mm:.1f} mm, {bar.rig_mm:.1f} mm of it the calibration"
            facts.append(Fact(f"Error bar, {bar.place}", text))
    for dropped in solution.dropped[:20]:
        whose = says[dropped.camera].long if dropped.camera in says else "the moment"
        place = f"picture {dropped.frame}" if dropped.frame >= 0 else f"moment {dropped.moment}"
        facts.append(Fact("Left out", f"{whose}, {place}: {dropped.reason}"))
    facts += [Fact("Tried", text) for text in solution.alternatives]
    return tuple(facts)
