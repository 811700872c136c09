"""Plays what a project holds: feeds viewport, canvas, plots and timeline at the playhead.

Arrays are read, characters built and frames decoded on a lane; the main thread only uploads.
Requests are numbered by what they are for: an answer that is no longer wanted is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from studio.core.types import (
    CameraRig,
    Character,
    Frame,
    FrameSet,
    Keypoints,
    Motion,
    Posed,
    Skeleton,
)
from studio.document.folder import ProjectFolder
from studio.document.project import Project
from studio.scene.items.base import Pick
from studio.scene.items.cameras import WIDEST_PX
from studio.scene.items.trail import Trail
from studio.scene.rectify import rectified
from studio.scene.scene import item_for
from studio.ui.frame_feed import Deliver, FrameFeed, Submit
from studio.ui.loading import Arrayed, Loaded, Seen, charts_of, key_of, load, posed_at
from studio.ui.on_show import OnShow, everybody_at, keypoints_at, nearest, on_show, tracks
from studio.ui.prepared import Prepared
from studio.ui.together import landed, main_at, others_at, points_at
from studio.ui.trust_shown import marks_of

KEPT = 24
TRAIL_S = 1.5
FAINT = 0.25


class Playback:
    """Binds the four views to a project. Any view may be None.

    ``submit`` starts work on the io lane and ``deliver`` brings its end to the main thread
    (``JobWatch.call``); ``failed(error, where, details)`` tells the user. ``reading`` are the items
    that are still on their way.
    """

    def __init__(
        self,
        viewport: Any | None,
        canvas: Any | None,
        timeline: Any | None,
        plots: Any | None,
        submit: Submit,
        deliver: Deliver,
        failed: Callable[[BaseException, str, str], object],
    ) -> None:
        self.viewport, self.canvas = viewport, canvas
        self.timeline, self.plots = timeline, plots
        self.shown = OnShow()
        self._submit, self._deliver, self._failed = submit, deliver, failed
        self._folder: ProjectFolder | None = None
        self._values: dict[str, Any] = {}
        self.reading: set[str] = set()
        self._charted: tuple[object, ...] = ()
        self._rig: CameraRig | None = None
        self._pick: Pick | None = None
        self._live: dict[str, str] = {}
        self._beside: set[str] = set()
        self._closed = False
        self._play_soon = self._preparing = self._pictured = False
        self._prepared = Prepared(self._aside, self.show_live)
        self._feed = FrameFeed(
            submit, deliver, self._show_frames, lambda e, d: failed(e, "Video", d), self._prepare
        )
        if timeline is not None:
            timeline.time_changed.connect(self.go)
            timeline.playing_changed.connect(self._playing)
        if plots is not None and timeline is not None:
            plots.time_picked.connect(timeline.set_time)
        if viewport is not None:
            viewport.picked.connect(self._picked)
            viewport.shown.connect(self._uncovered)

    # -- what is on show

    def show_project(
        self, project: Project, folder: ProjectFolder, chosen: tuple[str, ...] = ()
    ) -> None:
        """Show what is selected in a project, and what belongs to it."""
        if self._folder is None or self._folder.path != folder.path:
            self.forget()
        self._folder = folder
        before, self.shown = self.shown, on_show(project, chosen)
        shown = self.shown
        if shown.rig != before.rig or self._rig is None:
            self._rig = shown.rig.rig() if shown.rig is not None else None
            self._put("rig", self._rig)
        calm = shown.motion is None and shown.avatar is None
        self._put("trust", marks_of(shown.rig) if calm else None)
        if self._feed.set_take(shown.take, folder.path) and self.canvas is not None:
            self.canvas.set_cameras(
                [clip.camera for clip in shown.take.clips] if shown.take else []
            )
        for item in (shown.detections, shown.motion, shown.avatar, *shown.others):
            if item is not None:
                self._read(item)
        self._refresh()

    def forget(self) -> None:
        """Another project: empty views."""
        self._values.clear()
        self.reading.clear()
        self._live.clear()
        self.shown, self._rig, self._pick, self._charted = OnShow(), None, None, ()
        for view in (self.viewport, self.canvas):
            if view is not None:
                view.clear()

    def _value(self, item: Arrayed | None) -> Any:
        return None if item is None else self._values.get(key_of(item))

    @property
    def _loaded(self) -> Loaded:
        shown = self.shown
        seen: Seen | None = self._value(shown.detections)
        main, crowd = (None, None) if seen is None else (seen.main, seen.crowd)
        others = tuple(self._value(other) for other in shown.others)
        return Loaded(main, self._value(shown.motion), self._value(shown.avatar), others, crowd)

    def _read(self, item: Arrayed) -> None:
        """Read an item's arrays on the lane, once."""
        key = key_of(item)
        if key in self._values or key in self.reading or self._folder is None:
            return
        self.reading.add(key)
        folder = self._folder

        def there(value: Any) -> None:
            self.reading.discard(key)
            if folder is self._folder and not self._closed:
                self._values[key] = value
                for old in list(self._values)[:-KEPT]:
                    del self._values[old]
                self._refresh()

        def lost(error: BaseException, details: str) -> None:
            self.reading.discard(key)
            if not self._closed:
                self._failed(error, item.name, details)

        self._deliver(self._submit(lambda: load(item, folder)), there, lost)

    def _refresh(self) -> None:
        """Tracks, charts and the moment, from what is loaded by now."""
        shown, loaded = self.shown, self._loaded
        if self.timeline is not None:
            animation = loaded.avatar.animation if loaded.avatar is not None else None
            rate = shown.take.clips[0].rate_hz if shown.take and shown.take.clips else 0.0
            rate = rate or (loaded.motion.rate_hz if loaded.motion is not None else 0.0)
            rows = tracks(shown, loaded.detections, loaded.motion, animation, loaded.others)
            self.timeline.set_tracks(rows, rate or None)
            self.go(self.timeline.time_s)
        else:
            self.go(0.0)
        self._chart(loaded)
        self._play_if_loaded()

    def play_when_loaded(self) -> None:
        """Play the take from its start, once everything on show is read."""
        self._play_soon = True
        self._play_if_loaded()

    def _play_if_loaded(self) -> None:
        shown = (self.shown.detections, self.shown.motion, self.shown.avatar)
        loaded = all(item is None or key_of(item) in self._values for item in shown)
        if self._play_soon and loaded and self.timeline is not None:
            self._play_soon = False
            self.timeline.go_in()
            self.timeline.play()

    def _chart(self, loaded: Loaded) -> None:
        wanted = (loaded.motion, loaded.detections, self._rig)
        plots, motion = self.plots, loaded.motion
        if plots is None or wanted == self._charted:
            return
        self._charted = wanted
        if motion is None:
            plots.set_charts(())
            return
        future = self._submit(lambda: charts_of(motion, self._rig, loaded.detections))
        self._deliver(
            future,
            lambda charts: plots.set_charts(charts) if wanted == self._charted else None,
            lambda error, details: self._failed(error, "Plots", details),
        )

    def _playing(self, on: bool) -> None:
        if self.viewport is not None:
            self.viewport.playing = on

    # -- the moment

    def go(self, time_s: float) -> None:
        """Show everything at a moment of the take."""
        if self._closed:
            return
        loaded = self._loaded
        if loaded.motion is not None or self.shown.motion is None:
            self._at_motion(loaded.motion, time_s)
        self._at_others(loaded, time_s)
        if loaded.avatar is not None or self.shown.avatar is None:
            self._put("avatar", posed_at(loaded.avatar, time_s))
        if self.canvas is not None:
            self._at_canvas(self.canvas, loaded, time_s)
        if self.plots is not None:
            self.plots.set_time(time_s)
        if "pictures" not in self._live:
            self._pictured = self.viewport is not None and self.viewport.isVisible()
            self._feed.ask(time_s)

    def _at_motion(self, motion: Motion | None, time_s: float) -> None:
        if motion is None or not len(motion):
            self._put("motion", None)
            self._put("trail", None)
            return
        frame = nearest(motion.times_s, time_s)
        self._put("motion", main_at(self.shown.motion, motion, time_s))
        pick = self._pick
        if pick is None or pick.key != "motion" or pick.kind != "joint":
            self._put("trail", None)
            return
        first = nearest(motion.times_s, time_s - TRAIL_S)
        self._put("trail", Trail(pick.name, motion.xyz_m[first : frame + 1, pick.index]))

    def _at_others(self, loaded: Loaded, time_s: float) -> None:
        beside = dict(others_at(self.shown, loaded, time_s))
        for key, value in {**dict.fromkeys(self._beside), **beside}.items():
            self._put(key, value)
        self._beside = set(beside)

    def _at_canvas(self, canvas: Any, loaded: Loaded, time_s: float) -> None:
        found = loaded.detections
        if loaded.crowd is not None and len(loaded.crowd.times_s):
            canvas.show_keypoints(*everybody_at(loaded.crowd, time_s))
        elif found is not None and len(found.times_s):
            canvas.show_keypoints(*keypoints_at(found, time_s))
        elif loaded.motion is None:
            canvas.clear_marks()
        if self._rig is None or loaded.motion is None:
            return
        people, whose, sizes = points_at(self.shown, loaded, time_s)
        for camera in (one for one in self._rig.cameras if one.name in canvas.cameras):
            canvas.show_reprojection(camera.name, landed(camera, people), whose, sizes)

    def _show_frames(self, frames: dict[str, Frame]) -> None:
        if self.canvas is not None:
            for frame in frames.values():
                self.canvas.show_frame(frame)
        if self._pictured and self.viewport is not None:
            self.viewport.show_pictures(frames)

    def _uncovered(self) -> None:
        """The viewport came to light: its image planes want pictures."""
        if self.timeline is not None and not self._closed:
            self.go(self.timeline.time_s)

    def _picked(self, pick: Pick | None) -> None:
        self._pick = pick
        if self.timeline is not None:
            self._at_motion(self._loaded.motion, self.timeline.time_s)

    def _put(self, key: str, value: object | None) -> None:
        if self.viewport is None or key in self._live:
            return
        self._draw(key, value)

    def _draw(self, key: str, value: object | None) -> None:
        if value is None:
            self.viewport.remove(key)  # type: ignore[union-attr]
        else:
            self.viewport.show_value(key, value)  # type: ignore[union-attr]
        if key == "avatar":  # the skeleton gives way to the person made of it
            self.viewport.fade("motion", 1.0 if value is None else FAINT)  # type: ignore[union-attr]

    # -- live

    def show_live(self, feature: str, value: object) -> None:
        """Draw a live value of a running job where it belongs; unknown values are ignored."""
        if isinstance(value, list | tuple):
            self._live_many(feature, value)
        elif isinstance(value, Keypoints):
            self._live_points(feature, (value,))
        elif isinstance(value, Frame | FrameSet):
            if self.canvas is not None:
                self.canvas.show_frame(value)
            frames = value.frames if isinstance(value, FrameSet) else {value.camera: value}
            self._live_pictures(dict(frames))
        elif isinstance(value, Posed | Character) and not self._prepared(feature, value):
            return
        elif self.viewport is not None and item_for(value) is not None:
            key = "motion" if isinstance(value, Skeleton) else f"live {feature}"
            if isinstance(value, Posed | Character):
                key = "avatar"
            self._live[key] = feature
            self._draw(key, value)
            if isinstance(value, Skeleton | Posed) and self.timeline is not None:
                self.timeline.set_time(value.time_s)

    def when_drawn(self, call: Callable[[], None]) -> None:
        """Call this once the newest live person is drawn, who may have to be prepared first."""
        self._prepared.after(call)

    def _live_pictures(self, frames: dict[str, Frame]) -> None:
        """Live pictures for the image planes; while one is prepared, newer ones are skipped."""
        if self.viewport is None or self._rig is None or self._preparing:
            return
        self._pictured = self.viewport.isVisible()
        if not self._pictured:
            return
        self._preparing = True

        def there(_: object) -> None:
            self._preparing = False
            if not self._closed:
                self.viewport.show_pictures(frames)  # type: ignore[union-attr]

        def lost(error: BaseException, details: str) -> None:
            self._preparing = False
            self._failed(error, "Pictures", details)

        work = self._submit(lambda: [self._prepare(frame) for frame in frames.values()])
        self._deliver(work, there, lost)

    def _prepare(self, frame: Frame) -> None:
        """Rectify a picture for its image plane, if one is to be seen; runs on the lane."""
        rig = self._rig
        if self._pictured and rig is not None and frame.camera in rig.names:
            rectified(rig[frame.camera], frame, WIDEST_PX)

    def _aside(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self._deliver(
            self._submit(work), then,
            lambda error, details: self._failed(error, "Drawing the person", details),
        )  # fmt: skip

    def _live_many(self, feature: str, values: Iterable[object]) -> None:
        people: list[Keypoints] = []
        for value in values:
            if isinstance(value, Keypoints):
                people.append(value)
            else:
                self.show_live(feature, value)
        if people:
            self._live_points(feature, people)

    def _live_points(self, feature: str, people: Sequence[Keypoints]) -> None:
        """Keypoints, each upon the picture in which it was found."""
        canvas = self.canvas
        if canvas is None:
            return
        self._live["pictures"] = feature

        def mark() -> None:
            if "pictures" in self._live:
                canvas.show_keypoints(*people)

        if not self._feed.ask({one.camera: one.time_s for one in people}, mark):
            mark()

    def keep_live(self, features: Collection[str]) -> None:
        """Only these features still run: what others drew makes way for what the project holds."""
        ended = [key for key, feature in self._live.items() if feature not in features]
        self._prepared.keep(features)
        for key in ended:
            del self._live[key]
            if self.viewport is not None and key.startswith("live "):
                self.viewport.remove(key)
        if ended:
            self._refresh()

    def close(self) -> None:
        """Stop asking and let go of files."""
        if not self._closed:
            self._closed = True
            if self.timeline is not None:
                self.timeline.pause()
                self.timeline.time_changed.disconnect(self.go)
                self.timeline.playing_changed.disconnect(self._playing)
            self._feed.close()
