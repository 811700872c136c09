"""A film around a head gives the sharpest picture of each side."""

from __future__ import annotations

from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.features.head import filmed
from studio.features.head.filmed import Taken, chosen, is_film, photographs_of, turn_deg
from studio.jobs import Context

_FRAMES = 30


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Stripes; every third frame is sharp, and its brightness tells its number."""
    path = tmp_path_factory.mktemp("films") / "sweep.mp4"
    stripes = np.repeat(np.arange(96) // 6 % 2, 3).reshape(96, 3)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for k in range(_FRAMES):
            rgb = np.full((64, 96, 3), 40 + 6 * k, np.uint8)
            rgb[:20] += (30 * stripes).astype(np.uint8)
            if k % 3:
                rgb = cv2.GaussianBlur(rgb, (0, 0), 3.0)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        file.mux(stream.encode(None))
    return path


class Looker:
    """Finds a face, turned by how bright a picture is, but in dark ones."""

    def look(self, name, rgb):
        number = (float(rgb[50:, :, 1].mean()) - 40) / 6
        if number < 5:
            raise StudioError(f"No face is found in “{name}”.")
        turn = np.radians(5 * number - 75)
        xyz = np.zeros((478, 3))
        xyz[454] = np.cos(turn), 0, np.sin(turn)
        return SimpleNamespace(rgb=rgb, xyz_px=xyz)


def test_the_sharpest_pictures_of_sides_are_kept(film, tmp_path, monkeypatch):
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path))
    found = photographs_of(film, Looker(), Context())
    assert 3 <= len(found) <= filmed.MOST
    times = [float(path.stem.split()[1]) for path in found]
    sharp = [round(10 * time) % 3 == 0 for time in times]
    assert np.mean(sharp) > 0.7
    turns = [turn_deg(one.xyz_px) for one in found.values()]
    assert abs(turns[0]) < 12
    assert max(turns) - min(turns) > 45
    assert max(map(abs, turns)) <= filmed.FAR_DEG
    assert all(path.is_file() and path.parent.parent == tmp_path / "sweeps" for path in found)
    assert is_film(film)
    assert not any(map(is_film, found))


def test_of_sides_alike_the_sharper_is_taken():
    said = [(0, -40, 9), (1, -39, 20), (2, -2, 5), (3, 1, 8), (4, 6, 1), (5, 38, 3), (6, 75, 9)]
    taken = [Taken(t, turn, sharp, SimpleNamespace()) for t, turn, sharp in said]
    assert [one.time_s for one in chosen(taken)] == [3, 1, 5]


def test_a_film_without_a_face_says_so(film, monkeypatch):
    monkeypatch.setattr(Looker, "look", lambda *_: (_ for _ in ()).throw(StudioError("none")))
    with pytest.raises(StudioError, match=r"No face is found in “sweep\.mp4”"):
        photographs_of(film, Looker(), Context())
