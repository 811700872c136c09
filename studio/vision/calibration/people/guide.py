"""Guidance while a person is filmed for calibration: who saw them, where, and what lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np

from studio.core.types import Detections, Keypoints
from studio.vision.calibration.guidance import COLUMNS, ROWS, CameraGuidance, Guidance
from studio.vision.calibration.people.seen import LEAST_CONFIDENCE

PAIR, RAISED, UPRIGHT = 60, 8, 8
"""Common moments of a pair, moments with raised arms, and upright ones, that are enough."""
COVERED = 0.16
"""The share of a picture's cells that hips should have passed: a walk crosses, it does not fill."""


class PersonGuide:
    """Counts moments as they come and says what the person should do next."""

    def __init__(self, sizes_px: Mapping[str, tuple[int, int]]) -> None:
        self._sizes = dict(sizes_px)
        self._grids = {name: np.zeros((ROWS, COLUMNS), np.int64) for name in sizes_px}
        self._views: dict[str, int] = dict.fromkeys(sizes_px, 0)
        self._pairs = dict.fromkeys(combinations(sizes_px, 2), 0)
        self._moments: dict[float, set[str]] = defaultdict(set)
        self._upright = self._raised = 0

    def add(self, keypoints: Iterable[Keypoints]) -> None:
        """What cameras saw; the same picture twice counts once."""
        for one in keypoints:
            moment = round(one.time_s, 2)
            if one.camera not in self._sizes or one.camera in self._moments[moment]:
                continue
            sure = (one.confidence >= LEAST_CONFIDENCE) & np.isfinite(one.xy_px[:, 0])
            p = {one.layout.points[i]: one.xy_px[i] for i in np.flatnonzero(sure)}
            if not {"left_shoulder", "right_shoulder", "left_hip", "right_hip"} <= p.keys():
                continue
            for other in self._moments[moment]:
                pair = (other, one.camera)
                self._pairs[pair if pair in self._pairs else (one.camera, other)] += 1
            self._moments[moment].add(one.camera)
            self._views[one.camera] += 1
            self._count(one.camera, p)

    def _count(self, camera: str, p: Mapping[str, np.ndarray]) -> None:
        width, height = self._sizes[camera]
        hips, shoulders = ((p[f"left_{s}"] + p[f"right_{s}"]) / 2 for s in ("hip", "shoulder"))
        column = int(np.clip(hips[0] / width * COLUMNS, 0, COLUMNS - 1))
        row = int(np.clip(hips[1] / height * ROWS, 0, ROWS - 1))
        self._grids[camera][row, column] += 1
        trunk = hips - shoulders
        size = float(np.linalg.norm(trunk))
        if {"left_ankle", "right_ankle"} <= p.keys():
            legs = (p["left_ankle"] + p["right_ankle"]) / 2 - hips
            straight = trunk @ legs / max(size * float(np.linalg.norm(legs)), 1e-9)
            self._upright += bool(straight > 0.97)
        wrists = [p[f"{side}_wrist"] for side in ("left", "right") if f"{side}_wrist" in p]
        self._raised += bool(wrists) and all((w - shoulders) @ trunk < 0 for w in wrists)

    @property
    def guidance(self) -> Guidance:
        """Where it stands, and the next best thing to do."""
        cameras = tuple(self._camera(name) for name in self._sizes)
        best = {name: max((n for pair, n in self._pairs.items() if name in pair), default=0)
                for name in self._sizes}  # fmt: skip
        lonely = min(best, key=lambda name: best[name]) if best else ""
        narrow = min(cameras, key=lambda c: c.covered, default=None)
        shares = [*(min(n / PAIR, 1.0) for n in best.values()),
                  *(min(c.covered / COVERED, 1.0) for c in cameras),
                  min(self._upright / UPRIGHT, 1.0), min(self._raised / RAISED, 1.0)]  # fmt: skip
        progress = float(np.mean(shares)) if shares else 0.0
        ready = bool(best) and min(best.values()) >= PAIR // 3
        pair = None
        if self._upright < UPRIGHT:
            action, camera = "Stand upright where all cameras see you, feet included", ""
        elif best[lonely] < PAIR:
            pair = max((p for p in self._pairs if lonely in p), key=lambda p: self._pairs[p])
            other = pair[0] if pair[1] == lonely else pair[1]
            action, camera = f"Walk where {lonely} and {other} both see all of you", lonely
        elif narrow is not None and narrow.covered < COVERED:
            action, camera = (
                f"Walk along both diagonals, far across the view of {narrow.camera}",
                narrow.camera,
            )
        elif self._raised < RAISED:
            action, camera = "Raise both arms over your head while you walk", ""
        else:
            return Guidance(cameras, dict(self._pairs), "Enough: more would hardly help",
                            progress=1.0, ready=True, enough=True)  # fmt: skip
        return Guidance(cameras, dict(self._pairs), action, camera, pair, progress, ready)

    def _camera(self, name: str) -> CameraGuidance:
        grid = self._grids[name]
        covered = float((grid > 0).mean())
        return CameraGuidance(
            name, self._views[name], 0, grid, covered, covered, covered, (True,) * 8, 1.0,
            min(covered / COVERED, 1.0),
        )  # fmt: skip


def guide_of(detections: Detections, sizes_px: Mapping[str, tuple[int, int]]) -> Guidance:
    """Guidance from a take that was filmed already, looked at four times a second."""
    guide = PersonGuide(sizes_px)
    step = max(round(0.25 / max(float(np.median(np.diff(detections.times_s))), 1e-3)), 1) if (
        len(detections.times_s) > 1) else 1  # fmt: skip
    for frame in range(0, len(detections.times_s), step):
        guide.add(
            Keypoints(camera, float(detections.times_s[frame]), detections.layout,
                      detections.xy_px[frame, view], detections.confidence[frame, view])
            for view, camera in enumerate(detections.cameras)
        )  # fmt: skip
    return guide.guidance
