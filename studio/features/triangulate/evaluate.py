"""Measured figures of triangulation: against a published take, on simulated points, and speed."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Detections, Motion
from studio.features.triangulate import simulate, speed
from studio.features.triangulate.engine import triangulate
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.jobs import Context, run
from studio.vision.gaps import present
from studio.vision.match import match_cameras
from studio.vision.report import limb_bones
from studio.vision.sightings import residuals_px, sight
from studio.vision.trajectory import bone_spread
from studio.vision.triangulate import drop_cameras

SAME_RULES = Params(
    method="weighted", refine=False, huber=False, undistort=False, swap_sides=False, filter="none",
    fill_gaps_s=0.0, min_confidence=0.3, max_reprojection_px=15.0, min_cameras=2,
)  # fmt: skip
"""Confidence-weighted linear triangulation, cameras left out one by one until below 15 px."""

POSE2SIM_NAMES = {
    "Neck": "upper_neck", "Head": "head_top", "Nose": "nose",
    **{
        f"{letter}{part}": f"{side}_{name}"
        for letter, side in (("L", "left"), ("R", "right"))
        for part, name in (
            ("Hip", "hip"), ("Knee", "knee"), ("Ankle", "ankle"), ("BigToe", "big_toe"),
            ("SmallToe", "small_toe"), ("Heel", "heel"), ("Shoulder", "shoulder"),
            ("Elbow", "elbow"), ("Wrist", "wrist"),
        )
    },
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One track of the same take, judged on the same detections, points and bones.

    ``kept_px`` is the mean reprojection error over the detections that the common rule keeps,
    ``all_px`` over all that are sure enough, ``bone_spread`` the mean over arms and legs.
    """

    name: str
    kept_px: float
    all_px: float
    median_px: float
    bone_spread: float
    worst_bone: float


@dataclass(frozen=True)
class Published:
    """A take that another tool published, and ours beside it."""

    points: int
    within_1mm: float
    median_mm: float
    mean_px: float
    rows: tuple[Row, ...]


def load_published(folder: Path) -> tuple[CameraRig, Detections, np.ndarray, np.ndarray]:
    """Rig, detections, and the published tracks (raw and filtered; frames, points of the layout)
    of a Pose2Sim demonstration folder."""
    from studio.media.formats.openpose import read_detections
    from studio.media.formats.rigs import read_rig

    found = read_detections(folder / "pose-2d-tracked", "body_25b", rate_hz=60.0, person=0)
    rig = read_rig(folder / "calib-2d" / "Calib_qca.toml").provisional
    rig, found, _ = match_cameras(rig, found)
    raw, filtered = (
        _published_track(folder / "pose-3d" / name, found)
        for name in ("Demo_0-100.trc", "Demo_filt_0-100.trc")
    )
    return rig, found, raw, filtered


def _published_track(path: Path, detections: Detections) -> np.ndarray:
    """World points of a Pose2Sim file, in the order of the detections' layout."""
    from studio.media.formats.trc import read_trc

    motion = read_trc(path)
    out = np.full((len(motion), len(detections.layout), 3), np.nan)
    for i, name in enumerate(motion.layout.points):
        if name in POSE2SIM_NAMES:
            out[:, detections.layout.index(POSE2SIM_NAMES[name])] = motion.xyz_m[:, i]
    return out


def against_published(folder: Path) -> Published:
    """Our tracks and the published ones, on the same detections."""
    rig, found, raw, filtered = load_published(folder)
    same = _solve(rig, found, SAME_RULES)
    off = np.linalg.norm(same.xyz_m - raw, axis=-1) * 1000
    theirs = present(raw)
    near = np.where(theirs, off, np.nan)
    judge = _judge(rig, found, theirs)
    best = Params()
    rows = (
        judge("published, unfiltered", raw),
        judge("published, filtered", filtered),
        judge("ours, same rules", same.xyz_m),
        judge("ours, same rules, Butterworth 6 Hz",
              _solve(rig, found, SAME_RULES.model_copy(update={"filter": "butterworth"})).xyz_m),
        judge("ours, each frame alone (Huber)",
              _solve(rig, found, best.model_copy(update={"refine": False})).xyz_m),
        judge("ours, as it is set", _solve(rig, found, best).xyz_m),
    )  # fmt: skip
    return Published(
        int(theirs.sum()),
        float((near[theirs] < 1.0).mean()),
        float(np.nanmedian(near)),
        float(np.nanmean(same.reprojection_px[theirs])),
        rows,
    )


def _solve(rig: CameraRig, found: Detections, params: Params) -> Motion:
    return run(triangulate(params, Inputs(rig, found), Context())).motion


def _judge(
    rig: CameraRig, found: Detections, points: np.ndarray
) -> Callable[[str, np.ndarray], Row]:
    """Judges tracks on the detections of ``points`` (frames, points) that the rule keeps."""
    flat = CameraRig(tuple(replace(c, distortion=np.zeros(0)) for c in rig.cameras))
    views = len(rig)
    xy = np.moveaxis(found.xy_px, 1, 0).reshape(views, -1, 2)
    s = sight(flat, xy, np.moveaxis(found.confidence, 1, 0).reshape(views, -1), min_confidence=0.3)
    kept = drop_cameras(s, limit_px=15.0).used & points.ravel()
    sure = s.seen & points.ravel()
    bones = limb_bones(found.layout)

    def judge(name: str, xyz: np.ndarray) -> Row:
        off = residuals_px(s, xyz.reshape(-1, 3))
        spread = bone_spread(xyz, bones)
        return Row(
            name,
            float(np.nanmean(off[kept])),
            float(np.nanmean(off[sure])),
            float(np.nanmedian(off[sure])),
            float(spread.mean()),
            float(spread.max()),
        )

    return judge


def evaluate(footage: Path | None = None, peers: Path | None = None) -> dict[str, Any]:
    """All figures as plain numbers; parts whose data are missing say so."""
    figures: dict[str, Any] = {}
    folder = footage / "mv_pose2sim" / "single_openpose_v0.2.6" if footage else None
    if folder and folder.is_dir():
        figures["published"] = asdict(against_published(folder))
    else:
        figures["published"] = {"note": "not measured: the published take is not here"}
    figures["simulated"] = [asdict(case) for case in simulate.table()]
    figures["speed"] = [
        {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(t).items()}
        for t in speed.timings(peers=peers)
    ]
    return figures


def main(footage: Path | None = None, peers: Path | None = None, json: bool = False) -> None:
    """Measure triangulation.

    Args:
        footage: The folder of real takes (mv_pose2sim ...).
        peers: A folder with the packages of other tools, to time them in the same run.
        json: Print one JSON object.
    """
    for path in (footage, peers):
        if path is not None and not path.is_dir():
            raise StudioError(f"There is no folder “{path}”.", "Give one that exists.")
    figures = evaluate(footage, peers)
    if json:
        print(json_module.dumps(figures, ensure_ascii=False))
        return
    console = Console()
    published = figures["published"]
    if "note" in published:
        console.print(published["note"])
    else:
        console.print(
            f"{published['points']} points, {published['within_1mm']:.2%} within 1 mm of the "
            f"published ones, median {published['median_mm']:.2g} mm, {published['mean_px']:.2f} px"
        )
        console.print(_table(published["rows"]))
    console.print("Simulated points: mean error in mm")
    console.print(_table(figures["simulated"]))
    console.print(f"{speed.JOINTS} joints, {speed.VIEWS} views, this machine")
    console.print(_table(figures["speed"]))


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*(_cell(name, value) for name, value in row.items()))
    return table


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        if name.endswith(("spread", "bone")):
            return f"{value:.2%}"
        return f"{value:,.0f}" if value > 1000 else f"{value:.4g}"
    return str(value)
