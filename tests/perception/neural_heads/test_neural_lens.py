"""From how far photographs were taken, by the outline of what lies behind the face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.perception.neural_heads import lens
from studio.perception.neural_heads.lens import further, outlined
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import FREE, HEAD, Photograph
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from tests.perception.neural_heads.test_neural_volume import ball

_SIDE_PX, _RADIUS_M = 48, 0.1
_MIDDLE = (LOW_M + HIGH_M) / 2
_FACE_M = _MIDDLE + np.array([0.02, -_RADIUS_M, 0.01])


def _photograph(away_m: float) -> Photograph:
    """The ball, seen from ahead and a little aside by a camera so far away."""
    rotation = np.array([(0.8, 0.6, 0), (0, 0, -1), (-0.6, 0.8, 0)], float)
    pose = np.column_stack([rotation, np.array([0.02, 0, away_m]) - rotation @ _MIDDLE])
    lens = np.array([away_m * 150.0, away_m * 150.0, 23.5, 23.5])
    rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX]
    ways = np.stack([(columns - 23.5) / lens[0], (rows - 23.5) / lens[1], np.ones_like(rows)], -1)
    ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
    past = np.linalg.norm(np.cross(ways, [0.02, 0, away_m]), axis=-1)
    labels = np.where(past < _RADIUS_M, HEAD, FREE).astype(np.uint8)
    return Photograph(np.zeros((_SIDE_PX, _SIDE_PX, 3), np.uint8), labels, lens, pose)


def _seen(one: Photograph, point_m: np.ndarray) -> np.ndarray:
    at = one.pose[:, :3] @ point_m + one.pose[:, 3]
    return one.lens[:2] * at[:2] / at[2] + one.lens[2:]


def test_a_face_stays_where_it_is_however_far_away_its_photograph_was_taken() -> None:
    one = _photograph(1.0)
    far = further(one, 2.0, _FACE_M)
    np.testing.assert_allclose(_seen(far, _FACE_M), _seen(one, _FACE_M), atol=1e-9)
    step = one.pose[0, :3] * 1e-4
    wide = [np.linalg.norm(_seen(p, _FACE_M + step) - _seen(p, _FACE_M)) for p in (one, far)]
    np.testing.assert_allclose(wide[1], wide[0], rtol=2e-3)
    np.testing.assert_allclose(further(far, 0.5, _FACE_M).pose, one.pose, atol=1e-9)
    away = [(p.pose[:, :3] @ _FACE_M + p.pose[:, 3])[2] for p in (one, far)]
    np.testing.assert_allclose(away[1], 2 * away[0])


def test_the_outline_tells_the_lens_that_a_face_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lens, "_SIDE_PX", 24)
    torch.manual_seed(0)
    network, true = HeadNetwork(3, rank=4), _photograph(2.2)
    guessed = further(true, 1 / 1.8, _FACE_M)
    near = replace(true, lens=_photograph(1.0).lens, pose=_photograph(1.0).pose)
    marks = _FACE_M + 0.01 * np.eye(3)
    found, known = outlined(network, ball(), (guessed, guessed), marks, known=(1,))
    np.testing.assert_allclose(found.lens, true.lens, rtol=0.3)
    assert np.abs(found.pose - true.pose).max() < np.abs(guessed.pose - true.pose).max()
    assert known is guessed
    (kept,) = outlined(network, ball(), (replace(near, labels=_photograph(1.0).labels),), marks)
    np.testing.assert_allclose(kept.lens, near.lens, rtol=0.3)
    rotation = np.array([(1, 0, 0), (0, 0, -1), (0, 1, 0)], float)
    ahead = replace(guessed, pose=np.column_stack([rotation, (0, 0, 1.2) - rotation @ _MIDDLE]))
    assert outlined(network, ball(), (ahead,), marks) == (ahead,)
