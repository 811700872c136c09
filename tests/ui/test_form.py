"""The generated form: every type makes the trip there and back, limits hold, resets reset."""

from enum import Enum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QToolButton

from studio.core.settings import SettingsFile
from studio.ui.choices import Choice, Several, Toggle
from studio.ui.controls import Auto, Number, PathField, PathList
from studio.ui.form import FIRST, Form, unit_of
from studio.ui.presets import CUSTOM, DEFAULT, Presets


class Kind(Enum):
    SOFT = "soft"
    HARD = "hard"


class Params(BaseModel):
    model_config = ConfigDict(frozen=True)

    limit_px: float = Field(15.0, gt=0, le=100, description="Largest reprojection error (px)")
    views: int = Field(2, ge=2, le=16, description="Fewest cameras that see a point")
    method: Literal["weighted", "ransac", "dlt"] = Field("weighted", description="How to solve")
    refine: bool = Field(True, description="Refine afterwards")
    height_m: float | None = Field(None, ge=0.5, le=2.5, description="Body height in metres")
    file: Path | None = Field(None, description="A file")
    paths: tuple[Path, ...] = Field((), description="Files")
    kind: Kind = Field(Kind.SOFT, description="Kind of the contact")
    layout: Literal["body_25", "halpe_26", "coco_17", "coco_133", "auto"] = Field(
        "auto", description="Layout"
    )
    axis: tuple[float, float, float] = Field((0.0, 0.0, 1.0), description="Up axis")
    name: str = Field("", description="Name")
    tiny: float = Field(1e-4, gt=0, lt=1, description="A share without unit")


VALUES = st.builds(
    Params,
    limit_px=st.floats(0.001, 100).map(lambda x: round(x, 3)),
    views=st.integers(2, 16),
    method=st.sampled_from(["weighted", "ransac", "dlt"]),
    refine=st.booleans(),
    height_m=st.none() | st.floats(0.5, 2.5).map(lambda x: round(x, 4)),
    file=st.none() | st.sampled_from([Path("/a/b c.mp4"), Path("x.toml")]),
    paths=st.lists(st.sampled_from([Path("/a"), Path("/b c")]), max_size=3).map(tuple),
    kind=st.sampled_from(Kind),
    layout=st.sampled_from(["body_25", "halpe_26", "coco_17", "coco_133", "auto"]),
    axis=st.tuples(*[st.floats(-1, 1)] * 3),
    name=st.sampled_from(["", "Ana", "später"]),
    tiny=st.floats(1e-6, 0.9).map(lambda x: float(f"{x:.4g}")),
)


@pytest.fixture
def form(qtbot):
    form = Form(Params)
    qtbot.addWidget(form)
    return form


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(value=VALUES)
def test_every_value_survives_the_form(form, value):
    form.set_value(value)
    assert form.value() == value


def test_defaults_and_the_controls_of_each_type(form):
    assert form.value() == Params()
    kinds = {name: type(control) for name, control in form.controls.items()}
    assert kinds["limit_px"] is kinds["views"] is Number
    assert kinds["method"] is kinds["kind"] is kinds["layout"] is Choice
    assert kinds["refine"] is Toggle
    assert kinds["height_m"] is Auto
    assert kinds["file"] is PathField
    assert kinds["paths"] is PathList
    assert form.controls["method"].combo is None
    assert form.controls["layout"].combo is not None
    assert Choice("Long", [f"choice number {i}" for i in range(6)]).combo is not None


def test_values_are_called_what_their_field_says(qtbot):
    class Own(BaseModel):
        networks: Literal["mediapipe", "dope"] = Field(
            "dope", json_schema_extra={"words": ["MediaPipe", "Our own"]}
        )

    form = Form(Own)
    qtbot.addWidget(form)
    texts = [button.text() for button in form.findChildren(QToolButton) if button.isCheckable()]
    assert texts == ["MediaPipe", "Our own"]
    assert form.value() == Own()


def test_what_nothing_means_is_said_in_its_field(qtbot):
    """A 0 that is no number, and a line left empty, say what Doppel does then."""

    class Own(BaseModel):
        people: int = Field(0, ge=0, le=9, json_schema_extra={"zero": "everybody"})
        tall_m: float = Field(0.0, ge=0, le=3, description="In metres; 0 if it is not known")
        camera: str = Field("", json_schema_extra={"empty": "The one that sees best"})

    form = Form(Own)
    qtbot.addWidget(form)
    people, tall, camera = (form.controls[name] for name in ("people", "tall_m", "camera"))
    assert [people.field.text(), tall.field.text()] == ["everybody", "not given"]
    assert camera.line.placeholderText() == "The one that sees best"
    people.set_value(2)
    assert people.field.text() == "2"
    assert form.value() == Own(people=2)


def test_any_of_a_few_keeps_the_order_of_the_options(qapp):
    several = Several("Formats", ("glb", "vrm", "bvh"))
    heard: list[object] = []
    several.changed.connect(lambda: heard.append(several.value()))
    several.set_value(("bvh", "glb"))
    assert several.value() == ["glb", "bvh"]
    several.buttons["vrm"].click()
    assert heard == [["glb", "vrm", "bvh"]]


def test_seven_first_the_rest_under_more(form):
    form.show()
    shown = [n for n, c in form.controls.items() if c.isVisible()]
    assert len(shown) == FIRST
    form.more_button.click()
    assert all(c.isVisible() for c in form.controls.values())


def test_units_come_from_the_description(form):
    assert form.controls["limit_px"].field.suffix() == " px"
    assert form.controls["height_m"].inner.field.suffix() == " m"
    assert form.controls["tiny"].field.suffix() == ""
    assert unit_of("Seconds between autosaves") == "s"
    assert unit_of("Cut-off frequency in Hz") == "Hz"
    assert unit_of("Leave out points less certain than this (mm)") == "mm"
    assert unit_of("Typical acceleration of a point (m/s²)") == "m/s²"
    assert unit_of("How much the cutoff rises with speed (Hz per m/s)") == "Hz s/m"
    assert unit_of("A person's name") == ""


def test_slider_and_field_follow_each_other(form):
    number = form.controls["views"]
    number.slider.setValue(number.slider.maximum())
    assert form.value().views == 16
    number.field.setValue(9)
    assert number.slider.value() == number.slider.maximum() // 2


def test_double_click_brings_the_default_back(form, qtbot):
    form.set_value(Params(limit_px=3.5, views=9))
    slider = form.controls["limit_px"].slider
    middle = QPointF(slider.rect().center())
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseButtonDblClick, middle, middle, left, left, none)
    QApplication.sendEvent(slider, event)
    assert form.value().limit_px == 15.0
    label = next(label for label, name in form._labels.items() if name == "views")
    QApplication.sendEvent(label, QMouseEvent(event.type(), middle, middle, left, left, none))
    assert form.value() == Params()


def test_auto_means_none(form):
    auto = form.controls["height_m"]
    assert auto.auto.isChecked()
    auto.auto.setChecked(False)
    auto.inner.set_value(1.8)
    assert form.value().height_m == 1.8
    auto.auto.setChecked(True)
    assert form.value().height_m is None


def test_a_wrong_value_is_marked_and_explained(form):
    form.show()
    form.more_button.click()
    form.controls["axis"].line.setText("up")
    form.controls["axis"].changed.emit()
    assert not form.valid()
    assert form.controls["axis"].line.property("wrong")
    assert "Axis" in form._wrong.text()
    with pytest.raises(ValidationError):
        form.value()
    form.reset("axis")
    assert form.valid()
    assert form._wrong.isHidden()


def test_controls_are_named_for_screen_readers(form):
    for name, control in form.controls.items():
        assert control.accessibleName(), name
        for field in control.findChildren(QDoubleSpinBox):
            assert field.accessibleName(), name


def test_presets_are_kept_and_come_back(form, qtbot):
    settings = SettingsFile()
    presets = Presets(settings, "triangulate", form)
    qtbot.addWidget(presets)
    assert presets.list.currentText() == DEFAULT
    form.set_value(Params(limit_px=4.0))
    assert presets.list.currentText() == CUSTOM
    presets.save_button.click()
    presets.name.setText("Careful")
    presets.save_button.click()
    assert presets.list.currentText() == "Careful"
    presets.load(DEFAULT)
    assert form.value() == Params()
    again = Presets(SettingsFile(), "triangulate", form)
    qtbot.addWidget(again)
    again.load("Careful")
    assert form.value() == Params(limit_px=4.0)
    again.delete_button.click()
    assert SettingsFile().value.presets["triangulate"] == {}


def test_a_number_without_room_for_a_slider_keeps_its_field(form, qtbot):
    optional = next(c for c in form.controls.values()
                    if isinstance(c, Auto) and isinstance(c.inner, Number))  # fmt: skip
    number = optional.inner
    optional.set_value(number.value())
    optional.setParent(None)
    qtbot.addWidget(optional)
    optional.show()
    for wide, slides in ((160, False), (320, True)):
        optional.resize(wide, 30)
        qtbot.waitUntil(lambda slides=slides: number.slider.isVisible() == slides)
        assert optional.width() == wide
        assert number.field.width() >= 80
        assert number.geometry().right() < wide
