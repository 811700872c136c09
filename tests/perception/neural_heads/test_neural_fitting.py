"""A new head from photographs, begun as the mean of learned ones and its own fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.perception.neural_heads import fitting, pixels
from studio.perception.neural_heads.fitting import Effort, NeuralHead, begun, fitted
from studio.perception.neural_heads.meshing import meshed
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import BARE, FREE, HEAD, Photograph
from studio.perception.neural_heads.pixels import turned
from studio.perception.neural_heads.prior import Usual
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from tests.perception.neural_heads.test_neural_volume import ball

_SIDE_PX = 40
_LARGER_M = 0.125


def photographs() -> tuple[Photograph, ...]:
    """A ball larger than the fit, red, seen from ahead and from a side."""
    middle, found = (LOW_M + HIGH_M) / 2, []
    for right, ahead in (((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (-1, 0, 0))):
        rotation = np.array([right, (0, 0, -1), ahead], float)
        lens = np.array([60.0, 60.0, 19.5, 19.5])
        pose = np.column_stack([rotation, np.array([0, 0, 0.6]) - rotation @ middle])
        rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX]
        off = np.hypot(columns - 19.5, rows - 19.5) / 60.0
        labels = np.where(off < np.tan(np.arcsin(_LARGER_M / 0.6)), HEAD, FREE).astype(np.uint8)
        rgb = np.full((_SIDE_PX, _SIDE_PX, 3), (200, 40, 40), np.uint8)
        found.append(Photograph(rgb, labels, lens, pose))
    return tuple(found)


def shared() -> HeadNetwork:
    """A network of three heads that differ, by layers that they share."""
    torch.manual_seed(0)
    network = HeadNetwork(3, rank=4)
    with torch.no_grad():
        bank = network.layer("surface4").bank
        assert bank is not None
        bank.normal_(0, 0.02)
    return network


def test_a_head_grows_to_its_outline_and_takes_its_colour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixels, "RAYS", 96)
    torch.manual_seed(0)
    head = begun(HeadNetwork(3, rank=6), ball(), photographs())
    one = head.photographs[0]
    before = _overlap(head, one)
    assert sum(1 for _ in fitted(head, Effort((4, 84), rate=1.2e-3, stay=0.0))) == 88
    assert head.steps == (4, 84)
    assert _overlap(head, one) > before + 0.2
    seen = head.seen(one.lens, one.pose, _SIDE_PX)
    colour = seen[20, 20, :3] / seen[20, 20, 3]
    assert np.abs(colour - (0.78, 0.16, 0.16)).max() < 0.2
    surface = meshed(head, 0.02)
    wide = np.ptp(surface.vertices_m[:, 0])
    assert 0.21 < wide < 0.28


def _overlap(head: NeuralHead, photograph: Photograph) -> float:
    """How much of the photograph's head the head covers, and nothing besides (IoU)."""
    shown = head.seen(photograph.lens, photograph.pose, _SIDE_PX)[..., 3] > 0.5
    wanted = photograph.labels == HEAD
    return float((shown & wanted).sum() / (shown | wanted).sum())


def test_a_stopped_head_keeps_what_it_is_and_goes_on() -> None:
    network = shared()
    head = begun(network, ball(), photographs()[:1])
    steps = fitted(head, Effort((4, 0)))
    next(steps)
    next(steps)
    steps.close()
    assert head.steps == (2, 0)
    kept = [one.detach().clone() for one in head.own if one is not None]
    assert sum(1 for _ in fitted(head, Effort((4, 0)))) == 2
    assert head.steps == (4, 0)
    now = [one for one in head.own if one is not None]
    moved = [(a - b).abs().max() for a, b in zip(now, kept, strict=True)]
    assert max(float(m) for m in moved) > 0


def test_a_head_is_the_mean_of_what_is_learned_freely_and_along_the_ways_of_heads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixels, "RAYS", 24)
    network = shared()
    usual = Usual.of(network, 3)
    assert usual is not None
    found: list[torch.Tensor] = []
    for rate in (0.0, 0.15):
        monkeypatch.setattr(fitting, "_ALONG_RATE", rate)
        head = begun(network, ball(), photographs()[:1])
        for _ in fitted(head, Effort((3, 0))):
            pass
        found.append(torch.cat([one[0] for one in head.own if one is not None]))
    held, now = found
    assert float((held - usual.middle).abs().max()) > 1e-3
    moved = usual.along(usual.middle + now - held)
    assert float(moved.abs().max()) > 0.02
    own = usual.at(2 * moved, [*network.average_own()])
    along = torch.cat([one[0] for one in own if one is not None]) - usual.middle
    torch.testing.assert_close(now - held, 0.5 * along, atol=1e-5, rtol=1e-3)


def test_bare_skin_keeps_the_surface_at_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "RAYS", 20)
    middle = (LOW_M + HIGH_M) / 2
    ahead = middle + np.array([0.0, -0.1, 0.0])
    off: list[float] = []
    for weight in (0.0, 5.0):
        torch.manual_seed(0)
        one = photographs()[0]
        rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX]
        bare = np.hypot(columns - 19.5, rows - 19.5) < 7
        labels = np.where(bare & (one.labels == HEAD), BARE, one.labels).astype(np.uint8)
        photograph = replace(one, labels=labels)
        head = begun(HeadNetwork(3, rank=6), ball(), (photograph,), marks_m=ahead[None])
        effort = Effort((0, 12), rate=3e-3, stay=0.0, skin=weight, marks=weight, normals=0.0)
        for _ in fitted(head, effort):
            pass
        off.append(float(np.abs(head.outside_m(ahead[None])).max()))
    assert off[1] < 0.5 * off[0]


def test_cameras_are_turned_about_themselves_and_moved() -> None:
    pose = torch.eye(3, 4)[None].clone()
    pose[0, :, 3] = torch.tensor([0.0, 0.0, 1.0])
    by = torch.tensor([[0.0, 0.0, np.pi / 2, 0.1, 0.0, 0.0]], dtype=torch.float32)
    found = turned(pose, by)[0]
    np.testing.assert_allclose(found[:, 0].numpy(), [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(found[:, 3].numpy(), [0.1, 0, 1], atol=1e-6)
