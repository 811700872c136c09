"""Where hair grows on the template's head, and where its ears are."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human.bodies.canonical import SKIN
from studio.human.names import face_vertices
from studio.synth.avatars.hairline import grows, on_ears, reference_m


def place(mark: int) -> np.ndarray:
    return reference_m()[list(face_vertices(f"mesh_{mark}"))].mean(0)


def hair_at(*places: tuple[float, float, float]) -> np.ndarray:
    at = np.array(places)
    return grows(at, np.zeros(len(at)))


@pytest.mark.parametrize("mark", [9, 10, 33, 263, 152, 50, 280])
def test_a_face_has_no_hair(mark: int) -> None:
    assert grows(place(mark)[None], np.zeros(1))[0] < 0.05


def test_hair_grows_on_crown_temples_and_nape_and_ends_above_the_collar() -> None:
    skin = reference_m()[:SKIN]
    crown = tuple(skin[np.argmax(skin[:, 2])].tolist())
    behind = (0.0, 0.055, 0.74)
    before_the_ear = (0.071, -0.064, 0.73)
    assert (hair_at(crown, behind, before_the_ear) > 0.9).all()
    nape = hair_at((0.0, 0.03, 0.70), (0.0, 0.03, 0.66), (0.0, 0.03, 0.63))
    assert nape[0] > 0.9
    assert nape[0] >= nape[1] > nape[2] == 0


def test_ears_are_one_piece_on_each_side() -> None:
    skin = reference_m()[:SKIN]
    ears = on_ears(skin) > 0
    for side in (skin[:, 0] > 0, skin[:, 0] < 0):
        low, high = skin[ears & side].min(0), skin[ears & side].max(0)
        assert 0.05 < high[2] - low[2] < 0.07
        assert 0.03 < high[1] - low[1] < 0.045
    assert (ears & (skin[:, 0] > 0)).sum() == (ears & (skin[:, 0] < 0)).sum()
    assert on_ears(np.stack([place(454), place(234)])).sum() == 0


def test_the_edge_is_frayed_by_the_strands() -> None:
    edge = np.column_stack([np.zeros(9), np.full(9, -0.139), np.linspace(0.79, 0.804, 9)])
    longer, shorter = grows(edge, np.ones(9)), grows(edge, -np.ones(9))
    assert (longer >= shorter).all()
    assert (longer > shorter).any()
