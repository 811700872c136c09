"""The try-on in the window: a film as a camera, things put on and taken off, films and pictures."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import trimesh
from live import film
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from studio.core.errors import StudioError
from studio.core.items import ANCHOR_POINTS
from studio.core.types import Armature, Character, Frame, Material, Mesh, Part
from studio.human.anchors import REFERENCE_M, Anchors
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.worn import Wearer, Worn
from studio.media.catalogue import catalogue
from studio.media.catalogue.card import ItemCard, write_card


class Dresser:
    """Paints a bar at the left for what is worn; what is called broken cannot be."""

    def __init__(self, find: object, find_head: object) -> None:
        self.find, self.nudges = find, {}

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


def head() -> tuple[Character, Anchors]:
    """A ball in place of the mannequin, which takes long to be read."""
    ball = trimesh.creation.icosphere(radius=0.08)
    count = len(ball.vertices)
    mesh = Mesh(np.array(ball.vertices) + np.array([0, 0.08, 0]), np.array(ball.faces))
    weights = np.tile([1.0, 0, 0, 0], (count, 1))
    part = Part("ball", mesh, Material("clay"), np.zeros((count, 4), int), weights)
    bones = Armature(("clay",), np.array([-1]), np.eye(4)[None], np.zeros((1, 3)))
    frames = {point: np.eye(4) for point in ANCHOR_POINTS}
    return Character("ball", bones, (part,)), Anchors(frames, REFERENCE_M)


@pytest.fixture
def panel(qtbot, studio, window, opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The step, opened, on a film that plays over and over."""
    monkeypatch.setattr("studio.features.tryon.engine.dresser", Dresser)
    monkeypatch.setattr("studio.live.wearing.mannequin.clay", head)
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    made = opened("tryon")
    qtbot.waitUntil(lambda: made.loaded, timeout=60000)
    monkeypatch.setattr(made.output, "_folder", lambda: tmp_path / "out")
    qtbot.waitUntil(lambda: bool(made.outfit.goods.entry("fedora")), timeout=60000)
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
    return next(t for t in panel.outfit.shelf.grid.thumbs.values() if t.text() == name)


def test_a_camera_is_put_to_use_at_once_and_a_click_puts_things_on_and_off(
    qtbot, studio, panel, canvas
) -> None:
    qtbot.waitUntil(lambda: studio.running("tryon") is not None, timeout=30000)  # no button
    qtbot.waitUntil(lambda: "cam" in studio.cameras.followed, timeout=30000)
    assert not panel.camera_fold.button.isChecked()
    qtbot.waitUntil(lambda: tuple(shown(studio)[5, 5]) == (250, 10, 10), timeout=20000)
    assert panel.outfit.worn == ("cat_eye",)  # the first glasses are on without a click
    qtbot.mouseClick(thumb(panel, "Panto"), Qt.MouseButton.LeftButton)
    assert panel.outfit.worn == ("panto",)
    assert thumb(panel, "Panto").isChecked()
    qtbot.mouseClick(thumb(panel, "Fedora"), Qt.MouseButton.LeftButton)  # both are worn
    qtbot.waitUntil(lambda: tuple(shown(studio)[15, 5]) == (250, 10, 110), timeout=20000)
    qtbot.mouseClick(thumb(panel, "Aviator"), Qt.MouseButton.LeftButton)  # instead of round
    assert panel.outfit.worn == ("fedora", "aviator")
    assert studio.settings.value.worn == panel.outfit.worn
    assert not thumb(panel, "Panto").isChecked()
    rows = list(panel.outfit.rows.rows.values())
    assert len(rows) == 2
    qtbot.mouseClick(thumb(panel, "Aviator"), Qt.MouseButton.LeftButton)  # off again
    panel.outfit.rows.taken_off.emit(panel.outfit.worn[0])
    assert panel.outfit.worn == ()
    qtbot.waitUntil(lambda: tuple(shown(studio)[5, 5]) != (250, 10, 10), timeout=20000)
    assert panel.outfit.rows.isHidden()


def test_what_cannot_be_worn_is_said_and_the_show_goes_on(
    qtbot, studio, panel, canvas, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: studio.running("tryon") is not None, timeout=30000)
    (tmp_path / "shop" / "broken").mkdir(parents=True)
    card = ItemCard(name="Broken", kind="glasses", model="model.glb")
    write_card(tmp_path / "shop" / "broken", card)
    panel.outfit.shelf.dropped.emit([str(tmp_path / "shop")])
    qtbot.waitUntil(
        lambda: any(w.name == "Broken" for w in panel.outfit.goods.wares), timeout=20000
    )
    assert studio.settings.value.catalogues == (str(tmp_path / "shop"),)
    panel.outfit.pick(next(w.id for w in panel.outfit.goods.wares if w.name == "Broken"))
    qtbot.waitUntil(lambda: "Export it again" in panel.note.text(), timeout=20000)
    assert studio.running("tryon") is not None
    panel.outfit.pick("panto")
    qtbot.waitUntil(lambda: panel.note.text() == "", timeout=20000)
    assert panel.note.isHidden()


def test_pictures_leave_as_snapshot_and_film_with_and_without_what_is_behind(
    qtbot, studio, panel, canvas, tmp_path: Path
) -> None:
    panel.outfit.pick("panto")
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
    assert panel.heads.isHidden()  # until there is one of one's own
    panel.own_head.set_value("me.json")
    panel.own_head.changed.emit()
    assert not panel.heads.isHidden()
    assert panel.controls.settings.own_head == "me.json"
    assert panel.own_head.box.currentText() == "me"
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


def test_a_model_is_brought_in_worn_meanwhile_moved_and_kept(
    qtbot, studio, panel, canvas, tmp_path: Path
) -> None:
    source = next((catalogue.starter().folder / "aviator").glob("*.glb"))
    path = tmp_path / "thing.glb"
    path.write_bytes(source.read_bytes())
    outfit, page = panel.outfit, panel.outfit.page
    qtbot.waitUntil(lambda: "cam" in studio.cameras.followed, timeout=30000)
    outfit.shelf.dropped.emit([str(path)])
    assert not page.isHidden()
    assert panel.below.isHidden()
    qtbot.waitUntil(lambda: page.trial is not None, timeout=60000)
    qtbot.waitUntil(lambda: page.view.fitted is not None, timeout=120000)
    assert panel.controls.settings.items[-1].startswith("trial#")
    assert outfit.goods.find(panel.controls.settings.items[-1]) is page.trial.item
    view = page.view
    at = view._on_screen(view.grip.arrow_px(view.placing, "z")).toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(view, at - QPoint(0, 20))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at - QPoint(0, 20))
    up_m = view.placing[2, 3]
    assert 0.002 < up_m < 0.06
    assert "moved +0, +0" in page.told.text()
    (nudge,) = panel.controls.nudges.values()
    assert nudge[2, 3] == up_m
    page.name.setText("My aviator")
    placement = page.trial.placement(view.placing)
    qtbot.mouseClick(page.keep_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.outfit.worn == ("my_aviator",), timeout=60000)
    assert page.isHidden()
    assert not panel.below.isHidden()
    (entry,) = catalogue.own().entries()
    assert entry.card.placement == placement
    assert entry.thumbnail is not None
    # Adjusted again: the same thing, larger.
    outfit.adjust("my_aviator")
    qtbot.waitUntil(lambda: page.trial is not None, timeout=60000)
    qtbot.waitUntil(lambda: view.fitted is not None, timeout=120000)
    page.tools["size"].click()
    before = page.trial.size_mm(view.placing)[0]
    qtbot.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert page.trial.size_mm(view.placing)[0] == pytest.approx(before * 1.01**5)
    qtbot.mouseClick(page.keep_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.isHidden, timeout=60000)
    (entry,) = catalogue.own().entries()
    assert entry.card.placement.scale == pytest.approx(placement.scale * 1.01**5, rel=1e-4)
    qtbot.waitUntil(lambda: panel.controls.settings.items[-1] == "my_aviator#2", timeout=20000)


def test_questions_are_asked_and_a_broken_model_is_told(
    qtbot, studio, panel, tmp_path: Path
) -> None:
    source = next((catalogue.starter().folder / "panto").glob("*.glb"))
    mesh = trimesh.load(source, force="scene").to_geometry()
    mesh.apply_scale(1234.0)
    path = tmp_path / "unknown.obj"
    path.write_text(mesh.export(file_type="obj", include_texture=False))
    page = panel.outfit.page
    panel.outfit.bring(path)
    qtbot.waitUntil(lambda: page.trial is not None, timeout=60000)
    asked = page._open
    assert "kind" in asked
    first = page.trial
    page.questions.kind.setCurrentIndex(page.questions.kind.findData("glasses"))
    page.questions.kind.activated.emit(page.questions.kind.currentIndex())
    qtbot.waitUntil(lambda: page.trial is not first, timeout=60000)
    second = page.trial
    page.questions.unit.setCurrentIndex(page.questions.unit.findData("none"))
    page.questions.unit.activated.emit(page.questions.unit.currentIndex())
    qtbot.waitUntil(lambda: page.trial is not second, timeout=60000)
    assert page.trial.item.kind == "glasses"  # the first answer still holds
    assert page.trial.size_mm(np.eye(4))[0] == pytest.approx(142, abs=1)
    page.questions.up.setCurrentIndex(page.questions.up.findData("y"))
    page.questions.front.setCurrentIndex(page.questions.front.findData("y"))
    page.questions.front.activated.emit(0)
    qtbot.waitUntil(lambda: "same line" in page.wrong.text(), timeout=60000)
    qtbot.mouseClick(page.back_button, Qt.MouseButton.LeftButton)
    assert page.isHidden()
    torn = tmp_path / "torn.glb"
    torn.write_bytes(source.read_bytes()[:500])
    panel.outfit.bring(torn)
    qtbot.waitUntil(lambda: bool(page.wrong.text()) and not page.wrong.isHidden(), timeout=60000)
    assert not page.keep_button.isEnabled()
    assert page.name.text() == ""  # not the name of the thing before
    page.leave()
    assert not panel.outfit.shelf.isHidden()
