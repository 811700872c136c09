"""The panel of triangulation: the step's own, and the people it found, to be put right by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.types import Fact, Motion
from studio.document.data import motion_arrays, motion_of
from studio.document.project import MotionItem, PersonMark, Project, new_id
from studio.features.triangulate.charts import charts
from studio.features.triangulate.compare import METHOD
from studio.features.triangulate.fewer import CAMERAS
from studio.registry import Feature
from studio.scene.palette import PALETTES
from studio.ui import theme
from studio.ui.compared import ComparedTable
from studio.ui.on_show import short_name
from studio.ui.plots import Plots
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio
from studio.vision.people.edit import exchanged, joined, split

_ID = Qt.ItemDataRole.UserRole
_CURVES_PX = 300
_METHOD_HEADINGS = ("Method", "Off", "Bones vary", "From shown")


class Panel(StepPanel):
    """Below the settings: everybody who was solved together, each in the colour of the viewport.

    Names are edited in place. Two chosen people can be exchanged from the playhead on, or joined;
    one can be split there; who is not wanted is removed. Undo takes it back.
    """

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.people = QListWidget()
        self.people.setAccessibleName("People")
        self.people.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.people.setIconSize(QSize(14, 14))
        self.people.itemSelectionChanged.connect(self._chosen)
        self.people.itemChanged.connect(self._renamed)
        self.swap_button = QPushButton("Swap from here")
        self.join_button = QPushButton("Join")
        self.split_button = QPushButton("Split here")
        self.remove_button = QPushButton("Remove")
        self.methods = ComparedTable(_METHOD_HEADINGS, "Methods side by side")
        self.fewer = ComparedTable((), "Error against cameras")
        self.curves = Plots(empty="Compare methods, and their error is drawn against cameras.")
        self.curves.setMinimumHeight(_CURVES_PX)
        self.curves.hide()
        self._drawn: object = None
        self._group = QWidget()
        self._shown: tuple[object, ...] = ()
        super().__init__(studio, feature)

    def build(self, place: QVBoxLayout) -> None:
        column = QVBoxLayout(self._group)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        heading = QLabel("People")
        heading.setProperty("role", "section")
        column.addWidget(heading)
        column.addWidget(self.people)
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, (button, tip, call) in enumerate(self._buttons()):
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, do=call: self._do(do))
            grid.addWidget(button, number // 2, number % 2)
        column.addLayout(grid)
        place.addWidget(self._group)
        super().build(place)
        place.addWidget(self.methods)
        place.addWidget(self.fewer)
        place.addWidget(self.curves)

    def _buttons(self) -> Sequence[tuple[QPushButton, str, Callable[[], None]]]:
        return (
            (self.swap_button, "From the playhead on, two chosen people change places", self.swap),
            (self.join_button, "Two chosen people are the same person", self.join),
            (self.split_button, "From the playhead on, this is somebody else", self.split),
            (self.remove_button, "This is nobody who is wanted", self.remove),
        )

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        self._show_people()
        self._show_methods()
        told = self.chosen or self.items[:1]
        if told and self.studio.running(self.feature.id) is None:
            self.facts.show_facts(told[0].facts)

    def _show_methods(self) -> None:
        """How the methods differ on the motion on show, where they were compared."""
        item = self.studio.project.picked(self.studio.selection.ids, MotionItem)
        recipe = item.recipe if item is not None else None
        made = item is not None and recipe is not None and recipe.feature == self.feature.id
        facts = (
            tuple(Fact(**t.model_dump()) for t in item.facts) if item is not None and made else ()
        )
        used = str(recipe.params.get("method", "")) if recipe is not None else ""
        self.methods.show_rows(
            [(fact.label.removeprefix(METHOD), *fact.text.split(", "))
             for fact in facts if fact.label.startswith(METHOD)], used,
        )  # fmt: skip
        curves = [(fact.label.removeprefix(CAMERAS), *fact.text.split(", ")) for fact in facts
                  if fact.label.startswith(CAMERAS)]  # fmt: skip
        counts = [cell.split(": ")[0] for cell in curves[0][1:]] if curves else []
        self.fewer.show_rows(
            [(name, *(cell.split(": ")[-1] for cell in cells)) for name, *cells in curves], used,
            ("Fewer cameras", *counts),
        )  # fmt: skip
        self.curves.setVisible(bool(curves))
        if curves and (facts, used) != self._drawn:
            self._drawn = (facts, used)
            self.curves.set_charts(charts(facts, used))

    # -- who is there

    @property
    def items(self) -> tuple[MotionItem, ...]:
        """Everybody who was solved together with the motion on show."""
        project = self.studio.project
        item = project.picked(self.studio.selection.ids, MotionItem)
        return () if item is None else project.together(item)

    @property
    def chosen(self) -> list[MotionItem]:
        """The people chosen in the list, from top to bottom."""
        ids = {row.data(_ID) for row in self.people.selectedItems()}
        return [item for item in self.items if item.id in ids]

    def _show_people(self) -> None:
        items = self.items
        self._group.setVisible(bool(items))
        selected = set(self.studio.selection.ids) & {item.id for item in items}
        now = (tuple((item.id, item.name) for item in items), selected, theme.look().theme)
        if now == self._shown:  # somebody may be typing a name
            return
        self._shown = now
        palette = PALETTES[theme.look().theme]
        with QSignalBlocker(self.people):
            self.people.clear()
            for item in items:
                assert item.person is not None
                row = QListWidgetItem(short_name(item))
                row.setData(_ID, item.id)
                row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
                chip = QPixmap(14, 14)
                chip.fill(QColor.fromRgbF(*palette.person(item.person.number)))
                row.setIcon(QIcon(chip))
                row.setToolTip("\n".join(f"{f.label}: {f.text}" for f in item.facts[1:4]))
                self.people.addItem(row)
                row.setSelected(item.id in selected)
        high = self.people.sizeHintForRow(0) if items else 0
        self.people.setFixedHeight(min(max(len(items), 1), 6) * max(high, 20) + 8)
        self._enable()

    def _chosen(self) -> None:
        own = {item.id for item in self.items}
        others = [id for id in self.studio.selection.ids if id not in own]
        self.studio.selection.set([*(item.id for item in self.chosen), *others])
        self._enable()

    def _enable(self) -> None:
        count = len(self.chosen)
        self.swap_button.setEnabled(count == 2)
        self.join_button.setEnabled(count == 2)
        self.split_button.setEnabled(count == 1)
        self.remove_button.setEnabled(0 < count < len(self.items))

    def _renamed(self, row: QListWidgetItem) -> None:
        item = self.studio.project.get(row.data(_ID), MotionItem)
        name = row.text().strip()
        if item is None or name == short_name(item):
            return
        if not name:
            self._shown = ()
            self._show_people()
            return
        named = item.model_copy(update={"name": _named(name.replace(", ", " "), item)})
        self._edit(f"Rename {short_name(item)} to “{name}”", lambda p: p.with_items([named]))

    # -- putting right

    def swap(self) -> None:
        """The two chosen people change places from the playhead on."""
        one, other = self.chosen
        a, b = exchanged(self._motion(one), self._motion(other), self.studio.playhead_s)
        new = [self._with(one, a), self._with(other, b)]
        self._edit(
            f"Swap {short_name(one)} and {short_name(other)} from {self.studio.playhead_s:.2f} s",
            lambda project: project.with_items(new),
        )

    def join(self) -> None:
        """The two chosen people are one: the first keeps name and colour."""
        one, other = self.chosen
        whole = self._with(one, joined(self._motion(one), self._motion(other)))
        self._edit(
            f"Join {short_name(one)} and {short_name(other)}",
            lambda project: project.without([other.id]).with_items([whole]),
        )

    def split(self) -> None:
        """From the playhead on, the chosen person is somebody new."""
        (one,) = self.chosen
        assert one.person is not None
        before, after = split(self._motion(one), self.studio.playhead_s)
        number = max(item.person.number for item in self.items if item.person) + 1
        new = self._with(one, after).model_copy(
            update={
                "id": new_id(),
                "name": _named(f"Person {number}", one),
                "person": PersonMark(group=one.person.group, number=number),
            }
        )
        old = self._with(one, before)
        self._edit(
            f"Split {short_name(one)} at {self.studio.playhead_s:.2f} s",
            lambda project: project.with_items([old, new]),
        )

    def remove(self) -> None:
        """The chosen people are not wanted."""
        gone = self.chosen
        self._edit(
            f"Remove {', '.join(short_name(item) for item in gone)}",
            lambda project: project.without([item.id for item in gone]),
        )

    def _motion(self, item: MotionItem) -> Motion:
        return motion_of(item, self.studio.assets)

    def _with(self, item: MotionItem, motion: Motion) -> MotionItem:
        data = self.studio.assets.put_arrays(motion_arrays(motion))
        return item.model_copy(update={"data": data})

    def _edit(self, label: str, change: Callable[[Project], Project]) -> None:
        self.studio.document.edit(label, change)
        self.studio.notices.say(f"{label}. Ctrl+Z takes it back.")

    def _do(self, call: Callable[[], None]) -> None:
        try:
            self.studio.projects.check_writable()
            call()
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)


def _named(name: str, item: MotionItem) -> str:
    """A person's name, then the take's as before."""
    return ", ".join([name, *item.name.split(", ", 1)[1:]])
