"""Binds the views to the studio: document, selection, jobs and theme drive the playback."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QTimer

from studio.core.types import Character, Frame, FrameSet, Keypoints, Mesh, Posed, Skeleton
from studio.document.moved import FootageMoved
from studio.document.project import Project
from studio.ui import theme
from studio.ui.studio import Studio

PATIENCE_MS = 400
"""So long nobody asks why nothing is there yet."""


def view_of(value: object) -> str:
    """The view that draws a live value: pictures and keypoints are for the cameras."""
    if isinstance(value, list | tuple):
        return next((view for one in value if (view := view_of(one))), "")
    if isinstance(value, Frame | FrameSet | Keypoints):
        return "canvas"
    return "viewport" if isinstance(value, Skeleton | Posed | Mesh | Character) else ""


class Presenter:
    """Shows the open project in the views that exist."""

    def __init__(
        self, studio: Studio, views: dict[str, Any], front: Callable[[str], object] = lambda _: None
    ) -> None:
        """``front`` brings the dock of a view before the others."""
        from studio.ui.playback import Playback  # brings VTK, which the first window does without

        self._studio, self._front = studio, front
        self._seen: set[str] = set()
        self._told = False
        self._themed = [views[id] for id in ("viewport", "canvas") if id in views]
        self.playback = Playback(
            views.get("viewport"),
            views.get("canvas"),
            views.get("timeline"),
            views.get("plots"),
            studio.lanes["io"].submit,
            self._deliver,
            self._failed,
        )
        self._timeline = views.get("timeline")
        if self._timeline is not None:
            self._timeline.time_changed.connect(self._on_time)
        studio.document.changed.connect(self._on_document)
        studio.selection.changed.connect(self.refresh)
        studio.projects.opened.connect(self.refresh)
        studio.live.connect(self._on_live)
        studio.frame_wanted.connect(self._on_frame)
        studio.turn_wanted.connect(self._on_turn)
        studio.watch.changed.connect(self._on_jobs)
        theme.look().changed.connect(self._on_theme)
        self._on_theme()
        self.refresh()

    def _deliver(
        self,
        future: Future[Any],
        done: Callable[[Any], object],
        failed: Callable[[BaseException, str], object],
    ) -> None:
        """Bring the end of a reading here; one that takes its time is told while it does."""

        def then(call: Callable[..., object]) -> Callable[..., None]:
            def ended(*values: Any) -> None:
                call(*values)
                self._tell(self._told)

            return ended

        self._studio.watch.call(future, then(done), then(failed))
        QTimer.singleShot(PATIENCE_MS, self._studio, lambda: self._tell(True))

    def _tell(self, told: bool) -> None:
        told = told and bool(self.playback.reading)
        if told != self._told:
            self._told = told
            self._studio.notices.say("Reading what is to be shown…" if told else "")

    def _failed(self, error: BaseException, where: str, details: str) -> None:
        if isinstance(error, FootageMoved):
            self._studio.footage_missed.emit()
        else:
            self._studio.notices.error(error, where, details)

    def _on_document(self, _: Project) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show what is selected now."""
        studio = self._studio
        self.playback.show_project(studio.project, studio.projects.folder, studio.selection.ids)

    def _on_live(self, feature: str, value: object) -> None:
        """Show a live value; the first of a job brings the view that draws it to the front."""
        view = view_of(value)
        if view and feature not in self._seen:
            self._seen.add(feature)
            self._front(view)
        self.playback.show_live(feature, value)

    def _on_frame(self, points_m: Any) -> None:
        self.playback.when_drawn(lambda: self._view(lambda scene: scene.frame_on(points_m)))

    def _on_turn(self, degrees: float) -> None:
        self._view(lambda scene: scene.turn(degrees))

    def _view(self, change: Callable[[Any], object]) -> None:
        viewport = self.playback.viewport
        if viewport is not None and viewport.scene is not None:
            change(viewport.scene)
            viewport.redraw()

    def _on_jobs(self) -> None:
        working = {watched.job.feature for watched in self._studio.watch.working}
        working |= self._studio.editing
        self._seen &= working
        self.playback.keep_live(working)

    def _on_time(self, time_s: float) -> None:
        self._studio.playhead_s = time_s

    def play_when_loaded(self) -> None:
        """Bring the viewport to the front and play, from the moment that all is read."""
        self._front("viewport")
        self.playback.play_when_loaded()

    def _on_theme(self) -> None:
        for view in self._themed:
            view.set_theme(theme.look().theme)

    def close(self) -> None:
        """Let go of everything that was opened."""
        studio = self._studio
        studio.document.changed.disconnect(self._on_document)
        studio.selection.changed.disconnect(self.refresh)
        studio.live.disconnect(self._on_live)
        studio.frame_wanted.disconnect(self._on_frame)
        studio.turn_wanted.disconnect(self._on_turn)
        studio.watch.changed.disconnect(self._on_jobs)
        theme.look().changed.disconnect(self._on_theme)
        if self._timeline is not None:
            self._timeline.time_changed.disconnect(self._on_time)
        self.playback.close()
