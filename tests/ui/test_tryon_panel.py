"""The try-on in the window: a film as a camera, things put on and taken off, films and pictures."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from live import film
from PIL import Image
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.worn import Wearer, Worn
from studio.media.catalogue.card import ItemCard, write_card


class Dresser:
    """Paints a bar at the left for what is worn; what is called broken cannot be."""

    def __init__(self, find: object) -> None:
        self.find = find

    def show(self, frame: Frame, settings: WearSettings) -> Worn:
        height, width = frame.rgb.shape[:2]
        rgba = np.dstack([frame.rgb, np.full((height, width), 255, np.uint8)])
        if settings.only_items:
            rgba[:] = 0
        trouble = None
        for k, name in enumerate(settings.items):
            if Path(name).parent.name == "broken":
                trouble = StudioError("“broken” cannot be read.", "Export it again.")
                continue
            rgba[10 * k : 10 * k + 10, :24] = (250, 10, 10 + 100 * k, 255)
        other = None
        if settings.compare is not None:
            other = rgba.copy()
            other[..., :3] //= 2
        wearer = Wearer(0, ("eyes", "head", "ear.L", "ear.R"), 0.15, 0.4)
        return Worn(rgba, frame.time_s, {"track": 3.0, "all": 3.0}, (wearer,), 0.4, {},
                    trouble=trouble, compared=other, used=settings.occlusion)  # fmt: skip

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def panel(qtbot, studio, window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The step, opened, on a film that plays over and over."""
    monkeypatch.setattr("studio.features.tryon.engine.dresser", Dresser)
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    studio.open_panel("tryon")
    made = window.steps.panels["tryon"]
    qtbot.waitUntil(lambda: made.loaded, timeout=60000)
    monkeypatch.setattr(made.output, "_folder", lambda: tmp_path / "out")
    qtbot.waitUntil(lambda: bool(made.goods.entry("fedora")), timeout=60000)
    made.mirror.setChecked(False)
    made.cameras.add_places([str(film(tmp_path / "cam.mp4"))])
    yield made
    made.stop()
    qtbot.waitUntil(lambda: studio.running("tryon") is None, timeout=20000)
    studio.cameras.close_cameras()


def shown(studio) -> np.ndarray:
    return studio.cameras.followed["cam"].rgb


@pytest.fixture
def canvas(studio, monkeypatch: pytest.MonkeyPatch):
    """Stands in for the heavy canvas."""

    class Canvas:
        cameras = ("cam",)

        def show_frame(self, frame: Frame, since_s: float) -> None:
            pass

    monkeypatch.setattr(studio.cameras, "canvas", Canvas())


def thumb(panel, name: str):
    return next(t for t in panel.shelf.grid.thumbs.values() if t.text() == name)


def test_a_camera_is_put_to_use_at_once_and_a_click_puts_things_on_and_off(
    qtbot, studio, panel, canvas
) -> None:
    qtbot.waitUntil(lambda: studio.running("tryon") is not None, timeout=30000)  # no button
    qtbot.waitUntil(lambda: "cam" in studio.cameras.followed, timeout=30000)
    assert not panel.camera_fold.button.isChecked()
    qtbot.waitUntil(lambda: tuple(shown(studio)[5, 5]) == (250, 10, 10), timeout=20000)
    assert panel.worn == ("cat_eye",)  # the first glasses are on without a click
    qtbot.mouseClick(thumb(panel, "Panto"), Qt.MouseButton.LeftButton)
    assert panel.worn == ("panto",)
    assert thumb(panel, "Panto").isChecked()
    qtbot.mouseClick(thumb(panel, "Fedora"), Qt.MouseButton.LeftButton)  # both are worn
    qtbot.waitUntil(lambda: tuple(shown(studio)[15, 5]) == (250, 10, 110), timeout=20000)
    qtbot.mouseClick(thumb(panel, "Aviator"), Qt.MouseButton.LeftButton)  # instead of round
    assert panel.worn == ("fedora", "aviator")
    assert studio.settings.value.worn == panel.worn
    assert not thumb(panel, "Panto").isChecked()
    rows = list(panel.rows.rows.values())
    assert len(rows) == 2
    qtbot.mouseClick(thumb(panel, "Aviator"), Qt.MouseButton.LeftButton)  # off again
    panel.rows.taken_off.emit(panel.worn[0])
    assert panel.worn == ()
    qtbot.waitUntil(lambda: tuple(shown(studio)[5, 5]) != (250, 10, 10), timeout=20000)
    assert panel.rows.isHidden()


def test_what_cannot_be_worn_is_said_and_the_show_goes_on(
    qtbot, studio, panel, canvas, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: studio.running("tryon") is not None, timeout=30000)
    (tmp_path / "shop" / "broken").mkdir(parents=True)
    card = ItemCard(name="Broken", kind="glasses", model="model.glb")
    write_card(tmp_path / "shop" / "broken", card)
    panel.shelf.dropped.emit([str(tmp_path / "shop")])
    qtbot.waitUntil(lambda: any(w.name == "Broken" for w in panel.goods.wares), timeout=20000)
    assert studio.settings.value.catalogues == (str(tmp_path / "shop"),)
    panel.pick(next(w.id for w in panel.goods.wares if w.name == "Broken"))
    qtbot.waitUntil(lambda: "Export it again" in panel.note.text(), timeout=20000)
    assert studio.running("tryon") is not None
    panel.pick("panto")
    qtbot.waitUntil(lambda: panel.note.text() == "", timeout=20000)
    assert panel.note.isHidden()


def test_pictures_leave_as_snapshot_and_film_with_and_without_what_is_behind(
    qtbot, studio, panel, canvas, tmp_path: Path
) -> None:
    panel.pick("panto")
    qtbot.waitUntil(lambda: panel.output.snap_button.isEnabled(), timeout=30000)
    qtbot.waitUntil(lambda: "cam" in studio.cameras.followed, timeout=30000)
    qtbot.mouseClick(panel.output.record_button, Qt.MouseButton.LeftButton)
    seen: list[int] = []
    studio.live.connect(lambda *_: seen.append(1))
    qtbot.waitUntil(lambda: len(seen) > 8, timeout=30000)
    assert not panel.alone.isEnabled()  # a film stays of one kind
    qtbot.mouseClick(panel.output.record_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.alone.isEnabled, timeout=20000)
    panel.alone.setChecked(True)
    qtbot.waitUntil(lambda: panel.output._shown[0][40, 60, 3] == 0, timeout=20000)
    qtbot.mouseClick(panel.output.snap_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.output.record_button, Qt.MouseButton.LeftButton)
    seen.clear()
    qtbot.waitUntil(lambda: len(seen) > 8, timeout=30000)
    qtbot.mouseClick(panel.output.record_button, Qt.MouseButton.LeftButton)
    files = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert set(files) == {".png", ".mp4", ".webm"}
    assert all(path.name.startswith("Try-on ") for path in files.values())
    picture = np.asarray(Image.open(files[".png"]))
    assert picture[5, 5].tolist() == [250, 10, 10, 255]
    assert picture[40, 60, 3] == 0
    with av.open(str(files[".webm"])) as container:
        assert container.streams.video[0].metadata.get("alpha_mode") == "1"


def test_two_ways_of_hiding_stand_side_by_side_and_settings_hold_at_once(
    qtbot, studio, panel, canvas
) -> None:
    qtbot.waitUntil(lambda: "cam" in studio.cameras.followed, timeout=30000)
    panel.hiding.controls["compare"].set_value("static")
    assert panel.controls.settings.compare == "static"
    qtbot.waitUntil(
        lambda: shown(studio)[60, 20].mean() < 0.7 * shown(studio)[60, 80].mean(), timeout=20000
    )
    panel.fitting.controls["pupil_mm"].set_value(61.0)
    panel.fitting.changed.emit()
    assert panel.controls.settings.pupil_mm == 61.0
    panel.looks.controls["shadow"].set_value(0.2)
    panel.looks.changed.emit()
    assert panel.controls.settings.shadow == pytest.approx(0.2)
    panel.mirror.setChecked(True)
    assert panel.controls.mirrored
    params = panel.params()
    panel.set_params(panel.feature.params())
    panel.set_params(params)
    assert panel.params() == params


def test_stop_holds_until_somebody_begins_again(qtbot, studio, panel) -> None:
    qtbot.waitUntil(lambda: studio.running("tryon") is not None, timeout=30000)
    qtbot.waitUntil(lambda: bool(panel.hud.text()), timeout=30000)
    assert "trembles 0.4 px" in panel.hud.text()
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.running("tryon") is None, timeout=20000)
    studio.cameras.told.emit()
    assert studio.running("tryon") is None
    assert studio.cameras.followed == {}
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=20000)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.running("tryon") is not None, timeout=20000)


def test_the_picture_gets_the_room(qtbot, studio, window, panel) -> None:
    docks = window.docks
    assert docks.docks["canvas"].dockAreaWidget() is docks.docks["viewport"].dockAreaWidget()
    assert not docks.is_open("timeline")
    assert 360 <= panel.width() <= 460
