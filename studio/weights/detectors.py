"""Detectors with their networks: what is installed, opened and ready to use."""

from __future__ import annotations

from studio.perception.whole_body import Networks, Options, WholeBodyDetector
from studio.weights.store import find


def whole_body(options: Options = Options()) -> WholeBodyDetector:  # noqa: B008
    """The whole-body detector. Raises StudioError if a network is missing or damaged."""
    pose = "pose_landmarker_lite" if options.quality == "fast" else "pose_landmarker_full"
    networks = Networks(find(pose), find("hand_landmarker"), find("face_landmarker"))
    return WholeBodyDetector(networks, options)
