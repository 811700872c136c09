"""The panel of bodies, used as an artist would: photographs in, a body over them, a point put
right, and all of it back."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from studio.core.types import Camera, Character, Keypoints, Material, Mesh, Part, Posed
from studio.document.project import AvatarItem, Recipe
from studio.features.body import panel as panel_module
from studio.features.body import session, staging
from studio.features.body.filmed import Still
from studio.features.body.followed import Film, Moment
from studio.features.body.moving import like
from studio.features.body.params import Params
from studio.features.body.points import COUNT, fitted_px
from studio.features.body.session import Photo, Session
from studio.features.body.staging import standing
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.design import Design
from studio.human.layouts import layout
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.stored import fit_arrays
from studio.synth import designed
from studio.synth.avatars.keeping import part_arrays
from studio.ui.photo import PhotoView

KNEE = 25
PATIENCE_MS = 60_000


def body_photo(name: str) -> tuple[BodyPhoto, BodyView]:
    """Somebody at rest before a camera, every point found where it is."""
    rest, bones = designed.resting(Design(), actions=False)
    look = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    lens = np.array([[380.0, 0, 127.5], [0, 380.0, 159.5], [0, 0, 1]])
    camera = Camera(name, (256, 320), lens, np.zeros(0), look, -look @ np.array([0, -3.2, 0.9]))
    rgb, mask = np.full((320, 256, 3), 120, np.uint8), np.zeros((320, 256), np.uint8)
    mask[40:280, 60:196] = 255
    points = layout("whole_body")
    xy, sure = np.full((len(points), 2), np.nan), np.zeros(len(points))
    blank = BodyPhoto(name, rgb, mask, Keypoints(name, 0.0, points, xy, sure))
    root = bones.rest_world[0, :3, 3]
    calm = np.zeros(len(ACTIONS))
    view = BodyView(blank, camera, root, np.zeros((len(BONE_NAMES), 3)), calm, 1.0, 1.0, 0.0)
    xy[:COUNT], sure[:33] = fitted_px(view, rest), 0.9
    return blank, view


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """A photograph that shows somebody and one that shows nobody; bodies are found at once."""
    there, wall = tmp_path / "there.jpg", tmp_path / "wall.jpg"
    photo, view = body_photo("there.jpg")
    seen = {
        there: Photo(there, photo.rgb, photo, ("the feet are missing: the legs are guessed",)),
        wall: Photo(wall, photo.rgb, refused="No person is found in “wall.jpg”.", hint="Another."),
    }

    def look(self, wanted, context, told):
        self.photos |= {path: seen[path] for path in wanted}

    def fitting(photos, told, report):
        report(0.2, "Finding the pose")
        place = photos[0].keypoints.xy_px[KNEE]
        lift = 0.001 * (place[1] - photo.keypoints.xy_px[KNEE, 1])
        moved = BodyView(photos[0], view.camera, view.root_m - (0, 0, lift), view.turns_rad,
                         view.actions, 0.97, 0.95, 1.0)  # fmt: skip
        fit = BodyFit(Design(), (moved,), np.zeros(19_158), told.height_m or 1.7)
        yield fit
        return fit

    monkeypatch.setattr(Session, "look", look)
    monkeypatch.setattr(session, "fitting", fitting)
    return there, wall


@pytest.fixture
def panel(qtbot, shown, studio):
    from studio.features.body.panel import Panel

    studio.drawn = []
    studio.live.connect(lambda feature, value: studio.drawn.append(value))
    made = shown(Panel, "body", 340, 760)
    view = PhotoView(studio.photos)
    qtbot.addWidget(view)
    view.resize(300, 420)
    view.show()
    made.view = view
    return made


def settled(qtbot, panel) -> None:
    def still() -> bool:
        quiet = not panel.studio.watch.working and panel.live.idle
        laid = panel.laid
        return quiet and laid is not None and laid.finished and laid.params == panel._params

    qtbot.waitUntil(still, timeout=PATIENCE_MS)


def test_a_body_is_laid_over_its_photograph_and_a_point_is_put_right(qtbot, studio, panel, paths):
    there, wall = paths
    assert not panel.run_button.isEnabled()
    assert panel.add_button.isVisible()
    assert not any(part.isVisible() for part in (panel.looks, panel.person, panel.avatar_fold))
    panel.fill(Params(photos=(wall, there)))  # as a drop does
    settled(qtbot, panel)
    assert panel.row.cells[there].words.text().startswith("The feet are missing")
    assert "No person" in panel.row.cells[wall].words.text()
    assert panel.chosen == there
    assert panel.params().photos == (there,)
    assert panel.run_button.isEnabled()
    assert panel.person.isVisible()
    assert panel.area.widget().minimumSizeHint().width() <= panel.area.viewport().width()
    assert isinstance(studio.drawn[-1], Posed)
    assert studio.photos.over[..., 3].any()
    assert np.isnan(studio.photos.marks.fitted_px[40]).all(), "hands were not seen"
    view, before = panel.view, studio.photos.marks.fitted_px[KNEE].copy()
    at = view.widget_xy(tuple(before)).toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(view, at + QPoint(0, 6))
    QTest.mouseMove(view, at + QPoint(0, 12))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(0, 12))
    settled(qtbot, panel)
    assert [entry.label for entry in studio.document.history][-1] == "Pin: left knee"
    (pin,) = panel.pins.pins
    assert pin.y_px > before[1] + 3
    assert studio.photos.marks.fitted_px[KNEE, 1] > before[1] + 0.5
    studio.document.undo()
    settled(qtbot, panel)
    assert panel.pins.pins == ()
    assert studio.photos.marks.fitted_px[KNEE] == pytest.approx(before, abs=0.01)
    panel.looks.wipe.setValue(40)
    assert view.line_x() == pytest.approx(view._origin.x() + (
        np.dot(studio.photos.wiped_px, (0.6, 0.4))) * view._zoom)  # fmt: skip
    assert "body" in studio.editing
    studio.document.undo()
    assert panel.params().photos == ()
    assert "body" not in studio.editing, "nobody is left in the viewport"


def test_a_made_avatar_stands_otherwise_in_one_step_of_the_history(qtbot, studio, panel, paths):
    panel.add(paths[:1])
    settled(qtbot, panel)
    params = panel.params()
    still = standing(designed.still(Design()), Design(), "T")
    item = AvatarItem(name="Ada", data=studio.assets.put_arrays(fit_arrays(still)),
                      design=Design(), recipe=Recipe.of("body", params, 1.0))  # fmt: skip
    studio.document.edit("Body", lambda p: p.with_items((item,)))
    assert panel.made == item
    assert panel.next_button.text() == "Export this avatar"
    count = len(studio.document.history)
    panel.avatar.changed.emit(panel.avatar.fields.value() | {"pose": "A"})
    qtbot.waitUntil(lambda: panel._params.pose == "A", timeout=PATIENCE_MS)
    assert len(studio.document.history) == count + 1
    assert panel.made is not None
    assert panel.made.data != item.data
    studio.document.undo()
    assert panel._params.pose == "T"
    assert panel.made == item
    panel.edit("Height", height_m=1.9)
    assert panel.made is None, "a taller person is made anew"
    panel.avatar_fold.button.setChecked(True)
    inside = panel.area.widget().minimumSizeHint().width()
    assert inside <= panel.area.viewport().width(), "nothing is cut off in a narrow panel"


def test_somebody_else_in_the_photograph_is_picked(qtbot, studio, panel, paths, monkeypatch):
    there, places = paths[0], []
    real = Session.look

    def look(self, wanted, context, told):
        places.extend(self.who.get(path) for path in wanted)
        real(self, wanted, context, told)

    monkeypatch.setattr(Session, "look", look)
    panel.add((there,))
    settled(qtbot, panel)
    panel.edit("Pin", pins=(panel.pin_of(KNEE, 100.0, 200.0),))
    settled(qtbot, panel)
    view, corner = panel.view, (12.0, 300.0)
    at = view.widget_xy(corner).toPoint()
    assert view.nearest(QPointF(at)) is None
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    settled(qtbot, panel)
    assert [entry.label for entry in studio.document.history][-1] == "Choose a person"
    (place,) = panel.params().who
    assert (place.x_px, place.y_px) == pytest.approx(corner, abs=1.5)
    assert panel.pins.pins == (), "they were somebody else's"
    assert places == [None, (place.x_px, place.y_px)]
    studio.document.undo()
    settled(qtbot, panel)
    assert places[2:] == [None], "looked at anew"
    assert len(panel.pins.pins) == 1


def test_a_hat_of_the_wardrobe_is_put_on(qtbot, studio, panel, paths):
    panel.add(paths[:1])
    settled(qtbot, panel)
    panel.avatar_fold.button.setChecked(True)
    box = panel.avatar.worn["hat"]
    qtbot.waitUntil(box.isVisible)
    assert box.currentText() == "None"
    box.setCurrentIndex(box.findData("hat_cap"))
    box.activated.emit(box.currentIndex())
    assert panel.params().hat == "hat_cap"
    assert [entry.label for entry in studio.document.history][-1] == "Hat"
    studio.document.undo()
    assert panel.params().hat == ""
    assert box.currentText() == "None"


def test_a_film_is_a_photograph_first_and_then_followed(qtbot, studio, panel, paths, monkeypatch):
    film, followed = paths[0].with_name("walk.mp4"), []
    monkeypatch.setattr(panel_module, "photograph_of", lambda path: Still(paths[0], 3, 0.1))

    def engine(path, at_s, design, still, context):
        followed.append((path, at_s))
        turns = np.zeros((2, len(BONE_NAMES), 3))
        for k in range(2):
            yield Moment(k / 30, turns[k], still.root_m[0])
        fit = like(still, np.array([0, 1 / 30]), turns, np.repeat(still.root_m, 2, 0),
                   np.zeros((2, len(ACTIONS))))  # fmt: skip
        return Film(path, fit, body_photo("a")[1].camera, np.arange(2), np.ones(2), 200.0, 1.0)

    monkeypatch.setattr(staging, "followed", engine)
    panel.add((film,))
    qtbot.waitUntil(lambda: panel.params().photos == (paths[0],), timeout=PATIENCE_MS)
    assert panel.params().film == film
    settled(qtbot, panel)
    assert panel.follow_button.isHidden() or not panel.moves.isVisible(), "nobody is made yet"
    still = standing(designed.still(Design()), Design(), "T")
    _, bones = designed.resting(Design(), actions=False)
    mesh, one_bone = Mesh(np.eye(3), np.array([[0, 1, 2]])), np.tile([1.0, 0, 0, 0], (3, 1))
    part = Part("person", mesh, Material("cloth"), np.zeros((3, 4), int), one_bone)
    arrays = fit_arrays(still) | part_arrays(Character("Ada", bones, (part,), ACTIONS))
    item = AvatarItem(name="Ada", data=studio.assets.put_arrays(arrays), design=Design(),
                      recipe=Recipe.of("body", panel.params(), 1.0))  # fmt: skip
    studio.document.edit("Body", lambda p: p.with_items((item,)))
    panel.follow_button.click()
    qtbot.waitUntil(lambda: panel._params.motion == film, timeout=PATIENCE_MS)
    assert followed == [(film, None)]
    assert any(isinstance(one, Posed) and one.character.name == "Ada" for one in studio.drawn)
    moved = studio.assets.arrays(panel.made.data)
    assert len(moved["times_s"]) == 2
    assert panel.follow_button.isHidden(), "it is followed"
    panel.still_button.click()
    qtbot.waitUntil(lambda: panel._params.motion is None, timeout=PATIENCE_MS)
    assert not panel.follow_button.isHidden()
