"""Boards by name: what is written is what is read, and what is wrong is said."""

import json

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.perception.boards import parse_board, read_scene_points
from studio.perception.boards.spec import scaled

SPECS = [
    "charuco:4x5:54mm:DICT_4X4_1000",
    "charuco:4x5:54mm:DICT_4X4_1000:inverted",
    "charuco:6x4:50mm:DICT_5X5_100:marker=0.6:mirrored:legacy",
    "charuco:6x4:50mm:DICT_5X5_100:two-sided=6mm:back=next",
    "chessboard:9x6:25mm",
    "aprilgrid:6x6:88mm:spacing=0.25:border=1:first=12",
]


@pytest.mark.parametrize("spec", SPECS)
def test_spec_is_canonical(spec):
    assert parse_board(spec).spec == spec


def test_lengths_in_any_unit_and_words_in_any_case():
    board = parse_board("ChArUco:4X5:5.4 cm:dict_4x4_1000:INVERTED")
    assert board.spec == "charuco:4x5:54mm:DICT_4X4_1000:inverted"
    assert parse_board("chessboard:9x6:1in").spec == "chessboard:9x6:25.4mm"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "No board"),
        ("circles:4x5:54mm", "not a kind of board"),
        ("charuco:4x5:54:DICT_4X4_50", "has no unit"),
        ("charuco:4x5:54furlongs:DICT_4X4_50", "not a unit"),
        ("charuco:4x5:54mm:DICT_4X4_50:marker=4cm", "Write both in mm"),
        ("charuco:4x5:54mm:DICT_9X9_50", "not a dictionary"),
        ("charuco:4x5:54mm", "dictionary of markers is not given"),
        ("charuco:five:54mm:DICT_4X4_50", "squares across and down"),
        ("charuco:20x20:54mm:DICT_4X4_50", "has 50 markers"),
        ("charuco:4x5:54mm:DICT_4X4_50:invrted", "“invrted” is not understood"),
        ("charuco:4x5:54mm:DICT_4X4_50:marker=60mm", "must be smaller"),
        ("chessboard:2x6:25mm", "cannot be used"),
        ("aprilgrid:6x6:88mm:spacing=wide", "not a number"),
        ("aruco:", "is missing"),
        ("aruco:/nowhere/set.toml", "no file"),
    ],
)
def test_what_is_wrong_is_said(spec, said):
    with pytest.raises(StudioError, match=said):
        parse_board(spec)


def test_printed_smaller():
    board = scaled(parse_board("charuco:4x5:50mm:DICT_4X4_50:two-sided=6mm"), 0.992)
    assert board.spec == "charuco:4x5:49.6mm:DICT_4X4_50:two-sided=6mm"


def test_twins_of_chessboards_that_look_the_same_upside_down():
    assert not parse_board("chessboard:9x6:25mm").twins
    even = parse_board("chessboard:6x4:25mm")
    (turned,) = even.twins
    assert (turned == np.arange(24)[::-1]).all()
    assert "upside down" in even.note


def test_two_sided_target_has_its_back_behind_its_front():
    points = parse_board("charuco:4x5:50mm:DICT_4X4_50:two-sided=6mm").target.points_m
    assert np.allclose(points[12:] - points[:12], [0, 0, 0.006])


def test_set_of_markers(tmp_path):
    file = tmp_path / "set.json"
    square = [[0, 0, 0], [80, 0, 0], [80, 80, 0], [0, 80, 0]]
    markers = [
        {"id": 3, "corners": square},
        {"id": 9, "size": "8cm", "centre": [200, 40, 0], "rotation_deg": [0, 90, 0]},
    ]
    table = {"dictionary": "DICT_4X4_50", "unit": "mm", "markers": markers}
    file.write_text(json.dumps(table))
    points = parse_board(f"aruco:{file}").target.points_m.reshape(2, 4, 3)
    assert np.allclose(points[0], np.array(square) / 1000)
    assert np.allclose(points[1][..., 0], 0.2)
    assert np.allclose(np.linalg.norm(np.diff(points[1], axis=0), axis=-1), 0.08)
    for wrong, said in (
        ({**table, "unit": None}, "unit"),
        ({**table, "markers": [markers[0], markers[0]]}, "twice"),
        ({**table, "markers": [{"id": 3, "size": 80}]}, "where it is"),
        ({**table, "markers": [{"id": 77, "corners": square}]}, "no marker 77"),
    ):
        file.write_text(json.dumps(wrong))
        with pytest.raises(StudioError, match=said):
            parse_board(f"aruco:{file}")


SCENE = """
unit = "cm"
up = "y"
[points]
a = [0, 0, 0]
b = [100, 0, 0]
c = [0, 200, 0]
d = [0, 0, 50]
[cameras.left]
a = [1, 2]
d = [3, 4]
c = [5, 6]
b = [7, 8]
"""


def test_clicked_points_of_the_scene(tmp_path):
    file = tmp_path / "scene.toml"
    file.write_text(SCENE)
    scene = read_scene_points(file)
    assert np.allclose(scene.target.points_m[2], [0, 0, 2])
    (view,) = scene.views
    assert [scene.names[point] for point in view.points] == ["a", "d", "c", "b"]
    assert np.allclose(view.xy_px[1], [3, 4])
    for old, new, said in (
        ("b = [7, 8]\n", "", "3 clicked points"),
        ("b = [7, 8]", "e = [7, 8]", "place is not given"),
        ('unit = "cm"', "", "unit"),
        ("[7, 8]", "[7]", "must be 2 numbers"),
        ("[7, 8]", "[7,", "damaged"),
    ):
        file.write_text(SCENE.replace(old, new))
        with pytest.raises(StudioError, match=said):
            read_scene_points(file)
