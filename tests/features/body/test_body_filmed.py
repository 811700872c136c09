"""A picture of a film is the photograph."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.pictures import read_picture
from studio.features.body import filmed
from studio.features.body.filmed import is_film, photograph_of


def test_the_sharpest_picture_of_a_film_or_that_of_a_moment_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(filmed, "find", lambda name: Path(name))
    monkeypatch.setattr(filmed, "best_shown", lambda pictures, files: None)
    film = tmp_path / "walk.mp4"
    stripes = np.repeat(np.arange(96) // 6 % 2, 3).reshape(96, 3)
    with av.open(str(film), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for k in range(12):
            rgb = np.full((64, 96, 3), 40 + 6 * k, np.uint8)
            rgb += (50 * stripes).astype(np.uint8)
            if k != 7:
                rgb = cv2.GaussianBlur(rgb, (0, 0), 3.0)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        file.mux(stream.encode(None))
    best, early = photograph_of(film).path, photograph_of(film, 0.21).path
    assert is_film(film)
    assert best.name == "walk 0.70 s.png"
    assert early.name == "walk 0.20 s.png"
    assert not is_film(best)
    assert read_picture(best).std() > 2 * read_picture(early).std()
    monkeypatch.setattr(filmed, "best_shown", lambda pictures, files: 3)
    assert photograph_of(film).time_s == pytest.approx(0.3), "the one that shows somebody best"
    with pytest.raises(StudioError, match=r"lasts 1\.1 seconds"):
        photograph_of(film, 5.0)
