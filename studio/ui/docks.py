"""The docks and the five workspaces: saved layouts of the same docks."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PySide6QtAds as ads
from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QSplitter, QWidget

from studio.core.files import write_whole

_log = logging.getLogger(__name__)

WORKSPACES = ("Capture", "Motion", "Person", "Mask", "Live")
FORMAT = 3

LEFT, RIGHT = ads.LeftDockWidgetArea, ads.RightDockWidgetArea
BOTTOM, CENTRE = ads.BottomDockWidgetArea, ads.CenterDockWidgetArea


@dataclass(frozen=True)
class DockKind:
    """A dock: its name in layouts (never changes), its title, its icon, and the least it takes."""

    id: str
    title: str
    icon: str
    least: tuple[int, int] = (160, 120)


DOCKS = (
    DockKind("project", "Project", "ph.tree-structure"),
    DockKind("viewport", "Viewport", "ph.cube", (240, 160)),
    DockKind("canvas", "Cameras", "ph.squares-four"),
    DockKind("easel", "Easel", "ph.paint-brush"),
    DockKind("photo", "Photograph", "ph.user-focus"),
    DockKind("step", "Step", "ph.sliders-horizontal"),
    DockKind("timeline", "Timeline", "ph.film-strip"),
    DockKind("plots", "Plots", "ph.chart-line"),
    DockKind("jobs", "Jobs", "ph.list-bullets"),
    DockKind("log", "Log", "ph.terminal-window"),
    DockKind("history", "History", "ph.clock-counter-clockwise"),
)

# What is open in each workspace besides project, step and timeline; the first is in front.
_CENTRE: dict[str, tuple[str, ...]] = {
    "Capture": ("canvas", "viewport"),
    "Motion": ("viewport", "canvas"),
    "Person": ("viewport",),
    "Mask": ("viewport", "easel"),
    "Live": ("canvas", "viewport"),
}
_PICTURES = ("viewport", "canvas", "easel", "photo")
_SIDE_BY_SIDE = frozenset({"Live"})
_PLOTS = frozenset({"Capture", "Motion"})


class Docks(QObject):
    """Owns the dock manager. ``switched(workspace)`` follows a change of workspace.

    A workspace has a layout for each use that lays it out otherwise: “photo” while photographs are
    worked on, “alone” while the cameras' pictures have all the room.
    """

    switched = Signal(str)

    def __init__(self, parent: QWidget, file: Path) -> None:
        super().__init__(parent)
        flags = ads.CDockManager
        for flag, on in (
            (flags.OpaqueSplitterResize, True),
            (flags.XmlCompressionEnabled, True),
            (flags.FocusHighlighting, True),
            (flags.DockAreaHasUndockButton, False),
            (flags.DockAreaHasCloseButton, False),
            (flags.DockAreaDynamicTabsMenuButtonVisibility, True),
            (flags.ActiveTabHasCloseButton, True),
            (flags.AllTabsHaveCloseButton, False),
            (flags.EqualSplitOnInsertion, False),
        ):
            flags.setConfigFlag(flag, on)
        self.manager = ads.CDockManager(parent)
        self.manager.setStyleSheet("")
        self._file = file
        self._saved: dict[str, str] = {}
        self._place = ""
        self.last = WORKSPACES[0]
        """The workspace that was shown when the window was last closed."""
        self._read()
        self.workspace = ""
        self._use = ""
        self._seen = self._putting = False
        self._going = QTimer(self, singleShot=True, interval=0)
        self._going.timeout.connect(lambda: self._lay(""))
        self._settling = QTimer(self, singleShot=True, interval=0)
        self._settling.timeout.connect(self._proportion)
        self._unsettled = ""
        self.docks: dict[str, Any] = {}
        for kind in DOCKS:
            dock = ads.CDockWidget(self.manager, kind.title)
            dock.setObjectName(kind.id)
            dock.setFeature(ads.CDockWidget.DockWidgetDeleteOnClose, False)
            dock.setMinimumSizeHintMode(ads.CDockWidget.MinimumSizeHintFromDockWidgetMinimumSize)
            dock.setMinimumSize(QSize(*kind.least))
            # one that is empty takes no room when a layout is restored
            dock.setWidget(QWidget(), ads.CDockWidget.ForceNoScrollArea)
            tab = dock.tabWidget()
            dock.setAccessibleName(kind.title)
            tab.setAccessibleName(kind.title)
            for button in tab.findChildren(QAbstractButton):
                button.setAccessibleName(f"Close {kind.title.lower()}")
            tab.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.docks[kind.id] = dock
        self._arrange(WORKSPACES[0])
        self.manager.dockAreasAdded.connect(self._favour_pictures)
        self.manager.installEventFilter(self)

    def fill(self, id: str, widget: QWidget, scroll: bool = False) -> None:
        """Put a widget into a dock; a form may scroll, a picture must not."""
        dock = self.docks[id]
        old = dock.takeWidget() if dock.widget() is not None else None
        if scroll:
            area = QScrollArea()
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setWidget(widget)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            widget = area
        dock.setWidget(widget, ads.CDockWidget.ForceNoScrollArea)
        if old is not None:
            old.deleteLater()

    def show(self, id: str) -> None:
        """Open a dock and bring it to the front."""
        dock = self.docks[id]
        if dock.isClosed():
            dock.toggleView(True)
        dock.setAsCurrentTab()
        dock.raise_()

    def beside(self, left: str = "canvas", right: str = "viewport") -> None:
        """Two docks next to each other in the middle, both in view."""
        one, other = self.docks[left], self.docks[right]
        for dock in (one, other):
            if dock.isClosed():
                dock.toggleView(True)
        if one.dockAreaWidget() is other.dockAreaWidget():
            self.manager.addDockWidget(LEFT, one, other.dockAreaWidget())
            half = max(other.dockAreaWidget().width(), 800) // 2
            self.manager.setSplitterSizes(other.dockAreaWidget(), [half, half])
        for dock in (one, other):
            dock.setAsCurrentTab()

    def lay_photo(self, on: bool) -> None:
        """The photograph beside the viewport, the timeline put away; or as it was before."""
        self._want("photo", on)

    def lay_alone(self, on: bool) -> None:
        """The cameras' pictures have the middle, the timeline is put away, and the step beside
        them is wide; or as it was before."""
        self._want("alone", on)

    def _want(self, use: str, on: bool) -> None:
        """One panel's use may be followed by another's that is the same: it stays then. A layout
        that is put hides and shows the panels, too: they mean nothing by it."""
        if self._putting:
            return
        if on:
            self._going.stop()
            self._lay(use)
        elif use == self._use:
            self._going.start()

    def _lay(self, use: str) -> None:
        if use != self._use:
            self._keep()
            self._use = use
            if self._seen:
                self._put()

    def _arrange_photo(self) -> None:
        photo = self.docks["photo"]
        self.docks["timeline"].toggleView(False)
        photo.toggleView(True)
        if photo.dockAreaWidget() is not self.docks["viewport"].dockAreaWidget():
            self.manager.addDockWidgetTabToArea(photo, self.docks["viewport"].dockAreaWidget())
        self.beside("photo", "viewport")

    def _arrange_alone(self) -> None:
        dock, other = self.docks["canvas"], self.docks["viewport"]
        if other.dockAreaWidget() is not dock.dockAreaWidget():
            self.manager.addDockWidgetTabToArea(other, dock.dockAreaWidget())
        self.docks["timeline"].toggleView(False)
        dock.setAsCurrentTab()

    def is_open(self, id: str) -> bool:
        return not self.docks[id].isClosed()

    def toggle(self, id: str) -> None:
        self.docks[id].toggleView(self.docks[id].isClosed())

    # -- workspaces --------------------------------------------------------------------------

    def switch(self, workspace: str) -> None:
        """Show a workspace as the user left it."""
        if workspace == self.workspace:
            return
        self._keep()
        self._going.stop()
        self.workspace, self._use = workspace, ""
        self._put()
        self.switched.emit(workspace)

    @property
    def _key(self) -> str:
        return f"{self.workspace}/{self._use}" if self._use else self.workspace

    def _keep(self) -> None:
        """Remember the layout; one that nobody sees has no sizes yet."""
        settled = not self._settling.isActive() or self._unsettled != self._key
        if self.workspace and self._seen and settled:
            self._saved[self._key] = self._state()

    def _put(self) -> None:
        self._putting = True
        self.manager.setUpdatesEnabled(False)  # no picture is drawn at a size that does not stay
        try:
            state = self._saved.get(self._key)
            if state is None or not self._restore(state):
                self._saved.pop(self._key, None)
                self._arrange(self.workspace)
                self._proportion()
            else:
                self._settling.stop()
            self._favour_pictures()
        finally:
            self.manager.setUpdatesEnabled(True)
            self._putting = False

    def _favour_pictures(self) -> None:
        """The room that a window gains or loses is the pictures': what stands beside and below
        them stays as wide and as high as it is."""
        shown = [self.docks[id].dockAreaWidget() for id in _PICTURES]
        pictures = {area for area in shown if area is not None}
        for splitter in self.manager.findChildren(QSplitter):
            parts = [splitter.widget(i) for i in range(splitter.count())]
            theirs = [any(p is a or p.isAncestorOf(a) for a in pictures) for p in parts]
            for i, picture in enumerate(theirs):
                splitter.setStretchFactor(i, int(picture or not any(theirs)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sizes that are set while nothing is seen are lost: they are set again on the way in."""
        if event.spontaneous() or self._putting:
            return False
        if event.type() == QEvent.Type.Show:
            self._seen = True
            self._put()
            if self._key not in self._saved:
                self._unsettled = self._key
                self._settling.start()
        elif event.type() == QEvent.Type.Hide:
            self._keep()
            self._seen = False
        return False

    def reset(self) -> None:
        """Every dock back where the current workspace shipped it."""
        self._saved.pop(self._key, None)
        self._put()
        self.save()

    def _arrange(self, workspace: str) -> None:
        """The shipped layout: project | picture | step, with the timeline below."""
        manager, docks = self.manager, self.docks
        for dock in docks.values():
            if dock.dockAreaWidget() is not None:
                manager.removeDockWidget(dock)
        centre = _CENTRE.get(workspace, ("viewport",))
        picture = manager.addDockWidget(CENTRE, docks[centre[0]])
        for id in _PICTURES:
            if id == centre[0]:
                continue
            if workspace in _SIDE_BY_SIDE and id in centre:
                manager.addDockWidget(RIGHT, docks[id], picture)
            else:
                manager.addDockWidgetTabToArea(docks[id], picture)
        timeline = manager.addDockWidget(BOTTOM, docks["timeline"], picture)
        plots = manager.addDockWidget(RIGHT, docks["plots"], timeline)
        for id in ("jobs", "log"):
            manager.addDockWidgetTabToArea(docks[id], plots)
        manager.addDockWidget(LEFT, docks["project"])
        manager.addDockWidgetTabToArea(docks["history"], docks["project"].dockAreaWidget())
        manager.addDockWidget(RIGHT, docks["step"])
        for id, dock in docks.items():
            dock.toggleView(True)
            if id in ("log", "jobs", "history"):
                dock.toggleView(False)
        if workspace not in _PLOTS:
            docks["plots"].toggleView(False)
        for id in ("canvas", "easel", "photo"):
            if id not in centre:
                docks[id].toggleView(False)
        docks[centre[0]].setAsCurrentTab()
        docks["project"].setAsCurrentTab()
        if self._use:
            {"photo": self._arrange_photo, "alone": self._arrange_alone}[self._use]()

    def _proportion(self) -> None:
        width = max(self.manager.width(), 1200)
        height = max(self.manager.height(), 640)
        left, right = min(max(216, width // 7), 272), min(max(320, width // 5), 400)
        if self._use == "alone":
            right = min(max(400, width // 4), width // 3, 560)
        low = min(max(216, height // 4), 304)
        manager = self.manager
        manager.setSplitterSizes(
            self.docks["project"].dockAreaWidget(), [left, width - left - right, right]
        )
        manager.setSplitterSizes(self.docks["timeline"].dockAreaWidget(), [width, width // 2])
        other = "photo" if self._use == "photo" else "canvas"
        areas = [self.docks[id].dockAreaWidget() for id in ("viewport", other)]
        if areas[0] is not areas[1] and None not in areas:  # side by side
            half = (width - left - right) // 2
            manager.setSplitterSizes(areas[0], [half, half])
            if other == "canvas":
                manager.setSplitterSizes(areas[1], [height - low, low])
        elif areas[0] is not None:
            manager.setSplitterSizes(areas[0], [height - low, low])

    # -- on disk -----------------------------------------------------------------------------

    def _state(self) -> str:
        return base64.b64encode(self.manager.saveState(FORMAT).data()).decode()

    def _restore(self, state: str) -> bool:
        try:
            data = QByteArray(base64.b64decode(state, validate=True))
            return bool(data) and self.manager.restoreState(data, FORMAT)
        except ValueError as error:
            _log.warning("layout ignored: %s", error)
            return False

    def _read(self) -> None:
        try:
            raw = json.loads(self._file.read_text("utf-8"))
            saved = raw["workspaces"].items()
            self._saved = {str(k): str(v) for k, v in saved if k.split("/")[0] in WORKSPACES}
            self._place = str(raw.get("window", ""))
            self.last = raw["last"] if raw.get("last") in WORKSPACES else self.last
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("layouts ignored, the shipped ones are used: %s", error)

    def place(self, window: QWidget) -> bool:
        """Put the window where it was when it was last closed; whether that is known."""
        try:
            data = QByteArray(base64.b64decode(self._place, validate=True))
        except ValueError:
            return False
        return bool(data) and window.restoreGeometry(data)

    def save(self) -> None:
        """Write the layouts and the window's place; what cannot be written is no reason to stop."""
        self._keep()
        try:
            place = base64.b64encode(self.manager.window().saveGeometry().data()).decode()
            told = {"format": FORMAT, "workspaces": self._saved, "window": place,
                    "last": self.workspace}  # fmt: skip
            text = json.dumps(told, indent=1)
            write_whole(self._file, text.encode())
        except Exception as error:
            _log.warning("layouts not saved: %s", error)
