"""A project worked on without a window: the same steps, jobs and edits as in the studio."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from studio.core.errors import StudioError
from studio.document.document import Document
from studio.document.folder import ProjectFolder
from studio.document.project import Project
from studio.document.step import Packed
from studio.jobs import Context, run
from studio.registry import Registry, discover


class _Reporting(Context):
    """A context that shows how far the engine is on the terminal."""

    def __init__(self, bar: Progress, task: Any) -> None:
        super().__init__()
        self._bar, self._task = bar, task

    def report(self, fraction: float, text: str = "") -> None:
        super().report(fraction, text)
        self._bar.update(self._task, completed=self.fraction, note=self.text)


@dataclass
class Bench:
    """Drives features through their steps, one after another, saving after each.

    ``seconds`` remembers how long each step took.
    """

    folder: ProjectFolder
    registry: Registry = field(default_factory=discover)
    quiet: bool = False
    document: Document = field(default_factory=Document)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path, name: str, quiet: bool = False) -> Bench:
        """A fresh project in a new folder."""
        bench = cls(ProjectFolder(path), quiet=quiet)
        bench.document.replace(Project(name=name))
        return bench

    @property
    def project(self) -> Project:
        return self.document.project

    def run(
        self, feature: str, chosen: tuple[str, ...] = (), params: Mapping[str, Any] | None = None
    ) -> Packed:
        """Run one feature and keep its result. Raises StudioError for what is missing."""
        mounted = self.registry[feature]
        step, values = mounted.step, mounted.params.model_validate(dict(params or {}))
        for missing in step.missing(self.project, chosen):
            raise StudioError(missing.text, f"First: {missing.button}.")
        inputs = step.inputs(self.project, chosen, self.folder.assets)
        start = time.perf_counter()
        with Progress(
            TextColumn("{task.description:<24}"), BarColumn(30), TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(file=sys.stderr), disable=self.quiet,
        ) as bar:  # fmt: skip
            context = _Reporting(bar, bar.add_task(mounted.manifest.title, total=1.0, note=""))
            result = run(mounted.engine(values, inputs, context))
            context.report(1.0)
        self.seconds[feature] = time.perf_counter() - start
        packed = step.pack(inputs, values, result, self.folder.assets, self.seconds[feature])
        self.document.edit(packed.label, lambda project: project.with_items(packed.items))
        self.folder.save(self.project)
        return packed
