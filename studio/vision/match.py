"""Which detections belong to which camera of the rig: by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Crowd, Detections

_ALONE = " What one camera saw alone is lifted: the step Lift, or “doppel lift”."


def plain_name(name: str) -> str:
    """A camera's name without case, the word camera, leading zeros, and separators but those
    between digits (1_2 is not 12)."""
    bare = re.sub(r"[\W_]+", "", re.sub(r"(?<=\d)[\W_]+(?=\d)", "Ω", name)).lower()
    return re.sub(r"0*(\d+)", r"\1", re.sub(r"^cam(era)?(?=\d)", "", bare))


Found = TypeVar("Found", Detections, Crowd)


def match_cameras(
    rig: CameraRig, detections: Found, least: int = 2
) -> tuple[CameraRig, Found, tuple[str, ...]]:
    """The cameras that both have, in the rig's order, under the rig's names.

    Names may differ in padding, case and separators (cam1, Cam_01). Returns also the notes to
    show, one for every camera left over. Raises StudioError if fewer than ``least`` (one or two)
    match, or if two cameras of either have the same name.
    """
    for whose, names in (("rig", rig.names), ("detections", detections.cameras)):
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise StudioError(
                f"Two cameras of the {whose} are called “{twice}”.",
                "Give every camera its own name.",
            )
    own, theirs = _keys(rig.names), _keys(detections.cameras)
    if len(own) < len(rig) or len(theirs) < len(detections.cameras):
        own = {name: index for index, name in enumerate(rig.names)}
        theirs = {name: index for index, name in enumerate(detections.cameras)}
    pairs = [
        (index, theirs[key])
        for index, key in sorted((index, key) for key, index in own.items())
        if key in theirs
    ]
    if len(pairs) < least:
        many = "two cameras" if least > 1 else "a camera"
        raise StudioError(
            f"The detections and the rig do not have {many} in common. "
            f"Detections: {', '.join(detections.cameras)}. Rig: {', '.join(rig.names)}.",
            "Rename the cameras of one of them, or choose the rig that filmed this take."
            + (_ALONE if len(detections.cameras) == 1 else ""),
        )
    views = np.array([index for _, index in pairs])
    cameras = tuple(rig.cameras[index] for index, _ in pairs)
    names = tuple(camera.name for camera in cameras)
    xy, sure = detections.xy_px[:, views], detections.confidence[:, views]
    if isinstance(detections, Crowd):
        looks = None if detections.looks is None else detections.looks[:, views]
        matched = replace(
            detections, cameras=names, xy_px=xy, confidence=sure, track=detections.track[:, views],
            looks=looks,
        )  # fmt: skip
    else:
        matched = replace(detections, cameras=names, xy_px=xy, confidence=sure)
    idle = [n for i, n in enumerate(rig.names) if i not in {index for index, _ in pairs}]
    stray = [n for i, n in enumerate(detections.cameras) if i not in set(views.tolist())]
    notes = [f"Camera {name} of the rig has no detections." for name in idle]
    notes += [f"Camera {name} is not in the rig; its detections are not used." for name in stray]
    return CameraRig(cameras), matched, tuple(notes)


def _keys(names: Sequence[str]) -> dict[str, int]:
    return {plain_name(name): index for index, name in enumerate(names)}
