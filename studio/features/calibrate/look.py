"""Looking for the board in every picture, and telling what to do next while it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from studio.core.calibration import Dropped, View
from studio.core.types import FrameSet, Keypoints, Layout
from studio.features.calibrate.sources import Clips
from studio.jobs import Context, Engine
from studio.perception.boards import Board
from studio.perception.boards.views import Views, views_of
from studio.vision.calibration.guidance import Guidance, Guide

FEW_MOMENTS = 240

Seen = tuple[FrameSet | Guidance | Keypoints, ...]
"""What is shown while the board is looked for: pictures, guidance, the points that were found."""


@dataclass(frozen=True, eq=False)
class Sightings:
    """The views to solve, when their moments were, the pictures' sizes, and what was left out."""

    views: tuple[View, ...]
    times_s: Mapping[int, float]
    sizes_px: Mapping[str, tuple[int, int]]
    dropped: tuple[Dropped, ...] = ()

    def without(self, cameras: Sequence[str]) -> Sightings:
        """The same as if these cameras had not been there."""
        return Sightings(
            tuple(view for view in self.views if view.camera not in cameras),
            self.times_s,
            {name: size for name, size in self.sizes_px.items() if name not in cameras},
            tuple(dropped for dropped in self.dropped if dropped.camera not in cameras),
        )


def look(
    board: Board,
    sets: Iterable[FrameSet],
    guide: Guide,
    *,
    every_s: float,
    most: int = 200,
    numbers: Mapping[str, np.ndarray] | None = None,
) -> Engine[Seen, Sightings]:
    """Find the board moment by moment and guide whoever shows it; returns the views worth solving.

    Raises StudioError if no picture shows the board, saying which board they show.
    """
    marks, crisp = point_layout(board), _Crisp()
    moments: dict[int, FrameSet] = {}
    times_s: dict[int, float] = {}

    def passing() -> Iterator[FrameSet]:
        for one in sets:
            moments.clear()
            moments[one.number] = one
            times_s[one.number] = one.time_s
            yield one

    threads = max(cv2.getNumberOfCPUs(), 2)
    searched = views_of(
        passing(), board, numbers=numbers, every_s=every_s, most=most, threads=threads
    )
    points: list[Keypoints] = []
    left = 0
    while True:
        try:
            one = next(searched)
        except StopIteration as stop:
            found: Views = stop.value
            break
        camera, rgb = one.picture.camera, one.picture.rgb
        guide.meet(camera, (rgb.shape[1], rgb.shape[0]))
        if one.found is not None and crisp.judge(camera, one.found.sharpness):
            view = one.found.view(camera, one.moment, one.frame)
            guide.add(view)
            points.append(_keypoints(view, one.picture.time_s, marks))
        elif one.found is not None:
            guide.blurred(camera)
        pictures = moments[one.moment]
        left = (left or len(pictures.frames)) - 1
        if not left:
            yield (pictures, guide.advice(), *points)
            points = []
    return Sightings(found.views, times_s, found.sizes_px, found.dropped)


def pace(per_second: float, clips: Clips) -> float:
    """Seconds between the moments looked at; of short clips and of pictures, every one."""
    return 0.0 if clips.stills or len(clips.sets) <= FEW_MOMENTS else 1 / per_second


def going(clips: Clips, context: Context, share: tuple[float, float]) -> Iterator[FrameSet]:
    """Moment by moment, until all is seen or the user has seen enough."""
    count = len(clips.sets)
    for one in clips.sets:
        context.check()
        if context.finishing:
            return
        context.report(
            share[0] + share[1] * one.number / count,
            f"Looking for the board, {one.number} of {count}",
        )
        yield one


class _Crisp:
    """Whether a view is as crisp as a camera's pictures usually are."""

    def __init__(self) -> None:
        self._usual: dict[str, float] = {}

    def judge(self, camera: str, sharpness: float) -> bool:
        usual = self._usual.get(camera, sharpness)
        self._usual[camera] = max(usual * 0.99, sharpness) if sharpness == sharpness else usual
        return not sharpness < max(0.5 * usual, 0.08)


def point_layout(board: Board) -> Layout:
    """The board's points as keypoints, to be drawn on the pictures."""
    count = len(board.target.points_m)
    return Layout(board.spec, tuple(str(i) for i in range(count)), (), tuple(range(count)))


def _keypoints(view: View, time_s: float, layout: Layout) -> Keypoints:
    xy = np.full((len(layout), 2), np.nan)
    xy[view.points] = view.xy_px
    return Keypoints(view.camera, time_s, layout, xy, np.isfinite(xy[:, 0]).astype(np.float64))


def as_arrays(seen: Sightings) -> dict[str, np.ndarray]:
    """What was seen, as named arrays (see :func:`from_arrays`)."""
    views, cameras = seen.views, list(seen.sizes_px)
    moments = np.array(sorted(seen.times_s), np.int64)
    return {
        "cameras": np.array(cameras, np.str_),
        "sizes_px": np.array(list(seen.sizes_px.values()), np.int32).reshape(-1, 2),
        "moments": moments,
        "times_s": np.array([seen.times_s[m] for m in moments.tolist()]),
        "camera": np.array([cameras.index(v.camera) for v in views], np.int32),
        "moment": np.array([v.moment for v in views], np.int64),
        "frame": np.array([v.frame for v in views], np.int64),
        "count": np.array([len(v) for v in views], np.int32),
        "points": np.concatenate([v.points for v in views] or [np.empty(0, np.int64)]),
        "xy_px": np.concatenate([v.xy_px for v in views] or [np.empty((0, 2))]),
    }


def from_arrays(arrays: Mapping[str, np.ndarray]) -> Sightings:
    """Inverse of :func:`as_arrays`."""
    cameras = [str(name) for name in arrays["cameras"]]
    ends = np.cumsum(arrays["count"])
    views = tuple(
        View(
            cameras[int(camera)], int(moment),
            arrays["points"][end - count : end], arrays["xy_px"][end - count : end], int(frame),
        )
        for camera, moment, frame, count, end in zip(
            arrays["camera"], arrays["moment"], arrays["frame"], arrays["count"], ends, strict=True
        )
    )  # fmt: skip
    sizes = {n: (int(w), int(h)) for n, (w, h) in zip(cameras, arrays["sizes_px"], strict=True)}
    times = dict(zip(arrays["moments"].tolist(), arrays["times_s"].tolist(), strict=True))
    return Sightings(views, times, sizes)
