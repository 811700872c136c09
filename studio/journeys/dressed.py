"""A dressed body whose joints are known, seen by eight cameras: how far off are we?"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from studio.core.frames import extrinsics_to_world, points_to_world
from studio.core.types import Camera, CameraRig, Detections
from studio.features.triangulate.engine import triangulate
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.human.joint_centres import joint_centres
from studio.jobs import Context, run
from studio.weights.detectors import whole_body

# The joint names of the truth file, by ours.
TRUTH = {
    f"{side}_{ours}": f"{side[0]}-{theirs}"
    for ours, theirs in (
        ("shoulder", "shoulder"), ("elbow", "elbow"), ("wrist", "hand"),
        ("hip", "upper-leg"), ("knee", "knee"), ("ankle", "ankle"),
    )
    for side in ("left", "right")
}  # fmt: skip


def read_views(folder: Path) -> tuple[CameraRig, dict[str, np.ndarray]]:
    """The exact cameras of the folder's ``cameras.json`` (Y up), and their pictures (RGB)."""
    cameras: list[Camera] = []
    pictures: dict[str, np.ndarray] = {}
    for view in json.loads((folder / "cameras.json").read_text("utf-8"))["cameras"]:
        name = Path(view["image"]).stem
        rotation, translation = extrinsics_to_world(np.array(view["R"]), np.array(view["t"]), "y")
        size = (int(view["width"]), int(view["height"]))
        cameras.append(
            Camera(name, size, np.array(view["K"], float), np.zeros(0), rotation, translation)
        )
        picture = cv2.imread(str(folder / view["image"]))
        if picture is None:
            raise FileNotFoundError(f"the picture {view['image']} is not here")
        pictures[name] = picture[..., ::-1]
    return CameraRig(tuple(cameras)), pictures


def dressed_errors_mm(folder: Path) -> tuple[float, float]:
    """Mean joint error, as detected and after joint centres, both from all views."""
    rig, pictures = read_views(folder)
    detector = whole_body()
    try:
        seen = [detector.detect(np.ascontiguousarray(pictures[name]), 0.0) for name in rig.names]
        layout = detector.layout
    finally:
        detector.close()
    xy = np.full((1, len(rig), len(layout), 2), np.nan)
    confidence = np.zeros((1, len(rig), len(layout)))
    for view, people in enumerate(seen):
        if people:
            xy[0, view], confidence[0, view] = people[0].xy_px, people[0].confidence
    found = Detections(rig.names, np.zeros(1), layout, xy, confidence)
    motion = run(triangulate(Params(refine=False), Inputs(rig, found), Context())).motion
    truth = {
        ours: points_to_world(np.array(place), "y")
        for ours, theirs in TRUTH.items()
        for place in [json.loads((folder / "joints_gt.json").read_text("utf-8"))[theirs]]
    }
    errors: list[float] = []
    for track in (motion, joint_centres(motion)):
        off = [
            np.linalg.norm(track.xyz_m[0, track.layout.index(name)] - place)
            for name, place in truth.items()
        ]
        errors.append(1000 * float(np.mean(off)))
    return errors[0], errors[1]
