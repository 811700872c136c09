"""The panel of heads, used as an artist would: photographs in, pins, locks, and all of it back."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from scipy.spatial.transform import Rotation

from studio.core.types import Posed
from studio.features.head import fitting
from studio.features.head import panel as head_panel
from studio.features.head.params import Params
from studio.features.head.session import Photo, Session
from studio.human.heads import model
from studio.human.heads.fit import View
from studio.perception.portraits import Looked
from studio.ui.photo import PhotoView

CHIN, NOSE = 152, 1
PATIENCE_MS = 90_000


def looked(name: str, yaw_deg: float) -> Looked:
    """The average face, turned, as if a photograph had shown it."""
    level = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    turn = level @ Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    view = View(turn, np.array([0.0, 0.05, 0.7]), 560.0, (199.5, 199.5), np.zeros(52))
    points = model.points_of(model.usual())
    deep = view.camera_points(points)[:, 2]
    xyz = np.column_stack([view.project(points), (deep - deep.mean()) * 560 / deep.mean()])
    rgb, nothing = np.full((400, 400, 3), 120, np.uint8), np.zeros((400, 400), bool)
    return Looked(name, rgb, xyz, np.zeros(52), nothing, nothing, ())


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """Two photographs that show a face, and one that shows none, without any network."""
    front, side, wall = (tmp_path / f"{name}.jpg" for name in ("front", "side", "wall"))
    grey = np.full((3, 400, 400, 3), 90, np.uint8)
    seen = {
        front: Photo(front, grey[0], looked("front.jpg", 0.0)),
        side: Photo(side, grey[1], looked("side.jpg", 25.0), ("the face is blurred",)),
        wall: Photo(wall, grey[2], refused="No face is found in “wall.jpg”.", hint="Take another."),
    }

    def look(self, wanted, context, told):
        self.photos |= {path: seen[path] for path in wanted}

    monkeypatch.setattr(Session, "look", look)
    return front, side, wall


@pytest.fixture
def panel(qtbot, shown, studio):
    from studio.features.head.panel import Panel

    studio.drawn = []
    studio.live.connect(lambda feature, value: studio.drawn.append(value))
    made = shown(Panel, "head", 340, 760)
    view = PhotoView(studio.photos)
    qtbot.addWidget(view)
    view.resize(420, 420)
    view.show()
    made.view = view
    return made


def settled(qtbot, panel) -> None:
    def still() -> bool:
        quiet = not panel.studio.watch.working and panel.live.idle
        return quiet and panel.laid is not None and panel.laid.params == panel._params

    qtbot.waitUntil(still, timeout=PATIENCE_MS)


def drag(qtbot, panel, point: int, by: QPoint) -> None:
    view = panel.view
    at = view.widget_xy(tuple(panel.studio.photos.marks.fitted_px[point])).toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    for step in (0.3, 0.6, 1.0):
        QTest.mouseMove(view, at + by * step)
        qtbot.wait(20)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + by)


def labels(studio) -> list[str]:
    return [entry.label for entry in studio.document.history]


def test_photographs_are_looked_at_and_the_head_appears(qtbot, studio, panel, paths):
    front, side, wall = paths
    assert not panel.run_button.isEnabled()
    panel.fill(Params(photos=(front,)))  # as a drop does
    panel.fill(Params(photos=(wall, side, front)))
    settled(qtbot, panel)
    assert panel._params.photos == (front, wall, side)
    assert panel.params().photos == (front, side)
    assert panel.row.cells[side].words.text() == "The face is blurred"
    assert "No face" in panel.row.cells[wall].words.text()
    assert panel.chosen == front
    assert panel.run_button.isEnabled()
    assert isinstance(studio.drawn[-1], Posed)
    assert studio.photos.over.shape[2] == 4
    assert studio.photos.over[..., 3].any()
    panel.row.cells[side].thumb.click()
    assert studio.photos.title == "side.jpg"
    panel.row.cells[wall].away.click()
    assert panel._params.photos == (front, side)
    assert labels(studio)[-1] == "Leave wall.jpg out"
    studio.document.undo()
    assert panel._params.photos == (front, wall, side)


def test_a_pin_is_dragged_and_the_head_follows_and_undo_takes_it_back(qtbot, studio, panel, paths):
    panel.add(paths[:1])
    settled(qtbot, panel)
    before = studio.photos.marks.fitted_px[CHIN].copy()
    calm = studio.drawn[-1].character.parts[0].mesh.vertices_m
    drag(qtbot, panel, CHIN, QPoint(0, 24))
    settled(qtbot, panel)
    assert labels(studio) == ["Open", "Add 1 photograph", "Pin: chin"]
    (pin,) = panel._params.pins
    assert (pin.photo, pin.point) == (paths[0], CHIN)
    assert studio.photos.marks.fitted_px[CHIN] == pytest.approx((pin.x_px, pin.y_px), abs=1.0)
    assert pin.y_px > before[1] + 10
    moved = studio.drawn[-1].character.parts[0].mesh.vertices_m
    assert np.abs(moved - calm).max() > 0.003
    panel.before.click()
    qtbot.waitUntil(
        lambda: panel.live.idle and abs(studio.photos.marks.fitted_px[CHIN, 1] - before[1]) < 0.5,
        timeout=PATIENCE_MS,
    )
    panel.before.click()
    studio.document.undo()
    settled(qtbot, panel)
    assert panel._params.pins == ()
    assert studio.photos.marks.fitted_px[CHIN] == pytest.approx(before, abs=0.5)
    studio.document.redo()
    settled(qtbot, panel)
    assert panel.pins.pins == (pin,)
    studio.photos.removed.emit(CHIN)
    assert labels(studio)[-1] == "Unpin: chin"


def test_a_head_is_shown_by_points_and_soon_by_pixels(qtbot, studio, panel, paths, monkeypatch):
    asked = []

    def to_pixels(looked, portraits, head, expression, check):
        asked.append([one.name for one in looked])
        values = head.values.copy()
        values[model.unknowns().index("chin-width")] += 0.3
        near = model.linear(values)
        return portraits, replace(head, values=values, near=near, neck=np.array([0.5, 0, 0]))

    monkeypatch.setattr(fitting, "to_pixels", to_pixels)
    panel.add(paths[:1])
    settled(qtbot, panel)
    qtbot.waitUntil(lambda: panel.laid.fitting.fine, timeout=PATIENCE_MS)
    assert asked == [["front.jpg"]]
    assert panel.laid.fitting.head.neck[0] == 0.5
    assert len(studio.drawn) == 2
    fine = studio.drawn[-1].character.parts[0].mesh.vertices_m
    panel.pins.locks["neck"].click()
    drag(qtbot, panel, NOSE, QPoint(8, 0))
    settled(qtbot, panel)
    assert asked == [["front.jpg"]], "a pin goes on from there"
    assert panel.laid.fitting.head.neck[0] == 0.5
    assert panel._params.held == ("neck",)
    panel.unpin(panel._params.pins)
    settled(qtbot, panel)
    assert np.abs(studio.drawn[-1].character.parts[0].mesh.vertices_m - fine).max() < 1e-5
    panel.person.controls["pixels"].switch.click()
    settled(qtbot, panel)
    assert not panel.laid.fitting.fine
    assert panel.laid.fitting.head.neck[0] == 0
    assert labels(studio)[2:] == ["Lock neck", "Pin: tip of the nose", "Unpin: tip of the nose",
                                  "Fit to pixels"]  # fmt: skip


def test_locks_and_what_is_known_are_kept_in_the_project(qtbot, studio, panel, paths, monkeypatch):
    told = {Path("sweep.mp4"): {paths[0]: None}}
    monkeypatch.setattr(head_panel, "photographs_of", lambda film, *_: told[film])
    monkeypatch.setattr(head_panel, "new_looker", lambda: nullcontext(None))
    panel.add([Path("sweep.mp4")])
    settled(qtbot, panel)
    assert panel._params.photos == paths[:1]
    panel.pins.locks["pose"].click()
    was = panel.laid.fitting.found.views[0]
    drag(qtbot, panel, NOSE, QPoint(14, 0))
    settled(qtbot, panel)
    now = panel.laid.fitting.head.views[0]
    assert now.translation_m == pytest.approx(was.translation_m, abs=1e-12)
    gender = panel.person.controls["gender"]
    gender.set_value("man")
    settled(qtbot, panel)
    assert panel.laid.fitting.head.values[0] == 0.0
    assert labels(studio)[2:] == ["Lock pose", "Pin: tip of the nose", "Build"]
    kept = Params.model_validate(studio.project.params["head"])
    assert kept.held == ("pose",)
    assert kept.gender == "man"
    assert [one.point for one in kept.pins] == [NOSE]
    studio.document.undo()
    settled(qtbot, panel)
    assert gender.value() == "as the face"
    _goes_on(studio, panel, monkeypatch)
    panel.hide()
    assert "head" not in studio.editing


def _goes_on(studio, panel, monkeypatch) -> None:
    """What a surface has learned is given to the next one that learns, unless that begins anew."""
    given, layers = [], {"neural_steps": np.array([3, 0])}
    monkeypatch.setattr(studio, "start", lambda *_, inputs, **__: given.append(inputs.layers))
    monkeypatch.setattr(head_panel, "layers_of", lambda *_: layers)
    panel.run()
    panel.edit("Learn", seconds=9.0)
    panel.run()
    panel.edit("Begin anew", go_on=False)
    panel.run()
    assert given == [None, layers, None]
