"""How a video came by a size other than the calibrated one, told by pictures of the same camera."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.document.project import Clip
from studio.features.capture.found import FoundTake
from studio.media.cameras import match_cameras
from studio.media.rig_checks import RigProblem, Size
from studio.media.rig_mends import seen_mend
from studio.media.video import open_clip


def tell_sizes(
    problems: Sequence[RigProblem], rig: CameraRig, takes: Sequence[FoundTake]
) -> tuple[RigProblem, ...]:
    """The problems; where another clip shows the scene at the calibrated size, with their mend."""
    return tuple(_told(problem, rig, takes) for problem in problems)


def _told(problem: RigProblem, rig: CameraRig, takes: Sequence[FoundTake]) -> RigProblem:
    if problem.mend is not None or problem.size_px is None:
        return problem
    video = _first_picture(problem.camera, problem.size_px, rig, takes)
    if video is None:
        return problem
    for path in _clips(problem.camera, rig[problem.camera].size_px, rig, takes):
        mend = seen_mend(_picture(path), video, problem.mends)
        if mend is not None:
            hint = f"Compared with “{path.parent.name}/{path.name}”, the way was “{mend}”."
            return replace(problem, mend=mend, hint=hint)
    return problem


def _clips(
    camera: str, size_px: Size, rig: CameraRig, takes: Sequence[FoundTake]
) -> Iterator[Path]:
    """Clips of a camera of the rig that have a size."""
    for take in takes:
        names = match_cameras([clip.camera for clip in take.item.clips], rig.names)
        fitting = (c for c in take.item.clips if _is(c, camera, size_px, names))
        yield from (Path(clip.path) for clip in fitting)


def _is(clip: Clip, camera: str, size_px: Size, names: dict[str, str]) -> bool:
    return names.get(clip.camera) == camera and clip.size_px == size_px


def _first_picture(
    camera: str, size_px: Size, rig: CameraRig, takes: Sequence[FoundTake]
) -> np.ndarray | None:
    path = next(_clips(camera, size_px, rig, takes), None)
    return _picture(path) if path else None


def _picture(path: Path) -> np.ndarray:
    try:
        with open_clip(path) as clip:
            return clip.frame(0).rgb
    except StudioError:
        return np.zeros((8, 8, 3), np.uint8)
