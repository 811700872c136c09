"""The three facts about a triangulated take, and whom to blame."""

from __future__ import annotations

import math
from typing import Literal

from studio.core.counted import counted
from studio.core.percent import percent
from studio.core.types import CameraRig, Fact, Layout
from studio.vision.report import TakeReport

Verdict = Literal["good", "look", "stop"]


def _verdict(value: float, good: float, fair: float) -> Verdict:
    if value <= good:
        return "good"
    return "look" if value <= fair else "stop"


def facts_of(report: TakeReport, rig: CameraRig, layout: Layout) -> tuple[Fact, ...]:
    """How well the cameras agree, how rigid the bones are, and how sure the points."""
    return _agreement(report, rig), _rigidity(report), _certainty(report, layout)


def _agreement(report: TakeReport, rig: CameraRig) -> Fact:
    diagonal = max(math.hypot(*camera.size_px) for camera in rig.cameras)
    text = f"{counted(len(rig), 'camera')}, {report.mean_px:.1f} px mean ({report.mean_mm:.0f} mm)"
    if report.suspects:
        return Fact("Agreement", text, "stop", report.suspects[0].text)
    verdict = _verdict(report.mean_px / diagonal, 0.004, 0.01)
    blame = ""
    if len(rig) > 2:
        worst = max(report.cameras, key=lambda camera: camera.excluded)
        if worst.excluded > 0.1:
            blame = f"Camera {worst.name} was left out for {percent(worst.excluded)} of its points."
    swapper = max(report.cameras, key=lambda camera: camera.swapped)
    if swapper.swapped > 0.05:
        share = percent(swapper.swapped)
        blame = f"Camera {swapper.name} took left for right in {share} of its points."
    return Fact("Agreement", text, verdict, blame)


def out_of_step(report: TakeReport, rate_hz: float) -> tuple[str, ...]:
    """A note for every camera that is half a frame or more out of step."""
    if len(report.cameras) < 3 or rate_hz <= 0:
        return ()
    return tuple(
        f"Camera {c.name} seems {abs(c.late_ms):.0f} ms {'late' if c.late_ms > 0 else 'early'}: "
        "check the synchronisation."
        for c in report.cameras
        if abs(c.late_ms) * rate_hz / 1000 >= 0.5
    )


def _rigidity(report: TakeReport) -> Fact:
    known = [bone for bone in report.bones if math.isfinite(bone.spread)]
    if not known:
        return Fact("Bone lengths", "no bone seen twice", "look")
    text = f"{100 * report.bone_spread:.1f} % spread over {len(known)} bones"
    worst = max(known, key=lambda bone: bone.spread)
    verdict = _verdict(report.bone_spread, 0.03, 0.08)
    blame = ""
    if verdict != "good":
        blame = f"{worst.name.replace('_', ' ')} varies most, by {100 * worst.spread:.1f} %."
    return Fact("Bone lengths", text, verdict, blame)


def _certainty(report: TakeReport, layout: Layout) -> Fact:
    # Not "accuracy": errors that all cameras share, as a detector's own, are not in it.
    known = math.isfinite(report.error_mm)
    text = f"± {report.error_mm:.1f} mm between cameras" if known else "unknown"
    holes = [f"{100 * report.missing:.1f} % missing"] if report.missing > 0.0005 else []
    holes += [f"{100 * report.filled:.1f} % bridged"] if report.filled > 0.0005 else []
    holes = holes or ["no gaps"]
    holes += [f"{part.replace('_', ' ')} not seen" for part in report.unseen]
    if report.unfound:
        holes.append(f"{counted(len(report.unfound), 'point')} that no camera found")
    text = ", ".join([text, *holes])
    verdict = _verdict(max(report.error_mm / 10, report.missing / 0.05), 1.0, 4.0)
    verdict = verdict if known else "look"
    blame = ""
    hidden = {layout.points[i] for part in report.unseen for i in layout.parts[part]}
    hidden |= set(report.unfound)
    shown = [point for point in report.points if point.name not in hidden]
    lost = max(shown, key=lambda point: point.missing)
    if lost.missing > 0.05:
        name = lost.name.replace("_", " ")
        blame = f"{name.capitalize()} is missing in {percent(lost.missing)} of the frames"
        alone = f", seen by one camera only in {percent(lost.one_camera)}"
        blame += f"{alone}." if lost.one_camera > 0.02 else "."
    return Fact("Error bar", text, verdict, blame)
