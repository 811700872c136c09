"""What a feature offers to a project: the Qt-free contract between an engine and the document.

A feature's ``step.py`` says what it needs, gathers its inputs, packs its result into items, and
judges it. The default panel, the headless run and the tests all drive a feature through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import AnyItem, Project


@dataclass(frozen=True)
class Missing:
    """Something a step needs first: what, in a sentence; the id of the feature that gets it; and
    what the button to that feature says."""

    text: str
    action: str
    button: str


@dataclass(frozen=True)
class Offer:
    """A way to mend a result: why, what the button says, and the params to run again with.

    The items of the first run make way for those of the second.
    """

    text: str
    button: str
    params: BaseModel


@dataclass(frozen=True)
class Packed:
    """A result as it enters the document: items to add, facts (the first three are shown), and
    ways to mend what is wrong with it."""

    label: str
    items: tuple[AnyItem, ...]
    facts: tuple[Fact, ...]
    offers: tuple[Offer, ...] = ()


class Step(Protocol):
    """A feature, as the document sees it. ``chosen`` are the ids of the selected items.

    ``missing`` and ``inputs`` are quick and run on the main thread (``inputs`` may only look;
    heavy loading belongs to the engine); ``pack`` runs on the worker, after the engine.
    """

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]: ...

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Any: ...

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed: ...


@runtime_checkable
class Renewable(Protocol):
    """A step whose running job can take up a changed project.

    ``renewed`` is asked on the main thread after every change: the inputs as they are now, or None
    if nothing that matters to this job changed. The engine finds them in ``Context.renewed``.
    """

    def renewed(self, project: Project, inputs: Any) -> Any | None: ...
