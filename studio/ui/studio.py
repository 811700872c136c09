"""What every panel is given: the document, its folder, the features, jobs, commands, notices."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from PySide6.QtCore import QObject, Signal

from studio import __version__
from studio.core.errors import StudioError
from studio.core.settings import SettingsFile
from studio.document.document import Document
from studio.document.folder import Assets
from studio.document.project import AnyItem, Project
from studio.document.step import Packed
from studio.jobs import Context, Job, Lanes
from studio.jobs.job import AnyJob, Engine
from studio.registry import Feature, Registry
from studio.ui import theme
from studio.ui.commands import Commands
from studio.ui.hot_reload import HotReload
from studio.ui.job_watch import JobWatch, Watched
from studio.ui.notices import Answer, Notices
from studio.ui.projects import Projects

if TYPE_CHECKING:
    from studio.ui.cameras import CameraService
    from studio.ui.easel import Desk
    from studio.ui.photo import PhotoTable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Next:
    """What to do after a result: the words of the button, and what it does."""

    button: str
    do: Callable[[], object]


class Selection(QObject):
    """The ids of the items that the panels work on."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ids: tuple[str, ...] = ()

    def set(self, ids: Sequence[str]) -> None:
        if tuple(ids) != self.ids:
            self.ids = tuple(ids)
            self.changed.emit()


class Studio(QObject):
    """The services of one window.

    Signals: ``live(feature id, value)`` follows each new live value of a job, ``finished(feature
    id, Packed)`` each result once it is in the document, ``panel_wanted(feature id, params or
    None)`` asks the window to show a feature's panel, ``page_wanted(name)`` to show a dock,
    ``beside_wanted`` to show the cameras' pictures beside the viewport, ``alone_wanted(on)`` to
    give them all the room there is, or no longer, ``frame_wanted(points)`` to fill the viewport
    with points (metres), ``turn_wanted(degrees)`` to turn it about what it shows.
    ``footage_missed``: a video that is to be shown is not where the project has it.
    """

    live = Signal(str, object)
    finished = Signal(str, object)
    panel_wanted = Signal(str, object)
    page_wanted = Signal(str)
    beside_wanted = Signal()
    alone_wanted = Signal(bool)
    frame_wanted = Signal(object)
    turn_wanted = Signal(float)
    dropped = Signal(list)
    footage_missed = Signal()

    def __init__(
        self,
        registry: Registry,
        settings: SettingsFile | None = None,
        doctor: Callable[[], Sequence[Any]] | None = None,
        sample: Path | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings or SettingsFile()
        self.registry = registry
        self.doctor = doctor
        self.sample = sample
        self.next_of: Callable[[str], Next | None] = lambda _: None
        self.document = Document()
        self.hot_reload = HotReload(self.document)
        self.lanes = Lanes(cpu=self.settings.value.threads or None)
        self.watch = JobWatch()
        self.notices = Notices()
        self.commands = Commands(self.settings)
        self.commands.on_error = lambda error, where: self.notices.error(error, where)
        self.commands.on_refused = lambda command, why: self.notices.tell(
            f"“{command.title.rstrip('…')}” is not possible now.", why, "look"
        )
        self.projects = Projects(self.document, self.settings, self.lanes, self.watch, self.notices)
        self.selection = Selection()
        self.playhead_s = 0.0
        """The moment on show, as the timeline has it."""
        self.editing: set[str] = set()
        """Features that draw live values without a job: somebody is dragging something there."""
        self.document.changed.connect(self._drop_gone)

    @cached_property
    def cameras(self) -> CameraService:
        """The live cameras, shared by all features; made when first asked for."""
        from studio.ui.cameras import CameraService

        return CameraService(self.settings, self.notices)

    @cached_property
    def desk(self) -> Desk:
        """What is painted on, shared by all features; made when first asked for."""
        from studio.ui.easel import Desk

        return Desk()

    @cached_property
    def photos(self) -> PhotoTable:
        """The photograph that is worked on, shared by all features; made when first asked for."""
        from studio.ui.photo import PhotoTable

        return PhotoTable()

    @property
    def project(self) -> Project:
        return self.document.project

    @property
    def assets(self) -> Assets:
        return self.projects.folder.assets

    def _drop_gone(self, project: Project) -> None:
        here = {item.id for item in project.items}
        self.selection.set(tuple(id for id in self.selection.ids if id in here))
        self.commands.refresh()

    # -- features ----------------------------------------------------------------------------

    def load(self, feature: Feature, then: Callable[[Any], object]) -> None:
        """Import a feature's code on a worker, then call ``then(step or None)`` here."""

        def import_all() -> Any:
            feature.params  # noqa: B018  the import is the point
            return feature.step if feature.manifest.step else None

        self.watch.call(
            self.lanes["io"].submit(import_all),
            then,
            lambda error, details: self.notices.error(error, feature.manifest.title, details),
        )

    def load_panel(self, feature: Feature, then: Callable[[], object]) -> None:
        """Import a feature's own panel on a worker, then call ``then`` here, also where it cannot
        be imported: who makes it is told why."""
        future = self.lanes["io"].submit(lambda: feature.load("panel"))
        self.watch.call(future, lambda _: then(), lambda error, details: then())

    def warm_up(self) -> None:
        """Import the features' code on a worker before it is asked for: starting is quick then,
        and libraries are loaded while nobody waits for a picture."""

        def import_all() -> None:
            for feature in self.registry.features.values():
                for what in ("params", "step", "engine"):
                    try:
                        feature.load(what)
                    except StudioError as error:
                        _log.info("%s: %s", feature.id, error)

        self.watch.call(self.lanes["io"].submit(import_all))

    def start(
        self,
        feature_id: str,
        params: BaseModel | dict[str, Any] | None = None,
        chosen: Sequence[str] | None = None,
        then: Callable[[Packed], object] | None = None,
        instead: Sequence[str] = (),
        inputs: Any = None,
    ) -> AnyJob:
        """Run a feature on the project as it is now; its result becomes one step of the history.

        The items whose ids are ``instead`` make way for the result. ``inputs`` (live cameras) take
        the place of those that the step would gather from the project.

        ``params`` default to the feature's own, ``chosen`` to the selected items. The engine runs
        in the feature's lane, then its step packs the result there; the document is edited here
        and saved at once. Raises StudioError if the project cannot be changed.
        """
        feature = self.registry[feature_id]
        self.projects.check_writable()
        ids = tuple(self.selection.ids if chosen is None else chosen)
        folder, project = self.projects.folder, self.project.without(instead)

        def work(context: Context) -> Engine[Any, Packed]:
            values = _validated(feature, params)
            step = feature.step
            missing = step.missing(project, ids)
            if missing:
                raise StudioError(
                    f"“{feature.manifest.title}” cannot run yet: {missing[0].text}",
                    f"Use “{missing[0].button}”.",
                )
            given = step.inputs(project, ids, folder.assets) if inputs is None else inputs
            began = time.monotonic()
            with self.hot_reload.follow(context, step, given):
                result = yield from feature.engine(values, given, context)
            seconds = time.monotonic() - began
            return _with_recipe(
                step.pack(given, values, result, folder.assets, seconds),
                feature_id, values, ids, seconds,
            )  # fmt: skip

        def done(packed: Packed) -> None:
            def change(now: Project) -> Project:
                stored = packed.items[0].recipe if packed.items else None
                kept = now.without(instead).with_items(packed.items)
                return kept.with_params(feature_id, stored.params) if stored else kept

            if self.projects.deliver(folder, packed.label, packed.items, change):
                self.finished.emit(feature_id, packed)
                if then is not None:
                    then(packed)

        def again() -> AnyJob:
            return self.start(feature_id, params, chosen, then, instead, inputs)

        def failed(error: BaseException, details: str) -> None:
            answers: list[Answer] = [("Try again", again)]
            if isinstance(error, StudioError) and error.action in self.commands:
                title = self.commands[error.action].title.rstrip("…")
                answers.insert(0, (title, lambda: self.commands.run(error.action)))
            self.notices.error(error, feature.manifest.title, details, *answers)

        job: AnyJob = Job(
            feature.manifest.title, work, self.lanes[feature.manifest.lane], feature=feature_id
        )
        self.watch.add(
            job,
            show=lambda value: self.live.emit(feature_id, value),
            done=done,
            failed=failed,
            retry=again,
        )
        return job

    def background(
        self,
        name: str,
        engine: Callable[[Context], Engine[Any, Any]],
        done: Callable[[Any], object] = lambda _: None,
        lane: str = "io",
        live: str = "",
    ) -> AnyJob:
        """Run some work that is no feature (an installation) as a visible job; what it yields is
        shown under the name ``live``, if there is one, as long as it works."""
        one = {"io": self.lanes.io, "cpu": self.lanes.cpu}[lane]
        job: AnyJob = Job(name, engine, one, feature=live)
        self.watch.add(
            job,
            show=lambda value: self.live.emit(live, value) if live else None,
            done=done,
            failed=lambda error, details: self.notices.error(error, name, details),
            retry=lambda: self.background(name, engine, done, lane, live),
        )
        return job

    def running(self, feature_id: str) -> Watched | None:
        """The unfinished job of a feature, if there is one."""
        return next((w for w in self.watch.working if w.job.feature == feature_id), None)

    def open_panel(self, feature_id: str, params: BaseModel | dict[str, Any] | None = None) -> None:
        """Ask the window to show a feature's panel, filled in with ``params``."""
        self.panel_wanted.emit(self.registry[feature_id].id, params)

    def use_webcam(self, feature_id: str) -> None:
        """Show the feature that takes webcams, and open what there is at once."""
        self.open_panel(feature_id)
        self.cameras.open_first()

    def act(self, action: str) -> None:
        """Do what a :class:`studio.document.step.Missing` asks: a command, or a feature's step.

        A feature that takes files begins with the choice of files.
        """
        if action in self.commands:
            self.commands.run(action)
        elif action in self.registry.features:
            takes_files = bool(self.registry[action].manifest.accepts)
            self.commands.run("file.import") if takes_files else self.open_panel(action)
        else:
            self.notices.tell("Doppel does not know how to get this.", f"({action})", "look")

    # -- life --------------------------------------------------------------------------------

    def set_theme(self, name: str) -> None:
        """Switch the theme and remember it."""
        value = self.settings.change(theme=name)
        theme.apply(value.theme, value.font_scale)

    def close(self) -> None:
        """Cancel what runs, save, and end every thread."""
        self.watch.close()
        if "cameras" in vars(self):
            self.cameras.close()
        self.lanes.close()
        self.projects.close()


def _validated(feature: Feature, params: BaseModel | dict[str, Any] | None) -> BaseModel:
    if isinstance(params, BaseModel):
        return params
    return feature.params.model_validate(params or {})


def _with_recipe(
    packed: Packed, feature: str, params: BaseModel, chosen: tuple[str, ...], seconds: float
) -> Packed:
    """The result, with every item telling how it was made."""
    from dataclasses import replace

    from studio.document.project import Recipe, traces

    items: list[AnyItem] = []
    for item in packed.items:
        recipe = item.recipe or Recipe(
            feature=feature,
            params=params.model_dump(mode="json"),
            inputs=chosen,
            app_version=__version__,
            seconds=seconds,
        )
        facts = item.facts or traces(packed.facts)
        items.append(item.model_copy(update={"recipe": recipe, "facts": facts}))
    return replace(packed, items=tuple(items))
