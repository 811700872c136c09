"""What is seen along rays: opacity of signed distances, and where rays are followed."""

from __future__ import annotations

import numpy as np
import torch

from studio.perception.neural_heads import volume
from studio.perception.neural_heads.network import Fields, HeadNetwork
from studio.perception.neural_heads.space import HIGH_M, LOW_M, Space, places

_RADIUS_M = 0.1
_STEP_M = 0.02


def ball() -> Space:
    """The space about a ball, as if it were the average head."""
    points, size = places(_STEP_M)
    away = np.linalg.norm(points - (LOW_M + HIGH_M) / 2, axis=1) - _RADIUS_M
    coarse = places(0.06)[1]
    return Space(away.reshape(size).astype(np.float32), np.zeros((3, *coarse), np.float32))


def test_opacity_is_what_is_stopped_on_the_way() -> None:
    outside, sharp = torch.tensor([0.5, 0.2, -0.1, -0.4]), torch.tensor(20.0)
    found = volume.weights(volume.passed(outside, sharp)).numpy()
    share = 1 / (1 + np.exp(-20 * outside.numpy()))
    free, wanted = 1.0, []
    for k in range(3):
        alpha = max((share[k] - share[k + 1]) / share[k], 0)
        wanted.append(free * alpha)
        free *= 1 - alpha
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert abs(sum(wanted) - 1) < 0.01
    leaving = volume.passed(outside.flip(0), sharp)
    assert float(leaving.max()) == 0.0


def test_rays_see_the_surface_of_the_fit_before_anything_is_learned() -> None:
    torch.manual_seed(0)
    network, fields = HeadNetwork(2), Fields.of([ball()])
    with torch.no_grad():
        network.sharp.fill_(0.6)
    middle = torch.as_tensor((LOW_M + HIGH_M) / 2, dtype=torch.float32)
    eye = middle + torch.tensor([0.0, -0.6, 0.0])
    aside = torch.tensor([[0.0, 0.0], [0.05, 0.0], [0.14, 0.0], [0.4, 0.0]])
    way = torch.tensor([0.0, 1.0, 0.0]).expand(1, 4, 3)
    begin = eye + torch.stack([aside[:, 0], torch.zeros(4), aside[:, 1]], -1)
    seen = volume.look(network, volume.Rays(begin[None], way), fields, network.average_own())
    cover = seen.cover[0].detach().numpy()
    assert cover[:2].min() > 0.95
    assert cover[2:].max() < 0.05
    assert abs(float(seen.far_m[0, 0].detach()) - 0.5) < 0.01
    normal = torch.nn.functional.normalize(seen.normal[0, 1].detach(), dim=-1)
    assert float(normal[0]) > 0.3
    assert float(normal[1]) < -0.7


def test_rays_are_followed_only_near_the_head() -> None:
    fields = Fields.of([ball()])
    middle = torch.as_tensor((LOW_M + HIGH_M) / 2, dtype=torch.float32)
    eye = middle + torch.tensor([[0.0, -0.6, 0.0], [0.0, -0.6, 0.5]])
    rays = volume.Rays(eye[None], torch.tensor([0.0, 1.0, 0.0]).expand(1, 2, 3))
    begin, end, near = volume.stretch(rays, fields)
    assert near[0].tolist() == [True, False]
    assert 0.35 < float(begin[0, 0]) < 0.5
    assert 0.7 < float(end[0, 0]) < 0.85


def test_rays_first_meet_the_fits_skin_where_it_looks_at_them() -> None:
    fields = Fields.of([ball()])
    middle = torch.as_tensor((LOW_M + HIGH_M) / 2, dtype=torch.float32)
    eye = middle + torch.tensor([[0.0, -0.6, 0.0], [0.06, -0.6, 0.0], [0.0, -0.6, 0.14]])
    rays = volume.Rays(eye[None], torch.tensor([0.0, 1.0, 0.0]).expand(1, 3, 3))
    met, there, facing = volume.first_met(rays, fields)
    assert there[0].tolist() == [True, True, False]
    off = (met[0, :2] - middle).numpy()
    np.testing.assert_allclose(off, [[0, -0.1, 0], [0.06, -0.08, 0]], atol=2e-3)
    np.testing.assert_allclose(facing[0, :2].numpy(), off / 0.1, atol=0.06)


def test_ways_are_the_gradient_of_the_distance() -> None:
    torch.manual_seed(3)
    network, fields = HeadNetwork(2), Fields.of([ball()])
    for one in network.parameters():
        one.requires_grad_(False)
    bank = network.layer("surface4").bank
    assert bank is not None
    bank.normal_(0, 0.05)
    own = network.average_own()
    dice = np.random.default_rng(1)
    middle = (LOW_M + HIGH_M) / 2
    at = middle + 0.11 * np.array([[0.6, 0.64, 0.48], [-0.6, 0.0, 0.8]]) + dice.normal(0, 1e-3, 3)
    points = torch.tensor(at, dtype=torch.float32)[None]
    told = network.tell(points, fields, own)
    assert told.ways is not None
    step = 1e-3
    for axis in range(3):
        move = torch.zeros(3)
        move[axis] = step
        high, low = (
            network.tell(points + by * move, fields, own, ways=False).outside for by in (1, -1)
        )
        slope = ((high - low) / (2 * step) * 0.1)[0].detach().numpy()
        np.testing.assert_allclose(told.ways[0, :, axis].detach().numpy(), slope, atol=0.12)
