"""Boards in rendered pictures, against where they truly are; and in real ones."""

import cv2
import numpy as np
import pytest
from printed_sheets import CORNERS, seen

from studio.perception.boards import parse_board, which_board


def off_px(board, picture, place):
    found = board.find(picture)
    assert found is not None
    error = np.linalg.norm(place(board.target.points_m[found.points]) - found.xy_px, axis=-1)
    return found, error


BOARDS = [
    ("charuco:6x4:50mm:DICT_4X4_50", 15),
    ("charuco:4x5:54mm:DICT_4X4_1000:inverted", 12),
    ("charuco:5x6:40mm:DICT_5X5_100:mirrored", 20),
    ("charuco:6x4:50mm:DICT_4X4_50:legacy", 15),
    ("chessboard:7x4:60mm", 28),
    ("aprilgrid:4x3:80mm", 48),
    ("aprilgrid:4x3:80mm:border=1", 48),
]


@pytest.mark.parametrize(("spec", "count"), BOARDS)
def test_every_corner_where_it_is(spec, count):
    board = parse_board(spec)
    found, error = off_px(board, *seen(board))
    assert len(found) >= 0.95 * count
    assert np.sqrt(np.square(error).mean()) < 0.35
    assert found.sharpness > 0.25


def test_old_layout_is_tried_by_itself_and_remembered():
    board = parse_board("charuco:6x4:50mm:DICT_4X4_50")
    old, place = seen(parse_board("charuco:6x4:50mm:DICT_4X4_50:legacy"))
    off_px(board, old, place)
    new, _ = seen(parse_board("charuco:6x4:50mm:DICT_4X4_50:new"))
    assert board.find(new) is None or len(board.find(new)) < 8


@pytest.mark.parametrize("back", ["", ":back=next"])
def test_the_back_has_its_own_points(back):
    board = parse_board(f"charuco:6x5:50mm:DICT_4X4_50:two-sided=5mm{back}")
    front, _ = off_px(board, *seen(board))
    behind, error = off_px(board, *seen(board, back=True))
    assert front.points.max() < 20 <= behind.points.min()
    assert error.mean() < 0.35


def test_a_one_sided_sheet_seen_from_behind_shows_the_same_points():
    """Thin paper: both sides of the sheet are the same corners, so both cameras share them."""
    double = parse_board("charuco:6x5:50mm:DICT_4X4_50:two-sided=5mm")
    picture, place = seen(double, back=True)
    _, error = off_px(parse_board("charuco:6x5:50mm:DICT_4X4_50"), picture, place)
    assert error.mean() < 0.35


def test_half_covered_charuco_still_counts_and_chessboard_does_not():
    charuco, chess = parse_board("charuco:6x5:50mm:DICT_4X4_50"), parse_board("chessboard:7x4:60mm")
    for board in (charuco, chess):
        picture, place = seen(board)
        picture[:, 520:] = 90
        if board is charuco:
            found, error = off_px(board, picture, place)
            assert 6 <= len(found) < 20
            assert error.max() < 1.5
        else:
            assert board.find(picture) is None


def test_movement_shows_in_the_sharpness():
    board = parse_board("charuco:6x4:50mm:DICT_4X4_50")
    picture, _ = seen(board)
    smear = np.zeros((9, 9), np.float32)
    smear[4] = 1 / 9
    moved = board.find(cv2.filter2D(picture, -1, smear))
    assert moved is not None
    assert moved.sharpness < 0.6 * board.find(picture).sharpness


def test_part_of_a_larger_chessboard_is_refused():
    whole = parse_board("chessboard:9x6:25mm")
    picture, _ = seen(whole)
    assert len(whole.find(picture)) == 54
    for part in ("chessboard:6x4:25mm", "chessboard:8x5:25mm", "chessboard:7x6:25mm"):
        assert parse_board(part).find(picture) is None


def test_chessboard_is_numbered_alike_upside_down():
    board = parse_board("chessboard:7x4:60mm")
    for corners in (CORNERS, np.roll(CORNERS, 2, axis=0), np.roll(CORNERS, 1, axis=0)):
        _, error = off_px(board, *seen(board, corners=corners))
        assert error.max() < 1


@pytest.mark.parametrize(
    "spec",
    [
        "charuco:5x7:34mm:DICT_4X4_50:inverted",
        "chessboard:9x6:25mm",
        "aprilgrid:5x4:80mm",
    ],
)
def test_which_board_is_it(spec):
    picture, _ = seen(parse_board(spec))
    first = which_board([picture])[0]
    size = spec.split(":")[2]
    assert first.spec.replace("SIZE", size) == spec


def test_nothing_is_nothing():
    grey = np.full((240, 320), 128, np.uint8)
    assert all(parse_board(spec).find(grey) is None for spec, _ in BOARDS)
    assert which_board([grey]) == ()


def test_real_chessboards(footage):
    board = parse_board("chessboard:9x6:25mm")
    part = parse_board("chessboard:6x4:25mm")
    files = sorted(footage("calib_opencv_stereo").glob("[lr]*[0-9][0-9].jpg"))
    assert len(files) == 26
    for number, file in enumerate(files):
        gray = cv2.imread(str(file), 0)
        assert len(board.find(gray)) == 54, file.name
        if number % 6 == 0:
            assert part.find(gray) is None, file.name


def test_real_photo_names_its_board(footage):
    photo = footage("calib_opencv_stereo") / "aruco" / "choriginal.jpg"
    first = which_board([cv2.imread(str(photo), 0)])[0]
    assert first.spec == "charuco:5x7:SIZE:DICT_6X6_50:marker=0.5"
    board = parse_board(first.spec.replace("SIZE", "40mm"))
    assert len(board.find(cv2.imread(str(photo), 0))) == 24
