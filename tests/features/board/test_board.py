"""Printed boards are true to size: measured in the files themselves."""

import json
import re
import zlib

import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import StudioError
from studio.features.board.engine import Inputs, print_board
from studio.features.board.layout import lay_out
from studio.features.board.params import Params
from studio.features.board.pdf import POINTS_PER_M, pdf
from studio.features.board.svg import svg
from studio.jobs import Context, run
from studio.perception.boards import parse_board
from studio.perception.boards.artwork import Artwork, rasterise

A4 = (0.21, 0.297)


def rectangles_of(data: bytes):
    """Every page's rectangles of the pattern, in metres from the page's top left corner."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    streams = re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL)
    pages = []
    for (_, height), stream in zip(boxes, streams, strict=True):
        drawn = zlib.decompress(stream).split(b"f*")[0].decode()
        rows = re.findall(r"([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+) re", drawn)
        found = np.array(rows, float) / POINTS_PER_M
        found[:, 1] = float(height) / POINTS_PER_M - found[:, 1] - found[:, 3]
        pages.append(found)
    return pages


def test_squares_of_the_pdf_are_true_to_a_micrometre():
    board = parse_board("chessboard:9x6:25mm")
    (found,) = rectangles_of(pdf(lay_out(board, A4, 0.01), board.name))
    assert len(found) == 35
    assert np.allclose(found[:, 2:], 0.025, atol=1e-6)
    steps = (found[:, :2] - found[:, :2].min(0)) / 0.025
    assert np.allclose(steps, np.rint(steps), atol=1e-4)


@pytest.mark.parametrize("inverted", ["", ":inverted"])
def test_what_is_printed_is_found(inverted):
    """The rectangles of the PDF, painted by the even-odd rule, are the board at its true size."""
    board = parse_board(f"charuco:7x5:34mm:DICT_5X5_100{inverted}")
    (found,) = rectangles_of(pdf(lay_out(board, A4, 0.01), board.name))
    cells = found[1:] if inverted else found
    if inverted:
        assert np.allclose(found[0, 2:], [7 * 0.034, 5 * 0.034], atol=1e-6)
        cells = cells - [found[0, 0] - 0.02, found[0, 1] - 0.02, 0, 0]
        sheet = rasterise(Artwork(0.278, 0.21, cells, inverted=True), 4000)
    else:
        sheet = rasterise(Artwork(0.297, 0.21, cells), 4000)
    seen = board.find(sheet)
    assert seen is not None
    assert len(seen) == 24
    flat = board.target.points_m[seen.points][:, :2]
    metres = seen.xy_px / 4000
    scale = np.sqrt(np.square(metres - metres.mean(0)).sum() / np.square(flat - flat.mean(0)).sum())
    assert scale == pytest.approx(1, abs=3e-4)


def test_tiles_join_to_the_whole_board():
    board = parse_board("charuco:8x6:60mm:DICT_4X4_50")
    pages = rectangles_of(pdf(lay_out(board, A4, 0.01), board.name))
    area = sum(float((page[:, 2] * page[:, 3]).sum()) for page in pages)
    whole = board.artwork.rectangles_m
    assert len(pages) > 3
    assert area == pytest.approx(float((whole[:, 2] * whole[:, 3]).sum()), rel=1e-4)


def test_svg_says_its_size_in_millimetres_and_carries_ruler_and_spec():
    board = parse_board("aprilgrid:3x2:50mm")
    (page,) = lay_out(board, A4, 0.01)
    text = svg(page, board.name)
    assert 'width="297.000mm" height="210.000mm" viewBox="0 0 297.000 210.000"' in text
    assert "aprilgrid:3x2:50mm" in text
    assert "This ruler is 100 mm" in text
    assert page.marks[:, 2].max() == pytest.approx(0.1)


def test_a_two_sided_board_prints_its_mirror_image_behind():
    board = parse_board("charuco:5x4:30mm:DICT_4X4_50:two-sided=5mm")
    front, back = lay_out(board, A4, 0.01)
    turned = front.width_m - back.pattern[:, 0] - back.pattern[:, 2]
    assert np.allclose(np.sort(turned), np.sort(front.pattern[:, 0]))


def test_paper_too_small_is_refused():
    with pytest.raises(StudioError, match="too small for the 100 mm ruler"):
        lay_out(parse_board("chessboard:9x6:25mm"), (0.1, 0.1), 0.01)


def test_the_measured_ruler_scales_the_board(tmp_path):
    params = Params(measured_mm=99.0, folder=tmp_path)
    result = run(print_board(params, Inputs(tmp_path), Context()))
    assert result.board.spec == "charuco:7x5:33.66mm:DICT_5X5_100"
    assert [path.suffix for path in result.files] == [".pdf", ".svg"]
    assert result.files[0].read_bytes().startswith(b"%PDF")


def test_command(tmp_path, capsys):
    out = tmp_path / "b.pdf"
    spec = "charuco:4x5:40mm:DICT_4X4_50"
    assert main(["board", "--out", str(out), "--board", spec, "--measured", "9.9cm", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["board"] == "charuco:4x5:39.6mm:DICT_4X4_50"
    assert told["files"] == [str(out)]
    assert out.stat().st_size > 1000
    for wrong in (["--out", "x.docx"], ["--out", str(out), "--measured", "55mm"]):
        assert main(["board", *wrong]) == 1


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot be written"):
        run(print_board(Params(), Inputs(tmp_path / "file" / "in"), Context()))
