"""Faces followed in real films, where they are here."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.media.video import open_clip
from studio.perception.faces.tracker import FaceTracker
from studio.weights.store import find

FILM = Path(os.environ.get("DOPPEL_FOOTAGE", "")) / "face_liveportrait_subset/driving/d0.mp4"


@pytest.fixture
def tracker():
    with closing(FaceTracker(find("face_landmarker"))) as made:
        yield made


@pytest.mark.skipif(not FILM.is_file(), reason="the footage face_liveportrait_subset is not here")
def test_a_face_is_followed_lost_and_found_again(tracker):
    with open_clip(FILM) as clip:
        frames = [frame.rgb for frame in islice(clip, 6)]
    found = [tracker.find(rgb, k / 25) for k, rgb in enumerate(frames)]
    assert all(one is not None for one in found)
    height, width = frames[0].shape[:2]
    for one in found:
        assert one is not None
        assert (one.xyz_px[:, :2] > 0).all()
        assert (one.xyz_px[:, :2] < [width, height]).all()
        assert 0 <= one.guesses.min() <= one.guesses.max() <= 1
    assert tracker.find(np.zeros_like(frames[0]), 1.0) is None
    assert tracker.find(frames[0], 0.0) is not None  # a film that began again


@pytest.mark.skipif(not FILM.is_file(), reason="the footage face_liveportrait_subset is not here")
def test_of_two_faces_the_one_that_was_followed_stays(tracker):
    with open_clip(FILM) as clip:
        face = next(iter(clip)).rgb
    small = face[::2, ::2]
    both = np.zeros((face.shape[0], face.shape[1] + small.shape[1], 3), np.uint8)
    both[: small.shape[0], face.shape[1] :] = small
    alone = tracker.find(both, 0.0)
    both[:, : face.shape[1]] = face
    after = [tracker.find(both, k / 25) for k in range(1, 6)][-1]
    assert alone is not None
    assert after is not None
    assert after.xyz_px[:, 0].mean() > face.shape[1]


def test_a_picture_without_a_face_has_none(tracker):
    assert tracker.find(np.full((240, 320, 3), 90, np.uint8), 0.0) is None


def test_a_network_that_is_no_network_is_told(tmp_path):
    (tmp_path / "face.task").write_bytes(b"nothing")
    with pytest.raises(StudioError, match="cannot be loaded"):
        FaceTracker(tmp_path / "face.task")
