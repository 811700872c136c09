"""The occluder's network and predictor: what they are given, what they give, what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.perception.occluder.network import (
    CHANNELS,
    MIDDLE,
    SIDE_PX,
    OccluderNetwork,
    assembled,
    grown,
    mapped,
)
from studio.perception.occluder.predictor import (
    LEAST_M,
    OccluderInput,
    OcclusionPredictor,
    calmed,
    square_around,
)
from studio.perception.occluder.swift import SwiftOccluder
from studio.perception.own import count, pack, unpack


def square(rng: np.random.Generator) -> OccluderInput:
    item = rng.integers(0, 255, (SIDE_PX, SIDE_PX, 4), np.uint8)
    depth = np.full((SIDE_PX, SIDE_PX), np.inf, np.float32)
    depth[60:200, 60:200] = 0.62
    return OccluderInput(
        rng.integers(0, 255, (SIDE_PX, SIDE_PX, 3), np.uint8), item, depth, depth + 0.02, 0.6
    )


def test_a_map_for_every_pixel(tmp_path):
    torch.manual_seed(3)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(OccluderNetwork(), {}))
    crop = square(np.random.default_rng(1))
    predictor = OcclusionPredictor(path)
    found = predictor.predict(crop)
    assert found.shape == (SIDE_PX, SIDE_PX)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1
    known = predictor.predict(replace(crop, previous=np.zeros_like(found)))
    assert np.abs(known - found).max() > 0  # the map before counts


def learned(network: OccluderNetwork) -> OccluderNetwork:
    """With norms that do something, and blocks that add something."""
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith("second.1.weight"):
                value.fill_(0.3)
        network.train()
        for _ in range(8):
            network(torch.rand(2, CHANNELS, 64, 64))
    return network.eval()


SMALL = (24, 48, 72, 96), (1, 1, 2)


def test_the_swift_network_is_that_which_was_trained(tmp_path, monkeypatch):
    torch.manual_seed(4)
    network = learned(OccluderNetwork())
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(network, {}))
    crop = square(np.random.default_rng(2))
    loaded, live = OcclusionPredictor(path), OcclusionPredictor.of(network)
    np.testing.assert_allclose(loaded.predict(crop), live.predict(crop), atol=0.06)
    given = torch.rand(1, CHANNELS, 96, 160).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        for steps in (("_convolution_pointwise",), ("of another torch",)):
            monkeypatch.setattr("studio.perception.occluder.swift._ONCE", steps)
            swift = SwiftOccluder(network, "cpu", torch.float32)
            found = swift(given - MIDDLE)
            torch.testing.assert_close(found, mapped(network(given))[0], rtol=1e-3, atol=1e-3)


def test_weights_tell_how_large_their_network_is(tmp_path):
    torch.manual_seed(5)
    small = learned(OccluderNetwork(*SMALL))
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(small, {}))
    loaded = unpack(OccluderNetwork(), path)
    assert count(loaded) == count(small) < count(OccluderNetwork())
    given = torch.rand(1, CHANNELS, 64, 64)
    torch.testing.assert_close(loaded(given), small(given), rtol=0.02, atol=0.02)
    path.write_bytes(pack(torch.nn.Linear(3, 3), {}))
    with pytest.raises(StudioError, match="another network"):
        unpack(OccluderNetwork(), path)


def test_a_network_that_grows_says_what_it_said_and_learns_with_all_it_has():
    torch.manual_seed(6)
    small = learned(OccluderNetwork(*SMALL))
    large = grown(small)
    given = torch.rand(2, CHANNELS, 64, 96)
    torch.testing.assert_close(large.eval()(given), small(given))
    large.train()(given).square().mean().backward()
    slope = large.decoder.smooth[0][0].weight.grad
    assert slope[:, 24:].abs().max() > 0
    with pytest.raises(StudioError, match="larger"):
        grown(OccluderNetwork((32, 48, 96, 200), (1, 1, 3)))


def test_no_weights_no_predictor(tmp_path, monkeypatch):
    monkeypatch.setenv("DOPPEL_MODELS_DIR", str(tmp_path))
    monkeypatch.setattr("studio.core.card.shipped_models", lambda: tmp_path)
    with pytest.raises(StudioError, match="occluder"):
        OcclusionPredictor()


def test_what_the_network_is_given():
    rgb, item = torch.rand(1, 3, 4, 4), torch.rand(1, 4, 4, 4)
    depth = torch.full((1, 4, 4), torch.inf)
    depth[0, 0] = torch.tensor([-0.2, 0.0, 0.05, torch.nan])
    given = assembled(rgb, item, depth, torch.full_like(depth, torch.inf), torch.zeros(1, 4, 4))
    assert given.shape == (1, CHANNELS, 4, 4)
    assert given[0, 7, 0].tolist() == pytest.approx([0.0, 0.5, 0.75, 1.0])
    assert (given[0, 7, 1:] == 1).all()
    assert (given[0, 8] == 1).all()
    np.testing.assert_allclose(given[0, 3:6], item[0, :3] * item[0, 3:])


def test_edges_follow_the_second_output_and_the_rest_the_first():
    logits = torch.tensor([[8.0, -8.0, 0.0], [-8.0, 8.0, 3.0]]).view(1, 2, 1, 3)
    assert mapped(logits).flatten().tolist() == pytest.approx([1, 0, 0.953], abs=0.005)


def test_small_things_are_looked_at_with_what_is_around_them():
    left, top, side = square_around((90, 100, 110, 120), 1000)
    assert side == pytest.approx(1000 * LEAST_M)
    assert (left + side / 2, top + side / 2) == (100, 110)
    assert square_around((0, 0, 400, 100), 1000)[2] == pytest.approx(540)


def test_the_network_is_small():
    assert count(OccluderNetwork()) < 2_000_000


def test_lone_pixels_give_way_and_what_is_beside_the_item_says_nothing():
    found = np.zeros((12, 12), np.float32)
    found[:, 6:] = 1
    found[4, 2] = 1
    there = np.ones((12, 12), bool)
    calm = calmed(found, there)
    assert calm[4, 2] < 0.3
    np.testing.assert_array_equal(calm > 0.5, np.arange(12)[None] * np.ones((12, 1)) >= 6)
    there[:, 6:] = False
    calm = calmed(found, there)
    assert calm[8, 5] == 0, "what is seen beside the item does not spread into it"
    np.testing.assert_array_equal(calm[:, 6:], found[:, 6:])
