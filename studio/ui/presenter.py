"""Binds the views to the studio: document, selection, jobs and theme drive the playback."""

from __future__ import annotations

from typing import Any

from studio.document.project import Project
from studio.ui import theme
from studio.ui.studio import Studio


class Presenter:
    """Shows the open project in the views that exist."""

    def __init__(self, studio: Studio, views: dict[str, Any]) -> None:
        from studio.ui.playback import Playback  # brings VTK, which the first window does without

        self._studio = studio
        self._themed = [views[id] for id in ("viewport", "canvas") if id in views]
        self.playback = Playback(
            views.get("viewport"),
            views.get("canvas"),
            views.get("timeline"),
            views.get("plots"),
            studio.lanes["io"].submit,
            studio.watch.call,
            studio.notices.error,
        )
        studio.document.changed.connect(self._on_document)
        studio.selection.changed.connect(self.refresh)
        studio.projects.opened.connect(self.refresh)
        studio.live.connect(self.playback.show_live)
        studio.watch.changed.connect(self._on_jobs)
        theme.look().changed.connect(self._on_theme)
        self._on_theme()
        self.refresh()

    def _on_document(self, _: Project) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show what is selected now."""
        studio = self._studio
        self.playback.show_project(studio.project, studio.projects.folder, studio.selection.ids)

    def _on_jobs(self) -> None:
        working = self._studio.watch.working
        self.playback.keep_live({watched.job.feature for watched in working})

    def _on_theme(self) -> None:
        for view in self._themed:
            view.set_theme(theme.look().theme)

    def close(self) -> None:
        """Let go of everything that was opened."""
        studio = self._studio
        studio.document.changed.disconnect(self._on_document)
        studio.selection.changed.disconnect(self.refresh)
        studio.watch.changed.disconnect(self._on_jobs)
        theme.look().changed.disconnect(self._on_theme)
        self.playback.close()
