"""How good a synchronisation is, in milliseconds, and what to do if it is not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.types import Fact
from studio.vision.synchrony.graph import Clocks

GOOD_S = 0.005
USABLE_S = 0.017
CLAP = "Clap once in view of all cameras, or switch a lamp on, and record again."


def facts_of(
    clocks: Clocks, method: str, measure: str, seconds: float, missed: Mapping[str, int]
) -> tuple[Fact, ...]:
    """The residual, what it was found by, the clocks; then each camera, then missed frames.

    ``measure`` is what the standard deviations are called, ``seconds`` the length of the take,
    ``missed`` how many frames each camera lost.
    """
    verdict = "good" if clocks.error_s <= GOOD_S else "look"
    verdict = "stop" if clocks.error_s > USABLE_S else verdict
    found = f"{len(clocks.cameras)} cameras, {measure} {1000 * clocks.sd_s.max():.1f} ms"
    if clocks.looped:
        found = f"{len(clocks.cameras)} cameras, residual {1000 * clocks.error_s:.1f} ms"
    blame = ""
    if clocks.blame:
        blame = f"{clocks.blame} contradicts the others. {CLAP}"
    elif verdict != "good":
        worst = clocks.cameras[int(np.argmax(np.fmax(clocks.sd_s, clocks.off_s)))]
        blame = f"{worst} is the least certain. {CLAP}"
    return (
        Fact("In step", found, verdict, blame),
        Fact(
            "Found by",
            f"{method}; they started within {1000 * np.ptp(clocks.offsets_s):,.0f} ms",
        ),
        _drift(clocks, seconds),
        *_cameras(clocks),
        *(
            Fact("Missed frames", f"{camera} missed {count}: left blank", "look")
            for camera, count in missed.items()
            if count
        ),
    )


def _drift(clocks: Clocks, seconds: float) -> Fact:
    ppm = 1e6 * float(np.ptp(np.log(clocks.pace)))
    if ppm > 0:
        off = 1e-3 * ppm * seconds
        return Fact(
            "Clocks", f"drift apart by {ppm:.0f} ppm, {off:.1f} ms in {seconds:.0f} s; mended"
        )
    if any(np.isfinite(lag.slope) for lag in clocks.lags):
        return Fact("Clocks", f"no drift to be seen in {seconds:.0f} s", "good")
    return Fact("Clocks", f"{seconds:.1f} s are too short for a drift to show")


def _cameras(clocks: Clocks) -> tuple[Fact, ...]:
    rows = zip(clocks.cameras, clocks.offsets_s, clocks.sd_s, clocks.off_s, strict=True)
    return tuple(
        Fact(
            camera,
            f"starts at {1000 * offset:,.1f} ms ± {1000 * sd:.1f} ms"
            + (f", off by {1000 * off:.1f} ms" if clocks.looped else ""),
        )
        for camera, offset, sd, off in rows
    )


def missed_frames(times_s: np.ndarray) -> int:
    """How many frames lie in the gaps of a clip's own times."""
    steps = np.diff(times_s)
    beat = float(np.median(steps)) if len(steps) else 1.0
    return int(sum(round(step / beat) - 1 for step in steps if step > 1.5 * beat))
