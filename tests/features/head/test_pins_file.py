"""Pins and locks are read from a project or from JSON, and belong to the photographs given."""

from __future__ import annotations

import json

import pytest

from studio.core.errors import StudioError
from studio.features.head.params import Params, Pin
from studio.features.head.pins_file import read_pins


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photos" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"")
    return path


def test_pins_are_those_that_the_panel_keeps_in_the_project(tmp_path, photo):
    kept = Params(photos=(photo,), pins=(Pin(photo=photo, point=152, x_px=3, y_px=4.5),),
                  held=("pose",), reach_mm=20)  # fmt: skip
    project = tmp_path / "P.doppel"
    project.mkdir()
    told = {"params": {"head": kept.model_dump(mode="json")}}
    (project / "project.json").write_text(json.dumps(told), "utf-8")
    found = read_pins(project, (photo,))
    assert Params(photos=(photo,), **found) == kept


def test_pins_by_hand_lie_in_the_photograph_of_that_name(tmp_path, photo):
    other = tmp_path / "b.jpg"
    file = tmp_path / "pins.json"
    pins = [{"photo": name, "point": 1, "x_px": 1, "y_px": 2} for name in ("a.jpg", "b.jpg")]
    file.write_text(json.dumps({"pins": pins}), "utf-8")
    (only,) = read_pins(file, (photo,))["pins"]
    assert only.photo == photo
    assert [pin.photo for pin in read_pins(file, (photo, other))["pins"]] == [photo, other]
    with pytest.raises(StudioError, match=r"other photographs: a.jpg, b.jpg"):
        read_pins(file, (tmp_path / "c.jpg",))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"params": {"avatar": {}}}'])
def test_a_file_without_pins_is_told_by_name(tmp_path, photo, text):
    file = tmp_path / "none.json"
    file.write_text(text, "utf-8")
    with pytest.raises(StudioError, match=r"“none\.json”"):
        read_pins(file, (photo,))


def test_a_pin_of_no_point_is_told_with_its_place(tmp_path, photo):
    file = tmp_path / "far.json"
    pin = {"photo": "a.jpg", "point": 478, "x_px": 1, "y_px": 2}
    file.write_text(json.dumps({"pins": [pin]}), "utf-8")
    with pytest.raises(StudioError, match=r"pins\.0\.point"):
        read_pins(file, (photo,))
