"""Every maker's things are whole, where they belong, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.items import ANCHORED, Item, ItemKind
from studio.synth.items.making import MAKERS, make_item

SPAN_M: dict[ItemKind, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "glasses": ((0.125, 0.175), (0.115, 0.165), (0.030, 0.075)),
    "sunglasses": ((0.125, 0.175), (0.115, 0.165), (0.030, 0.085)),
    "hat": ((0.155, 0.42), (0.21, 0.45), (0.08, 0.25)),
    "ears": ((0.155, 0.26), (0.03, 0.10), (0.19, 0.36)),
    "earrings": ((0.008, 0.028), (0.004, 0.03), (0.005, 0.055)),
    "necklace": ((0.12, 0.18), (0.11, 0.18), (0.06, 0.14)),
    "watch": ((0.058, 0.075), (0.055, 0.07), (0.034, 0.056)),
    "shoes": ((0.10, 0.13), (0.28, 0.32), (0.10, 0.14)),
}
"""How wide, deep and tall things of a kind are on their first anchor point."""


def _points(item: Item, bone: int = 0) -> np.ndarray:
    return np.concatenate(
        [part.mesh.vertices_m[part.joints[:, 0] == bone] for part in item.character.parts]
    )


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_made_thing_is_whole(kind: ItemKind, seed: int) -> None:
    item = make_item(kind, np.random.default_rng(seed))
    assert item.kind == kind
    assert item.character.armature.names == ANCHORED[kind]
    assert item.character.armature.rest_world == pytest.approx(
        np.tile(np.eye(4), (len(ANCHORED[kind]), 1, 1))
    )
    names = [part.name for part in item.character.parts]
    assert len(names) == len(set(names))
    for part in item.character.parts:
        mesh = part.mesh
        assert np.isfinite(mesh.vertices_m).all()
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() < len(mesh.vertices_m)
        assert mesh.uv is not None
        assert mesh.uv.shape == (len(mesh.faces), 3, 2)
        assert part.weights.sum(1) == pytest.approx(1.0)
    span = np.ptp(_points(item), axis=0)
    for have, (low, high) in zip(span, SPAN_M[kind], strict=True):
        assert low <= have <= high


@pytest.mark.parametrize("kind", MAKERS)
def test_the_same_seed_makes_the_same_and_another_makes_another(kind: ItemKind) -> None:
    one, same, other = (make_item(kind, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(_points(one), _points(same))
    alike = len(_points(one)) == len(_points(other)) and np.allclose(_points(one), _points(other))
    colours = [[p.material.base for p in item.character.parts] for item in (one, other)]
    assert not alike or colours[0] != colours[1]
