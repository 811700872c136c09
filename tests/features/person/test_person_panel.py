"""The panel, used as an artist would: begin with somebody, drag, click, take back."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionSlider

from studio.core.types import Armature, Character, Posed
from studio.document.project import AvatarItem
from studio.human.design import Design, read_file
from studio.human.fit import Fit
from studio.human.person import Shape
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.stored import fit_arrays
from studio.synth.people import PRESETS
from studio.synth.stored import avatar_of
from studio.ui.person import pictures
from studio.ui.person.preview import Preview
from studio.ui.person.slider import PersonSlider

PATIENCE_MS = 150_000
"""A busy machine takes its time."""


@pytest.fixture
def studio(studio, monkeypatch):
    """Draws no thumbnails, and keeps what it shows live."""
    monkeypatch.setattr(pictures.thumbnails, "draw", lambda wanted: iter(()))
    studio.shown = []
    studio.live.connect(lambda feature, value: studio.shown.append(value))
    return studio


@pytest.fixture
def panel(shown, studio):
    from studio.features.person.panel import Panel

    return shown(Panel, "person", 340, 700, 20_000)


@pytest.fixture
def jonas(qtbot, panel):
    """The panel with somebody to edit."""
    panel.people.thumbs["Jonas"].click()
    qtbot.waitUntil(lambda: panel.design is not None, timeout=PATIENCE_MS)
    return panel


def drag(qtbot, jonas, slider: PersonSlider, steps: int = 6) -> None:
    """Take the handle, move it to the right, let go."""
    bar, option = slider.slider, QStyleOptionSlider()
    qtbot.waitUntil(lambda: bar.isVisible() and bar.width() > 80, timeout=10_000)
    bar.initStyleOption(option)
    handle = (
        bar.style()
        .subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, bar
        )
        .center()
    )
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=handle)
    for step in range(1, steps + 1):
        QTest.mouseMove(bar, handle + QPoint(4 * step, 0))
        qtbot.wait(15)
    jonas.refresh()  # a job that ends meanwhile takes nothing out of the hand
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=handle + QPoint(4 * steps, 0))


def labels(studio) -> list[str]:
    return [entry.label for entry in studio.document.history]


def test_one_click_makes_somebody_and_selects_them(qtbot, studio, jonas):
    person = studio.project.newest(AvatarItem)
    assert person.design == PRESETS["Jonas"]
    assert studio.selection.ids == (person.id,)
    assert jonas.build_group.isVisible()
    qtbot.waitUntil(lambda: "1.8" in jonas.who.heading.text(), timeout=PATIENCE_MS)
    assert len(jonas.build_group.sliders) <= 7
    assert not jonas.people.isVisible()
    jonas.who.others.click()
    assert jonas.people.isVisible()


def test_a_drag_shows_at_once_and_is_one_step_of_the_history(qtbot, studio, jonas):
    weight = jonas.build_group.sliders["Weight"]
    drag(qtbot, jonas, weight)
    assert labels(studio) == ["Open", "New person", "Weight"]
    made = studio.project.newest(AvatarItem).design
    assert made.build("weight") > 0.55
    qtbot.waitUntil(lambda: jonas.preview.idle and len(studio.shown) >= 2, timeout=PATIENCE_MS)
    assert all(isinstance(one, Posed) for one in studio.shown[1:])
    drag(qtbot, jonas, weight)
    drag(qtbot, jonas, jonas.build_group.sliders["Muscle"])
    assert labels(studio)[2:] == ["Weight", "Weight", "Muscle"]
    studio.document.undo()
    studio.document.undo()
    studio.document.undo()
    assert studio.project.newest(AvatarItem).design == PRESETS["Jonas"]
    assert weight.value == pytest.approx(PRESETS["Jonas"].build("weight"))
    studio.document.redo()
    assert weight.value == pytest.approx(made.build("weight"))


def test_a_click_puts_on_and_another_takes_off(qtbot, studio, jonas):
    jonas.folds["Wardrobe"].open()
    gallery = jonas.wear.galleries["bottom"]
    now = [w.item for w in jonas.design.worn]
    worn = next(name for name in gallery.thumbs if name in now)
    other = next(name for name in gallery.thumbs if name not in now)
    gallery.thumbs[other].click()
    assert other in [w.item for w in jonas.design.worn]
    assert worn not in [w.item for w in jonas.design.worn]
    assert gallery.thumbs[other].isChecked()
    gallery.thumbs[other].click()
    assert not {worn, other} & {w.item for w in jonas.design.worn}
    assert labels(studio)[-2].startswith("Put on")
    assert labels(studio)[-1].startswith("Take off")
    top = jonas.wear.dyes[next(iter(jonas.wear.dyes))]
    top.buttons[2].click()
    assert any(w.colour == top.buttons[2].colour for w in jonas.design.worn)
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)


def test_colours_poses_faces_and_the_gaze_are_steps_of_their_own(qtbot, studio, jonas):
    jonas.folds["Colours"].open()
    jonas.folds["Pose and expression"].open()
    look = next(group for group in jonas._groups if hasattr(group, "rows"))
    look.rows["skin"].buttons[5].click()
    assert jonas.design.skin == look.rows["skin"].buttons[5].colour
    jonas.posing.poses.thumbs["Wave"].click()
    jonas.posing.faces.thumbs["Smile"].click()
    pad = jonas.posing.gaze
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=pad.rect().center())
    QTest.mouseMove(pad, pad.rect().center() + QPoint(30, -10))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=pad.rect().center() + QPoint(30, -10))
    assert jonas.design.gaze_deg[0] > 3
    assert labels(studio)[2:] == ["Skin colour", "Pose: wave", "Expression: smile", "Gaze"]
    jonas.mirror_button.click()
    assert "upperarm01.L" in jonas.design.pose
    assert jonas.design.gaze_deg[0] < -3
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)


def test_both_sides_together_or_each_by_itself(qtbot, jonas):
    jonas.folds["Pose and expression"].open()
    sliders = jonas.posing.sliders
    sliders.sliders["Blink"].field.setValue(60)
    assert jonas.design.expression["eyeBlinkLeft"] == jonas.design.expression["eyeBlinkRight"]
    jonas.symmetric.toggle.switch.click()
    sliders.sliders["Blink, left"].field.setValue(0)
    assert "eyeBlinkLeft" not in jonas.design.expression
    assert jonas.design.expression["eyeBlinkRight"] == pytest.approx(0.6)
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)


def test_somebody_else_can_be_taken_back(qtbot, studio, jonas):
    before = jonas.design
    jonas.random_button.click()
    assert jonas.design != before
    assert jonas.design.pose == before.pose
    jonas.people.thumbs["Amara"].click()
    assert jonas.design.skin == PRESETS["Amara"].skin
    studio.document.undo()
    studio.document.undo()
    assert jonas.design == before
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)


def test_a_filmed_person_is_designed_and_keeps_their_motion(qtbot, studio, panel):
    turns = np.zeros((4, len(BONE_NAMES), 3))
    turns[:, BONE_NAMES.index("upperarm01.L"), 0] = np.linspace(0, 1, 4)
    fit = Fit(Shape.of(), np.arange(4) / 30, turns, np.tile([0.3, 0.0, 0.95], (4, 1)),
              np.zeros((4, len(ACTIONS))), ("nose",), np.zeros((4, 1)), 0.0, 1.7, 0.0,
              False)  # fmt: skip
    item = AvatarItem(name="Filmed", data=studio.assets.put_arrays(fit_arrays(fit)))
    studio.document.edit("Track", lambda project: project.with_items([item]))
    qtbot.waitUntil(lambda: panel.design is not None, timeout=PATIENCE_MS)
    assert not panel.folds["Pose and expression"].isVisible()
    panel.build_group.sliders["Weight"].field.setValue(80)
    now = studio.project.newest(AvatarItem)
    assert now.data == item.data
    assert now.design.build("weight") == pytest.approx(0.8)
    moving = avatar_of(studio.assets.arrays(now.data), now.name, now.design)
    assert len(moving.animation) == 4
    assert moving.animation.bones_world[:, 0, 0, 3] == pytest.approx(0.3)
    assert np.ptp(moving.animation.bones_world[:, BONE_NAMES.index("wrist.L"), 2, 3]) > 0.03
    qtbot.waitUntil(lambda: panel.preview.idle, timeout=PATIENCE_MS)


def test_a_design_goes_through_a_file(qtbot, studio, jonas, tmp_path):
    jonas.folds["Design file"].open()
    path = tmp_path / "amara.json"
    path.write_text(PRESETS["Amara"].text())
    jonas.file.take(path)
    assert jonas.design == PRESETS["Amara"]
    jonas.file.keep(tmp_path / "again.json")
    assert read_file(tmp_path / "again.json") == PRESETS["Amara"]
    told = []
    studio.notices.toast.connect(told.append)
    path.write_text("{}}")
    jonas.file.take(path)
    assert jonas.design == PRESETS["Amara"]
    assert told
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)


def test_a_measure_is_reached_and_a_pinned_one_stays(qtbot, studio, jonas):
    jonas.folds["Measurements"].open()
    sizes = jonas.sizes.sliders
    qtbot.waitUntil(lambda: 1.7 < sizes["height"].value < 1.9, timeout=PATIENCE_MS)
    sizes["height"].pin.click()
    held = jonas.design.pins["height"]
    sizes["waist_girth"].field.setValue(92)
    qtbot.waitUntil(lambda: labels(studio)[-1] == "Waist girth", timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)
    assert sizes["waist_girth"].value == pytest.approx(0.92, abs=0.008)
    assert sizes["height"].value == pytest.approx(held, abs=0.004)
    assert labels(studio)[2:] == ["Hold body height", "Waist girth"]
    studio.document.undo()
    assert studio.project.newest(AvatarItem).design.phenotypes == PRESETS["Jonas"].phenotypes


def test_a_face_slider_moves_the_face_and_its_other_side(qtbot, studio, jonas):
    jonas.folds["Face"].open()
    eyes = next(g for g in jonas._groups if "Eye size" in getattr(g, "sliders", {}))
    eyes.sliders["Eye size"].field.setValue(60)
    assert jonas.design.local == {"l-eye-scale": 0.6, "r-eye-scale": 0.6}
    assert labels(studio)[-1] == "Eye size"
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)


def test_another_pose_by_chance_can_be_taken_back(qtbot, studio, jonas):
    jonas.folds["Pose and expression"].open()
    before = jonas.design.pose
    jonas.posing.variety.set_value(0.5)
    jonas.posing.another.click()
    qtbot.waitUntil(lambda: labels(studio)[-1] == "Another pose 1", timeout=PATIENCE_MS)
    first = jonas.design.pose
    assert "upperarm01.L" in first
    assert first != before
    jonas.posing.another.click()
    qtbot.waitUntil(lambda: labels(studio)[-1] == "Another pose 2", timeout=PATIENCE_MS)
    assert jonas.design.pose != first
    studio.document.undo()
    assert jonas.design.pose == first
    studio.document.undo()
    assert jonas.design.pose == before


def test_pictures_that_cannot_be_kept_are_not_drawn_for_ever(qtbot, studio, panel):
    drawn: list[str] = []

    def draw(wanted):
        drawn.extend(one.name for one in wanted)
        return iter(())

    qtbot.waitUntil(lambda: not studio.watch.busy, timeout=PATIENCE_MS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures.thumbnails, "draw", draw)
        nobody = pictures.Wanted("Mara", PRESETS["Mara"].but(skin=(0.12, 0.34, 0.56)), "face")
        panel.pictures.fill(panel.people, lambda: (nobody,))
        qtbot.waitUntil(lambda: not studio.watch.busy, timeout=30_000)
    assert drawn == ["Mara"]


class Slow:
    """A person who answers when told to, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, bool]] = []
        self.gate = threading.Event()

    def at(self, design: Design, time_s: float = 0.0, exact: bool = True) -> Posed:
        self.asked.append((design.build("weight"), exact))
        assert self.gate.wait(30)
        armature = Armature((), np.zeros(0, int), np.zeros((0, 4, 4)), np.zeros((0, 3)))
        return Posed(Character("", armature, ()), 0.0, np.zeros((0, 4, 4)), np.zeros(0))


@pytest.fixture
def slow(qtbot, studio):
    shown: list[float] = []
    preview = Preview(studio, "person", lambda s: shown.append(s.design.build("weight")))
    person = Slow()
    preview.begin(person)
    return preview, person, shown


def heavy(weight: float) -> Design:
    return Design(phenotypes={"weight": weight})


def test_the_newest_wish_wins_and_clothes_wait_for_the_hand_to_rest(qtbot, slow):
    preview, person, shown = slow
    preview.want(heavy(0.1), exact=False)
    qtbot.waitUntil(lambda: len(person.asked) == 1, timeout=30_000)
    for weight in (0.2, 0.3, 0.4):
        preview.want(heavy(weight), exact=False)
    preview.want(heavy(0.5), exact=True)
    person.gate.set()
    qtbot.waitUntil(lambda: preview.idle, timeout=30_000)
    assert person.asked == [(0.1, False), (0.5, True)]
    assert shown == [0.1, 0.5]


def test_what_a_gesture_ended_with_is_worked_out_though_the_next_has_begun(qtbot, slow):
    preview, person, shown = slow
    solved: list[float] = []

    def more(design: Design) -> Design:
        return heavy(round(design.build("weight") + 0.1, 3))

    preview.want(heavy(0.1), exact=False)
    qtbot.waitUntil(lambda: len(person.asked) == 1, timeout=30_000)
    preview.want(heavy(0.2), True, more, lambda d: solved.append(d.build("weight")))
    preview.want(heavy(0.2), False, more, lambda d: solved.append(d.build("weight")))
    assert preview.solving
    person.gate.set()
    qtbot.waitUntil(lambda: preview.idle, timeout=30_000)
    assert solved == [0.3, 0.4]  # each goes on from the last
    assert person.asked == [(0.1, False), (0.3, False), (0.4, False)]
    assert shown == [0.1, 0.3, 0.4]
    assert not preview.solving


def test_what_is_clicked_while_a_measure_is_worked_out_comes_after_it(qtbot, studio, jonas):
    gate = threading.Event()

    def slowly(design: Design) -> Design:
        assert gate.wait(30)
        return design.with_build({"weight": 0.7})

    jonas.solve("Waist", slowly, 1, True)
    jonas.edit("Skin colour", lambda d: d.but(skin=(0.3, 0.2, 0.1)))
    gate.set()
    qtbot.waitUntil(lambda: jonas.preview.idle, timeout=PATIENCE_MS)
    assert labels(studio)[2:] == ["Waist", "Skin colour"]
    assert jonas.design.build("weight") == pytest.approx(0.7)
    assert jonas.design.skin == (0.3, 0.2, 0.1)
