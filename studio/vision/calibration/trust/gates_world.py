"""Gates over errors in space: held-out error, error bars, twins, the floor, the scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from studio.core.calibration import Gate, Solution, View
from studio.vision.calibration.guidance import spoken
from studio.vision.calibration.heldout import held_out_errors
from studio.vision.calibration.trust.limits import Limits, spaced, verdict_above
from studio.vision.calibration.trust.twins import TwinReading, read_twins
from studio.vision.calibration.trust.uncertainty import bars_of, volume_of
from studio.vision.calibration.world import Length

_UNDER_M = 0.05
_JUDGED_BY = 60
"""Moments enough to tell the error of a fit."""


def error_gates(solution: Solution, limits: Limits) -> Iterator[Gate]:
    """Held-out error in space, the gap between held-out and fit, and the error bars."""
    held, title = solution.held_out, "Error on unseen moments"
    reach = _reach(solution)
    if np.isfinite(held.mm):
        verdict = verdict_above(held.mm / 1000 / reach, limits.held_share)
        worst = max(held.camera_px, key=lambda name: held.camera_px[name], default="")
        yield Gate(
            "held-out",
            title,
            verdict,
            f"{held.mm:.1f} mm and {held.px:.2f} px on moments that were not solved from, at "
            f"{reach:.1f} m.",
            worst if verdict != "good" else "",
            f"Look at {spoken(solution.rig.names)[worst].long} first: it is off by "
            f"{held.camera_px[worst]:.1f} px."
            if verdict != "good" and worst
            else "",
        )
    else:
        yield Gate(
            "held-out",
            title,
            "plain",
            "Too few moments are shared to keep some back and measure them in millimetres.",
            remedy="Show the target longer where two cameras see it.",
        )
    some = set(spaced(sorted({view.moment for view in solution.views}), _JUDGED_BY))
    views = [view for view in solution.views if view.moment in some]
    fit = held_out_errors(solution.rig, solution.target, views)
    if np.isfinite(held.px / fit.px):
        gap = held.px / fit.px
        verdict = verdict_above(gap, limits.overfit)
        yield Gate(
            "overfit",
            "Fit against unseen moments",
            verdict,
            f"Unseen moments are {gap:.2f} times as far off as those solved from "
            f"({held.px:.2f} against {fit.px:.2f} px).",
            remedy=""
            if verdict == "good"
            else "Show the target at more places, or keep the intrinsics fixed.",
        )
    yield _bar_gate(solution, limits)


def _bar_gate(solution: Solution, limits: Limits) -> Gate:
    id, title = "error-bar", "Error bar in the volume"
    bars = [bar for bar in bars_of(solution) if np.isfinite(bar.mm)]
    if not bars:
        return Gate(
            id,
            title,
            "look",
            "Nowhere in the volume do two cameras see the same point.",
            remedy="Turn the cameras towards one volume.",
        )
    worst = max(bars, key=lambda bar: bar.rig_mm)
    centre = bars[0]
    look, stop = limits.bar_mm
    verdict = verdict_above(max(centre.rig_mm, worst.rig_mm / 2), (look, stop))
    return Gate(
        id,
        title,
        verdict,
        f"The calibration alone puts a point off by {centre.rig_mm:.1f} mm at the {centre.place}, "
        f"{worst.rig_mm:.1f} mm at the {worst.place} (one standard deviation).",
        remedy=""
        if verdict == "good"
        else "Wave the target through the whole volume, near its edges too.",
    )


def _reach(solution: Solution) -> float:
    middle = volume_of(solution).middle_m
    apart = [np.linalg.norm(c.centre_m - middle) for c in solution.rig.cameras]
    return max(float(np.median(apart)), 0.1)


def twin_gates(
    solution: Solution, views: Sequence[View], sigma_px: float, floor_moment: int | None
) -> Iterator[Gate]:
    """Whether any camera, or the floor, rests on the mirror image of the target."""
    id, title = "twins", "Mirror twins"
    reading = read_twins(solution, views, sigma_px, floor_moment)
    if reading is None:
        return
    speech = spoken(solution.rig.names)
    bad = False
    for c, name in enumerate(solution.rig.names):
        gate = _camera_twin(reading, c, name, speech[name].long)
        if gate is not None:
            bad = True
            yield gate
    floor = _floor_twin(reading, floor_moment)
    if floor is not None:
        bad = True
        yield floor
    if not bad:
        sure = reading.decisive
        if sure.any():
            right = sure & ~reading.mirrored
            yield Gate(
                id,
                title,
                "good",
                f"{right.sum()} of {sure.sum()} clear views hold the right twin "
                f"({_px(reading, sure, True)}, mirrored {_px(reading, sure, False)}).",
            )
        else:
            yield Gate(
                id,
                title,
                "look",
                "No view tells the target from its mirror image: it is too small in the "
                "pictures, or always square to them.",
                remedy="Show it nearer and tilted by 30 to 45 degrees.",
            )


def _camera_twin(reading: TwinReading, c: int, name: str, says: str) -> Gate | None:
    own = reading.camera == c
    sure, wrong = own & reading.decisive, own & reading.mirrored
    astray = own & reading.astray
    if sure.sum() < 3 or (wrong | astray).sum() <= 0.5 * sure.sum():
        return None
    if wrong.sum() >= astray.sum():
        text = (
            f"{_upper(says)} rests on the mirror image of the target in {wrong.sum()} of "
            f"{sure.sum()} clear views ({_px(reading, wrong, False)} against "
            f"{_px(reading, wrong, True)})."
        )
    else:
        text = (
            f"{_upper(says)} does not stand where its own views put it in {astray.sum()} of "
            f"{sure.sum()} clear views: it was set up from a mirror image."
        )
    remedy = f"Calibrate again; show the target larger and tilted before {says}."
    return Gate("twins", "Mirror twins", "stop", text, name, remedy)


def _px(reading: TwinReading, rows: np.ndarray, better: bool) -> str:
    values = (reading.better_px if better else reading.worse_px)[rows]
    return f"{float(np.median(values)):.2f} px"


def _floor_twin(reading: TwinReading, moment: int | None) -> Gate | None:
    if moment is None:
        return None
    own = reading.moment == moment
    sure, wrong = own & reading.decisive, own & reading.mirrored
    if not wrong.sum() > 0.5 * sure.sum():
        return None
    return Gate(
        "twins",
        "Mirror twins",
        "stop",
        f"The board that sets the floor was read as its mirror image in {wrong.sum()} views: the "
        "floor is tilted.",
        remedy="Set the floor from another moment, with the board nearer and seen more from above.",
    )


def world_gates(
    solution: Solution,
    lengths: Sequence[Length],
    levelled: bool,
    floor_moment: int | None,
    limits: Limits,
) -> Iterator[Gate]:
    """Cameras and target above the floor; the scale against lengths known from outside."""
    if levelled:
        yield from _floor(solution, floor_moment)
    else:
        yield Gate(
            "floor",
            "Above the floor",
            "plain",
            "No floor was set.",
            remedy="Lay the target on the floor, or let a person walk, and set the floor by it.",
        )
    yield from _scale(solution, lengths, limits)


def _floor(solution: Solution, floor_moment: int | None) -> Iterator[Gate]:
    id, title = "floor", "Above the floor"
    speech = spoken(solution.rig.names)
    remedy = "Set the floor again, from a board that is flat on it or from a person's feet."
    under = [c for c in solution.rig.cameras if c.centre_m[2] < 0]
    for camera in under:
        yield Gate(
            id,
            title,
            "stop",
            f"{_upper(speech[camera.name].long)} is {-camera.centre_m[2]:.2f} m under the floor.",
            camera.name,
            remedy,
        )
    points = solution.target.points_m
    lowest = np.array(
        [
            (points @ pose[:3, :3].T + pose[:3, 3])[:, 2].min()
            for moment, pose in solution.target_world.items()
            if moment != floor_moment
        ]
    )
    share = float(np.mean(lowest < -_UNDER_M)) if len(lowest) else 0.0
    if share > 0.02:
        yield Gate(
            id,
            title,
            "stop",
            f"In {100 * share:.0f} % of the moments the target is under the floor, by up to "
            f"{-100 * lowest.min():.0f} cm: the floor is tilted or too high.",
            "",
            remedy,
        )
    elif not under:
        least = min(c.centre_m[2] for c in solution.rig.cameras)
        yield Gate(id, title, "good", f"The lowest camera is {least:.2f} m above the floor.")


def _scale(solution: Solution, lengths: Sequence[Length], limits: Limits) -> Iterator[Gate]:
    id, title = "scale", "Scale"
    bad = False
    told: list[str] = []
    for length in lengths:
        measured = length.in_rig(solution.rig)
        if not np.isfinite(measured):
            continue
        off = measured / length.true_m - 1
        sigma = abs(measured - length.true_m) / max(length.sd_m, 1e-6)
        text = f"{length.what}: {measured:.3f} m here, {length.true_m:.3f} m in truth"
        verdict = verdict_above(abs(off), limits.scale) if sigma > limits.scale_sigma else "good"
        if verdict != "good":
            bad = True
            yield Gate(
                id,
                title,
                verdict,
                f"{text}: the world is {100 * abs(off):.1f} % too "
                f"{'large' if off > 0 else 'small'}.",
                "",
                "Measure the printed board with a ruler and give its true size, or scale "
                "the rig by this length.",
            )
        told.append(text)
    if told and not bad:
        yield Gate(id, title, "good", "; ".join(told) + ".")
    elif not told:
        yield Gate(
            id,
            title,
            "plain",
            "The board's size alone sets the scale: a wrong size cannot be seen in any "
            "picture of it.",
            "",
            "Give one length measured with a tape: between two cameras, on the printed "
            "board, or a person's height.",
        )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
