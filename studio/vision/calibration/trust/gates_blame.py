"""Gates that name the camera at fault: bumped, out of step, of another lens, swapped, misread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from studio.core.calibration import Gate, Solution
from studio.vision.calibration.guidance import spoken
from studio.vision.calibration.trust.evidence import Evidence
from studio.vision.calibration.trust.limits import Limits, verdict_above
from studio.vision.calibration.trust.parts import Swap
from studio.vision.calibration.trust.suspects import LEAST_SEEN, Suspect

_TOGETHER = "Show the target to two cameras at a time, with their clocks known."
_GOOD = {
    "moved": ("Cameras stood still", "No camera moved while the target was shown."),
    "clock": ("Clocks in step", "No camera is out of step."),
    "lens": ("Lenses agree", "Every lens fits what its camera saw."),
    "view": ("Views agree", "Every view agrees with the others."),
}


def blame_gates(
    solution: Solution,
    e: Evidence,
    found: Sequence[Suspect],
    swap: Swap | None,
    times_s: Mapping[int, float] | None,
    limits: Limits,
) -> Iterator[Gate]:
    """One gate a suspicion; a good one for each kind that has none."""
    if swap is not None:
        yield _swapped(solution, swap, times_s)
        return
    dropped = {(drop.camera, drop.moment) for drop in solution.dropped}
    said: set[str] = set()
    for suspect in found:
        gate = _gate(solution, e, suspect, times_s, limits, dropped)
        if gate is not None and (gate.id, gate.camera) not in {(s, suspect.camera) for s in said}:
            said.add(gate.id)
            yield gate
    for kind, (title, text) in _GOOD.items():
        if kind in said:
            continue
        if untold := _untold(kind, e, times_s):
            yield Gate(kind, title, "plain", untold, remedy=_TOGETHER)
        else:
            yield Gate(kind, title, "good", text)


def _untold(kind: str, e: Evidence, times_s: Mapping[int, float] | None) -> str:
    """Why a kind of fault could not be looked for; empty if it could."""
    if kind == "clock" and times_s is None:
        return "The times of the pictures are not known."
    together = int(((e.points > 0).sum(1) > 1).sum())
    least = 1 if kind == "lens" else 2 * LEAST_SEEN
    if together < least:
        return f"Only {together} moments were seen by two cameras; {least} are needed."
    return ""


def _gate(
    solution: Solution,
    e: Evidence,
    s: Suspect,
    times_s: Mapping[int, float] | None,
    limits: Limits,
    dropped: set[tuple[str, int]],
) -> Gate | None:
    look, stop = limits.off_px
    verdict = verdict_above(s.off_px, (max(look, e.sigma_px), max(stop, 3 * e.sigma_px)))
    if verdict == "good":
        return None
    who, again = _who(solution, s), "Calibrate again"
    title = _GOOD[s.kind][0]
    if s.kind == "moved":
        step, turn = 1000 * np.linalg.norm(s.effect[3:]), np.degrees(np.linalg.norm(s.effect[:3]))
        at = _between(s, times_s)
        return Gate(
            "moved",
            title,
            verdict,
            f"{who} was bumped {at}: by about {step:.0f} mm and {turn:.1f} degrees "
            f"({s.off_px:.1f} px).",
            s.camera,
            f"{again}, or cut the take there.{_hint(s)}",
        )
    if s.kind == "clock":
        late = 1000 * float(s.effect[0])
        if verdict_above(abs(late), limits.late_ms) == "stop":
            verdict = "stop"
        return Gate(
            "clock",
            title,
            verdict,
            f"{who} is {abs(late):.0f} ± {1000 * s.spread[0]:.0f} ms "
            f"{'late' if late < 0 else 'early'}: it errs along the target's motion "
            f"({s.off_px:.1f} px).",
            s.camera,
            f"Synchronise it by {-late:+.0f} ms and calibrate again.{_hint(s)}",
        )
    if s.kind == "lens":
        share, shift = float(s.effect[0]), s.effect[1:3]
        return Gate(
            "lens",
            title,
            verdict,
            f"The given lens of {_lower(who)} does not fit: its focal length seems "
            f"{100 * share:+.1f} % off, its centre {shift[0]:+.0f}, {shift[1]:+.0f} px "
            f"({s.off_px:.1f} px in the picture).",
            s.camera,
            "Give the intrinsics of this resolution and zoom, or solve them here; or its video "
            "has another camera's name.",
        )
    own = (v.frame for v in solution.views if (v.camera, v.moment) == (s.camera, s.moment))
    frame = next(own, -1)
    where = f"at moment {s.moment}" + (f" (frame {frame})" if frame >= 0 else "")
    if (s.camera, s.moment) in dropped:
        return Gate(
            "view",
            title,
            "good",
            f"The view of {_lower(who)} {where} is {s.off_px:.1f} px off and was left out.",
            s.camera,
        )
    return Gate(
        "view",
        title,
        "look",
        f"The view of {_lower(who)} {where} is {s.off_px:.1f} px off: a blur, or a false board.",
        s.camera,
        f"Leave this view out and calibrate again.{_hint(s)}",
    )


def _who(solution: Solution, s: Suspect) -> str:
    speech = spoken(solution.rig.names)
    names = [speech[name].long for name in (s.camera, *s.rivals)]
    joined = " or ".join(names)
    return joined[:1].upper() + joined[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _hint(s: Suspect) -> str:
    if not s.rivals:
        return ""
    return " Too few cameras see it together to say which of them: add a third one's view."


def _between(s: Suspect, times_s: Mapping[int, float] | None) -> str:
    """When it happened, as narrowly as the moments that others share with the camera tell."""
    first, last = ((times_s or {}).get(moment) for moment in (s.before, s.moment))
    if first is not None and last is not None and last - first > 2:
        return f"between {_time(first)} and {_time(last)}"
    return _clock(s.moment, times_s)


def _time(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def _clock(moment: int, times_s: Mapping[int, float] | None) -> str:
    if times_s is None or moment not in times_s:
        return f"at moment {moment}"
    return f"at {_time(times_s[moment])}"


def _swapped(solution: Solution, swap: Swap, times_s: Mapping[int, float] | None) -> Gate:
    speech = spoken(solution.rig.names)
    a, b = (speech[name].long for name in swap.cameras)
    when = (
        f" from {_clock(swap.moment, times_s).removeprefix('at ')} on" if swap.moment >= 0 else ""
    )
    return Gate(
        "swapped",
        "Names of cameras",
        "stop",
        f"{a[:1].upper() + a[1:]} and {b} seem to have each other's name{when}.",
        swap.cameras[0],
        f"Swap the videos of {a} and {b}{when}, and calibrate again.",
    )
