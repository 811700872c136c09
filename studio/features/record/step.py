"""A recording, as a project sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from studio.core.counted import counted
from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import Clip, Project, RigItem, TakeItem
from studio.document.step import Missing, Packed
from studio.features.record.engine import Inputs, Recorded
from studio.media.recording.read import clips_of
from studio.media.recording.take import CameraRecord, Segment, TakeRecord


class Step:
    """Live cameras in, a take out, linked with the rig that its cameras belong to."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs(None, project.usable_rig())

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(inputs, Inputs) or not isinstance(result, Recorded):
            raise TypeError("this step packs recordings")
        item = take_item(result.folder, result.take, inputs.rig)
        return Packed(f"Record {item.name}", (item,), facts_of(result))


def take_item(folder: Path, take: TakeRecord, rig: RigItem | None = None) -> TakeItem:
    """A recorded take as an item of a project; linked with ``rig`` if that has all its cameras
    at these sizes. What streams brought from before it began (from a key frame on) is left of its
    in point."""
    records = {camera.name: camera for camera in take.cameras}
    found, _ = clips_of(folder, take)
    clips: list[Clip] = []
    for one in found:
        record = records[one.camera]
        segment = record.longest
        if segment is not None:
            clips.append(
                Clip(
                    camera=one.camera,
                    path=str(one.video.absolute()),
                    size_px=_upright(segment),
                    rate_hz=_rate_hz(record, segment),
                    frames=segment.frames,
                    offset_s=one.offset_s,
                )
            )
    sizes = {camera.name: camera.size_px for camera in rig.cameras} if rig is not None else {}
    fits = bool(clips) and all(sizes.get(clip.camera) == clip.size_px for clip in clips)
    early = any(clip.offset_s < 0 for clip in clips)
    return TakeItem(
        name=take.name, clips=tuple(clips), rig=rig.id if rig and fits else None,
        in_s=0.0 if early else None,
    )  # fmt: skip


def _upright(segment: Segment) -> tuple[int, int]:
    width, height = segment.size_px
    return (height, width) if segment.rotation % 180 else (width, height)


def _rate_hz(record: CameraRecord, segment: Segment) -> float:
    """The rate at which frames came; the promised one for a take of one frame."""
    seconds = segment.last_s - segment.first_s
    return (segment.frames - 1) / seconds if segment.frames > 1 and seconds > 0 else record.rate_hz


def facts_of(result: Recorded) -> tuple[Fact, ...]:
    """Length and cameras, what is missing of it, where it lies, and each camera's figures."""
    take = result.take
    missing = {c.name: c.dropped + c.lost for c in take.cameras}
    worst = max(missing, key=lambda name: missing[name], default="")
    count = sum(missing.values())
    cameras = counted(len(take.cameras), "camera")
    length = f"{take.duration_s:.1f} s, {cameras}"
    blame = [str(result.error)] if result.error else []
    away = {camera.name: take.absent_s(camera) for camera in take.cameras}
    gone = (f"{name} was away for {span:.1f} s" for name, span in away.items() if span)
    blame += [*result.absent, *gone]
    facts = [
        Fact("Take", length, "look" if blame else "good", "; ".join(blame)),
        Fact("Missing frames", str(count), "look" if count else "good",
             f"most by {worst}: {missing[worst]}" if count else ""),
        *_slowest(take),
    ]  # fmt: skip
    for camera in take.cameras:
        span = away[camera.name]
        gap = f", away for {span:.1f} s" if span else ""
        text = f"{camera.frames} frames at {rate_of(camera):.2f} fps{gap}"
        verdict = "good" if not (missing[camera.name] or span) else "look"
        facts.append(Fact(camera.name, text, verdict, "; ".join(camera.notes)))
    return (*facts, Fact("Kept in", str(result.folder)))


def _slowest(take: TakeRecord) -> tuple[Fact, ...]:
    """The camera that delivered least, beside what it promised."""
    seen = [camera for camera in take.cameras if camera.frames > 1]
    if not seen:
        return ()
    slowest = min(seen, key=rate_of)
    rate, promised = rate_of(slowest), slowest.rate_hz
    short = promised > 0 and rate < 0.95 * promised
    return (
        Fact("Slowest camera", f"{slowest.name}, {rate:.2f} fps", "look" if short else "good",
             f"it promised {promised:.2f} fps" if short else ""),
    )  # fmt: skip


def rate_of(camera: CameraRecord) -> float:
    """The rate at which a camera's frames came, in frames a second; 0 for none."""
    segment = camera.longest
    return _rate_hz(camera, segment) if segment is not None else 0.0
