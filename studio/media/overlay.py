"""What was found, drawn over the film: people's bones, hands and faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from studio.core.files import IMAGE_SUFFIXES
from studio.core.pictures import write_picture
from studio.core.types import Crowd, Detections, Frame, Keypoints
from studio.human.convert import in_layout
from studio.human.layouts import layout
from studio.human.sides import sides
from studio.media.video import open_clip
from studio.media.writer import VideoWriter

INK = np.array([[238, 240, 242], [87, 181, 232], [242, 163, 51]], float)
"""RGB of the middle, the left and the right half."""
LEVELS = 5
"""In how many steps confidence becomes opacity."""
LEAST = 0.05
SHOWN = layout("openpose_137")
"""Faces are drawn as lines: this layout has them."""
_BODY = 0.0058
"""How thick limbs are drawn, as a share of the picture's shorter side."""
_FINE = {"left_hand": 0.022, "right_hand": 0.022, "face": 0.011}
"""How thick hands and faces are drawn, as a share of their own size."""
_SUB = 4
"""Strokes are placed on sixteenths of a pixel."""
_Stroke = tuple[np.ndarray, np.ndarray, np.ndarray, int]
"""From, to, colour, thickness in pixels."""
_HEAD = [SHOWN.index(f"{side}_{point}") for side in ("left", "right") for point in ("eye", "ear")]
_BONES, _SIDE = np.array(SHOWN.bones, int).reshape(-1, 2), sides(SHOWN)


def drawn(rgb: np.ndarray, people: Sequence[Keypoints]) -> np.ndarray:
    """A picture UInt8 (height, width, 3) with people over it: the left half blue, the right half
    orange, the fainter the less sure."""
    out, side_px = rgb.copy(), float(min(rgb.shape[:2]))
    strokes: list[list[tuple[np.ndarray, np.ndarray, np.ndarray, int]]] = [
        [] for _ in range(LEVELS)
    ]
    for one in people:
        told = in_layout(one, SHOWN)
        xy, sure = told.xy_px, told.confidence
        seen = (sure > LEAST) & np.isfinite(xy).all(1)
        px = _radii(xy, seen, _BODY * side_px)
        for a, b in _BONES[seen[_BONES].all(1)]:
            colour = (INK[_SIDE[a]] + INK[_SIDE[b]]) / 2
            thick = max(1, round(0.9 * float(min(px[a], px[b]))))
            strokes[_level(0.85 * float(min(sure[a], sure[b])))].append(
                (xy[a], xy[b], colour, thick)
            )
        for point in np.flatnonzero(seen & (px > 1.2)):
            thick = max(1, round(2 * float(px[point])))
            strokes[_level(float(sure[point]))].append(
                (xy[point], xy[point], INK[_SIDE[point]], thick)
            )
    for level, lines in enumerate(strokes):
        if lines:
            _blend(out, lines, (level + 1) / LEVELS)
    return out


def _radii(xy: np.ndarray, seen: np.ndarray, body_px: float) -> np.ndarray:
    """How thick each point is drawn: small parts finely, however near they are."""
    px = np.full(len(xy), max(body_px, 1.5))
    px[_HEAD] *= 0.45
    for part, share in _FINE.items():
        points = np.array(SHOWN.parts[part])
        known = xy[points[seen[points]]]
        if len(known):
            px[points] = np.clip(share * float(np.ptp(known, axis=0).max()), 0.5, body_px)
    return px


def _level(sure: float) -> int:
    return int(np.clip(np.ceil((0.15 + 0.85 * sure) * LEVELS) - 1, 0, LEVELS - 1))


def _blend(out: np.ndarray, lines: Sequence[_Stroke], alpha: float) -> None:
    """Draw lines of one opacity into a picture."""
    ends = np.array([[a, b] for a, b, _, _ in lines]).reshape(-1, 2)
    wide = max(thick for *_, thick in lines) + 2
    height, width = out.shape[:2]
    left, top = np.clip(np.floor(ends.min(0) - wide), 0, [width, height]).astype(int)
    right, bottom = np.clip(np.ceil(ends.max(0) + wide + 1), 0, [width, height]).astype(int)
    if right <= left or bottom <= top:
        return
    part = out[top:bottom, left:right]
    over = part.copy()
    shift, corner = 1 << _SUB, np.array([left, top])
    for a, b, colour, thick in lines:
        p, q = (np.round((end - corner) * shift).astype(int) for end in (a, b))
        ink = tuple(float(c) for c in colour)
        cv2.line(over, p.tolist(), q.tolist(), ink, thick, cv2.LINE_AA, _SUB)
    cv2.addWeighted(over, alpha, part, 1 - alpha, 0, part)


def write_overlay(
    path: Path,
    video: Path,
    found: Detections,
    crowd: Crowd | None = None,
    rate_hz: float | None = None,
    told: Callable[[float], object] = lambda share: None,
) -> int:
    """Write a one-camera film with everybody found drawn over it, or its first picture where the
    path names one; the number of pictures.

    ``told`` hears how far it is. Raises StudioError if either film cannot be opened.
    """
    with open_clip(video, rate_hz=rate_hz) as clip:
        if path.suffix.lower() in IMAGE_SUFFIXES:
            frame = clip.frame(0)
            write_picture(path, drawn(frame.rgb, _at(frame, found, crowd)))
            return 1
        width, height = (side - side % 2 for side in clip.size_px)
        with VideoWriter(path, (width, height), clip.rate_hz) as writer:
            for number, frame in clip.run():
                picture = drawn(frame.rgb, _at(frame, found, crowd))
                writer.write(np.ascontiguousarray(picture[:height, :width]), frame.time_s)
                told((number + 1) / max(clip.frames, 1))
            return writer.frames


def _at(frame: Frame, found: Detections, crowd: Crowd | None) -> Sequence[Keypoints]:
    """Everybody in a picture, at the moment that is nearest to it."""
    moment = int(np.abs(found.times_s - frame.time_s).argmin())
    if crowd is None:
        xy, sure = found.xy_px[moment, :1], found.confidence[moment, :1]
    else:
        xy, sure = crowd.xy_px[moment, 0], crowd.confidence[moment, 0]
    return [
        Keypoints(frame.camera, frame.time_s, found.layout, points, confidence, number)
        for number, (points, confidence) in enumerate(zip(xy, sure, strict=True))
        if (confidence > 0).any()
    ]
