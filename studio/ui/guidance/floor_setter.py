"""Setting the floor of a calibration: a board that lies on it, three points, feet, or a tape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.scene.items.base import Pick
from studio.scene.items.trail import Cloud
from studio.ui import theme
from studio.ui.choices import Choice
from studio.ui.guidance.floor_pictures import NAMES, FloorPictures
from studio.ui.guidance.pages import page, pixmap, tilt_deg, words
from studio.ui.studio import Studio
from studio.vision.calibration.spots import Spot, spot

KEY = "floor boards"
_WAYS = ("board", "points", "feet", "length")
_NEARBY = 40


@dataclass(frozen=True, eq=False)
class Lying:
    """What the floor may be found from: the rig, the board's points in the world by moment, the
    moments' times, and the pictures of a time by camera (called on a worker)."""

    rig: CameraRig
    boards: Mapping[int, np.ndarray]
    times_s: Mapping[int, float]
    pictures: Callable[[float], dict[str, np.ndarray]]
    person: bool = False


class FloorSetter(QWidget):
    """``wanted(way, value)`` carries a moment (“board”), three spots with the clicks (“points”),
    None (“feet”), or true and present metres and the words for them (“length”); ``left`` that
    nothing is wanted."""

    wanted = Signal(str, object)
    left = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._lying: Lying | None = None
        self._moments: list[int] = []
        self._picked: dict[int, np.ndarray] = {}
        self._asked = 0
        self.pictures = FloorPictures()
        self.pictures.hide()
        self.pictures.changed.connect(self._judge)
        self._covered: QWidget | None = None
        self._viewport: Any = None
        self.way = Choice("How the floor is set", list(_WAYS),
                          ["Board", "Points", "Feet", "Distance"])  # fmt: skip
        self.way.changed.connect(self._show_way)
        self._pages = QStackedWidget()
        for one in (self._boardpage(), self._points_page(), self._feet_page(), self._length_page()):
            self._pages.addWidget(one)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setProperty("role", "small")
        self.apply = QPushButton("Set the floor")
        self.apply.setProperty("role", "primary")
        self.apply.clicked.connect(self._apply)
        leave = QPushButton("Leave it as it is")
        leave.setProperty("role", "link")
        leave.clicked.connect(self.close_all)
        leave.clicked.connect(lambda: self.left.emit())
        self._soon = QTimer(self, interval=120, singleShot=True)
        self._soon.timeout.connect(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        title = QLabel("Set the floor")
        title.setProperty("role", "section")
        for widget in (title, self.way, self._pages, self.told, self.apply, leave):
            column.addWidget(widget)
        self.hide()

    # -- pages

    def _boardpage(self) -> QWidget:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Moment at which the board lies on the floor")
        self.slider.valueChanged.connect(self._moment_moved)
        self.moment = QLabel()
        self.moment.setProperty("role", "small")
        self.thumbnail = QLabel()
        self.thumbnail.setFixedHeight(theme.look().px(150))
        self.thumbnail.setAccessibleName("The picture of that moment")
        return page(words("Choose the moment at which the board lies flat on the floor."),
                     self.slider, self.moment, self.thumbnail)  # fmt: skip

    def _points_page(self) -> QWidget:
        self.points = [QToolButton() for _ in NAMES]
        for number, button in enumerate(self.points):
            button.setText(NAMES[number])
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.clicked.connect(lambda _=False, n=number: self.pictures.choose(n))
        self.spots = QLabel()
        self.spots.setProperty("role", "small")
        self.spots.setWordWrap(True)
        row = QWidget()
        buttons = QHBoxLayout(row)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(4)
        for button in self.points:
            buttons.addWidget(button)
        said = "Click each point in two pictures or more, or a point of the board in the viewport."
        return page(words(said), row, self.spots)

    def _feet_page(self) -> QWidget:
        return page(words("The floor goes under the feet of the person who was tracked."))

    def _length_page(self) -> QWidget:
        self.one, self.other, self.metres = QComboBox(), QComboBox(), QLineEdit()
        self.one.setAccessibleName("From")
        self.other.setAccessibleName("To")
        self.metres.setPlaceholderText("Measured distance in metres")
        self.metres.setAccessibleName("Measured distance in metres")
        for box in (self.one, self.other):
            box.currentTextChanged.connect(self._judge)
        self.metres.textChanged.connect(self._judge)
        row = QWidget()
        boxes = QHBoxLayout(row)
        boxes.setContentsMargins(0, 0, 0, 0)
        boxes.addWidget(self.one)
        boxes.addWidget(self.other)
        return page(words("Two cameras, or two points that you clicked, and a tape."), row,
                     self.metres)  # fmt: skip

    # -- coming and going

    def begin(self, lying: Lying) -> None:
        """Show what the floor may be found from."""
        self.close_all()
        self._lying, self._picked = lying, {}
        self._moments = sorted(lying.boards, key=lambda m: _aloft(lying.boards[m]))[:_NEARBY]
        lowest = self._moments[0] if self._moments else None
        self._moments.sort()
        self.pictures.show_rig(lying.rig)
        self.slider.setRange(0, max(len(self._moments) - 1, 0))
        for box, index in ((self.one, 0), (self.other, 1)):
            box.clear()
            box.addItems([*lying.rig.names, *NAMES])
            box.setCurrentIndex(index)
        named = self.window().findChildren(QWidget, "viewport")  # its dock has the same name
        self._viewport = next((view for view in named if hasattr(view, "show_value")), None)
        if self._viewport is not None:
            self._viewport.picked.connect(self._on_pick)
        self.way.set_value("board" if self._moments else "points")
        self.slider.setValue(self._moments.index(lowest) if lowest is not None else 0)
        self.show()
        self._show_way()
        self._moment_moved()

    def close_all(self) -> None:
        """Take the pictures and the marks away."""
        self._uncover()
        if self._viewport is not None:
            self._viewport.picked.disconnect(self._on_pick)
            self._viewport.remove(KEY)
            self._viewport = None
        self._lying = None
        self.hide()

    def _show_way(self) -> None:
        way = self.way.value()
        self._pages.setCurrentIndex(_WAYS.index(way))
        if way == "points" or (way == "length" and self.pictures.clicks):
            self._cover()
        else:
            self._uncover()
            if self._viewport is not None and way == "board":
                self._studio.page_wanted.emit("viewport")
        self._judge()
        self._soon.start()

    def _cover(self) -> None:
        """The pictures lie over the canvas; without one, in a window of their own."""
        if self._covered is not None or self.pictures.isVisible():
            return
        self._studio.page_wanted.emit("canvas")
        canvas = self.window().findChild(QWidget, "liveCanvas")
        under = canvas.parentWidget() if canvas is not None else None
        if under is None:
            self.pictures.setWindowTitle("Points of the floor – Doppel")
            self.pictures.resize(960, 640)
        else:
            self.pictures.setParent(under)
            under.installEventFilter(self)
            self.pictures.setGeometry(under.rect())
        self._covered = under
        self.pictures.show()
        self.pictures.raise_()

    def _uncover(self) -> None:
        if self._covered is not None:
            self._covered.removeEventFilter(self)
            self._covered = None
        self.pictures.hide()
        self.pictures.setParent(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._covered:
            assert self._covered is not None
            self.pictures.setGeometry(self._covered.rect())
        return False

    # -- the moment

    @property
    def chosen(self) -> int | None:
        """The moment under the slider."""
        return self._moments[self.slider.value()] if self._moments else None

    def _moment_moved(self) -> None:
        if self._lying is None or self.chosen is None:
            return
        time_s = self._lying.times_s[self.chosen]
        tilt = tilt_deg(self._lying.boards[self.chosen])
        self.moment.setText(f"At {time_s:.1f} s, tilted by {tilt:.0f}° to the floor of now")
        self._draw_boards()
        self._soon.start()
        self._judge()

    def _draw_boards(self) -> None:
        if self._viewport is None or self._lying is None:
            return
        t = theme.look().tokens
        points, colours = [], []
        for moment in self._moments:
            own = self._lying.boards[moment]
            ink = t.accent if moment == self.chosen else t.disabled
            points.append(own)
            rgb = [int(ink[i : i + 2], 16) for i in (1, 3, 5)]
            colours.append(np.tile(np.array(rgb, np.uint8), (len(own), 1)))
        if points:
            cloud = Cloud(np.concatenate(points), np.concatenate(colours), 0.008)
            self._viewport.show_value(KEY, cloud)

    def _ask(self) -> None:
        """Want the pictures of the moment; only the newest answer counts."""
        lying = self._lying
        if lying is None:
            return
        time_s = lying.times_s[self.chosen] if self.chosen is not None else 0.0
        self._asked = asked = self._asked + 1

        def there(pictures: dict[str, np.ndarray]) -> None:
            if asked == self._asked and self._lying is lying:
                self.pictures.show_pictures(pictures)
                self._show_thumbnail(pictures)

        self._studio.watch.call(
            self._studio.lanes["io"].submit(lambda: lying.pictures(time_s)),
            there,
            lambda error, _: self._studio.notices.error(error, "Set the floor"),
        )

    def _show_thumbnail(self, pictures: dict[str, np.ndarray]) -> None:
        rgb = next(iter(pictures.values()), None)
        if rgb is None:
            self.thumbnail.setText("There are no pictures of it any more.")
            return
        self.thumbnail.setPixmap(pixmap(rgb, self.thumbnail.height()))

    # -- points

    def _on_pick(self, pick: Pick | None) -> None:
        if pick is not None and pick.key == KEY and self.way.value() == "points":
            self._picked[self.pictures.active] = np.array(pick.xyz_m)
            self.pictures.choose(min(self.pictures.active + 1, 2))

    def found(self) -> dict[int, Spot | str]:
        """Each point that was given: where it is, or why it is not known yet."""
        out: dict[int, Spot | str] = {
            number: Spot(xyz, 0.0, 0.0) for number, xyz in self._picked.items()
        }
        assert self._lying is not None
        for number in range(3):
            own = {c: xy for (point, c), xy in self.pictures.clicks.items() if point == number}
            if own:
                try:
                    out[number] = spot(self._lying.rig, own)
                except StudioError as error:
                    out[number] = error.hint or error.message
        return out

    def _judge(self) -> None:
        if self._lying is None:
            return
        way, told = self.way.value(), ""
        found = self.found()
        places = {n: one for n, one in found.items() if isinstance(one, Spot)}
        if way == "board":
            ready = self.chosen is not None
            told = "" if ready else "Where the board was is not kept with this calibration."
        elif way == "points":
            ready = len(places) == 3
            self._tell_points(found)
        elif way == "feet":
            ready = self._lying.person
            told = "" if ready else "Nobody was tracked yet: triangulate a take of this rig first."
        else:
            now, true = self._distance(places), self._metres()
            ready = now is not None and true is not None and now > 0
            if now is not None:
                told = f"{now:.3f} m in this calibration."
                if true is not None:
                    told += f" It will be scaled by {true / now:.4f}."
        self.told.setText(told)
        self.apply.setText("Set the scale" if way == "length" else "Set the floor")
        self.apply.setEnabled(ready)

    def _tell_points(self, found: Mapping[int, Spot | str]) -> None:
        lines: list[str] = []
        for number, name in enumerate(NAMES):
            one = found.get(number)
            self.points[number].setChecked(number == self.pictures.active)
            if isinstance(one, Spot):
                sure = f"± {one.sd_mm:.1f} mm, clicks {one.off_px:.1f} px apart"
                lines.append(f"{name}: {sure if one.sd_mm else 'picked in the viewport'}")
            elif one is not None:
                lines.append(f"{name}: {one}")
        self.spots.setText("\n".join(lines))

    def _distance(self, places: Mapping[int, Spot]) -> float | None:
        assert self._lying is not None
        ends: list[np.ndarray] = []
        for name in (self.one.currentText(), self.other.currentText()):
            if name in NAMES:
                if NAMES.index(name) not in places:
                    return None
                ends.append(places[NAMES.index(name)].xyz_m)
            elif name in self._lying.rig.names:
                ends.append(self._lying.rig[name].centre_m)
        return float(np.linalg.norm(ends[0] - ends[1])) if len(ends) == 2 else None

    def _metres(self) -> float | None:
        try:
            value = float(self.metres.text().strip().replace(",", ".").removesuffix("m"))
        except ValueError:
            return None
        return value if 0 < value <= 1000 else None

    def _apply(self) -> None:
        way, found = self.way.value(), self.found()
        places = {n: one for n, one in found.items() if isinstance(one, Spot)}
        value: object = None
        if way == "board":
            value = self.chosen
        elif way == "points":
            value = ([places[n] for n in range(3)], dict(self.pictures.clicks))
        elif way == "length":
            names = f"{self.one.currentText()} to {self.other.currentText()}"
            value = (self._metres(), self._distance(places), names)
        self.wanted.emit(way, value)


def _aloft(points: np.ndarray) -> float:
    """How little a board seems to lie on the floor: its height in metres, and a metre for 60°."""
    return float(points[:, 2].mean()) + tilt_deg(points) / 60
