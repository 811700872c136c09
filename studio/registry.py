"""Which features there are: their manifests, read without importing them.

A feature is a folder with a ``feature.toml``; the code named there is imported on first use. A
broken manifest is reported and skipped, so one bad plug-in never takes the studio down.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.core.errors import StudioError
from studio.document.step import Step
from studio.human.catalogue import add_layout

_log = logging.getLogger(__name__)

API = 1
BUILT_IN = Path(__file__).parent / "features"


class Points(BaseModel):
    """A keypoint layout that comes with a feature: its points in order, and bones by the names of
    their ends. Points that are named as in :mod:`studio.human.catalogue` are those."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    points: tuple[str, ...]
    bones: tuple[tuple[str, str], ...] = ()


class Manifest(BaseModel):
    """``feature.toml``. ``engine``, ``params`` ... name code as ``module:attribute``.

    ``short`` is the title where there is little room; ``button`` is what the button says that
    starts it, else the title. ``accepts`` are suffixes of files that can be dropped on the feature;
    ``names`` patterns of file names (``*board*.mp4``) that it wants before all others. ``frames``
    opens somebody who takes the stage's pictures (:data:`studio.live.outlets.frames.MakeSink`).
    ``layouts`` are keypoint layouts that everything then knows by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api: Literal[1]
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    short: str = ""
    button: str = ""
    summary: str
    menu: Literal["Capture", "Motion", "Person", "Mask", "Live"]
    order: int = 50
    icon: str = "ph.cube"
    lane: Literal["gpu", "cpu", "io"] = "cpu"
    models: tuple[str, ...] = ()
    licence: str
    accepts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    engine: str
    params: str
    step: str | None = None
    command: str | None = None
    evaluate: str | None = None
    panel: str | None = None
    frames: str | None = None
    layouts: tuple[Points, ...] = ()


@dataclass(frozen=True)
class Broken:
    """A feature that cannot be mounted, and why."""

    folder: Path
    why: str


@dataclass
class Feature:
    """A mounted feature. Code is imported when it is first asked for."""

    manifest: Manifest
    package: str
    folder: Path
    _loaded: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.manifest.id

    def load(self, what: str) -> Any:
        """The object that the manifest names under ``what``.

        Raises StudioError if it does not name one, or if the code cannot be imported.
        """
        if what not in self._loaded:
            name: str | None = getattr(self.manifest, what)
            if name is None:
                raise StudioError(f"“{self.manifest.title}” has no {what}.")
            module, _, attribute = name.partition(":")
            try:
                self._loaded[what] = getattr(self._module(module), attribute)
            except Exception as error:
                _log.exception("feature %s: %s", self.id, name)
                raise StudioError(
                    f"“{self.manifest.title}” could not be started ({type(error).__name__}: "
                    f"{error}).",
                    "Reinstall Doppel, or remove the plug-in.",
                ) from error
        return self._loaded[what]

    def ready(self, what: str) -> bool:
        """Whether :meth:`load` has it already, so that it takes no time."""
        return what in self._loaded

    def _module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{name}")

    @property
    def engine(self) -> Callable[..., Any]:
        return self.load("engine")

    @property
    def params(self) -> type[BaseModel]:
        return self.load("params")

    @property
    def step(self) -> Step:
        return cast(Step, self.load("step")())


class Registry:
    """All features that could be mounted, ordered by menu and ``order``."""

    def __init__(self, features: Iterable[Feature], broken: Iterable[Broken] = ()) -> None:
        self.features = {f.id: f for f in sorted(features, key=lambda f: f.manifest.order)}
        self.broken = tuple(broken)

    def __getitem__(self, id: str) -> Feature:
        try:
            return self.features[id]
        except KeyError:
            raise StudioError(
                f"There is no feature “{id}”.", f"There are: {', '.join(self.features)}."
            ) from None

    def accepting(self, suffix: str) -> tuple[Feature, ...]:
        """Features that want a file with this suffix (``.mp4``) dropped on them."""
        return tuple(f for f in self.features.values() if suffix.lower() in f.manifest.accepts)

    def offering(self, what: str) -> tuple[Feature, ...]:
        """Features whose manifest names code under ``what`` (``frames``, ``evaluate``)."""
        return tuple(f for f in self.features.values() if getattr(f.manifest, what) is not None)

    def claiming(self, name: str) -> Feature | None:
        """The feature that wants a file of this name before all others, if there is one."""
        return next(
            (
                feature
                for feature in self.features.values()
                if any(fnmatch(name.lower(), pattern) for pattern in feature.manifest.names)
            ),
            None,
        )


def read_manifest(folder: Path) -> Manifest:
    """A folder's manifest. Raises StudioError saying what is wrong with it."""
    try:
        raw = tomllib.loads((folder / "feature.toml").read_text("utf-8"))
        if raw.get("api", API) != API:
            raise StudioError(f"it needs feature API {raw['api']}, this Doppel has {API}")
        return Manifest.model_validate(raw)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudioError(f"feature.toml cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise StudioError(f"feature.toml: {place}: {first['msg']}") from error


def plugin_folders() -> list[Path]:
    """Where plug-ins are looked for: beside the program, and in the user's data folder."""
    own = Path(__file__).parents[1] / "plugins"
    extra = [Path(p) for p in os.environ.get("DOPPEL_PLUGINS", "").split(os.pathsep) if p]
    return [own, user_data_path("doppel", appauthor=False) / "plugins", *extra]


def discover(plugins: Iterable[Path] = ()) -> Registry:
    """Mount the built-in features and every folder of the ``plugins`` folders."""
    found: dict[str, Feature] = {}
    broken: list[Broken] = []
    for root, package in ((BUILT_IN, "studio.features"), *((p, "") for p in plugins)):
        for file in sorted(root.glob("*/feature.toml")):
            folder = file.parent
            try:
                manifest = read_manifest(folder)
                if manifest.id in found:
                    raise StudioError(f"the id “{manifest.id}” is already taken")
                for points in manifest.layouts:
                    add_layout(points.name, points.points, points.bones)
                name = f"{package}.{folder.name}" if package else _mount(folder)
                found[manifest.id] = Feature(manifest, name, folder)
            except StudioError as error:
                _log.warning("feature %s skipped: %s", folder, error)
                broken.append(Broken(folder, str(error)))
    return Registry(found.values(), broken)


def _mount(folder: Path) -> str:
    """Make a plug-in's folder importable as ``doppel_plugins.<name>`` without running it."""
    parent = "doppel_plugins"
    if parent not in sys.modules:
        sys.modules[parent] = ModuleType(parent)
        sys.modules[parent].__path__ = []
    search = cast(list[str], sys.modules[parent].__path__)
    if str(folder.parent) not in search:
        search.append(str(folder.parent))
    return f"{parent}.{folder.name}"
