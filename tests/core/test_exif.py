"""Lenses as photographs' files tell them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studio.core.exif import focal_px

SIZE = (400, 300)
DIAGONAL = float(np.hypot(*SIZE))


def written(path, size=SIZE, **tags):
    exif = Image.Exif()
    names = {"film": 0xA405, "mm": 0x920A, "wide": 0xA002, "tall": 0xA003, "per": 0xA20E,
             "unit": 0xA210}  # fmt: skip
    exif.get_ifd(0x8769).update({names[name]: value for name, value in tags.items()})
    Image.new("RGB", size, (90, 80, 70)).save(path, exif=exif.tobytes())
    return path


def test_the_length_of_35_mm_film_is_taken_by_the_diagonal(tmp_path):
    path = written(tmp_path / "phone.jpg", film=52)
    assert focal_px(path) == pytest.approx(52 / 43.27 * DIAGONAL, rel=1e-3)
    upright = written(tmp_path / "upright.jpg", size=(300, 400), film=52, wide=4000, tall=3000)
    assert focal_px(upright) == pytest.approx(52 / 43.27 * DIAGONAL, rel=1e-3)


def test_the_focal_planes_resolution_is_scaled_with_the_picture(tmp_path):
    # 50 mm on a sensor of 36 mm, 4000 pixels wide; the picture was made ten times smaller.
    path = written(tmp_path / "camera.jpg", mm=50.0, per=4000 / 3.6, unit=3, wide=4000, tall=3000)
    assert focal_px(path) == pytest.approx(50 / 36 * 400, rel=1e-3)


def test_nothing_is_told_where_nothing_holds(tmp_path):
    assert focal_px(written(tmp_path / "bare.jpg")) is None
    assert focal_px(written(tmp_path / "cropped.jpg", film=52, wide=4000, tall=2000)) is None
    assert focal_px(written(tmp_path / "nonsense.jpg", film=6000)) is None
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    assert focal_px(text) is None
