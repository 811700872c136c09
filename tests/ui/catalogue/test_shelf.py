"""The catalogue as somebody uses it: pages, keys, swipes, search, kinds, what waits, drops."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.core.items import ItemKind
from studio.core.pictures import write_picture
from studio.ui import theme
from studio.ui.catalogue.places import Place
from studio.ui.catalogue.shelf import Shelf


@dataclass(frozen=True)
class Thing:
    id: str
    name: str
    kind: ItemKind
    thumbnail: Path | None = None
    licence: str = "CC0-1.0"
    notes: tuple[str, ...] = ()


NAMES: tuple[tuple[str, ItemKind], ...] = (
    ("Round steel", "glasses"), ("Aviator", "sunglasses"), ("Horn rims", "glasses"),
    ("Flat cap", "hat"), ("Top hat", "hat"), ("Bunny ears", "ears"), ("Pearl drops", "earrings"),
    ("Hoops", "earrings"), ("Chain", "necklace"), ("Diver", "watch"), ("Trainers", "shoes"),
    ("Boots", "shoes"),
)  # fmt: skip


@pytest.fixture
def shelf(qtbot, tmp_path: Path) -> Shelf:
    """A dozen things, four in a row, two rows a page."""
    theme.apply("dark")
    picture = tmp_path / "red.png"
    write_picture(picture, np.full((64, 64, 3), (250, 10, 10), np.uint8))
    made = Shelf()
    qtbot.addWidget(made)
    made.set_entries([Thing(f"t{k}", name, kind, picture) for k, (name, kind) in enumerate(NAMES)])
    made.resize(368, 420)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    return made


def shown(shelf: Shelf) -> list[str]:
    return [thumb.text() for thumb in shelf.grid.thumbs.values()]


def test_pages_turn_by_button_key_wheel_and_swipe(qtbot, shelf) -> None:
    grid = shelf.grid
    assert (grid.per_page, grid.pages) == (8, 2)
    assert shown(shelf)[0] == "Round steel"
    qtbot.mouseClick(shelf.forth, Qt.MouseButton.LeftButton)
    assert (shown(shelf)[0], shelf.page_told.text()) == ("Chain", "2 of 2")
    assert not shelf.forth.isEnabled()
    qtbot.mouseClick(shelf.back, Qt.MouseButton.LeftButton)
    first = next(iter(grid.thumbs.values()))
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    qtbot.keyClick(first, Qt.Key.Key_Down)
    assert grid.thumbs["t4"].hasFocus()
    qtbot.keyClick(grid.thumbs["t4"], Qt.Key.Key_Down)  # over the edge of the page
    assert grid.thumbs["t8"].hasFocus()
    qtbot.keyClick(grid.thumbs["t8"], Qt.Key.Key_End)
    assert grid.thumbs["t11"].hasFocus()
    qtbot.keyClick(grid.thumbs["t11"], Qt.Key.Key_PageUp)
    assert grid.thumbs["t3"].hasFocus()
    picked: list[str] = []
    shelf.picked.connect(picked.append)
    qtbot.keyClick(grid.thumbs["t3"], Qt.Key.Key_Return)
    assert picked == ["t3"]
    thumb = grid.thumbs["t2"]
    qtbot.mousePress(thumb, Qt.MouseButton.LeftButton, pos=QPoint(70, 40))
    qtbot.mouseMove(thumb, QPoint(10, 42))
    qtbot.mouseRelease(thumb, Qt.MouseButton.LeftButton, pos=QPoint(10, 42))
    assert grid.page == 1
    assert picked == ["t3"]  # a swipe is no click
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(120, 0), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(grid, wheel)
    assert grid.page == 0


def test_a_click_chooses_and_the_owner_says_what_is_worn(qtbot, shelf) -> None:
    picked: list[str] = []
    shelf.picked.connect(picked.append)
    thumb = shelf.grid.thumbs["t1"]
    qtbot.mouseClick(thumb, Qt.MouseButton.LeftButton)
    assert picked == ["t1"]
    assert not thumb.isChecked()
    shelf.set_worn(["t1"])
    assert thumb.isChecked()
    middle = thumb.grab().toImage().pixelColor(30, 40)
    assert (middle.red(), middle.green()) == (250, 10)


def test_what_is_not_seen_waits_and_says_for_what(qtbot, shelf) -> None:
    shelf.set_seen({"glasses", "sunglasses", "hat", "ears", "earrings"})
    assert len(shelf.offered()) == 8
    assert shelf.waiting.text() == "4 more, once neck, wrists and feet are seen"
    qtbot.mouseClick(shelf.waiting, Qt.MouseButton.LeftButton)
    assert len(shelf.offered()) == 12
    shelf.grid.turn(1)
    assert shelf.grid.thumbs["t10"].faint
    assert "Point the camera at your feet" in shelf.grid.thumbs["t10"].toolTip()
    qtbot.mouseClick(shelf.waiting, Qt.MouseButton.LeftButton)
    shelf.set_worn(["t9"])  # what is worn stays in sight
    shelf.set_seen(set())
    assert [e.id for e in shelf.offered()] == ["t9"]
    shelf.set_worn([])
    shelf.set_seen(set())
    shelf.search.setText("x")
    shelf.search.clear()
    assert "Come into the picture" in shelf.nothing.text()
    shelf.set_seen(None)
    assert len(shelf.offered()) == 12
    assert shelf.waiting.isHidden()


def test_search_and_kinds(qtbot, shelf) -> None:
    qtbot.keyClicks(shelf.search, "hat")
    assert set(shown(shelf)) >= {"Top hat", "Flat cap"}
    assert "Trainers" not in shown(shelf)
    shelf.search.setText("qqq")
    assert "Nothing is called so" in shelf.nothing.text()
    assert shelf.grid.isHidden()
    shelf.search.clear()
    qtbot.mouseClick(shelf.chips["Shoes"], Qt.MouseButton.LeftButton)
    assert shown(shelf) == ["Trainers", "Boots"]
    assert shelf.chips["Tops"].isHidden()  # there are none
    shelf.set_entries([Thing("a", "Aviator", "sunglasses")])
    assert shown(shelf) == ["Aviator"]  # shoes are gone, all is shown


def test_files_folders_and_addresses_are_brought_in(qtbot, shelf, tmp_path: Path) -> None:
    dropped: list[list[str]] = []
    shelf.dropped.connect(dropped.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("http://127.0.0.1:1/index.json")])
    action, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PySide has no other constructor
        enter = QDragEnterEvent(QPoint(9, 9), action, data, left, none)
    QApplication.sendEvent(shelf, enter)
    assert enter.isAccepted()
    assert "Let it fall" in shelf.places.told.text()
    QApplication.sendEvent(shelf, QDropEvent(QPointF(9, 9), action, data, left, none))
    assert dropped == [[str(tmp_path), "http://127.0.0.1:1/index.json"]]
    places, added = shelf.places, []
    places.added.connect(added.append)
    places.ask_page()
    qtbot.keyClicks(places.address, "shop.example/glasses")
    qtbot.keyClick(places.address, Qt.Key.Key_Return)
    assert added == [["https://shop.example/glasses"]]
    assert places.asking.isHidden()


def test_sources_are_listed_with_what_is_wrong(qtbot, shelf) -> None:
    places = shelf.places
    places.set_places([
        Place("starter", "Starter catalogue", 12, removable=False),
        Place("http://x", "x", 0, "x does not answer. Look at the address."),
    ])  # fmt: skip
    assert "does not answer" in places.told.text()
    assert places.isVisibleTo(shelf)
    chosen: list[str] = []
    places.chosen.connect(chosen.append)
    places.fill_menu()
    actions = {a.text(): a for a in places.menu.actions()}
    actions["Starter catalogue (12)"].trigger()
    assert chosen == ["starter"]
    assert "Only from Starter catalogue" in places.told.text()
    forgotten: list[str] = []
    places.removed.connect(forgotten.append)
    places.fill_menu()
    forget = next(a.menu() for a in places.menu.actions() if a.text() == "Forget")
    assert [a.text() for a in forget.actions()] == ["x"]
    forget.actions()[0].trigger()
    assert forgotten == ["http://x"]
    places.set_places([Place("starter", "Starter catalogue", 12)])
    assert places.current == "starter"
