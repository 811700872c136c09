"""Methods side by side on the same take, and how much is lost with fewer cameras."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.core.errors import Cancelled, StudioError
from studio.core.percent import percent
from studio.core.types import Fact, Motion
from studio.features.triangulate.fewer import Fewer, with_fewer
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.judge import BODY, Judge, Solve, mean_of, on_body
from studio.features.triangulate.params import METHODS, Params
from studio.human.convert import convert
from studio.jobs import Context
from studio.vision.report import limb_bones
from studio.vision.trajectory import bone_spread

METHOD = "Method: "


@dataclass(frozen=True)
class Compared:
    """A method, frame by frame and not refined: how far its twelve limb joints lie from what the
    cameras saw (px, mean), how much arms and legs vary in length (share), and how far they are
    from the motion that is shown (mm)."""

    method: str
    reprojection_px: float
    bone_spread: float
    off_mm: float

    def fact(self) -> Fact:
        """The same as one line."""
        return Fact(
            f"{METHOD}{self.method}",
            f"{self.reprojection_px:.1f} px, {percent(self.bone_spread, 1)}, {self.off_mm:.0f} mm",
        )


def compared(judge: Judge, method: str, motion: Motion, shown: Motion) -> Compared:
    """A method's motion against the detections of all cameras and the motion that is shown."""
    spread = bone_spread(convert(motion.xyz_m, motion.layout, BODY), limb_bones(BODY))
    return Compared(
        method, mean_of(judge.off_px(motion)), mean_of(spread),
        mean_of(1000 * judge.apart_m(motion, shown)),
    )  # fmt: skip


def side_by_side(
    params: Params, inputs: Inputs, shown: Motion, solve: Solve, watch: Context
) -> tuple[Fact, ...]:
    """The take by every method that its inputs allow, frame by frame, and by fewer cameras.

    ``solve`` triangulates inputs. Methods that need the pictures are left out where there are
    none, or where their network is not installed.
    """
    plain = params.model_copy(
        update={"refine": False, "compare": False, "filter": "none", "fill_gaps_s": 0.0}
    )
    small = replace(inputs, detections=on_body(inputs.detections), crowd=None)
    rows: list[Compared] = []
    curves: list[Fewer] = []
    judge = Judge(inputs.rig, inputs.detections, params.min_confidence)
    for number, method in enumerate(METHODS):
        watch.report(0.9 + 0.1 * number / len(METHODS), f"By the method {method}")
        one = plain.model_copy(update={"method": method})
        try:
            motion = solve(one, small)
        except Cancelled:
            raise
        except StudioError:
            continue
        rows.append(compared(judge, method, motion, shown))
        if len(inputs.rig) > 2:
            curves.append(with_fewer(one, small, motion, solve, judge, watch.check))
    told = [row.fact() for row in rows]
    return (*told, *(fact for curve in curves for fact in curve.facts()))
