"""A changed project reaches the jobs that are running: a rig calibrated again, say."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from studio.document.document import Document
from studio.document.project import Project
from studio.document.step import Renewable
from studio.jobs import Context


@dataclass(eq=False)
class _Followed:
    context: Context
    step: Renewable
    inputs: Any


class HotReload:
    """Lays newer inputs before the engines whose step knows how to make them."""

    def __init__(self, document: Document) -> None:
        self._lock = threading.Lock()
        self._project = document.project
        self._followed: list[_Followed] = []
        document.changed.connect(self._changed)

    @contextmanager
    def follow(self, context: Context, step: Any, inputs: Any) -> Generator[None]:
        """Keep an engine's inputs up to date while the block runs, on the engine's thread."""
        if not isinstance(step, Renewable):
            yield
            return
        followed = _Followed(context, step, inputs)
        with self._lock:
            self._followed.append(followed)
            _renew(followed, self._project)
        try:
            yield
        finally:
            with self._lock:
                self._followed.remove(followed)

    def _changed(self, project: Project) -> None:
        with self._lock:
            self._project = project
            for followed in self._followed:
                _renew(followed, project)


def _renew(followed: _Followed, project: Project) -> None:
    newer = followed.step.renewed(project, followed.inputs)
    if newer is not None:
        followed.inputs = newer
        followed.context.renew(newer)
