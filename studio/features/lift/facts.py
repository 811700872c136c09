"""The three facts about a lifted take: what was seen, how sure it is, where it came from."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.core.counted import counted
from studio.core.percent import percent
from studio.core.types import Camera, Fact, Motion
from studio.features.lift.pose_errors import Distance

_GOOD_MM, _FAIR_MM = 60.0, 120.0


def _verdict(value: float, good: float, fair: float) -> Literal["good", "look", "stop"]:
    return "good" if value <= good else "look" if value <= fair else "stop"


def facts_of(
    motion: Motion,
    reprojection_px: float,
    camera: Camera,
    off: Distance | None = None,
) -> tuple[Fact, ...]:
    """How sure the points are, how well the camera sees them where they were seen, and what of the
    person it saw; with a triangulated motion of the same take, first how far it is from that."""
    facts = (_sureness(motion), _agreement(reprojection_px, camera), _seen(motion))
    return facts if off is None else (off.fact(), *facts)


def _sureness(motion: Motion) -> Fact:
    body = motion.error_m[:, :25]
    if not np.isfinite(body).any():
        return Fact("Error bar", "nobody seen", "stop")
    typical = float(1000 * np.nanmedian(body))
    by_point = 1000 * np.nanmedian(body, axis=0)
    worst = int(np.nanargmax(by_point))
    name = motion.layout.points[worst].replace("_", " ")
    text = f"± {typical:.0f} mm for body points, as the network judges itself"
    blame = f"Least sure is the {name}: ± {by_point[worst]:.0f} mm."
    return Fact("Error bar", text, _verdict(typical, _GOOD_MM, _FAIR_MM), blame)


def _agreement(px: float, camera: Camera) -> Fact:
    if not np.isfinite(px):
        return Fact("Reprojection", "nothing to compare", "look")
    text = f"{px:.1f} px from where the body's points were seen"
    return Fact("Reprojection", text, _verdict(px / max(camera.size_px), 0.008, 0.02))


def _seen(motion: Motion) -> Fact:
    there = np.isfinite(motion.xyz_m[..., 0]).any(1)
    shares = {
        part.replace("_", " "): float((motion.views[:, list(points)] > 0).mean())
        for part, points in motion.layout.parts.items()
    }
    text = f"{percent(there.mean())} of {counted(len(motion), 'frame')}"
    unseen = [part for part, share in shares.items() if share < 0.2]
    blame = f"Guessed for want of sight: {', '.join(unseen)}." if unseen else ""
    good = there.mean() > 0.95 and not unseen
    return Fact("Person seen", text, "good" if good else "look", blame)
