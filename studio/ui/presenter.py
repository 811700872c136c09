"""Shows the project in the views: what is selected, at the moment the timeline stands at.

Arrays are read and video frames decoded on the io lane. Requests are numbered: an answer that is
no longer wanted is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.types import (
    Character,
    Detections,
    Frame,
    FrameSet,
    Keypoints,
    Mesh,
    Motion,
    Posed,
    Skeleton,
)
from studio.document.data import detections_from, motion_from
from studio.document.project import (
    AvatarItem,
    Clip,
    DetectionsItem,
    ItemBase,
    MotionItem,
    Project,
    RigItem,
    TakeItem,
)
from studio.human.layouts import layout
from studio.ui import theme
from studio.ui.studio import Studio

KEPT = 12
Readable = MotionItem | DetectionsItem | AvatarItem


@dataclass(frozen=True)
class Shown:
    """The items that are on show together."""

    take: TakeItem | None = None
    rig: RigItem | None = None
    detections: DetectionsItem | None = None
    motion: MotionItem | None = None
    avatar: AvatarItem | None = None


def on_show(project: Project, chosen: tuple[str, ...]) -> Shown:
    """The selected items, and for the other kinds what belongs to them, else the newest."""

    def pick(kind: type[Any], *links: str | None) -> Any:
        picked = next((i for id in chosen if (i := project.get(id, kind))), None)
        linked = next((i for id in links if id and (i := project.get(id, kind))), None)
        return picked or linked or project.newest(kind)

    avatar = pick(AvatarItem)
    motion = pick(MotionItem, avatar.motion if avatar else None)
    take = pick(TakeItem, motion.take if motion else None)
    rig = pick(RigItem, motion.rig if motion else None, take.rig if take else None)
    return Shown(take, rig, pick(DetectionsItem), motion, avatar)


class Presenter:
    """Binds document, selection, jobs and timeline to the views that exist."""

    def __init__(self, studio: Studio, views: dict[str, Any]) -> None:
        self._studio = studio
        self.viewport, self.canvas = views.get("viewport"), views.get("canvas")
        self.timeline, self.plots = views.get("timeline"), views.get("plots")
        self.shown = Shown()
        self._values: dict[str, Any] = {}
        self._reading: set[str] = set()
        self._asked = 0
        self._decoding = False
        self._next_s: float | None = None
        self._clips: dict[Path, Any] = {}
        self._charted: object = None
        studio.document.changed.connect(self._on_document)
        studio.selection.changed.connect(self.refresh)
        studio.projects.opened.connect(self._on_opened)
        studio.live.connect(self.show_live)
        theme.look().changed.connect(self._on_theme)
        if self.timeline is not None:
            self.timeline.time_changed.connect(self.go)
        if self.plots is not None and self.timeline is not None:
            self.plots.time_picked.connect(self.timeline.set_time)
        self._on_theme()
        self.refresh()

    # -- what is on show ---------------------------------------------------------------------

    def _on_opened(self) -> None:
        self._values.clear()
        for view in (self.viewport, self.canvas):
            if view is not None:
                view.clear()
        self.refresh()

    def _on_document(self, _: Project) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show what is selected now."""
        before, self.shown = self.shown, on_show(self._studio.project, self._studio.selection.ids)
        shown = self.shown
        if self.viewport is not None:
            self._show_or_remove("rig", shown.rig.rig() if shown.rig else None)
            for key, item in (("motion", shown.motion), ("avatar", shown.avatar)):
                if item is None:
                    self.viewport.remove(key)
        if self.canvas is not None and shown.take is not None and shown.take != before.take:
            self.canvas.set_cameras([clip.camera for clip in shown.take.clips])
        for item in (shown.motion, shown.detections, shown.avatar):
            if item is not None:
                self._read(item)
        self._set_tracks()
        self._set_charts()
        if self.timeline is not None:
            self.go(self.timeline.time_s)

    def _show_or_remove(self, key: str, value: object | None) -> None:
        assert self.viewport is not None
        if value is None:
            self.viewport.remove(key)
        else:
            self.viewport.show_value(key, value)

    def _read(self, item: Readable) -> None:
        """Read an item's arrays in the background, once."""
        sha256 = item.data.sha256
        if sha256 in self._values or sha256 in self._reading:
            return
        self._reading.add(sha256)
        assets = self._studio.assets

        def read() -> Motion | Detections | Character:
            arrays = assets.arrays(item.data)
            if isinstance(item, AvatarItem):
                return _character(arrays, item.name)
            if isinstance(item, MotionItem):
                return motion_from(arrays, layout(item.layout))
            return detections_from(arrays, layout(item.layout), item.cameras)

        def there(value: Motion | Detections | Character) -> None:
            self._reading.discard(sha256)
            self._values[sha256] = value
            if isinstance(value, Motion):
                self._charted = None
            for old in list(self._values)[:-KEPT]:
                del self._values[old]
            self.refresh()

        def failed(error: BaseException, details: str) -> None:
            self._reading.discard(sha256)
            self._studio.notices.error(error, item.name, details)

        self._studio.watch.call(self._studio.lanes["io"].submit(read), there, failed)

    def value(self, item: Readable | None) -> Any:
        """The arrays of an item, if they were read already."""
        return None if item is None else self._values.get(item.data.sha256)

    def _set_tracks(self) -> None:
        if self.timeline is None:
            return
        from studio.ui.timeline import Track

        tracks: list[Track] = []
        rate: float | None = None
        for clip in self.shown.take.clips if self.shown.take else ():
            end = clip.offset_s + clip.frames / clip.rate_hz if clip.rate_hz else clip.offset_s
            tracks.append(Track(clip.camera, clip.camera, "clip", clip.offset_s, end))
            rate = rate or clip.rate_hz
        detections: Detections | None = self.value(self.shown.detections)
        if detections is not None and len(detections.times_s):
            tracks.append(_track(self.shown.detections, "detections", detections.times_s,
                                 detections.confidence.mean(axis=(1, 2))))  # fmt: skip
        motion: Motion | None = self.value(self.shown.motion)
        if motion is not None and len(motion):
            tracks.append(_track(self.shown.motion, "motion", motion.times_s, trust(motion)))
            rate = rate or motion.rate_hz
        avatar: Character | None = self.value(self.shown.avatar)
        if avatar is not None and avatar.animation is not None:
            times_s = avatar.animation.times_s
            tracks.append(_track(self.shown.avatar, "avatar", times_s, None))
            rate = rate or 1 / max(float(np.median(np.diff(times_s))), 1e-3)
        self.timeline.set_tracks(tuple(tracks), rate or None)

    def _set_charts(self) -> None:
        """Charts of the motion on show; made once for each combination of data."""
        motion: Motion | None = self.value(self.shown.motion)
        if self.plots is None or motion is None or not len(motion):
            return
        detections: Detections | None = self.value(self.shown.detections)
        wanted = (id(motion), id(detections), self.shown.rig)
        if wanted == self._charted:
            return
        self._charted = wanted
        from studio.ui import series

        charts = [series.joint_errors(motion), series.bone_spread(motion)]
        rig = self.shown.rig.rig() if self.shown.rig else None
        if rig is not None and detections is not None and detections.layout == motion.layout:
            charts.append(series.camera_errors(motion, rig, detections))
        self.plots.set_charts(charts)

    # -- the moment --------------------------------------------------------------------------

    def go(self, time_s: float) -> None:
        """Show everything at a moment of the take."""
        motion: Motion | None = self.value(self.shown.motion)
        if self.viewport is not None and motion is not None and len(motion):
            self.viewport.show_value("motion", motion.at(_nearest(motion.times_s, time_s)))
        avatar: Character | None = self.value(self.shown.avatar)
        if self.viewport is not None and avatar is not None:
            pose = posed_at(avatar, time_s)
            if pose is not None:
                self.viewport.show_value("avatar", pose)
        if self.plots is not None:
            self.plots.set_time(time_s)
        detections: Detections | None = self.value(self.shown.detections)
        if self.canvas is not None and detections is not None and len(detections.times_s):
            self.canvas.show_keypoints(*keypoints_at(detections, time_s))
        if self.canvas is not None and self.shown.take is not None:
            self._ask_frames(time_s)

    def _ask_frames(self, time_s: float) -> None:
        """Decode the pictures of a moment; while a request runs only the newest waits."""
        if self._decoding:
            self._next_s = time_s
            return
        take = self.shown.take
        assert take is not None
        folder = self._studio.projects.folder.path
        self._decoding = True
        self._asked += 1
        number = self._asked

        def decode() -> list[Frame]:
            return [frame for clip in take.clips if (frame := self._frame(folder, clip, time_s))]

        def there(frames: list[Frame]) -> None:
            self._decoding = False
            if number == self._asked and take.id == (self.shown.take and self.shown.take.id):
                for frame in frames:
                    self.canvas.show_frame(frame)  # type: ignore[union-attr]
                if self.viewport is not None:
                    self.viewport.show_pictures({frame.camera: frame for frame in frames})
            wanted, self._next_s = self._next_s, None
            if wanted is not None and self.shown.take is not None:
                self._ask_frames(wanted)

        def failed(error: BaseException, details: str) -> None:
            self._decoding = False
            self._studio.notices.error(error, "Video", details)

        self._studio.watch.call(self._studio.lanes["io"].submit(decode), there, failed)

    def _frame(self, folder: Path, clip: Clip, time_s: float) -> Frame | None:
        """One picture; runs on the io lane, one call at a time."""
        from studio.media.video import open_clip

        path = Path(clip.path) if Path(clip.path).is_absolute() else folder / clip.path
        if path not in self._clips:
            self._clips[path] = open_clip(path, camera=clip.camera, rate_hz=clip.rate_hz)
        own_s = time_s - clip.offset_s
        return None if own_s < -0.5 / max(clip.rate_hz, 1) else self._clips[path].frame_at(own_s)

    # -- live --------------------------------------------------------------------------------

    def show_live(self, feature: str, value: object) -> None:
        """Draw a live value of a running job where it belongs."""
        if isinstance(value, list | tuple):
            for one in value:
                self.show_live(feature, one)
        elif isinstance(value, Frame | FrameSet):
            if self.canvas is not None:
                self.canvas.show_frame(value)
        elif isinstance(value, Keypoints):
            if self.canvas is not None:
                self.canvas.show_keypoints(value)
        elif isinstance(value, Skeleton | Mesh | Posed):
            if self.viewport is not None:
                keys = {Skeleton: "motion", Posed: "avatar"}
                self.viewport.show_value(keys.get(type(value), f"live {feature}"), value)
            if isinstance(value, Skeleton | Posed) and self.timeline is not None:
                self.timeline.set_time(value.time_s)

    def _on_theme(self) -> None:
        for view in (self.viewport, self.canvas):
            if view is not None:
                view.set_theme(theme.look().theme)

    def close(self) -> None:
        """Let go of everything that was opened."""
        self._studio.document.changed.disconnect(self._on_document)
        for clip in self._clips.values():
            clip.close()
        self._clips.clear()


def trust(motion: Motion) -> np.ndarray:
    """How far each frame of a motion can be trusted, 0..1: 1 at 0 mm error, 0 from 100 mm on."""
    error = np.where(np.isfinite(motion.error_m), motion.error_m, 0.1)
    seen = np.isfinite(motion.xyz_m).all(axis=-1)
    share = np.where(seen, np.clip(1 - error / 0.1, 0, 1), 0).mean(axis=1)
    return np.where(seen.any(axis=1), share, np.nan)


def keypoints_at(detections: Detections, time_s: float) -> list[Keypoints]:
    """The keypoints of all cameras at the nearest moment."""
    frame = _nearest(detections.times_s, time_s)
    return [
        Keypoints(
            camera,
            float(detections.times_s[frame]),
            detections.layout,
            detections.xy_px[frame, view],
            detections.confidence[frame, view],
        )
        for view, camera in enumerate(detections.cameras)
    ]


def _nearest(times_s: np.ndarray, time_s: float) -> int:
    after = int(np.clip(np.searchsorted(times_s, time_s), 0, len(times_s) - 1))
    before = max(after - 1, 0)
    return before if abs(times_s[before] - time_s) < abs(times_s[after] - time_s) else after


def _character(arrays: Mapping[str, np.ndarray], name: str) -> Character:
    """A fitted person with its animation; runs on a worker, torch is imported there."""
    from studio.human.character import animated
    from studio.human.stored import fit_from

    return animated(fit_from(arrays), name)


def posed_at(character: Character, time_s: float) -> Posed | None:
    """An animated character at the nearest moment."""
    animation = character.animation
    if animation is None or not len(animation):
        return None
    frame = _nearest(animation.times_s, time_s)
    return Posed(character, float(animation.times_s[frame]), animation.bones_world[frame],
                 animation.morphs[frame])  # fmt: skip


def _track(
    item: ItemBase | None, kind: Any, times_s: np.ndarray, confidence: np.ndarray | None
) -> Any:
    from studio.ui.timeline import Track

    assert item is not None
    return Track(item.id, item.name, kind, float(times_s[0]), float(times_s[-1]), confidence)
