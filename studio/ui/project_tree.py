"""The project as a tree: takes, rigs, people, motions, detections, files."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QIcon, QKeySequence, QPixmap, QResizeEvent, QShortcut
from PySide6.QtWidgets import QLabel, QMenu, QTreeWidget, QTreeWidgetItem

from studio.core.errors import StudioError
from studio.document.project import AnyItem, AvatarItem, ItemBase, Project, RigItem, TakeItem
from studio.ui import theme
from studio.ui.facts import VERDICTS
from studio.ui.studio import Studio
from studio.ui.words import clock

_ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class _Group:
    kind: str
    title: str
    icon: str


GROUPS = (
    _Group("take", "Takes", "ph.film-strip"),
    _Group("rig", "Rigs", "ph.video-camera"),
    _Group("avatar", "People", "ph.user"),
    _Group("motion", "Motions", "ph.person-simple-run"),
    _Group("detections", "Detections", "ph.bounding-box"),
    _Group("stage", "Stages", "ph.stack"),
    _Group("file", "Files", "ph.file"),
)


class ProjectTree(QTreeWidget):
    """Selecting items here is selecting them everywhere. F2 renames, Delete removes."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._shown: Project | None = None
        self.setHeaderHidden(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of a kind differ at their ends
        self.setIndentation(16)
        self.setIconSize(QSize(20, 20))
        self.setAccessibleName("Project")
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTreeWidget.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemSelectionChanged.connect(self._selected)
        self.itemChanged.connect(self._renamed)
        QShortcut(QKeySequence.StandardKey.Delete, self, self.delete_selected,
                  context=Qt.ShortcutContext.WidgetShortcut)  # fmt: skip
        studio.document.changed.connect(self._on_document)
        studio.selection.changed.connect(self._show_selection)
        theme.look().changed.connect(self.refresh)
        self._empty = QLabel("Nothing here yet.\nDrop videos, a calibration or a photo.", self)
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().geometry().adjusted(12, 12, -12, -12))

    def _on_document(self, _: Project) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the project as it is."""
        project = self._studio.project
        closed = {top.text(0) for top in self._tops() if not top.isExpanded()}
        with QSignalBlocker(self):
            self.clear()
            for group in GROUPS:
                items = [item for item in project.items if item.kind == group.kind]
                if not items:
                    continue
                top = QTreeWidgetItem([group.title])
                top.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.addTopLevelItem(top)
                for item in items:
                    top.addChild(self._row(item, group))
                top.setExpanded(group.title not in closed)
        self._empty.setVisible(not project.items)
        self._show_selection()

    def _row(self, item: AnyItem, group: _Group) -> QTreeWidgetItem:
        row = QTreeWidgetItem([item.name])
        row.setData(0, _ID, item.id)
        symbol, role = self._mark(item, group)
        row.setIcon(0, self._picture(item) or theme.icon(symbol, role))
        row.setToolTip(0, provenance(item, self._studio.project))
        row.setFlags(
            Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        )
        return row

    def _mark(self, item: AnyItem, group: _Group) -> tuple[str, str]:
        """The icon of an item and its colour; a warning where something must be looked at."""
        if isinstance(item, RigItem) and not item.accepted:
            stopped = item.trust is not None and bool(item.trust.stopped)
            return ("ph.warning-octagon", "stop") if stopped else ("ph.question", "look")
        if isinstance(item, TakeItem) and self._studio.project.moved_since(item):
            return "ph.warning", "look"
        return group.icon, "muted"

    def _picture(self, item: ItemBase) -> QIcon | None:
        if isinstance(item, AvatarItem) and item.thumbnail is not None:
            try:
                picture = QPixmap(str(self._studio.assets.path(item.thumbnail)))
            except StudioError:
                return None
            return None if picture.isNull() else QIcon(picture)
        return None

    def rows(self) -> list[QTreeWidgetItem]:
        """The rows of items, from top to bottom."""
        found = (top.child(n) for top in self._tops() for n in range(top.childCount()))
        return [row for row in found if row]

    def _tops(self) -> list[QTreeWidgetItem]:
        tops = (self.topLevelItem(n) for n in range(self.topLevelItemCount()))
        return [top for top in tops if top]

    def _selected(self) -> None:
        self._studio.selection.set([row.data(0, _ID) for row in self.selectedItems()])

    def _show_selection(self) -> None:
        chosen = set(self._studio.selection.ids)
        with QSignalBlocker(self):
            for row in self.rows():
                row.setSelected(row.data(0, _ID) in chosen)

    def _renamed(self, row: QTreeWidgetItem) -> None:
        name, id = row.text(0).strip(), row.data(0, _ID)
        item = self._studio.project.get(id, ItemBase)
        if item is None or name == item.name:
            return
        if not name:
            self.refresh()
            return
        self._studio.document.edit(
            f"Rename “{item.name}” to “{name}”",
            lambda project: project.with_items(
                [one.model_copy(update={"name": name}) for one in project.items if one.id == id]
            ),
        )

    def delete_selected(self) -> None:
        """Remove the selected items; undo brings them back."""
        ids = self._studio.selection.ids
        names = [i.name for i in self._studio.project.items if i.id in ids]
        if names:
            what = f"“{names[0]}”" if len(names) == 1 else f"{len(names)} items"
            self._studio.document.edit(f"Delete {what}", lambda project: project.without(ids))
            self._studio.notices.say(f"Deleted {what}. Ctrl+Z brings it back.")

    def _menu(self, place: QPoint) -> None:
        row = self.itemAt(place)
        if row is None or row.data(0, _ID) is None:
            return
        item = self._studio.project.get(row.data(0, _ID), ItemBase)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(theme.icon("ph.pencil-simple"), "Rename", lambda: self.editItem(row))
        if item is not None and item.recipe is not None:
            feature = self._studio.registry.features.get(item.recipe.feature)
            if feature is not None:
                params = item.recipe.params
                title = f"Show how it was made ({feature.manifest.title})"
                menu.addAction(
                    theme.icon(feature.manifest.icon),
                    title,
                    lambda: self._studio.open_panel(feature.id, params),
                )
        menu.addAction(theme.icon("ph.trash"), "Delete", self.delete_selected)
        menu.popup(self.viewport().mapToGlobal(place))


def provenance(item: AnyItem, project: Project) -> str:
    """Where an item comes from and how good it is, for its tooltip."""
    lines = [item.name]
    recipe = item.recipe
    if recipe is not None:
        made = f"made by {recipe.feature.replace('_', ' ')}"
        if recipe.seconds:
            took = clock(recipe.seconds) if recipe.seconds >= 60 else f"{recipe.seconds:.1f} s"
            made += f" in {took}"
        names = [i.name for i in project.items if i.id in recipe.inputs]
        lines.append(f"{made} from {', '.join(names)}" if names else made)
        lines += [f"  {k.replace('_', ' ')}: {v}" for k, v in list(recipe.params.items())[:6]]
    if isinstance(item, TakeItem) and (moved := project.moved_since(item)):
        lines.append(f"Its cameras: {moved}")
    if isinstance(item, RigItem) and not item.accepted:
        lines.append("Not accepted: nothing is computed with it.")
    for fact in item.facts[:6]:
        word = VERDICTS[fact.verdict][1]
        lines.append(f"{fact.label}: {fact.text}" + (f" ({word})" if word else ""))
    return "\n".join(lines)
