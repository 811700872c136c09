"""Learnable triangulation on a real take: every method from the same points of the network."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from studio.core.types import Motion
from studio.features.triangulate.compare import Compared, compared
from studio.features.triangulate.engine import triangulate
from studio.features.triangulate.evaluate import load_published
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.judge import Judge
from studio.features.triangulate.params import Params
from studio.features.triangulate.pixels import look, loosened
from studio.jobs import Context, run
from studio.journeys.figures import Figure, Part, footage_set
from studio.media.films import Film, Films
from studio.perception.views.viewer import Way

RULES = Params(refine=False, fill_gaps_s=0.0, swap_sides=False, huber=False)
_SURE = 0.3


def parts(way: Way, footage: Path | None) -> list[tuple[str, Part]]:
    """The parts of the evaluation that need real footage."""
    return [("a real take from pixels", partial(real_take, way, footage))]


def real_take(way: Way, footage: Path | None) -> list[Figure]:
    """``mv_pose2sim``: judged by the points that OpenPose published of it, which no method saw."""
    rows = {row.method: row for row in rows_of(way, footage)}
    ours, theirs = rows[way], rows["RANSAC"]
    figures = [
        Figure(
            f"real take, {row.method}",
            f"{row.reprojection_px:.1f} px off OpenPose's points, bones vary by "
            f"{row.bone_spread:.1%}",
            note=f"{row.off_mm:.0f} mm from OpenPose's points triangulated",
        )
        for row in rows.values()
    ]
    return [
        *figures,
        Figure("real take: off OpenPose's points", f"{ours.reprojection_px:.1f} px",
               f"below {theirs.reprojection_px:.1f} px (RANSAC)",
               ours.reprojection_px < theirs.reprojection_px),
        Figure("real take: bones vary by", f"{ours.bone_spread:.1%}",
               f"below {theirs.bone_spread:.1%} (RANSAC)", ours.bone_spread < theirs.bone_spread),
    ]  # fmt: skip


def rows_of(way: Way, footage: Path | None) -> list[Compared]:
    """The network, and RANSAC and plain triangulation of its own points."""
    folder = footage_set(footage, "mv_pose2sim")
    rig, found, _, _ = load_published(folder / "single_openpose_v0.2.6")
    videos = sorted((folder / "single" / "videos").glob("*.mp4"))
    films = Films(tuple(Film(path.stem, path) for path in videos))
    truth = run(triangulate(Params(), Inputs(rig, found), Context())).motion
    looked = run(look(way, films, rig, found, RULES, Context(), 1.0))
    seen = np.isfinite(looked.detections.xy_px).all(-1)
    own = replace(looked.detections, confidence=seen.astype(float))
    rules = loosened(RULES, looked)
    motions: dict[str, Motion] = {}
    for name, method in (("RANSAC", "ransac"), ("without confidences", "dlt")):
        given = rules.model_copy(update={"method": method})
        motions[name] = run(triangulate(given, Inputs(rig, own), Context())).motion
    given = RULES.model_copy(update={"method": way})
    motions[way] = run(triangulate(given, Inputs(rig, found, films=films), Context())).motion
    judge = Judge(rig, found, _SURE)
    return [compared(judge, name, motion, truth) for name, motion in motions.items()]
