"""How much is lost with fewer cameras: cameras of a take are left out, one choice after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from studio.core.errors import Cancelled, StudioError
from studio.core.types import CameraRig, Fact, Motion
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.judge import Judge, Solve, mean_of
from studio.features.triangulate.params import Params
from studio.features.triangulate.pixels import learned

CAMERAS, LEFT_OUT = "Cameras: ", "Left out: "
_SUBSETS = 6
_LOOKED_SUBSETS, _LOOKED_FRAMES = 3, 10
"""What a network looks at again and again: fewer choices, and the middle of the take alone."""


@dataclass(frozen=True)
class Fewer:
    """What becomes of a method's limb joints when only so many cameras are used, by their number:
    how far they move from where all cameras put them (mm, mean), and how far they lie from what
    the cameras saw that were left out (px, mean)."""

    method: str
    off_mm: dict[int, float]
    left_out_px: dict[int, float]

    def facts(self) -> tuple[Fact, ...]:
        """The same as two lines."""
        return (
            Fact(f"{CAMERAS}{self.method}", _told(self.off_mm, "mm")),
            Fact(f"{LEFT_OUT}{self.method}", _told(self.left_out_px, "px")),
        )


def _told(values: dict[int, float], unit: str) -> str:
    digits = 0 if unit == "mm" else 1
    return ", ".join(f"{count}: {value:.{digits}f} {unit}" for count, value in values.items())


def read(text: str) -> dict[int, float]:
    """The values of such a line, by number of cameras."""
    cells = (cell.split(": ") for cell in text.split(", ") if ": " in cell)
    return {int(count): float(value.split()[0]) for count, value in cells}


def with_fewer(
    params: Params, inputs: Inputs, whole: Motion, solve: Solve, judge: Judge,
    check: Callable[[], object],
) -> Fewer:  # fmt: skip
    """A method with fewer cameras, beside ``whole``, its motion with all of them. ``check`` is
    called before each choice and may stop the work."""
    subsets = _SUBSETS
    if learned(params.method) is not None:
        inputs, subsets = middle(inputs, _LOOKED_FRAMES), _LOOKED_SUBSETS
    off: dict[int, list[float]] = {}
    left_out: dict[int, list[float]] = {}
    names = judge.rig.names
    for chosen in choices(len(inputs.rig), subsets):
        check()
        rig = CameraRig(tuple(inputs.rig.cameras[k] for k in chosen))
        try:
            motion = solve(params, replace(inputs, rig=rig))
        except Cancelled:
            raise
        except StudioError:
            continue
        others = [k for k, name in enumerate(names) if name not in rig.names]
        off.setdefault(len(chosen), []).append(mean_of(1000 * judge.apart_m(motion, whole)))
        left_out.setdefault(len(chosen), []).append(mean_of(judge.off_px(motion)[others]))
    return Fewer(params.method, _means(off), _means(left_out))


def _means(values: dict[int, list[float]]) -> dict[int, float]:
    means = {count: mean_of(np.array(of)) for count, of in values.items()}
    return {count: mean for count, mean in means.items() if np.isfinite(mean)}


def middle(inputs: Inputs, frames: int) -> Inputs:
    """Some frames from the middle of a take, of detections and films alike."""
    found, films = inputs.detections, inputs.films
    start = max((len(found.times_s) - frames) // 2, 0)
    at = slice(start, start + frames)
    some = replace(
        found, times_s=found.times_s[at], xy_px=found.xy_px[at], confidence=found.confidence[at]
    )
    if films is not None:
        room = 0.4 * float(np.median(np.diff(found.times_s))) if len(found.times_s) > 1 else 0.0
        first, last = float(some.times_s[0]), float(some.times_s[-1])
        films = replace(films, in_s=first, out_s=last + room)
    return replace(inputs, detections=some, films=films)


def choices(cameras: int, subsets: int = _SUBSETS) -> Iterator[tuple[int, ...]]:
    """Which cameras to use: two of them to all but one, up to so many choices of each number."""
    for count in range(2, cameras):
        every = list(combinations(range(cameras), count))
        step = max(len(every) / subsets, 1.0)
        yield from [every[int(k * step)] for k in range(min(len(every), subsets))]
