"""Layers of many scenes, against what they are said to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.perception.neural_heads.layers import Kind, SceneLinear
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.own import pack, unpack


def test_low_rank_layers_mix_copies_by_each_scenes_coefficients() -> None:
    torch.manual_seed(0)
    layer = SceneLinear(3, 2, "low-rank", scenes=4, rank=5)
    assert layer.sets is not None
    assert layer.bank is not None
    x = torch.randn(2, 7, 3)
    found = layer(x, layer.sets[[1, 3]]).detach().numpy()
    bank = layer.bank.detach().numpy().reshape(5, 4, 2)
    for row, scene in enumerate((1, 3)):
        coefficients = layer.sets[scene].detach().numpy()
        mixed = np.zeros((4, 2))
        for k in range(5):
            mixed += coefficients[k] * bank[k]
        wanted = x[row].numpy() @ mixed[:3] + mixed[3]
        np.testing.assert_allclose(found[row], wanted, rtol=1e-4, atol=1e-5)


def test_independent_layers_are_one_scenes_alone() -> None:
    layer = SceneLinear(3, 2, "independent", scenes=3, rank=1)
    assert layer.sets is not None
    x = torch.randn(1, 5, 3)
    before = layer(x, layer.sets[[0]])
    with torch.no_grad():
        layer.sets[1] += 1.0
    assert torch.equal(layer(x, layer.sets[[0]]), before)
    assert not torch.equal(layer(x, layer.sets[[1]]), before)


@pytest.mark.parametrize(
    ("kind", "numbers"), [("shared", 8), ("independent", 6 * 8), ("low-rank", 5 * 8 + 6 * 5)]
)
def test_a_layer_has_as_many_numbers_as_its_kind_needs(kind: Kind, numbers: int) -> None:
    layer = SceneLinear(3, 2, kind, scenes=6, rank=5)
    assert sum(p.numel() for p in layer.parameters()) == numbers


def test_a_published_network_tells_how_many_heads_it_learned(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(HeadNetwork(5, rank=3), {}))
    found = unpack(HeadNetwork(2, rank=3), path)
    assert isinstance(found, HeadNetwork)
    assert found.heads == 5
    assert [len(one) for one in found.own_sets() if one is not None] == [5] * 6
    assert len(found.own(torch.tensor([4]))) == 8
    with pytest.raises(StudioError, match="of another size"):
        unpack(HeadNetwork(5, width=32), path)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rank": 3}, "low-rank of rank 3, own: usual"),
        ({"kind": "independent", "placement": "last"}, "independent, own: last"),
        ({"kind": "shared"}, "shared by all"),
    ],
)
def test_a_published_network_tells_its_layers(
    options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    path, learned = tmp_path / "weights.safetensors", HeadNetwork(4, **options)
    path.write_bytes(pack(learned, {}))
    found = unpack(HeadNetwork(), path)
    assert isinstance(found, HeadNetwork)
    assert found.alike(learned)
    assert not found.alike(HeadNetwork(1))
    assert found.told() == told
    for mine, theirs in zip(found.own_sets(), learned.own_sets(), strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=0)
