"""The controls of the person panel, each by itself."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from studio.ui import theme
from studio.ui.person.busy import Busy
from studio.ui.person.gallery import Gallery
from studio.ui.person.slider import STEPS, PersonSlider
from studio.ui.thumb import broken


def shown(qtbot, widget: QWidget, width: int, height: int) -> QWidget:
    theme.apply("dark")
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_a_name_takes_two_lines_where_it_must(qapp):
    theme.apply("dark")
    assert broken("Walk", 64, 2) == ["Walk"]
    assert broken("Hands on hips", 64, 2) == ["Hands on", "hips"]
    assert broken("Man with an umbrella of silk", 64, 2) == ["Man with", "an umbrella of silk"]
    assert broken("Contrapposto", 64, 2) == ["Contrapposto"]


def test_all_of_a_gallery_have_room_for_the_longest_name(qtbot):
    gallery = Gallery("Poses")
    gallery.set_items([("a", "Walk")])
    low = gallery.thumbs["a"].sizeHint().height()
    gallery.set_items([("a", "Walk"), ("b", "Hands on hips")])
    heights = {thumb.sizeHint().height() for thumb in gallery.thumbs.values()}
    assert len(heights) == 1
    assert heights.pop() > low


def colours(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


def test_what_is_not_drawn_yet_has_a_symbol(qtbot):
    gallery = shown(qtbot, Gallery("Poses", symbol="ph.smiley"), 200, 120)
    gallery.set_items([("a", "Walk")])
    thumb = gallery.thumbs["a"]
    qtbot.waitUntil(thumb.isVisible)
    middle = thumb.rect().adjusted(16, 20, -16, -38)
    assert len(colours(thumb.grab(middle).toImage())) > 1
    picture = QImage(8, 10, QImage.Format.Format_RGB32)
    picture.fill(QColor("#123456"))
    thumb.set_picture(picture)
    assert colours(thumb.grab(middle).toImage()) == {"#123456"}


@pytest.mark.parametrize("value", [-0.6, 0.6])
def test_a_slider_with_two_sides_is_filled_from_its_middle(qtbot, value):
    slider = PersonSlider("Eye size", -1.0, 0.0, 1.0, two_sided=True)
    shown(qtbot, slider, 300, 60)
    slider.set_value(value)
    bar = slider.slider
    image, accent = bar.grab().toImage(), theme.look().tokens.accent

    def at(share: float) -> str:
        return image.pixelColor(round(share * bar.width()), bar.height() // 2).name()

    assert at(0.5 + value / 4) == accent
    assert accent not in {at(0.5 - value / 4), at(0.1), at(0.9)}


def test_a_slider_from_nothing_is_even_throughout(qtbot):
    slider = PersonSlider("Jaw open", 0.0, 0.0, 1.0)
    qtbot.addWidget(slider)
    assert slider.slider.value() == 0
    slider.slider.setValue(STEPS // 4)
    assert slider.value == pytest.approx(0.25)
    slider.set_value(0.75)
    assert slider.slider.value() == pytest.approx(0.75 * STEPS)
    slider.reset()
    assert slider.slider.value() == 0


def test_the_busy_sign_comes_while_something_lasts_and_goes_with_it(qtbot):
    over = shown(qtbot, QWidget(), 300, 200)
    busy, done = Busy(over), []
    busy.watch("Another pose", lambda: bool(done))
    qtbot.waitUntil(busy.isVisible, timeout=30_000)
    assert over.rect().contains(busy.geometry())
    assert busy.told.text() == "Another pose…"
    done.append(True)
    qtbot.waitUntil(lambda: not busy.isVisible(), timeout=30_000)
    busy.watch("Walk", lambda: True)
    assert not busy.isVisible()
