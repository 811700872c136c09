"""What a head has learned, as arrays and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.perception.neural_heads import fitting, pixels
from studio.perception.neural_heads.fitting import Effort, NeuralHead, begun, fitted
from studio.perception.neural_heads.keeping import is_of, kept, taken_up
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import Photograph
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from tests.perception.neural_heads.test_neural_fitting import photographs
from tests.perception.neural_heads.test_neural_volume import ball


def two() -> tuple[Photograph, ...]:
    """Two photographs that are told apart."""
    one, other = photographs()
    return one, replace(other, rgb=other.rgb // 2)


@pytest.fixture(scope="module")
def learned() -> tuple[HeadNetwork, NeuralHead]:
    """A network, and a head that it was fitted to in both parts."""
    torch.manual_seed(0)
    network = HeadNetwork(3, rank=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels, "RAYS", 24)
        head = begun(network, ball(), two())
        for _ in fitted(head, Effort((2, 3), rate=3e-3)):
            pass
    return network, head


def test_a_head_is_the_same_when_it_is_read_back(learned) -> None:
    network, head = learned
    arrays = kept(head)
    again = taken_up(arrays, network, ball(), two())
    assert again.steps == (2, 3)
    assert float(head.cameras.abs().max()) > 0
    assert torch.equal(again.cameras, head.cameras)
    points = np.random.default_rng(0).uniform(LOW_M, HIGH_M, (300, 3))
    fresh = begun(network, ball(), two()).outside_m(points)
    far = np.abs(head.outside_m(points) - fresh).max()
    assert np.abs(again.outside_m(points) - head.outside_m(points)).max() < 0.05 * far
    assert all(value.dtype != np.float64 for value in arrays.values())


def test_cameras_belong_to_their_photographs(learned) -> None:
    network, _ = learned
    one, other = photographs()
    new = replace(one, rgb=np.full_like(one.rgb, 7))
    other = replace(other, rgb=np.full_like(other.rgb, 9))
    both = begun(network, ball(), (other, one))
    both.cameras[0, 3] = 0.004
    both.steps = (2, 3)
    arrays = kept(both)
    again = taken_up(arrays, network, ball(), (new, other))
    assert again.cameras[:, 3].tolist() == pytest.approx([0.0, 0.004])
    assert is_of(arrays, (new, other))
    assert not is_of(arrays, (new,))


def test_layers_of_another_network_are_refused(learned) -> None:
    _, head = learned
    arrays = kept(head)
    with pytest.raises(StudioError, match="another network"):
        taken_up(arrays, HeadNetwork(3, rank=5), ball(), photographs())
    broken = {**arrays, "neural_own_0": np.full_like(arrays["neural_own_0"], np.nan)}
    with pytest.raises(StudioError, match="damaged"):
        taken_up(broken, HeadNetwork(3, rank=4), ball(), photographs())


def test_a_head_in_its_second_part_stays_in_that(learned, monkeypatch) -> None:
    monkeypatch.setattr(pixels, "RAYS", 24)
    network, head = learned
    clock = iter(np.arange(0, 1e4, 0.1))
    monkeypatch.setattr(fitting.time, "monotonic", lambda: float(next(clock)))
    again = taken_up(kept(head), network, ball(), two())
    count = 0
    for _ in fitted(again, Effort(seconds=0.45)):
        count += 1
        for _ in range(500):
            next(clock)  # somebody else's time
    assert count == 4
    assert again.steps == (2, 7)
