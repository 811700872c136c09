"""A project worked on without a window: the same steps, jobs and edits as in the studio."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.document.document import Document
from studio.document.folder import ProjectFolder
from studio.document.project import Project
from studio.document.step import Packed
from studio.jobs import run
from studio.jobs.terminal import OnTerminal
from studio.registry import Registry, discover


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
        with OnTerminal(mounted.manifest.title, quiet=self.quiet, keep=True) as context:
            result = run(mounted.engine(values, inputs, context))
        self.seconds[feature] = time.perf_counter() - start
        packed = step.pack(inputs, values, result, self.folder.assets, self.seconds[feature])
        self.document.edit(packed.label, lambda project: project.with_items(packed.items))
        self.folder.save(self.project)
        return packed
