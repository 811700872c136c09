"""Which items of a project are on show together, and the tracks they make. No Qt widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.types import Animation, Crowd, Detections, Keypoints, Motion, Skeleton
from studio.document.project import (
    AvatarItem,
    DetectionsItem,
    ItemBase,
    MotionItem,
    Project,
    RigItem,
    TakeItem,
)
from studio.ui.timeline_rows import Track, TrackKind

DOUBTED_M = 0.1


@dataclass(frozen=True)
class OnShow:
    """The items that are shown together."""

    take: TakeItem | None = None
    rig: RigItem | None = None
    detections: DetectionsItem | None = None
    motion: MotionItem | None = None
    avatar: AvatarItem | None = None
    others: tuple[MotionItem, ...] = ()
    """Who was solved together with the motion."""


def on_show(project: Project, chosen: tuple[str, ...]) -> OnShow:
    """The selected items; of the other kinds what belongs to them, else the newest."""

    def pick(kind: type[Any], *links: str | None) -> Any:
        picked = next((i for id in chosen if (i := project.get(id, kind))), None)
        linked = next((i for id in links if id and (i := project.get(id, kind))), None)
        return picked or linked or project.newest(kind)

    avatar: AvatarItem | None = pick(AvatarItem)
    if avatar is not None and avatar.id in chosen and avatar.design and avatar.motion is None:
        return OnShow(avatar=avatar)  # a person who was never filmed
    motion: MotionItem | None = pick(MotionItem, avatar.motion if avatar else None)
    if avatar is not None and motion is not None and avatar.id not in chosen:
        own = [a for a in project.all(AvatarItem) if a.motion == motion.id]
        avatar = own[-1] if own else None
    take: TakeItem | None = pick(TakeItem, motion.take if motion else None)
    rig = pick(RigItem, motion.rig if motion else None, take.rig if take else None)
    found: DetectionsItem | None = pick(DetectionsItem)
    if found is not None and take is not None and found.id not in chosen:
        own = [d for d in project.all(DetectionsItem) if d.take == take.id]
        found = own[-1] if own else found if found.take is None else None
    others = () if motion is None else tuple(m for m in project.together(motion) if m != motion)
    return OnShow(take, rig, found, motion, avatar, others)


def tracks(
    shown: OnShow,
    detections: Detections | None,
    motion: Motion | None,
    animation: Animation | None,
    others: Sequence[Motion | None] = (),
) -> tuple[Track, ...]:
    """Rows of the timeline: clips from in to out, detections by camera, motions, avatar.

    ``others`` are the motions of ``shown.others``, None while they are being read.
    """
    rows: list[Track] = []
    take = shown.take
    for clip in take.clips if take else ():
        end = clip.take_s(clip.frames / clip.rate_hz if clip.rate_hz else 0.0)
        start = max(clip.offset_s, take.in_s) if take and take.in_s is not None else clip.offset_s
        end = min(end, take.out_s) if take and take.out_s is not None else end
        rows.append(Track(f"clip {clip.camera}", clip.camera, "clip", start, end))
    if shown.detections is not None and detections is not None and len(detections.times_s):
        points = list(detections.layout.parts.get("body", ())) or slice(None)
        for view, camera in enumerate(detections.cameras):
            seen = detections.confidence[:, view, points].astype(float).mean(-1)
            rows.append(
                _row(shown.detections, f"{camera} points", "detections", detections.times_s,
                     np.where(seen > 0, seen, np.nan), camera)
            )  # fmt: skip
    if shown.motion is not None and motion is not None and len(motion):
        rows.append(_row(shown.motion, shown.motion.name, "motion", motion.times_s, trust(motion)))
    for item, other in zip(shown.others, others, strict=False):
        if other is not None and len(other):
            rows.append(_row(item, item.name, "motion", other.times_s, trust(other)))
    if shown.avatar is not None and animation is not None and len(animation):
        rows.append(_row(shown.avatar, shown.avatar.name, "avatar", animation.times_s, None))
    return tuple(rows)


def _row(
    item: ItemBase,
    name: str,
    kind: TrackKind,
    times_s: np.ndarray,
    confidence: np.ndarray | None,
    part: str = "",
) -> Track:
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    return Track(
        f"{item.id} {part}", name, kind, float(times_s[0]), float(times_s[-1]) + step, confidence
    )


def trust(motion: Motion) -> np.ndarray:
    """How far each frame can be trusted, 0..1: 1 at 0 mm error, 0 from 100 mm on; NaN is a gap."""
    seen = np.isfinite(motion.xyz_m).all(axis=-1)
    error = np.where(np.isfinite(motion.error_m), motion.error_m, 0.0)
    share = np.where(seen, np.clip(1 - error / DOUBTED_M, 0, 1), 0).mean(axis=1)
    return np.where(seen.sum(axis=1) > 0, share, np.nan)


def nearest(times_s: np.ndarray, time_s: float) -> int:
    """The index of the time nearest to one."""
    after = int(np.clip(np.searchsorted(times_s, time_s), 0, len(times_s) - 1))
    before = max(after - 1, 0)
    return before if abs(times_s[before] - time_s) < abs(times_s[after] - time_s) else after


def at_moment(motion: Motion, time_s: float) -> Skeleton | None:
    """The skeleton of a motion nearest to a time; None well before its beginning or after its
    end, when somebody is not there."""
    if not len(motion):
        return None
    skeleton = motion.at(nearest(motion.times_s, time_s))
    step = 1 / motion.rate_hz if motion.rate_hz else np.inf
    return skeleton if abs(skeleton.time_s - time_s) <= 1.5 * step else None


def everybody_at(crowd: Crowd, time_s: float) -> tuple[Keypoints, ...]:
    """The keypoints of everybody in all cameras at the nearest moment."""
    frame = nearest(crowd.times_s, time_s)
    there = np.argwhere((crowd.confidence[frame] > 0).any(-1))
    return tuple(
        Keypoints(
            crowd.cameras[view],
            float(crowd.times_s[frame]),
            crowd.layout,
            crowd.xy_px[frame, view, place],
            crowd.confidence[frame, view, place],
            int(crowd.track[frame, view, place]),
        )
        for view, place in there.tolist()
    )


def keypoints_at(detections: Detections, time_s: float) -> tuple[Keypoints, ...]:
    """The keypoints of all cameras at the nearest moment."""
    frame = nearest(detections.times_s, time_s)
    return tuple(
        Keypoints(
            camera,
            float(detections.times_s[frame]),
            detections.layout,
            detections.xy_px[frame, view],
            detections.confidence[frame, view],
        )
        for view, camera in enumerate(detections.cameras)
    )


def short_name(item: MotionItem) -> str:
    """What a person is called where there is little room: what comes before the take's name."""
    return item.name.split(", ", 1)[0]
