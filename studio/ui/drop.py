"""Drop a thing, get the next step: files dropped anywhere go to the feature that wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from pydantic import BaseModel
from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES
from studio.document.folder import SUFFIX
from studio.media.cameras import share_pattern
from studio.registry import Feature
from studio.ui import theme
from studio.ui.studio import Studio
from studio.ui.toasts import over_pictures

CAPTURE = "capture"
MOST_PHOTOGRAPHS = 24
"""A folder with more pictures than this is a film."""


def paths_of(data: QMimeData) -> list[Path]:
    """The local files and folders of a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def wanting(studio: Studio, path: Path, shown: str = "") -> Feature | None:
    """The feature that wants a file, the one ``shown`` before others that want it too; folders and
    everything unclaimed go to the import."""
    features = studio.registry.features
    if path.is_dir():
        clothes = any(next(path.glob(form), None) for form in ("*.mhclo", "*/*.mhclo"))
        wearing = studio.registry.accepting(".mhclo") if clothes else ()
        return wearing[0] if wearing else features.get(CAPTURE)
    if (named := studio.registry.claiming(path.name)) is not None:
        return named
    claimed = studio.registry.accepting(path.suffix)
    first = next((feature for feature in claimed if feature.id == shown), None)
    return first or (claimed[0] if claimed else features.get(CAPTURE))


def take_in(studio: Studio, paths: Sequence[Path], shown: str = "") -> None:
    """Open a project, or show the panel that wants these files, filled in, and start it. The
    feature whose panel is ``shown`` comes before others that want them too.

    Raises StudioError if nothing wants them.
    """
    paths = [path for path in paths if path.exists()]
    if not paths:
        raise StudioError("Nothing that was dropped is a file here.", "Drop files or folders.")
    if len(paths) == 1 and (paths[0].suffix == SUFFIX or (paths[0] / "project.json").is_file()):
        studio.projects.open(paths[0])
        return
    groups: dict[str, list[Path]] = {}
    for path in chain.from_iterable(_opened(studio, one, shown) for one in paths):
        feature = wanting(studio, path, shown)
        if feature is None:
            raise StudioError(
                f"No step of this Doppel can use “{path.name}”.",
                "Drop a video, a folder of pictures, a calibration or a photo.",
            )
        groups.setdefault(feature.id, []).append(path)
    for id, files in groups.items():
        _hand_over(studio, studio.registry[id], files)


def _opened(studio: Studio, path: Path, shown: str) -> list[Path]:
    """What of a folder the panel on show wants, where that one wants single pictures; else a
    folder's photographs, if it holds nothing that the import wants."""
    features = studio.registry.features
    suffixes = set(features[shown].manifest.accepts) if shown in features else set()
    if not path.is_dir():
        return [path]
    if ".jpg" not in suffixes:
        return _photographs(studio, path) or [path]
    inside = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in suffixes)
    return inside or [path]


def _photographs(studio: Studio, folder: Path) -> list[Path]:
    """The pictures of a folder that are no film and no cameras of one moment: few, and not named
    by numbers or sides alone; none if anything else in there is footage or a calibration."""
    inside = sorted(folder.iterdir())
    found = [path for path in inside if path.suffix.lower() in IMAGE_SUFFIXES]
    importing = studio.registry.features.get(CAPTURE)
    footage = () if importing is None else importing.manifest.accepts
    other = any(
        path.is_dir() or (path.suffix.lower() in footage and path.suffix.lower() != ".txt")
        for path in inside
    )
    few = 0 < len(found) <= MOST_PHOTOGRAPHS
    return found if few and not other and not share_pattern([p.stem for p in found]) else []


def _hand_over(studio: Studio, feature: Feature, files: list[Path]) -> None:
    def ready(_: object) -> None:
        params = filled(feature.params, files)
        studio.open_panel(feature.id, params)
        if feature.id == CAPTURE:
            studio.start(feature.id, params)

    studio.notices.say(f"Opening “{feature.manifest.title}”")
    studio.load(feature, ready)


def filled(model: type[BaseModel], files: Sequence[Path]) -> BaseModel:
    """Params whose field for files holds these. Raises StudioError if the model has none."""
    for name in ("paths", "files", "photos", "path", "file"):
        if name in model.model_fields:
            many = name.endswith("s")
            return model.model_validate({name: list(files) if many else files[0]})
    raise StudioError("This step takes no files.", "Drop them on another workspace.")


class DropVeil(QObject):
    """Makes a whole window take drops, and says so while something hovers over it."""

    def __init__(
        self, window: QWidget, studio: Studio, shown: Callable[[], str] = lambda: ""
    ) -> None:
        """``shown`` tells whose panel is shown, by the feature's id."""
        super().__init__(window)
        self._window, self._studio, self._shown = window, studio, shown
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self.veil = QFrame(window)
        self.veil.setObjectName("dropVeil")
        over_pictures(self.veil)
        mark, text = QLabel(), QLabel("Drop it here. Doppel finds the step that wants it.")
        mark.setProperty("iconSize", 32)
        theme.set_icon(mark, "ph.download-simple", "accent")
        layout = QVBoxLayout(self.veil)
        layout.setContentsMargins(32, 24, 32, 24)
        layout.addWidget(mark, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(text, 0, Qt.AlignmentFlag.AlignCenter)
        self.veil.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            if not paths_of(event.mimeData()):
                return False
            event.acceptProposedAction()
            self.veil.adjustSize()
            centre = self._window.rect().center() - self.veil.rect().center()
            self.veil.move(centre)
            self.veil.show()
            self.veil.raise_()
            return True
        if kind == QEvent.Type.DragLeave:
            self.veil.hide()
        if kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.veil.hide()
            event.acceptProposedAction()
            paths = paths_of(event.mimeData())
            try:
                take_in(self._studio, paths, self._shown())
            except StudioError as error:
                self._studio.notices.error(error, "Drop")
            return True
        return False
